#include "data/images/image_set.h"

#include "base/mem.h"
#include "base/pass_on.h"
#include "base/threads.h"
#include "data/digest.h"
#include "data/images/image.h"
#include "data/images/image_cache.h"
#include "data/images/image_losses.h"
#include "data/images/image_words.h"
#include "data/labels/image_name.h"
#include "data/shades.h"
#include "io/file.h"

#include <errno.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, CHUNK_BYTES = 1 << 24, CHUNK_LEAST = 16, CHUNK_MOST = 4096 };
enum { DRAWN = 2 };                                  /* in place of good: a picture of paydirt's */
enum { CACHE_IMAGES = 2000, CACHE_BYTES = 1 << 25 }; /* less is decoded in about a second */

struct work {
    const struct pd_image_set *set;
    const struct pd_data_request *request;
    struct pd_dataset *d;
    struct pd_image_list list;
    int threads;
    struct pd_image_trait *traits; /* (list.count): of those that are good */
    uint8_t *good;                 /* (list.count): 1 where it was decoded; DRAWN until all are */
    struct pd_atomic_file *file;   /* the cache being written; NULL: pixels go to memory */
    uint8_t *chunk;                /* (chunk_count, 3, side, side) */
    size_t chunk_count, bad;       /* bad: images that cannot be decoded, so far */
    struct pd_digest *digests;     /* (list.count): of those in the cache so far; NULL: without a cache */
    size_t first_at;               /* the first of them, and what is wrong with it */
    struct pd_error first_bad;
    atomic_size_t done;
    atomic_bool stop;
    struct pd_error failure; /* what ends the decoding */
};

static enum pd_status decode_file(struct work *w, size_t number, uint8_t *pixels, struct pd_error *err)
{
    const struct pd_image_file *file = &w->list.at[number];
    char path[PATH_SIZE];
    struct pd_image image = {0};
    enum pd_status status = pd_path_join(path, sizeof path, w->set->root, file->path, err);
    if (!status)
        status = pd_image_read(path, &image, err);
    if (!status)
        status = pd_image_fit(&image, w->set->side, path, pixels, err);
    if (!status)
        pd_image_look(&image, file->label, &w->traits[number]);
    pd_image_release(&image);
    return status;
}

/* --- a chunk of images, by all threads --- */

/* The first failure is kept. */
static void end(struct work *w, const struct pd_error *failure)
{
#pragma omp critical(pd_image_set)
    if (!w->stop) {
        w->failure = *failure;
        w->stop = true;
    }
}

static void tell(struct work *w, size_t done)
{
    const struct pd_data_watch *watch = w->request->watch;
    struct pd_error stopped;
    if (!watch || !watch->decoding || !watch->decoding(watch->context, "images", done, w->list.count))
        return;
    pd_fail(&stopped, PD_ERR_INTERRUPTED, -1, "stopped decoding the images of '%.200s'", w->set->root);
    end(w, &stopped);
}

static void leave_out(struct work *w, size_t image, const struct pd_error *why)
{
#pragma omp critical(pd_image_set)
    if (!w->bad++ || image < w->first_at) {
        w->first_at = image;
        w->first_bad = *why;
    }
}

/* Whether it says something about the image, so that this is left out. A missing file's stamp says so in the
 * cache; that we may not read one could change in silence, as could that this program lacks a library: these
 * are none to be cached. */
static bool is_of_image(const struct work *w, const struct pd_error *why)
{
    if (why->status == PD_ERR_IO)
        return pd_is_missing(why) && (!w->file || why->code == ENOENT);
    return why->status != PD_ERR_MEMORY && why->status != PD_ERR_UNSUPPORTED;
}

static void decode_one(struct work *w, size_t image, uint8_t *pixels)
{
    struct pd_error why;
    enum pd_status status = decode_file(w, image, pixels, &why);
    w->good[image] = status == PD_ERR_MISMATCH ? DRAWN : !status;
    if (status && !is_of_image(w, &why))
        end(w, &why);
    else if (status && status != PD_ERR_MISMATCH)
        leave_out(w, image, &why);
    const size_t done = ++w->done;
    if (!omp_get_thread_num())
        tell(w, done);
}

