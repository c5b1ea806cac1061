#include "data/digest.h"

#include "base/mem.h"
#include "base/threads.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

enum { LET_GO_EVERY = 1 << 14 }; /* images */

static void digest_image(const struct pd_dataset *d, uint32_t image, struct pd_digest *out)
{
    const int32_t shape[] = {d->channels, d->height, d->width};
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, sizeof shape, (const uint8_t *)shape);
    if (d->points)
        sha256_update(&sha, 2 * sizeof *d->points, (const uint8_t *)(d->points + 2 * (size_t)image));
    else
        sha256_update(&sha, pd_dataset_image_size(d), pd_dataset_image(d, image));
    sha256_digest(&sha, sizeof out->bytes, out->bytes);
}

enum pd_status pd_dataset_digests(const struct pd_dataset *d, int threads, struct pd_digest **out,
                                  struct pd_error *err)
{
    struct pd_digest *digests = pd_malloc(d->count * sizeof *digests);
    *out = digests;
    if (!digests)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the digests of %u images", d->count);
    const int team = threads ? threads : pd_threads_available();
#pragma omp parallel for num_threads(team)
    for (uint32_t i = 0; i < d->count; i++) {
        digest_image(d, i, &digests[i]);
        if (i % LET_GO_EVERY == LET_GO_EVERY - 1)
            pd_dataset_let_go(d);
    }
    return PD_OK;
}

struct place {
    const struct pd_digest *digest;
    uint32_t image;
};

static int by_digest(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int d = memcmp(x->digest, y->digest, sizeof *x->digest);
    return d ? d : (x->image > y->image) - (x->image < y->image);
}

enum pd_status pd_digest_copies(const struct pd_digest *digests, uint32_t count, uint32_t **first,
                                uint32_t *n, struct pd_error *err)
{
    struct place *order = pd_malloc(count * sizeof *order);
    *first = pd_malloc(count * sizeof **first);
    *n = 0;
    if (!order || !*first) {
        pd_free(order);
        pd_free(*first);
        *first = NULL;
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the copies among %u images", count);
    }
    for (uint32_t i = 0; i < count; i++)
        order[i] = (struct place){&digests[i], i};
    qsort(order, count, sizeof *order, by_digest);
    for (uint32_t i = 0, begin = 0; i < count; i++) {
        if (memcmp(order[i].digest, order[begin].digest, sizeof *order[i].digest) != 0)
            begin = i;
        (*first)[order[i].image] = order[begin].image;
        *n += i != begin;
    }
    pd_free(order);
    return PD_OK;
}
