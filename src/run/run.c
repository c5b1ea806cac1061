#include "run/run.h"

#include "base/mem.h"
#include "base/threads.h"
#include "data/labels/answers.h"
#include "io/file.h"
#include "run/recalibrate.h"
#include "run/setup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct run {
    struct pd_train_options *o;
    const struct pd_observer *watch;
    const char *folder;      /* NULL: nothing is written */
    struct pd_dataset *data; /* to learn from; NULL: what the options name */
    bool quiet;              /* all about the data has been said */
    struct pd_lock lock;
    const char *roster; /* the folder whose roster says which images are the data; NULL: all there are */
    struct pd_setup s;
    struct pd_real_images validation;
    struct pd_step_plans plans;
    float *images; /* a batch, on its way from the loader to a plan */
    int32_t *labels;
    bool gold;        /* they re-weight */
    int64_t top_k;    /* fakes that the generator learns from; 0: all */
    double step_cost; /* operations of a step, as a multiple of a plain step's */
    struct pd_journal journal;
    struct pd_progress at;
    uint64_t last_step, saved_step;
    double begun, saved; /* seconds: epoch begun, checkpoint saved */
    uint64_t begun_step;
    void *best; /* without a folder: the best epoch's networks */
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- the step's plans, made anew where what they do changes --- */

static bool wants_gold(const struct run *r)
{
    return r->o->gold && (double)r->at.step >= r->o->gold_start * (double)r->last_step;
}

/* One in a hundred fewer with every epoch (Sinha et al. 2020), down to the option's fraction. */
static int64_t wanted_top_k(const struct run *r)
{
    const uint64_t epoch = r->at.step / r->s.steps_per_epoch;
    const double batch = (double)r->o->batch;
    return r->o->top_k < 1 ? (int64_t)ceil(batch * fmax(pow(0.99, (double)epoch), r->o->top_k)) : 0;
}

static enum pd_status switch_gold(struct run *r, struct pd_error *err)
{
    r->gold = wants_gold(r);
    return r->o->gold ? pd_step_plans_set(&r->plans, "gold", r->gold, err) : PD_OK;
}

static enum pd_status compile_step(struct run *r, struct pd_error *err)
{
    struct pd_step_options s = pd_setup_step(r->o);
    s.gold = r->o->gold;
    s.top_k = r->top_k = wanted_top_k(r);
    pd_step_plans_release(&r->plans); /* before the next: one arena at a time */
    enum pd_status status = pd_step_plans_compile(r->s.gan, &s, &r->plans, err);
    return status ? status : switch_gold(r, err);
}

/* What the candidates of adversarial sampling cost. */
static enum pd_status count_cost(struct run *r, struct pd_error *err)
{
    struct pd_step_options s = pd_setup_step(r->o);
    struct pd_plan *plain;
    r->step_cost = 1;
    if (s.adversarial == 1)
        return PD_OK;
    s.adversarial = 1;
    enum pd_status status = pd_gan_compile_step(r->s.gan, &s, &plain, err);
    if (status)
        return status;
    r->step_cost = pd_plan_info(r->plans.full).gflop / pd_plan_info(plain).gflop;
    pd_plan_destroy(plain);
    return PD_OK;
}

/* --- the end of an epoch --- */

static enum pd_status save(struct run *r, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = r->folder ? pd_run_folder_checkpoint(r->folder, path, err) : PD_OK;
    if (!status && r->folder)
        status = pd_gan_save(r->s.gan, &r->at, path, err);
    r->saved = seconds();
    r->saved_step = status ? r->saved_step : r->at.step;
    return status;
}

/* Keeps the weights of the best epoch so far, the last of equals. */
static enum pd_status validate(struct run *r, struct pd_epoch_record *e, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    const struct pd_fitting f = {
        .epochs = (int)r->o->validation_epochs, .epoch_images = 10000, .seed = (uint64_t)r->o->seed};
    enum pd_status status = pd_gan_fitting_capacity(r->s.gan, &f, &r->validation, &e->validation, err);
    if (status || (r->at.best_epoch && e->validation < r->at.best_accuracy))
        return status;
    r->at.best_epoch = e->epoch;
    r->at.best_accuracy = e->validation;
    if (!r->folder)
        return pd_gan_copy_networks(r->s.gan, &r->best, err);
    status = pd_run_folder_best(r->folder, path, err);
    return status ? status : pd_gan_save_networks(r->s.gan, &r->at, path, err);
}

