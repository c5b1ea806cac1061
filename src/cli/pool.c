#include "cli/pool.h"

#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A block stays in the processor's last cache, and is long enough to wake threads for. */
enum { BLOCK_FLOATS = 1 << 19, BLOCK_ROWS_LEAST = 64 };

static int64_t width_of(const struct pd_rows *rows)
{
    return rows ? pd_rows_width(rows) : 0;
}

static enum pd_status reserve(struct pool *pool, struct pd_error *err)
{
    const int64_t width = width_of(pool->logit) + width_of(pool->class_logits);
    const int64_t rows = BLOCK_FLOATS / (1 + width);
    pool->most = rows > BLOCK_ROWS_LEAST ? rows : BLOCK_ROWS_LEAST;
    pool->block = pd_calloc((size_t)pool->most, (size_t)width * sizeof(float));
    return pool->block
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for rows of %lld logits", (long long)width);
}

static enum pd_status check_widths(const struct pool *pool, struct pd_error *err)
{
    if (pool->logit && pd_rows_width(pool->logit) != 1)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: %lld numbers in a row, expected one logit",
                       pd_rows_name(pool->logit), (long long)pd_rows_width(pool->logit));
    if (pool->class_logits &&
        (pd_rows_width(pool->class_logits) < 2 || pd_rows_width(pool->class_logits) > INT_MAX))
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: %lld numbers in a row, expected the logits of 2 or more classes",
                       pd_rows_name(pool->class_logits), (long long)pd_rows_width(pool->class_logits));
    return PD_OK;
}

static enum pd_status missing(const struct pd_strategy *s, const char *option, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_USAGE, -1, "%s is missing: strategy '%s' needs it", option, s->name);
}

enum pd_status pool_open(struct pool *pool, const struct pd_strategy *s, const char *logits,
                         const char *class_logits, struct pd_error *err)
{
    static const char *const logit_names[] = {"logit", "logits", NULL};
    static const char *const class_names[] = {"class_logits", "class_logit", NULL};
    const bool any = !s->needs_logit && !s->needs_class_logits;
    enum pd_status status = PD_OK;
    *pool = (struct pool){.logit = NULL};
    if (s->needs_logit && !*logits)
        return missing(s, "--logits", err);
    if (s->needs_class_logits && !*class_logits)
        return missing(s, "--class-logits", err);
    if (any && !*logits && !*class_logits)
        return missing(s, "--logits or --class-logits", err);
    if (s->needs_logit || (any && *logits))
        status = pd_rows_open(logits, logit_names, &pool->logit, err);
    if (!status && (s->needs_class_logits || !pool->logit))
        status = pd_rows_open(class_logits, class_names, &pool->class_logits, err);
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

static enum pd_status next(void *context, struct pd_pool *block, struct pd_error *err)
{
    struct pool *pool = context;
    float *class_logits = pool->block + (pool->logit ? pool->most : 0);
    int64_t logits = 0, rows = 0;
    enum pd_status status = PD_OK;
    if (pool->logit)
        status = pd_rows_read(pool->logit, pool->block, pool->most, &logits, err);
    if (!status && pool->class_logits)
        status = pd_rows_read(pool->class_logits, class_logits, pool->most, &rows, err);
    if (!status && pool->logit && pool->class_logits && logits != rows)
        status = fail_lengths(pool, logits, rows, err);
    block->n = status ? 0 : pool->logit ? logits : rows;
    block->classes = (int)width_of(pool->class_logits);
    block->logit = pool->logit ? pool->block : NULL;
    block->class_logits = pool->class_logits ? class_logits : NULL;
    pool->rows += block->n;
    return status;
}

static enum pd_status rewind_both(void *context, struct pd_error *err)
{
    struct pool *pool = context;
    enum pd_status status = pool->logit ? pd_rows_rewind(pool->logit, err) : PD_OK;
    if (!status && pool->class_logits)
        status = pd_rows_rewind(pool->class_logits, err);
    pool->rows = 0;
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

enum pd_status pool_gather(const char *path, int64_t expected, int64_t n, const int64_t *rows, int64_t *width,
                           float **features, struct pd_error *err)
{
    static const char *const names[] = {"features", "feature", NULL};
    struct pd_rows *in;
    enum pd_status status = pd_rows_open(path, names, &in, err);
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
    pd_free(places);
    pd_free(block);
    pd_rows_close(in);
    return status;
}
