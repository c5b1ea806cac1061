#include "run/setup.h"

#include "base/mem.h"
#include "base/pass_on.h"
#include "base/words.h"
#include "engine/backend.h"
#include "io/file.h"
#include "io/ranks.h"
#include "metric/metric.h"
#include "run/curves.h"
#include "run/folder.h"
#include "run/step.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- batches --- */

static enum pd_status open_loader(const struct pd_train_options *o, int size, const struct pd_ranks *ranks,
                                  struct pd_setup *s, struct pd_error *err)
{
    const struct pd_loader_options options = {.batch = (uint32_t)o->batch,
                                              .size = size,
                                              .random_crop = o->random_crop,
                                              .flip = o->flip,
                                              .seed = (uint64_t)o->seed,
                                              .min_epoch = (uint32_t)o->min_epoch,
                                              .labelled_per_batch = (uint32_t)o->labels_per_batch,
                                              .labelled_only = o->labelled_only,
                                              .partial_batch = o->partial_batch,
                                              .prefetch = true,
                                              .ranks = ranks};
    enum pd_status status = pd_loader_create(s->data, s->use, &options, &s->loader, err);
    if (status)
        return status;
    s->steps_per_epoch = pd_loader_steps_per_epoch(s->loader);
    if (o->labels_per_batch && pd_loader_labelled(s->loader) == pd_loader_images(s->loader))
        pd_dataset_add_note(s->data, "all images have a label: batches are mixed as they come");
    else if (o->labels_per_batch == o->batch) {
        pd_dataset_add_note(
            s->data, "a batch is of labelled images alone: the %llu without a label are not trained on",
            (unsigned long long)(pd_loader_images(s->loader) - pd_loader_labelled(s->loader)));
        pd_note_hint(s->data->note, "labels-per-batch");
    }
    return PD_OK;
}

/* A run that began before images joined goes on without them: they are the last. */
static enum pd_status cut(const char *run, struct pd_dataset *d, struct pd_error *err)
{
    struct pd_roster roster;
    if (!run || !pd_roster_is_in(run))
        return PD_OK;
    enum pd_status status = pd_roster_read(run, &roster, err);
    if (!status && roster.count < d->count)
        d->count = roster.count;
    pd_roster_release(&roster);
    return status;
}

/* --- networks --- */

/* All ranks on a device of one kind, which know each other. */
static enum pd_status join(struct pd_backend *b, struct pd_ranks *ranks, struct pd_error *err)
{
    enum pd_status status = pd_ranks_compare(ranks, "the device is", b->where ? "cuda" : "here", err);
    if (!status && b->type->open_ranks)
        status = pd_ranks_agree(ranks, b->type->open_ranks(b, err), err);
    b->ranks = ranks;
    if (!status && b->type->join)
        status = pd_ranks_agree(ranks, b->type->join(b, ranks, err), err);
    return status;
}

static enum pd_status open_backend(const struct pd_train_options *o, struct pd_ranks *ranks,
                                   struct pd_setup *s, struct pd_error *err)
{
    const int threads = o->threads ? (int)o->threads : pd_ranks_threads(ranks);
    const enum pd_status status =
        pd_ranks_agree(ranks, pd_backend_open(o->device, o->precision, threads, &s->backend, err), err);
    return status || !ranks ? status : join(s->backend, ranks, err);
}

static enum pd_status open_gan(const struct pd_train_options *o, int size, struct pd_ranks *ranks,
                               struct pd_setup *s, struct pd_error *err)
{
    const struct pd_model *model = pd_model_find(o->model, err);
    struct pd_model_config config;
    if (!model)
        return PD_ERR_USAGE;
    enum pd_status status = pd_model_configure(model, s->data->channels, size, s->data->classes,
                                               (int)o->z_dim, o->width, &config, err);
    if (!status)
        status = open_backend(o, ranks, s, err);
    if (!status)
        status = pd_gan_create(&config, s->backend, (uint64_t)o->seed, &s->gan, err);
    if (!status)
        s->gan->scale = s->data->scale;
    return status ? status : pd_class_names_copy(s->data, &s->gan->classes, err);
}

