/* For tests: ranks that are threads of this process. */
#ifndef PD_TEST_RANKS_H
#define PD_TEST_RANKS_H

#include "io/ranks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANKS = 4 };

struct thread_rank;
struct thread_ranks {
    struct thread_rank *rank[MOST_RANKS];
    pthread_barrier_t barrier;
    int sums, swaps;               /* that were made by rank 0 */
    bool differ;                   /* two ranks did not ask for the same */
    int fail_from, fail_from_swap; /* the sum, the swap from which on rank 1 is lost; 0: never */
};

struct thread_rank {
    struct pd_ranks ranks;
    struct thread_ranks *all;
    const void *data;
    int64_t n;
    struct pd_ranks_swap swap;
};

static inline double thread_sum(const struct thread_rank *t, int64_t i, size_t real_size)
{
    double sum = 0;
    for (int r = 0; r < t->ranks.size; r++) {
        const void *data = t->all->rank[r]->data;
        sum += real_size == 8 ? ((const double *)data)[i] : (double)((const float *)data)[i];
    }
    return sum;
}

/* Each rank for itself, before anybody's numbers are written over. */
static inline enum pd_status thread_add_up(struct pd_ranks *r, void *data, int64_t n, size_t real_size,
                                           struct pd_error *err)
{
    struct thread_rank *t = (struct thread_rank *)r;
    double *sums = calloc((size_t)n, sizeof *sums);
    t->data = data;
    t->n = n;
    pthread_barrier_wait(&t->all->barrier);
    for (int q = 0; q < r->size; q++)
        if (t->all->rank[q]->n != n)
            t->all->differ = true;
    pthread_barrier_wait(&t->all->barrier);
    for (int64_t i = 0; sums && !t->all->differ && i < n; i++)
        sums[i] = thread_sum(t, i, real_size);
    pthread_barrier_wait(&t->all->barrier);
    for (int64_t i = 0; sums && i < n; i++)
        if (real_size == 8)
            ((double *)data)[i] = sums[i];
        else
            ((float *)data)[i] = (float)sums[i];
    free(sums);
    if (r->rank == 0)
        t->all->sums++;
    pthread_barrier_wait(&t->all->barrier);
    const bool lost = t->all->fail_from && t->all->sums >= t->all->fail_from;
    pthread_barrier_wait(&t->all->barrier);
    return lost ? pd_fail(err, PD_ERR_IO, -1, "rank 1 is lost") : PD_OK;
}

static inline enum pd_status thread_meet(struct pd_ranks *r, struct pd_error *err)
{
    (void)err;
    pthread_barrier_wait(&((struct thread_rank *)r)->all->barrier);
    return PD_OK;
}

static inline enum pd_status thread_swap(struct pd_ranks *r, const struct pd_ranks_swap *s, size_t real_size,
                                         struct pd_error *err)
{
    struct thread_rank *t = (struct thread_rank *)r;
    t->swap = *s;
    pthread_barrier_wait(&t->all->barrier);
    const struct pd_ranks_swap *sent = &t->all->rank[s->of]->swap;
    if (sent->to != r->rank || sent->n_from != s->n_into)
        t->all->differ = true;
    else
        memcpy(s->into, sent->from, (size_t)s->n_into * real_size);
    if (r->rank == 0)
        t->all->swaps++;
    pthread_barrier_wait(&t->all->barrier);
    return t->all->fail_from_swap && t->all->swaps >= t->all->fail_from_swap
               ? pd_fail(err, PD_ERR_IO, -1, "rank 1 is lost")
               : PD_OK;
}

struct thread_job {
    pthread_t thread;
    struct thread_rank rank;
    void (*work)(struct pd_ranks *ranks, void *context);
    void *context;
};

static inline void *thread_main(void *job)
{
    struct thread_job *j = job;
    j->work(&j->rank.ranks, j->context);
    return NULL;
}

/* Runs work on so many ranks at once, each with its own context, and waits for all. */
static inline void on_ranks(struct thread_ranks *all, int size,
                            void (*work)(struct pd_ranks *ranks, void *context), void *const *contexts)
{
    static struct thread_job jobs[MOST_RANKS];
    memset(jobs, 0, sizeof jobs);
    pthread_barrier_init(&all->barrier, NULL, (unsigned)size);
    for (int r = 0; r < size; r++) {
        jobs[r] = (struct thread_job){.rank = {.ranks = {.rank = r,
                                                         .size = size,
                                                         .sharers = 1,
                                                         .add_up = thread_add_up,
                                                         .meet = thread_meet,
                                                         .swap = thread_swap},
                                               .all = all},
                                      .work = work,
                                      .context = contexts[r]};
        all->rank[r] = &jobs[r].rank;
    }
    for (int r = 0; r < size; r++)
        pthread_create(&jobs[r].thread, NULL, thread_main, &jobs[r]);
    for (int r = 0; r < size; r++)
        pthread_join(jobs[r].thread, NULL);
    pthread_barrier_destroy(&all->barrier);
}

#endif
