#include "metric/fitting_capacity.h"

#include "base/mem.h"
#include "model/classifier.h"

#include <string.h>

struct classifier {
    const struct pd_classifier_options *o;
    struct pd_vars *vars;
    struct pd_plan *train, *test;
};

struct pd_classifier_options pd_classifier_defaults(void)
{
    return (struct pd_classifier_options){
        .epochs = 40, .epoch_images = 10000, .batch = 128, .lr = 1e-3, .seed = 1};
}

static struct pd_node *images(const struct classifier *c, struct pd_graph *g)
{
    int64_t n = c->o->batch, size = c->o->size;
    return pd_input(g, "images", PD_REAL,
                    size ? pd_shape4(n, c->o->channels, size, size) : pd_shape2(n, c->o->channels));
}

static enum pd_status compile(struct classifier *c, double lr, struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    struct pd_nn nn = {.graph = g, .vars = c->vars, .prefix = "", .training = lr > 0};
    if (g) {
        struct pd_node *logits = pd_classify(&nn, images(c, g), c->o->classes);
        if (lr > 0) {
            struct pd_node *labels = pd_input(g, "labels", PD_I32, pd_shape1(c->o->batch));
            struct pd_node *each =
                pd_nn_cross_entropy_each(pd_log_softmax(logits), pd_one_hot(labels, c->o->classes));
            const struct pd_adam_options adam = {lr, 0.5, 0.999, 1e-8};
            pd_output(pd_mean(each), "loss");
            pd_nn_adam(&nn, "adam", pd_mean(each), &adam);
        } else {
            pd_output(logits, "logits");
        }
    }
    struct pd_plan **plan = lr > 0 ? &c->train : &c->test;
    pd_plan_destroy(*plan);
    enum pd_status status = pd_compile(g, c->o->backend, plan, err);
    pd_graph_destroy(g);
    return status;
}

static enum pd_status train_epoch(struct classifier *c, const struct pd_sample_source *source, int epoch,
                                  struct pd_error *err)
{
    const uint64_t steps = (uint64_t)(c->o->epoch_images / c->o->batch);
    double loss = 0;
    for (uint64_t s = 0; s < steps; s++) {
        const uint64_t i = (uint64_t)epoch * steps + s;
        enum pd_status status =
            source->next(source->context, i, c->o->batch, pd_plan_data(c->train, "images"),
                         pd_plan_data(c->train, "labels"), err);
        if (status)
            return status;
        status = pd_plan_run(c->train, c->o->seed, i, err);
        if (status)
            return status;
        loss += (double)pd_plan_scalar(c->train, "loss") / (double)steps;
    }
    if (c->o->progress)
        c->o->progress(c->o->progress_context, epoch + 1, c->o->epochs, loss);
    return PD_OK;
}

static int largest(const float *logits, int classes)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = logits[k] > logits[best] ? k : best;
    return best;
}

static enum pd_status accuracy_on(struct classifier *c, const float *x, const int32_t *labels, int64_t count,
                                  double *accuracy, struct pd_error *err)
{
    const size_t size = (size_t)c->o->channels * (size_t)(c->o->size ? c->o->size * c->o->size : 1);
    int64_t right = 0;
    for (int64_t at = 0; at < count; at += c->o->batch) {
        int64_t n = count - at < c->o->batch ? count - at : c->o->batch;
        memcpy(pd_plan_data(c->test, "images"), x + (size_t)at * size, (size_t)n * size * sizeof *x);
        enum pd_status status = pd_plan_run(c->test, 0, 0, err);
        if (status)
            return status;
        const float *logits = pd_plan_data(c->test, "logits");
        for (int64_t i = 0; i < n; i++)
            right += largest(logits + i * c->o->classes, c->o->classes) == labels[at + i];
    }
    *accuracy = (double)right / (double)count;
    return PD_OK;
}

enum pd_status pd_fitting_capacity(const struct pd_classifier_options *o,
                                   const struct pd_sample_source *source, const float *test_images,
                                   const int32_t *test_labels, int64_t test_count, double *accuracy,
                                   struct pd_error *err)
{
    struct classifier c = {.o = o, .vars = pd_vars_create(pd_backend_real_size(o->backend), o->seed)};
    enum pd_status status =
        c.vars ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a classifier");
    for (int e = 0; e < o->epochs && !status; e++) {
        if (e == 0 || e == (o->epochs + 1) / 2)
            status = compile(&c, e < (o->epochs + 1) / 2 ? o->lr : o->lr / 10, err);
        if (!status)
            status = train_epoch(&c, source, e, err);
    }
    if (!status)
        status = compile(&c, 0, err);
    if (!status)
        status = accuracy_on(&c, test_images, test_labels, test_count, accuracy, err);
    pd_plan_destroy(c.train);
    pd_plan_destroy(c.test);
    pd_vars_destroy(c.vars);
    return status;
}
