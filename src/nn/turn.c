/* Images turned by quarters, made of the ops that there are. */
#include "nn/nn.h"

/* (side, 1, 1, side): 1 where the last index is side - 1 - the first. */
static struct pd_node *flipping_weight(struct pd_graph *g, int64_t side)
{
    struct pd_node *ones = pd_pad(pd_constant(g, 1, pd_shape2(side, 1)), 1, 0, side - 1);
    ones = pd_reshape(ones, pd_shape1(side * (side - 1))); /* every side - 1 numbers from 0, */
    ones = pd_pad(ones, 0, side - 1, side * side);         /* from side - 1 */
    return pd_reshape(ones, pd_shape4(side, 1, 1, side));
}

/* With rows as channels a transposed convolution writes row o as column side - 1 - o. */
static struct pd_node *quarter_turn(struct pd_node *x, struct pd_node *weight)
{
    const struct pd_shape s = pd_node_shape(x);
    struct pd_node *rows = pd_reshape(x, pd_shape4(s.dim[0] * s.dim[1], s.dim[2], s.dim[3], 1));
    return pd_reshape(pd_conv_transposed(rows, weight, 1, 0), s);
}

struct pd_node *pd_nn_turn(struct pd_node *images, uint32_t stream, struct pd_node **turns)
{
    *turns = NULL;
    if (!images)
        return NULL;
    const struct pd_shape s = pd_node_shape(images), each = pd_shape4(s.dim[0], 1, 1, 1);
    struct pd_graph *g = pd_node_graph(images);
    struct pd_node *weight = flipping_weight(g, s.dim[3]), *sum = NULL;
    *turns = pd_one_hot(pd_random_class(g, stream, s.dim[0], PD_NN_TURNS), PD_NN_TURNS);
    for (int k = 0; k < PD_NN_TURNS; k++) {
        images = k ? quarter_turn(images, weight) : images;
        struct pd_node *part = pd_mul(images, pd_reshape(pd_slice(*turns, 1, k, 1), each));
        sum = k ? pd_add(sum, part) : part;
    }
    return sum;
}
