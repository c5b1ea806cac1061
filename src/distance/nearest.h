/* The k nearest others of every row of a set, exactly. */
#ifndef PD_DISTANCE_NEAREST_H
#define PD_DISTANCE_NEAREST_H

#include <paydirt/features.h>

/* Squared distances to the k nearest others, ascending, (n, k). */
enum pd_status pd_nearest_squared(const struct pd_feature_set *set, int k, const struct pd_feature_work *work,
                                  double *squared, struct pd_error *err);

#endif
