#include "cli/eval_features.h"

#include "cli/idle.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/inception.h>
#include <paydirt/libraries.h>
#include <paydirt/words.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { K_PRECISION_RECALL = 3, K_DENSITY_COVERAGE = 5 }; /* their papers' */

#define FIELD(name) offsetof(struct feature_options, name), sizeof(((struct feature_options *)0)->name)
static const struct pd_option table[] = {
    {"features", PD_OPTION_BOOL, FIELD(features), 0, 1, NULL, "files of features instead of a run"},
    {"fake", PD_OPTION_TEXT, FIELD(fake), 0, 0, "FILE", "features: of generated samples"},
    {"stats_out", PD_OPTION_TEXT, FIELD(stats_out), 0, 0, "FILE",
     "features: write mu and sigma of --real (without it, of --fake) to this npz"},
    {"plot", PD_OPTION_TEXT, FIELD(plot), 0, 0, "FILE", "features: draw prd's curve into this PNG"},
    {"k", PD_OPTION_INT, FIELD(k), 0, 1000, "N", "features: neighbours; 0: 3 for pr, 5 for dc"},
    {"subsets", PD_OPTION_INT, FIELD(subsets), 1, 1000000, "N", "features: kid's random subsets"},
    {"subset_size", PD_OPTION_INT, FIELD(subset_size), 0, 46340, "N",
     "features: samples in each; 0: 1000, or the smaller set"},
    {"weights", PD_OPTION_TEXT, FIELD(weights), 0, 0, "FILE",
     "images: Inception-2015's weights, as 'weights import' writes them"},
    {"split", PD_OPTION_TEXT, FIELD(split), 0, 0, "train|test", "images: the split of --real"},
    {"image_size", PD_OPTION_INT, FIELD(image_size), 0, 1024, "N",
     "images: of folders, archives and sets of larger images: the side they are brought to first"},
};
#undef FIELD

struct pd_option_table feature_group(struct feature_options *o)
{
    *o = (struct feature_options){.subsets = 100, .split = "train"};
    return (struct pd_option_table){table, sizeof table / sizeof table[0], o};
}

bool feature_asked(const struct feature_options *o)
{
    return o->features || o->fake[0] || o->stats_out[0] || o->weights[0];
}

struct work {
    const struct feature_options *o;
    const struct feature_request *request;
    struct pd_feature_file fake, real;
    float *logits; /* of the generated images, or NULL */
    struct pd_inception *net;
    struct progress progress;
    const char *label;
};

/* What a metric has found. */
struct finding {
    struct {
        const char *key;
        double value; /* one that is not finite is left out */
        bool whole;
    } numbers[8];
    int count;
};

static void note(struct finding *f, const char *key, double value)
{
    f->numbers[f->count].key = key;
    f->numbers[f->count++].value = value;
}

static void note_count(struct finding *f, const char *key, int64_t count)
{
    f->numbers[f->count].whole = true;
    note(f, key, (double)count);
}

static bool on_step(void *context, uint64_t done, uint64_t count)
{
    struct work *w = context;
    if (count != w->progress.last) {
        progress_end(&w->progress);
        progress_begin(&w->progress, 0, count, 1, "steps");
    }
    progress_update(&w->progress, done, w->label);
    return stop_asked();
}

/* The next begins a bar of its own. */
static void end_work(struct work *w)
{
    progress_end(&w->progress);
    w->progress = (struct progress){.last = 0};
}

static struct pd_feature_work how(struct work *w)
{
    return (struct pd_feature_work){.threads = (int)w->request->threads, .watch = on_step, .context = w};
}

/* --- the metrics --- */

static void say_few(struct work *w, const struct pd_feature_file *file, const char *what)
{
    if (file->count && file->count <= file->width)
        progress_line(&w->progress,
                      "%s: %lld %s samples for %lld features: their covariance is singular and the "
                      "distance comes out too large; compare it with distances of equal counts alone",
                      w->label, (long long)file->count, what, (long long)file->width);
}

