/* Compiling a graph, and running the result. */
#include "engine/plan.h"

#include "base/bug.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pd_backend_destroy(struct pd_backend *b)
{
    if (b)
        b->type->destroy(b);
}

size_t pd_backend_real_size(const struct pd_backend *b)
{
    return b->type->real_size;
}

double pd_backend_peak_gflops(struct pd_backend *b, int side)
{
    return b->type->peak ? b->type->peak(b, side) : 0;
}

/* Multiply-adds times two, in 10^9: what performance is measured against. */
static double gflop_of(const struct pd_instr *at, const struct pd_instr *in)
{
    const struct pd_shape none = {0, {0, 0, 0, 0}};
    struct pd_shape a = in->n_src > 0 ? at[in->src[0]].shape : none;
    struct pd_shape b = in->n_src > 1 ? at[in->src[1]].shape : none;
    double n = 0;
    if (in->op == PD_OP_MATMUL)
        n = (double)pd_shape_count(in->shape) * (double)a.dim[!in->attr.transpose_a];
    else if (in->op == PD_OP_CONV) /* elements of y times taps of a filter */
        n = (double)pd_shape_count(in->shape) * (double)(b.dim[1] * b.dim[2] * b.dim[3]);
    else if (in->op == PD_OP_CONV_DX)
        n = (double)pd_shape_count(a) * (double)(b.dim[1] * b.dim[2] * b.dim[3]);
    else if (in->op == PD_OP_CONV_DW)
        n = (double)pd_shape_count(b) * (double)(in->shape.dim[1] * in->shape.dim[2] * in->shape.dim[3]);
    return 2e-9 * n;
}

static double gigabytes_of(const struct pd_instr *at, const struct pd_instr *in)
{
    double n = (double)in->bytes;
    for (int k = 0; k < in->n_src; k++)
        if (at[in->src[k]].dtype != PD_U8) /* of all training images a batch is read */
            n += (double)at[in->src[k]].bytes;
    return 1e-9 * n;
}

static bool has_kernel(const struct pd_instr *in)
{
    return in->op != PD_OP_INPUT && in->op != PD_OP_VAR && pd_op_kind(in->op) != PD_KIND_VIEW;
}

static void resolve_memory(struct pd_plan *p)
{
    for (int i = 0; i < p->ir.count; i++) {
        const struct pd_instr *root = &p->ir.at[pd_ir_root(&p->ir, i)];
        p->ir.at[i].data = root->op == PD_OP_VAR ? root->var[0]->data : p->arena + root->offset;
    }
}

/* The plan's calls, but for their kernels. */
static void list_calls(struct pd_plan *p)
{
    for (int i = 0; i < p->ir.count; i++) {
        struct pd_instr *in = &p->ir.at[i];
        if (!has_kernel(in))
            continue;
        struct pd_call *call = &p->calls[p->n_calls++];
        call->instr = in;
        call->dst = in->data;
        for (int k = 0; k < in->n_src; k++) {
            call->src_instr[k] = &p->ir.at[in->src[k]];
            call->src[k] = p->ir.at[in->src[k]].data;
        }
        for (int k = 1; in->op == PD_OP_ADAM && k < 3;
             k++) /* its source may be an earlier Adam: the weight */
            call->src[2 + k] = in->var[k]->data;
        call->gflop = gflop_of(p->ir.at, in);
        call->gigabytes = gigabytes_of(p->ir.at, in);
    }
}

/* What running takes. */
static enum pd_status make_ready(struct pd_plan *p, struct pd_error *err)
{
    const struct pd_backend_type *type = p->backend->type;
    size_t scratch = 0;
    enum pd_status status = type->prepare(p->backend, p->calls, p->n_calls, err);
    for (int i = 0; i < p->n_calls; i++)
        scratch = p->calls[i].scratch > scratch ? p->calls[i].scratch : scratch;
    if (status || !scratch)
        return status;
    p->scratch = type->allocate(p->backend, scratch);
    return p->scratch ? PD_OK
                      : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu bytes of scratch", scratch);
}

static enum pd_status take_arena(struct pd_plan *p, struct pd_error *err)
{
    p->arena = p->backend->type->allocate(p->backend, p->arena_bytes);
    return p->arena ? PD_OK
                    : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu bytes of activations%s%s",
                              p->arena_bytes, p->backend->where ? " on " : "",
                              p->backend->where ? p->backend->where : "");
}

static bool run_passes(struct pd_plan *p, const struct pd_graph *g)
{
    const struct pd_backend *b = p->backend;
    return pd_ir_import(&p->ir, g) && pd_ir_combine(&p->ir, b) && pd_ir_layout(&p->ir, b) &&
           (!b->type->programs || pd_ir_fuse(&p->ir, b->block)) &&
           pd_ir_schedule(&p->ir, b->type->together) &&
           pd_ir_memory(&p->ir, b->type->real_size, &p->arena_bytes, &p->unplanned_bytes);
}

