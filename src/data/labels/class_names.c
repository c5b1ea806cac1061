#include "data/labels/class_names.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/words.h"
#include "data/labels/class_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { WORDS = 160 };

static enum pd_status reserve(struct pd_class_names *n, int count, struct pd_error *err)
{
    *n = (struct pd_class_names){count, pd_calloc((size_t)count, sizeof *n->at)};
    return n->at ? PD_OK
                 : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of %d classes", count);
}

enum pd_status pd_class_names_copy(const struct pd_dataset *d, struct pd_class_names *out,
                                   struct pd_error *err)
{
    *out = (struct pd_class_names){d->classes, NULL};
    if (!d->class_names)
        return PD_OK;
    enum pd_status status = reserve(out, d->classes, err);
    if (!status)
        memcpy(out->at, d->class_names, (size_t)d->classes * sizeof *out->at);
    return status;
}

void pd_class_names_release(struct pd_class_names *n)
{
    pd_free(n->at);
    *n = (struct pd_class_names){0, NULL};
}

/* --- as JSON --- */

json_t *pd_class_names_json(const struct pd_class_names *n)
{
    json_t *array = n->at ? json_array() : NULL;
    for (int k = 0; array && k < n->count; k++)
        if (json_array_append_new(array, json_string(n->at[k]))) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

/* --- names in the order of their bytes, to be found in --- */

enum pd_status pd_class_finder_init(struct pd_class_finder *f, const struct pd_class_names *n,
                                    struct pd_error *err)
{
    const int count = n->at ? n->count : 0;
    *f = (struct pd_class_finder){n, pd_malloc((size_t)(count ? count : 1) * sizeof *f->sorted)};
    if (!f->sorted)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", n->count);
    for (int k = 0; k < count; k++)
        f->sorted[k] = n->at[k];
    if (count)
        qsort(f->sorted, (size_t)count, sizeof *f->sorted, pd_by_bytes);
    return PD_OK;
}

void pd_class_finder_release(struct pd_class_finder *f)
{
    pd_free(f->sorted);
    f->sorted = NULL;
}

int pd_class_named(const struct pd_class_finder *f, const char *name)
{
    const struct pd_class_names *n = f->names;
    const char *const *found =
        n->at ? bsearch(&name, f->sorted, (size_t)n->count, sizeof *f->sorted, pd_by_bytes) : NULL;
    return found ? (int)((*found - n->at[0]) / PD_CLASS_NAME_SIZE) : -1;
}

static enum pd_status check_unique(const struct pd_class_names *n, const char *name, struct pd_error *err)
{
    struct pd_class_finder f;
    enum pd_status status = pd_class_finder_init(&f, n, err);
    for (int k = 1; !status && k < n->count; k++)
        if (!strcmp(f.sorted[k - 1], f.sorted[k]))
            status =
                pd_fail(err, PD_ERR_FORMAT, -1, "%s: a class is called '%.100s' twice", name, f.sorted[k]);
    pd_class_finder_release(&f);
    return status;
}

enum pd_status pd_class_names_take(const json_t *array, int count, const char *name,
                                   struct pd_class_names *out, struct pd_error *err)
{
    *out = (struct pd_class_names){count, NULL};
    if (!array || json_is_null(array))
        return PD_OK;
    if (!json_is_array(array) || json_array_size(array) != (size_t)count)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: expected the names of %d classes", name, count);
    enum pd_status status = reserve(out, count, err);
    for (int k = 0; !status && out->at && k < count; k++) {
        const char *text = json_string_value(json_array_get(array, (size_t)k));
        if (!text || !*text || strlen(text) >= PD_CLASS_NAME_SIZE)
            status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: class %d: expected a name of at most %d bytes",
                             name, k, PD_CLASS_NAME_SIZE - 1);
        else
            memcpy(out->at[k], text, strlen(text) + 1);
    }
    if (!status)
        status = check_unique(out, name, err);
    if (status)
        pd_class_names_release(out);
    return status;
}

/* --- as code points --- */