/* Option "best": on images held out, which is all that a run lends a metric. */
static bool can_judge(const char *name, struct pd_error *err)
{
    const struct pd_metric *m;
    const char *names[16];
    char list[128];
    size_t n = 0;
    for (int i = 0; (m = pd_metric_at(i)) && n < sizeof names / sizeof names[0]; i++)
        if (!(m->needs & (PD_NEEDS_TRAINING | PD_NEEDS_ANY_FEATURES)))
            names[n++] = m->name;
    if (pd_word_at(name, names, n, sizeof names[0]) >= 0)
        return true;
    if (pd_metric_find(name, NULL))
        pd_hint(err,
                pd_fail(err, PD_ERR_USAGE, -1,
                        "best: '%s' needs more than the images held out: expected one of %s", name,
                        pd_join_words(list, sizeof list, names, n, sizeof names[0])),
                "best");
    else
        pd_unknown_word(err, "metric for the best epoch", name, names, n, sizeof names[0]);
    return false;
}

/* Options that look at labels, where none is to be learnt from. */
static enum pd_status check_classes(const struct pd_train_options *o, struct pd_error *err)
{
    const struct {
        const char *name;
        bool given;
    } all[] = {{"gold", o->gold},
               {"labels", o->labels},
               {"label-file", o->label_file[0]},
               {"labels-per-batch", o->labels_per_batch},
               {"labelled-only", o->labelled_only},
               {"fake-confidence", o->fake_confidence},
               {"consistency", o->consistency > 0}};
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !o->class_losses; i++)
        if (all[i].given)
            return pd_hint(
                err,
                pd_fail(err, PD_ERR_USAGE, -1, "%s: without class losses no label is looked at", all[i].name),
                "%s", all[i].name);
    if (o->mutual_information > 0 && o->class_losses)
        return pd_hint(
            err,
            pd_fail(err, PD_ERR_USAGE, -1,
                    "mutual-information %g: with class losses it is that of generated images already",
                    o->mutual_information),
            "expected beside it: class-losses=false");
    return PD_OK;
}

/* -1 alone is the loss's. */
static enum pd_status check_decays(const struct pd_train_options *o, struct pd_error *err)
{
    const struct {
        const char *name;
        double value;
    } all[] = {{"adam-beta1", o->adam_beta1}, {"adam-beta2", o->adam_beta2}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].value < 0 && all[i].value > -1)
            return pd_hint(err,
                           pd_fail(err, PD_ERR_USAGE, -1,
                                   "%s %g: expected 0 or more and below 1, or -1 for the loss's", all[i].name,
                                   all[i].value),
                           "%s", all[i].name);
    return PD_OK;
}

static enum pd_status check_size(const struct pd_model *model, int size, struct pd_error *err)
{
    const int step = model->size_step;
    enum pd_status status = pd_model_check_size(model, size, err);
    if (!status || !size || model->points)
        return status;
    return pd_hint(err, pd_hint(err, status, "size=%d", (size + step - 1) / step * step), "model");
}

enum pd_status pd_setup_check_names(const struct pd_train_options *o, struct pd_error *err)
{
    unsigned augment;
    const struct pd_model *model = o->model[0] ? pd_model_find(o->model, err) : NULL;
    if ((o->model[0] && !model) || (o->loss[0] && !pd_loss_find(o->loss, err)) || !can_judge(o->best, err))
        return PD_ERR_USAGE;
    enum pd_status status = pd_augment_parse(o->diffaug, &augment, err);
    if (!status)
        status = pd_augment_parse(o->strong_augment, &augment, err);
    if (!status)
        status = pd_backend_check_device(o->device, o->precision, err);
    if (!status)
        status = pd_run_curves_check(o, err);
    if (!status)
        status = check_decays(o, err);
    if (!status && model && !model->points && o->size)
        status = check_size(model, (int)o->size, err);
    return status;
}

