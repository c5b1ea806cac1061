#include "cli/real.h"

#include "cli/progress.h"
#include "cli/say.h"

#include "base/mem.h"
#include "data/transform.h"

#include <stdio.h>
#include <string.h>

static enum pd_status check_fit(const struct pd_dataset *d, const struct pd_model_config *c,
                                struct pd_error *err)
{
    const char *kinds[] = {"images", "2-D points"};
    if (!d->points != (c->size > 0))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s' has %s, and the run's model makes %s",
                       d->name, kinds[d->points != NULL], kinds[c->size == 0]);
    if (d->channels != c->channels)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s' has %d channels, and the run's model %d",
                       d->name, d->channels, c->channels);
    return PD_OK;
}

static enum pd_status adopt_classes(struct pd_dataset *d, const struct pd_gan *gan, enum real_labels labels,
                                    struct pd_error *err)
{
    const struct pd_class_names unnamed = {gan->config.classes, NULL};
    if (labels == REAL_UNLABELLED)
        for (uint32_t i = 0; i < d->count; i++)
            d->labels[i] = -1;
    return pd_class_names_adopt(gan->classes.at ? &gan->classes : &unnamed, labels == REAL_BY_NUMBER, d, err);
}

static enum pd_status transform(struct real *r, const struct pd_model_config *c, struct pd_error *err)
{
    const size_t size = c->size ? (size_t)c->channels * (size_t)c->size * (size_t)c->size : 2;
    r->images = pd_calloc(r->data->count, size * sizeof *r->images);
    if (!r->images)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images", r->data->count);
    /* points have no size, but the transform wants one */
    return pd_transform_eval(r->data, NULL, r->data->count, c->size ? c->size : 1, r->images, err);
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
        status = check_fit(r->data, &run->gan->config, err);
    if (!status)
        status = adopt_classes(r->data, run->gan, labels, err);
    if (!status)
        pd_note_lines(r->data->note, say_line, stderr);
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

void real_close(struct real *r)
{
    pd_free(r->images);
    pd_dataset_destroy(r->data);
    *r = (struct real){NULL, NULL, NULL, 0};
}
