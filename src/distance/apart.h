/* Rows that lie apart, by any squared distance: exactly what plain loops over all pairs would choose, but a
 * distance is computed only where it can matter. What was computed stays an upper bound of the distance to
 * the nearest centre as centres are added, and only a row whose bound is large is looked at again. */
#ifndef PD_DISTANCE_APART_H
#define PD_DISTANCE_APART_H

#include <paydirt/features.h>

struct pd_apart {
    int64_t n;
    const int64_t *rows; /* (n): that may be chosen, ascending, none of them a centre yet */
    double (*squared)(const void *context, int64_t row, int64_t other); /* >= 0; of rows, centres as well */
    const void *context;
    int64_t cost;          /* about how many numbers a distance looks at */
    const double *weights; /* draw: (all rows), of the squared distances; >= 0; NULL: 1 */
    const struct pd_feature_work *work;
};

/* centres (given + k), of which `given` >= 1 are there: k <= n more of them, each the row farthest from all
 * before it, the first of equal ones (Sener & Savarese 2018, algorithm 1). PD_ERR_MEMORY, PD_ERR_INTERRUPTED.
 */
enum pd_status pd_apart_farthest(const struct pd_apart *apart, int64_t given, int64_t k, int64_t *centres,
                                 struct pd_error *err);

/* The same, each drawn with probability proportional to its squared distance (Arthur & Vassilvitskii 2007).
 * By rejection: a row is proposed by its bound u and taken with probability d / u. Where all that are left
 * coincide with centres, the first of them. */
enum pd_status pd_apart_draw(const struct pd_apart *apart, uint64_t seed, int64_t given, int64_t k,
                             int64_t *centres, struct pd_error *err);

#endif
