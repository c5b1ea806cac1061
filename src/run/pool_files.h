/* What the files of a pool hold, while they are read. */
#ifndef PD_RUN_POOL_FILES_H
#define PD_RUN_POOL_FILES_H

#include <paydirt/pool.h>

/* Files that are read block by block, side by side. */
enum { PD_FILE_LOGIT, PD_FILE_CLASSES, PD_FILE_FEATURES, PD_POOL_FILES };

struct pd_pool_files {
    struct pd_pool_request request;
    struct pd_rows *file[PD_POOL_FILES]; /* NULL where the strategy does not need it */
    float *block[PD_POOL_FILES];         /* for most rows */
    int64_t most;
    int64_t rows;                    /* read since the last rewind */
    double off;                      /* farthest sum of a row of probabilities from 1 */
    int64_t saturated;               /* of them with a probability of exactly 0 or 1 that they are real */
    bool judge_logit, judge_classes; /* by the first block: are these logits? */
    bool zero_first;                 /* the first of several labelled rows is 0, or a column is called so */
    struct pd_pool pool;             /* passes, labelled rows, and what pd_pool_files_load read; owned */
    char *passes_name;               /* for messages; or NULL */
    const char *names[PD_POOL_FILES + 1]; /* of all of them, for messages; or NULL */
};

/* What went wrong with a row of a file. */
enum pd_status pd_pool_fail_in(const char *name, enum pd_status status, struct pd_error *err);

/* Class logits as they are, of which a row's largest may be taken off, and no probabilities. */
bool pd_pool_has_logits(const struct pd_pool_request *request);

/* Are these class logits (n, classes), the first of a file? name: its name. PD_ERR_USAGE, with hints. */
enum pd_status pd_pool_judge_classes(const struct pd_pool_request *request, const char *name, int64_t n,
                                     int classes, const float *values, struct pd_error *err);

/* What the request names of these into files->pool. first: as pd_pool_files_open's. */
enum pd_status pd_pool_passes_read(struct pd_pool_files *files, struct pd_error *err);
enum pd_status pd_pool_labelled_read(struct pd_pool_files *files, struct pd_error *err);

#endif
