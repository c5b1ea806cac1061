#include "io/npy.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/npy_header.h"

#include <string.h>
#include <zip.h>

struct entry {
    struct pd_io_array array; /* first: pd_npy_at gives its address */
    char *name;               /* owned */
    struct pd_buffer bytes;   /* of an entry of a zip; a plain .npy lies in pd_npy.file or with the caller */
    void *copy;               /* owned, where the data lay badly aligned */
};

struct pd_npy {
    struct pd_buffer file;
    char *path;
    struct entry *entries;
    size_t count;
};

static enum pd_status finish_entry(struct entry *e, const char *path, const char *bytes, size_t size,
                                   struct pd_error *err)
{
    enum pd_status status = pd_npy_decode(bytes, size, path, &e->array, err);
    if (status == PD_OK && !pd_io_array_align(&e->array, &e->copy))
        status = pd_fail_memory(err, path);
    return status;
}

static enum pd_status parse_npy(struct pd_npy *npy, const char *bytes, size_t size, struct pd_error *err)
{
    npy->entries = pd_calloc(1, sizeof *npy->entries);
    if (!npy->entries)
        return pd_fail_memory(err, npy->path);
    npy->count = 1;
    npy->entries[0].array.name = "";
    return finish_entry(&npy->entries[0], npy->path, bytes, size, err);
}

static enum pd_status name_entry(struct pd_npy *npy, struct entry *e, const char *file, struct pd_error *err)
{
    size_t n = file ? strlen(file) : 0;
    if (n <= 4 || strcmp(file + n - 4, ".npy") != 0)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: entry '%.100s' is not an .npy", npy->path, n ? file : "");
    e->name = pd_strdup(file);
    if (!e->name)
        return pd_fail_memory(err, npy->path);
    e->name[n - 4] = '\0';
    for (const struct entry *other = npy->entries; other < e; other++)
        if (!strcmp(other->name, e->name))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: two entries '%.100s'", npy->path, file);
    e->array.name = e->name;
    return PD_OK;
}

static enum pd_status bad_entry(const struct pd_npy *npy, const struct entry *e, const char *words,
                                struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: cannot read entry '%.100s.npy': %s", npy->path, e->name,
                   words);
}

/* To its end, where libzip compares the checksum. */
static enum pd_status inflate_entry(const struct pd_npy *npy, struct entry *e, zip_t *zip, zip_uint64_t index,
                                    struct pd_error *err)
{
    char chunk[1 << 14];
    zip_int64_t n;
    zip_file_t *file = zip_fopen_index(zip, index, 0);
    if (!file)
        return bad_entry(npy, e, zip_strerror(zip), err);
    while ((n = zip_fread(file, chunk, sizeof chunk)) > 0 && !e->bytes.oom)
        pd_buffer_append(&e->bytes, chunk, (size_t)n);
    enum pd_status status = n < 0          ? bad_entry(npy, e, zip_file_strerror(file), err)
                            : e->bytes.oom ? pd_fail_memory(err, npy->path)
                                           : PD_OK;
    zip_fclose(file);
    return status;
}

static enum pd_status read_entry(struct pd_npy *npy, zip_t *zip, zip_uint64_t index, struct pd_error *err)
{
    struct entry *e = &npy->entries[npy->count++];
    struct pd_buffer path = PD_BUFFER_INIT; /* "samples.npz/images": offsets are within the entry */
    enum pd_status status = name_entry(npy, e, zip_get_name(zip, index, 0), err);
    if (status == PD_OK)
        status = inflate_entry(npy, e, zip, index, err);
    if (status == PD_OK) {
        pd_buffer_printf(&path, "%s/%.100s", npy->path, e->name);
        status = path.oom
                     ? pd_fail_memory(err, npy->path)
                     : finish_entry(e, path.data, e->bytes.data ? e->bytes.data : "", e->bytes.size, err);
    }
    pd_buffer_release(&path);
    return status;
}

