/* Runs, active learning, recipes and studies of other programs, by the public headers alone. */
#include "scratch.h"

#include <math.h>
#include <paydirt/active.h>
#include <paydirt/metric.h>
#include <paydirt/recipe.h>
#include <paydirt/study.h>
#include <stdlib.h>

static void expect(enum pd_status status, const struct pd_error *err)
{
    if (status)
        fail_msg("%s", err->message);
}

static const char *const options[][2] = {{"data", "synthetic"}, {"model", "mlp"},     {"width", "0.0625"},
                                         {"epochs", "2"},       {"min-epoch", "200"}, {"batch", "50"},
                                         {"threads", "1"},      {"data-count", "300"}};
enum { OPTIONS = sizeof options / sizeof options[0] };

/* --- a run --- */

struct seen {
    int begun, steps, epochs, stop_at;
    uint64_t last_step;
    const char *metric;
};

static void on_begin(void *context, const struct pd_training_begin *b)
{
    struct seen *s = context;
    char words[128];
    s->begun++;
    s->last_step = b->last_step;
    assert_true(b->folder && b->steps_per_epoch == 6 && b->images == 300 && b->batch == 50);
    assert_non_null(strstr(pd_estimate_words(&b->estimate, 8, words, sizeof words), "of memory"));
    assert_null(strstr(words, "validation"));
    struct pd_estimate validates = b->estimate;
    validates.validation = 150;
    assert_non_null(
        strstr(pd_estimate_words(&validates, 8, words, sizeof words), ", and 3 min for each validation, "));
}

static void on_step(void *context, uint64_t step)
{
    struct seen *s = context;
    s->steps++;
    assert_true(step <= s->last_step);
}

static void on_epoch(void *context, const struct pd_training_epoch *e)
{
    struct seen *s = context;
    s->epochs++;
    assert_true(e->step == 6 * e->epoch && isfinite(e->d_adv));
    s->metric = e->metric ? e->metric->name : "";
}

static bool on_stop(void *context)
{
    const struct seen *s = context;
    return s->stop_at && s->steps >= s->stop_at;
}

static void start(struct seen *seen, const char *out, char folder[1024])
{
    struct pd_training *t;
    struct pd_error err;
    const struct pd_training_watch watch = {seen, on_begin, on_step, on_epoch, on_stop, NULL, NULL, NULL};
    expect(pd_training_create(&t, &err), &err);
    for (int i = 0; i < OPTIONS; i++)
        expect(pd_training_set(t, options[i][0], options[i][1], &err), &err);
    expect(pd_training_set(t, "out", scratch_path(out), &err), &err);
    const struct pd_option_table table = pd_training_options(t);
    assert_int_equal(pd_option_get_int(&table, "data_count"), 300);
    char small[4] = "xxx"; /* has no room for a name: no run is made */
    assert_int_equal(pd_run_start(t, &watch, small, sizeof small, &err), PD_ERR_USAGE);
    assert_string_equal(small, "");
    const enum pd_status status = pd_run_start(t, &watch, folder, 1024, &err);
    assert_int_equal(status, seen->stop_at ? PD_ERR_INTERRUPTED : PD_OK);
    pd_training_destroy(t);
}

static void a_run_is_started_watched_stopped_and_resumed(void **state)
{
    (void)state;
    struct seen seen = {.stop_at = 3}, rest = {0};
    const struct pd_training_watch watch = {&rest, on_begin, on_step, on_epoch, on_stop, NULL, NULL, NULL};
    const struct pd_run_change longer = {.epochs = 3};
    struct pd_run_model *run;
    struct pd_error err;
    char folder[1024];
    start(&seen, "stopped", folder);
    assert_true(seen.begun == 1 && seen.steps == 3 && !seen.epochs);
    expect(pd_run_resume(folder, &longer, &watch, &err), &err);
    assert_true(rest.steps == 15 && rest.epochs == 3 && rest.last_step == 18);
    assert_string_equal(rest.metric, ""); /* nothing is held out */
    expect(pd_run_open(folder, NULL, &run, &err), &err);
    const struct pd_option_table o = pd_run_options(run);
    assert_true(pd_run_step(run) == 18 && pd_option_get_int(&o, "epochs") == 3);
    pd_run_close(run);
    assert_int_equal(pd_run_resume(scratch_path("nothing"), NULL, NULL, &err), PD_ERR_IO);
    static const int64_t wrong[] = {-1, INT64_MIN, INT64_MAX, 2 /* it stands behind that already */};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct pd_run_change change = {.epochs = wrong[i]};
        assert_int_equal(pd_run_resume(folder, &change, &watch, &err), PD_ERR_USAGE);
        assert_non_null(strstr(err.message, "epochs"));
    }
}

