/* paydirt eval: how good a run's networks are. */
#include "cli/eval.h"

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/eval_features.h"
#include "cli/eval_images.h"
#include "cli/idle.h"
#include "cli/recipe.h"
#include "cli/real_images.h"
#include "cli/tradeoff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "RUN [options]\n--features --fake FILE --real FILE [options]\n"
                            "--weights FILE --fake DATA --real DATA [options]";

static const char about[] =
    "Measures the run's last checkpoint on the test split of its data, or a split of others.\n"
    "fitting-capacity (GAN-train): the accuracy on real images of a LeNet (2-D points: a small MLP)\n"
    "that was trained on generated ones alone, fresh in every epoch, or with --fixed, --reject or --samples\n"
    "on one set that every epoch goes through. gan-test the other way round: trained on all labelled images\n"
    "of the training split, the accuracy on 10,000 generated ones, or on the set; frechet-lenet: the "
    "distance\n"
    "of samples and test images in what such a LeNet sees. class-accuracy: that of the discriminator, as\n"
    "score has it. is, fid, kid, prd, pr and dc: of the run's samples and test images in what Inception\n"
    "sees, which needs --weights.\n"
    "Adds a line for each metric to RUN/eval.jsonl, and draws which classes were taken for which:\n"
    "RUN/confusion-METRIC.png. --tradeoff measures sets of every part and way to reject, which it draws "
    "over\n"
    "the part kept: RUN/tradeoff-METRIC.png.\n"
    "\n"
    "--features: no run, but features of generated and of real samples, (n, d), from any network: .npy, "
    ".npz\n"
    "or CSV; for frechet also an npz with mu and sigma. --metrics then are frechet, kid, prd, pr and dc, "
    "all\n"
    "where none are named.\n"
    "--weights with --fake: no run, but images: a folder, an .npz, a data set's name or what sample wrote.\n"
    "--metrics then are is, fid and kid where none are named, or prd, pr and dc, of Inception-2015's "
    "features.";

static const char examples[] =
    "eval runs/00000-strokes-infogan-gold --metrics fitting-capacity\n"
    "eval runs/00000-strokes-infogan-gold --metrics fitting-capacity,gan-test,class-accuracy\n"
    "eval runs/00000-cifar10-acgan --metrics fitting-capacity --classifier resnet\n"
    "eval runs/00000-strokes-infogan-gold --epochs 10 --repeats 3 --json\n"
    "eval runs/00000-cifar10-acgan --metrics is,fid,kid --weights inception.safetensors\n"
    "eval runs/00000-strokes-infogan-gold --fixed 5000\n"
    "eval runs/00000-strokes-infogan-gold --fixed 5000 --reject gold --p 0.1\n"
    "eval runs/00000-strokes-infogan-gold --tradeoff 1,0.5,0.25,0.1 --reject obrs,drs,gold --fixed 500\n"
    "eval --features --fake f.npy --real r.npy --metrics frechet,kid,prd,pr,dc --json\n"
    "eval --features --real r.npy --stats-out r.npz\n"
    "eval --weights inception.safetensors --fake kept.npz --real cifar10 --metrics is,fid,kid";

enum { PER_CLASS = 5000 }; /* of a set kept by rejection: GOLD section 4.2 */

