/* 2-D points as a picture: the real ones grey, the others in the colours of their classes. */
#ifndef PD_IO_SCATTER_H
#define PD_IO_SCATTER_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdint.h>

enum { PD_SCATTER_SIDE = 512 }; /* pixels */

/* points (count, 2), labels (count) or NULL; real (real_count, 2) or NULL. The frame holds all real points
 * (all points when there are none) with a margin; what lies outside is not drawn. Appends a PNG (RGB).
 * PD_ERR_MEMORY. */
enum pd_status pd_scatter_encode(struct pd_buffer *png, const float *points, const int32_t *labels,
                                 int64_t count, const float *real, int64_t real_count, struct pd_error *err);

#endif
