/* A folder of images, of any sizes: each is decoded, resized and cut to one square size. */
#include "data/readers.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/image.h"
#include "data/image_list.h"
#include "data/image_set.h"
#include "data/resize.h"
#include "data/transform.h"
#include "io/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096, DEFAULT_SIZE = 32, MIN_SIZE = 8, MAX_SIZE = 1024, MAX_RATIO = 50 };

/* --- one image --- */

/* Resizes to side on the short side and cuts the middle out: pixels (3, side, side). */
static enum pd_status fit(const struct pd_image *image, int side, uint8_t *pixels, struct pd_error *err)
{
    int height, width;
    struct pd_resize *resize;
    pd_fit_short_side(image->height, image->width, side, &height, &width);
    enum pd_status status = pd_resize_create(image->height, image->width, height, width, &resize, err);
    if (status)
        return status;
    const size_t area = (size_t)side * (size_t)side;
    const long top = lrint((height - side) / 2.0), left = lrint((width - side) / 2.0); /* as pd_transform's */
    uint8_t *plane = pd_malloc((size_t)height * (size_t)width),
            *scratch = pd_malloc(pd_resize_scratch_size(resize));
    if (!plane || !scratch)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory resizing an image to %d x %d", height, width);
    else
        for (size_t c = 0; c < 3; c++) {
            pd_resize_plane(resize, image->planes + c * (size_t)image->height * (size_t)image->width, plane,
                            scratch);
            for (int y = 0; y < side; y++)
                memcpy(pixels + c * area + (size_t)y * (size_t)side, plane + (top + y) * width + left,
                       (size_t)side);
        }
    pd_free(plane);
    pd_free(scratch);
    pd_resize_destroy(resize);
    return status;
}

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
    if (!status && (image.width / MAX_RATIO > image.height || image.height / MAX_RATIO > image.width))
        status = pd_fail(err, PD_ERR_FORMAT, -1, "'%s': %d x %d pixels, expected sides of at most 1 to %d",
                         path, image.width, image.height, MAX_RATIO);
    if (!status)
        status = fit(&image, side, pixels, err);
    pd_image_release(&image);
    return status;
}

/* --- the folder --- */

struct folder {
    const char *path;
    enum pd_split split;
    const char *classes;
    int side;
};

static enum pd_status list(const void *context, struct pd_image_list *out, struct pd_error *err)
{
    const struct folder *f = context;
    return pd_image_list_read(f->path, f->split, f->classes, out, err);
}

static enum pd_status decode(const void *context, const char *name, uint8_t *pixels, struct pd_error *err)
{
    const struct folder *f = context;
    return read_image(f->path, name, f->side, pixels, err);
}

/* What decides on labels and pixels; "" where the folder has no name of its own. */
static enum pd_status write_key(const struct folder *f, struct pd_buffer *key, struct pd_error *err)
{
    char *real = realpath(f->path, NULL);
    pd_buffer_append(key, "", 0);
    if (real)
        pd_buffer_printf(key, "folder %s\nsplit %d\nside %d\nclasses %s", real, f->split, f->side,
                         f->classes ? f->classes : "");
    free(real);
    return key->oom ? pd_fail_memory(err, f->path) : PD_OK;
}

static enum pd_status check(const struct pd_data_request *request, const char *folder, struct pd_error *err)
{
    if (!folder)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "data set 'folder': give the folder with --data-dir, or as --data");
    if (request->size && (request->size < MIN_SIZE || request->size > MAX_SIZE))
        return pd_fail(err, PD_ERR_USAGE, -1, "'%.200s': image size %d, expected %d to %d", folder,
                       request->size, MIN_SIZE, MAX_SIZE);
    return PD_OK;
}

enum pd_status pd_open_folder(const struct pd_data_source *source, const struct pd_data_request *request,
                              struct pd_dataset *d, struct pd_error *err)
{
    const struct folder f = {
        .path = strcmp(request->name, source->name) ? request->name : request->dir,
        .split = request->split,
        .classes = request->classes,
        .side = pd_transform_side(request->size ? request->size : DEFAULT_SIZE, request->random_crop)};
    struct pd_buffer key = PD_BUFFER_INIT;
    enum pd_status status = check(request, f.path, err);
    if (!status)
        status = write_key(&f, &key, err);
    if (!status) {
        const struct pd_image_set set = {f.path, *key.data ? key.data : NULL, f.side, &f, list, decode};
        pd_path_word(d->name, sizeof d->name, f.path);
        status = pd_image_set_open(&set, request, d, err);
    }
    pd_buffer_release(&key);
    return status;
}
