/* TinyImageNet: a small one made here, and what else may stand in its lists. */
#include "unit/image_maker.h"

#include "data/dataset.h"
#include "data/readers/wnids.h"

#include <stdbool.h>
#include <sys/stat.h>

enum { CLASSES = 12, ALL = 500, SIDE = 8 };

static void id_of(int k, char id[PD_WNID_SIZE])
{
    snprintf(id, PD_WNID_SIZE, "n%08d", 2000 - 7 * k);
}

/* Every image is of one colour, by class and number; the numbers above `last` are missing. */
static void make_class(int k, int last)
{
    char id[PD_WNID_SIZE], name[128];
    id_of(k, id);
    snprintf(name, sizeof name, "train/%s", id);
    mkdir(scratch_path(name), 0777);
    snprintf(name, sizeof name, "train/%s/images", id);
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
    for (int i = 0; i <= last; i++) {
        uint8_t pixels[SIDE * SIDE * 3];
        for (int p = 0; p < SIDE * SIDE; p++) {
            pixels[3 * p] = (uint8_t)(k * 10);
            pixels[3 * p + 1] = (uint8_t)(i / 2);
            pixels[3 * p + 2] = (uint8_t)(i % 2);
        }
        struct file f = make_png(SIDE, SIDE, PNG_FORMAT_RGB, pixels, NULL, 0);
        snprintf(name, sizeof name, "train/%s/images/%s_%d.JPEG", id, id, i);
        scratch_write(scratch_path(name), f.bytes, f.size);
        free(f.bytes);
    }
}

static void write_ids(int count)
{
    char text[CLASSES * 16], id[PD_WNID_SIZE];
    int n = 0;
    for (int k = 0; k < count; k++) {
        id_of(k, id);
        n += snprintf(text + n, sizeof text - (size_t)n, "%s\n", id);
    }
    scratch_write(scratch_path("wnids.txt"), text, (size_t)n);
}

static enum pd_status open_set(enum pd_split split, uint64_t seed, const char *classes, struct pd_dataset **d,
                               struct pd_error *err)
{
    const struct pd_data_request request = {.name = "tiny-imagenet",
                                            .dir = scratch_dir,
                                            .split = split,
                                            .size = SIDE,
                                            .seed = seed,
                                            .classes = classes};
    return pd_dataset_open(&request, d, err);
}

/* Class of image i by its colour, and its number. */
static int class_of(const struct pd_dataset *d, uint32_t i)
{
    return d->pixels[i * pd_dataset_image_size(d)] / 10;
}

static int number_of(const struct pd_dataset *d, uint32_t i)
{
    const uint8_t *p = d->pixels + i * pd_dataset_image_size(d);
    return p[SIDE * SIDE] * 2 + p[2 * SIDE * SIDE];
}

static void splits_by_number(void **state)
{
    (void)state;
    struct pd_dataset *d;
    char id[PD_WNID_SIZE];
    mkdir(scratch_path("train"), 0777);
    for (int k = 0; k < 2; k++)
        make_class(k, ALL - 1);
    write_ids(2);
    for (int split = 0; split < 2; split++) {
        const uint32_t each = split == PD_SPLIT_TRAIN ? 400 : 100;
        const int first = split == PD_SPLIT_TRAIN ? 0 : 400;
        assert_int_equal(open_set((enum pd_split)split, 0, NULL, &d, NULL), PD_OK);
        assert_int_equal(d->count, 2 * each);
        assert_int_equal(d->classes, 2);
        assert_int_equal(d->channels, 3);
        assert_string_equal(d->note, "");
        for (uint32_t i = 0; i < d->count; i++) {
            assert_int_equal(d->labels[i], i / each);
            assert_int_equal(class_of(d, i), i / each);
            assert_int_equal(number_of(d, i), first + (int)(i % each));
        }
        id_of(1, id);
        assert_string_equal(d->class_names[1], id);
        assert_contains(d->image_names[each], id);
        pd_dataset_destroy(d);
    }
    id_of(0, id);
    char words[256], list[64];
    snprintf(words, sizeof words, "n00000001\tother\n%s\tEgyptian cat, tiger cat\n", id);
    scratch_write(scratch_path("words.txt"), words, strlen(words));
    snprintf(list, sizeof list, "%s", id);
    assert_int_equal(open_set(PD_SPLIT_TEST, 0, list, &d, NULL), PD_OK);
    assert_int_equal(d->count, 100);
    assert_string_equal(d->class_names[0], "Egyptian cat");
    pd_dataset_destroy(d);

    static const char *const moved[] = {"train", "wnids.txt",
                                        "words.txt"}; /* where a subset of it is called so */
    mkdir(scratch_path("tiny-imagenet-10"), 0777);
    for (int i = 0; i < 3; i++) {
        char to[96];
        snprintf(to, sizeof to, "%s/tiny-imagenet-10/%s", scratch_dir, moved[i]);
        assert_int_equal(rename(scratch_path(moved[i]), to), 0);
    }
    assert_int_equal(open_set(PD_SPLIT_TEST, 0, list, &d, NULL), PD_OK);
    assert_int_equal(d->count, 100);
    assert_string_equal(d->class_names[0], "Egyptian cat");
    pd_dataset_destroy(d);
}

