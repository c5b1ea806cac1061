/* Samples in files: arrays and pictures (paydirt/sample.h). */
#include "base/mem.h"
#include "base/words.h"
#include "data/readers/npz_levels.h"
#include "data/readers/npz.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/png.h"
#include "gan/gan_parts.h"
#include "gan/measure.h"
#include "gan/reject.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- arrays out --- */

enum pd_status pd_samples_write(const char *path, const struct pd_samples *s, const struct pd_gan *gan,
                                const float *logit, const float *class_logits, const double *d,
                                struct pd_error *err)
{
    const int64_t n = s->count, *dim = s->shape.dim;
    struct pd_io_array arrays[7] = {
        {"images", PD_IO_F32, s->shape.rank, {dim[0], dim[1], dim[2], dim[3]}, s->images},
        {"labels", PD_IO_I32, 1, {n}, s->labels},
    };
    size_t count = 2;
    uint32_t *names = NULL;
    int64_t width;
    enum pd_status status =
        gan && gan->classes.at ? pd_class_names_points(&gan->classes, &names, &width, err) : PD_OK;
    if (status)
        return status;
    if (s->z)
        arrays[count++] = (struct pd_io_array){"z", PD_IO_F32, 2, {n, s->z_dim}, s->z};
    if (logit)
        arrays[count++] = (struct pd_io_array){"logit", PD_IO_F32, 1, {n}, logit};
    if (class_logits)
        arrays[count++] = (struct pd_io_array){"class_logits", PD_IO_F32, 2, {n, s->classes}, class_logits};
    if (d)
        arrays[count++] = (struct pd_io_array){"d", PD_IO_F64, 1, {n}, d};
    if (names)
        arrays[count++] = (struct pd_io_array){"classes", PD_IO_TEXT, 2, {gan->classes.count, width}, names};
    status = pd_npz_write(path, arrays, count, false, err);
    pd_free(names);
    return status;
}

/* --- arrays in --- */

/* The array of that name, to be closed; *array: what it says of itself. */
static enum pd_status open_array(const char *path, struct pd_npy *file, const char *name, bool text,
                                 struct pd_npy_stream **out, struct pd_error *err)
{
    const int64_t at = pd_npy_locate(file, name);
    *out = NULL;
    if (at < 0)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no array '%s'", path, name);
    return (text ? pd_npy_stream_open_text : pd_npy_stream_open)(file, (size_t)at, out, err);
}

static bool fits(const struct pd_io_array *a, const struct pd_shape *shape)
{
    return a->dtype == PD_IO_F32 && a->rank == shape->rank &&
           !memcmp(a->dims + 1, shape->dim + 1, (size_t)(shape->rank - 1) * sizeof shape->dim[0]);
}

static enum pd_status fail_images(const char *path, const struct pd_io_array *images,
                                  const struct pd_shape *shape, struct pd_error *err)
{
    char got[96], expected[96];
    struct pd_shape wanted = *shape;
    wanted.dim[0] = images->rank ? images->dims[0] : 0;
    pd_io_shape_text(got, sizeof got, images->rank, images->dims);
    pd_io_shape_text(expected, sizeof expected, wanted.rank, wanted.dim);
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: images are %s %s, expected float32 %s for this run", path,
                   pd_io_dtype_words(images->dtype), got, expected);
}

#define BEYOND 1.01F /* rounding included */

/* What pd_samples_write wrote may be pale. */
static enum pd_status check_own(const char *path, const struct pd_samples *s, struct pd_error *err)
{
    const int64_t floats = pd_shape_count(s->shape);
    for (int64_t i = 0; i < floats; i++)
        if (!(fabsf(s->images[i]) <= BEYOND))
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: image %lld has a number %g, expected -1 to 1", path,
                           (long long)(i / (floats / s->count)), (double)s->images[i]);
    return PD_OK;
}

static bool has_negative(const struct pd_samples *s, int64_t count)
{
    int64_t i = 0;
    while (s->images && i < count && s->images[i] >= 1 - BEYOND)
        i++;
    return s->images && i < count;
}

