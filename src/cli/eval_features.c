#include "cli/eval_features.h"

#include "cli/eval_images.h"
#include "cli/finding.h"
#include "cli/idle.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/inception.h>
#include <paydirt/libraries.h>
#include <paydirt/words.h>

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIELD(name) offsetof(struct feature_options, name), sizeof(((struct feature_options *)0)->name)
static const struct pd_option table[] = {
    {"features", PD_OPTION_BOOL, FIELD(features), 0, 1, NULL, "files of features instead of a run"},
    {"fake", PD_OPTION_TEXT, FIELD(fake), 0, 0, "FILE",
     "features, images: of generated samples; --real: of real ones"},
    {"stats_out", PD_OPTION_TEXT, FIELD(stats_out), 0, 0, "FILE.npz",
     "features: write mu and sigma of --real (without it, of --fake) to this npz"},
    {"plot", PD_OPTION_TEXT, FIELD(plot), 0, 0, "FILE.png", "features: draw prd's curve into this PNG"},
    {"k", PD_OPTION_INT, FIELD(k), 0, 1000, "N", "features: neighbours; 0: 3 for pr, 5 for dc"},
    {"subsets", PD_OPTION_INT, FIELD(subsets), 1, 1000000, "N", "features: kid's random subsets"},
    {"subset_size", PD_OPTION_INT, FIELD(subset_size), 0, 46340, "N",
     "features: samples in each; 0: 1000, or the smaller set"},
    {"bootstrap", PD_OPTION_INT, FIELD(bootstrap), 0, 1000000, "N",
     "features: standard error over so many redrawn sets; 0: none"},
    {"weights", PD_OPTION_TEXT, FIELD(weights), 0, 0, "FILE",
     "images: Inception-2015's weights, as 'weights import' writes them"},
    {"split", PD_OPTION_TEXT, FIELD(split), 0, 0, "train|test",
     "images: the split of --real; of a run: of --data, there test where not given"},
    {"image_size", PD_OPTION_INT, FIELD(image_size), 0, 1024, "N",
     "images: the side they are brought to first; 0: folders and archives are not, sets of larger ones to "
     "32"},
    {"cache", PD_OPTION_BOOL, FIELD(cache), 0, 1, NULL,
     "images: neither keep their features beside X, as X.inception.safetensors, nor take them from there"},
};
#undef FIELD

struct pd_option_table feature_group(struct feature_options *o)
{
    *o = (struct feature_options){.subsets = 100, .split = "train", .cache = true};
    return (struct pd_option_table){table, sizeof table / sizeof table[0], o};
}

bool feature_asked(const struct feature_options *o, const char *run)
{
    return o->features || o->fake[0] || o->stats_out[0] || (o->weights[0] && !run);
}

struct work {
    const struct feature_options *o;
    const struct feature_request *request;
    struct pd_metric_list metrics;
    struct pd_metric_features features;
    struct pd_prd_result prd;
    struct pd_inception *net;
    struct progress progress;
    struct progress_work steps;
};

/* --- what they have found, as words and as JSON --- */

static const char *count_text(const struct pd_feature_file *file, char text[32])
{
    snprintf(text, 32, "%lld", (long long)file->count);
    return file->count ? text : "an unknown number of";
}

