#include "select/rejector.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/words.h"
#include "select/rejectors.h"

#include <paydirt/select.h>

#include <math.h>
#include <stddef.h>
#include <string.h>

/* --- the methods --- */

static const struct pd_reject_method *const methods[] = {
#define LINE(name) &name,
    PD_REJECT_LIST(LINE)
#undef LINE
};

enum { METHODS = sizeof methods / sizeof methods[0] };

const struct pd_reject_method *pd_reject_method_at(int index)
{
    return index >= 0 && index < METHODS ? methods[index] : NULL;
}

const struct pd_reject_method *pd_reject_method_find(const char *name, struct pd_error *err)
{
    const char *names[METHODS];
    for (int i = 0; i < METHODS; i++)
        names[i] = methods[i]->name;
    return pd_reject_method_at(pd_find_word("way to reject", name, names, METHODS, sizeof names[0], err));
}

struct pd_reject_options pd_reject_defaults(const struct pd_reject_method *method)
{
    return (struct pd_reject_options){
        .p = 0.1, .keep = method->keep, .balanced = method->balanced, .chain = 640, .calibrate = true};
}

/* --- life --- */

enum pd_status pd_rejector_create(const struct pd_reject_method *method,
                                  const struct pd_reject_options *options, int class,
                                  struct pd_rejector **out, struct pd_error *err)
{
    *out = NULL;
    if (!(options->p >= 0 && options->p <= 1))
        return pd_fail(err, PD_ERR_USAGE, -1, "p is %g, expected 0 to 1", options->p);
    if (!(options->keep >= 0 && options->keep <= 1))
        return pd_fail(err, PD_ERR_USAGE, -1, "a part of %g to keep, expected above 0 up to 1",
                       options->keep);
    if (options->keep > 0 && !method->takes_keep)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%s keeps what its chains end in: no part to keep can be asked for", method->name);
    if (options->keep == 0 && method->keep > 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s needs the part to keep", method->name);
    if (!(options->epsilon >= 0 && options->epsilon <= 1))
        return pd_fail(err, PD_ERR_USAGE, -1, "epsilon is %g, expected 0 to 1", options->epsilon);
    if ((unsigned)options->sigma > PD_SIGMA_RMS || (unsigned)options->bound > PD_BOUND_MARGINAL)
        return pd_fail(err, PD_ERR_USAGE, -1, "sigma %d, bound %d, expected a pd_sigma and a pd_reject_bound",
                       (int)options->sigma, (int)options->bound);
    if (options->chain < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "a chain of %lld candidates, expected 1 or more",
                       (long long)options->chain);
    struct pd_rejector *r = pd_calloc(1, sizeof *r);
    if (!r)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for rejection");
    r->method = method;
    r->o = *options;
    r->class = class;
    r->fit = (struct pd_reject_fit){.slope = 1, .scale = 1, .log_m = -INFINITY};
    *out = r;
    return PD_OK;
}

static void release(struct pd_term_list *list)
{
    pd_free(list->logit);
    pd_free(list->k);
    *list = (struct pd_term_list){0};
}

void pd_rejector_destroy(struct pd_rejector *r)
{
    if (!r)
        return;
    release(&r->generated);
    release(&r->real);
    pd_free(r->scratch);
    pd_free(r);
}

struct pd_reject_fit pd_rejector_fit(const struct pd_rejector *r)
{
    return r->fit;
}

/* --- what it learns from --- */

static enum pd_status check(const struct pd_rejector *r, const struct pd_terms *t, struct pd_error *err)
{
    const bool uses_k = r->method->uses_k;
    if (t->n < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld samples, expected 0 or more", (long long)t->n);
    if (uses_k && !t->k)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s needs the conditional term", r->method->name);
    for (int64_t i = 0; i < t->n; i++) {
        if (!isfinite(t->logit[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "class %d, row %lld: the logit is %g", r->class,
                           (long long)i, (double)t->logit[i]);
        if (uses_k && !isfinite(t->k[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "class %d, row %lld: the conditional term is %g", r->class,
                           (long long)i, t->k[i]);
    }
    return PD_OK;
}

static enum pd_status grow(struct pd_term_list *list, int64_t n, bool with_k, struct pd_error *err)
{
    if (list->n + n <= list->room)
        return PD_OK;
    const int64_t room = 2 * list->room > list->n + n ? 2 * list->room : list->n + n;
    float *logit = pd_realloc(list->logit, (size_t)room * sizeof *logit);
    list->logit = logit ? logit : list->logit;
    double *k = with_k ? pd_realloc(list->k, (size_t)room * sizeof *k) : NULL;
    list->k = k ? k : list->k;
    if (!logit || (with_k && !k))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)room);
    list->room = room;
    return PD_OK;
}

static enum pd_status append(struct pd_rejector *r, struct pd_term_list *list, const struct pd_terms *t,
                             struct pd_error *err)
{
    if (r->settled)
        return pd_fail(err, PD_ERR_USAGE, -1, "class %d: nothing can be learnt after the first candidate",
                       r->class);
    enum pd_status status = check(r, t, err);
    if (!status && t->n > 0)
        status = grow(list, t->n, r->method->uses_k, err);
    if (status || t->n <= 0)
        return status;
    memcpy(list->logit + list->n, t->logit, (size_t)t->n * sizeof *t->logit);
    if (r->method->uses_k)
        memcpy(list->k + list->n, t->k, (size_t)t->n * sizeof *t->k);
    list->n += t->n;
    return PD_OK;
}

enum pd_status pd_rejector_burn_in(struct pd_rejector *r, const struct pd_terms *generated,
                                   struct pd_error *err)
{
    return append(r, &r->generated, generated, err);
}

enum pd_status pd_rejector_real(struct pd_rejector *r, const struct pd_terms *real, struct pd_error *err)
{
    return append(r, &r->real, real, err);
}

/* sigma_m / sqrt(mean k^2), GOLD's reference code. 1 where all k are 0. */
static double balance_by_rms(int64_t n, const float *logit, const double *k)
{
    double mean = 0, squares = 0, k_squares = 0;
    for (int64_t i = 0; i < n; i++)
        mean += (double)logit[i] / (double)n;
    for (int64_t i = 0; i < n; i++) {
        squares += ((double)logit[i] - mean) * ((double)logit[i] - mean);
        k_squares += k[i] * k[i];
    }
    return k_squares > 0 ? sqrt(squares / k_squares) : 1;
}

/* GOLD eq. 4, of the calibrated m. */
static double scale_of(const struct pd_rejector *r)
{
    const struct pd_term_list *g = &r->generated;
    if (!r->method->uses_k)
        return 0;
    if (!r->o.balanced)
        return 1;
    return fabs(r->fit.slope) * (r->o.sigma == PD_SIGMA_RMS ? balance_by_rms(g->n, g->logit, g->k)
                                                            : pd_gold_balance(g->n, g->logit, g->k));
}

static bool calibrates(const struct pd_rejector *r)
{
    return r->method->uses_real && r->o.calibrate;
}

enum pd_status pd_reject_need_burn_in(const struct pd_rejector *r, struct pd_error *err)
{
    return r->generated.n
               ? PD_OK
               : pd_fail(err, PD_ERR_USAGE, -1, "class %d: %s needs scores of generated samples first",
                         r->class, r->method->name);
}

static enum pd_status settle(struct pd_rejector *r, struct pd_error *err)
{
    const struct pd_term_list *g = &r->generated, *real = &r->real;
    const bool balances = r->method->uses_k && r->o.balanced;
    enum pd_status status = balances || calibrates(r) ? pd_reject_need_burn_in(r, err) : PD_OK;
    if (status)
        return status;
    if (!real->n && r->method->uses_real)
        return pd_fail(err, PD_ERR_USAGE, -1, "class %d: %s needs scores of real samples", r->class,
                       r->method->name);
    if (calibrates(r)) {
        const struct pd_calibration c = pd_calibrate(real->n, real->logit, g->n, g->logit);
        r->fit.slope = c.slope;
        r->fit.intercept = c.intercept;
    }
    r->fit.scale = scale_of(r);
    status = r->method->settle ? r->method->settle(r, err) : PD_OK;
    if (status)
        return status;
    release(&r->generated);
    r->settled = true;
    return PD_OK;
}

/* --- candidates --- */

double pd_quantile(int64_t n, double *values, double p)
{
    pd_sort(n, values);
    const double at = p * (double)(n - 1);
    const int64_t below = (int64_t)at;
    if (below >= n - 1)
        return values[n - 1];
    return values[below] + (at - (double)below) * (values[below + 1] - values[below]);
}

double pd_rejector_d(const struct pd_rejector *r, float logit, double k)
{
    return r->fit.slope * (double)logit + r->fit.intercept + r->fit.scale * k;
}

double pd_rejector_uniform(const struct pd_rejector *r, int64_t i)
{
    const struct pd_rng rng = {r->o.seed, PD_STREAM_REJECT_ACCEPT, (uint64_t)r->class};
    return pd_rng_uniform(&rng, r->judged + (uint64_t)i);
}

static enum pd_status reserve(struct pd_rejector *r, int64_t n, struct pd_error *err)
{
    if (3 * n <= r->scratch_room)
        return PD_OK;
    double *scratch = pd_realloc(r->scratch, (size_t)(3 * n) * sizeof *scratch);
    if (!scratch)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld candidates", (long long)n);
    r->scratch = scratch;
    r->scratch_room = 3 * n;
    return PD_OK;
}

enum pd_status pd_rejector_judge(struct pd_rejector *r, const struct pd_terms *candidates, uint8_t *verdicts,
                                 double *d, struct pd_error *err)
{
    const int64_t n = candidates->n;
    enum pd_status status = r->settled ? PD_OK : settle(r, err);
    if (!status)
        status = check(r, candidates, err);
    if (!status && n > 0)
        status = reserve(r, n, err);
    if (status || n <= 0)
        return status;
    double *own = r->scratch + 2 * n;
    for (int64_t i = 0; i < n; i++)
        own[i] = pd_rejector_d(r, candidates->logit[i], r->method->uses_k ? candidates->k[i] : 0);
    memset(verdicts, 0, (size_t)n);
    status = r->method->judge(r, n, own, verdicts, err);
    if (d)
        memcpy(d, own, (size_t)n * sizeof *d);
    r->judged += (uint64_t)n;
    return status;
}
