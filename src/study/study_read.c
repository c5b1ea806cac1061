/* From the folders of runs to studies. */
#include "study/study.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/words.h"
#include "data/roster.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "run/folder.h"
#include "run/results.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 2048, NAME = 512, PARTS_MOST = 64 };

static enum pd_status no_memory(struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the results of the runs");
}

static bool there(const char *folder, const char *name, char path[PATH])
{
    return !pd_path_join(path, PATH, folder, name, NULL) && !pd_is_absent(path);
}

/* Behind the last slash but one at the end. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool number_of(const json_t *record, const char *key, double *value)
{
    const json_t *number = json_object_get(record, key);
    *value = json_is_number(number) ? json_number_value(number) : NAN;
    return isfinite(*value);
}

static bool describe(struct pd_studies *s, struct pd_study *study, const json_t *record)
{
    double classes;
    if (!number_of(record, "classes", &classes) || classes < 1 || classes > INT32_MAX)
        classes = 0;
    return pd_study_describe(s, study, json_string_value(json_object_get(record, "data")), (int64_t)classes);
}

/* --- active learning: rounds.jsonl -------------------------------------------------------------------------
 */

struct rounds {
    struct pd_studies *studies;
    const char *run, *path, *name; /* path: of the folder; name: gold-1 */
};

/* One trial would hide another that was found elsewhere: of pooled runs, or a copy in its run. */
static enum pd_status check_folder(const struct rounds *r, struct pd_study_trial *t, const char *curve,
                                   struct pd_error *err)
{
    if (!t->folder)
        t->folder = pd_arena_strdup(&r->studies->arena, r->path);
    if (!t->folder)
        return no_memory(err);
    return !strcmp(t->folder, r->path)
               ? PD_OK
               : pd_fail(err, PD_ERR_MISMATCH, -1,
                         "%s and %s have the same trial of %s, seed %lld: expected trials with seeds of "
                         "their own",
                         t->folder, r->path, curve, (long long)t->seed);
}

/* A measure of a round, in [0, 1]; one that is not finite was not measured. */
static enum pd_status put_round(const struct rounds *r, const json_t *record, const char *measure,
                                const char *key, double labels, int64_t seed, struct pd_error *err)
{
    double accuracy;
    char name[NAME];
    if (!number_of(record, key, &accuracy))
        return PD_OK;
    const char *strategy = json_string_value(json_object_get(record, "strategy"));
    const char *dash = strrchr(r->name, '-');
    snprintf(name, sizeof name, "%.*s", dash ? (int)(dash - r->name) : NAME, r->name);
    struct pd_study *study = pd_study_find(r->studies, measure, "labels");
    struct pd_study_curve *curve =
        study ? pd_study_find_curve(r->studies, study, r->studies->pool ? NULL : r->run,
                                    strategy ? strategy : name)
              : NULL;
    struct pd_study_trial *trial = curve ? pd_study_find_trial(r->studies, curve, seed) : NULL;
    if (!trial || !pd_study_put(r->studies, trial, labels, accuracy) || !describe(r->studies, study, record))
        return no_memory(err);
    study->fraction = study->area = true;
    return check_folder(r, trial, curve->name, err);
}

/* The samples' fitting capacity, and where images are held out the classes that D has right of them. */
static enum pd_status take_round(void *context, const json_t *record, int64_t line, struct pd_error *err)
{
    const struct rounds *r = context;
    const char *metric = json_string_value(json_object_get(record, "metric"));
    double labels, seed, any;
    if (!number_of(record, "labels", &labels))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s/rounds.jsonl: line %lld has no number \"labels\"", r->path,
                       (long long)line);
    if (!number_of(record, "accuracy", &any) && !number_of(record, "class_accuracy", &any))
        return PD_OK; /* not measured in this round */
    if (!number_of(record, "seed", &seed) && !number_of(record, "trial", &seed))
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "%s/rounds.jsonl: line %lld has neither \"seed\" nor \"trial\"", r->path,
                       (long long)line);
    const enum pd_status status =
        put_round(r, record, metric ? metric : "accuracy", "accuracy", labels, (int64_t)seed, err);
    return status ? status
                  : put_round(r, record, "class-accuracy", "class_accuracy", labels, (int64_t)seed, err);
}

