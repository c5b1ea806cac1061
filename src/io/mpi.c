/* Ranks by MPI, opened at run time: one program serves machines with Open MPI, MPICH (and its like: Intel
 * MPI, MVAPICH) or none. Handles and constants are those of their binary interfaces, which have been stable
 * for years: Open MPI's handles are addresses of its objects, MPICH's are numbers. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"
#include "io/ranks.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT = 1024, FUNNELED = 1, NAP = 50000 /* ns */, PIECE = 1 << 18 };
#define AWAKE 2e-3 /* seconds */

struct function {
    const char *name;
    size_t at;
};

/* ISO C has no way from an object's address to a function's; POSIX has dlsym. */
static bool find(void *library, const struct function *f, void *to)
{
    for (; f->name; f++) {
        void *address = dlsym(library, f->name);
        if (!address)
            return false;
        memcpy((char *)to + f->at, &address, sizeof address);
    }
    return true;
}

/* --- Open MPI --- */

struct openmpi_constants {
    void *world, *type_float, *type_double, *sum, *return_errors, *in_place, *status_ignore;
};

static bool openmpi_fill(void *library, struct openmpi_constants *is)
{
    *is = (struct openmpi_constants){.world = dlsym(library, "ompi_mpi_comm_world"),
                                     .type_float = dlsym(library, "ompi_mpi_float"),
                                     .type_double = dlsym(library, "ompi_mpi_double"),
                                     .sum = dlsym(library, "ompi_mpi_op_sum"),
                                     .return_errors = dlsym(library, "ompi_mpi_errors_return"),
                                     .in_place = (void *)1};
    return is->world && is->type_float && is->type_double && is->sum && is->return_errors;
}

#define NAME(x) openmpi_##x
#define HANDLE  void *
#include "io/mpi.inc"
#undef NAME
#undef HANDLE

/* --- MPICH --- */

struct mpich_constants {
    int world, type_float, type_double, sum, return_errors;
    void *in_place, *status_ignore;
};

static bool mpich_fill(void *library, struct mpich_constants *is)
{
    (void)library;
    *is = (struct mpich_constants){.world = 0x44000000,
                                   .type_float = 0x4c00040a,
                                   .type_double = 0x4c00080b,
                                   .sum = 0x58000003,
                                   .return_errors = 0x54000001,
                                   .in_place = (void *)-1,
                                   .status_ignore = (void *)1};
    return true;
}

#define NAME(x) mpich_##x
#define HANDLE  int
#include "io/mpi.inc"
#undef NAME
#undef HANDLE

/* --- who started us --- */

enum kind { NONE, OPENMPI, MPICH, SLURM };

/* What a starter leaves in the environment. Slurm starts for either, or without any. */
static const struct {
    enum kind kind;
    const char *size, *rank, *here,
        *place; /* here: how many of them are on this machine; place: among those */
} starters[] = {
    {OPENMPI, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK"},
    {MPICH, "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"},
    {SLURM, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE", "SLURM_LOCALID"},
};
enum { STARTERS = sizeof starters / sizeof starters[0] };

static int number(const char *name)
{
    const char *text = name ? getenv(name) : NULL;
    return text ? atoi(text) : 0;
}

/* The place in starters, or -1: alone. Open MPI's helpers on other machines are tasks of Slurm's, which what
 * they start inherits. */
static int starter(void)
{
    for (int i = 0; i < STARTERS && number(starters[0].size) != 1; i++)
        if (number(starters[i].size) > 1)
            return i;
    return -1;
}

int pd_ranks_started(int *rank)
{
    const int i = starter();
    if (rank)
        *rank = i < 0 ? 0 : number(starters[i].rank);
    return i < 0 ? 1 : number(starters[i].size);
}

int pd_ranks_place(void)
{
    const int i = starter();
    return i < 0 ? 0 : number(starters[i].place);
}

void pd_ranks_forget(void)
{
    for (int i = 0; i < STARTERS; i++)
        unsetenv(starters[i].size);
}

/* Those of this machine, if they are spread evenly: each may be bound to processors of its own, or several to
 * a socket. */
static int sharers(int i)
{
    const int here = number(starters[i].here), all = (int)sysconf(_SC_NPROCESSORS_ONLN);
    return here > 1 && all > 0 ? (here * pd_threads_available() + all - 1) / all : 1;
}

static void *open_first(const char *const *files)
{
    void *library = NULL;
    for (; *files && !library; files++)
        library = dlopen(*files, RTLD_NOW | RTLD_GLOBAL); /* Open MPI's own parts look for it */
    return library;
}

/* Started by another MPI than the library is of, each process would be one on its own. */
static enum pd_status refuse_single(int i, struct pd_ranks **out, struct pd_error *err)
{
    pd_ranks_close(*out, 0);
    *out = NULL;
    return pd_fail(
        err, PD_ERR_UNSUPPORTED, -1,
        "%s is %d, and the MPI library here knows of one process: expected the mpirun that belongs "
        "to the library, or srun's option mpi that it knows",
        starters[i].size, number(starters[i].size));
}

enum pd_status pd_ranks_open(struct pd_ranks **out, struct pd_error *err)
{
    static const char *const of_openmpi[] = {"libmpi.so.40", NULL}, *const of_mpich[] = {"libmpich.so.12",
                                                                                         "libmpi.so.12",
                                                                                         NULL};
    const int i = starter();
    *out = NULL;
    if (i < 0)
        return PD_OK;
    enum kind kind = starters[i].kind;
    if (kind == SLURM)
        kind = getenv("PMIX_RANK") ? OPENMPI : NONE;
    if (kind == NONE)
        return pd_fail(
            err, PD_ERR_UNSUPPORTED, -1,
            "Slurm started %d processes, which do not know of each other: expected srun's option mpi "
            "to be pmix (Open MPI) or pmi2 (MPICH)",
            number(starters[i].size));
    void *library = open_first(kind == OPENMPI ? of_openmpi : of_mpich);
    if (!library)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1,
                       "%d processes were started by %s, whose library is not here (%s): %s",
                       number(starters[i].size), kind == OPENMPI ? "Open MPI" : "MPICH",
                       kind == OPENMPI ? "libmpi.so.40; Debian: openmpi-bin"
                                       : "libmpich.so.12; Debian: mpich",
                       dlerror());
    enum pd_status status = kind == OPENMPI ? openmpi_open(library, out, err) : mpich_open(library, out, err);
    if (!status && (*out)->size < 2)
        return refuse_single(i, out, err);
    if (!status)
        (*out)->sharers = sharers(i);
    return status;
}