static void print_words(const struct work *w, const struct pd_metric *metric,
                        const struct pd_metric_result *result, double seconds)
{
    char fake[32], real[32], text[512];
    printf("%s", finding_text(metric, result, text, sizeof text));
    printf("  (%s generated", count_text(&w->features.fake, fake));
    if (w->features.real.name[0])
        printf(", %s real", count_text(&w->features.real, real));
    printf(" samples, %lld features; %.1f s)\n", (long long)w->features.fake.width, seconds);
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

static enum pd_status print_json(const struct work *w, const struct pd_metric *metric,
                                 const struct pd_metric_result *result, double seconds, struct pd_error *err)
{
    errno = 0;
    json_t *line = pd_metric_pack(metric, result);
    finding_add(&line, json_pack("{s:o, s:o, s:I, s:I, s:f}", "fake", file_json(&w->features.fake), "real",
                                 file_json(&w->features.real), "features", (json_int_t)w->features.fake.width,
                                 "seed", (json_int_t)w->request->seed, "seconds", seconds));
    if (w->net)
        finding_add(&line,
                    json_pack("{s:s, s:o, s:s, s:s}", "split", w->o->split, "image_size",
                              w->o->image_size ? json_integer(w->o->image_size) : json_null(), "resize",
                              "tensorflow1 bilinear 299", "weights", pd_inception_checksum(w->net)));
    return say_json(line, 10, "no result", err);
}

static enum pd_status measure(struct work *w, const struct pd_metric *metric, struct pd_error *err)
{
    const double start = progress_now();
    const struct pd_metric_input in = {.seed = (uint64_t)w->request->seed, .features = &w->features};
    struct pd_metric_result result;
    w->steps.label = metric->name;
    enum pd_status status = pd_metric_measure(metric, &in, &result, err);
    if (!status)
        status = feature_bootstrap(metric, &in, w->o->bootstrap, &result, err);
    progress_end_work(&w->steps);
    if (status)
        return status;
    if (result.note[0])
        progress_line(&w->progress, "%s: %s", metric->name, result.note);
    if (w->request->json)
        status = print_json(w, metric, &result, progress_now() - start, err);
    else
        print_words(w, metric, &result, progress_now() - start);
    if (fflush(stdout) && !status)
        status = say_unwritten(errno, err);
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
    struct pd_feature_file *file = w->request->real[0] ? &w->features.real : &w->features.fake;
    w->steps.label = "statistics";
    enum pd_status status = pd_feature_file_moments(file, &w->features.work, err);
    progress_end(&w->progress);
    if (!status)
        status = pd_feature_statistics_write(w->o->stats_out, file, err);
    if (!status)
        progress_line(&w->progress, "%s: mu and sigma of %s", w->o->stats_out, file->name);
    return status;
}

/* Can they be had? Before the long work. */
static enum pd_status choose(const char *list, bool images, struct pd_metric_list *out, struct pd_error *err)
{
    enum pd_status status = pd_metric_list_read(list     ? list
                                                : images ? "is,fid,kid"
                                                         : "frechet,kid,prd,pr,dc",
                                                out, err);
    for (int i = 0; i < out->count && !status; i++) {
        const struct pd_metric *metric = out->at[i];
        if (!(metric->needs & PD_NEEDS_ANY_FEATURES))
            status =
                pd_fail(err, PD_ERR_USAGE, -1, "--metrics %s is of a run's networks: eval RUN", metric->name);
        else if (images && !strcmp(metric->name, "frechet"))
            status = pd_fail(err, PD_ERR_USAGE, -1, "--metrics frechet is of features: of images it is fid");
    }
    return status;
}

static bool bootstraps(const struct pd_metric *metric)
{
    return metric->needs & PD_NEEDS_ANY_FEATURES && !(metric->needs & PD_NEEDS_DISTINCT);
}

enum pd_status feature_check_bootstrap(int64_t draws, struct pd_error *err)
{
    return draws == 1 ? pd_fail(err, PD_ERR_USAGE, -1, "--bootstrap 1: expected 0, or 2 or more") : PD_OK;
}

enum pd_status feature_bootstrap(const struct pd_metric *metric, const struct pd_metric_input *in,
                                 int64_t draws, struct pd_metric_result *result, struct pd_error *err)
{
    if (!draws || !bootstraps(metric))
        return PD_OK;
    const enum pd_status status = pd_metric_bootstrap(metric, in, draws, &result->error, err);
    if (!status)
        pd_metric_set(result, "error", result->error);
    return status;
}

static bool needs_real(const struct pd_metric *metric)
{
    return metric->needs & (PD_NEEDS_MOMENTS | PD_NEEDS_FEATURES);
}

/* --- images --- */

/* Before the long work: statistics of real images serve some metrics alone. Of those that nobody has named
 * the others are left out. */
static enum pd_status check_reference(struct work *w, struct pd_error *err)
{
    const struct pd_feature_file *real = &w->features.real;
    struct pd_metric_features statistics = {.real = *real, .fake = *real};
    const struct pd_metric_input in = {.features = &statistics};
    struct pd_metric_list *list = &w->metrics;
    int kept = 0;
    for (int i = 0; i < list->count && real->mean && !real->set.values; i++) {
        struct pd_error why = {.status = PD_OK};
        if (needs_real(list->at[i]) && pd_metric_check(list->at[i], &in, &why)) {
            if (w->request->metrics)
                return pd_fail(err, why.status, -1, "%s", why.message);
            progress_line(&w->progress, "%s", why.message);
        } else {
            list->at[kept++] = list->at[i];
        }
    }
    list->count = real->mean && !real->set.values ? kept : list->count;
    return PD_OK;
}

static enum pd_status read_images(struct work *w, struct pd_error *err)
{
    const struct feature_options *o = w->o;
    struct pd_metric_features *f = &w->features;
    struct pd_data_request request = {.name = w->request->real,
                                      .dir = w->request->data_dir,
                                      .split = strcmp(o->split, "test") ? PD_SPLIT_TRAIN : PD_SPLIT_TEST,
                                      .size = (int)o->image_size,
                                      .cache = o->cache,
                                      .threads = (int)w->request->threads};
    enum pd_status status = eval_open_weights(o->weights, request.threads, &w->net, err);
    if (!status && *request.name)
        status = eval_read_images(w->net, request, &f->real, NULL, err);
    if (!status)
        status = check_reference(w, err);
    request.name = o->fake;
    request.split = PD_SPLIT_TRAIN;
    return status || !*request.name
               ? status
               : eval_read_images(w->net, request, &f->fake,
                                  w->metrics.needs & PD_NEEDS_LOGITS ? &f->logits : NULL, err);
}

static enum pd_status read_files(struct work *w, struct pd_error *err)
{
    enum pd_status status = read_file(w, w->request->real, &w->features.real, err);
    return status ? status : read_file(w, w->o->fake, &w->features.fake, err);
}

static enum pd_status run(struct work *w, struct pd_error *err)
{
    const struct feature_options *o = w->o;
    const bool both = o->fake[0] && w->request->real[0];
    const struct pd_metric_input in = {.features = &w->features};
    enum pd_status status = o->weights[0] ? read_images(w, err) : read_files(w, err);
    for (int i = 0; i < w->metrics.count && both && !status; i++) {
        status = pd_metric_check(w->metrics.at[i], &in, err);
        if (!status && o->bootstrap && bootstraps(w->metrics.at[i]))
            status = pd_metric_bootstrap_check(w->metrics.at[i], &in, o->bootstrap, err);
    }
    if (!status && o->stats_out[0])
        status = write_statistics(w, err);
    for (int i = 0; i < w->metrics.count && !status; i++)
        if (both || (o->fake[0] && !needs_real(w->metrics.at[i])))
            status = measure(w, w->metrics.at[i], err);
    if (!status && o->plot[0])
        status = pd_prd_picture(&w->prd, o->plot, err);
    return status;
}

static bool are_one_file(const char *a, const char *b)
{
    struct stat x, y;
    return a[0] && b[0] && !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static enum pd_status check(const struct feature_options *o, const struct feature_request *request,
                            const struct args *args, const struct pd_metric_list *metrics,
                            struct pd_error *err)
{
    const bool both = o->fake[0] && request->real[0], images = o->weights[0];
    const bool of_images = metrics->needs & PD_NEEDS_INCEPTION;
    bool real = false;
    for (int i = 0; i < metrics->count; i++)
        real = real || needs_real(metrics->at[i]);
    if (images && o->features)
        return pd_fail(err, PD_ERR_USAGE, -1, "--weights beside --features: images, or files of features");
    if (!images && (of_images || (!o->features && request->metrics)))
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--weights is missing: Inception's, which 'paydirt weights import' makes of %s%s",
                       PD_INCEPTION_URL,
                       o->features ? "; --features is for the metrics of any network's"
                                   : " (other features: --features)");
    if (!images && !o->features)
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "--features is missing: --fake, --real and --stats-out are about files of features (images: "
            "--weights)");
    if (strcmp(o->split, "train") != 0 && strcmp(o->split, "test") != 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "--split %s, expected train or test", o->split);
    if (o->plot[0] && !pd_metric_list_has(metrics, "prd"))
        return pd_fail(err, PD_ERR_USAGE, -1, "--plot draws prd's curve: --metrics prd is missing");
    if (images && !args->operand && o->fake[0] && !real)
        return feature_check_bootstrap(o->bootstrap, err);
    if (args->operand)
        return pd_fail(err, PD_ERR_USAGE, -1, "'%.100s' beside --features: a run, or files of features",
                       args->operand);
    if (!both && (request->metrics || !o->stats_out[0] || (!o->fake[0] && !request->real[0])))
        return pd_fail(err, PD_ERR_USAGE, -1, "--%s is missing: %s", o->fake[0] ? "real" : "fake",
                       images ? "a folder of images, an .npz or a data set's name"
                              : "a file of features (n, d), .npy, .npz or .csv");
    if (o->plot[0] && !both)
        return pd_fail(err, PD_ERR_USAGE, -1, "--plot draws prd's curve: --%s is missing",
                       o->fake[0] ? "real" : "fake");
    const enum pd_status status = o->plot[0] ? pd_library_need("cairo", err) : PD_OK;
    return status ? status : feature_check_bootstrap(o->bootstrap, err);
}

