/* Studies as files, and what their numbers say. */
#include "scratch.h"

#include "reproduce/protocol.h"
#include "reproduce/verdict.h"

#include <paydirt/reproduce.h>
#include <paydirt/study.h>

#include <math.h>

/* --- those of the program --- */

static void all_are_whole(void **state)
{
    const char *name, *scale;
    int studies = 0;
    (void)state;
    for (size_t i = 0; (name = pd_reproduce_at(i)); i++, studies++) {
        struct pd_error err = {.message = ""};
        struct pd_reproduce *r;
        struct pd_reproduce_options o = {.out = "x", .seed = 1, .threads = 1};
        if (pd_reproduce_open(name, &o, &r, &err))
            fail_msg("%s: %s", name, err.message);
        for (size_t k = 0; (scale = pd_reproduce_scale_at(r, k)); k++) {
            struct pd_reproduce *at_scale;
            o.scale = scale;
            if (pd_reproduce_open(name, &o, &at_scale, &err))
                fail_msg("%s at %s: %s", name, scale, err.message);
            assert_true(pd_reproduce_run_count(at_scale) > 0);
            pd_reproduce_close(at_scale);
        }
        pd_reproduce_close(r);
    }
    assert_true(studies > 0);
}

static void refuses_what_is_out_of_range(void **state)
{
    (void)state;
    const struct pd_reproduce_options bad[] = {{.out = "x", .seed = 1, .threads = 1, .trials = -1},
                                               {.out = "x", .seed = -1, .threads = 1},
                                               {.out = "x", .seed = 1, .threads = -1}},
                                      good = {.out = "x", .seed = 1, .threads = 1};
    struct pd_error err;
    struct pd_reproduce *r;
    struct pd_reproduce_claim *claim;
    bool busy;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pd_reproduce_open("gold-table1", &bad[i], &r, &err), PD_ERR_USAGE);
        assert_null(r);
        assert_non_null(strstr(err.message, "expected 0 or more of each"));
    }
    assert_int_equal(pd_reproduce_open("gold-table1", &good, &r, &err), PD_OK);
    const int64_t runs[] = {-1, pd_reproduce_run_count(r)};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pd_reproduce_claim(r, runs[i], &claim, &busy, &err), PD_ERR_USAGE);
        assert_true(!claim && !busy);
    }
    pd_reproduce_close(r);
}

static void has_the_papers_numbers(void **state)
{
    struct pd_protocol p;
    double mean, deviation;
    (void)state;
    assert_int_equal(pd_protocol_read("gold-table1", &p, NULL), PD_OK);
    assert_true(pd_protocol_published(&p, 1, 0, &mean, &deviation));
    assert_true(mean == 96.62 && deviation == 0.15);
    pd_protocol_release(&p);
    assert_int_equal(pd_protocol_read("gold-table2", &p, NULL), PD_OK);
    assert_true(pd_protocol_published(&p, 1, 7, &mean, &deviation));
    assert_true(mean == 19.15 && deviation == 0.97);
    pd_protocol_release(&p);
}

/* --- files of others --- */

#define STUDY(more, scales, columns, rows)                                                                   \
    "{\"about\": \"a\", \"metrics\": [\"fitting-capacity\"], \"trials\": 2, " more "\"scales\": " scales     \
    ", \"columns\": " columns ", \"rows\": " rows "}"
#define SCALES  "{\"s\": {\"about\": \"b\"}}"
#define COLUMNS "[{\"name\": \"c\", \"recipe\": \"gold-mnist\"}]"
#define ROWS    "[{\"name\": \"a\"}]"

