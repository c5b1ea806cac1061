/* What the readers behind io/rows.h share. */
#ifndef PD_IO_ROWS_KIND_H
#define PD_IO_ROWS_KIND_H

#include "io/rows.h"
#include "io/rows_doubt.h"
#include "io/rows_keys.h"

struct pd_rows_kind {
    enum pd_status (*read)(struct pd_rows *rows, float *to, int64_t n, int64_t *got, struct pd_error *err);
    enum pd_status (*rewind)(struct pd_rows *rows, struct pd_error *err);
    void (*close)(struct pd_rows *rows);                                   /* all but name */
    void (*describe)(const struct pd_rows *rows, char *text, size_t size); /* NULL: never in doubt */
};

/* First member of each kind's own struct. */
struct pd_rows {
    const struct pd_rows_kind *kind;
    char *name; /* owned */
    int64_t width, planes;
    int64_t count;           /* rows read since the begin */
    double (*map)(double);   /* of every number on the way, before it becomes a float; or NULL */
    struct pd_row_key *keys; /* (key_count), owned: columns that were not taken */
    int64_t key_count;
    int64_t beside; /* columns NAME_... beside the one column NAME that was taken */
    struct pd_rows_columns columns;
    struct pd_rows_doubt doubt; /* owned */
    bool features;              /* a column that counts the rows is none of them */
    bool classes;               /* logits of these */
    bool low;                   /* what is below float32's numbers is -inf */
};

/* What all kinds begin with, nothing read yet; name is copied, and NULL where there is no memory for it. */
struct pd_rows pd_rows_begin(const struct pd_rows_kind *kind, const char *name,
                             const struct pd_rows_request *request);

/* What rows of doubles are to be watched for, of a known width. Those of classes are not: pd_rows_to_floats
 * keeps what is between their logits. */
enum pd_status pd_rows_begin_doubt(struct pd_rows *rows, const char *name, struct pd_error *err);

/* Name, row and number. */
#define PD_BEYOND "%s: row %lld: %g is beyond float32, whose largest number is 3.4e38"

/* An .npy or .npz; path without ":NAME". */
enum pd_status pd_rows_open_npy(const char *path, const struct pd_rows_request *request, struct pd_rows **out,
                                struct pd_error *err);

#endif
