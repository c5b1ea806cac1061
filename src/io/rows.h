/* Rows of numbers in a file, read front to back as floats with little memory: an .npy, an array of an .npz,
 * or columns of a CSV. What kind of file it is, its first bytes tell.
 *
 * .npy, .npz: float32 or float64, C order, (n) or (n, ...): all behind the first dimension makes a row.
 *
 * CSV: fields between commas, semicolons, tabs or blanks (whichever the first line has, in this order);
 * quotes, CRLF and a byte order mark are fine; empty lines and lines that begin with '#' do not count. A
 * first line with anything that is not a number names the columns, and a name asks for the column NAME or for
 * NAME_0, NAME_1, ...; without such a line a row is all columns. */
#ifndef PD_IO_ROWS_H
#define PD_IO_ROWS_H

#include <paydirt/error.h>

#include <stdint.h>
#include <stdio.h>

struct pd_rows;

/* path: "scores.npy", "scores.npz", "scores.csv", the latter two also with ":NAME" behind. Without it the
 * first of names (ended by NULL) that is there is taken; of an .npz with one array, that one. PD_ERR_IO;
 * PD_ERR_FORMAT with file, place and what was expected; PD_ERR_USAGE: nothing of these names;
 * PD_ERR_UNSUPPORTED: another type, Fortran order; PD_ERR_MEMORY. */
enum pd_status pd_rows_open(const char *path, const char *const *names, struct pd_rows **out,
                            struct pd_error *err);

/* A CSV from a stream that can seek, which is closed with it. name: for messages. */
enum pd_status pd_rows_open_csv(FILE *file, const char *name, const char *const *names, struct pd_rows **out,
                                struct pd_error *err);

void pd_rows_close(struct pd_rows *rows);

const char *pd_rows_name(const struct pd_rows *rows); /* for messages: the path, with the array of an .npz */
int64_t pd_rows_width(const struct pd_rows *rows);    /* numbers in a row, >= 1 */

/* Up to n rows, (n, width); *got is less only at the end. PD_ERR_IO; PD_ERR_FORMAT: truncated, damaged, a
 * line with other fields than the first, a field that is not a number. */
enum pd_status pd_rows_read(struct pd_rows *rows, float *to, int64_t n, int64_t *got, struct pd_error *err);

enum pd_status pd_rows_rewind(struct pd_rows *rows, struct pd_error *err); /* back to the first row */

#endif
