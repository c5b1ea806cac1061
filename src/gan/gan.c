#include "gan/gan_parts.h"

#include "engine/backend.h"
#include "base/mem.h"
#include "base/streams.h"

#include <stdio.h>

struct pd_nn pd_gan_network(const struct pd_gan *gan, struct pd_graph *g, const char *prefix, bool training)
{
    const bool normal = !gan->config.model->uniform_init;
    return (struct pd_nn){
        .graph = g,
        .vars = gan->vars,
        .prefix = prefix,
        .training = training,
        .weight_std = normal ? 0.02 : 0,
        .gain_std = normal && gan->config.channels == 3 ? 0.02 : 0,
    };
}

struct pd_shape pd_gan_image_shape(const struct pd_gan *gan, int64_t n)
{
    const struct pd_model_config *c = &gan->config;
    return c->size ? pd_shape4(n, c->channels, c->size, c->size) : pd_shape2(n, c->channels);
}

/* --- evaluation --- */

const char *const pd_origin_prefixes[PD_ORIGINS] = {[PD_ORIGIN_REAL] = "real.", [PD_ORIGIN_FAKE] = "fake."};

/* What a plan looks at. */
struct view {
    enum pd_origin origin;
    const char *layer; /* observed */
    bool stochastic;
};

void pd_gan_record_generator(struct pd_gan *gan, struct pd_graph *g, int64_t n)
{
    const struct pd_model_config *c = &gan->config;
    struct pd_nn gen = pd_gan_network(gan, g, gan->ema ? "ema." : "g.", false);
    gen.training = gen.frozen = gan->batch_statistics;
    struct pd_node *z = pd_input(g, "z", PD_REAL, pd_shape2(n, c->z_dim));
    struct pd_node *onehot = pd_one_hot(pd_input(g, "c", PD_I32, pd_shape1(n)), c->classes);
    pd_output(pd_model_generate(&gen, c, z, onehot), "images");
}

static void record_generator(struct pd_gan *gan, struct pd_graph *g, int64_t n, const struct view *view)
{
    (void)view;
    pd_gan_record_generator(gan, g, n);
}

static struct pd_heads discriminate(struct pd_gan *gan, struct pd_graph *g, int64_t n,
                                    const struct view *view)
{
    struct pd_nn dis = pd_gan_network(gan, g, gan->ema_d ? "ema_d." : "d.", false);
    dis.observed = view->layer;
    dis.stochastic = view->stochastic;
    dis.stream = PD_STREAM_DROPOUT_PASSES;
    if (view->layer || gan->statistics[view->origin])
        dis.statistics = pd_origin_prefixes[view->origin];
    struct pd_node *images = pd_input(g, "images", PD_REAL, pd_gan_image_shape(gan, n));
    return pd_model_discriminate(&dis, &gan->config, images);
}

static void record_scorer(struct pd_gan *gan, struct pd_graph *g, int64_t n, const struct view *view)
{
    struct pd_heads h = discriminate(gan, g, n, view);
    pd_output(h.logit, "logit");
    pd_output(pd_log_softmax(h.class_logits), "log_p");
    pd_output(h.class_logits, "class_logits");
}

void pd_gan_record_scorer(struct pd_gan *gan, struct pd_graph *g, int64_t n, enum pd_origin origin)
{
    record_scorer(gan, g, n, &(struct view){.origin = origin});
}

static void record_features(struct pd_gan *gan, struct pd_graph *g, int64_t n, const struct view *view)
{
    pd_output(discriminate(gan, g, n, view).features, "features");
}

static void record_pass(struct pd_gan *gan, struct pd_graph *g, int64_t n, const struct view *view)
{
    pd_output(discriminate(gan, g, n, view).class_logits, "class_logits");
}

static void record_observer(struct pd_gan *gan, struct pd_graph *g, int64_t n, const struct view *view)
{
    discriminate(gan, g, n, view);
}

static enum pd_status
compile(struct pd_gan *gan, void (*record)(struct pd_gan *, struct pd_graph *, int64_t, const struct view *),
        struct view view, int64_t n, struct pd_plan **out, struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    if (g)
        record(gan, g, n, &view);
    enum pd_status status = pd_compile(g, gan->backend, out, err);
    pd_graph_destroy(g);
    return status;
}

enum pd_status pd_gan_compile_generator(struct pd_gan *gan, int64_t batch, struct pd_plan **out,
                                        struct pd_error *err)
{
    return compile(gan, record_generator, (struct view){.layer = NULL}, batch, out, err);
}

enum pd_status pd_gan_compile_scorer(struct pd_gan *gan, enum pd_origin origin, int64_t batch,
                                     struct pd_plan **out, struct pd_error *err)
{
    return compile(gan, record_scorer, (struct view){.origin = origin}, batch, out, err);
}

enum pd_status pd_gan_compile_features(struct pd_gan *gan, enum pd_origin origin, int64_t batch,
                                       struct pd_plan **out, struct pd_error *err)
{
    return compile(gan, record_features, (struct view){.origin = origin}, batch, out, err);
}

enum pd_status pd_gan_compile_pass(struct pd_gan *gan, enum pd_origin origin, int64_t batch,
                                   struct pd_plan **out, struct pd_error *err)
{
    return compile(gan, record_pass, (struct view){.origin = origin, .stochastic = true}, batch, out, err);
}

