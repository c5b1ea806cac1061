/* paydirt bench: the training step on random data, against the machine's matrix product in the same run. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/progress.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"
#include "io/json.h"
#include "gan/gan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char usage[] = "--model NAME [options]";

static const char about[] =
    "Times the training step (one discriminator and one generator step; with a loss of several critic steps\n"
    "a generator step after so many of them) on random images, in windows of which the median counts, and\n"
    "oneDNN's sgemm before and after it. fraction = gflops / sgemm_gflops, where only matrix products and\n"
    "convolutions are counted as work. With --adversarial each window has a\n"
    "plain step's beside it: step_cost is the median ratio of their times, step_processor_cost that of\n"
    "their processor times, step_operations that of their work.";

static const char examples[] = "bench --model infogan --batch 128 --gold --json\n"
                               "bench --model infogan --adversarial 4\n"
                               "bench --model mlp --seconds 2";

struct options {
    char model[32], loss[32];
    int64_t batch, threads, size, channels, classes, adversarial;
    double width, seconds;
    bool gold, json;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"model", PD_OPTION_TEXT, FIELD(model), 0, 0, "NAME", "network"},
    {"loss", PD_OPTION_TEXT, FIELD(loss), 0, 0, "NAME", "of the logit; by default the model's"},
    {"batch", PD_OPTION_INT, FIELD(batch), 2, 65536, "N", "images in a batch"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N", "threads; 0: as many as the process may use"},
    {"gold", PD_OPTION_BOOL, FIELD(gold), 0, 1, NULL, "with GOLD's weights"},
    {"adversarial", PD_OPTION_INT, FIELD(adversarial), 1, 64, "N", "candidates for each generated sample"},
    {"width", PD_OPTION_REAL, FIELD(width), 0.001, 100, "X", "factor on the widths of the model's layers"},
    {"size", PD_OPTION_INT, FIELD(size), 8, 1024, "N", "side of the images in pixels"},
    {"channels", PD_OPTION_INT, FIELD(channels), 1, 3, "N", "channels of the images"},
    {"classes", PD_OPTION_INT, FIELD(classes), 2, 1000, "N", "classes"},
    {"seconds", PD_OPTION_REAL, FIELD(seconds), 0.01, 3600, "X", "time to measure for"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
};
#undef FIELD

enum { WINDOWS = 10, OPS = 64, WARM_UP = 3 };

struct bench {
    const struct options *o;
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_step_plans plans, plain; /* plain: without adversarial sampling; empty where that is none */
    uint64_t step;
    struct pd_error failed; /* of the first step that failed: no numbers count */
    double images_per_second, step_cost, step_processor_cost, sgemm_gflops, peak_rss_mb;
    struct pd_op_time ops[OPS];
    int op_count;
};

/* --- the step --- */

static enum pd_status fill_inputs(const struct bench *b, struct pd_plan *plan, struct pd_error *err)
{
    const int64_t n = b->o->batch, numbers = n * pd_gan_image_size(b->gan);
    const struct pd_rng random = {1, 0, 0};
    float *images = pd_calloc((size_t)numbers, sizeof *images);
    int32_t *labels = pd_calloc((size_t)n, sizeof *labels);
    const bool ok = images && labels;
    for (int64_t i = 0; ok && i < numbers; i++)
        images[i] = (float)(2 * pd_rng_uniform(&random, (uint64_t)i) - 1);
    for (int64_t i = 0; ok && i < n; i++)
        labels[i] = (int32_t)(i % b->gan->config.classes);
    enum pd_status status = ok ? pd_plan_write(plan, "images", images, numbers, err)
                               : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch");
    if (!status)
        status = pd_plan_write(plan, "labels", labels, n, err);
    pd_free(images);
    pd_free(labels);
    return status;
}

static enum pd_status prepare_step(const struct bench *b, const struct pd_loss *loss, int64_t adversarial,
                                   struct pd_step_plans *out, struct pd_error *err)
{
    struct pd_step_options step = pd_step_defaults();
    step.batch = b->o->batch;
    step.gold = b->o->gold;
    step.adversarial = adversarial;
    step.loss = loss->kind;
    step.critic_steps = loss->critic_steps;
    step.adam = loss->adam;
    enum pd_status status = pd_step_plans_compile(b->gan, &step, out, err);
    if (!status)
        status = fill_inputs(b, out->full, err);
    if (!status && out->critic)
        status = fill_inputs(b, out->critic, err);
    return status;
}

static enum pd_status prepare(struct bench *b, struct pd_error *err)
{
    const struct options *o = b->o;
    const struct pd_model *model = pd_model_find(o->model, err);
    struct pd_model_config config;
    const struct pd_loss *loss = model ? pd_model_loss(model, o->loss, err) : NULL;
    if (!loss)
        return PD_ERR_USAGE;
    enum pd_status status =
        pd_model_configure(model, model->points ? 2 : (int)o->channels, model->points ? 0 : (int)o->size,
                           model->points ? 2 : (int)o->classes, 0, o->width, &config, err);
    if (!status)
        status = pd_backend_create("onednn", (int)o->threads, &b->backend, err);
    if (!status)
        status = pd_gan_create(&config, b->backend, 1, &b->gan, err);
    if (!status)
        status = prepare_step(b, loss, o->adversarial, &b->plans, err);
    if (!status && o->adversarial > 1)
        status = prepare_step(b, loss, 1, &b->plain, err);
    return status;
}

