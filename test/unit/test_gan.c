/* Options of the training step that the golden vectors leave out. */
#include "base/rng.h"
#include "plans.h"
#include "gan/gan.h"
#include "gan/source.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

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
    if (pd_backend_create("ref-f64", 1, &f->backend, &err) ||
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
    double x[2 * N];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        x[2 * i] = i - 4;
        x[2 * i + 1] = 0.5 * i;
        labels[i] = i < labelled ? i % 2 : -1;
    }
    put(f.plan, "images", 2 * N, x);
    write_plan(f.plan, "labels", N, labels);
    run_plan(f.plan, 5, 0);
    const double value = value_at(f.plan, name, 0);
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

/* --- GOLD's weights beside a calculation by hand --- */

/* Weights with which the fakes differ and their logits have both signs. */
static void enliven(struct pd_gan *gan, bool blind)
{
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        struct pd_var *v = pd_vars_at(gan->vars, i);
        const struct pd_rng random = {9, 1, (uint64_t)i};
        double *data = take_var(v);
        for (int64_t k = 0; k < var_count(v); k++)
            data[k] = strstr(pd_var_name(v), "adam")             ? 0
                      : blind && strstr(pd_var_name(v), "class") ? 0
                                                                 : 0.5 * pd_rng_normal(&random, (uint64_t)k);
        put_var(v, data);
        free(data);
    }
}

/* What D says of the fakes, by the plans of evaluation: mlp has nothing that differs in training. */
struct verdict {
    double logit[N], ce[N];
};

static void give_noise(struct pd_plan *plan)
{
    const struct pd_rng random = {4, 2, 0};
    double z[2 * N];
    int32_t c[N];
    for (int i = 0; i < 2 * N; i++)
        z[i] = pd_rng_normal(&random, (uint64_t)i);
    for (int i = 0; i < N; i++)
        c[i] = i % 2;
    put(plan, "z", 2 * N, z);
    write_plan(plan, "c", N, c);
}

static struct verdict judge(const struct fixture *f)
{
    struct pd_error err;
    struct pd_plan *generator = NULL, *scorer = NULL;
    struct verdict v;
    if (pd_gan_compile_generator(f->gan, N, &generator, &err) ||
        pd_gan_compile_scorer(f->gan, PD_ORIGIN_REAL, N, &scorer, &err))
        fail_msg("%s", err.message);
    give_noise(generator);
    run_plan(generator, 0, 0);
    double images[2 * N], log_p[2 * N];
    take(generator, "images", 2 * N, images);
    put(scorer, "images", 2 * N, images);
    run_plan(scorer, 0, 0);
    take(scorer, "logit", N, v.logit);
    take(scorer, "log_p", 2 * N, log_p);
    for (int i = 0; i < N; i++)
        v.ce[i] = -log_p[2 * i + i % 2];
    pd_plan_destroy(generator);
    pd_plan_destroy(scorer);
    return v;
}

