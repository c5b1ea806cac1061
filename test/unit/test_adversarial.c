/* Adversarial sampling (ALCG section 3.2): which candidates a step trains on, and what looking at them leaves
 * untouched. */
#include "base/rng.h"
#include "grad/verify.h"
#include "plans.h"
#include "gan/gan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 16, CANDIDATES = 3, MANY = N * CANDIDATES, CLASSES = 3 };

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_plan *plan;
};

static void make(struct fixture *f, const char *model, const char *kind)
{
    struct pd_error err;
    struct pd_model_config c;
    const bool points = strcmp(model, "mlp") == 0;
    if (pd_backend_create(kind, 1, &f->backend, &err) ||
        pd_model_configure(pd_model_find(model, &err), points ? 2 : 1, points ? 0 : 16, CLASSES, 0,
                           points ? 0.03 : 0.125, &c, &err) ||
        pd_gan_create(&c, f->backend, 3, &f->gan, &err))
        fail_msg("%s", err.message);
}

static void compile_step(struct fixture *f, int64_t adversarial, double lr)
{
    struct pd_error err;
    struct pd_step_options o = pd_step_defaults();
    o.batch = N;
    o.adversarial = adversarial;
    o.noise_given = true;
    o.adam.lr = lr;
    o.adam.beta1 = lr > 0 ? o.adam.beta1 : 0;
    if (pd_gan_compile_step(f->gan, &o, &f->plan, &err))
        fail_msg("%s", err.message);
    verify_plan(f->plan);
}

static void release(struct fixture *f)
{
    pd_plan_destroy(f->plan);
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
}

/* Livelier than fresh ones, so that gradients are something. */
static void enliven(struct pd_gan *gan)
{
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        const struct pd_rng random = {9, 1, (uint64_t)i};
        struct pd_var *v = pd_vars_at(gan->vars, i);
        double *data = take_var(v);
        for (int64_t k = 0; k < var_count(v); k++)
            data[k] = 0.4 * pd_rng_normal(&random, (uint64_t)k);
        put_var(v, data);
        free(data);
    }
}

/* Values of an input of n reals, of a stream of their own. */
static void put_reals(const struct fixture *f, const char *name, int64_t n)
{
    const struct pd_rng random = {4, (uint32_t)name[0], 0};
    double *to = malloc((size_t)n * sizeof *to);
    for (int64_t i = 0; i < n; i++)
        to[i] = pd_rng_normal(&random, (uint64_t)i);
    put(f->plan, name, n, to);
    free(to);
}

static void fill(const struct fixture *f, int64_t n)
{
    const struct pd_model_config *c = &f->gan->config;
    put_reals(f, "images", (int64_t)N * c->channels * (c->size ? c->size * c->size : 1));
    put_reals(f, "z", n * c->z_dim);
    int32_t classes[MANY];
    for (int i = 0; i < MANY; i++)
        classes[i] = i % CLASSES;
    write_plan(f->plan, "labels", N, classes);
    write_plan(f->plan, "c", n, classes);
}

/* --- looking changes nothing --- */

/* D's logits of candidates, by networks in training mode. */
static struct pd_plan *logits(const struct fixture *f, bool frozen)
{
    struct pd_error err;
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *plan;
    const struct pd_model_config *c = &f->gan->config;
    struct pd_nn gen = {.graph = g,
                        .vars = f->gan->vars,
                        .prefix = "g.",
                        .training = true,
                        .frozen = frozen,
                        .weight_std = 0.02};
    struct pd_nn dis = gen;
    dis.prefix = "d.";
    struct pd_node *z = pd_input(g, "z", PD_REAL, pd_shape2(MANY, c->z_dim));
    struct pd_node *onehot = pd_one_hot(pd_input(g, "c", PD_I32, pd_shape1(MANY)), CLASSES);
    pd_output(pd_model_discriminate(&dis, c, pd_model_generate(&gen, c, z, onehot)).logit, "logit");
    if (pd_compile(g, f->backend, &plan, &err))
        fail_msg("%s", err.message);
    pd_graph_destroy(g);
    return plan;
}

struct copy {
    double *at[256];
};

static struct copy copy_vars(const struct pd_gan *gan)
{
    struct copy c = {{NULL}};
    assert_true(pd_vars_count(gan->vars) <= 256);
    for (int i = 0; i < pd_vars_count(gan->vars); i++)
        c.at[i] = take_var(pd_vars_at(gan->vars, i));
    return c;
}

/* How many variables differ from the copy, which goes. */
static int count_changed(const struct pd_gan *gan, struct copy *c)
{
    int changed = 0;
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        double *now = take_var(v);
        changed += memcmp(c->at[i], now, (size_t)var_count(v) * sizeof *now) != 0;
        free(c->at[i]);
        free(now);
    }
    return changed;
}

static void frozen_passes_move_nothing(void **state)
{
    (void)state;
    struct fixture f = {.gan = NULL};
    make(&f, "infogan", "onednn");
    for (int frozen = 1; frozen >= 0; frozen--) {
        struct copy before = copy_vars(f.gan);
        struct pd_plan *look = logits(&f, frozen);
        struct fixture l = {f.backend, f.gan, look};
        put_reals(&l, "z", (int64_t)MANY * f.gan->config.z_dim);
        write_plan(look, "c", MANY, (int32_t[MANY]){0});
        run_plan(look, 1, 0);
        const int changed = count_changed(f.gan, &before);
        assert_true(frozen ? changed == 0 : changed == 14); /* five batch norms, two spectral norms */
        pd_plan_destroy(look);
    }
    release(&f);
}

