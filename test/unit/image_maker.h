/* For tests: image files made with the libraries, and Exif data put into them. */
#ifndef PD_TEST_UNIT_IMAGE_MAKER_H
#define PD_TEST_UNIT_IMAGE_MAKER_H

#include "scratch.h"

#include <stdio.h> /* jpeglib.h needs it */

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

struct file {
    uint8_t *bytes;
    size_t size;
};

static inline struct file file_of(const void *bytes, size_t size)
{
    struct file f = {malloc(size), size};
    memcpy(f.bytes, bytes, size);
    return f;
}

/* format: PNG_FORMAT_...; colour map: (entries, 3 or 4) for the formats with one. */
static inline struct file make_png(int width, int height, int format, const void *pixels, const void *map,
                                   int entries)
{
    static uint8_t out[1 << 18];
    png_alloc_size_t size = sizeof out;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = (png_uint_32)format,
                       .flags = PNG_IMAGE_FLAG_COLORSPACE_NOT_sRGB,
                       .colormap_entries = (png_uint_32)entries};
    if (!png_image_write_to_memory(&image, out, &size, 0, pixels, 0, map))
        fail_msg("%s", image.message);
    return file_of(out, size);
}

/* space: JCS_RGB, JCS_GRAYSCALE, JCS_CMYK (which is stored as YCCK); pixels of high quality, no subsampling.
 */
static inline struct file make_jpeg(int width, int height, J_COLOR_SPACE space, const uint8_t *pixels)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct c = {.err = jpeg_std_error(&errors)};
    unsigned char *out = NULL;
    unsigned long size = 0;
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out, &size);
    c.image_width = (JDIMENSION)width;
    c.image_height = (JDIMENSION)height;
    c.in_color_space = space;
    c.input_components = space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 100, TRUE);
    if (space == JCS_CMYK)
        jpeg_set_colorspace(&c, JCS_YCCK);
    c.comp_info[0].h_samp_factor = c.comp_info[0].v_samp_factor = 1;
    if (space == JCS_CMYK)
        c.comp_info[3].h_samp_factor = c.comp_info[3].v_samp_factor = 1;
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < height; y++) {
        JSAMPROW row = (JSAMPROW)pixels + (size_t)y * (size_t)width * (size_t)c.input_components;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    struct file f = file_of(out, size);
    free(out);
    return f;
}

/* Lossless; channels 3 or 4. */
static inline struct file make_webp(int width, int height, int channels, const uint8_t *pixels)
{
    uint8_t *out = NULL;
    size_t size = channels == 4 ? WebPEncodeLosslessRGBA(pixels, width, height, 4 * width, &out)
                                : WebPEncodeLosslessRGB(pixels, width, height, 3 * width, &out);
    assert_true(size > 0);
    struct file f = file_of(out, size);
    WebPFree(out);
    return f;
}

static inline void insert(struct file *f, size_t at, const void *bytes, size_t size)
{
    f->bytes = realloc(f->bytes, f->size + size);
    memmove(f->bytes + at + size, f->bytes + at, f->size - at);
    memcpy(f->bytes + at, bytes, size);
    f->size += size;
}

/* TIFF data with two entries, the orientation the second. */
static inline size_t make_exif(uint8_t out[64], int orientation, int big)
{
    static const uint8_t entries[] = {0x01, 0x0f, 0, 2, 0, 0, 0, 1, 'x', 0, 0, 0,  /* maker, text */
                                      0x01, 0x12, 0, 3, 0, 0, 0, 1, 0,   0, 0, 0}; /* orientation, short */
    static const uint8_t swapped[] = {0x0f, 0x01, 2, 0, 1, 0, 0, 0, 'x', 0, 0, 0,
                                      0x12, 0x01, 3, 0, 1, 0, 0, 0, 0,   0, 0, 0};
    memcpy(out, big ? "MM\0*\0\0\0\x08\0\x02" : "II*\0\x08\0\0\0\x02\0", 10);
    memcpy(out + 10, big ? entries : swapped, sizeof entries);
    out[10 + 12 + (big ? 9 : 8)] = (uint8_t)orientation;
    memset(out + 34, 0, 4); /* no next directory */
    return 38;
}

static inline void add_jpeg_exif(struct file *f, int orientation, int big)
{
    uint8_t segment[80] = {0xff, 0xe1, 0, 0, 'E', 'x', 'i', 'f', 0, 0};
    const size_t n = make_exif(segment + 10, orientation, big);
    segment[3] = (uint8_t)(8 + n);
    insert(f, 2, segment, 10 + n);
}

#endif
