/* A pool in files (paydirt/pool.h). */
#include "run/pool_files.h"

#include "base/mem.h"

#include <paydirt/probability.h>

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

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
    const struct pd_rows *classes = files->file[PD_FILE_CLASSES];
    return classes && files->request.binary ? 2 : width_of(classes);
}

static int64_t block_width(const struct pd_pool_files *files, int i)
{
    return i == PD_FILE_CLASSES ? classes_of(files) : width_of(files->file[i]);
}

static enum pd_status reserve(struct pd_pool_files *files, struct pd_error *err)
{
    int64_t width = 0;
    for (int i = 0; i < PD_POOL_FILES; i++)
        width += block_width(files, i);
    const int64_t rows = BLOCK_FLOATS / (1 + width);
    files->most = rows > BLOCK_ROWS_LEAST ? rows : BLOCK_ROWS_LEAST;
    for (int i = 0; i < PD_POOL_FILES; i++) {
        if (!files->file[i])
            continue;
        files->block[i] = pd_calloc((size_t)files->most, (size_t)block_width(files, i) * sizeof(float));
        if (!files->block[i])
            return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for rows of %lld numbers",
                           (long long)width);
    }
    return PD_OK;
}

/* Columns that one that people named stands beside. */
static int64_t beside(const struct pd_pool_files *files)
{
    const struct pd_rows *classes = files->file[PD_FILE_CLASSES];
    return classes && strchr(files->request.class_logits, ':') ? pd_rows_beside(classes) : 0;
}

static enum pd_status check_classes(const struct pd_pool_files *files, struct pd_error *err)
{
    const long long width = pd_rows_width(files->file[PD_FILE_CLASSES]);
    const char *name = pd_rows_name(files->file[PD_FILE_CLASSES]);
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
    if (width == 1 && beside(files) > 1)
        return pd_hint(err, status, "the columns beside it, which begin so: class-logits=%s_*",
                       files->request.class_logits);
    return width == 1 ? pd_hint(err, status, "one number, for the second of two classes: binary") : status;
}

static enum pd_status check_widths(const struct pd_pool_files *files, struct pd_error *err)
{
    if (files->file[PD_FILE_LOGIT] && pd_rows_width(files->file[PD_FILE_LOGIT]) != 1)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: %lld numbers in a row, expected one logit",
                       pd_rows_name(files->file[PD_FILE_LOGIT]),
                       (long long)pd_rows_width(files->file[PD_FILE_LOGIT]));
    return files->file[PD_FILE_CLASSES] ? check_classes(files, err) : PD_OK;
}

static enum pd_status missing(const struct pd_strategy *s, const char *option, struct pd_error *err)
{
    return pd_hint(err,
                   pd_fail(err, PD_ERR_USAGE, -1, "%s is missing: strategy '%s' needs it", option, s->name),
                   "%s", option);
}

/* Parts of a pool, and what a request calls them. */
static const struct {
    unsigned need;
    const char *option;
    size_t path; /* of a request */
} parts[] = {{PD_POOL_LOGIT, "logits", offsetof(struct pd_pool_request, logits)},
             {PD_POOL_CLASS_LOGITS, "class-logits", offsetof(struct pd_pool_request, class_logits)},
             {PD_POOL_FEATURES, "features", offsetof(struct pd_pool_request, features)},
             {PD_POOL_PASSES, "passes", offsetof(struct pd_pool_request, passes)}};

enum { PARTS = sizeof parts / sizeof parts[0] };

static enum pd_status check_request(const struct pd_pool_request *r, const struct pd_strategy *s,
                                    struct pd_error *err)
{
    for (int i = 0; i < PARTS; i++)
        if (s->needs & parts[i].need && !is_given(*(const char *const *)((const char *)r + parts[i].path)))
            return missing(s, parts[i].option, err);
    if (!s->needs && !is_given(r->logits) && !is_given(r->class_logits))
        return pd_hint(err, missing(s, "logits", err), "or: class-logits");
    if (r->log_probabilities && (r->probabilities == PD_ROWS_YES || r->binary))
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "log-probabilities does not go with %s",
                               r->binary ? "binary" : "probabilities"),
                       "log-probabilities");
    return PD_OK;
}

