/* Training for other programs (paydirt/train.h), and what they open. */
#include "base/mem.h"
#include "run/recalibrate.h"

#include <paydirt/train.h>

struct pd_training {
    struct pd_train_options options;
};

enum pd_status pd_training_create(struct pd_training **out, struct pd_error *err)
{
    *out = pd_calloc(1, sizeof **out);
    if (!*out)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for options");
    pd_train_options_init(&(*out)->options);
    return PD_OK;
}

void pd_training_destroy(struct pd_training *t)
{
    pd_free(t);
}

enum pd_status pd_training_set(struct pd_training *t, const char *option, const char *value,
                               struct pd_error *err)
{
    struct pd_train_options changed = t->options;
    enum pd_status status = pd_train_options_set(&changed, option, value, err);
    if (!status)
        status = pd_setup_check_names(&changed, err);
    if (!status)
        t->options = changed;
    return status;
}

/* --- what the caller sees --- */

struct watcher {
    const struct pd_training_watch *watch;
    uint64_t epochs;
};

static void see_epoch(void *context, const struct pd_epoch_record *e)
{
    const struct watcher *w = context;
    if (w->watch->epoch)
        w->watch->epoch(w->watch->context,
                        &(struct pd_training_epoch){.epoch = e->epoch,
                                                    .epochs = w->epochs,
                                                    .d_adv = e->means[PD_LOSS_d_adv],
                                                    .d_cls_real = e->means[PD_LOSS_d_cls_real],
                                                    .d_cls_fake = e->means[PD_LOSS_d_cls_fake],
                                                    .g_adv = e->means[PD_LOSS_g_adv],
                                                    .g_cls = e->means[PD_LOSS_g_cls],
                                                    .mean_d = e->means[PD_LOSS_mean_d],
                                                    .validation = e->validation,
                                                    .images_per_second = e->images_per_second});
}

static bool ask_stop(void *context)
{
    const struct watcher *w = context;
    return w->watch->stop && w->watch->stop(w->watch->context);
}

static void hand_on(void *context, const char *words)
{
    const struct watcher *w = context;
    if (w->watch->note)
        w->watch->note(w->watch->context, words);
}

enum pd_status pd_training_run(const struct pd_training *t, struct pd_dataset *data,
                               const struct pd_training_watch *watch, struct pd_gan **out,
                               struct pd_error *err)
{
    const struct pd_training_watch none = {0};
    *out = NULL;
    if (!data)
        return pd_fail(err, PD_ERR_USAGE, -1, "no data: expected a data set");
    struct watcher w = {watch ? watch : &none, (uint64_t)t->options.epochs};
    const struct pd_observer observer = {
        .context = &w, .epoch = see_epoch, .stop = ask_stop, .note = hand_on};
    return pd_run_in_memory(&t->options, data, &observer, out, err);
}

/* --- what others have trained --- */

enum pd_status pd_gan_open(const char *run, int threads, struct pd_gan **out, struct pd_error *err)
{
    struct pd_run_model m;
    *out = NULL;
    enum pd_status status = pd_run_read(run, threads, &m, err);
    if (status)
        return status;
    if (m.options.recalibrate)
        status = pd_run_kept_statistics(&m, err);
    if (status) {
        pd_run_release(&m);
        return status;
    }
    *out = m.gan;
    return PD_OK;
}
