/* Presses into the book, and out of it again. */
#include "serve/book.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { BOOK_ID = 0x70647031, NAME_SIZE = 4097 }; /* "pdp1" */

static const char schema[] =
    "CREATE TABLE press(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, time INTEGER NOT NULL, "
    "person TEXT NOT NULL, kind TEXT NOT NULL, image TEXT, label TEXT, over TEXT, text TEXT, "
    "was INTEGER) STRICT; CREATE TABLE setting(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT";

const char *const pd_press_kinds[PD_PRESS_KINDS] = {"answer", "undo", "note", "settle", "class", "rename"};

bool pd_book_is_there(const char *run)
{
    char path[PD_PATH_SIZE];
    return !pd_path_join(path, sizeof path, run, "page.db", NULL) && !pd_is_absent(path);
}

/* --- names --- */

int pd_book_person(const struct pd_book *b, const char *name)
{
    for (int i = 0; i < b->person_count; i++)
        if (!strcmp(b->people[i], name))
            return i;
    return PD_NOBODY;
}

/* By the run's name; "skip"; or -1. */
static int32_t find_class(const struct pd_book *b, const char *name)
{
    for (int i = 0; i < b->class_count; i++)
        if (!strcmp(b->classes[i].name, name))
            return i;
    return !strcmp(name, "skip") ? PD_ANSWER_SKIP : -1;
}

const char *pd_book_class_name(const struct pd_book *b, int32_t label)
{
    return label == PD_ANSWER_SKIP ? "skip" : b->classes[label].name;
}

const char *pd_book_class_shown(const struct pd_book *b, int32_t label)
{
    return label == PD_ANSWER_SKIP ? "skip" : b->classes[label].shown;
}

static enum pd_status fail_memory(const struct pd_book *b, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory for its answers", b->asked->run);
}

static enum pd_status add_class(struct pd_book *b, const char *name, struct pd_error *err)
{
    if (b->class_count == PD_CLASSES_MOST)
        return pd_fail(err, PD_ERR_USAGE, -1, "more than %d classes", (int)PD_CLASSES_MOST);
    struct pd_page_class *more = pd_realloc(b->classes, (size_t)(b->class_count + 1) * sizeof *more);
    if (!more)
        return fail_memory(b, err);
    b->classes = more;
    more += b->class_count++;
    snprintf(more->name, sizeof more->name, "%s", name);
    snprintf(more->shown, sizeof more->shown, "%s", name);
    return PD_OK;
}

static int add_person(struct pd_book *b, const char *name)
{
    const int known = pd_book_person(b, name);
    if (known != PD_NOBODY || b->person_count == PD_PEOPLE_MOST)
        return known;
    snprintf(b->people[b->person_count], PD_PERSON_SIZE, "%s", name);
    return b->person_count++;
}

/* --- into memory --- */

static enum pd_status keep_note(struct pd_book *b, const struct pd_press *p, const char *text,
                                struct pd_error *err)
{
    char *copy = pd_strdup(text);
    struct pd_note *n = b->notes;
    size_t i = 0;
    while (i < b->note_count && (n[i].image != p->image || n[i].person != p->person))
        i++;
    if (copy && i == b->note_count) {
        n = pd_grow(b->notes, b->note_count, &b->note_capacity, sizeof *n);
        if (n) {
            b->notes = n;
            n[b->note_count++] = (struct pd_note){p->image, p->person, 0, NULL};
        }
    }
    if (!copy || !n) {
        pd_free(copy);
        return fail_memory(b, err);
    }
    pd_free(n[i].text);
    n[i].text = copy;
    n[i].time = p->time;
    return PD_OK;
}

bool pd_press_is_of_image(int kind)
{
    return kind == PD_PRESS_ANSWER || kind == PD_PRESS_NOTE || kind == PD_PRESS_SETTLE;
}

