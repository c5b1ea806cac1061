#include "scratch.h"

#include "data/near_copies.h"

#include "base/mem.h"

enum { SIDE = 40, MOST = 6 };

static uint8_t pixels[MOST][3][SIDE][SIDE];

static struct pd_dataset album(uint32_t count)
{
    return (struct pd_dataset){.name = "d",
                               .count = count,
                               .channels = 3,
                               .height = SIDE,
                               .width = SIDE,
                               .pixels = &pixels[0][0][0][0]};
}

/* Waves of their own for each kind, with some noise. */
static void draw(int image, int kind, int noise)
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                pixels[image][c][y][x] = (uint8_t)(100 + (x * (kind + 1) + y * (3 - kind) + 20 * c) % 97 +
                                                   (x * 7 + y * 3) % (noise + 1));
}

static void assert_firsts(uint32_t count, const uint32_t *expected)
{
    const struct pd_dataset d = album(count);
    uint32_t *first, n, copies = 0;
    assert_int_equal(pd_near_copies(&d, 1, &first, &n, NULL), PD_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(first[i], expected[i]);
        copies += expected[i] != i;
    }
    assert_int_equal(n, copies);
    pd_free(first);
}

static void finds_what_looks_the_same(void **state)
{
    (void)state;
    draw(0, 0, 0);
    draw(1, 1, 0);
    draw(2, 0, 5);
    draw(3, 2, 0);
    draw(4, 1, 0);
    draw(5, 0, 60);
    assert_firsts(6, (uint32_t[]){0, 1, 0, 3, 1, 5});
}

/* Each frame is near to the next; they are not all one image. */
static void a_film_is_not_one_image(void **state)
{
    (void)state;
    for (int i = 0; i < MOST; i++)
        memset(pixels[i], 50 + 5 * i, sizeof pixels[i]);
    assert_firsts(6, (uint32_t[]){0, 0, 2, 2, 4, 4});
}

static void small_images_have_thumbnails(void **state)
{
    (void)state;
    uint8_t tiny[] = {1, 2, 3, 4, 200, 2, 3, 4, 1, 2, 3, 5};
    const struct pd_dataset d = {
        .name = "d", .count = 3, .channels = 1, .height = 2, .width = 2, .pixels = tiny};
    uint32_t *first, n;
    assert_int_equal(pd_near_copies(&d, 2, &first, &n, NULL), PD_OK);
    assert_int_equal(n, 1);
    assert_int_equal(first[2], 0);
    pd_free(first);
    for (uint64_t k = 1; k <= 3; k++) {
        pd_mem_fail_after(k);
        assert_int_equal(pd_near_copies(&d, 1, &first, &n, NULL), PD_ERR_MEMORY);
        pd_mem_fail_after(0);
        assert_null(first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_looks_the_same),
        cmocka_unit_test(a_film_is_not_one_image),
        cmocka_unit_test(small_images_have_thumbnails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
