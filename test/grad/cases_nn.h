/* Convolutions, batch norm, and small networks: blocked and plain layouts. */
#ifndef PD_TEST_GRAD_CASES_NN_H
#define PD_TEST_GRAD_CASES_NN_H

#include "cases.h"
#include "nn/nn.h"

static struct pd_node *b_turn(struct pd_node *const *x, const struct op_case *c)
{
    struct pd_node *turns;
    (void)c;
    return pd_square(pd_nn_turn(x[0], 9, &turns));
}

BUILD(b_conv, pd_conv(x[0], x[1], p[0], p[1]))
BUILD(b_conv_t, pd_conv_transposed(x[0], x[1], p[0], p[1]))
BUILD(b_conv_sum, pd_square(pd_sum(pd_conv(x[0], x[1], p[0], p[1]))))
BUILD(b_conv_relu, pd_lrelu(pd_add(pd_conv(x[0], x[1], p[0], p[1]), x[2]), f[0]))
BUILD(b_conv_tanh, pd_tanh(pd_add(pd_conv(x[0], x[1], p[0], p[1]), x[2])))
BUILD(b_conv_bias_after, pd_add(pd_lrelu(pd_conv(x[0], x[1], p[0], p[1]), f[0]), x[2]))
BUILD(b_conv_mul, pd_mul(pd_exp(pd_conv(x[0], x[1], p[0], p[1])), pd_sigmoid(x[2])))
BUILD(b_conv_planes, pd_conv(pd_broadcast(pd_exp(x[0]), pd_shape4(p[2], pd_node_shape(x[1]).dim[1], 4, 4)),
                             x[1], p[0], p[1]))
BUILD(b_conv_sum_to, pd_square(pd_sum_to(pd_conv(x[0], x[1], 1, 1), with_ones(pd_node_shape(x[0]), p))))
BUILD(b_conv_concat, pd_tanh(pd_concat(pd_conv(x[0], x[1], 1, 1), x[0], p[0])))
BUILD(b_conv_slice, pd_tanh(pd_slice(pd_conv(x[0], x[1], 1, 1), p[0], p[1], p[2])))
BUILD(b_conv_pool, pd_tanh(pd_max_pool(pd_conv(x[0], x[1], 1, 1), p[0], p[1], p[2])))
BUILD(b_conv_avg, pd_tanh(pd_avg_pool(pd_conv(x[0], x[1], 1, 1), p[0], p[1], p[2])))
BUILD(b_conv_padded, pd_conv_padded(x[0], x[1], p[0], p[1], p[2]))
BUILD(b_conv_quick, pd_conv_quick(x[0], x[1], p[0], p[1], p[2]))
BUILD(b_conv_quick_relu, pd_lrelu(pd_add(pd_conv_quick(x[0], x[1], p[0], p[1], p[2]), x[2]), f[0]))
BUILD(b_conv_concats, pd_conv(pd_concat(pd_concat(pd_conv(x[0], x[1], 1, 1), pd_conv(x[0], x[2], 1, 1), 1),
                                        pd_max_pool(pd_conv(x[0], x[1], 1, 1), 3, 1, 1), 1),
                              x[3], 1, 0))
BUILD(b_conv_add,
      pd_add(pd_conv(x[0], x[1], 1, 1), pd_add(pd_tanh(x[0]), pd_conv(pd_tanh(x[0]), x[2], 1, 1))))

static struct pd_node *b_conv_dense(struct pd_node *const *x, const struct op_case *c)
{
    struct pd_node *y = pd_tanh(pd_conv(x[0], x[1], c->p[0], c->p[1]));
    struct pd_shape s = pd_node_shape(y);
    y = pd_reshape(y, pd_shape2(s.dim[0], s.dim[1] * s.dim[2] * s.dim[3]));
    y = pd_matmul(y, x[2], false, true);
    return pd_conv_transposed(pd_reshape(pd_tanh(y), pd_shape4(s.dim[0], 16, 2, 2)), x[3], 2, 1);
}

/* --- batch norm --- */

BUILD(b_norm, pd_batch_norm(x[0], pd_batch_stats(x[0]), x[1], x[2], 1e-3, f[0]))