/* Of one name; returns how many. */
static int64_t write_points(const char *name, uint32_t points[PD_CLASS_NAME_SIZE])
{
    int64_t n = 0;
    for (const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)name; *at; n++) {
        utf8proc_int32_t point;
        const utf8proc_ssize_t size = utf8proc_iterate(at, -1, &point);
        points[n] = size > 0 ? (uint32_t)point : 0xFFFD; /* the replacement character */
        at += size > 0 ? size : 1;
    }
    return n;
}

enum pd_status pd_class_names_points(const struct pd_class_names *n, uint32_t **out, int64_t *width,
                                     struct pd_error *err)
{
    uint32_t points[PD_CLASS_NAME_SIZE];
    *width = 1;
    for (int k = 0; k < n->count; k++) {
        const int64_t size = write_points(n->at[k], points);
        *width = size > *width ? size : *width;
    }
    *out = pd_calloc((size_t)n->count, (size_t)*width * sizeof **out);
    if (!*out)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the names of %d classes", n->count);
    for (int k = 0; k < n->count; k++)
        memcpy(*out + k * *width, points, (size_t)write_points(n->at[k], points) * sizeof *points);
    return PD_OK;
}

static bool read_points(const uint32_t *points, int64_t width, char name[PD_CLASS_NAME_SIZE])
{
    utf8proc_uint8_t bytes[4];
    size_t n = 0;
    for (int64_t i = 0; i < width && points[i]; i++) {
        const utf8proc_ssize_t size =
            points[i] <= 0x10FFFF && utf8proc_codepoint_valid((utf8proc_int32_t)points[i])
                ? utf8proc_encode_char((utf8proc_int32_t)points[i], bytes)
                : 0;
        if (!size || n + (size_t)size >= PD_CLASS_NAME_SIZE)
            return false;
        memcpy(name + n, bytes, (size_t)size);
        n += (size_t)size;
    }
    name[n] = '\0';
    pd_make_printable(name);
    return n > 0;
}

enum pd_status pd_class_names_of_points(const uint32_t *points, int count, int64_t width, const char *name,
                                        struct pd_class_names *out, struct pd_error *err)
{
    enum pd_status status = reserve(out, count, err);
    for (int k = 0; !status && k < count; k++)
        if (!read_points(points + k * width, width, out->at[k]))
            status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: class %d: expected a name of at most %d bytes",
                             name, k, PD_CLASS_NAME_SIZE - 1);
    if (!status)
        status = check_unique(out, name, err);
    if (status)
        pd_class_names_release(out);
    return status;
}

/* --- by name --- */

enum pd_status pd_class_names_map(const struct pd_class_names *n, const struct pd_dataset *d, int **map,
                                  struct pd_error *err)
{
    const bool named = n->at && d->class_names;
    struct pd_class_finder f;
    enum pd_status status = pd_class_finder_init(&f, n, err);
    *map = pd_malloc((size_t)(d->classes ? d->classes : 1) * sizeof **map);
    if (!status && !*map)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", d->classes);
    for (int k = 0; !status && *map && k < d->classes; k++)
        (*map)[k] = named ? pd_class_named(&f, d->class_names[k]) : k < n->count ? k : -1;
    pd_class_finder_release(&f);
    if (status) {
        pd_free(*map);
        *map = NULL;
    }
    return status;
}

/* "a, b, c, ..." of the names that count. */
static void list(const char (*names)[PD_CLASS_NAME_SIZE], const uint8_t *counts, int n, char text[WORDS])
{
    size_t at = 0;
    text[0] = '\0';
    for (int k = 0; k < n; k++) {
        const size_t size = strlen(names[k]);
        if (counts && !counts[k])
            continue;
        if (at + size + 8 > WORDS) {
            snprintf(text + at, WORDS - at, "%s", at ? ", ..." : "...");
            return;
        }
        at += (size_t)snprintf(text + at, WORDS - at, "%s%s", at ? ", " : "", names[k]);
    }
}

