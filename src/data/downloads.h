/* The published data sets that can be fetched, and the fetching. The table is downloads.def. */
#ifndef PD_DATA_DOWNLOADS_H
#define PD_DATA_DOWNLOADS_H

#include "io/watch.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>

enum { PD_DOWNLOAD_FILES = 4, PD_DOWNLOAD_MIRRORS = 4 };

struct pd_published_file {
    const char *name;
    int64_t size;       /* bytes */
    const char *sha256; /* hexadecimal */
};

struct pd_published {
    const char *name;     /* of the data set, as --data knows it */
    const char *folder;   /* where its files go below the data folder; "": right there */
    const char *unpacked; /* the file is an archive that holds this folder, which is kept instead; or NULL */
    const char *mirrors[PD_DOWNLOAD_MIRRORS + 1];          /* with '/' at their ends; then NULL */
    struct pd_published_file files[PD_DOWNLOAD_FILES + 1]; /* then one without a name */
};

/* The table, (count) entries. */
const struct pd_published *pd_published_sets(size_t *count);

/* NULL with PD_ERR_USAGE and the nearest right name in err when there is none of that name. */
const struct pd_published *pd_published_find(const char *name, struct pd_error *err);

/* Whether all its files are in the data folder, where fetching puts them or right there, with the sizes they
 * should have (contents are not looked at), or the folder that its archive holds. */
bool pd_published_is_there(const struct pd_published *p, const char *dir);

struct pd_fetch {
    const char *dir;    /* the data folder; made when it is not there */
    const char *mirror; /* the only one to try; or NULL: the table's */
    bool keep;          /* archives stay beside what was unpacked */
    int64_t stall;      /* seconds without bytes after which a mirror is given up; 0: the usual */
    struct pd_watch fetching, unpacking; /* bytes of the file */
};

/* Fetches one of its files as pd_download does, and unpacks it as pd_unpack does. *fetched: something was
 * done; else all was there. */
enum pd_status pd_published_fetch(const struct pd_published *p, const struct pd_published_file *file,
                                  const struct pd_fetch *how, bool *fetched, struct pd_error *err);

#endif
