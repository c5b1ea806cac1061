/* Samples in files: arrays and pictures (paydirt/sample.h). */
#include "base/mem.h"
#include "data/dataset.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/png.h"
#include "gan/gan_parts.h"
#include "gan/reject.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- arrays out --- */

enum pd_status pd_samples_write(const char *path, const struct pd_samples *s, const float *logit,
                                const float *class_logits, const double *d, struct pd_error *err)
{
    const int64_t n = s->count, *dim = s->shape.dim;
    struct pd_io_array arrays[6] = {
        {"images", PD_IO_F32, s->shape.rank, {dim[0], dim[1], dim[2], dim[3]}, s->images},
        {"labels", PD_IO_I32, 1, {n}, s->labels},
    };
    size_t count = 2;
    if (s->z)
        arrays[count++] = (struct pd_io_array){"z", PD_IO_F32, 2, {n, s->z_dim}, s->z};
    if (logit)
        arrays[count++] = (struct pd_io_array){"logit", PD_IO_F32, 1, {n}, logit};
    if (class_logits)
        arrays[count++] = (struct pd_io_array){"class_logits", PD_IO_F32, 2, {n, s->classes}, class_logits};
    if (d)
        arrays[count++] = (struct pd_io_array){"d", PD_IO_F64, 1, {n}, d};
    return pd_npz_write(path, arrays, count, false, err);
}

/* --- arrays in --- */

static enum pd_status check_images(const char *path, const struct pd_io_array *images,
                                   const struct pd_shape *shape, struct pd_error *err)
{
    char got[96], expected[96];
    if (images->dtype == PD_IO_F32 && images->rank == shape->rank && images->dims[0] > 0 &&
        !memcmp(images->dims + 1, shape->dim + 1, (size_t)(shape->rank - 1) * sizeof shape->dim[0]))
        return PD_OK;
    int64_t wanted[PD_MAX_RANK];
    memcpy(wanted, shape->dim, sizeof wanted);
    wanted[0] = images->rank ? images->dims[0] : 0;
    pd_io_shape_text(got, sizeof got, images->rank, images->dims);
    pd_io_shape_text(expected, sizeof expected, shape->rank, wanted);
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: images are %s %s, expected float32 %s for this run", path,
                   pd_io_dtype_words(images->dtype), got, expected);
}

static enum pd_status check_labels(const char *path, const struct pd_io_array *labels,
                                   const struct pd_shape *shape, struct pd_error *err)
{
    const int64_t n = shape->dim[0];
    return labels->dtype == PD_IO_I32 && labels->rank == 1 && labels->dims[0] == n
               ? PD_OK
               : pd_fail(err, PD_ERR_MISMATCH, -1, "%s: labels must be int32 (%lld), as many as images", path,
                         (long long)n);
}

#define BEYOND 1.01F /* rounding included */

/* own: what pd_samples_write wrote, which may be pale. */
static enum pd_status check_range(const char *path, const struct pd_samples *s, bool own,
                                  struct pd_error *err)
{
    const int64_t floats = s->shape.rank > 2 ? pd_shape_count(s->shape) : 0; /* points lie anywhere */
    bool negative = false;
    for (int64_t i = 0; i < floats; i++) {
        negative = negative || s->images[i] < 0;
        if (!(fabsf(s->images[i]) <= BEYOND))
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: image %lld has a number %g, expected -1 to 1", path,
                           (long long)(i / (floats / s->count)), (double)s->images[i]);
    }
    if (floats && !negative && !own)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: no number of its images is below 0, as within [0, 1]: expected -1 to 1, 2 x - 1",
                       path);
    for (int64_t i = 0; i < s->count; i++)
        if (s->labels[i] < 0 || s->labels[i] >= s->classes)
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: label %lld is %d, expected 0 to %d", path,
                           (long long)i, (int)s->labels[i], s->classes - 1);
    return PD_OK;
}

/* The array of that name, (*count) elements of four bytes, to be freed; its type and shape are compared
 * before anything is unpacked. */
static enum pd_status load(const char *path, struct pd_npy *file, const char *name,
                           enum pd_status (*check)(const char *, const struct pd_io_array *,
                                                   const struct pd_shape *, struct pd_error *),
                           const struct pd_shape *shape, void **out, int64_t *rows, struct pd_error *err)
{
    struct pd_npy_stream *stream;
    const int64_t at = pd_npy_locate(file, name);
    if (at < 0)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no array '%s'", path, name);
    enum pd_status status = pd_npy_stream_open(file, (size_t)at, &stream, err);
    if (status)
        return status;
    const struct pd_io_array *array = pd_npy_stream_array(stream);
    status = check(path, array, shape, err);
    if (!status) {
        const int64_t count = pd_io_array_count(array);
        *rows = array->dims[0];
        *out = pd_calloc((size_t)count, pd_io_dtype_size(array->dtype));
        status = *out ? pd_npy_stream_read(stream, *out, count, err) : pd_fail_memory(err, path);
    }
    pd_npy_stream_close(stream);
    return status;
}

static enum pd_status read_arrays(const char *path, struct pd_npy *file, struct pd_samples *s,
                                  struct pd_error *err)
{
    void *images = NULL, *labels = NULL;
    int64_t rows = 0;
    enum pd_status status = load(path, file, "images", check_images, &s->shape, &images, &rows, err);
    s->images = images;
    if (status)
        return status;
    s->count = s->shape.dim[0] = rows;
    status = load(path, file, "labels", check_labels, &s->shape, &labels, &rows, err);
    s->labels = labels;
    return status ? status : check_range(path, s, pd_npy_locate(file, "z") >= 0, err);
}

enum pd_status pd_samples_read(const char *path, const struct pd_gan *gan, struct pd_samples *out,
                               struct pd_error *err)
{
    struct pd_npy *file;
    *out = (struct pd_samples){
        .classes = gan->config.classes, .z_dim = gan->config.z_dim, .shape = pd_gan_image_shape(gan, 0)};
    enum pd_status status = pd_npy_open(path, &file, err);
    if (status)
        return status;
    status = read_arrays(path, file, out, err);
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
