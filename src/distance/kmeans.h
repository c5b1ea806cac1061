/* Weighted k-means of one set. */
#ifndef PD_DISTANCE_KMEANS_H
#define PD_DISTANCE_KMEANS_H

#include <paydirt/features.h>

/* 1 <= count <= n clusters. Its start is k-means++'s over all rows (distance/apart.h), by weighted distances
 * and with the row nearest to the mean as the first; then pd_lloyd_run. weights (n): >= 0; NULL: 1. labels
 * (n): the nearest centre of each row; centres (count, width), or NULL. PD_ERR_MEMORY, PD_ERR_INTERRUPTED. */
enum pd_status pd_kmeans(const struct pd_feature_set *set, const double *weights, int count, uint64_t seed,
                         const struct pd_feature_work *work, int32_t *labels, float *centres,
                         struct pd_error *err);

#endif
