/* Files of logits and features, read block by block. */
#ifndef PD_CLI_POOL_H
#define PD_CLI_POOL_H

#include <paydirt/select.h>

#include "io/rows.h"
#include "select/probability.h"

#include <stdbool.h>

/* What the files are said to hold. */
struct pool_request {
    const char *logits, *class_logits; /* paths; "": not given */
    enum pd_rows_choice header, index; /* of text tables */
    enum pd_rows_choice sigmoid;       /* real/fake: after the sigmoid; auto: refused where it looks so */
    enum pd_rows_choice probabilities; /* class logits: after the softmax; likewise */
    bool bfloat16;                     /* arrays of two-byte integers hold bfloat16s */
    bool log_probabilities;            /* class logits: logarithms of these */
    bool binary;                       /* class logits: one column, of the second of two classes */
};

struct pool {
    const struct pool_request *request;
    struct pd_rows *logit, *class_logits; /* NULL where the strategy does not need it */
    float *block;                         /* both of them, for most rows */
    int64_t most;
    int64_t rows;                    /* read since the last rewind */
    double off;                      /* farthest sum of a row of probabilities from 1 */
    int64_t saturated;               /* of them with a probability of exactly 0 or 1 that they are real */
    bool judge_logit, judge_classes; /* by the first block: are these logits? */
};

/* Opens what the strategy needs. One that needs nothing still needs one of the two, to know how many rows
 * there are. request is borrowed. PD_ERR_USAGE, PD_ERR_MISMATCH, those of io/rows.h. */
enum pd_status pool_open(struct pool *pool, const struct pd_strategy *strategy,
                         const struct pool_request *request, struct pd_error *err);
void pool_close(struct pool *pool); /* also a zeroed one */

/* For pd_select_stream. PD_ERR_MISMATCH: one file ends before the other. PD_ERR_USAGE: probabilities for
 * logits, or the other way round. */
struct pd_pool_source pool_source(struct pool *pool);

/* Says on standard error how the files were understood. After the last block. */
void pool_describe(const struct pool *pool);

/* Features of n rows of a file that has `expected` of them: *features (n, *width), to be freed. */
enum pd_status pool_gather(const char *path, const struct pool_request *request, int64_t expected, int64_t n,
                           const int64_t *rows, int64_t *width, float **features, struct pd_error *err);

#endif
