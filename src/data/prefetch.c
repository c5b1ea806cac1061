#include "data/prefetch.h"

#include "base/mem.h"
#include "base/signals.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

struct pd_prefetch {
    pd_prefetch_make *make;
    void *context;
    uint32_t batch;
    size_t image_size;
    float *images;
    int32_t *labels;
    uint32_t *indices;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows, and the batch while not busy */
    pthread_cond_t changed;
    bool busy; /* the thread is making batch `step`; then the batch is its own */
    bool stop;
    uint64_t step; /* of the batch that is made or in the making, when has_step */
    bool has_step;
};

static void *work(void *argument)
{
    struct pd_prefetch *p = argument;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->busy && !p->stop)
            pthread_cond_wait(&p->changed, &p->lock);
        if (p->stop)
            break;
        uint64_t step = p->step;
        pthread_mutex_unlock(&p->lock);
        p->make(p->context, step, p->images, p->labels, p->indices);
        pthread_mutex_lock(&p->lock);
        p->busy = false;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Both with the lock held. */
static void wait_until_idle(struct pd_prefetch *p)
{
    while (p->busy)
        pthread_cond_wait(&p->changed, &p->lock);
}

static void ask_for(struct pd_prefetch *p, uint64_t step)
{
    p->step = step;
    p->has_step = true;
    p->busy = true;
    pthread_cond_broadcast(&p->changed);
}

/* Signals go to the program's own threads, which know what to do with them. */
static bool start_thread(struct pd_prefetch *p)
{
    sigset_t all, before;
    pd_signals_that_wait(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    p->started = !pthread_create(&p->thread, NULL, work, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p->started;
}

enum pd_status pd_prefetch_create(pd_prefetch_make *make, void *context, uint32_t batch, size_t image_size,
                                  struct pd_prefetch **out, struct pd_error *err)
{
    *out = NULL;
    struct pd_prefetch *p = pd_calloc(1, sizeof *p);
    if (!p)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of %u", batch);
    p->make = make;
    p->context = context;
    p->batch = batch;
    p->image_size = image_size;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->images = pd_calloc(batch, image_size * sizeof *p->images);
    p->labels = pd_calloc(batch, sizeof *p->labels);
    p->indices = pd_calloc(batch, sizeof *p->indices);
    if (!p->images || !p->labels || !p->indices || !start_thread(p)) {
        pd_prefetch_destroy(p);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of %u and its thread", batch);
    }
    *out = p;
    return PD_OK;
}

void pd_prefetch_destroy(struct pd_prefetch *p)
{
    if (!p)
        return;
    if (p->started) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    pd_free(p->images);
    pd_free(p->labels);
    pd_free(p->indices);
    pd_free(p);
}

void pd_prefetch_get(struct pd_prefetch *p, uint64_t step, float *images, int32_t *labels, uint32_t *indices)
{
    pthread_mutex_lock(&p->lock);
    wait_until_idle(p);
    if (!p->has_step || p->step != step) {
        ask_for(p, step);
        wait_until_idle(p);
    }
    memcpy(images, p->images, p->batch * p->image_size * sizeof *images);
    memcpy(labels, p->labels, p->batch * sizeof *labels);
    if (indices)
        memcpy(indices, p->indices, p->batch * sizeof *indices);
    ask_for(p, step + 1);
    pthread_mutex_unlock(&p->lock);
}
