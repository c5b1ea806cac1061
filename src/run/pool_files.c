/* A pool in files (paydirt/pool.h). */
#include "base/mem.h"
#include "select/probability.h"

#include <paydirt/pool.h>

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct pd_pool_files {
    struct pd_pool_request request;
    struct pd_rows *logit, *class_logits; /* NULL where the strategy does not need it */
    float *block;                         /* both of them, for most rows */
    int64_t most;
    int64_t rows;                    /* read since the last rewind */
    double off;                      /* farthest sum of a row of probabilities from 1 */
    int64_t saturated;               /* of them with a probability of exactly 0 or 1 that they are real */
    bool judge_logit, judge_classes; /* by the first block: are these logits? */
};

/* A block stays in the processor's last cache, and is long enough to wake threads for. */
enum { BLOCK_FLOATS = 1 << 19, BLOCK_ROWS_LEAST = 64 };

/* Rows of probabilities whose sums are so far from 1 were rounded to few digits. */
#define ROUNDED 0.005

static bool is_given(const char *path)
{
    return path && *path;
}

static int64_t width_of(const struct pd_rows *rows)
{
    return rows ? pd_rows_width(rows) : 0;
}

static int64_t classes_of(const struct pd_pool_files *files)
{
    return files->class_logits && files->request.binary ? 2 : width_of(files->class_logits);
}

static enum pd_status reserve(struct pd_pool_files *files, struct pd_error *err)
{
    const int64_t width = width_of(files->logit) + classes_of(files);
    const int64_t rows = BLOCK_FLOATS / (1 + width);
    files->most = rows > BLOCK_ROWS_LEAST ? rows : BLOCK_ROWS_LEAST;
    files->block = pd_calloc((size_t)files->most, (size_t)width * sizeof(float));
    return files->block
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for rows of %lld logits", (long long)width);
}

static enum pd_status check_classes(const struct pd_pool_files *files, struct pd_error *err)
{
    const long long width = pd_rows_width(files->class_logits);
    const char *name = pd_rows_name(files->class_logits);
    if (files->request.binary)
        return width == 1 ? PD_OK
                          : pd_hint(err,
                                    pd_fail(err, PD_ERR_MISMATCH, -1,
                                            "%s: %lld numbers in a row, expected one, the second class's",
                                            name, width),
                                    "binary");
    if (width > 1 && width <= INT_MAX)
        return PD_OK;
    const enum pd_status status =
        pd_fail(err, PD_ERR_MISMATCH, -1,
                "%s: %lld numbers in a row, expected the logits of 2 or more classes", name, width);
    return width == 1 ? pd_hint(err, status, "one number, for the second of two classes: binary") : status;
}

static enum pd_status check_widths(const struct pd_pool_files *files, struct pd_error *err)
{
    if (files->logit && pd_rows_width(files->logit) != 1)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: %lld numbers in a row, expected one logit",
                       pd_rows_name(files->logit), (long long)pd_rows_width(files->logit));
    return files->class_logits ? check_classes(files, err) : PD_OK;
}

static enum pd_status missing(const struct pd_strategy *s, const char *option, struct pd_error *err)
{
    return pd_hint(err,
                   pd_fail(err, PD_ERR_USAGE, -1, "%s is missing: strategy '%s' needs it", option, s->name),
                   "%s", option);
}

static enum pd_status check_request(const struct pd_pool_request *r, const struct pd_strategy *s,
                                    struct pd_error *err)
{
    const bool any = !s->needs_logit && !s->needs_class_logits;
    if (s->needs_logit && !is_given(r->logits))
        return missing(s, "logits", err);
    if (s->needs_class_logits && !is_given(r->class_logits))
        return missing(s, "class-logits", err);
    if (any && !is_given(r->logits) && !is_given(r->class_logits))
        return pd_hint(err, missing(s, "logits", err), "or: class-logits");
    if (r->log_probabilities && (r->probabilities == PD_ROWS_YES || r->binary))
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "log-probabilities does not go with %s",
                               r->binary ? "binary" : "probabilities"),
                       "log-probabilities");
    return PD_OK;
}