static enum pd_status open_files(struct pd_pool_files *files, unsigned needs, struct pd_error *err)
{
    static const char *const names[PD_POOL_FILES][3] = {
        {"logit", "logits", NULL}, {"class_logits", "class_logit", NULL}, {"features", "feature", NULL}};
    const struct pd_pool_request *r = &files->request;
    const bool two = r->binary && r->probabilities == PD_ROWS_YES;
    double (*const maps[PD_POOL_FILES])(double) = {r->sigmoid == PD_ROWS_YES ? pd_logit_of : NULL,
                                                   two ? pd_logit_of : NULL, NULL};
    const char *const paths[PD_POOL_FILES] = {r->logits, r->class_logits, r->features};
    enum pd_status status = PD_OK;
    for (int i = 0; i < PD_POOL_FILES && !status; i++) {
        const struct pd_rows_request request = {.names = names[i],
                                                .header = r->header,
                                                .index = r->index,
                                                .whole = i == PD_FILE_FEATURES,
                                                .classes = i == PD_FILE_CLASSES && pd_pool_has_logits(r),
                                                .low = r->log_probabilities,
                                                .features = i == PD_FILE_FEATURES,
                                                .bfloat16 = r->bfloat16,
                                                .map = maps[i]};
        if (needs & parts[i].need)
            status = pd_rows_open(paths[i], &request, &files->file[i], err);
    }
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
    /* One that needs nothing takes either, for the number of rows. */
    const unsigned needs = s->needs ? s->needs : is_given(r->logits) ? PD_POOL_LOGIT : PD_POOL_CLASS_LOGITS;
    *files =
        (struct pd_pool_files){.request = *r,
                               .judge_logit = s->needs & PD_POOL_LOGIT && r->sigmoid == PD_ROWS_AUTO,
                               .judge_classes = s->needs & PD_POOL_CLASS_LOGITS &&
                                                r->probabilities == PD_ROWS_AUTO && !r->log_probabilities};
    status = open_files(files, needs, err);
    if (!status && needs & PD_POOL_PASSES)
        status = pd_pool_passes_read(files, err);
    if (!status && is_given(r->labelled))
        status = pd_pool_labelled_read(files, err);
    for (int i = 0; i < PD_POOL_FILES && !status; i++)
        files->names[i] = files->file[i] ? pd_rows_name(files->file[i]) : NULL;
    files->names[PD_POOL_FILES] = files->passes_name;
    files->pool.names = files->names;
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
    for (int i = 0; i < PD_POOL_FILES; i++) {
        pd_rows_close(files->file[i]);
        pd_free(files->block[i]);
    }
    pd_free((float *)files->pool.logit);
    pd_free((float *)files->pool.class_logits);
    pd_free((float *)files->pool.features);
    pd_free((float *)files->pool.pass_logits);
    pd_free((int64_t *)files->pool.labelled_rows);
    pd_free(files->passes_name);
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
    for (int i = 0; i < PD_POOL_FILES; i++)
        describe(files->file[i], &l);
    if (files->request.binary && beside(files) > 1)
        tell(&l,
             "%s: one column of it is taken for the second of two classes, beside %lld that begin so"
             "\tall of these: class-logits=%s_*",
             pd_rows_name(files->file[PD_FILE_CLASSES]), (long long)beside(files),
             files->request.class_logits);
    if (files->zero_first)
        tell(&l, "%s: %lld labelled rows, the first of them 0: if that is a column's name, take the line out",
             files->request.labelled, (long long)files->pool.labelled);
    if (files->pool.passes)
        tell(&l, "%s: %d passes x %lld rows x %d classes", files->passes_name, files->pool.passes,
             (long long)files->pool.pass_rows, files->pool.classes);
    if (files->pool.passes > files->pool.pass_rows)
        tell(&l, "%s: more passes than rows: is it (rows, passes, classes)?", files->passes_name);
    if (rows && classes_of(files) > rows)
        tell(&l, "%s: %lld rows of %lld classes: is it transposed?",
             pd_rows_name(files->file[PD_FILE_CLASSES]), rows, (long long)classes_of(files));
    if (files->off > ROUNDED)
        tell(&l, "%s: rows sum to 1 within %.2g only, as rounded numbers do: taken as parts of their sum",
             pd_rows_name(files->file[PD_FILE_CLASSES]), files->off);
    if (files->saturated)
        tell(&l, "%s: %lld of %lld are exactly 0 or 1, and come last or first: their logits would order them",
             pd_rows_name(files->file[PD_FILE_LOGIT]), (long long)files->saturated, rows);
}

/* --- are these logits? --- */

