/* Whether pictures are copies is told by all of their pixels, not by those that networks see. */
#include "data/exact_copies.h"

#include "scratch.h"
#include "unit/image_maker.h"

#include "base/mem.h"

#include <sys/stat.h>

enum { SIDE = 16, WIDE = 32 };

/* Black, but for a column of that colour. */
static void draw(const char *name, int at, uint8_t colour)
{
    uint8_t rgb[SIDE * WIDE * 3] = {0};
    for (int y = 0; y < SIDE; y++)
        memset(rgb + 3 * (y * WIDE + at), colour, 3);
    struct file f = make_png(WIDE, SIDE, PNG_FORMAT_RGB, rgb, NULL, 0);
    scratch_write(scratch_path(name), f.bytes, f.size);
    free(f.bytes);
}

static void what_was_cut_off_counts(void **state)
{
    (void)state;
    struct pd_dataset *d;
    struct pd_error err = {0};
    uint32_t *first, n;
    assert_int_equal(mkdir(scratch_path("p"), 0777), 0);
    draw("p/0.png", 1, 255); /* a middle square of 16 is black in all four */
    draw("p/1.png", 30, 255);
    draw("p/2.png", 1, 255);
    draw("p/3.png", 30, 254);
    const struct pd_data_request request = {.name = scratch_path("p"), .size = SIDE, .classes = "a,b"};
    if (pd_dataset_open(&request, &d, &err))
        fail_msg("%s", err.message);
    assert_memory_equal(pd_dataset_image(d, 0), pd_dataset_image(d, 1), (size_t)SIDE * SIDE);
    assert_int_equal(pd_exact_copies(d, 2, &first, &n, &err), PD_OK);
    assert_int_equal(n, 1);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(first[i], i == 2 ? 0 : i);
    pd_free(first);
    pd_dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_cut_off_counts, scratch_setup, scratch_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
