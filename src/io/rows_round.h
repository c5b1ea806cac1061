/* Doubles as the floats that are kept of them. */
#ifndef PD_IO_ROWS_ROUND_H
#define PD_IO_ROWS_ROUND_H

#include "io/rows_kind.h"

/* Rows (n, width) that the map has been at, into `to`: class logits that lie closer together than to 0 less
 * their row's largest; and what the rows' doubt is to know. -1, or the place of the first number that is
 * beyond float32. */
int64_t pd_rows_to_floats(struct pd_rows *rows, int64_t n, const double *from, float *to);

#endif
