#include "run/estimate.h"

#include "base/threads.h"
#include "io/machine.h"
#include "gan/gan.h"
#include "metric/trained.h"
#include "run/setup.h"

#include <paydirt/devices.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Measured on three machines, six models at widths from 1/16 to 1 (doc/runs.md). */
#define PROGRAM_BYTES      50e6 /* libraries, kernels made at run time */
#define CARD_BYTES         1e9  /* with a card: its driver and libraries; not measured */
#define ARENA_FACTOR       1.05 /* kernels' scratch beside the activations */
#define SGEMM_FRACTION     1.1  /* of the large product's rate, that minimal filtering and cache make of it */
#define GIGABYTES_A_GFLOPS 0.06 /* memory's rate, of the processor's */
#define KERNEL_SECONDS     4e-6
#define NARROW             1.6 /* a LeNet's step for what is counted of it: its channels do not fill a block */
enum { SGEMM_SIDE = 512, SAMPLER_BATCH = 100 };

static double variable_bytes(const struct pd_gan *gan, bool optimisers)
{
    double bytes = 0;
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        const struct pd_var *v = pd_vars_at(gan->vars, i);
        if (optimisers || strncmp(pd_var_name(v), "adam", 4) != 0)
            bytes += 4 * (double)pd_shape_count(pd_var_shape(v));
    }
    return bytes;
}

static double plan_bytes(const struct pd_plan *plan)
{
    return plan ? ARENA_FACTOR * (double)pd_plan_info(plan).arena_bytes : 0;
}

static double plan_seconds(const struct pd_plan *plan, double gflops)
{
    const struct pd_plan_info info = plan ? pd_plan_info(plan) : (struct pd_plan_info){0};
    return info.gflop / (SGEMM_FRACTION * gflops) + info.gigabytes / (GIGABYTES_A_GFLOPS * gflops) +
           KERNEL_SECONDS * info.kernels;
}

/* Of the classifier that measures a generator (trained.h). */
static double validation_seconds(const struct pd_train_options *o, const struct pd_gan *gan,
                                 const struct pd_plan *sampler, double gflops)
{
    const struct pd_metric *best = pd_metric_find(o->best, NULL);
    const struct pd_metric_input in = {.channels = gan->config.channels,
                                       .size = gan->config.size,
                                       .classes = gan->config.classes,
                                       .backend = gan->backend};
    const int64_t steps = o->validation_epochs * (PD_METRIC_EPOCH_IMAGES / PD_METRIC_BATCH);
    struct pd_plan *step;
    if (!o->validation || !best || !(best->needs & PD_NEEDS_CLASSIFIER) || pd_trained_step(&in, &step, NULL))
        return 0;
    const double seconds = NARROW * plan_seconds(step, gflops) +
                           plan_seconds(sampler, gflops) * PD_METRIC_BATCH / (double)SAMPLER_BATCH;
    pd_plan_destroy(step);
    return gflops > 0 ? (double)steps * seconds : 0;
}

/* Then what networks take is the card's, which says so itself when it is taken, and their time is not known
 * here.
 */
static bool on_card(const char *device)
{
    struct pd_devices found;
    if (strcmp(device, "auto") != 0)
        return strcmp(device, "cpu") != 0;
    pd_devices_find(&found);
    return found.ready;
}

static void add_up(const struct pd_train_options *o, const struct pd_estimate_data *d, struct pd_gan *gan,
                   const struct pd_step_plans *plans, const struct pd_plan *sampler, struct pd_estimate *out)
{
    const double networks = variable_bytes(gan, false), all = variable_bytes(gan, true);
    const double gflops = pd_backend_peak_gflops(gan->backend, SGEMM_SIDE);
    const double full = plan_seconds(plans->full, gflops), critic = plan_seconds(plans->critic, gflops);
    const double n = plans->critic_steps;
    *out = (struct pd_estimate){
        .memory = PROGRAM_BYTES + d->bytes + all +
                  (o->partial_batch ? 2 : 1) * (plan_bytes(plans->full) + plan_bytes(plans->critic)) +
                  plan_bytes(sampler),
        .checkpoint = all,
        .disk = 2 * all + (o->validation ? 2 * networks : 0),
        .seconds = gflops > 0 ? (full + (n - 1) * critic) / n : 0,
        .validation = validation_seconds(o, gan, sampler, gflops),
    };
    if (on_card(o->device)) {
        out->memory = CARD_BYTES + d->bytes;
        out->seconds = out->validation = 0;
    }
}

