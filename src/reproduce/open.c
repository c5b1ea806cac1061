/* A study opened: what of it is asked for, and the runs that this takes. */
#include "reproduce/cost.h"

#include "active/recipe.h"
#include "active/recipe_files.h"
#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"

#include <paydirt/active.h>

#include <stdio.h>
#include <string.h>

enum { MOST_JOBS = 100000 };

const char *pd_reproduce_at(size_t index)
{
    return index < pd_study_file_count ? pd_study_files[index].name : NULL;
}

enum pd_status pd_reproduce_text(const char *name, char **text, size_t *size, struct pd_error *err)
{
    struct pd_buffer bytes = PD_BUFFER_INIT;
    const enum pd_status status = pd_protocol_bytes(name, &bytes, err);
    if (status)
        pd_buffer_release(&bytes);
    *text = bytes.data;
    *size = bytes.size;
    return status;
}

/* --- what is asked for --- */

const char *pd_reproduce_scale_at(const struct pd_reproduce *r, size_t index)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)r->p.scales, key, value)
    {
        if (index-- == 0)
            return key;
    }
    return NULL;
}

static enum pd_status choose_scale(struct pd_reproduce *r, const char *scale, struct pd_error *err)
{
    const char *names[16] = {NULL}, *name;
    size_t count = 0;
    while (count < 16 && (name = pd_reproduce_scale_at(r, count)))
        names[count++] = name;
    snprintf(r->scale, sizeof r->scale, "%s", scale && *scale ? scale : names[0]);
    r->comparable = !strcmp(r->scale, "paper");
    return pd_word_at(r->scale, names, count, sizeof names[0]) >= 0
               ? PD_OK
               : pd_unknown_word(err, "scale", r->scale, names, count, sizeof names[0]);
}

/* Marks those of a list with commas between; all where it is empty. */
static enum pd_status choose(const char *what, const char *list, const char *const *names, size_t count,
                             size_t stride, bool *on, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (size_t i = 0; i < count; i++)
        on[i] = !list || !*list;
    while (!status && list && *list) {
        char word[64];
        const size_t n = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", n < 63 ? (int)n : 63, list);
        const int at = pd_find_word(what, word, names, count, stride, err);
        if (at < 0)
            status = PD_ERR_USAGE;
        else
            on[at] = true;
        list += n + (list[n] == ',');
    }
    return status;
}

static void choose_metrics(struct pd_reproduce *r)
{
    for (int i = 0; i < r->p.metric_count; i++) {
        const struct pd_metric *m = r->p.metrics[i].metric;
        r->metric_on[i] = !m || !(m->needs & PD_NEEDS_ANY_FEATURES) || r->weights[0];
    }
}

const char *pd_reproduce_metrics(const struct pd_reproduce *r, char *text, size_t size)
{
    size_t n = 0;
    *text = '\0';
    for (int i = 0; i < r->p.metric_count && n < size; i++)
        if (r->metric_on[i] && r->p.metrics[i].metric)
            n += (size_t)snprintf(text + n, size - n, "%s%s", n ? "," : "", r->p.metrics[i].name);
    return text;
}

/* --- its runs --- */

static int64_t trials_of(const struct pd_reproduce *r, int column, int row)
{
    const int64_t own = r->p.columns[column].trials;
    int64_t most = 0;
    for (int i = 0; i < r->p.row_count; i++) {
        const struct pd_protocol_row *other = &r->p.rows[i];
        const int64_t trials = r->trials       ? r->trials
                               : own           ? own
                               : other->trials ? other->trials
                                               : r->p.trials;
        if (r->row_on[i] && other->of == row && trials > most)
            most = trials;
    }
    return most; /* 0: nothing is asked of it */
}

static enum pd_status check_by(const struct pd_reproduce *r, const struct pd_run_kind *k,
                               struct pd_error *err)
{
    const bool labels = r->p.by == PD_BY_LABELS;
    return labels == k->active
               ? PD_OK
               : pd_fail(err, PD_ERR_FORMAT, -1,
                         "study %s: column '%s': results by labels come of recipes of active, "
                         "and of these alone",
                         r->p.name, r->p.columns[k->column].name);
}

