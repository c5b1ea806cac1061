/* Sixteen numbers at once, for the stages of minimal filtering. */
#ifndef PD_BACKEND_ONEDNN_LANES_H
#define PD_BACKEND_ONEDNN_LANES_H

#include "base/clones.h"

#include <stdbool.h>
#include <stdint.h>

/* Channels, or outputs, that a stage works on together. */
#define LANES 16

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
#pragma GCC diagnostic ignored "-Wpsabi" /* no call passes lanes: all that would is inlined */

PD_INLINE lanes load(const float *from)
{
    return *(const lanes *)from;
}

PD_INLINE void store(float *to, lanes v)
{
    *(lanes *)to = v;
}

/* With masks: C has no ?: for vectors. */
PD_INLINE lanes activated(lanes x, float slope)
{
    typedef int32_t masks __attribute__((vector_size(sizeof x), may_alias));
    const lanes scaled = slope * x;
    const masks positive = x > 0;
    return (lanes)((positive & (masks)x) | (~positive & (masks)scaled));
}

/* m[0], m[m_step], ... times from[0], from[step], ..., `columns` of them. Zeros and ones cost nothing: the
 * loop is unrolled, and m is known when it is. */
PD_INLINE lanes product(const float *m, int64_t m_step, int64_t columns, const lanes *from, int64_t step)
{
    lanes sum = {0};
    bool any = false;
#pragma GCC unroll 10
    for (int64_t k = 0; k < columns; k++) {
        const float factor = m[k * m_step];
        if (factor != 0)
            sum = any ? sum + factor * from[k * step] : factor * from[k * step];
        any = any || factor != 0;
    }
    return sum;
}

#endif
