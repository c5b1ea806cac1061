#include "data/dataset.h"

#include <paydirt/data.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "unit/idx_maker.h"

static enum pd_status open_from(const char *dir, struct pd_dataset **d, struct pd_error *err)
{
    struct pd_data_request request = {.name = "mnist", .dir = dir, .split = PD_SPLIT_TRAIN};
    return pd_dataset_open(&request, d, err);
}

static void write_pair(const char *folder, const struct blob *images, const struct blob *labels)
{
    write_blob(folder, "train-images-idx3-ubyte", images);
    write_blob(folder, "train-labels-idx1-ubyte.gz", labels);
}

static void names_the_nearest(void **state)
{
    (void)state;
    struct pd_error err;
    struct pd_dataset *d;
    struct pd_data_request request = {.name = "mnits"};
    assert_int_equal(pd_dataset_open(&request, &d, &err), PD_ERR_USAGE);
    assert_null(d);
    assert_non_null(strstr(err.message, "unknown data set 'mnits', did you mean 'mnist'? (known: mnist, "));
    for (int i = 0; pd_data_source_at(i); i++)
        assert_non_null(strstr(err.message, pd_data_source_at(i)->name));
    request.name = "zebra";
    assert_int_equal(pd_dataset_open(&request, &d, &err), PD_ERR_USAGE);
    assert_null(strstr(err.message, "did you mean"));
    assert_non_null(strstr(err.message, "unknown data set 'zebra' (known: mnist"));
}

static void lists_its_sources(void **state)
{
    (void)state;
    const struct pd_data_source *source, *found;
    int count = 0;
    for (; (source = pd_data_source_at(count)); count++) {
        assert_int_equal(pd_data_source_find(source->name, &found, NULL), PD_OK);
        assert_ptr_equal(found, source);
        assert_true(strlen(source->summary) > 10);
    }
    assert_true(count >= 5);
}

static void reads_a_folder(void **state)
{
    (void)state;
    char folder[256], below[300];
    struct blob images = make_images(20, 6), labels = make_labels(20), packed = gzip(&labels);
    struct pd_dataset *d;
    snprintf(below, sizeof below, "%s/mnist", make_folder(folder));
    assert_int_equal(mkdir(below, 0700), 0);
    write_pair(below, &images, &packed);
    const char *const either[] = {folder, below};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_from(either[i], &d, NULL), PD_OK);
        assert_string_equal(d->name, "mnist");
        assert_int_equal(d->count, 20);
        assert_int_equal(d->classes, 10);
        assert_int_equal(pd_dataset_image_size(d), 36);
        assert_int_equal(d->labels[19], 9);
        assert_memory_equal(d->pixels, images.bytes + 16, 20 * 36);
        pd_dataset_destroy(d);
    }
    remove_folder(folder);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    char folder[256];
    struct pd_error err;
    struct pd_dataset *d;
    struct blob images = make_images(20, 6), labels = make_labels(19);
    write_pair(make_folder(folder), &images, &labels);
    assert_int_equal(open_from(folder, &d, &err), PD_ERR_MISMATCH);
    assert_non_null(strstr(err.message, "holds 19 labels, expected 20"));
    labels = make_labels(20);
    labels.bytes[8 + 13] = 10;
    write_pair(folder, &images, &labels);
    assert_int_equal(open_from(folder, &d, &err), PD_ERR_FORMAT);
    assert_non_null(strstr(err.message, "label 10, expected 0 to 9 at offset 21"));
    remove_folder(folder);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    char folder[256];
    struct pd_error err;
    struct pd_dataset *d;
    struct blob images = make_images(20, 6);
    assert_int_equal(open_from(NULL, &d, &err), PD_ERR_USAGE);
    assert_string_equal(err.hint, "data-dir");
    assert_int_equal(open_from(make_folder(folder), &d, &err), PD_ERR_IO);
    assert_non_null(strstr(err.message, "train-images-idx3-ubyte.gz"));
    write_blob(folder, "train-images-idx3-ubyte", &images);
    assert_int_equal(open_from(folder, &d, &err), PD_ERR_IO);
    assert_non_null(strstr(err.message, "train-labels-idx1-ubyte.gz"));
    remove_folder(folder);
}

/* Labels from 1, and pixels by columns. */
static void reads_emnist_letters(void **state)
{
    (void)state;
    char folder[256];
    struct pd_error err;
    struct pd_dataset *d;
    const struct pd_data_request request = {.name = "emnist", .dir = folder, .split = PD_SPLIT_TEST};
    struct blob images = make_images(20, 6), labels = make_labels(20);
    for (uint32_t i = 0; i < 20; i++)
        labels.bytes[8 + i] = (uint8_t)(1 + i * 25 / 19);
    write_blob(make_folder(folder), "emnist-letters-test-images-idx3-ubyte", &images);
    write_blob(folder, "emnist-letters-test-labels-idx1-ubyte", &labels);
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    assert_int_equal(d->classes, 26);
    assert_int_equal(d->labels[0], 0);
    assert_int_equal(d->labels[19], 25);
    assert_string_equal(d->class_names[25], "Z");
    assert_int_equal(d->pixels[19 * 36 + 2 * 6 + 5], images.bytes[16 + 19 * 36 + 5 * 6 + 2]);
    pd_dataset_destroy(d);
    for (int bad = 0; bad < 28; bad += 27) {
        labels.bytes[8 + 3] = (uint8_t)bad;
        write_blob(folder, "emnist-letters-test-labels-idx1-ubyte", &labels);
        assert_int_equal(pd_dataset_open(&request, &d, &err), PD_ERR_FORMAT);
        assert_non_null(strstr(err.message, "expected 1 to 26 at offset 11"));
    }
    labels.bytes[8 + 3] = 3;
    write_blob(folder, "emnist-letters-test-labels-idx1-ubyte", &labels);
    images.bytes[11] = 4; /* 20 x 4 x 9 */
    images.bytes[15] = 9;
    write_blob(folder, "emnist-letters-test-images-idx3-ubyte", &images);
    assert_int_equal(pd_dataset_open(&request, &d, &err), PD_ERR_FORMAT);
    assert_non_null(strstr(err.message, "4 x 9 pixels, expected as many rows as columns"));
    remove_folder(folder);
}

