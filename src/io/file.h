/* Whole files in, whole files out. A written file appears under its name complete or not at all: the bytes go
 * to ".NAME.paydirt.tmp" in the same folder, are synced, renamed, and the folder is synced. What a killed
 * process left there goes with the next write. A file that is replaced keeps its mode and, where the system
 * lets us, its owner; a symbolic link is followed: what it leads to is replaced. Where PATH is a device or a
 * pipe (/dev/stdout) the bytes go straight to it.
 *
 * Reading and logs are for regular files: a pipe or a device in a folder that came from elsewhere would keep
 * us waiting, or never end. What a person names below /dev or /proc (standard input, a process substitution)
 * is read all the same.
 *
 * Every failure here is PD_ERR_IO with "PATH: cannot VERB: reason", or PD_ERR_MEMORY. */
#ifndef PD_IO_FILE_H
#define PD_IO_FILE_H

#include "base/buffer.h"

#include <paydirt/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* "path: cannot <verb>: <words for code>", PD_ERR_IO. code: an errno value. */
enum pd_status pd_fail_io(struct pd_error *err, const char *path, const char *verb, int code);
/* Whether a failure is that there is no such file, or that it is not ours to read; others blame the disc. */
bool pd_is_missing(const struct pd_error *err);
enum pd_status pd_fail_memory(struct pd_error *err, const char *path);
#ifdef __clang_analyzer__ /* as pd_fail */
#define pd_fail_memory(err, path)                                                                            \
    __extension__({                                                                                          \
        (void)pd_fail_memory(err, path);                                                                     \
        PD_ERR_MEMORY;                                                                                       \
    })
#endif

/* Whether to try once more after a failed call (errno): an interruption always, what networks and discs call
 * so for a fifth of a second. *tries: 0 at first. */
bool pd_may_pass(int *tries);

/* *fd: open for reading; or for reading and appending, made where it is missing, no link followed.
 * PD_ERR_FORMAT: "PATH: a pipe, expected a regular file". */
enum pd_status pd_fd_open(const char *path, int *fd, struct pd_error *err);
enum pd_status pd_fd_open_log(const char *path, int *fd, struct pd_error *err);

/* For what is read more than once. PD_ERR_FORMAT: it can be read once alone, as a pipe or standard input;
 * PD_ERR_IO. */
enum pd_status pd_file_check_lasting(const char *path, struct pd_error *err);

/* Appends what is left of an open file to out; PD_ERR_FORMAT when that makes out larger than `most` bytes. */
enum pd_status pd_fd_read(int fd, const char *path, size_t most, struct pd_buffer *out, struct pd_error *err);

/* Appends the whole file to out; the caller releases out, also after a failure. PD_ERR_FORMAT where it is
 * larger than 1 GB. */
enum pd_status pd_file_read(const char *path, struct pd_buffer *out, struct pd_error *err);

/* The same for a file of at most `most` bytes; PD_ERR_FORMAT where it has more, or more than this machine has
 * memory. */
enum pd_status pd_file_read_most(const char *path, size_t most, struct pd_buffer *out, struct pd_error *err);

enum pd_status pd_file_write_atomic(const char *path, const void *bytes, size_t size, struct pd_error *err);

/* Writes size bytes to an open descriptor, over short writes and interruptions. path: for the message. */
enum pd_status pd_fd_write(int fd, const char *path, const void *bytes, size_t size, struct pd_error *err);

/* The same at the end of a growing file, whole or not at all: a failed append leaves the length as it was. */
enum pd_status pd_fd_append(int fd, const char *path, const void *bytes, size_t size, struct pd_error *err);

/* Whether there is nothing of that name; a regular file, or a link to one. Where that cannot be told it
 * counts as there: opening it will say why. */
bool pd_is_absent(const char *path);
bool pd_is_file(const char *path);
bool pd_is_folder(const char *path); /* there, or a link to one */

/* stat(2), tried again where that may help. */
enum pd_status pd_file_look(const char *path, struct stat *st, struct pd_error *err);

/* Whether two looks were at one file that nobody has written to in between. */
bool pd_file_is_same(const struct stat *a, const struct stat *b);

/* Makes the folder and its missing parents. A folder that is there already is fine. */
enum pd_status pd_make_dirs(const char *path, struct pd_error *err);

/* A file is gone, lastingly; one that is not there is fine. */
enum pd_status pd_file_remove(const char *path, struct pd_error *err);

/* A file or folder under another name of the same file system, lastingly. Whatever file had that name is
 * gone.
 */
enum pd_status pd_file_rename(const char *from, const char *to, struct pd_error *err);

/* out = dir/name, or name alone where dir is "" or name is absolute. PD_ERR_USAGE when it does not fit. */
enum pd_status pd_path_join(char *out, size_t size, const char *dir, const char *name, struct pd_error *err);

/* The same for a file in a folder that may come from strangers, whose links and pipes are not for us to write
 * through: PD_ERR_FORMAT where the name is taken by anything but a regular file or a folder. */
enum pd_status pd_path_inside(char *out, size_t size, const char *dir, const char *name,
                              struct pd_error *err);

bool pd_is_device_path(const char *path); /* below /dev or /proc */

/* Syncs the folder that holds path: a name in it lasts only then. */
enum pd_status pd_sync_folder_of(const char *path, struct pd_error *err);

/* The same atomic write in pieces, for content that should not be copied first.
 *
 *     pd_atomic_file_begin, pd_atomic_file_append ..., pd_atomic_file_commit, pd_atomic_file_abort
 *
 * abort gives everything back and removes the temporary file; after a commit, or on a zeroed struct, it does
 * nothing, so that it can stand at `cleanup`. Two writers of one path: the second is refused. */
struct pd_atomic_file {
    char *path, *target, *temp; /* owned; the last two are NULL when writing straight to a device */
    int fd;
};

enum pd_status pd_atomic_file_begin(struct pd_atomic_file *f, const char *path, struct pd_error *err);
enum pd_status pd_atomic_file_append(struct pd_atomic_file *f, const void *bytes, size_t size,
                                     struct pd_error *err);
enum pd_status pd_atomic_file_restart(struct pd_atomic_file *f, struct pd_error *err); /* empty again */
enum pd_status pd_atomic_file_commit(struct pd_atomic_file *f, struct pd_error *err);
void pd_atomic_file_abort(struct pd_atomic_file *f);

#endif