/* Memory of another kind of backend may be out of reach, or hold numbers of another size. */
static enum pd_status check_vars(const struct pd_graph *g, const struct pd_backend *b, struct pd_error *err)
{
    for (int i = 0; i < g->count; i++)
        for (int k = 0; k < 3 && g->nodes[i]->var[k]; k++) {
            const struct pd_var *v = g->nodes[i]->var[k];
            if (v->backend->type != b->type)
                return pd_fail(err, PD_ERR_USAGE, -1,
                               "variable '%.100s' is on backend '%s', and the graph is compiled for '%s'",
                               v->name, v->backend->type->name, b->type->name);
        }
    return PD_OK;
}

enum pd_status pd_compile(const struct pd_graph *g, struct pd_backend *b, struct pd_plan **out,
                          struct pd_error *err)
{
    *out = NULL;
    if (!g)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a graph");
    if (g->error.status)
        return pd_fail(err, g->error.status, -1, "%s", g->error.message);
    if (check_vars(g, b, err))
        return PD_ERR_USAGE;
    const bool values = !b->type->no_values;
    struct pd_plan *p = pd_calloc(1, sizeof *p);
    bool ok = p;
    if (ok) {
        p->backend = b;
        ok = run_passes(p, g);
    }
    if (ok) {
        p->calls = pd_calloc((size_t)p->ir.count, sizeof *p->calls);
        ok = p->calls;
    }
    enum pd_status status = !ok ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory while compiling a graph")
                            : values ? take_arena(p, err)
                                     : PD_OK;
    if (!status && values)
        resolve_memory(p);
    if (!status)
        list_calls(p);
    if (!status && values)
        status = make_ready(p, err);
    if (status)
        pd_plan_destroy(p);
    else
        *out = p;
    return status;
}

void pd_plan_destroy(struct pd_plan *p)
{
    if (!p)
        return;
    for (int i = 0; p->calls && i < p->n_calls; i++)
        if (p->calls[i].release)
            p->calls[i].release(p->calls[i].context);
    pd_free(p->calls);
    if (p->backend) {
        p->backend->type->release(p->backend, p->scratch);
        p->backend->type->release(p->backend, p->arena);
    }
    pd_ir_release(&p->ir);
    pd_free(p);
}

/* --- inputs and outputs --- */

static const struct pd_instr *find(const struct pd_plan *p, const char *name)
{
    for (int i = 0; i < p->ir.count; i++)
        if (p->ir.at[i].name && strcmp(p->ir.at[i].name, name) == 0)
            return &p->ir.at[i];
    return NULL;
}

bool pd_plan_has(const struct pd_plan *p, const char *name)
{
    return find(p, name);
}

/* The bytes of its first n numbers; 0 and an error where it has no such name or not so many. */
static size_t bytes_of(const struct pd_plan *p, const struct pd_instr *in, const char *name, int64_t n,
                       struct pd_error *err)
{
    if (in && n > 0 && n <= pd_shape_count(in->shape))
        return (size_t)n * pd_dtype_size(in->dtype, p->backend->type->real_size);
    if (!in)
        pd_fail(err, PD_ERR_USAGE, -1, "the plan has no input or output '%.60s'", name);
    else
        pd_fail(err, PD_ERR_USAGE, -1, "'%.60s' has %lld numbers, not %lld", name,
                (long long)pd_shape_count(in->shape), (long long)n);
    return 0;
}

static const struct pd_instr *find_input(const struct pd_plan *p, const char *name)
{
    const struct pd_instr *in = find(p, name);
    return in && in->op == PD_OP_INPUT ? in : NULL;
}

static enum pd_status write_to(struct pd_plan *p, const struct pd_instr *in, const char *name,
                               const void *from, int64_t n, struct pd_error *err)
{
    const size_t bytes = bytes_of(p, in, name, n, err);
    return bytes ? p->backend->type->upload(p->backend, in->data, from, bytes, err) : PD_ERR_USAGE;
}

static enum pd_status read_from(struct pd_plan *p, const struct pd_instr *in, const char *name, void *to,
                                int64_t n, struct pd_error *err)
{
    const size_t bytes = bytes_of(p, in, name, n, err);
    return bytes ? p->backend->type->download(p->backend, to, in->data, bytes, err) : PD_ERR_USAGE;
}

enum pd_status pd_plan_write(struct pd_plan *p, const char *name, const void *from, int64_t n,
                             struct pd_error *err)
{
    return write_to(p, find_input(p, name), name, from, n, err);
}

