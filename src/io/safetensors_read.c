#include "io/safetensors.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH_BYTES = 8, HEADER_MAX = 1 << 24 }; /* a thousand times what our checkpoints have */

struct tensor {
    struct pd_io_array array; /* first: pd_safetensors_at gives its address */
    int64_t begin, end;       /* bytes into the data */
    void *copy;               /* owned, where the data lay badly aligned */
};

struct pd_safetensors {
    struct pd_buffer file; /* empty when the memory is the caller's */
    char *path;
    json_t *header; /* owns the names and the metadata */
    struct tensor *tensors;
    size_t count;
    const char *data;
    int64_t data_offset, data_bytes; /* of the data within the file */
};

static enum pd_status bad_tensor(const struct pd_safetensors *st, const char *name, const char *what,
                                 struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, LENGTH_BYTES, "%s: tensor '%.100s': %s, in the header", st->path, name,
                   what);
}

static enum pd_status parse_length(struct pd_safetensors *st, const char *bytes, size_t size,
                                   uint64_t *length, struct pd_error *err)
{
    if (size < LENGTH_BYTES)
        return pd_fail(err, PD_ERR_FORMAT, 0, "%s: truncated: %zu bytes, expected an 8-byte header length",
                       st->path, size);
    memcpy(length, bytes, LENGTH_BYTES);
    if (*length < 2 || *length > HEADER_MAX)
        return pd_fail(err, PD_ERR_FORMAT, 0,
                       "%s: not safetensors: header length %" PRIu64 ", expected 2 to %d", st->path, *length,
                       (int)HEADER_MAX);
    if (*length > size - LENGTH_BYTES)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)size,
                       "%s: truncated: header of %" PRIu64 " bytes, but the file ends", st->path, *length);
    return PD_OK;
}

static enum pd_status parse_json(struct pd_safetensors *st, const char *text, size_t size,
                                 struct pd_error *err)
{
    json_error_t e;
    if (text[0] != '{')
        return pd_fail(err, PD_ERR_FORMAT, LENGTH_BYTES, "%s: not safetensors: expected '{'", st->path);
    pd_mem_watch();
    st->header = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);
    if (!st->header && pd_mem_ran_short())
        return pd_fail_memory(err, st->path);
    if (!st->header)
        return pd_fail(err, PD_ERR_FORMAT, LENGTH_BYTES + (int64_t)e.position, "%s: header is not valid: %s",
                       st->path, e.text);
    return PD_OK;
}

static enum pd_status parse_meta(const struct pd_safetensors *st, struct pd_error *err)
{
    json_t *meta = json_object_get(st->header, "__metadata__"), *value;
    const char *key;
    if (meta && !json_is_object(meta))
        return bad_tensor(st, "__metadata__", "expected an object", err);
    json_object_foreach(meta, key, value) if (!json_is_string(value)) return pd_fail(
        err, PD_ERR_FORMAT, LENGTH_BYTES, "%s: metadata '%.100s': expected a string", st->path, key);
    return PD_OK;
}

static enum pd_status parse_dtype(const struct pd_safetensors *st, struct tensor *t, const json_t *entry,
                                  struct pd_error *err)
{
    const char *word = json_string_value(json_object_get(entry, "dtype"));
    if (!word)
        return bad_tensor(st, t->array.name, "no dtype", err);
    for (int d = 0; d < PD_IO_DTYPES; d++) {
        const char *known = pd_io_dtype_safetensors((enum pd_io_dtype)d);
        if (known && !strcmp(word, known)) {
            t->array.dtype = (enum pd_io_dtype)d;
            return PD_OK;
        }
    }
    return pd_fail(err, PD_ERR_UNSUPPORTED, LENGTH_BYTES,
                   "%s: tensor '%.100s': dtype %.20s, expected F32, F64, I32, I64 or U8", st->path,
                   t->array.name, word);
}

