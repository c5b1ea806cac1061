/* Pictures of samples. */
#ifndef PD_GAN_SAMPLE_H
#define PD_GAN_SAMPLE_H

#include "base/buffer.h"
#include "gan/gan.h"

#include <paydirt/sample.h>

/* PD_ERR_MEMORY: so many samples are more than this machine has memory for; before the work. */
enum pd_status pd_samples_fit(const struct pd_gan *gan, int64_t count, struct pd_error *err);

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
