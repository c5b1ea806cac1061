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
