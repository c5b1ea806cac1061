#include "io/png.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/level.h"

#include <png.h>
#include <string.h>

enum { SIDE_MAX = 1000000, WHITE = 255 };

/* A chunk with the text "Software: paydirt", behind the signature and IHDR. */
static const uint8_t mark[] = "\0\0\0\x10tEXtSoftware\0paydirt\xd7\x2f\x09\xde";
enum { MARK_AT = 33, MARK_SIZE = sizeof mark - 1 };

void pd_png_sign(struct pd_buffer *png, size_t at)
{
    const size_t end = png->size;
    pd_buffer_append(png, mark, MARK_SIZE);
    if (png->oom || end < at + MARK_AT)
        return;
    uint8_t *from = (uint8_t *)png->data + at + MARK_AT;
    memmove(from + MARK_SIZE, from, end - at - MARK_AT);
    memcpy(from, mark, MARK_SIZE);
}

bool pd_png_is_signed(const void *bytes, size_t size)
{
    return size >= MARK_AT + MARK_SIZE && !memcmp((const uint8_t *)bytes + MARK_AT, mark, MARK_SIZE);
}

static enum pd_status check_size(int64_t width, int64_t height, struct pd_error *err)
{
    if (width >= 1 && height >= 1 && width <= SIDE_MAX && height <= SIDE_MAX)
        return PD_OK;
    return pd_fail(err, PD_ERR_USAGE, -1, "picture of %lld x %lld pixels, expected 1 to %d a side",
                   (long long)width, (long long)height, (int)SIDE_MAX);
}

/* pixels: (h, w, c) */
static enum pd_status encode(struct pd_buffer *out, const uint8_t *pixels, int64_t w, int64_t h, int64_t c,
                             struct pd_error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)w,
                       .height = (png_uint_32)h,
                       .format = c == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *bytes = pd_malloc(size);
    enum pd_status status = PD_OK;
    if (!bytes)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    else if (!png_image_write_to_memory(&image, bytes, &size, 0, pixels, 0, NULL))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture: %s", image.message);
    else
        pd_buffer_append(out, bytes, size);
    if (status == PD_OK && out->oom)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    png_image_free(&image);
    pd_free(bytes);
    return status;
}

static int64_t columns_of(const struct pd_png_grid *g)
{
    int64_t columns = g->columns;
    if (columns == 0)
        while (columns * columns < g->n)
            columns++;
    return columns < g->n ? columns : g->n;
}

void pd_png_grid_size(const struct pd_png_grid *g, int64_t *width, int64_t *height)
{
    int64_t columns = columns_of(g), rows = (g->n + columns - 1) / columns;
    *width = columns * (g->w + g->pad) + g->pad;
    *height = rows * (g->h + g->pad) + g->pad;
}

static enum pd_status check_grid(const struct pd_png_grid *g, struct pd_error *err)
{
    int64_t width, height;
    if (g->c != 1 && g->c != 3)
        return pd_fail(err, PD_ERR_USAGE, -1, "picture of %lld channels, expected 1 or 3", (long long)g->c);
    bool sizes = g->h >= 1 && g->w >= 1 && g->h <= SIDE_MAX && g->w <= SIDE_MAX;
    if (!sizes || g->n < 1 || g->n > INT32_MAX || g->columns < 0 || g->pad < 0 || g->pad > SIDE_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "grid of %lld images of %lld x %lld pixels is out of range",
                       (long long)g->n, (long long)g->w, (long long)g->h);
    pd_png_grid_size(g, &width, &height);
    return check_size(width, height, err);
}

/* One image (c, h, w) into the picture at its top left pixel; stride: bytes a row. */
static void place(uint8_t *pixels, int64_t stride, const float *image, const struct pd_png_grid *g)
{
    for (int64_t y = 0; y < g->h; y++)
        for (int64_t x = 0; x < g->w; x++)
            for (int64_t c = 0; c < g->c; c++)
                pixels[y * stride + x * g->c + c] = pd_pixel_level(image[(c * g->h + y) * g->w + x]);
}

static enum pd_status encode_unsigned(struct pd_buffer *out, const float *images, const struct pd_png_grid *g,
                                      struct pd_error *err)
{
    int64_t width, height;
    enum pd_status status = check_grid(g, err);
    if (status != PD_OK)
        return status;
    pd_png_grid_size(g, &width, &height);
    size_t size = (size_t)(width * height * g->c);
    uint8_t *pixels = pd_malloc(size);
    if (!pixels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    memset(pixels, WHITE, size);
    int64_t columns = columns_of(g), stride = width * g->c;
    for (int64_t i = 0; i < g->n; i++) {
        int64_t top = g->pad + i / columns * (g->h + g->pad), left = g->pad + i % columns * (g->w + g->pad);
        place(pixels + top * stride + left * g->c, stride, images + i * g->c * g->h * g->w, g);
    }
    status = encode(out, pixels, width, height, g->c, err);
    pd_free(pixels);
    return status;
}

enum pd_status pd_png_encode_image(struct pd_buffer *out, const float *image, int64_t c, int64_t h, int64_t w,
                                   struct pd_error *err)
{
    const struct pd_png_grid grid = {.n = 1, .c = c, .h = h, .w = w, .columns = 1};
    return encode_unsigned(out, image, &grid, err);
}

enum pd_status pd_png_encode_grid(struct pd_buffer *out, const float *images, const struct pd_png_grid *g,
                                  struct pd_error *err)
{
    const size_t begin = out->size;
    enum pd_status status = encode_unsigned(out, images, g, err);
    if (!status)
        pd_png_sign(out, begin);
    return status || !out->oom ? status : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
}

enum pd_status pd_png_encode_rgb(struct pd_buffer *out, const uint8_t *rgb, int64_t w, int64_t h,
                                 struct pd_error *err)
{
    enum pd_status status = check_size(w, h, err);
    return status == PD_OK ? encode(out, rgb, w, h, 3, err) : status;
}

enum pd_status pd_png_write(const char *path, enum pd_status status, struct pd_buffer *png,
                            struct pd_error *err)
{
    if (status == PD_OK)
        status = pd_file_write_atomic(path, png->data, png->size, err);
    pd_buffer_release(png);
    return status;
}

enum pd_status pd_png_write_grid(const char *path, const float *images, const struct pd_png_grid *grid,
                                 struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    return pd_png_write(path, pd_png_encode_grid(&png, images, grid, err), &png, err);
}

enum pd_status pd_png_write_rgb(const char *path, const uint8_t *rgb, int64_t w, int64_t h,
                                struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    return pd_png_write(path, pd_png_encode_rgb(&png, rgb, w, h, err), &png, err);
}
