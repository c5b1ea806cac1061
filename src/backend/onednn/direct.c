/* Convolutions of few channels. oneDNN's kernels put channels side by side and pad them to a block, so that 6
 * channels cost as much as 16. Here images lie side by side, sixteen of them: a vector holds one pixel of one
 * channel of all sixteen, whatever the number of channels. */
#include "backend/onednn/onednn.h"

struct direct {
    int64_t groups, reduced, made; /* groups of images; channels that are summed over, and made */
    int64_t kernel[2], stride, pad, src_size[2], dst_size[2];
    bool transposed; /* the gradient by the images */
    float slope;
    const float *src, *bias;
    const float *packed; /* weights (tile, reduced, kh, kw, TILE) */
    float *dst;
};

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- images: the convolution, and its gradient by the images --- */

#define TILE                                                                                                 \
    6 /* channels made at a time: their sums stay in registers, of which AVX2 has 16 of 8 numbers            \
       */

/* Along one axis: the taps that meet in a place, and the source places that they read. */
struct taps {
    int64_t first, step, count, src, src_step;
};

static inline struct taps taps_of(const struct direct *d, int axis, int64_t at)
{
    const int64_t kernel = d->kernel[axis], size = d->src_size[axis], stride = d->stride;
    if (!d->transposed) {
        const int64_t from = at * stride - d->pad, first = most(0, -from);
        return (struct taps){first, 1, most(0, least(kernel, size - from) - first), from + first, 1};
    }
    const int64_t beyond = most(0, (at + d->pad) / stride - size + 1),
                  first = (at + d->pad) % stride + beyond * stride, src = (at + d->pad) / stride - beyond;
    return (struct taps){first, stride, first < kernel ? least((kernel - 1 - first) / stride, src) + 1 : 0,
                         src, -1};
}

static inline int64_t tiles_of(int64_t channels)
{
    return (channels + TILE - 1) / TILE;
}

/* The first channel of a tile: tiles are equal but for one channel. */
static inline int64_t tile_begin(int64_t channels, int64_t tile)
{
    return channels * tile / tiles_of(channels);
}

/* --- weights --- */

#define ROWS 3  /* channels of dy at a time, and */
#define COLS 2  /* neighbouring taps: again six sums */
#define BAND 64 /* places that stay in the first-level cache while all taps pass over them */

/* The gradient by the filters from some channels of dy to one channel of x, lane by lane. */
struct filters {
    const struct direct *d;
    const float *x, *dy; /* the planes of one group */
    int64_t y_from, y_to, u_from, u_to;
    float *sum; /* (kh, kw, ROWS, lanes) */
};

/* Places of a row of dy where `cols` taps from v on all meet the image. */
struct range {
    int64_t from, to;
};

static inline struct range places_of(const struct direct *d, int64_t v, int cols)
{
    const int64_t last = d->src_size[1] - cols + d->pad - v;
    return (struct range){most(0, (d->pad - v + d->stride - 1) / d->stride),
                          last < 0 ? 0 : least(d->dst_size[1], last / d->stride + 1)};
}

/* --- the inner loops, for each instruction set --- */

struct loops {
    void (*make_row)(const struct direct *d, int64_t group, int64_t y);
    void (*add_band)(const struct filters *f, int rows);
};

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#define ISA(name) name##_any
#define LANES     4
#define KEEP(v)
#include "backend/onednn/direct.inc"

#if defined(__x86_64__) && !defined(__clang__) /* target_clones would split the vectors before it clones */
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#define ISA(name) name##_v3
#define LANES     8
#define KEEP(v)   __asm__("" : "+x"(v)) /* or GCC loads a shared operand anew for every product */
#include "backend/onednn/direct.inc"
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4")
#define ISA(name) name##_v4
#define LANES     16
#define KEEP(v)   __asm__("" : "+v"(v))
#include "backend/onednn/direct.inc"
#pragma GCC pop_options

static struct loops loops_of_machine(void)
{
    if (__builtin_cpu_supports("x86-64-v4"))
        return (struct loops){make_row_v4, add_band_v4};
    if (__builtin_cpu_supports("x86-64-v3"))
        return (struct loops){make_row_v3, add_band_v3};
    return (struct loops){make_row_any, add_band_any};
}
#else
static struct loops loops_of_machine(void)
{
    return (struct loops){make_row_any, add_band_any};
}
#endif

/* --- kernels --- */

