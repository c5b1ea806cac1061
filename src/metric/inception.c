/* Inception with its weights: a batch of resized images to features. */
#include "metric/inception.h"

#include "base/mem.h"
#include "io/safetensors.h"
#include "metric/features.h"

#include <string.h>

enum { BATCH = PD_INCEPTION_BATCH, SIDE = PD_INCEPTION_SIDE, PIXELS = PD_INCEPTION_PIXELS };

struct pd_inception {
    int threads;
    struct pd_backend *backend;
    struct pd_vars *vars;
    struct pd_plan *plan;
    char checksum[65];
    float bias[PD_INCEPTION_CLASSES];
    float *images; /* (BATCH, 3, side, side) */
};

const char *pd_inception_checksum(const struct pd_inception *net)
{
    return net->checksum;
}

const float *pd_inception_bias(const struct pd_inception *net)
{
    return net->bias;
}

void pd_inception_destroy(struct pd_inception *net)
{
    if (!net)
        return;
    pd_plan_destroy(net->plan);
    pd_vars_destroy(net->vars);
    pd_backend_destroy(net->backend);
    pd_free(net->images);
    pd_free(net);
}

static enum pd_status compile(struct pd_inception *net, struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    struct pd_node *x = g ? pd_input(g, "images", PD_REAL, pd_shape4(BATCH, 3, SIDE, SIDE)) : NULL;
    pd_inception_record(net->vars, x);
    enum pd_status status = pd_compile(g, net->backend, &net->plan, err);
    pd_graph_destroy(g);
    return status;
}

static enum pd_status get(void *context, const struct pd_inception_tensor *t, const float **values,
                          struct pd_error *err)
{
    return pd_safetensors_get(context, t->name, PD_IO_F32, t->rank, t->dims, (const void **)values, err);
}

static enum pd_status load(struct pd_inception *net, const char *path, struct pd_error *err)
{
    struct pd_safetensors *st;
    enum pd_status status = pd_safetensors_open(path, &st, err);
    if (status)
        return status;
    const struct pd_inception_source from = {st, get};
    status = pd_inception_load(net->vars, &from, path, net->checksum, net->bias, err);
    pd_safetensors_destroy(st);
    return status;
}

enum pd_status pd_inception_open(const char *weights, int threads, struct pd_inception **out,
                                 struct pd_error *err)
{
    struct pd_inception *net = pd_calloc(1, sizeof *net);
    enum pd_status status = net ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a network");
    *out = NULL;
    if (net) {
        net->threads = pd_work_threads(&(struct pd_feature_work){.threads = threads});
        status = pd_backend_create("onednn", net->threads, &net->backend, err);
    }
    if (!status) {
        net->vars = pd_vars_create(net->backend, 0);
        net->images = pd_calloc(BATCH, PIXELS * sizeof *net->images);
        if (!net->vars || !net->images)
            status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a network");
    }
    if (!status)
        status = compile(net, err);
    if (!status)
        status = load(net, weights, err);
    if (status)
        pd_inception_destroy(net);
    else
        *out = net;
    return status;
}

/* --- a batch --- */

int pd_inception_threads(const struct pd_inception *net)
{
    return net->threads;
}

float *pd_inception_room(struct pd_inception *net)
{
    return net->images;
}

enum pd_status pd_inception_run_room(struct pd_inception *net, int64_t n, float *features, float *logits,
                                     struct pd_error *err)
{
    enum pd_status status = pd_plan_write(net->plan, "images", net->images, n * PIXELS, err);
    if (!status)
        status = pd_plan_run(net->plan, 0, 0, err);
    if (!status && features)
        status = pd_plan_read(net->plan, "features", features, n * PD_INCEPTION_FEATURES, err);
    if (!status && logits)
        status = pd_plan_read(net->plan, "logits", logits, n * PD_INCEPTION_CLASSES, err);
    return status;
}
