/* STL-10 (Coates, Ng, Lee 2011): labelled photographs, and many more without a label. */
#include "data/readers/stl10.h"

#include "base/mem.h"
#include "data/readers/readers.h"
#include "data/images/resize.h"
#include "data/transform.h"
#include "io/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SIDE = PD_STL10_SIDE,
    AREA = SIDE * SIDE,
    NAMES_MAX = 1 << 12,
    PATH_SIZE = 4096,
};

/* --- parts --- */

/* Reads one image and stores it; scratch: what the resize wants. */
static enum pd_status take_image(struct pd_stream *s, const struct pd_resize *resize, uint32_t i, int side,
                                 uint8_t *image, uint8_t *scratch, uint8_t *pixels, struct pd_error *err)
{
    size_t got;
    enum pd_status status = pd_stream_read(s, image, PD_STL10_IMAGE, &got, err);
    if (status)
        return status;
    if (got < PD_STL10_IMAGE)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)i * PD_STL10_IMAGE + (int64_t)got,
                       "'%s'%s is cut off within image %u", pd_stream_name(s), pd_stream_where(s), i);
    for (size_t c = 0; c < 3; c++) {
        pd_turn_plane(image + c * AREA, SIDE);
        pd_resize_plane(resize, image + c * AREA, pixels + c * (size_t)side * (size_t)side, scratch);
    }
    return PD_OK;
}

enum pd_status pd_stl10_images(struct pd_stream *s, uint32_t count, int side, uint8_t *pixels,
                               struct pd_error *err)
{
    const size_t stored = 3 * (size_t)side * (size_t)side;
    struct pd_resize *resize;
    uint8_t extra;
    size_t got;
    enum pd_status status = pd_resize_create(SIDE, SIDE, side, side, &resize, err);
    if (status)
        return status;
    uint8_t *image = pd_malloc(PD_STL10_IMAGE), *scratch = pd_malloc(pd_resize_scratch_size(resize));
    if (!image || !scratch)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", pd_stream_name(s));
    for (uint32_t i = 0; !status && i < count; i++)
        status = take_image(s, resize, i, side, image, scratch, pixels + i * stored, err);
    if (!status)
        status = pd_stream_read(s, &extra, 1, &got, err);
    if (!status && got)
        status = pd_fail(err, PD_ERR_FORMAT, (int64_t)count * PD_STL10_IMAGE,
                         "'%s'%s: bytes left over, expected the end (%u images of %d bytes)",
                         pd_stream_name(s), pd_stream_where(s), count, PD_STL10_IMAGE);
    pd_free(image);
    pd_free(scratch);
    pd_resize_destroy(resize);
    return status;
}

enum pd_status pd_stl10_labels(const uint8_t *bytes, size_t size, const char *name, uint32_t count,
                               int32_t *labels, struct pd_error *err)
{
    if (size != count)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "'%s' holds %zu labels, expected %u, one for each image",
                       name, size, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!bytes[i] || bytes[i] > PD_STL10_CLASSES)
            return pd_fail(err, PD_ERR_FORMAT, i, "'%s': label %u, expected 1 to %d", name, bytes[i],
                           PD_STL10_CLASSES);
        labels[i] = bytes[i] - 1;
    }
    return PD_OK;
}

enum pd_status pd_stl10_class_names(const char *text, size_t size, const char *name,
                                    char names[PD_STL10_CLASSES][PD_CLASS_NAME_SIZE], struct pd_error *err)
{
    size_t at = 0;
    for (int i = 0; i < PD_STL10_CLASSES; i++) {
        const char *end = at < size ? memchr(text + at, '\n', size - at) : NULL;
        size_t n = (end ? (size_t)(end - text) : size) - at;
        const size_t next = at + n + (end != NULL);
        if (n && text[at + n - 1] == '\r')
            n--;
        if (!n || n >= PD_CLASS_NAME_SIZE || memchr(text + at, '\0', n))
            return pd_fail(err, PD_ERR_FORMAT, (int64_t)at, "'%s': expected %d lines of 1 to %d bytes", name,
                           PD_STL10_CLASSES, PD_CLASS_NAME_SIZE - 1);
        memcpy(names[i], text + at, n);
        names[i][n] = '\0';
        at = next;
    }
    return at == size
               ? PD_OK
               : pd_fail(err, PD_ERR_FORMAT, (int64_t)at, "'%s': more than %d lines", name, PD_STL10_CLASSES);
}

/* --- files --- */

