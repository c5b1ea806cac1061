#include "train/run.h"

#include "base/mem.h"
#include "base/threads.h"
#include "data/loader.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "io/png.h"
#include "io/tfevents.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATH_SIZE = 1200 };

struct run {
    struct pd_train_options *o;
    const struct pd_observer *watch;
    const char *folder;
    struct pd_dataset *data;
    struct pd_loader *loader;
    uint8_t *use;
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_plan *plan;
    bool gold; /* the plan re-weights */
    struct pd_jsonl *log;
    struct pd_tfevents *events;
    struct pd_progress at;
    uint64_t steps_per_epoch, last_step;
    double begun, saved; /* seconds: epoch begun, checkpoint saved */
    uint64_t begun_step;
};

static double wall_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- opening --- */

enum pd_status pd_run_dataset(const struct pd_train_options *o, enum pd_split split, struct pd_dataset **out,
                              struct pd_error *err)
{
    const struct pd_data_request request = {.name = o->data,
                                            .dir = o->data_dir[0] ? o->data_dir : NULL,
                                            .split = split,
                                            .count = split == PD_SPLIT_TRAIN ? (uint32_t)o->data_count : 0,
                                            .size = (int)o->size,
                                            .random_crop = o->random_crop && split == PD_SPLIT_TRAIN,
                                            .classes = o->classes};
    return pd_dataset_open(&request, out, err);
}

static enum pd_status open_labels(struct run *r, struct pd_error *err)
{
    r->use = pd_calloc(r->data->count, 1);
    if (!r->use)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", r->data->count);
    if (r->o->labels)
        return pd_label_subset(r->data, (uint32_t)r->o->labels, (uint64_t)r->o->seed, r->use, err);
    memset(r->use, PD_LABELLED, r->data->count);
    return PD_OK;
}

/* Side of the training images; 0 for points. */
static enum pd_status image_size(const struct pd_train_options *o, int *size, struct pd_error *err)
{
    const struct pd_data_source *source = pd_data_source_find(o->data, err);
    if (!source)
        return PD_ERR_USAGE;
    *size = o->size && source->size ? (int)o->size : source->size;
    return PD_OK;
}

static enum pd_status open_data(struct run *r, int size, struct pd_error *err)
{
    const struct pd_train_options *o = r->o;
    enum pd_status status = pd_run_dataset(o, PD_SPLIT_TRAIN, &r->data, err);
    if (!status && r->data->note[0] && r->watch->note)
        r->watch->note(r->watch->context, r->data->note);
    if (!status)
        status = open_labels(r, err);
    const struct pd_loader_options options = {.batch = (uint32_t)o->batch,
                                              .size = size,
                                              .random_crop = o->random_crop,
                                              .flip = o->flip,
                                              .seed = (uint64_t)o->seed,
                                              .min_epoch = (uint32_t)o->min_epoch,
                                              .labelled_per_batch = (uint32_t)o->labels_per_batch,
                                              .labelled_only = o->labelled_only,
                                              .prefetch = true};
    if (!status)
        status = pd_loader_create(r->data, r->use, &options, &r->loader, err);
    if (!status) {
        r->steps_per_epoch = pd_loader_steps_per_epoch(r->loader);
        r->last_step = r->steps_per_epoch * (uint64_t)o->epochs;
    }
    return status;
}

static enum pd_status open_gan(const struct pd_train_options *o, int channels, int size, int classes,
                               int threads, struct pd_backend **backend, struct pd_gan **gan,
                               struct pd_error *err)
{
    const struct pd_model *model = pd_model_find(o->model, err);
    struct pd_model_config config;
    if (!model)
        return PD_ERR_USAGE;
    enum pd_status status =
        pd_model_configure(model, channels, size, classes, (int)o->z_dim, o->width, &config, err);
    if (!status)
        status =
            pd_backend_create(PD_BACKEND_ONEDNN, threads ? threads : pd_threads_available(), backend, err);
    if (!status)
        status = pd_gan_create(&config, *backend, (uint64_t)o->seed, gan, err);
    return status;
}