/* In the epoch that ends. */
static double generator_steps(const struct run *r)
{
    const uint64_t n = (uint64_t)r->o->critic_steps;
    const uint64_t after = r->at.step / n, before = (r->at.step - r->s.steps_per_epoch) / n;
    return (double)(after - before);
}

static void summarise(struct run *r, struct pd_epoch_record *e)
{
    const double steps = (double)r->s.steps_per_epoch;
    const double images = (double)((r->at.step - r->begun_step) * (uint64_t)r->o->batch);
    *e = (struct pd_epoch_record){.epoch = r->at.step / r->s.steps_per_epoch,
                                  .step = r->at.step,
                                  .gold = r->gold,
                                  .images_per_second = images / (seconds() - r->begun),
                                  .validation = -1};
    for (int i = 0; i < PD_LOSS_COUNT; i++) {
        const double count = i == PD_LOSS_g_adv || i == PD_LOSS_g_cls ? generator_steps(r) : steps;
        e->means[i] = count > 0 ? r->at.loss_sums[i] / count : 0;
        r->at.loss_sums[i] = 0;
    }
}

/* Every so many epochs, and after the last. */
static bool is_due(const struct run *r, uint64_t epoch, int64_t every)
{
    return every && (epoch % (uint64_t)every == 0 || r->at.step == r->last_step);
}

static enum pd_status write_down(struct run *r, const struct pd_epoch_record *e, struct pd_error *err)
{
    enum pd_status status = pd_journal_epoch(&r->journal, e, err);
    if (!status && is_due(r, e->epoch, r->o->grid_every))
        status = pd_journal_grid(&r->journal, r->s.gan, e->epoch, e->step, err);
    return status ? status : pd_journal_flush(&r->journal, err);
}

/* Order matters: the log, pictures and best weights of an epoch are on disk before the checkpoint that says
 * it is done; a resume drops what is newer than its checkpoint. */
static enum pd_status end_epoch(struct run *r, struct pd_error *err)
{
    struct pd_epoch_record e;
    enum pd_status status = PD_OK;
    summarise(r, &e);
    if (r->validation.count && is_due(r, e.epoch, r->o->validate_every))
        status = validate(r, &e, err);
    if (!status && r->folder)
        status = write_down(r, &e, err);
    if (!status)
        status = save(r, err);
    if (!status && r->watch->epoch)
        r->watch->epoch(r->watch->context, &e);
    r->begun = seconds();
    r->begun_step = r->at.step;
    return status;
}

/* --- the loop --- */

/* Long before a gradient's square, which Adam keeps, is beyond float's range. */
#define LOSS_MOST 1e12F

static enum pd_status check_losses(const struct run *r, const float *losses, struct pd_error *err)
{
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        if (!(fabsf(losses[i]) <= LOSS_MOST))
            return pd_fail(
                err, PD_ERR_MISMATCH, -1,
                "training diverged: %s is %g at step %llu (the last checkpoint is from step %llu); "
                "try a smaller --lr%s",
                pd_loss_names[i], (double)losses[i], (unsigned long long)r->at.step,
                (unsigned long long)r->saved_step, r->gold ? ", or --beta-d 0.5" : "");
    return PD_OK;
}

