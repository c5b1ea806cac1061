#include "select/balls.h"

#include "base/mem.h"
#include "base/sort.h"
#include "distance/kmeans.h"
#include "distance/pairs.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <string.h>

enum { PAIRS_MOST = 1 << 28, LOOKED_AT = 2000 };

/* --- pairs --- */

struct pairs {
    uint32_t (*at)[2];
    int64_t count, capacity;
};

struct search {
    double squared;
    struct pairs *of; /* (threads) */
    atomic_llong count;
    atomic_int failed; /* an enum pd_status */
};

static double limit(void *context, int64_t i)
{
    struct search *s = context;
    (void)i;
    return atomic_load_explicit(&s->failed, memory_order_relaxed) ? -1 : s->squared;
}

static bool reserve(struct pairs *p)
{
    if (p->count < p->capacity)
        return true;
    const int64_t capacity = p->capacity ? 2 * p->capacity : 4096;
    void *at = pd_realloc(p->at, (size_t)capacity * sizeof *p->at);
    if (!at)
        return false;
    p->at = at;
    p->capacity = capacity;
    return true;
}

static void found(void *context, int64_t i, int64_t j, double squared)
{
    struct search *s = context;
    struct pairs *p = &s->of[omp_get_thread_num()];
    if (!(squared < s->squared) || atomic_load(&s->failed))
        return;
    if (atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed) >= PAIRS_MOST)
        atomic_store(&s->failed, PD_ERR_USAGE);
    else if (!reserve(p))
        atomic_store(&s->failed, PD_ERR_MEMORY);
    else {
        p->at[p->count][0] = (uint32_t)i;
        p->at[p->count++][1] = (uint32_t)j;
    }
}

static enum pd_status check(const struct search *s, int64_t n, struct pd_error *err)
{
    if (s->failed == PD_ERR_USAGE)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "within a radius of %g lie more than %d pairs of %lld rows: expected fewer",
                               sqrt(s->squared), PAIRS_MOST, (long long)n),
                       "radius");
    return s->failed
               ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld near pairs", (long long)s->count)
               : PD_OK;
}

/* Counted, then put in place: first[i] runs through those of row i to where those of i + 1 begin. */
static void sort_pairs(const struct search *s, int threads, int64_t n, struct pd_balls *out)
{
    int64_t *next = out->first + 1;
    for (int t = 0; t < threads; t++)
        for (int64_t i = 0; i < s->of[t].count; i++)
            for (int end = 0; end < 2; end++)
                next[s->of[t].at[i][end] + 1]++;
    for (int64_t i = 1; i <= n; i++)
        next[i] += next[i - 1];
    for (int t = 0; t < threads; t++)
        for (int64_t i = 0; i < s->of[t].count; i++)
            for (int end = 0; end < 2; end++)
                out->others[next[s->of[t].at[i][end]]++] = s->of[t].at[i][1 - end];
}

enum pd_status pd_balls_find(const struct pd_feature_set *set, double squared,
                             const struct pd_feature_work *work, struct pd_balls *out, struct pd_error *err)
{
    const int threads = pd_work_threads(work);
    struct search s = {.squared = squared, .of = pd_calloc((size_t)threads, sizeof *s.of)};
    const struct pd_pair_seeker seeker = {&s, limit, limit, found};
    *out = (struct pd_balls){.first = pd_calloc((size_t)set->n + 2, sizeof *out->first)};
    enum pd_status status = PD_OK;
    if (set->n > UINT32_MAX)
        status = pd_fail(err, PD_ERR_USAGE, -1, "%lld rows, expected at most 4294967295", (long long)set->n);
    if (!status && (!s.of || !out->first))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for balls of %lld rows", (long long)set->n);
    if (!status)
        status = pd_pairs_seek(set, NULL, &seeker, work, err);
    if (!status)
        status = check(&s, set->n, err);
    if (!status && !(out->others = pd_calloc((size_t)s.count + 1, 2 * sizeof *out->others)))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld near pairs", (long long)s.count);
    if (!status)
        sort_pairs(&s, threads, set->n, out);
    for (int t = 0; t < threads && s.of; t++)
        pd_free(s.of[t].at);
    pd_free(s.of);
    return status;
}

void pd_balls_release(struct pd_balls *balls)
{
    pd_free(balls->first);
    pd_free(balls->others);
}

/* --- a radius --- */

struct others {
    const int32_t *labels; /* (n) */
    int64_t looked_at, n;
    double *squared; /* (looked_at): to the nearest row of another cluster */
};

static int64_t row_of(const struct others *o, int64_t i)
{
    return i * o->n / o->looked_at;
}

static double limit_of_row(void *context, int64_t i)
{
    const struct others *o = context;
    double squared;
#pragma omp atomic read
    squared = o->squared[i];
    return squared;
}

static double no_limit(void *context, int64_t j)
{
    (void)context, (void)j;
    return -1;
}

static void found_other(void *context, int64_t i, int64_t j, double squared)
{
    struct others *o = context;
    if (o->labels[row_of(o, i)] == o->labels[j])
        return;
#pragma omp critical(pd_balls)
    if (squared < o->squared[i]) {
#pragma omp atomic write
        o->squared[i] = squared;
    }
}

/* rows (looked_at, width): room */
static enum pd_status find_others(struct others *o, const struct pd_feature_set *set, float *rows,
                                  const struct pd_feature_work *work, struct pd_error *err)
{
    const struct pd_feature_set some = {o->looked_at, set->width, rows};
    const struct pd_pair_seeker seeker = {o, limit_of_row, no_limit, found_other};
    for (int64_t i = 0; i < o->looked_at; i++) {
        memcpy(rows + i * set->width, set->values + row_of(o, i) * set->width,
               (size_t)set->width * sizeof *rows);
        o->squared[i] = INFINITY;
    }
    return pd_pairs_seek(&some, set, &seeker, work, err);
}

enum pd_status pd_balls_pure(const struct pd_feature_set *set, int clusters, uint64_t seed,
                             const struct pd_feature_work *work, double *squared, struct pd_error *err)
{
    const int64_t looked_at = set->n < LOOKED_AT ? set->n : LOOKED_AT;
    int32_t *labels = pd_calloc((size_t)set->n, sizeof *labels);
    float *rows = pd_calloc((size_t)looked_at, (size_t)set->width * sizeof *rows);
    struct others o = {labels, looked_at, set->n, pd_calloc((size_t)looked_at, sizeof *o.squared)};
    enum pd_status status = labels && rows && o.squared
                                ? pd_kmeans(set, NULL, clusters, seed, work, labels, NULL, err)
                                : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the radius of balls");
    if (!status)
        status = find_others(&o, set, rows, work, err);
    if (!status) {
        pd_sort(looked_at, o.squared);
        *squared = o.squared[looked_at / 20];
    }
    pd_free(labels);
    pd_free(rows);
    pd_free(o.squared);
    return status;
}
