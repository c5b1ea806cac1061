#include "data/labels/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 200, CLASSES = 5 };

/* Class c has 2 + 18 * c images, the last ten have no label. */
static struct pd_dataset *make(void)
{
    static struct pd_dataset d;
    static int32_t labels[COUNT];
    uint32_t i = 0;
    for (int32_t c = 0; c < CLASSES; c++)
        for (int32_t k = 0; k < 2 + 18 * c; k++)
            labels[i++] = c;
    while (i < COUNT)
        labels[i++] = -1;
    d = (struct pd_dataset){.name = "made", .count = COUNT, .classes = CLASSES, .labels = labels};
    return &d;
}

static void histogram(const struct pd_dataset *d, const uint8_t *use, int which, int n[CLASSES])
{
    memset(n, 0, CLASSES * sizeof *n);
    for (uint32_t i = 0; i < d->count; i++)
        if (use[i] == which)
            n[d->labels[i]]++;
}

static void draws_evenly(void **state)
{
    (void)state;
    const struct pd_dataset *d = make();
    for (uint32_t n = 1; n <= 10; n++) {
        uint8_t use[COUNT] = {0};
        int drawn[CLASSES];
        assert_int_equal(pd_label_subset(d, n, 3, use, NULL), PD_OK);
        assert_int_equal(pd_label_count(d, use, PD_LABELLED), n);
        histogram(d, use, PD_LABELLED, drawn);
        for (int c = 0; c < CLASSES; c++)
            assert_in_range(drawn[c], n / CLASSES, (n + CLASSES - 1) / CLASSES);
    }
}

static void small_classes_leave_their_share(void **state)
{
    (void)state;
    const struct pd_dataset *d = make();
    uint8_t use[COUNT] = {0};
    int drawn[CLASSES];
    assert_int_equal(pd_label_subset(d, 62, 3, use, NULL), PD_OK);
    histogram(d, use, PD_LABELLED, drawn);
    for (int c = 1; c < CLASSES; c++)
        assert_int_equal(drawn[c], 15);
    assert_int_equal(drawn[0], 2);
}

