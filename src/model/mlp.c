/* The network of GOLD's 2-D experiments (section 4): three hidden layers of 512 on both sides. */
#include "model/model.h"

static struct pd_node *hidden(struct pd_nn *nn, const char *name, struct pd_node *x, int width)
{
    return pd_lrelu(pd_nn_dense(nn, name, x, width, PD_NN_BIAS), 0);
}

static struct pd_node *three_layers(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    x = hidden(nn, "fc1", x, c->widths[0]);
    x = hidden(nn, "fc2", x, c->widths[0]);
    return hidden(nn, "fc3", x, c->widths[0]);
}

static struct pd_node *generator(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    return pd_nn_dense(nn, "fc4", three_layers(nn, c, x), 2, PD_NN_BIAS);
}

const struct pd_model pd_model_mlp = {
    .name = "mlp",
    .summary = "three dense layers of 512; 2-D points",
    .z_dim = 2,
    .widths = {512},
    .points = true,
    .uniform_init = true, /* narrow dense stacks at 0.02 draw curves, not blobs */
    .generator = generator,
    .trunk = three_layers,
};
