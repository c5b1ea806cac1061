/* What the first lines of a text table are: private to its reader. */
#ifndef PD_IO_ROWS_HEAD_H
#define PD_IO_ROWS_HEAD_H

#include "io/rows.h"
#include "io/table.h"

#include <stdbool.h>

struct pd_rows_head {
    bool header;          /* the first record names the columns */
    bool named;           /* names are those of a header, or of a '#' line above the rows */
    bool index;           /* the first column numbers the rows, or names them */
    bool counts;          /* ... in order, which every row must hold to */
    bool tail;            /* every record ends with a separator: its last field is empty */
    int64_t line;         /* of the first record */
    bool index_doubt;     /* it may be one, which the numbers alone cannot say */
    bool index_fractions; /* an index that was asked for holds fractions */
    int64_t index_from;   /* the first row's number where it counts */
    int64_t fields;       /* of every record, an empty last one included */
    char **names;         /* (fields), owned: of the first record, whatever it is */
};

/* Decides by the first hundred records and the request, and leaves the table at its first row. PD_ERR_FORMAT:
 * empty, or it may be read in two ways, with the option that decides; those of the table. */
enum pd_status pd_rows_head_read(struct pd_rows_head *head, struct pd_table *table,
                                 const struct pd_rows_request *request, struct pd_error *err);

/* Whether that is what an index of pandas' is called: nothing, "Unnamed: 0", "index". */
bool pd_rows_names_index(const char *name);

void pd_rows_head_release(struct pd_rows_head *head);

#endif
