#include "gan/source.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "gan/sampler.h"

struct pd_gan_source {
    const struct pd_model_config *config;
    struct pd_sampler *sampler;
    int64_t batch;
    uint64_t seed;
    float *z; /* (batch, z_dim) */
};

enum pd_status pd_gan_source_create(struct pd_gan *gan, int64_t batch, uint64_t seed,
                                    struct pd_gan_source **out, struct pd_error *err)
{
    struct pd_gan_source *s = pd_calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for generated samples");
    *s = (struct pd_gan_source){.config = &gan->config, .batch = batch, .seed = seed};
    s->z = pd_calloc((size_t)batch, (size_t)gan->config.z_dim * sizeof *s->z);
    enum pd_status status =
        s->z ? pd_sampler_create(gan, batch, &s->sampler, err)
             : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld samples", (long long)batch);
    if (status)
        pd_gan_source_destroy(s);
    else
        *out = s;
    return status;
}

void pd_gan_source_destroy(struct pd_gan_source *s)
{
    if (!s)
        return;
    pd_sampler_destroy(s->sampler);
    pd_free(s->z);
    pd_free(s);
}

static enum pd_status next(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err)
{
    struct pd_gan_source *s = context;
    const struct pd_model_config *c = s->config;
    const struct pd_rng noise = {s->seed, PD_STREAM_SOURCE_Z, i},
                        class = {s->seed, PD_STREAM_SOURCE_CLASS, i};
    if (n > s->batch)
        BUG("%lld samples of a source that makes %lld", (long long)n, (long long)s->batch);
    for (int64_t k = 0; k < n * c->z_dim; k++)
        s->z[k] = (float)pd_rng_normal(&noise, (uint64_t)k);
    for (int64_t k = 0; k < n; k++)
        labels[k] = (int32_t)pd_rng_below(&class, (uint64_t)k, (uint32_t)c->classes);
    return pd_sampler_make(s->sampler, s->z, labels, n, images, err);
}

struct pd_sample_source pd_gan_sample_source(struct pd_gan_source *source)
{
    return (struct pd_sample_source){source, next};
}
