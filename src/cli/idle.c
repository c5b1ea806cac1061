#include "cli/idle.h"

#include <paydirt/metric.h>

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

void idle_note_training(const struct args_command *c, const struct args *args,
                        const struct pd_option_table *training, struct progress *progress)
{
    const struct pd_metric *best = pd_metric_find(pd_option_get_text(training, "best"), NULL);
    const bool validates = pd_option_get_int(training, "validation");
    const struct idle all[] = {
        {{"gold_start", "beta_d", "beta_g", "gold_balanced", "gold_normalised", "gold_clip", "gold_broadcast",
          "gold_epsilon"},
         "--gold",
         pd_option_get_bool(training, "gold")},
        {{"best", "validate_every", "validation_epochs", "keep_last"}, "--validation", validates},
        {{"validation_epochs"},
         "a metric that trains a classifier",
         !validates || !best || best->needs & PD_NEEDS_CLASSIFIER},
        {{"metrics", "weights", "eval_images", "eval_epochs"},
         "--eval-every",
         pd_option_get_int(training, "eval_every")},
        {{"strong_augment", "threshold", "align", "guess_ramp"},
         "--consistency",
         pd_option_get_real(training, "consistency") > 0},
        {{"rotation_g"}, "--rotation", pd_option_get_real(training, "rotation") > 0},
        {{"natural_share"}, "--labels-per-batch", pd_option_get_int(training, "labels_per_batch")},
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
