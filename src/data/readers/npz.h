/* A data set from the arrays of an .npz: which belong to a split, and what their shapes and types mean. */
#ifndef PD_DATA_READERS_NPZ_H
#define PD_DATA_READERS_NPZ_H

#include "data/dataset.h"
#include "io/npy.h"

/* An array of one text beside uint8 images: in which scale they were given. */
#define PD_NPZ_SCALE "paydirt_scale"
/* And (N, PD_DIGEST_SIZE) of uint8: digests of what they were then, which decide on exact copies. */
#define PD_NPZ_GIVEN "paydirt_given"

/* Fills a zeroed data set from those of the arrays that are called train_images, train_labels, test_images,
 * test_labels (MedMNIST), from x_train, y_train, x_test, y_test (Keras), or from images and labels, which are
 * for training; the first of these that is there. Others are not unpacked. The note says which is which.
 * Images: numbers as in npz_levels.h, like: the run's scale; (N, H, W), (N, H, W, C) or (N, C, H, W) with C =
 * 1 or 3. Labels: (N) or (N, 1), whole numbers from 0, or -1, or one-hot (N, classes); without an array of
 * labels no image has one. name stands in messages. PD_ERR_IO (no such split), PD_ERR_FORMAT (a value out of
 * range), PD_ERR_MISMATCH (not as many labels as images, one-hot labels of fewer classes than the other
 * split's), PD_ERR_UNSUPPORTED (another type or shape), PD_ERR_MEMORY, those of io/npy.h. */
enum pd_status pd_npz_take(struct pd_npy *npy, const char *name, enum pd_split split,
                           enum pd_pixel_scale like, struct pd_dataset *d, struct pd_error *err);

#endif
