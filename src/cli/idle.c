#include "cli/idle.h"

void idle_note(const struct args_command *c, const struct args *args, const char *const *names,
               const char *needs, struct progress *progress)
{
    char flag[40];
    for (; *names; names++) {
        const struct pd_option option = {.name = *names};
        if (args_is_given(c, args, *names))
            progress_line(progress, "--%s has no effect without %s",
                          pd_option_flag(&option, flag, sizeof flag), needs);
    }
}

void idle_note_training(const struct args_command *c, const struct args *args,
                        const struct pd_train_options *o, struct progress *progress)
{
    static const char *const golds[] = {"gold_start",      "beta_d",    "beta_g", "gold_balanced",
                                        "gold_normalised", "gold_clip", NULL};
    if (!o->gold)
        idle_note(c, args, golds, "--gold", progress);
}
