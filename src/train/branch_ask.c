#include "train/branch_parts.h"

#include "base/mem.h"
#include "base/rng.h"
#include "data/labels.h"
#include "train/query.h"
#include "train/query_pictures.h"

#include <string.h>
#include <unistd.h>

enum { STREAM_ASK = 9 };

static enum pd_status reserve_queries(struct pd_branch *b, size_t n, struct pd_error *err)
{
    pd_free(b->queries);
    b->queries = pd_calloc(n ? n : 1, sizeof *b->queries);
    b->n_queries = n;
    return b->queries ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu queries", n);
}

static void take_where(struct pd_branch *b, const uint8_t *chosen)
{
    size_t n = 0;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (chosen[i] == PD_LABELLED)
            b->queries[n++] = (struct pd_query){.image = i, .guess = -1};
}

static bool is_skipped(const struct pd_branch *b, uint32_t image)
{
    return pd_oracle_ask(b->oracle, image) == PD_ANSWER_SKIP;
}

/* Whatever has a label already, and at random as many as are missing; what was skipped does not count. */
static enum pd_status fill_up(const struct pd_branch *b, uint8_t *use, struct pd_error *err)
{
    const struct pd_rng rng = {pd_branch_seed(b->o, b->trial), STREAM_ASK, 0};
    uint32_t *order = pd_malloc(b->data->count * sizeof *order);
    int64_t known = 0;
    if (!order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    for (uint32_t i = 0; i < b->data->count; i++) {
        if (use[i] == PD_UNLABELLED && b->data->labels[i] >= 0)
            use[i] = PD_LABELLED;
        known += use[i] == PD_LABELLED && !is_skipped(b, i);
    }
    pd_rng_permutation(&rng, b->data->count, order);
    for (uint32_t i = 0; i < b->data->count && known < b->a->init; i++)
        if (use[order[i]] == PD_UNLABELLED) {
            use[order[i]] = PD_LABELLED;
            known += !is_skipped(b, order[i]);
        }
    pd_free(order);
    return PD_OK;
}

/* What was asked before stays, even where images were added to the data set since. */
static enum pd_status choose_first(struct pd_branch *b, struct pd_error *err)
{
    uint8_t *use = pd_malloc(b->data->count);
    if (!use)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    memcpy(use, b->held, b->data->count);
    for (size_t i = 0; i < b->n_queries; i++)
        use[b->queries[i].image] = PD_LABELLED;
    enum pd_status status = b->oracle->simulated ? pd_label_subset(b->data, (uint32_t)b->a->init,
                                                                   pd_branch_seed(b->o, b->trial), use, err)
                                                 : fill_up(b, use, err);
    if (!status)
        status = reserve_queries(b, pd_label_count(b->data, use, PD_LABELLED), err);
    if (!status)
        take_where(b, use);
    pd_free(use);
    return status;
}

/* The images that may be asked for, where the data answer those that have a label; images has room for all.
 */
static int64_t list_pool(const struct pd_branch *b, uint32_t *images, uint8_t *taken)
{
    int64_t n = 0;
    memcpy(taken, b->held, b->data->count);
    for (size_t i = 0; i < b->count; i++)
        taken[b->labels[i].image] = PD_LABELLED;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (taken[i] == PD_UNLABELLED && (!b->oracle->simulated || b->data->labels[i] >= 0))
            images[n++] = i;
    return n;
}

static enum pd_status score_pool(const struct pd_branch *b, struct pd_gan *gan, struct pd_scored_pool *pool,
                                 struct pd_error *err)
{
    uint32_t *images = pd_malloc(b->data->count * sizeof *images);
    uint8_t *taken = pd_malloc(b->data->count);
    enum pd_status status = PD_OK;
    if (!images || !taken)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a pool of %u images", b->data->count);
    else
        status = pd_scored_pool_make(gan, b->data, images, list_pool(b, images, taken), pool, err);
    pd_free(taken);
    pd_free(images);
    return status;
}

static enum pd_diversity diversity(const char *name)
{
    return !*name ? PD_DIVERSE_NONE : !strcmp(name, "k-center") ? PD_DIVERSE_K_CENTER : PD_DIVERSE_K_MEANS;
}

static enum pd_status draw_query(const struct pd_branch *b, int64_t round, struct pd_gan *gan,
                                 const struct pd_scored_pool *pool, struct pd_error *err)
{
    const struct pd_query_pictures p = {.folder = b->folder,
                                        .round = round,
                                        .data = b->data,
                                        .gan = gan,
                                        .pool = pool,
                                        .balanced = b->a->balanced,
                                        .queries = b->queries,
                                        .n_queries = b->n_queries,
                                        .labels = b->labels,
                                        .n_labels = b->count,
                                        .init = (int64_t)b->count - (round - 1) * b->a->query,
                                        .query = b->a->query};
    return b->a->pictures && b->n_queries ? pd_query_pictures(&p, err) : PD_OK;
}

static enum pd_status choose_next(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    struct pd_run_model run = {.gan = NULL};
    struct pd_scored_pool pool = {.n = 0};
    struct pd_query_options q = {.strategy = pd_strategy_find(b->strategy, err),
                                 .balanced = b->a->balanced,
                                 .diversity = diversity(b->a->diverse),
                                 .candidates = b->a->candidates,
                                 .seed = pd_branch_seed(b->o, b->trial) * 1000 + (uint64_t)round};
    enum pd_status status = pd_branch_round_folder(b, round - 1, folder, err);
    if (!status)
        status = pd_run_open(folder, (int)b->o->threads, &run, err);
    if (!status)
        status = score_pool(b, run.gan, &pool, err);
    q.k =
        b->a->final - pd_branch_labelled(b) < b->a->query ? b->a->final - pd_branch_labelled(b) : b->a->query;
    q.k = q.k < pool.n ? q.k : pool.n;
    if (!status)
        status = reserve_queries(b, (size_t)q.k, err);
    if (!status && q.k)
        status = pd_query_choose(&q, run.gan, b->data, &pool, b->queries, err);
    if (!status)
        status = draw_query(b, round, run.gan, &pool, err);
    pd_scored_pool_release(&pool);
    pd_run_close(&run);
    return status;
}

/* A query is drawn once. People's first one grows, though, by as many as they skip. */
static enum pd_status load_queries(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_branch_path(b, "queries-%02d.json", round, path, err);
    if (status)
        return status;
    if (access(path, F_OK) == 0) {
        pd_free(b->queries);
        status = pd_query_file_read(path, b->data, &b->queries, &b->n_queries, err);
        if (status || round || b->oracle->simulated)
            return status;
    }
    status = round ? choose_next(b, round, err) : choose_first(b, err);
    return status ? status : pd_query_file_write(path, b->data, b->queries, b->n_queries, err);
}

static bool knows(const struct pd_branch *b, uint32_t image)
{
    for (size_t i = b->count; i-- > 0;) /* the last query is at the end */
        if (b->labels[i].image == image)
            return true;
    return false;
}

static void take_answers(struct pd_branch *b)
{
    const size_t before = b->count; /* a killed process may have been here */
    for (size_t i = 0; i < b->n_queries; i++) {
        const uint32_t image = b->queries[i].image;
        if (!before || !knows(b, image))
            b->labels[b->count++] =
                (struct pd_answer){.image = image, .label = pd_oracle_ask(b->oracle, image)};
    }
}

/* Nothing is taken over until all of a round's questions have an answer. */
enum pd_status pd_branch_ask(struct pd_branch *b, int64_t round, bool *waiting, struct pd_error *err)
{
    enum pd_status status = load_queries(b, round, err);
    if (status)
        return status;
    for (size_t i = 0; i < b->n_queries; i++)
        *waiting = *waiting || pd_oracle_ask(b->oracle, b->queries[i].image) == PD_NOT_ANSWERED;
    if (*waiting)
        return PD_OK;
    take_answers(b);
    if (!pd_branch_labelled(b))
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "data set '%s': all %zu images were skipped, expected a label", b->data->name,
                       b->count);
    return pd_branch_write_labels(b, err);
}
