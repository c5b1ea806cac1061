/* Fitting capacity (GAN-train): a LeNet trained on generated samples alone, measured on real images (Ravuri &
 * Vinyals 2019; GOLD section 4). For 2-D points the classifier is a small MLP. */
#include "metric/metric.h"

#include "base/mem.h"
#include "model/classifier.h"

enum { BATCH = PD_METRIC_BATCH };
static const double rate = 1e-3; /* a tenth of it after half of the epochs */

struct classifier {
    const struct pd_metric_input *in;
    struct pd_vars *vars;
    struct pd_plan *train, *test;
    int64_t image;          /* numbers of one */
    float *images, *logits; /* a batch */
    int32_t *labels;
};

static struct pd_node *images(const struct classifier *c, struct pd_graph *g)
{
    int64_t n = BATCH, size = c->in->size;
    return pd_input(g, "images", PD_REAL,
                    size ? pd_shape4(n, c->in->channels, size, size) : pd_shape2(n, c->in->channels));
}

static enum pd_status compile(struct classifier *c, bool training, struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    struct pd_nn nn = {.graph = g, .vars = c->vars, .prefix = "", .training = training};
    if (g) {
        struct pd_node *logits = pd_classify(&nn, images(c, g), c->in->classes);
        if (training) {
            struct pd_node *labels = pd_input(g, "labels", PD_I32, pd_shape1(BATCH));
            struct pd_node *each =
                pd_nn_cross_entropy_each(pd_log_softmax(logits), pd_one_hot(labels, c->in->classes));
            const struct pd_adam_options adam = {
                .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8, .rate = pd_input(g, "lr", PD_F64, pd_shape1(1))};
            pd_output(pd_mean(each), "loss");
            pd_nn_adam(&nn, "adam", pd_mean(each), &adam);
        } else {
            pd_output(logits, "logits");
        }
    }
    enum pd_status status = pd_compile(g, c->in->backend, training ? &c->train : &c->test, err);
    pd_graph_destroy(g);
    return status;
}

static enum pd_status train_epoch(struct classifier *c, int epoch, struct pd_error *err)
{
    const struct pd_sample_source *source = c->in->samples;
    const uint64_t steps = (uint64_t)(c->in->epoch_images / BATCH);
    double loss = 0;
    for (uint64_t s = 0; s < steps; s++) {
        const uint64_t i = (uint64_t)epoch * steps + s;
        float now;
        enum pd_status status = source->next(source->context, i, BATCH, c->images, c->labels, err);
        if (!status)
            status = pd_plan_write(c->train, "images", c->images, BATCH * c->image, err);
        if (!status)
            status = pd_plan_write(c->train, "labels", c->labels, BATCH, err);
        if (!status)
            status = pd_plan_run(c->train, c->in->seed, i, err);
        if (!status)
            status = pd_plan_scalar(c->train, "loss", &now, err);
        if (status)
            return status;
        loss += (double)now / (double)steps;
    }
    if (c->in->progress)
        c->in->progress(c->in->progress_context, epoch + 1, c->in->epochs, loss);
    return PD_OK;
}

static enum pd_status accuracy_on(struct classifier *c, const struct pd_labelled_images *real,
                                  double *accuracy, struct pd_error *err)
{
    int64_t right = 0;
    for (int64_t at = 0; at < real->count; at += BATCH) {
        int64_t n = real->count - at < BATCH ? real->count - at : BATCH;
        enum pd_status status =
            pd_plan_write(c->test, "images", real->images + at * c->image, n * c->image, err);
        if (!status)
            status = pd_plan_run(c->test, 0, 0, err);
        if (!status)
            status = pd_plan_read(c->test, "logits", c->logits, n * c->in->classes, err);
        if (status)
            return status;
        right += pd_count_right(n, c->in->classes, c->logits, real->labels + at);
    }
    *accuracy = (double)right / (double)real->count;
    return PD_OK;
}

static enum pd_status reserve(struct classifier *c, struct pd_error *err)
{
    const struct pd_metric_input *in = c->in;
    c->image = pd_metric_image_size(in);
    c->vars = pd_vars_create(in->backend, in->seed);
    c->images = pd_calloc(BATCH, (size_t)c->image * sizeof *c->images);
    c->logits = pd_calloc(BATCH, (size_t)in->classes * sizeof *c->logits);
    c->labels = pd_calloc(BATCH, sizeof *c->labels);
    if (c->vars && c->images && c->logits && c->labels)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a classifier");
}

enum pd_status pd_metric_fitting_capacity(const struct pd_metric_input *in, struct pd_metric_result *out,
                                          struct pd_error *err)
{
    struct classifier c = {.in = in};
    enum pd_status status = reserve(&c, err);
    if (!status)
        status = compile(&c, true, err);
    for (int e = 0; e < in->epochs && !status; e++) {
        status = pd_plan_set(c.train, "lr", e < (in->epochs + 1) / 2 ? rate : rate / 10, err);
        if (!status)
            status = train_epoch(&c, e, err);
    }
    if (!status)
        status = compile(&c, false, err);
    if (!status)
        status = accuracy_on(&c, in->real, &out->value, err);
    pd_plan_destroy(c.train);
    pd_plan_destroy(c.test);
    pd_vars_destroy(c.vars);
    pd_free(c.images);
    pd_free(c.logits);
    pd_free(c.labels);
    return status;
}
