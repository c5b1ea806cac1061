/* Shapes, and the ops that only move or add up elements. */
#include "engine/graph.h"

#include <stdio.h>

struct pd_shape pd_shape0(void)
{
    return (struct pd_shape){0, {1, 1, 1, 1}};
}

struct pd_shape pd_shape1(int64_t a)
{
    return (struct pd_shape){1, {a, 1, 1, 1}};
}

struct pd_shape pd_shape2(int64_t a, int64_t b)
{
    return (struct pd_shape){2, {a, b, 1, 1}};
}

struct pd_shape pd_shape4(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (struct pd_shape){4, {a, b, c, d}};
}

int64_t pd_shape_count(struct pd_shape s)
{
    return s.dim[0] * s.dim[1] * s.dim[2] * s.dim[3];
}

bool pd_shape_equal(struct pd_shape a, struct pd_shape b)
{
    bool same = a.rank == b.rank;
    for (int i = 0; i < PD_MAX_RANK; i++)
        same = same && a.dim[i] == b.dim[i];
    return same;
}

const char *pd_shape_text(struct pd_shape s, char *text)
{
    int n = sprintf(text, "(");
    for (int i = 0; i < s.rank; i++)
        n += sprintf(text + n, i ? ", %lld" : "%lld", (long long)s.dim[i]);
    sprintf(text + n, ")");
    return text;
}

struct pd_node *pd_reshape(struct pd_node *x, struct pd_shape shape)
{
    if (!x || pd_shape_equal(x->shape, shape))
        return x;
    char a[96], b[96];
    if (pd_shape_count(x->shape) != pd_shape_count(shape))
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "reshape: %s has not as many elements as %s",
                             pd_shape_text(x->shape, a), pd_shape_text(shape, b));
    return pd_node_new(x->graph, PD_OP_RESHAPE, shape, NULL, 1, &x);
}

struct pd_node *pd_detach(struct pd_node *x)
{
    return x ? pd_node_new(x->graph, PD_OP_DETACH, x->shape, NULL, 1, &x) : NULL;
}

/* x's shape with leading ones up to that rank. */
static struct pd_node *with_rank(struct pd_node *x, int rank)
{
    struct pd_shape s = {rank, {1, 1, 1, 1}};
    for (int i = 0; i < x->shape.rank; i++)
        s.dim[rank - x->shape.rank + i] = x->shape.dim[i];
    return pd_reshape(x, s);
}

static bool broadcasts(struct pd_shape from, struct pd_shape to)
{
    for (int i = 0; i < PD_MAX_RANK; i++)
        if (from.dim[i] != to.dim[i] && from.dim[i] != 1)
            return false;
    return from.rank == to.rank;
}

struct pd_node *pd_broadcast(struct pd_node *x, struct pd_shape shape)
{
    if (!x || pd_shape_equal(x->shape, shape))
        return x;
    char a[96], b[96];
    struct pd_node *r = x->shape.rank <= shape.rank ? with_rank(x, shape.rank) : x;
    if (!r || !broadcasts(r->shape, shape))
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "%s does not broadcast to %s",
                             pd_shape_text(x->shape, a), pd_shape_text(shape, b));
    if (pd_shape_equal(r->shape, shape))
        return r;
    return pd_node_new(x->graph, PD_OP_BROADCAST, shape, NULL, 1, &r);
}

struct pd_node *pd_sum_to(struct pd_node *x, struct pd_shape shape)
{
    if (!x || pd_shape_equal(x->shape, shape))
        return x;
    struct pd_shape full = shape; /* leading ones, so that the ranks agree */
    full.rank = x->shape.rank;
    int lead = x->shape.rank - shape.rank;
    for (int i = PD_MAX_RANK - 1; i >= 0; i--)
        full.dim[i] = i < x->shape.rank && i >= lead ? shape.dim[i - lead] : 1;
    char a[96], b[96];
    if (lead < 0 || !broadcasts(full, x->shape))
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "%s does not sum to %s", pd_shape_text(x->shape, a),
                             pd_shape_text(shape, b));
    if (pd_shape_equal(full, x->shape))
        return pd_reshape(x, shape);
    if (x->op == PD_OP_BATCH_NORM_DX && x->attr.through_statistics && pd_shape_count(full) == full.dim[1])
        return pd_constant(x->graph, 0,
                           shape); /* batch norm took the mean away: exactly 0, not rounding noise */
    return pd_reshape(pd_node_new(x->graph, PD_OP_SUM_TO, full, NULL, 1, &x), shape);
}

struct pd_node *pd_sum(struct pd_node *x)
{
    return pd_sum_to(x, pd_shape0());
}

struct pd_node *pd_mean(struct pd_node *x)
{
    return x ? pd_affine(pd_sum(x), 1.0 / (double)pd_shape_count(x->shape), 0) : NULL;
}

struct pd_node *pd_concat(struct pd_node *a, struct pd_node *b, int axis)
{
    if (!a || !b)
        return NULL;
    struct pd_shape s = a->shape, t = b->shape;
    char x[96], y[96];
    bool inside = axis >= 0 && axis < s.rank;
    if (inside)
        s.dim[axis] = t.dim[axis];
    if (!inside || !pd_shape_equal(s, t))
        return pd_graph_fail(a->graph, PD_ERR_MISMATCH, "concat along axis %d: %s and %s", axis,
                             pd_shape_text(a->shape, x), pd_shape_text(b->shape, y));
    s.dim[axis] += a->shape.dim[axis];
    struct pd_attr attr = {.axis = axis};
    return pd_node_new(a->graph, PD_OP_CONCAT, s, &attr, 2, (struct pd_node *[]){a, b});
}