/* Fails where an image has a class that none of the names is. own: what the data set's are called. */
static enum pd_status check_known(const struct pd_class_names *n, const char (*own)[PD_CLASS_NAME_SIZE],
                                  const struct pd_dataset *d, const int *map, struct pd_error *err)
{
    char strange[WORDS], known[WORDS];
    bool any = false;
    uint8_t *counts = pd_calloc((size_t)(d->classes ? d->classes : 1), 1);
    if (!counts)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", d->classes);
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] >= 0 && map[d->labels[i]] < 0)
            any = (counts[d->labels[i]] = 1);
    if (any) {
        list(own, counts, d->classes, strange);
        list((const char(*)[PD_CLASS_NAME_SIZE])n->at, NULL, n->count, known);
        pd_fail(err, PD_ERR_MISMATCH, -1,
                "data set '%s' has images of classes that the run does not know: "
                "%s; its classes are %s",
                d->name, strange, known);
    }
    pd_free(counts);
    return any ? PD_ERR_MISMATCH : PD_OK;
}

static enum pd_status rename_classes(const struct pd_class_names *n, struct pd_dataset *d,
                                     struct pd_error *err)
{
    struct pd_class_names copy = {n->count, NULL};
    enum pd_status status = n->at ? reserve(&copy, n->count, err) : PD_OK;
    if (status)
        return status;
    if (n->at)
        memcpy(copy.at, n->at, (size_t)n->count * sizeof *n->at);
    pd_free(d->class_names);
    d->class_names = copy.at;
    d->classes = copy.count;
    return PD_OK;
}

static enum pd_status relabel(const struct pd_class_names *n, const int *map, struct pd_dataset *d,
                              struct pd_error *err)
{
    for (uint32_t i = 0; i < d->count; i++)
        d->labels[i] = d->labels[i] < 0 ? -1 : map[d->labels[i]];
    return rename_classes(n, d, err);
}

static enum pd_status adopt_by_name(const struct pd_class_names *n, struct pd_dataset *d,
                                    struct pd_error *err)
{
    int *map;
    enum pd_status status = pd_class_names_map(n, d, &map, err);
    if (status)
        return status;
    bool same = n->count == d->classes;
    for (int k = 0; k < d->classes; k++)
        same = same && map[k] == k;
    status = check_known(n, (const char(*)[PD_CLASS_NAME_SIZE])d->class_names, d, map, err);
    if (!status && !same) {
        pd_dataset_add_note(d, "its %d classes are those of the run by name, not by number", d->classes);
        status = relabel(n, map, d, err);
    }
    pd_free(map);
    return status;
}

/* --- by names that are whole numbers --- */

/* The names as "2", be they "02" or "2.0"; without names the places. NULL: not all are numbers, or two are
 * one number. */
static enum pd_status write_plain(const char (*names)[PD_CLASS_NAME_SIZE], int count,
                                  struct pd_class_names *out, struct pd_error *err)
{
    struct pd_error twice;
    enum pd_status status = reserve(out, count, err);
    bool numbers = !status;
    for (int k = 0; numbers && k < count; k++) {
        const int64_t number = names ? pd_class_number(names[k]) : k;
        numbers = number >= 0;
        snprintf(out->at[k], sizeof out->at[k], "%lld", (long long)number);
    }
    if (numbers)
        status = check_unique(out, "", &twice);
    if (!numbers || status)
        pd_class_names_release(out);
    return status == PD_ERR_FORMAT ? PD_OK : status ? pd_fail(err, status, -1, "%s", twice.message) : PD_OK;
}

/* The first that is written otherwise, or is another one by its place. */
static void note_numbers(const struct pd_class_names *n, const struct pd_class_names *plain,
                         const struct pd_class_names *own, const int *map, struct pd_dataset *d)
{
    for (int k = 0; k < d->classes; k++) {
        const char *theirs = d->class_names ? d->class_names[k] : own->at[k];
        const char *runs = map[k] < 0 ? NULL : n->at ? n->at[map[k]] : plain->at[map[k]];
        if (!runs || (!strcmp(theirs, runs) && (map[k] == k || (n->at && d->class_names))))
            continue;
        pd_dataset_add_note(d,
                            "its classes and the run's are whole numbers, by which they are matched, not by "
                            "their places: %s is the run's class '%s'",
                            theirs, runs);
        return;
    }
    if (!n->at || !d->class_names)
        pd_dataset_add_note(d, "only %s has names for the classes: they are matched by number",
                            n->at ? "the run" : "the data set");
}

