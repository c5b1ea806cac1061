#include "io/rows_kind.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/npy_header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

enum { HEADER_MOST = 1 << 16, DOUBLES = 4096 };

struct npy_rows {
    struct pd_rows base;
    int fd;     /* of an .npy, else -1 */
    zip_t *zip; /* of an .npz, else NULL */
    zip_uint64_t index;
    zip_file_t *entry;
    uint64_t size; /* of the .npy, bytes */
    size_t data_at;
    struct pd_io_array array;
    int64_t left; /* rows to come */
    double doubles[DOUBLES];
};

/* --- bytes of the .npy, wherever it lies --- */

static enum pd_status fail_entry(const struct npy_rows *r, const char *words, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: cannot read: %s", r->base.name, words);
}

static enum pd_status read_some(struct npy_rows *r, void *to, size_t size, size_t *got, struct pd_error *err)
{
    const zip_int64_t n = r->entry ? zip_fread(r->entry, to, size) : (zip_int64_t)read(r->fd, to, size);
    *got = n > 0 ? (size_t)n : 0;
    if (n >= 0 || (!r->entry && errno == EINTR))
        return PD_OK;
    return r->entry ? fail_entry(r, zip_file_strerror(r->entry), err)
                    : pd_fail_io(err, r->base.name, "read", errno);
}

/* Up to size bytes; *total is less only at the end. */
static enum pd_status read_bytes(struct npy_rows *r, void *to, size_t size, size_t *total,
                                 struct pd_error *err)
{
    enum pd_status status = PD_OK;
    *total = 0;
    for (size_t got = 1; got && *total < size && !status; *total += got)
        status = read_some(r, (char *)to + *total, size - *total, &got, err);
    return status;
}

static enum pd_status to_begin(struct npy_rows *r, struct pd_error *err)
{
    if (!r->zip)
        return lseek(r->fd, 0, SEEK_SET) ? pd_fail_io(err, r->base.name, "seek", errno) : PD_OK;
    if (r->entry)
        zip_fclose(r->entry);
    r->entry = zip_fopen_index(r->zip, r->index, 0);
    return r->entry ? PD_OK : fail_entry(r, zip_strerror(r->zip), err);
}

/* --- rows --- */

static enum pd_status rewind_rows(struct pd_rows *rows, struct pd_error *err)
{
    struct npy_rows *r = (struct npy_rows *)rows;
    char *skipped = (char *)r->doubles;
    enum pd_status status = to_begin(r, err);
    for (size_t left = r->data_at, got = 1; left && got && !status; left -= got)
        status = read_bytes(r, skipped, left < sizeof r->doubles ? left : sizeof r->doubles, &got, err);
    r->left = r->array.dims[0];
    return status;
}

static enum pd_status truncated(const struct npy_rows *r, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: truncated while it was read", r->base.name);
}

static enum pd_status read_doubles(struct npy_rows *r, float *to, size_t count, struct pd_error *err)
{
    for (size_t n, got; count; count -= n) {
        n = count < DOUBLES ? count : DOUBLES;
        enum pd_status status = read_bytes(r, r->doubles, n * sizeof(double), &got, err);
        if (status || got < n * sizeof(double))
            return status ? status : truncated(r, err);
        for (size_t i = 0; i < n; i++)
            *to++ = (float)(r->base.map ? r->base.map(r->doubles[i]) : r->doubles[i]);
    }
    return PD_OK;
}

/* libzip compares the checksum when it comes to the end. */
static enum pd_status check_end(struct npy_rows *r, struct pd_error *err)
{
    char byte;
    size_t got;
    return r->entry ? read_some(r, &byte, 1, &got, err) : PD_OK;
}

static enum pd_status read_rows(struct pd_rows *rows, float *to, int64_t n, int64_t *got,
                                struct pd_error *err)
{
    struct npy_rows *r = (struct npy_rows *)rows;
    const int64_t take = n < r->left ? n : r->left;
    const size_t count = (size_t)(take * rows->width);
    size_t bytes = count * sizeof(float);
    enum pd_status status =
        r->array.dtype == PD_IO_F64 ? read_doubles(r, to, count, err) : read_bytes(r, to, bytes, &bytes, err);
    if (!status && bytes < count * sizeof(float))
        status = truncated(r, err);
    for (size_t i = 0; rows->map && r->array.dtype == PD_IO_F32 && !status && i < count; i++)
        to[i] = (float)rows->map((double)to[i]);
    r->left -= take;
    if (!status && !r->left)
        status = check_end(r, err);
    *got = status ? 0 : take;
    return status;
}

static void close_rows(struct pd_rows *rows)
{
    struct npy_rows *r = (struct npy_rows *)rows;
    if (r->entry)
        zip_fclose(r->entry);
    if (r->zip)
        zip_discard(r->zip);
    if (r->fd >= 0)
        close(r->fd);
}

static const struct pd_rows_kind kind = {read_rows, rewind_rows, close_rows, NULL, false};

/* --- opening --- */

static enum pd_status check_array(struct npy_rows *r, struct pd_error *err)
{
    const struct pd_io_array *a = &r->array;
    char shape[128];
    pd_io_shape_text(shape, sizeof shape, a->rank, a->dims);
    if (a->dtype != PD_IO_F32 && a->dtype != PD_IO_F64)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: numbers of type '%s', expected '<f4' or '<f8'",
                       r->base.name, pd_io_dtype_numpy(a->dtype));
    r->base.width = 1;
    for (int i = 1; i < a->rank; i++)
        if (a->dims[i] == 0 || __builtin_mul_overflow(r->base.width, a->dims[i], &r->base.width))
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: shape %s, expected numbers in each row",
                           r->base.name, shape);
    return a->rank ? PD_OK
                   : pd_fail(err, PD_ERR_MISMATCH, -1, "%s: a single number, expected rows", r->base.name);
}

