#include "cli/queue.h"

#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/words.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 48, WORD = 1200 };

/* A command line. */
struct words {
    char text[WORDS][WORD];
    char *argv[WORDS + 1];
    int count;
};

struct worker {
    struct pd_reproduce_claim *claim; /* NULL: free */
    struct pd_reproduce_step step;
    int64_t run;
    pid_t child;
    double begun, run_begun;
};

enum state { TO_DO, OURS, ELSEWHERE, DONE, FAILED };

struct queue {
    struct pd_reproduce *r;
    const struct queue_options *o;
    struct worker workers[QUEUE_WORKERS];
    enum state *states;     /* (runs) */
    int64_t runs, finished; /* finished: here */
    double seconds;         /* of those */
    bool stopping;
    struct progress progress;
};

/* --- a step as a process --- */

static void add(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct words *w, const char *format, ...)
{
    va_list args;
    if (w->count == WORDS) /* a step has 30 at most */
        abort();
    va_start(args, format);
    vsnprintf(w->text[w->count], WORD, format, args);
    va_end(args);
    w->argv[w->count] = w->text[w->count];
    w->argv[++w->count] = NULL;
}

static void add_option(struct words *w, const char *name, const char *value)
{
    char flag[64];
    const struct pd_option option = {.name = name};
    pd_option_flag(&option, flag, sizeof flag);
    const bool on = !strcmp(value, "true"), off = !strcmp(value, "false");
    add(w, "--%s%s", off ? "no-" : "", flag);
    if (!on && !off)
        add(w, "%s", value);
}

static void add_measurement(struct words *w, const struct queue *q, const struct worker *worker)
{
    const char *name;
    char text[64];
    add(w, "%s", worker->step.folder);
    add(w, "--json");
    add_option(w, "metrics", worker->step.metrics);
    for (int i = 0; pd_reproduce_step_option(worker->claim, i, &name, text, sizeof text); i++)
        add_option(w, name, text);
    if (q->o->weights[0])
        add_option(w, "weights", q->o->weights);
}

static void add_picture(struct words *w, const struct worker *worker)
{
    static const struct {
        const char *name, *option;
        int per_class; /* samples to draw it from; 0: it is of the test images */
    } pictures[] = {{"terms", "histogram", 0}, {"sheet", "sheet", 0},   {"certainty", "certainty", 0},
                    {"plane", "plane", 0},     {"samples", "grid", 10}, {"generated", "sheet", 1000}};
    const struct pd_reproduce_step *s = &worker->step;
    add(w, "%s", s->folder);
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        if (strcmp(s->picture, pictures[i].name) != 0)
            continue;
        add_option(w, pictures[i].option, s->output);
        if (pictures[i].per_class) {
            add(w, "--per-class");
            add(w, "%d", pictures[i].per_class);
        }
    }
    if (!strcmp(s->command, "score")) {
        add_option(w, "split", "test");
        add_option(w, "out", "/dev/null");
    }
}

static void make_words(struct words *w, const struct queue *q, const struct worker *worker)
{
    const struct pd_reproduce_step *s = &worker->step;
    w->count = 0;
    add(w, "paydirt");
    add(w, "%s", s->command);
    if (s->kind == PD_STEP_MEASURE)
        add_measurement(w, q, worker);
    if (s->kind == PD_STEP_PICTURE)
        add_picture(w, worker);
    if (s->kind == PD_STEP_RESUME)
        add_option(w, "resume", s->folder);
    if (s->kind == PD_STEP_BEGIN) {
        add_option(w, "recipe", s->recipe);
        add_option(w, "out", s->folder);
    }
    if (s->kind == PD_STEP_BEGIN || s->kind == PD_STEP_MEASURE) {
        add(w, "--seed");
        add(w, "%lld", (long long)s->seed);
    }
    if (s->kind != PD_STEP_RESUME) {
        add(w, "--threads");
        add(w, "%d", q->o->threads);
    }
    if (s->data_dir[0] && strcmp(s->command, "sample") != 0)
        add_option(w, "data_dir", s->data_dir);
}

/* Between fork and exec: nothing but system calls. It ends when its parent does, and until then it keeps the
 * run's lock. The program is this very one, even where another has been installed over it meanwhile. */
