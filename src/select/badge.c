/* BADGE (Ash et al., "Deep batch active learning by diverse, uncertain gradient lower bounds", ICLR 2020):
 * k-means++ over the gradients of the last layer, were the likeliest class the label: g = a (x) h with a = p
 * - onehot. |g - g'|^2 = |a|^2 |h|^2 + |a'|^2 |h'|^2 - 2 (a.a') (h.h'), so that no g is made. */
#include "distance/apart.h"
#include "select/pool.h"
#include "select/strategies.h"

#include "base/mem.h"
#include "distance/frame.h"
#include "distance/work.h"

#include <math.h>

struct gradients {
    const struct pd_pool *pool;
    float *a;        /* (n, classes) */
    double *squared; /* (n): |g|^2 */
};

static double squared_distance(const void *context, int64_t i, int64_t j)
{
    const struct gradients *g = context;
    const int64_t classes = g->pool->classes, width = g->pool->width;
    const float *h = g->pool->features;
    const double product =
        pd_dot(g->a + i * classes, g->a + j * classes, classes) * pd_dot(h + i * width, h + j * width, width);
    return fmax(g->squared[i] + g->squared[j] - 2 * product, 0);
}

/* p - onehot, each number as precise as a float is: 1 - p from the others' exponentials. */
static void take_row(int classes, const float *x, float *a)
{
    double sum = 0, others = 0;
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = x[k] > x[best] ? k : best;
    for (int k = 0; k < classes; k++)
        others += k == best ? 0 : exp((double)x[k] - (double)x[best]);
    sum = 1 + others;
    for (int k = 0; k < classes; k++)
        a[k] = (float)(k == best ? -others / sum : exp((double)x[k] - (double)x[best]) / sum);
}

/* Returns the row of the largest gradient, the first of equal ones: the authors' first choice. */
static int64_t take_all(struct gradients *g, const int64_t *open, int64_t n,
                        const struct pd_feature_work *work)
{
    const struct pd_pool *p = g->pool;
    int64_t best = open[0];
#pragma omp parallel for schedule(static) num_threads(pd_work_threads(work))
    for (int64_t i = 0; i < p->n; i++) {
        float *a = g->a + i * p->classes;
        const float *h = p->features + i * p->width;
        take_row(p->classes, p->class_logits + i * p->classes, a);
        g->squared[i] = pd_dot(a, a, p->classes) * pd_dot(h, h, p->width);
    }
    for (int64_t i = 1; i < n; i++)
        best = g->squared[open[i]] > g->squared[best] ? open[i] : best;
    return best;
}

static enum pd_status spread(struct gradients *g, const struct pd_choice *how, int64_t *open, int64_t n,
                             int64_t *rows, struct pd_error *err)
{
    rows[0] = take_all(g, open, n, how->work);
    const struct pd_apart apart = {.n = pd_rows_drop(open, n, rows[0]),
                                   .rows = open,
                                   .squared = squared_distance,
                                   .context = g,
                                   .cost = g->pool->classes + g->pool->width,
                                   .work = how->work};
    return pd_apart_draw(&apart, how->seed, 1, how->k - 1, rows, err);
}

static enum pd_status choose(const struct pd_pool *pool, const struct pd_choice *how, int64_t *rows,
                             struct pd_error *err)
{
    const size_t size = (size_t)pool->n;
    struct gradients g = {pool, pd_calloc(size, (size_t)pool->classes * sizeof *g.a),
                          pd_calloc(size, sizeof *g.squared)};
    int64_t n, *open;
    enum pd_status status = pd_pool_unlabelled(pool, &open, &n, err);
    if (!status && (!g.a || !g.squared))
        status =
            pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for gradients of %lld rows", (long long)pool->n);
    if (!status)
        status = spread(&g, how, open, n, rows, err);
    pd_free(g.a);
    pd_free(g.squared);
    pd_free(open);
    return status;
}

const struct pd_strategy pd_strategy_badge = {
    .name = "badge",
    .summary = "k-means++ over the last layer's gradients: large ones that lie apart",
    .needs = PD_POOL_CLASS_LOGITS | PD_POOL_FEATURES,
    .choose = choose,
};
