/* Reverse-mode differentiation: gradients are ordinary nodes.
 *
 * A rule gets the node n, the gradient dy of the loss by n's value and the number of a source; it returns the
 * gradient's part by that source, or NULL for zero (or after marking the graph wrong). */
#include "engine/graph.h"

#include "base/mem.h"

typedef struct pd_node *grad_rule(struct pd_node *n, struct pd_node *dy, int which);

static struct pd_node *grad_none(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)n, (void)dy, (void)which;
    return NULL;
}

static struct pd_node *grad_refuse(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)dy, (void)which;
    return pd_graph_fail(n->graph, PD_ERR_UNSUPPORTED, "the gradient of %s has no rule", pd_op_name(n->op));
}

static struct pd_node *grad_affine(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_affine(dy, n->attr.scale, 0);
}

static struct pd_node *grad_exp(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_mul(dy, n);
}

static struct pd_node *grad_log(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_div(dy, n->src[0]);
}

static struct pd_node *grad_sqrt(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_div(pd_affine(dy, 0.5, 0), n);
}

static struct pd_node *grad_abs(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_mul(dy, pd_sign(n->src[0]));
}

static struct pd_node *grad_pow(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    double p = n->attr.exponent;
    return pd_mul(dy, pd_affine(pd_pow(n->src[0], p - 1), p, 0));
}

static struct pd_node *grad_max(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_mul(dy, pd_step(pd_affine(n->src[0], 1, -n->attr.bound)));
}

static struct pd_node *grad_tanh(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_mul(dy, pd_affine(pd_square(n), -1, 1));
}

static struct pd_node *grad_sigmoid(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_mul(dy, pd_mul(n, pd_affine(n, -1, 1)));
}

static struct pd_node *grad_softplus(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    return pd_mul(dy, pd_sigmoid(n->src[0]));
}

static struct pd_node *grad_lrelu(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which; /* the output has the input's sign, so the input need not be kept */
    return pd_lrelu_bwd(dy, n, n->attr.slope);
}

static struct pd_node *grad_lrelu_bwd(struct pd_node *n, struct pd_node *dy, int which)
{
    return which == 0 ? pd_lrelu_bwd(dy, n->src[1], n->attr.slope) : NULL;
}

static struct pd_node *grad_add(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)n, (void)which;
    return dy;
}

static struct pd_node *grad_sub(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)n;
    return which == 0 ? dy : pd_neg(dy);
}

static struct pd_node *grad_mul(struct pd_node *n, struct pd_node *dy, int which)
{
    return pd_mul(dy, n->src[!which]);
}

static struct pd_node *grad_div(struct pd_node *n, struct pd_node *dy, int which)
{
    struct pd_node *da = pd_div(dy, n->src[1]);
    return which == 0 ? da : pd_neg(pd_mul(da, n));
}

static struct pd_node *grad_reshape(struct pd_node *n, struct pd_node *dy, int which)
{
    return pd_reshape(dy, n->src[which]->shape);
}

static struct pd_node *grad_broadcast(struct pd_node *n, struct pd_node *dy, int which)
{
    return pd_sum_to(dy, n->src[which]->shape);
}

static struct pd_node *grad_sum_to(struct pd_node *n, struct pd_node *dy, int which)
{
    return pd_broadcast(dy, n->src[which]->shape);
}

static struct pd_node *grad_concat(struct pd_node *n, struct pd_node *dy, int which)
{
    int axis = (int)n->attr.axis;
    int64_t first = n->src[0]->shape.dim[axis];
    return pd_slice(dy, axis, which ? first : 0, n->src[which]->shape.dim[axis]);
}

static struct pd_node *grad_slice(struct pd_node *n, struct pd_node *dy, int which)
{
    int axis = (int)n->attr.axis;
    return pd_pad(dy, axis, n->attr.begin, n->src[which]->shape.dim[axis]);
}

static struct pd_node *grad_pad(struct pd_node *n, struct pd_node *dy, int which)
{
    int axis = (int)n->attr.axis;
    return pd_slice(dy, axis, n->attr.begin, n->src[which]->shape.dim[axis]);
}

