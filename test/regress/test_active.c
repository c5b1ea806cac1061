/* paydirt active: killed, stopped and resumed runs, people as the oracle, and what it says of mistakes. */
#include "base/library.h"
#include "regress/same_run.h"

#include <math.h>
#include <sys/file.h>
#include <sys/wait.h>

/* Two-dimensional points: a run of three rounds in a fraction of a second. */
#define POINTS                                                                                               \
    "--data synthetic --model mlp --data-count 200 --width 0.05 --batch 32 --min-epoch 128 --epochs 2 "      \
    "--validate-every 1 --validation 20 --validation-epochs 1 --measure-epochs 1 --init 10 --query 2 "       \
    "--final 14 --threads 1 --save-steps 3 "
#define STROKES                                                                                              \
    "--data strokes --data-count 160 --width 0.125 --batch 16 --min-epoch 48 --epochs 2 --validation 0 "     \
    "--no-measure --init 10 --query 2 --final 14 --threads 1 --save-steps 2 "

enum { MOST_RUNS = 200 };

static bool is_there(const char *name)
{
    return access(scratch_path(name), F_OK) == 0;
}

/* --- kill -9 --- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The run in OUT, below the scratch folder, once it can be resumed. */
static bool find_run(const char *out, char run[128])
{
    struct dirent *e;
    DIR *dir = opendir(scratch_path(out));
    bool found = false;
    while (dir && !found && (e = readdir(dir))) {
        char options[160];
        snprintf(run, 128, "%.30s/%.90s", out, e->d_name);
        snprintf(options, sizeof options, "%s/active.json", run);
        found = is_there(options);
    }
    if (dir)
        closedir(dir);
    return found;
}

static pid_t go_on(const char *options, const char *out, char run[128])
{
    char command[2048];
    if (find_run(out, run))
        snprintf(command, sizeof command, "active --resume %s", run);
    else
        snprintf(command, sizeof command, "active %s--out %s", options, out);
    return program_start(command, RLIM_INFINITY);
}

/* Kills it after so many seconds, unless it has ended. */
static void kill_after(pid_t child, double length)
{
    siginfo_t ended = {.si_pid = 0};
    const double end = seconds() + length;
    while (seconds() < end && !waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) &&
           !ended.si_pid)
        program_sleep(0.002);
    kill(child, SIGKILL);
}

/* Begins a run and kills it again and again, until it comes to its end. Returns how often it was killed.
 * length: seconds that a whole one takes, at most. */
static int run_with_kills(const char *options, const char *out, int most, double length, char run[128])
{
    int kills = 0;
    for (;;) {
        pid_t child = go_on(options, out, run);
        if (kills < most)
            kill_after(child, length * rand() / RAND_MAX);
        const struct result *r = program_end(child);
        if (r->code == -SIGKILL)
            kills++;
        else if (r->code)
            fail_msg("after %d kills: %s", kills, r->err);
        else
            return kills;
    }
}

static void kill_many(const char *name, const char *options, int kills)
{
    char whole[128], killed[128], out[64];
    int done = 0, runs = 0;
    srand(11);
    snprintf(out, sizeof out, "%s-whole", name);
    const double begin = seconds();
    assert_int_equal(run_with_kills(options, out, 0, 0, whole), 0);
    double length = seconds() - begin;
    assert_true(find_run(out, whole));
    while (done < kills && runs < MOST_RUNS) {
        const double started = seconds();
        snprintf(out, sizeof out, "%s-%d", name, runs++);
        const int now = run_with_kills(options, out, kills - done, length, killed);
        length =
            now ? length : fmin(length, seconds() - started); /* the first one may have waited for the disk */
        done += now;
        assert_true(find_run(out, killed));
        assert_same_run(whole, killed);
    }
    print_message("%s: %d kills in %d runs; all ended with the same labels, queries and weights\n", name,
                  done, runs);
    assert_int_equal(done, kills);
}

static int wanted_kills(void)
{
    const char *wish = getenv("PAYDIRT_KILLS");
    return wish ? atoi(wish) : 6;
}

static void kills_leave_no_trace(void **state)
{
    (void)state;
    kill_many("points", POINTS "--strategy gold --baseline random --trials 2 ", wanted_kills());
}

