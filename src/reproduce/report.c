#include "reproduce/report.h"

#include "base/words.h"
#include "reproduce/record.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "io/lock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_PATIENCE 60. /* seconds */

static enum pd_status no_memory(struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the report");
}

double pd_panel_unit(const struct pd_panel *panel)
{
    return panel->study->fraction ? 100 : 1;
}

/* --- panels --- */

static enum pd_status make_panel(const struct pd_reproduce *r, int column, int metric, struct pd_panel *panel,
                                 struct pd_error *err)
{
    *panel = (struct pd_panel){.column = column, .metric = metric};
    panel->studies = pd_calloc(1, sizeof *panel->studies);
    if (!panel->studies)
        return no_memory(err);
    panel->study = pd_study_find(panel->studies, r->p.metrics[metric].name, pd_protocol_bys[r->p.by]);
    if (!panel->study)
        return no_memory(err);
    panel->study->area = r->p.by == PD_BY_LABELS;
    panel->study->data = r->p.columns[column].title;
    const struct pd_metric *m = r->p.metrics[metric].metric;
    panel->study->fraction = m && !strcmp(m->key, "accuracy");
    for (int row = 0; row < r->p.row_count; row++) {
        struct pd_study_curve *c =
            r->row_on[row] ? pd_study_find_curve(panel->studies, panel->study, NULL, r->p.rows[row].name)
                           : NULL;
        if (r->row_on[row] && !c)
            return no_memory(err);
        if (c)
            c->label = r->p.rows[row].title;
    }
    return PD_OK;
}

static enum pd_status make_panels(struct pd_report *report, struct pd_error *err)
{
    const struct pd_reproduce *r = report->r;
    enum pd_status status = PD_OK;
    report->panels = pd_calloc((size_t)r->p.column_count * (size_t)r->p.metric_count, sizeof *report->panels);
    if (!report->panels)
        return no_memory(err);
    for (int c = 0; c < r->p.column_count; c++)
        for (int m = 0; m < r->p.metric_count && !status; m++)
            if (r->column_on[c] && r->metric_on[m])
                status = make_panel(r, c, m, &report->panels[report->count++], err);
    return status;
}

/* --- results --- */

static struct pd_panel *panel_of(struct pd_report *report, int column, const char *metric)
{
    for (int i = 0; i < report->count; i++)
        if (report->panels[i].column == column &&
            !strcmp(report->r->p.metrics[report->panels[i].metric].name, metric))
            return &report->panels[i];
    return NULL;
}

static struct pd_study_curve *curve_of(const struct pd_panel *panel, const char *row)
{
    struct pd_study_curve *c = panel ? panel->study->curves : NULL;
    while (c && strcmp(c->name, row) != 0)
        c = c->next;
    return c;
}

/* [[x, y], ...] of one row and one metric. What is not asked for is passed over. */
static enum pd_status take_points(struct pd_report *report, int column, int64_t seed, const json_t *line,
                                  struct pd_error *err)
{
    const char *row = json_string_value(json_object_get(line, "row")),
               *metric = json_string_value(json_object_get(line, "metric"));
    const json_t *points = json_object_get(line, "points");
    struct pd_panel *panel = row && metric ? panel_of(report, column, metric) : NULL;
    struct pd_study_curve *curve = panel ? curve_of(panel, row) : NULL;
    struct pd_study_trial *trial = curve ? pd_study_find_trial(panel->studies, curve, seed) : NULL;
    if (curve && !trial)
        return no_memory(err);
    for (size_t i = 0; trial && i < json_array_size(points); i++) {
        const json_t *x = json_array_get(json_array_get(points, i), 0),
                     *y = json_array_get(json_array_get(points, i), 1);
        if (json_is_number(x) && json_is_number(y) &&
            !pd_study_put(panel->studies, trial, json_number_value(x), json_number_value(y)))
            return no_memory(err);
    }
    return PD_OK;
}

/* A line of results.jsonl: the result's own keys, and those of the row. */
static bool add_line(json_t *lines, const json_t *result, const json_t *row)
{
    json_t *line = json_copy((json_t *)(uintptr_t)result);
    json_object_del(line, "results");
    const bool ok = line && !json_object_update(line, (json_t *)(uintptr_t)row);
    return !json_array_append_new(lines, line) && ok;
}