static enum pd_status open_files(struct pd_pool_files *files, const struct pd_strategy *s,
                                 struct pd_error *err)
{
    static const char *const logit_names[] = {"logit", "logits", NULL};
    static const char *const class_names[] = {"class_logits", "class_logit", NULL};
    const struct pd_pool_request *r = &files->request;
    const bool any = !s->needs_logit && !s->needs_class_logits,
               two = r->binary && r->probabilities == PD_ROWS_YES;
    const struct pd_rows_request logit = {logit_names, r->header,
                                          r->index,    false,
                                          r->bfloat16, r->sigmoid == PD_ROWS_YES ? pd_logit_of : NULL},
                                 classes = {class_names, r->header,   r->index,
                                            false,       r->bfloat16, two ? pd_logit_of : NULL};
    enum pd_status status = PD_OK;
    if (s->needs_logit || (any && is_given(r->logits)))
        status = pd_rows_open(r->logits, &logit, &files->logit, err);
    if (!status && (s->needs_class_logits || !files->logit))
        status = pd_rows_open(r->class_logits, &classes, &files->class_logits, err);
    if (!status)
        status = check_widths(files, err);
    return status ? status : reserve(files, err);
}

enum pd_status pd_pool_files_open(const struct pd_strategy *s, const struct pd_pool_request *r,
                                  struct pd_pool_files **out, struct pd_error *err)
{
    *out = NULL;
    enum pd_status status = check_request(r, s, err);
    if (status)
        return status;
    struct pd_pool_files *files = pd_calloc(1, sizeof *files);
    if (!files)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a pool");
    *files = (struct pd_pool_files){
        .request = *r,
        .judge_logit = s->needs_logit && r->sigmoid == PD_ROWS_AUTO,
        .judge_classes = s->needs_class_logits && r->probabilities == PD_ROWS_AUTO && !r->log_probabilities};
    status = open_files(files, s, err);
    if (status)
        pd_pool_files_close(files);
    else
        *out = files;
    return status;
}

void pd_pool_files_close(struct pd_pool_files *files)
{
    if (!files)
        return;
    pd_rows_close(files->logit);
    pd_rows_close(files->class_logits);
    pd_free(files->block);
    pd_free(files);
}

/* --- how they were understood --- */

struct listener {
    void (*line)(void *context, const char *words);
    void *context;
};

