#ifndef PD_SELECT_POOL_H
#define PD_SELECT_POOL_H

#include <paydirt/select.h>

/* n rows of a pool, from one on. */
struct pd_pool pd_pool_rows(const struct pd_pool *pool, int64_t from, int64_t n);

#endif
