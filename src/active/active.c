#include "active/active.h"

#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"
#include "active/active_changes.h"
#include "active/loop.h"
#include "gan/pictures.h"
#include "active/sheet.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct active {
    const char *folder;
    const struct pd_active_options *a;
    struct pd_train_options o;
    const struct pd_active_observer *watch;
    struct pd_active_news news; /* NULL and 0 once they are taken */
    struct stat sheet;          /* queries.csv as its answers were taken */
    bool again;                 /* answers came in while it trained */
    bool told;                  /* what there is to say about the data */
    struct pd_active_outcome *out;
    /* of the trial */
    struct pd_dataset *data;
    struct pd_ledger ledger;
    struct pd_real_images test;
    struct pd_query *open; /* questions without an answer, each image once */
};

static enum pd_status path_in(const struct active *r, const char *name, char *path, struct pd_error *err)
{
    return pd_path_inside(path, PD_PATH_SIZE, r->folder, name, err);
}

static bool is_simulated(const struct active *r)
{
    return !strcmp(r->a->oracle, "labels");
}

static void say(void *active, const char *words)
{
    const struct active *r = active;
    if (r->watch->train->note)
        r->watch->train->note(r->watch->train->context, words);
}

static void refuse(void *active, const struct pd_refusal *refusal)
{
    const struct active *r = active;
    r->watch->refused(r->watch->context, refusal);
}

/* --- a trial's data --- */

static struct pd_data_watch data_watch(const struct active *r)
{
    return (struct pd_data_watch){r->watch->train->context, r->watch->train->decoding, NULL};
}

/* Those of the run, whatever order they have in the test images' folder now. */
static enum pd_status adopt_classes(const struct active *r, struct pd_dataset *data, struct pd_error *err)
{
    struct pd_class_names names;
    enum pd_status status = pd_class_names_copy(r->data, &names, err);
    if (!status)
        status = pd_class_names_adopt(&names, false, data, err);
    pd_class_names_release(&names);
    return status;
}

static enum pd_status open_test(struct active *r, int size, struct pd_error *err)
{
    const struct pd_data_watch watch = data_watch(r);
    struct pd_error why;
    struct pd_dataset *data;
    if (!r->a->measure)
        return PD_OK;
    enum pd_status status = pd_run_dataset(&r->o, PD_SPLIT_TEST, &watch, &data, &why);
    if (status == PD_ERR_IO && !is_simulated(r)) { /* people's folders often have no test images */
        char words[sizeof why.message + 16];
        snprintf(words, sizeof words, "not measured: %s", why.message);
        if (!r->told)
            say(r, words);
        return PD_OK;
    }
    if (status)
        return pd_fail(err, status, why.offset, "%s%s", why.message,
                       status == PD_ERR_IO && !why.code ? "; --no-measure goes on without" : "");
    status = adopt_classes(r, data, err);
    if (!status)
        status = pd_real_images_take(data, NULL, data->count, size, &r->test, err);
    pd_dataset_destroy(data);
    return status;
}

static void close_trial(struct active *r)
{
    pd_ledger_close(&r->ledger);
    pd_real_images_release(&r->test);
    pd_dataset_destroy(r->data);
    r->data = NULL;
}

/* The journal's first line. */
static json_t *describe(const struct active *r)
{
    char name[PD_CLASS_NAME_SIZE];
    const struct pd_active_options *a = r->a;
    pd_mem_watch();
    json_t *classes = json_array();
    for (int i = 0; i < r->data->classes; i++)
        json_array_append_new(classes, json_string(pd_dataset_class_name(r->data, i, name, sizeof name)));
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o}", "event", "begin", "oracle",
                            a->oracle, "strategy", a->strategy, "baseline", a->baseline, "trials",
                            (json_int_t)a->trials, "init", (json_int_t)a->init, "query", (json_int_t)a->query,
                            "final", (json_int_t)a->final, "data", r->o.data, "classes", classes);
    if (!pd_mem_ran_short())
        return all;
    json_decref(all);
    return NULL;
}

static enum pd_status open_ledger(struct active *r, struct pd_error *err)
{
    json_t *begin = describe(r);
    enum pd_status status = pd_ledger_open(is_simulated(r), r->data, r->a->near_copies, (int)r->o.threads,
                                           r->folder, begin, &r->ledger, err);
    json_decref(begin);
    return status;
}

static enum pd_status write_roster(const struct active *r, const char *folder, struct pd_error *err)
{
    struct pd_roster roster;
    enum pd_status status = pd_run_roster(&r->o, r->data, &roster, err);
    if (!status)
        status = pd_make_dirs(folder, err);
    if (!status)
        status = pd_roster_write(folder, &roster, err);
    pd_roster_release(&roster);
    return status;
}

