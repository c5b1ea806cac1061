#include "select/strategies.h"

#include "base/words.h"
#include "select/pool.h"

#include <math.h>
#include <string.h>

static const struct pd_strategy *const strategies[] = {
#define PD_STRATEGY_ADDRESS(id) &pd_strategy_##id,
    PD_STRATEGY_LIST(PD_STRATEGY_ADDRESS)
#undef PD_STRATEGY_ADDRESS
};

enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };

const struct pd_strategy *pd_strategy_at(int index)
{
    return index >= 0 && index < STRATEGIES ? strategies[index] : NULL;
}

const struct pd_strategy *pd_strategy_find(const char *name, struct pd_error *err)
{
    const char *names[STRATEGIES];
    for (int i = 0; i < STRATEGIES; i++)
        names[i] = strategies[i]->name;
    return pd_strategy_at(pd_find_word("strategy", name, names, STRATEGIES, sizeof names[0], err));
}

/* --- checks --- */

/* By the exponent's bits, which vectorises. */
static bool all_finite(int64_t n, const float *x)
{
    uint32_t bad = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bad |= (bits & 0x7F800000u) == 0x7F800000u;
    }
    return !bad;
}

static enum pd_status name_bad_row(const struct pd_pool *block, const struct pd_strategy *s, int64_t first,
                                   struct pd_error *err)
{
    for (int64_t i = 0; i < block->n; i++) {
        if (s->needs_logit && !isfinite(block->logit[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: the logit is %g, expected a finite number",
                           (long long)(first + i), (double)block->logit[i]);
        for (int k = 0; s->needs_class_logits && k < block->classes; k++) {
            const double x = (double)block->class_logits[i * block->classes + k];
            if (!isfinite(x))
                return pd_fail(err, PD_ERR_USAGE, -1,
                               "row %lld: class logit %d is %g, expected a finite number",
                               (long long)(first + i), k, x);
        }
    }
    return PD_OK;
}

static enum pd_status check_inputs(const struct pd_pool *pool, const struct pd_strategy *s,
                                   struct pd_error *err)
{
    if (s->needs_logit && !pool->logit)
        return pd_fail(err, PD_ERR_USAGE, -1, "strategy '%s' needs the real/fake logits", s->name);
    if (s->needs_class_logits && !pool->class_logits)
        return pd_fail(err, PD_ERR_USAGE, -1, "strategy '%s' needs the class logits", s->name);
    if (s->needs_class_logits && pool->classes < 2)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d classes, expected 2 or more", pool->classes);
    return PD_OK;
}

enum pd_status pd_pool_check(const struct pd_pool *block, const struct pd_strategy *s, int64_t first,
                             struct pd_error *err)
{
    enum pd_status status = block->n ? check_inputs(block, s, err) : PD_OK;
    if (status)
        return status;
    if ((!s->needs_logit || all_finite(block->n, block->logit)) &&
        (!s->needs_class_logits || all_finite(block->n * block->classes, block->class_logits)))
        return PD_OK;
    return name_bad_row(block, s, first, err);
}

/* --- scores --- */

struct pd_pool pd_pool_rows(const struct pd_pool *pool, int64_t from, int64_t most)
{
    const int64_t left = pool->n - from;
    return (struct pd_pool){left < most ? left : most, pool->classes, pool->logit ? pool->logit + from : NULL,
                            pool->class_logits ? pool->class_logits + from * pool->classes : NULL};
}

enum pd_status pd_strategy_score(const struct pd_strategy *s, const struct pd_pool *pool, bool balanced,
                                 uint64_t seed, double *score, struct pd_error *err)
{
    double state[PD_STRATEGY_STATE] = {0};
    enum pd_status status = pd_pool_check(pool, s, 0, err);
    if (status)
        return status;
    if (balanced && s->observe)
        s->observe(pool, score, state);
#pragma omp parallel for schedule(dynamic) if (pool->n >= PD_ROWS_FOR_THREADS)
    for (int64_t i = 0; i < pool->n; i += PD_ROWS_OF_THREAD) {
        const struct pd_pool rows = pd_pool_rows(pool, i, PD_ROWS_OF_THREAD);
        s->score(&rows, i, state, balanced, seed, score + i);
    }
    return PD_OK;
}
