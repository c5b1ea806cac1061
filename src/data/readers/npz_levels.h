/* What the numbers in arrays of images mean: which is black, which white. Decided once for a file. */
#ifndef PD_DATA_READERS_NPZ_LEVELS_H
#define PD_DATA_READERS_NPZ_LEVELS_H

#include "data/dataset.h"
#include "io/npy.h"

#include <math.h>

/* A value is a level, 0 to 255, after (value + shift) * scale, and clipping. */
struct pd_levels {
    double shift, scale;
};

/* Of a file's first array of images, by the range of it and of the other one (or NULL), where that is of its
 * sort (floats, uint8, other whole numbers):
 *
 *     [0, 1]; [-1, 1] where the least is -0.5 or less     within 0.005 of it
 *     [0, 255] where the largest is 128 or more, uint8 always but where it is within [0, 1]
 *     [0, 65535] where the largest is 32768 or more       whole numbers
 *
 * of_tanh: floats within [-1, 1] are no other range, whatever the least.
 * All but plain uint8 is said in the data set's note. The streams are read, and left anywhere. PD_ERR_FORMAT:
 * a value outside of all of these, or not finite; arrays of one sort that were scaled in different ways.
 * PD_ERR_MEMORY and those of the streams. */
enum pd_status pd_levels_find(struct pd_npy_stream *first, struct pd_npy_stream *other, bool of_tanh,
                              struct pd_dataset *d, struct pd_levels *levels, struct pd_error *err);

static inline uint8_t pd_level_of(const struct pd_levels *l, double value)
{
    const double level = (value + l->shift) * l->scale;
    return level <= 0 ? 0 : level >= 255 ? 255 : (uint8_t)lrint(level);
}

/* Reads a stream block by block. */
enum { PD_VALUES = 1 << 14 };
struct pd_values {
    struct pd_npy_stream *stream;
    int64_t done, count; /* elements */
    _Alignas(8) char raw[8 * PD_VALUES];
    double value[PD_VALUES];
};
/* The next n, at most PD_VALUES. */
enum pd_status pd_values_next(struct pd_values *values, int64_t *n, struct pd_error *err);
/* From the first one. NULL: out of memory, or the stream's error; released with pd_free. */
enum pd_status pd_values_create(struct pd_npy_stream *stream, struct pd_values **out, struct pd_error *err);

#endif
