/* The layers of Inception-v3 (Szegedy et al. 2016) as TensorFlow's inception-2015-12-05 has them: padding
 * does not count in averages, and the last block takes the maximum there. Names are PyTorch's. */
#include "metric/inception.h"

#include <stdio.h>

struct net {
    struct pd_vars *vars;
    const char *block;
};

/* A convolution, with its batch norm inside, and ReLU. */
static struct pd_node *conv(const struct net *net, const char *name, struct pd_node *x, struct pd_shape taps,
                            int stride, bool padded)
{
    char text[PD_INCEPTION_NAME];
    const struct pd_init_spec zero = {PD_INIT_CONSTANT, 0, 0};
    struct pd_graph *g = pd_node_graph(x);
    const char *dot = net->block[0] ? "." : "";
    const int64_t *k = taps.dim;
    snprintf(text, sizeof text, "%s%s%s.weight", net->block, dot, name);
    struct pd_var *weight = pd_vars_get(net->vars, text, taps, zero);
    snprintf(text, sizeof text, "%s%s%s.bias", net->block, dot, name);
    struct pd_var *bias = pd_vars_get(net->vars, text, pd_shape1(k[0]), zero);
    if (!weight || !bias)
        return NULL;
    x = pd_conv_quick(x, pd_var_read(g, weight), stride, padded ? (int)k[2] / 2 : 0,
                      padded ? (int)k[3] / 2 : 0);
    return pd_lrelu(pd_add(x, pd_reshape(pd_var_read(g, bias), pd_shape4(1, k[0], 1, 1))), 0);
}

/* As large as x. */
static struct pd_node *same(const struct net *net, const char *name, struct pd_node *x, int out, int h, int w)
{
    return x ? conv(net, name, x, pd_shape4(out, pd_node_shape(x).dim[1], h, w), 1, true) : NULL;
}

static struct pd_node *valid(const struct net *net, const char *name, struct pd_node *x, int out, int side,
                             int stride)
{
    return x ? conv(net, name, x, pd_shape4(out, pd_node_shape(x).dim[1], side, side), stride, false) : NULL;
}

static struct pd_node *behind(struct pd_node *a, struct pd_node *b)
{
    return pd_concat(a, b, 1);
}

static struct pd_node *stem(const struct net *net, struct pd_node *x)
{
    x = valid(net, "Conv2d_1a_3x3", x, 32, 3, 2); /* (32, 149, 149) */
    x = valid(net, "Conv2d_2a_3x3", x, 32, 3, 1);
    x = same(net, "Conv2d_2b_3x3", x, 64, 3, 3); /* (64, 147, 147) */
    x = pd_max_pool(x, 3, 2, 0);
    x = valid(net, "Conv2d_3b_1x1", x, 80, 1, 1);
    x = valid(net, "Conv2d_4a_3x3", x, 192, 3, 1); /* (192, 71, 71) */
    return pd_max_pool(x, 3, 2, 0);
}

static struct pd_node *block_a(struct pd_vars *vars, const char *name, struct pd_node *x, int pooled)
{
    const struct net net = {vars, name};
    struct pd_node *one = same(&net, "branch1x1", x, 64, 1, 1);
    struct pd_node *five = same(&net, "branch5x5_2", same(&net, "branch5x5_1", x, 48, 1, 1), 64, 5, 5);
    struct pd_node *three = same(&net, "branch3x3dbl_2", same(&net, "branch3x3dbl_1", x, 64, 1, 1), 96, 3, 3);
    three = same(&net, "branch3x3dbl_3", three, 96, 3, 3);
    struct pd_node *pool = same(&net, "branch_pool", pd_avg_pool(x, 3, 1, 1), pooled, 1, 1);
    return behind(behind(one, five), behind(three, pool));
}

static struct pd_node *block_b(struct pd_vars *vars, const char *name, struct pd_node *x)
{
    const struct net net = {vars, name};
    struct pd_node *three = valid(&net, "branch3x3", x, 384, 3, 2);
    struct pd_node *twice = same(&net, "branch3x3dbl_2", same(&net, "branch3x3dbl_1", x, 64, 1, 1), 96, 3, 3);
    twice = valid(&net, "branch3x3dbl_3", twice, 96, 3, 2);
    return behind(behind(three, twice), pd_max_pool(x, 3, 2, 0));
}

