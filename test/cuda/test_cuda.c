/* The CUDA backend's host side on its stand-in: every block, copy, launch and replay, and what is said when
 * something is missing or fails. */
#include "plans.h"

#include <paydirt/data.h>
#include <paydirt/devices.h>
#include <paydirt/sample.h>
#include <paydirt/train.h>

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- a small training of the library's --- */

static struct pd_gan *train_on_card(const struct standin_control *c, bool room)
{
    enum { N = 40, SIDE = 9 };
    static const char *const options[][2] = {
        {"model", "infogan"}, {"width", "0.03125"}, {"epochs", "1"},           {"min-epoch", "1"},
        {"batch", "16"},      {"size", "8"},        {"partial-batch", "true"}, {"random-crop", "true"},
        {"flip", "true"},     {"device", "cuda"}};
    static uint8_t pixels[N * SIDE * SIDE];
    static int32_t labels[N];
    struct pd_training *t;
    struct pd_dataset *data;
    struct pd_gan *gan;
    struct pd_error err = {0};
    for (int i = 0; i < N * SIDE * SIDE; i++)
        pixels[i] = (uint8_t)((i * 2654435761U) >> 24);
    for (int i = 0; i < N; i++)
        labels[i] = i % 3;
    const struct pd_data_arrays arrays = {
        .n = N, .channels = 1, .height = SIDE, .width = SIDE, .u8 = pixels, .labels = labels, .classes = 3};
    assert_int_equal(pd_dataset_from_arrays(&arrays, &data, &err), PD_OK);
    assert_int_equal(pd_training_create(&t, &err), PD_OK);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (pd_training_set(t, options[i][0], options[i][1], &err))
            fail_msg("%s", err.message);
    c->break_call(room ? "" : "cuMemGetInfo", 1, 1);
    if (pd_training_run(t, data, NULL, &gan, &err))
        fail_msg("%s", err.message);
    pd_training_destroy(t);
    pd_dataset_destroy(data);
    return gan;
}

/* The images lie on the card as bytes where there is room, else they come batch by batch: the same weights.
 */
static void cuts_batches_out_of_bytes(void **state)
{
    (void)state;
    static float images[2][3 * 8 * 8];
    const struct standin_control *c = standin_use();
    c->reset();
    for (int room = 0; room < 2; room++) {
        struct pd_error err;
        const long before = c->launches("pixels");
        struct pd_gan *gan = train_on_card(c, room);
        assert_int_equal(c->launches("pixels") - before, room ? 3 : 0); /* two steps and a partial one */
        assert_int_equal(pd_generate(gan, 3, (int32_t[]){0, 1, 2}, NULL, 5, images[room], &err), PD_OK);
        pd_gan_destroy(gan);
    }
    assert_memory_equal(images[0], images[1], sizeof images[0]);
    assert_int_equal(c->objects(), 0);
}

/* --- a small training: one layer, its loss, its updates --- */

struct step {
    struct pd_backend *b;
    struct pd_vars *vars;
    struct pd_plan *plan;
};

enum { ROWS = 8, IN = 6, OUT = 4 };

static struct pd_var *zeros(struct pd_vars *vars, const char *name, struct pd_shape shape)
{
    return pd_vars_get(vars, name, shape, (struct pd_init_spec){PD_INIT_CONSTANT, 0, 0});
}

static void record_update(struct pd_vars *vars, struct pd_var *w, struct pd_node *t, struct pd_node *grad,
                          struct pd_node *rate)
{
    char m[64], v[64];
    snprintf(m, sizeof m, "%s/m", pd_var_name(w));
    snprintf(v, sizeof v, "%s/v", pd_var_name(w));
    const struct pd_adam_options o = {.lr = 0, .beta1 = 0.5, .beta2 = 0.9, .eps = 1e-8, .rate = rate};
    pd_adam(w, zeros(vars, m, pd_var_shape(w)), zeros(vars, v, pd_var_shape(w)), t, grad, &o);
}

static void set_rate(const struct step *s, double rate)
{
    struct pd_error err;
    if (pd_plan_set(s->plan, "lr", rate, &err))
        fail_msg("%s", err.message);
}

/* loss = mean((x + noise) w' + bias)^2; w and bias learn; the noise is the run's. */
static struct step open_step_on(struct pd_backend *b)
{
    struct step s = {.b = b, .vars = pd_vars_create(b, 3)};
    struct pd_graph *g = pd_graph_create();
    struct pd_var *w = pd_vars_get(s.vars, "w", pd_shape2(OUT, IN),
                                   (struct pd_init_spec){PD_INIT_NORMAL, 0, 1}),
                  *bias = zeros(s.vars, "bias", pd_shape1(OUT)), *t = zeros(s.vars, "t", pd_shape0());
    struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape2(ROWS, IN)),
                   *rate = pd_input(g, "lr", PD_F64, pd_shape0()), *wrt[2], *grads[2];
    wrt[0] = pd_var_read(g, w);
    wrt[1] = pd_var_read(g, bias);
    struct pd_node *noisy = pd_add(x, pd_random_normal(g, 5, pd_shape2(ROWS, IN)));
    struct pd_node *loss = pd_mean(pd_square(pd_add(pd_matmul(noisy, wrt[0], false, true), wrt[1])));
    pd_grad(loss, wrt, 2, grads);
    struct pd_node *time = pd_assign(t, pd_affine(pd_var_read(g, t), 1, 1));
    record_update(s.vars, w, time, grads[0], rate);
    record_update(s.vars, bias, time, grads[1], rate);
    pd_output(loss, "loss");
    struct pd_error err;
    if (pd_compile(g, b, &s.plan, &err))
        fail_msg("%s", err.message);
    pd_graph_destroy(g);
    double ones[ROWS * IN];
    for (int i = 0; i < ROWS * IN; i++)
        ones[i] = 1 + 0.1 * i;
    put(s.plan, "x", ROWS * IN, ones);
    set_rate(&s, 0.5);
    return s;
}

