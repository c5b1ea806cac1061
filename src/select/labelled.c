/* Rows that have a label, and those that have none. */
#include "select/pool.h"

#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

enum pd_status pd_rows_sorted(int64_t count, const int64_t *rows, int64_t **out, int64_t *kept,
                              struct pd_error *err)
{
    *kept = 0;
    *out = NULL;
    if (count < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld labelled rows, expected 0 or more", (long long)count);
    if (count && !rows)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld labelled rows, and no list of them", (long long)count);
    int64_t *sorted = pd_calloc((size_t)count + 1, sizeof *sorted);
    if (!sorted)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld labelled rows", (long long)count);
    if (count)
        memcpy(sorted, rows, (size_t)count * sizeof *sorted);
    pd_sort_integers(count, sorted);
    if (count && sorted[0] < 0) {
        const enum pd_status status =
            pd_fail(err, PD_ERR_USAGE, -1, "labelled row %lld, expected 0 or more", (long long)sorted[0]);
        pd_free(sorted);
        return status;
    }
    for (int64_t i = 0; i < count; i++)
        if (!i || sorted[i] != sorted[*kept - 1])
            sorted[(*kept)++] = sorted[i];
    *out = sorted;
    return PD_OK;
}

enum pd_status pd_pool_unlabelled(const struct pd_pool *pool, int64_t **out, int64_t *count,
                                  struct pd_error *err)
{
    int64_t *rows = pd_calloc((size_t)(pool->n - pool->labelled) + 1, sizeof *rows), at = 0;
    *out = rows;
    *count = 0;
    if (!rows)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows", (long long)pool->n);
    for (int64_t i = 0; i < pool->n; i++) {
        if (at < pool->labelled && pool->labelled_rows[at] == i)
            at++;
        else
            rows[(*count)++] = i;
    }
    return PD_OK;
}

int64_t pd_rows_drop(int64_t *rows, int64_t n, int64_t row)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (rows[i] != row)
            rows[kept++] = rows[i];
    return kept;
}
