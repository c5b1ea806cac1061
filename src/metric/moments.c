/* Mean and covariance of samples that come in blocks. */
#include "metric/features.h"

#include "base/mem.h"

#include <cblas.h>
#include <limits.h>
#include <math.h>

enum { ROWS = 512 }; /* that are taken at a time */

struct pd_moments {
    int64_t width, n;
    double *shift;   /* (width): the mean of the first rows, so that little cancels */
    double *sums;    /* (width), of samples - shift */
    double *squares; /* (width, width), the lower half: of the products of samples - shift */
    double *rows;    /* (ROWS, width) */
};

enum pd_status pd_moments_create(int64_t width, struct pd_moments **out, struct pd_error *err)
{
    *out = NULL;
    if (width < 1 || width > INT_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld features of a sample, expected 1 to %d", (long long)width,
                       INT_MAX);
    struct pd_moments *m = pd_calloc(1, sizeof *m);
    const size_t row = (size_t)width * sizeof(double);
    if (m)
        *m = (struct pd_moments){.width = width,
                                 .shift = pd_calloc(1, row),
                                 .sums = pd_calloc(1, row),
                                 .squares = pd_calloc((size_t)width, row),
                                 .rows = pd_calloc(ROWS, row)};
    if (!m || !m->shift || !m->sums || !m->squares || !m->rows) {
        pd_moments_destroy(m);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a covariance of %lld features",
                       (long long)width);
    }
    *out = m;
    return PD_OK;
}

void pd_moments_destroy(struct pd_moments *m)
{
    if (!m)
        return;
    pd_free(m->shift);
    pd_free(m->sums);
    pd_free(m->squares);
    pd_free(m->rows);
    pd_free(m);
}

static enum pd_status check_rows(const struct pd_moments *m, const float *values, int64_t n,
                                 struct pd_error *err)
{
    for (int64_t i = 0; i < n * m->width; i++)
        if (!isfinite(values[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: number %lld is %g, expected finite ones",
                           (long long)(m->n + i / m->width), (long long)(i % m->width), (double)values[i]);
    return PD_OK;
}

static void add_rows(struct pd_moments *m, const float *values, int64_t n)
{
    const int64_t width = m->width;
    for (int64_t i = 0; i < n && !m->n; i++)
        for (int64_t k = 0; k < width; k++)
            m->shift[k] += (double)values[i * width + k] / (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < width; k++) {
            m->rows[i * width + k] = (double)values[i * width + k] - m->shift[k];
            m->sums[k] += m->rows[i * width + k];
        }
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)width, (int)n, 1, m->rows, (int)width, 1,
                m->squares, (int)width);
    m->n += n;
}

enum pd_status pd_moments_add(struct pd_moments *m, const float *values, int64_t n,
                              const struct pd_feature_work *work, struct pd_error *err)
{
    enum pd_status status =
        n < 0 ? pd_fail(err, PD_ERR_USAGE, -1, "%lld samples, expected 0 or more", (long long)n)
              : check_rows(m, values, n, err);
    const int before = pd_work_begin(work);
    for (int64_t at = 0; at < n && !status; at += ROWS) {
        add_rows(m, values + at * m->width, n - at < ROWS ? n - at : ROWS);
        status = pd_work_step(work, (uint64_t)(at + ROWS < n ? at + ROWS : n), (uint64_t)n, err);
    }
    pd_work_end(before);
    return status;
}

int64_t pd_moments_count(const struct pd_moments *m)
{
    return m->n;
}

enum pd_status pd_moments_take(const struct pd_moments *m, double *mean, double *covariance,
                               struct pd_error *err)
{
    const double n = (double)m->n;
    const int64_t width = m->width;
    if (m->n < 2)
        return pd_fail(err, PD_ERR_USAGE, -1, "a covariance of %lld sample%s, expected 2 or more",
                       (long long)m->n, m->n == 1 ? "" : "s");
    for (int64_t k = 0; k < width; k++)
        mean[k] = m->shift[k] + m->sums[k] / n;
    for (int64_t i = 0; i < width; i++)
        for (int64_t k = 0; k <= i; k++)
            covariance[i * width + k] = covariance[k * width + i] =
                (m->squares[i * width + k] - m->sums[i] * m->sums[k] / n) / (n - 1);
    return PD_OK;
}
