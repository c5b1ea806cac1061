/* Replays PyTorch's twenty recorded steps (test/golden/README.md): every loss and all final weights. */
#include "io/safetensors.h"
#include "train/gan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 20 };

struct replay {
    struct pd_safetensors *st;
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_plan *step;
    bool f64;
    int batch;
    double worst_5, worst_20, worst_weight; /* relative errors */
    char worst_name[96];
};

static int number(const struct replay *r, const char *key)
{
    const char *text = pd_safetensors_meta(r->st, key);
    return text ? atoi(text) : 0;
}

static double real(const struct replay *r, const char *key)
{
    const char *text = pd_safetensors_meta(r->st, key);
    return text ? atof(text) : 0;
}

static struct pd_model_config config(const struct replay *r)
{
    struct pd_error err;
    struct pd_model_config c = {.model = pd_model_find(pd_safetensors_meta(r->st, "model"), &err)};
    c.channels = c.model->points ? 2 : number(r, "channels");
    c.size = c.model->points ? 0 : number(r, "size");
    c.classes = number(r, "classes");
    c.z_dim = number(r, "z_dim");
    if (c.model->points) {
        c.widths[0] = number(r, "width_fc");
    } else {
        c.widths[0] = number(r, "width_conv1");
        c.widths[1] = number(r, "width_conv2");
        c.widths[2] = number(r, "width_fc") + number(r, "width_conv3"); /* a model has one of them */
    }
    return c;
}

/* An array's element i as double, from either float type. */
static double at(const struct pd_io_array *a, int64_t i)
{
    return a->dtype == PD_IO_F64 ? ((const double *)a->data)[i] : (double)((const float *)a->data)[i];
}

static void load_initial(const struct replay *r)
{
    for (int i = 0; i < pd_vars_count(r->gan->vars); i++) {
        struct pd_var *v = pd_vars_at(r->gan->vars, i);
        char name[128];
        snprintf(name, sizeof name, "init/%s", pd_var_name(v));
        const struct pd_io_array *a = pd_safetensors_find(r->st, name);
        if (!a)
            continue; /* optimiser state starts at zero */
        int64_t n = pd_shape_count(pd_var_shape(v));
        assert_int_equal(n, pd_io_array_count(a));
        double *values = malloc((size_t)n * sizeof *values);
        for (int64_t k = 0; k < n; k++)
            values[k] = at(a, k);
        pd_var_write_f64(v, values);
        free(values);
    }
}

/* Row `step` of a recorded tensor into a plan input. */
static void feed(const struct replay *r, struct pd_plan *plan, const char *input, const char *tensor,
                 int step)
{
    const struct pd_io_array *a = pd_safetensors_find(r->st, tensor);
    void *to = pd_plan_data(plan, input);
    assert_non_null(a);
    assert_non_null(to);
    int64_t n = pd_io_array_count(a) / STEPS;
    for (int64_t k = 0; k < n; k++)
        if (a->dtype == PD_IO_I32)
            ((int32_t *)to)[k] = ((const int32_t *)a->data)[step * n + k];
        else if (r->f64)
            ((double *)to)[k] = at(a, step * n + k);
        else
            ((float *)to)[k] = (float)at(a, step * n + k);
}

static void open_replay(struct replay *r, const char *name, enum pd_backend_kind kind)
{
    struct pd_error err = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/golden/%s.safetensors", PD_TEST_DIR, name);
    memset(r, 0, sizeof *r);
    if (pd_safetensors_open(path, &r->st, &err) || pd_backend_create(kind, 2, &r->backend, &err))
        fail_msg("%s", err.message);
    r->f64 = kind == PD_BACKEND_REF_F64;
    r->batch = number(r, "batch");
    struct pd_model_config c = config(r);
    struct pd_step_options o = pd_step_defaults();
    o.batch = r->batch;
    o.lambda_c = real(r, "lambda_c");
    o.beta_d = real(r, "beta_d");
    o.gold = number(r, "gold");
    o.gold_balanced = number(r, "gold_balanced");
    o.gold_normalised = number(r, "gold_normalised");
    o.gold_clip = real(r, "gold_clip");
    o.adversarial = number(r, "adversarial") > 1 ? number(r, "adversarial") : 1;
    o.adam.lr = real(r, "lr");
    o.noise_given = true;
    if (pd_gan_create(&c, r->backend, 1, &r->gan, &err) || pd_gan_compile_step(r->gan, &o, &r->step, &err))
        fail_msg("%s", err.message);
    load_initial(r);
}

