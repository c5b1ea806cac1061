/* A compiled graph: a list of kernel calls over planned memory.
 *
 * Compiling is a chain of passes over a list of instructions in single-assignment form; instruction i is also
 * the name of the value it makes. import (dead nodes and equal nodes go), combine (bias and activation into
 * their convolution), layout (blocked where oneDNN wants it), fuse (elementwise chains become one program),
 * schedule, memory, kernels. */
#ifndef PD_ENGINE_PLAN_H
#define PD_ENGINE_PLAN_H

#include "engine/graph.h"

#include <stdatomic.h>

enum pd_layout {
    PD_LAYOUT_PLAIN,   /* row-major */
    PD_LAYOUT_BLOCKED, /* (N, C/B, H, W, B) for an image (N, C, H, W); B = the backend's block, divides C */
};

/* A program of elementwise ops, run tile by tile. Operands: below n_in an input, else the result of op [n -
 * n_in]. */
#define PD_FUSED_OPS    24
#define PD_FUSED_INPUTS 8
#define PD_SPACE        5 /* dims of a tensor in memory: blocked images have five */
struct pd_fused {
    int n_ops, n_in;
    struct pd_fused_op {
        enum pd_op op;
        double f[2];
        int a, b;
    } ops[PD_FUSED_OPS];
    int rank;
    int64_t dim[PD_SPACE]; /* as the result lies in memory; dims that every input walks as one are one */
    int64_t stride[PD_FUSED_INPUTS][PD_SPACE]; /* in elements; 0 along broadcast dims */
    bool flat[PD_FUSED_INPUTS];                /* the input lies exactly as the result */
};

struct pd_instr {
    enum pd_op op;
    struct pd_attr attr;
    struct pd_shape shape;
    enum pd_dtype dtype;
    enum pd_layout layout;
    int n_src;
    int src[PD_FUSED_INPUTS];
    struct pd_var *var[3];
    char *name; /* of an input or output; the plan's own copy */
    bool output;
    struct pd_fused *fused;
    int alias; /* the instruction whose memory it shares, or -1 */
    size_t bytes, offset;
    void *data;
};

struct pd_ir {
    struct pd_instr *at;
    int count, capacity;
    bool oom;
};

struct pd_run {
    uint64_t seed, step;
    void *scratch;
    const struct pd_backend *backend;
    atomic_int *failure; /* a kernel that fails stores its pd_status here, from any thread */
};

struct pd_call;
typedef void pd_kernel(const struct pd_call *call, const struct pd_run *run);

/* One kernel call, with everything resolved. */
struct pd_call {
    pd_kernel *kernel;
    const struct pd_instr *instr;
    const struct pd_instr *src_instr[PD_FUSED_INPUTS];
    void *dst;
    const void *src[PD_FUSED_INPUTS];
    void *context;              /* the backend's; freed by its release */
    size_t scratch;             /* bytes of run->scratch that the kernel wants */
    double gflop, gigabytes;    /* bytes: of the result and the sources */
    uint64_t nanoseconds, runs; /* when profiled */
};

struct pd_backend {
    enum pd_backend_kind kind;
    size_t real_size;
    int threads;
    int block;                                 /* channels in a block, 0: plain layouts only */
    bool optimise;                             /* combine and fuse */
    bool costs_only;                           /* nothing is prepared, nor can it be run */
    void (*enter)(const struct pd_backend *b); /* before kernels are prepared or run; may be NULL */
    /* Chooses the kernel for call->instr. */
    enum pd_status (*prepare)(struct pd_backend *b, struct pd_call *call, struct pd_error *err);
    void (*release)(struct pd_call *call);
    void (*destroy)(struct pd_backend *b);
};

struct pd_plan {
    struct pd_ir ir;
    struct pd_call *calls;
    int n_calls;
    struct pd_backend *backend;
    char *arena;
    size_t arena_bytes, unplanned_bytes;
    void *scratch;
    bool profile;
};

/* Passes, in this order. Each replaces or annotates the list; false: out of memory. */
bool pd_ir_import(struct pd_ir *ir, const struct pd_graph *g);
bool pd_ir_combine(struct pd_ir *ir);
bool pd_ir_layout(struct pd_ir *ir, int block);
bool pd_ir_fuse(struct pd_ir *ir, int block);
bool pd_ir_sweep(struct pd_ir *ir); /* removes what no output or update needs; keeps order */
bool pd_ir_schedule(struct pd_ir *ir);
bool pd_ir_memory(struct pd_ir *ir, size_t real_size, size_t *arena, size_t *unplanned);

/* Helpers of the passes. */
int pd_ir_add(struct pd_ir *ir, const struct pd_instr *in); /* its number, or -1 */
struct pd_instr *pd_ir_at(const struct pd_ir *ir, int i);   /* one that is there */
void pd_ir_release(struct pd_ir *ir);
bool *pd_ir_flags(const struct pd_ir *ir);     /* count zeroed flags; caller frees */
int *pd_ir_users(const struct pd_ir *ir);      /* how many sources name each instruction; caller frees */
int pd_ir_root(const struct pd_ir *ir, int i); /* follows aliases */

/* Elements of a value as they lie in memory: dims and strides of the result's space; broadcast dims get
 * stride 0. */
void pd_space(struct pd_shape shape, enum pd_layout layout, int block, int64_t dim[PD_SPACE]);
void pd_space_strides(struct pd_shape small, struct pd_shape full, enum pd_layout layout, int block,
                      int64_t stride[PD_SPACE]);

/* The reference kernels; NULL where the backend's own must serve. */
pd_kernel *pd_ref_kernel(enum pd_op op, bool f64);

/* Constructors of the backends. */
enum pd_status pd_ref_create(enum pd_backend_kind kind, struct pd_backend **out, struct pd_error *err);
enum pd_status pd_onednn_create(enum pd_backend_kind kind, int threads, struct pd_backend **out,
                                struct pd_error *err);

/* GFLOP/s of oneDNN's sgemm on side^3, the best of several; 0: it failed. 1536 takes a third of a second, 384
 * some milliseconds. */
double pd_onednn_sgemm_gflops(int threads, int side);

#endif
