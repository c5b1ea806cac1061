/* The order of the kernels: as recorded, but updates of variables come as early as they may, so that
 * gradients die young; or as late, for a backend that does many in one go. An update waits for every reader
 * of the value that it overwrites; where a reader needs the new value as well, or where the old one is an
 * output, that one gets a copy of the old value. */
#include "engine/plan.h"

#include "base/bug.h"
#include "base/mem.h"

#include <string.h>

#define ANY PD_OP_COUNT

struct scheduler {
    const struct pd_ir *ir;
    struct pd_ir out;
    bool together; /* updates come late, those of a kind in a row */
    enum pd_op last;
    int *over; /* of each version of a variable: the update that overwrites it, or -1 */
    int *to;   /* where a done instruction's value lies in out */
    bool *done;
};

static void set_aliases(struct pd_ir *ir)
{
    for (int i = 0; i < ir->count; i++) {
        struct pd_instr *in = &ir->at[i];
        enum pd_op_kind kind = pd_op_kind(in->op);
        if (kind == PD_KIND_VIEW || kind == PD_KIND_UPDATE)
            in->alias = in->src[0];
        if (in->op == PD_OP_MATMUL && in->attr.accumulates == 1)
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

/* Does the update write over its k-th source? */
static bool writes_over(const struct pd_instr *in, int k)
{
    return pd_op_kind(in->op) == PD_KIND_UPDATE && pd_op_over(in->op, k);
}

static void find_overwriters(struct scheduler *s)
{
    const struct pd_ir *ir = s->ir;
    memset(s->over, -1, (size_t)ir->count * sizeof *s->over);
    for (int i = 0; i < ir->count; i++)
        for (int k = 0; k < ir->at[i].n_src; k++)
            if (writes_over(&ir->at[i], k))
                s->over[version(ir, ir->at[i].src[k])] = i;
}

/* Does value c show what update i overwrites? */
static bool loses(const struct scheduler *s, int c, int i)
{
    int v = version(s->ir, c);
    return v >= 0 && s->over[v] == i;
}

static bool sources_done(const struct scheduler *s, int i)
{
    const struct pd_instr *in = &s->ir->at[i];
    for (int k = 0; k < in->n_src; k++)
        if (!s->done[in->src[k]])
            return false;
    return true;
}

static bool ready(const struct scheduler *s, int i)
{
    if (!sources_done(s, i))
        return false;
    if (pd_op_kind(s->ir->at[i].op) != PD_KIND_UPDATE)
        return true;
    for (int j = 0; j < s->ir->count; j++) /* readers of what it overwrites */
        for (int k = 0; j != i && !s->done[j] && k < s->ir->at[j].n_src; k++)
            if (loses(s, s->ir->at[j].src[k], i))
                return false;
    return true;
}

/* The first that is ready and not done, among updates or among the others; like: among those of the last's
 * op. -1: none. */
static int first_ready(const struct scheduler *s, int first, bool update, enum pd_op like)
{
    const struct pd_ir *ir = s->ir;
    for (int i = first; i < ir->count; i++)
        if (!s->done[i] && (pd_op_kind(ir->at[i].op) == PD_KIND_UPDATE) == update &&
            (like == ANY || ir->at[i].op == like) && ready(s, i))
            return i;
    return -1;
}

/* Updates first, then the recorded order; or the other way round, and what waits for other ranks at once, so
 * that the rest is done meanwhile. Where only updates are left that wait for each other's readers, the first.
 */
static int pick(const struct scheduler *s, int *first)
{
    while (*first < s->ir->count && s->done[*first])
        ++*first;
    int i = s->together ? first_ready(s, *first, false, PD_OP_ALL_SUM) : -1;
    if (i < 0)
        i = first_ready(s, *first, !s->together, ANY);
    if (i < 0 && s->together)
        i = first_ready(s, *first, true, s->last);
    if (i < 0)
        i = first_ready(s, *first, s->together, ANY);
    return i < 0 ? *first : i;
}

static bool needed_later(const struct scheduler *s, int c, int update)
{
    for (int j = 0; j < s->ir->count; j++)
        for (int k = 0; j != update && !s->done[j] && k < s->ir->at[j].n_src; k++)
            if (s->ir->at[j].src[k] == c)
                return true;
    return false;
}

/* Later readers find value c in a copy, which takes over its name, too. */
static void keep_copy(struct scheduler *s, int c)
{
    const struct pd_instr *old = &s->ir->at[c];
    struct pd_instr copy = {.op = PD_OP_AFFINE,
                            .attr = {.scale = 1},
                            .shape = old->shape,
                            .dtype = old->dtype,
                            .n_src = 1,
                            .src = {s->to[c]},
                            .name = old->name,
                            .output = old->output,
                            .alias = -1};
    struct pd_instr *made = pd_ir_at(&s->out, s->to[c]);
    made->name = NULL;
    made->output = false;
    s->to[c] = pd_ir_add(&s->out, &copy);
}

static void emit(struct scheduler *s, int i)
{
    struct pd_instr in = s->ir->at[i];
    for (int k = 0; k < in.n_src; k++)
        in.src[k] = s->to[in.src[k]];
    for (int c = 0; pd_op_kind(in.op) == PD_KIND_UPDATE && c < s->ir->count && !s->out.oom; c++)
        if (s->done[c] && loses(s, c, i) && (s->ir->at[c].output || needed_later(s, c, i)))
            keep_copy(s, c);
    s->done[i] = true;
    s->last = in.op;
    s->to[i] = pd_ir_add(&s->out, &in);
}

bool pd_ir_schedule(struct pd_ir *ir, bool together)
{
    size_t count = (size_t)ir->count;
    struct scheduler s = {.ir = ir,
                          .together = together,
                          .last = PD_OP_COUNT,
                          .over = pd_calloc(count, sizeof *s.over),
                          .to = pd_calloc(count, sizeof *s.to)};
    s.done = pd_ir_flags(ir);
    bool ok = s.over && s.to && s.done;
    if (ok)
        find_overwriters(&s);
    for (int n = 0, first = 0; ok && n < ir->count; n++) {
        int i = pick(&s, &first);
        if (!sources_done(&s, i))
            BUG("instruction %d stands before its sources", i);
        emit(&s, i);
        ok = !s.out.oom;
    }
    pd_free(s.over);
    pd_free(s.to);
    pd_free(s.done);
    if (ok) {
        pd_free(ir->at);
        *ir = s.out;
        set_aliases(ir);
    } else { /* names and programs are shared with ir, which its owner releases */
        pd_free(s.out.at);
    }
    return ok;
}
