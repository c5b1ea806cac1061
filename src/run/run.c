#include "run/run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/ranks.h"
#include "run/curves.h"
#include "run/recalibrate.h"
#include "run/setup.h"
#include "run/step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct run {
    struct pd_train_options *o;
    const struct pd_training_watch *watch;
    const char *folder;      /* NULL: nothing is written */
    struct pd_dataset *data; /* to learn from; NULL: what the options name */
    bool quiet;              /* all about the data has been said */
    struct pd_lock lock;
    const char *roster; /* the folder whose roster says which images are the data; NULL: all there are */
    struct pd_setup s;
    struct pd_real_images validation;
    const struct pd_metric *metric; /* which epoch is best */
    struct pd_run_curves *curves;   /* or NULL */
    struct pd_run_step step;
    struct pd_journal journal;
    struct pd_progress at;
    uint64_t last_step, saved_step, counted_step; /* the losses of steps before it are in at.loss_sums */
    double begun, saved;                          /* seconds: epoch begun, checkpoint saved */
    uint64_t begun_step;
    void *best; /* without a folder: the best epoch's networks */
};

static struct pd_ranks *ranks_of(const struct run *r)
{
    return r->watch->ranks;
}

static bool leads(const struct run *r)
{
    return pd_ranks_rank(ranks_of(r)) == 0;
}

static bool writes(const struct run *r)
{
    return r->folder && leads(r);
}

/* --- losses: the steps do not wait until somebody has looked at them --- */

/* Long before a gradient's square, which Adam keeps, is beyond float's range. */
#define LOSS_MOST 1e12F

/* Of the step before step. */
static enum pd_status check_losses(const struct run *r, const float *losses, uint64_t step,
                                   struct pd_error *err)
{
    char kept[64] = "";
    if (r->folder)
        snprintf(kept, sizeof kept, " (the last checkpoint is from step %llu)",
                 (unsigned long long)r->saved_step);
    for (int i = 0; i < PD_LOSS_COUNT; i++) {
        if (fabsf(losses[i]) <= LOSS_MOST)
            continue;
        pd_fail(err, PD_ERR_MISMATCH, -1,
                "training diverged: %s is %g at step %llu%s; a smaller learning rate may help",
                pd_loss_names[i], (double)losses[i], (unsigned long long)step, kept);
        pd_hint(err, PD_ERR_MISMATCH, "lr");
        return r->step.gold ? pd_hint(err, PD_ERR_MISMATCH, "beta-d=0.5") : PD_ERR_MISMATCH;
    }
    return PD_OK;
}

/* All ranks at the same step. */
static enum pd_status count_losses(struct run *r, struct pd_error *err)
{
    float losses[PD_LOSS_STEPS][PD_LOSS_COUNT];
    const uint64_t first = r->counted_step, n = r->at.step - first;
    enum pd_status status = n ? pd_gan_losses(r->s.gan, first, n, losses, err) : PD_OK;
    for (uint64_t i = 0; i < n && !status; i++) {
        for (int k = 0; k < PD_LOSS_COUNT; k++)
            r->at.loss_sums[k] += (double)losses[i][k];
        status = check_losses(r, losses[i], first + i + 1, err);
    }
    r->counted_step = r->at.step;
    return pd_ranks_agree(ranks_of(r), status, err);
}

/* --- the end of an epoch --- */

/* What has been counted. */
static enum pd_status save(struct run *r, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = PD_OK;
    if (writes(r))
        status = pd_run_folder_checkpoint(r->folder, path, err);
    if (!status && writes(r))
        status = pd_gan_save(r->s.gan, &r->at, path, err);
    r->saved = pd_seconds();
    r->saved_step = status ? r->saved_step : r->at.step;
    return status;
}

static enum pd_status measure(struct run *r, double *value, struct pd_error *err)
{
    struct pd_metric_result result = {0};
    const struct pd_labelled_images real = pd_real_images_lend(&r->validation);
    const struct pd_metric_input in = {.seed = (uint64_t)r->o->seed,
                                       .real = &real,
                                       .epochs = (int)r->o->validation_epochs,
                                       .epoch_images = PD_METRIC_EPOCH_IMAGES};
    const enum pd_status status =
        pd_measure_now(r->s.gan, r->s.data, r->o->recalibrate, r->metric, &in, &result, err);
    *value = result.value;
    return status;
}