static enum pd_status frechet(struct work *w, struct finding *f, struct pd_error *err)
{
    const struct pd_feature_work work = how(w);
    double value;
    enum pd_status status = pd_feature_file_moments(&w->real, &work, err);
    if (!status)
        status = pd_feature_file_moments(&w->fake, &work, err);
    if (!status)
        status = pd_frechet(w->real.width, w->real.mean, w->real.covariance, w->fake.mean, w->fake.covariance,
                            &work, &value, err);
    if (status)
        return status;
    say_few(w, &w->real, "real");
    say_few(w, &w->fake, "generated");
    note(f, "value", value);
    return PD_OK;
}

static enum pd_status kid(struct work *w, struct finding *f, struct pd_error *err)
{
    const struct pd_feature_work work = how(w);
    const struct pd_kid_options options = {w->o->subsets, w->o->subset_size, (uint64_t)w->request->seed};
    struct pd_kid_result result;
    enum pd_status status = pd_kid(&w->real.set, &w->fake.set, &options, &work, &result, err);
    if (status)
        return status;
    if (!w->o->subset_size && result.size < 1000)
        progress_line(&w->progress, "kid: subsets of %lld samples, the smaller set, not of 1000",
                      (long long)result.size);
    note(f, "value", result.value);
    note(f, "deviation", result.deviation);
    note(f, "error", result.error);
    note_count(f, "subsets", result.subsets);
    note_count(f, "subset_size", result.size);
    return PD_OK;
}

static enum pd_status prd(struct work *w, struct finding *f, struct pd_error *err)
{
    static struct pd_prd_result result; /* too large for a stack */
    const struct pd_feature_work work = how(w);
    const struct pd_prd_options options = {.seed = (uint64_t)w->request->seed};
    enum pd_status status = pd_prd(&w->real.set, &w->fake.set, &options, &work, &result, err);
    if (!status && w->o->plot[0])
        status = pd_prd_picture(&result, w->o->plot, err);
    if (status)
        return status;
    if (w->real.count != w->fake.count)
        progress_line(&w->progress, "prd: %lld real and %lld generated samples; both sets weigh the same",
                      (long long)w->real.count, (long long)w->fake.count);
    note(f, "f8", result.f8);
    note(f, "f8_deviation", result.f8_deviation);
    note(f, "f1_8", result.f1_8);
    note(f, "f1_8_deviation", result.f1_8_deviation);
    note_count(f, "repeats", 10);
    note_count(f, "clusters", 20);
    return PD_OK;
}

static int neighbours(const struct work *w, int k)
{
    return w->o->k ? (int)w->o->k : k;
}

static enum pd_status precision_recall(struct work *w, struct finding *f, struct pd_error *err)
{
    const struct pd_feature_work work = how(w);
    const int k = neighbours(w, K_PRECISION_RECALL);
    struct pd_precision_recall result;
    enum pd_status status = pd_precision_recall(&w->real.set, &w->fake.set, k, &work, &result, err);
    if (status)
        return status;
    note(f, "precision", result.precision);
    note(f, "recall", result.recall);
    note_count(f, "k", k);
    return PD_OK;
}

static enum pd_status density_coverage(struct work *w, struct finding *f, struct pd_error *err)
{
    const struct pd_feature_work work = how(w);
    const int k = neighbours(w, K_DENSITY_COVERAGE);
    struct pd_density_coverage result;
    enum pd_status status = pd_density_coverage(&w->real.set, &w->fake.set, k, &work, &result, err);
    if (status)
        return status;
    note(f, "density", result.density);
    note(f, "coverage", result.coverage);
    note_count(f, "k", k);
    return PD_OK;
}

enum { SPLITS = 10 };

