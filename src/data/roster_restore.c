/* A data set held against the roster of an earlier opening. */
#include "data/roster.h"

#include "base/buffer.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
enum { STRANGE = PD_LABEL_OF_NO_CLASS };

/* How many images, and the first of them in words. */
struct list {
    uint32_t n;
    struct pd_buffer text;
};

struct match {
    const struct pd_roster *was, *now;
    int32_t *labels; /* (now->count): by the classes of was, -1, or STRANGE */
    uint32_t *at;    /* (was->count): which image of now it is, or NONE */
    uint8_t *taken;  /* (now->count) */
    int *map;        /* now's classes: which of was, or -1 */
    uint32_t moved, first_moved, labelled, relabelled, strange; /* strange: of those */
    struct list replaced;
};

/* --- words for differences --- */

enum { SHOWN = 2, NAME_SIZE = 61, LONGEST_NAME = 4200 };

static void add(struct list *l, const char *words)
{
    if (l->n <= SHOWN)
        pd_buffer_printf(&l->text, "%s%s", l->n ? ", " : "", l->n < SHOWN ? words : "...");
    l->n++;
}

static const char *image_name(const struct pd_roster *r, uint32_t i, char text[NAME_SIZE])
{
    if (r->names)
        snprintf(text, NAME_SIZE, "%s", r->names[i]);
    else
        snprintf(text, NAME_SIZE, "%u", i);
    return text;
}

static const char *class_name(const struct pd_roster *r, int32_t label, char text[NAME_SIZE])
{
    if (label < 0)
        snprintf(text, NAME_SIZE, "no label");
    else if (r->classes.at)
        snprintf(text, NAME_SIZE, "'%.40s'", r->classes.at[label]);
    else
        snprintf(text, NAME_SIZE, "%d", (int)label);
    return text;
}

/* --- which image is which --- */

struct key {
    const char *name; /* NULL: the number serves */
    const struct pd_digest *digest;
    int32_t label;
    uint32_t image;
};

typedef int comparison(const struct key *a, const struct key *b);

static int by_name(const struct key *a, const struct key *b)
{
    if (a->name && b->name)
        return strcmp(a->name, b->name);
    return a->name || b->name ? (a->name != NULL) - (b->name != NULL)
                              : (a->image > b->image) - (a->image < b->image);
}

static int by_content(const struct key *a, const struct key *b)
{
    return memcmp(a->digest, b->digest, sizeof *a->digest);
}

static int by_name_and_content(const struct key *a, const struct key *b)
{
    const int d = by_name(a, b);
    return d ? d : by_content(a, b);
}

static int by_content_and_label(const struct key *a, const struct key *b)
{
    const int d = by_content(a, b);
    return d ? d : (a->label > b->label) - (a->label < b->label);
}

static int in_order(const void *a, const void *b, void *compare)
{
    const struct key *x = a, *y = b;
    const int d = (*(comparison **)compare)(x, y);
    return d ? d : (x->image > y->image) - (x->image < y->image);
}

/* Those that are not paired yet, sorted, to be freed; NULL: out of memory. */
static struct key *gather(const struct pd_roster *r, const int32_t *labels, const uint8_t *taken,
                          const uint32_t *at, comparison *compare, size_t *n)
{
    struct key *keys = pd_malloc(r->count * sizeof *keys);
    *n = 0;
    for (uint32_t i = 0; keys && i < r->count; i++)
        if (taken ? !taken[i] : at && at[i] == NONE)
            keys[(*n)++] = (struct key){r->names ? r->names[i] : NULL, &r->digests[i], labels[i], i};
    if (keys)
        qsort_r(keys, *n, sizeof *keys, in_order, &compare);
    return keys;
}

/* Pairs what is equal by `compare`; found (context, image of was, image of now) hears of each. */
static enum pd_status pair(struct match *m, comparison *compare,
                           void (*found)(struct match *m, uint32_t was, uint32_t now), struct pd_error *err)
{
    size_t n, k;
    struct key *a = gather(m->was, m->was->labels, NULL, m->at, compare, &n);
    struct key *b = gather(m->now, m->labels, m->taken, NULL, compare, &k);
    const bool room = a && b;
    for (size_t i = 0, j = 0; room && i < n && j < k;) {
        const int d = compare(&a[i], &b[j]);
        if (!d)
            found(m, a[i].image, b[j].image);
        i += d <= 0;
        j += d >= 0;
    }
    pd_free(a);
    pd_free(b);
    return room ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory comparing %u images", m->was->count);
}

