/* paydirt compare on made-up runs: the numbers, the words, and what it says of mistakes. */
#include "needs.h"
#include "regress/program.h"

#include "metric/statistics.h"
#include "run/folder.h"
#include "io/chart.h"
#include "io/png.h"
#include "unit/picture.h"

#include <jansson.h>
#include <math.h>
#include <sys/stat.h>

static void folder(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
}

static void file(const char *path, const char *text)
{
    scratch_write(scratch_path(path), text, strlen(text));
}

/* RUN/strategy-trial/rounds.jsonl, with accuracies at 10, 12 and 14 labels; negative: not measured. */
static void trial(const char *run, const char *strategy, int number, const double accuracy[3])
{
    char name[256], text[1024];
    int n = 0;
    snprintf(name, sizeof name, "%s/%s-%d", run, strategy, number);
    folder(name);
    for (int r = 0; r < 3; r++) {
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "{\"round\": %d, \"labels\": %d, \"strategy\": \"%s\", \"trial\": %d, \"seed\": %d", r,
                      10 + 2 * r, strategy, number, 100 + number);
        if (accuracy[r] >= 0)
            n += snprintf(text + n, sizeof text - (size_t)n,
                          ", \"accuracy\": %.6f, \"metric\": \"fitting-capacity\"", accuracy[r]);
        n += snprintf(text + n, sizeof text - (size_t)n, "}\n");
    }
    strcat(name, "/rounds.jsonl");
    file(name, text);
}

static int setup(void **state)
{
    static const double random[3][3] = {{.70, .80, .90}, {.72, .80, .88}, {.74, -1, .86}};
    static const double gold[3][3] = {{.71, .84, .95}, {.72, .84, .94}, {.73, .84, .93}};
    static const double even[3][3] = {{.70, .81, .92}, {.72, .80, .87}, {.74, .82, .86}};
    if (scratch_setup(state))
        return -1;
    folder("run");
    for (int t = 0; t < 3; t++) {
        trial("run", "random", t + 1, random[t]);
        trial("run", "gold", t + 1, gold[t]);
        trial("run", "least-entropy", t + 1, even[t]);
    }
    return 0;
}

/* --- runs of active learning --- */

static void prints_a_table(void **state)
{
    (void)state;
    const struct result *r = succeeds("compare run/");
    /* by hand: mean 94, deviation 1; differences 5, 6, 7: mean 6, error 1/sqrt(3); t = 6 sqrt(3) on 2: p =
     * 0.0091 */
    assert_contains(r->out, "fitting-capacity, %, by labels\n");
    assert_contains(r->out, "gold           10 labels               3     72.00     1.00     0.58\n");
    assert_contains(r->out, "random         12 labels               2     80.00     0.00     0.00\n");
    assert_contains(
        r->out,
        "gold           14 labels               3     94.00     1.00     0.58     +6.00     0.58      "
        "3    0.009    0.250\n");
    assert_contains(
        r->out, "gold against random, 14 labels: higher by 6.00 +- 0.58 points (standard error), p = 0.009, "
                "3 trials\n");
    /* differences 2, -1, 0: mean 1/3, error 0.8819; t = 0.37796 on 2: p = 0.742 */
    assert_contains(r->out,
                    "least-entropy against random, 14 labels: no difference shown: p = 0.742, 3 trials\n");
    /* gold 1: (0.775 + 0.895) / 2 = 0.835 */
    assert_contains(r->out, "gold           area, 10 to 14          3     83.5");
    assert_contains(r->out, "(with 3 pairs p flip is never below 0.25;");
}

static void a_run_is_one_however_it_is_spelt(void **state)
{
    (void)state;
    char *twice = strdup(succeeds("compare run run")->out);
    assert_string_equal(succeeds("compare run ./run/")->out, twice);
    free(twice);
}

static void takes_another_baseline(void **state)
{
    (void)state;
    assert_contains(succeeds("compare run --baseline gold")->out,
                    "random against gold, 14 labels: lower by 6.00");
    fails("compare run --baseline godl", 2, "unknown baseline 'godl', did you mean 'gold'?");
}

