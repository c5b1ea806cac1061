/* Data sets of the caller's memory, and what other programs see of any. */
#include "data/dataset.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/labels/class_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum pd_status check_shape(const struct pd_data_arrays *a, struct pd_error *err)
{
    const bool points = a->channels == 2 && a->height == 1 && a->width == 1;
    if (a->n < 1 || a->n > UINT32_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld images, expected 1 to %u", (long long)a->n, UINT32_MAX);
    if (!points && a->channels != 1 && a->channels != 3)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "images of %d x %d x %d, expected 1 or 3 channels (points: 2 x 1 x 1)", a->channels,
                       a->height, a->width);
    if (a->height < 1 || a->width < 1)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "images of %d x %d x %d, expected a height and a width of 1 or more", a->channels,
                       a->height, a->width);
    if (!a->u8 == !a->f32 || (points && !a->f32))
        return pd_fail(err, PD_ERR_USAGE, -1, "expected one of u8 and f32%s", points ? "; points: f32" : "");
    if (a->classes < 1 || a->classes > PD_MOST_CLASSES)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d classes, expected 1 to %d", a->classes, PD_MOST_CLASSES);
    return PD_OK;
}

static enum pd_status take_labels(const struct pd_data_arrays *a, struct pd_dataset *d, struct pd_error *err)
{
    for (uint32_t i = 0; i < d->count; i++) {
        d->labels[i] = a->labels ? a->labels[i] : -1;
        if (d->labels[i] < -1 || d->labels[i] >= a->classes)
            return pd_fail(err, PD_ERR_USAGE, -1, "row %u: label %d, expected -1 to %d", i, d->labels[i],
                           a->classes - 1);
    }
    return PD_OK;
}

