/* The CUDA backend: one NVIDIA GPU, float, row-major. cuDNN's convolutions, cuBLASLt's products, own kernels
 * for the rest. */
#include "backend/cuda/cuda.h"

#include "backend/cuda/devices.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/ranks.h"

#include <stdio.h>
#include <string.h>

#define MOST_NUMBERS ((int64_t)1 << 30) /* in a tensor: kernels count in int */

static cuda_prepare *const table[PD_OP_COUNT] = {
    [PD_OP_CONSTANT] = cuda_prepare_fill,
    [PD_OP_RANDOM_NORMAL] = cuda_prepare_random,
    [PD_OP_RANDOM_UNIFORM] = cuda_prepare_random,
    [PD_OP_RANDOM_CLASS] = cuda_prepare_random,
    [PD_OP_AFFINE] = cuda_prepare_copy, /* the scheduler's copies; others are programs */
    [PD_OP_FUSED] = cuda_prepare_program,
    [PD_OP_SUM_TO] = cuda_prepare_sum,
    [PD_OP_CONCAT] = cuda_prepare_move,
    [PD_OP_SLICE] = cuda_prepare_move,
    [PD_OP_PAD] = cuda_prepare_move,
    [PD_OP_SHIFT] = cuda_prepare_shift,
    [PD_OP_ONE_HOT] = cuda_prepare_rows,
    [PD_OP_PIXELS] = cuda_prepare_pixels,
    [PD_OP_RANK] = cuda_prepare_rows,
    [PD_OP_TOP_ROWS] = cuda_prepare_rows,
    [PD_OP_SPREAD_ROWS] = cuda_prepare_rows,
    [PD_OP_MATMUL] = cuda_prepare_product,
    [PD_OP_CONV] = cuda_prepare_conv,
    [PD_OP_CONV_DX] = cuda_prepare_conv,
    [PD_OP_CONV_DW] = cuda_prepare_conv,
    [PD_OP_LOG_SOFTMAX] = cuda_prepare_softmax,
    [PD_OP_MAX_POOL] = cuda_prepare_pool,
    [PD_OP_MAX_POOL_BWD] = cuda_prepare_pool,
    [PD_OP_AVG_POOL] = cuda_prepare_pool,
    [PD_OP_AVG_POOL_BWD] = cuda_prepare_pool,
    [PD_OP_BATCH_STATS] = cuda_prepare_norm,
    [PD_OP_BATCH_NORM] = cuda_prepare_norm,
    [PD_OP_BATCH_NORM_SUMS] = cuda_prepare_norm,
    [PD_OP_BATCH_NORM_DX] = cuda_prepare_norm,
    [PD_OP_ASSIGN] = cuda_prepare_copy,
    [PD_OP_ALL_SUM] = cuda_prepare_all_sum,
    [PD_OP_ALL_STATS] = cuda_prepare_all_stats,
    [PD_OP_ASSIGN_ROW] = cuda_prepare_row,
};

/* --- failures --- */

enum pd_status cuda_check(struct cuda *b, unsigned result, const char *what, struct pd_error *err)
{
    if (!result)
        return PD_OK;
    if (b->api.cuGetErrorString(result, &b->why))
        b->why = "unknown error";
    return pd_fail(err, result == CU_OUT_OF_MEMORY ? PD_ERR_MEMORY : PD_ERR_UNSUPPORTED, -1, "%s: %s: %s",
                   b->where, what, b->why);
}

void cuda_note(struct cuda *b, const struct pd_run *run, enum cuda_library library, unsigned result)
{
    if (!result)
        return;
    if (library == CUDA_CUBLASLT)
        b->why = b->api.cublasLtGetStatusString(result);
    else if (library == CUDA_CUDNN)
        b->why = b->api.cudnnGetErrorString(result);
    else if (library == CUDA_NCCL) {
        snprintf(b->said, sizeof b->said, "NCCL: %s", b->api.ncclGetErrorString(result));
        b->why = b->said; /* sums are begun by calls that follow them */
    } else if (b->api.cuGetErrorString(result, &b->why))
        b->why = "unknown error";
    *run->failure = library == CUDA_DRIVER && result == CU_OUT_OF_MEMORY ? PD_ERR_MEMORY : PD_ERR_UNSUPPORTED;
}

/* --- calls --- */

