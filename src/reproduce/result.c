/* result.json: what one run has shown, with all that is needed to repeat it. */
#include "base/words.h"
#include "reproduce/items.h"
#include "reproduce/record.h"

#include "io/file.h"
#include "io/json.h"
#include "run/results.h"

#include <paydirt/version.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "AMD EPYC 7B13", or "" where the system does not say. */
static void device_name(char *name, size_t size)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    *name = '\0';
    while (f && !*name && fgets(line, sizeof line, f))
        if (!strncmp(line, "model name", 10) && strchr(line, ':'))
            snprintf(name, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"), strchr(line, ':') + 2);
    if (f)
        fclose(f);
}

/* --- points of one row and one metric --- */

struct points {
    json_t *list; /* [[x, y], ...] */
    bool fraction;
};

static bool add_point(struct points *to, double x, double y)
{
    return !json_array_append_new(to->list, json_pack("[f, f]", x, y));
}

/* The last line of that metric; x: its epoch, or as given. */
static void take_lines(const json_t *lines, const char *metric, bool by_epoch, double x, struct points *to)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const char *name = json_string_value(json_object_get(line, "metric"));
        const json_t *epoch = json_object_get(line, "epoch");
        double y;
        bool fraction;
        if (!name || strcmp(name, metric) != 0 || (by_epoch && !json_is_number(epoch)) ||
            !pd_result_value(line, &y, &fraction))
            continue;
        to->fraction = fraction;
        add_point(to, by_epoch ? json_number_value(epoch) : x, y);
    }
}

static void take_log(const json_t *lines, const char *key, struct points *to)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i), *epoch = json_object_get(line, "epoch"),
                     *y = json_object_get(line, key);
        if (json_is_number(epoch) && json_is_number(y))
            add_point(to, json_number_value(epoch), json_number_value(y));
    }
}

static void take_rounds(const json_t *rounds, struct points *to)
{
    for (size_t i = 0; i < json_array_size(rounds); i++) {
        const json_t *line = json_array_get(rounds, i), *labels = json_object_get(line, "labels"),
                     *y = json_object_get(line, "accuracy");
        if (json_is_number(labels) && json_is_number(y))
            add_point(to, json_number_value(labels), json_number_value(y));
    }
    to->fraction = true;
}

/* Of a file in the run's folder. */
static enum pd_status load(const char *run, const char *name, json_t **lines, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    *lines = NULL;
    const enum pd_status status = pd_path_join(path, sizeof path, run, name, err);
    return status ? status : pd_lines_load(path, lines, err);
}

static enum pd_status points_by_epoch(const char *run, const struct pd_protocol_metric *m, struct points *to,
                                      struct pd_error *err)
{
    json_t *lines;
    const enum pd_status status = load(run, m->metric ? "eval.jsonl" : "log.jsonl", &lines, err);
    if (!status && m->metric)
        take_lines(lines, m->name, true, 0, to);
    else if (!status)
        take_log(lines, m->name, to);
    json_decref(lines);
    return status;
}

static enum pd_status points_of_items(const struct pd_reproduce *r, int64_t job, const char *run, int row,
                                      const char *metric, struct points *to, struct pd_error *err)
{
    struct pd_item item;
    bool there = true;
    enum pd_status status = PD_OK;
    for (int n = 0; !status && there; n++) {
        char path[PD_PATH_SIZE];
        json_t *record = NULL;
        status = pd_item_at(r, job, run, n, &there, &item, err);
        if (status || !there || item.row != row || item.picture)
            continue;
        status = pd_item_path(r, job, &item, path, err);
        if (!status)
            status = pd_record_load(path, &record, err);
        if (!status)
            take_lines(json_object_get(record, "results"), metric, false, item.x, to);
        json_decref(record);
    }
    return status;
}

static enum pd_status points_of(const struct pd_reproduce *r, int64_t job, const char *run, int row,
                                int metric, struct points *to, struct pd_error *err)
{
    const struct pd_protocol_metric *m = &r->p.metrics[metric];
    if (r->p.by == PD_BY_EPOCH)
        return points_by_epoch(run, m, to, err);
    if (r->p.by == PD_BY_NOTHING || !pd_rounds_suffice(r, row))
        return points_of_items(r, job, run, row, m->name, to, err);
    json_t *rounds;
    const enum pd_status status = pd_rounds_load(r, job, row, run, &rounds, err);
    if (!status)
        take_rounds(rounds, to);
    json_decref(rounds);
    return status;
}

