/* D's view of a data set's images, and its table (paydirt/score.h). */
#include "base/mem.h"
#include "base/words.h"
#include "data/dataset.h"
#include "io/csv.h"
#include "engine/backend.h"
#include "io/ranks.h"
#include "gan/gan_parts.h"
#include "gan/scorer.h"

#include <paydirt/select.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 500 }; /* images as floats at a time: whole batches of the scorer */

/* --- scoring --- */

static enum pd_status reserve(struct pd_scores *s, struct pd_error *err)
{
    const size_t n = (size_t)s->n, k = (size_t)s->classes;
    s->labels = pd_calloc(n, sizeof *s->labels);
    s->logit = pd_calloc(n, sizeof *s->logit);
    s->class_logits = pd_calloc(n, k * sizeof *s->class_logits);
    s->log_p = pd_calloc(n, k * sizeof *s->log_p);
    s->entropy = pd_calloc(n, sizeof *s->entropy);
    s->conditional = pd_calloc(n, sizeof *s->conditional);
    s->gold = pd_calloc(n, sizeof *s->gold);
    s->gold_balanced = pd_calloc(n, sizeof *s->gold_balanced);
    if (s->labels && s->logit && s->class_logits && s->log_p && s->entropy && s->conditional && s->gold &&
        s->gold_balanced)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)s->n);
}

void pd_scores_release(struct pd_scores *s)
{
    pd_free(s->labels);
    pd_free(s->logit);
    pd_free(s->class_logits);
    pd_free(s->log_p);
    pd_free(s->entropy);
    pd_free(s->conditional);
    pd_free(s->gold);
    pd_free(s->gold_balanced);
    *s = (struct pd_scores){.n = 0};
}

static enum pd_status tell(const struct pd_data_watch *watch, int64_t done, int64_t n, struct pd_error *err)
{
    return watch && watch->decoding && watch->decoding(watch->context, "images", (uint64_t)done, (uint64_t)n)
               ? pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped after %lld of %lld scores", (long long)done,
                         (long long)n)
               : PD_OK;
}

/* Each rank has looked at its part alone. */
static enum pd_status gather(struct pd_ranks *ranks, struct pd_scores *s, struct pd_error *err)
{
    if (!ranks)
        return PD_OK;
    enum pd_status status = ranks->add_up(ranks, s->logit, s->n, sizeof *s->logit, err);
    return status ? status
                  : ranks->add_up(ranks, s->class_logits, s->n * s->classes, sizeof *s->class_logits, err);
}

/* This rank's part. images: room for a block */
static enum pd_status look(struct pd_scorer *scorer, const struct pd_gan *gan, const struct pd_dataset *data,
                           const struct pd_data_watch *watch, float *images, struct pd_scores *s,
                           struct pd_error *err)
{
    const struct pd_ranks *ranks = gan->backend->ranks;
    const int64_t first = pd_ranks_begin(ranks, pd_ranks_rank(ranks), s->n),
                  end = pd_ranks_begin(ranks, pd_ranks_rank(ranks) + 1, s->n);
    enum pd_status status = tell(watch, 0, end - first, err);
    for (int64_t at = first, m; at < end && !status; at += m) {
        m = end - at < BLOCK ? end - at : BLOCK;
        status = pd_score_input(gan, data, at, m, images, err);
        if (!status)
            status =
                pd_scorer_score(scorer, images, m, s->logit + at, s->class_logits + at * s->classes, err);
        if (!status)
            status = tell(watch, at + m - first, end - first, err);
        pd_dataset_let_go(data);
    }
    return status;
}

/* What follows from the logits. */
static enum pd_status derive(struct pd_scores *s, struct pd_error *err)
{
    const struct pd_gold_input in = {s->n, s->classes, s->logit, s->class_logits, s->labels, PD_GOLD_REAL};
    enum pd_status status = pd_gold_conditional(&in, s->conditional, err);
    if (status)
        return status;
    pd_class_log_p(s->n, s->classes, s->class_logits, s->log_p);
    pd_class_entropy(s->n, s->classes, s->class_logits, s->entropy);
    pd_gold_estimate(s->n, s->logit, s->conditional, 1, s->gold);
    const double scale = pd_gold_balance(s->n, s->logit, s->conditional);
    pd_gold_estimate(s->n, s->logit, s->conditional, scale, s->gold_balanced);
    return PD_OK;
}