static enum pd_status read_rounds(struct pd_studies *s, const char *run, const char *folder, const char *name,
                                  struct pd_error *err)
{
    char path[PATH];
    struct rounds r = {s, run, folder, name};
    return there(folder, "rounds.jsonl", path) ? pd_jsonl_each(path, take_round, &r, err) : PD_OK;
}

/* The folders in a run, by name. n < 0: it cannot be read. */
static int list(const char *run, struct dirent ***entries)
{
    const int n = scandir(run, entries, NULL, alphasort);
    return n < 0 ? 0 : n;
}

static void free_list(struct dirent **entries, int n)
{
    for (int i = 0; i < n; i++)
        free(entries[i]);
    if (n)
        free(entries);
}

static bool is_active(const char *run)
{
    char folder[PATH], path[PATH];
    struct dirent **entries;
    const int n = list(run, &entries);
    bool found = there(run, "rounds.jsonl", path) || there(run, "active.json", path);
    for (int i = 0; !found && i < n; i++)
        found = entries[i]->d_name[0] != '.' && there(run, entries[i]->d_name, folder) &&
                there(folder, "rounds.jsonl", path);
    free_list(entries, n);
    return found;
}

static enum pd_status read_active(struct pd_studies *s, const char *run, struct pd_error *err)
{
    char folder[PATH];
    struct dirent **entries;
    enum pd_status status = read_rounds(s, run, run, base_name(run), err);
    const int n = list(run, &entries);
    for (int i = 0; !status && i < n; i++)
        if (entries[i]->d_name[0] != '.') {
            status = pd_path_join(folder, sizeof folder, run, entries[i]->d_name, err);
            if (!status)
                status = read_rounds(s, run, folder, entries[i]->d_name, err);
        }
    free_list(entries, n);
    return status;
}

/* --- training: options.json, eval.jsonl, log.jsonl ---------------------------------------------------------
 */

/* Options that tell runs of one kind apart, or change nothing in what is measured. */
static bool is_incidental(const struct pd_option *option)
{
    static const char *const names[] = {"seed",        "out",         "data_dir",   "threads",
                                        "save_every",  "save_steps",  "grid_every", "cache",
                                        "cache_dir",   "eval_every",  "metrics",    "weights",
                                        "eval_images", "eval_epochs", "device",     "precision"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(option->name, names[i]))
            return true;
    return false;
}

/* Whether all runs have the same value. */
static bool is_common(const struct pd_option *option, const struct pd_train_options *o, int count)
{
    char first[1100], other[1100];
    pd_option_text(option, &o[0], first, sizeof first);
    for (int i = 1; i < count; i++) {
        pd_option_text(option, &o[i], other, sizeof other);
        if (strcmp(first, other) != 0)
            return false;
    }
    return true;
}

/* A path below this folder as people typed it; runs keep it absolute. */
static const char *from_here(const char *path)
{
    char here[4096];
    const size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;
    return n > 1 && !strncmp(path, here, n) && path[n] == '/' && path[n + 1] ? path + n + 1 : path;
}

/* "mnist infogan labels=100 gold": data, model, and what the runs do not have in common. */
static void name_run(const struct pd_train_options *all, int count, int run, char name[NAME])
{
    int n, options;
    const struct pd_option *table = pd_train_option_table(&options);
    n = snprintf(name, NAME, "%s %s", from_here(all[run].data), all[run].model);
    for (int i = 0; i < options && n < NAME; i++) {
        char flag[64], value[1100];
        const struct pd_option *option = &table[i];
        if (!strcmp(option->name, "data") || !strcmp(option->name, "model") || is_incidental(option) ||
            is_common(option, all, count))
            continue;
        pd_option_flag(option, flag, sizeof flag);
        pd_option_text(option, &all[run], value, sizeof value);
        if (option->type == PD_OPTION_BOOL)
            n += snprintf(name + n, NAME - (size_t)n, " %s%s", strcmp(value, "true") ? "no-" : "", flag);
        else
            n += snprintf(name + n, NAME - (size_t)n, " %s=%s", flag, from_here(value));
    }
}