static void close_replay(struct replay *r)
{
    pd_plan_destroy(r->step);
    pd_gan_destroy(r->gan);
    pd_backend_destroy(r->backend);
    pd_safetensors_destroy(r->st);
}

static double loss(const struct replay *r, int i)
{
    const void *data = pd_plan_data(r->step, pd_loss_names[i]);
    return r->f64 ? *(const double *)data : (double)*(const float *)data;
}

static void run_steps(struct replay *r)
{
    const struct pd_io_array *losses = pd_safetensors_find(r->st, "losses");
    for (int s = 0; s < STEPS; s++) {
        feed(r, r->step, "images", "batch/images", s);
        feed(r, r->step, "labels", "batch/labels", s);
        feed(r, r->step, "z", "batch/z", s);
        feed(r, r->step, "c", "batch/c", s);
        pd_plan_run(r->step, 1, (uint64_t)s);
        for (int i = 0; i < PD_LOSS_COUNT; i++) {
            double expected = at(losses, s * PD_LOSS_COUNT + i);
            double error = fabs(loss(r, i) - expected) / fmax(fabs(expected), 1e-3);
            r->worst_20 = fmax(r->worst_20, error);
            if (s < 5)
                r->worst_5 = fmax(r->worst_5, error);
        }
    }
}

static void compare_weights(struct replay *r)
{
    int compared = 0;
    for (int i = 0; i < pd_vars_count(r->gan->vars); i++) {
        struct pd_var *v = pd_vars_at(r->gan->vars, i);
        char name[128];
        snprintf(name, sizeof name, "final/%s", pd_var_name(v));
        const struct pd_io_array *a = pd_safetensors_find(r->st, name);
        if (!a)
            continue;
        int64_t n = pd_shape_count(pd_var_shape(v));
        double *values = malloc((size_t)n * sizeof *values), difference = 0, norm = 0;
        pd_var_read_f64(v, values);
        for (int64_t k = 0; k < n; k++) {
            difference += (values[k] - at(a, k)) * (values[k] - at(a, k));
            norm += at(a, k) * at(a, k);
        }
        free(values);
        compared++;
        double error = sqrt(difference / fmax(norm, 1e-30));
        if (error > r->worst_weight) {
            r->worst_weight = error;
            snprintf(r->worst_name, sizeof r->worst_name, "%s", pd_var_name(v));
        }
    }
    assert_true(compared >= 12);
}

static void replay(const char *name, enum pd_backend_kind kind, double bar_5, double bar_20)
{
    struct replay r;
    open_replay(&r, name, kind);
    run_steps(&r);
    compare_weights(&r);
    print_message("%-20s %s: losses %.1e over 5 steps, %.1e over 20; final weights %.1e (%s)\n", name,
                  kind == PD_BACKEND_REF_F64 ? "ref f64" : "onednn ", r.worst_5, r.worst_20, r.worst_weight,
                  r.worst_name);
    assert_true(r.worst_5 < bar_5 && r.worst_20 < bar_20 && r.worst_weight < bar_20);
    close_replay(&r);
}

static void test_golden(void **state)
{
    const char *name = *state;
    replay(name, PD_BACKEND_REF_F64, 1e-8, 1e-8);
    replay(name, PD_BACKEND_ONEDNN, 1e-4, 1e-3);
}

#define GOLDEN(name)                                                                                         \
    {                                                                                                        \
        name, test_golden, NULL, NULL, (void *)(uintptr_t)name                                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        GOLDEN("mlp-plain"),        GOLDEN("mlp-semi"),
        GOLDEN("mlp-gold"),         GOLDEN("mlp-adversarial"),
        GOLDEN("infogan-plain"),    GOLDEN("infogan-semi"),
        GOLDEN("infogan-gold"),     GOLDEN("infogan-adversarial"),
        GOLDEN("infogan-balanced"), GOLDEN("dcgan-semi"),
        GOLDEN("dcgan-gold"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
