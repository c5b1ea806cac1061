#include "select/pool.h"
#include "select/softmax.h"
#include "select/strategies.h"
#include "select/varies.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* log of the sum of exp(x), without overflow */
static double log_sum_exp(const float *x, int n)
{
    double most = (double)x[0], sum = 0;
    for (int i = 1; i < n; i++)
        most = fmax(most, (double)x[i]);
    for (int i = 0; i < n; i++)
        sum += exp((double)x[i] - most);
    return most + log(sum);
}

void pd_class_log_p(int64_t n, int classes, const float *class_logits, double *log_p)
{
    for (int64_t i = 0; i < n; i++) {
        const float *x = class_logits + i * classes;
        const double normaliser = log_sum_exp(x, classes);
        for (int k = 0; k < classes; k++)
            log_p[i * classes + k] = fmin((double)x[k] - normaliser, 0);
    }
}

void pd_class_entropy(int64_t n, int classes, const float *class_logits, double *entropy)
{
    pd_softmax_entropy(n, classes, class_logits, entropy);
}

static enum pd_status check_row(const struct pd_gold_input *in, int64_t i, int32_t label,
                                struct pd_error *err)
{
    const float *x = in->class_logits + i * in->classes;
    if (label < -1 || label >= in->classes)
        return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: label %d, expected -1 to %d", (long long)i,
                       (int)label, in->classes - 1);
    if (label < 0 && in->kind == PD_GOLD_GENERATED)
        return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: a generated sample needs its class", (long long)i);
    for (int k = 0; k < in->classes; k++)
        if (!isfinite(x[k]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: class logit %d is %g", (long long)i, k,
                           (double)x[k]);
    if (!isfinite(in->logit[i]))
        return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: the logit is %g", (long long)i,
                       (double)in->logit[i]);
    return PD_OK;
}

enum pd_status pd_gold_conditional(const struct pd_gold_input *in, double *k, struct pd_error *err)
{
    if (in->classes < 1 || in->n < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld samples of %d classes, expected 0 or more of 1 or more",
                       (long long)in->n, in->classes);
    if (in->kind != PD_GOLD_GENERATED && in->kind != PD_GOLD_REAL)
        return pd_fail(err, PD_ERR_USAGE, -1, "kind %d, expected PD_GOLD_GENERATED or PD_GOLD_REAL",
                       (int)in->kind);
    pd_softmax_entropy(in->n, in->classes, in->class_logits, k);
    for (int64_t i = 0; i < in->n; i++) {
        const int32_t label = in->labels ? in->labels[i] : -1;
        const float *x = in->class_logits + i * in->classes;
        enum pd_status status = check_row(in, i, label, err);
        if (status)
            return status;
        if (label < 0)
            continue; /* it has its entropy already */
        const double log_p = fmin((double)x[label] - log_sum_exp(x, in->classes), 0);
        k[i] = in->kind == PD_GOLD_GENERATED ? log_p : -log_p;
    }
    return PD_OK;
}

struct moments {
    double count, mean, squares; /* Welford's */
};

static void add(struct moments *m, double x)
{
    const double off = x - m->mean;
    m->count++;
    m->mean += off * (1 / m->count); /* the division does not wait for the last mean */
    m->squares += off * (x - m->mean);
}

/* The strategy's state. */
struct terms {
    struct moments marginal, conditional;
};

_Static_assert(sizeof(struct terms) <= PD_STRATEGY_STATE * sizeof(double), "GOLD's state fits");

static void add_terms(struct terms *t, int64_t n, const float *logit, const double *k)
{
    for (int64_t i = 0; i < n; i++) {
        add(&t->marginal, (double)logit[i]);
        add(&t->conditional, k[i]);
    }
}

static double balance_of(const struct terms *t)
{
    const struct moments *k = &t->conditional;
    return pd_varies(k->count, k->mean, k->squares) ? sqrt(t->marginal.squares / k->squares) : 1;
}

double pd_gold_balance(int64_t n, const float *logit, const double *k)
{
    struct terms t = {{0, 0, 0}, {0, 0, 0}};
    add_terms(&t, n, logit, k);
    return balance_of(&t);
}

void pd_gold_estimate(int64_t n, const float *logit, const double *k, double scale, double *d)
{
    for (int64_t i = 0; i < n; i++)
        d[i] = (double)logit[i] + scale * k[i];
}

double pd_gold_weight(double d, double beta)
{
    return d == 0 ? 0 : copysign(pow(fabs(d), beta), d);
}

/* --- the strategy: d of an unlabelled real sample, eq. 8 and 9 --- */

static double scale_of(const double *state, bool balanced)
{
    struct terms t;
    memcpy(&t, state, sizeof t);
    return balanced ? balance_of(&t) : 1;
}

/* The entropies side by side, the sums in order: the same whatever the blocks and threads. */
static void observe(const struct pd_pool *block, double *k, double *state)
{
    struct terms t;
#pragma omp parallel for schedule(dynamic) if (block->n >= PD_ROWS_FOR_THREADS)
    for (int64_t i = 0; i < block->n; i += PD_ROWS_OF_THREAD) {
        const struct pd_pool rows = pd_pool_rows(block, i, PD_ROWS_OF_THREAD);
        pd_softmax_entropy(rows.n, rows.classes, rows.class_logits, k + i);
    }
    memcpy(&t, state, sizeof t);
    add_terms(&t, block->n, block->logit, k);
    memcpy(state, &t, sizeof t);
}

static void score(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                  uint64_t seed, double *d)
{
    (void)first, (void)seed;
    pd_softmax_entropy(block->n, block->classes, block->class_logits, d);
    pd_gold_estimate(block->n, block->logit, d, scale_of(state, balanced), d);
}

/* The entropy is at most log classes. */
static double bound(const struct pd_pool *block, const double *state, bool balanced)
{
    float most = -INFINITY;
    for (int64_t i = 0; i < block->n; i++)
        most = block->logit[i] > most ? block->logit[i] : most;
    return (double)most + scale_of(state, balanced) * log(block->classes);
}

const struct pd_strategy pd_strategy_gold = {
    .name = "gold",
    .summary = "real-looking and of uncertain class: logit + entropy (GOLD eq. 8; balanced: eq. 9)",
    .needs = PD_POOL_LOGIT | PD_POOL_CLASS_LOGITS,
    .observe = observe,
    .score = score,
    .bound = bound,
};
