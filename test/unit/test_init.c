/* How networks start. */
#include "plans.h"
#include "gan/gan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 10, Z = 100 };

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
};

static struct fixture make(const char *model, int channels, int size)
{
    struct fixture f;
    struct pd_error err;
    struct pd_model_config c;
    if (pd_backend_create("fenced", 1, &f.backend, &err) ||
        pd_model_configure(pd_model_find(model, &err), channels, size, CLASSES, Z, 1, &c, &err) ||
        pd_gan_create(&c, f.backend, 5, &f.gan, &err))
        fail_msg("%s", err.message);
    return f;
}

static void release(struct fixture *f)
{
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
}

struct moments {
    double mean, std, least, most;
    int64_t n;
};

static struct moments moments(const struct fixture *f, const char *name)
{
    struct pd_var *v = pd_vars_find(f->gan->vars, name);
    if (!v)
        fail_msg("no variable %s", name);
    struct moments m = {.least = HUGE_VAL, .most = -HUGE_VAL, .n = pd_shape_count(pd_var_shape(v))};
    double *x = take_var(v);
    for (int64_t i = 0; i < m.n; i++) {
        m.mean += x[i] / (double)m.n;
        m.least = fmin(m.least, x[i]);
        m.most = fmax(m.most, x[i]);
    }
    for (int64_t i = 0; i < m.n; i++)
        m.std += (x[i] - m.mean) * (x[i] - m.mean) / (double)m.n;
    m.std = sqrt(m.std);
    free(x);
    return m;
}

/* Uniform between -bound and bound: of n numbers the ends lie within 10 / n of them, mean and deviation
 * within five of their standard errors (the deviation's: at most bound / sqrt(3 n)). */
static void assert_uniform(const struct fixture *f, const char *name, double bound)
{
    const struct moments m = moments(f, name);
    const double n = (double)m.n, error = bound / sqrt(3 * n);
    if (m.least < -bound || m.most > bound || m.most < bound * (1 - 20 / n) ||
        m.least > -bound * (1 - 20 / n) || fabs(m.mean) > 5 * error ||
        fabs(m.std - bound / sqrt(3)) > 5 * error)
        fail_msg("%s: %g to %g, mean %g, std %g for a bound of %g", name, m.least, m.most, m.mean, m.std,
                 bound);
}

static void assert_constant(const struct fixture *f, const char *name, double value)
{
    const struct moments m = moments(f, name);
    if (m.least != value || m.most != value)
        fail_msg("%s: %g to %g, expected %g", name, m.least, m.most, value);
}

static void assert_normal(const struct fixture *f, const char *name, double mean, double std)
{
    const struct moments m = moments(f, name);
    const double error = std / sqrt((double)m.n);
    if (fabs(m.mean - mean) > 5 * error || fabs(m.std - std) > 5 * error)
        fail_msg("%s: mean %g, std %g, expected %g, %g", name, m.mean, m.std, mean, std);
}

/* torch.nn's reset_parameters(): 1 / sqrt(fan in), of a ConvTranspose2d's (in, out, k, k) out * k * k. */
static void acgan_starts_as_pytorch(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int fan_in;
    } layers[] = {
        {"g.fc1.weight", Z + CLASSES},        {"g.fc1.bias", Z + CLASSES},
        {"g.deconv1.weight", 192 * 4 * 4},    {"g.deconv2.weight", 96 * 4 * 4},
        {"g.deconv3.weight", 48 * 4 * 4},     {"g.deconv4.weight", 3 * 4 * 4},
        {"d.conv1.weight_orig", 3 * 3 * 3},   {"d.conv2.weight_orig", 16 * 3 * 3},
        {"d.conv3.weight_orig", 32 * 3 * 3},  {"d.conv4.weight_orig", 64 * 3 * 3},
        {"d.conv5.weight_orig", 128 * 3 * 3}, {"d.conv6.weight_orig", 256 * 3 * 3},
        {"d.logit.weight", 512 * 4 * 4},      {"d.class.weight", 512 * 4 * 4},
    };
    struct fixture f = make("acgan", 3, 32);
    char name[40];
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        assert_uniform(&f, layers[i].name, 1 / sqrt(layers[i].fan_in));
    for (int i = 2; i <= 6; i++) {
        assert_constant(&f, (snprintf(name, sizeof name, "d.bn%d.weight", i), name), 1);
        assert_constant(&f, (snprintf(name, sizeof name, "d.bn%d.bias", i), name), 0);
    }
    for (int i = 1; i <= 3; i++)
        assert_constant(&f, (snprintf(name, sizeof name, "g.bn%d.weight", i), name), 1);
    const double head = 1 / sqrt(512 * 4 * 4); /* too few of them for moments */
    assert_true(fabs(moments(&f, "d.logit.bias").mean) <= head && moments(&f, "d.class.bias").most <= head);
    assert_true(moments(&f, "d.class.bias").std > 0);
    release(&f);
    f = make("acgan", 1, 32);
    assert_uniform(&f, "g.deconv4.weight", 1 / sqrt(1 * 4 * 4));
    assert_constant(&f, "d.bn2.weight", 1);
    release(&f);
}

static void others_start_as_before(void **state)
{
    (void)state;
    struct fixture f = make("dcgan", 3, 32);
    assert_normal(&f, "g.deconv1.weight", 0, 0.02);
    assert_normal(&f, "d.conv2.weight", 0, 0.02);
    assert_normal(&f, "g.bn1.weight", 1, 0.02);
    assert_constant(&f, "g.fc1.bias", 0);
    release(&f);
    f = make("infogan", 1, 32);
    assert_normal(&f, "d.conv2.weight_orig", 0, 0.02);
    assert_constant(&f, "d.bn2.weight", 1);
    release(&f);
    f = make("mlp", 2, 0);
    assert_uniform(&f, "d.fc2.weight", 1 / sqrt(512));
    assert_uniform(&f, "g.fc1.bias", 1 / sqrt(Z + CLASSES));
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acgan_starts_as_pytorch),
        cmocka_unit_test(others_start_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
