/* Rows of a pool in memory, by any strategy. */
#include "select/pool.h"

#include "base/mem.h"

#include <math.h>

enum { CLUSTERS_MOST = 1000000 };

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

static enum pd_status choose_by_score(const struct pd_strategy *s, const struct pd_pool *pool,
                                      const struct pd_choice *how, int64_t *rows, struct pd_error *err)
{
    struct pd_top *top = NULL;
    double *score = pd_calloc((size_t)pool->n + 1, sizeof *score);
    enum pd_status status =
        score ? pd_strategy_score(s, pool, how->balanced, how->seed, score, err)
              : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for scores of %lld rows", (long long)pool->n);
    if (!status)
        status = pd_top_create(how->k, how->seed, &top, err);
    if (!status)
        status = pd_top_leave_out(top, pool->labelled, pool->labelled_rows, err);
    if (!status)
        status = pd_top_add(top, 0, pool->n, score, err);
    if (!status)
        pd_top_take(top, rows, NULL);
    pd_top_destroy(top);
    pd_free(score);
    return status;
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
    if (!status)
        status = pd_pool_check(pool, s, 0, err);
    if (!status && how->k)
        status =
            (s->choose ? s->choose(&sorted, how, rows, err) : choose_by_score(s, &sorted, how, rows, err));
    pd_free(labelled);
    return status;
}
