/* A text table, record by record: fields between separators, quotes, CRLF, CR or LF, a byte order mark. No
 * row is lost on the way: empty lines and lines that begin with '#' may stand above the first record and
 * below the last one; between records they are refused with their line, as are '#' lines below with as many
 * fields as a record. */
#ifndef PD_IO_TABLE_H
#define PD_IO_TABLE_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdint.h>
#include <stdio.h>

struct pd_table {
    FILE *file;                       /* can seek; closed with the table */
    const char *name;                 /* for messages; borrowed */
    char separator;                   /* ' ': runs of blanks; found in the first record */
    char decimal;                     /* '.', or ',' */
    int64_t line, next_line;          /* of the record, from 1, and of what follows it */
    int64_t records;                  /* so far */
    int64_t gap;                      /* line of the first empty or '#' line since the last record; 0: none */
    struct pd_buffer record, comment; /* comment: the last '#' line above the first record */
    char **field;                     /* (fields) into record, ended by NUL */
    int64_t fields, field_room;
};

/* name and file are set, the rest is zero. PD_ERR_MEMORY. */
enum pd_status pd_table_init(struct pd_table *table, struct pd_error *err);
void pd_table_release(struct pd_table *table);

enum pd_status pd_table_rewind(struct pd_table *table, struct pd_error *err);

/* The fields of the next record; *got is false at the end. PD_ERR_IO, PD_ERR_FORMAT, PD_ERR_MEMORY. */
enum pd_status pd_table_next(struct pd_table *table, bool *got, struct pd_error *err);

/* Splits another text into fields, in place. PD_ERR_MEMORY. */
enum pd_status pd_table_split(struct pd_table *table, char *text, struct pd_error *err);

/* Numbers with table->decimal; blanks around them are fine. */
bool pd_table_number(const struct pd_table *table, const char *text, double *to);

/* PD_ERR_FORMAT: "NAME: line N: what". */
enum pd_status pd_table_fail(const struct pd_table *table, struct pd_error *err, const char *what);

#endif
