/* What arrays of images hold beyond the levels that are kept of them: it decides on exact copies. */
#ifndef PD_DATA_READERS_NPZ_BEYOND_H
#define PD_DATA_READERS_NPZ_BEYOND_H

#include "data/dataset.h"
#include "io/array.h"

/* Reads along while the images of one array are stored. */
struct pd_beyond;
/* Of `dataset`, whose scale and shape are known; *out is NULL where levels hold all of such numbers.
 * PD_ERR_MEMORY. Ended with pd_beyond_end. */
enum pd_status pd_beyond_begin(struct pd_dataset *dataset, enum pd_io_dtype dtype, struct pd_beyond **out,
                               struct pd_error *err);
/* The next n numbers, as they lie in the file and as doubles, once they are stored. */
void pd_beyond_next(struct pd_beyond *beyond, const void *raw, const double *value, int64_t n);
/* Gives the data set its digests (given), where an image has more than its levels. Also NULL. */
void pd_beyond_end(struct pd_beyond *beyond);

#endif
