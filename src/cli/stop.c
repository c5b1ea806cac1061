#include "cli/stop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#define ONE_REQUEST_SECONDS 1.0 /* timeout(1) and terminals send a signal twice */

static atomic_bool listening, asked;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die_of(int number)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    raise(number);
}

static void *wait_for_signals(void *requests)
{
    double first = 0;
    for (int number; !sigwait(requests, &number);) {
        if (!listening || (asked && now() - first > ONE_REQUEST_SECONDS))
            die_of(number);
        first = asked ? first : now();
        asked = true;
    }
    return NULL;
}

static void fill_requests(sigset_t *requests)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(requests);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action;
        if (!sigaction(numbers[i], NULL, &action) && action.sa_handler != SIG_IGN)
            sigaddset(requests, numbers[i]);
    }
}

/* Signals from outside stay off all threads but the one that waits: one that computes must not be interrupted
 * (graph.h). Faults strike where they happen, and a broken pipe strikes whoever writes. */
static void hold_signals(void)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPIPE};
    sigset_t held;
    sigfillset(&held);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sigdelset(&held, own[i]);
    pthread_sigmask(SIG_BLOCK, &held, NULL);
}

/* What the thread does not wait for has its usual effect there. */
enum pd_status stop_begin(struct pd_error *err)
{
    static sigset_t requests;
    pthread_t thread;
    fill_requests(&requests);
    pthread_sigmask(SIG_BLOCK, &requests, NULL);
    if (pthread_create(&thread, NULL, wait_for_signals, &requests)) /* EAGAIN says both */
        return pd_fail(err, PD_ERR_MEMORY, -1,
                       "out of memory, or of processes (their limit), for the thread that waits for signals");
    pthread_detach(thread);
    hold_signals();
    return PD_OK;
}

/* What is lost with the process must not go with a reader: Ctrl-C ends the tee behind it, too. */
void stop_catch(void)
{
    signal(SIGPIPE, SIG_IGN);
    listening = true;
}

bool stop_asked(void)
{
    return asked;
}

bool stop_callback(void *unused)
{
    (void)unused;
    return stop_asked();
}
