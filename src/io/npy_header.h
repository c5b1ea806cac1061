/* The text in front of an .npy's data: private to npy_read.c and npy_write.c. */
#ifndef PD_IO_NPY_HEADER_H
#define PD_IO_NPY_HEADER_H

#include "base/buffer.h"
#include "io/array.h"

#include <paydirt/error.h>

/* Appends magic, version, length and the Python dict, padded to a multiple of 64. */
void pd_npy_encode_header(struct pd_buffer *out, const struct pd_io_array *a);

/* A whole .npy in memory: fills dtype, rank, dims and data (pointing into bytes, perhaps unaligned).
 * path: for messages. */
enum pd_status pd_npy_decode(const char *bytes, size_t size, const char *path, struct pd_io_array *a,
                             struct pd_error *err);

#endif
