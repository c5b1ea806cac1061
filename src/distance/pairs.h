/* The near pairs of two sets of features. */
#ifndef PD_DISTANCE_PAIRS_H
#define PD_DISTANCE_PAIRS_H

#include "distance/frame.h"
#include "distance/work.h"

/* Who looks for near pairs. Its functions are called from many threads at once. */
struct pd_pair_seeker {
    void *context;
    /* Pairs with row i of a (row j of b) are wanted up to this squared distance; it may fall with time. */
    double (*limit_a)(void *context, int64_t i);
    double (*limit_b)(void *context, int64_t j);
    /* A pair that may be within either limit, and its squared distance; all that are within one come. */
    void (*found)(void *context, int64_t i, int64_t j, double squared);
};

/* All pairs of a and b; b NULL: of a with itself, each pair of different rows once. Tile by tile: a
 * float32 product gives each squared distance with a bound of its error, (2 width + 32) 2^-24 (|a|^2 + |b|^2)
 * in the frame; where that cannot rule the pair out, it is computed in float64. */
enum pd_status pd_pairs_seek(const struct pd_feature_set *a, const struct pd_feature_set *b,
                             const struct pd_pair_seeker *seeker, const struct pd_feature_work *work,
                             struct pd_error *err);

#endif
