/* What a metric has found of a run, as words, as JSON and as a picture. */
#include "cli/eval.h"

#include "cli/real_images.h"
#include "cli/say.h"

#include <paydirt/libraries.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A distance is by a LeNet, whatever else is asked for. */
static const char *classifier_of(const struct eval *e, const struct pd_metric *metric)
{
    int channels, side;
    pd_gan_shape(e->gan, &channels, &side);
    return !side ? "MLP" : takes_classifier(metric) ? e->o->classifier : "lenet";
}

/* What was measured with. */
static void describe_samples(const struct eval *e, const struct finding *f, char *text, size_t size)
{
    const struct pd_metric *metric = f->metric;
    const bool by_batch =
        e->o->batch_statistics && f->metric->needs & (PD_NEEDS_SAMPLES | PD_NEEDS_ANY_FEATURES);
    const char *comma = e->set.samples || by_batch ? ", " : "";
    const char *set = by_batch ? "by batch statistics" : e->set.words;
    if (metric->needs & PD_NEEDS_CLASSIFIER)
        snprintf(text, size, "%s, %lld epochs of %lld %s images%s%s; ", classifier_of(e, metric),
                 (long long)e->o->epochs, (long long)f->epoch_images,
                 trains_on_reals(metric) ? "real" : "generated", comma, set);
    else if (is_of_features(metric))
        snprintf(text, size, "%lld generated images%s%s; ", (long long)e->features.fake.count, comma, set);
    else if (metric->needs & PD_NEEDS_SAMPLES && e->set.samples)
        snprintf(text, size, "%s; ", set);
}

static void describe(const struct eval *e, const struct finding *f, char *line, size_t size)
{
    const struct pd_metric *metric = f->metric;
    const double own_accuracy = pd_metric_number(&f->result, "real_accuracy");
    char number[512], made[1300] = "", own[80] = "", spread[120] = "", statistics[80] = "";
    if (isfinite(own_accuracy))
        snprintf(own, sizeof own, "%.2f %% on ", 100 * own_accuracy);
    if (f->repeats > 1)
        snprintf(spread, sizeof spread, "mean of %d, standard error %.3g%s; ", f->repeats,
                 metric->scale * f->result.error, metric->unit);
    describe_samples(e, f, made, sizeof made);
    if (metric->needs & PD_NEEDS_SCORES)
        real_statistics(e->gan, statistics, sizeof statistics);
    snprintf(line, size, "%s  (%s%s%s%s%s%lld %s images of %s; step %llu; %.0f s)",
             is_of_features(metric) ? finding_text(metric, &f->result, number, sizeof number)
                                    : pd_metric_text(metric, f->result.value, number, sizeof number),
             spread, made, statistics, statistics[0] ? "; " : "", own, (long long)e->real.count,
             pd_split_name(e->split), pd_dataset_name(e->data), (unsigned long long)pd_run_step(e->run),
             f->seconds);
}

enum { CLASSES_TOLD = 100 }; /* of more the table is in the picture alone */

