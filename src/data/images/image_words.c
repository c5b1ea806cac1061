#include "data/images/image_words.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/labels/class_words.h"
#include "data/images/image.h"
#include "data/images/image_mates.h"
#include "data/labels/image_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAMES_SHOWN = 10 };

void pd_image_words_name(char text[PD_IMAGE_WORDS], size_t *count, const char *path, size_t size)
{
    char name[72];
    const size_t n = strlen(text);
    const bool cut = pd_image_name(name, sizeof name, path, size) >= sizeof name;
    if (++*count > NAMES_SHOWN + 1)
        return;
    const bool fits = *count <= NAMES_SHOWN && n + strlen(name) + 16 < PD_IMAGE_WORDS;
    snprintf(text + n, PD_IMAGE_WORDS - n, "%s%s%s", n ? ", " : "", fits ? name : "...",
             fits && cut ? "..." : "");
    if (!fits)
        *count = NAMES_SHOWN + 1;
}

/* As it is shown. False: out of memory. */
static bool keep_first(struct pd_passed_kind *k, const char *path)
{
    struct pd_buffer first = PD_BUFFER_INIT;
    pd_image_name_append(&first, path, strlen(path));
    pd_buffer_append(&first, "", 1);
    if (first.oom) {
        pd_buffer_release(&first);
        return false;
    }
    pd_free(k->first);
    k->first = first.data;
    return true;
}

enum pd_status pd_image_list_pass(struct pd_image_list *l, const char *kind, const char *path, size_t count,
                                  struct pd_error *err)
{
    size_t i = 0;
    while (i < l->passed_count && strcmp(l->passed[i].kind, kind) != 0)
        i++;
    const bool known = i < l->passed_count;
    struct pd_passed_kind *more = known ? l->passed : pd_realloc(l->passed, (i + 1) * sizeof *more);
    if (more && !known)
        more[i] = (struct pd_passed_kind){.count = 0};
    l->passed = more ? more : l->passed;
    if (!more || ((!known || pd_passed_table_rank(path) > pd_passed_table_rank(more[i].first)) &&
                  !keep_first(&more[i], path)))
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for what is passed over");
    if (!known) {
        snprintf(more[i].kind, sizeof more[i].kind, "%s", kind);
        l->passed_count++;
    }
    l->passed[i].count += count;
    return PD_OK;
}

void pd_image_list_unpass(struct pd_image_list *l, const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < l->passed_count; i++) {
        struct pd_passed_kind *k = &l->passed[i];
        if (strcasecmp(k->kind, ending) != 0 || --k->count)
            continue;
        pd_free(k->first);
        memmove(k, k + 1, (--l->passed_count - i) * sizeof *k);
        return;
    }
}

void pd_image_words_passed(const struct pd_image_list *l, char text[PD_IMAGE_WORDS])
{
    text[0] = '\0';
    for (size_t i = 0; i < l->passed_count; i++) {
        const struct pd_passed_kind *k = &l->passed[i];
        const size_t n = strlen(text);
        const char *why = pd_image_unread(k->first), *of = strstr(k->kind, " of ");
        const int stem = of ? (int)(of - k->kind) : (int)strlen(k->kind); /* "run" of "run of paydirt" */
        if (n + 120 > PD_IMAGE_WORDS) {
            snprintf(text + n, PD_IMAGE_WORDS - n, ", ...");
            return;
        }
        snprintf(text + n, PD_IMAGE_WORDS - n, "%s%zu %.*s%s%s%s%s%s", n ? ", " : "", k->count, stem, k->kind,
                 k->count > 1 && k->kind[0] != '.' ? "s" : "", k->kind + stem, why ? " (" : "",
                 why ? why : "", why ? ")" : "");
    }
}

/* A class has its name, not a path, in the list. */
static void add_class(char text[PD_IMAGE_WORDS], size_t *count, const char *name)
{
    char path[PD_CLASS_NAME_SIZE];
    pd_image_path(name, path, sizeof path);
    pd_image_words_name(text, count, path, strlen(path));
}

