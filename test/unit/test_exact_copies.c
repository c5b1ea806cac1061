/* Whether pictures are copies is told by all of their pixels, not by those that networks see. */
#include "data/exact_copies.h"

#include "scratch.h"
#include "unit/image_maker.h"

#include "base/mem.h"
#include "io/npy.h"

#include <paydirt/data_check.h>

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

/* Files whose eight upper bits, or whose colours on white, are the same. */
static void what_decoding_loses_counts(void **state)
{
    (void)state;
    struct pd_dataset *d;
    struct pd_error err = {0};
    uint32_t *first, n;
    uint16_t deep[SIDE * SIDE];
    uint8_t clear[SIDE * SIDE * 4];
    assert_int_equal(mkdir(scratch_path("q"), 0777), 0);
    for (int k = 0; k < 6; k++) {
        char name[16];
        for (int i = 0; i < SIDE * SIDE; i++) {
            deep[i] = (uint16_t)(i << 8 | (k == 1 && i == 5));
            memcpy(clear + 4 * i, i % 3 ? (uint8_t[]){1, 2, 3, 255} : (uint8_t[]){k == 4, 0, 0, 0}, 4);
        }
        struct file f = make_png(SIDE, SIDE, k < 3 ? PNG_FORMAT_LINEAR_Y : PNG_FORMAT_RGBA,
                                 k < 3 ? (void *)deep : clear, NULL, 0);
        snprintf(name, sizeof name, "q/%d.png", k);
        scratch_write(scratch_path(name), f.bytes, f.size);
        free(f.bytes);
    }
    const struct pd_data_request request = {.name = scratch_path("q"), .size = SIDE, .classes = "a,b"};
    if (pd_dataset_open(&request, &d, &err))
        fail_msg("%s", err.message);
    assert_memory_equal(pd_dataset_image(d, 0), pd_dataset_image(d, 1), (size_t)SIDE * SIDE);
    assert_memory_equal(pd_dataset_image(d, 3), pd_dataset_image(d, 4), (size_t)SIDE * SIDE);
    assert_int_equal(pd_exact_copies(d, 2, &first, &n, &err), PD_OK);
    static const uint32_t expected[] = {0, 1, 0, 3, 4, 3};
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(first[i], expected[i]);
    pd_free(first);
    pd_dataset_destroy(d);
    struct pd_data_report r;
    assert_int_equal(pd_data_check(&request, &r, &err), PD_OK);
    assert_int_equal(r.copy_count, 2);
    pd_data_report_release(&r);
}

/* The set of a file in the scratch folder whose first two images have the same levels; expected (count). */
static struct pd_dataset *open_copies(const char *file, const uint32_t *expected)
{
    struct pd_dataset *d;
    struct pd_error err = {0};
    uint32_t *first, n;
    const struct pd_data_request request = {.name = scratch_path(file)};
    if (pd_dataset_open(&request, &d, &err))
        fail_msg("%s", err.message);
    assert_memory_equal(pd_dataset_image(d, 0), pd_dataset_image(d, 1), pd_dataset_image_size(d));
    assert_int_equal(pd_exact_copies(d, 2, &first, &n, &err), PD_OK);
    assert_memory_equal(first, expected, d->count * sizeof *first);
    pd_free(first);
    return d;
}

/* Of 16 bits whose levels are the same, as numbers or told by their digests. */
static void what_levels_lose_counts(void **state)
{
    (void)state;
    enum { COUNT = 6, AREA = 64 };
    static uint16_t deep[COUNT][AREA];
    static uint8_t levels[COUNT][AREA], given[COUNT][PD_DIGEST_SIZE];
    static const uint32_t expected[COUNT] = {0, 1, 2, 3, 4, 2};
    for (int k = 0; k < COUNT; k++) {
        deep[k][0] = 65000;
        deep[k][9] = given[k][3] = k == 5 ? 2 : (uint8_t)k;
    }
    const struct pd_io_array numbers = {"images", PD_IO_U16, 3, {COUNT, 8, 8}, deep},
                             told[] = {{"images", PD_IO_U8, 3, {COUNT, 8, 8}, levels},
                                       {"paydirt_given", PD_IO_U8, 2, {COUNT, PD_DIGEST_SIZE}, given}};
    for (int by_digest = 0; by_digest < 2; by_digest++) {
        struct pd_dataset *d;
        struct pd_error err = {0};
        struct pd_data_report r;
        uint32_t *first, n;
        assert_int_equal(pd_npz_write(scratch_path("deep.npz"), by_digest ? told : &numbers,
                                      1 + (size_t)by_digest, true, &err),
                         PD_OK);
        const struct pd_data_request request = {.name = scratch_path("deep.npz")};
        d = open_copies("deep.npz", expected);
        assert_int_equal(pd_dataset_thin(d, COUNT - 1, 3, &err), PD_OK);
        assert_int_equal(pd_exact_copies(d, 2, &first, &n, &err), PD_OK);
        for (uint32_t i = 0; i < d->count; i++)
            assert_int_equal(d->places[first[i]], expected[d->places[i]]);
        pd_free(first);
        pd_dataset_destroy(d);
        assert_int_equal(pd_data_check(&request, &r, &err), PD_OK);
        assert_int_equal(r.copy_count, 1);
        pd_data_report_release(&r);
    }
}

/* Of 16 bits as whole numbers or floats: one of 65535 is less than a level. */
static void near_a_level_is_not_one(void **state)
{
    (void)state;
    enum { COUNT = 4, AREA = 64 };
    static uint16_t whole[COUNT][AREA];
    static float floats[COUNT][AREA];
    static const uint32_t expected[COUNT] = {0, 1, 0, 3};
    for (int k = 0; k < COUNT; k++)
        for (int i = 0; i < AREA; i++) {
            whole[k][i] = (uint16_t)(257 * (2 * i + 100) + (k % 2 ? k - 2 : 0));
            floats[k][i] = whole[k][i];
        }
    const struct pd_io_array arrays[] = {{"images", PD_IO_U16, 3, {COUNT, 8, 8}, whole},
                                         {"images", PD_IO_F32, 3, {COUNT, 8, 8}, floats}};
    for (int kind = 0; kind < 2; kind++) {
        struct pd_error err = {0};
        assert_int_equal(pd_npz_write(scratch_path("near.npz"), &arrays[kind], 1, true, &err), PD_OK);
        pd_dataset_destroy(open_copies("near.npz", expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(near_a_level_is_not_one, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(what_levels_lose_counts, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(what_decoding_loses_counts, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(what_was_cut_off_counts, scratch_setup, scratch_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
