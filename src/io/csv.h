/* Comma-separated values as in RFC 4180, with lines that end in "\n": fields are quoted only where they hold
 * a comma, a quote or a line end. The file appears at commit, whole; memory stays small however many rows
 * there are. */
#ifndef PD_IO_CSV_H
#define PD_IO_CSV_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

struct pd_csv;

/* PD_ERR_IO, PD_ERR_MEMORY */
enum pd_status pd_csv_create(const char *path, struct pd_csv **out, struct pd_error *err);

/* Fields of the current row, left to right. The first failure is kept and reported by commit. */
void pd_csv_text(struct pd_csv *csv, const char *text);
/* The same for words of strangers in a file that people open: what a spreadsheet would run as a formula gets
 * a ' in front, and what some programs take for the end of a field is quoted. */
void pd_csv_words(struct pd_csv *csv, const char *words);
/* The same for the path or name of a file: "./=1.png" is the same file, and no formula. */
void pd_csv_path(struct pd_csv *csv, const char *path);
bool pd_csv_is_formula(const char *text);
const char *pd_csv_unguarded(const char *words);    /* read back: without such a ' */
void pd_csv_real(struct pd_csv *csv, double value); /* 9 significant digits: a float survives */
void pd_csv_integer(struct pd_csv *csv, int64_t value);
void pd_csv_end_row(struct pd_csv *csv);

/* Writes the rest and gives the file its name. PD_ERR_IO, PD_ERR_MEMORY; an older file is then as it was. */
enum pd_status pd_csv_commit(struct pd_csv *csv, struct pd_error *err);

/* Without a commit before, nothing is left of the file. */
void pd_csv_destroy(struct pd_csv *csv);

/* Bytes of a first line that says the separator, as "sep=;" for Excel; its line's end is not among them. */
size_t pd_csv_separator_line(const char *text);

/* PD_ERR_FORMAT where a field goes on over line ends and has text behind its closing quote: an opening quote
 * that was never closed has swallowed rows up to the next one. name: the file's. */
enum pd_status pd_csv_check_quotes(const char *text, char separator, const char *name, struct pd_error *err);
/* That refusal, of the line where the quote is opened. */
enum pd_status pd_csv_fail_swallowed(const char *name, int64_t line, struct pd_error *err);
/* Lines of a quoted field that may be rows which its quote has swallowed unseen. */
struct pd_csv_swallowed {
    const char *line; /* the next; first the field */
    int field;        /* the field's place in its row, which the last line's rest goes on from */
    int before;  /* fields in front of the next line: first as many as in front of the field, then none */
    int columns; /* of a row */
    int column;  /* the one that is wanted */
    char separator;
};

/* The next that is a whole row with what stands around the field: writes its column into out[size]. False:
 * there is none. */
bool pd_csv_next_swallowed(struct pd_csv_swallowed *at, char *out, size_t size);

/* One field alone, as pd_csv_words and pd_csv_path write it, for what is no file yet. */
void pd_csv_field_words(struct pd_buffer *out, const char *words);
void pd_csv_field_path(struct pd_buffer *out, const char *path);

#endif
