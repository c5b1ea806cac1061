/* Several ranks with parts of a batch make the weights that one makes of the whole. */
#include "gan/gan.h"

#include "base/rng.h"
#include "engine/backend.h"
#include "plans.h"
#include "ranks.h"
#include "run/run.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { BATCH = 16, CLASSES = 3, SIZE = 16, CHANNELS = 3, STEPS = 3, MANY_STEPS = 20 };
static const int64_t image = (int64_t)CHANNELS * SIZE * SIZE;

struct training {
    const char *model, *backend;
    double width;
    uint64_t steps;
    struct pd_step_options options;
    struct pd_backend *on;
    struct pd_gan *gan;
    struct pd_step_plans plans;
    struct pd_error err;
    enum pd_status status;
};

static enum pd_status open_training(struct training *t, struct pd_ranks *ranks)
{
    struct pd_model_config c;
    enum pd_status status = pd_backend_create(t->backend, 1, &t->on, &t->err);
    if (!status)
        status = pd_model_configure(pd_model_find(t->model, NULL), CHANNELS, SIZE, CLASSES, 8, t->width, &c,
                                    &t->err);
    if (status)
        return status;
    t->on->ranks = ranks;
    t->options.batch = BATCH / pd_ranks_size(ranks);
    status = pd_gan_create(&c, t->on, 3, &t->gan, &t->err);
    return status ? status : pd_step_plans_compile(t->gan, &t->options, &t->plans, &t->err);
}

/* The rank's part of a batch of which the first three in eight have a label. */
static enum pd_status step(struct training *t, struct pd_ranks *ranks, uint64_t at)
{
    struct pd_plan *plan = pd_step_plan(&t->plans, at);
    const struct pd_rng random = {5, 1, at};
    const int64_t n = t->options.batch, first = n * pd_ranks_rank(ranks);
    const bool wide = pd_backend_real_size(t->on) == sizeof(double);
    double *images = malloc((size_t)(n * image) * sizeof *images);
    float *narrow = malloc((size_t)(n * image) * sizeof *narrow);
    int32_t labels[BATCH];
    for (int64_t i = 0; i < n * image; i++) {
        images[i] = 2 * pd_rng_uniform(&random, (uint64_t)(first * image + i)) - 1;
        narrow[i] = (float)images[i];
    }
    for (int64_t i = 0; i < n; i++)
        labels[i] = (first + i) % 8 < 3 ? (int32_t)((first + i) % CLASSES) : -1;
    enum pd_status status =
        pd_plan_write(plan, "images", wide ? (const void *)images : narrow, n * image, &t->err);
    if (!status)
        status = pd_plan_write(plan, "labels", labels, n, &t->err);
    if (!status)
        status = pd_plan_run(plan, 7, at, &t->err);
    free(images);
    free(narrow);
    return status;
}

static void train(struct pd_ranks *ranks, void *context)
{
    struct training *t = context;
    t->status = open_training(t, ranks);
    for (uint64_t at = 0; at < t->steps && !t->status; at++)
        t->status = step(t, ranks, at);
}

static void release(struct training *t)
{
    pd_step_plans_release(&t->plans);
    pd_gan_destroy(t->gan);
    pd_backend_destroy(t->on);
}

/* The largest difference of any weight or statistic of the networks. */
static double apart(const struct training *a, const struct training *b, const char **where)
{
    double most = 0;
    for (int i = 0; i < pd_vars_count(a->gan->vars); i++) {
        struct pd_var *x = pd_vars_at(a->gan->vars, i), *y = pd_vars_find(b->gan->vars, pd_var_name(x));
        if (strncmp(pd_var_name(x), "adam_", 5) == 0)
            continue;
        assert_non_null(y);
        double *p = take_var(x), *q = take_var(y);
        for (int64_t k = 0; k < var_count(x); k++)
            if (!(fabs(p[k] - q[k]) <= most)) {
                most = fabs(p[k] - q[k]);
                *where = pd_var_name(x);
            }
        free(p);
        free(q);
    }
    return most;
}

/* What is lost of a network's weights and statistics where `ranks` train it in place of one; same: all ranks
 * have the same bits. */
