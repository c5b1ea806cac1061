/* paydirt select on the files that people bring. */
#include "regress/program.h"

#include "io/npy.h"

#include <math.h>

static const float logit[] = {0.5F, 2.5F, -3, 2, 1, -0.5F};
static const float class_logits[] = {4, 0, 0, 0.2F, 0.1F, 0, 1, 1, 1, 0, 3, 2.9F, 0, 0, 9, 0, 6, -1};
static const float features[] = {0, 0, 5, 5, 1, 1, 5, 5, 9, 0, 2, 0};

#define NPY "--logits l.npy --class-logits c.npy "

static void write_files(void)
{
    const struct pd_io_array arrays[] = {{"logit", PD_IO_F32, 1, {6}, logit},
                                         {"class_logits", PD_IO_F32, 2, {6, 3}, class_logits},
                                         {"features", PD_IO_F32, 2, {6, 2}, features}};
    static const char *const files[] = {"l.npy", "c.npy", "f.npy"};
    static const char csv[] =
        ",logit,class_logit_0,class_logit_1,class_logit_2\n0,0.5,4,0,0\n1,2.5,0.2,0.1,0\n"
        "2,-3,1,1,1\n3,2,0,3,2.9\n4,1,0,0,9\n5,-0.5,0,6,-1\n";
    for (int i = 0; i < 3; i++)
        assert_int_equal(pd_npy_write(scratch_path(files[i]), &arrays[i], NULL), PD_OK);
    assert_int_equal(pd_npz_write(scratch_path("s.npz"), arrays, 3, true, NULL), PD_OK);
    scratch_write(scratch_path("t.csv"), csv, sizeof csv - 1);
}

static int setup(void **state)
{
    const int status = scratch_setup(state);
    write_files();
    return status;
}

static void prints(const char *command, const char *rows)
{
    const struct result *r = succeeds(command);
    if (strcmp(r->out, rows) != 0)
        fail_msg("'%s' printed \"%s\", expected \"%s\"", command, r->out, rows);
    for (const char *line = r->err; !strstr(command, ".csv") && *line; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n'), *shape = strstr(line, " rows x ");
        assert_true(shape && shape < end); /* nothing but shapes */
    }
}

/* By hand: H is 0.18, 1.095, log 3, 0.79, 0.00, 0.02; margins 0.95, 0.035, 0, 0.049, 1.00, 0.994. */
static void prints_rows_best_first(void **state)
{
    (void)state;
    prints("select " NPY "-k 6", "1\n3\n4\n0\n5\n2\n");
    prints("select " NPY "-k3 --strategy gold", "1\n3\n4\n");
    prints("select --class-logits c.npy --strategy most-confident -k 3", "4\n5\n0\n");
    prints("select --class-logits c.npy --strategy large-margin -k 3", "4\n5\n0\n");
    prints("select --class-logits c.npy --strategy least-entropy -k 3", "4\n5\n0\n");
    prints("select --class-logits c.npy --strategy least-confident -k 3", "2\n1\n3\n");
    prints("select --class-logits c.npy --strategy small-margin -k 3", "2\n1\n3\n");
    prints("select --class-logits c.npy --strategy most-entropy --k 2 --scores",
           "2\t1.09861229\n1\t1.09528727\n");
}

static void reads_every_format(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        "--logits s.npz --class-logits s.npz", "--logits s.npz:logit --class-logits s.npz:class_logits",
        "--logits t.csv --class-logits t.csv", "--logits t.csv:logit --class-logits c.npy"};
    char command[256];
    char wanted[PROGRAM_TEXT];
    strcpy(wanted, succeeds("select " NPY "--balanced -k 6 --scores")->out);
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        snprintf(command, sizeof command, "select %s --balanced -k 6 --scores", inputs[i]);
        prints(command, wanted);
    }
}

