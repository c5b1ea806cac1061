/* NCCL: ranks are processes of this machine, which share a file; or, where the machine is to echo, this
 * process alone, whose numbers the others are said to have, too. */
#include "queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 8, PIECE = 1 << 16 };

struct meeting {
    atomic_int ready;
    pthread_barrier_t barrier;
    int device[MOST];
    char data[MOST][PIECE];
};

struct ncclComm {
    int size, rank;
    struct meeting *meeting; /* NULL: echo */
};

struct sum {
    struct ncclComm *comm;
    const char *from;
    char *to;
    size_t bytes;
    bool wide;
};

static int groups;

unsigned ncclGetVersion(int *version)
{
    *version = 22703;
    return 0;
}

const char *ncclGetErrorString(unsigned result)
{
    return result == NCCL_INVALID_USAGE ? "invalid usage"
           : result == NCCL_REMOTE      ? "remote process exited or there was a network error"
                                        : "unhandled system error";
}

unsigned ncclGetUniqueId(struct cuda_nccl_id *id)
{
    ENTER("ncclGetUniqueId");
    *id = (struct cuda_nccl_id){"/tmp/paydirt-nccl-XXXXXX"};
    const int file = mkstemp(id->bytes);
    CHECK(file >= 0 && !ftruncate(file, sizeof(struct meeting)));
    close(file);
    return 0;
}

static struct meeting *enter_meeting(const char *path, int size, int rank)
{
    FILE *file = fopen(path, "r+");
    CHECK(file);
    struct meeting *m =
        mmap(NULL, sizeof(struct meeting), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    CHECK(m != MAP_FAILED);
    fclose(file);
    if (rank == 0) {
        pthread_barrierattr_t shared;
        pthread_barrierattr_init(&shared);
        pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
        pthread_barrier_init(&m->barrier, &shared, (unsigned)size);
        atomic_store(&m->ready, 1);
    }
    while (!atomic_load(&m->ready))
        usleep(1000);
    m->device[rank] = standin_device();
    pthread_barrier_wait(&m->barrier);
    return m;
}

static bool cards_differ(const struct meeting *m, int size)
{
    for (int i = 0; i < size; i++)
        for (int k = 0; k < i; k++)
            if (m->device[i] == m->device[k])
                return false;
    return true;
}

unsigned ncclCommInitRank(struct ncclComm **comm, int size, struct cuda_nccl_id id, int rank)
{
    ENTER("ncclCommInitRank");
    CHECK(size >= 2 && size <= MOST && rank >= 0 && rank < size);
    struct meeting *m = NULL;
    if (getenv("PAYDIRT_STANDIN_NO_NCCL"))
        return 2; /* ncclSystemError, on this rank alone */
    if (!standin_machine_now()->echo)
        m = enter_meeting(id.bytes, size, rank);
    if (rank == 0)
        unlink(id.bytes);
    if (m && !cards_differ(m, size))
        return NCCL_INVALID_USAGE;
    *comm = malloc(sizeof **comm);
    **comm = (struct ncclComm){size, rank, m};
    if (m)
        queue_work_at_once();
    object_made();
    return 0;
}

unsigned ncclCommDestroy(struct ncclComm *comm)
{
    ENTER("ncclCommDestroy");
    queue_drain();
    if (comm->meeting)
        munmap(comm->meeting, sizeof *comm->meeting);
    free(comm);
    object_gone();
    return 0;
}

unsigned ncclCommGetAsyncError(struct ncclComm *comm, PD_NCCL_RESULT *result)
{
    ENTER("ncclCommGetAsyncError");
    CHECK(comm);
    *result = standin_machine_now()->lost ? NCCL_REMOTE : 0;
    return 0;
}

unsigned ncclGroupStart(void)
{
    ENTER("ncclGroupStart");
    groups++;
    return 0;
}

unsigned ncclGroupEnd(void)
{
    CHECK(groups-- == 1);
    ENTER("ncclGroupEnd");
    return 0;
}

static double sum_at(const struct sum *s, size_t at, const char *const *data)
{
    double sum = 0;
    for (int r = 0; r < s->comm->size; r++)
        sum += s->wide ? ((const double *)data[r])[at] : (double)((const float *)data[r])[at];
    return sum;
}

static void add_up(const struct sum *s, size_t bytes, const char *const *data, char *to)
{
    for (size_t i = 0; i < bytes / (s->wide ? sizeof(double) : sizeof(float)); i++)
        if (s->wide)
            ((double *)to)[i] = sum_at(s, i, data);
        else
            ((float *)to)[i] = (float)sum_at(s, i, data);
}

static void perform(void *closure)
{
    const struct sum *s = closure;
    struct meeting *m = s->comm->meeting;
    const char *data[MOST];
    for (size_t at = 0; at < s->bytes; at += PIECE) {
        const size_t bytes = s->bytes - at < PIECE ? s->bytes - at : PIECE;
        for (int r = 0; r < s->comm->size; r++)
            data[r] = m ? m->data[r] : s->from + at;
        if (m) {
            memcpy(m->data[s->comm->rank], s->from + at, bytes);
            pthread_barrier_wait(&m->barrier);
        }
        add_up(s, bytes, data, s->to + at);
        if (m)
            pthread_barrier_wait(&m->barrier);
    }
}

unsigned ncclAllReduce(const void *from, void *to, size_t n, PD_NCCL_TYPE type, PD_NCCL_OP op,
                       struct ncclComm *comm, struct CUstream_st *stream)
{
    ENTER("ncclAllReduce");
    CHECK(op == NCCL_SUM && (type == NCCL_FLOAT || type == NCCL_DOUBLE) && n);
    struct sum *s = malloc(sizeof *s);
    *s = (struct sum){comm, from, to, n * (type == NCCL_DOUBLE ? sizeof(double) : sizeof(float)),
                      type == NCCL_DOUBLE};
    memory_check(from, s->bytes);
    memory_check(to, s->bytes);
    queue_add(stream, (struct operation){.kind = WORK, .work = perform, .owned = s, .bytes = sizeof *s});
    queue_has_sums(stream);
    return 0;
}
