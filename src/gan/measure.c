#include "gan/measure.h"

#include "base/mem.h"
#include "data/transform.h"
#include "gan/scorer.h"
#include "gan/source.h"

#include <string.h>

enum pd_status pd_real_images_take(const struct pd_dataset *data, const uint32_t *indices, uint32_t n,
                                   int size, struct pd_real_images *out, struct pd_error *err)
{
    const size_t floats = size ? (size_t)data->channels * (size_t)size * (size_t)size : 2;
    *out = (struct pd_real_images){pd_malloc((n ? n : 1) * floats * sizeof *out->images),
                                   pd_malloc((n ? n : 1) * sizeof *out->labels), n};
    if (!out->images || !out->labels) {
        pd_real_images_release(out);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images of data set '%s'", n, data->name);
    }
    for (uint32_t i = 0; i < n; i++)
        out->labels[i] = data->labels[indices ? indices[i] : i];
    enum pd_status status = PD_OK;
    if (n)
        status = pd_transform_eval(data, indices, n, size, out->images, err);
    if (status)
        pd_real_images_release(out);
    return status;
}

enum pd_status pd_real_images_of_use(const struct pd_dataset *data, const uint8_t *use, int which, int size,
                                     struct pd_real_images *out, struct pd_error *err)
{
    uint32_t *indices = pd_malloc(data->count * sizeof *indices), n = 0;
    *out = (struct pd_real_images){NULL, NULL, 0};
    if (!indices)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images", data->count);
    for (uint32_t i = 0; i < data->count; i++)
        if (use[i] == which && data->labels[i] >= 0) /* copies of those held out may have no label */
            indices[n++] = i;
    enum pd_status status = pd_real_images_take(data, indices, n, size, out, err);
    pd_free(indices);
    return status;
}

void pd_real_images_release(struct pd_real_images *r)
{
    pd_free(r->images);
    pd_free(r->labels);
    memset(r, 0, sizeof *r);
}

struct pd_labelled_images pd_real_images_lend(const struct pd_real_images *r)
{
    return (struct pd_labelled_images){r->images, r->labels, r->count};
}

static enum pd_status score(void *context, const float *images, int64_t n, float *logit, float *class_logits,
                            struct pd_error *err)
{
    return pd_scorer_score(context, images, n, logit, class_logits, err);
}

enum pd_status pd_gan_measure(struct pd_gan *gan, const struct pd_metric *metric,
                              const struct pd_metric_input *in, struct pd_metric_result *out,
                              struct pd_error *err)
{
    struct pd_metric_input all = *in;
    struct pd_gan_source *fresh = NULL;
    struct pd_scorer *scorer = NULL;
    struct pd_sample_source samples;
    struct pd_image_scorer scores;
    enum pd_status status = PD_OK;
    all.channels = gan->config.channels;
    all.size = gan->config.size;
    all.classes = gan->config.classes;
    all.backend = gan->backend;
    if (metric->needs & PD_NEEDS_SAMPLES && !in->samples && !in->generated) {
        status = pd_gan_source_create(gan, PD_METRIC_BATCH, in->seed, &fresh, err);
        samples = pd_gan_sample_source(fresh);
        all.samples = &samples;
    }
    if (!status && metric->needs & PD_NEEDS_SCORES) {
        status = pd_scorer_create(gan, PD_ORIGIN_REAL, &scorer, err);
        scores = (struct pd_image_scorer){scorer, score};
        all.scorer = &scores;
    }
    if (!status)
        status = pd_metric_measure(metric, &all, out, err);
    pd_scorer_destroy(scorer);
    pd_gan_source_destroy(fresh);
    return status;
}
