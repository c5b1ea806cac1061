/* TypiClust (Hacohen, Dekel & Weinshall, "Active learning on a budget: opposite strategies suit high and low
 * budgets", ICML 2022): of each cluster without a label the most typical row. */
#include "select/pool.h"
#include "select/strategies.h"

#include "base/mem.h"
#include "distance/kmeans.h"
#include "distance/nearest.h"
#include "distance/work.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

/* The authors' limits: clusters, rows of a small one, neighbours; and rows from which on all threads share a
 * cluster. */
enum { CLUSTERS_MOST = 500, SMALL = 5, NEIGHBOURS = 20, LARGE = 4096 };

struct clusters {
    const struct pd_pool *pool;
    int count;
    int32_t *labels;   /* (n) */
    int64_t *first;    /* (count + 1): where a cluster's rows begin */
    int64_t *rows;     /* (n), by cluster, ascending in each */
    double *atypical;  /* (n): the mean distance to the nearest others of its cluster */
    int64_t *covered;  /* (count): rows of the cluster that have a label or are chosen */
    uint8_t *is_taken; /* (n): such rows */
};

static bool reserve(struct clusters *c)
{
    const size_t n = (size_t)c->pool->n, count = (size_t)c->count;
    c->labels = pd_calloc(n, sizeof *c->labels);
    c->first = pd_calloc(count + 2, sizeof *c->first);
    c->rows = pd_calloc(n, sizeof *c->rows);
    c->atypical = pd_calloc(n, sizeof *c->atypical);
    c->covered = pd_calloc(count, sizeof *c->covered);
    c->is_taken = pd_calloc(n, sizeof *c->is_taken);
    return c->labels && c->first && c->rows && c->atypical && c->covered && c->is_taken;
}

static void release(struct clusters *c)
{
    pd_free(c->labels);
    pd_free(c->first);
    pd_free(c->rows);
    pd_free(c->atypical);
    pd_free(c->covered);
    pd_free(c->is_taken);
}

static void take(struct clusters *c, int64_t row)
{
    c->is_taken[row] = 1;
    c->covered[c->labels[row]]++;
}

static void sort_rows(struct clusters *c)
{
    int64_t *next = c->first + 1; /* where the next row of a cluster goes, one place on: ends as first */
    for (int64_t i = 0; i < c->pool->n; i++)
        next[c->labels[i] + 1]++;
    for (int k = 1; k <= c->count; k++)
        next[k] += next[k - 1];
    for (int64_t i = 0; i < c->pool->n; i++)
        c->rows[next[c->labels[i]]++] = i;
    for (int64_t i = 0; i < c->pool->labelled; i++)
        take(c, c->pool->labelled_rows[i]);
}

/* --- typicality --- */

static enum pd_status measure(const struct clusters *c, int k, const struct pd_feature_work *work,
                              struct pd_error *err)
{
    const int64_t n = c->first[k + 1] - c->first[k], width = c->pool->width;
    const int64_t *rows = c->rows + c->first[k];
    const int near = (int)(n - 1 < NEIGHBOURS ? n - 1 : NEIGHBOURS);
    if (near < 1)
        return PD_OK;
    float *values = pd_calloc((size_t)n, (size_t)width * sizeof *values);
    double *squared = pd_calloc((size_t)n, (size_t)near * sizeof *squared);
    enum pd_status status = PD_OK;
    if (!values || !squared)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a cluster of %lld rows", (long long)n);
    for (int64_t i = 0; i < n && !status; i++)
        memcpy(values + i * width, c->pool->features + rows[i] * width, (size_t)width * sizeof *values);
    const struct pd_feature_set set = {n, width, values};
    if (!status)
        status = pd_nearest_squared(&set, near, work, squared, err);
    for (int64_t i = 0; i < n && !status; i++) {
        double sum = 0;
        for (int j = 0; j < near; j++)
            sum += sqrt(squared[i * near + j]);
        c->atypical[rows[i]] = sum / near;
    }
    pd_free(values);
    pd_free(squared);
    return status;
}