static void tell(const struct listener *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(const struct listener *l, const char *format, ...)
{
    char words[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    l->line(l->context, words);
}

static void describe(const struct pd_rows *rows, const struct listener *l)
{
    char text[512] = "";
    if (rows)
        pd_rows_describe(rows, text, sizeof text);
    if (*text)
        tell(l, "%s", text);
}

void pd_pool_files_describe(const struct pd_pool_files *files, void (*line)(void *context, const char *words),
                            void *context)
{
    const struct listener l = {line, context};
    const long long rows = files->rows;
    describe(files->logit, &l);
    describe(files->class_logits, &l);
    if (classes_of(files) > rows)
        tell(&l, "%s: %lld rows of %lld classes: is it transposed?", pd_rows_name(files->class_logits), rows,
             (long long)classes_of(files));
    if (files->off > ROUNDED)
        tell(&l, "%s: rows sum to 1 within %.2g only, as rounded numbers do: taken as parts of their sum",
             pd_rows_name(files->class_logits), files->off);
    if (files->saturated)
        tell(&l, "%s: %lld of %lld are exactly 0 or 1, and come last or first: their logits would order them",
             pd_rows_name(files->logit), (long long)files->saturated, rows);
}

/* --- are these logits? --- */

static enum pd_status judge_logit(struct pd_pool_files *files, const struct pd_pool *block,
                                  struct pd_error *err)
{
    const bool judge = files->judge_logit;
    files->judge_logit = false;
    if (!judge || pd_scale_of_numbers(block->n, block->logit) == PD_SCALE_LOGITS)
        return PD_OK;
    pd_fail(err, PD_ERR_USAGE, -1, "%s: all within [0, 1], as after a sigmoid", pd_rows_name(files->logit));
    pd_hint(err, PD_ERR_USAGE, "if they are: sigmoid");
    return pd_hint(err, PD_ERR_USAGE, "if they are logits before it: sigmoid=false");
}

static enum pd_status judge_classes(struct pd_pool_files *files, const struct pd_pool *block,
                                    struct pd_error *err)
{
    static const char *const words[] = {
        [PD_SCALE_PROBABILITIES] = "rows within [0, 1] that sum to 1, probabilities",
        [PD_SCALE_PERCENTAGES] = "rows that sum to 100, percentages: divide by 100",
        [PD_SCALE_SIGMOIDS] =
            "all within [0, 1], as after a sigmoid for each class: take the numbers before it"};
    const bool judge = files->judge_classes;
    files->judge_classes = false;
    if (!judge)
        return PD_OK;
    const enum pd_scale scale = files->request.binary
                                    ? pd_scale_of_numbers(block->n, block->class_logits + block->n)
                                    : pd_scale_of_classes(block->n, block->classes, block->class_logits);
    if (scale == PD_SCALE_LOGITS)
        return PD_OK;
    const enum pd_scale as = files->request.binary ? PD_SCALE_PROBABILITIES : scale;
    pd_fail(err, PD_ERR_USAGE, -1, "%s: %s", pd_rows_name(files->class_logits), words[as]);
    if (as != PD_SCALE_SIGMOIDS)
        pd_hint(err, PD_ERR_USAGE,
                as == PD_SCALE_PERCENTAGES ? "and give: probabilities" : "if they are: probabilities");
    return pd_hint(err, PD_ERR_USAGE, "if they are logits before the softmax: probabilities=false");
}

/* pd_logit_of has been at all of them. */
static enum pd_status check_logits_of(const struct pd_pool_files *files, const struct pd_rows *rows,
                                      int64_t n, const float *logit, int64_t *saturated, struct pd_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (isnan(logit[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "%s: row %lld: no probability, expected 0 to 1",
                           pd_rows_name(rows), (long long)(files->rows + i));
        *saturated += fabsf(logit[i]) == (float)PD_LOGIT_MOST;
    }
    return PD_OK;
}

static enum pd_status to_logits(struct pd_pool_files *files, const struct pd_pool *block, float *classes,
                                struct pd_error *err)
{
    const struct pd_pool_request *r = &files->request;
    int64_t surest = 0;
    enum pd_status status = block->logit ? judge_logit(files, block, err) : PD_OK;
    if (!status && block->logit && r->sigmoid == PD_ROWS_YES)
        status = check_logits_of(files, files->logit, block->n, block->logit, &files->saturated, err);
    if (!status && classes)
        status = judge_classes(files, block, err);
    if (!status && classes && r->binary && r->probabilities == PD_ROWS_YES)
        status = check_logits_of(files, files->class_logits, block->n, classes + block->n, &surest, err);
    if (status || !classes)
        return status;
    if (r->binary)
        pd_logits_of_two(block->n, classes);
    else if (r->log_probabilities || r->probabilities == PD_ROWS_YES)
        status =
            pd_class_logits_from(r->log_probabilities ? PD_SCALE_LOG_PROBABILITIES : PD_SCALE_PROBABILITIES,
                                 files->rows, block->n, block->classes, classes, &files->off, err);
    return status;
}

/* --- as a source --- */

static enum pd_status fail_lengths(const struct pd_pool_files *files, int64_t logits, int64_t class_logits,
                                   struct pd_error *err)
{
    const bool fewer = logits < class_logits;
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s ends after %lld rows, %s has more",
                   pd_rows_name(fewer ? files->logit : files->class_logits),
                   (long long)(files->rows + (fewer ? logits : class_logits)),
                   pd_rows_name(fewer ? files->class_logits : files->logit));
}

/* One number of two classes waits in the second half. */
static enum pd_status read_classes(struct pd_pool_files *files, float *classes, int64_t *rows,
                                   struct pd_error *err)
{
    if (!files->request.binary)
        return pd_rows_read(files->class_logits, classes, files->most, rows, err);
    enum pd_status status = pd_rows_read(files->class_logits, classes + files->most, files->most, rows, err);
    memmove(classes + *rows, classes + files->most, (size_t)*rows * sizeof *classes);
    return status;
}

static enum pd_status next(void *context, struct pd_pool *block, struct pd_error *err)
{
    struct pd_pool_files *files = context;
    float *classes = files->class_logits ? files->block + (files->logit ? files->most : 0) : NULL;
    int64_t logits = 0, rows = 0;
    enum pd_status status = PD_OK;
    if (files->logit)
        status = pd_rows_read(files->logit, files->block, files->most, &logits, err);
    if (!status && classes)
        status = read_classes(files, classes, &rows, err);
    if (!status && files->logit && classes && logits != rows)
        status = fail_lengths(files, logits, rows, err);
    *block = (struct pd_pool){status         ? 0
                              : files->logit ? logits
                                             : rows,
                              (int)classes_of(files), files->logit ? files->block : NULL, classes};
    if (!status && block->n)
        status = to_logits(files, block, classes, err);
    files->rows += block->n;
    return status;
}

static enum pd_status rewind_both(void *context, struct pd_error *err)
{
    struct pd_pool_files *files = context;
    enum pd_status status = files->logit ? pd_rows_rewind(files->logit, err) : PD_OK;
    if (!status && files->class_logits)
        status = pd_rows_rewind(files->class_logits, err);
    files->rows = files->saturated = 0;
    return status;
}

struct pd_pool_source pd_pool_files_source(struct pd_pool_files *files)
{
    return (struct pd_pool_source){files, next, rewind_both};
}