static const json_t *row_of(const json_t *rows, const char *name, const char *figure, double x)
{
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (!strcmp(json_string_value(json_object_get(row, "name")), name) &&
            !strcmp(json_string_value(json_object_get(row, "figure")), figure) &&
            json_number_value(json_object_get(row, "x")) == x)
            return row;
    }
    fail_msg("no row %s %s %g", name, figure, x);
    return NULL;
}

static double value(const json_t *row, const char *key)
{
    const json_t *number = json_object_get(row, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

static void prints_json(void **state)
{
    (void)state;
    json_t *rows = json_loads(succeeds("compare run --json")->out, 0, NULL);
    assert_int_equal(json_array_size(rows), 3 * (3 + 2));
    const json_t *row = row_of(rows, "gold", "last", 14);
    assert_true(value(row, "trials") == 3 && value(row, "pairs") == 3 && value(row, "p_flip") == 0.25);
    assert_true(fabs(value(row, "mean") - 0.94) < 1e-9 && fabs(value(row, "difference") - 0.06) < 1e-9);
    assert_true(fabs(value(row, "p_t") - 0.009132) < 1e-5);
    assert_string_equal(json_string_value(json_object_get(row, "baseline")), "random");
    row = row_of(rows, "random", "area", 14); /* each over its own rounds: 0.8, 0.8, 0.8 */
    assert_true(fabs(value(row, "mean") - 0.8) < 1e-9 && isnan(value(row, "difference")));
    assert_true(json_is_null(json_object_get(row, "baseline")));
    json_decref(rows);
}

static void writes_files(void **state)
{
    (void)state;
    NEEDS(cairo);
    size_t size;
    succeeds("compare run --csv table.csv --chart curves.png");
    char *csv = scratch_read(scratch_path("table.csv"), NULL);
    assert_contains(
        csv,
        "metric,name,figure,by,x0,x,trials,mean,std,stderr,pairs,difference,difference_stderr,p_t,p_flip,"
        "saved,saved_low,saved_high,saved_from,saved_to,baseline\n");
    assert_contains(csv, "fitting-capacity,random,point,labels,10,12,2,0.8,0,0,,,,,,,,,,,\n");
    assert_contains(csv,
                    ",0.633786848,0.433690343,0.782431814,0.715,0.89,random\n"); /* gold's labels saved */
    free(csv);
    char *png = scratch_read(scratch_path("curves.png"), &size);
    struct picture p = picture_decode(png, size);
    for (int k = 0; k < 3; k++) /* three curves */
        assert_true(picture_find(&p, (const uint32_t[]){0x0072b2, 0xd55e00, 0x009e73}[k]).count > 300);
    assert_true(picture_find(&p, 0x0072b2).top < picture_find(&p, 0x009e73).top); /* gold is above random */
    free(p.rgb);
    free(png);
    fails("compare run --csv no/table.csv", 3, "no/table.csv: cannot");
}

enum { MOST = 3 };
struct drawn {
    const char *name, *data; /* data: "" where the lines have none */
    int classes, trials;
    double end[2][MOST]; /* of gold and random, at 12 labels; at 10 all have 0.3 */
    const char *options, *title, *note, *chance;
};

static void drawn_run(const struct drawn *d)
{
    static const char *const names[] = {"gold", "random"};
    folder(d->name);
    for (int k = 0; k < 2 * d->trials; k++) {
        char path[128], of[128] = "", text[1024];
        const int t = k / 2 + 1;
        snprintf(path, sizeof path, "%s/%s-%d", d->name, names[k % 2], t);
        folder(path);
        if (*d->data)
            snprintf(of, sizeof of, ", \"data\": \"%s\", \"classes\": %d", d->data, d->classes);
        snprintf(text, sizeof text,
                 "{\"labels\": 10, \"accuracy\": 0.3, \"trial\": %d%s}\n"
                 "{\"labels\": 12, \"accuracy\": %.17g, \"trial\": %d%s}\n",
                 t, of, d->end[k % 2][k / 2], t, of);
        strcat(path, "/rounds.jsonl");
        file(path, text);
    }
}

/* The picture is the one with these words, to the byte. */
static void says_in_the_picture(void **state)
{
    (void)state;
    NEEDS(cairo);
    static const struct drawn cases[] = {
        {"one",
         "strokes",
         10,
         1,
         {{.9}, {.3}},
         "",
         "strokes: mean and standard error over 1 trial",
         "1 trial, not conclusive: fewer than two pairs with the same seed",
         "chance, 10 %"},
        {"even",
         "photos",
         3,
         3,
         {{.4, .5, .6}, {.5, .4, .6}},
         "",
         "photos: mean and standard error over 3 trials",
         "3 trials, not conclusive: no difference to random shown at the end",
         "chance, 33.3 %"},
        {"apart",
         "mnist",
         10,
         3,
         {{.71, .72, .73}, {.51, .53, .52}},
         "",
         "mnist: mean and standard error over 3 trials",
         "3 trials; at the end gold higher than random (p = 0.00083)",
         "chance, 10 %"},
        {"turned",
         "mnist",
         10,
         3,
         {{.71, .72, .73}, {.51, .53, .52}},
         " --baseline gold",
         "mnist: mean and standard error over 3 trials",
         "3 trials; at the end random lower than gold (p = 0.00083)",
         "chance, 10 %"},
        {"nameless",
         "",
         0,
         2,
         {{.5, .6}, {.6, .5}},
         "",
         "Mean and standard error over 2 trials",
         "2 trials, not conclusive: no difference to random shown at the end",
         ""},
    };
    static const double x[] = {10, 12};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct drawn *d = &cases[i];
        struct pd_curve curves[2];
        double y[2][2], error[2][2];
        char command[128];
        for (int k = 0; k < 2; k++) {
            const double begin[MOST] = {.3, .3, .3};
            const struct pd_summary s[] = {pd_summarise(d->trials, begin),
                                           pd_summarise(d->trials, d->end[k])};
            for (int p = 0; p < 2; p++) {
                y[k][p] = 100 * s[p].mean;
                error[k][p] = 100 * s[p].error;
            }
            curves[k] = (struct pd_curve){k ? "random" : "gold", 2, x, y[k], error[k]};
        }
        const struct pd_axes axes = {.title = d->title, .x = "labels", .y = "accuracy, %", .note = d->note};
        const struct pd_level level = {d->classes ? 100. / d->classes : NAN, d->chance};
        drawn_run(d);
        snprintf(command, sizeof command, "compare %s --chart got.png%s", d->name, d->options);
        succeeds(command);
        struct pd_buffer png = PD_BUFFER_INIT;
        const enum pd_status drawn = pd_chart_curves(&axes, &level, curves, 2, &png, NULL);
        assert_int_equal(pd_png_write(scratch_path("expected.png"), drawn, &png, NULL), PD_OK);
        size_t sizes[2];
        char *got = scratch_read(scratch_path("got.png"), &sizes[0]);
        char *expected = scratch_read(scratch_path("expected.png"), &sizes[1]);
        if (sizes[0] != sizes[1] || memcmp(got, expected, sizes[0]) != 0)
            fail_msg("%s: not the picture expected", d->name);
        free(got);
        free(expected);
    }
}

/* Two runs: a curve of each, told apart by the runs' names, set against the baseline of its own run. */
static void compares_runs(void **state)
{
    (void)state;
    static const double other[] = {.5, .6, .7};
    folder("second");
    trial("second", "gold", 1, other);
    trial("second", "gold", 2, other);
    const char *out = succeeds("compare run second")->out;
    assert_contains(out, "run gold against run random, 14 labels: higher by 6.00");
    assert_contains(out, "second gold against run random, 14 labels: lower by 19.00");
    folder("elsewhere");
    folder("elsewhere/run");
    trial("elsewhere/run", "gold", 1, other);
    trial("elsewhere/run", "gold", 2, other);
    out = succeeds("compare second/../run elsewhere/run")->out; /* by so much of their paths as it takes */
    assert_contains(out, "\n  elsewhere/run gold ");
    assert_contains(out, "\n  ../run gold ");
    /* one trial's folder will do, too: nothing to compare */
    out = succeeds("compare second/gold-1")->out;
    assert_contains(out, "gold      14 labels               1     70.00        -        -\n");
    assert_null(strstr(out, "against"));
}

static void passes_over_half_lines(void **state)
{
    (void)state;
    folder("half");
    folder("half/gold-1");
    file("half/gold-1/rounds.jsonl",
         "{\"labels\": 10, \"accuracy\": 0.5, \"trial\": 1}\n"
         "{\"labels\": 10, \"accuracy\": 0.75, \"trial\": 1}\n" /* measured again */
         "{\"labels\": 12, \"acc");
    const char *out = succeeds("compare half")->out;
    assert_contains(out, "accuracy, %, by labels");
    assert_contains(out, "gold      10 labels               1     75.00        -        -\n");
    assert_null(strstr(out, "12 labels"));
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    fails("compare", 2, "RUN... is missing: paydirt compare RUN... [options]");
    fails("compare nowhere", 2,
          "nowhere: not a run: there is neither rounds.jsonl in its folders nor options.json");
    folder("empty");
    folder("empty/gold-1");
    file("empty/gold-1/rounds.jsonl", "");
    folder("several");
    folder("several/00000-x");
    file("several/00000-x/options.json", "{}");
    fails("compare several", 2,
          "several: not a run, but a folder of them: name those, such as several/00000-x\n");
    folder("above");
    folder("above/runs");
    folder("above/runs/00000-x");
    file("above/runs/00000-x/options.json", "{}");
    fails("compare above", 2,
          "above: not a run, but a folder of them: name those, such as above/runs/00000-x\n");
    fails("compare empty", 5, "empty: no rounds with an accuracy yet");
    folder("broken");
    folder("broken/gold-1");
    file("broken/gold-1/rounds.jsonl", "{\"labels\": 10, \"trial\": 1}\n{\"labels\": 12, \"tri\n{}\n");
    fails("compare broken", 4, "broken/gold-1/rounds.jsonl: line 2 is not a JSON object: ");
    file("broken/gold-1/rounds.jsonl", "{\"labels\": 10, \"trial\": 1}\n[]\n");
    fails("compare broken", 4, "broken/gold-1/rounds.jsonl: line 2 is not a JSON object");
    file("broken/gold-1/rounds.jsonl", "{\"labels\": \"ten\", \"trial\": 1}\n");
    fails("compare broken", 4, "broken/gold-1/rounds.jsonl: line 1 has no number \"labels\"");
    file("broken/gold-1/rounds.jsonl", "{\"labels\": 10, \"accuracy\": 1}\n");
    fails("compare broken", 4, "line 1 has neither \"seed\" nor \"trial\"");
}

/* --- runs of training --- */

static void training(const char *name, int64_t seed, bool gold, const char *log, const char *eval)
{
    struct pd_train_options o;
    char path[256];
    folder(name);
    pd_train_options_init(&o);
    o.seed = seed;
    o.gold = gold;
    assert_int_equal(pd_run_folder_save_options(scratch_path(name), &o, NULL), PD_OK);
    snprintf(path, sizeof path, "%s/log.jsonl", name);
    file(path, log);
    snprintf(path, sizeof path, "%s/eval.jsonl", name);
    file(path, eval);
}

static void groups_training_by_options(void **state)
{
    (void)state;
    NEEDS(cairo);
    static const char *const evals[] = {
        "{\"metric\": \"fitting-capacity\", \"accuracy\": 0.90, \"step\": 50}\n",
        "{\"metric\": \"fitting-capacity\", \"accuracy\": 0.92, \"step\": 50}\n"
        "{\"metric\": \"fitting-capacity\", \"accuracy\": 0.1, \"step\": 50, \"tradeoff\": true}\n"};
    static const char log[] = "{\"epoch\": 1, \"mean_d\": -2}\n{\"epoch\": 2, \"mean_d\": -1}\n";
    training("t0", 1, false, log, evals[0]);
    training("t1", 2, false, log, evals[1]);
    training("t2", 1, true, log, evals[1]);
    training("t3", 2, true, log, "");
    char words[2048];
    struct pd_train_options o;
    pd_train_options_init(&o);
    const char *out = succeeds("compare t0 t1 t2 t3 --chart d.png")->out;
    snprintf(words, sizeof words, "  %s %s no-gold  step 50                 2     91.00     1.41     1.00\n",
             o.data, o.model);
    assert_contains(out, words);
    snprintf(words, sizeof words, "  %s %s gold     epoch 2                 2   -1.0000   0.0000   0.0000\n",
             o.data, o.model);
    assert_contains(out, words);
    fails("compare t0 t0", 5, "t0 and t0 are the same trial: options and seed 1 are equal");
    fails("compare t0 run", 5,
          "t0 is a run of training and run one of active learning: they cannot be compared");
    training("t4", 3, false, "", "");
    fails("compare t4", 5, "t4: no epochs and no evaluations yet");
}

/* The last line of a step counts, and only what lines say is compared. */
static void says_what_was_measured_otherwise(void **state)
{
    (void)state;
    static const char *const evals[] = {
        "{\"metric\": \"fitting-capacity\", \"accuracy\": 0.9, \"step\": 5, \"epochs\": 1, \"data\": "
        "\"a\"}\n",
        "{\"metric\": \"fitting-capacity\", \"accuracy\": 0.9, \"step\": 5, \"epochs\": 40, \"data\": \"b\", "
        "\"reject\": \"gold\", \"epoch_images\": 100}\n",
        "{\"metric\": \"fitting-capacity\", \"accuracy\": 0.9, \"step\": 5, \"epochs\": 7, \"data\": \"c\"}\n"
        "{\"metric\": \"fitting-capacity\", \"accuracy\": 0.9, \"step\": 5, \"epochs\": 1, \"data\": "
        "\"a\"}\n"};
    training("u0", 1, false, "", evals[0]);
    training("u1", 2, false, "", evals[1]);
    training("u2", 3, false, "", evals[2]);
    assert_contains(succeeds("compare u0 u1 --json")->err,
                    "fitting-capacity: not all were measured alike: data a and b, epochs 1 and 40, reject "
                    "not given and gold\n");
    assert_string_equal(succeeds("compare u0 u2")->err, "");
}

/* Validation chose other epochs: each run counts with its own. */
static void best_epochs_are_the_last(void **state)
{
    (void)state;
    struct pd_train_options o;
    static const char *const evals[] = {
        "{\"metric\": \"class-accuracy\", \"accuracy\": 0.1, \"step\": 96, \"epoch\": 8}\n"
        "{\"metric\": \"class-accuracy\", \"accuracy\": 0.7, \"step\": 72}\n",
        "{\"metric\": \"class-accuracy\", \"accuracy\": 0.9, \"step\": 96}\n"};
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "b1" : "b0";
        training(name, i + 1, false, "", evals[i]);
        pd_train_options_init(&o);
        o.seed = i + 1;
        o.validation = 20;
        assert_int_equal(pd_run_folder_save_options(scratch_path(name), &o, NULL), PD_OK);
    }
    assert_contains(succeeds("compare b0 b1")->out,
                    "best epoch              2     80.00    14.14    10.00\n");
}

