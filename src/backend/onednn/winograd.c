/* Convolutions by minimal filtering (Winograd 1980; Lavin & Gray, CVPR 2016, arXiv:1509.09308), which oneDNN
 * has neither for strides nor for 2x2 taps. F(2x2, r x r) makes 2x2 outputs with n^2 products, n = r + 1,
 * where the definition takes 4 r^2: 9 in place of 16 for r = 2, 16 in place of 36 for r = 3.
 *
 * A kernel of k x k taps and stride s is s*s kernels of r x r taps, r = k / s, each over the pixels of one
 * phase: those whose row and column leave the same remainders by s. Phases are further channels to sum over.
 * Images and kernel are transformed into n*n matrices each, these are multiplied pair by pair, and the
 * products' inverse transform is the outputs:
 *
 *     data (tiles, s*s*C)    taps (s*s*C, O)    results (tiles, O)
 *
 * Gradients are the same with the transforms transposed. Images go through in chunks, so that their matrices
 * stay in the caches. */
#include "backend/onednn/onednn.h"

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

/* Channels of a pixel, or of a tap, that are worked on together. */
#define LANES 16
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef lanes tile[N_MAX][N_MAX];
#pragma GCC diagnostic ignored "-Wpsabi" /* no call passes lanes: all that would is inlined */

INLINE lanes load(const float *from)
{
    return *(const lanes *)from;
}

INLINE void store(float *to, lanes v)
{
    *(lanes *)to = v;
}

/* In images of blocks of 8, the upper lanes lie in the next block, `plane` pixels on. */
INLINE lanes load_pixel(const float *from, int64_t block, int64_t plane)
{
    if (block == LANES)
        return load(from);
    lanes v;
    memcpy(&v, from, sizeof v / 2);
    memcpy((char *)&v + sizeof v / 2, from + plane * block, sizeof v / 2);
    return v;
}

INLINE void store_pixel(float *to, int64_t block, int64_t plane, lanes v)
{
    if (block == LANES) {
        store(to, v);
        return;
    }
    memcpy(to, &v, sizeof v / 2);
    memcpy(to + plane * block, (char *)&v + sizeof v / 2, sizeof v / 2);
}

/* With masks: C has no ?: for vectors. */
INLINE lanes activated(lanes x, float slope)
{
    typedef int32_t masks __attribute__((vector_size(sizeof x), may_alias));
    const lanes scaled = slope * x;
    const masks positive = x > 0;
    return (lanes)((positive & (masks)x) | (~positive & (masks)scaled));
}

/* Row i of m, or of its transpose, times a column of `from`. Zeros and ones cost nothing: these loops are
 * unrolled, and m is known when they are. */
INLINE lanes product(const float (*m)[N_MAX], bool transposed, int64_t i, int64_t columns, const lanes *from,
                     int64_t step)
{
    lanes sum = {0};
    bool any = false;
#pragma GCC unroll 4
    for (int64_t k = 0; k < columns; k++) {
        const float factor = transposed ? m[k][i] : m[i][k];
        if (factor != 0)
            sum = any ? sum + factor * from[k * step] : factor * from[k * step];
        any = any || factor != 0;
    }
    return sum;
}

/* to (rows, rows) = m from m', with `from` (columns, columns). */
INLINE void sandwich(const float (*m)[N_MAX], bool transposed, int64_t rows, int64_t columns, tile from,
                     tile to)
{
    tile half;
#pragma GCC unroll 4
    for (int64_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int64_t j = 0; j < columns; j++)
            half[i][j] = product(m, transposed, i, columns, &from[0][j], N_MAX);
#pragma GCC unroll 4
    for (int64_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int64_t j = 0; j < rows; j++)
            to[i][j] = product(m, transposed, j, columns, half[i], 1);
}

/* --- the convolution: x (N, C, H, W), taps (O, C, k, k), y (N, O, OH, OW); x and y blocked --- */