/* Ten of twelve, fixed by the seed and in the list's order, the same for both splits; a list chooses itself.
 */
static void draws_classes(void **state)
{
    (void)state;
    struct pd_dataset *d;
    int drawn[2][10], other = 0;
    mkdir(scratch_path("train"), 0777);
    for (int k = 0; k < CLASSES; k++)
        make_class(k, 0);
    write_ids(CLASSES);
    for (int seed = 0; seed < 2; seed++) {
        assert_int_equal(open_set(PD_SPLIT_TRAIN, (uint64_t)seed, NULL, &d, NULL), PD_OK);
        assert_int_equal(d->classes, 10);
        assert_int_equal(d->count, 10);
        assert_contains(d->note, "3990 of 4000 images left out");
        for (uint32_t i = 0; i < 10; i++) {
            char id[PD_WNID_SIZE];
            drawn[seed][i] = class_of(d, i);
            id_of(drawn[seed][i], id);
            assert_string_equal(d->class_names[i], id);
            assert_true(!i || drawn[seed][i] > drawn[seed][i - 1]);
        }
        pd_dataset_destroy(d);
    }
    for (int i = 0; i < 10; i++)
        other += drawn[0][i] != drawn[1][i];
    assert_true(other > 0);
    char list[64], a[PD_WNID_SIZE], b[PD_WNID_SIZE];
    id_of(11, a);
    id_of(3, b);
    snprintf(list, sizeof list, "%s,%s", a, b);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, 0, list, &d, NULL), PD_OK);
    assert_int_equal(d->classes, 2);
    assert_int_equal(class_of(d, 0), 11);
    assert_int_equal(class_of(d, 1), 3);
    pd_dataset_destroy(d);
}

static struct pd_dataset *cached(const char *dir)
{
    const struct pd_data_request request = {
        .name = "tiny-imagenet", .dir = scratch_dir, .size = SIDE, .cache = true, .cache_dir = dir};
    struct pd_dataset *d;
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    assert_non_null(d->map);
    assert_int_equal(scratch_count(dir), 1);
    return d;
}

