#include "data/readers/idx.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/idx_maker.h"

static enum pd_status parse(const struct blob *b, enum pd_idx_kind kind, struct pd_error *err)
{
    struct pd_idx idx;
    enum pd_status status = pd_idx_parse(b->bytes, b->size, "given", kind, &idx, err);
    if (status)
        assert_null(idx.bytes);
    pd_idx_release(&idx);
    return status;
}

/* b is refused as badly formed, with these words in the message and that offset. */
static void refused(const struct blob *b, enum pd_idx_kind kind, const char *words, int64_t offset)
{
    struct pd_error err = {0};
    assert_int_equal(parse(b, kind, &err), PD_ERR_FORMAT);
    assert_non_null(strstr(err.message, "'given'"));
    if (!strstr(err.message, words))
        fail_msg("'%s' lacks '%s'", err.message, words);
    assert_int_equal(err.offset, offset);
}

static void check_images(const struct blob *b)
{
    struct pd_idx idx;
    assert_int_equal(pd_idx_parse(b->bytes, b->size, "given", PD_IDX_IMAGES, &idx, NULL), PD_OK);
    assert_int_equal(idx.count, 7);
    assert_int_equal(idx.height, 5);
    assert_int_equal(idx.width, 5);
    for (uint32_t k = 0; k < 7 * 25; k++)
        assert_int_equal(idx.bytes[k], (uint8_t)(k * 7));
    pd_idx_release(&idx);
}

static void reads_raw_and_gzip(void **state)
{
    (void)state;
    struct blob plain = make_images(7, 5), packed = gzip(&plain), labels = make_labels(30);
    check_images(&plain);
    check_images(&packed);
    struct pd_idx idx;
    assert_int_equal(pd_idx_parse(labels.bytes, labels.size, "given", PD_IDX_LABELS, &idx, NULL), PD_OK);
    assert_int_equal(idx.count, 30);
    assert_int_equal(idx.height * idx.width, 1);
    assert_int_equal(idx.bytes[17], 7);
    pd_idx_release(&idx);
}

static void reads_several_gzip_members(void **state)
{
    (void)state;
    struct blob plain = make_images(7, 5), head = plain, tail = {0, {0}};
    head.size = 100;
    tail.size = plain.size - 100;
    memcpy(tail.bytes, plain.bytes + 100, tail.size);
    struct blob both = gzip(&head), second = gzip(&tail);
    memcpy(both.bytes + both.size, second.bytes, second.size);
    both.size += second.size;
    check_images(&both);
}

static void refuses_every_cut(void **state)
{
    (void)state;
    struct blob plain = make_images(3, 4), packed = gzip(&plain);
    struct pd_error err = {0};
    for (size_t size = 0; size < plain.size; size++) {
        struct blob cut = plain;
        cut.size = size;
        assert_int_equal(parse(&cut, PD_IDX_IMAGES, &err), PD_ERR_FORMAT);
        assert_int_equal(err.offset, size);
    }
    for (size_t size = 0; size < packed.size; size++) {
        struct blob cut = packed;
        cut.size = size;
        assert_int_equal(parse(&cut, PD_IDX_IMAGES, &err), PD_ERR_FORMAT);
    }
    packed.size--;
    refused(&packed, PD_IDX_IMAGES, "is cut off: expected more gzip data", (int64_t)packed.size);
    plain.size--;
    refused(&plain, PD_IDX_IMAGES, "expected 64 bytes (3 items of 4 x 4)", 63);
}

static void refuses_a_damaged_gzip(void **state)
{
    (void)state;
    struct blob plain = make_images(3, 4), packed = gzip(&plain);
    struct blob bad = packed;
    bad.bytes[bad.size - 6] ^= 1;
    refused(&bad, PD_IDX_IMAGES, "damaged gzip data (incorrect data check)", (int64_t)bad.size - 4);
    for (size_t i = 10; i < packed.size; i++) { /* the header's time stamp and flags may be anything */
        bad = packed;
        bad.bytes[i] ^= 0x55;
        assert_int_equal(parse(&bad, PD_IDX_IMAGES, NULL), PD_ERR_FORMAT);
    }
    bad = packed;
    bad.size += 5;
    refused(&bad, PD_IDX_IMAGES, "damaged gzip data", (int64_t)packed.size + 2);
}

