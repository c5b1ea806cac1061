/* paydirt eval: how good a run's generator is. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/real.h"
#include "cli/sample_set.h"
#include "cli/say.h"

#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "io/lock.h"
#include "metric/fixed_set.h"
#include "run/run.h"
#include "gan/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "RUN [options]";

static const char about[] =
    "Measures the run's last checkpoint on the test split of its data.\n"
    "fitting-capacity (GAN-train): the accuracy on real images of a LeNet (2-D points: a small MLP)\n"
    "that was trained on generated ones alone, fresh in every epoch, or with --fixed, --reject or --samples\n"
    "on one set that every epoch goes through. Adds a line to RUN/eval.jsonl.";

static const char examples[] = "eval runs/00000-strokes-infogan-gold --metrics fitting-capacity\n"
                               "eval runs/00000-strokes-infogan-gold --epochs 10 --json\n"
                               "eval runs/00000-strokes-infogan-gold --fixed 5000\n"
                               "eval runs/00000-strokes-infogan-gold --fixed 5000 --reject gold --p 0.1";

enum { PER_CLASS = 5000 }; /* of a set kept by rejection: GOLD section 4.2 */

struct options {
    char metrics[256], data[1024], data_dir[1024], samples[1024];
    int64_t seed, threads, epochs, epoch_images, fixed;
    bool json, by_number, recalibrate, recalibrate_given;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"metrics", PD_OPTION_TEXT, FIELD(metrics), 0, 0, "LIST",
     "names with commas between; known: fitting-capacity"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N", "seed of samples and classifier"},
    {"epochs", PD_OPTION_INT, FIELD(epochs), 1, 10000, "N", "epochs of the classifier"},
    {"epoch_images", PD_OPTION_INT, FIELD(epoch_images), 128, 100000000, "N",
     "generated images in each; with a fixed set all of it where not given"},
    {"fixed", PD_OPTION_INT, FIELD(fixed), 0, 1000000, "N",
     "one set of N images of each class instead of fresh ones; --reject: 5000 where not given"},
    {"samples", PD_OPTION_TEXT, FIELD(samples), 0, 0, "FILE", "the set in this npz, of whatever origin"},
    {"data", PD_OPTION_TEXT, FIELD(data), 0, 0, "NAME", "another data set than the run's"},
    {"data_dir", PD_OPTION_TEXT, FIELD(data_dir), 0, 0, "DIR", "folder with its files"},
    {"by_number", PD_OPTION_BOOL, FIELD(by_number), 0, 1, NULL,
     "take the data's classes by number, not by name"},
    {"recalibrate", PD_OPTION_BOOL, FIELD(recalibrate), 0, 1, NULL,
     "D by its running statistics, over reals and fakes; as the run where not given"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N", "threads; 0: as the run"},
};
#undef FIELD

struct eval {
    const struct options *o;
    const char *folder;
    struct pd_run_model run;
    struct real real;
    struct sample_set set; /* empty: fresh samples */
    int64_t epoch_images;
    struct progress progress;
};

/* One metric: measures, and gives its result as JSON and as a line of words. */
struct metric {
    const char *name;
    enum pd_status (*measure)(struct eval *e, json_t **result, char *line, size_t size, struct pd_error *err);
};

/* --- fitting capacity
 * --------------------------------------------------------------------------------------- */

static void on_epoch(void *context, int epoch, int epochs, double loss)
{
    struct eval *e = context;
    char label[32], left[48];
    snprintf(label, sizeof label, "classifier %d/%d", epoch, epochs);
    progress_update(&e->progress, (uint64_t)epoch, label);
    if (!e->progress.terminal)
        progress_line(&e->progress, "%s  loss %.4f  %s", label, loss,
                      progress_left(&e->progress, left, sizeof left));
}

static struct pd_classifier_options classifier_options(struct eval *e)
{
    const struct pd_model_config *c = &e->run.gan->config;
    struct pd_classifier_options k = pd_classifier_defaults();
    k.channels = c->channels;
    k.size = c->size;
    k.classes = c->classes;
    k.epochs = (int)e->o->epochs;
    k.epoch_images = e->epoch_images;
    k.seed = (uint64_t)e->o->seed;
    k.backend = e->run.backend;
    k.progress = on_epoch;
    k.progress_context = e;
    return k;
}

static enum pd_status train_on(struct eval *e, const struct pd_sample_source *samples, double *accuracy,
                               struct pd_error *err)
{
    const struct pd_classifier_options k = classifier_options(e);
    progress_begin(&e->progress, 0, (uint64_t)k.epochs, (double)k.epoch_images, "images");
    enum pd_status status =
        pd_fitting_capacity(&k, samples, e->real.images, e->real.labels, e->real.count, accuracy, err);
    progress_end(&e->progress);
    return status;
}

static enum pd_status train_classifier(struct eval *e, double *accuracy, struct pd_error *err)
{
    const struct pd_classifier_options k = classifier_options(e);
    const size_t size = (size_t)k.channels * (size_t)(k.size ? k.size * k.size : 1);
    struct pd_gan_source *fresh = NULL;
    struct pd_fixed_set *fixed = NULL;
    enum pd_status status = e->set.count ? pd_fixed_set_create(e->set.count, size, e->set.images,
                                                               e->set.labels, k.seed, &fixed, err)
                                         : pd_gan_source_create(e->run.gan, k.batch, k.seed, &fresh, err);
    if (!status) {
        const struct pd_sample_source source =
            fixed ? pd_fixed_set_source(fixed) : pd_gan_sample_source(fresh);
        status = train_on(e, &source, accuracy, err);
    }
    pd_gan_source_destroy(fresh);
    pd_fixed_set_destroy(fixed);
    return status;
}

static enum pd_status fitting_capacity(struct eval *e, json_t **result, char *line, size_t size,
                                       struct pd_error *err)
{
    const struct options *o = e->o;
    const double start = progress_now();
    const char *data = e->real.data->name;
    double accuracy;
    enum pd_status status = train_classifier(e, &accuracy, err);
    if (status)
        return status;
    const double seconds = progress_now() - start;
    snprintf(line, size,
             "fitting capacity %.2f %%  (%s, %lld epochs of %lld generated images%s%s; %lld test images of "
             "%s; step %llu; %.0f s)",
             100 * accuracy, e->run.gan->config.size ? "LeNet" : "MLP", (long long)o->epochs,
             (long long)e->epoch_images, e->set.count ? ", " : "", e->set.words, (long long)e->real.count,
             data, (unsigned long long)e->run.progress.step, seconds);
    pd_mem_watch();
    *result = json_pack("{s:s, s:f, s:I, s:I, s:I, s:s, s:i, s:s, s:I, s:I, s:f, s:s, s:I, s:f}", "metric",
                        "fitting-capacity", "accuracy", accuracy, "epochs", (json_int_t)o->epochs,
                        "epoch_images", (json_int_t)e->epoch_images, "test_images", (json_int_t)e->real.count,
                        "data", data, "classes", e->real.data->classes, "split", "test", "step",
                        (json_int_t)e->run.progress.step, "seed", (json_int_t)o->seed, "seconds", seconds,
                        "samples", e->set.count ? e->set.words : "fresh", "set", (json_int_t)e->set.count,
                        "rate", e->set.count ? e->set.rate : 1.0);
    return *result ? PD_OK
                   : pd_fail(err, PD_ERR_MEMORY, -1, "no result: out of memory, or a name that is not UTF-8");
}

/* --- all metrics
 * -------------------------------------------------------------------------------------------- */

static const struct metric metrics[] = {{"fitting-capacity", fitting_capacity}};
enum { METRICS = sizeof metrics / sizeof metrics[0] };

static enum pd_status append(const char *folder, const json_t *result, struct pd_error *err)
{
    char path[1200];
    struct pd_jsonl *log = NULL;
    struct pd_lock lock = {.held = false};
    enum pd_status status = pd_path_join(path, sizeof path, folder, "eval.jsonl", err);
    if (!status)
        status = pd_lock_take(&lock, folder, ".eval.lock", 10, err);
    if (!status)
        status = pd_jsonl_open(path, &log, err);
    if (!status)
        status = pd_jsonl_write(log, result, err);
    if (!status)
        status = pd_jsonl_sync(log, err);
    pd_jsonl_destroy(log);
    pd_lock_release(&lock);
    return status;
}

/* What took minutes is printed before it is stored, which may fail. */
static enum pd_status measure(struct eval *e, const struct metric *metric, struct pd_error *err)
{
    json_t *result = NULL;
    char line[1536], *text = NULL;
    enum pd_status status = metric->measure(e, &result, line, sizeof line, err);
    if (status)
        return status;
    text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(10));
    if (e->o->json && text)
        printf("%s\n", text);
    else
        say(stdout, "%s\n", line);
    fflush(stdout);
    status = append(e->folder, result, err);
    free(text);
    json_decref(result);
    return status;
}

