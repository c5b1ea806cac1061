#include "data/labels/answers_reader.h"

#include "base/mem.h"
#include "base/real.h"
#include "io/file.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

enum { NUMBER = 32 };

/* A string, a number's digits (7.0, as pandas writes it beside what is missing, is 7) or "true", "false";
 * NULL for anything else. */
static const char *words(const json_t *value, char digits[NUMBER])
{
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (!json_is_number(value))
        return json_string_value(value);
    if (json_is_real(value))
        pd_real_text(digits, NUMBER, 15, json_real_value(value));
    else
        snprintf(digits, NUMBER, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return digits;
}

static const char *image_words(const json_t *data, const char *key, char digits[NUMBER])
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
    char digits[NUMBER];
    if (json_is_object(value) && !(value = json_object_get(value, "choices")))
        return refuse(r, row, "a label that is an object without 'choices'");
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

/* --- which question the label answers --- */

/* Notes a set of choices, or a key of JSON-MIN that may be one, that the file has. */
static void note_set(struct pd_answers_reader *r, const char *name)
{
    const char *own = name ? name : "";
    if (!strcmp(own, "choice"))
        r->has_choice = true;
    else if (!r->set_count || (r->set_count == 1 && strncmp(r->sets[0], own, sizeof r->sets[0] - 1) != 0))
        snprintf(r->sets[r->set_count++], sizeof r->sets[0], "%s", own);
}

static bool is_choice(const json_t *entry)
{
    const char *type = json_string_value(json_object_get(entry, "type"));
    return type && !strcmp(type, "choices");
}

static const char *set_of(const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "from_name"));
    return name ? name : "";
}

static const json_t *annotations_of(const json_t *task)
{
    const json_t *annotations = json_object_get(task, "annotations");
    return annotations ? annotations : json_object_get(task, "completions"); /* before Label Studio 1.0 */
}

static bool is_task(const json_t *item)
{
    return json_is_object(json_object_get(item, "data"));
}

/* Not a comment. */
static bool may_be_label(const struct pd_answers_reader *r, const json_t *value)
{
    char digits[NUMBER];
    bool exactly;
    const char *text = words(value, digits);
    return json_is_object(value) || json_is_array(value) ||
           (text && *text && pd_class_find(&r->classes, text, &exactly) != PD_CLASS_UNKNOWN);
}

/* Of the whole file, before any row is taken: which question a row leaves open only the others tell. */
static void note_sets(struct pd_answers_reader *r, int64_t row, json_t *item)
{
    const json_t *annotations = annotations_of(item), *annotation, *entry;
    const char *key;
    size_t i, k;
    json_t *value;
    (void)row;
    if (is_task(item)) {
        json_array_foreach(annotations, i, annotation)
        {
            const json_t *result = json_object_get(annotation, "result");
            json_array_foreach(result, k, entry) if (is_choice(entry)) note_set(r, set_of(entry));
        }
        return;
    }
    json_object_foreach(item, key, value)
    {
        if (!strcasecmp(key, "choice") || !strcasecmp(key, "label"))
            r->has_choice = true;
        else if (!pd_label_studio_own_key(key) && may_be_label(r, value))
            note_set(r, key);
    }
}

/* Whether several questions may be meant, which is refused. */
static bool refuse_sets(struct pd_answers_reader *r, int64_t row)
{
    if (r->has_choice || r->set_count < 2)
        return false;
    pd_answers_refuse(r, row,
                      "either of '%.40s' and '%.40s' may be the label: expected one set of choices, or one "
                      "named 'choice'",
                      r->sets[0], r->sets[1]);
    return true;
}

/* An answer to another question than the one whose answers are the labels. */
static bool pass_over(struct pd_answers_reader *r, int64_t row, const char *image, const char *set)
{
    pd_answers_note(r->out, "'%.60s' is not read, as other rows have 'choice' or 'label'", set);
    return pd_answers_row(r, row, image, "");
}

/* --- tasks --- */

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
        if (!is_choice(entry)) {
            const char *type = json_string_value(json_object_get(entry, "type"));
            *other = type ? type : "nameless";
            continue;
        }
        const bool ours = !strcmp(set_of(entry), "choice");
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
    if (count && r->has_choice && strcmp(set_of(found), "choice") != 0)
        return pass_over(r, row, image, set_of(found));
    if (count && refuse_sets(r, row))
        return false;
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

/* By the last of those who looked it through. */
static bool is_rejected(const json_t *annotation)
{
    const json_t *reviews = json_object_get(annotation, "reviews");
    const size_t n = json_array_size(reviews);
    return n && json_is_false(json_object_get(json_array_get(reviews, n - 1), "accepted"));
}