static void close_step(const struct step *s)
{
    pd_plan_destroy(s->plan);
    pd_vars_destroy(s->vars);
    pd_backend_destroy(s->b);
}

static void expect_text(const char *got, const char *want)
{
    if (!strstr(got, want))
        fail_msg("\"%s\", expected \"%s\" in it", got, want);
}

/* --- runs --- */

/* First call by call, then captured, then replayed: on each of them the seed, the step and the learning rate
 * of that run, and the reference's numbers. */
static void replays_with_new_numbers(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    struct step cuda = open_step_on(open_backend("cuda", 1)), ref = open_step_on(open_backend("ref", 1));
    long kernels = 0;
    for (int i = 0; i < 6; i++) {
        const long before = c->calls("cuLaunchKernel");
        set_rate(&cuda, 0.1 * i);
        set_rate(&ref, 0.1 * i);
        run_plan(cuda.plan, 7 + (i == 4), (uint64_t)i);
        run_plan(ref.plan, 7 + (i == 4), (uint64_t)i);
        const double got = value_at(cuda.plan, "loss", 0), want = value_at(ref.plan, "loss", 0);
        assert_true(fabs(got - want) < 1e-5 * fabs(want));
        kernels = i == 0 ? c->calls("cuLaunchKernel") - before : kernels;
        assert_int_equal(c->calls("cuLaunchKernel") - before, i < 2 ? kernels : 1); /* 1: which run it is */
    }
    assert_int_equal(c->calls("cuStreamBeginCapture"), 1);
    assert_int_equal(c->calls("cuGraphInstantiate"), 1);
    assert_int_equal(c->calls("cuGraphDestroy"), 1);
    assert_int_equal(c->calls("cuGraphLaunch"), 5);
    double *w = take_var(pd_vars_find(cuda.vars, "w")), *v = take_var(pd_vars_find(ref.vars, "w"));
    for (int i = 0; i < OUT * IN; i++)
        assert_true(fabs(w[i] - v[i]) < 1e-5);
    free(w);
    free(v);
    close_step(&cuda);
    close_step(&ref);
}

/* Where a step cannot be captured, its calls are started one by one, with the same numbers. */
static void runs_without_graphs(void **state)
{
    (void)state;
    static const char *const functions[] = {"cuStreamBeginCapture", "cuStreamEndCapture",
                                            "cuGraphInstantiate", "cublasLtMatmul"};
    const struct standin_control *c = standin_use();
    c->reset();
    struct step graph = open_step_on(open_backend("cuda", 1));
    for (uint64_t i = 0; i < 4; i++)
        run_plan(graph.plan, 1, i);
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        c->reset();
        struct step plain = open_step_on(open_backend("cuda", 1));
        for (uint64_t i = 0; i < 4; i++) {
            c->break_call(i == 1 ? functions[k] : "", 1, 901);
            run_plan(plain.plan, 1, i);
        }
        assert_true(value_at(graph.plan, "loss", 0) == value_at(plain.plan, "loss", 0));
        assert_int_equal(c->calls("cuGraphLaunch"), 0);
        expect_text(pd_backend_where(plain.b), "stand-in 0, without graphs: ");
        close_step(&plain);
    }
    close_step(&graph);
    assert_int_equal(c->objects(), 0);
}

/* The stand-in's cuBLASLt has no algorithm that adds a bias to a single column. */
static void adds_a_bias_to_one_column(void **state)
{
    (void)state;
    standin_use()->reset();
    struct pd_backend *b = open_backend("cuda", 1);
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *p;
    struct pd_error err;
    struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape2(3, 2)),
                   *w = pd_input(g, "w", PD_REAL, pd_shape2(1, 2)),
                   *bias = pd_input(g, "bias", PD_REAL, pd_shape1(1));
    pd_output(pd_add(pd_matmul(x, w, false, true),
                     pd_broadcast(pd_reshape(bias, pd_shape2(1, 1)), pd_shape2(3, 1))),
              "y");
    if (pd_compile(g, b, &p, &err))
        fail_msg("%s", err.message);
    put(p, "x", 6, (double[]){1, 2, 3, 4, 5, 6});
    put(p, "w", 2, (double[]){10, 1});
    put(p, "bias", 1, (double[]){0.5});
    for (uint64_t run = 0; run < 3; run++) {
        run_plan(p, 1, run);
        for (int i = 0; i < 3; i++)
            assert_true(value_at(p, "y", i) == 12.5 + 22 * i);
    }
    pd_plan_destroy(p);
    pd_graph_destroy(g);
    pd_backend_destroy(b);
}

/* A loss that nobody reads is not waited for; one that somebody reads is, once. */
static void waits_for_what_is_read_alone(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    struct step s = open_step_on(open_backend("cuda", 1));
    run_plan(s.plan, 1, 0);
    const long waits = c->calls("cuStreamSynchronize") + c->calls("cuEventSynchronize");
    for (uint64_t i = 1; i < 10; i++)
        run_plan(s.plan, 1, i);
    assert_int_equal(c->calls("cuStreamSynchronize") + c->calls("cuEventSynchronize"), waits);
    value_at(s.plan, "loss", 0);
    assert_int_equal(c->calls("cuStreamSynchronize") + c->calls("cuEventSynchronize"), waits + 1);
    close_step(&s);
}

