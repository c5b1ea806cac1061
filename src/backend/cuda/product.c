/* Products of matrices: cuBLASLt's. It counts columns first; a row-major matrix is to it the transposed one,
 * and so y = a b is y' = b' a'. */
#include "backend/cuda/cuda.h"

#include "base/mem.h"

#include <math.h>

#define WORKSPACE ((size_t)32 << 20) /* at most, for one product */

struct cuda_product {
    PD_LT_DESC desc;
    PD_LT_LAYOUT a;
    PD_LT_LAYOUT b;
    PD_LT_LAYOUT y;
    PD_LT_ALGO algo;
    size_t workspace;
    float beta; /* 1: onto what lies there */
};

void cuda_product_destroy(const struct cuda *b, struct cuda_product *p)
{
    if (!p)
        return;
    if (p->y)
        b->api.cublasLtMatrixLayoutDestroy(p->y);
    if (p->b)
        b->api.cublasLtMatrixLayoutDestroy(p->b);
    if (p->a)
        b->api.cublasLtMatrixLayoutDestroy(p->a);
    if (p->desc)
        b->api.cublasLtMatmulDescDestroy(p->desc);
    pd_free(p);
}

static void run_product(const struct pd_call *call, const struct pd_run *run)
{
    static const float one = 1;
    const struct cuda_call *c = call->context;
    const struct cuda_product *p = c->product;
    struct cuda *b = c->backend;
    cuda_run_launches(call, run); /* a bias that lies there before */
    cuda_note(b, run, CUDA_CUBLASLT,
              b->api.cublasLtMatmul(b->lt, p->desc, &one, call->src[1], p->b, call->src[0], p->a, &p->beta,
                                    call->dst, p->y, call->dst, p->y, &p->algo, run->scratch, p->workspace,
                                    b->stream));
}

/* Rows and columns of a row-major matrix. */
static unsigned describe(const struct cuda *b, PD_LT_LAYOUT *layout, struct pd_shape s)
{
    return b->api.cublasLtMatrixLayoutCreate(layout, LT_FLOAT, (uint64_t)s.dim[1], (uint64_t)s.dim[0],
                                             s.dim[1]);
}

static unsigned set(const struct cuda *b, PD_LT_DESC desc, unsigned attribute, int value)
{
    return b->api.cublasLtMatmulDescSetAttribute(desc, attribute, &value, sizeof value);
}

static bool has_bias(const struct pd_instr *in)
{
    return in->n_src == 3 && in->attr.accumulates != 1;
}

static unsigned describe_all(const struct cuda *b, struct cuda_product *p, const struct pd_call *call)
{
    static const unsigned compute[] = {LT_COMPUTE_FP32, LT_COMPUTE_TF32, LT_COMPUTE_BF16};
    const struct pd_instr *in = call->instr;
    p->beta = in->n_src == 3 && in->attr.accumulates == 1 ? 1 : 0;
    unsigned result = b->api.cublasLtMatmulDescCreate(&p->desc, compute[b->precision], LT_FLOAT);
    if (!result)
        result = set(b, p->desc, LT_DESC_TRANSA, (int)in->attr.transpose_b);
    if (!result)
        result = set(b, p->desc, LT_DESC_TRANSB, (int)in->attr.transpose_a);
    if (!result && has_bias(in))
        result = set(b, p->desc, LT_DESC_EPILOGUE, LT_EPILOGUE_BIAS);
    if (!result && has_bias(in))
        result =
            b->api.cublasLtMatmulDescSetAttribute(p->desc, LT_DESC_BIAS, &call->src[2], sizeof call->src[2]);
    if (!result)
        result = describe(b, &p->a, call->src_instr[0]->shape);
    if (!result)
        result = describe(b, &p->b, call->src_instr[1]->shape);
    return result ? result : describe(b, &p->y, in->shape);
}

/* The first that it thinks of: a measured choice could be another one on the next run, and other bits. */
static unsigned choose(const struct cuda *b, struct cuda_product *p)
{
    static const uint32_t alignment = 64; /* of what the engine lays out */
    PD_LT_PREFERENCE wish = NULL;
    struct cuda_lt_result found = {.state = 0};
    int count = 0;
    unsigned result = b->api.cublasLtMatmulPreferenceCreate(&wish);
    if (result)
        return result;
    const size_t most = WORKSPACE;
    result = b->api.cublasLtMatmulPreferenceSetAttribute(wish, LT_PREFERENCE_WORKSPACE, &most, sizeof most);
    for (unsigned at = LT_PREFERENCE_ALIGN_A; at <= LT_PREFERENCE_ALIGN_D && !result; at++)
        result = b->api.cublasLtMatmulPreferenceSetAttribute(wish, at, &alignment, sizeof alignment);
    if (!result)
        result = b->api.cublasLtMatmulAlgoGetHeuristic(b->lt, p->desc, p->b, p->a, p->y, p->y, wish, 1,
                                                       &found, &count);
    b->api.cublasLtMatmulPreferenceDestroy(wish);
    p->algo = found.algo;
    p->workspace = found.workspace;
    return result ? result : count < 1 ? LT_NOT_SUPPORTED : found.state;
}

/* Where it has no algorithm that adds a bias on the way, as may be for a single column: the bias goes into
 * every row of the result before, and the product onto that. */
static unsigned put_bias_before(const struct cuda *b, struct pd_call *call, struct cuda_product *p)
{
    const unsigned result = set(b, p->desc, LT_DESC_EPILOGUE, LT_EPILOGUE_NONE);
    const int64_t count = pd_shape_count(call->instr->shape);
    struct cuda_args *a = &cuda_launch_add(call, CUDA_slice, cuda_blocks(count))->args;
    a->src[0] = call->src[2];
    a->n[0] = (int)count;
    a->n[1] = (int)call->instr->shape.dim[1];
    p->beta = 1;
    return result ? result : choose(b, p);
}

enum pd_status cuda_prepare_product(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    char shape[96];
    struct cuda_call *c = call->context;
    c->product = pd_calloc(1, sizeof *c->product);
    if (!c->product)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a product");
    unsigned result = describe_all(b, c->product, call);
    if (!result)
        result = choose(b, c->product);
    if (result && has_bias(call->instr) && c->product->y)
        result = put_bias_before(b, call, c->product);
    if (result)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: cuBLASLt, a product making %s: %s", b->where,
                       pd_shape_text(call->instr->shape, shape), b->api.cublasLtGetStatusString(result));
    cuda_scratch_take(call, c->product->workspace);
    call->kernel = run_product;
    return PD_OK;
}
