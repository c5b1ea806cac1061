#include "data/dataset.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/words.h"
#include "data/labels/image_name.h"
#include "data/readers/archive.h"
#include "data/readers/readers.h"
#include "base/streams.h"
#include "io/file.h"

#include <paydirt/download.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static const struct reader {
    struct pd_data_source source;
    /* Fills a zeroed data set; the caller has set its name and destroys it on failure. */
    enum pd_status (*open)(const struct pd_data_source *source, const struct pd_data_request *request,
                           struct pd_dataset *dataset, struct pd_error *err);
} readers[] = {
#define PD_DATA_SOURCE(open, name, size, installed, package, summary)                                        \
    {{name, summary, size, installed, package}, open},
    PD_DATA_LIST(PD_DATA_SOURCE)
#undef PD_DATA_SOURCE
};

enum { READERS = sizeof readers / sizeof readers[0], MOST_SIDE = 1024 };

const struct pd_data_source *pd_data_source_at(int index)
{
    return index >= 0 && index < READERS ? &readers[index].source : NULL;
}

const char *pd_split_name(enum pd_split split)
{
    static const char *const names[PD_SPLITS] = {"train", "test"};
    return names[split];
}

static bool is_npz(const char *path)
{
    const char *ending = strrchr(path, '.');
    return ending && !strcmp(ending, ".npz") && pd_is_file(path);
}

const struct pd_data_source *pd_data_source_named(const char *name)
{
    const int at = pd_word_at(name, &readers[0].source.name, READERS, sizeof readers[0]);
    return at < 0 ? NULL : &readers[at].source;
}

enum pd_status pd_data_source_find(const char *name, const struct pd_data_source **out, struct pd_error *err)
{
    *out = pd_data_source_named(name);
    errno = 0;
    if (!*out && pd_is_folder(name))
        *out = pd_data_source_named("folder");
    if (!*out && pd_archive_is(name) && pd_is_file(name))
        *out = pd_data_source_named("archive");
    if (!*out && is_npz(name))
        *out = pd_data_source_named("npz");
    if (*out)
        return PD_OK;
    if (errno && errno != ENOENT && errno != ENOTDIR)
        return pd_fail_io(err, name, "look at", errno);
    if (pd_is_file(name))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "'%s': a file of no kind that is read as a data set: expected a folder of images, an .npz "
            "of images and labels, or an archive (.zip, .tar)",
            name);
    if (strchr(name, '/'))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "data set '%s': there is no such folder of images, archive or .npz file", name);
    return pd_unknown_word(err, "data set", name, &readers[0].source.name, READERS, sizeof readers[0]);
}

/* Readers check what they read; this catches a reader that forgot. */
static void verify(const struct pd_dataset *d)
{
    if (!d->count || !d->labels || !d->pixels == !d->points)
        BUG("reader of '%s' left out its images or labels", d->name);
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] < -1 || d->labels[i] >= d->classes)
            BUG("reader of '%s' let label %d pass", d->name, d->labels[i]);
}

static bool takes_classes(const struct reader *r)
{
    return r->open == pd_open_folder || r->open == pd_open_archive || r->open == pd_open_tiny_imagenet ||
           r->open == pd_open_npz;
}

static bool takes_metadata(const struct reader *r)
{
    return r->open == pd_open_folder || r->open == pd_open_archive;
}

static const struct reader *reader_of(const struct pd_data_source *source)
{
    int i = 0;
    while (&readers[i].source != source)
        i++;
    return &readers[i];
}

/* What is known of the set says where its files would come from. */
static enum pd_status read_with(const struct reader *r, const struct pd_data_request *request,
                                struct pd_dataset *d, struct pd_error *err)
{
    enum pd_status status = r->open(&r->source, request, d, err);
    if (err && !request->dir && status == PD_ERR_USAGE && pd_published_find(r->source.name, NULL))
        pd_hint(
            err,
            pd_fail(err, status, -1, "%s; 'paydirt data get %s' fetches them", err->message, r->source.name),
            "data-dir");
    return status;
}

