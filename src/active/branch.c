#include "active/branch.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "data/labels/labels.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- life --- */

uint64_t pd_branch_seed(const struct pd_branch *b)
{
    return pd_trial_seed(b->o, b->trial);
}

uint64_t pd_branch_round_seed(const struct pd_branch *b, int64_t round)
{
    return pd_branch_seed(b) * 1000 + (uint64_t)(round == PD_ROUND_UNLABELLED ? 999 : round);
}

const char *pd_branch_strategy(const struct pd_branch *b, int64_t round)
{
    return round ? b->strategy : b->a->first;
}

bool pd_branch_looks_first(const struct pd_branch *b)
{
    return strcmp(b->a->first, "random") != 0;
}

enum pd_status pd_branch_open(struct pd_trial *t, const char *strategy, struct pd_branch *b,
                              struct pd_error *err)
{
    *b = (struct pd_branch){.a = t->a,
                            .o = &t->o,
                            .watch = t->watch,
                            .run = t->run,
                            .strategy = strategy,
                            .trial = t->number,
                            .data = t->data,
                            .ledger = &t->ledger,
                            .test = t->test.count ? &t->test : NULL};
    b->held = pd_calloc(b->data->count, 1);
    if (!b->held)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", b->data->count);
    if (strategy)
        snprintf(b->name, sizeof b->name, "%s-%lld", strategy, (long long)b->trial);
    else
        pd_trial_start_name(b->trial, b->name);
    enum pd_status status = pd_path_inside(b->folder, sizeof b->folder, b->run, b->name, err);
    if (!status)
        status = pd_make_dirs(b->folder, err);
    if (!status && b->o->validation)
        status = pd_validation_draw(b->data, (uint32_t)b->o->validation, pd_branch_seed(b), b->held, err);
    if (b->ledger->first) /* no image that validates has a copy among the others */
        pd_hold_copies(b->ledger->first, b->data->count, b->held);
    return status;
}

void pd_branch_close(struct pd_branch *b)
{
    pd_free(b->held);
    b->held = NULL;
}

/* --- names --- */

enum pd_status pd_branch_path(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err)
{
    char name[64];
    snprintf(name, sizeof name, format, (int)round);
    return pd_path_inside(path, PD_PATH_SIZE, b->folder, name, err);
}

/* All strategies of a trial begin with the start's round 0. */
enum pd_status pd_branch_round_folder(const struct pd_branch *b, int64_t round, char *path,
                                      struct pd_error *err)
{
    char start[64], name[80];
    if (round > 0)
        return pd_branch_path(b, "round-%02d", round, path, err);
    snprintf(name, sizeof name, "%s/%s", pd_trial_start_name(b->trial, start),
             round == PD_ROUND_UNLABELLED ? "unlabelled" : "round-00");
    return pd_path_inside(path, PD_PATH_SIZE, b->run, name, err);
}

struct pd_ledger_round *pd_branch_record(const struct pd_branch *b, int64_t round)
{
    char start[64];
    return pd_ledger_find(b->ledger, round ? b->name : pd_trial_start_name(b->trial, start), round);
}

enum pd_status pd_branch_write(const char *path, char *text, struct pd_error *err)
{
    struct pd_buffer before = PD_BUFFER_INIT;
    if (!text)
        return pd_fail_memory(err, path);
    enum pd_status status = pd_is_absent(path) ? PD_OK : pd_file_read(path, &before, err);
    if (!status &&
        (before.size != strlen(text) || !before.data || memcmp(before.data, text, before.size) != 0))
        status = pd_file_write_atomic(path, text, strlen(text), err);
    pd_buffer_release(&before);
    free(text);
    return status;
}