static enum pd_status inception_score(struct work *w, struct finding *f, struct pd_error *err)
{
    struct pd_inception_score result;
    enum pd_status status = pd_inception_score(w->fake.count, PD_INCEPTION_CLASSES, w->logits, SPLITS,
                                               (uint64_t)w->request->seed, &result, err);
    if (status)
        return status;
    note(f, "value", result.value);
    note(f, "deviation", result.deviation);
    note_count(f, "splits", result.splits);
    return PD_OK;
}

enum { OF_FEATURES = 1, OF_IMAGES = 2 };
enum { FRECHET, KID, PRD, PR, DC, IS, FID, METRICS };

static const struct metric {
    const char *name;
    unsigned of;       /* what; of images, those alone that the field has by this name */
    bool by_default;   /* of images */
    bool statistics;   /* serve it */
    bool without_real; /* it measures the generated ones alone */
    enum pd_status (*measure)(struct work *w, struct finding *f, struct pd_error *err);
} metrics[METRICS] = {[FRECHET] = {"frechet", OF_FEATURES, false, true, false, frechet},
                      [KID] = {"kid", OF_FEATURES | OF_IMAGES, true, false, false, kid},
                      [PRD] = {"prd", OF_FEATURES | OF_IMAGES, false, false, false, prd},
                      [PR] = {"pr", OF_FEATURES | OF_IMAGES, false, false, false, precision_recall},
                      [DC] = {"dc", OF_FEATURES | OF_IMAGES, false, false, false, density_coverage},
                      [IS] = {"is", OF_IMAGES, true, false, true, inception_score},
                      [FID] = {"fid", OF_IMAGES, true, true, false, frechet}};

/* --- what they have found, as words and as JSON --- */

static const char *count_text(const struct pd_feature_file *file, char text[32])
{
    snprintf(text, 32, "%lld", (long long)file->count);
    return file->count ? text : "an unknown number of";
}

static void print_words(const struct work *w, const struct metric *metric, const struct finding *f,
                        double seconds)
{
    char fake[32], real[32];
    printf("%s ", metric->name);
    for (int i = 0; i < f->count; i++)
        if (isfinite(f->numbers[i].value))
            printf(" %s %.6g", f->numbers[i].key, f->numbers[i].value);
    printf("  (%s generated", count_text(&w->fake, fake));
    if (w->real.name[0])
        printf(", %s real", count_text(&w->real, real));
    printf(" samples, %lld features; %.1f s)\n", (long long)w->fake.width, seconds);
}

static json_t *file_json(const struct pd_feature_file *file)
{
    if (!file->name[0])
        return json_null();
    char name[sizeof file->name];
    snprintf(name, sizeof name, "%s", file->name);
    return json_pack("{s:s, s:o}", "file", pd_make_printable(name), "samples",
                     file->count ? json_integer(file->count) : json_null());
}

static enum pd_status print_json(const struct work *w, const struct metric *metric, const struct finding *f,
                                 double seconds, struct pd_error *err)
{
    json_t *line = json_pack("{s:s}", "metric", metric->name);
    for (int i = 0; i < f->count; i++) {
        const double value = f->numbers[i].value;
        if (isfinite(value))
            json_object_set_new(line, f->numbers[i].key,
                                f->numbers[i].whole ? json_integer((json_int_t)value) : json_real(value));
    }
    json_t *rest = json_pack("{s:o, s:o, s:I, s:I, s:f}", "fake", file_json(&w->fake), "real",
                             file_json(&w->real), "features", (json_int_t)w->fake.width, "seed",
                             (json_int_t)w->request->seed, "seconds", seconds);
    if (w->net)
        json_object_update_new(rest, json_pack("{s:s, s:s, s:s}", "split", w->o->split, "resize",
                                               "tensorflow1 bilinear 299", "weights",
                                               pd_inception_checksum(w->net)));
    char *text = line && rest && !json_object_update(line, rest)
                     ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(10))
                     : NULL;
    if (text)
        printf("%s\n", text);
    json_decref(line);
    json_decref(rest);
    free(text);
    return text ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "no result: out of memory");
}