static void become(char *const *argv, const struct pd_reproduce_step *s, int lock, pid_t parent)
{
    const int log = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0666);
    const int out =
        s->kind == PD_STEP_MEASURE ? open(s->output, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666) : log;
    const int in = open("/dev/null", O_RDONLY);
    if (log < 0 || out < 0 || in < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
        _exit(pd_status_exit_code(PD_ERR_IO));
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (lock >= 0)
        fcntl(lock, F_SETFD, 0);
    execv("/proc/self/exe", argv);
    _exit(pd_status_exit_code(PD_ERR_IO));
}

static enum pd_status start(struct queue *q, struct worker *w, struct pd_error *err)
{
    static struct words words; /* too large for a stack */
    const pid_t self = getpid();
    make_words(&words, q, w);
    w->begun = progress_now();
    w->child = fork();
    if (w->child == 0)
        become(words.argv, &w->step, pd_reproduce_claim_lock(w->claim), self);
    return w->child > 0 ? PD_OK : pd_fail(err, PD_ERR_IO, -1, "cannot begin a process: %s", strerror(errno));
}

/* --- a run --- */

static void end_run(struct queue *q, struct worker *w, enum state state)
{
    q->states[w->run] = state;
    pd_reproduce_release(w->claim);
    w->claim = NULL;
}

static int64_t count_state(const struct queue *q, enum state state)
{
    int64_t n = 0;
    for (int64_t i = 0; i < q->runs; i++)
        n += q->states[i] == state;
    return n;
}

static void say_finished(struct queue *q, const struct worker *w)
{
    char took[32], left[32];
    const int64_t done = count_state(q, DONE), to_do = count_state(q, TO_DO) + count_state(q, OURS);
    const double seconds = progress_now() - w->run_begun;
    q->finished++;
    q->seconds += seconds;
    progress_line(&q->progress, "%s: done in %s; %lld of %lld runs, about %s left", w->step.name,
                  say_time(seconds, took), (long long)done, (long long)q->runs,
                  say_time(q->seconds / (double)q->finished * (double)to_do / q->o->workers, left));
}

/* The next step of a claimed run, or its end. */
static enum pd_status go_on(struct queue *q, struct worker *w, struct pd_error *err)
{
    enum pd_status status = pd_reproduce_step(w->claim, &w->step, err);
    if (!status && w->step.again)
        progress_line(
            &q->progress,
            "%s: not all that is asked for was measured, and its networks are gone: it is done again",
            w->step.name);
    if (!status && w->step.kind != PD_STEP_NONE)
        status = start(q, w, err);
    if (status || w->step.kind != PD_STEP_NONE)
        return status;
    q->states[w->run] = DONE;
    say_finished(q, w);
    end_run(q, w, DONE);
    return PD_OK;
}

/* The last line of a log, as a reason. */
static void last_line(const char *path, char *line, size_t size)
{
    char text[1024];
    FILE *f = fopen(path, "r");
    *line = '\0';
    if (!f)
        return;
    fseek(f, -(long)sizeof text + 1, SEEK_END);
    const size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    for (size_t end = n; end && text[end - 1] == '\n';)
        text[--end] = '\0';
    const char *start = strrchr(text, '\n');
    snprintf(line, size, "%.400s", start ? start + 1 : text);
}

static enum pd_status take_end(struct queue *q, struct worker *w, int how, struct pd_error *err)
{
    char line[512];
    const bool well = WIFEXITED(how) && WEXITSTATUS(how) == 0;
    enum pd_status status = pd_reproduce_done(w->claim, well, progress_now() - w->begun, err);
    w->child = 0;
    if (status || (q->stopping && !well)) {
        end_run(q, w, TO_DO);
        return status;
    }
    if (!well) {
        last_line(w->step.log, line, sizeof line);
        progress_line(&q->progress, "%s: %s failed: %s (%s)", w->step.name, w->step.command, line,
                      w->step.log);
        status = pd_reproduce_failed(w->claim, err);
        end_run(q, w, FAILED);
        return status;
    }
    if (q->stopping) {
        end_run(q, w, TO_DO);
        return PD_OK;
    }
    status = go_on(q, w, err);
    if (status)
        end_run(q, w, FAILED);
    return status;
}

/* --- all of them --- */

/* Those of this task first, in order, then the others'. */
static int64_t next_run(const struct queue *q)
{
    for (int64_t i = 0; i < q->runs; i++)
        if (q->states[i] == TO_DO && (q->o->tasks == 0 || i % q->o->tasks == q->o->task))
            return i;
    for (int64_t i = 0; i < q->runs; i++)
        if (q->states[i] == TO_DO)
            return i;
    return -1;
}

