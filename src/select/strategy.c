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
    const char *names[2 * STRATEGIES];
    int of[2 * STRATEGIES], n = 0;
    for (int i = 0; i < STRATEGIES; i++) {
        of[n] = i;
        names[n++] = strategies[i]->name;
    }
    for (int i = 0; i < STRATEGIES; i++) {
        if (!strategies[i]->also)
            continue;
        of[n] = i;
        names[n++] = strategies[i]->also;
    }
    const int at = pd_find_word("strategy", name, names, (size_t)n, sizeof names[0], err);
    return at < 0 ? NULL : strategies[of[at]];
}

/* --- checks --- */

enum { FLOATS_FOR_THREADS = 1 << 18 };

/* By the exponent's bits, which vectorises. */
static bool all_finite(int64_t n, const float *x)
{
    uint32_t bad = 0;
#pragma omp parallel for simd schedule(static) reduction(| : bad) if (n >= FLOATS_FOR_THREADS)
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bad |= (bits & 0x7F800000u) == 0x7F800000u;
    }
    return !bad;
}

/* A part of a pool: rows of numbers. */
struct part {
    unsigned need; /* of enum pd_pool_part */
    const char *words, *number;
    const float *values;
    int64_t width;
    const char *name; /* of its file, or NULL */
};

enum { PARTS = 3 };

static const char *name_of(const struct pd_pool *p, int part)
{
    return p->names ? p->names[part] : NULL;
}

static void list_parts(const struct pd_pool *p, struct part *parts)
{
    parts[0] = (struct part){PD_POOL_LOGIT, "the real/fake logits", "logit", p->logit, 1, name_of(p, 0)};
    parts[1] = (struct part){PD_POOL_CLASS_LOGITS, "the class logits", "class logit",
                             p->class_logits,      p->classes,         name_of(p, 1)};
    parts[2] = (struct part){PD_POOL_FEATURES, "features", "feature", p->features, p->width, name_of(p, 2)};
}

static enum pd_status check_part(const struct part *part, int64_t n, int64_t first, struct pd_error *err)
{
    if (all_finite(n * part->width, part->values))
        return PD_OK;
    int64_t i = 0;
    while (isfinite(part->values[i]))
        i++;
    const long long row = first + i / part->width, column = i % part->width;
    const double x = (double)part->values[i];
    const char *name = part->name ? part->name : "", *colon = part->name ? ": " : "";
    const enum pd_status status = part->name ? PD_ERR_FORMAT : PD_ERR_USAGE;
    return part->need == PD_POOL_LOGIT
               ? pd_fail(err, status, -1, "%s%srow %lld: the logit is %g, expected a finite number", name,
                         colon, row, x)
               : pd_fail(err, status, -1, "%s%srow %lld: %s %lld is %g, expected a finite number", name,
                         colon, row, part->number, column, x);
}

static enum pd_status check_passes(const struct pd_pool *pool, int64_t first, struct pd_error *err)
{
    const int64_t stride = pool->pass_rows ? pool->pass_rows : pool->n;
    enum pd_status status = PD_OK;
    for (int s = 0; s < pool->passes && !status; s++) {
        const struct part part = {PD_POOL_PASSES, "",
                                  "class logit",  pool->pass_logits + s * stride * pool->classes,
                                  pool->classes,  name_of(pool, 3)};
        status = check_part(&part, pool->n, first, err);
    }
    return status;
}

static enum pd_status check_shape(const struct pd_pool *pool, const struct pd_strategy *s,
                                  struct pd_error *err)
{
    struct part parts[PARTS];
    list_parts(pool, parts);
    for (int i = 0; i < PARTS; i++)
        if (s->needs & parts[i].need && !parts[i].values)
            return pd_fail(err, PD_ERR_USAGE, -1, "strategy '%s' needs %s", s->name, parts[i].words);
    if (s->needs & PD_POOL_PASSES && (!pool->pass_logits || pool->passes < 2))
        return pd_fail(err, PD_ERR_USAGE, -1, "strategy '%s' needs the class logits of 2 passes or more",
                       s->name);
    if (s->needs & PD_POOL_PASSES && pool->pass_rows && pool->pass_rows < pool->n)
        return pd_fail(err, PD_ERR_USAGE, -1, "a pass of %lld rows, expected %lld or more",
                       (long long)pool->pass_rows, (long long)pool->n);
    if (s->needs & (PD_POOL_CLASS_LOGITS | PD_POOL_PASSES) && pool->classes < 2)
        return pd_fail(err, PD_ERR_USAGE, -1, "%d classes, expected 2 or more", pool->classes);
    if (s->needs & PD_POOL_FEATURES && pool->width < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld features of a row, expected 1 or more",
                       (long long)pool->width);
    return PD_OK;
}

enum pd_status pd_pool_check(const struct pd_pool *block, const struct pd_strategy *s, int64_t first,
                             struct pd_error *err)
{
    struct part parts[PARTS];
    if (block->n < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld rows, expected 0 or more", (long long)block->n);
    if (!block->n)
        return PD_OK;
    enum pd_status status = check_shape(block, s, err);
    list_parts(block, parts);
    for (int i = 0; i < PARTS && !status; i++)
        if (s->needs & parts[i].need)
            status = check_part(&parts[i], block->n, first, err);
    if (!status && s->needs & PD_POOL_PASSES)
        status = check_passes(block, first, err);
    return status;
}

enum pd_status pd_strategy_check_scores(const struct pd_strategy *s, struct pd_error *err)
{
    return s->score
               ? PD_OK
               : pd_fail(err, PD_ERR_USAGE, -1,
                         "strategy '%s' chooses rows together, from a pool in memory, and gives no scores",
                         s->name);
}

/* --- scores --- */

static const float *part_from(const float *values, int64_t row, int64_t width)
{
    return values ? values + row * width : NULL;
}

struct pd_pool pd_pool_rows(const struct pd_pool *pool, int64_t from, int64_t most)
{
    const int64_t left = pool->n - from;
    struct pd_pool rows = *pool;
    rows.n = left < most ? left : most;
    rows.logit = part_from(pool->logit, from, 1);
    rows.class_logits = part_from(pool->class_logits, from, pool->classes);
    rows.features = part_from(pool->features, from, pool->width);
    rows.pass_logits = part_from(pool->pass_logits, from, pool->classes);
    rows.pass_rows = pool->pass_rows ? pool->pass_rows : pool->n;
    return rows;
}

enum pd_status pd_strategy_score(const struct pd_strategy *s, const struct pd_pool *pool, bool balanced,
                                 uint64_t seed, double *score, struct pd_error *err)
{
    double state[PD_STRATEGY_STATE] = {0};
    enum pd_status status = pd_strategy_check_scores(s, err);
    if (!status)
        status = pd_pool_check(pool, s, 0, err);
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
