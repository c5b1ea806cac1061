#include "data/dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct pd_dataset *draw(enum pd_split split, uint64_t seed, uint32_t count, int size)
{
    struct pd_data_request request = {
        .name = "strokes", .split = split, .seed = seed, .count = count, .size = size};
    struct pd_dataset *d;
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    return d;
}

static void comes_in_default_numbers(void **state)
{
    (void)state;
    struct pd_dataset *train = draw(PD_SPLIT_TRAIN, 1, 0, 0), *test = draw(PD_SPLIT_TEST, 1, 0, 0);
    assert_int_equal(train->count, 10000);
    assert_int_equal(test->count, 2000);
    assert_int_equal(train->height, 32);
    assert_int_equal(train->classes, 10);
    for (int i = 0; i < 20; i++)
        assert_int_equal(train->labels[i], i % 10);
    pd_dataset_destroy(train);
    pd_dataset_destroy(test);
}

/* Ink on every image, not all over it, and away from most of the border. */
static void draws_on_black(void **state)
{
    (void)state;
    struct pd_dataset *d = draw(PD_SPLIT_TRAIN, 2, 3000, 0);
    long border = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        const uint8_t *image = d->pixels + i * 1024;
        int inked = 0, brightest = 0;
        for (int k = 0; k < 1024; k++) {
            inked += image[k] > 0;
            brightest = image[k] > brightest ? image[k] : brightest;
            border += image[k] > 0 && (k < 32 || k >= 992 || k % 32 == 0 || k % 32 == 31);
        }
        assert_in_range(inked, 15, 450);
        assert_in_range(brightest, 75, 255);
    }
    assert_true(border < 3000 * 124 / 100);
    pd_dataset_destroy(d);
}

static void hangs_on_seed_split_and_number(void **state)
{
    (void)state;
    struct pd_dataset *a = draw(PD_SPLIT_TRAIN, 1, 100, 0), *more = draw(PD_SPLIT_TRAIN, 1, 150, 0);
    struct pd_dataset *test = draw(PD_SPLIT_TEST, 1, 100, 0), *other = draw(PD_SPLIT_TRAIN, 2, 100, 0);
    assert_memory_equal(a->pixels, more->pixels, 100 * 1024);
    for (uint32_t i = 0; i < 100; i++) {
        assert_memory_not_equal(a->pixels + i * 1024, test->pixels + i * 1024, 1024);
        assert_memory_not_equal(a->pixels + i * 1024, other->pixels + i * 1024, 1024);
        if (i >= 10)
            assert_memory_not_equal(a->pixels + i * 1024, a->pixels + (i - 10) * 1024, 1024);
    }
    pd_dataset_destroy(a);
    pd_dataset_destroy(more);
    pd_dataset_destroy(test);
    pd_dataset_destroy(other);
}

static double mean(const struct pd_dataset *d)
{
    size_t n = d->count * pd_dataset_image_size(d);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += d->pixels[i];
    return sum / (double)n;
}

/* The same digits whatever the size: the share of ink stays. */
static void comes_in_any_size(void **state)
{
    (void)state;
    struct pd_dataset *d = draw(PD_SPLIT_TRAIN, 1, 500, 32);
    double expected = mean(d);
    pd_dataset_destroy(d);
    assert_true(expected > 10 && expected < 40);
    static const int sizes[] = {8, 28, 64, 101};
    for (int k = 0; k < 4; k++) {
        d = draw(PD_SPLIT_TRAIN, 1, 500, sizes[k]);
        assert_int_equal(d->width, sizes[k]);
        assert_true(mean(d) > 0.8 * expected && mean(d) < 1.25 * expected);
        pd_dataset_destroy(d);
    }
}

static void refuses_sizes_out_of_range(void **state)
{
    (void)state;
    struct pd_data_request request = {.name = "strokes", .size = 7};
    struct pd_dataset *d;
    struct pd_error err;
    assert_int_equal(pd_dataset_open(&request, &d, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "data set 'strokes': image size 7, expected 8 to 1024");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_in_default_numbers),       cmocka_unit_test(draws_on_black),
        cmocka_unit_test(hangs_on_seed_split_and_number), cmocka_unit_test(comes_in_any_size),
        cmocka_unit_test(refuses_sizes_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