/* Calls measure for each name of the list, or, e NULL, only looks them up. */
static enum pd_status each_metric(const char *list, struct eval *e, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (const char *at = list; !status;) {
        char name[64];
        const size_t n = strcspn(at, ",");
        int i = 0;
        snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : (int)sizeof name - 1, at);
        while (i < METRICS && strcmp(name, metrics[i].name) != 0)
            i++;
        if (i == METRICS)
            status = pd_unknown_word(err, "metric", name, &metrics[0].name, METRICS, sizeof metrics[0]);
        else if (e)
            status = measure(e, &metrics[i], err);
        if (!at[n])
            break;
        at += n + 1;
    }
    return status;
}

static enum pd_status check_labels(const struct real *real, struct pd_error *err)
{
    for (int64_t i = 0; i < real->count; i++)
        if (real->labels[i] < 0)
            return pd_fail(err, PD_ERR_MISMATCH, -1,
                           "data set '%s': image %lld has no label to measure accuracy on", real->data->name,
                           (long long)i);
    return PD_OK;
}

/* The fixed set, where one is asked for, and the length of an epoch. */
static enum pd_status prepare(struct eval *e, const struct reject_options *reject, bool epoch_given,
                              struct pd_error *err)
{
    const struct options *o = e->o;
    const int64_t per_class = o->fixed ? o->fixed : reject->method ? PER_CLASS : 0;
    enum pd_status status = PD_OK;
    if (o->samples[0])
        status = sample_set_read(o->samples, &e->run.gan->config, &e->set, err);
    else if (per_class)
        status = sample_set_make(reject, &e->run, per_class, (uint64_t)o->seed, &e->set, err);
    const int64_t batch = pd_classifier_defaults().batch;
    e->epoch_images = o->epoch_images;
    if (e->set.count && !epoch_given)
        e->epoch_images = e->set.count > batch ? e->set.count : batch;
    return status;
}