static void refuses_wrong_headers(void **state)
{
    (void)state;
    struct blob images = make_images(3, 4), labels = make_labels(3), packed = gzip(&labels);
    refused(&labels, PD_IDX_IMAGES, "magic number 0x00000801 (labels), expected 0x00000803 (images)", 0);
    refused(&images, PD_IDX_LABELS, "magic number 0x00000803 (images), expected 0x00000801 (labels)", 0);
    refused(&packed, PD_IDX_IMAGES, "(of the inflated bytes): magic number", 0);
    struct blob bad = images;
    bad.bytes[7] = 0;
    refused(&bad, PD_IDX_IMAGES, "holds no items", 4);
    bad = images;
    bad.bytes[11] = 0;
    refused(&bad, PD_IDX_IMAGES, "height 0, expected 1 to 4096", 8);
    bad = images;
    bad.bytes[12] = 1;
    refused(&bad, PD_IDX_IMAGES, "width 16777220, expected 1 to 4096", 12);
    images.size++;
    refused(&images, PD_IDX_IMAGES, "bytes left over, expected the end", 64);
    labels.size += 3;
    refused(&labels, PD_IDX_LABELS, "bytes left over, expected the end", 11);
}

/* 4 billion items of 4096 x 4096 claimed by 17 bytes: refused at once, with no block near that size. */
static void claims_cost_nothing(void **state)
{
    (void)state;
    struct blob b = {0, {0}};
    blob_put_u32(&b, 0x803);
    blob_put_u32(&b, UINT32_MAX);
    blob_put_u32(&b, 4096);
    blob_put_u32(&b, 4096);
    b.size++;
    uint64_t before = pd_mem_count();
    refused(&b, PD_IDX_IMAGES, "is cut off", 17);
    assert_true(pd_mem_count() - before <= 3);
}

static void reports_failed_allocations(void **state)
{
    (void)state;
    struct blob plain = make_images(3, 4);
    enum pd_status status = PD_ERR_MEMORY;
    for (uint64_t n = 1; status; n++) {
        pd_mem_fail_after(n);
        status = parse(&plain, PD_IDX_IMAGES, NULL);
        if (status)
            assert_int_equal(status, PD_ERR_MEMORY);
    }
    pd_mem_fail_after(0);
}

static void reads_files(void **state)
{
    (void)state;
    char folder[256], path[300];
    struct pd_error err = {0};
    struct pd_idx idx;
    struct blob labels = make_labels(12);
    write_blob(make_folder(folder), "labels", &labels);
    snprintf(path, sizeof path, "%s/labels", folder);
    assert_int_equal(pd_idx_read(path, PD_IDX_LABELS, &idx, &err), PD_OK);
    assert_int_equal(idx.count, 12);
    pd_idx_release(&idx);
    assert_int_equal(pd_idx_read(folder, PD_IDX_LABELS, &idx, &err), PD_ERR_IO);
    assert_non_null(strstr(err.message, folder));
    remove_folder(folder);
    assert_int_equal(pd_idx_read(path, PD_IDX_LABELS, &idx, &err), PD_ERR_IO);
    assert_non_null(strstr(err.message, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_raw_and_gzip),    cmocka_unit_test(reads_several_gzip_members),
        cmocka_unit_test(refuses_every_cut),     cmocka_unit_test(refuses_a_damaged_gzip),
        cmocka_unit_test(refuses_wrong_headers), cmocka_unit_test(claims_cost_nothing),
        cmocka_unit_test(reads_files),           cmocka_unit_test(reports_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
