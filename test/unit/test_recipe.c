/* Recipes: those of the program, and files. */
#include "scratch.h"

#include <paydirt/select.h>

#include "data/dataset.h"
#include "model/model.h"
#include "active/active.h"
#include "active/recipe.h"

enum { MOST_OPTIONS = 256, TEXT = 2100 };

static struct pd_active_options active;
static struct pd_train_options train;
static struct pd_option beside[MOST_OPTIONS]; /* an active run's training options */

/* The tables of a recipe's command, over fresh options. */
static int tables_of(const struct pd_recipe *r, struct pd_option_table t[2])
{
    int count;
    const struct pd_option *options = pd_train_option_table(&count);
    pd_active_options_init(&active);
    pd_train_options_init(&train);
    t[0] = (struct pd_option_table){options, count, &train};
    if (!strcmp(r->command, "train"))
        return 1;
    options = pd_active_option_table(&count);
    t[0] = (struct pd_option_table){options, count, &active};
    t[1] = (struct pd_option_table){beside, pd_active_train_options(beside, MOST_OPTIONS), &train};
    return 2;
}

static bool is_given(const void *context, const char *name)
{
    const char *const *given = context;
    while (*given && strcmp(*given, name) != 0)
        given++;
    return *given;
}

static int apply(const struct pd_recipe *r, struct pd_option_table t[2], const char *const *given)
{
    struct pd_error err = {.message = ""};
    const int count = tables_of(r, t);
    if (pd_recipe_apply(r, t, count, is_given, given, &err))
        fail_msg("%s: %s", r->name, err.message);
    return count;
}

static const char *const nothing[] = {NULL};

static void open_it(const char *name, struct pd_recipe *r)
{
    struct pd_error err = {.message = ""};
    if (pd_recipe_read(name, r, &err))
        fail_msg("%s: %s", name, err.message);
}

/* --- those of the program --- */

static void every_recipe_can_begin(void **state)
{
    struct pd_option_table t[2];
    const char *name;
    size_t n = 0;
    (void)state;
    for (; (name = pd_recipe_at(n)); n++) {
        struct pd_recipe r;
        struct pd_error err;
        const struct pd_data_source *source;
        open_it(name, &r);
        const int tables = apply(&r, t, nothing);
        assert_string_equal(train.data_dir, "");
        if (*train.data) { /* else it is for people's own */
            assert_int_equal(pd_data_source_find(train.data, &source, NULL), PD_OK);
            assert_non_null(pd_model_find(train.model, NULL));
            assert_non_null(pd_loss_find(train.loss, NULL));
        } else
            assert_string_equal(name, "few-labels");
        assert_true(*r.about && r.steps && pd_recipe_note(&r, 0));
        if (tables == 2)
            assert_int_equal(pd_active_protocol(&active, &train, is_given, nothing, &err), PD_OK);
        pd_recipe_release(&r);
    }
    assert_int_equal(n, 44);
}

/* GOLD's sections 4.1 to 4.3 and ALCG's algorithm 1, as options. */
static const struct fact {
    const char *recipe, *option, *value;
} facts[] = {
    {"gold-mnist", "model", "infogan"},
    {"gold-mnist", "epochs", "20"},
    {"gold-mnist", "labels", "0"},
    {"gold-mnist", "gold", "true"},
    {"gold-mnist", "gold_start", "0.5"},
    {"gold-mnist", "beta_d", "1"},
    {"gold-mnist", "beta_g", "0"},
    {"gold-mnist", "lambda_c", "0.1"},
    {"gold-mnist", "random_crop", "true"},
    {"gold-mnist", "gold_broadcast", "false"},
    {"gold-fmnist", "epochs", "20"},
    {"gold-code-mnist", "gold_broadcast", "true"},
    {"gold-code-mnist", "gold_epsilon", "1e-06"},
    {"gold-code-mnist", "partial_batch", "true"},
    {"gold-code-mnist", "lambda_c", "0.1"},
    {"gold-code-active-mnist", "strategy", "last"},
    {"gold-code-active-mnist", "match_labels", "true"},
    {"gold-code-active-mnist", "keep_last", "true"},
    {"few-labels", "consistency", "1"},
    {"few-labels", "keep_generator", "false"},
    {"few-labels", "validation", "0"},
    {"few-labels", "oracle", "csv"},
    {"gold-svhn", "epochs", "200"},
    {"gold-cifar10", "model", "acgan"},
    {"gold-cifar10", "epochs", "200"},
    {"gold-stl10", "model", "acgan"},
    {"gold-stl10", "labelled_only", "true"},
    {"gold-lsun", "data", "lsun"},
    {"gold-svhn-1pct", "labels", "733"},
    {"gold-svhn-5pct", "labels", "3663"},
    {"gold-svhn-10pct", "labels", "7326"},
    {"gold-svhn-20pct", "labels", "14651"},
    {"gold-svhn-50pct", "labels", "36629"},
    {"gold-cifar10-1pct", "labels", "500"},
    {"gold-cifar10-5pct", "labels", "2500"},
    {"gold-cifar10-10pct", "labels", "5000"},
    {"gold-cifar10-20pct", "labels", "10000"},
    {"gold-cifar10-50pct", "labels", "25000"},
    {"gold-reject-lsun", "gold", "false"},
    {"gold-reject-fmnist", "epochs", "20"},
    {"gold-reject-cifar10", "epochs", "200"},
    {"gold-active-synthetic", "balanced", "true"},
    {"gold-active-synthetic", "trials", "25"},
    {"gold-active-synthetic", "final", "8"},
    {"gold-active-synthetic", "lambda_c", "0.01"},
    {"gold-active-mnist", "balanced", "false"},
    {"gold-active-mnist", "query", "2"},
    {"gold-active-mnist", "lambda_c", "0.01"},
    {"gold-active-fmnist", "query", "5"},
    {"gold-active-fmnist", "lambda_c", "0"},
    {"gold-active-svhn", "init", "20"},
    {"gold-active-svhn", "final", "100"},
    {"gold-active-svhn", "lambda_c", "0"},
    {"gold-active-svhn", "epochs", "100"},
    {"gold-active-svhn", "baseline", "random"},
    {"alcg-cifar10-dcgan", "init", "1000"},
    {"alcg-cifar10-dcgan", "adversarial", "4"},
    {"alcg-stl10-sngan", "strategy", "most-confident"},
    {"alcg-stl10-sngan", "labelled_only", "true"},
    {"alcg-stl10-sngan", "keep_generator", "false"},
    {"alcg-tiny-imagenet-wgan-gp", "lambda_c", "0"},
    {"alcg-tiny-imagenet-wgan-gp", "critic_steps", "5"},
    {"alcg-tiny-imagenet-wgan-gp", "trials", "3"},
};

