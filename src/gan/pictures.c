#include "gan/pictures.h"

#include "base/mem.h"
#include "data/transform.h"
#include "io/png.h"
#include "gan/sample.h"
#include "gan/scorer.h"

#include <paydirt/select.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CAPTION = 512, SIDE_MOST = 128, BINS = 60, GRID = 96, CELLS = GRID * GRID };

/* --- sheets --- */

/* What a sheet is made of, to be filled image by image. */
struct sheet {
    struct pd_sheet sheet;
    float *images;
    uint32_t *index; /* (n) of the images in the data set */
    int64_t filled;
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

static enum pd_status sheet_write(const char *path, const struct sheet *s, const struct pd_dataset *d,
                                  struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    enum pd_status status = PD_OK;
    if (s->sheet.n > 0)
        status = pd_transform_eval(d, s->index, (uint32_t)s->sheet.n, (int)s->sheet.h, s->images, err);
    if (!status)
        status = pd_chart_sheet(&s->sheet, &png, err);
    return pd_png_write(path, status, &png, err);
}

/* "name" over "guess: 0.93" where there is a guess; number: before the name, from 1 (0: none); more: a line
 * below, or "" */
static void add(struct sheet *s, const struct pd_dataset *d, uint32_t image, int guess, double p,
                size_t number, const char *more)
{
    char place[32] = "";
    char name[CAPTION / 2], class_name[PD_CLASS_NAME_SIZE], likeliest[PD_CLASS_NAME_SIZE + 16] = "";
    const int64_t i = s->filled++;
    s->index[i] = image;
    if (guess >= 0)
        snprintf(likeliest, sizeof likeliest, "%s: %.2f",
                 pd_dataset_class_name(d, guess, class_name, sizeof class_name), p);
    if (number)
        snprintf(place, sizeof place, "%zu: ", number);
    snprintf(s->text[i], CAPTION, "%s%s\n%s\n%s", place, pd_dataset_image_name(d, image, name, sizeof name),
             likeliest, more);
}

enum pd_status pd_picture_queries(const char *path, const struct pd_dataset *d,
                                  const struct pd_query *queries, size_t count, const char *title,
                                  struct pd_error *err)
{
    struct sheet s;
    enum pd_status status = sheet_begin(&s, d, (int64_t)count, err);
    s.sheet.title = title;
    for (size_t i = 0; !status && i < count; i++)
        add(&s, d, queries[i].image, queries[i].guess, queries[i].guess_p, i + 1, "");
    if (!status)
        status = sheet_write(path, &s, d, err);
    sheet_end(&s);
    return status;
}

/* --- the best by a score, in rows --- */

struct ranked {
    double score;
    int64_t row;
};

static int by_score(const void *a, const void *b)
{
    const struct ranked *p = a, *q = b;
    return p->score != q->score ? (p->score < q->score) - (p->score > q->score)
                                : (p->row > q->row) - (p->row < q->row);
}

/* The likeliest class and its probability. */
static int guess(const struct pd_scored *s, int64_t row, double *p)
{
    const int classes = s->classes;
    const float *x = s->class_logits + row * classes;
    int best = 0;
    double sum = 0;
    for (int k = 1; k < classes; k++)
        best = x[k] > x[best] ? k : best;
    for (int k = 0; k < classes; k++)
        sum += exp((double)x[k] - (double)x[best]);
    *p = 1 / sum;
    return best;
}

/* What a row of the picture is about, and what it sorts by: larger first. */
typedef double score_function(const struct pd_scored *s, int64_t row);

struct row_kind {
    const char *heading;
    const char *symbol; /* before the score in the caption; NULL: it is not shown */
    score_function *score;
};

static double certainty(const struct pd_scored *s, int64_t row)
{
    double p;
    guess(s, row, &p);
    return p;
}
static double uncertainty(const struct pd_scored *s, int64_t row)
{
    return -certainty(s, row);
}
static double marginal(const struct pd_scored *s, int64_t row)
{
    return (double)s->logit[row];
}
static double conditional(const struct pd_scored *s, int64_t row)
{
    return s->conditional[row];
}
static double gold(const struct pd_scored *s, int64_t row)
{
    return s->gold[row];
}

static void add_best(struct sheet *sheet, const struct pd_scored *s, const struct row_kind *kind,
                     struct ranked *ranked)
{
    char more[48] = "";
    for (int64_t i = 0; i < s->n; i++)
        ranked[i] = (struct ranked){kind->score(s, i), i};
    qsort(ranked, (size_t)s->n, sizeof *ranked, by_score);
    for (int64_t i = 0; i < sheet->sheet.columns; i++) {
        const int64_t row = ranked[i].row;
        double p;
        const int class = guess(s, row, &p);
        if (kind->symbol)
            snprintf(more, sizeof more, "%s = %.2f", kind->symbol, ranked[i].score);
        add(sheet, s->data, s->images ? s->images[row] : (uint32_t)row, class, p, 0, more);
    }
}

static enum pd_status draw_rows(const char *path, const struct pd_scored *s, int64_t columns,
                                const char *title, const struct row_kind *kinds, int rows,
                                struct pd_error *err)
{
    const char *headings[4];
    struct sheet sheet;
    struct ranked *ranked = pd_calloc((size_t)s->n, sizeof *ranked);
    if (!ranked)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)s->n);
    columns = columns < s->n ? columns : s->n;
    enum pd_status status = sheet_begin(&sheet, s->data, rows * columns, err);
    sheet.sheet.columns = columns;
    sheet.sheet.title = title;
    sheet.sheet.headings = headings;
    for (int r = 0; !status && r < rows; r++) {
        headings[r] = kinds[r].heading;
        add_best(&sheet, s, &kinds[r], ranked);
    }
    if (!status)
        status = sheet_write(path, &sheet, s->data, err);
    sheet_end(&sheet);
    pd_free(ranked);
    return status;
}