/* Once for a trial, and again where images have joined or a class was added. */
static enum pd_status keep_roster(struct active *r, const char *folder, struct pd_error *err)
{
    struct pd_roster old = {.count = 0};
    enum pd_status status = pd_roster_is_in(folder) ? pd_roster_read(folder, &old, err) : PD_OK;
    const bool known = old.count, grown = old.count < r->data->count || old.classes.count < r->data->classes;
    pd_roster_release(&old);
    if (!known && pd_is_folder(folder))
        say(r,
            "the run has no list of its images, as it is of an earlier version: the data are taken as they "
            "are now");
    return status || !grown ? status : write_roster(r, folder, err);
}

/* People may add images meanwhile; not where some are drawn to validate, which would then be others. */
static enum pd_status open_images(struct active *r, int64_t trial, struct pd_error *err)
{
    const struct pd_data_watch watch = data_watch(r);
    struct pd_early_check check = {&r->o, NULL, &watch};
    const struct pd_data_watch early = pd_early_check_watch(&check);
    const bool join = !is_simulated(r) && !r->o.validation;
    char folder[PD_PATH_SIZE];
    if (!*r->folder) /* nothing has begun */
        return pd_run_dataset(&r->o, PD_SPLIT_TRAIN, &early, &r->data, err);
    enum pd_status status = pd_branch_start_folder(r->folder, trial, folder, err);
    if (!status)
        status = pd_run_dataset_again(&r->o, folder, join, &watch, &r->data, err);
    return status ? status : keep_roster(r, folder, err);
}

