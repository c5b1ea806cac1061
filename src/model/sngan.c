/* DCGAN's network with spectral normalisation (Miyato et al. 2018) on every layer of the discriminator in the
 * place of batch norm. Sizes for 3x32x32. */
#include "model/dcgan.h"

static struct pd_node *trunk(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths, spectral = PD_NN_BIAS | PD_NN_SPECTRAL;
    x = pd_lrelu(pd_nn_conv(nn, "conv1", x, w[LAST], 4, 2, 1, spectral), 0.2);   /* (N, 64, 16, 16) */
    x = pd_lrelu(pd_nn_conv(nn, "conv2", x, w[MIDDLE], 4, 2, 1, spectral), 0.2); /* (N, 128, 8, 8) */
    x = pd_lrelu(pd_nn_conv(nn, "conv3", x, w[FIRST], 4, 2, 1, spectral), 0.2);  /* (N, 256, 4, 4) */
    return pd_nn_flatten(x);                                                     /* (N, 4096) */
}

const struct pd_model pd_model_sngan = {
    .name = "sngan",
    .summary = "dcgan with a discriminator that is spectrally normalised throughout",
    .z_dim = 100,
    .widths = {64, 128, 256},
    .size_step = 8,
    .spectral_heads = true,
    .generator = pd_dcgan_generator,
    .trunk = trunk,
};
