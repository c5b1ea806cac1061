#include "data/images/image_cache.h"

#include "base/cache.h"
#include "base/mem.h"
#include "data/labels/image_name.h"
#include "data/images/image_format.h"
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/* VERSION: to be raised with the layout, and when an image would be decoded to other pixels or
 * classes be in another order. */
enum { VERSION = 7, MAX_SIDE = 2048, MOST_LOOKS = 200000, PATH_SIZE = 4096 };
static const char magic[8] = "pdcache\n";

/* --- parsing --- */

/* VERSION, and which formats this paydirt was built without: their files are not among a folder's images. */
static uint32_t version(void)
{
    uint32_t missing = 0;
    for (int i = 0; i < PD_IMAGE_FORMATS; i++)
        missing |= (uint32_t) !*pd_image_formats[i].decode << i;
    return VERSION | missing << 8;
}

uint32_t pd_image_cache_checksum(const uint8_t *index, size_t size, const struct pd_image_cache_end *end)
{
    struct pd_image_cache_end copy = *end;
    copy.checksum = 0;
    return (uint32_t)crc32_z(crc32_z(0, index, size), (const uint8_t *)&copy, sizeof copy);
}

static uint64_t pixel_bytes(const struct pd_image_cache_end *e)
{
    const uint64_t area = (uint64_t)e->side * (uint64_t)e->side;
    return (e->count * (uint64_t)e->channels * area + 7) / 8 * 8;
}

/* Without the texts. */
static uint64_t table_bytes(const struct pd_image_cache_end *e)
{
    return 8 * ((uint64_t)e->count + e->others) + (PD_DIGEST_SIZE + 4) * (uint64_t)e->count +
           (uint64_t)e->classes * PD_CLASS_NAME_SIZE;
}

/* No sum of what these leave is beyond 2^63. */
static bool is_sound(const struct pd_image_cache_end *e, uint64_t size)
{
    return e->count > 0 && (e->channels == 1 || e->channels == 3) && e->side > 0 && e->side <= MAX_SIDE &&
           e->classes >= 0 && e->classes <= PD_MOST_CLASSES && e->texts < size && e->size == size &&
           memchr(e->note, '\0', sizeof e->note) &&
           pixel_bytes(e) + table_bytes(e) + e->texts + sizeof *e == size;
}

/* The text behind n texts, or NULL when there are no n before the limit. */
static const char *skip_texts(const char *at, const char *limit, uint64_t n)
{
    for (; at && n > 0; n--) {
        const char *nul = memchr(at, '\0', (size_t)(limit - at));
        at = nul ? nul + 1 : NULL;
    }
    return at;
}

/* Sets what lies where; false where labels or texts are not what they should be. */
static bool take_tables(const uint8_t *index, struct pd_image_cache *c)
{
    const struct pd_image_cache_end *e = &c->end;
    const char *texts = (const char *)index + table_bytes(e), *limit = texts + e->texts;
    bool ok = true;
    c->stamps = (const uint64_t *)(const void *)index;
    c->digests = (const struct pd_digest *)(const void *)(c->stamps + e->count + e->others);
    c->labels = (const int32_t *)(const void *)(c->digests + e->count);
    c->class_names = (const char(*)[PD_CLASS_NAME_SIZE])(c->labels + e->count);
    for (uint32_t i = 0; i < e->count; i++)
        ok = ok && c->labels[i] >= -1 && c->labels[i] < e->classes;
    for (int k = 0; k < e->classes; k++)
        ok = ok && memchr(c->class_names[k], '\0', PD_CLASS_NAME_SIZE);
    c->image_names = skip_texts(texts, limit, 1);
    c->other_names = skip_texts(c->image_names, limit, e->count);
    return ok && skip_texts(c->other_names, limit, e->others) == limit;
}

enum pd_status pd_image_cache_parse(const uint8_t *bytes, size_t size, const char *key, const char *name,
                                    struct pd_image_cache *out, struct pd_error *err)
{
    struct pd_image_cache_end *e = &out->end;
    if (size < sizeof *e)
        return pd_fail(err, PD_ERR_FORMAT, 0, "%s: %zu bytes are no cache of images", name, size);
    memcpy(e, bytes + size - sizeof *e, sizeof *e);
    if (memcmp(e->magic, magic, sizeof magic) != 0)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)(size - sizeof *e), "%s: cut off, or no cache of images",
                       name);
    if (e->version != version())
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: a cache of version %u, expected %u", name, e->version,
                       version());
    if (!is_sound(e, size))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: its counts do not fit its %zu bytes", name, size);
    const uint8_t *index = bytes + pixel_bytes(e);
    const size_t index_size = (size_t)(table_bytes(e) + e->texts);
    if (pd_image_cache_checksum(index, index_size, e) != e->checksum)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: damaged: its checksum does not fit", name);
    out->pixels = bytes;
    if (!take_tables(index, out))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: damaged: a label or a name is out of range", name);
    if (strcmp((const char *)index + table_bytes(e), key) != 0)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: another data set's", name);
    return PD_OK;
}

