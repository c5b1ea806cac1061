#include "run/setup.h"

#include "base/mem.h"
#include "base/threads.h"
#include "data/labels/answers.h"
#include "data/digest.h"
#include "io/file.h"
#include "run/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- data and labels --- */

static enum pd_status open_whole(const struct pd_train_options *o, enum pd_split split,
                                 const struct pd_data_watch *watch, struct pd_dataset **out,
                                 struct pd_error *err)
{
    const struct pd_data_request request = {.name = o->data,
                                            .dir = o->data_dir[0] ? o->data_dir : NULL,
                                            .split = split,
                                            .seed = (uint64_t)o->data_seed,
                                            .count = split == PD_SPLIT_TRAIN ? (uint32_t)o->data_count : 0,
                                            .size = (int)o->size,
                                            .random_crop = o->random_crop && split == PD_SPLIT_TRAIN,
                                            .classes = o->classes,
                                            .metadata = o->metadata,
                                            .metadata_columns = o->metadata_columns,
                                            .cache = o->cache,
                                            .cache_dir = o->cache_dir,
                                            .threads = (int)o->threads,
                                            .watch = watch};
    return pd_dataset_open(&request, out, err);
}

static enum pd_status thin(const struct pd_train_options *o, struct pd_dataset *d, struct pd_error *err)
{
    const uint32_t most = (uint32_t)o->data_count;
    if (most > d->count)
        pd_dataset_add_note(d, "--data-count %u: there are only %u images, all are taken", most, d->count);
    return most && d->count > most ? pd_dataset_thin(d, most, (uint64_t)o->data_seed, err) : PD_OK;
}

static enum pd_status hand_over(enum pd_status status, struct pd_dataset **out)
{
    if (status) {
        pd_dataset_destroy(*out);
        *out = NULL;
    }
    return status;
}

enum pd_status pd_run_dataset(const struct pd_train_options *o, enum pd_split split,
                              const struct pd_data_watch *watch, struct pd_dataset **out,
                              struct pd_error *err)
{
    enum pd_status status = open_whole(o, split, watch, out, err);
    if (!status && split == PD_SPLIT_TRAIN)
        status = thin(o, *out, err);
    return hand_over(status, out);
}

enum pd_status pd_run_check_fit(const struct pd_dataset *d, const struct pd_model_config *c,
                                struct pd_error *err)
{
    const char *const kinds[] = {"images", "2-D points"};
    if (!d->points != (c->size > 0))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s' has %s, and the run's model makes %s",
                       d->name, kinds[d->points != NULL], kinds[c->size == 0]);
    if (d->channels != c->channels)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s' has %d channels, and the run's model %d",
                       d->name, d->channels, c->channels);
    return PD_OK;
}

/* A list of a part that was drawn is held against all there is. */
static enum pd_status restore(const struct pd_train_options *o, const char *folder, bool join,
                              struct pd_dataset *d, struct pd_error *err)
{
    struct pd_roster roster;
    enum pd_status status = pd_roster_read(folder, &roster, err);
    roster.drawn = o->data_count;
    roster.grows = join && *o->classes; /* these are what people have said, with what they added */
    if (!status && !roster.listed)
        status = thin(o, d, err);
    if (!status)
        status = pd_roster_restore(&roster, folder, join && !roster.drawn, d, err);
    pd_roster_release(&roster);
    return status;
}

enum pd_status pd_run_dataset_again(const struct pd_train_options *o, const char *folder, bool join,
                                    const struct pd_data_watch *watch, struct pd_dataset **out,
                                    struct pd_error *err)
{
    if (!pd_roster_is_in(folder))
        return pd_run_dataset(o, PD_SPLIT_TRAIN, watch, out, err);
    enum pd_status status = open_whole(o, PD_SPLIT_TRAIN, watch, out, err);
    return hand_over(status ? status : restore(o, folder, join, *out, err), out);
}

/* In people's own sets images come and go; published and drawn ones are all or nothing. */
enum pd_status pd_run_roster(const struct pd_train_options *o, const struct pd_dataset *data,
                             struct pd_roster *out, struct pd_error *err)
{
    enum pd_status status = pd_roster_make(data, out, err);
    out->listed = data->image_names || !pd_data_source_named(o->data);
    return status;
}

static void set_path(const char *value, char *path, size_t size)
{
    if (value)
        snprintf(path, size, "%s", value);
}

void pd_run_move(const struct pd_data_place *place, struct pd_train_options *o)
{
    set_path(place->data, o->data, sizeof o->data);
    set_path(place->data_dir, o->data_dir, sizeof o->data_dir);
    set_path(place->cache_dir, o->cache_dir, sizeof o->cache_dir);
    pd_run_absolute_paths(o);
}

enum pd_status pd_run_say_moved(const struct pd_train_options *o, enum pd_status status, struct pd_error *err)
{
    const char *place = o->data_dir[0] ? o->data_dir : o->data;
    if (!status || !err || *place != '/' || !pd_is_absent(place))
        return status;
    return pd_fail(err, status, -1, "%.350s; where it lies now, %s says", err->message,
                   place == o->data ? "--data" : "--data-dir");
}

