/* STL-10: its files made here, and what else may stand in files of those names. */
#include "scratch.h"

#include "data/dataset.h"
#include "data/readers/stl10.h"

#include <stdbool.h>
#include <sys/stat.h>

enum { IMAGES = 12, OTHERS = 3, SIDE = PD_STL10_SIDE };

static const char class_names[] = "airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n";

static uint8_t pixel_of(int i, int c, int row, int column)
{
    return (uint8_t)(i * 3 + c * 90 + row / 2 + (column > 50) * 20);
}

/* Each plane by columns. */
static uint8_t *make_images(int count)
{
    uint8_t *bytes = malloc((size_t)count * PD_STL10_IMAGE), *to = bytes;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            for (int column = 0; column < SIDE; column++)
                for (int row = 0; row < SIDE; row++)
                    *to++ = pixel_of(i, c, row, column);
    return bytes;
}

static void write_images(const char *name, int count, int extra)
{
    uint8_t *bytes = make_images(count + 1);
    scratch_write(scratch_path(name), bytes, (size_t)count * PD_STL10_IMAGE + (size_t)extra);
    free(bytes);
}

static void write_labels(const char *name, int count)
{
    uint8_t labels[IMAGES + 1];
    for (int i = 0; i < count; i++)
        labels[i] = (uint8_t)(i % 10 + 1);
    scratch_write(scratch_path(name), labels, (size_t)count);
}

static enum pd_status open_set(enum pd_split split, int size, bool crop, struct pd_dataset **d,
                               struct pd_error *err)
{
    const struct pd_data_request request = {
        .name = "stl10", .dir = scratch_dir, .split = split, .size = size, .random_crop = crop};
    return pd_dataset_open(&request, d, err);
}

static void check_whole(const struct pd_dataset *d, int first, int count)
{
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            for (int row = 0; row < SIDE; row++)
                for (int column = 0; column < SIDE; column++)
                    assert_int_equal(d->pixels[(((first + i) * 3 + c) * SIDE + row) * SIDE + column],
                                     pixel_of(i, c, row, column));
}

static void reads_all_files(void **state)
{
    (void)state;
    struct pd_dataset *d;
    assert_int_equal(mkdir(scratch_path("stl10_binary"), 0777), 0);
    write_images("stl10_binary/train_X.bin", IMAGES, 0);
    write_labels("stl10_binary/train_y.bin", IMAGES);
    write_images("stl10_binary/test_X.bin", 2, 0);
    write_labels("stl10_binary/test_y.bin", 2);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, SIDE, false, &d, NULL), PD_OK);
    assert_int_equal(d->count, IMAGES);
    assert_int_equal(d->classes, 10);
    assert_null(d->class_names);
    assert_string_equal(d->note, "");
    assert_int_equal(d->labels[IMAGES - 1], 1);
    check_whole(d, 0, IMAGES);
    pd_dataset_destroy(d);
    write_images("stl10_binary/unlabeled_X.bin", OTHERS, 0);
    scratch_write(scratch_path("stl10_binary/class_names.txt"), class_names, strlen(class_names));
    assert_int_equal(open_set(PD_SPLIT_TRAIN, SIDE, false, &d, NULL), PD_OK);
    assert_int_equal(d->count, IMAGES + OTHERS);
    assert_string_equal(d->class_names[7], "monkey");
    assert_contains(d->note, "with the 3 images of unlabeled_X.bin");
    assert_int_equal(d->labels[IMAGES - 1], 1);
    assert_int_equal(d->labels[IMAGES], -1);
    assert_int_equal(d->labels[IMAGES + OTHERS - 1], -1);
    check_whole(d, IMAGES, OTHERS);
    pd_dataset_destroy(d);
    assert_int_equal(open_set(PD_SPLIT_TEST, SIDE, false, &d, NULL), PD_OK);
    assert_int_equal(d->count, 2);
    assert_string_equal(d->note, "");
    pd_dataset_destroy(d);
}

static void stores_them_small(void **state)
{
    (void)state;
    struct pd_dataset *d;
    write_images("train_X.bin", 1, 0);
    write_labels("train_y.bin", 1);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, 0, false, &d, NULL), PD_OK);
    assert_int_equal(d->height, 32);
    assert_in_range(d->pixels[32 * 32 * 2 + 16 * 32 + 2], pixel_of(0, 2, 49, 6) - 1,
                    pixel_of(0, 2, 49, 6) + 1);
    assert_in_range(d->pixels[32 * 32 * 2 + 16 * 32 + 30], pixel_of(0, 2, 49, 90) - 1,
                    pixel_of(0, 2, 49, 90) + 1);
    pd_dataset_destroy(d);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, 64, true, &d, NULL), PD_OK);
    assert_int_equal(d->width, 70);
    pd_dataset_destroy(d);
    assert_int_equal(open_set(PD_SPLIT_TRAIN, 4, false, &d, NULL), PD_ERR_USAGE);
}

