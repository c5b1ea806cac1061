/* The instruction list, and its import from a graph. */
#include "engine/plan.h"

#include "base/bug.h"
#include "base/mem.h"

#include <string.h>

int pd_ir_add(struct pd_ir *ir, const struct pd_instr *in)
{
    if (ir->count == ir->capacity) {
        int capacity = ir->capacity ? 2 * ir->capacity : 256;
        struct pd_instr *at = pd_realloc(ir->at, (size_t)capacity * sizeof *at);
        if (!at) {
            ir->oom = true;
            return -1;
        }
        ir->at = at;
        ir->capacity = capacity;
    }
    ir->at[ir->count] = *in;
    return ir->count++;
}

struct pd_instr *pd_ir_at(const struct pd_ir *ir, int i)
{
    if (!ir->at || i < 0 || i >= ir->count)
        BUG("no instruction %d among %d", i, ir->count);
    return &ir->at[i];
}

void pd_ir_release(struct pd_ir *ir)
{
    for (int i = 0; i < ir->count; i++) {
        pd_free(ir->at[i].name);
        pd_free(ir->at[i].fused);
    }
    pd_free(ir->at);
    memset(ir, 0, sizeof *ir);
}

bool *pd_ir_flags(const struct pd_ir *ir)
{
    return pd_calloc((size_t)ir->count, sizeof(bool));
}

int *pd_ir_users(const struct pd_ir *ir)
{
    int *users = pd_calloc((size_t)ir->count, sizeof *users);
    if (users)
        for (int i = 0; i < ir->count; i++)
            for (int k = 0; k < ir->at[i].n_src; k++)
                users[ir->at[i].src[k]]++;
    return users;
}

int pd_ir_root(const struct pd_ir *ir, int i)
{
    while (ir->at[i].alias >= 0)
        i = ir->at[i].alias;
    return i;
}

static bool is_root(const struct pd_instr *in)
{
    return in->output || pd_op_kind(in->op) == PD_KIND_UPDATE || in->op == PD_OP_INPUT;
}

/* Inputs stay even when unused: the caller may fill them. */
bool pd_ir_sweep(struct pd_ir *ir)
{
    bool *live = pd_ir_flags(ir);
    int *to = pd_calloc((size_t)ir->count, sizeof *to);
    if (live && to) {
        for (int i = ir->count - 1; i >= 0; i--) {
            live[i] = live[i] || is_root(&ir->at[i]);
            for (int k = 0; live[i] && k < ir->at[i].n_src; k++)
                live[ir->at[i].src[k]] = true;
        }
        int n = 0;
        for (int i = 0; i < ir->count; i++) {
            struct pd_instr in = ir->at[i];
            if (!live[i]) {
                pd_free(in.fused);
                continue;
            }
            for (int k = 0; k < in.n_src; k++)
                in.src[k] = to[in.src[k]];
            to[i] = n;
            ir->at[n++] = in;
        }
        ir->count = n;
    }
    bool ok = live && to;
    pd_free(live);
    pd_free(to);
    return ok;
}

static bool same_attr(const struct pd_attr *a, const struct pd_attr *b)
{
    bool equal = true;
    for (size_t k = 0; k < sizeof a->f / sizeof a->f[0]; k++)
        equal = equal && a->f[k] == b->f[k];
    for (size_t k = 0; k < sizeof a->i / sizeof a->i[0]; k++)
        equal = equal && a->i[k] == b->i[k];
    return equal;
}

static bool same(const struct pd_instr *a, const struct pd_instr *b)
{
    return a->op == b->op && a->n_src == b->n_src && a->dtype == b->dtype && a->var[0] == b->var[0] &&
           pd_shape_equal(a->shape, b->shape) && same_attr(&a->attr, &b->attr) &&
           memcmp(a->src, b->src, (size_t)a->n_src * sizeof a->src[0]) == 0;
}

/* An equal instruction that is already there, or -1. */
static int find_equal(const struct pd_ir *ir, const struct pd_instr *in)
{
    if (is_root(in))
        return -1;
    int first = 0; /* an equal one stands behind the last source */
    for (int k = 0; k < in->n_src; k++)
        first = in->src[k] > first ? in->src[k] : first;
    for (int i = first; i < ir->count; i++)
        if (same(&ir->at[i], in) && !is_root(&ir->at[i]))
            return i;
    return -1;
}

static int import_node(struct pd_ir *ir, const struct pd_node *n, const int *to)
{
    if (n->op == PD_OP_DETACH && !n->output) /* only differentiation cares */
        return to[n->src[0]->id];
    struct pd_instr in = {.op = n->op,
                          .attr = n->attr,
                          .shape = n->shape,
                          .dtype = n->dtype,
                          .n_src = n->n_src,
                          .output = n->output,
                          .alias = -1};
    memcpy(in.var, n->var, sizeof in.var);
    for (int k = 0; k < n->n_src; k++)
        in.src[k] = to[n->src[k]->id];
    int old = find_equal(ir, &in);
    if (old >= 0)
        return old;
    if (n->name) {
        in.name = pd_strdup(n->name);
        ir->oom |= !in.name;
    }
    int i = pd_ir_add(ir, &in);
    if (i < 0)
        pd_free(in.name);
    return i;
}

/* Equal nodes become one; what nothing needs goes. */
bool pd_ir_import(struct pd_ir *ir, const struct pd_graph *g)
{
    int *to = pd_calloc((size_t)g->count, sizeof *to);
    bool *live = pd_calloc((size_t)g->count, sizeof *live);
    if (!to || !live)
        ir->oom = true;
    for (int i = g->count - 1; i >= 0 && !ir->oom; i--) {
        const struct pd_node *n = g->nodes[i];
        live[i] = live[i] || n->output || pd_op_kind(n->op) == PD_KIND_UPDATE || n->op == PD_OP_INPUT;
        for (int k = 0; live[i] && k < n->n_src; k++)
            live[n->src[k]->id] = true;
    }
    for (int i = 0; i < g->count && !ir->oom; i++)
        if (live[i])
            to[i] = import_node(ir, g->nodes[i], to);
    pd_free(to);
    pd_free(live);
    return !ir->oom;
}
