#include "active/trial.h"

#include "base/mem.h"
#include "io/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool pd_active_is_simulated(const struct pd_active_options *a)
{
    return !strcmp(a->oracle, "labels");
}

void pd_active_note(const struct pd_active_watch *watch, const char *format, ...)
{
    char words[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (watch->train->note)
        watch->train->note(watch->train->context, words);
}

uint64_t pd_trial_seed(const struct pd_train_options *o, int64_t number)
{
    return (uint64_t)(o->seed + number); /* never 0, which stands for the standard data */
}

char *pd_trial_start_name(int64_t number, char name[64])
{
    snprintf(name, 64, "start-%lld", (long long)number);
    return name;
}

enum pd_status pd_trial_start_folder(const char *run, int64_t number, char *path, struct pd_error *err)
{
    char name[64];
    return pd_path_join(path, PD_PATH_SIZE, run, pd_trial_start_name(number, name), err);
}

/* --- images --- */

struct pd_data_watch pd_active_decoding(const struct pd_active_watch *watch)
{
    return (struct pd_data_watch){watch->train->context, watch->train->decoding, NULL};
}

static enum pd_status write_roster(const struct pd_trial *t, const char *folder, struct pd_error *err)
{
    struct pd_roster roster;
    enum pd_status status = pd_run_roster(&t->o, t->data, &roster, err);
    if (!status)
        status = pd_make_dirs(folder, err);
    if (!status)
        status = pd_roster_write(folder, &roster, err);
    pd_roster_release(&roster);
    return status;
}

/* Once for a trial, and again where images have joined or a class was added. */
static enum pd_status keep_roster(struct pd_trial *t, const char *folder, struct pd_error *err)
{
    struct pd_roster old = {.count = 0};
    enum pd_status status = pd_roster_is_in(folder) ? pd_roster_read(folder, &old, err) : PD_OK;
    const bool known = old.count, grown = old.count < t->data->count || old.classes.count < t->data->classes;
    pd_roster_release(&old);
    if (!known && pd_is_folder(folder))
        pd_active_note(t->watch, "%s", PD_RUN_WITHOUT_ROSTER);
    return status || !grown ? status : write_roster(t, folder, err);
}

static enum pd_status open_images(struct pd_trial *t, bool look, struct pd_error *err)
{
    const struct pd_data_watch watch = pd_active_decoding(t->watch);
    struct pd_early_check check = {&t->o, NULL, &watch};
    const struct pd_data_watch early = pd_early_check_watch(&check);
    char folder[PD_PATH_SIZE];
    if (!*t->run) /* nothing has begun */
        return pd_run_dataset(&t->o, PD_SPLIT_TRAIN, PD_PIXELS_UNKNOWN, &early, &t->data, err);
    enum pd_status status = pd_trial_start_folder(t->run, t->number, folder, err);
    if (!status)
        status = pd_run_dataset_again(&t->o, folder, !pd_active_is_simulated(t->a), &watch, &t->data, err);
    return status || look ? status : keep_roster(t, folder, err);
}

/* --- test images --- */

/* Those of the run, whatever order they have in the test images' folder now. */
static enum pd_status adopt_classes(const struct pd_trial *t, struct pd_dataset *data, struct pd_error *err)
{
    struct pd_class_names names;
    enum pd_status status = pd_class_names_copy(t->data, &names, err);
    if (!status)
        status = pd_class_names_adopt(&names, false, data, err);
    pd_class_names_release(&names);
    return status;
}

/* They are not the run's to keep, but a line says when they have changed: START/test/data.json. */
static enum pd_status compare_test(const struct pd_trial *t, const struct pd_dataset *data,
                                   struct pd_error *err)
{
    char start[PD_PATH_SIZE], folder[PD_PATH_SIZE];
    struct pd_roster now, old = {.count = 0};
    if (!*t->run || pd_data_source_named(t->o.data))
        return PD_OK;
    enum pd_status status = pd_trial_start_folder(t->run, t->number, start, err);
    if (!status)
        status = pd_path_join(folder, sizeof folder, start, "test", err);
    if (!status)
        status = pd_roster_make(data, &now, err);
    if (status)
        return status;
    if (!pd_roster_is_in(folder)) {
        status = pd_make_dirs(folder, err);
        if (!status)
            status = pd_roster_write(folder, &now, err);
    } else {
        status = pd_roster_read(folder, &old, err);
        const bool same = !memcmp(&old.fingerprint, &now.fingerprint, sizeof now.fingerprint),
                   by_class = old.count == now.count && old.classes.count != now.classes.count;
        if (!status && !same && by_class) /* one was added, which the fingerprint is of, too */
            status = pd_roster_write(folder, &now, err);
        else if (!status && !same)
            pd_active_note(
                t->watch,
                "the test images have changed since the run began (%u then, %u now): what is measured "
                "from here on is not to be compared with earlier rounds",
                old.count, now.count);
        pd_roster_release(&old);
    }
    pd_roster_release(&now);
    return status;
}

static enum pd_status open_test(struct pd_trial *t, int size, bool quiet, struct pd_error *err)
{
    const struct pd_data_watch watch = pd_active_decoding(t->watch);
    struct pd_error why;
    struct pd_dataset *data;
    if (!t->a->measure)
        return PD_OK;
    enum pd_status status = pd_run_dataset(&t->o, PD_SPLIT_TEST, PD_PIXELS_UNKNOWN, &watch, &data, &why);
    if (status == PD_ERR_IO &&
        !pd_active_is_simulated(t->a)) { /* people's folders often have no test images */
        if (!quiet)
            pd_active_note(t->watch, "not measured: %s", why.message);
        return PD_OK;
    }
    if (status && err)
        *err = why;
    if (status)
        return status == PD_ERR_IO && !why.code ? pd_hint(err, status, "to go on without: measure=false")
                                                : status;
    status = compare_test(t, data, err);
    if (!status)
        status = pd_dataset_fit_channels(data, t->data->channels, err);
    if (!status && data->channels != t->data->channels)
        status =
            pd_hint(err,
                    pd_fail(err, PD_ERR_MISMATCH, -1,
                            "data set '%s': its test images have colours, and its training images are grey",
                            data->name),
                    "to go on without: measure=false");
    if (!status)
        status = adopt_classes(t, data, err);
    if (!status)
        status = pd_real_images_take(data, NULL, data->count, size, &t->test, err);
    pd_dataset_destroy(data);
    return status;
}

/* --- what is known --- */

/* The journal's first line. */
static json_t *describe(const struct pd_trial *t)
{
    char name[PD_CLASS_NAME_SIZE];
    const struct pd_active_options *a = t->a;
    pd_mem_watch();
    json_t *classes = json_array();
    for (int i = 0; i < t->data->classes; i++)
        json_array_append_new(classes, json_string(pd_dataset_class_name(t->data, i, name, sizeof name)));
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o}", "event", "begin", "oracle",
                            a->oracle, "strategy", a->strategy, "baseline", a->baseline, "trials",
                            (json_int_t)a->trials, "init", (json_int_t)a->init, "query", (json_int_t)a->query,
                            "final", (json_int_t)a->final, "data", t->o.data, "classes", classes);
    if (!pd_mem_ran_short())
        return all;
    json_decref(all);
    return NULL;
}

