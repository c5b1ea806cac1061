#include "cli/studies.h"

#include "cli/progress.h"
#include "cli/say.h"

#include <paydirt/data.h>
#include <paydirt/download.h>
#include <paydirt/metric.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_STEPS = 64, SIDE = 32, IMAGES = 1280, EPOCH_IMAGES = 2560, CLASSES = 10, WINDOWS = 2 };
#define STEP_SECONDS 0.2

/* Steps that were timed, each once; and a LeNet's images, grey and in colour. */
struct clock {
    struct timed {
        struct pd_bench_options step;
        char model[32], loss[32];
        double seconds, gflop;
    } steps[MOST_STEPS];
    int count;
    double image_seconds[4]; /* by channels; 0: not yet */
    struct progress progress;
};

/* --- timing --- */

static bool same_step(const struct pd_bench_options *a, const struct pd_bench_options *b)
{
    return !strcmp(a->model, b->model) && !strcmp(a->loss, b->loss) && a->batch == b->batch &&
           a->threads == b->threads && a->size == b->size && a->channels == b->channels &&
           a->adversarial == b->adversarial && a->width == b->width && a->gold == b->gold;
}

static enum pd_status time_step(struct clock *c, const struct pd_bench_options *step,
                                const struct timed **out, struct pd_error *err)
{
    struct pd_bench bench;
    for (int i = 0; i < c->count; i++)
        if (same_step(&c->steps[i].step, step)) {
            *out = &c->steps[i];
            return PD_OK;
        }
    struct timed *t = &c->steps[c->count < MOST_STEPS ? c->count++ : MOST_STEPS - 1];
    *t = (struct timed){.step = *step};
    snprintf(t->model, sizeof t->model, "%s", step->model);
    snprintf(t->loss, sizeof t->loss, "%s", step->loss);
    t->step.model = t->model;
    t->step.loss = t->loss;
    t->step.seconds = STEP_SECONDS;
    t->step.windows = WINDOWS;
    progress_line(&c->progress, "timing a step: %s, width %g%s%s", t->model, step->width,
                  step->gold ? ", GOLD" : "", step->adversarial > 1 ? ", adversarial sampling" : "");
    const enum pd_status status = pd_bench_run(&t->step, NULL, NULL, &bench, err);
    if (status)
        return status;
    t->seconds = (double)step->batch / bench.images_per_second;
    t->gflop = bench.gflop_per_step;
    *out = t;
    return PD_OK;
}

/* A LeNet on what looks like noise takes as long as on pictures. */
static enum pd_status time_classifier(struct clock *c, int channels, int threads, struct pd_error *err)
{
    const size_t n = (size_t)IMAGES * (size_t)channels * SIDE * SIDE;
    float *images = malloc(n * sizeof *images);
    int32_t *labels = malloc(IMAGES * sizeof *labels);
    struct pd_metric_result result;
    enum pd_status status =
        images && labels ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for images");
    for (size_t i = 0; !status && i < n; i++)
        images[i] = (float)(i * 2654435761u % 2001) / 1000 - 1;
    for (int i = 0; !status && i < IMAGES; i++)
        labels[i] = i % CLASSES;
    const struct pd_labelled_images set = {images, labels, IMAGES}, few = {images, labels, CLASSES};
    const struct pd_metric_input in = {.channels = channels,
                                       .size = SIDE,
                                       .classes = CLASSES,
                                       .threads = threads,
                                       .seed = 1,
                                       .real = &few,
                                       .generated = &set,
                                       .epochs = 1,
                                       .epoch_images = EPOCH_IMAGES};
    progress_line(&c->progress, "timing a LeNet, %d channel%s", channels, channels == 1 ? "" : "s");
    const double start = progress_now();
    if (!status)
        status = pd_metric_measure(pd_metric_at(0), &in, &result, err);
    c->image_seconds[channels] = (progress_now() - start) / EPOCH_IMAGES;
    free(images);
    free(labels);
    return status;
}

/* --- a study at a scale --- */

struct sums {
    int64_t runs, done;
    double gflop, seconds; /* of what is left */
};