static void spreads_a_batch(void **state)
{
    (void)state;
    /* candidates 2, 1, 3, 0 at (1, 1), (5, 5), (5, 5), (0, 0) */
    prints("select --class-logits c.npy --strategy most-entropy -k 3 --candidates 4 --diverse k-center "
           "--features f.npy",
           "2\n1\n0\n");
    prints("select --class-logits c.npy --strategy most-entropy -k 3 --diverse k-center --features s.npz",
           "2\n4\n1\n");
    prints("select --class-logits c.npy --strategy most-entropy -k 4 --candidates 4 --diverse k-means++ "
           "--features f.npy --seed 3",
           succeeds("select --class-logits c.npy --strategy most-entropy -k 4 --candidates 4 --diverse "
                    "k-means++ --features s.npz:features --seed 3")
               ->out);
}

static void write_text(const char *name, const char *text)
{
    scratch_write(scratch_path(name), text, strlen(text));
}

static void chooses_rows_together(void **state)
{
    (void)state;
    write_text("known.txt", "0\n");
    prints("select --features f.npy --strategy coreset -k 1 --labelled known.txt", "4\n");
    prints("select --features f.npy --strategy k-center -k 5 --labelled known.txt --threads 2",
           succeeds("select --features s.npz --strategy coreset -k 5 --labelled known.txt --threads 1")->out);
    fails("select --features f.npy --strategy coreset -k 6 --labelled known.txt", 2,
          "6 rows asked for, the pool has 5 without a label");
    write_text("known.txt", " \r\n\n");
    fails("select --features f.npy --strategy coreset -k 7 --labelled known.txt", 2,
          "7 rows asked for, the pool has 6");
    write_text("known.txt", "# none\n# yet\r\n\n");
    fails("select --features f.npy --strategy coreset -k 7 --labelled known.txt", 2,
          "7 rows asked for, the pool has 6");
    write_text("known.txt", "# those\r# of now\r1\r");
    prints("select " NPY "-k 1 --labelled known.txt", "3\n");
    /* Others leave them out, too. */
    write_text("known.txt", "1\n");
    prints("select " NPY "-k 1 --labelled known.txt", "3\n");
    write_text("known.txt", "0\n4\n");
    assert_contains(succeeds("select " NPY "-k 1 --labelled known.txt")->err,
                    "2 labelled rows, the first of them 0");
    write_text("known.txt", "row\n3\n4\n");
    assert_null(strstr(succeeds("select " NPY "-k 4 --labelled known.txt --header")->out, "3\n"));
    fails("select " NPY "-k 5 --labelled known.txt --header", 2, "-k 5: the pool has 4 rows without a label");
    write_text("known.txt", "3\n4\n"); /* another file's header is none of its own */
    fails("select " NPY "-k 5 --labelled known.txt --header", 2, "-k 5: the pool has 4 rows without a label");
    write_text("known.csv", "row\n3\n0\n");
    fails("select " NPY "-k 5 --labelled known.csv", 2, "-k 5: the pool has 4 rows without a label");
    write_text("known.csv", "id\n3\n0\n");
    fails("select " NPY "-k 1 --labelled known.csv", 2, "known.csv: no column 'labelled'");
}

