/* Recipes as their users see them: what is printed can be typed, and what is typed goes first. */
#include "regress/program.h"

#include <jansson.h>

#define TINY                                                                                                 \
    "--data strokes --data-count 200 --min-epoch 200 --batch 32 --epochs 1 --width 0.125 --threads 1 "

static json_t *options_of(const char *run)
{
    char path[256];
    snprintf(path, sizeof path, "%s/options.json", run);
    json_t *options = json_load_file(scratch_path(path), 0, NULL);
    assert_non_null(options);
    return options;
}

static void assert_option(const char *run, const char *key, const char *json)
{
    json_t *options = options_of(run);
    char *text = json_dumps(json_object_get(options, key), JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
    assert_non_null(text);
    assert_string_equal(text, json);
    free(text);
    json_decref(options);
}

/* The commands that a recipe prints, checked without doing the work. Returns their number. */
static int check_steps(const char *name)
{
    char command[512], shown[PROGRAM_TEXT];
    int n = 0;
    snprintf(command, sizeof command, "recipes %.64s", name);
    strcpy(shown, succeeds(command)->out);
    for (char *line = strstr(shown, "\n  paydirt "); line; n++) {
        line += strlen("\n  paydirt ");
        char *next = strstr(line, "\n  paydirt ");
        line[strcspn(line, "\n")] = '\0';
        if (strstr(line, "    # "))
            *strstr(line, "    # ") = '\0';
        snprintf(command, sizeof command, "%.480s --help", line);
        succeeds(command);
        line = next;
    }
    return n;
}

static void what_they_print_can_be_typed(void **state)
{
    char list[PROGRAM_TEXT];
    int n = 0;
    (void)state;
    strcpy(list, succeeds("recipes")->out);
    for (char *line = list; *line; n++) {
        char *next = strchr(line, '\n') + 1;
        line[strcspn(line, " ")] = '\0';
        if (!check_steps(line))
            fail_msg("%s says nothing to type", line);
        line = next;
    }
    assert_true(n > 30);
}

static void shows_options_and_the_papers_numbers(void **state)
{
    (void)state;
    const struct result *r = succeeds("recipes gold-mnist");
    assert_contains(r->out, "gold-mnist: GOLD, table 1");
    assert_contains(r->out, "\n  --data mnist\n");
    assert_contains(r->out, "\n  --gold\n");
    assert_contains(r->out, "\n  --lambda-c 0.1\n");
    assert_contains(r->out, "\n  paydirt eval RUN    # paper: GOLD 96.62 ± 0.15 %\n");
    assert_contains(succeeds("recipes gold-reject-mnist")->out, "\n  --no-gold\n");
}

static void what_is_typed_goes_first(void **state)
{
    (void)state;
    assert_string_equal(succeeds("train --recipe gold-mnist " TINY)->out,
                        "runs/00000-strokes-infogan-gold\n");
    assert_option("runs/00000-strokes-infogan-gold", "data", "\"strokes\"");
    assert_option("runs/00000-strokes-infogan-gold", "epochs", "1");
    assert_option("runs/00000-strokes-infogan-gold", "random_crop", "true");
    assert_option("runs/00000-strokes-infogan-gold", "gold", "true");
    assert_string_equal(succeeds("train " TINY "--no-gold --lambda-c 0.2 --recipe gold-mnist")->out,
                        "runs/00001-strokes-infogan\n");
    assert_option("runs/00001-strokes-infogan", "lambda_c", "0.2");
    assert_option("runs/00001-strokes-infogan", "random_crop", "true");
    assert_contains(succeeds("compare runs/00000-strokes-infogan-gold runs/00001-strokes-infogan "
                             "--csv c.csv")
                        ->out,
                    "strokes infogan");
    succeeds("train --resume runs/00001-strokes-infogan --epochs 2"); /* without the recipe */
    assert_option("runs/00001-strokes-infogan", "lambda_c", "0.2");
}

/* Above a recipe, below what is typed. */
static void like_the_code(void **state)
{
    (void)state;
    succeeds("train --recipe gold-mnist --like gold-code --no-separate-forwards " TINY "--out like");
    assert_option("like/00000-strokes-infogan-gold", "gold_broadcast", "true");
    assert_option("like/00000-strokes-infogan-gold", "match_labels", "true");
    assert_option("like/00000-strokes-infogan-gold", "separate_forwards", "false");
    assert_option("like/00000-strokes-infogan-gold", "lambda_c", "0.1");
    fails("train --like gold-cod " TINY, 2, "did you mean 'gold-code'?");
    fails("train --resume RUN --like gold-code", 2, "--like cannot be given with --resume");
}

/* Its file printed, changed and used. */
static void a_file_of_ones_own(void **state)
{
    (void)state;
    const struct result *r = succeeds("recipes gold-mnist --json");
    char *changed = strdup(r->out), *epochs = strstr(changed, "\"epochs\": 20");
    assert_non_null(epochs);
    memcpy(epochs, "\"epohcs\"", 8);
    scratch_write(scratch_path("bad.json"), changed, strlen(changed));
    memcpy(epochs, "\"epochs\": 31", 12);
    scratch_write(scratch_path("mine.json"), changed, strlen(changed));
    free(changed);
    assert_contains(succeeds("recipes ./mine.json")->out, "\n  --epochs 31\n");
    fails("recipes bad.json", 4, "bad.json: unknown option 'epohcs', did you mean 'epochs'?");
    fails("train --recipe bad.json", 4, "bad.json: unknown option 'epohcs', did you mean 'epochs'?");
    succeeds("train --recipe mine.json " TINY "--out mine --lr 1e-3");
    assert_option("mine/00000-strokes-infogan-gold", "lr", "0.001");
}

/* The recipe's λc of 0 stands against the protocol's 0.01. */
static void active_runs_have_recipes(void **state)
{
    (void)state;
    succeeds("active --recipe gold-active-fmnist " TINY
             "--query 2 --final 22 --trials 1 --validation 0 --no-measure --no-pictures --out active");
    assert_option("active/00000-strokes-active-gold", "lambda_c", "0.0");
    assert_option("active/00000-strokes-active-gold", "random_crop", "true");
    assert_option("active/00000-strokes-active-gold", "validation", "0");
    assert_int_equal(access(scratch_path("active/00000-strokes-active-gold/random-1/round-01"), F_OK), 0);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    fails("train --recipe gold-minst", 2, "unknown recipe 'gold-minst', did you mean 'gold-mnist'?");
    fails("recipes gold-minst", 2, "did you mean 'gold-mnist'?");
    fails("train --recipe gold-active-mnist", 2,
          "recipe gold-active-mnist is one of 'paydirt active', not of 'paydirt train'");
    fails("active --recipe gold-mnist", 2, "recipe gold-mnist is one of 'paydirt train'");
    fails("train --recipe gold-mnist --epocs 3", 2, "unknown option --epocs, did you mean --epochs?");
    fails("train --resume RUN --recipe gold-mnist", 2, "--recipe cannot be given with --resume");
    fails("active --resume RUN --recipe gold-active-mnist", 2, "--recipe cannot be given with --resume");
    fails("train --recipe none.json", 3, "none.json: cannot open");
    fails("recipes --json", 2, "NAME is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_they_print_can_be_typed),
        cmocka_unit_test(shows_options_and_the_papers_numbers),
        cmocka_unit_test(what_is_typed_goes_first),
        cmocka_unit_test(like_the_code),
        cmocka_unit_test(a_file_of_ones_own),
        cmocka_unit_test(active_runs_have_recipes),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
