#include "io/rows_keys.h"

#include "base/cache.h"
#include "base/words.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void pd_row_key_rewind(struct pd_row_key *k)
{
    *k = (struct pd_row_key){.name = k->name, .column = k->column};
    for (int i = 0; i < PD_KEY_PARTS; i++)
        k->words[i].order = PD_HASH_START;
}

static void note_words(struct pd_row_words *w, uint64_t row, uint64_t own)
{
    w->order = pd_hash(w->order, &own, sizeof own);
    w->any_order += own * own; /* of a linear hash the sum would not tell ab, cd from ad, cb */
    for (uint64_t i = 0; i < row && row < PD_KEY_ROWS; i++)
        w->alike = w->alike || w->first[i] == own;
    if (row < PD_KEY_ROWS)
        w->first[row] = own;
    w->varies = w->varies || own != w->first[0];
}

static uint64_t hash_of(uint64_t before, const char *text, size_t size)
{
    return pd_hash(pd_hash(before, text, size), "", 1);
}

/* Where the last part of a path begins that ends there; Windows' paths, too. */
static size_t part_of(const char *path, size_t end)
{
    while (end && path[end - 1] != '/' && path[end - 1] != '\\')
        end--;
    return end;
}

/* Without ".png", and without ".nii.gz". */
static size_t without_ending(const char *name, size_t size)
{
    for (bool packed = true; packed;) {
        size_t dot = size ? size - 1 : 0;
        while (dot && name[dot] != '.')
            dot--;
        if (!dot || !isalpha((unsigned char)name[dot + 1]) || size - dot > 6)
            return size;
        packed = size - dot == 3 && !strncasecmp(name + dot, ".gz", 3);
        size = dot;
    }
    return size;
}

/* x/a.png is a, 007.png is 7. */
static void note_parts(struct pd_row_key *k, const char *field)
{
    const size_t all = strlen(field), at = part_of(field, all), end = at ? at - 1 : 0,
                 folder = part_of(field, end);
    const char *name = field + at;
    size_t size = without_ending(name, all - at);
    for (const bool digits = strspn(name, "0123456789") >= size; digits && size > 1 && *name == '0'; size--)
        name++;
    const uint64_t above = hash_of(PD_HASH_START, field + folder, end - folder);
    note_words(&k->words[PD_KEY_WHOLE], k->row, hash_of(PD_HASH_START, field, all));
    note_words(&k->words[PD_KEY_TAIL], k->row, hash_of(above, name, size));
    note_words(&k->words[PD_KEY_STEM], k->row, hash_of(PD_HASH_START, name, size));
}

void pd_row_key_note(struct pd_row_key *k, const char *field, const double *number)
{
    char text[32];
    if (number && *number != floor(*number))
        k->fractions = k->uneven = true;
    else if (number) {
        if (fabs(*number) < 0x1p53 ||
            field[strspn(field, "0123456789")]) { /* 1.0 is 1; of ids of 64 bits all digits count */
            snprintf(text, sizeof text, "%.17g", *number);
            field = text;
        }
        k->from = k->row ? k->from : *number;
        k->step = k->row == 1 ? *number - k->from : k->step;
        k->uneven = k->uneven || *number != k->from + (double)k->row * k->step;
    }
    k->text = k->text || !number;
    note_parts(k, field);
    k->row++;
}

/* Bytes of the word that a name begins with; 0: none. imageId is two. */
static size_t word_of(const char *name)
{
    size_t n = 0;
    while (isalpha((unsigned char)name[n]) &&
           !(n && islower((unsigned char)name[n - 1]) && isupper((unsigned char)name[n])))
        n++;
    return n;
}

/* What a column is called that names rows: image_id, "File name". places: ... or counts them. */
static bool names_rows(const char *name, bool places)
{
    static const char *const words[] = {"image", "images", "img", "file", "filename", "path",    "filepath",
                                        "id",    "ids",    "uid", "uuid", "guid",     "imageid", "name",
                                        "key",   "url",    "row", "rows", "index",    "idx"};
    enum { PLACES = 4 }; /* the last ones */
    const size_t count = sizeof words / sizeof words[0] - (places ? 0 : PLACES);
    for (size_t n; *name; name += n + !n) {
        n = word_of(name);
        for (size_t i = 0; i < count; i++)
            if (strlen(words[i]) == n && !strncasecmp(name, words[i], n))
                return true;
    }
    return false;
}

/* Fractions name rows in a column that is called so, or beside words. */
static bool measures(const struct pd_row_key *k)
{
    return k->fractions && !k->text && !names_rows(k->name, true);
}

/* The most of their fields of which both hold the same, in whichever order; all where there is none. */
static int shared_part(const struct pd_row_key *a, const struct pd_row_key *b)
{
    for (int i = PD_KEY_WHOLE; i < PD_KEY_PARTS; i++) {
        const struct pd_row_words *x = &a->words[i], *y = &b->words[i];
        if (x->any_order == y->any_order && (x->order != y->order || (!x->alike && !y->alike)))
            return i;
    }
    return PD_KEY_WHOLE;
}

/* What a column of each shows. COUNT: the same, unless others name them otherwise, as each table may count
 * its own rows; OTHERS: others, unless some column shows the same; NAMED: ..., unless it names them. */
enum verdict { NOTHING, SAME, COUNT, OTHERS, NAMED };

static enum verdict compare(const struct pd_row_key *a, const struct pd_row_key *b)
{
    /* A place that does not count is a row's of an unshuffled table. */
    const bool one_name = !strcmp(a->name, b->name), texts = a->text && b->text,
               named =
                   names_rows(a->name, one_name || a->uneven) && names_rows(b->name, one_name || b->uneven);
    if (measures(a) || measures(b) || !(one_name || texts || named))
        return NOTHING;
    const int part = shared_part(a, b);
    const struct pd_row_words *x = &a->words[part], *y = &b->words[part];
    const bool apart = !x->alike && !y->alike, counts = !(a->text || a->uneven) || !(b->text || b->uneven);
    if (x->order == y->order)
        return !apart ? NOTHING : counts ? COUNT : SAME;
    if (x->any_order == y->any_order && (apart || texts))
        return named || (texts && apart) ? NAMED : one_name ? OTHERS : NOTHING;
    if (a->fractions || b->fractions) /* scores of each table's own */
        return NOTHING;
    if (one_name && named && apart)
        return NAMED;
    /* One value, an epoch or a model, names no row, and other numbers that come again may be predictions. */
    const bool tells = named ? x->varies && y->varies : apart || x->any_order == y->any_order;
    return one_name && !a->column && !b->column && tells ? OTHERS : NOTHING;
}

bool pd_row_keys_agree(const struct pd_row_key *a, int64_t n, const struct pd_row_key *b, int64_t m,
                       const char *columns[2])
{
    enum verdict worst = NOTHING;
    bool same = false, count = false;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++) {
            const enum verdict v = compare(&a[i], &b[j]);
            same = same || v == SAME;
            count = count || v == COUNT;
            if (v < OTHERS || v <= worst)
                continue;
            worst = v;
            columns[0] = a[i].name;
            columns[1] = b[j].name;
        }
    return same || worst < OTHERS || (worst == OTHERS && count);
}
