#include "train/gan.h"

#include "base/mem.h"

const char *const pd_loss_names[PD_LOSS_COUNT] = {
#define PD_STEP_LOSS_NAME(name) #name,
    PD_STEP_LOSSES(PD_STEP_LOSS_NAME)
#undef PD_STEP_LOSS_NAME
};

/* Streams of the random numbers of a step. */
enum { STREAM_Z = 1, STREAM_C = 2 };

#define TINY 1e-12 /* as good as nothing: no ratio to it */

static struct pd_nn network(const struct pd_gan *gan, struct pd_graph *g, const char *prefix, bool training)
{
    return (struct pd_nn){
        .graph = g,
        .vars = gan->vars,
        .prefix = prefix,
        .training = training,
        .weight_std = gan->config.size ? 0.02 : 0, /* narrow dense stacks at 0.02 draw curves, not blobs */
        .gain_std = gan->config.channels == 3 ? 0.02 : 0, /* as GOLD's networks start */
    };
}

static struct pd_shape image_shape(const struct pd_gan *gan, int64_t n)
{
    const struct pd_model_config *c = &gan->config;
    return c->size ? pd_shape4(n, c->channels, c->size, c->size) : pd_shape2(n, c->channels);
}

struct pd_step_options pd_step_defaults(void)
{
    return (struct pd_step_options){.batch = 128,
                                    .lambda_c = 0.1,
                                    .beta_d = 1,
                                    .beta_g = 0,
                                    .adversarial = 1,
                                    .adam = {2e-4, 0.5, 0.999, 1e-8}};
}

/* --- the training step --- */

struct recorder {
    struct pd_graph *g;
    struct pd_nn gen, dis;
    const struct pd_gan *gan;
    const struct pd_step_options *o;
    struct pd_node *fake, *onehot; /* generated images and their classes */
};

/* GOLD's d of generated samples (eq. 3): log-odds of real + log p(class). */
static struct pd_node *gold_of(struct pd_node *logit, struct pd_node *cross_entropy)
{
    return pd_detach(pd_sub(logit, cross_entropy));
}

static struct pd_node *variance(struct pd_node *x)
{
    return pd_mean(pd_square(pd_sub(x, pd_mean(x))));
}

/* sigma_m / sigma_k over the batch (eq. 4); 1 where k does not vary, as pd_gold_balance. */
static struct pd_node *balance(struct pd_node *m, struct pd_node *k)
{
    struct pd_node *varies = pd_step(pd_affine(variance(k), 1, -TINY));
    struct pd_node *ratio = pd_sqrt(pd_div(variance(m), pd_max(variance(k), TINY)));
    return pd_affine(pd_mul(varies, pd_affine(ratio, 1, -1)), 1, 1);
}

/* The d that weighs: gold_of, or balanced. */
static struct pd_node *weighing_d(const struct pd_step_options *o, struct pd_node *logit,
                                  struct pd_node *cross_entropy)
{
    if (!o->gold_balanced)
        return gold_of(logit, cross_entropy);
    return pd_detach(pd_sub(logit, pd_mul(balance(logit, cross_entropy), cross_entropy)));
}

/* w = sign(d) |d|^beta (eq. 5); NULL: every weight is 1. */
static struct pd_node *gold_weight(const struct pd_step_options *o, struct pd_node *logit,
                                   struct pd_node *cross_entropy, double beta)
{
    if (!o->gold || beta == 0)
        return NULL;
    struct pd_node *d = weighing_d(o, logit, cross_entropy), *size = pd_pow(pd_abs(d), beta);
    if (o->gold_normalised)
        size = pd_div(size, pd_max(pd_mean(size), TINY));
    if (o->gold_clip > 0)
        size = pd_neg(pd_max(pd_neg(size), -o->gold_clip));
    return pd_mul(pd_sign(d), size);
}

/* Adversarial sampling: of all candidates the batch that D takes for real soonest. The networks see the
 * candidates as they see a training batch, but nothing stored moves: the kept ones are forwarded again. */
