#include "serve/view.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "run/results.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- series --- */

const struct pd_epoch_series *pd_view_series(const struct pd_view *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++)
        if (!strcmp(v->series[i].name, name))
            return &v->series[i];
    return NULL;
}

static struct pd_epoch_series *find_or_add(struct pd_view *v, const char *name)
{
    struct pd_epoch_series *s = (struct pd_epoch_series *)(uintptr_t)pd_view_series(v, name);
    if (s)
        return s;
    s = pd_grow(v->series, v->count, &v->capacity, sizeof *s);
    if (!s)
        return NULL;
    v->series = s;
    s += v->count++;
    *s = (struct pd_epoch_series){.n = 0};
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

static enum pd_status add_point(struct pd_view *v, const char *name, double x, double y, bool fraction,
                                struct pd_error *err)
{
    struct pd_epoch_series *s = find_or_add(v, name);
    if (s && s->n == s->capacity) {
        const size_t capacity = s->capacity ? 2 * s->capacity : 64;
        double *both = pd_realloc(s->x, 2 * capacity * sizeof *both);
        if (both) {
            memmove(both + capacity, both + s->capacity, s->n * sizeof *both);
            s->x = both;
            s->y = both + capacity;
            s->capacity = capacity;
        } else
            s = NULL;
    }
    if (!s)
        return pd_fail_memory(err, v->path);
    s->x[s->n] = x;
    s->y[s->n++] = y;
    s->fraction = fraction;
    return PD_OK;
}

static void forget(struct pd_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        pd_free(v->series[i].x);
    v->count = 0;
    v->epoch = v->step = 0;
    v->images_per_second = 0;
    json_decref(v->results);
    v->results = json_array();
    v->words[0] = '\0';
}

size_t pd_series_thin(const struct pd_epoch_series *s, size_t most, double *x, double *y)
{
    size_t n = 0;
    if (s->n <= most) {
        memcpy(x, s->x, s->n * sizeof *x);
        memcpy(y, s->y, s->n * sizeof *y);
        return s->n;
    }
    const size_t stretches = (most - 2) / 2;
    for (size_t k = 0; k < stretches; k++) {
        const size_t from = 1 + k * (s->n - 2) / stretches, to = 1 + (k + 1) * (s->n - 2) / stretches;
        size_t low = from, high = from;
        for (size_t i = from; i < to; i++) {
            low = s->y[i] < s->y[low] ? i : low;
            high = s->y[i] > s->y[high] ? i : high;
        }
        const size_t order[2] = {low < high ? low : high, low < high ? high : low};
        for (int i = k ? 0 : -1; i < 2; i++) { /* the first point, before all others */
            const size_t at = i < 0 ? 0 : order[i];
            if (i == 1 && low == high)
                continue;
            x[n] = s->x[at];
            y[n++] = s->y[at];
        }
    }
    x[n] = s->x[s->n - 1];
    y[n++] = s->y[s->n - 1];
    return n;
}

/* --- the files --- */

static enum pd_status take_epoch(void *context, const json_t *line, int64_t number, struct pd_error *err)
{
    struct pd_view *v = context;
    const json_t *epoch = json_object_get(line, "epoch");
    enum pd_status status = PD_OK;
    const char *key;
    json_t *value;
    (void)number;
    if (!json_is_number(epoch))
        return PD_OK;
    v->epoch = (int64_t)json_number_value(epoch);
    v->step = (int64_t)json_number_value(json_object_get(line, "step"));
    v->images_per_second = json_number_value(json_object_get(line, "images_per_second"));
    json_object_foreach((json_t *)(uintptr_t)line, key, value)
    {
        if (!status && json_is_number(value) && strcmp(key, "epoch") != 0 && strcmp(key, "step") != 0)
            status = add_point(v, key, json_number_value(epoch), json_number_value(value),
                               !strcmp(key, "validation"), err);
    }
    return status;
}

/* A metric of samples that were chosen, or of another set, is a curve of its own. */
static void name_result(const json_t *line, char name[96])
{
    static const char *const keys[] = {"reject", "keep", "features", "set"};
    int n = snprintf(name, 96, "%s", json_string_value(json_object_get(line, "metric")));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && n < 90; i++) {
        const json_t *value = json_object_get(line, keys[i]);
        if (json_is_string(value))
            n += snprintf(name + n, 96 - (size_t)n, " %s", json_string_value(value));
        else if (json_is_number(value))
            n += snprintf(name + n, 96 - (size_t)n, " %g", json_number_value(value));
    }
}

