/* What a training step does beside its losses: critic steps, averaged weights, augmentation, dropout, top-k.
 */
#include "base/rng.h"
#include "grad/verify.h"
#include "plans.h"
#include "scratch.h"
#include "gan/gan_parts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 16, CLASSES = 3, SIZE = 16 };

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_step_plans plans;
};

static void make(struct fixture *f, const char *model, const char *kind)
{
    struct pd_error err;
    struct pd_model_config c;
    if (pd_backend_create(kind, 1, &f->backend, &err) ||
        pd_model_configure(pd_model_find(model, &err), 3, SIZE, CLASSES, 8, 0.0625, &c, &err) ||
        pd_gan_create(&c, f->backend, 3, &f->gan, &err))
        fail_msg("%s", err.message);
}

static void compile(struct fixture *f, const struct pd_step_options *o)
{
    struct pd_error err;
    if (pd_step_plans_compile(f->gan, o, &f->plans, &err))
        fail_msg("%s", err.message);
    verify_plan(f->plans.full);
}

static struct pd_step_options options(void)
{
    struct pd_step_options o = pd_step_defaults();
    o.batch = N;
    return o;
}

static void release(struct fixture *f)
{
    pd_step_plans_release(&f->plans);
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
}

/* The first so many of the batch have a label. */
static void run_labelled(struct fixture *f, uint64_t step, int labelled)
{
    struct pd_plan *plan = pd_step_plan(&f->plans, step);
    const struct pd_rng random = {5, 1, step};
    static double images[N * 3 * SIZE * SIZE];
    int32_t labels[N];
    for (int i = 0; i < N * 3 * SIZE * SIZE; i++)
        images[i] = 2 * pd_rng_uniform(&random, (uint64_t)i) - 1;
    for (int i = 0; i < N; i++)
        labels[i] = i < labelled ? i % CLASSES : -1;
    put(plan, "images", N * 3 * SIZE * SIZE, images);
    write_plan(plan, "labels", N, labels);
    run_plan(plan, 7, step);
}

static void run_step(struct fixture *f, uint64_t step)
{
    run_labelled(f, step, N);
}

static double *values(const struct fixture *f, const char *name, int64_t *n)
{
    struct pd_var *v = pd_vars_find(f->gan->vars, name);
    assert_non_null(v);
    *n = var_count(v);
    return take_var(v);
}

/* The largest difference between what a variable was and is. */
static double moved(const struct fixture *f, const char *name, const double *before)
{
    int64_t n;
    double most = 0, *now = values(f, name, &n);
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(now[i] - before[i]));
    free(now);
    return most;
}

/* --- critic steps --- */

static void critics_step_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct pd_step_options o = options();
    int64_t n;
    o.loss = PD_LOSS_KIND_WGAN_GP;
    o.critic_steps = 3;
    make(&f, "wgan-gp", "onednn");
    compile(&f, &o);
    verify_plan(f.plans.critic);
    for (uint64_t step = 0; step < 6; step++) {
        const bool full = step % 3 == 2;
        double *g = values(&f, "g.deconv2.weight", &n), *d = values(&f, "d.conv2.weight", &n);
        run_step(&f, step);
        assert_true((moved(&f, "g.deconv2.weight", g) > 0) == full);
        assert_true(moved(&f, "d.conv2.weight", d) > 0);
        assert_true(pd_plan_has(pd_step_plan(&f.plans, step), "g_adv") == full);
        free(g);
        free(d);
    }
    release(&f);
}

/* What is remembered of the last steps is what each has put out, also where a critic's has no losses of G. */
static void losses_are_remembered(void **state)
{
    (void)state;
    enum { STEPS = PD_LOSS_STEPS + 3 };
    static float seen[STEPS][PD_LOSS_COUNT], kept[PD_LOSS_STEPS][PD_LOSS_COUNT];
    struct fixture f;
    struct pd_step_options o = options();
    o.critic_steps = 2;
    make(&f, "dcgan", "onednn");
    compile(&f, &o);
    for (uint64_t step = 0; step < STEPS; step++) {
        struct pd_plan *plan = pd_step_plan(&f.plans, step);
        run_step(&f, step);
        for (int k = 0; k < PD_LOSS_COUNT; k++)
            if (pd_plan_has(plan, pd_loss_names[k]))
                assert_int_equal(pd_plan_scalar(plan, pd_loss_names[k], &seen[step][k], NULL), PD_OK);
    }
    assert_int_equal(pd_gan_losses(f.gan, 3, PD_LOSS_STEPS, kept, NULL), PD_OK);
    assert_memory_equal(kept, seen[3], sizeof kept);
    assert_null(pd_vars_find(f.gan->vars, "losses")); /* no part of a checkpoint */
    release(&f);
}