static enum pd_status open_trial(struct active *r, int64_t trial, struct pd_error *err)
{
    int size;
    enum pd_status status = pd_run_image_size(&r->o, &size, err);
    r->o.data_seed = (int64_t)pd_branch_seed(&r->o, trial);
    if (!status)
        status = open_images(r, trial, err);
    if (!status && !r->told)
        pd_note_lines(r->data->note, say, r);
    if (!status)
        status = open_test(r, size, err);
    r->told = true;
    if (!status)
        status = open_ledger(r, err);
    if (status)
        close_trial(r);
    return pd_run_say_moved(&r->o, status, err);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A sheet is written anew without what was refused of it and columns of people's own: those stay beside it.
 */
static enum pd_status keep_sheet(const struct active *r, const char *sheet, const struct pd_intake *before,
                                 struct pd_error *err)
{
    char copy[PD_PATH_SIZE], words[PD_PATH_SIZE + 128];
    const struct pd_intake *in = &r->out->intake;
    const bool refused = in->refused > before->refused;
    if (!refused && in->own_columns == before->own_columns)
        return PD_OK;
    enum pd_status status = pd_sheet_keep(r->folder, sheet, copy, err);
    snprintf(words, sizeof words, "what was %s stays in %s%s",
             refused ? "refused" : "written in other columns", copy,
             refused ? ": mend it there, and give that with --labels" : "");
    if (!status)
        say((void *)(uintptr_t)r, words);
    return status;
}

/* What was filled in in queries.csv itself, which will be written anew; once for each state of it. */
static enum pd_status take_sheet(struct active *r, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct stat now;
    enum pd_status status = path_in(r, "queries.csv", path, err);
    if (status || stat(path, &now) || is_same_file(&now, &r->sheet))
        return status;
    const struct pd_intake before = r->out->intake;
    r->sheet = now;
    status = pd_ledger_take(&r->ledger, path, false, &r->out->intake, err);
    return status ? status : keep_sheet(r, path, &before, err);
}

static size_t answers_in(const struct pd_intake *in)
{
    return in->taken + in->again + in->corrected + in->refused;
}

/* It may be queries.csv. */
static enum pd_status take_file(struct active *r, const char *file, bool correct, struct pd_error *err)
{
    struct pd_intake *in = &r->out->intake;
    const struct pd_intake before = *in;
    char path[PD_PATH_SIZE];
    struct stat sheet, given;
    if (!file)
        return PD_OK;
    enum pd_status status = pd_ledger_take(&r->ledger, file, correct, in, err);
    if (!status && answers_in(in) == answers_in(&before)) {
        r->out->unanswered = file;
        r->out->blank = in->blank - before.blank;
        r->out->predicted = in->predicted - before.predicted;
    }
    if (!status)
        status = path_in(r, "queries.csv", path, err);
    if (status || stat(path, &sheet) || stat(file, &given) || !is_same_file(&sheet, &given))
        return status;
    r->sheet = given;
    return keep_sheet(r, path, &before, err);
}

static enum pd_status take_answers(struct active *r, struct pd_error *err)
{
    enum pd_status status = pd_ledger_check_answers(&r->ledger, &r->out->intake, err);
    if (!status)
        status = take_file(r, r->news.correct, true, err);
    if (!status)
        status = take_file(r, r->news.answers, false, err);
    r->news.correct = r->news.answers = NULL;
    return status ? status : take_sheet(r, err);
}

/* --- questions for people --- */

static bool is_listed(const struct active *r, uint32_t image)
{
    for (size_t i = 0; i < r->out->questions; i++)
        if (r->open[i].image == image)
            return true;
    return false;
}

static enum pd_status list_questions(struct active *r, const struct pd_questions *q, struct pd_error *err)
{
    struct pd_query *more = pd_realloc(r->open, (r->out->questions + q->count + 1) * sizeof *more);
    if (!more)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu queries", q->count);
    r->open = more;
    for (size_t i = 0; i < q->count; i++)
        if (pd_ledger_ask(&r->ledger, q->at[i].image) == PD_NOT_ANSWERED && !is_listed(r, q->at[i].image))
            r->open[r->out->questions++] = q->at[i];
    return PD_OK;
}

static enum pd_status write_label_studio(struct active *r, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = path_in(r, "label-studio.xml", path, err);
    if (!status)
        status = pd_label_studio_config(path, r->data, err);
    if (!status)
        status = path_in(r, "queries.json", r->out->tasks, err);
    if (!status)
        status = pd_queries_write_label_studio(r->out->tasks, r->data, r->a->url[0] ? r->a->url : NULL,
                                               r->open, r->out->questions, err);
    return status;
}

static enum pd_status remove_questions(const struct active *r, struct pd_error *err)
{
    static const char *const names[] = {"queries.csv", "queries.json", "queries.png"};
    char path[PD_PATH_SIZE];
    enum pd_status status = PD_OK;
    for (int i = 0; i < 3 && !status; i++) {
        status = path_in(r, names[i], path, err);
        if (!status)
            status = pd_file_remove(path, err);
    }
    return status;
}

static enum pd_status write_questions(struct active *r, struct pd_error *err)
{
    struct pd_active_outcome *out = r->out;
    if (!out->questions)
        return remove_questions(r, err);
    enum pd_status status = PD_OK;
    if (r->data->pixels) {
        status = path_in(r, "queries.png", out->sheet, err);
        if (!status)
            status = pd_picture_queries(out->sheet, r->data, r->open, out->questions, "To be labelled", err);
    }
    if (!status && !strcmp(r->a->oracle, "label-studio"))
        status = write_label_studio(r, err);
    if (!status)
        status = path_in(r, "queries.csv", out->queries, err);
    return status ? status
                  : pd_queries_write_csv(out->queries, r->data, r->o.data, r->open, out->questions, err);
}

/* --- the loop --- */

static enum pd_status run_branch(struct active *r, int64_t trial, const char *strategy, bool *waiting,
                                 struct pd_error *err)
{
    struct pd_branch b = {.a = r->a,
                          .o = &r->o,
                          .watch = r->watch,
                          .run = r->folder,
                          .strategy = strategy,
                          .trial = trial,
                          .data = r->data,
                          .ledger = &r->ledger,
                          .test = r->test.count ? &r->test : NULL};
    struct pd_questions q = {.count = 0};
    enum pd_status status = pd_branch_open(&b, err);
    if (!status)
        status = pd_loop(&b, &q, waiting, err);
    if (!status && *waiting)
        status = list_questions(r, &q, err);
    pd_questions_release(&q);
    pd_branch_close(&b);
    return status;
}

/* All of the list, then the baseline where it is not one of them. */
static enum pd_status run_strategies(struct active *r, int64_t trial, struct pd_error *err)
{
    char word[32];
    bool waiting = false, again = !r->a->baseline[0];
    enum pd_status status = PD_OK;
    for (const char *list = r->a->strategy; !status && pd_active_next_strategy(&list, word);) {
        again = again || !strcmp(word, r->a->baseline);
        status = run_branch(r, trial, word, &waiting, err);
        waiting = false;
    }
    return status || again ? status : run_branch(r, trial, r->a->baseline, &waiting, err);
}

/* Branches that wait for people do not keep the others from going on. */
static enum pd_status run_branches(struct active *r, int64_t trial, struct pd_error *err)
{
    bool waiting = false;
    enum pd_status status = run_branch(r, trial, NULL, &waiting, err);
    if (!status && !waiting)
        status = run_strategies(r, trial, err);
    return status;
}

/* After the last trial. People may have gone on filling in while it trained. */
static enum pd_status ask(struct active *r, struct pd_error *err)
{
    const size_t before = r->out->intake.taken;
    enum pd_status status = take_sheet(r, err);
    r->again = r->out->intake.taken > before;
    return status || r->again ? status : write_questions(r, err);
}

static enum pd_status run_trial(struct active *r, int64_t trial, struct pd_error *err)
{
    enum pd_status status = open_trial(r, trial, err);
    if (status)
        return status;
    r->out->measured = r->test.count > 0;
    if (trial == 1 && !r->again && r->ledger.note[0])
        say(r, r->ledger.note);
    if (trial == 1 && !is_simulated(r))
        status = take_answers(r, err);
    if (!status)
        status = run_branches(r, trial, err);
    if (!status && trial == r->a->trials && !is_simulated(r))
        status = ask(r, err);
    close_trial(r);
    return status;
}

static enum pd_status run_trials(struct active *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    do {
        r->out->questions = 0;
        for (int64_t t = 1; t <= r->a->trials && !status; t++)
            status = run_trial(r, t, err);
    } while (!status && r->again);
    return status;
}

/* Two processes would do every round twice. */
static enum pd_status lock(const struct active *r, struct pd_lock *lock, struct pd_error *err)
{
    enum pd_status status = pd_run_folder_lock(r->folder, lock, err);
    if (lock->powerless && r->watch->train->note)
        r->watch->train->note(r->watch->train->context, PD_LOCK_POWERLESS);
    return status;
}

/* --- what can be wrong shows before a folder is made, and before people are asked --- */

static enum pd_status check_budget(const struct active *r, struct pd_error *err)
{
    int64_t labelled = 0;
    char name[PD_CLASS_NAME_SIZE];
    if (r->data->classes == 1)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "data set '%s' has one class, '%.60s': expected two or more to tell apart",
                       r->data->name, pd_dataset_class_name(r->data, 0, name, sizeof name));
    for (int i = 0; r->data->class_names && i < r->data->classes; i++)
        if (!strcmp(r->data->class_names[i], "skip"))
            return pd_fail(
                err, PD_ERR_USAGE, -1,
                "data set '%s' has a class 'skip', which as an answer stands for no label: rename it",
                r->data->name);
    for (uint32_t i = 0; i < r->data->count; i++)
        labelled += r->ledger.own[i] >= 0 && pd_ledger_first(&r->ledger, i) == i;
    const int64_t most = (is_simulated(r) ? labelled : (int64_t)r->data->count) - r->o.validation;
    if (r->a->final > most)
        return pd_fail(err, PD_ERR_USAGE, -1, "--final %lld: data set '%s' has %lld image%s for it%s",
                       (long long)r->a->final, r->data->name, (long long)(most > 0 ? most : 0),
                       pd_plural((size_t)most),
                       r->o.validation ? " beside those of --validation (0: none)" : "");
    if (!is_simulated(r) && labelled - r->o.validation >= r->a->final)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--final %lld: data set '%s' has %lld label%s already, so nothing would be asked",
                       (long long)r->a->final, r->data->name, (long long)(labelled - r->o.validation),
                       pd_plural((size_t)(labelled - r->o.validation)));
    return PD_OK;
}

