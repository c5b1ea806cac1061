#include "run/run.h"

#include "base/mem.h"
#include "base/pass_on.h"
#include "io/file.h"
#include "io/ranks.h"
#include "run/curves.h"
#include "run/loop.h"
#include "run/recalibrate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void note_device(const struct pd_loop *r)
{
    char words[256];
    snprintf(words, sizeof words, "networks on %s, %s", pd_backend_where(r->s.backend), r->o->precision);
    r->watch->note(r->watch->context, words);
}

/* Data, networks with fresh weights, and the step. label_file: the options' or the run's copy, or NULL. */
static enum pd_status open_run(struct pd_loop *r, const char *label_file, struct pd_error *err)
{
    const struct pd_data_watch watch = {r->watch->context, r->watch->decoding, NULL};
    const struct pd_setup_from from = {label_file, r->roster, r->folder, r->data, pd_loop_ranks(r)};
    enum pd_status status = pd_setup_open(r->o, &from, &watch, &r->s, err);
    if (status)
        return status;
    if (r->watch->note && !r->quiet)
        pd_note_lines(r->s.data->note, r->watch->note, r->watch->context);
    if (r->watch->note && !r->quiet && strcmp(r->o->device, "cpu") != 0)
        note_device(r);
    r->last_step = r->s.steps_per_epoch * (uint64_t)r->o->epochs;
    r->metric = pd_metric_find(r->o->best, NULL);
    if (pd_loop_leads(r))
        status = pd_real_images_of_use(r->s.data, r->s.use, PD_HELD_OUT, r->s.gan->config.size,
                                       &r->validation, err);
    if (!status && pd_loop_leads(r))
        status = pd_run_curves_open(r->o, r->s.data, r->s.gan, &watch, &r->curves, err);
    if (r->curves && *pd_run_curves_note(r->curves) && r->watch->note)
        r->watch->note(r->watch->context, pd_run_curves_note(r->curves));
    return status ? status : pd_run_step_open(r->o, r->s.gan, r->s.loader, &r->step, err);
}

/* All are open. Whose data are others makes other batches, or another number of them, and is waited for for
 * ever. */
static enum pd_status meet(const struct pd_loop *r, enum pd_status opened, struct pd_error *err)
{
    const enum pd_status status = pd_ranks_agree(pd_loop_ranks(r), opened, err);
    if (status || !pd_loop_ranks(r))
        return status;
    char text[3 * 16 + 2 * PD_DIGEST_SIZE + 1];
    int n = snprintf(text, sizeof text, "%016llx%016llx%016llx", (unsigned long long)r->s.steps_per_epoch,
                     (unsigned long long)r->last_step, (unsigned long long)r->at.step);
    for (int i = 0; i < PD_DIGEST_SIZE; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%02x", r->s.roster.fingerprint.bytes[i]);
    return pd_ranks_compare(pd_loop_ranks(r), "the data, epochs or steps done are", text, err);
}

static void close_run(struct pd_loop *r)
{
    pd_journal_close(&r->journal);
    pd_run_curves_close(r->curves);
    pd_run_step_close(&r->step);
    pd_free(r->best);
    pd_real_images_release(&r->validation);
    pd_setup_close(&r->s);
    pd_lock_release(&r->lock);
}

static enum pd_status lock(struct pd_loop *r, struct pd_error *err)
{
    enum pd_status status = pd_run_folder_lock(r->folder, &r->lock, err);
    if (r->lock.powerless && r->watch->note)
        r->watch->note(r->watch->context, PD_LOCK_POWERLESS);
    return status;
}

/* In a folder that is there, before the first step. */
static enum pd_status begin(struct pd_loop *r, struct pd_error *err)
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
        status = pd_loop_save(r, err); /* from here on there is something to resume */
    return status;
}

/* As the options say, for a first step. */
static enum pd_status open_new(struct pd_loop *r, struct pd_error *err)
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
    struct pd_loop r = {.o = &o, .watch = watch, .folder = folder};
    char kind[64];
    folder[0] = '\0';
    /* what can be wrong with the options shows before a folder is made */
    enum pd_status status = meet(&r, open_new(&r, err), err);
    snprintf(kind, sizeof kind, "%s%s", o.model, o.gold ? "-gold" : "");
    if (!status && pd_loop_leads(&r))
        status = pd_run_folder_make(&o, kind, folder, folder_size, err);
    if (!status && pd_loop_leads(&r))
        status = begin(&r, err);
    status = pd_ranks_agree(pd_loop_ranks(&r), status, err);
    if (!status)
        status = pd_loop_train(&r, err);
    close_run(&r);
    return status;
}

