/* A pool in files, as a whole: what does not go block by block. */
#include "run/pool_files.h"

#include "base/mem.h"
#include "base/pass_on.h"
#include "base/sort.h"

#include <paydirt/probability.h>

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { READ_FLOATS = 1 << 18 };

/* --- all of it --- */

/* Rows (n, width) behind the `have` that *to holds; room for *capacity. */
static enum pd_status append(const float **to, int64_t have, int64_t capacity, const float *values, int64_t n,
                             int64_t width, struct pd_error *err)
{
    if (!values)
        return PD_OK;
    float *grown = (float *)*to;
    if (have + n > capacity || !grown) {
        grown = pd_realloc(grown, (size_t)(2 * (have + n)) * (size_t)width * sizeof *grown);
        if (!grown)
            return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows of %lld numbers",
                           (long long)(2 * (have + n)), (long long)width);
        *to = grown;
    }
    memcpy(grown + have * width, values, (size_t)(n * width) * sizeof *grown);
    return PD_OK;
}

enum pd_status pd_pool_files_load(struct pd_pool_files *files, const struct pd_pool **out,
                                  struct pd_error *err)
{
    const struct pd_pool_source source = pd_pool_files_source(files);
    struct pd_pool *p = &files->pool, block;
    int64_t capacity = 0;
    *out = NULL;
    enum pd_status status = source.rewind(source.context, err);
    for (p->n = 0; !status; p->n += block.n) {
        status = source.next(source.context, &block, err);
        if (status || !block.n)
            break;
        p->classes = block.classes;
        p->width = block.width;
        status = append(&p->logit, p->n, capacity, block.logit, block.n, 1, err);
        if (!status)
            status =
                append(&p->class_logits, p->n, capacity, block.class_logits, block.n, block.classes, err);
        if (!status)
            status = append(&p->features, p->n, capacity, block.features, block.n, block.width, err);
        capacity = p->n + block.n > capacity ? 2 * (p->n + block.n) : capacity;
    }
    *out = status ? NULL : p;
    return status;
}

/* --- passes --- */

static enum pd_status check_passes(const struct pd_rows *in, struct pd_error *err)
{
    if (pd_rows_planes(in) < 2 || pd_rows_width(in) < 2 || pd_rows_planes(in) > INT_MAX ||
        pd_rows_width(in) > INT_MAX)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: %lld passes of %lld numbers in a row, expected 2 or more of 2 classes or more",
                       pd_rows_name(in), (long long)pd_rows_planes(in), (long long)pd_rows_width(in));
    return PD_OK;
}

/* Rows [have, have + n) of all passes. */
static enum pd_status to_logits(struct pd_pool_files *files, int64_t have, int64_t n, float *values,
                                struct pd_error *err)
{
    const struct pd_pool_request *r = &files->request;
    const int classes = files->pool.classes;
    char name[512]; /* how many rows a pass has is known at the end */
    snprintf(name, sizeof name, "%.400s, passes one behind the other", files->passes_name);
    if (r->log_probabilities || r->probabilities == PD_ROWS_YES)
        return pd_pool_fail_in(
            name,
            pd_class_logits_from(r->log_probabilities ? PD_SCALE_LOG_PROBABILITIES : PD_SCALE_PROBABILITIES,
                                 have, n, classes, values, &files->off, err),
            err);
    return !have && r->probabilities == PD_ROWS_AUTO
               ? pd_pool_judge_classes(r, files->passes_name, n, classes, values, err)
               : PD_OK;
}

static enum pd_status read_passes(struct pd_pool_files *files, struct pd_rows *in, struct pd_error *err)
{
    struct pd_pool *p = &files->pool;
    const int64_t most = READ_FLOATS / p->classes + 1;
    float *block = pd_calloc((size_t)most, (size_t)p->classes * sizeof *block);
    int64_t have = 0, capacity = 0, n = 1;
    enum pd_status status =
        block ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", files->passes_name);
    while (!status && n) {
        status = pd_rows_read(in, block, most, &n, err);
        if (!status && n)
            status = to_logits(files, have, n, block, err);
        if (!status && n)
            status = append(&p->pass_logits, have, capacity, block, n, p->classes, err);
        if (have + n > capacity)
            capacity = 2 * (have + n);
        have += n;
    }
    p->pass_rows = have / p->passes;
    pd_free(block);
    return status;
}

enum pd_status pd_pool_passes_read(struct pd_pool_files *files, struct pd_error *err)
{
    static const char *const names[] = {"passes", "class_logits", NULL};
    const struct pd_pool_request *r = &files->request;
    const struct pd_rows_request request = {.names = names,
                                            .header = r->header,
                                            .index = r->index,
                                            .bfloat16 = r->bfloat16,
                                            .classes = pd_pool_has_logits(r),
                                            .low = r->log_probabilities,
                                            .planes = true};
    struct pd_rows *in;
    if (r->binary)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "passes hold a number for each class, not one of two"),
                       "binary");
    enum pd_status status = pd_rows_open(r->passes, &request, &in, err);
    if (status)
        return status;
    status = check_passes(in, err);
    files->pool.passes = status ? 0 : (int)pd_rows_planes(in);
    files->pool.classes = status ? 0 : (int)pd_rows_width(in);
    if (!status && !(files->passes_name = pd_strdup(pd_rows_name(in))))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", r->passes);
    if (!status)
        status = read_passes(files, in, err);
    pd_rows_close(in);
    return status;
}

