/* The backend that catches who reaches for a tensor, and what every backend refuses. */
#include "engine/graph.h"
#include "stage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A least-squares step by Adam on noisy data. */
static void record_step(struct stage *s)
{
    struct pd_node *x = real(s, "x", pd_shape2(8, 4)), *t = real(s, "t", pd_shape0());
    const struct pd_init_spec init = {PD_INIT_NORMAL, 0, 1};
    struct pd_var *w = pd_vars_get(s->vars, "w", pd_shape2(3, 4), init);
    struct pd_var *m = var(s, "m", pd_shape2(3, 4), 0), *v = var(s, "v", pd_shape2(3, 4), 0);
    struct pd_node *weight = pd_var_read(s->g, w), *grad;
    struct pd_node *noise = pd_random_normal(s->g, 1, pd_shape2(8, 3));
    struct pd_node *loss = pd_mean(pd_square(pd_sub(pd_matmul(x, weight, false, true), noise)));
    pd_grad(loss, &weight, 1, &grad);
    pd_adam(w, m, v, t, grad, &(struct pd_adam_options){0.01, 0.5, 0.99, 1e-8, NULL});
    pd_output(loss, "loss");
    compile(s);
    set(s, "x", 32, 0.25);
    set(s, "t", 1, 1);
}

static void bits_are_those_of_ref(void **state)
{
    (void)state;
    struct stage s[2] = {begin("ref"), begin("fenced")};
    double *w[2], loss[2];
    for (int i = 0; i < 2; i++) {
        record_step(&s[i]);
        for (uint64_t step = 0; step < 5; step++)
            run_plan(s[i].p, 3, step);
        loss[i] = value(&s[i], "loss", 0);
        w[i] = take_var(pd_vars_find(s[i].vars, "w"));
    }
    assert_true(loss[0] > 0 && loss[0] == loss[1]);
    assert_memory_equal(w[0], w[1], 12 * sizeof *w[0]);
    for (int i = 0; i < 2; i++) {
        free(w[i]);
        end(&s[i]);
    }
}

/* --- the fence --- */

static const void *in_plan(const struct stage *s)
{
    for (int i = 0; i < s->p->ir.count; i++)
        if (s->p->ir.at[i].name && strcmp(s->p->ir.at[i].name, "loss") == 0)
            return s->p->ir.at[i].data;
    return NULL;
}

static const void *in_variable(const struct stage *s)
{
    return pd_vars_find(s->vars, "w")->data;
}

/* Does a process that reads there end otherwise than well? By SIGSEGV, but for sanitizers that report it. */
static bool is_fenced(const void *address)
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (!freopen("/dev/null", "w", stderr))
            _exit(0);
        signal(SIGSEGV, SIG_DFL); /* cmocka's */
        volatile float x = *(const volatile float *)address;
        _exit(x != x && 0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV : WEXITSTATUS(status) != 0;
}

static void reading_by_address_crashes(void **state)
{
    (void)state;
    static const void *(*const where[])(const struct stage *) = {in_plan, in_variable};
    for (int fenced = 0; fenced < 2; fenced++) {
        struct stage s = begin(fenced ? "fenced" : "ref");
        record_step(&s);
        run_plan(s.p, 3, 0);
        for (int i = 0; i < 2; i++) {
            assert_non_null(where[i](&s));
            assert_int_equal(is_fenced(where[i](&s)), fenced);
        }
        assert_true(value(&s, "loss", 0) > 0);
        free(take_var(pd_vars_find(s.vars, "w")));
        end(&s);
    }
}

/* --- what every backend refuses --- */

static void backends_have_names(void **state)
{
    (void)state;
    struct pd_backend *b;
    struct pd_error err;
    assert_int_equal(pd_backend_create("onednnn", 1, &b, &err), PD_ERR_USAGE);
    assert_null(b);
    assert_non_null(strstr(err.message, "onednnn"));
    assert_non_null(strstr(err.message, "did you mean 'onednn'"));
}

