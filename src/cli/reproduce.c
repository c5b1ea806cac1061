/* paydirt reproduce: the papers' tables and figures. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/queue.h"
#include "cli/studies.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/ranks.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "NAME|FILE [options]\n--list [NAME|FILE] [options]";

static const char about[] =
    "Does the runs of a study, which is a table or a figure of the papers or a file of your own, and draws "
    "it:\n"
    "means over trials beside the published ones, paired differences with intervals, a verdict. Each run is "
    "a\n"
    "process of its own below --out. Ctrl-C or a kill loses little: the same command goes on; several\n"
    "processes, on machines that share the folder, share the work. Without a name: the studies.";

static const char examples[] =
    "reproduce gold-table1 --trials 5 --data-dir ./data --workers 2\n"
    "reproduce gold-table1 --scale small --columns mnist,fmnist --data-dir ./data\n"
    "reproduce --list --data-dir ./data\n"
    "reproduce gold-table1 --report\n"
    "reproduce gold-table1 --results other/gold-table1-paper/results.jsonl --report\n"
    "reproduce gold-table1 --json";

struct options {
    char scale[48], columns[1024], rows[1024], out[1024], results[1024], data_dir[1024], weights[1024],
        task[32];
    int64_t trials, seed, workers, threads;
    bool keep, list, report, json;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"scale", PD_OPTION_TEXT, FIELD(scale), 0, 0, "NAME",
     "paper, or small where a study has it; else its first"},
    {"trials", PD_OPTION_INT, FIELD(trials), 0, 10000, "N",
     "repetitions with seeds of their own; 0: the study's"},
    {"columns", PD_OPTION_TEXT, FIELD(columns), 0, 0, "LIST", "of the study's; all where not given"},
    {"rows", PD_OPTION_TEXT, FIELD(rows), 0, 0, "LIST", "of the study's; all where not given"},
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "DIR", "folder of all studies"},
    {"results", PD_OPTION_TEXT, FIELD(results), 0, 0, "FILE",
     "results.jsonl of the same study elsewhere: its runs count as done"},
    {"data_dir", PD_OPTION_TEXT, FIELD(data_dir), 0, 0, "DIR", "folder with the data sets' files"},
    {"weights", PD_OPTION_TEXT, FIELD(weights), 0, 0, "FILE",
     "of Inception, for is, fid and kid, which are left out without it"},
    {"workers", PD_OPTION_INT, FIELD(workers), 1, QUEUE_WORKERS, "N", "runs at a time"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N",
     "of a run; 0: those that the process may use, over the workers"},
    {"task", PD_OPTION_TEXT, FIELD(task), 0, 0, "I/N",
     "this is the I-th of N processes on one folder; Slurm's array tasks are found"},
    {"seed", PD_OPTION_INT, FIELD(seed), 1, 1e9, "N", "of the first trial"},
    {"keep", PD_OPTION_BOOL, FIELD(keep), 0, 1, NULL, "keep the networks of finished runs"},
    {"list", PD_OPTION_BOOL, FIELD(list), 0, 1, NULL,
     "what each study, or this one, still takes: data, operations, hours as measured here"},
    {"report", PD_OPTION_BOOL, FIELD(report), 0, 1, NULL, "draw what is done, and run nothing"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print the study's file, to begin one of your own"},
};
#undef FIELD

static struct pd_reproduce_options study_options(const struct options *o)
{
    return (struct pd_reproduce_options){.out = o->out,
                                         .scale = o->scale,
                                         .columns = o->columns,
                                         .rows = o->rows,
                                         .data_dir = o->data_dir,
                                         .weights = o->weights,
                                         .trials = o->trials,
                                         .seed = o->seed,
                                         .threads = (int)o->threads,
                                         .keep = o->keep};
}

/* --- lists --- */

static enum pd_status list(struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *name;
    for (size_t i = 0; (name = pd_reproduce_at(i)) && !status; i++) {
        struct pd_reproduce *r;
        const struct pd_reproduce_options o = {.out = "", .seed = 1, .threads = 1};
        status = pd_reproduce_open(name, &o, &r, err);
        if (!status)
            say(stdout, "%-20s %s\n", name, pd_reproduce_about(r));
        pd_reproduce_close(r);
    }
    return status;
}

static enum pd_status show_file(const char *name, struct pd_error *err)
{
    char *text;
    size_t size;
    const enum pd_status status = pd_reproduce_text(name, &text, &size, err);
    if (!status && size)
        fwrite(text, 1, size, stdout);
    free(text);
    return status;
}

/* --- tasks --- */

static enum pd_status read_task(const char *text, struct queue_options *q, struct pd_error *err)
{
    int task, tasks, end = 0;
    if (sscanf(text, "%d/%d%n", &task, &tasks, &end) != 2 || text[end] || tasks < 1 || tasks > 1000000 ||
        task < 1 || task > tasks)
        return pd_fail(err, PD_ERR_USAGE, -1, "--task '%.30s': expected I/N with 1 <= I <= N", text);
    q->task = task - 1;
    q->tasks = tasks;
    return PD_OK;
}

static long number_of(const char *name, long missing)
{
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 10) : missing;
}

