#include "data/labels/class_words.h"

#include "base/mem.h"
#include "base/real.h"
#include "base/words.h"
#include "io/csv.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

enum { COMPOSED_SIZE = 16 * PD_CLASS_NAME_SIZE };

enum {
    ALIKE = UTF8PROC_COMPAT | UTF8PROC_IGNORE, /* letters of another width, and what does not show */
    FOLDED = UTF8PROC_CASEFOLD | ALIKE
};

/* Text in Unicode's composed form, with more of utf8proc's options, or as it is where it is no UTF-8 or too
 * long. */
static void compose(const char *text, int more, char out[COMPOSED_SIZE])
{
    utf8proc_int32_t points[COMPOSED_SIZE / sizeof(utf8proc_int32_t)];
    const utf8proc_ssize_t room = sizeof points / sizeof points[0] - 1;
    const utf8proc_option_t options =
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_NULLTERM | more);
    const utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)text, 0, points, room, options);
    const bool good = n >= 0 && n <= room && utf8proc_reencode(points, n, options) >= 0;
    snprintf(out, COMPOSED_SIZE, "%s", good ? (const char *)points : text);
}

/* Lower case, one space for each run of blanks, '_' and '-' between two other characters, none at the ends.
 * False: it does not fit. */
static bool fold(const char *name, char out[PD_CLASS_NAME_SIZE])
{
    char composed[COMPOSED_SIZE];
    const char *text = composed;
    size_t n = 0, skipped;
    char gap = '\0';
    compose(name, FOLDED, composed);
    for (; *text; text += skipped) {
        skipped = pd_blank(text);
        if (skipped || (n && (*text == '_' || *text == '-'))) {
            gap = (char)(skipped && gap != '_' && gap != '-' ? ' ' : *text);
            skipped = skipped ? skipped : 1;
            continue;
        }
        if (n + 2 >= PD_CLASS_NAME_SIZE)
            return false;
        if (gap && n)
            out[n++] = ' ';
        gap = '\0';
        out[n++] = (char)tolower((unsigned char)*text);
        skipped = 1;
    }
    if (gap && gap != ' ' && n + 1 < PD_CLASS_NAME_SIZE) /* "a-" is not "a" */
        out[n++] = gap;
    out[n] = '\0';
    return true;
}

int64_t pd_class_number(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    int64_t value = 0;
    if (!digits || digits > 18)
        return -1;
    for (size_t i = 0; i < digits; i++)
        value = 10 * value + (text[i] - '0');
    text += digits;
    if (*text == '.' || *text == ',')
        text += 1 + strspn(text + 1, "0");
    return *text ? -1 : value;
}

/* Digits of any script, roman ones and those in circles, too. */
static bool has_digit(const char *name)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t n;
    for (const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)name; *at; at += n > 0 ? n : 1) {
        n = utf8proc_iterate(at, -1, &point);
        const utf8proc_category_t category = n > 0 ? utf8proc_category(point) : UTF8PROC_CATEGORY_CN;
        if (category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL ||
            category == UTF8PROC_CATEGORY_NO)
            return true;
    }
    return false;
}

/* "grade ii", "second": whether its first or last word counts. rest: what is left of it, or "". */
static bool counts(const char *folded, char rest[PD_CLASS_NAME_SIZE])
{
    static const char *const words[] = {
        "i",       "ii",        "iii",      "iv",     "v",      "vi",     "vii",    "viii",  "ix",
        "x",       "zero",      "one",      "two",    "three",  "four",   "five",   "six",   "seven",
        "eight",   "nine",      "ten",      "first",  "second", "third",  "fourth", "fifth", "sixth",
        "primary", "secondary", "tertiary", "single", "double", "triple", "eins",   "zwei",  "drei",
        "vier",    "\u4e00",    "\u4e8c",   "\u4e09", "\u56db", "\u4e94"};
    const char *space = strrchr(folded, ' ');
    const char *last = space ? space + 1 : folded;
    const size_t first = strcspn(folded, " ");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const bool at_end = !strcmp(last, words[i]);
        if (!at_end && (strlen(words[i]) != first || strncmp(folded, words[i], first) != 0))
            continue;
        snprintf(rest, PD_CLASS_NAME_SIZE, "%.*s", at_end ? (int)(last - folded) : PD_CLASS_NAME_SIZE - 1,
                 at_end ? folded : folded + first);
        return true;
    }
    return false;
}

