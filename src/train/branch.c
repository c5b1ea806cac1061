#include "train/branch.h"

#include "base/mem.h"
#include "data/labels.h"
#include "io/file.h"
#include "train/branch_parts.h"

#include <stdio.h>
#include <unistd.h>

uint64_t pd_branch_seed(const struct pd_train_options *o, int64_t trial)
{
    return (uint64_t)(o->seed + trial); /* never 0, which stands for the standard data */
}

enum pd_status pd_branch_open(struct pd_branch *b, struct pd_error *err)
{
    char name[64], path[PD_PATH_SIZE];
    b->held = pd_calloc(b->data->count, 1);
    b->labels = pd_calloc(b->data->count, sizeof *b->labels);
    if (!b->held || !b->labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", b->data->count);
    snprintf(name, sizeof name, "%s-%lld", b->strategy ? b->strategy : "start", (long long)b->trial);
    enum pd_status status = pd_path_join(b->folder, sizeof b->folder, b->run, name, err);
    if (!status)
        status = pd_make_dirs(b->folder, err);
    if (!status && b->o->validation)
        status = pd_validation_draw(b->data, (uint32_t)b->o->validation, pd_branch_seed(b->o, b->trial),
                                    b->held, err);
    if (!status)
        status = pd_branch_path(b, "labels.csv", 0, path, err);
    if (!status && access(path, F_OK) == 0)
        status = pd_branch_read_labels(b, path, err);
    return status;
}

void pd_branch_close(struct pd_branch *b)
{
    pd_free(b->queries);
    pd_free(b->labels);
    pd_free(b->held);
    b->queries = NULL;
    b->labels = NULL;
    b->held = NULL;
}

/* --- the loop --- */

static bool is_stopped(const struct pd_branch *b)
{
    const struct pd_observer *w = b->watch->train;
    return w->stop && w->stop(w->context);
}

static void say_empty(const struct pd_branch *b)
{
    char words[160];
    snprintf(words, sizeof words, "%s: no image is left to ask for at %lld labels", b->strategy,
             (long long)pd_branch_labelled(b));
    if (b->watch->train->note)
        b->watch->train->note(b->watch->train->context, words);
}

/* What is finished is read from the folder; a killed process may not have cleaned up behind itself. */
static enum pd_status begin(struct pd_branch *b, int64_t *round, int64_t *labels, struct pd_error *err)
{
    enum pd_status status = pd_branch_read_rounds(b, round, labels, err);
    if (!status && *round > 0)
        pd_branch_clean_up(b, *round - 1);
    if (status || !b->strategy || *round > 0)
        return status;
    status = pd_branch_inherit(b, err);
    *labels = pd_branch_labelled(b);
    *round = 1;
    return status;
}

enum pd_status pd_branch_run(struct pd_branch *b, bool *waiting, struct pd_error *err)
{
    int64_t round, labels;
    enum pd_status status = begin(b, &round, &labels, err);
    while (!status && (b->strategy ? labels < b->a->final : round == 0)) {
        if (is_stopped(b))
            return pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped before round %lld", (long long)round);
        status = pd_branch_ask(b, round, waiting, err);
        if (status || *waiting)
            break;
        if (!b->n_queries) {
            say_empty(b);
            break;
        }
        status = pd_branch_round(b, round++, err);
        labels = pd_branch_labelled(b);
    }
    return status;
}
