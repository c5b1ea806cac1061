/* One .npz file of images and labels. */
#include "data/readers/npz.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/labels/class_words.h"
#include "data/digest.h"
#include "data/readers/npz_beyond.h"
#include "data/readers/npz_levels.h"
#include "data/readers/readers.h"
#include "io/file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE_MIN = 4, SIDE_MAX = 4096, LABEL_MAX = 9999, MANY_BITS = 16 };

/* --- which arrays --- */

/* Names that people and their tools give. */
static const struct layout {
    const char *images[2], *labels[2]; /* by split; NULL: it has none */
} layouts[] = {
    {{"train_images", "test_images"}, {"train_labels", "test_labels"}},
    {{"x_train", "x_test"}, {"y_train", "y_test"}},
    {{"images", NULL}, {"labels", NULL}},
    {{"arr_0", NULL}, {"arr_1", NULL}}, /* numpy.savez without names */
};

/* The file's arrays, open but not read; by split, NULL where there is none. */
struct file {
    struct pd_npy *npy;
    const char *name;
    const struct layout *layout;
    struct pd_npy_stream *images[2], *labels[2];
};

static bool has(const struct pd_npy *npy, const char *name)
{
    return name && pd_npy_locate(npy, name) >= 0;
}

static const struct layout *find_layout(const struct pd_npy *npy)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (has(npy, layouts[i].images[PD_SPLIT_TRAIN]) || has(npy, layouts[i].images[PD_SPLIT_TEST]))
            return &layouts[i];
    return NULL;
}

static enum pd_status open_stream(const struct file *f, const char *name, struct pd_npy_stream **out,
                                  struct pd_error *err)
{
    return has(f->npy, name) ? pd_npy_stream_open(f->npy, (size_t)pd_npy_locate(f->npy, name), out, err)
                             : PD_OK;
}

static enum pd_status open_streams(struct file *f, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; i < 2 && !status; i++) {
        status = open_stream(f, f->layout->images[i], &f->images[i], err);
        if (!status)
            status = open_stream(f, f->layout->labels[i], &f->labels[i], err);
    }
    return status;
}

static void close_split(struct file *f, enum pd_split split)
{
    pd_npy_stream_close(f->images[split]);
    pd_npy_stream_close(f->labels[split]);
    f->images[split] = f->labels[split] = NULL;
}

/* A test split without images is none. */
static enum pd_status check_empty(struct file *f, enum pd_split split, struct pd_dataset *d,
                                  struct pd_error *err)
{
    const struct pd_npy_stream *test = f->images[PD_SPLIT_TEST];
    if (!test || pd_npy_stream_array(test)->dims[0])
        return PD_OK;
    if (split == PD_SPLIT_TEST)
        return pd_fail(err, PD_ERR_IO, -1, "%s: no image in it", pd_npy_stream_name(test));
    pd_dataset_add_note(d, "no image in %s: no test split", f->layout->images[PD_SPLIT_TEST]);
    close_split(f, PD_SPLIT_TEST);
    return PD_OK;
}

static void close_streams(struct file *f)
{
    for (int i = 0; i < 2; i++)
        close_split(f, (enum pd_split)i);
}

/* "images, x": the names of all arrays. */
static const char *list_names(const struct pd_npy *npy, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "none");
    for (size_t i = 0; i < pd_npy_count(npy) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%.40s", i ? ", " : "", pd_npy_name(npy, i));
    return text;
}

static bool is_of(const struct layout *l, const char *name)
{
    if (!strcmp(name, PD_NPZ_SCALE) || !strcmp(name, PD_NPZ_GIVEN))
        return true;
    for (int i = 0; i < 2; i++)
        if ((l->images[i] && !strcmp(name, l->images[i])) || (l->labels[i] && !strcmp(name, l->labels[i])))
            return true;
    return false;
}

