/* Inception on a data set. */
#include "data/dataset.h"

#include <paydirt/inception.h>

#include <string.h>

static enum pd_status get(void *context, int64_t first, int64_t n, uint8_t *pixels, struct pd_error *err)
{
    const struct pd_dataset *data = context;
    const size_t image = pd_dataset_image_size(data);
    (void)err;
    for (int64_t i = 0; i < n; i++)
        memcpy(pixels + (size_t)i * image, pd_dataset_image(data, (uint32_t)(first + i)), image);
    return PD_OK;
}

enum pd_status pd_inception_run_data(struct pd_inception *net, const struct pd_dataset *data,
                                     const struct pd_feature_work *work, float *features, float *logits,
                                     struct pd_error *err)
{
    struct pd_inception_images images = {
        .n = pd_dataset_count(data), .context = (void *)(uintptr_t)data, .get = get};
    if (pd_dataset_is_points(data))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s': points, expected images",
                       pd_dataset_name(data));
    pd_dataset_shape(data, &images.channels, &images.height, &images.width);
    return pd_inception_run(net, &images, work, features, logits, err);
}
