/* Elementwise ops, shapes, matrix products, log-softmax, pooling; and what the compiler makes of them in a
 * row. */
#ifndef PD_TEST_GRAD_CASES_H
#define PD_TEST_GRAD_CASES_H

#include "check.h"

/* clang-format off */
#define S0             {0, {1, 1, 1, 1}}
#define S1(a)          {1, {a, 1, 1, 1}}
#define S2(a, b)       {2, {a, b, 1, 1}}
#define S4(a, b, c, d) {4, {a, b, c, d}}
/* clang-format on */

/* A line of the table: name, builder, inputs, and what else the case says. */
#define OP(label, builder, ...)                                                                              \
    {                                                                                                        \
        .name = label, .build = builder, .in = __VA_ARGS__                                                   \
    }

/* A builder whose body is one expression of the inputs x, the case's ints p and numbers f. */
#define BUILD(name, expression)                                                                              \
    static struct pd_node *name(struct pd_node *const *x, const struct op_case *c)                           \
    {                                                                                                        \
        const int *p = c->p;                                                                                 \
        const double *f = c->f;                                                                              \
        (void)p, (void)f;                                                                                    \
        return expression;                                                                                   \
    }

static struct pd_shape with_ones(struct pd_shape s, const int *keep)
{
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = keep[i] ? s.dim[i] : 1;
    return s;
}

static const int rows_only[] = {1, 0, 0, 0};

BUILD(b_affine, pd_affine(x[0], f[0], f[1]))
BUILD(b_neg, pd_neg(x[0]))
BUILD(b_square, pd_square(x[0]))
BUILD(b_exp, pd_exp(x[0]))
BUILD(b_log, pd_log(x[0]))
BUILD(b_sqrt, pd_sqrt(x[0]))
BUILD(b_abs, pd_abs(x[0]))
BUILD(b_sign, pd_sign(x[0]))
BUILD(b_step, pd_step(x[0]))
BUILD(b_pow, pd_pow(x[0], f[0]))
BUILD(b_max, pd_max(x[0], f[1]))
BUILD(b_tanh, pd_tanh(x[0]))
BUILD(b_sigmoid, pd_sigmoid(x[0]))
BUILD(b_softplus, pd_softplus(x[0]))
BUILD(b_lrelu, pd_lrelu(x[0], f[0]))
BUILD(b_lrelu_chain, pd_lrelu(pd_neg(pd_lrelu(pd_lrelu(x[0], f[0]), 0.5)), f[0]))
BUILD(b_add, pd_add(x[0], x[1]))
BUILD(b_sub, pd_sub(x[0], x[1]))
BUILD(b_mul, pd_mul(x[0], x[1]))
BUILD(b_div, pd_div(x[0], x[1]))
BUILD(b_sub_self, pd_sub(pd_exp(x[0]), pd_mul(x[0], x[0])))
BUILD(b_detach, pd_mul(x[0], pd_detach(pd_exp(x[1]))))
BUILD(b_identity, x[0])
BUILD(b_reshape, pd_reshape(pd_exp(x[0]), pd_shape2(p[0], p[1])))
BUILD(b_broadcast, pd_broadcast(x[0], pd_shape4(p[0], p[1], p[2], p[3])))
BUILD(b_broadcast2, pd_square(pd_broadcast(x[0], pd_shape2(p[0], p[1]))))
BUILD(b_sum_to, pd_sum_to(pd_square(x[0]), with_ones(pd_node_shape(x[0]), p)))
BUILD(b_sum_to_row, pd_sum_to(pd_square(x[0]), pd_shape1(p[0])))
BUILD(b_sum, pd_square(pd_sum(x[0])))
BUILD(b_mean, pd_square(pd_mean(pd_exp(x[0]))))
BUILD(b_concat, pd_concat(pd_square(x[0]), x[1], p[0]))
BUILD(b_concat_self, pd_concat(x[0], x[0], p[0]))
BUILD(b_slice, pd_square(pd_slice(x[0], p[0], p[1], p[2])))
BUILD(b_pad, pd_square(pd_pad(x[0], p[0], p[1], p[2])))
BUILD(b_shift, pd_square(pd_shift(x[0], x[1])))
BUILD(b_top_rows, pd_square(pd_top_rows(x[0], x[1], p[0])))
BUILD(b_top_rows_own,
      pd_square(pd_top_rows(
          x[0], pd_reshape(pd_sum_to(x[0], with_ones(pd_node_shape(x[0]), rows_only)), pd_shape1(7)), p[0])))
