/* The three convolutions. Weights lie plain in their variables, and so do images whose channels fill no
 * block; each call brings them into its kernel's layout and back, which costs little beside the work (one
 * pass over the numbers against channels times taps multiply-adds for each). */
#include "backend/onednn/onednn.h"

#include <string.h>

/* Blocked images are taken as they lie; for plain ones the kernel may choose. */
static const_dnnl_memory_desc_t image_md(struct onednn *b, const struct pd_instr *in)
{
    return in->layout == PD_LAYOUT_BLOCKED ? md_of(b, in) : md_any(b, in->shape);
}

/* How much padding the far edge needs for (y - 1) * stride + k = x + pad + end; oneDNN wants it exact. */
static struct conv_args args_of(struct onednn *b, const struct pd_call *call, const struct pd_instr *x,
                                struct pd_shape w, const struct pd_instr *y)
{
    const struct pd_attr *attr = &call->instr->attr;
    const int64_t stride = attr->stride, pad[] = {attr->pad_h, attr->pad_w};
    struct conv_args a = {.x = image_md(b, x), .w = md_any(b, w), .y = image_md(b, y)};
    for (int i = 0; i < 2; i++) {
        a.strides[i] = stride;
        a.pads[i] = pad[i];
        a.pads_end[i] = (y->shape.dim[2 + i] - 1) * stride + w.dim[2 + i] - x->shape.dim[2 + i] - pad[i];
    }
    return a;
}

/* What a primitive reads or makes, as it lies in memory; data NULL: in the run's scratch, as the kernel likes
 * it. */
struct operand {
    int arg;
    const_dnnl_memory_desc_t lies;
    const void *data;
    bool result;
};

/* Reorders before, the primitive, reorders after. Takes pd over. */
static enum pd_status add_operands(struct onednn *b, struct pd_call *call, dnnl_primitive_desc_t pd,
                                   const struct operand *o, int n, struct pd_error *err)
{
    const_dnnl_memory_desc_t md[CHAIN_ARGS];
    int64_t scratch[CHAIN_ARGS];
    struct chain *c = chain_create(b, call);
    bool ok = c && pd;
    for (int i = 0; i < n && ok; i++) {
        md[i] = md_wanted(b, pd, o[i].arg);
        bool straight = o[i].data && dnnl_memory_desc_equal(o[i].lies, md[i]);
        scratch[i] = straight ? -1 : scratch_take(call, dnnl_memory_desc_get_size(md[i]));
        if (!straight && !o[i].result)
            ok = chain_reorder(c, call, o[i].lies, o[i].data, -1, md[i], NULL, scratch[i]);
    }
    struct chain_step *s = chain_add(ok ? c : NULL, call, pd);
    ok = ok && s;
    for (int i = 0; i < n && ok; i++)
        if (scratch[i] < 0)
            chain_bind(c, s, o[i].arg, md[i], o[i].data);
        else
            chain_bind_scratch(c, s, o[i].arg, md[i], scratch[i]);
    for (int i = 0; i < n && ok; i++)
        if (o[i].result && o[i].data && scratch[i] >= 0)
            ok = chain_reorder(c, call, md[i], NULL, scratch[i], o[i].lies, (void *)(uintptr_t)o[i].data, -1);
    return ok ? PD_OK : onednn_fail(call, err);
}

static enum pd_status prepare_forward(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr, *x = call->src_instr[0], *w = call->src_instr[1];
    struct conv_args a = args_of(b, call, x, w->shape, in);
    bool bias = in->n_src == 3;
    if (bias)
        a.bias = md_plain(b, pd_shape1(in->shape.dim[1]));
    dnnl_primitive_attr_t attr = attr_create(false, in->attr.slope);
    dnnl_primitive_desc_t pd = attr ? conv_pd(b, &a, attr) : NULL;
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    const struct operand o[] = {{DNNL_ARG_SRC, md_of(b, x), call->src[0], false},
                                {DNNL_ARG_WEIGHTS, md_plain(b, w->shape), call->src[1], false},
                                {DNNL_ARG_DST, md_of(b, in), call->dst, true},
                                {DNNL_ARG_BIAS, a.bias, call->src[2], false}};
    return add_operands(b, call, pd, o, bias ? 4 : 3, err);
}

/* --- the gradient by the images --- */

/* oneDNN has no fast kernel that makes images of 1 or 3 channels. There the work is a 1x1 convolution to
 * C*k*k channels, one for each tap, and a sum over the taps that meet in a pixel. */
struct taps {
    int64_t n, c, h, w, oh, ow, kh, kw, stride, pad_h, pad_w, block;
    const float *cols;
    float *dst;
};

static void sum_taps(const struct taps *t, int64_t n, int64_t c)
{
    int64_t plane = t->oh * t->ow * t->block, blocks = t->c * t->kh * t->kw / t->block;
    float *dst = t->dst + (n * t->c + c) * t->h * t->w;
    memset(dst, 0, (size_t)(t->h * t->w) * sizeof *dst);
    for (int64_t u = 0; u < t->kh; u++)
        for (int64_t v = 0; v < t->kw; v++) {
            int64_t tap = (c * t->kh + u) * t->kw + v;
            const float *src = t->cols + (n * blocks + tap / t->block) * plane + tap % t->block;
            for (int64_t i = 0; i < t->oh; i++) {
                int64_t y = i * t->stride - t->pad_h + u;
                if (y < 0 || y >= t->h)
                    continue;
                for (int64_t j = 0; j < t->ow; j++) {
                    int64_t x = j * t->stride - t->pad_w + v;
                    if (x >= 0 && x < t->w)
                        dst[y * t->w + x] += src[(i * t->ow + j) * t->block];
                }
            }
        }
}

