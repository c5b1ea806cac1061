#include "metric/features.h"

#include "base/clones.h"
#include "base/mem.h"
#include "base/threads.h"

#include <math.h>
#include <omp.h>

/* --- how the work is done --- */

enum { THREADS_MOST = 1024 };

int pd_work_threads(const struct pd_feature_work *work)
{
    const int wanted = work ? work->threads : 0;
    return wanted <= 0 ? pd_threads_available() : wanted < THREADS_MOST ? wanted : THREADS_MOST;
}

int pd_work_begin(const struct pd_feature_work *work)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(pd_work_threads(work));
    return before;
}

void pd_work_end(int before)
{
    omp_set_num_threads(before);
}

enum pd_status pd_work_step(const struct pd_feature_work *work, uint64_t done, uint64_t count,
                            struct pd_error *err)
{
    if (work && work->watch && work->watch(work->context, done, count))
        return pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped at %llu of %llu steps", (unsigned long long)done,
                       (unsigned long long)count);
    return PD_OK;
}

/* --- sets --- */

static enum pd_status check_set(const struct pd_feature_set *set, const char *what, struct pd_error *err)
{
    if (set->n < 1 || set->width < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s features of shape (%lld, %lld), expected 1 row or more",
                       what, (long long)set->n, (long long)set->width);
    for (int64_t i = 0; i < set->n * set->width; i++)
        if (!isfinite(set->values[i]))
            return pd_fail(err, PD_ERR_USAGE, -1,
                           "%s features, row %lld: number %lld is %g, expected finite ones", what,
                           (long long)(i / set->width), (long long)(i % set->width), (double)set->values[i]);
    return PD_OK;
}

enum pd_status pd_feature_sets_check(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                     struct pd_error *err)
{
    if (real->width != fake->width)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%lld real features a row, but %lld generated ones",
                       (long long)real->width, (long long)fake->width);
    enum pd_status status = check_set(real, "real", err);
    return status ? status : check_set(fake, "generated", err);
}

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

PD_CLONES
double pd_squared_distance(const float *a, const float *b, int64_t width)
{
    double parts[PARTS] = {0}, sum = 0;
    int64_t k = 0;
    for (; k + PARTS <= width; k += PARTS)
        for (int p = 0; p < PARTS; p++)
            parts[p] += squared_difference(a[k + p], b[k + p]);
    for (int p = 0; p < PARTS; p++)
        sum += parts[p];
    for (; k < width; k++)
        sum += squared_difference(a[k], b[k]);
    return sum;
}