/* --- the step's plan: plain, then with GOLD weights --- */

static bool wants_gold(const struct run *r)
{
    return r->o->gold && (double)r->at.step >= r->o->gold_start * (double)r->last_step;
}

static enum pd_status compile_step(struct run *r, struct pd_error *err)
{
    const struct pd_train_options *o = r->o;
    struct pd_step_options s = pd_step_defaults();
    s.batch = o->batch;
    s.lambda_c = o->lambda_c;
    s.beta_d = o->beta_d;
    s.beta_g = o->beta_g;
    s.match_labels = o->match_labels;
    s.adam.lr = o->lr;
    s.adam.beta1 = o->adam_beta1;
    s.adam.beta2 = o->adam_beta2;
    s.gold = r->gold = wants_gold(r);
    pd_plan_destroy(r->plan); /* before the next: one arena at a time */
    r->plan = NULL;
    return pd_gan_compile_step(r->gan, &s, &r->plan, err);
}

/* --- what a run leaves behind --- */

static enum pd_status save(struct run *r, struct pd_error *err)
{
    char path[PATH_SIZE];
    enum pd_status status = pd_path_join(path, sizeof path, r->folder, "checkpoint.safetensors", err);
    if (!status)
        status = pd_gan_save(r->gan, &r->at, path, err);
    r->saved = seconds();
    return status;
}

static enum pd_status write_grid(struct run *r, uint64_t epoch, struct pd_error *err)
{
    struct pd_samples s = {0};
    struct pd_buffer png = PD_BUFFER_INIT;
    char name[64], path[PATH_SIZE];
    enum pd_status status = pd_sample(r->gan, 10, 0, &s, err);
    if (!status)
        status = pd_samples_encode(&s, NULL, &png, err);
    snprintf(name, sizeof name, "samples-%04llu.png", (unsigned long long)epoch);
    if (!status)
        status = pd_path_join(path, sizeof path, r->folder, name, err);
    if (!status)
        status = pd_file_write_atomic(path, png.data, png.size, err);
    if (!status) {
        int64_t w, h;
        pd_samples_picture_size(&s, &w, &h);
        pd_tfevents_image(r->events, (int64_t)r->at.step, wall_time(), "samples", png.data, png.size, h, w,
                          pd_samples_picture_channels(&s));
    }
    pd_buffer_release(&png);
    pd_samples_release(&s);
    return status;
}

static json_t *log_line(const struct run *r, uint64_t epoch, const double *means, double rate)
{
    json_t *line = json_object();
    json_object_set_new(line, "epoch", json_integer((json_int_t)epoch));
    json_object_set_new(line, "step", json_integer((json_int_t)r->at.step));
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        json_object_set_new(line, pd_loss_names[i], json_real(means[i]));
    json_object_set_new(line, "gold", json_boolean(r->gold));
    json_object_set_new(line, "images_per_second", json_real(rate));
    return line;
}

static enum pd_status log_epoch(struct run *r, uint64_t epoch, const double *means, double rate,
                                struct pd_error *err)
{
    json_t *line = log_line(r, epoch, means, rate);
    enum pd_status status = pd_jsonl_write(r->log, line, err);
    json_decref(line);
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        pd_tfevents_scalar(r->events, (int64_t)r->at.step, wall_time(), pd_loss_names[i], (float)means[i]);
    pd_tfevents_scalar(r->events, (int64_t)r->at.step, wall_time(), "images_per_second", (float)rate);
    return status;
}

/* Order matters: the log and pictures of an epoch are on disk before the checkpoint that says it is done; a
 * resume drops what is newer than its checkpoint. */
