/* paydirt eval --features on the files that people bring. */
#include "needs.h"
#include "regress/program.h"

#include "base/rng.h"
#include "io/npy.h"

#include <jansson.h>
#include <math.h>

enum { REAL = 60, FAKE = 40, WIDTH = 5 };
static float real[REAL * WIDTH], fake[FAKE * WIDTH];
static double doubles[FAKE * WIDTH];

static void write_npy(const char *name, enum pd_io_dtype dtype, int64_t n, int64_t width, const void *data)
{
    const struct pd_io_array a = {"", dtype, 2, {n, width}, data};
    assert_int_equal(pd_npy_write(scratch_path(name), &a, NULL), PD_OK);
}

static void write_statistics(void)
{
    static const double mu[WIDTH] = {1, 2, 3, 4, 5},
                        sigma[WIDTH * WIDTH] = {[0] = 1, [6] = 1, [12] = 1, [18] = 1, [24] = 1};
    struct pd_io_array arrays[] = {{"mu", PD_IO_F64, 1, {WIDTH}, mu},
                                   {"sigma", PD_IO_F64, 2, {WIDTH, WIDTH}, sigma}};
    assert_int_equal(pd_npz_write(scratch_path("mu.npz"), arrays, 2, false, NULL), PD_OK);
    assert_int_equal(pd_npz_write(scratch_path("half.npz"), arrays, 1, false, NULL), PD_OK);
    arrays[1].dims[1] = 1;
    assert_int_equal(pd_npz_write(scratch_path("bad.npz"), arrays, 2, false, NULL), PD_OK);
}

static int setup(void **state)
{
    const int status = scratch_setup(state);
    const struct pd_rng rng = {1, 1, 0};
    for (int i = 0; i < REAL * WIDTH; i++)
        real[i] = (float)pd_rng_normal(&rng, (uint64_t)i);
    for (int i = 0; i < FAKE * WIDTH; i++)
        doubles[i] = (double)(fake[i] = (float)(0.5 + pd_rng_normal(&rng, 10000 + (uint64_t)i)));
    const struct pd_io_array one = {"acts", PD_IO_F32, 2, {FAKE, WIDTH}, fake};
    write_npy("r.npy", PD_IO_F32, REAL, WIDTH, real);
    write_npy("f.npy", PD_IO_F32, FAKE, WIDTH, fake);
    write_npy("f64.npy", PD_IO_F64, FAKE, WIDTH, doubles);
    write_npy("narrow.npy", PD_IO_F32, FAKE, WIDTH - 1, fake);
    write_npy("few.npy", PD_IO_F32, 4, WIDTH, fake);
    write_npy("none.npy", PD_IO_F32, 0, WIDTH, fake);
    write_npy("whole.npy", PD_IO_U8, FAKE, WIDTH, fake);
    assert_int_equal(pd_npz_write(scratch_path("one.npz"), &one, 1, true, NULL), PD_OK);
    fake[7 * WIDTH + 2] = NAN;
    write_npy("nan.npy", PD_IO_F32, FAKE, WIDTH, fake);
    doubles[3] = 1e300;
    write_npy("large.npy", PD_IO_F64, FAKE, WIDTH, doubles);
    write_statistics();
    return status;
}

#define REAL_FILE "eval --features --real r.npy "

/* A number of the n-th line of JSON. */
static double number(const char *text, int n, const char *key)
{
    for (; n; n--)
        text = strchr(text, '\n') + 1;
    json_t *line = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *value = json_object_get(line, key);
    if (!json_is_number(value))
        fail_msg("no number '%s' in %s", key, text);
    const double number = json_number_value(value);
    json_decref(line);
    return number;
}