static void call_destroy(void *context)
{
    struct cuda_call *c = context;
    struct cuda *b = c->backend;
    if (!b->api.cuCtxSetCurrent(b->context)) {
        cuda_product_destroy(b, c->product);
        cuda_conv_destroy(b, c->conv);
        cuda_plan_destroy(b, c->plan);
        cuda_release(&b->base, (void *)(uintptr_t)c->table);
    }
    pd_free(c);
}

static bool give_context(struct cuda *b, struct pd_call *call)
{
    struct cuda_call *c = pd_calloc(1, sizeof *c);
    if (!c)
        return false;
    c->backend = b;
    call->context = c;
    call->release = call_destroy;
    call->kernel = cuda_run_launches;
    return true;
}

static enum pd_status check_size(const struct cuda *b, const struct pd_call *call, struct pd_error *err)
{
    char shape[96];
    bool fits = pd_shape_count(call->instr->shape) <= MOST_NUMBERS;
    for (int k = 0; k < call->instr->n_src; k++)
        fits = fits && (call->src_instr[k]->dtype == PD_U8 ||
                        pd_shape_count(call->src_instr[k]->shape) <= MOST_NUMBERS);
    return fits ? PD_OK
                : pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: %s making %s: more than %lld numbers in a tensor",
                          b->where, pd_op_name(call->instr->op), pd_shape_text(call->instr->shape, shape),
                          (long long)MOST_NUMBERS);
}

static enum pd_status prepare_calls(struct cuda *b, struct pd_call *calls, int n, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0, count = 1; i < n && !status; i += count) {
        const enum pd_op op = calls[i].instr->op;
        count = 1;
        if (op == PD_OP_ADAM)
            status = cuda_prepare_adam(b, &calls[i], n - i, &count, err);
        else if (table[op])
            status = table[op](b, &calls[i], err);
        else
            BUG("no CUDA kernel for %s", pd_op_name(op));
    }
    return status;
}

static enum pd_status prepare(struct pd_backend *base, struct pd_call *calls, int n, struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    enum pd_status status = cuda_check(b, b->api.cuCtxSetCurrent(b->context), "the card", err);
    for (int i = 0; i < n && !status; i++) {
        status = check_size(b, &calls[i], err);
        if (!status && !give_context(b, &calls[i]))
            status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d calls", n);
    }
    if (!status && n && !cuda_plan_create(calls[0].context))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a plan");
    if (!status)
        status = cuda_compile_programs(b, calls, n, err);
    if (!status)
        status = prepare_calls(b, calls, n, err);
    if (!status)
        cuda_sums_plan(calls, n);
    return status;
}

/* --- life --- */

/* Where no card was asked for: of several ranks on a machine each takes its own. */
static int choose_card(int asked, int count)
{
    return asked >= 0 ? asked : count > 0 ? pd_ranks_start().place % count : 0;
}

static enum pd_status find_card(struct cuda *b, int asked, struct pd_error *err)
{
    const struct cuda_api *api = &b->api;
    int count = 0, major = 0, minor = 0;
    char name[96] = "";
    snprintf(b->where, sizeof b->where, "cuda");
    enum pd_status status = cuda_check(b, api->cuDeviceGetCount(&count), "looking for cards", err);
    const int number = choose_card(asked, count);
    snprintf(b->where, sizeof b->where, "cuda:%d", number);
    if (!status && number >= count)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "cuda:%d: there %s %d card%s here, numbered from 0",
                       number, count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
    if (!status)
        status = cuda_check(b, api->cuDeviceGet(&b->device, number), "the card", err);
    if (!status)
        status = cuda_check(b, api->cuDeviceGetName(name, sizeof name, b->device), "its name", err);
    if (!status)
        status =
            cuda_check(b, api->cuDeviceGetAttribute(&major, CU_ATTRIBUTE_MAJOR, b->device), "the card", err);
    if (!status)
        status =
            cuda_check(b, api->cuDeviceGetAttribute(&minor, CU_ATTRIBUTE_MINOR, b->device), "the card", err);
    b->arch = 10 * major + minor;
    snprintf(b->where, sizeof b->where, "cuda:%d, %s", number, name);
    if (!status && b->arch < CUDA_OLDEST_ARCH)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1,
                       "%s: its compute capability is %d.%d, expected 7.5 or newer", b->where, major, minor);
    return status;
}

