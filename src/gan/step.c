/* The training step as a graph: one discriminator step and one generator step. */
#include "gan/gan_parts.h"

#include "base/streams.h"
#include "engine/backend.h"
#include "io/ranks.h"

#include <stdio.h>
#include <string.h>

const char *const pd_loss_names[PD_LOSS_COUNT] = {
#define PD_STEP_LOSS_NAME(name) #name,
    PD_STEP_LOSSES(PD_STEP_LOSS_NAME)
#undef PD_STEP_LOSS_NAME
};

#define TINY 1e-12 /* as good as nothing: no ratio to it */

struct pd_step_options pd_step_defaults(void)
{
    return (struct pd_step_options){.batch = 128,
                                    .lambda_c = 0.1,
                                    .beta_d = 1,
                                    .beta_g = 0,
                                    .adversarial = 1,
                                    .loss = PD_LOSS_KIND_GAN,
                                    .critic_steps = 1,
                                    .labelled_weight = 1,
                                    .adam = pd_loss_at(PD_LOSS_KIND_GAN)->adam};
}

struct recorder {
    struct pd_graph *g;
    struct pd_nn gen, dis;
    const struct pd_gan *gan;
    const struct pd_step_options *o;
    const struct pd_loss *loss;
    uint32_t augment_stream, turned_stream; /* next of the augmentations; of dropout in what is turned */
    struct pd_adam_options adam;
    struct pd_node *on;    /* 1: GOLD's weights count, 0: all weights are 1 */
    struct pd_node *guess; /* factor on what unlabelled reals weigh; NULL: they do not */
    struct pd_node *top_k; /* fakes that the generator learns from; NULL: all */
    struct pd_node *losses[PD_LOSS_COUNT];
    struct pd_node *z, *fake, *onehot; /* noise, generated images and their classes */
};

static struct pd_nn step_network(const struct recorder *r, const char *prefix)
{
    struct pd_nn nn = pd_gan_network(r->gan, r->g, prefix, true);
    nn.together = r->o->sync_statistics;
    return nn;
}

/* One number of the step that people may want to know. */
static void report(struct recorder *r, struct pd_node *loss, int which)
{
    r->losses[which] = loss;
    pd_output(loss, pd_loss_names[which]);
}

/* --- GOLD's weights --- */

/* GOLD's d of generated samples (eq. 3): log-odds of real + log p(class). */
static struct pd_node *gold_of(struct pd_node *logit, struct pd_node *cross_entropy)
{
    return pd_detach(pd_sub(logit, cross_entropy));
}

