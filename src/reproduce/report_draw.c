/* A report as pictures: curves of a column and metric, where results have an x; else a dot for each row. */
#include "reproduce/report.h"

#include "base/library.h"
#include "base/mem.h"
#include "io/chart.h"
#include "io/file.h"
#include "metric/statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum pd_status draw_curves(const struct pd_report *report, const struct pd_panel *panel,
                                  struct pd_error *err)
{
    const struct pd_protocol *p = &report->r->p;
    char path[PD_PATH_SIZE], name[128];
    int row = 0;
    while (row < p->row_count && p->rows[row].against < 0)
        row++;
    snprintf(name, sizeof name, "%s-%s.png", p->columns[panel->column].name, p->metrics[panel->metric].name);
    const enum pd_status status = pd_path_inside(path, sizeof path, report->r->folder, name, err);
    return status ? status
                  : pd_study_draw(path, panel->study,
                                  row < p->row_count ? p->rows[p->rows[row].against].name : "", err);
}

/* --- tables --- */

static struct pd_dot dot_of(const struct pd_report *report, const struct pd_panel *panel, int row)
{
    const struct pd_cell *cell = &panel->cells[row];
    const struct pd_published_value *paper = &cell->published;
    const double unit = pd_panel_unit(panel), n = (double)paper->trials;
    return (struct pd_dot){.group = report->r->p.columns[panel->column].title,
                           .name = report->r->p.rows[row].title,
                           .value = unit * cell->summary.mean,
                           .error = unit * pd_half_interval(&cell->summary, 0.95),
                           .other = unit * paper->mean,
                           .other_error =
                               n > 1 ? unit * pd_student_t(0.05, n - 1) * paper->deviation / sqrt(n) : NAN};
}

/* All columns of a metric, into dots, which has room; returns how many. */
static int list_dots(const struct pd_report *report, int metric, struct pd_dot *dots)
{
    int n = 0;
    for (int i = 0; i < report->count; i++)
        for (int row = 0; row < report->r->p.row_count; row++)
            if (report->panels[i].metric == metric && report->r->row_on[row])
                dots[n++] = dot_of(report, &report->panels[i], row);
    return n;
}

static bool has_paper(const struct pd_dot *dots, int count)
{
    for (int i = 0; i < count; i++)
        if (!isnan(dots[i].other))
            return true;
    return false;
}

static enum pd_status draw_table(const struct pd_report *report, int metric, struct pd_error *err)
{
    const struct pd_protocol *p = &report->r->p;
    struct pd_dot *dots = pd_calloc((size_t)report->count * (size_t)p->row_count, sizeof *dots);
    struct pd_buffer png = PD_BUFFER_INIT;
    char path[PD_PATH_SIZE], name[128], title[256], x[96];
    if (!dots)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    const int count = list_dots(report, metric, dots);
    const struct pd_metric *m = p->metrics[metric].metric;
    snprintf(title, sizeof title, "%.180s (%s)", p->about, report->r->scale);
    snprintf(x, sizeof x, "%.60s%s", p->metrics[metric].name, m && !strcmp(m->key, "accuracy") ? ", %" : "");
    const struct pd_axes axes = {.title = title, .x = x};
    enum pd_status status =
        pd_chart_dots(&axes, "here, mean and 95 %",
                      has_paper(dots, count) ? "the paper, mean and 95 %" : NULL, dots, count, &png, err);
    snprintf(name, sizeof name, "%s.png", p->metrics[metric].name);
    if (!status)
        status = pd_path_inside(path, sizeof path, report->r->folder, name, err);
    if (!status)
        status = pd_file_write_atomic(path, png.data, png.size, err);
    pd_buffer_release(&png);
    pd_free(dots);
    return status;
}

enum pd_status pd_report_draw(const struct pd_report *report, struct pd_error *err)
{
    const struct pd_reproduce *r = report->r;
    enum pd_status status = PD_OK;
    if (!pd_library_is_in(pd_library_cairo) || !report->done)
        return PD_OK;
    for (int i = 0; i < report->count && !status && r->p.by != PD_BY_NOTHING; i++)
        status = draw_curves(report, &report->panels[i], err);
    for (int m = 0; m < r->p.metric_count && !status && r->p.by == PD_BY_NOTHING; m++)
        if (r->metric_on[m])
            status = draw_table(report, m, err);
    return status;
}
