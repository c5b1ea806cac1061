/* Samples of a trained generator, and their pictures. */
#ifndef PD_GAN_SAMPLE_H
#define PD_GAN_SAMPLE_H

#include "base/buffer.h"
#include "gan/gan.h"

/* Owned: pd_samples_release. */
struct pd_samples {
    int64_t count, per_class;
    struct pd_shape shape; /* of images: (count, C, H, W), or (count, 2) */
    int classes, z_dim;
    float *images, *z; /* z (count, z_dim) */
    int32_t *labels;   /* (count): class by class */
};

/* per_class samples of each class, in evaluation mode; fixed by the seed: sample i has the same z whatever
 * per_class of other calls was, as long as the classes are the same. */
enum pd_status pd_sample(struct pd_gan *gan, int64_t per_class, uint64_t seed, struct pd_samples *out,
                         struct pd_error *err);
void pd_samples_release(struct pd_samples *s);

/* A picture of them as PNG: images in a grid, one row a class; points as a scatter plot over the real ones
 * (count, 2), which may be NULL. */
struct pd_points {
    const float *at; /* (count, 2) */
    int64_t count;
};
enum pd_status pd_samples_encode(const struct pd_samples *s, const struct pd_points *real,
                                 struct pd_buffer *png, struct pd_error *err);
/* The same for people: the classes' names stand beside the rows; classes NULL: their numbers. */
struct pd_class_names;
enum pd_status pd_samples_picture(const struct pd_samples *s, const struct pd_class_names *classes,
                                  const struct pd_points *real, struct pd_buffer *png, struct pd_error *err);

/* grid: images in rows, one a class. */
struct pd_grid_heading;
enum pd_status pd_grid_with_classes(const struct pd_buffer *grid, const struct pd_class_names *names,
                                    int classes, const struct pd_grid_heading *headings, int n_headings,
                                    struct pd_buffer *png, struct pd_error *err);

void pd_samples_picture_size(const struct pd_samples *s, int64_t *width, int64_t *height);
int pd_samples_picture_channels(const struct pd_samples *s);

#endif
