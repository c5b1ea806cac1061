/* The card's work: streams of operations, done when somebody waits. */
#ifndef PD_TEST_CUDA_QUEUE_H
#define PD_TEST_CUDA_QUEUE_H

#include "standin.h"

#include "backend/cuda/api.h"
#include "backend/cuda/args.h"

/* The declarations of NVIDIA's functions, so that a definition that differs does not compile. */
#define PD_CUDA(library, returns, name, arguments) returns name arguments;
#include "backend/cuda/api.def"
#undef PD_CUDA

typedef void standin_kernel(const struct cuda_args a, int block, int blocks);
typedef void standin_work(void *closure);

struct operation {
    enum { COPY, SET, LAUNCH, WORK, RECORD, WAIT } kind;
    void *to;
    const void *from;
    size_t bytes;
    int value;   /* SET's; of LAUNCH the blocks */
    void *owned; /* what a copy brings from memory that may change, a work's closure */
    struct CUfunc_st *function;
    struct cuda_args args;
    standin_work *work;
    struct CUevent_st *event;
    long ticket;
};

struct CUgraph_st {
    struct operation *at;
    size_t n;
};

struct CUgraphExec_st {
    struct CUgraph_st graph;
};

struct CUfunc_st {
    standin_kernel *code;
    char name[64];
    long launched;
};

/* Appends to a stream, or to the graph that it captures. Takes `owned`. */
void queue_add(struct CUstream_st *s, struct operation op);
void queue_drain(void);
/* Other processes' cards wait for sums of this one, whatever its host waits for: from then on the card works
 * at once what may hold sums, not when somebody waits for it. */
void queue_work_at_once(void);
void queue_has_sums(const struct CUstream_st *s);
void no_capture(void); /* dies where a stream captures: for what is not allowed meanwhile */

/* Counts a call; what it should fail with, or 0. */
unsigned enter(const char *function);
#define ENTER(name)                                                                                          \
    do {                                                                                                     \
        const unsigned failed_ = enter(name);                                                                \
        if (failed_)                                                                                         \
            return failed_;                                                                                  \
    } while (0)

void object_made(void);
void object_gone(void);
struct standin_machine *standin_machine_now(void);

/* The card's memory is open while it works. */
void memory_open(bool open);
/* Dies where not all of it lies in one block of the card's. */
void memory_check(const void *address, size_t bytes);
int standin_device(void); /* that this process has taken */

/* modules.c */
unsigned module_compile(const char *source, char **log, int *number);
struct CUfunc_st *module_function(int number, const char *name);
long module_launches(const char *kernel);

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            standin_die(__FILE__, __LINE__, #condition);                                                     \
    } while (0)
void standin_die(const char *file, int line, const char *what);

#endif
