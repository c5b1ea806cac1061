/* Keeps signal handlers off threads that compute. oneDNN's generated code borrows the stack pointer for its
 * own sums; the kernel would write a handler's frame where it points, over whatever lies there. So signals
 * wait: for the end of the run on the caller's thread, for good on the OpenMP threads that it leads. What
 * cannot wait (SIGSEGV and its like) still strikes at once. */
#ifndef PD_BASE_SIGNALS_H
#define PD_BASE_SIGNALS_H

#include <signal.h>

/* All signals that come from outside. */
void pd_signals_that_wait(sigset_t *set);

/* Around a run by `team` threads: the caller's own mask goes to before, and comes back. */
void pd_signals_hold(int team, sigset_t *before);
void pd_signals_release(const sigset_t *before);

#endif
