#include <paydirt/select.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"

#include <math.h>
#include <string.h>

struct spread {
    enum pd_diversity method;
    int64_t n, width;
    const float *features; /* (n, width) */
    double *distance;      /* (n): squared, to the nearest chosen; -1: chosen itself */
    struct pd_rng rng;
};

static double squared_distance(const float *a, const float *b, int64_t width)
{
    double sum = 0;
    for (int64_t i = 0; i < width; i++) {
        const double d = (double)a[i] - (double)b[i];
        sum += d * d;
    }
    return sum;
}

static void choose(struct spread *s, int64_t chosen)
{
    const float *centre = s->features + chosen * s->width;
#pragma omp parallel for schedule(static) if (s->n * s->width >= 65536)
    for (int64_t i = 0; i < s->n; i++) {
        const double d = squared_distance(s->features + i * s->width, centre, s->width);
        s->distance[i] = d < s->distance[i] ? d : s->distance[i];
    }
    s->distance[chosen] = -1;
}

/* The first of the farthest: the best-scored where all are 0. */
static int64_t farthest(const struct spread *s)
{
    int64_t best = 0;
    for (int64_t i = 1; i < s->n; i++)
        if (s->distance[i] > s->distance[best])
            best = i;
    return best;
}

static double uniform(const struct pd_rng *rng, int64_t index)
{
    uint32_t words[4];
    pd_rng_block(rng, (uint64_t)index, words);
    return (double)((uint64_t)words[0] << 21 ^ words[1] >> 11) * 0x1p-53;
}

/* The turn-th choice, with probability proportional to the squared distance. */
static int64_t draw(const struct spread *s, int64_t turn)
{
    double total = 0, sum = 0;
    for (int64_t i = 0; i < s->n; i++)
        total += fmax(s->distance[i], 0);
    const double wanted = uniform(&s->rng, turn) * total;
    for (int64_t i = 0; i < s->n; i++) {
        sum += fmax(s->distance[i], 0);
        if (s->distance[i] > 0 && sum > wanted)
            return i;
    }
    return farthest(s); /* nothing but copies of the chosen, or rounding at the very end */
}

static enum pd_status check_features(int64_t candidates, const int64_t *rows, int64_t width,
                                     const float *features, struct pd_error *err)
{
    for (int64_t i = 0; i < candidates * width; i++)
        if (!isfinite(features[i]))
            return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: feature %lld is %g, expected a finite number",
                           (long long)rows[i / width], (long long)(i % width), (double)features[i]);
    return PD_OK;
}

static enum pd_status check_counts(int64_t n, int64_t candidates, int64_t k, int64_t width,
                                   struct pd_error *err)
{
    if (k < 0 || k > candidates || candidates > n)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%lld rows out of %lld candidates out of %lld, expected as many or fewer of each",
                       (long long)k, (long long)candidates, (long long)n);
    if (width < 1)
        return pd_fail(err, PD_ERR_USAGE, -1, "%lld features of a row, expected 1 or more", (long long)width);
    return PD_OK;
}

enum pd_status pd_diverse_choose(enum pd_diversity method, int64_t candidates, const int64_t *rows,
                                 int64_t width, const float *features, int64_t k, uint64_t seed,
                                 int64_t *chosen, struct pd_error *err)
{
    struct spread s = {method, candidates, width, features, NULL, {seed, PD_STREAM_SELECT_SPREAD, 0}};
    enum pd_status status = check_counts(candidates, candidates, k, width, err);
    if (!status)
        status = check_features(candidates, rows, width, features, err);
    if (status)
        return status;
    s.distance = pd_malloc((size_t)candidates * sizeof *s.distance);
    if (!s.distance)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld candidates", (long long)candidates);
    for (int64_t i = 0; i < candidates; i++)
        s.distance[i] = INFINITY;
    for (int64_t turn = 0; turn < k; turn++) {
        chosen[turn] = turn == 0 ? 0 : method == PD_DIVERSE_K_CENTER ? farthest(&s) : draw(&s, turn);
        choose(&s, chosen[turn]);
    }
    pd_free(s.distance);
    return PD_OK;
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
    enum pd_status status = check_counts(n, candidates, k, width, err);
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