/* GOLD begins, and top-k falls, with the steps, which may be too few. */
static void note_schedule(const struct pd_train_options *o, uint64_t steps, struct pd_dataset *data)
{
    if (steps < (uint64_t)o->critic_steps) {
        pd_dataset_add_note(data,
                            "the generator learns in every %lldth step, and there are %llu: it never does",
                            (long long)o->critic_steps, (unsigned long long)steps);
        pd_note_hint(data->note, "epochs");
    }
    if (o->gold && !pd_run_is_gold(o, steps - 1, steps)) {
        pd_dataset_add_note(data,
                            "gold-start %g: of %llu step%s none comes after that part, so GOLD never begins",
                            o->gold_start, (unsigned long long)steps, pd_plural(steps));
        pd_note_hint(data->note, "gold-start");
    }
    const double last = pd_run_top_k(o, (uint64_t)o->epochs - 1);
    if (last > o->top_k)
        pd_dataset_add_note(
            data,
            "top-k %g: it falls by a hundredth an epoch, to %.2f in the last of %lld; %.0f epochs reach it",
            o->top_k, last, (long long)o->epochs, 1 + ceil(log(o->top_k) / log(0.99)));
}

/* What the options leave to the model and its loss. */
static enum pd_status settle(struct pd_train_options *o, int channels, int size, struct pd_error *err)
{
    if (!o->model[0])
        snprintf(o->model, sizeof o->model, "%s", pd_default_model(channels, size));
    const struct pd_model *model = pd_model_find(o->model, err);
    if (!model)
        return PD_ERR_USAGE;
    const struct pd_loss *loss = pd_model_loss(model, o->loss, err);
    if (!loss || !can_judge(o->best, err) || pd_run_curves_check(o, err) || check_decays(o, err))
        return PD_ERR_USAGE;
    enum pd_status status = check_size(model, size, err);
    if (status)
        return status;
    snprintf(o->loss, sizeof o->loss, "%s", loss->name);
    o->critic_steps = o->critic_steps ? o->critic_steps : loss->critic_steps;
    o->lr = o->lr > 0 ? o->lr : loss->adam.lr;
    o->adam_beta1 = o->adam_beta1 >= 0 ? o->adam_beta1 : loss->adam.beta1;
    o->adam_beta2 = o->adam_beta2 >= 0 ? o->adam_beta2 : loss->adam.beta2;
    return PD_OK;
}

static enum pd_status check_step(const struct pd_train_options *o, int size, struct pd_error *err)
{
    const struct {
        const char *name, *which;
        bool given;
    } of_images[] = {{"diffaug", "", o->diffaug[0]},
                     {"consistency", ", which can be changed", o->consistency > 0},
                     {"rotation", ", which can be turned", o->rotation > 0}};
    unsigned augment;
    if (o->gold && !pd_loss_find(o->loss, NULL)->ratio)
        return pd_hint(
            err,
            pd_hint(err,
                    pd_fail(err, PD_ERR_USAGE, -1,
                            "gold with loss %s: GOLD reads the logit as a log density ratio, which "
                            "another loss makes it",
                            o->loss),
                    "gold"),
            "loss=gan");
    for (size_t i = 0; i < sizeof of_images / sizeof of_images[0] && !size; i++)
        if (of_images[i].given)
            return pd_hint(err,
                           pd_fail(err, PD_ERR_USAGE, -1, "%s: for images%s, and the data are 2-D points",
                                   of_images[i].name, of_images[i].which),
                           "%s", of_images[i].name);
    enum pd_status status = pd_augment_parse(o->diffaug, &augment, err);
    return status ? status : pd_augment_parse(o->strong_augment, &augment, err);
}

