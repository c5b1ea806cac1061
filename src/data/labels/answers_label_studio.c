#include "data/labels/answers_reader.h"

#include "base/mem.h"
#include "io/file.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool pd_label_studio_own_key(const char *key)
{
    static const char *const own[] = {
        "id",         "image",      "paydirt_image", "annotator", "annotation_id",
        "created_at", "updated_at", "lead_time",     "agreement", "history"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(key, own[i]))
            return true;
    return false;
}

/* A string, or an integer's digits; NULL for anything else. */
static const char *words(const json_t *value, char digits[24])
{
    if (!json_is_integer(value))
        return json_string_value(value);
    snprintf(digits, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return digits;
}

static const char *image_words(const json_t *data, const char *key, char digits[24])
{
    const char *image = words(json_object_get(data, key), digits);
    return image ? image : "";
}

static bool refuse(struct pd_answers_reader *r, int64_t row, const char *words)
{
    pd_answers_refuse(r, row, "%s", words);
    return false;
}

/* A row whose label is "cat", ["cat"], {"choices": ["cat"]}, or not there. */
static bool take_label(struct pd_answers_reader *r, int64_t row, const char *image, const json_t *value)
{
    char digits[24];
    if (json_is_object(value))
        value = json_object_get(value, "choices");
    size_t chosen = json_array_size(value);
    if (json_is_object(json_array_get(value, 0)))
        return refuse(r, row, "parts of the picture are marked, expected one class for the whole of it");
    if (chosen > 1) {
        pd_answers_refuse(r, row, "%zu classes chosen, expected one", chosen);
        return false;
    }
    if (json_is_array(value))
        value = json_array_get(value, 0);
    const char *label = !value || json_is_null(value) ? "" : words(value, digits);
    return label ? pd_answers_row(r, row, image, label)
                 : refuse(r, row, "a label that is neither a word nor a number");
}

/* The choices of an annotation: those named "choice", as in our configuration, or the only ones. other: the
 * kind of an entry that is no choice, or NULL. */
static const json_t *find_choices(const json_t *result, size_t *count, const char **other)
{
    const json_t *entry, *found = NULL;
    size_t i;
    *count = 0;
    *other = NULL;
    json_array_foreach(result, i, entry)
    {
        const char *type = json_string_value(json_object_get(entry, "type"));
        const char *name = json_string_value(json_object_get(entry, "from_name"));
        if (!type || strcmp(type, "choices") != 0) {
            *other = type ? type : "nameless";
            continue;
        }
        bool ours = name && !strcmp(name, "choice");
        found = ours || !*count ? entry : found;
        *count = ours ? 1 : *count + 1;
        if (ours)
            break;
    }
    return found;
}

static bool take_result(struct pd_answers_reader *r, int64_t row, const char *image, const json_t *result)
{
    const char *other;
    size_t count;
    const json_t *found = find_choices(result, &count, &other);
    if (json_object_size(json_object_get(found, "value")) > 1) /* choices alone are for the whole picture */
        return refuse(r, row,
                      "the choice is for a part of the picture, expected one class for the whole of it");
    if (count == 1 || !(count || other))
        return take_label(r, row, image, json_object_get(found, "value"));
    if (count)
        pd_answers_refuse(r, row, "%zu sets of choices, expected one, or one named 'choice'", count);
    else
        pd_answers_refuse(r, row, "no choice: the result is of the kind '%.40s', expected 'choices'", other);
    return false;
}

static bool take_annotation(struct pd_answers_reader *r, int64_t row, const char *image,
                            const json_t *annotation)
{
    if (!json_is_object(annotation))
        return refuse(r, row, "annotations without their content, export the project as JSON");
    if (json_is_true(json_object_get(annotation, "was_cancelled")) ||
        json_is_true(json_object_get(annotation, "skipped")))
        return pd_answers_row(r, row, image, "skip");
    return take_result(r, row, image, json_object_get(annotation, "result"));
}

/* A task as in the export JSON; Label Studio before 1.0 called its annotations completions. All of them
 * count, or none. */
static void take_task(struct pd_answers_reader *r, int64_t row, const json_t *task, const char *image)
{
    const json_t *annotations = json_object_get(task, "annotations");
    if (!annotations)
        annotations = json_object_get(task, "completions");
    size_t votes = r->vote_count, blank = r->out->blank;
    bool good = true;
    for (size_t i = 0; good && i < json_array_size(annotations); i++)
        good = take_annotation(r, row, image, json_array_get(annotations, i));
    if (good && !json_array_size(annotations) && json_array_size(json_object_get(task, "drafts")))
        good = refuse(r, row, "a draft that was not submitted");
    if (!good)
        r->vote_count = votes;
    const bool none = good && r->vote_count == votes;
    r->out->blank = blank + none;
    r->out->predicted += none && json_array_size(json_object_get(task, "predictions"));
}

/* A flat object as in the export JSON-MIN. The label's key is the name that the project gave its choices. */
static void take_flat(struct pd_answers_reader *r, int64_t row, json_t *object, const char *image)
{
    const char *key;
    json_t *value, *other = NULL;
    const json_t *label = json_object_get(object, "choice");
    size_t others = 0;
    if (!label)
        label = json_object_get(object, "label");
    json_object_foreach(object, key, value)
    {
        if (pd_label_studio_own_key(key))
            continue;
        other = value;
        others++;
    }
    if (!label && others > 1)
        pd_answers_refuse(r, row, "no 'choice', and %zu keys that may stand for it", others);
    else
        take_label(r, row, image, label ? label : other);
}

static void take(struct pd_answers_reader *r, int64_t row, json_t *item)
{
    char ours[24], digits[24];
    const json_t *data = json_object_get(item, "data");
    const bool task = json_is_object(data);
    data = task ? data : item;
    const char *image = image_words(data, "image", digits);
    pd_answers_begin_row(r, image_words(data, "paydirt_image", ours), image, "");
    if (!json_is_object(item))
        pd_answers_refuse(r, row, "not a task: expected an object");
    else if (image != r->image && pd_answers_refuse_apart(r, row, r->image, image))
        ; /* another picture was shown */
    else if (task)
        take_task(r, row, item, r->image);
    else
        take_flat(r, row, item, r->image);
    r->image = NULL;
}

static size_t skip_space(const char *text, size_t at)
{
    return at + strspn(text + at, " \t\r\n");
}

static enum pd_status damaged(const struct pd_answers_reader *r, int64_t row, size_t at, const char *what,
                              struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, (int64_t)at, "%s: cut off or damaged, export it again: task %lld: %s",
                   r->file, (long long)row, what);
}

