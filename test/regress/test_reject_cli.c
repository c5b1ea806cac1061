/* Rejection through the program. */
#include "regress/program.h"

#include <jansson.h>
#include <math.h>

#include "arrays.h"
#include "needs.h"

#define IMAGES "images/00000-strokes-infogan"
#define POINTS "points/00000-synthetic-mlp"
#define LITTLE " --threads 1 --burn-in 200 --block 100 "

static int trains(void **state)
{
    if (scratch_setup(state))
        return -1;
    succeeds("train --data strokes --data-count 300 --model infogan --width 0.25 --batch 16 --min-epoch 300 "
             "--epochs 1 --threads 1 --out images");
    succeeds(
        "train --data synthetic --model mlp --width 0.1 --batch 32 --min-epoch 640 --epochs 1 --threads 1 "
        "--out points");
    return 0;
}

static const struct pd_io_array *array(struct pd_npy *npz, const char *name, enum pd_io_dtype dtype,
                                       int64_t rows)
{
    const struct pd_io_array *a = find_array(npz, name);
    assert_non_null(a);
    assert_true(a->dtype == dtype && a->rank >= 1 && a->dims[0] == rows);
    return a;
}

static void assert_npz(const char *path, int64_t per_class, int classes)
{
    struct pd_npy *npz;
    const int64_t n = per_class * classes;
    assert_int_equal(pd_npy_open(scratch_path(path), &npz, NULL), PD_OK);
    array(npz, "images", PD_IO_F32, n);
    array(npz, "z", PD_IO_F32, n);
    const int32_t *labels = array(npz, "labels", PD_IO_I32, n)->data;
    const float *logit = array(npz, "logit", PD_IO_F32, n)->data;
    const double *d = array(npz, "d", PD_IO_F64, n)->data;
    for (int64_t i = 0; i < n; i++)
        assert_true(labels[i] == i / per_class && isfinite(logit[i]) && isfinite(d[i]));
    pd_npy_destroy(npz);
}

static void assert_png(const char *path)
{
    char *png = scratch_read(scratch_path(path), NULL);
    assert_int_equal(memcmp(png, "\x89PNG", 4), 0);
    free(png);
}

static void keeps_images_by_every_method(void **state)
{
    (void)state;
    static const char *const methods[] = {"gold --p 0.5",     "drs",
                                          "obrs --keep 0.5",  "mh --chain 5",
                                          "top-k --keep 0.3", "gold --no-balanced",
                                          "gold --sigma rms", "mh --chain 5 --balanced --no-calibrate"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char command[256];
        snprintf(command, sizeof command,
                 "sample " IMAGES LITTLE "--per-class 12 --npz k.npz --rejected k.png --reject %s",
                 methods[i]);
        const struct result *r = succeeds(command);
        assert_string_equal(r->out, "k.png\nk.npz\n");
        assert_contains(r->err, "class      kept      tried     rate\n    0        12 ");
        assert_contains(r->err, "\n  all       120 ");
        assert_npz("k.npz", 12, 10);
        assert_png("k.png");
    }
}

static void says_what_does_nothing(void **state)
{
    (void)state;
    const struct result *r =
        succeeds("sample " POINTS LITTLE "--per-class 2 --npz k.npz --chain 3 --epsilon 0.1 "
                 "--sigma rms --p 0.9 --reject mh");
    assert_contains(r->err, "--p has no effect without --reject gold, drs or top-k\n");
    assert_contains(r->err, "--block has no effect without --reject gold, drs or top-k\n");
    assert_contains(r->err, "--epsilon has no effect without --reject gold or drs\n");
    assert_contains(r->err, "--sigma has no effect without balanced terms of gold, top-k or mh\n");
    assert_null(strstr(r->err, "--chain has"));
    r = succeeds("sample " POINTS LITTLE "--per-class 2 --npz k.npz --no-balanced --bound marginal --chain 3 "
                 "--reject top-k");
    assert_contains(r->err, "--bound has no effect without --reject gold or drs\n");
    assert_contains(r->err, "--chain has no effect without --reject mh\n");
    assert_null(strstr(r->err, "--balanced has"));
    r = succeeds("sample " POINTS LITTLE "--per-class 2 --npz k.npz --no-balanced --reject drs");
    assert_contains(r->err, "--balanced has no effect without --reject gold, mh or top-k\n");
}

