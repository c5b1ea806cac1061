/* Layers as graph fragments: each records ops and makes the variables it needs, named as PyTorch's state_dict
 * would
 * ("fc1.weight" under the scope's prefix). Shapes and initial values are PyTorch's layouts and DCGAN's N(0,
 * 0.02). */
#ifndef PD_NN_NN_H
#define PD_NN_NN_H

#include <paydirt/graph.h>

/* One network in one graph. A network recorded twice in a graph shares its variables. */
struct pd_nn {
    struct pd_graph *graph;
    struct pd_vars *vars;
    const char *prefix; /* "g." */
    bool training;   /* batch statistics, running ones updated, one power iteration; else the stored ones */
    bool stochastic; /* dropout is at work out of training, too */
    bool frozen;     /* in training: nothing stored moves; a forward pass that only looks */
    bool together;   /* batch statistics are of the batches of all ranks, not of this one's */
    const char *statistics; /* prefix of batch norm's stored statistics; NULL: the network's */
    const char *observed;   /* a layer of batch norm whose batch statistics become an output, or NULL */
    uint32_t stream;        /* of the next dropout's random numbers; each takes one and counts up */
    double gain_std;        /* batch-norm gains start as N(1, gain_std) */
    double weight_std; /* weights as N(0, weight_std), biases 0; 0: both uniform, +-1/sqrt(fan in), PyTorch's
                          default, for which the fan in of a transposed convolution is out * k * k */
    struct pd_var **params; /* (n_params) what an optimiser moves, in order of first use; the graph's */
    int n_params;
};

enum { PD_NN_BIAS = 1, PD_NN_SPECTRAL = 2 };
#define PD_NN_OBSERVED "batch_statistics" /* that output: (2, C), means and variances (biased) */

struct pd_node *pd_nn_dense(struct pd_nn *nn, const char *name, struct pd_node *x /* (N, I) */, int64_t out,
                            int flags); /* (N, out); name.weight (out, I) */
struct pd_node *pd_nn_conv(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int k,
                           int stride, int pad, int flags); /* name.weight (out, C, k, k) */
struct pd_node *pd_nn_deconv(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int k,
                             int stride, int pad, int flags); /* name.weight (C, out, k, k) */
/* Batch norm (eps 1e-5, momentum 0.1, running variance unbiased) and a leaky ReLU of that slope (1: none). */
struct pd_node *pd_nn_batch_norm(struct pd_nn *nn, const char *name, struct pd_node *x, double slope);
/* In training, or stochastic: each element 0 with that probability, else divided by 1 - p. */
struct pd_node *pd_nn_dropout(struct pd_nn *nn, struct pd_node *x, double p);
struct pd_node *pd_nn_flatten(struct pd_node *x); /* (N, C*H*W) */

/* What D's logit is trained to say: the losses of each real and each fake in the discriminator step, and of
 * each fake in the generator step; logit (N) -> (N). */
enum pd_loss_kind {
    PD_LOSS_KIND_GAN, /* softplus(-l), softplus(l); softplus(-l): non-saturating (Goodfellow et al. 2014) */
    PD_LOSS_KIND_WGAN_GP, /* -l, l; -l: Wasserstein distance, with the gradient penalty (Gulrajani et al.
                             2017) */
    PD_LOSS_KIND_HINGE,   /* relu(1 - l), relu(1 + l); -l (Lim & Ye 2017) */
};
struct pd_loss {
    const char *name, *summary;
    enum pd_loss_kind kind;
    struct pd_node *(*real)(struct pd_node *logit), *(*fake)(struct pd_node *logit),
        *(*generator)(struct pd_node *logit);
    double penalty;   /* weight of the gradient penalty */
    bool ratio;       /* the logit is the log density ratio of real to fake, as GOLD reads it */
    int critic_steps; /* discriminator steps for each generator step */
    struct pd_adam_options adam;
};
const struct pd_loss *pd_loss_at(int index); /* by kind; NULL past the last */
/* NULL and PD_ERR_USAGE with the nearest right name when there is none of that name. */
const struct pd_loss *pd_loss_find(const char *name, struct pd_error *err);

/* Of each sample (|gradient of its logit by x| - 1)^2, mean; logit (N) must be computed from x (N, ...), no
 * sample from another. */
struct pd_node *pd_nn_gradient_penalty(struct pd_node *logit, struct pd_node *x);

/* sum / max(weight, floor), scalars, both of all ranks: a rank's part, of which the mean over the ranks is
 * that. */
struct pd_node *pd_nn_ratio(struct pd_node *sum, struct pd_node *weight, double floor);

/* Parts of losses. log_p, onehot (N, K); weight (N), or NULL: 1. */
struct pd_node *pd_nn_weighted(struct pd_node *x /* (N) */, struct pd_node *weight);     /* (N) */
struct pd_node *pd_nn_cross_entropy_each(struct pd_node *log_p, struct pd_node *onehot); /* (N) */
struct pd_node *pd_nn_row_sum(struct pd_node *x);                                        /* (N, K) -> (N) */

/* Differentiable augmentation (Zhao et al. 2020) of images (N, C, S, S): a set of bits that names from a list
 * such as "color,translation,cutout" stand for. Random numbers from *stream on, which counts up. */
enum pd_status pd_augment_parse(const char *list, unsigned *what, struct pd_error *err); /* PD_ERR_USAGE */
struct pd_node *pd_nn_augment(struct pd_node *images, unsigned what, uint32_t *stream);

/* Each image of (N, C, S, S) turned clockwise by 0, 1, 2 or 3 quarters, at random from that stream; turns: by
 * how many, one-hot (N, PD_NN_TURNS). */
enum { PD_NN_TURNS = 4 };
struct pd_node *pd_nn_turn(struct pd_node *images, uint32_t stream, struct pd_node **turns);

/* One step of Adam for all parameters of the network; state under "name/", e.g. "adam_d/fc1.weight/m". The
 * loss is the mean over the ranks. */
void pd_nn_adam(struct pd_nn *nn, const char *name, struct pd_node *loss,
                const struct pd_adam_options *options);

#endif