static void they_say_what_the_papers_say(void **state)
{
    struct pd_option_table t[2];
    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const struct fact *f = &facts[i];
        const struct pd_option *option = NULL;
        struct pd_recipe r;
        char text[TEXT];
        open_it(f->recipe, &r);
        const int count = apply(&r, t, nothing);
        int k = 0;
        while (k < count && !(option = pd_option_find(&t[k], f->option)))
            k++;
        assert_non_null(option);
        pd_option_text(option, t[k].base, text, sizeof text);
        if (strcmp(text, f->value) != 0)
            fail_msg("%s: %s is %s, not %s", f->recipe, f->option, text, f->value);
        pd_recipe_release(&r);
    }
}

static void what_was_given_stands(void **state)
{
    static const char *const given[] = {"epochs", "gold", NULL};
    struct pd_option_table t[2];
    struct pd_recipe r;
    (void)state;
    open_it("gold-cifar10", &r);
    assert_true(pd_recipe_sets(&r, "lambda_c") && !pd_recipe_sets(&r, "lambda") &&
                !pd_recipe_sets(&r, "flip"));
    apply(&r, t, given);
    assert_true(train.epochs == 20 && !train.gold && train.random_crop); /* the defaults, and the recipe */
    pd_recipe_release(&r);
}

/* --- by somebody's code --- */

/* Each sets options that its command has; a recipe's own stand above it. */
static void likes_are_recipes_without_an_experiment(void **state)
{
    static const char *const given[] = {"match_labels", NULL}, *const commands[] = {"train", "active"};
    struct pd_option_table t[2];
    struct pd_recipe r;
    struct pd_error err;
    const char *name;
    size_t n = 0;
    (void)state;
    for (; (name = pd_like_at(n)); n++)
        for (int i = 0; i < 2; i++) {
            assert_int_equal(pd_like_read(name, commands[i], &r, &err), PD_OK);
            assert_true(*r.about && apply(&r, t, given) == i + 1);
            assert_true(!train.match_labels && !train.gold && train.random_crop);
            if (!strcmp(name, "gold-code")) {
                assert_true(train.gold_broadcast);
                assert_string_equal(i ? active.strategy : "last", "last");
            } else
                assert_true(train.consistency == 1 && train.ema_d == 0.99);
            pd_recipe_release(&r);
        }
    assert_int_equal(n, 2);
    assert_int_equal(pd_like_read("gold-cod", "train", &r, &err), PD_ERR_USAGE);
    assert_contains(err.message, "did you mean 'gold-code'?");
    pd_recipe_release(&r);
}

static void a_file_can_be_like_some_code(void **state)
{
    struct pd_option_table t[2];
    struct pd_recipe r;
    const char *path = scratch_path("like.json");
    const char json[] = "{\"command\": \"train\", \"like\": \"gold-code\", \"options\": {\"match-labels\": "
                        "false, \"epochs\": 3}}";
    (void)state;
    scratch_write(path, json, strlen(json));
    open_it(path, &r);
    apply(&r, t, nothing);
    assert_true(train.gold_broadcast && !train.match_labels && train.epochs == 3);
    pd_recipe_release(&r);
}

/* --- files --- */

#define HEAD "{\"command\": \"train\", \"options\": {"

static void file(const char *json, enum pd_status status, const char *message)
{
    struct pd_error err = {.message = ""};
    struct pd_recipe r;
    const char *path = scratch_path("mine.json");
    scratch_write(path, json, strlen(json));
    assert_int_equal(pd_recipe_read(path, &r, &err), status);
    assert_contains(err.message, message);
    if (status)
        assert_contains(err.message, "/mine.json: ");
    pd_recipe_release(&r);
}

