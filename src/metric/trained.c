#include "metric/trained.h"

#include "base/mem.h"
#include "metric/fixed_set.h"
#include "model/classifier.h"

#include <math.h>
#include <string.h>

enum { BATCH = PD_METRIC_BATCH };
static const double rate = 1e-3;

struct pd_trained {
    struct pd_metric_input in;       /* a copy: it may outlive the measurement */
    struct pd_labelled_images reals; /* it was trained on; NULL: on samples */
    const struct pd_classifier *classifier;
    const struct pd_sample_source *from;
    struct pd_vars *vars;
    struct pd_plan *train, *partial, *test; /* partial: for an epoch's last, smaller batch; NULL: none */
    int64_t image, width;                   /* numbers of one; of its features */
    float *images, *logits;                 /* a batch */
    float *room;                            /* an image */
    int32_t *labels;
};

static struct pd_node *images(const struct pd_trained *t, struct pd_graph *g, int64_t n)
{
    const int64_t size = t->in.size;
    return pd_input(g, "images", PD_REAL,
                    size ? pd_shape4(n, t->in.channels, size, size) : pd_shape2(n, t->in.channels));
}

static enum pd_status compile(struct pd_trained *t, int64_t n, bool training, struct pd_plan **out,
                              struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    struct pd_nn nn = {.graph = g, .vars = t->vars, .prefix = "", .training = training};
    if (g) {
        const struct pd_classified said = pd_classify(&nn, t->classifier, images(t, g, n), t->in.classes);
        if (training) {
            struct pd_node *labels = pd_input(g, "labels", PD_I32, pd_shape1(n));
            struct pd_node *each =
                pd_nn_cross_entropy_each(pd_log_softmax(said.logits), pd_one_hot(labels, t->in.classes));
            const struct pd_adam_options adam = {
                .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8, .rate = pd_input(g, "lr", PD_F64, pd_shape1(1))};
            pd_output(pd_mean(each), "loss");
            pd_nn_adam(&nn, "adam", pd_mean(each), &adam);
        } else {
            pd_output(said.logits, "logits");
            pd_output(said.features, "features");
            t->width = said.features ? pd_node_shape(said.features).dim[1] : 0;
        }
    }
    enum pd_status status = pd_compile(g, t->in.backend, out, err);
    pd_graph_destroy(g);
    return status;
}

/* The images in the partial batch; 0: it is dropped. Batch norm has nothing to say of a single one. */
static int64_t rest(const struct pd_trained *t)
{
    const int64_t n = t->in.epoch_images % BATCH;
    return t->in.partial_batch && n > 1 ? n : 0;
}

static enum pd_status train_epoch(struct pd_trained *t, int epoch, struct pd_error *err)
{
    const uint64_t whole = (uint64_t)(t->in.epoch_images / BATCH), steps = whole + (rest(t) > 0);
    double loss = 0;
    for (uint64_t s = 0; s < steps; s++) {
        const uint64_t i = (uint64_t)epoch * steps + s;
        const int64_t n = s < whole ? BATCH : rest(t);
        struct pd_plan *plan = s < whole ? t->train : t->partial;
        float now;
        enum pd_status status = t->from->next(t->from->context, i, BATCH, t->images, t->labels, err);
        if (!status && t->in.augment && t->in.size)
            pd_metric_augment(&t->in, i, t->images, BATCH, t->room);
        if (!status)
            status = pd_plan_write(plan, "images", t->images, n * t->image, err);
        if (!status)
            status = pd_plan_write(plan, "labels", t->labels, n, err);
        if (!status)
            status = pd_plan_run(plan, t->in.seed, i, err);
        if (!status)
            status = pd_plan_scalar(plan, "loss", &now, err);
        if (status)
            return status;
        loss += (double)now / (double)steps;
    }
    if (t->in.progress)
        t->in.progress(t->in.progress_context, epoch + 1, t->in.epochs, loss);
    return PD_OK;
}

static enum pd_status reserve(struct pd_trained *t, struct pd_error *err)
{
    const struct pd_metric_input *in = &t->in;
    t->image = pd_metric_image_size(in);
    t->vars = pd_vars_create(in->backend, in->seed);
    t->images = pd_calloc(BATCH, (size_t)t->image * sizeof *t->images);
    t->logits = pd_calloc(BATCH, (size_t)in->classes * sizeof *t->logits);
    t->labels = pd_calloc(BATCH, sizeof *t->labels);
    t->room = pd_calloc((size_t)t->image, sizeof *t->room);
    if (t->vars && t->images && t->logits && t->labels && t->room)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a classifier");
}

