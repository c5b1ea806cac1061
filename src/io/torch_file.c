#include "io/torch_file.h"

#include "base/mem.h"
#include "io/torch_pickle.h"
#include "io/zip_error.h"

#include <stdio.h>
#include <string.h>

struct pd_torch {
    const char *name;
    const uint8_t *bytes;
    size_t size;
    struct pd_torch_pickle pickle;
    void **storages;            /* their numbers, aligned */
    struct pd_io_array *arrays; /* with names of their own */
    size_t count;
};

/* Of files before 1.6: a number as a pickle, then the version 1001 as another. */
static const uint8_t magic[] = {0x80, 2,    0x8A, 10,  0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A,
                                0xA8, 0x50, 0x19, '.', 0x80, 2,    'M',  0xE9, 3,    '.'};
static const uint8_t zip_magic[] = {'P', 'K', 3, 4};

bool pd_torch_looks_like(const void *bytes, size_t size)
{
    return (size >= sizeof magic && !memcmp(bytes, magic, sizeof magic)) ||
           (size >= sizeof zip_magic && !memcmp(bytes, zip_magic, sizeof zip_magic));
}

static enum pd_status fail_no_memory(const struct pd_torch *t, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for tensors", t->name);
}

/* The bytes that a storage says it has; -1: more than a file can have. */
static int64_t bytes_of(const struct pd_torch_storage *s)
{
    const int64_t one = (int64_t)pd_io_dtype_size(s->dtype);
    return s->count >= 0 && s->count <= INT64_MAX / one ? s->count * one : -1;
}

static enum pd_status truncated(const struct pd_torch *t, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, (int64_t)t->size,
                   "%s: truncated, expected the numbers of more tensors", t->name);
}

/* --- pickles one after the other --- */

static enum pd_status take_storage(struct pd_torch *t, const struct pd_torch_text *key, size_t *at,
                                   struct pd_error *err)
{
    struct pd_torch_pickle *p = &t->pickle;
    int i = 0;
    while (i < p->n_storages && (p->storages[i].key.size != key->size ||
                                 memcmp(p->storages[i].key.bytes, key->bytes, key->size) != 0))
        i++;
    if (i == p->n_storages || t->storages[i])
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)*at, "%s: a storage that no tensor names, or twice",
                       t->name);
    int64_t count;
    const int64_t bytes = bytes_of(&p->storages[i]);
    if (t->size - *at < sizeof count)
        return truncated(t, err);
    memcpy(&count, t->bytes + *at, sizeof count);
    if (count != p->storages[i].count || bytes < 0)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)*at, "%s: a storage of %lld numbers, expected %lld",
                       t->name, (long long)count, (long long)p->storages[i].count);
    *at += sizeof count;
    if ((size_t)bytes > t->size - *at)
        return truncated(t, err);
    t->storages[i] = pd_malloc((size_t)bytes + 1);
    if (!t->storages[i])
        return fail_no_memory(t, err);
    memcpy(t->storages[i], t->bytes + *at, (size_t)bytes);
    *at += (size_t)bytes;
    return PD_OK;
}

static enum pd_status allocate(struct pd_torch *t, struct pd_error *err)
{
    t->storages = pd_calloc((size_t)t->pickle.n_storages + 1, sizeof *t->storages);
    return t->storages ? PD_OK : fail_no_memory(t, err);
}

static enum pd_status read_row(struct pd_torch *t, struct pd_error *err)
{
    struct pd_torch_pickle *p = &t->pickle;
    size_t at = sizeof magic;
    enum pd_status status =
        pd_torch_pickle_read(t->bytes, t->size, &at, t->name, p, err); /* of the machine */
    if (!status)
        status = pd_torch_pickle_read(t->bytes, t->size, &at, t->name, p, err);
    const int dict = p->dict;
    if (!status)
        status = pd_torch_pickle_read(t->bytes, t->size, &at, t->name, p, err); /* storages' keys, in order */
    p->dict = dict;
    if (!status)
        status = allocate(t, err);
    for (int i = 0; i < p->n_keys && !status; i++)
        status = take_storage(t, &p->keys[i], &at, err);
    if (!status && at != t->size)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)at, "%s: bytes left over, expected the end", t->name);
    return status;
}

