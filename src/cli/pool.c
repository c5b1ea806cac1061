#include "cli/pool.h"

#include "base/mem.h"
#include "cli/progress.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A block stays in the processor's last cache, and is long enough to wake threads for. */
enum { BLOCK_FLOATS = 1 << 19, BLOCK_ROWS_LEAST = 64 };

/* Rows of probabilities whose sums are so far from 1 were rounded to few digits. */
#define ROUNDED 0.005

static int64_t width_of(const struct pd_rows *rows)
{
    return rows ? pd_rows_width(rows) : 0;
}

static int64_t classes_of(const struct pool *pool)
{
    return pool->class_logits && pool->request->binary ? 2 : width_of(pool->class_logits);
}

static enum pd_status reserve(struct pool *pool, struct pd_error *err)
{
    const int64_t width = width_of(pool->logit) + classes_of(pool);
    const int64_t rows = BLOCK_FLOATS / (1 + width);
    pool->most = rows > BLOCK_ROWS_LEAST ? rows : BLOCK_ROWS_LEAST;
    pool->block = pd_calloc((size_t)pool->most, (size_t)width * sizeof(float));
    return pool->block
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for rows of %lld logits", (long long)width);
}

static enum pd_status check_classes(const struct pool *pool, struct pd_error *err)
{
    const long long width = pd_rows_width(pool->class_logits);
    const char *name = pd_rows_name(pool->class_logits);
    if (pool->request->binary)
        return width == 1 ? PD_OK
                          : pd_fail(err, PD_ERR_MISMATCH, -1,
                                    "%s: %lld numbers in a row, --binary expects one", name, width);
    return width > 1 && width <= INT_MAX
               ? PD_OK
               : pd_fail(err, PD_ERR_MISMATCH, -1,
                         "%s: %lld numbers in a row, expected the logits of 2 or more classes%s", name, width,
                         width == 1 ? " (--binary: one number, for the second of two classes)" : "");
}

static enum pd_status check_widths(const struct pool *pool, struct pd_error *err)
{
    if (pool->logit && pd_rows_width(pool->logit) != 1)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: %lld numbers in a row, expected one logit",
                       pd_rows_name(pool->logit), (long long)pd_rows_width(pool->logit));
    return pool->class_logits ? check_classes(pool, err) : PD_OK;
}

static enum pd_status missing(const struct pd_strategy *s, const char *option, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_USAGE, -1, "%s is missing: strategy '%s' needs it", option, s->name);
}

static enum pd_status check_request(const struct pool_request *r, const struct pd_strategy *s,
                                    struct pd_error *err)
{
    const bool any = !s->needs_logit && !s->needs_class_logits;
    if (s->needs_logit && !*r->logits)
        return missing(s, "--logits", err);
    if (s->needs_class_logits && !*r->class_logits)
        return missing(s, "--class-logits", err);
    if (any && !*r->logits && !*r->class_logits)
        return missing(s, "--logits or --class-logits", err);
    if (r->log_probabilities && (r->probabilities == PD_ROWS_YES || r->binary))
        return pd_fail(err, PD_ERR_USAGE, -1, "--log-probabilities does not go with --%s",
                       r->binary ? "binary" : "probabilities");
    return PD_OK;
}

enum pd_status pool_open(struct pool *pool, const struct pd_strategy *s, const struct pool_request *r,
                         struct pd_error *err)
{
    static const char *const logit_names[] = {"logit", "logits", NULL};
    static const char *const class_names[] = {"class_logits", "class_logit", NULL};
    const bool any = !s->needs_logit && !s->needs_class_logits,
               two = r->binary && r->probabilities == PD_ROWS_YES;
    const struct pd_rows_request logit = {logit_names, r->header,
                                          r->index,    false,
                                          r->bfloat16, r->sigmoid == PD_ROWS_YES ? pd_logit_of : NULL},
                                 classes = {class_names, r->header,   r->index,
                                            false,       r->bfloat16, two ? pd_logit_of : NULL};
    *pool = (struct pool){.request = r,
                          .judge_logit = s->needs_logit && r->sigmoid == PD_ROWS_AUTO,
                          .judge_classes = s->needs_class_logits && r->probabilities == PD_ROWS_AUTO &&
                                           !r->log_probabilities};
    enum pd_status status = check_request(r, s, err);
    if (!status && (s->needs_logit || (any && *r->logits)))
        status = pd_rows_open(r->logits, &logit, &pool->logit, err);
    if (!status && (s->needs_class_logits || !pool->logit))
        status = pd_rows_open(r->class_logits, &classes, &pool->class_logits, err);
    if (!status)
        status = check_widths(pool, err);
    return status ? status : reserve(pool, err);
}

