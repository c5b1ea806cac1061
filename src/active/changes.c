#include "active/changes.h"

#include "base/buffer.h"
#include "base/pass_on.h"
#include "io/file.h"
#include "io/jsonl.h"
#include "active/check.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { TABLES = 2, TEXT_SIZE = 4096 };

static void tables(struct pd_active_options *a, struct pd_train_options *o, struct pd_option_table t[TABLES])
{
    t[0].base = a;
    t[0].at = pd_active_option_table(&t[0].count);
    t[1].base = o;
    t[1].at = pd_train_option_table(&t[1].count);
}

static enum pd_status path_of(const char *folder, char path[PD_PATH_SIZE], struct pd_error *err)
{
    return pd_path_inside(path, PD_PATH_SIZE, folder, "active.json", err);
}

enum pd_status pd_active_save(const char *folder, const struct pd_active_options *a, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_active_options copy = *a;
    struct pd_option_table table = {.base = &copy};
    table.at = pd_active_option_table(&table.count);
    enum pd_status status = path_of(folder, path, err);
    return status ? status : pd_option_table_write(&table, path, err);
}

/* --- what the journal has changed --- */

static enum pd_status replay(void *context, const json_t *event, int64_t line, struct pd_error *err)
{
    const struct pd_option_table *t = context;
    const char *kind = json_string_value(json_object_get(event, "event"));
    const char *name = json_string_value(json_object_get(event, "option"));
    const char *value = json_string_value(json_object_get(event, "value"));
    if (!kind || strcmp(kind, "set") != 0)
        return PD_OK;
    for (int i = 0; name && value && i < TABLES; i++)
        if (pd_option_find(&t[i], name))
            return pd_option_set_by_name(&t[i], name, value, err);
    return pd_fail(err, PD_ERR_FORMAT, -1, "journal.jsonl: line %lld: expected an option and its value",
                   (long long)line);
}

enum pd_status pd_active_read(const char *folder, struct pd_active_options *a, struct pd_train_options *o,
                              struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_option_table t[TABLES];
    tables(a, o, t);
    pd_active_options_init(a);
    enum pd_status status = path_of(folder, path, err);
    if (!status && pd_is_absent(path) && !pd_run_folder_options(folder, o, NULL))
        return pd_fail(err, PD_ERR_USAGE, -1, "%s is a run of training, not of active learning", folder);
    if (!status)
        status = pd_option_table_read(&t[0], path, err);
    if (!status)
        status = pd_run_folder_options(folder, o, err);
    if (!status)
        status = pd_path_join(path, sizeof path, folder, "journal.jsonl", err);
    if (!status && !pd_is_absent(path))
        status = pd_jsonl_each(path, replay, t, err);
    return status;
}

static enum pd_status keep_change(struct pd_ledger *l, const struct pd_active_watch *watch, const char *name,
                                  const char *was, const char *value, struct pd_error *err)
{
    enum pd_status status = pd_ledger_write(
        l, json_pack("{s:s, s:s, s:s, s:s}", "event", "set", "option", name, "was", was, "value", value),
        err);
    if (!status)
        pd_active_note(watch, "%s is now %.2000s, until here %.2000s", name, value, *was ? was : "not given");
    return status;
}

/* Whatever differs between what was and what is: says it, and keeps it in the journal. */
static enum pd_status keep_changes(struct pd_ledger *l, const struct pd_active_watch *watch,
                                   const struct pd_active_options *was_a,
                                   const struct pd_train_options *was_o, struct pd_active_options *a,
                                   struct pd_train_options *o, struct pd_error *err)
{
    const void *const before[TABLES] = {was_a, was_o};
    struct pd_option_table t[TABLES];
    char was[TEXT_SIZE], value[TEXT_SIZE];
    enum pd_status status = PD_OK;
    tables(a, o, t);
    for (int i = 0; i < TABLES; i++)
        for (int k = 0; k < t[i].count && !status; k++) {
            pd_option_text(&t[i].at[k], before[i], was, sizeof was);
            pd_option_text(&t[i].at[k], t[i].base, value, sizeof value);
            if (strcmp(was, value) != 0)
                status = keep_change(l, watch, t[i].at[k].name, was, value, err);
        }
    return status ? status : pd_ledger_sync(l, err);
}

