/* The k nearest others of every sample of a set, exactly. */
#include "metric/features.h"

#include "base/mem.h"
#include "distance/nearest.h"

#include <math.h>

static enum pd_status check_k(const struct pd_feature_set *set, const char *what, int k, struct pd_error *err)
{
    if (k < 1 || set->n <= k)
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "%lld %s samples for %d neighbours of each, expected 1 neighbour or more and more samples "
            "than that",
            (long long)set->n, what, k);
    return PD_OK;
}

enum pd_status pd_neighbour_balls(const struct pd_feature_set *set, const char *what, int k,
                                  const struct pd_feature_work *work, double **out, struct pd_error *err)
{
    *out = NULL;
    enum pd_status status = check_k(set, what, k, err);
    if (status)
        return status;
    double *squared = pd_calloc((size_t)set->n * (size_t)k, sizeof *squared);
    if (!squared)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d neighbours of %lld samples", k,
                       (long long)set->n);
    status = pd_nearest_squared(set, k, work, squared, err);
    for (int64_t i = 0; i < set->n; i++)
        squared[i] = squared[i * k + k - 1];
    if (status)
        pd_free(squared);
    else
        *out = squared;
    return status;
}

int64_t pd_count_points(int64_t n, const double *squared)
{
    int64_t points = 0;
    for (int64_t i = 0; i < n; i++)
        points += !(squared[i] > 0);
    return points;
}

enum pd_status pd_nearest_distances(const struct pd_feature_set *set, int k,
                                    const struct pd_feature_work *work, double *distances,
                                    struct pd_error *err)
{
    enum pd_status status = pd_feature_sets_check(set, set, err);
    if (!status)
        status = check_k(set, "given", k, err);
    if (!status)
        status = pd_nearest_squared(set, k, work, distances, err);
    for (int64_t i = 0; i < set->n * k && !status; i++)
        distances[i] = sqrt(distances[i]);
    return status;
}
