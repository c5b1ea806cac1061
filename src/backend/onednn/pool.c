/* Pooling; where windows of 2x2 lie side by side, the largest (oneDNN 2 has no kernel for AVX2 where channels
 * are not in blocks: LeNet's six) and its gradient (oneDNN's would have the forward pass keep where the
 * largest lay); and images put behind one another by channel. */
#include "backend/onednn/onednn.h"

#include <string.h>

/* g, or 0: by its bits, because processors guess the way of a branch here half of the time wrongly. */
PD_INLINE float keep(float g, int yes)
{
    union {
        float number;
        uint32_t bits;
    } kept = {g};
    kept.bits &= -(uint32_t)yes;
    return kept.number;
}

/* The first largest of a window, two numbers of a row and two of the row below it, has the window's gradient.
 */
PD_INLINE void window_bwd(const float *x, const float *below, int64_t next, float g, float *dx,
                          float *dx_below)
{
    const float a = x[0], b = x[next], c = below[0], d = below[next];
    const int right = b > a, right_below = d > c, down = (d > c ? d : c) > (b > a ? b : a);
    const float here = keep(g, !down), there = keep(g, down);
    dx[0] = keep(here, !right);
    dx[next] = keep(here, right);
    dx_below[0] = keep(there, !right_below);
    dx_below[next] = keep(there, right_below);
}

/* Rows of `out` windows; lanes: channels side by side. */
PD_CLONES static void rows_bwd(int64_t rows, int64_t out, int64_t lanes, const float *x, const float *dy,
                               float *dx)
{
    const int64_t row = 2 * out * lanes;
    for (int64_t r = 0; r < rows; r++, x += 2 * row, dx += 2 * row, dy += out * lanes) {
        const float *below = x + row;
        float *dx_below = dx + row;
        if (lanes == 1) {
            PD_INDEPENDENT for (int64_t j = 0; j < out; j++)
                window_bwd(x + 2 * j, below + 2 * j, 1, dy[j], dx + 2 * j, dx_below + 2 * j);
            continue;
        }
        for (int64_t j = 0; j < out; j++) {
            const int64_t at = 2 * j * lanes;
            PD_INDEPENDENT for (int64_t l = at; l < at + lanes; l++)
                window_bwd(x + l, below + l, lanes, dy[l - j * lanes], dx + l, dx_below + l);
        }
    }
}

PD_INLINE float larger(float a, float b)
{
    return b > a ? b : a;
}

PD_CLONES static void rows_fwd(int64_t rows, int64_t out, int64_t lanes, const float *x, float *y)
{
    const int64_t row = 2 * out * lanes;
    for (int64_t r = 0; r < rows; r++, x += 2 * row, y += out * lanes) {
        const float *below = x + row;
        if (lanes == 1) {
            PD_INDEPENDENT for (int64_t j = 0; j < out; j++) y[j] =
                larger(larger(x[2 * j], x[2 * j + 1]), larger(below[2 * j], below[2 * j + 1]));
            continue;
        }
        for (int64_t j = 0; j < out; j++) {
            const int64_t at = 2 * j * lanes;
            PD_INDEPENDENT for (int64_t l = at; l < at + lanes; l++) y[l - j * lanes] =
                larger(larger(x[l], x[l + lanes]), larger(below[l], below[l + lanes]));
        }
    }
}

/* Images by channel, or by block of channels: of `rows` rows of `out` windows, `lanes` channels side by side.
 */
struct planes {
    int64_t count, rows, out, lanes, windows; /* windows: numbers of a plane where each window is one */
};

static struct planes planes_of(const struct pd_call *call, const struct pd_instr *small)
{
    const struct onednn *b = call->context;
    const int64_t *d = small->shape.dim, lanes = small->layout == PD_LAYOUT_BLOCKED ? b->base.block : 1;
    return (struct planes){d[0] * d[1] / lanes, d[2], d[3], lanes, d[2] * d[3] * lanes};
}

static void max_pool_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct planes y = planes_of(call, call->instr);
    (void)run;
#pragma omp parallel for schedule(static) if (4 * y.count * y.windows > PD_PARALLEL_MIN)
    for (int64_t p = 0; p < y.count; p++)
        rows_fwd(y.rows, y.out, y.lanes, (const float *)call->src[0] + 4 * p * y.windows,
                 (float *)call->dst + p * y.windows);
}

static void max_pool_bwd_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct planes dy = planes_of(call, call->src_instr[1]);
    (void)run;
#pragma omp parallel for schedule(static) if (4 * dy.count * dy.windows > PD_PARALLEL_MIN)
    for (int64_t p = 0; p < dy.count; p++)
        rows_bwd(dy.rows, dy.out, dy.lanes, (const float *)call->src[0] + 4 * p * dy.windows,
                 (const float *)call->src[1] + p * dy.windows, (float *)call->dst + 4 * p * dy.windows);
}

static bool side_by_side(const struct pd_attr *a, struct pd_shape x)
{
    return a->window == 2 && a->stride == 2 && !a->pad_h && x.dim[2] % 2 == 0 && x.dim[3] % 2 == 0;
}

enum pd_status prepare_pool(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr, *x = call->src_instr[0];
    const struct pd_attr *attr = &in->attr;
    const bool max = in->op == PD_OP_MAX_POOL;
    if (max && side_by_side(attr, x->shape)) {
        call->kernel = max_pool_kernel;
        call->context = b;
        return PD_OK;
    }
    struct pool_args a = {.x = md_of(b, x), .y = md_of(b, in)};
    for (int i = 0; i < 2; i++) { /* padding is the same on all sides: graph.h has it so */
        a.window[i] = attr->window;
        a.strides[i] = attr->stride;
        a.pads[i] = a.pads_end[i] = attr->pad_h;
    }
    dnnl_primitive_desc_t pd = pool_pd(b, &a, max ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding);
    struct chain *c = chain_create(b, call);
    struct chain_step *s = chain_add(c, call, pd);
    if (!s)
        return onednn_fail(call, err);
    chain_bind(c, s, DNNL_ARG_SRC, a.x, call->src[0]);
    chain_bind(c, s, DNNL_ARG_DST, a.y, call->dst);
    return PD_OK;
}

bool wants_max_pool_bwd(const struct pd_instr *in)
{
    return side_by_side(&in->attr, in->shape);
}

enum pd_status prepare_max_pool_bwd(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)err;
    if (wants_max_pool_bwd(call->instr)) { /* others fall back */
        call->kernel = max_pool_bwd_kernel;
        call->context = b;
    }
    return PD_OK;
}

/* Of whole blocks of channels, and of plain images alike: an image's bytes of both sources in turn. */
static void channels_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const int64_t images = call->instr->shape.dim[0];
    const size_t all = (size_t)(pd_shape_count(call->instr->shape) / images) * sizeof(float),
                 first = (size_t)(pd_shape_count(call->src_instr[0]->shape) / images) * sizeof(float);
    const char *a = call->src[0], *b = call->src[1];
    char *dst = call->dst;
    (void)run;
#pragma omp parallel for schedule(static) if (images * (int64_t)all > PD_PARALLEL_MIN)
    for (int64_t i = 0; i < images; i++) {
        memcpy(dst + (size_t)i * all, a + (size_t)i * first, first);
        memcpy(dst + (size_t)i * all + first, b + (size_t)i * (all - first), all - first);
    }
}

enum pd_status prepare_concat(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    if (call->instr->attr.axis == 1) /* others fall back */
        call->kernel = channels_kernel;
    return PD_OK;
}
