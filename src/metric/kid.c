/* The kernel distance (Bińkowski et al., "Demystifying MMD GANs", ICLR 2018), of Inception's features KID. */
#include "metric/features.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "metric/statistics.h"

#include <cblas.h>
#include <math.h>

enum { SUBSETS = 100, SIZE = 1000 };

struct kid {
    const struct pd_feature_set *real, *fake;
    int64_t size;
    double *x, *y;   /* (size, width): a subset of each */
    double *product; /* (size, size) */
    double *sums;    /* (size) */
};

static void release(struct kid *k)
{
    pd_free(k->x);
    pd_free(k->y);
    pd_free(k->product);
    pd_free(k->sums);
}

static enum pd_status reserve(struct kid *k, struct pd_error *err)
{
    const size_t size = (size_t)k->size, row = (size_t)k->real->width * sizeof(double);
    k->x = pd_calloc(size, row);
    k->y = pd_calloc(size, row);
    k->product = pd_calloc(size, size * sizeof *k->product);
    k->sums = pd_calloc(size, sizeof *k->sums);
    return k->x && k->y && k->product && k->sums
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for subsets of %lld samples",
                         (long long)k->size);
}

static double cube(double product, double width)
{
    const double base = product / width + 1;
    return base * base * base;
}

/* The kernel's sum over all pairs of a and b; of a set with itself over pairs of different samples. Row by
 * row, so that it does not depend on threads. */
static double sum_kernel(const struct kid *k, const double *a, const double *b)
{
    const int n = (int)k->size, width = (int)k->real->width;
    double sum = 0;
    if (a == b)
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, n, width, 1, a, width, 0, k->product, n);
    else
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, width, 1, a, width, b, width, 0,
                    k->product, n);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < k->size; i++) {
        const double *row = k->product + i * k->size;
        double row_sum = 0;
        for (int64_t j = 0; j < (a == b ? i : k->size); j++)
            row_sum += cube(row[j], (double)width);
        k->sums[i] = row_sum;
    }
    for (int64_t i = 0; i < k->size; i++)
        sum += k->sums[i];
    return a == b ? 2 * sum : sum;
}

static void gather(const struct pd_feature_set *set, const int64_t *rows, int64_t n, double *to)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < set->width; k++)
            to[i * set->width + k] = (double)set->values[rows[i] * set->width + k];
}

static double estimate(const struct kid *k, const int64_t *real_rows, const int64_t *fake_rows)
{
    const double n = (double)k->size;
    gather(k->real, real_rows, k->size, k->x);
    gather(k->fake, fake_rows, k->size, k->y);
    return (sum_kernel(k, k->x, k->x) + sum_kernel(k, k->y, k->y)) / (n * (n - 1)) -
           2 * sum_kernel(k, k->x, k->y) / (n * n);
}

static enum pd_status check_finite(double value, struct pd_error *err)
{
    return isfinite(value)
               ? PD_OK
               : pd_fail(err, PD_ERR_USAGE, -1,
                         "features so large that a kernel of their third power overflows: scale them");
}

static enum pd_status check_rows(const struct pd_feature_set *set, const int64_t *rows, int64_t size,
                                 struct pd_error *err)
{
    for (int64_t i = 0; i < size; i++)
        if (rows[i] < 0 || rows[i] >= set->n)
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld of a subset, expected 0 to %lld",
                           (long long)rows[i], (long long)set->n - 1);
    return PD_OK;
}

enum pd_status pd_kid_subset(const struct pd_feature_set *real, const int64_t *real_rows,
                             const struct pd_feature_set *fake, const int64_t *fake_rows, int64_t size,
                             const struct pd_feature_work *work, double *value, struct pd_error *err)
{
    struct kid k = {.real = real, .fake = fake, .size = size};
    enum pd_status status = pd_feature_sets_check(real, fake, err);
    if (!status && (size < 2 || size > 46340))
        status =
            pd_fail(err, PD_ERR_USAGE, -1, "a subset of %lld samples, expected 2 to 46340", (long long)size);
    if (!status)
        status = check_rows(real, real_rows, size, err);
    if (!status)
        status = check_rows(fake, fake_rows, size, err);
    if (!status)
        status = reserve(&k, err);
    if (!status) {
        const int before = pd_work_begin(work);
        *value = estimate(&k, real_rows, fake_rows);
        pd_work_end(before);
        status = check_finite(*value, err);
    }
    release(&k);
    return status;
}