void pool_close(struct pool *pool)
{
    pd_rows_close(pool->logit);
    pd_rows_close(pool->class_logits);
    pd_free(pool->block);
    *pool = (struct pool){.logit = NULL};
}

static void describe(const struct pd_rows *rows)
{
    char text[512] = "";
    struct progress none = {.terminal = false};
    if (rows)
        pd_rows_describe(rows, text, sizeof text);
    if (*text)
        progress_line(&none, "%s", text);
}

void pool_describe(const struct pool *pool)
{
    struct progress none = {.terminal = false};
    describe(pool->logit);
    describe(pool->class_logits);
    if (classes_of(pool) > pool->rows)
        progress_line(&none, "%s: %lld rows of %lld classes: is it transposed?",
                      pd_rows_name(pool->class_logits), (long long)pool->rows, (long long)classes_of(pool));
    if (pool->off > ROUNDED)
        progress_line(
            &none, "%s: rows sum to 1 within %.2g only, as rounded numbers do: taken as parts of their sum",
            pd_rows_name(pool->class_logits), pool->off);
    if (pool->saturated)
        progress_line(
            &none,
            "%s: %lld of %lld are exactly 0 or 1, and come last or first: their logits would order them",
            pd_rows_name(pool->logit), (long long)pool->saturated, (long long)pool->rows);
}

/* --- are these logits? --- */

static enum pd_status judge_logit(struct pool *pool, const struct pd_pool *block, struct pd_error *err)
{
    const bool judge = pool->judge_logit;
    pool->judge_logit = false;
    if (!judge || pd_scale_of_numbers(block->n, block->logit) == PD_SCALE_LOGITS)
        return PD_OK;
    return pd_fail(
        err, PD_ERR_USAGE, -1,
        "%s: all within [0, 1], as after a sigmoid: --sigmoid if they are, --no-sigmoid if they are "
        "logits before it",
        pd_rows_name(pool->logit));
}

static enum pd_status judge_classes(struct pool *pool, const struct pd_pool *block, struct pd_error *err)
{
    static const char *const words[] = {
        [PD_SCALE_PROBABILITIES] =
            "rows within [0, 1] that sum to 1, probabilities: --probabilities if they are",
        [PD_SCALE_PERCENTAGES] = "rows that sum to 100, percentages: divide by 100 and give --probabilities",
        [PD_SCALE_SIGMOIDS] =
            "all within [0, 1], as after a sigmoid for each class: take the numbers before it"};
    const bool judge = pool->judge_classes;
    pool->judge_classes = false;
    if (!judge)
        return PD_OK;
    const enum pd_scale scale = pool->request->binary
                                    ? pd_scale_of_numbers(block->n, block->class_logits + block->n)
                                    : pd_scale_of_classes(block->n, block->classes, block->class_logits);
    if (scale == PD_SCALE_LOGITS)
        return PD_OK;
    return pd_fail(err, PD_ERR_USAGE, -1, "%s: %s, --no-probabilities if they are logits before the softmax",
                   pd_rows_name(pool->class_logits),
                   words[pool->request->binary ? PD_SCALE_PROBABILITIES : scale]);
}

/* pd_logit_of has been at all of them. */
static enum pd_status check_logits_of(const struct pool *pool, const struct pd_rows *rows, int64_t n,
                                      const float *logit, int64_t *saturated, struct pd_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (isnan(logit[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "%s: row %lld: no probability, expected 0 to 1",
                           pd_rows_name(rows), (long long)(pool->rows + i));
        *saturated += fabsf(logit[i]) == (float)PD_LOGIT_MOST;
    }
    return PD_OK;
}

static enum pd_status to_logits(struct pool *pool, const struct pd_pool *block, float *classes,
                                struct pd_error *err)
{
    const struct pool_request *r = pool->request;
    int64_t surest = 0;
    enum pd_status status = block->logit ? judge_logit(pool, block, err) : PD_OK;
    if (!status && block->logit && r->sigmoid == PD_ROWS_YES)
        status = check_logits_of(pool, pool->logit, block->n, block->logit, &pool->saturated, err);
    if (!status && classes)
        status = judge_classes(pool, block, err);
    if (!status && classes && r->binary && r->probabilities == PD_ROWS_YES)
        status = check_logits_of(pool, pool->class_logits, block->n, classes + block->n, &surest, err);
    if (status || !classes)
        return status;
    if (r->binary)
        pd_logits_of_two(block->n, classes);
    else if (r->log_probabilities || r->probabilities == PD_ROWS_YES)
        status =
            pd_class_logits_from(r->log_probabilities ? PD_SCALE_LOG_PROBABILITIES : PD_SCALE_PROBABILITIES,
                                 pool->rows, block->n, block->classes, classes, &pool->off, err);
    return status;
}

/* --- as a source --- */

static enum pd_status fail_lengths(const struct pool *pool, int64_t logits, int64_t class_logits,
                                   struct pd_error *err)
{
    const bool fewer = logits < class_logits;
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s ends after %lld rows, %s has more",
                   pd_rows_name(fewer ? pool->logit : pool->class_logits),
                   (long long)(pool->rows + (fewer ? logits : class_logits)),
                   pd_rows_name(fewer ? pool->class_logits : pool->logit));
}

