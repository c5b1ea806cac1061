/* The oneDNN backend: float, blocked images, OpenMP threads. What is not hot falls back to the reference
 * kernels. */
#include "backend/onednn/onednn.h"

#include "base/bug.h"
#include "base/mem.h"

#include <omp.h>

static onednn_prepare *const table[PD_OP_COUNT] = {
    [PD_OP_FUSED] = prepare_fused,           [PD_OP_REORDER] = prepare_reorder,
    [PD_OP_MATMUL] = prepare_matmul,         [PD_OP_CONV] = prepare_conv,
    [PD_OP_CONV_DX] = prepare_conv,          [PD_OP_CONV_DW] = prepare_conv,
    [PD_OP_BATCH_STATS] = prepare_norm,      [PD_OP_BATCH_NORM] = prepare_norm,
    [PD_OP_BATCH_NORM_SUMS] = prepare_norm,  [PD_OP_BATCH_NORM_DX] = prepare_norm,
    [PD_OP_SUM_TO] = prepare_sum_to,         [PD_OP_ADAM] = prepare_adam,
    [PD_OP_ASSIGN] = prepare_assign,         [PD_OP_RANDOM_NORMAL] = prepare_random,
    [PD_OP_RANDOM_UNIFORM] = prepare_random,
};

enum pd_status onednn_fail(const struct pd_call *call, struct pd_error *err)
{
    char shape[96];
    if (!call->context) /* chains are made first */
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %s", pd_op_name(call->instr->op));
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "oneDNN has no kernel for %s making %s",
                   pd_op_name(call->instr->op), pd_shape_text(call->instr->shape, shape));
}

void onednn_check(const struct pd_run *run, dnnl_status_t status)
{
    if (status)
        *run->failure = status == dnnl_out_of_memory ? PD_ERR_MEMORY : PD_ERR_UNSUPPORTED;
}

/* Reference kernels know plain layouts only. */
static enum pd_status fall_back(struct pd_call *call)
{
    const struct pd_instr *in = call->instr;
    call->kernel = pd_ref_kernel(in->op, false);
    bool blocked = in->layout == PD_LAYOUT_BLOCKED && in->op != PD_OP_CONSTANT;
    for (int k = 0; k < in->n_src; k++)
        blocked = blocked || call->src_instr[k]->layout == PD_LAYOUT_BLOCKED;
    if (!call->kernel || blocked)
        BUG("no kernel for %s in this layout", pd_op_name(in->op));
    return PD_OK;
}

static enum pd_status prepare(struct pd_backend *base, struct pd_call *call, struct pd_error *err)
{
    onednn_prepare *own = table[call->instr->op];
    struct onednn *b = (struct onednn *)base;
    enum pd_status status = own ? own(b, call, err) : PD_OK;
    md_forget(b);
    return status || call->kernel ? status : fall_back(call);
}

/* OpenMP's number of threads belongs to the calling thread: another backend may have set it since, and
 * oneDNN's primitives must run with the number that they were made for. */
static void enter(const struct pd_backend *b)
{
    omp_set_num_threads(b->threads);
}

static void release(struct pd_call *call)
{
    struct chain *c = call->context;
    if (!c)
        return;
    for (int i = 0; i < c->n; i++) {
        for (int k = 0; k < c->step[i].n; k++)
            dnnl_memory_destroy(c->step[i].args[k].memory);
        dnnl_primitive_destroy(c->step[i].primitive);
    }
    pd_free(c);
}

static void destroy(struct pd_backend *base)
{
    struct onednn *b = (struct onednn *)base;
    if (b->plain_attr)
        dnnl_primitive_attr_destroy(b->plain_attr);
    if (b->stream)
        dnnl_stream_destroy(b->stream);
    if (b->engine)
        dnnl_engine_destroy(b->engine);
    pd_free(b);
}

/* The channel block of this machine's fastest convolutions. */
static int machine_block(void)
{
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    return (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core ? 16 : 8;
}

enum pd_status pd_onednn_create(enum pd_backend_kind kind, int threads, struct pd_backend **out,
                                struct pd_error *err)
{
    struct onednn *b = pd_calloc(1, sizeof *b);
    if (!b)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a backend");
    b->base = (struct pd_backend){.kind = kind,
                                  .real_size = sizeof(float),
                                  .threads = threads,
                                  .block = machine_block(),
                                  .optimise = true,
                                  .costs_only = kind == PD_BACKEND_COSTS,
                                  .enter = enter,
                                  .prepare = prepare,
                                  .release = release,
                                  .destroy = destroy};
    omp_set_num_threads(threads); /* oneDNN sizes its work by this, too */
    b->plain_attr = attr_create(false, 1);
    if (!b->plain_attr || dnnl_engine_create(&b->engine, dnnl_cpu, 0) ||
        dnnl_stream_create(&b->stream, b->engine, dnnl_stream_default_flags)) {
        destroy(&b->base);
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "oneDNN does not start on this machine");
    }
    *out = &b->base;
    return PD_OK;
}
