/* Bias, leaky ReLU and accumulation go into the convolution or matmul before them, where the backend does
 * them on the way; the sum of a gradient over ranks into the Adam behind it. */
#include "engine/plan.h"

#include "base/mem.h"

/* The vector behind a bias broadcast along axis 1, or -1. */
static int bias_of(const struct pd_ir *ir, int i)
{
    const struct pd_instr *b = &ir->at[i];
    if (b->op != PD_OP_BROADCAST)
        return -1;
    const struct pd_shape v = ir->at[b->src[0]].shape; /* a scalar is no bias: that is one number a channel */
    return pd_shape_count(v) == v.dim[1] && v.dim[1] == b->shape.dim[1] ? b->src[0] : -1;
}

static bool has_slope(const struct pd_instr *in)
{
    return in->attr.slope != 1;
}

static bool takes(const struct pd_backend *b, const struct pd_instr *in, enum pd_behind what)
{
    return b->type->behind[in->op] & what;
}

/* Nothing has been taken into it yet; what is taken comes before the slope. */
static bool linear(const struct pd_instr *in)
{
    return in->n_src == 2 && !has_slope(in);
}

static void take_bias(struct pd_ir *ir, const struct pd_backend *b, const int *users, int i)
{
    struct pd_instr *add = &ir->at[i];
    for (int k = 0; k < 2; k++) {
        int y = add->src[k], bias = bias_of(ir, add->src[!k]);
        if (bias < 0 || users[y] != 1 || !takes(b, &ir->at[y], PD_BEHIND_BIAS) || !linear(&ir->at[y]) ||
            ir->at[y].output)
            continue;
        add->op = ir->at[y].op;
        add->attr = ir->at[y].attr;
        add->n_src = 3;
        add->src[0] = ir->at[y].src[0];
        add->src[1] = ir->at[y].src[1];
        add->src[2] = bias;
        return;
    }
}

/* a·b + c·d: the second product is added to the first where that lies. */
static void take_sum(struct pd_ir *ir, const struct pd_backend *b, const int *users, int i)
{
    struct pd_instr *add = &ir->at[i];
    int x = add->src[0], y = add->src[1];
    const struct pd_instr *p = &ir->at[x], *q = &ir->at[y];
    if (x == y || p->op != q->op || !takes(b, q, PD_BEHIND_SUM) || !linear(q) || users[x] != 1 ||
        users[y] != 1 || p->output || q->output)
        return;
    add->op = q->op;
    add->attr = q->attr;
    add->attr.accumulates = 1;
    add->n_src = 3;
    add->src[0] = q->src[0];
    add->src[1] = q->src[1];
    add->src[2] = x;
}

static void take_slope(struct pd_ir *ir, const struct pd_backend *b, const int *users, int i)
{
    struct pd_instr *relu = &ir->at[i];
    int y = relu->src[0];
    const struct pd_instr *in = &ir->at[y];
    if (users[y] != 1 || in->output || !takes(b, in, PD_BEHIND_SLOPE) || has_slope(in))
        return;
    double slope = relu->attr.slope;
    relu->op = in->op;
    relu->attr = in->attr;
    relu->attr.slope = slope;
    relu->n_src = in->n_src;
    for (int k = 0; k < in->n_src; k++)
        relu->src[k] = in->src[k];
}

static void take_all_sum(struct pd_ir *ir, const struct pd_backend *b, const int *users, int i)
{
    struct pd_instr *adam = &ir->at[i];
    const int y = adam->src[2];
    const struct pd_instr *sum = &ir->at[y];
    if (sum->op != PD_OP_ALL_SUM || users[y] != 1 || sum->output || !b->type->shares ||
        !pd_ranks_share(b->ranks, pd_shape_count(adam->shape)))
        return;
    adam->src[2] = sum->src[0];
    adam->attr.shared = 1;
}

bool pd_ir_combine(struct pd_ir *ir, const struct pd_backend *b)
{
    int *users = pd_ir_users(ir);
    for (int i = 0; users && i < ir->count; i++) {
        if (ir->at[i].op == PD_OP_ADD)
            take_bias(ir, b, users, i);
        if (ir->at[i].op == PD_OP_ADD)
            take_sum(ir, b, users, i);
        if (ir->at[i].op == PD_OP_LRELU)
            take_slope(ir, b, users, i);
        if (ir->at[i].op == PD_OP_ADAM)
            take_all_sum(ir, b, users, i);
    }
    pd_free(users);
    return users && pd_ir_sweep(ir);
}