/* Whether names are, or have, numbers of their own, which are others than their places: digits, or two that
 * count the same ("grade I", "grade II"; not "first aid" and "one way"). */
static bool are_numbered(const struct pd_class_words *w)
{
    char rest[2][PD_CLASS_NAME_SIZE];
    const int classes = w->dataset->classes;
    bool numbered = false, letters = true;
    for (int i = 0; i < classes && !numbered; i++)
        numbered = has_digit(w->names[i]);
    for (int i = 0; i < classes; i++) /* A, B, C, I, V, X */
        letters = letters && strlen(w->names[i]) == 1;
    for (int i = 0; i < classes && !numbered && !letters; i++) {
        const bool counting = counts(w->folded[i], rest[0]);
        for (int k = 0; counting && k < i && !numbered; k++)
            numbered = counts(w->folded[k], rest[1]) && !strcmp(rest[0], rest[1]);
    }
    return numbered;
}

bool pd_are_one_word(const char *a, const char *b)
{
    char x[PD_CLASS_NAME_SIZE], y[PD_CLASS_NAME_SIZE];
    return fold(a, x) && fold(b, y) && *x && !strcmp(x, y);
}

static int find_folded(const struct pd_class_words *w, const char *folded)
{
    int i = 0;
    while (i < w->dataset->classes && strcmp(w->folded[i], folded) != 0)
        i++;
    return i < w->dataset->classes ? i : -1;
}

/* The place of a class that is usually 1 and stands before the one that is usually 0, or -1: there a number
 * may mean either. */
static int find_reversed(const struct pd_class_words *w)
{
    static const char *const usual[][2] = {{"false", "true"},
                                           {"no", "yes"},
                                           {"n", "y"},
                                           {"f", "t"},
                                           {"negative", "positive"},
                                           {"neg", "pos"},
                                           {"normal", "abnormal"},
                                           {"benign", "malignant"},
                                           {"absent", "present"},
                                           {"off", "on"}};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        const int zero = find_folded(w, usual[i][0]), one = find_folded(w, usual[i][1]);
        if (one >= 0 && one < zero)
            return one;
    }
    return -1;
}

enum pd_status pd_class_words_init(struct pd_class_words *w, const struct pd_dataset *d, struct pd_error *err)
{
    *w = (struct pd_class_words){.dataset = d, .indices = !d->class_names};
    if (!d->class_names)
        return PD_OK;
    const size_t classes = (size_t)d->classes;
    w->names = pd_malloc((classes + 1) * sizeof *w->names);
    w->folded = pd_malloc((classes + 1) * sizeof *w->folded);
    if (!w->names || !w->folded) {
        pd_class_words_release(w);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the classes of data set '%s'", d->name);
    }
    for (size_t i = 0; i < classes; i++) {
        w->names[i] = d->class_names[i];
        if (!fold(d->class_names[i], w->folded[i]))
            *w->folded[i] = '\0';
    }
    w->names[classes] = "skip";
    w->indices = !are_numbered(w) && find_reversed(w) < 0;
    return PD_OK;
}

void pd_class_words_release(struct pd_class_words *w)
{
    pd_free(w->names);
    pd_free(w->folded);
    w->names = NULL;
    w->folded = NULL;
}

/* --- what people write for a class --- */

struct word {
    const char *text, *trimmed; /* trimmed: size bytes of it */
    size_t size;
    char folded[PD_CLASS_NAME_SIZE];
    int64_t number;  /* or -1 */
    int64_t grouped; /* what "1,000" also is, or -1 */
};

static bool is_same_text(const struct pd_class_words *w, int32_t class, const struct word *word)
{
    return !strcmp(w->names[class], word->text);
}

static bool is_same_but_for_blanks(const struct pd_class_words *w, int32_t class, const struct word *word)
{
    size_t size;
    const char *name = pd_trim(w->names[class], &size);
    return size == word->size && !memcmp(name, word->trimmed, size);
}

