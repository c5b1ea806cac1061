/* A metric of images that the caller has. */
#include "metric/fixed_set.h"
#include "metric/trained.h"

#include "base/mem.h"
#include "base/threads.h"
#include "io/level.h"

#include <paydirt/inception.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* first: the number of the set's first image among all */
static enum pd_status check_images(const struct pd_metric *metric, const struct pd_metric_input *in,
                                   const char *what, const struct pd_labelled_images *set, int64_t first,
                                   struct pd_error *err)
{
    if (set->count < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: no %s images", metric->name, what);
    for (int64_t i = 0; i < set->count; i++)
        if (set->labels[i] < 0 || set->labels[i] >= in->classes)
            return pd_fail(err, PD_ERR_USAGE, -1, "%s: label %d of %s image %lld: expected 0 to %d",
                           metric->name, (int)set->labels[i], what, (long long)(first + i), in->classes - 1);
    char image[64];
    snprintf(image, sizeof image, "%.30s: %.20s image", metric->name, what);
    return pd_check_rows(image, first, set->images, set->count, pd_metric_image_size(in), in->size > 0, err);
}

static enum pd_status check_features(const struct pd_metric *metric, const struct pd_metric_features *f,
                                     struct pd_error *err)
{
    const struct pd_feature_file *const files[] = {&f->real, &f->fake};
    if (metric->needs & PD_NEEDS_LOGITS)
        return f->logits
                   ? PD_OK
                   : pd_fail(err, PD_ERR_USAGE, -1, "%s needs logits of generated images", metric->name);
    if (f->real.width != f->fake.width)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%.150s has %lld features a sample, %.150s has %lld",
                       f->real.name, (long long)f->real.width, f->fake.name, (long long)f->fake.width);
    if (metric->needs & PD_NEEDS_INCEPTION && f->real.width != PD_INCEPTION_FEATURES)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s stands for Inception's %d features, these are %lld a sample: expected frechet",
                       metric->name, PD_INCEPTION_FEATURES, (long long)f->real.width);
    if (f->real.columns.any_order == f->fake.columns.any_order &&
        f->real.columns.order != f->fake.columns.order)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%.150s and %.150s have the same columns in another order: name them in one order",
                       f->real.name, f->fake.name);
    for (int i = 0; i < 2; i++)
        if (!files[i]->set.values && (metric->needs & PD_NEEDS_FEATURES || !files[i]->mean))
            return files[i]->mean
                       ? pd_fail(err, PD_ERR_USAGE, -1,
                                 "%.200s holds mean and covariance: they serve a Fréchet distance, not %s",
                                 files[i]->name, metric->name)
                       : pd_fail(err, PD_ERR_USAGE, -1, "%s needs features of %s samples", metric->name,
                                 i ? "generated" : "real");
    return PD_OK;
}

enum { SIDE_MOST = 1 << 14 };

enum pd_status pd_metric_check(const struct pd_metric *metric, const struct pd_metric_input *in,
                               struct pd_error *err)
{
    const char *missing = metric->needs & PD_NEEDS_REAL && !in->real ? "real images"
                          : metric->needs & PD_NEEDS_SAMPLES && !in->samples && !in->generated
                              ? "generated images"
                          : metric->needs & PD_NEEDS_TRAINING && !in->training ? "real images to train on"
                          : metric->needs & PD_NEEDS_SCORES && !in->scorer     ? "a discriminator's scores"
                          : metric->needs & PD_NEEDS_ANY_FEATURES && !in->features ? "features of images"
                                                                                   : NULL;
    enum pd_status status = PD_OK;
    if (missing)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s needs %s", metric->name, missing);
    if (metric->needs & PD_NEEDS_ANY_FEATURES)
        return check_features(metric, in->features, err);
    if (in->channels < 1 || in->channels > SIDE_MOST || in->size < 0 || in->size > SIDE_MOST ||
        in->classes < 1 || in->epochs < 0 || (in->epoch_images && in->epoch_images < PD_METRIC_BATCH))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "%s: %d channels, size %d, %d classes, %d epochs of %lld images: expected at least 1, 0, "
            "1, 0 and 0 or %d, sizes up to %d",
            metric->name, in->channels, in->size, in->classes, in->epochs, (long long)in->epoch_images,
            PD_METRIC_BATCH, SIDE_MOST);
    if (metric->needs & PD_NEEDS_CLASSIFIER)
        status = pd_trained_check(metric, in, err);
    if (!status && metric->needs & PD_NEEDS_REAL)
        status = check_images(metric, in, "real", in->real, 0, err);
    if (!status && metric->needs & PD_NEEDS_TRAINING)
        status = check_images(metric, in, "training", in->training, 0, err);
    if (!status && metric->needs & PD_NEEDS_SAMPLES && !in->samples)
        status = check_images(metric, in, "generated", in->generated, 0, err);
    return status;
}

