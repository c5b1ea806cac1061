#include "io/array.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *safetensors, *numpy;
    size_t size;
} dtypes[] = {
#define PD_IO_DTYPE_ROW(name, safetensors, numpy, size) {safetensors, numpy, size},
    PD_IO_DTYPE_LIST(PD_IO_DTYPE_ROW)
#undef PD_IO_DTYPE_ROW
};

size_t pd_io_dtype_size(enum pd_io_dtype dtype)
{
    return dtypes[dtype].size;
}

const char *pd_io_dtype_safetensors(enum pd_io_dtype dtype)
{
    return dtypes[dtype].safetensors;
}

const char *pd_io_dtype_numpy(enum pd_io_dtype dtype)
{
    return dtypes[dtype].numpy;
}

bool pd_io_array_bytes(const struct pd_io_array *a, int64_t *bytes)
{
    int64_t product = (int64_t)pd_io_dtype_size(a->dtype);
    bool empty = false;
    if (a->rank < 0 || a->rank > PD_IO_MAX_RANK)
        return false;
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i] < 0 || (a->dims[i] > 0 && __builtin_mul_overflow(product, a->dims[i], &product)))
            return false;
        empty = empty || a->dims[i] == 0;
    }
    *bytes = empty ? 0 : product;
    return true;
}

int64_t pd_io_array_count(const struct pd_io_array *a)
{
    int64_t bytes = 0;
    pd_io_array_bytes(a, &bytes);
    return bytes / (int64_t)pd_io_dtype_size(a->dtype);
}

void pd_io_shape_text(char *text, size_t size, int rank, const int64_t *dims)
{
    size_t n = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < rank && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, i ? ", %" PRId64 : "%" PRId64, dims[i]);
    if (n < size)
        snprintf(text + n, size - n, ")");
}

bool pd_io_array_align(struct pd_io_array *a, void **copy)
{
    int64_t bytes = 0;
    *copy = NULL;
    pd_io_array_bytes(a, &bytes);
    if ((uintptr_t)a->data % pd_io_dtype_size(a->dtype) == 0)
        return true;
    *copy = pd_malloc((size_t)bytes);
    if (!*copy)
        return false;
    if (bytes)
        memcpy(*copy, a->data, (size_t)bytes);
    a->data = *copy;
    return true;
}
