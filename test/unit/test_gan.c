/* Options of the training step that the golden vectors leave out. */
#include "train/gan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 8 };

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_plan *plan;
};

static void open_step(struct fixture *f, const struct pd_step_options *o)
{
    struct pd_error err;
    struct pd_model_config c;
    if (pd_backend_create(PD_BACKEND_REF_F64, 1, &f->backend, &err) ||
        pd_model_configure(pd_model_find("mlp", &err), 2, 0, 2, 2, 0.02, &c, &err) ||
        pd_gan_create(&c, f->backend, 3, &f->gan, &err) || pd_gan_compile_step(f->gan, o, &f->plan, &err))
        fail_msg("%s", err.message);
}

static void close_step(struct fixture *f)
{
    pd_plan_destroy(f->plan);
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
}

/* One step from fresh weights on the first `labelled` labels: a loss of it. */
static double loss(struct pd_step_options o, int labelled, const char *name)
{
    struct fixture f;
    o.batch = N;
    open_step(&f, &o);
    double *x = pd_plan_data(f.plan, "images");
    int32_t *labels = pd_plan_data(f.plan, "labels");
    for (int i = 0; i < N; i++) {
        x[2 * i] = i - 4;
        x[2 * i + 1] = 0.5 * i;
        labels[i] = i < labelled ? i % 2 : -1;
    }
    pd_plan_run(f.plan, 5, 0);
    double value = *(const double *)pd_plan_data(f.plan, name);
    close_step(&f);
    return value;
}

static void fakes_match_the_labels(void **state)
{
    (void)state;
    struct pd_step_options all = pd_step_defaults(), matched = all;
    matched.match_labels = true;
    const double full = loss(all, N, "d_cls_fake");
    assert_true(full > 0.01);
    assert_true(fabs(loss(all, 0, "d_cls_fake") - full) < 1e-12); /* the expectation over all fakes */
    assert_true(fabs(loss(matched, N, "d_cls_fake") - full) < 1e-12);
    assert_true(loss(matched, 0, "d_cls_fake") == 0);
    const double half = loss(matched, N / 2, "d_cls_fake");
    assert_true(half > 0.01 && half != full); /* fresh weights: all near log 2 */
}

static void weights_take_their_exponents(void **state)
{
    (void)state;
    struct pd_step_options o = pd_step_defaults();
    const double plain_d = loss(o, N, "d_adv"), plain_g = loss(o, N, "g_adv");
    o.gold = true;
    o.beta_d = 0; /* |d|^0 = 1 */
    assert_true(fabs(loss(o, N, "d_adv") - plain_d) < 1e-12);
    o.beta_d = 0.5;
    const double half = loss(o, N, "d_adv");
    o.beta_d = 1;
    const double one = loss(o, N, "d_adv");
    assert_true(fabs(half - plain_d) > 1e-3 && fabs(half - one) > 1e-3);
    o.beta_d = 0;
    o.beta_g = 1;
    assert_true(fabs(loss(o, N, "g_adv") - plain_g) > 1e-3);
}

static void data_choose_the_model(void **state)
{
    (void)state;
    struct pd_error err;
    struct pd_model_config c;
    static const struct {
        int channels, size;
        const char *name;
    } cases[] = {{2, 0, "mlp"}, {1, 32, "infogan"}, {3, 32, "dcgan"}};
    for (int i = 0; i < 3; i++) {
        const char *name = pd_default_model(cases[i].channels, cases[i].size);
        assert_string_equal(name, cases[i].name);
        const struct pd_model *model = pd_model_find(name, &err);
        assert_int_equal(pd_model_configure(model, cases[i].channels, cases[i].size, 2, 0, 1, &c, &err),
                         PD_OK);
        assert_int_equal(pd_model_configure(model, cases[i].channels, cases[i].size, 0, 0, 1, &c, &err),
                         PD_ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_choose_the_model),
        cmocka_unit_test(fakes_match_the_labels),
        cmocka_unit_test(weights_take_their_exponents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
