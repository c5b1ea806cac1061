#include "select/pool.h"

#include "base/mem.h"

#include <math.h>
#include <stddef.h>

/* Rows that are scored, or skipped, together. Few, so that one promising row does not cost many others. */
enum { CHUNK = 64, CHUNKS_OF_THREAD = PD_ROWS_OF_THREAD / CHUNK };

struct selection {
    const struct pd_strategy *strategy;
    bool balanced, checked; /* checked: by the first pass; a NaN that comes later stops in pd_top_add */
    uint64_t seed;
    int64_t k;
    double state[PD_STRATEGY_STATE];
    struct pd_top *top;
    int64_t rows; /* seen so far in this pass */
    double *score;
    int64_t capacity; /* of score: the largest block so far */
};

static enum pd_status observe(struct selection *s, const struct pd_pool *block, struct pd_error *err)
{
    (void)err;
    s->strategy->observe(block, s->score, s->state);
    return PD_OK;
}

/* While most chunks have a row that enters, asking for bounds costs more than it saves. */
static bool few_enter(const struct selection *s)
{
    return s->strategy->bound && s->rows / CHUNK >= s->k;
}

/* A chunk in which no row can be among the k best is not scored; -inf stands for its scores. */
static void score_chunk(const struct selection *s, const struct pd_pool *block, int64_t at, double least)
{
    const struct pd_pool rows = pd_pool_rows(block, at, CHUNK);
    double *score = s->score + at;
    if (!few_enter(s) || !(s->strategy->bound(&rows, s->state, s->balanced) < least)) {
        s->strategy->score(&rows, s->rows + at, s->state, s->balanced, s->seed, score);
        return;
    }
    for (int64_t i = 0; i < rows.n; i++)
        score[i] = -INFINITY;
}

static enum pd_status rank(struct selection *s, const struct pd_pool *block, struct pd_error *err)
{
    const double least = pd_top_least(s->top);
#pragma omp parallel for schedule(dynamic, CHUNKS_OF_THREAD) if (block->n >= PD_ROWS_FOR_THREADS)
    for (int64_t i = 0; i < block->n; i += CHUNK)
        score_chunk(s, block, i, least);
    return pd_top_add(s->top, s->rows, block->n, s->score, err);
}

static enum pd_status reserve(struct selection *s, int64_t n, struct pd_error *err)
{
    if (n <= s->capacity)
        return PD_OK;
    pd_free(s->score);
    s->score = pd_calloc((size_t)n, sizeof *s->score);
    s->capacity = s->score ? n : 0;
    return s->score ? PD_OK
                    : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for scores of %lld rows", (long long)n);
}

typedef enum pd_status visit_function(struct selection *s, const struct pd_pool *block, struct pd_error *err);

static enum pd_status pass(struct selection *s, const struct pd_pool_source *source, visit_function *visit,
                           struct pd_error *err)
{
    struct pd_pool block = {.n = 0};
    enum pd_status status = source->rewind(source->context, err);
    s->rows = 0;
    while (!status) {
        status = source->next(source->context, &block, err);
        if (!status && block.labelled && !source->labelled)
            status =
                pd_fail(err, PD_ERR_USAGE, -1, "a block has labelled rows, expected those of its source");
        if (!status && !s->checked)
            status = pd_pool_check(&block, s->strategy, s->rows, err);
        if (!status)
            status = reserve(s, block.n, err);
        if (!status && block.n)
            status = visit(s, &block, err);
        if (status || !block.n)
            return status;
        s->rows += block.n;
    }
    return status;
}

static enum pd_status observe_all(struct selection *s, const struct pd_pool_source *source,
                                  struct pd_error *err)
{
    if (!s->balanced || !s->strategy->observe)
        return PD_OK;
    enum pd_status status = pass(s, source, observe, err);
    s->checked = true;
    return status;
}

static enum pd_status check_labelled(const struct pd_pool_source *source, int64_t n, struct pd_error *err)
{
    for (int64_t i = 0; i < source->labelled; i++)
        if (source->labelled_rows[i] >= n)
            return pd_fail(err, PD_ERR_USAGE, -1, "labelled row %lld: the pool has %lld rows",
                           (long long)source->labelled_rows[i], (long long)n);
    return PD_OK;
}

enum pd_status pd_select_stream(const struct pd_strategy *strategy, const struct pd_pool_source *source,
                                bool balanced, int64_t k, uint64_t seed, int64_t *rows, double *scores,
                                int64_t *count, struct pd_error *err)
{
    struct selection s = {.strategy = strategy, .balanced = balanced, .seed = seed, .k = k};
    enum pd_status status = pd_strategy_check_scores(strategy, err);
    if (!status)
        status = pd_top_create(k, seed, &s.top, err);
    if (!status)
        status = pd_top_leave_out(s.top, source->labelled, source->labelled_rows, err);
    if (!status)
        status = observe_all(&s, source, err);
    if (!status)
        status = pass(&s, source, rank, err);
    if (!status)
        status = check_labelled(source, s.rows, err);
    if (!status)
        pd_top_take(s.top, rows, scores);
    pd_top_destroy(s.top);
    pd_free(s.score);
    *count = s.rows;
    return status;
}