static void kills_leave_no_trace_in_images(void **state)
{
    (void)state;
    const int kills = wanted_kills() / 5;
    kill_many("strokes", STROKES "--strategy gold --diverse k-center ", kills ? kills : 1);
}

static void kills_leave_no_trace_of_features(void **state)
{
    (void)state;
    const int kills = wanted_kills() / 3;
    kill_many("features", POINTS "--strategy coreset --baseline badge --first typiclust ", kills ? kills : 1);
}

/* --- the best epoch --- */

/* What was measured when an epoch was chosen is what its networks show afterwards. */
static void a_round_keeps_the_epoch_that_is_best(void **state)
{
    (void)state;
    char run[128];
    succeeds("active " STROKES "--validation 20 --validate-every 1 --best class-accuracy --epochs 3 "
             "--strategy gold --out best");
    assert_true(find_run("best", run));
    char *rounds = scratch_read(scratch_path("best/00000-strokes-active-gold/gold-1/rounds.jsonl"), NULL);
    int count = 0;
    for (const char *line = rounds; *line; line = strchr(line, '\n') + 1, count++) {
        const char *chosen = strstr(line, "\"validation\":"), *shown = strstr(line, "\"class_accuracy\":");
        assert_non_null(chosen);
        assert_non_null(shown);
        assert_true(strtod(chosen + 13, NULL) == strtod(shown + 17, NULL));
        assert_true(strtod(chosen + 13, NULL) > 0);
    }
    assert_int_equal(count, 3);
    free(rounds);
}

/* --- Ctrl-C --- */

static void a_stop_is_said_and_saved(void **state)
{
    (void)state;
    static const char options[] = POINTS "--min-epoch 6400 --validate-every 2 --strategy gold ";
    char whole[128], stopped[128];
    assert_int_equal(run_with_kills(options, "stop-whole", 0, 0, whole), 0);
    assert_true(find_run("stop-whole", whole));
    const struct result *r;
    char out[16], text[128];
    int tries = 0;
    do { /* on a busy machine the run may have ended before it was stopped */
        snprintf(out, sizeof out, "stop%d", tries++);
        pid_t child = go_on(options, out, stopped);
        snprintf(text, sizeof text, "%s/00000-synthetic-active-gold\n", out);
        wait_for_text("stderr", text); /* no longer the last run's words */
        wait_for_text("stderr", "start 1/1 round 0  10 labels");
        kill(child, SIGINT);
        r = program_end(child);
    } while (r->code == 0 && tries < 5);
    assert_int_equal(r->code, 130);
    snprintf(text, sizeof text, "go on with: paydirt active --resume %s/00000-synthetic-active-gold\n", out);
    assert_contains(r->err, text);
    assert_string_equal(r->out, "");
    assert_int_equal(run_with_kills(options, out, 0, 0, stopped), 0);
    assert_same_run(whole, stopped);
}

static void a_run_belongs_to_one_process(void **state)
{
    (void)state;
    char run[128];
    pid_t child = go_on(POINTS "--min-epoch 12800 --strategy gold ", "two", run);
    wait_for_text("stderr", "two/00000-synthetic-active-gold\n");
    const int fd = open(scratch_path("two/00000-synthetic-active-gold/.lock"), O_RDONLY);
    assert_int_not_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    kill(child, SIGKILL);
    program_end(child);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0); /* this process is at work now */
    fails("active --resume two/00000-synthetic-active-gold", 3, "is at work on it");
    close(fd);
    succeeds("active --resume two/00000-synthetic-active-gold");
}

/* --- options --- */

/* Images of labels.csv: each once. */
static int count_labelled(const char *path)
{
    char *text = scratch_read(scratch_path(path), NULL);
    bool seen[200] = {false};
    int n = 0;
    for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1, n++) {
        assert_in_range(atoi(line), 0, 199);
        assert_false(seen[atoi(line)]);
        seen[atoi(line)] = true;
    }
    free(text);
    return n;
}

static json_t *option(const char *path, const char *name)
{
    json_t *all = json_load_file(scratch_path(path), 0, NULL);
    json_t *value = json_incref(json_object_get(all, name));
    assert_non_null(value);
    json_decref(all);
    return value;
}

static void assert_option(const char *path, const char *name, json_t *expected)
{
    json_t *value = option(path, name);
    assert_true(json_equal(value, expected));
    json_decref(value);
    json_decref(expected);
}

