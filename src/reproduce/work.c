/* A run in one process's hands: what is to be done next follows from the files that are there, so that
 * whoever was killed is followed by the next. */
#include "base/words.h"
#include "reproduce/items.h"
#include "reproduce/record.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonl.h"
#include "io/lock.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDERS_OPEN = 16 };

struct pd_reproduce_claim {
    struct pd_reproduce *r;
    int64_t job;
    struct pd_lock lock;
    struct pd_reproduce_step step;
    struct pd_item item; /* of a measurement */
    bool again;          /* begun anew: once for each claim */
    char name[128], folder[PD_PATH_SIZE], recipe[PD_PATH_SIZE], log[PD_PATH_SIZE], run[PD_PATH_SIZE],
        output[PD_PATH_SIZE], metrics[256];
};

/* --- taking it --- */

/* recipe.json: what the run is. One that is there must be the same. */
static enum pd_status settle_recipe(struct pd_reproduce_claim *c, struct pd_error *err)
{
    json_t *recipe = c->r->kinds[c->r->jobs[c->job].kind].recipe, *before;
    enum pd_status status = pd_record_load(c->recipe, &before, err);
    if (!status && before && !json_equal(before, recipe))
        status = pd_fail(err, PD_ERR_MISMATCH, -1,
                         "%s: a run with other options lies there (recipe.json): expected another folder",
                         c->folder);
    if (!status && !before) {
        pd_mem_watch();
        status = pd_record_store(c->recipe, json_incref(recipe), err);
    }
    json_decref(before);
    return status;
}

static enum pd_status set_names(struct pd_reproduce_claim *c, struct pd_error *err)
{
    enum pd_status status = pd_job_folder(c->r, c->job, c->folder, err);
    if (!status)
        status = pd_make_dirs(c->folder, err);
    if (!status)
        status = pd_job_path(c->r, c->job, "recipe.json", c->recipe, err);
    if (!status)
        status = pd_job_path(c->r, c->job, "log.txt", c->log, err);
    snprintf(c->name, sizeof c->name, "%s", status ? "" : pd_path_name(c->folder));
    return status;
}

static bool is_done(const struct pd_reproduce *r, int64_t job)
{
    struct pd_reproduce_run run;
    pd_reproduce_run_at(r, job, &run);
    return run.done;
}

/* A lock that others hold is no failure. */
static enum pd_status lock(struct pd_reproduce_claim *c, bool *busy, struct pd_error *err)
{
    struct pd_error why = {.code = 0};
    const enum pd_status status = pd_lock_take(&c->lock, c->folder, ".lock", 0, &why);
    *busy = status == PD_ERR_IO && !why.code;
    if (status && !*busy && err)
        *err = why;
    return *busy ? PD_OK : status;
}

enum pd_status pd_reproduce_claim(struct pd_reproduce *r, int64_t run, struct pd_reproduce_claim **out,
                                  bool *busy, struct pd_error *err)
{
    *out = NULL;
    *busy = false;
    if (run < 0 || run >= r->job_count)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: run %lld: expected 0 to %lld", r->p.name, (long long)run,
                       (long long)r->job_count - 1);
    if (is_done(r, run))
        return PD_OK;
    struct pd_reproduce_claim *c = pd_calloc(1, sizeof *c);
    if (!c)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a run");
    *c = (struct pd_reproduce_claim){.r = r, .job = run};
    enum pd_status status = set_names(c, err);
    if (!status)
        status = lock(c, busy, err);
    const bool ours = !status && !*busy && !is_done(r, run); /* in the meantime */
    if (ours)
        status = settle_recipe(c, err);
    if (ours && !status)
        *out = c;
    else
        pd_reproduce_release(c);
    return status;
}

void pd_reproduce_release(struct pd_reproduce_claim *c)
{
    if (c)
        pd_lock_release(&c->lock);
    pd_free(c);
}

int pd_reproduce_claim_lock(const struct pd_reproduce_claim *c)
{
    return c->lock.powerless ? -1 : c->lock.fd;
}

/* --- the training --- */

