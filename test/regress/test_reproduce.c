/* paydirt reproduce as its users see it: a study that is killed and begun again ends with the same table. */
#include "regress/program.h"

#define TINY                                                                                                 \
    "\"data\": \"strokes\", \"data_count\": 64, \"min_epoch\": 64, \"batch\": 32, \"epochs\": 2, "           \
    "\"width\": 0.0625, \"grid_every\": 0, \"save_steps\": 1"
#define MEASURE "\"measure\": {\"epochs\": 1, \"epoch_images\": 128}"

static const char study[] =
    "{\"about\": \"a tiny study\", \"notes\": [\"of drawn strokes\"], \"metrics\": [\"fitting-capacity\"], "
    "\"trials\": 2,"
    "\"scales\": {\"tiny\": {\"about\": \"seconds\", \"options\": {" TINY "}}},"
    "\"columns\": [{\"name\": \"strokes\", \"recipe\": \"gold-mnist\"}],"
    "\"rows\": [{\"name\": \"baseline\", \"options\": {\"gold\": false}, " MEASURE "},"
    "{\"name\": \"gold\", \"against\": \"baseline\", " MEASURE "}],"
    "\"published_trials\": 5, \"published\": {\"baseline\": {\"strokes\": [10, 1]}, \"gold\": {\"strokes\": "
    "[11, 1]}}}";

static int setup(void **state)
{
    const int status = scratch_setup(state);
    if (!status)
        scratch_write(scratch_path("tiny.json"), study, strlen(study));
    return status;
}

