/* paydirt eval: how good a run's networks are. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/eval_features.h"
#include "cli/idle.h"
#include "cli/progress.h"
#include "cli/real.h"
#include "cli/sample_set.h"
#include "cli/say.h"

#include <paydirt/libraries.h>
#include <paydirt/metric.h>
#include <paydirt/run.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "RUN [options]\n--features --fake FILE --real FILE [options]\n"
                            "--weights FILE --fake DATA --real DATA [options]";

static const char about[] =
    "Measures the run's last checkpoint on the test split of its data.\n"
    "fitting-capacity (GAN-train): the accuracy on real images of a LeNet (2-D points: a small MLP)\n"
    "that was trained on generated ones alone, fresh in every epoch, or with --fixed, --reject or --samples\n"
    "on one set that every epoch goes through. gan-test the other way round: trained on all labelled images\n"
    "of the training split, the accuracy on 10,000 generated ones, or on the set; frechet-lenet: the "
    "distance\n"
    "of samples and test images in what such a LeNet sees. class-accuracy: that of the discriminator, as\n"
    "score has it.\n"
    "Adds a line for each metric to RUN/eval.jsonl, and draws which classes were taken for which:\n"
    "RUN/confusion-METRIC.png.\n"
    "\n"
    "--features: no run, but features of generated and of real samples, (n, d), from any network: .npy, "
    ".npz\n"
    "or CSV; for frechet also an npz with mu and sigma. --metrics then are (all where none are named)\n"
    "  frechet           Fréchet distance (of Inception's features: FID)\n"
    "  kid               kernel distance over random subsets\n"
    "  prd               precision and recall for distributions: F8 weighs recall, F1/8 precision\n"
    "  pr                precision and recall by balls around the 3 nearest neighbours\n"
    "  dc                density and coverage by balls around the 5 nearest neighbours\n"
    "\n"
    "--weights: no run, but images: a folder, an .npz, a data set's name or what sample wrote. --metrics "
    "then\n"
    "are is, fid and kid (all three where none are named), prd, pr and dc, of Inception-2015's features.\n"
    "  is                Inception Score of --fake, 10 parts\n"
    "  fid               Fréchet distance of Inception's features\n"
    "\n"
    "of a run:";

static const char examples[] =
    "eval runs/00000-strokes-infogan-gold --metrics fitting-capacity\n"
    "eval runs/00000-strokes-infogan-gold --metrics fitting-capacity,gan-test,class-accuracy\n"
    "eval runs/00000-cifar10-acgan --metrics fitting-capacity --classifier resnet\n"
    "eval runs/00000-strokes-infogan-gold --epochs 10 --json\n"
    "eval runs/00000-strokes-infogan-gold --fixed 5000\n"
    "eval runs/00000-strokes-infogan-gold --fixed 5000 --reject gold --p 0.1\n"
    "eval --features --fake f.npy --real r.npy --metrics frechet,kid,prd,pr,dc --json\n"
    "eval --features --real r.npy --stats-out r.npz\n"
    "eval --weights inception.safetensors --fake kept.npz --real cifar10 --metrics is,fid,kid";

enum { PER_CLASS = 5000 }; /* of a set kept by rejection: GOLD section 4.2 */

struct options {
    char metrics[256], data[1024], data_dir[1024], samples[1024];
    int64_t seed, threads, epochs, epoch_images, fixed;
    char classifier[32];
    bool json, by_number, recalibrate, recalibrate_given, epoch_given;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"metrics", PD_OPTION_TEXT, FIELD(metrics), 0, 0, "LIST", "names with commas between, listed above"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N", "seed of samples and classifier"},
    {"classifier", PD_OPTION_TEXT, FIELD(classifier), 0, 0, "NAME",
     "that is trained on images: lenet, cnn (three convolutions), resnet (20 layers)"},
    {"epochs", PD_OPTION_INT, FIELD(epochs), 1, 10000, "N", "epochs of the classifier"},
    {"epoch_images", PD_OPTION_INT, FIELD(epoch_images), 128, 100000000, "N",
     "images in each; where not given, all of a fixed set, and of gan-test's real ones"},
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
    unsigned needs; /* of all metrics asked for */
    struct pd_run_model *run;
    struct pd_gan *gan; /* the run's */
    struct pd_dataset *data;
    struct pd_real_images real;     /* the data's */
    struct pd_real_images training; /* all with a label that the run's training split has */
    struct sample_set set;          /* without samples: fresh ones */
    struct progress progress;
};

