/* Files of features and of their statistics. */
#include "metric/features.h"

#include <paydirt/rows.h>

#include "base/mem.h"
#include "io/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH_MOST = 1 << 24 }; /* a row is read whole */

void pd_feature_file_release(struct pd_feature_file *f)
{
    pd_free((void *)(uintptr_t)f->set.values);
    pd_free(f->mean);
    pd_free(f->covariance);
    *f = (struct pd_feature_file){.width = 0};
}

static enum pd_status fail_no_memory(const struct pd_feature_file *f, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for features", f->name);
}

/* --- features --- */

static enum pd_status check_rows(const struct pd_feature_file *f, const float *values, int64_t n,
                                 struct pd_error *err)
{
    for (int64_t i = 0; i < n * f->width; i++)
        if (!isfinite(values[i]))
            return pd_fail(
                err, PD_ERR_FORMAT, -1, "%s, row %lld: number %lld is %g, expected finite ones of float32",
                f->name, (long long)(f->count + i / f->width), (long long)(i % f->width), (double)values[i]);
    return PD_OK;
}

/* Twice the room for rows, or the first. */
static enum pd_status grow(struct pd_feature_file *f, int64_t *room, float **values, struct pd_error *err)
{
    const size_t row = (size_t)f->width * sizeof(float);
    const int64_t more = *room ? 2 * *room : 1 + (1 << 16) / f->width;
    float *moved = (size_t)more <= SIZE_MAX / row ? pd_realloc(*values, (size_t)more * row) : NULL;
    if (!moved)
        return fail_no_memory(f, err);
    *values = moved;
    *room = more;
    return PD_OK;
}

static enum pd_status read_rows(struct pd_feature_file *f, struct pd_rows *rows, struct pd_error *err)
{
    float *values = NULL;
    int64_t got = 1, room = 0;
    enum pd_status status = grow(f, &room, &values, err);
    while (got && !status) {
        float *to = values + f->count * f->width;
        status = pd_rows_read(rows, to, room - f->count, &got, err);
        if (!status)
            status = check_rows(f, to, got, err);
        f->count += status ? 0 : got;
        if (!status && f->count == room)
            status = grow(f, &room, &values, err);
    }
    f->set = (struct pd_feature_set){f->count, f->width, values};
    if (!status && !f->count)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no rows, expected one for each sample", f->name);
    return status;
}

static enum pd_status read_features(const char *path, struct pd_feature_file *f, struct pd_error *err)
{
    static const char *const names[] = {"features", "feature", NULL};
    const struct pd_rows_request request = {.names = names, .features = true};
    struct pd_rows *rows;
    enum pd_status status = pd_rows_open(path, &request, &rows, err);
    if (status)
        return status;
    snprintf(f->name, sizeof f->name, "%s", pd_rows_name(rows));
    f->width = pd_rows_width(rows);
    f->columns = pd_rows_columns(rows);
    status = f->width <= WIDTH_MOST
                 ? read_rows(f, rows, err)
                 : pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: %lld features a sample, expected at most %d",
                           f->name, (long long)f->width, WIDTH_MOST);
    pd_rows_close(rows);
    return status;
}

/* --- statistics --- */

/* An array of that shape (columns 0: one dimension) as doubles, which are the caller's. */
static enum pd_status load_doubles(struct pd_npy *npy, const struct pd_feature_file *f, const char *name,
                                   int64_t rows, int64_t columns, double **out, struct pd_error *err)
{
    const struct pd_io_array *a;
    enum pd_status status = pd_npy_load(npy, (size_t)pd_npy_locate(npy, name), &a, err);
    if (status)
        return status;
    if (!pd_io_dtype_is_float(a->dtype) || a->rank != (columns ? 2 : 1) || a->dims[0] != rows ||
        (columns && a->dims[1] != columns))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: %s is no array of floats of shape (%lld%s)", f->name,
                       name, (long long)rows, columns ? ", as many" : ",");
    const int64_t n = rows * (columns ? columns : 1);
    *out = pd_calloc((size_t)n, sizeof **out);
    if (!*out)
        return fail_no_memory(f, err);
    pd_io_to_doubles(a->dtype, a->data, n, *out);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite((*out)[i]))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: number %lld of %s is %g, expected finite ones",
                           f->name, (long long)i, name, (*out)[i]);
    return PD_OK;
}