#define FIELD(name) offsetof(struct eval_options, name), sizeof(((struct eval_options *)0)->name)
static const struct pd_option table[] = {
    {"like", PD_OPTION_TEXT, FIELD(like), 0, 0, "NAME", LIKE_HELP},
    {"metrics", PD_OPTION_TEXT, FIELD(metrics), 0, 0, "LIST", "names with commas between, listed above"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
    {"seed", PD_OPTION_INT, FIELD(seed), 0, 9007199254740992.0, "N", "seed of samples and classifier"},
    {"classifier", PD_OPTION_TEXT, FIELD(classifier), 0, 0, "NAME",
     "that is trained on images: lenet, cnn (three convolutions), resnet (20 layers)"},
    {"augment", PD_OPTION_BOOL, FIELD(augment), 0, 1, NULL,
     "move its training images by up to an eighth and mirror half of them"},
    {"epochs", PD_OPTION_INT, FIELD(epochs), 1, 10000, "N", "epochs of the classifier"},
    {"decay_every", PD_OPTION_INT, FIELD(decay_every), 0, 10000, "N",
     "a tenth of its rate with epoch N, again with 2 N, ...; 0: once, after half of the epochs"},
    {"partial_batch", PD_OPTION_BOOL, FIELD(partial_batch), 0, 1, NULL,
     "keep what is left of an epoch's images as a smaller batch"},
    {"epoch_images", PD_OPTION_INT, FIELD(epoch_images), 128, 100000000, "N",
     "images in each; where not given, all of a fixed set, and of gan-test's real ones"},
    {"fixed", PD_OPTION_INT, FIELD(fixed), 0, 1000000, "N",
     "one set of N images of each class instead of fresh ones; --reject: 5000 where not given"},
    {"batch_statistics", PD_OPTION_BOOL, FIELD(batch_statistics), 0, 1, NULL,
     "fresh samples by the statistics of their batch, as G is trained, not by running ones"},
    {"count", PD_OPTION_INT, FIELD(count), 2, 10000000, "N",
     "samples that Inception sees of a run, where there is no set of them"},
    {"repeats", PD_OPTION_INT, FIELD(repeats), 1, 1000, "N",
     "measure so often, each time by the next seed: their mean and spread"},
    {"samples", PD_OPTION_TEXT, FIELD(samples), 0, 0, "FILE", "the set in this npz, of whatever origin"},
    {"tradeoff", PD_OPTION_TEXT, FIELD(tradeoff), 0, 0, "LIST",
     "parts to keep, such as 1,0.5,0.1, by each of --reject NAME,NAME,..."},
    OTHER_OPTIONS(struct eval_options),
    {"by_number", PD_OPTION_BOOL, FIELD(by_number), 0, 1, NULL,
     "take the data's classes by number, not by name"},
    {"recalibrate", PD_OPTION_BOOL, FIELD(recalibrate), 0, 1, NULL,
     "D by its running statistics, over reals and fakes; as the run where not given"},
    WHERE_OPTIONS(struct eval_options),
};
#undef FIELD

/* Of its own, or what Inception sees in them. */
#define NEEDS_SAMPLES (PD_NEEDS_SAMPLES | PD_NEEDS_ANY_FEATURES)

/* What the others leave nothing to do. */
static void note_idle_beside(const struct args_command *command, const struct args *args,
                             const struct eval *e, bool set)
{
    const bool features = e->metrics.needs & PD_NEEDS_ANY_FEATURES;
    struct progress progress = {.terminal = false};
    bool seeded = false, fixed = false, classified = false;
    for (int i = 0; i < e->metrics.count; i++) {
        const bool own = depends_on_seed(e->o, e->metrics.at[i]);
        seeded = seeded || own;
        fixed = fixed || (!own && is_of_features(e->metrics.at[i]));
        classified = classified || takes_classifier(e->metrics.at[i]);
    }
    const struct idle all[] = {
        {{"classifier"}, "fitting-capacity or gan-test", classified},
        {{"repeats"}, "a metric and samples that depend on the seed", seeded},
        {{"bootstrap"}, "--repeats 1", !(features && seeded && !fixed && e->o->repeats > 1)},
        {{"count"}, "fresh samples", !(features && set)},
    };
    idle_note(command, args, all, sizeof all / sizeof all[0], &progress);
}

static void note_idle(const struct args_command *command, const struct args *args, unsigned needs)
{
    const struct idle all[] = {{{"epochs", "epoch_images", "augment", "decay_every", "partial_batch"},
                                "a metric that trains a classifier",
                                needs & PD_NEEDS_CLASSIFIER},
                               {{"batch_statistics", "fixed", "samples", "reject"},
                                "a metric of generated samples",
                                needs & NEEDS_SAMPLES},
                               {{"weights", "count"}, "a metric of features", needs & PD_NEEDS_ANY_FEATURES}};
    struct progress progress = {.terminal = false};
    idle_note(command, args, all, sizeof all / sizeof all[0], &progress);
}

/* Those with a label, where a metric needs it. */
static enum pd_status take_images(struct eval *e, struct pd_error *err)
{
    uint32_t without;
    const enum pd_status status =
        pd_run_images_to_measure(e->run, e->data, e->metrics.needs & PD_NEEDS_REAL, &e->real, &without, err);
    if (!status && without)
        progress_line(&e->progress, "%s: %u of %lld images have no label and are left out",
                      pd_dataset_name(e->data), without, (long long)pd_dataset_count(e->data));
    return status;
}

/* The images that are measured on. */
static enum pd_status open_data(struct eval *e, struct pd_error *err)
{
    const struct eval_options *o = e->o;
    const struct pd_run_other other = real_other(&o->other);
    enum pd_status status =
        real_open(e->run, &other, e->split, o->by_number ? PD_RUN_LABELS_BY_NUMBER : PD_RUN_LABELS_BY_NAME,
                  &e->data, err);
    if (e->split == PD_SPLIT_TEST)
        status = real_advise(status,
                             "--data takes another set, with labelled test images of these classes; with "
                             "--split train, one that is not split",
                             err);
    return status ? status : take_images(e, err);
}

/* What gan-test's classifier is trained on. */
static enum pd_status open_training(struct eval *e, struct pd_error *err)
{
    struct pd_dataset *data = NULL;
    enum pd_status status = real_training(e->run, &data, err);
    if (!status)
        status = pd_run_images(e->run, data, PD_RUN_IMAGES_KNOWN, &e->training, err);
    pd_dataset_destroy(data);
    return status;
}

/* The fixed set, where one is asked for. */
static enum pd_status make_set(struct eval *e, const struct reject_options *reject, struct pd_error *err)
{
    const struct eval_options *o = e->o;
    const int64_t per_class = o->fixed ? o->fixed : reject->method ? PER_CLASS : 0;
    sample_set_release(&e->set);
    if (!(e->metrics.needs & NEEDS_SAMPLES))
        return PD_OK;
    if (o->samples[0])
        return sample_set_read(o->samples, e->gan, &e->set, err);
    return per_class ? sample_set_make(reject, e->run, per_class, e->seed, 0, &e->set, err) : PD_OK;
}

/* The real images once, the generated ones of each repeat anew. */
static enum pd_status see(struct eval *e, struct pd_error *err)
{
    int channels, size;
    struct pd_metric_features *f = &e->features;
    const struct pd_samples *made = e->set.samples;
    const struct pd_labelled_images real = {e->real.images, e->real.labels, e->real.count};
    const struct pd_feature_work work = f->work;
    struct progress_work seen = {&e->progress, "inception", "images"};
    enum pd_status status = PD_OK;
    pd_gan_shape(e->gan, &channels, &size);
    if (!size)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "a run of points: Inception sees images");
    f->work.context = &seen;
    pd_feature_file_release(&f->fake);
    if (!f->real.count)
        status = pd_metric_see_real(f, e->net, channels, size, &real, err);
    progress_end_work(&seen);
    if (!status && made) {
        const struct pd_labelled_images set = {made->images, made->labels, made->count};
        status = pd_metric_see_fake(f, e->net, channels, size, &set, err);
    } else if (!status)
        status = pd_gan_see(e->gan, f, e->net, e->o->count, e->seed, err);
    progress_end_work(&seen);
    f->work = work;
    return status;
}

