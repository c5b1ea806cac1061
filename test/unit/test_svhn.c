/* SVHN: MAT-files made here, plain and compressed, and what else may stand in files of that name. */
#include "scratch.h"

#include "base/mem.h"
#include "data/dataset.h"
#include "data/readers/mat5.h"

#include <stdbool.h>
#include <zlib.h>

enum { IMAGES = 3, SIDE = 32, IMAGE = 3 * SIDE * SIDE, UINT8 = 2, DOUBLE = 9, UINT8_CLASS = 9 };

struct mat {
    uint8_t bytes[1 << 16];
    size_t size;
};

static void put(struct mat *m, const void *bytes, size_t size)
{
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
}

static void put_tag(struct mat *m, uint32_t type, size_t size)
{
    const uint32_t tag[2] = {type, (uint32_t)size};
    put(m, tag, 8);
}

/* A part, up to 4 bytes within its tag, filled up to a multiple of 8. */
static void put_part(struct mat *m, uint32_t type, const void *bytes, size_t size)
{
    const uint32_t small = (uint32_t)size << 16 | type;
    if (size <= 4)
        put(m, &small, 4);
    else
        put_tag(m, type, size);
    put(m, bytes, size);
    while (m->size % 8)
        m->bytes[m->size++] = 0;
}

static void begin(struct mat *m)
{
    m->size = 0;
    memset(m->bytes, ' ', 124);
    memcpy(m->bytes, "MATLAB 5.0 MAT-file", 19);
    m->size = 124;
    put(m, "\0\1IM", 4);
}

/* What one array is made of. */
struct array {
    const char *name;
    int rank;
    uint32_t dims[5];
    uint32_t flags, type;
    const void *data;
    size_t size;
};

/* Arrays must lie at multiples of 8, as they do. */
static void put_array(struct mat *m, const struct array *a, bool packed)
{
    static struct mat inner;
    const uint32_t flags[2] = {a->flags, 0};
    inner.size = 8;
    put_part(&inner, 6, flags, 8);
    put_part(&inner, 5, a->dims, 4 * (size_t)a->rank);
    put_part(&inner, 1, a->name, strlen(a->name));
    put_part(&inner, a->type, a->data, a->size);
    const uint32_t tag[2] = {14, (uint32_t)inner.size - 8};
    memcpy(inner.bytes, tag, 8);
    if (!packed) {
        put(m, inner.bytes, inner.size);
        return;
    }
    uLongf room = sizeof m->bytes - m->size - 8;
    assert_int_equal(compress2(m->bytes + m->size + 8, &room, inner.bytes, inner.size, 9), Z_OK);
    put_tag(m, 15, room);
    m->size += room;
}

/* Pixel (row, column) of image i, channel c. */
static uint8_t pixel_of(int i, int c, int row, int column)
{
    return (uint8_t)(i * 50 + c * 20 + row * 3 + column);
}

static uint8_t pixels[IMAGES * IMAGE];
static const uint8_t labels[IMAGES] = {10, 1, 9};

static struct array images(void)
{
    for (int i = 0; i < IMAGES; i++)
        for (int c = 0; c < 3; c++)
            for (int column = 0; column < SIDE; column++)
                for (int row = 0; row < SIDE; row++)
                    pixels[((i * 3 + c) * SIDE + column) * SIDE + row] = pixel_of(i, c, row, column);
    return (struct array){"X", 4, {SIDE, SIDE, 3, IMAGES}, UINT8_CLASS, UINT8, pixels, sizeof pixels};
}

static struct array numbers(void)
{
    return (struct array){"y", 2, {IMAGES, 1}, UINT8_CLASS, UINT8, labels, IMAGES};
}