static enum pd_status run_step(struct run *r, struct pd_error *err)
{
    float losses[PD_LOSS_COUNT] = {0};
    struct pd_plan *plan = pd_step_plan(&r->plans, r->at.step);
    pd_loader_get(r->s.loader, r->at.step, r->images, r->labels, NULL);
    enum pd_status status =
        pd_plan_write(plan, "images", r->images, r->o->batch * pd_gan_image_size(r->s.gan), err);
    if (!status)
        status = pd_plan_write(plan, "labels", r->labels, r->o->batch, err);
    if (!status)
        status = pd_plan_run(plan, (uint64_t)r->o->seed, r->at.step, err);
    for (int i = 0; i < PD_LOSS_COUNT && !status; i++)
        if (pd_plan_has(plan, pd_loss_names[i]))
            status = pd_plan_scalar(plan, pd_loss_names[i], &losses[i], err);
    if (status)
        return status;
    r->at.step++;
    for (int i = 0; i < PD_LOSS_COUNT; i++)
        r->at.loss_sums[i] += (double)losses[i];
    status = check_losses(r, losses, err);
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
        r->watch->begin(r->watch->context,
                        &(struct pd_run_begin){r->folder, r->s.steps_per_epoch, r->at.step, r->last_step,
                                               pd_loader_images(r->s.loader), (double)r->o->batch,
                                               r->step_cost, r->s.estimate});
    r->begun = r->saved = seconds();
    r->begun_step = r->at.step;
    while (!status && r->at.step < r->last_step) {
        if (wanted_top_k(r) != r->top_k)
            status = compile_step(r, err);
        else if (wants_gold(r) != r->gold)
            status = switch_gold(r, err);
        if (!status)
            status = run_step(r, err);
        if (status)
            break;
        if (r->at.step % r->s.steps_per_epoch == 0)
            status = end_epoch(r, err);
        else if (save_is_due(r))
            status = save(r, err);
        if (!status && r->at.step < r->last_step && r->watch->stop && r->watch->stop(r->watch->context)) {
            status = save(r, err);
            if (!status)
                status = pd_fail(
                    err, PD_ERR_INTERRUPTED, -1, "stopped at step %llu%s%s", (unsigned long long)r->at.step,
                    r->folder ? "; go on with: paydirt train --resume " : "", r->folder ? r->folder : "");
        }
    }
    return status;
}

/* --- life --- */

static enum pd_status reserve_batch(struct run *r, struct pd_error *err)
{
    const size_t n = (size_t)r->o->batch;
    r->images = pd_calloc(n, (size_t)pd_gan_image_size(r->s.gan) * sizeof *r->images);
    r->labels = pd_calloc(n, sizeof *r->labels);
    if (r->images && r->labels)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a batch of %zu images", n);
}

/* Data, networks with fresh weights, and the step. label_file: the options' or the run's copy, or NULL. */
static enum pd_status open_run(struct run *r, const char *label_file, struct pd_error *err)
{
    const struct pd_data_watch watch = {r->watch->context, r->watch->decoding, NULL};
    const struct pd_setup_from from = {label_file, r->roster, r->folder, r->data};
    enum pd_status status = pd_setup_open(r->o, &from, &watch, &r->s, err);
    if (status)
        return status;
    if (r->watch->note && !r->quiet)
        pd_note_lines(r->s.data->note, r->watch->note, r->watch->context);
    r->last_step = r->s.steps_per_epoch * (uint64_t)r->o->epochs;
    status =
        pd_real_images_of_use(r->s.data, r->s.use, PD_HELD_OUT, r->s.gan->config.size, &r->validation, err);
    if (!status)
        status = reserve_batch(r, err);
    if (!status)
        status = compile_step(r, err);
    return status ? status : count_cost(r, err);
}

static void close_run(struct run *r)
{
    pd_journal_close(&r->journal);
    pd_step_plans_release(&r->plans);
    pd_free(r->images);
    pd_free(r->labels);
    pd_free(r->best);
    pd_real_images_release(&r->validation);
    pd_setup_close(&r->s);
    pd_lock_release(&r->lock);
}

static enum pd_status lock(struct run *r, struct pd_error *err)
{
    enum pd_status status = pd_run_folder_lock(r->folder, &r->lock, err);
    if (r->lock.powerless && r->watch->note)
        r->watch->note(r->watch->context, PD_LOCK_POWERLESS);
    return status;
}