/* The caller's samples, as they come. */
struct source {
    const struct pd_metric *metric;
    const struct pd_metric_input *in;
};

static enum pd_status next_checked(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                                   struct pd_error *err)
{
    const struct source *s = context;
    const struct pd_labelled_images batch = {images, labels, n};
    enum pd_status status = s->in->samples->next(s->in->samples->context, i, n, images, labels, err);
    return status ? status : check_images(s->metric, s->in, "generated", &batch, (int64_t)i * n, err);
}

static int64_t epoch_images(const struct pd_metric *metric, const struct pd_metric_input *in)
{
    if (in->epoch_images || !(metric->needs & PD_NEEDS_TRAINING))
        return in->epoch_images ? in->epoch_images : PD_METRIC_EPOCH_IMAGES;
    return in->training->count > PD_METRIC_BATCH ? in->training->count : PD_METRIC_BATCH;
}

static enum pd_status make_confusion(struct pd_metric_input *in, int64_t **own, struct pd_error *err)
{
    const size_t n = (size_t)in->classes * (size_t)in->classes;
    if (in->confusion)
        memset(in->confusion, 0, n * sizeof **own);
    else
        *own = in->confusion = pd_calloc(n, sizeof **own);
    return in->confusion ? PD_OK
                         : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", in->classes);
}

/* What people and JSON get. An accuracy is the share of so many images that were right: binomial. */
static enum pd_status settle(const struct pd_metric *metric, const struct pd_metric_input *in,
                             struct pd_metric_result *out, struct pd_error *err)
{
    if (!isfinite(out->value))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s is %g, which is no number", metric->name, out->value);
    out->numbers[0].value = out->value;
    if (metric->needs & PD_NEEDS_CONFUSION) {
        double n = 0;
        for (int64_t i = 0; i < (int64_t)in->classes * in->classes; i++)
            n += (double)in->confusion[i];
        out->error = n > 0 ? sqrt(out->value * (1 - out->value) / n) : NAN;
    }
    if (isfinite(out->error))
        pd_metric_set(out, "error", out->error);
    return PD_OK;
}

enum pd_status pd_metric_measure(const struct pd_metric *metric, const struct pd_metric_input *in,
                                 struct pd_metric_result *out, struct pd_error *err)
{
    struct pd_metric_input all = *in;
    struct pd_fixed_set *fixed = NULL;
    struct source source = {metric, in};
    struct pd_sample_source samples = {&source, next_checked};
    struct pd_backend *own = NULL;
    int64_t *confusion = NULL;
    const bool images = !(metric->needs & PD_NEEDS_ANY_FEATURES);
    enum pd_status status = pd_metric_check(metric, in, err);
    *out = (struct pd_metric_result){.value = NAN, .error = NAN, .count = 1};
    out->numbers[0].key = metric->key;
    all.epochs = in->epochs ? in->epochs : PD_METRIC_EPOCHS;
    if (!status)
        all.epoch_images = epoch_images(metric, in);
    if (!status && metric->needs & PD_NEEDS_CONFUSION)
        status = make_confusion(&all, &confusion, err);
    if (!status && metric->needs & PD_NEEDS_SAMPLES && !in->samples) {
        status = pd_fixed_set_create(in->generated->count, (size_t)pd_metric_image_size(in),
                                     in->generated->images, in->generated->labels, in->seed, &fixed, err);
        samples = pd_fixed_set_source(fixed);
    }
    if (metric->needs & PD_NEEDS_SAMPLES)
        all.samples = &samples;
    if (!status && images && !in->backend) {
        status =
            pd_backend_create("onednn", in->threads > 0 ? in->threads : pd_threads_available(), &own, err);
        all.backend = own;
        all.judge = NULL; /* it would outlive its backend */
    }
    if (!status)
        status = metric->measure(&all, out, err);
    if (!status)
        status = settle(metric, &all, out, err);
    pd_free(confusion);
    pd_backend_destroy(own);
    pd_fixed_set_destroy(fixed);
    return status;
}
