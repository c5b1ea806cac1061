#include "distance/frame.h"

#include "base/clones.h"
#include "base/mem.h"

#include <math.h>

static float largest(const struct pd_feature_set *set)
{
    float most = 0;
    for (int64_t i = 0; i < set->n * set->width; i++)
        most = fabsf(set->values[i]) > most ? fabsf(set->values[i]) : most;
    return most;
}

enum pd_status pd_frame_create(struct pd_frame *frame, const struct pd_feature_set *a,
                               const struct pd_feature_set *b, struct pd_error *err)
{
    const float most = fmaxf(largest(a), largest(b));
    double *sums = pd_calloc((size_t)a->width, sizeof *sums);
    int exponent = 0;
    (void)frexpf(most, &exponent);
    /* A scale beyond 2^100 would be a denormal's, where nothing is to be won. */
    exponent = exponent < -100 ? -100 : exponent + 1;
    *frame = (struct pd_frame){a->width, ldexpf(1, -exponent), pd_calloc((size_t)a->width, sizeof(float))};
    if (!sums || !frame->centre) {
        pd_free(sums);
        pd_frame_release(frame);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld features", (long long)a->width);
    }
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t k = 0; k < a->width; k++)
            sums[k] += (double)a->values[i * a->width + k];
    for (int64_t k = 0; k < a->width; k++)
        frame->centre[k] = (float)(sums[k] / (double)a->n) * frame->scale;
    pd_free(sums);
    return PD_OK;
}

void pd_frame_release(struct pd_frame *frame)
{
    pd_free(frame->centre);
    frame->centre = NULL;
}

/* Sums in as many parts as a vector register holds: one alone would wait for each addition. */
enum { PARTS = 16 };

PD_INLINE float squared_norm(const float *row, int64_t width)
{
    float parts[PARTS] = {0}, sum = 0;
    int64_t k = 0;
    for (; k + PARTS <= width; k += PARTS)
        for (int p = 0; p < PARTS; p++)
            parts[p] += row[k + p] * row[k + p];
    for (int p = 0; p < PARTS; p++)
        sum += parts[p];
    for (; k < width; k++)
        sum += row[k] * row[k];
    return sum;
}

PD_CLONES
void pd_frame_take(const struct pd_frame *frame, const float *values, int64_t n, float *to, float *norms)
{
    const int64_t width = frame->width;
    const float scale = frame->scale, *centre = frame->centre;
    for (int64_t i = 0; i < n; i++, values += width, to += width) {
        for (int64_t k = 0; k < width; k++)
            to[k] = values[k] * scale - centre[k];
        norms[i] = squared_norm(to, width);
    }
}

PD_INLINE double squared_difference(float a, float b)
{
    const double d = (double)a - (double)b;
    return d * d;
}

PD_INLINE double product(float a, float b)
{
    return (double)a * (double)b;
}

PD_INLINE double sum_of(const float *a, const float *b, int64_t width, double (*term)(float, float))
{
    double parts[PARTS] = {0}, sum = 0;
    int64_t k = 0;
    for (; k + PARTS <= width; k += PARTS)
        for (int p = 0; p < PARTS; p++)
            parts[p] += term(a[k + p], b[k + p]);
    for (int p = 0; p < PARTS; p++)
        sum += parts[p];
    for (; k < width; k++)
        sum += term(a[k], b[k]);
    return sum;
}

PD_CLONES
double pd_squared_distance(const float *a, const float *b, int64_t width)
{
    return sum_of(a, b, width, squared_difference);
}

PD_CLONES
double pd_dot(const float *a, const float *b, int64_t width)
{
    return sum_of(a, b, width, product);
}

double pd_rows_squared(const void *context, int64_t row, int64_t other)
{
    const struct pd_feature_set *set = context;
    return pd_squared_distance(set->values + row * set->width, set->values + other * set->width, set->width);
}
