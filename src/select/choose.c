/* Rows of a pool in memory, by any strategy. */
#include "select/pool.h"

#include "base/mem.h"

#include <math.h>

enum { CLUSTERS_MOST = 1000000 };

/* A block stays in the processor's last cache, and is long enough to wake threads for. */
enum { BLOCK_FLOATS = 1 << 19, BLOCK_ROWS_LEAST = 64 };

static enum pd_status check_counts(const struct pd_pool *pool, int64_t k, struct pd_error *err)
{
    const long long n = pool->n, labelled = pool->labelled;
    if (n < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "a pool of %lld rows, expected 0 or more", n);
    if (labelled && pool->labelled_rows[labelled - 1] >= n)
        return pd_fail(err, PD_ERR_USAGE, -1, "labelled row %lld: the pool has %lld rows",
                       (long long)pool->labelled_rows[labelled - 1], n);
    if (k < 0 || k > n - labelled)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld rows asked for, the pool has %lld%s", (long long)k,
                       n - labelled, labelled ? " without a label" : "");
    return PD_OK;
}

static enum pd_status check_options(const struct pd_choice *how, struct pd_error *err)
{
    if (how->clusters < 0 || how->clusters > CLUSTERS_MOST)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld clusters, expected 0 to %d", (long long)how->clusters,
                       CLUSTERS_MOST);
    return how->radius >= 0 && isfinite(how->radius)
               ? PD_OK
               : pd_fail(err, PD_ERR_USAGE, -1, "a radius of %g, expected 0 or more", how->radius);
}

/* A pool in memory, block by block: once good rows are known, the others need not be scored (stream.c). */
struct cursor {
    const struct pd_pool *pool;
    int64_t at;
};

static enum pd_status next_rows(void *context, struct pd_pool *block, struct pd_error *err)
{
    struct cursor *c = context;
    const int64_t width = 1 + c->pool->classes, rows = BLOCK_FLOATS / width;
    (void)err;
    *block = pd_pool_rows(c->pool, c->at, rows > BLOCK_ROWS_LEAST ? rows : BLOCK_ROWS_LEAST);
    c->at += block->n;
    return PD_OK;
}

static enum pd_status rewind_rows(void *context, struct pd_error *err)
{
    struct cursor *c = context;
    (void)err;
    c->at = 0;
    return PD_OK;
}

static enum pd_status choose_by_score(const struct pd_strategy *s, const struct pd_pool *pool,
                                      const struct pd_choice *how, int64_t *rows, struct pd_error *err)
{
    struct cursor cursor = {pool, 0};
    int64_t count;
    const struct pd_pool_source source = {&cursor, next_rows, rewind_rows, pool->labelled,
                                          pool->labelled_rows};
    return pd_select_stream(s, &source, how->balanced, how->k, how->seed, rows, NULL, &count, err);
}

enum pd_status pd_strategy_choose(const struct pd_strategy *s, const struct pd_pool *pool,
                                  const struct pd_choice *how, int64_t *rows, struct pd_error *err)
{
    struct pd_pool sorted = *pool;
    int64_t *labelled;
    enum pd_status status =
        pd_rows_sorted(pool->labelled, pool->labelled_rows, &labelled, &sorted.labelled, err);
    sorted.labelled_rows = labelled;
    if (!status)
        status = check_counts(&sorted, how->k, err);
    if (!status)
        status = check_options(how, err);
    if (!status && (s->choose || !how->k)) /* a stream checks block by block */
        status = pd_pool_check(pool, s, 0, err);
    if (!status && how->k)
        status =
            (s->choose ? s->choose(&sorted, how, rows, err) : choose_by_score(s, &sorted, how, rows, err));
    pd_free(labelled);
    return status;
}