/* A run that can go on: one that was killed before that is left alone, and another begins. */
static bool goes_on(const char *folder, bool active)
{
    char path[PD_PATH_SIZE];
    const char *needs = active ? "active.json" : "checkpoint.safetensors";
    return !pd_path_join(path, sizeof path, folder, needs, NULL) && pd_is_file(path);
}

/* The newest run below the folder that can go on, into c->run; "" where there is none. */
static enum pd_status find_run(struct pd_reproduce_claim *c, const char *parent, struct pd_error *err)
{
    struct dirent **entries;
    char path[PD_PATH_SIZE];
    const bool active = c->r->kinds[c->r->jobs[c->job].kind].active;
    c->run[0] = '\0';
    const int n = scandir(parent, &entries, NULL, alphasort);
    if (n < 0)
        return errno == ENOENT ? PD_OK : pd_fail_io(err, parent, "list", errno);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.' &&
            !pd_path_join(path, sizeof path, parent, entries[i]->d_name, NULL) && goes_on(path, active))
            snprintf(c->run, sizeof c->run, "%s", path);
        free(entries[i]);
    }
    free(entries);
    return PD_OK;
}

static enum pd_status training_step(struct pd_reproduce_claim *c, struct pd_error *err)
{
    const struct pd_run_kind *k = &c->r->kinds[c->r->jobs[c->job].kind];
    char parent[PD_PATH_SIZE];
    enum pd_status status = pd_path_join(parent, sizeof parent, c->folder, "run", err);
    if (!status)
        status = find_run(c, parent, err);
    const bool begun = c->run[0];
    c->step.kind = begun ? PD_STEP_RESUME : PD_STEP_BEGIN;
    c->step.command = k->active ? "active" : "train";
    c->step.recipe = c->recipe;
    if (!begun)
        snprintf(c->run, sizeof c->run, "%s", parent);
    c->step.folder = c->run;
    /* trial 1 of an active run has the next seed */
    c->step.seed = c->r->jobs[c->job].seed - k->active;
    return status;
}

/* Which run is trained, into c->run; "" where none is yet. */
static enum pd_status trained_run(struct pd_reproduce_claim *c, struct pd_error *err)
{
    char path[PD_PATH_SIZE], parent[PD_PATH_SIZE];
    json_t *record;
    enum pd_status status = pd_job_path(c->r, c->job, "trained.json", path, err);
    if (!status)
        status = pd_record_load(path, &record, err);
    if (status)
        return status;
    const char *run = json_string_value(json_object_get(record, "run"));
    c->run[0] = '\0';
    if (record && (!run || strchr(run, '/') || run[0] == '.'))
        status =
            pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected \"run\", the name of a folder beside it", path);
    if (!status && record)
        status = pd_path_join(parent, sizeof parent, c->folder, "run", err);
    if (!status && record)
        status = pd_path_join(c->run, sizeof c->run, parent, run, err);
    json_decref(record);
    return status;
}

/* --- the measurements --- */

/* Whether it is there, made with the same options. */
static enum pd_status is_measured(struct pd_reproduce_claim *c, bool *there, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    json_t *record;
    enum pd_status status = pd_item_path(c->r, c->job, &c->item, path, err);
    *there = !status && pd_is_file(path);
    if (status || c->item.picture || !*there)
        return status;
    if (!status)
        status = pd_record_load(path, &record, err);
    if (status)
        return status;
    json_t *options = pd_item_options(c->r, &c->item);
    *there = record && json_equal(json_object_get(record, "measure"), options);
    json_decref(options);
    json_decref(record);
    return options ? PD_OK : pd_fail_memory(err, path);
}

static enum pd_status picture_step(struct pd_reproduce_claim *c, struct pd_error *err)
{
    c->step.kind = PD_STEP_PICTURE;
    const char *picture = c->item.picture;
    c->step.command = !strcmp(picture, "samples") || !strcmp(picture, "generated") ? "sample" : "score";
    c->step.folder = c->item.folder;
    c->step.picture = c->item.picture;
    c->step.output = c->output;
    return pd_item_path(c->r, c->job, &c->item, c->output, err);
}

