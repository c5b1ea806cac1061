#include "base/ranks.h"

#include <stdlib.h>

static const struct {
    enum pd_starter by;
    const char *size, *rank, *here, *place;
} starters[] = {
    {PD_STARTED_BY_OPENMPI, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK"},
    {PD_STARTED_BY_MPICH, "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"},
    {PD_STARTED_BY_SLURM, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE",
     "SLURM_LOCALID"},
};
enum { STARTERS = sizeof starters / sizeof starters[0] };

static int number(const char *name)
{
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

/* Open MPI's helpers on other machines are tasks of Slurm's, which what they start inherits. */
struct pd_start pd_ranks_start(void)
{
    for (int i = 0; i < STARTERS && number(starters[0].size) != 1; i++)
        if (number(starters[i].size) > 1)
            return (struct pd_start){starters[i].by,           starters[i].size,
                                     number(starters[i].size), number(starters[i].rank),
                                     number(starters[i].here), number(starters[i].place)};
    return (struct pd_start){.size = 1, .here = 1};
}

void pd_ranks_forget_start(void)
{
    for (int i = 0; i < STARTERS; i++)
        unsetenv(starters[i].size);
}
