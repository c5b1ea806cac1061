/* For fuzz targets: reads every byte of an array; the sanitizers watch. */
#ifndef PD_FUZZ_TOUCH_H
#define PD_FUZZ_TOUCH_H

#include "io/array.h"

#include <stdlib.h>
#include <string.h>

static inline void touch(const struct pd_io_array *a)
{
    int64_t bytes;
    volatile size_t sum = strlen(a->name);
    if (!pd_io_array_bytes(a, &bytes) || (uintptr_t)a->data % pd_io_dtype_size(a->dtype))
        abort();
    for (int64_t i = 0; i < bytes; i++)
        sum = sum + ((const uint8_t *)a->data)[i];
}

#endif