static void fails_to_open(enum pd_status status, const char *words)
{
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    assert_int_equal(open_set(PD_SPLIT_TRAIN, 8, false, &d, &err), status);
    assert_contains(err.message, words);
}

static void refuses_bad_files(void **state)
{
    (void)state;
    uint8_t labels[3] = {1, 10, 0};
    fails_to_open(PD_ERR_IO, "no file train_X.bin that can be reached in");
    write_images("train_X.bin", 3, 0);
    fails_to_open(PD_ERR_IO, "no file train_y.bin");
    write_labels("train_y.bin", 2);
    fails_to_open(PD_ERR_MISMATCH, "holds 2 labels, expected 3");
    write_labels("train_y.bin", 4);
    fails_to_open(PD_ERR_MISMATCH, "holds 4 labels, expected 3");
    scratch_write(scratch_path("train_y.bin"), labels, 3);
    fails_to_open(PD_ERR_FORMAT, "train_y.bin': label 0, expected 1 to 10 at offset 2");
    labels[2] = 11;
    scratch_write(scratch_path("train_y.bin"), labels, 3);
    fails_to_open(PD_ERR_FORMAT, "label 11");
    write_labels("train_y.bin", 3);
    write_images("train_X.bin", 3, 1);
    fails_to_open(PD_ERR_FORMAT, "train_X.bin' holds 82945 bytes, expected images of 27648 bytes each");
    write_images("train_X.bin", 2, PD_STL10_IMAGE - 1);
    fails_to_open(PD_ERR_FORMAT, "holds 82943 bytes");
    write_images("train_X.bin", 0, 0);
    fails_to_open(PD_ERR_FORMAT, "holds 0 bytes");
    write_images("train_X.bin", 3, 0);
    write_images("unlabeled_X.bin", 1, 5);
    fails_to_open(PD_ERR_FORMAT, "unlabeled_X.bin' holds 27653 bytes");
    write_images("unlabeled_X.bin", 1, 0);
    scratch_write(scratch_path("class_names.txt"), class_names, strlen(class_names) - 7);
    fails_to_open(PD_ERR_FORMAT, "class_names.txt': expected 10 lines of 1 to 255 bytes");
}

static void refuses_every_cut(void **state)
{
    (void)state;
    static uint8_t pixels[2 * 3 * 64];
    uint8_t *bytes = make_images(3);
    const size_t whole = 2 * (size_t)PD_STL10_IMAGE;
    for (size_t size = 0; size <= whole + 1; size += size < 30 || size + 600 > whole ? 1 : 501) {
        struct pd_stream *s;
        struct pd_error err = {.message = ""};
        assert_int_equal(pd_stream_open_memory(bytes, size, "given", &s, NULL), PD_OK);
        enum pd_status status = pd_stl10_images(s, 2, 8, pixels, &err);
        assert_int_equal(status, size == whole ? PD_OK : PD_ERR_FORMAT);
        if (status)
            assert_contains(err.message, size < whole ? "is cut off within image" : "bytes left over");
        if (status)
            assert_int_equal(err.offset, size < whole ? size : whole);
        pd_stream_close(s);
    }
    free(bytes);
}

#define LONG16 "sixteen letters "
#define LONG64 LONG16 LONG16 LONG16 LONG16

static void reads_class_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum pd_status status;
    } cases[] = {
        {class_names, PD_OK},
        {"a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj", PD_OK},
        {"a\nb\nc\nd\ne\nf\ng\nh\ni\n", PD_ERR_FORMAT},
        {"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n", PD_ERR_FORMAT},
        {"a\nb\n\nd\ne\nf\ng\nh\ni\nj\n", PD_ERR_FORMAT},
        {"a\nb\nc\nd\ne\nf\ng\nh\ni\n" LONG64 LONG64 LONG64 LONG64 "\n", PD_ERR_FORMAT},
        {"", PD_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char names[PD_STL10_CLASSES][PD_CLASS_NAME_SIZE];
        const size_t size = strlen(cases[i].text);
        assert_int_equal(pd_stl10_class_names(cases[i].text, size, "given", names, NULL), cases[i].status);
        if (!cases[i].status)
            assert_string_equal(names[9], i ? "j" : "truck");
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(reads_all_files),         IN_SCRATCH(stores_them_small),
        IN_SCRATCH(refuses_bad_files),       cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(reads_class_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
