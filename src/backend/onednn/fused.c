/* Elementwise programs: every op of the program over one tile, tile after tile. The tiles of the intermediate
 * values stay in the first-level cache, so memory is read and written once however long the program is. */
#include "backend/onednn/onednn.h"

#include "base/bug.h"

#include <math.h>
#include <string.h>

/* The C library's vector functions, where GCC can call them. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && __GLIBC_PREREQ(2, 35)
__attribute__((simd("notinbranch"))) float tanhf(float);
__attribute__((simd("notinbranch"))) float expf(float);
__attribute__((simd("notinbranch"))) float logf(float);
#endif

#define TILE 512

/* Element `at` of the result: where input k lies, and how many elements follow along the last dim. */
static int64_t offset_of(const struct pd_fused *f, int k, int64_t at, int64_t *run)
{
    int64_t offset = 0;
    *run = 1;
    for (int i = f->rank - 1; i >= 0; i--) {
        int64_t x = at % f->dim[i];
        at /= f->dim[i];
        offset += x * f->stride[k][i];
        if (i == f->rank - 1)
            *run = f->dim[i] - x;
    }
    return offset;
}

static void gather(const struct pd_fused *f, int k, const float *src, int64_t at, int n, float *tile)
{
    int64_t step = f->rank ? f->stride[k][f->rank - 1] : 0;
    for (int done = 0; done < n;) {
        int64_t run, offset = offset_of(f, k, at + done, &run);
        int m = run < n - done ? (int)run : n - done;
        const float *p = src + offset;
        if (step == 1)
            memcpy(tile + done, p, (size_t)m * sizeof *tile);
        else
            for (int i = 0; i < m; i++)
                tile[done + i] = p[i * step];
        done += m;
    }
}

#define EACH(expression)                                                                                     \
    for (int i = 0; i < n; i++) {                                                                            \
        const float x = a[i];                                                                                \
        y[i] = (expression);                                                                                 \
    }                                                                                                        \
    break
#define EACH2(expression)                                                                                    \
    for (int i = 0; i < n; i++)                                                                              \
        y[i] = (expression);                                                                                 \
    break

PD_INLINE void run_op(const struct pd_fused_op *op, const float *a, const float *b, float *restrict y, int n)
{
    const float f0 = (float)op->f[0], f1 = (float)op->f[1];
    switch (op->op) {
    case PD_OP_CONSTANT:
        EACH2(f0);
    case PD_OP_AFFINE:
        EACH(f0 * x + f1);
    case PD_OP_EXP:
        EACH(expf(x));
    case PD_OP_LOG:
        EACH(logf(x));
    case PD_OP_SQRT:
        EACH(sqrtf(x));
    case PD_OP_ABS:
        EACH(fabsf(x));
    case PD_OP_SIGN:
        EACH((float)((x > 0) - (x < 0)));
    case PD_OP_STEP:
        EACH(x > 0 ? 1.0f : 0.0f);
    case PD_OP_POW:
        EACH(powf(x, f0));
    case PD_OP_MAX:
        EACH(x > f0 ? x : f0);
    case PD_OP_TANH:
        EACH(tanhf(x));
    case PD_OP_SIGMOID:
        EACH(x >= 0 ? 1 / (1 + expf(-x)) : expf(x) / (1 + expf(x)));
    case PD_OP_SOFTPLUS:
        EACH((x > 0 ? x : 0) + log1pf(expf(-fabsf(x))));
    case PD_OP_LRELU:
        EACH(x > 0 ? x : f0 * x);
    case PD_OP_ADD:
        EACH2(a[i] + b[i]);
    case PD_OP_SUB:
        EACH2(a[i] - b[i]);
    case PD_OP_MUL:
        EACH2(a[i] * b[i]);
    case PD_OP_DIV:
        EACH2(a[i] / b[i]);
    case PD_OP_LRELU_BWD:
        EACH2(b[i] > 0 ? a[i] : f0 * a[i]);
    default:
        BUG("%s in a fused program", pd_op_name(op->op));
    }
}

PD_CLONES static void run_tile(const struct pd_call *call, int64_t at, int n)
{
    const struct pd_fused *f = call->instr->fused;
    _Alignas(64) float tiles[PD_FUSED_INPUTS + PD_FUSED_OPS][TILE];
    const float *value[PD_FUSED_INPUTS + PD_FUSED_OPS];
    for (int k = 0; k < f->n_in; k++) {
        value[k] = (const float *)call->src[k] + at;
        if (!f->flat[k]) {
            gather(f, k, call->src[k], at, n, tiles[k]);
            value[k] = tiles[k];
        }
    }
    for (int j = 0; j < f->n_ops; j++) {
        /* The last op goes to a tile, too: the result may lie on an input that a lane still needs. */
        float *y = tiles[f->n_in + j];
        run_op(&f->ops[j], value[f->ops[j].a], value[f->ops[j].b], y, n);
        value[f->n_in + j] = y;
    }
    memcpy((float *)call->dst + at, value[f->n_in + f->n_ops - 1], (size_t)n * sizeof(float));
}

static void fused_kernel(const struct pd_call *call, const struct pd_run *run)
{
    (void)run;
    const int64_t count = pd_shape_count(call->instr->shape);
#pragma omp parallel for schedule(static) if (count >= PD_PARALLEL_MIN)
    for (int64_t at = 0; at < count; at += TILE)
        run_tile(call, at, (int)(count - at < TILE ? count - at : TILE));
}

enum pd_status prepare_fused(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = fused_kernel;
    return PD_OK;
}
