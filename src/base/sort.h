/* Numbers in order. */
#ifndef PD_BASE_SORT_H
#define PD_BASE_SORT_H

#include <stdint.h>

/* Rising; without NAN. */
void pd_sort(int64_t n, double *values);

#endif