/* What was found by a metric. */
struct finding {
    const struct pd_metric *metric;
    struct pd_metric_result result;
    int64_t *confusion; /* (classes, classes), or NULL */
    int64_t epoch_images;
    double seconds;
};

/* --- one metric --- */

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

static bool trains_on_reals(const struct pd_metric *metric)
{
    return metric->needs & PD_NEEDS_TRAINING;
}

/* Its classifier's accuracy on reals is known, too. */
static bool judges_samples(const struct pd_metric *metric)
{
    return trains_on_reals(metric) && metric->needs & PD_NEEDS_CONFUSION;
}

/* With what it needs at hand. */
static enum pd_status measure_value(struct eval *e, struct finding *f, struct pd_error *err)
{
    const struct pd_metric *metric = f->metric;
    const struct pd_samples *made = e->set.samples;
    const struct pd_labelled_images real = {e->real.images, e->real.labels, e->real.count};
    const struct pd_labelled_images training = {e->training.images, e->training.labels, e->training.count};
    const struct pd_labelled_images set = {made ? made->images : NULL, made ? made->labels : NULL,
                                           made ? made->count : 0};
    struct pd_metric_input in = {.seed = (uint64_t)e->o->seed,
                                 .real = &real,
                                 .training = &training,
                                 .generated = made ? &set : NULL,
                                 .classifier = e->o->classifier,
                                 .epochs = (int)e->o->epochs,
                                 .epoch_images = f->epoch_images,
                                 .confusion = f->confusion,
                                 .progress = on_epoch,
                                 .progress_context = e};
    enum pd_status status =
        metric->needs & PD_NEEDS_SCORES ? real_recalibrate(e->run, PD_ORIGIN_REAL, NULL, err) : PD_OK;
    if (metric->needs & PD_NEEDS_CLASSIFIER)
        progress_begin(&e->progress, 0, (uint64_t)in.epochs, (double)in.epoch_images, "images");
    if (!status)
        status = pd_gan_measure(e->gan, metric, &in, &f->result, err);
    progress_end(&e->progress);
    return status;
}

/* --- its result, as words and as JSON: what it has needed is said --- */

static const char *classifier_of(const struct eval *e)
{
    int channels, side;
    pd_gan_shape(e->gan, &channels, &side);
    return side ? e->o->classifier : "MLP";
}

static void describe(const struct eval *e, const struct finding *f, char *line, size_t size)
{
    const struct pd_metric *metric = f->metric;
    char number[96], made[1300] = "", own[80] = "", statistics[80] = "";
    if (judges_samples(metric))
        snprintf(own, sizeof own, "%.2f %% on ", 100 * f->result.beside);
    if (metric->needs & PD_NEEDS_CLASSIFIER)
        snprintf(made, sizeof made, "%s, %lld epochs of %lld %s images%s%s; ", classifier_of(e),
                 (long long)e->o->epochs, (long long)f->epoch_images,
                 trains_on_reals(metric) ? "real" : "generated", e->set.samples ? ", " : "", e->set.words);
    else if (metric->needs & PD_NEEDS_SAMPLES && e->set.samples)
        snprintf(made, sizeof made, "%s; ", e->set.words);
    if (metric->needs & PD_NEEDS_SCORES)
        real_statistics(e->gan, statistics, sizeof statistics);
    snprintf(line, size, "%s  (%s%s%s%s%lld test images of %s; step %llu; %.0f s)",
             pd_metric_text(metric, f->result.value, number, sizeof number), made, statistics,
             statistics[0] ? "; " : "", own, (long long)e->real.count, pd_data_name(e->data),
             (unsigned long long)pd_run_step(e->run), f->seconds);
}

/* Takes over more; NULL: out of memory, like to. */
static void add(json_t **to, json_t *more)
{
    if (*to && (!more || json_object_update(*to, more))) {
        json_decref(*to);
        *to = NULL;
    }
    json_decref(more);
}

enum { CLASSES_TOLD = 100 }; /* of more the table is in the picture alone */

