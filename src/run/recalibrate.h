/* Recalibrated statistics of a run, kept in its folder. */
#ifndef PD_RUN_RECALIBRATE_H
#define PD_RUN_RECALIBRATE_H

#include "gan/recalibrate.h"
#include "run/run.h"

/* D, ready to score reals: over the data's images, 10,000 at most, drawn at random. Fails as
 * pd_gan_recalibrate. */
enum pd_status pd_recalibrate_on(struct pd_gan *gan, const struct pd_dataset *data, struct pd_error *err);

/* Measures networks whose weights go on moving: where the metric needs it and `recalibrate` says so, D scores
 * as it will once the run is over, by statistics of now over the data; afterwards it has none. Fails as
 * pd_gan_measure. */
enum pd_status pd_measure_now(struct pd_gan *gan, const struct pd_dataset *data, bool recalibrate,
                              const struct pd_metric *metric, const struct pd_metric_input *in,
                              struct pd_metric_result *out, struct pd_error *err);

#endif