/* --- classes more --- */

/* One of a list with commas between. */
static enum pd_status check_class(const struct pd_ledger *l, const char *name, struct pd_error *err)
{
    char there[PD_CLASS_NAME_SIZE];
    bool exactly;
    int32_t rivals[2];
    int32_t found = pd_class_find_rivals(&l->classes, name, &exactly, rivals);
    found = found == PD_CLASS_AMBIGUOUS ? rivals[0] : found;
    if (!l->classes.names)
        return pd_hint(
            err,
            pd_fail(err, PD_ERR_USAGE, -1,
                    "add-class: for folders of images, and the classes of '%s' are those of its files",
                    l->data->name),
            "add-class");
    const char *const blanks = " \t\r\n\v\f";
    if (!*name || strchr(blanks, *name) || strchr(blanks, name[strlen(name) - 1]) || pd_class_is_skip(name) ||
        strlen(name) >= PD_CLASS_NAME_SIZE)
        return pd_hint(
            err,
            pd_fail(
                err, PD_ERR_USAGE, -1,
                "add-class '%.60s': expected a name of up to %d bytes without blanks around it, other than "
                "skip",
                name, PD_CLASS_NAME_SIZE - 1),
            "add-class");
    if (found >= 0)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1, "add-class '%.60s': the class '%.60s' is there already",
                               name, pd_dataset_class_name(l->data, found, there, sizeof there)),
                       "add-class");
    return PD_OK;
}

/* Each of them, and none twice. */
static enum pd_status check_classes(const struct pd_ledger *l, const char *list, struct pd_error *err)
{
    char name[PD_CLASS_NAME_SIZE + 1];
    enum pd_status status = PD_OK;
    for (size_t n; !status; list += n + 1) {
        n = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), list);
        status = check_class(l, name, err);
        for (const char *other = list; !status && (other = strchr(other, ','));)
            if (!strncasecmp(++other, name, n) && strcspn(other, ",") == n)
                status = pd_hint(err, pd_fail(err, PD_ERR_USAGE, -1, "add-class: '%.60s' twice", name),
                                 "add-class");
        if (!list[n])
            break;
    }
    return status;
}

/* Whether they are the last that were added to those the run began with. */
static enum pd_status was_added(const struct pd_ledger *l, const char *names,
                                const struct pd_train_options *o, bool *added, struct pd_error *err)
{
    struct pd_train_options first;
    const size_t all = strlen(o->classes), n = strlen(names);
    const char *last = all > n ? o->classes + all - n : NULL;
    enum pd_status status = pd_run_folder_options(l->folder, &first, err);
    *added =
        !status && last && last[-1] == ',' && !strcmp(last, names) && strcmp(first.classes, o->classes) != 0;
    return status;
}

/* The classes that the data set has, and more, as the option. *again: they were the last that this run was
 * given, as where a killed command is repeated, and nothing changes. PD_ERR_USAGE: one is there that is
 * called so, or nearly so, or it cannot be a class's name; not a folder of images, nor an .npz. */
