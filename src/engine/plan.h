/* A compiled graph: a list of kernel calls over planned memory.
 *
 * Compiling is a chain of passes over a list of instructions in single-assignment form; instruction i is also
 * the name of the value it makes. import (dead nodes and equal nodes go), combine (bias and activation into
 * the product before them, where the backend does them on the way), layout (as the backend wants it), fuse
 * (elementwise chains become one program), schedule, memory, kernels. */
#ifndef PD_ENGINE_PLAN_H
#define PD_ENGINE_PLAN_H

#include "engine/backend.h"

struct pd_ir {
    struct pd_instr *at;
    int count, capacity;
    bool oom;
};

struct pd_plan {
    struct pd_ir ir;
    struct pd_call *calls;
    int n_calls;
    struct pd_backend *backend;
    char *arena; /* the backend's memory, as is scratch */
    size_t arena_bytes, unplanned_bytes;
    void *scratch;
    bool profile;
};

/* Passes, in this order. Each replaces or annotates the list; false: out of memory. */
bool pd_ir_import(struct pd_ir *ir, const struct pd_graph *g);
bool pd_ir_combine(struct pd_ir *ir, const struct pd_backend *b);
bool pd_ir_layout(struct pd_ir *ir, const struct pd_backend *b);
bool pd_ir_fuse(struct pd_ir *ir, int block);
bool pd_ir_sweep(struct pd_ir *ir); /* removes what no output or update needs; keeps order */
bool pd_ir_schedule(struct pd_ir *ir, bool together);
bool pd_ir_memory(struct pd_ir *ir, size_t real_size, size_t *arena, size_t *unplanned);

/* Helpers of the passes. */
int pd_ir_add(struct pd_ir *ir, const struct pd_instr *in); /* its number, or -1 */
struct pd_instr *pd_ir_at(const struct pd_ir *ir, int i);   /* one that is there */
void pd_ir_release(struct pd_ir *ir);
bool *pd_ir_flags(const struct pd_ir *ir);     /* count zeroed flags; caller frees */
int *pd_ir_users(const struct pd_ir *ir);      /* how many sources name each instruction; caller frees */
int pd_ir_root(const struct pd_ir *ir, int i); /* follows aliases */

#endif
