#include "nn/nn.h"

struct pd_node *pd_nn_row_sum(struct pd_node *x)
{
    struct pd_shape s = pd_node_shape(x);
    return pd_reshape(pd_sum_to(x, pd_shape2(s.dim[0], 1)), pd_shape1(s.dim[0]));
}

struct pd_node *pd_nn_weighted_mean(struct pd_node *x, struct pd_node *weight)
{
    return pd_mean(weight ? pd_mul(weight, x) : x);
}

struct pd_node *pd_nn_cross_entropy_each(struct pd_node *log_p, struct pd_node *onehot)
{
    return pd_neg(pd_nn_row_sum(pd_mul(onehot, log_p)));
}
