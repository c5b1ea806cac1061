/* The pool: the images that may be asked for, as D sees them. */
#include "active/steps.h"

#include "base/mem.h"
#include "data/labels/labels.h"
#include "gan/scorer.h"
#include "gan/measure.h"

#include <string.h>

enum { CHUNK = 4000 }; /* images transformed at a time */

static enum pd_status score_chunk(struct pd_gan *gan, const struct pd_dataset *data, int64_t at, int64_t n,
                                  struct pd_scored_pool *p, struct pd_error *err)
{
    struct pd_real_images real;
    enum pd_status status =
        pd_real_images_take(data, p->images + at, (uint32_t)n, gan->config.size, &real, err);
    if (status)
        return status;
    status =
        pd_score(gan, PD_ORIGIN_REAL, real.images, n, p->logit + at, p->class_logits + at * p->classes, err);
    pd_real_images_release(&real);
    return status;
}

enum pd_status pd_scored_pool_make(struct pd_gan *gan, const struct pd_dataset *data, const uint32_t *images,
                                   int64_t n, struct pd_scored_pool *out, struct pd_error *err)
{
    const size_t k = (size_t)gan->config.classes, room = n ? (size_t)n : 1;
    *out = (struct pd_scored_pool){n, pd_malloc(room * sizeof *out->images),
                                   pd_malloc(room * sizeof *out->logit),
                                   pd_malloc(room * k * sizeof *out->class_logits), (int)k};
    enum pd_status status = PD_OK;
    if (!out->images || !out->logit || !out->class_logits)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the scores of %lld images", (long long)n);
    else
        memcpy(out->images, images, (size_t)n * sizeof *images);
    for (int64_t at = 0; at < n && !status; at += CHUNK)
        status = score_chunk(gan, data, at, n - at < CHUNK ? n - at : CHUNK, out, err);
    if (status)
        pd_scored_pool_release(out);
    return status;
}

void pd_scored_pool_release(struct pd_scored_pool *p)
{
    pd_free(p->images);
    pd_free(p->logit);
    pd_free(p->class_logits);
    memset(p, 0, sizeof *p);
}

/* Neither held out, known, a copy nor given unasked; where the data answer, those that have a label. images:
 * room for all. */
static int64_t list_pool(const struct pd_branch *b, const uint8_t *marks, uint32_t *images)
{
    const struct pd_ledger *l = b->ledger;
    int64_t n = 0;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (marks[i] == PD_UNLABELLED && pd_ledger_first(l, i) == i && !(l->marks[i] & PD_IMAGE_GIVEN) &&
            (!l->simulated || l->own[i] >= 0))
            images[n++] = i;
    return n;
}

enum pd_status pd_pool_score(const struct pd_branch *b, const struct pd_known *known, struct pd_gan *gan,
                             struct pd_scored_pool *pool, struct pd_error *err)
{
    uint32_t *images = pd_malloc(b->data->count * sizeof *images);
    uint8_t *marks = pd_known_marks(b, known);
    enum pd_status status = PD_OK;
    if (!images || !marks)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a pool of %u images", b->data->count);
    else
        status = pd_scored_pool_make(gan, b->data, images, list_pool(b, marks, images), pool, err);
    pd_free(marks);
    pd_free(images);
    return status;
}