/* Images in a file, by its size. */
static enum pd_status count_images(const char *path, uint64_t *count, struct pd_error *err)
{
    struct stat info;
    const enum pd_status status = pd_file_look(path, &info, err);
    if (status)
        return status;
    const uint64_t size = (uint64_t)info.st_size;
    *count = size / PD_STL10_IMAGE;
    if (!size || size % PD_STL10_IMAGE || *count > UINT32_MAX / 2)
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)(*count * PD_STL10_IMAGE),
                       "'%s' holds %" PRIu64 " bytes, expected images of %d bytes each", path, size,
                       PD_STL10_IMAGE);
    return PD_OK;
}

static enum pd_status read_images(const char *path, uint32_t count, int side, uint8_t *pixels,
                                  struct pd_error *err)
{
    struct pd_stream *s;
    enum pd_status status = pd_stream_open(path, &s, err);
    if (!status)
        status = pd_stl10_images(s, count, side, pixels, err);
    pd_stream_close(s);
    return status;
}

static enum pd_status read_labels(const char *path, uint32_t count, int32_t *labels, struct pd_error *err)
{
    struct pd_buffer file = PD_BUFFER_INIT;
    enum pd_status status = pd_file_read_most(path, UINT32_MAX, &file, err);
    if (!status)
        status = pd_stl10_labels((const uint8_t *)file.data, file.size, path, count, labels, err);
    pd_buffer_release(&file);
    return status;
}

/* class_names.txt, where it is. */
static enum pd_status read_names(struct pd_dataset *d, const struct pd_data_request *request,
                                 const char *const *below, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_buffer file = PD_BUFFER_INIT;
    if (pd_dataset_find(path, sizeof path, request, below, "class_names.txt", NULL))
        return PD_OK;
    d->class_names = pd_calloc(PD_STL10_CLASSES, sizeof *d->class_names);
    enum pd_status status = d->class_names
                                ? pd_file_read_most(path, NAMES_MAX, &file, err)
                                : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", path);
    if (!status)
        status = pd_stl10_class_names(file.data, file.size, path, d->class_names, err);
    pd_buffer_release(&file);
    return status;
}

/* The labelled images, and after them those without a label, which the test split does not have. */
struct files {
    char images[PATH_SIZE], labels[PATH_SIZE], unlabelled[PATH_SIZE];
    uint64_t labelled, others; /* images */
};

static enum pd_status find(struct files *f, const struct pd_data_request *request, const char *const *below,
                           struct pd_error *err)
{
    const bool train = request->split == PD_SPLIT_TRAIN;
    enum pd_status status =
        pd_dataset_find(f->images, PATH_SIZE, request, below, train ? "train_X.bin" : "test_X.bin", err);
    if (!status)
        status =
            pd_dataset_find(f->labels, PATH_SIZE, request, below, train ? "train_y.bin" : "test_y.bin", err);
    if (!status)
        status = count_images(f->images, &f->labelled, err);
    if (!status && train &&
        !pd_dataset_find(f->unlabelled, PATH_SIZE, request, below, "unlabeled_X.bin", NULL))
        status = count_images(f->unlabelled, &f->others, err);
    return status;
}

enum pd_status pd_open_stl10(const struct pd_data_source *source, const struct pd_data_request *request,
                             struct pd_dataset *d, struct pd_error *err)
{
    static const char *const below[] = {"stl10_binary", "stl10", NULL}; /* the first as the archive unpacks */
    struct files f = {.others = 0};
    int side = 0;
    (void)source;
    enum pd_status status = pd_transform_stored_side(request, &side, err);
    if (!status)
        status = find(&f, request, below, err);
    if (!status)
        status = pd_dataset_reserve(d, (uint32_t)(f.labelled + f.others), 3, side, side, err);
    d->classes = PD_STL10_CLASSES;
    if (!status)
        status = read_labels(f.labels, (uint32_t)f.labelled, d->labels, err);
    if (!status)
        status = read_names(d, request, below, err);
    if (!status)
        status = read_images(f.images, (uint32_t)f.labelled, side, d->pixels, err);
    if (status || !f.others)
        return status;
    for (uint64_t i = f.labelled; i < d->count; i++)
        d->labels[i] = -1;
    pd_dataset_add_note(d, "with the %" PRIu64 " images of unlabeled_X.bin, without a label", f.others);
    return read_images(f.unlabelled, (uint32_t)f.others, side,
                       d->pixels + (size_t)f.labelled * pd_dataset_image_size(d), err);
}