static void note_idle_numbers(const struct args_command *command, const struct args *args,
                              const struct pd_metric_list *metrics, struct progress *progress)
{
    bool any = false;
    for (int i = 0; i < metrics->count; i++)
        any = any || bootstraps(metrics->at[i]);
    const struct idle all[] = {
        {{"bootstrap"}, "a metric of features other than pr and dc", any},
        {{"subsets", "subset_size"}, "--metrics kid", pd_metric_list_has(metrics, "kid")},
        {{"k"}, "--metrics pr or dc", pd_metric_list_has(metrics, "pr") || pd_metric_list_has(metrics, "dc")},
    };
    idle_note(command, args, all, sizeof all / sizeof all[0], progress);
}

void feature_note_idle(const struct args_command *command, const struct args *args,
                       const struct pd_metric_list *metrics)
{
    static const struct idle features = {{"plot", "image_size", "cache"}, "--fake", false};
    struct progress progress = {.terminal = false};
    idle_note(command, args, &features, 1, &progress);
    note_idle_numbers(command, args, metrics, &progress);
}

static void note_idle(const struct args_command *command, const struct args *args,
                      const struct pd_metric_list *metrics)
{
    const struct idle all[] = {
        {{"classifier", "epochs", "epoch_images", "fixed", "samples", "data", "metadata", "metadata_columns",
          "by_number", "recalibrate", "reject", "augment", "count", "repeats", "decay_every", "partial_batch",
          "batch_statistics", "tradeoff"},
         "a run",
         false},
        {{"data_dir", "split", "image_size", "cache"}, "--weights", args_is_given(command, args, "weights")}};
    struct progress progress = {.terminal = false};
    idle_note(command, args, all, sizeof all / sizeof all[0], &progress);
    note_idle_numbers(command, args, metrics, &progress);
}

enum pd_status eval_features(const struct feature_options *o, const struct feature_request *request,
                             const struct args_command *command, const struct args *args,
                             struct pd_error *err)
{
    struct work w = {.o = o, .request = request};
    w.steps = (struct progress_work){&w.progress, "", "steps"};
    w.features.work = (struct pd_feature_work){
        .threads = (int)request->threads, .watch = progress_on_work, .context = &w.steps};
    w.features.k = (int)o->k;
    w.features.subsets = o->subsets;
    w.features.subset_size = o->subset_size;
    w.features.prd = &w.prd;
    enum pd_status status = choose(request->metrics, o->weights[0], &w.metrics, err);
    if (!status)
        status = check(o, request, args, &w.metrics, err);
    if (status)
        return status;
    if (are_one_file(o->fake, request->real))
        say(stderr, "--fake and --real are one file: a set beside itself\n");
    note_idle(command, args, &w.metrics);
    stop_catch();
    status = run(&w, err);
    progress_end(&w.progress);
    pd_metric_features_release(&w.features);
    pd_inception_destroy(w.net);
    return status;
}
