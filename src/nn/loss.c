#include "nn/nn.h"

#include "base/words.h"
#include "engine/graph.h"

#include <string.h>

/* --- what the logit is trained to say --- */

static struct pd_node *softplus_of_minus(struct pd_node *l)
{
    return pd_softplus(pd_neg(l));
}

static struct pd_node *identity(struct pd_node *l)
{
    return l;
}

static struct pd_node *above_minus_one(struct pd_node *l)
{
    return pd_max(pd_affine(l, 1, 1), 0);
}

static struct pd_node *below_one(struct pd_node *l)
{
    return pd_max(pd_affine(l, -1, 1), 0);
}

static const struct pd_loss table[] = {
    {"gan", "non-saturating cross entropy", PD_LOSS_KIND_GAN, softplus_of_minus, pd_softplus,
     softplus_of_minus, .ratio = true, .critic_steps = 1,
     .adam = {.lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8}},
    {"wgan-gp", "Wasserstein distance with a gradient penalty", PD_LOSS_KIND_WGAN_GP, pd_neg, identity,
     pd_neg, .penalty = 10, .critic_steps = 5, .adam = {.lr = 1e-4, .beta1 = 0, .beta2 = 0.9, .eps = 1e-8}},
    {"hinge", "hinge loss", PD_LOSS_KIND_HINGE, below_one, above_minus_one, pd_neg, .critic_steps = 1,
     .adam = {.lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8}},
};
#define COUNT ((int)(sizeof table / sizeof *table))

const struct pd_loss *pd_loss_at(int index)
{
    return index < COUNT ? &table[index] : NULL;
}

const struct pd_loss *pd_loss_find(const char *name, struct pd_error *err)
{
    const int at = pd_find_word("loss", name, &table[0].name, COUNT, sizeof table[0], err);
    return at < 0 ? NULL : &table[at];
}

/* A gradient of length 0 has no direction: 1e-12 below the root keeps its own gradient finite. */
struct pd_node *pd_nn_gradient_penalty(struct pd_node *logit, struct pd_node *x)
{
    struct pd_node *gradient;
    if (!logit || !x)
        return NULL;
    pd_grad(pd_sum(logit), &x, 1, &gradient);
    struct pd_node *length = pd_sqrt(pd_affine(pd_nn_row_sum(pd_nn_flatten(pd_square(gradient))), 1, 1e-12));
    return pd_mean(pd_square(pd_affine(length, 1, -1)));
}

/* --- parts of losses --- */

struct pd_node *pd_nn_row_sum(struct pd_node *x)
{
    struct pd_shape s = pd_node_shape(x);
    return pd_reshape(pd_sum_to(x, pd_shape2(s.dim[0], 1)), pd_shape1(s.dim[0]));
}

struct pd_node *pd_nn_ratio(struct pd_node *sum, struct pd_node *weight, double floor)
{
    if (!sum || !weight)
        return NULL;
    const int ranks = sum->graph->ranks;
    return pd_div(ranks > 1 ? pd_affine(sum, ranks, 0) : sum, pd_max(pd_all_sum(weight), floor));
}

struct pd_node *pd_nn_weighted(struct pd_node *x, struct pd_node *weight)
{
    return weight ? pd_mul(weight, x) : x;
}

struct pd_node *pd_nn_cross_entropy_each(struct pd_node *log_p, struct pd_node *onehot)
{
    return pd_neg(pd_nn_row_sum(pd_mul(onehot, log_p)));
}
