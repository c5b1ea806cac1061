/* Adversarial sampling (ALCG section 3.2): which candidates a step trains on, and what looking at them leaves
 * untouched. */
#include "base/rng.h"
#include "grad/verify.h"
#include "train/gan.h"

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

static void make(struct fixture *f, const char *model, enum pd_backend_kind kind)
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

static int64_t size_of(const struct pd_var *v)
{
    return pd_shape_count(pd_var_shape(v));
}

/* Livelier than fresh ones, so that gradients are something. Only for the double backend. */
static void enliven(struct pd_gan *gan)
{
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        const struct pd_rng random = {9, 1, (uint64_t)i};
        double *data = pd_var_data(pd_vars_at(gan->vars, i));
        for (int64_t k = 0; k < size_of(pd_vars_at(gan->vars, i)); k++)
            data[k] = 0.4 * pd_rng_normal(&random, (uint64_t)k);
    }
}

/* Values of an input of n reals, of a stream of their own. */
static void put_reals(const struct fixture *f, const char *name, int64_t n)
{
    const struct pd_rng random = {4, (uint32_t)name[0], 0};
    void *to = pd_plan_data(f->plan, name);
    for (int64_t i = 0; i < n; i++)
        if (pd_backend_real_size(f->backend) == 8)
            ((double *)to)[i] = pd_rng_normal(&random, (uint64_t)i);
        else
            ((float *)to)[i] = (float)pd_rng_normal(&random, (uint64_t)i);
}

static void fill(const struct fixture *f, int64_t n)
{
    const struct pd_model_config *c = &f->gan->config;
    put_reals(f, "images", (int64_t)N * c->channels * (c->size ? c->size * c->size : 1));
    put_reals(f, "z", n * c->z_dim);
    for (int i = 0; i < N; i++)
        ((int32_t *)pd_plan_data(f->plan, "labels"))[i] = i % CLASSES;
    for (int64_t i = 0; i < n; i++)
        ((int32_t *)pd_plan_data(f->plan, "c"))[i] = (int32_t)(i % CLASSES);
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
    void *at[256];
};

static struct copy copy_vars(const struct pd_gan *gan)
{
    struct copy c = {{NULL}};
    assert_true(pd_vars_count(gan->vars) <= 256);
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        const size_t bytes = (size_t)size_of(v) * pd_backend_real_size(gan->backend);
        c.at[i] = malloc(bytes);
        assert_non_null(c.at[i]);
        memcpy(c.at[i], pd_var_data(v), bytes);
    }
    return c;
}

/* How many variables differ from the copy, which goes. */
static int count_changed(const struct pd_gan *gan, struct copy *c)
{
    int changed = 0;
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        const size_t bytes = (size_t)size_of(v) * pd_backend_real_size(gan->backend);
        changed += memcmp(c->at[i], pd_var_data(v), bytes) != 0;
        free(c->at[i]);
    }
    return changed;
}

static void frozen_passes_move_nothing(void **state)
{
    (void)state;
    struct fixture f = {.gan = NULL};
    make(&f, "infogan", PD_BACKEND_ONEDNN);
    for (int frozen = 1; frozen >= 0; frozen--) {
        struct copy before = copy_vars(f.gan);
        struct pd_plan *look = logits(&f, frozen);
        struct fixture l = {f.backend, f.gan, look};
        put_reals(&l, "z", (int64_t)MANY * f.gan->config.z_dim);
        memset(pd_plan_data(look, "c"), 0, sizeof(int32_t[MANY]));
        assert_int_equal(pd_plan_run(look, 1, 0, NULL), PD_OK);
        const int changed = count_changed(f.gan, &before);
        assert_true(frozen ? changed == 0 : changed == 14); /* five batch norms, two spectral norms */
        pd_plan_destroy(look);
    }
    release(&f);
}

/* --- the step is a plain step on the kept candidates --- */

static int better_first(const void *a, const void *b)
{
    const float *x = *(const float *const *)a, *y = *(const float *const *)b;
    return *x != *y ? (*x < *y ? 1 : -1) : (x > y) - (x < y);
}