static void assert_same(const char *a, const char *b)
{
    char *first = scratch_read(scratch_path(a), NULL), *second = scratch_read(scratch_path(b), NULL);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static int kills(void)
{
    const char *text = getenv("PAYDIRT_KILLS");
    return text ? atoi(text) : 3;
}

static void kills_change_nothing(void **state)
{
    char shown[PROGRAM_TEXT];
    (void)state;
    strcpy(shown, succeeds("reproduce tiny.json --threads 1 --workers 2 --out calm")->out);
    assert_contains(shown, "4 of 4 runs are done.");
    assert_contains(shown, "Note: of drawn strokes\n");
    assert_contains(shown, "\n  baseline          2 ");
    assert_contains(shown, "gold against baseline: ");
    srand((unsigned)getpid());
    for (int i = 0; i < kills(); i++) {
        const pid_t child =
            program_start("reproduce tiny.json --threads 1 --workers 2 --out wild", RLIM_INFINITY);
        program_sleep(0.05 + 0.4 * rand() / RAND_MAX);
        kill(child, SIGKILL);
        program_end(child);
    }
    assert_string_equal(succeeds("reproduce tiny.json --threads 1 --workers 2 --out wild")->out, shown);
    assert_same("calm/tiny-tiny/report.json", "wild/tiny-tiny/report.json");
    assert_string_equal(succeeds("reproduce tiny.json --threads 1 --report --out wild")->out, shown);
}

static void goes_on_where_another_version_is_installed(void **state)
{
    (void)state;
    char program[2048], copy[4096];
    snprintf(program, sizeof program, "%s", getenv("PAYDIRT"));
    snprintf(copy, sizeof copy, "cp '%s' '%s'", program, scratch_path("paydirt"));
    assert_int_equal(system(copy), 0);
    setenv("PAYDIRT", scratch_path("paydirt"), 1);
    const pid_t child =
        program_start("reproduce tiny.json --threads 1 --trials 1 --out replaced", RLIM_INFINITY);
    setenv("PAYDIRT", program, 1);
    while (access(scratch_path("replaced/tiny-tiny/runs"), F_OK))
        program_sleep(0.005);
    assert_int_equal(unlink(scratch_path("paydirt")), 0);
    assert_int_equal(program_end(child)->code, 0);
}

/* The results alone, without the runs' folders, in two parts. */
static void takes_results_of_elsewhere(void **state)
{
    (void)state;
    const char *take = "reproduce tiny.json --threads 1 --out taken --results calm/tiny-tiny/results.jsonl";
    char *all = scratch_read(scratch_path("calm/tiny-tiny/results.jsonl"), NULL);
    scratch_write(scratch_path("one.jsonl"), all, (size_t)(strchr(all, '\n') + 1 - all));
    assert_contains(succeeds("reproduce tiny.json --threads 1 --out taken --report --results one.jsonl")->out,
                    "1 of 4 runs are done.");
    assert_contains(succeeds(take)->err, "3 runs taken, 1 had a result here; 0 lines are of other runs");
    assert_same("calm/tiny-tiny/report.json", "taken/tiny-tiny/report.json");
    assert_same("calm/tiny-tiny/results.jsonl", "taken/tiny-tiny/results.jsonl");
    char *value = strstr(all, "\"points\":[[0.0,");
    assert_non_null(value);
    value[strlen("\"points\":[[0.0,")] = '7';
    scratch_write(scratch_path("one.jsonl"), all, strlen(all));
    assert_contains(succeeds("reproduce tiny.json --threads 1 --out taken --report --results one.jsonl")->err,
                    "one.jsonl: 1 of the 4 that had a result here have other values in it: those here stay");
    assert_same("calm/tiny-tiny/results.jsonl", "taken/tiny-tiny/results.jsonl");
    fails("reproduce tiny.json --threads 1 --seed 5 --out taken --results one.jsonl", 5,
          "one.jsonl: no result of a run that is asked for");
    fails("reproduce tiny.json --out taken --results none.jsonl", 3, "none.jsonl");
    free(all);
}

/* Such a run is to be done. */
static void a_line_without_points_counts_for_none(void **state)
{
    (void)state;
    char *all = scratch_read(scratch_path("calm/tiny-tiny/results.jsonl"), NULL);
    char *value = strstr(all, "[[0.0,");
    assert_non_null(value);
    char *end = strstr(value, "]]") + 2;
    memset(value + 1, ' ', (size_t)(end - value) - 2);
    scratch_write(scratch_path("half.jsonl"), all, strlen(all));
    const struct result *f =
        succeeds("reproduce tiny.json --threads 1 --out half --report --results half.jsonl");
    assert_contains(f->err, "3 runs taken, 0 had a result here; 1 lines are of other runs");
    assert_contains(f->out, "3 of 4 runs are done.");
    free(all);
}

/* One run's line twice counts once; with another value it is nobody's to choose. */
static void refuses_two_values_of_one_run(void **state)
{
    (void)state;
    const char *take = "reproduce tiny.json --threads 1 --out twice --report --results two.jsonl";
    char *all = scratch_read(scratch_path("calm/tiny-tiny/results.jsonl"), NULL), text[8192];
    const int n = (int)(strchr(all, '\n') + 1 - all);
    char *value = strstr(all, "\"points\":[[0.0,");
    assert_true(value && value < all + n && 2 * n < (int)sizeof text);
    memcpy(text, all, (size_t)n);
    memcpy(text + n, all, (size_t)n);
    scratch_write(scratch_path("two.jsonl"), text, 2 * (size_t)n);
    value[strlen("\"points\":[[0.0,")] = '7';
    memcpy(text + n, all, (size_t)n);
    assert_contains(succeeds(take)->err, "1 runs taken, 0 had a result here; 0 lines are of other runs");
    scratch_write(scratch_path("two.jsonl"), text, 2 * (size_t)n);
    fails(take, 5,
          "two.jsonl: two results of the run strokes-baseline-1 that differ, row 'baseline', "
          "fitting-capacity: expected one");
    free(all);
}

/* Trials of one kind, on images that are no longer those of the first. */
static void refuses_other_data(void **state)
{
    (void)state;
    const char *take = "reproduce tiny.json --threads 1 --out changed --report --results two.jsonl";
    static const char key[] = "\"fingerprint\":\"";
    char *all = scratch_read(scratch_path("calm/tiny-tiny/results.jsonl"), NULL);
    char *value = strstr(all, key);
    assert_non_null(value);
    value += strlen(key);
    *value = *value == '0' ? '1' : '0';
    scratch_write(scratch_path("two.jsonl"), all, strlen(all));
    fails(
        take, 5,
        "two.jsonl: the runs strokes-baseline-1 and strokes-baseline-2 are of other data (images or labels)");
    assert_int_equal(access(scratch_path("changed/tiny-tiny/runs"), F_OK), -1);
    for (char *at = all; (at = strstr(at, key));)
        memcpy(at, "\"fingerwas\":  \"", strlen(key)); /* lines of an older version */
    scratch_write(scratch_path("two.jsonl"), all, strlen(all));
    assert_contains(succeeds(take)->out, "4 of 4 runs are done.");
    free(all);
}

/* Of two processes each does what the other has not taken. */
static void tasks_share_the_work(void **state)
{
    (void)state;
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1); /* that both were started together is no matter of the runs */
    const pid_t first =
        program_start("reproduce tiny.json --threads 1 --trials 1 --task 1/2 --out shared", RLIM_INFINITY);
    succeeds("reproduce tiny.json --threads 1 --trials 1 --task 2/2 --out shared");
    assert_int_equal(program_end(first)->code, 0);
    unsetenv("OMPI_COMM_WORLD_SIZE");
    assert_contains(succeeds("reproduce tiny.json --threads 1 --trials 1 --report --out shared")->out,
                    "2 of 2 runs are done.");
}

