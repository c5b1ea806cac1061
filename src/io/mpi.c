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

/* --- opening --- */

/* Those of this machine, if they are spread evenly: each may be bound to processors of its own, or several to
 * a socket. */
static int sharers(int here)
{
    const int all = (int)sysconf(_SC_NPROCESSORS_ONLN);
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
static enum pd_status refuse_single(struct pd_start s, struct pd_ranks **out, struct pd_error *err)
{
    pd_ranks_close(*out, 0);
    *out = NULL;
    return pd_fail(
        err, PD_ERR_UNSUPPORTED, -1,
        "%s is %d, and the MPI library here knows of one process: expected the mpirun that belongs "
        "to the library, or srun's option mpi that it knows",
        s.variable, s.size);
}

enum pd_status pd_ranks_open(struct pd_ranks **out, struct pd_error *err)
{
    static const char *const of_openmpi[] = {"libmpi.so.40", NULL}, *const of_mpich[] = {"libmpich.so.12",
                                                                                         "libmpi.so.12",
                                                                                         NULL};
    const struct pd_start s = pd_ranks_start();
    const bool openmpi =
        s.by == PD_STARTED_BY_OPENMPI || (s.by == PD_STARTED_BY_SLURM && getenv("PMIX_RANK"));
    *out = NULL;
    if (s.by == PD_STARTED_ALONE)
        return PD_OK;
    if (s.by == PD_STARTED_BY_SLURM && !openmpi)
        return pd_fail(
            err, PD_ERR_UNSUPPORTED, -1,
            "Slurm started %d processes, which do not know of each other: expected srun's option mpi "
            "to be pmix (Open MPI) or pmi2 (MPICH)",
            s.size);
    void *library = open_first(openmpi ? of_openmpi : of_mpich);
    if (!library)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1,
                       "%d processes were started by %s, whose library is not here (%s): %s", s.size,
                       openmpi ? "Open MPI" : "MPICH",
                       openmpi ? "libmpi.so.40; Debian: openmpi-bin" : "libmpich.so.12; Debian: mpich",
                       dlerror());
    enum pd_status status = openmpi ? openmpi_open(library, out, err) : mpich_open(library, out, err);
    if (!status && (*out)->size < 2)
        return refuse_single(s, out, err);
    if (!status)
        (*out)->sharers = sharers(s.here);
    return status;
}
