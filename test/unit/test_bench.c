/* The bench for other programs: what it gives fits together, what cannot be is refused. */
#include "scratch.h"

#include <paydirt/bench.h>

#include <math.h>

static struct pd_error err;

static struct pd_bench_options small(void)
{
    struct pd_bench_options o = pd_bench_defaults();
    o.model = "mlp";
    o.batch = 8;
    o.width = 0.0625;
    o.seconds = 0.01;
    o.threads = 1;
    return o;
}

static void see(void *context, int done, int windows, double images)
{
    int *next = context;
    assert_int_equal(done, (*next)++);
    assert_true(done <= windows && images >= 8);
}

static void numbers_fit_together(void **state)
{
    (void)state;
    struct pd_bench_options o = small();
    struct pd_bench b;
    int next = 0;
    o.adversarial = 4;
    if (pd_bench_run(&o, see, &next, &b, &err))
        fail_msg("%s", err.message);
    assert_true(next > 1 && b.threads == 1 && b.kernels > 0 && b.op_count > 0 && b.arena_bytes > 0);
    assert_true(b.images_per_second > 0 && b.sgemm_gflops > 0 && b.step_cost > 0 && b.step_operations > 1);
    assert_true(fabs(b.gflops - b.gflop_per_step * b.images_per_second / 8) < 1e-9 * b.gflops);
    for (int i = 1; i < b.op_count; i++)
        assert_true(b.ops[i].seconds <= b.ops[i - 1].seconds);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct pd_bench_options batch = small(), seconds = small(), model = small(), loss = small();
    struct pd_bench b;
    batch.batch = 0;
    seconds.seconds = NAN;
    model.model = "mpl";
    loss.loss = "hing";
    assert_int_equal(pd_bench_run(&batch, NULL, NULL, &b, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "batch 0: expected 2 to 65536");
    assert_int_equal(pd_bench_run(&seconds, NULL, NULL, &b, NULL), PD_ERR_USAGE);
    assert_int_equal(pd_bench_run(&model, NULL, NULL, &b, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "did you mean 'mlp'?"));
    assert_int_equal(pd_bench_run(&loss, NULL, NULL, &b, &err), PD_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_fit_together),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
