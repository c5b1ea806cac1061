/* The memory plan: every value gets a place in one arena; places are shared by values that are never alive
 * together. */
#include "engine/plan.h"

#include "base/mem.h"

#include <stdlib.h>

#define ALIGN 64

struct span {
    int value, first, last;
    size_t bytes, offset;
};

static bool in_arena(const struct pd_instr *in)
{
    return in->alias < 0 && in->op != PD_OP_VAR;
}

/* last[r]: the last instruction that needs the memory of root r. */
static void find_lifetimes(const struct pd_ir *ir, int *last)
{
    for (int i = 0; i < ir->count; i++) {
        int r = pd_ir_root(ir, i);
        last[r] = last[r] > i ? last[r] : i;
        for (int k = 0; k < ir->at[i].n_src; k++)
            last[pd_ir_root(ir, ir->at[i].src[k])] = i;
    }
    for (int i = 0; i < ir->count; i++)
        if (ir->at[i].output || ir->at[i].op == PD_OP_INPUT)
            last[pd_ir_root(ir, i)] = ir->count;
}

/* May the kernel write its result over its k-th source, element by element? */
static bool overwrites(const struct pd_instr *in, int k)
{
    return in->op == PD_OP_FUSED ? in->fused->flat[k] : pd_op_over(in->op, k);
}

/* Is source k the only way in which instruction i reads root r (but for sources that may be overwritten,
 * too)? */
static bool safe(const struct pd_ir *ir, const struct pd_instr *in, int r)
{
    for (int k = 0; k < in->n_src; k++)
        if (pd_ir_root(ir, in->src[k]) == r && !overwrites(in, k))
            return false;
    return true;
}

/* A value takes over the memory of a source that dies with it. */
static void share_in_place(struct pd_ir *ir, int *last)
{
    for (int i = 0; i < ir->count; i++) {
        struct pd_instr *in = &ir->at[i];
        for (int k = 0; in_arena(in) && k < in->n_src; k++) {
            int r = pd_ir_root(ir, in->src[k]);
            if (!overwrites(in, k) || !in_arena(&ir->at[r]) || last[r] != i || ir->at[r].bytes != in->bytes ||
                !safe(ir, in, r))
                continue;
            in->alias = r;
            last[r] = last[i];
        }
    }
}

static int larger_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->value - y->value;
}

/* The lowest place that no placed span with an overlapping lifetime covers. */
static size_t find_place(const struct span *placed, int n, const struct span *s)
{
    size_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < n; i++) {
            const struct span *p = &placed[i];
            bool together = p->first <= s->last && s->first <= p->last;
            if (together && p->offset < offset + s->bytes && offset < p->offset + p->bytes) {
                offset = p->offset + p->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

static size_t bytes_of(const struct pd_instr *in, size_t real_size)
{
    const size_t size = pd_dtype_size(in->dtype, real_size);
    return ((size_t)pd_shape_count(in->shape) * size + ALIGN - 1) / ALIGN * ALIGN;
}

bool pd_ir_memory(struct pd_ir *ir, size_t real_size, size_t *arena, size_t *unplanned)
{
    int *last = pd_calloc((size_t)ir->count, sizeof *last), n = 0;
    struct span *spans = pd_calloc((size_t)ir->count, sizeof *spans);
    bool ok = last && spans;
    *arena = *unplanned = 0;
    for (int i = 0; i < ir->count; i++) {
        ir->at[i].bytes = bytes_of(&ir->at[i], real_size);
        *unplanned += in_arena(&ir->at[i]) ? ir->at[i].bytes : 0;
    }
    if (ok) {
        find_lifetimes(ir, last);
        share_in_place(ir, last);
    }
    for (int i = 0; ok && i < ir->count; i++)
        if (in_arena(&ir->at[i])) {
            int first = ir->at[i].op == PD_OP_INPUT ? 0 : i;
            spans[n++] = (struct span){i, first, last[i], ir->at[i].bytes, 0};
        }
    if (ok)
        qsort(spans, (size_t)n, sizeof *spans, larger_first);
    for (int i = 0; ok && i < n; i++) {
        spans[i].offset = find_place(spans, i, &spans[i]);
        ir->at[spans[i].value].offset = spans[i].offset;
        size_t end = spans[i].offset + spans[i].bytes;
        *arena = end > *arena ? end : *arena;
    }
    pd_free(last);
    pd_free(spans);
    return ok;
}