static enum pd_status take_failed(struct pd_report *report, int64_t job, struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    const enum pd_status status = pd_job_folder(report->r, job, folder, err);
    if (status)
        return status;
    return json_array_append_new(report->failed, json_string(pd_path_name(folder))) ? no_memory(err) : PD_OK;
}

static enum pd_status take_result(struct pd_report *report, int64_t job, struct pd_error *err)
{
    const struct pd_reproduce *r = report->r;
    json_t *result;
    enum pd_status status = pd_result_read(r, job, &result, err);
    const json_t *rows = json_object_get(result, "results");
    if (!status)
        status = pd_result_note_data(r, job, r->folder, result, report->seen, err);
    for (size_t i = 0; i < json_array_size(rows) && !status; i++) {
        status = take_points(report, r->kinds[r->jobs[job].kind].column, r->jobs[job].seed,
                             json_array_get(rows, i), err);
        if (!status && !add_line(report->lines, result, json_array_get(rows, i)))
            status = no_memory(err);
    }
    const bool done = pd_result_is_whole(r, job, result);
    report->done += done;
    report->total++;
    json_decref(result);
    return status || done || !pd_job_failed(r, job) ? status : take_failed(report, job, err);
}

/* --- cells --- */

static struct pd_published_value published_of(const struct pd_report *report, const struct pd_panel *panel,
                                              int row)
{
    struct pd_published_value v = {NAN, NAN, report->r->p.published_trials};
    const double unit = pd_panel_unit(panel);
    if (panel->metric == 0 &&
        pd_protocol_published(&report->r->p, row, panel->column, &v.mean, &v.deviation)) {
        v.mean /= unit;
        v.deviation /= unit;
    }
    return v;
}

/* What is being looked for among a study's rows. */
struct search {
    const struct pd_report *report;
    struct pd_panel *panel;
    int row;
};

/* That are asked for of a row's run. */
static int64_t trials_of(const struct search *s, int row)
{
    const struct pd_reproduce *r = s->report->r;
    for (int k = 0; k < r->kind_count; k++)
        if (r->kinds[k].column == s->panel->column && r->kinds[k].row == r->p.rows[row].of)
            return r->kinds[k].trials;
    return 0;
}

static struct pd_contrast contrast_of(const struct search *s, const struct pd_paired *paired, bool sized)
{
    const struct pd_protocol *p = &s->report->r->p;
    const struct pd_protocol_row *row = &p->rows[s->row];
    const struct pd_metric *m = p->metrics[s->panel->metric].metric;
    static const struct pd_published_value none = {NAN, NAN, 0};
    const bool alike = !*p->columns[s->panel->column].not_comparable; /* else not even directions are */
    sized = sized && alike;
    const struct pd_published_value own = sized ? published_of(s->report, s->panel, s->row) : none,
                                    other = sized ? published_of(s->report, s->panel, row->against) : none;
    const double difference =
        published_of(s->report, s->panel, s->row).mean - published_of(s->report, s->panel, row->against).mean;
    const int claimed = !alike             ? 0
                        : difference > 0   ? 1
                        : difference < 0   ? -1
                        : row->better && m ? (int)m->better
                                           : 0;
    struct pd_contrast c = pd_contrast_of(paired, &own, &other, claimed, s->report->r->comparable && alike);
    const int64_t ours = trials_of(s, s->row), theirs = trials_of(s, row->against);
    c.planned = ours < theirs ? ours : theirs;
    return c;
}

static enum pd_status take_row(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    struct search *s = context;
    const struct pd_protocol_row *r = &s->report->r->p.rows[s->row];
    struct pd_cell *cell = &s->panel->cells[s->row];
    (void)err;
    if (strcmp(row->curve->name, r->name) != 0 || row->figure == PD_STUDY_POINT)
        return PD_OK;
    cell->compared = r->against >= 0;
    if (row->figure == PD_STUDY_LAST) {
        cell->x = row->x;
        cell->summary = row->summary;
        if (cell->compared)
            cell->contrast = contrast_of(s, &row->paired, true);
    } else {
        cell->has_area = true;
        cell->x0 = row->x0;
        cell->area = row->summary;
        cell->saved = row->saved;
        if (cell->compared)
            cell->area_contrast = contrast_of(s, &row->paired, false);
    }
    return PD_OK;
}

