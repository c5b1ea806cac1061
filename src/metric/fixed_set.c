#include "metric/fixed_set.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"

#include <string.h>

struct pd_fixed_set {
    uint32_t count;
    size_t size;
    const float *images;
    const int32_t *labels;
    uint64_t seed, pass; /* whose permutation `order` holds */
    uint32_t *order;
};

static void permute(struct pd_fixed_set *s, uint64_t pass)
{
    const struct pd_rng r = {s->seed, PD_STREAM_FIXED_SET, pass};
    pd_rng_permutation(&r, s->count, s->order);
    s->pass = pass;
}

enum pd_status pd_fixed_set_create(int64_t count, size_t size, const float *images, const int32_t *labels,
                                   uint64_t seed, struct pd_fixed_set **out, struct pd_error *err)
{
    *out = NULL;
    if (count < 1 || count > UINT32_MAX)
        return pd_fail(err, PD_ERR_USAGE, -1, "a set of %lld samples, expected 1 to %u", (long long)count,
                       UINT32_MAX);
    struct pd_fixed_set *s = pd_calloc(1, sizeof *s);
    uint32_t *order = pd_calloc((size_t)count, sizeof *order);
    if (!s || !order) {
        pd_free(s);
        pd_free(order);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld samples", (long long)count);
    }
    *s = (struct pd_fixed_set){(uint32_t)count, size, images, labels, seed, 0, order};
    permute(s, 0);
    *out = s;
    return PD_OK;
}

void pd_fixed_set_destroy(struct pd_fixed_set *s)
{
    if (!s)
        return;
    pd_free(s->order);
    pd_free(s);
}

static enum pd_status next(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err)
{
    struct pd_fixed_set *s = context;
    (void)err;
    for (int64_t k = 0; k < n; k++) {
        const uint64_t at = i * (uint64_t)n + (uint64_t)k;
        if (at / s->count != s->pass)
            permute(s, at / s->count);
        const uint32_t sample = s->order[at % s->count];
        memcpy(images + (size_t)k * s->size, s->images + sample * s->size, s->size * sizeof *images);
        labels[k] = s->labels[sample];
    }
    return PD_OK;
}

struct pd_sample_source pd_fixed_set_source(struct pd_fixed_set *set)
{
    return (struct pd_sample_source){set, next};
}