/* Ours say of how many samples they are. */
static enum pd_status load_count(struct pd_npy *npy, struct pd_feature_file *f, struct pd_error *err)
{
    const struct pd_io_array *a;
    const int64_t at = pd_npy_locate(npy, "count");
    double count = 0;
    enum pd_status status = at < 0 ? PD_OK : pd_npy_load(npy, (size_t)at, &a, err);
    if (status || at < 0)
        return status;
    if (pd_io_array_count(a) == 1)
        pd_io_to_doubles(a->dtype, a->data, 1, &count);
    if (!(count >= 0 && count < 1e15))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: count is %g, expected a number of samples", f->name,
                       count);
    f->count = (int64_t)count;
    return PD_OK;
}

static enum pd_status read_statistics(struct pd_npy *npy, struct pd_feature_file *f, struct pd_error *err)
{
    struct pd_npy_stream *stream;
    enum pd_status status = pd_npy_stream_open(npy, (size_t)pd_npy_locate(npy, "mu"), &stream, err);
    if (status)
        return status;
    const struct pd_io_array *mu = pd_npy_stream_array(stream);
    f->width = mu->rank == 1 ? mu->dims[0] : 0;
    pd_npy_stream_close(stream);
    if (f->width < 1 || f->width > INT32_MAX)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: mu is no row of features", f->name);
    status = load_doubles(npy, f, "mu", f->width, 0, &f->mean, err);
    if (!status)
        status = load_doubles(npy, f, "sigma", f->width, f->width, &f->covariance, err);
    return status ? status : load_count(npy, f, err);
}

/* --- either --- */

enum pd_status pd_feature_file_read(const char *path, struct pd_feature_file *out, struct pd_error *err)
{
    struct pd_npy *npy;
    *out = (struct pd_feature_file){.width = 0};
    snprintf(out->name, sizeof out->name, "%s", path);
    enum pd_status status = pd_npy_open(path, &npy, NULL); /* what is wrong with it read_features says */
    const bool mu = !status && pd_npy_locate(npy, "mu") >= 0;
    const bool sigma = !status && pd_npy_locate(npy, "sigma") >= 0, statistics = mu && sigma;
    if (status == PD_ERR_MEMORY)
        return fail_no_memory(out, err);
    if (mu != sigma && pd_npy_locate(npy, "features") < 0) {
        pd_npy_destroy(npy);
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: %s without %s, expected both, or features", path,
                       mu ? "mu" : "sigma", mu ? "sigma" : "mu");
    }
    status = statistics ? read_statistics(npy, out, err) : PD_OK;
    if (npy)
        pd_npy_destroy(npy);
    return statistics ? status : read_features(path, out, err);
}

enum pd_status pd_feature_file_moments(struct pd_feature_file *f, const struct pd_feature_work *work,
                                       struct pd_error *err)
{
    struct pd_moments *m;
    if (f->mean)
        return PD_OK;
    enum pd_status status = pd_moments_create(f->width, &m, err);
    if (status)
        return status;
    double *mean = pd_calloc((size_t)f->width, sizeof *mean);
    double *covariance = pd_calloc((size_t)f->width, (size_t)f->width * sizeof *covariance);
    status =
        mean && covariance ? pd_moments_add(m, f->set.values, f->set.n, work, err) : fail_no_memory(f, err);
    if (!status)
        status = pd_moments_take(m, mean, covariance, err);
    pd_moments_destroy(m);
    if (!status) {
        f->mean = mean;
        f->covariance = covariance;
        return PD_OK;
    }
    pd_free(mean);
    pd_free(covariance);
    return status;
}

enum pd_status pd_feature_statistics_write(const char *path, const struct pd_feature_file *f,
                                           struct pd_error *err)
{
    const struct pd_io_array arrays[] = {{"mu", PD_IO_F64, 1, {f->width}, f->mean},
                                         {"sigma", PD_IO_F64, 2, {f->width, f->width}, f->covariance},
                                         {"count", PD_IO_I64, 0, {0}, &f->count}};
    return pd_npz_write(path, arrays, f->count ? 3 : 2, false, err);
}