BUILD(b_matmul, pd_matmul(x[0], x[1], p[0], p[1]))
BUILD(b_log_softmax, pd_log_softmax(x[0]))
BUILD(b_max_pool, pd_max_pool(x[0], p[0], p[1], p[2]))
BUILD(b_avg_pool, pd_square(pd_avg_pool(x[0], p[0], p[1], p[2])))

static struct pd_node *b_cross_entropy(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_node *labels = pd_input(pd_node_graph(x[0]), "labels", PD_I32, pd_shape1(6));
    return pd_neg(pd_sum_to(pd_mul(pd_one_hot(labels, 5), pd_log_softmax(x[0])), pd_shape2(6, 1)));
}

/* --- several ops in a row --- */

BUILD(b_dense, pd_lrelu(pd_add(pd_matmul(x[0], x[1], false, true), x[2]), f[0]))
BUILD(b_dense_tanh, pd_tanh(pd_add(x[2], pd_matmul(x[0], x[1], false, true))))
BUILD(b_bias_after, pd_add(pd_lrelu(pd_matmul(x[0], x[1], false, true), f[0]), x[2]))
BUILD(b_slopes, pd_lrelu(pd_lrelu(pd_add(pd_matmul(x[0], x[1], false, true), x[2]), f[0]), f[0]))
BUILD(b_matmul_scalar, pd_add(pd_matmul(x[0], x[1], false, true), x[2]))
BUILD(b_two_products, pd_add(pd_matmul(x[0], x[1], false, true), pd_matmul(x[2], x[3], true, false)))
BUILD(b_two_products_relu,
      pd_lrelu(pd_add(pd_matmul(x[0], x[1], false, true), pd_add(pd_matmul(x[2], x[3], true, false), x[4])),
               f[0]))
BUILD(b_sloped_products, pd_add(pd_lrelu(pd_matmul(x[0], x[1], false, true), f[0]),
                                pd_lrelu(pd_matmul(x[2], x[3], true, false), f[0])))
BUILD(b_three_products,
      pd_add(pd_matmul(x[0], x[1], false, true),
             pd_add(pd_matmul(x[2], x[3], true, false), pd_matmul(x[0], x[4], false, true))))
BUILD(b_square_product, pd_matmul(x[0], pd_matmul(x[0], x[0], true, false), false, false))

static struct pd_node *b_product_used_twice(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_node *p = pd_matmul(x[0], x[1], false, true), *q = pd_matmul(x[2], x[3], true, false);
    return pd_mul(pd_add(p, q), pd_lrelu(p, 0.1));
}

static struct pd_node *b_shared(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_node *t = pd_exp(pd_mul(x[0], x[1])), *u = pd_exp(pd_mul(x[0], x[1]));
    return pd_add(pd_mul(t, u), pd_div(pd_sub(u, x[0]), pd_affine(t, 1, 2)));
}

/* More ops and inputs than one program takes, with constants, scalars, rows, columns and a value used much
 * later. */
static struct pd_node *b_long_chain(struct pd_node *const *x, const struct op_case *c)
{
    struct pd_node *y = x[0], *early = pd_sigmoid(x[0]);
    struct pd_node *half = pd_constant(pd_node_graph(y), 0.5, pd_shape0());
    for (int i = 0; i < c->p[0]; i++) {
        y = pd_tanh(pd_add(pd_mul(y, x[1]), pd_affine(x[2], 0.5, 0.1 * i)));
        y = pd_sub(y, pd_mul(half, pd_mul(x[3], pd_exp(pd_mul(half, x[4])))));
        y = pd_add(pd_softplus(y), pd_mul(x[5 + i % 3], early));
    }
    return pd_div(y, pd_affine(pd_square(early), 1, 1));
}