static size_t labels_of(const struct pd_answers *answers)
{
    size_t n = 0;
    for (size_t i = 0; i < answers->count; i++)
        n += answers->at[i].label >= 0;
    return n;
}

/* A run learns from all of its file or does not begin. */
static enum pd_status take_label_file(const char *path, struct pd_dataset *data, uint8_t *use,
                                      struct pd_error *err)
{
    struct pd_answers answers;
    enum pd_status status = pd_file_check_lasting(path, err);
    if (!status)
        status = pd_answers_read_whole(path, data, &answers, err);
    if (status)
        return status;
    if (!labels_of(&answers))
        status =
            pd_fail(err, PD_ERR_FORMAT, -1, "%s: no row names a class, so there is nothing to learn from%s",
                    path, answers.predicted ? " (a model's predictions alone are no annotations)" : "");
    if (!status)
        pd_labels_apply(data, &answers, use);
    if (!status && answers.note[0])
        pd_dataset_add_note(data, "%s", answers.note);
    pd_answers_release(&answers);
    return status;
}

/* No copy of an image that validates is learnt from. */
static enum pd_status hold_copies(const struct pd_train_options *o, struct pd_dataset *data, uint8_t *use,
                                  struct pd_error *err)
{
    struct pd_digest *digests;
    uint32_t *first = NULL, copies = 0, held = 0;
    if (!data->pixels && !data->points) /* before they are decoded */
        return PD_OK;
    enum pd_status status = pd_dataset_digests(data, (int)o->threads, &digests, err);
    if (!status)
        status = pd_digest_copies(digests, data->count, &first, &copies, err);
    for (uint32_t i = 0; !status && copies && i < data->count; i++)
        if (use[i] == PD_HELD_OUT)
            use[first[i]] = PD_HELD_OUT;
    for (uint32_t i = 0; !status && copies && i < data->count; i++)
        if (use[first[i]] == PD_HELD_OUT) {
            use[i] = PD_HELD_OUT;
            held++;
        }
    if (held > (uint32_t)o->validation)
        pd_dataset_add_note(data, "%u copies of validation images are held out, too",
                            held - (uint32_t)o->validation);
    pd_free(first);
    pd_free(digests);
    return status;
}

enum pd_status pd_run_labels(const struct pd_train_options *o, const char *label_file,
                             struct pd_dataset *data, uint8_t *use, struct pd_error *err)
{
    const uint64_t seed = (uint64_t)(o->data_seed ? o->data_seed : o->seed);
    enum pd_status status = PD_OK;
    if (label_file && o->labels)
        return pd_fail(err, PD_ERR_USAGE, -1, "--labels %lld beside a label file, which says it all",
                       (long long)o->labels);
    if (o->validation)
        status = pd_validation_draw(data, (uint32_t)o->validation, seed, use, err);
    if (!status && o->validation)
        status = hold_copies(o, data, use, err);
    if (status)
        return status;
    if (label_file)
        return take_label_file(label_file, data, use, err);
    if (o->labels)
        return pd_label_subset(data, (uint32_t)o->labels, seed, use, err);
    for (uint32_t i = 0; i < data->count; i++)
        use[i] = use[i] == PD_HELD_OUT ? PD_HELD_OUT : PD_LABELLED;
    return PD_OK;
}

enum pd_status pd_run_image_size(const struct pd_train_options *o, int *size, struct pd_error *err)
{
    const struct pd_data_source *source;
    enum pd_status status = pd_data_source_find(o->data, &source, err);
    if (!status)
        *size = o->size && source->size ? (int)o->size : source->size;
    return status;
}