static enum pd_status measure(struct work *w, const struct metric *metric, struct pd_error *err)
{
    const double start = progress_now();
    struct finding f = {.count = 0};
    w->label = metric->name;
    enum pd_status status = metric->measure(w, &f, err);
    end_work(w);
    if (status)
        return status;
    if (w->request->json)
        status = print_json(w, metric, &f, progress_now() - start, err);
    else
        print_words(w, metric, &f, progress_now() - start);
    fflush(stdout);
    return status;
}

/* --- all of them --- */

static enum pd_status read_file(struct work *w, const char *path, struct pd_feature_file *file,
                                struct pd_error *err)
{
    enum pd_status status = path[0] ? pd_feature_file_read(path, file, err) : PD_OK;
    if (status || !path[0])
        return status;
    if (file->set.values)
        progress_line(&w->progress, "%s: %lld samples of %lld features", file->name, (long long)file->count,
                      (long long)file->width);
    else
        progress_line(&w->progress, "%s: mean and covariance of %lld features", file->name,
                      (long long)file->width);
    return PD_OK;
}

static enum pd_status write_statistics(struct work *w, struct pd_error *err)
{
    struct pd_feature_file *file = w->request->real[0] ? &w->real : &w->fake;
    const struct pd_feature_work work = how(w);
    w->label = "statistics";
    enum pd_status status = pd_feature_file_moments(file, &work, err);
    progress_end(&w->progress);
    if (!status)
        status = pd_feature_statistics_write(w->o->stats_out, file, err);
    if (!status)
        progress_line(&w->progress, "%s: mu and sigma of %s", w->o->stats_out, file->name);
    return status;
}

/* Which of the table a list asks for; NULL: all. */
static enum pd_status choose(const char *list, bool images, bool asked[METRICS], struct pd_error *err)
{
    char name[64];
    for (int i = 0; i < METRICS; i++)
        asked[i] = !list && (images ? metrics[i].by_default : metrics[i].of & OF_FEATURES);
    while (list) {
        const int at = pd_find_word("metric of features", args_next_name(&list, name, sizeof name),
                                    &metrics[0].name, METRICS, sizeof metrics[0], err);
        if (at < 0)
            return PD_ERR_USAGE;
        if (images && !(metrics[at].of & OF_IMAGES))
            return pd_fail(err, PD_ERR_USAGE, -1, "--metrics %s is of features: of images it is fid",
                           metrics[at].name);
        asked[at] = true;
    }
    return PD_OK;
}

/* Can the files serve what is asked? Before the long work. */
static enum pd_status check_files(const struct work *w, const bool asked[METRICS], struct pd_error *err)
{
    const struct pd_feature_file *const files[] = {&w->real, &w->fake};
    if (w->real.width != w->fake.width)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%.150s has %lld features a sample, %.150s has %lld",
                       w->real.name, (long long)w->real.width, w->fake.name, (long long)w->fake.width);
    for (int i = 0; i < METRICS; i++)
        for (int k = 0; k < 2; k++)
            if (asked[i] && !metrics[i].statistics && !files[k]->set.values)
                return pd_fail(err, PD_ERR_USAGE, -1,
                               "%.200s holds mean and covariance: they serve --metrics frechet, not %s",
                               files[k]->name, metrics[i].name);
    return PD_OK;
}

/* --- images --- */

static bool on_image(void *context, uint64_t done, uint64_t count)
{
    struct work *w = context;
    if (!w->progress.unit)
        progress_begin(&w->progress, 0, count, 1, "images");
    progress_update(&w->progress, done, w->label);
    return stop_asked();
}

