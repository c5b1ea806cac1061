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

/* A read .npy or .npz (told apart by their first bytes). The array of an .npy has the name "". Names and data
 * live until it is destroyed. */
struct pd_npy;

/* PD_ERR_IO, PD_ERR_MEMORY; PD_ERR_FORMAT with file, offset and what was expected; PD_ERR_UNSUPPORTED for
 * types that io/array.h does not have, Fortran order and big-endian numbers. The whole file is checked and
 * read. */
enum pd_status pd_npy_open(const char *path, struct pd_npy **out, struct pd_error *err);

/* The same from memory, which is borrowed until destroy. name: for messages. */
enum pd_status pd_npy_parse(const void *bytes, size_t size, const char *name, struct pd_npy **out,
                            struct pd_error *err);

void pd_npy_destroy(struct pd_npy *npy);

size_t pd_npy_count(const struct pd_npy *npy);
const struct pd_io_array *pd_npy_at(const struct pd_npy *npy, size_t index);
const struct pd_io_array *pd_npy_find(const struct pd_npy *npy, const char *name); /* NULL: not there */

#endif
