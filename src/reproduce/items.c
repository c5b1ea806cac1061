/* What is measured of a run: once of a training, in every round of an active one. */
#include "reproduce/items.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/jsonl.h"

#include <stdio.h>
#include <string.h>

static enum pd_status add_line(void *context, const json_t *record, int64_t line, struct pd_error *err)
{
    (void)line;
    return json_array_append(context, (json_t *)(uintptr_t)record)
               ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the results of a run")
               : PD_OK;
}

enum pd_status pd_lines_load(const char *path, json_t **out, struct pd_error *err)
{
    pd_mem_watch();
    *out = json_array();
    const enum pd_status status = !*out                ? pd_fail_memory(err, path)
                                  : pd_is_absent(path) ? PD_OK
                                                       : pd_jsonl_each(path, add_line, *out, err);
    if (status) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

static const char *strategy_of(const struct pd_reproduce *r, int64_t job, int row)
{
    const json_t *options = json_object_get(r->kinds[r->jobs[job].kind].recipe, "options");
    const char *run = json_string_value(json_object_get(options, "strategy"));
    return *r->p.rows[row].strategy ? r->p.rows[row].strategy : run ? run : "gold";
}

enum pd_status pd_rounds_load(const struct pd_reproduce *r, int64_t job, int row, const char *run,
                              json_t **out, struct pd_error *err)
{
    char path[PD_PATH_SIZE], name[80];
    snprintf(name, sizeof name, "%.60s-1/rounds.jsonl", strategy_of(r, job, row));
    *out = NULL;
    const enum pd_status status = pd_path_join(path, sizeof path, run, name, err);
    return status ? status : pd_lines_load(path, out, err);
}

/* What rounds.jsonl itself has is not measured again. */
bool pd_rounds_suffice(const struct pd_reproduce *r, int row)
{
    for (int i = 0; i < r->p.metric_count; i++)
        if (r->metric_on[i] && strcmp(r->p.metrics[i].name, "fitting-capacity") != 0)
            return false;
    return !r->p.rows[row].measure;
}

static enum pd_status round_item(const struct pd_reproduce *r, int64_t job, const char *run,
                                 const json_t *line, struct pd_item *out, struct pd_error *err)
{
    char name[96];
    const int64_t round = json_integer_value(json_object_get(line, "round"));
    out->round = round;
    out->x = json_number_value(json_object_get(line, "labels"));
    if (round < 0 || round > 9999)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: rounds.jsonl: round %lld", run, (long long)round);
    if (round)
        snprintf(name, sizeof name, "%.60s-1/round-%02d", strategy_of(r, job, out->row), (int)round);
    else
        snprintf(name, sizeof name, "start-1/round-00");
    snprintf(out->name, sizeof out->name, "measure-%.40s-round-%02d", r->p.rows[out->row].name, (int)round);
    return pd_path_join(out->folder, sizeof out->folder, run, name, err);
}

static enum pd_status row_item(const struct pd_reproduce *r, int64_t job, const char *run, int row, int *n,
                               bool *there, struct pd_item *out, struct pd_error *err)
{
    json_t *rounds;
    *out = (struct pd_item){.row = row, .round = -1};
    if (r->p.by == PD_BY_EPOCH || (r->p.by == PD_BY_LABELS && pd_rounds_suffice(r, row)))
        return PD_OK;
    if (r->p.by == PD_BY_NOTHING) {
        *there = (*n)-- == 0;
        snprintf(out->name, sizeof out->name, "measure-%.40s", r->p.rows[row].name);
        snprintf(out->folder, sizeof out->folder, "%s", run);
        return PD_OK;
    }
    enum pd_status status = pd_rounds_load(r, job, row, run, &rounds, err);
    const int count = status ? 0 : (int)json_array_size(rounds);
    *there = !status && *n < count;
    if (*there)
        status = round_item(r, job, run, json_array_get(rounds, (size_t)*n), out, err);
    *n -= count;
    json_decref(rounds);
    return status;
}

/* Of the first trial's networks as they are in the end. */
static enum pd_status picture_item(const struct pd_reproduce *r, int64_t job, const char *run, int row,
                                   int *n, bool *there, struct pd_item *out, struct pd_error *err)
{
    const int count = r->jobs[job].seed == r->seed ? (int)json_array_size(r->p.pictures) : 0;
    json_t *rounds = NULL;
    enum pd_status status = PD_OK;
    *there = *n < count;
    if (!*there) {
        *n -= count;
        return PD_OK;
    }
    *out = (struct pd_item){.row = row, .round = -1};
    snprintf(out->folder, sizeof out->folder, "%s", run);
    if (r->p.by == PD_BY_LABELS)
        status = pd_rounds_load(r, job, row, run, &rounds, err);
    if (!status && json_array_size(rounds))
        status = round_item(r, job, run, json_array_get(rounds, json_array_size(rounds) - 1), out, err);
    out->picture = json_string_value(json_array_get(r->p.pictures, (size_t)*n));
    snprintf(out->name, sizeof out->name, "%.40s-%.40s", out->picture, r->p.rows[row].name);
    json_decref(rounds);
    return status;
}

enum pd_status pd_item_path(const struct pd_reproduce *r, int64_t job, const struct pd_item *item, char *path,
                            struct pd_error *err)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", item->name, item->picture ? "png" : "json");
    return pd_job_path(r, job, name, path, err);
}

enum pd_status pd_item_at(const struct pd_reproduce *r, int64_t job, const char *run, int n, bool *there,
                          struct pd_item *out, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    *there = false;
    for (int row = 0; row < r->p.row_count && !*there && !status; row++)
        if (pd_row_is_in(r, job, row))
            status = row_item(r, job, run, row, &n, there, out, err);
    for (int row = 0; row < r->p.row_count && !*there && !status; row++)
        if (pd_row_is_in(r, job, row))
            status = picture_item(r, job, run, row, &n, there, out, err);
    return status;
}

bool pd_row_is_in(const struct pd_reproduce *r, int64_t job, int row)
{
    return r->p.rows[row].of == r->kinds[r->jobs[job].kind].row;
}

json_t *pd_item_options(const struct pd_reproduce *r, const struct pd_item *item)
{
    char metrics[256];
    const json_t *measure = r->p.rows[item->row].measure;
    json_t *options = measure ? json_copy((json_t *)(uintptr_t)measure) : json_object();
    if (options && json_object_set_new(options, "metrics",
                                       json_string(pd_reproduce_metrics(r, metrics, sizeof metrics)))) {
        json_decref(options);
        return NULL;
    }
    return options;
}
