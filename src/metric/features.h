/* What the metrics over features share: private to src/metric. */
#ifndef PD_METRIC_FEATURES_H
#define PD_METRIC_FEATURES_H

#include <paydirt/features.h>

/* --- how the work is done --- */

int pd_work_threads(const struct pd_feature_work *work); /* >= 1 */

/* BLAS takes as many threads as OpenMP has. Returns what there were, for pd_work_end. */
int pd_work_begin(const struct pd_feature_work *work);
void pd_work_end(int before);

/* Tells watch; PD_ERR_INTERRUPTED when it asks to stop. For the calling thread alone. */
enum pd_status pd_work_step(const struct pd_feature_work *work, uint64_t done, uint64_t count,
                            struct pd_error *err);

/* --- sets --- */

/* Finite numbers of one width. */
enum pd_status pd_feature_sets_check(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                     struct pd_error *err);

/* A balanced place for float32 products: the mean of the first set is 0, no number is beyond 1, so that
 * little cancels and nothing overflows. */
struct pd_frame {
    int64_t width;
    float scale;   /* a power of two: exact */
    float *centre; /* (width), scaled */
};
enum pd_status pd_frame_create(struct pd_frame *frame, const struct pd_feature_set *a,
                               const struct pd_feature_set *b, struct pd_error *err);
void pd_frame_release(struct pd_frame *frame);

/* n rows in the frame, to (n, width), and their squared norms (n). */
void pd_frame_take(const struct pd_frame *frame, const float *values, int64_t n, float *to, float *norms);

/* Squared, summed in float64; the same for (a, b) and (b, a). */
double pd_squared_distance(const float *a, const float *b, int64_t width);

/* --- pairs --- */

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

/* Squared distances to the k nearest others, ascending, (n, k). */
enum pd_status pd_nearest_squared(const struct pd_feature_set *set, int k, const struct pd_feature_work *work,
                                  double *squared, struct pd_error *err);

/* Radii (n), squared, of the balls that reach to the k-th neighbour. what: "real" or "generated", for a
 * refusal: too few samples. *out is the caller's to free. */
enum pd_status pd_neighbour_balls(const struct pd_feature_set *set, const char *what, int k,
                                  const struct pd_feature_work *work, double **out, struct pd_error *err);

#endif
