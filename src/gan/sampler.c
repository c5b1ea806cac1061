#include "gan/sampler.h"

#include "base/mem.h"
#include "base/rng.h"

struct pd_sampler {
    struct pd_plan *plan;
    int64_t batch, z_dim, image; /* numbers of one */
};

enum pd_status pd_sampler_create(struct pd_gan *gan, int64_t batch, struct pd_sampler **out,
                                 struct pd_error *err)
{
    struct pd_sampler *s = pd_calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for generated samples");
    *s = (struct pd_sampler){.batch = batch, .z_dim = gan->config.z_dim, .image = pd_gan_image_size(gan)};
    enum pd_status status = pd_gan_compile_generator(gan, batch, &s->plan, err);
    if (status)
        pd_sampler_destroy(s);
    else
        *out = s;
    return status;
}

void pd_sampler_destroy(struct pd_sampler *s)
{
    if (!s)
        return;
    pd_plan_destroy(s->plan);
    pd_free(s);
}

/* n <= batch; the rest of the plan's batch keeps what it had. */
static enum pd_status make_batch(const struct pd_sampler *s, const float *z, const int32_t *classes,
                                 int64_t n, float *images, struct pd_error *err)
{
    enum pd_status status = pd_plan_write(s->plan, "z", z, n * s->z_dim, err);
    if (!status)
        status = pd_plan_write(s->plan, "c", classes, n, err);
    if (!status)
        status = pd_plan_run(s->plan, 0, 0, err);
    return status ? status : pd_plan_read(s->plan, "images", images, n * s->image, err);
}

enum pd_status pd_sampler_make(struct pd_sampler *s, const float *z, const int32_t *classes, int64_t n,
                               float *images, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int64_t at = 0; at < n && !status; at += s->batch)
        status = make_batch(s, z + at * s->z_dim, classes + at, n - at < s->batch ? n - at : s->batch,
                            images + at * s->image, err);
    return status;
}

void pd_sample_noise(uint64_t seed, enum pd_stream stream, int class, int64_t number, int z_dim, float *z)
{
    const struct pd_rng r = {seed, stream, (uint64_t) class};
    for (int64_t k = 0; k < z_dim; k++)
        z[k] = (float)pd_rng_normal(&r, (uint64_t)(number * z_dim + k));
}
