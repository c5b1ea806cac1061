/* Replays PyTorch's twenty recorded steps (test/golden/README.md): every loss and all final weights. */
#include "io/safetensors.h"
#include "plans.h"
#include "active/recipe.h"
#include "gan/gan.h"
#include "run/options.h"
#include "run/setup.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a sanitizer finds is in the first steps: a critic's cycle has five. */
enum {
    STEPS = 20,
#ifdef __SANITIZE_ADDRESS__
    REPLAYED = 6
#else
    REPLAYED = STEPS
#endif
};

struct replay {
    struct pd_safetensors *st;
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_step_plans steps;
    int batch;
    double worst_5, worst_20, worst_weight, worst_evaluated; /* relative errors */
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
    struct pd_model_config c = {.model = pd_model_find(pd_safetensors_meta(r->st, "model"), &err),
                                .channels = number(r, "channels"),
                                .size = number(r, "size"),
                                .classes = number(r, "classes"),
                                .z_dim = number(r, "z_dim")};
    for (int i = 0; i < PD_MAX_WIDTHS; i++) {
        char key[16];
        snprintf(key, sizeof key, "width%d", i + 1);
        c.widths[i] = number(r, key);
    }
    return c;
}

static struct pd_step_options options(const struct replay *r)
{
    struct pd_error err = {0};
    struct pd_step_options o = pd_step_defaults();
    const struct pd_loss *loss = pd_loss_find(pd_safetensors_meta(r->st, "loss"), &err);
    if (!loss || pd_augment_parse(pd_safetensors_meta(r->st, "augment"), &o.augment, &err))
        fail_msg("%s", err.message);
    o.batch = r->batch;
    o.lambda_c = real(r, "lambda_c");
    o.beta_d = real(r, "beta_d");
    o.gold = number(r, "gold");
    o.gold_balanced = number(r, "gold_balanced");
    o.gold_normalised = number(r, "gold_normalised");
    o.gold_clip = real(r, "gold_clip");
    o.gold_broadcast = number(r, "gold_broadcast");
    o.gold_epsilon = real(r, "gold_epsilon");
    o.match_labels = number(r, "match_labels");
    o.fake_confidence = number(r, "fake_confidence");
    o.separate_forwards = number(r, "separate_forwards");
    o.adversarial = number(r, "adversarial");
    o.loss = loss->kind;
    o.critic_steps = number(r, "critic_steps");
    o.ema = real(r, "ema");
    o.top_k = number(r, "top_k");
    o.adam.lr = real(r, "lr");
    o.adam.beta1 = real(r, "beta1");
    o.adam.beta2 = real(r, "beta2");
    o.ema_d = real(r, "ema_d");
    o.rotation = real(r, "rotation");
    o.rotation_g = real(r, "rotation_g");
    o.consistency = (struct pd_consistency_options){
        .weight = real(r, "consistency"), .threshold = real(r, "threshold"), .align = number(r, "align")};
    if (o.consistency.weight > 0) {
        o.labelled_weight = real(r, "labelled_weight");
        pd_augment_parse(pd_safetensors_meta(r->st, "strong_augment"), &o.consistency.augment, &err);
    }
    o.noise_given = true;
    return o;
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
        put_var(v, values);
        free(values);
    }
}

/* The first rows of batch `step` into a plan input. */
static void feed(const struct replay *r, struct pd_plan *plan, const char *input, int step, int rows)
{
    char name[64];
    snprintf(name, sizeof name, "batch/%s", input);
    const struct pd_io_array *a = pd_safetensors_find(r->st, name);
    assert_non_null(a);
    const int64_t in_batch = pd_io_array_count(a) / STEPS, n = in_batch / a->dims[1] * rows;
    if (a->dtype == PD_IO_I32) {
        write_plan(plan, input, n, (const int32_t *)a->data + step * in_batch);
        return;
    }
    double *values = malloc((size_t)n * sizeof *values);
    for (int64_t k = 0; k < n; k++)
        values[k] = at(a, step * in_batch + k);
    put(plan, input, n, values);
    free(values);
}

static void open_replay(struct replay *r, const char *name, const char *kind)
{
    struct pd_error err = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/golden/%s.safetensors", PD_TEST_DIR, name);
    memset(r, 0, sizeof *r);
    if (pd_safetensors_open(path, &r->st, &err))
        fail_msg("%s", err.message);
    r->backend = open_backend(kind, 2);
    r->batch = number(r, "batch");
    struct pd_model_config c = config(r);
    struct pd_step_options o = options(r);
    if (pd_gan_create(&c, r->backend, 1, &r->gan, &err) || pd_step_plans_compile(r->gan, &o, &r->steps, &err))
        fail_msg("%s", err.message);
    load_initial(r);
}

