/* What a table says of its rows beside the numbers that are taken: columns that may name them. */
#ifndef PD_IO_ROWS_KEYS_H
#define PD_IO_ROWS_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum { PD_KEY_ROWS = 64 };

/* What of a field counts: all of it; of a path the file's name without its ending, with its folder's name or
 * alone. */
enum { PD_KEY_WHOLE, PD_KEY_TAIL, PD_KEY_STEM, PD_KEY_PARTS };

/* A column that was not taken, of the rows read since the begin. */
struct pd_row_key {
    const char *name; /* borrowed */
    int64_t column;   /* from 0 */
    uint64_t row;     /* rows so far */
    struct pd_row_words {
        uint64_t order;     /* hash of what it held, in that order */
        uint64_t any_order; /* ... in whichever */
        uint64_t first[PD_KEY_ROWS];
        bool alike;  /* some of the first rows hold the same */
        bool varies; /* not all rows do */
    } words[PD_KEY_PARTS];
    double from, step; /* the first row's number, and how much more the second's is */
    bool uneven;       /* they do not count on so */
    bool text;         /* some are no numbers */
    bool fractions;    /* some are: measurements, or "1.10", the tenth of page 1 */
};

void pd_row_key_rewind(struct pd_row_key *key);

/* Of the next row; number: what it is, or NULL: it is none. */
void pd_row_key_note(struct pd_row_key *key, const char *field, const double *number);

/* Two tables of as many rows. False where a column of each shows that these are others, or in another order,
 * and none that they are the same; columns: those two. */
bool pd_row_keys_agree(const struct pd_row_key *a, int64_t n, const struct pd_row_key *b, int64_t m,
                       const char *columns[2]);

#endif
