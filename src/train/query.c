#include "train/query.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "data/image_index.h"
#include "io/file.h"
#include "train/sample.h"
#include "train/validate.h"

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
    status = pd_score(gan, real.images, n, p->logit + at, p->class_logits + at * p->classes, err);
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

/* Trunk features of the best-scored candidates; only they are worth computing. top: (candidates) rows. */
static enum pd_status spread(const struct pd_query_options *o, struct pd_gan *gan,
                             const struct pd_dataset *data, const struct pd_scored_pool *pool,
                             const double *score, int64_t *top, int64_t candidates, int64_t *rows,
                             struct pd_error *err)
{
    const int64_t width = pd_gan_feature_width(gan);
    float *features = pd_malloc((size_t)(candidates * width) * sizeof *features);
    uint32_t *images = pd_malloc((size_t)candidates * sizeof *images);
    double *best = pd_malloc((size_t)candidates * sizeof *best);
    struct pd_real_images real = {NULL, NULL, 0};
    enum pd_status status = PD_OK;
    if (!features || !images || !best)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld features", (long long)candidates);
    for (int64_t i = 0; i < candidates && !status; i++) {
        images[i] = pool->images[top[i]];
        best[i] = score[top[i]];
    }
    if (!status)
        status = pd_real_images_take(data, images, (uint32_t)candidates, gan->config.size, &real, err);
    if (!status)
        status = pd_features(gan, real.images, candidates, features, err);
    if (!status)
        status = pd_select_diverse(o->diversity, candidates, best, width, features, candidates, o->k, o->seed,
                                   rows, err);
    for (int64_t i = 0; i < o->k && !status; i++)
        rows[i] = top[rows[i]];
    pd_real_images_release(&real);
    pd_free(best);
    pd_free(images);
    pd_free(features);
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

enum pd_status pd_query_choose(const struct pd_query_options *o, struct pd_gan *gan,
                               const struct pd_dataset *data, const struct pd_scored_pool *pool,
                               struct pd_query *queries, struct pd_error *err)
{
    const struct pd_pool in = {pool->n, pool->classes, pool->logit, pool->class_logits};
    const int64_t candidates = count_candidates(o, pool->n);
    double *score = pd_malloc((size_t)pool->n * sizeof *score);
    double *log_p = pd_malloc((size_t)pool->classes * sizeof *log_p);
    int64_t *top = pd_malloc((size_t)candidates * sizeof *top),
            *rows = pd_malloc((size_t)o->k * sizeof *rows);
    enum pd_status status = PD_OK;
    if (!score || !log_p || !top || !rows)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a query");
    if (!status)
        status = pd_strategy_score(o->strategy, &in, o->balanced, o->seed, score, err);
    if (!status)
        status = pd_select_top(pool->n, score, candidates, o->seed, top, err);
    if (!status && o->diversity != PD_DIVERSE_NONE)
        status = spread(o, gan, data, pool, score, top, candidates, rows, err);
    else if (!status)
        memcpy(rows, top, (size_t)o->k * sizeof *rows);
    for (int64_t i = 0; i < o->k && !status; i++) {
        queries[i] = (struct pd_query){.image = pool->images[rows[i]], .score = score[rows[i]]};
        guess(pool, rows[i], log_p, &queries[i]);
    }
    pd_free(rows);
    pd_free(top);
    pd_free(log_p);
    pd_free(score);
    return status;
}

/* --- the file --- */

enum pd_status pd_query_file_write(const char *path, const struct pd_dataset *data,
                                   const struct pd_query *queries, size_t n, struct pd_error *err)
{
    json_t *all = json_array();
    char name[4096];
    for (size_t i = 0; i < n; i++) {
        const struct pd_query *q = &queries[i];
        json_array_append_new(all,
                              json_pack("{s:s, s:f, s:i, s:f}", "image",
                                        pd_dataset_image_name(data, q->image, name, sizeof name), "score",
                                        q->score, "guess", (int)q->guess, "guess_p", q->guess_p));
    }
    char *text = json_dumps(all, JSON_INDENT(1));
    const bool whole = text && json_array_size(all) == n;
    enum pd_status status =
        whole ? pd_file_write_atomic(path, text, strlen(text), err) : pd_fail_memory(err, path);
    free(text);
    json_decref(all);
    return status;
}

static enum pd_status read_query(const char *path, const struct pd_image_index *index, size_t i,
                                 const json_t *from, struct pd_query *q, struct pd_error *err)
{
    const char *name = json_string_value(json_object_get(from, "image"));
    const json_t *class = json_object_get(from, "guess");
    const int64_t image = name ? pd_image_find(index, name) : PD_IMAGE_UNKNOWN;
    if (image < 0 || !json_is_integer(class))
        return pd_fail(err, PD_ERR_FORMAT, -1,
                       "%s: query %zu: expected the name of an image of data set '%s' and a guess", path,
                       i + 1, index->dataset->name);
    q->image = (uint32_t)image;
    q->guess = (int32_t)json_integer_value(class);
    q->score = json_number_value(json_object_get(from, "score"));
    q->guess_p = json_number_value(json_object_get(from, "guess_p"));
    return PD_OK;
}

static enum pd_status read_all(const char *path, const struct pd_dataset *data, const json_t *all,
                               struct pd_query *queries, struct pd_error *err)
{
    struct pd_image_index index;
    enum pd_status status = pd_image_index_init(&index, data, err);
    if (status)
        return status;
    for (size_t i = 0; !status && i < json_array_size(all); i++)
        status = read_query(path, &index, i, json_array_get(all, i), &queries[i], err);
    pd_image_index_release(&index);
    return status;
}

enum pd_status pd_query_file_read(const char *path, const struct pd_dataset *data, struct pd_query **queries,
                                  size_t *n, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    json_t *all = NULL;
    *queries = NULL;
    enum pd_status status = pd_file_read(path, &text, err);
    if (!status) {
        all = json_loadb(text.size ? text.data : "", text.size, 0, NULL);
        *n = json_array_size(all);
        *queries = pd_calloc(*n ? *n : 1, sizeof **queries);
        if (!json_is_array(all))
            status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected a list of queries", path);
        else if (!*queries)
            status = pd_fail_memory(err, path);
    }
    if (!status)
        status = read_all(path, data, all, *queries, err);
    if (status) {
        pd_free(*queries);
        *queries = NULL;
    }
    json_decref(all);
    pd_buffer_release(&text);
    return status;
}
