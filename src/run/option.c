#include "run/option.h"

#include "base/buffer.h"
#include "base/real.h"
#include "base/words.h"
#include "io/file.h"
#include "io/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text_field(const struct pd_option *option, void *base)
{
    return (char *)base + option->offset;
}

static bool in_range(const struct pd_option *option, double x)
{
    return x >= option->least && x <= option->most; /* NaN is not */
}

/* Not as real numbers, in which 2^53 + 1 is 2^53: least and most are whole, and far from int64_t's ends. */
static bool is_whole_in_range(const struct pd_option *option, int64_t x)
{
    return x >= (int64_t)option->least && x <= (int64_t)option->most;
}

static bool set_text(const struct pd_option *option, void *base, const char *value)
{
    if (strlen(value) >= option->size)
        return false;
    memmove(text_field(option, base), value, strlen(value) + 1);
    return true;
}

static bool set_bool(const struct pd_option *option, void *base, bool value)
{
    memcpy(text_field(option, base), &value, sizeof value);
    return true;
}

static bool set_int(const struct pd_option *option, void *base, int64_t value)
{
    if (!is_whole_in_range(option, value))
        return false;
    memcpy(text_field(option, base), &value, sizeof value);
    return true;
}

static bool set_real(const struct pd_option *option, void *base, double value)
{
    if (!in_range(option, value))
        return false;
    memcpy(text_field(option, base), &value, sizeof value);
    return true;
}

static bool parse(const struct pd_option *option, void *base, const char *value)
{
    char *end = NULL;
    bool yes = !strcmp(value, "true");
    errno = 0;
    if (option->type == PD_OPTION_TEXT)
        return set_text(option, base, value);
    if (option->type == PD_OPTION_BOOL)
        return (yes || !strcmp(value, "false")) && set_bool(option, base, yes);
    if (option->type == PD_OPTION_INT) {
        int64_t number = strtoll(value, &end, 10);
        return end != value && !*end && !errno && set_int(option, base, number);
    }
    double number = pd_real_read(value, &end);
    const bool lost = number == 0 && errno == ERANGE; /* 1e-400, and 0 may mean something else */
    return end != value && !*end && !lost && set_real(option, base, number);
}

static const char *expected(const struct pd_option *option, char *text, size_t size)
{
    if (option->type == PD_OPTION_TEXT)
        snprintf(text, size, "a text of at most %zu bytes", option->size - 1);
    else if (option->type == PD_OPTION_BOOL)
        snprintf(text, size, "true or false");
    else if (option->type == PD_OPTION_INT)
        snprintf(text, size, "a whole number from %.0f to %.0f", option->least, option->most);
    else
        snprintf(text, size, "a number from %g to %g", option->least, option->most);
    return text;
}

char *pd_option_flag(const struct pd_option *option, char *text, size_t size)
{
    snprintf(text, size, "%s", option->name);
    for (char *c = text; *c; c++)
        if (*c == '_')
            *c = '-';
    return text;
}

enum pd_status pd_option_set(const struct pd_option *option, void *base, const char *value,
                             struct pd_error *err)
{
    char flag[64], wanted[96];
    if (parse(option, base, value))
        return PD_OK;
    pd_option_flag(option, flag, sizeof flag);
    pd_fail(err, PD_ERR_USAGE, -1, "%s '%.60s': expected %s", flag, value,
            expected(option, wanted, sizeof wanted));
    return pd_hint(err, PD_ERR_USAGE, "%s", flag);
}

void pd_option_text(const struct pd_option *option, const void *base, char *text, size_t size)
{
    const char *field = (const char *)base + option->offset;
    int64_t integer;
    double real;
    bool flag;
    switch (option->type) {
    case PD_OPTION_TEXT:
        snprintf(text, size, "%s", field);
        break;
    case PD_OPTION_BOOL:
        memcpy(&flag, field, sizeof flag);
        snprintf(text, size, "%s", flag ? "true" : "false");
        break;
    case PD_OPTION_INT:
        memcpy(&integer, field, sizeof integer);
        snprintf(text, size, "%lld", (long long)integer);
        break;
    case PD_OPTION_REAL:
        memcpy(&real, field, sizeof real);
        pd_real_text(text, size, 6, real);
        break;
    }
}

bool pd_option_is(const char *name, const char *key)
{
    while (*name && (*name == *key || (*name == '-' && *key == '_') || (*name == '_' && *key == '-'))) {
        name++;
        key++;
    }
    return !*name && !*key;
}

const struct pd_option *pd_option_find(const struct pd_option_table *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (pd_option_is(t->at[i].name, name))
            return &t->at[i];
    return NULL;
}

/* --- what they hold --- */

/* NULL: there is none of that name and type. */
static const void *field_of(const struct pd_option_table *t, const char *name, enum pd_option_type type)
{
    const struct pd_option *option = pd_option_find(t, name);
    return option && option->type == type ? (const char *)t->base + option->offset : NULL;
}

const char *pd_option_get_text(const struct pd_option_table *t, const char *name)
{
    const char *field = field_of(t, name, PD_OPTION_TEXT);
    return field ? field : "";
}

bool pd_option_get_bool(const struct pd_option_table *t, const char *name)
{
    const bool *field = field_of(t, name, PD_OPTION_BOOL);
    return field && *field;
}

