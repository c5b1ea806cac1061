/* Sums and copies of slices, in rounds: in round k each rank sends to the k-th after it and gets of the k-th
 * before it. Between two processes of one machine MPI's own reduce-scatter takes longer: it copies more. */
#include "base/ranks.h"

int64_t pd_ranks_chunk(const struct pd_ranks *r, int rank, int64_t n, int64_t at, int64_t *count)
{
    const int64_t first = pd_ranks_begin(r, rank, n) + at, left = pd_ranks_begin(r, rank + 1, n) - first;
    *count = left < 0 ? 0 : left < PD_RANKS_CHUNK ? left : PD_RANKS_CHUNK;
    return first;
}

static int after(const struct pd_ranks *r, int k)
{
    return (r->rank + k) % r->size;
}

static int before(const struct pd_ranks *r, int k)
{
    return (r->rank + r->size - k) % r->size;
}

static void add_doubles(double *restrict sum, const double *restrict x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static void add_floats(float *restrict sum, const float *restrict x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static void add(void *sum, const void *x, int64_t n, size_t real_size)
{
    if (real_size == sizeof(double))
        add_doubles(sum, x, n);
    else
        add_floats(sum, x, n);
}

/* The first that comes lies where the sum is made. */
enum pd_status pd_ranks_add_chunk(struct pd_ranks *r, const void *data, int64_t n, int64_t at, void *room,
                                  size_t real_size, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    struct pd_ranks_swap s = {.into = room};
    const char *own = (const char *)data + (size_t)pd_ranks_chunk(r, r->rank, n, at, &s.n_into) * real_size;
    for (int k = 1; k < r->size && !status; k++) {
        s.to = after(r, k);
        s.of = before(r, k);
        s.from = (const char *)data + (size_t)pd_ranks_chunk(r, s.to, n, at, &s.n_from) * real_size;
        status = r->swap(r, &s, real_size, err);
        if (!status)
            add(room, k == 1 ? own : s.into, s.n_into, real_size);
        s.into = (char *)room + PD_RANKS_CHUNK * real_size;
    }
    return status;
}

enum pd_status pd_ranks_gather_chunk(struct pd_ranks *r, void *data, int64_t n, int64_t at, size_t real_size,
                                     struct pd_error *err)
{
    enum pd_status status = PD_OK;
    struct pd_ranks_swap s = {.n_from = 0};
    s.from = (char *)data + (size_t)pd_ranks_chunk(r, r->rank, n, at, &s.n_from) * real_size;
    for (int k = 1; k < r->size && !status; k++) {
        s.to = after(r, k);
        s.of = before(r, k);
        s.into = (char *)data + (size_t)pd_ranks_chunk(r, s.of, n, at, &s.n_into) * real_size;
        status = r->swap(r, &s, real_size, err);
    }
    return status;
}

enum pd_status pd_ranks_gather(struct pd_ranks *r, void *data, int64_t n, size_t real_size,
                               struct pd_error *err)
{
    enum pd_status status = r->meet(r, err);
    for (int64_t at = 0; at * r->size < n && !status; at += PD_RANKS_CHUNK)
        status = pd_ranks_gather_chunk(r, data, n, at, real_size, err);
    return status;
}
