/* Processes that run one program on their parts of the data ("ranks", as MPI calls them). An interface: the
 * engine adds up over them without knowing who carries the numbers (io/mpi.c: MPI; tests: threads).
 * All ranks call the same functions in the same order, or wait for each other for ever. */
#ifndef PD_BASE_RANKS_H
#define PD_BASE_RANKS_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One rank sends n_from numbers to rank `to` and gets n_into of rank `of`, which sends it so many. */
struct pd_ranks_swap {
    const void *from;
    void *into;
    int64_t n_from, n_into;
    int to, of;
};

struct pd_ranks {
    int rank, size; /* 0 .. size - 1; 2 or more */
    int sharers;    /* of them on this one's processors, itself included */

    /* Adds n numbers up over all ranks, in place: floats, or doubles where real_size is 8. All get the same
     * bits. PD_ERR_IO: a rank is lost. */
    enum pd_status (*add_up)(struct pd_ranks *r, void *data, int64_t n, size_t real_size,
                             struct pd_error *err);
    /* Waits until all are here, and leaves the processor to others meanwhile; and what may follow at once,
     * any number of times: numbers as add_up's. */
    enum pd_status (*meet)(struct pd_ranks *r, struct pd_error *err);
    enum pd_status (*swap)(struct pd_ranks *r, const struct pd_ranks_swap *s, size_t real_size,
                           struct pd_error *err);
    void (*close)(struct pd_ranks *r, int code);
    bool agreed; /* on a failure that all know of */
    bool broken; /* others wait for what this rank cannot give any more: it agrees with nobody, and ends them
                  */

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

/* Slices below which the messages to each rank (some 20 microseconds) cost more than moving all weights. */
enum { PD_RANKS_LEAST = 1 << 15 };

/* Is a weight of n numbers moved by shares: each rank a slice, from pd_ranks_begin on? */
static inline bool pd_ranks_share(const struct pd_ranks *r, int64_t n)
{
    return r && n / r->size >= PD_RANKS_LEAST;
}

/* --- n numbers, of which each rank has a slice, from pd_ranks_begin on ---
 * Slices go over the wire in chunks: chunk `at` is the numbers from `at` on of every slice, up to
 * PD_RANKS_CHUNK of them, in some slices one less than in others or none. After r->meet. Real numbers of
 * real_size bytes, 4 or 8. */

enum { PD_RANKS_CHUNK = 1 << 17 };

/* Where rank's chunk begins among the n. *count: how many it has. */
int64_t pd_ranks_chunk(const struct pd_ranks *r, int rank, int64_t n, int64_t at, int64_t *count);

/* This rank's chunk of the sum over all ranks. room: for two chunks; the sum is at its begin. */
enum pd_status pd_ranks_add_chunk(struct pd_ranks *r, const void *data, int64_t n, int64_t at, void *room,
                                  size_t real_size, struct pd_error *err);

/* Everybody's chunk, from who has it, to all. */
enum pd_status pd_ranks_gather_chunk(struct pd_ranks *r, void *data, int64_t n, int64_t at, size_t real_size,
                                     struct pd_error *err);

/* All chunks of all slices, to all; meets. */
enum pd_status pd_ranks_gather(struct pd_ranks *r, void *data, int64_t n, size_t real_size,
                               struct pd_error *err);

#endif
