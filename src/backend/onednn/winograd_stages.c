/* The stages of minimal filtering: tiles into their transforms, and back. */
#include "backend/onednn/winograd.h"

#include <string.h>

#define N_MAX 4

/* results = inverse ((taps' transform) * (data's transform)), in one dimension; in two, from both sides. */
static const struct transforms {
    float data[N_MAX][N_MAX], taps[N_MAX][N_MAX], inverse[N_MAX][N_MAX];
} transforms[] = {
    [2] = {.data = {{1, -1, 0}, {0, 1, 0}, {0, 1, -1}},
           .taps = {{1, 0}, {1, 1}, {0, 1}},
           .inverse = {{1, 1, 0}, {0, 1, -1}}},
    [3] = {.data = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
           .taps = {{1, 0, 0}, {0.5F, 0.5F, 0.5F}, {0.5F, -0.5F, 0.5F}, {0, 0, 1}},
           .inverse = {{1, 1, 1, 0}, {0, 1, -1, -1}}},
};

typedef lanes tile[N_MAX][N_MAX];

/* In images of blocks of 8, the upper lanes lie in the next block, `plane` pixels on. */
PD_INLINE lanes load_pixel(const float *from, int64_t block, int64_t plane)
{
    if (block == LANES)
        return load(from);
    lanes v;
    memcpy(&v, from, sizeof v / 2);
    memcpy((char *)&v + sizeof v / 2, from + plane * block, sizeof v / 2);
    return v;
}

PD_INLINE void store_pixel(float *to, int64_t block, int64_t plane, lanes v)
{
    if (block == LANES) {
        store(to, v);
        return;
    }
    memcpy(to, &v, sizeof v / 2);
    memcpy(to + plane * block, (char *)&v + sizeof v / 2, sizeof v / 2);
}

/* Row i of m, or of its transpose, times a column of `from`. */
PD_INLINE lanes row_times(const float (*m)[N_MAX], bool transposed, int64_t i, int64_t columns,
                          const lanes *from, int64_t step)
{
    return product(transposed ? &m[0][i] : m[i], transposed ? N_MAX : 1, columns, from, step);
}

/* to (rows, rows) = m from m', with `from` (columns, columns). */
PD_INLINE void sandwich(const float (*m)[N_MAX], bool transposed, int64_t rows, int64_t columns, tile from,
                        tile to)
{
    tile half;
#pragma GCC unroll 4
    for (int64_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int64_t j = 0; j < columns; j++)
            half[i][j] = row_times(m, transposed, i, columns, &from[0][j], N_MAX);
#pragma GCC unroll 4
    for (int64_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int64_t j = 0; j < rows; j++)
            to[i][j] = row_times(m, transposed, j, columns, half[i], 1);
}

PD_INLINE void load_matrices(const float *from, int64_t step, int64_t n, tile m)
{
#pragma GCC unroll 4
    for (int64_t a = 0; a < n; a++)
#pragma GCC unroll 4
        for (int64_t b = 0; b < n; b++)
            m[a][b] = load(from + (a * n + b) * step);
}

PD_INLINE void store_matrices(tile m, int64_t n, float *to, int64_t step)
{
#pragma GCC unroll 4
    for (int64_t a = 0; a < n; a++)
#pragma GCC unroll 4
        for (int64_t b = 0; b < n; b++)
            store(to + (a * n + b) * step, m[a][b]);
}

/* --- images --- */

PD_INLINE bool inside(int64_t i, int64_t j, int64_t h, int64_t w)
{
    return i >= 0 && i < h && j >= 0 && j < w;
}

/* Every tile of every phase (p, q): `at` is where it lies in its matrices, (i, j) its first pixel. */
#define EACH_DATA_TILE(g)                                                                                    \
    for (int64_t t = 0; t < (g)->tiles; t++)                                                                 \
        for (int64_t p = 0; p < (g)->stride; p++)                                                            \
            for (int64_t q = 0, at = t * (g)->depth + p * (g)->stride * (g)->c,                              \
                         i = 2 * (t / (g)->tiles_w) * (g)->stride + p - (g)->pad,                            \
                         j = 2 * (t % (g)->tiles_w) * (g)->stride - (g)->pad;                                \
                 q < (g)->stride; q++, at += (g)->c, j++)