struct winograd {
    const struct pd_instr *x, *taps, *y;
    bool dx, dw; /* the gradient by x, by taps */
    int64_t r, stride, pad, block, images, c, h, w, o, oh, ow, tiles_w, tiles;
    int64_t depth;       /* s*s*C */
    int64_t kernel;      /* k*k */
    int64_t chunk, rows; /* images, and their tiles */
    const float *bias;
    float slope;
};

/* Tiles in a chunk: with fewer its matrices stay in a cache, with more they multiply faster. The most bounds
 * the memory. */
#define CHUNK_MIN        256
#define CHUNK_PER_THREAD 128
#define CHUNK_MAX        1024

static int64_t chunk_of(int64_t images, int64_t tiles, int64_t threads)
{
    const int64_t wanted = CHUNK_PER_THREAD * threads;
    const int64_t rows = wanted < CHUNK_MIN ? CHUNK_MIN : wanted > CHUNK_MAX ? CHUNK_MAX : wanted;
    const int64_t most = tiles < rows ? rows / tiles : 1, chunks = (images + most - 1) / most;
    return (images + chunks - 1) / chunks; /* all about as large */
}

static struct winograd winograd_of(const struct pd_call *call, const struct pd_backend *backend)
{
    const struct pd_instr *in = call->instr, *const *src = call->src_instr;
    struct winograd g = {.x = src[0],
                         .taps = src[1],
                         .y = in,
                         .dx = in->op == PD_OP_CONV_DX,
                         .dw = in->op == PD_OP_CONV_DW,
                         .stride = in->attr.i[0],
                         .pad = in->attr.i[1],
                         .block = backend->block,
                         .slope = 1};
    if (g.dx) {
        g.x = in;
        g.y = src[0];
    } else if (g.dw) {
        g.taps = in;
        g.y = src[1];
    } else {
        g.slope = (float)in->attr.f[0];
        g.bias = in->n_src == 3 ? call->src[2] : NULL;
    }
    const int64_t *x = g.x->shape.dim, *taps = g.taps->shape.dim, *y = g.y->shape.dim;
    g.images = x[0], g.c = x[1], g.h = x[2], g.w = x[3];
    g.o = y[1], g.oh = y[2], g.ow = y[3];
    g.r = taps[2] / g.stride;
    g.kernel = taps[2] * taps[3];
    g.depth = g.stride * g.stride * g.c;
    g.tiles_w = (g.ow + 1) / 2;
    g.tiles = (g.oh + 1) / 2 * g.tiles_w;
    g.chunk = chunk_of(g.images, g.tiles, backend->threads);
    g.rows = g.chunk * g.tiles;
    return g;
}

/* Numbers from a matrix to the next. A cache line more than it has: powers of two would lie in the same sets
 * of a cache. */
static int64_t matrix_step(int64_t rows, int64_t columns)
{
    return rows * columns + 16;
}

/* --- stages: each brings one part of a tensor into matrices, or out of them --- */

typedef void stage(const struct winograd *g, int64_t i, int64_t j, const float *from, float *to);

INLINE bool inside(int64_t i, int64_t j, int64_t h, int64_t w)
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

INLINE void transform_data_by(int64_t r, int64_t block, const struct winograd *g, const float *x, float *v)
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
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                store(v + at + (a * n + b) * matrix, m[a][b]);
    }
}

/* Tiles overlap: a pixel sums what they give. */
INLINE void collect_data_by(int64_t r, int64_t block, const struct winograd *g, const float *v, float *x)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->depth), plane = g->h * g->w;
    memset(x, 0, (size_t)(plane * LANES) * sizeof *x);
    EACH_DATA_TILE(g)
    {
        tile m, d;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                m[a][b] = load(v + at + (a * n + b) * matrix);
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

INLINE void transform_results_by(int64_t r, int64_t block, const struct winograd *g, const float *y, float *z)
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
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                store(z + t * g->o + (a * n + b) * matrix, m[a][b]);
    }
}

