/* A command that mpirun or srun may start many times at once. */
#ifndef PD_CLI_RANKS_H
#define PD_CLI_RANKS_H

#include <paydirt/option.h>
#include <paydirt/ranks.h>

/* The command's end: where only this rank knows of a failure, says it and ends the others, too. */
void ranks_end(const char *command, struct pd_ranks *ranks, enum pd_status status, struct pd_error *err);

/* Active runs that were started together share the trials: each takes some, with the seeds that these have in
 * one run. loop, training: the run's options. PD_ERR_USAGE: there are fewer trials than ranks, or people
 * answer. */
enum pd_status ranks_share_trials(const struct pd_option_table *loop, const struct pd_option_table *training,
                                  struct pd_error *err);

#endif
