/* Convolutions by minimal filtering with large tiles (winograd_large.c): what its stages work on. */
#ifndef PD_BACKEND_ONEDNN_WINOGRAD_LARGE_H
#define PD_BACKEND_ONEDNN_WINOGRAD_LARGE_H

#include "backend/onednn/lanes.h"
#include "backend/onednn/onednn.h"

/* A convolution of x (N, C, H, W) with taps (O, C, kh, kw) to y (N, O, OH, OW); x and y in blocks of LANES.
 */
struct large {
    int form; /* which stages: large_form_of */
    int64_t c, h, w, o, oh, ow, pad_h, pad_w;
    int64_t tiles_w, tiles, all; /* in a row, of an image, of all images */
    int64_t rows, points;        /* tiles that go through at once; numbers in a tile's transform */
    const float *bias;
    float slope;
};

/* Outputs that a tile makes, and pixels that it reads. */
struct large_tile {
    int64_t made_h, made_w, read_h, read_w;
};

int large_form_of(int64_t high, int64_t wide); /* of these taps; -1: there is none */
struct large_tile large_tile_of(int form);

/* Into their matrices, or out of them: the j-th LANES channels of the n tiles from `first`, */
void large_data(const struct large *g, int64_t first, int64_t n, int64_t j, const float *x, float *v);
void large_results(const struct large *g, int64_t first, int64_t n, int64_t j, const float *z, float *y);
/* and the taps of input channel i, the j-th LANES outputs. */
void large_taps(const struct large *g, int64_t i, int64_t j, const float *taps, float *u);

/* Numbers from a matrix to the next. A cache line more than it has: powers of two would lie in the same sets
 * of a cache. */
static inline int64_t large_step(int64_t rows, int64_t columns)
{
    return rows * columns + LANES;
}

#endif