/* --- over random subsets --- */

struct draw {
    struct pd_rng rng;
    uint32_t *order;      /* (the larger set) */
    int64_t *real, *fake; /* (size) */
};

static void draw_rows(struct draw *d, int64_t n, uint32_t stream, int64_t size, int64_t *rows)
{
    d->rng.stream = stream;
    pd_rng_permutation(&d->rng, (uint32_t)n, d->order);
    for (int64_t i = 0; i < size; i++)
        rows[i] = d->order[i];
}

static enum pd_status measure(const struct kid *k, struct draw *d, const struct pd_feature_work *work,
                              struct pd_kid_result *out, double *values, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int64_t s = 0; s < out->subsets && !status; s++) {
        d->rng.step = (uint64_t)s;
        draw_rows(d, k->real->n, PD_STREAM_KID_SUBSETS, k->size, d->real);
        draw_rows(d, k->fake->n, PD_STREAM_KID_SUBSETS + 1, k->size, d->fake);
        values[s] = estimate(k, d->real, d->fake);
        status = check_finite(values[s], err);
        if (!status)
            status = pd_work_step(work, (uint64_t)s + 1, (uint64_t)out->subsets, err);
    }
    const struct pd_summary summary = pd_summarise(out->subsets, values);
    out->value = summary.mean;
    out->deviation = summary.deviation;
    out->error = summary.error;
    return status;
}

static enum pd_status settle(const struct kid *k, const struct pd_kid_options *options,
                             struct pd_kid_result *out, struct pd_error *err)
{
    const int64_t smaller = k->real->n < k->fake->n ? k->real->n : k->fake->n;
    out->subsets = options && options->subsets ? options->subsets : SUBSETS;
    out->size = options && options->size ? options->size : smaller < SIZE ? smaller : SIZE;
    if (out->subsets < 1 || out->subsets > 1000000)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld subsets, expected 1 to 1000000", (long long)out->subsets);
    if (out->size < 2 || out->size > smaller || out->size > 46340 || k->real->n > UINT32_MAX ||
        k->fake->n > UINT32_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "subsets of %lld out of %lld real and %lld generated samples, expected 2 to as many",
                       (long long)out->size, (long long)k->real->n, (long long)k->fake->n);
    return PD_OK;
}

enum pd_status pd_kid(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                      const struct pd_kid_options *options, const struct pd_feature_work *work,
                      struct pd_kid_result *out, struct pd_error *err)
{
    struct kid k = {.real = real, .fake = fake};
    enum pd_status status = pd_feature_sets_check(real, fake, err);
    if (!status)
        status = settle(&k, options, out, err);
    if (status)
        return status;
    k.size = out->size;
    const int64_t larger = real->n > fake->n ? real->n : fake->n;
    struct draw d = {.rng = {.seed = options ? options->seed : 0},
                     .order = pd_calloc((size_t)larger, sizeof *d.order),
                     .real = pd_calloc((size_t)k.size, sizeof *d.real),
                     .fake = pd_calloc((size_t)k.size, sizeof *d.fake)};
    double *values = pd_calloc((size_t)out->subsets, sizeof *values);
    status = d.order && d.real && d.fake && values
                 ? reserve(&k, err)
                 : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for subsets of samples");
    const int before = pd_work_begin(work);
    if (!status)
        status = measure(&k, &d, work, out, values, err);
    pd_work_end(before);
    release(&k);
    pd_free(d.order);
    pd_free(d.real);
    pd_free(d.fake);
    pd_free(values);
    return status;
}