/* *done: they were, or that is refused. */
static enum pd_status adopt_numbers(const struct pd_class_names *n, const struct pd_class_names *plain,
                                    const struct pd_class_names *own, bool by_number, struct pd_dataset *d,
                                    bool *done, struct pd_error *err)
{
    const struct pd_dataset numbered = {.classes = d->classes, .class_names = own->at};
    bool same = n->count == d->classes, fits = true, any = false;
    int *map;
    enum pd_status status = pd_class_names_map(plain, &numbered, &map, err);
    if (status)
        return status;
    for (int k = 0; k < d->classes; k++)
        same = same && map[k] == k && !(n->at && d->class_names && strcmp(n->at[k], d->class_names[k]) != 0);
    for (uint32_t i = 0; i < d->count; i++) {
        any = any || (d->labels[i] >= 0 && map[d->labels[i]] >= 0);
        fits = fits && (d->labels[i] < 0 || map[d->labels[i]] >= 0);
    }
    *done = !same && any && (fits || !by_number);
    if (*done && !fits)
        status = pd_hint(
            err,
            check_known(n->at ? n : plain,
                        (const char(*)[PD_CLASS_NAME_SIZE])(d->class_names ? d->class_names : own->at), d,
                        map, err),
            "to take them by their places: by-number");
    else if (*done) {
        note_numbers(n, plain, own, map, d);
        status = relabel(n, map, d, err);
    }
    pd_free(map);
    return status;
}

static enum pd_status adopt_where_numbers(const struct pd_class_names *n, bool by_number,
                                          struct pd_dataset *d, bool *done, struct pd_error *err)
{
    struct pd_class_names plain = {0, NULL}, own = {0, NULL};
    *done = false;
    if (!d->classes || !n->count || (!n->at && !d->class_names))
        return PD_OK;
    enum pd_status status = write_plain((const char(*)[PD_CLASS_NAME_SIZE])n->at, n->count, &plain, err);
    if (!status && plain.at)
        status = write_plain((const char(*)[PD_CLASS_NAME_SIZE])d->class_names, d->classes, &own, err);
    if (!status && own.at)
        status = adopt_numbers(n, &plain, &own, by_number, d, done, err);
    pd_class_names_release(&plain);
    pd_class_names_release(&own);
    return status;
}

/* --- all --- */

/* Of those that are called otherwise. */
static void note_places(const struct pd_class_names *n, struct pd_dataset *d)
{
    int first = -1, differ = 0;
    for (int k = 0; k < d->classes; k++)
        if (strcmp(n->at[k], d->class_names[k]) != 0 && !differ++)
            first = k;
    if (differ)
        pd_dataset_add_note(d, "by number, %d of its %d classes are called otherwise: '%s' is the run's '%s'",
                            differ, d->classes, d->class_names[first], n->at[first]);
}

enum pd_status pd_class_names_adopt(const struct pd_class_names *n, bool by_number, struct pd_dataset *d,
                                    struct pd_error *err)
{
    bool done;
    enum pd_status status = adopt_where_numbers(n, by_number, d, &done, err);
    if (status || done)
        return status;
    if (n->at && d->class_names && !by_number)
        return adopt_by_name(n, d, err);
    if (d->classes && d->classes != n->count)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "data set '%s' has %d classes, and the run %d", d->name,
                       d->classes, n->count);
    if (d->classes && !by_number && (n->at || d->class_names))
        pd_dataset_add_note(d, "only %s has names for the classes: they are matched by number",
                            n->at ? "the run" : "the data set");
    if (n->at && d->class_names)
        note_places(n, d);
    return n->at && !d->class_names ? rename_classes(n, d, err) : PD_OK;
}

enum pd_status pd_class_names_compare(const struct pd_class_names *a, const struct pd_class_names *b,
                                      const char *path, struct pd_error *err)
{
    char x[WORDS], y[WORDS];
    bool same = a->count == b->count || !a->at || !b->at;
    for (int k = 0; a->at && b->at && same && k < a->count; k++)
        same = !strcmp(a->at[k], b->at[k]);
    if (same)
        return PD_OK;
    list((const char(*)[PD_CLASS_NAME_SIZE])a->at, NULL, a->count, x);
    list((const char(*)[PD_CLASS_NAME_SIZE])b->at, NULL, b->count, y);
    return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: its classes are %s, and the data's %s", path, x, y);
}