static bool is_large(const struct clusters *c, int k)
{
    return c->first[k + 1] - c->first[k] >= LARGE;
}

/* Small clusters side by side, a thread each. */
static enum pd_status measure_small(const struct clusters *c, const struct pd_feature_work *work,
                                    struct pd_error *err)
{
    const struct pd_feature_work one = {.threads = 1};
    enum pd_status status = PD_OK; /* the calling thread's */
    atomic_int stop = 0;
#pragma omp parallel for schedule(dynamic) num_threads(pd_work_threads(work))
    for (int k = 0; k < c->count; k++) {
        if (atomic_load(&stop) || is_large(c, k))
            continue;
        const enum pd_status own = measure(c, k, &one, NULL);
        if (own)
            atomic_store(&stop, (int)own);
        if (pd_work_is_caller() && !own) {
            status = pd_work_step(work, (uint64_t)k, (uint64_t)c->count, err);
            if (status)
                atomic_store(&stop, (int)status);
        }
    }
    return !status && atomic_load(&stop) ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for typical rows")
                                         : status;
}

static enum pd_status measure_all(const struct clusters *c, const struct pd_feature_work *work,
                                  struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int k = 0; k < c->count && !status; k++)
        if (is_large(c, k))
            status = measure(c, k, work, err);
    return status ? status : measure_small(c, work, err);
}

/* --- choice --- */

static int64_t size_of(const struct clusters *c, int k)
{
    return c->first[k + 1] - c->first[k];
}

static bool comes_before(const struct clusters *c, int a, int b)
{
    const bool small_a = size_of(c, a) < SMALL, small_b = size_of(c, b) < SMALL;
    if (small_a != small_b)
        return small_b;
    if (c->covered[a] != c->covered[b])
        return c->covered[a] < c->covered[b];
    return size_of(c, a) > size_of(c, b);
}

static int64_t choose_one(const struct clusters *c)
{
    int best = -1;
    for (int k = 0; k < c->count; k++)
        if (c->covered[k] < size_of(c, k) && (best < 0 || comes_before(c, k, best)))
            best = k;
    int64_t row = -1;
    for (int64_t i = c->first[best]; i < c->first[best + 1]; i++)
        if (!c->is_taken[c->rows[i]] && (row < 0 || c->atypical[c->rows[i]] < c->atypical[row]))
            row = c->rows[i];
    return row;
}

static enum pd_status cluster(struct clusters *c, const struct pd_choice *how, struct pd_error *err)
{
    const struct pd_feature_set set = {c->pool->n, c->pool->width, c->pool->features};
    enum pd_status status =
        reserve(c) ? PD_OK
                   : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows", (long long)c->pool->n);
    if (!status)
        status = pd_kmeans(&set, NULL, c->count, how->seed, how->work, c->labels, NULL, err);
    if (status)
        return status;
    sort_rows(c);
    return measure_all(c, how->work, err);
}

static enum pd_status choose(const struct pd_pool *pool, const struct pd_choice *how, int64_t *rows,
                             struct pd_error *err)
{
    const int64_t most = how->clusters ? how->clusters : CLUSTERS_MOST, wanted = pool->labelled + how->k;
    struct clusters c = {.pool = pool, .count = (int)(wanted < most ? wanted : most)};
    enum pd_status status = cluster(&c, how, err);
    for (int64_t i = 0; i < how->k && !status; i++) {
        rows[i] = choose_one(&c);
        take(&c, rows[i]);
    }
    release(&c);
    return status;
}

const struct pd_strategy pd_strategy_typiclust = {
    .name = "typiclust",
    .summary = "the most typical row of each k-means cluster without a label",
    .needs = PD_POOL_FEATURES,
    .choose = choose,
};
