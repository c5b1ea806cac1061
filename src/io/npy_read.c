#include "io/npy_open.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/zip_error.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC = 4, ARRAYS_MOST = 4096 };

/* --- names --- */

static enum pd_status add_entry(struct pd_npy *npy, const char *name, size_t length, zip_uint64_t index,
                                struct pd_error *err)
{
    struct pd_npy_entry *e = &npy->entries[npy->count];
    e->name = pd_malloc(length + 1);
    if (!e->name)
        return pd_fail_memory(err, npy->path);
    memcpy(e->name, name, length);
    e->name[length] = '\0';
    e->index = index;
    npy->count++;
    if (pd_npy_locate(npy, e->name) != (int64_t)npy->count - 1)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: two entries '%.100s.npy'", npy->path, e->name);
    return PD_OK;
}

static enum pd_status list_entries(struct pd_npy *npy, struct pd_error *err)
{
    const zip_int64_t count = zip_get_num_entries(npy->zip, 0);
    enum pd_status status = PD_OK;
    if (count > ARRAYS_MOST)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: %lld entries, expected at most %d arrays", npy->path,
                       (long long)count, ARRAYS_MOST);
    npy->entries = pd_calloc((size_t)count + 1, sizeof *npy->entries);
    if (!npy->entries)
        return pd_fail_memory(err, npy->path);
    for (zip_int64_t i = 0; i < count && !status; i++) {
        const char *file = zip_get_name(npy->zip, (zip_uint64_t)i, 0);
        const size_t n = file ? strlen(file) : 0;
        if (n > 4 && !strcmp(file + n - 4, ".npy"))
            status = add_entry(npy, file, n - 4, (zip_uint64_t)i, err);
    }
    return status;
}

/* --- opening --- */

enum pd_status pd_npy_fail_zip(const struct pd_npy *npy, const char *name, const char *words, zip_error_t *e,
                               struct pd_error *err)
{
    return npy->file && ferror(npy->file) ? pd_fail_io(err, name, "read", EIO)
                                          : pd_fail_zip(err, name, PD_ERR_FORMAT, words, e);
}

static enum pd_status open_zip(struct pd_npy *npy, zip_source_t *source, zip_error_t *e, struct pd_error *err)
{
    npy->zip = source ? zip_open_from_source(source, ZIP_RDONLY, e) : NULL;
    if (npy->zip)
        return list_entries(npy, err);
    enum pd_status status = pd_mem_ran_short() ? pd_fail_memory(err, npy->path)
                                               : pd_npy_fail_zip(npy, npy->path, "not a whole zip", e, err);
    if (source)
        npy->file = NULL;
    zip_source_free(source);
    return status;
}

/* The source that reads our descriptor, and closes it: opened by libzip's own it would fail when a signal
 * comes. */
static zip_source_t *source_of_file(struct pd_npy *npy, zip_error_t *e)
{
    npy->file = fdopen(npy->fd, "rb");
    if (!npy->file) {
        zip_error_set(e, ZIP_ER_OPEN, errno);
        return NULL;
    }
    npy->fd = -1;
    zip_source_t *source = zip_source_filep_create(npy->file, 0, -1, e);
    if (!source) {
        (void)fclose(npy->file);
        npy->file = NULL;
    }
    return source;
}

/* An .npz from memory, or else from its file. */
static enum pd_status take_zip(struct pd_npy *npy, struct pd_error *err)
{
    zip_error_t e;
    zip_error_init(&e);
    pd_mem_watch(); /* libzip may take what it has no memory to look at for no zip */
    enum pd_status status = open_zip(
        npy, npy->memory ? zip_source_buffer_create(npy->memory, npy->size, 0, &e) : source_of_file(npy, &e),
        &e, err);
    zip_error_fini(&e);
    return status;
}

static enum pd_status take(struct pd_npy *npy, const char *first, size_t size, struct pd_error *err)
{
    const bool zip = size == MAGIC && (!memcmp(first, "PK\3\4", 4) || !memcmp(first, "PK\5\6", 4));
    if (zip)
        return take_zip(npy, err);
    npy->entries = pd_calloc(1, sizeof *npy->entries);
    return npy->entries ? add_entry(npy, "", 0, 0, err) : pd_fail_memory(err, npy->path);
}

