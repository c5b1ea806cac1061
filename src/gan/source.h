/* Fresh generated samples without end, as a metric's training set. */
#ifndef PD_GAN_SOURCE_H
#define PD_GAN_SOURCE_H

#include "metric/metric.h"
#include "gan/gan.h"

struct pd_gan_source;

/* Batches of at most `batch` samples from the generator in evaluation mode: classes uniform, z normal, both
 * fixed by (seed, number of the batch). The gan is borrowed. */
enum pd_status pd_gan_source_create(struct pd_gan *gan, int64_t batch, uint64_t seed,
                                    struct pd_gan_source **out, struct pd_error *err);
void pd_gan_source_destroy(struct pd_gan_source *source);

struct pd_sample_source pd_gan_sample_source(struct pd_gan_source *source);

#endif
