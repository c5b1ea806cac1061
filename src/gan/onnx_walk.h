/* A recorded network on its way into an ONNX model.
 *
 * It is recorded twice, for two and for three images: a dimension that differs counts images, and nothing
 * else may. What no input reaches (weights divided by their spectral norm, statistics joined) the backend
 * computes, once: the model holds it as constants. Every other node is said by onnx_ops.c, op by op. */
#ifndef PD_GAN_ONNX_WALK_H
#define PD_GAN_ONNX_WALK_H

#include "engine/graph.h"
#include "gan/gan_parts.h"
#include "io/onnx.h"

enum { PD_ONNX_NAME = 160 };

/* What becomes of a node. */
struct pd_onnx_value {
    bool varies; /* an input reaches it */
    bool needed, given;
    int users;
    const struct pd_node *into;   /* the sum that a product goes into as one node, or NULL */
    const struct pd_node *factor; /* that product, of the sum */
    char name[PD_ONNX_NAME];      /* in the model, once given */
    struct pd_shape said;         /* there: smaller than the node's where operators broadcast by themselves */
};

struct pd_onnx_walk {
    struct pd_onnx *onnx;
    const struct pd_gan *gan;
    struct pd_graph *graph, *larger;
    struct pd_plan *constants;
    struct pd_onnx_value *values; /* (graph->count) */
    int classes;                  /* that labels may name */
    enum pd_status status;        /* the first failure, told in err */
    struct pd_error *err;
};

/* Says the outputs of that names (up to a NULL) of what record records, in model->onnx. */
struct pd_onnx_network {
    void (*record)(struct pd_gan *gan, struct pd_graph *g, int64_t n, enum pd_origin origin);
    enum pd_origin origin;
    const char *const *outputs;
};
enum pd_status pd_onnx_say(struct pd_gan *gan, const struct pd_onnx_network *network, struct pd_onnx *model,
                           struct pd_error *err);

/* --- for onnx_ops.c --- */

/* The first failure counts. */
void pd_onnx_fail(struct pd_onnx_walk *w, enum pd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct pd_onnx_value *pd_onnx_value_of(const struct pd_onnx_walk *w, const struct pd_node *n);

/* The node that a detached or broadcast one stands for. */
const struct pd_node *pd_onnx_behind(const struct pd_node *n);

/* A dimension of a node, or PD_ONNX_ANY. */
int64_t pd_onnx_dim(const struct pd_onnx_walk *w, const struct pd_node *n, int axis);

/* What a node is called in the model: an earlier one's output, or a constant, which is there then. */
const char *pd_onnx_name(struct pd_onnx_walk *w, const struct pd_node *n);
/* The same where the operator does not broadcast by itself: fails where that would be needed. */
const char *pd_onnx_whole(struct pd_onnx_walk *w, const struct pd_node *n);

/* The numbers of one that no input reaches, or NULL after a failure; to be freed. */
float *pd_onnx_numbers(struct pd_onnx_walk *w, const struct pd_node *n);

/* What a constant made of a node is called: after the variable that it comes from. name[PD_ONNX_NAME] */
void pd_onnx_constant_name(const struct pd_onnx_walk *w, const struct pd_node *n, char *name);

/* A constant of that shape out of n floats. */
void pd_onnx_floats(struct pd_onnx_walk *w, const char *name, int rank, const int64_t *dims,
                    const float *from);

/* Says one node, or that ONNX has no words for it. */
void pd_onnx_say_op(struct pd_onnx_walk *w, const struct pd_node *n);

/* Labels as an input of classes from 0: any other must fail. */
void pd_onnx_say_labels(struct pd_onnx_walk *w, const struct pd_node *n);

/* Whether it is one of the products that take a bias. */
bool pd_onnx_takes_bias(enum pd_op op);

#endif