static double difference(const struct training *how, int ranks, const char **where)
{
    struct thread_ranks all = {.sums = 0};
    struct training one = *how, parts[MOST_RANKS];
    void *contexts[MOST_RANKS];
    train(NULL, &one);
    for (int r = 0; r < ranks; r++) {
        parts[r] = *how;
        contexts[r] = &parts[r];
    }
    on_ranks(&all, ranks, train, contexts);
    assert_false(all.differ);
    assert_true(all.sums > 0);
    assert_true((all.swaps > 0) == (how->width > 0.1)); /* weights large enough to be shared */
    for (int r = 0; r < ranks; r++)
        if (one.status || parts[r].status)
            fail_msg("%s: %s", how->model, one.status ? one.err.message : parts[r].err.message);
    const double most = apart(&one, &parts[0], where);
    for (int r = 1; r < ranks; r++)
        assert_true(apart(&parts[0], &parts[r], where) == 0);
    for (int r = 0; r < ranks; r++)
        release(&parts[r]);
    release(&one);
    return most;
}

static struct training of(const char *model, const char *backend)
{
    struct training t = {
        .model = model, .backend = backend, .width = 0.0625, .steps = STEPS, .options = pd_step_defaults()};
    t.options.sync_statistics = true;
    return t;
}

static void check(const struct training *t, int ranks, double bar)
{
    const char *where = "";
    const double most = difference(t, ranks, &where);
    if (!(most <= bar))
        fail_msg("%s on %s, %d ranks: %s is %g off, expected at most %g", t->model, t->backend, ranks, where,
                 most, bar);
}

static void ranks_make_the_weights_of_one(void **state)
{
    (void)state;
    static const char *const models[] = {"infogan", "acgan", "dcgan", "sngan", "wgan-gp"};
    for (int i = 0; i < 5; i++) {
        struct training t = of(models[i], "ref-f64");
        t.options.loss = i == 4 ? PD_LOSS_KIND_WGAN_GP : PD_LOSS_KIND_GAN;
        t.options.critic_steps = i == 4 ? 2 : 1;
        t.options.gold = i < 4;
        t.steps = i == 0 ? MANY_STEPS : STEPS;
        check(&t, i == 0 ? 4 : 2, 1e-9);
    }
}

static void all_options_go_over_ranks(void **state)
{
    (void)state;
    struct training t = of("infogan", "ref-f64");
    t.options.gold = t.options.gold_balanced = t.options.gold_normalised = true;
    t.options.match_labels = true;
    t.options.ema = t.options.ema_d = 0.9;
    t.options.augment = t.options.consistency.augment = 7;
    t.options.labelled_weight = 0.3;
    t.options.consistency.weight = 1;
    t.options.consistency.threshold = 0.34;
    t.options.consistency.align = true;
    t.options.fake_confidence = true;
    t.options.rotation = 1;
    t.options.rotation_g = 0.2;
    check(&t, 2, 1e-9);
    t.options.gold_normalised = false;
    t.options.gold_broadcast = t.options.separate_forwards = true;
    t.options.ema_d = 0;
    check(&t, 4, 1e-9);
}

/* The large weights of these each moves a part of. */
static void ranks_share_adam(void **state)
{
    (void)state;
    struct training t = of("infogan", "ref-f64");
    t.width = 0.25;
    check(&t, 2, 1e-9);
}

static void floats_stay_close(void **state)
{
    (void)state;
    struct training t = of("infogan", "onednn");
    check(&t, 2, 1e-4);
    t.width = 0.25;
    check(&t, 2, 1e-4);
}

/* Without, batch norm sees parts: other weights, the same on all ranks. */
static void statistics_apart_are_others(void **state)
{
    (void)state;
    const char *where;
    struct training t = of("infogan", "ref-f64");
    t.options.sync_statistics = false;
    assert_true(difference(&t, 2, &where) > 1e-6);
}

static void a_lost_rank_ends_the_step(void **state)
{
    (void)state;
    struct thread_ranks all = {.fail_from = 40};
    struct training parts[2] = {of("infogan", "onednn"), of("infogan", "onednn")};
    void *contexts[] = {&parts[0], &parts[1]};
    on_ranks(&all, 2, train, contexts);
    for (int r = 0; r < 2; r++) {
        assert_int_equal(parts[r].status, PD_ERR_IO);
        assert_string_equal(parts[r].err.message, "rank 1 is lost");
        release(&parts[r]);
    }
}

/* --- agreeing --- */

