#include "nn/nn.h"

#include "engine/graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct pd_var *variable(struct pd_nn *nn, const char *layer, const char *part, struct pd_shape shape,
                               struct pd_init_spec init)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s.%s", nn->prefix, layer, part);
    return pd_vars_get(nn->vars, name, shape, init);
}

static void add_param(struct pd_nn *nn, struct pd_var *v)
{
    const int n = nn->n_params;
    if ((n & (n - 1)) == 0) { /* full: room for 1, 2, 4, ... */
        struct pd_var **more = pd_arena_alloc(&nn->graph->arena, 2 * (size_t)(n + 1) * sizeof *more);
        if (!more) {
            pd_graph_fail(nn->graph, PD_ERR_MEMORY, "out of memory while recording a graph");
            return;
        }
        if (n)
            memcpy(more, nn->params, (size_t)n * sizeof *more);
        nn->params = more;
    }
    nn->params[nn->n_params++] = v;
}

/* A variable that an optimiser moves. */
static struct pd_node *param(struct pd_nn *nn, const char *layer, const char *part, struct pd_shape shape,
                             struct pd_init_spec init)
{
    struct pd_var *v = variable(nn, layer, part, shape, init);
    bool known = !v;
    for (int i = 0; i < nn->n_params; i++)
        known = known || nn->params[i] == v;
    if (!known)
        add_param(nn, v);
    return pd_var_read(nn->graph, v);
}

static struct pd_init_spec constant(double value)
{
    return (struct pd_init_spec){PD_INIT_CONSTANT, value, 0};
}

static struct pd_init_spec weight_init(const struct pd_nn *nn, double fan_in)
{
    double bound = 1 / sqrt(fan_in);
    return nn->weight_std > 0 ? (struct pd_init_spec){PD_INIT_NORMAL, 0, nn->weight_std}
                              : (struct pd_init_spec){PD_INIT_UNIFORM, -bound, bound};
}

/* x / max(|x|, eps) */
static struct pd_node *normalise(struct pd_node *x)
{
    return pd_div(x, pd_max(pd_sqrt(pd_sum(pd_square(x))), 1e-12));
}

/* Spectral normalisation (Miyato et al. 2018): W / sigma, W seen as (out, rest), sigma = u W v with u and v
 * constants; in training one power iteration first. */
static struct pd_node *spectral(struct pd_nn *nn, const char *name, struct pd_shape shape, double fan_in)
{
    int64_t out = shape.dim[0], rest = pd_shape_count(shape) / out;
    struct pd_node *w = param(nn, name, "weight_orig", shape, weight_init(nn, fan_in));
    struct pd_init_spec unit = {PD_INIT_UNIT, 0, 0};
    struct pd_var *u_var = variable(nn, name, "weight_u", pd_shape1(out), unit);
    struct pd_var *v_var = variable(nn, name, "weight_v", pd_shape1(rest), unit);
    struct pd_node *flat = pd_reshape(w, pd_shape2(out, rest));
    struct pd_node *u = pd_reshape(pd_var_read(nn->graph, u_var), pd_shape2(1, out));
    struct pd_node *v = pd_reshape(pd_var_read(nn->graph, v_var), pd_shape2(1, rest));
    if (nn->training && !nn->frozen) {
        struct pd_node *fixed = pd_detach(flat);
        v = normalise(pd_matmul(u, fixed, false, false));
        u = normalise(pd_matmul(v, fixed, false, true));
        pd_assign(v_var, pd_reshape(v, pd_shape1(rest)));
        pd_assign(u_var, pd_reshape(u, pd_shape1(out)));
    }
    struct pd_node *sigma = pd_sum(pd_mul(u, pd_matmul(v, flat, false, true)));
    return pd_div(w, sigma);
}

static struct pd_node *weight(struct pd_nn *nn, const char *name, struct pd_shape shape, double fan_in,
                              int flags)
{
    return flags & PD_NN_SPECTRAL ? spectral(nn, name, shape, fan_in)
                                  : param(nn, name, "weight", shape, weight_init(nn, fan_in));
}

/* y + bias along axis 1. */
static struct pd_node *with_bias(struct pd_nn *nn, const char *name, struct pd_node *y, double fan_in,
                                 int flags)
{
    if (!y || !(flags & PD_NN_BIAS))
        return y;
    struct pd_shape s = pd_node_shape(y), c = s;
    for (int i = 0; i < s.rank; i++)
        c.dim[i] = i == 1 ? s.dim[1] : 1;
    struct pd_init_spec init = nn->weight_std > 0 ? constant(0) : weight_init(nn, fan_in);
    return pd_add(y, pd_reshape(param(nn, name, "bias", pd_shape1(s.dim[1]), init), c));
}

