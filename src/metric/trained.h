/* A classifier of the metric's own, trained on samples or on real images. */
#ifndef PD_METRIC_TRAINED_H
#define PD_METRIC_TRAINED_H

#include "metric/metric.h"

struct pd_trained;

/* Whether the classifier takes images of in's size. PD_ERR_USAGE, with a hint at those that do. */
enum pd_status pd_trained_check(const struct pd_metric *metric, const struct pd_metric_input *in,
                                struct pd_error *err);

/* By in's classifier, epochs, epoch_images and seed (GOLD section 4: Adam, a tenth of the rate after half of
 * the epochs), on batches from `from`. PD_ERR_USAGE: no classifier of that name; PD_ERR_MEMORY, and what
 * `from` fails with. */
enum pd_status pd_trained_create(const struct pd_metric_input *in, const struct pd_sample_source *from,
                                 struct pd_trained **out, struct pd_error *err);
/* On in's training images; in->judge's where that is such a one, which else it becomes.
 * pd_trained_give_back it. */
enum pd_status pd_trained_on_reals(const struct pd_metric_input *in, struct pd_trained **out,
                                   struct pd_error *err);
void pd_trained_give_back(const struct pd_metric_input *in, struct pd_trained *t);

/* Adds what it says of n images to confusion (classes, classes): a row for each label, a column for each
 * word.
 */
enum pd_status pd_trained_judge(struct pd_trained *t, const float *images, const int32_t *labels, int64_t n,
                                int64_t *confusion, struct pd_error *err);

/* A step of its training alone, for its costs: on a backend that computes nothing (backend.h: no_values). */
enum pd_status pd_trained_step(const struct pd_metric_input *in, struct pd_plan **out, struct pd_error *err);

/* What its last layer sees of n images: features (n, pd_trained_width). */
int64_t pd_trained_width(const struct pd_trained *t);
enum pd_status pd_trained_features(struct pd_trained *t, const float *images, int64_t n, float *features,
                                   struct pd_error *err);

/* Images (n, channels, size, size) of a step of training, changed at random. room: size * size. */
void pd_metric_augment(const struct pd_metric_input *in, uint64_t step, float *images, int64_t n,
                       float *room);

/* Hands over the generated images, batch by batch: the fixed set, or PD_METRIC_EPOCH_IMAGES fresh ones. */
enum pd_status pd_metric_each_batch(const struct pd_metric_input *in,
                                    enum pd_status (*take)(void *context, const float *images,
                                                           const int32_t *labels, int64_t n,
                                                           struct pd_error *err),
                                    void *context, struct pd_error *err);

#endif