/* Which rows are taken is a matter of steps: no gradient by the score. */
static struct pd_node *grad_top_rows(struct pd_node *n, struct pd_node *dy, int which)
{
    return which == 0 ? pd_spread_rows(dy, n->src[1]) : NULL;
}

static struct pd_node *grad_spread_rows(struct pd_node *n, struct pd_node *dx, int which)
{
    return which == 0 ? pd_top_rows(dx, n->src[1], n->src[0]->shape.dim[0]) : NULL;
}

static struct pd_node *grad_shift(struct pd_node *n, struct pd_node *dy, int which)
{
    return which == 0 ? pd_shift_back(dy, n) : NULL;
}

static struct pd_node *grad_matmul(struct pd_node *n, struct pd_node *dy, int which)
{
    bool ta = n->attr.transpose_a, tb = n->attr.transpose_b;
    struct pd_node *a = n->src[0], *b = n->src[1];
    if (which == 0)
        return ta ? pd_matmul(b, dy, tb, true) : pd_matmul(dy, b, false, !tb);
    return tb ? pd_matmul(dy, a, true, ta) : pd_matmul(a, dy, !ta, false);
}

/* The three convolutions are bilinear in their two sources and closed under differentiation. */
static struct pd_node *conv_as(struct pd_node *n, struct pd_node *x, struct pd_node *w)
{
    return pd_conv_padded(x, w, (int)n->attr.stride, (int)n->attr.pad_h, (int)n->attr.pad_w);
}

static struct pd_node *grad_conv(struct pd_node *n, struct pd_node *dy, int which)
{
    struct pd_node *x = n->src[0], *w = n->src[1];
    return which == 0 ? pd_conv_dx(dy, w, &n->attr, x->shape) : pd_conv_dw(x, dy, &n->attr, w->shape);
}

static struct pd_node *grad_conv_dx(struct pd_node *n, struct pd_node *dx, int which)
{
    struct pd_node *dy = n->src[0], *w = n->src[1];
    return which == 0 ? conv_as(n, dx, w) : pd_conv_dw(dx, dy, &n->attr, w->shape);
}

static struct pd_node *grad_conv_dw(struct pd_node *n, struct pd_node *dw, int which)
{
    struct pd_node *x = n->src[0], *dy = n->src[1];
    return which == 0 ? pd_conv_dx(dy, dw, &n->attr, x->shape) : conv_as(n, x, dw);
}

static struct pd_node *grad_log_softmax(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)which;
    struct pd_shape rows = pd_shape2(n->shape.dim[0], 1);
    return pd_sub(dy, pd_mul(pd_exp(n), pd_sum_to(dy, rows)));
}

static struct pd_node *grad_max_pool(struct pd_node *n, struct pd_node *dy, int which)
{
    struct pd_node *x = n->src[which];
    return pd_node_new(n->graph, PD_OP_MAX_POOL_BWD, x->shape, &n->attr, 2, (struct pd_node *[]){x, dy});
}

/* Linear: each is the other's gradient. */
static struct pd_node *grad_avg_pool(struct pd_node *n, struct pd_node *dy, int which)
{
    return pd_node_new(n->graph, PD_OP_AVG_POOL_BWD, n->src[which]->shape, &n->attr, 1, &dy);
}

static struct pd_node *grad_avg_pool_bwd(struct pd_node *n, struct pd_node *dx, int which)
{
    (void)which;
    return pd_avg_pool(dx, (int)n->attr.window, (int)n->attr.stride, (int)n->attr.pad_h);
}

/* Every rank's loss depends on the sum. */
static struct pd_node *grad_all_sum(struct pd_node *n, struct pd_node *dy, int which)
{
    (void)n, (void)which;
    return pd_all_sum(dy);
}

/* Are they x's own batch statistics, be it together with other ranks'? */
static bool is_own(const struct pd_node *stats, const struct pd_node *x)
{
    const struct pd_node *of = stats->op == PD_OP_ALL_STATS ? stats->src[0] : stats;
    return of->op == PD_OP_BATCH_STATS && of->src[0] == x;
}

