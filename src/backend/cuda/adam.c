/* Adam over all weights that stand in a row, in one launch: their table lies on the card. */
#include "backend/cuda/cuda.h"

#include "base/mem.h"

static bool same_number(double x, double y)
{
    return x >= y && x <= y;
}

/* Alike but for the weight, and independent of the calls before: no result of theirs is read. */
static bool joins(const struct pd_call *calls, int at)
{
    const struct pd_call *first = &calls[0], *call = &calls[at];
    const struct pd_attr *x = &first->instr->attr, *y = &call->instr->attr;
    if (call->instr->op != PD_OP_ADAM || call->instr->n_src != first->instr->n_src ||
        call->src[1] != first->src[1] || (call->instr->n_src == 6 && call->src[5] != first->src[5]))
        return false;
    for (int i = 0; i < at; i++)
        for (int k = 0; k < call->instr->n_src; k++)
            if (call->src[k] == calls[i].dst)
                return false;
    return same_number(x->lr, y->lr) && same_number(x->beta1, y->beta1) && same_number(x->beta2, y->beta2) &&
           same_number(x->adam_eps, y->adam_eps);
}

/* Fills the table; returns the blocks. */
static int fill(const struct pd_call *calls, int n, struct cuda_adam *table)
{
    int blocks = 0;
    for (int i = 0; i < n; i++) {
        const struct pd_call *call = &calls[i];
        const int count = (int)pd_shape_count(call->instr->shape);
        table[i] = (struct cuda_adam){.w = call->dst,
                                      .m = (float *)(uintptr_t)call->src[3],
                                      .v = (float *)(uintptr_t)call->src[4],
                                      .g = call->src[2],
                                      .n = count,
                                      .first = blocks};
        blocks += (count + CUDA_ADAM_CHUNK - 1) / CUDA_ADAM_CHUNK;
    }
    return blocks;
}

static void add_launches(struct pd_call *call, int n, int blocks)
{
    const struct cuda_call *c = call->context;
    const struct pd_attr *o = &call->instr->attr;
    struct cuda_launch *rate = cuda_launch_add(call, CUDA_adam_rate, 1),
                       *all = cuda_launch_add(call, CUDA_adam, blocks);
    rate->scratch = CUDA_SCRATCH_DST;
    rate->args = (struct cuda_args){.dst = cuda_scratch_take(call, 2 * sizeof(float)),
                                    .src = {call->src[1], call->instr->n_src == 6 ? call->src[5] : NULL},
                                    .f = {o->lr, o->beta1, o->beta2}};
    all->scratch = CUDA_SCRATCH_SRC(1);
    all->args = (struct cuda_args){.src = {(const void *)(uintptr_t)c->table, rate->args.dst},
                                   .n = {n},
                                   .f = {o->beta1, o->beta2, o->adam_eps}};
}

enum pd_status cuda_prepare_adam(struct cuda *b, struct pd_call *calls, int n, int *count,
                                 struct pd_error *err)
{
    struct cuda_call *c = calls[0].context;
    int joined = 1;
    while (joined < n && joins(calls, joined))
        joined++;
    *count = joined;
    struct cuda_adam *table = pd_calloc((size_t)joined, sizeof *table);
    c->table = table ? cuda_address(cuda_allocate(&b->base, (size_t)joined * sizeof *table)) : 0;
    if (!c->table) {
        pd_free(table);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d updates", joined);
    }
    add_launches(&calls[0], joined, fill(calls, joined, table));
    enum pd_status status =
        cuda_upload(&b->base, (void *)(uintptr_t)c->table, table, (size_t)joined * sizeof *table, err);
    pd_free(table);
    return status;
}
