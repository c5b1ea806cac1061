/* Matrix products, and reorders between layouts. */
#include "backend/onednn/onednn.h"

/* (rows, columns) of a matrix that lies row-major, or whose transpose does. */
static const_dnnl_memory_desc_t matrix(struct onednn *b, int64_t rows, int64_t columns, bool transposed)
{
    dnnl_dims_t dims = {rows, columns}, strides = {transposed ? 1 : columns, transposed ? rows : 1};
    return md_strided(b, 2, dims, strides);
}

/* --- large products without a transposed right side --- */

/* oneDNN's sgemm makes weight gradients (K = batch) about 15 % faster than its matmul primitive does, and
 * with an accumulator 25 %; with a transposed right side it is slower by half on two threads. */
static void sgemm_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct pd_instr *in = call->instr;
    const bool ta = in->attr.transpose_a, accumulate = in->n_src == 3;
    const int64_t m = in->shape.dim[0], n = in->shape.dim[1], k = call->src_instr[0]->shape.dim[!ta];
    onednn_check(run, dnnl_sgemm(ta ? 'T' : 'N', 'N', m, n, k, 1, call->src[0], ta ? m : k, call->src[1], n,
                                 accumulate, call->dst, n));
}

#define SGEMM_MIN 0.02 /* GFLOP: below it the packing does not pay */

static bool wants_sgemm(const struct pd_call *call)
{
    const struct pd_instr *in = call->instr;
    const bool bias = in->n_src == 3 && in->attr.accumulates != 1;
    return !in->attr.transpose_b && !bias && in->attr.slope == 1 && call->gflop > SGEMM_MIN;
}

/* --- the rest --- */

enum pd_status prepare_matmul(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr;
    if (wants_sgemm(call)) {
        call->kernel = sgemm_kernel;
        return PD_OK;
    }
    bool ta = in->attr.transpose_a, tb = in->attr.transpose_b, third = in->n_src == 3,
         accumulate = in->attr.accumulates == 1;
    int64_t m = in->shape.dim[0], n = in->shape.dim[1], k = call->src_instr[0]->shape.dim[!ta];
    const_dnnl_memory_desc_t x = matrix(b, m, k, ta), w = matrix(b, k, n, tb), y = matrix(b, m, n, false),
                             bias = third && !accumulate ? matrix(b, 1, n, false) : NULL;
    dnnl_primitive_attr_t attr = attr_create(accumulate, in->attr.slope);
    dnnl_primitive_desc_t pd = attr ? matmul_pd(b, x, w, bias, y, attr) : NULL;
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    struct chain *c = chain_create(b, call);
    struct chain_step *s = chain_add(c, call, pd);
    if (!s)
        return onednn_fail(call, err);
    chain_bind(c, s, DNNL_ARG_SRC, x, call->src[0]);
    chain_bind(c, s, DNNL_ARG_WEIGHTS, w, call->src[1]);
    chain_bind(c, s, DNNL_ARG_DST, y, call->dst);
    if (bias)
        chain_bind(c, s, DNNL_ARG_BIAS, bias, call->src[2]);
    return PD_OK;
}

enum pd_status prepare_reorder(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const_dnnl_memory_desc_t from = md_of(b, call->src_instr[0]), to = md_of(b, call->instr);
    struct chain *c = chain_create(b, call);
    if (!c || !chain_reorder(c, call, from, call->src[0], -1, to, call->dst, -1))
        return onednn_fail(call, err);
    return PD_OK;
}