static enum pd_status score(struct pd_gan *gan, const struct pd_dataset *data,
                            const struct pd_data_watch *watch, struct pd_scores *s, struct pd_error *err)
{
    struct pd_scorer *scorer = NULL;
    float *images = pd_calloc(BLOCK, (size_t)pd_gan_image_size(gan) * sizeof *images);
    enum pd_status status =
        images ? reserve(s, err) : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d images", BLOCK);
    if (!status && s->labels)
        memcpy(s->labels, data->labels, (size_t)s->n * sizeof *s->labels);
    if (!status)
        status = pd_scorer_create(gan, PD_ORIGIN_REAL, &scorer, err);
    if (!status)
        status = look(scorer, gan, data, watch, images, s, err);
    if (gan->backend->ranks)
        status = pd_ranks_agree(gan->backend->ranks, status, err);
    if (!status)
        status = gather(gan->backend->ranks, s, err);
    if (!status)
        status = derive(s, err);
    pd_scorer_destroy(scorer);
    pd_free(images);
    return status;
}

enum pd_status pd_score_data(struct pd_gan *gan, const struct pd_dataset *data,
                             const struct pd_data_watch *watch, struct pd_scores *out, struct pd_error *err)
{
    *out = (struct pd_scores){.n = data->count, .classes = gan->config.classes};
    enum pd_status status = pd_gan_enter(gan, PD_ORIGIN_REAL, out->n, err);
    if (status)
        return status;
    status = score(gan, data, watch, out, err);
    pd_gan_leave(gan);
    if (status)
        pd_scores_release(out);
    return status;
}

/* --- the table --- */

static int predicted(const struct pd_scores *s, int64_t i)
{
    const float *x = s->class_logits + i * s->classes;
    int best = 0;
    for (int k = 1; k < s->classes; k++)
        best = x[k] > x[best] ? k : best;
    return best;
}

/* Natural logarithms of the classes' probabilities. */
static const double *log_p_of(const struct pd_scores *s, int64_t i)
{
    return s->log_p + i * s->classes;
}

/* What rows may be sorted by. */
static double certainty(const struct pd_scores *s, int64_t i)
{
    return log_p_of(s, i)[predicted(s, i)];
}

static double logit(const struct pd_scores *s, int64_t i)
{
    return (double)s->logit[i];
}

static double entropy(const struct pd_scores *s, int64_t i)
{
    return s->entropy[i];
}

static double gold(const struct pd_scores *s, int64_t i)
{
    return s->gold[i];
}

static double balanced(const struct pd_scores *s, int64_t i)
{
    return s->gold_balanced[i];
}

static const struct key {
    const char *name;
    double (*value)(const struct pd_scores *s, int64_t i);
} keys[] = {[PD_SCORE_P] = {"p", certainty},
            [PD_SCORE_LOGIT] = {"logit", logit},
            [PD_SCORE_ENTROPY] = {"entropy", entropy},
            [PD_SCORE_GOLD] = {"gold", gold},
            [PD_SCORE_GOLD_BALANCED] = {"gold_balanced", balanced}};
enum { KEYS = sizeof keys / sizeof keys[0] };

enum pd_status pd_score_key_find(const char *name, enum pd_score_key *out, struct pd_error *err)
{
    const int first = PD_SCORE_P, at = pd_find_word("column to sort by", name, &keys[first].name,
                                                    KEYS - first, sizeof keys[0], err);
    *out = at < 0 ? PD_SCORE_UNSORTED : (enum pd_score_key)(first + at);
    return at < 0 ? PD_ERR_USAGE : PD_OK;
}

struct place {
    double value;
    int64_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int d = (x->value < y->value) - (x->value > y->value);
    return d ? d : (x->row > y->row) - (x->row < y->row);
}

