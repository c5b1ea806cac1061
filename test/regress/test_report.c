/* paydirt report: one file that needs nothing else, with compare's numbers. */
#include "needs.h"
#include "regress/program.h"

#include "serve/watch.h"

#include <jansson.h>
#include <math.h>

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

/* Of hundreds of epochs the last is shown, the others are folded away; none is missing. */
static void folds_many_epochs(void **state)
{
    enum { EPOCHS = 300 };
    (void)state;
    NEEDS(cairo);
    succeeds(POINTS "--seed 3 --out long");
    FILE *f = fopen(scratch_path("long/00000-synthetic-mlp/log.jsonl"), "w");
    for (int i = 1; i <= EPOCHS; i++)
        fprintf(f, "{\"epoch\":%d,\"step\":%d,\"mean_d\":%d.125}\n", i, 4 * i, -i);
    fclose(f);
    succeeds("report long/00000-synthetic-mlp --out long.html");
    char *html = scratch_read(scratch_path("long.html"), NULL);
    char *shown = between(html, "<h2>Compared</h2>", "<details>"),
         *all = between(html, "<details>", "</details>");
    assert_contains(shown, "<td>last</td><td>epoch</td>");
    assert_contains(shown, "<td>-300.125</td>");
    assert_null(strstr(shown, "<td>point</td>"));
    assert_contains(all, "all 301 rows");
    assert_contains(all, "<td>-1.125</td>");
    assert_contains(all, "<td>-299.125</td>");
    free(all);
    free(shown);
    free(html);
}

/* --- active learning --- */

#define ACTIVE "active/00000-synthetic-active-gold"

static const char *query(const void *context, const char *name)
{
    (void)name;
    return context;
}

/* The row of a study's curve at x, or NULL. */
static const json_t *row_at(const json_t *rows, const char *metric, const char *name, double x)
{
    const json_t *row;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        if (!strcmp(json_string_value(json_object_get(row, "metric")), metric) &&
            !strcmp(json_string_value(json_object_get(row, "name")), name) &&
            !strcmp(json_string_value(json_object_get(row, "figure")), "point") &&
            json_number_value(json_object_get(row, "x")) == x)
            return row;
    }
    return NULL;
}

static void assert_number(const json_t *row, const char *key, const json_t *list, size_t i)
{
    const double expected = json_number_value(json_object_get(row, key));
    const double shown = json_number_value(json_array_get(list, i));
    if (fabs(expected - shown) > 1e-9 * fabs(expected)) /* compare prints ten digits */
        fail_msg("%s: %.17g, expected %.17g", key, shown, expected);
}

/* The values that the watch page lists under a chart; returns how many. */
static size_t assert_chart(struct pd_watch_page *watch, const char *number, const char *metric,
                           const json_t *rows)
{
    struct pd_http_reply reply = {.code = 0};
    const struct pd_http_request r = {"GET", "/api/chart", "", 0, "TOK", true, query, number};
    assert_true(pd_watch_page_handle(watch, &r, &reply));
    json_t *chart = json_loadb(reply.body.data, reply.body.size, 0, NULL);
    const json_t *curve;
    size_t i, n = 0;
    assert_contains(json_string_value(json_object_get(chart, "name")), metric);
    assert_string_equal(json_string_value(json_object_get(chart, "x")), "labels");
    json_array_foreach(json_object_get(chart, "curves"), i, curve)
    {
        const json_t *x = json_object_get(curve, "x");
        for (size_t k = 0; k < json_array_size(x); k++, n++) {
            const json_t *row = row_at(rows, metric, json_string_value(json_object_get(curve, "name")),
                                       json_number_value(json_array_get(x, k)));
            assert_non_null(row);
            assert_number(row, "mean", json_object_get(curve, "y"), k);
            assert_number(row, "stderr", json_object_get(curve, "error"), k);
            assert_number(row, "trials", json_object_get(curve, "trials"), k);
        }
    }
    json_decref(chart);
    pd_buffer_release(&reply.body);
    return n;
}

static void lists_what_rounds_have_shown(void **state)
{
    (void)state;
    NEEDS(cairo);
    succeeds("active --data synthetic --model mlp --data-count 200 --width 0.05 --batch 32 --min-epoch 128 "
             "--epochs 2 --validation 20 --validation-epochs 1 --measure-epochs 1 --init 10 --query 2 "
             "--final 14 --threads 1 "
             "--strategy gold --baseline random --trials 2 --out active");
    succeeds("report " ACTIVE " --out active.html");
    char *html = scratch_read(scratch_path("active.html"), NULL);
    char *json = between(html, "id=\"compare\">", "</script>");
    json_t *ours = json_loads(json, 0, NULL);
    json_t *theirs = json_loads(succeeds("compare " ACTIVE " --json")->out, 0, NULL);
    assert_true(json_equal(ours, theirs));
    assert_contains(html, "<caption>00000-synthetic-active-gold: what was asked</caption>");
    assert_contains(html, "<td>gold-2</td><td>2</td><td>2</td><td>2</td>"); /* round, asked, labelled */
    assert_contains(html, "<td>start-1</td><td>0</td><td>10</td><td>10</td><td>0</td>");
    assert_contains(html, "<caption>gold-1, round 1: the first 2 of 2</caption>");
    assert_contains(html, "<th scope=\"col\">class_accuracy</th>");
    struct pd_watch_page watch;
    struct pd_error err;
    char *runs[] = {(char *)(uintptr_t)scratch_path(ACTIVE)};
    assert_int_equal(pd_watch_page_open(&watch, runs, 1, &err), PD_OK);
    assert_int_equal(assert_chart(&watch, "0", "fitting-capacity", theirs),
                     6); /* two curves of three rounds */
    assert_int_equal(assert_chart(&watch, "1", "class-accuracy", theirs), 6);
    pd_watch_page_close(&watch);
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
        cmocka_unit_test(folds_many_epochs),
        cmocka_unit_test(lists_what_rounds_have_shown),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
