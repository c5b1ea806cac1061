/* How each op is said in ONNX (https://onnx.ai/onnx/operators/, set 17): one line an op in the table below.
 */
#include "gan/onnx_walk.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* ONNX's numbers of types */
enum { ONNX_FLOAT = 1 };

/* --- parts --- */

/* A node that makes n: its sources follow. */
static struct pd_onnx_node *begin(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    pd_onnx_value_of(w, n)->said = n->shape;
    return pd_onnx_node(w->onnx, op, pd_onnx_value_of(w, n)->name);
}

/* "NAME.part" of a node, for what belongs to it alone. text[PD_ONNX_NAME]; returns text. */
static const char *part_of(const struct pd_onnx_walk *w, const struct pd_node *n, const char *part,
                           char *text)
{
    snprintf(text, PD_ONNX_NAME, "%.120s.%s", pd_onnx_value_of(w, n)->name, part);
    return text;
}

static const char *real_of(struct pd_onnx_walk *w, const struct pd_node *n, const char *part, double value,
                           char *text)
{
    const float x = (float)value;
    pd_onnx_floats(w, part_of(w, n, part, text), 0, NULL, &x);
    return text;
}

static const char *integers_of(struct pd_onnx_walk *w, const struct pd_node *n, const char *part, int count,
                               const int64_t *values, char *text)
{
    const int64_t dims[] = {count};
    int64_t *to = pd_onnx_constant(w->onnx, part_of(w, n, part, text), PD_IO_I64, 1, dims);
    if (to)
        memcpy(to, values, (size_t)count * sizeof *to);
    return text;
}

static void add_whole(struct pd_onnx_walk *w, struct pd_onnx_node *node, const struct pd_node *source)
{
    pd_onnx_node_input(node, pd_onnx_whole(w, source));
}

/* --- elementwise: ONNX broadcasts by itself --- */

static struct pd_shape wider(struct pd_shape a, struct pd_shape b)
{
    struct pd_shape s = a.rank >= b.rank ? a : b, t = a.rank >= b.rank ? b : a;
    for (int i = 0; i < t.rank; i++) {
        int64_t *dim = &s.dim[s.rank - t.rank + i];
        *dim = *dim > t.dim[i] ? *dim : t.dim[i];
    }
    return s;
}

static void say_elementwise(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    struct pd_shape said = {0, {1, 1, 1, 1}};
    struct pd_onnx_node *node = begin(w, n, op);
    for (int k = 0; k < n->n_src; k++) {
        pd_onnx_node_input(node, pd_onnx_name(w, n->src[k]));
        said = wider(said, pd_onnx_value_of(w, n->src[k])->said);
    }
    pd_onnx_value_of(w, n)->said = said;
}

static void say_with_number(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    char text[PD_ONNX_NAME];
    struct pd_onnx_node *node = begin(w, n, op);
    pd_onnx_node_input(node, pd_onnx_name(w, n->src[0]));
    pd_onnx_node_input(node, real_of(w, n, "by", n->attr.f[0], text));
    pd_onnx_value_of(w, n)->said = pd_onnx_value_of(w, n->src[0])->said;
}

static void say_affine(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    char scaled[PD_ONNX_NAME], text[PD_ONNX_NAME];
    struct pd_onnx_node *mul = pd_onnx_node(w->onnx, op, part_of(w, n, "scaled", scaled));
    pd_onnx_node_input(mul, pd_onnx_name(w, n->src[0]));
    pd_onnx_node_input(mul, real_of(w, n, "scale", n->attr.scale, text));
    struct pd_onnx_node *add = begin(w, n, "Add");
    pd_onnx_node_input(add, scaled);
    pd_onnx_node_input(add, real_of(w, n, "shift", n->attr.shift, text));
    pd_onnx_value_of(w, n)->said = pd_onnx_value_of(w, n->src[0])->said;
}

static void say_step(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    char above[PD_ONNX_NAME], text[PD_ONNX_NAME];
    struct pd_onnx_node *greater = pd_onnx_node(w->onnx, op, part_of(w, n, "above", above));
    pd_onnx_node_input(greater, pd_onnx_name(w, n->src[0]));
    pd_onnx_node_input(greater, real_of(w, n, "zero", 0, text));
    struct pd_onnx_node *cast = begin(w, n, "Cast");
    pd_onnx_node_input(cast, above);
    pd_onnx_node_integer(cast, "to", ONNX_FLOAT);
    pd_onnx_value_of(w, n)->said = pd_onnx_value_of(w, n->src[0])->said;
}

