#include "cli/idle.h"

#include <paydirt/metric.h>

void idle_note(const struct args_command *c, const struct args *args, const char *const *names,
               const char *needs, struct progress *progress)
{
    char flag[40];
    for (; *names; names++) {
        const struct pd_option option = {.name = *names};
        if (args_is_typed(c, args, *names))
            progress_line(progress, "--%s has no effect without %s",
                          pd_option_flag(&option, flag, sizeof flag), needs);
    }
}

void idle_note_training(const struct args_command *c, const struct args *args,
                        const struct pd_option_table *training, struct progress *progress)
{
    static const char *const golds[] = {"gold_start",      "beta_d",    "beta_g",         "gold_balanced",
                                        "gold_normalised", "gold_clip", "gold_broadcast", NULL};
    static const char *const bests[] = {"best", "validate_every", "validation_epochs", "keep_last", NULL};
    static const char *const classifiers[] = {"validation_epochs", NULL};
    const struct pd_metric *best = pd_metric_find(pd_option_get_text(training, "best"), NULL);
    if (!pd_option_get_bool(training, "gold"))
        idle_note(c, args, golds, "--gold", progress);
    if (!pd_option_get_int(training, "validation"))
        idle_note(c, args, bests, "--validation", progress);
    else if (best && !(best->needs & PD_NEEDS_CLASSIFIER))
        idle_note(c, args, classifiers, "a metric that trains a classifier", progress);
}