static enum pd_status compile(const struct pd_train_options *o, struct pd_gan *gan,
                              struct pd_step_plans *plans, struct pd_plan **sampler, struct pd_error *err)
{
    struct pd_step_options s = pd_setup_step(o);
    s.gold = o->gold;
    enum pd_status status = pd_step_plans_compile(gan, &s, plans, err);
    return status ? status : pd_gan_compile_generator(gan, SAMPLER_BATCH, sampler, err);
}

enum pd_status pd_estimate_make(const struct pd_train_options *o, const struct pd_estimate_data *d,
                                struct pd_estimate *out, struct pd_error *err)
{
    const struct pd_model *model = pd_model_find(o->model, err);
    struct pd_model_config config;
    struct pd_backend *backend = NULL;
    struct pd_gan *gan = NULL;
    struct pd_step_plans plans = {0};
    struct pd_plan *sampler = NULL;
    if (!model)
        return PD_ERR_USAGE;
    enum pd_status status =
        pd_model_configure(model, d->channels, d->size, d->classes, (int)o->z_dim, o->width, &config, err);
    if (!status)
        status =
            pd_backend_create("costs", o->threads ? (int)o->threads : pd_threads_available(), &backend, err);
    if (!status)
        status = pd_gan_create(&config, backend, 1, &gan, err);
    if (!status)
        status = compile(o, gan, &plans, &sampler, err);
    if (!status)
        add_up(o, d, gan, &plans, sampler, out);
    pd_plan_destroy(sampler);
    pd_step_plans_release(&plans);
    pd_gan_destroy(gan);
    pd_backend_destroy(backend);
    return status;
}

/* --- does it fit --- */

static bool fits(const struct pd_estimate *e, double memory, double disk)
{
    return e->memory <= memory && e->disk <= disk;
}

/* The widest of some that fits, or 0. */
static double width_that_fits(const struct pd_train_options *o, const struct pd_estimate_data *d,
                              double memory, double disk)
{
    static const double widths[] = {0.75, 0.5, 0.35, 0.25, 0.125, 0.0625};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct pd_train_options narrow = *o;
        struct pd_estimate e;
        narrow.width = o->width * widths[i];
        if (!pd_estimate_make(&narrow, d, &e, NULL) && fits(&e, memory, disk))
            return narrow.width;
    }
    return 0;
}

enum pd_status pd_estimate_check(const struct pd_train_options *o, const struct pd_estimate_data *d,
                                 const struct pd_estimate *e, struct pd_error *err)
{
    const double memory = pd_memory_free(), disk = d->no_files ? e->disk : pd_disk_free(o->out);
    enum pd_status status = PD_ERR_MEMORY;
    if (fits(e, memory, disk))
        return PD_OK;
    const double width = width_that_fits(o, d, memory, disk);
    if (e->memory > memory)
        pd_fail(err, PD_ERR_MEMORY, -1,
                "the training needs about %.3g GB of memory, and %.3g GB are free: try less",
                1e-9 * e->memory, 1e-9 * memory);
    else
        status = pd_fail(err, PD_ERR_IO, -1,
                         "%.200s: checkpoints need about %.2g GB, and %.2g GB are free: try less", o->out,
                         1e-9 * e->disk, 1e-9 * disk);
    if (width > 0)
        pd_hint(err, status, "width=%g", width);
    return pd_hint(err, pd_hint(err, status, "size"), "batch");
}

static char *time_words(double seconds, char text[48])
{
    const long minutes = (long)(seconds / 60 + 0.5);
    if (minutes < 2)
        snprintf(text, 48, "%.0f s", ceil(seconds));
    else if (minutes < 60)
        snprintf(text, 48, "%ld min", minutes);
    else
        snprintf(text, 48, "%ld h %02ld min", minutes / 60, minutes % 60);
    return text;
}

char *pd_estimate_words(const struct pd_estimate *e, uint64_t steps, char *text, size_t size)
{
    char time[48], each[48], measured[96] = "", whole[160] = "";
    if (e->validation > 0)
        snprintf(measured, sizeof measured, ", and %s for each validation", time_words(e->validation, each));
    if (e->seconds > 0)
        snprintf(whole, sizeof whole, "about %s%s, ", time_words((double)steps * e->seconds, time), measured);
    snprintf(text, size, "%s%.2g GB of memory, checkpoints of %.3g MB", whole, 1e-9 * e->memory,
             1e-6 * e->checkpoint);
    return text;
}