static bool is_same_folded(const struct pd_class_words *w, int32_t class, const struct word *word)
{
    return *word->folded && !strcmp(w->folded[class], word->folded);
}

static bool is_same_number(const struct pd_class_words *w, int32_t class, const struct word *word)
{
    return word->number >= 0 && pd_class_number(w->names[class]) == word->number;
}

/* In this order: the first by which any class fits decides. */
static const struct rule {
    bool (*fits)(const struct pd_class_words *w, int32_t class, const struct word *word);
    bool exactly;
} rules[] = {
    {is_same_text, true}, {is_same_but_for_blanks, true}, {is_same_folded, false}, {is_same_number, false}};

static int32_t find_by(const struct rule *rule, const struct pd_class_words *w, const struct word *word,
                       int32_t rivals[2])
{
    int n = 0;
    for (int32_t i = 0; i < w->dataset->classes && n < 2; i++)
        if (rule->fits(w, i, word))
            rivals[n++] = i;
    return n == 2 ? PD_CLASS_AMBIGUOUS : n ? rivals[0] : PD_CLASS_UNKNOWN;
}

/* Without what stands between thousands; -1: it has none such. */
static int64_t grouped_number(const char *text)
{
    char digits[24];
    size_t n = strspn(text, "0123456789");
    const char between = text[n];
    if (!n || n > 3 || (between != ',' && between != '.'))
        return -1;
    memcpy(digits, text, n);
    for (text += n; *text == between && n + 3 < sizeof digits; text += 4, n += 3) {
        if (strspn(text + 1, "0123456789") != 3)
            return -1;
        memcpy(digits + n, text + 1, 3);
    }
    digits[n] = '\0';
    return *text ? -1 : pd_class_number(digits);
}

/* A class that is another number than the one that was found, but may be meant by the same digits. */
static int32_t find_grouped(const struct pd_class_words *w, const struct word *word, int32_t found)
{
    for (int32_t i = 0; w->names && word->grouped >= 0 && i < w->dataset->classes; i++)
        if (i != found && pd_class_number(w->names[i]) == word->grouped)
            return i;
    return PD_CLASS_UNKNOWN;
}

static int32_t find_word(const struct pd_class_words *w, const char *text, bool *exactly, int32_t rivals[2])
{
    struct word word = {.text = text};
    int32_t found = PD_CLASS_UNKNOWN;
    word.trimmed = pd_trim(text, &word.size);
    if (!fold(text, word.folded))
        *word.folded = '\0';
    word.number = pd_class_number(word.folded);
    word.grouped = word.number < 0 ? -1 : grouped_number(word.folded);
    *exactly = !w->names;
    for (size_t i = 0; w->names && word.size && i < sizeof rules / sizeof rules[0]; i++) {
        found = find_by(&rules[i], w, &word, rivals);
        *exactly = rules[i].exactly;
        const int32_t other = found < 0 || *exactly ? PD_CLASS_UNKNOWN : find_grouped(w, &word, found);
        if (other >= 0) {
            rivals[0] = found;
            rivals[1] = other;
            return PD_CLASS_AMBIGUOUS;
        }
        if (found != PD_CLASS_UNKNOWN)
            return found;
    }
    if (w->indices && word.number >= 0 && word.number < w->dataset->classes)
        found = (int32_t)word.number;
    return found;
}

int32_t pd_class_find_rivals(const struct pd_class_words *w, const char *text, bool *exactly,
                             int32_t rivals[2])
{
    const int32_t found = find_word(w, text, exactly, rivals);
    const char *own = pd_csv_unguarded(text);
    return found == PD_CLASS_UNKNOWN && own != text ? find_word(w, own, exactly, rivals) : found;
}

int32_t pd_class_find(const struct pd_class_words *w, const char *text, bool *exactly)
{
    int32_t rivals[2];
    return pd_class_find_rivals(w, text, exactly, rivals);
}

/* --- names that are nearly the same --- */

