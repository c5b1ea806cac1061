/* The statistics by which D's batch norm normalises when it scores.
 *
 * In training a batch of reals and a batch of fakes pass D one after the other, each normalised by statistics
 * of its own; the running statistics average over both. So D in evaluation mode sees neither as it did in
 * training. Recalibrated, it scores reals with the statistics of reals and fakes with those of fakes: of all
 * images at once, as if they were one batch, with dropout off and the singular vectors as they are. */
#ifndef PD_TRAIN_RECALIBRATE_H
#define PD_TRAIN_RECALIBRATE_H

#include "metric/fitting_capacity.h"
#include "train/run.h"

bool pd_gan_has_batch_norm(const struct pd_gan *gan); /* in D */

/* Over the source's first count images, `batch` at a time: but for rounding, batch and order change nothing.
 * From then on the gan's plans of that origin read them. Nothing is done where D has no batch norm.
 * PD_ERR_MEMORY, PD_ERR_BROKEN, the source's. */
enum pd_status pd_gan_recalibrate(struct pd_gan *gan, enum pd_origin origin,
                                  const struct pd_sample_source *source, int64_t count, int64_t batch,
                                  struct pd_error *err);

/* The run's D, ready to score images of that origin: from statistics.safetensors in its folder where that is
 * of these weights, else over 10,000 training images at most, drawn at random, or over 5,000 generated ones,
 * and kept there. training: the run's training split, or NULL: opened where it is needed, as `watch` (or
 * NULL) sees. A file that cannot be read is made anew, one that cannot be written costs time alone: m->note
 * says so. Nothing is done without the option recalibrate. PD_ERR_MISMATCH: data that do not fit the model;
 * those of opening the data and of pd_gan_recalibrate. */
enum pd_status pd_run_recalibrate(struct pd_run_model *m, enum pd_origin origin,
                                  const struct pd_dataset *training, const struct pd_data_watch *watch,
                                  struct pd_error *err);

#endif