static enum pd_status read_entries(struct pd_npy *npy, zip_t *zip, struct pd_error *err)
{
    zip_int64_t count = zip_get_num_entries(zip, 0);
    enum pd_status status = PD_OK;
    npy->entries = pd_calloc((size_t)count, sizeof *npy->entries);
    if (!npy->entries)
        return pd_fail_memory(err, npy->path);
    for (zip_int64_t i = 0; i < count && status == PD_OK; i++)
        status = read_entry(npy, zip, (zip_uint64_t)i, err);
    return status;
}

static enum pd_status parse_npz(struct pd_npy *npy, const char *bytes, size_t size, struct pd_error *err)
{
    zip_error_t e;
    zip_error_init(&e);
    enum pd_status status;
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &e);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &e) : NULL;
    if (zip)
        status = read_entries(npy, zip, err);
    else
        status =
            pd_fail(err, PD_ERR_FORMAT, -1, "%s: not a whole zip: %s", npy->path, zip_error_strerror(&e));
    if (zip)
        zip_discard(zip);
    else
        zip_source_free(source);
    zip_error_fini(&e);
    return status;
}

static bool is_zip(const char *bytes, size_t size)
{
    return size >= 4 &&
           (!memcmp(bytes, "PK\3\4", 4) || !memcmp(bytes, "PK\5\6", 4)); /* files, or an empty one */
}

static enum pd_status parse(struct pd_npy *npy, const char *bytes, size_t size, struct pd_error *err)
{
    return is_zip(bytes, size) ? parse_npz(npy, bytes, size, err) : parse_npy(npy, bytes, size, err);
}

static struct pd_npy *create(const char *path, struct pd_error *err)
{
    struct pd_npy *npy = pd_calloc(1, sizeof *npy);
    if (npy)
        npy->path = pd_strdup(path);
    if (npy && npy->path)
        return npy;
    pd_free(npy);
    pd_fail_memory(err, path);
    return NULL;
}

static enum pd_status give(struct pd_npy *npy, enum pd_status status, struct pd_npy **out)
{
    if (status != PD_OK)
        pd_npy_destroy(npy);
    *out = status == PD_OK ? npy : NULL;
    return status;
}

enum pd_status pd_npy_open(const char *path, struct pd_npy **out, struct pd_error *err)
{
    struct pd_npy *npy = *out = create(path, err);
    if (!npy)
        return PD_ERR_MEMORY;
    enum pd_status status = pd_file_read(path, &npy->file, err);
    if (status == PD_OK)
        status = parse(npy, npy->file.data, npy->file.size, err);
    if (is_zip(npy->file.data, npy->file.size))
        pd_buffer_release(&npy->file); /* the entries have their own bytes */
    return give(npy, status, out);
}

enum pd_status pd_npy_parse(const void *bytes, size_t size, const char *name, struct pd_npy **out,
                            struct pd_error *err)
{
    struct pd_npy *npy = *out = create(name, err);
    return npy ? give(npy, parse(npy, bytes, size, err), out) : PD_ERR_MEMORY;
}

void pd_npy_destroy(struct pd_npy *npy)
{
    if (!npy)
        return;
    for (size_t i = 0; i < npy->count; i++) {
        pd_free(npy->entries[i].name);
        pd_free(npy->entries[i].copy);
        pd_buffer_release(&npy->entries[i].bytes);
    }
    pd_free(npy->entries);
    pd_buffer_release(&npy->file);
    pd_free(npy->path);
    pd_free(npy);
}

size_t pd_npy_count(const struct pd_npy *npy)
{
    return npy->count;
}

const struct pd_io_array *pd_npy_at(const struct pd_npy *npy, size_t index)
{
    return &npy->entries[index].array;
}

const struct pd_io_array *pd_npy_find(const struct pd_npy *npy, const char *name)
{
    for (size_t i = 0; i < npy->count; i++)
        if (!strcmp(npy->entries[i].array.name, name))
            return &npy->entries[i].array;
    return NULL;
}