static void keeps_points(void **state)
{
    (void)state;
    succeeds("sample " POINTS LITTLE
             "--per-class 40 --reject gold --npz p.npz --grid g.png --rejected r.png");
    assert_npz("p.npz", 40, 2);
    assert_png("g.png");
    assert_png("r.png");
    succeeds("sample " POINTS LITTLE "--per-class 40 --reject gold --npz again.npz");
    size_t a_size, b_size;
    char *a = scratch_read(scratch_path("p.npz"), &a_size),
         *b = scratch_read(scratch_path("again.npz"), &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    free(a);
    free(b);
}

static double evaluate(const char *how, const char *samples, int set)
{
    char command[256];
    snprintf(command, sizeof command, "eval " POINTS " --threads 1 --epochs 3 --json %s", how);
    json_t *result = json_loads(succeeds(command)->out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(result, "samples")), samples);
    assert_int_equal(json_integer_value(json_object_get(result, "set")), set);
    assert_int_equal(json_integer_value(json_object_get(result, "epoch_images")), set > 128 ? set : 128);
    const double rate = json_number_value(json_object_get(result, "rate"));
    const double accuracy = json_number_value(json_object_get(result, "accuracy"));
    assert_true(rate > 0 && rate <= 1 && accuracy > 0 && accuracy <= 1);
    json_decref(result);
    return accuracy;
}

static void measures_fixed_sets(void **state)
{
    (void)state;
    evaluate("--epoch-images 128", "fresh", 0);
    evaluate("--fixed 100 --seed 3", "a fixed set", 200);
    evaluate("--fixed 20 --reject mh --chain 5 --burn-in 200",
             "kept by mh, chains of 5, by real images of train", 40);
    evaluate("--fixed 20 --reject obrs --keep 1 --burn-in 200",
             "kept by obrs, keep 1, 100.0 % of those tried", 40);
    /* the program's own set, read back from a file, is the set */
    succeeds("sample " POINTS " --threads 1 --per-class 100 --seed 3 --npz own.npz");
    assert_true(evaluate("--samples own.npz --seed 3", "from own.npz", 200) ==
                evaluate("--fixed 100 --seed 3", "a fixed set", 200));
    assert_contains(succeeds("eval " POINTS " --fixed 50 --reject gold --burn-in 200 --epochs 1")->out,
                    "epochs of 128 generated images, kept by gold, p 0.1, ");
}

/* Line number `at` of the run's results, or NULL behind the last. */
static json_t *result_line(int at)
{
    char *text = scratch_read(scratch_path(POINTS "/eval.jsonl"), NULL), *line = text;
    for (int i = 0; i < at && line; i++)
        line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
    json_t *result = line ? json_loads(line, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    free(text);
    return result;
}

static double number(json_t *result, const char *key)
{
    return json_number_value(json_object_get(result, key));
}

/* A line for each way and part, that of all kept once; each as the set is measured alone. And a picture. */
static void draws_the_trade_off(void **state)
{
    (void)state;
    NEEDS(cairo);
    static const struct {
        const char *way;
        double keep, least, most;
    } lines[] = {{"obrs", 1, 1, 1}, {"obrs", 0.5, 0.4, 1}, {"top-k", 0.5, 0.45, 0.55}};
    json_t *results[5];
    remove(scratch_path(POINTS "/eval.jsonl"));
    succeeds("eval " POINTS LITTLE "--tradeoff 0.5,1 --reject obrs,top-k --fixed 60 --epochs 2");
    assert_png(POINTS "/tradeoff-fitting-capacity.png");
    succeeds("eval " POINTS LITTLE "--keep 0.5 --reject top-k --fixed 60 --epochs 2");
    for (int i = 0; i < 5; i++)
        results[i] = result_line(i);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(json_string_value(json_object_get(results[i], "reject")), lines[i].way);
        assert_true(number(results[i], "keep") == lines[i].keep);
        assert_true(number(results[i], "rate") >= lines[i].least &&
                    number(results[i], "rate") <= lines[i].most);
        assert_true(json_is_true(json_object_get(results[i], "tradeoff")));
    }
    assert_true(json_is_false(json_object_get(results[3], "tradeoff")));
    assert_true(number(results[3], "accuracy") == number(results[2], "accuracy"));
    assert_true(number(results[3], "rate") == number(results[2], "rate"));
    assert_null(results[4]);
    for (int i = 0; i < 4; i++)
        json_decref(results[i]);
}