/* Without locks a task must keep to its own. */
static bool is_taken(const struct queue *q, const struct worker *w)
{
    return pd_reproduce_claim_lock(w->claim) < 0 && q->o->tasks && w->run % q->o->tasks != q->o->task;
}

static enum pd_status fill(struct queue *q, struct worker *w, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    bool busy;
    while (!status && !w->claim && (w->run = next_run(q)) >= 0) {
        status = pd_reproduce_claim(q->r, w->run, &w->claim, &busy, err);
        if (!status && w->claim && is_taken(q, w)) {
            end_run(q, w, ELSEWHERE);
            continue;
        }
        if (!status)
            q->states[w->run] = w->claim ? OURS : busy ? ELSEWHERE : DONE;
        w->run_begun = progress_now();
        if (!status && w->claim)
            status = go_on(q, w, err);
        if (!status && w->claim)
            progress_line(&q->progress, "%s: %s", w->step.name,
                          w->step.kind == PD_STEP_RESUME ? "goes on" : w->step.command);
    }
    if (status && w->claim)
        end_run(q, w, FAILED);
    return status;
}

static int at_work(const struct queue *q)
{
    int n = 0;
    for (int i = 0; i < q->o->workers; i++)
        n += q->workers[i].claim != NULL;
    return n;
}

static void stop_children(struct queue *q)
{
    if (!q->stopping)
        progress_line(&q->progress, "stopping: runs save checkpoints (once more to stop without)");
    for (int i = 0; i < q->o->workers && !q->stopping; i++)
        if (q->workers[i].claim && q->workers[i].child > 0)
            kill(q->workers[i].child, SIGTERM);
    q->stopping = true;
}

static enum pd_status collect(struct queue *q, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    int how;
    for (int i = 0; i < q->o->workers; i++) {
        struct worker *w = &q->workers[i];
        if (w->claim && waitpid(w->child, &how, WNOHANG) == w->child) {
            const enum pd_status ended = take_end(q, w, how, status ? NULL : err);
            status = status ? status : ended;
        }
    }
    return status;
}

static void take_a_breath(double seconds)
{
    const struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* Runs of other processes, which may have ended, well or not. */
static void look_again(struct queue *q)
{
    for (int64_t i = 0; i < q->runs && !q->o->tasks; i++)
        q->states[i] = q->states[i] == ELSEWHERE ? TO_DO : q->states[i];
}

static enum pd_status work(struct queue *q, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    bool said = false;
    for (;;) {
        for (int i = 0; i < q->o->workers && !status && !q->stopping; i++)
            status = fill(q, &q->workers[i], err);
        if (status || stop_asked())
            stop_children(q);
        if (!at_work(q) && (q->stopping || !count_state(q, ELSEWHERE) || q->o->tasks))
            return status;
        if (!at_work(q) && !said) {
            progress_line(&q->progress, "waiting for %lld runs of other processes",
                          (long long)count_state(q, ELSEWHERE));
            said = true;
        }
        take_a_breath(at_work(q) ? 0.02 : 0.5);
        const enum pd_status ended = collect(q, status ? NULL : err);
        status = status ? status : ended;
        if (!at_work(q) && !q->stopping)
            look_again(q);
    }
}

enum pd_status queue_work(struct pd_reproduce *r, const struct queue_options *o, int64_t *failed,
                          struct pd_error *err)
{
    struct queue q = {.r = r, .o = o, .runs = pd_reproduce_run_count(r)};
    q.states = calloc((size_t)q.runs, sizeof *q.states);
    if (!q.states)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld runs", (long long)q.runs);
    for (int64_t i = 0; i < q.runs; i++) {
        struct pd_reproduce_run run;
        pd_reproduce_run_at(r, i, &run);
        q.states[i] = run.done ? DONE : TO_DO;
    }
    enum pd_status status = work(&q, err);
    *failed = count_state(&q, FAILED);
    if (!status && stop_asked())
        status = pd_fail(err, PD_ERR_INTERRUPTED, -1,
                         "stopped with %lld of %lld runs done; the same command goes on",
                         (long long)count_state(&q, DONE), (long long)q.runs);
    progress_end(&q.progress);
    free(q.states);
    return status;
}