/* Thousands of names: a cache serves, until an image or the words change. */
static void is_kept_in_a_cache(void **state)
{
    (void)state;
    char id[PD_WNID_SIZE], text[64], dir[96]; /* beside the data set, not in it */
    snprintf(dir, sizeof dir, "%s-cache", scratch_dir);
    mkdir(scratch_path("train"), 0777);
    for (int k = 0; k < 10; k++)
        make_class(k, 0);
    write_ids(10);
    for (int i = 0; i < 2; i++) {
        struct pd_dataset *d = cached(dir);
        assert_int_equal(d->count, 10);
        assert_int_equal(class_of(d, 9), 9);
        pd_dataset_destroy(d);
    }
    id_of(0, id);
    snprintf(text, sizeof text, "%s\tgoldfish", id);
    scratch_write(scratch_path("words.txt"), text, strlen(text));
    struct pd_dataset *d = cached(dir);
    assert_string_equal(d->class_names[0], "goldfish");
    pd_dataset_destroy(d);
    snprintf(text, sizeof text, "train/%s/images/%s_7.JPEG", id, id);
    const struct file f = make_png(1, 1, PNG_FORMAT_RGB, "abc", NULL, 0);
    scratch_write(scratch_path(text), f.bytes, f.size);
    free(f.bytes);
    d = cached(dir);
    assert_int_equal(d->count, 11);
    pd_dataset_destroy(d);
    nftw(dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void fails_to_open(const char *classes, enum pd_status status, const char *words)
{
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    assert_int_equal(open_set(PD_SPLIT_TRAIN, 0, classes, &d, &err), status);
    assert_contains(err.message, words);
}

static void refuses_bad_lists(void **state)
{
    (void)state;
    fails_to_open(NULL, PD_ERR_IO, "no file wnids.txt that can be reached in");
    write_ids(2);
    fails_to_open(NULL, PD_ERR_FORMAT, "none of 800 images can be read");
    fails_to_open("cat", PD_ERR_USAGE, "expected ids of wnids.txt, each once");
    fails_to_open("n00002000,n00002000", PD_ERR_USAGE, "each once");
    fails_to_open("n00002000,", PD_ERR_USAGE, "with one comma between");
    fails_to_open("n00001000", PD_ERR_USAGE, "expected ids of wnids.txt");
    scratch_write(scratch_path("wnids.txt"), "n00002000\n../../etc\n", 20);
    fails_to_open(NULL, PD_ERR_FORMAT, "wnids.txt': expected an id such as n01443537 at offset 10");
}

static void parses_ids(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int count; /* 0: refused */
    } cases[] = {
        {"n00000001\n", 1},
        {"n00000001\r\nn00000002", 2},
        {"", 0},
        {"\n", 0},
        {"n00000001\n\nn00000002\n", 0},
        {"n00000001 \n", 0},
        {"n0000001\n", 0},
        {"n0000000a\n", 0},
        {"m00000001\n", 0},
        {"n00000001\nn00000001\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pd_wnids ids;
        struct pd_error err = {.message = ""};
        enum pd_status status = pd_wnids_parse(cases[i].text, strlen(cases[i].text), "given", &ids, &err);
        assert_int_equal(status, cases[i].count ? PD_OK : PD_ERR_FORMAT);
        assert_true(status ? strstr(err.message, "'given'") != NULL : ids.count == cases[i].count);
    }
    char *many = malloc(1001 * 10 + 1);
    for (int i = 0; i < 1001; i++)
        snprintf(many + 10 * (size_t)i, 11, "n%08d\n", i);
    struct pd_wnids ids;
    assert_int_equal(pd_wnids_parse(many, 10000, "given", &ids, NULL), PD_OK);
    assert_int_equal(pd_wnids_parse(many, 10010, "given", &ids, NULL), PD_ERR_FORMAT);
    free(many);
}

static void finds_words(void **state)
{
    (void)state;
    static const char text[] =
        "n00000001\tgoldfish, Carassius auratus\nn00000002\ta name of more than thirty-one bytes "
        "in all\r\nn00000003\t, nothing\nn00000004\nn00000005\tlast one";
    static const char *const cases[][2] = {
        {"n00000001", "goldfish"},  {"n00000002", "a name of more than thirty-one "},
        {"n00000003", "n00000003"}, {"n00000004", "n00000004"},
        {"n00000005", "last one"},  {"n00000006", "n00000006"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char word[32];
        pd_wnid_word(text, strlen(text), cases[i][0], word, sizeof word);
        assert_string_equal(word, cases[i][1]);
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(splits_by_number),  IN_SCRATCH(draws_classes),    IN_SCRATCH(is_kept_in_a_cache),
        IN_SCRATCH(refuses_bad_lists), cmocka_unit_test(parses_ids), cmocka_unit_test(finds_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