/* The head that tells classes learns nothing; the losses are still told. */
static void classes_may_be_left_out(void **state)
{
    (void)state;
    for (int without = 0; without < 2; without++) {
        struct fixture f;
        struct pd_step_options o = options();
        int64_t n;
        float loss;
        o.no_classes = without;
        make(&f, "dcgan", "onednn");
        compile(&f, &o);
        double *head = values(&f, "d.class.weight", &n), *g = values(&f, "g.deconv2.weight", &n);
        run_labelled(&f, 0, 5);
        assert_true((moved(&f, "d.class.weight", head) > 0) == !without);
        assert_true(moved(&f, "g.deconv2.weight", g) > 0);
        assert_int_equal(pd_plan_scalar(f.plans.full, "d_cls_real", &loss, NULL), PD_OK);
        assert_true(loss > 0);
        free(g);
        free(head);
        release(&f);
    }
}

/* A step on images without any label has no class loss of reals. */
static void no_label_is_no_loss(void **state)
{
    (void)state;
    struct fixture f;
    float loss;
    struct pd_step_options o = options();
    o.lambda_c = 0;
    make(&f, "dcgan", "onednn");
    compile(&f, &o);
    int64_t n;
    double *head = values(&f, "d.class.weight", &n);
    run_labelled(&f, 0, 0);
    assert_int_equal(pd_plan_scalar(f.plans.full, "d_cls_real", &loss, NULL), PD_OK);
    assert_true(loss == 0);
    assert_true(moved(&f, "d.class.weight", head) == 0);
    free(head);
    release(&f);
}

static void penalties_go_with_no_batch_norm(void **state)
{
    (void)state;
    struct fixture f;
    struct pd_step_options o = options();
    struct pd_error err;
    o.loss = PD_LOSS_KIND_WGAN_GP;
    make(&f, "dcgan", "fenced");
    assert_int_equal(pd_step_plans_compile(f.gan, &o, &f.plans, &err), PD_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "'wgan-gp' does not go with model 'dcgan'"));
    release(&f);
}

/* --- averaged weights --- */

/* decay * what it was + (1 - decay) * the weights; of the first update 0. */
static void assert_follows(const struct fixture *f, const char *weights, const char *average,
                           const double *before, double decay)
{
    int64_t n;
    double *w = values(f, weights, &n), *now = values(f, average, &n);
    for (int64_t i = 0; i < n; i++)
        assert_true(fabs(now[i] - (decay * before[i] + (1 - decay) * w[i])) < 1e-12);
    free(w);
    free(now);
}

static void averages_follow(void **state)
{
    (void)state;
    struct fixture f;
    struct pd_step_options o = options();
    const double decay[] = {0, 1.0 / 11, 2.0 / 12, 0.2};
    int64_t n;
    o.ema = 0.2;
    make(&f, "dcgan", "ref-f64");
    compile(&f, &o);
    for (uint64_t step = 0; step < 4; step++) {
        double *w = values(&f, "ema.deconv2.weight", &n), *var = values(&f, "ema.bn2.running_var", &n);
        run_step(&f, step);
        assert_follows(&f, "g.deconv2.weight", "ema.deconv2.weight", w, decay[step]);
        assert_follows(&f, "g.bn2.running_var", "ema.bn2.running_var", var, decay[step]);
        assert_true(moved(&f, "ema.deconv2.weight", w) > 0);
        free(w);
        free(var);
    }
    release(&f);
}