static enum pd_status parse_shape(const struct pd_safetensors *st, struct tensor *t, const json_t *entry,
                                  struct pd_error *err)
{
    json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape))
        return bad_tensor(st, t->array.name, "no shape", err);
    if (json_array_size(shape) > PD_IO_MAX_RANK)
        return pd_fail(err, PD_ERR_UNSUPPORTED, LENGTH_BYTES,
                       "%s: tensor '%.100s': %zu dimensions, expected at most %d", st->path, t->array.name,
                       json_array_size(shape), (int)PD_IO_MAX_RANK);
    t->array.rank = (int)json_array_size(shape);
    for (int i = 0; i < t->array.rank; i++) {
        json_t *dim = json_array_get(shape, (size_t)i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return bad_tensor(st, t->array.name, "a dimension is not a whole number >= 0", err);
        t->array.dims[i] = json_integer_value(dim);
    }
    return PD_OK;
}

static enum pd_status parse_offsets(const struct pd_safetensors *st, struct tensor *t, const json_t *entry,
                                    struct pd_error *err)
{
    json_t *offsets = json_object_get(entry, "data_offsets");
    json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    int64_t bytes;
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return bad_tensor(st, t->array.name, "no data_offsets of two whole numbers", err);
    t->begin = json_integer_value(begin);
    t->end = json_integer_value(end);
    if (t->begin < 0 || t->end < t->begin)
        return bad_tensor(st, t->array.name, "data_offsets are not in order", err);
    if (!pd_io_array_bytes(&t->array, &bytes))
        return bad_tensor(st, t->array.name, "the shape is too large", err);
    if (t->end - t->begin != bytes)
        return pd_fail(err, PD_ERR_FORMAT, LENGTH_BYTES,
                       "%s: tensor '%.100s': data of %" PRId64 " bytes, expected %" PRId64 " for its shape",
                       st->path, t->array.name, t->end - t->begin, bytes);
    return PD_OK;
}

static enum pd_status parse_tensor(const struct pd_safetensors *st, struct tensor *t, const char *name,
                                   const json_t *entry, struct pd_error *err)
{
    t->array.name = name;
    if (!json_is_object(entry))
        return bad_tensor(st, name, "expected an object", err);
    enum pd_status status = parse_dtype(st, t, entry, err);
    if (status == PD_OK)
        status = parse_shape(st, t, entry, err);
    return status == PD_OK ? parse_offsets(st, t, entry, err) : status;
}

static enum pd_status parse_tensors(struct pd_safetensors *st, struct pd_error *err)
{
    const char *name;
    json_t *entry;
    enum pd_status status = PD_OK;
    st->tensors = pd_calloc(json_object_size(st->header), sizeof *st->tensors);
    if (!st->tensors)
        return pd_fail_memory(err, st->path);
    json_object_foreach(st->header, name, entry)
    {
        if (status == PD_OK && strcmp(name, "__metadata__") != 0)
            status = parse_tensor(st, &st->tensors[st->count++], name, entry, err);
    }
    return status;
}

/* By place; empty tensors before what follows them, then by name, so that the order is fixed. */
static int compare_place(const void *left, const void *right)
{
    const struct tensor *a = left, *b = right;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return strcmp(a->array.name, b->array.name);
}

/* The tensors follow one another without hole or overlap and end where the file ends. */
static enum pd_status check_cover(struct pd_safetensors *st, struct pd_error *err)
{
    int64_t at = 0;
    qsort(st->tensors, st->count, sizeof *st->tensors, compare_place);
    for (size_t i = 0; i < st->count; i++) {
        const struct tensor *t = &st->tensors[i];
        if (t->begin != at)
            return pd_fail(err, PD_ERR_FORMAT, st->data_offset + at,
                           "%s: tensor '%.100s' begins at data byte %" PRId64 ", expected %" PRId64, st->path,
                           t->array.name, t->begin, at);
        if (t->end > st->data_bytes)
            return pd_fail(err, PD_ERR_FORMAT, st->data_offset + st->data_bytes,
                           "%s: truncated: tensor '%.100s' needs data up to byte %" PRId64
                           ", but the file ends",
                           st->path, t->array.name, st->data_offset + t->end);
        at = t->end;
    }
    if (at != st->data_bytes)
        return pd_fail(err, PD_ERR_FORMAT, st->data_offset + at,
                       "%s: %" PRId64 " bytes after the last tensor", st->path, st->data_bytes - at);
    return PD_OK;
}

