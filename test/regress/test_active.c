/* paydirt active: killed, stopped and resumed runs, people as the oracle, and what it says of mistakes. */
#include "regress/program.h"

#include <jansson.h>
#include <math.h>

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

/* --- the same as an undisturbed run --- */

static struct {
    const char *run, *other; /* below the scratch folder */
    int files;
} same;

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static json_t *read_rounds(const char *path)
{
    char *text = scratch_read(path, NULL);
    json_t *rounds = json_array();
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *round = json_loads(line, 0, NULL);
        assert_non_null(round);
        json_object_del(round, "seconds");
        json_array_append_new(rounds, round);
    }
    free(text);
    return rounds;
}

static void assert_same_rounds(const char *path, const char *other)
{
    json_t *a = read_rounds(path), *b = read_rounds(other);
    assert_true(json_array_size(a) > 0);
    if (!json_equal(a, b))
        fail_msg("%s and %s are not the same rounds", path, other);
    json_decref(a);
    json_decref(b);
}

static void assert_same_bytes(const char *path, const char *other)
{
    size_t n, m;
    char *a = scratch_read(path, &n), *b = scratch_read(other, &m);
    if (n != m || memcmp(a, b, n) != 0)
        fail_msg("%s and %s are not the same bytes", path, other);
    free(a);
    free(b);
}

/* Labels, queries and weights byte for byte, rounds but for their seconds. Other files hold times or paths;
 * they are there. */
static int compare_file(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    char other[512];
    (void)st, (void)walk;
    if (kind != FTW_F)
        return 0;
    snprintf(other, sizeof other, "%s/%s%s", scratch_dir, same.other,
             path + strlen(scratch_dir) + 1 + strlen(same.run));
    if (access(other, F_OK) != 0)
        fail_msg("there is no %s", other);
    same.files++;
    if (ends_with(path, "rounds.jsonl"))
        assert_same_rounds(path, other);
    else if (ends_with(path, ".safetensors") || ends_with(path, "labels.csv") || strstr(path, "/queries-"))
        assert_same_bytes(path, other);
    return 0;
}

static int compare_files(const char *run, const char *other)
{
    same.run = run;
    same.other = other;
    same.files = 0;
    assert_int_equal(nftw(scratch_path(run), compare_file, 16, FTW_PHYS), 0);
    return same.files;
}

static void assert_same_run(const char *run, const char *other)
{
    const int files = compare_files(run, other);
    assert_true(files > 20);
    assert_int_equal(compare_files(other, run), files); /* and nothing more */
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

/* Begins a run and kills it again and again, until it comes to its end. Returns how often it was killed. */
static int run_with_kills(const char *options, const char *out, int most, double length, char run[128])
{
    int kills = 0;
    for (;;) {
        pid_t child = go_on(options, out, run);
        if (kills < most) {
            program_sleep(length * rand() / RAND_MAX);
            kill(child, SIGKILL);
        }
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
    const double length = seconds() - begin;
    assert_true(find_run(out, whole));
    while (done < kills && runs < MOST_RUNS) {
        snprintf(out, sizeof out, "%s-%d", name, runs++);
        done += run_with_kills(options, out, kills - done, length, killed);
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
    return wish ? atoi(wish) : 50;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kills_leave_no_trace),
        cmocka_unit_test(kills_leave_no_trace_in_images),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