/* A checkpoint with averages is sampled from them by whoever opens it. */
static void averages_are_what_is_sampled(void **state)
{
    (void)state;
    struct fixture f, g;
    struct pd_step_options o = options();
    struct pd_error err;
    struct pd_progress progress = {0};
    const char *path = scratch_path("networks.safetensors");
    int64_t n;
    o.ema = 0.9;
    make(&f, "dcgan", "onednn");
    compile(&f, &o);
    for (uint64_t step = 0; step < 3; step++)
        run_step(&f, step);
    assert_int_equal(pd_gan_save_networks(f.gan, &progress, path, &err), PD_OK);
    make(&g, "dcgan", "onednn");
    assert_false(g.gan->ema);
    assert_int_equal(pd_gan_load(g.gan, path, &progress, &err), PD_OK);
    assert_true(g.gan->ema);
    double *w = values(&f, "ema.deconv2.weight", &n);
    assert_true(moved(&g, "ema.deconv2.weight", w) == 0);
    free(w);
    g.plans = (struct pd_step_plans){NULL, NULL, 1};
    release(&g);
    release(&f);
}

/* Scores come from the averaged discriminator, whose power iteration is the weights' own. */
static void averaged_discriminators_score(void **state)
{
    (void)state;
    struct fixture f, g;
    struct pd_step_options o = options();
    struct pd_error err;
    struct pd_progress progress = {0};
    const char *path = scratch_path("averaged.safetensors");
    const double decay[] = {0, 1.0 / 11, 2.0 / 12, 0.2};
    int64_t n;
    o.ema_d = 0.2;
    make(&f, "infogan", "ref-f64");
    compile(&f, &o);
    for (uint64_t step = 0; step < 4; step++) {
        double *w = values(&f, "ema_d.conv2.weight_orig", &n), *u = values(&f, "ema_d.conv2.weight_u", &n);
        run_step(&f, step);
        assert_follows(&f, "d.conv2.weight_orig", "ema_d.conv2.weight_orig", w, decay[step]);
        assert_follows(&f, "d.conv2.weight_u", "ema_d.conv2.weight_u", u, 0);
        free(w);
        free(u);
    }
    assert_int_equal(pd_gan_save_networks(f.gan, &progress, path, &err), PD_OK);
    make(&g, "infogan", "ref-f64");
    assert_int_equal(pd_gan_load(g.gan, path, &progress, &err), PD_OK);
    assert_true(g.gan->ema_d && !g.gan->ema);
    struct pd_plan *averaged = NULL, *plain = NULL, *loaded = NULL;
    assert_int_equal(pd_gan_compile_scorer(g.gan, PD_ORIGIN_REAL, N, &loaded, &err), PD_OK);
    assert_int_equal(pd_gan_compile_scorer(f.gan, PD_ORIGIN_REAL, N, &averaged, &err), PD_OK);
    f.gan->ema_d = false;
    assert_int_equal(pd_gan_compile_scorer(f.gan, PD_ORIGIN_REAL, N, &plain, &err), PD_OK);
    f.gan->ema_d = true;
    struct pd_plan *const all[] = {averaged, loaded, plain};
    static double images[N * 3 * SIZE * SIZE];
    const struct pd_rng random = {5, 1, 0};
    for (int i = 0; i < N * 3 * SIZE * SIZE; i++)
        images[i] = 2 * pd_rng_uniform(&random, (uint64_t)i) - 1;
    for (int i = 0; i < 3; i++) {
        put(all[i], "images", N * 3 * SIZE * SIZE, images);
        run_plan(all[i], 7, 0);
    }
    assert_true(value_at(averaged, "logit", 0) == value_at(loaded, "logit", 0));
    assert_true(value_at(averaged, "logit", 0) != value_at(plain, "logit", 0));
    for (int i = 0; i < 3; i++)
        pd_plan_destroy(all[i]);
    g.plans = (struct pd_step_plans){NULL, NULL, 1};
    release(&g);
    release(&f);
}

/* --- what unlabelled and labelled reals weigh --- */

static double loss_of(const struct pd_step_options *o, int labelled, double guess, const char *name)
{
    struct fixture f;
    make(&f, "infogan", "ref-f64");
    compile(&f, o);
    if (o->consistency.weight > 0)
        assert_int_equal(pd_step_plans_set(&f.plans, "guess", guess, NULL), PD_OK);
    run_labelled(&f, 0, labelled);
    const double loss = value_at(f.plans.full, name, 0);
    release(&f);
    return loss;
}

