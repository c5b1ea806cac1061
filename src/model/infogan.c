/* The network of GOLD's MNIST and FMNIST experiments: InfoGAN's (Chen et al. 2016), with spectral
 * normalisation on the discriminator's convolutions. Sizes for 1x32x32. */
#include "model/model.h"

enum { CONV1, CONV2, FC };

static struct pd_node *generator(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths;
    const int64_t side = c->size / 4, n = pd_node_shape(x).dim[0];
    x = pd_nn_batch_norm(nn, "bn1", pd_nn_dense(nn, "fc1", x, w[FC], PD_NN_BIAS), 0); /* (N, 1024) */
    x = pd_nn_batch_norm(nn, "bn2", pd_nn_dense(nn, "fc2", x, w[CONV2] * side * side, PD_NN_BIAS),
                         0);                               /* (N, 8192) */
    x = pd_reshape(x, pd_shape4(n, w[CONV2], side, side)); /* (N, 128, 8, 8) */
    x = pd_nn_batch_norm(nn, "bn3", pd_nn_deconv(nn, "deconv1", x, w[CONV1], 4, 2, 1, PD_NN_BIAS),
                         0);                                                          /* (N, 64, 16, 16) */
    return pd_tanh(pd_nn_deconv(nn, "deconv2", x, c->channels, 4, 2, 1, PD_NN_BIAS)); /* (N, C, 32, 32) */
}

static struct pd_node *trunk(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths, spectral = PD_NN_BIAS | PD_NN_SPECTRAL;
    x = pd_lrelu(pd_nn_conv(nn, "conv1", x, w[CONV1], 4, 2, 1, spectral), 0.2); /* (N, 64, 16, 16) */
    x = pd_nn_batch_norm(nn, "bn2", pd_nn_conv(nn, "conv2", x, w[CONV2], 4, 2, 1, spectral),
                         0.2); /* (N, 128, 8, 8) */
    x = pd_nn_dense(nn, "fc1", pd_nn_flatten(x), w[FC], PD_NN_BIAS);
    return pd_nn_batch_norm(nn, "bn3", x, 0.2); /* (N, 1024) */
}

const struct pd_model pd_model_infogan = {
    .name = "infogan",
    .summary = "InfoGAN's network with a spectrally normalised discriminator; MNIST, FMNIST",
    .z_dim = 100,
    .widths = {64, 128, 1024},
    .size_step = 4,
    .generator = generator,
    .trunk = trunk,
};