PD_INLINE void transform_data_by(int64_t r, int64_t block, const struct winograd *g, const float *x, float *v)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->depth), plane = g->h * g->w;
    EACH_DATA_TILE(g)
    {
        tile d, m;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++) {
                const int64_t y = i + a * g->stride, z = j + b * g->stride;
                d[a][b] = inside(y, z, g->h, g->w) ? load_pixel(x + (y * g->w + z) * block, block, plane)
                                                   : (lanes){0};
            }
        sandwich(transforms[r].data, false, n, n, d, m);
        store_matrices(m, n, v + at, matrix);
    }
}

/* Tiles overlap: a pixel sums what they give. */
PD_INLINE void collect_data_by(int64_t r, int64_t block, const struct winograd *g, const float *v, float *x)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->depth), plane = g->h * g->w;
    memset(x, 0, (size_t)(plane * LANES) * sizeof *x);
    EACH_DATA_TILE(g)
    {
        tile m, d;
        load_matrices(v + at, matrix, n, m);
        sandwich(transforms[r].data, true, n, n, m, d);
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++) {
                const int64_t y = i + a * g->stride, z = j + b * g->stride;
                if (!inside(y, z, g->h, g->w))
                    continue;
                float *pixel = x + (y * g->w + z) * block;
                store_pixel(pixel, block, plane, load_pixel(pixel, block, plane) + d[a][b]);
            }
    }
}

#define EACH_RESULT_TILE(g)                                                                                  \
    for (int64_t t = 0, i = 0, j = 0; t < (g)->tiles;                                                        \
         t++, i = 2 * (t / (g)->tiles_w), j = 2 * (t % (g)->tiles_w))

PD_INLINE void transform_results_by(int64_t r, int64_t block, const struct winograd *g, const float *y,
                                    float *z)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->o), plane = g->oh * g->ow;
    EACH_RESULT_TILE(g)
    {
        tile d = {{{0}}}, m;
        for (int64_t a = 0; a < 2; a++)
            for (int64_t b = 0; b < 2; b++)
                if (inside(i + a, j + b, g->oh, g->ow))
                    d[a][b] = load_pixel(y + ((i + a) * g->ow + j + b) * block, block, plane);
        sandwich(transforms[r].inverse, true, n, 2, d, m);
        store_matrices(m, n, z + t * g->o, matrix);
    }
}

PD_INLINE void collect_results_by(int64_t r, int64_t block, const struct winograd *g, const float *z,
                                  const lanes *bias, float *y)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->o), plane = g->oh * g->ow;
    EACH_RESULT_TILE(g)
    {
        tile m, d;
        load_matrices(z + t * g->o, matrix, n, m);
        sandwich(transforms[r].inverse, false, 2, n, m, d);
        for (int64_t a = 0; a < 2; a++)
            for (int64_t b = 0; b < 2; b++)
                if (inside(i + a, j + b, g->oh, g->ow))
                    store_pixel(y + ((i + a) * g->ow + j + b) * block, block, plane,
                                activated(d[a][b] + *bias, g->slope));
    }
}

/* Loops are made for each r and each block. */
#define BY_BLOCK(f, r, ...)                                                                                  \
    (g->block == LANES ? f(r, LANES, g, __VA_ARGS__) : f(r, LANES / 2, g, __VA_ARGS__))
#define SPECIALISE(f, ...) (g->r == 2 ? BY_BLOCK(f, 2, __VA_ARGS__) : BY_BLOCK(f, 3, __VA_ARGS__))

PD_CLONES void transform_data(const struct winograd *g, int64_t i, int64_t j, const float *x, float *v)
{
    x += (i * g->c + j * LANES) * g->h * g->w;
    v += i * g->tiles * g->depth + j * LANES;
    SPECIALISE(transform_data_by, x, v);
}

PD_CLONES void collect_data(const struct winograd *g, int64_t i, int64_t j, const float *v, float *x)
{
    x += (i * g->c + j * LANES) * g->h * g->w;
    v += i * g->tiles * g->depth + j * LANES;
    SPECIALISE(collect_data_by, v, x);
}

