/* Convolutions: cuDNN's. Of the algorithms that it thinks of, the first that makes the same bits on every
 * run. In bf16 both sides are rounded into scratch before, and the result comes back from there. */
#include "backend/cuda/cuda.h"

#include "base/mem.h"

enum { ALGORITHMS = 16 };
#define WORKSPACE ((size_t)1 << 30) /* at most, for one convolution */

/* What is x, w, y of the call's two sources and its result. */
enum part { X, W, Y, PARTS };
static const enum part roles[3][PARTS] = {
    {X, W, Y}, {Y, W, X}, {X, Y, W}}; /* conv, conv-dx, conv-dw: (src, src, dst) */

/* What is permitted, by precision: in fp32 products and sums in float alone. */
static const unsigned maths[] = {DNN_MATH_FP32, DNN_MATH_USUAL, DNN_MATH_USUAL};

struct cuda_conv {
    int which; /* 0: conv, 1: conv-dx, 2: conv-dw */
    struct cudnnTensorStruct *x, *y;
    struct cudnnFilterStruct *w;
    struct cudnnConvolutionStruct *conv;
    unsigned algo;
    size_t workspace, at; /* bytes, and where in the scratch */
};

void cuda_conv_destroy(const struct cuda *b, struct cuda_conv *c)
{
    if (!c)
        return;
    if (c->conv)
        b->api.cudnnDestroyConvolutionDescriptor(c->conv);
    if (c->w)
        b->api.cudnnDestroyFilterDescriptor(c->w);
    if (c->y)
        b->api.cudnnDestroyTensorDescriptor(c->y);
    if (c->x)
        b->api.cudnnDestroyTensorDescriptor(c->x);
    pd_free(c);
}

/* --- running --- */

static unsigned convolve(const struct cuda *b, const struct cuda_conv *c, const void *first,
                         const void *second, void *dst, void *workspace)
{
    static const float one = 1, zero = 0;
    const struct cuda_api *api = &b->api;
    if (c->which == 0)
        return api->cudnnConvolutionForward(b->dnn, &one, c->x, first, c->w, second, c->conv, c->algo,
                                            workspace, c->workspace, &zero, c->y, dst);
    if (c->which == 1)
        return api->cudnnConvolutionBackwardData(b->dnn, &one, c->w, second, c->y, first, c->conv, c->algo,
                                                 workspace, c->workspace, &zero, c->x, dst);
    return api->cudnnConvolutionBackwardFilter(b->dnn, &one, c->x, first, c->y, second, c->conv, c->algo,
                                               workspace, c->workspace, &zero, c->w, dst);
}

/* With launches (bf16): the sources' before, the result's after. */
static void run_conv(const struct pd_call *call, const struct pd_run *run)
{
    const struct cuda_call *c = call->context;
    struct cuda *b = c->backend;
    char *scratch = run->scratch;
    const void *src[2] = {call->src[0], call->src[1]};
    void *dst = call->dst;
    for (int k = 0; k < 2 && c->n; k++) {
        cuda_run_launch(&c->launch[k], b, run);
        src[k] = scratch + (uintptr_t)c->launch[k].args.dst;
    }
    if (c->n)
        dst = scratch + (uintptr_t)c->launch[2].args.src[0];
    if (!*run->failure)
        cuda_note(b, run, CUDA_CUDNN, convolve(b, c->conv, src[0], src[1], dst, scratch + c->conv->at));
    if (c->n && !*run->failure)
        cuda_run_launch(&c->launch[2], b, run);
}

/* --- preparing --- */

static unsigned describe(const struct cuda *b, struct cuda_conv *c, const struct pd_call *call)
{
    const struct cuda_api *api = &b->api;
    const struct pd_instr *in = call->instr, *all[] = {call->src_instr[0], call->src_instr[1], in};
    const unsigned type = b->precision == PD_BF16 ? DNN_BF16 : DNN_FLOAT;
    int d[PARTS][4];
    for (int k = 0; k < PARTS; k++)
        for (int i = 0; i < 4; i++)
            d[roles[c->which][k]][i] = (int)all[k]->shape.dim[i];
    unsigned result = api->cudnnCreateTensorDescriptor(&c->x);
    if (!result)
        result = api->cudnnCreateTensorDescriptor(&c->y);
    if (!result)
        result = api->cudnnCreateFilterDescriptor(&c->w);
    if (!result)
        result = api->cudnnCreateConvolutionDescriptor(&c->conv);
    if (!result)
        result = api->cudnnSetTensor4dDescriptor(c->x, DNN_NCHW, type, d[X][0], d[X][1], d[X][2], d[X][3]);
    if (!result)
        result = api->cudnnSetTensor4dDescriptor(c->y, DNN_NCHW, type, d[Y][0], d[Y][1], d[Y][2], d[Y][3]);
    if (!result)
        result = api->cudnnSetFilter4dDescriptor(c->w, type, DNN_NCHW, d[W][0], d[W][1], d[W][2], d[W][3]);
    if (!result)
        result = api->cudnnSetConvolution2dDescriptor(c->conv, (int)in->attr.pad_h, (int)in->attr.pad_w,
                                                      (int)in->attr.stride, (int)in->attr.stride, 1, 1,
                                                      DNN_CROSS_CORRELATION, DNN_FLOAT);
    return result ? result : api->cudnnSetConvolutionMathType(c->conv, maths[b->precision]);
}