static enum pd_status decode_chunk(struct work *w, size_t first, size_t n, struct pd_error *err)
{
    const size_t size = 3 * (size_t)w->d->height * (size_t)w->d->width;
#pragma omp parallel for schedule(dynamic) num_threads(w->threads)
    for (size_t i = 0; i < n; i++)
        if (!w->stop)
            decode_one(w, first + i, w->chunk + i * size);
    return w->stop ? pd_pass_on(&w->failure, err) : PD_OK;
}

/* Moves the good images of a chunk together; returns their number. */
static size_t keep_good(struct work *w, size_t first, size_t n)
{
    const size_t size = 3 * (size_t)w->d->height * (size_t)w->d->width;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t *pixels = w->chunk + i * size;
        if (w->good[first + i] == 1)
            memmove(w->chunk + kept++ * size, pixels, size);
    }
    return kept;
}

/* --- colour --- */

static bool is_grey(const struct work *w, size_t n)
{
    const size_t area = (size_t)w->d->height * (size_t)w->d->width;
    bool grey = true;
    for (size_t i = 0; i < n && grey; i++)
        grey = pd_planes_are_grey(w->chunk + 3 * i * area, area);
    return grey;
}

static void drop_colour(struct work *w, size_t n)
{
    const size_t area = (size_t)w->d->height * (size_t)w->d->width;
    for (size_t i = 1; i < n; i++)
        memmove(w->chunk + i * area, w->chunk + 3 * i * area, area);
}

/* --- all images --- */

static enum pd_status put_in_file(struct work *w, size_t n, struct pd_error *err)
{
    struct pd_dataset *d = w->d;
    const size_t size = pd_dataset_image_size(d);
    enum pd_status status = pd_atomic_file_append(w->file, w->chunk, n * size, err);
#pragma omp parallel for num_threads(w->threads)
    for (size_t i = 0; i < n; i++)
        pd_digest_pixels(d->channels, d->height, d->width, w->chunk + i * size, &w->digests[d->count + i]);
    d->count += status ? 0 : (uint32_t)n;
    return status;
}

/* n images of the chunk behind those that are there already. */
static enum pd_status put(struct work *w, size_t n, struct pd_error *err)
{
    struct pd_dataset *d = w->d;
    const size_t size = pd_dataset_image_size(d);
    if (w->file)
        return put_in_file(w, n, err);
    if (!d->pixels)
        d->pixels = pd_malloc(w->list.count * size);
    if (!d->pixels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu images of data set '%s'", w->list.count,
                       d->name);
    memcpy(d->pixels + d->count * size, w->chunk, n * size);
    d->count += (uint32_t)n;
    return PD_OK;
}

/* Decodes all as images of so many channels; *coloured: one channel was not enough. */
static enum pd_status decode_as(struct work *w, int channels, bool *coloured, struct pd_error *err)
{
    struct pd_dataset *d = w->d;
    enum pd_status status = PD_OK;
    d->count = 0;
    d->channels = channels;
    w->bad = 0;
    w->done = 0;
    for (size_t first = 0, n; !status && first < w->list.count; first += n) {
        n = w->list.count - first < w->chunk_count ? w->list.count - first : w->chunk_count;
        status = decode_chunk(w, first, n, err);
        if (status)
            break;
        const size_t kept = keep_good(w, first, n);
        *coloured = *coloured || !is_grey(w, kept);
        if (*coloured && d->count && d->channels == 1)
            return PD_OK;
        d->channels = *coloured ? 3 : 1;
        if (!*coloured)
            drop_colour(w, kept);
        status = kept ? put(w, kept, err) : PD_OK;
    }
    return status;
}

/* A set that begins with thousands of grey images is decoded twice when colour comes late. */
static enum pd_status decode_all(struct work *w, struct pd_error *err)
{
    bool coloured = false;
    enum pd_status status = decode_as(w, 1, &coloured, err);
    if (status || !coloured || w->d->channels == 3)
        return status;
    pd_free(w->d->pixels);
    w->d->pixels = NULL;
    if (w->file)
        status = pd_atomic_file_restart(w->file, err);
    return status ? status : decode_as(w, 3, &coloured, err);
}

