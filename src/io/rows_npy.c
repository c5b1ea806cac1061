#include "io/rows_kind.h"

#include "base/mem.h"
#include "io/npy.h"
#include "io/rows_round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096 }; /* elements that are converted at a time, or a row of more */

struct npy_rows {
    struct pd_rows base;
    struct pd_npy *npy;
    struct pd_npy_stream *stream;
    enum pd_io_dtype dtype; /* what the bits are taken for */
    bool planes;            /* the first two dimensions count rows */
    int64_t left;           /* rows to come */
    int64_t chunk;          /* rows that are converted at a time */
    void *raw;              /* (chunk, width) of dtype */
    double *doubles;        /* (chunk, width) */
};

static enum pd_status rewind_rows(struct pd_rows *rows, struct pd_error *err)
{
    struct npy_rows *r = (struct npy_rows *)rows;
    const struct pd_io_array *a = pd_npy_stream_array(r->stream);
    r->left = r->planes ? a->dims[0] * a->dims[1] : a->dims[0];
    return pd_npy_stream_rewind(r->stream, err);
}

static enum pd_status convert(struct npy_rows *r, float *to, int64_t n, struct pd_error *err)
{
    int64_t row = r->base.count;
    for (int64_t step; n; n -= step, row += step, to += step * r->base.width) {
        step = n < r->chunk ? n : r->chunk;
        enum pd_status status = pd_npy_stream_read(r->stream, r->raw, step * r->base.width, err);
        if (status)
            return status;
        pd_io_to_doubles(r->dtype, r->raw, step * r->base.width, r->doubles);
        for (int64_t i = 0; r->base.map && i < step * r->base.width; i++)
            r->doubles[i] = r->base.map(r->doubles[i]);
        const int64_t at = pd_rows_to_floats(&r->base, step, r->doubles, to);
        if (at >= 0)
            return pd_fail(err, PD_ERR_FORMAT, -1, PD_BEYOND, r->base.name,
                           (long long)(row + at / r->base.width), r->doubles[at]);
    }
    return PD_OK;
}

static enum pd_status read_rows(struct pd_rows *rows, float *to, int64_t n, int64_t *got,
                                struct pd_error *err)
{
    struct npy_rows *r = (struct npy_rows *)rows;
    const int64_t take = n < r->left ? n : r->left;
    enum pd_status status = PD_OK;
    if (take)
        status = r->dtype == PD_IO_F32 && !rows->map
                     ? pd_npy_stream_read(r->stream, to, take * rows->width, err)
                     : convert(r, to, take, err);
    r->left -= take;
    *got = status ? 0 : take;
    return status;
}

static void close_rows(struct pd_rows *rows)
{
    struct npy_rows *r = (struct npy_rows *)rows;
    pd_npy_stream_close(r->stream);
    pd_npy_destroy(r->npy);
    pd_free(r->raw);
    pd_free(r->doubles);
}

static void describe(const struct pd_rows *rows, char *text, size_t size)
{
    const struct npy_rows *r = (const struct npy_rows *)rows;
    const struct pd_io_array *array = pd_npy_stream_array(r->stream);
    const enum pd_io_dtype is = array->dtype;
    const bool bits = r->dtype == PD_IO_BF16, deep = !r->planes && array->rank > 2;
    char shape[128] = "";
    if (deep)
        pd_io_shape_text(shape, sizeof shape, array->rank, array->dims);
    snprintf(text, size, "%.200s: %lld row%s x %lld column%s%s%s%s%s%s", rows->name, (long long)rows->count,
             rows->count == 1 ? "" : "s", (long long)rows->width, rows->width == 1 ? "" : "s",
             deep ? ", of shape " : "", shape, bits ? ", " : "",
             !bits              ? ""
             : is == PD_IO_BF16 ? "raw numbers of two bytes"
                                : pd_io_dtype_words(is),
             bits ? " taken as bfloat16's bits" : "");
}

static const struct pd_rows_kind kind = {read_rows, rewind_rows, close_rows, describe};

/* --- opening --- */

static bool is_two_bytes(enum pd_io_dtype dtype)
{
    return dtype == PD_IO_U16 || dtype == PD_IO_I16;
}

/* Whole numbers are labels more often than logits, and two bytes of them bfloat16 as often. */
static enum pd_status check_type(struct npy_rows *r, const struct pd_rows_request *request,
                                 struct pd_error *err)
{
    const enum pd_io_dtype is = r->dtype;
    if (request->bfloat16 && is_two_bytes(is))
        r->dtype = PD_IO_BF16;
    if (pd_io_dtype_is_float(r->dtype) || request->whole)
        return PD_OK;
    const enum pd_status status = pd_fail(
        err, PD_ERR_UNSUPPORTED, -1,
        "%s: numbers of type %s, expected float16, float32 or float64: array.astype('float32') if they are "
        "logits",
        r->base.name, pd_io_dtype_words(is));
    return is_two_bytes(is) ? pd_hint(err, status, "if they are bfloat16's bits: bfloat16") : status;
}