/* Takes the value at *at and moves *at behind it. */
static enum pd_status take_next(struct pd_answers_reader *r, int64_t row, const char *text, size_t size,
                                size_t *at, struct pd_error *err)
{
    json_error_t e;
    pd_mem_watch();
    json_t *item = json_loadb(text + *at, size - *at, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &e);
    if (!item && pd_mem_ran_short())
        return pd_fail_memory(err, r->file);
    *at += (size_t)e.position;
    if (!item)
        return damaged(r, row, *at, e.text, err);
    take(r, row, item);
    json_decref(item);
    *at = skip_space(text, *at);
    return PD_OK;
}

/* One task after the other, so that a large export needs little memory. A single task, as storages keep it,
 * is a list of one. */
enum pd_status pd_answers_parse_label_studio(struct pd_answers_reader *r, const char *text, size_t size,
                                             struct pd_error *err)
{
    size_t at = skip_space(text, 0);
    bool list = text[at] == '[';
    bool more = !list || text[at = skip_space(text, at + 1)] != ']';
    int64_t row = 1;
    r->unit = "task";
    for (; more; row++) {
        enum pd_status status = take_next(r, row, text, size, &at, err);
        if (status)
            return status;
        more = list && text[at] == ',';
        at += more;
    }
    if (list && text[at] != ']')
        return damaged(r, row, at, "expected ',' or ']'", err);
    at = skip_space(text, at + list);
    if (!list && text[at] == '{' && text[at - 1] == '\n')
        return pd_fail(err, PD_ERR_FORMAT, (int64_t)at,
                       "%s: an object a line, as JSON lines: expected one list of tasks, [{…}, {…}]",
                       r->file);
    return text[at] ? damaged(r, row, at, "expected the end of the file", err) : PD_OK;
}