static double deviation(const double *x)
{
    double mean = 0, sum = 0;
    for (int i = 0; i < N; i++)
        mean += x[i] / N;
    for (int i = 0; i < N; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sqrt(sum / N);
}

/* The generator's class loss, mean of w * CE, as the documentation has it. */
static double by_hand(const struct pd_step_options *o, const struct verdict *v)
{
    const double scale = o->gold_balanced ? deviation(v->logit) / deviation(v->ce) : 1;
    double size[N], mean = 0, loss = 0;
    for (int i = 0; i < N; i++) {
        size[i] = pow(fabs(v->logit[i] - scale * v->ce[i]), o->beta_g);
        mean += size[i] / N;
    }
    for (int i = 0; i < N; i++) {
        double w = o->gold_normalised ? size[i] / mean : size[i];
        if (o->gold_clip > 0 && w > o->gold_clip)
            w = o->gold_clip;
        loss += (v->logit[i] > scale * v->ce[i] ? w : -w) * v->ce[i] / N;
    }
    return loss;
}

/* What a step that moves nothing reports under that name. blind: D has no opinion on classes, and takes every
 * fake for real. */
static double still_loss(struct pd_step_options o, bool blind, const char *name, struct verdict *v)
{
    struct fixture f;
    o.batch = N;
    o.gold = o.noise_given = true;
    o.adam.lr = 0;
    open_step(&f, &o);
    enliven(f.gan, blind);
    if (blind)
        put_var(pd_vars_find(f.gan->vars, "d.logit.bias"), (double[]){100});
    put(f.plan, "images", 2 * N, (double[2 * N]){0});
    write_plan(f.plan, "labels", N, (int32_t[N]){0});
    give_noise(f.plan);
    run_plan(f.plan, 5, 0);
    const double loss = value_at(f.plan, name, 0);
    if (v)
        *v = judge(&f);
    close_step(&f);
    return loss;
}

static double class_loss(struct pd_step_options o, bool blind, struct verdict *v)
{
    return still_loss(o, blind, "g_cls", v);
}

static void weights_are_as_by_hand(void **state)
{
    (void)state;
    static const struct {
        bool balanced, normalised;
        double clip, beta;
    } cases[] = {{0, 0, 0, 1},   {1, 0, 0, 1},   {0, 1, 0, 1},   {0, 0, 0.1, 1},
                 {1, 1, 0, 0.5}, {1, 1, 1.2, 1}, {0, 1, 0.9, 2}, {1, 0, 0.5, 0.5}};
    double seen[8];
    for (int i = 0; i < 8; i++) {
        struct pd_step_options o = pd_step_defaults();
        struct verdict v;
        o.gold_balanced = cases[i].balanced;
        o.gold_normalised = cases[i].normalised;
        o.gold_clip = cases[i].clip;
        o.beta_g = cases[i].beta;
        seen[i] = class_loss(o, false, &v);
        const double want = by_hand(&o, &v);
        if (!(fabs(seen[i] - want) < 1e-12))
            fail_msg("case %d: %.15g, by hand %.15g", i, seen[i], want);
        for (int k = 0; k < i; k++) /* every option matters */
            if (!(fabs(seen[i] - seen[k]) > 1e-4))
                fail_msg("cases %d and %d: %g and %g", k, i, seen[k], seen[i]);
    }
}

/* Where every class loss is log 2 and every d positive, the loss is log 2 times the mean weight. */
static void normalised_weights_have_mean_size_one(void **state)
{
    (void)state;
    struct pd_step_options o = pd_step_defaults();
    o.beta_g = 1;
    const double plain = class_loss(o, true, NULL) / log(2);
    assert_true(plain > 50);
    o.gold_balanced = true; /* against a term that does not vary: as it was */
    assert_true(fabs(class_loss(o, true, NULL) / log(2) - plain) < 1e-9);
    o.gold_normalised = true;
    assert_true(fabs(class_loss(o, true, NULL) / log(2) - 1) < 1e-12);
    o.gold_normalised = false;
    o.gold_clip = 3;
    assert_true(fabs(class_loss(o, true, NULL) / log(2) - 3) < 1e-12);
}

/* GOLD's public code multiplies losses (N, 1) by weights (N), which is every loss by every weight. */
static void broadcast_weights_meet_every_loss(void **state)
{
    (void)state;
    struct pd_step_options o = pd_step_defaults();
    struct verdict v;
    const double paper = still_loss(o, false, "d_adv", &v), fakes = still_loss(o, false, "d_cls_fake", NULL);
    o.gold_broadcast = true;
    const double code = still_loss(o, false, "d_adv", NULL);
    double each = 0, every = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            const double product = (v.logit[k] - v.ce[k]) * log1p(exp(v.logit[i])) / N;
            every += product / N;
            each += i == k ? product : 0;
        }
    assert_true(fabs(every - each) > 1e-4);
    assert_true(fabs(code - paper - (every - each)) < 1e-12);
    assert_true(still_loss(o, false, "d_cls_fake", NULL) == fakes);
}