static enum pd_status add_run(struct clock *c, const struct pd_reproduce *r, int64_t run, struct sums *sums,
                              struct pd_error *err)
{
    struct pd_reproduce_run what;
    struct pd_reproduce_cost cost;
    const struct timed *step = NULL;
    pd_reproduce_run_at(r, run, &what);
    sums->runs++;
    sums->done += what.done;
    if (what.done)
        return PD_OK;
    pd_reproduce_cost(r, run, &cost);
    const bool points = !strcmp(cost.step.model, "mlp"); /* its classifier is small */
    enum pd_status status = time_step(c, &cost.step, &step, err);
    if (!status && !points && cost.images > 0 && c->image_seconds[cost.step.channels] == 0)
        status = time_classifier(c, cost.step.channels, cost.step.threads, err);
    if (status)
        return status;
    sums->gflop += cost.steps * step->gflop;
    sums->seconds += cost.steps * step->seconds;
    sums->seconds += points ? 0 : cost.images * c->image_seconds[cost.step.channels];
    return PD_OK;
}

/* Whether a set's files are there: by their names alone, as `data list` looks. */
static const char *where_is(const char *data, const char *dir)
{
    const struct pd_data_source *source;
    const struct pd_published *published = pd_published_find(data, NULL);
    if (pd_data_source_find(data, &source, NULL))
        return " (unknown)";
    if ((source->installed && !access(source->installed, R_OK)) ||
        (published && dir && *dir && pd_published_is_there(published, dir)))
        return "";
    if (!published && strcmp(data, "lsun") != 0 && strcmp(data, "emnist") != 0)
        return ""; /* it is made, or a person's own */
    return published ? " (not there: 'paydirt data get' fetches it)" : " (not looked for)";
}

static void list_data(const struct pd_reproduce *r, const char *dir)
{
    const char *shown[64];
    int count = 0;
    for (int64_t i = 0; i < pd_reproduce_run_count(r); i++) {
        struct pd_reproduce_run run;
        bool known = false;
        pd_reproduce_run_at(r, i, &run);
        for (int k = 0; k < count; k++)
            known = known || !strcmp(shown[k], run.data);
        if (known || count == 64)
            continue;
        say(stdout, "%s %s%s", count ? "," : "    data:", run.data, where_is(run.data, dir));
        shown[count++] = run.data;
    }
    printf("\n");
}

static enum pd_status list_scale(struct clock *c, const char *name,
                                 const struct pd_reproduce_options *options, struct pd_error *err)
{
    struct pd_reproduce *r;
    struct sums sums = {0, 0, 0, 0};
    const char *line;
    char time[32];
    enum pd_status status = pd_reproduce_open(name, options, &r, err);
    for (int64_t i = 0; !status && i < pd_reproduce_run_count(r); i++)
        status = add_run(c, r, i, &sums, err);
    if (!status) {
        say(stdout,
            "  %-6s %5lld runs, %lld done; left: %.3g TFLOP in training steps, %s one after the other\n",
            pd_reproduce_scale(r), (long long)sums.runs, (long long)sums.done, 1e-3 * sums.gflop,
            say_time(sums.seconds, time));
        list_data(r, options->data_dir);
        for (size_t i = 0; (line = pd_reproduce_missing(r, i)); i++)
            say(stdout, "    not done: %s\n", line);
        fflush(stdout);
    }
    pd_reproduce_close(r);
    return status;
}

/* Those that need Inception's weights are listed as if they were there. */
static enum pd_status list_study(struct clock *c, const char *name, bool alone,
                                 const struct pd_reproduce_options *options, struct pd_error *err)
{
    struct pd_reproduce *r;
    struct pd_reproduce_options o = *options;
    const char *scale, *note;
    o.weights = o.weights && *o.weights ? o.weights : "?";
    const bool all = !o.scale || !*o.scale;
    if (all)
        o.scale = "";
    enum pd_status status = pd_reproduce_open(name, &o, &r, err);
    if (!status)
        say(stdout, "%s: %s\n", pd_reproduce_name(r), pd_reproduce_about(r));
    for (size_t i = 0; !status && alone && (note = pd_reproduce_note(r, i)); i++)
        say(stdout, "  note: %s\n", note);
    for (size_t i = 0; !status && all && (scale = pd_reproduce_scale_at(r, i)); i++) {
        o.scale = scale;
        status = list_scale(c, name, &o, err);
    }
    if (!status && !all)
        status = list_scale(c, name, &o, err);
    pd_reproduce_close(r);
    return status;
}

enum pd_status studies_list(const char *name, const struct pd_reproduce_options *options,
                            struct pd_error *err)
{
    struct clock *c = calloc(1, sizeof *c);
    enum pd_status status = PD_OK;
    const char *other;
    if (!c)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the list");
    if (name)
        status = list_study(c, name, true, options, err);
    for (size_t i = 0; !name && !status && (other = pd_reproduce_at(i)); i++)
        status = list_study(c, other, false, options, err);
    progress_end(&c->progress);
    free(c);
    return status;
}