/* People may have meant the folder. */
static enum pd_status tell_folder(const struct pd_data_request *request, enum pd_status status,
                                  struct pd_dataset *d, struct pd_error *err)
{
    const char *name = request->name;
    if ((request->dir && *request->dir) || !pd_data_source_named(name) || !pd_is_folder(name))
        return status;
    if (!status)
        pd_dataset_add_note(d, "'%s' is the built-in set, not the folder of that name, './%s'", name, name);
    else if (err) {
        const struct pd_error why = *err;
        pd_fail(err, status, -1, "%s; the folder of that name is './%s'", why.message, name);
        memcpy(err->hint, why.hint, sizeof err->hint);
        err->code = why.code;
    }
    return status;
}

enum pd_status pd_dataset_open(const struct pd_data_request *request, struct pd_dataset **out,
                               struct pd_error *err)
{
    struct pd_data_request asked = *request;
    const struct pd_data_source *source;
    *out = NULL;
    if (request->size < 0 || request->size > MOST_SIDE)
        return pd_fail(err, PD_ERR_USAGE, -1, "size %d: expected 0 to %d", request->size, MOST_SIDE);
    if ((unsigned)request->split >= PD_SPLITS)
        return pd_fail(err, PD_ERR_USAGE, -1, "split %d, expected PD_SPLIT_TRAIN or PD_SPLIT_TEST",
                       (int)request->split);
    enum pd_status status = pd_data_source_find(request->name, &source, err);
    if (status)
        return status;
    const struct reader *reader = reader_of(source);
    if (request->classes && *request->classes && !takes_classes(reader))
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "data set '%s' knows its classes; those of folders of images, of "
                               ".npz files and of tiny-imagenet can be chosen",
                               source->name),
                       "classes");
    const bool table = request->metadata && *request->metadata;
    if ((table || (request->metadata_columns && *request->metadata_columns)) && !takes_metadata(reader))
        return pd_hint(
            err,
            pd_fail(err, PD_ERR_USAGE, -1,
                    "data set '%s' has its own labels; those of folders and archives of images can "
                    "be in a table",
                    source->name),
            "%s", table ? "metadata" : "metadata-columns");
    struct pd_dataset *d = pd_calloc(1, sizeof *d);
    if (!d)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory opening data set '%s'", source->name);
    snprintf(d->name, sizeof d->name, "%s", source->name);
    d->side = request->size && source->size ? request->size : source->size;
    if (asked.dir && !*asked.dir)
        asked.dir = NULL;
    status = tell_folder(request, read_with(reader, &asked, d, err), d, err);
    if (status) {
        pd_dataset_destroy(d);
        return status;
    }
    verify(d);
    if (!d->scale && !d->points)
        d->scale = PD_PIXELS_BYTES;
    for (int k = 0; d->class_names && k < d->classes; k++)
        pd_make_printable(d->class_names[k]); /* they come from files */
    *out = d;
    return PD_OK;
}

/* Pixels lie in the map, where there is one, or are a block of their own. */
static void free_pixels(struct pd_dataset *d)
{
    const uint8_t *map = d->map;
    if (!map || d->pixels < map || d->pixels >= map + d->map_size)
        pd_free(d->pixels);
}

void pd_dataset_replace_pixels(struct pd_dataset *d, uint8_t *pixels)
{
    free_pixels(d);
    pd_free(d->places);
    d->pixels = pixels;
    d->places = NULL;
    d->digests = NULL;
    pd_free(d->given);
    d->given = NULL;
}

void pd_dataset_destroy(struct pd_dataset *d)
{
    if (!d)
        return;
    free_pixels(d);
    if (d->map)
        munmap(d->map, d->map_size);
    pd_free(d->points);
    pd_free(d->labels);
    pd_free(d->class_names);
    pd_free(d->image_names);
    pd_free(d->name_text);
    pd_free(d->labels_now);
    pd_free(d->file_names);
    pd_free(d->file_text);
    pd_free(d->folder);
    pd_free(d->places);
    pd_free(d->given);
    pd_free(d);
}

