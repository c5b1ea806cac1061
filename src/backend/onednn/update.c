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
    const double *f = call->instr->attr.f, t = (double)*(const float *)call->src[1];
    const struct adam a = {.w = call->dst,
                           .m = call->instr->var[1]->data,
                           .v = call->instr->var[2]->data,
                           .g = call->src[2],
                           .b1 = (float)(1 - f[1]),
                           .b2 = (float)f[2],
                           .c2 = (float)(1 - f[2]),
                           .eps = (float)f[3],
                           .rate = (float)(f[0] / (1 - pow(f[1], t))),
                           .root = (float)(1 / sqrt(1 - pow(f[2], t)))};
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
