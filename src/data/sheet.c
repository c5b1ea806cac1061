/* A contact sheet of a data set. */
#include "data/dataset.h"

#include "base/mem.h"
#include "io/chart.h"
#include "io/png.h"

#include <stdio.h>

enum { MOST_COLUMNS = 100 };

/* The rows: all classes, and one more for those without a label. */
struct sheet {
    const struct pd_dataset *d;
    int64_t columns;
    uint32_t *of_class; /* (classes + 1) */
    int rows;
    int *label;                             /* (rows): classes stands for no label */
    float *images;                          /* (rows, columns, image) */
    char (*words)[PD_CLASS_NAME_SIZE + 32]; /* (rows) */
    const char **headings;
};

static int row_of(const struct pd_dataset *d, uint32_t i)
{
    return d->labels[i] < 0 ? d->classes : d->labels[i];
}

static enum pd_status reserve(struct sheet *s, struct pd_error *err)
{
    const size_t rows = (size_t)s->d->classes + 1, columns = (size_t)s->columns;
    s->of_class = pd_calloc(rows, sizeof *s->of_class);
    s->label = pd_calloc(rows, sizeof *s->label);
    s->words = pd_calloc(rows, sizeof *s->words);
    s->headings = pd_calloc(rows, sizeof *s->headings);
    s->images = pd_calloc(rows * columns, pd_dataset_image_size(s->d) * sizeof *s->images);
    if (s->of_class && s->label && s->words && s->headings && s->images)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture of %zu rows", rows);
}

static void release(struct sheet *s)
{
    pd_free(s->of_class);
    pd_free(s->label);
    pd_free(s->words);
    pd_free(s->headings);
    pd_free(s->images);
}

/* Classes that have images get a row and words. */
static void count_rows(struct sheet *s)
{
    for (uint32_t i = 0; i < s->d->count; i++)
        s->of_class[row_of(s->d, i)]++;
    for (int k = 0; k <= s->d->classes; k++) {
        char name[PD_CLASS_NAME_SIZE] = "no label";
        if (!s->of_class[k])
            continue;
        if (k < s->d->classes)
            pd_dataset_class_name(s->d, k, name, sizeof name);
        snprintf(s->words[s->rows], sizeof s->words[0], "%s (%u)", name, s->of_class[k]);
        s->headings[s->rows] = s->words[s->rows];
        s->label[s->rows++] = k;
    }
}

static void put(struct sheet *s, int row, int64_t column, const uint8_t *pixels)
{
    const size_t size = pd_dataset_image_size(s->d);
    float *to = s->images + ((size_t)row * (size_t)s->columns + (size_t)column) * size;
    for (size_t i = 0; i < size; i++)
        to[i] = pixels ? (float)pixels[i] / 127.5F - 1 : 1; /* white */
}

/* Of n images the seen-th is number c of those shown when it is the first at or beyond c n / columns. */
static void fill_row(struct sheet *s, int row)
{
    const uint32_t n = s->of_class[s->label[row]];
    const int64_t shown = n < s->columns ? n : s->columns;
    int64_t column = 0, seen = 0;
    for (uint32_t i = 0; i < s->d->count && column < shown; i++)
        if (row_of(s->d, i) == s->label[row] && seen++ == column * n / shown)
            put(s, row, column++, pd_dataset_image(s->d, i));
    for (; column < s->columns; column++)
        put(s, row, column, NULL);
}

enum pd_status pd_dataset_draw(const struct pd_dataset *d, int64_t per_class, const char *title,
                               const char *path, struct pd_error *err)
{
    struct sheet s = {.d = d, .columns = per_class};
    struct pd_buffer png = PD_BUFFER_INIT;
    if (!d->pixels)
        return pd_fail(err, PD_ERR_USAGE, -1, "data set '%s' has 2-D points, no images", d->name);
    if (per_class < 1 || per_class > MOST_COLUMNS)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld images of each class, expected 1 to %d",
                       (long long)per_class, MOST_COLUMNS);
    enum pd_status status = reserve(&s, err);
    if (!status) {
        count_rows(&s);
        for (int row = 0; row < s.rows; row++)
            fill_row(&s, row);
        const struct pd_sheet sheet = {.n = s.rows * s.columns,
                                       .c = d->channels,
                                       .h = d->height,
                                       .w = d->width,
                                       .images = s.images,
                                       .columns = s.columns,
                                       .headings = s.headings,
                                       .title = title};
        status = pd_chart_sheet(&sheet, &png, err);
    }
    release(&s);
    return pd_png_write(path, status, &png, err);
}
