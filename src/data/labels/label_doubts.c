#include "data/labels/label_doubts.h"

#include "base/real.h"
#include "base/sort.h"
#include "data/dataset.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* size bytes at text are a label, without what a printed list has around them. */
static bool is_label(const char *const *labels, size_t n, const char *text, size_t size)
{
    static const char around[] = " []{}()'\"";
    char word[PD_CLASS_NAME_SIZE];
    const char *key = word;
    for (; size && strchr(around, *text); size--)
        text++;
    while (size && strchr(around, text[size - 1]))
        size--;
    if (!size || size >= sizeof word)
        return false;
    snprintf(word, sizeof word, "%.*s", (int)size, text);
    return bsearch(&key, labels, n, sizeof *labels, pd_by_bytes);
}

/* "Mass|Nodule", where one of them is a label of its own, too; "scab rust", where all are; "['Mass',
 * 'Nodule']", as Python prints it. */
static bool is_list(const char *const *labels, size_t n, const char *label)
{
    static const struct {
        char mark[2];
        bool all;
    } separators[] = {{"|", false}, {";", false}, {",", false}, {" ", true},
                      {"+", true},  {"/", true},  {"&", true}};
    if ((!strncmp(label, "['", 2) || !strncmp(label, "[\"", 2)) && strchr(label, ','))
        return true;
    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
        size_t parts = 0, known = 0;
        for (const char *at = label; *at; at += *at != '\0') {
            const size_t size = strcspn(at, separators[i].mark);
            known += is_label(labels, n, at, size);
            parts += size > 0;
            at += size;
        }
        if (strchr(label, *separators[i].mark) && parts > 1 && known >= (separators[i].all ? parts : 1))
            return true;
    }
    return false;
}

static bool is_number(const char *label, bool *whole)
{
    char *end;
    const double value = pd_real_read(label, &end);
    *whole = value == floor(value);
    return end > label && !*end && isfinite(value);
}

/* One with a fraction, where all are numbers; else NULL. */
static const char *find_fraction(const char *const *labels, size_t n)
{
    const char *found = NULL;
    for (size_t i = 0; i < n; i++) {
        bool whole;
        if (!is_number(labels[i], &whole))
            return NULL;
        found = found || whole ? found : labels[i];
    }
    return found;
}

void pd_label_doubts(const char *const *labels, size_t n, char *words, size_t size)
{
    const char *fraction = find_fraction(labels, n), *list = NULL;
    size_t lists = 0;
    *words = '\0';
    for (size_t i = 0; i < n && !fraction; i++)
        if (is_list(labels, n, labels[i]))
            list = lists++ ? list : labels[i];
    if (fraction)
        snprintf(words, size, "labels are numbers with fractions (%.40s): each of %zu is a class of its own",
                 fraction, n);
    else if (lists == 1)
        snprintf(words, size, "'%.60s' looks like a list of labels: it is a class of its own", list);
    else if (lists)
        snprintf(words, size, "%zu labels look like lists of others ('%.60s'): each is a class of its own",
                 lists, list);
}
