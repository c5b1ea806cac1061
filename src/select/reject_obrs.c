/* Optimal budgeted rejection sampling (Verine et al. 2023): of all ways to keep a part 1/K of the candidates,
 * accepting with min(1, r c_K / M) comes closest to the data in every f-divergence; r the density ratio, M
 * its supremum, here over the burn-in. c_K >= 1 makes the burn-in's mean 1/K. Where plain rejection, c_K = 1,
 * keeps more than that, it is taken: it reaches the data already. */
#include "base/mem.h"
#include "base/sort.h"
#include "select/rejector.h"
#include "select/rejectors.h"

#include <math.h>

/* Those above `at` are kept for sure, the others with exp(d - at + more): log(c_K / M) = more - at in two
 * parts loses no digit, however large the scores. The mean is as wanted where
 *
 *     exp(more) = (wanted - above) / sum of exp(d - at) over those up to `at`,
 *
 * `at` the highest for which that is at most 1. d: (n), ascending. */
static void solve(struct pd_rejector *r, int64_t n, const double *d)
{
    const double wanted = r->o.keep * (double)n;
    double sum = 1;
    r->budget.at = d[0];
    for (int64_t i = 0; i < n; i++) {
        const double above = (double)(n - 1 - i);
        sum = i ? 1 + exp(d[i - 1] - d[i]) * sum : 1;
        if (above + sum < wanted)
            break;
        r->budget.at = d[i];
        r->budget.more = log((wanted - above) / sum);
    }
    r->fit.log_m = d[n - 1];
    if (r->budget.at == r->fit.log_m) /* c_K <= 1 */
        r->budget.more = 0;
    if (r->o.keep == 1) /* whatever comes */
        r->budget.more = INFINITY;
    r->fit.log_c = r->budget.more + (r->fit.log_m - r->budget.at);
}

static enum pd_status settle(struct pd_rejector *r, struct pd_error *err)
{
    const struct pd_term_list *g = &r->generated;
    enum pd_status status = pd_reject_need_burn_in(r, err);
    if (status)
        return status;
    double *d = pd_malloc((size_t)g->n * sizeof *d);
    if (!d)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)g->n);
    for (int64_t i = 0; i < g->n; i++)
        d[i] = pd_rejector_d(r, g->logit[i], 0);
    pd_sort(g->n, d);
    solve(r, g->n, d);
    pd_free(d);
    return PD_OK;
}

double pd_reject_budget(const struct pd_rejector *r, double d)
{
    return fmin(1, exp(d - r->budget.at + r->budget.more));
}

static enum pd_status judge(struct pd_rejector *r, int64_t n, const double *d, uint8_t *verdicts,
                            struct pd_error *err)
{
    (void)err;
    for (int64_t i = 0; i < n; i++)
        if (pd_rejector_uniform(r, i) < pd_reject_budget(r, d[i]))
            verdicts[i] = PD_REJECT_HOLD | PD_REJECT_KEEP;
    return PD_OK;
}

const struct pd_reject_method pd_reject_obrs = {
    "obrs",
    "optimal budgeted rejection sampling: the marginal term alone",
    .takes_keep = true,
    .keep = 0.5,
    .settle = settle,
    .judge = judge};
