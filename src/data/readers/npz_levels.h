/* What the numbers in arrays of images mean: which is black, which white. Decided once for a file. */
#ifndef PD_DATA_READERS_NPZ_LEVELS_H
#define PD_DATA_READERS_NPZ_LEVELS_H

#include "data/dataset.h"
#include "io/npy.h"

#include <math.h>

/* That of images which these belong to; "the run's". PD_PIXELS_UNKNOWN: none is known. */
struct pd_levels_like {
    enum pd_pixel_scale scale;
    const char *whose;
    bool sure; /* whatever the values would say alone */
};

/* The scale (paydirt/data.h) of a file's first array of images, for the data set, by the range of it and of
 * the other one (or NULL), where that is of its kind of numbers.
 * All but plain uint8 is said in the data set's note. The streams are read, and left anywhere. PD_ERR_FORMAT:
 * a value outside of all scales, or not finite; arrays of one kind that were scaled in different ways.
 * PD_ERR_MEMORY and those of the streams. */
enum pd_status pd_levels_find(struct pd_npy_stream *first, struct pd_npy_stream *other,
                              const struct pd_levels_like *like, struct pd_dataset *d, struct pd_error *err);

static inline uint8_t pd_level_of(const struct pd_pixel_facts *scale, double value)
{
    const double level = (value + scale->shift) * scale->factor;
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
