#include "gan/recalibrate.h"

#include "base/mem.h"
#include "gan/gan_parts.h"

#include <stdio.h>
#include <string.h>

/* One layer's pass over the images. */
struct pass {
    struct pd_gan *gan;
    enum pd_origin origin;
    const struct pd_sample_source *source;
    int64_t count, batch;
    char layer[64];
    int64_t channels;
    double *sums;         /* (2, channels): over images, of their mean and of their mean square */
    float *images, *seen; /* a batch, and what came into the layer: (2, channels) */
    int32_t *labels;      /* (batch): the source's, unused */
};

static enum pd_status add_batch(const struct pass *p, struct pd_plan *plan, uint64_t i, int64_t n,
                                struct pd_error *err)
{
    const float *mean = p->seen, *variance = mean + p->channels;
    enum pd_status status = p->source->next(p->source->context, i, n, p->images, p->labels, err);
    if (!status)
        status = pd_plan_write(plan, "images", p->images, n * pd_gan_image_size(p->gan), err);
    if (!status)
        status = pd_plan_run(plan, 0, 0, err);
    if (!status)
        status = pd_plan_read(plan, PD_NN_OBSERVED, p->seen, 2 * p->channels, err);
    for (int64_t c = 0; !status && c < p->channels; c++) {
        const double m = (double)mean[c];
        p->sums[c] += (double)n * m;
        p->sums[p->channels + c] += (double)n * ((double)variance[c] + m * m);
    }
    return status;
}

/* Batches first .. last - 1, of n images each. */
static enum pd_status add_batches(const struct pass *p, int64_t first, int64_t last, int64_t n,
                                  struct pd_error *err)
{
    struct pd_plan *plan;
    if (first == last || n == 0)
        return PD_OK;
    enum pd_status status = pd_gan_compile_observer(p->gan, p->origin, p->layer, n, &plan, err);
    for (int64_t i = first; i < last && !status; i++)
        status = add_batch(p, plan, (uint64_t)i, n, err);
    pd_plan_destroy(plan);
    return status;
}

/* NULL: out of memory for it. */
static struct pd_var *statistic(struct pd_gan *gan, enum pd_origin origin, const char *layer,
                                const char *part, int64_t channels)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s.%s", pd_origin_prefixes[origin], layer, part);
    return pd_vars_get(gan->vars, name, pd_shape1(channels), (struct pd_init_spec){PD_INIT_CONSTANT, 0, 0});
}

static enum pd_status store(const struct pass *p, struct pd_error *err)
{
    double *mean = p->sums, *variance = mean + p->channels;
    for (int64_t c = 0; c < p->channels; c++) {
        mean[c] /= (double)p->count;
        variance[c] = variance[c] / (double)p->count - mean[c] * mean[c];
        variance[c] = variance[c] > 0 ? variance[c] : 0;
    }
    enum pd_status status =
        pd_var_write_f64(statistic(p->gan, p->origin, p->layer, "running_mean", p->channels), mean, err);
    return status ? status
                  : pd_var_write_f64(statistic(p->gan, p->origin, p->layer, "running_var", p->channels),
                                     variance, err);
}

/* The layers before it have theirs already. */
static enum pd_status recalibrate_layer(struct pass *p, struct pd_error *err)
{
    const int64_t whole = p->count / p->batch;
    p->sums = pd_calloc(2 * (size_t)p->channels, sizeof *p->sums);
    p->seen = pd_calloc(2 * (size_t)p->channels, sizeof *p->seen);
    enum pd_status status =
        p->sums && p->seen ? add_batches(p, 0, whole, p->batch, err)
                           : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for statistics of D's layers");
    if (!status)
        status = add_batches(p, whole, whole + 1, p->count % p->batch, err);
    if (!status)
        status = store(p, err);
    pd_free(p->sums);
    pd_free(p->seen);
    return status;
}

/* Whether v is the running mean of a layer of D, and of which. layer[64]. */
static bool is_running_mean(const struct pd_var *v, char *layer)
{
    int end = 0;
    return sscanf(pd_var_name(v), "d.%63[^.].running_mean%n", layer, &end) == 1 && end &&
           !pd_var_name(v)[end];
}

bool pd_gan_has_batch_norm(const struct pd_gan *gan)
{
    char layer[64];
    for (int i = 0; i < pd_vars_count(gan->vars); i++)
        if (is_running_mean(pd_vars_at(gan->vars, i), layer))
            return true;
    return false;
}

enum pd_status pd_gan_make_statistics(struct pd_gan *gan, enum pd_origin origin, struct pd_error *err)
{
    const int n = pd_vars_count(gan->vars);
    char layer[64];
    for (int i = 0; i < n; i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        const int64_t channels = pd_shape_count(pd_var_shape(v));
        if (is_running_mean(v, layer) && (!statistic(gan, origin, layer, "running_mean", channels) ||
                                          !statistic(gan, origin, layer, "running_var", channels)))
            return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for statistics of D's layers");
    }
    return PD_OK;
}

enum pd_status pd_gan_recalibrate(struct pd_gan *gan, enum pd_origin origin,
                                  const struct pd_sample_source *source, int64_t count, int64_t batch,
                                  struct pd_error *err)
{
    struct pass p = {gan, origin, source, count, batch, .labels = pd_calloc((size_t)batch, sizeof(int32_t))};
    p.images = pd_calloc((size_t)batch, (size_t)pd_gan_image_size(gan) * sizeof *p.images);
    enum pd_status status = p.labels && p.images ? pd_gan_make_statistics(gan, origin, err)
                                                 : pd_fail(err, PD_ERR_MEMORY, -1,
                                                           "out of memory for %lld images", (long long)batch);
    for (int i = 0; i < pd_vars_count(gan->vars) && !status; i++) { /* in the order of the layers */
        const struct pd_var *v = pd_vars_at(gan->vars, i);
        if (!is_running_mean(v, p.layer))
            continue;
        p.channels = pd_shape_count(pd_var_shape(v));
        status = recalibrate_layer(&p, err);
    }
    pd_free(p.labels);
    pd_free(p.images);
    gan->statistics[origin] = status || !pd_gan_has_batch_norm(gan) ? 0 : count;
    return status;
}