/* The networks of the best epoch where there is one, ready to score reals. */
static enum pd_status finish(struct pd_loop *r, struct pd_error *err)
{
    enum pd_status status =
        r->best ? pd_gan_paste_networks(r->s.gan, r->best, err) : pd_gan_check_finite(r->s.gan, err);
    r->s.gan->steps = r->best ? r->at.best_epoch * r->s.steps_per_epoch : r->at.step;
    return status || !r->o->recalibrate ? status : pd_recalibrate_on(r->s.gan, r->s.data, err);
}

enum pd_status pd_run_in_memory(const struct pd_train_options *options, struct pd_dataset *data,
                                const struct pd_training_watch *watch, struct pd_gan **out,
                                struct pd_error *err)
{
    struct pd_train_options o = *options;
    struct pd_loop r = {.o = &o, .watch = watch, .data = data};
    *out = NULL;
    enum pd_status status = o.eval_every
                                ? pd_fail(err, PD_ERR_USAGE, -1,
                                          "eval_every: a run without a folder has no place for its results")
                                : open_run(&r, NULL, err);
    if (!status && o.generator[0])
        status = pd_gan_load_generator(r.s.gan, o.generator, err);
    if (!status)
        status = pd_loop_train(&r, err);
    const bool stopped = status == PD_ERR_INTERRUPTED;
    struct pd_error why;
    if ((!status || stopped) && finish(&r, &why)) {
        status = pd_pass_on(&why, err);
    } else if (!status || stopped) {
        *out = r.s.gan;
        r.s.gan->owns_backend = true;
        r.s.gan = NULL;
        r.s.backend = NULL;
    }
    close_run(&r);
    return status;
}

/* What has begun goes on as it began: its options are fractions of all epochs, which are others now. */
static void keep_begun(struct pd_loop *r, uint64_t last)
{
    const double part = (double)r->last_step / (double)last, step = (double)r->at.step;
    const double gold =
        r->o->gold_start * part * (1 - 1e-12); /* rounded, not behind the step it began with */
    if (r->o->gold && step - 1 >= r->o->gold_start * (double)r->last_step) /* the last that was taken */
        r->o->gold_start = gold;
    if (r->at.step > 0)
        r->o->guess_ramp = fmin(1, r->o->guess_ramp * part);
}

static enum pd_status change_epochs(struct pd_loop *r, int64_t epochs, struct pd_error *err)
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
    if (last != r->last_step) /* a command that was killed may be given again */
        keep_begun(r, last);
    r->last_step = last;
    return PD_OK;
}

/* A run of an earlier version has no roster; from here on it has. */
static enum pd_status begin_roster(struct pd_loop *r, struct pd_error *err)
{
    if (r->watch->note)
        r->watch->note(r->watch->context, PD_RUN_WITHOUT_ROSTER);
    return pd_run_keep_roster(&r->s.roster, r->roster, r->folder, err);
}

static enum pd_status reopen(struct pd_loop *r, int64_t epochs, struct pd_error *err)
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
static enum pd_status go_on(struct pd_loop *r, struct pd_error *err)
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
    struct pd_loop r = {.o = &o, .watch = watch, .folder = folder, .roster = roster, .quiet = roster};
    enum pd_status status = pd_run_folder_training(folder, &o, err); /* is there a run? */
    if (!status && pd_loop_leads(&r))
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
    if (!status && pd_loop_leads(&r))
        status = go_on(&r, err);
    status = pd_ranks_agree(pd_loop_ranks(&r), status, err);
    if (!status)
        status = pd_loop_train(&r, err);
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
    struct pd_loop r = {.o = &o, .watch = watch, .folder = folder, .roster = roster, .quiet = true};
    enum pd_status status = pd_run_folder_checkpoint(folder, path, err);
    if (!status && !pd_is_absent(path)) {
        const struct pd_run_change change = {
            0, {o.data, o.data_dir, o.cache_dir, o.metadata}, o.device, o.precision};
        return resume(folder, roster, &change, watch, err);
    }
    if (!status)
        status = open_new(&r, err);
    if (!status)
        status = pd_make_dirs(folder, err);
    if (!status)
        status = begin(&r, err);
    if (!status)
        status = pd_loop_train(&r, err);
    close_run(&r);
    return status;
}
