/* Distances between rows of features, and where float32 products of them lose little. */
#ifndef PD_DISTANCE_FRAME_H
#define PD_DISTANCE_FRAME_H

#include <paydirt/features.h>

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

/* Of two rows; set: a struct pd_feature_set. For struct pd_apart. */
double pd_rows_squared(const void *set, int64_t row, int64_t other);

/* a.b likewise. */
double pd_dot(const float *a, const float *b, int64_t width);

#endif
