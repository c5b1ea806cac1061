/* NumPy's array files: .npy (one array) and .npz (a zip of named ones).
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef PD_IO_NPY_H
#define PD_IO_NPY_H

#include "io/array.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>

/* Written atomically, version 1, the bytes numpy.save writes. a->name is not used. PD_ERR_IO, PD_ERR_MEMORY.
 */
enum pd_status pd_npy_write(const char *path, const struct pd_io_array *a, struct pd_error *err);

/* Written atomically, entries in the order given, without times: the same arrays give the same bytes.
 * deflate: compressed (smaller, slower), else stored. PD_ERR_USAGE: a name twice or empty; PD_ERR_IO,
 * PD_ERR_MEMORY. */
enum pd_status pd_npz_write(const char *path, const struct pd_io_array *arrays, size_t count, bool deflate,
                            struct pd_error *err);

/* An open .npy or .npz (told apart by their first bytes). Of its arrays only the names are read; the one of
 * an .npy has the name "". Entries of an .npz that are no .npy are passed over. */
struct pd_npy;

/* PD_ERR_IO, PD_ERR_MEMORY; PD_ERR_FORMAT: not a whole zip, two arrays of one name, more than 4,096. */
enum pd_status pd_npy_open(const char *path, struct pd_npy **out, struct pd_error *err);

/* The same from memory, which is borrowed until destroy. name: for messages. */
enum pd_status pd_npy_parse(const void *bytes, size_t size, const char *name, struct pd_npy **out,
                            struct pd_error *err);

void pd_npy_destroy(struct pd_npy *npy);

size_t pd_npy_count(const struct pd_npy *npy);
const char *pd_npy_name(const struct pd_npy *npy, size_t index);
int64_t pd_npy_locate(const struct pd_npy *npy, const char *name); /* -1: not there */

/* One array of it, front to back in C order and the machine's byte order, however it lies in the file. Its
 * header is read and checked against the size, no more. The file must outlive the stream. PD_ERR_IO,
 * PD_ERR_MEMORY; PD_ERR_FORMAT with file, offset and what was expected, also for an entry of more than 64 MiB
 * that is said to unpack to more than 32 times its bytes; PD_ERR_UNSUPPORTED for types that io/array.h does
 * not have. */
struct pd_npy_stream;
enum pd_status pd_npy_stream_open(struct pd_npy *npy, size_t index, struct pd_npy_stream **out,
                                  struct pd_error *err);
/* The same; also an array of text. */
enum pd_status pd_npy_stream_open_text(struct pd_npy *npy, size_t index, struct pd_npy_stream **out,
                                       struct pd_error *err);
void pd_npy_stream_close(struct pd_npy_stream *stream);
const char *pd_npy_stream_name(const struct pd_npy_stream *stream); /* for messages: "s.npz/images" */
const struct pd_io_array *pd_npy_stream_array(const struct pd_npy_stream *stream); /* without data */
int64_t pd_npy_stream_width(const struct pd_npy_stream *stream); /* elements behind the first dimension */

/* The n elements that follow; there must be as many. With the last of them, an .npz's checksum is compared.
 * An array in Fortran order is read column by column where n is whole rows. */
enum pd_status pd_npy_stream_read(struct pd_npy_stream *stream, void *to, int64_t n, struct pd_error *err);
enum pd_status pd_npy_stream_rewind(struct pd_npy_stream *stream, struct pd_error *err);

/* A whole array; it lives until npy is destroyed. */
enum pd_status pd_npy_load(struct pd_npy *npy, size_t index, const struct pd_io_array **out,
                           struct pd_error *err);

#endif
