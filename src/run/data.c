#include "run/data.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/digest.h"
#include "data/labels/answers.h"
#include "data/labels/labels.h"
#include "io/file.h"
#include "run/folder.h"

#include <stdio.h>

/* --- the data set --- */

static enum pd_status open_whole(const struct pd_train_options *o, enum pd_split split,
                                 enum pd_pixel_scale like, const struct pd_data_watch *watch,
                                 struct pd_dataset **out, struct pd_error *err)
{
    const struct pd_data_request request = {.name = o->data,
                                            .dir = o->data_dir[0] ? o->data_dir : NULL,
                                            .split = split,
                                            .seed = (uint64_t)o->data_seed,
                                            .count = split == PD_SPLIT_TRAIN ? (uint32_t)o->data_count : 0,
                                            .size = (int)o->size,
                                            .random_crop = o->random_crop && split == PD_SPLIT_TRAIN,
                                            .classes = o->classes,
                                            .metadata = o->metadata,
                                            .metadata_columns = o->metadata_columns,
                                            .cache = o->cache,
                                            .cache_dir = o->cache_dir,
                                            .threads = (int)o->threads,
                                            .scale = like,
                                            .watch = watch};
    return pd_dataset_open(&request, out, err);
}

static enum pd_status thin(const struct pd_train_options *o, struct pd_dataset *d, struct pd_error *err)
{
    const uint32_t most = (uint32_t)o->data_count;
    if (most > d->count) {
        pd_dataset_add_note(d, "%u images were asked for, there are only %u: all are taken", most, d->count);
        pd_note_hint(d->note, "data-count");
    }
    return most && d->count > most ? pd_dataset_thin(d, most, (uint64_t)o->data_seed, err) : PD_OK;
}

static void note_thinned(struct pd_dataset *d, uint32_t whole)
{
    if (d->count < whole)
        pd_dataset_add_note(d, "%u of the %u training images, drawn at random", d->count, whole);
}

static enum pd_status hand_over(enum pd_status status, struct pd_dataset **out)
{
    if (status) {
        pd_dataset_destroy(*out);
        *out = NULL;
    }
    return status;
}

enum pd_status pd_run_dataset(const struct pd_train_options *o, enum pd_split split, enum pd_pixel_scale like,
                              const struct pd_data_watch *watch, struct pd_dataset **out,
                              struct pd_error *err)
{
    enum pd_status status = open_whole(o, split, like, watch, out, err);
    const uint32_t whole = status ? 0 : (*out)->count;
    if (!status && split == PD_SPLIT_TRAIN)
        status = thin(o, *out, err);
    if (!status)
        note_thinned(*out, whole);
    return hand_over(status, out);
}

enum pd_status pd_run_check_fit(const struct pd_dataset *d, const struct pd_model_config *c,
                                struct pd_error *err)
{
    const char *const kinds[] = {"images", "2-D points"};
    if (!d->points != (c->size > 0))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s' has %s, and the run's model makes %s",
                       d->name, kinds[d->points != NULL], kinds[c->size == 0]);
    if (d->channels != c->channels)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s' has %d channels, and the run's model %d",
                       d->name, d->channels, c->channels);
    return PD_OK;
}

/* A list of a part that was drawn is held against all there is. */
static enum pd_status restore(const struct pd_train_options *o, const char *folder, bool people,
                              struct pd_dataset *d, struct pd_error *err)
{
    struct pd_roster roster;
    enum pd_status status = pd_roster_read(folder, &roster, err);
    roster.drawn = o->data_count;
    const bool join = people && !o->validation;
    roster.numbered = people;
    roster.answered = people || *o->label_file || !o->class_losses;
    roster.grows = join && *o->classes; /* these are what people have said, with what they added */
    if (!status && !roster.listed)
        status = thin(o, d, err);
    if (!status)
        status = pd_roster_restore(&roster, folder, join && !roster.drawn, d, err);
    pd_roster_release(&roster);
    return status;
}

enum pd_status pd_run_dataset_again(const struct pd_train_options *o, const char *folder, bool people,
                                    const struct pd_data_watch *watch, struct pd_dataset **out,
                                    struct pd_error *err)
{
    if (!pd_roster_is_in(folder))
        return pd_run_dataset(o, PD_SPLIT_TRAIN, PD_PIXELS_UNKNOWN, watch, out, err);
    enum pd_status status = open_whole(o, PD_SPLIT_TRAIN, PD_PIXELS_UNKNOWN, watch, out, err);
    return hand_over(status ? status : restore(o, folder, people, *out, err), out);
}

