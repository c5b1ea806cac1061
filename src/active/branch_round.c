#include "active/branch_parts.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static enum pd_status round_options(const struct pd_branch *b, int64_t round, struct pd_train_options *o,
                                    struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    const uint64_t seed = pd_branch_seed(b->o, b->trial);
    struct pd_train_options last;
    *o = *b->o;
    o->data_seed = (int64_t)seed;
    o->seed = (int64_t)(seed * 1000 + (uint64_t)round);
    enum pd_status status = pd_branch_path(b, "labels.csv", 0, o->label_file, err);
    if (status || round == 0 || !b->a->keep_generator)
        return status;
    status = pd_branch_round_folder(b, round - 1, folder, err);
    if (!status)
        status = pd_run_folder_options(folder, &last, err);
    if (!status && strcmp(last.classes, o->classes) != 0) { /* its labels have another width */
        pd_branch_note(b, "%s round %lld begins with a fresh generator: a class was added", b->name,
                       (long long)round);
        return PD_OK;
    }
    return status ? status : pd_run_folder_best(folder, o->generator, err);
}

/* The weights that the next round and its query need: the best epoch's, or the last's. */
static enum pd_status keep_networks(const char *folder, const struct pd_run_model *run, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_run_folder_best(folder, path, err);
    return status || !pd_is_absent(path) ? status : pd_gan_save_networks(run->gan, &run->progress, path, err);
}

static enum pd_status measure(const struct pd_branch *b, const struct pd_run_model *run, double *accuracy,
                              struct pd_error *err)
{
    const struct pd_fitting f = {.epochs = (int)b->a->measure_epochs,
                                 .epoch_images = 10000,
                                 .seed = pd_branch_seed(b->o, b->trial),
                                 .progress = b->watch->measuring,
                                 .progress_context = b->watch->context};
    *accuracy = -1;
    return b->test ? pd_gan_fitting_capacity(run->gan, &f, b->test, accuracy, err) : PD_OK;
}

static enum pd_status record(const struct pd_branch *b, const struct pd_active_round *r,
                             const struct pd_run_model *run, double seconds, struct pd_error *err)
{
    pd_mem_watch();
    json_t *line = json_pack("{s:I, s:I, s:I, s:s, s:I, s:I, s:f}", "round", (json_int_t)r->round, "labels",
                             (json_int_t)r->labels, "skipped", (json_int_t)b->count - r->labels, "strategy",
                             r->strategy, "trial", (json_int_t)b->trial, "seed",
                             (json_int_t)pd_branch_seed(b->o, b->trial), "seconds", seconds);
    if (r->accuracy >= 0) {
        json_object_set_new(line, "metric", json_string("fitting-capacity"));
        json_object_set_new(line, "accuracy", json_real(r->accuracy));
        json_object_set_new(line, "data", json_string(b->data->name));
        json_object_set_new(line, "classes", json_integer(b->data->classes));
    }
    if (run->progress.best_epoch) {
        json_object_set_new(line, "best_epoch", json_integer((json_int_t)run->progress.best_epoch));
        json_object_set_new(line, "validation", json_real(run->progress.best_accuracy));
    }
    if (r->guesses) {
        json_object_set_new(line, "guesses", json_integer((json_int_t)r->guesses));
        json_object_set_new(line, "guessed", json_integer((json_int_t)r->guessed));
    }
    if (r->class_accuracy >= 0)
        json_object_set_new(line, "class_accuracy", json_real(r->class_accuracy));
    struct pd_ledger_round *done = pd_branch_record(b, r->round);
    enum pd_status status =
        line ? pd_ledger_finish(b->ledger, done, line, err) : pd_fail_memory(err, b->folder);
    return status ? status : pd_branch_write_rounds(b, err);
}

static void drop(const char *folder, enum pd_status (*which)(const char *, char *, struct pd_error *))
{
    char path[PD_PATH_SIZE];
    if (!which(folder, path, NULL))
        (void)pd_file_remove(path, NULL); /* what stays takes room, no more */
}

