/* Files of logits and features, read block by block. */
#ifndef PD_CLI_POOL_H
#define PD_CLI_POOL_H

#include <paydirt/select.h>

#include "io/rows.h"

struct pool {
    struct pd_rows *logit, *class_logits; /* NULL where the strategy does not need it */
    float *block;                         /* both of them, for most rows */
    int64_t most;
    int64_t rows; /* read since the last rewind */
};

/* Opens what the strategy needs; "": not given. One that needs nothing still needs one of the two, to know
 * how many rows there are. PD_ERR_USAGE, PD_ERR_MISMATCH, those of io/rows.h. */
enum pd_status pool_open(struct pool *pool, const struct pd_strategy *strategy, const char *logits,
                         const char *class_logits, struct pd_error *err);
void pool_close(struct pool *pool); /* also a zeroed one */

/* For pd_select_stream. PD_ERR_MISMATCH: one file ends before the other. */
struct pd_pool_source pool_source(struct pool *pool);

/* Features of n rows of a file that has `expected` of them: *features (n, *width), to be freed. */
enum pd_status pool_gather(const char *path, int64_t expected, int64_t n, const int64_t *rows, int64_t *width,
                           float **features, struct pd_error *err);

#endif