/* Row 4's passes disagree, row 1's a little, others not at all. */
static void takes_stochastic_passes(void **state)
{
    (void)state;
    float passes[3 * 6 * 3], p[3 * 6 * 3];
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < 6 * 3; i++)
            passes[s * 18 + i] =
                i / 3 == 4 ? 9.F * (float)(s == i % 3) : class_logits[i] + (i == 3 ? 0.3F * (float)s : 0);
    for (int i = 0; i < 54; i++) {
        const float *row = passes + i / 3 * 3;
        p[i] = expf(passes[i]) / (expf(row[0]) + expf(row[1]) + expf(row[2]));
    }
    const struct pd_io_array logits = {"passes", PD_IO_F32, 3, {3, 6, 3}, passes},
                             soft = {"passes", PD_IO_F32, 3, {3, 6, 3}, p},
                             flat = {"", PD_IO_F32, 2, {18, 3}, passes},
                             one = {"", PD_IO_F32, 3, {1, 6, 3}, passes};
    assert_int_equal(pd_npz_write(scratch_path("passes.npz"), &logits, 1, true, NULL), PD_OK);
    assert_int_equal(pd_npy_write(scratch_path("p.npy"), &soft, NULL), PD_OK);
    assert_int_equal(pd_npy_write(scratch_path("flat.npy"), &flat, NULL), PD_OK);
    assert_int_equal(pd_npy_write(scratch_path("one.npy"), &one, NULL), PD_OK);
    const char *const bald = "select --strategy bald -k 2 --passes";
    char command[128];
    snprintf(command, sizeof command, "%s passes.npz", bald);
    const struct result *r = succeeds(command);
    assert_string_equal(r->out, "4\n1\n");
    assert_string_equal(r->err, "passes.npz:passes: 3 passes x 6 rows x 3 classes\n");
    fails("select --strategy bald -k 2 --passes p.npy", 2, "p.npy: rows within [0, 1] that sum to 1");
    assert_string_equal(succeeds("select --strategy bald -k 2 --passes p.npy --probabilities")->out,
                        "4\n1\n");
    fails("select --strategy bald -k 2 --passes passes.npz --probabilities", 2,
          "passes.npz:passes, passes one behind the other: row 0: ");
    fails("select --strategy bald -k 2 --passes flat.npy", 5,
          "flat.npy: shape (18, 3), expected (passes, rows, classes)");
    fails("select --strategy bald -k 2 --passes one.npy", 5, "one.npy: 1 passes of 3 numbers in a row");
    fails("select --strategy bald -k 2 --passes t.csv", 4, "t.csv: expected an .npy or .npz");
    fails("select --strategy bald -k 2", 2, "--passes is missing: strategy 'bald' needs it");
}

static void takes_a_radius_or_clusters(void **state)
{
    (void)state;
    prints("select --strategy probcover --features f.npy --radius 3 -k 2", "0\n1\n");
    succeeds("select --strategy probcover --features f.npy --clusters 2 -k 2");
    fails("select --strategy probcover --features f.npy -k 2", 2, "to estimate it from");
    succeeds("select --strategy typiclust --features f.npy --clusters 3 -k 2");
    prints("select --strategy clue --features f.npy --class-logits c.npy -k 6 --threads 1",
           succeeds("select --strategy clue --features f.npy --class-logits c.npy -k 6 --threads 3")->out);
    fails("select --strategy badge --features f.npy -k 2", 2, "--class-logits is missing: strategy 'badge'");
    const struct pd_io_array five = {"", PD_IO_F32, 2, {5, 2}, features};
    assert_int_equal(pd_npy_write(scratch_path("five.npy"), &five, NULL), PD_OK);
    fails("select --strategy badge --features five.npy --class-logits c.npy -k 2", 5,
          "five.npy ends after 5 rows, c.npy has more");
    fails("select " NPY "-k 1 --clusters 3", 2, "--clusters: strategy 'gold' has none");
    fails("select --strategy coreset --features f.npy -k 1 --radius 3", 2,
          "--radius: strategy 'coreset' has none");
}

/* "a, b", and a file that was put behind another, whose header may be numbers. */
static void reads_headers_as_people_write_them(void **state)
{
    (void)state;
    write_text("blank.csv", "class_logit_0, class_logit_1, class_logit_2\n0.5,1,2\n3,0.1,0\n0,0,9.5\n");
    assert_contains(succeeds("select --class-logits blank.csv --strategy least-entropy -k 1")->err,
                    "3 rows x 3 columns");
    write_text("votes.csv", "3,2,5\n1,9,0\n0,0,10\n4,4,2\n3,2,5\n1,9,0\n0,0,10\n4,4,2\n5,5,0\n9,1,0\n");
    fails("select --class-logits votes.csv --strategy least-entropy -k 1", 2,
          "rows of one sum, none below 0, counts");
    write_text("twice.csv", ",0,1\n0,0.5,1\n1,0.1,3\n2,7.5,1\n,0,1\n3,0.5,1\n");
    fails("select --class-logits twice.csv --strategy least-entropy -k 1", 4, "line 5: the header once more");
}

