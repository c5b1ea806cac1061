/* The training step on random data, timed (paydirt/bench.h). */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/sort.h"
#include "base/threads.h"
#include "gan/gan.h"

#include <paydirt/bench.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct pd_bench_options pd_bench_defaults(void)
{
    return (struct pd_bench_options){.model = "infogan",
                                     .loss = "",
                                     .batch = 128,
                                     .size = 32,
                                     .channels = 1,
                                     .classes = 10,
                                     .adversarial = 1,
                                     .width = 1,
                                     .seconds = 10,
                                     .device = "cpu",
                                     .precision = "fp32"};
}

enum { WINDOWS = 10, WARM_UP = 3, PRODUCT = 1536 };

struct bench {
    const struct pd_bench_options *o;
    struct pd_bench *out;
    void (*progress)(void *context, int done, int windows, double images);
    void *context;
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_step_plans plans, plain; /* plain: without adversarial sampling; empty where that is none */
    uint64_t step;
    struct pd_error failed; /* of the first step that failed: no numbers count */
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
    const struct pd_bench_options *o = b->o;
    const struct pd_model *model = pd_model_find(o->model, err);
    struct pd_model_config config;
    const struct pd_loss *loss = model ? pd_model_loss(model, o->loss, err) : NULL;
    if (!loss)
        return PD_ERR_USAGE;
    enum pd_status status =
        pd_model_configure(model, model->points ? 2 : o->channels, model->points ? 0 : o->size,
                           model->points ? 2 : o->classes, 0, o->width, &config, err);
    if (!status)
        status = pd_backend_open(o->device ? o->device : "cpu", o->precision ? o->precision : "fp32",
                                 b->out->threads, &b->backend, err);
    if (!status)
        status = pd_gan_create(&config, b->backend, 1, &b->gan, err);
    if (!status)
        status = prepare_step(b, loss, o->adversarial, &b->plans, err);
    if (!status && o->adversarial > 1)
        status = prepare_step(b, loss, 1, &b->plain, err);
    return status;
}

/* What others may get wrong. */
static enum pd_status check(const struct pd_bench_options *o, struct pd_error *err)
{
    const struct {
        const char *name;
        double value, least, most;
    } all[] = {{"batch", (double)o->batch, 2, 65536},
               {"threads", o->threads, 0, 1024},
               {"size", o->size, 8, 1024},
               {"channels", o->channels, 1, 3},
               {"classes", o->classes, 2, 1000},
               {"adversarial", (double)o->adversarial, 1, 64},
               {"width", o->width, 0.001, 100},
               {"seconds", o->seconds, 0.01, 3600}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!(all[i].value >= all[i].least && all[i].value <= all[i].most))
            return pd_fail(err, PD_ERR_USAGE, -1, "%s %g: expected %g to %g", all[i].name, all[i].value,
                           all[i].least, all[i].most);
    return PD_OK;
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
    const struct seconds start = {pd_seconds(), processor_time()};
    for (uint64_t i = 0; i < count && !b->failed.status; i++, b->step++)
        b->failed.status = pd_plan_run(pd_step_plan(plans, b->step), 1, b->step, &b->failed);
    float loss; /* a device may return before it is done: reading waits */
    if (!b->failed.status)
        b->failed.status = pd_plan_scalar(plans->full, pd_loss_names[PD_LOSS_d_adv], &loss, &b->failed);
    return (struct seconds){pd_seconds() - start.wall, processor_time() - start.processor};
}

/* --- measuring --- */