/* from: in the model */
static void add_lrelu(struct pd_onnx_walk *w, const struct pd_node *n, const char *from)
{
    struct pd_onnx_node *node = begin(w, n, n->attr.slope == 0 ? "Relu" : "LeakyRelu");
    pd_onnx_node_input(node, from);
    if (n->attr.slope != 0)
        pd_onnx_node_real(node, "alpha", n->attr.slope);
}

static void say_lrelu(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    (void)op;
    add_lrelu(w, n, pd_onnx_name(w, n->src[0]));
    pd_onnx_value_of(w, n)->said = pd_onnx_value_of(w, n->src[0])->said;
}

/* --- shape --- */

/* "as many as there are": 0 takes the source's dimension, so that no image at all works, too; elsewhere -1 is
 * what is left. */
static void say_reshape(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    int64_t dims[PD_MAX_RANK];
    char text[PD_ONNX_NAME];
    int open = 0;
    for (int i = 0; i < n->shape.rank; i++) {
        const bool any = pd_onnx_dim(w, n, i) == PD_ONNX_ANY;
        const bool same = any && i < n->src[0]->shape.rank && n->src[0]->shape.dim[i] == n->shape.dim[i] &&
                          pd_onnx_dim(w, n->src[0], i) == PD_ONNX_ANY;
        dims[i] = same ? 0 : pd_onnx_dim(w, n, i);
        open += any;
    }
    if (open > 1)
        pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: a shape with the number of images in it twice (op '%s')",
                     pd_op_name(n->op));
    struct pd_onnx_node *node = begin(w, n, op);
    add_whole(w, node, n->src[0]);
    pd_onnx_node_input(node, integers_of(w, n, "shape", n->shape.rank, dims, text));
}

static void say_concat(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    struct pd_onnx_node *node = begin(w, n, op);
    add_whole(w, node, n->src[0]);
    add_whole(w, node, n->src[1]);
    pd_onnx_node_integer(node, "axis", n->attr.axis);
}

static void check_axis(struct pd_onnx_walk *w, const struct pd_node *n)
{
    if (pd_onnx_dim(w, n->src[0], (int)n->attr.axis) == PD_ONNX_ANY)
        pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: op '%s' over the images", pd_op_name(n->op));
}

static void say_slice(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    const int64_t axis = n->attr.axis, from = n->attr.begin, to = from + n->shape.dim[axis];
    char text[PD_ONNX_NAME];
    check_axis(w, n);
    struct pd_onnx_node *node = begin(w, n, op);
    add_whole(w, node, n->src[0]);
    pd_onnx_node_input(node, integers_of(w, n, "starts", 1, &from, text));
    pd_onnx_node_input(node, integers_of(w, n, "ends", 1, &to, text));
    pd_onnx_node_input(node, integers_of(w, n, "axes", 1, &axis, text));
}

static void say_pad(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    const int64_t axis = n->attr.axis, rank = n->shape.rank;
    int64_t pads[2 * PD_MAX_RANK] = {0};
    char text[PD_ONNX_NAME];
    check_axis(w, n);
    pads[axis] = n->attr.begin;
    pads[rank + axis] = n->shape.dim[axis] - n->src[0]->shape.dim[axis] - n->attr.begin;
    struct pd_onnx_node *node = begin(w, n, op);
    add_whole(w, node, n->src[0]);
    pd_onnx_node_input(node, integers_of(w, n, "pads", 2 * (int)rank, pads, text));
}

static void say_sum_to(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    int64_t axes[PD_MAX_RANK];
    char text[PD_ONNX_NAME];
    int count = 0;
    for (int i = 0; i < n->shape.rank; i++)
        if (n->shape.dim[i] != n->src[0]->shape.dim[i])
            axes[count++] = i;
    struct pd_onnx_node *node = begin(w, n, op);
    add_whole(w, node, n->src[0]);
    pd_onnx_node_input(node, integers_of(w, n, "axes", count, axes, text));
    pd_onnx_node_integer(node, "keepdims", 1);
}

/* --- classes --- */

/* 0, 1, ... */
static const char *count_up(struct pd_onnx_walk *w, const struct pd_node *n, int64_t count, char *text)
{
    int64_t *to = pd_onnx_constant(w->onnx, part_of(w, n, "classes", text), PD_IO_I64, 1, &count);
    for (int64_t i = 0; to && i < count; i++)
        to[i] = i;
    return text;
}