/* InfoGAN without a look at labels is the class losses of a batch that has none. */
static void classes_may_be_found(void **state)
{
    (void)state;
    struct pd_step_options found = options(), none = options();
    struct fixture f[2];
    int64_t n;
    found.no_classes = true;
    found.mutual_information = none.lambda_c = 1;
    for (int i = 0; i < 2; i++) {
        make(&f[i], "dcgan", "ref-f64");
        compile(&f[i], i ? &none : &found);
        for (uint64_t step = 0; step < 2; step++)
            run_labelled(&f[i], step, i ? 0 : 5);
    }
    const char *const names[] = {"d.class.weight", "g.deconv2.weight"};
    for (int i = 0; i < 2; i++) {
        double *want = values(&f[1], names[i], &n);
        assert_true(moved(&f[0], names[i], want) == 0);
        free(want);
    }
    release(&f[0]);
    release(&f[1]);
    const double d = loss_of(&found, 0, 1, "d_cls_fake"), g = loss_of(&found, 0, 1, "g_cls");
    found.mutual_information = 0.5; /* of both; then D is another already when G learns */
    assert_true(d > 0 && fabs(loss_of(&found, 0, 1, "d_cls_fake") - d / 2) < 1e-12);
    assert_true(g > 0 && fabs(loss_of(&found, 0, 1, "g_cls") - g / 2) < 0.1 * g);
}

static void sure_guesses_of_the_unlabelled_count(void **state)
{
    (void)state;
    struct pd_step_options o = options();
    o.consistency = (struct pd_consistency_options){.weight = 2, .augment = 2, .threshold = 0};
    assert_true(loss_of(&o, 5, 1, "sure") == 1);
    const double loss = loss_of(&o, 5, 1, "d_guess");
    assert_true(loss > 0 && fabs(loss_of(&o, 5, 0.25, "d_guess") - loss / 4) < 1e-12);
    assert_true(loss_of(&o, N, 1, "sure") == 0 && loss_of(&o, N, 1, "d_guess") == 0); /* none is unlabelled */
    o.consistency.weight = 1;
    assert_true(fabs(loss_of(&o, 5, 1, "d_guess") - loss / 2) < 1e-12);
    o.consistency.threshold = 1; /* p > 1 is never */
    assert_true(loss_of(&o, 5, 1, "sure") == 0 && loss_of(&o, 5, 1, "d_guess") == 0);
}

/* As many steps with labelled reals at no weight as without them: the mean over the others. */
static void labelled_reals_weigh_as_told(void **state)
{
    (void)state;
    struct pd_step_options o = options();
    const double all = loss_of(&o, 5, 1, "d_adv");
    o.labelled_weight = 0;
    const double rest = loss_of(&o, 5, 1, "d_adv");
    o.labelled_weight = 1e9;
    const double labelled = loss_of(&o, 5, 1, "d_adv");
    assert_true(fabs((5 * labelled + (N - 5) * rest) / N - all) < 1e-6 && fabs(rest - labelled) > 1e-6);
    o.labelled_weight = 0.5;
    assert_true(fabs((2.5 * labelled + (N - 5) * rest) / (N - 2.5) - loss_of(&o, 5, 1, "d_adv")) < 1e-6);
}

/* --- rotation --- */

static void turned_images_say_how_far(void **state)
{
    (void)state;
    enum { IMAGE = 3 * SIZE * SIZE };
    struct pd_error err;
    struct pd_backend *backend;
    struct pd_plan *plan = NULL;
    struct pd_graph *g = pd_graph_create();
    struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape4(N, 3, SIZE, SIZE)), *turns;
    static double images[N * IMAGE];
    int seen[PD_NN_TURNS] = {0};
    pd_output(pd_nn_turn(x, 9, &turns), "y");
    pd_output(turns, "turns");
    if (pd_backend_create("onednn", 2, &backend, &err) || pd_compile(g, backend, &plan, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < N * IMAGE; i++)
        images[i] = i;
    put(plan, "x", N * IMAGE, images);
    run_plan(plan, 7, 0);
    double *y = taken(plan, "y", N * IMAGE), *said = taken(plan, "turns", N * PD_NN_TURNS);
    for (int n = 0; n < N; n++) {
        int k = 0;
        while (said[n * PD_NN_TURNS + k] == 0)
            k++;
        seen[k]++;
        for (int i = 0; i < IMAGE; i++) {
            int row = i / SIZE % SIZE, column = i % SIZE;
            for (int quarter = 0; quarter < k; quarter++) { /* clockwise: what is here was left, below */
                const int left = row;
                row = SIZE - 1 - column;
                column = left;
            }
            const int from = i / (SIZE * SIZE) * SIZE * SIZE + row * SIZE + column;
            assert_true(y[n * IMAGE + i] == images[n * IMAGE + from]);
        }
    }
    for (int k = 0; k < PD_NN_TURNS; k++)
        assert_true(seen[k] > 0);
    free(y);
    free(said);
    pd_plan_destroy(plan);
    pd_graph_destroy(g);
    pd_backend_destroy(backend);
}