/* Statistics of another origin: constants, as in evaluation. */
static struct pd_node *fixed_stats(struct pd_node *x)
{
    return pd_detach(pd_concat(pd_slice(x, 0, 0, 1), pd_affine(pd_square(pd_slice(x, 0, 1, 1)), 1, 0.5), 0));
}

BUILD(b_norm_fixed, pd_batch_norm(x[0], fixed_stats(x[3]), x[1], x[2], 1e-3, f[0]))
BUILD(b_bias_norm_fixed, pd_batch_norm(pd_add(x[0], x[4]), fixed_stats(x[3]), x[1], x[2], 1e-3, f[0]))
BUILD(b_norm_parts,
      pd_add(pd_batch_norm(x[0], pd_detach(pd_batch_stats(x[0])), x[1], x[2], 1e-3, f[0]), pd_exp(x[0])))

static struct pd_node *norm(struct pd_node *x, struct pd_node *gamma, double slope)
{
    return pd_batch_norm(x, pd_batch_stats(x), gamma, pd_affine(gamma, -0.5, 0.3), 1e-3, slope);
}

BUILD(b_bias_norm, norm(pd_add(x[0], x[1]), x[2], f[0]))
BUILD(b_conv_norm, norm(pd_conv(x[0], x[1], p[0], p[1]), x[2], f[0]))
BUILD(b_conv_norm_used,
      pd_mul(norm(pd_conv(x[0], x[1], p[0], p[1]), x[2], f[0]), pd_conv(x[0], x[1], p[0], p[1])))
BUILD(b_deep,
      pd_sigmoid(pd_conv(norm(pd_conv(norm(pd_conv(x[0], x[1], 2, 1), x[2], 0.2), x[3], 2, 1), x[4], 0), x[5],
                         1, 0)))

/* Noise to images, as DCGAN's generator: dense, norm, two transposed convolutions, tanh. */
static struct pd_node *b_generator(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_shape s = pd_node_shape(x[0]);
    struct pd_node *y = norm(pd_matmul(x[0], x[1], false, true), x[2], 0);
    y = pd_reshape(y, pd_shape4(s.dim[0], 32, 2, 2));
    y = norm(pd_conv_transposed(y, x[3], 2, 1), x[4], 0);
    return pd_tanh(pd_add(pd_conv_transposed(y, x[5], 2, 1), x[6]));
}

/* --- gradients inside the model --- */

static struct pd_node *critic(struct pd_node *const *x)
{
    struct pd_node *y = pd_tanh(pd_conv(x[0], x[1], 2, 1));
    struct pd_shape s = pd_node_shape(y);
    y = pd_softplus(pd_conv(y, x[2], 2, 1));
    s = pd_node_shape(y);
    return pd_matmul(pd_reshape(y, pd_shape2(s.dim[0], s.dim[1] * s.dim[2] * s.dim[3])), x[3], false, true);
}

/* Gulrajani et al. 2017, section 4. */
static struct pd_node *b_penalty(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_node *dx;
    pd_grad(pd_sum(critic(x)), x, 1, &dx);
    struct pd_shape rows = pd_shape4(pd_node_shape(x[0]).dim[0], 1, 1, 1);
    struct pd_node *norms = pd_sqrt(pd_affine(pd_sum_to(pd_square(dx), rows), 1, 1e-6));
    return pd_square(pd_affine(norms, 1, -1));
}

/* Of a critic as networks have them. */
static struct pd_node *b_network_penalty(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_node *y = pd_lrelu(pd_add(pd_conv(x[0], x[1], 2, 1), x[2]), 0.2);
    y = pd_lrelu(pd_conv(y, x[3], 2, 1), 0.2);
    y = pd_matmul(pd_nn_flatten(y), x[4], false, true);
    return pd_nn_gradient_penalty(pd_reshape(y, pd_shape1(pd_node_shape(y).dim[0])), x[0]);
}

