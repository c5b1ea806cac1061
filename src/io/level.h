/* From what networks make to what pictures hold. */
#ifndef PD_IO_LEVEL_H
#define PD_IO_LEVEL_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

/* Rows (n, width) of a caller's. PD_ERR_USAGE: one has a number that is not finite, or a pixel beyond [-1, 1]
 * (0.01 is left to resizing and rounding). what: "image"; first: its number among all. */
enum pd_status pd_check_rows(const char *what, int64_t first, const float *rows, int64_t n, int64_t width,
                             bool pixels, struct pd_error *err);

/* The nearest of 256 levels to x in [-1, 1]; beyond them the last; NaN: 0. */
static inline uint8_t pd_pixel_level(float x)
{
    const float level = (x + 1) * 127.5F + 0.5F;
    return level > 0 ? level < 255 ? (uint8_t)level : 255 : 0; /* NaN > 0 is false */
}

#endif
