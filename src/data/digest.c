#include "data/digest.h"

#include "base/mem.h"
#include "base/threads.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

enum { LET_GO_EVERY = 1 << 14 }; /* images */

static void digest(int channels, int height, int width, const void *bytes, size_t size, struct pd_digest *out)
{
    const int32_t shape[] = {channels, height, width};
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, sizeof shape, (const uint8_t *)shape);
    sha256_update(&sha, size, bytes);
    sha256_digest(&sha, sizeof out->bytes, out->bytes);
}

void pd_digest_pixels(int channels, int height, int width, const uint8_t *pixels, struct pd_digest *out)
{
    digest(channels, height, width, pixels, (size_t)channels * (size_t)height * (size_t)width, out);
}

static void digest_image(const struct pd_dataset *d, uint32_t image, struct pd_digest *out)
{
    if (d->digests)
        *out = d->digests[d->places ? d->places[image] : image];
    else if (d->points)
        digest(d->channels, d->height, d->width, d->points + 2 * (size_t)image, 2 * sizeof *d->points, out);
    else
        pd_digest_pixels(d->channels, d->height, d->width, pd_dataset_image(d, image), out);
}

enum pd_status pd_dataset_digests(const struct pd_dataset *d, int threads, struct pd_digest **out,
                                  struct pd_error *err)
{
    struct pd_digest *digests = pd_malloc(d->count * sizeof *digests);
    *out = digests;
    if (!digests)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the digests of %u images", d->count);
#pragma omp parallel for num_threads(threads ? threads : pd_threads_available())
    for (uint32_t i = 0; i < d->count; i++) {
        digest_image(d, i, &digests[i]);
        if (!d->digests && i % LET_GO_EVERY == LET_GO_EVERY - 1)
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
