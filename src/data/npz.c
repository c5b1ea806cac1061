/* One .npz file of images and labels. */
#include "data/npz.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/readers.h"
#include "io/npy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE_MIN = 4, SIDE_MAX = 4096, LABEL_MAX = 9999 };

/* --- which arrays --- */

/* Names that people and their tools give. */
static const struct layout {
    const char *images[2], *labels[2]; /* by split; NULL: it has none */
} layouts[] = {
    {{"train_images", "test_images"}, {"train_labels", "test_labels"}},
    {{"x_train", "x_test"}, {"y_train", "y_test"}},
    {{"images", NULL}, {"labels", NULL}},
};

struct file {
    const struct pd_io_array *arrays;
    size_t count;
    const char *name;
};

static const struct pd_io_array *find(const struct file *f, const char *name)
{
    for (size_t i = 0; name && i < f->count; i++)
        if (!strcmp(f->arrays[i].name, name))
            return &f->arrays[i];
    return NULL;
}

static const struct layout *find_layout(const struct file *f)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (find(f, layouts[i].images[PD_SPLIT_TRAIN]) || find(f, layouts[i].images[PD_SPLIT_TEST]))
            return &layouts[i];
    return NULL;
}

/* --- images --- */

struct shape {
    int64_t channels, height, width;
    int64_t step; /* elements from one pixel of a channel to the next */
};

static bool is_channels(int64_t n)
{
    return n == 1 || n == 3;
}

static bool is_side(int64_t n)
{
    return n >= SIDE_MIN && n <= SIDE_MAX;
}

/* The sides are at least 4, so it is plain which dimension is the channels. */
static enum pd_status read_shape(const struct pd_io_array *a, const char *name, struct shape *s,
                                 struct pd_error *err)
{
    const int64_t *n = a->dims;
    char text[128];
    *s = (struct shape){0};
    if (a->rank == 3)
        *s = (struct shape){1, n[1], n[2], 1};
    else if (a->rank == 4 && is_channels(n[1]))
        *s = (struct shape){n[1], n[2], n[3], 1};
    else if (a->rank == 4 && is_channels(n[3]))
        *s = (struct shape){n[3], n[1], n[2], n[3]};
    if (is_side(s->height) && is_side(s->width) && n[0] >= 1 && n[0] <= UINT32_MAX)
        return PD_OK;
    pd_io_shape_text(text, sizeof text, a->rank, n);
    return pd_fail(
        err, PD_ERR_UNSUPPORTED, -1,
        "'%s': %s of shape %s, expected (N, H, W), (N, H, W, C) or (N, C, H, W), C 1 or 3, sides %d to %d",
        name, a->name, text, SIDE_MIN, SIDE_MAX);
}

static double value_of(const struct pd_io_array *a, int64_t i)
{
    return a->dtype == PD_IO_U8    ? ((const uint8_t *)a->data)[i]
           : a->dtype == PD_IO_F32 ? (double)((const float *)a->data)[i]
                                   : ((const double *)a->data)[i];
}

/* A value is a level after (value + shift) * scale. */
struct levels {
    double shift, scale;
};

static enum pd_status find_levels(const struct pd_io_array *a, const char *name, struct levels *l,
                                  struct pd_error *err)
{
    const int64_t count = pd_io_array_count(a);
    bool negative = false;
    *l = (struct levels){0, 1};
    if (a->dtype == PD_IO_U8)
        return PD_OK;
    if (a->dtype != PD_IO_F32 && a->dtype != PD_IO_F64)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "'%s': %s of type %s, expected uint8, float32 or float64",
                       name, a->name, pd_io_dtype_numpy(a->dtype));
    for (int64_t i = 0; i < count; i++) {
        const double v = value_of(a, i);
        if (!(v >= -1 && v <= 1))
            return pd_fail(err, PD_ERR_FORMAT, -1,
                           "'%s': element %" PRId64 " of %s is %g, expected floats within [-1, 1] or [0, 1]",
                           name, i, a->name, v);
        negative = negative || v < 0;
    }
    *l = negative ? (struct levels){1, 127.5} : (struct levels){0, 255};
    return PD_OK;
}

static void copy_images(const struct pd_io_array *a, const struct shape *s, struct levels l,
                        struct pd_dataset *d)
{
    const int64_t area = s->height * s->width;
    uint8_t *to = d->pixels;
    for (int64_t n = 0; n < d->count; n++)
        for (int64_t c = 0; c < s->channels; c++) {
            const int64_t first = n * s->channels * area + (s->step == 1 ? c * area : c);
            for (int64_t i = 0; i < area; i++)
                *to++ = (uint8_t)lrint((value_of(a, first + i * s->step) + l.shift) * l.scale);
        }
}

