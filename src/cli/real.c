#include "cli/real.h"

#include "cli/progress.h"
#include "cli/say.h"

#include "base/mem.h"
#include "data/transform.h"
#include "run/recalibrate.h"

#include <stdio.h>
#include <string.h>

static enum pd_status adopt_classes(struct pd_dataset *d, const struct pd_gan *gan, enum real_labels labels,
                                    struct pd_error *err)
{
    const struct pd_class_names unnamed = {gan->config.classes, NULL};
    if (labels == REAL_UNLABELLED)
        for (uint32_t i = 0; i < d->count; i++)
            d->labels[i] = -1;
    return pd_class_names_adopt(gan->classes.at ? &gan->classes : &unnamed, labels == REAL_BY_NUMBER, d, err);
}

/* Data that were opened, with what there is to say about them. */
static enum pd_status take_data(struct pd_dataset *d, const struct pd_gan *gan, enum real_labels labels,
                                struct pd_error *err)
{
    enum pd_status status = pd_run_check_fit(d, &gan->config, err);
    if (!status)
        status = adopt_classes(d, gan, labels, err);
    if (!status)
        pd_note_lines(d->note, say_line, stderr);
    return status;
}

static enum pd_status transform(struct real *r, const struct pd_model_config *c, struct pd_error *err)
{
    const size_t size = c->size ? (size_t)c->channels * (size_t)c->size * (size_t)c->size : 2;
    r->images = pd_calloc(r->data->count, size * sizeof *r->images);
    if (!r->images)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images", r->data->count);
    return pd_transform_eval(r->data, NULL, r->data->count, c->size, r->images, err);
}

enum pd_status real_open(struct real *r, const struct pd_run_model *run, const char *name, const char *dir,
                         enum pd_split split, enum real_labels labels, struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    struct pd_train_options o = run->options;
    if (*name && strcmp(name, o.data) != 0)
        o.data_dir[0] = '\0'; /* that of another data set */
    if (*name)
        snprintf(o.data, sizeof o.data, "%s", name);
    if (*dir)
        snprintf(o.data_dir, sizeof o.data_dir, "%s", dir);
    *r = (struct real){NULL, NULL, NULL, 0};
    enum pd_status status = pd_run_dataset(&o, split, &watch, &r->data, err);
    progress_end(&progress);
    if (!status)
        status = take_data(r->data, run->gan, labels, err);
    if (!status)
        status = transform(r, &run->gan->config, err);
    if (status) {
        real_close(r);
        return status;
    }
    r->labels = r->data->labels;
    r->count = r->data->count;
    return PD_OK;
}

enum pd_status real_training(const struct pd_run_model *run, struct pd_dataset **out, struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    *out = NULL;
    enum pd_status status = pd_run_dataset_again(&run->options, run->folder, false, &watch, out, err);
    progress_end(&progress);
    return status ? status : take_data(*out, run->gan, REAL_BY_NAME, err);
}

enum pd_status real_recalibrate(struct pd_run_model *run, enum pd_origin origin,
                                const struct pd_dataset *training, struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    enum pd_status status = pd_run_recalibrate(run, origin, training, &watch, err);
    progress_end(&progress);
    if (!status && run->note[0])
        progress_line(&progress, "%s", run->note);
    return status;
}

const char *real_statistics(const struct pd_gan *gan, char *text, size_t size)
{
    *text = '\0';
    if (gan->statistics[PD_ORIGIN_REAL])
        snprintf(text, size, "by the statistics of %lld training images",
                 (long long)gan->statistics[PD_ORIGIN_REAL]);
    else if (pd_gan_has_batch_norm(gan))
        snprintf(text, size, "by running statistics over reals and fakes");
    return text;
}

enum pd_status real_advise(enum pd_status status, const char *words, struct pd_error *err)
{
    return status == PD_ERR_IO && err && !err->code ? pd_fail(err, status, -1, "%s; %s", err->message, words)
                                                    : status;
}

void real_close(struct real *r)
{
    pd_free(r->images);
    pd_dataset_destroy(r->data);
    *r = (struct real){NULL, NULL, NULL, 0};
}
