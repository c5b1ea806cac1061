#include "train/branch.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/labels.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "train/query.h"
#include "train/query_pictures.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STREAM_ASK = 9 };

uint64_t pd_branch_seed(const struct pd_train_options *o, int64_t trial)
{
    return (uint64_t)(o->seed + trial); /* never 0, which stands for the standard data */
}

/* --- names --- */

static enum pd_status name_in(const struct pd_branch *b, const char *format, int64_t round, char *path,
                              struct pd_error *err)
{
    char name[64];
    snprintf(name, sizeof name, format, (int)round);
    return pd_path_join(path, PD_PATH_SIZE, b->folder, name, err);
}

/* All strategies of a trial begin with the start's round 0. */
static enum pd_status round_folder(const struct pd_branch *b, int64_t round, char *path, struct pd_error *err)
{
    char name[64];
    if (round > 0)
        return name_in(b, "round-%02d", round, path, err);
    snprintf(name, sizeof name, "start-%lld/round-00", (long long)b->trial);
    return pd_path_join(path, PD_PATH_SIZE, b->run, name, err);
}

static enum pd_status journal_path(const struct pd_branch *b, char *path, struct pd_error *err)
{
    return pd_path_join(path, PD_PATH_SIZE, b->folder, b->strategy ? "rounds.jsonl" : "start.jsonl", err);
}

/* --- what is known --- */

static int64_t labelled(const struct pd_branch *b)
{
    int64_t n = 0;
    for (size_t i = 0; i < b->count; i++)
        n += b->labels[i].label >= 0;
    return n;
}

static enum pd_status read_labels(struct pd_branch *b, const char *path, struct pd_error *err)
{
    struct pd_answers known;
    enum pd_status status = pd_answers_read(path, b->data, &known, err);
    if (status)
        return status;
    if (known.refused_count)
        status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: row %lld: %s", path, (long long)known.refused[0].row,
                         known.refused[0].words);
    else {
        memcpy(b->labels, known.at, known.count * sizeof *known.at);
        b->count = known.count;
    }
    pd_answers_release(&known);
    return status;
}

/* The finished rounds and the labels that the last of them had. */
static enum pd_status read_rounds(const struct pd_branch *b, int64_t *rounds, int64_t *labels,
                                  struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    *rounds = *labels = 0;
    enum pd_status status = journal_path(b, path, err);
    if (status || access(path, F_OK) != 0)
        return status;
    status =
        pd_jsonl_truncate_after(path, "round", 1e15, err); /* a line that a killed process left half done */
    if (!status)
        status = pd_file_read(path, &text, err);
    for (size_t at = 0; !status && at < text.size;) {
        const char *line = (const char *)text.data + at;
        const char *end = memchr(line, '\n', text.size - at);
        const size_t n = end ? (size_t)(end - line) : text.size - at;
        json_t *round = json_loadb(line, n, 0, NULL);
        *labels = json_integer_value(json_object_get(round, "labels"));
        json_decref(round);
        ++*rounds;
        at += n + 1;
    }
    pd_buffer_release(&text);
    return status;
}