/* Files of answers about the data set that is open. */
static enum pd_status check_news(const struct active *r, struct pd_error *err)
{
    struct pd_answers a;
    if (!r->news.answers)
        return PD_OK;
    enum pd_status status = pd_file_check_lasting(r->news.answers, err); /* it will be read again */
    if (!status)
        status = pd_answers_read(r->news.answers, r->data, &a, err);
    if (!status)
        pd_answers_release(&a);
    return status;
}

/* The model's name, where none is given, is decided here. */
static enum pd_status check_training(struct active *r, struct pd_error *err)
{
    const struct pd_data_watch watch = data_watch(r);
    struct pd_train_options o = r->o;
    struct pd_setup setup;
    o.labels = is_simulated(r) ? r->a->init : 0;
    const struct pd_setup_from all = {.label_file = NULL};
    enum pd_status status = pd_setup_open(&o, &all, &watch, &setup, err);
    pd_setup_close(&setup);
    memcpy(r->o.model, o.model, sizeof o.model);
    return status;
}

static enum pd_status check(struct active *r, struct pd_error *err)
{
    enum pd_status status = open_trial(r, 1, err);
    if (status)
        return status;
    status = r->data ? check_budget(r, err) : PD_OK;
    if (!status)
        status = check_news(r, err);
    close_trial(r);
    if (!status)
        status = check_training(r, err);
    r->o.data_seed = 0;
    return status;
}

