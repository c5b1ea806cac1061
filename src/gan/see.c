/* What Inception sees in fresh samples of a GAN: a batch of images at a time, the features alone are kept. */
#include "base/mem.h"
#include "gan/gan.h"
#include "gan/source.h"

/* Batches, as parts of the whole. */
struct part {
    const struct pd_feature_work *work;
    int64_t at, count;
};

static bool watch(void *context, uint64_t done, uint64_t count)
{
    const struct part *p = context;
    (void)count;
    return p->work->watch(p->work->context, (uint64_t)p->at + done, (uint64_t)p->count);
}

enum pd_status pd_gan_see(struct pd_gan *gan, struct pd_metric_features *to, struct pd_inception *net,
                          int64_t count, uint64_t seed, struct pd_error *err)
{
    const int channels = gan->config.channels, size = gan->config.size;
    const struct pd_feature_work work = to->work;
    struct part part = {&work, 0, count};
    struct pd_gan_source *fresh = NULL;
    int32_t labels[PD_METRIC_BATCH];
    if (!size)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "a model of points: Inception sees images");
    float *images =
        pd_calloc(PD_METRIC_BATCH, (size_t)channels * (size_t)size * (size_t)size * sizeof *images);
    enum pd_status status = images ? pd_gan_source_create(gan, PD_METRIC_BATCH, seed, &fresh, err)
                                   : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of samples");
    const struct pd_sample_source source = pd_gan_sample_source(fresh);
    if (work.watch) {
        to->work.watch = watch;
        to->work.context = &part;
    }
    for (; part.at < count && !status; part.at += PD_METRIC_BATCH) {
        const int64_t n = count - part.at < PD_METRIC_BATCH ? count - part.at : PD_METRIC_BATCH;
        status = source.next(source.context, (uint64_t)(part.at / PD_METRIC_BATCH), n, images, labels, err);
        const struct pd_labelled_images batch = {images, labels, n};
        if (!status)
            status = pd_metric_see_fake(to, net, channels, size, &batch, err);
    }
    to->work = work;
    pd_gan_source_destroy(fresh);
    pd_free(images);
    return status;
}