/* Test images only where they are asked for; of training images those whose label the run may know. */
static void calibrates_on_what_was_held_out(void **state)
{
    (void)state;
    static const struct {
        const char *run, *how, *said;
    } cases[] = {
        {"held/00000-synthetic-mlp", "", "mh: by 60 real images of validation\n"},
        {"held/00000-synthetic-mlp", "--real train", "mh: by 40 real images of train\n"},
        {"held/00000-synthetic-mlp", "--real test", "mh: by 1000 real images of test\n"},
        {POINTS, "", "mh: by 1000 real images of train\n"},
        {POINTS, "--no-calibrate", "mh: by 1000 real images of train\n"},
    };
    succeeds(
        "train --data synthetic --model mlp --width 0.1 --batch 32 --min-epoch 640 --epochs 1 --threads 1 "
        "--validation 60 --validation-epochs 1 --labels 40 --out held");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[256];
        snprintf(
            command, sizeof command,
            "eval %s --threads 1 --epochs 1 --fixed 10 --reject mh --chain 3 --burn-in 200 --block 100 %s",
            cases[i].run, cases[i].how);
        const struct result *r = succeeds(command);
        assert_contains(r->err, cases[i].said);
        assert_contains(r->out, "kept by mh, chains of 3, by real images of ");
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    fails("sample RUN --npz x.npz --p 0.3", 2, "--p needs --reject NAME");
    fails("sample RUN --npz x.npz --no-balanced", 2, "--balanced needs --reject NAME");
    fails("eval RUN --chain 3", 2, "--chain needs --reject NAME");
    fails("sample RUN --npz x.npz --rejected x.png", 2, "--rejected needs --reject NAME");
    fails("sample RUN --npz x.npz --reject glod", 2, "unknown way to reject 'glod', did you mean 'gold'?");
    fails("sample RUN --npz x.npz --reject gold --sigma sdt", 2, "unknown sigma 'sdt', did you mean 'std'?");
    fails("sample RUN --npz x.npz --reject mh --real tset", 2, "unknown split 'tset', did you mean 'test'?");
    fails("sample " POINTS LITTLE "--reject mh --real validation --npz x.npz", 2,
          "--real validation: the run has no such images with a label");
    fails("sample RUN --npz x.npz --reject gold --p 2", 2, "-p '2': expected a number from 0 to 1");
    fails("sample RUN --npz x.npz --reject obrs --keep 2", 2, "--keep '2': expected a number from 0 to 1");
    fails("sample RUN --npz x.npz --reject obrs --keep 0", 2,
          "--keep '0': expected a number above 0 up to 1");
    fails("sample RUN --npz x.npz --reject gold --keep 0.3 -p 0.3", 2,
          "-p and --keep both say how much is kept: only one of them");
    fails("sample RUN --npz x.npz --reject mh --keep 0.3", 2, "--keep is not for mh");
    fails("sample RUN --npz x.npz --keep 0.3", 2, "--keep needs --reject NAME");
    fails("eval RUN --tradeoff 1,0.5", 2, "--tradeoff needs --reject NAME,NAME,...");
    fails("eval RUN --tradeoff 1,2 --reject drs", 2,
          "--tradeoff '2': expected parts above 0 up to 1 with commas between");
    fails("eval RUN --tradeoff 1,0.5x --reject drs", 2,
          "--tradeoff '0.5x': expected parts above 0 up to 1 with commas between");
    fails("eval RUN --tradeoff 0.5 --reject drs,,gold", 2, "--reject 'drs,,gold': a name is empty");
    fails("eval RUN --tradeoff 0.5 --reject drs,mh", 2,
          "--tradeoff is not for mh, which cannot be told how much to keep");
    fails("eval RUN --tradeoff 0.5 --reject drs,gldo", 2,
          "unknown way to reject 'gldo', did you mean 'gold'?");
    fails("eval RUN --tradeoff 0.5 --reject drs -p 0.5", 2,
          "--tradeoff says how much is kept: without -p and --keep");
    fails("eval RUN --tradeoff 0.5 --reject drs --samples x.npz", 2,
          "--samples is a set of its own: without --tradeoff");
    fails("eval RUN --tradeoff 0.5 --reject drs --metrics class-accuracy", 2,
          "--tradeoff: class-accuracy does not look at samples");
    fails("eval RUN --samples x.npz --fixed 3", 2, "--samples is a set of its own: without --fixed");
    fails("sample " POINTS LITTLE "--reject top-k --p 1 --least-rate 0.05 --npz x.npz", 5,
          "class 0: top-k kept 1 of 100 candidates, below the least rate of 0.05");
    assert_int_not_equal(access(scratch_path("x.npz"), F_OK), 0);
    fails("eval " POINTS " --samples nowhere.npz", 3, "nowhere.npz: cannot open");
    succeeds("sample " IMAGES " --threads 1 --per-class 2 --npz images.npz");
    fails("eval " POINTS " --samples images.npz", 5,
          "images.npz: images are float32 (20, 1, 32, 32), expected float32 (20, 2) for this run");
    const float point[] = {0, 1};
    const int32_t label = 1;
    const struct pd_io_array one[] = {{"images", PD_IO_F32, 2, {1, 2}, point},
                                      {"labels", PD_IO_I32, 1, {1}, &label}};
    assert_int_equal(pd_npz_write(scratch_path("one.npz"), one, 2, false, NULL), PD_OK);
    assert_contains(succeeds("eval " POINTS " --samples one.npz --epochs 1 --epoch-images 128")->err,
                    "one.npz: 1 sample, none of class 0\n");
}

