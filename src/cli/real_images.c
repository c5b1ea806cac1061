#include "cli/real_images.h"

#include "cli/progress.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

/* Without what options of a training would change. *other: of images whose table can be named. */
static void say_bare(void *other, const char *words)
{
    char line[PD_NOTE_SIZE];
    const char *hint = strchr(words, '\t');
    const bool keeps = hint && *(const bool *)other && !strncmp(hint + 1, "metadata", 8);
    snprintf(line, sizeof line, "%.*s", (int)(keeps ? strlen(words) : strcspn(words, "\t")), words);
    say_line(stderr, line);
}

/* What there is to say about data that were opened, or not. */
static enum pd_status say_note(enum pd_status status, struct progress *progress, bool other,
                               const struct pd_dataset *d)
{
    progress_end(progress);
    if (!status)
        pd_note_lines(pd_dataset_note(d), say_bare, &other);
    return status;
}

struct pd_run_other real_other(const struct other_options *o)
{
    return (struct pd_run_other){o->data, o->data_dir, o->metadata, o->metadata_columns};
}

bool real_is_other(const struct other_options *o)
{
    return *o->data || *o->data_dir;
}

enum pd_status real_check_other(const struct other_options *o, struct pd_error *err)
{
    return (*o->metadata || *o->metadata_columns) && !real_is_other(o)
               ? pd_fail(err, PD_ERR_USAGE, -1,
                         "--metadata%s: labels of other images than the run's, expected --data beside",
                         *o->metadata ? "" : "-columns")
               : PD_OK;
}

enum pd_status real_open(const struct pd_run_model *run, const struct pd_run_other *other,
                         enum pd_split split, enum pd_run_labels labels, struct pd_dataset **out,
                         struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    const enum pd_status status = pd_run_data(run, other, split, labels, &watch, out, err);
    return say_note(status, &progress, other && (*other->data || *other->data_dir), *out);
}

enum pd_status real_training(const struct pd_run_model *run, struct pd_dataset **out, struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    const enum pd_status status = pd_run_training_data(run, &watch, out, err);
    return say_note(status, &progress, false, *out);
}

enum pd_status real_recalibrate(struct pd_run_model *run, enum pd_origin origin,
                                const struct pd_dataset *training, struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    enum pd_status status = pd_run_recalibrate(run, origin, training, &watch, err);
    progress_end(&progress);
    if (!status && *pd_run_note(run))
        progress_note(&progress, "%s", pd_run_note(run));
    return status;
}

enum pd_status real_set_recalibrate(struct pd_run_model *run, bool given, bool on, struct pd_error *err)
{
    const struct pd_option_table options = pd_run_options(run);
    return given ? pd_option_set_by_name(&options, "recalibrate", on ? "true" : "false", err) : PD_OK;
}

const char *real_statistics(const struct pd_gan *gan, char *text, size_t size)
{
    const int64_t images = pd_gan_statistics(gan, PD_ORIGIN_REAL);
    *text = '\0';
    if (images)
        snprintf(text, size, "by the statistics of %lld training images", (long long)images);
    else if (pd_gan_has_batch_norm(gan))
        snprintf(text, size, "by running statistics over reals and fakes");
    return text;
}

enum pd_status real_advise(enum pd_status status, const char *words, struct pd_error *err)
{
    if (status != PD_ERR_IO || !err || err->code)
        return status;
    const struct pd_error why = *err;
    pd_fail(err, status, -1, "%s; %s", why.message, words);
    memcpy(err->hint, why.hint, sizeof err->hint);
    return status;
}