enum pd_status pd_branch_open(struct pd_branch *b, struct pd_error *err)
{
    char name[64], path[PD_PATH_SIZE];
    b->held = pd_calloc(b->data->count, 1);
    b->labels = pd_calloc(b->data->count, sizeof *b->labels);
    if (!b->held || !b->labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", b->data->count);
    snprintf(name, sizeof name, "%s-%lld", b->strategy ? b->strategy : "start", (long long)b->trial);
    enum pd_status status = pd_path_join(b->folder, sizeof b->folder, b->run, name, err);
    if (!status)
        status = pd_make_dirs(b->folder, err);
    if (!status && b->o->validation)
        status = pd_validation_draw(b->data, (uint32_t)b->o->validation, pd_branch_seed(b->o, b->trial),
                                    b->held, err);
    if (!status)
        status = name_in(b, "labels.csv", 0, path, err);
    if (!status && access(path, F_OK) == 0)
        status = read_labels(b, path, err);
    return status;
}

void pd_branch_close(struct pd_branch *b)
{
    pd_free(b->queries);
    pd_free(b->labels);
    pd_free(b->held);
    b->queries = NULL;
    b->labels = NULL;
    b->held = NULL;
}

/* --- questions --- */

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

/* Whatever has a label already, and at random as many as are missing. */
static enum pd_status choose_known(const struct pd_branch *b, uint8_t *use, struct pd_error *err)
{
    const struct pd_rng rng = {pd_branch_seed(b->o, b->trial), STREAM_ASK, 0};
    uint32_t *order = pd_malloc(b->data->count * sizeof *order);
    int64_t known = 0;
    if (!order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    for (uint32_t i = 0; i < b->data->count; i++)
        if (use[i] != PD_HELD_OUT && b->data->labels[i] >= 0) {
            use[i] = PD_LABELLED;
            known++;
        }
    pd_rng_permutation(&rng, b->data->count, order);
    for (uint32_t i = 0; i < b->data->count && known < b->a->init; i++)
        if (use[order[i]] == PD_UNLABELLED) {
            use[order[i]] = PD_LABELLED;
            known++;
        }
    pd_free(order);
    return PD_OK;
}

static enum pd_status choose_first(struct pd_branch *b, struct pd_error *err)
{
    uint8_t *use = pd_malloc(b->data->count);
    if (!use)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the first query");
    memcpy(use, b->held, b->data->count);
    enum pd_status status = b->oracle->simulated ? pd_label_subset(b->data, (uint32_t)b->a->init,
                                                                   pd_branch_seed(b->o, b->trial), use, err)
                                                 : choose_known(b, use, err);
    if (!status)
        status = reserve_queries(b, pd_label_count(b->data, use, PD_LABELLED), err);
    if (!status)
        take_where(b, use);
    pd_free(use);
    return status;
}

/* The images that may be asked for; images has room for all. */
static int64_t list_pool(const struct pd_branch *b, uint32_t *images, uint8_t *taken)
{
    int64_t n = 0;
    memcpy(taken, b->held, b->data->count);
    for (size_t i = 0; i < b->count; i++)
        taken[b->labels[i].image] = PD_LABELLED;
    for (uint32_t i = 0; i < b->data->count; i++)
        if (taken[i] == PD_UNLABELLED)
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
                                        .init = b->a->init,
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
    enum pd_status status = round_folder(b, round - 1, folder, err);
    if (!status)
        status = pd_run_open(folder, (int)b->o->threads, &run, err);
    if (!status)
        status = score_pool(b, run.gan, &pool, err);
    q.k = b->a->final - labelled(b) < b->a->query ? b->a->final - labelled(b) : b->a->query;
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

static enum pd_status load_queries(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = name_in(b, "queries-%02d.json", round, path, err);
    if (status)
        return status;
    if (access(path, F_OK) == 0) {
        pd_free(b->queries);
        return pd_query_file_read(path, b->data, &b->queries, &b->n_queries, err);
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

/* Nothing is taken over until all of a round's questions have an answer. */
static enum pd_status ask(struct pd_branch *b, int64_t round, bool *waiting, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = load_queries(b, round, err);
    if (status)
        return status;
    for (size_t i = 0; i < b->n_queries; i++)
        *waiting = *waiting || pd_oracle_ask(b->oracle, b->queries[i].image) == PD_NOT_ANSWERED;
    if (*waiting)
        return PD_OK;
    const size_t before = b->count;
    for (size_t i = 0; i < b->n_queries; i++) {
        const uint32_t image = b->queries[i].image;
        if (!before || !knows(b, image))
            b->labels[b->count++] =
                (struct pd_answer){.image = image, .label = pd_oracle_ask(b->oracle, image)};
    }
    status = name_in(b, "labels.csv", 0, path, err);
    return status ? status : pd_answers_write(path, b->data, b->labels, b->count, err);
}

/* --- a round --- */

static enum pd_status round_options(const struct pd_branch *b, int64_t round, struct pd_train_options *o,
                                    struct pd_error *err)
{
    char folder[PD_PATH_SIZE], path[PD_PATH_SIZE];
    const uint64_t seed = pd_branch_seed(b->o, b->trial);
    *o = *b->o;
    o->data_seed = (int64_t)seed;
    o->seed = (int64_t)(seed * 1000 + (uint64_t)round);
    enum pd_status status = name_in(b, "labels.csv", 0, path, err);
    snprintf(o->label_file, sizeof o->label_file, "%s", path);
    if (status || round == 0 || !b->a->keep_generator)
        return status;
    status = round_folder(b, round - 1, folder, err);
    if (!status)
        status = pd_run_folder_best(folder, path, err);
    snprintf(o->generator, sizeof o->generator, "%s", path);
    return status;
}

/* The weights that the next round and its query need: the best epoch's, or the last's. */
static enum pd_status keep_networks(const char *folder, const struct pd_run_model *run, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = pd_run_folder_best(folder, path, err);
    return status || access(path, F_OK) == 0 ? status
                                             : pd_gan_save_networks(run->gan, &run->progress, path, err);
}

static enum pd_status measure(const struct pd_branch *b, const struct pd_run_model *run, double *accuracy,
                              struct pd_error *err)
{
    const struct pd_fitting f = {.epochs = (int)b->a->measure_epochs,
                                 .epoch_images = 10000,
                                 .seed = pd_branch_seed(b->o, b->trial),
                                 .progress = b->watch->measuring,
                                 .progress_context = b->watch->context};
    *accuracy = -1;
    return b->test ? pd_gan_fitting_capacity(run->gan, &f, b->test, accuracy, err) : PD_OK;
}

static enum pd_status write_line(const struct pd_branch *b, json_t *line, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_jsonl *journal = NULL;
    enum pd_status status = journal_path(b, path, err);
    if (!status)
        status = pd_jsonl_open(path, &journal, err);
    if (!status)
        status = pd_jsonl_write(journal, line, err);
    pd_jsonl_destroy(journal);
    return status;
}

static enum pd_status record(const struct pd_branch *b, const struct pd_active_round *r,
                             const struct pd_run_model *run, double seconds, struct pd_error *err)
{
    json_t *line = json_pack("{s:I, s:I, s:I, s:s, s:I, s:I, s:f}", "round", (json_int_t)r->round, "labels",
                             (json_int_t)r->labels, "skipped", (json_int_t)b->count - r->labels, "strategy",
                             r->strategy, "trial", (json_int_t)b->trial, "seed",
                             (json_int_t)pd_branch_seed(b->o, b->trial), "seconds", seconds);
    if (r->accuracy >= 0) {
        json_object_set_new(line, "metric", json_string("fitting-capacity"));
        json_object_set_new(line, "accuracy", json_real(r->accuracy));
    }
    if (run->progress.best_epoch) {
        json_object_set_new(line, "best_epoch", json_integer((json_int_t)run->progress.best_epoch));
        json_object_set_new(line, "validation", json_real(run->progress.best_accuracy));
    }
    enum pd_status status = write_line(b, line, err);
    json_decref(line);
    return status;
}

static void drop(const char *folder, enum pd_status (*which)(const char *, char *, struct pd_error *))
{
    char path[PD_PATH_SIZE];
    if (!which(folder, path, NULL))
        unlink(path);
}

/* Optimiser states, and the networks of rounds that nothing needs any more. */
static void clean_up(const struct pd_branch *b, int64_t round)
{
    char folder[PD_PATH_SIZE];
    if (!round_folder(b, round, folder, NULL))
        drop(folder, pd_run_folder_checkpoint);
    if (round >= 2 && !b->a->keep_rounds && !round_folder(b, round - 1, folder, NULL))
        drop(folder, pd_run_folder_best);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum pd_status finish_round(struct pd_branch *b, const char *folder, struct pd_active_round *r,
                                   double begun, struct pd_error *err)
{
    struct pd_run_model run;
    enum pd_status status = pd_run_open(folder, (int)b->o->threads, &run, err);
    if (status)
        return status;
    status = keep_networks(folder, &run, err);
    if (!status)
        status = measure(b, &run, &r->accuracy, err);
    if (!status)
        status = record(b, r, &run, seconds() - begun, err);
    pd_run_close(&run);
    return status;
}

static enum pd_status do_round(struct pd_branch *b, int64_t round, struct pd_error *err)
{
    char folder[PD_PATH_SIZE];
    struct pd_train_options o;
    struct pd_active_round r = {.strategy = b->strategy ? b->strategy : "start",
                                .trial = b->trial,
                                .trials = b->a->trials,
                                .round = round,
                                .labels = labelled(b),
                                .accuracy = -1};
    const double begun = seconds();
    enum pd_status status = round_options(b, round, &o, err);
    if (!status)
        status = round_folder(b, round, folder, err);
    if (!status && b->watch->round)
        b->watch->round(b->watch->context, &r);
    if (!status)
        status = pd_run_train_in(&o, folder, b->watch->train, err);
    if (!status)
        status = finish_round(b, folder, &r, begun, err);
    if (!status && b->watch->measured)
        b->watch->measured(b->watch->context, &r);
    if (!status)
        clean_up(b, round);
    return status;
}

/* A strategy takes over the start's labels and its line. */
static enum pd_status inherit(struct pd_branch *b, struct pd_error *err)
{
    char from[PD_PATH_SIZE], path[PD_PATH_SIZE], name[64];
    struct pd_buffer text = PD_BUFFER_INIT;
    snprintf(name, sizeof name, "start-%lld/labels.csv", (long long)b->trial);
    enum pd_status status = pd_path_join(from, sizeof from, b->run, name, err);
    if (!status)
        status = read_labels(b, from, err);
    if (!status)
        status = name_in(b, "labels.csv", 0, path, err);
    if (!status)
        status = pd_answers_write(path, b->data, b->labels, b->count, err);
    snprintf(name, sizeof name, "start-%lld/start.jsonl", (long long)b->trial);
    if (!status)
        status = pd_path_join(from, sizeof from, b->run, name, err);
    if (!status)
        status = pd_file_read(from, &text, err);
    if (!status) {
        json_t *line = json_loadb(text.data, text.size, JSON_DISABLE_EOF_CHECK, NULL);
        json_object_set_new(line, "strategy", json_string(b->strategy));
        status = line ? write_line(b, line, err)
                      : pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected a line of JSON", from);
        json_decref(line);
    }
    pd_buffer_release(&text);
    return status;
}

enum pd_status pd_branch_run(struct pd_branch *b, bool *waiting, struct pd_error *err)
{
    int64_t round, labels;
    enum pd_status status = read_rounds(b, &round, &labels, err);
    if (!status && b->strategy && round == 0) {
        status = inherit(b, err);
        labels = labelled(b);
        round = 1;
    }
    while (!status && (b->strategy ? labels < b->a->final : round == 0)) {
        status = ask(b, round, waiting, err);
        if (status || *waiting || !b->n_queries) /* none: the pool is empty */
            break;
        status = do_round(b, round++, err);
        labels = labelled(b);
    }
    return status;
}