static void keep_most_real(struct recorder *r, struct pd_node **z)
{
    const struct pd_model_config *c = &r->gan->config;
    struct pd_nn gen = network(r->gan, r->g, "g.", true), dis = network(r->gan, r->g, "d.", true);
    gen.frozen = dis.frozen = true;
    struct pd_node *images = pd_model_generate(&gen, c, *z, r->onehot);
    struct pd_node *logit = pd_model_discriminate(&dis, c, images).logit;
    struct pd_node *kept = pd_top_rows(pd_concat(*z, r->onehot, 1), pd_detach(logit), r->o->batch);
    *z = pd_slice(kept, 1, 0, c->z_dim);
    r->onehot = pd_slice(kept, 1, c->z_dim, c->classes);
}

static void record_noise(struct recorder *r)
{
    const struct pd_model_config *c = &r->gan->config;
    const int64_t n = r->o->batch * r->o->adversarial;
    struct pd_shape z_shape = pd_shape2(n, c->z_dim);
    struct pd_node *z =
        r->o->noise_given ? pd_input(r->g, "z", PD_REAL, z_shape) : pd_random_normal(r->g, STREAM_Z, z_shape);
    struct pd_node *label = r->o->noise_given ? pd_input(r->g, "c", PD_I32, pd_shape1(n))
                                              : pd_random_class(r->g, STREAM_C, n, c->classes);
    r->onehot = pd_one_hot(label, c->classes);
    if (r->o->adversarial > 1)
        keep_most_real(r, &z);
    r->fake = pd_model_generate(&r->gen, c, z, r->onehot);
}

/* sum / number of labelled reals; 0 / 1 when there is none */
static struct pd_node *labelled_mean(struct pd_node *sum, struct pd_node *onehot)
{
    return pd_div(sum, pd_max(pd_sum(onehot), 1));
}

/* The fakes are alike in distribution, so that those in the places of labelled reals serve as that many. */
static struct pd_node *fake_class_loss(const struct pd_step_options *o, struct pd_node *cross_entropy,
                                       struct pd_node *weight, struct pd_node *labels)
{
    if (!o->match_labels)
        return pd_nn_weighted_mean(cross_entropy, weight);
    struct pd_node *weighted = weight ? pd_mul(weight, cross_entropy) : cross_entropy;
    return labelled_mean(pd_sum(pd_mul(pd_nn_row_sum(labels), weighted)), labels);
}

static void record_discriminator_step(struct recorder *r)
{
    const struct pd_model_config *c = &r->gan->config;
    struct pd_node *images = pd_input(r->g, "images", PD_REAL, image_shape(r->gan, r->o->batch));
    struct pd_node *labels = pd_one_hot(pd_input(r->g, "labels", PD_I32, pd_shape1(r->o->batch)), c->classes);
    struct pd_heads real = pd_model_discriminate(&r->dis, c, images);
    struct pd_heads fake = pd_model_discriminate(&r->dis, c, pd_detach(r->fake));
    struct pd_node *real_ce = pd_nn_cross_entropy_each(pd_log_softmax(real.class_logits), labels);
    struct pd_node *fake_ce = pd_nn_cross_entropy_each(pd_log_softmax(fake.class_logits), r->onehot);
    struct pd_node *w = gold_weight(r->o, fake.logit, fake_ce, r->o->beta_d);

    struct pd_node *adv =
        pd_add(pd_mean(pd_softplus(pd_neg(real.logit))), pd_nn_weighted_mean(pd_softplus(fake.logit), w));
    struct pd_node *class_real = labelled_mean(pd_sum(real_ce), labels);
    struct pd_node *class_fake = pd_affine(fake_class_loss(r->o, fake_ce, w, labels), r->o->lambda_c, 0);
    pd_output(adv, "d_adv");
    pd_output(class_real, "d_cls_real");
    pd_output(class_fake, "d_cls_fake");
    pd_output(pd_mean(gold_of(fake.logit, fake_ce)), "mean_d");
    pd_nn_adam(&r->dis, "adam_d", pd_add(adv, pd_add(class_real, class_fake)), &r->o->adam);
}

static void record_generator_step(struct recorder *r)
{
    struct pd_heads fake = pd_model_discriminate(&r->dis, &r->gan->config, r->fake);
    struct pd_node *ce = pd_nn_cross_entropy_each(pd_log_softmax(fake.class_logits), r->onehot);
    struct pd_node *w = gold_weight(r->o, fake.logit, ce, r->o->beta_g);
    struct pd_node *adv = pd_nn_weighted_mean(pd_softplus(pd_neg(fake.logit)), w);
    struct pd_node *class_fake = pd_nn_weighted_mean(ce, w);
    pd_output(adv, "g_adv");
    pd_output(class_fake, "g_cls");
    pd_nn_adam(&r->gen, "adam_g", pd_add(adv, class_fake), &r->o->adam);
}

