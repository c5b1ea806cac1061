/* Improved precision and recall (Kynkäänniemi et al., "Improved precision and recall metric for assessing
 * generative models", NeurIPS 2019). */
#include "metric/features.h"

#include "base/mem.h"
#include "distance/pairs.h"

struct manifolds {
    const double *real, *fake;  /* squared radii */
    uint8_t *real_in, *fake_in; /* lies in a ball of the other set */
};

static double limit_real(void *context, int64_t i)
{
    return ((const struct manifolds *)context)->real[i];
}

static double limit_fake(void *context, int64_t j)
{
    return ((const struct manifolds *)context)->fake[j];
}

static void found(void *context, int64_t i, int64_t j, double squared)
{
    struct manifolds *m = context;
    if (squared <= m->real[i])
#pragma omp atomic write
        m->fake_in[j] = 1;
    if (squared <= m->fake[j])
#pragma omp atomic write
        m->real_in[i] = 1;
}

static double part(const uint8_t *in, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += in[i];
    return (double)count / (double)n;
}

static enum pd_status count(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                            struct manifolds *m, const struct pd_feature_work *work,
                            struct pd_precision_recall *out, struct pd_error *err)
{
    const struct pd_pair_seeker seeker = {m, limit_real, limit_fake, found};
    m->real_in = pd_calloc((size_t)real->n, 1);
    m->fake_in = pd_calloc((size_t)fake->n, 1);
    if (!m->real_in || !m->fake_in)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for precision and recall");
    enum pd_status status = pd_pairs_seek(real, fake, &seeker, work, err);
    *out = (struct pd_precision_recall){part(m->fake_in, fake->n), part(m->real_in, real->n),
                                        pd_count_points(real->n, m->real), pd_count_points(fake->n, m->fake)};
    return status;
}

enum pd_status pd_precision_recall(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                   int k, const struct pd_feature_work *work, struct pd_precision_recall *out,
                                   struct pd_error *err)
{
    double *radii_real = NULL, *radii_fake = NULL;
    enum pd_status status = pd_feature_sets_check(real, fake, err);
    if (!status)
        status = pd_neighbour_balls(real, "real", k, work, &radii_real, err);
    if (!status)
        status = pd_neighbour_balls(fake, "generated", k, work, &radii_fake, err);
    struct manifolds m = {.real = radii_real, .fake = radii_fake};
    if (!status)
        status = count(real, fake, &m, work, out, err);
    pd_free(radii_real);
    pd_free(radii_fake);
    pd_free(m.real_in);
    pd_free(m.fake_in);
    return status;
}
