/* Where oneDNN 2 and 3 differ. Kernels read the same for both. */
#ifndef PD_BACKEND_ONEDNN_COMPAT_H
#define PD_BACKEND_ONEDNN_COMPAT_H

#include <oneapi/dnnl/dnnl.h>

/* SYCL's primitives return before the work is done, and TBB takes other threads than we set. */
#if DNNL_CPU_RUNTIME != DNNL_RUNTIME_OMP
#error "paydirt needs a oneDNN that is built for OpenMP"
#endif

#if DNNL_VERSION_MAJOR < 3 /* where dnnl_memory_desc_t is a struct, not a handle */
typedef const dnnl_memory_desc_t *const_dnnl_memory_desc_t;
#define dnnl_post_ops_append_sum(ops, scale, zero, type) dnnl_post_ops_append_sum(ops, scale)
#define dnnl_post_ops_append_eltwise(ops, kind, a, b)    dnnl_post_ops_append_eltwise(ops, 1, kind, a, b)
#endif

struct onednn;

/* Descriptions of memory. They are the backend's and last until the call they are made for is prepared. */
const_dnnl_memory_desc_t md_tagged(struct onednn *b, int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag);
const_dnnl_memory_desc_t md_strided(struct onednn *b, int rank, const dnnl_dims_t dims,
                                    const dnnl_dims_t strides);
const_dnnl_memory_desc_t md_wanted(struct onednn *b, dnnl_primitive_desc_t pd, int arg); /* as pd likes it */
void md_forget(struct onednn *b);                                                        /* all of them */

struct conv_args {
    const_dnnl_memory_desc_t x, w, y, bias; /* bias NULL: none */
    dnnl_dims_t strides, pads, pads_end;
};

/* Primitives; NULL: oneDNN has none. kind: dnnl_backward_data or dnnl_backward_weights. */
dnnl_primitive_desc_t conv_pd(const struct onednn *b, const struct conv_args *a, dnnl_primitive_attr_t attr);
dnnl_primitive_desc_t conv_backward_pd(const struct onednn *b, const struct conv_args *a,
                                       dnnl_prop_kind_t kind);
dnnl_primitive_desc_t matmul_pd(const struct onednn *b, const_dnnl_memory_desc_t x,
                                const_dnnl_memory_desc_t w, const_dnnl_memory_desc_t bias,
                                const_dnnl_memory_desc_t y, dnnl_primitive_attr_t attr);

struct pool_args {
    const_dnnl_memory_desc_t x, y;
    dnnl_dims_t window, strides, pads, pads_end;
};
dnnl_primitive_desc_t pool_pd(const struct onednn *b, const struct pool_args *a, dnnl_alg_kind_t kind);

#endif
