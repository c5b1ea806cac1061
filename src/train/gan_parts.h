/* What the files that record a gan's plans share. */
#ifndef PD_TRAIN_GAN_PARTS_H
#define PD_TRAIN_GAN_PARTS_H

#include "train/gan.h"

/* One of the networks in a graph: prefix "g.", "d.", or "ema." for the generator's averaged weights. */
struct pd_nn pd_gan_network(const struct pd_gan *gan, struct pd_graph *g, const char *prefix, bool training);

struct pd_shape pd_gan_image_shape(const struct pd_gan *gan, int64_t n); /* of n images or points */

#endif