static struct pd_npy *create(const char *path, struct pd_error *err)
{
    struct pd_npy *npy = pd_calloc(1, sizeof *npy);
    if (npy) {
        npy->fd = -1;
        npy->path = pd_strdup(path);
    }
    if (npy && npy->path)
        return npy;
    pd_free(npy);
    pd_fail_memory(err, path);
    return NULL;
}

static enum pd_status give(struct pd_npy *npy, enum pd_status status, struct pd_npy **out)
{
    if (status)
        pd_npy_destroy(npy);
    *out = status ? NULL : npy;
    return status;
}

static enum pd_status open_file(struct pd_npy *npy, struct pd_error *err)
{
    char first[MAGIC];
    struct stat info;
    ssize_t got;
    int tries = 0;
    enum pd_status status = pd_fd_open(npy->path, &npy->fd, err);
    if (status)
        return status;
    if (fstat(npy->fd, &info))
        return pd_fail_io(err, npy->path, "look at", errno);
    if (!S_ISREG(info.st_mode)) /* standard input may be a pipe */
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: not a regular file, expected an .npy or .npz", npy->path);
    npy->size = (uint64_t)info.st_size;
    do
        got = pread(npy->fd, first, sizeof first, 0);
    while (got < 0 && pd_may_pass(&tries));
    return got < 0 ? pd_fail_io(err, npy->path, "read", errno) : take(npy, first, (size_t)got, err);
}

enum pd_status pd_npy_open(const char *path, struct pd_npy **out, struct pd_error *err)
{
    struct pd_npy *npy = *out = create(path, err);
    return npy ? give(npy, open_file(npy, err), out) : PD_ERR_MEMORY;
}

enum pd_status pd_npy_parse(const void *bytes, size_t size, const char *name, struct pd_npy **out,
                            struct pd_error *err)
{
    struct pd_npy *npy = *out = create(name, err);
    if (!npy)
        return PD_ERR_MEMORY;
    npy->memory = bytes;
    npy->size = size;
    return give(npy, take(npy, bytes, size < MAGIC ? size : MAGIC, err), out);
}

void pd_npy_destroy(struct pd_npy *npy)
{
    if (!npy)
        return;
    for (size_t i = 0; i < npy->count; i++) {
        pd_free(npy->entries[i].name);
        pd_free(npy->entries[i].data);
    }
    pd_free(npy->entries);
    if (npy->zip)
        zip_discard(npy->zip);
    if (npy->fd >= 0)
        close(npy->fd);
    pd_free(npy->path);
    pd_free(npy);
}

/* --- arrays --- */

size_t pd_npy_count(const struct pd_npy *npy)
{
    return npy->count;
}

const char *pd_npy_name(const struct pd_npy *npy, size_t index)
{
    return npy->entries[index].name;
}

int64_t pd_npy_locate(const struct pd_npy *npy, const char *name)
{
    for (size_t i = 0; i < npy->count; i++)
        if (!strcmp(npy->entries[i].name, name))
            return (int64_t)i;
    return -1;
}

static enum pd_status load(const struct pd_npy *npy, struct pd_npy_entry *e, struct pd_npy_stream *stream,
                           struct pd_error *err)
{
    int64_t bytes = 0;
    e->array = *pd_npy_stream_array(stream);
    e->array.name = e->name;
    pd_io_array_bytes(&e->array, &bytes);
    e->data = pd_malloc((size_t)bytes + !bytes);
    if (!e->data)
        return pd_fail_memory(err, npy->path);
    enum pd_status status = pd_npy_stream_read(stream, e->data, pd_io_array_count(&e->array), err);
    if (status) {
        pd_free(e->data);
        e->data = NULL;
    }
    e->array.data = e->data;
    return status;
}

enum pd_status pd_npy_load(struct pd_npy *npy, size_t index, const struct pd_io_array **out,
                           struct pd_error *err)
{
    struct pd_npy_entry *e = &npy->entries[index];
    struct pd_npy_stream *stream;
    *out = NULL;
    if (!e->data) {
        enum pd_status status = pd_npy_stream_open(npy, index, &stream, err);
        if (!status)
            status = load(npy, e, stream, err);
        pd_npy_stream_close(stream);
        if (status)
            return status;
    }
    *out = &e->array;
    return PD_OK;
}