/* The run's own copy, whatever format the file has. */
static enum pd_status copy_labels(struct run *r, struct pd_error *err)
{
    struct pd_answers answers;
    char path[PD_PATH_SIZE];
    if (!r->o->label_file[0])
        return PD_OK;
    enum pd_status status = pd_run_folder_labels(r->folder, path, err);
    if (!status)
        status = pd_answers_read(r->o->label_file, r->s.data, &answers, err);
    if (status)
        return status;
    status = pd_answers_write(path, r->s.data, answers.at, answers.count, err);
    pd_answers_release(&answers);
    return status;
}

/* What the data were, for those who resume; a run inside another says only how many of the other's. */
static enum pd_status keep_roster(struct run *r, struct pd_error *err)
{
    if (r->roster) {
        enum pd_status status = pd_roster_read(r->roster, &r->s.roster, err);
        if (status)
            return status;
        r->s.roster.listed = false;
    }
    enum pd_status status = pd_roster_write(r->folder, &r->s.roster, err);
    pd_roster_release(&r->s.roster);
    return status;
}

/* Into a folder that is there, from the first step. */
static enum pd_status begin(struct run *r, struct pd_error *err)
{
    enum pd_status status = lock(r, err);
    if (!status)
        status = copy_labels(r, err);
    if (!status)
        status = keep_roster(r, err);
    if (!status)
        status = pd_run_folder_save_options(r->folder, r->o, err);
    if (!status)
        status = pd_journal_open(&r->journal, r->folder, 0, err);
    if (!status)
        status = save(r, err); /* from here on there is something to resume */
    return status ? status : train(r, err);
}

/* As the options say, for a first step. */
static enum pd_status open_new(struct run *r, struct pd_error *err)
{
    enum pd_status status = open_run(r, r->o->label_file[0] ? r->o->label_file : NULL, err);
    if (!status && r->o->generator[0])
        status = pd_gan_load_generator(r->s.gan, r->o->generator, err);
    return status;
}

enum pd_status pd_run_train(const struct pd_train_options *options, const struct pd_observer *observer,
                            char *folder, size_t folder_size, struct pd_error *err)
{
    struct pd_train_options o = *options;
    struct run r = {.o = &o, .watch = observer, .folder = folder};
    char kind[64];
    folder[0] = '\0';
    /* what can be wrong with the options shows before a folder is made */
    enum pd_status status = open_new(&r, err);
    snprintf(kind, sizeof kind, "%s%s", o.model, o.gold ? "-gold" : "");
    if (!status)
        status = pd_run_folder_make(&o, kind, folder, folder_size, err);
    if (!status)
        status = begin(&r, err);
    close_run(&r);
    return status;
}

/* The networks of the best epoch where there is one, ready to score reals. */
static enum pd_status finish(struct run *r, struct pd_error *err)
{
    enum pd_status status = r->best ? pd_gan_paste_networks(r->s.gan, r->best, err) : PD_OK;
    return status || !r->o->recalibrate ? status : pd_recalibrate_on(r->s.gan, r->s.data, err);
}

enum pd_status pd_run_in_memory(const struct pd_train_options *options, struct pd_dataset *data,
                                const struct pd_observer *observer, struct pd_gan **out, struct pd_error *err)
{
    struct pd_train_options o = *options;
    struct run r = {.o = &o, .watch = observer, .data = data};
    *out = NULL;
    enum pd_status status = open_run(&r, NULL, err);
    if (!status)
        status = train(&r, err);
    const bool stopped = status == PD_ERR_INTERRUPTED;
    struct pd_error why;
    if ((!status || stopped) && finish(&r, &why)) {
        if (err)
            *err = why;
        status = why.status;
    } else if (!status || stopped) {
        *out = r.s.gan;
        r.s.gan->owns_backend = true;
        r.s.gan = NULL;
        r.s.backend = NULL;
    }
    close_run(&r);
    return status;
}

