/* Real images beside a run's networks (paydirt/run.h). */
#include "base/mem.h"
#include "data/labels/labels.h"
#include "run/run.h"

#include <stdio.h>
#include <string.h>

static enum pd_status adopt_classes(struct pd_dataset *d, const struct pd_gan *gan, enum pd_run_labels labels,
                                    struct pd_error *err)
{
    const struct pd_class_names unnamed = {gan->config.classes, NULL};
    if (labels == PD_RUN_LABELS_UNKNOWN) {
        for (uint32_t i = 0; i < d->count; i++)
            d->labels[i] = -1;
        pd_free(d->class_names);
        d->class_names = NULL;
        d->classes = gan->classes.at ? 0 : gan->config.classes;
    }
    return pd_class_names_adopt(gan->classes.at ? &gan->classes : &unnamed, labels == PD_RUN_LABELS_BY_NUMBER,
                                d, err);
}

/* Data that were opened, or not. */
static enum pd_status take_data(enum pd_status status, const struct pd_gan *gan, enum pd_run_labels labels,
                                struct pd_dataset **out, struct pd_error *err)
{
    if (!status)
        status = pd_dataset_fit_channels(*out, gan->config.channels, err);
    if (!status)
        status = pd_run_check_fit(*out, &gan->config, err);
    if (!status)
        status = adopt_classes(*out, gan, labels, err);
    if (status) {
        pd_dataset_destroy(*out);
        *out = NULL;
    }
    return status;
}

/* It is taken whole: how many images were drawn was said of the run's own, and so are the labels in a table.
 */
static void point_at(const char *name, enum pd_run_labels labels, struct pd_train_options *o)
{
    const bool same = !strcmp(name, o->data);
    if (same && pd_data_source_named(name))
        return;
    if (!same)
        o->data_dir[0] = '\0';
    if (labels == PD_RUN_LABELS_UNKNOWN)
        o->metadata[0] = o->metadata_columns[0] = '\0';
    o->data_count = 0;
    snprintf(o->data, sizeof o->data, "%s", name);
}

/* Says how many of them the run has seen: what is measured on those, is of what it knows. */
static enum pd_status count_seen(const struct pd_roster *roster, struct pd_dataset *d, int threads,
                                 struct pd_error *err)
{
    struct pd_digest *own = NULL, *all = NULL;
    uint32_t *first = NULL, copies, seen = 0;
    const size_t size = sizeof *all, trained = roster->count;
    enum pd_status status = pd_dataset_digests(d, threads, &own, err);
    if (!status && !(all = pd_malloc((trained + d->count) * size)))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the digests of %u images", d->count);
    if (!status) {
        memcpy(all, roster->digests, trained * size);
        memcpy(all + trained, own, d->count * size);
        status = pd_digest_copies(all, (uint32_t)(trained + d->count), &first, &copies, err);
    }
    for (uint32_t i = 0; !status && i < d->count; i++)
        seen += first[trained + i] < trained;
    if (seen)
        pd_dataset_add_note(d, "%u of its %u images %s the run's training data, too", seen, d->count,
                            seen > 1 ? "are in" : "is in");
    pd_free(first);
    pd_free(all);
    pd_free(own);
    return status;
}

/* By the list in its folder; where that is damaged, resuming says so. */
static enum pd_status note_seen(const struct pd_run_model *run, struct pd_dataset *d, struct pd_error *err)
{
    struct pd_roster roster = {.count = 0};
    enum pd_status status = pd_roster_is_in(run->folder) ? pd_roster_read(run->folder, &roster, NULL) : PD_OK;
    if (!status && roster.listed)
        status = pd_roster_read_images(run->folder, &roster, NULL);
    status = !status && roster.digests && (uint64_t)roster.count + d->count <= UINT32_MAX
                 ? count_seen(&roster, d, (int)run->options.threads, err)
                 : PD_OK;
    pd_roster_release(&roster);
    return status;
}

