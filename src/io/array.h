/* An array as the files know it: what safetensors, npy and npz hold. Little-endian, C order (last dimension
 * runs fastest). */
#ifndef PD_IO_ARRAY_H
#define PD_IO_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the file formats are little-endian and are written as they lie in memory"
#endif

/* name, safetensors' word (NULL: not in our checkpoints), NumPy's word (bfloat16: what ml_dtypes saves),
 * people's word, bytes per element */
#define PD_IO_DTYPE_LIST(X)                                                                                  \
    X(PD_IO_F32, "F32", "<f4", "float32", 4)                                                                 \
    X(PD_IO_F64, "F64", "<f8", "float64", 8)                                                                 \
    X(PD_IO_I32, "I32", "<i4", "int32", 4)                                                                   \
    X(PD_IO_I64, "I64", "<i8", "int64", 8)                                                                   \
    X(PD_IO_U8, "U8", "|u1", "uint8", 1)                                                                     \
    X(PD_IO_F16, NULL, "<f2", "float16", 2)                                                                  \
    X(PD_IO_BF16, NULL, "<V2", "bfloat16", 2)                                                                \
    X(PD_IO_I8, NULL, "|i1", "int8", 1)                                                                      \
    X(PD_IO_I16, NULL, "<i2", "int16", 2)                                                                    \
    X(PD_IO_U16, NULL, "<u2", "uint16", 2)                                                                   \
    X(PD_IO_U32, NULL, "<u4", "uint32", 4)                                                                   \
    X(PD_IO_U64, NULL, "<u8", "uint64", 8)                                                                   \
    X(PD_IO_BOOL, NULL, "|b1", "bool", 1)

enum pd_io_dtype {
#define PD_IO_DTYPE_ENUM(name, safetensors, numpy, words, size) name,
    PD_IO_DTYPE_LIST(PD_IO_DTYPE_ENUM)
#undef PD_IO_DTYPE_ENUM
        PD_IO_DTYPES,
    PD_IO_TEXT =
        PD_IO_DTYPES /* NumPy's U: code points, the last dimension a text's, zeros behind it; no number */
};

enum { PD_IO_MAX_RANK = 8 };

/* Everything is borrowed. data is aligned for its type where a reader of this folder gave it. */
struct pd_io_array {
    const char *name; /* UTF-8 */
    enum pd_io_dtype dtype;
    int rank;                     /* 0 (one element) .. PD_IO_MAX_RANK */
    int64_t dims[PD_IO_MAX_RANK]; /* >= 0 */
    const void *data;
};

size_t pd_io_dtype_size(enum pd_io_dtype dtype);
const char *pd_io_dtype_safetensors(enum pd_io_dtype dtype);
const char *pd_io_dtype_numpy(enum pd_io_dtype dtype);
const char *pd_io_dtype_words(enum pd_io_dtype dtype);
bool pd_io_dtype_is_float(enum pd_io_dtype dtype);

/* n elements as doubles; from is aligned for its type. Whole numbers beyond 2^53 are rounded. */
void pd_io_to_doubles(enum pd_io_dtype dtype, const void *from, int64_t n, double *to);

/* bytes of the data; false when the dims are negative, too many, or their product overflows int64. */
bool pd_io_array_bytes(const struct pd_io_array *a, int64_t *bytes);

/* Elements of a valid array (one that a reader gave). */
int64_t pd_io_array_count(const struct pd_io_array *a);

/* "(3, 4)" into text; cut off where it does not fit. */
void pd_io_shape_text(char *text, size_t size, int rank, const int64_t *dims);

/* Points a->data at an aligned copy where it lies badly aligned; *copy owns it (pd_free), or is NULL.
 * False: out of memory. */
bool pd_io_array_align(struct pd_io_array *a, void **copy);

#endif