/* The writes that a step has, each in a transfer of its own: none waits for another. */
static void writes_wait_for_no_other(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d"};
    const struct standin_control *c = standin_use();
    c->reset();
    struct pd_backend *b = open_backend("cuda", 1);
    struct pd_graph *g = pd_graph_create();
    struct pd_node *sum = NULL;
    struct pd_plan *p;
    for (int i = 0; i < 4; i++) {
        struct pd_node *x = pd_input(g, names[i], PD_REAL, pd_shape1(1));
        sum = sum ? pd_add(sum, x) : x;
    }
    pd_output(sum, "sum");
    assert_int_equal(pd_compile(g, b, &p, NULL), PD_OK);
    for (int i = 0; i < 4; i++)
        put(p, names[i], 1, (double[]){1 << i});
    run_plan(p, 1, 0);
    assert_int_equal(c->calls("cuEventSynchronize"), 0);
    assert_true(value_at(p, "sum", 0) == 15);
    pd_plan_destroy(p);
    pd_graph_destroy(g);
    pd_backend_destroy(b);
}

/* Both weights by one launch, whose rate another has made. */
static void adam_is_one_launch(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    struct step s = open_step_on(open_backend("cuda", 1));
    const long before = c->launches("adam"), rates = c->launches("adam_rate");
    run_plan(s.plan, 1, 0);
    value_at(s.plan, "loss", 0);
    assert_int_equal(c->launches("adam_rate") - rates, 1);
    assert_int_equal(c->launches("adam") - before, 2); /* adam and adam_rate */
    close_step(&s);
}

/* Batches that follow each other at once, larger than what is on its way at a time, each with the run
 * between: the transfer may come late or early, but each run has its own. */
static void uploads_arrive_in_order(void **state)
{
    (void)state;
    enum { N = 5 << 18, RUNS = 5 }; /* 5 MB */
    const struct standin_control *c = standin_use();
    for (int order = 0; order < 2; order++) {
        c->reset();
        c->machine->copies_first = order;
        struct pd_backend *b = open_backend("cuda", 1);
        struct pd_vars *vars = pd_vars_create(b, 1);
        struct pd_var *sums = zeros(vars, "sums", pd_shape2(RUNS, 1));
        struct pd_graph *g = pd_graph_create();
        struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape1(N));
        pd_assign_row(sums, pd_reshape(pd_mean(x), pd_shape1(1)));
        struct pd_plan *p;
        struct pd_error err;
        if (pd_compile(g, b, &p, &err))
            fail_msg("%s", err.message);
        float *batch = malloc(N * sizeof *batch);
        for (int run = 0; run < RUNS; run++) {
            for (int i = 0; i < N; i++)
                batch[i] = (float)(run + 1);
            write_plan(p, "x", N, batch);
            memset(batch, 0xFF, N * sizeof *batch); /* it is the caller's again */
            run_plan(p, 1, (uint64_t)run);
        }
        double *got = take_var(sums);
        for (int run = 0; run < RUNS; run++)
            assert_true(fabs(got[run] - (run + 1)) < 1e-4);
        free(got);
        free(batch);
        pd_plan_destroy(p);
        pd_graph_destroy(g);
        pd_vars_destroy(vars);
        pd_backend_destroy(b);
        assert_int_equal(c->objects(), 0);
    }
    c->reset();
}

static void times_each_call(void **state)
{
    (void)state;
    standin_use()->reset();
    struct step s = open_step_on(open_backend("cuda", 1));
    struct pd_op_time times[32];
    pd_plan_profile(s.plan, true);
    run_plan(s.plan, 1, 0);
    assert_true(pd_plan_times(s.plan, times, 32) > 3 && times[0].seconds > 0);
    pd_plan_profile(s.plan, false);
    assert_true(pd_backend_peak_gflops(s.b, 64) > 0);
    close_step(&s);
}

/* Backends, plans and variables leave nothing behind. */
static void frees_everything(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    struct step s = open_step_on(open_backend("cuda", 1));
    assert_true(c->bytes() > 0);
    for (uint64_t i = 0; i < 3; i++)
        run_plan(s.plan, 1, i);
    close_step(&s);
    assert_int_equal(c->objects(), 0);
    assert_int_equal(c->bytes(), 0);
}

/* Programs that a plan before had are not compiled again. */
static void compiles_programs_once(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    struct pd_backend *b = open_backend("cuda", 1);
    for (int i = 0; i < 3; i++) {
        struct pd_graph *g = pd_graph_create();
        struct pd_plan *p;
        pd_output(pd_tanh(pd_affine(pd_input(g, "x", PD_REAL, pd_shape1(7)), i == 2 ? 3 : 2, 0.3)), "y");
        assert_int_equal(pd_compile(g, b, &p, NULL), PD_OK);
        put(p, "x", 7, (double[]){0, 1, 2, 3, 4, 5, 6});
        run_plan(p, 1, 1);
        assert_true(fabs(value_at(p, "y", 1) - tanh((i == 2 ? 3 : 2) + 0.3)) < 1e-6);
        pd_plan_destroy(p);
        pd_graph_destroy(g);
    }
    assert_int_equal(c->calls("nvrtcCompileProgram"), 3); /* the kernels, then two programs */
    pd_backend_destroy(b);
}

/* --- kernels that are kept --- */

