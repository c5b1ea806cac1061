/* Convolutions by minimal filtering (Winograd 1980; Lavin & Gray, CVPR 2016, arXiv:1509.09308), which oneDNN
 * has neither for strides nor for 2x2 taps: F(2x2, r x r) makes 2x2 outputs with (r+1)^2 products where the
 * definition takes 4 r^2, which is 16/9 as many for r = 2 and 9/4 as many for r = 3.
 *
 * A kernel of k x k taps and stride s is s*s kernels of r x r taps, r = k / s, each over the pixels of one
 * phase: those whose row and column leave the same remainders by s. Phases are further channels to sum over.
 * So images and kernel are lifted into n*n matrices, n = r + 1, which are multiplied pair by pair, and the
 * products are lowered to outputs:
 *
 *     data (tiles, s*s*C)    taps (s*s*C, O)    results (tiles, O)    n*n of each
 *
 * Gradients are the same with lifting and lowering transposed. Images go through in chunks, so that their
 * matrices stay in the caches. */
#include "backend/onednn/onednn.h"

#include <string.h>

#define N_MAX 4

/* results = lower ((lift_taps taps) * (lift_data data)), in one dimension; in two, from both sides. */
struct filter {
    float lift_data[N_MAX][N_MAX], lift_taps[N_MAX][N_MAX], lower[N_MAX][N_MAX];
};

static const struct filter filters[] = {
    [2] = {.lift_data = {{1, -1, 0}, {0, 1, 0}, {0, 1, -1}},
           .lift_taps = {{1, 0}, {1, 1}, {0, 1}},
           .lower = {{1, 1, 0}, {0, 1, -1}}},
    [3] = {.lift_data = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
           .lift_taps = {{1, 0, 0}, {0.5F, 0.5F, 0.5F}, {0.5F, -0.5F, 0.5F}, {0, 0, 1}},
           .lower = {{1, 1, 1, 0}, {0, 1, -1, -1}}},
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

INLINE lanes activated(lanes x, float slope)
{
    typedef int32_t masks __attribute__((vector_size(sizeof x), may_alias));
    const lanes scaled = slope * x;
    const masks positive = x > 0;
    return (lanes)((positive & (masks)x) | (~positive & (masks)scaled));
}

/* Row i of m, or of its transpose, times column j of `from`. Zeros and ones cost nothing: all loops here are
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
    int64_t r, stride, pad, block, images, c, h, w, o, oh, ow, tiles_w, tiles;
    int64_t depth;       /* stride^2 * C */
    int64_t chunk, rows; /* images, and their tiles */
    const float *bias;
    float slope;
};

/* Tiles in a chunk. With fewer its matrices stay in a cache, with more they multiply faster. */
#define CHUNK_MIN        256
#define CHUNK_PER_THREAD 128

static struct winograd winograd_of(const struct pd_call *call, const struct pd_backend *backend)
{
    const struct pd_instr *in = call->instr, *const *src = call->src_instr;
    const bool dx = in->op == PD_OP_CONV_DX, dw = in->op == PD_OP_CONV_DW;
    const struct pd_instr *x = dx ? in : src[0], *taps = dw ? in : src[1],
                          *y = dx   ? src[0]
                               : dw ? src[1]
                                    : in;
    const int64_t *xd = x->shape.dim, *yd = y->shape.dim;
    struct winograd g = {.stride = in->attr.i[0],
                         .pad = in->attr.i[1],
                         .block = backend->block,
                         .images = xd[0],
                         .c = xd[1],
                         .h = xd[2],
                         .w = xd[3],
                         .o = yd[1],
                         .oh = yd[2],
                         .ow = yd[3],
                         .tiles_w = (yd[3] + 1) / 2,
                         .tiles = (yd[2] + 1) / 2 * ((yd[3] + 1) / 2),
                         .slope = in->op == PD_OP_CONV ? (float)in->attr.f[0] : 1,
                         .bias = in->op == PD_OP_CONV && in->n_src == 3 ? call->src[2] : NULL};
    g.r = taps->shape.dim[2] / g.stride;
    g.depth = (int64_t)g.stride * g.stride * g.c;
    int64_t most = CHUNK_PER_THREAD * (int64_t)backend->threads;
    most = (most > CHUNK_MIN ? most : CHUNK_MIN) / g.tiles; /* images in a chunk */
    const int64_t chunks = most > 1 ? (g.images + most - 1) / most : g.images;
    g.chunk = (g.images + chunks - 1) / chunks;
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

INLINE void lift_data_by(int64_t r, int64_t block, const struct winograd *g, const float *x, float *v)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->depth), plane = g->h * g->w;
    EACH_DATA_TILE(g)
    {
        tile d, lifted;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++) {
                const int64_t y = i + a * g->stride, z = j + b * g->stride;
                d[a][b] = inside(y, z, g->h, g->w) ? load_pixel(x + (y * g->w + z) * block, block, plane)
                                                   : (lanes){0};
            }
        sandwich(filters[r].lift_data, false, n, n, d, lifted);
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                store(v + at + (a * n + b) * matrix, lifted[a][b]);
    }
}

