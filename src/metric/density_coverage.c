/* Density and coverage (Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML
 * 2020). */
#include "metric/features.h"

#include "base/mem.h"
#include "distance/pairs.h"

#include <math.h>

struct balls {
    const double *squared; /* radii, of the real samples */
    uint8_t *covered;      /* by a generated sample */
    int64_t inside;        /* pairs of a generated sample and a ball around it */
};

static double limit_real(void *context, int64_t i)
{
    return ((const struct balls *)context)->squared[i];
}

static double no_limit(void *context, int64_t j)
{
    (void)context;
    (void)j;
    return -INFINITY;
}

static void found(void *context, int64_t i, int64_t j, double squared)
{
    struct balls *b = context;
    (void)j;
    if (!(squared < b->squared[i]))
        return;
#pragma omp atomic write
    b->covered[i] = 1;
#pragma omp atomic
    b->inside++;
}

enum pd_status pd_density_coverage(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                   int k, const struct pd_feature_work *work, struct pd_density_coverage *out,
                                   struct pd_error *err)
{
    double *squared = NULL;
    enum pd_status status = pd_feature_sets_check(real, fake, err);
    if (!status)
        status = pd_neighbour_balls(real, "real", k, work, &squared, err);
    if (status)
        return status;
    struct balls b = {squared, pd_calloc((size_t)real->n, 1), 0};
    const struct pd_pair_seeker seeker = {&b, limit_real, no_limit, found};
    status = b.covered ? pd_pairs_seek(real, fake, &seeker, work, err)
                       : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for density and coverage");
    int64_t covered = 0;
    for (int64_t i = 0; i < real->n && !status; i++)
        covered += b.covered[i];
    *out = (struct pd_density_coverage){(double)b.inside / (double)k / (double)fake->n,
                                        (double)covered / (double)real->n, pd_count_points(real->n, squared)};
    pd_free(squared);
    pd_free(b.covered);
    return status;
}
