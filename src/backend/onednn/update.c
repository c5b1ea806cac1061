/* Updates of variables in one pass. */
#include "backend/onednn/onednn.h"

#include "backend/host.h"

#include <math.h>

struct adam {
    float *w, *m, *v;
    float b1, b2, c2, eps, rate, root;
};

PD_CLONES static void adam_range(const struct adam *a, const float *grad, int64_t from, int64_t n)
{
    float *restrict w = a->w + from, *restrict m = a->m + from, *restrict v = a->v + from;
    const float *restrict g = grad, b1 = a->b1, b2 = a->b2, c2 = a->c2, eps = a->eps, rate = a->rate,
                          root = a->root;
    for (int64_t i = 0; i < n; i++) {
        m[i] += b1 * (g[i] - m[i]);
        v[i] = b2 * v[i] + c2 * g[i] * g[i];
        w[i] -= rate * (m[i] / (sqrtf(v[i]) * root + eps));
    }
}

#define ADAM_CHUNK 16384

static void adam_move(const void *how, const void *grad, int64_t first, int64_t n)
{
    const float *g = grad;
#pragma omp parallel for schedule(static) if (n >= PD_PARALLEL_MIN)
    for (int64_t i = 0; i < n; i += ADAM_CHUNK)
        adam_range(how, g + i, first + i, n - i < ADAM_CHUNK ? n - i : ADAM_CHUNK);
}

static void adam_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct pd_attr *o = &call->instr->attr;
    const double t = (double)*(const float *)call->src[1];
    const struct adam a = {.w = call->dst,
                           .m = (float *)(uintptr_t)call->src[3],
                           .v = (float *)(uintptr_t)call->src[4],
                           .b1 = (float)(1 - o->beta1),
                           .b2 = (float)o->beta2,
                           .c2 = (float)(1 - o->beta2),
                           .eps = (float)o->adam_eps,
                           .rate = (float)(pd_call_rate(call) / (1 - pow(o->beta1, t))),
                           .root = (float)(1 / sqrt(1 - pow(o->beta2, t)))};
    pd_ranks_adam(call, run, adam_move, &a);
}

enum pd_status prepare_adam(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)err;
    call->kernel = adam_kernel;
    call->scratch = pd_ranks_adam_scratch(call, b->base.type->real_size);
    return PD_OK;
}

static void assign_kernel(const struct pd_call *call, const struct pd_run *run)
{
    (void)run;
    const float *src = call->src[1];
    float *dst = call->dst;
    const int64_t n = pd_shape_count(call->instr->shape);
#pragma omp parallel for schedule(static) if (n >= PD_PARALLEL_MIN)
    for (int64_t i = 0; i < n; i++)
        dst[i] = src[i];
}

enum pd_status prepare_assign(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = assign_kernel;
    return PD_OK;
}
