/* Copies are found by content, whatever their names and labels. */
#include "data/digest.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 7, SIDE = 3, BYTES = SIDE * SIDE };

static void finds_exact_copies(void **state)
{
    (void)state;
    uint8_t pixels[COUNT * BYTES];
    int32_t labels[COUNT] = {0, 1, 0, 1, -1, 0, 1};
    struct pd_dataset d = {.count = COUNT,
                           .classes = 2,
                           .channels = 1,
                           .height = SIDE,
                           .width = SIDE,
                           .pixels = pixels,
                           .labels = labels};
    struct pd_digest *digests;
    uint32_t *first, n;
    for (int i = 0; i < COUNT * BYTES; i++)
        pixels[i] = (uint8_t)(i * 31);
    memcpy(pixels + 4 * BYTES, pixels + 1 * BYTES, BYTES); /* 4 and 6 are 1 once more */
    memcpy(pixels + 6 * BYTES, pixels + 1 * BYTES, BYTES);
    memcpy(pixels + 5 * BYTES, pixels + 2 * BYTES, BYTES);
    pixels[5 * BYTES + BYTES - 1] ^= 1; /* almost 2 */
    assert_int_equal(pd_dataset_digests(&d, 2, &digests, NULL), PD_OK);
    assert_int_equal(pd_digest_copies(digests, COUNT, &first, &n, NULL), PD_OK);
    const uint32_t expected[COUNT] = {0, 1, 2, 3, 1, 5, 1};
    assert_memory_equal(first, expected, sizeof expected);
    assert_int_equal(n, 2);
    pd_free(first);
    pd_free(digests);
}

/* The same bytes in another shape are another image. */
static void shape_counts(void **state)
{
    (void)state;
    uint8_t pixels[12] = {1, 2, 3};
    int32_t labels[1] = {0};
    struct pd_dataset d = {
        .count = 1, .classes = 1, .channels = 1, .height = 3, .width = 4, .pixels = pixels, .labels = labels};
    struct pd_digest *a, *b;
    assert_int_equal(pd_dataset_digests(&d, 0, &a, NULL), PD_OK);
    d.height = 4;
    d.width = 3;
    assert_int_equal(pd_dataset_digests(&d, 0, &b, NULL), PD_OK);
    assert_memory_not_equal(a, b, sizeof *a);
    pd_free(a);
    pd_free(b);
}

static void points_have_digests_too(void **state)
{
    (void)state;
    float points[] = {1, 2, 1, 3, 1, 2};
    int32_t labels[3] = {0};
    struct pd_dataset d = {
        .count = 3, .classes = 1, .channels = 2, .height = 1, .width = 1, .points = points, .labels = labels};
    struct pd_digest *digests;
    uint32_t *first, n;
    assert_int_equal(pd_dataset_digests(&d, 1, &digests, NULL), PD_OK);
    assert_int_equal(pd_digest_copies(digests, 3, &first, &n, NULL), PD_OK);
    assert_int_equal(first[1], 1);
    assert_int_equal(first[2], 0);
    pd_free(first);
    pd_free(digests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_exact_copies), cmocka_unit_test(shape_counts),
                                       cmocka_unit_test(points_have_digests_too)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