struct pd_step_options pd_setup_step(const struct pd_train_options *o)
{
    struct pd_step_options s = pd_step_defaults();
    s.batch = o->batch;
    s.lambda_c = o->lambda_c;
    s.beta_d = o->beta_d;
    s.beta_g = o->beta_g;
    s.gold_balanced = o->gold_balanced;
    s.gold_normalised = o->gold_normalised;
    s.gold_clip = o->gold_clip;
    s.gold_broadcast = o->gold_broadcast;
    s.gold_epsilon = o->gold_epsilon;
    s.separate_forwards = o->separate_forwards;
    s.adversarial = o->adversarial;
    s.no_classes = !o->class_losses;
    s.mutual_information = o->mutual_information;
    s.match_labels = o->match_labels;
    s.fake_confidence = o->fake_confidence;
    s.loss = pd_loss_find(o->loss, NULL)->kind;
    s.critic_steps = (int)o->critic_steps;
    s.ema = o->ema;
    s.sync_statistics = o->sync_statistics;
    pd_augment_parse(o->diffaug, &s.augment, NULL);
    s.ema_d = o->ema_d;
    s.consistency = (struct pd_consistency_options){
        .weight = o->consistency, .threshold = o->threshold, .align = o->align};
    pd_augment_parse(o->strong_augment, &s.consistency.augment, NULL);
    s.rotation = o->rotation;
    s.rotation_g = o->rotation > 0 ? o->rotation_g : 0;
    s.adam.lr = o->lr;
    s.adam.beta1 = o->adam_beta1;
    s.adam.beta2 = o->adam_beta2;
    return s;
}

/* --- what can be known before the images are --- */

static enum pd_status estimate(const struct pd_train_options *o, const struct pd_dataset *d, int size,
                               bool no_files, struct pd_estimate *out, struct pd_error *err)
{
    const struct pd_estimate_data data = {
        .channels = d->channels,
        .classes = d->classes,
        .size = size,
        .no_files = no_files,
        .bytes = d->map ? 0 : (double)d->count * (double)pd_dataset_image_size(d)};
    enum pd_status status = pd_estimate_make(o, &data, out, err);
    return status ? status : pd_estimate_check(o, &data, out, err);
}

static enum pd_status check_labels(const struct pd_early_check *check, const struct pd_dataset *listed,
                                   struct pd_error *err)
{
    struct pd_dataset d = *listed;
    if (check->label_file && access(check->label_file, R_OK))
        return pd_fail_io(err, check->label_file, "open", errno);
    if (check->label_file)
        return pd_file_check_lasting(check->label_file, err);
    if (check->o->data_count)
        return PD_OK;
    uint8_t *use = pd_calloc(d.count, 1);
    enum pd_status status = use ? pd_run_labels(check->o, NULL, &d, use, err)
                                : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", d.count);
    pd_free(use);
    return status;
}

static enum pd_status check_as(const struct pd_early_check *check, const struct pd_dataset *listed,
                               int channels, struct pd_error *err)
{
    struct pd_train_options o = *check->o;
    struct pd_dataset d = *listed;
    struct pd_estimate ignored;
    int size;
    d.channels = channels;
    enum pd_status status = pd_backend_check_device(o.device, o.precision, err);
    if (!status)
        status = pd_run_image_size(&o, &size, err);
    if (!status)
        status = settle(&o, channels, size, err);
    if (!status)
        status = check_step(&o, size, err);
    if (!status)
        status = check_labels(check, &d, err);
    return status ? status : estimate(&o, &d, size, false, &ignored, err);
}

/* Whether the images have colours, by which the model is chosen, only their decoding shows: what one of its
 * models can be is not refused. */
static enum pd_status check_early(void *context, const struct pd_dataset *listed, struct pd_error *err)
{
    const struct pd_early_check *check = context;
    struct pd_error colour, grey;
    const enum pd_status status = check_as(check, listed, 3, &colour);
    if (!status || check->o->model[0] || status == PD_ERR_MEMORY || status == PD_ERR_IO)
        return status ? pd_pass_on(&colour, err) : PD_OK;
    if (!check_as(check, listed, 1, &grey))
        return PD_OK;
    if (strcmp(colour.message, grey.message) != 0)
        snprintf(colour.message + strlen(colour.message), sizeof colour.message - strlen(colour.message),
                 "; where all are grey: %s", grey.message);
    return pd_pass_on(&colour, err);
}

static bool pass_on(void *context, const char *unit, uint64_t done, uint64_t count)
{
    const struct pd_data_watch *watch = ((const struct pd_early_check *)context)->watch;
    return watch && watch->decoding && watch->decoding(watch->context, unit, done, count);
}

struct pd_data_watch pd_early_check_watch(struct pd_early_check *check)
{
    return (struct pd_data_watch){check, pass_on, check_early};
}

