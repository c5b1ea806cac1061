/* What a backend is: where tensors live, and who computes on them. The engine names none; each is a table of
 * functions, and src/backend/backends.def lists them.
 *
 * Addresses of tensors are the backend's. Only its own functions and kernels read or write there: on this
 * machine's memory that would work by chance, on a device it would not (the backend "fenced" crashes). What
 * others put in or take out goes through upload and download. */
#ifndef PD_ENGINE_BACKEND_H
#define PD_ENGINE_BACKEND_H

#include "engine/graph.h"

#include "base/ranks.h"

#include <stdatomic.h>

/* --- what is computed --- */

enum pd_layout {
    PD_LAYOUT_PLAIN,   /* row-major */
    PD_LAYOUT_BLOCKED, /* (N, C/B, H, W, B) for an image (N, C, H, W); B = the backend's block, divides C */
    PD_LAYOUTS
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
    void *data; /* an address of the backend's */
};

/* --- how --- */

struct pd_run {
    uint64_t seed, step;
    void *scratch; /* the backend's memory, as large as the call that wants most */
    bool profile;  /* calls count their time */
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
    void *dst; /* addresses of the backend's, as src */
    const void *src[PD_FUSED_INPUTS];
    void *context;                  /* the kernel's own, */
    void (*release)(void *context); /* and what frees it; NULL where there is nothing to free */
    size_t scratch;                 /* bytes of run->scratch that the kernel wants */
    double gflop, gigabytes;        /* bytes: of the result and the sources */
    uint64_t nanoseconds, runs;     /* when profiled */
};

/* What a kernel does on the way, after a product or convolution. */
enum pd_behind {
    PD_BEHIND_BIAS = 1,  /* a vector added along axis 1, as third source */
    PD_BEHIND_SUM = 2,   /* the result is added to the third source, where that lies */
    PD_BEHIND_SLOPE = 4, /* leaky ReLU */
};

/* What a backend is created with. One that knows no devices or precisions ignores those. */
struct pd_backend_how {
    int threads, device; /* from 0; -1: the one that is this process's own */
    enum pd_precision precision;
};

struct pd_backend_type {
    const char *name;
    size_t real_size; /* of a PD_REAL: 4 or 8 */
    bool no_values;   /* plans are compiled for their pd_plan_info alone: nothing is allocated, nor run */
    bool programs;    /* PD_OP_FUSED: a chain of elementwise ops, a broadcast, as one kernel */
    bool together;    /* updates of variables stand together, as late as they may, those of a kind in a row */
    bool shares;      /* Adam adds its gradient up over the ranks on the way, and moves this one's slice */
    unsigned char behind[PD_OP_COUNT]; /* pd_behind, or'ed */

    enum pd_status (*create)(const struct pd_backend_type *type, const struct pd_backend_how *how,
                             struct pd_backend **out, struct pd_error *err);
    void (*destroy)(struct pd_backend *b);

    /* Before the first plan of ranks that all run the same: what that needs here; then, where all have it,
     * with the others. NULL, both: nothing. PD_ERR_UNSUPPORTED, PD_ERR_IO. */
    enum pd_status (*open_ranks)(struct pd_backend *b, struct pd_error *err);
    enum pd_status (*join)(struct pd_backend *b, struct pd_ranks *ranks, struct pd_error *err);

    /* Memory for tensors, zeroed, at an address that 64 divides. NULL: there is none. */
    void *(*allocate)(struct pd_backend *b, size_t bytes);
    void (*release)(struct pd_backend *b, void *address); /* also NULL */

    /* Bytes that allocate could still give, where tensors do not lie in this machine's memory; 0: unknown.
     * NULL: they lie there. */
    size_t (*room)(struct pd_backend *b);

    /* In order with runs. upload returns when `from` may be used again; the copy itself may take longer.
     * download returns when `to` is filled. PD_ERR_UNSUPPORTED: the device failed. */
    enum pd_status (*upload)(struct pd_backend *b, void *address, const void *from, size_t bytes,
                             struct pd_error *err);
    enum pd_status (*download)(struct pd_backend *b, void *to, const void *address, size_t bytes,
                               struct pd_error *err);

    /* The layout that an instruction makes, and those that it wants of its sources (want[k], plain at first),
     * which lie as have[k] says; what lies plain can be brought into the other at the cost of a pass. NULL:
     * all is plain. */
    enum pd_layout (*layout)(const struct pd_backend *b, const struct pd_instr *in,
                             const struct pd_shape *src, const enum pd_layout *have, enum pd_layout *want);

    /* Chooses the kernels of a plan's calls, and says how much scratch each wants. */
    enum pd_status (*prepare)(struct pd_backend *b, struct pd_call *calls, int n, struct pd_error *err);

    /* Runs the calls in this order; may return before they are done, but not before it knows whether kernels
     * could be started. PD_ERR_MEMORY, PD_ERR_UNSUPPORTED: one failed; what the calls make is undefined. */
    enum pd_status (*run)(struct pd_backend *b, struct pd_call *calls, int n, struct pd_run *run,
                          struct pd_error *err);

    /* GFLOP/s of a product of two matrices (side, side), the best of several. 0: unknown. */
    double (*peak)(struct pd_backend *b, int side);
};

struct pd_backend {
    const struct pd_backend_type *type;
    int threads;
    int block;              /* channels in a block of PD_LAYOUT_BLOCKED */
    struct pd_ranks *ranks; /* processes that run the same plans at once; borrowed; NULL: this one alone */
    const char *where;      /* for people: "cuda:0, NVIDIA H200"; NULL: this machine's processor */
};

/* The place of this rank's numbers among those that all ranks draw: n each. */
static inline uint64_t pd_run_first(const struct pd_run *run, int64_t n)
{
    const struct pd_ranks *ranks = run->backend->ranks;
    return ranks ? (uint64_t)ranks->rank * (uint64_t)n : 0;
}

/* For Adam's kernels: the learning rate of this run (where a kernel may read its sources). */
static inline double pd_call_rate(const struct pd_call *call)
{
    return call->instr->n_src == 6 ? *(const double *)call->src[5] : call->instr->attr.lr;
}

/* For pd_backend_type.run: a call failed so. */
enum pd_status pd_call_fail(const struct pd_call *call, enum pd_status status, struct pd_error *err);

/* Elements of a value as they lie in memory: dims and strides of the result's space; broadcast dims get
 * stride 0. */
void pd_space(struct pd_shape shape, enum pd_layout layout, int block, int64_t dim[PD_SPACE]);
void pd_space_strides(struct pd_shape small, struct pd_shape full, enum pd_layout layout, int block,
                      int64_t stride[PD_SPACE]);

#endif