static enum pd_status read_header(struct npy_rows *r, struct pd_error *err)
{
    size_t got = 0;
    char *bytes = pd_malloc(HEADER_MOST);
    if (!bytes)
        return pd_fail_memory(err, r->base.name);
    enum pd_status status = to_begin(r, err);
    if (!status)
        status = read_bytes(r, bytes, HEADER_MOST, &got, err);
    if (!status)
        status = pd_npy_decode_header(bytes, got, r->base.name, &r->array, &r->data_at, err);
    pd_free(bytes);
    if (!status)
        status = pd_npy_check_size(&r->array, r->data_at, r->size, r->base.name, err);
    if (!status)
        status = check_array(r, err);
    return status ? status : rewind_rows(&r->base, err);
}

static struct npy_rows *create(const char *path, const struct pd_rows_request *request, struct pd_error *err)
{
    struct npy_rows *r = pd_calloc(1, sizeof *r);
    if (r) {
        *r = (struct npy_rows){.base = {&kind, pd_strdup(path), 0, 0, request->map}, .fd = -1};
        if (r->base.name)
            return r;
    }
    pd_free(r);
    pd_fail_memory(err, path);
    return NULL;
}

static enum pd_status give(struct npy_rows *r, enum pd_status status, struct pd_rows **out)
{
    if (status)
        pd_rows_close(&r->base);
    *out = status ? NULL : &r->base;
    return status;
}

static enum pd_status open_file(struct npy_rows *r, struct pd_error *err)
{
    struct stat st;
    r->fd = open(r->base.name, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0 || fstat(r->fd, &st))
        return pd_fail_io(err, r->base.name, "open", errno);
    r->size = (uint64_t)st.st_size;
    return read_header(r, err);
}

enum pd_status pd_rows_open_npy(const char *path, const struct pd_rows_request *request, struct pd_rows **out,
                                struct pd_error *err)
{
    struct npy_rows *r = create(path, request, err);
    *out = NULL;
    return r ? give(r, open_file(r, err), out) : PD_ERR_MEMORY;
}

/* --- .npz --- */

static enum pd_status open_zip(struct npy_rows *r, struct pd_error *err)
{
    int code = 0;
    r->zip = zip_open(r->base.name, ZIP_RDONLY, &code);
    if (r->zip)
        return PD_OK;
    zip_error_t e;
    zip_error_init_with_code(&e, code);
    enum pd_status status =
        pd_fail(err, PD_ERR_FORMAT, -1, "%s: not a whole zip: %s", r->base.name, zip_error_strerror(&e));
    zip_error_fini(&e);
    return status;
}

static enum pd_status fail_no_array(const struct npy_rows *r, const char *name, struct pd_error *err)
{
    char known[256] = "";
    size_t used = 0;
    const zip_int64_t count = zip_get_num_entries(r->zip, 0);
    for (zip_int64_t i = 0; i < count && used < sizeof known; i++) {
        const char *file = zip_get_name(r->zip, (zip_uint64_t)i, 0);
        const int length = file ? (int)strlen(file) : 0;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%.*s", i ? ", " : "",
                                 length > 4 ? length - 4 : length, file ? file : "");
    }
    return pd_fail(err, PD_ERR_USAGE, -1, "%s: no array '%s' in it (it has: %s)", r->base.name, name, known);
}

static zip_int64_t locate(zip_t *zip, const char *name)
{
    struct pd_buffer file = PD_BUFFER_INIT;
    pd_buffer_printf(&file, "%s.npy", name);
    const zip_int64_t index = file.oom ? -1 : zip_name_locate(zip, file.data, 0);
    pd_buffer_release(&file);
    return index;
}

static enum pd_status find_array(struct npy_rows *r, const char *const *names, struct pd_error *err)
{
    struct pd_buffer full = PD_BUFFER_INIT;
    zip_stat_t st;
    zip_int64_t index = -1;
    for (int i = 0; names[i] && index < 0; i++)
        index = locate(r->zip, names[i]);
    if (index < 0 && names[1] && zip_get_num_entries(r->zip, 0) == 1)
        index = 0;
    if (index < 0)
        return fail_no_array(r, names[0], err);
    r->index = (zip_uint64_t)index;
    if (zip_stat_index(r->zip, r->index, 0, &st))
        return fail_entry(r, zip_strerror(r->zip), err);
    r->size = st.size;
    pd_buffer_printf(&full, "%s:%.*s", r->base.name, (int)strlen(st.name) - 4, st.name);
    if (full.oom) {
        pd_buffer_release(&full);
        return pd_fail_memory(err, r->base.name);
    }
    pd_free(r->base.name);
    r->base.name = full.data;
    return PD_OK;
}

enum pd_status pd_rows_open_npz(const char *path, const struct pd_rows_request *request, struct pd_rows **out,
                                struct pd_error *err)
{
    struct npy_rows *r = create(path, request, err);
    *out = NULL;
    if (!r)
        return PD_ERR_MEMORY;
    enum pd_status status = open_zip(r, err);
    if (!status)
        status = find_array(r, request->names, err);
    if (!status)
        status = read_header(r, err);
    return give(r, status, out);
}