/* Opens a backend; how often something is compiled for that. */
static long compilations(const struct standin_control *c)
{
    const long before = c->calls("nvrtcCompileProgram");
    pd_backend_destroy(open_backend("cuda", 1));
    return c->calls("nvrtcCompileProgram") - before;
}

static void rewrite(const char *path, long offset, int change)
{
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    const long at = ftell(f);
    const int byte = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(byte + change, f);
    fclose(f);
}

/* NVRTC is asked once; and again where the file is torn or another, the driver refuses it, or the card is of
 * another kind. */
static void keeps_kernels(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    char folder[] = "/tmp/paydirt-test-XXXXXX", path[128];
    glob_t found;
    c->reset();
    assert_non_null(mkdtemp(folder));
    setenv("XDG_CACHE_HOME", folder, 1);
    assert_int_equal(compilations(c), 1);
    assert_int_equal(compilations(c), 0);
    snprintf(path, sizeof path, "%s/paydirt/*", folder);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    const long changed[] = {0, 8, 16, 24, 40, -1}; /* the magic, sizes, digest, key, image */
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        rewrite(found.gl_pathv[0], changed[i], 1);
        assert_int_equal(compilations(c), 1);
        assert_int_equal(compilations(c), 0);
    }
    assert_int_equal(truncate(found.gl_pathv[0], 100), 0);
    assert_int_equal(compilations(c), 1);
    c->break_call("cuModuleLoadData", 1, 200);
    assert_int_equal(compilations(c), 1);
    c->machine->arch = 80;
    assert_int_equal(compilations(c), 1);
    globfree(&found);
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    assert_int_equal(compilations(c), 1);
    assert_int_equal(compilations(c), 1);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 2);
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
    path[strlen(path) - 2] = '\0';
    rmdir(path);
    rmdir(folder);
    c->reset();
}

/* What of it is here, and what not. */
static void lists_devices(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    struct pd_devices d;
    c->reset();
    pd_devices_find(&d);
    assert_true(d.ready && d.card_count == 1 && d.cards[0].usable && d.threads >= 1);
    assert_string_equal(d.cards[0].device, "cuda:0");
    assert_string_equal(d.cards[0].capability, "9.0");
    assert_string_equal(d.parts[0].version, "13.0");
    expect_text(d.note, "not yet been run on hardware");
    c->machine->arch = 61;
    pd_devices_find(&d);
    assert_true(!d.ready && !d.cards[0].usable);
    c->reset();
    setenv("PAYDIRT_CUDA", "/nonexistent", 1);
    pd_devices_find(&d);
    assert_true(!d.ready && d.parts[0].found); /* the driver, found beside the folders */
    for (int i = 1; i < PD_DEVICE_PARTS; i++)
        expect_text(d.parts[i].why, "is missing");
    setenv("PAYDIRT_CUDA", PD_STANDIN, 1);
    assert_int_equal(c->objects(), 0);
}

/* --- precisions --- */

/* A convolution and a product in each precision: float's numbers, and in bf16 as near as 8 bits go. */
static void precisions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double near;
    } all[] = {{"fp32", 1e-6}, {"tf32", 1e-6}, {"bf16", 2e-2}}; /* the stand-in's products are exact in all */
    const struct standin_control *c = standin_use();
    double want[2 * 3 * 4 * 4];
    for (int k = 0; k < 3; k++) {
        struct pd_error err;
        struct pd_backend *b;
        struct pd_plan *p;
        c->reset();
        if (pd_backend_open("cuda", all[k].name, 1, &b, &err))
            fail_msg("%s", err.message);
        struct pd_graph *g = pd_graph_create();
        struct pd_node *x = pd_random_normal(g, 1, pd_shape4(2, 2, 4, 4)),
                       *w = pd_random_normal(g, 2, pd_shape4(3, 2, 3, 3));
        pd_output(pd_conv(x, w, 1, 1), "y");
        if (pd_compile(g, b, &p, &err))
            fail_msg("%s", err.message);
        double got[2 * 3 * 4 * 4], error = 0, norm = 0;
        for (uint64_t i = 0; i < 3; i++)
            run_plan(p, 1, 1);
        take(p, "y", 2 * 3 * 4 * 4, got);
        if (k == 0)
            memcpy(want, got, sizeof want);
        for (int i = 0; i < 2 * 3 * 4 * 4; i++) {
            error += (got[i] - want[i]) * (got[i] - want[i]);
            norm += want[i] * want[i];
        }
        assert_true(norm > 1 && sqrt(error) <= all[k].near * sqrt(norm));
        assert_true((error > 0) == (k == 2));
        pd_plan_destroy(p);
        pd_graph_destroy(g);
        pd_backend_destroy(b);
    }
}

/* An algorithm that is not the same on every run is passed over (the stand-in refuses to run it); where none
 * is thought of, the one that always is there is asked for. */
static void takes_what_repeats_itself(bool thoughtless)
{
    const struct standin_control *c = standin_use();
    c->reset();
    c->machine->nondeterministic = true;
    c->machine->thoughtless = thoughtless;
    struct pd_backend *b = open_backend("cuda", 1);
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *p;
    pd_output(pd_conv(pd_random_normal(g, 1, pd_shape4(1, 1, 4, 4)),
                      pd_random_normal(g, 2, pd_shape4(1, 1, 3, 3)), 1, 1),
              "y");
    assert_int_equal(pd_compile(g, b, &p, NULL), PD_OK);
    run_plan(p, 1, 1);
    value_at(p, "y", 0);
    pd_plan_destroy(p);
    pd_graph_destroy(g);
    pd_backend_destroy(b);
    c->reset();
}

static void takes_what_repeats_itself_first(void **state)
{
    (void)state;
    takes_what_repeats_itself(false);
}

