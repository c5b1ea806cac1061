/* k-means on the union of two sets, for prd.c. */
#ifndef PD_METRIC_CLUSTERS_H
#define PD_METRIC_CLUSTERS_H

#include "metric/features.h"

struct pd_clusters;

/* The sets are borrowed: checked, at least `count` samples together. PD_ERR_MEMORY. */
enum pd_status pd_clusters_create(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                  int count, uint64_t seed, struct pd_clusters **out, struct pd_error *err);
void pd_clusters_destroy(struct pd_clusters *clusters);

/* One clustering, a start of its own for each `repeat`: what part of each set lies in each cluster, (count).
 * k-means++ chooses ten starts on a draw of 3,072 samples, half from each set; from the best of them Lloyd's
 * iterations run over all samples until the centres rest, at most 50 (where the authors' MiniBatchKMeans
 * takes draws). In sets of unequal count each sample of the smaller one weighs more. PD_ERR_INTERRUPTED. */
enum pd_status pd_clusters_find(struct pd_clusters *clusters, uint64_t repeat,
                                const struct pd_feature_work *work, double *real, double *fake,
                                struct pd_error *err);

#endif