/* Rows that one training gives: all are measured at once; one that is new to the study takes it again. */
static const char rows_of[] =
    "{\"about\": \"rows of one run\", \"metrics\": [\"fitting-capacity\"], \"trials\": 2,"
    "\"scales\": {\"tiny\": {\"about\": \"seconds\", \"options\": {" TINY "}}},"
    "\"columns\": [{\"name\": \"strokes\", \"recipe\": \"gold-mnist\", \"not_comparable\": \"other "
    "images\"}],"
    "\"rows\": [{\"name\": \"baseline\", " MEASURE "},"
    "{\"name\": \"gold\", \"of\": \"baseline\", \"against\": \"baseline\", " MEASURE "}%s],"
    "\"published_trials\": 5, \"published\": {\"baseline\": {\"strokes\": [10, 1]}, \"gold\": {\"strokes\": "
    "[11, 1]}}}";

static void write_rows(const char *more)
{
    char text[sizeof rows_of + 200];
    const int n = snprintf(text, sizeof text, rows_of, more);
    scratch_write(scratch_path("of.json"), text, (size_t)n);
}

static void measures_what_is_asked_later(void **state)
{
    (void)state;
    write_rows("");
    succeeds("reproduce of.json --threads 1 --trials 1 --rows baseline --out of");
    const struct result *r = succeeds("reproduce of.json --threads 1 --report --out of");
    assert_contains(r->out, "1 of 2 runs are done.");
    assert_contains(r->out, "\n  gold              1 ");
    assert_contains(r->out, "interim, 1 of 2 pairs: nothing can be said");
    assert_null(strstr(r->out, "; paper +1.00")); /* not of these images */
    write_rows(", {\"name\": \"more\", \"of\": \"baseline\", " MEASURE "}");
    r = succeeds("reproduce of.json --threads 1 --trials 1 --out of");
    assert_contains(r->err,
                    "strokes-baseline-1: not all that is asked for was measured, and its networks are "
                    "gone: it is done again");
    assert_contains(r->out, "1 of 1 runs are done.");
    assert_contains(r->out, "\n  more              1 ");
    r = succeeds("reproduce of.json --threads 1 --trials 1 --out of");
    assert_contains(r->err, "1 runs, 1 done");
}