static struct pd_node *block_c(struct pd_vars *vars, const char *name, struct pd_node *x, int inner)
{
    const struct net net = {vars, name};
    struct pd_node *one = same(&net, "branch1x1", x, 192, 1, 1);
    struct pd_node *seven = same(&net, "branch7x7_2", same(&net, "branch7x7_1", x, inner, 1, 1), inner, 1, 7);
    seven = same(&net, "branch7x7_3", seven, 192, 7, 1);
    struct pd_node *twice =
        same(&net, "branch7x7dbl_2", same(&net, "branch7x7dbl_1", x, inner, 1, 1), inner, 7, 1);
    twice = same(&net, "branch7x7dbl_4", same(&net, "branch7x7dbl_3", twice, inner, 1, 7), inner, 7, 1);
    twice = same(&net, "branch7x7dbl_5", twice, 192, 1, 7);
    struct pd_node *pool = same(&net, "branch_pool", pd_avg_pool(x, 3, 1, 1), 192, 1, 1);
    return behind(behind(one, seven), behind(twice, pool));
}

static struct pd_node *block_d(struct pd_vars *vars, const char *name, struct pd_node *x)
{
    const struct net net = {vars, name};
    struct pd_node *three = valid(&net, "branch3x3_2", same(&net, "branch3x3_1", x, 192, 1, 1), 320, 3, 2);
    struct pd_node *seven = same(&net, "branch7x7x3_2", same(&net, "branch7x7x3_1", x, 192, 1, 1), 192, 1, 7);
    seven = valid(&net, "branch7x7x3_4", same(&net, "branch7x7x3_3", seven, 192, 7, 1), 192, 3, 2);
    return behind(behind(three, seven), pd_max_pool(x, 3, 2, 0));
}

/* Filters of 1x3 and 3x1 side by side. */
static struct pd_node *cross(const struct net *net, const char *wide, const char *high, struct pd_node *x)
{
    struct pd_node *a = same(net, wide, x, 384, 1, 3), *b = same(net, high, x, 384, 3, 1);
    return behind(a, b);
}

/* pool: x through a 3x3 window. */
static struct pd_node *block_e(struct pd_vars *vars, const char *name, struct pd_node *x,
                               struct pd_node *pool)
{
    const struct net net = {vars, name};
    struct pd_node *one = same(&net, "branch1x1", x, 320, 1, 1);
    struct pd_node *three = same(&net, "branch3x3_1", x, 384, 1, 1);
    three = cross(&net, "branch3x3_2a", "branch3x3_2b", three);
    struct pd_node *twice =
        same(&net, "branch3x3dbl_2", same(&net, "branch3x3dbl_1", x, 448, 1, 1), 384, 3, 3);
    twice = cross(&net, "branch3x3dbl_3a", "branch3x3dbl_3b", twice);
    pool = same(&net, "branch_pool", pool, 192, 1, 1);
    return behind(behind(one, three), behind(twice, pool));
}

void pd_inception_record(struct pd_vars *vars, struct pd_node *x)
{
    const struct net net = {vars, ""};
    const struct pd_init_spec zero = {PD_INIT_CONSTANT, 0, 0};
    struct pd_graph *g = x ? pd_node_graph(x) : NULL;
    const int64_t n = x ? pd_node_shape(x).dim[0] : 0;
    x = stem(&net, x); /* (192, 35, 35) */
    x = block_a(vars, "Mixed_5b", x, 32);
    x = block_a(vars, "Mixed_5c", x, 64);
    x = block_a(vars, "Mixed_5d", x, 64); /* (288, 35, 35) */
    x = block_b(vars, "Mixed_6a", x);
    x = block_c(vars, "Mixed_6b", x, 128);
    x = block_c(vars, "Mixed_6c", x, 160);
    x = block_c(vars, "Mixed_6d", x, 160);
    x = block_c(vars, "Mixed_6e", x, 192); /* (768, 17, 17) */
    x = block_d(vars, "Mixed_7a", x);
    x = block_e(vars, "Mixed_7b", x, pd_avg_pool(x, 3, 1, 1));
    x = block_e(vars, "Mixed_7c", x, pd_max_pool(x, 3, 1, 1)); /* (2048, 8, 8) */
    x = pd_reshape(pd_avg_pool(x, 8, 1, 0), pd_shape2(n, PD_INCEPTION_FEATURES));
    struct pd_var *fc =
        pd_vars_get(vars, "fc.weight", pd_shape2(PD_INCEPTION_CLASSES, PD_INCEPTION_FEATURES), zero);
    pd_output(x, "features");
    pd_output(fc && g && x ? pd_matmul(x, pd_var_read(g, fc), false, true) : NULL, "logits");
}