/* Lines of a log, as points of a curve. */
struct log {
    struct pd_studies *studies;
    const char *name; /* of the curve */
    int64_t seed;
    const char *x, *measure; /* keys; measure, also of the number, NULL: a result, of its "metric" */
    bool chosen;             /* what is measured of the run is the epoch that validation chose */
    int64_t points;
};

static enum pd_status take_result(void *context, const json_t *record, int64_t line, struct pd_error *err)
{
    struct log *l = context;
    const char *metric = json_string_value(json_object_get(record, "metric"));
    double x, y;
    bool fraction = false;
    (void)line;
    if (json_is_true(json_object_get(record, "tradeoff")))
        return PD_OK; /* of what rejection leaves, part by part: not the run's own number */
    if (!number_of(record, l->x, &x) || (!l->measure && !metric) ||
        !(l->measure ? number_of(record, l->measure, &y) : pd_result_value(record, &y, &fraction)))
        return PD_OK; /* other results have other keys */
    struct pd_study *study = pd_study_find(l->studies, l->measure ? l->measure : metric, l->x);
    struct pd_study_curve *curve = study ? pd_study_find_curve(l->studies, study, NULL, l->name) : NULL;
    struct pd_study_trial *trial = curve ? pd_study_find_trial(l->studies, curve, l->seed) : NULL;
    if (!trial || !pd_study_put(l->studies, trial, x, y) || !describe(l->studies, study, record) ||
        (!l->measure && !pd_study_note_how(l->studies, trial, x, record)))
        return no_memory(err);
    if (l->chosen && !json_object_get(record, "epoch")) /* not a point of eval-every's curve */
        trial->best = x;
    study->fraction = fraction;
    l->points++;
    return PD_OK;
}

/* A run's data, as its options do not tell: images and labels lie where they lay, and may be others. */
struct material {
    bool known;
    struct pd_digest images;     /* with the data set's own labels */
    struct pd_buffer label_file; /* the run's copy; empty: it has none */
};

static enum pd_status read_material(const char *run, struct material *m, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_roster roster = {.count = 0};
    m->known = pd_roster_is_in(run);
    enum pd_status status = m->known ? pd_roster_read(run, &roster, err) : PD_OK;
    m->images = roster.fingerprint;
    pd_roster_release(&roster);
    if (!status)
        status = pd_run_folder_labels(run, path, err);
    return status || pd_is_absent(path) ? status : pd_file_read(path, &m->label_file, err);
}

static bool is_same_material(const struct material *a, const struct material *b)
{
    return !a->known || !b->known ||
           (!memcmp(&a->images, &b->images, sizeof a->images) && a->label_file.size == b->label_file.size &&
            (!a->label_file.size || !memcmp(a->label_file.data, b->label_file.data, a->label_file.size)));
}

struct training {
    const char *run;
    const struct pd_train_options *o;
    struct material material;
    char name[NAME];
};

/* Two runs that differ in nothing that tells trials apart would count once. Those that differ in their seeds
 * are trials of one kind, but not where their data were others. */
static enum pd_status check_pair(struct pd_studies *s, const struct training *a, const struct training *b,
                                 struct pd_error *err)
{
    if (strcmp(a->name, b->name) != 0)
        return PD_OK;
    const bool same = is_same_material(&a->material, &b->material);
    if (a->o->seed == b->o->seed)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s and %s are the same trial: options and seed %lld are equal%s", a->run, b->run,
                       (long long)a->o->seed, same ? "" : " (their images or labels are not)");
    if (!same && !s->unlike) {
        char words[2 * PATH];
        snprintf(words, sizeof words, "images or labels of %s and %s", a->run, b->run);
        s->unlike = pd_arena_strdup(&s->arena, words);
    }
    return same || s->unlike ? PD_OK : no_memory(err);
}

