/* The Fréchet distance of two normal distributions. Its hard part is the trace of (C1 C2)^1/2, whose
 * eigenvalues are those of the symmetric (C1^1/2 C2 C1^1/2)^1/2: no root of a general matrix is needed, and
 * singular covariances are no special case. */
#include "metric/features.h"

#include "base/mem.h"

#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <string.h>

static enum pd_status check_covariance(int64_t width, const double *mean, const double *c,
                                       struct pd_error *err)
{
    for (int64_t i = 0; i < width; i++)
        for (int64_t k = 0; k <= i; k++) {
            const double a = c[i * width + k], b = c[k * width + i];
            if (!isfinite(a) || !isfinite(b) || !isfinite(mean[i]))
                return pd_fail(err, PD_ERR_USAGE, -1, "row %lld of mean or covariance: not finite",
                               (long long)i);
            if (fabs(a - b) > 1e-6 * sqrt(fabs(c[i * width + i] * c[k * width + k])) + 1e-300)
                return pd_fail(err, PD_ERR_USAGE, -1,
                               "numbers %lld, %lld of a covariance are %g and %g, expected a symmetric one",
                               (long long)i, (long long)k, a, b);
        }
    return PD_OK;
}

static enum pd_status fail_lapack(int info, int64_t width, struct pd_error *err)
{
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for eigenvalues of %lld features",
                       (long long)width);
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "no eigenvalues of a covariance of %lld features (LAPACK %d)",
                   (long long)width, info);
}

/* The largest eigenvalue times rounding: what is below is 0. */
static double smallest(int64_t width, const double *values)
{
    return (double)width * 0x1p-52 * fmax(values[width - 1], 0);
}

static enum pd_status fail_negative(double value, double beside, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_USAGE, -1,
                   "a covariance has the eigenvalue %g beside %g, expected none below 0", value, beside);
}

/* Eigenvalues (width) of a, ascending, whose columns become the eigenvectors. */
static enum pd_status decompose(int64_t width, double *a, double *values, struct pd_error *err)
{
    const int n = (int)width, info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', n, a, n, values);
    if (info)
        return fail_lapack(info, width, err);
    if (values[0] < -1e-6 * fmax(values[n - 1], 1e-300))
        return fail_negative(values[0], values[n - 1], err);
    return PD_OK;
}

/* The columns of root (width, width), eigenvectors, times the roots of their values; returns the first that
 * is not 0. */
static int64_t scale_columns(int64_t width, const double *values, double *root)
{
    const double least = smallest(width, values);
    int64_t first = 0;
    while (first < width && values[first] <= least)
        first++;
    for (int64_t i = 0; i < width; i++)
        for (int64_t k = first; k < width; k++)
            root[i * width + k] *= sqrt(values[k]);
    return first;
}

/* Sum of the roots of the eigenvalues of root' c root, by the rank columns of root. half, product: room. */
static enum pd_status sum_roots(int64_t width, int64_t rank, const double *root, const double *c,
                                double *half, double *product, double *values, double *sum,
                                struct pd_error *err)
{
    const int n = (int)width, r = (int)rank;
    *sum = 0;
    if (!rank)
        return PD_OK;
    cblas_dsymm(CblasRowMajor, CblasLeft, CblasLower, n, r, 1, c, n, root, n, 0, half, r);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, r, r, n, 1, root, n, half, r, 0, product, r);
    const int info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'N', 'L', r, product, r, values);
    if (info)
        return fail_lapack(info, width, err);
    const double least = smallest(rank, values);
    for (int64_t k = 0; k < rank; k++)
        *sum += values[k] > least ? sqrt(values[k]) : 0;
    return PD_OK;
}

/* A negative eigenvalue of b shows as one of root' b root, times at most the largest of a: least. */
static enum pd_status check_inertia(int64_t width, double least, double most, const double *b,
                                    struct pd_error *err)
{
    double sum = 0; /* no less than b's largest */
    for (int64_t k = 0; k < width; k++)
        sum += fabs(b[k * width + k]);
    return least < -1e-6 * most * sum ? fail_negative(least / most, sum, err) : PD_OK;
}

/* Tr (a b)^1/2; room: 3 (width, width) and (width). */
static enum pd_status trace_of_root(int64_t width, const double *a, const double *b, double *room,
                                    double *trace, struct pd_error *err)
{
    const size_t square = (size_t)(width * width);
    double *root = room, *half = root + square, *product = half + square, *values = product + square;
    memcpy(root, a, square * sizeof *root);
    enum pd_status status = decompose(width, root, values, err);
    if (status)
        return status;
    const double most = values[width - 1];
    const int64_t first = scale_columns(width, values, root);
    status = sum_roots(width, width - first, root + first, b, half, product, values, trace, err);
    return status || first == width ? status : check_inertia(width, values[0], most, b, err);
}

enum pd_status pd_frechet(int64_t width, const double *mean_a, const double *covariance_a,
                          const double *mean_b, const double *covariance_b,
                          const struct pd_feature_work *work, double *distance, struct pd_error *err)
{
    double sum = 0, trace = 0;
    if (width < 1 || width > 46340) /* LAPACK's sizes are int */
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld features, expected 1 to 46340", (long long)width);
    enum pd_status status = check_covariance(width, mean_a, covariance_a, err);
    if (!status)
        status = check_covariance(width, mean_b, covariance_b, err);
    if (!status)
        status = pd_work_step(work, 0, 1, err);
    if (status)
        return status;
    double *room = pd_calloc((size_t)(3 * width + 1), (size_t)width * sizeof *room);
    if (!room)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for covariances of %lld features",
                       (long long)width);
    const int before = pd_work_begin(work);
    status = trace_of_root(width, covariance_a, covariance_b, room, &trace, err);
    pd_work_end(before);
    pd_free(room);
    for (int64_t k = 0; k < width; k++)
        sum += (mean_a[k] - mean_b[k]) * (mean_a[k] - mean_b[k]) + covariance_a[k * width + k] +
               covariance_b[k * width + k];
    *distance = sum - 2 * trace;
    if (!status && !isfinite(*distance))
        return pd_fail(err, PD_ERR_USAGE, -1, "means or covariances so large that their distance overflows");
    return status;
}
