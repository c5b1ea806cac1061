/* Constants, random numbers, copies, rows, pooling: one launch each, or two. */
#include "backend/cuda/cuda.h"

static int count_of(const struct pd_instr *in)
{
    return (int)pd_shape_count(in->shape);
}

/* A launch in which each of the result's numbers has a thread; n[0] is how many they are. */
static struct cuda_args *each(struct pd_call *call, enum cuda_kernel kernel)
{
    struct cuda_args *a =
        &cuda_launch_add(call, kernel, cuda_blocks(pd_shape_count(call->instr->shape)))->args;
    a->n[0] = count_of(call->instr);
    return a;
}

enum pd_status cuda_prepare_fill(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    each(call, CUDA_fill)->f[0] = call->instr->attr.value;
    return PD_OK;
}

enum pd_status cuda_prepare_random(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr;
    struct cuda_args *a = each(call, in->op == PD_OP_RANDOM_NORMAL    ? CUDA_random_normal
                                     : in->op == PD_OP_RANDOM_UNIFORM ? CUDA_random_uniform
                                                                      : CUDA_random_class);
    const struct pd_run run = {.backend = &b->base};
    (void)err;
    a->n[3] = (int)(uint32_t)pd_run_first(&run, pd_shape_count(in->shape));
    a->src[0] = (const void *)(uintptr_t)b->step;
    a->n[1] = (int)(uint32_t)in->attr.stream;
    a->n[2] = (int)in->attr.classes;
    return PD_OK;
}

/* --- copies of a whole --- */

static void run_copy(const struct pd_call *call, const struct pd_run *run)
{
    struct cuda *b = ((struct cuda_call *)call->context)->backend;
    const void *from = call->src[call->instr->op == PD_OP_ASSIGN];
    const size_t bytes = (size_t)pd_shape_count(call->instr->shape) * sizeof(float);
    if (from != call->dst)
        cuda_note(b, run, CUDA_DRIVER,
                  b->api.cuMemcpyDtoDAsync_v2(cuda_address(call->dst), cuda_address(from), bytes, b->stream));
}

enum pd_status cuda_prepare_copy(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = run_copy;
    return PD_OK;
}

enum pd_status cuda_prepare_row(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    const int rows = (int)call->instr->shape.dim[0], width = count_of(call->instr) / rows;
    struct cuda_args *a = &cuda_launch_add(call, CUDA_assign_row, cuda_blocks(width))->args;
    (void)err;
    a->src[0] = call->src[1];
    a->src[1] = (const void *)(uintptr_t)b->step;
    a->n[0] = rows;
    a->n[1] = width;
    return PD_OK;
}

/* --- parts --- */

/* Numbers of one step of the axis and of all behind it, as far as the axis goes. */
static int step_of(struct pd_shape s, int64_t axis)
{
    int64_t n = 1;
    for (int64_t i = axis; i < PD_MAX_RANK; i++)
        n *= s.dim[i];
    return (int)n;
}

enum pd_status cuda_prepare_move(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr;
    const int64_t axis = in->attr.axis;
    const int to = step_of(in->shape, axis), from = step_of(call->src_instr[0]->shape, axis);
    (void)b, (void)err;
    struct cuda_args *a = each(call, in->op == PD_OP_CONCAT  ? CUDA_concat
                                     : in->op == PD_OP_SLICE ? CUDA_slice
                                                             : CUDA_pad);
    a->n[1] = in->op == PD_OP_CONCAT ? from : to;
    a->n[2] = in->op == PD_OP_CONCAT ? to : from;
    a->n[3] = (int)in->attr.begin * (to / (int)in->shape.dim[axis]);
    return PD_OK;
}

enum pd_status cuda_prepare_shift(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    struct cuda_args *a = each(call, CUDA_shift);
    (void)b, (void)err;
    for (int i = 1; i < 4; i++)
        a->n[i] = (int)call->instr->shape.dim[i];
    a->n[4] = (int)call->instr->attr.direction;
    return PD_OK;
}

enum pd_status cuda_prepare_pixels(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    struct cuda_args *a = each(call, CUDA_pixels);
    (void)b, (void)err;
    a->n[1] = (int)call->instr->shape.dim[2];
    for (int i = 1; i < 4; i++)
        a->n[1 + i] = (int)call->src_instr[0]->shape.dim[i];
    return PD_OK;
}

/* --- rows --- */

/* The ranks of the scores in the call's second source, as ints in scratch. */
static void *add_ranks(struct pd_call *call)
{
    const int rows = count_of(call->src_instr[1]);
    void *ranks = cuda_scratch_take(call, (size_t)rows * sizeof(int));
    struct cuda_launch *l = cuda_launch_add(call, CUDA_rank, cuda_blocks(rows));
    l->scratch = CUDA_SCRATCH_DST;
    l->args.dst = ranks;
    l->args.src[0] = call->src[1];
    l->args.n[0] = rows;
    return ranks;
}

static void choose_rows(struct pd_call *call)
{
    const struct pd_instr *in = call->instr, *x = call->src_instr[0];
    const bool top = in->op == PD_OP_TOP_ROWS;
    const void *ranks = add_ranks(call);
    struct cuda_launch *l =
        cuda_launch_add(call, top ? CUDA_top_rows : CUDA_spread_rows, count_of(call->src_instr[1]));
    l->scratch = CUDA_SCRATCH_SRC(1);
    l->args.src[1] = ranks;
    l->args.n[0] = (int)in->shape.dim[1];
    l->args.n[1] = (int)(top ? in : x)->shape.dim[0];
}

enum pd_status cuda_prepare_rows(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    if (call->instr->op == PD_OP_ONE_HOT)
        each(call, CUDA_one_hot)->n[1] = (int)call->instr->shape.dim[1];
    else if (call->instr->op == PD_OP_RANK)
        each(call, CUDA_rank)->n[1] = 1;
    else
        choose_rows(call);
    return PD_OK;
}

/* --- pooling --- */

enum pd_status cuda_prepare_pool(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    static const enum cuda_kernel kernels[PD_OP_COUNT] = {[PD_OP_MAX_POOL] = CUDA_max_pool,
                                                          [PD_OP_AVG_POOL] = CUDA_avg_pool,
                                                          [PD_OP_MAX_POOL_BWD] = CUDA_max_pool_bwd,
                                                          [PD_OP_AVG_POOL_BWD] = CUDA_avg_pool_bwd};
    const struct pd_instr *in = call->instr;
    const bool forward = in->op == PD_OP_MAX_POOL || in->op == PD_OP_AVG_POOL;
    const struct pd_instr *gradient = call->src_instr[in->op == PD_OP_MAX_POOL_BWD];
    const struct pd_shape *big = forward ? &call->src_instr[0]->shape : &in->shape;
    const struct pd_shape *small = forward ? &in->shape : &gradient->shape;
    struct cuda_args *a = each(call, kernels[in->op]);
    (void)b, (void)err;
    const int64_t n[] = {big->dim[2],     big->dim[3],    small->dim[2],  small->dim[3],
                         in->attr.stride, in->attr.pad_h, in->attr.pad_w, in->attr.window};
    for (int i = 0; i < 8; i++)
        a->n[1 + i] = (int)n[i];
    return PD_OK;
}