static enum pd_status take_points(const struct pd_data_arrays *a, struct pd_dataset *d, struct pd_error *err)
{
    for (size_t i = 0; i < 2 * (size_t)d->count; i++) {
        d->points[i] = a->f32[i];
        if (!isfinite(a->f32[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %zu: %g, expected a finite number", i / 2,
                           (double)a->f32[i]);
    }
    return PD_OK;
}

static enum pd_status take_floats(const struct pd_data_arrays *a, struct pd_dataset *d, struct pd_error *err)
{
    const size_t size = pd_dataset_image_size(d), n = d->count * size;
    float least = 1;
    for (size_t i = 0; i < n; i++) {
        if (!(a->f32[i] >= -1 && a->f32[i] <= 1))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %zu: a pixel of %g, expected -1 to 1", i / size,
                           (double)a->f32[i]);
        d->pixels[i] = (uint8_t)lrintf((a->f32[i] + 1) * 127.5F);
        least = fminf(least, a->f32[i]);
    }
    if (least >= 0)
        pd_dataset_add_note(d, "no pixel is below 0, the middle grey: if 0 is black, 2 x - 1 is expected");
    return PD_OK;
}

static enum pd_status take_images(const struct pd_data_arrays *a, struct pd_dataset *d, struct pd_error *err)
{
    if (d->points)
        return take_points(a, d, err);
    d->scale = a->f32 ? PD_PIXELS_SIGNED : pd_pixel_scale_at(a->scale) ? a->scale : PD_PIXELS_BYTES;
    if (a->f32)
        return take_floats(a, d, err);
    memcpy(d->pixels, a->u8, d->count * pd_dataset_image_size(d));
    return PD_OK;
}

/* What may stand in a file and on a terminal, and tells the classes apart. */
static enum pd_status check_names(const char *const *names, int classes, struct pd_error *err)
{
    for (int k = 0; k < classes; k++) {
        size_t n = 0, step = 1;
        for (; names[k] && names[k][n] && step; n += step)
            step = pd_printable_letter(names[k] + n);
        if (!n || !step || n >= PD_CLASS_NAME_SIZE)
            return pd_fail(err, PD_ERR_USAGE, -1, "class %d: its name is no printable UTF-8 of 1 to %d bytes",
                           k, PD_CLASS_NAME_SIZE - 1);
        const int other = pd_word_at(names[k], names, (size_t)k, sizeof names[0]);
        if (other >= 0)
            return pd_fail(err, PD_ERR_USAGE, -1, "classes %d and %d are both called '%s'", other, k,
                           names[k]);
    }
    return PD_OK;
}

/* Cuts the list at its commas. names: NULL, or room for as many as it returns. */
static int cut_names(char *list, const char **names)
{
    int n = 0;
    for (char *at = list; at;) {
        char *comma = strchr(at, ',');
        if (names) {
            names[n] = at;
            if (comma)
                *comma = '\0';
        }
        n++;
        at = comma ? comma + 1 : NULL;
    }
    return n;
}

enum pd_status pd_dataset_name_classes_by(struct pd_dataset *d, const char *list, struct pd_error *err)
{
    const size_t size = strlen(list) + 1;
    char *text = pd_malloc(size);
    const char **names = text ? pd_calloc(size, sizeof *names) : NULL;
    enum pd_status status = PD_OK;
    if (!names)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of classes");
    const int count = names ? cut_names(memcpy(text, list, size), NULL) : 0;
    if (!status && (count < d->classes || count > PD_MOST_CLASSES))
        status =
            pd_hint(err,
                    pd_fail(err, PD_ERR_USAGE, -1, "%d names of classes, expected %d or more, by the labels",
                            count, d->classes),
                    "classes");
    if (!status) {
        cut_names(text, names);
        status = check_names(names, count, err);
    }
    if (!status)
        status = pd_dataset_name_classes(d, names, count, err);
    if (!status)
        d->classes = count;
    pd_free(names);
    pd_free(text);
    return status;
}

enum pd_status pd_dataset_from_arrays(const struct pd_data_arrays *a, struct pd_dataset **out,
                                      struct pd_error *err)
{
    const bool points = a->channels == 2;
    *out = NULL;
    enum pd_status status = check_shape(a, err);
    if (status)
        return status;
    struct pd_dataset *d = pd_calloc(1, sizeof *d);
    if (!d)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld images", (long long)a->n);
    snprintf(d->name, sizeof d->name, "%s", PD_DATA_IN_MEMORY);
    status = pd_dataset_reserve(d, (uint32_t)a->n, a->channels, points ? 0 : a->height, a->width, err);
    d->classes = a->classes;
    if (!status)
        status = take_labels(a, d, err);
    if (!status)
        status = take_images(a, d, err);
    if (!status && a->class_names)
        status = check_names(a->class_names, a->classes, err);
    if (!status && a->class_names)
        status = pd_dataset_name_classes(d, a->class_names, a->classes, err);
    if (!status && a->class_names)
        status = pd_class_words_note(d->name, (const char(*)[PD_CLASS_NAME_SIZE])d->class_names, d->classes,
                                     d->note, err);
    if (status)
        pd_dataset_destroy(d);
    else
        *out = d;
    return status;
}

static enum pd_status check_range(const struct pd_dataset *d, int64_t first, int64_t n, bool points,
                                  struct pd_error *err)
{
    if (points != (d->points != NULL))
        return pd_fail(err, PD_ERR_USAGE, -1, "data set '%s' holds %s, not %s", d->name,
                       points ? "images" : "points", points ? "points" : "images");
    return first >= 0 && n >= 0 && n <= d->count && first <= d->count - n
               ? PD_OK
               : pd_fail(err, PD_ERR_USAGE, -1, "rows %lld and %lld more: data set '%s' has %u",
                         (long long)first, (long long)n, d->name, d->count);
}

enum pd_status pd_dataset_pixels(const struct pd_dataset *d, int64_t first, int64_t n, uint8_t *pixels,
                                 struct pd_error *err)
{
    const size_t size = pd_dataset_image_size(d);
    enum pd_status status = check_range(d, first, n, false, err);
    for (int64_t i = 0; i < n && !status; i++)
        memcpy(pixels + (size_t)i * size, pd_dataset_image(d, (uint32_t)(first + i)), size);
    return status;
}

enum pd_status pd_dataset_points(const struct pd_dataset *d, int64_t first, int64_t n, float *points,
                                 struct pd_error *err)
{
    enum pd_status status = check_range(d, first, n, true, err);
    if (!status && n)
        memcpy(points, d->points + 2 * first, (size_t)n * 2 * sizeof *points);
    return status;
}

int64_t pd_dataset_count(const struct pd_dataset *d)
{
    return d->count;
}

int pd_dataset_classes(const struct pd_dataset *d)
{
    return d->classes;
}

const char *pd_dataset_note(const struct pd_dataset *d)
{
    return d->note;
}

const char *pd_dataset_name(const struct pd_dataset *d)
{
    return d->name;
}

void pd_dataset_shape(const struct pd_dataset *d, int *channels, int *height, int *width)
{
    *channels = d->channels;
    *height = d->height;
    *width = d->width;
}

bool pd_dataset_is_points(const struct pd_dataset *d)
{
    return d->points != NULL;
}

enum pd_pixel_scale pd_dataset_pixel_scale(const struct pd_dataset *d)
{
    return d->scale;
}

const int32_t *pd_dataset_labels(const struct pd_dataset *d)
{
    return d->labels;
}
