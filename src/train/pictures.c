#include "train/pictures.h"

#include "base/mem.h"
#include "data/transform.h"
#include "io/chart.h"
#include "io/file.h"

#include <stdio.h>

enum { CAPTION = 512, SIDE_MOST = 128 };

/* What a sheet is made of, to be filled image by image. */
struct sheet {
    struct pd_sheet sheet;
    float *images;
    uint32_t *index; /* (n) of the images in the data set */
    char (*text)[CAPTION];
    const char **captions;
};

static enum pd_status sheet_begin(struct sheet *s, const struct pd_dataset *d, int64_t n,
                                  struct pd_error *err)
{
    const int shorter = d->height < d->width ? d->height : d->width;
    const int side = shorter < SIDE_MOST ? shorter : SIDE_MOST;
    const size_t count = (size_t)n, pixels = (size_t)d->channels * (size_t)side * (size_t)side;
    *s = (struct sheet){.sheet = {.n = n, .c = d->channels, .h = side, .w = side}};
    if (d->points)
        return pd_fail(err, PD_ERR_USAGE, -1, "data set '%s' has 2-D points, expected images to show",
                       d->name);
    s->images = pd_calloc(count, pixels * sizeof *s->images);
    s->index = pd_calloc(count, sizeof *s->index);
    s->text = pd_calloc(count, sizeof *s->text);
    s->captions = pd_calloc(count, sizeof *s->captions);
    if (!s->images || !s->index || !s->text || !s->captions)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a sheet of %lld images", (long long)n);
    for (size_t i = 0; i < count; i++)
        s->captions[i] = s->text[i];
    s->sheet.images = s->images;
    s->sheet.captions = s->captions;
    return PD_OK;
}

static void sheet_end(struct sheet *s)
{
    pd_free(s->images);
    pd_free(s->index);
    pd_free(s->text);
    pd_free(s->captions);
}

static enum pd_status write_png(const char *path, enum pd_status status, struct pd_buffer *png,
                                struct pd_error *err)
{
    if (!status)
        status = pd_file_write_atomic(path, png->data, png->size, err);
    pd_buffer_release(png);
    return status;
}

static enum pd_status sheet_write(const char *path, const struct sheet *s, const struct pd_dataset *d,
                                  struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    enum pd_status status = PD_OK;
    if (s->sheet.n > 0)
        status = pd_transform_eval(d, s->index, (uint32_t)s->sheet.n, (int)s->sheet.h, s->images, err);
    if (!status)
        status = pd_chart_sheet(&s->sheet, &png, err);
    return write_png(path, status, &png, err);
}

/* "name" over "guess 0.93" */
static void caption(char text[CAPTION], const struct pd_dataset *d, uint32_t image, int guess, double p)
{
    char name[CAPTION / 2], class_name[PD_CLASS_NAME_SIZE];
    snprintf(text, CAPTION, "%s\n%s %.2f", pd_dataset_image_name(d, image, name, sizeof name),
             pd_dataset_class_name(d, guess, class_name, sizeof class_name), p);
}

enum pd_status pd_picture_queries(const char *path, const struct pd_dataset *d,
                                  const struct pd_query *queries, size_t count, const char *title,
                                  struct pd_error *err)
{
    struct sheet s;
    enum pd_status status = sheet_begin(&s, d, (int64_t)count, err);
    for (size_t i = 0; !status && i < count; i++) {
        s.index[i] = queries[i].image;
        caption(s.text[i], d, queries[i].image, queries[i].guess, queries[i].guess_p);
    }
    s.sheet.title = title;
    if (!status)
        status = sheet_write(path, &s, d, err);
    sheet_end(&s);
    return status;
}