static void hangs_on_the_seed_alone(void **state)
{
    (void)state;
    const struct pd_dataset *d = make();
    uint8_t a[COUNT] = {0}, b[COUNT] = {0}, c[COUNT] = {0}, less[COUNT] = {0};
    pd_label_subset(d, 20, 3, a, NULL);
    pd_label_subset(d, 20, 3, b, NULL);
    pd_label_subset(d, 20, 4, c, NULL);
    pd_label_subset(d, 7, 3, less, NULL);
    assert_memory_equal(a, b, COUNT);
    assert_memory_not_equal(a, c, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_true(less[i] <= a[i]);
}

static void validation_stays_apart(void **state)
{
    (void)state;
    const struct pd_dataset *d = make();
    uint8_t use[COUNT] = {0}, alone[COUNT] = {0};
    int drawn[CLASSES];
    assert_int_equal(pd_validation_draw(d, 10, 3, use, NULL), PD_OK);
    histogram(d, use, PD_HELD_OUT, drawn);
    for (int c = 0; c < CLASSES; c++)
        assert_int_equal(drawn[c], 2);
    assert_int_equal(pd_label_subset(d, 8, 3, use, NULL), PD_OK);
    assert_int_equal(pd_label_count(d, use, PD_HELD_OUT), 10);
    assert_int_equal(pd_label_count(d, use, PD_LABELLED), 8);
    pd_label_subset(d, 10, 3, alone, NULL);
    int both = 0;
    for (int i = 0; i < COUNT; i++)
        both += use[i] == PD_HELD_OUT && alone[i];
    assert_true(both < 10);
}

static void expect(enum pd_status draw(const struct pd_dataset *, uint32_t, uint64_t, uint8_t *,
                                       struct pd_error *),
                   const uint32_t expected[7])
{
    const struct pd_dataset *d = make();
    uint8_t use[COUNT] = {0};
    uint32_t n = 0;
    assert_int_equal(draw(d, 7, 3, use, NULL), PD_OK);
    for (uint32_t i = 0; i < COUNT; i++)
        if (use[i])
            assert_int_equal(i, expected[n++]);
    assert_int_equal(n, 7);
}

/* Each draw has streams of its own, for images and for classes; runs of earlier versions hang on them. */
static void draws_the_same_in_every_version(void **state)
{
    (void)state;
    const uint32_t labelled[7] = {0, 9, 17, 26, 99, 106, 154}, held[7] = {0, 1, 17, 24, 28, 109, 128};
    assert_memory_not_equal(labelled, held, sizeof held);
    expect(pd_label_subset, labelled);
    expect(pd_validation_draw, held);
}

static void refuses_what_there_is_not(void **state)
{
    (void)state;
    const struct pd_dataset *d = make();
    uint8_t use[COUNT] = {0};
    struct pd_error err;
    assert_int_equal(pd_label_subset(d, 0, 3, use, &err), PD_ERR_USAGE);
    assert_int_equal(pd_label_subset(d, 191, 3, use, &err), PD_ERR_USAGE);
    assert_string_equal(err.message,
                        "cannot draw 191 images with labels from data set 'made': expected 1 to 190");
    assert_int_equal(pd_label_count(d, use, PD_UNLABELLED), COUNT);
    assert_int_equal(pd_label_subset(d, 190, 3, use, &err), PD_OK);
}

static void answers_win(void **state)
{
    (void)state;
    enum { SKIPPED = 1, CHANGED = 2, NEW = COUNT - 1, HELD = 4, FORMER = 5 };
    struct pd_dataset *d = make();
    struct pd_answer at[] = {
        {CHANGED, 4, 0, false}, {SKIPPED, PD_ANSWER_SKIP, 0, false}, {NEW, 3, 0, false}, {HELD, 0, 0, false}};
    const struct pd_answers answers = {.at = at, .count = 4};
    uint8_t use[COUNT] = {[SKIPPED] = PD_LABELLED, [HELD] = PD_HELD_OUT, [FORMER] = PD_LABELLED};
    int32_t held = d->labels[HELD], skipped = d->labels[SKIPPED];
    assert_int_not_equal(held, 0);
    pd_labels_apply(d, &answers, use);
    assert_int_equal(pd_label_count(d, use, PD_LABELLED), 2);
    assert_int_equal(pd_label_count(d, use, PD_HELD_OUT), 1);
    assert_int_equal(use[CHANGED], PD_LABELLED);
    assert_int_equal(d->labels[CHANGED], 4);
    assert_int_equal(use[NEW], PD_LABELLED);
    assert_int_equal(d->labels[NEW], 3);
    assert_int_equal(use[HELD], PD_HELD_OUT);
    assert_int_equal(d->labels[HELD], held);
    assert_int_equal(d->labels[SKIPPED], skipped);
}

/* As classes a and b, c have labels, or not. */
static void expect_note(int labelled, const char *words)
{
    struct pd_dataset *d = make();
    uint8_t use[COUNT] = {0};
    size_t before[64] = {0};
    pd_label_count_classes(d, NULL, before);
    for (uint32_t i = 0; i < COUNT; i++)
        use[i] = d->labels[i] >= 0 && d->labels[i] < labelled ? PD_LABELLED : PD_UNLABELLED;
    d->note[0] = '\0';
    assert_int_equal(pd_label_note(d, use, before, NULL), PD_OK);
    assert_string_equal(d->note, words);
}

static void says_what_cannot_be_learnt(void **state)
{
    (void)state;
    expect_note(0, "made: no image has a label: the class part learns nothing\n");
    expect_note(1, "made: no label of class 1, 2, 3, 4\n"
                   "made: all labels are of one class: the class part learns nothing\n");
    expect_note(3, "made: no label of class 3, 4\n");
    expect_note(5, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_evenly),
        cmocka_unit_test(small_classes_leave_their_share),
        cmocka_unit_test(hangs_on_the_seed_alone),
        cmocka_unit_test(validation_stays_apart),
        cmocka_unit_test(draws_the_same_in_every_version),
        cmocka_unit_test(refuses_what_there_is_not),
        cmocka_unit_test(answers_win),
        cmocka_unit_test(says_what_cannot_be_learnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
