/* Processes that train or score together, started by mpirun or srun; Open MPI and MPICH (and what has its
 * binary interface) are opened at run time. */
#ifndef PAYDIRT_RANKS_H
#define PAYDIRT_RANKS_H

#include <paydirt/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_ranks;

/* How many processes of this program an MPI or Slurm started together, by the environment alone; 1: this one.
 * rank: this one's, from 0; or NULL. */
int pd_ranks_started(int *rank);

/* Lets processes that this one starts not take themselves for such. */
void pd_ranks_forget(void);

/* Joins them; *out: NULL where this process was started alone. To be closed, at most once in a process.
 * PD_ERR_UNSUPPORTED: started together without MPI, or the MPI's library is not here, does not start or
 * knows of this process alone. */
enum pd_status pd_ranks_open(struct pd_ranks **out, struct pd_error *err);

/* Waits for the others to do the same. code: this process's exit code; where others do not know of a failure,
 * ends them with it, and this one. Also NULL. */
void pd_ranks_close(struct pd_ranks *r, int code);

/* PD_OK where all ranks hand in PD_OK; else the failure of the lowest rank that failed, which keeps its err;
 * the others' has no message. */
enum pd_status pd_ranks_agree(struct pd_ranks *r, enum pd_status status, struct pd_error *err);

int pd_ranks_rank(const struct pd_ranks *r); /* from 0; NULL: 0 */
int pd_ranks_size(const struct pd_ranks *r); /* NULL: 1 */

/* Processors for this one's threads: those that it may use, shared with the ranks that may use them, too. */
int pd_ranks_threads(const struct pd_ranks *r);

#ifdef __cplusplus
}
#endif

#endif
