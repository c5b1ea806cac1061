/* Scores by recalibrated statistics, through the program. */
#include "regress/program.h"

#include "io/safetensors.h"

#include <math.h>

#define RUN     "runs/00000-strokes-infogan"
#define KEPT    RUN "/statistics.safetensors"
#define NO_NORM "plain/00000-strokes-sngan"
#define LITTLE                                                                                               \
    "--data strokes --data-count 200 --width 0.125 --batch 16 --min-epoch 200 --epochs 1 --threads 1 "

static int trains(void **state)
{
    if (scratch_setup(state))
        return -1;
    succeeds("train " LITTLE "--model infogan --out runs");
    return 0;
}

static char *scored(const char *how)
{
    char command[256];
    snprintf(command, sizeof command, "score " RUN " --out s.csv --threads 1 %s", how);
    const struct result *r = succeeds(command);
    assert_contains(r->err, *how ? ", by running statistics over reals and fakes\n"
                                 : ", by the statistics of 200 training images\n");
    return scratch_read(scratch_path("s.csv"), NULL);
}

static void assert_alike(const char *how, const char *expected, bool alike)
{
    char *csv = scored(how);
    if (!strcmp(csv, expected) != alike)
        fail_msg("score %s: %s", how, alike ? "other scores" : "the same scores");
    free(csv);
}

static bool is_kept(void)
{
    return access(scratch_path(KEPT), F_OK) == 0;
}

/* Metadata of what is kept. */
static void kept(const char *key, char text[80])
{
    struct pd_safetensors *st;
    assert_int_equal(pd_safetensors_open(scratch_path(KEPT), &st, NULL), PD_OK);
    snprintf(text, 80, "%s", pd_safetensors_meta(st, key));
    pd_safetensors_destroy(st);
}

static void assert_images(const char *real, const char *fake)
{
    char text[80];
    kept("real_images", text);
    assert_string_equal(text, real);
    kept("fake_images", text);
    assert_string_equal(text, fake);
}

static void are_kept_in_the_run(void **state)
{
    (void)state;
    char *running = scored("--no-recalibrate");
    assert_false(is_kept());
    char *fresh = scored("");
    assert_true(strcmp(fresh, running) != 0);
    assert_images("200", "0");
    assert_alike("", fresh, true);
    assert_alike("--no-recalibrate", running, true);
    succeeds("sample " RUN " --per-class 1 --npz n.npz --scores --threads 1");
    assert_images("200", "5000"); /* the other's stay */
    assert_alike("", fresh, true);
    free(fresh);
    free(running);
}

static void replace_nothing_of_the_run(void **state)
{
    (void)state;
    scratch_write(scratch_path(RUN "/images.csv"), "image\n", 6);
    fails("score " RUN " --out " RUN "/images.csv", 2, "--out " RUN "/images.csv: a run's own file");
    fails("compare " RUN " --csv " RUN "/images.csv", 2, "--csv " RUN "/images.csv: a run's own file");
    fails("score " RUN " --out s.csv --histogram h.png --sheet h.png", 2, "the same file for two outputs");
    assert_int_equal(unlink(scratch_path(RUN "/images.csv")), 0);
    succeeds("score " RUN " --out " RUN "/scores.csv");
    succeeds("score " RUN " --out " RUN "/scores.csv");
}

/* It is derived: what is damaged is made anew. */
static void are_made_anew(void **state)
{
    (void)state;
    static const char *const damages[] = {"", "{", "\x10\0\0\0\0\0\0\0{\"a\":"};
    char *fresh = scored(""), digest[80], other[80];
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        scratch_write(scratch_path(KEPT), damages[i], strlen(damages[i]) + (i == 2) * 7);
        assert_alike("", fresh, true);
        assert_images("200", "0");
    }
    kept("networks", digest);
    assert_int_equal(unlink(scratch_path(KEPT)), 0);
    assert_int_equal(mkdir(scratch_path(KEPT), 0777), 0); /* nothing can be kept there */
    assert_alike("", fresh, true);
    assert_int_equal(rmdir(scratch_path(KEPT)), 0);

    assert_alike("", fresh, true);
    succeeds("train --resume " RUN " --epochs 2");
    assert_alike("", fresh, false); /* other weights */
    kept("networks", other);
    assert_string_not_equal(digest, other);
    assert_images("200", "0");
    free(fresh);
}

static void follow_the_run(void **state)
{
    (void)state;
    char path[64];
    for (int old = 0; old < 2; old++) {
        succeeds(old ? "train " LITTLE "--model infogan --out b"
                     : "train " LITTLE "--model infogan --out a --no-recalibrate");
        snprintf(path, sizeof path, "%s/00000-strokes-infogan/options.json", old ? "b" : "a");
        char *options = scratch_read(scratch_path(path), NULL);
        char *at = strstr(options, old ? "\"recalibrate\": true" : "\"recalibrate\": false");
        assert_non_null(at);
        if (old) { /* a folder from before the option */
            char *end = strchr(at, '\n') + 1;
            memmove(at, end, strlen(end) + 1);
            scratch_write(scratch_path(path), options, strlen(options));
        }
        free(options);
    }
    succeeds("score a/00000-strokes-infogan --out a.csv");
    assert_int_not_equal(access(scratch_path("a/00000-strokes-infogan/statistics.safetensors"), F_OK), 0);
    succeeds("score a/00000-strokes-infogan --out a.csv --recalibrate");
    succeeds("score b/00000-strokes-infogan --out b.csv");
    char *a = scratch_read(scratch_path("a.csv"), NULL), *b = scratch_read(scratch_path("b.csv"), NULL);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

/* The queries of an active run, and a data set that is not the run's own. */
static void serve_queries_and_other_data(void **state)
{
    (void)state;
    succeeds("active " LITTLE
             "--model infogan --strategy gold --diverse k-center --init 10 --query 2 --final 12 "
             "--trials 1 --validation 0 --no-measure --no-pictures --out active");
    assert_int_equal(access(scratch_path("active/00000-strokes-active-gold/start-1/round-00/"
                                         "statistics.safetensors"),
                            F_OK),
                     0);
    const struct result *r =
        succeeds("score a/00000-strokes-infogan --recalibrate --data strokes --split train --out other.csv");
    assert_contains(r->err, "by the statistics of 200 training images");
}

static void need_batch_norm(void **state)
{
    (void)state;
    succeeds("train " LITTLE "--model sngan --out plain");
    succeeds("score " NO_NORM " --out s.csv --threads 1");
    assert_int_not_equal(access(scratch_path(NO_NORM "/statistics.safetensors"), F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_kept_in_the_run),
        cmocka_unit_test(replace_nothing_of_the_run),
        cmocka_unit_test(are_made_anew),
        cmocka_unit_test(follow_the_run),
        cmocka_unit_test(serve_queries_and_other_data),
        cmocka_unit_test(need_batch_norm),
    };
    return cmocka_run_group_tests(tests, trains, scratch_teardown);
}