/* Numbers of another measurement are not those of the study as it is now, here or elsewhere. */
static void measures_again_with_other_options(void **state)
{
    (void)state;
    const char *again = "reproduce of.json --threads 1 --trials 1 --rows baseline --out measured";
    char command[256], *text;
    write_rows("");
    snprintf(command, sizeof command, "%s --keep", again);
    succeeds(command);
    char *before = scratch_read(scratch_path("measured/of-tiny/results.jsonl"), NULL);
    scratch_write(scratch_path("before.jsonl"), before, strlen(before));
    free(before);
    text = scratch_read(scratch_path("of.json"), NULL);
    char *images = strstr(text, "\"epoch_images\": 128");
    images[strlen("\"epoch_images\": ")] = '2'; /* of the baseline alone */
    scratch_write(scratch_path("of.json"), text, strlen(text));
    free(text);
    snprintf(command, sizeof command, "%s --report", again);
    assert_contains(succeeds(command)->out, "0 of 1 runs are done.");
    assert_null(strstr(succeeds(again)->err, "it is done again")); /* its networks are there */
    text = scratch_read(scratch_path("measured/of-tiny/results.jsonl"), NULL);
    assert_contains(text, "\"epoch_images\":228");
    assert_contains(text, "\"epoch_images\":128"); /* of the other row */
    free(text);
    assert_contains(succeeds(again)->err, "1 runs, 1 done");
    const struct result *r = succeeds("reproduce of.json --threads 1 --trials 1 --rows baseline --report "
                                      "--out elsewhere --results before.jsonl");
    assert_contains(r->err, "1 lines are of other runs");
    assert_contains(r->out, "0 of 1 runs are done.");
}

static void names_failed_runs(void **state)
{
    const char *command = "reproduce of.json --threads 1 --trials 1 --seed 9 --out of";
    (void)state;
    assert_int_equal(mkdir(scratch_path("of/of-tiny/runs/strokes-baseline-9"), 0777), 0);
    assert_int_equal(mkdir(scratch_path("of/of-tiny/runs/strokes-baseline-9/log.txt"), 0777), 0);
    const struct result *r = run(command);
    assert_int_equal(r->code, 1);
    assert_contains(r->out, "Failed: strokes-baseline-9 (its log.txt says why)");
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    fails("reproduce gold-tabel1", 2, "unknown study 'gold-tabel1', did you mean 'gold-table1'?");
    fails("reproduce gold-table1 --scale smal", 2, "unknown scale 'smal', did you mean 'small'?");
    fails("reproduce gold-table1 --columns mnsit", 2, "unknown column 'mnsit', did you mean 'mnist'?");
    fails("reproduce gold-table1 --task 3/2", 2, "--task '3/2': expected I/N");
    fails("reproduce gold-table1 --columns mnist --data-dir none --out none", 3,
          "'paydirt data get mnist' fetches it");
    assert_int_equal(access(scratch_path("none"), F_OK), -1);
    fails("reproduce none.json", 3, "none.json: cannot open");
    scratch_write(scratch_path("bad.json"), "{\"about\": 1}", 12);
    fails("reproduce bad.json", 4, "study bad.json: 'about': expected a text");
}

/* Another study in the folder of one that is there is not mixed with it. */
static void refuses_a_strange_folder(void **state)
{
    char *other = strdup(study), *epochs = strstr(other, "\"epochs\": 2");
    (void)state;
    epochs[strlen("\"epochs\": ")] = '1';
    scratch_write(scratch_path("tiny.json"), other, strlen(other));
    free(other);
    fails("reproduce tiny.json --threads 1 --report --out calm", 5,
          "with other options: expected another folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kills_change_nothing),
        cmocka_unit_test(tasks_share_the_work),
        cmocka_unit_test(takes_results_of_elsewhere),
        cmocka_unit_test(a_line_without_points_counts_for_none),
        cmocka_unit_test(refuses_two_values_of_one_run),
        cmocka_unit_test(refuses_other_data),
        cmocka_unit_test(goes_on_where_another_version_is_installed),
        cmocka_unit_test(measures_what_is_asked_later),
        cmocka_unit_test(measures_again_with_other_options),
        cmocka_unit_test(names_failed_runs),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(refuses_a_strange_folder),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
