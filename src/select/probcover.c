/* ProbCover (Yehuda et al., "Active learning through a covering lens", NeurIPS 2022): the row whose ball
 * holds most rows that no labelled or chosen row's ball holds. */
#include "select/pool.h"
#include "select/strategies.h"

#include "base/mem.h"
#include "distance/apart.h"
#include "distance/frame.h"
#include "select/balls.h"

#include <math.h>
#include <string.h>

struct cover {
    const struct pd_pool *pool;
    struct pd_balls balls;
    int64_t *open;   /* (n): rows that may be chosen */
    int64_t *gain;   /* (all rows): rows of the ball that are not covered yet */
    uint8_t *is_in;  /* (all rows): covered */
    int64_t *chosen; /* (labelled + k): labelled rows, then these */
};

static bool reserve(struct cover *c, int64_t k)
{
    const size_t n = (size_t)c->pool->n;
    c->gain = pd_calloc(n, sizeof *c->gain);
    c->is_in = pd_calloc(n, sizeof *c->is_in);
    c->chosen = pd_calloc((size_t)(c->pool->labelled + k), sizeof *c->chosen);
    return c->gain && c->is_in && c->chosen;
}

static void release(struct cover *c)
{
    pd_balls_release(&c->balls);
    pd_free(c->open);
    pd_free(c->gain);
    pd_free(c->is_in);
    pd_free(c->chosen);
}

static void put_in(struct cover *c, int64_t row)
{
    if (c->is_in[row])
        return;
    c->is_in[row] = 1;
    c->gain[row]--;
    for (int64_t i = c->balls.first[row]; i < c->balls.first[row + 1]; i++)
        c->gain[c->balls.others[i]]--;
}

static void put_ball_in(struct cover *c, int64_t row)
{
    put_in(c, row);
    for (int64_t i = c->balls.first[row]; i < c->balls.first[row + 1]; i++)
        put_in(c, c->balls.others[i]);
}

static void begin(struct cover *c)
{
    const struct pd_pool *p = c->pool;
    for (int64_t i = 0; i < p->n; i++)
        c->gain[i] = 1 + c->balls.first[i + 1] - c->balls.first[i];
    for (int64_t i = 0; i < p->labelled; i++) {
        c->chosen[i] = p->labelled_rows[i];
        put_ball_in(c, p->labelled_rows[i]);
    }
}

/* The first of those that gain most; -1: all are covered. */
static int64_t best_of(const struct cover *c, int64_t n)
{
    int64_t best = -1;
    for (int64_t i = 0; i < n; i++)
        if (c->gain[c->open[i]] > (best < 0 ? 0 : c->gain[best]))
            best = c->open[i];
    return best;
}

/* Once all are covered the farthest, as a core-set. */
static enum pd_status go_on(struct cover *c, int64_t chosen, const struct pd_choice *how, int64_t n,
                            struct pd_error *err)
{
    const struct pd_pool *p = c->pool;
    const struct pd_feature_set set = {p->n, p->width, p->features};
    for (int64_t i = 0; i < chosen; i++)
        n = pd_rows_drop(c->open, n, c->chosen[p->labelled + i]);
    const struct pd_apart apart = {.n = n,
                                   .rows = c->open,
                                   .squared = pd_rows_squared,
                                   .context = &set,
                                   .cost = p->width,
                                   .work = how->work};
    return pd_apart_farthest(&apart, p->labelled + chosen, how->k - chosen, c->chosen, err);
}

static enum pd_status fill(struct cover *c, const struct pd_choice *how, int64_t n, struct pd_error *err)
{
    int64_t row, chosen = 0;
    begin(c);
    while (chosen < how->k && (row = best_of(c, n)) >= 0) {
        c->chosen[c->pool->labelled + chosen++] = row;
        put_ball_in(c, row);
    }
    return chosen < how->k ? go_on(c, chosen, how, n, err) : PD_OK;
}

static enum pd_status refuse_without_radius(struct pd_error *err)
{
    const enum pd_status status =
        pd_fail(err, PD_ERR_USAGE, -1,
                "strategy 'probcover' needs a radius, or the number of clusters, as many as classes, to "
                "estimate it from");
    return pd_hint(err, pd_hint(err, status, "radius"), "clusters");
}

static enum pd_status choose(const struct pd_pool *pool, const struct pd_choice *how, int64_t *rows,
                             struct pd_error *err)
{
    const struct pd_feature_set set = {pool->n, pool->width, pool->features};
    const int64_t clusters = how->clusters ? how->clusters : pool->classes;
    struct cover c = {.pool = pool};
    double squared = how->radius * how->radius;
    int64_t n;
    if (!(how->radius > 0) && !clusters)
        return refuse_without_radius(err);
    enum pd_status status = pd_pool_unlabelled(pool, &c.open, &n, err);
    if (!status && !reserve(&c, how->k))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld rows", (long long)pool->n);
    if (!status && !(how->radius > 0))
        status = pd_balls_pure(&set, (int)(clusters < pool->n ? clusters : pool->n), how->seed, how->work,
                               &squared, err);
    if (!status)
        status = pd_balls_find(&set, squared, how->work, &c.balls, err);
    if (!status)
        status = fill(&c, how, n, err);
    if (!status)
        memcpy(rows, c.chosen + pool->labelled, (size_t)how->k * sizeof *rows);
    release(&c);
    return status;
}

const struct pd_strategy pd_strategy_probcover = {
    .name = "probcover",
    .summary = "the row whose ball covers most rows that are not covered yet",
    .needs = PD_POOL_FEATURES,
    .choose = choose,
};
