/* What the metrics over features share: private to src/metric. */
#ifndef PD_METRIC_FEATURES_H
#define PD_METRIC_FEATURES_H

#include "distance/frame.h"
#include "distance/work.h"

#include <paydirt/features.h>

/* Finite numbers of one width. */
enum pd_status pd_feature_sets_check(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                     struct pd_error *err);

/* Radii (n), squared, of the balls that reach to the k-th neighbour. what: "real" or "generated", for a
 * refusal: too few samples. *out is the caller's to free. */
enum pd_status pd_neighbour_balls(const struct pd_feature_set *set, const char *what, int k,
                                  const struct pd_feature_work *work, double **out, struct pd_error *err);

/* Of such radii those that are 0. */
int64_t pd_count_points(int64_t n, const double *squared);

#endif
