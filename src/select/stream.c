#include "select/pool.h"

#include "base/mem.h"

#include <stddef.h>

/* Rows that are scored, or skipped, together. Few, so that one promising row does not cost many others. */
enum { CHUNK = 64, CHUNKS = 64, BLOCK = CHUNK * CHUNKS };

struct selection {
    const struct pd_strategy *strategy;
    bool balanced;
    uint64_t seed;
    double state[PD_STRATEGY_STATE];
    struct pd_top *top;
    int64_t rows; /* seen so far in this pass */
    bool checked; /* by the first pass; a NaN that comes after it would stop in pd_top_add */
};

static enum pd_status observe(struct selection *s, const struct pd_pool *block, struct pd_error *err)
{
    (void)err;
    s->strategy->observe(block, s->state);
    return PD_OK;
}

/* Only chunks that may hold one of the k best are scored. */
static enum pd_status rank(struct selection *s, const struct pd_pool *block, struct pd_error *err)
{
    double score[CHUNK];
    enum pd_status status = PD_OK;
    for (int64_t i = 0; i < block->n && !status; i += CHUNK) {
        const int64_t n = block->n - i < CHUNK ? block->n - i : CHUNK;
        const struct pd_pool rows = pd_pool_rows(block, i, n);
        if (s->strategy->bound && s->strategy->bound(&rows, s->state, s->balanced) < pd_top_least(s->top))
            continue;
        s->strategy->score(&rows, s->rows + i, s->state, s->balanced, s->seed, score);
        status = pd_top_add(s->top, s->rows + i, n, score, err);
    }
    return status;
}

typedef enum pd_status visit_function(struct selection *s, const struct pd_pool *block, struct pd_error *err);

static enum pd_status pass(struct selection *s, const struct pd_pool_source *source, visit_function *visit,
                           struct pd_error *err)
{
    struct pd_pool block = {.n = 0};
    s->rows = 0;
    for (;;) {
        enum pd_status status = source->next(source->context, &block, err);
        if (!status && !s->checked)
            status = pd_pool_check(&block, s->strategy, s->rows, err);
        if (!status && block.n)
            status = visit(s, &block, err);
        if (status || !block.n) {
            s->checked = true;
            return status;
        }
        s->rows += block.n;
    }
}

static enum pd_status observe_all(struct selection *s, const struct pd_pool_source *source,
                                  struct pd_error *err)
{
    if (!s->balanced || !s->strategy->observe)
        return PD_OK;
    enum pd_status status = pass(s, source, observe, err);
    return status ? status : source->rewind(source->context, err);
}

enum pd_status pd_select_stream(const struct pd_strategy *strategy, const struct pd_pool_source *source,
                                bool balanced, int64_t k, uint64_t seed, int64_t *rows, double *scores,
                                int64_t *count, struct pd_error *err)
{
    struct selection s = {.strategy = strategy, .balanced = balanced, .seed = seed};
    enum pd_status status = pd_top_create(k, seed, &s.top, err);
    if (!status)
        status = observe_all(&s, source, err);
    if (!status)
        status = pass(&s, source, rank, err);
    if (!status)
        pd_top_take(s.top, rows, scores);
    pd_top_destroy(s.top);
    *count = s.rows;
    return status;
}
