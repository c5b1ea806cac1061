/* A round's run: an ordinary one, on the labels that are known. */
#include "active/steps.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "io/aside.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

/* Round 0 may be the first run, or come behind one without labels; whose classes, where it has found some by
 * mutual information, are others than people's. */
static bool is_behind_another(const struct pd_branch *b, int64_t round)
{
    char folder[PD_PATH_SIZE], path[PD_PATH_SIZE];
    if (round)
        return true;
    return !(b->o->mutual_information > 0) && pd_branch_looks_first(b) &&
           !pd_branch_round_folder(b, PD_ROUND_UNLABELLED, folder, NULL) &&
           !pd_run_folder_best(folder, path, NULL) && !pd_is_absent(path);
}

static enum pd_status round_options(const struct pd_branch *b, int64_t round, struct pd_train_options *o,
                                    struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    struct pd_train_options last;
    *o = *b->o;
    o->data_seed = (int64_t)pd_branch_seed(b);
    o->seed = (int64_t)pd_branch_round_seed(b, round);
    o->mutual_information = 0;
    enum pd_status status = pd_branch_path(b, "labels.csv", 0, o->label_file, err);
    if (status || !b->a->keep_generator || !is_behind_another(b, round))
        return status;
    status = pd_branch_round_folder(b, round - 1, folder, err);
    if (!status)
        status = pd_run_folder_options(folder, &last, err);
    if (!status && strcmp(last.classes, o->classes) != 0) { /* its labels have another width */
        pd_active_note(b->watch, "%s round %lld begins with a fresh generator: a class was added", b->name,
                       (long long)round);
        return PD_OK;
    }
    return status ? status : pd_run_folder_best(folder, o->generator, err);
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
static enum pd_status drop_what_is_old(const struct pd_branch *b, int64_t round, char *folder,
                                       const char *labels, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    bool same = true;
    enum pd_status status = pd_run_folder_checkpoint(folder, path, err);
    if (!status && !pd_is_absent(path))
        status = is_current(b, folder, labels, &same, err);
    if (status || same)
        return status;
    pd_active_note(b->watch, "%s round %lld starts again: what it learns from was changed", b->name,
                   (long long)round);
    return pd_folder_remove(folder, err);
}

static struct pd_active_round begin_round(const struct pd_branch *b, int64_t round,
                                          const struct pd_known *known)
{
    return (struct pd_active_round){.strategy = b->strategy ? b->strategy : "start",
                                    .trial = b->trial,
                                    .trials = b->a->trials,
                                    .round = round,
                                    .labels = pd_known_labelled(known),
                                    .people = !b->ledger->simulated,
                                    .begun = pd_seconds(),
                                    .accuracy = -1};
}

static enum pd_status train_in(const struct pd_branch *b, int64_t round, const struct pd_train_options *o,
                               const struct pd_active_round *r, struct pd_error *err)
{
    char folder[PD_PATH_SIZE], start[PD_PATH_SIZE];
    enum pd_status status = pd_branch_round_folder(b, round, folder, err);
    if (!status && round != PD_ROUND_UNLABELLED)
        status = drop_what_is_old(b, round, folder, o->label_file, err);
    if (!status)
        status = pd_trial_start_folder(b->run, b->trial, start, err);
    if (!status && b->watch->round)
        b->watch->round(b->watch->context, r);
    return status ? status : pd_run_train_in(o, folder, start, b->watch->train, err);
}

/* --- without any label --- */

/* Neither network learns of labels; what is held out stays unseen, and the last epoch counts. */
static void unlabelled_options(const struct pd_branch *b, struct pd_train_options *o)
{
    *o = *b->o;
    o->data_seed = (int64_t)pd_branch_seed(b);
    o->seed = (int64_t)pd_branch_round_seed(b, PD_ROUND_UNLABELLED);
    o->class_losses = o->gold = o->labelled_only = o->natural_share = o->fake_confidence = false;
    o->labels_per_batch = 0;
    o->consistency = 0;
    o->keep_last = true;
    o->validate_every = o->epochs;
    snprintf(o->best, sizeof o->best, "class-accuracy"); /* the cheapest: nothing goes by it */
}

enum pd_status pd_unlabelled_train(const struct pd_branch *b, struct pd_error *err)
{
    char folder[PD_PATH_SIZE], best[PD_PATH_SIZE];
    struct pd_train_options o;
    struct pd_run_model model = {.gan = NULL};
    const struct pd_known none = {.count = 0};
    struct pd_active_round r = begin_round(b, 0, &none);
    r.strategy = "unlabelled";
    enum pd_status status = pd_branch_round_folder(b, PD_ROUND_UNLABELLED, folder, err);
    if (!status)
        status = pd_run_folder_best(folder, best, err);
    if (status || !pd_is_absent(best))
        return status;
    unlabelled_options(b, &o);
    status = train_in(b, PD_ROUND_UNLABELLED, &o, &r, err);
    if (!status)
        status = pd_best_keep(b, PD_ROUND_UNLABELLED, &model, err);
    pd_run_release(&model);
    return status;
}

/* --- on labels --- */

enum pd_status pd_round_train(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                              struct pd_active_round *r, struct pd_error *err)
{
    struct pd_train_options o;
    *r = begin_round(b, round, known);
    const enum pd_status status = round_options(b, round, &o, err);
    return status ? status : train_in(b, round, &o, r, err);
}
