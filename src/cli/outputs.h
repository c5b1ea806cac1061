/* What a command is asked to write must not replace what it reads. */
#ifndef PD_CLI_OUTPUTS_H
#define PD_CLI_OUTPUTS_H

#include "cli/args.h"

/* Of every command, once its options and operands are known: each output is a file of its own, and none of a
 * run's, an input, or an image of the data. PD_ERR_USAGE. */
enum pd_status outputs_check(const struct args_command *command, const struct args *args,
                             struct pd_error *err);

#endif