static bool take_annotation(struct pd_answers_reader *r, int64_t row, const char *image,
                            const json_t *annotation)
{
    const json_t *result = json_object_get(annotation, "result");
    if (!json_is_object(annotation) || (result && !json_is_array(result) && !json_is_null(result)))
        return refuse(r, row, "annotations without their content, export the project as JSON");
    if (json_is_true(json_object_get(annotation, "was_cancelled")) ||
        json_is_true(json_object_get(annotation, "skipped")))
        return pd_answers_row(r, row, image, "skip");
    return take_result(r, row, image, result);
}

/* Where a task has its label in another place than an export. */
static const char *strange_task(const json_t *task)
{
    const json_t *annotations = annotations_of(task), *data = json_object_get(task, "data");
    if (annotations)
        return json_is_array(annotations) || json_is_null(annotations) ? NULL
                                                                       : "'annotations' that are no list";
    if (json_object_get(task, "result"))
        return "a 'result' without 'annotations' around it, export the project as JSON";
    return json_object_get(data, "label") || json_object_get(data, "choice")
               ? "no 'annotations', but a label in 'data', export the project as JSON"
               : NULL;
}

/* A task as in the export JSON. All of its annotations count, or none; those that a review rejected do not.
 */
static void take_task(struct pd_answers_reader *r, int64_t row, const json_t *task, const char *image)
{
    const json_t *annotations = annotations_of(task), *annotation;
    const char *strange = strange_task(task);
    size_t votes = r->vote_count, blank = r->out->blank, i, rejected = 0;
    bool good = !strange || refuse(r, row, strange);
    json_array_foreach(annotations, i, annotation)
    {
        if (is_rejected(annotation))
            rejected++;
        else if (good)
            good = take_annotation(r, row, image, annotation);
    }
    if (good && rejected && r->vote_count == votes)
        good = refuse(r, row, "an annotation that its review rejected");
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
    const char *key, *other_key = "";
    json_t *value, *other = NULL;
    size_t others = 0;
    const json_t *label = json_object_get(object, "choice");
    if (!label)
        label = json_object_get(object, "label");
    json_object_foreach(object, key, value) if (!label && (!strcasecmp(key, "choice") ||
                                                           !strcasecmp(key, "label"))) label = value;
    json_object_foreach(object, key, value) if (!pd_label_studio_own_key(key) && !json_is_null(value))
    {
        other = value;
        other_key = key;
        others++;
    }
    const char *answer = json_string_value(json_object_get(object, "answer"));
    if (label && answer && pd_answers_reject(r->out, answer))
        pd_answers_row(r, row, image, "");
    else if (label || !other)
        take_label(r, row, image, label);
    else if (r->has_choice)
        pass_over(r, row, image, other_key);
    else if (others > 1 && r->set_count < 2)
        pd_answers_refuse(r, row, "no 'choice', and %zu keys that may stand for it", others);
    else if (!refuse_sets(r, row))
        take_label(r, row, image, other);
}

static void take(struct pd_answers_reader *r, int64_t row, json_t *item)
{
    char ours[NUMBER], digits[NUMBER];
    const bool task = is_task(item);
    const json_t *data = task ? json_object_get(item, "data") : item;
    const char *image = image_words(data, "image", digits);
    pd_answers_begin_row(r, image_words(data, "paydirt_image", ours), image, "");
    if (!json_is_object(item))
        pd_answers_refuse(r, row, "not a task: expected an object");
    else if (!*r->image && json_object_size(data))
        pd_answers_refuse(r, row,
                          "no 'image' in it: expected {\"image\": …, \"label\": …} or Label Studio's tasks");
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

typedef void take_fn(struct pd_answers_reader *r, int64_t row, json_t *item);

/* Takes the value at *at and moves *at behind it. */
static enum pd_status take_next(struct pd_answers_reader *r, take_fn *fn, int64_t row, const char *text,
                                size_t size, size_t *at, struct pd_error *err)
{
    json_error_t e;
    pd_mem_watch();
    json_t *item = json_loadb(text + *at, size - *at, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &e);
    if (!item && pd_mem_ran_short())
        return pd_fail_memory(err, r->file);
    *at += (size_t)e.position;
    if (!item)
        return damaged(r, row, *at, e.text, err);
    fn(r, row, item);
    json_decref(item);
    *at = skip_space(text, *at);
    return PD_OK;
}

/* One task after the other, so that a large export needs little memory. A single task, as storages keep it,
 * is a list of one. */
static enum pd_status each_task(struct pd_answers_reader *r, take_fn *fn, const char *text, size_t size,
                                struct pd_error *err)
{
    size_t at = skip_space(text, 0);
    bool list = text[at] == '[';
    bool more = !list || text[at = skip_space(text, at + 1)] != ']';
    int64_t row = 1;
    for (; more; row++) {
        enum pd_status status = take_next(r, fn, row, text, size, &at, err);
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

enum pd_status pd_answers_parse_label_studio(struct pd_answers_reader *r, const char *text, size_t size,
                                             struct pd_error *err)
{
    r->unit = "task";
    const enum pd_status status = each_task(r, note_sets, text, size, err);
    return status ? status : each_task(r, take, text, size, err);
}
