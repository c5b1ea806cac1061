/* What the files of this backend share. doc/cuda.md has the picture. */
#ifndef PD_BACKEND_CUDA_H
#define PD_BACKEND_CUDA_H

#include "backend/cuda/args.h"
#include "backend/cuda/libraries.h"
#include "base/buffer.h"
#include "engine/backend.h"

enum cuda_kernel {
#define PD_KERNEL(name) CUDA_##name,
#include "backend/cuda/kernels.def"
#undef PD_KERNEL
    CUDA_KERNELS
};

/* An elementwise program that has been compiled. */
struct cuda_program {
    char *body;
    struct CUfunc_st *function;
};

/* Transfers to the card, in turn. As many as a step has writes (images are one or two, labels, what a
 * schedule sets): then none of them waits for the step before, whose own are behind the one before that. */
enum { CUDA_TRANSFERS = 4 };
struct cuda_transfer {
    void *pinned;             /* here, as large as a transfer may be; NULL: not there yet */
    unsigned long long there; /* on the card, as large */
    struct CUevent_st *copied, *taken;
};

/* Sums over ranks (ranks.c), which may be underway while the runs' stream goes on. */
enum { CUDA_SUMS = 64 };
struct cuda_ranks {
    struct ncclComm *comm; /* NULL: this process is alone */
    struct CUstream_st *stream;
    struct CUevent_st *made, *summed;
    struct cuda_sum {
        const void *from;
        void *to;
        size_t n;
    } next[CUDA_SUMS]; /* not begun */
    int count;
    size_t bytes;
    bool underway; /* the runs' stream has not waited for what was begun */
    bool lost; /* others may never come to what the card waits for: nobody waits for the card any more, nor
                * gives back what is its; that is for the process's end */
};

struct cuda {
    struct pd_backend base;
    struct cuda_api api;
    enum pd_precision precision;
    int device, arch; /* arch: 90 of a compute capability 9.0 */
    bool retained;
    char where[192];
    struct CUctx_st *context;
    struct CUstream_st *stream, *copies; /* runs, and all in order with them; uploads */
    struct CUevent_st *begin, *end;      /* of a call that is timed */
    struct cublasLtContext *lt;
    struct cudnnContext *dnn;
    struct CUmod_st **modules;
    size_t n_modules, modules_capacity;
    struct CUfunc_st *kernels[CUDA_KERNELS];
    struct cuda_program *programs;
    size_t n_programs, programs_capacity;
    unsigned long long step; /* struct cuda_step, on the card */
    struct cuda_transfer transfer[CUDA_TRANSFERS];
    int next_transfer;
    struct cuda_ranks sums;
    const char *why; /* what the last failure was called */
    char said[96];   /* room for that */
};

/* --- a call, ready to run --- */

/* Bit 0 of `scratch`: dst is an offset into the run's scratch; bit 1 + k: src[k] is. */
#define CUDA_SCRATCH_DST    1u
#define CUDA_SCRATCH_SRC(k) (2u << (k))
struct cuda_launch {
    struct CUfunc_st *function;
    int blocks;
    unsigned scratch;
    struct cuda_args args;
};

struct cuda_product;
struct cuda_conv;
struct cuda_plan;

#define CUDA_LAUNCHES 4
struct cuda_call {
    struct cuda *backend;
    int n;
    struct cuda_launch launch[CUDA_LAUNCHES]; /* one after the other */
    struct cuda_product *product;
    struct cuda_conv *conv;
    unsigned long long table; /* Adam's, on the card */
    struct cuda_plan *plan;   /* of the first call, for all */
    bool waits;               /* for the sums that were asked for before */
};

/* Each chooses kernels for one call, whose context is there; prepare_adam for the first `count` of n, and
 * says how many that are. */
typedef enum pd_status cuda_prepare(struct cuda *b, struct pd_call *call, struct pd_error *err);
cuda_prepare cuda_prepare_fill, cuda_prepare_random, cuda_prepare_copy, cuda_prepare_move, cuda_prepare_shift,
    cuda_prepare_pixels, cuda_prepare_rows, cuda_prepare_pool, cuda_prepare_row;
