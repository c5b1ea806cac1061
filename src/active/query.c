#include "active/query.h"

#include "base/mem.h"
#include "gan/scorer.h"
#include "gan/validate.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4000 }; /* images transformed at a time */

/* --- scores --- */

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

/* --- choice --- */

/* The class that is likeliest, and how likely. */
static void guess(const struct pd_scored_pool *pool, int64_t row, double *log_p, struct pd_query *q)
{
    pd_class_log_p(1, pool->classes, pool->class_logits + row * pool->classes, log_p);
    q->guess = 0;
    for (int c = 1; c < pool->classes; c++)
        q->guess = log_p[c] > log_p[q->guess] ? c : q->guess;
    q->guess_p = exp(log_p[q->guess]);
}

/* The best-scored candidates (n), and what is known of them. */
struct candidates {
    int64_t n;
    int64_t *rows; /* of the pool, best first */
    uint32_t *images;
    double *score;
    float *features; /* (n, width) */
};

/* Trunk features of the candidates; only they are worth computing. rows (k): of the pool. */
static enum pd_status spread(const struct pd_query_options *o, struct pd_gan *gan,
                             const struct pd_dataset *data, const struct candidates *c, int64_t *rows,
                             struct pd_error *err)
{
    struct pd_real_images real;
    enum pd_status status =
        pd_real_images_take(data, c->images, (uint32_t)c->n, gan->config.size, &real, err);
    if (status)
        return status;
    status = pd_features(gan, PD_ORIGIN_REAL, real.images, c->n, c->features, err);
    if (!status)
        status = pd_select_diverse(o->diversity, c->n, c->score, pd_gan_feature_width(gan), c->features, c->n,
                                   o->k, o->seed, rows, err);
    for (int64_t i = 0; i < o->k && !status; i++)
        rows[i] = c->rows[rows[i]];
    pd_real_images_release(&real);
    return status;
}

static enum pd_status choose_spread(const struct pd_query_options *o, struct pd_gan *gan,
                                    const struct pd_dataset *data, const struct pd_scored_pool *pool,
                                    const double *score, int64_t *top, int64_t n, int64_t *rows,
                                    struct pd_error *err)
{
    const size_t room = (size_t)n, width = (size_t)pd_gan_feature_width(gan);
    const struct candidates c = {n, top, pd_malloc(room * sizeof *c.images),
                                 pd_malloc(room * sizeof *c.score),
                                 pd_malloc(room * width * sizeof *c.features)};
    enum pd_status status;
    if (c.images && c.score && c.features) {
        for (int64_t i = 0; i < n; i++) {
            c.images[i] = pool->images[top[i]];
            c.score[i] = score[top[i]];
        }
        status = spread(o, gan, data, &c, rows, err);
    } else {
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld features", (long long)n);
    }
    pd_free(c.features);
    pd_free(c.score);
    pd_free(c.images);
    return status;
}

static int64_t count_candidates(const struct pd_query_options *o, int64_t n)
{
    if (o->diversity == PD_DIVERSE_NONE)
        return o->k;
    int64_t wanted = o->candidates ? o->candidates : 10 * o->k;
    wanted = wanted < o->k ? o->k : wanted;
    return wanted < n ? wanted : n;
}

/* Blocks of a choice: scores (pool's n), log p (classes), candidates' and chosen rows. */
struct choice {
    double *score, *log_p;
    int64_t *top, *rows;
};

static enum pd_status choose(const struct pd_query_options *o, struct pd_gan *gan,
                             const struct pd_dataset *data, const struct pd_scored_pool *pool,
                             const struct choice *c, struct pd_query *queries, struct pd_error *err)
{
    const struct pd_pool in = {pool->n, pool->classes, pool->logit, pool->class_logits};
    const int64_t candidates = count_candidates(o, pool->n);
    enum pd_status status = pd_strategy_score(o->strategy, &in, o->balanced, o->seed, c->score, err);
    if (!status)
        status = pd_select_top(pool->n, c->score, candidates, o->seed, c->top, err);
    if (!status && o->diversity != PD_DIVERSE_NONE)
        status = choose_spread(o, gan, data, pool, c->score, c->top, candidates, c->rows, err);
    else if (!status)
        memcpy(c->rows, c->top, (size_t)o->k * sizeof *c->rows);
    for (int64_t i = 0; i < o->k && !status; i++) {
        queries[i] = (struct pd_query){.image = pool->images[c->rows[i]], .score = c->score[c->rows[i]]};
        guess(pool, c->rows[i], c->log_p, &queries[i]);
    }
    return status;
}

enum pd_status pd_query_choose(const struct pd_query_options *o, struct pd_gan *gan,
                               const struct pd_dataset *data, const struct pd_scored_pool *pool,
                               struct pd_query *queries, struct pd_error *err)
{
    const struct choice c = {pd_malloc((size_t)pool->n * sizeof *c.score),
                             pd_malloc((size_t)pool->classes * sizeof *c.log_p),
                             pd_malloc((size_t)count_candidates(o, pool->n) * sizeof *c.top),
                             pd_malloc((size_t)o->k * sizeof *c.rows)};
    const bool room = c.score && c.log_p && c.top && c.rows;
    enum pd_status status = room ? choose(o, gan, data, pool, &c, queries, err)
                                 : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a query");
    pd_free(c.rows);
    pd_free(c.top);
    pd_free(c.log_p);
    pd_free(c.score);
    return status;
}

/* --- as JSON --- */

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *pd_query_list(const struct pd_dataset *data, const struct pd_query *queries, size_t n)
{
    pd_mem_watch();
    json_t *all = json_array();
    char name[4096];
    for (size_t i = 0; i < n; i++) {
        const struct pd_query *q = &queries[i];
        json_array_append_new(all,
                              json_pack("{s:s, s:o, s:i, s:o}", "image",
                                        pd_dataset_image_name(data, q->image, name, sizeof name), "score",
                                        real(q->score), "guess", (int)q->guess, "guess_p", real(q->guess_p)));
    }
    if (json_array_size(all) == n)
        return all;
    json_decref(all);
    return NULL;
}
