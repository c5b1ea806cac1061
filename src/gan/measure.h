/* What metrics of an AC-GAN in memory (pd_gan_measure) are measured on: test images, and the validation
 * images by which a run keeps its best epoch (GOLD section 4.3). */
#ifndef PD_GAN_MEASURE_H
#define PD_GAN_MEASURE_H

#include "data/dataset.h"
#include "gan/gan.h"
#include "metric/metric.h"

#include <paydirt/score.h>

/* The n images of the data set that indices names (NULL: the first n), as a model of that size sees them;
 * owned: pd_real_images_release. */
enum pd_status pd_real_images_take(const struct pd_dataset *data, const uint32_t *indices, uint32_t n,
                                   int size, struct pd_real_images *out, struct pd_error *err);
/* Those whose use is `which` (an enum pd_label_use); none: count 0. */
enum pd_status pd_real_images_of_use(const struct pd_dataset *data, const uint8_t *use, int which, int size,
                                     struct pd_real_images *out, struct pd_error *err);
struct pd_labelled_images pd_real_images_lend(const struct pd_real_images *r);

#endif
