#include "active/recipe.h"

#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"
#include "io/json.h"
#include "active/active.h"
#include "active/recipe_files.h"

#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20, MOST_OPTIONS = 256 };

/* --- bytes --- */

const char *pd_recipe_at(size_t index)
{
    return index < pd_recipe_file_count ? pd_recipe_files[index].name : NULL;
}

static bool is_path(const char *name)
{
    const size_t n = strlen(name);
    return strchr(name, '/') || (n > 5 && !strcmp(name + n - 5, ".json"));
}

enum pd_status pd_embedded_bytes(const struct pd_embedded *of, const char *name, struct pd_buffer *out,
                                 struct pd_error *err)
{
    if (is_path(name))
        return pd_file_read_most(name, MOST_BYTES, out, err);
    const int at = pd_word_at(name, &of->files[0].name, of->count, sizeof of->files[0]);
    if (at >= 0) {
        pd_buffer_append(out, of->files[at].text, of->files[at].size);
        return out->oom ? pd_fail_memory(err, name) : PD_OK;
    }
    const char *near = pd_nearest_word(name, &of->files[0].name, of->count, sizeof of->files[0]);
    return pd_fail(err, PD_ERR_USAGE, -1,
                   "unknown %s '%.60s'%s%s%s (%s lists them; a file's name has a / or ends in .json)",
                   of->what, name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "",
                   of->list);
}

static enum pd_status recipe_bytes(const char *name, struct pd_buffer *out, struct pd_error *err)
{
    const struct pd_embedded of = {"recipe", "'paydirt recipes'", pd_recipe_files, pd_recipe_file_count};
    return pd_embedded_bytes(&of, name, out, err);
}

/* --- the object --- */

static const struct pd_json_member recipe_members[] = {
    {"about", JSON_STRING, false},  {"command", JSON_STRING, true}, {"like", JSON_STRING, false},
    {"options", JSON_OBJECT, true}, {"steps", JSON_ARRAY, false},   {"notes", JSON_ARRAY, false}};
static const struct pd_json_member step_members[] = {{"type", JSON_STRING, true},
                                                     {"paper", JSON_STRING, false}};

static enum pd_status check_members(const char *where, const json_t *all, struct pd_error *err)
{
    enum pd_status status =
        pd_json_check(where, all, recipe_members, sizeof recipe_members / sizeof recipe_members[0], err);
    if (status)
        return status;
    const json_t *steps = json_object_get(all, "steps");
    for (size_t i = 0; i < json_array_size(steps) && !status; i++)
        status = pd_json_check(where, json_array_get(steps, i), step_members,
                               sizeof step_members / sizeof step_members[0], err);
    return status ? status : pd_json_check_texts(where, "notes", json_object_get(all, "notes"), err);
}

/* --- its options --- */

static bool nothing_given(const void *context, const char *name)
{
    (void)context;
    (void)name;
    return false;
}

static enum pd_status check_train(const struct pd_recipe *r, struct pd_error *err)
{
    int count;
    struct pd_train_options o;
    const struct pd_option *options = pd_train_option_table(&count);
    const struct pd_option_table table = {options, count, &o};
    return pd_recipe_apply(r, &table, 1, nothing_given, NULL, err);
}

static enum pd_status check_active(const struct pd_recipe *r, struct pd_error *err)
{
    int count;
    struct pd_active_options a;
    struct pd_train_options o;
    struct pd_option train[MOST_OPTIONS];
    const struct pd_option *options = pd_active_option_table(&count);
    const struct pd_option_table tables[] = {{options, count, &a},
                                             {train, pd_active_train_options(train, MOST_OPTIONS), &o}};
    return pd_recipe_apply(r, tables, 2, nothing_given, NULL, err);
}

static const struct {
    const char *name;
    enum pd_status (*check)(const struct pd_recipe *r, struct pd_error *err);
} commands[] = {{"train", check_train}, {"active", check_active}};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* gold-start beside gold_start: one option, which JSON takes for two. */
static enum pd_status check_spellings(const struct pd_recipe *r, struct pd_error *err)
{
    const char *key, *other;
    json_t *value, *same, *options = (json_t *)(uintptr_t)r->options;
    json_object_foreach(options, key, value)
    {
        json_object_foreach(options, other, same)
        {
            if (strcmp(key, other) < 0 && pd_option_is(key, other))
                return pd_fail(err, PD_ERR_FORMAT, -1, "recipe %.200s: '%.60s' and '%.60s' are one option",
                               r->name, key, other);
        }
    }
    return PD_OK;
}

static enum pd_status check_options(const struct pd_recipe *r, struct pd_error *err)
{
    const enum pd_status status = check_spellings(r, err);
    if (status)
        return status;
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(r->command, commands[i].name))
            return commands[i].check(r, err);
    return pd_fail(err, PD_ERR_FORMAT, -1, "recipe %.200s: command '%.60s': expected train or active",
                   r->name, r->command);
}