/* sbatch --array=3-9:2 has tasks 3, 5, 7, 9. */
static void find_slurm(struct queue_options *q)
{
    const long id = number_of("SLURM_ARRAY_TASK_ID", -1), count = number_of("SLURM_ARRAY_TASK_COUNT", 0),
               first = number_of("SLURM_ARRAY_TASK_MIN", 0), step = number_of("SLURM_ARRAY_TASK_STEP", 1);
    if (id < first || count < 1 || count > 1000000 || step < 1)
        return;
    q->task = (int)((id - first) / step % count);
    q->tasks = (int)count;
    say(stderr, "task %d of %d of Slurm's array\n", q->task + 1, q->tasks);
}

/* mpirun's ranks are tasks, which know of each other by the folder alone. */
static bool find_ranks(struct queue_options *q)
{
    q->tasks = pd_ranks_started(&q->task);
    if (q->tasks > 1)
        return true;
    q->tasks = q->task = 0;
    return false;
}

/* --- the work --- */

static int processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

static int64_t count_done(const struct pd_reproduce *r)
{
    int64_t done = 0;
    for (int64_t i = 0; i < pd_reproduce_run_count(r); i++) {
        struct pd_reproduce_run run;
        pd_reproduce_run_at(r, i, &run);
        done += run.done;
    }
    return done;
}

static void say_plan(const struct pd_reproduce *r, const struct queue_options *q)
{
    const char *line;
    say(stderr, "%s\n", pd_reproduce_about(r));
    say(stderr, "%s: %s\n", pd_reproduce_scale(r), pd_reproduce_scale_about(r, pd_reproduce_scale(r)));
    for (size_t i = 0; (line = pd_reproduce_missing(r, i)); i++)
        say(stderr, "not done: %s\n", line);
    say(stderr, "%s: %lld runs, %lld done; %d at a time, %d thread%s each\n", pd_reproduce_folder(r),
        (long long)pd_reproduce_run_count(r), (long long)count_done(r), q->workers, q->threads,
        q->threads == 1 ? "" : "s");
}

static enum pd_status report(struct pd_reproduce *r, struct pd_error *err)
{
    char *text;
    const enum pd_status status = pd_reproduce_report(r, &text, err);
    for (const char *line = status ? "" : text; *line; line += strcspn(line, "\n") + 1)
        say(stdout, "%.*s\n", (int)strcspn(line, "\n"), line);
    free(text);
    return status;
}

static enum pd_status take(struct pd_reproduce *r, const char *path, struct pd_error *err)
{
    struct pd_reproduce_taken taken;
    const enum pd_status status = pd_reproduce_take(r, path, &taken, err);
    if (status)
        return status;
    if (!taken.runs && !taken.here)
        return pd_fail(
            err, PD_ERR_MISMATCH, -1,
            "%s: no result of a run that is asked for: expected results.jsonl of this study at this "
            "scale, with the same options (%lld lines are of others)",
            path, (long long)taken.others);
    say(stderr, "%s: %lld runs taken, %lld had a result here; %lld lines are of other runs or say no value\n",
        path, (long long)taken.runs, (long long)taken.here, (long long)taken.others);
    if (taken.differ)
        say(stderr, "%s: %lld of the %lld that had a result here have other values in it: those here stay\n",
            path, (long long)taken.differ, (long long)taken.here);
    return PD_OK;
}

static enum pd_status run(struct pd_reproduce *r, const struct queue_options *q, struct pd_error *err)
{
    int64_t failed = 0;
    enum pd_status status =
        count_done(r) < pd_reproduce_run_count(r) ? pd_reproduce_check_data(r, err) : PD_OK;
    if (status)
        return status;
    say_plan(r, q);
    stop_catch();
    status = queue_work(r, q, &failed, err);
    if (status)
        return status;
    status = report(r, err);
    if (!status && failed)
        status = pd_fail(err, PD_ERR_BROKEN, -1, "%lld run%s failed, for the reasons above",
                         (long long)failed, failed == 1 ? "" : "s");
    return status;
}

static enum pd_status reproduce(const char *name, struct options *o, struct pd_error *err)
{
    struct queue_options q = {.workers = (int)o->workers, .weights = o->weights};
    struct pd_reproduce *r = NULL;
    if (!o->threads)
        o->threads = processors() > o->workers ? processors() / o->workers : 1;
    q.threads = (int)o->threads;
    const struct pd_reproduce_options options = study_options(o);
    enum pd_status status = o->task[0] ? read_task(o->task, &q, err) : PD_OK;
    if (!status && !o->task[0] && !o->report && !find_ranks(&q))
        find_slurm(&q);
    pd_ranks_forget(); /* the trainings are processes of their own */
    if (!status)
        status = pd_reproduce_open(name, &options, &r, err);
    if (!status && o->results[0])
        status = take(r, o->results, err);
    if (!status)
        status = o->report ? report(r, err) : run(r, &q, err);
    pd_reproduce_close(r);
    return status;
}

enum pd_status command_reproduce(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.out = "reproduced", .workers = 1, .seed = 1};
    const struct args_command command = {"reproduce", usage,  about,
                                         examples,    "NAME", {{table, sizeof table / sizeof table[0], &o}}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    if (o.list) {
        const struct pd_reproduce_options options = study_options(&o);
        return studies_list(args.operand, &options, err);
    }
    if (!args.operand)
        return o.json || o.report ? args_need_operand(&command, &args, err) : list(err);
    return o.json ? show_file(args.operand, err) : reproduce(args.operand, &o, err);
}