static enum pd_status read_run(struct pd_studies *s, const struct training *t, struct pd_error *err)
{
    char path[PATH];
    enum pd_status status = PD_OK;
    struct log eval = {s, t->name, t->o->seed, "step", NULL, t->o->validation > 0, 0};
    struct log log = {s, t->name, t->o->seed, "epoch", "mean_d", false, 0};
    if (there(t->run, "eval.jsonl", path))
        status = pd_jsonl_each(path, take_result, &eval, err);
    if (!status && there(t->run, "log.jsonl", path))
        status = pd_jsonl_each(path, take_result, &log, err);
    if (!status && eval.points + log.points == 0)
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no epochs and no evaluations yet", t->run);
    return status;
}

/* o, all: (count), to be filled */
static enum pd_status read_runs(struct pd_studies *s, char *const *runs, int count,
                                struct pd_train_options *o, struct training *all, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; !status && i < count; i++)
        status = pd_run_folder_options(runs[i], &o[i], err);
    for (int i = 0; !status && i < count; i++) {
        all[i] = (struct training){.run = runs[i], .o = &o[i], .material = {.label_file = PD_BUFFER_INIT}};
        name_run(o, count, i, all[i].name);
        status = read_material(runs[i], &all[i].material, err);
        for (int k = 0; !status && k < i; k++)
            status = check_pair(s, &all[k], &all[i], err);
        if (!status)
            status = read_run(s, &all[i], err);
    }
    return status;
}

static enum pd_status read_training(struct pd_studies *s, char *const *runs, int count, struct pd_error *err)
{
    struct pd_train_options *o = pd_calloc((size_t)count, sizeof *o);
    struct training *all = pd_calloc((size_t)count, sizeof *all);
    const enum pd_status status = o && all ? read_runs(s, runs, count, o, all, err) : no_memory(err);
    for (int i = 0; all && i < count; i++)
        pd_buffer_release(&all[i].material.label_file);
    pd_free(o);
    pd_free(all);
    return status;
}

/* --- both --- */

/* In which options runs of active learning differ that count as trials of one: "epochs 1 and 6". */
static enum pd_status compare_options(struct pd_studies *s, char *const *runs, int count,
                                      struct pd_error *err)
{
    int n;
    size_t used = 0;
    char path[PATH], words[NAME] = "", first[1100], other[1100];
    struct pd_train_options o[2];
    const struct pd_option *table = pd_train_option_table(&n);
    bool said[256] = {false};
    for (int r = 0; r < count; r++) {
        const enum pd_status status =
            there(runs[r], "options.json", path) ? pd_run_folder_options(runs[r], &o[r > 0], err) : PD_OK;
        if (status || !there(runs[r], "options.json", path)) /* a folder that others have put together */
            return status;
        for (int i = 0; r > 0 && i < n && i < 256 && used < NAME; i++)
            if (!is_incidental(&table[i]) && !is_common(&table[i], o, 2) && !said[i]) {
                said[i] = true;
                pd_option_text(&table[i], &o[0], first, sizeof first);
                pd_option_text(&table[i], &o[1], other, sizeof other);
                used += (size_t)snprintf(words + used, NAME - used, "%s%s %s and %s", used ? ", " : "",
                                         table[i].name, from_here(first), from_here(other));
            }
    }
    s->unlike = *words ? pd_arena_strdup(&s->arena, words) : NULL;
    return !*words || s->unlike ? PD_OK : no_memory(err);
}

/* So many of a path's parts, at its end. */
static const char *last_parts(const char *path, int parts)
{
    const char *at = path + strlen(path);
    for (int i = 0; i < parts && at > path; i++)
        do
            at--;
        while (at > path && at[-1] != '/');
    return at;
}

static bool tell_apart(const struct pd_study *study, int parts)
{
    for (const struct pd_study_curve *a = study->curves; a; a = a->next)
        for (const struct pd_study_curve *b = a->next; b; b = b->next)
            if (a->run && b->run && strcmp(a->run, b->run) != 0 &&
                !strcmp(last_parts(a->run, parts), last_parts(b->run, parts)))
                return false;
    return true;
}