static enum pd_status open_loader(const struct pd_train_options *o, int size, struct pd_setup *s,
                                  struct pd_error *err)
{
    const struct pd_loader_options options = {.batch = (uint32_t)o->batch,
                                              .size = size,
                                              .random_crop = o->random_crop,
                                              .flip = o->flip,
                                              .seed = (uint64_t)o->seed,
                                              .min_epoch = (uint32_t)o->min_epoch,
                                              .labelled_per_batch = (uint32_t)o->labels_per_batch,
                                              .labelled_only = o->labelled_only,
                                              .prefetch = true};
    enum pd_status status = pd_loader_create(s->data, s->use, &options, &s->loader, err);
    if (!status)
        s->steps_per_epoch = pd_loader_steps_per_epoch(s->loader);
    return status;
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

static enum pd_status open_gan(const struct pd_train_options *o, int size, struct pd_setup *s,
                               struct pd_error *err)
{
    const struct pd_model *model = pd_model_find(o->model, err);
    struct pd_model_config config;
    if (!model)
        return PD_ERR_USAGE;
    const int threads = o->threads ? (int)o->threads : pd_threads_available();
    enum pd_status status = pd_model_configure(model, s->data->channels, size, s->data->classes,
                                               (int)o->z_dim, o->width, &config, err);
    if (!status)
        status = pd_backend_create("onednn", threads, &s->backend, err);
    if (!status)
        status = pd_gan_create(&config, s->backend, (uint64_t)o->seed, &s->gan, err);
    return status ? status : pd_class_names_copy(s->data, &s->gan->classes, err);
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
    if (!loss)
        return PD_ERR_USAGE;
    snprintf(o->loss, sizeof o->loss, "%s", loss->name);
    o->critic_steps = o->critic_steps ? o->critic_steps : loss->critic_steps;
    o->lr = o->lr > 0 ? o->lr : loss->adam.lr;
    o->adam_beta1 = o->adam_beta1 >= 0 ? o->adam_beta1 : loss->adam.beta1;
    o->adam_beta2 = o->adam_beta2 >= 0 ? o->adam_beta2 : loss->adam.beta2;
    return PD_OK;
}

static enum pd_status check_step(const struct pd_train_options *o, int size, struct pd_error *err)
{
    unsigned augment;
    if (o->gold && !pd_loss_find(o->loss, NULL)->ratio)
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "--gold with --loss %s: GOLD reads the logit as a log density ratio, which --loss gan makes it",
            o->loss);
    if (o->diffaug[0] && !size)
        return pd_fail(err, PD_ERR_USAGE, -1, "--diffaug %s: for images, and the data are 2-D points",
                       o->diffaug);
    return pd_augment_parse(o->diffaug, &augment, err);
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
    s.adversarial = o->adversarial;
    s.match_labels = o->match_labels;
    s.loss = pd_loss_find(o->loss, NULL)->kind;
    s.critic_steps = (int)o->critic_steps;
    s.ema = o->ema;
    pd_augment_parse(o->diffaug, &s.augment, NULL);
    s.adam.lr = o->lr;
    s.adam.beta1 = o->adam_beta1;
    s.adam.beta2 = o->adam_beta2;
    return s;
}

/* --- what can be known before the images are --- */

static enum pd_status estimate(const struct pd_train_options *o, const struct pd_dataset *d, int size,
                               struct pd_estimate *out, struct pd_error *err)
{
    const struct pd_estimate_data data = {
        .channels = d->channels,
        .classes = d->classes,
        .size = size,
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

static enum pd_status check_early(void *context, const struct pd_dataset *listed, struct pd_error *err)
{
    const struct pd_early_check *check = context;
    struct pd_train_options o = *check->o;
    struct pd_estimate ignored;
    int size;
    enum pd_status status = pd_run_image_size(&o, &size, err);
    if (!status)
        status = settle(&o, listed->channels, size, err);
    if (!status)
        status = check_step(&o, size, err);
    if (!status)
        status = check_labels(check, listed, err);
    return status ? status : estimate(&o, listed, size, &ignored, err);
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
    if (!status)
        status = pd_label_note(s->data, s->use, before, err);
    pd_free(before);
    return status;
}

/* Those of the options, or of a roster. */
static enum pd_status read_data(const struct pd_train_options *o, const struct pd_setup_from *from,
                                const struct pd_data_watch *watch, struct pd_setup *s, struct pd_error *err)
{
    struct pd_early_check check = {o, from->label_file, watch};
    const struct pd_data_watch early = pd_early_check_watch(&check);
    enum pd_status status = from->roster ? pd_run_dataset_again(o, from->roster, false, watch, &s->data, err)
                                         : pd_run_dataset(o, PD_SPLIT_TRAIN, &early, &s->data, err);
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
    if (!from->data)
        status = read_data(o, from, watch, s, err);
    if (!status)
        status = draw_labels(o, from->label_file, s, err);
    return status ? status : open_loader(o, size, s, err);
}

/* Where nothing else is said, side of the images of people's own sets. */
enum { USUAL_SIZE = 32 };

static enum pd_status image_size(const struct pd_train_options *o, const struct pd_dataset *data, int *size,
                                 struct pd_error *err)
{
    if (!data)
        return pd_run_image_size(o, size, err);
    *size = data->points ? 0 : o->size ? (int)o->size : USUAL_SIZE;
    return PD_OK;
}

enum pd_status pd_setup_open(struct pd_train_options *o, const struct pd_setup_from *from,
                             const struct pd_data_watch *watch, struct pd_setup *out, struct pd_error *err)
{
    int size;
    memset(out, 0, sizeof *out);
    enum pd_status status = image_size(o, from->data, &size, err);
    if (!status)
        status = open_data(o, from, watch, size, out, err);
    if (!status)
        status = settle(o, out->data->channels, size, err);
    if (!status)
        status = check_step(o, size, err);
    if (!status)
        status = estimate(o, out->data, size, &out->estimate, err);
    if (!status)
        status = open_gan(o, size, out, err);
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
    if (!s->borrowed)
        pd_dataset_destroy(s->data);
    memset(s, 0, sizeof *s);
}