/* value: 0 where none was given. */
static void say_unchanged(struct active *r, const char *option, int64_t value, int64_t now)
{
    char words[64];
    snprintf(words, sizeof words, "%s is %lld already", option, (long long)now);
    if (value && value == now)
        say(r, words);
}

/* a: r's, to be changed. */
static enum pd_status change(struct active *r, struct pd_active_options *a, struct pd_error *err)
{
    const struct pd_data_place *p = &r->news.place;
    const struct pd_active_options was_a = *a;
    struct pd_train_options was_o = r->o;
    bool again = false;
    if (!r->news.add_class && !r->news.final && !r->news.query && !p->data && !p->data_dir && !p->cache_dir)
        return PD_OK;
    pd_run_move(p, &r->o);
    enum pd_status status = open_trial(r, 1, err);
    if (status)
        return status;
    was_o.data_seed = r->o.data_seed;
    say_unchanged(r, "final", r->news.final, a->final);
    say_unchanged(r, "query", r->news.query, a->query);
    a->final = r->news.final ? r->news.final : a->final;
    a->query = r->news.query ? r->news.query : a->query;
    if (a->final < was_a.final)
        status = pd_fail(err, PD_ERR_USAGE, -1, "--final %lld: expected more than the %lld so far",
                         (long long)a->final, (long long)was_a.final);
    if (!status && r->data && (r->news.final || r->news.query))
        status = check_budget(r, err);
    if (!status && r->news.add_class)
        status = pd_active_add_class(&r->ledger, r->news.add_class, &r->o, &again, err);
    if (again)
        say(r, "the class was added before, and is not added again");
    if (!status)
        status = pd_active_keep_changes(&r->ledger, r->watch, &was_a, &was_o, a, &r->o, err);
    close_trial(r);
    return status;
}

/* a: where it is resumed, r's options, to be changed; else NULL. */
static enum pd_status run(struct active *r, struct pd_active_options *a, struct pd_error *err)
{
    struct pd_lock held;
    enum pd_status status = lock(r, &held, err);
    r->out->intake = (struct pd_intake){.context = r, .refuse = refuse, .say = say};
    if (!status && r->watch->begin)
        r->watch->begin(r->watch->context, r->folder);
    if (!status && a)
        status = change(r, a, err);
    if (!status)
        status = run_trials(r, err);
    if (status == PD_ERR_INTERRUPTED)
        status = pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped; go on with: paydirt active --resume %s",
                         r->folder);
    pd_lock_release(&held);
    pd_free(r->open);
    return status;
}

enum pd_status pd_active_start(const struct pd_active_options *a, const struct pd_train_options *o,
                               const struct pd_active_news *news, const struct pd_active_observer *watch,
                               char *folder, size_t folder_size, struct pd_active_outcome *outcome,
                               struct pd_error *err)
{
    char kind[64];
    struct active r = {.folder = folder, .a = a, .o = *o, .watch = watch, .news = *news, .out = outcome};
    memset(outcome, 0, sizeof *outcome);
    folder[0] = '\0';
    enum pd_status status = check(&r, err);
    const bool several = strchr(a->strategy, ',');
    snprintf(kind, sizeof kind, "active%s%.31s", several ? "" : "-", several ? "" : a->strategy);
    if (!status)
        status = pd_run_folder_make(&r.o, kind, folder, folder_size, err);
    if (!status)
        status = pd_active_save(folder, a, err);
    return status ? status : run(&r, NULL, err);
}

static enum pd_status check_kind(const struct active *r, struct pd_error *err)
{
    const char *option = r->news.answers     ? "labels"
                         : r->news.correct   ? "correct"
                         : r->news.add_class ? "add-class"
                                             : NULL;
    return option && is_simulated(r)
               ? pd_fail(err, PD_ERR_USAGE, -1, "--%s: in %s the data's own labels answer (--oracle %s)",
                         option, r->folder, r->a->oracle)
               : PD_OK;
}

enum pd_status pd_active_resume(const char *folder, const struct pd_active_news *news,
                                const struct pd_active_observer *watch, struct pd_active_outcome *outcome,
                                struct pd_error *err)
{
    struct pd_active_options a;
    struct active r = {.folder = folder, .a = &a, .watch = watch, .news = *news, .out = outcome};
    memset(outcome, 0, sizeof *outcome);
    enum pd_status status = pd_active_read(folder, &a, &r.o, err);
    if (!status)
        status = check_kind(&r, err);
    return status ? status : run(&r, &a, err);
}