static enum pd_status place_data(struct pd_safetensors *st, struct pd_error *err)
{
    for (size_t i = 0; i < st->count; i++) {
        struct tensor *t = &st->tensors[i];
        t->array.data = st->data + t->begin;
        if (!pd_io_array_align(&t->array, &t->copy))
            return pd_fail_memory(err, st->path);
    }
    return PD_OK;
}

/* size: of the whole file, of which the length and the header are there. */
static enum pd_status parse_header(struct pd_safetensors *st, const char *bytes, size_t size, uint64_t length,
                                   struct pd_error *err)
{
    st->data_offset = LENGTH_BYTES + (int64_t)length;
    st->data_bytes = (int64_t)size - st->data_offset;
    enum pd_status status = parse_json(st, bytes + LENGTH_BYTES, length, err);
    if (status == PD_OK)
        status = parse_meta(st, err);
    if (status == PD_OK)
        status = parse_tensors(st, err);
    return status == PD_OK ? check_cover(st, err) : status;
}

static enum pd_status parse(struct pd_safetensors *st, const char *bytes, size_t size, struct pd_error *err)
{
    uint64_t length = 0;
    enum pd_status status = parse_length(st, bytes, size, &length, err);
    if (status == PD_OK)
        status = parse_header(st, bytes, size, length, err);
    if (status != PD_OK)
        return status;
    st->data = bytes + st->data_offset;
    return place_data(st, err);
}

/* The file's first bytes, as many as are asked for and there. */
static enum pd_status read_first(const struct pd_safetensors *st, int fd, char *to, size_t size, size_t *got,
                                 struct pd_error *err)
{
    ssize_t n = 1;
    for (*got = 0; *got < size && n; *got += n > 0 ? (size_t)n : 0) {
        n = pread(fd, to + *got, size - *got, (off_t)*got);
        if (n < 0 && errno != EINTR)
            return pd_fail_io(err, st->path, "read", errno);
    }
    return PD_OK;
}

static enum pd_status changed(const struct pd_safetensors *st, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_IO, -1, "%s: changed while it was read", st->path);
}

/* The header must be right, and the file as long as it says, before memory is taken for the data. */
static enum pd_status read_header(struct pd_safetensors *st, int fd, size_t size, struct pd_error *err)
{
    char first[LENGTH_BYTES];
    uint64_t length = 0;
    size_t got;
    enum pd_status status = read_first(st, fd, first, sizeof first, &got, err);
    if (status == PD_OK)
        status = parse_length(st, first, got < sizeof first ? got : size, &length, err);
    if (status != PD_OK)
        return status;
    const size_t most = LENGTH_BYTES + length;
    char *bytes = pd_malloc(most);
    if (!bytes)
        return pd_fail_memory(err, st->path);
    status = read_first(st, fd, bytes, most, &got, err);
    if (status == PD_OK && got < most)
        status = changed(st, err);
    if (status == PD_OK)
        status = parse_header(st, bytes, size, length, err);
    pd_free(bytes);
    return status;
}

static enum pd_status read_file(struct pd_safetensors *st, int fd, struct pd_error *err)
{
    struct stat info;
    if (fstat(fd, &info))
        return pd_fail_io(err, st->path, "look at", errno);
    if (!S_ISREG(info.st_mode))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected a regular file", st->path);
    const size_t size = (size_t)info.st_size;
    enum pd_status status = read_header(st, fd, size, err);
    if (status == PD_OK)
        status = pd_fd_read(fd, st->path, size, &st->file, err);
    if (status == PD_OK && st->file.size < size)
        status = changed(st, err);
    if (status != PD_OK)
        return status;
    st->data = st->file.data + st->data_offset;
    return place_data(st, err);
}

