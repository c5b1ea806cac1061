/* What a query saw, as pictures in the branch's folder: queries-01.png (the contact sheet), certainty-01.png
 * (ALCG figure 3), gold-01.png and terms-01.png (GOLD figures 2 and 1a); of 2-D points plane-01.png (figure
 * 3) and terms-01.png. */
#ifndef PD_ACTIVE_QUERY_PICTURES_H
#define PD_ACTIVE_QUERY_PICTURES_H

#include "active/query.h"

/* All borrowed. */
struct pd_query_pictures {
    const char *folder;
    int64_t round;
    const struct pd_dataset *data;
    struct pd_gan *gan;
    const struct pd_scored_pool *pool;
    bool balanced;
    const struct pd_query *queries;
    size_t n_queries;
    const struct pd_answer
        *labels; /* known before the query, in order of asking: init at first, then query */
    size_t n_labels;
    int64_t init, query;
};

enum pd_status pd_query_pictures(const struct pd_query_pictures *p, struct pd_error *err);

#endif
