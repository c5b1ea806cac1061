/* The network of GOLD's experiments on colour images: AC-GAN's (Odena et al. 2017) for 32x32, with spectral
 * normalisation on the discriminator's convolutions. Sizes for 3x32x32. */
#include "model/model.h"

enum { D1, D2, D3, D4, D5, D6, FC, G1, G2, G3 };

static struct pd_node *up(struct pd_nn *nn, const char *conv, const char *norm, struct pd_node *x, int width)
{
    return pd_nn_batch_norm(nn, norm, pd_nn_deconv(nn, conv, x, width, 4, 2, 1, 0), 0);
}

static struct pd_node *generator(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths;
    x = pd_nn_dense(nn, "fc1", x, w[FC], PD_NN_BIAS);
    x = pd_reshape(x, pd_shape4(pd_node_shape(x).dim[0], w[FC], 1, 1)); /* (N, 384, 1, 1) */
    x = pd_nn_batch_norm(nn, "bn1", pd_nn_deconv(nn, "deconv1", x, w[G1], c->size / 8, 1, 0, 0),
                         0);                                                 /* (N, 192, 4, 4) */
    x = up(nn, "deconv2", "bn2", x, w[G2]);                                  /* (N, 96, 8, 8) */
    x = up(nn, "deconv3", "bn3", x, w[G3]);                                  /* (N, 48, 16, 16) */
    return pd_tanh(pd_nn_deconv(nn, "deconv4", x, c->channels, 4, 2, 1, 0)); /* (N, C, 32, 32) */
}

/* With batch norm where it has a name. */
static struct pd_node *down(struct pd_nn *nn, const char *conv, const char *norm, struct pd_node *x,
                            int width, int stride)
{
    x = pd_nn_conv(nn, conv, x, width, 3, stride, 1, PD_NN_SPECTRAL);
    x = norm ? pd_nn_batch_norm(nn, norm, x, 0.2) : pd_lrelu(x, 0.2);
    return pd_nn_dropout(nn, x, 0.5);
}

static struct pd_node *trunk(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths;
    x = down(nn, "conv1", NULL, x, w[D1], 2);  /* (N, 16, 16, 16) */
    x = down(nn, "conv2", "bn2", x, w[D2], 1); /* (N, 32, 16, 16) */
    x = down(nn, "conv3", "bn3", x, w[D3], 2); /* (N, 64, 8, 8) */
    x = down(nn, "conv4", "bn4", x, w[D4], 1); /* (N, 128, 8, 8) */
    x = down(nn, "conv5", "bn5", x, w[D5], 2); /* (N, 256, 4, 4) */
    x = down(nn, "conv6", "bn6", x, w[D6], 1); /* (N, 512, 4, 4) */
    return pd_nn_flatten(x);                   /* (N, 8192) */
}

const struct pd_model pd_model_acgan = {
    .name = "acgan",
    .summary =
        "AC-GAN's network, spectrally normalised convolutions and dropout; SVHN, CIFAR-10, STL-10, LSUN",
    .z_dim = 100,
    .widths = {16, 32, 64, 128, 256, 512, 384, 192, 96, 48},
    .size_step = 8,
    .uniform_init = true, /* of GOLD's code, in which the call that should set 0.02 has no effect */
    .dropout = true,
    .generator = generator,
    .trunk = trunk,
};
