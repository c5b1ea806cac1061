#include "io/json.h"

#include "base/buffer.h"
#include "base/words.h"
#include "io/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *type_words(json_type type)
{
    static const char *const words[] = {
        [JSON_OBJECT] = "an object",       [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a whole number", [JSON_REAL] = "a number", [JSON_TRUE] = "true or false"};
    return words[type];
}

static bool is_of_type(const json_t *value, json_type type)
{
    return type == JSON_REAL   ? json_is_number(value)
           : type == JSON_TRUE ? json_is_boolean(value)
                               : json_typeof(value) == type;
}

static enum pd_status check_member(const char *where, const char *key, const json_t *value,
                                   const struct pd_json_member *members, size_t count, struct pd_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(key, members[i].key))
            return is_of_type(value, members[i].type)
                       ? PD_OK
                       : pd_fail(err, PD_ERR_FORMAT, -1, "%s: '%s': expected %s", where, key,
                                 type_words(members[i].type));
    char known[192];
    const char *near = pd_nearest_word(key, &members[0].key, count, sizeof members[0]);
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: unknown key '%.60s'%s%s%s (known: %s)", where, key,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "",
                   pd_join_words(known, sizeof known, &members[0].key, count, sizeof members[0]));
}

json_t *pd_json_real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

enum pd_status pd_json_check(const char *where, const json_t *value, const struct pd_json_member *members,
                             size_t count, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *key;
    json_t *item;
    if (!json_is_object(value))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected an object", where);
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        if (!status)
            status = check_member(where, key, item, members, count, err);
    }
    for (size_t i = 0; i < count && !status; i++)
        if (members[i].needed && !json_object_get(value, members[i].key))
            status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: '%s' is missing", where, members[i].key);
    return status;
}

enum pd_status pd_json_object(const char *text, size_t size, const char *name, json_t **out,
                              struct pd_error *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* Windows editors' */
    json_error_t why;
    pd_mem_watch();
    const size_t skip = size >= 3 && !memcmp(text, mark, 3) ? 3 : 0;
    json_t *value = json_loadb(size ? text + skip : "", size - skip, JSON_REJECT_DUPLICATES, &why);
    *out = NULL;
    if (!value && pd_mem_ran_short())
        return pd_fail_memory(err, name);
    if (!value)
        return pd_fail(err, PD_ERR_FORMAT, why.position + (int)skip, "%s: expected a JSON object: %s", name,
                       why.text);
    if (json_is_object(value)) {
        *out = value;
        return PD_OK;
    }
    json_decref(value);
    return pd_fail(err, PD_ERR_FORMAT, 0, "%s: expected a JSON object", name);
}

enum pd_status pd_json_read(const char *path, size_t most, json_t **out, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    *out = NULL;
    enum pd_status status = pd_file_read_most(path, most, &text, err);
    if (!status)
        status = pd_json_object(text.data, text.size, path, out, err);
    pd_buffer_release(&text);
    return status;
}

const char *pd_json_word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

enum pd_status pd_json_check_texts(const char *where, const char *key, const json_t *list,
                                   struct pd_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return pd_fail(err, PD_ERR_FORMAT, -1, "%s: '%s': expected texts", where, key);
    return PD_OK;
}

enum pd_status pd_json_text(const json_t *value, size_t flags, const char *name, char **text,
                            struct pd_error *err)
{
    *text = NULL;
    if (!value && !pd_mem_ran_short())
        return pd_fail(err, PD_ERR_USAGE, -1, "%s: a record that JSON cannot hold", name);
    if (value && !pd_mem_ran_short())
        *text = json_dumps(value, flags);
    if (*text && pd_mem_ran_short()) { /* json_dumps leaves out a key that it could not write */
        free(*text);
        *text = NULL;
    }
    return *text ? PD_OK : pd_fail_memory(err, name);
}
