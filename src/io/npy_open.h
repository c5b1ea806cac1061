/* What the readers of npy share: an open file and where its arrays lie. */
#ifndef PD_IO_NPY_OPEN_H
#define PD_IO_NPY_OPEN_H

#include "io/npy.h"

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
    const char *memory; /* of an .npy, borrowed, or NULL */
    uint64_t size;      /* of the file */
    zip_t *zip;         /* or NULL */
    struct pd_npy_entry *entries;
    size_t count;
};

#endif
