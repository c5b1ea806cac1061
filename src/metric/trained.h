/* A classifier of the metric's own, trained on samples or on real images. */
#ifndef PD_METRIC_TRAINED_H
#define PD_METRIC_TRAINED_H

#include "metric/metric.h"

struct pd_trained;

/* By in's classifier, epochs, epoch_images and seed (GOLD section 4: Adam, a tenth of the rate after half of
 * the epochs), on batches from `from`. PD_ERR_USAGE: no classifier of that name; PD_ERR_MEMORY, and what
 * `from` fails with. */
enum pd_status pd_trained_create(const struct pd_metric_input *in, const struct pd_sample_source *from,
                                 struct pd_trained **out, struct pd_error *err);
void pd_trained_destroy(struct pd_trained *t); /* also NULL */

/* Adds what it says of n images to confusion (classes, classes): a row for each label, a column for each
 * word.
 */
enum pd_status pd_trained_judge(struct pd_trained *t, const float *images, const int32_t *labels, int64_t n,
                                int64_t *confusion, struct pd_error *err);

#endif
