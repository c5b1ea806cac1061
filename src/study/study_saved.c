/* How many labels a strategy saves: where its mean curve comes to what the baseline's comes to. */
#include "study/study.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/sort.h"
#include "base/streams.h"

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
                       const int64_t *pick, double *scratch, double *level)
{
    double *a = scratch, *b = scratch + n;
    mean_so_far(pairs, n, ours, pick, a);
    mean_so_far(pairs, n, theirs, pick, b);
    *level = fmin(a[n - 1], b[n - 1]);
    return reach(n, x, b, *level) - reach(n, x, a, *level);
}

bool pd_compare_saved(int64_t pairs, int64_t n, const double *x, const double *ours, const double *theirs,
                      uint64_t seed, struct pd_saved *out)
{
    *out = (struct pd_saved){pairs, NAN, NAN, NAN, NAN};
    if (pairs < 1 || n < 2)
        return true;
    double *scratch = pd_malloc((2 * (size_t)n + DRAWS) * sizeof *scratch), unused;
    int64_t *pick = pd_malloc((size_t)pairs * sizeof *pick);
    const bool ok = scratch && pick;
    for (int64_t k = 0; ok && k < pairs; k++)
        pick[k] = k;
    if (ok)
        out->saved = saved_by(pairs, n, x, ours, theirs, pick, scratch, &out->level);
    if (ok && pairs > 1) {
        double *draws = scratch + 2 * n;
        for (int64_t d = 0; d < DRAWS; d++) {
            const struct pd_rng rng = {seed, PD_STREAM_SAVED, (uint64_t)d};
            for (int64_t k = 0; k < pairs; k++)
                pick[k] = pd_rng_below(&rng, (uint64_t)k, (uint32_t)pairs);
            draws[d] = saved_by(pairs, n, x, ours, theirs, pick, scratch, &unused);
        }
        pd_sort(DRAWS, draws);
        out->low = draws[DRAWS / 40];
        out->high = draws[DRAWS - 1 - DRAWS / 40];
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
    const double saved = fabs(s->saved);
    size_t used =
        (size_t)snprintf(words, size, "comes to %.1f%s with ", unit * s->level, unit == 100 ? " %" : "");
    if (used < size)
        used += (size_t)(saved < 0.5 ? snprintf(words + used, size - used, "as many %s", x)
                                     : snprintf(words + used, size - used, "%.0f %s %s", saved, x,
                                                s->saved < 0 ? "more" : "fewer"));
    if (!isnan(s->low) && used < size)
        snprintf(words + used, size - used, " (95 %%: %.0f to %.0f)%s", s->low, s->high,
                 s->low > 0 || s->high < 0 ? "" : ", which may be none");
    return words;
}