static struct pd_safetensors *create(const char *path, struct pd_error *err)
{
    struct pd_safetensors *st = pd_calloc(1, sizeof *st);
    if (st)
        st->path = pd_strdup(path);
    if (st && st->path)
        return st;
    pd_free(st);
    pd_fail_memory(err, path);
    return NULL;
}

static enum pd_status give(struct pd_safetensors *st, enum pd_status status, struct pd_safetensors **out)
{
    if (status != PD_OK)
        pd_safetensors_destroy(st);
    *out = status == PD_OK ? st : NULL;
    return status;
}

enum pd_status pd_safetensors_open(const char *path, struct pd_safetensors **out, struct pd_error *err)
{
    struct pd_safetensors *st = *out = create(path, err);
    if (!st)
        return PD_ERR_MEMORY;
    int fd;
    enum pd_status status = pd_fd_open(path, &fd, err);
    if (status == PD_OK) {
        status = read_file(st, fd, err);
        close(fd);
    }
    return give(st, status, out);
}

enum pd_status pd_safetensors_parse(const void *bytes, size_t size, const char *name,
                                    struct pd_safetensors **out, struct pd_error *err)
{
    struct pd_safetensors *st = *out = create(name, err);
    return st ? give(st, parse(st, bytes, size, err), out) : PD_ERR_MEMORY;
}

void pd_safetensors_destroy(struct pd_safetensors *st)
{
    if (!st)
        return;
    for (size_t i = 0; i < st->count; i++)
        pd_free(st->tensors[i].copy);
    pd_free(st->tensors);
    json_decref(st->header);
    pd_buffer_release(&st->file);
    pd_free(st->path);
    pd_free(st);
}

size_t pd_safetensors_count(const struct pd_safetensors *st)
{
    return st->count;
}

const struct pd_io_array *pd_safetensors_at(const struct pd_safetensors *st, size_t index)
{
    return &st->tensors[index].array;
}

const struct pd_io_array *pd_safetensors_find(const struct pd_safetensors *st, const char *name)
{
    for (size_t i = 0; i < st->count; i++)
        if (!strcmp(st->tensors[i].array.name, name))
            return &st->tensors[i].array;
    return NULL;
}

enum pd_status pd_safetensors_get(const struct pd_safetensors *st, const char *name, enum pd_io_dtype dtype,
                                  int rank, const int64_t *dims, const void **data, struct pd_error *err)
{
    const struct pd_io_array *a = pd_safetensors_find(st, name);
    if (!a)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no tensor '%s'", st->path, name);
    if (a->dtype != dtype || a->rank != rank ||
        (rank && memcmp(a->dims, dims, (size_t)rank * sizeof *dims) != 0)) {
        char have[80], want[80];
        pd_io_shape_text(have, sizeof have, a->rank, a->dims);
        pd_io_shape_text(want, sizeof want, rank, dims);
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: tensor '%s' is %s %s, expected %s %s", st->path, name,
                       pd_io_dtype_safetensors(a->dtype), have, pd_io_dtype_safetensors(dtype), want);
    }
    *data = a->data;
    return PD_OK;
}

static json_t *metadata(const struct pd_safetensors *st)
{
    return json_object_get(st->header, "__metadata__");
}

size_t pd_safetensors_meta_count(const struct pd_safetensors *st)
{
    return json_object_size(metadata(st));
}

struct pd_st_meta pd_safetensors_meta_at(const struct pd_safetensors *st, size_t index)
{
    void *at = json_object_iter(metadata(st));
    while (index--)
        at = json_object_iter_next(metadata(st), at);
    return (struct pd_st_meta){json_object_iter_key(at), json_string_value(json_object_iter_value(at))};
}

const char *pd_safetensors_meta(const struct pd_safetensors *st, const char *key)
{
    return json_string_value(json_object_get(metadata(st), key));
}