/* "images: x_train, labels: y_train, test split: x_test; passed over: images, val_images" */
static void say_arrays(const struct file *f, enum pd_split split, struct pd_dataset *d)
{
    const struct layout *l = f->layout;
    char passed[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < pd_npy_count(f->npy) && used < sizeof passed; i++)
        if (!is_of(l, pd_npy_name(f->npy, i)))
            used += (size_t)snprintf(passed + used, sizeof passed - used, "%s%.40s", used ? ", " : "",
                                     pd_npy_name(f->npy, i));
    pd_dataset_add_note(d, "images: %s, labels: %s%s%s%s%s%s", l->images[split],
                        f->labels[split] ? l->labels[split] : "none",
                        split == PD_SPLIT_TRAIN && f->images[PD_SPLIT_TEST] ? ", test split: " : "",
                        split == PD_SPLIT_TRAIN && f->images[PD_SPLIT_TEST] ? l->images[PD_SPLIT_TEST] : "",
                        *passed ? "; passed over: " : "", passed, used >= sizeof passed ? "..." : "");
    for (size_t k = (size_t)(l - layouts) + 1; k < sizeof layouts / sizeof layouts[0]; k++)
        if (has(f->npy, layouts[k].images[split]))
            pd_dataset_add_note(
                d, "%s would do, too: of train_images, x_train, images and arr_0 the first is taken",
                layouts[k].images[split]);
}

/* --- images --- */

/* What `paydirt sample` writes: images of a tanh beside their z. Pale ones do not reach -0.5. Others have
 * arrays called so, too, with images and labels of other kinds. */
static bool is_of_generator(const struct file *f)
{
    const struct pd_npy_stream *x = f->images[PD_SPLIT_TRAIN], *y = f->labels[PD_SPLIT_TRAIN];
    return !strcmp(f->layout->images[PD_SPLIT_TRAIN], "images") && has(f->npy, "z") && x && y &&
           pd_npy_stream_array(x)->dtype == PD_IO_F32 && pd_npy_stream_array(x)->rank == 4 &&
           pd_npy_stream_array(y)->dtype == PD_IO_I32;
}

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
static enum pd_status read_shape(const struct pd_npy_stream *stream, struct shape *s, struct pd_error *err)
{
    const struct pd_io_array *a = pd_npy_stream_array(stream);
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
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1,
                   "%s: shape %s, expected (N, H, W), (N, H, W, C) or (N, C, H, W), C 1 or 3, sides %d to %d",
                   pd_npy_stream_name(stream), text, SIDE_MIN, SIDE_MAX);
}

/* Where the next element of the array goes among the pixels, (N, C, H, W). */
struct place {
    int64_t channels, area;        /* of an image; 1 and all of the pixels where the array lies as they do */
    int64_t image, pixel, channel; /* image: its first place */
};

static int64_t next_place(struct place *p)
{
    const int64_t at = p->image + p->channel * p->area + p->pixel;
    if (++p->channel < p->channels)
        return at;
    p->channel = 0;
    if (++p->pixel < p->area)
        return at;
    p->pixel = 0;
    p->image += p->channels * p->area;
    return at;
}

static enum pd_status copy_images(struct pd_npy_stream *stream, const struct shape *s, struct pd_dataset *d,
                                  struct pd_error *err)
{
    const struct pd_pixel_facts *scale = pd_pixel_scale_at(d->scale);
    struct pd_values *v = NULL;
    struct pd_beyond *beyond;
    int64_t n = 1;
    enum pd_status status = pd_beyond_begin(d, pd_npy_stream_array(stream)->dtype, &beyond, err);
    if (!status)
        status = pd_values_create(stream, &v, err);
    struct place place = {.channels = s->step,
                          .area = status         ? 0
                                  : s->step == 1 ? v->count
                                                 : s->height * s->width};
    while (!status && n) {
        status = pd_values_next(v, &n, err);
        for (int64_t i = 0; i < n && !status; i++)
            d->pixels[next_place(&place)] = pd_level_of(scale, v->value[i]);
        if (!status)
            pd_beyond_next(beyond, v->raw, v->value, n);
    }
    pd_beyond_end(beyond);
    pd_free(v);
    return status;
}