static enum pd_status fill_panel(const struct pd_report *report, struct pd_panel *panel, struct pd_error *err)
{
    const struct pd_reproduce *r = report->r;
    enum pd_status status = PD_OK;
    for (int row = 0; row < r->p.row_count && !status; row++) {
        const int against = r->p.rows[row].against;
        struct search s = {report, panel, row};
        panel->cells[row] = (struct pd_cell){
            .summary = pd_summarise(0, NULL), .x = NAN, .published = published_of(report, panel, row)};
        if (r->row_on[row])
            status =
                pd_study_rows(panel->study, against >= 0 ? r->p.rows[against].name : "", take_row, &s, err);
    }
    return status;
}

/* --- whole --- */

static enum pd_status make_report(const struct pd_reproduce *r, struct pd_report *out, struct pd_error *err)
{
    *out = (struct pd_report){.r = r};
    pd_mem_watch();
    out->lines = json_array();
    out->failed = json_array();
    out->seen = json_object();
    enum pd_status status = out->lines && out->failed && out->seen ? make_panels(out, err) : no_memory(err);
    for (int64_t job = 0; job < r->job_count && !status; job++)
        status = take_result(out, job, err);
    for (int i = 0; i < out->count && !status; i++)
        status = fill_panel(out, &out->panels[i], err);
    return status;
}

static void release_report(struct pd_report *report)
{
    for (int i = 0; i < report->count; i++)
        pd_studies_destroy(report->panels[i].studies);
    pd_free(report->panels);
    json_decref(report->lines);
    json_decref(report->failed);
    json_decref(report->seen);
    *report = (struct pd_report){.count = 0};
}

static enum pd_status write_file(const struct pd_reproduce *r, const char *name, const char *text,
                                 size_t size, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    const enum pd_status status = pd_path_inside(path, sizeof path, r->folder, name, err);
    return status ? status : pd_file_write_atomic(path, text, size, err);
}

static enum pd_status write_lines(const struct pd_report *report, struct pd_error *err)
{
    struct pd_buffer all = PD_BUFFER_INIT;
    enum pd_status status = PD_OK;
    for (size_t i = 0; i < json_array_size(report->lines) && !status; i++) {
        char *line;
        pd_mem_watch();
        status = pd_json_text(json_array_get(report->lines, i),
                              JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(PD_RECORD_DIGITS),
                              "results.jsonl", &line, err);
        if (!status)
            pd_buffer_printf(&all, "%s\n", line);
        free(line);
    }
    if (!status && all.oom)
        status = no_memory(err);
    if (!status)
        status = write_file(report->r, "results.jsonl", all.size ? all.data : "", all.size, err);
    pd_buffer_release(&all);
    return status;
}

static enum pd_status write_json(const struct pd_report *report, struct pd_error *err)
{
    char *text;
    pd_mem_watch();
    json_t *json = pd_report_json(report);
    enum pd_status status =
        pd_json_text(json, JSON_INDENT(1) | JSON_REAL_PRECISION(10), "report.json", &text, err);
    if (!status)
        status = write_file(report->r, "report.json", text, strlen(text), err);
    free(text);
    json_decref(json);
    return status;
}

static enum pd_status write_all(const struct pd_report *report, const struct pd_buffer *words,
                                struct pd_error *err)
{
    enum pd_status status = write_file(report->r, "report.txt", words->data, words->size, err);
    if (!status)
        status = write_json(report, err);
    if (!status)
        status = write_lines(report, err);
    return status ? status : pd_report_draw(report, err);
}

enum pd_status pd_reproduce_report(struct pd_reproduce *r, char **text, struct pd_error *err)
{
    struct pd_report report = {.count = 0};
    struct pd_buffer words = PD_BUFFER_INIT;
    struct pd_lock lock = {.held = false};
    const bool begun = pd_is_folder(r->folder); /* else there is nothing to keep */
    *text = NULL;
    enum pd_status status = PD_OK;
    if (begun) /* several processes may end at once: the last has all */
        status = pd_lock_take(&lock, r->folder, ".report.lock", REPORT_PATIENCE, err);
    if (!status)
        status = make_report(r, &report, err);
    if (!status)
        pd_report_text(&report, &words);
    if (!status && words.oom)
        status = no_memory(err);
    if (!status && begun)
        status = write_all(&report, &words, err);
    release_report(&report);
    pd_lock_release(&lock);
    if (status)
        pd_buffer_release(&words);
    *text = words.data;
    return status;
}
