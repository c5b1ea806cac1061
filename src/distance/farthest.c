/* Farthest first, lazily: a heap of upper bounds, the largest on top. */
#include "distance/apart.h"

#include "base/mem.h"
#include "distance/work.h"

#include <math.h>
#include <omp.h>

/* Rows that are looked at again together, and from how many numbers on threads are worth waking for them. */
enum { BATCH = 32, NUMBERS_FOR_THREADS = 1 << 18 };

struct entry {
    double squared; /* not less than to the nearest of all centres; to the nearest of the first `seen` */
    int64_t row, seen;
};

struct heap {
    const struct pd_apart *apart;
    int64_t *centres, count, n;
    struct entry *at;
};

static bool before(const struct entry *a, const struct entry *b)
{
    return a->squared > b->squared || (a->squared == b->squared && a->row < b->row);
}

static void sift_down(struct heap *h, int64_t at)
{
    const struct entry e = h->at[at];
    for (int64_t child; (child = 2 * at + 1) < h->n; at = child) {
        if (child + 1 < h->n && before(&h->at[child + 1], &h->at[child]))
            child++;
        if (!before(&h->at[child], &e))
            break;
        h->at[at] = h->at[child];
    }
    h->at[at] = e;
}

static void push(struct heap *h, const struct entry *e)
{
    int64_t at = h->n++;
    for (int64_t up; at && before(e, &h->at[up = (at - 1) / 2]); at = up)
        h->at[at] = h->at[up];
    h->at[at] = *e;
}

static struct entry pop(struct heap *h)
{
    const struct entry top = h->at[0];
    h->at[0] = h->at[--h->n];
    if (h->n)
        sift_down(h, 0);
    return top;
}

/* Through the centres until all are seen, or another row lies farther. */
static void look_again(const struct heap *h, struct entry *e, double other)
{
    const struct pd_apart *a = h->apart;
    while (e->seen < h->count && e->squared >= other) {
        const double d = a->squared(a->context, e->row, h->centres[e->seen++]);
        e->squared = d < e->squared ? d : e->squared;
    }
}

static void look_at_all(struct heap *h)
{
    const struct pd_apart *a = h->apart;
    h->n = a->n;
#pragma omp parallel for schedule(static) num_threads(pd_work_threads(a->work))
    for (int64_t i = 0; i < a->n; i++)
        h->at[i] = (struct entry){a->squared(a->context, a->rows[i], h->centres[0]), a->rows[i], 1};
    for (int64_t i = h->n / 2; i-- > 0;)
        sift_down(h, i);
}

/* The top ones, whose bounds are old, see more centres. */
static void look_at_top(struct heap *h)
{
    struct entry batch[BATCH];
    int n = 0;
    int64_t unseen = 0;
    while (n < BATCH && h->n && h->at[0].seen < h->count) {
        batch[n] = pop(h);
        unseen += h->count - batch[n++].seen;
    }
    const double other = h->n ? h->at[0].squared : -INFINITY;
    const int threads = unseen * h->apart->cost < NUMBERS_FOR_THREADS ? 1 : pd_work_threads(h->apart->work);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
    for (int i = 0; i < n; i++)
        look_again(h, &batch[i], other);
    for (int i = 0; i < n; i++)
        push(h, &batch[i]);
}

static enum pd_status choose(struct heap *h, int64_t k, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int64_t chosen = 0; chosen < k && !status;) {
        status = pd_work_step(h->apart->work, (uint64_t)chosen, (uint64_t)k, err);
        if (status)
            break;
        if (h->at[0].seen < h->count) {
            look_at_top(h);
        } else {
            h->centres[h->count++] = pop(h).row;
            chosen++;
        }
    }
    return status;
}

enum pd_status pd_apart_farthest(const struct pd_apart *apart, int64_t given, int64_t k, int64_t *centres,
                                 struct pd_error *err)
{
    struct heap h = {apart, centres, given, 0, pd_calloc((size_t)apart->n + 1, sizeof *h.at)};
    if (!h.at)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for distances of %lld rows",
                       (long long)apart->n);
    look_at_all(&h);
    enum pd_status status = choose(&h, k, err);
    pd_free(h.at);
    return status;
}