enum pd_status pd_gan_compile_step(struct pd_gan *gan, const struct pd_step_options *options,
                                   struct pd_plan **out, struct pd_error *err)
{
    struct recorder r = {.g = pd_graph_create(), .gan = gan, .o = options};
    r.gen = network(gan, r.g, "g.", true);
    r.dis = network(gan, r.g, "d.", true);
    if (r.g) {
        record_noise(&r);
        record_discriminator_step(&r);
        record_generator_step(&r);
    }
    enum pd_status status = pd_compile(r.g, gan->backend, out, err);
    pd_graph_destroy(r.g);
    return status;
}

/* --- evaluation --- */

static void record_generator(struct pd_gan *gan, struct pd_graph *g, int64_t n)
{
    const struct pd_model_config *c = &gan->config;
    struct pd_nn gen = network(gan, g, "g.", false);
    struct pd_node *z = pd_input(g, "z", PD_REAL, pd_shape2(n, c->z_dim));
    struct pd_node *onehot = pd_one_hot(pd_input(g, "c", PD_I32, pd_shape1(n)), c->classes);
    pd_output(pd_model_generate(&gen, c, z, onehot), "images");
}

static void record_scorer(struct pd_gan *gan, struct pd_graph *g, int64_t n)
{
    struct pd_nn dis = network(gan, g, "d.", false);
    struct pd_heads h =
        pd_model_discriminate(&dis, &gan->config, pd_input(g, "images", PD_REAL, image_shape(gan, n)));
    pd_output(h.logit, "logit");
    pd_output(pd_log_softmax(h.class_logits), "log_p");
    pd_output(h.class_logits, "class_logits");
}

static void record_features(struct pd_gan *gan, struct pd_graph *g, int64_t n)
{
    struct pd_nn dis = network(gan, g, "d.", false);
    struct pd_node *images = pd_input(g, "images", PD_REAL, image_shape(gan, n));
    pd_output(pd_model_discriminate(&dis, &gan->config, images).features, "features");
}

static enum pd_status compile(struct pd_gan *gan, void (*record)(struct pd_gan *, struct pd_graph *, int64_t),
                              int64_t n, struct pd_plan **out, struct pd_error *err)
{
    struct pd_graph *g = pd_graph_create();
    if (g)
        record(gan, g, n);
    enum pd_status status = pd_compile(g, gan->backend, out, err);
    pd_graph_destroy(g);
    return status;
}

enum pd_status pd_gan_compile_generator(struct pd_gan *gan, int64_t batch, struct pd_plan **out,
                                        struct pd_error *err)
{
    return compile(gan, record_generator, batch, out, err);
}

enum pd_status pd_gan_compile_scorer(struct pd_gan *gan, int64_t batch, struct pd_plan **out,
                                     struct pd_error *err)
{
    return compile(gan, record_scorer, batch, out, err);
}

enum pd_status pd_gan_compile_features(struct pd_gan *gan, int64_t batch, struct pd_plan **out,
                                       struct pd_error *err)
{
    return compile(gan, record_features, batch, out, err);
}

int64_t pd_gan_feature_width(const struct pd_gan *gan)
{
    return pd_var_shape(pd_vars_find(gan->vars, "d.logit.weight")).dim[1];
}

/* --- life --- */

/* Recording the networks makes their variables; the plans themselves are not needed yet. */
static enum pd_status make_variables(struct pd_gan *gan, struct pd_error *err)
{
    struct pd_plan *generator = NULL, *scorer = NULL;
    enum pd_status status = pd_gan_compile_generator(gan, 1, &generator, err);
    if (!status)
        status = pd_gan_compile_scorer(gan, 1, &scorer, err);
    pd_plan_destroy(generator);
    pd_plan_destroy(scorer);
    return status;
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
    gan->vars = pd_vars_create(pd_backend_real_size(backend), seed);
    enum pd_status status =
        gan->vars ? make_variables(gan, err) : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a model");
    if (status) {
        pd_gan_destroy(gan);
        return status;
    }
    *out = gan;
    return PD_OK;
}

void pd_gan_destroy(struct pd_gan *gan)
{
    if (!gan)
        return;
    pd_vars_destroy(gan->vars);
    pd_free(gan);
}
