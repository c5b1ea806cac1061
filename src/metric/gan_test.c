/* GAN-test (Shmelkov et al. 2018; ALCG figures 7 to 10): a classifier trained on real images, measured on
 * generated ones: how often a sample looks like its class. */
#include "metric/trained.h"

#include "base/mem.h"
#include "metric/fixed_set.h"

#include <string.h>

static enum pd_status train(const struct pd_metric_input *in, struct pd_trained **out, struct pd_error *err)
{
    const struct pd_labelled_images *set = in->training;
    struct pd_fixed_set *order;
    enum pd_status status = pd_fixed_set_create(set->count, (size_t)pd_metric_image_size(in), set->images,
                                                set->labels, in->seed, &order, err);
    if (status)
        return status;
    const struct pd_sample_source from = pd_fixed_set_source(order);
    status = pd_trained_create(in, &from, out, err);
    pd_fixed_set_destroy(order);
    return status;
}

/* What it says of so many generated images. */
static enum pd_status judge(const struct pd_metric_input *in, struct pd_trained *classifier, int64_t count,
                            struct pd_error *err)
{
    const struct pd_sample_source *from = in->samples;
    float *images = pd_calloc(PD_METRIC_BATCH, (size_t)pd_metric_image_size(in) * sizeof *images);
    int32_t labels[PD_METRIC_BATCH];
    enum pd_status status =
        images ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of samples");
    for (int64_t at = 0; at < count && !status; at += PD_METRIC_BATCH) {
        const int64_t n = count - at < PD_METRIC_BATCH ? count - at : PD_METRIC_BATCH;
        status =
            from->next(from->context, (uint64_t)(at / PD_METRIC_BATCH), PD_METRIC_BATCH, images, labels, err);
        if (!status)
            status = pd_trained_judge(classifier, images, labels, n, in->confusion, err);
    }
    pd_free(images);
    return status;
}

enum pd_status pd_metric_gan_test(const struct pd_metric_input *in, struct pd_metric_result *out,
                                  struct pd_error *err)
{
    struct pd_trained *classifier = NULL;
    enum pd_status status = train(in, &classifier, err);
    if (!status)
        status = pd_trained_judge(classifier, in->real->images, in->real->labels, in->real->count,
                                  in->confusion, err);
    out->beside = pd_confusion_accuracy(in->classes, in->confusion);
    memset(in->confusion, 0, (size_t)in->classes * (size_t)in->classes * sizeof *in->confusion);
    if (!status)
        status = judge(in, classifier, in->generated ? in->generated->count : PD_METRIC_EPOCH_IMAGES, err);
    out->value = pd_confusion_accuracy(in->classes, in->confusion);
    pd_trained_destroy(classifier);
    return status;
}
