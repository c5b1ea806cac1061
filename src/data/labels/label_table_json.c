/* JSON lines (Hugging Face's metadata.jsonl, or one list of objects) and COCO's JSON. */
#include "data/labels/label_table_formats.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "base/real.h"
#include "io/file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_KEYS = 256, NUMBER = 32 };

static enum pd_status fail_json(const struct pd_label_parse *p, const json_error_t *e, int64_t line)
{
    if (json_error_code(e) == json_error_out_of_memory)
        return pd_fail_memory(p->err, p->name);
    return pd_fail(p->err, PD_ERR_FORMAT, -1, "%s: line %lld: %s", p->name, (long long)line, e->text);
}

/* A string, a number or truth value in digits, or a list of one of these; "" of null or no value, NULL of
 * others. */
static const char *text_of(const json_t *value, char digits[NUMBER])
{
    if (json_array_size(value) < 2 && json_is_array(value))
        value = json_array_get(value, 0);
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_real(value))
        pd_real_text(digits, NUMBER, 15, json_real_value(value));
    else
        snprintf(digits, NUMBER, "%lld", (long long)json_integer_value(value));
    return json_is_number(value)           ? digits
           : json_is_boolean(value)        ? (json_is_true(value) ? "1" : "0")
           : !value || json_is_null(value) ? ""
                                           : NULL;
}

/* --- JSON lines --- */

struct lines {
    const struct pd_label_parse *p;
    const char *names[MOST_KEYS]; /* (count) keys of all objects; the table's */
    size_t of[MOST_KEYS];         /* (count) objects that have it */
    int count;
    size_t objects;
    const char *keys[PD_COLUMNS]; /* what the columns are called, or NULL */
    int at[PD_COLUMNS];           /* among names */
    struct pd_label_beside beside;
};

typedef enum pd_status take_fn(struct lines *, const json_t *object, int64_t row);

/* "Label" where others have "label" is another spelling, unless one object has both. */
static enum pd_status note_keys(struct lines *l, const json_t *object, int64_t row)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return pd_fail(l->p->err, PD_ERR_FORMAT, -1, "%s: line %lld: expected an object {…}", l->p->name,
                       (long long)row);
    l->objects++;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        int i = 0;
        while (i < l->count && strcmp(l->names[i], key) != 0)
            i++;
        const int like = i < l->count ? -1 : pd_label_named(l->names, l->count, key);
        if (i == MOST_KEYS || (like >= 0 && !json_object_get(object, l->names[like])))
            continue;
        if (i == l->count && !(l->names[l->count++] = pd_arena_strdup(&l->p->out->arena, key)))
            return pd_fail_memory(l->p->err, l->p->name);
        l->of[i]++;
    }
    return PD_OK;
}

/* An image's name that most objects lack stands back where they have another. */
static void drop_rare_names(struct lines *l)
{
    bool common = false;
    int kept = 0;
    for (int i = 0; i < l->count; i++)
        common = common || (2 * l->of[i] >= l->objects && pd_label_is_usual(PD_COLUMN_IMAGE, l->names[i]));
    for (int i = 0; i < l->count; i++)
        if (!common || 2 * l->of[i] >= l->objects || !pd_label_is_usual(PD_COLUMN_IMAGE, l->names[i]))
            l->names[kept++] = l->names[i];
    l->count = kept;
}

static enum pd_status choose(struct lines *l)
{
    const int *at = l->at;
    if (!l->objects)
        return PD_OK; /* without a row */
    if (!*l->p->columns)
        drop_rare_names(l);
    enum pd_status status = pd_label_choose(l->p, l->names, l->count, l->at);
    if (!status && at[PD_COLUMN_LABEL] < 0)
        status = pd_label_no_column(l->p, "label", l->names, l->count);
    for (int c = 0; c < PD_COLUMNS && !status; c++)
        l->keys[c] = at[c] < 0 ? NULL : l->names[at[c]];
    if (!status)
        pd_label_beside_find(&l->beside, l->p, l->names, l->count, at);
    return status;
}

/* Of an object without the label's key. */
static void note_other_key(struct pd_label_table *t, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) if (pd_label_is_usual(PD_COLUMN_LABEL, key))
    {
        if (!t->other_keys++)
            snprintf(t->other_key, sizeof t->other_key, "%s", key);
        return;
    }
}