static void takes_what_is_always_there(void **state)
{
    (void)state;
    takes_what_repeats_itself(true);
}

/* --- failures --- */

static void expect_no_backend(const char *device, enum pd_status status, const char *words)
{
    struct pd_error err = {0};
    struct pd_backend *b;
    assert_int_equal(pd_backend_open(device, "fp32", 1, &b, &err), status);
    assert_null(b);
    expect_text(err.message, words);
    assert_null(strchr(err.message, '\n'));
    assert_int_equal(standin_use()->objects(), 0);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    static const struct {
        const char *library, *words;
    } all[] = {
        {"libnvrtc.so.13", "NVRTC is missing (libnvrtc.so.13 or 12): pip install nvidia-cuda-nvrtc"},
        {"libcublasLt.so.13", "cuBLASLt is missing (libcublasLt.so.13 or 12): pip install nvidia-cublas"},
        {"libcudnn.so.9", "cuDNN is missing (libcudnn.so.9): pip install nvidia-cudnn"}};
    enum { N = sizeof all / sizeof *all };
    c->reset();
    for (int missing = 0; missing < N; missing++) {
        char folder[] = "/tmp/paydirt-test-XXXXXX", path[96], auto_where[64];
        struct pd_backend *b;
        assert_non_null(mkdtemp(folder));
        for (int i = 0; i < N; i++) {
            snprintf(path, sizeof path, "%s/%s", folder, all[i].library);
            if (i != missing)
                assert_int_equal(symlink(PD_STANDIN "/libcuda.so.1", path), 0);
        }
        setenv("PAYDIRT_CUDA", folder, 1);
        expect_no_backend("cuda", PD_ERR_UNSUPPORTED, all[missing].words);
        assert_int_equal(pd_backend_open("auto", "fp32", 1, &b, NULL), PD_OK); /* is told apart */
        snprintf(auto_where, sizeof auto_where, "%s", pd_backend_where(b));
        assert_string_equal(auto_where, "cpu");
        pd_backend_destroy(b);
        for (int i = 0; i < N; i++) {
            snprintf(path, sizeof path, "%s/%s", folder, all[i].library);
            unlink(path);
        }
        rmdir(folder);
    }
    setenv("PAYDIRT_CUDA", PD_STANDIN, 1);
}

/* A folder of PyPI's packages has no driver: that is the system's, where one is loaded by its name. */
static void finds_the_driver_beside_folders(void **state)
{
    (void)state;
    static const char *const libraries[] = {"libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9"};
    char folder[] = "/tmp/paydirt-test-XXXXXX", path[3][96];
    standin_use()->reset();
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 3; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", folder, libraries[i]);
        assert_int_equal(symlink(PD_STANDIN "/libcuda.so.1", path[i]), 0);
    }
    setenv("PAYDIRT_CUDA", folder, 1);
    pd_backend_destroy(open_backend("cuda", 1));
    setenv("PAYDIRT_CUDA", PD_STANDIN, 1);
    for (int i = 0; i < 3; i++)
        unlink(path[i]);
    rmdir(folder);
}

/* As CUDA's, conda's and PyPI's packages lie. */
static void finds_libraries_in_folders_below(void **state)
{
    (void)state;
    standin_use()->reset();
    static const char *const places[][2] = {{"lib64", ""}, {"lib", ""}, {"cudnn", "cudnn/lib"}};
    static const char *const libraries[] = {"libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9"};
    for (int i = 0; i < 3; i++) {
        char folder[] = "/tmp/paydirt-test-XXXXXX", path[2][96], file[3][128];
        const int deepest = places[i][1][0] ? 1 : 0;
        assert_non_null(mkdtemp(folder));
        for (int k = 0; k <= deepest; k++) {
            snprintf(path[k], sizeof path[k], "%s/%s", folder, places[i][k]);
            assert_int_equal(mkdir(path[k], 0700), 0);
        }
        for (int k = 0; k < 3; k++) {
            snprintf(file[k], sizeof file[k], "%s/%s", path[deepest], libraries[k]);
            assert_int_equal(symlink(PD_STANDIN "/libcuda.so.1", file[k]), 0);
        }
        setenv("PAYDIRT_CUDA", folder, 1);
        struct pd_backend *b = open_backend("cuda", 1);
        assert_string_equal(pd_backend_where(b), "cuda:0, stand-in 0");
        pd_backend_destroy(b);
        setenv("PAYDIRT_CUDA", PD_STANDIN, 1);
        for (int k = 0; k < 3; k++)
            unlink(file[k]);
        for (int k = deepest; k >= 0; k--)
            rmdir(path[k]);
        rmdir(folder);
    }
}

