/* What the kernels of this backend share. Only this folder includes dnnl.h (in compat.h). */
#ifndef PD_BACKEND_ONEDNN_H
#define PD_BACKEND_ONEDNN_H

#include "backend/host.h"
#include "backend/onednn/compat.h"
#include "base/clones.h"

#define MD_KEPT 32 /* a convolution makes 11 */
struct onednn {
    struct pd_backend base;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t plain_attr; /* user scratchpad, no post-ops */
    dnnl_memory_desc_t md[MD_KEPT];   /* of the call that is being prepared */
    int n_md;
};

/* Work below this many elements is not worth waking threads for. */
#define PD_PARALLEL_MIN 16384

/* --- a few primitives in a row, as one call's context --- */

#define CHAIN_STEPS 4
#define CHAIN_ARGS  6
struct chain {
    struct onednn *backend;
    int n;
    struct chain_step {
        dnnl_primitive_t primitive;
        int n;
        dnnl_exec_arg_t args[CHAIN_ARGS];
        int64_t scratch[CHAIN_ARGS]; /* offset into the run's scratch, or -1: bound for good */
    } step[CHAIN_STEPS];
};

/* NULL: out of memory. The call owns it. */
struct chain *chain_create(struct onednn *b, struct pd_call *call);
void chain_run(const struct chain *c, const struct pd_run *run);

/* Reserves bytes of the run's scratch for the call: the offset. */
int64_t scratch_take(struct pd_call *call, size_t bytes);

/* Appends a primitive; its scratchpad is reserved. Takes pd over (destroys it). NULL: oneDNN made none, or c
 * or pd is NULL. */
struct chain_step *chain_add(struct chain *c, struct pd_call *call, dnnl_primitive_desc_t pd);
void chain_bind(struct chain *c, struct chain_step *s, int arg, const_dnnl_memory_desc_t md,
                const void *data);
void chain_bind_scratch(struct chain *c, struct chain_step *s, int arg, const_dnnl_memory_desc_t md,
                        int64_t offset);
bool chain_reorder(struct chain *c, struct pd_call *call, const_dnnl_memory_desc_t from, const void *data,
                   int64_t from_scratch, const_dnnl_memory_desc_t to, void *to_data, int64_t to_scratch);

/* --- descriptions --- */

const_dnnl_memory_desc_t md_of(struct onednn *b, const struct pd_instr *in);
const_dnnl_memory_desc_t md_any(struct onednn *b, struct pd_shape s);
const_dnnl_memory_desc_t md_plain(struct onednn *b, struct pd_shape s);
dnnl_primitive_attr_t attr_create(bool accumulate, double slope); /* NULL: failed */

/* --- op families: each sets call->kernel (and context) or returns an error --- */

typedef enum pd_status onednn_prepare(struct onednn *b, struct pd_call *call, struct pd_error *err);
onednn_prepare prepare_conv, prepare_matmul, prepare_reorder;
onednn_prepare prepare_fused, prepare_norm, prepare_sum_to, prepare_adam, prepare_assign, prepare_random;
onednn_prepare prepare_pool, prepare_max_pool_bwd, prepare_concat;
bool wants_max_pool_bwd(const struct pd_instr *in);

/* Convolutions by rows, and by minimal filtering, where that is fast. */
onednn_prepare prepare_conv_rows;
onednn_prepare prepare_winograd;
onednn_prepare prepare_large_winograd;
bool wants_large_winograd(const struct onednn *b, const struct pd_call *call);
bool wants_conv_rows(const struct pd_call *call);
bool wants_winograd(const struct onednn *b, const struct pd_call *call);

/* pd_backend_type.layout (layout.c). */
enum pd_layout onednn_layout(const struct pd_backend *b, const struct pd_instr *in,
                             const struct pd_shape *src, const enum pd_layout *have, enum pd_layout *want);

/* pd_backend_type.peak, on OpenMP's threads (sgemm.c). */
double sgemm_gflops(int side);

enum pd_status onednn_fail(const struct pd_call *call, struct pd_error *err);

/* For kernels, on any thread: what a call of oneDNN's returned. */
void onednn_check(const struct pd_run *run, dnnl_status_t status);

#endif
