/* Charts over several runs, by the module that draws all others. */
#include "serve/view.h"

#include "base/mem.h"
#include "io/json.h"
#include "study/study.h"

#include <stdio.h>
#include <string.h>

static const char *const losses[] = {"d_adv", "d_cls_real", "d_cls_fake", "g_adv", "g_cls"};
enum { LOSSES = sizeof losses / sizeof losses[0] };

static bool is_loss(const char *name)
{
    for (int i = 0; i < LOSSES; i++)
        if (!strcmp(name, losses[i]))
            return true;
    return false;
}

static void add_chart(struct pd_view_chart *charts, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++)
        if (!strcmp(charts[i].name, name))
            return;
    if (*n == PD_CHARTS_MOST)
        return;
    charts[*n] = (struct pd_view_chart){.by_labels = false};
    snprintf(charts[(*n)++].name, sizeof charts->name, "%s", name);
}

/* One run's losses share a picture; several runs' are set against each other one by one. */
size_t pd_view_charts(const struct pd_view *views, size_t n, const struct pd_studies *studies,
                      struct pd_view_chart charts[PD_CHARTS_MOST])
{
    size_t count = 0;
    int number = 0;
    for (const struct pd_study *s = studies ? pd_studies_first(studies) : NULL; s && count < PD_CHARTS_MOST;
         s = s->next, number++) {
        if (strcmp(s->x, "labels") != 0)
            continue;
        charts[count] = (struct pd_view_chart){.by_labels = true, .study = number};
        snprintf(charts[count++].name, sizeof charts->name, "%s by %s", s->measure, s->x);
    }
    for (int last = 0; last < 2; last++) /* how fast it went comes behind what it led to */
        for (size_t v = 0; v < n; v++)
            for (size_t i = 0; i < views[v].count; i++) {
                const char *name = views[v].series[i].name;
                if (last == (strcmp(name, "images_per_second") == 0))
                    add_chart(charts, &count, n == 1 && is_loss(name) ? "losses" : name);
            }
    return count;
}

/* --- curves --- */

struct lines {
    struct pd_curve *curves;
    double *block; /* (most, 2, PD_CURVE_POINTS) */
    int n;
};

static void add_line(struct lines *l, const char *name, const struct pd_epoch_series *s)
{
    double *x = l->block + (size_t)l->n * 2 * PD_CURVE_POINTS, *y = x + PD_CURVE_POINTS;
    if (s)
        l->curves[l->n++] =
            (struct pd_curve){name, (int64_t)pd_series_thin(s, PD_CURVE_POINTS, x, y), x, y, NULL};
}

static void collect(const struct pd_view *views, size_t n, const char *name, struct lines *l)
{
    if (!strcmp(name, "losses"))
        for (int i = 0; i < LOSSES; i++)
            add_line(l, losses[i], pd_view_series(&views[0], losses[i]));
    for (size_t v = 0; v < n; v++)
        add_line(l, n > 1 ? views[v].name : name, pd_view_series(&views[v], name));
}

static json_t *numbers(int64_t n, const double *values)
{
    json_t *all = json_array();
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(all, json_real(values[i]));
    return all;
}

static json_t *curves_json(const struct lines *l)
{
    json_t *all = json_array();
    for (int i = 0; i < l->n; i++)
        json_array_append_new(all, json_pack("{s:s, s:o, s:o}", "name", l->curves[i].name, "x",
                                             numbers(l->curves[i].n, l->curves[i].x), "y",
                                             numbers(l->curves[i].n, l->curves[i].y)));
    return all;
}

/* Means by labels, as `paydirt compare --json` has them. */
struct means {
    json_t *all;
    const struct pd_study_curve *last;
};

static enum pd_status take_mean(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    struct means *m = context;
    (void)err;
    if (row->figure != PD_STUDY_POINT)
        return PD_OK;
    if (row->curve != m->last)
        json_array_append_new(m->all, json_pack("{s:s, s:[], s:[], s:[], s:[]}", "name", row->curve->label,
                                                "x", "y", "error", "trials"));
    m->last = row->curve;
    json_t *curve = json_array_get(m->all, json_array_size(m->all) - 1);
    json_array_append_new(json_object_get(curve, "x"), pd_json_real(row->x));
    json_array_append_new(json_object_get(curve, "y"), pd_json_real(row->summary.mean));
    json_array_append_new(json_object_get(curve, "error"), pd_json_real(row->summary.error));
    json_array_append_new(json_object_get(curve, "trials"), json_integer(row->summary.n));
    return PD_OK;
}

static enum pd_status draw_study(const struct pd_study *study, struct pd_buffer *svg,
                                 struct pd_chart_frame *frame, json_t **curves, struct pd_error *err)
{
    struct means m = {.all = curves ? json_array() : NULL};
    enum pd_status status = pd_study_chart(study, "random", true, frame, svg, err);
    if (!status && curves)
        status = pd_study_rows(study, "", take_mean, &m, err);
    if (status)
        json_decref(m.all);
    else if (curves)
        *curves = m.all;
    return status;
}

static bool is_fraction(const struct pd_view *views, size_t n, const char *name)
{
    for (size_t v = 0; v < n; v++) {
        const struct pd_epoch_series *s = pd_view_series(&views[v], name);
        if (s && s->fraction)
            return true;
    }
    return false;
}

static enum pd_status draw_lines(const struct pd_view *views, size_t n, const char *name, struct lines *l,
                                 struct pd_buffer *svg, struct pd_chart_frame *frame, struct pd_error *err)
{
    const struct pd_axes axes = {.title = name,
                                 .x = "epoch",
                                 .y = is_fraction(views, n, name) ? "part of 1" : NULL,
                                 .svg = true,
                                 .frame = frame};
    collect(views, n, name, l);
    const bool alone = n == 1 && l->n == 1; /* the title names it */
    if (alone)
        l->curves[0].name = NULL;
    const enum pd_status status = pd_chart_curves(&axes, NULL, l->curves, l->n, svg, err);
    if (alone)
        l->curves[0].name = name;
    return status;
}

enum pd_status pd_view_draw(const struct pd_view *views, size_t n, const struct pd_studies *studies,
                            const struct pd_view_chart *chart, struct pd_buffer *svg,
                            struct pd_chart_frame *frame, json_t **curves, struct pd_error *err)
{
    const size_t most = n + LOSSES;
    const struct pd_study *study = chart->by_labels ? pd_studies_first(studies) : NULL;
    if (curves)
        *curves = NULL;
    for (int i = 0; study && i < chart->study; i++)
        study = study->next;
    if (study)
        return draw_study(study, svg, frame, curves, err);
    struct lines l = {pd_calloc(most, sizeof *l.curves),
                      pd_malloc(most * 2 * PD_CURVE_POINTS * sizeof(double)), 0};
    enum pd_status status =
        l.curves && l.block ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a chart");
    if (!status)
        status = draw_lines(views, n, chart->name, &l, svg, frame, err);
    if (!status && curves)
        *curves = curves_json(&l);
    pd_free(l.curves);
    pd_free(l.block);
    return status;
}