static enum pd_status open_finding(const struct eval *e, const struct pd_metric *metric, struct finding *f,
                                   struct pd_error *err)
{
    const size_t cells = (size_t)pd_gan_classes(e->gan) * (size_t)pd_gan_classes(e->gan);
    const bool counts = metric->needs & PD_NEEDS_CONFUSION;
    *f = (struct finding){.metric = metric,
                          .values = calloc((size_t)e->o->repeats, sizeof *f->values),
                          .confusion = counts ? calloc(2 * cells, sizeof *f->confusion) : NULL};
    return f->values && (f->confusion || !counts)
               ? PD_OK
               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", pd_gan_classes(e->gan));
}

enum pd_status eval_measure_set(struct eval *e, const struct reject_options *reject, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; i < e->metrics.count && !status; i++)
        status = open_finding(e, e->metrics.at[i], &e->found[i], err);
    for (int64_t r = 0; r < e->o->repeats && !status; r++) {
        e->seed = (uint64_t)(e->o->seed + r);
        status = make_set(e, reject, err);
        if (!status && e->net)
            status = see(e, err);
        for (int i = 0; i < e->metrics.count && !status; i++)
            status = eval_measure(e, &e->found[i], err);
    }
    for (int i = 0; i < e->metrics.count; i++) {
        free(e->found[i].values);
        free(e->found[i].confusion);
    }
    return status;
}