static enum pd_status look_beside(struct lines *l, const json_t *object, bool added)
{
    char digits[NUMBER], confidence[NUMBER];
    const char *texts[MOST_KEYS];
    for (int i = 0; i < l->count; i++) {
        const bool sure = i == l->beside.confidence;
        const char *text = text_of(json_object_get(object, l->names[i]), sure ? confidence : digits);
        texts[i] = text && text != digits ? text : "";
    }
    return pd_label_beside_row(&l->beside, texts, added);
}

static enum pd_status take_object(struct lines *l, const json_t *object, int64_t row)
{
    char digits[PD_COLUMNS][NUMBER];
    const char *text[PD_COLUMNS];
    for (int c = 0; c < PD_COLUMNS; c++) {
        text[c] = l->keys[c] ? text_of(json_object_get(object, l->keys[c]), digits[c]) : "";
        if (!text[c])
            return pd_fail(l->p->err, PD_ERR_FORMAT, -1,
                           "%s: line %lld: '%.60s' has several values, expected one", l->p->name,
                           (long long)row, l->keys[c]);
    }
    if (!json_object_get(object, l->keys[PD_COLUMN_LABEL]))
        note_other_key(l->p->out, object);
    const size_t rows = l->p->out->count;
    if (!pd_label_add(l->p->out, text[PD_COLUMN_IMAGE], text[PD_COLUMN_LABEL], text[PD_COLUMN_SPLIT], row))
        return pd_fail_memory(l->p->err, l->p->name);
    return look_beside(l, object, l->p->out->count > rows);
}

static enum pd_status take_list(struct lines *l)
{
    json_error_t e;
    json_t *list = json_loadb(l->p->text, l->p->size, 0, &e), *object;
    size_t i;
    enum pd_status status = list ? PD_OK : fail_json(l->p, &e, e.line);
    json_array_foreach(list, i, object) if (!status) status = note_keys(l, object, (int64_t)i + 1);
    if (!status)
        status = choose(l);
    json_array_foreach(list, i, object) if (!status) status = take_object(l, object, (int64_t)i + 1);
    json_decref(list);
    pd_label_beside_end(&l->beside);
    return status;
}

static enum pd_status each_line(struct lines *l, take_fn *take)
{
    enum pd_status status = PD_OK;
    int64_t line = 1;
    for (const char *text = l->p->text; *text && !status; line++) {
        const size_t n = strcspn(text, "\n");
        if (strspn(text, " \t\r") < n) {
            json_error_t e;
            json_t *object = json_loadb(text, n, 0, &e);
            status = object ? take(l, object, line) : fail_json(l->p, &e, line);
            json_decref(object);
        }
        text += n + (text[n] == '\n');
    }
    return status;
}

/* Lines are parsed twice: the first may have no label, or another key for it than all others. */
enum pd_status pd_label_parse_json_lines(const struct pd_label_parse *p)
{
    struct lines l = {.p = p};
    p->out->format = "JSON lines";
    if (p->text[strspn(p->text, " \t\r\n")] == '[')
        return take_list(&l);
    enum pd_status status = each_line(&l, note_keys);
    if (!status)
        status = choose(&l);
    if (!status)
        status = each_line(&l, take_object);
    pd_label_beside_end(&l.beside);
    return status;
}

/* --- COCO --- */

/* Ids are numbers or, as of camera traps, words: "12" is 12. */
struct category {
    const char *id, *name;
};

struct coco_image {
    struct category own; /* its id and its file's name */
    int64_t row;
    const char *split; /* or "" */
    const char *label; /* the only category of its annotations, or NULL */
    bool several;
};

/* Both begin with their ids. */
static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The object's own, or in digits; "": there is none. */
static const char *id_of(const json_t *object, const char *key, char digits[NUMBER])
{
    const json_t *id = json_object_get(object, key);
    return json_is_string(id) || json_is_number(id) ? text_of(id, digits) : "";
}

/* One that stays. NULL: no memory. */
static const char *keep_id(const struct pd_label_parse *p, const json_t *object)
{
    char digits[NUMBER];
    const char *id = id_of(object, "id", digits);
    return id == digits ? pd_arena_strdup(&p->out->arena, id) : id;
}

/* As in files put together that each number from 0; equal repeats do no harm. sorted: begin with a category.
 */
static enum pd_status check_ids(const struct pd_label_parse *p, const char *what, const void *sorted,
                                size_t count, size_t size)
{
    const char *at = sorted;
    for (size_t i = 1; i < count; i++, at += size) {
        const struct category *a = (const void *)at, *b = (const void *)(at + size);
        if (!strcmp(a->id, b->id) && strcmp(a->name, b->name) != 0)
            return pd_fail(p->err, PD_ERR_FORMAT, -1,
                           "%s: %s id %.40s stands for '%.100s' and for '%.100s': expected an id of its own "
                           "for each",
                           p->name, what, a->id, a->name, b->name);
    }
    return PD_OK;
}

