/* Numbers and texts in order. */
#ifndef PD_BASE_SORT_H
#define PD_BASE_SORT_H

#include <stdint.h>

/* Rising; without NAN. */
void pd_sort(int64_t n, double *values);
void pd_sort_integers(int64_t n, int64_t *values);

/* qsort's order of texts (const char *), by their bytes. */
int pd_by_bytes(const void *a, const void *b);

#endif