/* Trials of one kind were trained on the same images and labels; those of one seed hide one another. */
static void other_data_are_told(void **state)
{
    (void)state;
    static const char eval[] = "{\"metric\": \"class-accuracy\", \"accuracy\": 0.7, \"step\": 7}\n";
    char path[64];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "m%d", i);
        training(path, i < 2 ? i + 1 : 1, false, "", eval);
        snprintf(path, sizeof path, "m%d/labels.csv", i);
        file(path, i ? "image,label\na,1\n" : "image,label\na,1\nb,2\n");
        snprintf(path, sizeof path, "m%d/data.json", i);
        file(path, "{\"set\": \"s\", \"count\": 2, \"named\": false, \"channels\": 1, \"height\": 2, "
                   "\"width\": 2, \"classes\": 2, \"class_names\": null, \"images\": false, "
                   "\"fingerprint\": \"5de9516bf32081ca250edeefc62ca2f6\"}");
    }
    assert_contains(succeeds("compare m0 m1")->err,
                    "class-accuracy: not all were measured alike: images or labels of m0 and m1\n");
    fails("compare m0 m2", 5,
          "m0 and m2 are the same trial: options and seed 1 are equal (their images or labels are not)");
}

static void pooled_runs_have_seeds_of_their_own(void **state)
{
    (void)state;
    static const double accuracy[3] = {.7, .8, .9};
    struct pd_train_options o;
    pd_train_options_init(&o);
    static const char *const names[] = {"q0", "q1", "q2"};
    for (int i = 0; i < 3; i++) {
        folder(names[i]);
        trial(names[i], "gold", i < 2 ? 1 : 2, accuracy);
        o.epochs = i + 1;
        assert_int_equal(pd_run_folder_save_options(scratch_path(names[i]), &o, NULL), PD_OK);
    }
    succeeds("compare q0 q1");
    fails("compare q0 q1 --pool", 5,
          "q0/gold-1 and q1/gold-1 have the same trial of gold, seed 101: expected trials with seeds of "
          "their own");
    folder("q2/gold-2-copy");
    file("q2/gold-2-copy/rounds.jsonl", "{\"labels\": 10, \"strategy\": \"gold\", \"seed\": 102, "
                                        "\"accuracy\": 0.5, \"metric\": \"fitting-capacity\"}\n");
    fails("compare q2", 5, "q2/gold-2 and q2/gold-2-copy have the same trial of gold, seed 102");
    remove(scratch_path("q2/gold-2-copy/rounds.jsonl"));
    assert_contains(succeeds("compare q0 q2 --pool")->err, "not all were measured alike: epochs 1 and 3\n");
}