/* In people's own sets images come and go; published and drawn ones are all or nothing. */
enum pd_status pd_run_roster(const struct pd_train_options *o, const struct pd_dataset *data,
                             struct pd_roster *out, struct pd_error *err)
{
    enum pd_status status = pd_roster_make(data, out, err);
    out->listed = data->image_names || !pd_data_source_named(o->data);
    return status;
}

static void set_path(const char *value, char *path, size_t size)
{
    if (value)
        snprintf(path, size, "%s", value);
}

void pd_run_move(const struct pd_data_place *place, struct pd_train_options *o)
{
    set_path(place->data, o->data, sizeof o->data);
    set_path(place->data_dir, o->data_dir, sizeof o->data_dir);
    set_path(place->cache_dir, o->cache_dir, sizeof o->cache_dir);
    set_path(place->metadata, o->metadata, sizeof o->metadata);
    pd_run_absolute_paths(o);
}

enum pd_status pd_run_say_moved(const struct pd_train_options *o, bool other, enum pd_status status,
                                struct pd_error *err)
{
    const struct {
        const char *path, *option;
    } places[] = {{o->data_dir[0] ? o->data_dir : o->data, o->data_dir[0] ? "data-dir" : "data"},
                  {o->metadata, "metadata"}};
    for (size_t i = 0; status && err && i < sizeof places / sizeof places[0]; i++)
        if (places[i].path[0] == '/' && pd_is_absent(places[i].path))
            return pd_hint(err, pd_fail(err, status, -1, "%.400s", err->message), "where it lies now%s: %s",
                           other ? ", as the run is resumed" : "", places[i].option);
    return status;
}

enum pd_status pd_run_image_size(const struct pd_train_options *o, int *size, struct pd_error *err)
{
    const struct pd_data_source *source;
    enum pd_status status = pd_data_source_find(o->data, &source, err);
    if (!status)
        *size = o->size && source->size ? (int)o->size : source->size;
    return status;
}

/* --- labels --- */

static size_t labels_of(const struct pd_answers *answers)
{
    size_t n = 0;
    for (size_t i = 0; i < answers->count; i++)
        n += answers->at[i].label >= 0;
    return n;
}

/* Of what the file says, and the data set says otherwise, or the run passes over. */
static void note_answers(const char *path, const struct pd_answers *answers, const uint8_t *use,
                         struct pd_dataset *data)
{
    char image[200], now[PD_CLASS_NAME_SIZE], own[PD_CLASS_NAME_SIZE];
    const struct pd_answer *first = NULL;
    char held_words[80] = "";
    size_t differ = 0, held = 0;
    for (size_t i = 0; i < answers->count; i++) {
        const struct pd_answer *a = &answers->at[i];
        held += a->label >= 0 && use[a->image] == PD_HELD_OUT;
        if (a->label >= 0 && data->labels[a->image] >= 0 && data->labels[a->image] != a->label)
            first = differ++ ? first : a;
    }
    if (held)
        snprintf(held_words, sizeof held_words, ", %zu of them for images held out: not learnt from", held);
    pd_dataset_add_note(data, "%s: %zu labels for %u images%s", pd_path_name(path), labels_of(answers),
                        data->count, held_words);
    if (answers->note[0])
        pd_dataset_add_note(data, "%s: %s", pd_path_name(path), answers->note);
    if (answers->elsewhere)
        pd_dataset_add_note(data, "%zu labels name their image in another folder, the first: %s",
                            answers->elsewhere, answers->first_elsewhere);
    if (answers->outranked)
        pd_dataset_add_note(data,
                            "%zu image%s with a class and a skip, of which the class counts, the first: %s",
                            answers->outranked, pd_plural(answers->outranked), answers->first_outranked);
    if (differ)
        pd_dataset_add_note(
            data, "%zu label%s not the data set's, the first: '%.100s' is '%.60s', and '%.60s' there", differ,
            differ > 1 ? "s are" : " is", pd_dataset_image_name(data, first->image, image, sizeof image),
            pd_dataset_class_name(data, first->label, now, sizeof now),
            pd_dataset_class_name(data, data->labels[first->image], own, sizeof own));
}