/* Tiles overlap: a pixel sums what they give. */
INLINE void lower_data_by(int64_t r, int64_t block, const struct winograd *g, const float *v, float *x)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->depth), plane = g->h * g->w;
    memset(x, 0, (size_t)(plane * LANES) * sizeof *x);
    EACH_DATA_TILE(g)
    {
        tile lifted, d;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                lifted[a][b] = load(v + at + (a * n + b) * matrix);
        sandwich(filters[r].lift_data, true, n, n, lifted, d);
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++) {
                const int64_t y = i + a * g->stride, z = j + b * g->stride;
                float *pixel = x + (y * g->w + z) * block;
                if (inside(y, z, g->h, g->w))
                    store_pixel(pixel, block, plane, load_pixel(pixel, block, plane) + d[a][b]);
            }
    }
}

#define EACH_RESULT_TILE(g)                                                                                  \
    for (int64_t t = 0, i = 0, j = 0; t < (g)->tiles;                                                        \
         t++, i = 2 * (t / (g)->tiles_w), j = 2 * (t % (g)->tiles_w))

INLINE void lift_results_by(int64_t r, int64_t block, const struct winograd *g, const float *y, float *z)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->o), plane = g->oh * g->ow;
    EACH_RESULT_TILE(g)
    {
        tile d = {{{0}}}, lifted;
        for (int64_t a = 0; a < 2; a++)
            for (int64_t b = 0; b < 2; b++)
                if (inside(i + a, j + b, g->oh, g->ow))
                    d[a][b] = load_pixel(y + ((i + a) * g->ow + j + b) * block, block, plane);
        sandwich(filters[r].lower, true, n, 2, d, lifted);
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                store(z + t * g->o + (a * n + b) * matrix, lifted[a][b]);
    }
}

INLINE void lower_results_by(int64_t r, int64_t block, const struct winograd *g, const float *z,
                             const lanes *bias, float *y)
{
    const int64_t n = r + 1;
    const int64_t matrix = matrix_step(g->rows, g->o), plane = g->oh * g->ow;
    EACH_RESULT_TILE(g)
    {
        tile lifted, d;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                lifted[a][b] = load(z + t * g->o + (a * n + b) * matrix);
        sandwich(filters[r].lower, false, 2, n, lifted, d);
        for (int64_t a = 0; a < 2; a++)
            for (int64_t b = 0; b < 2; b++)
                if (inside(i + a, j + b, g->oh, g->ow))
                    store_pixel(y + ((i + a) * g->ow + j + b) * block, block, plane,
                                activated(d[a][b] + *bias, g->slope));
    }
}

/* LANES kernels with all their taps: of outputs, or of channels, that follow each other. */
typedef float kernels[LANES][16];

INLINE void lift_taps_by(int64_t r, const struct winograd *g, kernels from, int64_t phase, float *u)
{
    const int64_t n = r + 1, s = g->stride;
    const int64_t matrix = matrix_step(g->depth, g->o);
    for (int64_t p = 0; p < s; p++)
        for (int64_t q = 0; q < s; q++, u += phase) {
            tile d, lifted;
            for (int64_t a = 0; a < r; a++)
                for (int64_t b = 0; b < r; b++) {
                    float lane[LANES];
                    for (int64_t l = 0; l < LANES; l++)
                        lane[l] = from[l][(a * s + p) * r * s + b * s + q];
                    d[a][b] = load(lane);
                }
            sandwich(filters[r].lift_taps, false, n, r, d, lifted);
            for (int64_t a = 0; a < n; a++)
                for (int64_t b = 0; b < n; b++)
                    store(u + (a * n + b) * matrix, lifted[a][b]);
        }
}

