/* The safetensors format: 8 bytes of header length (little-endian), a JSON header, the data.
 * https://huggingface.co/docs/safetensors (format). */
#ifndef PD_IO_SAFETENSORS_H
#define PD_IO_SAFETENSORS_H

#include "io/array.h"

#include <paydirt/error.h>

#include <stddef.h>

struct pd_st_meta {
    const char *key, *value; /* UTF-8 */
};

/* Writes the file atomically; the same arguments give the same bytes. Tensors lie in the order given, wide
 * types before narrow ones so that all are aligned. PD_ERR_USAGE: a name twice, empty, "__metadata__" or not
 * UTF-8; PD_ERR_IO, PD_ERR_MEMORY. A tensor without a name or with impossible dims is a bug. */
enum pd_status pd_safetensors_write(const char *path, const struct pd_io_array *tensors, size_t count,
                                    const struct pd_st_meta *meta, size_t meta_count, struct pd_error *err);

/* The same where tensors without data are fetched one after the other: one at a time need lie in memory. What
 * get points *data at may be the same place every time. Fails as get does. */
struct pd_st_fetch {
    void *context;
    enum pd_status (*get)(void *context, const struct pd_io_array *tensor, const void **data,
                          struct pd_error *err);
};
enum pd_status pd_safetensors_write_from(const char *path, const struct pd_io_array *tensors, size_t count,
                                         const struct pd_st_fetch *fetch, const struct pd_st_meta *meta,
                                         size_t meta_count, struct pd_error *err);

/* A read file. Everything is checked before it is given out: lengths, JSON, types, shapes, and that the
 * tensors cover the data exactly. Names, metadata and data live until it is destroyed. */
struct pd_safetensors;

/* PD_ERR_IO, PD_ERR_MEMORY; PD_ERR_FORMAT with file, offset and what was expected; PD_ERR_UNSUPPORTED for a
 * type or rank that io/array.h does not have. */
enum pd_status pd_safetensors_open(const char *path, struct pd_safetensors **out, struct pd_error *err);

/* The same from memory, which is borrowed until destroy. name: for messages. */
enum pd_status pd_safetensors_parse(const void *bytes, size_t size, const char *name,
                                    struct pd_safetensors **out, struct pd_error *err);

void pd_safetensors_destroy(struct pd_safetensors *st);

/* Tensors in the order of their data; NULL when the name is not there. */
size_t pd_safetensors_count(const struct pd_safetensors *st);
const struct pd_io_array *pd_safetensors_at(const struct pd_safetensors *st, size_t index);
const struct pd_io_array *pd_safetensors_find(const struct pd_safetensors *st, const char *name);

/* The data of a tensor that must be there with this type and shape; PD_ERR_MISMATCH says what is otherwise.
 */
enum pd_status pd_safetensors_get(const struct pd_safetensors *st, const char *name, enum pd_io_dtype dtype,
                                  int rank, const int64_t *dims, const void **data, struct pd_error *err);

/* Metadata in the order of the file; NULL when the key is not there. */
size_t pd_safetensors_meta_count(const struct pd_safetensors *st);
struct pd_st_meta pd_safetensors_meta_at(const struct pd_safetensors *st, size_t index);
const char *pd_safetensors_meta(const struct pd_safetensors *st, const char *key);

#endif