static struct direct direct_of(const struct pd_call *call, const struct pd_instr *src, struct pd_shape w,
                               const struct pd_instr *dst)
{
    const int64_t *x = src->shape.dim, *y = dst->shape.dim;
    return (struct direct){.groups = x[0] / PD_GROUP,
                           .reduced = x[1],
                           .made = y[1],
                           .kernel = {w.dim[2], w.dim[3]},
                           .stride = call->instr->attr.i[0],
                           .pad = call->instr->attr.i[1],
                           .src_size = {x[2], x[3]},
                           .dst_size = {y[2], y[3]},
                           .transposed = call->instr->op == PD_OP_CONV_DX,
                           .slope = call->instr->op == PD_OP_CONV ? (float)call->instr->attr.f[0] : 1,
                           .src = call->src[0],
                           .dst = call->dst};
}

/* w (O, C, kh, kw): what is made comes from O, or, transposed, from C. */
static void pack(const struct direct *d, const float *w, float *packed)
{
    const int64_t taps = d->kernel[0] * d->kernel[1];
    const int64_t by_made = d->transposed ? taps : d->reduced * taps,
                  by_reduced = d->transposed ? d->made * taps : taps;
    for (int64_t t = 0; t < tiles_of(d->made); t++)
        for (int64_t i = 0; i < d->reduced * taps; i++, packed += TILE)
            for (int64_t k = tile_begin(d->made, t), l = 0; k < tile_begin(d->made, t + 1); k++, l++)
                packed[l] = w[k * by_made + i / taps * by_reduced + i % taps];
}

static void images_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct loops loops = loops_of_machine();
    struct direct d = direct_of(call, call->src_instr[0], call->src_instr[1]->shape, call->instr);
    d.bias = call->instr->n_src == 3 ? call->src[2] : NULL;
    d.packed = run->scratch;
    pack(&d, call->src[1], run->scratch);
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t g = 0; g < d.groups; g++)
        for (int64_t y = 0; y < d.dst_size[0]; y++)
            loops.make_row(&d, g, y);
}

enum pd_status prepare_direct(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    const int64_t *w = call->src_instr[1]->shape.dim, reduced = call->src_instr[0]->shape.dim[1],
                  made = call->instr->shape.dim[1];
    scratch_take(call, (size_t)(tiles_of(made) * TILE * reduced * w[2] * w[3]) * sizeof(float));
    call->kernel = images_kernel;
    return PD_OK;
}

/* dw (O, C, kh, kw) of `rows` filters from `first` on by channel c of x, taps u_from <= u < u_to. */
static void make_filters(const struct direct *d, const float *dy, int64_t first, int rows, int64_t c,
                         int64_t u_from, int64_t u_to)
{
    const struct loops loops = loops_of_machine();
    const int64_t area = d->dst_size[0] * d->dst_size[1] * PD_GROUP,
                  plane = d->src_size[0] * d->src_size[1] * PD_GROUP, wide = d->kernel[1],
                  band = most(1, BAND / d->dst_size[1]);
    _Alignas(64) float sum[PD_DIRECT_TAPS][ROWS][PD_GROUP] = {0};
    struct filters f = {.d = d, .u_from = u_from, .u_to = u_to, .sum = &sum[0][0][0]};
    for (int64_t g = 0; g < d->groups; g++) {
        f.x = d->src + (g * d->reduced + c) * plane;
        f.dy = dy + (g * d->made + first) * area;
        for (int64_t y = 0; y < d->dst_size[0]; y += band) {
            f.y_from = y;
            f.y_to = least(d->dst_size[0], y + band);
            loops.add_band(&f, rows);
        }
    }
    for (int k = 0; k < rows; k++)
        for (int64_t t = u_from * wide; t < u_to * wide; t++) {
            double total = 0;
            for (int l = 0; l < PD_GROUP; l++)
                total += (double)sum[t][k][l];
            d->dst[((first + k) * d->reduced + c) * d->kernel[0] * wide + t] = (float)total;
        }
}

/* Threads own filters, or, where those are few, rows of filters: sums have one order on any number of them.
 */
static void filters_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct direct d = direct_of(call, call->src_instr[0], call->instr->shape, call->src_instr[1]);
    const int64_t tiles = (d.made + ROWS - 1) / ROWS,
                  height = tiles * d.reduced < run->backend->threads ? 1 : d.kernel[0];
#pragma omp parallel for collapse(3) schedule(static)
    for (int64_t t = 0; t < tiles; t++)
        for (int64_t c = 0; c < d.reduced; c++)
            for (int64_t u = 0; u < d.kernel[0]; u += height)
                make_filters(&d, call->src[1], t * ROWS, (int)least(ROWS, d.made - t * ROWS), c, u,
                             u + height);
}

enum pd_status prepare_direct_dw(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = filters_kernel;
    return PD_OK;
}