/* ONNX counts negative numbers from the end: they become one class too far, at which Gather must fail. */
void pd_onnx_say_labels(struct pd_onnx_walk *w, const struct pd_node *n)
{
    char *name = pd_onnx_value_of(w, n)->name;
    char below[PD_ONNX_NAME], guarded[PD_ONNX_NAME], text[PD_ONNX_NAME];
    const int64_t zero = 0, beyond = w->classes, images = PD_ONNX_ANY;
    snprintf(name, PD_ONNX_NAME, "labels");
    pd_onnx_input(w->onnx, name, PD_IO_I64, 1, &images);
    struct pd_onnx_node *less = pd_onnx_node(w->onnx, "Less", part_of(w, n, "below", below));
    pd_onnx_node_input(less, name);
    pd_onnx_node_input(less, integers_of(w, n, "zero", 1, &zero, text));
    struct pd_onnx_node *where = pd_onnx_node(w->onnx, "Where", part_of(w, n, "guarded", guarded));
    pd_onnx_node_input(where, below);
    pd_onnx_node_input(where, integers_of(w, n, "beyond", 1, &beyond, text));
    pd_onnx_node_input(where, name);
    count_up(w, n, w->classes, text);
    snprintf(name, PD_ONNX_NAME, "labels.checked");
    struct pd_onnx_node *gather = pd_onnx_node(w->onnx, "Gather", name);
    pd_onnx_node_input(gather, text);
    pd_onnx_node_input(gather, guarded);
}

/* A 1 where the class is the label's. */
static void say_one_hot(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    char column[PD_ONNX_NAME], equal[PD_ONNX_NAME], text[PD_ONNX_NAME];
    const int64_t axis = 1;
    struct pd_onnx_node *unsqueeze = pd_onnx_node(w->onnx, "Unsqueeze", part_of(w, n, "column", column));
    add_whole(w, unsqueeze, n->src[0]);
    pd_onnx_node_input(unsqueeze, integers_of(w, n, "axes", 1, &axis, text));
    struct pd_onnx_node *compare = pd_onnx_node(w->onnx, op, part_of(w, n, "equal", equal));
    pd_onnx_node_input(compare, column);
    pd_onnx_node_input(compare, count_up(w, n, n->shape.dim[1], text));
    struct pd_onnx_node *cast = begin(w, n, "Cast");
    pd_onnx_node_input(cast, equal);
    pd_onnx_node_integer(cast, "to", ONNX_FLOAT);
}

/* --- products --- */

bool pd_onnx_takes_bias(enum pd_op op)
{
    return op == PD_OP_MATMUL || op == PD_OP_CONV || op == PD_OP_CONV_DX;
}

/* Its node makes the sum where it is joined with a bias. */
static struct pd_onnx_node *begin_product(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    const struct pd_node *sum = pd_onnx_value_of(w, n)->into;
    struct pd_onnx_node *node = begin(w, sum ? sum : n, op);
    add_whole(w, node, n->src[0]);
    add_whole(w, node, n->src[1]);
    if (!sum)
        return node;
    char name[PD_ONNX_NAME];
    const struct pd_node *bias = pd_onnx_behind(sum->src[sum->src[0] == n]);
    float *numbers = pd_onnx_numbers(w, bias);
    pd_onnx_constant_name(w, bias, name);
    pd_onnx_floats(w, name, 1, &bias->shape.dim[1], numbers);
    pd_free(numbers);
    pd_onnx_node_input(node, name);
    return node;
}

static void say_matmul(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    struct pd_onnx_node *node = begin_product(w, n, op);
    pd_onnx_node_integer(node, "transA", n->attr.transpose_a);
    pd_onnx_node_integer(node, "transB", n->attr.transpose_b);
}

/* What convolutions and pools say of their windows. */
static void add_window(struct pd_onnx_node *node, const struct pd_node *n, const int64_t size[2])
{
    const int64_t strides[] = {n->attr.stride, n->attr.stride};
    const int64_t pads[] = {n->attr.pad_h, n->attr.pad_w, n->attr.pad_h, n->attr.pad_w};
    pd_onnx_node_integers(node, "kernel_shape", 2, size);
    pd_onnx_node_integers(node, "strides", 2, strides);
    pd_onnx_node_integers(node, "pads", 4, pads);
}

static void say_conv(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    add_window(begin_product(w, n, op), n, n->src[1]->shape.dim + 2);
}

/* As large as the images that it is the gradient of, which their convolution may have cut short. */
static void say_conv_dx(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    const int64_t *from = n->src[0]->shape.dim + 2, *taps = n->src[1]->shape.dim + 2;
    const int64_t pad[] = {n->attr.pad_h, n->attr.pad_w};
    int64_t rest[2];
    struct pd_onnx_node *node = begin_product(w, n, op);
    for (int i = 0; i < 2; i++)
        rest[i] = n->shape.dim[2 + i] - ((from[i] - 1) * n->attr.stride - 2 * pad[i] + taps[i]);
    add_window(node, n, taps);
    if (rest[0] || rest[1])
        pd_onnx_node_integers(node, "output_padding", 2, rest);
}

static void say_pool(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    const int64_t size[] = {n->attr.window, n->attr.window};
    struct pd_onnx_node *node = begin(w, n, op);
    add_whole(w, node, n->src[0]);
    add_window(node, n, size);
}

