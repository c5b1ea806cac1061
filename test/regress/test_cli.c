/* The program as its users see it: what it says, writes and returns. */
#include "needs.h"
#include "regress/program.h"

#include "io/png.h"

#include <sys/stat.h>
#include <jansson.h>
#include <math.h>

#include "arrays.h"
#include "unit/idx_maker.h"

#define SMALL                                                                                                \
    "--data strokes --data-count 300 --model infogan --width 0.25 --batch 16 --min-epoch 300 --threads 1 "

static const char *const commands[] = {"train",   "eval",  "sample",  "score", "select",  "active",
                                       "compare", "bench", "devices", "data",  "weights", "recipes"};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static char trained[64]; /* the run folder that several tests look at */

static const char *say(const char *format, const char *what)
{
    static char text[4096];
    snprintf(text, sizeof text, format, what);
    return text;
}

static const char *in_run(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", trained, name);
    return scratch_path(path);
}

/* --- words
 * -------------------------------------------------------------------------------------------------- */

/* The last counts, as scripts expect, but not in silence. */
static void says_what_is_given_twice(void **state)
{
    (void)state;
    assert_contains(run("data check x --data-dir a --data-dir=b")->err,
                    "--data-dir is given twice: b counts, not a\n");
    assert_null(strstr(run("data check x --data-dir a --data-dir a")->err, "twice"));
}

static void shows_help(void **state)
{
    (void)state;
    assert_contains(succeeds("--help")->out, "usage: paydirt COMMAND");
    assert_contains(succeeds("--version")->out, "paydirt 0.");
    assert_contains(succeeds("--version")->out, "\nbackends: onednn ref");
    assert_contains(succeeds("--version")->out, "\noneDNN: ");
    assert_contains(succeeds("--version")->out,
                    pd_library_is_in(pd_library_curl) ? "\nlibcurl: " : "\nlibcurl: no ");
    for (int i = 0; i < COMMANDS; i++) {
        assert_contains(succeeds("--help")->out, commands[i]);
        const struct result *r = succeeds(say("%s --help", commands[i]));
        assert_contains(r->out, say("usage: paydirt %s ", commands[i]));
        char *help = strdup(r->out);
        assert_string_equal(succeeds(say("help %s", commands[i]))->out, help);
        free(help);
        assert_contains(r->out, say("examples:\n  paydirt %s ", commands[i]));
        assert_string_equal(r->err, "");
    }
    assert_contains(succeeds("help data check")->out, "usage: paydirt data check ");
    assert_contains(succeeds("help help")->out, "usage: paydirt COMMAND");
    fails("help train extra", 2, "unexpected argument 'extra'");
    const struct result *r = succeeds("active --help"); /* what holds: gold's, not train's */
    assert_contains(r->out, "passes over the data [100]");
    assert_contains(r->out, "weight of the class loss on generated images [0.01]");
    assert_contains(r->out, "0: none [100]");
    assert_contains(succeeds("data list")->out, "fmnist ");
}