static enum pd_status open_ledger(struct pd_trial *t, struct pd_error *err)
{
    json_t *begin = describe(t);
    enum pd_status status = pd_ledger_open(pd_active_is_simulated(t->a), t->data, t->a->near_copies,
                                           (int)t->o.threads, t->run, begin, &t->ledger, err);
    json_decref(begin);
    return status;
}

/* --- life --- */

enum pd_status pd_trial_open(const char *run, const struct pd_active_options *a,
                             const struct pd_train_options *o, const struct pd_active_watch *watch,
                             int64_t number, bool *told, struct pd_trial *out, struct pd_error *err)
{
    int size;
    *out = (struct pd_trial){.run = run, .a = a, .watch = watch, .number = number, .o = *o};
    out->o.data_seed = (int64_t)pd_trial_seed(o, number);
    enum pd_status status = pd_run_image_size(o, &size, err);
    if (!status)
        status = open_images(out, !told, err);
    const bool quiet = !told || *told;
    if (!status && !quiet && watch->train->note)
        pd_note_lines(out->data->note, watch->train->note, watch->train->context);
    if (!status && told) /* a look at the images: a class may be added that the test images have already */
        status = open_test(out, size, quiet, err);
    if (told)
        *told = true;
    if (!status)
        status = open_ledger(out, err);
    if (status)
        pd_trial_close(out);
    return pd_run_say_moved(&out->o, false, status, err);
}

void pd_trial_close(struct pd_trial *t)
{
    pd_ledger_close(&t->ledger);
    pd_real_images_release(&t->test);
    pd_dataset_destroy(t->data);
    t->data = NULL;
}