static enum pd_status judge_logit(struct pd_pool_files *files, const struct pd_pool *block,
                                  struct pd_error *err)
{
    if (!files->judge_logit || pd_scale_of_numbers(block->n, block->logit) == PD_SCALE_LOGITS) {
        files->judge_logit = false;
        return PD_OK;
    }
    pd_fail(err, PD_ERR_USAGE, -1, "%s: all within [0, 1], as after a sigmoid",
            pd_rows_name(files->file[PD_FILE_LOGIT]));
    pd_hint(err, PD_ERR_USAGE, "if they are: sigmoid");
    return pd_hint(err, PD_ERR_USAGE, "if they are logits before it: sigmoid=false");
}

/* Labels or row numbers beside the logits would be one class more. */
static enum pd_status judge_columns(const struct pd_pool_request *request, const char *name, int64_t n,
                                    int classes, const float *values, struct pd_error *err)
{
    const int column = request->binary ? -1 : pd_column_of_numbers(n, classes, values);
    if (column < 0)
        return PD_OK;
    pd_fail(err, PD_ERR_USAGE, -1,
            "%s: column %d of %d holds whole numbers beside fractions, labels or row numbers: leave it out",
            name, column, classes);
    return pd_hint(err, PD_ERR_USAGE, "if they are logits before the softmax: probabilities=false");
}

enum pd_status pd_pool_judge_classes(const struct pd_pool_request *request, const char *name, int64_t n,
                                     int classes, const float *values, struct pd_error *err)
{
    static const char *const words[] = {
        [PD_SCALE_PROBABILITIES] = "rows within [0, 1] that sum to 1, probabilities",
        [PD_SCALE_PERCENTAGES] = "rows that sum to 100, percentages: divide by 100",
        [PD_SCALE_COUNTS] =
            "rows of one sum, none below 0, counts or sums of probabilities: divide by that sum",
        [PD_SCALE_SIGMOIDS] =
            "all within [0, 1], as after a sigmoid for each class: take the numbers before it",
        [PD_SCALE_MINUS_LOGS] = "rows of -log p, a loss for each class: take them with the other sign"};
    const enum pd_scale scale =
        request->binary ? pd_scale_of_numbers(n, values + n) : pd_scale_of_classes(n, classes, values);
    if (scale == PD_SCALE_LOGITS)
        return judge_columns(request, name, n, classes, values, err);
    const enum pd_scale as = request->binary ? PD_SCALE_PROBABILITIES : scale;
    pd_fail(err, PD_ERR_USAGE, -1, "%s: %s", name, words[as]);
    if (as == PD_SCALE_PROBABILITIES || as == PD_SCALE_PERCENTAGES || as == PD_SCALE_COUNTS)
        pd_hint(err, PD_ERR_USAGE,
                as != PD_SCALE_PROBABILITIES ? "and give: probabilities" : "if they are: probabilities");
    return pd_hint(err, PD_ERR_USAGE, "if they are logits before the softmax: probabilities=false");
}

bool pd_pool_has_logits(const struct pd_pool_request *request)
{
    return request->probabilities != PD_ROWS_YES && !request->log_probabilities;
}

static enum pd_status judge_classes(struct pd_pool_files *files, const struct pd_pool *block,
                                    struct pd_error *err)
{
    if (!files->judge_classes)
        return PD_OK;
    const enum pd_status status =
        pd_pool_judge_classes(&files->request, pd_rows_name(files->file[PD_FILE_CLASSES]), block->n,
                              block->classes, block->class_logits, err);
    files->judge_classes = status != PD_OK;
    return status;
}

enum pd_status pd_pool_fail_in(const char *name, enum pd_status status, struct pd_error *err)
{
    return status && err ? pd_fail(err, status, -1, "%s: %.400s", name, err->message) : status;
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
        status = check_logits_of(files, files->file[PD_FILE_LOGIT], block->n, block->logit, &files->saturated,
                                 err);
    if (!status && classes)
        status = judge_classes(files, block, err);
    if (!status && classes && r->binary && r->probabilities == PD_ROWS_YES)
        status =
            check_logits_of(files, files->file[PD_FILE_CLASSES], block->n, classes + block->n, &surest, err);
    if (status || !classes)
        return status;
    if (r->binary)
        pd_logits_of_two(block->n, classes);
    else if (r->log_probabilities || r->probabilities == PD_ROWS_YES)
        status = pd_pool_fail_in(
            pd_rows_name(files->file[PD_FILE_CLASSES]),
            pd_class_logits_from(r->log_probabilities ? PD_SCALE_LOG_PROBABILITIES : PD_SCALE_PROBABILITIES,
                                 files->rows, block->n, block->classes, classes, &files->off, err),
            err);
    return status;
}