static void names_and_numbers_must_be_there(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
        int64_t n;
    } cases[] = {{"X", "no input or output 'X'", 1},
                 {"x", "'x' has 3 numbers, not 0", 0},
                 {"x", "'x' has 3 numbers, not 4", 4},
                 {"x", "'x' has 3 numbers, not -1", -1}};
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        struct pd_error err;
        double room[4] = {0};
        pd_output(pd_affine(real(&s, "x", pd_shape1(3)), 2, 0), "y");
        compile(&s);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            for (int write = 0; write < 2; write++) {
                assert_int_equal(write ? pd_plan_write(s.p, cases[i].name, room, cases[i].n, &err)
                                       : pd_plan_read(s.p, cases[i].name, room, cases[i].n, &err),
                                 PD_ERR_USAGE);
                if (!strstr(err.message, cases[i].says))
                    fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].says);
            }
        assert_int_equal(pd_plan_write(s.p, "y", room, 1, &err), PD_ERR_USAGE); /* an output */
        assert_int_equal(pd_plan_set(s.p, "x", 1, &err), PD_OK);
        end(&s);
    }
}

static void a_part_may_be_written(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        double y[3];
        pd_output(pd_affine(real(&s, "x", pd_shape1(3)), 2, 0), "y");
        compile(&s);
        put(s.p, "x", 3, (double[]){1, 2, 3});
        put(s.p, "x", 2, (double[]){5, 6});
        run_plan(s.p, 0, 0);
        take(s.p, "y", 3, y);
        assert_true(y[0] == 10 && y[1] == 12 && y[2] == 6);
        end(&s);
    }
}

static void resetting_gives_the_start(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        record_step(&s);
        double *start = take_var(pd_vars_find(s.vars, "w"));
        run_plan(s.p, 3, 0);
        double *moved = take_var(pd_vars_find(s.vars, "w"));
        assert_int_equal(pd_vars_reset(s.vars, "w", 1, NULL), PD_OK);
        double *again = take_var(pd_vars_find(s.vars, "w"));
        assert_memory_not_equal(start, moved, 12 * sizeof *start);
        assert_memory_equal(start, again, 12 * sizeof *start);
        free(start);
        free(moved);
        free(again);
        end(&s);
    }
}

/* An update of moments that were updated before is no update of the weight. */
static void two_adams_are_two_steps(void **state)
{
    (void)state;
    const struct pd_adam_options o = {0.1, 0.5, 0.9, 1e-8, NULL};
    for (int k = 0; k < KINDS; k++) {
        double once[3][3], twice[3][3];
        for (int both = 0; both < 2; both++) {
            struct stage s = begin(kinds[k]);
            struct pd_var *w[3] = {var(&s, "w", pd_shape1(3), 1), var(&s, "m", pd_shape1(3), 0),
                                   var(&s, "v", pd_shape1(3), 0)};
            struct pd_node *grad = real(&s, "grad", pd_shape1(3)), *t = real(&s, "t", pd_shape1(1));
            for (int i = 0; i <= both; i++)
                pd_adam(w[0], w[1], w[2], t, grad, &o);
            /* verify_plan takes the source for the moment itself, which it is not */
            assert_int_equal(pd_compile(s.g, s.b, &s.p, NULL), PD_OK);
            put(s.p, "grad", 3, (double[]){1, -2, 3});
            put(s.p, "t", 1, (double[]){1});
            for (int run = both; run < 2; run++)
                run_plan(s.p, 0, 0);
            for (int i = 0; i < 3; i++) {
                double *value = take_var(w[i]);
                memcpy(both ? twice[i] : once[i], value, sizeof once[i]);
                free(value);
            }
            end(&s);
        }
        assert_memory_equal(once, twice, sizeof once);
    }
}

static void costs_keep_nothing(void **state)
{
    (void)state;
    struct pd_backend *b;
    struct pd_error err;
    double x[1];
    assert_int_equal(pd_backend_create("costs", 0, &b, &err), PD_ERR_USAGE);
    assert_int_equal(pd_backend_create("costs", 1, &b, &err), PD_OK);
    struct pd_vars *vars = pd_vars_create(b, 1);
    struct pd_var *v = pd_vars_get(vars, "v", pd_shape1(1), (struct pd_init_spec){PD_INIT_CONSTANT, 1, 0});
    assert_int_equal(pd_var_read_f64(v, x, &err), PD_ERR_UNSUPPORTED);
    pd_vars_destroy(vars);
    pd_backend_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_adams_are_two_steps), cmocka_unit_test(costs_keep_nothing),
        cmocka_unit_test(bits_are_those_of_ref),   cmocka_unit_test(reading_by_address_crashes),
        cmocka_unit_test(backends_have_names),     cmocka_unit_test(names_and_numbers_must_be_there),
        cmocka_unit_test(a_part_may_be_written),   cmocka_unit_test(resetting_gives_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
