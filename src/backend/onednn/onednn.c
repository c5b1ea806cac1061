/* The oneDNN backend: float, blocked images, OpenMP threads. What is not hot falls back to the reference
 * kernels. */
#include "backend/onednn/onednn.h"

#include "backend/ref/ref.h"
#include "base/bug.h"
#include "base/library.h"
#include "base/mem.h"
#include "base/signals.h"

#include <omp.h>
#include <stdio.h>

static onednn_prepare *const table[PD_OP_COUNT] = {
    [PD_OP_FUSED] = prepare_fused,
    [PD_OP_REORDER] = prepare_reorder,
    [PD_OP_MATMUL] = prepare_matmul,
    [PD_OP_CONV] = prepare_conv,
    [PD_OP_CONV_DX] = prepare_conv,
    [PD_OP_CONV_DW] = prepare_conv,
    [PD_OP_BATCH_STATS] = prepare_norm,
    [PD_OP_BATCH_NORM] = prepare_norm,
    [PD_OP_BATCH_NORM_SUMS] = prepare_norm,
    [PD_OP_BATCH_NORM_DX] = prepare_norm,
    [PD_OP_SUM_TO] = prepare_sum_to,
    [PD_OP_ADAM] = prepare_adam,
    [PD_OP_ASSIGN] = prepare_assign,
    [PD_OP_RANDOM_NORMAL] = prepare_random,
    [PD_OP_RANDOM_UNIFORM] = prepare_random,
    [PD_OP_CONCAT] = prepare_concat,
    [PD_OP_MAX_POOL] = prepare_pool,
    [PD_OP_AVG_POOL] = prepare_pool,
    [PD_OP_MAX_POOL_BWD] = prepare_max_pool_bwd,
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
static void fall_back(struct pd_call *call)
{
    const struct pd_instr *in = call->instr;
    bool blocked = in->layout == PD_LAYOUT_BLOCKED && in->op != PD_OP_CONSTANT;
    for (int k = 0; k < in->n_src; k++)
        blocked = blocked || call->src_instr[k]->layout == PD_LAYOUT_BLOCKED;
    if (blocked)
        BUG("no kernel for %s in this layout", pd_op_name(in->op));
    ref_prepare_call(call, false);
}

static enum pd_status prepare_call(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    onednn_prepare *own = table[call->instr->op];
    enum pd_status status = own ? own(b, call, err) : PD_OK;
    md_forget(b);
    if (!status && !call->kernel)
        fall_back(call);
    return status;
}

/* OpenMP's number of threads belongs to the calling thread. oneDNN's primitives must run with the number that
 * they were made for, and the caller keeps the one that it had. */
static int enter(const struct pd_backend *b)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(b->threads);
    return before;
}

static enum pd_status prepare(struct pd_backend *b, struct pd_call *calls, int n, struct pd_error *err)
{
    const int before = enter(b);
    enum pd_status status = PD_OK;
    for (int i = 0; i < n && !status; i++)
        status = prepare_call((struct onednn *)b, &calls[i], err);
    omp_set_num_threads(before);
    return status;
}

static enum pd_status run(struct pd_backend *b, struct pd_call *calls, int n, struct pd_run *how,
                          struct pd_error *err)
{
    const int before = enter(b);
    enum pd_status status = pd_host_run(b, calls, n, how, err);
    omp_set_num_threads(before);
    return status;
}

static double peak(struct pd_backend *b, int side)
{
    const int before = enter(b);
    sigset_t waiting;
    pd_signals_hold(b->threads, &waiting);
    const double gflops = sgemm_gflops(side);
    pd_signals_release(&waiting);
    omp_set_num_threads(before);
    return gflops;
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

static enum pd_status create(const struct pd_backend_type *type, const struct pd_backend_how *how,
                             struct pd_backend **out, struct pd_error *err)
{
    struct onednn *b = pd_calloc(1, sizeof *b);
    if (!b)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a backend");
    b->base = (struct pd_backend){.type = type, .threads = how->threads, .block = machine_block()};
    const int before = enter(&b->base); /* oneDNN sizes its work by this, too */
    b->plain_attr = attr_create(false, 1);
    bool ok = b->plain_attr && !dnnl_engine_create(&b->engine, dnnl_cpu, 0) &&
              !dnnl_stream_create(&b->stream, b->engine, dnnl_stream_default_flags);
    omp_set_num_threads(before);
    if (!ok) {
        destroy(&b->base);
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "oneDNN does not start on this machine");
    }
    *out = &b->base;
    return PD_OK;
}

/* There is nowhere to keep it. */
static enum pd_status forget(struct pd_backend *b, void *address, const void *from, size_t bytes,
                             struct pd_error *err)
{
    (void)b, (void)address, (void)from, (void)bytes, (void)err;
    return PD_OK;
}

static enum pd_status refuse(struct pd_backend *b, void *to, const void *address, size_t bytes,
                             struct pd_error *err)
{
    (void)to, (void)address, (void)bytes;
    return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "backend '%s' keeps no values", b->type->name);
}

/* Where a plan of oneDNN's and one for its costs are alike. */
#define COMPILES                                                                                             \
    .real_size = sizeof(float), .programs = true, .shares = true,                                            \
    .behind = {[PD_OP_CONV] = PD_BEHIND_BIAS | PD_BEHIND_SLOPE,                                              \
               [PD_OP_MATMUL] = PD_BEHIND_BIAS | PD_BEHIND_SUM | PD_BEHIND_SLOPE},                           \
    .create = create, .destroy = destroy, .allocate = pd_host_allocate, .release = pd_host_release,          \
    .layout = onednn_layout, .peak = peak

const struct pd_backend_type pd_backend_onednn = {.name = "onednn",
                                                  COMPILES,
                                                  .upload = pd_host_upload,
                                                  .download = pd_host_download,
                                                  .prepare = prepare,
                                                  .run = run};
const struct pd_backend_type pd_backend_costs = {
    .name = "costs", .no_values = true, COMPILES, .upload = forget, .download = refuse};

const char *pd_library_onednn(char *text)
{
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, PD_LIBRARY_TEXT, "%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}
