/* No handler on a thread that computes, and kernels that fail are heard. */
#include "base/signals.h"
#include "stage.h"

#include <omp.h>
#include <sys/time.h>

static bool is_held(int number)
{
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    return sigismember(&now, number);
}

static void threads_that_were_there_hold_signals_too(void **state)
{
    (void)state;
    enum { TEAM = 3 };
    int held[TEAM] = {0};
    sigset_t before;
#pragma omp parallel num_threads(TEAM) /* made with the program's mask */
    held[omp_get_thread_num()] = is_held(SIGALRM);
    assert_false(held[TEAM - 1]);
    pd_signals_hold(TEAM, &before);
#pragma omp parallel num_threads(TEAM)
    held[omp_get_thread_num()] = is_held(SIGALRM) && is_held(SIGTERM) && is_held(SIGPROF) &&
                                 is_held(SIGWINCH) && is_held(SIGRTMAX) && !is_held(SIGSEGV);
    for (int i = 0; i < TEAM; i++)
        assert_true(held[i]);
    pd_signals_release(&before);
    assert_false(is_held(SIGALRM));
}

static void the_callers_mask_comes_back(void **state)
{
    (void)state;
    sigset_t one, before;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &one, NULL);
    pd_signals_hold(1, &before);
    assert_true(is_held(SIGUSR2));
    pd_signals_release(&before);
    assert_true(is_held(SIGUSR1));
    assert_false(is_held(SIGUSR2));
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static volatile sig_atomic_t heard;

static void hear(int number)
{
    (void)number;
    heard++;
}

/* The product that the machine is measured by is a run, too. */
static void nothing_is_heard_while_the_peak_is_measured(void **state)
{
    (void)state;
    const struct sigaction action = {.sa_handler = hear, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    struct pd_backend *b;
    assert_int_equal(pd_backend_create("onednn", 1, &b, NULL), PD_OK);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    heard = 0;
    const double gflops = pd_backend_peak_gflops(b, 256);
    const int during = heard;
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(gflops > 0);
    assert_true(during < 8); /* before, behind, and the one that waited: it takes milliseconds */
    pd_backend_destroy(b);
}

static int failing_runs;

static void failing_kernel(const struct pd_call *call, const struct pd_run *run)
{
    (void)call;
    assert_true(is_held(SIGALRM));
    failing_runs++;
    *run->failure = PD_ERR_MEMORY;
}

static void a_kernel_that_fails_ends_the_run(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        if (!strcmp(kinds[k], "cuda")) /* no threads of ours compute there */
            continue;
        struct stage s = begin(kinds[k]);
        struct pd_error err = {.status = PD_OK};
        struct pd_node *x = real(&s, "x", pd_shape2(3, 4)), *w = real(&s, "w", pd_shape2(4, 5));
        pd_output(pd_sum(pd_matmul(x, w, false, false)), "y");
        compile(&s);
        set(&s, "x", 12, 1);
        set(&s, "w", 20, 1);
        assert_int_equal(pd_plan_run(s.p, 1, 0, &err), PD_OK);
        assert_true(s.p->n_calls >= 2);
        failing_runs = 0;
        for (int i = 0; i < s.p->n_calls; i++)
            s.p->calls[i].kernel = failing_kernel;
        assert_int_equal(pd_plan_run(s.p, 1, 0, &err), PD_ERR_MEMORY);
        assert_int_equal(failing_runs, 1);
        assert_non_null(strstr(err.message, "out of memory for "));
        assert_false(is_held(SIGALRM));
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_that_were_there_hold_signals_too),
        cmocka_unit_test(the_callers_mask_comes_back),
        cmocka_unit_test(nothing_is_heard_while_the_peak_is_measured),
        cmocka_unit_test(a_kernel_that_fails_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