/* --- where it lies --- */

enum pd_status pd_image_cache_path(const char *dir, const char *name, const char *key, char *path,
                                   size_t size, struct pd_error *err)
{
    const char *below = "";
    if (!dir || !*dir)
        dir = pd_cache_home(&below);
    if (!dir || !*dir)
        return pd_fail(err, PD_ERR_USAGE, -1, "neither XDG_CACHE_HOME nor HOME is set");
    const uint64_t hash = pd_hash(PD_HASH_START, key, strlen(key)); /* the key itself stands in the file */
    const int need =
        snprintf(path, size, "%s%s/%s-%016llx.cache", dir, below, name, (unsigned long long)hash);
    if (need >= 0 && (size_t)need < size)
        return PD_OK;
    *path = '\0';
    return pd_fail(err, PD_ERR_USAGE, -1, "%.200s: path is longer than %zu bytes", dir, size - 1);
}

/* --- is it fresh? --- */

static bool is_same(int root, const char *name, uint64_t stamp)
{
    struct stat st;
    return !stamp || pd_image_stamp(fstatat(root, *name ? name : ".", &st, 0) ? NULL : &st) == stamp;
}

/* The same by an image's name. */
static bool is_same_image(int root, const char *name, uint64_t stamp)
{
    char path[PATH_SIZE];
    return !strchr(name, '\\') ? is_same(root, name, stamp)
                               : pd_image_path(name, path, sizeof path) && is_same(root, path, stamp);
}

/* Folders come first: most changes show there. */
static bool others_are_same(const struct pd_image_cache *c, int root)
{
    const char *name = c->other_names;
    bool same = true;
    for (uint32_t i = 0; same && i < c->end.others; i++, name += strlen(name) + 1)
        same = is_same(root, name, c->stamps[c->end.count + i]);
    return same;
}

/* Of large sets one in so many, at each opening others: to look at a million takes more than a second. */
static bool images_are_same(const struct pd_image_cache *c, int root, const char *const *names, int threads)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const uint32_t parts = (c->end.count - 1) / MOST_LOOKS + 1;
    const uint32_t first = (uint32_t)(now.tv_nsec / 1000) % parts;
    atomic_bool same = true;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (uint64_t i = first; i < c->end.count; i += parts)
        if (atomic_load_explicit(&same, memory_order_relaxed) && !is_same_image(root, names[i], c->stamps[i]))
            same = false;
    return same;
}

static enum pd_status compare(const struct pd_image_cache *c, const char *root, const struct pd_dataset *d,
                              int threads, struct pd_error *err)
{
    const int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "'%s' cannot be opened", root);
    const bool same = others_are_same(c, fd) && images_are_same(c, fd, d->image_names, threads);
    close(fd);
    return same ? PD_OK : pd_fail(err, PD_ERR_MISMATCH, -1, "'%s' has changed", root);
}

/* --- opening --- */

static enum pd_status map_file(const char *path, struct pd_dataset *d, struct pd_error *err)
{
    struct stat st;
    int fd;
    enum pd_status status = pd_fd_open(path, &fd, err);
    if (status)
        return status;
    const bool looked = !fstat(fd, &st);
    const size_t size = looked && st.st_size > 0 ? (size_t)st.st_size : 0;
    void *map = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    const int code = errno;
    close(fd);
    if (!size && looked)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: an empty file", path);
    if (map == MAP_FAILED)
        return pd_fail_io(err, path, looked ? "map" : "look at", code);
    d->map = map;
    d->map_size = size;
    return PD_OK;
}

static enum pd_status take(struct pd_dataset *d, const struct pd_image_cache *c, struct pd_error *err)
{
    const struct pd_image_cache_end *e = &c->end;
    d->count = e->count;
    d->classes = e->classes;
    d->channels = e->channels;
    d->height = d->width = e->side;
    d->pixels = (uint8_t *)d->map; /* where they begin; read-only */
    d->digests = c->digests;
    memcpy(d->note, e->note, sizeof d->note);
    d->labels = pd_malloc(e->count * sizeof *d->labels); /* a label file may change them */
    d->class_names = e->classes ? pd_malloc((size_t)e->classes * sizeof *d->class_names) : NULL;
    if (!d->labels || !d->class_names != !e->classes)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels of data set '%s'", e->count,
                       d->name);
    memcpy(d->labels, c->labels, e->count * sizeof *d->labels);
    if (e->classes)
        memcpy(d->class_names, c->class_names, (size_t)e->classes * sizeof *d->class_names);
    return pd_dataset_name_images(d, c->image_names, err);
}