/* Bytes that are levels already, in their places. */
static enum pd_status read_images(struct pd_npy_stream *stream, struct pd_dataset *d, struct pd_error *err)
{
    enum pd_status status = pd_npy_stream_rewind(stream, err);
    return status
               ? status
               : pd_npy_stream_read(stream, d->pixels, pd_io_array_count(pd_npy_stream_array(stream)), err);
}

/* Levels may say in which scale they were given. */
static enum pd_status take_scale(const struct file *f, struct pd_dataset *d, struct pd_error *err)
{
    enum { LONGEST = 16 };
    struct pd_npy_stream *stream;
    uint32_t points[LONGEST];
    char name[LONGEST + 1] = "";
    if (d->scale != PD_PIXELS_BYTES || !has(f->npy, PD_NPZ_SCALE))
        return PD_OK;
    enum pd_status status =
        pd_npy_stream_open_text(f->npy, (size_t)pd_npy_locate(f->npy, PD_NPZ_SCALE), &stream, err);
    if (status)
        return status;
    const struct pd_io_array *a = pd_npy_stream_array(stream);
    const int64_t n = pd_io_array_count(a);
    if (a->dtype == PD_IO_TEXT && n <= LONGEST) {
        status = pd_npy_stream_read(stream, points, n, err);
        for (int64_t i = 0; i < n && !status; i++)
            name[i] = (char)(points[i] < 128 ? points[i] : '?');
    }
    const enum pd_pixel_scale named = status ? PD_PIXELS_UNKNOWN : pd_pixel_scale_named(name);
    if (named)
        d->scale = named;
    pd_npy_stream_close(stream);
    return status;
}

/* Levels may say what they are the levels of. */
static enum pd_status take_given(const struct file *f, struct pd_dataset *d, struct pd_error *err)
{
    struct pd_npy_stream *stream;
    if (!has(f->npy, PD_NPZ_GIVEN))
        return PD_OK;
    enum pd_status status =
        pd_npy_stream_open(f->npy, (size_t)pd_npy_locate(f->npy, PD_NPZ_GIVEN), &stream, err);
    if (status)
        return status;
    const struct pd_io_array *a = pd_npy_stream_array(stream);
    if (a->dtype == PD_IO_U8 && a->rank == 2 && a->dims[0] == d->count && a->dims[1] == PD_DIGEST_SIZE) {
        d->given = pd_malloc(d->count * sizeof *d->given);
        status = d->given ? pd_npy_stream_read(stream, d->given, pd_io_array_count(a), err)
                          : pd_fail_memory(err, d->name);
    }
    pd_npy_stream_close(stream);
    return status;
}

static enum pd_status take_images(const struct file *f, enum pd_split split, enum pd_pixel_scale like,
                                  struct pd_dataset *d, struct pd_error *err)
{
    struct pd_npy_stream *stream = f->images[split];
    const struct pd_levels_like run = {like, "the run's", false},
                                own = {PD_PIXELS_SIGNED, "a generator's", true};
    struct shape s;
    enum pd_status status = read_shape(stream, &s, err);
    if (!status)
        status = pd_levels_find(stream, f->images[!split], is_of_generator(f) ? &own : &run, d, err);
    if (!status)
        status = pd_dataset_reserve(d, (uint32_t)pd_npy_stream_array(stream)->dims[0], (int)s.channels,
                                    (int)s.height, (int)s.width, err);
    if (status)
        return status;
    const bool plain = d->scale == PD_PIXELS_BYTES && s.step == 1;
    status = plain ? read_images(stream, d, err) : copy_images(stream, &s, d, err);
    if (!status && split == PD_SPLIT_TRAIN && pd_npy_stream_array(stream)->dtype == PD_IO_U8)
        status = take_given(f, d, err);
    return status ? status : take_scale(f, d, err);
}