static enum pd_status measuring_step(struct pd_reproduce_claim *c, struct pd_error *err)
{
    char name[128];
    bool there = true, measured = true;
    enum pd_status status = PD_OK;
    for (int n = 0; !status && there && measured; n++) {
        status = pd_item_at(c->r, c->job, c->run, n, &there, &c->item, err);
        if (!status && there)
            status = is_measured(c, &measured, err);
    }
    if (status || !there)
        return status; /* nothing left */
    if (c->item.picture)
        return picture_step(c, err);
    snprintf(name, sizeof name, "%s.part", c->item.name);
    c->step.kind = PD_STEP_MEASURE;
    c->step.command = "eval";
    c->step.folder = c->item.folder;
    c->step.metrics = pd_reproduce_metrics(c->r, c->metrics, sizeof c->metrics);
    c->step.seed = c->r->jobs[c->job].seed;
    c->step.output = c->output;
    return pd_job_path(c->r, c->job, name, c->output, err);
}

bool pd_reproduce_step_option(const struct pd_reproduce_claim *c, int index, const char **name, char *text,
                              size_t size)
{
    return pd_protocol_measure(&c->r->p.rows[c->item.row], index, name, text, size);
}

/* What eval has printed, an object a line, into a file that is there whole or not at all. */
static enum pd_status keep_measurement(struct pd_reproduce_claim *c, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    json_t *lines;
    enum pd_status status = pd_item_path(c->r, c->job, &c->item, path, err);
    if (!status)
        status = pd_lines_load(c->output, &lines, err);
    if (status)
        return status;
    if (!json_array_size(lines))
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: nothing was measured", c->output);
    pd_mem_watch();
    json_t *record = json_pack("{s:o, s:O, s:f}", "measure", pd_item_options(c->r, &c->item), "results",
                               lines, "x", c->item.x);
    json_decref(lines);
    if (status)
        json_decref(record);
    else
        status = pd_record_store(path, record, err);
    return status ? status : pd_file_remove(c->output, err);
}

/* --- how long it took --- */

static enum pd_status note_work(struct pd_reproduce_claim *c, const char *key, double seconds,
                                struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_jsonl *log = NULL;
    enum pd_status status = pd_job_path(c->r, c->job, "work.jsonl", path, err);
    if (!status)
        status = pd_jsonl_open(path, &log, err);
    pd_mem_watch();
    json_t *record = json_pack("{s:s, s:f}", "step", c->step.command, key, seconds);
    if (!status)
        status = pd_jsonl_write(log, record, err);
    json_decref(record);
    pd_jsonl_destroy(log);
    return status;
}

/* NAN where a step was killed before it could be said how long it had taken. */
static double work_seconds(struct pd_reproduce_claim *c)
{
    char path[PD_PATH_SIZE];
    json_t *lines = NULL;
    int begun = 0, ended = 0;
    double seconds = 0;
    if (pd_job_path(c->r, c->job, "work.jsonl", path, NULL) || pd_lines_load(path, &lines, NULL))
        return NAN;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i), *took = json_object_get(line, "seconds");
        begun += json_object_get(line, "begun") != NULL;
        ended += took != NULL;
        seconds += json_number_value(took);
    }
    json_decref(lines);
    return begun == ended ? seconds : NAN;
}

bool pd_job_failed(const struct pd_reproduce *r, int64_t job)
{
    char path[PD_PATH_SIZE];
    json_t *lines;
    if (pd_job_path(r, job, "work.jsonl", path, NULL) || pd_lines_load(path, &lines, NULL))
        return false;
    const size_t n = json_array_size(lines);
    const bool failed = n && json_object_get(json_array_get(lines, n - 1), "failed");
    json_decref(lines);
    return failed;
}

enum pd_status pd_reproduce_failed(struct pd_reproduce_claim *c, struct pd_error *err)
{
    return note_work(c, "failed", 0, err);
}

/* --- a run once more --- */

