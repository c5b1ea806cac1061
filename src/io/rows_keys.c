#include "io/rows_keys.h"

#include "base/cache.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void pd_row_key_rewind(struct pd_row_key *k)
{
    *k = (struct pd_row_key){.name = k->name, .column = k->column, .order = PD_HASH_START};
}

void pd_row_key_note(struct pd_row_key *k, const char *field, const double *number)
{
    char text[32];
    if (number && *number != floor(*number))
        k->measures = true;
    if (k->measures)
        return;
    if (number) { /* 1.0 is 1 */
        snprintf(text, sizeof text, "%.17g", *number);
        field = text;
    }
    const size_t size = strlen(field) + 1;
    const uint64_t own = pd_hash(PD_HASH_START, field, size);
    k->text = k->text || !number;
    k->order = pd_hash(k->order, field, size);
    k->any_order += own * own; /* of a linear hash the sum would not tell ab, cd from ad, cb */
    for (uint64_t i = 0; i < k->row && k->row < PD_KEY_ROWS; i++)
        k->alike = k->alike || k->first[i] == own;
    if (k->row < PD_KEY_ROWS)
        k->first[k->row] = own;
    k->row++;
}

/* Whether a column of each names the same rows, or others. */
enum verdict { NOTHING, SAME, OTHERS };

static enum verdict compare(const struct pd_row_key *a, const struct pd_row_key *b)
{
    const bool called_same = !strcmp(a->name, b->name), texts = a->text && b->text;
    if (a->measures || b->measures || (!called_same && !texts))
        return NOTHING;
    if (a->order == b->order)
        return texts && !a->alike ? SAME : NOTHING;
    if (called_same && !a->column && !b->column)
        return OTHERS;
    return !a->alike && !b->alike && (called_same || a->any_order == b->any_order) ? OTHERS : NOTHING;
}

/* Texts that agree row by row name them, whatever else a column of numbers holds. */
bool pd_row_keys_agree(const struct pd_row_key *a, int64_t n, const struct pd_row_key *b, int64_t m,
                       const char *columns[2])
{
    bool same = false, agree = true;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++) {
            const enum verdict v = compare(&a[i], &b[j]);
            same = same || v == SAME;
            if (v != OTHERS || !agree)
                continue;
            agree = false;
            columns[0] = a[i].name;
            columns[1] = b[j].name;
        }
    return agree || same;
}