static enum pd_status tell_bad(struct work *w, struct pd_error *err)
{
    if (!w->d->count && w->bad)
        return pd_fail(err, PD_ERR_FORMAT, -1, "none of %zu images can be read; the first: %s", w->bad,
                       w->first_bad.message);
    if (w->bad)
        pd_dataset_add_note(w->d, "%zu of %zu images left out, as they cannot be read; the first: %s", w->bad,
                            w->list.count, w->first_bad.message);
    return PD_OK;
}

/* A folder of nothing but pictures that paydirt has drawn is no class. */
static enum pd_status drop_drawn_classes(struct work *w, struct pd_error *err)
{
    struct pd_dataset *d = w->d;
    int32_t *as = pd_calloc((size_t)d->classes + 1, sizeof *as), kept = 0;
    if (!as)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the classes of data set '%s'", d->name);
    for (size_t i = 0; i < w->list.count; i++)
        if (w->list.at[i].label >= 0 && w->good[i] != DRAWN)
            as[w->list.at[i].label] = 1;
    for (int k = 0; k < d->classes; k++) {
        if (as[k] && k != kept)
            memcpy(d->class_names[kept], d->class_names[k], sizeof d->class_names[k]);
        as[k] = as[k] ? kept++ : -1;
    }
    for (size_t i = 0; i < w->list.count; i++)
        w->list.at[i].label = w->list.at[i].label < 0 ? -1 : as[w->list.at[i].label];
    d->classes = w->list.class_count = kept;
    pd_free(as);
    return PD_OK;
}

static enum pd_status pass_drawn(struct work *w, struct pd_error *err)
{
    const bool drawn = memchr(w->good, DRAWN, w->list.count),
               given = w->request->classes && *w->request->classes;
    enum pd_status status = drawn && !given ? drop_drawn_classes(w, err) : PD_OK;
    for (size_t i = 0; !status && i < w->list.count; i++)
        if (w->good[i] == DRAWN) {
            status = pd_image_list_pass(&w->list, pd_passed_picture, w->list.at[i].path, 1, err);
            w->good[i] = 0;
        }
    return status || w->d->count || w->bad
               ? status
               : pd_fail(err, PD_ERR_FORMAT, -1,
                         "'%.200s': all %zu images are pictures that paydirt has drawn", w->set->root,
                         w->list.count);
}

/* Those of the good images, moved together. */
static enum pd_status tell_losses(struct work *w, const char (*names)[PD_CLASS_NAME_SIZE],
                                  struct pd_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < w->list.count; i++)
        if (w->good[i]) {
            w->traits[n] = w->traits[i];
            w->traits[n++].label = w->list.at[i].label; /* a class may have been dropped */
        }
    return pd_image_losses_note(w->d->name, w->traits, n, names, w->d->classes, w->d->note, err);
}

static enum pd_status tell_all(struct work *w, struct pd_error *err)
{
    const char(*names)[PD_CLASS_NAME_SIZE] = (const char(*)[PD_CLASS_NAME_SIZE])w->d->class_names;
    enum pd_status status = pass_drawn(w, err);
    if (!status)
        status = pd_image_list_tell(&w->list, w->d->name, names, w->good, w->d->note, err);
    if (!status)
        status = tell_losses(w, names, err);
    return status ? status : tell_bad(w, err);
}

static enum pd_status decode(struct work *w, struct pd_error *err)
{
    const size_t size = 3 * (size_t)w->set->side * (size_t)w->set->side;
    w->d->height = w->d->width = w->set->side;
    w->chunk_count = CHUNK_BYTES / size < CHUNK_LEAST ? CHUNK_LEAST : CHUNK_BYTES / size;
    w->chunk_count = w->chunk_count < CHUNK_MOST ? w->chunk_count : CHUNK_MOST;
    w->chunk = pd_malloc(w->chunk_count * size);
    w->good = pd_calloc(w->list.count, 1);
    w->traits = pd_calloc(w->list.count, sizeof *w->traits);
    enum pd_status status = PD_ERR_MEMORY;
    tell(w, 0);
    if (w->chunk && w->good && w->traits)
        status = decode_all(w, err);
    else
        pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu images", w->list.count);
    tell(w, w->list.count);
    pd_free(w->chunk);
    w->chunk = NULL;
    if (!status)
        status = tell_all(w, err);
    pd_free(w->traits);
    w->traits = NULL;
    return status;
}

