/* The pool by a strategy: the best, and how many of them to ask for. */
#include "active/steps.h"

#include "base/mem.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Labels that were given unasked count, skips do not. */
static enum pd_status count_given(const struct pd_branch *b, const struct pd_known *known, int64_t *n,
                                  struct pd_error *err)
{
    size_t given = 0;
    uint32_t *images = pd_malloc(b->data->count * sizeof *images);
    enum pd_status status = images ? pd_answers_given(b, known, NULL, images, &given, err)
                                   : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the answers given");
    *n = 0;
    for (size_t i = 0; i < given; i++)
        *n += pd_ledger_ask(b->ledger, images[i]) >= 0;
    pd_free(images);
    return status;
}

/* Fewer than a query where the last label is near. */
static enum pd_status count_wanted(const struct pd_branch *b, const struct pd_known *known, int64_t pool,
                                   int64_t *k, struct pd_error *err)
{
    int64_t given;
    enum pd_status status = count_given(b, known, &given, err);
    const int64_t missing = b->a->final - pd_known_labelled(known) - given;
    *k = missing < 0 ? 0 : least(least(missing, b->a->query), pool);
    return status;
}

/* What --diverse spreads over. */
static int64_t count_candidates(const struct pd_active_options *a, int64_t k, int64_t pool)
{
    const int64_t wanted = a->candidates ? a->candidates : 10 * k;
    return !a->diverse[0] || wanted < k ? k : least(wanted, pool);
}

enum pd_status pd_pool_rank(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                            const struct pd_scored_pool *pool, struct pd_ranking *ranking,
                            struct pd_error *err)
{
    const struct pd_pool in = {
        .n = pool->n, .classes = pool->classes, .logit = pool->logit, .class_logits = pool->class_logits};
    const uint64_t seed = pd_branch_round_seed(b, round);
    const struct pd_strategy *strategy = pd_strategy_find(b->strategy, err);
    struct pd_ranking *r = ranking;
    *r = (struct pd_ranking){.k = 0};
    enum pd_status status = count_wanted(b, known, pool->n, &r->k, err);
    if (status || !r->k)
        return status;
    r->n = count_candidates(b->a, r->k, pool->n);
    r->score = pd_malloc((size_t)pool->n * sizeof *r->score);
    r->rows = pd_malloc((size_t)r->n * sizeof *r->rows);
    if (!r->score || !r->rows)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a query");
    status = pd_strategy_score(strategy, &in, b->a->balanced, seed, r->score, err);
    return status ? status : pd_select_top(pool->n, r->score, r->n, seed, r->rows, err);
}

void pd_ranking_release(struct pd_ranking *ranking)
{
    pd_free(ranking->score);
    pd_free(ranking->rows);
    *ranking = (struct pd_ranking){.k = 0};
}