static void spreads_its_queries(void **state)
{
    (void)state;
    succeeds("active " POINTS "--no-measure --diverse k-center --strategy least-confident --out spread");
    assert_int_equal(
        count_labelled("spread/00000-synthetic-active-least-confident/least-confident-1/labels.csv"), 14);
    succeeds("active " POINTS "--no-measure --diverse k-means++ --candidates 5 --strategy gold --out spread");
    assert_int_equal(count_labelled("spread/00001-synthetic-active-gold/gold-1/labels.csv"), 14);
}

#define FIRST "first/00000-synthetic-active-random/start-1/"
#define FOUND "first/00001-synthetic-active-random/start-1/"

/* A run without any label shows which images to ask for first; the next goes on from its generator. */
static void begins_without_a_label(void **state)
{
    (void)state;
    succeeds("active " POINTS "--no-measure --strategy random --first probcover --clusters 8 --gold "
             "--labels-per-batch 4 --fake-confidence --out first");
    assert_int_equal(count_labelled(FIRST "labels.csv"), 10);
    assert_false(is_there(FIRST "unlabelled/labels.csv"));
    assert_option(FIRST "unlabelled/options.json", "class_losses", json_false());
    assert_option(FIRST "unlabelled/options.json", "gold", json_false());
    assert_option(FIRST "unlabelled/options.json", "fake_confidence", json_false());
    assert_option(FIRST "unlabelled/options.json", "labels_per_batch", json_integer(0));
    assert_option(FIRST "round-00/options.json", "class_losses", json_true());
    assert_option(FIRST "round-00/options.json", "fake_confidence", json_true());
    assert_option(FIRST "round-00/options.json", "labels_per_batch", json_integer(4));
    assert_option(FIRST "round-00/options.json", "generator",
                  json_string(FIRST "unlabelled/best.safetensors"));
    assert_true(is_there(FIRST "unlabelled/best.safetensors"));
    assert_false(is_there(FIRST "unlabelled/checkpoint.safetensors"));
    succeeds("active " POINTS
             "--no-measure --strategy random --first coreset --mutual-information 0.5 --out first");
    assert_option(FOUND "unlabelled/options.json", "mutual_information", json_real(0.5));
    assert_option(FOUND "round-00/options.json", "mutual_information", json_real(0));
    assert_option(FOUND "round-00/options.json", "generator", json_string("")); /* other classes */
    const struct result *r = succeeds("active " POINTS "--no-measure --strategy gold --passes 3 --radius 1 "
                                      "--clusters 3 --out idle");
    assert_contains(r->err, "--passes has no effect without the strategy bald\n");
    assert_contains(r->err, "--radius has no effect without the strategy probcover\n");
    assert_contains(r->err, "--clusters has no effect without the strategy typiclust or probcover\n");
}

#define ALCG "alcg/00000-synthetic-active-most-confident/"
#define GOLD "alcg/00001-synthetic-active-gold/"