static void refuses(const char *text, const char *words)
{
    struct pd_protocol p;
    struct pd_error err = {.message = ""};
    assert_int_equal(pd_protocol_parse("mine.json", text, strlen(text), &p, &err), PD_ERR_FORMAT);
    if (!strstr(err.message, words) || strchr(err.message, '\n'))
        fail_msg("\"%s\", expected \"%s\"", err.message, words);
    pd_protocol_release(&p);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    refuses("[", "study mine.json: expected a JSON object");
    refuses("[]", "expected a JSON object");
    refuses("{\"abuot\": \"\"}", "unknown key 'abuot', did you mean 'about'?");
    refuses("{\"about\": \"\"}", "'metrics' is missing");
    refuses(STUDY("\"by\": \"day\", ", SCALES, COLUMNS, ROWS), "'by' is 'day': expected epoch or labels");
    refuses(STUDY("", "{}", COLUMNS, ROWS), "'scales': expected at least one");
    refuses(STUDY("", "{\"../x\": {\"about\": \"b\"}}", COLUMNS, ROWS),
            "name '../x': expected 1 to 40 letters");
    refuses(STUDY("", SCALES, "[{\"name\": \"../c\", \"recipe\": \"gold-mnist\"}]", ROWS), "name '../c'");
    refuses(STUDY("", SCALES, "[{\"name\": \"c\", \"recipe\": \"/dev/stdin\"}]", ROWS),
            "expected a recipe's name");
    refuses(STUDY("", SCALES, COLUMNS, "[]"), "'rows': expected 1 to 64");
    refuses(STUDY("", SCALES, COLUMNS, "[{\"name\": \"a\"}, {\"name\": \"a\"}]"), "another has that name");
    refuses(STUDY("", SCALES, COLUMNS, "[{\"name\": \"a\", \"against\": \"b\"}]"),
            "there is no row 'b' above it");
    refuses(STUDY("", SCALES, COLUMNS, "[{\"name\": \"a\", \"options\": {\"out\": \"/etc\"}}]"),
            "option 'out': reproducing decides it");
    refuses(STUDY("", "{\"s\": {\"about\": \"b\", \"options\": {\"data-dir\": \"/etc\"}}}", COLUMNS, ROWS),
            "option 'data_dir': reproducing decides it");
    refuses(STUDY("", SCALES, COLUMNS, "[{\"name\": \"a\", \"measure\": {\"samples\": \"x.npz\"}}]"),
            "unknown option 'samples'");
    refuses(STUDY("\"published\": {\"b\": {}}, ", SCALES, COLUMNS, ROWS), "'b' is no row");
    refuses(STUDY("\"published\": {\"a\": {\"c\": [\"x\"]}}, ", SCALES, COLUMNS, ROWS), "[mean, deviation]");
    refuses(STUDY("\"published\": {\"a\": {\"c\": [90, -1]}}, ", SCALES, COLUMNS, ROWS),
            "the deviation 0 or more");
    refuses("{\"about\": \"a\", \"metrics\": [\"is\", \"is\"], \"trials\": 2, \"scales\": " SCALES
            ", \"columns\": " COLUMNS ", \"rows\": " ROWS "}",
            "'metrics': 'is' is there twice");
}

static void merges_options(void **state)
{
    static const char text[] =
        STUDY("", "{\"s\": {\"about\": \"b\", \"options\": {\"width\": 0.5, \"epochs\": 3, \"lr\": 0.1}}}",
              "[{\"name\": \"c\", \"recipe\": \"gold-mnist\", \"options\": {\"epochs\": 4, \"lr\": 0.2}, "
              "\"scales\": {\"s\": {\"lr\": 0.3, \"beta-d\": 2}}}]",
              "[{\"name\": \"a\", \"like\": \"gold-code\", \"options\": {\"beta_d\": 3}}]");
    struct pd_protocol p;
    json_t *recipe;
    (void)state;
    assert_int_equal(pd_protocol_parse("mine.json", text, sizeof text - 1, &p, NULL), PD_OK);
    assert_string_equal(p.name, "mine");
    assert_int_equal(pd_protocol_recipe(&p, "s", 0, 0, &recipe, NULL), PD_OK);
    const json_t *o = json_object_get(recipe, "options");
    assert_true(json_number_value(json_object_get(o, "width")) == 0.5);
    assert_true(json_number_value(json_object_get(o, "epochs")) == 4);
    assert_true(json_number_value(json_object_get(o, "lr")) == 0.3);
    assert_true(json_number_value(json_object_get(o, "beta_d")) == 3);
    assert_true(json_is_true(json_object_get(o, "match_labels"))); /* the reference code's */
    assert_null(json_object_get(o, "beta-d"));
    assert_string_equal(json_string_value(json_object_get(o, "model")), "infogan");
    json_decref(recipe);
    pd_protocol_release(&p);
}

