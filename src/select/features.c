#include "select/features.h"

#include "base/clones.h"
#include "base/mem.h"
#include "distance/frame.h"

#include <math.h>

double pd_features_squared(const void *context, int64_t row, int64_t other)
{
    const struct pd_feature_set *set = context;
    return pd_squared_distance(set->values + row * set->width, set->values + other * set->width, set->width);
}

PD_CLONES
static void add(int64_t width, const float *row, double *sums)
{
    for (int64_t k = 0; k < width; k++)
        sums[k] += (double)row[k];
}

static double squared(int64_t width, const float *row, const double *mean)
{
    double sum = 0;
    for (int64_t k = 0; k < width; k++)
        sum += ((double)row[k] - mean[k]) * ((double)row[k] - mean[k]);
    return sum;
}

enum pd_status pd_features_middle(int64_t n, int64_t width, const float *features, int64_t *row,
                                  struct pd_error *err)
{
    double *mean = pd_calloc((size_t)width, sizeof *mean), least = INFINITY;
    *row = 0;
    if (!mean)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the mean of %lld features",
                       (long long)width);
    for (int64_t i = 0; i < n; i++)
        add(width, features + i * width, mean);
    for (int64_t k = 0; k < width; k++)
        mean[k] /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = squared(width, features + i * width, mean);
        if (d < least) {
            least = d;
            *row = i;
        }
    }
    pd_free(mean);
    return PD_OK;
}
