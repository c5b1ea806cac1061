#include "io/safetensors.h"

#include "base/bug.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int64_t tensor_bytes(const struct pd_io_array *t)
{
    int64_t bytes;
    if (!t->name || !pd_io_array_bytes(t, &bytes))
        BUG("tensor %s: impossible shape", t->name ? t->name : "without a name");
    return bytes;
}

/* The order of the data: wide types first, as given within a width. Insertion sort: few, nearly sorted. */
static const struct pd_io_array **data_order(const struct pd_io_array *tensors, size_t count)
{
    const struct pd_io_array **order = pd_calloc(count, sizeof *order);
    for (size_t i = 0; order && i < count; i++) {
        size_t at = i;
        for (; at && pd_io_dtype_size(order[at - 1]->dtype) < pd_io_dtype_size(tensors[i].dtype); at--)
            order[at] = order[at - 1];
        order[at] = &tensors[i];
    }
    return order;
}

static enum pd_status put_meta(json_t *header, const char *path, const struct pd_st_meta *meta, size_t count,
                               struct pd_error *err)
{
    json_t *object = json_object();
    enum pd_status status = PD_OK;
    for (size_t i = 0; i < count && status == PD_OK; i++)
        if (json_object_get(object, meta[i].key))
            status = pd_fail(err, PD_ERR_USAGE, -1, "%s: metadata key '%s' twice", path, meta[i].key);
        else if (json_object_set_new(object, meta[i].key, json_string(meta[i].value)) && !pd_mem_ran_short())
            status = pd_fail(err, PD_ERR_USAGE, -1, "%s: metadata '%s' is not UTF-8", path, meta[i].key);
    if (count && json_object_set(header, "__metadata__", object) && status == PD_OK)
        status = pd_fail_memory(err, path);
    json_decref(object);
    return status;
}

static enum pd_status put_tensor(json_t *header, const char *path, const struct pd_io_array *t, int64_t begin,
                                 struct pd_error *err)
{
    if (!t->name[0] || !strcmp(t->name, "__metadata__") || json_object_get(header, t->name))
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: tensor name '%s' is %s", path, t->name,
                       json_object_get(header, t->name) ? "used twice" : "not allowed");
    json_t *shape = json_array();
    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer(t->dims[i]));
    json_t *entry =
        json_pack("{s:s, s:o, s:[I, I]}", "dtype", pd_io_dtype_safetensors(t->dtype), "shape", shape,
                  "data_offsets", (json_int_t)begin, (json_int_t)(begin + tensor_bytes(t)));
    if (!entry)
        return pd_fail_memory(err, path);
    if (json_object_set_new(header, t->name, entry) && !pd_mem_ran_short())
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: tensor name '%s' is not UTF-8", path, t->name);
    return PD_OK;
}

/* Header length, JSON, spaces up to a multiple of 8 so that the data is aligned. */
static enum pd_status header_bytes(struct pd_buffer *out, const char *path, const json_t *header,
                                   struct pd_error *err)
{
    static const char spaces[8] = "        ";
    char *text;
    enum pd_status status = pd_json_text(header, JSON_COMPACT, path, &text, err);
    if (status)
        return status;
    size_t n = strlen(text), pad = (8 - n % 8) % 8;
    uint64_t length = n + pad;
    pd_buffer_append(out, &length, sizeof length);
    pd_buffer_append(out, text, n);
    pd_buffer_append(out, spaces, pad);
    free(text);
    return out->oom ? pd_fail_memory(err, path) : PD_OK;
}

static enum pd_status make_header(struct pd_buffer *out, const char *path, const struct pd_io_array **order,
                                  size_t count, const struct pd_st_meta *meta, size_t meta_count,
                                  struct pd_error *err)
{
    pd_mem_watch();
    json_t *header = json_object();
    enum pd_status status = header ? PD_OK : pd_fail_memory(err, path);
    if (status == PD_OK)
        status = put_meta(header, path, meta, meta_count, err);
    int64_t begin = 0;
    for (size_t i = 0; i < count && status == PD_OK; i++) {
        status = put_tensor(header, path, order[i], begin, err);
        begin += tensor_bytes(order[i]);
    }
    if (status == PD_OK)
        status = header_bytes(out, path, header, err);
    json_decref(header);
    return status;
}

/* Where a tensor's data lies; the same place may serve the next. NULL and a status where it cannot be had. */
static enum pd_status data_of(const struct pd_io_array *t, const struct pd_st_fetch *fetch, const void **data,
                              struct pd_error *err)
{
    *data = t->data;
    return *data || !fetch ? PD_OK : fetch->get(fetch->context, t, data, err);
}

enum pd_status pd_safetensors_write_from(const char *path, const struct pd_io_array *tensors, size_t count,
                                         const struct pd_st_fetch *fetch, const struct pd_st_meta *meta,
                                         size_t meta_count, struct pd_error *err)
{
    struct pd_atomic_file file = {.fd = -1};
    struct pd_buffer header = PD_BUFFER_INIT;
    const struct pd_io_array **order = data_order(tensors, count);
    enum pd_status status = order ? PD_OK : pd_fail_memory(err, path);
    if (status == PD_OK)
        status = make_header(&header, path, order, count, meta, meta_count, err);
    if (status == PD_OK)
        status = pd_atomic_file_begin(&file, path, err);
    if (status == PD_OK)
        status = pd_atomic_file_append(&file, header.data, header.size, err);
    for (size_t i = 0; i < count && status == PD_OK; i++) {
        const void *data;
        status = data_of(order[i], fetch, &data, err);
        if (status == PD_OK)
            status = pd_atomic_file_append(&file, data, (size_t)tensor_bytes(order[i]), err);
    }
    if (status == PD_OK)
        status = pd_atomic_file_commit(&file, err);
    pd_atomic_file_abort(&file);
    pd_buffer_release(&header);
    pd_free(order);
    return status;
}

enum pd_status pd_safetensors_write(const char *path, const struct pd_io_array *tensors, size_t count,
                                    const struct pd_st_meta *meta, size_t meta_count, struct pd_error *err)
{
    return pd_safetensors_write_from(path, tensors, count, NULL, meta, meta_count, err);
}
