#include "model/classifier.h"

#include "base/words.h"

#include <stdio.h>

/* LeNet (LeCun et al. 1998), here for 32x32: two 5x5 convolutions with pooling, three dense layers. */
static struct pd_node *lenet(struct pd_nn *nn, struct pd_node *x)
{
    x = pd_max_pool(pd_lrelu(pd_nn_conv(nn, "conv1", x, 6, 5, 1, 0, PD_NN_BIAS), 0), 2, 2, 0);
    x = pd_max_pool(pd_lrelu(pd_nn_conv(nn, "conv2", x, 16, 5, 1, 0, PD_NN_BIAS), 0), 2, 2, 0);
    x = pd_lrelu(pd_nn_dense(nn, "fc1", pd_nn_flatten(x), 120, PD_NN_BIAS), 0);
    return pd_lrelu(pd_nn_dense(nn, "fc2", x, 84, PD_NN_BIAS), 0);
}

/* A convolution without bias and its batch norm, "name" and "name.bn". slope: of the leaky ReLU; 1: none. */
static struct pd_node *normed(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int k,
                              int stride, double slope)
{
    char bn[64];
    snprintf(bn, sizeof bn, "%.40s.bn", name);
    return pd_nn_batch_norm(nn, bn, pd_nn_conv(nn, name, x, out, k, stride, k / 2, 0), slope);
}

/* Each channel's mean over the image: (N, C, H, W) -> (N, C). */
static struct pd_node *mean_over_image(struct pd_node *x)
{
    if (!x)
        return NULL;
    const struct pd_shape s = pd_node_shape(x);
    struct pd_node *sum = pd_sum_to(x, pd_shape4(s.dim[0], s.dim[1], 1, 1));
    return pd_affine(pd_reshape(sum, pd_shape2(s.dim[0], s.dim[1])), 1.0 / (double)(s.dim[2] * s.dim[3]), 0);
}

static struct pd_node *cnn(struct pd_nn *nn, struct pd_node *x)
{
    x = pd_max_pool(normed(nn, "conv1", x, 32, 3, 1, 0), 2, 2, 0);
    x = pd_max_pool(normed(nn, "conv2", x, 64, 3, 1, 0), 2, 2, 0);
    x = normed(nn, "conv3", x, 128, 3, 1, 0);
    return mean_over_image(x);
}

/* Two convolutions around which the input goes, too; where the shape changes by a 1x1 convolution. */
static struct pd_node *residual(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out,
                                int stride)
{
    char a[64], b[64], around[64];
    snprintf(a, sizeof a, "%.40s.conv1", name);
    snprintf(b, sizeof b, "%.40s.conv2", name);
    snprintf(around, sizeof around, "%.40s.around", name);
    struct pd_node *y = normed(nn, b, normed(nn, a, x, out, 3, stride, 0), out, 3, 1, 1);
    if (x && pd_node_shape(x).dim[1] != out)
        x = normed(nn, around, x, out, 1, stride, 1);
    return pd_lrelu(pd_add(y, x), 0);
}

/* The 20 layers that He et al. (2016, section 4.2) have for CIFAR-10. */
static struct pd_node *resnet(struct pd_nn *nn, struct pd_node *x)
{
    x = normed(nn, "conv", x, 16, 3, 1, 0);
    for (int stage = 0; stage < 3; stage++)
        for (int block = 0; block < 3; block++) {
            char name[32];
            snprintf(name, sizeof name, "stage%d.%d", stage + 1, block + 1);
            x = residual(nn, name, x, 16 << stage, stage && !block ? 2 : 1);
        }
    return mean_over_image(x);
}

static struct pd_node *mlp(struct pd_nn *nn, struct pd_node *x)
{
    x = pd_lrelu(pd_nn_dense(nn, "fc1", x, 128, PD_NN_BIAS), 0);
    return pd_lrelu(pd_nn_dense(nn, "fc2", x, 128, PD_NN_BIAS), 0);
}

static const struct pd_classifier of_points = {"mlp", "of 2-D points", mlp, "fc3", 1, 1};
static const struct pd_classifier classifiers[] = {
    {"lenet", "LeNet, as GOLD has it", lenet, "fc3", 16, 4},
    {"cnn", "three convolutions with batch norm", cnn, "fc", 4, 4},
    {"resnet", "ResNet-20, as classification accuracy scores have it", resnet, "fc", 1, 1},
};

const struct pd_classifier *pd_classifier_at(int index)
{
    const int count = (int)(sizeof classifiers / sizeof *classifiers);
    return index >= 0 && index < count ? &classifiers[index] : NULL;
}

const struct pd_classifier *pd_classifier_find(const char *name, struct pd_error *err)
{
    const size_t count = sizeof classifiers / sizeof *classifiers;
    return pd_classifier_at(
        pd_find_word("classifier", name, &classifiers[0].name, count, sizeof *classifiers, err));
}

struct pd_classified pd_classify(struct pd_nn *nn, const struct pd_classifier *classifier, struct pd_node *x,
                                 int classes)
{
    const struct pd_classifier *c = x && pd_node_shape(x).rank == 2 ? &of_points : classifier;
    struct pd_node *features = c->features(nn, x);
    return (struct pd_classified){features, pd_nn_dense(nn, c->last, features, classes, PD_NN_BIAS)};
}
