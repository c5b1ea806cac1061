/* The Fréchet distance of two normal distributions. Its hard part is the trace of (C1 C2)^1/2. With C1 = R
 * R', R by Cholesky with pivots, its eigenvalues are the roots of those of the symmetric R' C2 R: no root of
 * a general matrix is needed, singular covariances are no special case, and those of few samples, whose rank
 * is low, take little time. */
#include "metric/features.h"

#include "base/mem.h"

#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define ROUNDED 1e-4 /* with the 1e-6 beside it, what float32 leaves of numbers that hardly vary, squared */

static enum pd_status fail_negative(double value, double beside, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_USAGE, -1,
                   "a covariance has the eigenvalue %g beside %g, expected none below 0", value, beside);
}

static double largest_on_diagonal(int64_t width, const double *c)
{
    double most = 0;
    for (int64_t k = 0; k < width; k++)
        most = fmax(most, fabs(c[k * width + k]));
    return most;
}

/* Beside what a number below 0 is rounding: the largest variance, or the mean where features hardly vary. */
static double size_of(int64_t width, const double *mean, const double *c)
{
    double most = largest_on_diagonal(width, c);
    for (int64_t k = 0; k < width; k++)
        most = fmax(most, ROUNDED * mean[k] * mean[k]);
    return most;
}

static enum pd_status check_covariance(int64_t width, const double *mean, const double *c,
                                       struct pd_error *err)
{
    const double most = size_of(width, mean, c);
    for (int64_t i = 0; i < width; i++)
        if (c[i * width + i] < -1e-6 * most)
            return fail_negative(c[i * width + i], most, err);
    for (int64_t i = 0; i < width; i++)
        for (int64_t k = 0; k <= i; k++) {
            const double a = c[i * width + k], b = c[k * width + i];
            if (!isfinite(a) || !isfinite(b) || !isfinite(mean[i]))
                return pd_fail(err, PD_ERR_USAGE, -1, "row %lld of mean or covariance: not finite",
                               (long long)i);
            if (fabs(a - b) > 1e-6 * fmax(sqrt(fabs(c[i * width + i] * c[k * width + k])),
                                          ROUNDED * fabs(mean[i] * mean[k])) +
                                  1e-300)
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

/* What pivots left of a must be as good as 0: a negative eigenvalue shows there, on the diagonal or beside
 * it. */
static enum pd_status check_rest(int64_t width, int64_t rank, const double *a, const lapack_int *order,
                                 const double *root, double most, struct pd_error *err)
{
    for (int64_t i = rank; i < width; i++)
        for (int64_t k = rank; k <= i; k++) {
            double rest = a[(order[i] - 1) * width + order[k] - 1];
            for (int64_t j = 0; j < rank; j++)
                rest -= root[(order[i] - 1) * width + j] * root[(order[k] - 1) * width + j];
            if (fabs(rest) > 1e-6 * fmax(most, 1e-300))
                return fail_negative(i == k ? rest : -fabs(rest), most, err);
        }
    return PD_OK;
}

/* a = root root', by the first rank columns of root (width, width), rows in a's order. pivoted: room. */
static enum pd_status pivot(int64_t width, const double *a, double most, double *pivoted, double *root,
                            int64_t *rank, struct pd_error *err)
{
    const int n = (int)width;
    lapack_int r = 0, *order = pd_calloc((size_t)width, sizeof *order);
    if (!order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld features", (long long)width);
    memcpy(pivoted, a, (size_t)(width * width) * sizeof *pivoted);
    const int info = LAPACKE_dpstrf(LAPACK_ROW_MAJOR, 'L', n, pivoted, n, order, &r, -1);
    for (int64_t i = 0; i < width && info >= 0; i++) {
        double *row = root + (order[i] - 1) * width;
        for (int64_t k = 0; k < width; k++)
            row[k] = k <= i && k < r ? pivoted[i * width + k] : 0;
    }
    *rank = r;
    const enum pd_status status =
        info < 0 ? fail_lapack(info, width, err) : check_rest(width, r, a, order, root, most, err);
    pd_free(order);
    return status;
}

/* The same by eigenvectors, the slow way. values (width): room. */
static enum pd_status decompose(int64_t width, const double *a, double most, double *values, double *root,
                                int64_t *rank, struct pd_error *err)
{
    const int n = (int)width;
    memcpy(root, a, (size_t)(width * width) * sizeof *root);
    const int info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', n, root, n, values);
    if (info)
        return fail_lapack(info, width, err);
    if (values[0] < -1e-6 * fmax(fmax(values[n - 1], most), 1e-300))
        return fail_negative(values[0], values[n - 1], err);
    const double least = smallest(width, values);
    *rank = 0;
    for (int64_t k = width - 1; k >= 0 && values[k] > least; k--)
        ++*rank;
    for (int64_t i = 0; i < width; i++)
        for (int64_t k = 0; k < *rank; k++) /* the last columns, moved to the front */
            root[i * width + k] = root[i * width + width - *rank + k] * sqrt(values[width - *rank + k]);
    return PD_OK;
}

/* Noise, as of numbers that were once stored as floats, grows where pivots are as small: eigenvectors then
 * tell it from a covariance that is none. */
static enum pd_status factorise(int64_t width, const double *a, double most, double *room, double *root,
                                int64_t *rank, struct pd_error *err)
{
    return pivot(width, a, largest_on_diagonal(width, a), room, root, rank, NULL)
               ? decompose(width, a, most, room, root, rank, err)
               : PD_OK;
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

static double trace_of(int64_t width, const double *c)
{
    double sum = 0;
    for (int64_t k = 0; k < width; k++)
        sum += fabs(c[k * width + k]);
    return sum;
}

/* Tr (a b)^1/2; room: 3 (width, width) and (width). */
static enum pd_status trace_of_root(int64_t width, const double *a, double most, const double *b,
                                    double most_b, double *room, double *trace, struct pd_error *err)
{
    const size_t square = (size_t)(width * width);
    double *root = room, *half = root + square, *product = half + square, *values = product + square;
    int64_t rank = 0;
    enum pd_status status = factorise(width, a, most, product, root, &rank, err);
    if (!status)
        status = sum_roots(width, rank, root, b, half, product, values, trace, err);
    if (status || !rank)
        return status;
    /* a negative eigenvalue of b shows as one of root' b root, times at most the largest of a */
    const double sum = fmax(trace_of(width, b), most_b);
    return values[0] < -1e-6 * most * sum ? fail_negative(values[0] / most, sum, err) : PD_OK;
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
    status = trace_of_root(width, covariance_a, size_of(width, mean_a, covariance_a), covariance_b,
                           size_of(width, mean_b, covariance_b), room, &trace, err);
    pd_work_end(before);
    pd_free(room);
    for (int64_t k = 0; k < width; k++)
        sum += (mean_a[k] - mean_b[k]) * (mean_a[k] - mean_b[k]) + covariance_a[k * width + k] +
               covariance_b[k * width + k];
    *distance = sum - 2 * trace;
    if (!status && !isfinite(*distance))
        return pd_fail(err, PD_ERR_USAGE, -1, "means or covariances so large that their distance overflows");
    *distance = *distance < 0 ? 0 : *distance; /* of a set and itself: rounding */
    return status;
}
