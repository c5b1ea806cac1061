/* A program that is stopped, watched or without its standard streams: nothing that computes runs a handler,
 * and nothing lands in the wrong file. Training that diverges says so. */
#include "program.h"

#include <ctype.h>
#include <math.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN
#endif
#endif

#define SMALL                                                                                                \
    "train --data strokes --data-count 300 --model infogan --width 0.0625 --batch 16 --min-epoch 288 "       \
    "--threads 2 --seed 5 --grid-every 0 "

/* A mask of /proc: hexadecimal digits, the last for signals 1 to 4. */
static bool is_in(const char *status, const char *field, int number)
{
    const char *mask = strstr(status, field) + strlen(field);
    return strtoull(mask, NULL, 16) >> (number - 1) & 1;
}

static void check_thread(const char *tasks, const char *name, int *takers)
{
    char path[512], status[8192];
    static const int outside[] = {SIGALRM, SIGPROF, SIGWINCH, SIGUSR1, SIGCHLD};
    snprintf(path, sizeof path, "%s/%s/status", tasks, name);
    FILE *f = fopen(path, "r");
    if (!f)
        return; /* it has ended */
    status[fread(status, 1, sizeof status - 1, f)] = '\0';
    fclose(f);
    static const int asking[] = {SIGINT, SIGTERM, SIGHUP};
    int held = 0;
    for (int i = 0; i < 3; i++) {
        held += is_in(status, "SigBlk:", asking[i]);
        assert_false(is_in(status, "SigCgt:", asking[i]));
    }
    for (int i = 0; i < 5; i++)
        held += is_in(status, "SigBlk:", outside[i]);
    assert_true(held == 0 || held == 8); /* sigwait shows what it waits for as open */
    *takers += held == 0;
    assert_false(is_in(status, "SigBlk:", SIGSEGV));
}

static void one_thread_takes_signals(void **state)
{
    (void)state;
#ifdef UNDER_TSAN
    print_message("skipped: ThreadSanitizer has a thread of its own, which holds every signal\n");
    skip();
#endif
    char tasks[64];
    int takers = 0, threads = 0;
    scratch_write(scratch_path("stderr"), "", 0);
    pid_t child = program_start(SMALL "--epochs 10000 --out masks", RLIM_INFINITY);
    wait_for_text("stderr", "epoch 2/");
    snprintf(tasks, sizeof tasks, "/proc/%d/task", (int)child);
    DIR *dir = opendir(tasks);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        if (isdigit((unsigned char)e->d_name[0])) {
            check_thread(tasks, e->d_name, &takers);
            threads++;
        }
    closedir(dir);
    kill(child, SIGTERM);
    assert_int_equal(program_end(child)->code, 130);
    assert_true(threads >= 4); /* two compute, one loads, one waits */
    assert_int_equal(takers, 1);
}

static void twice_at_once_is_one_request(void **state)
{
    (void)state;
    scratch_write(scratch_path("stderr"), "", 0);
    pid_t child = program_start(SMALL "--epochs 10000 --out twice", RLIM_INFINITY);
    wait_for_text("stderr", "epoch 1/");
    for (int i = 0; i < 5; i++)
        kill(child, i % 2 ? SIGINT : SIGTERM);
    assert_fails("train", program_end(child), 130, "go on with: paydirt train --resume");
}

static void kills_what_does_not_listen(void **state)
{
    (void)state;
    scratch_write(scratch_path("stderr"), "", 0);
    pid_t child = program_start("bench --seconds 1000 --width 0.0625 --threads 1", RLIM_INFINITY);
    program_sleep(0.5);
    kill(child, SIGTERM);
    assert_int_equal(program_end(child)->code, -SIGTERM);
}

