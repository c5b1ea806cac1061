/* Layers as graph fragments: each records ops and makes the variables it needs, named as PyTorch's state_dict
 * would
 * ("fc1.weight" under the scope's prefix). Shapes and initial values are PyTorch's layouts and DCGAN's N(0,
 * 0.02). */
#ifndef PD_NN_NN_H
#define PD_NN_NN_H

#include <paydirt/graph.h>

#define PD_MAX_PARAMS 64

/* One network in one graph. A network recorded twice in a graph shares its variables. */
struct pd_nn {
    struct pd_graph *graph;
    struct pd_vars *vars;
    const char *prefix; /* "g." */
    bool training;     /* batch statistics, running ones updated, one power iteration; else the stored ones */
    bool frozen;       /* in training: nothing stored moves; a forward pass that only looks */
    double gain_std;   /* batch-norm gains start as N(1, gain_std) */
    double weight_std; /* weights as N(0, weight_std); 0: uniform, +-1/sqrt(fan in), PyTorch's default */
    struct pd_var *params[PD_MAX_PARAMS]; /* what an optimiser moves, in order of first use */
    int n_params;
};

enum { PD_NN_BIAS = 1, PD_NN_SPECTRAL = 2 };

struct pd_node *pd_nn_dense(struct pd_nn *nn, const char *name, struct pd_node *x /* (N, I) */, int64_t out,
                            int flags); /* (N, out); name.weight (out, I) */
struct pd_node *pd_nn_conv(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int k,
                           int stride, int pad, int flags); /* name.weight (out, C, k, k) */
struct pd_node *pd_nn_deconv(struct pd_nn *nn, const char *name, struct pd_node *x, int64_t out, int k,
                             int stride, int pad, int flags); /* name.weight (C, out, k, k) */
/* Batch norm (eps 1e-5, momentum 0.1, running variance unbiased) and a leaky ReLU of that slope (1: none). */
struct pd_node *pd_nn_batch_norm(struct pd_nn *nn, const char *name, struct pd_node *x, double slope);
struct pd_node *pd_nn_flatten(struct pd_node *x); /* (N, C*H*W) */

/* Losses, means over the batch. logit (N); log_p, onehot (N, K); weight (N) or NULL. */
struct pd_node *pd_nn_weighted_mean(struct pd_node *x /* (N) */, struct pd_node *weight);
struct pd_node *pd_nn_cross_entropy_each(struct pd_node *log_p, struct pd_node *onehot); /* (N) */
struct pd_node *pd_nn_row_sum(struct pd_node *x);                                        /* (N, K) -> (N) */

/* One step of Adam for all parameters of the network; state under "name/", e.g. "adam_d/fc1.weight/m". */
void pd_nn_adam(struct pd_nn *nn, const char *name, struct pd_node *loss,
                const struct pd_adam_options *options);

#endif