/* The run's own training images are no measure of it. */
static enum pd_status take_split(struct eval *e, bool given, const char *split, struct pd_error *err)
{
    e->split = given && !strcmp(split, pd_split_name(PD_SPLIT_TRAIN)) ? PD_SPLIT_TRAIN : PD_SPLIT_TEST;
    if (given && strcmp(split, pd_split_name(e->split)) != 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "--split %s, expected train or test", split);
    return e->split == PD_SPLIT_TEST || real_is_other(&e->o->other)
               ? PD_OK
               : pd_fail(err, PD_ERR_USAGE, -1,
                         "--split train is of other data than the run's: --data is missing");
}

static enum pd_status check(const struct eval *e, const struct reject_options *reject, const char *weights,
                            struct pd_error *err)
{
    const struct eval_options *o = e->o;
    if (real_check_other(&o->other, err))
        return PD_ERR_USAGE;
    if (o->samples[0] && (o->fixed || reject->method))
        return pd_fail(err, PD_ERR_USAGE, -1, "--samples is a set of its own: without --%s",
                       o->fixed ? "fixed" : "reject");
    if (o->batch_statistics && (o->samples[0] || o->fixed || o->tradeoff[0] || reject->method))
        return pd_fail(err, PD_ERR_USAGE, -1, "--batch-statistics is of fresh samples: without --%s",
                       o->samples[0] ? "samples"
                       : o->fixed    ? "fixed"
                                     : "reject");
    if (pd_metric_list_has(&e->metrics, "frechet"))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "--metrics frechet is of files of features: of a run's images it is fid, or frechet-lenet");
    if (e->metrics.needs & PD_NEEDS_ANY_FEATURES && !weights[0])
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "--weights is missing: Inception's, which 'paydirt weights import' makes of %s (without "
            "them: --metrics frechet-lenet)",
            PD_INCEPTION_URL);
    const enum pd_status status = feature_check_bootstrap(e->bootstrap, err);
    return status ? status : pd_metric_check_classifier(o->classifier, err);
}

static enum pd_status open_all(struct eval *e, const char *weights, struct pd_error *err)
{
    const struct eval_options *o = e->o;
    enum pd_status status = e->metrics.needs & PD_NEEDS_ANY_FEATURES
                                ? eval_open_weights(weights, (int)o->where.threads, &e->net, err)
                                : PD_OK;
    if (!status)
        status = where_open(&o->where, e->folder, &e->run, err);
    if (status)
        return status;
    e->gan = pd_run_gan(e->run);
    pd_gan_use_batch_statistics(e->gan, o->batch_statistics);
    status = real_set_recalibrate(e->run, o->recalibrate_given, o->recalibrate, err);
    if (!status)
        status = open_data(e, err);
    if (!status && e->metrics.needs & PD_NEEDS_TRAINING)
        status = open_training(e, err);
    return status;
}