INLINE void collect_results_by(int64_t r, int64_t block, const struct winograd *g, const float *z,
                               const lanes *bias, float *y)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->o), plane = g->oh * g->ow;
    EACH_RESULT_TILE(g)
    {
        tile m, d;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                m[a][b] = load(z + t * g->o + (a * n + b) * matrix);
        sandwich(transforms[r].inverse, false, 2, n, m, d);
        for (int64_t a = 0; a < 2; a++)
            for (int64_t b = 0; b < 2; b++)
                if (inside(i + a, j + b, g->oh, g->ow))
                    store_pixel(y + ((i + a) * g->ow + j + b) * block, block, plane,
                                activated(d[a][b] + *bias, g->slope));
    }
}

/* LANES kernels with all their taps: of outputs, or of channels, that follow each other. */
typedef float kernels[LANES][16];

INLINE void transform_taps_by(int64_t r, const struct winograd *g, kernels from, int64_t phase_step, float *u)
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
            for (int64_t a = 0; a < n; a++)
                for (int64_t b = 0; b < n; b++)
                    store(u + (a * n + b) * matrix, m[a][b]);
        }
}

INLINE void collect_taps_by(int64_t r, const struct winograd *g, const float *u, kernels to)
{
    const int64_t n = r + 1, s = g->stride;
    const int64_t matrix = matrix_step(g->depth, g->o);
    for (int64_t p = 0; p < s; p++)
        for (int64_t q = 0; q < s; q++, u += g->c) {
            tile m, d;
            for (int64_t a = 0; a < n; a++)
                for (int64_t b = 0; b < n; b++)
                    m[a][b] = load(u + (a * n + b) * matrix);
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

/* Loops are made for each r and each block. */
#define BY_BLOCK(f, r, ...)                                                                                  \
    (g->block == LANES ? f(r, LANES, g, __VA_ARGS__) : f(r, LANES / 2, g, __VA_ARGS__))
#define SPECIALISE(f, ...) (g->r == 2 ? BY_BLOCK(f, 2, __VA_ARGS__) : BY_BLOCK(f, 3, __VA_ARGS__))

/* Image i of a chunk, its j-th LANES channels. */
PD_CLONES static void transform_data(const struct winograd *g, int64_t i, int64_t j, const float *x, float *v)
{
    x += (i * g->c + j * LANES) * g->h * g->w;
    v += i * g->tiles * g->depth + j * LANES;
    SPECIALISE(transform_data_by, x, v);
}

PD_CLONES static void collect_data(const struct winograd *g, int64_t i, int64_t j, const float *v, float *x)
{
    x += (i * g->c + j * LANES) * g->h * g->w;
    v += i * g->tiles * g->depth + j * LANES;
    SPECIALISE(collect_data_by, v, x);
}

PD_CLONES static void transform_results(const struct winograd *g, int64_t i, int64_t j, const float *y,
                                        float *z)
{
    y += (i * g->o + j * LANES) * g->oh * g->ow;
    z += i * g->tiles * g->o + j * LANES;
    SPECIALISE(transform_results_by, y, z);
}

PD_CLONES static void collect_results(const struct winograd *g, int64_t i, int64_t j, const float *z,
                                      float *y)
{
    const lanes bias = g->bias ? load(g->bias + j * LANES) : (lanes){0};
    y += (i * g->o + j * LANES) * g->oh * g->ow;
    z += i * g->tiles * g->o + j * LANES;
    SPECIALISE(collect_results_by, z, &bias, y);
}

/* The kernels from `first`, `step` kernels apart. */
INLINE void transform_kernels(const struct winograd *g, const float *taps, int64_t first, int64_t step,
                              int64_t phase_step, float *u)
{
    kernels k;
    for (int64_t l = 0; l < LANES; l++)
        memcpy(k[l], taps + (first + l * step) * g->kernel, (size_t)g->kernel * sizeof *taps);
    g->r == 2 ? transform_taps_by(2, g, k, phase_step, u) : transform_taps_by(3, g, k, phase_step, u);
}

/* Channel i, the j-th LANES outputs. */
PD_CLONES static void transform_taps(const struct winograd *g, int64_t i, int64_t j, const float *taps,
                                     float *u)
{
    transform_kernels(g, taps, j * LANES * g->c + i, g->c, g->c * g->o, u + i * g->o + j * LANES);
}

/* Output i, the j-th LANES channels: into matrices (O, s*s*C). */
PD_CLONES static void transform_taps_turned(const struct winograd *g, int64_t i, int64_t j, const float *taps,
                                            float *u)
{
    transform_kernels(g, taps, i * g->c + j * LANES, 1, g->c, u + i * g->depth + j * LANES);
}

PD_CLONES static void collect_taps_turned(const struct winograd *g, int64_t i, int64_t j, const float *u,
                                          float *taps)
{
    kernels k;
    u += i * g->depth + j * LANES;
    g->r == 2 ? collect_taps_by(2, g, u, k) : collect_taps_by(3, g, u, k);
    for (int64_t l = 0; l < LANES; l++)
        memcpy(taps + (i * g->c + j * LANES + l) * g->kernel, k[l], (size_t)g->kernel * sizeof *taps);
}

static void run_stage(stage *f, const struct winograd *g, int64_t outer, int64_t inner, const float *from,
                      float *to)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t i = 0; i < outer; i++)
        for (int64_t j = 0; j < inner; j++)
            f(g, i, j, from, to);
}

