/* What a run will take is said before it begins, and a run that cannot fit does not. */
#include "program.h"

#include "model/model.h"

#include <sys/stat.h>

#define DATA "train --data strokes --data-count 512 --min-epoch 128 --threads 2 --grid-every 1 "

static void assert_close(const char *what, double said, double used, double factor)
{
    if (!(said < used * factor && said > used / factor))
        fail_msg("%s: %g was said, %g were used", what, said, used);
}

/* Bytes at most in memory, of a run that is made now. */
static double peak_of(const char *command)
{
    struct rusage usage;
    int status;
    const pid_t child = program_start(command, RLIM_INFINITY);
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
    return 1024 * (double)usage.ru_maxrss;
}

static void memory_and_checkpoints_are_as_said(void **state)
{
    (void)state;
    for (int i = 0; pd_model_at(i); i++)
        for (int wide = 0; !pd_model_at(i)->points && wide < 2; wide++) {
            const char *model = pd_model_at(i)->name;
            char command[512], file[256];
            double memory, checkpoint;
            struct stat st;
            snprintf(command, sizeof command, DATA "--model %s --width %g --epochs 1 --out %s-%d", model,
                     wide ? 0.5 : 0.125, model, wide);
            const double peak = peak_of(command);
            char *said = scratch_read(scratch_path("stderr"), NULL), *line = strstr(said, "estimate: ");
            assert_non_null(line);
            assert_int_equal(sscanf(strchr(line, ',') + 1, "%lf GB of memory, checkpoints of %lf MB", &memory,
                                    &checkpoint),
                             2);
            free(said);
            snprintf(file, sizeof file, "%s-%d/00000-strokes-%s/checkpoint.safetensors", model, wide, model);
            assert_int_equal(stat(scratch_path(file), &st), 0);
            assert_close("checkpoint", 1e6 * checkpoint, (double)st.st_size, 1.1);
#ifndef __SANITIZE_ADDRESS__
            assert_close("memory", 1e9 * memory, peak, 1.5);
#endif
            (void)peak;
        }
}

static void what_cannot_fit_is_refused_at_once(void **state)
{
    (void)state;
    const char *command = DATA "--model infogan --size 1024 --width 4 --out none";
    const struct result *r = run(command);
    assert_fails(command, r, 6, "the training needs about ");
    assert_contains(r->err, " are free: try ");
    assert_int_equal(access(scratch_path("none"), F_OK), -1);
}

/* Of memory on a card nothing is known here: its own failure comes first (there is none). */
static void what_a_card_is_to_hold_is_not_refused(void **state)
{
    (void)state;
#ifndef __SANITIZE_ADDRESS__
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)4 << 30;
    setrlimit(RLIMIT_AS, &few);
    setenv("PAYDIRT_CUDA", "/nonexistent", 1);
    fails(DATA "--model infogan --batch 16384 --out none", 6, "the training needs about ");
    fails(DATA "--model infogan --batch 16384 --out none --device cuda", 7, " is missing (");
    unsetenv("PAYDIRT_CUDA");
    setrlimit(RLIMIT_AS, &before);
#endif
}

/* Wrong options show before the pictures are decoded: these could not be. */
static void options_are_looked_at_first(void **state)
{
    (void)state;
    char path[64];
    assert_int_equal(mkdir(scratch_path("photos"), 0777), 0);
    for (int c = 0; c < 2; c++) {
        snprintf(path, sizeof path, "photos/%c", 'a' + c);
        assert_int_equal(mkdir(scratch_path(path), 0777), 0);
        for (int i = 0; i < 3; i++) {
            snprintf(path, sizeof path, "photos/%c/%d.png", 'a' + c, i);
            scratch_write(scratch_path(path), "no picture", 10);
        }
    }
    fails("train --data photos --labels 7", 2, "7");
    fails("train --data photos --gold --loss hinge", 2, "--gold with loss hinge");
    fails("train --data photos --model infogam", 2, "did you mean 'infogan'");
    fails("train --data photos --label-file nowhere.csv", 3, "nowhere.csv: cannot open");
    fails("train --data photos --size 1024 --width 16 --model infogan", 6, "the training needs about ");
    fails("active --data photos --strategy gold --init 2 --query 1 --final 4 --model infogam", 2,
          "did you mean 'infogan'");
    fails("train --data photos", 4, "photos"); /* now it is looked into */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_and_checkpoints_are_as_said),
        cmocka_unit_test(what_cannot_fit_is_refused_at_once),
        cmocka_unit_test(what_a_card_is_to_hold_is_not_refused),
        cmocka_unit_test(options_are_looked_at_first),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
