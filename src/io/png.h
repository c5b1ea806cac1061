/* Pictures out, as 8-bit grey or RGB PNG. The same pixels give the same bytes with the same libpng and zlib.
 */
#ifndef PD_IO_PNG_H
#define PD_IO_PNG_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every picture for people carries a mark, so that it is never taken for data: pd_png_sign puts it into the
 * PNG that begins at byte `at` of a buffer. */
void pd_png_sign(struct pd_buffer *png, size_t at);
bool pd_png_is_signed(const void *bytes, size_t size);

/* A grid of n images (n, c, h, w) with values in [-1, 1] (outside: clamped; NaN: black), c = 1 (grey) or 3
 * (RGB), row by row, white between and around them. pad: width of the white in pixels. */
struct pd_png_grid {
    int64_t n, c, h, w;   /* n >= 1 */
    int64_t columns, pad; /* columns 0: as square as possible; pad >= 0 */
};

/* Width and height of the picture in pixels. */
void pd_png_grid_size(const struct pd_png_grid *grid, int64_t *width, int64_t *height);

/* PD_ERR_USAGE when c is neither 1 nor 3, a size is out of range or the picture has more than a million
 * pixels a side; PD_ERR_MEMORY; write: PD_ERR_IO. Encode appends to out; a grid is
 * signed. */
enum pd_status pd_png_encode_grid(struct pd_buffer *out, const float *images, const struct pd_png_grid *grid,
                                  struct pd_error *err);
enum pd_status pd_png_write_grid(const char *path, const float *images, const struct pd_png_grid *grid,
                                 struct pd_error *err);

/* One image (c, h, w) as data: unsigned. */
enum pd_status pd_png_encode_image(struct pd_buffer *out, const float *image, int64_t c, int64_t h, int64_t w,
                                   struct pd_error *err);

/* rgb: (h, w, 3) */
enum pd_status pd_png_encode_rgb(struct pd_buffer *out, const uint8_t *rgb, int64_t w, int64_t h,
                                 struct pd_error *err);
enum pd_status pd_png_write_rgb(const char *path, const uint8_t *rgb, int64_t w, int64_t h,
                                struct pd_error *err);

/* What encoding ended with: where that is PD_OK, png goes to the file. It is released. */
enum pd_status pd_png_write(const char *path, enum pd_status status, struct pd_buffer *png,
                            struct pd_error *err);

#endif