static enum pd_status check(const struct options *o, const struct reject_options *reject,
                            struct pd_error *err)
{
    if (o->samples[0] && (o->fixed || reject->method))
        return pd_fail(err, PD_ERR_USAGE, -1, "--samples is a set of its own: without --%s",
                       o->fixed ? "fixed" : "reject");
    return each_metric(o->metrics, NULL, err); /* before the long work */
}

static enum pd_status evaluate(struct eval *e, const struct reject_options *reject, bool epoch_given,
                               struct pd_error *err)
{
    const struct options *o = e->o;
    enum pd_status status = pd_run_open(e->folder, (int)o->threads, &e->run, err);
    if (o->recalibrate_given)
        e->run.options.recalibrate = o->recalibrate;
    if (!status)
        status = real_advise(real_open(&e->real, &e->run, o->data, o->data_dir, PD_SPLIT_TEST,
                                       o->by_number ? REAL_BY_NUMBER : REAL_BY_NAME, err),
                             "--data takes another set, with labelled test images of these classes", err);
    if (!status)
        status = check_labels(&e->real, err);
    if (!status)
        status = prepare(e, reject, epoch_given, err);
    if (!status)
        status = each_metric(o->metrics, e, err);
    sample_set_release(&e->set);
    real_close(&e->real);
    pd_run_close(&e->run);
    return status;
}

enum pd_status command_eval(int argc, char **argv, struct pd_error *err)
{
    const struct pd_classifier_options k = pd_classifier_defaults();
    struct options o = {.metrics = "fitting-capacity",
                        .seed = 1,
                        .recalibrate = true,
                        .epochs = k.epochs,
                        .epoch_images = k.epoch_images};
    struct reject_options reject;
    reject_init(&reject);
    const struct args_command command = {
        "eval",   usage, about,
        examples, "RUN", {{table, sizeof table / sizeof table[0], &o}, reject_group(&reject)}};
    struct eval e = {.o = &o};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = reject_check(&reject, &command, &args, err);
    if (!status)
        status = check(&o, &reject, err);
    o.recalibrate_given = args_is_given(&command, &args, "recalibrate");
    if (status)
        return status;
    e.folder = args.operand;
    return evaluate(&e, &reject, args_is_given(&command, &args, "epoch_images"), err);
}