static void five_lines(void **state)
{
    (void)state;
    NEEDS(cairo);
    static struct result first;
    const struct result *r = succeeds(REAL_FILE "--fake f.npy --json --plot prd.png");
    assert_true(number(r->out, 0, "value") > 0.5 && number(r->out, 0, "features") == WIDTH);
    assert_true(number(r->out, 1, "subset_size") == FAKE && number(r->out, 1, "seed") == 1);
    assert_true(number(r->out, 2, "f8") > 0 && number(r->out, 2, "f1_8_deviation") >= 0);
    assert_true(number(r->out, 3, "precision") <= 1 && number(r->out, 3, "k") == 3);
    assert_true(number(r->out, 4, "density") > 0 && number(r->out, 4, "coverage") <= 1);
    assert_true(number(r->out, 4, "seconds") >= 0);
    assert_non_null(strstr(r->err, "r.npy: 60 samples of 5 features"));
    assert_non_null(strstr(r->err, "kid: subsets of 40 samples"));
    free(scratch_read(scratch_path("prd.png"), NULL));
    first = *r;
    for (const char *other = "f64.npy\0one.npz\0one.npz:acts\0"; *other; other += strlen(other) + 1) {
        char command[128];
        snprintf(command, sizeof command, REAL_FILE "--fake %s --json --threads 1", other);
        r = succeeds(command);
        assert_true(number(r->out, 0, "value") == number(first.out, 0, "value"));
        assert_true(number(r->out, 1, "value") == number(first.out, 1, "value"));
        assert_true(number(r->out, 2, "f8") == number(first.out, 2, "f8"));
        assert_true(number(r->out, 4, "density") == number(first.out, 4, "density"));
    }
}

static void statistics(void **state)
{
    (void)state;
    const double value = number(succeeds(REAL_FILE "--fake f.npy --metrics frechet --json")->out, 0, "value");
    succeeds("eval --features --real r.npy --stats-out s.npz");
    const struct result *r = succeeds("eval --features --real s.npz --fake f.npy --metrics frechet --json");
    assert_true(fabs(number(r->out, 0, "value") / value - 1) < 1e-9);
    r = succeeds("eval --features --real mu.npz --fake mu.npz --metrics frechet --json");
    const double same = number(r->out, 0, "value");
    assert_true(same >= 0 && same < 1e-9);
    succeeds(REAL_FILE "--fake mu.npz --metrics frechet");
    r = succeeds("eval --features --real mu.npz --stats-out again.npz");
    assert_non_null(strstr(r->err, "again.npz: mu and sigma of mu.npz"));
}

static void few_samples_are_said(void **state)
{
    (void)state;
    const struct result *r = succeeds(REAL_FILE "--fake few.npy --metrics frechet");
    assert_non_null(
        strstr(r->err, "frechet: 4 generated samples for 5 features: their covariance is singular"));
    r = succeeds(REAL_FILE "--fake f.npy --metrics frechet");
    assert_null(strstr(r->err, "singular"));
}

static void write_text(const char *name, const char *text)
{
    scratch_write(scratch_path(name), text, strlen(text));
}

static void copies_are_said(void **state)
{
    (void)state;
    write_text("copies.csv", "0.5 1\n0.5 1\n0.5 1\n0.5 1\n2.5 3\n2.5 3\n2.5 3\n2.5 3\n");
    write_text("apart.csv", "0.5 1.1\n0.7 1.2\n2.5 3.1\n2.7 3.3\n0.1 0.3\n");
    const struct result *r = succeeds("eval --features --real copies.csv --fake apart.csv --metrics pr,dc");
    assert_contains(r->err, "pr: the 3 nearest others of 8 of the 8 real samples are copies of them");
    r = succeeds("eval --features --real apart.csv --fake copies.csv --metrics pr");
    assert_contains(r->err, "pr: the 3 nearest others of 8 of the 8 generated samples are copies of them");
}