static enum pd_status open_libraries(struct cuda *b, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = CUDA_DRIVER + 1; i < CUDA_NCCL && !status; i++)
        status = cuda_open_library(&b->api, (enum cuda_library)i, err);
    return status;
}

static enum pd_status start(struct cuda *b, struct pd_error *err)
{
    const struct cuda_api *api = &b->api;
    unsigned result = api->cuDevicePrimaryCtxRetain(&b->context, b->device);
    b->retained = !result;
    if (!result)
        result = api->cuCtxSetCurrent(b->context);
    if (!result)
        result = api->cuStreamCreate(&b->stream, CU_STREAM_APART);
    if (!result)
        result = api->cuStreamCreate(&b->copies, CU_STREAM_APART);
    if (!result)
        result = api->cuEventCreate(&b->begin, 0);
    if (!result)
        result = api->cuEventCreate(&b->end, 0);
    if (!result)
        result = api->cuMemAlloc_v2(&b->step, sizeof(struct cuda_step));
    return cuda_check(b, result, "starting", err);
}

static enum pd_status start_libraries(struct cuda *b, struct pd_error *err)
{
    unsigned result = b->api.cublasLtCreate(&b->lt);
    if (result)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: cuBLASLt does not start: %s", b->where,
                       b->api.cublasLtGetStatusString(result));
    result = b->api.cudnnCreate(&b->dnn);
    if (!result)
        result = b->api.cudnnSetStream(b->dnn, b->stream);
    return result ? pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: cuDNN does not start: %s", b->where,
                            b->api.cudnnGetErrorString(result))
                  : PD_OK;
}

/* In the reverse order, as far as it came. */
static void stop(struct cuda *b)
{
    const struct cuda_api *api = &b->api;
    if (b->stream)
        api->cuStreamSynchronize(b->stream);
    cuda_leave(b);
    if (b->dnn)
        api->cudnnDestroy(b->dnn);
    if (b->lt)
        api->cublasLtDestroy(b->lt);
    cuda_transfers_release(b);
    cuda_modules_unload(b);
    if (b->step)
        api->cuMemFree_v2(b->step);
    if (b->end)
        api->cuEventDestroy_v2(b->end);
    if (b->begin)
        api->cuEventDestroy_v2(b->begin);
    if (b->copies)
        api->cuStreamDestroy_v2(b->copies);
    if (b->stream)
        api->cuStreamDestroy_v2(b->stream);
    api->cuDevicePrimaryCtxRelease_v2(b->device);
}

static void destroy(struct pd_backend *base)
{
    struct cuda *b = (struct cuda *)base;
    if (b->retained && !b->sums.lost && !b->api.cuCtxSetCurrent(b->context))
        stop(b);
    cuda_modules_release(b);
    cuda_close(&b->api);
    pd_free(b);
}

static enum pd_status create(const struct pd_backend_type *type, const struct pd_backend_how *how,
                             struct pd_backend **out, struct pd_error *err)
{
    struct cuda *b = pd_calloc(1, sizeof *b);
    if (!b)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a backend");
    b->base = (struct pd_backend){.type = type, .threads = 1, .where = b->where};
    b->precision = how->precision;
    enum pd_status status = cuda_open_driver(&b->api, err);
    if (!status)
        status = find_card(b, how->device, err);
    if (!status)
        status = open_libraries(b, err);
    if (!status)
        status = start(b, err);
    if (!status)
        status = start_libraries(b, err);
    if (!status)
        status = cuda_kernels_load(b, err);
    if (status)
        destroy(&b->base);
    else
        *out = &b->base;
    return status;
}

const struct pd_backend_type pd_backend_cuda = {
    .name = "cuda",
    .real_size = sizeof(float),
    .programs = true,
    .together = true,
    .behind = {[PD_OP_MATMUL] = PD_BEHIND_BIAS | PD_BEHIND_SUM},
    .create = create,
    .destroy = destroy,
    .open_ranks = cuda_open_ranks,
    .join = cuda_join,
    .allocate = cuda_allocate,
    .release = cuda_release,
    .room = cuda_room,
    .upload = cuda_upload,
    .download = cuda_download,
    .prepare = prepare,
    .run = cuda_run,
    .peak = cuda_peak,
};