int64_t pd_option_get_int(const struct pd_option_table *t, const char *name)
{
    const int64_t *field = field_of(t, name, PD_OPTION_INT);
    return field ? *field : 0;
}

double pd_option_get_real(const struct pd_option_table *t, const char *name)
{
    const double *field = field_of(t, name, PD_OPTION_REAL);
    return field ? *field : 0;
}

/* --- by name --- */

static const char *nearest(const struct pd_option_table *tables, int count, const char *name)
{
    const char *pair[2] = {NULL, NULL};
    for (int i = 0; i < count; i++) {
        const struct pd_option_table *t = &tables[i];
        pair[1] = pd_nearest_word(name, &t->at[0].name, (size_t)t->count, sizeof t->at[0]);
        if (!pair[0])
            pair[0] = pair[1];
        else if (pair[1])
            pair[0] = pd_nearest_word(name, pair, 2, sizeof pair[0]);
    }
    return pair[0];
}

static enum pd_status unknown(const struct pd_option_table *t, const char *name, struct pd_error *err)
{
    const char *near = nearest(t, 1, name);
    return near ? pd_fail(err, PD_ERR_USAGE, -1, "unknown option '%.60s', did you mean '%s'?", name, near)
                : pd_fail(err, PD_ERR_USAGE, -1, "unknown option '%.60s'", name);
}

enum pd_status pd_option_set_by_name(const struct pd_option_table *t, const char *name, const char *value,
                                     struct pd_error *err)
{
    const struct pd_option *option = pd_option_find(t, name);
    return option ? pd_option_set(option, t->base, value, err) : unknown(t, name, err);
}

/* --- JSON --- */

static json_t *json_of(const struct pd_option *option, const void *base)
{
    const char *field = (const char *)base + option->offset;
    int64_t integer;
    double real;
    bool flag;
    switch (option->type) {
    case PD_OPTION_BOOL:
        memcpy(&flag, field, sizeof flag);
        return json_boolean(flag);
    case PD_OPTION_INT:
        memcpy(&integer, field, sizeof integer);
        return json_integer(integer);
    case PD_OPTION_REAL:
        memcpy(&real, field, sizeof real);
        return json_real(real);
    case PD_OPTION_TEXT:
        break;
    }
    return json_stringn(field, strlen(field)); /* NULL where it is not UTF-8 */
}

enum { MOST_BYTES = 1 << 20 };

static enum pd_status write_line(const char *path, const char *text, struct pd_error *err)
{
    struct pd_buffer line = PD_BUFFER_INIT;
    pd_buffer_append(&line, text, strlen(text));
    pd_buffer_append(&line, "\n", 1);
    enum pd_status status =
        line.oom ? pd_fail_memory(err, path) : pd_file_write_atomic(path, line.data, line.size, err);
    pd_buffer_release(&line);
    return status;
}

enum pd_status pd_option_table_write(const struct pd_option_table *t, const char *path, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    char *text = NULL;
    pd_mem_watch();
    json_t *all = json_object();
    for (int i = 0; i < t->count && status == PD_OK; i++)
        if (json_object_set_new(all, t->at[i].name, json_of(&t->at[i], t->base)) && !pd_mem_ran_short())
            status = pd_fail(err, PD_ERR_USAGE, -1, "%s: option '%s' is not UTF-8", path, t->at[i].name);
    if (status == PD_OK)
        status = pd_json_text(all, JSON_INDENT(2), path, &text, err);
    if (status == PD_OK)
        status = write_line(path, text, err);
    free(text);
    json_decref(all);
    return status;
}

static bool take(const struct pd_option *option, void *base, const json_t *value)
{
    switch (option->type) {
    case PD_OPTION_BOOL:
        return json_is_boolean(value) && set_bool(option, base, json_is_true(value));
    case PD_OPTION_INT:
        return json_is_integer(value) && set_int(option, base, json_integer_value(value));
    case PD_OPTION_REAL:
        return json_is_number(value) && set_real(option, base, json_number_value(value));
    case PD_OPTION_TEXT:
        break;
    }
    return json_is_string(value) && set_text(option, base, json_string_value(value));
}

enum pd_status pd_option_take(const struct pd_option_table *tables, int count, const char *where,
                              const char *key, const json_t *value, struct pd_error *err)
{
    const struct pd_option *option = NULL;
    int i = 0;
    char wanted[96];
    while (i < count && !(option = pd_option_find(&tables[i], key)))
        i++;
    if (option && take(option, tables[i].base, value))
        return PD_OK;
    if (option)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: option '%s': expected %s", where, key,
                       expected(option, wanted, sizeof wanted));
    const char *near = nearest(tables, count, key);
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: unknown option '%.60s'%s%s%s", where, key,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum pd_status pd_option_table_read(const struct pd_option_table *t, const char *path, struct pd_error *err)
{
    json_t *all, *value;
    const char *key;
    enum pd_status status = pd_json_read(path, MOST_BYTES, &all, err);
    json_object_foreach(all, key, value)
    {
        if (!status)
            status = pd_option_take(t, 1, path, key, value, err);
    }
    json_decref(all);
    return status;
}