static int shell(const char *format, const char *words)
{
    char command[1024], line[2048];
    snprintf(command, sizeof command, format, words);
    snprintf(line, sizeof line, "cd %s && P=$PAYDIRT && %s", scratch_dir, command);
    const int status = system(line);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void closed_streams_are_no_files_of_the_run(void **state)
{
    (void)state;
    assert_int_equal(shell("$P %s --epochs 2 --out closed <&- 2>&- >name", SMALL), 0);
    assert_int_equal(shell("$P %s --epochs 2 --out open >name 2>words", SMALL), 0);
    char *closed = scratch_read(scratch_path("closed/00000-strokes-infogan/log.jsonl"), NULL);
    int lines = 0;
    for (char *line = strtok(closed, "\n"); line; line = strtok(NULL, "\n"), lines++)
        assert_int_equal(line[0], '{');
    assert_int_equal(lines, 2);
    free(closed);
    assert_int_equal(shell("cmp %s/checkpoint.safetensors open/00000-strokes-infogan/checkpoint.safetensors",
                           "closed/00000-strokes-infogan"),
                     0);
    assert_int_equal(shell("$P %s >&- 2>words", "data list"), 3); /* results that went nowhere */
    assert_file(scratch_path("words"), "paydirt: standard output: cannot write: Bad file descriptor\n");
    assert_int_equal(shell("$P %s <&- >&- 2>&-", SMALL "--epochs 1 --out none"), 3);
}

static void who_reads_along_may_go(void **state)
{
    (void)state;
    assert_int_equal(shell("$P %s --epochs 2 --out piped 2>&1 >name | true", SMALL), 0);
    assert_int_equal(shell("test $(wc -l <%s/log.jsonl) = 2", "piped/00000-strokes-infogan"), 0);
}

static void divergence_ends_with_the_last_good_checkpoint(void **state)
{
    (void)state;
    const char *command = SMALL "--gold --gold-start 0 --beta-d 16 --lr 0.01 --epochs 100 --out diverged";
    const struct result *r = run(command);
    assert_int_equal(r->code, 5);
    assert_contains(r->err, "training diverged: ");
    assert_contains(r->err, "a smaller learning rate may help (--lr, or --beta-d 0.5)");
    succeeds("sample diverged/00000-strokes-infogan-gold --per-class 1 --npz good.npz");
}

/* Whoever goes on from it comes to the same end, and hears of the same checkpoint. */
static void divergence_after_a_resume_names_the_checkpoint(void **state)
{
    (void)state;
    static const char words[] = "(the last checkpoint is from step ";
    const struct result *r = run(SMALL "--gold --gold-start 0 --beta-d 16 --lr 0.01 --epochs 100 "
                                       "--save-steps 1 --out again");
    assert_int_equal(r->code, 5);
    const char *at = strstr(r->err, words);
    assert_non_null(at);
    const int step = atoi(at + sizeof words - 1);
    assert_true(step > 0);
    r = run("train --resume again/00000-strokes-infogan-gold");
    assert_int_equal(r->code, 5);
    at = strstr(r->err, words);
    assert_non_null(at);
    assert_int_equal(atoi(at + sizeof words - 1), step);
}

static void refuses_weights_that_are_not_finite(void **state)
{
    (void)state;
    static const float bad[] = {(float)INFINITY, (float)NAN};
    succeeds(SMALL "--epochs 1 --out bad");
    const char *run = "bad/00000-strokes-infogan", *path = "bad/00000-strokes-infogan/checkpoint.safetensors";
    static const char *const commands[] = {"sample %s --npz x.npz", "eval %s", "score %s --out x.csv",
                                           "train --resume %s --epochs 2"};
    size_t size;
    char *bytes = scratch_read(scratch_path(path), &size), command[256];
    for (int i = 0; i < 2; i++) {
        memcpy(bytes + 8 + *(uint64_t *)(void *)bytes, &bad[i], sizeof(float)); /* the first tensor's first */
        scratch_write(scratch_path(path), bytes, size);
        for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++) {
            snprintf(command, sizeof command, commands[c], run);
            fails(command, 5, "is not finite: the training has diverged");
        }
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_takes_signals),
        cmocka_unit_test(twice_at_once_is_one_request),
        cmocka_unit_test(kills_what_does_not_listen),
        cmocka_unit_test(closed_streams_are_no_files_of_the_run),
        cmocka_unit_test(who_reads_along_may_go),
        cmocka_unit_test(divergence_ends_with_the_last_good_checkpoint),
        cmocka_unit_test(divergence_after_a_resume_names_the_checkpoint),
        cmocka_unit_test(refuses_weights_that_are_not_finite),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