/* --- the kernels --- */

/* Images and their matrices. */
struct side {
    stage *transform, *collect;
    int64_t channels, pixels, columns;
};

static struct side data_of(const struct winograd *g)
{
    return (struct side){transform_data, collect_data, g->c, g->h * g->w, g->depth};
}

static struct side results_of(const struct winograd *g)
{
    return (struct side){transform_results, collect_results, g->o, g->oh * g->ow, g->o};
}

/* Of the chunk from image `first`. */
static int64_t images_of(const struct winograd *g, int64_t first)
{
    return g->chunk < g->images - first ? g->chunk : g->images - first;
}

static void transform(const struct winograd *g, struct side s, int64_t first, const float *images, float *to)
{
    run_stage(s.transform, g, images_of(g, first), s.channels / LANES, images + first * s.channels * s.pixels,
              to);
}

static void collect(const struct winograd *g, struct side s, int64_t first, const float *from, float *images)
{
    run_stage(s.collect, g, images_of(g, first), s.channels / LANES, from,
              images + first * s.channels * s.pixels);
}

/* Zeroes the rows that the chunk does not fill. */
static void clear_rest(const struct winograd *g, struct side s, int64_t first, float *matrices)
{
    const int64_t n = g->r + 1, used = images_of(g, first) * g->tiles;
    for (int64_t i = 0; i < n * n && used < g->rows; i++)
        memset(matrices + i * matrix_step(g->rows, s.columns) + used * s.columns, 0,
               (size_t)((g->rows - used) * s.columns) * sizeof *matrices);
}

enum { LEFT, RIGHT, PRODUCT }; /* a product's matrices, in the order in which they are bound */

static float *matrices(const struct chain *c, const struct pd_run *run, int which)
{
    const struct chain_step *s = &c->step[0];
    return (float *)((char *)run->scratch + s->scratch[s->n - 3 + which]);
}

static void images_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct chain *c = call->context;
    const struct winograd g = winograd_of(call, run->backend);
    const struct side from = g.dx ? results_of(&g) : data_of(&g), to = g.dx ? data_of(&g) : results_of(&g);
    run_stage(g.dx ? transform_taps_turned : transform_taps, &g, from.channels, to.channels / LANES,
              call->src[1], matrices(c, run, RIGHT));
    for (int64_t first = 0; first < g.images; first += g.chunk) {
        transform(&g, from, first, call->src[0], matrices(c, run, LEFT));
        chain_step_run(c, 0, run);
        collect(&g, to, first, matrices(c, run, PRODUCT), call->dst);
    }
}

