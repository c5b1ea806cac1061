/* Numbers of files and options in a process that speaks German, as a program with windows does by itself. */
#include "base/real.h"
#include "scratch.h"

#include <paydirt/train.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* A language of our own making, where the system has what makes one. */
static bool speaks_german(void)
{
    char command[1200];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s' 2>/dev/null",
             scratch_path("de_DE.UTF-8"));
    return !system(command) && !setenv("LOCPATH", scratch_dir, 1) && setlocale(LC_ALL, "de_DE.UTF-8");
}

static void have_a_point_in_any_language(void **state)
{
    (void)state;
    char text[64], *end;
    struct pd_error err = {.message = ""};
    struct pd_training *training;
    if (!speaks_german())
        skip();
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5");
    assert_string_equal(pd_real_text(text, sizeof text, 6, -1234.5), "-1234.5");
    assert_string_equal(pd_real_text(text, sizeof text, 6, 3), "3");
    assert_true(pd_real_read("0.5,", &end) == 0.5 && *end == ',');
    pd_real_text(text, sizeof text, PD_REAL_EXACT, 0.1);
    assert_true(pd_real_read(text, &end) == 0.1 && !*end);
    assert_int_equal(pd_training_create(&training, &err), PD_OK);
    assert_int_equal(pd_training_set(training, "width", "0.25", &err), PD_OK);
    assert_int_equal(pd_training_set(training, "width", "0,25", &err), PD_ERR_USAGE);
    pd_training_destroy(training);
    assert_non_null(setlocale(LC_ALL, "C"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(have_a_point_in_any_language),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