static void close_replay(struct replay *r)
{
    pd_step_plans_release(&r->steps);
    pd_gan_destroy(r->gan);
    pd_backend_destroy(r->backend);
    pd_safetensors_destroy(r->st);
}

/* A critic's step has no loss of the generator: NaN is recorded. */
static void compare_losses(struct replay *r, struct pd_plan *plan, int step)
{
    const struct pd_io_array *losses = pd_safetensors_find(r->st, "losses");
    const int columns = (int)losses->dims[1];    /* older files' steps have the first of them */
    for (int i = 0; i < PD_LOSS_labelled; i++) { /* that is a count */
        const double expected = i < columns ? at(losses, step * columns + i) : NAN;
        assert_int_equal(isnan(expected), !pd_plan_has(plan, pd_loss_names[i]));
        if (isnan(expected))
            continue;
        const double error =
            fabs(value_at(plan, pd_loss_names[i], 0) - expected) / fmax(fabs(expected), 1e-3);
        assert_false(isnan(error));
        r->worst_20 = fmax(r->worst_20, error);
        if (step < 5)
            r->worst_5 = fmax(r->worst_5, error);
    }
}

static void run_steps(struct replay *r)
{
    const int candidates = r->batch * number(r, "adversarial");
    for (int s = 0; s < REPLAYED; s++) {
        struct pd_plan *plan = pd_step_plan(&r->steps, (uint64_t)s);
        feed(r, plan, "images", s, r->batch);
        feed(r, plan, "labels", s, r->batch);
        feed(r, plan, "z", s, candidates);
        feed(r, plan, "c", s, candidates);
        run_plan(plan, (uint64_t)number(r, "seed"), (uint64_t)s);
        compare_losses(r, plan, s);
    }
}

/* |values - recorded| / |recorded|, over all elements. */
static double relative(const struct pd_io_array *recorded, const double *values)
{
    double difference = 0, norm = 0;
    for (int64_t k = 0; k < pd_io_array_count(recorded); k++) {
        difference += (values[k] - at(recorded, k)) * (values[k] - at(recorded, k));
        norm += at(recorded, k) * at(recorded, k);
    }
    return sqrt(difference / fmax(norm, 1e-30));
}

static void compare_weights(struct replay *r)
{
    int compared = 0;
    for (int i = 0; i < pd_vars_count(r->gan->vars); i++) {
        struct pd_var *v = pd_vars_at(r->gan->vars, i);
        char name[128];
        snprintf(name, sizeof name, "final/%s", pd_var_name(v));
        const struct pd_io_array *a = pd_safetensors_find(r->st, name);
        if (!a) {
            assert_memory_equal(pd_var_name(v), "adam", 4);
            continue;
        }
        const int64_t n = pd_io_array_count(a);
        assert_int_equal(n, pd_shape_count(pd_var_shape(v)));
        double *values = take_var(v);
        const double error = relative(a, values);
        free(values);
        compared++;
        assert_false(isnan(error));
        if (error > r->worst_weight) {
            r->worst_weight = error;
            snprintf(r->worst_name, sizeof r->worst_name, "%s", pd_var_name(v));
        }
    }
    assert_true(compared >= 12);
}

static void compare_evaluated(struct replay *r, struct pd_plan *plan, const char *output)
{
    char name[64];
    snprintf(name, sizeof name, "eval/%s", output);
    const struct pd_io_array *a = pd_safetensors_find(r->st, name);
    assert_non_null(a);
    double *values = taken(plan, output, pd_io_array_count(a));
    assert_non_null(values);
    const double error = relative(a, values);
    free(values);
    assert_false(isnan(error));
    r->worst_evaluated = fmax(r->worst_evaluated, error);
}

/* Samples and scores of the trained networks. */
static void evaluate(struct replay *r)
{
    struct pd_error err = {0};
    struct pd_plan *generator = NULL, *scorer = NULL;
    if (pd_gan_compile_generator(r->gan, r->batch, &generator, &err) ||
        pd_gan_compile_scorer(r->gan, PD_ORIGIN_REAL, r->batch, &scorer, &err))
        fail_msg("%s", err.message);
    feed(r, generator, "z", 0, r->batch);
    feed(r, generator, "c", 0, r->batch);
    feed(r, scorer, "images", 0, r->batch);
    run_plan(generator, 1, 0);
    run_plan(scorer, 1, 0);
    compare_evaluated(r, generator, "images");
    compare_evaluated(r, scorer, "logit");
    compare_evaluated(r, scorer, "class_logits");
    pd_plan_destroy(generator);
    pd_plan_destroy(scorer);
}