enum pd_status pd_gan_compile_observer(struct pd_gan *gan, enum pd_origin origin, const char *layer,
                                       int64_t batch, struct pd_plan **out, struct pd_error *err)
{
    return compile(gan, record_observer, (struct view){.origin = origin, .layer = layer}, batch, out, err);
}

void pd_gan_use_batch_statistics(struct pd_gan *gan, bool on)
{
    gan->batch_statistics = on;
}

int64_t pd_gan_image_size(const struct pd_gan *gan)
{
    return pd_shape_count(pd_gan_image_shape(gan, 1));
}

enum pd_pixel_scale pd_gan_pixel_scale(const struct pd_gan *gan)
{
    return gan->scale;
}

int pd_gan_classes(const struct pd_gan *gan)
{
    return gan->config.classes;
}

char *pd_gan_class_name(const struct pd_gan *gan, int label, char *text, size_t size)
{
    if (gan->classes.at && label >= 0 && label < gan->classes.count)
        snprintf(text, size, "%s", gan->classes.at[label]);
    else
        snprintf(text, size, "%d", label);
    return text;
}

int pd_gan_z_dim(const struct pd_gan *gan)
{
    return gan->config.z_dim;
}

void pd_gan_shape(const struct pd_gan *gan, int *channels, int *side)
{
    *channels = gan->config.channels;
    *side = gan->config.size;
}

int64_t pd_gan_feature_width(const struct pd_gan *gan)
{
    const struct pd_var *plain = pd_vars_find(gan->vars, "d.logit.weight");
    return pd_var_shape(plain ? plain : pd_vars_find(gan->vars, "d.logit.weight_orig")).dim[1];
}

int64_t pd_gan_statistics(const struct pd_gan *gan, enum pd_origin origin)
{
    return (unsigned)origin < PD_ORIGINS ? gan->statistics[origin] : 0;
}

/* --- other programs' calls --- */

enum pd_status pd_gan_enter(struct pd_gan *gan, enum pd_origin origin, int64_t n, struct pd_error *err)
{
    if (n < 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "n is %lld, expected 0 or more", (long long)n);
    if ((unsigned)origin >= PD_ORIGINS)
        return pd_fail(err, PD_ERR_USAGE, -1, "origin %d, expected PD_ORIGIN_REAL or PD_ORIGIN_FAKE",
                       (int)origin);
    if (pd_backend_real_size(gan->backend) != sizeof(float))
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "the networks compute in double, expected float");
    if (atomic_exchange(&gan->busy, true))
        return pd_fail(err, PD_ERR_USAGE, -1, "the networks are at work in another thread: one at a time");
    return PD_OK;
}

void pd_gan_leave(struct pd_gan *gan)
{
    atomic_store(&gan->busy, false);
}

/* --- life --- */

/* Recording a network makes its variables; the plan itself is not needed yet. */
static enum pd_status make_sampler(struct pd_gan *gan, struct pd_error *err)
{
    struct pd_plan *generator = NULL;
    enum pd_status status = pd_gan_compile_generator(gan, 1, &generator, err);
    pd_plan_destroy(generator);
    return status;
}

static enum pd_status make_scorer(struct pd_gan *gan, struct pd_error *err)
{
    struct pd_plan *scorer = NULL;
    enum pd_status status = pd_gan_compile_scorer(gan, PD_ORIGIN_REAL, 1, &scorer, err);
    pd_plan_destroy(scorer);
    return status;
}

enum pd_status pd_gan_add_ema(struct pd_gan *gan, struct pd_error *err)
{
    if (gan->ema)
        return PD_OK;
    gan->ema = true;
    enum pd_status status = make_sampler(gan, err);
    gan->ema = !status;
    return status;
}

enum pd_status pd_gan_add_ema_d(struct pd_gan *gan, struct pd_error *err)
{
    if (gan->ema_d)
        return PD_OK;
    gan->ema_d = true;
    enum pd_status status = make_scorer(gan, err);
    gan->ema_d = !status;
    return status;
}

static enum pd_status make_variables(struct pd_gan *gan, struct pd_error *err)
{
    enum pd_status status = make_sampler(gan, err);
    return status ? status : make_scorer(gan, err);
}

enum pd_status pd_gan_create(const struct pd_model_config *config, struct pd_backend *backend, uint64_t seed,
                             struct pd_gan **out, struct pd_error *err)
{
    struct pd_gan *gan = pd_calloc(1, sizeof *gan);
    *out = NULL;
    if (!gan)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a model");
    gan->config = *config;
    gan->backend = backend;
    gan->vars = pd_vars_create(backend, seed);
    enum pd_status status =
        gan->vars ? make_variables(gan, err) : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a model");
    if (status) {
        pd_gan_destroy(gan);
        return status;
    }
    *out = gan;
    return PD_OK;
}

const char *pd_gan_where(const struct pd_gan *gan)
{
    return pd_backend_where(gan->backend);
}

void pd_gan_share(struct pd_gan *gan, struct pd_ranks *ranks)
{
    gan->backend->ranks = ranks;
}

void pd_gan_destroy(struct pd_gan *gan)
{
    if (!gan)
        return;
    pd_vars_destroy(gan->records);
    pd_vars_destroy(gan->vars);
    if (gan->owns_backend)
        pd_backend_destroy(gan->backend);
    pd_class_names_release(&gan->classes);
    pd_free(gan);
}
