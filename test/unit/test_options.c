#include "scratch.h"

#include "nn/nn.h"
#include "run/options.h"

static struct pd_train_options o;

static int fresh(void **state)
{
    (void)state;
    pd_train_options_init(&o);
    return 0;
}

static void refused(const char *name, const char *value, const char *message)
{
    struct pd_error err = {.status = PD_OK};
    const struct pd_train_options before = o;
    assert_int_equal(pd_train_options_set(&o, name, value, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, message);
    assert_memory_equal(&o, &before, sizeof o);
}

static void defaults_are_the_papers(void **state)
{
    (void)state;
    assert_string_equal(o.out, "runs");
    assert_int_equal(o.batch, 128);
    assert_int_equal(o.epochs, 20);
    assert_int_equal(o.min_epoch, 10000);
    const struct pd_adam_options gan = pd_loss_at(PD_LOSS_KIND_GAN)->adam,
                                 wgan = pd_loss_at(PD_LOSS_KIND_WGAN_GP)->adam;
    assert_true(gan.lr == 2e-4 && gan.beta1 == 0.5 && gan.beta2 == 0.999);
    assert_true(wgan.lr == 1e-4 && wgan.beta1 == 0 && wgan.beta2 == 0.9);
    assert_int_equal(pd_loss_at(PD_LOSS_KIND_WGAN_GP)->critic_steps, 5);
    assert_true(o.lr == 0 && o.adam_beta1 < 0 && o.adam_beta2 < 0 && !o.critic_steps); /* the loss's */
    assert_true(o.lambda_c == 0.1 && o.beta_d == 1 && o.beta_g == 0 && o.gold_start == 0.5 && !o.gold);
}

/* Every default lies in its own range. */
static void the_table_is_sound(void **state)
{
    (void)state;
    int count;
    const struct pd_option *table = pd_train_option_table(&count);
    for (int i = 0; i < count; i++) {
        char text[1100];
        pd_option_text(&table[i], &o, text, sizeof text);
        assert_int_equal(pd_train_options_set(&o, table[i].name, text, NULL), PD_OK);
        assert_true(table[i].help && !table[i].metavar == (table[i].type == PD_OPTION_BOOL));
    }
}

static void sets_by_either_spelling(void **state)
{
    (void)state;
    assert_int_equal(pd_train_options_set(&o, "data_dir", "/a b", NULL), PD_OK);
    assert_int_equal(pd_train_options_set(&o, "labels-per-batch", "16", NULL), PD_OK);
    assert_int_equal(pd_train_options_set(&o, "lr", "1e-3", NULL), PD_OK);
    assert_int_equal(pd_train_options_set(&o, "lr", "1e-400", NULL), PD_ERR_USAGE); /* 0 is the loss's */
    assert_int_equal(pd_train_options_set(&o, "seed", "9007199254740993", NULL), PD_ERR_USAGE);
    assert_int_equal(pd_train_options_set(&o, "gold", "true", NULL), PD_OK);
    assert_string_equal(o.data_dir, "/a b");
    assert_int_equal(o.labels_per_batch, 16);
    assert_true(o.lr == 1e-3 && o.gold);
}

static void gets_by_name_and_type(void **state)
{
    (void)state;
    int count;
    const struct pd_option *at = pd_train_option_table(&count);
    const struct pd_option_table t = {at, count, &o};
    assert_int_equal(pd_option_set_by_name(&t, "data-dir", "/a b", NULL), PD_OK);
    assert_int_equal(pd_option_set_by_name(&t, "gold", "true", NULL), PD_OK);
    assert_string_equal(pd_option_get_text(&t, "data_dir"), "/a b");
    assert_true(pd_option_get_bool(&t, "gold") && !pd_option_get_bool(&t, "gold-balanced"));
    assert_int_equal(pd_option_get_int(&t, "min-epoch"), 10000);
    assert_true(pd_option_get_real(&t, "lambda_c") == 0.1);
    assert_string_equal(pd_option_get_text(&t, "gold"), ""); /* of another type */
    assert_true(!pd_option_get_bool(&t, "epochs") && pd_option_get_int(&t, "lambda_c") == 0);
    assert_true(pd_option_get_real(&t, "no such option") == 0);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    refused("epocs", "3", "unknown option 'epocs', did you mean 'epochs'?");
    refused("zzzzzzzz", "3", "unknown option 'zzzzzzzz'");
    refused("epochs", "0", "epochs '0': expected a whole number from 1 to 1000000");
    refused("epochs", "3.5", "epochs '3.5': expected a whole number from 1 to 1000000");
    refused("epochs", "", "epochs '': expected a whole number from 1 to 1000000");
    refused("epochs", "99999999999999999999",
            "epochs '99999999999999999999': expected a whole number from 1 to 1000000");
    refused("gold_start", "nan", "gold-start 'nan': expected a number from 0 to 1");
    refused("gold_start", "1.5x", "gold-start '1.5x': expected a number from 0 to 1");
    refused("gold", "maybe", "gold 'maybe': expected true or false");
    refused("model", "a-name-that-is-longer-than-any-model",
            "model 'a-name-that-is-longer-than-any-model': expected a text of at most 31 bytes");
}

static void comes_back_from_its_file(void **state)
{
    (void)state;
    struct pd_train_options read;
    const char *path = scratch_path("options.json");
    pd_train_options_set(&o, "data", "mnist", NULL);
    pd_train_options_set(&o, "out", "a \"quoted\" folder", NULL);
    pd_train_options_set(&o, "lr", "0.1", NULL);
    pd_train_options_set(&o, "seed", "9007199254740992", NULL);
    pd_train_options_set(&o, "flip", "true", NULL);
    assert_int_equal(pd_train_options_write(&o, path, NULL), PD_OK);
    memset(&read, 0xff, sizeof read);
    assert_int_equal(pd_train_options_read(&read, path, NULL), PD_OK);
    assert_string_equal(read.data, o.data);
    assert_string_equal(read.out, o.out);
    assert_true(read.lr == o.lr && read.seed == o.seed && read.flip && !read.gold);
}

static void file(const char *json, enum pd_status status, const char *message)
{
    struct pd_error err = {.message = ""};
    const char *path = scratch_path("o.json");
    scratch_write(path, json, strlen(json));
    assert_int_equal(pd_train_options_read(&o, path, &err), status);
    assert_contains(err.message, message);
    if (status)
        assert_contains(err.message, "/o.json: ");
}

static void refuses_bad_files(void **state)
{
    (void)state;
    file("{\"epochs\": 3, \"lr\": 1}", PD_OK, "");
    assert_int_equal(o.epochs, 3);
    file("{\"epohcs\": 3}", PD_ERR_FORMAT, "unknown option 'epohcs', did you mean 'epochs'?");
    file("{\"epochs\": \"3\"}", PD_ERR_FORMAT, "option 'epochs': expected a whole number from 1 to 1000000");
    file("{\"epochs\": 3.5}", PD_ERR_FORMAT, "option 'epochs': expected a whole number");
    file("{\"epochs\": 0}", PD_ERR_FORMAT, "option 'epochs': expected a whole number");
    file("{\"gold\": 1}", PD_ERR_FORMAT, "option 'gold': expected true or false");
    file("{\"model\": null}", PD_ERR_FORMAT, "option 'model': expected a text");
    file("{\"epochs\": 3, \"epochs\": 4}", PD_ERR_FORMAT, "duplicate object key");
    file("{\"epochs\": 3", PD_ERR_FORMAT, " at offset 12");
    file("[]", PD_ERR_FORMAT, "expected a JSON object");
    file("", PD_ERR_FORMAT, "expected a JSON object");
    assert_int_equal(o.epochs, 3); /* a refused file changes nothing */
    struct pd_error err;
    assert_int_equal(pd_train_options_read(&o, "/no/such.json", &err), PD_ERR_IO);
    assert_string_equal(err.message, "/no/such.json: cannot open: No such file or directory");
}

static void refuses_to_write_what_json_cannot_hold(void **state)
{
    (void)state;
    struct pd_error err;
    pd_train_options_set(&o, "data_dir", "caf\xe9", NULL); /* Latin-1 */
    assert_int_equal(pd_train_options_write(&o, scratch_path("x.json"), &err), PD_ERR_USAGE);
    assert_contains(err.message, "option 'data_dir' is not UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_are_the_papers, fresh),
        cmocka_unit_test_setup(the_table_is_sound, fresh),
        cmocka_unit_test_setup(sets_by_either_spelling, fresh),
        cmocka_unit_test_setup(gets_by_name_and_type, fresh),
        cmocka_unit_test_setup(says_what_is_wrong, fresh),
        cmocka_unit_test_setup(comes_back_from_its_file, fresh),
        cmocka_unit_test_setup(refuses_bad_files, fresh),
        cmocka_unit_test_setup(refuses_to_write_what_json_cannot_hold, fresh),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
