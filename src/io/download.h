/* A published file from one of its mirrors, over HTTP(S). */
#ifndef PD_IO_DOWNLOAD_H
#define PD_IO_DOWNLOAD_H

#include "io/watch.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>

/* All borrowed. */
struct pd_download {
    const char *path;        /* where it goes; its folder must exist */
    const char *const *urls; /* (mirrors): tried one after the other */
    size_t mirrors;
    int64_t size;       /* bytes, >= 1 */
    const char *sha256; /* 64 hexadecimal digits, lower case */
    int64_t stall;      /* seconds without bytes after which a mirror is given up; 0: 30 */
    struct pd_watch watch;
};

/* The file appears under its name whole and checked, or not at all. Bytes go to PATH.part, which stays when
 * the download breaks off and is gone on with the next time, from any mirror; one that turns out to be wrong
 * is removed. A file that is there already is checked and not fetched again. *fetched: it was fetched now.
 *
 * PD_ERR_IO: no mirror has it (the message has a reason for each), or the disk; PD_ERR_FORMAT: the last
 * mirror's file is another one; PD_ERR_MISMATCH: another file has that name; PD_ERR_INTERRUPTED;
 * PD_ERR_MEMORY. Proxies are taken from the environment (http_proxy, https_proxy, no_proxy). */
enum pd_status pd_download(const struct pd_download *d, bool *fetched, struct pd_error *err);

#endif
