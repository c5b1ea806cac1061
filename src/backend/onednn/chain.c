/* Descriptions, and primitives in a row. */
#include "backend/onednn/onednn.h"

#include "base/bug.h"
#include "base/mem.h"

static void dims_of(struct pd_shape s, dnnl_dims_t dims)
{
    for (int i = 0; i < s.rank; i++)
        dims[i] = s.dim[i];
}

static const_dnnl_memory_desc_t md_tag(struct onednn *b, struct pd_shape s, dnnl_format_tag_t tag)
{
    dnnl_dims_t dims;
    dims_of(s, dims);
    return md_tagged(b, s.rank, dims, tag);
}

const_dnnl_memory_desc_t md_any(struct onednn *b, struct pd_shape s)
{
    return md_tag(b, s, dnnl_format_tag_any);
}

const_dnnl_memory_desc_t md_plain(struct onednn *b, struct pd_shape s)
{
    static const dnnl_format_tag_t tags[] = {dnnl_a, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd};
    if (s.rank == 0)
        s.rank = 1;
    return md_tag(b, s, tags[s.rank]);
}

const_dnnl_memory_desc_t md_of(struct onednn *b, const struct pd_instr *in)
{
    if (in->layout == PD_LAYOUT_BLOCKED)
        return md_tag(b, in->shape, b->base.block == 16 ? dnnl_nChw16c : dnnl_nChw8c);
    return md_plain(b, in->shape);
}

dnnl_primitive_attr_t attr_create(bool accumulate, double slope)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    bool ok = !dnnl_primitive_attr_create(&attr) &&
              !dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) &&
              !dnnl_post_ops_create(&ops);
    ok = ok && (!accumulate || !dnnl_post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef));
    ok = ok && (slope == 1 || !dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, (float)slope, 0));
    ok = ok && !dnnl_primitive_attr_set_post_ops(attr, ops);
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (!ok && attr)
        dnnl_primitive_attr_destroy(attr);
    return ok ? attr : NULL;
}

void chain_run(const struct chain *c, const struct pd_run *run)
{
    for (int i = 0; i < c->n; i++) {
        const struct chain_step *s = &c->step[i];
        for (int k = 0; k < s->n; k++)
            if (s->scratch[k] >= 0)
                dnnl_memory_set_data_handle(s->args[k].memory, (char *)run->scratch + s->scratch[k]);
        onednn_check(run, dnnl_primitive_execute(s->primitive, c->backend->stream, s->n, s->args));
    }
}

static void chain_kernel(const struct pd_call *call, const struct pd_run *run)
{
    chain_run(call->context, run);
}

static void chain_destroy(void *context)
{
    struct chain *c = context;
    for (int i = 0; i < c->n; i++) {
        for (int k = 0; k < c->step[i].n; k++)
            dnnl_memory_destroy(c->step[i].args[k].memory);
        dnnl_primitive_destroy(c->step[i].primitive);
    }
    pd_free(c);
}

struct chain *chain_create(struct onednn *b, struct pd_call *call)
{
    struct chain *c = pd_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->backend = b;
    call->context = c;
    call->release = chain_destroy;
    call->kernel = chain_kernel;
    return c;
}

int64_t scratch_take(struct pd_call *call, size_t bytes)
{
    int64_t at = (int64_t)call->scratch;
    call->scratch += (bytes + 63) / 64 * 64;
    return at;
}

struct chain_step *chain_add(struct chain *c, struct pd_call *call, dnnl_primitive_desc_t pd)
{
    struct chain_step *s = c ? &c->step[c->n] : NULL;
    const bool failed = !s || !pd || dnnl_primitive_create(&s->primitive, pd);
    if (!failed) {
        c->n++;
        const_dnnl_memory_desc_t md = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
        if (md && dnnl_memory_desc_get_size(md))
            chain_bind_scratch(c, s, DNNL_ARG_SCRATCHPAD, md,
                               scratch_take(call, dnnl_memory_desc_get_size(md)));
    }
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return failed ? NULL : s;
}

static void bind(struct chain *c, struct chain_step *s, int arg, const_dnnl_memory_desc_t md, void *data,
                 int64_t scratch)
{
    dnnl_exec_arg_t *a = &s->args[s->n];
    a->arg = arg;
    s->scratch[s->n] = scratch;
    if (dnnl_memory_create(&a->memory, md, c->backend->engine, data))
        BUG("oneDNN refuses to describe memory that its primitive asked for");
    s->n++;
}

void chain_bind(struct chain *c, struct chain_step *s, int arg, const_dnnl_memory_desc_t md, const void *data)
{
    bind(c, s, arg, md, (void *)(uintptr_t)data, -1);
}

void chain_bind_scratch(struct chain *c, struct chain_step *s, int arg, const_dnnl_memory_desc_t md,
                        int64_t offset)
{
    bind(c, s, arg, md, DNNL_MEMORY_NONE, offset);
}

bool chain_reorder(struct chain *c, struct pd_call *call, const_dnnl_memory_desc_t from, const void *data,
                   int64_t from_scratch, const_dnnl_memory_desc_t to, void *to_data, int64_t to_scratch)
{
    struct onednn *b = c->backend;
    dnnl_primitive_desc_t pd;
    if (dnnl_reorder_primitive_desc_create(&pd, from, b->engine, to, b->engine, b->plain_attr))
        return false;
    struct chain_step *s = chain_add(c, call, pd);
    if (!s)
        return false;
    bind(c, s, DNNL_ARG_FROM, from, (void *)(uintptr_t)data, data ? -1 : from_scratch);
    bind(c, s, DNNL_ARG_TO, to, to_data, to_data ? -1 : to_scratch);
    return true;
}