/* Floats as they are where they are within [-1, 1]. Points lie anywhere. */
static enum pd_status read_floats(const char *path, struct pd_npy_stream *images, bool own,
                                  enum pd_pixel_scale like, struct pd_samples *s, struct pd_dataset *d,
                                  struct pd_error *err)
{
    const int64_t count = pd_io_array_count(pd_npy_stream_array(images));
    const struct pd_levels_like run = {like, "the run's", false};
    enum pd_status status = PD_OK;
    if (s->shape.rank > 2 && !own)
        status = pd_levels_find(images, NULL, &run, d, err);
    if (!status)
        status = pd_npy_stream_rewind(images, err);
    s->images = status ? NULL : pd_calloc((size_t)count, sizeof *s->images);
    if (!status)
        status = s->images ? pd_npy_stream_read(images, s->images, count, err) : pd_fail_memory(err, path);
    if (!status && s->shape.rank > 2 && own)
        status = check_own(path, s, err);
    const struct pd_pixel_facts *scale = pd_pixel_scale_at(d->scale);
    if (d->scale == PD_PIXELS_SIGNED && has_negative(s, count))
        d->note[0] = '\0'; /* nothing that needs a line */
    else if (scale && d->scale != PD_PIXELS_SIGNED)
        for (int64_t i = 0; !status && i < count; i++)
            s->images[i] = (float)(s->images[i] / scale->white * 2 - 1);
    return status;
}

/* (N) whole numbers of any type. */
static enum pd_status read_labels(const char *path, struct pd_npy *file, struct pd_samples *s,
                                  struct pd_error *err)
{
    struct pd_npy_stream *stream;
    struct pd_values *values = NULL;
    char got[96];
    enum pd_status status = open_array(path, file, "labels", false, &stream, err);
    if (status)
        return status;
    const struct pd_io_array *a = pd_npy_stream_array(stream);
    pd_io_shape_text(got, sizeof got, a->rank, a->dims);
    if (a->rank != 1 || a->dims[0] != s->count || pd_io_dtype_is_float(a->dtype))
        status = pd_fail(err, PD_ERR_MISMATCH, -1,
                         "%s: labels are %s %s, expected whole numbers (%lld), as many as images", path,
                         pd_io_dtype_words(a->dtype), got, (long long)s->count);
    if (!status)
        status = pd_values_create(stream, &values, err);
    s->labels = status ? NULL : pd_calloc((size_t)s->count, sizeof *s->labels);
    if (!status && !s->labels)
        status = pd_fail_memory(err, path);
    for (int64_t at = 0, n = 1; !status && n; at += n) {
        status = pd_values_next(values, &n, err);
        for (int64_t i = 0; !status && i < n; i++) /* out of range: INT32_MAX, which no class is */
            s->labels[at + i] = fabs(values->value[i]) < INT32_MAX ? (int32_t)values->value[i] : INT32_MAX;
    }
    pd_free(values);
    pd_npy_stream_close(stream);
    return status;
}

/* As a data set's: bytes, (N, H, W, C) and others. */
static enum pd_status read_as_data(const char *path, struct pd_npy *file, enum pd_pixel_scale like,
                                   struct pd_samples *s, struct pd_dataset *d, struct pd_error *err)
{
    const int64_t *dim = s->shape.dim;
    struct pd_real_images images = {NULL, NULL, 0};
    enum pd_status status = pd_npz_take(file, path, PD_SPLIT_TRAIN, like, d, err);
    if (!status && (d->channels != dim[1] || d->height != dim[2] || d->width != dim[3]))
        status = pd_fail(err, PD_ERR_MISMATCH, -1,
                         "%s: images of %d x %d x %d, expected %d x %d x %d for this run", path, d->channels,
                         d->height, d->width, (int)dim[1], (int)dim[2], (int)dim[3]);
    if (!status)
        status = pd_real_images_take(d, NULL, d->count, d->height, &images, err);
    s->images = images.images;
    s->labels = images.labels;
    s->count = s->shape.dim[0] = images.count;
    return status;
}

static enum pd_status read_images(const char *path, struct pd_npy *file, enum pd_pixel_scale like,
                                  struct pd_samples *s, struct pd_dataset *d, struct pd_error *err)
{
    struct pd_npy_stream *images = NULL;
    enum pd_status status = PD_OK;
    if (pd_npy_locate(file, "images") >= 0 || s->shape.rank == 2)
        status = open_array(path, file, "images", false, &images, err);
    if (status)
        return status;
    const struct pd_io_array *a = images ? pd_npy_stream_array(images) : NULL;
    if (a && a->rank && !a->dims[0])
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s: there are no images in it", path);
    else if (a && fits(a, &s->shape)) {
        s->count = s->shape.dim[0] = a->dims[0];
        status = read_floats(path, images, pd_npy_locate(file, "z") >= 0, like, s, d, err);
        if (!status)
            status = read_labels(path, file, s, err);
    } else if (a && (s->shape.rank == 2 ||
                     (a->dtype == PD_IO_F32 && a->rank == 4 && a->dims[1] == s->shape.dim[1])))
        status = fail_images(path, a, &s->shape, err);
    else
        status = read_as_data(path, file, like, s, d, err);
    pd_npy_stream_close(images);
    return status;
}