/* Whether the run has a strategy of that name. */
static bool has_strategy(const json_t *options, const char *name)
{
    const char *baseline = json_string_value(json_object_get(options, "baseline")),
               *list = json_string_value(json_object_get(options, "strategy"));
    char word[32];
    bool found = baseline && !strcmp(baseline, name);
    for (list = list ? list : "gold"; !found && pd_active_next_strategy(&list, word);)
        found = !strcmp(word, name);
    return found;
}

static enum pd_status check_strategies(const struct pd_reproduce *r, const struct pd_run_kind *k,
                                       struct pd_error *err)
{
    for (int i = 0; i < r->p.row_count; i++) {
        const struct pd_protocol_row *row = &r->p.rows[i];
        if (row->of == k->row && *row->strategy &&
            !has_strategy(json_object_get(k->recipe, "options"), row->strategy))
            return pd_fail(err, PD_ERR_FORMAT, -1, "study %s: row '%s': its run has no strategy '%.30s'",
                           r->p.name, row->name, row->strategy);
    }
    return PD_OK;
}

static enum pd_status add_kind(struct pd_reproduce *r, int column, int row, struct pd_error *err)
{
    struct pd_run_kind *k = &r->kinds[r->kind_count];
    *k = (struct pd_run_kind){.column = column, .row = row, .trials = trials_of(r, column, row)};
    enum pd_status status = pd_protocol_recipe(&r->p, r->scale, column, row, &k->recipe, err);
    if (status)
        return status;
    r->kind_count++;
    k->active = !strcmp(json_string_value(json_object_get(k->recipe, "command")), "active");
    k->data = json_string_value(json_object_get(json_object_get(k->recipe, "options"), "data"));
    if (!k->data)
        return pd_fail(err, PD_ERR_FORMAT, -1, "study %s: column '%s': its recipe names no data", r->p.name,
                       r->p.columns[column].name);
    status = check_by(r, k, err);
    if (!status && k->active)
        status = check_strategies(r, k, err);
    return status ? status : pd_kind_cost(r, k, err);
}

/* All of a seed before the next: pairs are whole early. */
static void list_jobs(struct pd_reproduce *r, int64_t most)
{
    for (int64_t trial = 0; trial < most; trial++)
        for (int k = 0; k < r->kind_count; k++)
            if (trial < r->kinds[k].trials)
                r->jobs[r->job_count++] = (struct pd_job){k, r->seed + trial};
}

static enum pd_status make_jobs(struct pd_reproduce *r, struct pd_error *err)
{
    int64_t total = 0, most = 0;
    enum pd_status status = PD_OK;
    r->kinds = pd_calloc((size_t)r->p.column_count * (size_t)r->p.row_count, sizeof *r->kinds);
    if (!r->kinds)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the runs of %s", r->p.name);
    for (int c = 0; c < r->p.column_count; c++)
        for (int row = 0; row < r->p.row_count && !status; row++)
            if (r->column_on[c] && r->p.rows[row].of == row && trials_of(r, c, row))
                status = add_kind(r, c, row, err);
    for (int k = 0; k < r->kind_count; k++) {
        total += r->kinds[k].trials;
        most = r->kinds[k].trials > most ? r->kinds[k].trials : most;
    }
    if (status)
        return status;
    if (total > MOST_JOBS)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: %lld runs: expected at most %d", r->p.name,
                       (long long)total, MOST_JOBS);
    r->jobs = pd_calloc((size_t)total, sizeof *r->jobs);
    if (!r->jobs)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld runs", (long long)total);
    list_jobs(r, most);
    return PD_OK;
}

/* --- opening --- */

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

