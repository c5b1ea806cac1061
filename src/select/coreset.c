/* Core-set by k-center greedy (Sener & Savarese, "Active learning for convolutional neural networks: a
 * core-set approach", ICLR 2018, algorithm 1). */
#include "distance/apart.h"
#include "distance/frame.h"
#include "distance/middle.h"
#include "select/pool.h"
#include "select/strategies.h"

#include "base/mem.h"

#include <string.h>

/* Without a label the first is the row nearest to the mean. */
static enum pd_status begin(const struct pd_pool *pool, int64_t *centres, int64_t *given,
                            struct pd_error *err)
{
    const struct pd_feature_set set = {pool->n, pool->width, pool->features};
    *given = pool->labelled ? pool->labelled : 1;
    if (!pool->labelled)
        return pd_rows_middle(&set, centres, err);
    memcpy(centres, pool->labelled_rows, (size_t)pool->labelled * sizeof *centres);
    return PD_OK;
}

static enum pd_status spread(const struct pd_pool *pool, const struct pd_choice *how, int64_t *open,
                             int64_t n, int64_t *centres, int64_t *rows, struct pd_error *err)
{
    int64_t given;
    const struct pd_feature_set set = {pool->n, pool->width, pool->features};
    enum pd_status status = begin(pool, centres, &given, err);
    const int64_t skip = pool->labelled ? 0 : 1; /* the first is chosen already */
    if (status)
        return status;
    const struct pd_apart apart = {.n = skip ? pd_rows_drop(open, n, centres[0]) : n,
                                   .rows = open,
                                   .squared = pd_rows_squared,
                                   .context = &set,
                                   .cost = pool->width,
                                   .work = how->work};
    status = pd_apart_farthest(&apart, given, how->k - skip, centres, err);
    memcpy(rows, centres + given - skip, (size_t)how->k * sizeof *rows);
    return status;
}

static enum pd_status choose(const struct pd_pool *pool, const struct pd_choice *how, int64_t *rows,
                             struct pd_error *err)
{
    int64_t n, *open, *centres = pd_calloc((size_t)(pool->labelled + how->k) + 1, sizeof *centres);
    enum pd_status status = pd_pool_unlabelled(pool, &open, &n, err);
    if (!status && !centres)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows", (long long)how->k);
    if (!status)
        status = spread(pool, how, open, n, centres, rows, err);
    pd_free(centres);
    pd_free(open);
    return status;
}

const struct pd_strategy pd_strategy_coreset = {
    .name = "coreset",
    .also = "k-center",
    .summary = "always the row farthest from all labelled and chosen ones, by features",
    .needs = PD_POOL_FEATURES,
    .choose = choose,
};