static enum pd_status open_images(struct work *w, const char *name, enum pd_split split,
                                  struct pd_dataset **out, struct pd_error *err)
{
    const struct pd_data_source *source;
    const struct pd_data_watch watch = {.context = &w->progress, .decoding = progress_decoding};
    const struct pd_data_request request = {.name = name,
                                            .dir = w->request->data_dir,
                                            .split = split,
                                            .size = (int)w->o->image_size,
                                            .threads = (int)w->request->threads,
                                            .watch = &watch};
    enum pd_status status = pd_data_source_find(name, &source, err);
    if (status)
        return status;
    if (!w->o->image_size && (!strcmp(source->name, "folder") || !strcmp(source->name, "archive")))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--image-size is missing: the side of the images in %.200s (others are brought to it)",
                       name);
    status = pd_dataset_open_any(&request, out, err);
    end_work(w);
    if (!status)
        pd_note_lines(pd_data_note(*out), say_line, stderr);
    return status;
}

/* Their features, as if a file held them. */
static enum pd_status read_images(struct work *w, const char *name, enum pd_split split,
                                  struct pd_feature_file *file, float **logits, struct pd_error *err)
{
    struct pd_dataset *data = NULL;
    const struct pd_feature_work work = {
        .threads = (int)w->request->threads, .watch = on_image, .context = w};
    enum pd_status status = name[0] ? open_images(w, name, split, &data, err) : PD_OK;
    if (status || !name[0])
        return status;
    int channels, height, width;
    const size_t n = (size_t)pd_data_count(data);
    pd_data_shape(data, &channels, &height, &width);
    float *features = calloc(n, PD_INCEPTION_FEATURES * sizeof *features);
    if (logits)
        *logits = calloc(n, PD_INCEPTION_CLASSES * sizeof **logits);
    if (!features || (logits && !*logits))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for features", name);
    w->label = "inception";
    if (!status)
        status = pd_inception_run_data(w->net, data, &work, features, logits ? *logits : NULL, err);
    end_work(w);
    if (!status)
        progress_line(&w->progress, "%s: %zu images of the %s split, %d x %d x %d", name, n,
                      pd_split_name(split), channels, height, width);
    snprintf(file->name, sizeof file->name, "%s", name);
    file->count = (int64_t)n;
    file->width = PD_INCEPTION_FEATURES;
    file->set = (struct pd_feature_set){(int64_t)n, PD_INCEPTION_FEATURES, features};
    pd_dataset_destroy(data);
    return status;
}

static enum pd_status open_weights(struct work *w, struct pd_error *err)
{
    const char *path = w->o->weights, *end = strrchr(path, '.');
    if (end && (!strcmp(end, ".pth") || !strcmp(end, ".pt")))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--weights %.200s: 'paydirt weights import' makes of it what is taken here", path);
    return pd_inception_open(path, (int)w->request->threads, &w->net, err);
}

static enum pd_status read_both(struct work *w, bool score, struct pd_error *err)
{
    const struct feature_options *o = w->o;
    const bool images = o->weights[0];
    const enum pd_split split = strcmp(o->split, "test") ? PD_SPLIT_TRAIN : PD_SPLIT_TEST;
    enum pd_status status = images ? open_weights(w, err) : PD_OK;
    if (!status)
        status = images ? read_images(w, w->request->real, split, &w->real, NULL, err)
                        : read_file(w, w->request->real, &w->real, err);
    if (!status)
        status = images ? read_images(w, o->fake, PD_SPLIT_TRAIN, &w->fake, score ? &w->logits : NULL, err)
                        : read_file(w, o->fake, &w->fake, err);
    return status;
}

static enum pd_status run(struct work *w, bool asked[METRICS], struct pd_error *err)
{
    const struct feature_options *o = w->o;
    const bool both = o->fake[0] && w->request->real[0];
    enum pd_status status = read_both(w, asked[IS], err);
    if (!status && both)
        status = check_files(w, asked, err);
    if (!status && o->stats_out[0])
        status = write_statistics(w, err);
    for (int i = 0; i < METRICS && !status; i++)
        status = asked[i] && (both || (o->fake[0] && metrics[i].without_real)) ? measure(w, &metrics[i], err)
                                                                               : PD_OK;
    return status;
}