/* Where several runs are given, a curve is called by its run, too: by so much of its path as it takes. */
static enum pd_status label_curves(struct pd_studies *s, int runs, struct pd_error *err)
{
    char label[NAME];
    for (struct pd_study *study = s->first; study; study = study->next) {
        int parts = 1;
        while (parts < PARTS_MOST && !tell_apart(study, parts))
            parts++;
        for (struct pd_study_curve *c = study->curves; runs > 1 && c; c = c->next)
            if (c->run) {
                snprintf(label, sizeof label, "%s %s", last_parts(c->run, parts), c->name);
                c->label = pd_arena_strdup(&s->arena, label);
                if (!c->label)
                    return no_memory(err);
            }
    }
    return PD_OK;
}

/* The first run in a folder of runs into path. */
static bool find_run(const char *folder, char path[PATH])
{
    char file[PATH];
    struct dirent **entries;
    const int n = list(folder, &entries);
    bool found = false;
    for (int i = 0; !found && i < n; i++)
        found = entries[i]->d_name[0] != '.' && there(folder, entries[i]->d_name, path) &&
                there(path, "options.json", file);
    free_list(entries, n);
    return found;
}

static enum pd_status check_run(const char *run, bool active, bool first_active, const char *first,
                                struct pd_error *err)
{
    char path[PATH], below[PATH];
    static const char *const kinds[] = {"training", "active learning"};
    if (!active && !there(run, "options.json", path) &&
        (find_run(run, path) || (there(run, "runs", below) && find_run(below, path))))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%.200s: not a run, but a folder of them: name those, such as %.220s", run, path);
    if (!active && !there(run, "options.json", path))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%s: not a run: there is neither rounds.jsonl in its folders nor options.json", run);
    if (active != first_active)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s is a run of %s and %s one of %s: they cannot be compared", first,
                       kinds[first_active], run, kinds[active]);
    return PD_OK;
}

static enum pd_status read_all(struct pd_studies *s, char *const *runs, int count, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const bool active = is_active(runs[0]);
    for (int i = 0; !status && i < count; i++)
        status = check_run(runs[i], is_active(runs[i]), active, runs[0], err);
    if (!status && active && s->pool)
        status = compare_options(s, runs, count, err);
    for (int i = 0; !status && active && i < count; i++)
        status = read_active(s, runs[i], err);
    if (!status && !active)
        status = read_training(s, runs, count, err);
    if (!status && !s->first)
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no rounds with an accuracy yet", runs[0]);
    for (struct pd_study *study = s->first; !status && study; study = study->next)
        status = pd_study_tell_how(s, study) ? PD_OK : no_memory(err);
    return status ? status : label_curves(s, count, err);
}

/* A run by two spellings (RUN, ./RUN/) is one, called as the first of them. Owned; NULL: out of memory. */
static char **name_once(char *const *runs, int count)
{
    char **names = pd_malloc((size_t)count * sizeof *names);
    struct stat *are = pd_malloc((size_t)count * sizeof *are);
    for (int i = 0; names && are && i < count; i++) {
        if (stat(runs[i], &are[i]))
            are[i] = (struct stat){0};
        names[i] = runs[i];
        for (int k = 0; are[i].st_ino && names[i] == runs[i] && k < i; k++)
            if (are[k].st_ino == are[i].st_ino && are[k].st_dev == are[i].st_dev)
                names[i] = names[k];
    }
    pd_free(are);
    if (are)
        return names;
    pd_free(names);
    return NULL;
}

enum pd_status pd_studies_read(char *const *runs, int count, bool pool, struct pd_studies **out,
                               struct pd_error *err)
{
    struct pd_studies *s = pd_calloc(1, sizeof *s);
    *out = NULL;
    if (!s || count < 1) {
        pd_free(s);
        return s ? pd_fail(err, PD_ERR_USAGE, -1, "no runs: expected one or several") : no_memory(err);
    }
    s->pool = pool;
    char **names = name_once(runs, count);
    const enum pd_status status = names ? read_all(s, names, count, err) : no_memory(err);
    pd_free(names);
    if (status)
        pd_studies_destroy(s);
    else
        *out = s;
    return status;
}