static void taps_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct chain *c = call->context;
    const int64_t *x = call->instr->shape.dim, *w = call->src_instr[1]->shape.dim,
                  *y = call->src_instr[0]->shape.dim;
    chain_run(c, run);
    int last = c->step[c->n - 1].n - 1; /* the 1x1 convolution makes what is bound last */
    struct taps t = {x[0],
                     x[1],
                     x[2],
                     x[3],
                     y[2],
                     y[3],
                     w[2],
                     w[3],
                     call->instr->attr.stride,
                     call->instr->attr.pad_h,
                     call->instr->attr.pad_w,
                     c->backend->base.block,
                     (const float *)((char *)run->scratch + c->step[c->n - 1].scratch[last]),
                     call->dst};
#pragma omp parallel for collapse(2) schedule(static) if (t.n * t.c > 1)
    for (int64_t n = 0; n < t.n; n++)
        for (int64_t ch = 0; ch < t.c; ch++)
            sum_taps(&t, n, ch);
}

static bool wants_taps(const struct onednn *b, const struct pd_call *call)
{
    const struct pd_shape *w = &call->src_instr[1]->shape;
    return call->src_instr[0]->layout == PD_LAYOUT_BLOCKED && call->instr->layout == PD_LAYOUT_PLAIN &&
           w->dim[1] * w->dim[2] * w->dim[3] % b->base.block == 0;
}

static enum pd_status prepare_taps(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    struct pd_shape w = call->src_instr[1]->shape, y = call->src_instr[0]->shape;
    int64_t taps = w.dim[1] * w.dim[2] * w.dim[3];
    struct pd_instr cols = {.shape = pd_shape4(y.dim[0], taps, y.dim[2], y.dim[3]),
                            .layout = PD_LAYOUT_BLOCKED};
    struct conv_args a = {.x = md_of(b, call->src_instr[0]),
                          .w = md_any(b, pd_shape4(taps, w.dim[0], 1, 1)),
                          .y = md_of(b, &cols),
                          .strides = {1, 1}};
    /* Weights: (O, C*k*k) as they lie, read as (C*k*k, O, 1, 1). */
    dnnl_dims_t dims = {taps, w.dim[0], 1, 1}, strides = {1, taps, 1, 1};
    const struct operand o[] = {{DNNL_ARG_SRC, a.x, call->src[0], false},
                                {DNNL_ARG_WEIGHTS, md_strided(b, 4, dims, strides), call->src[1], false},
                                {DNNL_ARG_DST, a.y, NULL, true}};
    dnnl_primitive_desc_t pd = conv_pd(b, &a, b->plain_attr);
    enum pd_status status = add_operands(b, call, pd, o, 3, err);
    call->kernel = taps_kernel;
    return status;
}

static enum pd_status prepare_dx(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr, *dy = call->src_instr[0], *w = call->src_instr[1];
    struct conv_args a = args_of(b, call, in, w->shape, dy);
    dnnl_primitive_desc_t pd = conv_backward_pd(b, &a, dnnl_backward_data);
    const struct operand o[] = {{DNNL_ARG_DIFF_DST, md_of(b, dy), call->src[0], false},
                                {DNNL_ARG_WEIGHTS, md_plain(b, w->shape), call->src[1], false},
                                {DNNL_ARG_DIFF_SRC, md_of(b, in), call->dst, true}};
    return add_operands(b, call, pd, o, 3, err);
}

static enum pd_status prepare_dw(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr, *x = call->src_instr[0], *dy = call->src_instr[1];
    struct conv_args a = args_of(b, call, x, in->shape, dy);
    dnnl_primitive_desc_t pd = conv_backward_pd(b, &a, dnnl_backward_weights);
    const struct operand o[] = {{DNNL_ARG_SRC, md_of(b, x), call->src[0], false},
                                {DNNL_ARG_DIFF_DST, md_of(b, dy), call->src[1], false},
                                {DNNL_ARG_DIFF_WEIGHTS, md_plain(b, in->shape), call->dst, true}};
    return add_operands(b, call, pd, o, 3, err);
}

/* --- which of them --- */

enum pd_status prepare_conv(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const enum pd_op op = call->instr->op;
    if (wants_large_winograd(b, call))
        return prepare_large_winograd(b, call, err);
    if (wants_winograd(b, call))
        return prepare_winograd(b, call, err);
    if (wants_conv_rows(call))
        return prepare_conv_rows(b, call, err);
    if (op == PD_OP_CONV_DX)
        return wants_taps(b, call) ? prepare_taps(b, call, err) : prepare_dx(b, call, err);
    return op == PD_OP_CONV_DW ? prepare_dw(b, call, err) : prepare_forward(b, call, err);
}