static struct pd_node *variance(struct pd_node *x)
{
    return pd_all_mean(pd_mean(pd_square(pd_sub(x, pd_all_mean(pd_mean(x))))));
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

/* -log(p + epsilon) of -log p. */
static struct pd_node *with_epsilon(const struct pd_step_options *o, struct pd_node *cross_entropy)
{
    if (!o->gold || o->gold_epsilon <= 0)
        return cross_entropy;
    return pd_neg(pd_log(pd_affine(pd_exp(pd_neg(cross_entropy)), 1, o->gold_epsilon)));
}

/* w = sign(d) |d|^beta (eq. 5), or 1 while GOLD is off; NULL: every weight is 1. */
static struct pd_node *gold_weight(const struct recorder *r, struct pd_node *logit,
                                   struct pd_node *cross_entropy, double beta)
{
    const struct pd_step_options *o = r->o;
    if (!o->gold || beta == 0)
        return NULL;
    struct pd_node *d = weighing_d(o, logit, cross_entropy), *size = pd_pow(pd_abs(d), beta);
    if (o->gold_normalised)
        size = pd_div(size, pd_max(pd_all_mean(pd_mean(size)), TINY));
    if (o->gold_clip > 0)
        size = pd_neg(pd_max(pd_neg(size), -o->gold_clip));
    return pd_add(pd_mul(pd_mul(pd_sign(d), size), r->on), pd_affine(r->on, -1, 1));
}

/* --- what is generated --- */

/* Adversarial sampling: of all candidates the batch that D takes for real soonest. The networks see the
 * candidates as they see a training batch, but nothing stored moves: the kept ones are forwarded again. */
static void keep_most_real(struct recorder *r)
{
    const struct pd_model_config *c = &r->gan->config;
    struct pd_nn gen = step_network(r, "g."), dis = step_network(r, "d.");
    gen.frozen = dis.frozen = true;
    dis.stream = PD_STREAM_DROPOUT_SCORING;
    struct pd_node *images = pd_model_generate(&gen, c, r->z, r->onehot);
    struct pd_node *logit = pd_model_discriminate(&dis, c, images).logit;
    struct pd_node *kept = pd_top_rows(pd_concat(r->z, r->onehot, 1), pd_detach(logit), r->o->batch);
    r->z = pd_slice(kept, 1, 0, c->z_dim);
    r->onehot = pd_slice(kept, 1, c->z_dim, c->classes);
}

static void record_noise(struct recorder *r)
{
    const struct pd_model_config *c = &r->gan->config;
    const int64_t n = r->o->batch * r->o->adversarial;
    struct pd_shape z_shape = pd_shape2(n, c->z_dim);
    r->z = r->o->noise_given ? pd_input(r->g, "z", PD_REAL, z_shape)
                             : pd_random_normal(r->g, PD_STREAM_STEP_Z, z_shape);
    struct pd_node *label = r->o->noise_given ? pd_input(r->g, "c", PD_I32, pd_shape1(n))
                                              : pd_random_class(r->g, PD_STREAM_STEP_CLASS, n, c->classes);
    r->onehot = pd_one_hot(label, c->classes);
    if (r->o->adversarial > 1)
        keep_most_real(r);
    r->fake = pd_model_generate(&r->gen, c, r->z, r->onehot);
}

/* What D is shown of images, real or generated. */
static struct pd_node *shown(struct recorder *r, struct pd_node *images)
{
    return pd_nn_augment(images, r->o->augment, &r->augment_stream);
}

/* --- the discriminator step --- */

/* sum / number of labelled reals; 0 / 1 when there is none */
static struct pd_node *labelled_mean(struct pd_node *sum, struct pd_node *onehot)
{
    return pd_nn_ratio(sum, pd_sum(onehot), 1);
}

/* The fakes are alike in distribution, so that those in the places of labelled reals serve as that many. */
static struct pd_node *fake_class_loss(const struct pd_step_options *o, struct pd_node *cross_entropy,
                                       struct pd_node *weight, struct pd_node *labels)
{
    struct pd_node *each = pd_nn_weighted(cross_entropy, weight);
    return o->match_labels ? labelled_mean(pd_sum(pd_mul(pd_nn_row_sum(labels), each)), labels)
                           : pd_mean(each);
}

/* Of the fakes: mean(w * loss) (eq. 5), or mean(w) * mean(loss): what a loss (N, 1) times weights (N) is by
 * NumPy's rules. */
static struct pd_node *fake_loss(const struct pd_step_options *o, struct pd_node *loss,
                                 struct pd_node *weight)
{
    return o->gold_broadcast && weight ? pd_mul(pd_all_mean(pd_mean(weight)), pd_mean(loss))
                                       : pd_mean(pd_nn_weighted(loss, weight));
}

/* By InfoGAN's mutual information. */
static bool informs(const struct pd_step_options *o)
{
    return o->no_classes && o->mutual_information > 0;
}

/* adv + the class loss of reals, where labels are looked at, + that of fakes, then or for mutual information;
 * real: NULL in the generator step. */
static struct pd_node *with_classes(const struct pd_step_options *o, struct pd_node *adv,
                                    struct pd_node *real, struct pd_node *fake)
{
    struct pd_node *loss = pd_add(adv, pd_affine(fake, !o->no_classes || informs(o), 0));
    return real ? pd_add(loss, pd_affine(real, !o->no_classes, 0)) : loss;
}

/* What D says of the fakes. */
struct verdict {
    struct pd_node *logit, *cross_entropy; /* (N) */
};

static struct verdict judge(const struct recorder *r, struct pd_nn *dis, struct pd_node *fakes)
{
    const struct pd_heads said = pd_model_discriminate(dis, &r->gan->config, fakes);
    return (struct verdict){said.logit,
                            pd_nn_cross_entropy_each(pd_log_softmax(said.class_logits), r->onehot)};
}

/* The weights of the fakes' class loss: GOLD's, times p(class). Batch norm sees the fakes as they are trained
 * on; what is stored does not move. */
static struct pd_node *by_confidence(const struct recorder *r, struct pd_node *fakes, struct verdict own,
                                     struct pd_node *weight)
{
    if (!r->o->fake_confidence)
        return weight;
    if (r->o->ema_d > 0) {
        struct pd_nn averaged = step_network(r, "ema_d.");
        averaged.frozen = true;
        averaged.stream = PD_STREAM_DROPOUT_CONFIDENCE;
        own = judge(r, &averaged, fakes);
    }
    return pd_nn_weighted(pd_exp(pd_neg(pd_detach(own.cross_entropy))), weight);
}

/* The critic's gradient at places uniform between pairs of a real and a fake (Gulrajani et al. 2017). */
static struct pd_node *gradient_penalty(struct recorder *r, struct pd_node *real, struct pd_node *fake)
{
    const int64_t n = r->o->batch;
    struct pd_node *t = pd_random_uniform(r->g, PD_STREAM_STEP_MIX, pd_shape2(n, 1));
    if (r->gan->config.size)
        t = pd_reshape(t, pd_shape4(n, 1, 1, 1));
    struct pd_node *between = pd_add(fake, pd_mul(t, pd_sub(real, fake)));
    return pd_nn_gradient_penalty(pd_model_discriminate(&r->dis, &r->gan->config, between).logit, between);
}

/* Over the reals, the labelled ones weighed. */
static struct pd_node *mean_of_reals(const struct pd_step_options *o, struct pd_node *loss,
                                     struct pd_node *labels)
{
    if (o->labelled_weight == 1)
        return pd_mean(loss);
    struct pd_node *weight = pd_affine(pd_nn_row_sum(labels), o->labelled_weight - 1, 1);
    return pd_nn_ratio(pd_sum(pd_mul(weight, loss)), pd_sum(weight), TINY);
}

/* What D's classifier learns from unlabelled reals; NULL: nothing. */
static struct pd_node *guess_loss(struct recorder *r, struct pd_node *images, struct pd_node *labels,
                                  struct pd_heads real)
{
    const struct pd_consistency c = {r->gan, r->g,   r->dis,           &r->o->consistency,
                                     images, labels, real.class_logits};
    struct pd_node *sure;
    if (!r->guess)
        return NULL;
    struct pd_node *loss = pd_mul(pd_consistency_loss(&c, &sure), r->guess);
    report(r, loss, PD_LOSS_d_guess);
    report(r, sure, PD_LOSS_sure);
    return loss;
}

/* The loss, and what the head for rotation makes of images as D was shown them. */
static struct pd_node *with_rotation(struct recorder *r, struct pd_node *loss, struct pd_node *images,
                                     double weight, int which)
{
    const uint32_t stream = PD_STREAM_STEP_TURN + (which == PD_LOSS_g_rotation);
    if (weight <= 0)
        return loss;
    struct pd_node *each = pd_rotation_loss(&r->dis, &r->gan->config, images, stream, &r->turned_stream);
    struct pd_node *rotation = pd_affine(each, weight, 0);
    report(r, rotation, which);
    return pd_add(loss, rotation);
}

static struct pd_node *real_images(const struct recorder *r)
{
    const int64_t n = r->o->batch;
    if (!r->o->pixels)
        return pd_input(r->g, "images", PD_REAL, pd_gan_image_shape(r->gan, n));
    return pd_pixels(pd_var_read(r->g, r->o->pixels), pd_input(r->g, "places", PD_I32, pd_shape2(n, 4)),
                     r->gan->config.size);
}

static void record_discriminator_step(struct recorder *r)
{
    const struct pd_model_config *c = &r->gan->config;
    struct pd_node *images = real_images(r);
    struct pd_node *labels = pd_one_hot(pd_input(r->g, "labels", PD_I32, pd_shape1(r->o->batch)), c->classes);
    struct pd_node *real_shown = shown(r, images), *fake_shown = shown(r, pd_detach(r->fake));
    struct pd_heads real = pd_model_discriminate(&r->dis, c, real_shown);
    const struct verdict fake = judge(r, &r->dis, fake_shown);
    const struct verdict weighing = r->o->separate_forwards ? judge(r, &r->dis, fake_shown) : fake;
    struct pd_node *real_ce = pd_nn_cross_entropy_each(pd_log_softmax(real.class_logits), labels);
    struct pd_node *surprise = with_epsilon(r->o, weighing.cross_entropy);
    struct pd_node *w = gold_weight(r, weighing.logit, surprise, r->o->beta_d);

    struct pd_node *adv = pd_add(mean_of_reals(r->o, r->loss->real(real.logit), labels),
                                 fake_loss(r->o, r->loss->fake(fake.logit), w));
    if (r->loss->penalty > 0)
        adv = pd_add(adv, pd_affine(gradient_penalty(r, real_shown, fake_shown), r->loss->penalty, 0));
    struct pd_node *class_real = labelled_mean(pd_sum(real_ce), labels);
    struct pd_node *w_class = by_confidence(r, fake_shown, weighing, w);
    struct pd_node *class_fake = pd_affine(fake_class_loss(r->o, fake.cross_entropy, w_class, labels),
                                           informs(r->o) ? r->o->mutual_information : r->o->lambda_c, 0);
    report(r, adv, PD_LOSS_d_adv);
    report(r, class_real, PD_LOSS_d_cls_real);
    report(r, pd_sum(labels), PD_LOSS_labelled);
    report(r, class_fake, PD_LOSS_d_cls_fake);
    report(r, pd_mean(gold_of(weighing.logit, surprise)), PD_LOSS_mean_d);
    struct pd_node *loss = with_classes(r->o, adv, class_real, class_fake);
    struct pd_node *guess = guess_loss(r, images, labels, real);
    loss =
        with_rotation(r, guess ? pd_add(loss, guess) : loss, real_shown, r->o->rotation, PD_LOSS_d_rotation);
    pd_nn_adam(&r->dis, "adam_d", loss, &r->adam);
}

/* --- the generator step --- */

/* The mean of a loss (N) over the samples with the largest logit, or all (Sinha et al. 2020). */
static struct pd_node *mean_of_top(const struct recorder *r, struct pd_node *loss, struct pd_node *logit)
{
    if (!r->top_k)
        return pd_mean(loss);
    struct pd_node *taken = pd_step(pd_sub(r->top_k, pd_rank(logit)));
    return pd_div(pd_sum(pd_mul(taken, loss)), r->top_k);
}

static void record_generator_step(struct recorder *r)
{
    if (r->o->separate_forwards)
        r->fake = pd_model_generate(&r->gen, &r->gan->config, r->z, r->onehot);
    struct pd_node *fake_shown = shown(r, r->fake);
    const struct verdict fake = judge(r, &r->dis, fake_shown);
    struct pd_node *surprise = with_epsilon(r->o, fake.cross_entropy);
    struct pd_node *w = gold_weight(r, fake.logit, surprise, r->o->beta_g);
    struct pd_node *adv_each = pd_nn_weighted(r->loss->generator(fake.logit), w);
    struct pd_node *adv = mean_of_top(r, adv_each, fake.logit);
    struct pd_node *class_fake = pd_affine(mean_of_top(r, pd_nn_weighted(fake.cross_entropy, w), fake.logit),
                                           informs(r->o) ? r->o->mutual_information : 1, 0);
    report(r, adv, PD_LOSS_g_adv);
    report(r, class_fake, PD_LOSS_g_cls);
    struct pd_node *loss = with_rotation(r, with_classes(r->o, adv, NULL, class_fake), fake_shown,
                                         r->o->rotation_g, PD_LOSS_g_rotation);
    pd_nn_adam(&r->gen, "adam_g", loss, &r->adam);
}

/* --- the plan --- */

/* All losses of the step, for pd_gan_losses. */
static void record_losses(struct recorder *r)
{
    struct pd_node *row = NULL;
    for (int i = 0; i < PD_LOSS_COUNT; i++) {
        struct pd_node *loss =
            r->losses[i] ? pd_reshape(r->losses[i], pd_shape1(1)) : pd_constant(r->g, 0, pd_shape1(1));
        row = i ? pd_concat(row, loss, 0) : loss;
    }
    pd_assign_row(r->gan->losses, pd_all_mean(row));
}

static enum pd_status explain(const struct recorder *r, enum pd_status status, struct pd_error *err)
{
    char why[200];
    if (status != PD_ERR_UNSUPPORTED || r->loss->penalty <= 0 || !err)
        return status;
    snprintf(why, sizeof why, "%.199s", err->message);
    return pd_fail(err, status, -1,
                   "loss '%s' does not go with model '%s', whose discriminator has batch norm (%s)",
                   r->loss->name, r->gan->config.model->name, why);
}

/* Where the losses of the last steps stand: no part of a checkpoint. */
static enum pd_status make_losses(struct pd_gan *gan, struct pd_error *err)
{
    const struct pd_shape shape = pd_shape2(PD_LOSS_STEPS, PD_LOSS_COUNT);
    if (!gan->records)
        gan->records = pd_vars_create(gan->backend, 0);
    if (gan->records)
        gan->losses = pd_vars_get(gan->records, "losses", shape, (struct pd_init_spec){.a = 0});
    return gan->losses ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the losses of a step");
}

enum pd_status pd_gan_losses(const struct pd_gan *gan, uint64_t first, uint64_t n,
                             float (*losses)[PD_LOSS_COUNT], struct pd_error *err)
{
    double all[PD_LOSS_STEPS][PD_LOSS_COUNT];
    enum pd_status status = pd_var_read_f64(gan->losses, all[0], err);
    for (uint64_t i = 0; i < n && !status; i++)
        for (int k = 0; k < PD_LOSS_COUNT; k++)
            losses[i][k] = (float)all[(first + i) % PD_LOSS_STEPS][k];
    return status;
}

enum pd_status pd_gan_compile_step(struct pd_gan *gan, const struct pd_step_options *options,
                                   struct pd_plan **out, struct pd_error *err)
{
    struct recorder r = {.gan = gan, .o = options, .loss = pd_loss_at((int)options->loss)};
    *out = NULL;
    enum pd_status status = make_losses(gan, err);
    if (!status && options->ema > 0)
        status = pd_gan_add_ema(gan, err);
    if (!status && options->ema_d > 0)
        status = pd_gan_add_ema_d(gan, err);
    if (status)
        return status;
    r.g = pd_graph_create();
    if (r.g)
        r.g->ranks = pd_ranks_size(gan->backend->ranks);
    r.gen = step_network(&r, "g.");
    r.dis = step_network(&r, "d.");
    r.dis.stream = PD_STREAM_DROPOUT;
    r.augment_stream = PD_STREAM_STEP_AUGMENT;
    r.turned_stream = PD_STREAM_DROPOUT_TURNED;
    if (r.g) {
        r.adam = options->adam;
        r.adam.rate = pd_input(r.g, "lr", PD_F64, pd_shape1(1));
        r.on = options->gold ? pd_input(r.g, "gold", PD_REAL, pd_shape1(1)) : NULL;
        r.guess = options->consistency.weight > 0 ? pd_input(r.g, "guess", PD_REAL, pd_shape1(1)) : NULL;
        r.top_k = options->top_k ? pd_input(r.g, "top_k", PD_REAL, pd_shape1(1)) : NULL;
        record_noise(&r);
        record_discriminator_step(&r);
        if (!options->critic_only)
            record_generator_step(&r);
        if (!options->critic_only && options->ema > 0)
            pd_record_average(gan, r.g, "g.", "ema.", "adam_g/step", options->ema);
        if (options->ema_d > 0)
            pd_record_average(gan, r.g, "d.", "ema_d.", "adam_d/step", options->ema_d);
        record_losses(&r);
    }
    status = explain(&r, pd_compile(r.g, gan->backend, out, err), err);
    pd_graph_destroy(r.g);
    if (!status)
        status = pd_plan_set(*out, "lr", options->adam.lr, err);
    if (!status && options->gold)
        status = pd_plan_set(*out, "gold", 1, err);
    if (!status && options->consistency.weight > 0)
        status = pd_plan_set(*out, "guess", 1, err);
    if (!status && options->top_k)
        status = pd_plan_set(*out, "top_k", (double)options->top_k, err);
    if (status) {
        pd_plan_destroy(*out);
        *out = NULL;
    }
    return status;
}

enum pd_status pd_step_plans_compile(struct pd_gan *gan, const struct pd_step_options *options,
                                     struct pd_step_plans *out, struct pd_error *err)
{
    struct pd_step_options critic = *options;
    critic.critic_only = true;
    *out = (struct pd_step_plans){.critic_steps = options->critic_steps};
    enum pd_status status = pd_gan_compile_step(gan, options, &out->full, err);
    if (!status && options->critic_steps > 1)
        status = pd_gan_compile_step(gan, &critic, &out->critic, err);
    if (status)
        pd_step_plans_release(out);
    return status;
}

enum pd_status pd_step_plans_set(const struct pd_step_plans *plans, const char *name, double value,
                                 struct pd_error *err)
{
    enum pd_status status = pd_plan_set(plans->full, name, value, err);
    return status || !plans->critic ? status : pd_plan_set(plans->critic, name, value, err);
}

struct pd_plan *pd_step_plan(const struct pd_step_plans *plans, uint64_t step)
{
    return (step + 1) % (uint64_t)plans->critic_steps ? plans->critic : plans->full;
}

void pd_step_plans_release(struct pd_step_plans *plans)
{
    pd_plan_destroy(plans->critic);
    pd_plan_destroy(plans->full);
    plans->critic = plans->full = NULL;
}
