#include "metric/clusters.h"

#include "base/clones.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"

#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { STARTS = 10, DRAWN = 3072, ITERATIONS = 50, ROWS = 512 };
static const double rest = 1e-4; /* the centres', as part of the features' variance: scikit-learn's */

struct pd_clusters {
    const struct pd_feature_set *sets[2]; /* real, generated */
    struct pd_frame frame;
    int count;
    uint64_t seed;
    int32_t *labels[2];         /* (n): the nearest centre */
    float *centres, *start;     /* (count, width), in the frame; the start that is tried */
    float *norms;               /* (count): half the centres' squared norms */
    double *sums, *weights;     /* (count, width), (count): of the samples of a cluster */
    float *drawn, *drawn_norms; /* (DRAWN, width), in the frame */
    double *distances;          /* (STARTS, DRAWN) */
    int64_t *starts;            /* (STARTS, count): rows of drawn */
};

void pd_clusters_destroy(struct pd_clusters *c)
{
    if (!c)
        return;
    pd_frame_release(&c->frame);
    pd_free(c->labels[0]);
    pd_free(c->labels[1]);
    pd_free(c->centres);
    pd_free(c->starts);
    pd_free(c->norms);
    pd_free(c->sums);
    pd_free(c->weights);
    pd_free(c->drawn);
    pd_free(c->drawn_norms);
    pd_free(c->distances);
    pd_free(c);
}

static bool reserve(struct pd_clusters *c)
{
    const size_t width = (size_t)c->sets[0]->width, count = (size_t)c->count;
    c->labels[0] = pd_calloc((size_t)c->sets[0]->n, sizeof(int32_t));
    c->labels[1] = pd_calloc((size_t)c->sets[1]->n, sizeof(int32_t));
    c->centres = pd_calloc(count, width * sizeof(float));
    c->starts = pd_calloc(STARTS, count * sizeof(int64_t));
    c->norms = pd_calloc(count, sizeof(float));
    c->sums = pd_calloc(count, width * sizeof(double));
    c->weights = pd_calloc(count, sizeof(double));
    c->drawn = pd_calloc(DRAWN, width * sizeof(float));
    c->drawn_norms = pd_calloc(DRAWN, sizeof(float));
    c->distances = pd_calloc(STARTS, DRAWN * sizeof(double));
    return c->labels[0] && c->labels[1] && c->centres && c->starts && c->norms && c->sums && c->weights &&
           c->drawn && c->drawn_norms && c->distances;
}

