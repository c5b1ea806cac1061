#include "metric/fitting_capacity.h"

#include "base/mem.h"
#include "model/classifier.h"

struct classifier {
    const struct pd_classifier_options *o;
    struct pd_vars *vars;
    struct pd_plan *train, *test;
    int64_t image;          /* numbers of one */
    float *images, *logits; /* a batch */
    int32_t *labels;
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

static enum pd_status compile(struct classifier *c, bool training, struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    struct pd_nn nn = {.graph = g, .vars = c->vars, .prefix = "", .training = training};
    if (g) {
        struct pd_node *logits = pd_classify(&nn, images(c, g), c->o->classes);
        if (training) {
            struct pd_node *labels = pd_input(g, "labels", PD_I32, pd_shape1(c->o->batch));
            struct pd_node *each =
                pd_nn_cross_entropy_each(pd_log_softmax(logits), pd_one_hot(labels, c->o->classes));
            const struct pd_adam_options adam = {
                .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8, .rate = pd_input(g, "lr", PD_F64, pd_shape1(1))};
            pd_output(pd_mean(each), "loss");
            pd_nn_adam(&nn, "adam", pd_mean(each), &adam);
        } else {
            pd_output(logits, "logits");
        }
    }
    enum pd_status status = pd_compile(g, c->o->backend, training ? &c->train : &c->test, err);
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
        float now;
        enum pd_status status = source->next(source->context, i, c->o->batch, c->images, c->labels, err);
        if (!status)
            status = pd_plan_write(c->train, "images", c->images, c->o->batch * c->image, err);
        if (!status)
            status = pd_plan_write(c->train, "labels", c->labels, c->o->batch, err);
        if (!status)
            status = pd_plan_run(c->train, c->o->seed, i, err);
        if (!status)
            status = pd_plan_scalar(c->train, "loss", &now, err);
        if (status)
            return status;
        loss += (double)now / (double)steps;
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
    int64_t right = 0;
    for (int64_t at = 0; at < count; at += c->o->batch) {
        int64_t n = count - at < c->o->batch ? count - at : c->o->batch;
        enum pd_status status = pd_plan_write(c->test, "images", x + at * c->image, n * c->image, err);
        if (!status)
            status = pd_plan_run(c->test, 0, 0, err);
        if (!status)
            status = pd_plan_read(c->test, "logits", c->logits, n * c->o->classes, err);
        if (status)
            return status;
        for (int64_t i = 0; i < n; i++)
            right += largest(c->logits + i * c->o->classes, c->o->classes) == labels[at + i];
    }
    *accuracy = (double)right / (double)count;
    return PD_OK;
}

static enum pd_status reserve(struct classifier *c, struct pd_error *err)
{
    const struct pd_classifier_options *o = c->o;
    c->image = (int64_t)o->channels * (o->size ? (int64_t)o->size * o->size : 1);
    c->vars = pd_vars_create(o->backend, o->seed);
    c->images = pd_calloc((size_t)o->batch, (size_t)c->image * sizeof *c->images);
    c->logits = pd_calloc((size_t)o->batch, (size_t)o->classes * sizeof *c->logits);
    c->labels = pd_calloc((size_t)o->batch, sizeof *c->labels);
    if (c->vars && c->images && c->logits && c->labels)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a classifier");
}

enum pd_status pd_fitting_capacity(const struct pd_classifier_options *o,
                                   const struct pd_sample_source *source, const float *test_images,
                                   const int32_t *test_labels, int64_t test_count, double *accuracy,
                                   struct pd_error *err)
{
    struct classifier c = {.o = o};
    enum pd_status status = reserve(&c, err);
    if (!status)
        status = compile(&c, true, err);
    for (int e = 0; e < o->epochs && !status; e++) {
        status = pd_plan_set(c.train, "lr", e < (o->epochs + 1) / 2 ? o->lr : o->lr / 10, err);
        if (!status)
            status = train_epoch(&c, source, e, err);
    }
    if (!status)
        status = compile(&c, false, err);
    if (!status)
        status = accuracy_on(&c, test_images, test_labels, test_count, accuracy, err);
    pd_plan_destroy(c.train);
    pd_plan_destroy(c.test);
    pd_vars_destroy(c.vars);
    pd_free(c.images);
    pd_free(c.logits);
    pd_free(c.labels);
    return status;
}