static void reads_files(void **state)
{
    struct pd_option_table t[2];
    struct pd_recipe r;
    const char *type, *paper, *path = scratch_path("own.json");
    const char json[] = "{\"command\": \"active\", \"options\": {\"trials\": 7, \"min-epoch\": 50}, "
                        "\"steps\": [{\"type\": \"a\"}, {\"type\": \"b\", \"paper\": \"1 %\"}]}";
    (void)state;
    scratch_write(path, json, strlen(json));
    open_it(path, &r);
    apply(&r, t, nothing);
    assert_true(active.trials == 7 && train.min_epoch == 50 && pd_recipe_sets(&r, "min_epoch"));
    assert_string_equal(r.about, "");
    assert_true(pd_recipe_step(&r, 1, &type, &paper));
    assert_string_equal(type, "b");
    assert_string_equal(paper, "1 %");
    assert_false(pd_recipe_step(&r, 2, &type, &paper));
    assert_null(pd_recipe_note(&r, 0));
    pd_recipe_release(&r);
}

static void refuses_bad_files(void **state)
{
    (void)state;
    file(HEAD "\"epochs\": 3}}", PD_OK, "");
    file(HEAD "\"epohcs\": 3}}", PD_ERR_FORMAT, "unknown option 'epohcs', did you mean 'epochs'?");
    file(HEAD "\"epochs\": 0}}", PD_ERR_FORMAT, "option 'epochs': expected a whole number from 1");
    file(HEAD "\"gold\": 1}}", PD_ERR_FORMAT, "option 'gold': expected true or false");
    file(HEAD "\"trials\": 5}}", PD_ERR_FORMAT, "unknown option 'trials'");
    file("{\"command\": \"active\", \"options\": {\"trails\": 5}}", PD_ERR_FORMAT, "did you mean 'trials'?");
    file("{\"command\": \"active\", \"options\": {\"epohcs\": 5}}", PD_ERR_FORMAT, "did you mean 'epochs'?");
    file("{\"command\": \"active\", \"options\": {\"labels\": 5}}", PD_ERR_FORMAT, "unknown option 'labels'");
    file("{\"command\": \"eval\", \"options\": {}}", PD_ERR_FORMAT, "expected train or active");
    file("{\"comand\": \"train\", \"options\": {}}", PD_ERR_FORMAT, "'comand', did you mean 'command'?");
    file("{\"options\": {}}", PD_ERR_FORMAT, "'command' is missing");
    file("{\"command\": \"train\"}", PD_ERR_FORMAT, "'options' is missing");
    file("{\"command\": 1, \"options\": {}}", PD_ERR_FORMAT, "'command': expected a text");
    file(HEAD "}, \"steps\": {}}", PD_ERR_FORMAT, "'steps': expected a list");
    file(HEAD "}, \"steps\": [1]}", PD_ERR_FORMAT, "expected an object");
    file(HEAD "}, \"steps\": [{\"paper\": \"1\"}]}", PD_ERR_FORMAT, "'type' is missing");
    file(HEAD "}, \"notes\": [1]}", PD_ERR_FORMAT, "'notes': expected texts");
    file(HEAD "\"epochs\": 1, \"epochs\": 2}}", PD_ERR_FORMAT, "duplicate object key");
    file(HEAD "\"gold-start\": 1, \"gold_start\": 0.5}}", PD_ERR_FORMAT, "are one option");
    file("{\"command\": \"train\", \"like\": 1, \"options\": {}}", PD_ERR_FORMAT, "'like': expected a text");
    file("[]", PD_ERR_FORMAT, "expected a JSON object");
    file("{", PD_ERR_FORMAT, "expected a JSON object");
    file("\xef\xbb\xbf{}", PD_ERR_FORMAT, "is missing"); /* after a byte order mark */
    file("", PD_ERR_FORMAT, "expected a JSON object");
}

static void knows_what_was_meant(void **state)
{
    struct pd_error err;
    struct pd_recipe r;
    (void)state;
    assert_int_equal(pd_recipe_read("gold-minst", &r, &err), PD_ERR_USAGE);
    assert_contains(err.message, "unknown recipe 'gold-minst', did you mean 'gold-mnist'?");
    assert_int_equal(pd_recipe_read("xyzzyxyzzy", &r, &err), PD_ERR_USAGE);
    assert_contains(err.message, "unknown recipe 'xyzzyxyzzy' ('paydirt recipes' lists them");
    assert_int_equal(pd_recipe_read("", &r, &err), PD_ERR_USAGE);
    assert_int_equal(pd_recipe_read("/no/such.json", &r, &err), PD_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipe_can_begin),
        cmocka_unit_test(they_say_what_the_papers_say),
        cmocka_unit_test(what_was_given_stands),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(likes_are_recipes_without_an_experiment),
        cmocka_unit_test(a_file_can_be_like_some_code),
        cmocka_unit_test(refuses_bad_files),
        cmocka_unit_test(knows_what_was_meant),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
