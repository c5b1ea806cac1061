#include "active/branch_parts.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "active/query.h"
#include "run/recalibrate.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- names --- */

enum pd_status pd_branch_path(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err)
{
    char name[64];
    snprintf(name, sizeof name, format, (int)round);
    return pd_path_inside(path, PD_PATH_SIZE, b->folder, name, err);
}

enum pd_status pd_branch_start_folder(const char *run, int64_t trial, char *path, struct pd_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "start-%lld", (long long)trial);
    return pd_path_join(path, PD_PATH_SIZE, run, name, err);
}

/* All strategies of a trial begin with the start's round 0. */
enum pd_status pd_branch_round_folder(const struct pd_branch *b, int64_t round, char *path,
                                      struct pd_error *err)
{
    char name[64];
    if (round > 0)
        return pd_branch_path(b, "round-%02d", round, path, err);
    snprintf(name, sizeof name, "start-%lld/round-00", (long long)b->trial);
    return pd_path_inside(path, PD_PATH_SIZE, b->run, name, err);
}

/* --- labels --- */

int64_t pd_branch_labelled(const struct pd_branch *b)
{
    int64_t n = 0;
    for (size_t i = 0; i < b->count; i++)
        n += b->labels[i].label >= 0;
    return n;
}

struct pd_ledger_round *pd_branch_record(const struct pd_branch *b, int64_t round)
{
    char start[64];
    snprintf(start, sizeof start, "start-%lld", (long long)b->trial);
    return pd_ledger_find(b->ledger, round ? b->name : start, round);
}

static bool knows(const struct pd_branch *b, uint32_t image)
{
    for (size_t i = b->count; i-- > 0;)
        if (b->labels[i].image == image)
            return true;
    return false;
}

static void learn(struct pd_branch *b, uint32_t image, bool is_new)
{
    if (is_new || !knows(b, image))
        b->labels[b->count++] = (struct pd_answer){.image = image, .label = pd_ledger_ask(b->ledger, image)};
}

void pd_branch_learn(struct pd_branch *b, const struct pd_ledger_round *record)
{
    const bool first_round =
        !b->count && !b->ledger->first; /* else images may have turned out to be copies */
    for (size_t i = 0; i < record->n_queries; i++)
        learn(b, record->queries[i].image, first_round);
    for (size_t i = 0; i < record->n_given; i++)
        learn(b, record->given[i], false);
}

/* --- files made from the journal --- */

void pd_branch_note(const struct pd_branch *b, const char *format, ...)
{
    char words[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (b->watch->train->note)
        b->watch->train->note(b->watch->train->context, words);
}

enum pd_status pd_branch_recalibrate(const struct pd_branch *b, struct pd_run_model *run,
                                     struct pd_error *err)
{
    enum pd_status status = pd_run_recalibrate(run, PD_ORIGIN_REAL, b->data, NULL, err);
    if (!status && run->note[0])
        pd_branch_note(b, "%s", run->note);
    return status;
}

/* Takes over text, from malloc; NULL: out of memory. */
static enum pd_status write_where_different(const char *path, char *text, struct pd_error *err)
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

enum pd_status pd_branch_write_queries(const struct pd_branch *b, int64_t round, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_branch_path(b, "queries-%02d.json", round, path, err);
    if (status)
        return status;
    json_t *list = pd_query_list(b->data, b->queries, b->n_queries);
    status = write_where_different(path, list ? json_dumps(list, JSON_INDENT(1)) : NULL, err);
    json_decref(list);
    return status;
}

enum pd_status pd_branch_write_rounds(const struct pd_branch *b, struct pd_error *err)
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
        status = write_where_different(path, text.oom ? NULL : strdup(text.size ? text.data : ""), err);
    pd_buffer_release(&text);
    return status;
}

/* A label that somebody put there is not what the journal says, and never was. */
static void note_changes(const struct pd_branch *b, const char *path)
{
    char image[200], now[PD_CLASS_NAME_SIZE];
    struct pd_answers a;
    if (pd_is_absent(path) || pd_answers_read(path, b->data, &a, NULL))
        return;
    for (size_t i = 0; i < a.count; i++) {
        const struct pd_answer *at = &a.at[i];
        if (at->label != PD_ANSWER_SKIP && at->label != pd_ledger_ask(b->ledger, at->image) &&
            !pd_ledger_was_ever(b->ledger, at->image, at->label))
            pd_branch_note(b,
                           "%s: image '%s' is '%.60s' there, but not in the journal, which stands; --correct "
                           "FILE changes it",
                           path, pd_dataset_image_name(b->data, at->image, image, sizeof image),
                           pd_dataset_class_name(b->data, at->label, now, sizeof now));
    }
    pd_answers_release(&a);
}

/* A copy has the label of the first, unless people gave it one of its own. */
static int32_t copy_label(const struct pd_branch *b, uint32_t copy, int32_t label)
{
    const int32_t own = b->ledger->answers[copy];
    return own != PD_NOT_ANSWERED ? own : label;
}

enum pd_status pd_branch_write_labels(const struct pd_branch *b, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    size_t n = 0;
    const uint32_t *next = b->ledger->next;
    struct pd_answer *all = pd_malloc((b->count + b->ledger->copies + 1) * sizeof *all);
    if (!all)
        return pd_fail_memory(err, b->folder);
    enum pd_status status = pd_branch_path(b, "labels.csv", 0, path, err);
    for (size_t i = 0; !status && i < b->count; i++) {
        all[n++] = b->labels[i];
        for (uint32_t k = next ? next[b->labels[i].image] : 0; k; k = next[k])
            all[n++] = (struct pd_answer){.image = k, .label = copy_label(b, k, b->labels[i].label)};
    }
    if (!status) {
        note_changes(b, path);
        status = pd_answers_write(path, b->data, all, n, err);
    }
    pd_free(all);
    return status;
}
