/* What Inception sees in images that are lent as floats. */
#include "metric/metric.h"

#include "base/mem.h"
#include "io/level.h"

#include <paydirt/inception.h>

#include <stdio.h>

struct floats {
    const float *images; /* (count, size) in [-1, 1] */
    int64_t size;
    const char *what;
};

/* As samples are written: to the nearest of 256 levels. */
static enum pd_status get(void *context, int64_t first, int64_t n, uint8_t *pixels, struct pd_error *err)
{
    const struct floats *f = context;
    const float *images = f->images + first * f->size;
    char image[300];
    snprintf(image, sizeof image, "%.280s, image", f->what);
    const enum pd_status status = pd_check_rows(image, first, images, n, f->size, true, err);
    for (int64_t i = 0; i < n * f->size && !status; i++)
        pixels[i] = pd_pixel_level(images[i]);
    return status;
}

/* Room for more samples behind those that are there. */
static enum pd_status grow(struct pd_feature_file *file, float **logits, int64_t more, struct pd_error *err)
{
    const size_t n = (size_t)(file->count + more);
    float *values =
        pd_realloc((float *)(uintptr_t)file->set.values, n * PD_INCEPTION_FEATURES * sizeof *values);
    if (values)
        file->set.values = values;
    float *scores = logits ? pd_realloc(*logits, n * PD_INCEPTION_CLASSES * sizeof *scores) : NULL;
    if (scores)
        *logits = scores;
    return values && (!logits || scores)
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for features of %zu images", n);
}

static enum pd_status see(struct pd_feature_file *file, float **logits, struct pd_inception *net,
                          const struct pd_inception_images *images, const struct pd_feature_work *work,
                          struct pd_error *err)
{
    const int64_t before = file->count;
    enum pd_status status = grow(file, logits, images->n, err);
    if (!status)
        status = pd_inception_run(net, images, work,
                                  (float *)(uintptr_t)file->set.values + before * PD_INCEPTION_FEATURES,
                                  logits ? *logits + before * PD_INCEPTION_CLASSES : NULL, err);
    if (status)
        return status;
    file->width = file->set.width = PD_INCEPTION_FEATURES;
    file->count = file->set.n = before + images->n;
    return PD_OK;
}

static struct pd_inception_images lend(struct floats *floats, int channels, int size, int64_t count)
{
    return (struct pd_inception_images){
        .n = count, .channels = channels, .height = size, .width = size, .context = floats, .get = get};
}

enum pd_status pd_metric_see_real(struct pd_metric_features *to, struct pd_inception *net, int channels,
                                  int size, const struct pd_labelled_images *images, struct pd_error *err)
{
    struct floats floats = {images->images, (int64_t)channels * size * size, "real images"};
    const struct pd_inception_images lent = lend(&floats, channels, size, images->count);
    snprintf(to->real.name, sizeof to->real.name, "%s", floats.what);
    return see(&to->real, NULL, net, &lent, &to->work, err);
}

enum pd_status pd_metric_see_fake(struct pd_metric_features *to, struct pd_inception *net, int channels,
                                  int size, const struct pd_labelled_images *images, struct pd_error *err)
{
    struct floats floats = {images->images, (int64_t)channels * size * size, "generated images"};
    const struct pd_inception_images lent = lend(&floats, channels, size, images->count);
    snprintf(to->fake.name, sizeof to->fake.name, "%s", floats.what);
    return see(&to->fake, &to->logits, net, &lent, &to->work, err);
}