static void fmnist_is_found_or_its_package_named(void **state)
{
    (void)state;
    struct pd_error err;
    struct pd_dataset *d;
    struct pd_data_request request = {.name = "fmnist", .split = PD_SPLIT_TEST};
    if (pd_dataset_open(&request, &d, &err)) {
        assert_non_null(strstr(err.message, "install the package dataset-fashion-mnist or give the folder"));
        return;
    }
    assert_int_equal(d->count, 10000);
    assert_string_equal(d->class_names[9], "Ankle boot");
    pd_dataset_destroy(d);
}

static struct pd_dataset *open_synthetic(enum pd_split split, uint64_t seed, uint32_t count)
{
    struct pd_data_request request = {.name = "synthetic", .split = split, .seed = seed, .count = count};
    struct pd_dataset *d;
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    return d;
}

/* Mean of the points of Gaussian 0 along x, and their variance around it. */
static double blob_mean(const struct pd_dataset *d, double *variance)
{
    double sum = 0, squares = 0, n = 0;
    for (uint32_t i = 0; i < d->count; i += 6, n++) {
        sum += d->points[2 * i];
        squares += (double)d->points[2 * i] * d->points[2 * i];
    }
    *variance = squares / n - sum / n * (sum / n);
    return sum / n;
}

static void synthetic_shares_centres(void **state)
{
    (void)state;
    struct pd_dataset *train = open_synthetic(PD_SPLIT_TRAIN, 5, 6000);
    struct pd_dataset *test = open_synthetic(PD_SPLIT_TEST, 5, 6000);
    struct pd_dataset *other = open_synthetic(PD_SPLIT_TRAIN, 6, 6000);
    double variance, mean = blob_mean(train, &variance);
    assert_true(fabs(variance - 0.25) < 0.04);
    assert_true(fabs(mean - blob_mean(test, &variance)) < 0.1);
    assert_true(fabs(mean - blob_mean(other, &variance)) > 0.1);
    assert_memory_not_equal(train->points, test->points, 24);
    pd_dataset_destroy(train);
    pd_dataset_destroy(test);
    pd_dataset_destroy(other);
    train = open_synthetic(PD_SPLIT_TRAIN, 5, 0);
    assert_int_equal(train->count, 1000);
    assert_int_equal(train->labels[3], 1);
    pd_dataset_destroy(train);
}

/* Thinned twice: some of the images in their order, each with its label and its name. */
static void thins_at_random(void **state)
{
    (void)state;
    enum { ALL = 60, MORE = 40, SOME = 25 };
    const struct pd_data_request request = {.name = "strokes", .count = ALL, .size = 8};
    struct pd_dataset *whole, *thin, *other;
    assert_int_equal(pd_dataset_open(&request, &whole, NULL), PD_OK);
    assert_int_equal(pd_dataset_open(&request, &thin, NULL), PD_OK);
    assert_int_equal(pd_dataset_open(&request, &other, NULL), PD_OK);
    char names[4 * ALL], *at = names;
    for (uint32_t i = 0; i < ALL; i++)
        at += snprintf(at, 4, "%u", i) + 1;
    assert_int_equal(pd_dataset_name_images(thin, names, NULL), PD_OK);
    assert_int_equal(pd_dataset_thin(thin, MORE, 5, NULL), PD_OK);
    assert_int_equal(pd_dataset_thin(thin, SOME, 3, NULL), PD_OK);
    assert_int_equal(pd_dataset_thin(other, SOME, 4, NULL), PD_OK);
    assert_int_equal(thin->count, SOME);
    const size_t size = pd_dataset_image_size(whole);
    int before = -1, same = 0;
    for (uint32_t i = 0; i < SOME; i++) {
        const int at = atoi(thin->image_names[i]);
        assert_true(at > before && at < ALL);
        assert_int_equal(thin->labels[i], whole->labels[at]);
        assert_memory_equal(pd_dataset_image(thin, i), whole->pixels + (size_t)at * size, size);
        same += !memcmp(pd_dataset_image(thin, i), pd_dataset_image(other, i), size);
        before = at;
    }
    assert_true(same < SOME);
    pd_dataset_destroy(whole);
    pd_dataset_destroy(thin);
    pd_dataset_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_nearest),    cmocka_unit_test(lists_its_sources),
        cmocka_unit_test(reads_a_folder),       cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(says_what_is_missing), cmocka_unit_test(fmnist_is_found_or_its_package_named),
        cmocka_unit_test(reads_emnist_letters), cmocka_unit_test(synthetic_shares_centres),
        cmocka_unit_test(thins_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
