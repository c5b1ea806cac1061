/* Linear algebra, convolution, pooling, batch norm: shape rules of the ops that have kernels of their own. */
#include "engine/graph.h"

struct pd_node *pd_matmul(struct pd_node *a, struct pd_node *b, bool ta, bool tb)
{
    if (!a || !b)
        return NULL;
    char x[96], y[96];
    int64_t m = a->shape.dim[ta], k = a->shape.dim[!ta], n = b->shape.dim[!tb];
    if (a->shape.rank != 2 || b->shape.rank != 2 || b->shape.dim[tb] != k)
        return pd_graph_fail(a->graph, PD_ERR_MISMATCH, "matmul: %s%s by %s%s", pd_shape_text(a->shape, x),
                             ta ? " transposed" : "", pd_shape_text(b->shape, y), tb ? " transposed" : "");
    struct pd_attr attr = {.slope = 1, .transpose_a = ta, .transpose_b = tb};
    return pd_node_new(a->graph, PD_OP_MATMUL, pd_shape2(m, n), &attr, 2, (struct pd_node *[]){a, b});
}

static struct pd_attr conv_attr(int stride, int pad_h, int pad_w)
{
    return (struct pd_attr){.slope = 1, .stride = stride, .pad_h = pad_h, .pad_w = pad_w};
}

static struct pd_node *conv(struct pd_node *x, struct pd_node *w, int stride, int pad_h, int pad_w,
                            bool quick)
{
    if (!x || !w)
        return NULL;
    const int64_t *d = x->shape.dim, *k = w->shape.dim;
    const int64_t high = d[2] + (int64_t)2 * pad_h - k[2], wide = d[3] + (int64_t)2 * pad_w - k[3];
    char a[96], b[96];
    if (x->shape.rank != 4 || w->shape.rank != 4 || stride < 1 || pad_h < 0 || pad_w < 0 || d[1] != k[1] ||
        high < 0 || wide < 0)
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "conv: images %s by weights %s",
                             pd_shape_text(x->shape, a), pd_shape_text(w->shape, b));
    struct pd_shape s = pd_shape4(d[0], k[0], high / stride + 1, wide / stride + 1);
    struct pd_attr attr = conv_attr(stride, pad_h, pad_w);
    attr.quick = quick;
    return pd_node_new(x->graph, PD_OP_CONV, s, &attr, 2, (struct pd_node *[]){x, w});
}

struct pd_node *pd_conv_padded(struct pd_node *x, struct pd_node *w, int stride, int pad_h, int pad_w)
{
    return conv(x, w, stride, pad_h, pad_w, false);
}

struct pd_node *pd_conv_quick(struct pd_node *x, struct pd_node *w, int stride, int pad_h, int pad_w)
{
    return conv(x, w, stride, pad_h, pad_w, true);
}

struct pd_node *pd_conv(struct pd_node *x, struct pd_node *w, int stride, int pad)
{
    return pd_conv_padded(x, w, stride, pad, pad);
}

struct pd_node *pd_conv_dx(struct pd_node *dy, struct pd_node *w, const struct pd_attr *attr,
                           struct pd_shape x)
{
    return dy && w ? pd_node_new(dy->graph, PD_OP_CONV_DX, x, attr, 2, (struct pd_node *[]){dy, w}) : NULL;
}

struct pd_node *pd_conv_dw(struct pd_node *x, struct pd_node *dy, const struct pd_attr *attr,
                           struct pd_shape w)
{
    return dy && x ? pd_node_new(dy->graph, PD_OP_CONV_DW, w, attr, 2, (struct pd_node *[]){x, dy}) : NULL;
}

