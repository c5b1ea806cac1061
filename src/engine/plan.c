/* Compiling a graph, and running the result. */
#include "engine/plan.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum pd_status pd_backend_create(enum pd_backend_kind kind, int threads, struct pd_backend **out,
                                 struct pd_error *err)
{
    *out = NULL;
    return kind == PD_BACKEND_ONEDNN || kind == PD_BACKEND_COSTS ? pd_onednn_create(kind, threads, out, err)
                                                                 : pd_ref_create(kind, out, err);
}

void pd_backend_destroy(struct pd_backend *b)
{
    if (b)
        b->destroy(b);
}

size_t pd_backend_real_size(const struct pd_backend *b)
{
    return b->costs_only ? 0 : b->real_size;
}

/* Multiply-adds times two, in 10^9: what performance is measured against. */
static double gflop_of(const struct pd_instr *at, const struct pd_instr *in)
{
    const struct pd_shape none = {0, {0, 0, 0, 0}};
    struct pd_shape a = in->n_src > 0 ? at[in->src[0]].shape : none;
    struct pd_shape b = in->n_src > 1 ? at[in->src[1]].shape : none;
    double n = 0;
    if (in->op == PD_OP_MATMUL)
        n = (double)pd_shape_count(in->shape) * (double)a.dim[!in->attr.i[0]];
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

static void enter(const struct pd_backend *b)
{
    if (b->enter)
        b->enter(b);
}

static enum pd_status prepare_calls(struct pd_plan *p, struct pd_error *err)
{
    size_t scratch = 0;
    enter(p->backend);
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
        call->gflop = gflop_of(p->ir.at, in);
        call->gigabytes = gigabytes_of(p->ir.at, in);
        if (p->backend->costs_only)
            continue;
        enum pd_status status = p->backend->prepare(p->backend, call, err);
        if (status)
            return status;
        scratch = call->scratch > scratch ? call->scratch : scratch;
    }
    p->scratch = scratch ? pd_aligned_calloc(scratch) : NULL;
    return scratch && !p->scratch
               ? pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu bytes of scratch", scratch)
               : PD_OK;
}

static bool run_passes(struct pd_plan *p, const struct pd_graph *g)
{
    const struct pd_backend *b = p->backend;
    return pd_ir_import(&p->ir, g) && (!b->optimise || pd_ir_combine(&p->ir)) &&
           pd_ir_layout(&p->ir, b->block) && (!b->optimise || pd_ir_fuse(&p->ir, b->block)) &&
           pd_ir_schedule(&p->ir) && pd_ir_memory(&p->ir, b->real_size, &p->arena_bytes, &p->unplanned_bytes);
}

enum pd_status pd_compile(const struct pd_graph *g, struct pd_backend *b, struct pd_plan **out,
                          struct pd_error *err)
{
    *out = NULL;
    if (!g)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a graph");
    if (g->error.status)
        return pd_fail(err, g->error.status, -1, "%s", g->error.message);
    struct pd_plan *p = pd_calloc(1, sizeof *p);
    enum pd_status status = PD_ERR_MEMORY;
    if (!p)
        goto memory;
    p->backend = b;
    if (!run_passes(p, g))
        goto memory;
    p->arena = pd_aligned_calloc(b->costs_only ? 0 : p->arena_bytes);
    p->calls = pd_calloc((size_t)p->ir.count, sizeof *p->calls);
    if (!p->arena || !p->calls)
        goto memory;
    if (!b->costs_only)
        resolve_memory(p);
    status = prepare_calls(p, err);
    if (status) {
        pd_plan_destroy(p);
        return status;
    }
    *out = p;
    return PD_OK;
memory:
    pd_plan_destroy(p);
    return pd_fail(err, status, -1, "out of memory while compiling a graph");
}

void pd_plan_destroy(struct pd_plan *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n_calls && !p->backend->costs_only; i++)
        p->backend->release(&p->calls[i]);
    pd_free(p->calls);
    pd_free(p->scratch);
    pd_free(p->arena);
    pd_ir_release(&p->ir);
    pd_free(p);
}

void *pd_plan_data(struct pd_plan *p, const char *name)
{
    for (int i = 0; i < p->ir.count; i++)
        if (p->ir.at[i].name && strcmp(p->ir.at[i].name, name) == 0)
            return p->ir.at[i].data;
    return NULL;
}

float pd_plan_scalar(struct pd_plan *p, const char *name)
{
    const void *data = pd_plan_data(p, name);
    if (!data)
        return 0;
    return p->backend->real_size == 8 ? (float)*(const double *)data : *(const float *)data;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void run_timed(struct pd_call *call, const struct pd_run *run)
{
    uint64_t start = now();
    call->kernel(call, run);
    call->nanoseconds += now() - start;
    call->runs++;
}

static enum pd_status fail_run(const struct pd_call *call, int failure, struct pd_error *err)
{
    char shape[96];
    return pd_fail(err, (enum pd_status)failure, -1, "%s for %s making %s",
                   failure == PD_ERR_MEMORY ? "out of memory" : "the backend's kernel failed",
                   pd_op_name(call->instr->op), pd_shape_text(call->instr->shape, shape));
}

enum pd_status pd_plan_run(struct pd_plan *p, uint64_t seed, uint64_t step, struct pd_error *err)
{
    atomic_int failure = PD_OK;
    const struct pd_run run = {seed, step, p->scratch, p->backend, &failure};
    sigset_t before;
    int i = 0;
    if (p->backend->costs_only)
        BUG("a plan that was compiled for its costs is run");
    enter(p->backend);
    pd_signals_hold(p->backend->threads, &before);
    for (; i < p->n_calls && !failure; i++)
        if (p->profile)
            run_timed(&p->calls[i], &run);
        else
            p->calls[i].kernel(&p->calls[i], &run);
    pd_signals_release(&before);
    return failure ? fail_run(&p->calls[i - 1], failure, err) : PD_OK;
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
