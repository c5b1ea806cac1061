#include "train/source.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/rng.h"

#include <string.h>

enum { STREAM_SOURCE_Z = 4, STREAM_SOURCE_C = 5 };

struct pd_gan_source {
    const struct pd_model_config *config;
    struct pd_plan *plan;
    int64_t batch;
    uint64_t seed;
};

enum pd_status pd_gan_source_create(struct pd_gan *gan, int64_t batch, uint64_t seed,
                                    struct pd_gan_source **out, struct pd_error *err)
{
    struct pd_gan_source *s = pd_calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for generated samples");
    *s = (struct pd_gan_source){.config = &gan->config, .batch = batch, .seed = seed};
    enum pd_status status = pd_gan_compile_generator(gan, batch, &s->plan, err);
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
    pd_plan_destroy(s->plan);
    pd_free(s);
}

static enum pd_status next(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err)
{
    struct pd_gan_source *s = context;
    const struct pd_model_config *c = s->config;
    const struct pd_rng noise = {s->seed, STREAM_SOURCE_Z, i}, class = {s->seed, STREAM_SOURCE_C, i};
    const size_t size = (size_t)c->channels * (size_t)(c->size ? c->size * c->size : 1);
    float *z = pd_plan_data(s->plan, "z");
    if (n > s->batch)
        BUG("%lld samples of a source that makes %lld", (long long)n, (long long)s->batch);
    for (int64_t k = 0; k < n * c->z_dim; k++)
        z[k] = (float)pd_rng_normal(&noise, (uint64_t)k);
    for (int64_t k = 0; k < n; k++)
        labels[k] = (int32_t)pd_rng_below(&class, (uint64_t)k, (uint32_t)c->classes);
    memcpy(pd_plan_data(s->plan, "c"), labels, (size_t)n * sizeof *labels);
    enum pd_status status = pd_plan_run(s->plan, 0, 0, err);
    if (!status)
        memcpy(images, pd_plan_data(s->plan, "images"), (size_t)n * size * sizeof *images);
    return status;
}

struct pd_sample_source pd_gan_sample_source(struct pd_gan_source *source)
{
    return (struct pd_sample_source){source, next};
}
