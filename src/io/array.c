#include "io/array.h"

#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *safetensors, *numpy, *words;
    size_t size;
} dtypes[] = {
#define PD_IO_DTYPE_ROW(name, safetensors, numpy, words, size) {safetensors, numpy, words, size},
    PD_IO_DTYPE_LIST(PD_IO_DTYPE_ROW)
#undef PD_IO_DTYPE_ROW
        [PD_IO_TEXT] = {NULL, "<U", "text", sizeof(uint32_t)},
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

const char *pd_io_dtype_words(enum pd_io_dtype dtype)
{
    return dtypes[dtype].words;
}

bool pd_io_dtype_is_float(enum pd_io_dtype dtype)
{
    return dtype == PD_IO_F32 || dtype == PD_IO_F64 || dtype == PD_IO_F16 || dtype == PD_IO_BF16;
}

/* --- values --- */

static double float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

static double half_of_bits(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                        : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                       : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

static double bfloat_of_bits(uint16_t bits)
{
    return float_of_bits((uint32_t)bits << 16);
}

#define PD_IO_CONVERT(name, type, value)                                                                     \
    static void name(const void *from, int64_t n, double *to)                                                \
    {                                                                                                        \
        const type *x = from;                                                                                \
        for (int64_t i = 0; i < n; i++)                                                                      \
            to[i] = value(x[i]);                                                                             \
    }
PD_IO_CONVERT(from_f32, float, (double))
PD_IO_CONVERT(from_f64, double, )
PD_IO_CONVERT(from_i32, int32_t, )
PD_IO_CONVERT(from_i64, int64_t, (double))
PD_IO_CONVERT(from_u8, uint8_t, )
PD_IO_CONVERT(from_f16, uint16_t, half_of_bits)
PD_IO_CONVERT(from_bf16, uint16_t, bfloat_of_bits)
PD_IO_CONVERT(from_i8, int8_t, )
PD_IO_CONVERT(from_i16, int16_t, )
PD_IO_CONVERT(from_u16, uint16_t, )
PD_IO_CONVERT(from_u32, uint32_t, )
PD_IO_CONVERT(from_u64, uint64_t, (double))
PD_IO_CONVERT(from_bool, uint8_t, !!)

void pd_io_to_doubles(enum pd_io_dtype dtype, const void *from, int64_t n, double *to)
{
    static void (*const convert[PD_IO_DTYPES])(const void *from, int64_t n, double *to) = {
        [PD_IO_F32] = from_f32,  [PD_IO_F64] = from_f64, [PD_IO_I32] = from_i32,   [PD_IO_I64] = from_i64,
        [PD_IO_U8] = from_u8,    [PD_IO_F16] = from_f16, [PD_IO_BF16] = from_bf16, [PD_IO_I8] = from_i8,
        [PD_IO_I16] = from_i16,  [PD_IO_U16] = from_u16, [PD_IO_U32] = from_u32,   [PD_IO_U64] = from_u64,
        [PD_IO_BOOL] = from_bool};
    convert[dtype](from, n, to);
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
