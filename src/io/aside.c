#include "io/aside.h"

#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum pd_status pd_folder_remove(char *path, struct pd_error *err)
{
    char *const roots[] = {path, NULL};
    int code = 0;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        return pd_fail_memory(err, path);
    for (FTSENT *e; (errno = 0, e = fts_read(walk));)
        if (e->fts_info != FTS_D && e->fts_errno != ENOENT && remove(e->fts_accpath))
            code = e->fts_errno ? e->fts_errno : errno;
    code = errno ? errno : code; /* not the end */
    fts_close(walk);
    return code ? pd_fail_io(err, path, "remove", code) : PD_OK;
}

enum pd_status pd_folder_keep(const char *from, const char *to, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd))
        status = pd_fail_io(err, from, "sync", errno);
    if (fd >= 0)
        close(fd);
    return status ? status : pd_file_rename(from, to, err);
}

/* --- aside --- */

/* 0: there is none, or it is empty. */
static int look_into(const char *path)
{
    int entries = 0;
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? 0 : errno;
    while (entries <= 2 && readdir(dir))
        entries++;
    closedir(dir);
    return entries > 2 ? ENOTEMPTY : 0; /* . and .. */
}

/* A copy without slashes at its end, to be freed. */
static char *trim(const char *path)
{
    char *copy = pd_strdup(path);
    for (size_t n = copy ? strlen(copy) : 0; n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    return copy;
}

static bool ends_in_dots(const char *path)
{
    const char *name = pd_path_name(path);
    return !strcmp(name, "") || !strcmp(name, ".") || !strcmp(name, "..");
}

static enum pd_status check(const char *path, struct pd_error *err)
{
    const int code = look_into(path);
    struct stat st;
    if (ends_in_dots(path) || (!lstat(path, &st) && S_ISLNK(st.st_mode)))
        return pd_fail(err, PD_ERR_IO, -1, "%s: expected the name of a new folder", path);
    if (code == ENOTEMPTY)
        return pd_fail(err, PD_ERR_IO, -1,
                       "%s: there is something in it already: expected a new or an empty folder", path);
    return code ? pd_fail_io(err, path, "write", code) : PD_OK;
}

enum pd_status pd_aside_check(const char *path, struct pd_error *err)
{
    char *trimmed = trim(path);
    const enum pd_status status = trimmed ? check(trimmed, err) : pd_fail_memory(err, path);
    pd_free(trimmed);
    return status;
}

static void unlock(struct pd_aside *a)
{
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

/* Locked, so that nobody takes it for a leftover. */
static enum pd_status lock(struct pd_aside *a, struct pd_error *err)
{
    a->fd = open(a->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (a->fd < 0)
        return pd_fail_io(err, a->temp, "open", errno);
    if (!flock(a->fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
        return PD_OK;
    unlock(a);
    return pd_fail(err, PD_ERR_IO, -1, "%s: another process writes '%s'", a->path, a->temp);
}

static enum pd_status make(struct pd_aside *a, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (mkdir(a->temp, 0777) && errno != EEXIST)
        return pd_fail_io(err, a->path, "make folder", errno);
    status = lock(a, err);
    if (!status && look_into(a->temp)) {
        status = pd_folder_remove(a->temp, err); /* of a killed process */
        unlock(a);
        if (!status && mkdir(a->temp, 0777))
            status = pd_fail_io(err, a->path, "make folder", errno);
        if (!status)
            status = lock(a, err);
    }
    return status;
}

enum pd_status pd_aside_begin(struct pd_aside *a, const char *path, struct pd_error *err)
{
    struct pd_buffer temp = PD_BUFFER_INIT;
    *a = (struct pd_aside){.path = trim(path), .fd = -1};
    if (a->path)
        pd_buffer_printf(&temp, "%s.paydirt.tmp", a->path);
    a->temp = temp.data;
    enum pd_status status = a->temp && !temp.oom ? check(a->path, err) : pd_fail_memory(err, path);
    if (!status)
        status = make(a, err);
    if (status && a->fd < 0) { /* it is not ours */
        pd_free(a->temp);
        a->temp = NULL;
    }
    if (status)
        pd_aside_abort(a);
    return status;
}

enum pd_status pd_aside_commit(struct pd_aside *a, struct pd_error *err)
{
    const enum pd_status status = pd_folder_keep(a->temp, a->path, err);
    if (!status) {
        pd_free(a->temp);
        a->temp = NULL;
    }
    pd_aside_abort(a);
    return status;
}

void pd_aside_abort(struct pd_aside *a)
{
    if (a->temp)
        pd_folder_remove(a->temp, NULL);
    if (a->path)
        unlock(a);
    pd_free(a->temp);
    pd_free(a->path);
    *a = (struct pd_aside){.fd = -1};
}
