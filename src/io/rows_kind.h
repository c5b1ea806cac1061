/* What the readers behind io/rows.h share. */
#ifndef PD_IO_ROWS_KIND_H
#define PD_IO_ROWS_KIND_H

#include "io/rows.h"

struct pd_rows_kind {
    enum pd_status (*read)(struct pd_rows *rows, float *to, int64_t n, int64_t *got, struct pd_error *err);
    enum pd_status (*rewind)(struct pd_rows *rows, struct pd_error *err);
    void (*close)(struct pd_rows *rows); /* all but name */
};

/* First member of each kind's own struct. */
struct pd_rows {
    const struct pd_rows_kind *kind;
    char *name; /* owned */
    int64_t width;
};

/* Both take path without ":NAME". */
enum pd_status pd_rows_open_npy(const char *path, struct pd_rows **out, struct pd_error *err);
enum pd_status pd_rows_open_npz(const char *path, const char *const *names, struct pd_rows **out,
                                struct pd_error *err);

#endif