/* --- a zip --- */

/* A stored entry; *bytes is the caller's. */
static enum pd_status read_entry(const struct pd_torch *t, zip_t *zip, const char *name, void **bytes,
                                 size_t *size, struct pd_error *err)
{
    zip_stat_t stat;
    if (zip_stat(zip, name, 0, &stat))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: no entry '%.100s'", t->name, name);
    if (!(stat.valid & ZIP_STAT_SIZE) || !(stat.valid & ZIP_STAT_COMP_METHOD) ||
        stat.comp_method != ZIP_CM_STORE || stat.size > t->size)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: entry '%.100s' is packed, as torch.save has none",
                       t->name, name);
    zip_file_t *file = zip_fopen_index(zip, stat.index, 0);
    *size = (size_t)stat.size;
    *bytes = file ? pd_malloc(*size + 1) : NULL;
    const bool read = *bytes && zip_fread(file, *bytes, stat.size) == (zip_int64_t)stat.size;
    const bool whole =
        read && zip_fread(file, (char *)*bytes + *size, 1) == 0; /* at the end it checks the sum */
    if (file)
        zip_fclose(file);
    if (file && !*bytes)
        return fail_no_memory(t, err);
    if (whole)
        return PD_OK;
    pd_free(*bytes);
    *bytes = NULL;
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: entry '%.100s' is damaged", t->name, name);
}

/* What stands before "data.pkl"; false: there is no such entry. */
static bool find_prefix(zip_t *zip, char *prefix, size_t size)
{
    static const char last[] = "data.pkl";
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); i++) {
        const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
        const size_t n = name ? strlen(name) : 0, k = sizeof last - 1;
        if (n >= k && n - k < size && !strcmp(name + n - k, last) && (n == k || name[n - k - 1] == '/')) {
            snprintf(prefix, size, "%.*s", (int)(n - k), name);
            return true;
        }
    }
    return false;
}

static enum pd_status read_zip_storage(struct pd_torch *t, zip_t *zip, const char *prefix, int i,
                                       struct pd_error *err)
{
    const struct pd_torch_storage *s = &t->pickle.storages[i];
    char name[640];
    size_t size = 0;
    snprintf(name, sizeof name, "%sdata/%.*s", prefix, (int)(s->key.size < 100 ? s->key.size : 100),
             s->key.bytes);
    enum pd_status status = read_entry(t, zip, name, &t->storages[i], &size, err);
    if (!status && (int64_t)size != bytes_of(s))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: entry '%.100s' has %zu bytes, expected %lld", t->name,
                       name, size, (long long)bytes_of(s));
    return status;
}

static enum pd_status read_entries(struct pd_torch *t, zip_t *zip, void **pickle, struct pd_error *err)
{
    char prefix[512], name[640];
    size_t size, at = 0;
    if (!find_prefix(zip, prefix, sizeof prefix))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: a zip without data.pkl, expected what torch.save writes",
                       t->name);
    snprintf(name, sizeof name, "%sbyteorder", prefix);
    if (zip_name_locate(zip, name, 0) >= 0) {
        enum pd_status status = read_entry(t, zip, name, pickle, &size, err);
        t->pickle.big_endian = !status && (size != 6 || memcmp(*pickle, "little", 6) != 0);
        pd_free(*pickle);
        *pickle = NULL;
        if (status)
            return status;
    }
    snprintf(name, sizeof name, "%sdata.pkl", prefix);
    enum pd_status status = read_entry(t, zip, name, pickle, &size, err);
    if (!status)
        status = pd_torch_pickle_read(*pickle, size, &at, t->name, &t->pickle, err);
    if (!status && at != size)
        status = pd_fail(err, PD_ERR_FORMAT, (int64_t)at, "%s: data.pkl: bytes left over, expected the end",
                         t->name);
    if (!status)
        status = allocate(t, err);
    for (int i = 0; i < t->pickle.n_storages && !status; i++)
        status = read_zip_storage(t, zip, prefix, i, err);
    return status;
}