/* --- the step is a plain step on the kept candidates --- */

static int better_first(const void *a, const void *b)
{
    const double *x = *(const double *const *)a, *y = *(const double *const *)b;
    return *x != *y ? (*x < *y ? 1 : -1) : (x > y) - (x < y);
}

/* kept[i]: is candidate i among the N of largest logit? By sorting, as the kernel does not. */
static void choose(const double *logit, bool kept[MANY])
{
    const double *order[MANY];
    for (int i = 0; i < MANY; i++)
        order[i] = logit + i;
    qsort(order, MANY, sizeof *order, better_first);
    memset(kept, 0, MANY * sizeof *kept);
    for (int i = 0; i < N; i++)
        kept[order[i] - logit] = true;
}

/* Runs the step on all candidates in `sampled`, and a plain one on the kept ones in `plain`. */
static void step_both(struct fixture *sampled, struct fixture *plain)
{
    bool kept[MANY];
    const int64_t width = sampled->gan->config.z_dim;
    fill(sampled, MANY);
    fill(plain, N);
    struct pd_plan *look = logits(sampled, true);
    double *z = taken(sampled->plan, "z", MANY * width), logit[MANY];
    int32_t c[MANY];
    read_plan(sampled->plan, "c", MANY, c);
    put(look, "z", MANY * width, z);
    write_plan(look, "c", MANY, c);
    run_plan(look, 1, 0);
    take(look, "logit", MANY, logit);
    choose(logit, kept);
    for (int i = 0, to = 0; i < MANY; i++)
        if (kept[i]) {
            memmove(z + to * width, z + i * width, (size_t)width * sizeof *z);
            c[to++] = c[i];
        }
    put(plain->plan, "z", N * width, z);
    write_plan(plain->plan, "c", N, c);
    free(z);
    pd_plan_destroy(look);
    run_plan(sampled->plan, 1, 0);
    run_plan(plain->plan, 1, 0);
}

static void the_kept_are_trained_on(void **state)
{
    const char *model = *state;
    struct fixture sampled = {.gan = NULL}, plain = {.gan = NULL};
    make(&sampled, model, "onednn");
    make(&plain, model, "onednn");
    compile_step(&sampled, CANDIDATES, 2e-4);
    compile_step(&plain, 1, 2e-4);
    struct copy fresh = copy_vars(plain.gan);
    for (int i = 0; i < 3; i++) {
        step_both(&sampled, &plain);
        for (int k = 0; k < PD_LOSS_d_guess; k++)
            assert_true(value_at(sampled.plan, pd_loss_names[k], 0) ==
                        value_at(plain.plan, pd_loss_names[k], 0));
    }
    struct copy end = copy_vars(sampled.gan);
    assert_int_equal(count_changed(plain.gan, &end), 0);
    assert_true(count_changed(plain.gan, &fresh) > 20);
    release(&sampled);
    release(&plain);
}

/* --- the generator's gradient --- */

static double generator_loss(const struct fixture *f)
{
    run_plan(f->plan, 1, 0);
    return value_at(f->plan, "g_adv", 0) + value_at(f->plan, "g_cls", 0);
}

/* The gradient by a weight from finite differences, at about ten places, beside `grad`. */
static void check_slopes(const struct fixture *f, const char *name, const double *grad)
{
    const double h = 1e-6;
    struct pd_var *v = pd_vars_find(f->gan->vars, name);
    double *x = take_var(v), largest = 0;
    const int64_t n = var_count(v);
    for (int64_t k = 0; k < n; k += n / 10 + 1) {
        const double was = x[k];
        x[k] = was + h;
        put_var(v, x);
        const double up = generator_loss(f);
        x[k] = was - h;
        put_var(v, x);
        const double slope = (up - generator_loss(f)) / (2 * h);
        x[k] = was;
        put_var(v, x);
        if (!(fabs(slope - grad[k]) < 1e-7))
            fail_msg("%s[%lld]: %.10g, finite differences say %.10g", name, (long long)k, grad[k], slope);
        largest = fmax(largest, fabs(slope));
    }
    free(x);
    assert_true(largest > 1e-3);
}

/* With a learning rate of 0 no weight moves, and with beta1 = 0 Adam's first moment is the gradient. */
static void gradients_pass_through_the_kept(void **state)
{
    (void)state;
    static const char *const names[] = {"g.fc1.weight", "g.fc2.weight", "g.fc4.bias"};
    struct fixture f = {.gan = NULL};
    make(&f, "mlp", "ref-f64");
    enliven(f.gan);
    compile_step(&f, CANDIDATES, 0);
    fill(&f, MANY);
    for (int i = 0; i < 3; i++) {
        char moment[64];
        snprintf(moment, sizeof moment, "adam_g/%s/m", names[i]);
        struct pd_var *m = pd_vars_find(f.gan->vars, moment);
        generator_loss(&f);
        double *grad = take_var(m);
        check_slopes(&f, names[i], grad);
        free(grad);
    }
    release(&f);
}

#define MODEL(name)                                                                                          \
    {                                                                                                        \
        "the_kept_are_trained_on: " name, the_kept_are_trained_on, NULL, NULL, (void *)(uintptr_t)name       \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_passes_move_nothing),      MODEL("mlp"), MODEL("infogan"), MODEL("dcgan"),
        cmocka_unit_test(gradients_pass_through_the_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
