#include <paydirt/select.h>

#include "base/mem.h"
#include "distance/apart.h"
#include "distance/frame.h"

#include <math.h>
#include <string.h>

static enum pd_status check_features(int64_t candidates, const int64_t *rows, int64_t width,
                                     const float *features, struct pd_error *err)
{
    for (int64_t i = 0; i < candidates * width; i++)
        if (!isfinite(features[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: feature %lld is %g, expected a finite number",
                           (long long)rows[i / width], (long long)(i % width), (double)features[i]);
    return PD_OK;
}

static enum pd_status check_counts(enum pd_diversity method, int64_t n, int64_t candidates, int64_t k,
                                   int64_t width, struct pd_error *err)
{
    if (k < 0 || k > candidates || candidates > n)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%lld rows out of %lld candidates out of %lld, expected as many or fewer of each",
                       (long long)k, (long long)candidates, (long long)n);
    if (method != PD_DIVERSE_K_CENTER && method != PD_DIVERSE_K_MEANS)
        return pd_fail(err, PD_ERR_USAGE, -1, "no way %d to spread a choice, expected a pd_diversity",
                       (int)method);
    if (width < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld features of a row, expected 1 or more", (long long)width);
    return PD_OK;
}

/* chosen[0] = 0, the best-scored, is there. */
static enum pd_status spread(enum pd_diversity method, const struct pd_feature_set *set, int64_t *others,
                             int64_t k, uint64_t seed, int64_t *chosen, struct pd_error *err)
{
    const struct pd_apart apart = {
        .n = set->n - 1, .rows = others, .squared = pd_rows_squared, .context = set, .cost = set->width};
    for (int64_t i = 0; i < apart.n; i++)
        others[i] = i + 1;
    return method == PD_DIVERSE_K_CENTER ? pd_apart_farthest(&apart, 1, k - 1, chosen, err)
                                         : pd_apart_draw(&apart, seed, 1, k - 1, chosen, err);
}

enum pd_status pd_diverse_choose(enum pd_diversity method, int64_t candidates, const int64_t *rows,
                                 int64_t width, const float *features, int64_t k, uint64_t seed,
                                 int64_t *chosen, struct pd_error *err)
{
    const struct pd_feature_set set = {candidates, width, features};
    enum pd_status status = check_counts(method, candidates, candidates, k, width, err);
    if (!status)
        status = check_features(candidates, rows, width, features, err);
    if (status || !k)
        return status;
    int64_t *others = pd_calloc((size_t)candidates, sizeof *others);
    if (!others)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld candidates", (long long)candidates);
    chosen[0] = 0;
    status = spread(method, &set, others, k, seed, chosen, err);
    pd_free(others);
    return status;
}

/* best (candidates) and gathered (candidates, width): room for the candidates, best first */
static enum pd_status rank_and_choose(enum pd_diversity method, int64_t n, const double *score, int64_t width,
                                      const float *features, int64_t candidates, int64_t *best,
                                      float *gathered, int64_t k, uint64_t seed, int64_t *rows,
                                      struct pd_error *err)
{
    enum pd_status status = pd_select_top(n, score, candidates, seed, best, err);
    if (status)
        return status;
    for (int64_t i = 0; i < candidates; i++)
        memcpy(gathered + i * width, features + best[i] * width, (size_t)width * sizeof *gathered);
    status = pd_diverse_choose(method, candidates, best, width, gathered, k, seed, rows, err);
    for (int64_t i = 0; i < k && !status; i++)
        rows[i] = best[rows[i]];
    return status;
}

enum pd_status pd_select_diverse(enum pd_diversity method, int64_t n, const double *score, int64_t width,
                                 const float *features, int64_t candidates, int64_t k, uint64_t seed,
                                 int64_t *rows, struct pd_error *err)
{
    if (method == PD_DIVERSE_NONE)
        return pd_select_top(n, score, k, seed, rows, err);
    enum pd_status status = check_counts(method, n, candidates, k, width, err);
    if (status)
        return status;
    int64_t *best = pd_calloc((size_t)candidates, sizeof *best);
    float *gathered = pd_calloc((size_t)candidates, (size_t)width * sizeof *gathered);
    if (best && gathered)
        status = rank_and_choose(method, n, score, width, features, candidates, best, gathered, k, seed, rows,
                                 err);
    else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld candidates", (long long)candidates);
    pd_free(best);
    pd_free(gathered);
    return status;
}
