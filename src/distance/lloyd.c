#include "distance/lloyd.h"

#include "base/clones.h"
#include "base/mem.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

enum { ITERATIONS = 50, ROWS = 512 };
static const double rest = 1e-4; /* the centres', as part of the features' variance: scikit-learn's */

enum pd_status pd_lloyd_create(struct pd_lloyd *l, struct pd_error *err)
{
    const struct pd_feature_set *first = l->set[0].rows;
    const size_t width = (size_t)first->width, count = (size_t)l->count;
    enum pd_status status = pd_frame_create(&l->frame, first, l->set[l->sets - 1].rows, err);
    if (status)
        return status;
    bool there = true;
    for (int s = 0; s < l->sets; s++) {
        l->set[s].labels = pd_calloc((size_t)l->set[s].rows->n, sizeof(int32_t));
        there = there && l->set[s].labels;
    }
    l->centres = pd_calloc(count, width * sizeof *l->centres);
    l->norms = pd_calloc(count, sizeof *l->norms);
    l->sums = pd_calloc(count, width * sizeof *l->sums);
    l->weights = pd_calloc(2 * count, sizeof *l->weights);
    return there && l->centres && l->norms && l->sums && l->weights
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d clusters of %lld features", l->count,
                         (long long)width);
}

void pd_lloyd_release(struct pd_lloyd *l)
{
    pd_frame_release(&l->frame);
    pd_free(l->set[0].labels);
    pd_free(l->set[1].labels);
    pd_free(l->centres);
    pd_free(l->norms);
    pd_free(l->sums);
    pd_free(l->weights);
}

static void label_rows(const struct pd_lloyd *c, const float *rows, int n, float *products, int32_t *labels)
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
static enum pd_status label(struct pd_lloyd *c, struct pd_error *err)
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
        for (int s = 0; s < c->sets; s++) {
#pragma omp for schedule(static)
            for (int64_t at = 0; at < c->set[s].rows->n; at += ROWS) {
                const int64_t n = c->set[s].rows->n - at < ROWS ? c->set[s].rows->n - at : ROWS;
                if (!rows)
                    continue;
                pd_frame_take(&c->frame, c->set[s].rows->values + at * width, n, rows, rows + ROWS * width);
                label_rows(c, rows, (int)n, rows + ROWS * (width + 1), c->set[s].labels + at);
            }
        }
        pd_free(rows);
    }
    return short_of_memory ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for clusters") : PD_OK;
}

/* Sums of the clusters' samples over columns first .. end, in the samples' order whatever the threads. */
PD_CLONES
static void sum_columns(struct pd_lloyd *c, int64_t first, int64_t end)
{
    const int64_t width = c->frame.width;
    for (int k = 0; k < c->count; k++)
        memset(c->sums + k * width + first, 0, (size_t)(end - first) * sizeof *c->sums);
    const float scale = c->frame.scale, *centre = c->frame.centre;
    for (int s = 0; s < c->sets; s++) {
        const struct pd_lloyd_set *set = &c->set[s];
        for (int64_t i = 0; i < set->rows->n; i++) {
            const double weight = set->weights ? set->weights[i] / set->parts : 1 / set->parts;
            double *restrict sums = c->sums + set->labels[i] * width;
            const float *restrict row = set->rows->values + i * width;
            for (int64_t k = first; k < end; k++)
                sums[k] += weight * (double)(row[k] * scale - centre[k]);
        }
    }
}

/* Centres become the means of their samples; returns how far they moved, squared. One without samples stays.
 */
static double move(struct pd_lloyd *c)
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

/* What the samples of each cluster weigh, set by set. */
static void weigh(struct pd_lloyd *c)
{
    double *part = c->weights + c->count;
    memset(c->weights, 0, (size_t)c->count * sizeof *c->weights);
    for (int s = 0; s < c->sets; s++) {
        const struct pd_lloyd_set *set = &c->set[s];
        memset(part, 0, (size_t)c->count * sizeof *part);
        for (int64_t i = 0; i < set->rows->n; i++)
            part[set->labels[i]] += set->weights ? set->weights[i] : 1;
        for (int k = 0; k < c->count; k++)
            c->weights[k] += part[k] / set->parts;
    }
}

enum pd_status pd_lloyd_run(struct pd_lloyd *c, double variance, const struct pd_feature_work *work,
                            struct pd_error *err)
{
    double moved = INFINITY;
    enum pd_status status = PD_OK;
    for (int i = 0; i < ITERATIONS && moved > rest * variance && !status; i++) {
        status = label(c, err);
        if (!status)
            status = pd_work_step(work, (uint64_t)i, ITERATIONS, err);
        if (status)
            return status;
        weigh(c);
        moved = move(c);
    }
    return label(c, err);
}