/* Seconds of all threads: what others do on the machine shows less in it. */
static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct seconds {
    double wall, processor;
};

static struct seconds time_steps(struct bench *b, const struct pd_step_plans *plans, uint64_t count)
{
    const struct seconds start = {progress_now(), processor_time()};
    for (uint64_t i = 0; i < count && !b->failed.status; i++, b->step++)
        b->failed.status = pd_plan_run(pd_step_plan(plans, b->step), 1, b->step, &b->failed);
    return (struct seconds){progress_now() - start.wall, processor_time() - start.processor};
}

/* --- measuring --- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Steps that take about so long. */
static uint64_t steps_in(double seconds, double step_seconds)
{
    const double n = seconds / step_seconds;
    return n < 1 ? 1 : (uint64_t)n;
}

/* The peak of this program alone: ru_maxrss would include that of the one which started it. 0: not to be had.
 */
static double peak_rss_mb(void)
{
    char line[128];
    long kilobytes = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %ld", &kilobytes) == 1)
            break;
    if (f)
        fclose(f);
    struct rusage usage;
    if (!kilobytes && !getrusage(RUSAGE_SELF, &usage))
        kilobytes = usage.ru_maxrss;
    return (double)kilobytes / 1024;
}

static void profile(const struct bench *b, bool on)
{
    pd_plan_profile(b->plans.full, on);
    if (b->plans.critic)
        pd_plan_profile(b->plans.critic, on);
}

static int by_time(const void *a, const void *b)
{
    const double x = ((const struct pd_op_time *)a)->seconds, y = ((const struct pd_op_time *)b)->seconds;
    return (x < y) - (x > y);
}

static void add_time(struct bench *b, const struct pd_op_time *op)
{
    int i = 0;
    while (i < b->op_count && strcmp(b->ops[i].name, op->name) != 0)
        i++;
    if (i == OPS)
        return;
    if (i == b->op_count)
        b->ops[b->op_count++] = (struct pd_op_time){.name = op->name};
    b->ops[i].seconds += op->seconds;
    b->ops[i].gflop += op->gflop;
    b->ops[i].calls += op->calls;
}

/* Of both plans, most time first. */
static void collect_times(struct bench *b)
{
    const struct pd_plan *plans[] = {b->plans.full, b->plans.critic};
    for (int p = 0; p < 2 && plans[p]; p++) {
        struct pd_op_time ops[OPS];
        const int count = pd_plan_times(plans[p], ops, OPS);
        for (int i = 0; i < count; i++)
            add_time(b, &ops[i]);
    }
    qsort(b->ops, (size_t)b->op_count, sizeof b->ops[0], by_time);
}

static void measure(struct bench *b)
{
    double rates[WINDOWS], costs[WINDOWS], processor_costs[WINDOWS];
    const double before = pd_backend_peak_gflops(b->backend, 1536);
    const uint64_t cycle = (uint64_t)b->plans.critic_steps; /* windows have whole ones */
    time_steps(b, &b->plans, WARM_UP * cycle);
    const double cycle_seconds = time_steps(b, &b->plans, WARM_UP * cycle).wall / WARM_UP;
    const uint64_t steps = cycle * steps_in(b->o->seconds / WINDOWS, cycle_seconds);
    struct progress progress;
    progress_begin(&progress, 0, WINDOWS, (double)(steps * (uint64_t)b->o->batch), "images");
    for (int i = 0; i < WINDOWS; i++) {
        const struct seconds spent = time_steps(b, &b->plans, steps);
        const struct seconds plain = b->plain.full ? time_steps(b, &b->plain, steps) : spent;
        rates[i] = (double)(steps * (uint64_t)b->o->batch) / spent.wall;
        costs[i] = spent.wall / plain.wall;
        processor_costs[i] = spent.processor / plain.processor;
        progress_update(&progress, (uint64_t)i + 1, b->o->model);
    }
    progress_end(&progress);
    b->images_per_second = median(rates, WINDOWS);
    b->step_cost = median(costs, WINDOWS);
    b->step_processor_cost = median(processor_costs, WINDOWS);
    b->peak_rss_mb = peak_rss_mb();
    const double after = pd_backend_peak_gflops(b->backend, 1536);
    b->sgemm_gflops = after > before ? after : before;

    profile(b, true); /* apart: reading the clock costs time, too */
    time_steps(b, &b->plans, cycle * steps_in(b->o->seconds / 5, cycle_seconds));
    collect_times(b);
    profile(b, false);
}

/* --- what it found --- */

