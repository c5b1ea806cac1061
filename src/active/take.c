/* The answers to a round's questions, and what people gave unasked. Nothing is learnt until all have one. */
#include "active/steps.h"

#include "base/mem.h"
#include "data/labels/labels.h"

enum pd_status pd_answers_given(const struct pd_branch *b, const struct pd_known *known,
                                const struct pd_questions *q, uint32_t *images, size_t *n,
                                struct pd_error *err)
{
    uint8_t *marks = pd_known_marks(b, known);
    *n = 0;
    if (!marks)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the answers given");
    for (size_t i = 0; q && i < q->count; i++)
        marks[q->at[i].image] = PD_LABELLED;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (b->ledger->marks[i] & PD_IMAGE_GIVEN && marks[i] == PD_UNLABELLED)
            images[(*n)++] = i;
    pd_free(marks);
    return PD_OK;
}

static enum pd_status fail_skipped(const struct pd_branch *b, size_t images, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s': all %zu images were skipped, expected a label",
                   b->data->name, images);
}

/* Whether the round would know a label. */
static bool has_labels(const struct pd_branch *b, const struct pd_known *known, const struct pd_questions *q)
{
    bool any = pd_known_labelled(known) > 0;
    for (size_t i = 0; !any && i < q->count; i++)
        any = pd_ledger_ask(b->ledger, q->at[i].image) >= 0;
    return any;
}

/* From here on the round's labels are settled. */
static enum pd_status settle(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                             const struct pd_questions *q, struct pd_error *err)
{
    size_t n = 0;
    if (!has_labels(b, known, q))
        return fail_skipped(b, q->count, err);
    uint32_t *given = pd_malloc(b->data->count * sizeof *given);
    enum pd_status status =
        given ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the answers given");
    if (!status && round && !b->ledger->simulated)
        status = pd_answers_given(b, known, q, given, &n, err);
    if (!status && (n || q->count))
        status = pd_ledger_train(b->ledger, pd_branch_record(b, round), given, n, err);
    pd_free(given);
    return status;
}

static bool is_missing(const struct pd_branch *b, const struct pd_questions *q)
{
    bool missing = false;
    for (size_t i = 0; !missing && i < q->count; i++)
        missing = pd_ledger_ask(b->ledger, q->at[i].image) == PD_NOT_ANSWERED;
    return missing;
}

enum pd_status pd_answers_take(const struct pd_branch *b, int64_t round, const struct pd_questions *q,
                               struct pd_known *known, enum pd_reply *reply, struct pd_error *err)
{
    const struct pd_ledger_round *record = pd_branch_record(b, round);
    *reply = PD_REPLY_MISSED;
    if (!record->begun && is_missing(b, q))
        return PD_OK;
    enum pd_status status = record->begun ? PD_OK : settle(b, round, known, q, err);
    if (status)
        return status;
    *reply = record->begun ? PD_REPLY_ALL : PD_REPLY_NOTHING;
    pd_known_learn(b, record, known);
    if (!pd_known_labelled(known))
        return fail_skipped(b, known->count, err);
    return pd_known_write(b, known, err);
}
