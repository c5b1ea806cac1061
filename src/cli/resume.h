/* What a command with --resume may change of a run. */
#ifndef PD_CLI_RESUME_H
#define PD_CLI_RESUME_H

#include "cli/args.h"

#include <paydirt/run.h>

/* PD_ERR_USAGE names an option that was given and is not one of those that may be: allowed, NULL at its end,
 * beside --resume and where the data lie now (--data, --data-dir, --cache-dir). */
enum pd_status resume_check(const struct args_command *command, const struct args *args,
                            const char *const *allowed, struct pd_error *err);

/* Of a training's options, which are borrowed, those that were given. */
struct pd_data_place resume_place(const struct args_command *command, const struct args *args,
                                  const struct pd_option_table *training);

#endif
