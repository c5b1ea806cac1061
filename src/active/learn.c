/* What a branch knows, out of the journal and into labels.csv. */
#include "active/steps.h"

#include "base/mem.h"
#include "data/labels/labels.h"
#include "io/file.h"

#include <string.h>

int64_t pd_known_labelled(const struct pd_known *known)
{
    int64_t n = 0;
    for (size_t i = 0; i < known->count; i++)
        n += known->labels[i].label >= 0;
    return n;
}

uint8_t *pd_known_marks(const struct pd_branch *b, const struct pd_known *known)
{
    uint8_t *marks = pd_malloc(b->data->count);
    if (!marks)
        return NULL;
    memcpy(marks, b->held, b->data->count);
    for (size_t i = 0; i < known->count; i++)
        marks[known->labels[i].image] = PD_LABELLED;
    return marks;
}

/* --- out of the journal --- */

static bool knows(const struct pd_known *known, uint32_t image)
{
    for (size_t i = known->count; i-- > 0;)
        if (known->labels[i].image == image)
            return true;
    return false;
}

static void learn(const struct pd_branch *b, uint32_t image, bool is_new, struct pd_known *known)
{
    if (is_new || !knows(known, image))
        known->labels[known->count++] =
            (struct pd_answer){.image = image, .label = pd_ledger_ask(b->ledger, image)};
}

void pd_known_learn(const struct pd_branch *b, const struct pd_ledger_round *record, struct pd_known *known)
{
    const bool first_round =
        !known->count && !b->ledger->first; /* else images may have turned out to be copies */
    for (size_t i = 0; i < record->n_queries; i++)
        learn(b, record->queries[i].image, first_round, known);
    for (size_t i = 0; i < record->n_given; i++)
        learn(b, record->given[i], false, known);
}

enum pd_status pd_known_recall(const struct pd_branch *b, struct pd_known *known, int64_t *round,
                               struct pd_error *err)
{
    const struct pd_ledger_round *record;
    *known = (struct pd_known){pd_calloc(b->data->count, sizeof *known->labels), 0};
    if (!known->labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", b->data->count);
    for (*round = 0; (record = pd_branch_record(b, *round)) && record->line; ++*round)
        pd_known_learn(b, record, known);
    if (!*round)
        return PD_OK;
    pd_best_clean_up(b, *round - 1);
    enum pd_status status = pd_known_write(b, known, err);
    return status ? status : pd_record_write(b, err);
}

void pd_known_release(struct pd_known *known)
{
    pd_free(known->labels);
    *known = (struct pd_known){NULL, 0};
}

/* --- labels.csv --- */

/* A label that somebody put there is not what the journal says, and never was. */
static void note_changes(const struct pd_branch *b, const char *path)
{
    char image[200], now[PD_CLASS_NAME_SIZE];
    struct pd_answers a;
    if (pd_is_absent(path) || pd_answers_read_own(path, b->data, &a, NULL))
        return;
    for (size_t i = 0; i < a.count; i++) {
        const struct pd_answer *at = &a.at[i];
        if (at->label != PD_ANSWER_SKIP && at->label != pd_ledger_ask(b->ledger, at->image) &&
            at->label != b->ledger->own[pd_ledger_first(b->ledger, at->image)] &&
            !pd_ledger_was_ever(b->ledger, at->image, at->label))
            pd_active_note(b->watch,
                           "%s: image '%s' is '%.60s' there, but not in the journal, which stands\tto "
                           "change it: correct=FILE",
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

enum pd_status pd_known_write(const struct pd_branch *b, const struct pd_known *known, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    size_t n = 0;
    const uint32_t *next = b->ledger->next;
    struct pd_answer *all = pd_malloc((known->count + b->ledger->copies + 1) * sizeof *all);
    if (!all)
        return pd_fail_memory(err, b->folder);
    enum pd_status status = pd_branch_path(b, "labels.csv", 0, path, err);
    for (size_t i = 0; !status && i < known->count; i++) {
        all[n++] = known->labels[i];
        for (uint32_t k = next ? next[known->labels[i].image] : 0; k; k = next[k])
            all[n++] = (struct pd_answer){.image = k, .label = copy_label(b, k, known->labels[i].label)};
    }
    if (!status) {
        note_changes(b, path);
        status = pd_answers_write(path, b->data, all, n, err);
    }
    pd_free(all);
    return status;
}