/* --- as a source --- */

/* name (first has more) ends after so many rows. */
static enum pd_status fail_lengths(const struct pd_pool_files *files, const char *shorter, int64_t rows,
                                   const char *longer, struct pd_error *err)
{
    const enum pd_status status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s ends after %lld rows, %s has more",
                                          shorter, (long long)rows, longer);
    return files->request.header == PD_ROWS_YES
               ? pd_hint(err, status, "the first line of each text was taken for names: header")
               : status;
}

/* Of other rows, or in another order. */
enum pd_status pd_pool_files_check(const struct pd_pool_files *files, const struct pd_rows *other,
                                   struct pd_error *err)
{
    const char *columns[2];
    for (int i = 0; i < PD_POOL_FILES; i++)
        if (files->file[i] && !pd_rows_agree(files->file[i], other, columns))
            return pd_fail(
                err, PD_ERR_MISMATCH, -1,
                "%s (column '%.60s') and %s ('%.60s') name their rows otherwise: expected the same "
                "rows in the same order",
                pd_rows_name(files->file[i]), columns[0], pd_rows_name(other), columns[1]);
    return PD_OK;
}

static enum pd_status check_names(const struct pd_pool_files *files, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 1; i < PD_POOL_FILES && !status; i++)
        if (files->file[i])
            status = pd_pool_files_check(files, files->file[i], err);
    return status;
}

/* One number of two classes waits in the second half. */
static enum pd_status read_file(struct pd_pool_files *files, int i, int64_t *rows, struct pd_error *err)
{
    float *to = files->block[i];
    if (i != PD_FILE_CLASSES || !files->request.binary)
        return pd_rows_read(files->file[i], to, files->most, rows, err);
    enum pd_status status = pd_rows_read(files->file[i], to + files->most, files->most, rows, err);
    memmove(to + *rows, to + files->most, (size_t)*rows * sizeof *to);
    return status;
}

/* The same number of rows from each. */
static enum pd_status read_files(struct pd_pool_files *files, int64_t *n, struct pd_error *err)
{
    const struct pd_pool *p = &files->pool;
    const int64_t left = p->passes ? p->pass_rows - files->rows : 0;
    const char *name = files->passes_name;
    *n = left < files->most ? left : files->most;
    for (int i = 0; i < PD_POOL_FILES; i++) {
        int64_t rows;
        if (!files->file[i])
            continue;
        enum pd_status status = read_file(files, i, &rows, err);
        if (status)
            return status;
        const char *own = pd_rows_name(files->file[i]);
        if (name && rows != *n)
            return rows < *n ? fail_lengths(files, own, files->rows + rows, name, err)
                             : fail_lengths(files, name, files->rows + *n, own, err);
        *n = rows;
        name = own;
    }
    return check_names(files, err);
}

static enum pd_status next(void *context, struct pd_pool *block, struct pd_error *err)
{
    struct pd_pool_files *files = context;
    const struct pd_pool *p = &files->pool;
    int64_t n = 0;
    *block = (struct pd_pool){.n = 0};
    enum pd_status status = read_files(files, &n, err);
    if (status || !n)
        return status;
    *block = (struct pd_pool){
        .n = n,
        .classes = p->passes ? p->classes : (int)classes_of(files),
        .logit = files->block[PD_FILE_LOGIT],
        .class_logits = files->block[PD_FILE_CLASSES],
        .width = width_of(files->file[PD_FILE_FEATURES]),
        .features = files->block[PD_FILE_FEATURES],
        .passes = p->passes,
        .pass_logits = p->pass_logits ? p->pass_logits + files->rows * p->classes : NULL,
        .pass_rows = p->pass_rows,
        .names = files->names,
    };
    status = to_logits(files, block, files->block[PD_FILE_CLASSES], err);
    files->rows += n;
    return status;
}

static enum pd_status rewind_all(void *context, struct pd_error *err)
{
    struct pd_pool_files *files = context;
    enum pd_status status = PD_OK;
    for (int i = 0; i < PD_POOL_FILES && !status; i++)
        if (files->file[i])
            status = pd_rows_rewind(files->file[i], err);
    files->rows = files->saturated = 0;
    return status;
}

struct pd_pool_source pd_pool_files_source(struct pd_pool_files *files)
{
    return (struct pd_pool_source){files, next, rewind_all, files->pool.labelled, files->pool.labelled_rows};
}