/* Runs keep absolute paths; people typed relative ones. */
static void paths_are_as_they_were_typed(void **state)
{
    (void)state;
    static const char *const data[] = {"photos", "in/photos"};
    static const char log[] = "{\"epoch\": 1, \"mean_d\": -2}\n";
    char words[1200];
    struct pd_train_options o;
    training("p0", 1, false, log, "");
    training("p1", 2, false, log, "");
    training("p2", 3, false, log, "");
    pd_train_options_init(&o);
    for (int i = 0; i < 3; i++) {
        char run[8];
        o.seed = i;
        snprintf(run, sizeof run, "p%d", i);
        if (i < 2)
            snprintf(o.data, sizeof o.data, "%s/%s", scratch_dir, data[i]);
        else
            snprintf(o.data, sizeof o.data, "%s-other/photos", scratch_dir); /* not in here */
        assert_int_equal(pd_run_folder_save_options(scratch_path(run), &o, NULL), PD_OK);
    }
    const char *out = succeeds("compare p0 p1 p2")->out;
    for (int i = 0; i < 2; i++) {
        snprintf(words, sizeof words, "\n  %s %s ", data[i], o.model);
        assert_contains(out, words);
    }
    snprintf(words, sizeof words, "\n  %s %s ", o.data, o.model);
    assert_contains(out, words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_a_table),
        cmocka_unit_test(a_run_is_one_however_it_is_spelt),
        cmocka_unit_test(takes_another_baseline),
        cmocka_unit_test(prints_json),
        cmocka_unit_test(writes_files),
        cmocka_unit_test(says_in_the_picture),
        cmocka_unit_test(compares_runs),
        cmocka_unit_test(passes_over_half_lines),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(groups_training_by_options),
        cmocka_unit_test(says_what_was_measured_otherwise),
        cmocka_unit_test(best_epochs_are_the_last),
        cmocka_unit_test(other_data_are_told),
        cmocka_unit_test(pooled_runs_have_seeds_of_their_own),
        cmocka_unit_test(paths_are_as_they_were_typed),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