struct pd_node *pd_conv_transposed(struct pd_node *x, struct pd_node *w, int stride, int pad)
{
    if (!x || !w)
        return NULL;
    const int64_t *d = x->shape.dim, *k = w->shape.dim;
    char a[96], b[96];
    struct pd_shape s = pd_shape4(d[0], k[1], (d[2] - 1) * stride - (int64_t)2 * pad + k[2],
                                  (d[3] - 1) * stride - (int64_t)2 * pad + k[3]);
    if (x->shape.rank != 4 || w->shape.rank != 4 || stride < 1 || pad < 0 || d[1] != k[0] || s.dim[2] < 1 ||
        s.dim[3] < 1)
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "transposed conv: images %s by weights %s",
                             pd_shape_text(x->shape, a), pd_shape_text(w->shape, b));
    if (d[2] == 1 && d[3] == 1 && pad == 0) { /* of a pixel: a matrix product, which has the faster kernels */
        struct pd_shape rows = pd_shape2(d[0], d[1]), taps = pd_shape2(k[0], k[1] * k[2] * k[3]);
        return pd_reshape(pd_matmul(pd_reshape(x, rows), pd_reshape(w, taps), false, false), s);
    }
    struct pd_attr attr = conv_attr(stride, pad, pad);
    return pd_conv_dx(x, w, &attr, s);
}

struct pd_node *pd_log_softmax(struct pd_node *x)
{
    if (x && x->shape.rank != 2)
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "log-softmax: expected (N, K)");
    return x ? pd_node_new(x->graph, PD_OP_LOG_SOFTMAX, x->shape, NULL, 1, &x) : NULL;
}

static struct pd_node *pool(enum pd_op op, struct pd_node *x, int size, int stride, int pad)
{
    if (!x)
        return NULL;
    const int64_t *d = x->shape.dim, high = d[2] + (int64_t)2 * pad - size,
                  wide = d[3] + (int64_t)2 * pad - size;
    char a[96];
    if (x->shape.rank != 4 || size < 1 || stride < 1 || pad < 0 || pad > size / 2 || high < 0 || wide < 0 ||
        high % stride || wide % stride)
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "%s %d, stride %d, pad %d: images %s", pd_op_name(op),
                             size, stride, pad, pd_shape_text(x->shape, a));
    struct pd_attr attr = {.stride = stride, .pad_h = pad, .pad_w = pad, .window = size};
    return pd_node_new(x->graph, op, pd_shape4(d[0], d[1], high / stride + 1, wide / stride + 1), &attr, 1,
                       &x);
}

struct pd_node *pd_max_pool(struct pd_node *x, int size, int stride, int pad)
{
    return pool(PD_OP_MAX_POOL, x, size, stride, pad);
}

struct pd_node *pd_avg_pool(struct pd_node *x, int size, int stride, int pad)
{
    return pool(PD_OP_AVG_POOL, x, size, stride, pad);
}

struct pd_node *pd_batch_stats(struct pd_node *x)
{
    if (!x)
        return NULL;
    char a[96];
    if (x->shape.rank < 2)
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "batch statistics of %s: no channels",
                             pd_shape_text(x->shape, a));
    return pd_node_new(x->graph, PD_OP_BATCH_STATS, pd_shape2(2, x->shape.dim[1]), NULL, 1, &x);
}

struct pd_node *pd_all_sum(struct pd_node *x)
{
    return x && x->graph->ranks > 1 ? pd_node_new(x->graph, PD_OP_ALL_SUM, x->shape, NULL, 1, &x) : x;
}

struct pd_node *pd_all_mean(struct pd_node *x)
{
    return x && x->graph->ranks > 1 ? pd_affine(pd_all_sum(x), 1.0 / x->graph->ranks, 0) : x;
}

struct pd_node *pd_all_stats(struct pd_node *stats)
{
    if (!stats || stats->graph->ranks < 2)
        return stats;
    return pd_node_new(stats->graph, PD_OP_ALL_STATS, stats->shape, NULL, 1, &stats);
}

struct pd_node *pd_batch_norm(struct pd_node *x, struct pd_node *stats, struct pd_node *gamma,
                              struct pd_node *beta, double eps, double slope)
{
    if (!x || !stats || !gamma || !beta)
        return NULL;
    struct pd_shape c = pd_shape1(x->shape.dim[1]);
    char a[96];
    if (!pd_shape_equal(gamma->shape, c) || !pd_shape_equal(beta->shape, c) ||
        !pd_shape_equal(stats->shape, pd_shape2(2, c.dim[0])))
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "batch norm of %s: parameters of another size",
                             pd_shape_text(x->shape, a));
    struct pd_attr attr = {.slope = slope, .eps = eps};
    struct pd_node *src[] = {x, stats, gamma, beta};
    return pd_node_new(x->graph, PD_OP_BATCH_NORM, x->shape, &attr, 4, src);
}