cuda_prepare cuda_prepare_sum, cuda_prepare_softmax, cuda_prepare_norm;
cuda_prepare cuda_prepare_product, cuda_prepare_conv;
cuda_prepare cuda_prepare_all_sum, cuda_prepare_all_stats;
enum pd_status cuda_prepare_adam(struct cuda *b, struct pd_call *calls, int n, int *count,
                                 struct pd_error *err);

/* Elementwise programs (programs.c): all of a plan are compiled at once, and then found. */
enum pd_status cuda_compile_programs(struct cuda *b, const struct pd_call *calls, int n,
                                     struct pd_error *err);
cuda_prepare cuda_prepare_program;

/* One more launch of the call: dst and sources are the call's, sizes 0. */
struct cuda_launch *cuda_launch_add(struct pd_call *call, enum cuda_kernel kernel, int blocks);
/* Blocks in which each thread has one of `count` numbers, or a few. */
int cuda_blocks(int64_t count);
/* That many bytes of the run's scratch for the call: an offset, as an address. */
void *cuda_scratch_take(struct pd_call *call, size_t bytes);

pd_kernel cuda_run_launches;
void cuda_run_launch(const struct cuda_launch *l, struct cuda *b, const struct pd_run *run);

void cuda_product_destroy(const struct cuda *b, struct cuda_product *p);
void cuda_conv_destroy(const struct cuda *b, struct cuda_conv *c);
void cuda_plan_destroy(const struct cuda *b, struct cuda_plan *p);

/* --- sums over ranks (ranks.c) --- */

enum pd_status cuda_open_ranks(struct pd_backend *b, struct pd_error *err);
enum pd_status cuda_join(struct pd_backend *b, struct pd_ranks *ranks, struct pd_error *err);
void cuda_leave(struct cuda *b);
/* Which calls wait, when all are prepared. */
void cuda_sums_plan(struct pd_call *calls, int n);
/* The runs' stream waits for all that was asked for. */
void cuda_sums_wait(struct cuda *b, const struct pd_run *run);
/* This process waits for the runs' stream to come to the event, and for other ranks no longer than they are
 * there. */
enum pd_status cuda_wait(struct cuda *b, struct CUevent_st *event, struct pd_error *err);

/* pd_backend_type.run (run.c). */
enum pd_status cuda_run(struct pd_backend *b, struct pd_call *calls, int n, struct pd_run *run,
                        struct pd_error *err);
bool cuda_plan_create(struct cuda_call *first);
double cuda_peak(struct pd_backend *b, int side); /* pd_backend_type.peak (peak.c) */

/* --- memory (memory.c) --- */

void *cuda_allocate(struct pd_backend *b, size_t bytes);
size_t cuda_room(struct pd_backend *b);
void cuda_release(struct pd_backend *b, void *address);
enum pd_status cuda_upload(struct pd_backend *b, void *address, const void *from, size_t bytes,
                           struct pd_error *err);
enum pd_status cuda_download(struct pd_backend *b, void *to, const void *address, size_t bytes,
                             struct pd_error *err);
void cuda_transfers_release(struct cuda *b);

/* --- compiling (module.c) --- */

/* kernels/ and args.h as text (made by CMake). */
extern const char cuda_text_shared[], cuda_text_kernels[];

/* Compiles the text behind cuda_text_shared and loads it; the backend keeps the module. */
enum pd_status cuda_module_add(struct cuda *b, const char *text, struct CUmod_st **out, struct pd_error *err);
enum pd_status cuda_kernels_load(struct cuda *b, struct pd_error *err);
void cuda_modules_unload(const struct cuda *b);
void cuda_modules_release(const struct cuda *b); /* what of them is here */

/* --- failures --- */

/* PD_OK where result is 0; else "cuda:0, NVIDIA H200: WHAT: out of memory". */
enum pd_status cuda_check(struct cuda *b, unsigned result, const char *what, struct pd_error *err);
/* For kernels. */
void cuda_note(struct cuda *b, const struct pd_run *run, enum cuda_library library, unsigned result);

static inline unsigned long long cuda_address(const void *p)
{
    return (unsigned long long)(uintptr_t)p;
}

#endif