static void take(struct match *m, uint32_t was, uint32_t now)
{
    m->at[was] = now;
    m->taken[now] = 1;
}

static void take_moved(struct match *m, uint32_t was, uint32_t now)
{
    if (!m->moved++ || was < m->first_moved)
        m->first_moved = was;
    take(m, was, now);
}

static void take_replaced(struct match *m, uint32_t was, uint32_t now)
{
    char name[NAME_SIZE];
    add(&m->replaced, image_name(m->was, was, name));
    take(m, was, now);
}

static enum pd_status find_images(struct match *m, struct pd_error *err)
{
    static const struct {
        comparison *compare;
        void (*found)(struct match *m, uint32_t was, uint32_t now);
    } ways[] = {{by_name_and_content, take},
                {by_content_and_label, take_moved},
                {by_content, take_moved},
                {by_name, take_replaced}};
    enum pd_status status = PD_OK;
    for (size_t i = 0; !status && i < sizeof ways / sizeof ways[0]; i++)
        status = pair(m, ways[i].compare, ways[i].found, err);
    return status;
}

/* --- what matters --- */

static void judge(struct match *m, struct list *gone, struct list *relabelled)
{
    char words[4 * NAME_SIZE], image[NAME_SIZE], now[NAME_SIZE], was[NAME_SIZE];
    for (uint32_t i = 0; i < m->was->count; i++) {
        const uint32_t j = m->at[i];
        if (j == NONE) {
            add(gone, image_name(m->was, i, image));
        } else if (m->was->labels[i] < 0) {
            m->labelled += m->labels[j] != -1;
        } else if (m->labels[j] != m->was->labels[i]) {
            m->relabelled++;
            m->strange += m->labels[j] == STRANGE;
            snprintf(words, sizeof words, "%s: %s, was %s", image_name(m->now, j, image),
                     class_name(m->now, m->now->labels[j], now), class_name(m->was, m->was->labels[i], was));
            add(relabelled, words);
        }
    }
}

/* Classes that the data set has no more. */
static void list_lost_classes(const struct match *m, struct list *lost)
{
    char name[NAME_SIZE];
    uint8_t *there = pd_calloc((size_t)m->was->classes.count + 1, 1);
    for (int k = 0; there && k < m->now->classes.count; k++)
        there[m->map[k] < 0 ? m->was->classes.count : m->map[k]] = 1;
    for (int k = 0; there && m->was->classes.at && k < m->was->classes.count; k++)
        if (!there[k])
            add(lost, class_name(m->was, k, name));
    pd_free(there);
}

/* one: where it is a single one; NULL: as many. */
static void say_part(struct pd_buffer *text, const struct list *l, const char *one, const char *many)
{
    if (l->n)
        pd_buffer_printf(text, "%s%u %s (%s)", text->size ? ", " : "", l->n, one && l->n == 1 ? one : many,
                         l->text.data ? l->text.data : "");
}

/* Images that are gone may be there: what the opening has said of those that it has left out. */
static void say_left_out(struct pd_buffer *text, const char *note)
{
    static const char words[] = "left out";
    for (size_t n; *note; note += n + (note[n] == '\n')) {
        n = strcspn(note, "\n");
        if (memmem(note, n, words, strlen(words)))
            pd_buffer_printf(text, "%s%.*s", text->size ? "; " : " (", (int)strcspn(note, "\t\n"), note);
    }
    if (text->size)
        pd_buffer_printf(text, ")");
}