/* --- normalisation --- */

static void say_log_softmax(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    struct pd_onnx_node *node = begin(w, n, op);
    add_whole(w, node, n->src[0]);
    pd_onnx_node_integer(node, "axis", 1);
}

/* Mean and variance, of which ONNX wants each as a constant of its own. */
static void add_statistics(struct pd_onnx_walk *w, struct pd_onnx_node *node, const struct pd_node *stats)
{
    const int64_t channels = stats->shape.dim[1];
    const bool joined = stats->op == PD_OP_CONCAT;
    float *numbers = pd_onnx_numbers(w, stats);
    for (int row = 0; row < 2; row++) {
        char name[PD_ONNX_NAME];
        pd_onnx_constant_name(w, joined ? stats->src[row] : stats, name);
        pd_onnx_floats(w, name, 1, &channels, numbers ? numbers + row * channels : NULL);
        pd_onnx_node_input(node, name);
    }
    pd_free(numbers);
}

static void say_batch_norm(struct pd_onnx_walk *w, const struct pd_node *n, const char *op)
{
    char normal[PD_ONNX_NAME];
    const struct pd_node *stats = pd_onnx_behind(n->src[1]);
    const bool active = n->attr.slope != 1;
    if (pd_onnx_value_of(w, stats)->varies) {
        pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: batch norm by the statistics of a batch");
        return;
    }
    struct pd_onnx_node *node =
        active ? pd_onnx_node(w->onnx, op, part_of(w, n, "normal", normal)) : begin(w, n, op);
    add_whole(w, node, n->src[0]);
    add_whole(w, node, n->src[2]);
    add_whole(w, node, n->src[3]);
    add_statistics(w, node, stats);
    pd_onnx_node_real(node, "epsilon", n->attr.eps);
    if (active)
        add_lrelu(w, n, normal);
}

/* --- the table --- */

static const struct {
    void (*say)(struct pd_onnx_walk *w, const struct pd_node *n, const char *op);
    const char *op; /* ONNX's */
} words[PD_OP_COUNT] = {
    [PD_OP_AFFINE] = {say_affine, "Mul"},
    [PD_OP_EXP] = {say_elementwise, "Exp"},
    [PD_OP_LOG] = {say_elementwise, "Log"},
    [PD_OP_SQRT] = {say_elementwise, "Sqrt"},
    [PD_OP_ABS] = {say_elementwise, "Abs"},
    [PD_OP_SIGN] = {say_elementwise, "Sign"},
    [PD_OP_STEP] = {say_step, "Greater"},
    [PD_OP_POW] = {say_with_number, "Pow"},
    [PD_OP_MAX] = {say_with_number, "Max"},
    [PD_OP_TANH] = {say_elementwise, "Tanh"},
    [PD_OP_SIGMOID] = {say_elementwise, "Sigmoid"},
    [PD_OP_SOFTPLUS] = {say_elementwise, "Softplus"},
    [PD_OP_LRELU] = {say_lrelu, NULL},
    [PD_OP_ADD] = {say_elementwise, "Add"},
    [PD_OP_SUB] = {say_elementwise, "Sub"},
    [PD_OP_MUL] = {say_elementwise, "Mul"},
    [PD_OP_DIV] = {say_elementwise, "Div"},
    [PD_OP_RESHAPE] = {say_reshape, "Reshape"},
    [PD_OP_SUM_TO] = {say_sum_to, "ReduceSum"},
    [PD_OP_CONCAT] = {say_concat, "Concat"},
    [PD_OP_SLICE] = {say_slice, "Slice"},
    [PD_OP_PAD] = {say_pad, "Pad"},
    [PD_OP_ONE_HOT] = {say_one_hot, "Equal"},
    [PD_OP_MATMUL] = {say_matmul, "Gemm"},
    [PD_OP_CONV] = {say_conv, "Conv"},
    [PD_OP_CONV_DX] = {say_conv_dx, "ConvTranspose"},
    [PD_OP_LOG_SOFTMAX] = {say_log_softmax, "LogSoftmax"},
    [PD_OP_MAX_POOL] = {say_pool, "MaxPool"},
    [PD_OP_AVG_POOL] = {say_pool, "AveragePool"},
    [PD_OP_BATCH_NORM] = {say_batch_norm, "BatchNormalization"},
};

void pd_onnx_say_op(struct pd_onnx_walk *w, const struct pd_node *n)
{
    if (words[n->op].say)
        words[n->op].say(w, n, words[n->op].op);
    else
        pd_onnx_fail(w, PD_ERR_UNSUPPORTED, "ONNX: no words for op '%s'", pd_op_name(n->op));
}
