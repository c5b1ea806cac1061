/* Data sets from .npz files: which arrays, shapes and types are read, and which are refused. */
#include "scratch.h"

#include "data/dataset.h"
#include "io/npy.h"

#include <math.h>
#include <stdbool.h>

enum { N = 5, H = 6, W = 8 };

static uint8_t bytes[N * H * W * 3];
static float floats[N * H * W * 3];
static const uint8_t labels[N] = {0, 1, 2, 1, 0};

static int setup(void **state)
{
    for (int i = 0; i < N * H * W * 3; i++) {
        bytes[i] = (uint8_t)(i * 7);
        floats[i] = (float)bytes[i] / 127.5F - 1;
    }
    return scratch_setup(state);
}

static struct pd_io_array array(const char *name, enum pd_io_dtype type, const void *data, int rank,
                                int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (struct pd_io_array){name, type, rank, {a, b, c, d}, data};
}

static const char *write_npz(const struct pd_io_array *arrays, size_t count)
{
    const char *path = scratch_path("my-scans.npz");
    assert_int_equal(pd_npz_write(path, arrays, count, true, NULL), PD_OK);
    return path;
}

static enum pd_status open_set(const char *path, enum pd_split split, struct pd_dataset **d,
                               struct pd_error *err)
{
    const struct pd_data_request request = {.name = path, .split = split};
    return pd_dataset_open(&request, d, err);
}

static void reads_medmnist(void **state)
{
    (void)state;
    static const char *const names[2][4] = {{"train_images", "train_labels", "test_images", "test_labels"},
                                            {"x_train", "y_train", "x_test", "y_test"}};
    const int64_t many[N] = {0, 1, -1, 5, 0};
    for (int k = 0; k < 2; k++) {
        struct pd_dataset *d;
        const struct pd_io_array arrays[] = {array(names[k][0], PD_IO_U8, bytes, 3, N, H, W, 0),
                                             array(names[k][1], PD_IO_I64, many, 2, N, 1, 0, 0),
                                             array("val_images", PD_IO_U8, bytes, 3, 1, H, W, 0),
                                             array(names[k][2], PD_IO_U8, bytes, 4, 3, H, W, 3),
                                             array(names[k][3], PD_IO_U8, labels, 1, 3, 0, 0, 0)};
        const char *path = write_npz(arrays, 5);
        assert_int_equal(open_set(path, PD_SPLIT_TRAIN, &d, NULL), PD_OK);
        assert_string_equal(d->name, "myscans");
        assert_int_equal(d->count, N);
        assert_int_equal(d->channels, 1);
        assert_int_equal(d->height, H);
        assert_int_equal(d->width, W);
        assert_int_equal(d->classes, 6);
        assert_int_equal(d->labels[2], -1);
        assert_int_equal(d->labels[3], 5);
        assert_memory_equal(d->pixels, bytes, N * H * W);
        pd_dataset_destroy(d);
        assert_int_equal(open_set(path, PD_SPLIT_TEST, &d, NULL), PD_OK);
        assert_int_equal(d->count, 3);
        assert_int_equal(d->channels, 3);
        assert_int_equal(d->classes, 6);
        assert_int_equal(d->labels[2], 2);
        for (int i = 0; i < 3 * H * W * 3; i++) /* (N, C, H, W) of (N, H, W, C) */
            assert_int_equal(d->pixels[i],
                             bytes[i / (3 * H * W) * 3 * H * W + i % (H * W) * 3 + i / (H * W) % 3]);
        pd_dataset_destroy(d);
    }
}

