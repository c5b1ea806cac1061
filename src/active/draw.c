/* What a query saw, as pictures. */
#include "active/steps.h"

#include "base/library.h"
#include "base/mem.h"
#include "gan/pictures.h"

#include <stdio.h>

enum { COLUMNS = 10 };

static enum pd_status draw_images(const struct pd_branch *b, int64_t round, const struct pd_scored *s,
                                  const struct pd_questions *q, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_branch_path(b, "queries-%02d.png", round, path, err);
    if (!status)
        status = pd_picture_queries(path, b->data, q->at, q->count, NULL, err);
    if (!status)
        status = pd_branch_path(b, "certainty-%02d.png", round, path, err);
    if (!status)
        status = pd_picture_certainty(path, s, COLUMNS, NULL, err);
    if (!status)
        status = pd_branch_path(b, "gold-%02d.png", round, path, err);
    return status ? status : pd_picture_gold(path, s, COLUMNS, NULL, err);
}

/* Those labelled so far with the round that asked for them, and the new ones. */
static enum pd_status draw_points(const struct pd_branch *b, int64_t round, struct pd_gan *gan,
                                  const struct pd_known *known, const struct pd_questions *q,
                                  struct pd_error *err)
{
    char path[PD_PATH_SIZE], title[64];
    const int64_t init = (int64_t)known->count - (round - 1) * b->a->query;
    struct pd_asked *asked = pd_calloc(known->count + q->count, sizeof *asked);
    int64_t n = 0;
    if (!asked)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    for (int64_t i = 0; i < (int64_t)known->count; i++)
        if (known->labels[i].label >= 0)
            asked[n++] = (struct pd_asked){known->labels[i].image, known->labels[i].label,
                                           i < init ? -1 : (int32_t)((i - init) / b->a->query + 1)};
    for (size_t i = 0; i < q->count; i++)
        asked[n++] = (struct pd_asked){q->at[i].image, q->at[i].guess, (int32_t)round};
    snprintf(title, sizeof title, "Round %d", (int)round);
    enum pd_status status = pd_branch_path(b, "plane-%02d.png", round, path, err);
    if (!status)
        status = pd_picture_plane(path, gan, b->data, b->a->balanced, asked, n, title, err);
    pd_free(asked);
    return status;
}

/* GOLD and its conditional term, (n) each. */
static enum pd_status fill_terms(const struct pd_branch *b, const struct pd_scored_pool *pool,
                                 double *conditional, double *gold, struct pd_error *err)
{
    const struct pd_gold_input in = {pool->n, pool->classes, pool->logit, pool->class_logits,
                                     NULL,    PD_GOLD_REAL};
    enum pd_status status = pd_gold_conditional(&in, conditional, err);
    if (status)
        return status;
    const double scale = b->a->balanced ? pd_gold_balance(pool->n, pool->logit, conditional) : 1;
    pd_gold_estimate(pool->n, pool->logit, conditional, scale, gold);
    return PD_OK;
}

enum pd_status pd_pool_draw(const struct pd_branch *b, int64_t round, struct pd_gan *gan,
                            const struct pd_scored_pool *pool, const struct pd_known *known,
                            const struct pd_questions *q, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    const size_t n = (size_t)pool->n;
    if (!round || !b->a->pictures || !q->count || !pd_library_is_in(pd_library_cairo))
        return PD_OK;
    double *terms = pd_malloc((n ? n : 1) * 2 * sizeof *terms);
    if (!terms)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for pictures");
    const struct pd_scored s = {b->data,     pool->n, pool->images, pool->classes, pool->class_logits,
                                pool->logit, terms,   terms + n};
    enum pd_status status = fill_terms(b, pool, terms, terms + n, err);
    if (!status)
        status = pd_branch_path(b, "terms-%02d.png", round, path, err);
    if (!status)
        status = pd_picture_terms(path, pool->n, pool->logit, terms, NULL, err);
    if (!status)
        status =
            b->data->points ? draw_points(b, round, gan, known, q, err) : draw_images(b, round, &s, q, err);
    pd_free(terms);
    return status;
}