/* Of people's, or of the run's own: where files were renamed since it began. */
static enum pd_status read_label_file(const char *path, const struct pd_dataset *data, struct pd_answers *out,
                                      struct pd_error *err)
{
    return (data->file_names ? pd_answers_read_own : pd_answers_read_whole)(path, data, out, err);
}

/* A run learns from all of its file or does not begin. */
static enum pd_status take_label_file(const char *path, struct pd_dataset *data, uint8_t *use,
                                      struct pd_error *err)
{
    struct pd_answers answers;
    enum pd_status status = pd_file_check_lasting(path, err);
    if (!status)
        status = read_label_file(path, data, &answers, err);
    if (status)
        return status;
    if (!labels_of(&answers))
        status =
            pd_fail(err, PD_ERR_FORMAT, -1, "%s: no row names a class, so there is nothing to learn from%s",
                    path, answers.predicted ? " (a model's predictions alone are no annotations)" : "");
    if (!status) {
        note_answers(path, &answers, use, data);
        pd_labels_apply(data, &answers, use);
    }
    pd_answers_release(&answers);
    return status;
}

/* No copy of an image that validates is learnt from. */
static enum pd_status hold_copies(const struct pd_train_options *o, struct pd_dataset *data, uint8_t *use,
                                  struct pd_error *err)
{
    struct pd_digest *digests;
    uint32_t *first = NULL, copies = 0, held = 0;
    if (!data->pixels && !data->points) /* before they are decoded */
        return PD_OK;
    enum pd_status status = pd_dataset_digests(data, (int)o->threads, &digests, err);
    if (!status)
        status = pd_digest_copies(digests, data->count, &first, &copies, err);
    if (!status && copies)
        held = pd_hold_copies(first, data->count, use);
    if (held > (uint32_t)o->validation)
        pd_dataset_add_note(data, "%u copies of validation images are held out, too",
                            held - (uint32_t)o->validation);
    pd_free(first);
    pd_free(digests);
    return status;
}

enum pd_status pd_run_labels(const struct pd_train_options *o, const char *label_file,
                             struct pd_dataset *data, uint8_t *use, struct pd_error *err)
{
    const uint64_t seed = (uint64_t)(o->data_seed ? o->data_seed : o->seed);
    enum pd_status status = PD_OK;
    if (label_file && o->labels)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "labels %lld beside a label file, which says it all",
                               (long long)o->labels),
                       "labels");
    if (o->validation)
        status = pd_validation_draw(data, (uint32_t)o->validation, seed, use, err);
    if (!status && o->validation)
        status = hold_copies(o, data, use, err);
    if (status)
        return status;
    if (!o->class_losses) /* nobody looks at labels */
        return PD_OK;
    if (label_file)
        return take_label_file(label_file, data, use, err);
    if (o->labels)
        return pd_label_subset(data, (uint32_t)o->labels, seed, use, err);
    for (uint32_t i = 0; i < data->count; i++)
        use[i] = use[i] == PD_HELD_OUT ? PD_HELD_OUT : PD_LABELLED;
    return PD_OK;
}

/* --- what a run keeps of them in its folder --- */

enum pd_status pd_run_keep_labels(const struct pd_train_options *o, const struct pd_dataset *data,
                                  const char *folder, struct pd_error *err)
{
    struct pd_answers answers;
    char path[PD_PATH_SIZE];
    if (!o->label_file[0])
        return PD_OK;
    enum pd_status status = pd_run_folder_labels(folder, path, err);
    if (!status)
        status = read_label_file(o->label_file, data, &answers, err);
    if (status)
        return status;
    status = pd_answers_write(path, data, answers.at, answers.count, err);
    pd_answers_release(&answers);
    return status;
}

enum pd_status pd_run_keep_roster(struct pd_roster *roster, const char *from, const char *folder,
                                  struct pd_error *err)
{
    if (from) {
        enum pd_status status = pd_roster_read(from, roster, err);
        if (status)
            return status;
        roster->listed = false;
    }
    enum pd_status status = pd_roster_write(folder, roster, err);
    pd_roster_release(roster);
    return status;
}