/* One number of two classes waits in the second half. */
static enum pd_status read_classes(struct pool *pool, float *classes, int64_t *rows, struct pd_error *err)
{
    if (!pool->request->binary)
        return pd_rows_read(pool->class_logits, classes, pool->most, rows, err);
    enum pd_status status = pd_rows_read(pool->class_logits, classes + pool->most, pool->most, rows, err);
    memmove(classes + *rows, classes + pool->most, (size_t)*rows * sizeof *classes);
    return status;
}

static enum pd_status next(void *context, struct pd_pool *block, struct pd_error *err)
{
    struct pool *pool = context;
    float *classes = pool->class_logits ? pool->block + (pool->logit ? pool->most : 0) : NULL;
    int64_t logits = 0, rows = 0;
    enum pd_status status = PD_OK;
    if (pool->logit)
        status = pd_rows_read(pool->logit, pool->block, pool->most, &logits, err);
    if (!status && classes)
        status = read_classes(pool, classes, &rows, err);
    if (!status && pool->logit && classes && logits != rows)
        status = fail_lengths(pool, logits, rows, err);
    *block = (struct pd_pool){status        ? 0
                              : pool->logit ? logits
                                            : rows,
                              (int)classes_of(pool), pool->logit ? pool->block : NULL, classes};
    if (!status && block->n)
        status = to_logits(pool, block, classes, err);
    pool->rows += block->n;
    return status;
}

static enum pd_status rewind_both(void *context, struct pd_error *err)
{
    struct pool *pool = context;
    enum pd_status status = pool->logit ? pd_rows_rewind(pool->logit, err) : PD_OK;
    if (!status && pool->class_logits)
        status = pd_rows_rewind(pool->class_logits, err);
    pool->rows = pool->saturated = 0;
    return status;
}

struct pd_pool_source pool_source(struct pool *pool)
{
    return (struct pd_pool_source){pool, next, rewind_both};
}

/* --- features of some rows --- */

struct place {
    int64_t row, at;
};

static int by_row(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* places (n) by row; the whole file is read, so that its length is known. */
static enum pd_status gather(struct pd_rows *in, int64_t expected, int64_t n, const struct place *places,
                             float *block, int64_t most, float *features, struct pd_error *err)
{
    const int64_t width = pd_rows_width(in);
    int64_t first = 0, taken = 0;
    for (int64_t got = 1; got; first += got) {
        enum pd_status status = pd_rows_read(in, block, most, &got, err);
        if (status)
            return status;
        for (; taken < n && places[taken].row < first + got; taken++)
            memcpy(features + places[taken].at * width, block + (places[taken].row - first) * width,
                   (size_t)width * sizeof *features);
    }
    if (first == expected)
        return PD_OK;
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s has %lld rows, the logits have %lld", pd_rows_name(in),
                   (long long)first, (long long)expected);
}

static struct place *sort_places(int64_t n, const int64_t *rows)
{
    struct place *places = pd_calloc((size_t)n, sizeof *places);
    for (int64_t i = 0; places && i < n; i++)
        places[i] = (struct place){rows[i], i};
    if (places && n)
        qsort(places, (size_t)n, sizeof *places, by_row);
    return places;
}

enum pd_status pool_gather(const char *path, const struct pool_request *request, int64_t expected, int64_t n,
                           const int64_t *rows, int64_t *width, float **features, struct pd_error *err)
{
    static const char *const names[] = {"features", "feature", NULL};
    struct pd_rows *in;
    const struct pd_rows_request plain = {names, request->header,   request->index,
                                          true,  request->bfloat16, NULL};
    enum pd_status status = pd_rows_open(path, &plain, &in, err);
    *features = NULL;
    if (status)
        return status;
    *width = pd_rows_width(in);
    const int64_t fit = BLOCK_FLOATS / *width, most = fit ? fit : 1;
    struct place *places = sort_places(n, rows);
    float *block = pd_calloc((size_t)most, (size_t)*width * sizeof *block);
    *features = pd_calloc((size_t)n, (size_t)*width * sizeof **features);
    if (places && block && *features)
        status = gather(in, expected, n, places, block, most, *features, err);
    else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for features of %lld rows", (long long)n);
    if (!status)
        describe(in);
    pd_free(places);
    pd_free(block);
    pd_rows_close(in);
    return status;
}