struct opinion {
    enum pd_status mine, agreed;
    struct pd_error err, why;
    enum pd_status same, differs;
};

static void agree(struct pd_ranks *ranks, void *context)
{
    struct opinion *o = context;
    if (o->mine)
        pd_fail(&o->err, o->mine, -1, "rank %d has failed", ranks->rank);
    o->agreed = pd_ranks_agree(ranks, o->mine, &o->err);
    ranks->agreed = false;
    o->same = pd_ranks_compare(ranks, "the text is", "abc", NULL);
    o->differs = pd_ranks_compare(ranks, "the text is", ranks->rank == 2 ? "abd" : "abc", &o->why);
}

static void ranks_agree(void **state)
{
    (void)state;
    struct thread_ranks all = {.sums = 0};
    struct opinion o[3] = {{.mine = PD_OK}, {.mine = PD_ERR_FORMAT}, {.mine = PD_ERR_IO}};
    void *contexts[] = {&o[0], &o[1], &o[2]};
    on_ranks(&all, 3, agree, contexts);
    for (int r = 0; r < 3; r++) {
        assert_int_equal(o[r].agreed, PD_ERR_FORMAT);
        assert_string_equal(o[r].err.message, r == 1 ? "rank 1 has failed" : "");
        assert_int_equal(o[r].same, PD_OK);
        assert_int_equal(o[r].differs, PD_ERR_MISMATCH);
        assert_string_equal(o[r].why.message, r == 2 ? "rank 2 of 3: the text is not as on rank 0" : "");
    }
    assert_int_equal(pd_ranks_agree(NULL, PD_ERR_IO, NULL), PD_ERR_IO);
}

/* --- who started us --- */

static void starters_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *openmpi, *mpich, *slurm;
        int size;
    } all[] = {{"3", "2", "4", 3}, {"", "2", "4", 2}, {"", "", "4", 4}, {"", "", "", 1},
               {"", "1", "1", 1},  {"", "1", "4", 4}, /* srun from a shell that is a task of its own */
               {"1", "", "4", 1}};                    /* Open MPI's helpers are Slurm's */
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        setenv("OMPI_COMM_WORLD_SIZE", all[i].openmpi, 1);
        setenv("PMI_SIZE", all[i].mpich, 1);
        setenv("SLURM_STEP_NUM_TASKS", all[i].slurm, 1);
        assert_int_equal(pd_ranks_started(NULL), all[i].size);
    }
    pd_ranks_forget();
    assert_null(getenv("PMI_SIZE"));
    assert_int_equal(pd_ranks_started(NULL), 1);
}

/* --- whole runs --- */

static _Thread_local double ahead; /* a rank's clock is not the others' */

double pd_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec + ahead;
}

struct whole_run {
    struct pd_train_options o;
    char folder[1200];
    uint64_t late; /* the step at which this rank takes an hour */
    struct pd_error err;
    enum pd_status status;
};

static void on_step(void *context, uint64_t step)
{
    const struct whole_run *w = context;
    ahead += step == w->late ? 3600 : 0;
}

static void train_whole(struct pd_ranks *ranks, void *context)
{
    struct whole_run *w = context;
    const struct pd_training_watch watch = {.context = w, .step = on_step, .ranks = ranks};
    w->status = pd_run_train(&w->o, &watch, w->folder, sizeof w->folder, &w->err);
}

/* An epoch of more steps than there are losses between two looks at them. */
static struct whole_run whole_run(void)
{
    struct whole_run w = {.folder = ""};
    pd_train_options_init(&w.o);
    strcpy(w.o.data, "strokes");
    strcpy(w.o.model, "infogan");
    snprintf(w.o.out, sizeof w.o.out, "%s", scratch_dir);
    w.o.data_count = 100;
    w.o.width = 0.0625;
    w.o.batch = 8;
    w.o.min_epoch = 8 * 80;
    w.o.epochs = 1;
    w.o.grid_every = 0;
    w.o.threads = 1;
    w.o.save_every = 1;
    return w;
}

/* A checkpoint that is due on one rank's clock alone is none or all ranks'. */
static void clocks_may_differ(void **state)
{
    (void)state;
    struct thread_ranks all = {.sums = 0};
    struct whole_run w[2] = {whole_run(), whole_run()};
    void *contexts[] = {&w[0], &w[1]};
    w[0].late = 20;
    w[1].late = 10;
    on_ranks(&all, 2, train_whole, contexts);
    assert_false(all.differ);
    for (int r = 0; r < 2; r++)
        if (w[r].status)
            fail_msg("%s", w[r].err.message);
}