/* kept[i]: is candidate i among the N of largest logit? By sorting, as the kernel does not. */
static void choose(const float *logit, bool kept[MANY])
{
    const float *order[MANY];
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
    const float *z = pd_plan_data(sampled->plan, "z");
    const int32_t *c = pd_plan_data(sampled->plan, "c");
    memcpy(pd_plan_data(look, "z"), z, (size_t)(MANY * width) * sizeof *z);
    memcpy(pd_plan_data(look, "c"), c, MANY * sizeof *c);
    assert_int_equal(pd_plan_run(look, 1, 0, NULL), PD_OK);
    choose(pd_plan_data(look, "logit"), kept);
    float *to = pd_plan_data(plain->plan, "z");
    int32_t *class = pd_plan_data(plain->plan, "c");
    for (int i = 0; i < MANY; i++)
        if (kept[i]) {
            memcpy(to, z + i * width, (size_t)width * sizeof *z);
            to += width;
            *class ++ = c[i];
        }
    pd_plan_destroy(look);
    assert_int_equal(pd_plan_run(sampled->plan, 1, 0, NULL), PD_OK);
    assert_int_equal(pd_plan_run(plain->plan, 1, 0, NULL), PD_OK);
}

static void the_kept_are_trained_on(void **state)
{
    const char *model = *state;
    struct fixture sampled = {.gan = NULL}, plain = {.gan = NULL};
    make(&sampled, model, PD_BACKEND_ONEDNN);
    make(&plain, model, PD_BACKEND_ONEDNN);
    compile_step(&sampled, CANDIDATES, 2e-4);
    compile_step(&plain, 1, 2e-4);
    struct copy fresh = copy_vars(plain.gan);
    for (int i = 0; i < 3; i++) {
        step_both(&sampled, &plain);
        for (int k = 0; k < PD_LOSS_COUNT; k++)
            assert_true(pd_plan_scalar(sampled.plan, pd_loss_names[k]) ==
                        pd_plan_scalar(plain.plan, pd_loss_names[k]));
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
    assert_int_equal(pd_plan_run(f->plan, 1, 0, NULL), PD_OK);
    return *(const double *)pd_plan_data(f->plan, "g_adv") + *(const double *)pd_plan_data(f->plan, "g_cls");
}

/* The gradient by a weight from finite differences, at about ten places, beside `grad`. */
static void check_slopes(const struct fixture *f, const char *name, const double *grad)
{
    const double h = 1e-6;
    struct pd_var *v = pd_vars_find(f->gan->vars, name);
    double *x = pd_var_data(v), largest = 0;
    const int64_t n = size_of(v);
    for (int64_t k = 0; k < n; k += n / 10 + 1) {
        const double was = x[k];
        x[k] = was + h;
        const double up = generator_loss(f);
        x[k] = was - h;
        const double slope = (up - generator_loss(f)) / (2 * h);
        x[k] = was;
        if (!(fabs(slope - grad[k]) < 1e-7))
            fail_msg("%s[%lld]: %.10g, finite differences say %.10g", name, (long long)k, grad[k], slope);
        largest = fmax(largest, fabs(slope));
    }
    assert_true(largest > 1e-3);
}

/* With a learning rate of 0 no weight moves, and with beta1 = 0 Adam's first moment is the gradient. */
static void gradients_pass_through_the_kept(void **state)
{
    (void)state;
    static const char *const names[] = {"g.fc1.weight", "g.fc2.weight", "g.fc4.bias"};
    struct fixture f = {.gan = NULL};
    make(&f, "mlp", PD_BACKEND_REF_F64);
    enliven(f.gan);
    compile_step(&f, CANDIDATES, 0);
    fill(&f, MANY);
    for (int i = 0; i < 3; i++) {
        char moment[64];
        snprintf(moment, sizeof moment, "adam_g/%s/m", names[i]);
        struct pd_var *m = pd_vars_find(f.gan->vars, moment);
        double *grad = malloc((size_t)size_of(m) * sizeof *grad);
        generator_loss(&f);
        pd_var_read_f64(m, grad);
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
