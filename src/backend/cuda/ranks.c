/* Sums over ranks, NCCL's. They have a stream of their own, so that gradients travel behind the rest of the
 * backward pass: what is asked for is begun when it is worth a start, or when a call wants a result. */
#include "backend/cuda/cuda.h"

#include <time.h>

enum { NAP = 20000 };      /* nanoseconds */
enum { BUCKET = 4 << 20 }; /* bytes: then a ring's latency, some 10 us a step, is the smaller part */

/* --- life --- */

static enum pd_status check(const struct cuda *b, unsigned result, const char *what, struct pd_error *err)
{
    return result ? pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: NCCL, %s: %s%s", b->where, what,
                            b->api.ncclGetErrorString(result),
                            result == NCCL_INVALID_USAGE ? "; has each rank a card of its own?" : "")
                  : PD_OK;
}

enum pd_status cuda_open_ranks(struct pd_backend *base, struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    struct cuda_ranks *r = &b->sums;
    enum pd_status status = cuda_open_library(&b->api, CUDA_NCCL, err);
    if (status)
        return status;
    unsigned result = b->api.cuCtxSetCurrent(b->context);
    if (!result)
        result = b->api.cuStreamCreate(&r->stream, CU_STREAM_APART);
    if (!result)
        result = b->api.cuEventCreate(&r->made, CU_EVENT_NO_TIMING);
    if (!result)
        result = b->api.cuEventCreate(&r->summed, CU_EVENT_NO_TIMING);
    return cuda_check(b, result, "starting", err);
}

/* The first rank's, for all; where it has none, that. */
static enum pd_status share_id(struct pd_ranks *ranks, bool made, struct cuda_nccl_id *id,
                               struct pd_error *err)
{
    enum { N = sizeof id->bytes };
    double numbers[N + 1] = {0}; /* the last: whether there is one */
    for (int i = 0; i < N && made; i++)
        numbers[i] = id->bytes[i];
    numbers[N] = made;
    const enum pd_status status = ranks->add_up(ranks, numbers, N + 1, sizeof *numbers, err);
    for (int i = 0; i < N && !status; i++)
        id->bytes[i] = (char)numbers[i];
    return status || numbers[N] > 0 ? status
                                    : pd_fail(err, PD_ERR_UNSUPPORTED, -1, "NCCL does not start on rank 0");
}

enum pd_status cuda_join(struct pd_backend *base, struct pd_ranks *ranks, struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    struct cuda_nccl_id id = {{0}};
    enum pd_status status = PD_OK;
    if (ranks->rank == 0)
        status = check(b, b->api.ncclGetUniqueId(&id), "starting", err);
    const bool made = ranks->rank == 0 && !status;
    const enum pd_status shared = share_id(ranks, made, &id, status ? NULL : err);
    if (status || shared)
        return status ? status : shared;
    status = check(b, b->api.ncclCommInitRank(&b->sums.comm, ranks->size, id, ranks->rank),
                   "joining the ranks", err);
    ranks->broken = status;
    return status;
}

void cuda_leave(struct cuda *b)
{
    struct cuda_ranks *r = &b->sums;
    if (r->comm)
        b->api.ncclCommDestroy(r->comm);
    if (r->summed)
        b->api.cuEventDestroy_v2(r->summed);
    if (r->made)
        b->api.cuEventDestroy_v2(r->made);
    if (r->stream)
        b->api.cuStreamDestroy_v2(r->stream);
}

/* --- sums --- */

static unsigned sum_each(struct cuda *b)
{
    const struct cuda_ranks *r = &b->sums;
    unsigned result = b->api.ncclGroupStart();
    if (result)
        return result;
    for (int i = 0; i < r->count && !result; i++)
        result = b->api.ncclAllReduce(r->next[i].from, r->next[i].to, r->next[i].n, NCCL_FLOAT, NCCL_SUM,
                                      r->comm, r->stream);
    const unsigned ended = b->api.ncclGroupEnd();
    return result ? result : ended;
}

/* Behind all that the runs' stream has done. */
static void begin(struct cuda *b, const struct pd_run *run)
{
    struct cuda_ranks *r = &b->sums;
    unsigned result = b->api.cuEventRecord(r->made, b->stream);
    if (!result)
        result = b->api.cuStreamWaitEvent(r->stream, r->made, 0);
    cuda_note(b, run, CUDA_DRIVER, result);
    if (!result)
        cuda_note(b, run, CUDA_NCCL, sum_each(b));
    cuda_note(b, run, CUDA_DRIVER, b->api.cuEventRecord(r->summed, r->stream));
    r->count = 0;
    r->bytes = 0;
    r->underway = true;
}

void cuda_sums_wait(struct cuda *b, const struct pd_run *run)
{
    struct cuda_ranks *r = &b->sums;
    if (r->count)
        begin(b, run);
    if (r->underway)
        cuda_note(b, run, CUDA_DRIVER, b->api.cuStreamWaitEvent(b->stream, r->summed, 0));
    r->underway = false;
}