/* Once, by who knows, and not by those that only hear of it. */
static void a_failure_keeps_its_words(void **state)
{
    (void)state;
    struct thread_ranks all = {.sums = 0};
    struct whole_run w[2] = {whole_run(), whole_run()};
    void *contexts[] = {&w[0], &w[1]};
    strcpy(w[1].o.data, "/nowhere/photos");
    on_ranks(&all, 2, train_whole, contexts);
    assert_int_equal(w[0].status, w[1].status);
    assert_non_null(strstr(w[1].err.message, "/nowhere/photos"));
    assert_string_equal(w[0].err.message, "");
}

static void other_data_are_told(void **state)
{
    (void)state;
    struct thread_ranks all = {.sums = 0};
    struct whole_run w[2] = {whole_run(), whole_run()};
    void *contexts[] = {&w[0], &w[1]};
    w[1].o.data_count = 101;
    on_ranks(&all, 2, train_whole, contexts);
    assert_int_equal(w[0].status, PD_ERR_MISMATCH);
    assert_int_equal(w[1].status, PD_ERR_MISMATCH);
    if (!strstr(w[1].err.message, "rank 1 of 2: the data"))
        fail_msg("%s", w[1].err.message);
    assert_string_equal(w[0].err.message, "");
}

static void train_two(struct whole_run *w, void (*work)(struct pd_ranks *ranks, void *context))
{
    struct thread_ranks all = {.sums = 0};
    void *contexts[] = {&w[0], &w[1]};
    on_ranks(&all, 2, work, contexts);
    assert_false(all.differ);
    for (int r = 0; r < 2; r++)
        if (w[r].status)
            fail_msg("%s", w[r].err.message);
    assert_true(all.swaps > 0);
}

static void resume_whole(struct pd_ranks *ranks, void *context)
{
    struct whole_run *w = context;
    const struct pd_training_watch watch = {.context = w, .ranks = ranks};
    const struct pd_run_change change = {.epochs = 2};
    w->status = pd_run_resume(w->folder, &change, &watch, &w->err);
}

static struct whole_run short_run(const char *name, int64_t epochs)
{
    struct whole_run w = whole_run();
    snprintf(w.o.out, sizeof w.o.out, "%s/%s", scratch_dir, name);
    w.o.width = 0.1;
    w.o.min_epoch = 8 * 5;
    w.o.data_count = 40;
    w.o.epochs = epochs;
    w.o.save_every = 0;
    return w;
}

static char *checkpoint_of(const char *folder, size_t *size)
{
    char path[PD_PATH_SIZE];
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    return scratch_read(path, size);
}

/* Moments that each rank has of its own slices come together in the checkpoint. */
static void resumed_ranks_make_the_same_bits(void **state)
{
    (void)state;
    struct whole_run whole[2] = {short_run("whole", 2), short_run("whole", 2)};
    struct whole_run parts[2] = {short_run("parts", 1), short_run("parts", 1)};
    size_t n, m;
    train_two(whole, train_whole);
    train_two(parts, train_whole);
    snprintf(parts[1].folder, sizeof parts[1].folder, "%s", parts[0].folder);
    train_two(parts, resume_whole);
    char *a = checkpoint_of(whole[0].folder, &n), *b = checkpoint_of(parts[0].folder, &m);
    assert_true(n == m && n > 1000);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_make_the_weights_of_one),
        cmocka_unit_test(all_options_go_over_ranks),
        cmocka_unit_test(ranks_share_adam),
        cmocka_unit_test(floats_stay_close),
        cmocka_unit_test(statistics_apart_are_others),
        cmocka_unit_test(a_lost_rank_ends_the_step),
        cmocka_unit_test(ranks_agree),
        cmocka_unit_test(starters_are_told_apart),
        cmocka_unit_test(clocks_may_differ),
        cmocka_unit_test(a_failure_keeps_its_words),
        cmocka_unit_test(other_data_are_told),
        cmocka_unit_test(resumed_ranks_make_the_same_bits),
    };
    return cmocka_run_group_tests_name("ranks", tests, scratch_setup, scratch_teardown);
}