/* A row for each class, of what it was taken for. NULL: out of memory. */
static json_t *pack_confusion(const int64_t *confusion, int classes)
{
    json_t *rows = json_array();
    for (int i = 0; i < classes; i++) {
        json_t *row = json_array();
        for (int k = 0; k < classes; k++)
            json_array_append_new(row, json_integer((json_int_t)confusion[(int64_t)i * classes + k]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static enum pd_status pack(const struct eval *e, const struct finding *f, json_t **out, struct pd_error *err)
{
    const struct options *o = e->o;
    const struct pd_metric *metric = f->metric;
    const int classes = pd_gan_classes(e->gan);
    json_t *result = json_pack("{s:s, s:f}", "metric", metric->name, metric->key, f->result.value);
    if (judges_samples(metric))
        add(&result, json_pack("{s:f}", "real_accuracy", f->result.beside));
    if (trains_on_reals(metric))
        add(&result, json_pack("{s:I}", "training_images", (json_int_t)e->training.count));
    if (metric->needs & PD_NEEDS_CLASSIFIER)
        add(&result, json_pack("{s:s, s:I, s:I}", "classifier", classifier_of(e), "epochs",
                               (json_int_t)o->epochs, "epoch_images", (json_int_t)f->epoch_images));
    if (f->confusion && classes <= CLASSES_TOLD)
        add(&result, json_pack("{s:o}", "confusion", pack_confusion(f->confusion, classes)));
    if (metric->needs & PD_NEEDS_REAL)
        add(&result, json_pack("{s:I, s:s, s:i, s:s}", "test_images", (json_int_t)e->real.count, "data",
                               pd_data_name(e->data), "classes", pd_data_classes(e->data), "split", "test"));
    add(&result, json_pack("{s:I, s:I, s:f}", "step", (json_int_t)pd_run_step(e->run), "seed",
                           (json_int_t)o->seed, "seconds", f->seconds));
    if (metric->needs & PD_NEEDS_SAMPLES)
        add(&result, json_pack("{s:s, s:I, s:f}", "samples", e->set.samples ? e->set.words : "fresh", "set",
                               (json_int_t)(e->set.samples ? e->set.samples->count : 0), "rate",
                               e->set.samples ? e->set.rate : 1.0));
    if (metric->needs & PD_NEEDS_SCORES)
        add(&result, json_pack("{s:I}", "statistics", (json_int_t)pd_gan_statistics(e->gan, PD_ORIGIN_REAL)));
    *out = result;
    return result ? PD_OK
                  : pd_fail(err, PD_ERR_MEMORY, -1, "no result: out of memory, or a name that is not UTF-8");
}

static enum pd_status append(const char *folder, const json_t *result, struct pd_error *err)
{
    char *line = json_dumps(result, JSON_COMPACT);
    const enum pd_status status =
        line ? pd_run_add_result(folder, line, err)
             : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for a result", folder);
    free(line);
    return status;
}

/* RUN/confusion-METRIC.png, where there is something to draw, and with what. */
static enum pd_status draw(const struct eval *e, const struct finding *f, struct pd_error *err)
{
    const int classes = pd_gan_classes(e->gan);
    char path[1300], title[128];
    if (!f->confusion || pd_library_need("cairo", NULL) || classes > PD_CONFUSION_DRAWN)
        return PD_OK;
    char(*names)[PD_CLASS_NAME_SIZE] = calloc((size_t)classes, sizeof *names);
    const char **list = calloc((size_t)classes, sizeof *list);
    if (!names || !list) {
        free(names);
        free(list);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", classes);
    }
    for (int i = 0; i < classes; i++)
        list[i] = pd_gan_class_name(e->gan, i, names[i], sizeof names[i]);
    snprintf(path, sizeof path, "%s/confusion-%s.png", e->folder, f->metric->name);
    pd_metric_text(f->metric, f->result.value, title, sizeof title);
    enum pd_status status = pd_confusion_draw(path, classes, f->confusion, list, title, err);
    free(names);
    free(list);
    return status;
}

/* What took minutes is printed before it is stored, which may fail; the line comes last, so that what was
 * stopped on the way and is done again stands in the file once. */
static enum pd_status tell(const struct eval *e, const struct finding *f, struct pd_error *err)
{
    json_t *result;
    char line[1600];
    enum pd_status status = pack(e, f, &result, err);
    if (status)
        return status;
    describe(e, f, line, sizeof line);
    char *text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(10));
    if (e->o->json && text)
        printf("%s\n", text);
    else
        say(stdout, "%s\n", line);
    fflush(stdout);
    status = draw(e, f, err);
    if (!status)
        status = append(e->folder, result, err);
    free(text);
    json_decref(result);
    return status;
}

/* So many images make an epoch of its classifier: where nobody has said, all of a fixed set. */
static int64_t epoch_images(const struct eval *e, const struct pd_metric *metric)
{
    const int64_t set = trains_on_reals(metric) ? e->training.count
                        : e->set.samples        ? e->set.samples->count
                                                : 0;
    if (e->o->epoch_given || !set)
        return e->o->epoch_images;
    return set > PD_METRIC_BATCH ? set : PD_METRIC_BATCH;
}

static enum pd_status measure(struct eval *e, const struct pd_metric *metric, struct pd_error *err)
{
    const size_t classes = (size_t)pd_gan_classes(e->gan);
    const double start = progress_now();
    struct finding f = {.metric = metric, .epoch_images = epoch_images(e, metric)};
    if (metric->needs & PD_NEEDS_CONFUSION && !(f.confusion = calloc(classes * classes, sizeof *f.confusion)))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu classes", classes);
    enum pd_status status = measure_value(e, &f, err);
    f.seconds = progress_now() - start;
    if (!status)
        status = tell(e, &f, err);
    free(f.confusion);
    return status;
}

/* --- all of them --- */

static enum pd_status next_metric(const char **list, const struct pd_metric **out, struct pd_error *err)
{
    char name[64];
    *out = pd_metric_find(args_next_name(list, name, sizeof name), err);
    return *out ? PD_OK : PD_ERR_USAGE;
}

static enum pd_status measure_all(struct eval *e, struct pd_error *err)
{
    const struct pd_metric *metric;
    enum pd_status status = PD_OK;
    for (const char *list = e->o->metrics; list && !status;) {
        status = next_metric(&list, &metric, err);
        if (!status)
            status = measure(e, metric, err);
    }
    return status;
}

/* Of any of the list, before the long work. */
static enum pd_status find_needs(const char *list, unsigned *needs, struct pd_error *err)
{
    const struct pd_metric *metric;
    enum pd_status status = PD_OK;
    *needs = 0;
    while (list && !status) {
        status = next_metric(&list, &metric, err);
        *needs |= status ? 0 : metric->needs;
    }
    return status;
}

static void note_idle(const struct args_command *command, const struct args *args, unsigned needs)
{
    static const struct {
        const char *names[4];
        unsigned need;
        const char *words;
    } all[] = {
        {{"classifier", "epochs", "epoch_images"}, PD_NEEDS_CLASSIFIER, "a metric that trains a classifier"},
        {{"fixed", "samples", "reject"}, PD_NEEDS_SAMPLES, "a metric of generated samples"}};
    struct progress progress = {.terminal = false};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!(needs & all[i].need))
            idle_note(command, args, all[i].names, all[i].words, &progress);
}

static enum pd_status check_labels(const struct pd_dataset *data, struct pd_error *err)
{
    for (int64_t i = 0; i < pd_data_count(data); i++)
        if (pd_data_labels(data)[i] < 0)
            return pd_fail(err, PD_ERR_MISMATCH, -1,
                           "data set '%s': image %lld has no label to measure accuracy on",
                           pd_data_name(data), (long long)i);
    return PD_OK;
}

/* The images that are measured on. */
static enum pd_status open_data(struct eval *e, struct pd_error *err)
{
    const struct options *o = e->o;
    enum pd_status status =
        real_open(e->run, o->data, o->data_dir, PD_SPLIT_TEST,
                  o->by_number ? PD_RUN_LABELS_BY_NUMBER : PD_RUN_LABELS_BY_NAME, &e->data, err);
    status = real_advise(status, "--data takes another set, with labelled test images of these classes", err);
    if (!status)
        status = pd_run_images(e->run, e->data, PD_RUN_IMAGES_ALL, &e->real, err);
    return status ? status : check_labels(e->data, err);
}

/* Leaves out those without a label. */
static void keep_labelled(struct pd_real_images *all, size_t size)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < all->count; i++)
        if (all->labels[i] >= 0) {
            memmove(all->images + (size_t)kept * size, all->images + (size_t)i * size,
                    size * sizeof *all->images);
            all->labels[kept++] = all->labels[i];
        }
    all->count = kept;
}

