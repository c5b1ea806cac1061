#ifndef PD_SELECT_POOL_H
#define PD_SELECT_POOL_H

#include <paydirt/select.h>

/* Rows of a pool from one on: `most`, or all that are left. */
struct pd_pool pd_pool_rows(const struct pd_pool *pool, int64_t from, int64_t most);

/* PD_ERR_USAGE: it chooses rows together. */
enum pd_status pd_strategy_check_scores(const struct pd_strategy *strategy, struct pd_error *err);

/* Rows (count) ascending, each once, to be freed: *out, *kept of them. PD_ERR_MEMORY; PD_ERR_USAGE: below 0.
 */
enum pd_status pd_rows_sorted(int64_t count, const int64_t *rows, int64_t **out, int64_t *kept,
                              struct pd_error *err);

/* The rows of the pool that have no label, ascending, to be freed. Its labelled rows come ascending and once.
 */
enum pd_status pd_pool_unlabelled(const struct pd_pool *pool, int64_t **out, int64_t *count,
                                  struct pd_error *err);

/* rows (n), ascending, without that one, where it is among them. Returns how many are left. */
int64_t pd_rows_drop(int64_t *rows, int64_t n, int64_t row);

/* Rows that a thread takes at a time, and from how many on it is worth waking threads. Scores don't depend on
 * either. */
enum { PD_ROWS_OF_THREAD = 1024, PD_ROWS_FOR_THREADS = 8192 };

#endif
