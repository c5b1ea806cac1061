/* The order of the kernels: as recorded, but updates of variables come as early as they may, so that
 * gradients die young. An update waits for every reader of the value that it overwrites. */
#include "engine/plan.h"

#include "base/bug.h"
#include "base/mem.h"

#include <string.h>

static void set_aliases(struct pd_ir *ir)
{
    for (int i = 0; i < ir->count; i++) {
        struct pd_instr *in = &ir->at[i];
        enum pd_op_kind kind = pd_op_kind(in->op);
        if (kind == PD_KIND_VIEW || kind == PD_KIND_UPDATE)
            in->alias = in->src[0];
        if (in->op == PD_OP_MATMUL && in->attr.f[0] == 1)
            in->alias = in->src[2];
    }
}

/* The version of a variable that value i shows through views: a VAR or an update; -1: none. */
static int version(const struct pd_ir *ir, int i)
{
    while (pd_op_kind(ir->at[i].op) == PD_KIND_VIEW)
        i = ir->at[i].src[0];
    return ir->at[i].op == PD_OP_VAR || pd_op_kind(ir->at[i].op) == PD_KIND_UPDATE ? i : -1;
}

/* overwriter[v]: the update that overwrites version v, or -1. */
static int *find_overwriters(const struct pd_ir *ir)
{
    int *over = pd_malloc((size_t)ir->count * sizeof *over);
    if (!over)
        return NULL;
    memset(over, -1, (size_t)ir->count * sizeof *over);
    for (int i = 0; i < ir->count; i++)
        if (pd_op_kind(ir->at[i].op) == PD_KIND_UPDATE)
            over[version(ir, ir->at[i].src[0])] = i;
    return over;
}

static bool ready(const struct pd_ir *ir, const int *over, const bool *done, int i)
{
    const struct pd_instr *in = &ir->at[i];
    for (int k = 0; k < in->n_src; k++)
        if (!done[in->src[k]])
            return false;
    if (pd_op_kind(in->op) != PD_KIND_UPDATE)
        return true;
    for (int j = 0; j < ir->count; j++) /* readers of what it overwrites */
        for (int k = 0; j != i && !done[j] && k < ir->at[j].n_src; k++) {
            int v = version(ir, ir->at[j].src[k]);
            if (v >= 0 && over[v] == i)
                return false;
        }
    return true;
}

/* Updates first, then the recorded order. */
static int pick(const struct pd_ir *ir, const int *over, const bool *done, int *first)
{
    while (*first < ir->count && done[*first])
        ++*first;
    for (int i = *first; i < ir->count; i++)
        if (!done[i] && pd_op_kind(ir->at[i].op) == PD_KIND_UPDATE && ready(ir, over, done, i))
            return i;
    for (int i = *first; i < ir->count; i++)
        if (!done[i] && ready(ir, over, done, i))
            return i;
    BUG("a value is read after the update that needs it to be gone");
}

bool pd_ir_schedule(struct pd_ir *ir)
{
    set_aliases(ir);
    int *over = find_overwriters(ir), *to = pd_calloc((size_t)ir->count, sizeof *to);
    bool *done = pd_ir_flags(ir);
    struct pd_instr *at = pd_malloc((size_t)ir->count * sizeof *at);
    bool ok = over && to && done && at;
    for (int n = 0, first = 0; ok && n < ir->count; n++) {
        int i = pick(ir, over, done, &first);
        done[i] = true;
        to[i] = n;
        at[n] = ir->at[i];
    }
    for (int n = 0; ok && n < ir->count; n++) {
        for (int k = 0; k < at[n].n_src; k++)
            at[n].src[k] = to[at[n].src[k]];
        at[n].alias = at[n].alias >= 0 ? to[at[n].alias] : -1;
    }
    if (ok) {
        struct pd_instr *old = ir->at;
        ir->at = at;
        ir->capacity = ir->count;
        at = old;
    }
    pd_free(over);
    pd_free(to);
    pd_free(done);
    pd_free(at);
    return ok;
}