static enum pd_status evaluate(struct eval *e, const struct reject_options *reject,
                               const struct tradeoff *tradeoff, const char *weights, struct pd_error *err)
{
    enum pd_status status = open_all(e, weights, err);
    if (!status)
        status = e->o->tradeoff[0] ? tradeoff_measure(e, tradeoff, err) : eval_measure_set(e, reject, err);
    progress_end(&e->progress);
    sample_set_release(&e->set);
    pd_real_images_release(&e->training);
    pd_real_images_release(&e->real);
    pd_dataset_destroy(e->data);
    pd_trained_destroy(e->judge);
    pd_metric_features_release(&e->features);
    pd_inception_destroy(e->net);
    pd_run_close(e->run);
    return status;
}

static void init(struct eval *e, const struct eval_options *o, const struct feature_options *features)
{
    *e = (struct eval){
        .o = o,
        .bootstrap = features->bootstrap,
        .steps = {&e->progress, "", "steps"},
        .features = {
            .work = {.threads = (int)o->where.threads, .watch = progress_on_work, .context = &e->steps},
            .k = (int)features->k,
            .subsets = features->subsets,
            .subset_size = features->subset_size}};
}

enum pd_status command_eval(int argc, char **argv, struct pd_error *err)
{
    struct eval_options o = {.seed = 1,
                             .classifier = "lenet",
                             .recalibrate = true,
                             .epochs = PD_METRIC_EPOCHS,
                             .epoch_images = PD_METRIC_EPOCH_IMAGES,
                             .count = 10000,
                             .repeats = 1,
                             .where = WHERE_DEFAULTS};
    char text[6000];
    snprintf(o.metrics, sizeof o.metrics, "%s", pd_metric_at(0)->name);
    struct reject_options reject;
    reject_init(&reject);
    struct feature_options features;
    struct tradeoff tradeoff;
    const struct args_command command = {
        "eval",
        usage,
        args_with_metrics(text, sizeof text, about),
        examples,
        "RUN",
        {{table, sizeof table / sizeof table[0], &o}, reject_group(&reject), feature_group(&features)}};
    struct eval e;
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    if (feature_asked(&features, args.operand)) {
        const struct feature_request request = {args_is_given(&command, &args, "metrics") ? o.metrics : NULL,
                                                reject.real,
                                                o.seed,
                                                o.where.threads,
                                                o.other.data_dir,
                                                o.json};
        return args_trim_hints(&command, eval_features(&features, &request, &command, &args, err), err);
    }
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = recipe_take_like(o.like, &command, &args, err);
    init(&e, &o, &features);
    if (!status)
        status = pd_metric_list_read(o.metrics, &e.metrics, err);
    if (!status)
        status = o.tradeoff[0] ? tradeoff_check(&tradeoff, &e, &reject, &command, &args, err)
                               : reject_check(&reject, &command, &args, err);
    if (!status)
        status = take_split(&e, args_is_given(&command, &args, "split"), features.split, err);
    if (!status)
        status = check(&e, &reject, features.weights, err);
    if (status)
        return status;
    note_idle(&command, &args, e.metrics.needs);
    feature_note_idle(&command, &args, &e.metrics);
    note_idle_beside(&command, &args, &e, o.samples[0] || o.fixed || reject.method || o.tradeoff[0]);
    o.recalibrate_given = args_is_given(&command, &args, "recalibrate");
    o.epoch_given = args_is_given(&command, &args, "epoch_images");
    e.folder = args.operand;
    return args_trim_hints(&command, evaluate(&e, &reject, &tradeoff, features.weights, err), err);
}