static struct pd_node *grad_batch_norm(struct pd_node *n, struct pd_node *dy, int which)
{
    struct pd_node *x = n->src[0], *stats = n->src[1];
    const bool own = is_own(stats, x);
    if (which == 1) /* the part through x's own statistics is in the gradient by x */
        return own ? NULL
                   : pd_graph_fail(
                         n->graph, PD_ERR_UNSUPPORTED,
                         "the gradient of batch-norm by statistics that are not its input's has no rule");
    struct pd_attr attr = n->attr;
    struct pd_node *src[PD_MAX_SRC] = {x, stats, n->src[2], n->src[3], dy, NULL};
    struct pd_shape c = n->src[2]->shape;
    struct pd_node *sums =
        pd_node_new(n->graph, PD_OP_BATCH_NORM_SUMS, pd_shape2(2, c.dim[0]), &attr, 5, src);
    if (which >= 2)
        return pd_reshape(pd_slice(sums, 0, which - 2, 1), c);
    attr.through_statistics = own;
    src[5] = stats->op == PD_OP_ALL_STATS ? pd_all_mean(sums) : sums; /* over as many as x has */
    return pd_node_new(n->graph, PD_OP_BATCH_NORM_DX, x->shape, &attr, 6, src);
}

static grad_rule *const rules[] = {
#define PD_OP(id, name, kind, grad, over) grad_##grad,
#include "engine/ops.def"
#undef PD_OP
};

/* Does n's value depend, differentiably, on a wanted node? Updates and detached values are leaves here. */
static bool passes(const struct pd_node *n, const bool *depends)
{
    if (pd_op_kind(n->op) == PD_KIND_UPDATE || (rules[n->op] == grad_none))
        return false;
    for (int i = 0; i < n->n_src; i++)
        if (depends[n->src[i]->id])
            return true;
    return false;
}

static void propagate(struct pd_node *n, struct pd_node **dy, const bool *depends)
{
    for (int i = 0; i < n->n_src; i++) {
        struct pd_node *s = n->src[i];
        if (!depends[s->id])
            continue;
        struct pd_node *part = rules[n->op](n, dy[n->id], i);
        if (part)
            dy[s->id] = dy[s->id] ? pd_add(dy[s->id], part) : part;
    }
}

void pd_grad(struct pd_node *loss, struct pd_node *const *wrt, int n, struct pd_node **grads)
{
    for (int i = 0; i < n; i++)
        grads[i] = NULL;
    if (!loss)
        return;
    struct pd_graph *g = loss->graph;
    int count = loss->id + 1;
    bool *depends = pd_calloc((size_t)g->count, sizeof *depends), *wanted = pd_calloc((size_t)g->count, 1);
    struct pd_node **dy = pd_calloc((size_t)g->count, sizeof *dy);
    if (!depends || !dy || !wanted) {
        pd_graph_fail(g, PD_ERR_MEMORY, "out of memory for a gradient");
        goto cleanup;
    }
    if (pd_shape_count(loss->shape) != 1) {
        pd_graph_fail(g, PD_ERR_MISMATCH, "the gradient of something that is not a scalar");
        goto cleanup;
    }
    for (int i = 0; i < n; i++) {
        if (wrt[i] && wrt[i]->op == PD_OP_BATCH_STATS) /* batch norm hands its part on to the images */
            pd_graph_fail(g, PD_ERR_UNSUPPORTED, "the gradient by batch-stats has no rule");
        if (!wrt[i])
            goto cleanup;
        wanted[wrt[i]->id] = true;
    }
    for (int i = 0; i < count; i++)
        depends[i] = wanted[i] || passes(g->nodes[i], depends);
    dy[loss->id] = pd_constant(g, 1, loss->shape);
    for (int i = count - 1; i >= 0; i--)
        if (dy[i] && passes(g->nodes[i], depends))
            propagate(g->nodes[i], dy, depends);
    for (int i = 0; i < n; i++)
        grads[i] = dy[wrt[i]->id] ? dy[wrt[i]->id] : pd_constant(g, 0, wrt[i]->shape);
cleanup:
    pd_free(depends);
    pd_free(wanted);
    pd_free(dy);
}