/* Whether the networks are better than the best so far, or as good. */
static bool is_best(const struct run *r, double value)
{
    return r->o->keep_last || !r->at.best_epoch || r->metric->better * (value - r->at.best_accuracy) >= 0;
}

/* Keeps the weights of the best epoch so far, the last of equals. */
static enum pd_status validate(struct run *r, struct pd_epoch_record *e, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    enum pd_status status = measure(r, &e->validation, err);
    e->metric = r->metric;
    if (status || !is_best(r, e->validation))
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

/* Whether a step has that loss. */
static bool has_loss(const struct pd_train_options *o, int loss)
{
    if (loss == PD_LOSS_d_guess || loss == PD_LOSS_sure)
        return o->consistency > 0;
    if (loss == PD_LOSS_d_rotation || loss == PD_LOSS_g_rotation)
        return o->rotation > 0 && (loss == PD_LOSS_d_rotation || o->rotation_g > 0);
    return true;
}

static void summarise(struct run *r, struct pd_epoch_record *e)
{
    const double steps = (double)r->s.steps_per_epoch;
    const double images = (double)((r->at.step - r->begun_step) * (uint64_t)r->o->batch);
    *e = (struct pd_epoch_record){.epoch = r->at.step / r->s.steps_per_epoch,
                                  .step = r->at.step,
                                  .gold = r->step.gold,
                                  .images_per_second = images / (pd_seconds() - r->begun),
                                  .validation = NAN};
    for (int i = 0; i < PD_LOSS_COUNT; i++) {
        const bool of_g = i == PD_LOSS_g_adv || i == PD_LOSS_g_cls || i == PD_LOSS_g_rotation;
        const double count = of_g ? generator_steps(r) : steps;
        e->means[i] = count > 0 ? r->at.loss_sums[i] / count : 0;
        r->at.loss_sums[i] = 0;
        if (!has_loss(r->o, i))
            e->means[i] = NAN;
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

static void tell(const struct run *r, const struct pd_epoch_record *e)
{
    r->watch->epoch(r->watch->context,
                    &(struct pd_training_epoch){.epoch = e->epoch,
                                                .epochs = (uint64_t)r->o->epochs,
                                                .step = e->step,
                                                .d_adv = e->means[PD_LOSS_d_adv],
                                                .d_cls_real = e->means[PD_LOSS_d_cls_real],
                                                .d_cls_fake = e->means[PD_LOSS_d_cls_fake],
                                                .g_adv = e->means[PD_LOSS_g_adv],
                                                .g_cls = e->means[PD_LOSS_g_cls],
                                                .mean_d = e->means[PD_LOSS_mean_d],
                                                .d_guess = e->means[PD_LOSS_d_guess],
                                                .sure = e->means[PD_LOSS_sure],
                                                .d_rotation = e->means[PD_LOSS_d_rotation],
                                                .g_rotation = e->means[PD_LOSS_g_rotation],
                                                .validation = e->validation,
                                                .metric = e->metric,
                                                .images_per_second = e->images_per_second});
}

/* Whoever computes otherwise (memory that fails) would spoil the run bit by bit. Not the power iterations:
 * each rank makes its own of the same weights, on another processor with other last bits, which do not add
 * up. */
static enum pd_status compare_ranks(const struct run *r, struct pd_error *err)
{
    char digest[PD_META_VALUE];
    enum pd_status status = ranks_of(r) ? pd_gan_digest(r->s.gan, false, "the networks", digest, err) : PD_OK;
    return status || !ranks_of(r) ? status : pd_ranks_compare(ranks_of(r), "the weights are", digest, err);
}

/* Order matters: the log, pictures and best weights of an epoch are on disk before the checkpoint that says
 * it is done; a resume drops what is newer than its checkpoint. */
static enum pd_status end_epoch(struct run *r, struct pd_error *err)
{
    struct pd_epoch_record e;
    enum pd_status status = count_losses(r, err);
    summarise(r, &e);
    if (!status)
        status = compare_ranks(r, err);
    if (!status)
        status = pd_gan_gather(r->s.gan, err);
    if (!status && r->validation.count && is_due(r, e.epoch, r->o->validate_every))
        status = validate(r, &e, err);
    if (!status && writes(r))
        status = write_down(r, &e, err);
    if (!status && r->curves && is_due(r, e.epoch, r->o->eval_every))
        status = pd_run_curves_measure(r->curves, e.epoch, e.step, &r->journal, r->watch->note,
                                       r->watch->context, err);
    if (!status)
        status = save(r, err);
    if (!status && r->watch->epoch)
        tell(r, &e);
    r->begun = pd_seconds();
    r->begun_step = r->at.step;
    return status;
}

/* --- the loop --- */

static enum pd_status run_step(struct run *r, struct pd_error *err)
{
    enum pd_status status = pd_run_step_fit(&r->step, r->at.step, r->last_step, err);
    if (!status)
        status = pd_run_step_take(&r->step, r->at.step, err);
    if (status)
        return status;
    r->at.step++;
    if (r->at.step - r->counted_step == PD_LOSS_STEPS)
        status = count_losses(r, err);
    if (!status && r->watch->step)
        r->watch->step(r->watch->context, r->at.step);
    return status;
}

static bool save_is_due(const struct run *r)
{
    return r->saved_step < r->at.step &&
           ((r->o->save_steps && r->at.step % (uint64_t)r->o->save_steps == 0) ||
            (r->o->save_every && pd_seconds() - r->saved >= 60 * (double)r->o->save_every));
}

static enum pd_status stop(struct run *r, struct pd_error *err)
{
    const enum pd_status status =
        pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped at step %llu", (unsigned long long)r->at.step);
    return r->folder ? pd_hint(err, status, "go on with: resume=%s", r->folder) : status;
}

/* Stops and saves where that is asked for. One that is asked to stop asks all; the first's clock is that of
 * all. */
static enum pd_status take_breath(struct run *r, struct pd_error *err)
{
    double asked[] = {r->watch->stop && r->watch->stop(r->watch->context), leads(r) && save_is_due(r)};
    enum pd_status status = pd_ranks_sum(ranks_of(r), asked, 2, err);
    if (status || asked[0] + asked[1] == 0)
        return status;
    status = count_losses(r, err);
    if (!status)
        status = pd_gan_gather(r->s.gan, err);
    if (!status)
        status = save(r, err);
    return status || asked[0] == 0 ? status : pd_ranks_agree(ranks_of(r), stop(r, err), err);
}

static enum pd_status train(struct run *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (r->watch->begin)
        r->watch->begin(r->watch->context,
                        &(struct pd_training_begin){r->folder, r->s.steps_per_epoch, r->at.step, r->last_step,
                                                    pd_loader_images(r->s.loader), (double)r->o->batch,
                                                    r->step.cost, r->s.estimate});
    r->begun = r->saved = pd_seconds();
    r->begun_step = r->counted_step = r->saved_step = r->at.step;
    while (!status && r->at.step < r->last_step) {
        status = run_step(r, err);
        if (!status && r->at.step % r->s.steps_per_epoch == 0)
            status = end_epoch(r, err);
        if (!status && r->at.step < r->last_step)
            status = take_breath(r, err);
    }
    return status;
}

/* --- life --- */

static void note_device(const struct run *r)
{
    char words[256];
    snprintf(words, sizeof words, "networks on %s, %s", pd_backend_where(r->s.backend), r->o->precision);
    r->watch->note(r->watch->context, words);
}

/* Data, networks with fresh weights, and the step. label_file: the options' or the run's copy, or NULL. */
static enum pd_status open_run(struct run *r, const char *label_file, struct pd_error *err)
{
    const struct pd_data_watch watch = {r->watch->context, r->watch->decoding, NULL};
    const struct pd_setup_from from = {label_file, r->roster, r->folder, r->data, ranks_of(r)};
    enum pd_status status = pd_setup_open(r->o, &from, &watch, &r->s, err);
    if (status)
        return status;
    if (r->watch->note && !r->quiet)
        pd_note_lines(r->s.data->note, r->watch->note, r->watch->context);
    if (r->watch->note && !r->quiet && strcmp(r->o->device, "cpu") != 0)
        note_device(r);
    r->last_step = r->s.steps_per_epoch * (uint64_t)r->o->epochs;
    r->metric = pd_metric_find(r->o->best, NULL);
    if (leads(r))
        status = pd_real_images_of_use(r->s.data, r->s.use, PD_HELD_OUT, r->s.gan->config.size,
                                       &r->validation, err);
    if (!status && leads(r))
        status = pd_run_curves_open(r->o, r->s.data, r->s.gan, &watch, &r->curves, err);
    return status ? status : pd_run_step_open(r->o, r->s.gan, r->s.loader, &r->step, err);
}

/* All are open. Whose data are others makes other batches, or another number of them, and is waited for for
 * ever. */
static enum pd_status meet(const struct run *r, enum pd_status opened, struct pd_error *err)
{
    const enum pd_status status = pd_ranks_agree(ranks_of(r), opened, err);
    if (status || !ranks_of(r))
        return status;
    char text[3 * 16 + 2 * PD_DIGEST_SIZE + 1];
    int n = snprintf(text, sizeof text, "%016llx%016llx%016llx", (unsigned long long)r->s.steps_per_epoch,
                     (unsigned long long)r->last_step, (unsigned long long)r->at.step);
    for (int i = 0; i < PD_DIGEST_SIZE; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%02x", r->s.roster.fingerprint.bytes[i]);
    return pd_ranks_compare(ranks_of(r), "the data, epochs or steps done are", text, err);
}

static void close_run(struct run *r)
{
    pd_journal_close(&r->journal);
    pd_run_curves_close(r->curves);
    pd_run_step_close(&r->step);
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

/* In a folder that is there, before the first step. */
static enum pd_status begin(struct run *r, struct pd_error *err)
{
    enum pd_status status = lock(r, err);
    if (!status)
        status = pd_run_keep_labels(r->o, r->s.data, r->folder, err);
    if (!status)
        status = pd_run_keep_roster(&r->s.roster, r->roster, r->folder, err);
    if (!status)
        status = pd_run_folder_save_options(r->folder, r->o, err);
    if (!status)
        status = pd_journal_open(&r->journal, r->folder, 0, err);
    if (!status)
        status = save(r, err); /* from here on there is something to resume */
    return status;
}

/* As the options say, for a first step. */
static enum pd_status open_new(struct run *r, struct pd_error *err)
{
    enum pd_status status = open_run(r, r->o->label_file[0] ? r->o->label_file : NULL, err);
    if (!status && r->o->generator[0])
        status = pd_gan_load_generator(r->s.gan, r->o->generator, err);
    return status;
}

enum pd_status pd_run_train(const struct pd_train_options *options, const struct pd_training_watch *watch,
                            char *folder, size_t folder_size, struct pd_error *err)
{
    struct pd_train_options o = *options;
    struct run r = {.o = &o, .watch = watch, .folder = folder};
    char kind[64];
    folder[0] = '\0';
    /* what can be wrong with the options shows before a folder is made */
    enum pd_status status = meet(&r, open_new(&r, err), err);
    snprintf(kind, sizeof kind, "%s%s", o.model, o.gold ? "-gold" : "");
    if (!status && leads(&r))
        status = pd_run_folder_make(&o, kind, folder, folder_size, err);
    if (!status && leads(&r))
        status = begin(&r, err);
    status = pd_ranks_agree(ranks_of(&r), status, err);
    if (!status)
        status = train(&r, err);
    close_run(&r);
    return status;
}

/* The networks of the best epoch where there is one, ready to score reals. */
static enum pd_status finish(struct run *r, struct pd_error *err)
{
    enum pd_status status =
        r->best ? pd_gan_paste_networks(r->s.gan, r->best, err) : pd_gan_check_finite(r->s.gan, err);
    return status || !r->o->recalibrate ? status : pd_recalibrate_on(r->s.gan, r->s.data, err);
}

enum pd_status pd_run_in_memory(const struct pd_train_options *options, struct pd_dataset *data,
                                const struct pd_training_watch *watch, struct pd_gan **out,
                                struct pd_error *err)
{
    struct pd_train_options o = *options;
    struct run r = {.o = &o, .watch = watch, .data = data};
    *out = NULL;
    enum pd_status status = o.eval_every
                                ? pd_fail(err, PD_ERR_USAGE, -1,
                                          "eval_every: a run without a folder has no place for its results")
                                : open_run(&r, NULL, err);
    if (!status && o.generator[0])
        status = pd_gan_load_generator(r.s.gan, o.generator, err);
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
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)epochs);
    enum pd_status status = pd_train_options_set(r->o, "epochs", text, err);
    if (status)
        return status;
    const uint64_t last = r->s.steps_per_epoch * (uint64_t)epochs;
    if (last < r->at.step)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "%s stands at step %llu already, and %lld epochs end at step %llu", r->folder,
                       (unsigned long long)r->at.step, (long long)epochs, (unsigned long long)last);
    r->last_step = last;
    return PD_OK;
}

/* A run of an earlier version has no roster; from here on it has. */
static enum pd_status begin_roster(struct run *r, struct pd_error *err)
{
    if (r->watch->note)
        r->watch->note(r->watch->context, PD_RUN_WITHOUT_ROSTER);
    return pd_run_keep_roster(&r->s.roster, r->roster, r->folder, err);
}

static enum pd_status reopen(struct run *r, int64_t epochs, struct pd_error *err)
{
    char path[PD_PATH_SIZE], labels[PD_PATH_SIZE];
    enum pd_status status = pd_run_folder_labels(r->folder, labels, err);
    if (!status)
        status = pd_run_say_moved(r->o, false, open_run(r, r->o->label_file[0] ? labels : NULL, err), err);
    if (!status)
        status = pd_run_folder_checkpoint(r->folder, path, err);
    if (!status)
        status = pd_gan_load(r->s.gan, path, &r->at, err);
    if (!status && epochs)
        status = change_epochs(r, epochs, err);
    return status;
}

/* In the folder, before the next step. */
static enum pd_status go_on(struct run *r, struct pd_error *err)
{
    enum pd_status status = r->roster ? PD_OK : begin_roster(r, err);
    if (!status)
        status = pd_run_folder_save_options(r->folder, r->o, err);
    return status ? status : pd_journal_open(&r->journal, r->folder, r->at.step, err);
}

/* roster: as pd_run_train_in's; NULL: the run's own. */
static enum pd_status resume(const char *folder, const char *roster, const struct pd_run_change *change,
                             const struct pd_training_watch *watch, struct pd_error *err)
{
    struct pd_train_options o;
    struct run r = {.o = &o, .watch = watch, .folder = folder, .roster = roster, .quiet = roster};
    enum pd_status status = pd_run_folder_training(folder, &o, err); /* is there a run? */
    if (!status && leads(&r))
        status = lock(&r, err);
    if (!status)
        status = pd_run_folder_options(folder, &o, err); /* as who worked on it last has left them */
    if (!roster && pd_roster_is_in(folder))
        r.roster = folder;
    if (!status)
        pd_run_move(&change->place, &o);
    if (!status && change->device)
        snprintf(o.device, sizeof o.device, "%s", change->device);
    if (!status && change->precision)
        snprintf(o.precision, sizeof o.precision, "%s", change->precision);
    if (!status)
        status = reopen(&r, change->epochs, err);
    status = meet(&r, status, err); /* until here all read, from here on one writes */
    if (!status && leads(&r))
        status = go_on(&r, err);
    status = pd_ranks_agree(ranks_of(&r), status, err);
    if (!status)
        status = train(&r, err);
    close_run(&r);
    return status;
}

enum pd_status pd_run_resume(const char *folder, const struct pd_run_change *change,
                             const struct pd_training_watch *watch, struct pd_error *err)
{
    const struct pd_run_change none = {.epochs = 0};
    const struct pd_training_watch nobody = {.context = NULL};
    return resume(folder, NULL, change ? change : &none, watch ? watch : &nobody, err);
}

enum pd_status pd_run_train_in(const struct pd_train_options *options, const char *folder, const char *roster,
                               const struct pd_training_watch *watch, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_train_options o = *options;
    struct run r = {.o = &o, .watch = watch, .folder = folder, .roster = roster, .quiet = true};
    enum pd_status status = pd_run_folder_checkpoint(folder, path, err);
    if (!status && !pd_is_absent(path)) {
        const struct pd_run_change change = {0, {o.data, o.data_dir, o.cache_dir}, o.device, o.precision};
        return resume(folder, roster, &change, watch, err);
    }
    if (!status)
        status = open_new(&r, err);
    if (!status)
        status = pd_make_dirs(folder, err);
    if (!status)
        status = begin(&r, err);
    if (!status)
        status = train(&r, err);
    close_run(&r);
    return status;
}