static enum pd_status check(const struct feature_options *o, const struct feature_request *request,
                            const struct args *args, const bool asked[METRICS], struct pd_error *err)
{
    const bool both = o->fake[0] && request->real[0], images = o->weights[0];
    bool of_images = false, needs_real = false;
    for (int i = 0; i < METRICS; i++) {
        of_images = of_images || (asked[i] && !(metrics[i].of & OF_FEATURES));
        needs_real = needs_real || (asked[i] && !metrics[i].without_real);
    }
    if (images && o->features)
        return pd_fail(err, PD_ERR_USAGE, -1, "--weights beside --features: images, or files of features");
    if (!images && (of_images || (!o->features && request->metrics)))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "--weights is missing: Inception's, which 'paydirt weights import' makes of %s (other features: "
            "--features)",
            PD_INCEPTION_URL);
    if (!images && !o->features)
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "--features is missing: --fake, --real and --stats-out are about files of features (images: "
            "--weights)");
    if (strcmp(o->split, "train") != 0 && strcmp(o->split, "test") != 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "--split %s, expected train or test", o->split);
    if (images && !args->operand && o->fake[0] && !needs_real)
        return PD_OK;
    if (args->operand)
        return pd_fail(err, PD_ERR_USAGE, -1, "'%.100s' beside --features: a run, or files of features",
                       args->operand);
    if (!both && (request->metrics || !o->stats_out[0] || (!o->fake[0] && !request->real[0])))
        return pd_fail(err, PD_ERR_USAGE, -1, "--%s is missing: %s", o->fake[0] ? "real" : "fake",
                       images ? "a folder of images, an .npz or a data set's name"
                              : "a file of features (n, d), .npy, .npz or .csv");
    if (o->plot[0] && (!both || !asked[PRD]))
        return pd_fail(err, PD_ERR_USAGE, -1, "--plot draws prd's curve: --metrics prd is missing");
    return o->plot[0] ? pd_library_need("cairo", err) : PD_OK;
}

void feature_note_idle(const struct args_command *command, const struct args *args)
{
    static const char *const names[] = {"plot", "k", "subsets", "subset_size", "split", "image_size", NULL};
    struct progress progress = {.terminal = false};
    idle_note(command, args, names, "--features", &progress);
}

static void note_idle(const struct args_command *command, const struct args *args, const bool asked[METRICS])
{
    static const char *const runs[] = {"classifier", "epochs",    "epoch_images", "fixed",  "samples",
                                       "data",       "by_number", "recalibrate",  "reject", NULL};
    static const char *const images[] = {"data_dir", "split", "image_size", NULL};
    static const char *const subsets[] = {"subsets", "subset_size", NULL};
    static const char *const k[] = {"k", NULL};
    struct progress progress = {.terminal = false};
    idle_note(command, args, runs, "a run", &progress);
    if (!args_is_given(command, args, "weights"))
        idle_note(command, args, images, "--weights", &progress);
    if (!asked[KID])
        idle_note(command, args, subsets, "--metrics kid", &progress);
    if (!asked[PR] && !asked[DC])
        idle_note(command, args, k, "--metrics pr or dc", &progress);
}

enum pd_status eval_features(const struct feature_options *o, const struct feature_request *request,
                             const struct args_command *command, const struct args *args,
                             struct pd_error *err)
{
    struct work w = {.o = o, .request = request};
    bool asked[METRICS];
    enum pd_status status = choose(request->metrics, o->weights[0], asked, err);
    if (!status)
        status = check(o, request, args, asked, err);
    if (status)
        return status;
    note_idle(command, args, asked);
    stop_catch();
    status = run(&w, asked, err);
    progress_end(&w.progress);
    pd_feature_file_release(&w.fake);
    pd_feature_file_release(&w.real);
    pd_inception_destroy(w.net);
    free(w.logits);
    return status;
}
