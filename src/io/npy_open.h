/* What the readers of npy share: an open file and where its arrays lie. */
#ifndef PD_IO_NPY_OPEN_H
#define PD_IO_NPY_OPEN_H

#include "io/npy.h"

#include <stdio.h>
#include <zip.h>

struct pd_npy_entry {
    char *name;               /* owned */
    zip_uint64_t index;       /* in the zip */
    struct pd_io_array array; /* with data once it is loaded */
    void *data;               /* owned, or NULL */
};

struct pd_npy {
    char *path;
    int fd;             /* of an .npy, or -1 */
    FILE *file;         /* of an .npz, which the zip closes, or NULL */
    const char *memory; /* of an .npy, borrowed, or NULL */
    uint64_t size;      /* of the file */
    zip_t *zip;         /* or NULL */
    struct pd_npy_entry *entries;
    size_t count;
};

/* pd_fail_zip; libzip takes a failed disc for the file's end where it had read a part already. */
enum pd_status pd_npy_fail_zip(const struct pd_npy *npy, const char *name, const char *words, zip_error_t *e,
                               struct pd_error *err);

#endif