/* What gan-test's classifier is trained on, whatever of it the networks had labels of; of data that have no
 * labels of their own what the run's label file says. */
static enum pd_status open_training(struct eval *e, struct pd_error *err)
{
    struct pd_dataset *data = NULL;
    struct pd_real_images *all = &e->training;
    enum pd_status status = real_training(e->run, &data, err);
    if (!status)
        status = pd_run_images(e->run, data, PD_RUN_IMAGES_ALL, all, err);
    keep_labelled(all, (size_t)pd_gan_image_size(e->gan));
    if (!status && !all->count) {
        pd_real_images_release(all);
        status = pd_run_images(e->run, data, PD_RUN_IMAGES_LABELLED, all, err);
    }
    pd_dataset_destroy(data);
    return status;
}

/* The fixed set, where one is asked for. */
static enum pd_status prepare(struct eval *e, const struct reject_options *reject, struct pd_error *err)
{
    const struct options *o = e->o;
    const int64_t per_class = o->fixed ? o->fixed : reject->method ? PER_CLASS : 0;
    if (!(e->needs & PD_NEEDS_SAMPLES))
        return PD_OK;
    if (o->samples[0])
        return sample_set_read(o->samples, e->gan, &e->set, err);
    return per_class ? sample_set_make(reject, e->run, per_class, (uint64_t)o->seed, &e->set, err) : PD_OK;
}

