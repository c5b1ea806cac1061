#include "active/branch.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/labels/labels.h"
#include "io/file.h"
#include "active/branch_parts.h"

#include <stdio.h>

uint64_t pd_branch_seed(const struct pd_train_options *o, int64_t trial)
{
    return (uint64_t)(o->seed + trial); /* never 0, which stands for the standard data */
}

/* No image that validates has a copy among the others. */
static void hold_copies(const struct pd_branch *b)
{
    for (uint32_t i = 0; b->ledger->first && i < b->data->count; i++)
        if (b->held[i])
            b->held[pd_ledger_first(b->ledger, i)] = PD_HELD_OUT;
    for (uint32_t i = 0; b->ledger->first && i < b->data->count; i++)
        b->held[i] = b->held[pd_ledger_first(b->ledger, i)];
}

enum pd_status pd_branch_open(struct pd_branch *b, struct pd_error *err)
{
    b->held = pd_calloc(b->data->count, 1);
    b->labels = pd_calloc(b->data->count, sizeof *b->labels);
    if (!b->held || !b->labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", b->data->count);
    snprintf(b->name, sizeof b->name, "%s-%lld", b->strategy ? b->strategy : "start", (long long)b->trial);
    enum pd_status status = pd_path_inside(b->folder, sizeof b->folder, b->run, b->name, err);
    if (!status)
        status = pd_make_dirs(b->folder, err);
    if (!status && b->o->validation)
        status = pd_validation_draw(b->data, (uint32_t)b->o->validation, pd_branch_seed(b->o, b->trial),
                                    b->held, err);
    hold_copies(b);
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

/* What is finished is read from the journal; a killed process may not have cleaned up behind itself. */
static enum pd_status begin(struct pd_branch *b, int64_t *round, struct pd_error *err)
{
    const struct pd_ledger_round *record;
    for (*round = 0; (record = pd_branch_record(b, *round)) && record->line; ++*round)
        pd_branch_learn(b, record);
    if (!*round)
        return PD_OK;
    pd_branch_clean_up(b, *round - 1);
    enum pd_status status = pd_branch_write_labels(b, err);
    return status ? status : pd_branch_write_rounds(b, err);
}

enum pd_status pd_branch_run(struct pd_branch *b, bool *waiting, struct pd_error *err)
{
    int64_t round;
    bool asked = true;
    enum pd_status status = begin(b, &round, err);
    while (!status && (b->strategy ? pd_branch_labelled(b) < b->a->final : round == 0)) {
        if (is_stopped(b))
            return pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped before round %lld", (long long)round);
        status = pd_branch_ask(b, round, waiting, &asked, err);
        if (status || *waiting)
            break;
        if (!asked) {
            pd_branch_note(b, "%s: no image is left to ask for at %lld label%s", b->strategy,
                           (long long)pd_branch_labelled(b), pd_plural((size_t)pd_branch_labelled(b)));
            break;
        }
        status = pd_branch_round(b, round++, err);
    }
    return status;
}