INLINE void lower_taps_by(int64_t r, const struct winograd *g, const float *u, kernels to)
{
    const int64_t n = r + 1, s = g->stride;
    const int64_t matrix = matrix_step(g->depth, g->o);
    for (int64_t p = 0; p < s; p++)
        for (int64_t q = 0; q < s; q++, u += g->c) {
            tile lifted, d;
            for (int64_t a = 0; a < n; a++)
                for (int64_t b = 0; b < n; b++)
                    lifted[a][b] = load(u + (a * n + b) * matrix);
            sandwich(filters[r].lift_taps, true, r, n, lifted, d);
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
PD_CLONES static void lift_data(const struct winograd *g, int64_t i, int64_t j, const float *x, float *v)
{
    x += (i * g->c + j * LANES) * g->h * g->w;
    v += i * g->tiles * g->depth + j * LANES;
    SPECIALISE(lift_data_by, x, v);
}

PD_CLONES static void lower_data(const struct winograd *g, int64_t i, int64_t j, const float *v, float *x)
{
    x += (i * g->c + j * LANES) * g->h * g->w;
    v += i * g->tiles * g->depth + j * LANES;
    SPECIALISE(lower_data_by, v, x);
}

PD_CLONES static void lift_results(const struct winograd *g, int64_t i, int64_t j, const float *y, float *z)
{
    y += (i * g->o + j * LANES) * g->oh * g->ow;
    z += i * g->tiles * g->o + j * LANES;
    SPECIALISE(lift_results_by, y, z);
}

PD_CLONES static void lower_results(const struct winograd *g, int64_t i, int64_t j, const float *z, float *y)
{
    const lanes bias = g->bias ? load(g->bias + j * LANES) : (lanes){0};
    y += (i * g->o + j * LANES) * g->oh * g->ow;
    z += i * g->tiles * g->o + j * LANES;
    SPECIALISE(lower_results_by, z, &bias, y);
}

/* The kernels from `first`, `step` kernels apart. */
INLINE void lift_kernels(const struct winograd *g, const float *taps, int64_t first, int64_t step,
                         int64_t phase, float *u)
{
    const int64_t k2 = g->r * g->stride * g->r * g->stride;
    kernels k;
    for (int64_t l = 0; l < LANES; l++)
        memcpy(k[l], taps + (first + l * step) * k2, (size_t)k2 * sizeof *taps);
    g->r == 2 ? lift_taps_by(2, g, k, phase, u) : lift_taps_by(3, g, k, phase, u);
}

/* Channel i, the j-th LANES outputs. */
PD_CLONES static void lift_taps(const struct winograd *g, int64_t i, int64_t j, const float *taps, float *u)
{
    lift_kernels(g, taps, j * LANES * g->c + i, g->c, g->c * g->o, u + i * g->o + j * LANES);
}

/* Output i, the j-th LANES channels: into matrices (O, s*s*C). */
PD_CLONES static void lift_taps_turned(const struct winograd *g, int64_t i, int64_t j, const float *taps,
                                       float *u)
{
    lift_kernels(g, taps, i * g->c + j * LANES, 1, g->c, u + i * g->depth + j * LANES);
}

PD_CLONES static void lower_taps_turned(const struct winograd *g, int64_t i, int64_t j, const float *u,
                                        float *taps)
{
    const int64_t k2 = g->r * g->stride * g->r * g->stride;
    kernels k;
    u += i * g->depth + j * LANES;
    g->r == 2 ? lower_taps_by(2, g, u, k) : lower_taps_by(3, g, u, k);
    for (int64_t l = 0; l < LANES; l++)
        memcpy(taps + (i * g->c + j * LANES + l) * k2, k[l], (size_t)k2 * sizeof *taps);
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
    stage *lift, *lower;
    int64_t channels, pixels, columns;
};

static struct side data_of(const struct winograd *g)
{
    return (struct side){lift_data, lower_data, g->c, g->h * g->w, g->depth};
}

static struct side results_of(const struct winograd *g)
{
    return (struct side){lift_results, lower_results, g->o, g->oh * g->ow, g->o};
}

/* Of the chunk from image `first`. */
static int64_t images_of(const struct winograd *g, int64_t first)
{
    return g->chunk < g->images - first ? g->chunk : g->images - first;
}

/* Rows that no image fills are zeros. */
static void lift(const struct winograd *g, struct side s, int64_t first, const float *images, float *matrices)
{
    const int64_t n = g->r + 1, count = images_of(g, first), used = count * g->tiles * s.columns;
    run_stage(s.lift, g, count, s.channels / LANES, images + first * s.channels * s.pixels, matrices);
    for (int64_t i = 0; i < n * n && count < g->chunk; i++)
        memset(matrices + i * matrix_step(g->rows, s.columns) + used, 0,
               (size_t)(g->rows * s.columns - used) * sizeof *matrices);
}

static void lower(const struct winograd *g, struct side s, int64_t first, const float *matrices,
                  float *images)
{
    run_stage(s.lower, g, images_of(g, first), s.channels / LANES, matrices,
              images + first * s.channels * s.pixels);
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
    const bool dx = call->instr->op == PD_OP_CONV_DX;
    const struct side from = dx ? results_of(&g) : data_of(&g), to = dx ? data_of(&g) : results_of(&g);
    run_stage(dx ? lift_taps_turned : lift_taps, &g, from.channels, to.channels / LANES, call->src[1],
              matrices(c, run, RIGHT));
    for (int64_t first = 0; first < g.images; first += g.chunk) {
        lift(&g, from, first, call->src[0], matrices(c, run, LEFT));
        chain_step_run(c, 0, run);
        lower(&g, to, first, matrices(c, run, PRODUCT), call->dst);
    }
}

static void taps_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct chain *c = call->context;
    const struct winograd g = winograd_of(call, run->backend);
    for (int64_t first = 0; first < g.images; first += g.chunk) {
        lift(&g, results_of(&g), first, call->src[1], matrices(c, run, LEFT));
        lift(&g, data_of(&g), first, call->src[0], matrices(c, run, RIGHT));
        chain_step_run(c, first > 0, run); /* the first chunk's product is set, the others' are added */
    }
    run_stage(lower_taps_turned, &g, g.o, g.c / LANES, matrices(c, run, PRODUCT), call->dst);
}

#define MIN_CHANNELS 32 /* below, lifting images costs more than is saved */
#define MIN_TILES    64 /* below, lifting taps does */

static bool enough(int64_t channels)
{
    return channels >= MIN_CHANNELS && channels % LANES == 0;
}

bool wants_winograd(const struct onednn *b, const struct pd_call *call)
{
    const struct winograd g = winograd_of(call, &b->base);
    const bool dw = call->instr->op == PD_OP_CONV_DW;
    const struct pd_instr *image = dw ? call->src_instr[1] : call->instr, *other = call->src_instr[0];
    const int64_t *w = dw ? call->instr->shape.dim : call->src_instr[1]->shape.dim;
    const bool taps = w[2] == w[3] && ((w[2] == 4 && g.stride == 2) || (w[2] == 3 && g.stride == 1));
    return image->layout == PD_LAYOUT_BLOCKED && other->layout == PD_LAYOUT_BLOCKED && taps && enough(g.c) &&
           enough(g.o) && g.images * g.tiles >= MIN_TILES;
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
    const bool dx = call->instr->op == PD_OP_CONV_DX, dw = call->instr->op == PD_OP_CONV_DW;
    const int64_t m = dw ? o : rows, k = dw ? rows : dx ? o : depth, columns = dx || dw ? depth : o;
    const_dnnl_memory_desc_t md[] = {[LEFT] = md_matrices(b, n, m, k, dw),
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
    const bool dw = call->instr->op == PD_OP_CONV_DW;
    struct chain *c = chain_create(b, call);
    if (!c || !add_product(b, c, call, &g, false) ||
        (dw && g.chunk < g.images && !add_product(b, c, call, &g, true)))
        return onednn_fail(call, err);
    call->kernel = dw ? taps_kernel : images_kernel;
    return PD_OK;
}
