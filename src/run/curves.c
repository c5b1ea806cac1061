#include "run/curves.h"

#include "base/clock.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/json.h"
#include "metric/metric.h"
#include "run/recalibrate.h"
#include "run/results.h"

#include <paydirt/inception.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pd_run_curves {
    struct pd_run_model run; /* the options, and networks that move on */
    const struct pd_dataset *data;
    struct pd_metric_list metrics;
    struct pd_real_images real, training; /* of the test split; of the training split, for judges */
    struct pd_trained *judge;             /* once for all epochs */
    struct pd_inception *net;
    struct pd_metric_features features; /* of the real images, once; of samples, each time */
    char data_name[1024], note[256];
    int classes;
};

enum pd_status pd_run_curves_check(const struct pd_train_options *o, struct pd_error *err)
{
    struct pd_metric_list list;
    if (!o->eval_every)
        return PD_OK;
    enum pd_status status = pd_metric_list_read(o->metrics, &list, err);
    if (!status && pd_metric_list_has(&list, "frechet"))
        status = pd_fail(err, PD_ERR_USAGE, -1,
                         "metrics: frechet is of files of features: of a run's images "
                         "it is fid, or frechet-lenet");
    if (!status && list.needs & PD_NEEDS_ANY_FEATURES && !o->weights[0])
        status = pd_hint(err,
                         pd_fail(err, PD_ERR_USAGE, -1,
                                 "metrics: %s: Inception's weights are missing, which people get from %s "
                                 "(without them: frechet-lenet)",
                                 o->metrics, PD_INCEPTION_URL),
                         "weights");
    return status;
}

/* --- what is measured on --- */

static enum pd_status open_test(struct pd_run_curves *c, const struct pd_data_watch *watch,
                                struct pd_error *err)
{
    struct pd_dataset *data = NULL;
    enum pd_status status =
        pd_run_data(&c->run, NULL, PD_SPLIT_TEST, PD_RUN_LABELS_BY_NAME, watch, &data, err);
    if (status)
        return pd_hint(err, status, "no curves: eval-every=0");
    uint32_t without;
    status =
        pd_run_images_to_measure(&c->run, data, c->metrics.needs & PD_NEEDS_REAL, &c->real, &without, err);
    if (!status && without)
        snprintf(c->note, sizeof c->note, "%.150s: %u of %u test images have no label and are left out",
                 data->name, without, data->count);
    snprintf(c->data_name, sizeof c->data_name, "%s", data->name);
    c->classes = data->classes;
    pd_dataset_destroy(data);
    return status;
}

/* Once the folder says which they are. */
static enum pd_status open_training(struct pd_run_curves *c, struct pd_error *err)
{
    struct pd_dataset *data = NULL;
    enum pd_status status = pd_run_training_data(&c->run, NULL, &data, err);
    if (!status)
        status = pd_run_images(&c->run, data, PD_RUN_IMAGES_KNOWN, &c->training, err);
    pd_dataset_destroy(data);
    return status;
}

enum pd_status pd_run_curves_open(const struct pd_train_options *options, const struct pd_dataset *data,
                                  struct pd_gan *gan, const struct pd_data_watch *watch,
                                  struct pd_run_curves **out, struct pd_error *err)
{
    *out = NULL;
    if (!options->eval_every)
        return PD_OK;
    struct pd_run_curves *c = pd_calloc(1, sizeof *c);
    if (!c)
        return pd_fail_memory(err, options->metrics);
    c->run.options = *options;
    c->run.gan = gan;
    c->data = data;
    c->features.work.threads = (int)options->threads;
    enum pd_status status = pd_metric_list_read(options->metrics, &c->metrics, err);
    if (!status && c->metrics.needs & PD_NEEDS_ANY_FEATURES)
        status = pd_inception_open(options->weights, (int)options->threads, &c->net, err);
    if (!status)
        status = open_test(c, watch, err);
    if (status)
        pd_run_curves_close(c);
    else
        *out = c;
    return status;
}

const char *pd_run_curves_note(const struct pd_run_curves *c)
{
    return c->note;
}

void pd_run_curves_close(struct pd_run_curves *c)
{
    if (!c)
        return;
    pd_real_images_release(&c->real);
    pd_real_images_release(&c->training);
    pd_trained_destroy(c->judge);
    pd_metric_features_release(&c->features);
    pd_inception_destroy(c->net);
    pd_free(c);
}

/* --- one measurement --- */

