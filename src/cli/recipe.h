/* --recipe of the commands that have it. */
#ifndef PD_CLI_RECIPE_H
#define PD_CLI_RECIPE_H

#include "cli/args.h"

#define LIKE_HELP                                                                                            \
    "a set of options: gold-code (doc/gold.md), few-labels (doc/few-labels.md); those given here go first"
#define RECIPE_HELP "an experiment's options ('paydirt recipes'), or a file's; those given here go first"

/* Sets what the recipe of that name sets in the command's groups; what the command line gave stands. The
 * recipe's options then count as given. PD_ERR_USAGE: unknown, or one of another command; and as
 * pd_recipe_open. */
enum pd_status recipe_take(const char *name, const struct args_command *command, struct args *args,
                           struct pd_error *err);

/* The same of --like. like: first, so that it stands above a recipe; "": nothing. */
enum pd_status recipe_take_like(const char *like, const struct args_command *command, struct args *args,
                                struct pd_error *err);

#endif