/* A small file of both arrays, for the tests that look at every byte. */
static void make_small(struct mat *m, bool packed)
{
    static const uint8_t few[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const struct array x = {"X", 4, {2, 2, 3, 1}, UINT8_CLASS, UINT8, few, 12}, y = numbers();
    begin(m);
    put_array(m, &x, packed);
    put_array(m, &y, packed);
}

static enum pd_status parse(const struct mat *m, struct pd_error *err)
{
    struct pd_mat5_array arrays[2] = {{.name = "X"}, {.name = "y"}};
    uint8_t *exact = malloc(m->size ? m->size : 1);
    memcpy(exact, m->bytes, m->size);
    enum pd_status status = pd_mat5_parse(exact, m->size, "given", arrays, 2, err);
    assert_true(!arrays[0].bytes == !!status && !arrays[1].bytes == !!status);
    pd_mat5_release(arrays, 2);
    free(exact);
    return status;
}

static void refused(const struct mat *m, enum pd_status status, const char *words)
{
    struct pd_error err = {.message = ""};
    assert_int_equal(parse(m, &err), status);
    assert_contains(err.message, "'given'");
    assert_contains(err.message, words);
}

/* A file of x and y. */
static void refused_arrays(struct array x, struct array y, const char *words)
{
    for (int packed = 0; packed < 2; packed++) {
        static struct mat m;
        begin(&m);
        put_array(&m, &x, packed);
        put_array(&m, &y, packed);
        refused(&m, PD_ERR_FORMAT, words);
    }
}

static void parses_arrays(void **state)
{
    (void)state;
    static struct mat m;
    static const double others[40];
    const struct array other = {"others", 2, {4, 10}, 6, DOUBLE, others, sizeof others};
    for (int packed = 0; packed < 2; packed++) {
        struct pd_mat5_array arrays[2] = {{.name = "y"}, {.name = "X"}};
        make_small(&m, packed);
        put_array(&m, &other, packed);
        assert_int_equal(pd_mat5_parse(m.bytes, m.size, "given", arrays, 2, NULL), PD_OK);
        assert_int_equal(arrays[0].rank, 2);
        assert_int_equal(arrays[0].size, 3);
        assert_memory_equal(arrays[0].bytes, labels, 3);
        assert_int_equal(arrays[1].rank, 4);
        assert_int_equal(arrays[1].dims[2], 3);
        assert_int_equal(arrays[1].size, 12);
        assert_int_equal(arrays[1].bytes[11], 12);
        pd_mat5_release(arrays, 2);
    }
}

static void refuses_every_cut(void **state)
{
    (void)state;
    static struct mat m;
    for (int packed = 0; packed < 2; packed++) {
        make_small(&m, packed);
        for (const size_t whole = m.size; m.size-- > 0;) {
            struct pd_error err = {.message = ""};
            assert_int_equal(parse(&m, &err), PD_ERR_FORMAT);
            assert_true(err.offset >= 0 && err.offset <= (int64_t)whole);
        }
    }
}

/* With zlib's sums no changed byte of a compressed element passes. */
static void survives_every_change(void **state)
{
    (void)state;
    static struct mat m, bad;
    for (int packed = 0; packed < 2; packed++) {
        make_small(&m, packed);
        for (size_t i = 124; i < m.size; i++) {
            memcpy(&bad, &m, sizeof m);
            bad.bytes[i] ^= 0x55;
            enum pd_status status = parse(&bad, NULL);
            assert_true(status == PD_ERR_FORMAT || (status == PD_OK && !packed));
        }
    }
}

static void refuses_other_files(void **state)
{
    (void)state;
    static struct mat m;
    make_small(&m, true);
    m.bytes[126] = 'M';
    m.bytes[127] = 'I';
    refused(&m, PD_ERR_FORMAT, "no little-endian MAT-file of version 5");
    make_small(&m, true);
    memcpy(m.bytes, "MATLAB 7.3 MAT-file", 19);
    refused(&m, PD_ERR_UNSUPPORTED, "MAT-file of version 7.3, expected 5");
    make_small(&m, false);
    put_tag(&m, 7, 0);
    refused(&m, PD_ERR_FORMAT, "is neither an array nor compressed");
    begin(&m);
    refused(&m, PD_ERR_FORMAT, "no array X was in it at offset 128");
}

static void refuses_other_arrays(void **state)
{
    (void)state;
    static const double doubles[IMAGES];
    struct array x = images(), y = numbers(), bad = y;
    bad.name = "Y";
    refused_arrays(x, bad, "no array y was in it");
    refused_arrays(x, x, "array X, which begins there, is there twice");
    bad = y;
    bad.type = DOUBLE;
    bad.data = doubles;
    bad.size = sizeof doubles;
    refused_arrays(x, bad, "array y, which begins there, is not stored as bytes");
    bad = y;
    bad.dims[0] = 4;
    refused_arrays(x, bad, "not as many as its dimensions say");
    bad.dims[0] = 0;
    refused_arrays(x, bad, "is empty");
    bad.dims[0] = bad.dims[1] = bad.dims[2] = bad.dims[3] = INT32_MAX;
    bad.rank = 4;
    refused_arrays(x, bad, "more elements than any file can hold");
    bad.rank = 5;
    refused_arrays(x, bad, "an odd number of dimensions");
    bad = y;
    bad.flags |= 0x800; /* complex */
    refused_arrays(x, bad, "is not an array of real numbers");
    bad.flags = 4; /* text */
    refused_arrays(x, bad, "is not an array of real numbers");
}

/* 225 MB of pixels claimed by a few bytes: refused with no block near that size. */
static void claims_cost_nothing(void **state)
{
    (void)state;
    static struct mat m;
    struct array x = images();
    x.dims[3] = 73257;
    for (int packed = 0; packed < 2; packed++) {
        begin(&m);
        put_array(&m, &x, packed);
        const uint32_t claimed = 32 * 32 * 3 * 73257U, matrix = claimed + 64;
        uint8_t *tag = packed ? NULL : memmem(m.bytes, m.size, (uint32_t[]){UINT8, sizeof pixels}, 8);
        if (tag) {
            memcpy(tag + 4, &claimed, 4);
            memcpy(m.bytes + 132, &matrix, 4);
        }
        uint64_t before = pd_mem_count();
        refused(&m, PD_ERR_FORMAT,
                packed ? "not as many as its dimensions say" : "is cut off within the element at 128");
        assert_true(pd_mem_count() - before <= 4);
    }
}

static void reports_failed_allocations(void **state)
{
    (void)state;
    static struct mat m;
    make_small(&m, true);
    enum pd_status status = PD_ERR_MEMORY;
    for (uint64_t n = 1; status; n++) {
        pd_mem_fail_after(n);
        status = parse(&m, NULL);
        assert_true(!status || status == PD_ERR_MEMORY);
    }
    pd_mem_fail_after(0);
}

/* --- the set --- */

static enum pd_status open_set(const char *dir, struct pd_dataset **d, struct pd_error *err)
{
    const struct pd_data_request request = {.name = "svhn", .dir = dir, .split = PD_SPLIT_TRAIN};
    return pd_dataset_open(&request, d, err);
}

static void fails_to_open(struct array x, struct array y, enum pd_status status, const char *words)
{
    static struct mat m;
    struct pd_dataset *d;
    struct pd_error err = {.message = ""};
    begin(&m);
    put_array(&m, &x, true);
    put_array(&m, &y, true);
    scratch_write(scratch_path("train_32x32.mat"), m.bytes, m.size);
    assert_int_equal(open_set(scratch_dir, &d, &err), status);
    assert_contains(err.message, "train_32x32.mat'");
    assert_contains(err.message, words);
}

static void opens_the_set(void **state)
{
    (void)state;
    static struct mat m;
    struct pd_dataset *d;
    struct array x = images(), y = numbers();
    begin(&m);
    put_array(&m, &x, true);
    put_array(&m, &y, false);
    assert_int_equal(open_set(NULL, &d, NULL), PD_ERR_USAGE);
    assert_int_equal(open_set(scratch_dir, &d, NULL), PD_ERR_IO);
    scratch_write(scratch_path("train_32x32.mat"), m.bytes, m.size);
    assert_int_equal(open_set(scratch_dir, &d, NULL), PD_OK);
    assert_int_equal(d->count, IMAGES);
    assert_int_equal(d->classes, 10);
    assert_int_equal(d->labels[0], 0);
    assert_int_equal(d->labels[1], 1);
    assert_int_equal(d->labels[2], 9);
    assert_int_equal(pd_dataset_image_size(d), IMAGE);
    for (int k = 0; k < IMAGES * IMAGE; k++)
        assert_int_equal(d->pixels[k], pixel_of(k / IMAGE, k / 1024 % 3, k / SIDE % SIDE, k % SIDE));
    pd_dataset_destroy(d);
}

static void refuses_what_is_no_svhn(void **state)
{
    (void)state;
    static const uint8_t wrong[IMAGES] = {1, 0, 3}, more[IMAGES] = {1, 2, 11};
    const struct array x = images(), y = numbers();
    struct array bad = y;
    bad.data = wrong;
    fails_to_open(x, bad, PD_ERR_FORMAT, "label 0 of image 1, expected 1 to 10");
    bad.data = more;
    fails_to_open(x, bad, PD_ERR_FORMAT, "label 11 of image 2, expected 1 to 10");
    bad = y;
    bad.dims[0] = 2;
    bad.size = 2;
    fails_to_open(x, bad, PD_ERR_MISMATCH, "2 labels in y, expected 3");
    bad = x;
    bad.dims[0] = 16;
    bad.dims[1] = 64;
    fails_to_open(bad, y, PD_ERR_FORMAT, "another shape than 32 x 32 x 3 x N");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_arrays),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(survives_every_change),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(refuses_other_arrays),
        cmocka_unit_test(claims_cost_nothing),
        cmocka_unit_test(reports_failed_allocations),
        IN_SCRATCH(opens_the_set),
        IN_SCRATCH(refuses_what_is_no_svhn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