/* OpenBLAS gives processors that are newer than itself its oldest kernels, unless it is told otherwise. */
static void takes_kernels_of_this_processor(void **state)
{
    (void)state;
    setenv("OPENBLAS_VERBOSE", "2", 1);
    const char *core = NULL;
    for (const char *next = run("--version")->err; (next = strstr(next, "Core: ")); core = next)
        next += strlen("Core: ");
    unsetenv("OPENBLAS_VERBOSE");
#ifdef __x86_64__
    if (core && !getenv("OPENBLAS_CORETYPE") && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma"))
        assert_int_not_equal(strncmp(core, "Prescott", 8), 0);
#endif
}

/* The options of the examples, checked without doing the work: --help comes last. */
static void its_examples_are_right(void **state)
{
    (void)state;
    for (int i = 0; i < COMMANDS; i++) {
        char help[PROGRAM_TEXT];
        strcpy(help, strstr(succeeds(say("%s --help", commands[i]))->out, "examples:\n"));
        for (char *line = strstr(help, "  paydirt "); line; line = strstr(line, "  paydirt ")) {
            line += strlen("  paydirt ");
            char *end = strchr(line, '\n');
            *end = '\0';
            succeeds(say("%s --help", line));
            line = end + 1;
        }
    }
}

static void knows_what_was_meant(void **state)
{
    (void)state;
    fails("", 2, "a command is missing");
    fails("trian", 2, "unknown command 'trian', did you mean 'train'?");
    fails("--helq", 2, "unknown option --helq");
    fails("train --epocs 3", 2, "unknown option --epocs, did you mean --epochs?");
    fails("train --epocs=3", 2, "unknown option --epocs, did you mean --epochs?");
    fails("train --no-glod", 2, "unknown option --no-glod, did you mean --no-gold?");
    fails("train --data strokes --no-class-losses --labels-per-batch 4", 2,
          "--labels-per-batch: without class losses no label is looked at");
    fails("train --data strokes --no-class-losses --fake-confidence", 2,
          "--fake-confidence: without class losses no label is looked at");
    fails("train --data strokes --mutual-information 1", 2, "expected beside it: --no-class-losses");
    fails("active --data strokes --mutual-information 1", 2, "they are drawn at random");
    fails("train --xyzzyxyzzy", 2, "unknown option --xyzzyxyzzy; 'paydirt train --help' lists them");
    fails("train -x", 2, "unknown option -x");
    fails("train " SMALL "--model infogn", 2, "unknown model 'infogn', did you mean 'infogan'?");
    fails("train " SMALL "--data storkes", 2, "unknown data set 'storkes', did you mean 'strokes'?");
    fails("eval RUN --metrics fitting-capcity", 2, "did you mean 'fitting-capacity'?");
    fails("eval RUN --metrics fitting-capacity,class-acuracy", 2, "did you mean 'class-accuracy'?");
    fails("eval RUN --metrics class-accuracy,", 2, "unknown metric ''");
    fails("train --data strokes --data-count 20 --best class-acuracy", 2, "did you mean 'class-accuracy'?");
    fails("score RUN --out x --split tset", 2, "unknown split 'tset', did you mean 'test'?");
    fails("data lst", 2, "did you mean 'list'?");
    fails("compare RUN --chart curves.PDF", 2,
          "--chart curves.PDF: expected FILE.png, the kind that is written\n");
    fails("score RUN --out scores.npy", 2, "expected FILE.csv");
    fails("sample RUN --npz s.png --grid s.npz", 2, "--npz s.png: expected FILE.npz");
}

/* What the library suggests, as people type it. */
static void words_hints(void **state)
{
    (void)state;
    fails("select -k 0", 2, "paydirt: -k '0': expected a whole number");
    fails("train --data strokes --data-count 20 --loss hinge --gold", 2,
          "paydirt: --gold with loss hinge: GOLD reads the logit as a log density ratio, which another loss "
          "makes "
          "it (--loss gan)\n");
    fails("train --data svhn", 2,
          "give the folder of its files; 'paydirt data get svhn' fetches them (--data-dir)\n");
    fails("train --data cifar10 --classes cat", 2, "can be chosen (--classes)\n");
    fails("train --data archive", 2, "paydirt: data set 'archive': give its file; as: --data\n");
}

static void refuses_bad_values(void **state)
{
    (void)state;
    fails("train --epochs", 2, "--epochs needs a value: --epochs N");
    fails("train --epochs 0", 2, "--epochs '0': expected a whole number from 1 to 1000000");
    fails("train --lr fast", 2, "--lr 'fast': expected a number from 0 to 10");
    fails("train --data strokes --data-count 20 --loss hinje", 2,
          "unknown loss 'hinje', did you mean 'hinge'?");
    fails("train --data strokes --data-count 20 --loss hinge --gold", 2, "--gold with loss hinge: ");
    fails("train --data synthetic --rotation 1", 2,
          "--rotation: for images, which can be turned, and the data are 2-D points");
    fails("train --data strokes --data-count 20 --diffaug colour", 2, "did you mean 'color'?");
    fails("train --data strokes --data-count 20 --model dcgan --loss wgan-gp", 7,
          "does not go with model 'dcgan'");
    fails("train --gold=yes", 2, "--gold takes no value");
    fails("train strokes", 2, "unexpected argument 'strokes'");
    fails("train --model mlp", 2, "--data is missing");
    fails("train --data ./photos", 2, "data set './photos': there is no such folder of images");
    fails("train --data strokes --classes 0,1", 2, "data set 'strokes' knows its classes");
    fails("train --resume R --batch 3", 2, "--batch cannot be given with --resume");
    fails("train --data synthetic --model infogan", 5, "model 'infogan' is for images");
    fails("train " SMALL "--size 30", 5, "multiple of 4");
    fails("train " SMALL "--labels 301", 2, "301");
    fails("eval", 2, "RUN is missing: paydirt eval RUN [options]");
    fails("sample RUN", 2, "nothing to write");
    fails("sample RUN --npz a --grid a", 2, "the same file for two outputs");
    fails("score RUN", 2, "--out is missing");
    fails("bench --model infogn", 2, "unknown model 'infogn', did you mean 'infogan'?");
}

/* --- the whole way
 * ------------------------------------------------------------------------------------------ */

static void trains(void **state)
{
    (void)state;
    const struct result *r = succeeds("train " SMALL "--epochs 1 --gold --gold-start 0");
    assert_string_equal(r->out, "runs/00000-strokes-infogan-gold\n");
    assert_contains(r->err, "runs/00000-strokes-infogan-gold: step 0 to 18, 18 steps an epoch\n");
    assert_contains(r->err, "epoch 1/1  step 18  d_adv ");
    assert_null(strchr(r->err, '\r'));
    snprintf(trained, sizeof trained, "%.*s", (int)strlen(r->out) - 1, r->out);
    static const char *const files[] = {"options.json", "log.jsonl", "checkpoint.safetensors",
                                        "samples-0001.png"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        assert_int_equal(access(in_run(files[i]), R_OK), 0);
}

/* A flat folder with two grey pictures and a broken one; the model is chosen, and named in options.json. */
static void trains_on_a_folder(void **state)
{
    (void)state;
    NEEDS(jpeg);
    NEEDS(webp);
    uint8_t grey[3 * 40 * 40];
    size_t size;
    memset(grey, 99, sizeof grey);
    char *grid = scratch_read(in_run("samples-0001.png"), &size);
    assert_int_equal(mkdir(scratch_path("photos"), 0777), 0);
    assert_int_equal(pd_png_write_rgb(scratch_path("photos/a.png"), grey, 40, 40, NULL), PD_OK);
    assert_int_equal(pd_png_write_rgb(scratch_path("photos/b.jpg"), grey, 40, 40, NULL), PD_OK);
    scratch_write(scratch_path("photos/broken.webp"), "", 0);
    scratch_write(scratch_path("photos/grid.png"), grid, size);
    free(grid);
#define PHOTOS                                                                                               \
    "train --data ./photos --width 0.1 --batch 16 --min-epoch 32 --epochs 1 --threads 1 --out folder-runs "
    fails(PHOTOS, 2,
          "name the classes (a folder of images), put an array of labels in (an .npz) (--classes)");
    const struct result *r = succeeds(PHOTOS "--classes x,y");
    assert_string_equal(r->out, "folder-runs/00000-photos-infogan\n");
    assert_contains(r->err, "photos: 1 of 4 images left out, as they cannot be read; the first: ");
    assert_contains(r->err, "photos: passed over: 1 picture of paydirt\n");
    assert_contains(r->err, "photos: no image has a label: the class part learns nothing\n");
    r = succeeds(PHOTOS "--classes x,y --no-class-losses --mutual-information 1 --out unlabelled-runs");
    assert_null(strstr(r->err, "the class part")); /* it need not be told */
    char *options = scratch_read(scratch_path("folder-runs/00000-photos-infogan/options.json"), NULL);
    assert_contains(options, "\"model\": \"infogan\"");
    assert_contains(options, say("\"data\": \"%s/photos\"", scratch_dir));
    assert_contains(options, "\"classes\": \"x,y\"");
    free(options);
    assert_contains(r->err, "few images: each of the 2 comes about 16 times an epoch (--min-epoch)\n");
    r = succeeds("train --data synthetic --data-count 70 --batch 64 --partial-batch --min-epoch 1 --epochs 1 "
                 "--width 0.1 --threads 1 --gold --out partial-runs");
    assert_null(strstr(r->err, "few images"));
    assert_null(strstr(r->err, "GOLD never begins"));
    r = succeeds("train --data synthetic --data-count 70 --batch 64 --min-epoch 1 --epochs 1 --width 0.1 "
                 "--threads 1 --gold --out partial-runs");
    assert_contains(r->err, "gold-start 0.5: of 1 step none comes after that part, so GOLD never begins "
                            "(--gold-start)\n");
    assert_contains(succeeds("sample unlabelled-runs/00000-photos-infogan --per-class 1 --grid u.png")->err,
                    "was trained without classes: those that it tells are its own, and in no order\n");
    fails(
        "eval folder-runs/00000-photos-infogan", 3,
        "has no test split: that would be the images in its test/, beside train/; --data takes another set");
    fails("score folder-runs/00000-photos-infogan --out folder.csv", 3,
          "beside train/; --split train scores the training images");
    r = succeeds("train --data photos --classes x,y --data-count 5 --width 0.1 --batch 16 --min-epoch 32 "
                 "--epochs 1 --threads 1 --out folder-runs");
    assert_contains(r->err,
                    "photos: 5 images were asked for, there are only 2: all are taken (--data-count)\n");
    succeeds("score folder-runs/00000-photos-infogan --split train --out folder.csv --threads 1");
    succeeds(say("score %s --data ./photos --split train --out folder.csv --threads 1", trained));
}

static void evaluates(void **state)
{
    (void)state;
    const struct result *r =
        succeeds(say("eval %s --epochs 2 --epoch-images 256 --json --threads 1", trained));
    json_t *result = json_loads(r->out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(result, "metric")), "fitting-capacity");
    const double accuracy = json_number_value(json_object_get(result, "accuracy"));
    assert_true(accuracy >= 0 && accuracy <= 1);
    assert_int_equal(json_integer_value(json_object_get(result, "test_images")), 2000);
    json_decref(result);
    char first[PROGRAM_TEXT];
    strcpy(first, r->out);
    assert_contains(r->err, "classifier 2/2  loss ");
    assert_contains(succeeds(say("eval %s --epochs 2 --epoch-images 256 --threads 1", trained))->out,
                    "fitting capacity ");
    char *log = scratch_read(in_run("eval.jsonl"), NULL);
    assert_int_equal(strncmp(log, "{\"metric\":\"fitting-capacity\",\"accuracy\":", 40), 0);
    assert_non_null(strchr(strchr(log, '\n') + 1, '\n')); /* two lines */
    free(log);
    /* another data set in place of the run's must fit */
    fails(say("eval %s --data synthetic", trained), 5,
          "data set 'synthetic' has 2-D points, and the run's model makes images");
    fails(say("eval %s --data mnist --data-dir /no/such", trained), 3, "/no/such");
}

/* The share of rows of `paydirt score` whose predicted class is the label. */
static double share_right_in_scores(const char *name)
{
    char *csv = scratch_read(scratch_path(name), NULL);
    int rows = 0, right = 0, label, predicted;
    for (const char *line = csv; (line = strchr(line, '\n')) && line[1]; line++, rows++) {
        assert_int_equal(sscanf(line + 1, "%*d,%d,%*f,%*f,%d", &label, &predicted), 2);
        right += label == predicted;
    }
    free(csv);
    assert_true(rows > 0);
    return (double)right / rows;
}

/* The sum of a table of ten classes. */
static int64_t confused(const json_t *table)
{
    int64_t sum = 0;
    assert_int_equal(json_array_size(table), 10);
    for (size_t i = 0; i < 100; i++)
        sum += json_integer_value(json_array_get(json_array_get(table, i / 10), i % 10));
    return sum;
}

/* Lines of JSON, one a metric, with what each has needed and no more. */
static void evaluates_several_metrics(void **state)
{
    (void)state;
    static const char *const always[] = {"metric", "accuracy", "test_images", "data",    "classes",
                                         "split",  "step",     "seed",        "seconds", "error"};
    static const char *const own[3][12] = {
        {"classifier", "augment", "epochs", "epoch_images", "samples", "set", "rate", "confusion"},
        {"statistics", "confusion"},
        {"classifier", "augment", "epochs", "epoch_images", "samples", "set", "rate", "confusion",
         "real_accuracy", "training_images"}};
    char out[PROGRAM_TEXT];
    const struct result *r =
        succeeds(say("eval %s --metrics fitting-capacity,class-accuracy,gan-test --epochs 1 "
                     "--epoch-images 256 --json --threads 1",
                     trained));
    strcpy(out, r->out);
    char *line = out;
    for (int m = 0; m < 3; m++, line = strchr(line, '\n') + 1) {
        json_t *result = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
        size_t expected = sizeof always / sizeof *always;
        for (size_t i = 0; i < expected; i++)
            assert_non_null(json_object_get(result, always[i]));
        for (size_t i = 0; own[m][i]; i++, expected++)
            assert_non_null(json_object_get(result, own[m][i]));
        assert_int_equal(json_object_size(result), expected);
        assert_int_equal(confused(json_object_get(result, "confusion")), m < 2 ? 2000 : 10000);
        json_decref(result);
    }
    assert_string_equal(line, "");
    free(scratch_read(in_run("confusion-fitting-capacity.png"), NULL));
    free(scratch_read(in_run("confusion-class-accuracy.png"), NULL));
    free(scratch_read(in_run("confusion-gan-test.png"), NULL));
    fails(say("eval %s --classifier resnett", trained), 2, "did you mean 'resnet'?");
    fails("train --data strokes --best gan-test", 2,
          "--best: 'gan-test' needs more than the images held out: expected one of fitting-capacity, "
          "class-accuracy");
    fails("train --data strokes --best fittig", 2, "(known: fitting-capacity, class-accuracy)");
    /* the networks' classes, as score sees them */
    succeeds(say("score %s --split test --out right.csv --threads 1", trained));
    json_t *second = json_loads(strchr(out, '\n'), JSON_DISABLE_EOF_CHECK, NULL);
    assert_string_equal(json_string_value(json_object_get(second, "metric")), "class-accuracy");
    assert_true(fabs(json_number_value(json_object_get(second, "accuracy")) -
                     share_right_in_scores("right.csv")) < 1e-9);
    json_decref(second);
    assert_contains(succeeds(say("compare %s", trained))->out, "class-accuracy, %, by step");
    r = succeeds(say("eval %s --metrics class-accuracy --fixed 9 --epochs 3 --repeats 2 --bootstrap 3 "
                     "--threads 1",
                     trained));
    assert_int_equal(strncmp(r->out, "class accuracy ", 15), 0);
    assert_contains(r->out, "%  (by the statistics of ");
    assert_contains(r->err, "--fixed has no effect without a metric of generated samples\n");
    assert_contains(r->err, "--repeats has no effect without a metric and samples that depend on the seed\n");
    assert_contains(r->err, "--bootstrap has no effect without a metric of features other than pr and dc\n");
    assert_contains(r->err, "--epochs has no effect without a metric that trains a classifier\n");
    r = succeeds(say("eval %s --metrics frechet-lenet --classifier cnn --epochs 1 --threads 1", trained));
    assert_contains(r->err, "--classifier has no effect without fitting-capacity or gan-test\n");
    assert_contains(r->out, "(lenet, 1 epochs of ");
    assert_contains(succeeds("eval --help")->out, "\n  class-accuracy         of the discriminator's own");
}

static void samples(void **state)
{
    (void)state;
    const struct result *r =
        succeeds(say("sample %s --per-class 3 --grid g.png --npz s.npz --scores --seed 4", trained));
    assert_string_equal(r->out, "g.png\ns.npz\n");
    char *png = scratch_read(scratch_path("g.png"), NULL);
    assert_int_equal(memcmp(png, "\x89PNG", 4), 0);
    free(png);
    struct pd_npy *npz;
    assert_int_equal(pd_npy_open(scratch_path("s.npz"), &npz, NULL), PD_OK);
    const struct pd_io_array *images = find_array(npz, "images"), *labels = find_array(npz, "labels");
    const struct pd_io_array *z = find_array(npz, "z"), *scores = find_array(npz, "class_logits");
    assert_true(images->rank == 4 && images->dims[0] == 30 && images->dims[1] == 1 && images->dims[3] == 32);
    assert_true(labels->dtype == PD_IO_I32 && ((const int32_t *)labels->data)[29] == 9);
    assert_true(z->dims[0] == 30 && z->dims[1] == 100 && scores->dims[1] == 10);
    assert_non_null(find_array(npz, "logit"));
    const float *pixels = images->data;
    for (int64_t i = 0; i < pd_io_array_count(images); i++)
        assert_true(pixels[i] >= -1 && pixels[i] <= 1);
    pd_npy_destroy(npz);
    fails(say("sample %s --grid /no/such/g.png", trained), 3, "/no/such/g.png: cannot create: No such file");
}

static void draws_scores(void **state)
{
    (void)state;
    NEEDS(cairo);
    static const char *const pictures[] = {"h.png", "s.png", "c.png"};
    size_t size;
    succeeds(
        say("score %s --out x.csv --histogram h.png --sheet s.png --certainty c.png --columns 4", trained));
    for (int i = 0; i < 3; i++) {
        char *png = scratch_read(scratch_path(pictures[i]), &size);
        assert_memory_equal(png, "\x89PNG", 4);
        assert_true(size > 4000);
        free(png);
    }
    assert_string_equal(succeeds(say("sample %s --per-class 4 --sheet made.png --columns 4", trained))->out,
                        "made.png\n");
    char *png = scratch_read(scratch_path("made.png"), &size);
    assert_memory_equal(png, "\x89PNG", 4);
    assert_true(size > 4000);
    free(png);
    fails(say("sample %s --sheet made.png --grid made.png", trained), 2, "the same file for two outputs");
    fails(say("score %s --out x.csv --plane p.png", trained), 2,
          "--plane shows 2-D points, and data set 'strokes' has images");
    fails(say("score %s --out x.csv --sheet no/s.png", trained), 3, "no/s.png: cannot");
}

static void scores(void **state)
{
    (void)state;
    static const char header[] =
        "index,label,logit,log_p_class,predicted,entropy,gold,gold_balanced,image,class,p\n";
    succeeds(say("score %s --data strokes --split test --out scores.csv", trained));
    char *csv = scratch_read(scratch_path("scores.csv"), NULL);
    assert_int_equal(strncmp(csv, header, strlen(header)), 0);
    int rows = -1, index, label, predicted;
    double logit, log_p, entropy, gold, balanced;
    for (const char *line = csv; (line = strchr(line, '\n')); line++)
        rows++;
    assert_int_equal(rows, 2000);
    assert_int_equal(sscanf(csv + strlen(header), "%d,%d,%lf,%lf,%d,%lf,%lf,%lf", &index, &label, &logit,
                            &log_p, &predicted, &entropy, &gold, &balanced),
                     8);
    assert_true(index == 0 && label >= 0 && predicted >= 0 && log_p <= 0 && entropy >= 0);
    assert_float_equal(gold, logit - log_p, 1e-5); /* labelled real: eq. 8 */
    free(csv);
    succeeds(say("score %s --no-labels --out unknown.csv", trained));
    csv = scratch_read(scratch_path("unknown.csv"), NULL);
    assert_int_equal(strncmp(csv + strlen(header), "0,,", 3), 0);
    free(csv);
}

/* The network just trained labels a folder: surest first, with names. */
static void scores_for_people(void **state)
{
    (void)state;
    double last = 1, sum;
    int rows = 0;
    succeeds(say("score %s --split test --sort p --probabilities --out sure.csv", trained));
    char *csv = scratch_read(scratch_path("sure.csv"), NULL);
    assert_contains(csv, ",image,class,p,p_0,p_1,p_2,p_3,p_4,p_5,p_6,p_7,p_8,p_9\n");
    for (char *line = strchr(csv, '\n') + 1; *line; line = strchr(line, '\n') + 1, rows++) {
        char *field = line;
        int index, image, predicted, class;
        double p;
        for (int i = 0; i < 8; i++)
            field = strchr(field, ',') + 1;
        assert_int_equal(sscanf(line, "%d,%*[^,],%*[^,],%*[^,],%d", &index, &predicted), 2);
        assert_int_equal(sscanf(field, "%d,%d,%lf", &image, &class, &p), 3);
        assert_int_equal(image, index);
        assert_int_equal(class, predicted);
        assert_true(p <= last);
        last = p;
        for (int i = 0; i < 3; i++)
            field = strchr(field, ',') + 1;
        sum = 0;
        for (int k = 0; k < 10; k++, field = strchr(field, ',') ? strchr(field, ',') + 1 : field)
            sum += atof(field);
        assert_true(sum > 0.9999 && sum < 1.0001);
    }
    assert_int_equal(rows, 2000);
    free(csv);
    fails(say("score %s --sort gild --out x.csv", trained), 2, "did you mean 'gold'?");
}

static void goes_on(void **state)
{
    (void)state;
    const struct result *r = succeeds(say("train --resume %s --epochs 2", trained));
    assert_contains(r->err, ": step 18 to 36");
    assert_contains(r->err, "epoch 2/2  step 36");
    assert_int_equal(strncmp(r->out, trained, strlen(trained)), 0);
}

static void points_go_the_same_way(void **state)
{
    (void)state;
    NEEDS(cairo);
    succeeds("train --data synthetic --model mlp --width 0.1 --batch 32 --min-epoch 320 --epochs 1 --threads "
             "1 --out points");
    assert_contains(succeeds("eval points/00000-synthetic-mlp --epochs 1 --epoch-images 256")->out, "(MLP, ");
    succeeds("sample points/00000-synthetic-mlp --per-class 50 --grid points.png --npz points.npz");
    assert_int_equal(access(scratch_path("points.png"), R_OK), 0);
    succeeds("score points/00000-synthetic-mlp --out points.csv --plane plane.png");
    fails("score points/00000-synthetic-mlp --out points.csv --sheet s.png", 2, "--sheet shows images");
    fails("sample points/00000-synthetic-mlp --sheet s.png", 2,
          "--sheet shows images, and the run makes 2-D");
}

static void measures(void **state)
{
    (void)state;
    const struct result *r =
        succeeds("bench --model infogan --width 0.25 --batch 16 --threads 1 --gold --adversarial 2 "
                 "--seconds 0.3 --json");
    static const char *const keys[] = {"images_per_second", "gflop_per_step",     "gflops",  "sgemm_gflops",
                                       "fraction",          "peak_rss_mb",        "kernels", "arena_mb",
                                       "step_cost",         "step_processor_cost"};
    json_t *result = json_loads(r->out, 0, NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_true(json_number_value(json_object_get(result, keys[i])) > 0);
    const double operations = json_number_value(json_object_get(result, "step_operations"));
    assert_true(operations > 1.1 && operations < 1.9); /* twice the fakes, forward alone */
    double share = 0;
    size_t i;
    json_t *op;
    json_array_foreach(json_object_get(result, "ops"), i, op)
    {
        share += json_number_value(json_object_get(op, "share"));
    }
    assert_float_equal(share, 1, 1e-3);
    json_decref(result);
}

/* --- a terminal
 * --------------------------------------------------------------------------------------------- */

static void draws_a_bar_on_a_terminal(void **state)
{
    (void)state;
    const struct result *r = run_on_terminal("train " SMALL "--min-epoch 1600 --epochs 2 --out terminal");
    assert_int_equal(r->code, 0);
    assert_contains(r->err, "\repoch 1/2 [");
    assert_contains(r->err, " images/s  ");
    assert_contains(r->err, " s left");
    assert_contains(r->err, "epoch 2/2  step 200  d_adv ");
    const char *end = r->err + strlen(r->err);
    assert_string_equal(end - 4, "\r\033[K"); /* it is gone at the end */
}

/* --- interruptions
 * ------------------------------------------------------------------------------------------ */

static void stops_and_goes_on(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++) {
        int step = 0;
        char *name = i ? "stop/00001-strokes-infogan" : "stop/00000-strokes-infogan";
        scratch_write(scratch_path("stderr"), "", 0);
        pid_t child = program_start("train " SMALL "--epochs 10000 --grid-every 0 --out stop", RLIM_INFINITY);
        wait_for_text("stderr", "steps an epoch\n");
        kill(child, signals[i]);
        const struct result *r = program_end(child);
        assert_fails("train", r, 130, say("; go on with: paydirt train --resume %s\n", name));
        assert_int_equal(sscanf(strstr(r->err, "stopped at step "), "stopped at step %d;", &step), 1);
        char command[128];
        snprintf(command, sizeof command, "train --resume %s --epochs %d", name, step / 18 + 1);
        char last[64];
        snprintf(last, sizeof last, "step %d to %d,", step, (step / 18 + 1) * 18);
        assert_contains(succeeds(command)->err, last);
    }
}

/* --- folders and disks
 * -------------------------------------------------------------------------------------- */

static void says_which_folder_is_wrong(void **state)
{
    (void)state;
    mkdir(scratch_path("loop"), 0777);
    scratch_write(scratch_path("loop/active.json"), "{}", 2);
    fails("eval loop", 2,
          "loop is a run of active learning: its trainings are in loop/STRATEGY-TRIAL/round-NN");
    fails("train --resume loop", 2, "loop is a run of active learning");
    fails(say("active --resume %s", trained), 2, "is a run of training, not of active learning");
    fails("eval nowhere", 3, "nowhere/options.json: cannot open: No such file or directory");
    fails("sample nowhere --npz x.npz", 3, "nowhere/options.json: cannot open");
    fails("score nowhere --out x.csv", 3, "nowhere/options.json: cannot open");
    fails("train --resume nowhere", 3, "nowhere/options.json: cannot open");
    scratch_write(scratch_path("file"), "x", 1);
    fails("train " SMALL "--out file/runs", 3, "file: cannot make folder: Not a directory");
    fails("train " SMALL "--out /proc/runs", 3, "/proc/runs: cannot make folder");
    fails(say("score %s --out /proc/x.csv", trained), 3, "/proc/x.csv");
}

/* trained's file with its first bytes alone, or with other bytes in front */
static void damage(const char *name, size_t keep, const char *front)
{
    size_t size;
    char *bytes = scratch_read(in_run(name), &size);
    memcpy(bytes, front, strlen(front));
    scratch_write(in_run(name), bytes, keep < size ? keep : size);
    free(bytes);
}

static void refuses_damaged_runs(void **state)
{
    (void)state;
    size_t size, options_size;
    char *good = scratch_read(in_run("checkpoint.safetensors"), &size);
    char *options = scratch_read(in_run("options.json"), &options_size);
    damage("checkpoint.safetensors", size / 2, "");
    fails(say("train --resume %s", trained), 4, "checkpoint.safetensors: ");
    fails(say("sample %s --npz x.npz", trained), 4, "checkpoint.safetensors: ");
    damage("checkpoint.safetensors", SIZE_MAX, "\xff\xff\xff\xff\xff\xff");
    fails(say("eval %s", trained), 4, "checkpoint.safetensors: ");
    assert_int_equal(remove(in_run("checkpoint.safetensors")), 0);
    fails(say("train --resume %s", trained), 3, "checkpoint.safetensors: cannot open");
    scratch_write(in_run("checkpoint.safetensors"), good, size);
    damage("options.json", 20, "");
    fails(say("train --resume %s", trained), 4, "options.json: ");
    scratch_write(in_run("options.json"), options, options_size);
    free(good);
    free(options);
}

static void a_full_disk_spares_the_checkpoint(void **state)
{
    (void)state;
    size_t size, after;
    const char *command = "train " SMALL "--epochs 2 --out full";
    assert_fails(command, run_limited(command, 100000), 3,
                 "checkpoint.safetensors: cannot write: File too large");
    char *before = scratch_read(in_run("checkpoint.safetensors"), &size);
    command = say("train --resume %s --epochs 3", trained);
    assert_fails(command, run_limited(command, 100000), 3, "cannot write: File too large");
    char *now = scratch_read(in_run("checkpoint.safetensors"), &after);
    assert_int_equal(size, after);
    assert_memory_equal(before, now, size);
    free(before);
    free(now);
    command = say("sample %s --per-class 100 --npz big.npz", trained);
    assert_fails(command, run_limited(command, 10000), 3, "cannot write: File too large");
    assert_int_equal(access(scratch_path("big.npz"), F_OK), -1);
}

static void refuses_bad_data(void **state)
{
    (void)state;
    struct blob images = make_images(40, 28), labels = make_labels(40), packed = gzip(&images);
    const char *command =
        "train --data mnist --data-dir idx --model infogan --width 0.1 --batch 16 --min-epoch 32 --epochs 1";
    assert_int_equal(mkdir(scratch_path("idx"), 0777), 0);
    fails("train --data mnist --model infogan", 2, "--data-dir");
    fails(command, 3, "no file train-images-idx3-ubyte");
    write_blob(scratch_path("idx"), "train-labels-idx1-ubyte", &labels);
    write_blob(scratch_path("idx"), "train-images-idx3-ubyte.gz", &packed);
    succeeds(command);
    struct blob bad = packed;
    bad.size /= 2;
    write_blob(scratch_path("idx"), "train-images-idx3-ubyte.gz", &bad);
    fails(command, 4, "/idx/train-images-idx3-ubyte.gz'");
    bad = packed;
    bad.bytes[bad.size / 2] ^= 0x55;
    write_blob(scratch_path("idx"), "train-images-idx3-ubyte.gz", &bad);
    fails(command, 4, "/idx/train-images-idx3-ubyte.gz'");
    images.bytes[3] = 7;
    remove(scratch_path("idx/train-images-idx3-ubyte.gz"));
    write_blob(scratch_path("idx"), "train-images-idx3-ubyte", &images);
    fails(command, 4, "at offset ");
}

static void says_what_does_nothing(void **state)
{
    (void)state;
    const struct result *r = succeeds("train " SMALL "--epochs 1 --beta-d 3 --out idle");
    assert_contains(r->err, "--beta-d has no effect without --gold\n");
    r = succeeds("train " SMALL "--epochs 1 --gold --beta-d 3 --out idle");
    assert_null(strstr(r->err, "has no effect"));
    r = succeeds("train " SMALL "--epochs 1 --best class-accuracy --out idle");
    assert_contains(r->err, "--best has no effect without --validation\n");
    r = succeeds("train " SMALL
                 "--epochs 1 --best class-accuracy --validation 20 --validation-epochs 3 --out idle");
    assert_contains(r->err, "--validation-epochs has no effect without a metric that trains a classifier\n");
    assert_contains(r->err, "  validation ");
    r = succeeds("train " SMALL
                 "--epochs 1 --metrics gan-test --eval-images 10 --threshold 0.9 --natural-share "
                 "--rotation-g 1 --gold-epsilon 0.1 --no-cache --cache-dir c --consistency 1 --match-labels "
                 "--out idle");
    assert_null(strstr(r->err, "--threshold has"));
    assert_contains(r->err, "--metrics has no effect without --eval-every\n");
    assert_contains(r->err, "--eval-images has no effect without --eval-every\n");
    assert_contains(r->err, "--natural-share has no effect without --labels-per-batch\n");
    assert_contains(r->err, "--rotation-g has no effect without --rotation\n");
    assert_contains(r->err, "--gold-epsilon has no effect without --gold\n");
    assert_contains(r->err, "--cache-dir has no effect without a cache (--no-cache)\n");
    assert_contains(r->err, "--consistency has no effect without unlabelled images\n");
    assert_contains(r->err, "--match-labels has no effect without unlabelled images\n");
    r = succeeds("train " SMALL "--epochs 1 --threshold 0.9 --labels 20 --match-labels --out idle");
    assert_contains(r->err, "--threshold has no effect without --consistency\n");
    assert_null(strstr(r->err, "--match-labels has"));
    r = succeeds("train " SMALL
                 "--epochs 1 --no-keep-last --no-align --gold --beta-d 0 --gold-clip 3 --lambda-c 0 "
                 "--fake-confidence --sync-statistics --data-dir /none --out idle");
    assert_null(strstr(r->err, "--keep-last has"));
    assert_null(strstr(r->err, "--align has"));
    assert_null(strstr(r->err, "--data-seed has"));
    assert_contains(r->err, "--gold has no effect without --beta-d or --beta-g above 0\n");
    assert_contains(r->err, "--gold-clip has no effect without --beta-d or --beta-g above 0\n");
    assert_contains(r->err, "--fake-confidence has no effect without --lambda-c above 0\n");
    assert_contains(r->err, "--sync-statistics has no effect without several processes (mpirun, srun)\n");
    assert_contains(r->err, "--data-dir has no effect without the name of a published set in --data\n");
    r = succeeds(
        "train --data synthetic --width 0.05 --batch 16 --min-epoch 16 --epochs 1 --threads 1 --size 9 "
        "--flip --out idle");
    assert_contains(r->err, "--size has no effect without images: the data are 2-D points\n");
    assert_contains(r->err, "--flip has no effect without images: the data are 2-D points\n");
    r = succeeds("train " SMALL "--epochs 1 --no-class-losses --lambda-c 1 --eval-every 1 --metrics gan-test "
                 "--weights none --eval-epochs 1 --data-seed 3 --out idle");
    assert_contains(r->err, "--lambda-c has no effect without class losses (--no-class-losses)\n");
    assert_contains(r->err,
                    "--weights has no effect without a metric of Inception's features in --metrics\n");
    assert_null(strstr(r->err, "--eval-epochs has"));
    assert_null(strstr(r->err, "--data-seed has"));
    r = succeeds("train " SMALL "--epochs 1 --labels 20 --labels-per-batch 16 --natural-share --eval-every 1 "
                 "--eval-epochs 3 --consistency 1 --threshold 1 --out idle");
    assert_contains(r->err, "--natural-share has no effect without unlabelled images in a batch");
    assert_contains(r->err, "--consistency has no effect without --threshold below 1\n");
    assert_contains(r->err, "--eval-epochs has no effect without a metric that trains a classifier");
    r = succeeds("train " SMALL "--epochs 1 --consistency 1 --out idle");
    assert_null(strstr(r->err, "  sure "));
    fails("train " SMALL "--epochs 1 --labels 20 --labels-per-batch 5 --partial-batch", 2,
          "(--labels-per-batch 0, or --no-partial-batch)");
    fails("train " SMALL "--se 3", 2, "option --se may be one of several: --seed, --separate-forwards");
    r = succeeds("train " SMALL "--epochs 1 --labelled-only --out idle");
    assert_contains(r->err, "--labelled-only has no effect without unlabelled images\n");
    r = succeeds("train " SMALL "--epochs 1 --labels 20 --labelled-only --match-labels --out idle");
    assert_contains(r->err, "--match-labels has no effect");
    assert_null(strstr(r->err, "--labelled-only has"));
}

static void says_what_stays_out(void **state)
{
    (void)state;
    const struct result *r = succeeds("train " SMALL "--epochs 2 --top-k 0.99 --out out");
    assert_null(strstr(r->err, "top-k"));
    r = succeeds("train " SMALL "--epochs 2 --top-k 0.5 --labels 20 --labels-per-batch 16 --out out");
    assert_contains(r->err,
                    "top-k 0.5: it falls by a hundredth an epoch, to 0.99 in the last of 2; 70 epochs");
    assert_contains(r->err, "a batch is of labelled images alone: the 280 without a label are not trained on "
                            "(--labels-per-batch)\n");
    fails("train " SMALL "--adam-beta1 -0.5", 2, "--adam-beta1 -0.5: expected 0 or more and below 1, or -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_help),
        cmocka_unit_test(takes_kernels_of_this_processor),
        cmocka_unit_test(says_what_is_given_twice),
        cmocka_unit_test(its_examples_are_right),
        cmocka_unit_test(knows_what_was_meant),
        cmocka_unit_test(words_hints),
        cmocka_unit_test(refuses_bad_values),
        cmocka_unit_test(trains),
        cmocka_unit_test(trains_on_a_folder),
        cmocka_unit_test(evaluates),
        cmocka_unit_test(evaluates_several_metrics),
        cmocka_unit_test(samples),
        cmocka_unit_test(scores),
        cmocka_unit_test(draws_scores),
        cmocka_unit_test(scores_for_people),
        cmocka_unit_test(goes_on),
        cmocka_unit_test(points_go_the_same_way),
        cmocka_unit_test(measures),
        cmocka_unit_test(draws_a_bar_on_a_terminal),
        cmocka_unit_test(stops_and_goes_on),
        cmocka_unit_test(says_which_folder_is_wrong),
        cmocka_unit_test(refuses_damaged_runs),
        cmocka_unit_test(a_full_disk_spares_the_checkpoint),
        cmocka_unit_test(refuses_bad_data),
        cmocka_unit_test(says_what_does_nothing),
        cmocka_unit_test(says_what_stays_out),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
