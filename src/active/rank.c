/* The pool by a strategy: the best, and how many of them to ask for. */
#include "active/steps.h"

#include "base/mem.h"

#include <paydirt/features.h>

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

/* Of the first query; what was skipped does not count. */
static int64_t count_first(const struct pd_branch *b, const struct pd_questions *q, int64_t pool)
{
    int64_t missing = b->a->init;
    for (size_t i = 0; i < q->count; i++)
        missing -= pd_ledger_ask(b->ledger, q->at[i].image) != PD_ANSWER_SKIP;
    return missing < 0 ? 0 : least(missing, pool);
}

/* What --diverse spreads over. */
static int64_t count_candidates(const struct pd_active_options *a, int64_t k, int64_t pool)
{
    const int64_t wanted = a->candidates ? a->candidates : 10 * k;
    return !a->diverse[0] || wanted < k ? k : least(wanted, pool);
}

static bool asks_to_stop(void *context, uint64_t done, uint64_t count)
{
    const struct pd_training_watch *w = context;
    (void)done, (void)count;
    return w->stop && w->stop(w->context);
}

static struct pd_pool lend(const struct pd_scored_pool *p, const int64_t *known)
{
    return (struct pd_pool){.n = p->n + p->known,
                            .classes = p->classes,
                            .logit = p->logit,
                            .class_logits = p->class_logits,
                            .width = p->width,
                            .features = p->features,
                            .passes = p->passes,
                            .pass_logits = p->pass_logits,
                            .labelled = p->known,
                            .labelled_rows = known};
}

/* Rows together, by what has an answer. */
static enum pd_status choose(const struct pd_branch *b, uint64_t seed, const struct pd_strategy *strategy,
                             const struct pd_scored_pool *pool, struct pd_ranking *r, struct pd_error *err)
{
    const struct pd_feature_work work = {
        .threads = (int)b->o->threads, .watch = asks_to_stop, .context = (void *)b->watch->train};
    const struct pd_choice how = {
        .k = r->k, .seed = seed, .clusters = b->a->clusters, .radius = b->a->radius, .work = &work};
    int64_t *known = pd_malloc(((size_t)pool->known + 1) * sizeof *known);
    if (!known)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a query");
    for (int64_t i = 0; i < pool->known; i++)
        known[i] = pool->n + i;
    const struct pd_pool in = lend(pool, known);
    const enum pd_status status = pd_strategy_choose(strategy, &in, &how, r->rows, err);
    pd_free(known);
    return status;
}

static enum pd_status score(const struct pd_branch *b, uint64_t seed, const struct pd_strategy *strategy,
                            const struct pd_scored_pool *pool, struct pd_ranking *r, struct pd_error *err)
{
    const struct pd_pool in = lend(pool, NULL);
    r->score = pd_malloc((size_t)pool->n * sizeof *r->score);
    if (!r->score)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a query");
    const enum pd_status status = pd_strategy_score(strategy, &in, b->a->balanced, seed, r->score, err);
    return status ? status : pd_select_top(pool->n, r->score, r->n, seed, r->rows, err);
}

enum pd_status pd_pool_rank(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                            const struct pd_questions *q, const struct pd_scored_pool *pool,
                            struct pd_ranking *r, struct pd_error *err)
{
    const uint64_t seed = pd_branch_round_seed(b, round);
    const struct pd_strategy *strategy = pd_strategy_find(pd_branch_strategy(b, round), err);
    *r = (struct pd_ranking){.k = round ? 0 : count_first(b, q, pool->n)};
    const enum pd_status status = round ? count_wanted(b, known, pool->n, &r->k, err) : PD_OK;
    if (status || !r->k)
        return status;
    r->n = strategy->choose ? r->k : count_candidates(b->a, r->k, pool->n);
    r->rows = pd_malloc((size_t)r->n * sizeof *r->rows);
    if (!r->rows)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a query");
    return (strategy->choose ? choose : score)(b, seed, strategy, pool, r, err);
}

void pd_ranking_release(struct pd_ranking *ranking)
{
    pd_free(ranking->score);
    pd_free(ranking->rows);
    *ranking = (struct pd_ranking){.k = 0};
}