bool pd_is_word_for_nothing(const char *text)
{
    static const char *const words[] = {"nan",  "none", "null",       "nil",       "na", "n/a",
                                        "#n/a", "<na>", "nat",        "undefined", "-1", "-1.0",
                                        "?",    "-",    "unlabelled", "unlabeled", "\\N"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcasecmp(text, words[i]))
            return true;
    return false;
}

bool pd_is_word_beside_label(const char *name, size_t size)
{
    static const char *const states[] = {"status",   "review",  "accepted", "rejected",        "approved",
                                         "verified", "approve", "reject",   "assignmentstatus"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strlen(states[i]) == size && !strncasecmp(name, states[i], size))
            return true;
    return !strncasecmp(name, "label", strlen("label"));
}

bool pd_is_rejection(const char *answer)
{
    return !strcasecmp(answer, "reject") || !strcasecmp(answer, "ignore");
}

static const char *difference(const char *a, const char *b)
{
    char x[COMPOSED_SIZE], y[COMPOSED_SIZE];
    size_t n, m;
    compose(a, 0, x);
    compose(b, 0, y);
    if (!strcmp(x, y))
        return "Unicode's form (NFC, NFD)";
    const char *p = pd_trim(x, &n), *q = pd_trim(y, &m);
    if (n == m && !memcmp(p, q, n))
        return "blanks around them";
    compose(a, UTF8PROC_CASEFOLD, x);
    compose(b, UTF8PROC_CASEFOLD, y);
    if (!strcmp(x, y))
        return "case";
    compose(a, ALIKE, x);
    compose(b, ALIKE, y);
    return strcmp(x, y) ? "blanks, '_', '-' and case" : "the width of letters, or what does not show,";
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* sorted: room for the classes. */
static void note_twins(const struct pd_class_words *w, const char **sorted, char note[PD_NOTE_SIZE])
{
    const struct pd_dataset *d = w->dataset;
    const char *a = NULL, *b = NULL;
    char more[64] = "";
    int pairs = 0;
    for (int i = 0; i < d->classes; i++)
        sorted[i] = w->folded[i];
    qsort(sorted, (size_t)d->classes, sizeof *sorted, by_text);
    for (int i = 1; i < d->classes; i++) {
        if (!*sorted[i] || strcmp(sorted[i - 1], sorted[i]) != 0 || pairs++)
            continue;
        a = w->names[(sorted[i - 1] - w->folded[0]) / PD_CLASS_NAME_SIZE];
        b = w->names[(sorted[i] - w->folded[0]) / PD_CLASS_NAME_SIZE];
    }
    if (pairs > 1)
        snprintf(more, sizeof more, ", beside %d more pair%s", pairs - 1, pd_plural((size_t)pairs - 1));
    if (pairs)
        pd_note_add(note, d->name, "'%.60s' and '%.60s' are two classes: they differ in %s alone%s", a, b,
                    difference(a, b), more);
}

struct numbered {
    double number;
    int class;
};

/* "1.10" as a spreadsheet has it; -1: no number. */
static double value_of(const char *name)
{
    char *end;
    const double value = pd_real_read(name, &end);
    return end > name && !*end && isfinite(value) && value >= 0 ? value : -1;
}

static int compare_numbered(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    const int order = (x->number > y->number) - (x->number < y->number);
    return order ? order : x->class - y->class;
}

/* "01" and "1", which an answer may mean either of. of: room for the classes. */
static void note_numbers(const struct pd_class_words *w, struct numbered *of, char note[PD_NOTE_SIZE])
{
    int n = 0;
    for (int i = 0; i < w->dataset->classes; i++) {
        of[n] = (struct numbered){value_of(w->names[i]), i};
        n += of[n].number >= 0;
    }
    qsort(of, (size_t)n, sizeof *of, compare_numbered);
    for (int i = 1; i < n; i++)
        if (of[i].number <= of[i - 1].number) {
            pd_note_add(note, w->dataset->name,
                        "'%.60s' and '%.60s' are two classes: they differ in how a number is written alone",
                        w->names[of[i - 1].class], w->names[of[i].class]);
            return;
        }
}

bool pd_class_is_skip(const char *name)
{
    size_t size;
    name = pd_trim(name, &size);
    return size == strlen("skip") && !strncasecmp(name, "skip", size);
}

/* Folders 0 to 11 lie in the order 0, 1, 10, 11, 2: what stands as 2 in an array or table is 10. Where only
 * some are numbers, those that are another's place count. */
static void note_places(const struct pd_class_words *w, char note[PD_NOTE_SIZE])
{
    const int classes = w->dataset->classes;
    int numbers = 0, other = -1, taken = -1, called = -1; /* called: by that number, as answers have it */
    for (int i = 0; i < classes; i++) {
        const int64_t value = pd_class_number(w->dataset->class_names[i]);
        numbers += value >= 0;
        other = other < 0 && value >= 0 && value != i ? i : other;
        taken = taken < 0 && value >= 0 && value != i && value < classes ? (int)value : taken;
    }
    other = numbers == classes ? other : taken >= 0 ? taken : find_reversed(w);
    if (other < 0)
        return;
    for (int i = 0; i < classes && called < 0; i++)
        called = pd_class_number(w->dataset->class_names[i]) == other ? i : -1;
    pd_note_add(note, w->dataset->name,
                "classes are numbered from 0 in their order: in arrays the number %d stands for class '%.60s'"
                "%s%.60s%s",
                other, w->dataset->class_names[other], called < 0 ? "" : ", in answers for '",
                called < 0 ? "" : w->dataset->class_names[called], called < 0 ? "" : "'");
}

static void note_name(const char *class, const char *name, char note[PD_NOTE_SIZE])
{
    size_t size;
    pd_trim(class, &size);
    if (size < strlen(class))
        pd_note_add(note, name, "the class '%.60s' has blanks around its name", class);
    if (pd_is_word_for_nothing(class))
        pd_note_add(note, name,
                    "'%.60s' is taken for a class; where it stands for no label, leave that empty", class);
    if (pd_class_is_skip(class))
        pd_note_add(note, name,
                    "a class is called '%.60s', which as an answer stands for no label: rename it", class);
}

enum pd_status pd_class_words_note(const char *name, const char (*names)[PD_CLASS_NAME_SIZE], int classes,
                                   char note[PD_NOTE_SIZE], struct pd_error *err)
{
    struct pd_dataset d = {.classes = classes, .class_names = (char(*)[PD_CLASS_NAME_SIZE])(uintptr_t)names};
    struct pd_class_words w;
    snprintf(d.name, sizeof d.name, "%s", name);
    if (!d.class_names || !classes)
        return PD_OK;
    enum pd_status status = pd_class_words_init(&w, &d, err);
    const char **sorted = status ? NULL : pd_malloc((size_t)classes * sizeof *sorted);
    struct numbered *numbers = sorted ? pd_malloc((size_t)classes * sizeof *numbers) : NULL;
    if (numbers) {
        note_twins(&w, sorted, note);
        note_numbers(&w, numbers, note);
        note_places(&w, note);
    } else
        status = pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the classes of data set '%s'", name);
    for (int i = 0; i < classes && !status; i++)
        note_name(names[i], name, note);
    pd_free(sorted);
    pd_free(numbers);
    pd_class_words_release(&w);
    return status;
}

/* --- files that were cut off --- */

static bool begins(const char *text, const char *longer)
{
    const size_t n = strlen(text);
    return !strncmp(text, longer, n) && longer[n];
}

bool pd_class_may_go_on(const struct pd_class_words *w, const char *text)
{
    char folded[PD_CLASS_NAME_SIZE], digits[24];
    size_t n = strlen(text);
    text = pd_trim(text, &n);
    const bool short_enough = fold(text, folded);
    for (int32_t i = 0; i < w->dataset->classes; i++) {
        const int64_t value = w->names ? pd_class_number(w->dataset->class_names[i]) : -1;
        snprintf(digits, sizeof digits, "%lld", (long long)(value >= 0 ? value : i));
        if (w->names && (begins(text, w->names[i]) || (short_enough && begins(folded, w->folded[i]))))
            return true;
        if (short_enough && (value >= 0 || w->indices) && begins(folded, digits))
            return true;
    }
    return false;
}