/* And says which classes are without. */
static enum pd_status draw_labels(const struct pd_train_options *o, const char *label_file,
                                  struct pd_setup *s, struct pd_error *err)
{
    size_t *before = pd_calloc((size_t)s->data->classes + 1, sizeof *before);
    s->use = pd_calloc(s->data->count, 1);
    enum pd_status status = PD_ERR_MEMORY;
    if (before && s->use) {
        pd_label_count_classes(s->data, NULL, before);
        status = pd_run_labels(o, label_file, s->data, s->use, err);
    } else
        pd_fail(err, status, -1, "out of memory for %u labels", s->data->count);
    if (!status && o->class_losses)
        status = pd_label_note(s->data, s->use, before, err);
    const uint32_t held = status ? 0 : pd_label_count(s->data, s->use, PD_HELD_OUT);
    if (held && !s->borrowed)
        pd_dataset_add_note(s->data, "%u image%s held out for validation: %u for training", held,
                            held > 1 ? "s are" : " is", s->data->count - held);
    pd_free(before);
    return status;
}

/* Those of the options, or of a roster. */
static enum pd_status read_data(const struct pd_train_options *o, const struct pd_setup_from *from,
                                const struct pd_data_watch *watch, struct pd_setup *s, struct pd_error *err)
{
    struct pd_early_check check = {o, from->label_file, watch};
    const struct pd_data_watch early = pd_early_check_watch(&check);
    enum pd_status status = from->roster
                                ? pd_run_dataset_again(o, from->roster, false, watch, &s->data, err)
                                : pd_run_dataset(o, PD_SPLIT_TRAIN, PD_PIXELS_UNKNOWN, &early, &s->data, err);
    if (!status)
        status = from->roster ? cut(from->run, s->data, err) : pd_run_roster(o, s->data, &s->roster, err);
    return status;
}

static enum pd_status open_data(const struct pd_train_options *o, const struct pd_setup_from *from,
                                const struct pd_data_watch *watch, int size, struct pd_setup *s,
                                struct pd_error *err)
{
    enum pd_status status = PD_OK;
    s->data = from->data;
    s->borrowed = from->data;
    s->note_size = from->data ? strlen(from->data->note) : 0;
    if (!from->data)
        status = read_data(o, from, watch, s, err);
    if (!status)
        status = draw_labels(o, from->label_file, s, err);
    return status ? status : open_loader(o, size, from->ranks, s, err);
}

/* Where nothing else is said, side of the images of people's own sets. */
enum { USUAL_SIZE = 32 };

static enum pd_status image_size(const struct pd_train_options *o, const struct pd_dataset *data, int *size,
                                 struct pd_error *err)
{
    if (!data)
        return pd_run_image_size(o, size, err);
    *size = data->points ? 0 : o->size ? (int)o->size : data->side ? data->side : USUAL_SIZE;
    return PD_OK;
}

enum pd_status pd_setup_open(struct pd_train_options *o, const struct pd_setup_from *from,
                             const struct pd_data_watch *watch, struct pd_setup *out, struct pd_error *err)
{
    int size;
    memset(out, 0, sizeof *out);
    enum pd_status status = check_classes(o, err);
    if (!status)
        status = image_size(o, from->data, &size, err);
    if (!status)
        status = open_data(o, from, watch, size, out, err);
    if (!status)
        status = settle(o, out->data->channels, size, err);
    if (!status)
        note_schedule(o, (uint64_t)o->epochs * out->steps_per_epoch, out->data);
    if (!status)
        status = check_step(o, size, err);
    if (!status)
        status = estimate(o, out->data, size, out->borrowed, &out->estimate, err);
    if (!status)
        status = open_gan(o, size, from->ranks, out, err);
    if (status)
        pd_setup_close(out);
    return status;
}

void pd_setup_close(struct pd_setup *s)
{
    pd_gan_destroy(s->gan);
    pd_backend_destroy(s->backend);
    pd_loader_destroy(s->loader);
    pd_free(s->use);
    pd_roster_release(&s->roster);
    if (s->borrowed)
        s->data->note[s->note_size] = '\0'; /* what this training had to say of them is no news to the next */
    else
        pd_dataset_destroy(s->data);
    memset(s, 0, sizeof *s);
}
