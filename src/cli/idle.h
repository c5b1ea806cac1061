/* Options that do nothing as the others stand: rather a mistake, so a line says it. */
#ifndef PD_CLI_IDLE_H
#define PD_CLI_IDLE_H

#include "cli/args.h"
#include "cli/progress.h"

struct idle {
    const char *names[18]; /* of options, up to a NULL */
    const char *needs;     /* what they have no effect without */
    bool used;             /* and whether it is there */
};

/* Of (count) kinds those that are not used and were typed. */
void idle_note(const struct args_command *c, const struct args *args, const struct idle *all, size_t count,
               struct progress *progress);

/* Those of a training run. */
void idle_note_training(const struct args_command *c, const struct args *args,
                        const struct pd_option_table *training, struct progress *progress);

/* Of a training run whose images all have a label, those about images without. left_out: such were there. */
void idle_note_labelled(const struct args_command *c, const struct args *args, bool left_out,
                        struct progress *progress);

#endif