static enum pd_status check(struct match *m, const struct pd_dataset *d, struct pd_error *err)
{
    struct list lost = {0}, gone = {0}, relabelled = {0};
    struct pd_buffer text = PD_BUFFER_INIT, why = PD_BUFFER_INIT;
    enum pd_status status = PD_OK;
    judge(m, &gone, &relabelled);
    list_lost_classes(m, &lost);
    say_part(&text, &lost, "class gone", "classes gone");
    say_part(&text, &gone, "image gone", "images gone");
    say_part(&text, &relabelled, NULL, "with another label");
    say_part(&text, &m->replaced, NULL, "replaced");
    if (gone.n)
        say_left_out(&why, d->note);
    if (gone.n || (relabelled.n && (!m->was->answered || m->strange)) || m->replaced.n)
        status =
            pd_fail(err, PD_ERR_MISMATCH, -1,
                    "data set '%s' has changed since the run began: %s; put it back, or begin a new run%s",
                    m->now->set, text.data ? text.data : "images are gone", why.data ? why.data : "");
    else if (m->was->numbered && !m->was->names && m->moved)
        status =
            pd_fail(err, PD_ERR_MISMATCH, -1,
                    "data set '%s': %u images have other numbers than when the run began, and people answer "
                    "by these (%u was %u); put them back in their order",
                    m->now->set, m->moved, m->at[m->first_moved], m->first_moved);
    pd_buffer_release(&lost.text);
    pd_buffer_release(&gone.text);
    pd_buffer_release(&relabelled.text);
    pd_buffer_release(&text);
    pd_buffer_release(&why);
    return status;
}

/* --- putting it back --- */

/* What a data set consists of, in its new order. */
struct order {
    uint32_t count, joined, with_label; /* of those that joined */
    uint32_t *places;
    int32_t *labels, *now; /* now: what the data set says; NULL: the same */
    const char **files;    /* the names that images have by now; NULL: those that they had */
    struct pd_buffer text;
};

static void put(struct order *o, const struct match *m, const struct pd_dataset *d, uint32_t image,
                int32_t label, const char *name)
{
    if (o->now)
        o->now[o->count] = m->labels[image];
    if (o->files && d->image_names)
        o->files[o->count] = d->image_names[image];
    o->places[o->count] = d->places ? d->places[image] : image;
    o->labels[o->count++] = label;
    if (name)
        pd_buffer_append(&o->text, name, strlen(name) + 1);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of then and now, sorted, to be freed; NULL: there are none, or out of memory. */
static const char **all_names(const struct match *m, size_t *n)
{
    const struct pd_roster *const of[] = {m->was, m->now};
    const char **names = m->was->names && m->now->names
                             ? pd_malloc(((size_t)m->was->count + m->now->count) * sizeof *names)
                             : NULL;
    *n = 0;
    for (int k = 0; names && k < 2; k++)
        for (uint32_t i = 0; i < of[k]->count; i++)
            names[(*n)++] = of[k]->names[i];
    if (names)
        qsort(names, *n, sizeof *names, compare_texts);
    return names;
}

/* Where a new image has the name that one had which is called otherwise by now: "a~2.png". Others: its name.
 */
static const char *new_name(const char *name, const char **names, size_t n, char text[LONGEST_NAME])
{
    const char **at = bsearch(&name, names, n, sizeof *names, compare_texts), *slash = strrchr(name, '/'),
               *dot = strrchr(name, '.');
    const bool twice =
        at && ((at > names && !strcmp(at[-1], name)) || (at + 1 < names + n && !strcmp(at[1], name)));
    const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - name) : strlen(name);
    text[0] = '\0';
    for (int k = 2; twice && (k == 2 || at); k++) {
        snprintf(text, LONGEST_NAME, "%.*s~%d%s", (int)stem, name, k, name + stem);
        at = bsearch(&(const char *){text}, names, n, sizeof *names, compare_texts);
    }
    return twice ? text : name;
}

/* Those that the roster does not have, behind those that it has. */
static bool fill_joined(struct order *o, const struct match *m, const struct pd_dataset *d)
{
    size_t n;
    char text[LONGEST_NAME];
    const char **names = all_names(m, &n);
    const bool named = m->was->names && m->now->names;
    for (uint32_t j = 0; (names || !named) && j < m->now->count; j++)
        if (!m->taken[j] && m->labels[j] != STRANGE) {
            o->with_label += m->labels[j] >= 0;
            put(o, m, d, j, m->labels[j], named ? new_name(m->now->names[j], names, n, text) : NULL);
        }
    pd_free(names);
    o->joined = o->count - m->was->count;
    return names || !named;
}

