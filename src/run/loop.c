#include "run/loop.h"

#include "base/clock.h"
#include "run/curves.h"
#include "run/recalibrate.h"

#include <math.h>
#include <stdio.h>

static bool writes(const struct pd_loop *r)
{
    return r->folder && pd_loop_leads(r);
}

/* --- losses: the steps do not wait until somebody has looked at them --- */

/* Long before a gradient's square, which Adam keeps, is beyond float's range. */
#define LOSS_MOST 1e12F

/* Of the step before step. */
static enum pd_status check_losses(const struct pd_loop *r, const float *losses, uint64_t step,
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

/* A mean over the labelled images of a batch, which may have none. */
static bool is_of_labelled(int loss)
{
    return loss == PD_LOSS_d_cls_real;
}

/* All ranks at the same step. */
static enum pd_status count_losses(struct pd_loop *r, struct pd_error *err)
{
    float losses[PD_LOSS_STEPS][PD_LOSS_COUNT];
    const uint64_t first = r->counted_step, n = r->at.step - first;
    enum pd_status status = n ? pd_gan_losses(r->s.gan, first, n, losses, err) : PD_OK;
    for (uint64_t i = 0; i < n && !status; i++) {
        for (int k = 0; k < PD_LOSS_COUNT; k++)
            r->at.loss_sums[k] +=
                (double)losses[i][k] * (is_of_labelled(k) ? (double)losses[i][PD_LOSS_labelled] : 1);
        status = check_losses(r, losses[i], first + i + 1, err);
    }
    r->counted_step = r->at.step;
    return pd_ranks_agree(pd_loop_ranks(r), status, err);
}

/* --- the end of an epoch --- */

enum pd_status pd_loop_save(struct pd_loop *r, struct pd_error *err)
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

static enum pd_status measure(struct pd_loop *r, double *value, struct pd_error *err)
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
static bool is_best(const struct pd_loop *r, double value)
{
    return r->o->keep_last || !r->at.best_epoch || r->metric->better * (value - r->at.best_accuracy) >= 0;
}

/* Keeps the weights of the best epoch so far, the last of equals. */
static enum pd_status validate(struct pd_loop *r, struct pd_epoch_record *e, struct pd_error *err)
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
static double generator_steps(const struct pd_loop *r)
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
    return loss != PD_LOSS_labelled;
}

static void summarise(struct pd_loop *r, struct pd_epoch_record *e)
{
    const double steps = (double)r->s.steps_per_epoch, labelled = r->at.loss_sums[PD_LOSS_labelled];
    const double images =
        (double)(pd_loader_seen(r->s.loader, r->at.step) - pd_loader_seen(r->s.loader, r->begun_step));
    *e = (struct pd_epoch_record){.epoch = r->at.step / r->s.steps_per_epoch,
                                  .step = r->at.step,
                                  .gold = r->step.gold,
                                  .images_per_second = images / (pd_seconds() - r->begun),
                                  .validation = NAN};
    for (int i = 0; i < PD_LOSS_COUNT; i++) {
        const bool of_g = i == PD_LOSS_g_adv || i == PD_LOSS_g_cls || i == PD_LOSS_g_rotation;
        const double count = is_of_labelled(i) ? labelled : of_g ? generator_steps(r) : steps;
        e->means[i] = count > 0 ? r->at.loss_sums[i] / count : of_g ? NAN : 0;
        r->at.loss_sums[i] = 0;
        if (!has_loss(r->o, i))
            e->means[i] = NAN;
    }
}

/* Every so many epochs, and after the last. */
static bool is_due(const struct pd_loop *r, uint64_t epoch, int64_t every)
{
    return every && (epoch % (uint64_t)every == 0 || r->at.step == r->last_step);
}

static enum pd_status write_down(struct pd_loop *r, const struct pd_epoch_record *e, struct pd_error *err)
{
    enum pd_status status = pd_journal_epoch(&r->journal, e, err);
    if (!status && is_due(r, e->epoch, r->o->grid_every))
        status = pd_journal_grid(&r->journal, r->s.gan, e->epoch, e->step, err);
    return status ? status : pd_journal_flush(&r->journal, err);
}

static void tell(const struct pd_loop *r, const struct pd_epoch_record *e)
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
static enum pd_status compare_ranks(const struct pd_loop *r, struct pd_error *err)
{
    char digest[PD_META_VALUE];
    enum pd_status status =
        pd_loop_ranks(r) ? pd_gan_digest(r->s.gan, false, "the networks", digest, err) : PD_OK;
    return status || !pd_loop_ranks(r) ? status
                                       : pd_ranks_compare(pd_loop_ranks(r), "the weights are", digest, err);
}

/* Order matters: the log, pictures and best weights of an epoch are on disk before the checkpoint that says
 * it is done; a resume drops what is newer than its checkpoint. */
static enum pd_status end_epoch(struct pd_loop *r, struct pd_error *err)
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
        status = pd_loop_save(r, err);
    if (!status && r->watch->epoch)
        tell(r, &e);
    r->begun = pd_seconds();
    r->begun_step = r->at.step;
    return status;
}

/* --- the loop --- */

static enum pd_status run_step(struct pd_loop *r, struct pd_error *err)
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

static bool save_is_due(const struct pd_loop *r)
{
    return r->saved_step < r->at.step &&
           ((r->o->save_steps && r->at.step % (uint64_t)r->o->save_steps == 0) ||
            (r->o->save_every && pd_seconds() - r->saved >= 60 * (double)r->o->save_every));
}

static enum pd_status stop(struct pd_loop *r, struct pd_error *err)
{
    const enum pd_status status =
        pd_fail(err, PD_ERR_INTERRUPTED, -1, "stopped at step %llu", (unsigned long long)r->at.step);
    return r->folder ? pd_hint(err, status, "go on with: resume=%s", r->folder) : status;
}

/* Stops and saves where that is asked for. One that is asked to stop asks all; the first's clock is that of
 * all. */
static enum pd_status take_breath(struct pd_loop *r, struct pd_error *err)
{
    double asked[] = {r->watch->stop && r->watch->stop(r->watch->context),
                      pd_loop_leads(r) && save_is_due(r)};
    enum pd_status status = pd_ranks_sum(pd_loop_ranks(r), asked, 2, err);
    if (status || asked[0] + asked[1] == 0)
        return status;
    status = count_losses(r, err);
    if (!status)
        status = pd_gan_gather(r->s.gan, err);
    if (!status)
        status = pd_loop_save(r, err);
    return status || asked[0] == 0 ? status : pd_ranks_agree(pd_loop_ranks(r), stop(r, err), err);
}

enum pd_status pd_loop_train(struct pd_loop *r, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (r->watch->begin)
        r->watch->begin(
            r->watch->context,
            &(struct pd_training_begin){
                r->folder, r->s.steps_per_epoch, r->at.step, r->last_step, pd_loader_images(r->s.loader),
                pd_loader_labelled(r->s.loader), pd_loader_left_out(r->s.loader),
                (double)pd_loader_seen(r->s.loader, r->s.steps_per_epoch) / (double)r->s.steps_per_epoch,
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