static void follows_a_protocol(void **state)
{
    (void)state;
    succeeds("active " POINTS "--strategy most-confident --adversarial 2 --out alcg");
    assert_option(ALCG "active.json", "protocol", json_string("alcg"));
    assert_option(ALCG "active.json", "keep_generator", json_false());
    assert_option(ALCG "most-confident-1/round-02/options.json", "labelled_only", json_true());
    assert_option(ALCG "most-confident-1/round-02/options.json", "generator", json_string(""));
    assert_option(ALCG "most-confident-1/round-02/options.json", "adversarial", json_integer(2));
    assert_false(is_there(ALCG "most-confident-1/round-01/best.safetensors"));
    assert_false(is_there(ALCG "most-confident-1/round-02/checkpoint.safetensors"));
    succeeds("active " POINTS "--strategy gold --keep-rounds --lambda-c 0.5 --out alcg");
    assert_option(GOLD "active.json", "protocol", json_string("gold"));
    assert_option(GOLD "active.json", "balanced", json_true()); /* 2-D points */
    assert_option(GOLD "gold-1/round-02/options.json", "labelled_only", json_false());
    assert_option(GOLD "gold-1/round-02/options.json", "lambda_c", json_real(0.5));
    assert_option(GOLD "gold-1/round-02/options.json", "generator",
                  json_string(GOLD "gold-1/round-01/best.safetensors"));
    assert_true(is_there(GOLD "gold-1/round-01/best.safetensors"));
    assert_int_equal(is_there(GOLD "gold-1/plane-01.png"), pd_library_is_in(pd_library_cairo));
    assert_int_equal(is_there(GOLD "curves.png"), pd_library_is_in(pd_library_cairo));
    const struct result *r = succeeds("active " POINTS "--final 12 --no-measure --strategy most-confident "
                                      "--baseline random --out alcg");
    assert_null(strstr(r->err, "follow the protocol"));
    r = succeeds("active " POINTS "--final 12 --no-measure --strategy most-confident,gold --out alcg");
    assert_contains(r->err,
                    "all follow the protocol alcg, as 'most-confident', which is named first; by itself "
                    "'gold' follows gold (--protocol)\n");
    r = succeeds("active " POINTS "--final 12 --no-measure --strategy gold --baseline margin --out alcg");
    assert_contains(r->err, "all follow the protocol gold, as 'gold', which is named first; by itself "
                            "'margin' follows alcg (--protocol)\n");
    r = succeeds("active " POINTS "--final 12 --no-measure --strategy gold --baseline margin --protocol gold "
                 "--out alcg");
    assert_null(strstr(r->err, "follow the protocol"));
    fails("active --resume " GOLD " --labels x.csv", 2,
          "the data's own labels answer (its oracle is 'labels')");
    fails("active --resume " GOLD " --init 3", 2, "--init cannot be given with --resume");
    fails("active --resume " GOLD " --init 3", 2, "--insecure, --no-browser, --data,");
}

static void knows_what_was_meant(void **state)
{
    (void)state;
    fails("active --strategy gold", 2, "--data is missing");
    fails("active " POINTS "--strategy glod", 2, "did you mean 'gold'?");
    fails("active " POINTS "--strategy gold,bald", 2,
          "--model 'mlp' has no dropout, by which passes of its D would differ (strategy 'bald'): expected "
          "one that has, acgan");
    fails("active " POINTS "--strategy gold,coreset --diverse k-center", 2,
          "--diverse k-center: strategy 'coreset' chooses rows together already");
    fails("active " POINTS "--first gold", 2,
          "--first: strategy 'gold' cannot choose before a label is known: expected one of random, coreset, "
          "typiclust, probcover");
    fails("active " POINTS "--no-class-losses", 2, "unknown option --no-class-losses");
    fails("active " POINTS "--first typclust", 2, "did you mean 'typiclust'?");
    fails("active " POINTS "--baseline randm", 2, "did you mean 'random'?");
    fails("active " POINTS "--protocol aclg", 2, "unknown protocol 'aclg', did you mean 'alcg'?");
    fails("active " POINTS "--oracle label", 2, "unknown oracle 'label', did you mean 'labels'?");
    fails("active " POINTS "--diverse kcenter", 2, "did you mean 'k-center'?");
    fails("active " POINTS "--init 15", 2,
          "--init 15 and final 14: expected no more at first than in the end (--final)");
    fails("active " POINTS "--final 181", 2,
          "has 180 images for it beside those held out for validation; none: --validation 0");
    fails("active " POINTS "--validation 1000", 2,
          "has 0 images for it beside those held out for validation; none: --validation 0");
    fails("active " POINTS "--labels a.csv", 2, "--labels are answers to a run's questions");
    fails("active " POINTS "--seed 9000000000000", 2, "--seed 9000000000000: expected at most ");
    fails("active " POINTS "--model mpl", 2, "did you mean 'mlp'?");
    fails("active " POINTS "--oracle csv", 2, "so nothing would be asked");
    fails("active --resume nowhere", 3, "nowhere/active.json");
    assert_false(is_there("runs")); /* a mistake leaves no folder */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kills_leave_no_trace),
        cmocka_unit_test(kills_leave_no_trace_in_images),
        cmocka_unit_test(kills_leave_no_trace_of_features),
        cmocka_unit_test(a_round_keeps_the_epoch_that_is_best),
        cmocka_unit_test(a_stop_is_said_and_saved),
        cmocka_unit_test(a_run_belongs_to_one_process),
        cmocka_unit_test(spreads_its_queries),
        cmocka_unit_test(begins_without_a_label),
        cmocka_unit_test(follows_a_protocol),
        cmocka_unit_test(knows_what_was_meant),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
