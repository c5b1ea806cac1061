/* A run of a plan: call by call at first, which finds what cannot start, then captured as a graph of the
 * card's, which later runs replay. Only what run it is (struct cuda_step) is written before each. */
#include "backend/cuda/cuda.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define NO_GRAPHS ", without graphs"

struct cuda_plan {
    bool warm, plain; /* plain: its calls cannot be captured, and are started on every run */
    struct CUgraphExec_st *graph;
};

bool cuda_plan_create(struct cuda_call *first)
{
    first->plan = pd_calloc(1, sizeof *first->plan);
    return first->plan;
}

void cuda_plan_destroy(const struct cuda *b, struct cuda_plan *p)
{
    if (!p)
        return;
    if (!b->sums.lost)
        b->api.cuStreamSynchronize(b->stream);
    if (!b->sums.lost && p->graph)
        b->api.cuGraphExecDestroy(p->graph);
    pd_free(p);
}

/* --- launches --- */

int cuda_blocks(int64_t count)
{
    enum { MOST = 4096 }; /* then threads have several: 132 processors hold 8 blocks each */
    const int64_t blocks = (count + CUDA_THREADS - 1) / CUDA_THREADS;
    return blocks < 1 ? 1 : blocks > MOST ? MOST : (int)blocks;
}

struct cuda_launch *cuda_launch_add(struct pd_call *call, enum cuda_kernel kernel, int blocks)
{
    struct cuda_call *c = call->context;
    struct cuda_launch *l = &c->launch[c->n++];
    *l = (struct cuda_launch){.function = kernel < CUDA_KERNELS ? c->backend->kernels[kernel] : NULL,
                              .blocks = blocks,
                              .args = {.dst = call->dst}};
    for (int k = 0; k < call->instr->n_src; k++)
        l->args.src[k] = call->src[k];
    return l;
}

void *cuda_scratch_take(struct pd_call *call, size_t bytes)
{
    const size_t offset = (call->scratch + 255) / 256 * 256;
    call->scratch = offset + bytes;
    return (void *)offset; /* NOLINT(performance-no-int-to-ptr) */
}

void cuda_run_launch(const struct cuda_launch *l, struct cuda *b, const struct pd_run *run)
{
    struct cuda_args args = l->args;
    void *parameters[] = {&args};
    if (l->scratch & CUDA_SCRATCH_DST)
        args.dst = (char *)run->scratch + (uintptr_t)args.dst;
    for (int k = 0; k < CUDA_ARG_SOURCES; k++)
        if (l->scratch & CUDA_SCRATCH_SRC(k))
            args.src[k] = (char *)run->scratch + (uintptr_t)args.src[k];
    cuda_note(b, run, CUDA_DRIVER,
              b->api.cuLaunchKernel(l->function, (unsigned)l->blocks, 1, 1, CUDA_THREADS, 1, 1, 0, b->stream,
                                    parameters, NULL));
}

void cuda_run_launches(const struct pd_call *call, const struct pd_run *run)
{
    struct cuda_call *c = call->context;
    for (int i = 0; i < c->n && !*run->failure; i++)
        cuda_run_launch(&c->launch[i], c->backend, run);
}

/* --- runs --- */

static enum pd_status fail_call(const struct cuda *b, const struct pd_call *call, enum pd_status status,
                                struct pd_error *err)
{
    char shape[96];
    return pd_fail(err, status, -1, "%s: %s making %s: %s", b->where, pd_op_name(call->instr->op),
                   pd_shape_text(call->instr->shape, shape), b->why);
}

static enum pd_status start_each(struct cuda *b, const struct pd_call *calls, int n, const struct pd_run *run,
                                 struct pd_error *err)
{
    int at = 0;
    for (int i = 0; i < n && !*run->failure; i++) {
        at = i;
        if (((struct cuda_call *)calls[i].context)->waits)
            cuda_sums_wait(b, run);
        calls[i].kernel(&calls[i], run);
    }
    if (!*run->failure)
        cuda_sums_wait(b, run);
    return *run->failure ? fail_call(b, &calls[at], (enum pd_status) * run->failure, err) : PD_OK;
}