static enum pd_status set_up(struct pd_reproduce *r, const struct pd_reproduce_options *o,
                             struct pd_error *err)
{
    char name[PD_PATH_SIZE];
    if (o->trials < 0 || o->seed < 0 || o->threads < 0)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%s: %lld trials from seed %lld on %d threads: expected 0 or more of each", r->p.name,
                       (long long)o->trials, (long long)o->seed, o->threads);
    copy(r->data_dir, sizeof r->data_dir, o->data_dir);
    copy(r->weights, sizeof r->weights, o->weights);
    r->trials = o->trials;
    r->seed = o->seed;
    r->threads = o->threads;
    r->keep = o->keep;
    enum pd_status status = choose_scale(r, o->scale, err);
    if (!status)
        status = choose("column", o->columns, &r->p.columns[0].name, (size_t)r->p.column_count,
                        sizeof r->p.columns[0], r->column_on, err);
    if (!status)
        status = choose("row", o->rows, &r->p.rows[0].name, (size_t)r->p.row_count, sizeof r->p.rows[0],
                        r->row_on, err);
    choose_metrics(r);
    snprintf(name, sizeof name, "%s-%s", r->p.name, r->scale);
    if (!status)
        status = pd_path_join(r->folder, sizeof r->folder, o->out, name, err);
    return status ? status : make_jobs(r, err);
}

enum pd_status pd_reproduce_open(const char *name, const struct pd_reproduce_options *options,
                                 struct pd_reproduce **out, struct pd_error *err)
{
    struct pd_reproduce *r = pd_calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return pd_fail(err, PD_ERR_MEMORY, -1, "study %.200s: out of memory", name);
    enum pd_status status = pd_protocol_read(name, &r->p, err);
    if (!status)
        status = set_up(r, options, err);
    if (status)
        pd_reproduce_close(r);
    else
        *out = r;
    return status;
}

void pd_reproduce_close(struct pd_reproduce *r)
{
    if (!r)
        return;
    for (int k = 0; k < r->kind_count; k++)
        json_decref(r->kinds[k].recipe);
    pd_free(r->kinds);
    pd_free(r->jobs);
    pd_protocol_release(&r->p);
    pd_free(r);
}

/* --- asked --- */

const char *pd_reproduce_name(const struct pd_reproduce *r)
{
    return r->p.name;
}

const char *pd_reproduce_about(const struct pd_reproduce *r)
{
    return r->p.about;
}

const char *pd_reproduce_scale(const struct pd_reproduce *r)
{
    return r->scale;
}

const char *pd_reproduce_scale_about(const struct pd_reproduce *r, const char *scale)
{
    return json_string_value(json_object_get(json_object_get(r->p.scales, scale), "about"));
}

const char *pd_reproduce_note(const struct pd_reproduce *r, size_t index)
{
    return json_string_value(json_array_get(r->p.notes, index));
}

const char *pd_reproduce_missing(const struct pd_reproduce *r, size_t index)
{
    return json_string_value(json_array_get(r->p.missing, index));
}

const char *pd_reproduce_folder(const struct pd_reproduce *r)
{
    return r->folder;
}

int64_t pd_reproduce_run_count(const struct pd_reproduce *r)
{
    return r->job_count;
}

enum pd_status pd_job_folder(const struct pd_reproduce *r, int64_t job, char *path, struct pd_error *err)
{
    const struct pd_run_kind *k = &r->kinds[r->jobs[job].kind];
    char name[128];
    snprintf(name, sizeof name, "runs/%s-%s-%lld", r->p.columns[k->column].name, r->p.rows[k->row].name,
             (long long)r->jobs[job].seed);
    return pd_path_join(path, PD_PATH_SIZE, r->folder, name, err);
}

enum pd_status pd_job_path(const struct pd_reproduce *r, int64_t job, const char *name, char *path,
                           struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    const enum pd_status status = pd_job_folder(r, job, folder, err);
    return status ? status : pd_path_inside(path, PD_PATH_SIZE, folder, name, err);
}

void pd_reproduce_run_at(const struct pd_reproduce *r, int64_t run, struct pd_reproduce_run *out)
{
    const struct pd_run_kind *k = &r->kinds[r->jobs[run].kind];
    json_t *result;
    const enum pd_status status = pd_result_read(r, run, &result, NULL);
    *out = (struct pd_reproduce_run){.column = r->p.columns[k->column].name,
                                     .row = r->p.rows[k->row].name,
                                     .command = k->active ? "active" : "train",
                                     .data = k->data,
                                     .seed = r->jobs[run].seed,
                                     /* one that cannot be read is the report's to name */
                                     .done = status || pd_result_is_whole(r, run, result)};
    json_decref(result);
}