/* --- whole --- */

static enum pd_status add_row(const struct pd_reproduce *r, int64_t job, const char *run, int row, int metric,
                              json_t *rows, struct pd_error *err)
{
    struct points points = {json_array(), false};
    const json_t *measure = r->p.rows[row].measure;
    enum pd_status status = points_of(r, job, run, row, metric, &points, err);
    if (!status && !json_array_size(points.list))
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: no %s of row '%s' in its results", run,
                         r->p.metrics[metric].name, r->p.rows[row].name);
    json_t *line = json_pack("{s:s, s:s, s:b, s:O}", "row", r->p.rows[row].name, "metric",
                             r->p.metrics[metric].name, "fraction", points.fraction, "points", points.list);
    if (measure)
        json_object_set(line, "measure", (json_t *)(uintptr_t)measure);
    json_array_append_new(rows, line);
    json_decref(points.list);
    return status;
}

/* Of the images and labels that it was trained on, as data.json has it; "fingerprint" stays out without one.
 */
static enum pd_status add_data(const struct pd_reproduce *r, int64_t job, const char *run, json_t *result,
                               struct pd_error *err)
{
    const bool active = r->kinds[r->jobs[job].kind].active;
    char path[PD_PATH_SIZE];
    json_t *data = NULL;
    enum pd_status status =
        pd_path_join(path, sizeof path, run, active ? "start-1/data.json" : "data.json", err);
    if (!status)
        status = pd_record_load(path, &data, err);
    json_t *fingerprint = json_object_get(data, "fingerprint");
    if (!status && fingerprint && json_object_set(result, "fingerprint", fingerprint))
        status = pd_fail_memory(err, path);
    json_decref(data);
    return status;
}

enum pd_status pd_result_write(const struct pd_reproduce *r, int64_t job, const char *run, double seconds,
                               struct pd_error *err)
{
    const struct pd_run_kind *k = &r->kinds[r->jobs[job].kind];
    char path[PD_PATH_SIZE], device[128];
    enum pd_status status = pd_job_path(r, job, "result.json", path, err);
    device_name(device, sizeof device);
    pd_mem_watch();
    json_t *rows = json_array();
    for (int row = 0; row < r->p.row_count; row++)
        for (int m = 0; m < r->p.metric_count; m++)
            if (!status && pd_row_is_in(r, job, row) && r->metric_on[m])
                status = add_row(r, job, run, row, m, rows, err);
    json_t *result = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:i, s:o, s:O, s:s, s:O}", "study",
                               r->p.name, "scale", r->scale, "column", r->p.columns[k->column].name, "run",
                               r->p.rows[k->row].name, "seed", (json_int_t)r->jobs[job].seed, "version",
                               pd_version(), "commit", pd_commit(), "device", device, "threads", r->threads,
                               "seconds", isnan(seconds) ? json_null() : json_real(round(seconds)), "recipe",
                               k->recipe, "folder", pd_path_name(run), "results", rows);
    json_decref(rows);
    if (!status)
        status = add_data(r, job, run, result, err);
    if (status)
        json_decref(result);
    return status ? status : pd_record_store(path, result, err);
}

/* --- read again --- */

static const json_t *line_of(const json_t *results, const char *row, const char *metric)
{
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *line = json_array_get(results, i);
        const char *its_row = json_string_value(json_object_get(line, "row")),
                   *its_metric = json_string_value(json_object_get(line, "metric"));
        if (its_row && its_metric && !strcmp(its_row, row) && !strcmp(its_metric, metric))
            return line;
    }
    return NULL;
}

/* [[x, y], ...], one or more. */
static bool are_points(const json_t *list)
{
    bool are = json_array_size(list) > 0;
    for (size_t i = 0; are && i < json_array_size(list); i++) {
        const json_t *point = json_array_get(list, i);
        are = json_is_number(json_array_get(point, 0)) && json_is_number(json_array_get(point, 1));
    }
    return are;
}

