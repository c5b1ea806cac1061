#include "nn/nn.h"

#include "engine/graph.h"

#include <stdio.h>

static struct pd_var *state(struct pd_nn *nn, const char *optimiser, const char *param, const char *part,
                            struct pd_shape shape)
{
    char name[192];
    snprintf(name, sizeof name, "%s/%s%s", optimiser, param, part);
    return pd_vars_get(nn->vars, name, shape, (struct pd_init_spec){PD_INIT_CONSTANT, 0, 0});
}

void pd_nn_adam(struct pd_nn *nn, const char *name, struct pd_node *loss,
                const struct pd_adam_options *options)
{
    struct pd_node **weight = pd_arena_alloc(&nn->graph->arena, 2 * (size_t)nn->n_params * sizeof *weight);
    struct pd_node **grad = weight + nn->n_params;
    if (!weight) {
        pd_graph_fail(nn->graph, PD_ERR_MEMORY, "out of memory while recording a graph");
        return;
    }
    for (int i = 0; i < nn->n_params; i++)
        weight[i] = pd_var_read(nn->graph, nn->params[i]);
    /* before the gradients, so that an update need not wait for the last of them */
    struct pd_var *count = state(nn, name, "step", "", pd_shape1(1));
    struct pd_node *t = pd_assign(count, pd_affine(pd_var_read(nn->graph, count), 1, 1));
    const int ranks = nn->graph->ranks;
    pd_grad(ranks > 1 ? pd_affine(loss, 1.0 / ranks, 0) : loss, weight, nn->n_params, grad);
    for (int i = 0; i < nn->n_params; i++)
        grad[i] = pd_all_sum(grad[i]);
    for (int i = 0; i < nn->n_params; i++) {
        const char *param = pd_var_name(nn->params[i]);
        struct pd_shape shape = pd_var_shape(nn->params[i]);
        struct pd_var *m = state(nn, name, param, "/m", shape), *v = state(nn, name, param, "/v", shape);
        pd_adam(nn->params[i], m, v, t, grad[i], options);
    }
}