/* --- verdicts --- */

static struct pd_contrast contrast(int64_t n, const double *d, double published, bool comparable)
{
    const struct pd_paired paired = pd_compare_paired(n, d, 1);
    const struct pd_published_value row = {published, 0.1, 5}, against = {0, 0.1, 5};
    return pd_contrast_of(&paired, &row, &against, 0, comparable);
}

static void assert_verdict(const struct pd_contrast *c, enum pd_verdict verdict, const char *words)
{
    char text[400];
    assert_int_equal(c->verdict, verdict);
    pd_contrast_words(c, 1, text, sizeof text);
    if (!strstr(text, words))
        fail_msg("\"%s\", expected \"%s\"", text, words);
}

static void judges(void **state)
{
    static const double up[] = {1, 1.1, 0.9, 1.2, 1}, none[] = {0.1, -0.1, 0.05, -0.06, 0.01},
                        wide[] = {1.1, -1, 0.5, -0.6, 0.4};
    (void)state;
    struct pd_contrast c = contrast(5, up, 1.02, true);
    assert_verdict(&c, PD_VERDICT_CONFIRMED, "confirmed (5 see");
    c = contrast(5, up, 3, true);
    assert_verdict(&c, PD_VERDICT_CONFIRMED, "confirmed, but smaller than the paper's");
    c = contrast(5, up, 3, false); /* another protocol: only the direction counts */
    assert_verdict(&c, PD_VERDICT_CONFIRMED, "confirmed (5");
    c = contrast(5, up, -0.5, true);
    assert_verdict(&c, PD_VERDICT_REFUTED, "the other way round");
    c = contrast(5, none, 2, true);
    assert_verdict(&c, PD_VERDICT_REFUTED, "one of the paper's size is excluded");
    c = contrast(5, none, 2, false);
    assert_verdict(&c, PD_VERDICT_NONE, "no difference shown (5"); /* sizes are not compared */
    c = contrast(5, wide, 2, false);
    assert_verdict(&c, PD_VERDICT_NONE, "to see one of 0.08, as here, takes ");
    c.planned = 7;
    assert_verdict(&c, PD_VERDICT_NONE, "interim, 5 of 7 pairs: no difference shown");
    c = contrast(5, none, 0.05, true);
    assert_verdict(&c, PD_VERDICT_NONE, "no difference shown; to see one of 0.05, the paper's, takes ");
    assert_true(c.needed > 5);
    c = contrast(1, none, 0.05, true);
    assert_verdict(&c, PD_VERDICT_TOO_FEW, "nothing can be said: 1 pair of trials");
    static const double equal[] = {0.1, 0.1};
    c = contrast(2, equal, NAN, true);
    assert_verdict(&c, PD_VERDICT_NONE, "no difference shown");
    char text[400];
    assert_null(strstr(pd_contrast_words(&c, 1, text, sizeof text), "as here"));
    c = contrast(5, up, NAN, true);
    assert_verdict(&c, PD_VERDICT_DIFFERENT, "a difference, and no claim of the paper");
}

/* A row's title may be another row's name. */
static void a_baseline_is_found_by_its_name_first(void **state)
{
    (void)state;
    struct pd_study_curve titled = {.name = "third", .label = "base"},
                          gold = {.next = &titled, .name = "gold", .label = "GOLD"},
                          base = {.next = &gold, .name = "base", .label = "plain"};
    const struct pd_study study = {.curves = &base};
    assert_ptr_equal(pd_study_baseline(&study, &gold, "base"), &base);
    assert_ptr_equal(pd_study_baseline(&study, &gold, "plain"), &base);
    assert_null(pd_study_baseline(&study, &base, "base"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_whole),
        cmocka_unit_test(refuses_what_is_out_of_range),
        cmocka_unit_test(has_the_papers_numbers),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(merges_options),
        cmocka_unit_test(judges),
        cmocka_unit_test(a_baseline_is_found_by_its_name_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
