/* The pool: the images that may be asked for, as D sees them. */
#include "active/steps.h"

#include "base/mem.h"
#include "data/labels/labels.h"
#include "gan/scorer.h"
#include "gan/measure.h"

#include <string.h>

enum { CHUNK = 4000 }; /* images transformed at a time */
_Static_assert(CHUNK % PD_SCORER_BATCH == 0, "a chunk's passes begin with a batch");

/* What a query is drawn from. */
struct look {
    struct pd_gan *gan;
    const struct pd_dataset *data;
    unsigned needs; /* of enum pd_pool_part */
    uint64_t seed;
};

static enum pd_status score_chunk(const struct look *look, int64_t at, int64_t n, struct pd_scored_pool *p,
                                  struct pd_error *err)
{
    struct pd_real_images real;
    const struct pd_pass_rows rows = {at, n, p->n, p->passes};
    enum pd_status status =
        pd_real_images_take(look->data, p->images + at, (uint32_t)n, look->gan->config.size, &real, err);
    if (status)
        return status;
    status = pd_score(look->gan, PD_ORIGIN_REAL, real.images, n, p->logit + at,
                      p->class_logits + at * p->classes, err);
    if (!status && p->features)
        status = pd_features(look->gan, PD_ORIGIN_REAL, real.images, n, p->features + at * p->width, err);
    if (!status && p->pass_logits)
        status =
            pd_scorer_passes(look->gan, PD_ORIGIN_REAL, real.images, &rows, look->seed, p->pass_logits, err);
    pd_real_images_release(&real);
    return status;
}

static enum pd_status reserve(const struct look *look, struct pd_scored_pool *p, struct pd_error *err)
{
    const size_t all = (size_t)(p->n + p->known), room = all ? all : 1;
    const size_t k = (size_t)p->classes, passes = (size_t)p->passes, width = (size_t)p->width;
    const bool wide = look->needs & PD_POOL_FEATURES, many = look->needs & PD_POOL_PASSES;
    p->images = pd_calloc(room, sizeof *p->images);
    p->logit = pd_calloc(room, sizeof *p->logit);
    p->class_logits = pd_calloc(room, k * sizeof *p->class_logits);
    p->features = wide ? pd_calloc(room, width * sizeof *p->features) : NULL;
    p->pass_logits = many ? pd_calloc(room, passes * k * sizeof *p->pass_logits) : NULL;
    if (!p->images || !p->logit || !p->class_logits || (wide && !p->features) || (many && !p->pass_logits))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the %s of %zu images",
                       wide ? "features" : "scores", all);
    return PD_OK;
}

void pd_scored_pool_release(struct pd_scored_pool *p)
{
    pd_free(p->images);
    pd_free(p->logit);
    pd_free(p->class_logits);
    pd_free(p->features);
    pd_free(p->pass_logits);
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

/* What has an answer already, skipped ones and those given unasked, too. */
static int64_t list_known(const struct pd_branch *b, const uint8_t *marks, uint32_t *images)
{
    const struct pd_ledger *l = b->ledger;
    int64_t n = 0;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (pd_ledger_first(l, i) == i &&
            (marks[i] == PD_LABELLED || (marks[i] == PD_UNLABELLED && l->marks[i] & PD_IMAGE_GIVEN)))
            images[n++] = i;
    return n;
}

/* images (2 * count): scratch. */
static enum pd_status fill(const struct pd_branch *b, const struct look *look, const uint8_t *marks,
                           uint32_t *images, struct pd_scored_pool *p, struct pd_error *err)
{
    p->n = list_pool(b, marks, images);
    if (look->needs & PD_POOL_FEATURES)
        p->known = list_known(b, marks, images + p->n);
    const int64_t all = p->n + p->known;
    enum pd_status status = reserve(look, p, err);
    if (!status)
        memcpy(p->images, images, (size_t)all * sizeof *images);
    for (int64_t at = 0; at < all && !status; at += CHUNK)
        status = score_chunk(look, at, all - at < CHUNK ? all - at : CHUNK, p, err);
    return status;
}

enum pd_status pd_pool_score(const struct pd_branch *b, int64_t round, const struct pd_known *known,
                             const struct pd_questions *q, struct pd_gan *gan, struct pd_scored_pool *pool,
                             struct pd_error *err)
{
    const struct pd_strategy *strategy = pd_strategy_find(pd_branch_strategy(b, round), err);
    if (!strategy)
        return PD_ERR_USAGE;
    const struct look look = {gan, b->data, strategy->needs, pd_branch_round_seed(b, round)};
    uint32_t *images = pd_calloc(b->data->count, 2 * sizeof *images);
    uint8_t *marks = pd_known_marks(b, known);
    enum pd_status status = PD_OK;
    for (size_t i = 0; marks && i < q->count; i++)
        marks[q->at[i].image] = PD_LABELLED;
    *pool = (struct pd_scored_pool){
        .classes = gan->config.classes, .width = pd_gan_feature_width(gan), .passes = (int)b->a->passes};
    if (!images || !marks)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a pool of %u images", b->data->count);
    else
        status = fill(b, &look, marks, images, pool, err);
    pd_free(marks);
    pd_free(images);
    if (status)
        pd_scored_pool_release(pool);
    return status;
}