/* A finished run of which more is asked for than was measured, and whose networks are gone. */
static bool is_to_begin_again(const struct pd_reproduce_claim *c)
{
    char path[PD_PATH_SIZE];
    const bool needs = c->step.kind == PD_STEP_MEASURE || c->step.kind == PD_STEP_PICTURE;
    return needs && !c->again && !pd_job_path(c->r, c->job, "result.json", path, NULL) && pd_is_file(path) &&
           !pd_run_folder_model(c->step.folder, path, NULL) && pd_is_absent(path);
}

static int drop_old(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    const char *name = path + walk->base;
    (void)st, (void)kind;
    if (walk->level > 1 || !strcmp(name, "run") || !strncmp(name, "measure-", 8))
        return remove(path);
    return 0;
}

/* trained.json last: until then whoever follows finds the networks gone, too. */
static enum pd_status begin_again(struct pd_reproduce_claim *c, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    if (nftw(c->folder, drop_old, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS))
        return pd_fail_io(err, c->folder, "clear", errno);
    enum pd_status status = pd_job_path(c->r, c->job, "work.jsonl", path, err);
    if (!status)
        status = pd_file_remove(path, err);
    if (!status)
        status = pd_job_path(c->r, c->job, "trained.json", path, err);
    if (!status)
        status = pd_file_remove(path, err);
    c->again = true;
    return status;
}

/* --- steps --- */

/* Networks that nobody asked to keep: they are by far the largest files. */
static int drop_network(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    static const char ending[] = ".safetensors";
    const size_t n = strlen(path), tail = sizeof ending - 1;
    (void)st, (void)walk;
    if (kind == FTW_F && n > tail && !strcmp(path + n - tail, ending))
        pd_file_remove(path, NULL);
    return 0;
}

static enum pd_status finish(struct pd_reproduce_claim *c, struct pd_error *err)
{
    const enum pd_status status = pd_result_write(c->r, c->job, c->run, work_seconds(c), err);
    if (!status && !c->r->keep)
        nftw(c->run, drop_network, FOLDERS_OPEN, FTW_PHYS);
    return status;
}

enum pd_status pd_reproduce_step(struct pd_reproduce_claim *c, struct pd_reproduce_step *out,
                                 struct pd_error *err)
{
    const struct pd_run_kind *k = &c->r->kinds[c->r->jobs[c->job].kind];
    const struct pd_reproduce_step none = {
        .name = c->name, .log = c->log, .data_dir = pd_reproduce_data_dir(c->r, k->data)};
    c->step = none;
    enum pd_status status = trained_run(c, err);
    if (!status)
        status = c->run[0] ? measuring_step(c, err) : training_step(c, err);
    if (!status && is_to_begin_again(c)) {
        c->step = none;
        c->step.again = true;
        status = begin_again(c, err);
        if (!status)
            status = training_step(c, err);
    }
    if (!status && c->step.kind == PD_STEP_NONE)
        status = finish(c, err);
    if (!status && c->step.kind != PD_STEP_NONE)
        status = note_work(c, "begun", 0, err);
    *out = c->step;
    return status;
}

static enum pd_status keep_training(struct pd_reproduce_claim *c, struct pd_error *err)
{
    char path[PD_PATH_SIZE], parent[PD_PATH_SIZE];
    enum pd_status status = pd_path_join(parent, sizeof parent, c->folder, "run", err);
    if (!status)
        status = find_run(c, parent, err);
    if (!status && !c->run[0])
        status = pd_fail(err, PD_ERR_IO, -1, "%s: the training has left no run", parent);
    if (!status)
        status = pd_job_path(c->r, c->job, "trained.json", path, err);
    pd_mem_watch();
    return status ? status : pd_record_store(path, json_pack("{s:s}", "run", pd_path_name(c->run)), err);
}

enum pd_status pd_reproduce_done(struct pd_reproduce_claim *c, bool well, double seconds,
                                 struct pd_error *err)
{
    const enum pd_status status = note_work(c, "seconds", seconds, err);
    if (status || !well)
        return status;
    if (c->step.kind == PD_STEP_PICTURE)
        return PD_OK;
    return c->step.kind == PD_STEP_MEASURE ? keep_measurement(c, err) : keep_training(c, err);
}