enum pd_status pd_dataset_reserve(struct pd_dataset *d, uint32_t count, int channels, int height, int width,
                                  struct pd_error *err)
{
    d->count = count;
    d->channels = channels;
    d->height = height ? height : 1;
    d->width = width ? width : 1;
    d->labels = pd_calloc(count, sizeof *d->labels);
    if (height)
        d->pixels = pd_calloc(count, pd_dataset_image_size(d));
    else
        d->points = pd_calloc(count, 2 * sizeof *d->points);
    if (!d->labels || (!d->pixels && !d->points))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images of data set '%s'", count,
                       d->name);
    return PD_OK;
}

enum pd_status pd_dataset_name_classes(struct pd_dataset *d, const char *const *names, int classes,
                                       struct pd_error *err)
{
    d->class_names = pd_calloc((size_t)classes, sizeof *d->class_names);
    if (!d->class_names)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the classes of data set '%s'", d->name);
    for (int i = 0; i < classes; i++)
        snprintf(d->class_names[i], sizeof d->class_names[i], "%s", names[i]);
    return PD_OK;
}

enum pd_status pd_fail_place(struct pd_error *err, const char *name)
{
    return pd_hint(err,
                   pd_fail(err, PD_ERR_USAGE, -1,
                           "data set '%s' is not installed with a package: give the folder of its files",
                           name),
                   "data-dir");
}

enum pd_status pd_dataset_find(char *path, size_t size, const struct pd_data_request *request,
                               const char *const *below, const char *file, struct pd_error *err)
{
    const char *dir = request->dir;
    if (!dir)
        return pd_fail_place(err, request->name);
    for (const char *const *at = below;; at++) {
        int n = snprintf(path, size, "%s/%s%s%s", dir, *at ? *at : "", *at ? "/" : "", file);
        if (n > 0 && (size_t)n < size && !pd_is_absent(path))
            return PD_OK;
        if (!*at)
            break;
    }
    return pd_fail(err, PD_ERR_IO, -1,
                   "data set '%s': no file %s that can be reached in '%.150s' or '%.150s/%s'", request->name,
                   file, dir, dir, below[0]);
}

enum pd_status pd_dataset_name_images(struct pd_dataset *d, const char *text, struct pd_error *err)
{
    d->image_names = pd_calloc(d->count, sizeof *d->image_names);
    if (!d->image_names)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of data set '%s'", d->name);
    for (uint32_t i = 0; i < d->count; i++, text += strlen(text) + 1)
        d->image_names[i] = text;
    return PD_OK;
}

static void __attribute__((format(printf, 3, 0)))
add_line(char note[PD_NOTE_SIZE], const char *name, const char *format, va_list args)
{
    char words[PD_NOTE_SIZE];
    const size_t n = strlen(note);
    vsnprintf(words, sizeof words, format, args);
    pd_make_printable(words);
    if (n + strlen(name) + strlen(words) + sizeof ": \n" <= PD_NOTE_SIZE)
        snprintf(note + n, PD_NOTE_SIZE - n, "%s: %s\n", name, words);
}

void pd_note_add(char note[PD_NOTE_SIZE], const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(note, name, format, args);
    va_end(args);
}

void pd_dataset_add_note(struct pd_dataset *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(d->note, d->name, format, args);
    va_end(args);
}

void pd_note_hint(char note[PD_NOTE_SIZE], const char *format, ...)
{
    char hint[PD_NOTE_SIZE] = "";
    const size_t n = strlen(note);
    va_list args;
    va_start(args, format);
    pd_add_hint(hint, sizeof hint, format, args);
    va_end(args);
    const size_t m = strlen(hint);
    if (!n || !m || n + m + sizeof "\t" > PD_NOTE_SIZE)
        return;
    note[n - 1] = '\t'; /* the newline's place */
    memcpy(note + n, hint, m + 1);
    note[n + m] = '\n';
    note[n + m + 1] = '\0';
}

