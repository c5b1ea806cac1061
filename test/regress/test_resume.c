/* A run that is stopped, or killed, and resumed ends with the same bytes as one that was never disturbed. */
#include "base/buffer.h"
#include "io/file.h"
#include "train/run.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"

static struct pd_train_options options(const char *out)
{
    struct pd_train_options o;
    pd_train_options_init(&o);
    strcpy(o.data, "strokes");
    strcpy(o.model, "infogan");
    snprintf(o.out, sizeof o.out, "%s", out);
    o.data_count = 160;
    o.labels = 80;
    o.width = 0.125;
    o.batch = 16;
    o.min_epoch = 160; /* ten steps */
    o.epochs = 4;
    o.gold = true;
    o.threads = 2;
    o.save_steps = 4;
    return o;
}

static void train(const struct pd_train_options *o, const struct pd_observer *watch, char *folder,
                  enum pd_status expected)
{
    struct pd_error err = {0};
    enum pd_status status = pd_run_train(o, watch, folder, 1200, &err);
    if (status != expected)
        fail_msg("train: status %d: %s", status, err.message);
}

static void resume(const char *folder, int64_t epochs)
{
    const struct pd_observer nobody = {0};
    struct pd_error err = {0};
    if (pd_run_resume(folder, epochs, &nobody, &err))
        fail_msg("resume: %s", err.message);
}

static struct pd_buffer checkpoint(const char *folder)
{
    struct pd_buffer b = PD_BUFFER_INIT;
    struct pd_error err = {0};
    char path[1300];
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    if (pd_file_read(path, &b, &err))
        fail_msg("%s", err.message);
    return b;
}

static void assert_same_checkpoint(const char *a, const char *b)
{
    struct pd_buffer x = checkpoint(a), y = checkpoint(b);
    assert_true(x.size > 1000 && x.size == y.size);
    assert_memory_equal(x.data, y.data, x.size);
    pd_buffer_release(&x);
    pd_buffer_release(&y);
}

/* --- stops --- */

struct stopper {
    uint64_t at, now;
};

static void count_step(void *context, uint64_t step, const float *losses)
{
    (void)losses;
    ((struct stopper *)context)->now = step;
}

static bool stop(void *context)
{
    const struct stopper *s = context;
    return s->now == s->at;
}

static void test_stop_and_resume(void **state)
{
    (void)state;
    const char *dir = scratch_dir;
    char whole[1200], stopped[1200];
    const struct pd_observer nobody = {0};
    struct pd_train_options o = options(dir);
    train(&o, &nobody, whole, PD_OK);
    const uint64_t moments[] = {1,  7,  10,
                                20, 23, 39}; /* inside an epoch, at its end, around the switch to GOLD */
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        struct stopper s = {.at = moments[i]};
        const struct pd_observer watch = {.context = &s, .step = count_step, .stop = stop};
        train(&o, &watch, stopped, PD_ERR_INTERRUPTED);
        resume(stopped, 0);
        assert_same_checkpoint(whole, stopped);
    }
}

/* A run with GOLD is its baseline until re-weighting begins. */
static void test_gold_branches_from_baseline(void **state)
{
    (void)state;
    const char *dir = scratch_dir;
    char gold[1200], base[1200];
    const struct pd_observer nobody = {0};
    struct pd_train_options o = options(dir);
    struct pd_error err = {0};
    train(&o, &nobody, gold, PD_OK);
    o.gold = false;
    o.epochs = 2;
    train(&o, &nobody, base, PD_OK);
    o.gold = true;
    assert_int_equal(pd_run_folder_save_options(base, &o, &err), PD_OK);
    resume(base, 4);
    assert_same_checkpoint(gold, base);
}

static void test_threads_draw_the_same_numbers(void **state)
{
    (void)state; /* sums differ in the last bits with the thread count; data, noise and classes do not */
    const char *dir = scratch_dir;
    char one[1200], two[1200];
    const struct pd_observer nobody = {0};
    struct pd_train_options o = options(dir);
    o.epochs = 1;
    o.data_count = o.min_epoch = 32; /* two steps: later the last bits have grown */
    o.labels = 16;
    o.gold = false;
    train(&o, &nobody, two, PD_OK);
    o.threads = 1;
    train(&o, &nobody, one, PD_OK);
    struct pd_buffer x = checkpoint(one), y = checkpoint(two);
    assert_int_equal(x.size, y.size);
    float p[1024], q[1024];
    memcpy(p, x.data + x.size - sizeof p, sizeof p); /* the last tensor's end */
    memcpy(q, y.data + y.size - sizeof q, sizeof q);
    for (int i = 0; i < 1024; i++)
        assert_float_equal(p[i], q[i], 1e-3);
    pd_buffer_release(&x);
    pd_buffer_release(&y);
}

/* --- kill -9 --- */

/* The run's folder below out, when it has a checkpoint. */
static bool find_run(const char *out, char *folder, size_t size)
{
    DIR *dir = opendir(out);
    bool found = false;
    for (struct dirent *e; dir && !found && (e = readdir(dir));) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s/checkpoint.safetensors", out, e->d_name);
        found = access(path, R_OK) == 0;
        path[strlen(path) - strlen("/checkpoint.safetensors")] = '\0';
        snprintf(folder, size, "%s", path);
    }
    if (dir)
        closedir(dir);
    return found;
}

/* In a child process, so that it can be killed: 0 when it came to the end. */
static pid_t start(const struct pd_train_options *o)
{
    pid_t child = fork();
    if (child)
        return child;
    const struct pd_observer nobody = {0};
    struct pd_error err;
    char folder[1200];
    bool there = find_run(o->out, folder, sizeof folder);
    enum pd_status status = there ? pd_run_resume(folder, 0, &nobody, &err)
                                  : pd_run_train(o, &nobody, folder, sizeof folder, &err);
    if (status)
        fprintf(stderr, "%s\n", err.message);
    _exit(status != PD_OK);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void wait_for(pid_t child)
{
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

static void test_kill_and_resume(void **state)
{
    (void)state;
    const char *wish = getenv("PAYDIRT_KILLS");
    const int kills = wish ? atoi(wish) : 50;
    const char *dir = scratch_dir;
    char whole[1200], killed[1200];
    struct pd_train_options o = options(dir);
    srand(7);
    snprintf(o.out, sizeof o.out, "%s/whole", dir);
    const double begin = seconds();
    wait_for(start(&o));
    const double length = seconds() - begin;
    assert_true(find_run(o.out, whole, sizeof whole));
    int midway = 0;
    for (int i = 0; i < kills; i++) {
        int result;
        snprintf(o.out, sizeof o.out, "%s/%d", dir, i);
        pid_t child = start(&o);
        usleep((useconds_t)(1e6 * length * rand() / RAND_MAX));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &result, 0), child);
        midway += WIFSIGNALED(result);
        wait_for(start(&o));
        assert_true(find_run(o.out, killed, sizeof killed));
        assert_same_checkpoint(whole, killed);
    }
    print_message("%d of %d runs were killed midway; all ended with the same bytes\n", midway, kills);
    assert_true(midway > kills / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_kill_and_resume, scratch_setup,
            scratch_teardown), /* first: it forks, and threads do not survive that */
        cmocka_unit_test_setup_teardown(test_stop_and_resume, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_gold_branches_from_baseline, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_threads_draw_the_same_numbers, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
