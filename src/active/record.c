/* A finished round, into the journal and out of it. */
#include "active/steps.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum pd_status pd_record_write(const struct pd_branch *b, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    const struct pd_ledger_round *record;
    enum pd_status status = pd_branch_path(b, b->strategy ? "rounds.jsonl" : "start.jsonl", 0, path, err);
    for (int64_t round = 0; !status && (record = pd_branch_record(b, round)) && record->line; round++) {
        char *words;
        pd_mem_watch();
        json_t *line = json_copy(record->line);
        if (b->strategy) /* all begin with the start's */
            json_object_set_new(line, "strategy", json_string(b->strategy));
        status = pd_json_text(line, JSON_COMPACT, path, &words, err);
        if (words)
            pd_buffer_printf(&text, "%s\n", words);
        free(words);
        json_decref(line);
        if (!b->strategy)
            break;
    }
    if (!status)
        status = pd_branch_write(path, text.oom ? NULL : strdup(text.size ? text.data : ""), err);
    pd_buffer_release(&text);
    return status;
}

/* The line of rounds.jsonl. NULL: out of memory. */
static json_t *describe(const struct pd_branch *b, const struct pd_known *known,
                        const struct pd_progress *progress, const struct pd_active_round *r)
{
    pd_mem_watch();
    json_t *line = json_pack("{s:I, s:I, s:I, s:s, s:I, s:I, s:f}", "round", (json_int_t)r->round, "labels",
                             (json_int_t)r->labels, "skipped", (json_int_t)known->count - r->labels,
                             "strategy", r->strategy, "trial", (json_int_t)b->trial, "seed",
                             (json_int_t)pd_branch_seed(b), "seconds", pd_seconds() - r->begun);
    if (r->accuracy >= 0) {
        json_object_set_new(line, "metric", json_string("fitting-capacity"));
        json_object_set_new(line, "accuracy", json_real(r->accuracy));
        json_object_set_new(line, "data", json_string(b->data->name));
        json_object_set_new(line, "classes", json_integer(b->data->classes));
    }
    if (progress->best_epoch) {
        json_object_set_new(line, "best_epoch", json_integer((json_int_t)progress->best_epoch));
        json_object_set_new(line, "validation", json_real(progress->best_accuracy));
    }
    if (r->guesses) {
        json_object_set_new(line, "guesses", json_integer((json_int_t)r->guesses));
        json_object_set_new(line, "guessed", json_integer((json_int_t)r->guessed));
    }
    if (r->class_accuracy >= 0)
        json_object_set_new(line, "class_accuracy", json_real(r->class_accuracy));
    return line;
}

enum pd_status pd_round_record(const struct pd_branch *b, const struct pd_known *known,
                               const struct pd_run_model *model, const struct pd_active_round *r,
                               struct pd_error *err)
{
    json_t *line = describe(b, known, &model->progress, r);
    enum pd_status status = line ? pd_ledger_finish(b->ledger, pd_branch_record(b, r->round), line, err)
                                 : pd_fail_memory(err, b->folder);
    if (!status)
        status = pd_record_write(b, err);
    if (!status && b->watch->measured)
        b->watch->measured(b->watch->context, r);
    if (!status)
        pd_best_clean_up(b, r->round);
    return status;
}
