/* The published data sets that can be fetched, and the fetching. */
#ifndef PAYDIRT_DOWNLOAD_H
#define PAYDIRT_DOWNLOAD_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

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

const struct pd_published *pd_published_at(int index); /* NULL past the last */

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
    /* Called at least about once a second with the bytes of the file that are done; false: stop. Or NULL. */
    bool (*fetching)(void *context, int64_t done);
    bool (*unpacking)(void *context, int64_t done);
    void *context;
};

/* Fetches one of its files, checks its sum and unpacks it. What is there already is not fetched again, what
 * broke off is gone on with. *fetched: something was done; else all was there. PD_ERR_IO, PD_ERR_FORMAT:
 * another sum; PD_ERR_USAGE, PD_ERR_MEMORY, PD_ERR_INTERRUPTED. */
enum pd_status pd_published_fetch(const struct pd_published *p, const struct pd_published_file *file,
                                  const struct pd_fetch *how, bool *fetched, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
