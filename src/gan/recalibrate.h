/* The statistics by which D's batch norm normalises when it scores.
 *
 * In training a batch of reals and a batch of fakes pass D one after the other, each normalised by statistics
 * of its own; the running statistics average over both. So D in evaluation mode sees neither as it did in
 * training. Recalibrated, it scores reals with the statistics of reals and fakes with those of fakes: of all
 * images at once, as if they were one batch, with dropout off and the singular vectors as they are. */
#ifndef PD_GAN_RECALIBRATE_H
#define PD_GAN_RECALIBRATE_H

#include "gan/gan.h"
#include "metric/metric.h"

/* Over the source's first count images, `batch` at a time: but for rounding, batch and order change nothing.
 * From then on the gan's plans of that origin read them. Nothing is done where D has no batch norm.
 * PD_ERR_MEMORY, PD_ERR_BROKEN, the source's. */
enum pd_status pd_gan_recalibrate(struct pd_gan *gan, enum pd_origin origin,
                                  const struct pd_sample_source *source, int64_t count, int64_t batch,
                                  struct pd_error *err);

#endif
