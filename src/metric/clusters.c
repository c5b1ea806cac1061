#include "metric/clusters.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "distance/lloyd.h"

#include <math.h>
#include <string.h>

enum { STARTS = 10, DRAWN = 3072 };

struct pd_clusters {
    struct pd_lloyd lloyd; /* sets: real, generated */
    uint64_t seed;
    float *drawn, *drawn_norms; /* (DRAWN, width), in the frame */
    double *distances;          /* (STARTS, DRAWN) */
    int64_t *starts;            /* (STARTS, count): rows of drawn */
};

void pd_clusters_destroy(struct pd_clusters *c)
{
    if (!c)
        return;
    pd_lloyd_release(&c->lloyd);
    pd_free(c->starts);
    pd_free(c->drawn);
    pd_free(c->drawn_norms);
    pd_free(c->distances);
    pd_free(c);
}

static bool reserve(struct pd_clusters *c, size_t width, size_t count)
{
    c->starts = pd_calloc(STARTS, count * sizeof(int64_t));
    c->drawn = pd_calloc(DRAWN, width * sizeof(float));
    c->drawn_norms = pd_calloc(DRAWN, sizeof(float));
    c->distances = pd_calloc(STARTS, DRAWN * sizeof(double));
    return c->starts && c->drawn && c->drawn_norms && c->distances;
}

enum pd_status pd_clusters_create(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                  int count, uint64_t seed, struct pd_clusters **out, struct pd_error *err)
{
    struct pd_clusters *c = pd_calloc(1, sizeof *c);
    *out = NULL;
    if (!c)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for clusters");
    c->seed = seed;
    c->lloyd =
        (struct pd_lloyd){.sets = 2,
                          .count = count,
                          .set = {{real, (double)real->n, NULL, NULL}, {fake, (double)fake->n, NULL, NULL}}};
    enum pd_status status = pd_lloyd_create(&c->lloyd, err);
    if (!status && !reserve(c, (size_t)real->width, (size_t)count))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d clusters of %lld features", count,
                         (long long)real->width);
    if (status)
        pd_clusters_destroy(c);
    else
        *out = c;
    return status;
}

/* --- a start --- */

/* Half of them from each set. */
static void draw(struct pd_clusters *c, uint64_t repeat)
{
    const struct pd_rng rng = {c->seed, PD_STREAM_PRD_CLUSTERS, repeat};
    const int64_t width = c->lloyd.frame.width;
    for (int64_t i = 0; i < DRAWN; i++) {
        const struct pd_feature_set *set = c->lloyd.set[i % 2].rows;
        const int64_t row = (int64_t)(pd_rng_uniform(&rng, (uint64_t)i) * (double)set->n);
        pd_frame_take(&c->lloyd.frame, set->values + row * width, 1, c->drawn + i * width,
                      c->drawn_norms + i);
    }
}

/* The drawn sample that k-means++ takes next: with probability proportional to its squared distance. */
static int64_t choose(const double *distances, double uniform)
{
    double total = 0, sum = 0;
    for (int64_t i = 0; i < DRAWN; i++)
        total += distances[i];
    for (int64_t i = 0; i < DRAWN; i++) {
        sum += distances[i];
        if (sum > uniform * total)
            return i;
    }
    return (int64_t)(uniform * DRAWN); /* nothing but copies of the chosen */
}

/* A k-means++ start, rows (count) of the draw. distances (DRAWN), squared, to the nearest of them; returns
 * their sum. */
static double try_start(const struct pd_clusters *c, const struct pd_rng *rng, int start, int64_t *rows,
                        double *distances)
{
    const int64_t width = c->lloyd.frame.width;
    double sum = 0;
    for (int64_t i = 0; i < DRAWN; i++)
        distances[i] = INFINITY;
    for (int k = 0; k < c->lloyd.count; k++) {
        const double uniform = pd_rng_uniform(rng, (uint64_t)start * (uint64_t)c->lloyd.count + (uint64_t)k);
        rows[k] = k ? choose(distances, uniform) : (int64_t)(uniform * DRAWN);
        for (int64_t i = 0; i < DRAWN; i++)
            distances[i] = fmin(distances[i],
                                pd_squared_distance(c->drawn + i * width, c->drawn + rows[k] * width, width));
    }
    for (int64_t i = 0; i < DRAWN; i++)
        sum += distances[i];
    return sum;
}

static void begin(struct pd_clusters *c, uint64_t repeat)
{
    const struct pd_rng rng = {c->seed, PD_STREAM_PRD_CLUSTERS + 1, repeat};
    const int64_t width = c->lloyd.frame.width;
    double sums[STARTS];
    int best = 0;
    draw(c, repeat);
#pragma omp parallel for schedule(dynamic)
    for (int s = 0; s < STARTS; s++)
        sums[s] =
            try_start(c, &rng, s, c->starts + (int64_t)s * c->lloyd.count, c->distances + (int64_t)s * DRAWN);
    for (int s = 1; s < STARTS; s++)
        best = sums[s] < sums[best] ? s : best;
    for (int64_t k = 0; k < c->lloyd.count; k++)
        memcpy(c->lloyd.centres + k * width, c->drawn + c->starts[(int64_t)best * c->lloyd.count + k] * width,
               (size_t)width * sizeof *c->lloyd.centres);
}

/* What part of each set lies in each cluster. */
static void count_labels(const struct pd_clusters *c, double *real, double *fake)
{
    double *const parts[2] = {real, fake};
    for (int s = 0; s < 2; s++) {
        const struct pd_lloyd_set *set = &c->lloyd.set[s];
        memset(parts[s], 0, (size_t)c->lloyd.count * sizeof *parts[s]);
        for (int64_t i = 0; i < set->rows->n; i++)
            parts[s][set->labels[i]]++;
        for (int k = 0; k < c->lloyd.count; k++)
            parts[s][k] /= set->parts;
    }
}

/* The mean variance of a feature, from the draw, whose mean is near 0. */
static double variance(const struct pd_clusters *c)
{
    double sum = 0;
    for (int64_t i = 0; i < DRAWN; i++)
        sum += (double)c->drawn_norms[i] / DRAWN;
    return sum / (double)c->lloyd.frame.width;
}

enum pd_status pd_clusters_find(struct pd_clusters *c, uint64_t repeat, const struct pd_feature_work *work,
                                double *real, double *fake, struct pd_error *err)
{
    const int before = pd_work_begin(work);
    begin(c, repeat);
    enum pd_status status = pd_lloyd_run(&c->lloyd, variance(c), NULL, err);
    if (!status)
        count_labels(c, real, fake);
    pd_work_end(before);
    return status;
}
