/* Elementwise ops: same shape in and out. */
#include "engine/graph.h"

static struct pd_node *unary(enum pd_op op, struct pd_node *x, double f0, double f1)
{
    struct pd_attr attr = {.f = {f0, f1}};
    return x ? pd_node_new(x->graph, op, x->shape, &attr, 1, &x) : NULL;
}

static struct pd_shape common(struct pd_shape a, struct pd_shape b)
{
    struct pd_shape s = a.rank >= b.rank ? a : b;
    int la = s.rank - a.rank, lb = s.rank - b.rank;
    for (int i = 0; i < s.rank; i++) {
        int64_t da = i >= la ? a.dim[i - la] : 1, db = i >= lb ? b.dim[i - lb] : 1;
        s.dim[i] = da == 1 ? db : da; /* pd_broadcast reports what does not fit */
    }
    return s;
}

static struct pd_node *binary(enum pd_op op, struct pd_node *a, struct pd_node *b, double f0)
{
    if (!a || !b)
        return NULL;
    struct pd_attr attr = {.f = {f0}};
    struct pd_shape s = common(a->shape, b->shape);
    struct pd_node *src[2] = {pd_broadcast(a, s), pd_broadcast(b, s)};
    return pd_node_new(a->graph, op, s, &attr, 2, src);
}

struct pd_node *pd_add(struct pd_node *a, struct pd_node *b)
{
    return binary(PD_OP_ADD, a, b, 0);
}

struct pd_node *pd_sub(struct pd_node *a, struct pd_node *b)
{
    return binary(PD_OP_SUB, a, b, 0);
}

struct pd_node *pd_mul(struct pd_node *a, struct pd_node *b)
{
    return binary(PD_OP_MUL, a, b, 0);
}

struct pd_node *pd_div(struct pd_node *a, struct pd_node *b)
{
    return binary(PD_OP_DIV, a, b, 0);
}

struct pd_node *pd_lrelu_bwd(struct pd_node *dy, struct pd_node *y, double slope)
{
    return binary(PD_OP_LRELU_BWD, dy, y, slope);
}

struct pd_node *pd_affine(struct pd_node *x, double scale, double shift)
{
    return scale == 1 && shift == 0 ? x : unary(PD_OP_AFFINE, x, scale, shift);
}

struct pd_node *pd_neg(struct pd_node *x)
{
    return pd_affine(x, -1, 0);
}

struct pd_node *pd_square(struct pd_node *x)
{
    return pd_mul(x, x);
}

struct pd_node *pd_exp(struct pd_node *x)
{
    return unary(PD_OP_EXP, x, 0, 0);
}

struct pd_node *pd_log(struct pd_node *x)
{
    return unary(PD_OP_LOG, x, 0, 0);
}

struct pd_node *pd_sqrt(struct pd_node *x)
{
    return unary(PD_OP_SQRT, x, 0, 0);
}

struct pd_node *pd_abs(struct pd_node *x)
{
    return unary(PD_OP_ABS, x, 0, 0);
}

struct pd_node *pd_sign(struct pd_node *x)
{
    return unary(PD_OP_SIGN, x, 0, 0);
}

struct pd_node *pd_step(struct pd_node *x)
{
    return unary(PD_OP_STEP, x, 0, 0);
}

struct pd_node *pd_pow(struct pd_node *x, double p)
{
    return p == 1 ? x : unary(PD_OP_POW, x, p, 0);
}

struct pd_node *pd_max(struct pd_node *x, double c)
{
    return unary(PD_OP_MAX, x, c, 0);
}

struct pd_node *pd_tanh(struct pd_node *x)
{
    return unary(PD_OP_TANH, x, 0, 0);
}

struct pd_node *pd_sigmoid(struct pd_node *x)
{
    return unary(PD_OP_SIGMOID, x, 0, 0);
}

struct pd_node *pd_softplus(struct pd_node *x)
{
    return unary(PD_OP_SOFTPLUS, x, 0, 0);
}

struct pd_node *pd_lrelu(struct pd_node *x, double slope)
{
    if (x && slope < 0) /* the gradient takes the input's sign from the output */
        return pd_graph_fail(x->graph, PD_ERR_UNSUPPORTED, "lrelu: the slope %g is negative", slope);
    return slope == 1 ? x : unary(PD_OP_LRELU, x, slope, 0);
}
