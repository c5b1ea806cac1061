/* An archive into a folder: tar, plain or packed by gzip, bzip2, xz or zstd, and zip. */
#ifndef PD_IO_UNPACK_H
#define PD_IO_UNPACK_H

#include "io/watch.h"

#include <paydirt/error.h>

/* The archive's folder `name` becomes FOLDER/NAME, whole or not at all: it is unpacked in
 * FOLDER/NAME.unpacking, synced and renamed. What else the archive holds is left out. watch: bytes of the
 * archive.
 *
 * Tars that were put together are read to the last one's end.
 *
 * PD_ERR_FORMAT: no such archive, damaged, cut off, a tar without its mark of the end or with other than
 * zeros, or very many of them, behind it; without that folder; with a file that is there twice (libarchive
 * composes accents), an entry that is neither file nor folder (a link, a device) or lies outside ("/", "..");
 * or more than `most` bytes in all. PD_ERR_IO: also when FOLDER/NAME is there already, or another process
 * unpacks the archive. PD_ERR_INTERRUPTED, PD_ERR_MEMORY. */
enum pd_status pd_unpack(const char *archive, const char *folder, const char *name, int64_t most,
                         const struct pd_watch *watch, struct pd_error *err);

/* The same for all that the archive holds, which becomes the folder `to`. */
enum pd_status pd_unpack_all(const char *archive, const char *to, int64_t most, const struct pd_watch *watch,
                             struct pd_error *err);

#endif