/* "3 classes (bus, car, train), 18 images, 2 of them without a label" */
static void say_content(const struct pd_image_list *l, const char (*names)[PD_CLASS_NAME_SIZE],
                        const size_t *of_class, char text[2 * PD_IMAGE_WORDS])
{
    char list[PD_IMAGE_WORDS] = "";
    size_t n = 0, labelled = 0;
    for (int k = 0; k < l->class_count; k++) {
        add_class(list, &n, names[k]);
        labelled += of_class[k];
    }
    const size_t count = labelled + of_class[l->class_count], room = (size_t)2 * PD_IMAGE_WORDS;
    int used = l->class_count ? snprintf(text, room, "%d class%s (%s), ", l->class_count,
                                         l->class_count > 1 ? "es" : "", list)
                              : 0;
    used += snprintf(text + used, room - (size_t)used, "%zu image%s", count, count > 1 ? "s" : "");
    if (!labelled)
        snprintf(text + used, room - (size_t)used, ", none with a label");
    else if (labelled < count)
        snprintf(text + used, room - (size_t)used, ", %zu of them without a label", count - labelled);
}

/* A stray folder beside flat images, or "images" that holds them all, is the only class. Returns whether
 * folders say nothing. */
static bool tell_lonely(const struct pd_image_list *l, const char *name,
                        const char (*names)[PD_CLASS_NAME_SIZE], const size_t *of_class,
                        char note[PD_NOTE_SIZE])
{
    const size_t unlabelled = of_class[l->class_count];
    size_t with = 0;
    int only = 0;
    for (int k = 0; k < l->class_count; k++)
        if (of_class[k] && !with++)
            only = k;
    if (with == 1 && unlabelled)
        pd_note_add(note, name,
                    "only class '%s' has images (%zu), and %zu have no label: no two classes to tell apart",
                    names[only], of_class[only], unlabelled);
    else if (with == 1 && l->class_count == 1)
        pd_note_add(note, name, "'%s' is the only class: no two classes to tell apart", names[only]);
    return !with || l->class_count == 1;
}

enum { STEMS = 10, STEM = 32 };

/* Letters with which a file's name begins: cat of "x/cat.12.jpg". */
static bool stem_of(const char *path, char stem[STEM])
{
    const char *name = pd_path_name(path);
    size_t n = 0;
    while (n < STEM - 1 && ((unsigned char)name[n] >= 0x80 || isalpha((unsigned char)name[n])))
        n++;
    snprintf(stem, STEM, "%.*s", (int)n, name);
    return n > 0 && n < STEM - 1;
}

/* "cat.0.jpg", "dog.1.jpg": where all names begin with a few words, several times each, those may be meant.
 */
static void tell_stems(const struct pd_image_list *l, const char *name, char note[PD_NOTE_SIZE])
{
    char stems[STEMS][STEM], stem[STEM], list[STEMS * (STEM + 2)] = "";
    size_t times[STEMS] = {0}, n = 0;
    for (size_t i = 0; i < l->count; i++) {
        size_t k = 0;
        if (!stem_of(l->at[i].path, stem))
            return;
        while (k < n && strcmp(stems[k], stem) != 0)
            k++;
        if (k == STEMS)
            return;
        if (k == n)
            memcpy(stems[n++], stem, STEM);
        times[k]++;
    }
    for (size_t k = 0; k < n; k++) {
        if (times[k] < 2)
            return;
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", k ? ", " : "", stems[k]);
    }
    if (n > 1)
        pd_note_add(note, name,
                    "all names begin with %s, but a class is a folder's name, or stands in a metadata.csv: "
                    "file_name,label",
                    list);
}

/* Lower-case letters alone: "to_label" as "tolabel". */
static void letters_of(const char *name, char out[PD_CLASS_NAME_SIZE])
{
    size_t n = 0;
    for (; *name && n < PD_CLASS_NAME_SIZE - 1; name++)
        if (isalpha((unsigned char)*name))
            out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
}

/* Images that wait for a label lie in a folder of another name. */
static void tell_unsorted(const char *name, const char (*names)[PD_CLASS_NAME_SIZE], int classes,
                          char note[PD_NOTE_SIZE])
{
    static const char *const words[] = {"unlabel",     "nolabel", "notlabel", "unsorted", "unclassified",
                                        "unannotated", "tolabel", "tosort",   "todo"};
    char letters[PD_CLASS_NAME_SIZE];
    for (int k = 0; k < classes; k++) {
        letters_of(names[k], letters);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (!strncmp(letters, words[i], strlen(words[i])))
                pd_note_add(note, name,
                            "'%s' is taken for a class: images without a label lie in unlabelled/", names[k]);
    }
}