/* D's class loss alone is weighed by p of the class, on top of GOLD's weight. */
static void unlikely_fakes_teach_little(void **state)
{
    (void)state;
    struct pd_step_options o = pd_step_defaults();
    struct verdict v;
    o.fake_confidence = true;
    for (int gold = 0; gold < 2; gold++) {
        double want = 0, plain = 0;
        o.beta_d = gold;
        const double got = still_loss(o, false, "d_cls_fake", &v);
        for (int i = 0; i < N; i++) {
            const double each = o.lambda_c * (gold ? v.logit[i] - v.ce[i] : 1) * v.ce[i] / N;
            want += exp(-v.ce[i]) * each;
            plain += each;
        }
        assert_true(fabs(got - want) < 1e-12 && fabs(plain - want) > 1e-3);
    }
    const double g_cls = still_loss(o, false, "g_cls", NULL), d_adv = still_loss(o, false, "d_adv", NULL);
    o.fake_confidence = false;
    assert_true(still_loss(o, false, "g_cls", NULL) == g_cls && still_loss(o, false, "d_adv", NULL) == d_adv);
}

static void epsilon_joins_the_probability(void **state)
{
    (void)state;
    struct pd_step_options o = pd_step_defaults();
    struct verdict v;
    double d = 0;
    o.gold_epsilon = 0.25;
    const double got = still_loss(o, false, "mean_d", &v);
    for (int i = 0; i < N; i++)
        d += (v.logit[i] + log(exp(-v.ce[i]) + 0.25)) / N;
    assert_true(fabs(got - d) < 1e-12);
    o.gold_epsilon = 0;
    assert_true(fabs(still_loss(o, false, "mean_d", NULL) - d) > 0.01);
}

/* mlp stores nothing that a forward pass would move. */
static void separate_forwards_say_the_same(void **state)
{
    (void)state;
    struct pd_step_options o = pd_step_defaults(), apart = o;
    apart.separate_forwards = true;
    for (int i = 0; i < PD_LOSS_d_guess; i++)
        assert_true(still_loss(apart, false, pd_loss_names[i], NULL) ==
                    still_loss(o, false, pd_loss_names[i], NULL));
}

/* By batch statistics a sample depends on its companions, nothing stored moves, and the way back is whole. */
static void batch_statistics_are_of_the_batch(void **state)
{
    (void)state;
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_model_config c;
    struct pd_error err;
    const struct pd_model *model = pd_model_find("infogan", &err);
    float x[3][4 * 32 * 32];
    int32_t labels[4];
    if (pd_backend_create("ref", 1, &backend, &err) ||
        pd_model_configure(model, 1, 32, 2, 2, 0.02, &c, &err) || pd_gan_create(&c, backend, 3, &gan, &err))
        fail_msg("%s", err.message);
    for (int turn = 0; turn < 3; turn++) {
        struct pd_gan_source *source;
        pd_gan_use_batch_statistics(gan, turn == 1);
        assert_int_equal(pd_gan_source_create(gan, 4, 1, &source, &err), PD_OK);
        const struct pd_sample_source from = pd_gan_sample_source(source);
        assert_int_equal(from.next(from.context, 0, 4, x[turn], labels, &err), PD_OK);
        pd_gan_source_destroy(source);
    }
    assert_memory_equal(x[0], x[2], sizeof x[0]); /* fresh running statistics are 0 and 1, and stay */
    double difference = 0;
    for (int i = 0; i < 4 * 32 * 32; i++)
        difference += fabs((double)x[1][i] - (double)x[0][i]);
    assert_true(difference > 1);
    pd_gan_destroy(gan);
    pd_backend_destroy(backend);
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
        cmocka_unit_test(batch_statistics_are_of_the_batch),
        cmocka_unit_test(fakes_match_the_labels),
        cmocka_unit_test(weights_take_their_exponents),
        cmocka_unit_test(weights_are_as_by_hand),
        cmocka_unit_test(normalised_weights_have_mean_size_one),
        cmocka_unit_test(broadcast_weights_meet_every_loss),
        cmocka_unit_test(unlikely_fakes_teach_little),
        cmocka_unit_test(epsilon_joins_the_probability),
        cmocka_unit_test(separate_forwards_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