static enum pd_status time_each(struct cuda *b, struct pd_call *calls, int n, const struct pd_run *run,
                                struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; i < n && !status; i++) {
        float milliseconds = 0;
        unsigned result = b->api.cuEventRecord(b->begin, b->stream);
        status = start_each(b, &calls[i], 1, run, err);
        if (!result)
            result = b->api.cuEventRecord(b->end, b->stream);
        if (!result)
            result = b->api.cuEventSynchronize(b->end);
        if (!result)
            result = b->api.cuEventElapsedTime(&milliseconds, b->begin, b->end);
        if (!status)
            status = cuda_check(b, result, "timing", err);
        calls[i].nanoseconds += (uint64_t)(1e6 * (double)milliseconds);
        calls[i].runs++;
    }
    return status;
}

static enum pd_status capture(struct cuda *b, struct cuda_plan *p, const struct pd_call *calls, int n,
                              const struct pd_run *run, struct pd_error *err)
{
    struct CUgraph_st *graph = NULL;
    enum pd_status status =
        cuda_check(b, b->api.cuStreamBeginCapture_v2(b->stream, CU_CAPTURE_THREAD), "capturing a step", err);
    if (status)
        return status;
    status = start_each(b, calls, n, run, err);
    const unsigned ended = b->api.cuStreamEndCapture(b->stream, &graph);
    if (!status)
        status = cuda_check(b, ended, "capturing a step", err);
    if (!status)
        status = cuda_check(b, b->api.cuGraphInstantiateWithFlags(&p->graph, graph, 0),
                            "making a step's graph", err);
    if (graph)
        b->api.cuGraphDestroy(graph);
    return status;
}

static void put_step(struct cuda *b, const struct pd_run *run)
{
    struct cuda_launch l = {.function = b->kernels[CUDA_put_step], .blocks = 1};
    l.args.dst = (void *)(uintptr_t)b->step;
    l.args.n[0] = (int)(uint32_t)run->seed;
    l.args.n[1] = (int)(uint32_t)(run->seed >> 32);
    l.args.n[2] = (int)(uint32_t)run->step;
    cuda_run_launch(&l, b, run);
}

/* Where the libraries' calls cannot be captured the plan runs without a graph, and the card's name says so.
 * Not with other ranks: a sum is captured on all or on none. */
static enum pd_status capture_or_not(struct cuda *b, struct cuda_plan *p, const struct pd_call *calls, int n,
                                     struct pd_run *run, struct pd_error *err)
{
    struct pd_error why;
    const enum pd_status status = capture(b, p, calls, n, run, b->sums.comm ? err : &why);
    if (!status || b->sums.comm)
        return status;
    const size_t used = strlen(b->where);
    if (!strstr(b->where, NO_GRAPHS))
        snprintf(b->where + used, sizeof b->where - used, NO_GRAPHS ": %s", b->why);
    *run->failure = PD_OK;
    p->plain = true;
    return PD_OK;
}

static enum pd_status run_calls(struct cuda *b, struct pd_call *calls, int n, struct pd_run *run,
                                struct pd_error *err)
{
    atomic_int failure = PD_OK;
    struct cuda_plan *p = ((struct cuda_call *)calls[0].context)->plan;
    run->failure = &failure;
    enum pd_status status = cuda_check(b, b->api.cuCtxSetCurrent(b->context), "the card", err);
    if (!status)
        put_step(b, run);
    if (failure)
        status = fail_call(b, &calls[0], (enum pd_status)failure, err);
    if (status)
        return status;
    if (run->profile)
        return time_each(b, calls, n, run, err);
    if (p->warm && !p->graph && !p->plain)
        status = capture_or_not(b, p, calls, n, run, err);
    if (status)
        return status;
    if (p->graph)
        return cuda_check(b, b->api.cuGraphLaunch(p->graph, b->stream), "starting a step", err);
    status = start_each(b, calls, n, run, err);
    p->warm = !status;
    return status;
}

enum pd_status cuda_run(struct pd_backend *base, struct pd_call *calls, int n, struct pd_run *run,
                        struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    const enum pd_status status = n ? run_calls(b, calls, n, run, err) : PD_OK;
    b->sums.lost =
        b->sums.lost || (status && b->sums.comm); /* others go on to sums that this one does not make */
    return status;
}
