/* Convolutions by minimal filtering (winograd.c): what its stages work on. */
#ifndef PD_BACKEND_ONEDNN_WINOGRAD_H
#define PD_BACKEND_ONEDNN_WINOGRAD_H

#include "backend/onednn/lanes.h"
#include "backend/onednn/onednn.h"

/* A convolution of x (N, C, H, W) with taps (O, C, k, k) to y (N, O, OH, OW); x and y blocked. */
struct winograd {
    const struct pd_instr *x, *taps, *y;
    bool dx, dw; /* the gradient by x, by taps */
    int64_t r, stride, pad, block, images, c, h, w, o, oh, ow, tiles_w, tiles;
    int64_t depth;       /* s*s*C */
    int64_t kernel, n2;  /* k*k, n*n */
    int64_t chunk, rows; /* images, and their tiles */
    const float *bias;
    float slope;
};

/* Numbers from a matrix to the next. A cache line more than it has: powers of two would lie in the same sets
 * of a cache. */
static inline int64_t matrix_step(int64_t rows, int64_t columns)
{
    return rows * columns + 16;
}

/* Each brings one part of a tensor into its matrices, or out of them:
 * data, results: image i of a chunk, its j-th LANES channels;
 * taps: channel i, its j-th LANES outputs, with matrices (s*s*C, O);
 * taps_turned: output i, its j-th LANES channels, with matrices (O, s*s*C). */
typedef void stage(const struct winograd *g, int64_t i, int64_t j, const float *from, float *to);
stage transform_data, transform_results, transform_taps, transform_taps_turned;
stage collect_data, collect_results, collect_taps_turned;

#endif