enum pd_status pd_clusters_create(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                  int count, uint64_t seed, struct pd_clusters **out, struct pd_error *err)
{
    struct pd_clusters *c = pd_calloc(1, sizeof *c);
    *out = NULL;
    if (!c)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for clusters");
    c->sets[0] = real;
    c->sets[1] = fake;
    c->count = count;
    c->seed = seed;
    enum pd_status status = pd_frame_create(&c->frame, real, fake, err);
    if (!status && !reserve(c))
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
    const int64_t width = c->frame.width;
    for (int64_t i = 0; i < DRAWN; i++) {
        const struct pd_feature_set *set = c->sets[i % 2];
        const int64_t row = (int64_t)(pd_rng_uniform(&rng, (uint64_t)i) * (double)set->n);
        pd_frame_take(&c->frame, set->values + row * width, 1, c->drawn + i * width, c->drawn_norms + i);
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
    const int64_t width = c->frame.width;
    double sum = 0;
    for (int64_t i = 0; i < DRAWN; i++)
        distances[i] = INFINITY;
    for (int k = 0; k < c->count; k++) {
        const double uniform = pd_rng_uniform(rng, (uint64_t)start * (uint64_t)c->count + (uint64_t)k);
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
    const int64_t width = c->frame.width;
    double sums[STARTS];
    int best = 0;
    draw(c, repeat);
#pragma omp parallel for schedule(dynamic)
    for (int s = 0; s < STARTS; s++)
        sums[s] = try_start(c, &rng, s, c->starts + (int64_t)s * c->count, c->distances + (int64_t)s * DRAWN);
    for (int s = 1; s < STARTS; s++)
        best = sums[s] < sums[best] ? s : best;
    for (int64_t k = 0; k < c->count; k++)
        memcpy(c->centres + k * width, c->drawn + c->starts[(int64_t)best * c->count + k] * width,
               (size_t)width * sizeof *c->centres);
}

/* --- Lloyd's iterations --- */

static void label_rows(const struct pd_clusters *c, const float *rows, int n, float *products,
                       int32_t *labels)
{
    const int width = (int)c->frame.width;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, c->count, width, 1, rows, width, c->centres,
                width, 0, products, c->count);
    for (int i = 0; i < n; i++, products += c->count) {
        int best = 0;
        for (int k = 1; k < c->count; k++)
            best = products[k] - c->norms[k] > products[best] - c->norms[best] ? k : best;
        labels[i] = best;
    }
}

/* Each sample's nearest centre. */
static enum pd_status label(struct pd_clusters *c, struct pd_error *err)
{
    const int64_t width = c->frame.width;
    bool short_of_memory = false;
    for (int k = 0; k < c->count; k++) {
        double norm = 0;
        for (int64_t i = 0; i < width; i++)
            norm += (double)c->centres[k * width + i] * (double)c->centres[k * width + i];
        c->norms[k] = (float)(norm / 2);
    }
#pragma omp parallel reduction(|| : short_of_memory)
    {
        float *rows = pd_calloc(ROWS, (size_t)(width + c->count + 1) * sizeof *rows);
        short_of_memory = !rows;
        for (int s = 0; s < 2; s++) {
#pragma omp for schedule(static)
            for (int64_t at = 0; at < c->sets[s]->n; at += ROWS) {
                const int64_t n = c->sets[s]->n - at < ROWS ? c->sets[s]->n - at : ROWS;
                if (!rows)
                    continue;
                pd_frame_take(&c->frame, c->sets[s]->values + at * width, n, rows, rows + ROWS * width);
                label_rows(c, rows, (int)n, rows + ROWS * (width + 1), c->labels[s] + at);
            }
        }
        pd_free(rows);
    }
    return short_of_memory ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for clusters") : PD_OK;
}

/* Sums of the clusters' samples over columns first .. end, in the samples' order whatever the threads. */
PD_CLONES
static void sum_columns(struct pd_clusters *c, int64_t first, int64_t end)
{
    const int64_t width = c->frame.width;
    for (int k = 0; k < c->count; k++)
        memset(c->sums + k * width + first, 0, (size_t)(end - first) * sizeof *c->sums);
    const float scale = c->frame.scale, *centre = c->frame.centre;
    for (int s = 0; s < 2; s++) {
        const double weight = 1 / (double)c->sets[s]->n;
        for (int64_t i = 0; i < c->sets[s]->n; i++) {
            double *restrict sums = c->sums + c->labels[s][i] * width;
            const float *restrict row = c->sets[s]->values + i * width;
            for (int64_t k = first; k < end; k++)
                sums[k] += weight * (double)(row[k] * scale - centre[k]);
        }
    }
}

/* Centres become the means of their samples; returns how far they moved, squared. One without samples stays.
 */
static double move(struct pd_clusters *c)
{
    const int64_t width = c->frame.width, columns = 16; /* a cache line of a row */
    double moved = 0;
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < width; first += columns)
        sum_columns(c, first, first + columns < width ? first + columns : width);
    for (int k = 0; k < c->count; k++)
        for (int64_t i = 0; i < width && c->weights[k] > 0; i++) {
            const double to = c->sums[k * width + i] / c->weights[k],
                         by = to - (double)c->centres[k * width + i];
            moved += by * by;
            c->centres[k * width + i] = (float)to;
        }
    return moved;
}

/* What part of each set lies in each cluster. */
static void count_labels(struct pd_clusters *c, double *real, double *fake)
{
    double *const parts[2] = {real, fake};
    for (int s = 0; s < 2; s++) {
        memset(parts[s], 0, (size_t)c->count * sizeof *parts[s]);
        for (int64_t i = 0; i < c->sets[s]->n; i++)
            parts[s][c->labels[s][i]]++;
        for (int k = 0; k < c->count; k++)
            parts[s][k] /= (double)c->sets[s]->n;
    }
    for (int k = 0; k < c->count; k++)
        c->weights[k] = real[k] + fake[k];
}

/* The mean variance of a feature, from the draw, whose mean is near 0. */
static double variance(const struct pd_clusters *c)
{
    double sum = 0;
    for (int64_t i = 0; i < DRAWN; i++)
        sum += (double)c->drawn_norms[i] / DRAWN;
    return sum / (double)c->frame.width;
}

enum pd_status pd_clusters_find(struct pd_clusters *c, uint64_t repeat, const struct pd_feature_work *work,
                                double *real, double *fake, struct pd_error *err)
{
    const int before = pd_work_begin(work);
    begin(c, repeat);
    const double enough = rest * variance(c);
    double moved = INFINITY;
    enum pd_status status = PD_OK;
    for (int i = 0; i < ITERATIONS && moved > enough && !status; i++) {
        status = label(c, err);
        if (status)
            break;
        count_labels(c, real, fake);
        moved = move(c);
    }
    if (!status)
        status = label(c, err);
    if (!status)
        count_labels(c, real, fake);
    pd_work_end(before);
    return status;
}
