/* A folder of images, of any sizes: each is decoded, resized and cut to one square size. */
#include "data/readers/image_folder.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/readers/archive.h"
#include "data/readers/readers.h"
#include "data/labels/image_labels.h"
#include "data/images/image.h"
#include "data/images/image_set.h"
#include "data/shades.h"
#include "data/transform.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096, TEST_IMAGES_LOOKED_AT = 32, LISTED_AGAIN = 10000 };

static enum pd_status list(const struct pd_image_set *set, struct pd_image_list *out, struct pd_error *err)
{
    const struct pd_data_request *request = set->context;
    return pd_image_labels_list(set->root, request, out, err);
}

static const char *text(const char *option)
{
    return option ? option : "";
}

/* What decides on labels and pixels; "" where the folder has no name of its own (real: NULL). */
static enum pd_status write_key(const char *folder, const char *real, int side,
                                const struct pd_data_request *request, struct pd_buffer *key,
                                struct pd_error *err)
{
    pd_buffer_append(key, "", 0);
    if (real)
        pd_buffer_printf(key, "folder %s\nsplit %d\nside %d\nclasses %s%s%s%s%s", real, request->split, side,
                         text(request->classes), *text(request->metadata) ? "\nmetadata " : "",
                         text(request->metadata), *text(request->metadata_columns) ? "\ncolumns " : "",
                         text(request->metadata_columns));
    return key->oom ? pd_fail_memory(err, folder) : PD_OK;
}

/* Whether one of a few images of the list, from all of it, has a colour. */
static bool is_coloured(const char *folder, const struct pd_image_list *l)
{
    const size_t n = l->count < TEST_IMAGES_LOOKED_AT ? l->count : TEST_IMAGES_LOOKED_AT;
    bool coloured = false;
    for (size_t i = 0; i < n && !coloured; i++) {
        char path[PATH_SIZE];
        struct pd_image image;
        if (pd_path_join(path, sizeof path, folder, l->at[i * l->count / n].path, NULL) ||
            pd_image_read(path, &image, NULL))
            continue;
        coloured = !pd_planes_are_grey(image.planes, (size_t)image.height * (size_t)image.width);
        pd_image_release(&image);
    }
    return coloured;
}

/* A run for grey images meets its test images last. Not of large sets, which open from their caches without a
 * walk; pd_data_check tells of those, too. */
static void note_test_colours(const char *folder, const struct pd_data_request *request, struct pd_dataset *d)
{
    struct pd_data_request of_test = *request;
    struct pd_image_list l;
    of_test.split = PD_SPLIT_TEST;
    if (request->split != PD_SPLIT_TRAIN || d->channels != 1 || d->count > LISTED_AGAIN ||
        pd_image_labels_list(folder, &of_test, &l, NULL))
        return;
    if (is_coloured(folder, &l))
        pd_colours_note(d->name, d->note);
    pd_image_list_release(&l);
}

static enum pd_status open_at(const char *folder, const char *name, const struct pd_data_request *request,
                              struct pd_dataset *d, struct pd_error *err)
{
    struct pd_buffer key = PD_BUFFER_INIT;
    int side = 0;
    char *real = realpath(folder, NULL);
    enum pd_status status = pd_transform_stored_side(request, &side, err);
    if (!status)
        status = write_key(folder, real, side, request, &key, err);
    if (!status) {
        const struct pd_image_set set = {folder, key.data, side, request, list};
        pd_path_word(d->name, sizeof d->name, name);
        status = pd_image_set_open(&set, request, d, err);
        if (!status && !(d->folder = pd_strdup(real ? real : folder)))
            status = pd_fail_memory(err, folder);
        if (!status) {
            pd_dataset_note_shades(d);
            note_test_colours(folder, request, d);
        }
    }
    pd_buffer_release(&key);
    free(real);
    return status;
}

enum pd_status pd_open_archive(const struct pd_data_source *source, const struct pd_data_request *request,
                               struct pd_dataset *d, struct pd_error *err)
{
    const char *path = strcmp(request->name, source->name) ? request->name : request->dir;
    char folder[4096];
    if (!path)
        return pd_hint(err, pd_fail(err, PD_ERR_USAGE, -1, "data set 'archive': give its file"), "as: data");
    enum pd_status status = pd_archive_unpack(path, request, folder, sizeof folder, err);
    if (!status)
        status = open_at(folder, path, request, d, err);
    if (!status)
        pd_dataset_add_note(d, "unpacked in %.200s", folder);
    return status;
}

enum pd_status pd_open_folder(const struct pd_data_source *source, const struct pd_data_request *request,
                              struct pd_dataset *d, struct pd_error *err)
{
    const char *folder = strcmp(request->name, source->name) ? request->name : request->dir;
    if (!folder)
        return pd_hint(err, pd_fail(err, PD_ERR_USAGE, -1, "data set 'folder': give the folder"), "as: data");
    bool archives;
    enum pd_status status = pd_archive_is_folder_of(folder, &archives, err);
    if (status)
        return status;
    return archives ? pd_open_archive(source, request, d, err) : open_at(folder, folder, request, d, err);
}

enum pd_status pd_image_folder_list(const struct pd_data_request *request, char *folder, size_t size,
                                    struct pd_image_list *out, struct pd_error *err)
{
    const bool named = strcmp(request->name, "folder") != 0 && strcmp(request->name, "archive") != 0;
    const char *path = named ? request->name : request->dir;
    bool archives = !pd_is_folder(path);
    *out = (struct pd_image_list){.count = 0};
    enum pd_status status = archives ? PD_OK : pd_archive_is_folder_of(path, &archives, err);
    if (!status)
        status = archives ? pd_archive_unpack(path, request, folder, size, err)
                          : pd_path_join(folder, size, "", path, err);
    return status ? status : pd_image_labels_list(folder, request, out, err);
}