/* As paydirt sample --npz writes them: the bytes come back. */
static void reads_floats(void **state)
{
    (void)state;
    struct pd_dataset *d;
    double doubles[N * H * W];
    const int32_t own[N] = {0, 1, 2, 1, 0};
    const struct pd_io_array arrays[] = {array("images", PD_IO_F32, floats, 4, N, 3, H, W),
                                         array("labels", PD_IO_I32, own, 1, N, 0, 0, 0)};
    assert_int_equal(open_set(write_npz(arrays, 2), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    assert_int_equal(d->channels, 3);
    assert_int_equal(d->classes, 3);
    assert_memory_equal(d->pixels, bytes, sizeof bytes);
    pd_dataset_destroy(d);
    for (int i = 0; i < N * H * W; i++)
        doubles[i] = (double)bytes[i] / 255;
    const struct pd_io_array positive = array("images", PD_IO_F64, doubles, 4, N, H, W, 1);
    const char *path = write_npz(&positive, 1);
    assert_int_equal(open_set(path, PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    assert_int_equal(d->channels, 1);
    assert_int_equal(d->classes, 0);
    assert_int_equal(d->labels[N - 1], -1);
    assert_memory_equal(d->pixels, bytes, N * H * W);
    pd_dataset_destroy(d);
    const struct pd_data_request request = {.name = "npz", .dir = path, .split = PD_SPLIT_TRAIN};
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    assert_int_equal(d->count, N);
    pd_dataset_destroy(d);
}

/* What a generator made is in [-1, 1], though it may not reach far. */
static void pale_samples_are_of_a_tanh(void **state)
{
    (void)state;
    static float pale[N * H * W];
    static const float z[N * 2];
    static const int32_t numbers[N] = {0, 1, 0, 1, 1};
    const struct pd_io_array arrays[] = {array("images", PD_IO_F32, pale, 4, N, 1, H, W),
                                         array("labels", PD_IO_I32, numbers, 1, N, 0, 0, 0),
                                         array("z", PD_IO_F32, z, 2, N, 2, 0, 0)},
                             others[] = {arrays[0], array("labels", PD_IO_U8, labels, 1, N, 0, 0, 0),
                                         arrays[2]};
    for (int low = 0; low < 2; low++) {
        struct pd_dataset *d;
        for (int i = 0; i < N * H * W; i++)
            pale[i] = (float)(i % 6) / 10 - (low ? 0.3F : 0);
        assert_int_equal(open_set(write_npz(arrays, 3), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
        for (int i = 0; i < N * H * W; i++)
            assert_int_equal(d->pixels[i], lrint(((double)pale[i] + 1) * 127.5));
        assert_contains(d->note, "-1 is black, 1 white");
        pd_dataset_destroy(d);
    }
    struct pd_dataset *d;
    pale[0] = 0.3F + 0.7F;
    for (int i = 0; i < N * H * W; i++)
        pale[i] = fabsf(pale[i]);
    assert_int_equal(open_set(write_npz(others, 3), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    assert_contains(d->note, "0 is black, 1 white");
    pd_dataset_destroy(d);
}

static void refused(struct pd_io_array images, struct pd_io_array own, enum pd_status status,
                    const char *words)
{
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    const struct pd_io_array arrays[] = {images, own};
    assert_int_equal(open_set(write_npz(arrays, 2), PD_SPLIT_TRAIN, &d, &err), status);
    assert_null(d);
    assert_contains(err.message, "my-scans.npz");
    assert_contains(err.message, words);
}

static void refuses_other_arrays(void **state)
{
    (void)state;
    static float odd[N * H * W];
    static const int32_t high[N] = {0, 10000, 0, 0, 0}, low[N] = {0, 0, 0, 0, -2};
    const struct pd_io_array x = array("images", PD_IO_U8, bytes, 3, N, H, W, 0);
    const struct pd_io_array y = array("labels", PD_IO_U8, labels, 1, N, 0, 0, 0);
    refused(array("pictures", PD_IO_U8, bytes, 3, N, H, W, 0), y, PD_ERR_FORMAT,
            "no array train_images, x_train, images or arr_0 in it (it has: pictures, labels)");
    refused(array("images", PD_IO_U8, bytes, 2, N, H, 0, 0), y, PD_ERR_UNSUPPORTED,
            "images: shape (5, 6), expected (N, H, W)");
    refused(array("images", PD_IO_U8, bytes, 4, N, H, W, 2), y, PD_ERR_UNSUPPORTED, "shape (5, 6, 8, 2)");
    refused(array("images", PD_IO_U8, bytes, 3, N, 3, W, 0), y, PD_ERR_UNSUPPORTED, "sides 4 to 4096");
    refused(array("images", PD_IO_U8, bytes, 3, 0, H, W, 0), y, PD_ERR_UNSUPPORTED, "shape (0, 6, 8)");
    refused(x, array("labels", PD_IO_F32, floats + 1, 1, N, 0, 0, 0), PD_ERR_FORMAT,
            "labels: element 0 is -0.9450");
    refused(x, array("labels", PD_IO_U8, bytes, 2, N, 14, 0, 0), PD_ERR_FORMAT,
            "labels: row 0 of (N, 14) is not one-hot");
    refused(x, array("labels", PD_IO_U8, labels, 1, 4, 0, 0, 0), PD_ERR_MISMATCH,
            "labels: 4 labels, expected 5");
    refused(x, array("labels", PD_IO_I32, high, 1, N, 0, 0, 0), PD_ERR_FORMAT, "labels: element 1 is 10000");
    refused(x, array("labels", PD_IO_I32, low, 1, N, 0, 0, 0), PD_ERR_FORMAT, "labels: element 4 is -2");
    const float bad[] = {1.01F, -1.01F, 100, NAN, INFINITY};
    for (int i = 0; i < 5; i++) {
        odd[17] = bad[i];
        refused(array("images", PD_IO_F32, odd, 3, N, H, W, 0), y, PD_ERR_FORMAT, "images: element 17 is");
    }
}

/* --- once for a file, and aloud --- */

enum { PIXELS = 3 * H * W };

/* x_train and x_test of 3 images each, filled with two values in turn; the levels of the test split's first
 * two pixels. */
static void means(enum pd_io_dtype type, const double train[2], const double test[2], int first, int second,
                  const char *note)
{
    static double doubles[2][PIXELS];
    static float singles[2][PIXELS];
    static int64_t longs[2][PIXELS];
    static uint16_t shorts[2][PIXELS];
    static uint8_t small[2][PIXELS];
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < PIXELS; i++) {
            const double v = (k ? test : train)[i % 2];
            doubles[k][i] = v;
            singles[k][i] = (float)v;
            longs[k][i] = (int64_t)v;
            shorts[k][i] = (uint16_t)(int64_t)v;
            small[k][i] = (uint8_t)(int64_t)v;
        }
    const void *const data[2][PD_IO_DTYPES] = {{[PD_IO_F64] = doubles[0],
                                                [PD_IO_F32] = singles[0],
                                                [PD_IO_I64] = longs[0],
                                                [PD_IO_U16] = shorts[0],
                                                [PD_IO_U8] = small[0],
                                                [PD_IO_BOOL] = small[0]},
                                               {[PD_IO_F64] = doubles[1],
                                                [PD_IO_F32] = singles[1],
                                                [PD_IO_I64] = longs[1],
                                                [PD_IO_U16] = shorts[1],
                                                [PD_IO_U8] = small[1],
                                                [PD_IO_BOOL] = small[1]}};
    const struct pd_io_array arrays[] = {array("x_train", type, data[0][type], 3, 3, H, W, 0),
                                         array("y_train", PD_IO_U8, labels, 1, 3, 0, 0, 0),
                                         array("x_test", type, data[1][type], 3, 3, H, W, 0),
                                         array("y_test", PD_IO_U8, labels, 1, 3, 0, 0, 0)};
    const enum pd_status status = open_set(write_npz(arrays, 4), PD_SPLIT_TEST, &d, &err);
    if (first < 0) {
        assert_int_equal(status, PD_ERR_FORMAT);
        assert_contains(err.message, note);
        return;
    }
    if (status)
        fail_msg("%s", err.message);
    if (d->pixels[0] != first || d->pixels[1] != second)
        fail_msg("%d %d, expected %d %d (%s)", d->pixels[0], d->pixels[1], first, second, note);
    assert_contains(d->note, note);
    if (!*note) /* but which arrays they are */
        assert_string_equal(d->note, "myscans: images: x_test, labels: y_test\n");
    pd_dataset_destroy(d);
}

#define TWO(a, b) ((const double[]){a, b})

static void levels_are_those_of_the_file(void **state)
{
    (void)state;
    means(PD_IO_F32, TWO(-1, 1), TWO(0.5, -0.1), 191, 115, "float32 images of -1 to 1: -1 is black, 1 white");
    means(PD_IO_F64, TWO(0.5, -0.1), TWO(-1, 1), 0, 255, "-1 is black");
    means(PD_IO_F32, TWO(0, 1), TWO(-1e-6, 0.5), 0, 128, "0 is black, 1 white");
    means(PD_IO_F32, TWO(-1e-6, 1.0001), TWO(0.2, 0.5), 51, 128, "0 is black, 1 white");
    means(PD_IO_F32, TWO(0, 255), TWO(17, 200.4), 17, 200, "0 is black, 255 white");
    means(PD_IO_I64, TWO(0, 255), TWO(17, 128), 17, 128, "int64 images of 0 to 255");
    means(PD_IO_U16, TWO(0, 65535), TWO(257, 25700), 1, 100, "0 is black, 65535 white");
    means(PD_IO_I64, TWO(0, 1), TWO(0, 1), 0, 255, "0 is black, 1 white");
    means(PD_IO_BOOL, TWO(0, 1), TWO(1, 0), 255, 0, "bool images");
    means(PD_IO_U8, TWO(0, 1), TWO(1, 0), 255, 0, "uint8 images of 0 to 1");
    means(PD_IO_U8, TWO(0, 200), TWO(1, 0), 1, 0, "");
    means(PD_IO_U8, TWO(0, 0), TWO(0, 0), 0, 0, "");
    means(PD_IO_F32, TWO(0.5, 0.5), TWO(0.5, 0.5), 128, 128, "0 is black, 1 white");
    means(PD_IO_F32, TWO(0, 1), TWO(-0.2, 1), -1, 0, "x_test: element 0 is -0.2; values from -0.2 to 1");
    means(PD_IO_F32, TWO(0, 255), TWO(0, 1), -1, 0,
          "x_test: values from 0 to 1, but those of the file's other images are from 0 to 255: scale both "
          "alike");
    means(PD_IO_F32, TWO(-1, 1), TWO(0, 0.9), -1, 0, "x_test: values from 0 to 0.9, but");
    means(PD_IO_F32, TWO(-1, 1), TWO(0.3, 0.7), 166, 217, "-1 is black, 1 white");
    means(PD_IO_F32, TWO(-0.5, 0.5), TWO(-1, 1), -1, 0, "x_train: values from -0.5 to 0.5, but");
    means(PD_IO_F32, TWO(-0.5, 0.4), TWO(-1, 1), 0, 255, "-1 is black, 1 white");
    means(PD_IO_F32, TWO(0, 1), TWO(-0.9, 0.9), -1, 0, "x_train: values from 0 to 1, but");
    means(PD_IO_F32, TWO(-1, 1), TWO(1, 1), 255, 255, "-1 is black, 1 white");
    means(PD_IO_U16, TWO(0, 255), TWO(0, 65535), -1, 0, "x_train: values from 0 to 255, but");
    means(PD_IO_F32, TWO(0, 17), TWO(0, 1), -1, 0, "x_train: element 1 is 17; values from 0 to 17");
    means(PD_IO_F32, TWO(-0.5, 0.5), TWO(0.2, 0.5), -1, 0, "values from -0.5 to 0.5");
    means(PD_IO_U16, TWO(0, 4095), TWO(0, 1), -1, 0, "x_train: element 1 is 4095");
    means(PD_IO_I64, TWO(-1000, 2000), TWO(0, 1), -1, 0, "x_train: element 0 is -1000");
    means(PD_IO_F32, TWO(0, 1), TWO(0.5, NAN), -1, 0, "x_test: element 1 is ");
}

/* Images (1, H, W) of two numbers that belong to others of a scale. */
static enum pd_status open_like(const char *like, double a, double b, enum pd_io_dtype type,
                                struct pd_dataset **d, struct pd_error *err)
{
    static float singles[H * W];
    static int64_t longs[H * W];
    static uint8_t small[H * W];
    const void *const data[PD_IO_DTYPES] = {[PD_IO_F32] = singles, [PD_IO_I64] = longs, [PD_IO_U8] = small};
    for (int i = 0; i < H * W; i++) {
        singles[i] = (float)(i % 2 ? b : a);
        longs[i] = (int64_t)singles[i];
        small[i] = (uint8_t)longs[i];
    }
    const struct pd_io_array images = array("images", type, data[type], 3, 1, H, W, 0);
    const struct pd_data_request request = {.name = write_npz(&images, 1),
                                            .scale = pd_pixel_scale_named(like)};
    return pd_dataset_open(&request, d, err);
}

static void files_are_read_by_the_runs_scale(void **state)
{
    (void)state;
    static const struct {
        const char *like, *scale;
        enum pd_io_dtype type;
        double values[2];
        int levels[2];
        const char *note;
    } rows[] = {
        {"whole-sixteen", "whole-sixteen", PD_IO_I64, {511, 30000}, {2, 117}, "65535 white, the run's scale"},
        {"whole-sixteen",
         "whole-sixteen",
         PD_IO_I64,
         {0, 200},
         {0, 1},
         "65535 white, the run's scale (these values alone: 0 to 255)"},
        {"whole-levels", "whole-levels", PD_IO_I64, {0, 1}, {0, 1}, "255 white, the run's scale"},
        {"whole-levels", "whole-sixteen", PD_IO_I64, {0, 65535}, {0, 255}, "(the run's scale: 0 to 255)"},
        {"signed",
         "signed",
         PD_IO_F32,
         {0, 0.5},
         {128, 191},
         "1 white, the run's scale (these values alone: 0 to 1)"},
        {"unit", "signed", PD_IO_F32, {-1, 1}, {0, 255}, "1 white (the run's scale: 0 to 1)"},
        {"levels", "unit", PD_IO_F32, {0, 0.5}, {0, 128}, "1 white (the run's scale: 0 to 255)"},
        {"levels", "levels", PD_IO_F32, {0, 30.5}, {0, 30}, "255 white, the run's scale"},
        {"bytes", "bytes", PD_IO_U8, {0, 1}, {0, 1}, "255 white, the run's scale"},
        {"whole-sixteen", "bytes", PD_IO_U8, {0, 17}, {0, 17}, ""},
        {NULL, "bits", PD_IO_U8, {0, 1}, {0, 255}, "0 is black, 1 white"},
    };
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double *v = rows[i].values;
        if (open_like(rows[i].like, v[0], v[1], rows[i].type, &d, &err))
            fail_msg("%s", err.message);
        assert_string_equal(pd_pixel_scale_at(pd_dataset_pixel_scale(d))->name, rows[i].scale);
        assert_int_equal(d->pixels[0], rows[i].levels[0]);
        assert_int_equal(d->pixels[1], rows[i].levels[1]);
        assert_contains(d->note, rows[i].note);
        pd_dataset_destroy(d);
    }
    assert_int_equal(open_like("whole-levels", 0, 3000, PD_IO_I64, &d, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "is 3000");
    assert_contains(err.message, "(the run's scale: 0 to 255)");
}

/* Runs that were made earlier are held against these levels. */
static void sixteen_bits_are_rounded(void **state)
{
    (void)state;
    const struct pd_pixel_facts *f = pd_pixel_scale_at(pd_pixel_scale_named("whole-sixteen"));
    for (int v = 0; v < 65536; v++)
        assert_int_equal(lrint((v + f->shift) * f->factor), (v + 128) / 257);
}

/* Many images that fill another scale than that of a run which they would fit, too. */
static void many_images_outweigh_the_runs_scale(void **state)
{
    (void)state;
    static const struct {
        const char *like, *few, *many;
        enum pd_number_kind kind;
        double least, most;
    } rows[] = {
        {"whole-sixteen", "whole-sixteen", "whole-levels", PD_WHOLE, 0, 255},
        {"whole-sixteen", "whole-sixteen", "whole-sixteen", PD_WHOLE, 0, 127},
        {"whole-sixteen", "whole-sixteen", "whole-sixteen", PD_WHOLE, 0, 256},
        {"whole-levels", "whole-levels", "whole-unit", PD_WHOLE, 0, 1},
        {"whole-levels", "whole-levels", "whole-levels", PD_WHOLE, 0, 0},
        {"signed", "signed", "unit", PD_FLOATS, 0, 1},
        {"signed", "signed", "signed", PD_FLOATS, 0.3, 1},
        {"signed", "signed", "signed", PD_FLOATS, 0, 0.7},
        {"signed", "signed", "signed", PD_FLOATS, -0.1, 1},
        {"unit", "unit", "unit", PD_FLOATS, 0, 0.2},
        {"bytes", "bytes", "bits", PD_BYTES, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int images = 15; images <= 16; images++) {
            const struct pd_numbers n = {rows[i].kind, rows[i].least, rows[i].most, rows[i].kind != PD_FLOATS,
                                         images};
            assert_string_equal(
                pd_pixel_scale_at(pd_pixel_scale_of(&n, pd_pixel_scale_named(rows[i].like)))->name,
                images < 16 ? rows[i].few : rows[i].many);
        }
}

static void takes_labels(struct pd_io_array own, int classes, const char *note)
{
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    const struct pd_io_array arrays[] = {array("images", PD_IO_U8, bytes, 3, N, H, W, 0), own};
    if (open_set(write_npz(arrays, 2), PD_SPLIT_TRAIN, &d, &err))
        fail_msg("%s", err.message);
    assert_int_equal(d->classes, classes);
    for (int i = 0; i < N; i++)
        assert_int_equal(d->labels[i], classes ? labels[i] : -1);
    assert_contains(d->note, note);
    pd_dataset_destroy(d);
}

/* Of a split without some class pandas.get_dummies has a column less: the other classes would move. */
static void splits_are_numbered_alike(void **state)
{
    (void)state;
    static const double hot[2][N * 3] = {{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0},
                                         {1, 0, 0, 1, 1, 0, 1, 0, 0, 1}};
    static const uint8_t from_1[N] = {1, 2, 3, 2, 1};
    struct pd_dataset *d;
    struct pd_error err;
    struct pd_io_array arrays[] = {array("x_train", PD_IO_U8, bytes, 3, N, H, W, 0),
                                   array("x_test", PD_IO_U8, bytes, 3, N, H, W, 0),
                                   array("y_train", PD_IO_F64, hot[0], 2, N, 3, 0, 0),
                                   array("y_test", PD_IO_F64, hot[1], 2, N, 2, 0, 0)};
    assert_int_equal(open_set(write_npz(arrays, 4), PD_SPLIT_TRAIN, &d, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "y_test: one-hot labels of 2 classes, but y_train has 3: number both alike");
    arrays[3] = array("y_test", PD_IO_U8, from_1, 1, N, 0, 0, 0);
    assert_int_equal(open_set(write_npz(arrays, 4), PD_SPLIT_TRAIN, &d, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "y_train: one-hot labels of 3 classes, but y_test has 4");
    arrays[2] = array("y_train", PD_IO_U8, labels, 1, N, 0, 0, 0);
    for (int split = 0; split < 2; split++) {
        assert_int_equal(open_set(write_npz(arrays, 4), (enum pd_split)split, &d, &err), PD_OK);
        assert_contains(d->note,
                        "labels from 1 to 3 in y_test, from 0 to 2 in y_train: are they numbered alike?");
        pd_dataset_destroy(d);
    }
}

static void labels_come_in_many_forms(void **state)
{
    (void)state;
    static const float whole[N] = {0, 1, 2, 1, 0};
    static const double hot[N * 4] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0};
    static const uint8_t ones[N] = {1, 2, 3, 2, 1}, twice[N * 2] = {1, 0, 1, 1}, none[N * 2] = {0, 0};
    const struct pd_io_array x = array("images", PD_IO_U8, bytes, 3, N, H, W, 0);
    takes_labels(array("labels", PD_IO_F32, whole, 2, N, 1, 0, 0), 3, "labels are whole float32s");
    takes_labels(array("labels", PD_IO_F64, hot, 2, N, 4, 0, 0), 4, "one-hot labels of 4 classes");
    takes_labels(array("labels", PD_IO_I8, labels, 1, N, 0, 0, 0), 3, "");
    struct pd_dataset *d;
    const struct pd_io_array from_one[] = {x, array("labels", PD_IO_U8, ones, 1, N, 0, 0, 0)};
    assert_int_equal(open_set(write_npz(from_one, 2), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    assert_contains(d->note, "labels begin at 1, so no image is of class 0");
    pd_dataset_destroy(d);
    static const int8_t signs[N] = {-1, 1, 1, -1, 1}, gaps[N] = {0, 6, 2, 0, 6}, few[N] = {0, 2, 3, 0, 3};
    const struct pd_io_array signed_ones[] = {x, array("labels", PD_IO_I8, signs, 1, N, 0, 0, 0)};
    assert_int_equal(open_set(write_npz(signed_ones, 2), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    assert_contains(d->note, "labels are -1 and 1, and -1 counts as no label: number the classes 0 and 1");
    assert_null(strstr(d->note, "subtract"));
    pd_dataset_destroy(d);
    const struct pd_io_array wide[] = {x, array("labels", PD_IO_I8, gaps, 1, N, 0, 0, 0)},
                             narrow[] = {x, array("labels", PD_IO_I8, few, 1, N, 0, 0, 0)};
    assert_int_equal(open_set(write_npz(wide, 2), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    assert_contains(d->note,
                    "3 different labels from 0 to 6: every number between is a class without an image");
    pd_dataset_destroy(d);
    assert_int_equal(open_set(write_npz(narrow, 2), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
    assert_null(strstr(d->note, "different labels"));
    pd_dataset_destroy(d);
    takes_labels(array("y", PD_IO_U8, labels, 1, N, 0, 0, 0), 0,
                 "no array 'labels', so no image has a label (it has: images, y)");
    refused(x, array("labels", PD_IO_U8, twice, 2, N, 2, 0, 0), PD_ERR_FORMAT,
            "labels: row 1 of (N, 2) is not");
    refused(x, array("labels", PD_IO_U8, none, 2, N, 2, 0, 0), PD_ERR_FORMAT,
            "labels: row 0 of (N, 2) is not");
}

/* What is in the note of a file of such arrays, each 5 images or labels, with blanks between the names. */
static void says(const char *names, enum pd_split split, const char *words)
{
    struct pd_io_array arrays[8];
    struct pd_dataset *d;
    char text[256];
    size_t n = 0;
    snprintf(text, sizeof text, "%s", names);
    for (char *name = strtok(text, " "); name; name = strtok(NULL, " "))
        arrays[n++] = strchr("ly", name[0]) || strstr(name, "_l")
                          ? array(name, PD_IO_I8, labels, 1, N, 0, 0, 0)
                          : array(name, PD_IO_U8, bytes, 3, N, H, W, 0);
    assert_int_equal(open_set(write_npz(arrays, n), split, &d, NULL), PD_OK);
    assert_contains(d->note, words);
    pd_dataset_destroy(d);
}

static void says_which_arrays(void **state)
{
    (void)state;
    says("images labels", PD_SPLIT_TRAIN, "myscans: images: images, labels: labels\n");
    says("images labels x_train y_train", PD_SPLIT_TRAIN,
         "images: x_train, labels: y_train; passed over: images, labels\n");
    says("images labels x_train y_train", PD_SPLIT_TRAIN,
         "images would do, too: of train_images, x_train, images and arr_0 the first is taken");
    says("x_train y_train x_test y_test images", PD_SPLIT_TEST,
         "images: x_test, labels: y_test; passed over: images\n");
    says("train_images train_labels val_images val_labels test_images", PD_SPLIT_TRAIN,
         "images: train_images, labels: train_labels, test split: test_images; passed over: val_images, "
         "val_labels\n");
    says("x_train y_train train_images", PD_SPLIT_TRAIN, "labels: none; passed over: x_train, y_train\n");
    says("arr_0", PD_SPLIT_TRAIN, "images: arr_0, labels: none\n");
    says("images y_train", PD_SPLIT_TRAIN, "labels: none; passed over: y_train\n");
}

static void says_what_is_missing(void **state)
{
    (void)state;
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    const struct pd_io_array simple = array("images", PD_IO_U8, bytes, 3, N, H, W, 0);
    const struct pd_io_array half = array("test_images", PD_IO_U8, bytes, 3, N, H, W, 0);
    const struct pd_io_array none[] = {array("x_train", PD_IO_U8, bytes, 3, N, H, W, 0),
                                       array("x_test", PD_IO_U8, bytes, 3, 0, H, W, 0)};
    assert_int_equal(open_set(write_npz(&simple, 1), PD_SPLIT_TEST, &d, &err), PD_ERR_IO);
    assert_contains(err.message, "has no test split");
    assert_int_equal(open_set(write_npz(none, 2), PD_SPLIT_TEST, &d, &err), PD_ERR_IO);
    assert_contains(err.message, "x_test: no image in it");
    assert_int_equal(open_set(write_npz(none, 2), PD_SPLIT_TRAIN, &d, &err), PD_OK);
    assert_contains(d->note, "no image in x_test: no test split");
    pd_dataset_destroy(d);
    const char *path = write_npz(&half, 1);
    assert_int_equal(open_set(path, PD_SPLIT_TRAIN, &d, &err), PD_ERR_IO);
    assert_contains(err.message, "has no training split: that would be an array train_images");
    assert_int_equal(open_set("npz", PD_SPLIT_TRAIN, &d, &err), PD_ERR_USAGE);
    assert_contains(err.message, "give the file");
    assert_int_equal(open_set("./nothing.npz", PD_SPLIT_TRAIN, &d, &err), PD_ERR_USAGE);
    assert_contains(err.message, "there is no such folder of images, archive or .npz file");
}

static void bits_among_bytes_are_told(void **state)
{
    (void)state;
    static uint8_t images[20][4][4];
    struct pd_dataset *d;
    for (int i = 0; i < 20; i++)
        memset(images[i], i < 16 ? i % 2 : 200, sizeof images[i]); /* eight are black, eight hold 1 */
    for (int many = 0; many < 2; many++) {
        for (int i = 0; i < 16 && many; i++)
            images[i][0][0] = 1;
        const struct pd_io_array x = array("images", PD_IO_U8, images, 3, 20, 4, 4, 0);
        assert_int_equal(open_set(write_npz(&x, 1), PD_SPLIT_TRAIN, &d, NULL), PD_OK);
        assert_int_equal(strstr(d->note, "16 of the 20 images hold 0 and 1 alone") != NULL, many);
        pd_dataset_destroy(d);
    }
}

static void refuses_every_cut(void **state)
{
    (void)state;
    struct pd_dataset *d;
    const struct pd_io_array arrays[] = {array("images", PD_IO_U8, bytes, 3, N, H, W, 0),
                                         array("labels", PD_IO_U8, labels, 1, N, 0, 0, 0)};
    size_t size;
    const char *path = write_npz(arrays, 2);
    char *whole = scratch_read(path, &size);
    for (size_t cut = 0; cut < size; cut++) {
        struct pd_error err = {.message = ""};
        scratch_write(path, whole, cut);
        assert_int_equal(open_set(path, PD_SPLIT_TRAIN, &d, &err), PD_ERR_FORMAT);
        assert_contains(err.message, "my-scans.npz");
    }
    free(whole);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

static enum pd_status open_named(const char *path, const char *classes, struct pd_dataset **d,
                                 struct pd_error *err)
{
    const struct pd_data_request request = {.name = path, .classes = classes};
    return pd_dataset_open(&request, d, err);
}

/* Labels are numbers; names may be given, also of classes that no label has. */
static void takes_names_of_classes(void **state)
{
    (void)state;
    static const struct {
        const char *classes, *words;
    } bad[] = {{"cat,dog", "2 names of classes, expected 3 or more, by the labels"},
               {"cat,,dog", "class 1: its name is no printable UTF-8"},
               {"cat,dog,cat", "classes 0 and 2 are both called 'cat'"},
               {"cat,dog,", "class 2: its name is no printable UTF-8"}};
    const struct pd_io_array arrays[] = {array("images", PD_IO_U8, bytes, 3, N, H, W, 0),
                                         array("labels", PD_IO_U8, labels, 1, N, 0, 0, 0)};
    const char *path = write_npz(arrays, 2);
    struct pd_dataset *d;
    struct pd_error err;
    assert_int_equal(open_named(path, "cat,dog,bird,\xc3\x84pfel", &d, NULL), PD_OK);
    assert_int_equal(d->classes, 4);
    assert_string_equal(d->class_names[1], "dog");
    assert_string_equal(d->class_names[3], "\xc3\x84pfel");
    pd_dataset_destroy(d);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(open_named(path, bad[i].classes, &d, &err), PD_ERR_USAGE);
        assert_non_null(strstr(err.message, bad[i].words));
        assert_null(d);
    }
    const char *none = write_npz(arrays, 1); /* no labels at all */
    assert_int_equal(open_named(none, "cat,dog", &d, NULL), PD_OK);
    assert_int_equal(d->classes, 2);
    assert_int_equal(d->labels[0], -1);
    pd_dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_SCRATCH(reads_medmnist),
                                       IN_SCRATCH(takes_names_of_classes),
                                       IN_SCRATCH(reads_floats),
                                       IN_SCRATCH(pale_samples_are_of_a_tanh),
                                       IN_SCRATCH(refuses_other_arrays),
                                       IN_SCRATCH(says_what_is_missing),
                                       IN_SCRATCH(says_which_arrays),
                                       IN_SCRATCH(refuses_every_cut),
                                       IN_SCRATCH(levels_are_those_of_the_file),
                                       IN_SCRATCH(files_are_read_by_the_runs_scale),
                                       cmocka_unit_test(sixteen_bits_are_rounded),
                                       cmocka_unit_test(many_images_outweigh_the_runs_scale),
                                       IN_SCRATCH(labels_come_in_many_forms),
                                       IN_SCRATCH(bits_among_bytes_are_told),
                                       IN_SCRATCH(splits_are_numbered_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