/* Images of the roster, then those that join. */
static bool fill(struct order *o, const struct match *m, bool join, const struct pd_dataset *d)
{
    const uint32_t most = m->was->count + (join ? m->now->count : 0);
    o->places = pd_malloc(most * sizeof *o->places);
    o->labels = pd_malloc(most * sizeof *o->labels);
    const bool renamed = m->moved && m->was->names && d->image_names;
    o->files = renamed ? pd_malloc(most * sizeof *o->files) : NULL;
    const bool other = m->labelled || m->relabelled;
    o->now = other ? pd_malloc(most * sizeof *o->now) : NULL;
    if (!o->places || !o->labels || (renamed && !o->files) || (other && !o->now))
        return false;
    for (uint32_t i = 0; i < m->was->count; i++)
        put(o, m, d, m->at[i], m->was->labels[i], m->was->names ? m->was->names[i] : NULL);
    return (!join || fill_joined(o, m, d)) && !o->text.oom;
}

/* Images that would have joined, but for their class. */
static void note_strange(const struct match *m, struct pd_dataset *d)
{
    char name[NAME_SIZE];
    uint32_t n = 0;
    struct list classes = {0};
    uint8_t *seen = pd_calloc((size_t)m->now->classes.count + 1, 1);
    for (uint32_t j = 0; seen && j < m->now->count; j++)
        if (!m->taken[j] && m->labels[j] == STRANGE) {
            const int32_t k = m->now->labels[j];
            n++;
            if (!seen[k]++)
                add(&classes, class_name(m->now, k, name));
        }
    if (n) {
        pd_dataset_add_note(d, "%u new image%s left out, of %s that the run does not have (%s)", n,
                            n == 1 ? " is" : "s are", classes.n == 1 ? "a class" : "classes",
                            classes.text.data ? classes.text.data : "");
        if (m->was->classes.at)
            pd_note_hint(d->note, "to take them in: add-class=NAME");
    }
    pd_buffer_release(&classes.text);
    pd_free(seen);
}

static void note(const struct match *m, const struct order *o, bool join, struct pd_dataset *d)
{
    const uint32_t joined = o->joined;
    char now[NAME_SIZE], was[NAME_SIZE];
    const uint32_t more = m->now->count - m->was->count - joined;
    bool other_order = false;
    for (uint32_t j = 0; j < m->now->count; j++)
        other_order = other_order || (m->labels[j] != STRANGE && m->labels[j] != m->now->labels[j]);
    if (other_order)
        pd_dataset_add_note(d, "its classes have another order than when the run began: matched by name");
    if (m->moved)
        pd_dataset_add_note(d, "%u image%s moved or renamed since the run began (%s was %s)", m->moved,
                            m->moved == 1 ? " was" : "s were", image_name(m->now, m->at[m->first_moved], now),
                            image_name(m->was, m->first_moved, was));
    if (joined)
        pd_dataset_add_note(d, "%u new image%s the run", joined, joined == 1 ? " joins" : "s join");
    if (o->with_label)
        pd_dataset_add_note(d, "%u of the new ones %s a label, which counts from the next round on",
                            o->with_label, o->with_label == 1 ? "has" : "have");
    if (join)
        note_strange(m, d);
    else if (more && !m->was->drawn)
        pd_dataset_add_note(d, "%u image%s not there when the run began", more,
                            more == 1 ? " left out that was" : "s left out that were");
    if (m->labelled)
        pd_dataset_add_note(d, "%u image%s got a label since the run began, which goes on without it",
                            m->labelled, m->labelled == 1 ? " has" : "s have");
}

static enum pd_status reorder(const struct match *m, bool join, struct pd_dataset *d, struct pd_error *err)
{
    struct order o = {0};
    struct pd_dataset like = {.classes = m->was->classes.count, .class_names = m->was->classes.at};
    struct pd_class_names classes = {0, NULL};
    enum pd_status status =
        fill(&o, m, join, d) ? pd_class_names_copy(&like, &classes, err)
                             : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images", m->was->count);
    if (status) {
        pd_free(o.places);
        pd_free(o.labels);
        pd_free(o.now);
        pd_free(o.files);
        pd_buffer_release(&o.text);
        return status;
    }
    note(m, &o, join, d);
    pd_free(d->places);
    pd_free(d->labels);
    pd_free(d->class_names);
    pd_free(d->image_names);
    if (!o.files)
        pd_free(d->name_text);
    d->file_text = o.files ? d->name_text : NULL;
    d->file_names = o.files;
    d->places = o.places;
    d->labels = o.labels;
    d->labels_now = o.now;
    d->count = o.count;
    d->classes = classes.count;
    d->class_names = classes.at;
    d->image_names = NULL;
    d->name_text = o.text.data;
    return m->was->names ? pd_dataset_name_images(d, d->name_text, err) : PD_OK;
}