/* A row for each class, of what it was taken for. NULL: out of memory. */
static json_t *pack_confusion(const int64_t *confusion, int classes)
{
    json_t *rows = json_array();
    for (int i = 0; i < classes; i++) {
        json_t *row = json_array();
        for (int k = 0; k < classes; k++)
            json_array_append_new(row, json_integer((json_int_t)confusion[(int64_t)i * classes + k]));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* Of each repeat. */
static json_t *pack_values(const struct finding *f)
{
    json_t *values = json_array();
    for (int i = 0; i < f->repeats; i++)
        json_array_append_new(values, json_real(f->values[i]));
    return values;
}

static void pack_inputs(const struct eval *e, const struct finding *f, json_t **result)
{
    const unsigned needs = f->metric->needs;
    const struct pd_samples *set = e->set.samples;
    if (trains_on_reals(f->metric))
        finding_add(result, json_pack("{s:I}", "training_images", (json_int_t)e->training.count));
    if (needs & PD_NEEDS_CLASSIFIER)
        finding_add(result, json_pack("{s:s, s:b, s:I, s:I}", "classifier", classifier_of(e, f->metric),
                                      "augment", e->o->augment, "epochs", (json_int_t)e->o->epochs,
                                      "epoch_images", (json_int_t)f->epoch_images));
    if (needs & PD_NEEDS_CLASSIFIER && (e->o->decay_every || e->o->partial_batch))
        finding_add(result, json_pack("{s:I, s:b}", "decay_every", (json_int_t)e->o->decay_every,
                                      "partial_batch", e->o->partial_batch));
    if (f->confusion && pd_gan_classes(e->gan) <= CLASSES_TOLD)
        finding_add(result,
                    json_pack("{s:o}", "confusion", pack_confusion(f->confusion, pd_gan_classes(e->gan))));
    if (needs & (PD_NEEDS_REAL | PD_NEEDS_MOMENTS | PD_NEEDS_FEATURES))
        finding_add(result, json_pack("{s:I, s:s, s:i, s:s}", "test_images", (json_int_t)e->real.count,
                                      "data", pd_dataset_name(e->data), "classes",
                                      pd_dataset_classes(e->data), "split", pd_split_name(e->split)));
    if (is_of_features(f->metric))
        finding_add(result, json_pack("{s:I, s:s, s:s}", "generated_images",
                                      (json_int_t)e->features.fake.count, "resize",
                                      "tensorflow1 bilinear 299", "weights", pd_inception_checksum(e->net)));
    if (needs & (PD_NEEDS_SAMPLES | PD_NEEDS_ANY_FEATURES))
        finding_add(result, json_pack("{s:s, s:I, s:f}", "samples",
                                      set                      ? e->set.words
                                      : e->o->batch_statistics ? "fresh, by batch statistics"
                                                               : "fresh",
                                      "set", (json_int_t)(set ? set->count : 0), "rate", f->rate));
    if (e->set.method)
        finding_add(result, json_pack("{s:s}", "reject", e->set.method));
    if (e->set.keep > 0)
        finding_add(result,
                    json_pack("{s:f, s:b}", "keep", e->set.keep, "tradeoff", e->o->tradeoff[0] != '\0'));
    if (needs & PD_NEEDS_SCORES)
        finding_add(result,
                    json_pack("{s:I}", "statistics", (json_int_t)pd_gan_statistics(e->gan, PD_ORIGIN_REAL)));
}

static json_t *pack(const struct eval *e, const struct finding *f)
{
    json_t *result = pd_metric_pack(f->metric, &f->result);
    if (f->repeats > 1)
        finding_add(&result, json_pack("{s:i, s:o}", "repeats", f->repeats, "values", pack_values(f)));
    pack_inputs(e, f, &result);
    finding_add(&result, json_pack("{s:I, s:I, s:f}", "step", (json_int_t)pd_run_step(e->run), "seed",
                                   (json_int_t)e->o->seed, "seconds", f->seconds));
    return result;
}

struct drawing {
    const struct eval *eval;
    const struct finding *finding;
};

/* RUN/confusion-METRIC.png, where there is something to draw, and with what. */
static enum pd_status draw(void *context, struct pd_error *err)
{
    const struct drawing *drawing = context;
    const struct eval *e = drawing->eval;
    const struct finding *f = drawing->finding;
    const int classes = pd_gan_classes(e->gan);
    char path[1300], title[128];
    if (!f->confusion || pd_library_need("cairo", NULL) || classes > PD_CONFUSION_DRAWN)
        return PD_OK;
    char(*names)[PD_CLASS_NAME_SIZE] = calloc((size_t)classes, sizeof *names);
    const char **list = calloc((size_t)classes, sizeof *list);
    if (!names || !list) {
        free(names);
        free(list);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", classes);
    }
    for (int i = 0; i < classes; i++)
        list[i] = pd_gan_class_name(e->gan, i, names[i], sizeof names[i]);
    snprintf(path, sizeof path, "%s/confusion-%s.png", e->folder, f->metric->name);
    pd_metric_text(f->metric, f->result.value, title, sizeof title);
    enum pd_status status = pd_confusion_draw(path, classes, f->confusion, list, title, err);
    free(names);
    free(list);
    return status;
}

/* What took minutes is printed before it is stored, which may fail; the line comes last, so that what was
 * stopped on the way and is done again stands in the file once. */
enum pd_status eval_tell(struct eval *e, const struct finding *f, struct pd_error *err)
{
    char *text, words[2000];
    errno = 0;
    enum pd_status status = say_json_text(pack(e, f), 10, "no result", &text, err);
    if (status)
        return status;
    describe(e, f, words, sizeof words);
    if (f->result.note[0])
        progress_line(&e->progress, "%s: %s", f->metric->name, f->result.note);
    if (e->o->json)
        printf("%s\n", text);
    else
        say(stdout, "%s\n", words);
    const int unwritten = fflush(stdout) ? errno : 0;
    struct drawing drawing = {e, f};
    status = pd_run_add_drawn_result(e->folder, text, draw, &drawing, err);
    free(text);
    return status || !unwritten ? status : say_unwritten(unwritten, err);
}