static unsigned failure_of(const struct cuda *b)
{
    unsigned failure = 0;
    const unsigned result = b->api.ncclCommGetAsyncError(b->sums.comm, &failure);
    return result ? result : failure == NCCL_IN_PROGRESS ? 0 : failure;
}

/* A kernel that waits for a lost rank never ends, and the driver would wait for it: so it is asked, and NCCL
 * is. */
enum pd_status cuda_wait(struct cuda *b, struct CUevent_st *event, struct pd_error *err)
{
    struct cuda_ranks *r = &b->sums;
    unsigned result, failure = 0;
    if (!r->comm)
        return cuda_check(b, b->api.cuEventSynchronize(event), "waiting for it", err);
    while (!r->lost && (result = b->api.cuEventQuery(event)) == CU_NOT_READY) {
        failure = failure_of(b);
        r->lost = failure;
        nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
    }
    if (!r->lost)
        return cuda_check(b, result, "waiting for it", err);
    b->base.ranks->broken = true;
    return check(b, failure ? failure : NCCL_REMOTE, "waiting for other ranks", err);
}

static void run_all_sum(const struct pd_call *call, const struct pd_run *run)
{
    struct cuda *b = ((struct cuda_call *)call->context)->backend;
    struct cuda_ranks *r = &b->sums;
    const size_t n = (size_t)pd_shape_count(call->instr->shape);
    r->next[r->count++] = (struct cuda_sum){call->src[0], call->dst, n};
    r->bytes += n * sizeof(float);
    if (r->bytes >= BUCKET || r->count == CUDA_SUMS)
        begin(b, run);
}

enum pd_status cuda_prepare_all_sum(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    if (!b->sums.comm)
        return cuda_prepare_copy(b, call, err);
    call->kernel = run_all_sum;
    return PD_OK;
}

static void run_all_stats(const struct pd_call *call, const struct pd_run *run)
{
    struct cuda_call *c = call->context;
    struct cuda *b = c->backend;
    double *moments = (double *)((char *)run->scratch + (uintptr_t)c->launch[0].args.dst);
    cuda_run_launch(&c->launch[0], b, run);
    if (b->sums.comm)
        cuda_note(b, run, CUDA_NCCL,
                  b->api.ncclAllReduce(moments, moments, 2 * (size_t)c->launch[0].args.n[0], NCCL_DOUBLE,
                                       NCCL_SUM, b->sums.comm, b->stream));
    cuda_run_launch(&c->launch[1], b, run);
}

enum pd_status cuda_prepare_all_stats(struct cuda *b, struct pd_call *call, struct pd_error *err)
{
    const int channels = (int)call->instr->shape.dim[1];
    void *moments = cuda_scratch_take(call, 2 * (size_t)channels * sizeof(double));
    struct cuda_launch *to = cuda_launch_add(call, CUDA_moments, cuda_blocks(channels)),
                       *from = cuda_launch_add(call, CUDA_stats_of_moments, cuda_blocks(channels));
    (void)err;
    to->args.dst = moments;
    to->scratch = CUDA_SCRATCH_DST;
    from->args.src[0] = moments;
    from->scratch = CUDA_SCRATCH_SRC(0);
    to->args.n[0] = from->args.n[0] = channels;
    from->args.n[1] = b->sums.comm ? b->base.ranks->size : 1;
    call->kernel = run_all_stats;
    return PD_OK;
}

/* --- who waits --- */

static bool overlap(const void *x, size_t x_bytes, const void *y, size_t y_bytes)
{
    return (const char *)x < (const char *)y + y_bytes && (const char *)y < (const char *)x + x_bytes;
}

/* Would it read what the sum makes, or write where that reads or writes? */
static bool touches(const struct pd_call *call, const struct pd_call *sum)
{
    const size_t bytes = sum->instr->bytes;
    bool found = overlap(call->dst, call->instr->bytes, sum->dst, bytes) ||
                 overlap(call->dst, call->instr->bytes, sum->src[0], bytes);
    for (int k = 0; k < call->instr->n_src; k++)
        found = found || overlap(call->src[k], call->src_instr[k]->bytes, sum->dst, bytes);
    return found;
}

void cuda_sums_plan(struct pd_call *calls, int n)
{
    int since = 0; /* the first call behind the last that waits */
    int head = 0;  /* the call whose launches do this one's work: Adam's first in a row does all */
    for (int i = 0; i < n; i++) {
        const struct cuda_call *c = calls[i].context;
        bool waits = calls[i].instr->op == PD_OP_ALL_STATS; /* all ranks meet in one order */
        head = calls[i].instr->op == PD_OP_ADAM && !c->n ? head : i;
        for (int k = since; k < head; k++)
            waits = waits || (calls[k].kernel == run_all_sum && touches(&calls[i], &calls[k]));
        if (waits) {
            ((struct cuda_call *)calls[head].context)->waits = true;
            since = head;
        }
    }
}
