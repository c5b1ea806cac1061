/* The most central row. */
#ifndef PD_DISTANCE_MIDDLE_H
#define PD_DISTANCE_MIDDLE_H

#include <paydirt/features.h>

/* *row: the one nearest to the mean, the first of equal ones. n >= 1. PD_ERR_MEMORY. */
enum pd_status pd_rows_middle(const struct pd_feature_set *set, int64_t *row, struct pd_error *err);

#endif
