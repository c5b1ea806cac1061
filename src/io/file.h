/* Whole files in, whole files out. A written file appears under its name complete or not at all: the bytes go
 * to "PATH.tmp" in the same folder, are synced, renamed, and the folder is synced. A left-over PATH.tmp of a
 * killed process is reused. Where PATH is a device or a pipe (/dev/stdout) the bytes go straight to it.
 *
 * Every failure here is PD_ERR_IO with "PATH: cannot VERB: reason", or PD_ERR_MEMORY. */
#ifndef PD_IO_FILE_H
#define PD_IO_FILE_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>

/* "path: cannot <verb>: <words for code>", PD_ERR_IO. code: an errno value. */
enum pd_status pd_fail_io(struct pd_error *err, const char *path, const char *verb, int code);
enum pd_status pd_fail_memory(struct pd_error *err, const char *path);

/* Appends the whole file to out; the caller releases out, also after a failure. */
enum pd_status pd_file_read(const char *path, struct pd_buffer *out, struct pd_error *err);

/* The same for a file of at most `most` bytes; PD_ERR_FORMAT when there are more. */
enum pd_status pd_file_read_most(const char *path, size_t most, struct pd_buffer *out, struct pd_error *err);

enum pd_status pd_file_write_atomic(const char *path, const void *bytes, size_t size, struct pd_error *err);

/* Writes size bytes to an open descriptor, over short writes and interruptions. path: for the message. */
enum pd_status pd_fd_write(int fd, const char *path, const void *bytes, size_t size, struct pd_error *err);

/* The same at the end of a growing file, whole or not at all: a failed append leaves the length as it was. */
enum pd_status pd_fd_append(int fd, const char *path, const void *bytes, size_t size, struct pd_error *err);

bool pd_is_folder(const char *path); /* there, or a link to one */

/* Makes the folder and its missing parents. A folder that is there already is fine. */
enum pd_status pd_make_dirs(const char *path, struct pd_error *err);

/* A file or folder under another name of the same file system, lastingly. Whatever file had that name is
 * gone.
 */
enum pd_status pd_file_rename(const char *from, const char *to, struct pd_error *err);

/* out = dir/name, or name alone where dir is "" or name is absolute. PD_ERR_USAGE when it does not fit. */
enum pd_status pd_path_join(char *out, size_t size, const char *dir, const char *name, struct pd_error *err);

/* The same atomic write in pieces, for content that should not be copied first.
 *
 *     pd_atomic_file_begin, pd_atomic_file_append ..., pd_atomic_file_commit, pd_atomic_file_abort
 *
 * abort gives everything back and removes the temporary file; after a commit, or on a zeroed struct, it does
 * nothing, so that it can stand at `cleanup`. Two writers of one path: the second is refused. */
struct pd_atomic_file {
    char *path, *temp; /* owned; temp is NULL when writing straight to a device */
    int fd;
};

enum pd_status pd_atomic_file_begin(struct pd_atomic_file *f, const char *path, struct pd_error *err);
enum pd_status pd_atomic_file_append(struct pd_atomic_file *f, const void *bytes, size_t size,
                                     struct pd_error *err);
enum pd_status pd_atomic_file_restart(struct pd_atomic_file *f, struct pd_error *err); /* empty again */
enum pd_status pd_atomic_file_commit(struct pd_atomic_file *f, struct pd_error *err);
void pd_atomic_file_abort(struct pd_atomic_file *f);

#endif