static void stops(void **state)
{
    (void)state;
    scratch_write(scratch_path("stderr"), "", 0);
    pid_t child = program_start("sample " IMAGES " --threads 1 --reject gold --per-class 100000 --npz x.npz",
                                RLIM_INFINITY);
    wait_for_text("stderr", "gold: ");
    kill(child, SIGINT);
    assert_fails("sample", program_end(child), 130, "stopped in class 0");
    assert_int_not_equal(access(scratch_path("x.npz"), F_OK), 0);
}

static json_t *evaluated(const char *how)
{
    char command[512];
    snprintf(command, sizeof command,
             "eval " POINTS " --fixed 20 --reject gold --epochs 2 --threads 1 --burn-in 200 --json %s", how);
    json_t *result = json_loads(succeeds(command)->out, 0, NULL);
    assert_non_null(result);
    json_object_del(result, "seconds");
    return result;
}

/* One word for a list of options. */
static void like_golds_code(void **state)
{
    (void)state;
    json_t *like = evaluated("--like gold-code"), *plain = evaluated("");
    json_t *typed = evaluated("--decay-every 20 --partial-batch --sigma rms --bound marginal --epsilon 1e-6 "
                              "--pooled --block 100 --no-recalibrate");
    assert_true(json_equal(like, typed));
    assert_int_equal(json_integer_value(json_object_get(like, "decay_every")), 20);
    assert_false(json_equal(json_object_get(like, "rate"), json_object_get(plain, "rate")));
    assert_null(json_object_get(plain, "decay_every"));
    json_decref(like);
    json_decref(typed);
    json_decref(plain);
    fails("eval " POINTS " --reject gold --bound marginl", 2, "did you mean 'marginal'?");
    fails("eval " POINTS " --like gold-cod", 2, "did you mean 'gold-code'?");
    fails("sample " POINTS " --pooled", 2, "--pooled needs --reject NAME");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_golds_code),
        cmocka_unit_test(keeps_images_by_every_method),
        cmocka_unit_test(says_what_does_nothing),
        cmocka_unit_test(keeps_points),
        cmocka_unit_test(measures_fixed_sets),
        cmocka_unit_test(calibrates_on_what_was_held_out),
        cmocka_unit_test(draws_the_trade_off),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(stops),
    };
    return cmocka_run_group_tests(tests, trains, scratch_teardown);
}
