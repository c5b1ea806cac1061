#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void pd_sort(int64_t n, double *values)
{
    if (n > 1)
        qsort(values, (size_t)n, sizeof *values, rising);
}

static int integers_rising(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void pd_sort_integers(int64_t n, int64_t *values)
{
    if (n > 1)
        qsort(values, (size_t)n, sizeof *values, integers_rising);
}

int pd_by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}