struct pd_node *pd_nn_dense(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int flags)
{
    if (!x)
        return NULL;
    int64_t in = pd_node_shape(x).dim[1];
    struct pd_node *w = weight(nn, name, pd_shape2(out, in), (double)in, flags);
    return with_bias(nn, name, pd_matmul(x, w, false, true), (double)in, flags);
}

struct pd_node *pd_nn_conv(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int k,
                           int stride, int pad, int flags)
{
    if (!x)
        return NULL;
    int64_t in = pd_node_shape(x).dim[1];
    struct pd_node *w = weight(nn, name, pd_shape4(out, in, k, k), (double)(in * k * k), flags);
    return with_bias(nn, name, pd_conv(x, w, stride, pad), (double)(in * k * k), flags);
}

struct pd_node *pd_nn_deconv(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int k,
                             int stride, int pad, int flags)
{
    if (!x)
        return NULL;
    int64_t in = pd_node_shape(x).dim[1];
    struct pd_node *w = weight(nn, name, pd_shape4(in, out, k, k), (double)(out * k * k), flags);
    return with_bias(nn, name, pd_conv_transposed(x, w, stride, pad), (double)(out * k * k), flags);
}

#define MOMENTUM 0.1

/* running = (1 - momentum) * running + momentum * scale * now */
static void update_running(struct pd_nn *nn, struct pd_var *running, struct pd_node *stats, int row,
                           double scale)
{
    struct pd_shape c = pd_shape1(pd_node_shape(stats).dim[1]);
    struct pd_node *now = pd_reshape(pd_slice(stats, 0, row, 1), c);
    struct pd_node *old = pd_affine(pd_var_read(nn->graph, running), 1 - MOMENTUM, 0);
    pd_assign(running, pd_add(old, pd_affine(now, MOMENTUM * scale, 0)));
}

struct pd_node *pd_nn_batch_norm(struct pd_nn *nn, const char *name, struct pd_node *x, double slope)
{
    if (!x)
        return NULL;
    struct pd_shape s = pd_node_shape(x), c = pd_shape1(s.dim[1]), row = pd_shape2(1, s.dim[1]);
    struct pd_init_spec one = {PD_INIT_NORMAL, 1, nn->gain_std};
    struct pd_node *gamma = param(nn, name, "weight", c, one),
                   *beta = param(nn, name, "bias", c, constant(0));
    struct pd_nn stored = {.vars = nn->vars, .prefix = nn->statistics ? nn->statistics : nn->prefix};
    struct pd_var *mean = variable(&stored, name, "running_mean", c, constant(0));
    struct pd_var *var = variable(&stored, name, "running_var", c, constant(1));
    struct pd_node *stats;
    if (nn->observed && !strcmp(nn->observed, name))
        pd_output(pd_batch_stats(x), PD_NN_OBSERVED);
    if (nn->training) {
        stats = nn->together ? pd_all_stats(pd_batch_stats(x)) : pd_batch_stats(x);
    } else {
        stats = pd_concat(pd_reshape(pd_var_read(nn->graph, mean), row),
                          pd_reshape(pd_var_read(nn->graph, var), row), 0);
    }
    if (nn->training && !nn->frozen) {
        const int ranks = nn->together && nn->graph->ranks > 1 ? nn->graph->ranks : 1;
        const int64_t m = pd_shape_count(s) / s.dim[1] * ranks;
        struct pd_node *seen = pd_detach(nn->together ? stats : pd_all_mean(stats)); /* all store the same */
        update_running(nn, mean, seen, 0, 1);
        update_running(nn, var, seen, 1, (double)m / (double)(m - 1));
    }
    return pd_batch_norm(x, stats, gamma, beta, 1e-5, slope);
}

struct pd_node *pd_nn_dropout(struct pd_nn *nn, struct pd_node *x, double p)
{
    if (!(nn->training || nn->stochastic) || !x)
        return x;
    struct pd_node *u = pd_random_uniform(nn->graph, nn->stream++, pd_node_shape(x));
    return pd_mul(x, pd_affine(pd_step(pd_affine(u, 1, -p)), 1 / (1 - p), 0));
}

struct pd_node *pd_nn_flatten(struct pd_node *x)
{
    if (!x)
        return NULL;
    struct pd_shape s = pd_node_shape(x);
    return pd_reshape(x, pd_shape2(s.dim[0], pd_shape_count(s) / s.dim[0]));
}
