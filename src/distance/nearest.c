#include "distance/nearest.h"

#include "distance/pairs.h"

#include <math.h>
#include <stddef.h>

struct nearest {
    int k;
    double *squared; /* (n, k), ascending; infinite: not found yet */
};

static double limit(void *context, int64_t i)
{
    const struct nearest *s = context;
    double last;
#pragma omp atomic read
    last = s->squared[i * s->k + s->k - 1];
    return last;
}

static void insert(struct nearest *s, int64_t i, double squared)
{
    double *row = s->squared + i * s->k;
    int at = s->k - 1;
    if (!(squared < limit(s, i)))
        return;
#pragma omp critical(pd_nearest)
    {
        for (; at > 0 && row[at - 1] > squared; at--)
#pragma omp atomic write
            row[at] = row[at - 1];
        if (squared < row[at])
#pragma omp atomic write
            row[at] = squared;
    }
}

static void found(void *context, int64_t i, int64_t j, double squared)
{
    insert(context, i, squared);
    insert(context, j, squared);
}

enum pd_status pd_nearest_squared(const struct pd_feature_set *set, int k, const struct pd_feature_work *work,
                                  double *squared, struct pd_error *err)
{
    struct nearest s = {k, squared};
    const struct pd_pair_seeker seeker = {&s, limit, limit, found};
    for (int64_t i = 0; i < set->n * k; i++)
        squared[i] = INFINITY;
    return pd_pairs_seek(set, NULL, &seeker, work, err);
}
