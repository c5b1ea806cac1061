/* A query: the best of a ranking, or some of them that lie apart. */
#include "active/steps.h"

#include "base/mem.h"
#include "gan/scorer.h"
#include "gan/measure.h"

#include <math.h>
#include <string.h>

/* What is known of the candidates (n): the best-scored images. */
struct candidates {
    uint32_t *images;
    double *score;
    float *features; /* (n, width) */
};

/* Trunk features of the candidates; only they are worth computing. chosen (k): of the candidates. */
static enum pd_status choose_apart(const struct pd_branch *b, uint64_t seed, struct pd_gan *gan,
                                   const struct pd_ranking *r, const struct candidates *c, int64_t *chosen,
                                   struct pd_error *err)
{
    const enum pd_diversity how =
        strcmp(b->a->diverse, "k-center") != 0 ? PD_DIVERSE_K_MEANS : PD_DIVERSE_K_CENTER;
    struct pd_real_images real;
    enum pd_status status =
        pd_real_images_take(b->data, c->images, (uint32_t)r->n, gan->config.size, &real, err);
    if (status)
        return status;
    status = pd_features(gan, PD_ORIGIN_REAL, real.images, r->n, c->features, err);
    if (!status)
        status = pd_select_diverse(how, r->n, c->score, pd_gan_feature_width(gan), c->features, r->n, r->k,
                                   seed, chosen, err);
    pd_real_images_release(&real);
    return status;
}

static enum pd_status spread(const struct pd_branch *b, uint64_t seed, struct pd_gan *gan,
                             const struct pd_scored_pool *pool, const struct pd_ranking *r, int64_t *chosen,
                             struct pd_error *err)
{
    const size_t n = (size_t)r->n, width = (size_t)pd_gan_feature_width(gan);
    const struct candidates c = {pd_malloc(n * sizeof *c.images), pd_malloc(n * sizeof *c.score),
                                 pd_malloc(n * width * sizeof *c.features)};
    enum pd_status status;
    if (c.images && c.score && c.features) {
        for (size_t i = 0; i < n; i++) {
            c.images[i] = pool->images[r->rows[i]];
            c.score[i] = r->score[r->rows[i]];
        }
        status = choose_apart(b, seed, gan, r, &c, chosen, err);
    } else {
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu features", n);
    }
    pd_free(c.features);
    pd_free(c.score);
    pd_free(c.images);
    return status;
}

/* The class that is likeliest, and how likely. */
static void guess(const struct pd_scored_pool *pool, int64_t row, double *log_p, struct pd_query *q)
{
    pd_class_log_p(1, pool->classes, pool->class_logits + row * pool->classes, log_p);
    q->guess = 0;
    for (int c = 1; c < pool->classes; c++)
        q->guess = log_p[c] > log_p[q->guess] ? c : q->guess;
    q->guess_p = exp(log_p[q->guess]);
}

enum pd_status pd_pool_spread(const struct pd_branch *b, int64_t round, struct pd_gan *gan,
                              const struct pd_scored_pool *pool, const struct pd_ranking *r,
                              struct pd_questions *q, struct pd_error *err)
{
    const size_t k = (size_t)r->k, before = q->count;
    enum pd_status status = pd_questions_reserve(q, before + k, err);
    if (status || !k)
        return status;
    int64_t *chosen = pd_malloc(k * sizeof *chosen); /* of the ranking */
    double *log_p = pd_malloc((size_t)pool->classes * sizeof *log_p);
    if (!chosen || !log_p)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a query");
    for (size_t i = 0; i < k && !status; i++)
        chosen[i] = (int64_t)i;
    if (!status && b->a->diverse[0] && r->score)
        status = spread(b, pd_branch_round_seed(b, round), gan, pool, r, chosen, err);
    for (size_t i = 0; i < k && !status; i++) {
        const int64_t row = r->rows[chosen[i]];
        struct pd_query *at = &q->at[before + i];
        *at = (struct pd_query){.image = pool->images[row], .score = r->score ? r->score[row] : 0};
        if (round)
            guess(pool, row, log_p, at);
        else
            at->guess = -1;
    }
    pd_free(log_p);
    pd_free(chosen);
    return status;
}
