/* The reference backend: the kernels of kernels.inc on one thread, nothing combined or fused. */
#include "base/bug.h"
#include "base/mem.h"
#include "engine/plan.h"

extern pd_kernel *const *const pd_ref_f32;
extern pd_kernel *const *const pd_ref_f64;

pd_kernel *pd_ref_kernel(enum pd_op op, bool f64)
{
    return (f64 ? pd_ref_f64 : pd_ref_f32)[op];
}

static enum pd_status prepare(struct pd_backend *b, struct pd_call *call, struct pd_error *err)
{
    (void)err;
    enum pd_op op = call->instr->op;
    call->kernel = pd_ref_kernel(op, b->real_size == sizeof(double));
    if (!call->kernel)
        BUG("no reference kernel for %s", pd_op_name(op));
    if (op == PD_OP_CONV || op == PD_OP_CONV_DX || op == PD_OP_CONV_DW)
        call->scratch = (size_t)pd_shape_count(call->instr->shape) * sizeof(double);
    return PD_OK;
}

static void release(struct pd_call *call)
{
    (void)call;
}

static void destroy(struct pd_backend *b)
{
    pd_free(b);
}

enum pd_status pd_ref_create(enum pd_backend_kind kind, struct pd_backend **out, struct pd_error *err)
{
    struct pd_backend *b = pd_calloc(1, sizeof *b);
    if (!b)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a backend");
    b->kind = kind;
    b->real_size = kind == PD_BACKEND_REF_F64 ? sizeof(double) : sizeof(float);
    b->threads = 1;
    b->prepare = prepare;
    b->release = release;
    b->destroy = destroy;
    *out = b;
    return PD_OK;
}
