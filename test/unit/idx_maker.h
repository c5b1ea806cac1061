/* For tests: IDX bytes made by hand, their gzip, and files that hold them. Include after cmocka.h. */
#ifndef PD_TEST_IDX_MAKER_H
#define PD_TEST_IDX_MAKER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct blob {
    size_t size;
    uint8_t bytes[1 << 16];
};

static inline void blob_put_u32(struct blob *b, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        b->bytes[b->size++] = (uint8_t)(value >> shift);
}

/* count images of side x side; pixel k of the file is k * 7 mod 256. */
static inline struct blob make_images(uint32_t count, uint32_t side)
{
    struct blob b = {0, {0}};
    blob_put_u32(&b, 0x803);
    blob_put_u32(&b, count);
    blob_put_u32(&b, side);
    blob_put_u32(&b, side);
    for (uint32_t k = 0; k < count * side * side; k++)
        b.bytes[b.size++] = (uint8_t)(k * 7);
    return b;
}

/* count labels: 0, 1, .. 9, 0, 1 .. */
static inline struct blob make_labels(uint32_t count)
{
    struct blob b = {0, {0}};
    blob_put_u32(&b, 0x801);
    blob_put_u32(&b, count);
    for (uint32_t k = 0; k < count; k++)
        b.bytes[b.size++] = (uint8_t)(k % 10);
    return b;
}

static inline struct blob gzip(const struct blob *plain)
{
    struct blob packed = {0, {0}};
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)plain->bytes;
    z.avail_in = (uInt)plain->size;
    z.next_out = packed.bytes;
    z.avail_out = sizeof packed.bytes;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed.size = z.total_out;
    deflateEnd(&z);
    return packed;
}

static inline void write_blob(const char *folder, const char *name, const struct blob *b)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(b->bytes, 1, b->size, file), b->size);
    assert_int_equal(fclose(file), 0);
}

/* A new folder under the system's temporary one, into path. */
static inline char *make_folder(char path[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/paydirt-test-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void remove_folder(const char *path)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

#endif
