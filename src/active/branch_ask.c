#include "active/branch_parts.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "data/labels/labels.h"
#include "active/query.h"
#include "active/query_pictures.h"

#include <string.h>

static enum pd_status reserve_queries(struct pd_branch *b, size_t n, struct pd_error *err)
{
    pd_free(b->queries);
    b->queries = pd_calloc(n ? n : 1, sizeof *b->queries);
    b->n_queries = n;
    return b->queries ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu queries", n);
}

static void take_where(struct pd_branch *b, const uint8_t *chosen)
{
    size_t n = 0;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (chosen[i] == PD_LABELLED)
            b->queries[n++] = (struct pd_query){.image = i, .guess = -1};
}

static bool is_copy(const struct pd_branch *b, uint32_t image)
{
    return pd_ledger_first(b->ledger, image) != image;
}

/* Asks for one image more, unless there are labels enough without it; what was skipped does not count. */
static void ask_for(const struct pd_branch *b, uint32_t image, uint8_t *use, int64_t *known)
{
    const bool skipped = pd_ledger_ask(b->ledger, image) == PD_ANSWER_SKIP;
    if (use[image] != PD_UNLABELLED || (*known >= b->a->init && !skipped))
        return;
    use[image] = PD_LABELLED;
    *known += !skipped;
}