/* Of an epoch, from 0. */
static double rate_of(const struct pd_metric_input *in, int epoch)
{
    const int falls = in->decay_every > 0 ? (epoch + 1) / in->decay_every : epoch >= (in->epochs + 1) / 2;
    return in->decay_every > 0 ? rate * pow(0.1, falls) : falls ? rate / 10 : rate;
}

static enum pd_status train(struct pd_trained *t, struct pd_error *err)
{
    enum pd_status status = compile(t, BATCH, true, &t->train, err);
    if (!status && rest(t))
        status = compile(t, rest(t), true, &t->partial, err);
    for (int e = 0; e < t->in.epochs && !status; e++) {
        status = pd_plan_set(t->train, "lr", rate_of(&t->in, e), err);
        if (!status && t->partial)
            status = pd_plan_set(t->partial, "lr", rate_of(&t->in, e), err);
        if (!status)
            status = train_epoch(t, e, err);
    }
    return status ? status : compile(t, BATCH, false, &t->test, err);
}

static const char *classifier_name(const struct pd_metric_input *in)
{
    return in->classifier ? in->classifier : pd_classifier_at(0)->name;
}

/* size 0: points, which all take */
static bool takes(const struct pd_classifier *c, int size)
{
    return !size || (size >= c->least && size % c->multiple == 0);
}

/* Of a metric that counts classes people choose it; a distance has its own. */
enum pd_status pd_trained_check(const struct pd_metric *metric, const struct pd_metric_input *in,
                                struct pd_error *err)
{
    const bool chosen = metric->needs & PD_NEEDS_CONFUSION;
    const struct pd_classifier *c =
        chosen ? pd_classifier_find(classifier_name(in), err) : pd_classifier_at(0);
    if (!c)
        return PD_ERR_USAGE;
    if (takes(c, in->size))
        return PD_OK;
    enum pd_status status =
        pd_fail(err, PD_ERR_USAGE, -1,
                "%s: %s takes images whose side is a multiple of %d and at least %d, these are %d x %d",
                metric->name, c->name, c->multiple, c->least, in->size, in->size);
    for (int i = 0; chosen && (c = pd_classifier_at(i)); i++)
        if (takes(c, in->size))
            pd_hint(err, status, "classifier=%s", c->name);
    return status;
}

enum pd_status pd_metric_check_classifier(const char *name, struct pd_error *err)
{
    return pd_classifier_find(name, err) ? PD_OK : PD_ERR_USAGE;
}

enum pd_status pd_trained_create(const struct pd_metric_input *in, const struct pd_sample_source *from,
                                 struct pd_trained **out, struct pd_error *err)
{
    const struct pd_classifier *classifier = pd_classifier_find(classifier_name(in), err);
    *out = NULL;
    if (!classifier)
        return PD_ERR_USAGE;
    struct pd_trained *t = pd_calloc(1, sizeof *t);
    if (!t)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a classifier");
    *t = (struct pd_trained){.in = *in, .classifier = classifier, .from = from};
    enum pd_status status = reserve(t, err);
    if (!status)
        status = train(t, err);
    if (status)
        pd_trained_destroy(t);
    else
        *out = t;
    return status;
}

void pd_trained_destroy(struct pd_trained *t)
{
    if (!t)
        return;
    pd_plan_destroy(t->train);
    pd_plan_destroy(t->partial);
    pd_plan_destroy(t->test);
    pd_vars_destroy(t->vars);
    pd_free(t->images);
    pd_free(t->room);
    pd_free(t->logits);
    pd_free(t->labels);
    pd_free(t);
}

enum pd_status pd_trained_step(const struct pd_metric_input *in, struct pd_plan **out, struct pd_error *err)
{
    struct pd_trained t = {
        .in = *in, .classifier = pd_classifier_at(0), .vars = pd_vars_create(in->backend, 1)};
    enum pd_status status = t.vars ? compile(&t, BATCH, true, &t.train, err)
                                   : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a classifier");
    *out = t.train;
    pd_vars_destroy(t.vars);
    return status;
}

