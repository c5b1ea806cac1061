/* Layouts: images stay blocked from one convolution to the next; reorders stand only at the edges. */
#include "engine/plan.h"

#include "base/mem.h"

#include <string.h>

void pd_space(struct pd_shape s, enum pd_layout layout, int block, int64_t dim[PD_SPACE])
{
    bool blocked = layout == PD_LAYOUT_BLOCKED;
    dim[0] = s.dim[0];
    dim[1] = blocked ? s.dim[1] / block : s.dim[1];
    dim[2] = s.dim[2];
    dim[3] = s.dim[3];
    dim[4] = blocked ? block : 1;
}

void pd_space_strides(struct pd_shape small, struct pd_shape full, enum pd_layout layout, int block,
                      int64_t stride[PD_SPACE])
{
    int64_t plain[PD_MAX_RANK], n = 1;
    if (pd_shape_equal(small, full) && layout == PD_LAYOUT_BLOCKED) {
        int64_t dim[PD_SPACE];
        pd_space(full, layout, block, dim);
        for (int i = PD_SPACE - 1; i >= 0; n *= dim[i--])
            stride[i] = n;
        return;
    }
    for (int i = PD_MAX_RANK - 1; i >= 0; n *= small.dim[i--]) /* a small operand lies plain */
        plain[i] = small.dim[i] == 1 && full.dim[i] != 1 ? 0 : n;
    memcpy(stride, plain, sizeof plain);
    stride[4] = 0;
    if (layout == PD_LAYOUT_BLOCKED) {
        stride[4] = plain[1];
        stride[1] = plain[1] * block;
    }
}

/* oneDNN's fast kernels: both sides blocked, or a first convolution of 1 or 3 plain channels. */
static void conv_layouts(int64_t in, int64_t out, int block, enum pd_layout *x, enum pd_layout *y)
{
    bool first = in == 1 || in == 3;
    *y = out % block == 0 && (first || in % block == 0) ? PD_LAYOUT_BLOCKED : PD_LAYOUT_PLAIN;
    *x = first ? PD_LAYOUT_PLAIN : *y;
}

struct layouter {
    struct pd_ir *in, out;
    int (*at)[2]; /* where value i of the old list lies in the new one, by layout; -1: not there */
    int block;
};

static int emit(struct layouter *l, int old, struct pd_instr in, enum pd_layout layout)
{
    in.layout = layout;
    return l->at[old][layout] = pd_ir_add(&l->out, &in);
}

/* The new number of old value i in that layout, with a reorder where it does not lie so yet. */
static int get(struct layouter *l, int i, enum pd_layout layout)
{
    if (l->at[i][layout] >= 0)
        return l->at[i][layout];
    int other = l->at[i][!layout];
    struct pd_instr in = *pd_ir_at(&l->out, other);
    if (in.op != PD_OP_BROADCAST &&
        in.op != PD_OP_CONSTANT) { /* those are made where and how they are wanted */
        in = (struct pd_instr){
            .op = PD_OP_REORDER, .shape = in.shape, .dtype = in.dtype, .n_src = 1, .alias = -1};
        in.src[0] = other;
    }
    in.name = NULL;
    in.output = false;
    return emit(l, i, in, layout);
}

/* Was the value made blocked (and not only brought there by a reorder)? */
static bool lies_blocked(const struct layouter *l, int i)
{
    int at = l->at[i][PD_LAYOUT_BLOCKED];
    enum pd_op op = at >= 0 ? pd_ir_at(&l->out, at)->op : PD_OP_REORDER;
    return op != PD_OP_REORDER && op != PD_OP_BROADCAST && op != PD_OP_CONSTANT;
}

/* The layouts that an instruction wants of its sources, and the one it makes. */
static enum pd_layout wanted(const struct layouter *l, const struct pd_instr *in, enum pd_layout *src)
{
    const struct pd_instr *at = l->in->at;
    enum pd_layout x, y, all = PD_LAYOUT_PLAIN;
    switch (in->op) {
    case PD_OP_CONV:
        conv_layouts(at[in->src[0]].shape.dim[1], in->shape.dim[1], l->block, &src[0], &y);
        return y;
    case PD_OP_CONV_DX:
        conv_layouts(in->shape.dim[1], at[in->src[0]].shape.dim[1], l->block, &x, &src[0]);
        return x;
    case PD_OP_CONV_DW:
        conv_layouts(at[in->src[0]].shape.dim[1], at[in->src[1]].shape.dim[1], l->block, &src[0], &src[1]);
        return PD_LAYOUT_PLAIN;
    case PD_OP_SUM_TO:
        if (lies_blocked(l, in->src[0]) && in->shape.dim[2] * in->shape.dim[3] == 1 &&
            (in->shape.dim[0] == 1 || in->shape.dim[1] == 1)) /* by channel, by image, or everything */
            src[0] = PD_LAYOUT_BLOCKED;
        return PD_LAYOUT_PLAIN;
    case PD_OP_BATCH_STATS:
    case PD_OP_BATCH_NORM_SUMS:
        all = lies_blocked(l, in->src[0]) ? PD_LAYOUT_BLOCKED : PD_LAYOUT_PLAIN;
        src[0] = src[4] = all; /* x, dy */
        return PD_LAYOUT_PLAIN;
    case PD_OP_BATCH_NORM:
    case PD_OP_BATCH_NORM_DX:
        all = lies_blocked(l, in->src[0]) ? PD_LAYOUT_BLOCKED : PD_LAYOUT_PLAIN;
        src[0] = src[4] = all;
        return all;
    default:
        if (pd_op_kind(in->op) != PD_KIND_ELT && in->op != PD_OP_DETACH)
            return PD_LAYOUT_PLAIN;
        for (int k = 0; k < in->n_src; k++)
            if (lies_blocked(l, in->src[k]))
                all = PD_LAYOUT_BLOCKED;
        for (int k = 0; k < in->n_src; k++)
            src[k] = all;
        return all;
    }
}

static void place(struct layouter *l, int i)
{
    struct pd_instr in = l->in->at[i];
    enum pd_layout src[PD_FUSED_INPUTS] = {PD_LAYOUT_PLAIN};
    enum pd_layout layout = wanted(l, &in, src);
    for (int k = 0; k < in.n_src; k++) {
        in.src[k] = get(l, in.src[k], src[k]);
        if (in.src[k] < 0)
            return;
    }
    bool move = in.output && layout != PD_LAYOUT_PLAIN; /* people read outputs: they end plain */
    char *name = in.name;
    if (move) {
        in.name = NULL;
        in.output = false;
    }
    int made = emit(l, i, in, layout);
    int plain = move && made >= 0 ? get(l, i, PD_LAYOUT_PLAIN) : -1;
    if (plain >= 0) {
        l->out.at[plain].name = name;
        l->out.at[plain].output = true;
    }
}

bool pd_ir_layout(struct pd_ir *ir, int block)
{
    if (!block)
        return true;
    struct layouter l = {.in = ir, .block = block};
    l.at = pd_malloc((size_t)ir->count * sizeof *l.at);
    if (!l.at)
        return false;
    memset(l.at, -1, (size_t)ir->count * sizeof *l.at);
    for (int i = 0; i < ir->count && !l.out.oom; i++)
        place(&l, i);
    pd_free(l.at);
    if (l.out.oom) { /* names are shared with ir, which its owner releases */
        pd_free(l.out.at);
        return false;
    }
    pd_free(ir->at);
    *ir = l.out;
    return true;
}
