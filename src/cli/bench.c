/* paydirt bench: the training step on random data, against the machine's matrix product in the same run. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/say.h"

#include <paydirt/bench.h>

#include <errno.h>
#include <stdio.h>

static const char usage[] = "--model NAME [options]";

static const char about[] =
    "Times the training step (one discriminator and one generator step; with a loss of several critic steps\n"
    "a generator step after so many of them) on random images, in windows of which the median counts, and\n"
    "the device's product of matrices before and after it (on the processor oneDNN's sgemm).\n"
    "fraction = gflops / sgemm_gflops, where only matrix products and\n"
    "convolutions are counted as work. With --adversarial each window has a\n"
    "plain step's beside it: step_cost is the median ratio of their times, step_processor_cost that of\n"
    "their processor times, step_operations that of their work.";

static const char examples[] = "bench --model infogan --batch 128 --gold --json\n"
                               "bench --model infogan --adversarial 4\n"
                               "bench --model dcgan --batch 1024 --device cuda --precision tf32\n"
                               "bench --model mlp --seconds 2";

struct options {
    char model[32], loss[32], device[16], precision[8];
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
    {"device", PD_OPTION_TEXT, FIELD(device), 0, 0, "NAME", "cpu, cuda, cuda:1, auto ('paydirt devices')"},
    {"precision", PD_OPTION_TEXT, FIELD(precision), 0, 0, "NAME",
     "of a GPU's products and convolutions: fp32, tf32, bf16"},
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

/* --- what it found --- */

static double total_seconds(const struct pd_bench *b)
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

static double fraction(const struct pd_bench *b)
{
    return b->sgemm_gflops > 0 ? b->gflops / b->sgemm_gflops : 0;
}

static json_t *ops_json(const struct pd_bench *b)
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

static enum pd_status print_json(const struct options *o, const struct pd_bench *b, struct pd_error *err)
{
    errno = 0;
    json_t *all = json_pack(
        "{s:s, s:s, s:s, s:I, s:i, s:b, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:f, s:o}",
        "model", o->model, "device", b->device, "precision", o->precision, "batch", (json_int_t)o->batch,
        "threads", b->threads, "gold", o->gold, "adversarial", (json_int_t)o->adversarial, "step_cost",
        b->step_cost, "step_processor_cost", b->step_processor_cost, "step_operations", b->step_operations,
        "images_per_second", b->images_per_second, "gflop_per_step", b->gflop_per_step, "gflops", b->gflops,
        "sgemm_gflops", b->sgemm_gflops, "fraction", fraction(b), "peak_rss_mb", b->peak_rss_mb, "kernels",
        b->kernels, "arena_mb", (double)b->arena_bytes / 1048576, "ops", ops_json(b));
    return say_json(all, 6, "the results", err);
}

static void print_table(const struct options *o, const struct pd_bench *b)
{
    const double total = total_seconds(b);
    printf("%s, batch %lld, %s, %s, %d threads%s\n", o->model, (long long)o->batch, b->device, o->precision,
           b->threads, o->gold ? ", GOLD weights" : "");
    printf("  %-18s %10.1f images/s\n", "step", b->images_per_second);
    printf("  %-18s %10.2f GFLOP a step, %d kernels\n", "work", b->gflop_per_step, b->kernels);
    if (o->adversarial > 1)
        printf("  %-18s %10.2f times a plain step (%.2f of processor time, %.2f of operations)\n", "cost",
               b->step_cost, b->step_processor_cost, b->step_operations);
    printf("  %-18s %10.1f GFLOP/s, %.1f %% of its product's %.1f\n", "speed", b->gflops, 100 * fraction(b),
           b->sgemm_gflops);
    printf("  %-18s %10.1f MB at most, %.1f of it activations\n\n", "memory", b->peak_rss_mb,
           (double)b->arena_bytes / 1048576);
    printf("  %-18s %10s %10s\n", "op", "time, %", "GFLOP/s");
    for (int i = 0; i < b->op_count; i++)
        printf("  %-18s %10.2f %10.1f\n", b->ops[i].name, 100 * b->ops[i].seconds / total,
               op_gflops(&b->ops[i]));
}

/* --- the command --- */

struct watch {
    struct progress progress;
    const char *label;
};

static void on_window(void *context, int done, int windows, double images)
{
    struct watch *w = context;
    if (!done)
        progress_begin(&w->progress, 0, (uint64_t)windows, images, "images");
    else
        progress_update(&w->progress, (uint64_t)done, w->label);
}

static struct pd_bench_options bench_options(const struct options *o)
{
    return (struct pd_bench_options){.model = o->model,
                                     .loss = o->loss,
                                     .batch = o->batch,
                                     .threads = (int)o->threads,
                                     .size = (int)o->size,
                                     .channels = (int)o->channels,
                                     .classes = (int)o->classes,
                                     .adversarial = o->adversarial,
                                     .width = o->width,
                                     .seconds = o->seconds,
                                     .gold = o->gold,
                                     .device = o->device,
                                     .precision = o->precision};
}

static struct options defaults(void)
{
    const struct pd_bench_options d = pd_bench_defaults();
    struct options o = {.batch = d.batch,
                        .size = d.size,
                        .channels = d.channels,
                        .classes = d.classes,
                        .adversarial = d.adversarial,
                        .width = d.width,
                        .seconds = d.seconds};
    snprintf(o.model, sizeof o.model, "%s", d.model);
    snprintf(o.device, sizeof o.device, "%s", d.device);
    snprintf(o.precision, sizeof o.precision, "%s", d.precision);
    return o;
}

enum pd_status command_bench(int argc, char **argv, struct pd_error *err)
{
    struct options o = defaults();
    const struct args_command command = {
        "bench",  usage, about,
        examples, NULL,  {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct watch watch = {.label = o.model};
    struct pd_bench bench;
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    const struct pd_bench_options options = bench_options(&o);
    status = pd_bench_run(&options, on_window, &watch, &bench, err);
    progress_end(&watch.progress);
    if (!status && o.json)
        status = print_json(&o, &bench, err);
    else if (!status)
        print_table(&o, &bench);
    return status;
}
