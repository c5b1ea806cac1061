/* A folder of images, of any sizes: each is decoded, resized and cut to one square size as it is read, all
 * cores at work. */
#include "data/readers.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/image.h"
#include "data/image_list.h"
#include "data/transform.h"
#include "io/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

/* --- one image --- */

static enum pd_status read_image(const char *folder, const char *name, int side, uint8_t *pixels,
                                 struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_buffer file = PD_BUFFER_INIT;
    struct pd_image image = {0};
    enum pd_status status = pd_path_join(path, sizeof path, folder, name, err);
    if (!status)
        status = pd_file_read_most(path, PD_IMAGE_FILE_MAX, &file, err);
    if (!status)
        status = pd_image_decode(file.data, file.size, path, &image, err);
    pd_buffer_release(&file);
    if (!status)
        status = pd_image_fit(&image, side, path, pixels, err);
    pd_image_release(&image);
    return status;
}

/* --- all images --- */

static enum pd_status reserve(struct pd_dataset *d, const struct pd_image_list *l, int side,
                              struct pd_error *err)
{
    if (l->count > UINT32_MAX)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%zu images, expected at most %u", l->count, UINT32_MAX);
    enum pd_status status = pd_dataset_reserve(d, (uint32_t)l->count, 3, side, side, err);
    if (status)
        return status;
    d->image_names = pd_calloc(l->count, sizeof *d->image_names);
    return d->image_names ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u names", d->count);
}

/* Moves the good images together, with their names and labels. */
static uint32_t keep_good(struct pd_dataset *d, struct pd_image_list *l, const uint8_t *statuses)
{
    const size_t size = pd_dataset_image_size(d);
    uint32_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (statuses[i])
            continue;
        if (kept != i)
            memmove(d->pixels + kept * size, d->pixels + i * size, size);
        d->labels[kept] = l->at[i].label;
        d->image_names[kept++] = l->at[i].path;
        l->at[i].path = NULL;
    }
    return kept;
}

/* "photos: this; that" */
__attribute__((format(printf, 2, 3))) static void add_note(struct pd_dataset *d, const char *format, ...)
{
    size_t n = strlen(d->note);
    va_list args;
    snprintf(d->note + n, sizeof d->note - n, "%s%s", n ? "; " : d->name, n ? "" : ": ");
    n = strlen(d->note);
    va_start(args, format);
    vsnprintf(d->note + n, sizeof d->note - n, format, args);
    va_end(args);
}

/* Notes how many cannot be read and what is wrong with the first; fails where none can. */
static enum pd_status tell_bad(struct pd_dataset *d, const char *folder, const struct pd_image_list *l,
                               const uint8_t *statuses, struct pd_error *err)
{
    struct pd_error why = {.message = ""};
    size_t bad = 0, first = 0;
    for (size_t i = l->count; i > 0; i--)
        if (statuses[i - 1]) {
            bad++;
            first = i - 1;
        }
    if (!bad)
        return PD_OK;
    read_image(folder, l->at[first].path, d->width, d->pixels + first * pd_dataset_image_size(d), &why);
    if (bad == l->count)
        return pd_fail(err, PD_ERR_FORMAT, -1, "none of %zu images can be read; the first: %s", bad,
                       why.message);
    add_note(d, "%zu of %zu images left out, as they cannot be read; the first: %.150s", bad, l->count,
             why.message);
    return PD_OK;
}

/* Broken files are left out; that there is no memory is another matter. */
static enum pd_status read_images(struct pd_dataset *d, const char *folder, struct pd_image_list *l,
                                  struct pd_error *err)
{
    const size_t size = pd_dataset_image_size(d);
    uint8_t *statuses = pd_calloc(l->count, 1);
    if (!statuses)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu images", l->count);
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < l->count; i++)
        statuses[i] = (uint8_t)read_image(folder, l->at[i].path, d->width, d->pixels + i * size, NULL);
    enum pd_status status =
        memchr(statuses, PD_ERR_MEMORY, l->count)
            ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading the images of '%.200s'", folder)
            : tell_bad(d, folder, l, statuses, err);
    if (!status)
        d->count = keep_good(d, l, statuses);
    pd_free(statuses);
    return status;
}

/* One channel where all pixels of all images are grey. */
static void drop_colour(struct pd_dataset *d)
{
    const size_t area = (size_t)d->height * (size_t)d->width;
    for (size_t i = 0; i < d->count; i++) {
        const uint8_t *p = d->pixels + 3 * i * area;
        if (memcmp(p, p + area, area) != 0 || memcmp(p, p + 2 * area, area) != 0)
            return;
    }
    for (size_t i = 1; i < d->count; i++)
        memmove(d->pixels + i * area, d->pixels + 3 * i * area, area);
    d->channels = 1;
    uint8_t *less = pd_realloc(d->pixels, d->count * area);
    d->pixels = less ? less : d->pixels;
}

/* --- the folder --- */

static void take_classes(struct pd_dataset *d, struct pd_image_list *l)
{
    d->classes = l->class_count;
    d->class_names = l->classes;
    l->classes = NULL;
    if (l->left_out)
        add_note(d, "%zu images of other classes left out", l->left_out);
    if (l->first_empty >= 0)
        add_note(d, "no folder for class '%s'", d->class_names[l->first_empty]);
    if (l->unmatched)
        add_note(d, "no folder is called as one of the classes, so no image has a label");
}

enum pd_status pd_image_list_load(struct pd_dataset *d, const char *folder, struct pd_image_list *list,
                                  int side, struct pd_error *err)
{
    take_classes(d, list);
    enum pd_status status = reserve(d, list, side, err);
    if (!status)
        status = read_images(d, folder, list, err);
    if (!status)
        drop_colour(d);
    return status;
}

enum pd_status pd_open_folder(const struct pd_data_source *source, const struct pd_data_request *request,
                              struct pd_dataset *d, struct pd_error *err)
{
    const char *folder = strcmp(request->name, source->name) ? request->name : request->dir;
    struct pd_image_list list;
    int side;
    enum pd_status status = folder
                                ? pd_transform_stored_side(request, &side, err)
                                : pd_fail(err, PD_ERR_USAGE, -1,
                                          "data set 'folder': give the folder with --data-dir, or as --data");
    if (!status)
        status = pd_image_list_read(folder, request->split, request->classes, &list, err);
    if (status)
        return status;
    pd_path_word(d->name, sizeof d->name, folder);
    status = pd_image_list_load(d, folder, &list, side, err);
    pd_image_list_release(&list);
    return status;
}