static enum pd_status end_epoch(struct run *r, struct pd_error *err)
{
    const uint64_t epoch = r->at.step / r->steps_per_epoch;
    const double rate =
        (double)((r->at.step - r->begun_step) * (uint64_t)r->o->batch) / (seconds() - r->begun);
    double means[PD_LOSS_COUNT];
    for (int i = 0; i < PD_LOSS_COUNT; i++) {
        means[i] = r->at.loss_sums[i] / (double)r->steps_per_epoch;
        r->at.loss_sums[i] = 0;
    }
    enum pd_status status = log_epoch(r, epoch, means, rate, err);
    bool last = r->at.step == r->last_step;
    if (!status && r->o->grid_every && (epoch % (uint64_t)r->o->grid_every == 0 || last))
        status = write_grid(r, epoch, err);
    if (!status)
        status = pd_tfevents_flush(r->events, err);
    if (!status)
        status = save(r, err);
    if (!status && r->watch->epoch)
        r->watch->epoch(r->watch->context, epoch, r->at.step, means, rate);
    r->begun = seconds();
    r->begun_step = r->at.step;
    return status;
}

/* --- the loop --- */

static enum pd_status check_losses(const struct run *r, const float *losses, struct pd_error *err)
{
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        if (!isfinite(losses[i]))
            return pd_fail(
                err, PD_ERR_MISMATCH, -1,
                "training diverged: %s is %g at step %llu; try a smaller --lr, or --beta-d 0.5 with --gold",
                pd_loss_names[i], (double)losses[i], (unsigned long long)r->at.step);
    return PD_OK;
}

static enum pd_status run_step(struct run *r, struct pd_error *err)
{
    float losses[PD_LOSS_COUNT];
    pd_loader_get(r->loader, r->at.step, pd_plan_data(r->plan, "images"), pd_plan_data(r->plan, "labels"),
                  NULL);
    pd_plan_run(r->plan, (uint64_t)r->o->seed, r->at.step);
    r->at.step++;
    for (int i = 0; i < PD_LOSS_COUNT; i++) {
        losses[i] = pd_plan_scalar(r->plan, pd_loss_names[i]);
        r->at.loss_sums[i] += (double)losses[i];
    }
    enum pd_status status = check_losses(r, losses, err);
    if (!status && r->watch->step)
        r->watch->step(r->watch->context, r->at.step, losses);
    return status;
}

static bool save_is_due(const struct run *r)
{
    return (r->o->save_steps && r->at.step % (uint64_t)r->o->save_steps == 0) ||
           (r->o->save_every && seconds() - r->saved >= 60 * (double)r->o->save_every);
}

static enum pd_status train(struct run *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (r->watch->begin)
        r->watch->begin(r->watch->context, r->folder, r->steps_per_epoch, r->at.step, r->last_step);
    r->begun = r->saved = seconds();
    r->begun_step = r->at.step;
    while (!status && r->at.step < r->last_step) {
        if (wants_gold(r) != r->gold)
            status = compile_step(r, err);
        if (!status)
            status = run_step(r, err);
        if (status)
            break;
        if (r->at.step % r->steps_per_epoch == 0)
            status = end_epoch(r, err);
        else if (save_is_due(r))
            status = save(r, err);
        if (!status && r->at.step < r->last_step && r->watch->stop && r->watch->stop(r->watch->context)) {
            status = save(r, err);
            if (!status)
                status = pd_fail(err, PD_ERR_INTERRUPTED, -1,
                                 "stopped at step %llu; go on with: paydirt train --resume %s",
                                 (unsigned long long)r->at.step, r->folder);
        }
    }
    return status;
}

/* --- life --- */

static enum pd_status open_logs(struct run *r, struct pd_error *err)
{
    char log[PATH_SIZE], events[PATH_SIZE];
    enum pd_status status = pd_path_join(log, sizeof log, r->folder, "log.jsonl", err);
    if (!status)
        status = pd_path_join(events, sizeof events, r->folder, "events.tfevents", err);
    if (!status)
        status = pd_jsonl_truncate_after(log, "step", (double)r->at.step, err);
    if (!status)
        status = pd_jsonl_open(log, &r->log, err);
    if (!status)
        status = pd_tfevents_create(events, wall_time(), &r->events, err);
    if (!status && r->at.step)
        pd_tfevents_restart(r->events, (int64_t)r->at.step + 1, wall_time());
    return status;
}

static void choose_model(struct run *r, int size)
{
    struct pd_train_options *o = r->o;
    if (!o->model[0])
        snprintf(o->model, sizeof o->model, "%s", pd_default_model(r->data->channels, size));
}

