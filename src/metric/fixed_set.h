/* A fixed set of samples as a metric's training set, instead of fresh ones. */
#ifndef PD_METRIC_FIXED_SET_H
#define PD_METRIC_FIXED_SET_H

#include "metric/metric.h"

struct pd_fixed_set;

/* count >= 1 images of `size` floats with labels, borrowed. Batches go through permutations of them, one
 * after the other, fixed by the seed. PD_ERR_USAGE: none, or more than 2^32 - 1; PD_ERR_MEMORY. */
enum pd_status pd_fixed_set_create(int64_t count, size_t size, const float *images, const int32_t *labels,
                                   uint64_t seed, struct pd_fixed_set **out, struct pd_error *err);
void pd_fixed_set_destroy(struct pd_fixed_set *set);

/* All its batches must be of one size. */
struct pd_sample_source pd_fixed_set_source(struct pd_fixed_set *set);

#endif
