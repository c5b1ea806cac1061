#include "base/sort.h"

#include <stdlib.h>

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