static void refuses_bad_labelled_rows(void **state)
{
    (void)state;
    const char *const by_score = "select " NPY "-k 1 --labelled known.txt",
                      *const together =
                          "select --features f.npy --strategy coreset -k 1 --labelled known.txt";
    static const struct {
        const char *text;
        int code;
        const char *words;
    } bad[] = {{"1\n2\n1\n", 4, "known.txt: row 1 comes twice"},
               {"1\n0\n0\n1\n0\n1\n", 4, "zeros and ones, a mask; expected the numbers of labelled rows"},
               {"6\n", 2, "labelled row 6: the pool has 6 rows"},
               {"17000001\n", 2, "labelled row 17000001: the pool has 6 rows"}, /* no float */
               {"-1\n", 4, "number 0 is -1, expected that of a labelled row"},
               {"0.5\n", 4, "number 0 is 0.5, expected that of a labelled row"},
               {"nan\n", 4, "number 0 is nan"},
               {"1e300\n", 4, "number 0 is inf"},
               {"0x2\n", 4, "'0x2', expected a number"},
               {"1,2\n3,4\n", 5, "2 numbers in a row, expected one, of a labelled row"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_text("known.txt", bad[i].text);
        fails(by_score, bad[i].code, bad[i].words);
        fails(together, bad[i].code, bad[i].words);
    }
    write_text("known.txt", ""); /* no label yet */
    succeeds(by_score);
    succeeds(together);
}

static void the_seed_fixes_everything(void **state)
{
    (void)state;
    char first[PROGRAM_TEXT];
    strcpy(first, succeeds("select --logits l.npy --strategy random -k 6 --seed 4")->out);
    prints("select --class-logits c.npy --strategy random -k 6 --seed 4", first);
    assert_string_not_equal(succeeds("select --logits l.npy --strategy random -k 6 --seed 5")->out, first);
}

static void refuses_bad_requests(void **state)
{
    (void)state;
    fails("select " NPY, 2, "-k is missing");
    fails("select " NPY "-k", 2, "-k needs a value: -k N");
    fails("select " NPY "-k 0", 2, "-k '0': expected a whole number from 1");
    fails("select " NPY "-k 7", 2, "-k 7: the pool has 6 rows");
    fails("select " NPY "-k 1 --strategy golf", 2, "unknown strategy 'golf', did you mean 'gold'?");
    fails("select " NPY "-k 1 --strategy random --balanced", 2, "strategy 'random' has no terms to balance");
    fails("select --logits l.npy -k 1", 2, "--class-logits is missing: strategy 'gold' needs it");
    fails("select --class-logits c.npy -k 1", 2, "--logits is missing: strategy 'gold' needs it");
    fails("select -k 1 --strategy random", 2,
          "--logits is missing: strategy 'random' needs it; or: --class-logits");
    fails("select " NPY "-k 1 --diverse k-centre --features f.npy", 2, "did you mean 'k-center'?");
    fails("select " NPY "-k 1 --diverse k-center", 2, "--features is missing");
    fails("select " NPY "-k 1 --features f.npy", 2,
          "--features: strategy 'gold' does not look at them (--diverse k-center does)");
    fails("select " NPY "-k 1 --passes c.npy", 2, "--passes: strategy 'gold' does not look at them");
    fails("select --strategy coreset -k 1", 2, "--features is missing: strategy 'coreset' needs it");
    fails("select --strategy coreset -k 1 --features f.npy --scores", 2,
          "chooses rows together, without scores");
    fails("select --strategy coreset -k 1 --features f.npy --diverse k-center", 2,
          "--diverse: strategy 'coreset' chooses rows together already");
    fails("select " NPY "-k 3 --candidates 2 --diverse k-center --features f.npy", 2, "less than -k 3");
    fails("select " NPY "-k 1 -x", 2, "unknown option -x");
}

static void refuses_bad_files(void **state)
{
    (void)state;
    const float bad[] = {0, 1, 2, NAN, 4, 5};
    const struct pd_io_array nan = {"", PD_IO_F32, 1, {6}, bad}, five = {"", PD_IO_F32, 1, {5}, logit},
                             seven = {"", PD_IO_F32, 1, {7}, class_logits};
    assert_int_equal(pd_npy_write(scratch_path("nan.npy"), &nan, NULL), PD_OK);
    assert_int_equal(pd_npy_write(scratch_path("five.npy"), &five, NULL), PD_OK);
    assert_int_equal(pd_npy_write(scratch_path("seven.npy"), &seven, NULL), PD_OK);
    fails("select --logits nan.npy --class-logits c.npy -k 1", 4,
          "nan.npy: row 3: the logit is nan, expected a finite");
    fails("select --logits five.npy --class-logits c.npy -k 1", 5,
          "five.npy ends after 5 rows, c.npy has more");
    fails("select --logits seven.npy --class-logits c.npy -k 1", 5,
          "c.npy ends after 6 rows, seven.npy has more");
    write_text("bare.csv", "0.5,1\n2,2.5\n3,1\n4,2\n5,1\n6,2.5\n");
    fails("select --logits l.npy --class-logits bare.csv -k 1 --header", 5,
          "bare.csv ends after 5 rows, l.npy has more; the first line of each text was taken for names: "
          "--header");
    write_text("named.csv", "image,logit\na,1\nb,2\n");
    write_text("swapped.csv", "image,class_logit_0,class_logit_1\nb,1,2\na,2,2.5\n");
    fails("select --logits named.csv --class-logits swapped.csv -k 1", 5,
          "named.csv (column 'image') and swapped.csv ('image') name their rows otherwise: expected the same "
          "rows in the same order");
    write_text("spread.csv", "image,feature_0\na,1\nb,2\n");
    fails(
        "select --class-logits swapped.csv --strategy entropy -k 1 --diverse k-center --features spread.csv",
        5, "swapped.csv (column 'image') and spread.csv ('image') name their rows otherwise");
    fails("select --logits c.npy --class-logits c.npy -k 1", 5,
          "c.npy: 3 numbers in a row, expected one logit");
    fails("select --logits l.npy --class-logits l.npy -k 1", 5,
          "l.npy: 1 numbers in a row, expected the logits of 2");
    fails("select --logits l.npy --class-logits none.npy -k 1", 3, "none.npy: cannot open");
    fails("select --logits t.csv:real --class-logits c.npy -k 1", 2, "t.csv: no column 'real' or 'real_0'");
    fails("select --class-logits c.npy --strategy entropy -k 6 --diverse k-center --features nan.npy", 4,
          "nan.npy: row 3: feature 0 is nan, expected a finite number");
    fails("select " NPY "-k 2 --diverse k-center --features five.npy", 5,
          "five.npy has 5 rows, the logits have 6");
}

static void says_how_a_table_was_taken(void **state)
{
    (void)state;
    const char *const least = "select --class-logits p.csv --strategy small-margin -k 1";
    write_text("p.csv", ",0,1\n0,0.5,-1\n1,2,2.5\n2,-3,0.5\n");
    const struct result *r = succeeds(least);
    assert_string_equal(r->out, "1\n");
    assert_non_null(strstr(
        r->err, "p.csv: 3 rows x 2 columns, line 1 taken as a header, the first column as an index; to "
                "take it as a row: --no-header; to keep the index: --no-index"));
    write_text("p.csv", "0,1\n0.5,-1\n2,2.5\n-3,0.5\n");
    assert_string_equal(succeeds(least)->out, "1\n");
    assert_string_equal(succeeds("select --class-logits p.csv --strategy small-margin -k 1 --no-header")->out,
                        "2\n");
    write_text("p.csv", "0.5,-1\n\n2,2.5\n-3,0.5\n");
    fails(least, 4, "p.csv: line 2: empty, or a comment, between rows");
}

static void asks_about_more_classes_than_rows(void **state)
{
    (void)state;
    static float wide[2 * 100];
    wide[7] = -1;
    const struct pd_io_array a = {"", PD_IO_F32, 2, {2, 100}, wide};
    assert_int_equal(pd_npy_write(scratch_path("wide.npy"), &a, NULL), PD_OK);
    const struct result *r = succeeds("select --class-logits wide.npy --strategy most-entropy -k 1");
    assert_string_equal(r->out, "1\n");
    assert_string_equal(
        r->err, "wide.npy: 2 rows x 100 columns\nwide.npy: 2 rows of 100 classes: is it transposed?\n");
    r = succeeds("select --class-logits c.npy --strategy most-entropy -k 1");
    assert_string_equal(r->err, "c.npy: 6 rows x 3 columns\n");
    static const float labels[6 * 3] = {1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1};
    const struct pd_io_array certain = {"", PD_IO_F32, 2, {6, 3}, labels};
    assert_int_equal(pd_npy_write(scratch_path("certain.npy"), &certain, NULL), PD_OK);
    r = succeeds("select --class-logits certain.npy --probabilities --strategy margin -k 2");
    assert_contains(r->err,
                    "2 of the 2 rows have the score of rows that were not selected: the seed decided\n");
    static const float turned[3 * 6] = {0, 3, 1, 0, 2, -1, 1, 0, 0, -2, 0, 0, 3, 0, 0, -1, 1, 0};
    const struct pd_io_array small = {"", PD_IO_F32, 2, {3, 6}, turned};
    assert_int_equal(pd_npy_write(scratch_path("turned.npy"), &small, NULL), PD_OK);
    r = succeeds("select --class-logits turned.npy --strategy small-margin -k 1");
    assert_contains(r->err, "turned.npy: 3 rows of 6 classes: is it transposed?\n");
}

static void refuses_probabilities_for_logits(void **state)
{
    (void)state;
    const char *const entropy = "select --class-logits p.csv --strategy most-entropy -k 3 --scores";
    write_text("p.csv", "0.2,0.8\n0.5,0.5\n1,0\n");
    fails(entropy, 2,
          "p.csv: rows within [0, 1] that sum to 1, probabilities; if they are: --probabilities; "
          "if they are logits before the softmax: --no-probabilities");
    prints("select --class-logits p.csv --strategy most-entropy -k 3 --scores --probabilities",
           "1\t0.693147181\n0\t0.500402413\n2\t0\n");
    prints("select --class-logits p.csv --strategy most-entropy -k 1 --no-probabilities", "1\n");
    write_text("p.csv", "20,80\n50,50\n100,0\n");
    fails(entropy, 2, "percentages: divide by 100");
    char sums[400] = "";
    for (int i = 1; i < 12; i++) /* three softmaxes */
        snprintf(sums + strlen(sums), sizeof sums - strlen(sums), "%.7f,%.7f\n", 3. / i, 3 - 3. / i);
    write_text("p.csv", sums);
    fails(entropy, 2, "rows of one sum, none below 0, counts or sums of probabilities: divide by that sum");
    write_text("p.csv", "0.2,0.9\n0.5,0.5\n1,0.8\n");
    fails(entropy, 2, "all within [0, 1], as after a sigmoid for each class");
    fails("select --class-logits p.csv --strategy most-entropy -k 1 --probabilities", 2,
          "row 0: its probabilities sum to 1.1");
    write_text("p.csv", "0.2,0.8\n0.5,-3\n");
    prints("select --class-logits p.csv --strategy most-entropy -k 1", "0\n"); /* one row by chance */
    fails("select --class-logits p.csv --strategy most-entropy -k 1 --probabilities", 2,
          "row 1: class 1 has -3, expected a probability");
    fails("select --class-logits p.csv --strategy most-entropy -k 1 --log-probabilities", 2,
          "row 0: class 0 has 0.2, expected the logarithm");
    write_text("p.csv", "-1.6094379,-0.2231436\n-0.6931472,-0.6931472\n0,-inf\n");
    prints("select --class-logits p.csv --strategy most-entropy -k 3 --log-probabilities", "1\n0\n2\n");
    fails("select --class-logits p.csv --strategy most-entropy -k 1 --log-probabilities --probabilities", 2,
          "--log-probabilities does not go with probabilities");
}

/* Sums of 0.98 to 1.02 are what two decimals leave. */
static void takes_rounded_probabilities(void **state)
{
    (void)state;
    static const float rounded[3 * 3] = {0.33F, 0.33F, 0.32F, 0.9F, 0.06F, 0.06F, 0.5F, 0.3F, 0.2F};
    const struct pd_io_array a = {"", PD_IO_F32, 2, {3, 3}, rounded};
    assert_int_equal(pd_npy_write(scratch_path("p.npy"), &a, NULL), PD_OK);
    write_text("p.csv", "0.33,0.33,0.32\n0.9,0.06,0.06\n0.5,0.3,0.2\n");
    fails("select --class-logits p.npy --strategy most-entropy -k 3", 2,
          "probabilities; if they are: --probabilities; if");
    const char *const files[] = {"p.npy", "p.csv"};
    for (int i = 0; i < 2; i++) {
        char command[128];
        snprintf(command, sizeof command,
                 "select --class-logits %s --strategy most-entropy -k 3 --probabilities", files[i]);
        const struct result *r = succeeds(command);
        assert_string_equal(r->out, "0\n2\n1\n");
        assert_contains(r->err, "rows sum to 1 within 0.02 only, as rounded numbers do");
    }
    write_text("p.csv", "0.5,0.4,0.16\n");
    fails("select --class-logits p.csv --strategy most-entropy -k 1 --probabilities", 2,
          "row 0: its probabilities sum to 1.06, expected 1 (within 0.05)");
    write_text("p.csv", "0.335,0.335,0.331\n0.5,0.3,0.2\n");
    const struct result *r =
        succeeds("select --class-logits p.csv --strategy most-entropy -k 1 --probabilities");
    assert_null(strstr(r->err, "rounded"));
}

static void refuses_labels_among_logits(void **state)
{
    (void)state;
    char text[512] = "";
    for (int i = 0; i < 10; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d.5,-%d.25,%d\n", i % 4, i % 3, i % 2);
    write_text("pred.csv", text);
    fails(
        "select --class-logits pred.csv --strategy entropy -k 1", 2,
        "pred.csv: column 2 of 3 holds whole numbers beside fractions, labels or row numbers: leave it out; "
        "if they are logits before the softmax: --no-probabilities");
    succeeds("select --class-logits pred.csv --strategy entropy -k 1 --no-probabilities");
}

static void refuses_sigmoids_for_logits(void **state)
{
    (void)state;
    write_text("l.csv", "0.2\n0.9\n1\n0\n0.5\n0.7\n");
    fails("select --logits l.csv --class-logits c.npy -k 1", 2,
          "l.csv: all within [0, 1], as after a sigmoid; if they are: --sigmoid; if they are logits before "
          "it: --no-sigmoid");
    const struct result *r = succeeds("select --logits l.csv --class-logits c.npy -k 2 --sigmoid");
    assert_string_equal(r->out, "2\n1\n");
    assert_non_null(strstr(r->err, "l.csv: 2 of 6 are exactly 0 or 1"));
    prints("select --logits l.csv --class-logits c.npy -k 2 --no-sigmoid", "2\n1\n");
    fails("select " NPY "-k 1 --sigmoid", 2, "l.npy: row 1: no probability, expected 0 to 1");
    prints("select --logits l.csv --strategy random -k 6 --seed 4",
           succeeds("select --logits l.npy --strategy random -k 6 --seed 4")->out);
}

static void one_number_serves_two_classes(void **state)
{
    (void)state;
    fails("select --class-logits l.npy --strategy small-margin -k 1", 5,
          "; one number, for the second of two classes: --binary");
    prints("select --class-logits l.npy --strategy small-margin -k 6 --binary", "0\n5\n4\n3\n1\n2\n");
    fails("select --class-logits c.npy --strategy small-margin -k 1 --binary", 5,
          "expected one, the second class's (--binary)");
    write_text("b.csv", "0.2\n0.9\n0.55\n");
    fails("select --class-logits b.csv --strategy small-margin -k 1 --binary", 2,
          "if they are: --probabilities");
    prints("select --class-logits b.csv --strategy small-margin -k 3 --binary --probabilities", "2\n0\n1\n");
}

static void takes_columns_that_begin_alike(void **state)
{
    (void)state;
    const char *const margin = "select --strategy small-margin -k 2 --probabilities --class-logits b.csv:";
    char command[200];
    write_text("b.csv", "n,p,p_0,p_10,p_2\n0,0.7,0.1,0.2,0.7\n1,0.5,0.5,0.4,0.1\n");
    snprintf(command, sizeof command, "%sp_*", margin);
    assert_string_equal(succeeds(command)->out, "1\n0\n");
    snprintf(command, sizeof command, "%sp", margin);
    fails(command, 5, "; the columns beside it, which begin so: --class-logits b.csv:p_*");
    snprintf(command, sizeof command, "%sp --binary", margin);
    assert_contains(succeeds(command)->err, "beside 3 that begin so; all of these: --class-logits b.csv:p_*");
    snprintf(command, sizeof command, "%sp_0,p_2,p_0", margin);
    fails(command, 2, "b.csv: column 'p_0' is asked for twice");
}

/* --- beside others --- */

static bool has_numpy(const char *python)
{
    char command[256];
    snprintf(command, sizeof command, "%s -c 'import numpy' >/dev/null 2>&1", python);
    return system(command) == 0; /* NOLINT(concurrency-mt-unsafe) */
}

static void equals_numpy(void **state)
{
    (void)state;
    const char *python = has_numpy("python3")            ? "python3"
                         : has_numpy("/usr/bin/python3") ? "/usr/bin/python3"
                                                         : NULL;
    char command[4096];
    if (!python) {
        print_message("no python3 with numpy to compare with\n");
        skip();
    }
    snprintf(command, sizeof command, "cd '%s' && %s '%s/regress/select_numpy.py' '%s' 2>&1", scratch_dir,
             python, PD_TEST_DIR, getenv("PAYDIRT"));
    assert_int_equal(system(command), 0);
}

static void the_example_picks_images(void **state)
{
    (void)state;
    char command[4096], text[256] = "";
    snprintf(command, sizeof command, "%sselect", getenv("PAYDIRT_EXAMPLES"));
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_true(fread(text, 1, sizeof text - 1, out) > 0);
    assert_int_equal(pclose(out), 0);
    assert_string_equal(text, "image 1  score 3.5953\nimage 3  score 2.7929\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_rows_best_first),
        cmocka_unit_test(reads_every_format),
        cmocka_unit_test(spreads_a_batch),
        cmocka_unit_test(chooses_rows_together),
        cmocka_unit_test(takes_stochastic_passes),
        cmocka_unit_test(takes_a_radius_or_clusters),
        cmocka_unit_test(reads_headers_as_people_write_them),
        cmocka_unit_test(refuses_bad_labelled_rows),
        cmocka_unit_test(the_seed_fixes_everything),
        cmocka_unit_test(refuses_bad_requests),
        cmocka_unit_test(refuses_bad_files),
        cmocka_unit_test(says_how_a_table_was_taken),
        cmocka_unit_test(asks_about_more_classes_than_rows),
        cmocka_unit_test(refuses_probabilities_for_logits),
        cmocka_unit_test(takes_rounded_probabilities),
        cmocka_unit_test(refuses_labels_among_logits),
        cmocka_unit_test(refuses_sigmoids_for_logits),
        cmocka_unit_test(one_number_serves_two_classes),
        cmocka_unit_test(takes_columns_that_begin_alike),
        cmocka_unit_test(equals_numpy),
        cmocka_unit_test(the_example_picks_images),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