/* Data, networks with fresh weights, and the step. */
static enum pd_status open_run(struct run *r, struct pd_error *err)
{
    int size;
    enum pd_status status = image_size(r->o, &size, err);
    if (!status)
        status = open_data(r, size, err);
    if (!status)
        choose_model(r, size);
    if (!status)
        status = open_gan(r->o, r->data->channels, size, r->data->classes, (int)r->o->threads, &r->backend,
                          &r->gan, err);
    if (!status)
        status = compile_step(r, err);
    return status;
}

static void close_run(struct run *r)
{
    pd_tfevents_destroy(r->events);
    pd_jsonl_destroy(r->log);
    pd_plan_destroy(r->plan);
    pd_gan_destroy(r->gan);
    pd_backend_destroy(r->backend);
    pd_loader_destroy(r->loader);
    pd_free(r->use);
    pd_dataset_destroy(r->data);
}

enum pd_status pd_run_train(const struct pd_train_options *options, const struct pd_observer *observer,
                            char *folder, size_t folder_size, struct pd_error *err)
{
    struct pd_train_options o = *options;
    struct run r = {.o = &o, .watch = observer, .folder = folder};
    folder[0] = '\0';
    enum pd_status status =
        open_run(&r, err); /* what can be wrong with the options shows before a folder is made */
    if (!status)
        status = pd_run_folder_make(&o, folder, folder_size, err);
    if (!status)
        status = open_logs(&r, err);
    if (!status)
        status = save(&r, err); /* from here on there is something to resume */
    if (!status)
        status = train(&r, err);
    close_run(&r);
    return status;
}

static enum pd_status change_epochs(struct run *r, struct pd_train_options *o, int64_t epochs,
                                    struct pd_error *err)
{
    const uint64_t last = r->steps_per_epoch * (uint64_t)epochs;
    if (last < r->at.step)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%s stands at step %llu already, and %lld epochs end at step %llu", r->folder,
                       (unsigned long long)r->at.step, (long long)epochs, (unsigned long long)last);
    r->last_step = last;
    o->epochs = epochs;
    return pd_run_folder_save_options(r->folder, o, err);
}

enum pd_status pd_run_resume(const char *folder, int64_t epochs, const struct pd_observer *observer,
                             struct pd_error *err)
{
    struct pd_train_options o;
    struct run r = {.o = &o, .watch = observer, .folder = folder};
    char path[PATH_SIZE];
    enum pd_status status = pd_run_folder_options(folder, &o, err);
    if (!status)
        status = open_run(&r, err);
    if (!status)
        status = pd_path_join(path, sizeof path, folder, "checkpoint.safetensors", err);
    if (!status)
        status = pd_gan_load(r.gan, path, &r.at, err);
    if (!status && epochs)
        status = change_epochs(&r, &o, epochs, err);
    if (!status)
        status = open_logs(&r, err);
    if (!status)
        status = train(&r, err);
    close_run(&r);
    return status;
}

enum pd_status pd_run_open(const char *folder, int threads, struct pd_run_model *out, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_model_config c;
    memset(out, 0, sizeof *out);
    enum pd_status status = pd_run_folder_options(folder, &out->options, err);
    if (!status)
        status = pd_path_join(path, sizeof path, folder, "checkpoint.safetensors", err);
    if (!status)
        status = pd_checkpoint_config(path, &c, err);
    if (!status && !threads)
        threads = out->options.threads ? (int)out->options.threads : pd_threads_available();
    if (!status)
        status = pd_backend_create(PD_BACKEND_ONEDNN, threads, &out->backend, err);
    if (!status)
        status = pd_gan_create(&c, out->backend, 0, &out->gan, err);
    if (!status)
        status = pd_gan_load(out->gan, path, &out->progress, err);
    if (status)
        pd_run_close(out);
    return status;
}

void pd_run_close(struct pd_run_model *m)
{
    pd_gan_destroy(m->gan);
    pd_backend_destroy(m->backend);
    m->gan = NULL;
    m->backend = NULL;
}