static void replay(const char *name, const char *kind, double bar_5, double bar_20)
{
    struct replay r;
    open_replay(&r, name, kind);
    run_steps(&r);
    compare_weights(&r);
    evaluate(&r);
    print_message(
        "%-20s %-10s: losses %.1e over 5 steps, %.1e over 20; final weights %.1e (%s); outputs %.1e\n", name,
        kind, r.worst_5, r.worst_20, r.worst_weight, r.worst_name, r.worst_evaluated);
    assert_true(r.worst_5 < bar_5 && r.worst_20 < bar_20);
    assert_true(REPLAYED < STEPS || (r.worst_weight < bar_20 && r.worst_evaluated < bar_20));
    close_replay(&r);
}

/* CUDA's kernels as C, on a stand-in of its libraries, are slow; these have all its ops between them. The
 * others with PAYDIRT_GOLDEN_ALL. */
static bool on_the_card(const char *name)
{
    static const char *const names[] = {"mlp-adversarial", "infogan-gold",  "dcgan-augmented",
                                        "sngan-turned",    "wgan-gp-plain", "acgan-reference"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void test_golden(void **state)
{
    const char *name = *state;
    const double bar_5 = strstr(name, "-reference") ? 1e-5 : 1e-4;
    if (!strstr(name, "-tiles")) /* which are for oneDNN's way; the mathematics is that of -plain */
        replay(name, "fenced-f64", 1e-8, 1e-8); /* the reference's kernels */
    replay(name, "ref", bar_5, 1e-3);
    replay(name, "onednn", bar_5, 1e-3);
    if (!getenv("PAYDIRT_NO_STANDIN") && (getenv("PAYDIRT_GOLDEN_ALL") || on_the_card(name)))
        replay(name, "cuda", bar_5, 1e-3);
}

static bool nothing_given(const void *context, const char *name)
{
    (void)context;
    return !name;
}

/* What --like gold-code makes of the paper's recipe is the step that PyTorch computed. */
static void test_like_gold_code(void **state)
{
    (void)state;
    struct replay r;
    struct pd_recipe like, paper;
    struct pd_train_options o;
    struct pd_error err = {0};
    pd_train_options_init(&o);
    const struct pd_option_table table = pd_train_options_table(&o);
    if (pd_recipe_read("gold-mnist", &paper, &err) || pd_like_read("gold-code", "train", &like, &err) ||
        pd_recipe_apply(&paper, &table, 1, nothing_given, NULL, &err) ||
        pd_recipe_apply(&like, &table, 1, nothing_given, NULL, &err))
        fail_msg("%s", err.message);
    open_replay(&r, "infogan-reference", "ref");
    struct pd_step_options made = pd_setup_step(&o), recorded = options(&r);
    assert_true(o.gold && recorded.gold); /* which the schedule gives to the step */
    made.gold = true;
    made.batch = recorded.batch;
    made.critic_steps = recorded.critic_steps; /* the loss's */
    made.noise_given = true;
    assert_true(made.gold_broadcast && made.separate_forwards && made.match_labels);
    assert_true(made.gold_epsilon == recorded.gold_epsilon && made.lambda_c == recorded.lambda_c);
    pd_step_plans_release(&r.steps);
    if (pd_step_plans_compile(r.gan, &made, &r.steps, &err))
        fail_msg("%s", err.message);
    run_steps(&r);
    compare_weights(&r);
    assert_true(r.worst_5 < 1e-5 && r.worst_20 < 1e-3);
    assert_true(REPLAYED < STEPS || r.worst_weight < 1e-3);
    close_replay(&r);
    pd_recipe_release(&paper);
    pd_recipe_release(&like);
}

#define GOLDEN(name)                                                                                         \
    {                                                                                                        \
        name, test_golden, NULL, NULL, (void *)(uintptr_t)name                                               \
    }

/* With an argument, only the cases whose name matches it. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        GOLDEN("mlp-plain"),          GOLDEN("mlp-semi"),
        GOLDEN("mlp-gold"),           GOLDEN("mlp-adversarial"),
        GOLDEN("infogan-plain"),      GOLDEN("infogan-semi"),
        GOLDEN("infogan-gold"),       GOLDEN("infogan-adversarial"),
        GOLDEN("infogan-balanced"),   GOLDEN("infogan-reference"),
        GOLDEN("infogan-consistent"), GOLDEN("acgan-reference"),
        GOLDEN("dcgan-confident"),    GOLDEN("dcgan-semi"),
        GOLDEN("dcgan-gold"),         GOLDEN("dcgan-hinge"),
        GOLDEN("dcgan-augmented"),    GOLDEN("sngan-plain"),
        GOLDEN("sngan-turned"),       GOLDEN("acgan-turned"),
        GOLDEN("wgan-gp-plain"),      GOLDEN("wgan-gp-wide"),
        GOLDEN("wgan-gp-tiles"),      GOLDEN("acgan-semi"),
        GOLDEN("acgan-gold"),         cmocka_unit_test(test_like_gold_code),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
