/* What a run takes: steps of its training, images that classifiers which measure it are trained on. */
#include "reproduce/cost.h"

#include "active/active.h"
#include "active/recipe.h"
#include "base/mem.h"
#include "io/json.h"
#include "reproduce/items.h"
#include "reproduce/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPTIONS = 256, FEW_IMAGES = 10000, CLASSES = 10 };

/* --- the options of a kind, all of them --- */

struct settings {
    struct pd_active_options a;
    struct pd_train_options o;
};

static bool nothing_given(const void *context, const char *name)
{
    (void)context, (void)name;
    return false;
}

static bool given(const void *recipe, const char *name)
{
    return pd_recipe_sets(recipe, name);
}

static enum pd_status apply(const struct pd_recipe *r, bool active, struct settings *s, struct pd_error *err)
{
    int count;
    struct pd_option beside[MOST_OPTIONS];
    const struct pd_option *loop = pd_active_option_table(&count);
    const struct pd_option_table tables[] = {{loop, count, &s->a},
                                             {beside, pd_active_train_options(beside, MOST_OPTIONS), &s->o}};
    const struct pd_option_table train = pd_train_options_table(&s->o);
    pd_active_options_init(&s->a);
    pd_train_options_init(&s->o);
    if (!active)
        return pd_recipe_apply(r, &train, 1, nothing_given, NULL, err);
    const enum pd_status status = pd_recipe_apply(r, tables, 2, nothing_given, NULL, err);
    return status ? status : pd_active_protocol(&s->a, &s->o, given, r, err);
}

static enum pd_status settle(const struct pd_run_kind *k, struct settings *s, struct pd_error *err)
{
    struct pd_recipe r = {.all = NULL};
    char *text;
    pd_mem_watch();
    enum pd_status status = pd_json_text(k->recipe, JSON_COMPACT, "a recipe", &text, err);
    if (!status)
        status = pd_recipe_parse("of a study", text, strlen(text), &r, err);
    if (!status)
        status = apply(&r, k->active, s, err);
    pd_recipe_release(&r);
    free(text);
    return status;
}

/* --- counting --- */

static double images_of(const struct pd_reproduce *r, const struct pd_run_kind *k, const struct settings *s)
{
    const int64_t all = r->p.columns[k->column].images;
    const double n = (double)(all ? all : FEW_IMAGES);
    return s->o.data_count && (double)s->o.data_count < n ? (double)s->o.data_count : n;
}

static double epoch_steps(const struct settings *s, double images)
{
    const double least = (double)s->o.min_epoch;
    return (images > least ? images : least) / (double)s->o.batch;
}

static int strategies_of(const struct settings *s)
{
    const char *list = s->a.strategy;
    char word[32];
    int n = s->a.baseline[0] != '\0';
    while (pd_active_next_strategy(&list, word))
        n++;
    return n;
}

static double rounds_of(const struct settings *s)
{
    return ceil((double)(s->a.final - s->a.init) / (double)s->a.query);
}

/* Of one measurement of a row. */
static double measured_images(const struct pd_reproduce *r, const struct pd_run_kind *k, int row)
{
    const json_t *m = r->p.rows[row].measure, *fixed = json_object_get(m, "fixed"),
                 *epochs = json_object_get(m, "epochs"), *each = json_object_get(m, "epoch_images"),
                 *repeats = json_object_get(m, "repeats");
    const double times =
        (epochs ? json_number_value(epochs) : PD_METRIC_EPOCHS) * (repeats ? json_number_value(repeats) : 1);
    const int64_t all = r->p.columns[k->column].images;
    double sum = 0;
    for (int i = 0; i < r->p.metric_count; i++) {
        const struct pd_metric *metric = r->p.metrics[i].metric;
        if (!r->metric_on[i] || !metric || !(metric->needs & PD_NEEDS_CLASSIFIER))
            continue;
        const double images = metric->needs & PD_NEEDS_TRAINING ? (double)(all ? all : FEW_IMAGES)
                              : fixed                           ? CLASSES * json_number_value(fixed)
                                                                : PD_METRIC_EPOCH_IMAGES;
        sum += times * (each ? json_number_value(each) : images);
    }
    return sum;
}

static double validated_images(const struct settings *s, double trainings)
{
    const struct pd_metric *best = pd_metric_find(s->o.best, NULL);
    if (!s->o.validation || !best || !(best->needs & PD_NEEDS_CLASSIFIER) || !s->o.validate_every)
        return 0;
    return trainings * ceil((double)s->o.epochs / (double)s->o.validate_every) *
           (double)s->o.validation_epochs * PD_METRIC_EPOCH_IMAGES;
}

static void count_active(const struct pd_reproduce *r, const struct pd_run_kind *k, const struct settings *s,
                         struct pd_reproduce_cost *c)
{
    const double rounds = rounds_of(s), trainings = 1 + rounds * strategies_of(s);
    const double labelled = (double)(s->a.init + s->a.final) / 2;
    c->steps =
        trainings * (double)s->o.epochs * epoch_steps(s, s->o.labelled_only ? labelled : images_of(r, k, s));
    c->images += validated_images(s, trainings);
    if (s->a.measure)
        c->images += trainings * (double)s->a.measure_epochs * PD_METRIC_EPOCH_IMAGES;
    for (int row = 0; row < r->p.row_count; row++)
        if (r->p.rows[row].of == k->row && !pd_rounds_suffice(r, row))
            c->images += (rounds + 1) * measured_images(r, k, row);
}

static void count_training(const struct pd_reproduce *r, const struct pd_run_kind *k,
                           const struct settings *s, struct pd_reproduce_cost *c)
{
    c->steps = (double)s->o.epochs * epoch_steps(s, images_of(r, k, s));
    c->images += validated_images(s, 1);
    if (s->o.eval_every)
        c->images += ceil((double)s->o.epochs / (double)s->o.eval_every) * (double)s->o.eval_epochs *
                     PD_METRIC_EPOCH_IMAGES;
    for (int row = 0; row < r->p.row_count && r->p.by == PD_BY_NOTHING; row++)
        if (r->p.rows[row].of == k->row)
            c->images += measured_images(r, k, row);
}

/* --- whole --- */

enum pd_status pd_kind_cost(const struct pd_reproduce *r, struct pd_run_kind *k, struct pd_error *err)
{
    struct settings *s = pd_calloc(1, sizeof *s);
    if (!s)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the options of a run");
    const enum pd_status status = settle(k, s, err);
    snprintf(k->model, sizeof k->model, "%s", s->o.model);
    snprintf(k->loss, sizeof k->loss, "%s", s->o.loss);
    struct pd_bench_options step = pd_bench_defaults();
    step.model = k->model;
    step.loss = k->loss;
    step.batch = s->o.batch;
    step.threads = r->threads;
    step.channels = strcmp(k->model, "infogan") != 0 ? 3 : 1;
    step.adversarial = s->o.adversarial;
    step.width = s->o.width;
    step.gold = s->o.gold;
    if (s->o.size)
        step.size = (int)s->o.size;
    k->cost = (struct pd_reproduce_cost){.step = step};
    if (!status && k->active)
        count_active(r, k, s, &k->cost);
    else if (!status)
        count_training(r, k, s, &k->cost);
    pd_free(s);
    return status;
}

void pd_reproduce_cost(const struct pd_reproduce *r, int64_t run, struct pd_reproduce_cost *out)
{
    *out = r->kinds[r->jobs[run].kind].cost;
}
