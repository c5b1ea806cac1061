/* A run that is stopped, or killed, and resumed ends with the same bytes as one that was never disturbed. */
#include "base/buffer.h"
#include "io/file.h"
#include "plans.h"
#include "run/run.h"

#include <dirent.h>
#include <math.h>
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
    o.threads = 1;
    o.save_steps = 4;
    return o;
}

static void train(const struct pd_train_options *o, const struct pd_training_watch *watch, char *folder,
                  enum pd_status expected)
{
    struct pd_error err = {0};
    enum pd_status status = pd_run_train(o, watch, folder, 1200, &err);
    if (status != expected)
        fail_msg("train: status %d: %s", status, err.message);
}

/* Valid until the next call. */
static const char *path_in(const char *folder, const char *name)
{
    static char path[1300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void resume(const char *folder, int64_t epochs)
{
    const struct pd_training_watch nobody = {0};
    struct pd_error err = {0};
    const struct pd_run_change change = {.epochs = epochs};
    if (pd_run_resume(folder, &change, &nobody, &err))
        fail_msg("resume: %s", err.message);
}

static struct pd_buffer bytes(const char *folder, const char *name)
{
    struct pd_buffer b = PD_BUFFER_INIT;
    struct pd_error err = {0};
    if (pd_file_read(path_in(folder, name), &b, &err))
        fail_msg("%s", err.message);
    return b;
}

static struct pd_buffer checkpoint(const char *folder)
{
    return bytes(folder, "checkpoint.safetensors");
}

static void assert_same(const char *a, const char *b, const char *name)
{
    struct pd_buffer x = bytes(a, name), y = bytes(b, name);
    assert_true(x.size > 100 && x.size == y.size);
    assert_memory_equal(x.data, y.data, x.size);
    pd_buffer_release(&x);
    pd_buffer_release(&y);
}

static void assert_same_checkpoint(const char *a, const char *b)
{
    assert_same(a, b, "checkpoint.safetensors");
}

static void open_run(const char *folder, struct pd_run_model *m)
{
    struct pd_error err;
    if (pd_run_read(folder, &(struct pd_where){.threads = 1}, m, &err))
        fail_msg("%s", err.message);
}

/* --- stops --- */

struct stopper {
    uint64_t at, now;
};

static void count_step(void *context, uint64_t step)
{
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
    const struct pd_training_watch nobody = {0};
    struct pd_train_options o = options(dir);
    o.threads = 2;
    train(&o, &nobody, whole, PD_OK);
    const uint64_t moments[] = {1, 10, 20, 23}; /* inside an epoch, at its end, around the switch to GOLD */
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        struct stopper s = {.at = moments[i]};
        const struct pd_training_watch watch = {.context = &s, .step = count_step, .stop = stop};
        train(&o, &watch, stopped, PD_ERR_INTERRUPTED);
        resume(stopped, 0);
        assert_same_checkpoint(whole, stopped);
    }
}

static void assert_log_has(const char *run, const char *key, bool expected)
{
    char path[1300];
    snprintf(path, sizeof path, "%s/log.jsonl", run);
    char *log = scratch_read(path, NULL);
    assert_int_equal(strstr(log, key) != NULL, expected);
    free(log);
}

/* As GOLD's reference code trains: an epoch of ten whole batches and one of 9 images. */
static void test_partial_batches_resume(void **state)
{
    (void)state;
    char whole[1200], stopped[1200], dropped[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_run_model m;
    struct pd_train_options o = options(scratch_dir);
    o.min_epoch = 169;
    o.epochs = 2;
    o.top_k = 0.9;
    o.match_labels = o.gold_broadcast = o.separate_forwards = true;
    train(&o, &nobody, dropped, PD_OK);
    o.partial_batch = true;
    train(&o, &nobody, whole, PD_OK);
    open_run(dropped, &m);
    assert_int_equal(m.progress.step, 20);
    pd_run_release(&m);
    open_run(whole, &m);
    assert_int_equal(m.progress.step, 22);
    pd_run_release(&m);
    assert_log_has(whole, "rotation", false);
    for (uint64_t at = 10; at <= 11; at++) {
        struct stopper s = {.at = at};
        const struct pd_training_watch watch = {.context = &s, .step = count_step, .stop = stop};
        train(&o, &watch, stopped, PD_ERR_INTERRUPTED);
        resume(stopped, 0);
        assert_same_checkpoint(whole, stopped);
    }
}

/* What consistency remembers of its guesses, how far its weight has grown, the averages that say how sure D
 * is, the head for rotation. */
static void test_few_labels_resume(void **state)
{
    (void)state;
    char whole[1200], stopped[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_train_options o = options(scratch_dir);
    o.epochs = 2;
    o.labels_per_batch = 4;
    o.consistency = 1;
    o.threshold = 0.11;
    o.align = true;
    o.guess_ramp = 0.5;
    o.ema_d = 0.9;
    o.fake_confidence = true;
    o.rotation = 1;
    train(&o, &nobody, whole, PD_OK);
    assert_log_has(whole, "\"d_rotation\":", true);
    assert_log_has(whole, "\"g_rotation\":", true);
    struct stopper s = {.at = 7};
    const struct pd_training_watch watch = {.context = &s, .step = count_step, .stop = stop};
    train(&o, &watch, stopped, PD_ERR_INTERRUPTED);
    resume(stopped, 0);
    assert_same_checkpoint(whole, stopped);
}

/* A run with GOLD is its baseline until re-weighting begins. */
static void test_gold_branches_from_baseline(void **state)
{
    (void)state;
    const char *dir = scratch_dir;
    char gold[1200], base[1200];
    const struct pd_training_watch nobody = {0};
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

/* Whatever part of the batches has none: of a D that has learnt nothing it is log 10. */
static void test_class_loss_is_of_labelled_images(void **state)
{
    (void)state;
    char run[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_train_options o = options(scratch_dir);
    o.epochs = 1;
    o.labels = 10;
    o.lr = 1e-6;
    train(&o, &nobody, run, PD_OK);
    char *log = scratch_read(path_in(run, "log.jsonl"), NULL);
    const char *at = strstr(log, "\"d_cls_real\":");
    assert_non_null(at);
    assert_true(fabs(strtod(at + strlen("\"d_cls_real\":"), NULL) - 2.303) < 0.3);
    free(log);
}

/* More epochs, of which GOLD's beginning and the ramp are fractions, take back nothing. */
static void test_what_has_begun_goes_on(void **state)
{
    (void)state;
    char run[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_train_options o = options(scratch_dir);
    struct pd_error err = {0};
    o.epochs = 2;
    o.guess_ramp = 0.5;
    train(&o, &nobody, run, PD_OK);
    resume(run, 8);
    char *log = scratch_read(path_in(run, "log.jsonl"), NULL);
    const char *off = strstr(log, "\"gold\":false"), *on = strstr(log, "\"gold\":true");
    assert_true(off && on && off < on && !strstr(on, "\"gold\":false"));
    free(log);
    assert_int_equal(pd_run_folder_options(run, &o, &err), PD_OK);
    assert_true(fabs(o.gold_start - 0.125) < 1e-9 && fabs(o.guess_ramp - 0.125) < 1e-9);
    const double gold_start = o.gold_start;
    resume(run, 8); /* as after a kill */
    assert_int_equal(pd_run_folder_options(run, &o, &err), PD_OK);
    assert_true(o.gold_start == gold_start);
    struct stopper s = {.at = 10}; /* straight before it would have begun */
    const struct pd_training_watch watch = {.context = &s, .step = count_step, .stop = stop};
    char early[1200];
    o = options(scratch_dir);
    o.epochs = 2;
    train(&o, &watch, early, PD_ERR_INTERRUPTED);
    resume(early, 8);
    assert_int_equal(pd_run_folder_options(early, &o, &err), PD_OK);
    assert_true(o.gold_start == 0.5);
    resume(run, 16); /* once more */
    assert_int_equal(pd_run_folder_options(run, &o, &err), PD_OK);
    assert_true(fabs(o.gold_start - 0.0625) < 1e-9);
}

static void test_threads_draw_the_same_numbers(void **state)
{
    (void)state; /* sums differ in the last bits with the thread count; data, noise and classes do not */
    const char *dir = scratch_dir;
    char one[1200], two[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_train_options o = options(dir);
    o.epochs = 1;
    o.data_count = o.min_epoch = 32; /* two steps: later the last bits have grown */
    o.labels = 16;
    o.gold = false;
    o.threads = 2;
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

/* --- the best epoch --- */

/* 2-D points: their classifier takes no time. */
static struct pd_train_options validated(const char *out)
{
    struct pd_train_options o = options(out);
    strcpy(o.data, "synthetic");
    strcpy(o.model, "mlp");
    o.gold = false;
    o.validation = 40;
    o.validate_every = 2;
    o.validation_epochs = 1;
    o.adversarial = 2;
    o.lr = 2e-3;
    o.epochs = 11;
    return o;
}

struct best {
    uint64_t epoch;
    double accuracy;
    int measured;
};

/* The last best of log.jsonl's lines. */
static struct best best_of_log(const char *folder)
{
    struct best best = {.accuracy = -1};
    struct pd_buffer log = bytes(folder, "log.jsonl");
    for (char *line = (char *)log.data; *line; line = strchr(line, '\n') + 1) {
        const char *at = strstr(line, "\"validation\":");
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        if (!at || at > end)
            continue;
        const double accuracy = strtod(at + strlen("\"validation\":"), NULL);
        best.measured++;
        if (accuracy >= best.accuracy) {
            best.accuracy = accuracy;
            best.epoch = strtoull(strstr(line, "\"epoch\":") + strlen("\"epoch\":"), NULL, 10);
        }
    }
    pd_buffer_release(&log);
    return best;
}

static bool same_values(const struct pd_var *a, const struct pd_var *b)
{
    double *x = take_var(a), *y = take_var(b);
    const bool same = memcmp(x, y, (size_t)var_count(a) * sizeof *x) == 0;
    free(x);
    free(y);
    return same;
}

static void assert_same_weights(const struct pd_run_model *a, const struct pd_run_model *b,
                                const char *prefix)
{
    int compared = 0;
    for (int i = 0; i < pd_vars_count(a->gan->vars); i++) {
        struct pd_var *v = pd_vars_at(a->gan->vars, i);
        struct pd_var *w = pd_vars_find(b->gan->vars, pd_var_name(v));
        if (strncmp(pd_var_name(v), prefix, strlen(prefix)) != 0)
            continue;
        assert_true(same_values(v, w));
        compared++;
    }
    assert_true(compared >= 8);
}

static void test_best_epoch_is_kept(void **state)
{
    (void)state;
    const char *dir = scratch_dir;
    char whole[1200], stopped[1200], shorter[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_run_model kept, last;
    struct pd_train_options o = validated(dir);
    train(&o, &nobody, whole, PD_OK);
    const struct best best = best_of_log(whole);
    assert_int_equal(best.measured, 6); /* epochs 2, 4, 6, 8, 10 and the last */
    open_run(whole, &kept);
    assert_int_equal(kept.progress.best_epoch, best.epoch);
    assert_true(fabs(kept.progress.best_accuracy - best.accuracy) < 1e-9);
    assert_true(best.epoch < 11); /* else what follows shows nothing */

    o.epochs = (int64_t)best.epoch;
    train(&o, &nobody, shorter, PD_OK);
    assert_same(whole, shorter, "best.safetensors");
    assert_int_equal(remove(path_in(shorter, "best.safetensors")), 0);
    open_run(shorter, &last); /* of its checkpoint now */
    assert_same_weights(&kept, &last, "");
    pd_run_release(&kept);
    pd_run_release(&last);

    o.epochs = 11;
    o.keep_last = true;
    train(&o, &nobody, shorter, PD_OK);
    open_run(shorter, &kept);
    assert_int_equal(kept.progress.best_epoch, 11);
    assert_int_equal(remove(path_in(shorter, "best.safetensors")), 0);
    open_run(shorter, &last);
    assert_same_weights(&kept, &last, "");
    pd_run_release(&kept);
    pd_run_release(&last);

    o.keep_last = false;
    const uint64_t moments[] = {best.epoch * 10 - 1, best.epoch * 10, best.epoch * 10 + 1, 105};
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        struct stopper s = {.at = moments[i]};
        const struct pd_training_watch watch = {.context = &s, .step = count_step, .stop = stop};
        train(&o, &watch, stopped, PD_ERR_INTERRUPTED);
        resume(stopped, 0);
        assert_same_checkpoint(whole, stopped);
        assert_same(whole, stopped, "best.safetensors");
    }
}

/* By another metric than the default: the same training, another choice; D's statistics of the moment leave
 * no trace in it, also where it was stopped. */
static void test_best_epoch_of_another_metric(void **state)
{
    (void)state;
    char whole[1200], stopped[1200], plain[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_run_model kept, last, other;
    struct pd_train_options o = options(scratch_dir);
    o.gold = false;
    o.validation = 40;
    o.validate_every = o.validation_epochs = 1;
    train(&o, &nobody, plain, PD_OK);
    strcpy(o.best, "class-accuracy");
    train(&o, &nobody, whole, PD_OK);
    const struct best best = best_of_log(whole);
    assert_int_equal(best.measured, 4);
    assert_true(best.accuracy > best_of_log(plain).accuracy); /* G has not learnt anything yet */
    open_run(whole, &kept);
    assert_int_equal(kept.progress.best_epoch, best.epoch);
    pd_run_release(&kept);

    struct stopper s = {.at = 25};
    const struct pd_training_watch watch = {.context = &s, .step = count_step, .stop = stop};
    train(&o, &watch, stopped, PD_ERR_INTERRUPTED);
    resume(stopped, 0);
    assert_same_checkpoint(whole, stopped);
    assert_same(whole, stopped, "best.safetensors");

    assert_int_equal(remove(path_in(whole, "best.safetensors")), 0);
    assert_int_equal(remove(path_in(plain, "best.safetensors")), 0);
    open_run(whole, &last);
    open_run(plain, &other);
    assert_same_weights(&last, &other, "");
    pd_run_release(&last);
    pd_run_release(&other);
}

/* Networks that stand still measure the same in every epoch. */
static void test_last_of_equal_epochs_is_kept(void **state)
{
    (void)state;
    char folder[1200];
    const struct pd_training_watch nobody = {0};
    struct pd_run_model kept;
    struct pd_train_options o = validated(scratch_dir);
    o.lr = 1e-12;
    o.epochs = 5;
    train(&o, &nobody, folder, PD_OK);
    assert_int_equal(best_of_log(folder).measured, 3);
    open_run(folder, &kept);
    assert_int_equal(kept.progress.best_epoch, 5);
    pd_run_release(&kept);
}

/* --- what a run starts from --- */

static void write_labels(const char *path, const char *more)
{
    char text[1024] = "image,label\n";
    for (int i = 0; i < 40; i++) /* wrong ones, for that matter */
        sprintf(text + strlen(text), "%d,%d\n", i, i % 10);
    strcat(text, more);
    scratch_write(path, text, strlen(text));
}

static void test_labels_of_a_file(void **state)
{
    (void)state;
    char whole[1200], stopped[1200], drawn[1200];
    struct pd_error err;
    struct stopper s = {.at = 7};
    const struct pd_training_watch nobody = {0}, watch = {.context = &s, .step = count_step, .stop = stop};
    struct pd_train_options o = options(scratch_dir);
    o.epochs = 1;
    o.labels = 40;
    train(&o, &nobody, drawn, PD_OK);
    snprintf(o.label_file, sizeof o.label_file, "%s", scratch_path("labels.csv"));
    write_labels(o.label_file, "");
    train(&o, &nobody, whole, PD_ERR_USAGE); /* drawn or given, not both */
    o.labels = 0;
    train(&o, &nobody, whole, PD_OK);
    train(&o, &watch, stopped, PD_ERR_INTERRUPTED);
    assert_int_equal(remove(o.label_file), 0); /* the run has its own */
    resume(stopped, 0);
    assert_same_checkpoint(whole, stopped);
    assert_same(whole, stopped, "labels.csv");
    struct pd_buffer x = checkpoint(whole), y = checkpoint(drawn);
    assert_true(x.size == y.size && memcmp(x.data, y.data, x.size) != 0);
    pd_buffer_release(&x);
    pd_buffer_release(&y);

    const int runs = scratch_count(scratch_dir);
    write_labels(o.label_file, "40,11\n");
    assert_int_equal(pd_run_train(&o, &nobody, stopped, sizeof stopped, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "labels.csv: row 42: ");
    assert_int_equal(scratch_count(scratch_dir), runs + 1); /* the file, no folder */
}

/* The first checkpoint of a run, before its first step. */
static void open_at_begin(void *context, const struct pd_training_begin *b)
{
    open_run(b->folder, context);
}

static void test_generator_of_another_run(void **state)
{
    (void)state;
    char teacher[1200], whole[1200];
    struct pd_error err;
    struct pd_run_model learnt, fresh;
    const struct pd_training_watch nobody = {0}, watch = {.context = &fresh, .begin = open_at_begin};
    struct pd_train_options o = options(scratch_dir), read;
    o.epochs = 1;
    train(&o, &nobody, teacher, PD_OK);
    open_run(teacher, &learnt);
    snprintf(o.generator, sizeof o.generator, "%.1199s", path_in(teacher, "checkpoint.safetensors"));
    train(&o, &watch, whole, PD_OK);
    assert_same_weights(&learnt, &fresh, "g.");
    struct pd_var *a = pd_vars_find(learnt.gan->vars, "d.fc1.weight");
    struct pd_var *b = pd_vars_find(fresh.gan->vars, "d.fc1.weight");
    assert_false(same_values(a, b));
    pd_run_release(&learnt);
    pd_run_release(&fresh);

    assert_int_equal(remove(o.generator), 0); /* the run's checkpoint has it */
    resume(whole, 2);
    assert_int_equal(pd_run_folder_options(whole, &read, &err), PD_OK);
    assert_string_equal(read.generator, o.generator);
    assert_int_equal(pd_run_train(&o, &nobody, whole, sizeof whole, &err), PD_ERR_IO);
    assert_string_equal(whole, "");
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
    const struct pd_training_watch nobody = {0};
    struct pd_error err;
    char folder[1200];
    bool there = find_run(o->out, folder, sizeof folder);
    enum pd_status status = there ? pd_run_resume(folder, NULL, &nobody, &err)
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
    const int kills = wish ? atoi(wish) : 6;
    const char *dir = scratch_dir;
    char whole[1200], killed[1200];
    struct pd_train_options o = options(dir);
    srand(7);
    snprintf(o.out, sizeof o.out, "%s/whole", dir);
    const double begin = seconds();
    wait_for(start(&o));
    const double length = seconds() - begin;
    assert_true(find_run(o.out, whole, sizeof whole));
    int midway = 0, runs = 0;
    for (; midway < kills && runs < 4 * kills; runs++) { /* some may end before */
        int result;
        snprintf(o.out, sizeof o.out, "%s/%d", dir, runs);
        pid_t child = start(&o);
        usleep((useconds_t)(1e6 * length * rand() / RAND_MAX));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &result, 0), child);
        midway += WIFSIGNALED(result);
        wait_for(start(&o));
        assert_true(find_run(o.out, killed, sizeof killed));
        assert_same_checkpoint(whole, killed);
    }
    print_message("%d of %d runs were killed midway; all ended with the same bytes\n", midway, runs);
    assert_int_equal(midway, kills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_kill_and_resume, scratch_setup,
            scratch_teardown), /* first: it forks, and threads do not survive that */
        cmocka_unit_test_setup_teardown(test_stop_and_resume, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_partial_batches_resume, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_few_labels_resume, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_gold_branches_from_baseline, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_class_loss_is_of_labelled_images, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_what_has_begun_goes_on, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_best_epoch_is_kept, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_best_epoch_of_another_metric, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_last_of_equal_epochs_is_kept, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_labels_of_a_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_generator_of_another_run, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_threads_draw_the_same_numbers, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
