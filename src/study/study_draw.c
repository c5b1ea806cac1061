/* The curves of a study as a picture. */
#include "study/study.h"

#include "base/mem.h"
#include "io/png.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The curves of a study under way: points go into one block, (3, capacity): x, y, errors. */
struct chart {
    const struct pd_study *study;
    struct pd_curve *curves;
    double *block;
    int64_t points, capacity;
    const struct pd_study_curve *last;
    int count;
};

static enum pd_status add_point(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    struct chart *c = context;
    const double unit = c->study->fraction ? 100 : 1;
    double *x = c->block + c->points, *y = x + c->capacity, *error = y + c->capacity;
    (void)err;
    if (row->figure != PD_STUDY_POINT)
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

/* --- words --- */

enum { WORDS = 400, NOTE = 2 * WORDS };

/* What the last points say against the baseline. */
struct verdict {
    int compared, shown, listed;
    int64_t least_pairs;
    char words[WORDS]; /* those shown */
};

static enum pd_status judge(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    struct verdict *v = context;
    const struct pd_paired *p = &row->paired;
    const size_t used = strlen(v->words);
    (void)err;
    if (row->figure != PD_STUDY_LAST || !row->baseline)
        return PD_OK;
    v->least_pairs = v->compared++ && v->least_pairs < p->difference.n ? v->least_pairs : p->difference.n;
    if (!pd_study_shows(p))
        return PD_OK;
    v->shown++;
    if (used < WORDS / 3) /* three or so; the table has them all */
        snprintf(v->words + used, WORDS - used, "%s%.60s %s than %.60s (p = %.2g)", v->listed++ ? ", " : "",
                 row->curve->label, p->difference.mean > 0 ? "higher" : "lower", row->baseline->label,
                 pd_study_chance(p));
    return PD_OK;
}

/* "3 trials", "2 to 3 trials" */
static void count_trials(const struct pd_study *study, char words[64])
{
    int least = study->curves->count, most = least;
    for (const struct pd_study_curve *c = study->curves; c; c = c->next) {
        least = c->count < least ? c->count : least;
        most = c->count > most ? c->count : most;
    }
    if (least < most)
        snprintf(words, 64, "%d to %d trials", least, most);
    else
        snprintf(words, 64, "%d trial%s", most, most == 1 ? "" : "s");
}

static enum pd_status conclude(const struct pd_study *study, const char *baseline, const char *trials,
                               char note[NOTE], struct pd_error *err)
{
    struct verdict v = {.shown = 0};
    const enum pd_status status = pd_study_rows(study, baseline, judge, &v, err);
    if (v.compared && v.least_pairs < 2 && !v.shown)
        snprintf(note, NOTE, "%s, not conclusive: fewer than two pairs with the same seed", trials);
    else if (v.compared && !v.shown)
        snprintf(note, NOTE, "%s, not conclusive: no difference to %.60s shown at the end", trials, baseline);
    else if (v.shown)
        snprintf(note, NOTE, "%s; at the end %s%s%s%s", trials, v.words,
                 v.listed < v.shown ? " and more" : "",
                 v.shown < v.compared ? "; the rest not conclusive" : "",
                 v.compared > 1 ? "; p not corrected" : "");
    else if (study->curves->count < 2)
        snprintf(note, NOTE, "%s, not conclusive", trials);
    else
        snprintf(note, NOTE, "%s, nothing compared", trials);
    return status;
}

/* --- the picture --- */

static enum pd_status picture(const char *baseline, bool svg, struct pd_chart_frame *frame, struct chart *c,
                              struct pd_buffer *out, struct pd_error *err)
{
    const struct pd_study *study = c->study;
    char title[WORDS], measure[WORDS], trials[64], note[NOTE], chance[64];
    const double level = study->fraction && study->classes > 0 ? 100. / (double)study->classes : NAN;
    count_trials(study, trials);
    enum pd_status status = conclude(study, baseline, trials, note, err);
    snprintf(title, sizeof title, "%.200s%s over %s", study->data ? study->data : "",
             study->data && *study->data ? ": mean and standard error" : "Mean and standard error", trials);
    snprintf(measure, sizeof measure, "%.200s%s", study->measure, study->fraction ? ", %" : "");
    snprintf(chance, sizeof chance, "chance, %.3g %%", level);
    const struct pd_axes axes = {
        .title = title, .x = study->x, .y = measure, .note = note, .svg = svg, .frame = frame};
    const struct pd_level across = {level, chance};
    return status ? status : pd_chart_curves(&axes, &across, c->curves, c->count, out, err);
}

enum pd_status pd_study_chart(const struct pd_study *study, const char *baseline, bool svg,
                              struct pd_chart_frame *frame, struct pd_buffer *out, struct pd_error *err)
{
    struct chart c = {.study = study};
    size_t curves = 0;
    for (const struct pd_study_curve *s = study->curves; s; s = s->next) {
        curves++;
        for (const struct pd_study_trial *t = s->trials; t; t = t->next)
            c.capacity += t->n;
    }
    c.curves = pd_calloc(curves, sizeof *c.curves);
    c.block = pd_calloc((size_t)c.capacity, 3 * sizeof *c.block);
    enum pd_status status = PD_OK;
    if (!c.curves || !c.block)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    if (!status)
        status = pd_study_rows(study, "", add_point, &c, err);
    if (!status)
        status = picture(baseline, svg, frame, &c, out, err);
    pd_free(c.curves);
    pd_free(c.block);
    return status;
}

enum pd_status pd_study_draw(const char *path, const struct pd_study *study, const char *baseline,
                             struct pd_error *err)
{
    struct pd_buffer png = PD_BUFFER_INIT;
    return pd_png_write(path, pd_study_chart(study, baseline, false, NULL, &png, err), &png, err);
}

/* The first study that has a curve of more than one point, or the first of all. */
static const struct pd_study *study_to_draw(const struct pd_studies *studies)
{
    for (const struct pd_study *s = studies->first; s; s = s->next)
        for (const struct pd_study_curve *c = s->curves; c; c = c->next)
            for (const struct pd_study_trial *t = c->trials; t; t = t->next)
                if (t->n > 1)
                    return s;
    return studies->first;
}

enum pd_status pd_studies_draw(const char *path, const struct pd_studies *studies, const char *baseline,
                               struct pd_error *err)
{
    return pd_study_draw(path, study_to_draw(studies), baseline, err);
}
