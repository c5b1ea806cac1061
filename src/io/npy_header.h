/* The text in front of an .npy's data: private to the readers and writers of npy and npz. */
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

/* The same in two steps, for data that need not be in memory: bytes are the file's first ones, the header at
 * least; the data begin at data_at. Then: does a file of that size hold them, and nothing else? */
enum pd_status pd_npy_decode_header(const char *bytes, size_t size, const char *path, struct pd_io_array *a,
                                    size_t *data_at, struct pd_error *err);
enum pd_status pd_npy_check_size(const struct pd_io_array *a, size_t data_at, uint64_t size, const char *path,
                                 struct pd_error *err);

#endif