static struct pd_press *find(const struct pd_book *b, int64_t id)
{
    size_t low = 0, high = b->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (b->at[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->count && b->at[low].id == id ? &b->at[low] : NULL;
}

const struct pd_press *pd_book_find(const struct pd_book *b, int64_t id)
{
    return find(b, id);
}

/* What the file has already. */
static enum pd_status apply(struct pd_book *b, const struct pd_press *press, const char *text,
                            struct pd_error *err)
{
    struct pd_press *p = pd_grow(b->at, b->count, &b->capacity, sizeof *p), *undone;
    if (!p || b->count == UINT32_MAX - 1)
        return fail_memory(b, err);
    b->at = p;
    p += b->count++;
    *p = *press;
    if (p->kind == PD_PRESS_ANSWER || p->kind == PD_PRESS_SETTLE)
        b->said[p->image] = p->id;
    if (pd_press_is_of_image(p->kind)) {
        p->before = b->last[p->image];
        b->last[p->image] = (uint32_t)b->count;
    }
    if (p->kind == PD_PRESS_UNDO && (undone = find(b, p->was))) {
        undone->undone = true;
        b->said[undone->image] = p->id;
    }
    if (p->kind == PD_PRESS_NOTE)
        return keep_note(b, p, text, err);
    if (p->kind == PD_PRESS_CLASS && find_class(b, text) == -1)
        return add_class(b, text, err);
    if (p->kind == PD_PRESS_RENAME)
        snprintf(b->classes[p->label].shown, PD_CLASS_NAME_SIZE, "%s", text);
    return PD_OK;
}

/* --- out of the file --- */

enum { ID, TIME, PERSON, KIND, IMAGE, LABEL, OVER, TEXT, WAS };

static enum pd_status fail_row(const struct pd_book *b, int64_t id, const char *what, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s/page.db: press %lld: %s", b->asked->run, (long long)id, what);
}

static enum pd_status take_row(void *context, const struct pd_cell *c, int n, struct pd_error *err)
{
    struct pd_book *b = context;
    struct pd_press p = {.id = c[ID].number, .time = c[TIME].number, .was = c[WAS].number, .over = -1};
    int64_t image = 0;
    (void)n;
    while (p.kind < PD_PRESS_KINDS && strcmp(pd_press_kinds[p.kind], c[KIND].text ? c[KIND].text : "") != 0)
        p.kind++;
    if (p.kind == PD_PRESS_KINDS)
        return fail_row(b, p.id, "of a newer paydirt", err);
    if (!c[PERSON].text || !*c[PERSON].text || (p.person = add_person(b, c[PERSON].text)) == PD_NOBODY)
        return fail_row(b, p.id, "nobody's, or of one person too many", err);
    if (pd_press_is_of_image(p.kind))
        image = c[IMAGE].text ? pd_image_find(&b->asked->index, c[IMAGE].text) : -1;
    if (image < 0) {
        b->lost++;
        return PD_OK;
    }
    p.image = (uint32_t)image;
    p.label = c[LABEL].text ? find_class(b, c[LABEL].text) : -1;
    p.over = c[OVER].text ? find_class(b, c[OVER].text) : -1;
    const bool needs_label =
        p.kind == PD_PRESS_ANSWER || p.kind == PD_PRESS_SETTLE || p.kind == PD_PRESS_RENAME;
    if (needs_label && p.label == -1)
        return fail_row(b, p.id, "an unknown class", err);
    if (p.kind >= PD_PRESS_CLASS &&
        (!c[TEXT].text || strlen(c[TEXT].text) >= PD_CLASS_NAME_SIZE || p.label < -1))
        return fail_row(b, p.id, "no name of a class", err);
    return apply(b, &p, c[TEXT].text ? c[TEXT].text : "", err);
}

enum pd_status pd_book_need(struct pd_book *b, int people, struct pd_error *err)
{
    static const char sql[] =
        "INSERT INTO setting VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value";
    const struct pd_cell cells[] = {{"people", 0}, {NULL, people}};
    b->needed = people;
    return pd_store_put(b->store, sql, cells, 2, NULL, err);
}

static enum pd_status read_setting(struct pd_book *b, const char *name, int64_t *value, bool *found,
                                   struct pd_error *err)
{
    const struct pd_cell cell = {name, 0};
    return pd_store_number(b->store, "SELECT value FROM setting WHERE name = ?", &cell, 1, value, found, err);
}

/* Draws the book's id where it has none, as one of an earlier version has. */
static enum pd_status name_book(struct pd_book *b, struct pd_error *err)
{
    int64_t id;
    bool found;
    enum pd_status status = read_setting(b, "id", &id, &found, err);
    if (!status && !found) {
        if (getrandom(&id, sizeof id, 0) != sizeof id)
            return pd_fail(err, PD_ERR_IO, -1, "%s/page.db: cannot draw its number", b->asked->run);
        const struct pd_cell cells[] = {{"id", 0}, {NULL, id}};
        status = pd_store_put(b->store, "INSERT INTO setting VALUES(?, ?)", cells, 2, NULL, err);
    }
    if (!status)
        snprintf(b->id, sizeof b->id, "%016" PRIx64, (uint64_t)id);
    return status;
}

static enum pd_status read_book(struct pd_book *b, struct pd_error *err)
{
    int64_t people;
    bool found;
    enum pd_status status = read_setting(b, "people", &people, &found, err);
    if (!status && found && people >= 1 && people <= PD_PEOPLE_MOST)
        b->needed = (int)people;
    return status ? status
                  : pd_store_each(
                        b->store,
                        "SELECT id, time, person, kind, image, label, over, text, was FROM press ORDER BY id",
                        take_row, b, err);
}

enum pd_status pd_book_open(const struct pd_asked_images *asked, bool write, struct pd_book *b,
                            struct pd_error *err)
{
    char path[PD_PATH_SIZE] = ":memory:", name[PD_CLASS_NAME_SIZE];
    enum pd_status status = PD_OK;
    *b = (struct pd_book){.asked = asked, .needed = 1};
    b->last = pd_calloc(asked->data->count, sizeof *b->last);
    b->said = pd_calloc(asked->data->count, sizeof *b->said);
    if (!b->last || !b->said)
        status = fail_memory(b, err);
    for (int i = 0; i < asked->data->classes && !status; i++)
        status = add_class(b, pd_dataset_class_name(asked->data, i, name, sizeof name), err);
    b->run_classes = b->class_count;
    if (!status && asked->run[0])
        status = pd_path_inside(path, sizeof path, asked->run, "page.db", err);
    if (!status && (write || !pd_is_absent(path)))
        status = pd_store_open(path, write, BOOK_ID, schema, &b->store, err);
    if (!status && write && asked->run[0] && stat(path, &b->file))
        status = pd_fail_io(err, path, "read", errno);
    if (!status && write)
        status = name_book(b, err);
    if (!status && b->store)
        status = read_book(b, err);
    if (status)
        pd_book_close(b);
    return status;
}

void pd_book_close(struct pd_book *b)
{
    pd_store_close(b->store);
    for (size_t i = 0; i < b->note_count; i++)
        pd_free(b->notes[i].text);
    pd_free(b->notes);
    pd_free(b->classes);
    pd_free(b->at);
    pd_free(b->last);
    pd_free(b->said);
    memset(b, 0, sizeof *b);
}

/* --- into the file --- */

static int64_t milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum pd_status put(struct pd_book *b, const struct pd_pressed *p, int64_t time, int64_t *id,
                          struct pd_error *err)
{
    static const char sql[] =
        "INSERT INTO press(key, time, person, kind, image, label, over, text, was) VALUES(?,?,?,?,?,?,?,?,?)";
    char image[NAME_SIZE] = "";
    if (pd_press_is_of_image(p->kind))
        pd_dataset_image_name(b->asked->data, p->image, image, sizeof image);
    const bool labelled =
        p->kind == PD_PRESS_ANSWER || p->kind == PD_PRESS_SETTLE || p->kind == PD_PRESS_RENAME;
    const struct pd_cell cells[] = {{p->key, 0},
                                    {NULL, time},
                                    {p->person, 0},
                                    {pd_press_kinds[p->kind], 0},
                                    {image, 0},
                                    {labelled ? pd_book_class_name(b, p->label) : "", 0},
                                    {p->over == -1 ? "" : pd_book_class_name(b, p->over), 0},
                                    {p->text ? p->text : "", 0},
                                    {NULL, p->kind == PD_PRESS_UNDO ? p->was : 0}};
    return pd_store_put(b->store, sql, cells, sizeof cells / sizeof cells[0], id, err);
}

/* What was pressed before under that key, or 0. */
static enum pd_status seen(struct pd_book *b, const char *text, int64_t *id, struct pd_error *err)
{
    bool found = false;
    *id = 0;
    const struct pd_cell key = {text ? text : "", 0};
    return pd_store_number(b->store, "SELECT id FROM press WHERE key = ?", &key, 1, id, &found, err);
}

/* What an undo takes back. */
static enum pd_status resolve(struct pd_book *b, struct pd_pressed *p, struct pd_error *err)
{
    const int person = p->person ? pd_book_person(b, p->person) : PD_NOBODY;
    const struct pd_press *last = person == PD_NOBODY ? NULL : pd_book_last(b, person);
    if (p->kind != PD_PRESS_UNDO)
        return PD_OK;
    p->was = last ? last->id : 0;
    return p->of ? seen(b, p->of, &p->was, err) : PD_OK;
}

static enum pd_status put_all(struct pd_book *b, struct pd_pressed *p, size_t n, bool *fresh, int64_t *ids,
                              int64_t time, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (size_t i = 0; i < n && !status; i++) {
        status = seen(b, p[i].key, &ids[i], err);
        fresh[i] = !ids[i];
        if (!status && fresh[i])
            status = resolve(b, &p[i], err);
        if (!status && fresh[i])
            status = pd_book_check(b, &p[i], err);
        if (!status && fresh[i])
            status = put(b, &p[i], time, &ids[i], err);
    }
    return status;
}

/* On disk; memory follows. */
static enum pd_status apply_all(struct pd_book *b, const struct pd_pressed *p, size_t n, const bool *fresh,
                                const int64_t *ids, int64_t time, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (size_t i = 0; i < n && !status; i++) {
        if (!fresh[i])
            continue;
        const struct pd_press press = {.id = ids[i],
                                       .time = time,
                                       .was = p[i].kind == PD_PRESS_UNDO ? p[i].was : 0,
                                       .image = pd_press_is_of_image(p[i].kind) ? p[i].image : 0,
                                       .person = add_person(b, p[i].person),
                                       .label = p[i].label,
                                       .over = p[i].over,
                                       .kind = (uint8_t)p[i].kind};
        status = apply(b, &press, p[i].text ? p[i].text : "", err);
    }
    return status;
}

/* What is written into a file that was removed is gone with its last reader. */
static enum pd_status check_file(const struct pd_book *b, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct stat now;
    if (!b->file.st_ino)
        return PD_OK;
    const enum pd_status status = pd_path_inside(path, sizeof path, b->asked->run, "page.db", err);
    if (status || (!stat(path, &now) && now.st_ino == b->file.st_ino && now.st_dev == b->file.st_dev))
        return status;
    return pd_fail(err, PD_ERR_IO, -1,
                   "%s: removed or replaced since this page was opened: put it back, or start the page anew",
                   path);
}

enum pd_status pd_book_press(struct pd_book *b, struct pd_pressed *pressed, size_t n, int64_t *ids,
                             struct pd_error *err)
{
    const int64_t time = milliseconds();
    bool *fresh = pd_calloc(n ? n : 1, sizeof *fresh);
    if (!fresh)
        return fail_memory(b, err);
    enum pd_status status = check_file(b, err);
    if (!status)
        status = pd_store_begin(b->store, err);
    if (!status)
        status = put_all(b, pressed, n, fresh, ids, time, err);
    if (!status)
        status = pd_store_commit(b->store, err);
    else
        pd_store_roll_back(b->store);
    if (!status)
        status = apply_all(b, pressed, n, fresh, ids, time, err);
    pd_free(fresh);
    return status;
}
