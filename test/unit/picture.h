/* For tests: a PNG decoded, and where a colour is in it. */
#ifndef PD_TEST_PICTURE_H
#define PD_TEST_PICTURE_H

#include "scratch.h"

#include <png.h>

struct picture {
    int w, h;
    uint8_t *rgb; /* (h, w, 3): to be freed */
};

static inline struct picture picture_decode(const void *bytes, size_t size)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, bytes, size));
    assert_int_equal(image.format, PNG_FORMAT_RGB);
    struct picture p = {(int)image.width, (int)image.height, malloc(PNG_IMAGE_SIZE(image))};
    assert_true(png_image_finish_read(&image, NULL, p.rgb, 0, NULL));
    return p;
}

static inline uint32_t picture_at(const struct picture *p, int x, int y)
{
    const uint8_t *rgb = p->rgb + 3 * ((ptrdiff_t)y * p->w + x);
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

/* The pixels of exactly one colour: how many, their middle and their bounds. */
struct patch {
    int count, left, right, top, bottom;
    double x, y;
};

static inline struct patch picture_find(const struct picture *p, uint32_t colour)
{
    struct patch f = {0, p->w, -1, p->h, -1, 0, 0};
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++) {
            if (picture_at(p, x, y) != colour)
                continue;
            f.count++;
            f.x += x;
            f.y += y;
            f.left = x < f.left ? x : f.left;
            f.right = x > f.right ? x : f.right;
            f.top = y < f.top ? y : f.top;
            f.bottom = y > f.bottom ? y : f.bottom;
        }
    f.x /= f.count ? f.count : 1;
    f.y /= f.count ? f.count : 1;
    return f;
}

#endif
