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
    *k = (struct pd_row_key){
        .name = k->name, .column = k->column, .whole.order = PD_HASH_START, .stem.order = PD_HASH_START};
}

static void note_words(struct pd_row_words *w, uint64_t row, const char *text, size_t size)
{
    uint64_t own = pd_hash(PD_HASH_START, text, size);
    own = pd_hash(own, "", 1);
    w->order = pd_hash(w->order, &own, sizeof own);
    w->any_order += own * own; /* of a linear hash the sum would not tell ab, cd from ad, cb */
    for (uint64_t i = 0; i < row && row < PD_KEY_ROWS; i++)
        w->alike = w->alike || w->first[i] == own;
    if (row < PD_KEY_ROWS)
        w->first[row] = own;
}

/* x/a.png is a, 007.png is 7. */
static void note_stem(struct pd_row_key *k, const char *field)
{
    const char *name = pd_path_name(field), *dot = strrchr(name, '.');
    const bool ends = dot && dot > name && isalpha((unsigned char)dot[1]) && strlen(dot) <= 6;
    size_t size = ends ? (size_t)(dot - name) : strlen(name);
    for (const bool digits = strspn(name, "0123456789") >= size; digits && size > 1 && *name == '0'; size--)
        name++;
    note_words(&k->stem, k->row, name, size);
}

void pd_row_key_note(struct pd_row_key *k, const char *field, const double *number)
{
    char text[32];
    if (number && *number != floor(*number))
        k->fractions = k->uneven = true;
    else if (number) {
        if (fabs(*number) < 0x1p53) { /* 1.0 is 1; of ids of 64 bits all digits count */
            snprintf(text, sizeof text, "%.17g", *number);
            field = text;
        }
        k->from = k->row ? k->from : *number;
        k->step = k->row == 1 ? *number - k->from : k->step;
        k->uneven = k->uneven || *number != k->from + (double)k->row * k->step;
    }
    k->text = k->text || !number;
    note_words(&k->whole, k->row, field, strlen(field));
    note_stem(k, field);
    k->row++;
}

/* What a column is called that names rows: image_id, "File name". places: ... or counts them. */
static bool names_rows(const char *name, bool places)
{
    static const char *const words[] = {"image", "images", "img", "file", "filename", "path", "id",    "ids",
                                        "name",  "key",    "url", "uuid", "row",      "rows", "index", "idx"};
    enum { PLACES = 4 }; /* the last ones */
    const size_t count = sizeof words / sizeof words[0] - (places ? 0 : PLACES);
    for (size_t n; *name; name += n + !!name[n]) {
        for (n = 0; isalpha((unsigned char)name[n]);)
            n++;
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

/* What a column of each shows. COUNT: the same, unless others name them otherwise, as each table may count
 * its own rows; OTHERS: others, unless some column shows the same; NAMED: ..., unless it names them. */
enum verdict { NOTHING, SAME, COUNT, OTHERS, NAMED };

static enum verdict compare(const struct pd_row_key *a, const struct pd_row_key *b)
{
    const bool one_name = !strcmp(a->name, b->name), texts = a->text && b->text,
               named = names_rows(a->name, one_name) && names_rows(b->name, one_name);
    if (measures(a) || measures(b) || !(one_name || texts || named))
        return NOTHING;
    const bool moved = a->stem.any_order == b->stem.any_order && a->stem.order != b->stem.order,
               stems =
                   a->whole.any_order != b->whole.any_order && (moved || (!a->stem.alike && !b->stem.alike));
    const struct pd_row_words *x = stems ? &a->stem : &a->whole, *y = stems ? &b->stem : &b->whole;
    const bool apart = !x->alike && !y->alike, counts = !(a->text || a->uneven) || !(b->text || b->uneven);
    if (x->order == y->order)
        return !apart ? NOTHING : counts ? COUNT : SAME;
    if (x->any_order == y->any_order && (apart || texts))
        return named || (texts && apart) ? NAMED : one_name ? OTHERS : NOTHING;
    if (a->fractions || b->fractions) /* scores of each table's own */
        return NOTHING;
    if (one_name && named && apart)
        return NAMED;
    return one_name && !a->column && !b->column ? OTHERS : NOTHING;
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
