#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct CUstream_st {
    struct operation *at;
    size_t n, done, capacity;
    bool capturing;
    struct CUgraph_st *graph;  /* that it captures, as the first or by waiting for one that does */
    bool joined;               /* by waiting: then the first must wait for its last operation */
    long captured, waited_for; /* operations since then; those before an event that another waited for */
    struct CUstream_st *next;
};

struct CUevent_st {
    long issued, reached;
    struct CUstream_st *by; /* recorded while that captured, */
    long behind;            /* so many operations */
};

static struct CUstream_st *streams; /* the newest first */

void no_capture(void)
{
    for (const struct CUstream_st *s = streams; s; s = s->next)
        CHECK(!s->capturing); /* else CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED */
}

void standin_die(const char *file, int line, const char *what)
{
    fprintf(stderr, "the stand-in of CUDA: %s:%d: %s\n", file, line, what);
    abort();
}

/* --- doing it --- */

static void run_kernel(const struct operation *op)
{
    for (int block = 0; block < op->value; block++)
        op->function->code(op->args, block, op->value);
    op->function->launched++;
}

/* Gigabytes of zeros, which a test asks for, are the system's. */
static void set(char *to, int value, size_t bytes)
{
    enum { MUCH = 1 << 28 };
    if (value || bytes < MUCH)
        memset(to, value, bytes);
    else
        CHECK(!madvise(to, bytes, MADV_DONTNEED));
}

static void perform(const struct operation *op)
{
    if (op->kind == COPY)
        memcpy(op->to, op->owned ? op->owned : op->from, op->bytes);
    else if (op->kind == SET)
        set(op->to, op->value, op->bytes);
    else if (op->kind == LAUNCH)
        run_kernel(op);
    else if (op->kind == WORK)
        op->work(op->owned);
    else if (op->kind == RECORD)
        op->event->reached = op->ticket;
}

/* As far as it comes. */
static bool advance(struct CUstream_st *s)
{
    const size_t before = s->done;
    for (; s->done < s->n; s->done++) {
        const struct operation *op = &s->at[s->done];
        if (op->kind == WAIT && op->event->reached < op->ticket)
            break;
        perform(op);
        free(op->owned);
    }
    if (s->done == s->n)
        s->done = s->n = 0;
    return s->done != before || !s->n;
}

static void advance_all(struct CUstream_st *s, bool *waiting, bool *moved)
{
    if (!s)
        return;
    const bool newest_first = standin_machine_now()->copies_first;
    if (!newest_first)
        advance_all(s->next, waiting, moved);
    const size_t left = s->n - s->done;
    advance(s);
    *moved = *moved || s->n - s->done < left;
    *waiting = *waiting || s->n;
    if (newest_first)
        advance_all(s->next, waiting, moved);
}

void queue_drain(void)
{
    bool waiting = true, moved = true;
    CHECK(!standin_machine_now()->lost); /* one would wait for ever */
    memory_open(true);
    while (waiting) {
        CHECK(moved); /* else streams wait for each other */
        waiting = moved = false;
        advance_all(streams, &waiting, &moved);
    }
    memory_open(false);
}

static bool at_once;

void queue_work_at_once(void)
{
    at_once = true;
}

void queue_has_sums(const struct CUstream_st *s)
{
    if (at_once && !s->capturing)
        queue_drain();
}

/* --- filling it --- */

static void append(struct operation **at, size_t *n, size_t *capacity, const struct operation *op)
{
    if (*n == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 64;
        *at = realloc(*at, *capacity * sizeof **at);
    }
    (*at)[(*n)++] = *op;
}

static void append_to_graph(struct CUgraph_st *g, const struct operation *op)
{
    size_t capacity = g->n;
    CHECK(op->kind != RECORD && op->kind != WAIT); /* edges: see below */
    append(&g->at, &g->n, &capacity, op);
}

void queue_add(struct CUstream_st *s, struct operation op)
{
    CHECK(s);
    s->captured += s->capturing;
    if (s->capturing)
        append_to_graph(s->graph, &op);
    else
        append(&s->at, &s->n, &s->capacity, &op);
}

/* --- streams --- */

unsigned cuStreamCreate(struct CUstream_st **stream, unsigned flags)
{
    ENTER("cuStreamCreate");
    CHECK(flags == CU_STREAM_APART);
    *stream = calloc(1, sizeof **stream);
    (*stream)->next = streams;
    streams = *stream;
    object_made();
    return 0;
}

unsigned cuStreamDestroy_v2(struct CUstream_st *stream)
{
    ENTER("cuStreamDestroy");
    queue_drain();
    struct CUstream_st **at = &streams;
    while (*at && *at != stream)
        at = &(*at)->next;
    CHECK(*at);
    *at = stream->next;
    free(stream->at);
    free(stream);
    object_gone();
    return 0;
}

unsigned cuStreamSynchronize(struct CUstream_st *stream)
{
    ENTER("cuStreamSynchronize");
    CHECK(stream);
    no_capture();
    queue_drain();
    return 0;
}

/* A graph does its operations one after the other: of its edges only that they lead back to the first stream
 * is looked at. */