PD_CLONES void transform_results(const struct winograd *g, int64_t i, int64_t j, const float *y, float *z)
{
    y += (i * g->o + j * LANES) * g->oh * g->ow;
    z += i * g->tiles * g->o + j * LANES;
    SPECIALISE(transform_results_by, y, z);
}

PD_CLONES void collect_results(const struct winograd *g, int64_t i, int64_t j, const float *z, float *y)
{
    const lanes bias = g->bias ? load(g->bias + j * LANES) : (lanes){0};
    y += (i * g->o + j * LANES) * g->oh * g->ow;
    z += i * g->tiles * g->o + j * LANES;
    SPECIALISE(collect_results_by, z, &bias, y);
}

/* --- taps --- */

/* LANES kernels with all their taps: of outputs, or of channels, that follow each other. */
typedef float kernels[LANES][16];

PD_INLINE void transform_taps_by(int64_t r, const struct winograd *g, kernels from, int64_t phase_step,
                                 float *u)
{
    const int64_t n = r + 1, s = g->stride;
    const int64_t matrix = matrix_step(g->depth, g->o);
    for (int64_t p = 0; p < s; p++)
        for (int64_t q = 0; q < s; q++, u += phase_step) {
            tile d, m;
            for (int64_t a = 0; a < r; a++)
                for (int64_t b = 0; b < r; b++) {
                    float lane[LANES];
                    for (int64_t l = 0; l < LANES; l++)
                        lane[l] = from[l][(a * s + p) * r * s + b * s + q];
                    d[a][b] = load(lane);
                }
            sandwich(transforms[r].taps, false, n, r, d, m);
            store_matrices(m, n, u, matrix);
        }
}

PD_INLINE void collect_taps_by(int64_t r, const struct winograd *g, const float *u, kernels to)
{
    const int64_t n = r + 1, s = g->stride;
    const int64_t matrix = matrix_step(g->depth, g->o);
    for (int64_t p = 0; p < s; p++)
        for (int64_t q = 0; q < s; q++, u += g->c) {
            tile m, d;
            load_matrices(u, matrix, n, m);
            sandwich(transforms[r].taps, true, r, n, m, d);
            for (int64_t a = 0; a < r; a++)
                for (int64_t b = 0; b < r; b++) {
                    float lane[LANES];
                    store(lane, d[a][b]);
                    for (int64_t l = 0; l < LANES; l++)
                        to[l][(a * s + p) * r * s + b * s + q] = lane[l];
                }
        }
}

/* The kernels from `first`, `step` kernels apart. */
PD_INLINE void transform_kernels(const struct winograd *g, const float *taps, int64_t first, int64_t step,
                                 int64_t phase_step, float *u)
{
    kernels k;
    for (int64_t l = 0; l < LANES; l++)
        memcpy(k[l], taps + (first + l * step) * g->kernel, (size_t)g->kernel * sizeof *taps);
    g->r == 2 ? transform_taps_by(2, g, k, phase_step, u) : transform_taps_by(3, g, k, phase_step, u);
}

PD_CLONES void transform_taps(const struct winograd *g, int64_t i, int64_t j, const float *taps, float *u)
{
    transform_kernels(g, taps, j * LANES * g->c + i, g->c, g->c * g->o, u + i * g->o + j * LANES);
}

PD_CLONES void transform_taps_turned(const struct winograd *g, int64_t i, int64_t j, const float *taps,
                                     float *u)
{
    transform_kernels(g, taps, i * g->c + j * LANES, 1, g->c, u + i * g->depth + j * LANES);
}

PD_CLONES void collect_taps_turned(const struct winograd *g, int64_t i, int64_t j, const float *u,
                                   float *taps)
{
    kernels k;
    u += i * g->depth + j * LANES;
    g->r == 2 ? collect_taps_by(2, g, u, k) : collect_taps_by(3, g, u, k);
    for (int64_t l = 0; l < LANES; l++)
        memcpy(taps + (i * g->c + j * LANES + l) * g->kernel, k[l], (size_t)g->kernel * sizeof *taps);
}
