/* Which layouts oneDNN's kernels, and ours beside them, are fast in. */
#include "backend/onednn/onednn.h"

/* oneDNN's fast kernels: both sides blocked, or a first convolution of 1 or 3 plain channels. */
static void conv_layouts(int64_t in, int64_t out, int block, enum pd_layout *x, enum pd_layout *y)
{
    bool first = in == 1 || in == 3;
    *y = out % block == 0 && (first || in % block == 0) ? PD_LAYOUT_BLOCKED : PD_LAYOUT_PLAIN;
    *x = first ? PD_LAYOUT_PLAIN : *y;
}

/* By channel, by image, or everything: what sums read as it lies. */
static bool sums_as_it_lies(struct pd_shape to)
{
    return to.dim[2] * to.dim[3] == 1 && (to.dim[0] == 1 || to.dim[1] == 1);
}

enum pd_layout onednn_layout(const struct pd_backend *b, const struct pd_instr *in,
                             const struct pd_shape *src, const enum pd_layout *have, enum pd_layout *want)
{
    enum pd_layout x, y, all = PD_LAYOUT_PLAIN;
    switch (in->op) {
    case PD_OP_CONV:
        conv_layouts(src[0].dim[1], in->shape.dim[1], b->block, &want[0], &y);
        return y;
    case PD_OP_CONV_DX:
        conv_layouts(in->shape.dim[1], src[0].dim[1], b->block, &x, &want[0]);
        return x;
    case PD_OP_CONV_DW:
        conv_layouts(src[0].dim[1], src[1].dim[1], b->block, &want[0], &want[1]);
        return PD_LAYOUT_PLAIN;
    case PD_OP_SUM_TO:
        want[0] = sums_as_it_lies(in->shape) ? have[0] : PD_LAYOUT_PLAIN;
        return PD_LAYOUT_PLAIN;
    case PD_OP_MAX_POOL:
    case PD_OP_AVG_POOL:
        want[0] = have[0];
        return have[0];
    case PD_OP_MAX_POOL_BWD:
        want[0] = want[1] = wants_max_pool_bwd(in) ? have[0] : PD_LAYOUT_PLAIN;
        return want[0];
    case PD_OP_CONCAT:
        x = have[0] == have[1] && in->attr.axis == 1 ? have[0] : PD_LAYOUT_PLAIN;
        want[0] = want[1] = x;
        return x;
    case PD_OP_BATCH_STATS:
    case PD_OP_BATCH_NORM_SUMS:
        want[0] = want[4] = have[0]; /* x, dy */
        return PD_LAYOUT_PLAIN;
    case PD_OP_BATCH_NORM:
    case PD_OP_BATCH_NORM_DX:
        want[0] = want[4] = have[0];
        return have[0];
    default:
        if (pd_op_kind(in->op) != PD_KIND_ELT && in->op != PD_OP_DETACH)
            return PD_LAYOUT_PLAIN;
        for (int k = 0; k < in->n_src; k++)
            all = have[k] == PD_LAYOUT_BLOCKED ? have[k] : all;
        for (int k = 0; k < in->n_src; k++)
            want[k] = all;
        return all;
    }
}
