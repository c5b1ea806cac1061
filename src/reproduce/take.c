/* Results that another machine has made, from its results.jsonl into this folder. */
#include "reproduce/record.h"
#include "reproduce/reproduce.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonl.h"

#include <string.h>

struct taking {
    const struct pd_reproduce *r;
    const char *path;
    json_t **results; /* (job_count) of result.json, or NULL */
    struct pd_reproduce_taken *count;
};

static bool says(const json_t *line, const char *key, const char *expected)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text && !strcmp(text, expected);
}

/* The job that a line tells of, or -1. A study from a file may lie elsewhere there: its name is no matter. */
static int64_t job_of(const struct pd_reproduce *r, const json_t *line)
{
    const json_t *seed = json_object_get(line, "seed"), *recipe = json_object_get(line, "recipe");
    if (!pd_result_counts(r, line))
        return -1;
    for (int64_t i = 0; i < r->job_count; i++) {
        const struct pd_run_kind *k = &r->kinds[r->jobs[i].kind];
        if (json_is_integer(seed) && json_integer_value(seed) == r->jobs[i].seed &&
            says(line, "scale", r->scale) && says(line, "column", r->p.columns[k->column].name) &&
            says(line, "run", r->p.rows[k->row].name) && json_equal(recipe, k->recipe))
            return i;
    }
    return -1;
}

/* A line of results.jsonl is a result's own keys, and those of one of its rows. */
static enum pd_status add(struct taking *t, int64_t job, const json_t *line, struct pd_error *err)
{
    static const char *const of_row[] = {"row", "metric", "fraction", "points", "measure"};
    json_t **result = &t->results[job], *row = json_object();
    if (!*result) {
        *result = json_deep_copy(line);
        json_object_set_new(*result, "results", json_array());
    }
    for (size_t i = 0; i < sizeof of_row / sizeof of_row[0]; i++) {
        json_t *value = json_object_get(line, of_row[i]);
        if (value)
            json_object_set(row, of_row[i], value);
        json_object_del(*result, of_row[i]);
    }
    const enum pd_status status =
        pd_result_add(t->r, job, t->path, row, json_object_get(*result, "results"), err);
    json_decref(row);
    return status;
}

static enum pd_status take_line(void *context, const json_t *line, int64_t number, struct pd_error *err)
{
    struct taking *t = context;
    (void)number;
    const int64_t job = job_of(t->r, line);
    if (job < 0)
        t->count->others++;
    return job < 0 ? PD_OK : add(t, job, line, err);
}

static bool stays(const json_t *here)
{
    return json_array_size(json_object_get(here, "results")) > 0;
}

/* Before anything is kept: what is mixed once is hard to tell apart. */
static enum pd_status check_data(const struct taking *t, struct pd_error *err)
{
    json_t *seen = json_object(), *here = NULL;
    enum pd_status status = seen ? PD_OK : pd_fail_memory(err, t->path);
    for (int64_t i = 0; i < t->r->job_count && !status; i++) {
        status = pd_result_read(t->r, i, &here, err);
        if (!status)
            status = pd_result_note_data(t->r, i, t->path, stays(here) ? here : t->results[i], seen, err);
        json_decref(here);
    }
    json_decref(seen);
    return status;
}

/* Whether a row of the result has other points than the one here. */
static bool differs(const struct taking *t, int64_t job, const json_t *here)
{
    const json_t *rows = json_object_get(t->results[job], "results");
    bool is = false;
    for (size_t i = 0; !is && i < json_array_size(rows); i++)
        is = pd_result_add(t->r, job, t->path, json_array_get(rows, i), json_object_get(here, "results"),
                           NULL) == PD_ERR_MISMATCH;
    return is;
}

/* Takes the result over, unless there is one; one that was measured otherwise counts for none. */
static enum pd_status keep(struct taking *t, int64_t job, struct pd_error *err)
{
    char folder[PD_PATH_SIZE], path[PD_PATH_SIZE];
    json_t *here = NULL;
    enum pd_status status = pd_job_folder(t->r, job, folder, err);
    if (!status)
        status = pd_job_path(t->r, job, "result.json", path, err);
    if (!status)
        status = pd_result_read(t->r, job, &here, err);
    if (!status && stays(here))
        t->count->differ += differs(t, job, here);
    else if (!status)
        status = pd_make_dirs(folder, err);
    if (status || stays(here))
        json_decref(t->results[job]);
    else
        status = pd_record_store(path, t->results[job], err);
    t->results[job] = NULL;
    *(stays(here) ? &t->count->here : &t->count->runs) += !status;
    json_decref(here);
    return status;
}

enum pd_status pd_reproduce_take(struct pd_reproduce *r, const char *path, struct pd_reproduce_taken *out,
                                 struct pd_error *err)
{
    *out = (struct pd_reproduce_taken){.runs = 0};
    struct taking t = {r, path, pd_calloc((size_t)r->job_count + 1, sizeof *t.results), out};
    if (!t.results)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for results");
    pd_mem_watch();
    enum pd_status status = pd_jsonl_each(path, take_line, &t, err);
    if (!status)
        status = check_data(&t, err);
    for (int64_t i = 0; i < r->job_count; i++)
        if (t.results[i] && !status)
            status = keep(&t, i, err);
        else
            json_decref(t.results[i]);
    pd_free(t.results);
    return status;
}
