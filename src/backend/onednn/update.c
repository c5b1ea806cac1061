/* Updates of variables in one pass. */
#include "backend/onednn/onednn.h"

#include <math.h>

struct adam {
    float *w, *m, *v;
    const float *g;
    float b1, b2, c2, eps, rate, root;
};

PD_CLONES static void adam_range(const struct adam *a, int64_t from, int64_t to)
{
    float *restrict w = a->w, *restrict m = a->m, *restrict v = a->v;
    const float *restrict g = a->g, b1 = a->b1, b2 = a->b2, c2 = a->c2, eps = a->eps, rate = a->rate,
                          root = a->root;
    for (int64_t i = from; i < to; i++) {
        m[i] += b1 * (g[i] - m[i]);
        v[i] = b2 * v[i] + c2 * g[i] * g[i];
        w[i] -= rate * (m[i] / (sqrtf(v[i]) * root + eps));
    }
}

#define ADAM_CHUNK 16384

static void adam_kernel(const struct pd_call *call, const struct pd_run *run)
{
    (void)run;
    const struct pd_attr *o = &call->instr->attr;
    const double t = (double)*(const float *)call->src[1];
    const struct adam a = {.w = call->dst,
                           .m = (float *)(uintptr_t)call->src[3],
                           .v = (float *)(uintptr_t)call->src[4],
                           .g = call->src[2],
                           .b1 = (float)(1 - o->beta1),
                           .b2 = (float)o->beta2,
                           .c2 = (float)(1 - o->beta2),
                           .eps = (float)o->adam_eps,
                           .rate = (float)(pd_call_rate(call) / (1 - pow(o->beta1, t))),
                           .root = (float)(1 / sqrt(1 - pow(o->beta2, t)))};
    const int64_t n = pd_shape_count(call->instr->shape);
#pragma omp parallel for schedule(static) if (n >= PD_PARALLEL_MIN)
    for (int64_t i = 0; i < n; i += ADAM_CHUNK)
        adam_range(&a, i, n - i < ADAM_CHUNK ? n : i + ADAM_CHUNK);
}

enum pd_status prepare_adam(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = adam_kernel;
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
