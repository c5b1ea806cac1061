#include "distance/middle.h"

#include "base/clones.h"
#include "base/mem.h"

#include <math.h>

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

enum pd_status pd_rows_middle(const struct pd_feature_set *set, int64_t *row, struct pd_error *err)
{
    const int64_t n = set->n, width = set->width;
    const float *features = set->values;
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
