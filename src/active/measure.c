/* A trained round: its fitting capacity, and what people want to know: were the guesses right, which classes
 * have few labels, is it worth going on? */
#include "active/steps.h"

#include "base/mem.h"
#include "base/words.h"
#include "metric/statistics.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_ROUNDS = 4, MORE = 10 };

static void count_guesses(const struct pd_branch *b, const struct pd_questions *q, struct pd_active_round *r)
{
    for (size_t i = 0; i < q->count; i++) {
        const int32_t answer = pd_ledger_ask(b->ledger, q->at[i].image);
        r->guesses += q->at[i].guess >= 0 && answer >= 0;
        r->guessed += q->at[i].guess >= 0 && answer == q->at[i].guess;
    }
}

static enum pd_status count_classes(const struct pd_branch *b, const struct pd_known *known,
                                    struct pd_active_round *r, struct pd_error *err)
{
    char name[PD_CLASS_NAME_SIZE];
    const int classes = b->data->classes;
    int64_t *labels = pd_calloc((size_t)classes, sizeof *labels);
    if (!labels)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the labels of %d classes", classes);
    for (size_t i = 0; i < known->count; i++)
        if (known->labels[i].label >= 0)
            labels[known->labels[i].label]++;
    size_t n = 0;
    for (int k = 0; k < classes && n < sizeof r->classes; k++)
        n += (size_t)snprintf(r->classes + n, sizeof r->classes - n, "%s%.60s %lld", k ? ", " : "",
                              pd_dataset_class_name(b->data, k, name, sizeof name), (long long)labels[k]);
    if (n >= sizeof r->classes)
        snprintf(r->classes + sizeof r->classes - 6, 6, ", ...");
    pd_free(labels);
    return PD_OK;
}

/* --- the discriminator's classes on the validation images --- */

static enum pd_status score_images(const struct pd_branch *b, struct pd_gan *gan, const uint32_t *images,
                                   uint32_t n, double *accuracy, struct pd_error *err)
{
    struct pd_metric_result result;
    struct pd_real_images real;
    enum pd_status status = pd_real_images_take(b->data, images, n, gan->config.size, &real, err);
    if (status)
        return status;
    const struct pd_labelled_images lent = pd_real_images_lend(&real);
    const struct pd_metric_input in = {.real = &lent};
    status = pd_gan_measure(gan, pd_metric_find("class-accuracy", NULL), &in, &result, err);
    if (!status)
        *accuracy = result.value;
    pd_real_images_release(&real);
    return status;
}

static enum pd_status score_classes(const struct pd_branch *b, struct pd_gan *gan, double *accuracy,
                                    struct pd_error *err)
{
    uint32_t n = 0;
    *accuracy = -1;
    uint32_t *images = b->o->validation ? pd_malloc(b->data->count * sizeof *images) : NULL;
    if (b->o->validation && !images)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the validation images");
    for (uint32_t i = 0; images && i < b->data->count; i++)
        if (b->held[i] && b->data->labels[i] >= 0)
            images[n++] = i;
    enum pd_status status = n ? score_images(b, gan, images, n, accuracy, err) : PD_OK;
    pd_free(images);
    return status;
}

/* --- what labels bring --- */

struct curve {
    int64_t n;
    double x, y, xx, xy, yy; /* sums; x: log labels */
};

static void add_point(struct curve *c, double labels, double accuracy)
{
    const double x = log(labels);
    c->n++;
    c->x += x;
    c->y += accuracy;
    c->xx += x * x;
    c->xy += x * accuracy;
    c->yy += accuracy * accuracy;
}

/* The finished rounds' values of a key, and this one's. */
static struct curve read_curve(const struct pd_branch *b, const struct pd_active_round *r, const char *key,
                               double now)
{
    struct curve c = {.n = 0};
    const struct pd_ledger_round *record;
    for (int64_t round = 0; (record = pd_branch_record(b, round)) && record->line; round++) {
        const json_t *value = json_object_get(record->line, key);
        const double labels = json_number_value(json_object_get(record->line, "labels"));
        if (json_is_number(value) && labels >= 1)
            add_point(&c, labels, json_number_value(value));
    }
    add_point(&c, (double)r->labels, now);
    return c;
}