static void refuses_machines(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    c->machine->driver = 11040;
    expect_no_backend("cuda", PD_ERR_UNSUPPORTED,
                      "serves CUDA 11.4, expected 12.0 or newer: driver 525 or newer");
    c->machine->driver = 12020; /* the libraries are of release 13 */
    expect_no_backend("cuda", PD_ERR_UNSUPPORTED, "NVRTC is missing (libnvrtc.so.12)");
    c->reset();
    c->machine->arch = 61;
    expect_no_backend("cuda", PD_ERR_UNSUPPORTED,
                      "cuda:0, stand-in 0: its compute capability is 6.1, expected 7.5");
    c->reset();
    expect_no_backend("cuda:1", PD_ERR_UNSUPPORTED, "cuda:1: there is 1 card here, numbered from 0");
    expect_no_backend("cuda:x", PD_ERR_USAGE, "device 'cuda:x': expected cuda: and a number");
    expect_no_backend("cuda:1234567890123", PD_ERR_USAGE, "expected cuda: and a number");
    expect_no_backend("cdua", PD_ERR_USAGE, "did you mean 'cuda'");
    c->machine->cards = 0;
    expect_no_backend("cuda", PD_ERR_UNSUPPORTED, "cuda:0: there are 0 cards here");
    c->reset();
    c->break_call("cuInit", 1, 100);
    expect_no_backend("cuda", PD_ERR_UNSUPPORTED, "does not start: no CUDA-capable device");
    struct pd_error err = {0};
    struct pd_backend *b;
    assert_int_equal(pd_backend_open("cuda", "fp16", 1, &b, &err), PD_ERR_USAGE);
    assert_int_equal(pd_backend_open("cpu", "bf16", 1, &b, &err), PD_ERR_USAGE);
    expect_text(err.message, "precision bf16 on the processor: expected fp32");
}

/* A card that is newer than NVRTC gets code that its driver finishes. */
static void newer_cards(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    c->machine->arch = 150;
    struct step s = open_step_on(open_backend("cuda", 1));
    run_plan(s.plan, 1, 0);
    assert_int_equal(c->calls("nvrtcGetCUBIN"), 0);
    close_step(&s);
    c->reset();
}

/* Each call that a start makes fails once: one line each time, and nothing is left. */
static void fails_cleanly(void **state)
{
    (void)state;
    static const char *const functions[] = {"cuDevicePrimaryCtxRetain",
                                            "cuCtxSetCurrent",
                                            "cuStreamCreate",
                                            "cuEventCreate",
                                            "cuMemAlloc",
                                            "cublasLtCreate",
                                            "cudnnCreate",
                                            "cuModuleLoadData",
                                            "cuModuleGetFunction",
                                            "nvrtcCompileProgram",
                                            "cuDeviceGetAttribute"};
    const struct standin_control *c = standin_use();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        c->reset();
        c->break_call(functions[i], 1, 1);
        expect_no_backend("cuda", PD_ERR_UNSUPPORTED, ": ");
    }
    c->reset();
}

/* Each call of a compilation and of three runs fails once: an error with words, or it was none of ours to
 * report (what is freed); and nothing is left. */
static void fails_cleanly_later(void **state)
{
    (void)state;
    static const char *const functions[] = {
        "cuMemAlloc",        "cuMemsetD8Async", "cuMemcpyHtoDAsync", "cuMemcpyDtoDAsync",
        "cuMemcpyDtoHAsync", "cuEventRecord",   "cuStreamWaitEvent", "cuStreamSynchronize",
        "cuLaunchKernel",    "cublasLtMatmul",  "cuGraphLaunch",     "cublasLtMatmulAlgoGetHeuristic"};
    const struct standin_control *c = standin_use();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        struct pd_error err = {0};
        float loss;
        enum pd_status status = PD_OK;
        c->reset();
        struct step s = open_step_on(open_backend("cuda", 1));
        struct pd_graph *g = pd_graph_create();
        struct pd_plan *p = NULL;
        c->break_call(functions[i], 1, 1);
        struct pd_node *x = pd_input(g, "x", PD_REAL, pd_shape2(3, 3));
        pd_output(pd_matmul(x, x, false, false), "y");
        status = pd_compile(g, s.b, &p, &err);
        for (uint64_t run = 0; run < 3 && !status; run++)
            status = pd_plan_run(s.plan, 1, run, &err);
        if (!status)
            status = pd_plan_scalar(s.plan, "loss", &loss, &err);
        if (!status)
            status = pd_plan_set(s.plan, "lr", 1, &err);
        if (!status)
            fail_msg("%s failed, and nobody said so", functions[i]);
        assert_true(err.message[0] && !strchr(err.message, '\n'));
        pd_plan_destroy(p);
        pd_graph_destroy(g);
        close_step(&s);
        assert_int_equal(c->objects(), 0);
    }
    c->reset();
}

static void says_when_memory_is_short(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    c->machine->memory = (size_t)16 << 20;
    struct pd_backend *b = open_backend("cuda", 1);
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *p;
    struct pd_error err = {0};
    pd_output(pd_exp(pd_input(g, "x", PD_REAL, pd_shape2(1024, 8192))), "y");
    assert_int_equal(pd_compile(g, b, &p, &err), PD_ERR_MEMORY);
    expect_text(err.message, "bytes of activations on cuda:0, stand-in 0");
    pd_graph_destroy(g);
    pd_backend_destroy(b);
    assert_int_equal(c->objects(), 0);
    c->reset();
}

static void refuses_huge_tensors(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    c->machine->memory = (size_t)1 << 40;
    struct pd_backend *b = open_backend("cuda", 1);
    struct pd_graph *g = pd_graph_create();
    struct pd_plan *p;
    struct pd_error err = {0};
    pd_output(pd_constant(g, 1, pd_shape2(1, 4)), "x");
    pd_output(pd_sum(pd_broadcast(pd_input(g, "y", PD_REAL, pd_shape2(1, 1)), pd_shape2(1 << 16, 1 << 15))),
              "z");
    assert_int_equal(pd_compile(g, b, &p, &err), PD_ERR_UNSUPPORTED);
    expect_text(err.message, "more than 1073741824 numbers in a tensor");
    pd_graph_destroy(g);
    pd_backend_destroy(b);
    c->reset();
}

/* --- ranks: another one that has the same numbers --- */

/* What they settle on the way is the first's; what they sum up later is twice what it is here. */
struct twins {
    struct pd_ranks ranks;
    bool joined;
};