static void taps_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct chain *c = call->context;
    const struct winograd g = winograd_of(call, run->backend);
    const struct side data = data_of(&g), results = results_of(&g);
    for (int64_t first = 0; first < g.images; first += g.chunk) {
        transform(&g, results, first, call->src[1], matrices(c, run, LEFT));
        transform(&g, data, first, call->src[0], matrices(c, run, RIGHT));
        clear_rest(&g, results, first, matrices(c, run, LEFT)); /* the other side's are of an earlier chunk */
        chain_step_run(c, first > 0, run); /* the first chunk's product is set, the others' are added */
    }
    run_stage(collect_taps_turned, &g, g.o, g.c / LANES, matrices(c, run, PRODUCT), call->dst);
}

#define MIN_CHANNELS 32   /* below, transforming images costs more than is saved */
#define MIN_TILES    64   /* below, transforming taps does */
#define MAX_TILES    4096 /* of one image: above, the matrices of a chunk grow large */

static bool enough(int64_t channels)
{
    return channels >= MIN_CHANNELS && channels % LANES == 0;
}

bool wants_winograd(const struct onednn *b, const struct pd_call *call)
{
    const struct winograd g = winograd_of(call, &b->base);
    const int64_t *k = g.taps->shape.dim + 2;
    return g.x->layout == PD_LAYOUT_BLOCKED && g.y->layout == PD_LAYOUT_BLOCKED && k[0] == k[1] &&
           ((k[0] == 4 && g.stride == 2) || (k[0] == 3 && g.stride == 1)) && enough(g.c) && enough(g.o) &&
           g.images * g.tiles >= MIN_TILES && g.tiles <= MAX_TILES;
}

/* n matrices of (rows, columns), or of their transposes. */
static const_dnnl_memory_desc_t md_matrices(struct onednn *b, int64_t n, int64_t rows, int64_t columns,
                                            bool transposed)
{
    const dnnl_dims_t dims = {n, rows, columns},
                      steps = {matrix_step(rows, columns), transposed ? 1 : columns, transposed ? rows : 1};
    return md_strided(b, 3, dims, steps);
}

/* The matrices lie in scratch, where the first step's lie. */
static bool add_product(struct onednn *b, struct chain *c, struct pd_call *call, const struct winograd *g,
                        bool accumulate)
{
    const int64_t n = (g->r + 1) * (g->r + 1), rows = g->rows, depth = g->depth, o = g->o;
    const int64_t m = g->dw ? o : rows,
                  k = g->dw   ? rows
                      : g->dx ? o
                              : depth,
                  columns = g->dx || g->dw ? depth : o;
    const_dnnl_memory_desc_t md[] = {[LEFT] = md_matrices(b, n, m, k, g->dw),
                                     [RIGHT] = md_matrices(b, n, k, columns, false),
                                     [PRODUCT] = md_matrices(b, n, m, columns, false)};
    static const int arg[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    dnnl_primitive_attr_t attr = attr_create(accumulate, 1);
    dnnl_primitive_desc_t pd = attr ? matmul_pd(b, md[LEFT], md[RIGHT], NULL, md[PRODUCT], attr) : NULL;
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    const struct chain_step *first = &c->step[0];
    struct chain_step *s = pd ? chain_add(c, call, pd) : NULL;
    for (int64_t i = 0; i < 3 && s; i++)
        chain_bind_scratch(c, s, arg[i], md[i],
                           s == first ? scratch_take(call, dnnl_memory_desc_get_size(md[i]))
                                      : first->scratch[first->n - 3 + i]);
    return s;
}

enum pd_status prepare_winograd(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct winograd g = winograd_of(call, &b->base);
    struct chain *c = chain_create(b, call);
    if (!c || !add_product(b, c, call, &g, false) ||
        (g.dw && g.chunk < g.images && !add_product(b, c, call, &g, true)))
        return onednn_fail(call, err);
    call->kernel = g.dw ? taps_kernel : images_kernel;
    return PD_OK;
}