enum pd_status pd_picture_certainty(const char *path, const struct pd_scored *s, int64_t columns,
                                    const char *title, struct pd_error *err)
{
    static const struct row_kind kinds[] = {{"least certain", NULL, uncertainty},
                                            {"most certain", NULL, certainty}};
    return draw_rows(path, s, columns, title, kinds, 2, err);
}

enum pd_status pd_picture_gold(const char *path, const struct pd_scored *s, int64_t columns,
                               const char *title, struct pd_error *err)
{
    static const struct row_kind kinds[] = {{"highest marginal term", "m", marginal},
                                            {"highest conditional term", "k", conditional},
                                            {"highest GOLD", "d", gold}};
    return draw_rows(path, s, columns, title, kinds, 3, err);
}

/* --- charts --- */

enum pd_status pd_picture_terms(const char *path, int64_t n, const float *logit, const double *k,
                                const char *title, struct pd_error *err)
{
    const struct pd_axes axes = {.title = title, .x = "value", .y = "share of the images"};
    struct pd_buffer png = PD_BUFFER_INIT;
    double *m = pd_calloc((size_t)n, sizeof *m);
    if (!m)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld values", (long long)n);
    for (int64_t i = 0; i < n; i++)
        m[i] = (double)logit[i];
    const struct pd_series series[] = {{"marginal term m", n, m}, {"conditional term k", n, k}};
    const enum pd_status status = pd_chart_histogram(&axes, series, 2, BINS, &png, err);
    pd_free(m);
    return pd_png_write(path, status, &png, err);
}

/* --- the plane --- */

/* logit (n, 1 + classes), k (2 n): room to work in */
static enum pd_status score_in(struct pd_gan *gan, const float *points, int64_t n, double *scale,
                               float *logit, double *k, struct pd_error *err)
{
    const struct pd_gold_input in = {n, gan->config.classes, logit, logit + n, NULL, PD_GOLD_REAL};
    enum pd_status status = pd_score(gan, PD_ORIGIN_REAL, points, n, logit, logit + n, err);
    if (!status)
        status = pd_gold_conditional(&in, k, err);
    if (!status && *scale == 0)
        *scale = pd_gold_balance(n, logit, k);
    if (!status)
        pd_gold_estimate(n, logit, k, *scale, k + n);
    return status;
}

/* GOLD of unlabelled points (n, 2) into d (n), unless it is NULL. scale: of the conditional term; 0: what
 * balances the terms over these points, which it then is. */
static enum pd_status score_points(struct pd_gan *gan, const float *points, int64_t n, double *scale,
                                   float *d, struct pd_error *err)
{
    float *logit = pd_calloc((size_t)n * (size_t)(gan->config.classes + 1), sizeof *logit);
    double *k = pd_calloc((size_t)n, 2 * sizeof *k);
    enum pd_status status = PD_ERR_MEMORY;
    if (logit && k) {
        status = score_in(gan, points, n, scale, logit, k, err);
        for (int64_t i = 0; !status && d && i < n; i++)
            d[i] = (float)k[n + i];
    } else {
        pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the scores of %lld points", (long long)n);
    }
    pd_free(logit);
    pd_free(k);
    return status;
}

