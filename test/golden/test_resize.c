/* Resized planes against Pillow's, byte for byte. The vectors: resize.py. */
#include "data/images/resize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden/resize.h"

/* As in resize.py. */
static uint8_t *make_source(int number, int height, int width)
{
    uint8_t *plane = malloc((size_t)height * (size_t)width);
    for (int j = 0; j < height * width; j++) {
        uint32_t noise = (uint32_t)j * 2654435761u >> 24;
        plane[j] = (uint8_t)(number % 2 ? (uint32_t)(j % width * 255 / width) : noise);
    }
    return plane;
}

static void check(int number)
{
    const struct resize_case *c = &resize_cases[number];
    struct pd_resize *r;
    assert_int_equal(pd_resize_create(c->height, c->width, c->new_height, c->new_width, &r, NULL), PD_OK);
    uint8_t *src = make_source(number, c->height, c->width);
    uint8_t *dst = malloc((size_t)c->new_height * (size_t)c->new_width);
    uint8_t *scratch = malloc(pd_resize_scratch_size(r));
    pd_resize_plane(r, src, dst, scratch);
    for (int i = 0; i < c->kept; i++)
        if (dst[i * RESIZE_STEP] != c->expected[i])
            fail_msg("%dx%d to %dx%d, pixel %d: %d, Pillow %d", c->height, c->width, c->new_height,
                     c->new_width, i * RESIZE_STEP, dst[i * RESIZE_STEP], c->expected[i]);
    free(src);
    free(dst);
    free(scratch);
    pd_resize_destroy(r);
}

static void equals_pillow(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof resize_cases / sizeof resize_cases[0]; k++)
        check((int)k);
}

static void refuses_empty_planes(void **state)
{
    (void)state;
    struct pd_resize *r;
    struct pd_error err;
    assert_int_equal(pd_resize_create(28, 0, 32, 32, &r, &err), PD_ERR_USAGE);
    assert_null(r);
    assert_int_equal(pd_resize_create(28, 28, 32, -1, &r, &err), PD_ERR_USAGE);
    assert_int_equal(pd_resize_create(28, 28, 70000, 32, &r, &err), PD_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pillow),
        cmocka_unit_test(refuses_empty_planes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
