/* Fitting capacity of an AC-GAN in memory (metric/fitting_capacity.h): on test images, and on the validation
 * images by which a run keeps its best epoch (GOLD section 4.3). */
#ifndef PD_GAN_VALIDATE_H
#define PD_GAN_VALIDATE_H

#include "data/dataset.h"
#include "gan/gan.h"

/* How much work a classifier takes. */
struct pd_fitting {
    int epochs;           /* the papers: 40 */
    int64_t epoch_images; /* 10,000 */
    uint64_t seed;
    void (*progress)(void *context, int epoch, int epochs, double loss); /* or NULL */
    void *progress_context;
};

/* Real images (count, C, size, size) in [-1, 1] or points (count, 2), with labels (count) >= 0. */
struct pd_real_images {
    float *images; /* owned: pd_real_images_release */
    int32_t *labels;
    int64_t count;
};

/* The n images of the data set that indices names (NULL: the first n), as a model of that size sees them. */
enum pd_status pd_real_images_take(const struct pd_dataset *data, const uint32_t *indices, uint32_t n,
                                   int size, struct pd_real_images *out, struct pd_error *err);
/* Those whose use is `which` (an enum pd_label_use); none: count 0. */
enum pd_status pd_real_images_of_use(const struct pd_dataset *data, const uint8_t *use, int which, int size,
                                     struct pd_real_images *out, struct pd_error *err);
void pd_real_images_release(struct pd_real_images *r);

/* accuracy in [0, 1]. */
enum pd_status pd_gan_fitting_capacity(struct pd_gan *gan, const struct pd_fitting *f,
                                       const struct pd_real_images *test, double *accuracy,
                                       struct pd_error *err);

#endif
