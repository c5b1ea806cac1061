/* One metric of a run, as often as asked. */
#include "cli/eval.h"

#include "cli/eval_features.h"
#include "cli/real_images.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void on_epoch(void *context, int epoch, int epochs, double loss)
{
    struct eval *e = context;
    char label[32], left[48];
    snprintf(label, sizeof label, "classifier %d/%d", epoch, epochs);
    progress_update(&e->progress, (uint64_t)epoch, label);
    if (!e->progress.terminal)
        progress_line(&e->progress, "%s  loss %.4f  %s", label, loss,
                      progress_left(&e->progress, left, sizeof left));
}

/* So many images make an epoch of its classifier: where nobody has said, all of a fixed set. */
static int64_t epoch_images(const struct eval *e, const struct pd_metric *metric)
{
    const int64_t set = trains_on_reals(metric) ? e->training.count
                        : e->set.samples        ? e->set.samples->count
                                                : 0;
    if (e->o->epoch_given || !set)
        return e->o->epoch_images;
    return set > PD_METRIC_BATCH ? set : PD_METRIC_BATCH;
}

static size_t cells(const struct eval *e)
{
    return (size_t)pd_gan_classes(e->gan) * (size_t)pd_gan_classes(e->gan);
}

/* With what it needs at hand. */
static enum pd_status measure_value(struct eval *e, const struct finding *f, struct pd_metric_result *result,
                                    struct pd_error *err)
{
    const struct pd_metric *metric = f->metric;
    const struct pd_samples *made = e->set.samples;
    const struct pd_labelled_images real = {e->real.images, e->real.labels, e->real.count};
    const struct pd_labelled_images training = {e->training.images, e->training.labels, e->training.count};
    const struct pd_labelled_images set = {made ? made->images : NULL, made ? made->labels : NULL,
                                           made ? made->count : 0};
    struct pd_metric_input in = {.seed = e->seed,
                                 .real = &real,
                                 .training = &training,
                                 .generated = made ? &set : NULL,
                                 .classifier = e->o->classifier,
                                 .augment = e->o->augment,
                                 .epochs = (int)e->o->epochs,
                                 .decay_every = (int)e->o->decay_every,
                                 .partial_batch = e->o->partial_batch,
                                 .epoch_images = f->epoch_images,
                                 .features = &e->features,
                                 .judge = &e->judge,
                                 .confusion = f->confusion ? f->confusion + cells(e) : NULL,
                                 .progress = on_epoch,
                                 .progress_context = e};
    enum pd_status status =
        metric->needs & PD_NEEDS_SCORES ? real_recalibrate(e->run, PD_ORIGIN_REAL, NULL, err) : PD_OK;
    e->steps.label = metric->name;
    if (metric->needs & PD_NEEDS_CLASSIFIER)
        progress_begin(&e->progress, 0, (uint64_t)in.epochs, (double)in.epoch_images, "images");
    if (!status)
        status = pd_gan_measure(e->gan, metric, &in, result, err);
    if (!status && (e->o->repeats == 1 || !depends_on_seed(e->o, metric)))
        status = feature_bootstrap(metric, &in, e->bootstrap, result, err);
    progress_end_work(&e->steps);
    return status;
}

/* --- repeats --- */

/* Into the mean of the repeats so far. */
static void take(struct finding *f, const struct pd_metric_result *once, double rate)
{
    const double n = ++f->repeats;
    f->rate += (rate - f->rate) / n;
    f->values[f->repeats - 1] = once->value;
    if (f->repeats == 1) {
        f->result = *once;
        return;
    }
    for (int i = 0; i < once->count; i++) {
        double *mean = &f->result.numbers[i].value;
        *mean += (once->numbers[i].value - *mean) / n;
    }
    f->result.value = f->result.numbers[0].value;
}

/* The standard error of the mean of repeats takes the place of one over images. */
static void summarise(struct finding *f)
{
    double sum = 0;
    for (int i = 0; i < f->repeats; i++)
        sum += pow(f->values[i] - f->result.value, 2);
    const double deviation = sqrt(sum / (f->repeats - 1));
    f->result.error = deviation / sqrt(f->repeats);
    pd_metric_set(&f->result, "error", f->result.error);
}

enum pd_status eval_measure(struct eval *e, struct finding *f, struct pd_error *err)
{
    struct pd_metric_result once;
    const double start = progress_now();
    if (f->repeats && !depends_on_seed(e->o, f->metric))
        return PD_OK;
    f->epoch_images = epoch_images(e, f->metric);
    enum pd_status status = measure_value(e, f, &once, err);
    if (status)
        return status;
    f->seconds += progress_now() - start;
    take(f, &once, e->set.samples ? e->set.rate : 1);
    for (size_t i = 0; f->confusion && i < cells(e); i++)
        f->confusion[i] += f->confusion[cells(e) + i];
    if (e->o->repeats > 1) {
        char text[96];
        progress_line(&e->progress, "seed %llu: %s", (unsigned long long)e->seed,
                      pd_metric_text(f->metric, once.value, text, sizeof text));
    }
    const bool last =
        e->seed + 1 == (uint64_t)(e->o->seed + e->o->repeats) || !depends_on_seed(e->o, f->metric);
    if (last && f->repeats > 1)
        summarise(f);
    return last ? eval_tell(e, f, err) : PD_OK;
}
