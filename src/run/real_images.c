/* Real images beside a run's networks (paydirt/run.h). */
#include "base/mem.h"
#include "base/pass_on.h"
#include "base/words.h"
#include "data/labels/labels.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* own: the run was trained on them, so that their places are its classes' where its checkpoint, an earlier
 * version's, has no names. */
static enum pd_status adopt_classes(struct pd_dataset *d, const struct pd_gan *gan, bool own,
                                    enum pd_run_labels labels, struct pd_error *err)
{
    if (own && labels != PD_RUN_LABELS_UNKNOWN && !gan->classes.at && d->classes == gan->config.classes)
        return PD_OK;
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
static enum pd_status take_data(enum pd_status status, const struct pd_gan *gan, bool own,
                                enum pd_run_labels labels, struct pd_dataset **out, struct pd_error *err)
{
    if (!status)
        status = pd_dataset_fit_channels(*out, gan->config.channels, err);
    if (!status)
        status = pd_run_check_fit(*out, &gan->config, err);
    if (!status)
        status = adopt_classes(*out, gan, own, labels, err);
    if (status) {
        pd_dataset_destroy(*out);
        *out = NULL;
    }
    return status;
}

static const char *text(const char *option)
{
    return option ? option : "";
}

static const char *place_of(const struct pd_train_options *o)
{
    return o->data_dir[0] ? o->data_dir : o->data;
}

static bool is_same_place(const char *a, const char *b)
{
    char *x = realpath(a, NULL), *y = realpath(b, NULL);
    const bool same = x && y ? !strcmp(x, y) : !strcmp(a, b);
    free(x);
    free(y);
    return same;
}

/* It is taken whole: how many images were drawn was said of the run's own. */
static void point_at(const struct pd_run_other *other, enum pd_run_labels labels, struct pd_train_options *o)
{
    const char *name = text(other->data), *dir = text(other->data_dir);
    const bool same = !*name || !strcmp(name, o->data);
    if (!same)
        o->data_dir[0] = '\0';
    if (*name && !(same && pd_data_source_named(name))) {
        if (labels == PD_RUN_LABELS_UNKNOWN)
            o->metadata[0] = o->metadata_columns[0] = '\0';
        o->data_count = 0;
        snprintf(o->data, sizeof o->data, "%s", name);
    }
    if (*dir)
        snprintf(o->data_dir, sizeof o->data_dir, "%s", dir);
    if (*text(other->metadata) || *text(other->metadata_columns)) {
        snprintf(o->metadata, sizeof o->metadata, "%s", text(other->metadata));
        snprintf(o->metadata_columns, sizeof o->metadata_columns, "%s", text(other->metadata_columns));
    }
}

/* --- what the run has seen --- */

/* Of copies the first; a table knows images by these names. */
static bool is_called_so(const struct pd_roster *roster, uint32_t at, const struct pd_dataset *d, uint32_t i)
{
    return !roster->names || !d->image_names || !strcmp(roster->names[at], d->image_names[i]) ||
           !strcmp(pd_path_name(roster->names[at]), pd_path_name(d->image_names[i]));
}

/* How many of the data's images the roster has, and whether they are all that it has, under their names. */
static enum pd_status count_seen(const struct pd_roster *roster, struct pd_dataset *d, int threads,
                                 uint32_t *seen, bool *all_there, struct pd_error *err)
{
    struct pd_digest *own = NULL, *all = NULL;
    uint32_t *first = NULL, copies;
    const uint32_t trained = roster->count;
    uint8_t *there = pd_calloc(trained, 1);
    enum pd_status status = pd_dataset_digests(d, threads, &own, err);
    if (!status && (!there || !(all = pd_malloc(((size_t)trained + d->count) * sizeof *all))))
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the digests of %u images", d->count);
    if (!status) {
        memcpy(all, roster->digests, trained * sizeof *all);
        memcpy(all + trained, own, d->count * sizeof *all);
        status = pd_digest_copies(all, trained + d->count, &first, &copies, err);
    }
    *seen = 0;
    for (uint32_t i = 0; !status && i < d->count; i++)
        if (first[trained + i] < trained) {
            const uint32_t at = first[trained + i];
            there[at] = there[at] || is_called_so(roster, at, d, i);
            ++*seen;
        }
    *all_there = !status;
    for (uint32_t i = 0; *all_there && i < trained; i++)
        *all_there = there[first[i]];
    pd_free(there);
    pd_free(first);
    pd_free(all);
    pd_free(own);
    return status;
}

/* By the list in its folder; where that is damaged, resuming says so. */
static enum pd_status look_for_seen(const struct pd_run_model *run, struct pd_dataset *d, uint32_t *seen,
                                    bool *all_there, struct pd_error *err)
{
    struct pd_roster roster = {.count = 0};
    enum pd_status status = pd_roster_is_in(run->folder) ? pd_roster_read(run->folder, &roster, NULL) : PD_OK;
    *seen = 0;
    *all_there = false;
    if (!status && roster.listed)
        status = pd_roster_read_images(run->folder, &roster, NULL);
    status = !status && roster.digests && (uint64_t)roster.count + d->count <= UINT32_MAX
                 ? count_seen(&roster, d, (int)run->options.threads, seen, all_there, err)
                 : PD_OK;
    pd_roster_release(&roster);
    return status;
}

/* What is measured on those, is of what it knows. */
static void note_seen(struct pd_dataset *d, uint32_t seen)
{
    if (seen)
        pd_dataset_add_note(d, "%u of its %u images %s the run's training data, too", seen, d->count,
                            seen > 1 ? "are in" : "is in");
}

/* --- the run's table beside other images --- */

struct few {
    const struct pd_data_watch *watch;
    uint32_t least;
};

static bool tell_decoding(void *context, const char *unit, uint64_t done, uint64_t count)
{
    const struct pd_data_watch *watch = ((struct few *)context)->watch;
    return watch && watch->decoding && watch->decoding(watch->context, unit, done, count);
}

static enum pd_status refuse_few(void *context, const struct pd_dataset *d, struct pd_error *err)
{
    return d->count < ((struct few *)context)->least
               ? pd_fail(err, PD_ERR_MISMATCH, -1, "%u images are not all of the run's", d->count)
               : PD_OK;
}

/* Whether all that the run was trained on is in their training split. Fewer are not decoded for it. */
static enum pd_status are_own(const struct pd_run_model *run, const struct pd_train_options *o,
                              const struct pd_data_watch *watch, bool *own, struct pd_error *err)
{
    struct pd_roster roster = {.count = 0};
    struct pd_dataset *d = NULL;
    struct pd_error why = {.status = PD_OK};
    uint32_t seen;
    *own = false;
    if (!pd_roster_is_in(run->folder) || pd_roster_read(run->folder, &roster, NULL))
        return PD_OK;
    struct few few = {watch, roster.count};
    pd_roster_release(&roster);
    const struct pd_data_watch counting = {&few, tell_decoding, refuse_few};
    enum pd_status status = pd_run_dataset(o, PD_SPLIT_TRAIN, run->gan->scale, &counting, &d, &why);
    if (!status)
        status = look_for_seen(run, d, &seen, own, &why);
    pd_dataset_destroy(d);
    return status == PD_ERR_MEMORY || status == PD_ERR_INTERRUPTED ? pd_pass_on(&why, err) : PD_OK;
}

/* Images elsewhere may be called as the run's and be others: its table is of its own alone, wherever these
 * lie now. The training split is opened once, unless it is those. */
static enum pd_status open_elsewhere(const struct pd_run_model *run, const struct pd_train_options *o,
                                     enum pd_split split, const struct pd_data_watch *watch,
                                     struct pd_dataset **out, uint32_t *seen, struct pd_error *err)
{
    struct pd_train_options bare = *o;
    bool own = false, all_there;
    enum pd_status status = PD_OK;
    bare.metadata[0] = bare.metadata_columns[0] = '\0';
    if (split != PD_SPLIT_TRAIN)
        status = are_own(run, &bare, watch, &own, err);
    if (!status)
        status = pd_run_dataset(own ? o : &bare, split, run->gan->scale, watch, out, err);
    if (!status)
        status = look_for_seen(run, *out, seen, &all_there, err);
    if (!status && split == PD_SPLIT_TRAIN && all_there) {
        own = true;
        pd_dataset_destroy(*out);
        status = pd_run_dataset(o, split, run->gan->scale, watch, out, err);
        if (!status)
            status = look_for_seen(run, *out, seen, &all_there, err);
    }
    if (!status && !own) {
        pd_dataset_add_note(
            *out, "the run's %s %.300s is not used: these are not all of its images under their names",
            o->metadata[0] ? "table" : "columns", o->metadata[0] ? o->metadata : o->metadata_columns);
        pd_note_hint((*out)->note, "metadata=FILE");
    }
    return status;
}

static enum pd_status open_others(const struct pd_run_model *run, const struct pd_train_options *o,
                                  enum pd_split split, const struct pd_data_watch *watch,
                                  struct pd_dataset **out, uint32_t *seen, struct pd_error *err)
{
    bool all_there;
    const enum pd_status status = pd_run_dataset(o, split, run->gan->scale, watch, out, err);
    return status ? status : look_for_seen(run, *out, seen, &all_there, err);
}

/* Which its scores, and what is measured, do not go by. */
static enum pd_status note_label_file(const struct pd_run_model *run, struct pd_dataset *d,
                                      struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    const enum pd_status status = pd_run_folder_labels(run->folder, path, err);
    if (!status)
        pd_dataset_add_note(d, "labels are the data set's own; those that the run learnt from are in %.400s",
                            path);
    return status;
}

/* --- all --- */

enum pd_status pd_run_data(const struct pd_run_model *run, const struct pd_run_other *other,
                           enum pd_split split, enum pd_run_labels labels, const struct pd_data_watch *watch,
                           struct pd_dataset **out, struct pd_error *err)
{
    struct pd_train_options o = run->options;
    const bool placed = other && (*text(other->data) || *text(other->data_dir));
    if (placed)
        point_at(other, labels, &o);
    *out = NULL;
    const bool others = placed || split != PD_SPLIT_TRAIN,
               given = placed && (*text(other->metadata) || *text(other->metadata_columns)),
               own = !placed || is_same_place(place_of(&o), place_of(&run->options));
    const bool elsewhere = placed && !given && !own && (o.metadata[0] || o.metadata_columns[0]);
    uint32_t seen = 0;
    enum pd_status status = !others     ? pd_run_dataset_again(&o, run->folder, false, watch, out, err)
                            : elsewhere ? open_elsewhere(run, &o, split, watch, out, &seen, err)
                                        : open_others(run, &o, split, watch, out, &seen, err);
    if (!status && others)
        note_seen(*out, seen);
    else if (!status && labels != PD_RUN_LABELS_UNKNOWN && o.label_file[0])
        status = note_label_file(run, *out, err);
    return take_data(status, run->gan, own, labels, out, err);
}

enum pd_status pd_run_training_data(const struct pd_run_model *run, const struct pd_data_watch *watch,
                                    struct pd_dataset **out, struct pd_error *err)
{
    *out = NULL;
    return take_data(pd_run_dataset_again(&run->options, run->folder, false, watch, out, err), run->gan, true,
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
        return pd_hint(err,
                       pd_fail(err, PD_ERR_MISMATCH, -1,
                               "data set '%s': no image has a label to measure accuracy on", data->name),
                       "a file of them: metadata=FILE");
    return pd_run_images(run, data, *without ? PD_RUN_IMAGES_KNOWN : PD_RUN_IMAGES_ALL, out, err);
}