static void rotation_weighs_as_told(void **state)
{
    (void)state;
    struct pd_step_options o = options();
    o.rotation = 1;
    o.rotation_g = 0.5;
    o.no_classes = true;
    const double d = loss_of(&o, 0, 1, "d_rotation"), g = loss_of(&o, 0, 1, "g_rotation");
    assert_true(d > 0 && g > 0);
    o.rotation = 0.25;
    assert_true(fabs(loss_of(&o, 0, 1, "d_rotation") - d / 4) < 1e-12);
    o.rotation = 1;
    o.rotation_g = 1;
    assert_true(fabs(loss_of(&o, 0, 1, "g_rotation") - 2 * g) < 1e-12);
}

/* The head is learned and stored; whoever scores knows nothing of it, and a run without has none. */
static void heads_for_rotation_are_of_training_alone(void **state)
{
    (void)state;
    struct fixture f, g;
    struct pd_step_options o = options();
    struct pd_error err;
    struct pd_progress progress = {.loss_sums = {[PD_LOSS_g_rotation] = 0.1}}, read;
    const char *path = scratch_path("turned.safetensors");
    int64_t n;
    o.ema_d = 0.9;
    make(&g, "sngan", "onednn");
    compile(&g, &o);
    assert_false(pd_gan_has_rotation(g.gan));
    o.rotation = 1;
    make(&f, "sngan", "onednn");
    compile(&f, &o);
    double *w = values(&f, "d.rotation.weight_orig", &n);
    for (uint64_t step = 0; step < 3; step++)
        run_step(&f, step);
    assert_true(n == 4 * pd_gan_feature_width(f.gan) && moved(&f, "d.rotation.weight_orig", w) > 0);
    assert_null(pd_vars_find(f.gan->vars, "ema_d.rotation.weight_orig"));
    free(w);
    assert_int_equal(pd_gan_save(f.gan, &progress, path, &err), PD_OK);
    assert_int_equal(pd_gan_load(g.gan, path, &read, &err), PD_OK);
    assert_true(read.loss_sums[PD_LOSS_g_rotation] == 0.1);
    assert_int_equal(pd_gan_save(g.gan, &progress, path, &err), PD_OK);
    assert_int_equal(pd_gan_load(g.gan, path, &read, &err), PD_OK);
    assert_true(read.loss_sums[PD_LOSS_g_rotation] == 0); /* a file that knows nothing of it */
    assert_int_equal(pd_gan_load(f.gan, path, &read, &err), PD_ERR_MISMATCH);
    assert_non_null(strstr(err.message, "d.rotation.weight_orig"));
    release(&g);
    release(&f);
}

/* --- top-k --- */

/* Of one sample in sixteen the adversarial loss is that of the largest logit: no larger than the mean's. */
static void top_k_takes_the_most_real(void **state)
{
    (void)state;
    struct fixture all, top;
    struct pd_step_options o = options();
    make(&all, "dcgan", "onednn");
    compile(&all, &o);
    o.top_k = 1;
    make(&top, "dcgan", "onednn");
    compile(&top, &o);
    run_step(&all, 0);
    run_step(&top, 0);
    assert_true(value_at(top.plans.full, "d_adv", 0) == value_at(all.plans.full, "d_adv", 0));
    assert_true(value_at(top.plans.full, "g_adv", 0) < value_at(all.plans.full, "g_adv", 0));
    release(&top);
    make(&top, "dcgan", "onednn"); /* the same plan takes any number, and all are the mean's */
    compile(&top, &o);
    assert_int_equal(pd_step_plans_set(&top.plans, "top_k", N, NULL), PD_OK);
    run_step(&top, 0);
    assert_true(fabs(value_at(top.plans.full, "g_adv", 0) - value_at(all.plans.full, "g_adv", 0)) < 1e-6);
    release(&all);
    release(&top);
}

