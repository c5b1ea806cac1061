/* paydirt report: one file that needs nothing else, with compare's numbers. */
#include "needs.h"
#include "regress/program.h"

#include <jansson.h>

#define POINTS                                                                                               \
    "train --data synthetic --data-count 200 --model mlp --width 0.05 --batch 32 --min-epoch 128 --epochs "  \
    "2 "

/* The text between two marks, to be freed. */
static char *between(const char *text, const char *from, const char *to)
{
    const char *begin = strstr(text, from);
    assert_non_null(begin);
    begin += strlen(from);
    const char *end = strstr(begin, to);
    assert_non_null(end);
    return strndup(begin, (size_t)(end - begin));
}

static void has_the_numbers_of_compare(void **state)
{
    (void)state;
    NEEDS(cairo);
    succeeds(POINTS "--seed 1");
    succeeds(POINTS "--seed 2");
    succeeds("report runs/00000-synthetic-mlp runs/00001-synthetic-mlp/ --out report.html");
    char *html = scratch_read(scratch_path("report.html"), NULL);
    char *json = between(html, "id=\"compare\">", "</script>");
    json_t *ours = json_loads(json, 0, NULL);
    json_t *theirs = json_loads(
        succeeds("compare runs/00000-synthetic-mlp runs/00001-synthetic-mlp --json")->out, 0, NULL);
    assert_true(json_array_size(theirs) > 0);
    assert_true(json_equal(ours, theirs));
    char mean[64];
    snprintf(mean, sizeof mean, "<td>%.10g</td>",
             json_real_value(json_object_get(json_array_get(theirs, 0), "mean")));
    assert_contains(html, mean);
    assert_contains(html, "data:image/svg+xml;base64,");
    assert_contains(html, "<th scope=\"row\">batch</th><td>32</td>");
    assert_null(strstr(html, "http://"));
    assert_null(strstr(html, "https://"));
    json_decref(ours);
    json_decref(theirs);
    free(json);
    free(html);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    NEEDS(cairo);
    fails("report", 2, "RUN");
    fails("report runs/00000-synthetic-mlp", 2, "--out is missing");
    fails("report nowhere --out r.html", 3, "nowhere");
    fails("report runs/00000-synthetic-mlp --out r.html --baseline gold", 2, "unknown baseline 'gold'");
    assert_int_equal(access(scratch_path("r.html"), F_OK), -1);
    fails("watch", 2, "RUN");
    fails("watch nowhere --no-browser", 3, "nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_numbers_of_compare),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
