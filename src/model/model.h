/* The networks of the papers, by name. A new one is one file and one line in models.h. */
#ifndef PD_MODEL_MODEL_H
#define PD_MODEL_MODEL_H

#include "nn/nn.h"

#define PD_MAX_WIDTHS 10

struct pd_model_config {
    const struct pd_model *model;
    int channels, size; /* images (channels, size, size); points: 2, 0 */
    int classes, z_dim;
    int widths[PD_MAX_WIDTHS]; /* the layers' widths; pd_model_configure fills in the paper's times a factor
                                */
};

struct pd_heads {
    struct pd_node *logit;        /* (N): real or fake */
    struct pd_node *class_logits; /* (N, classes) */
    struct pd_node *features;     /* (N, F): the trunk's, on which both heads stand */
};

struct pd_model {
    const char *name, *summary;
    int z_dim;                 /* the paper's */
    int widths[PD_MAX_WIDTHS]; /* the paper's; 0 ends */
    bool points;               /* 2-D data, else images */
    int size_step;             /* the image size is a multiple of this */
    bool spectral_heads;       /* the heads' weights are spectrally normalised, too */
    bool uniform_init; /* weights and biases start uniform in +-1/sqrt(fan in), as PyTorch's layers do; else
                          N(0, 0.02) and 0 */
    bool dropout;      /* D has some, so that it can look at an image in several ways */
    enum pd_loss_kind loss; /* that the paper trains it with */
    struct pd_node *(*generator)(struct pd_nn *nn, const struct pd_model_config *c,
                                 struct pd_node *z_and_class);
    struct pd_node *(*trunk)(struct pd_nn *nn, const struct pd_model_config *c,
                             struct pd_node *x); /* (N, F) */
};

/* NULL and PD_ERR_USAGE with the nearest right name when there is none of that name. */
const struct pd_model *pd_model_find(const char *name, struct pd_error *err);
const struct pd_model *pd_model_at(int index); /* NULL past the last */

/* The loss of that name; "": the model's. NULL and PD_ERR_USAGE when there is none of that name. */
const struct pd_loss *pd_model_loss(const struct pd_model *model, const char *name, struct pd_error *err);

/* Name of the model that suits the data: channels, size as below. */
const char *pd_default_model(int channels, int size);

/* PD_ERR_MISMATCH: it does not make images of that size (points: 0). */
enum pd_status pd_model_check_size(const struct pd_model *model, int size, struct pd_error *err);

/* PD_ERR_USAGE: its D has no dropout; the message names those that have. */
enum pd_status pd_model_check_dropout(const struct pd_model *model, struct pd_error *err);

/* channels, size: of the data (points: 2, 0). classes >= 1, else PD_ERR_USAGE. width: factor on the paper's
 * layer widths, > 0. PD_ERR_MISMATCH when model and data do not fit. */
enum pd_status pd_model_configure(const struct pd_model *model, int channels, int size, int classes,
                                  int z_dim, double width, struct pd_model_config *out, struct pd_error *err);

/* Images (N, channels, size, size) in [-1, 1] (points: (N, 2)) from z (N, z_dim) and onehot (N, classes). */
struct pd_node *pd_model_generate(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *z,
                                  struct pd_node *onehot);
struct pd_heads pd_model_discriminate(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x);
/* One more head like those, (N, out). */
struct pd_node *pd_model_head(struct pd_nn *nn, const struct pd_model_config *c, const char *name,
                              struct pd_node *features, int out);

#endif
