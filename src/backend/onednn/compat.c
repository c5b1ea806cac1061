/* Version 3 has no operation descriptors, and its memory descriptors are handles. */
#include "backend/onednn/onednn.h"

#include "base/bug.h"

#if DNNL_VERSION_MAJOR >= 3

static const_dnnl_memory_desc_t handle(const dnnl_memory_desc_t *md)
{
    return *md;
}

void md_forget(struct onednn *b)
{
    while (b->n_md)
        dnnl_memory_desc_destroy(b->md[--b->n_md]);
}

dnnl_primitive_desc_t conv_pd(const struct onednn *b, const struct conv_args *a, dnnl_primitive_attr_t attr)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_convolution_forward_primitive_desc_create(&pd, b->engine, dnnl_forward_training,
                                                   dnnl_convolution_direct, a->x, a->w, a->bias, a->y,
                                                   a->strides, NULL, a->pads, a->pads_end, attr);
    return pd;
}

static dnnl_primitive_desc_t hinted_pd(const struct onednn *b, const struct conv_args *a,
                                       dnnl_prop_kind_t kind, dnnl_primitive_desc_t hint)
{
    dnnl_primitive_desc_t pd = NULL;
    if (kind == dnnl_backward_data)
        dnnl_convolution_backward_data_primitive_desc_create(&pd, b->engine, dnnl_convolution_direct, a->x,
                                                             a->w, a->y, a->strides, NULL, a->pads,
                                                             a->pads_end, hint, b->plain_attr);
    else
        dnnl_convolution_backward_weights_primitive_desc_create(&pd, b->engine, dnnl_convolution_direct, a->x,
                                                                a->w, NULL, a->y, a->strides, NULL, a->pads,
                                                                a->pads_end, hint, b->plain_attr);
    return pd;
}

dnnl_primitive_desc_t matmul_pd(const struct onednn *b, const_dnnl_memory_desc_t x,
                                const_dnnl_memory_desc_t w, const_dnnl_memory_desc_t bias,
                                const_dnnl_memory_desc_t y, dnnl_primitive_attr_t attr)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_matmul_primitive_desc_create(&pd, b->engine, x, w, bias, y, attr);
    return pd;
}

dnnl_primitive_desc_t pool_pd(const struct onednn *b, const struct pool_args *a, dnnl_alg_kind_t kind)
{
    const dnnl_dims_t close = {0};
    dnnl_primitive_desc_t pd = NULL;
    dnnl_pooling_forward_primitive_desc_create(&pd, b->engine, dnnl_forward_inference, kind, a->x, a->y,
                                               a->strides, a->window, close, a->pads, a->pads_end,
                                               b->plain_attr);
    return pd;
}

#else

#define dnnl_memory_desc_create_with_tag     dnnl_memory_desc_init_by_tag
#define dnnl_memory_desc_create_with_strides dnnl_memory_desc_init_by_strides

static dnnl_status_t dnnl_memory_desc_clone(dnnl_memory_desc_t *md, const_dnnl_memory_desc_t from)
{
    *md = *from;
    return dnnl_success;
}

static const_dnnl_memory_desc_t handle(const dnnl_memory_desc_t *md)
{
    return md;
}

void md_forget(struct onednn *b)
{
    b->n_md = 0;
}

static dnnl_primitive_desc_t created(const struct onednn *b, const_dnnl_op_desc_t d,
                                     dnnl_primitive_attr_t attr, dnnl_primitive_desc_t hint)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_desc_create(&pd, d, attr, b->engine, hint);
    return pd;
}

dnnl_primitive_desc_t conv_pd(const struct onednn *b, const struct conv_args *a, dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t d;
    return dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, a->x, a->w,
                                              a->bias, a->y, a->strides, a->pads, a->pads_end)
               ? NULL
               : created(b, &d, attr, NULL);
}

static dnnl_primitive_desc_t hinted_pd(const struct onednn *b, const struct conv_args *a,
                                       dnnl_prop_kind_t kind, dnnl_primitive_desc_t hint)
{
    dnnl_convolution_desc_t d;
    dnnl_status_t failed;
    if (kind == dnnl_backward_data)
        failed = dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, a->x, a->w, a->y,
                                                          a->strides, a->pads, a->pads_end);
    else
        failed = dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, a->x, a->w, NULL,
                                                             a->y, a->strides, a->pads, a->pads_end);
    return failed ? NULL : created(b, &d, b->plain_attr, hint);
}

dnnl_primitive_desc_t matmul_pd(const struct onednn *b, const_dnnl_memory_desc_t x,
                                const_dnnl_memory_desc_t w, const_dnnl_memory_desc_t bias,
                                const_dnnl_memory_desc_t y, dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t d;
    return dnnl_matmul_desc_init(&d, x, w, bias, y) ? NULL : created(b, &d, attr, NULL);
}

dnnl_primitive_desc_t pool_pd(const struct onednn *b, const struct pool_args *a, dnnl_alg_kind_t kind)
{
    dnnl_pooling_desc_t d;
    return dnnl_pooling_forward_desc_init(&d, dnnl_forward_inference, kind, a->x, a->y, a->strides, a->window,
                                          a->pads, a->pads_end)
               ? NULL
               : created(b, &d, b->plain_attr, NULL);
}

#endif

static dnnl_memory_desc_t *md_next(struct onednn *b)
{
    if (b->n_md == MD_KEPT)
        BUG("a call describes memory more than %d times", MD_KEPT);
    return &b->md[b->n_md++];
}

static const_dnnl_memory_desc_t made(const dnnl_memory_desc_t *md, dnnl_status_t failed)
{
    if (failed)
        BUG("oneDNN refuses to describe memory");
    return handle(md);
}

const_dnnl_memory_desc_t md_tagged(struct onednn *b, int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t *md = md_next(b);
    return made(md, dnnl_memory_desc_create_with_tag(md, rank, dims, dnnl_f32, tag));
}

const_dnnl_memory_desc_t md_strided(struct onednn *b, int rank, const dnnl_dims_t dims,
                                    const dnnl_dims_t strides)
{
    dnnl_memory_desc_t *md = md_next(b);
    return made(md, dnnl_memory_desc_create_with_strides(md, rank, dims, dnnl_f32, strides));
}

const_dnnl_memory_desc_t md_wanted(struct onednn *b, dnnl_primitive_desc_t pd, int arg)
{
    dnnl_memory_desc_t *md = md_next(b);
    return made(md,
                dnnl_memory_desc_clone(md, dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, arg)));
}

dnnl_primitive_desc_t conv_backward_pd(const struct onednn *b, const struct conv_args *a,
                                       dnnl_prop_kind_t kind)
{
    dnnl_primitive_desc_t hint = conv_pd(b, a, b->plain_attr), pd = hint ? hinted_pd(b, a, kind, hint) : NULL;
    if (hint)
        dnnl_primitive_desc_destroy(hint);
    return pd;
}