/* Constants become ops of the program, too. */
static struct pd_node *b_constants(struct pd_node *const *x, const struct op_case *c)
{
    struct pd_node *y = x[0];
    for (int i = 0; i < c->p[0]; i++)
        y = pd_mul(pd_affine(y, 1, 0.5), pd_constant(pd_node_graph(y), 1 + 0.01 * i, pd_node_shape(y)));
    return y;
}

BUILD(b_many_inputs, pd_add(pd_add(pd_add(pd_mul(x[0], x[1]), pd_mul(x[2], x[3])),
                                   pd_add(pd_mul(x[4], x[5]), pd_mul(x[6], x[7]))),
                            pd_mul(pd_sub(x[8], x[0]), pd_add(x[9], x[4]))))
BUILD(b_nested_broadcast,
      pd_mul(pd_broadcast(pd_exp(pd_broadcast(x[0], pd_shape2(1, p[1]))), pd_shape2(p[0], p[1])), x[1]))
/* A value, and a broadcast of the same memory: the result must not lie over it. */
BUILD(b_self_broadcast, pd_mul(pd_exp(pd_reshape(pd_square(x[0]), pd_shape2(p[0], 1))),
                               pd_reshape(pd_square(x[0]), pd_shape2(1, p[0]))))
BUILD(b_self_broadcast2, pd_add(pd_square(x[0]), pd_square(pd_sum_to(pd_square(x[0]), pd_shape2(p[0], 1)))))

static struct pd_node *length(struct pd_node *v)
{
    return pd_sqrt(pd_affine(pd_sum(pd_square(v)), 1, 1e-12));
}

/* Miyato et al. 2018: weights by their spectral norm, from one power iteration that is not differentiated. */
static struct pd_node *b_spectral_norm(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_node *u = pd_detach(x[2]), *w = x[1],
                   *d = pd_detach(x[3]); /* d is w, but finite differences move it */
    struct pd_node *v = pd_matmul(u, d, false, false);
    v = pd_div(v, length(v));
    u = pd_matmul(v, d, false, true);
    u = pd_div(u, length(u));
    struct pd_node *sigma = pd_matmul(pd_matmul(u, w, false, false), v, false, true);
    return pd_matmul(x[0], pd_div(w, sigma), false, true);
}

