/* From what networks make to what pictures hold. */
#ifndef PD_IO_LEVEL_H
#define PD_IO_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

/* Whether x is in [-1, 1], or so little beyond as resizing and rounding go. */
static inline bool pd_is_pixel(float x)
{
    return x >= -1.01F && x <= 1.01F;
}

/* The nearest of 256 levels to x in [-1, 1]; beyond them the last; NaN: 0. */
static inline uint8_t pd_pixel_level(float x)
{
    const float level = (x + 1) * 127.5F + 0.5F;
    return level > 0 ? level < 255 ? (uint8_t)level : 255 : 0; /* NaN > 0 is false */
}

#endif
