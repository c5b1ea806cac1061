/* k-means++ by rejection, from a tree of sums over upper bounds. */
#include "distance/apart.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "distance/work.h"

struct draw {
    const struct pd_apart *apart;
    int64_t *centres, count;
    int64_t *seen;  /* (n): centres that a row's bound knows; 0: it is one itself */
    int64_t leaves; /* a power of two, >= n */
    double *tree;   /* (2 leaves): node i is the sum of 2 i and 2 i + 1; leaf i is the bound of row i */
};

static double weight(const struct pd_apart *a, int64_t at)
{
    return a->weights ? a->weights[a->rows[at]] : 1;
}

static void set_leaf(struct draw *d, int64_t at, double bound)
{
    d->tree[d->leaves + at] = bound;
    for (int64_t i = (d->leaves + at) / 2; i; i /= 2)
        d->tree[i] = d->tree[2 * i] + d->tree[2 * i + 1];
}

/* Rounding may lead to a leaf that holds 0, which is then not taken. */
static int64_t propose(const struct draw *d, double wanted)
{
    int64_t at = 1;
    while (at < d->leaves) {
        at *= 2;
        if (wanted >= d->tree[at])
            wanted -= d->tree[at++];
    }
    return at - d->leaves;
}

static double look_again(struct draw *d, int64_t at)
{
    const struct pd_apart *a = d->apart;
    double bound = d->tree[d->leaves + at];
    while (d->seen[at] < d->count && bound > 0) {
        const double by = weight(a, at) * a->squared(a->context, a->rows[at], d->centres[d->seen[at]++]);
        bound = by < bound ? by : bound;
    }
    return bound;
}

static void look_at_all(struct draw *d)
{
    const struct pd_apart *a = d->apart;
#pragma omp parallel for schedule(static) num_threads(pd_work_threads(a->work))
    for (int64_t i = 0; i < a->n; i++) {
        d->tree[d->leaves + i] = weight(a, i) * a->squared(a->context, a->rows[i], d->centres[0]);
        d->seen[i] = 1;
    }
    for (int64_t i = d->leaves - 1; i; i--)
        d->tree[i] = d->tree[2 * i] + d->tree[2 * i + 1];
}

static void take(struct draw *d, int64_t at)
{
    d->centres[d->count++] = d->apart->rows[at];
    d->seen[at] = 0;
    set_leaf(d, at, 0);
}

/* A try: the row that 53 bits of the block point at, taken by 53 others. */
static bool try_one(struct draw *d, const struct pd_rng *rng, uint64_t index)
{
    uint32_t words[4];
    pd_rng_block(rng, index, words);
    const double place = (double)((uint64_t)words[0] << 21 ^ words[1] >> 11) * 0x1p-53,
                 chance = (double)((uint64_t)words[2] << 21 ^ words[3] >> 11) * 0x1p-53;
    const int64_t at = propose(d, place * d->tree[1]);
    if (at >= d->apart->n || !(d->tree[d->leaves + at] > 0))
        return false;
    const double bound = d->tree[d->leaves + at], squared = look_again(d, at);
    if (chance * bound < squared) {
        take(d, at);
        return true;
    }
    set_leaf(d, at, squared);
    return false;
}

/* Nothing but copies of centres is left. */
static void take_first(struct draw *d)
{
    int64_t at = 0;
    while (!d->seen[at])
        at++;
    take(d, at);
}

static enum pd_status choose(struct draw *d, uint64_t seed, int64_t k, struct pd_error *err)
{
    const struct pd_rng rng = {seed, PD_STREAM_SELECT_SPREAD, 0};
    enum pd_status status = PD_OK;
    uint64_t index = 0;
    for (int64_t chosen = 0; chosen < k && !status;) {
        status = pd_work_step(d->apart->work, (uint64_t)chosen, (uint64_t)k, err);
        if (status)
            break;
        if (d->tree[1] > 0) {
            chosen += try_one(d, &rng, index++);
        } else {
            take_first(d);
            chosen++;
        }
    }
    return status;
}

enum pd_status pd_apart_draw(const struct pd_apart *apart, uint64_t seed, int64_t given, int64_t k,
                             int64_t *centres, struct pd_error *err)
{
    struct draw d = {.apart = apart, .centres = centres, .count = given, .leaves = 1};
    while (d.leaves < apart->n)
        d.leaves *= 2;
    d.seen = pd_calloc((size_t)apart->n + 1, sizeof *d.seen);
    d.tree = pd_calloc((size_t)d.leaves, 2 * sizeof *d.tree);
    enum pd_status status = PD_OK;
    if (d.seen && d.tree) {
        look_at_all(&d);
        status = choose(&d, seed, k, err);
    } else
        status =
            pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for distances of %lld rows", (long long)apart->n);
    pd_free(d.seen);
    pd_free(d.tree);
    return status;
}