/* --- labels --- */

/* (N) or (N, 1): a label each; (N, K): one-hot. */
static enum pd_status check_shape(const struct pd_npy_stream *stream, struct pd_error *err)
{
    const struct pd_io_array *a = pd_npy_stream_array(stream);
    char text[128];
    if (a->rank == 1 || (a->rank == 2 && a->dims[1] >= 1 && a->dims[1] <= LABEL_MAX + 1))
        return PD_OK;
    pd_io_shape_text(text, sizeof text, a->rank, a->dims);
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: shape %s, expected (N), (N, 1) or one-hot (N, classes)",
                   pd_npy_stream_name(stream), text);
}

static enum pd_status take_label(const struct pd_npy_stream *stream, int64_t row, double value,
                                 int32_t *label, struct pd_error *err)
{
    if (!(value >= -1 && value <= LABEL_MAX && value == rint(value)))
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "%s: element %" PRId64 " is %.15g, expected a whole number from 0 to %d, or -1",
                       pd_npy_stream_name(stream), row, value, LABEL_MAX);
    *label = (int32_t)value;
    return PD_OK;
}

/* One number of a one-hot row; *label is the row's so far, -1 before its 1. */
static enum pd_status take_hot(const struct pd_npy_stream *stream, int64_t at, double value, int32_t *label,
                               struct pd_error *err)
{
    const int64_t width = pd_npy_stream_width(stream), column = at % width;
    if (!column)
        *label = -1;
    const bool fits = value == 0 || (value == 1 && *label < 0);
    if (value == 1)
        *label = (int32_t)column;
    if (fits && (column < width - 1 || *label >= 0))
        return PD_OK;
    return pd_fail(err, PD_ERR_FORMAT, -1,
                   "%s: row %" PRId64 " of (N, %" PRId64 ") is not one-hot, expected one 1 and else 0",
                   pd_npy_stream_name(stream), at / width, width);
}

struct range {
    int32_t least;
    int classes; /* 0: there is no label, and least is LABEL_MAX */
};

/* labels (N) may be NULL: then only the range counts. */
static enum pd_status read_labels(struct pd_npy_stream *stream, int32_t *labels, struct range *range,
                                  struct pd_error *err)
{
    const bool hot = pd_npy_stream_width(stream) > 1;
    struct pd_values *v;
    int64_t n = 1;
    int32_t label = -1;
    enum pd_status status = pd_values_create(stream, &v, err);
    while (!status && n) {
        const int64_t first = v->done;
        status = pd_values_next(v, &n, err);
        for (int64_t i = 0; i < n && !status; i++) {
            status = (hot ? take_hot : take_label)(stream, first + i, v->value[i], &label, err);
            if (labels)
                labels[(first + i) / pd_npy_stream_width(stream)] = label;
            if (label >= range->classes)
                range->classes = label + 1;
            if (label >= 0 && label < range->least)
                range->least = label;
        }
    }
    pd_free(v);
    if (hot)
        range->classes = (int)pd_npy_stream_width(stream);
    return status;
}

/* pandas.get_dummies of a split without some class has a column less, and all behind it move. */
static enum pd_status compare_splits(const struct file *f, const struct range of[2], struct pd_dataset *d,
                                     struct pd_error *err)
{
    if (!f->labels[0] || !f->labels[1])
        return PD_OK;
    for (int i = 0; i < 2; i++)
        if (pd_npy_stream_width(f->labels[i]) > 1 && of[i].classes < of[!i].classes)
            return pd_fail(err, PD_ERR_MISMATCH, -1,
                           "%s: one-hot labels of %d classes, but %s has %d: number both alike",
                           pd_npy_stream_name(f->labels[i]), of[i].classes, f->layout->labels[!i],
                           of[!i].classes);
    for (int i = 0; i < 2; i++)
        if (of[!i].classes && of[i].least > of[!i].least && of[i].classes > of[!i].classes)
            pd_dataset_add_note(d,
                                "labels from %d to %d in %s, from %d to %d in %s: are they numbered alike?",
                                of[i].least, of[i].classes - 1, f->layout->labels[i], of[!i].least,
                                of[!i].classes - 1, f->layout->labels[!i]);
    return PD_OK;
}

