/* The network of ALCG's experiments: DCGAN's (Radford et al. 2016), three layers a side. Sizes for 3x32x32.
 */
#include "model/dcgan.h"

struct pd_node *pd_dcgan_generator(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths;
    const int64_t side = c->size / 8, n = pd_node_shape(x).dim[0];
    x = pd_nn_batch_norm(nn, "bn1", pd_nn_dense(nn, "fc1", x, w[FIRST] * side * side, PD_NN_BIAS),
                         0);                               /* (N, 4096) */
    x = pd_reshape(x, pd_shape4(n, w[FIRST], side, side)); /* (N, 256, 4, 4) */
    x = pd_nn_batch_norm(nn, "bn2", pd_nn_deconv(nn, "deconv1", x, w[MIDDLE], 4, 2, 1, PD_NN_BIAS),
                         0); /* (N, 128, 8, 8) */
    x = pd_nn_batch_norm(nn, "bn3", pd_nn_deconv(nn, "deconv2", x, w[LAST], 4, 2, 1, PD_NN_BIAS),
                         0);                                                          /* (N, 64, 16, 16) */
    return pd_tanh(pd_nn_deconv(nn, "deconv3", x, c->channels, 4, 2, 1, PD_NN_BIAS)); /* (N, C, 32, 32) */
}

static struct pd_node *trunk(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths;
    x = pd_lrelu(pd_nn_conv(nn, "conv1", x, w[LAST], 4, 2, 1, PD_NN_BIAS), 0.2); /* (N, 64, 16, 16) */
    x = pd_nn_batch_norm(nn, "bn2", pd_nn_conv(nn, "conv2", x, w[MIDDLE], 4, 2, 1, PD_NN_BIAS),
                         0.2); /* (N, 128, 8, 8) */
    x = pd_nn_batch_norm(nn, "bn3", pd_nn_conv(nn, "conv3", x, w[FIRST], 4, 2, 1, PD_NN_BIAS),
                         0.2); /* (N, 256, 4, 4) */
    return pd_nn_flatten(x);   /* (N, 4096) */
}

const struct pd_model pd_model_dcgan = {
    .name = "dcgan",
    .summary = "DCGAN's network with three layers a side; CIFAR-10 and other colour images",
    .z_dim = 100,
    .widths = {64, 128, 256},
    .size_step = 8,
    .generator = pd_dcgan_generator,
    .trunk = trunk,
};
