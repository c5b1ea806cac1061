/* Recalibrated statistics of a run, kept in its folder. */
#ifndef PD_RUN_RECALIBRATE_H
#define PD_RUN_RECALIBRATE_H

#include "gan/recalibrate.h"
#include "run/run.h"

/* D, ready to score reals: over the data's images, 10,000 at most, drawn at random. Fails as
 * pd_gan_recalibrate. */
enum pd_status pd_recalibrate_on(struct pd_gan *gan, const struct pd_dataset *data, struct pd_error *err);

/* D's statistics as the run's folder keeps them, where it does. They are derived: a file that cannot be read
 * is as good as none, and m->note says so. PD_ERR_MEMORY. */
enum pd_status pd_run_kept_statistics(struct pd_run_model *m, struct pd_error *err);

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
