/* Kernels that wait for other ranks, on this machine's memory. */
#include "backend/host.h"

#include <string.h>

static void check(const struct pd_run *run, enum pd_status status)
{
    if (status)
        *run->failure = status;
}

void pd_ranks_all_sum(const struct pd_call *call, const struct pd_run *run)
{
    struct pd_ranks *ranks = run->backend->ranks;
    const int64_t n = pd_shape_count(call->instr->shape);
    const size_t size = run->backend->type->real_size;
    if (call->dst != call->src[0])
        memcpy(call->dst, call->src[0], (size_t)n * size);
    if (ranks)
        check(run, ranks->add_up(ranks, call->dst, n, size, &ranks->why));
}

static double get(const void *from, int64_t i, bool f64)
{
    return f64 ? ((const double *)from)[i] : (double)((const float *)from)[i];
}

static void put(void *to, int64_t i, bool f64, double value)
{
    if (f64)
        ((double *)to)[i] = value;
    else
        ((float *)to)[i] = (float)value;
}

/* Of parts of one size: the mean of the means; the mean of the second moments less its square. */
void pd_ranks_all_stats(const struct pd_call *call, const struct pd_run *run)
{
    struct pd_ranks *ranks = run->backend->ranks;
    const int64_t channels = call->instr->shape.dim[1];
    const bool f64 = run->backend->type->real_size == sizeof(double);
    double *sums = run->scratch;
    for (int64_t c = 0; c < channels; c++) {
        const double mean = get(call->src[0], c, f64);
        sums[c] = mean;
        sums[channels + c] = get(call->src[0], channels + c, f64) + mean * mean;
    }
    if (ranks)
        check(run, ranks->add_up(ranks, sums, 2 * channels, sizeof *sums, &ranks->why));
    const double size = ranks ? ranks->size : 1;
    for (int64_t c = 0; c < channels; c++) {
        const double mean = sums[c] / size, variance = sums[channels + c] / size - mean * mean;
        put(call->dst, c, f64, mean);
        put(call->dst, channels + c, f64, variance > 0 ? variance : 0);
    }
}

size_t pd_ranks_adam_scratch(const struct pd_call *call, size_t real_size)
{
    return call->instr->attr.shared ? 2 * (size_t)PD_RANKS_CHUNK * real_size : 0;
}

/* Chunk by chunk, so that the sum is still in the cache when the weights move, and those when they are sent.
 */
void pd_ranks_adam(const struct pd_call *call, const struct pd_run *run, pd_adam_move *move, const void *how)
{
    const int64_t n = pd_shape_count(call->instr->shape);
    struct pd_ranks *r = run->backend->ranks;
    if (!call->instr->attr.shared) {
        move(how, call->src[2], 0, n);
        return;
    }
    const size_t size = run->backend->type->real_size;
    enum pd_status status = r->meet(r, &r->why);
    for (int64_t at = 0; at * r->size < n && !status; at += PD_RANKS_CHUNK) {
        int64_t count;
        const int64_t first = pd_ranks_chunk(r, r->rank, n, at, &count);
        status = pd_ranks_add_chunk(r, call->src[2], n, at, run->scratch, size, &r->why);
        if (!status) {
            move(how, run->scratch, first, count);
            status = pd_ranks_gather_chunk(r, call->dst, n, at, size, &r->why);
        }
    }
    check(run, status);
}
