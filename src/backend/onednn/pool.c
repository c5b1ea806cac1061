/* Pooling, and images put behind one another by channel. */
#include "backend/onednn/onednn.h"

#include <string.h>

enum pd_status prepare_pool(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    const struct pd_instr *in = call->instr, *x = call->src_instr[0];
    const struct pd_attr *attr = &in->attr;
    struct pool_args a = {.x = md_of(b, x), .y = md_of(b, in)};
    for (int i = 0; i < 2; i++) { /* padding is the same on all sides: graph.h has it so */
        a.window[i] = attr->window;
        a.strides[i] = attr->stride;
        a.pads[i] = a.pads_end[i] = attr->pad_h;
    }
    const bool max = in->op == PD_OP_MAX_POOL;
    dnnl_primitive_desc_t pd = pool_pd(b, &a, max ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding);
    struct chain *c = chain_create(b, call);
    struct chain_step *s = chain_add(c, call, pd);
    if (!s)
        return onednn_fail(call, err);
    chain_bind(c, s, DNNL_ARG_SRC, a.x, call->src[0]);
    chain_bind(c, s, DNNL_ARG_DST, a.y, call->dst);
    return PD_OK;
}

/* Of whole blocks of channels, and of plain images alike: an image's bytes of both sources in turn. */
static void channels_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const int64_t images = call->instr->shape.dim[0];
    const size_t all = (size_t)(pd_shape_count(call->instr->shape) / images) * sizeof(float),
                 first = (size_t)(pd_shape_count(call->src_instr[0]->shape) / images) * sizeof(float);
    const char *a = call->src[0], *b = call->src[1];
    char *dst = call->dst;
    (void)run;
#pragma omp parallel for schedule(static) if (images * (int64_t)all > PD_PARALLEL_MIN)
    for (int64_t i = 0; i < images; i++) {
        memcpy(dst + (size_t)i * all, a + (size_t)i * first, first);
        memcpy(dst + (size_t)i * all + first, b + (size_t)i * (all - first), all - first);
    }
}

enum pd_status prepare_concat(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    if (call->instr->attr.axis == 1) /* others fall back */
        call->kernel = channels_kernel;
    return PD_OK;
}