static const struct op_case plain_cases[] = {
    OP("identity", b_identity, {S2(3, 4)}),
    OP("affine", b_affine, {S2(3, 4)}, .f = {-1.5, 0.3}),
    OP("affine without shift", b_affine, {S0}, .f = {2}),
    OP("neg", b_neg, {S1(5)}),
    OP("square", b_square, {S2(3, 4)}),
    OP("exp", b_exp, {S2(3, 4)}),
    OP("log", b_log, {S2(3, 4)}, .low = 0.3, .high = 3),
    OP("sqrt", b_sqrt, {S2(3, 4)}, .low = 0.3, .high = 3),
    OP("abs", b_abs, {S2(3, 4)}, .kink = true),
    OP("sign", b_sign, {S2(3, 4)}, .kink = true, .zero = 1),
    OP("step", b_step, {S2(3, 4)}, .kink = true, .zero = 1),
    OP("pow 3", b_pow, {S2(3, 4)}, .f = {3}),
    OP("pow 2", b_pow, {S2(3, 4)}, .f = {2}),
    OP("pow 1", b_pow, {S2(3, 4)}, .f = {1}),
    OP("pow 0.3", b_pow, {S2(3, 4)}, .f = {0.3}, .low = 0.3, .high = 2),
    OP("pow -1", b_pow, {S2(3, 4)}, .f = {-1}, .low = 0.5, .high = 2),
    OP("max", b_max, {S2(3, 4)}, .f = {0, 0.25}, .kink = true),
    OP("tanh", b_tanh, {S2(3, 4)}, .low = -3, .high = 3),
    OP("sigmoid", b_sigmoid, {S2(3, 4)}, .low = -5, .high = 5),
    OP("sigmoid, extreme", b_sigmoid, {S2(6, 8)}, .low = -90, .high = 90),
    OP("softplus", b_softplus, {S2(3, 4)}, .low = -5, .high = 5),
    OP("softplus, extreme", b_softplus, {S2(6, 8)}, .low = -200, .high = 200),
    OP("tanh, extreme", b_tanh, {S2(6, 8)}, .low = -50, .high = 50),
    OP("lrelu 0.2", b_lrelu, {S2(3, 4)}, .f = {0.2}, .kink = true),
    OP("relu", b_lrelu, {S2(3, 4)}, .f = {0}, .kink = true),
    OP("lrelu 1", b_lrelu, {S2(3, 4)}, .f = {1}),
    OP("lrelu chain", b_lrelu_chain, {S2(3, 7)}, .f = {0.2}, .kink = true),
    OP("add", b_add, {S2(3, 4), S2(3, 4)}),
    OP("add a row", b_add, {S2(3, 4), S1(4)}),
    OP("add columns and rows", b_add, {S2(3, 1), S2(1, 4)}),
    OP("sub", b_sub, {S2(3, 4), S2(3, 4)}),
    OP("sub from a scalar", b_sub, {S0, S2(3, 4)}),
    OP("sub itself", b_sub_self, {S2(3, 4)}),
    OP("mul", b_mul, {S2(3, 4), S2(3, 4)}),
    OP("mul a column", b_mul, {S2(3, 4), S2(3, 1)}),
    OP("mul images by channels", b_mul, {S4(2, 3, 2, 2), S4(1, 3, 1, 1)}),
    OP("mul images by pixels", b_mul, {S4(2, 1, 2, 3), S2(2, 3)}),
    OP("mul outer", b_mul, {S4(2, 1, 2, 1), S4(1, 3, 1, 4)}),
    OP("div", b_div, {S2(3, 4), S2(3, 4)}, .low = 0.5, .high = 2),
    OP("div by a row", b_div, {S2(3, 4), S1(4)}, .low = 0.5, .high = 2),
    OP("div a scalar", b_div, {S0, S2(3, 4)}, .low = 0.5, .high = 2),
    OP("detach", b_detach, {S2(3, 4), S2(3, 4)}, .zero = 2),
    OP("reshape", b_reshape, {S4(2, 3, 2, 1)}, .p = {3, 4}),
    OP("broadcast a scalar", b_broadcast, {S0}, .p = {2, 3, 2, 2}),
    OP("broadcast a row", b_broadcast, {S1(2)}, .p = {2, 3, 2, 2}),
    OP("broadcast channels", b_broadcast, {S4(1, 3, 1, 1)}, .p = {2, 3, 2, 2}),
    OP("broadcast images", b_broadcast, {S4(2, 1, 2, 2)}, .p = {2, 3, 2, 2}),
    OP("broadcast a column", b_broadcast2, {S2(3, 1)}, .p = {3, 5}),
    OP("sum to N", b_sum_to, {S4(2, 3, 2, 2)}, .p = {1, 0, 0, 0}),
    OP("sum to C", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 1, 0, 0}),
    OP("sum to H", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 0, 1, 0}),
    OP("sum to W", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 0, 0, 1}),
    OP("sum to NC", b_sum_to, {S4(2, 3, 2, 2)}, .p = {1, 1, 0, 0}),
    OP("sum to NH", b_sum_to, {S4(2, 3, 2, 2)}, .p = {1, 0, 1, 0}),
    OP("sum to NW", b_sum_to, {S4(2, 3, 2, 2)}, .p = {1, 0, 0, 1}),
    OP("sum to CH", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 1, 1, 0}),
    OP("sum to CW", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 1, 0, 1}),
    OP("sum to HW", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 0, 1, 1}),
    OP("sum to NCH", b_sum_to, {S4(2, 3, 2, 2)}, .p = {1, 1, 1, 0}),
    OP("sum to NCW", b_sum_to, {S4(2, 3, 2, 2)}, .p = {1, 1, 0, 1}),
    OP("sum to NHW", b_sum_to, {S4(2, 3, 2, 2)}, .p = {1, 0, 1, 1}),
    OP("sum to CHW", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 1, 1, 1}),
    OP("sum to 1", b_sum_to, {S4(2, 3, 2, 2)}, .p = {0, 0, 0, 0}),
    OP("sum to rows", b_sum_to, {S2(3, 5)}, .p = {1, 0}),
    OP("sum to columns", b_sum_to, {S2(3, 5)}, .p = {0, 1}),
    OP("sum to columns, 300 x 100", b_sum_to, {S2(300, 100)}, .p = {0, 1}, .big = true),
    OP("sum to rows, 300 x 100", b_sum_to, {S2(300, 100)}, .p = {1, 0}, .big = true),
    OP("sum to a vector", b_sum_to_row, {S2(3, 5)}, .p = {5}),
    OP("sum", b_sum, {S4(2, 3, 2, 2)}),
    OP("sum of 70000", b_sum, {S2(70, 1000)}, .big = true),
    OP("mean", b_mean, {S2(3, 5)}),
    OP("concat 0", b_concat, {S2(2, 3), S2(1, 3)}, .p = {0}),
    OP("concat 1", b_concat, {S2(2, 3), S2(2, 4)}, .p = {1}),
    OP("concat channels", b_concat, {S4(2, 3, 2, 1), S4(2, 1, 2, 1)}, .p = {1}),
    OP("concat with itself", b_concat_self, {S2(2, 3)}, .p = {1}),
    OP("slice 0", b_slice, {S2(4, 3)}, .p = {0, 1, 2}),
    OP("slice 1", b_slice, {S2(3, 5)}, .p = {1, 2, 3}),
    OP("slice images", b_slice, {S4(2, 4, 3, 2)}, .p = {2, 0, 1}),
    OP("slice all", b_slice, {S2(3, 5)}, .p = {1, 0, 5}),
    OP("pad 1", b_pad, {S2(3, 5)}, .p = {1, 2, 9}),
    OP("pad images", b_pad, {S4(2, 4, 3, 2)}, .p = {2, 0, 4}),
    OP("pad nothing", b_pad, {S2(3, 5)}, .p = {1, 0, 5}),
    OP("shift", b_shift, {S4(4, 2, 5, 6), S2(4, 2)}, .low = -3, .high = 3, .zero = 2),
    OP("shift out of sight", b_shift, {S4(9, 1, 2, 3), S2(9, 2)}, .low = -6, .high = 6, .zero = 2),
    OP("top rows", b_top_rows, {S2(7, 3), S1(7)}, .p = {3}, .zero = 2),
    OP("top rows, all", b_top_rows, {S2(4, 3), S1(4)}, .p = {4}, .zero = 2),
    OP("top rows by their own", b_top_rows_own, {S2(7, 3)}, .p = {3}),
    OP("matmul", b_matmul, {S2(3, 4), S2(4, 5)}, .p = {0, 0}),
    OP("matmul tb", b_matmul, {S2(3, 4), S2(5, 4)}, .p = {0, 1}),
    OP("matmul ta", b_matmul, {S2(4, 3), S2(4, 5)}, .p = {1, 0}),
    OP("matmul ta tb", b_matmul, {S2(4, 3), S2(5, 4)}, .p = {1, 1}),
    OP("matmul of vectors", b_matmul, {S2(1, 7), S2(1, 7)}, .p = {0, 1}),
    OP("matmul outer", b_matmul, {S2(1, 6), S2(1, 7)}, .p = {1, 0}),
    OP("matmul, large", b_matmul, {S2(130, 70), S2(150, 70)}, .p = {0, 1}, .big = true),
    OP("log-softmax", b_log_softmax, {S2(4, 5)}, .low = -3, .high = 3),
    OP("log-softmax, extreme", b_log_softmax, {S2(4, 5)}, .low = -1000, .high = 1000, .fd_near = 1e-6),
    OP("cross entropy", b_cross_entropy, {S2(6, 5)}, .low = -2, .high = 2),
    OP("max-pool", b_max_pool, {S4(2, 3, 4, 6)}, .p = {2, 2}, .refuses = "max-pool-bwd"),
    OP("max-pool, LeNet's", b_max_pool, {S4(2, 6, 28, 28)}, .p = {2, 2}, .refuses = "max-pool-bwd",
       .big = true),
    OP("max-pool 3", b_max_pool, {S4(1, 16, 6, 3)}, .p = {3, 3}, .refuses = "max-pool-bwd"),
    OP("max-pool 3, stride 2", b_max_pool, {S4(2, 3, 5, 7)}, .p = {3, 2}, .refuses = "max-pool-bwd"),
    OP("max-pool 3, stride 1, padded", b_max_pool, {S4(2, 2, 4, 3)}, .p = {3, 1, 1},
       .refuses = "max-pool-bwd"),
    OP("avg-pool 2", b_avg_pool, {S4(2, 3, 4, 6)}, .p = {2, 2}),
    OP("avg-pool 3, stride 1, padded", b_avg_pool, {S4(2, 2, 4, 3)}, .p = {3, 1, 1}),
    OP("avg-pool 3, stride 2, padded", b_avg_pool, {S4(1, 2, 5, 3)}, .p = {3, 2, 1}),
    OP("avg-pool of all", b_avg_pool, {S4(3, 4, 3, 3)}, .p = {3, 1, 0}),
    OP("dense", b_dense, {S2(6, 8), S2(5, 8), S1(5)}, .f = {0.2}, .grid = true),
    OP("dense relu", b_dense, {S2(6, 8), S2(5, 8), S1(5)}, .f = {0}, .grid = true),
    OP("dense relu, large", b_dense, {S2(128, 40), S2(150, 40), S1(150)}, .f = {0}, .grid = true,
       .big = true),
    OP("dense tanh", b_dense_tanh, {S2(6, 8), S2(5, 8), S2(1, 5)}),
    OP("bias behind a slope", b_bias_after, {S2(6, 8), S2(5, 8), S1(5)}, .f = {0.2}),
    OP("slope behind a slope", b_slopes, {S2(6, 8), S2(5, 8), S1(5)}, .f = {0.2}, .grid = true),
    OP("product and scalar", b_matmul_scalar, {S2(6, 8), S2(5, 8), S0}),
    OP("product and column", b_matmul_scalar, {S2(6, 8), S2(5, 8), S2(6, 1)}),
    OP("two products", b_two_products, {S2(6, 8), S2(5, 8), S2(4, 6), S2(4, 5)}),
    OP("two products, relu", b_two_products_relu, {S2(6, 8), S2(5, 8), S2(4, 6), S2(4, 5), S1(5)},
       .grid = true),
    OP("two sloped products", b_sloped_products, {S2(6, 8), S2(5, 8), S2(4, 6), S2(4, 5)}, .f = {0.2}),
    OP("three products", b_three_products, {S2(6, 8), S2(5, 8), S2(4, 6), S2(4, 5), S2(5, 8)}),
    OP("product of itself", b_square_product, {S2(6, 4)}),
    OP("product used twice", b_product_used_twice, {S2(6, 8), S2(5, 8), S2(4, 6), S2(4, 5)}),
    OP("shared subexpressions", b_shared, {S2(3, 5), S2(3, 5)}),
    OP("long chain", b_long_chain, {S2(4, 6), S2(4, 6), S1(6), S2(4, 1), S0, S2(4, 6), S2(1, 6), S2(4, 6)},
       .p = {4}, .fd_near = 1e-6),
    OP("long chain, large", b_long_chain,
       {S2(150, 200), S2(150, 200), S1(200), S2(150, 1), S0, S2(150, 200), S2(1, 200), S2(150, 200)},
       .p = {3}, .big = true),
    OP("long chain of images", b_long_chain,
       {S4(3, 4, 2, 3), S4(1, 4, 1, 1), S4(3, 1, 1, 1), S4(3, 1, 2, 3), S0, S4(1, 1, 2, 3), S4(3, 4, 1, 1),
        S4(3, 4, 2, 3)},
       .p = {3}, .fd_near = 1e-6),
    OP("many constants", b_constants, {S2(3, 5)}, .p = {30}),
    OP("many inputs", b_many_inputs,
       {S2(3, 5), S2(3, 5), S2(3, 5), S1(5), S2(3, 5), S2(3, 5), S2(3, 1), S2(3, 5), S2(3, 5), S2(3, 5)}),
    OP("nested broadcast", b_nested_broadcast, {S0, S2(3, 5)}, .p = {3, 5}),
    OP("broadcast of the same memory", b_self_broadcast, {S1(5)}, .p = {5}),
    OP("sum of the same memory", b_self_broadcast2, {S2(4, 3)}, .p = {4}),
    OP("spectral norm", b_spectral_norm, {S2(3, 6), S2(5, 6), S2(1, 5), S2(5, 6)}, .zero = 12),
};

#endif