/* --- all --- */

/* Classes of the data set that the roster does not have. */
static enum pd_status add_classes(struct pd_class_names *n, const struct pd_dataset *d, struct pd_error *err)
{
    int *map, count = n->count;
    enum pd_status status = pd_class_names_map(n, d, &map, err);
    char(*more)[PD_CLASS_NAME_SIZE] =
        status ? NULL : pd_realloc(n->at, (size_t)(n->count + d->classes) * sizeof *more);
    if (!status && !more)
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d classes", d->classes);
    for (int k = 0; !status && more && k < d->classes; k++)
        if (map[k] < 0)
            memcpy(more[count++], d->class_names[k], sizeof *more);
    if (more)
        *n = (struct pd_class_names){count, more};
    pd_free(map);
    return status;
}

static enum pd_status open_match(struct match *m, const struct pd_dataset *d, struct pd_error *err)
{
    m->labels = pd_malloc(m->now->count * sizeof *m->labels);
    m->at = pd_malloc(m->was->count * sizeof *m->at);
    m->taken = pd_calloc(m->now->count, 1);
    enum pd_status status = m->labels && m->at && m->taken
                                ? pd_class_names_map(&m->was->classes, d, &m->map, err)
                                : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images", d->count);
    if (status || !m->labels || !m->at || !m->map)
        return status;
    for (uint32_t j = 0; j < m->now->count; j++)
        m->labels[j] = d->labels[j] < 0 ? -1 : m->map[d->labels[j]] < 0 ? STRANGE : m->map[d->labels[j]];
    for (uint32_t i = 0; i < m->was->count; i++)
        m->at[i] = NONE;
    return PD_OK;
}

static void close_match(struct match *m)
{
    pd_buffer_release(&m->replaced.text);
    pd_free(m->labels);
    pd_free(m->at);
    pd_free(m->taken);
    pd_free(m->map);
}

static enum pd_status restore(const struct pd_roster *was, const struct pd_roster *now, bool join,
                              struct pd_dataset *d, struct pd_error *err)
{
    struct match m = {.was = was, .now = now};
    enum pd_status status = open_match(&m, d, err);
    if (!status)
        status = find_images(&m, err);
    if (!status)
        status = check(&m, d, err);
    if (!status)
        status = reorder(&m, join, d, err);
    close_match(&m);
    return status;
}

static enum pd_status fail_shape(const struct pd_roster *was, const struct pd_dataset *d,
                                 struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MISMATCH, -1,
                   "data set '%s': images of %dx%dx%d now, and of %dx%dx%d when the run began%s", d->name,
                   d->channels, d->height, d->width, was->channels, was->height, was->width,
                   was->channels == 1 && d->channels == 3 ? ": was one with colours added to grey ones?"
                                                          : "");
}

static bool is_same(const struct pd_roster *a, const struct pd_roster *b)
{
    return a->count == b->count && a->classes.count == b->classes.count &&
           !memcmp(&a->fingerprint, &b->fingerprint, sizeof a->fingerprint);
}

enum pd_status pd_roster_restore(struct pd_roster *was, const char *folder, bool join, struct pd_dataset *d,
                                 struct pd_error *err)
{
    struct pd_roster now;
    if (d->channels != was->channels || d->height != was->height || d->width != was->width)
        return fail_shape(was, d, err);
    enum pd_status status = pd_roster_make(d, &now, err);
    if (!status && is_same(was, &now)) {
        pd_roster_release(&now);
        return PD_OK;
    }
    if (!status && !was->listed)
        status = pd_fail(err, PD_ERR_MISMATCH, -1,
                         "data set '%s': not what the run began with: %u images now, %u then, or of another "
                         "content, other labels or classes",
                         d->name, d->count, was->count);
    if (!status)
        status = pd_roster_read_images(folder, was, err);
    if (!status && was->grows && was->classes.at && d->class_names)
        status = add_classes(&was->classes, d, err);
    if (!status)
        status = restore(was, &now, join, d, err);
    pd_roster_release(&now);
    return status;
}