static enum pd_status use(struct pd_dataset *d, const struct pd_image_cache *c, const char *root, int threads,
                          struct pd_error *err)
{
    enum pd_status status = take(d, c, err);
    return status || !root ? status : compare(c, root, d, threads, err);
}

static void give_back(struct pd_dataset *d)
{
    struct pd_dataset bare = {.count = 0};
    if (d->map)
        munmap(d->map, d->map_size);
    pd_free(d->labels);
    pd_free(d->class_names);
    pd_free(d->image_names);
    memcpy(bare.name, d->name, sizeof bare.name);
    *d = bare;
}

enum pd_status pd_image_cache_open(const char *path, const char *key, const char *root, int threads,
                                   struct pd_dataset *d, struct pd_error *err)
{
    struct pd_image_cache c = {.image_names = NULL};
    enum pd_status status = map_file(path, d, err);
    if (!status)
        status = pd_image_cache_parse(d->map, d->map_size, key, path, &c, err);
    if (!status &&
        c.image_names) /* there they are; clang-tidy takes pd_fail() for one that may return PD_OK */
        status = use(d, &c, root, threads, err);
    if (status)
        give_back(d);
    return status;
}

/* --- making --- */

static void append_text(struct pd_buffer *out, const char *text)
{
    pd_buffer_append(out, text, strlen(text) + 1);
}

/* Runs over the good ones, then over the bad ones. */
static void append_stamps(struct pd_buffer *out, const struct pd_image_list *l, const uint8_t *good)
{
    for (int want = 1; want >= 0; want--)
        for (size_t i = 0; i < l->count; i++)
            if (good[i] == want)
                pd_buffer_append(out, &l->at[i].stamp, sizeof l->at[i].stamp);
    for (size_t i = 0; i < l->other_count; i++)
        pd_buffer_append(out, &l->others[i].stamp, sizeof l->others[i].stamp);
}

/* Good ones by name; all else by path, as it is only looked at. */
static void append_names(struct pd_buffer *out, const struct pd_image_list *l, const uint8_t *good)
{
    for (size_t i = 0; i < l->count; i++)
        if (good[i]) {
            pd_image_name_append(out, l->at[i].path, strlen(l->at[i].path));
            append_text(out, "");
        }
    for (size_t i = 0; i < l->count; i++)
        if (!good[i])
            append_text(out, l->at[i].path);
    for (size_t i = 0; i < l->other_count; i++)
        append_text(out, l->others[i].path);
}

static void append_zeros_to_8(struct pd_buffer *out, uint64_t bytes)
{
    static const char zeros[8];
    pd_buffer_append(out, zeros, (8 - bytes % 8) % 8);
}

enum pd_status pd_image_cache_index(const struct pd_image_list *l, const uint8_t *good,
                                    const struct pd_digest *digests, const char *key,
                                    const struct pd_dataset *d, struct pd_buffer *out, struct pd_error *err)
{
    struct pd_image_cache_end e = {.version = version(),
                                   .count = d->count,
                                   .others = (uint32_t)(l->count - d->count + l->other_count),
                                   .classes = d->classes,
                                   .channels = d->channels,
                                   .side = d->height};
    memcpy(e.magic, magic, sizeof magic);
    memcpy(e.note, d->note, sizeof e.note);
    append_zeros_to_8(out, (uint64_t)d->count * pd_dataset_image_size(d));
    const size_t begin = out->size;
    append_stamps(out, l, good);
    pd_buffer_append(out, digests, d->count * sizeof *digests);
    for (size_t i = 0; i < l->count; i++)
        if (good[i])
            pd_buffer_append(out, &l->at[i].label, sizeof l->at[i].label);
    pd_buffer_append(out, d->class_names, (size_t)d->classes * sizeof *d->class_names);
    const size_t texts = out->size;
    append_text(out, key);
    append_names(out, l, good);
    if (out->oom)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the index of %u images", d->count);
    e.texts = out->size - texts;
    e.size = pixel_bytes(&e) + table_bytes(&e) + e.texts + sizeof e;
    e.checksum = pd_image_cache_checksum((const uint8_t *)out->data + begin, out->size - begin, &e);
    pd_buffer_append(out, &e, sizeof e);
    return out->oom ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the index of %u images", d->count)
                    : PD_OK;
}
