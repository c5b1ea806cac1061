/* An independent check of a compiled plan: walks its instructions with a map of whose bytes lie where, so
 * that every value must still be there whole when it is read, and outputs and inputs at the end. */
#ifndef PD_TEST_GRAD_VERIFY_H
#define PD_TEST_GRAD_VERIFY_H

#include "engine/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct region {
    uintptr_t begin, end;
    int owner; /* an instruction */
};

struct memory_map {
    const struct pd_plan *plan;
    struct region *at;
    int n;
};

/* Views show what another instruction made. */
static inline int verify_maker(const struct pd_ir *ir, int i)
{
    while (pd_op_kind(ir->at[i].op) == PD_KIND_VIEW)
        i = ir->at[i].src[0];
    return i;
}

static inline struct region verify_region(const struct pd_plan *p, int i, const void *data)
{
    const struct pd_instr *in = &p->ir.at[i];
    size_t size = pd_dtype_size(in->dtype, p->backend->type->real_size);
    uintptr_t begin = (uintptr_t)data;
    return (struct region){begin, begin + (size_t)pd_shape_count(in->shape) * size, i};
}

static inline bool verify_overlap(struct region a, struct region b)
{
    return a.begin < b.end && b.begin < a.end;
}

static inline void verify_write(struct memory_map *m, int i, const void *data)
{
    struct region r = verify_region(m->plan, i, data);
    for (int k = 0; k < m->n; k++)
        if (verify_overlap(m->at[k], r))
            m->at[k--] = m->at[--m->n];
    m->at[m->n++] = r;
}

static inline void verify_read(const struct memory_map *m, int reader, int i)
{
    int maker = verify_maker(&m->plan->ir, i);
    struct region r = verify_region(m->plan, maker, m->plan->ir.at[i].data);
    for (int k = 0; k < m->n; k++)
        if (m->at[k].owner == maker && m->at[k].begin == r.begin && m->at[k].end == r.end)
            return;
    fail_msg("instruction %d (%s) reads %d (%s), which is not there", reader,
             reader < m->plan->ir.count ? pd_op_name(m->plan->ir.at[reader].op) : "end", i,
             pd_op_name(m->plan->ir.at[i].op));
}

/* May the kernel write where its k-th source lies? */
static inline bool verify_in_place(const struct pd_instr *in, int k)
{
    if (in->op == PD_OP_FUSED)
        return in->fused->flat[k];
    return pd_op_kind(in->op) == PD_KIND_ELT || (pd_op_kind(in->op) == PD_KIND_UPDATE && k == 0) ||
           (in->op == PD_OP_MATMUL && k == 2 && in->attr.accumulates == 1) ||
           (in->op == PD_OP_BATCH_NORM_DX && k == 4);
}

static inline void verify_instruction(struct memory_map *m, int i)
{
    const struct pd_instr *in = &m->plan->ir.at[i];
    struct region dst = verify_region(m->plan, i, in->data);
    for (int k = 0; k < in->n_src; k++) {
        struct region src = verify_region(m->plan, in->src[k], m->plan->ir.at[in->src[k]].data);
        verify_read(m, i, in->src[k]);
        if (verify_overlap(src, dst) &&
            (!verify_in_place(in, k) || src.begin != dst.begin || src.end != dst.end))
            fail_msg("instruction %d (%s) writes over its source %d", i, pd_op_name(in->op), k);
    }
    verify_write(m, i, in->data);
    for (int k = 1; k < 3; k++)
        if (in->var[k])
            verify_write(m, i, in->var[k]->data);
}

static inline void verify_plan(const struct pd_plan *p)
{
    const struct pd_ir *ir = &p->ir;
    struct memory_map m = {p, calloc(3 * (size_t)ir->count + 1, sizeof *m.at), 0};
    assert_true(p->arena_bytes <= p->unplanned_bytes);
    for (int i = 0; i < ir->count; i++)
        if (ir->at[i].op == PD_OP_INPUT || ir->at[i].op == PD_OP_VAR)
            verify_write(&m, i, ir->at[i].data);
    for (int i = 0; i < ir->count; i++)
        if (pd_op_kind(ir->at[i].op) != PD_KIND_VIEW && ir->at[i].op != PD_OP_INPUT &&
            ir->at[i].op != PD_OP_VAR)
            verify_instruction(&m, i);
    for (int i = 0; i < ir->count; i++) {
        struct region r = verify_region(p, i, ir->at[i].data);
        uintptr_t arena = (uintptr_t)p->arena;
        if (ir->at[i].output || ir->at[i].op == PD_OP_INPUT)
            verify_read(&m, ir->count, i);
        if (ir->at[pd_ir_root(ir, i)].op != PD_OP_VAR)
            assert_true(r.begin >= arena && r.end <= arena + p->arena_bytes);
    }
    free(m.at);
}

#endif