/* A line over the logarithm of the labels, and how sure its slope is. */
static void say_outlook(const struct curve *c, const char *what, struct pd_active_round *r)
{
    const double n = (double)c->n, sxx = c->xx - c->x * c->x / n, sxy = c->xy - c->x * c->y / n;
    const double syy = c->yy - c->y * c->y / n, slope = sxy / sxx;
    const double rest = fmax(syy - slope * sxy, 0) / (n - 2), error = sqrt(rest / sxx);
    const double step = 100 * log(((double)r->labels + MORE) / (double)r->labels);
    if (c->n < LEAST_ROUNDS || !(sxx > 1e-12))
        snprintf(r->outlook, sizeof r->outlook,
                 "what %d labels more may bring cannot be said yet: %lld round%s, and %d are needed", MORE,
                 (long long)c->n, pd_plural((size_t)c->n), LEAST_ROUNDS);
    else if (!(slope > 0) || pd_student_p(slope / error, n - 2) >= 0.05)
        snprintf(
            r->outlook, sizeof r->outlook,
            "%d labels more: no clear gain to be expected (%+.1f points of %s, standard error %.1f, by %lld "
            "rounds)",
            MORE, slope * step, what, error * step, (long long)c->n);
    else
        snprintf(r->outlook, sizeof r->outlook,
                 "%d labels more may bring %.1f points of %s (standard error %.1f, by %lld rounds)", MORE,
                 slope * step, what, error * step, (long long)c->n);
}

static void look_ahead(const struct pd_branch *b, struct pd_active_round *r)
{
    struct curve c;
    if (r->accuracy >= 0) {
        c = read_curve(b, r, "accuracy", r->accuracy);
        say_outlook(&c, "fitting capacity", r);
    } else if (r->class_accuracy >= 0) {
        c = read_curve(b, r, "class_accuracy", r->class_accuracy);
        say_outlook(&c, "classes right", r);
    } else {
        snprintf(
            r->outlook, sizeof r->outlook,
            "what %d labels more may bring cannot be said: there are no test images and none are held out, "
            "and guesses are on the images that were hardest to tell%s",
            MORE, pd_active_is_simulated(b->a) ? "\tto hold some out: validation" : "");
    }
}

static enum pd_status fitting_capacity(const struct pd_branch *b, struct pd_gan *gan, double *accuracy,
                                       struct pd_error *err)
{
    struct pd_metric_result result = {.value = -1};
    const struct pd_labelled_images real =
        b->test ? pd_real_images_lend(b->test) : (struct pd_labelled_images){.count = 0};
    const struct pd_metric_input in = {.seed = pd_branch_seed(b),
                                       .real = &real,
                                       .epochs = (int)b->a->measure_epochs,
                                       .decay_every = (int)b->a->measure_decay_every,
                                       .partial_batch = b->o->partial_batch,
                                       .epoch_images = PD_METRIC_EPOCH_IMAGES,
                                       .progress = b->watch->measuring,
                                       .progress_context = b->watch->context};
    enum pd_status status =
        b->test ? pd_gan_measure(gan, pd_metric_find("fitting-capacity", NULL), &in, &result, err) : PD_OK;
    *accuracy = status ? -1 : result.value;
    return status;
}

enum pd_status pd_round_measure(const struct pd_branch *b, const struct pd_known *known,
                                const struct pd_questions *q, struct pd_run_model *model,
                                struct pd_active_round *r, struct pd_error *err)
{
    enum pd_status status = fitting_capacity(b, model->gan, &r->accuracy, err);
    if (!status && b->o->validation) /* on which D's classes are measured */
        status = pd_best_recalibrate(b, model, err);
    count_guesses(b, q, r);
    if (!status)
        status = count_classes(b, known, r, err);
    if (!status)
        status = score_classes(b, model->gan, &r->class_accuracy, err);
    if (!status)
        look_ahead(b, r);
    return status;
}