/* The order of the rows, (n), owned. */
static enum pd_status sort_rows(const struct pd_scores *s, enum pd_score_key key, struct place **order,
                                struct pd_error *err)
{
    *order = pd_calloc((size_t)s->n, sizeof **order);
    if (!*order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the order of %lld rows", (long long)s->n);
    for (int64_t i = 0; i < s->n; i++)
        (*order)[i] = (struct place){key ? keys[key].value(s, i) : 0, i};
    qsort(*order, (size_t)s->n, sizeof **order, by_value);
    return PD_OK;
}

/* The networks may know more classes than the data. */
static const char *class_name(const struct pd_dataset *d, int k, char *text, size_t size)
{
    if (k < d->classes)
        return pd_dataset_class_name(d, k, text, size);
    snprintf(text, size, "%d", k);
    return text;
}

static void write_names(struct pd_csv *csv, const struct pd_scores *s, const struct pd_dataset *d, int64_t i,
                        bool probabilities)
{
    char name[4096];
    pd_csv_path(csv,
                d->file_names ? d->file_names[i] : pd_dataset_image_name(d, (uint32_t)i, name, sizeof name));
    pd_csv_words(csv, class_name(d, predicted(s, i), name, sizeof name));
    pd_csv_real(csv, exp(certainty(s, i)));
    for (int k = 0; probabilities && k < s->classes; k++)
        pd_csv_real(csv, exp(log_p_of(s, i)[k]));
    if (d->file_names)
        pd_csv_path(csv, d->image_names[i]);
}

static void write_row(struct pd_csv *csv, const struct pd_scores *s, int64_t i)
{
    const int32_t label = s->labels[i];
    pd_csv_integer(csv, i);
    if (label >= 0)
        pd_csv_integer(csv, label);
    else
        pd_csv_text(csv, "");
    pd_csv_real(csv, (double)s->logit[i]);
    if (label >= 0)
        pd_csv_real(csv, log_p_of(s, i)[label]);
    else
        pd_csv_text(csv, "");
    pd_csv_integer(csv, predicted(s, i));
    pd_csv_real(csv, s->entropy[i]);
    pd_csv_real(csv, s->gold[i]);
    pd_csv_real(csv, s->gold_balanced[i]);
}

static void write_header(struct pd_csv *csv, const struct pd_scores *s, const struct pd_dataset *d,
                         bool probabilities)
{
    static const char *const columns[] = {"index",     "label",   "logit", "log_p_class",
                                          "predicted", "entropy", "gold",  "gold_balanced",
                                          "image",     "class",   "p"};
    char name[PD_CLASS_NAME_SIZE], column[PD_CLASS_NAME_SIZE + 2];
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        pd_csv_text(csv, columns[i]);
    for (int k = 0; probabilities && k < s->classes; k++) {
        snprintf(column, sizeof column, "p_%s", class_name(d, k, name, sizeof name));
        pd_csv_words(csv, column);
    }
    if (d->file_names) /* some were renamed since the run began: image is the name by now, this the run's */
        pd_csv_text(csv, "paydirt_image");
    pd_csv_end_row(csv);
}

enum pd_status pd_scores_write(const char *path, const struct pd_scores *s, const struct pd_dataset *d,
                               enum pd_score_key sort, bool probabilities, struct pd_error *err)
{
    struct place *order;
    struct pd_csv *csv;
    if (d->count != s->n)
        return pd_fail(err, PD_ERR_USAGE, -1, "scores of %lld images, and the data have %u", (long long)s->n,
                       d->count);
    if ((unsigned)sort >= KEYS)
        return pd_fail(err, PD_ERR_USAGE, -1, "sorted by key %d, expected 0 to %d", (int)sort, KEYS - 1);
    enum pd_status status = sort_rows(s, sort, &order, err);
    if (!status)
        status = pd_csv_create(path, &csv, err);
    if (status) {
        pd_free(order);
        return status;
    }
    write_header(csv, s, d, probabilities);
    for (int64_t i = 0; i < s->n; i++) {
        write_row(csv, s, order[i].row);
        write_names(csv, s, d, order[i].row, probabilities);
        pd_csv_end_row(csv);
    }
    status = pd_csv_commit(csv, err);
    pd_csv_destroy(csv);
    pd_free(order);
    return status;
}
