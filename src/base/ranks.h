/* Processes that run one program on their parts of the data ("ranks", as MPI calls them). An interface: the
 * engine adds up over them without knowing who carries the numbers (io/mpi.c: MPI; tests: threads).
 * All ranks call the same functions in the same order, or wait for each other for ever. */
#ifndef PD_BASE_RANKS_H
#define PD_BASE_RANKS_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pd_ranks {
    int rank, size; /* 0 .. size - 1; 2 or more */
    int sharers;    /* of them on this one's processors, itself included */

    /* Adds n numbers up over all ranks, in place: floats, or doubles where real_size is 8. All get the same
     * bits. PD_ERR_IO: a rank is lost. */
    enum pd_status (*add_up)(struct pd_ranks *r, void *data, int64_t n, size_t real_size,
                             struct pd_error *err);
    void (*close)(struct pd_ranks *r, int code);
    bool agreed; /* on a failure that all know of */

    struct pd_error why; /* a kernel's failure, which has no room of its own */
};

/* Who started this process, by what they leave in the environment. Slurm starts for an MPI, or without any.
 */
struct pd_start {
    enum pd_starter { PD_STARTED_ALONE, PD_STARTED_BY_OPENMPI, PD_STARTED_BY_MPICH, PD_STARTED_BY_SLURM } by;
    const char *variable;        /* that says how many */
    int size, rank, here, place; /* here: how many on this machine; place: this one's among those */
};
struct pd_start pd_ranks_start(void);
void pd_ranks_forget_start(void); /* for processes that this one starts */

/* The first of so many things, spread evenly, that a rank has; its last is before the next rank's first. */
static inline int64_t pd_ranks_begin(const struct pd_ranks *r, int rank, int64_t n)
{
    return r ? n * rank / r->size : rank ? n : 0;
}

#endif