static void columns_are_in_one_order(void **state)
{
    (void)state;
    write_text("ab.csv", "p_a,p_b\n1.5,2\n3.5,1\n0.5,2\n");
    write_text("ba.csv", "p_b,p_a\n2,1.5\n1,3.5\n2,0.5\n");
    fails("eval --features --real ab.csv:p_* --fake ba.csv:p_* --metrics frechet", 5,
          "ab.csv and ba.csv have the same columns in another order: name them in one order");
    succeeds("eval --features --real ab.csv:p_* --fake ba.csv:p_a,p_b --metrics frechet");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        int code;
        const char *words;
    } cases[] = {
        {REAL_FILE "--fake nan.npy", 4, "nan.npy, row 7: number 2 is"},
        {REAL_FILE "--fake large.npy", 4, "large.npy: row 0: 1e+300 is beyond float32"},
        {REAL_FILE "--fake narrow.npy", 5, "r.npy has 5 features a sample, narrow.npy has 4"},
        {REAL_FILE "--fake none.npy", 5, "none.npy: no rows"},
        {REAL_FILE "--fake whole.npy", 7, "numbers of type uint8"},
        {REAL_FILE "--fake few.npy --metrics dc -k 60", 2, "60 real samples for 60 neighbours"},
        {REAL_FILE "--fake few.npy --metrics pr -k 4", 2, "4 generated samples for 4 neighbours"},
        {REAL_FILE "--fake few.npy --metrics kid --subset-size 5", 2, "subsets of 5 out of 60 real and 4"},
        {REAL_FILE "--fake mu.npz", 2, "they serve a Fréchet distance, not kid"},
        {REAL_FILE "--fake bad.npz --metrics frechet", 5, "bad.npz: sigma is no array"},
        {REAL_FILE "--fake half.npz --metrics frechet", 5, "half.npz: mu without sigma"},
        {REAL_FILE "--fake mu.npz:mu --metrics frechet", 5, "mu.npz:mu has 1"},
        {REAL_FILE "--fake f.npy --metrics fid", 2, "; --features is for the metrics of any network's"},
        {REAL_FILE "--fake f.npy --metrics pr --plot x.png", 2, "--plot draws prd's curve"},
        {REAL_FILE "--fake f.npy --bootstrap 1", 2, "--bootstrap 1: expected 0, or 2 or more"},
        {REAL_FILE "--fake mu.npz --metrics frechet --bootstrap 9", 2, "frechet: no bootstrap of mean and"},
        {REAL_FILE "--stats-out s.npz --plot x.png", 2, "--plot draws prd's curve: --fake is missing"},
        {REAL_FILE, 2, "--fake is missing"},
        {REAL_FILE "--fake mu.npz --metrics frechet --stats-out ./mu.npz", 2, "--stats-out ./mu.npz would"},
        {REAL_FILE "--fake p.png --metrics prd --plot p.png", 2, "--plot p.png would replace"},
        {"eval --features --fake f.npy", 2, "--real is missing"},
        {"eval --fake f.npy --real r.npy", 2, "--features is missing"},
        {"eval some/run --features --fake f.npy --real r.npy", 2, "'some/run' beside --features"},
    };
    scratch_write(scratch_path("p.png"), "", 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct result *r = run(cases[i].command);
        if (r->code != cases[i].code || !strstr(r->err, cases[i].words))
            fail_msg("'%s': %d, \"%s\", expected \"%s\"", cases[i].command, r->code, r->err, cases[i].words);
    }
    assert_non_null(strstr(run(REAL_FILE "--fake ./r.npy --metrics pr")->err,
                           "--fake and --real are one file: a set beside itself"));
    assert_non_null(strstr(run(REAL_FILE "--fake f.npy --metrics pr --epochs 3 --subsets 2")->err,
                           "--epochs has no effect without a run"));
    assert_non_null(strstr(run(REAL_FILE "--fake f.npy --metrics pr --classifier cnn")->err,
                           "--classifier has no effect without a run"));
    assert_non_null(strstr(run(REAL_FILE "--fake f.npy --metrics pr --decay-every 3")->err,
                           "--decay-every has no effect without a run"));
    assert_non_null(strstr(run(REAL_FILE "--fake f.npy --metrics pr,dc --bootstrap 3")->err,
                           "--bootstrap has no effect without a metric of features other than pr and dc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_lines),
        cmocka_unit_test(statistics),
        cmocka_unit_test(few_samples_are_said),
        cmocka_unit_test(copies_are_said),
        cmocka_unit_test(columns_are_in_one_order),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