/* --- tensors by name --- */

static enum pd_status name_tensors(struct pd_torch *t, struct pd_error *err)
{
    const struct pd_torch_pickle *p = &t->pickle;
    t->arrays = pd_calloc((size_t)p->n_tensors + 1, sizeof *t->arrays);
    if (!t->arrays)
        return fail_no_memory(t, err);
    if (p->big_endian)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: written on a big-endian machine", t->name);
    for (int i = 0; i < p->n_tensors; i++) {
        const struct pd_torch_tensor *from = &p->tensors[i];
        const enum pd_io_dtype dtype = p->storages[from->storage].dtype;
        struct pd_io_array *a = &t->arrays[i];
        char *name = pd_calloc(from->name.size + 1, 1);
        if (!name)
            return fail_no_memory(t, err);
        memcpy(name, from->name.bytes, from->name.size);
        *a = (struct pd_io_array){.name = name, .dtype = dtype, .rank = from->rank};
        memcpy(a->dims, from->dims, sizeof a->dims);
        t->count++;
        if (from->dict != p->dict)
            return pd_fail(err, PD_ERR_UNSUPPORTED, -1,
                           "%s: tensor '%.100s' lies in a dict within the dict, expected a state_dict alone",
                           t->name, name);
        if (!t->storages[from->storage])
            return truncated(t, err);
        a->data = (const char *)t->storages[from->storage] + (size_t)from->offset * pd_io_dtype_size(dtype);
    }
    return t->count ? PD_OK : pd_fail(err, PD_ERR_FORMAT, -1, "%s: no dict of tensors", t->name);
}

static enum pd_status read_zip(struct pd_torch *t, struct pd_error *err)
{
    zip_error_t e;
    void *pickle = NULL;
    zip_error_init(&e);
    pd_mem_watch();
    zip_source_t *source = zip_source_buffer_create(t->bytes, t->size, 0, &e);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &e) : NULL;
    enum pd_status status = zip ? PD_OK : pd_fail_zip(err, t->name, PD_ERR_FORMAT, "not a whole zip", &e);
    if (!zip)
        zip_source_free(source);
    if (!status)
        status = read_entries(t, zip, &pickle, err);
    if (!status)
        status = name_tensors(t, err); /* names lie in the pickle */
    if (zip)
        zip_discard(zip);
    pd_free(pickle);
    zip_error_fini(&e);
    return status;
}

void pd_torch_destroy(struct pd_torch *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        pd_free((void *)(uintptr_t)t->arrays[i].name);
    for (int i = 0; t->storages && i < t->pickle.n_storages; i++)
        pd_free(t->storages[i]);
    pd_free(t->storages);
    pd_free(t->arrays);
    pd_torch_pickle_release(&t->pickle);
    pd_free(t);
}

enum pd_status pd_torch_parse(const void *bytes, size_t size, const char *name, struct pd_torch **out,
                              struct pd_error *err)
{
    *out = NULL;
    if (!pd_torch_looks_like(bytes, size))
        return pd_fail(err, PD_ERR_FORMAT, 0, "%s: not what torch.save writes", name);
    struct pd_torch *t = pd_calloc(1, sizeof *t);
    if (!t)
        return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for tensors", name);
    t->name = name, t->bytes = bytes, t->size = size;
    const bool zip = t->bytes[0] == 'P';
    enum pd_status status = zip ? read_zip(t, err) : read_row(t, err);
    if (!status && !zip)
        status = name_tensors(t, err);
    if (status)
        pd_torch_destroy(t);
    else
        *out = t;
    return status;
}

size_t pd_torch_count(const struct pd_torch *t)
{
    return t->count;
}

const struct pd_io_array *pd_torch_at(const struct pd_torch *t, size_t index)
{
    return &t->arrays[index];
}
