/* The examples of doc/examples, run. (That of select.h: test_select_files.) */
#include "scratch.h"

static void run(const char *name, const char *says)
{
    char command[4096], text[1024] = "";
    snprintf(command, sizeof command, "cd '%s' && %s%s 2>&1", scratch_dir, getenv("PAYDIRT_EXAMPLES"), name);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_true(fread(text, 1, sizeof text - 1, out) > 0);
    if (pclose(out) || !strstr(text, says))
        fail_msg("%s says \"%s\", expected \"%s\"", name, text, says);
    assert_int_equal(rmdir(scratch_path("runs")), -1); /* no folder is made */
}

static void trains_and_samples(void **state)
{
    (void)state;
    run("train", "a sample of class 1: its first pixel is ");
}

static void scores_and_selects(void **state)
{
    (void)state;
    run("loop", "round 2: asked ");
}

static void takes_another_strategy(void **state)
{
    (void)state;
    run("strategy", "least-decided: rows 2 and 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trains_and_samples),
        cmocka_unit_test(scores_and_selects),
        cmocka_unit_test(takes_another_strategy),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