/* --- labelled rows --- */

/* A row number as two floats, each exact: below 2^44. */
static double high(double x)
{
    return fabs(x) < 0x1p60 ? floor(x / 0x1p20) : x < 0 ? -INFINITY : INFINITY; /* not beyond floats: none */
}

static double low(double x)
{
    return x - 0x1p20 * floor(x / 0x1p20);
}

static enum pd_status read_halves(const struct pd_pool_request *r, enum pd_rows_choice header,
                                  double (*half)(double), float **out, int64_t *count, struct pd_error *err)
{
    static const char *const names[] = {"labelled", "row", NULL};
    const struct pd_rows_request request = {
        .names = names, .header = header, .index = PD_ROWS_NO, .whole = true, .map = half};
    struct pd_rows *in;
    float block[4096];
    const float *numbers = NULL;
    int64_t capacity = 0, n = 1;
    *count = 0;
    enum pd_status status = pd_rows_open(r->labelled, &request, &in, err);
    if (status)
        return status;
    if (pd_rows_width(in) != 1)
        status =
            pd_fail(err, PD_ERR_MISMATCH, -1, "%s: %lld numbers in a row, expected one, of a labelled row",
                    pd_rows_name(in), (long long)pd_rows_width(in));
    while (!status && n) {
        status = pd_rows_read(in, block, sizeof block / sizeof *block, &n, err);
        if (!status && n)
            status = append(&numbers, *count, capacity, block, n, 1, err);
        if (*count + n > capacity)
            capacity = 2 * (*count + n);
        *count += n;
    }
    pd_rows_close(in);
    *out = (float *)numbers;
    return status;
}

/* Each once: a mask of zeros and ones would do for row numbers otherwise. */
static enum pd_status join_halves(const char *path, int64_t count, const float *upper, const float *lower,
                                  int64_t *rows, struct pd_error *err)
{
    for (int64_t i = 0; i < count; i++) {
        const double x = 0x1p20 * (double)upper[i] + (double)lower[i];
        if (!(x >= 0 && x < 0x1p44) || x != floor(x))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: number %lld is %g, expected that of a labelled row",
                           path, (long long)i, x);
        rows[i] = (int64_t)x;
    }
    pd_sort_integers(count, rows);
    if (count > 2 && rows[count - 1] <= 1)
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "%s: zeros and ones, a mask; expected the numbers of labelled rows, each once, as "
                       "numpy.flatnonzero(mask) gives them",
                       path);
    for (int64_t i = 1; i < count; i++)
        if (rows[i] == rows[i - 1])
            return pd_fail(err, PD_ERR_FORMAT, -1,
                           "%s: row %lld comes twice, expected the numbers of labelled rows, each once", path,
                           (long long)rows[i]);
    return PD_OK;
}

/* That is no blank, nor of a '#' line. EOF: an empty file, as a list of labelled rows is before the first
 * label; 0: none that can be read. */
static int first_byte(const char *path)
{
    struct stat info;
    FILE *file = !stat(path, &info) && S_ISREG(info.st_mode) ? fopen(path, "rbe") : NULL;
    int first = file ? getc(file) : 0;
    for (bool comment = false; isspace(first) || first == '#' || (comment && first != EOF);
         first = getc(file))
        comment = first == '#' || (comment && first != '\n' && first != '\r');
    if (file)
        (void)fclose(file);
    return first;
}

enum pd_status pd_pool_labelled_read(struct pd_pool_files *files, struct pd_error *err)
{
    const struct pd_pool_request *r = &files->request;
    float *upper = NULL, *lower = NULL;
    int64_t count = 0, again = 0, *rows = NULL;
    const int first = first_byte(r->labelled);
    if (first == EOF)
        return PD_OK;
    /* A number is a row, whatever the other files' first lines are: a labelled row would be selected again.
     */
    enum pd_rows_choice header = PD_ROWS_NO;
    struct pd_error why;
    enum pd_status status = read_halves(r, header, high, &upper, &count, &why);
    if ((status == PD_ERR_FORMAT || status == PD_ERR_USAGE) && !count && r->header != PD_ROWS_NO &&
        !isdigit(first)) {
        header = PD_ROWS_YES;
        pd_free(upper);
        upper = NULL;
        status = read_halves(r, header, high, &upper, &count, &why);
    }
    if (status)
        pd_pass_on(&why, err);
    else
        status = read_halves(r, header, low, &lower, &again, err);
    if (!status && again != count)
        status = pd_fail(err, PD_ERR_IO, -1, "%s: it changed while it was read", r->labelled);
    if (!status && !(rows = pd_calloc((size_t)count + 1, sizeof *rows)))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", r->labelled);
    files->zero_first = !status && header == PD_ROWS_NO && r->header != PD_ROWS_NO && count > 1 &&
                        upper[0] == 0 && lower[0] == 0;
    if (!status)
        status = join_halves(r->labelled, count, upper, lower, rows, err);
    pd_free(upper);
    pd_free(lower);
    files->pool.labelled_rows = rows;
    files->pool.labelled = status ? 0 : count;
    return status;
}
