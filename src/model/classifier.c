#include "model/classifier.h"

/* LeNet (LeCun et al. 1998), here for 32x32: two 5x5 convolutions with pooling, three dense layers. */
static struct pd_node *lenet(struct pd_nn *nn, struct pd_node *x, int classes)
{
    x = pd_max_pool(pd_lrelu(pd_nn_conv(nn, "conv1", x, 6, 5, 1, 0, PD_NN_BIAS), 0), 2, 2, 0);
    x = pd_max_pool(pd_lrelu(pd_nn_conv(nn, "conv2", x, 16, 5, 1, 0, PD_NN_BIAS), 0), 2, 2, 0);
    x = pd_lrelu(pd_nn_dense(nn, "fc1", pd_nn_flatten(x), 120, PD_NN_BIAS), 0);
    x = pd_lrelu(pd_nn_dense(nn, "fc2", x, 84, PD_NN_BIAS), 0);
    return pd_nn_dense(nn, "fc3", x, classes, PD_NN_BIAS);
}

static struct pd_node *mlp(struct pd_nn *nn, struct pd_node *x, int classes)
{
    x = pd_lrelu(pd_nn_dense(nn, "fc1", x, 128, PD_NN_BIAS), 0);
    x = pd_lrelu(pd_nn_dense(nn, "fc2", x, 128, PD_NN_BIAS), 0);
    return pd_nn_dense(nn, "fc3", x, classes, PD_NN_BIAS);
}

struct pd_node *pd_classify(struct pd_nn *nn, struct pd_node *x, int classes)
{
    return pd_node_shape(x).rank == 2 ? mlp(nn, x, classes) : lenet(nn, x, classes);
}