static struct pd_node *b_relu_penalty(struct pd_node *const *x, const struct op_case *c)
{
    (void)c;
    struct pd_node *dx, *y = pd_lrelu(pd_add(pd_conv(x[0], x[1], 2, 1), x[2]), 0.2);
    pd_grad(pd_sum(pd_mul(y, y)), x, 1, &dx);
    return pd_square(dx);
}

#define CONV(n, c, h, w, o, k, s, pad)   {S4(n, c, h, w), S4(o, c, k, k)}, .p = {s, pad}
#define CONV_T(n, c, h, w, o, k, s, pad) {S4(n, c, h, w), S4(c, o, k, k)}, .p = {s, pad}
#define NORM_REFUSES                     .refuses = "batch-norm-"

static const struct op_case nn_cases[] = {
    OP("turned images", b_turn, {S4(6, 2, 4, 4)}),
    OP("turned images, large", b_turn, {S4(9, 3, 32, 32)}, .big = true),
    OP("conv 3x3", b_conv, CONV(2, 3, 5, 4, 4, 3, 1, 1)),
    OP("conv 5x5, by rows", b_conv, CONV(5, 1, 12, 12, 6, 5, 1, 0)),
    OP("conv 5x5, by rows that end within eight", b_conv, CONV(2, 2, 6, 15, 3, 5, 1, 0)),
    OP("conv 3x3 s2, far edge unread", b_conv, CONV(1, 2, 6, 8, 3, 3, 2, 0)),
    OP("conv 3x3 s2 p1, far edge unread", b_conv, CONV(2, 2, 6, 4, 3, 3, 2, 1)),
    OP("conv 4x4 s2", b_conv, CONV(2, 1, 6, 8, 2, 4, 2, 1)),
    OP("conv 4x4 s3, two columns unread", b_conv, CONV(1, 1, 9, 12, 2, 4, 3, 0)),
    OP("conv 1x1", b_conv, CONV(2, 3, 3, 2, 4, 1, 1, 0)),
    OP("conv 1x1 s2", b_conv, CONV(1, 3, 5, 4, 2, 1, 2, 0)),
    OP("conv 5x5 p2", b_conv, CONV(1, 2, 5, 6, 2, 5, 1, 2)),
    OP("conv of a whole image", b_conv, CONV(2, 3, 4, 4, 5, 4, 1, 0)),
    OP("conv 1x7, padded", b_conv_padded, {S4(2, 2, 3, 4), S4(3, 2, 1, 7)}, .p = {1, 0, 3}),
    OP("conv 7x1, padded", b_conv_padded, {S4(2, 2, 4, 3), S4(3, 2, 7, 1)}, .p = {1, 3, 0}),
    OP("conv 3x3 s2, p2 and p0", b_conv_padded, {S4(1, 2, 5, 4), S4(2, 2, 3, 3)}, .p = {2, 2, 0}),
    OP("conv 3x3, p0 and p1, blocked", b_conv_padded, {S4(5, 32, 9, 8), S4(32, 32, 3, 3)}, .p = {1, 0, 1},
       .big = true),
    OP("conv 1x7, blocked", b_conv_padded, {S4(2, 32, 5, 9), S4(16, 32, 1, 7)}, .p = {1, 0, 3}, .big = true),
    OP("conv 7x1 to plain images", b_conv_padded, {S4(2, 3, 9, 5), S4(16, 3, 7, 1)}, .p = {1, 3, 0},
       .big = true),
    OP("quick conv 3x3 s2", b_conv_quick, {S4(2, 2, 5, 4), S4(2, 2, 3, 3)}, .p = {2, 1, 1}),
    OP("quick conv 1x7", b_conv_quick, {S4(2, 2, 3, 4), S4(3, 2, 1, 7)}, .p = {1, 0, 3}),
    OP("quick conv 3x3, blocked", b_conv_quick, {S4(5, 32, 18, 13), S4(48, 32, 3, 3)}, .p = {1, 0, 1},
       .big = true),
    OP("quick conv 5x5, blocked", b_conv_quick, {S4(3, 48, 11, 12), S4(32, 48, 5, 5)}, .p = {1, 2, 2},
       .big = true),
    OP("quick conv 1x7, blocked", b_conv_quick, {S4(3, 32, 17, 17), S4(48, 32, 1, 7)}, .p = {1, 0, 3},
       .big = true),
    OP("quick conv 7x1, blocked", b_conv_quick, {S4(3, 48, 17, 9), S4(32, 48, 7, 1)}, .p = {1, 3, 0},
       .big = true),
    OP("quick conv 1x3, blocked", b_conv_quick, {S4(5, 32, 8, 8), S4(32, 32, 1, 3)}, .p = {1, 0, 1},
       .big = true),
    OP("quick conv 3x1, few tiles", b_conv_quick, {S4(1, 32, 8, 8), S4(32, 32, 3, 1)}, .p = {1, 1, 0},
       .big = true),
    OP("quick conv 3x1, bias, lrelu", b_conv_quick_relu, {S4(5, 32, 8, 8), S4(32, 32, 3, 1), S4(1, 32, 1, 1)},
       .p = {1, 1, 0}, .f = {0.2}, .big = true),
    OP("conv 3x2", b_conv, {S4(2, 2, 5, 4), S4(3, 2, 3, 2)}, .p = {1, 1}),
    OP("conv_t 4x4 s2", b_conv_t, CONV_T(2, 3, 2, 3, 2, 4, 2, 1)),
    OP("conv_t 3x3", b_conv_t, CONV_T(2, 2, 4, 3, 3, 3, 1, 1)),
    OP("conv_t 4x4 of a pixel", b_conv_t, CONV_T(2, 5, 1, 1, 2, 4, 1, 0)),
    OP("conv_t 2x2 s3, gaps", b_conv_t, CONV_T(1, 2, 3, 2, 2, 2, 3, 0)),
    OP("conv_t 5x5 s2 p2", b_conv_t, CONV_T(1, 2, 3, 3, 1, 5, 2, 2)),
    OP("conv 1 to 16", b_conv, CONV(3, 1, 12, 16, 16, 4, 2, 1), .big = true),
    OP("conv 3 to 48", b_conv, CONV(2, 3, 8, 6, 48, 3, 1, 1), .big = true),
    OP("conv 1 to 16, 5x5", b_conv, CONV(2, 1, 8, 6, 16, 5, 1, 2), .big = true),
    OP("conv 3 to 16, 1x1", b_conv, CONV(2, 3, 8, 6, 16, 1, 1, 0), .big = true),
    OP("conv 16 to 32", b_conv, CONV(2, 16, 8, 6, 32, 4, 2, 1), .big = true),
    OP("conv 16 to 16, unread edge", b_conv, CONV(2, 16, 8, 6, 16, 3, 2, 1), .big = true),
    OP("conv 32 to 16", b_conv, CONV(2, 32, 4, 6, 16, 3, 1, 1), .big = true),
    OP("conv 48 to 64", b_conv, CONV(2, 48, 4, 4, 64, 4, 2, 1), .big = true),
    OP("conv 5 to 16", b_conv, CONV(2, 5, 4, 6, 16, 3, 1, 1), .big = true),
    OP("conv 16 to 5", b_conv, CONV(2, 16, 4, 6, 5, 3, 1, 1), .big = true),
    OP("conv 6 to 5", b_conv, CONV(2, 6, 4, 6, 5, 3, 1, 1), .big = true),
    OP("conv 16 to 1", b_conv, CONV(2, 16, 4, 6, 1, 4, 2, 1), .big = true),
    OP("conv 32 to 3", b_conv, CONV(2, 32, 4, 6, 3, 3, 1, 1), .big = true),
    OP("conv 64 to 1, whole", b_conv, CONV(3, 64, 4, 4, 1, 4, 1, 0), .big = true),
    OP("conv 8 to 24", b_conv, CONV(2, 8, 4, 6, 24, 3, 1, 1), .big = true),
    OP("conv 1 to 1", b_conv, CONV(2, 1, 8, 6, 1, 3, 1, 1)),
    OP("conv 3 to 1", b_conv, CONV(2, 3, 5, 6, 1, 3, 1, 1)),
    OP("conv 1 to 16, large", b_conv, CONV(8, 1, 32, 32, 16, 4, 2, 1), .big = true),
    OP("conv_t 16 to 32", b_conv_t, CONV_T(2, 16, 3, 4, 32, 4, 2, 1), .big = true),
    OP("conv_t 64 to 16", b_conv_t, CONV_T(2, 64, 2, 3, 16, 4, 2, 1), .big = true),
    OP("conv_t 16 to 1, taps", b_conv_t, CONV_T(3, 16, 5, 4, 1, 4, 2, 1), .big = true),
    OP("conv_t 32 to 3, taps", b_conv_t, CONV_T(2, 32, 4, 3, 3, 4, 2, 1), .big = true),
    OP("conv_t 16 to 3, 4x4 s1", b_conv_t, CONV_T(2, 16, 4, 3, 3, 4, 1, 2), .big = true),
    OP("conv_t 16 to 1, large taps", b_conv_t, CONV_T(8, 16, 16, 16, 1, 4, 2, 1), .big = true),
    OP("conv_t 16 to 1, 3x3", b_conv_t, CONV_T(2, 16, 5, 4, 1, 3, 1, 1), .big = true),
    OP("conv_t 16 to 3, 5x5", b_conv_t, CONV_T(2, 16, 5, 4, 3, 5, 2, 2), .big = true),
    OP("conv_t 5 to 6", b_conv_t, CONV_T(2, 5, 3, 4, 6, 4, 2, 1), .big = true),
    OP("conv_t 5 to 16", b_conv_t, CONV_T(2, 5, 3, 4, 16, 4, 2, 1), .big = true),
    OP("conv_t 48 of a pixel", b_conv_t, CONV_T(3, 48, 1, 1, 32, 4, 1, 0), .big = true),
    OP("conv_t 1 to 16", b_conv_t, CONV_T(2, 1, 3, 4, 16, 4, 2, 1), .big = true),
    OP("conv 4x4 s2, tiles", b_conv, CONV(6, 32, 16, 16, 48, 4, 2, 1), .big = true),
    OP("conv 4x4 s2, half tiles", b_conv, CONV(8, 48, 10, 14, 32, 4, 2, 1), .big = true),
    OP("conv 4x4 s2 p0, tiles, unread edges", b_conv, CONV(7, 32, 17, 19, 32, 4, 2, 0), .big = true),
    OP("conv 4x4 s2 p2, tiles in chunks", b_conv, CONV(7, 32, 28, 20, 32, 4, 2, 2), .big = true),
    OP("conv 3x3, tiles", b_conv, CONV(5, 32, 8, 10, 64, 3, 1, 1), .big = true),
    OP("conv 3x3 p0, half tiles in chunks", b_conv, CONV(25, 32, 13, 11, 32, 3, 1, 0), .big = true),
    OP("conv 3x3 p2, an image a chunk", b_conv, CONV(3, 32, 33, 31, 32, 3, 1, 2), .big = true),
    OP("conv 3x3 s2, no tiles", b_conv, CONV(4, 32, 16, 16, 32, 3, 2, 1), .big = true),
    OP("conv 4x3 s1, no tiles", b_conv, {S4(8, 32, 8, 8), S4(32, 32, 3, 4)}, .p = {1, 1}, .big = true),
    OP("conv_t 4x4 s2, tiles", b_conv_t, CONV_T(6, 64, 8, 8, 32, 4, 2, 1), .big = true),
    OP("conv_t 4x4 s2, half tiles in chunks", b_conv_t, CONV_T(9, 32, 11, 9, 48, 4, 2, 1), .big = true),
    OP("conv_t 3x3, tiles", b_conv_t, CONV_T(6, 32, 8, 9, 32, 3, 1, 1), .big = true),
    OP("conv, bias, lrelu, tiles", b_conv_relu, {S4(6, 32, 8, 8), S4(48, 32, 3, 3), S4(1, 48, 1, 1)},
       .p = {1, 1}, .f = {0.2}, .grid = true, .big = true),
    OP("conv, bias, relu, tiles", b_conv_relu, {S4(6, 32, 16, 16), S4(32, 32, 4, 4), S4(1, 32, 1, 1)},
       .p = {2, 1}, .f = {0}, .grid = true, .big = true),
    OP("sum of a conv", b_conv_sum, CONV(2, 3, 5, 4, 4, 3, 1, 1)),
    OP("sum of a conv, blocked", b_conv_sum, CONV(2, 16, 4, 4, 16, 3, 1, 1), .big = true),
    OP("conv, bias, lrelu", b_conv_relu, {S4(2, 2, 4, 4), S4(3, 2, 3, 3), S4(1, 3, 1, 1)}, .p = {1, 1},
       .f = {0.2}, .grid = true),
    OP("conv, bias, lrelu, blocked", b_conv_relu, {S4(2, 16, 4, 4), S4(32, 16, 3, 3), S4(1, 32, 1, 1)},
       .p = {1, 1}, .f = {0.2}, .grid = true, .big = true),
    OP("conv, bias, relu, first", b_conv_relu, {S4(4, 1, 28, 28), S4(32, 1, 4, 4), S4(1, 32, 1, 1)},
       .p = {2, 1}, .f = {0}, .grid = true, .big = true),
    OP("conv, bias, tanh, blocked", b_conv_tanh, {S4(2, 16, 4, 4), S4(32, 16, 3, 3), S4(1, 32, 1, 1)},
       .p = {1, 1}, .big = true),
    OP("conv, scalar, tanh, blocked", b_conv_tanh, {S4(2, 16, 4, 4), S4(32, 16, 3, 3), S0}, .p = {1, 1},
       .big = true),
    OP("conv, image, tanh, blocked", b_conv_tanh, {S4(2, 16, 4, 4), S4(32, 16, 3, 3), S4(1, 32, 4, 4)},
       .p = {1, 1}, .big = true),
    OP("conv, lrelu, bias", b_conv_bias_after, {S4(2, 2, 4, 4), S4(3, 2, 3, 3), S4(1, 3, 1, 1)}, .p = {1, 1},
       .f = {0.2}),
    OP("conv, lrelu, bias, blocked", b_conv_bias_after, {S4(2, 16, 4, 4), S4(32, 16, 3, 3), S4(1, 32, 1, 1)},
       .p = {1, 1}, .f = {0.2}, .big = true),
    OP("blocked times channels", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S4(1, 32, 1, 1)}, .p = {1, 1},
       .big = true),
    OP("blocked times N", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S4(2, 1, 1, 1)}, .p = {1, 1},
       .big = true),
    OP("blocked times NC", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S4(2, 32, 1, 1)}, .p = {1, 1},
       .big = true),
    OP("blocked times NHW", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S4(2, 1, 4, 3)}, .p = {1, 1},
       .big = true),
    OP("blocked times HW", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S2(4, 3)}, .p = {1, 1}, .big = true),
    OP("blocked times CW", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S4(1, 32, 1, 3)}, .p = {1, 1},
       .big = true),
    OP("blocked times NCHW", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S4(2, 32, 4, 3)}, .p = {1, 1},
       .big = true),
    OP("blocked times a scalar", b_conv_mul, {S4(2, 3, 4, 3), S4(32, 3, 3, 3), S0}, .p = {1, 1}, .big = true),
    OP("blocked, large", b_conv_mul, {S4(4, 1, 24, 24), S4(16, 1, 3, 3), S4(4, 16, 1, 1)}, .p = {1, 1},
       .big = true),
    OP("conv of planes", b_conv_planes, {S4(2, 16, 1, 1), S4(16, 16, 3, 3)}, .p = {1, 1, 2}, .big = true),
    OP("conv of a plain plane", b_conv_planes, {S4(2, 3, 1, 1), S4(2, 3, 3, 3)}, .p = {1, 1, 2}),
    OP("blocked sum to C", b_conv_sum_to, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {0, 1, 0, 0},
       .big = true),
    OP("blocked sum to N", b_conv_sum_to, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {1, 0, 0, 0},
       .big = true),
    OP("blocked sum to NC", b_conv_sum_to, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {1, 1, 0, 0},
       .big = true),
    OP("blocked sum to HW", b_conv_sum_to, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {0, 0, 1, 1},
       .big = true),
    OP("blocked sum to NHW", b_conv_sum_to, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {1, 0, 1, 1},
       .big = true),
    OP("blocked sum to 1", b_conv_sum_to, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {0, 0, 0, 0}, .big = true,
       .near = 1e-4),
    OP("blocked sum of one image", b_conv_sum_to, {S4(1, 32, 3, 4), S4(32, 32, 3, 3)}, .p = {1, 1, 0, 0},
       .big = true),
    OP("blocked concat channels", b_conv_concat, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {1}, .big = true),
    OP("blocked concat images", b_conv_concat, {S4(2, 16, 3, 4), S4(16, 16, 3, 3)}, .p = {0}, .big = true),
    OP("blocked slice channels", b_conv_slice, {S4(2, 16, 3, 4), S4(32, 16, 3, 3)}, .p = {1, 5, 16},
       .big = true),
    OP("blocked slice images", b_conv_slice, {S4(4, 16, 3, 4), S4(32, 16, 3, 3)}, .p = {0, 1, 2},
       .big = true),
    OP("blocked max-pool", b_conv_pool, {S4(2, 16, 4, 4), S4(16, 16, 3, 3)}, .p = {2, 2},
       .refuses = "max-pool-bwd", .big = true),
    OP("blocked max-pool, padded", b_conv_pool, {S4(2, 16, 5, 4), S4(32, 16, 3, 3)}, .p = {3, 1, 1},
       .refuses = "max-pool-bwd", .big = true),
    OP("blocked avg-pool, padded", b_conv_avg, {S4(2, 16, 5, 7), S4(32, 16, 3, 3)}, .p = {3, 2, 1},
       .big = true),
    OP("blocked concats", b_conv_concats,
       {S4(2, 16, 5, 4), S4(32, 16, 3, 3), S4(48, 16, 3, 3), S4(16, 112, 1, 1)}, .refuses = "max-pool-bwd",
       .big = true),
    OP("blocked residual", b_conv_add, {S4(2, 16, 4, 4), S4(16, 16, 3, 3), S4(16, 16, 3, 3)}, .big = true),
    OP("residual", b_conv_add, {S4(2, 3, 4, 4), S4(3, 3, 3, 3), S4(3, 3, 3, 3)}),
    OP("conv, dense, conv_t", b_conv_dense, {S4(2, 1, 4, 4), S4(16, 1, 4, 4), S2(64, 64), S4(16, 1, 4, 4)},
       .p = {2, 1}, .big = true),
    OP("norm (N, C)", b_norm, {S2(7, 5), S1(5), S1(5)}, .f = {1}, NORM_REFUSES),
    OP("norm (N, C), relu", b_norm, {S2(7, 5), S1(5), S1(5)}, .f = {0}, NORM_REFUSES),
    OP("norm (N, C), lrelu", b_norm, {S2(7, 5), S1(5), S1(5)}, .f = {0.2}, NORM_REFUSES),
    OP("norm (N, C), large", b_norm, {S2(300, 100), S1(100), S1(100)}, .f = {0.2}, NORM_REFUSES, .big = true),
    OP("norm (N, 64)", b_norm, {S2(33, 64), S1(64), S1(64)}, .f = {0}, NORM_REFUSES, .big = true),
    OP("norm far from 0", b_norm, {S2(300, 40), S1(40), S1(40)}, .low = 100, .high = 101, .f = {1},
       NORM_REFUSES, .big = true, .near = 1e-3),
    OP("norm", b_norm, {S4(3, 2, 2, 3), S1(2), S1(2)}, .f = {1}, NORM_REFUSES),
    OP("norm, relu", b_norm, {S4(3, 2, 2, 3), S1(2), S1(2)}, .f = {0}, NORM_REFUSES),
    OP("norm, lrelu", b_norm, {S4(3, 2, 2, 3), S1(2), S1(2)}, .f = {0.2}, NORM_REFUSES),
    OP("fixed norm (N, C)", b_norm_fixed, {S2(7, 5), S1(5), S1(5), S2(2, 5)}, .f = {0.2}, NORM_REFUSES,
       .zero = 8),
    OP("fixed norm", b_norm_fixed, {S4(3, 2, 2, 3), S1(2), S1(2), S2(2, 2)}, .f = {1}, NORM_REFUSES,
       .zero = 8),
    OP("fixed norm, relu", b_norm_fixed, {S4(3, 2, 2, 3), S1(2), S1(2), S2(2, 2)}, .f = {0}, NORM_REFUSES,
       .zero = 8),
    OP("bias, fixed norm", b_bias_norm_fixed, {S4(3, 2, 2, 3), S1(2), S1(2), S2(2, 2), S4(1, 2, 1, 1)},
       .f = {0.2}, NORM_REFUSES, .zero = 8),
    OP("bias, norm", b_bias_norm, {S4(3, 2, 2, 3), S4(1, 2, 1, 1), S1(2)}, .f = {0.2}, NORM_REFUSES,
       .zero = 2), /* the norm takes a bias away */
    OP("norm, detached statistics", b_norm_parts, {S2(7, 5), S1(5), S1(5)}, .f = {0.2}, NORM_REFUSES,
       .big = true),
    OP("conv, norm", b_conv_norm, {S4(2, 2, 4, 4), S4(3, 2, 3, 3), S1(3)}, .p = {1, 1}, .f = {0.2},
       NORM_REFUSES),
    OP("conv, norm, blocked", b_conv_norm, {S4(3, 3, 6, 4), S4(32, 3, 3, 3), S1(32)}, .p = {1, 1}, .f = {1},
       NORM_REFUSES, .big = true),
    OP("conv, norm, relu, blocked", b_conv_norm, {S4(3, 3, 6, 4), S4(48, 3, 3, 3), S1(48)}, .p = {1, 1},
       .f = {0}, NORM_REFUSES, .big = true),
    OP("conv, norm, lrelu, large", b_conv_norm, {S4(8, 1, 24, 24), S4(16, 1, 4, 4), S1(16)}, .p = {2, 1},
       .f = {0.2}, NORM_REFUSES, .big = true),
    OP("conv and its norm, blocked", b_conv_norm_used, {S4(3, 3, 6, 4), S4(16, 3, 3, 3), S1(16)}, .p = {1, 1},
       .f = {0.2}, NORM_REFUSES, .big = true),
    OP("three convs with norms", b_deep,
       {S4(4, 1, 12, 8), S4(16, 1, 4, 4), S1(16), S4(32, 16, 4, 4), S1(32), S4(1, 32, 3, 2)}, NORM_REFUSES,
       .big = true, .near = 2e-5),
    OP("generator", b_generator,
       {S2(6, 5), S2(128, 5), S1(128), S4(32, 16, 4, 4), S1(16), S4(16, 1, 4, 4), S4(1, 1, 1, 1)},
       NORM_REFUSES, .big = true, .near = 2e-5),
    OP("gradient penalty", b_penalty, {S4(2, 1, 4, 4), S4(2, 1, 4, 4), S4(3, 2, 4, 4), S2(1, 3)},
       .fd_near = 1e-6),
    OP("gradient penalty, blocked", b_penalty,
       {S4(3, 1, 8, 12), S4(16, 1, 4, 4), S4(32, 16, 4, 4), S2(1, 192)}, .big = true),
    OP("gradient penalty of a network, 10 and 12 channels", b_network_penalty,
       {S4(3, 3, 8, 8), S4(10, 3, 4, 4), S4(1, 10, 1, 1), S4(12, 10, 4, 4), S2(1, 48)}, .zero = 5,
       .fd_near = 1e-6),
    OP("gradient penalty of a network, blocked", b_network_penalty,
       {S4(3, 3, 8, 8), S4(16, 3, 4, 4), S4(1, 16, 1, 1), S4(32, 16, 4, 4), S2(1, 128)}, .big = true),
    OP("relu penalty", b_relu_penalty, {S4(2, 1, 4, 4), S4(2, 1, 4, 4), S4(1, 2, 1, 1)}, .grid = true),
    OP("relu penalty, blocked", b_relu_penalty, {S4(2, 1, 8, 8), S4(16, 1, 4, 4), S4(1, 16, 1, 1)},
       .grid = true, .big = true),
};

#endif
