#include "data/near_copies.h"

#include "base/mem.h"
#include "base/threads.h"

#include <stdlib.h>

enum { SIDE = 16, PIXELS = SIDE * SIDE, MOST = 6, LET_GO_EVERY = 1 << 14 };

struct thumbnail {
    float mean;
    uint32_t image;
    uint8_t grey[PIXELS];
};

/* The mean of a cell of a channel's pixels; every cell has one at least. */
static double cell(const struct pd_dataset *d, const uint8_t *plane, int row, int column)
{
    const int top = row * d->height / SIDE, left = column * d->width / SIDE;
    const int bottom = (row + 1) * d->height / SIDE, right = (column + 1) * d->width / SIDE;
    int64_t sum = 0, n = 0;
    for (int y = top; y < bottom || y == top; y++)
        for (int x = left; x < right || x == left; x++, n++)
            sum += plane[(size_t)y * (size_t)d->width + (size_t)x];
    return (double)sum / (double)n;
}

static void shrink(const struct pd_dataset *d, uint32_t image, struct thumbnail *t)
{
    const uint8_t *pixels = pd_dataset_image(d, image);
    const size_t plane = (size_t)d->height * (size_t)d->width;
    int64_t sum = 0;
    for (int i = 0; i < PIXELS; i++) {
        double grey = 0;
        for (int c = 0; c < d->channels; c++)
            grey += cell(d, pixels + (size_t)c * plane, i / SIDE, i % SIDE) / d->channels;
        t->grey[i] = (uint8_t)(grey + 0.5);
        sum += t->grey[i];
    }
    t->mean = (float)sum / PIXELS;
    t->image = image;
}

static int by_mean(const void *a, const void *b)
{
    const struct thumbnail *x = a, *y = b;
    const int d = (x->mean > y->mean) - (x->mean < y->mean);
    return d ? d : (x->image > y->image) - (x->image < y->image);
}

static bool is_near(const struct thumbnail *a, const struct thumbnail *b)
{
    int64_t sum = 0;
    for (int i = 0; i < PIXELS; i++) {
        const int d = a->grey[i] - b->grey[i];
        sum += (int64_t)d * d;
    }
    return sum <= (int64_t)PIXELS * MOST * MOST;
}

/* Those near to a first one; means differ by no more than the root of the mean square. */
static void gather(const struct thumbnail *all, uint32_t count, uint32_t at, uint32_t *first)
{
    const struct thumbnail *leader = &all[at];
    for (uint32_t i = at; i-- > 0 && leader->mean - all[i].mean <= MOST;)
        if (first[all[i].image] == UINT32_MAX && is_near(leader, &all[i]))
            first[all[i].image] = leader->image;
    for (uint32_t i = at + 1; i < count && all[i].mean - leader->mean <= MOST; i++)
        if (first[all[i].image] == UINT32_MAX && is_near(leader, &all[i]))
            first[all[i].image] = leader->image;
}

/* place (count): where among the sorted thumbnails each image is. */
static uint32_t group(const struct thumbnail *all, uint32_t count, const uint32_t *place, uint32_t *first)
{
    uint32_t copies = 0;
    for (uint32_t i = 0; i < count; i++)
        first[i] = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        copies += first[i] != UINT32_MAX;
        if (first[i] != UINT32_MAX)
            continue;
        first[i] = i;
        gather(all, count, place[i], first);
    }
    return copies;
}

enum pd_status pd_near_copies(const struct pd_dataset *d, int threads, uint32_t **first, uint32_t *n,
                              struct pd_error *err)
{
    struct thumbnail *all = pd_malloc(d->count * sizeof *all);
    uint32_t *place = pd_malloc(d->count * sizeof *place);
    *first = pd_malloc(d->count * sizeof **first);
    *n = 0;
    if (!all || !place || !*first) {
        pd_free(*first);
        *first = NULL;
    } else {
#pragma omp parallel for num_threads(threads ? threads : pd_threads_available())
        for (uint32_t i = 0; i < d->count; i++) {
            shrink(d, i, &all[i]);
            if (i % LET_GO_EVERY == LET_GO_EVERY - 1)
                pd_dataset_let_go(d);
        }
        qsort(all, d->count, sizeof *all, by_mean);
        for (uint32_t i = 0; i < d->count; i++)
            place[all[i].image] = i;
        *n = group(all, d->count, place, *first);
    }
    pd_free(place);
    pd_free(all);
    return *first ? PD_OK
                  : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the near copies among %u images",
                            d->count);
}