static enum pd_status take_result(void *context, const json_t *line, int64_t number, struct pd_error *err)
{
    struct pd_view *v = context;
    const json_t *step = json_object_get(line, "step");
    char name[96];
    double value;
    bool fraction;
    (void)number;
    if (!json_string_value(json_object_get(line, "metric")) || !pd_result_value(line, &value, &fraction))
        return PD_OK;
    json_array_append(v->results, (json_t *)(uintptr_t)line);
    name_result(line, name);
    const double per_epoch = v->epoch > 0 && v->step > 0 ? (double)v->step / (double)v->epoch : 1;
    return add_point(v, name, json_number_value(step) / per_epoch, value, fraction, err);
}

static enum pd_status read_lines(const struct pd_view *v, const char *name, struct stat *was,
                                 pd_jsonl_function *take, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_path_inside(path, sizeof path, v->training, name, err);
    memset(was, 0, sizeof *was);
    if (status || stat(path, was))
        return status;
    return pd_jsonl_each(path, take, (void *)(uintptr_t)v, err);
}

static bool is_other(const struct pd_view *v, const char *name, const struct stat *was)
{
    char path[PD_PATH_SIZE];
    struct stat now = {.st_size = 0};
    if (!v->training[0] || pd_path_join(path, sizeof path, v->training, name, NULL))
        return false;
    if (stat(path, &now))
        memset(&now, 0, sizeof now);
    return !pd_file_is_same(&now, was);
}

/* --- pictures --- */

static bool add_picture(struct pd_view *v, const char *path, const char *caption)
{
    char(*paths)[PD_PATH_SIZE] = pd_realloc(v->pictures, (v->picture_count + 1) * sizeof *paths);
    if (paths)
        v->pictures = paths;
    char(*captions)[64] = pd_realloc(v->captions, (v->picture_count + 1) * sizeof *captions);
    if (captions)
        v->captions = captions;
    if (!paths || !captions)
        return false;
    snprintf(v->pictures[v->picture_count], PD_PATH_SIZE, "%s", path);
    snprintf(v->captions[v->picture_count++], 64, "%s", caption);
    return true;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
    return strverscmp((*a)->d_name, (*b)->d_name);
}