static enum pd_status check_count(const struct file *f, int split, struct pd_error *err)
{
    const struct pd_npy_stream *images = f->images[split], *labels = f->labels[split];
    const int64_t *n = pd_npy_stream_array(labels)->dims;
    if (!images || n[0] == pd_npy_stream_array(images)->dims[0])
        return PD_OK;
    return pd_fail(err, PD_ERR_MISMATCH, -1,
                   "%s: %" PRId64 " labels, expected %" PRId64 ", one for each image",
                   pd_npy_stream_name(labels), n[0], pd_npy_stream_array(images)->dims[0]);
}

struct numbers {
    int32_t least, most, different; /* of the labels from 0 on; different 0: there is none */
    bool without;                   /* some are -1 */
};

static enum pd_status count_numbers(const struct pd_dataset *d, struct numbers *n, struct pd_error *err)
{
    *n = (struct numbers){.least = LABEL_MAX};
    bool *seen = pd_calloc((size_t)LABEL_MAX + 1, sizeof *seen);
    if (!seen)
        return pd_fail_memory(err, d->name);
    for (uint32_t i = 0; i < d->count; i++) {
        const int32_t k = d->labels[i];
        n->without = n->without || k < 0;
        if (k < 0)
            continue;
        n->different += !seen[k];
        n->least = k < n->least ? k : n->least;
        n->most = k > n->most ? k : n->most;
        seen[k] = true;
    }
    pd_free(seen);
    return PD_OK;
}

/* Classes are numbered from 0 without gaps: others would stay empty. */
static enum pd_status say_numbers(struct pd_dataset *d, struct pd_error *err)
{
    struct numbers n;
    const enum pd_status status = count_numbers(d, &n, err);
    if (status || !n.different)
        return status;
    if (n.without && n.least == 1 && n.most == 1)
        pd_dataset_add_note(d, "labels are -1 and 1, and -1 counts as no label: number the classes 0 and 1");
    else if (n.least)
        pd_dataset_add_note(d, "labels begin at %d, so no image is of class 0 (subtract %d?)", n.least,
                            n.least);
    if (2 * n.different <= n.most - n.least)
        pd_dataset_add_note(d,
                            "%d different labels from %d to %d: every number between is a class without an "
                            "image (numpy.unique's return_inverse numbers without gaps)",
                            n.different, n.least, n.most);
    return PD_OK;
}

static void say_labels(const struct file *f, enum pd_split split, struct pd_dataset *d)
{
    char names[128];
    const struct pd_npy_stream *s = f->labels[split];
    if (!s)
        pd_dataset_add_note(d, "no array '%s', so no image has a label (it has: %s)",
                            f->layout->labels[split], list_names(f->npy, names, sizeof names));
    else if (pd_npy_stream_width(s) > 1)
        pd_dataset_add_note(d, "one-hot labels of %" PRId64 " classes", pd_npy_stream_width(s));
    else if (pd_io_dtype_is_float(pd_npy_stream_array(s)->dtype))
        pd_dataset_add_note(d, "labels are whole %ss", pd_io_dtype_words(pd_npy_stream_array(s)->dtype));
}