enum pd_status pd_run_data(const struct pd_run_model *run, const char *name, const char *dir,
                           enum pd_split split, enum pd_run_labels labels, const struct pd_data_watch *watch,
                           struct pd_dataset **out, struct pd_error *err)
{
    struct pd_train_options o = run->options;
    const bool named = name && *name, placed = dir && *dir;
    if (named)
        point_at(name, labels, &o);
    if (placed)
        snprintf(o.data_dir, sizeof o.data_dir, "%s", dir);
    *out = NULL;
    const bool others = named || placed || split != PD_SPLIT_TRAIN;
    enum pd_status status = others ? pd_run_dataset(&o, split, run->gan->scale, watch, out, err)
                                   : pd_run_dataset_again(&o, run->folder, false, watch, out, err);
    if (!status && others)
        status = note_seen(run, *out, err);
    return take_data(status, run->gan, labels, out, err);
}

enum pd_status pd_run_training_data(const struct pd_run_model *run, const struct pd_data_watch *watch,
                                    struct pd_dataset **out, struct pd_error *err)
{
    *out = NULL;
    return take_data(pd_run_dataset_again(&run->options, run->folder, false, watch, out, err), run->gan,
                     PD_RUN_LABELS_BY_NAME, out, err);
}

/* The run's label file changes labels, by which those held out are drawn: afterwards they are as before. */
static enum pd_status take_of_use(const struct pd_run_model *run, struct pd_dataset *data,
                                  enum pd_label_use which, struct pd_real_images *out, struct pd_error *err)
{
    char labels[PD_PATH_SIZE];
    const size_t size = data->count * sizeof *data->labels;
    uint8_t *use = pd_calloc(data->count, 1);
    int32_t *before = pd_malloc(size);
    enum pd_status status = use && before
                                ? pd_run_folder_labels(run->folder, labels, err)
                                : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u labels", data->count);
    if (before)
        memcpy(before, data->labels, size);
    if (!status)
        status = pd_run_labels(&run->options, run->options.label_file[0] ? labels : NULL, data, use, err);
    if (!status)
        status = pd_real_images_of_use(data, use, which, run->gan->config.size, out, err);
    if (before)
        memcpy(data->labels, before, size);
    pd_free(before);
    pd_free(use);
    return status;
}

static enum pd_status take_known(const struct pd_run_model *run, struct pd_dataset *data,
                                 struct pd_real_images *out, struct pd_error *err)
{
    uint32_t *indices = pd_malloc(data->count * sizeof *indices), n = 0;
    if (!indices)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images", data->count);
    for (uint32_t i = 0; i < data->count; i++)
        if (data->labels[i] >= 0)
            indices[n++] = i;
    const enum pd_status status = n ? pd_real_images_take(data, indices, n, run->gan->config.size, out, err)
                                    : take_of_use(run, data, PD_LABELLED, out, err);
    pd_free(indices);
    return status;
}

enum pd_status pd_run_images(const struct pd_run_model *run, struct pd_dataset *data,
                             enum pd_run_images which, struct pd_real_images *out, struct pd_error *err)
{
    *out = (struct pd_real_images){NULL, NULL, 0};
    enum pd_status status = pd_run_check_fit(data, &run->gan->config, err);
    if (status)
        return status;
    if (which == PD_RUN_IMAGES_ALL)
        return pd_real_images_take(data, NULL, data->count, run->gan->config.size, out, err);
    if (which == PD_RUN_IMAGES_KNOWN)
        return take_known(run, data, out, err);
    return take_of_use(run, data, which == PD_RUN_IMAGES_HELD_OUT ? PD_HELD_OUT : PD_LABELLED, out, err);
}

enum pd_status pd_run_images_to_measure(const struct pd_run_model *run, struct pd_dataset *data,
                                        bool labelled, struct pd_real_images *out, uint32_t *without,
                                        struct pd_error *err)
{
    *without = 0;
    for (uint32_t i = 0; labelled && i < data->count; i++)
        *without += data->labels[i] < 0;
    if (*without && *without == data->count)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s': no image has a label to measure accuracy on",
                       data->name);
    return pd_run_images(run, data, *without ? PD_RUN_IMAGES_KNOWN : PD_RUN_IMAGES_ALL, out, err);
}
