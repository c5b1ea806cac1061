/* Elementwise fusion: an elementwise op swallows the ones before it that nobody else needs, so that each
 * tensor is read and written once. Broadcast operands are read where they lie, with stride 0. */
#include "engine/plan.h"

#include "base/mem.h"

struct group {
    int member[PD_FUSED_OPS], n_members; /* descending */
    int input[PD_FUSED_INPUTS], n_inputs;
    int *uses; /* of each value, inside the group */
};

static bool reads_var(const struct pd_ir *ir, int i)
{
    while (pd_op_kind(ir->at[i].op) == PD_KIND_VIEW || ir->at[i].op == PD_OP_BROADCAST)
        i = ir->at[i].src[0];
    return ir->at[i].op == PD_OP_VAR || pd_op_kind(ir->at[i].op) == PD_KIND_UPDATE;
}

/* An op that reads a variable stays where it is: it must not slip behind that variable's update. */
static bool may_move(const struct pd_ir *ir, const struct pd_instr *in)
{
    for (int k = 0; k < in->n_src; k++)
        if (reads_var(ir, in->src[k]))
            return false;
    return true;
}

static bool swallows(const struct pd_ir *ir, const struct group *g, const int *users, int s)
{
    const struct pd_instr *in = &ir->at[s];
    if (in->op == PD_OP_CONSTANT)
        return g->n_members < PD_FUSED_OPS;
    return pd_op_kind(in->op) == PD_KIND_ELT && !in->output && g->uses[s] == users[s] &&
           g->n_members < PD_FUSED_OPS && g->n_inputs + in->n_src <= PD_FUSED_INPUTS && may_move(ir, in);
}

static void add_inputs(const struct pd_ir *ir, struct group *g, int member)
{
    const struct pd_instr *in = &ir->at[member];
    for (int k = 0; k < in->n_src; k++)
        if (g->uses[in->src[k]]++ == 0)
            g->input[g->n_inputs++] = in->src[k];
}

/* The input with the highest number that can be swallowed: by then all its users are members if they ever
 * will be. */
static int next_to_swallow(const struct pd_ir *ir, const struct group *g, const int *users)
{
    int best = -1;
    for (int k = 0; k < g->n_inputs; k++)
        if (swallows(ir, g, users, g->input[k]) && (best < 0 || g->input[k] > g->input[best]))
            best = k;
    return best;
}

static void grow(const struct pd_ir *ir, struct group *g, const int *users, int root)
{
    g->n_members = g->n_inputs = 0;
    g->member[g->n_members++] = root;
    add_inputs(ir, g, root);
    for (int k; (k = next_to_swallow(ir, g, users)) >= 0;) {
        int s = g->input[k];
        g->input[k] = g->input[--g->n_inputs];
        int at = g->n_members++;
        for (; at > 0 && g->member[at - 1] < s; at--)
            g->member[at] = g->member[at - 1];
        g->member[at] = s;
        add_inputs(ir, g, s);
    }
}

static void forget(const struct pd_ir *ir, struct group *g)
{
    for (int m = 0; m < g->n_members; m++)
        for (int k = 0; k < ir->at[g->member[m]].n_src; k++)
            g->uses[ir->at[g->member[m]].src[k]] = 0;
}

static int operand(const struct group *g, int value)
{
    for (int k = 0; k < g->n_inputs; k++)
        if (g->input[k] == value)
            return k;
    for (int m = 0; m < g->n_members; m++)
        if (g->member[m] == value)
            return g->n_inputs + g->n_members - 1 - m;
    return -1;
}

static void write_program(const struct pd_ir *ir, const struct group *g, struct pd_fused *f)
{
    f->n_in = g->n_inputs;
    f->n_ops = g->n_members;
    for (int m = 0; m < g->n_members; m++) {
        const struct pd_instr *in = &ir->at[g->member[g->n_members - 1 - m]];
        struct pd_fused_op *op = &f->ops[m];
        *op = (struct pd_fused_op){.op = in->op, .f = {in->attr.f[0], in->attr.f[1]}};
        op->a = in->n_src > 0 ? operand(g, in->src[0]) : 0;
        op->b = in->n_src > 1 ? operand(g, in->src[1]) : 0;
    }
}

/* Merges neighbouring dims that every input walks as one, so that runs are long. */
static void collapse(struct pd_fused *f)
{
    for (int i = 0; i < PD_SPACE; i++) {
        if (f->dim[i] == 1)
            continue;
        bool merge = f->rank > 0;
        for (int k = 0; k < f->n_in && merge; k++)
            merge = f->flat[k] || f->stride[k][f->rank - 1] == f->stride[k][i] * f->dim[i];
        int at = merge ? f->rank - 1 : f->rank++;
        f->dim[at] = merge ? f->dim[at] * f->dim[i] : f->dim[i];
        for (int k = 0; k < f->n_in; k++)
            f->stride[k][at] = f->stride[k][i];
    }
}

static bool fuse_at(struct pd_ir *ir, struct group *g, const int *users, int root, int block)
{
    struct pd_fused *f = pd_calloc(1, sizeof *f);
    if (!f)
        return false;
    grow(ir, g, users, root);
    write_program(ir, g, f);
    forget(ir, g);
    struct pd_instr *in = &ir->at[root];
    pd_space(in->shape, in->layout, block, f->dim);
    in->n_src = g->n_inputs;
    for (int k = 0; k < g->n_inputs; k++) {
        const struct pd_instr *s = &ir->at[g->input[k]];
        f->flat[k] = s->op != PD_OP_BROADCAST;
        in->src[k] = f->flat[k] ? g->input[k] : s->src[0];
        pd_space_strides(ir->at[in->src[k]].shape, in->shape, in->layout, block, f->stride[k]);
    }
    collapse(f);
    in->op = PD_OP_FUSED;
    in->fused = f;
    return true;
}

/* A broadcast that something other than an elementwise op reads is itself a program: x * 1 + 0, read with
 * stride 0. */
static bool program_of_broadcast(struct pd_ir *ir, int i, int block)
{
    struct pd_instr *in = &ir->at[i];
    struct pd_fused *f = pd_calloc(1, sizeof *f);
    if (!f)
        return false;
    f->n_in = f->n_ops = 1;
    f->ops[0] = (struct pd_fused_op){.op = PD_OP_AFFINE, .f = {1, 0}};
    pd_space(in->shape, in->layout, block, f->dim);
    pd_space_strides(ir->at[in->src[0]].shape, in->shape, in->layout, block, f->stride[0]);
    collapse(f);
    in->op = PD_OP_FUSED;
    in->fused = f;
    return true;
}

bool pd_ir_fuse(struct pd_ir *ir, int block)
{
    int *users = pd_ir_users(ir);
    bool *inside = pd_ir_flags(ir);
    struct group g = {.uses = pd_calloc((size_t)ir->count, sizeof *g.uses)};
    bool ok = users && inside && g.uses;
    for (int i = ir->count - 1; ok && i >= 0; i--) {
        if (inside[i] || pd_op_kind(ir->at[i].op) != PD_KIND_ELT)
            continue;
        ok = fuse_at(ir, &g, users, i, block);
        for (int m = 1; ok && m < g.n_members; m++)
            inside[g.member[m]] = ir->at[g.member[m]].op != PD_OP_CONSTANT;
    }
    pd_free(users);
    pd_free(inside);
    pd_free(g.uses);
    ok = ok && pd_ir_sweep(ir);
    for (int i = 0; ok && i < ir->count; i++)
        if (ir->at[i].op == PD_OP_BROADCAST)
            ok = program_of_broadcast(ir, i, block);
    return ok;
}
