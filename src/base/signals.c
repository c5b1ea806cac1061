#include "base/signals.h"

#include <pthread.h>
#include <stddef.h>

void pd_signals_that_wait(sigset_t *set)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigfillset(set);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(set, faults[i]);
}

/* Threads of the team that are there already have another mask: a host program may have made them. */
void pd_signals_hold(int team, sigset_t *before)
{
    sigset_t held;
    pd_signals_that_wait(&held);
    pthread_sigmask(SIG_BLOCK, &held, before);
#pragma omp parallel num_threads(team)
    pthread_sigmask(SIG_BLOCK, &held, NULL);
}

void pd_signals_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
