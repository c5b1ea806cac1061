/* JSON lines (Hugging Face's metadata.jsonl, or one list of objects) and COCO's JSON. */
#include "data/labels/label_table_formats.h"

#include "base/buffer.h"
#include "base/mem.h"
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
    if (json_array_size(value) == 1)
        value = json_array_get(value, 0);
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_real(value))
        snprintf(digits, NUMBER, "%.15g", json_real_value(value));
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
    bool chosen;
    char *keys[PD_COLUMNS]; /* what the columns are called, or NULL; the table's */
};

static enum pd_status choose(struct lines *l, const json_t *object)
{
    const char *names[MOST_KEYS], *key;
    int count = 0, at[PD_COLUMNS];
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) if (count < MOST_KEYS) names[count++] = key;
    enum pd_status status = pd_label_choose(l->p, names, count, at);
    for (int c = 0; c < PD_COLUMNS && !status; c++)
        if (at[c] >= 0 && !(l->keys[c] = pd_arena_strdup(&l->p->out->arena, names[at[c]])))
            status = pd_fail_memory(l->p->err, l->p->name);
    l->chosen = true;
    return status;
}

static enum pd_status take_object(struct lines *l, const json_t *object, int64_t row)
{
    char digits[PD_COLUMNS][NUMBER];
    const char *text[PD_COLUMNS];
    enum pd_status status = PD_OK;
    if (!json_is_object(object))
        return pd_fail(l->p->err, PD_ERR_FORMAT, -1, "%s: line %lld: expected an object {…}", l->p->name,
                       (long long)row);
    if (!l->chosen)
        status = choose(l, object);
    if (status)
        return status;
    for (int c = 0; c < PD_COLUMNS; c++) {
        text[c] = l->keys[c] ? text_of(json_object_get(object, l->keys[c]), digits[c]) : "";
        if (!text[c])
            return pd_fail(l->p->err, PD_ERR_FORMAT, -1,
                           "%s: line %lld: '%.60s' has several values, expected one", l->p->name,
                           (long long)row, l->keys[c]);
    }
    return pd_label_add(l->p->out, text[PD_COLUMN_IMAGE], text[PD_COLUMN_LABEL], text[PD_COLUMN_SPLIT], row)
               ? PD_OK
               : pd_fail_memory(l->p->err, l->p->name);
}

static enum pd_status take_list(struct lines *l)
{
    json_error_t e;
    json_t *list = json_loadb(l->p->text, l->p->size, 0, &e), *object;
    size_t i;
    enum pd_status status = list ? PD_OK : fail_json(l->p, &e, e.line);
    json_array_foreach(list, i, object) if (!status) status = take_object(l, object, (int64_t)i + 1);
    json_decref(list);
    return status;
}

enum pd_status pd_label_parse_json_lines(const struct pd_label_parse *p)
{
    struct lines l = {.p = p};
    enum pd_status status = PD_OK;
    p->out->format = "JSON lines";
    if (p->text[strspn(p->text, " \t\r\n")] == '[')
        return take_list(&l);
    int64_t line = 1;
    for (const char *text = p->text; *text && !status; line++) {
        const size_t n = strcspn(text, "\n");
        if (strspn(text, " \t\r") < n) {
            json_error_t e;
            json_t *object = json_loadb(text, n, 0, &e);
            status = object ? take_object(&l, object, line) : fail_json(p, &e, line);
            json_decref(object);
        }
        text += n + (text[n] == '\n');
    }
    return status;
}

/* --- COCO --- */

struct coco_image {
    json_int_t id;
    const char *name;
    int64_t row;
    const char *label; /* the only category of its annotations, or NULL */
    bool several;
};

struct category {
    json_int_t id;
    const char *name;
};

/* Both begin with their ids. */
static int by_id(const void *a, const void *b)
{
    const json_int_t x = *(const json_int_t *)a, y = *(const json_int_t *)b;
    return (x > y) - (x < y);
}

static void read_categories(const json_t *list, struct category *out, size_t *count)
{
    size_t i;
    json_t *c;
    json_array_foreach((json_t *)(uintptr_t)list, i, c) if (json_is_string(json_object_get(c, "name")) &&
                                                            json_is_integer(json_object_get(c, "id")))
        out[(*count)++] = (struct category){json_integer_value(json_object_get(c, "id")),
                                            json_string_value(json_object_get(c, "name"))};
    qsort(out, *count, sizeof *out, by_id);
}

static void read_images(const json_t *list, struct coco_image *out, size_t *count)
{
    size_t i;
    json_t *image;
    json_array_foreach((json_t *)(uintptr_t)list, i, image)
    {
        const json_t *name = json_object_get(image, "file_name"), *id = json_object_get(image, "id");
        if (json_is_string(name) && json_is_integer(id))
            out[(*count)++] = (struct coco_image){json_integer_value(id), json_string_value(name),
                                                  (int64_t)i + 1, NULL, false};
    }
    qsort(out, *count, sizeof *out, by_id);
}

static void read_annotations(const json_t *list, struct coco_image *images, size_t image_count,
                             const struct category *categories, size_t category_count)
{
    size_t i;
    json_t *a;
    json_array_foreach((json_t *)(uintptr_t)list, i, a)
    {
        const json_int_t image_id = json_integer_value(json_object_get(a, "image_id")),
                         category_id = json_integer_value(json_object_get(a, "category_id"));
        struct coco_image *image = bsearch(&image_id, images, image_count, sizeof *images, by_id);
        const struct category *c =
            bsearch(&category_id, categories, category_count, sizeof *categories, by_id);
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
        if (!pd_label_add(p->out, images[i].name,
                          images[i].several || !images[i].label ? "" : images[i].label, "", images[i].row))
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
    enum pd_status status = PD_OK;
    if (image && category) {
        read_images(images, image, &n);
        read_categories(categories, category, &k);
        read_annotations(annotations, image, n, category, k);
        status = take_images(p, image, n);
    } else {
        status = pd_fail_memory(p->err, p->name);
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
