/* Sums: of tensors, of rows for a log-softmax, of channels for batch norm. Long ones are made in parts, whose
 * number depends on the shape alone, so that a sum is the same bits on every run. */
#include "backend/cuda/cuda.h"

#include <math.h>

/* --- to a smaller shape --- */

enum { PART = 4096, MOST_PARTS = 1024, FEW = 32 };

/* Dims of one kind, as two with strides: of (a, b) in (N, a, M, b) they are a by M b, and b by 1. */
struct walk {
    int count, inner, outer_stride, inner_stride;
};

/* The dims that are kept, or those that are added up. Neighbours are one. */
static struct walk walk_of(const struct pd_shape *from, const struct pd_shape *to, bool kept)
{
    struct walk w = {1, 1, 0, 0};
    int64_t stride = 1;
    int groups = 0;
    bool last = false; /* was the dim behind this one of that kind? */
    for (int i = PD_MAX_RANK - 1; i >= 0; stride *= from->dim[i--]) {
        if (from->dim[i] == 1)
            continue;
        const bool mine = (to->dim[i] != 1) == kept;
        if (mine) {
            groups += !last;
            w.count *= (int)from->dim[i];
            if (groups == 1)
                w.inner *= (int)from->dim[i];
            if (!last && groups == 1)
                w.inner_stride = (int)stride;
            if (!last && groups == 2)
                w.outer_stride = (int)stride;
        }
        last = mine;
    }
    return w;
}

static void put_walks(struct cuda_args *a, struct walk kept, struct walk added, int parts, int length)
{
    const int n[] = {kept.count,  kept.inner,  kept.outer_stride,  kept.inner_stride,
                     added.count, added.inner, added.outer_stride, added.inner_stride,
                     parts,       length};
    for (int i = 0; i < 10; i++)
        a->n[i] = n[i];
}

static int parts_of(int count, int length)
{
    return (count + length - 1) / length;
}

/* Adds up `parts` times `count` numbers in scratch at `from`. */
static void add_parts(struct pd_call *call, const void *from, int count, int parts)
{
    struct cuda_launch *l = parts > FEW ? cuda_launch_add(call, CUDA_sum_lines, count)
                                        : cuda_launch_add(call, CUDA_sum_columns, cuda_blocks(count));
    l->scratch = CUDA_SCRATCH_SRC(0);
    l->args.src[0] = from;
    put_walks(&l->args, (struct walk){count, count, 0, 1}, (struct walk){parts, parts, 0, count}, 1, parts);
}

/* Of that length, or longer where it would be too many. */
static int length_of(int count, int length)
{
    const int least = (count + MOST_PARTS - 1) / MOST_PARTS;
    return length > least ? length : least;
}

enum pd_status cuda_prepare_sum(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_shape *from = &call->src_instr[0]->shape, *to = &call->instr->shape;
    const struct walk kept = walk_of(from, to, true), added = walk_of(from, to, false);
    const bool columns = kept.inner_stride == 1 && kept.inner >= FEW;
    const int length = length_of(added.count, columns ? (int)ceil(sqrt(added.count)) : PART);
    const int parts = parts_of(added.count, length);
    struct cuda_launch *l =
        cuda_launch_add(call, columns ? CUDA_sum_columns : CUDA_sum_lines,
                        columns ? cuda_blocks((int64_t)kept.count * parts) : kept.count * parts);
    (void)b, (void)err;
    put_walks(&l->args, kept, added, parts, length);
    if (parts == 1)
        return PD_OK;
    void *scratch = cuda_scratch_take(call, (size_t)kept.count * (size_t)parts * sizeof(float));
    l->scratch = CUDA_SCRATCH_DST;
    l->args.dst = scratch;
    add_parts(call, scratch, kept.count, parts);
    return PD_OK;
}

enum pd_status cuda_prepare_softmax(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    cuda_launch_add(call, CUDA_log_softmax, (int)call->instr->shape.dim[0])->args.n[0] =
        (int)call->instr->shape.dim[1];
    return PD_OK;
}

/* --- batch norm --- */

/* What all its kernels want to know. Returns the number of parts. */
static int put_norm(struct cuda_args *a, const struct pd_call *call)
{
    const struct pd_shape *x = &call->src_instr[0]->shape;
    const int inner = (int)(x->dim[2] * x->dim[3]), of_channel = (int)x->dim[0] * inner;
    const int length = length_of(of_channel, PART), parts = parts_of(of_channel, length);
    const int n[] = {(int)pd_shape_count(*x),
                     (int)x->dim[1],
                     inner,
                     of_channel,
                     parts,
                     length,
                     (int)call->instr->attr.through_statistics};
    for (int i = 0; i < 7; i++)
        a->n[i] = n[i];
    a->f[0] = call->instr->attr.eps;
    a->f[1] = call->instr->attr.slope;
    return parts;
}

/* A launch whose result is `parts` times (2, C) in scratch: where. */
static void *add_channel_parts(struct pd_call *call, enum cuda_kernel kernel, int *parts)
{
    struct cuda_launch *l = cuda_launch_add(call, kernel, 1);
    *parts = put_norm(&l->args, call);
    const int channels = l->args.n[1];
    l->blocks = channels * *parts;
    l->scratch = CUDA_SCRATCH_DST;
    l->args.dst = cuda_scratch_take(call, 2 * (size_t)channels * (size_t)*parts * sizeof(float));
    return l->args.dst;
}

enum pd_status cuda_prepare_norm(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr;
    const int channels = (int)call->src_instr[0]->shape.dim[1];
    int parts;
    (void)b, (void)err;
    if (in->op == PD_OP_BATCH_STATS) {
        const void *scratch = add_channel_parts(call, CUDA_batch_stats_parts, &parts);
        struct cuda_launch *l = cuda_launch_add(call, CUDA_batch_stats, cuda_blocks(channels));
        put_norm(&l->args, call);
        l->scratch = CUDA_SCRATCH_SRC(0);
        l->args.src[0] = scratch;
    } else if (in->op == PD_OP_BATCH_NORM_SUMS) {
        const void *scratch = add_channel_parts(call, CUDA_batch_norm_sums, &parts);
        add_parts(call, scratch, 2 * channels, parts);
    } else {
        struct cuda_launch *l =
            cuda_launch_add(call, in->op == PD_OP_BATCH_NORM ? CUDA_batch_norm : CUDA_batch_norm_dx,
                            cuda_blocks(pd_shape_count(in->shape)));
        put_norm(&l->args, call);
    }
    return PD_OK;
}
