/* Noise: the reference's numbers (base/rng.h), several at a time. */
#include "backend/onednn/onednn.h"

#include "base/rng.h"

#include <string.h>

static struct pd_rng place(const struct pd_call *call, const struct pd_run *run)
{
    return (struct pd_rng){run->seed, (uint32_t)call->instr->attr.stream, run->step};
}

static void normal_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct pd_rng r = place(call, run);
    float *dst = call->dst;
    const int64_t n = pd_shape_count(call->instr->shape);
    const uint64_t first = pd_run_first(run, n);
#pragma omp parallel for schedule(static) if (n >= 1024)
    for (int64_t i = 0; i < n; i++)
        dst[i] = (float)pd_rng_normal(&r, first + (uint64_t)i);
}

/* --- uniform: dropout draws one for each activation --- */

/* Philox blocks side by side, and the numbers that they make. With 16 lanes gcc 12 unrolls them into code
 * that is six times slower. */
enum { LANES = 64, CHUNK = 4 * LANES };

/* pd_philox for blocks first .. first + LANES - 1. */
PD_CLONES static void uniform_chunk(const struct pd_rng *r, uint64_t first, float *restrict dst)
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = (uint32_t)r->seed, k1 = (uint32_t)(r->seed >> 32) ^ r->stream;
    for (int i = 0; i < LANES; i++) {
        c0[i] = (uint32_t)(first + (uint64_t)i);
        c1[i] = (uint32_t)((first + (uint64_t)i) >> 32);
        c2[i] = (uint32_t)r->step;
        c3[i] = r->stream;
    }
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
        for (int i = 0; i < LANES; i++) {
            const uint64_t a = (uint64_t)0xD2511F53u * c0[i], b = (uint64_t)0xCD9E8D57u * c2[i];
            c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0;
            c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)b;
            c3[i] = (uint32_t)a;
        }
    for (int64_t i = 0; i < LANES; i++) {
        dst[4 * i] = (float)(int32_t)(c0[i] >> 8) * 0x1p-24f;
        dst[4 * i + 1] = (float)(int32_t)(c1[i] >> 8) * 0x1p-24f;
        dst[4 * i + 2] = (float)(int32_t)(c2[i] >> 8) * 0x1p-24f;
        dst[4 * i + 3] = (float)(int32_t)(c3[i] >> 8) * 0x1p-24f;
    }
}

static void uniform_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct pd_rng r = place(call, run);
    float *dst = call->dst;
    const int64_t n = pd_shape_count(call->instr->shape);
    const uint64_t first = pd_run_first(run, n);
    const int64_t skip = (int64_t)(first % 4); /* numbers of a block that are the rank before's */
#pragma omp parallel for schedule(static) if (n >= PD_PARALLEL_MIN)
    for (int64_t i = 0; i < n + skip; i += CHUNK) {
        float part[CHUNK];
        const int64_t from = i < skip ? skip - i : 0, end = n + skip - i < CHUNK ? n + skip - i : CHUNK;
        float *to = from || end < CHUNK ? part : dst + i - skip;
        uniform_chunk(&r, (first + (uint64_t)i) / 4, to);
        if (to == part)
            memcpy(dst + i + from - skip, part + from, (size_t)(end - from) * sizeof *part);
    }
}

enum pd_status prepare_random(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = call->instr->op == PD_OP_RANDOM_NORMAL ? normal_kernel : uniform_kernel;
    return PD_OK;
}