/* --- what layers and augmentations do to images --- */

/* What becomes of the images; words: augmentations, or NULL for dropout. */
static float *changed(const char *words, float *images, uint64_t step)
{
    struct pd_error err;
    struct pd_backend *backend;
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *plan = NULL;
    const int64_t n = (int64_t)N * 3 * SIZE * SIZE;
    struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape4(N, 3, SIZE, SIZE));
    struct pd_nn nn = {.graph = g, .training = true, .stream = 9};
    unsigned what;
    uint32_t stream = 9;
    if (words)
        assert_int_equal(pd_augment_parse(words, &what, &err), PD_OK);
    pd_output(words ? pd_nn_augment(x, what, &stream) : pd_nn_dropout(&nn, x, 0.25), "y");
    if (pd_backend_create("onednn", 2, &backend, &err) || pd_compile(g, backend, &plan, &err))
        fail_msg("%s", err.message);
    write_plan(plan, "x", n, images);
    run_plan(plan, 7, step);
    float *out = malloc((size_t)n * sizeof *out);
    read_plan(plan, "y", n, out);
    pd_plan_destroy(plan);
    pd_graph_destroy(g);
    pd_backend_destroy(backend);
    return out;
}

enum { COUNT = N * 3 * SIZE * SIZE, PLANE = SIZE * SIZE };

static float *ones(void)
{
    float *x = malloc(COUNT * sizeof *x);
    for (int i = 0; i < COUNT; i++)
        x[i] = 1;
    return x;
}

static void dropout_keeps_the_mean(void **state)
{
    (void)state;
    float *x = ones(), *y = changed(NULL, x, 0), *z = changed(NULL, x, 1);
    int zeros = 0, same = 0;
    for (int i = 0; i < COUNT; i++) {
        assert_true(y[i] == 0 || fabsf(y[i] - 1 / 0.75f) < 1e-6f);
        zeros += y[i] == 0;
        same += y[i] == z[i];
    }
    assert_true(fabs(zeros / (double)COUNT - 0.25) < 4 * sqrt(0.25 * 0.75 / COUNT));
    assert_true(same < 0.7 * COUNT); /* 0.625 of independent masks are alike */
    free(x);
    free(y);
    free(z);
}

/* A square of zeros of half the side, or what of it lies inside; the same in all channels. */
/* A network says of itself whether its discriminator has dropout. */
static void passes_differ_by_dropout(void **state)
{
    (void)state;
    static float images[N * 3 * SIZE * SIZE], seen[3][N * CLASSES];
    const struct pd_model *model;
    for (int i = 0; i < N * 3 * SIZE * SIZE; i++)
        images[i] = (float)(i % 17) / 8 - 1;
    for (int i = 0; (model = pd_model_at(i)); i++) {
        struct fixture f = {.gan = NULL};
        struct pd_plan *plan;
        if (model->points)
            continue;
        make(&f, model->name, "onednn");
        assert_int_equal(pd_gan_compile_pass(f.gan, PD_ORIGIN_REAL, N, &plan, NULL), PD_OK);
        assert_int_equal(pd_plan_write(plan, "images", images, N * 3 * SIZE * SIZE, NULL), PD_OK);
        for (int k = 0; k < 3; k++) {
            run_plan(plan, k < 2 ? 1 : 2, 5);
            assert_int_equal(pd_plan_read(plan, "class_logits", seen[k], N * CLASSES, NULL), PD_OK);
        }
        assert_memory_equal(seen[0], seen[1], sizeof seen[0]);
        if (model->dropout != !!memcmp(seen[0], seen[2], sizeof seen[0]))
            fail_msg("%s: dropout is %d", model->name, model->dropout);
        pd_plan_destroy(plan);
        release(&f);
    }
}