void pd_note_lines(const char *note, void (*line)(void *context, const char *words), void *context)
{
    char words[PD_NOTE_SIZE];
    for (size_t n; *note; note += n + (note[n] == '\n')) {
        n = strcspn(note, "\n");
        snprintf(words, sizeof words, "%.*s", (int)n, note);
        line(context, words);
    }
}

static uint32_t place_of(const struct pd_dataset *d, uint32_t image)
{
    return d->places ? d->places[image] : image;
}

/* Image `from` in the place of image `to`; its pixels stay where they are. */
static void move_image(struct pd_dataset *d, uint32_t *places, uint32_t to, uint32_t from)
{
    places[to] = place_of(d, from);
    if (d->points)
        memmove(d->points + 2 * (size_t)to, d->points + 2 * (size_t)from, 2 * sizeof *d->points);
    d->labels[to] = d->labels[from];
    if (d->image_names)
        d->image_names[to] = d->image_names[from];
    if (d->labels_now)
        d->labels_now[to] = d->labels_now[from];
    if (d->file_names)
        d->file_names[to] = d->file_names[from];
}

enum pd_status pd_dataset_thin(struct pd_dataset *d, uint32_t n, uint64_t seed, struct pd_error *err)
{
    const struct pd_rng rng = {seed, PD_STREAM_THIN, 0};
    uint32_t *order = pd_malloc(d->count * sizeof *order), kept = 0;
    uint32_t *places = pd_malloc(n * sizeof *places);
    uint8_t *keep = pd_calloc(d->count, 1);
    const bool room = order && places && keep;
    if (room)
        pd_rng_permutation(&rng, d->count, order);
    for (uint32_t i = 0; room && i < n; i++)
        keep[order[i]] = 1;
    for (uint32_t i = 0; room && i < d->count; i++)
        if (keep[i])
            move_image(d, places, kept++, i);
    pd_free(order);
    pd_free(keep);
    if (!room) {
        pd_free(places);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images of data set '%s'", n, d->name);
    }
    pd_free(d->places);
    d->places = places;
    d->drawn_of = d->drawn_of ? d->drawn_of : d->count;
    d->count = n;
    return PD_OK;
}

char *pd_dataset_image_name(const struct pd_dataset *d, uint32_t image, char *text, size_t size)
{
    if (d->image_names)
        snprintf(text, size, "%s", d->image_names[image]);
    else
        snprintf(text, size, "%u", image);
    return text;
}

char *pd_dataset_image_file(const struct pd_dataset *d, uint32_t image, char *text, size_t size)
{
    if (!d->file_names)
        return pd_dataset_image_name(d, image, text, size);
    snprintf(text, size, "%s", d->file_names[image]);
    return text;
}

char *pd_dataset_image_path(const struct pd_dataset *d, const char *folder, uint32_t image, char *path,
                            size_t size)
{
    char name[4097], below[sizeof name];
    const bool text =
        d->image_names && folder && *folder &&
        pd_image_path(pd_dataset_image_file(d, image, name, sizeof name), below, sizeof below) &&
        !strcmp(name, below);
    if (!text || pd_path_join(path, size, folder, below, NULL) || !pd_is_file(path))
        path[0] = '\0';
    return path;
}

char *pd_dataset_class_name(const struct pd_dataset *d, int label, char *text, size_t size)
{
    if (d->class_names)
        snprintf(text, size, "%s", d->class_names[label]);
    else
        snprintf(text, size, "%d", label);
    return text;
}

size_t pd_dataset_image_size(const struct pd_dataset *d)
{
    return (size_t)d->channels * (size_t)d->height * (size_t)d->width;
}

const uint8_t *pd_dataset_image(const struct pd_dataset *d, uint32_t image)
{
    return d->pixels + place_of(d, image) * pd_dataset_image_size(d);
}

void pd_dataset_let_go(const struct pd_dataset *d)
{
    if (d->map)
        madvise(d->map, d->map_size, MADV_DONTNEED); /* pages of a file: read again when looked at */
}
