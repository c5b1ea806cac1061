/* Folders that appear under their name whole or not at all. */
#ifndef PD_IO_ASIDE_H
#define PD_IO_ASIDE_H

#include <paydirt/error.h>

/* Removes a folder of ours with all that is in it; none is fine. path is read only. PD_ERR_IO, PD_ERR_MEMORY.
 */
enum pd_status pd_folder_remove(char *path, struct pd_error *err);

/* Everything that was written on that file system is on the disk, then the folder gets its name. PD_ERR_IO */
enum pd_status pd_folder_keep(const char *from, const char *to, struct pd_error *err);

/* A folder that another program is to find: begin, write into `temp`, commit; abort takes away what was not
 * committed, and does nothing after a commit or on a zeroed struct. */
struct pd_aside {
    char *path, *temp; /* owned */
    int fd;            /* locks temp */
};

/* PD_ERR_IO: it is there already and not empty, it cannot be made, or another process writes it. What a
 * killed process left goes. */
enum pd_status pd_aside_check(const char *path, struct pd_error *err); /* the first of these alone */
enum pd_status pd_aside_begin(struct pd_aside *a, const char *path, struct pd_error *err);
enum pd_status pd_aside_commit(struct pd_aside *a, struct pd_error *err);
void pd_aside_abort(struct pd_aside *a);

#endif
