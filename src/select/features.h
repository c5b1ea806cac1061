/* Rows of features, (n, width). */
#ifndef PD_SELECT_FEATURES_H
#define PD_SELECT_FEATURES_H

#include <paydirt/features.h>

/* Of two rows; set: a struct pd_feature_set. For struct pd_apart. */
double pd_features_squared(const void *set, int64_t row, int64_t other);

/* *row: the one nearest to the mean, the first of equal ones. n >= 1. PD_ERR_MEMORY. */
enum pd_status pd_features_middle(int64_t n, int64_t width, const float *features, int64_t *row,
                                  struct pd_error *err);

#endif