/* Both splits' labels say how many classes there are. */
static enum pd_status take_labels(const struct file *f, enum pd_split split, struct pd_dataset *d,
                                  struct pd_error *err)
{
    enum pd_status status = PD_OK;
    struct range of[2] = {{LABEL_MAX, 0}, {LABEL_MAX, 0}};
    for (int i = 0; i < 2 && !status; i++) {
        if (!f->labels[i])
            continue;
        status = check_shape(f->labels[i], err);
        if (!status)
            status = check_count(f, i, err);
        if (!status)
            status = read_labels(f->labels[i], i == (int)split ? d->labels : NULL, &of[i], err);
    }
    d->classes = of[0].classes > of[1].classes ? of[0].classes : of[1].classes;
    for (uint32_t i = 0; i < d->count && !f->labels[split]; i++)
        d->labels[i] = -1;
    if (!status)
        say_labels(f, split, d);
    if (!status)
        status = compare_splits(f, of, d, err);
    return !status && split == PD_SPLIT_TRAIN ? say_numbers(d, err) : status;
}

/* --- all --- */

static enum pd_status no_split(const struct file *f, enum pd_split split, struct pd_error *err)
{
    const char *wanted = f->layout->images[split];
    return pd_fail(err, PD_ERR_IO, -1, "'%s' has no %s split: that would be an array %s", f->name,
                   split == PD_SPLIT_TEST ? "test" : "training",
                   wanted ? wanted : "test_images, beside train_images");
}

/* Masks, or images saved as fractions, put in with others: they are nearly black. */
static void note_bits(struct pd_dataset *d)
{
    const size_t size = pd_dataset_image_size(d);
    uint32_t n = 0;
    for (uint32_t i = 0; d->scale == PD_PIXELS_BYTES && i < d->count; i++) {
        const uint8_t *image = pd_dataset_image(d, i);
        uint8_t most = 0;
        for (size_t k = 0; k < size && most <= 1; k++)
            most = image[k] > most ? image[k] : most;
        n += most == 1;
    }
    if (n >= MANY_BITS)
        pd_dataset_add_note(d,
                            "%u of the %u images hold 0 and 1 alone, beside others of 0 to 255: nearly black",
                            n, d->count);
}

enum pd_status pd_npz_take(struct pd_npy *npy, const char *name, enum pd_split split,
                           enum pd_pixel_scale like, struct pd_dataset *d, struct pd_error *err)
{
    char names[128];
    struct file f = {.npy = npy, .name = name, .layout = find_layout(npy)};
    if (!f.layout)
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "'%s': no array train_images, x_train, images or arr_0 in it (it has: %s)", name,
                       list_names(npy, names, sizeof names));
    if (!has(npy, f.layout->images[split]))
        return no_split(&f, split, err);
    enum pd_status status = open_streams(&f, err);
    if (!status)
        status = check_empty(&f, split, d, err);
    if (!status)
        say_arrays(&f, split, d);
    if (!status)
        status = take_images(&f, split, like, d, err);
    if (!status)
        note_bits(d);
    if (!status)
        status = take_labels(&f, split, d, err);
    close_streams(&f);
    return status;
}

enum pd_status pd_open_npz(const struct pd_data_source *source, const struct pd_data_request *request,
                           struct pd_dataset *d, struct pd_error *err)
{
    const char *path = strcmp(request->name, source->name) ? request->name : request->dir;
    struct pd_npy *npy;
    if (!path)
        return pd_hint(err, pd_fail(err, PD_ERR_USAGE, -1, "data set 'npz': give the file"), "as: data");
    enum pd_status status = pd_npy_open(path, &npy, err);
    if (status)
        return status;
    pd_path_word(d->name, sizeof d->name, path);
    status = pd_npz_take(npy, path, request->split, request->scale, d, err);
    pd_npy_destroy(npy);
    if (status || !request->classes || !*request->classes)
        return status;
    status = pd_dataset_name_classes_by(d, request->classes, err);
    return status ? status
                  : pd_class_words_note(d->name, (const char(*)[PD_CLASS_NAME_SIZE])d->class_names,
                                        d->classes, d->note, err);
}