/* Whether the list is from that file, such as a table of labels. */
static bool is_read(const struct pd_image_list *l, const char *path)
{
    for (size_t i = 0; i < l->other_count; i++)
        if (!strcmp(l->others[i].path, path))
            return true;
    return false;
}

/* Then a table beside them may say more. */
static void tell_tables(const struct pd_image_list *l, const char *name, char note[PD_NOTE_SIZE])
{
    static const char *const tables[] = {".csv", ".tsv", ".jsonl", ".json", ".xml"};
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++)
        for (size_t i = 0; i < l->passed_count; i++)
            if (!strcmp(l->passed[i].kind, tables[k]) && pd_passed_table_rank(l->passed[i].first) &&
                !is_read(l, l->passed[i].first)) {
                pd_note_add(note, name, "are there labels in %s?", l->passed[i].first);
                pd_note_hint(note, "a file of them: metadata");
                return;
            }
}

/* "patient001", "patient002": all alike but for numbers. */
static bool are_numbered(const char (*names)[PD_CLASS_NAME_SIZE], int classes)
{
    char first[PD_CLASS_NAME_SIZE], own[PD_CLASS_NAME_SIZE];
    if (classes < 2)
        return false;
    letters_of(names[0], first);
    for (int k = 1; k < classes && *first; k++) {
        letters_of(names[k], own);
        if (strcmp(first, own) != 0)
            return false;
    }
    return *first;
}

/* One image, or hardly more, of each class. */
static bool tell_sparse(const struct pd_image_list *l, const char *name, const size_t *of_class,
                        char note[PD_NOTE_SIZE])
{
    const size_t classes = (size_t)l->class_count, labelled = l->count - of_class[l->class_count];
    if (classes < 10 || !labelled || labelled >= 2 * classes)
        return false;
    pd_note_add(note, name, "%zu images in %zu classes: are these the classes?", labelled, classes);
    return true;
}

/* Classes of which there is nothing, though there is of others. */
static void tell_missing(const struct pd_image_list *l, const char *name,
                         const char (*names)[PD_CLASS_NAME_SIZE], const size_t *of_class,
                         char note[PD_NOTE_SIZE])
{
    char list[PD_IMAGE_WORDS] = "";
    size_t n = 0;
    for (int k = 0; k < l->class_count; k++)
        if (!of_class[k])
            add_class(list, &n, names[k]);
    if (n && n < (size_t)l->class_count)
        pd_note_add(note, name, "no image of class %s", list);
}

enum pd_status pd_image_list_tell(const struct pd_image_list *l, const char *name,
                                  const char (*class_names)[PD_CLASS_NAME_SIZE], const uint8_t *good,
                                  char note[PD_NOTE_SIZE], struct pd_error *err)
{
    char words[2 * PD_IMAGE_WORDS], passed[PD_IMAGE_WORDS];
    const char *at = l->notes;
    if (!at)
        return PD_OK;
    size_t *of_class = pd_calloc((size_t)l->class_count + 1, sizeof *of_class), n = strcspn(at, "\n");
    if (!of_class)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the classes of data set '%s'", name);
    for (size_t i = 0; i < l->count; i++)
        of_class[l->at[i].label < 0 ? l->class_count : l->at[i].label] += good[i];
    say_content(l, class_names, of_class, words);
    pd_note_add(note, name, "%s; %.*s", words, (int)n, at);
    for (at += n + 1; *at; at += n + 1) {
        n = strcspn(at, "\n");
        const size_t m = strcspn(at, "\t\n");
        pd_note_add(note, name, "%.*s", (int)m, at);
        if (m < n)
            pd_note_hint(note, "%.*s", (int)(n - m - 1), at + m + 1);
    }
    tell_missing(l, name, class_names, of_class, note);
    const bool lost = tell_lonely(l, name, class_names, of_class, note);
    enum pd_status status = pd_class_words_note(name, class_names, l->class_count, note, err);
    pd_image_words_passed(l, passed);
    if (*passed)
        pd_note_add(note, name, "passed over: %s", passed);
    if (tell_sparse(l, name, of_class, note) || are_numbered(class_names, l->class_count) || lost)
        tell_tables(l, name, note);
    if (!l->class_count)
        tell_stems(l, name, note);
    pd_image_mates_note(l, name, class_names, note);
    tell_unsorted(name, class_names, l->class_count, note);
    pd_free(of_class);
    return status;
}
