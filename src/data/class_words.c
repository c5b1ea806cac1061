#include "data/class_words.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the blank at text: spaces, and the one that does not break, which web pages and spreadsheets
 * write; 0: none. */
static size_t blank(const char *text)
{
    if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        return 1;
    return !strncmp(text, "\xc2\xa0", 2) ? 2 : 0;
}

/* Lower case, one space for each run of blanks, '_' and '-' between two other characters, none at the ends.
 * False: it does not fit. */
static bool fold(const char *text, char out[PD_CLASS_NAME_SIZE])
{
    size_t n = 0, skipped;
    char gap = '\0';
    for (; *text; text += skipped) {
        skipped = blank(text);
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

/* The whole number that text is, also as "007" and "7.0"; -1: none. */
static int64_t number(const char *text)
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

static bool has_digits(const struct pd_dataset *d)
{
    for (int i = 0; i < d->classes; i++)
        if (strpbrk(d->class_names[i], "0123456789"))
            return true;
    return false;
}

enum pd_status pd_class_words_init(struct pd_class_words *w, const struct pd_dataset *d, struct pd_error *err)
{
    *w = (struct pd_class_words){.dataset = d, .indices = !d->class_names || !has_digits(d)};
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
    return PD_OK;
}

void pd_class_words_release(struct pd_class_words *w)
{
    pd_free(w->names);
    pd_free(w->folded);
    w->names = NULL;
    w->folded = NULL;
}

static int32_t find_name(const struct pd_dataset *d, const char *text)
{
    for (int32_t i = 0; i < d->classes; i++)
        if (!strcmp(text, d->class_names[i]))
            return i;
    return PD_CLASS_UNKNOWN;
}

/* The only class of which something holds. */
static int32_t only(int32_t found, int32_t class)
{
    return found == PD_CLASS_UNKNOWN ? class : PD_CLASS_AMBIGUOUS;
}

static int32_t find_folded(const struct pd_class_words *w, const char *folded)
{
    int32_t found = PD_CLASS_UNKNOWN;
    for (int32_t i = 0; i < w->dataset->classes; i++)
        if (!strcmp(folded, w->folded[i]))
            found = only(found, i);
    return found;
}

static int32_t find_number(const struct pd_class_words *w, int64_t value)
{
    int32_t found = PD_CLASS_UNKNOWN;
    for (int32_t i = 0; i < w->dataset->classes; i++)
        if (number(w->dataset->class_names[i]) == value)
            found = only(found, i);
    return found;
}

int32_t pd_class_find(const struct pd_class_words *w, const char *text, bool *exactly)
{
    char folded[PD_CLASS_NAME_SIZE];
    *exactly = true;
    int32_t found = w->names ? find_name(w->dataset, text) : PD_CLASS_UNKNOWN;
    if (found >= 0 || !fold(text, folded) || !*folded)
        return found;
    *exactly = !w->names;
    const int64_t value = number(folded);
    if (w->names)
        found = find_folded(w, folded);
    if (w->names && found == PD_CLASS_UNKNOWN && value >= 0)
        found = find_number(w, value);
    if (found == PD_CLASS_UNKNOWN && w->indices && value >= 0 && value < w->dataset->classes)
        found = (int32_t)value;
    return found;
}

static bool begins(const char *text, const char *longer)
{
    const size_t n = strlen(text);
    return !strncmp(text, longer, n) && longer[n];
}

bool pd_class_may_go_on(const struct pd_class_words *w, const char *text)
{
    char folded[PD_CLASS_NAME_SIZE], digits[24];
    text += strspn(text, " \t");
    const bool short_enough = fold(text, folded);
    for (int32_t i = 0; i < w->dataset->classes; i++) {
        const int64_t value = w->names ? number(w->dataset->class_names[i]) : -1;
        snprintf(digits, sizeof digits, "%lld", (long long)(value >= 0 ? value : i));
        if (w->names && (begins(text, w->names[i]) || (short_enough && begins(folded, w->folded[i]))))
            return true;
        if (short_enough && (value >= 0 || w->indices) && begins(folded, digits))
            return true;
    }
    return false;
}
