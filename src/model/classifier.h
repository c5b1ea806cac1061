/* The classifiers that fitting capacity and GAN-test train: by name on images, a small MLP on 2-D points. */
#ifndef PD_MODEL_CLASSIFIER_H
#define PD_MODEL_CLASSIFIER_H

#include "nn/nn.h"

struct pd_classified {
    struct pd_node *features; /* (N, F): what the last layer sees */
    struct pd_node *logits;   /* (N, classes) */
};

struct pd_classifier {
    const char *name, *summary;
    struct pd_node *(*features)(struct pd_nn *nn, struct pd_node *x);
    const char *last;    /* name of the layer behind */
    int least, multiple; /* of the side of the images that it takes: at least, and of what */
};

const struct pd_classifier *pd_classifier_at(int index); /* NULL past the last; 0: the default, LeNet */
/* NULL and PD_ERR_USAGE with the nearest right name when there is none of that name. */
const struct pd_classifier *pd_classifier_find(const char *name, struct pd_error *err);

/* x (N, C, H, W) with H = W as the classifier takes them; or (N, 2), for which the classifier is the MLP
 * whatever is asked for. */
struct pd_classified pd_classify(struct pd_nn *nn, const struct pd_classifier *classifier, struct pd_node *x,
                                 int classes);

#endif
