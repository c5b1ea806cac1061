#include "gan/validate.h"

#include "base/mem.h"
#include "data/transform.h"
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
    if (n) /* points have no size, but the transform wants one */
        status = pd_transform_eval(data, indices, n, size ? size : 1, out->images, err);
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
        if (use[i] == which)
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

enum pd_status pd_gan_fitting_capacity(struct pd_gan *gan, const struct pd_fitting *f,
                                       const struct pd_real_images *test, double *accuracy,
                                       struct pd_error *err)
{
    const struct pd_model_config *c = &gan->config;
    struct pd_classifier_options k = pd_classifier_defaults();
    struct pd_gan_source *source;
    k.channels = c->channels;
    k.size = c->size;
    k.classes = c->classes;
    k.epochs = f->epochs;
    k.epoch_images = f->epoch_images;
    k.seed = f->seed;
    k.backend = gan->backend;
    k.progress = f->progress;
    k.progress_context = f->progress_context;
    enum pd_status status = pd_gan_source_create(gan, k.batch, k.seed, &source, err);
    if (status)
        return status;
    const struct pd_sample_source samples = pd_gan_sample_source(source);
    status = pd_fitting_capacity(&k, &samples, test->images, test->labels, test->count, accuracy, err);
    pd_gan_source_destroy(source);
    return status;
}