static void cutout_cuts_squares(void **state)
{
    (void)state;
    float *x = ones(), *y = changed("cutout", x, 0);
    for (int n = 0; n < N; n++) {
        int zeros = 0, top = SIZE, bottom = -1, left = SIZE, right = -1;
        for (int i = 0; i < PLANE; i++) {
            const float *at = y + n * 3 * PLANE + i;
            assert_true((at[0] == 0 || at[0] == 1) && at[0] == at[PLANE] && at[0] == at[2 * PLANE]);
            if (at[0] != 0)
                continue;
            zeros++;
            top = i / SIZE < top ? i / SIZE : top;
            bottom = i / SIZE;
            left = i % SIZE < left ? i % SIZE : left;
            right = i % SIZE > right ? i % SIZE : right;
        }
        const int height = bottom - top + 1, width = right - left + 1;
        assert_true(zeros == height * width && height <= SIZE / 2 && width <= SIZE / 2);
        assert_true(height == SIZE / 2 || top == 0 || bottom == SIZE - 1);
    }
    free(x);
    free(y);
}

/* By up to an eighth of the side: every row and column that is not seen any more is at an edge. */
static void translation_moves(void **state)
{
    (void)state;
    float *x = ones();
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(1 + i % PLANE);
    float *y = changed("translation", x, 0);
    bool all_alike = true;
    for (int n = 0; n < N; n++) {
        const float *at = y + n * 3 * PLANE;
        const int middle = SIZE / 2 * SIZE + SIZE / 2, from = (int)at[middle] - 1;
        const int down = SIZE / 2 - from / SIZE, right = SIZE / 2 - from % SIZE;
        assert_true(abs(down) <= SIZE / 8 && abs(right) <= SIZE / 8);
        all_alike = all_alike && down == 0 && right == 0;
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j < SIZE; j++) {
                const bool seen = i - down >= 0 && i - down < SIZE && j - right >= 0 && j - right < SIZE;
                assert_true(at[i * SIZE + j] == (seen ? (float)(1 + (i - down) * SIZE + j - right) : 0));
            }
    }
    assert_false(all_alike);
    free(x);
    free(y);
}

/* Of images that are one colour each, only brightness shows: one number more in every pixel. */
static void colour_changes_brightness(void **state)
{
    (void)state;
    float *x = ones(), *y = changed("color", x, 0), low = 1, high = -1;
    for (int n = 0; n < N; n++) {
        const float by = y[n * 3 * PLANE] - 1;
        for (int i = 1; i < 3 * PLANE; i++)
            assert_true(fabsf(y[n * 3 * PLANE + i] - 1 - by) < 1e-5f);
        low = fminf(low, by);
        high = fmaxf(high, by);
    }
    assert_true(low >= -0.5f && high <= 0.5f && high - low > 0.3f);
    free(x);
    free(y);
}

static void augmentations_have_names(void **state)
{
    (void)state;
    unsigned what;
    struct pd_error err;
    assert_int_equal(pd_augment_parse("", &what, &err), PD_OK);
    assert_int_equal(what, 0);
    assert_int_equal(pd_augment_parse("cutout,color", &what, &err), PD_OK);
    assert_int_equal(what, 5);
    assert_int_equal(pd_augment_parse("color,cutuot", &what, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "did you mean 'cutout'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critics_step_alone),
        cmocka_unit_test(losses_are_remembered),
        cmocka_unit_test(classes_may_be_left_out),
        cmocka_unit_test(classes_may_be_found),
        cmocka_unit_test(no_label_is_no_loss),
        cmocka_unit_test(penalties_go_with_no_batch_norm),
        cmocka_unit_test(averages_follow),
        cmocka_unit_test(averages_are_what_is_sampled),
        cmocka_unit_test(averaged_discriminators_score),
        cmocka_unit_test(sure_guesses_of_the_unlabelled_count),
        cmocka_unit_test(labelled_reals_weigh_as_told),
        cmocka_unit_test(turned_images_say_how_far),
        cmocka_unit_test(rotation_weighs_as_told),
        cmocka_unit_test(heads_for_rotation_are_of_training_alone),
        cmocka_unit_test(top_k_takes_the_most_real),
        cmocka_unit_test(dropout_keeps_the_mean),
        cmocka_unit_test(passes_differ_by_dropout),
        cmocka_unit_test(cutout_cuts_squares),
        cmocka_unit_test(translation_moves),
        cmocka_unit_test(colour_changes_brightness),
        cmocka_unit_test(augmentations_have_names),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
