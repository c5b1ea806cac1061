/* Layouts: images stay as the backend likes them from one convolution to the next; reorders stand only at the
 * edges. */
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

struct layouter {
    const struct pd_backend *backend;
    struct pd_ir *in, out;
    int (*at)[PD_LAYOUTS]; /* where value i of the old list lies in the new one, by layout; -1: not there */
};

/* Broadcasts and constants are made where and how they are wanted. */
static bool made_as_wanted(enum pd_op op)
{
    return op == PD_OP_BROADCAST || op == PD_OP_CONSTANT;
}

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
    int other = 0;
    for (int k = 0; k < PD_LAYOUTS; k++)
        other = l->at[i][k] >= 0 ? l->at[i][k] : other;
    struct pd_instr in = *pd_ir_at(&l->out, other);
    if (!made_as_wanted(in.op)) {
        in = (struct pd_instr){
            .op = PD_OP_REORDER, .shape = in.shape, .dtype = in.dtype, .n_src = 1, .alias = -1};
        in.src[0] = other;
    }
    in.name = NULL;
    in.output = false;
    return emit(l, i, in, layout);
}

/* The layout in which the value was made, and not only brought into by a reorder. */
static enum pd_layout lies(const struct layouter *l, int i)
{
    for (int k = 0; k < PD_LAYOUTS; k++) {
        const int at = l->at[i][k];
        const enum pd_op op = at >= 0 ? pd_ir_at(&l->out, at)->op : PD_OP_REORDER;
        if (op != PD_OP_REORDER && !made_as_wanted(op))
            return (enum pd_layout)k;
    }
    return PD_LAYOUT_PLAIN;
}

/* The layouts that an instruction wants of its sources, and the one it makes. */
static enum pd_layout wanted(const struct layouter *l, const struct pd_instr *in, enum pd_layout *want)
{
    struct pd_shape src[PD_FUSED_INPUTS];
    enum pd_layout have[PD_FUSED_INPUTS];
    for (int k = 0; k < in->n_src; k++) {
        src[k] = l->in->at[in->src[k]].shape;
        have[k] = lies(l, in->src[k]);
    }
    return l->backend->type->layout(l->backend, in, src, have, want);
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

bool pd_ir_layout(struct pd_ir *ir, const struct pd_backend *b)
{
    if (!b->type->layout)
        return true;
    struct layouter l = {.backend = b, .in = ir};
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
