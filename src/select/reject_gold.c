/* Rejection sampling accepts with probability exp(a), a = d - log M, GOLD eq. 6. As that can be very rarely,
 * the logit of it is shifted by gamma first (Azadi et al.; GOLD section 3.2): their quantile, or what keeps
 * the part that was asked for. */
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
    enum pd_status status = pd_reject_need_burn_in(r, err);
    const bool whole = r->o.bound == PD_BOUND_ESTIMATE && g->k;
    for (int64_t i = 0; i < g->n; i++)
        r->fit.log_m = fmax(r->fit.log_m, pd_rejector_d(r, g->logit[i], whole ? g->k[i] : 0));
    return status;
}

/* The logit of exp(a), a <= 0; EPSILON keeps it finite at a = 0. */
static double logit_of_ratio(double a, double epsilon)
{
    return (epsilon > 0 ? log(exp(a) + epsilon) : a) - log(-expm1(a) + EPSILON);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double mean_kept(int64_t n, const double *f, double gamma)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += sigmoid(f[i] - gamma);
    return sum / (double)n;
}

/* Bisection, until no double lies between: all are kept with at least keep at `low`, with at most keep at
 * `high`. */
double pd_reject_gamma(int64_t n, const double *f, double keep)
{
    const double off = log1p(-keep) - log(keep); /* keep 1: -inf */
    double low = f[0] + off, high = f[0] + off;
    for (int64_t i = 1; i < n; i++) {
        low = fmin(low, f[i] + off);
        high = fmax(high, f[i] + off);
    }
    for (double middle = low + (high - low) / 2; middle > low && middle < high;
         middle = low + (high - low) / 2) {
        if (mean_kept(n, f, middle) >= keep)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double gamma_of(const struct pd_rejector *r, int64_t n, const double *f, double *sorted)
{
    if (r->o.keep > 0)
        return pd_reject_gamma(n, f, r->o.keep);
    memcpy(sorted, f, (size_t)n * sizeof *f);
    return pd_quantile(n, sorted, r->o.p);
}

enum pd_status pd_reject_judge_bound(struct pd_rejector *r, int64_t n, const double *d, uint8_t *verdicts,
                                     struct pd_error *err)
{
    double *f = r->scratch;
    (void)err;
    if (r->o.bound == PD_BOUND_ESTIMATE)
        r->fit.log_m = largest(n, d, r->fit.log_m);
    for (int64_t i = 0; i < n; i++)
        f[i] = logit_of_ratio(fmin(d[i] - r->fit.log_m, 0), r->o.epsilon);
    const double gamma = gamma_of(r, n, f, r->scratch + n);
    for (int64_t i = 0; i < n; i++)
        if (pd_rejector_uniform(r, i) < sigmoid(f[i] - gamma))
            verdicts[i] = PD_REJECT_HOLD | PD_REJECT_KEEP;
    return PD_OK;
}

const struct pd_reject_method pd_reject_gold = {
    "gold",
    "rejection by GOLD's estimator, marginal and conditional term",
    .uses_k = true,
    .balanced = true,
    .takes_keep = true,
    .settle = pd_reject_settle_bound,
    .judge = pd_reject_judge_bound};