static enum pd_status check(const struct options *o, const struct reject_options *reject, unsigned *needs,
                            struct pd_error *err)
{
    if (o->samples[0] && (o->fixed || reject->method))
        return pd_fail(err, PD_ERR_USAGE, -1, "--samples is a set of its own: without --%s",
                       o->fixed ? "fixed" : "reject");
    enum pd_status status = pd_metric_check_classifier(o->classifier, err);
    return status ? status : find_needs(o->metrics, needs, err);
}

static enum pd_status evaluate(struct eval *e, const struct reject_options *reject, struct pd_error *err)
{
    const struct options *o = e->o;
    enum pd_status status = pd_run_open(e->folder, (int)o->threads, &e->run, err);
    if (status)
        return status;
    e->gan = pd_run_gan(e->run);
    status = real_set_recalibrate(e->run, o->recalibrate_given, o->recalibrate, err);
    if (!status)
        status = open_data(e, err);
    if (!status)
        status = prepare(e, reject, err);
    if (!status && e->needs & PD_NEEDS_TRAINING)
        status = open_training(e, err);
    if (!status)
        status = measure_all(e, err);
    sample_set_release(&e->set);
    pd_real_images_release(&e->training);
    pd_real_images_release(&e->real);
    pd_dataset_destroy(e->data);
    pd_run_close(e->run);
    return status;
}

enum pd_status command_eval(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.seed = 1,
                        .classifier = "lenet",
                        .recalibrate = true,
                        .epochs = PD_METRIC_EPOCHS,
                        .epoch_images = PD_METRIC_EPOCH_IMAGES};
    char text[4096];
    snprintf(o.metrics, sizeof o.metrics, "%s", pd_metric_at(0)->name);
    struct reject_options reject;
    reject_init(&reject);
    struct feature_options features;
    const struct args_command command = {
        "eval",
        usage,
        args_with_metrics(text, sizeof text, about),
        examples,
        "RUN",
        {{table, sizeof table / sizeof table[0], &o}, reject_group(&reject), feature_group(&features)}};
    struct eval e = {.o = &o};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    if (feature_asked(&features)) {
        const struct feature_request request = {args_is_given(&command, &args, "metrics") ? o.metrics : NULL,
                                                reject.real,
                                                o.seed,
                                                o.threads,
                                                o.data_dir,
                                                o.json};
        return eval_features(&features, &request, &command, &args, err);
    }
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = reject_check(&reject, &command, &args, err);
    if (!status)
        status = check(&o, &reject, &e.needs, err);
    o.recalibrate_given = args_is_given(&command, &args, "recalibrate");
    o.epoch_given = args_is_given(&command, &args, "epoch_images");
    if (status)
        return status;
    note_idle(&command, &args, e.needs);
    feature_note_idle(&command, &args);
    e.folder = args.operand;
    return evaluate(&e, &reject, err);
}
