/* Rows of numbers in a file, read front to back as floats with little memory: an .npy, an array of an .npz,
 * or columns of a CSV. What kind of file it is, its first bytes tell.
 *
 * .npy, .npz: floats of any width, byte order and order of dimensions, (n) or (n, ...): all behind the first
 * dimension makes a row. Whole numbers where the request allows them.
 *
 * CSV: fields between commas, semicolons, tabs or blanks (whichever the first line has, in this order);
 * quotes, CRLF, CR and a byte order mark are fine, decimal commas where they do not separate. Every line
 * below the header is a row: what may shift the rows is refused. A first line of names asks for
 * the column NAME, for NAME_0, NAME_1, ..., for all that begin so (NAME*), for all but an index (*), or for
 * A,B,C; without such a line, or where the names are 0, 1, 2, ... as pandas gives them, a row is all columns
 * but an index. What cannot be told is refused, with the option that decides. */
#ifndef PAYDIRT_ROWS_H
#define PAYDIRT_ROWS_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_rows;

enum pd_rows_choice { PD_ROWS_AUTO, PD_ROWS_NO, PD_ROWS_YES };

struct pd_rows_request {
    const char *const *names; /* ended by NULL: what is taken where the path says no name; NULL: none */
    enum pd_rows_choice header, index; /* of a text table: has it a line of names, a column of row numbers? */
    bool whole;                        /* arrays of whole numbers and booleans are fine */
    bool bfloat16;                     /* uint16 and int16 are bfloat16's bits */
    bool classes; /* logits of these: of doubles, a row that lies far from 0 and close together comes less its
                   * largest, which leaves its softmax as it is */
    bool features; /* a first or last column that counts the rows is refused, unless index says no */
    bool low;      /* numbers below float32's are -inf, no error */
    bool planes;   /* arrays (planes, rows, width) alone: the rows of all planes, one plane after the other */
    double (*map)(double); /* applied to every number before it becomes a float; NULL: none */
};

/* path: "scores.npy", "scores.npz", "scores.csv", the latter two also with ":NAME" behind. Without it the
 * first of the request's names that is there is taken; of an .npz with one array, that one. PD_ERR_IO;
 * PD_ERR_FORMAT with file, place and what was expected; PD_ERR_USAGE: nothing of these names;
 * PD_ERR_UNSUPPORTED: another type; PD_ERR_MEMORY. */
enum pd_status pd_rows_open(const char *path, const struct pd_rows_request *request, struct pd_rows **out,
                            struct pd_error *err);

void pd_rows_close(struct pd_rows *rows); /* also NULL */

const char *pd_rows_name(const struct pd_rows *rows); /* for messages: the path, with the array of an .npz */
int64_t pd_rows_width(const struct pd_rows *rows);    /* numbers in a row, >= 1 */

/* Columns NAME_A, NAME_B, ... of a table beside its column NAME, which was taken alone. */
int64_t pd_rows_beside(const struct pd_rows *rows);

int64_t pd_rows_planes(const struct pd_rows *rows); /* 1 where the request has none */

/* Up to n rows, (n, width); *got is less only at the end. PD_ERR_IO; PD_ERR_FORMAT: truncated, damaged, a
 * line with other fields than the first, a field that is not a number, one beyond float32; at the end,
 * columns of numbers that float32 hardly tells apart. */
enum pd_status pd_rows_read(struct pd_rows *rows, float *to, int64_t n, int64_t *got, struct pd_error *err);

/* What was understood of the rows read since the begin, one line; "" where nothing was in doubt. Hints
 * (error.h) stand behind it, each after a tab. */
void pd_rows_describe(const struct pd_rows *rows, char *text, size_t size);

/* Of as many rows read since the begin from each: false where two texts name them otherwise, by columns that
 * are not among those taken: an index, or texts, or what is called as names are (image, id, ...), that hold
 * what the other's do in another order, or something else under one name. A path counts by its file's name,
 * beside its folder's where names repeat.
 * Where a column that tells rows apart agrees they are the same, whatever others hold; one that merely counts
 * says so against measurements alone. columns: what these two are called. */
bool pd_rows_agree(const struct pd_rows *a, const struct pd_rows *b, const char *columns[2]);

/* Hashes of the names of a table's columns, in the order in which they are taken and in any; 0: they were not
 * taken by name. */
struct pd_rows_columns {
    uint64_t order, any_order;
};
struct pd_rows_columns pd_rows_columns(const struct pd_rows *rows);

enum pd_status pd_rows_rewind(struct pd_rows *rows, struct pd_error *err); /* back to the first row */

/* Of the rows that are still to come those of these numbers (n), counted from the next one, in that order:
 * to (n, width). PD_ERR_USAGE: one below 0. All are read; *count = so many there were, and numbers beyond
 * them leave `to` as it was. As pd_rows_read; PD_ERR_MEMORY. */
enum pd_status pd_rows_gather(struct pd_rows *rows, int64_t n, const int64_t *numbers, float *to,
                              int64_t *count, struct pd_error *err);

/* Numbers (n, width) in memory, as a file of them would be read by a request of these classes or features.
 * name: for messages. PD_ERR_USAGE: what pd_rows_read refuses of the numbers; PD_ERR_MEMORY. */
enum pd_status pd_rows_round(const char *name, const struct pd_rows_request *request, int64_t n,
                             int64_t width, const double *from, float *to, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
