#include "data/labels/class_folders.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/images/image_layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { LONGEST = 128, SHOWN = 5 };

/* Of a name's letter at text: it stands as it is. */
static bool is_plain(const char *text, bool first, bool last)
{
    if ((unsigned char)*text < ' ' || strchr("\"%*/:<>?\\|~\x7f", *text))
        return false;
    if ((first && strchr(" +-.=@", *text)) || (last && strchr(" .", *text)))
        return false;
    return pd_printable_letter(text) > 0;
}

static bool is_split(const char *name)
{
    const size_t n = strlen(name);
    return pd_image_is_training(name, n) || pd_image_is_test(name, n) || pd_image_is_validation(name, n) ||
           pd_image_is_evaluation(name, n);
}

/* Folders of nothing but such names would be read as splits; beside others they are classes. */
static bool are_all_splits(const struct pd_class_names *names)
{
    bool all = names->at;
    for (int i = 0; all && i < names->count; i++)
        all = is_split(names->at[i]) || pd_image_is_unlabelled(names->at[i], strlen(names->at[i]));
    return all;
}

/* False: it does not fit, and is cut off. taken: the name means something else to readers. */
static bool encode(const char *name, bool taken, char *to)
{
    size_t n = 0;
    for (const char *at = name; *at && n <= LONGEST;) {
        const size_t letter = pd_printable_letter(at), size = letter ? letter : 1;
        const bool plain = is_plain(at, at == name, !at[size]) && !(taken && at == name);
        n += (size_t)(plain ? sprintf(to + n, "%.*s", (int)size, at)
                            : sprintf(to + n, "%%%02X", (unsigned char)*at));
        at += plain ? size : 1;
    }
    return n <= LONGEST;
}

/* What file systems that know no case, and but one of Unicode's forms, take a name for. */
struct key {
    char *folded; /* of malloc's */
    int label;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    const int order = strcmp(x->folded, y->folded);
    return order ? order : (x->label > y->label) - (x->label < y->label);
}

static void tell_apart(const struct pd_class_folders *f, const struct key *keys)
{
    for (int i = 1; i < f->count; i++)
        if (!strcmp(keys[i].folded, keys[i - 1].folded)) {
            char *name = f->at[keys[i].label];
            const size_t n = strlen(name);
            snprintf(name + n, PD_CLASS_FOLDER_SIZE - n, "~%d", keys[i].label);
        }
}

static enum pd_status find_alike(const struct pd_class_folders *f, struct pd_error *err)
{
    struct key *keys = pd_calloc((size_t)f->count, sizeof *keys);
    bool ok = keys;
    for (int i = 0; ok && i < f->count; i++) {
        keys[i] = (struct key){(char *)utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)f->at[i]), i};
        if (!keys[i].folded) /* no such letters, or no memory */
            keys[i].folded = strdup(f->at[i]);
        ok = keys[i].folded;
    }
    if (ok) {
        qsort(keys, (size_t)f->count, sizeof *keys, compare_keys);
        tell_apart(f, keys);
    }
    for (int i = 0; keys && i < f->count; i++)
        free(keys[i].folded);
    pd_free(keys);
    return ok ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d names", f->count);
}

enum pd_status pd_class_folders_make(const struct pd_class_names *names, int classes,
                                     struct pd_class_folders *out, struct pd_error *err)
{
    char last[16];
    *out = (struct pd_class_folders){classes, pd_calloc((size_t)classes, sizeof *out->at)};
    if (!out->at)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %d names", classes);
    const int digits = snprintf(last, sizeof last, "%d", classes - 1);
    const bool splits = are_all_splits(names);
    for (int i = 0; i < classes; i++) {
        char *name = out->at[i];
        const char *class = names->at ? names->at[i] : "";
        const bool taken = pd_image_is_unlabelled(class, strlen(class)) || (splits && is_split(class));
        if (!*class)
            snprintf(name, PD_CLASS_FOLDER_SIZE, "%0*d", digits, i);
        else if (!encode(class, taken, name))
            snprintf(name + strlen(name), PD_CLASS_FOLDER_SIZE - strlen(name), "~%d", i);
    }
    const enum pd_status status = find_alike(out, err);
    if (status)
        pd_class_folders_release(out);
    return status;
}

void pd_class_folders_release(struct pd_class_folders *f)
{
    pd_free(f->at);
    memset(f, 0, sizeof *f);
}

/* --- what to know of them --- */

static void add_line(char note[PD_NOTE_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_line(char note[PD_NOTE_SIZE], const char *format, ...)
{
    const size_t n = strlen(note);
    va_list args;
    va_start(args, format);
    vsnprintf(note + n, PD_NOTE_SIZE - n, format, args);
    va_end(args);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The first of those made whose place among them, by name, is not its class's number, or -1. */
static int first_moved(const struct pd_class_folders *f, const bool *made, int *place)
{
    const char **names = pd_calloc((size_t)f->count, sizeof *names);
    int n = 0, moved = -1;
    for (int i = 0; names && i < f->count; i++)
        if (!made || made[i])
            names[n++] = f->at[i];
    if (names)
        qsort(names, (size_t)n, sizeof *names, by_name);
    for (int i = 0; names && moved < 0 && i < f->count; i++) {
        const char *name = f->at[i];
        const char **at = made && !made[i] ? NULL : bsearch(&name, names, (size_t)n, sizeof *names, by_name);
        if (at && at - names != i) {
            moved = i;
            *place = (int)(at - names);
        }
    }
    pd_free(names);
    return moved;
}

void pd_class_folders_note(const struct pd_class_folders *f, const struct pd_class_names *names,
                           const bool *made, bool manifest, char note[PD_NOTE_SIZE])
{
    char name[PD_CLASS_NAME_SIZE];
    int others = 0, place = 0;
    const int moved = first_moved(f, made, &place);
    *note = '\0';
    for (int i = 0; i < f->count; i++) {
        if (made && !made[i])
            continue;
        snprintf(name, sizeof name, "%s", names->at ? names->at[i] : f->at[i]);
        if (strcmp(f->at[i], name) != 0 && ++others <= SHOWN)
            add_line(note, "class '%s' is in folder '%s'\n", pd_make_printable(name), f->at[i]);
    }
    if (others > SHOWN)
        add_line(note, "%d more classes have folders of other names\n", others - SHOWN);
    if (moved >= 0)
        add_line(
            note,
            "ImageFolder numbers classes by the names of the folders that there are: '%s' is %d there, and "
            "%d of the run: go by names%s\n",
            f->at[moved], place, moved, manifest ? ", or by the column label of manifest.csv" : "");
}