void pd_branch_clean_up(const struct pd_branch *b, int64_t round)
{
    char folder[PD_PATH_SIZE];
    if (!pd_branch_round_folder(b, round, folder, NULL))
        drop(folder, pd_run_folder_checkpoint);
    if (round >= 2 && !b->a->keep_rounds && !pd_branch_round_folder(b, round - 1, folder, NULL))
        drop(folder, pd_run_folder_best);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

/* Whether a round that was begun, and is not finished, learns what it should: these labels, these classes. */
static enum pd_status is_current(const struct pd_branch *b, const char *folder, const char *labels,
                                 bool *same, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_train_options begun;
    struct pd_buffer before = PD_BUFFER_INIT, now = PD_BUFFER_INIT;
    *same = false;
    enum pd_status status = pd_run_folder_labels(folder, path, err);
    if (status || pd_is_absent(path))
        return status;
    status = pd_run_folder_options(folder, &begun, err);
    if (!status)
        status = pd_file_read(path, &before, err);
    if (!status)
        status = pd_file_read(labels, &now, err);
    *same = !status && !strcmp(begun.classes, b->o->classes) && before.size == now.size &&
            !memcmp(before.data, now.data, now.size);
    pd_buffer_release(&before);
    pd_buffer_release(&now);
    return status;
}

/* What was corrected since a round began makes it start again. */
static enum pd_status drop_what_is_old(const struct pd_branch *b, int64_t round, const char *folder,
                                       const char *labels, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    bool same = true;
    enum pd_status status = pd_run_folder_checkpoint(folder, path, err);
    if (!status && !pd_is_absent(path))
        status = is_current(b, folder, labels, &same, err);
    if (status || same)
        return status;
    pd_branch_note(b, "%s round %lld starts again: what it learns from was changed", b->name,
                   (long long)round);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) ? pd_fail_io(err, folder, "remove", errno)
                                                              : PD_OK;
}

static enum pd_status finish_round(struct pd_branch *b, const char *folder, struct pd_active_round *r,
                                   double begun, struct pd_error *err)
{
    struct pd_run_model run;
    enum pd_status status = pd_run_open(folder, (int)b->o->threads, &run, err);
    if (status)
        return status;
    status = keep_networks(folder, &run, err);
    if (!status)
        status = measure(b, &run, &r->accuracy, err);
    if (!status && b->o->validation) /* on which D's classes are measured */
        status = pd_branch_recalibrate(b, &run, err);
    if (!status)
        status = pd_branch_report(b, run.gan, r, err);
    if (!status)
        status = record(b, r, &run, seconds() - begun, err);
    pd_run_close(&run);
    return status;
}

enum pd_status pd_branch_round(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    char folder[PD_PATH_SIZE], start[PD_PATH_SIZE];
    struct pd_train_options o;
    struct pd_active_round r = {.strategy = b->strategy ? b->strategy : "start",
                                .trial = b->trial,
                                .trials = b->a->trials,
                                .round = round,
                                .labels = pd_branch_labelled(b),
                                .people = !b->ledger->simulated,
                                .accuracy = -1};
    const double begun = seconds();
    enum pd_status status = round_options(b, round, &o, err);
    if (!status)
        status = pd_branch_round_folder(b, round, folder, err);
    if (!status)
        status = drop_what_is_old(b, round, folder, o.label_file, err);
    if (!status)
        status = pd_branch_start_folder(b->run, b->trial, start, err);
    if (!status && b->watch->round)
        b->watch->round(b->watch->context, &r);
    if (!status)
        status = pd_run_train_in(&o, folder, start, b->watch->train, err);
    if (!status)
        status = finish_round(b, folder, &r, begun, err);
    if (!status && b->watch->measured)
        b->watch->measured(b->watch->context, &r);
    if (!status)
        pd_branch_clean_up(b, round);
    return status;
}
