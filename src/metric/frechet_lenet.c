/* The Fréchet distance (features.h) of real and generated images in what the last layer of a classifier sees
 * that was trained on real ones: of small grey images it says more than Inception's, and needs no weights.
 * Distances by other classifiers, data or seeds are no number to compare with. */
#include "metric/trained.h"

#include "base/mem.h"

#include <paydirt/features.h>

struct normal {
    struct pd_trained *classifier;
    struct pd_moments *moments;
    float *features; /* of a batch */
    double *mean, *covariance;
};

static enum pd_status open_normal(struct pd_trained *classifier, struct normal *x, struct pd_error *err)
{
    const size_t width = (size_t)pd_trained_width(classifier);
    *x = (struct normal){.classifier = classifier,
                         .features = pd_calloc(PD_METRIC_BATCH * width, sizeof *x->features),
                         .mean = pd_calloc(width, sizeof *x->mean),
                         .covariance = pd_calloc(width * width, sizeof *x->covariance)};
    if (!x->features || !x->mean || !x->covariance)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu features", width);
    return pd_moments_create((int64_t)width, &x->moments, err);
}

static void close_normal(struct normal *x)
{
    pd_moments_destroy(x->moments);
    pd_free(x->features);
    pd_free(x->mean);
    pd_free(x->covariance);
}

static enum pd_status take(void *context, const float *images, const int32_t *labels, int64_t n,
                           struct pd_error *err)
{
    struct normal *x = context;
    (void)labels;
    enum pd_status status = pd_trained_features(x->classifier, images, n, x->features, err);
    return status ? status : pd_moments_add(x->moments, x->features, n, NULL, err);
}

static enum pd_status take_reals(const struct pd_metric_input *in, struct normal *x, struct pd_error *err)
{
    const struct pd_labelled_images *real = in->real;
    const int64_t image = pd_metric_image_size(in);
    enum pd_status status = PD_OK;
    for (int64_t at = 0; at < real->count && !status; at += PD_METRIC_BATCH) {
        const int64_t n = real->count - at < PD_METRIC_BATCH ? real->count - at : PD_METRIC_BATCH;
        status = take(x, real->images + at * image, real->labels + at, n, err);
    }
    return status;
}

static enum pd_status measure(const struct pd_metric_input *in, struct normal *real, struct normal *fake,
                              double *distance, struct pd_error *err)
{
    enum pd_status status = take_reals(in, real, err);
    if (!status)
        status = pd_metric_each_batch(in, take, fake, err);
    if (!status)
        status = pd_moments_take(real->moments, real->mean, real->covariance, err);
    if (!status)
        status = pd_moments_take(fake->moments, fake->mean, fake->covariance, err);
    return status ? status
                  : pd_frechet(pd_trained_width(real->classifier), real->mean, real->covariance, fake->mean,
                               fake->covariance, NULL, distance, err);
}

enum pd_status pd_metric_frechet_lenet(const struct pd_metric_input *in, struct pd_metric_result *out,
                                       struct pd_error *err)
{
    struct pd_metric_input lenet = *in;
    struct pd_trained *classifier;
    struct normal real = {.moments = NULL}, fake = {.moments = NULL};
    lenet.classifier = NULL; /* whatever the others are trained with */
    enum pd_status status = pd_trained_on_reals(&lenet, &classifier, err);
    if (!status)
        status = open_normal(classifier, &real, err);
    if (!status)
        status = open_normal(classifier, &fake, err);
    if (!status)
        status = measure(in, &real, &fake, &out->value, err);
    if (!status) {
        const int64_t width = pd_trained_width(classifier);
        pd_metric_note_few(out, pd_moments_count(real.moments), width, "real");
        pd_metric_note_few(out, pd_moments_count(fake.moments), width, "generated");
    }
    close_normal(&real);
    close_normal(&fake);
    pd_trained_give_back(&lenet, classifier);
    return status;
}
