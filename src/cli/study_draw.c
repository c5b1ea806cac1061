/* The curves of a study as a picture. */
#include "cli/study.h"

#include "base/mem.h"
#include "train/pictures.h"

#include <stdio.h>

/* The curves of a study under way: points go into one block, (3, capacity): x, y, errors. */
struct chart {
    const struct study *study;
    struct pd_curve *curves;
    double *block;
    int64_t points, capacity;
    const struct study_curve *last;
    int count;
};

static enum pd_status add_point(void *context, const struct study_row *row, struct pd_error *err)
{
    struct chart *c = context;
    const double unit = c->study->fraction ? 100 : 1;
    double *x = c->block + c->points, *y = x + c->capacity, *error = y + c->capacity;
    (void)err;
    if (row->figure != STUDY_POINT)
        return PD_OK;
    if (row->curve != c->last)
        c->curves[c->count++] = (struct pd_curve){row->curve->label, 0, x, y, error};
    c->last = row->curve;
    c->curves[c->count - 1].n++;
    *x = row->x;
    *y = unit * row->summary.mean;
    *error = unit * row->summary.error; /* NAN, one trial: no bar */
    c->points++;
    return PD_OK;
}

static enum pd_status draw_study(const char *path, const struct study *study, struct pd_error *err)
{
    struct chart c = {.study = study};
    char words[300];
    size_t curves = 0;
    for (const struct study_curve *s = study->curves; s; s = s->next) {
        curves++;
        for (const struct study_trial *t = s->trials; t; t = t->next)
            c.capacity += t->n;
    }
    c.curves = pd_calloc(curves, sizeof *c.curves);
    c.block = pd_calloc((size_t)c.capacity, 3 * sizeof *c.block);
    enum pd_status status = PD_OK;
    if (!c.curves || !c.block)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    if (!status)
        status = study_rows(study, "", add_point, &c, err);
    snprintf(words, sizeof words, "%.200s%s", study->measure, study->fraction ? ", %" : "");
    const struct pd_axes axes = {"Mean and standard error over trials", study->x, words};
    if (!status)
        status = pd_picture_curves(path, &axes, c.curves, c.count, err);
    pd_free(c.curves);
    pd_free(c.block);
    return status;
}

/* The first study that has a curve of more than one point, or the first of all. */
static const struct study *study_to_draw(const struct studies *studies)
{
    for (const struct study *s = studies->first; s; s = s->next)
        for (const struct study_curve *c = s->curves; c; c = c->next)
            for (const struct study_trial *t = c->trials; t; t = t->next)
                if (t->n > 1)
                    return s;
    return studies->first;
}

enum pd_status studies_draw(const char *path, const struct studies *studies, struct pd_error *err)
{
    return draw_study(path, study_to_draw(studies), err);
}