static enum pd_status see(struct pd_run_curves *c, struct pd_error *err)
{
    const struct pd_model_config *config = &c->run.gan->config;
    const struct pd_labelled_images real = pd_real_images_lend(&c->real);
    enum pd_status status = PD_OK;
    pd_feature_file_release(&c->features.fake);
    if (!c->features.real.count)
        status = pd_metric_see_real(&c->features, c->net, config->channels, config->size, &real, err);
    return status ? status
                  : pd_gan_see(c->run.gan, &c->features, c->net, c->run.options.eval_images,
                               (uint64_t)c->run.options.seed, err);
}

static enum pd_status measure(struct pd_run_curves *c, const struct pd_metric *metric,
                              struct pd_metric_result *result, struct pd_error *err)
{
    const struct pd_train_options *o = &c->run.options;
    const struct pd_labelled_images real = pd_real_images_lend(&c->real),
                                    training = pd_real_images_lend(&c->training);
    const struct pd_metric_input in = {.seed = (uint64_t)o->seed,
                                       .real = &real,
                                       .training = &training,
                                       .epochs = (int)o->eval_epochs,
                                       .features = &c->features,
                                       .judge = &c->judge};
    return pd_measure_now(c->run.gan, c->data, o->recalibrate, metric, &in, result, err);
}

static json_t *pack(const struct pd_run_curves *c, const struct pd_metric *metric,
                    const struct pd_metric_result *result, uint64_t epoch, uint64_t step, double seconds)
{
    const struct pd_train_options *o = &c->run.options;
    json_t *line = pd_metric_pack(metric, result);
    json_t *rest =
        json_pack("{s:I, s:I, s:I, s:s, s:i, s:s, s:I, s:f}", "epoch", (json_int_t)epoch, "step",
                  (json_int_t)step, "test_images", (json_int_t)c->real.count, "data", c->data_name, "classes",
                  c->classes, "split", "test", "seed", (json_int_t)o->seed, "seconds", seconds);
    if (metric->needs & PD_NEEDS_CLASSIFIER)
        json_object_update_new(rest, json_pack("{s:s, s:I}", "classifier",
                                               c->run.gan->config.size ? "lenet" : "MLP", "epochs",
                                               (json_int_t)o->eval_epochs));
    if (metric->needs & PD_NEEDS_TRAINING)
        json_object_set_new(rest, "training_images", json_integer((json_int_t)c->training.count));
    if (metric->needs & (PD_NEEDS_SAMPLES | PD_NEEDS_ANY_FEATURES))
        json_object_set_new(rest, "samples", json_string("fresh"));
    if (metric->needs & PD_NEEDS_ANY_FEATURES)
        json_object_update_new(
            rest, json_pack("{s:I, s:s, s:s}", "generated_images", (json_int_t)c->features.fake.count,
                            "resize", "tensorflow1 bilinear 299", "weights", pd_inception_checksum(c->net)));
    json_object_update(line, rest);
    json_decref(rest);
    return line;
}

static enum pd_status write_down(const struct pd_run_curves *c, json_t *line, struct pd_error *err)
{
    char *text;
    enum pd_status status =
        pd_json_text(line, JSON_COMPACT | JSON_REAL_PRECISION(10), c->run.folder, &text, err);
    if (!status)
        status = pd_run_add_result(c->run.folder, text, err);
    free(text);
    json_decref(line);
    return status;
}

enum pd_status pd_run_curves_measure(struct pd_run_curves *c, uint64_t epoch, uint64_t step,
                                     struct pd_journal *journal,
                                     void (*told)(void *context, const char *words), void *context,
                                     struct pd_error *err)
{
    enum pd_status status = PD_OK;
    snprintf(c->run.folder, sizeof c->run.folder, "%s", journal->folder);
    if (c->metrics.needs & PD_NEEDS_TRAINING && !c->training.count)
        status = open_training(c, err);
    if (!status && c->net)
        status = see(c, err);
    for (int i = 0; i < c->metrics.count && !status; i++) {
        const struct pd_metric *metric = c->metrics.at[i];
        const double begun = pd_seconds();
        struct pd_metric_result result;
        char number[96], words[160];
        status = measure(c, metric, &result, err);
        if (status)
            break;
        pd_mem_watch();
        status = write_down(c, pack(c, metric, &result, epoch, step, pd_seconds() - begun), err);
        pd_journal_number(journal, step, metric->name, result.value);
        snprintf(words, sizeof words, "epoch %llu: %s", (unsigned long long)epoch,
                 pd_metric_text(metric, result.value, number, sizeof number));
        if (!status && told)
            told(context, words);
    }
    return status ? status : pd_journal_flush(journal, err); /* before the checkpoint that says it is done */
}
