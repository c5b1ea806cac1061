/* Rejection sampling accepts with probability exp(a), a = d - log M, GOLD eq. 6. As that can be very rarely,
 * the logit of it is shifted by gamma first (Azadi et al.; GOLD section 3.2). */
#include "select/rejector.h"
#include "select/rejectors.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-6

static double largest(int64_t n, const double *x, double most)
{
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, x[i]);
    return most;
}

enum pd_status pd_reject_settle_bound(struct pd_rejector *r, struct pd_error *err)
{
    const struct pd_term_list *g = &r->generated;
    if (!g->n)
        return pd_fail(err, PD_ERR_USAGE, -1, "class %d: %s needs scores of generated samples first",
                       r->class, r->method->name);
    for (int64_t i = 0; i < g->n; i++)
        r->fit.log_m = fmax(r->fit.log_m, pd_rejector_d(r, g->logit[i], g->k ? g->k[i] : 0));
    return PD_OK;
}

/* The logit of exp(a), a <= 0; epsilon keeps it finite at a = 0. */
static double logit_of_ratio(double a)
{
    return a - log(-expm1(a) + EPSILON);
}

enum pd_status pd_reject_judge_bound(struct pd_rejector *r, int64_t n, const double *d, uint8_t *verdicts,
                                     struct pd_error *err)
{
    double *f = r->scratch, *sorted = r->scratch + n;
    (void)err;
    r->fit.log_m = largest(n, d, r->fit.log_m);
    for (int64_t i = 0; i < n; i++)
        f[i] = logit_of_ratio(d[i] - r->fit.log_m);
    memcpy(sorted, f, (size_t)n * sizeof *f);
    const double gamma = pd_quantile(n, sorted, r->o.p);
    for (int64_t i = 0; i < n; i++)
        if (pd_rejector_uniform(r, i) < 1 / (1 + exp(gamma - f[i])))
            verdicts[i] = PD_REJECT_HOLD | PD_REJECT_KEEP;
    return PD_OK;
}

const struct pd_reject_method pd_reject_gold = {
    "gold",
    "rejection by GOLD's estimator, marginal and conditional term",
    .uses_k = true,
    .balanced = true,
    .settle = pd_reject_settle_bound,
    .judge = pd_reject_judge_bound};
