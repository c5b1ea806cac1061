/* Training batches, each a pure function of (options, step): no state outlives a batch, so a run resumed at
 * any step sees what an undisturbed one would have seen. */
#ifndef PD_DATA_LOADER_H
#define PD_DATA_LOADER_H

#include "data/dataset.h"
#include "data/labels/labels.h"
#include "io/ranks.h"

#include <stdbool.h>

struct pd_loader_options {
    uint32_t batch;              /* images in a batch, >= 1 */
    int size;                    /* side of an image in pixels */
    bool random_crop;            /* resize to round(1.1 size), cut at random (transform.h) */
    bool flip;                   /* left to right, half of the time */
    uint64_t seed;               /* of order, crops and flips */
    uint32_t min_epoch;          /* sets smaller than this are repeated within an epoch; the papers: 10,000 */
    uint32_t labelled_per_batch; /* 0: labelled and unlabelled mixed at random; else the first so many are
                                    labelled, unless all images are */
    bool labelled_only;          /* leave the unlabelled out */
    bool partial_batch;          /* keep what is left at an epoch's end, where that is 2 images or more */
    bool prefetch;               /* a thread prepares the next batch meanwhile */
    const struct pd_ranks
        *ranks; /* borrowed: this loader makes this rank's part of each batch; NULL: all of it */
};

struct pd_loader;

/* dataset is borrowed for the loader's life. use: an enum pd_label_use for each image, copied; NULL:
 * PD_LABELLED for all. An image without a label counts as unlabelled; one that is held out never appears.
 * PD_ERR_USAGE (no image or not enough kinds of images for the options, bad batch or size), PD_ERR_MEMORY
 * (also: no thread to be had). */
enum pd_status pd_loader_create(const struct pd_dataset *dataset, const uint8_t *use,
                                const struct pd_loader_options *options, struct pd_loader **out,
                                struct pd_error *err);
void pd_loader_destroy(struct pd_loader *loader);

/* max(n, min_epoch) / batch, n the images that take part, without the last partial batch unless that is kept;
 * at least 1. */
uint64_t pd_loader_steps_per_epoch(const struct pd_loader *loader);

/* Images in that step's batch, or in this rank's part: fewer than the options' in an epoch's last where the
 * partial one is kept. */
uint32_t pd_loader_batch(const struct pd_loader *loader, uint64_t step);

/* Images in the first so many steps' batches, of all ranks together. */
uint64_t pd_loader_seen(const struct pd_loader *loader, uint64_t steps);

/* Those that take part, at least 1. */
uint64_t pd_loader_images(const struct pd_loader *loader);

/* Of them those whose label training may see. */
uint64_t pd_loader_labelled(const struct pd_loader *loader);

/* Unlabelled ones that labelled_only leaves out. */
uint64_t pd_loader_left_out(const struct pd_loader *loader);

/* Floats of one image of a batch: C * size * size, or 2 for points. */
size_t pd_loader_image_size(const struct pd_loader *loader);

/* The images of the data set as batches are cut out of them, for those who keep them elsewhere and cut there
 * (pd_transform_pixels): how many, and their size; n of them from `first` on, into (n, C, height, width). Not
 * while another thread makes batches. */
struct pd_stored {
    uint32_t count;
    int channels, height, width; /* height 0: there are none, but points */
};
struct pd_stored pd_loader_stored(const struct pd_loader *loader);
void pd_loader_pixels(const struct pd_loader *loader, uint32_t first, uint32_t n, uint8_t *pixels);

/* Batch `step` as places among them, (batch, 4): image, top, left, mirrored. What pd_loader_get would make.
 */
void pd_loader_places(struct pd_loader *loader, uint64_t step, int32_t (*places)[4], int32_t *labels);

/* Batch `step` (any, in any order; asking for the next one is fastest).
 * images (pd_loader_batch, C, size, size) in [-1, 1], points (batch, 2) as they are; labels (batch), -1 where
 * the label may not be used; indices (batch) into the data set, or NULL. One caller at a time.
 *
 * Mixed: each epoch goes through fresh permutations of the images that take part. With labelled_per_batch the
 * labelled and the unlabelled each go through permutations of their own, without regard to epochs. */
void pd_loader_get(struct pd_loader *loader, uint64_t step, float *images, int32_t *labels,
                   uint32_t *indices);

#endif