/* --- results --- */

static enum pd_status count_rows(void *context, const struct pd_study_row *row, struct pd_error *err)
{
    (void)err;
    if (row->figure == PD_STUDY_LAST)
        assert_true(row->x == 12 && fabs(row->summary.mean - 0.75) < 1e-12 && row->summary.n == 1);
    ++*(int *)context;
    return PD_OK;
}

static void results_are_added_and_studied(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct pd_studies *studies;
    struct pd_error err;
    char folder[1024], *text, *const runs[] = {folder};
    int rows = 0, others = 0;
    start(&seen, "studied", folder);
    assert_int_equal(pd_run_add_result(folder, "[1]", &err), PD_ERR_USAGE);
    assert_int_equal(pd_run_add_result(folder, "{\"metric\"", &err), PD_ERR_USAGE);
    static const char *const unread[] = {"{}",
                                         "{\"metric\": \"fid\", \"step\": 12}",
                                         "{\"metric\": \"fid\", \"value\": 3.5}",
                                         "{\"step\": 12, \"value\": 3.5}",
                                         "{\"metric\": \"fid\", \"step\": 12, \"value\": \"3.5\"}",
                                         "{\"metric\": \"\", \"step\": 12, \"value\": 3.5}",
                                         "{\"metric\": \"fid\", \"step\": -5, \"value\": 3.5}",
                                         "{\"metric\": \"fid\", \"step\": 1.5, \"value\": 3.5}",
                                         "{\"metric\": \"class-accuracy\", \"step\": 12, \"accuracy\": 75}",
                                         "{\"metric\": \"class-accuracy\", \"step\": 12, \"accuracy\": -1}"};
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        assert_int_equal(pd_run_add_result(folder, unread[i], &err), PD_ERR_USAGE);
    expect(pd_run_add_result(folder, "{\"metric\": \"fid\", \"value\": 3.5, \"step\": 12}", &err), &err);
    expect(
        pd_run_add_result(folder, "{\"metric\": \"class-accuracy\", \"accuracy\": 0.75, \"step\": 12}", &err),
        &err);
    expect(pd_studies_read(runs, 1, false, &studies, &err), &err);
    const struct pd_study *study = pd_studies_first(studies);
    while (study && strcmp(study->measure, "class-accuracy") != 0)
        study = study->next;
    assert_true(study && study->fraction);
    for (const struct pd_study *other = pd_studies_first(studies); other; other = other->next)
        others += !strcmp(other->measure, "fid") && !other->fraction;
    assert_int_equal(others, 1);
    expect(pd_study_rows(study, "random", count_rows, &rows, &err), &err);
    assert_int_equal(rows, 2); /* the point, and as the last */
    expect(pd_studies_json(studies, "random", &text, &err), &err);
    assert_non_null(strstr(text, "class-accuracy"));
    free(text);
    expect(pd_studies_write_csv(scratch_path("table.csv"), studies, "random", &err), &err);
    assert_int_equal(pd_studies_check_baseline(studies, "nobody", &err), PD_ERR_USAGE);
    pd_studies_destroy(studies);
    assert_int_equal(pd_studies_read(runs, 0, false, &studies, &err), PD_ERR_USAGE);
    assert_null(studies);
    pd_studies_destroy(studies);
}

/* --- active learning --- */

static void on_measured(void *context, const struct pd_active_round *r)
{
    assert_true(r->accuracy >= 0 && r->trials == 1 && !r->people);
    ++*(int *)context;
}

