/* How many labels a strategy saves: by how much earlier its mean curve comes to what the baseline's comes to,
 * on average over the levels that both come to. One level alone, such as the end, lies where curves are flat:
 * its spread is two to five times as large, and the running maximum there favours the curve that scatters
 * more. */
#include "study/study.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/sort.h"
#include "base/streams.h"
#include "metric/statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DRAWS = 2000 };

/* The x at which a curve first has the level, on straight lines; the last x where it does not. */
static double reach(int64_t n, const double *x, const double *y, double level)
{
    for (int64_t i = 0; i < n; i++)
        if (y[i] >= level)
            return i == 0 ? x[0] : x[i - 1] + (x[i] - x[i - 1]) * (level - y[i - 1]) / (y[i] - y[i - 1]);
    return x[n - 1];
}

/* The mean of that over the levels in between, both of them levels of the curve: an area of trapezoids. Where
 * a draw shares none, from is above to: the lower curve's end, which saves less than any level above. */
static double mean_reach(int64_t n, const double *x, const double *y, double from, double to)
{
    double area = 0;
    if (!(to > from))
        return reach(n, x, y, to);
    for (int64_t i = 1; i < n; i++) {
        const double low = fmax(y[i - 1], from), high = fmin(y[i], to),
                     slope = (x[i] - x[i - 1]) / (y[i] - y[i - 1]);
        if (high > low)
            area += (high - low) * (x[i - 1] + slope * ((low + high) / 2 - y[i - 1]));
    }
    return area / (to - from);
}

/* The mean of the curves that `pick` lists, pairs * n numbers, up to each x the highest so far. */
static void mean_so_far(int64_t pairs, int64_t n, const double *y, const int64_t *pick, double *mean)
{
    for (int64_t i = 0; i < n; i++) {
        mean[i] = 0;
        for (int64_t k = 0; k < pairs; k++)
            mean[i] += y[pick[k] * n + i] / (double)pairs;
        if (i && mean[i] < mean[i - 1])
            mean[i] = mean[i - 1];
    }
}

/* scratch: (2 n) */
static double saved_by(int64_t pairs, int64_t n, const double *x, const double *ours, const double *theirs,
                       const int64_t *pick, double *scratch, struct pd_saved *levels)
{
    double *a = scratch, *b = scratch + n;
    mean_so_far(pairs, n, ours, pick, a);
    mean_so_far(pairs, n, theirs, pick, b);
    levels->to = fmin(a[n - 1], b[n - 1]);
    levels->from = fmax(a[0], b[0]);
    return mean_reach(n, x, b, levels->from, levels->to) - mean_reach(n, x, a, levels->from, levels->to);
}

/* Percentiles of few draws are too narrow: by as much as Student's t is wider than the normal distribution,
 * and a sample's deviation smaller than the true one. Beyond most no curve can save. */
static void set_interval(struct pd_saved *s, double *draws, double most)
{
    const double n = (double)s->pairs, wider = pd_student_t(0.05, n - 1) / 1.959964 * sqrt(n / (n - 1));
    pd_sort(DRAWS, draws);
    s->low = fmax(s->saved - wider * (s->saved - draws[DRAWS / 40]), -most);
    s->high = fmin(s->saved + wider * (draws[DRAWS - 1 - DRAWS / 40] - s->saved), most);
}

static bool are_finite(int64_t n, const double *y)
{
    int64_t finite = 0;
    for (int64_t i = 0; i < n; i++)
        finite += isfinite(y[i]) != 0;
    return finite == n;
}

bool pd_compare_saved(int64_t pairs, int64_t n, const double *x, const double *ours, const double *theirs,
                      uint64_t seed, struct pd_saved *out)
{
    struct pd_saved unused;
    *out = PD_SAVED_NONE;
    out->pairs = pairs;
    if (pairs < 1 || n < 2 || !are_finite(n, x) || !are_finite(pairs * n, ours) ||
        !are_finite(pairs * n, theirs))
        return true;
    double *scratch = pd_malloc((2 * (size_t)n + DRAWS) * sizeof *scratch);
    int64_t *pick = pd_malloc((size_t)pairs * sizeof *pick);
    const bool ok = scratch && pick;
    for (int64_t k = 0; ok && k < pairs; k++)
        pick[k] = k;
    if (ok)
        out->saved = saved_by(pairs, n, x, ours, theirs, pick, scratch, out);
    const bool shared = ok && out->from <= out->to;
    if (!shared)
        out->saved = out->from = out->to = NAN;
    if (shared && pairs > 1) {
        double *draws = scratch + 2 * n;
        for (int64_t d = 0; d < DRAWS; d++) {
            const struct pd_rng rng = {seed, PD_STREAM_SAVED, (uint64_t)d};
            for (int64_t k = 0; k < pairs; k++)
                pick[k] = pd_rng_below(&rng, (uint64_t)k, (uint32_t)pairs);
            draws[d] = saved_by(pairs, n, x, ours, theirs, pick, scratch, &unused);
        }
        set_interval(out, draws, x[n - 1] - x[0]);
    }
    pd_free(scratch);
    pd_free(pick);
    return ok;
}

/* A trial that has a point at each x, and none beside them. */
static bool is_whole(const struct pd_study_trial *t, int64_t n, const double *x)
{
    return t && t->n == n && !memcmp(t->x, x, (size_t)n * sizeof *x);
}

bool pd_study_saved(const struct pd_study_curve *curve, const struct pd_study_curve *baseline, int64_t n,
                    const double *x, struct pd_saved *out)
{
    double *ours = pd_malloc(2 * (size_t)curve->count * (size_t)n * sizeof *ours);
    int64_t pairs = 0;
    if (!ours)
        return false;
    double *theirs = ours + (int64_t)curve->count * n;
    for (const struct pd_study_trial *t = curve->trials; t; t = t->next) {
        const struct pd_study_trial *other = pd_study_partner(baseline, t->seed);
        if (!is_whole(t, n, x) || !is_whole(other, n, x))
            continue;
        memcpy(ours + pairs * n, t->y, (size_t)n * sizeof *ours);
        memcpy(theirs + pairs * n, other->y, (size_t)n * sizeof *ours);
        pairs++;
    }
    const bool ok = pd_compare_saved(pairs, n, x, ours, theirs, 1, out);
    pd_free(ours);
    return ok;
}

char *pd_saved_words(const struct pd_saved *s, double unit, const char *x, char *words, size_t size)
{
    const double saved = round(s->saved), low = round(s->low) + 0., high = round(s->high) + 0.; /* no -0 */
    const int letters = (int)strlen(x) - (fabs(saved) == 1); /* a plural: "labels" */
    if (isnan(saved)) {
        snprintf(words, size, "%s saved cannot be told: there is no accuracy that both come to", x);
        return words;
    }
    size_t used = (size_t)(saved == 0 ? snprintf(words, size, "needs as many %s", x)
                                      : snprintf(words, size, "needs %.0f %.*s %s", fabs(saved), letters, x,
                                                 saved < 0 ? "more" : "fewer"));
    if (used < size)
        used += (size_t)snprintf(words + used, size - used, " for %.1f to %.1f%s, on average", unit * s->from,
                                 unit * s->to, unit == 100 ? " %" : "");
    if (!isnan(s->low) && used < size)
        snprintf(words + used, size - used, " (95 %%: %.0f to %.0f; %lld pairs)%s",
                 saved < 0 ? 0 - high : low, saved < 0 ? 0 - low : high, (long long)s->pairs,
                 low > 0 || high < 0 ? "" : ": none is shown");
    return words;
}