static enum pd_status add_class(const struct pd_ledger *l, const char *names, struct pd_train_options *o,
                                bool *again, struct pd_error *err)
{
    const struct pd_data_source *source;
    enum pd_status status = pd_data_source_find(o->data, &source, err);
    struct pd_buffer list = PD_BUFFER_INIT;
    if (!status)
        status = was_added(l, names, o, again, err);
    if (status || *again)
        return status;
    if (strcmp(source->name, "folder") != 0 && strcmp(source->name, "npz") != 0)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "add-class: for folders of images and .npz files, which '%.200s' is not",
                               o->data),
                       "add-class");
    status = check_classes(l, names, err);
    for (int i = 0; !status && i < l->data->classes; i++) {
        pd_buffer_printf(&list, "%s,", l->data->class_names[i]);
        if (strchr(l->data->class_names[i], ','))
            status =
                pd_hint(err,
                        pd_fail(err, PD_ERR_USAGE, -1, "add-class: the class '%.60s' has a comma in its name",
                                l->data->class_names[i]),
                        "add-class");
    }
    pd_buffer_printf(&list, "%s", names);
    if (!status && list.oom)
        status = pd_fail_memory(err, l->path);
    if (!status && list.size >= sizeof o->classes)
        status =
            pd_hint(err,
                    pd_fail(err, PD_ERR_USAGE, -1, "add-class: the list of classes is longer than %zu bytes",
                            sizeof o->classes - 1),
                    "add-class");
    if (!status)
        memcpy(o->classes, list.data, list.size + 1);
    pd_buffer_release(&list);
    return status;
}

/* A folder that is called as the new class would become that of its images, and others be none. */
static enum pd_status check_images(const char *folder, const struct pd_active_options *a,
                                   struct pd_train_options *o, const struct pd_active_watch *watch,
                                   const char *names, struct pd_error *err)
{
    struct pd_trial t;
    struct pd_error why;
    const enum pd_status status = pd_trial_open(folder, a, o, watch, 1, NULL, &t, &why);
    if (!status)
        pd_trial_close(&t);
    if (status != PD_ERR_MISMATCH)
        return status ? pd_pass_on(&why, err) : PD_OK;
    return pd_hint(err,
                   pd_fail(err, PD_ERR_USAGE, -1,
                           "add-class '%.60s': with it %.200s (is a folder called so? It would be a class's)",
                           names, why.message),
                   "add-class");
}

/* --- all of it --- */

/* value: 0 where none was given. */
static void note_unchanged(const struct pd_active_watch *watch, const char *option, int64_t value,
                           int64_t now)
{
    if (value && value == now)
        pd_active_note(watch, "%s is %lld already", option, (long long)now);
}

enum pd_status pd_active_change(const char *folder, struct pd_active_options *a, struct pd_train_options *o,
                                const struct pd_active_news *news, const struct pd_active_watch *watch,
                                bool *told, struct pd_error *err)
{
    const struct pd_data_place *p = &news->place;
    const struct pd_active_options was_a = *a;
    const struct pd_train_options was_o = *o;
    struct pd_trial t;
    bool again = false;
    if (!news->add_class && !news->final && !news->query && !p->data && !p->data_dir && !p->cache_dir &&
        !p->metadata)
        return PD_OK;
    pd_run_move(p, o);
    /* what there is to say of images is another thing with the class */
    enum pd_status status = pd_trial_open(folder, a, o, watch, 1, news->add_class ? NULL : told, &t, err);
    if (status)
        return status;
    note_unchanged(watch, "final", news->final, a->final);
    note_unchanged(watch, "query", news->query, a->query);
    a->final = news->final ? news->final : a->final;
    a->query = news->query ? news->query : a->query;
    if (a->final < was_a.final)
        status = pd_hint(err,
                         pd_fail(err, PD_ERR_USAGE, -1,
                                 "final %lld: expected more than the %lld labels that the run goes on to",
                                 (long long)a->final, (long long)was_a.final),
                         "final");
    if (!status && a->query < 1)
        status = pd_hint(
            err, pd_fail(err, PD_ERR_USAGE, -1, "query %lld: expected 1 or more", (long long)a->query),
            "query");
    if (!status && (news->final || news->query))
        status = pd_check_budget(&t, err);
    if (!status && news->add_class)
        status = add_class(&t.ledger, news->add_class, o, &again, err);
    if (!status && news->add_class && !again)
        status = check_images(folder, a, o, watch, news->add_class, err);
    if (again)
        pd_active_note(watch, "the class was added before, and is not added again");
    if (!status)
        status = keep_changes(&t.ledger, watch, &was_a, &was_o, a, o, err);
    pd_trial_close(&t);
    return status;
}