/* The frame holds all points, with a margin. */
static void frame(const struct pd_dataset *data, struct pd_field *f)
{
    double low[2] = {HUGE_VAL, HUGE_VAL}, high[2] = {-HUGE_VAL, -HUGE_VAL};
    for (uint32_t i = 0; i < data->count; i++)
        for (int axis = 0; axis < 2; axis++) {
            low[axis] = fmin(low[axis], (double)data->points[2 * (size_t)i + (size_t)axis]);
            high[axis] = fmax(high[axis], (double)data->points[2 * (size_t)i + (size_t)axis]);
        }
    const double margin = 0.08 * fmax(high[0] - low[0], high[1] - low[1]) + 1e-3;
    f->x0 = low[0] - margin;
    f->x1 = high[0] + margin;
    f->y0 = low[1] - margin;
    f->y1 = high[1] + margin;
}

/* Blocks of a plane's picture. */
struct plane {
    float *grid, *values; /* (CELLS, 2), (CELLS) */
    float *at;            /* (marks, 2) */
    int32_t *class, *number;
};

static enum pd_status plane_reserve(struct plane *p, int64_t marks, struct pd_error *err)
{
    const size_t n = (size_t)marks;
    p->grid = pd_calloc(CELLS, 2 * sizeof *p->grid);
    p->values = pd_calloc(CELLS, sizeof *p->values);
    p->at = pd_calloc(n, 2 * sizeof *p->at);
    p->class = pd_calloc(n, sizeof *p->class);
    p->number = pd_calloc(n, sizeof *p->number);
    if (p->grid && p->values && p->at && p->class && p->number)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
}

static void plane_release(struct plane *p)
{
    pd_free(p->grid);
    pd_free(p->values);
    pd_free(p->at);
    pd_free(p->class);
    pd_free(p->number);
}

static void fill_plane(struct plane *p, const struct pd_field *f, const struct pd_dataset *data,
                       const struct pd_asked *asked, int64_t count)
{
    for (int i = 0; i < CELLS; i++) {
        const int row = i / GRID, column = i % GRID;
        float *point = p->grid + (ptrdiff_t)2 * i;
        point[0] = (float)(f->x0 + (column + 0.5) / GRID * (f->x1 - f->x0));
        point[1] = (float)(f->y0 + (row + 0.5) / GRID * (f->y1 - f->y0));
    }
    for (int64_t i = 0; i < count; i++) {
        p->at[2 * i] = data->points[2 * (size_t)asked[i].point];
        p->at[2 * i + 1] = data->points[2 * (size_t)asked[i].point + 1];
        p->class[i] = asked[i].label;
        p->number[i] = asked[i].round;
    }
}

enum pd_status pd_picture_plane(const char *path, struct pd_gan *gan, const struct pd_dataset *data,
                                bool balanced, const struct pd_asked *asked, int64_t count, const char *title,
                                struct pd_error *err)
{
    if (!data->points)
        return pd_fail(err, PD_ERR_USAGE, -1, "data set '%s' has images, expected 2-D points", data->name);
    const struct pd_axes axes = {.title = title, .x = "x", .y = "y"};
    struct pd_buffer png = PD_BUFFER_INIT;
    struct plane p = {NULL, NULL, NULL, NULL, NULL};
    struct pd_field f = {
        .columns = GRID, .rows = GRID, .points = data->count, .at = data->points, .marks = count};
    double scale = balanced ? 0 : 1;
    frame(data, &f);
    enum pd_status status = plane_reserve(&p, count, err);
    if (!status && balanced)
        status = score_points(gan, data->points, data->count, &scale, NULL, err);
    if (!status) {
        fill_plane(&p, &f, data, asked, count);
        status = score_points(gan, p.grid, CELLS, &scale, p.values, err);
    }
    f.values = p.values;
    f.mark_at = p.at;
    f.mark_class = p.class;
    f.mark_number = p.number;
    if (!status)
        status = pd_chart_field(&axes, &f, &png, err);
    plane_release(&p);
    return pd_png_write(path, status, &png, err);
}
