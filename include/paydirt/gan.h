/* A class-conditional GAN: a generator G, and a discriminator D that says both whether an image is real and
 * which class it has (AC-GAN, Odena et al. 2017). Made by training (train.h) or opened from a run's folder.
 */
#ifndef PAYDIRT_GAN_H
#define PAYDIRT_GAN_H

#include <paydirt/error.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One thread's at a time (a second one is refused); several may work at once, each in a thread of its own. */
struct pd_gan;

/* Of images that D scores. In training it sees a batch of one kind alone and normalises it by its own
 * statistics. */
enum pd_origin { PD_ORIGIN_REAL, PD_ORIGIN_FAKE, PD_ORIGINS };

/* The networks of a run, as of its best epoch where it validates, else of its last checkpoint. threads 0: as
 * the run's options say. D scores reals by recalibrated statistics (doc/gold.md) where
 * the run's folder has them, as after `paydirt score`; else, and fakes always, by its running ones.
 * PD_ERR_USAGE, PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MISMATCH, PD_ERR_MEMORY. */
enum pd_status pd_gan_open(const char *run, int threads, struct pd_gan **out, struct pd_error *err);

/* Not yet to be opened again by this library, and without recalibrated statistics: for PyTorch and other
 * readers. A checkpoint of the networks (safetensors, PyTorch's names; doc/checkpoint.md), written aside and
 * renamed.
 */
enum pd_status pd_gan_write(const struct pd_gan *gan, const char *path, struct pd_error *err);

void pd_gan_destroy(struct pd_gan *gan); /* also NULL */

int pd_gan_classes(const struct pd_gan *gan);
int pd_gan_z_dim(const struct pd_gan *gan);
/* Of an image: (channels, side, side); points: 2, 0. */
void pd_gan_shape(const struct pd_gan *gan, int *channels, int *side);
int64_t pd_gan_image_size(const struct pd_gan *gan);    /* its numbers: channels * side * side, or 2 */
int64_t pd_gan_feature_width(const struct pd_gan *gan); /* of pd_features */

#ifdef __cplusplus
}
#endif

#endif
