#include "backend/host.h"

#include "base/mem.h"
#include "base/signals.h"

#include <string.h>
#include <time.h>

void *pd_host_allocate(struct pd_backend *b, size_t bytes)
{
    (void)b;
    return pd_aligned_calloc(bytes);
}

void pd_host_release(struct pd_backend *b, void *address)
{
    (void)b;
    pd_free(address);
}

enum pd_status pd_host_upload(struct pd_backend *b, void *address, const void *from, size_t bytes,
                              struct pd_error *err)
{
    (void)b, (void)err;
    memcpy(address, from, bytes);
    return PD_OK;
}

enum pd_status pd_host_download(struct pd_backend *b, void *to, const void *address, size_t bytes,
                                struct pd_error *err)
{
    (void)b, (void)err;
    memcpy(to, address, bytes);
    return PD_OK;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void run_timed(struct pd_call *call, const struct pd_run *run)
{
    uint64_t start = now();
    call->kernel(call, run);
    call->nanoseconds += now() - start;
    call->runs++;
}

enum pd_status pd_host_run(struct pd_backend *b, struct pd_call *calls, int n, struct pd_run *run,
                           struct pd_error *err)
{
    atomic_int failure = PD_OK;
    sigset_t before;
    int i = 0;
    run->failure = &failure;
    pd_signals_hold(b->threads, &before);
    for (; i < n && !failure; i++)
        if (run->profile)
            run_timed(&calls[i], run);
        else
            calls[i].kernel(&calls[i], run);
    pd_signals_release(&before);
    if (failure == PD_ERR_IO) /* only other ranks' */
        return pd_fail(err, PD_ERR_IO, -1, "%s", b->ranks->why.message);
    return failure ? pd_call_fail(&calls[i - 1], (enum pd_status)failure, err) : PD_OK;
}
