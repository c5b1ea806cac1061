/* A small training step with a bit of everything: what running and compiling cost, and what happens without
 * memory. */
#include "base/mem.h"
#include "stage.h"

#include <malloc.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>

static struct pd_node *weights(struct stage *s, const char *name, struct pd_shape shape)
{
    struct pd_init_spec init = {PD_INIT_NORMAL, 0, 0.1};
    return s->vars ? pd_var_read(s->g, pd_vars_get(s->vars, name, shape, init)) : NULL;
}

static void move(struct stage *s, const char *name, struct pd_node *t, struct pd_node *grad)
{
    char text[2][32];
    struct pd_var *w = s->vars ? pd_vars_find(s->vars, name) : NULL;
    if (!w)
        return;
    snprintf(text[0], sizeof text[0], "%s.m", name);
    snprintf(text[1], sizeof text[1], "%s.v", name);
    struct pd_init_spec zero = {PD_INIT_CONSTANT, 0, 0};
    struct pd_var *m = pd_vars_get(s->vars, text[0], pd_var_shape(w), zero);
    struct pd_var *v = pd_vars_get(s->vars, text[1], pd_var_shape(w), zero);
    pd_adam(w, m, v, t, grad, &(struct pd_adam_options){1e-3, 0.5, 0.99, 1e-8, NULL});
}

static void record_training(struct stage *s)
{
    struct pd_node *x = real(s, "x", pd_shape4(4, 1, 8, 8)), *t = real(s, "t", pd_shape0());
    struct pd_node *w[] = {weights(s, "conv", pd_shape4(16, 1, 4, 4)), weights(s, "gamma", pd_shape1(16)),
                           weights(s, "dense", pd_shape2(5, 256))};
    struct pd_node *y = pd_conv(x, w[0], 2, 1), *noise = pd_random_normal(s->g, 1, pd_shape2(4, 5)),
                   *grads[3];
    y = pd_batch_norm(y, pd_batch_stats(y), w[1], w[1], 1e-5, 0.2);
    y = pd_matmul(pd_reshape(y, pd_shape2(4, 256)), w[2], false, true);
    struct pd_node *labels = s->g ? pd_random_class(s->g, 2, 4, 5) : NULL;
    struct pd_node *loss = pd_neg(pd_mean(pd_mul(pd_one_hot(labels, 5), pd_log_softmax(pd_add(y, noise)))));
    pd_grad(loss, w, 3, grads);
    move(s, "conv", t, grads[0]);
    move(s, "gamma", t, grads[1]);
    move(s, "dense", t, grads[2]);
    pd_output(loss, "loss");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__) &&                 \
    !defined(__clang__)
#define COUNT_MALLOC /* every allocation of the process passes here */
extern void *__libc_malloc(size_t size), *__libc_calloc(size_t n, size_t size),
    *__libc_realloc(void *p, size_t size);
static long mallocs;

void *malloc(size_t size)
{
    __atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    __atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    __atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
    return __libc_realloc(p, size);
}
#endif

static void running_allocates_nothing(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct stage s = begin(kinds[k]);
        record_training(&s);
        compile(&s);
        set(&s, "x", 4 * 64, 0.5);
        set(&s, "t", 1, 1);
        for (uint64_t step = 0; step < 5; step++) /* libraries below may set themselves up */
            run_plan(s.p, 1, step);
        uint64_t counted = pd_mem_count();
        size_t held = mallinfo2().uordblks;
#ifdef COUNT_MALLOC
        long before = mallocs;
#endif
        for (uint64_t step = 5; step < 15; step++)
            run_plan(s.p, 1, step);
#ifdef COUNT_MALLOC
        /* oneDNN keeps its arguments in a map, and frees that; the stand-in of a card keeps what is to be
         * done */
        if (strcmp(kinds[k], "onednn") != 0 && strcmp(kinds[k], "cuda") != 0)
            assert_int_equal(mallocs, before);
#endif
        assert_int_equal(pd_mem_count(), counted);
        if (strcmp(kinds[k], "cuda") != 0)
            assert_int_equal(mallinfo2().uordblks, held);
        assert_true(isfinite(value(&s, "loss", 0)));
        end(&s);
    }
}

/* OpenMP's thread count is the caller's again after a run; the kernels have their backend's. */
static void threads_are_the_backends(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 1};
    struct stage s[3];
    for (int i = 0; i < 3; i++) {
        struct pd_backend *b = open_backend(i == 2 ? "ref" : "onednn", threads[i]);
        s[i] = (struct stage){.b = b, .vars = pd_vars_create(b, 1), .g = pd_graph_create()};
        record_training(&s[i]);
        compile(&s[i]);
        set(&s[i], "x", 4 * 64, 0.5);
        set(&s[i], "t", 1, 1);
    }
    const int before = omp_get_max_threads();
    omp_set_num_threads(3);
    for (int i = 0; i < 12; i++) {
        run_plan(s[i % 3].p, 1, (uint64_t)i / 3);
        assert_int_equal(omp_get_max_threads(), 3);
        if (i % 3 == 2)
            for (int k = 0; k < 2; k++)
                assert_float_equal(value(&s[k], "loss", 0), value(&s[2], "loss", 0), 1e-4);
    }
    omp_set_num_threads(before);
    for (int i = 0; i < 3; i++)
        end(&s[i]);
}

/* Is everything fine when the n-th allocation from here fails? Returns whether there was an n-th. */
static bool survives_failure(const char *kind, uint64_t n)
{
    struct stage s = {0};
    struct pd_error err = {0};
    uint64_t first = pd_mem_count();
    pd_mem_fail_after(n);
    enum pd_status status = pd_backend_create(kind, 1, &s.b, &err);
    if (!status) {
        s.vars = pd_vars_create(s.b, 1);
        s.g = pd_graph_create();
        record_training(&s);
        status = pd_compile(s.g, s.b, &s.p, &err);
    }
    pd_mem_fail_after(0);
    bool failed = pd_mem_count() >= first + n;
    if (failed && s.vars && (status != PD_ERR_MEMORY || s.p))
        fail_msg("allocation %d: status %d, \"%s\"", (int)n, (int)status, err.message);
    if (!failed && status)
        fail_msg("status %d, \"%s\"", (int)status, err.message);
    end(&s);
    return failed;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        uint64_t n = 1;
        while (survives_failure(kinds[k], n))
            n++;
        assert_true(n > 20);
    }
}

static void profiles(void **state)
{
    (void)state;
    struct stage s = begin("onednn");
    record_training(&s);
    compile(&s);
    set(&s, "t", 1, 1);
    pd_plan_profile(s.p, true);
    for (uint64_t i = 0; i < 3; i++)
        run_plan(s.p, 1, i);
    struct pd_op_time times[64];
    int n = pd_plan_times(s.p, times, 64), calls = 0;
    double gflop = 0;
    for (int i = 0; i < n; i++) {
        assert_true(i == 0 || times[i].seconds <= times[i - 1].seconds);
        calls += times[i].calls;
        gflop += times[i].gflop;
    }
    assert_int_equal(calls, pd_plan_info(s.p).kernels);
    assert_true(fabs(gflop - 3 * pd_plan_info(s.p).gflop) < 1e-9);
    assert_int_equal(pd_plan_times(s.p, times, 2), 2);
    char text[1000], small[300];
    pd_plan_print(s.p, text, sizeof text);
    assert_non_null(strstr(text, "conv"));
    pd_plan_print(s.p, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_allocates_nothing),
        cmocka_unit_test(threads_are_the_backends),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
