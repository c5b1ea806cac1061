/* What ALCG's three networks share. */
#ifndef PD_MODEL_DCGAN_H
#define PD_MODEL_DCGAN_H

#include "model/model.h"

enum { LAST, MIDDLE, FIRST }; /* widths by the distance of their images from full size */

/* (N, z_dim + classes) -> (N, C, size, size) */
struct pd_node *pd_dcgan_generator(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x);

#endif