static enum pd_status train_on_reals(const struct pd_metric_input *in, struct pd_trained **out,
                                     struct pd_error *err)
{
    const struct pd_labelled_images *set = in->training;
    struct pd_fixed_set *order;
    *out = NULL;
    enum pd_status status = pd_fixed_set_create(set->count, (size_t)pd_metric_image_size(in), set->images,
                                                set->labels, in->seed, &order, err);
    if (status)
        return status;
    const struct pd_sample_source from = pd_fixed_set_source(order);
    status = pd_trained_create(in, &from, out, err);
    pd_fixed_set_destroy(order);
    if (!status)
        (*out)->reals = *set;
    return status;
}

/* Whether training again would give the same. */
static bool is_that(const struct pd_trained *t, const struct pd_metric_input *in)
{
    const struct pd_metric_input *own = &t->in;
    return t->reals.images == in->training->images && t->reals.labels == in->training->labels &&
           t->reals.count == in->training->count && own->backend == in->backend && own->seed == in->seed &&
           own->epochs == in->epochs && own->epoch_images == in->epoch_images &&
           own->augment == in->augment && own->decay_every == in->decay_every &&
           own->partial_batch == in->partial_batch && !strcmp(t->classifier->name, classifier_name(in));
}

enum pd_status pd_trained_on_reals(const struct pd_metric_input *in, struct pd_trained **out,
                                   struct pd_error *err)
{
    *out = in->judge && *in->judge && is_that(*in->judge, in) ? *in->judge : NULL;
    enum pd_status status = *out ? PD_OK : train_on_reals(in, out, err);
    if (!status && in->judge && *in->judge != *out) {
        pd_trained_destroy(*in->judge);
        *in->judge = *out;
    }
    return status;
}

void pd_trained_give_back(const struct pd_metric_input *in, struct pd_trained *t)
{
    if (!in->judge || *in->judge != t)
        pd_trained_destroy(t);
}

/* A batch of at most BATCH images through it. */
static enum pd_status look(struct pd_trained *t, const float *images, int64_t n, struct pd_error *err)
{
    const enum pd_status status = pd_plan_write(t->test, "images", images, n * t->image, err);
    return status ? status : pd_plan_run(t->test, 0, 0, err);
}

int64_t pd_trained_width(const struct pd_trained *t)
{
    return t->width;
}

enum pd_status pd_trained_features(struct pd_trained *t, const float *images, int64_t n, float *features,
                                   struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int64_t at = 0; at < n && !status; at += BATCH) {
        const int64_t some = n - at < BATCH ? n - at : BATCH;
        status = look(t, images + at * t->image, some, err);
        if (!status)
            status = pd_plan_read(t->test, "features", features + at * t->width, some * t->width, err);
    }
    return status;
}

enum pd_status pd_trained_judge(struct pd_trained *t, const float *images, const int32_t *labels, int64_t n,
                                int64_t *confusion, struct pd_error *err)
{
    const int classes = t->in.classes;
    for (int64_t at = 0; at < n; at += BATCH) {
        const int64_t some = n - at < BATCH ? n - at : BATCH;
        enum pd_status status = look(t, images + at * t->image, some, err);
        if (!status)
            status = pd_plan_read(t->test, "logits", t->logits, some * classes, err);
        if (!status)
            status = pd_confusion_add(some, classes, t->logits, labels + at, confusion, err);
        if (status)
            return status;
    }
    return PD_OK;
}

enum pd_status pd_metric_each_batch(const struct pd_metric_input *in,
                                    enum pd_status (*take)(void *context, const float *images,
                                                           const int32_t *labels, int64_t n,
                                                           struct pd_error *err),
                                    void *context, struct pd_error *err)
{
    const struct pd_sample_source *from = in->samples;
    const int64_t count = in->generated ? in->generated->count : PD_METRIC_EPOCH_IMAGES;
    float *images = pd_calloc(BATCH, (size_t)pd_metric_image_size(in) * sizeof *images);
    int32_t labels[BATCH];
    enum pd_status status =
        images ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of samples");
    for (int64_t at = 0; at < count && !status; at += BATCH) {
        const int64_t n = count - at < BATCH ? count - at : BATCH;
        status = from->next(from->context, (uint64_t)(at / BATCH), BATCH, images, labels, err);
        if (!status)
            status = take(context, images, labels, n, err);
    }
    pd_free(images);
    return status;
}
