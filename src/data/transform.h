/* From stored images to what the networks see: (C, size, size) floats in [-1, 1] (x / 127.5 - 1).
 * Evaluation: the short side resized to size, then the middle cut out. Training with random_crop: the short
 * side resized to round(1.1 size) (35 for 32), then a cut at a random place. 2-D points pass unchanged. */
#ifndef PD_DATA_TRANSFORM_H
#define PD_DATA_TRANSFORM_H

#include "data/dataset.h"

#include <stdbool.h>

/* The side at which readers of large images keep them: the short side after the resize, for the request's
 * size or for 32.
 * PD_ERR_USAGE: a size that is not 8 .. 1024. */
enum pd_status pd_transform_stored_side(const struct pd_data_request *request, int *side,
                                        struct pd_error *err);

struct pd_transform_options {
    int size;         /* side of the result in pixels, 1 .. 4096; points: not looked at */
    bool random_crop; /* else the middle of the image resized to size */
    bool flip;        /* left to right, half of the time */
};

/* Holds scratch memory: one for each thread. */
struct pd_transform;

/* dataset is borrowed for the transform's life. PD_ERR_USAGE (size), PD_ERR_MEMORY. */
enum pd_status pd_transform_create(const struct pd_dataset *dataset,
                                   const struct pd_transform_options *options, struct pd_transform **out,
                                   struct pd_error *err);
void pd_transform_destroy(struct pd_transform *transform);

/* Floats of one result: C * size * size, or 2 for points. */
size_t pd_transform_image_size(const struct pd_transform *transform);

/* Image `index` into image (C, size, size). random: four uniform words that fix crop and flip. */
void pd_transform_image(struct pd_transform *transform, uint32_t index, const uint32_t random[4],
                        float *image);

/* The same in two parts, for those who cut themselves: image `index` as it is cut, (C, height, width) bytes,
 * level v standing for v / 127.5 - 1; and where: top, left, mirrored (0 or 1). Of images, not points. */
void pd_transform_stored_size(const struct pd_transform *transform, int *height, int *width);
void pd_transform_pixels(const struct pd_transform *transform, uint32_t index, uint8_t *pixels);
void pd_transform_place(const struct pd_transform *transform, const uint32_t random[4], int32_t place[3]);

/* For evaluation: n images, dataset's indices[i] or, when indices is NULL, 0 .. n-1, into images
 * (n, C, size, size), or (n, 2) for points. PD_ERR_USAGE, PD_ERR_MEMORY. */
enum pd_status pd_transform_eval(const struct pd_dataset *dataset, const uint32_t *indices, uint32_t n,
                                 int size, float *images, struct pd_error *err);

#endif
