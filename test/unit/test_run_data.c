/* A run's folder opened by another program: its data, and which of them it learnt from. */
#include "scratch.h"

#include <paydirt/run.h>

enum { IMAGES = 120, LABELS = 40, HELD_OUT = 30 };

static struct pd_error err;
static struct pd_run_model *run;

static void expect(enum pd_status status)
{
    if (status)
        fail_msg("%s", err.message);
}

static int setup(void **state)
{
    static const char *const options[][2] = {
        {"data", "synthetic"}, {"data-count", "120"}, {"labels", "40"}, {"validation", "30"},
        {"model", "mlp"},      {"width", "0.0625"},   {"batch", "20"},  {"epochs", "1"},
        {"min-epoch", "40"},   {"threads", "1"}};
    char folder[1024];
    struct pd_training *t;
    if (scratch_setup(state))
        return -1;
    expect(pd_training_create(&t, &err));
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        expect(pd_training_set(t, options[i][0], options[i][1], &err));
    expect(pd_training_set(t, "out", scratch_path("runs"), &err));
    expect(pd_run_start(t, NULL, folder, sizeof folder, &err));
    pd_training_destroy(t);
    expect(pd_run_open(folder, NULL, &run, &err));
    return 0;
}

static int teardown(void **state)
{
    pd_run_close(run);
    return scratch_teardown(state);
}

static void its_data_are_found_again(void **state)
{
    (void)state;
    struct pd_dataset *data;
    struct pd_real_images learnt, held, all;
    expect(pd_run_training_data(run, NULL, &data, &err));
    assert_int_equal(pd_dataset_count(data), IMAGES);
    expect(pd_run_images(run, data, PD_RUN_IMAGES_LABELLED, &learnt, &err));
    expect(pd_run_images(run, data, PD_RUN_IMAGES_HELD_OUT, &held, &err));
    expect(pd_run_images(run, data, PD_RUN_IMAGES_ALL, &all, &err));
    assert_true(learnt.count == LABELS && held.count >= HELD_OUT && all.count == IMAGES);
    for (int64_t i = 0; i < learnt.count; i++)
        assert_in_range(learnt.labels[i], 0, 1);
    pd_real_images_release(&learnt);
    pd_real_images_release(&held);
    pd_real_images_release(&all);
    pd_dataset_destroy(data);
}

static int64_t differences(const struct pd_real_images *a, const struct pd_real_images *b)
{
    int64_t n = 0;
    assert_int_equal(a->count, b->count);
    for (int64_t i = 0; i < a->count; i++)
        n += a->labels[i] != b->labels[i] || memcmp(a->images + 2 * i, b->images + 2 * i, 2 * sizeof(float));
    return n;
}

/* Those held out are drawn by labels that a label file changes; whoever asks for both gets the same ones in
 * any order. */
static void what_it_held_out_is_the_same_in_any_order(void **state)
{
    (void)state;
    char folder[1024], rows[1024] = "image,label\n";
    struct pd_training *t;
    struct pd_run_model *other;
    struct pd_dataset *data;
    struct pd_real_images first, learnt, second, after;
    for (int i = 0; i < IMAGES; i++)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%d,0\n", i);
    scratch_write(scratch_path("said.csv"), rows, strlen(rows));
    const char *const options[][2] = {{"data", "synthetic"},
                                      {"data-count", "120"},
                                      {"label-file", scratch_path("said.csv")},
                                      {"validation", "110"},
                                      {"model", "mlp"},
                                      {"width", "0.0625"},
                                      {"batch", "20"},
                                      {"epochs", "1"},
                                      {"min-epoch", "40"},
                                      {"threads", "1"},
                                      {"out", scratch_path("said")}};
    expect(pd_training_create(&t, &err));
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        expect(pd_training_set(t, options[i][0], options[i][1], &err));
    expect(pd_run_start(t, NULL, folder, sizeof folder, &err));
    pd_training_destroy(t);
    expect(pd_run_open(folder, NULL, &other, &err));
    expect(pd_run_training_data(other, NULL, &data, &err));
    expect(pd_run_images(other, data, PD_RUN_IMAGES_HELD_OUT, &first, &err));
    expect(pd_run_images(other, data, PD_RUN_IMAGES_LABELLED, &learnt, &err));
    expect(pd_run_images(other, data, PD_RUN_IMAGES_HELD_OUT, &second, &err));
    expect(pd_run_images(other, data, PD_RUN_IMAGES_LABELLED, &after, &err));
    assert_int_equal(differences(&first, &second), 0);
    assert_int_equal(differences(&learnt, &after), 0);
    assert_non_null(strstr(pd_dataset_note(data), " labels are not the data set's, the first: '"));
    pd_real_images_release(&first);
    pd_real_images_release(&learnt);
    pd_real_images_release(&second);
    pd_real_images_release(&after);
    pd_dataset_destroy(data);
    pd_run_close(other);
}

static void other_data_take_its_classes(void **state)
{
    (void)state;
    struct pd_dataset *data;
    expect(pd_run_data(run, NULL, PD_SPLIT_TEST, PD_RUN_LABELS_UNKNOWN, NULL, &data, &err));
    assert_int_equal(pd_dataset_labels(data)[0], -1);
    assert_int_equal(pd_dataset_classes(data), 2);
    pd_dataset_destroy(data);
    const struct pd_run_other other = {.data = "storkes", .data_dir = ""};
    assert_int_equal(pd_run_data(run, &other, PD_SPLIT_TEST, PD_RUN_LABELS_BY_NAME, NULL, &data, NULL),
                     PD_ERR_USAGE);
    assert_null(data);
}

static void statistics_need_batch_norm(void **state)
{
    (void)state;
    const struct pd_gan *gan = pd_run_gan(run);
    expect(pd_run_recalibrate(run, PD_ORIGIN_REAL, NULL, NULL, &err));
    assert_true(!pd_gan_has_batch_norm(gan) && pd_gan_statistics(gan, PD_ORIGIN_REAL) == 0);
    assert_string_equal(pd_run_note(run), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_data_are_found_again),
        cmocka_unit_test(what_it_held_out_is_the_same_in_any_order),
        cmocka_unit_test(other_data_take_its_classes),
        cmocka_unit_test(statistics_need_batch_norm),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
