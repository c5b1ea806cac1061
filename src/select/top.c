/* A heap with the worst of the k best on top. */
#include "select/pool.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"

#include <math.h>
#include <stdlib.h>

struct entry {
    double score;
    int64_t row;
    uint32_t tie; /* among equal scores the smaller comes first */
};

struct pd_top {
    struct pd_rng ties;
    int64_t k, count, capacity;
    struct entry *heap;
    int64_t left_out;
    int64_t *left_out_rows; /* (left_out), ascending */
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->tie != y->tie)
        return x->tie < y->tie ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static bool worse(const struct entry *a, const struct entry *b)
{
    return compare(a, b) > 0;
}

static void sift_down(struct pd_top *top, int64_t at)
{
    const struct entry e = top->heap[at];
    for (int64_t child; (child = 2 * at + 1) < top->count; at = child) {
        if (child + 1 < top->count && worse(&top->heap[child + 1], &top->heap[child]))
            child++;
        if (!worse(&top->heap[child], &e))
            break;
        top->heap[at] = top->heap[child];
    }
    top->heap[at] = e;
}

static enum pd_status no_memory(int64_t k, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld selected rows", (long long)k);
}

enum pd_status pd_top_create(int64_t k, uint64_t seed, struct pd_top **out, struct pd_error *err)
{
    *out = NULL;
    if (k < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld rows asked for, expected 0 or more", (long long)k);
    struct pd_top *top = pd_calloc(1, sizeof *top);
    if (!top)
        return no_memory(k, err);
    *top = (struct pd_top){.ties = {seed, PD_STREAM_SELECT_TIES, 0}, .k = k};
    *out = top;
    return PD_OK;
}

void pd_top_destroy(struct pd_top *top)
{
    if (!top)
        return;
    pd_free(top->left_out_rows);
    pd_free(top->heap);
    pd_free(top);
}

enum pd_status pd_top_leave_out(struct pd_top *top, int64_t count, const int64_t *rows, struct pd_error *err)
{
    if (top->count)
        return pd_fail(err, PD_ERR_USAGE, -1, "rows to leave out after %lld have come, expected before",
                       (long long)top->count);
    pd_free(top->left_out_rows);
    return pd_rows_sorted(count, rows, &top->left_out_rows, &top->left_out, err);
}

static bool is_left_out(const struct pd_top *top, int64_t row)
{
    int64_t first = 0, end = top->left_out;
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (top->left_out_rows[middle] < row)
            first = middle + 1;
        else
            end = middle;
    }
    return first < top->left_out && top->left_out_rows[first] == row;
}

/* Memory grows with the rows that come: k alone buys none. */
static bool reserve(struct pd_top *top)
{
    if (top->count < top->capacity)
        return true;
    int64_t capacity = top->capacity ? 2 * top->capacity : 1024;
    capacity = capacity < top->k ? capacity : top->k;
    struct entry *heap = pd_realloc(top->heap, (size_t)capacity * sizeof *heap);
    if (!heap)
        return false;
    top->heap = heap;
    top->capacity = capacity;
    return true;
}

static enum pd_status append(struct pd_top *top, const struct entry *e, struct pd_error *err)
{
    if (!reserve(top))
        return no_memory(top->k, err);
    top->heap[top->count++] = *e;
    for (int64_t i = top->k / 2; top->count == top->k && i-- > 0;)
        sift_down(top, i);
    return PD_OK;
}

enum pd_status pd_top_add(struct pd_top *top, int64_t first, int64_t n, const double *score,
                          struct pd_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        enum pd_status status = PD_OK;
        if (score[i] < pd_top_least(top) || (top->left_out && is_left_out(top, first + i)))
            continue;
        if (isnan(score[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: the score is nan", (long long)(first + i));
        const struct entry e = {score[i], first + i, pd_rng_u32(&top->ties, (uint64_t)(first + i))};
        if (top->count < top->k) {
            status = append(top, &e, err);
        } else if (top->k && worse(&top->heap[0], &e)) {
            top->heap[0] = e;
            sift_down(top, 0);
        }
        if (status)
            return status;
    }
    return PD_OK;
}

double pd_top_least(const struct pd_top *top)
{
    return top->count < top->k || !top->k ? -INFINITY : top->heap[0].score;
}

int64_t pd_top_take(struct pd_top *top, int64_t *rows, double *scores)
{
    if (top->count)
        qsort(top->heap, (size_t)top->count, sizeof top->heap[0], compare);
    for (int64_t i = 0; i < top->count; i++) {
        if (rows)
            rows[i] = top->heap[i].row;
        if (scores)
            scores[i] = top->heap[i].score;
    }
    const int64_t count = top->count;
    top->count = 0;
    return count;
}

enum pd_status pd_select_top(int64_t n, const double *score, int64_t k, uint64_t seed, int64_t *rows,
                             struct pd_error *err)
{
    struct pd_top *top;
    if (k > n)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld rows asked for, the pool has %lld", (long long)k,
                       (long long)n);
    enum pd_status status = pd_top_create(k, seed, &top, err);
    if (!top)
        return status;
    status = pd_top_add(top, 0, n, score, err);
    if (!status)
        pd_top_take(top, rows, NULL);
    pd_top_destroy(top);
    return status;
}