static void active_learning_runs_to_its_end(void **state)
{
    (void)state;
    static const char *const loop[][2] = {
        {"strategy", "gold"},  {"init", "4"},           {"query", "2"}, {"final", "6"},
        {"pictures", "false"}, {"measure-epochs", "1"}, {"epochs", "1"}};
    struct pd_active *active;
    struct pd_active_outcome outcome;
    struct pd_error err;
    int rounds = 0;
    const struct pd_active_watch watch = {.context = &rounds, .measured = on_measured};
    char folder[PD_ACTIVE_PATH];
    expect(pd_active_create(&active, &err), &err);
    for (int i = 0; i < OPTIONS; i++)
        expect(pd_active_set(active, options[i][0], options[i][1], &err), &err);
    for (size_t i = 0; i < sizeof loop / sizeof loop[0]; i++)
        expect(pd_active_set(active, loop[i][0], loop[i][1], &err), &err);
    expect(pd_active_set(active, "out", scratch_path("active"), &err), &err);
    assert_int_equal(pd_active_set(active, "labels", "3", &err), PD_ERR_USAGE); /* the loop's business */
    assert_int_equal(pd_active_set(active, "init", "none", &err), PD_ERR_USAGE);
    expect(pd_active_start(active, NULL, &watch, folder, sizeof folder, &outcome, &err), &err);
    assert_int_equal(rounds, 2);
    assert_true(outcome.measured && !outcome.questions && !outcome.taken && !outcome.queries[0]);
    assert_non_null(strstr(outcome.curves, "curves.png"));
    rounds = 0;
    expect(pd_active_resume(folder, &(struct pd_active_news){.final = 8}, &watch, &outcome, &err), &err);
    assert_int_equal(rounds, 1);
    const struct pd_active_news backwards = {.query = -2};
    assert_int_equal(pd_active_resume(folder, &backwards, &watch, &outcome, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "query -2: expected 1 or more");
    const struct pd_option_table t = pd_active_options(active);
    assert_true(!pd_option_get_bool(&t, "balanced")); /* what start settles is its own */
    expect(pd_active_settle(active, NULL, NULL, &err), &err);
    assert_true(pd_option_get_bool(&t, "balanced")); /* GOLD section 4.3, for points */
    const struct pd_option_table training = pd_active_training_options(active);
    assert_int_equal(pd_option_get_int(&training, "epochs"), 1); /* given, so not the protocol's */
    assert_int_equal(pd_option_get_int(&training, "validation"), 100);
    pd_active_destroy(active);
}

/* --- recipes --- */

static bool is_given(const void *context, const char *name)
{
    return !strcmp(context, name);
}

static void recipes_are_read_and_applied(void **state)
{
    (void)state;
    struct pd_recipe *r;
    struct pd_training *t;
    struct pd_error err;
    enum pd_option_type type;
    char value[256], *text;
    const char *name;
    size_t size, n = 0;
    expect(pd_recipe_open("gold-cifar10", &r, &err), &err);
    expect(pd_training_create(&t, &err), &err);
    const struct pd_option_table table = pd_training_options(t);
    assert_string_equal(pd_recipe_name(r), "gold-cifar10");
    assert_string_equal(pd_recipe_command(r), "train");
    assert_true(*pd_recipe_about(r));
    expect(pd_recipe_apply(r, &table, 1, is_given, "epochs", &err), &err);
    assert_int_equal(pd_option_get_int(&table, "epochs"), 20); /* given: as it was */
    for (; (name = pd_recipe_option(r, n, &type, value, sizeof value)); n++) {
        char held[256];
        const struct pd_option *option = pd_option_find(&table, name);
        pd_option_text(option, table.base, held, sizeof held);
        assert_true(pd_recipe_sets(r, name));
        if (strcmp(option->name, "epochs") != 0 && type != PD_OPTION_REAL)
            assert_string_equal(held, value);
    }
    assert_true(n > 2);
    expect(pd_recipe_text("gold-cifar10", &text, &size, &err), &err);
    assert_true(size > 2 && text[0] == '{');
    free(text);
    pd_recipe_close(r);
    pd_training_destroy(t);
    assert_int_equal(pd_recipe_open("gold-cifar", &r, &err), PD_ERR_USAGE);
    assert_null(r);
    assert_int_equal(pd_recipe_text("gold-cifar", &text, &size, &err), PD_ERR_USAGE);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_started_watched_stopped_and_resumed),
        cmocka_unit_test(results_are_added_and_studied),
        cmocka_unit_test(active_learning_runs_to_its_end),
        cmocka_unit_test(recipes_are_read_and_applied),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
