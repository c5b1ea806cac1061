#include "io/npy.h"

#include "base/bug.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/npy_header.h"
#include "io/zip_error.h"

#include <string.h>
#include <zip.h>

static size_t array_bytes(const struct pd_io_array *a)
{
    int64_t bytes;
    if (!pd_io_array_bytes(a, &bytes))
        BUG("array %s: impossible shape", a->name ? a->name : "");
    return (size_t)bytes;
}

enum pd_status pd_npy_write(const char *path, const struct pd_io_array *a, struct pd_error *err)
{
    struct pd_atomic_file file = {.fd = -1};
    struct pd_buffer header = PD_BUFFER_INIT;
    size_t bytes = array_bytes(a);
    pd_npy_encode_header(&header, a);
    enum pd_status status = header.oom ? pd_fail_memory(err, path) : pd_atomic_file_begin(&file, path, err);
    if (status == PD_OK)
        status = pd_atomic_file_append(&file, header.data, header.size, err);
    if (status == PD_OK)
        status = pd_atomic_file_append(&file, a->data, bytes, err);
    if (status == PD_OK)
        status = pd_atomic_file_commit(&file, err);
    pd_atomic_file_abort(&file);
    pd_buffer_release(&header);
    return status;
}

static enum pd_status fail_zip(struct pd_error *err, const char *path, zip_error_t *e)
{
    return pd_fail_zip(err, path, PD_ERR_IO, "cannot make the zip", e);
}

static enum pd_status check_names(const char *path, const struct pd_io_array *arrays, size_t count,
                                  struct pd_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!arrays[i].name || !arrays[i].name[0])
            return pd_fail(err, PD_ERR_USAGE, -1, "%s: array %zu has no name", path, i);
        for (size_t j = 0; j < i; j++)
            if (!strcmp(arrays[i].name, arrays[j].name))
                return pd_fail(err, PD_ERR_USAGE, -1, "%s: array name '%s' is used twice", path,
                               arrays[i].name);
    }
    return PD_OK;
}

/* Header and data as they lie: libzip reads both at zip_close, without a copy of the data. */
static enum pd_status add_entry(zip_t *zip, const char *path, const struct pd_io_array *a,
                                struct pd_buffer *header, bool deflate, struct pd_error *err)
{
    struct pd_buffer name = PD_BUFFER_INIT;
    pd_npy_encode_header(header, a);
    pd_buffer_printf(&name, "%s.npy", a->name);
    if (header->oom || name.oom) {
        pd_buffer_release(&name);
        return pd_fail_memory(err, path);
    }
    zip_buffer_fragment_t parts[2] = {{(zip_uint8_t *)header->data, header->size},
                                      {(zip_uint8_t *)(uintptr_t)a->data, array_bytes(a)}};
    zip_source_t *source = zip_source_buffer_fragment(zip, parts, parts[1].length ? 2 : 1, 0);
    zip_int64_t index = source ? zip_file_add(zip, name.data, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0)
        zip_source_free(source);
    pd_buffer_release(&name);
    bool done =
        index >= 0 &&
        !zip_set_file_compression(zip, (zip_uint64_t)index, deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) &&
        !zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 0x21, 0); /* 1980-01-01, whatever the day */
    return done ? PD_OK : fail_zip(err, path, zip_get_error(zip));
}

/* From the memory that libzip wrote into the file. */
static enum pd_status save(zip_source_t *memory, const char *path, struct pd_error *err)
{
    static const size_t chunk = 1 << 16;
    struct pd_atomic_file file = {.fd = -1};
    void *bytes = pd_malloc(chunk);
    enum pd_status status = bytes ? pd_atomic_file_begin(&file, path, err) : pd_fail_memory(err, path);
    if (status == PD_OK && zip_source_open(memory))
        status = fail_zip(err, path, zip_source_error(memory));
    for (zip_int64_t n = 1; status == PD_OK && n > 0;) {
        n = zip_source_read(memory, bytes, chunk);
        status = n < 0 ? fail_zip(err, path, zip_source_error(memory))
                       : pd_atomic_file_append(&file, bytes, (size_t)n, err);
    }
    if (status == PD_OK)
        status = pd_atomic_file_commit(&file, err);
    pd_atomic_file_abort(&file);
    pd_free(bytes);
    return status;
}

static enum pd_status fill_zip(zip_t *zip, const char *path, const struct pd_io_array *arrays, size_t count,
                               struct pd_buffer *headers, bool deflate, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (size_t i = 0; i < count && status == PD_OK; i++)
        status = add_entry(zip, path, &arrays[i], &headers[i], deflate, err);
    if (status == PD_OK && zip_close(zip))
        status = fail_zip(err, path, zip_get_error(zip));
    else if (status == PD_OK)
        return PD_OK;
    zip_discard(zip);
    return status;
}

static enum pd_status build_and_save(const char *path, const struct pd_io_array *arrays, size_t count,
                                     struct pd_buffer *headers, bool deflate, struct pd_error *err)
{
    zip_error_t e;
    zip_error_init(&e);
    enum pd_status status;
    zip_source_t *memory = zip_source_buffer_create(NULL, 0, 0, &e);
    zip_t *zip = memory ? zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, &e) : NULL;
    if (zip) {
        zip_source_keep(memory); /* the archive drops its reference when it is closed */
        status = fill_zip(zip, path, arrays, count, headers, deflate, err);
        if (status == PD_OK)
            status = save(memory, path, err);
    } else {
        status = fail_zip(err, path, &e);
    }
    zip_source_free(memory);
    zip_error_fini(&e);
    return status;
}

enum pd_status pd_npz_write(const char *path, const struct pd_io_array *arrays, size_t count, bool deflate,
                            struct pd_error *err)
{
    enum pd_status status = check_names(path, arrays, count, err);
    if (status != PD_OK)
        return status;
    struct pd_buffer *headers = pd_calloc(count, sizeof *headers);
    status = headers ? build_and_save(path, arrays, count, headers, deflate, err) : pd_fail_memory(err, path);
    for (size_t i = 0; headers && i < count; i++)
        pd_buffer_release(&headers[i]);
    pd_free(headers);
    return status;
}
