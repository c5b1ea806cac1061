#include "active/query_pictures.h"

#include "base/mem.h"
#include "io/file.h"
#include "run/folder.h"
#include "gan/pictures.h"

#include <stdio.h>

enum { COLUMNS = 10 };

static enum pd_status path_of(const struct pd_query_pictures *p, const char *what, char *path,
                              struct pd_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%02d.png", what, (int)p->round);
    return pd_path_inside(path, PD_PATH_SIZE, p->folder, name, err);
}

static enum pd_status draw_images(const struct pd_query_pictures *p, const struct pd_scored *s,
                                  struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = path_of(p, "queries", path, err);
    if (!status)
        status = pd_picture_queries(path, p->data, p->queries, p->n_queries, NULL, err);
    if (!status)
        status = path_of(p, "certainty", path, err);
    if (!status)
        status = pd_picture_certainty(path, s, COLUMNS, NULL, err);
    if (!status)
        status = path_of(p, "gold", path, err);
    return status ? status : pd_picture_gold(path, s, COLUMNS, NULL, err);
}

/* Those labelled so far with the round that asked for them, and the new ones. */
static enum pd_status draw_points(const struct pd_query_pictures *p, struct pd_error *err)
{
    char path[PD_PATH_SIZE], title[64];
    struct pd_asked *asked = pd_calloc(p->n_labels + p->n_queries, sizeof *asked);
    int64_t n = 0;
    if (!asked)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture");
    for (int64_t i = 0; i < (int64_t)p->n_labels; i++)
        if (p->labels[i].label >= 0)
            asked[n++] = (struct pd_asked){p->labels[i].image, p->labels[i].label,
                                           i < p->init ? -1 : (int32_t)((i - p->init) / p->query + 1)};
    for (size_t i = 0; i < p->n_queries; i++)
        asked[n++] = (struct pd_asked){p->queries[i].image, p->queries[i].guess, (int32_t)p->round};
    snprintf(title, sizeof title, "Round %d", (int)p->round);
    enum pd_status status = path_of(p, "plane", path, err);
    if (!status)
        status = pd_picture_plane(path, p->gan, p->data, p->balanced, asked, n, title, err);
    pd_free(asked);
    return status;
}

static enum pd_status draw(const struct pd_query_pictures *p, double *conditional, double *gold,
                           struct pd_error *err)
{
    const struct pd_scored_pool *pool = p->pool;
    const struct pd_gold_input in = {pool->n, pool->classes, pool->logit, pool->class_logits,
                                     NULL,    PD_GOLD_REAL};
    const struct pd_scored s = {p->data,     pool->n,     pool->images, pool->classes, pool->class_logits,
                                pool->logit, conditional, gold};
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_gold_conditional(&in, conditional, err);
    if (status)
        return status;
    const double scale = p->balanced ? pd_gold_balance(pool->n, pool->logit, conditional) : 1;
    pd_gold_estimate(pool->n, pool->logit, conditional, scale, gold);
    status = path_of(p, "terms", path, err);
    if (!status)
        status = pd_picture_terms(path, pool->n, pool->logit, conditional, NULL, err);
    if (status)
        return status;
    return p->data->points ? draw_points(p, err) : draw_images(p, &s, err);
}

enum pd_status pd_query_pictures(const struct pd_query_pictures *p, struct pd_error *err)
{
    const size_t n = (size_t)p->pool->n;
    double *terms = pd_malloc((n ? n : 1) * 2 * sizeof *terms);
    if (!terms)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for pictures");
    enum pd_status status = draw(p, terms, terms + n, err);
    pd_free(terms);
    return status;
}
