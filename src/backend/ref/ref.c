/* The reference backends: the kernels of kernels.inc on one thread, nothing combined or fused. */
#include "backend/ref/ref.h"

#include "base/bug.h"
#include "base/mem.h"

extern pd_kernel *const *const pd_ref_f32;
extern pd_kernel *const *const pd_ref_f64;

void ref_prepare_call(struct pd_call *call, bool f64)
{
    const enum pd_op op = call->instr->op;
    call->kernel = (f64 ? pd_ref_f64 : pd_ref_f32)[op];
    if (!call->kernel)
        BUG("no reference kernel for %s", pd_op_name(op));
    if (op == PD_OP_CONV || op == PD_OP_CONV_DX || op == PD_OP_CONV_DW || op == PD_OP_ALL_STATS)
        call->scratch = (size_t)pd_shape_count(call->instr->shape) * sizeof(double);
    if (op == PD_OP_ADAM)
        call->scratch = pd_ranks_adam_scratch(call, f64 ? sizeof(double) : sizeof(float));
}

enum pd_status ref_prepare(struct pd_backend *b, struct pd_call *calls, int n, struct pd_error *err)
{
    (void)err;
    for (int i = 0; i < n; i++)
        ref_prepare_call(&calls[i], b->type->real_size == sizeof(double));
    return PD_OK;
}

static enum pd_status create(const struct pd_backend_type *type, const struct pd_backend_how *how,
                             struct pd_backend **out, struct pd_error *err)
{
    struct pd_backend *b = pd_calloc(1, sizeof *b);
    (void)how;
    if (!b)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a backend");
    *b = (struct pd_backend){.type = type, .threads = 1};
    *out = b;
    return PD_OK;
}

static void destroy(struct pd_backend *b)
{
    pd_free(b);
}

#define REF                                                                                                  \
    .shares = true, .create = create, .destroy = destroy, .allocate = pd_host_allocate,                      \
    .release = pd_host_release, .upload = pd_host_upload, .download = pd_host_download,                      \
    .prepare = ref_prepare, .run = pd_host_run

const struct pd_backend_type pd_backend_ref = {.name = "ref", .real_size = sizeof(float), REF};
const struct pd_backend_type pd_backend_ref_f64 = {.name = "ref-f64", .real_size = sizeof(double), REF};
