/* Which rows lie within a distance of which. */
#ifndef PD_SELECT_BALLS_H
#define PD_SELECT_BALLS_H

#include <paydirt/features.h>

struct pd_balls {
    int64_t *first;   /* (n + 1) */
    uint32_t *others; /* those of row i: first[i] .. first[i + 1] - 1, in no order, without itself */
};

/* All pairs nearer than that, squared. PD_ERR_USAGE: more than 2^28; PD_ERR_MEMORY, PD_ERR_INTERRUPTED.
 * Released also after a failure. */
enum pd_status pd_balls_find(const struct pd_feature_set *set, double squared,
                             const struct pd_feature_work *work, struct pd_balls *out, struct pd_error *err);
void pd_balls_release(struct pd_balls *balls);

/* The largest radius, squared, at which 95 % of the balls hold rows of one k-means cluster alone (Yehuda et
 * al., section 4.2), by 2,000 rows, evenly spaced. One cluster: as far as the farthest two rows may be. */
enum pd_status pd_balls_pure(const struct pd_feature_set *set, int clusters, uint64_t seed,
                             const struct pd_feature_work *work, double *squared, struct pd_error *err);

#endif