static void take_classes(struct work *w)
{
    struct pd_dataset *d = w->d;
    struct pd_image_list *l = &w->list;
    d->classes = l->class_count;
    d->class_names = l->classes;
    l->classes = NULL;
}

/* --- into memory --- */

static enum pd_status take_names(struct work *w, struct pd_error *err)
{
    struct pd_dataset *d = w->d;
    struct pd_buffer text = PD_BUFFER_INIT;
    uint32_t n = 0;
    d->labels = pd_malloc(d->count * sizeof *d->labels);
    for (size_t i = 0; d->labels && i < w->list.count; i++)
        if (w->good[i]) {
            d->labels[n++] = w->list.at[i].label;
            pd_image_name_append(&text, w->list.at[i].path, strlen(w->list.at[i].path));
            pd_buffer_append(&text, "", 1);
        }
    d->name_text = text.data;
    if (!d->labels || text.oom)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u names of data set '%s'", d->count,
                       d->name);
    return pd_dataset_name_images(d, d->name_text, err);
}

static enum pd_status decode_to_memory(struct work *w, struct pd_error *err)
{
    enum pd_status status = decode(w, err);
    if (!status)
        status = take_names(w, err);
    if (!status) { /* what was for the bad ones */
        uint8_t *less = pd_realloc(w->d->pixels, w->d->count * pd_dataset_image_size(w->d));
        w->d->pixels = less ? less : w->d->pixels;
    }
    return status;
}

/* --- into a file --- */

/* Makes the folder; fails where that lies in the images' own, which it would change. */
static enum pd_status make_folder(const struct work *w, const char *path, struct pd_error *err)
{
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    enum pd_status status = pd_make_dirs(folder, err);
    char *real = status ? NULL : realpath(folder, NULL), *root = realpath(w->set->root, NULL);
    const size_t n = root ? strlen(root) : 0;
    if (real && root && !strncmp(real, root, n) && (!real[n] || real[n] == '/'))
        status = pd_fail(err, PD_ERR_USAGE, -1, "%s: lies in the folder of images itself", folder);
    free(real);
    free(root);
    return status;
}

static enum pd_status write_file(struct work *w, struct pd_error *err)
{
    struct pd_buffer index = PD_BUFFER_INIT;
    w->digests = pd_malloc(w->list.count * sizeof *w->digests);
    enum pd_status status =
        w->digests ? decode(w, err)
                   : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu images", w->list.count);
    if (!status)
        status = pd_image_cache_index(&w->list, w->good, w->digests, w->set->key, w->d, &index, err);
    if (!status)
        status = pd_atomic_file_append(w->file, index.data, index.size, err);
    pd_buffer_release(&index);
    pd_free(w->digests);
    w->digests = NULL;
    return status ? status : pd_atomic_file_commit(w->file, err);
}

/* The folder may be private, and these are its images: for the owner only. */
static enum pd_status decode_to_file(struct work *w, const char *path, struct pd_error *err)
{
    struct pd_atomic_file file = {0};
    enum pd_status status = make_folder(w, path, err);
    if (!status)
        status = pd_atomic_file_begin(&file, path, err);
    if (!status) {
        fchmod(file.fd, S_IRUSR | S_IWUSR);
        w->file = &file;
        status = write_file(w, err);
    }
    pd_atomic_file_abort(&file);
    w->file = NULL;
    return status;
}

/* As it was before anything was decoded; the name and a note stay. */
static void forget(struct work *w, const char *note)
{
    struct pd_dataset *d = w->d;
    memcpy(d->note, note, sizeof d->note);
    d->count = 0;
    pd_free(w->good);
    w->good = NULL;
    w->stop = false;
}

