/* The text in front of an .npy's data: private to the readers and writers of npy and npz. */
#ifndef PD_IO_NPY_HEADER_H
#define PD_IO_NPY_HEADER_H

#include "base/buffer.h"
#include "io/array.h"

#include <paydirt/error.h>

/* Appends magic, version, length and the Python dict, padded to a multiple of 64. */
void pd_npy_encode_header(struct pd_buffer *out, const struct pd_io_array *a);

/* How the data lie behind it. */
struct pd_npy_layout {
    size_t data_at;
    bool swapped; /* big-endian */
    bool fortran; /* the first dimension runs fastest; false where that makes no difference */
};

/* bytes are the file's first ones, the header at least: fills dtype, rank and dims, and the layout. A
 * dtype that comes as PD_IO_TEXT: it may be text. path: for messages. */
enum pd_status pd_npy_decode_header(const char *bytes, size_t size, const char *path, struct pd_io_array *a,
                                    struct pd_npy_layout *layout, struct pd_error *err);

/* Does a file of that size hold the data, and nothing else? */
enum pd_status pd_npy_check_size(const struct pd_io_array *a, size_t data_at, uint64_t size, const char *path,
                                 struct pd_error *err);

#endif