static enum pd_status take_images(const struct pd_io_array *a, const char *name, struct pd_dataset *d,
                                  struct pd_error *err)
{
    struct shape s;
    struct levels l;
    enum pd_status status = read_shape(a, name, &s, err);
    if (!status)
        status = find_levels(a, name, &l, err);
    if (!status)
        status =
            pd_dataset_reserve(d, (uint32_t)a->dims[0], (int)s.channels, (int)s.height, (int)s.width, err);
    if (!status)
        copy_images(a, &s, l, d);
    return status;
}

/* --- labels --- */

static int64_t label_of(const struct pd_io_array *a, int64_t i)
{
    return a->dtype == PD_IO_U8    ? ((const uint8_t *)a->data)[i]
           : a->dtype == PD_IO_I32 ? ((const int32_t *)a->data)[i]
                                   : ((const int64_t *)a->data)[i];
}

/* Both splits' labels say how many classes there are. */
static enum pd_status check_labels(const struct pd_io_array *a, const char *name, int *classes,
                                   struct pd_error *err)
{
    if (a->dtype != PD_IO_U8 && a->dtype != PD_IO_I32 && a->dtype != PD_IO_I64)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "'%s': %s of type %s, expected uint8, int32 or int64",
                       name, a->name, pd_io_dtype_numpy(a->dtype));
    if (a->rank < 1 || a->rank > 2 || (a->rank == 2 && a->dims[1] != 1)) {
        char text[128];
        pd_io_shape_text(text, sizeof text, a->rank, a->dims);
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "'%s': %s of shape %s, expected (N) or (N, 1)", name,
                       a->name, text);
    }
    for (int64_t i = 0; i < a->dims[0]; i++) {
        const int64_t label = label_of(a, i);
        if (label < -1 || label > LABEL_MAX)
            return pd_fail(err, PD_ERR_FORMAT, -1,
                           "'%s': element %" PRId64 " of %s is %" PRId64 ", expected 0 to %d, or -1", name, i,
                           a->name, label, LABEL_MAX);
        if (label >= *classes)
            *classes = (int)label + 1;
    }
    return PD_OK;
}

static enum pd_status take_labels(const struct file *f, const struct layout *layout, enum pd_split split,
                                  struct pd_dataset *d, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; !status && i < 2; i++) {
        const struct pd_io_array *either = find(f, layout->labels[i]);
        status = either ? check_labels(either, f->name, &d->classes, err) : PD_OK;
    }
    const struct pd_io_array *a = find(f, layout->labels[split]);
    if (!status && a && a->dims[0] != d->count)
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "'%s': %" PRId64 " %s, expected %u, one for each image",
                         f->name, a->dims[0], a->name, d->count);
    for (int64_t i = 0; !status && i < d->count; i++)
        d->labels[i] = a ? (int32_t)label_of(a, i) : -1;
    return status;
}

/* --- all --- */

enum pd_status pd_npz_take(const struct pd_io_array *arrays, size_t n, const char *name, enum pd_split split,
                           struct pd_dataset *d, struct pd_error *err)
{
    const struct file f = {arrays, n, name};
    const struct layout *layout = find_layout(&f);
    if (!layout)
        return pd_fail(err, PD_ERR_FORMAT, -1, "'%s': no array train_images, x_train or images in it", name);
    const struct pd_io_array *images = find(&f, layout->images[split]);
    if (!images)
        return pd_fail(err, PD_ERR_IO, -1, "'%s' has no %s split: that would be an array %s", name,
                       split == PD_SPLIT_TEST ? "test" : "training",
                       layout->images[split] ? layout->images[split] : "test_images, beside train_images");
    enum pd_status status = take_images(images, name, d, err);
    return status ? status : take_labels(&f, layout, split, d, err);
}

enum pd_status pd_open_npz(const struct pd_data_source *source, const struct pd_data_request *request,
                           struct pd_dataset *d, struct pd_error *err)
{
    const char *path = strcmp(request->name, source->name) ? request->name : request->dir;
    struct pd_npy *npy;
    if (!path)
        return pd_fail(err, PD_ERR_USAGE, -1, "data set 'npz': give the file with --data-dir, or as --data");
    enum pd_status status = pd_npy_open(path, &npy, err);
    if (status)
        return status;
    const size_t n = pd_npy_count(npy);
    struct pd_io_array *arrays = pd_calloc(n + 1, sizeof *arrays);
    for (size_t i = 0; arrays && i < n; i++)
        arrays[i] = *pd_npy_at(npy, i);
    pd_path_word(d->name, sizeof d->name, path);
    status = arrays ? pd_npz_take(arrays, n, path, request->split, d, err)
                    : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", path);
    pd_free(arrays);
    pd_npy_destroy(npy);
    return status;
}
