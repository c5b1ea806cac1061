#ifndef PD_SELECT_POOL_H
#define PD_SELECT_POOL_H

#include <paydirt/select.h>

/* Rows of a pool from one on: `most`, or all that are left. */
struct pd_pool pd_pool_rows(const struct pd_pool *pool, int64_t from, int64_t most);

/* Rows that a thread takes at a time, and from how many on it is worth waking threads. Scores don't depend on
 * either. */
enum { PD_ROWS_OF_THREAD = 1024, PD_ROWS_FOR_THREADS = 8192 };

#endif