static enum pd_status twins_add_up(struct pd_ranks *r, void *data, int64_t n, size_t real_size,
                                   struct pd_error *err)
{
    (void)err;
    for (int64_t i = 0; i < n && ((struct twins *)r)->joined; i++)
        if (real_size == sizeof(double))
            ((double *)data)[i] *= 2;
        else
            ((float *)data)[i] *= 2;
    return PD_OK;
}

static struct twins two_ranks(void)
{
    return (struct twins){.ranks = {.rank = 0, .size = 2, .sharers = 1, .add_up = twins_add_up}};
}

static enum pd_status open_shared_cuda(struct twins *t, struct pd_backend **b, struct pd_error *err)
{
    enum pd_status status = pd_backend_open("cuda", "fp32", 1, b, err);
    if (!status)
        status = (*b)->type->open_ranks(*b, err);
    if (!status)
        status = (*b)->type->join(*b, &t->ranks, err);
    if (*b)
        (*b)->ranks = &t->ranks;
    t->joined = true;
    return status;
}

/* Wide: a layer's gradient, 4 MB, is worth a start of its own. */
enum { LAYERS = 3, WIDE = 1030, NARROW = 40 };

/* Layers with batch norm over all ranks, whose gradients are added up; noise is the rank's own part. */
static struct step open_layers(struct pd_backend *b, int wide)
{
    struct step s = {.b = b, .vars = pd_vars_create(b, 3)};
    struct pd_graph *g = pd_graph_create();
    struct pd_node *wrt[LAYERS], *grads[LAYERS], *rate = pd_input(g, "lr", PD_F64, pd_shape0());
    struct pd_var *w[LAYERS], *t = zeros(s.vars, "t", pd_shape0());
    g->ranks = 2;
    struct pd_node *x = pd_random_normal(g, 5, pd_shape2(3, wide)),
                   *gamma = pd_constant(g, 1, pd_shape1(wide));
    for (int i = 0; i < LAYERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        w[i] =
            pd_vars_get(s.vars, name, pd_shape2(wide, wide), (struct pd_init_spec){PD_INIT_NORMAL, 0, 0.03});
        wrt[i] = pd_var_read(g, w[i]);
        x = pd_matmul(x, wrt[i], false, true);
        x = pd_batch_norm(x, pd_all_stats(pd_batch_stats(x)), gamma, pd_constant(g, 0.1, pd_shape1(wide)),
                          1e-5, 0.2);
    }
    struct pd_node *loss = pd_all_mean(pd_mean(pd_square(pd_affine(x, 1, -1))));
    pd_grad(loss, wrt, LAYERS, grads);
    struct pd_node *time = pd_assign(t, pd_affine(pd_var_read(g, t), 1, 1));
    for (int i = 0; i < LAYERS; i++)
        record_update(s.vars, w[i], time, pd_all_sum(grads[i]), rate);
    pd_output(loss, "loss");
    struct pd_error err;
    if (pd_compile(g, b, &s.plan, &err))
        fail_msg("%s", err.message);
    pd_graph_destroy(g);
    set_rate(&s, 0.001);
    return s;
}

static struct step open_twin(const char *device, struct twins *t, int wide)
{
    struct pd_backend *b;
    struct pd_error err;
    if (strcmp(device, "ref") == 0) {
        b = open_backend(device, 1);
        b->ranks = &t->ranks;
        t->joined = true;
    } else if (open_shared_cuda(t, &b, &err)) {
        fail_msg("%s", err.message);
    }
    return open_layers(b, wide);
}

static void expect_same_weights(const struct step *a, const struct step *b, int wide)
{
    for (int i = 0; i < LAYERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        double *x = take_var(pd_vars_find(a->vars, name)), *y = take_var(pd_vars_find(b->vars, name));
        double error = 0, norm = 0;
        for (int k = 0; k < wide * wide; k++) {
            error += (x[k] - y[k]) * (x[k] - y[k]);
            norm += x[k] * x[k];
        }
        if (!(error < 1e-8 * norm))
            fail_msg("w%d: %g of %g", i, sqrt(error), sqrt(norm));
        free(x);
        free(y);
    }
}

/* Called, captured and replayed, whichever stream is quicker: the numbers of the reference. */
static void ranks_add_up(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    for (int quick = 0; quick < 2; quick++) {
        c->reset();
        c->machine->echo = true;
        c->machine->copies_first = quick;
        struct twins here = two_ranks(), there = two_ranks();
        struct step ref = open_twin("ref", &here, NARROW), cuda = open_twin("cuda", &there, NARROW);
        for (uint64_t i = 0; i < 3; i++) {
            run_plan(cuda.plan, 7, i);
            run_plan(ref.plan, 7, i);
            const double got = value_at(cuda.plan, "loss", 0), want = value_at(ref.plan, "loss", 0);
            if (!(fabs(got - want) < 1e-5 * fabs(want)))
                fail_msg("run %d: loss %g, expected %g", (int)i, got, want);
        }
        expect_same_weights(&cuda, &ref, NARROW);
        close_step(&ref);
        close_step(&cuda);
        assert_int_equal(c->objects(), 0);
    }
    c->reset();
}

/* Calls of the driver between one that ends a group of sums and the runs' stream's wait for it. */
static int launches_behind(const char *log)
{
    int most = 0;
    for (const char *at = log; (at = strstr(at, "ncclGroupEnd\n")); at++) {
        const char *end = strstr(at, "cuStreamWaitEvent\n");
        int n = 0;
        for (const char *k = at; end && (k = strstr(k, "cuLaunchKernel\n")) && k < end; k++)
            n++;
        most = n > most ? n : most;
    }
    return most;
}