bool pd_recipe_sets(const struct pd_recipe *r, const char *option)
{
    bool sets = false;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)r->options, key, value)
    {
        sets = sets || pd_option_is(key, option);
    }
    return sets;
}

/* As the tables call it, where they know it. */
static const char *table_name(const struct pd_option_table *tables, int count, const char *key)
{
    const struct pd_option *option = NULL;
    for (int i = 0; i < count && !option; i++)
        option = pd_option_find(&tables[i], key);
    return option ? option->name : key;
}

enum pd_status pd_recipe_apply(const struct pd_recipe *r, const struct pd_option_table *tables, int count,
                               bool (*given)(const void *context, const char *name), const void *context,
                               struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *key;
    char where[256];
    json_t *value;
    snprintf(where, sizeof where, "recipe %.200s", r->name);
    json_object_foreach((json_t *)(uintptr_t)r->options, key, value)
    {
        if (!status && !given(context, table_name(tables, count, key)))
            status = pd_option_take(tables, count, where, key, value, err);
    }
    return status;
}

/* --- opening --- */

enum pd_status pd_recipe_parse(const char *name, const char *text, size_t size, struct pd_recipe *out,
                               struct pd_error *err)
{
    char where[256];
    *out = (struct pd_recipe){.all = NULL};
    snprintf(where, sizeof where, "recipe %.200s", name);
    snprintf(out->name, sizeof out->name, "%s", name);
    enum pd_status status = pd_json_object(text, size, where, &out->all, err);
    if (!status)
        status = check_members(where, out->all, err);
    if (status)
        return status;
    out->about = pd_json_word(out->all, "about");
    out->command = pd_json_word(out->all, "command");
    out->options = json_object_get(out->all, "options");
    out->steps = json_object_get(out->all, "steps");
    out->notes = json_object_get(out->all, "notes");
    status = check_options(out, err);
    const char *like = pd_json_word(out->all, "like");
    return status || !*like ? status : pd_like_join(out, like, err);
}

enum pd_status pd_recipe_read(const char *name, struct pd_recipe *out, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    *out = (struct pd_recipe){.all = NULL};
    enum pd_status status = recipe_bytes(name, &text, err);
    if (!status)
        status = pd_recipe_parse(name, text.data, text.size, out, err);
    pd_buffer_release(&text);
    return status;
}

void pd_recipe_release(struct pd_recipe *r)
{
    json_decref(r->all);
    *r = (struct pd_recipe){.all = NULL};
}

bool pd_recipe_step(const struct pd_recipe *r, size_t index, const char **type, const char **paper)
{
    const json_t *step = json_array_get(r->steps, index);
    *type = pd_json_word(step, "type");
    *paper = pd_json_word(step, "paper");
    return step;
}

const char *pd_recipe_note(const struct pd_recipe *r, size_t index)
{
    return json_string_value(json_array_get(r->notes, index));
}

/* --- for other programs --- */

enum pd_status pd_recipe_open(const char *name, struct pd_recipe **out, struct pd_error *err)
{
    struct pd_recipe *r = pd_calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return pd_fail(err, PD_ERR_MEMORY, -1, "recipe %.200s: out of memory", name);
    const enum pd_status status = pd_recipe_read(name, r, err);
    if (status)
        pd_recipe_close(r);
    else
        *out = r;
    return status;
}

void pd_recipe_close(struct pd_recipe *r)
{
    if (r)
        pd_recipe_release(r);
    pd_free(r);
}

enum pd_status pd_recipe_text(const char *name, char **text, size_t *size, struct pd_error *err)
{
    struct pd_buffer bytes = PD_BUFFER_INIT;
    const enum pd_status status = recipe_bytes(name, &bytes, err);
    if (status)
        pd_buffer_release(&bytes);
    *text = bytes.data;
    *size = bytes.size;
    return status;
}

const char *pd_recipe_name(const struct pd_recipe *r)
{
    return r->name;
}

const char *pd_recipe_about(const struct pd_recipe *r)
{
    return r->about;
}

const char *pd_recipe_command(const struct pd_recipe *r)
{
    return r->command;
}

/* As it would stand on the command line. */
static enum pd_option_type value_text(const json_t *value, char *text, size_t size)
{
    if (json_is_boolean(value)) {
        snprintf(text, size, "%s", json_is_true(value) ? "true" : "false");
        return PD_OPTION_BOOL;
    }
    if (json_is_string(value)) {
        snprintf(text, size, "%s", json_string_value(value));
        return PD_OPTION_TEXT;
    }
    if (json_is_integer(value)) {
        snprintf(text, size, "%lld", (long long)json_integer_value(value));
        return PD_OPTION_INT;
    }
    const size_t n = json_dumpb(value, text, size - 1, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
    text[n < size ? n : 0] = '\0';
    return PD_OPTION_REAL;
}

const char *pd_recipe_option(const struct pd_recipe *r, size_t index, enum pd_option_type *type, char *text,
                             size_t size)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)r->options, key, value)
    {
        if (index-- == 0) {
            *type = value_text(value, text, size);
            return key;
        }
    }
    return NULL;
}
