/* Images, or points of the plane, to learn from: of the caller's memory, or opened as `paydirt train --data`
 * does. */
#ifndef PAYDIRT_DATA_H
#define PAYDIRT_DATA_H

#include <paydirt/error.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_dataset;

/* What lies in the caller's memory. Nothing of it is kept. */
struct pd_data_arrays {
    int64_t n;         /* images, 1 .. 2^32 - 1 */
    int channels;      /* 1 or 3; points: 2 */
    int height, width; /* points: 1, 1 */
    const uint8_t *u8; /* (n, channels, height, width), 0 .. 255 */
    const float *f32;  /* or in [-1, 1], which is kept in 8 bits, as files are; points: (n, 2), as they are */
    const int32_t *labels;          /* (n): 0 .. classes - 1, or -1, unknown; NULL: all unknown */
    int classes;                    /* 1 .. 2^20 */
    const char *const *class_names; /* (classes), UTF-8, or NULL: the numbers serve */
};

/* A copy. PD_ERR_USAGE: a shape, a label or a value that cannot be (the message names the row);
 * PD_ERR_MEMORY.
 */
enum pd_status pd_data_from_arrays(const struct pd_data_arrays *arrays, struct pd_dataset **out,
                                   struct pd_error *err);

/* The training split of a set that paydirt knows by name (dir: where its files lie, or NULL: where packages
 * put them), or of a folder or archive of images, or an .npz (dir NULL). size: side of a training image in
 * pixels, at most 1024, where the training's option "size" says nothing, 0: the set's. PD_ERR_USAGE,
 * PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MISMATCH, PD_ERR_MEMORY. */
enum pd_status pd_data_open(const char *name, const char *dir, int size, struct pd_dataset **out,
                            struct pd_error *err);

void pd_dataset_destroy(struct pd_dataset *dataset); /* also NULL */

int64_t pd_data_count(const struct pd_dataset *dataset);
int pd_data_classes(const struct pd_dataset *dataset); /* 0: none are known */
/* Lines, each with its newline, about what was read and what was left out; "" where there is nothing to say.
 */
const char *pd_data_note(const struct pd_dataset *dataset);

#ifdef __cplusplus
}
#endif

#endif