/* A gradient travels while the rest of the backward pass is computed. */
static void sums_run_behind(void **state)
{
    (void)state;
    const struct standin_control *c = standin_use();
    c->reset();
    c->machine->echo = true;
    struct twins there = two_ranks();
    struct step s = open_twin("cuda", &there, WIDE);
    c->reset();
    c->machine->echo = true;
    run_plan(s.plan, 1, 0);
    assert_true(launches_behind(c->last()) >= 2);
    const long groups = c->calls("ncclGroupStart");
    assert_true(groups >= LAYERS);
    run_plan(s.plan, 1, 1); /* captured */
    run_plan(s.plan, 1, 2);
    assert_int_equal(c->calls("ncclGroupStart"), 2 * groups);
    close_step(&s);
    c->reset();
}

static void ranks_fail_cleanly(void **state)
{
    (void)state;
    static const char *const functions[] = {"ncclGetUniqueId", "ncclCommInitRank"};
    const struct standin_control *c = standin_use();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        struct twins t = two_ranks();
        struct pd_backend *b;
        struct pd_error err = {0};
        c->reset();
        c->machine->echo = true;
        c->break_call(functions[i], 1, 2);
        assert_int_equal(open_shared_cuda(&t, &b, &err), PD_ERR_UNSUPPORTED);
        assert_true(err.message[0] && !strchr(err.message, '\n'));
        pd_backend_destroy(b);
        assert_int_equal(c->objects(), 0);
    }
    c->reset();
}

/* What might wait for the card. */
static long waits(const struct standin_control *c)
{
    return c->calls("cuStreamSynchronize") + c->calls("cuEventSynchronize") + c->calls("cuMemFree") +
           c->calls("cuMemFreeHost") + c->calls("cuModuleUnload") + c->calls("cuGraphExecDestroy") +
           c->calls("ncclCommDestroy") + c->calls("cuDevicePrimaryCtxRelease");
}

/* Of a process of its own, because what is the card's stays there: `run` fails in the step, or reading its
 * loss does because another rank is lost. */
static void lose(const char *function, uint64_t run, const char *words)
{
    const struct standin_control *c = standin_use();
    const pid_t child = fork();
    int how = -1;
    if (child == 0) {
        struct twins t = two_ranks();
        struct pd_error err = {.message = ""};
        enum pd_status status = PD_OK;
        float loss;
        c->reset();
        c->machine->echo = true;
        struct step s = open_twin("cuda", &t, NARROW);
        for (uint64_t i = 0; i <= run && !status; i++) {
            if (i == run)
                c->break_call(function, 1, 2);
            status = pd_plan_run(s.plan, 1, i, &err);
        }
        c->machine->lost = true;
        const long before = waits(c), sums = c->calls("ncclGroupStart");
        if (!status)
            status = pd_plan_scalar(s.plan, "loss", &loss, &err);
        close_step(&s);
        const bool right = status && t.ranks.broken && strstr(err.message, words) && waits(c) == before &&
                           c->calls("ncclGroupStart") == sums;
        if (!right)
            fprintf(stderr, "%d, %ld waits: %s\n", status, waits(c) - before, err.message);
        _exit(right ? 0 : 1);
    }
    assert_true(child > 0 && waitpid(child, &how, 0) == child);
    if (how)
        fail_msg("%s in run %d: %d", function, (int)run, how);
}

/* The others go on to sums that this rank does not make, or are gone: it waits for the card no more. */
static void ranks_wait_for_no_lost_one(void **state)
{
    (void)state;
    static const char *const functions[] = {"ncclAllReduce", "ncclGroupStart", "ncclGroupEnd",
                                            "cuStreamWaitEvent", "cuLaunchKernel"};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        lose(functions[i], 0, i < 3 ? "NCCL: " : ": ");
    lose("cuStreamEndCapture", 1, "capturing a step");
    lose("", 0, "waiting for other ranks: remote process exited");
    lose("", 2, "waiting for other ranks: remote process exited");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_batches_out_of_bytes),
        cmocka_unit_test(replays_with_new_numbers),
        cmocka_unit_test(runs_without_graphs),
        cmocka_unit_test(adds_a_bias_to_one_column),
        cmocka_unit_test(waits_for_what_is_read_alone),
        cmocka_unit_test(writes_wait_for_no_other),
        cmocka_unit_test(adam_is_one_launch),
        cmocka_unit_test(uploads_arrive_in_order),
        cmocka_unit_test(times_each_call),
        cmocka_unit_test(frees_everything),
        cmocka_unit_test(compiles_programs_once),
        cmocka_unit_test(keeps_kernels),
        cmocka_unit_test(lists_devices),
        cmocka_unit_test(precisions),
        cmocka_unit_test(takes_what_repeats_itself_first),
        cmocka_unit_test(takes_what_is_always_there),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(finds_the_driver_beside_folders),
        cmocka_unit_test(finds_libraries_in_folders_below),
        cmocka_unit_test(refuses_machines),
        cmocka_unit_test(newer_cards),
        cmocka_unit_test(fails_cleanly),
        cmocka_unit_test(fails_cleanly_later),
        cmocka_unit_test(says_when_memory_is_short),
        cmocka_unit_test(refuses_huge_tensors),
        cmocka_unit_test(ranks_add_up),
        cmocka_unit_test(sums_run_behind),
        cmocka_unit_test(ranks_fail_cleanly),
        cmocka_unit_test(ranks_wait_for_no_lost_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
