#include "data/transform.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint32_t none[4] = {0};

/* Two images of (channels, height, width) with a slope to the right. */
static struct pd_dataset make(int channels, int height, int width)
{
    struct pd_dataset d = {.name = "made", .count = 2, .classes = 1};
    d.channels = channels;
    d.height = height;
    d.width = width;
    size_t n = 2 * pd_dataset_image_size(&d);
    d.pixels = malloc(n);
    for (size_t i = 0; i < n; i++)
        d.pixels[i] = (uint8_t)(i % (size_t)width * 255 / ((size_t)width - 1));
    return d;
}

static void keeps_the_right_size(void **state)
{
    (void)state;
    struct pd_dataset d = make(3, 32, 32);
    float *images = malloc(2 * 3 * 32 * 32 * sizeof *images);
    assert_int_equal(pd_transform_eval(&d, NULL, 2, 32, images, NULL), PD_OK);
    for (int i = 0; i < 2 * 3 * 32 * 32; i++)
        assert_true(images[i] == (float)(d.pixels[i] / 127.5 - 1));
    assert_true(images[0] == -1 && images[31] == 1);
    free(images);
    free(d.pixels);
}

/* 40 x 64 becomes 32 x 51; columns 10 (the even half of 9.5) to 41 remain. */
static void cuts_the_middle(void **state)
{
    (void)state;
    struct pd_dataset d = make(1, 40, 64);
    float image[32 * 32];
    const uint32_t second = 1;
    assert_int_equal(pd_transform_eval(&d, &second, 1, 32, image, NULL), PD_OK);
    for (int x = 0; x < 32; x++) {
        double source = (x + 10 + 0.5) * 64 / 51 - 0.5, grey = floor(source * 255 / 63 + 0.5);
        assert_true(fabs((image[5 * 32 + x] + 1) * 127.5 - grey) <= 2);
    }
    free(d.pixels);
}

static void crops_at_random_places(void **state)
{
    (void)state;
    struct pd_dataset d = make(1, 35, 35);
    struct pd_transform *t;
    const struct pd_transform_options options = {.size = 32, .random_crop = true, .flip = true};
    float image[32 * 32];
    assert_int_equal(pd_transform_create(&d, &options, &t, NULL), PD_OK);
    for (uint32_t left = 0; left < 4; left++) {
        const uint32_t plain[4] = {0, left << 30 | 77, 0x7fffffff, 0};
        const uint32_t mirrored[4] = {0, left << 30 | 77, 0x80000000, 0};
        float first = (float)(d.pixels[left] / 127.5 - 1), last = (float)(d.pixels[left + 31] / 127.5 - 1);
        pd_transform_image(t, 0, plain, image);
        assert_true(image[0] == first && image[31] == last);
        pd_transform_image(t, 0, mirrored, image);
        assert_true(image[0] == last && image[31] == first);
    }
    pd_transform_destroy(t);
    free(d.pixels);
}

static void takes_points_as_they_are(void **state)
{
    (void)state;
    float points[4] = {1.5f, -9, 3, 4}, out[2];
    struct pd_dataset d = {.count = 2, .channels = 2, .height = 1, .width = 1, .points = points};
    struct pd_transform *t;
    const struct pd_transform_options options = {0};
    assert_int_equal(pd_transform_create(&d, &options, &t, NULL), PD_OK);
    assert_int_equal(pd_transform_image_size(t), 2);
    pd_transform_image(t, 1, none, out);
    assert_true(out[0] == 3 && out[1] == 4);
    pd_transform_destroy(t);
}

static void refuses_bad_sizes(void **state)
{
    (void)state;
    struct pd_dataset d = make(1, 28, 28);
    struct pd_error err;
    float image[1];
    assert_int_equal(pd_transform_eval(&d, NULL, 1, 0, image, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "image size 0, expected 1 to 4096");
    assert_int_equal(pd_transform_eval(&d, NULL, 1, 5000, image, &err), PD_ERR_USAGE);
    free(d.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_right_size),   cmocka_unit_test(cuts_the_middle),
        cmocka_unit_test(crops_at_random_places), cmocka_unit_test(takes_points_as_they_are),
        cmocka_unit_test(refuses_bad_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