static double total_seconds(const struct bench *b)
{
    double total = 0;
    for (int i = 0; i < b->op_count; i++)
        total += b->ops[i].seconds;
    return total > 0 ? total : 1;
}

static double op_gflops(const struct pd_op_time *op)
{
    return op->seconds > 0 ? op->gflop / op->seconds : 0;
}

/* Work of a step, the generator step's spread over the steps that share it. */
static double step_gflop(const struct pd_step_plans *p)
{
    const double full = pd_plan_info(p->full).gflop, n = (double)p->critic_steps;
    return p->critic ? (full + (n - 1) * pd_plan_info(p->critic).gflop) / n : full;
}

static double gflops(const struct bench *b)
{
    return step_gflop(&b->plans) * b->images_per_second / (double)b->o->batch;
}

static double fraction(const struct bench *b)
{
    return b->sgemm_gflops > 0 ? gflops(b) / b->sgemm_gflops : 0;
}

/* What the step's operations are to the plain step's. */
static double operations_ratio(const struct bench *b)
{
    return b->plain.full ? step_gflop(&b->plans) / step_gflop(&b->plain) : 1;
}

static json_t *ops_json(const struct bench *b)
{
    json_t *ops = json_array();
    const double total = total_seconds(b);
    for (int i = 0; i < b->op_count; i++) {
        const struct pd_op_time *op = &b->ops[i];
        json_array_append_new(ops, json_pack("{s:s, s:f, s:f}", "name", op->name, "share",
                                             op->seconds / total, "gflops", op_gflops(op)));
    }
    return ops;
}

static enum pd_status print_json(const struct bench *b, struct pd_error *err)
{
    const struct options *o = b->o;
    const struct pd_plan_info info = pd_plan_info(b->plans.full);
    char *text;
    pd_mem_watch();
    json_t *all = json_pack(
        "{s:s, s:I, s:I, s:b, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:f, s:o}", "model",
        o->model, "batch", (json_int_t)o->batch, "threads", (json_int_t)o->threads, "gold", o->gold,
        "adversarial", (json_int_t)o->adversarial, "step_cost", b->step_cost, "step_processor_cost",
        b->step_processor_cost, "step_operations", operations_ratio(b), "images_per_second",
        b->images_per_second, "gflop_per_step", step_gflop(&b->plans), "gflops", gflops(b), "sgemm_gflops",
        b->sgemm_gflops, "fraction", fraction(b), "peak_rss_mb", b->peak_rss_mb, "kernels", info.kernels,
        "arena_mb", (double)info.arena_bytes / 1048576, "ops", ops_json(b));
    const enum pd_status status =
        pd_json_text(all, JSON_COMPACT | JSON_REAL_PRECISION(6), "the results", &text, err);
    if (!status)
        printf("%s\n", text);
    free(text);
    json_decref(all);
    return status;
}

static void print_table(const struct bench *b)
{
    const struct options *o = b->o;
    const struct pd_plan_info info = pd_plan_info(b->plans.full);
    const double total = total_seconds(b);
    printf("%s, batch %lld, %lld threads%s\n", o->model, (long long)o->batch, (long long)o->threads,
           o->gold ? ", GOLD weights" : "");
    printf("  %-18s %10.1f images/s\n", "step", b->images_per_second);
    printf("  %-18s %10.2f GFLOP a step, %d kernels\n", "work", step_gflop(&b->plans), info.kernels);
    if (b->plain.full)
        printf("  %-18s %10.2f times a plain step (%.2f of processor time, %.2f of operations)\n", "cost",
               b->step_cost, b->step_processor_cost, operations_ratio(b));
    printf("  %-18s %10.1f GFLOP/s, %.1f %% of sgemm's %.1f\n", "speed", gflops(b), 100 * fraction(b),
           b->sgemm_gflops);
    printf("  %-18s %10.1f MB at most, %.1f of it activations\n\n", "memory", b->peak_rss_mb,
           (double)info.arena_bytes / 1048576);
    printf("  %-18s %10s %10s\n", "op", "time, %", "GFLOP/s");
    for (int i = 0; i < b->op_count; i++)
        printf("  %-18s %10.2f %10.1f\n", b->ops[i].name, 100 * b->ops[i].seconds / total,
               op_gflops(&b->ops[i]));
}

enum pd_status command_bench(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.model = "infogan",
                        .batch = 128,
                        .size = 32,
                        .channels = 1,
                        .classes = 10,
                        .adversarial = 1,
                        .width = 1,
                        .seconds = 10};
    const struct args_command command = {
        "bench",  usage, about,
        examples, NULL,  {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct bench b = {.o = &o};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    if (!o.threads)
        o.threads = pd_threads_available();
    status = prepare(&b, err);
    if (!status) {
        measure(&b);
        status = b.failed.status;
        *err = b.failed;
    }
    if (!status && o.json)
        status = print_json(&b, err);
    else if (!status)
        print_table(&b);
    pd_step_plans_release(&b.plans);
    pd_step_plans_release(&b.plain);
    pd_gan_destroy(b.gan);
    pd_backend_destroy(b.backend);
    return status;
}