/* Whatever has a label already, then what was asked for before, then at random as many as are missing. */
static enum pd_status fill_up(const struct pd_branch *b, uint8_t *use, struct pd_error *err)
{
    const struct pd_rng rng = {pd_branch_seed(b->o, b->trial), PD_STREAM_ASK, 0};
    uint32_t *order = pd_malloc(b->data->count * sizeof *order);
    int64_t known = 0;
    if (!order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    for (uint32_t i = 0; i < b->data->count; i++)
        if (use[i] == PD_UNLABELLED && pd_ledger_ask(b->ledger, i) >= 0) {
            use[i] = PD_LABELLED;
            known++;
        }
    for (size_t i = 0; i < b->n_queries; i++)
        ask_for(b, b->queries[i].image, use, &known);
    pd_rng_permutation(&rng, b->data->count, order);
    for (uint32_t i = 0; i < b->data->count && known < b->a->init; i++)
        ask_for(b, order[i], use, &known);
    pd_free(order);
    return PD_OK;
}

/* What was asked before stays, even where images were added to the data set since. Copies are left out. */
static enum pd_status choose_first(struct pd_branch *b, struct pd_error *err)
{
    uint8_t *use = pd_malloc(b->data->count);
    if (!use)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    for (uint32_t i = 0; i < b->data->count; i++)
        use[i] = is_copy(b, i) ? PD_HELD_OUT : b->held[i];
    enum pd_status status = b->ledger->simulated ? pd_label_subset(b->data, (uint32_t)b->a->init,
                                                                   pd_branch_seed(b->o, b->trial), use, err)
                                                 : fill_up(b, use, err);
    if (!status)
        status = reserve_queries(b, pd_label_count(b->data, use, PD_LABELLED), err);
    if (!status)
        take_where(b, use);
    pd_free(use);
    return status;
}

/* People labelled it without being asked, and the branch has yet to learn of it. taken (count): what it
 * knows. */
static bool is_given(const struct pd_branch *b, uint32_t image, const uint8_t *taken)
{
    return b->ledger->marks[image] & PD_IMAGE_GIVEN && taken[image] == PD_UNLABELLED;
}

/* taken (count): what is held out or known. */
static void mark_taken(const struct pd_branch *b, uint8_t *taken)
{
    memcpy(taken, b->held, b->data->count);
    for (size_t i = 0; i < b->count; i++)
        taken[b->labels[i].image] = PD_LABELLED;
}

/* The images that may be asked for, where the data answer those that have a label; images has room for all.
 */
static int64_t list_pool(const struct pd_branch *b, uint32_t *images, uint8_t *taken)
{
    int64_t n = 0;
    mark_taken(b, taken);
    for (uint32_t i = 0; i < b->data->count; i++)
        if (taken[i] == PD_UNLABELLED && !is_copy(b, i) && !is_given(b, i, taken) &&
            (!b->ledger->simulated || b->ledger->own[i] >= 0))
            images[n++] = i;
    return n;
}

static enum pd_status score_pool(const struct pd_branch *b, struct pd_gan *gan, struct pd_scored_pool *pool,
                                 struct pd_error *err)
{
    uint32_t *images = pd_malloc(b->data->count * sizeof *images);
    uint8_t *taken = pd_malloc(b->data->count);
    enum pd_status status = PD_OK;
    if (!images || !taken)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a pool of %u images", b->data->count);
    else
        status = pd_scored_pool_make(gan, b->data, images, list_pool(b, images, taken), pool, err);
    pd_free(taken);
    pd_free(images);
    return status;
}

static enum pd_diversity diversity(const char *name)
{
    return !*name ? PD_DIVERSE_NONE : !strcmp(name, "k-center") ? PD_DIVERSE_K_CENTER : PD_DIVERSE_K_MEANS;
}

static enum pd_status draw_query(const struct pd_branch *b, int64_t round, struct pd_gan *gan,
                                 const struct pd_scored_pool *pool, struct pd_error *err)
{
    const struct pd_query_pictures p = {.folder = b->folder,
                                        .round = round,
                                        .data = b->data,
                                        .gan = gan,
                                        .pool = pool,
                                        .balanced = b->a->balanced,
                                        .queries = b->queries,
                                        .n_queries = b->n_queries,
                                        .labels = b->labels,
                                        .n_labels = b->count,
                                        .init = (int64_t)b->count - (round - 1) * b->a->query,
                                        .query = b->a->query};
    return b->a->pictures && b->n_queries ? pd_query_pictures(&p, err) : PD_OK;
}

/* Images that people labelled without being asked, and that the branch does not know yet. images: room for
 * all; NULL: counted alone, labels without skips. */
static enum pd_status list_given(const struct pd_branch *b, uint32_t *images, size_t *n, struct pd_error *err)
{
    uint8_t *taken = pd_malloc(b->data->count);
    *n = 0;
    if (!taken)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the answers given");
    mark_taken(b, taken);
    for (size_t i = 0; i < b->n_queries; i++)
        taken[b->queries[i].image] = PD_LABELLED;
    for (uint32_t i = 0; i < b->data->count; i++) {
        if (!is_given(b, i, taken) || (!images && pd_ledger_ask(b->ledger, i) < 0))
            continue;
        if (images)
            images[*n] = i;
        ++*n;
    }
    pd_free(taken);
    return PD_OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How many to ask for: fewer where the last label is near. */
static enum pd_status count_wanted(struct pd_branch *b, int64_t pool, int64_t *k, struct pd_error *err)
{
    size_t given;
    b->n_queries = 0;
    enum pd_status status = list_given(b, NULL, &given, err);
    const int64_t missing = b->a->final - pd_branch_labelled(b) - (int64_t)given;
    *k = missing < 0 ? 0 : least(least(missing, b->a->query), pool);
    return status;
}

static enum pd_status choose_next(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    struct pd_run_model run = {.gan = NULL};
    struct pd_scored_pool pool = {.n = 0};
    struct pd_query_options q = {.strategy = pd_strategy_find(b->strategy, err),
                                 .balanced = b->a->balanced,
                                 .diversity = diversity(b->a->diverse),
                                 .candidates = b->a->candidates,
                                 .seed = pd_branch_seed(b->o, b->trial) * 1000 + (uint64_t)round};
    enum pd_status status = pd_branch_round_folder(b, round - 1, folder, err);
    if (!status)
        status = pd_run_open(folder, (int)b->o->threads, &run, err);
    if (!status)
        status = pd_branch_recalibrate(b, &run, err);
    if (!status)
        status = score_pool(b, run.gan, &pool, err);
    if (!status)
        status = count_wanted(b, pool.n, &q.k, err);
    if (!status)
        status = reserve_queries(b, (size_t)q.k, err);
    if (!status && q.k)
        status = pd_query_choose(&q, run.gan, b->data, &pool, b->queries, err);
    if (!status)
        status = draw_query(b, round, run.gan, &pool, err);
    pd_scored_pool_release(&pool);
    pd_run_close(&run);
    return status;
}

static bool is_same_query(const struct pd_branch *b, const struct pd_ledger_round *record)
{
    bool same = record && record->n_queries == b->n_queries;
    for (size_t i = 0; same && i < b->n_queries; i++)
        same = record->queries[i].image == b->queries[i].image;
    return same;
}

/* A query is drawn once. People's first one changes, though, by what they skip and what they give unasked. */
static enum pd_status load_queries(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    const struct pd_ledger_round *record = pd_branch_record(b, round);
    enum pd_status status = reserve_queries(b, record ? record->n_queries : 0, err);
    if (!status && record && record->n_queries)
        memcpy(b->queries, record->queries, record->n_queries * sizeof *record->queries);
    if (!status && (!record || (!round && !record->begun && !b->ledger->simulated)))
        status = round ? choose_next(b, round, err) : choose_first(b, err);
    if (!status && !is_same_query(b, record))
        status = pd_ledger_query(b->ledger, b->name, round, b->queries, b->n_queries, err);
    return status ? status : pd_branch_write_queries(b, round, err);
}

static enum pd_status fail_skipped(const struct pd_branch *b, size_t images, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s': all %zu images were skipped, expected a label",
                   b->data->name, images);
}

/* Whether the round would know a label. */
static bool has_labels(const struct pd_branch *b)
{
    bool any = pd_branch_labelled(b) > 0;
    for (size_t i = 0; !any && i < b->n_queries; i++)
        any = pd_ledger_ask(b->ledger, b->queries[i].image) >= 0;
    return any;
}

/* From here on the round's labels are settled. */
static enum pd_status settle(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    struct pd_ledger_round *record = pd_branch_record(b, round);
    size_t n = 0;
    if (!has_labels(b))
        return fail_skipped(b, b->n_queries, err);
    uint32_t *given = pd_malloc(b->data->count * sizeof *given);
    enum pd_status status =
        given ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the answers given");
    if (!status && round && !b->ledger->simulated)
        status = list_given(b, given, &n, err);
    if (!status && (n || b->n_queries))
        status = pd_ledger_train(b->ledger, record, given, n, err);
    pd_free(given);
    return status;
}

/* Nothing is taken over until all of a round's questions have an answer. */
enum pd_status pd_branch_ask(struct pd_branch *b, int64_t round, bool *waiting, bool *asked,
                             struct pd_error *err)
{
    enum pd_status status = load_queries(b, round, err);
    const struct pd_ledger_round *record = pd_branch_record(b, round);
    for (size_t i = 0; !status && !record->begun && i < b->n_queries; i++)
        *waiting = *waiting || pd_ledger_ask(b->ledger, b->queries[i].image) == PD_NOT_ANSWERED;
    if (!status && !*waiting && !record->begun)
        status = settle(b, round, err);
    if (status || *waiting)
        return status;
    *asked = record->begun;
    pd_branch_learn(b, record);
    if (!pd_branch_labelled(b))
        return fail_skipped(b, b->count, err);
    return pd_branch_write_labels(b, err);
}
