/* The generator at work: noise and classes in, images out. */
#ifndef PD_GAN_SAMPLER_H
#define PD_GAN_SAMPLER_H

#include "base/streams.h"
#include "gan/gan.h"

struct pd_sampler;

/* G in evaluation mode, `batch` images at a time. The gan is borrowed. */
enum pd_status pd_sampler_create(struct pd_gan *gan, int64_t batch, struct pd_sampler **out,
                                 struct pd_error *err);
void pd_sampler_destroy(struct pd_sampler *s);

/* n images (n, C, H, W), or points (n, 2), from z (n, z_dim) and their classes (n). */
enum pd_status pd_sampler_make(struct pd_sampler *s, const float *z, const int32_t *classes, int64_t n,
                               float *images, struct pd_error *err);

/* The noise z (z_dim) of sample `number` of a class: class and number name it, so that more samples begin
 * with the same ones. */
void pd_sample_noise(uint64_t seed, enum pd_stream stream, int class, int64_t number, int z_dim, float *z);

#endif
