#include "distance/kmeans.h"

#include "base/mem.h"
#include "distance/apart.h"
#include "distance/lloyd.h"
#include "distance/middle.h"

#include <string.h>

/* chosen (count): rows to start from. others (n): room. */
static enum pd_status start(const struct pd_lloyd *l, uint64_t seed, const struct pd_feature_work *work,
                            int64_t *chosen, int64_t *others, struct pd_error *err)
{
    const struct pd_lloyd_set *set = &l->set[0];
    enum pd_status status = pd_rows_middle(set->rows, chosen, err);
    int64_t n = 0;
    if (status)
        return status;
    for (int64_t i = 0; i < set->rows->n; i++)
        if (i != chosen[0])
            others[n++] = i;
    const struct pd_apart apart = {.n = n,
                                   .rows = others,
                                   .squared = pd_rows_squared,
                                   .context = set->rows,
                                   .cost = set->rows->width,
                                   .weights = set->weights,
                                   .work = work};
    return pd_apart_draw(&apart, seed, 1, l->count - 1, chosen, err);
}

/* Centres from these rows; returns the mean variance of a feature (the mean is 0 in the frame). row: room. */
static double take(struct pd_lloyd *l, const int64_t *chosen, float *row)
{
    const struct pd_feature_set *rows = l->set[0].rows;
    const int64_t width = rows->width;
    double sum = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        float norm;
        pd_frame_take(&l->frame, rows->values + i * width, 1, row, &norm);
        sum += (double)norm;
    }
    for (int64_t k = 0; k < l->count; k++) {
        float norm;
        pd_frame_take(&l->frame, rows->values + chosen[k] * width, 1, l->centres + k * width, &norm);
    }
    return sum / (double)rows->n / (double)width;
}

static void give(const struct pd_lloyd *l, int32_t *labels, float *centres)
{
    const int64_t width = l->frame.width;
    memcpy(labels, l->set[0].labels, (size_t)l->set[0].rows->n * sizeof *labels);
    for (int64_t i = 0; centres && i < l->count * width; i++)
        centres[i] = (l->centres[i] + l->frame.centre[i % width]) / l->frame.scale;
}

enum pd_status pd_kmeans(const struct pd_feature_set *set, const double *weights, int count, uint64_t seed,
                         const struct pd_feature_work *work, int32_t *labels, float *centres,
                         struct pd_error *err)
{
    struct pd_lloyd l = {.sets = 1, .count = count, .set = {{set, 1, weights, NULL}}};
    int64_t *chosen = pd_calloc((size_t)count, sizeof *chosen),
            *others = pd_calloc((size_t)set->n, sizeof *others);
    float *row = pd_calloc((size_t)set->width, sizeof *row);
    const int before = pd_work_begin(work);
    enum pd_status status = pd_lloyd_create(&l, err);
    if (!status && (!chosen || !others || !row))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d clusters", count);
    if (!status)
        status = start(&l, seed, work, chosen, others, err);
    if (!status)
        status = pd_lloyd_run(&l, take(&l, chosen, row), work, err);
    if (!status)
        give(&l, labels, centres);
    pd_work_end(before);
    pd_lloyd_release(&l);
    pd_free(chosen);
    pd_free(others);
    pd_free(row);
    return status;
}