struct pd_node *pd_slice(struct pd_node *x, int axis, int64_t begin, int64_t length)
{
    if (!x)
        return NULL;
    struct pd_shape s = x->shape;
    char a[96];
    if (axis < 0 || axis >= s.rank || begin < 0 || length < 1 || begin + length > s.dim[axis])
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "slice %lld..%lld of axis %d of %s", (long long)begin,
                             (long long)(begin + length), axis, pd_shape_text(s, a));
    if (length == s.dim[axis])
        return x;
    s.dim[axis] = length;
    struct pd_attr attr = {.axis = axis, .begin = begin};
    return pd_node_new(x->graph, PD_OP_SLICE, s, &attr, 1, &x);
}

struct pd_node *pd_pad(struct pd_node *x, int axis, int64_t begin, int64_t length)
{
    if (!x)
        return NULL;
    struct pd_shape s = x->shape;
    char a[96];
    if (axis < 0 || axis >= s.rank || begin < 0 || begin + s.dim[axis] > length)
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "pad axis %d of %s to %lld from %lld", axis,
                             pd_shape_text(s, a), (long long)length, (long long)begin);
    if (length == s.dim[axis])
        return x;
    s.dim[axis] = length;
    struct pd_attr attr = {.axis = axis, .begin = begin};
    return pd_node_new(x->graph, PD_OP_PAD, s, &attr, 1, &x);
}

static struct pd_node *shift(struct pd_node *x, struct pd_node *by, int sign)
{
    struct pd_attr attr = {.direction = sign};
    return pd_node_new(x->graph, PD_OP_SHIFT, x->shape, &attr, 2, (struct pd_node *[]){x, by});
}

struct pd_node *pd_shift(struct pd_node *x, struct pd_node *by)
{
    if (!x || !by)
        return NULL;
    char a[96], b[96];
    if (x->shape.rank != 4 || !pd_shape_equal(by->shape, pd_shape2(x->shape.dim[0], 2)))
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "shift of %s by %s", pd_shape_text(x->shape, a),
                             pd_shape_text(by->shape, b));
    return shift(x, by, 1);
}

struct pd_node *pd_shift_back(struct pd_node *x, const struct pd_node *shifted)
{
    return x ? shift(x, shifted->src[1], -(int)shifted->attr.direction) : NULL;
}

struct pd_node *pd_one_hot(struct pd_node *labels, int classes)
{
    if (!labels)
        return NULL;
    if (labels->dtype != PD_I32 || labels->shape.rank != 1)
        return pd_graph_fail(labels->graph, PD_ERR_MISMATCH, "one-hot: labels must be i32 of rank 1");
    return pd_node_new(labels->graph, PD_OP_ONE_HOT, pd_shape2(labels->shape.dim[0], classes), NULL, 1,
                       &labels);
}

struct pd_node *pd_pixels(struct pd_node *table, struct pd_node *places, int size)
{
    char a[96], b[96];
    if (!table || !places)
        return NULL;
    const struct pd_shape t = table->shape, p = places->shape;
    if (table->dtype != PD_U8 || places->dtype != PD_I32 || t.rank != 4 || p.rank != 2 || p.dim[1] != 4 ||
        size < 1 || size > t.dim[2] || size > t.dim[3])
        return pd_graph_fail(table->graph, PD_ERR_MISMATCH, "pixels: %d x %d out of %s at %s", size, size,
                             pd_shape_text(t, a), pd_shape_text(p, b));
    return pd_node_new(table->graph, PD_OP_PIXELS, pd_shape4(p.dim[0], t.dim[1], size, size), NULL, 2,
                       (struct pd_node *[]){table, places});
}

struct pd_node *pd_top_rows(struct pd_node *x, struct pd_node *score, int64_t k)
{
    if (!x || !score)
        return NULL;
    char a[96], b[96];
    const int64_t n = x->shape.dim[0];
    if (x->shape.rank != 2 || !pd_shape_equal(score->shape, pd_shape1(n)) || k < 1 || k > n)
        return pd_graph_fail(x->graph, PD_ERR_MISMATCH, "top %lld rows of %s by a score of %s", (long long)k,
                             pd_shape_text(x->shape, a), pd_shape_text(score->shape, b));
    return pd_node_new(x->graph, PD_OP_TOP_ROWS, pd_shape2(k, x->shape.dim[1]), NULL, 2,
                       (struct pd_node *[]){x, score});
}

struct pd_node *pd_rank(struct pd_node *score)
{
    char a[96];
    if (!score)
        return NULL;
    if (score->shape.rank != 1)
        return pd_graph_fail(score->graph, PD_ERR_MISMATCH, "ranks of %s: a vector is needed",
                             pd_shape_text(score->shape, a));
    return pd_node_new(score->graph, PD_OP_RANK, score->shape, NULL, 1, &score);
}

struct pd_node *pd_spread_rows(struct pd_node *dy, struct pd_node *score)
{
    if (!dy || !score)
        return NULL;
    struct pd_shape s = pd_shape2(score->shape.dim[0], dy->shape.dim[1]);
    return pd_node_new(dy->graph, PD_OP_SPREAD_ROWS, s, NULL, 2, (struct pd_node *[]){dy, score});
}