static double median(double *values, int count)
{
    pd_sort(count, values);
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

static void add_time(struct pd_bench *out, const struct pd_op_time *op)
{
    int i = 0;
    while (i < out->op_count && strcmp(out->ops[i].name, op->name) != 0)
        i++;
    if (i == PD_BENCH_OPS)
        return;
    if (i == out->op_count)
        out->ops[out->op_count++] = (struct pd_op_time){.name = op->name};
    out->ops[i].seconds += op->seconds;
    out->ops[i].gflop += op->gflop;
    out->ops[i].calls += op->calls;
}

/* Of both plans, most time first. */
static void collect_times(const struct bench *b)
{
    const struct pd_plan *plans[] = {b->plans.full, b->plans.critic};
    struct pd_bench *out = b->out;
    for (int p = 0; p < 2 && plans[p]; p++) {
        struct pd_op_time ops[PD_BENCH_OPS];
        const int count = pd_plan_times(plans[p], ops, PD_BENCH_OPS);
        for (int i = 0; i < count; i++)
            add_time(out, &ops[i]);
    }
    qsort(out->ops, (size_t)out->op_count, sizeof out->ops[0], by_time);
}

static int window_count(const struct bench *b)
{
    return b->o->windows > 0 && b->o->windows < WINDOWS ? b->o->windows : WINDOWS;
}

static void tell(const struct bench *b, int done, uint64_t steps)
{
    if (b->progress)
        b->progress(b->context, done, window_count(b), (double)(steps * (uint64_t)b->o->batch));
}

static void measure_windows(struct bench *b, uint64_t steps)
{
    const int windows = window_count(b);
    double rates[WINDOWS], costs[WINDOWS], processor_costs[WINDOWS];
    tell(b, 0, steps);
    for (int i = 0; i < windows; i++) {
        const struct seconds spent = time_steps(b, &b->plans, steps);
        const struct seconds plain = b->plain.full ? time_steps(b, &b->plain, steps) : spent;
        rates[i] = (double)(steps * (uint64_t)b->o->batch) / spent.wall;
        costs[i] = spent.wall / plain.wall;
        processor_costs[i] = spent.processor / plain.processor;
        tell(b, i + 1, steps);
    }
    b->out->images_per_second = median(rates, windows);
    b->out->step_cost = median(costs, windows);
    b->out->step_processor_cost = median(processor_costs, windows);
}

static void measure(struct bench *b)
{
    const double before = pd_backend_peak_gflops(b->backend, PRODUCT);
    const uint64_t cycle = (uint64_t)b->plans.critic_steps; /* windows have whole ones */
    const int windows = window_count(b), warm_up = windows < WINDOWS ? 1 : WARM_UP;
    time_steps(b, &b->plans, (uint64_t)warm_up * cycle);
    const double cycle_seconds = time_steps(b, &b->plans, (uint64_t)warm_up * cycle).wall / warm_up;
    measure_windows(b, cycle * steps_in(b->o->seconds / windows, cycle_seconds));
    b->out->peak_rss_mb = peak_rss_mb();
    const double after = pd_backend_peak_gflops(b->backend, PRODUCT);
    b->out->sgemm_gflops = after > before ? after : before;

    profile(b, true); /* apart: reading the clock costs time, too */
    time_steps(b, &b->plans, cycle * steps_in(b->o->seconds / 5, cycle_seconds));
    collect_times(b);
    profile(b, false);
}

/* Work of a step, the generator step's spread over the steps that share it. */
static double step_gflop(const struct pd_step_plans *p)
{
    const double full = pd_plan_info(p->full).gflop, n = (double)p->critic_steps;
    return p->critic ? (full + (n - 1) * pd_plan_info(p->critic).gflop) / n : full;
}

static void count_work(const struct bench *b)
{
    const struct pd_plan_info info = pd_plan_info(b->plans.full);
    b->out->gflop_per_step = step_gflop(&b->plans);
    b->out->step_operations = b->plain.full ? b->out->gflop_per_step / step_gflop(&b->plain) : 1;
    b->out->gflops = b->out->gflop_per_step * b->out->images_per_second / (double)b->o->batch;
    b->out->kernels = info.kernels;
    b->out->arena_bytes = info.arena_bytes;
    snprintf(b->out->device, sizeof b->out->device, "%s", pd_backend_where(b->backend)); /* as it has run */
}

enum pd_status pd_bench_run(const struct pd_bench_options *options,
                            void (*progress)(void *context, int done, int windows, double images),
                            void *context, struct pd_bench *out, struct pd_error *err)
{
    struct bench b = {.o = options, .out = out, .progress = progress, .context = context};
    *out = (struct pd_bench){.threads = options->threads ? options->threads : pd_threads_available()};
    enum pd_status status = check(options, err);
    if (status)
        return status;
    status = prepare(&b, err);
    if (!status) {
        measure(&b);
        status = b.failed.status;
        if (status && err)
            *err = b.failed;
    }
    if (!status)
        count_work(&b);
    pd_step_plans_release(&b.plans);
    pd_step_plans_release(&b.plain);
    pd_gan_destroy(b.gan);
    pd_backend_destroy(b.backend);
    return status;
}
