/* Numbers that were meant otherwise than they are read: as floats, and as measurements. */
#ifndef PD_IO_ROWS_DOUBT_H
#define PD_IO_ROWS_DOUBT_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

/* Of the rows read since the begin. Zeroed at first. */
struct pd_rows_doubt {
    /* Doubles that lie far from 0 and close together become few floats, or one: the span of a column, and how
     * often it held another number than before, and how often another float. */
    struct pd_column_doubt {
        double least, most;
        double before, other; /* other: of two that became one */
        int64_t moved, lost;
        bool rounded; /* some are no floats */
    } * column;       /* (width), or NULL: they were floats, or are taken from a row's largest */
    bool near;        /* they count by their distances alone: near 0, too, they must be told apart */
    /* Row numbers beside fractions. */
    float first[2]; /* of the first column, and of the last */
    int64_t rows;
    bool uneven[2]; /* they are not each by 1 more than the one above */
    bool fractions;
};

/* For rows of doubles. PD_ERR_MEMORY. */
enum pd_status pd_rows_doubt_init(struct pd_rows_doubt *doubt, const char *name, int64_t width,
                                  struct pd_error *err);
void pd_rows_doubt_release(struct pd_rows_doubt *doubt);
void pd_rows_doubt_rewind(struct pd_rows_doubt *doubt, int64_t width);

/* The next rows (n, width), before they become floats. */
void pd_rows_doubt_doubles(struct pd_rows_doubt *doubt, int64_t n, int64_t width, const double *rows);

/* The next rows (n, width). */
void pd_rows_doubt_floats(struct pd_rows_doubt *doubt, int64_t n, int64_t width, const float *rows);

/* After the last row. PD_ERR_FORMAT: most of what told the rows apart is gone. */
enum pd_status pd_rows_doubt_check(const struct pd_rows_doubt *doubt, const char *name, int64_t width,
                                   struct pd_error *err);

/* 0, or width - 1, where that column counts the rows; else -1. */
int64_t pd_rows_doubt_counter(const struct pd_rows_doubt *doubt, int64_t width);

#endif