static unsigned ask(const struct cuda *b, const struct cuda_conv *c, int *count, struct cuda_dnn_perf *found)
{
    const struct cuda_api *api = &b->api;
    if (c->which == 0)
        return api->cudnnGetConvolutionForwardAlgorithm_v7(b->dnn, c->x, c->w, c->conv, c->y, ALGORITHMS,
                                                           count, found);
    if (c->which == 1)
        return api->cudnnGetConvolutionBackwardDataAlgorithm_v7(b->dnn, c->w, c->y, c->conv, c->x, ALGORITHMS,
                                                                count, found);
    return api->cudnnGetConvolutionBackwardFilterAlgorithm_v7(b->dnn, c->x, c->y, c->conv, c->w, ALGORITHMS,
                                                              count, found);
}

/* What the algorithm needs in the descriptor's kind of arithmetic. Not 0: it cannot. */
static unsigned measure(const struct cuda *b, struct cuda_conv *c)
{
    const struct cuda_api *api = &b->api;
    if (c->which == 0)
        return api->cudnnGetConvolutionForwardWorkspaceSize(b->dnn, c->x, c->w, c->conv, c->y, c->algo,
                                                            &c->workspace);
    if (c->which == 1)
        return api->cudnnGetConvolutionBackwardDataWorkspaceSize(b->dnn, c->w, c->y, c->conv, c->x, c->algo,
                                                                 &c->workspace);
    return api->cudnnGetConvolutionBackwardFilterWorkspaceSize(b->dnn, c->x, c->y, c->conv, c->w, c->algo,
                                                               &c->workspace);
}

/* In fp32 whatever it thinks of is held to FMA: it answers for other kinds of arithmetic than the one that it
 * was asked for, too. */
static bool suits(const struct cuda *b, struct cuda_conv *c, const struct cuda_dnn_perf *f)
{
    const unsigned math = b->precision == PD_FP32 ? DNN_MATH_FP32 : f->math;
    c->algo = f->algo;
    return !f->status && f->determinism == DNN_DETERMINISTIC &&
           !b->api.cudnnSetConvolutionMathType(c->conv, math) && !measure(b, c) && c->workspace <= WORKSPACE;
}

static unsigned choose(const struct cuda *b, struct cuda_conv *c)
{
    struct cuda_dnn_perf found[ALGORITHMS + 1];
    int count = 0;
    const unsigned result = ask(b, c, &count, found);
    if (result)
        return result;
    found[count++] = (struct cuda_dnn_perf){
        .algo = DNN_ALGO_PLAIN, .determinism = DNN_DETERMINISTIC, .math = maths[b->precision]};
    for (int i = 0; i < count; i++)
        if (suits(b, c, &found[i]))
            return 0;
    return DNN_NOT_SUPPORTED;
}

/* bf16: where the three lie in scratch, and the launches that round them. */
static void round_parts(struct pd_call *call)
{
    const struct pd_instr *all[] = {call->src_instr[0], call->src_instr[1], call->instr};
    for (int k = 0; k < 3; k++) {
        const int count = (int)pd_shape_count(all[k]->shape);
        void *rounded = cuda_scratch_take(call, (size_t)count * sizeof(uint16_t));
        struct cuda_launch *l =
            cuda_launch_add(call, k < 2 ? CUDA_to_bf16 : CUDA_from_bf16, cuda_blocks(count));
        l->args.n[0] = count;
        l->args.src[0] = k < 2 ? call->src[k] : rounded;
        l->args.dst = k < 2 ? rounded : call->dst;
        l->scratch = k < 2 ? CUDA_SCRATCH_DST : CUDA_SCRATCH_SRC(0);
    }
}

enum pd_status cuda_prepare_conv(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    char shape[96];
    struct cuda_call *c = call->context;
    const enum pd_op op = call->instr->op;
    c->conv = pd_calloc(1, sizeof *c->conv);
    if (!c->conv)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a convolution");
    c->conv->which = op == PD_OP_CONV ? 0 : op == PD_OP_CONV_DX ? 1 : 2;
    unsigned result = describe(b, c->conv, call);
    if (!result)
        result = choose(b, c->conv);
    if (result)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: cuDNN, %s making %s: %s", b->where, pd_op_name(op),
                       pd_shape_text(call->instr->shape, shape), b->api.cudnnGetErrorString(result));
    if (b->precision == PD_BF16)
        round_parts(call);
    c->conv->at = (size_t)(uintptr_t)cuda_scratch_take(call, c->conv->workspace);
    call->kernel = run_conv;
    return PD_OK;
}