static enum pd_status change_epochs(struct run *r, int64_t epochs, struct pd_error *err)
{
    const uint64_t last = r->s.steps_per_epoch * (uint64_t)epochs;
    if (last < r->at.step)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%s stands at step %llu already, and %lld epochs end at step %llu", r->folder,
                       (unsigned long long)r->at.step, (long long)epochs, (unsigned long long)last);
    r->last_step = last;
    r->o->epochs = epochs;
    return PD_OK;
}

/* A run of an earlier version has no roster; from here on it has. */
static enum pd_status begin_roster(struct run *r, struct pd_error *err)
{
    if (r->watch->note)
        r->watch->note(r->watch->context,
                       "the run has no list of its images, as it is of an earlier version: "
                       "the data are taken as they are now");
    return keep_roster(r, err);
}

static enum pd_status reopen(struct run *r, int64_t epochs, struct pd_error *err)
{
    char path[PD_PATH_SIZE], labels[PD_PATH_SIZE];
    enum pd_status status = pd_run_folder_labels(r->folder, labels, err);
    if (!status)
        status = pd_run_say_moved(r->o, open_run(r, r->o->label_file[0] ? labels : NULL, err), err);
    if (!status)
        status = pd_run_folder_checkpoint(r->folder, path, err);
    if (!status)
        status = pd_gan_load(r->s.gan, path, &r->at, err);
    if (!status && !r->roster)
        status = begin_roster(r, err);
    if (!status && epochs)
        status = change_epochs(r, epochs, err);
    return status;
}

/* roster: as pd_run_train_in's; NULL: the run's own. */
static enum pd_status resume(const char *folder, const char *roster, const struct pd_run_change *change,
                             const struct pd_observer *observer, struct pd_error *err)
{
    struct pd_train_options o;
    struct run r = {.o = &o, .watch = observer, .folder = folder, .roster = roster, .quiet = roster};
    enum pd_status status = pd_run_folder_options(folder, &o, err); /* is there a run? */
    if (!status)
        status = lock(&r, err);
    if (!status)
        status = pd_run_folder_options(folder, &o, err); /* as who worked on it last has left them */
    if (!roster && pd_roster_is_in(folder))
        r.roster = folder;
    if (!status)
        pd_run_move(&change->place, &o);
    if (!status)
        status = reopen(&r, change->epochs, err);
    if (!status)
        status = pd_run_folder_save_options(folder, &o, err);
    if (!status)
        status = pd_journal_open(&r.journal, folder, r.at.step, err);
    if (!status)
        status = train(&r, err);
    close_run(&r);
    return status;
}

enum pd_status pd_run_resume(const char *folder, const struct pd_run_change *change,
                             const struct pd_observer *observer, struct pd_error *err)
{
    const struct pd_run_change none = {.epochs = 0};
    return resume(folder, NULL, change ? change : &none, observer, err);
}

enum pd_status pd_run_train_in(const struct pd_train_options *options, const char *folder, const char *roster,
                               const struct pd_observer *observer, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_train_options o = *options;
    struct run r = {.o = &o, .watch = observer, .folder = folder, .roster = roster, .quiet = true};
    enum pd_status status = pd_run_folder_checkpoint(folder, path, err);
    if (!status && !pd_is_absent(path)) {
        const struct pd_run_change change = {0, {o.data, o.data_dir, o.cache_dir}};
        return resume(folder, roster, &change, observer, err);
    }
    if (!status)
        status = open_new(&r, err);
    if (!status)
        status = pd_make_dirs(folder, err);
    if (!status)
        status = begin(&r, err);
    close_run(&r);
    return status;
}

enum pd_status pd_run_open(const char *folder, int threads, struct pd_run_model *out, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_model_config c;
    memset(out, 0, sizeof *out);
    snprintf(out->folder, sizeof out->folder, "%s", folder);
    enum pd_status status = pd_run_folder_options(folder, &out->options, err);
    if (!status)
        status = pd_run_folder_model(folder, path, err);
    if (!status)
        status = pd_checkpoint_config(path, &c, err);
    if (!status && !threads)
        threads = out->options.threads ? (int)out->options.threads : pd_threads_available();
    if (!status)
        status = pd_backend_create("onednn", threads, &out->backend, err);
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