static enum pd_status check_labels(const char *path, const struct pd_samples *s, int classes,
                                   struct pd_error *err)
{
    for (int64_t i = 0; i < s->count; i++)
        if (s->labels[i] < 0 || s->labels[i] >= classes)
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: label %lld is %d, expected 0 to %d", path,
                           (long long)i, (int)s->labels[i], classes - 1);
    return PD_OK;
}

/* --- whose classes they are --- */

static enum pd_status read_names(const char *path, struct pd_npy *file, struct pd_class_names *out,
                                 struct pd_error *err)
{
    struct pd_npy_stream *stream;
    uint32_t *points = NULL;
    enum pd_status status = open_array(path, file, "classes", true, &stream, err);
    if (status)
        return status;
    const struct pd_io_array *a = pd_npy_stream_array(stream);
    const int64_t count = pd_io_array_count(a);
    if (a->dtype != PD_IO_TEXT || a->rank != 2 || a->dims[0] < 1 || a->dims[0] > 10000)
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s: classes: expected text, a name for each class", path);
    if (!status && !(points = pd_calloc((size_t)count + 1, sizeof *points)))
        status = pd_fail_memory(err, path);
    if (!status)
        status = pd_npy_stream_read(stream, points, count, err);
    if (!status)
        status = pd_class_names_of_points(points, (int)a->dims[0], a->dims[1], path, out, err);
    pd_free(points);
    pd_npy_stream_close(stream);
    return status;
}

/* Labels become the gan's, by the names in the file or else by number. */
static enum pd_status take_classes(const char *path, struct pd_npy *file, const struct pd_gan *gan,
                                   struct pd_samples *s, struct pd_dataset *d, struct pd_error *err)
{
    struct pd_class_names names = {gan->config.classes, NULL};
    const bool named = pd_npy_locate(file, "classes") >= 0;
    enum pd_status status = named ? read_names(path, file, &names, err) : PD_OK;
    if (!status)
        status = check_labels(path, s, names.count, err);
    if (!status && named) {
        const struct pd_class_names unnamed = {gan->config.classes, NULL};
        struct pd_dataset of = {.count = (uint32_t)s->count, .labels = s->labels};
        memcpy(of.name, d->name, sizeof of.name);
        of.classes = names.count;
        of.class_names = names.at;
        status = pd_class_names_adopt(gan->classes.at ? &gan->classes : &unnamed, false, &of, err);
        names.at = of.class_names; /* the gan's by now */
        snprintf(d->note + strlen(d->note), sizeof d->note - strlen(d->note), "%s", of.note);
    } else if (!status && gan->classes.at)
        pd_dataset_add_note(d,
                            "no array 'classes' with names: labels are taken for the run's classes by their "
                            "places, 0 for '%s'",
                            gan->classes.at[0]);
    pd_class_names_release(&names);
    return status;
}

enum pd_status pd_samples_read(const char *path, const struct pd_gan *gan, struct pd_samples *out,
                               char note[PD_NOTE_SIZE], struct pd_error *err)
{
    struct pd_npy *file;
    struct pd_dataset *d;
    *note = '\0';
    *out = (struct pd_samples){
        .classes = gan->config.classes, .z_dim = gan->config.z_dim, .shape = pd_gan_image_shape(gan, 0)};
    enum pd_status status = pd_npy_open(path, &file, err);
    if (status)
        return status;
    d = pd_calloc(1, sizeof *d);
    if (!d)
        status = pd_fail_memory(err, path);
    else
        pd_path_word(d->name, sizeof d->name, path);
    if (!status)
        status = read_images(path, file, gan->scale, out, d, err);
    if (!status)
        status = take_classes(path, file, gan, out, d, err);
    if (d)
        memcpy(note, d->note, PD_NOTE_SIZE);
    pd_dataset_destroy(d);
    pd_npy_destroy(file);
    if (status)
        pd_samples_release(out);
    return status;
}

/* --- pictures --- */

static struct pd_points points_of(const struct pd_dataset *real)
{
    return real ? (struct pd_points){real->points, real->points ? real->count : 0}
                : (struct pd_points){NULL, 0};
}

enum pd_status pd_samples_draw(const char *path, const struct pd_samples *s, const struct pd_gan *gan,
                               const struct pd_dataset *real, struct pd_error *err)
{
    const struct pd_points points = points_of(real);
    struct pd_buffer png = PD_BUFFER_INIT;
    return pd_png_write(path, pd_samples_picture(s, &gan->classes, &points, &png, err), &png, err);
}

enum pd_status pd_rejection_draw(const char *path, const struct pd_rejection *r, const struct pd_gan *gan,
                                 const struct pd_dataset *real, struct pd_error *err)
{
    const struct pd_points points = points_of(real);
    struct pd_buffer png = PD_BUFFER_INIT;
    return pd_png_write(path, pd_rejection_encode(r, &gan->classes, &points, &png, err), &png, err);
}
