/* CLUE (Prabhu et al., "Active domain adaptation via clustering uncertainty-weighted embeddings", ICCV 2021):
 * k-means of the unlabelled rows, each weighing its entropy; of each cluster the row nearest to its centre.
 */
#include "select/pool.h"
#include "select/softmax.h"
#include "select/strategies.h"

#include "base/mem.h"
#include "distance/kmeans.h"
#include "distance/pairs.h"
#include "distance/work.h"

#include <math.h>
#include <string.h>

struct clue {
    int64_t n, width, k;
    int64_t *open;     /* (n): rows without a label */
    float *features;   /* (n, width): theirs */
    double *entropy;   /* (n), then of all rows of a block */
    int32_t *labels;   /* (n) */
    float *centres;    /* (k, width) */
    double *squared;   /* (k): of the nearest row to each centre, */
    int64_t *nearest;  /* (k): this one, of the n; -1: none yet */
    uint8_t *is_taken; /* (n) */
};

static bool reserve(struct clue *c)
{
    const size_t n = (size_t)c->n, k = (size_t)c->k;
    c->features = pd_calloc(n, (size_t)c->width * sizeof *c->features);
    c->entropy = pd_calloc(n, sizeof *c->entropy);
    c->labels = pd_calloc(n, sizeof *c->labels);
    c->centres = pd_calloc(k, (size_t)c->width * sizeof *c->centres);
    c->squared = pd_calloc(k, sizeof *c->squared);
    c->nearest = pd_calloc(k, sizeof *c->nearest);
    c->is_taken = pd_calloc(n, sizeof *c->is_taken);
    return c->features && c->entropy && c->labels && c->centres && c->squared && c->nearest && c->is_taken;
}

static void release(struct clue *c)
{
    pd_free(c->open);
    pd_free(c->features);
    pd_free(c->entropy);
    pd_free(c->labels);
    pd_free(c->centres);
    pd_free(c->squared);
    pd_free(c->nearest);
    pd_free(c->is_taken);
}

static void gather(struct clue *c, const struct pd_pool *pool, const struct pd_feature_work *work)
{
    const int classes = pool->classes;
#pragma omp parallel for schedule(static) num_threads(pd_work_threads(work))
    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->open[i];
        memcpy(c->features + i * c->width, pool->features + row * c->width,
               (size_t)c->width * sizeof *c->features);
        pd_softmax_entropy(1, classes, pool->class_logits + row * classes, c->entropy + i);
    }
}

/* --- the row nearest to each centre --- */

static double limit_of_centre(void *context, int64_t k)
{
    double squared;
    const struct clue *c = context;
#pragma omp atomic read
    squared = c->squared[k];
    return nextafter(squared, INFINITY); /* a row as near may be an earlier one */
}

static double limit_of_row(void *context, int64_t i)
{
    (void)context, (void)i;
    return -INFINITY;
}

static void found(void *context, int64_t k, int64_t i, double squared)
{
    struct clue *c = context;
#pragma omp critical(pd_clue)
    if (!c->is_taken[i] && (squared < c->squared[k] || (squared == c->squared[k] && i < c->nearest[k]))) {
#pragma omp atomic write
        c->squared[k] = squared;
        c->nearest[k] = i;
    }
}

/* Of the rows that are not taken, for the centres from one on. */
static enum pd_status find_nearest(struct clue *c, int64_t first, int64_t count,
                                   const struct pd_feature_work *work, struct pd_error *err)
{
    struct clue from = *c;
    const struct pd_feature_set centres = {count, c->width, c->centres + first * c->width},
                                rows = {c->n, c->width, c->features};
    const struct pd_pair_seeker seeker = {&from, limit_of_centre, limit_of_row, found};
    from.squared += first;
    from.nearest += first;
    for (int64_t k = 0; k < count; k++) {
        from.squared[k] = INFINITY;
        from.nearest[k] = -1;
    }
    return pd_pairs_seek(&centres, &rows, &seeker, work, err);
}

/* In the order of the clusters; one whose nearest row was taken by another looks again. */
static enum pd_status take(struct clue *c, const struct pd_choice *how, int64_t *rows, struct pd_error *err)
{
    enum pd_status status = find_nearest(c, 0, c->k, how->work, err);
    for (int64_t k = 0; k < c->k && !status; k++) {
        if (c->is_taken[c->nearest[k]])
            status = find_nearest(c, k, 1, how->work, err);
        if (status)
            break;
        c->is_taken[c->nearest[k]] = 1;
        rows[k] = c->open[c->nearest[k]];
    }
    return status;
}

static enum pd_status choose(const struct pd_pool *pool, const struct pd_choice *how, int64_t *rows,
                             struct pd_error *err)
{
    struct clue c = {.width = pool->width, .k = how->k};
    enum pd_status status = pd_pool_unlabelled(pool, &c.open, &c.n, err);
    if (!status && !reserve(&c))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows", (long long)c.n);
    if (!status) {
        const struct pd_feature_set set = {c.n, c.width, c.features};
        gather(&c, pool, how->work);
        status = pd_kmeans(&set, c.entropy, (int)c.k, how->seed, how->work, c.labels, c.centres, err);
    }
    if (!status)
        status = take(&c, how, rows, err);
    release(&c);
    return status;
}

const struct pd_strategy pd_strategy_clue = {
    .name = "clue",
    .summary = "the row nearest to each centre of k-means whose rows weigh their entropy",
    .needs = PD_POOL_CLASS_LOGITS | PD_POOL_FEATURES,
    .choose = choose,
};
