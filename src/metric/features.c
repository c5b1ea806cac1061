#include "metric/features.h"

#include <math.h>

static enum pd_status check_set(const struct pd_feature_set *set, const char *what, struct pd_error *err)
{
    if (set->n < 1 || set->width < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s features of shape (%lld, %lld), expected 1 row or more",
                       what, (long long)set->n, (long long)set->width);
    for (int64_t i = 0; i < set->n * set->width; i++)
        if (!isfinite(set->values[i]))
            return pd_fail(err, PD_ERR_USAGE, -1,
                           "%s features, row %lld: number %lld is %g, expected finite ones", what,
                           (long long)(i / set->width), (long long)(i % set->width), (double)set->values[i]);
    return PD_OK;
}

enum pd_status pd_feature_sets_check(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                     struct pd_error *err)
{
    if (real->width != fake->width)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%lld real features a row, but %lld generated ones",
                       (long long)real->width, (long long)fake->width);
    enum pd_status status = check_set(real, "real", err);
    return status ? status : check_set(fake, "generated", err);
}
