/* DCGAN's network without batch norm in the critic, whose gradient penalty is one of single samples
 * (Gulrajani et al. 2017). Sizes for 3x32x32. */
#include "model/dcgan.h"

static struct pd_node *trunk(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    const int *w = c->widths;
    x = pd_lrelu(pd_nn_conv(nn, "conv1", x, w[LAST], 4, 2, 1, PD_NN_BIAS), 0.2);   /* (N, 64, 16, 16) */
    x = pd_lrelu(pd_nn_conv(nn, "conv2", x, w[MIDDLE], 4, 2, 1, PD_NN_BIAS), 0.2); /* (N, 128, 8, 8) */
    x = pd_lrelu(pd_nn_conv(nn, "conv3", x, w[FIRST], 4, 2, 1, PD_NN_BIAS), 0.2);  /* (N, 256, 4, 4) */
    return pd_nn_flatten(x);                                                       /* (N, 4096) */
}

const struct pd_model pd_model_wgan_gp = {
    .name = "wgan-gp",
    .summary = "dcgan without batch norm in the critic, trained with the gradient penalty",
    .z_dim = 100,
    .widths = {64, 128, 256},
    .size_step = 8,
    .loss = PD_LOSS_KIND_WGAN_GP,
    .generator = pd_dcgan_generator,
    .trunk = trunk,
};