static bool read_categories(const struct pd_label_parse *p, const json_t *list, struct category *out,
                            size_t *count)
{
    size_t i;
    json_t *c;
    json_array_foreach((json_t *)(uintptr_t)list, i, c)
    {
        const char *id = keep_id(p, c), *name = json_string_value(json_object_get(c, "name"));
        if (!id)
            return false;
        if (name && *id)
            out[(*count)++] = (struct category){id, name};
    }
    qsort(out, *count, sizeof *out, by_id);
    return true;
}

/* Datumaro and others say it; words that are no splits are something else. */
static const char *split_of(const json_t *image)
{
    static const char *const keys[] = {"split", "subset"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *split = json_string_value(json_object_get(image, keys[i]));
        if (split && pd_label_names_split(split))
            return split;
    }
    return "";
}

static bool read_images(const struct pd_label_parse *p, const json_t *list, struct coco_image *out,
                        size_t *count)
{
    size_t i;
    json_t *image;
    json_array_foreach((json_t *)(uintptr_t)list, i, image)
    {
        const char *id = keep_id(p, image), *name = json_string_value(json_object_get(image, "file_name"));
        if (!id)
            return false;
        if (name && *id)
            out[(*count)++] = (struct coco_image){{id, name}, (int64_t)i + 1, split_of(image), NULL, false};
    }
    qsort(out, *count, sizeof *out, by_id);
    return true;
}

static void read_annotations(const struct pd_label_parse *p, const json_t *list, struct coco_image *images,
                             size_t image_count, const struct category *categories, size_t category_count)
{
    char image_digits[NUMBER], category_digits[NUMBER];
    size_t i;
    json_t *a;
    json_array_foreach((json_t *)(uintptr_t)list, i, a)
    {
        const char *image_id = id_of(a, "image_id", image_digits),
                   *category_id = id_of(a, "category_id", category_digits);
        struct coco_image *image = bsearch(&image_id, images, image_count, sizeof *images, by_id);
        const struct category *c =
            bsearch(&category_id, categories, category_count, sizeof *categories, by_id);
        p->out->stray += !image || !c;
        if (!image || !c)
            continue;
        image->several = image->several || (image->label && strcmp(image->label, c->name) != 0);
        image->label = c->name;
    }
}

static enum pd_status take_images(const struct pd_label_parse *p, const struct coco_image *images,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        p->out->several += images[i].several;
        if (!pd_label_add(p->out, images[i].own.name,
                          images[i].several || !images[i].label ? "" : images[i].label, images[i].split,
                          images[i].row))
            return pd_fail_memory(p->err, p->name);
    }
    return PD_OK;
}

static enum pd_status read_coco(const struct pd_label_parse *p, const json_t *root)
{
    const json_t *images = json_object_get(root, "images"), *categories = json_object_get(root, "categories"),
                 *annotations = json_object_get(root, "annotations");
    if (!json_is_array(images) || !json_is_array(categories) || !json_is_array(annotations))
        return pd_fail(p->err, PD_ERR_FORMAT, -1,
                       "%s: expected COCO's lists 'images', 'categories' and 'annotations'", p->name);
    size_t n = 0, k = 0;
    struct coco_image *image = pd_calloc(json_array_size(images) + 1, sizeof *image);
    struct category *category = pd_calloc(json_array_size(categories) + 1, sizeof *category);
    const bool good = image && category && read_images(p, images, image, &n) &&
                      read_categories(p, categories, category, &k);
    enum pd_status status =
        good ? check_ids(p, "image", image, n, sizeof *image) : pd_fail_memory(p->err, p->name);
    if (!status)
        status = check_ids(p, "category", category, k, sizeof *category);
    if (!status) {
        read_annotations(p, annotations, image, n, category, k);
        status = take_images(p, image, n);
    }
    pd_free(image);
    pd_free(category);
    return status;
}

enum pd_status pd_label_parse_coco(const struct pd_label_parse *p)
{
    json_error_t e;
    json_t *root = json_loadb(p->text, p->size, 0, &e);
    p->out->format = "COCO";
    enum pd_status status = root ? read_coco(p, root) : fail_json(p, &e, e.line);
    json_decref(root);
    return status;
}
