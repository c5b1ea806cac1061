#include "cli/idle.h"

#include <paydirt/data.h>
#include <paydirt/metric.h>
#include <paydirt/ranks.h>

#include <string.h>

void idle_note(const struct args_command *c, const struct args *args, const struct idle *all, size_t count,
               struct progress *progress)
{
    char flag[40];
    for (const struct idle *at = all; at < all + count; at++)
        for (const char *const *name = at->names; !at->used && *name; name++) {
            const struct pd_option option = {.name = *name};
            if (args_is_typed(c, args, *name))
                progress_line(progress, "--%s has no effect without %s",
                              pd_option_flag(&option, flag, sizeof flag), at->needs);
        }
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names;
}

/* So that no line stands where nothing can be told. */
static const struct pd_data_source *source_of(const struct pd_option_table *training)
{
    const struct pd_data_source *source;
    return pd_data_source_find(pd_option_get_text(training, "data"), &source, NULL) ? NULL : source;
}

static bool reads_folder(const struct pd_option_table *training, const struct pd_data_source *source)
{
    static const char *const made[] = {"strokes", "synthetic", NULL};
    return !source ||
           (!is_one_of(source->name, made) && !strcmp(pd_option_get_text(training, "data"), source->name));
}

static bool draws_data(const struct pd_option_table *training, const struct pd_data_source *source)
{
    static const char *const drawn[] = {"strokes", "synthetic", "tiny-imagenet", NULL};
    return !source || is_one_of(source->name, drawn) || pd_option_get_int(training, "data_count") ||
           pd_option_get_int(training, "labels") || pd_option_get_int(training, "validation");
}

static bool keeps_cache(const struct pd_data_source *source)
{
    static const char *const kept[] = {"folder", "archive", "tiny-imagenet", NULL};
    return !source || is_one_of(source->name, kept);
}

void idle_note_training(const struct args_command *c, const struct args *args,
                        const struct pd_option_table *training, struct progress *progress)
{
    const struct pd_metric *best = pd_metric_find(pd_option_get_text(training, "best"), NULL);
    const struct pd_data_source *source = source_of(training);
    const bool validates = pd_option_get_int(training, "validation"),
               gold = pd_option_get_bool(training, "gold"),
               evaluates = pd_option_get_int(training, "eval_every"),
               consistent = pd_option_get_real(training, "consistency") > 0,
               classes = pd_option_get_bool(training, "class_losses"),
               informs = !classes && pd_option_get_real(training, "mutual_information") > 0;
    const int64_t labelled = pd_option_get_int(training, "labels_per_batch");
    struct pd_metric_list metrics;
    const bool told = !pd_metric_list_read(pd_option_get_text(training, "metrics"), &metrics, NULL);
    const struct idle all[] = {
        {{"gold_start", "beta_d", "beta_g", "gold_balanced", "gold_normalised", "gold_clip", "gold_broadcast",
          "gold_epsilon"},
         "--gold",
         gold},
        {{"gold", "gold_start", "gold_balanced", "gold_normalised", "gold_clip", "gold_broadcast"},
         "--beta-d or --beta-g above 0",
         !gold || pd_option_get_real(training, "beta_d") > 0 || pd_option_get_real(training, "beta_g") > 0},
        {{"lambda_c", informs ? NULL : "match_labels"}, "class losses (--no-class-losses)", classes},
        {{"match_labels", "fake_confidence"},
         "--lambda-c above 0",
         !classes || pd_option_get_real(training, "lambda_c") > 0},
        {{"best", "validate_every", "validation_epochs", "keep_last"}, "--validation", validates},
        {{"validation_epochs"},
         "a metric that trains a classifier",
         !validates || !best || best->needs & PD_NEEDS_CLASSIFIER},
        {{"metrics", "weights", "eval_images", "eval_epochs"}, "--eval-every", evaluates},
        {{"weights", "eval_images"},
         "a metric of Inception's features in --metrics",
         !evaluates || !told || metrics.needs & PD_NEEDS_ANY_FEATURES},
        {{"eval_epochs"},
         "a metric that trains a classifier in --metrics",
         !evaluates || !told || metrics.needs & PD_NEEDS_CLASSIFIER},
        {{"strong_augment", "threshold", "align", "guess_ramp"}, "--consistency", consistent},
        {{"consistency", "strong_augment", "align", "guess_ramp"},
         "--threshold below 1",
         !consistent || pd_option_get_real(training, "threshold") < 1},
        {{"rotation_g"}, "--rotation", pd_option_get_real(training, "rotation") > 0},
        {{"natural_share"}, "--labels-per-batch", labelled},
        {{"natural_share", "consistency"},
         "unlabelled images in a batch: --labels-per-batch below --batch",
         !labelled || labelled != pd_option_get_int(training, "batch")},
        {{"sync_statistics"}, "several processes (mpirun, srun)", pd_ranks_started(NULL) > 1},
        {{"flip", "random_crop", "size"}, "images: the data are 2-D points", !source || source->size},
        {{"data_dir"}, "the name of a published set in --data", reads_folder(training, source)},
        {{"data_seed"}, "data, labels or images held out that are drawn", draws_data(training, source)},
        {{"cache_dir"}, "a folder or archive of images", keeps_cache(source)},
        {{"cache_dir"}, "a cache (--no-cache)", pd_option_get_bool(training, "cache")}};
    idle_note(c, args, all, sizeof all / sizeof all[0], progress);
}

void idle_note_labelled(const struct args_command *c, const struct args *args, bool left_out,
                        struct progress *progress)
{
    const struct idle all = {
        {"consistency", "match_labels", left_out ? NULL : "labelled_only"}, "unlabelled images", false};
    idle_note(c, args, &all, 1, progress);
}