/* The study may measure the row otherwise by now. A row that it does not have is passed over later. */
bool pd_result_counts(const struct pd_reproduce *r, const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "row"));
    const json_t *measure = json_object_get(line, "measure");
    if (!are_points(json_object_get(line, "points")))
        return false;
    for (int row = 0; name && row < r->p.row_count; row++)
        if (!strcmp(name, r->p.rows[row].name))
            return measure ? json_equal(measure, r->p.rows[row].measure) : !r->p.rows[row].measure;
    return true;
}

enum pd_status pd_result_add(const struct pd_reproduce *r, int64_t job, const char *path, json_t *line,
                             json_t *results, struct pd_error *err)
{
    const char *row = json_string_value(json_object_get(line, "row")),
               *metric = json_string_value(json_object_get(line, "metric"));
    const json_t *before = row && metric ? line_of(results, row, metric) : NULL;
    char run[PD_PATH_SIZE];
    if (before && json_equal(json_object_get(before, "points"), json_object_get(line, "points")))
        return PD_OK;
    if (!before)
        return json_array_append(results, line) ? pd_fail_memory(err, path) : PD_OK;
    const enum pd_status status = pd_job_folder(r, job, run, err);
    return status ? status
                  : pd_fail(err, PD_ERR_MISMATCH, -1,
                            "%s: two results of the run %s that differ, row '%s', %s: expected one", path,
                            pd_path_name(run), row, metric);
}

/* In the place of its lines those that count. */
static enum pd_status sift(const struct pd_reproduce *r, int64_t job, const char *path, json_t *result,
                           struct pd_error *err)
{
    const json_t *all = json_object_get(result, "results");
    pd_mem_watch();
    json_t *kept = json_array();
    enum pd_status status = kept ? PD_OK : pd_fail_memory(err, path);
    for (size_t i = 0; i < json_array_size(all) && !status; i++)
        if (pd_result_counts(r, json_array_get(all, i)))
            status = pd_result_add(r, job, path, json_array_get(all, i), kept, err);
    if (json_object_set_new(result, "results", kept) && !status)
        status = pd_fail_memory(err, path);
    return status;
}

enum pd_status pd_result_read(const struct pd_reproduce *r, int64_t job, json_t **out, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    *out = NULL;
    enum pd_status status = pd_job_path(r, job, "result.json", path, err);
    if (!status)
        status = pd_record_load(path, out, err);
    if (!status && *out &&
        (!json_is_array(json_object_get(*out, "results")) ||
         !json_equal(json_object_get(*out, "recipe"), r->kinds[r->jobs[job].kind].recipe)))
        status = pd_fail(err, PD_ERR_MISMATCH, -1,
                         "%s: the result of a run with other options: expected another folder", path);
    if (!status && *out)
        status = sift(r, job, path, *out, err);
    if (status) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

enum pd_status pd_result_note_data(const struct pd_reproduce *r, int64_t job, const char *path,
                                   const json_t *result, json_t *seen, struct pd_error *err)
{
    const json_t *fingerprint = json_object_get(result, "fingerprint");
    char kind[16], folder[PD_PATH_SIZE];
    if (!json_is_string(fingerprint) || !json_array_size(json_object_get(result, "results")))
        return PD_OK;
    snprintf(kind, sizeof kind, "%d", r->jobs[job].kind);
    const json_t *before = json_object_get(seen, kind);
    const enum pd_status status = pd_job_folder(r, job, folder, err);
    if (status || json_equal(json_array_get(before, 0), fingerprint))
        return status;
    if (before)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: the runs %s and %s are of other data (images or labels): expected another folder",
                       path, json_string_value(json_array_get(before, 1)), pd_path_name(folder));
    return json_object_set_new(seen, kind, json_pack("[O, s]", fingerprint, pd_path_name(folder)))
               ? pd_fail_memory(err, path)
               : PD_OK;
}

bool pd_result_is_whole(const struct pd_reproduce *r, int64_t job, const json_t *result)
{
    const json_t *results = json_object_get(result, "results");
    for (int row = 0; row < r->p.row_count; row++)
        for (int m = 0; m < r->p.metric_count; m++)
            if (r->row_on[row] && pd_row_is_in(r, job, row) && r->metric_on[m] &&
                !line_of(results, r->p.rows[row].name, r->p.metrics[m].name))
                return false;
    return result != NULL;
}