static void capture_wait(struct CUstream_st *stream, const struct CUevent_st *event)
{
    CHECK(event->by->capturing);
    if (!stream->capturing) {
        stream->capturing = stream->joined = true;
        stream->graph = event->by->graph;
        stream->captured = stream->waited_for = 0;
    }
    CHECK(stream->graph == event->by->graph);
    if (event->behind > event->by->waited_for)
        event->by->waited_for = event->behind;
}

unsigned cuStreamWaitEvent(struct CUstream_st *stream, struct CUevent_st *event, unsigned flags)
{
    ENTER("cuStreamWaitEvent");
    CHECK(flags == 0);
    if (event->by)
        capture_wait(stream, event);
    else
        queue_add(stream, (struct operation){.kind = WAIT, .event = event, .ticket = event->issued});
    return 0;
}

/* --- events --- */

unsigned cuEventCreate(struct CUevent_st **event, unsigned flags)
{
    ENTER("cuEventCreate");
    (void)flags;
    *event = calloc(1, sizeof **event);
    object_made();
    return 0;
}

unsigned cuEventDestroy_v2(struct CUevent_st *event)
{
    ENTER("cuEventDestroy");
    queue_drain();
    free(event);
    object_gone();
    return 0;
}

unsigned cuEventRecord(struct CUevent_st *event, struct CUstream_st *stream)
{
    ENTER("cuEventRecord");
    event->by = stream->capturing ? stream : NULL;
    event->behind = stream->captured;
    if (!event->by)
        queue_add(stream, (struct operation){.kind = RECORD, .event = event, .ticket = ++event->issued});
    return 0;
}

/* Not the first time. */
unsigned cuEventQuery(struct CUevent_st *event)
{
    ENTER("cuEventQuery");
    CHECK(!event->by);
    if (event->reached == event->issued)
        return 0;
    if (!standin_machine_now()->lost)
        queue_drain();
    return CU_NOT_READY;
}

unsigned cuEventSynchronize(struct CUevent_st *event)
{
    ENTER("cuEventSynchronize");
    no_capture();
    if (event->reached < event->issued)
        queue_drain();
    return 0;
}

unsigned cuEventElapsedTime(float *milliseconds, struct CUevent_st *begin, struct CUevent_st *end)
{
    ENTER("cuEventElapsedTime");
    CHECK(begin->reached && end->reached);
    *milliseconds = 0.001f;
    return 0;
}

/* --- graphs --- */

unsigned cuStreamBeginCapture_v2(struct CUstream_st *stream, PD_CU_CAPTURE mode)
{
    ENTER("cuStreamBeginCapture");
    CHECK(mode == CU_CAPTURE_THREAD && !stream->capturing);
    stream->capturing = true;
    stream->captured = 0;
    stream->graph = calloc(1, sizeof *stream->graph);
    object_made();
    return 0;
}

unsigned cuStreamEndCapture(struct CUstream_st *stream, struct CUgraph_st **graph)
{
    CHECK(stream->capturing && !stream->joined);
    stream->capturing = false;
    *graph = stream->graph;
    for (struct CUstream_st *s = streams; s; s = s->next)
        if (s->joined) {
            CHECK(s->waited_for == s->captured); /* else CUDA_ERROR_STREAM_CAPTURE_UNJOINED */
            s->capturing = s->joined = false;
        }
    ENTER("cuStreamEndCapture");
    return 0;
}

static void *copy_of(const struct operation *op)
{
    void *copy = op->owned ? malloc(op->bytes) : NULL;
    return copy ? memcpy(copy, op->owned, op->bytes) : NULL;
}

static struct CUgraph_st graph_copy(const struct CUgraph_st *from)
{
    struct CUgraph_st to = {calloc(from->n + 1, sizeof *from->at), from->n};
    for (size_t i = 0; i < from->n; i++) {
        to.at[i] = from->at[i];
        to.at[i].owned = copy_of(&from->at[i]);
    }
    return to;
}

static void graph_release(const struct CUgraph_st *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->at[i].owned);
    free(g->at);
}

unsigned cuGraphInstantiateWithFlags(struct CUgraphExec_st **exec, struct CUgraph_st *graph,
                                     unsigned long long flags)
{
    ENTER("cuGraphInstantiate");
    CHECK(flags == 0);
    *exec = calloc(1, sizeof **exec);
    (*exec)->graph = graph_copy(graph);
    object_made();
    return 0;
}

unsigned cuGraphLaunch(struct CUgraphExec_st *exec, struct CUstream_st *stream)
{
    ENTER("cuGraphLaunch");
    CHECK(!stream->capturing);
    for (size_t i = 0; i < exec->graph.n; i++) {
        struct operation op = exec->graph.at[i];
        op.owned = copy_of(&exec->graph.at[i]);
        queue_add(stream, op);
    }
    queue_has_sums(stream);
    return 0;
}

unsigned cuGraphDestroy(struct CUgraph_st *graph)
{
    ENTER("cuGraphDestroy");
    graph_release(graph);
    free(graph);
    object_gone();
    return 0;
}

unsigned cuGraphExecDestroy(struct CUgraphExec_st *exec)
{
    ENTER("cuGraphExecDestroy");
    queue_drain();
    graph_release(&exec->graph);
    free(exec);
    object_gone();
    return 0;
}
