/* The classifiers that fitting capacity trains: LeNet on images, a small MLP on 2-D points. */
#ifndef PD_MODEL_CLASSIFIER_H
#define PD_MODEL_CLASSIFIER_H

#include "nn/nn.h"

/* logits (N, classes). x (N, C, H, W) with H = W a multiple of 4 and at least 16, or (N, 2). */
struct pd_node *pd_classify(struct pd_nn *nn, struct pd_node *x, int classes);

#endif