enum pd_status pd_plan_read(struct pd_plan *p, const char *name, void *to, int64_t n, struct pd_error *err)
{
    return read_from(p, find(p, name), name, to, n, err);
}

/* One number of any type. */
union number {
    float f32;
    double f64;
    int32_t i32;
};

static bool is_double(const struct pd_plan *p, const struct pd_instr *in)
{
    return pd_dtype_size(in->dtype, p->backend->type->real_size) == sizeof(double);
}

enum pd_status pd_plan_set(struct pd_plan *p, const char *name, double value, struct pd_error *err)
{
    const struct pd_instr *in = find_input(p, name);
    union number x;
    if (in && in->dtype == PD_I32)
        x.i32 = (int32_t)value;
    else if (in && is_double(p, in))
        x.f64 = value;
    else
        x.f32 = (float)value;
    return write_to(p, in, name, &x, 1, err);
}

enum pd_status pd_plan_scalar(struct pd_plan *p, const char *name, float *out, struct pd_error *err)
{
    union number x = {0};
    const struct pd_instr *in = find(p, name);
    enum pd_status status = read_from(p, in, name, &x, 1, err);
    *out = status ? 0 : in->dtype == PD_I32 ? (float)x.i32 : is_double(p, in) ? (float)x.f64 : x.f32;
    return status;
}

/* --- running --- */

enum pd_status pd_call_fail(const struct pd_call *call, enum pd_status status, struct pd_error *err)
{
    char shape[96];
    return pd_fail(err, status, -1, "%s for %s making %s",
                   status == PD_ERR_MEMORY ? "out of memory" : "the backend's kernel failed",
                   pd_op_name(call->instr->op), pd_shape_text(call->instr->shape, shape));
}

enum pd_status pd_plan_run(struct pd_plan *p, uint64_t seed, uint64_t step, struct pd_error *err)
{
    struct pd_run run = {
        .seed = seed, .step = step, .scratch = p->scratch, .profile = p->profile, .backend = p->backend};
    if (p->backend->type->no_values)
        BUG("a plan that was compiled for its costs is run");
    const enum pd_status status = p->backend->type->run(p->backend, p->calls, p->n_calls, &run, err);
    if (status && p->backend->ranks)
        p->backend->ranks->broken = true; /* they may wait for a sum that this one did not come to */
    return status;
}

struct pd_plan_info pd_plan_info(const struct pd_plan *p)
{
    struct pd_plan_info info = {
        .kernels = p->n_calls, .arena_bytes = p->arena_bytes, .unplanned_bytes = p->unplanned_bytes};
    for (int i = 0; i < p->n_calls; i++) {
        info.gflop += p->calls[i].gflop;
        info.gigabytes += p->calls[i].gigabytes;
    }
    return info;
}

void pd_plan_profile(struct pd_plan *p, bool on)
{
    p->profile = on;
    for (int i = 0; i < p->n_calls; i++)
        p->calls[i].nanoseconds = p->calls[i].runs = 0;
}

static int slower_first(const void *a, const void *b)
{
    const struct pd_op_time *x = a, *y = b;
    if (!x->name || !y->name)
        return !x->name - !y->name;
    return x->seconds < y->seconds ? 1 : x->seconds > y->seconds ? -1 : 0;
}

int pd_plan_times(const struct pd_plan *p, struct pd_op_time *times, int capacity)
{
    struct pd_op_time all[PD_OP_COUNT] = {0};
    for (int i = 0; i < p->n_calls; i++) {
        const struct pd_call *call = &p->calls[i];
        struct pd_op_time *t = &all[call->instr->op];
        t->name = pd_op_name(call->instr->op);
        t->seconds += 1e-9 * (double)call->nanoseconds;
        t->gflop += call->gflop * (double)call->runs;
        t->calls++;
    }
    qsort(all, PD_OP_COUNT, sizeof *all, slower_first);
    int n = 0;
    while (n < capacity && n < PD_OP_COUNT && all[n].name) {
        times[n] = all[n];
        n++;
    }
    return n;
}

void pd_plan_print(const struct pd_plan *p, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < p->n_calls && used + 200 < size; i++) {
        const struct pd_call *c = &p->calls[i];
        const struct pd_instr *in = c->instr;
        char shape[96];
        double us = c->runs ? 1e-3 * (double)c->nanoseconds / (double)c->runs : 0;
        used +=
            (size_t)snprintf(text + used, size - used, "%4d %-16s %-24s %s %9.1f us %7.1f GFLOP/s %zu ops\n",
                             i, pd_op_name(in->op), pd_shape_text(in->shape, shape),
                             in->layout == PD_LAYOUT_BLOCKED ? "blocked" : "plain  ", us,
                             us > 0 ? c->gflop / us * 1e6 : 0, in->fused ? (size_t)in->fused->n_ops : 1);
    }
}
