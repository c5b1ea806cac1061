/* What was measured of a run: eval.jsonl. */
#include "run/results.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "io/lock.h"
#include "run/folder.h"

#include <paydirt/metric.h>
#include <paydirt/run.h>

#include <math.h>
#include <string.h>

bool pd_result_value(const json_t *result, double *value, bool *fraction)
{
    const json_t *name = json_object_get(result, "metric");
    const struct pd_metric *metric =
        json_is_string(name) ? pd_metric_find(json_string_value(name), NULL) : NULL;
    const char *const keys[] = {metric ? metric->key : "accuracy", "accuracy", "value", "distance"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *number = json_object_get(result, keys[i]);
        *value = json_is_number(number) ? json_number_value(number) : NAN;
        *fraction = !strcmp(keys[i], "accuracy");
        if (isfinite(*value))
            return true;
    }
    return false;
}

/* What whoever reads results needs of one. */
static bool is_result(const json_t *o)
{
    const json_t *metric = json_object_get(o, "metric"), *number = json_object_get(o, "step");
    const double step = json_is_number(number) ? json_number_value(number) : NAN;
    double value;
    bool fraction;
    return json_is_string(metric) && json_string_length(metric) && step >= 0 && step == floor(step) &&
           pd_result_value(o, &value, &fraction) && (!fraction || (value >= 0 && value <= 1));
}

/* eval.jsonl, which several processes may add to. */
static enum pd_status lock(const char *folder, struct pd_lock *lock, char path[PD_PATH_SIZE],
                           struct pd_error *err)
{
    enum pd_status status = pd_path_join(path, PD_PATH_SIZE, folder, "eval.jsonl", err);
    return status ? status : pd_lock_take(lock, folder, ".eval.lock", 10, err);
}

/* A line, and what is drawn with it. */
struct addition {
    const char *line;
    enum pd_status (*picture)(void *context, struct pd_error *err);
    void *context;
};

static enum pd_status append(const char *folder, const struct addition *a, const json_t *result,
                             struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_jsonl *log = NULL;
    struct pd_lock held = {.held = false};
    enum pd_status status = lock(folder, &held, path, err);
    if (!status && a->picture)
        status = a->picture(a->context, err);
    if (!status)
        status = pd_jsonl_open(path, &log, err);
    if (!status) /* its numbers as they were written, where it is a line */
        status =
            strchr(a->line, '\n') ? pd_jsonl_write(log, result, err) : pd_jsonl_write_line(log, a->line, err);
    if (!status)
        status = pd_jsonl_sync(log, err);
    pd_jsonl_destroy(log);
    pd_lock_release(&held);
    return status;
}

enum pd_status pd_results_drop_after(const char *folder, uint64_t step, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_lock held = {.held = false};
    enum pd_status status = pd_path_join(path, sizeof path, folder, "eval.jsonl", err);
    if (status || pd_is_absent(path))
        return status;
    status = lock(folder, &held, path, err);
    if (!status)
        status = pd_jsonl_truncate_after(path, "step", (double)step, err);
    pd_lock_release(&held);
    return status;
}

enum pd_status pd_run_add_drawn_result(const char *folder, const char *json,
                                       enum pd_status (*picture)(void *context, struct pd_error *err),
                                       void *context, struct pd_error *err)
{
    json_error_t where;
    pd_mem_watch();
    json_t *result = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    enum pd_status status = PD_OK;
    if (!result && pd_mem_ran_short())
        status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for a result", folder);
    else if (!json_is_object(result))
        status = pd_fail(err, PD_ERR_USAGE, -1, "%s: a result: expected a JSON object%s%s", folder,
                         result ? "" : ": ", result ? "" : where.text);
    else if (!is_result(result))
        status =
            pd_fail(err, PD_ERR_USAGE, -1,
                    "%s: a result: expected \"metric\", a whole \"step\" and one of \"accuracy\" (0 to 1), "
                    "\"value\", \"distance\"",
                    folder);
    const struct addition a = {json, picture, context};
    if (!status)
        status = append(folder, &a, result, err);
    json_decref(result);
    return status;
}

enum pd_status pd_run_add_result(const char *folder, const char *json, struct pd_error *err)
{
    return pd_run_add_drawn_result(folder, json, NULL, NULL, err);
}