static enum pd_status check_shape(const struct npy_rows *r, struct pd_error *err)
{
    const struct pd_io_array *a = pd_npy_stream_array(r->stream);
    char shape[128];
    pd_io_shape_text(shape, sizeof shape, a->rank, a->dims);
    if (!a->rank)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: a single number, expected rows", r->base.name);
    if (r->planes && a->rank != 3)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: shape %s, expected (passes, rows, classes)",
                       r->base.name, shape);
    return r->base.width ? PD_OK
                         : pd_fail(err, PD_ERR_MISMATCH, -1, "%s: shape %s, expected numbers in each row",
                                   r->base.name, shape);
}

static enum pd_status fail_no_array(const struct npy_rows *r, const char *name, struct pd_error *err)
{
    char known[256] = "";
    size_t used = 0;
    if (!pd_npy_count(r->npy))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "%s: no array in it, expected NumPy's, such as numpy.save('c.npy', tensor.cpu().numpy()) "
            "writes",
            r->base.name);
    for (size_t i = 0; i < pd_npy_count(r->npy) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 pd_npy_name(r->npy, i));
    return pd_fail(err, PD_ERR_USAGE, -1, "%s: no array '%s' in it (it has: %s)", r->base.name, name, known);
}

static enum pd_status find_array(struct npy_rows *r, const char *const *names, int64_t *index,
                                 struct pd_error *err)
{
    *index = pd_npy_locate(r->npy, "");
    for (int i = 0; names[i] && *index < 0; i++)
        *index = pd_npy_locate(r->npy, names[i]);
    if (*index < 0 && names[1] && pd_npy_count(r->npy) == 1)
        *index = 0;
    return *index < 0 ? fail_no_array(r, names[0], err) : PD_OK;
}

static enum pd_status reserve(struct npy_rows *r, struct pd_error *err)
{
    const int64_t width = r->base.width;
    r->chunk = width < CHUNK ? CHUNK / width : 1;
    if ((r->dtype == PD_IO_F32 && !r->base.map) || !pd_npy_stream_array(r->stream)->dims[0])
        return PD_OK;
    r->raw = pd_calloc((size_t)r->chunk, (size_t)width * pd_io_dtype_size(r->dtype));
    r->doubles = pd_calloc((size_t)r->chunk, (size_t)width * sizeof *r->doubles);
    if (!r->raw || !r->doubles)
        return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for rows of %lld numbers", r->base.name,
                       (long long)width);
    return pd_io_dtype_size(r->dtype) > 2 ? pd_rows_begin_doubt(&r->base, r->base.name, err) : PD_OK;
}

static enum pd_status open_rows(struct npy_rows *r, const char *path, const struct pd_rows_request *request,
                                struct pd_error *err)
{
    int64_t index;
    enum pd_status status = pd_npy_open(path, &r->npy, err);
    if (!status)
        status = find_array(r, request->names, &index, err);
    if (!status)
        status = pd_npy_stream_open(r->npy, (size_t)index, &r->stream, err);
    if (status)
        return status;
    pd_free(r->base.name);
    r->base.name = pd_strdup(pd_npy_stream_name(r->stream));
    if (!r->base.name)
        return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", path);
    r->base.width = pd_npy_stream_width(r->stream);
    r->dtype = pd_npy_stream_array(r->stream)->dtype;
    r->planes = request->planes;
    status = check_type(r, request, err);
    if (!status)
        status = check_shape(r, err);
    if (!status && r->planes) {
        r->base.planes = pd_npy_stream_array(r->stream)->dims[0];
        r->base.width = pd_npy_stream_array(r->stream)->dims[2];
    }
    if (!status)
        status = reserve(r, err);
    return status ? status : rewind_rows(&r->base, err);
}

enum pd_status pd_rows_open_npy(const char *path, const struct pd_rows_request *request, struct pd_rows **out,
                                struct pd_error *err)
{
    struct npy_rows *r = pd_calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", path);
    r->base = pd_rows_begin(&kind, path, request);
    enum pd_status status = r->base.name ? open_rows(r, path, request, err)
                                         : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", path);
    if (status)
        pd_rows_close(&r->base);
    else
        *out = &r->base;
    return status;
}