/* So that nothing is decoded twice for it. */
static enum pd_status check_all_open(const struct work *w, struct pd_error *err)
{
    char path[PATH_SIZE];
    enum pd_status status = PD_OK;
    for (size_t i = 0; !status && i < w->list.count; i++)
        if (w->list.at[i].stamp && !pd_path_join(path, sizeof path, w->set->root, w->list.at[i].path, NULL) &&
            access(path, R_OK) && errno != ENOENT)
            status = pd_fail_io(err, path, "open", errno);
    return status;
}

/* Where the file cannot be written, memory has to serve. */
static enum pd_status decode_and_cache(struct work *w, const char *path, struct pd_error *err)
{
    char note[sizeof w->d->note];
    struct pd_error why = {.message = ""};
    memcpy(note, w->d->note, sizeof note);
    enum pd_status status = check_all_open(w, &why);
    if (!status)
        status = decode_to_file(w, path, &why);
    if (!status) {
        pd_free(w->d->class_names);
        w->d->class_names = NULL;
        return pd_image_cache_open(path, w->set->key, NULL, 1, w->d, err);
    }
    if ((w->stop && !pd_is_missing(&w->failure)) || (status != PD_ERR_IO && status != PD_ERR_USAGE))
        return pd_pass_on(&why, err);
    forget(w, note);
    status = decode_to_memory(w, err);
    if (!status)
        pd_dataset_add_note(w->d, "decoded without a cache: %s", why.message);
    return status;
}

/* --- all --- */

/* The caller may see now that there is no sense in decoding. */
static enum pd_status tell_list(const struct work *w, struct pd_error *err)
{
    const struct pd_data_watch *watch = w->request->watch;
    struct pd_dataset listed = *w->d;
    if (!watch || !watch->listed)
        return PD_OK;
    listed.count = (uint32_t)w->list.count;
    listed.channels = 3;
    listed.height = listed.width = w->set->side;
    listed.labels = pd_malloc(w->list.count * sizeof *listed.labels);
    if (!listed.labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the labels of data set '%s'", listed.name);
    for (size_t i = 0; i < w->list.count; i++)
        listed.labels[i] = w->list.at[i].label;
    enum pd_status status = watch->listed(watch->context, &listed, err);
    pd_free(listed.labels);
    return status;
}

static enum pd_status decode_list(struct work *w, const char *path, struct pd_error *err)
{
    if (w->list.count + w->list.other_count > UINT32_MAX)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%zu images, expected at most %u", w->list.count,
                       UINT32_MAX);
    take_classes(w);
    enum pd_status status = tell_list(w, err);
    if (status)
        return status;
    const bool large = w->list.count >= CACHE_IMAGES || w->list.bytes >= CACHE_BYTES;
    return *path && large ? decode_and_cache(w, path, err) : decode_to_memory(w, err);
}

enum pd_status pd_image_set_open(const struct pd_image_set *set, const struct pd_data_request *request,
                                 struct pd_dataset *d, struct pd_error *err)
{
    char path[PATH_SIZE] = "";
    struct pd_error why = {.status = PD_OK};
    struct work w = {.set = set,
                     .request = request,
                     .d = d,
                     .threads = request->threads ? request->threads : pd_threads_available()};
    enum pd_status status = PD_ERR_IO;
    if (request->cache && *set->key)
        status = pd_image_cache_path(request->cache_dir, d->name, set->key, path, sizeof path, &why);
    if (!status)
        status = pd_image_cache_open(path, set->key, set->root, w.threads, d, &why);
    if (!status || status == PD_ERR_MEMORY)
        return status ? pd_pass_on(&why, err) : PD_OK;
    status = set->list(set, &w.list, err);
    if (!status)
        status = decode_list(&w, path, err);
    if (!status && why.status && why.status != PD_ERR_MISMATCH && !pd_is_missing(&why))
        pd_dataset_add_note(d, "the cache was of no use: %s", why.message);
    pd_free(w.good);
    pd_image_list_release(&w.list);
    return status;
}
