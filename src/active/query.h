/* A round's questions: the pool scored by a model, the images chosen from it, and the file that remembers
 * them. */
#ifndef PD_ACTIVE_QUERY_H
#define PD_ACTIVE_QUERY_H

#include "data/labels/answers.h"
#include "gan/gan.h"

#include <paydirt/select.h>

/* Unlabelled images of a data set as D sees them. */
struct pd_scored_pool {
    int64_t n;
    uint32_t *images;            /* (n) into the data set; owned, like the rest: pd_scored_pool_release */
    float *logit, *class_logits; /* (n), (n, classes) */
    int classes;
};

/* images (n) is copied. */
enum pd_status pd_scored_pool_make(struct pd_gan *gan, const struct pd_dataset *data, const uint32_t *images,
                                   int64_t n, struct pd_scored_pool *out, struct pd_error *err);
void pd_scored_pool_release(struct pd_scored_pool *p); /* also a zeroed one */

struct pd_query_options {
    const struct pd_strategy *strategy;
    bool balanced;
    enum pd_diversity diversity;
    int64_t candidates; /* to spread over; 0: 10 k */
    int64_t k;          /* images to choose, at most the pool's */
    uint64_t seed;
};

/* queries (k), best first. */
enum pd_status pd_query_choose(const struct pd_query_options *o, struct pd_gan *gan,
                               const struct pd_dataset *data, const struct pd_scored_pool *pool,
                               struct pd_query *queries, struct pd_error *err);

/* A list of them: {image (its name), score, guess (a class's number), guess_p}. NULL: out of memory. */
struct json_t;
struct json_t *pd_query_list(const struct pd_dataset *data, const struct pd_query *queries, size_t n);

#endif
