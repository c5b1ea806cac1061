/* A round's questions: those of the first round, and all of them into the journal. */
#include "active/steps.h"

#include "base/mem.h"
#include "io/json.h"
#include "base/rng.h"
#include "base/streams.h"
#include "data/labels/labels.h"

#include <jansson.h>
#include <string.h>

enum pd_status pd_questions_reserve(struct pd_questions *q, size_t n, struct pd_error *err)
{
    struct pd_query *at = pd_realloc(q->at, (n ? n : 1) * sizeof *at);
    if (!at)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu queries", n);
    for (size_t i = q->count; i < n; i++)
        at[i] = (struct pd_query){.guess = -1};
    *q = (struct pd_questions){at, n};
    return PD_OK;
}

void pd_questions_release(struct pd_questions *q)
{
    pd_free(q->at);
    *q = (struct pd_questions){NULL, 0};
}

/* --- the first round --- */

/* Asks for one image more, unless there are labels enough without it; what was skipped does not count. */
static void ask_for(const struct pd_branch *b, uint32_t image, uint8_t *use, int64_t *known)
{
    const bool skipped = pd_ledger_ask(b->ledger, image) == PD_ANSWER_SKIP;
    if (use[image] != PD_UNLABELLED || (*known >= b->a->init && !skipped))
        return;
    use[image] = PD_LABELLED;
    *known += !skipped;
}

/* Whatever has a label already, then what was asked for before. Returns how many these are, but for skips. */
static int64_t keep_known(const struct pd_branch *b, const struct pd_questions *before, uint8_t *use)
{
    int64_t known = 0;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (use[i] == PD_UNLABELLED && pd_ledger_ask(b->ledger, i) >= 0) {
            use[i] = PD_LABELLED;
            known++;
        }
    for (size_t i = 0; i < before->count; i++)
        ask_for(b, before->at[i].image, use, &known);
    return known;
}

/* At random as many as are missing. */
static enum pd_status fill_up(const struct pd_branch *b, int64_t known, uint8_t *use, struct pd_error *err)
{
    const struct pd_rng rng = {pd_branch_seed(b), PD_STREAM_ASK, 0};
    uint32_t *order = pd_malloc(b->data->count * sizeof *order);
    if (!order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    pd_rng_permutation(&rng, b->data->count, order);
    for (uint32_t i = 0; i < b->data->count && known < b->a->init; i++)
        ask_for(b, order[i], use, &known);
    pd_free(order);
    return PD_OK;
}

/* Those of use, what was asked before in its order. */
static enum pd_status list_first(const struct pd_branch *b, uint8_t *use, struct pd_questions *q,
                                 struct pd_error *err)
{
    const size_t before = q->count, all = pd_label_count(b->data, use, PD_LABELLED);
    size_t n = 0;
    enum pd_status status = pd_questions_reserve(q, before > all ? before : all, err);
    for (size_t i = 0; !status && i < before; i++)
        if (use[q->at[i].image] == PD_LABELLED) {
            use[q->at[i].image] = PD_UNLABELLED;
            q->at[n++] = q->at[i];
        }
    for (uint32_t i = 0; !status && i < b->data->count; i++)
        if (use[i] == PD_LABELLED)
            q->at[n++] = (struct pd_query){.image = i, .guess = -1};
    q->count = n;
    return status;
}

/* What was asked before stays, even where images were added to the data set since. Copies are left out.
 * *found: none is missing, as where D's features say which. */
static enum pd_status choose_first(const struct pd_branch *b, struct pd_questions *q, bool *found,
                                   struct pd_error *err)
{
    const bool looks = pd_branch_looks_first(b), simulated = b->ledger->simulated;
    uint8_t *use = pd_malloc(b->data->count);
    int64_t known = 0;
    enum pd_status status = PD_OK;
    if (!use)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    for (uint32_t i = 0; i < b->data->count; i++)
        use[i] = pd_ledger_first(b->ledger, i) == i ? b->held[i] : PD_HELD_OUT;
    if (!simulated)
        known = keep_known(b, q, use);
    *found = !looks || known >= b->a->init;
    if (!looks)
        status = simulated ? pd_label_subset(b->data, (uint32_t)b->a->init, pd_branch_seed(b), use, err)
                           : fill_up(b, known, use, err);
    if (!status)
        status = list_first(b, use, q, err);
    pd_free(use);
    return status;
}

/* --- the journal --- */

/* A query is drawn once. People's first one changes, though, by what they skip and what they give unasked. */
enum pd_status pd_questions_recall(const struct pd_branch *b, int64_t round, struct pd_questions *q,
                                   bool *found, struct pd_error *err)
{
    const struct pd_ledger_round *record = pd_branch_record(b, round);
    enum pd_status status = pd_questions_reserve(q, record ? record->n_queries : 0, err);
    *found = record || !round;
    if (!status && record && record->n_queries)
        memcpy(q->at, record->queries, record->n_queries * sizeof *record->queries);
    if (!status && !round && (!record || (!record->begun && !b->ledger->simulated)))
        status = choose_first(b, q, found, err);
    return status;
}

static bool is_same(const struct pd_questions *q, const struct pd_ledger_round *record)
{
    bool same = record && record->n_queries == q->count;
    for (size_t i = 0; same && i < q->count; i++)
        same = record->queries[i].image == q->at[i].image;
    return same;
}

enum pd_status pd_questions_ask(const struct pd_branch *b, int64_t round, const struct pd_questions *q,
                                struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = PD_OK;
    if (!is_same(q, pd_branch_record(b, round)))
        status = pd_ledger_query(b->ledger, b->name, round, q->at, q->count, err);
    if (!status)
        status = pd_branch_path(b, "queries-%02d.json", round, path, err);
    if (status)
        return status;
    char *text;
    pd_mem_watch();
    json_t *list = pd_query_list(b->data, q->at, q->count);
    status = pd_json_text(list, JSON_INDENT(1), path, &text, err);
    if (!status)
        status = pd_branch_write(path, text, err);
    json_decref(list);
    return status;
}