static int no_hidden(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

/* Calls visit with each entry of the folder, in order. */
static void each_entry(struct pd_view *v, const char *folder,
                       void (*visit)(struct pd_view *v, const char *path, const char *name))
{
    struct dirent **all;
    char path[PD_PATH_SIZE];
    const int n = scandir(folder, &all, no_hidden, by_number);
    for (int i = 0; i < n; i++) {
        if (!pd_path_join(path, sizeof path, folder, all[i]->d_name, NULL))
            visit(v, path, all[i]->d_name);
        free(all[i]);
    }
    if (n >= 0)
        free(all);
}

static void find_grid(struct pd_view *v, const char *path, const char *name)
{
    int epoch, length = 0;
    char caption[64];
    if (sscanf(name, "samples-%d.png%n", &epoch, &length) != 1 || (size_t)length != strlen(name) || !length)
        return;
    snprintf(caption, sizeof caption, "epoch %d", epoch);
    add_picture(v, path, caption);
}

static void find_query(struct pd_view *v, const char *path, const char *name)
{
    int round, length = 0;
    char caption[64];
    const char *branch = strrchr(path, '/');
    if (sscanf(name, "queries-%d.png%n", &round, &length) != 1 || (size_t)length != strlen(name) || !length)
        return;
    while (branch > path && branch[-1] != '/')
        branch--;
    snprintf(caption, sizeof caption, "%.*s, query %d", (int)strcspn(branch, "/"), branch, round);
    add_picture(v, path, caption);
}

static void find_pictures(struct pd_view *v);

/* --- active runs --- */

static void find_newest(struct pd_view *v, const char *path, const char *name)
{
    char log[PD_PATH_SIZE];
    struct stat st, best;
    const bool is_training = !strncmp(name, "round-", 6) || !strcmp(name, "unlabelled");
    if (!is_training || pd_path_join(log, sizeof log, path, "log.jsonl", NULL) || stat(log, &st))
        return;
    const bool any =
        v->training[0] && !pd_path_join(log, sizeof log, v->training, "log.jsonl", NULL) && !stat(log, &best);
    if (!any || st.st_mtim.tv_sec > best.st_mtim.tv_sec ||
        (st.st_mtim.tv_sec == best.st_mtim.tv_sec && st.st_mtim.tv_nsec >= best.st_mtim.tv_nsec))
        snprintf(v->training, sizeof v->training, "%s", path);
}

static enum pd_status take_round(void *context, const json_t *line, int64_t number, struct pd_error *err)
{
    struct pd_view *v = context;
    (void)number, (void)err;
    json_array_append(v->results, (json_t *)(uintptr_t)line);
    return PD_OK;
}

static void read_rounds(struct pd_view *v, const char *path, const char *name)
{
    struct pd_error err;
    if (pd_is_file(path) && (!strcmp(name, "rounds.jsonl") || !strcmp(name, "start.jsonl")) &&
        pd_jsonl_each(path, take_round, v, &err))
        snprintf(v->words, sizeof v->words, "%s", err.message);
}

static void count_rounds(struct pd_view *v, const char *path, const char *name)
{
    struct stat st;
    if ((!strcmp(name, "rounds.jsonl") || !strcmp(name, "start.jsonl")) && !stat(path, &st))
        v->rounds += (uint64_t)st.st_size + 1;
}

static void in_branches_find(struct pd_view *v, const char *path, const char *name)
{
    (void)name;
    if (pd_is_folder(path))
        each_entry(v, path, find_newest);
}

static void in_branches_read(struct pd_view *v, const char *path, const char *name)
{
    (void)name;
    if (pd_is_folder(path))
        each_entry(v, path, read_rounds);
}

static void in_branches_count(struct pd_view *v, const char *path, const char *name)
{
    (void)name;
    if (pd_is_folder(path))
        each_entry(v, path, count_rounds);
}

static void in_branches_draw(struct pd_view *v, const char *path, const char *name)
{
    (void)name;
    if (pd_is_folder(path))
        each_entry(v, path, find_query);
}

static void find_pictures(struct pd_view *v)
{
    v->picture_count = 0;
    if (v->training[0])
        each_entry(v, v->training, find_grid);
    if (v->active)
        each_entry(v, v->path, in_branches_draw);
}

/* --- life --- */

static void read_all(struct pd_view *v)
{
    struct pd_error err = {.message = ""};
    forget(v);
    enum pd_status status = PD_OK;
    if (v->training[0])
        status = pd_run_folder_options(v->training, &v->o, &err);
    if (!status && v->training[0])
        status = read_lines(v, "log.jsonl", &v->log, take_epoch, &err);
    if (!status && v->training[0] && !v->active)
        status = read_lines(v, "eval.jsonl", &v->eval, take_result, &err);
    if (!status && v->active)
        each_entry(v, v->path, in_branches_read);
    if (status)
        snprintf(v->words, sizeof v->words, "%s", err.message);
    find_pictures(v);
}

bool pd_view_refresh(struct pd_view *v)
{
    char before[PD_PATH_SIZE];
    const uint64_t rounds = v->rounds;
    snprintf(before, sizeof before, "%s", v->training);
    v->rounds = 0;
    if (v->active) {
        each_entry(v, v->path, in_branches_find);
        each_entry(v, v->path, in_branches_count);
    }
    const bool changed = strcmp(before, v->training) != 0 || rounds != v->rounds ||
                         is_other(v, "log.jsonl", &v->log) ||
                         (!v->active && is_other(v, "eval.jsonl", &v->eval));
    if (changed)
        read_all(v);
    return changed;
}

static void name_run(struct pd_view *v)
{
    const char *end = v->path + strlen(v->path);
    while (end > v->path + 1 && end[-1] == '/')
        end--;
    const char *begin = end;
    while (begin > v->path && begin[-1] != '/')
        begin--;
    snprintf(v->name, sizeof v->name, "%.*s", (int)(end - begin), begin);
}

enum pd_status pd_view_open(const char *path, struct pd_view *v, struct pd_error *err)
{
    char file[PD_PATH_SIZE];
    memset(v, 0, sizeof *v);
    enum pd_status status = pd_path_join(v->path, sizeof v->path, path, "", err);
    if (!status)
        status = pd_path_join(file, sizeof file, path, "active.json", err);
    if (status)
        return status;
    snprintf(v->path, sizeof v->path, "%s", path);
    v->active = !pd_is_absent(file);
    if (!v->active)
        snprintf(v->training, sizeof v->training, "%s", path);
    name_run(v);
    status = pd_run_folder_options(path, &v->o, err);
    if (status)
        return status;
    v->results = json_array();
    if (v->active)
        pd_view_refresh(v);
    read_all(v);
    return PD_OK;
}

void pd_view_close(struct pd_view *v)
{
    forget(v);
    json_decref(v->results);
    pd_free(v->series);
    pd_free(v->pictures);
    pd_free(v->captions);
    memset(v, 0, sizeof *v);
}
