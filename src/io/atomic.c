/* Files that appear under their name whole or not at all. */
#include "base/words.h"
#include "io/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 if fd is still the file called name; EBUSY: another writer renamed it before we had the lock; or why that
 * cannot be told. */
static int compare_file(int fd, const char *name)
{
    struct stat open_file, named_file;
    if (fstat(fd, &open_file) || lstat(name, &named_file))
        return errno == ENOENT ? EBUSY : errno;
    const bool same = open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
    return same ? 0 : EBUSY;
}

/* A killed process's: a regular file with one name that nobody has locked. Goes, unless it is in use (EBUSY);
 * 0, or why it has not gone. */
static int remove_leftover(const char *temp)
{
    struct stat st;
    const int fd = open(temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == EIO ? EIO : EBUSY;
    int code = fstat(fd, &st) ? errno : S_ISREG(st.st_mode) && st.st_nlink == 1 ? 0 : EBUSY;
    /* A file system without locks (ENOLCK) is no reason to keep it. */
    if (!code && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        code = EBUSY;
    if (!code)
        code = compare_file(fd, temp);
    if (!code && unlink(temp))
        code = errno;
    close(fd);
    return code;
}

static enum pd_status fail_create(const struct pd_atomic_file *f, int code, struct pd_error *err)
{
    return code == EBUSY ? pd_fail(err, PD_ERR_IO, -1, "%s: cannot create: another process writes '%s'",
                                   f->path, f->temp)
                         : pd_fail_io(err, f->path, "create", code);
}

/* mode: until it has its name. */
static enum pd_status open_temp(struct pd_atomic_file *f, mode_t mode, struct pd_error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(f->temp, flags, mode);
    if (fd < 0 && errno == EEXIST) {
        const int code = remove_leftover(f->temp);
        if (code)
            return fail_create(f, code, err);
        fd = open(f->temp, flags, mode);
    }
    if (fd < 0)
        return pd_fail_io(err, f->path, "create", errno);
    /* Another writer may have taken it for a leftover before it was locked. */
    const bool busy = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
    const int code = busy ? EBUSY : compare_file(fd, f->temp);
    if (!code) {
        f->fd = fd;
        return PD_OK;
    }
    close(fd);
    return fail_create(f, code, err);
}

static enum pd_status open_device(struct pd_atomic_file *f, struct pd_error *err)
{
    f->fd =
        open(f->path, O_WRONLY | O_APPEND | O_CLOEXEC); /* behind what a redirected stdout holds already */
    return f->fd < 0 ? pd_fail_io(err, f->path, "open", errno) : PD_OK;
}

/* ".NAME.paydirt.tmp" beside PATH: no one else's file has such a name. */
static char *temp_name(const char *path)
{
    static const char ending[] = ".paydirt.tmp";
    struct pd_buffer name = PD_BUFFER_INIT;
    const char *file = pd_path_name(path);
    pd_buffer_printf(&name, "%.*s.%.*s%s", (int)(file - path), path, (int)(NAME_MAX - sizeof ending), file,
                     ending);
    if (name.oom)
        pd_buffer_release(&name);
    return name.data;
}

/* Not only devices and pipes: /dev/stdout may lead to an ordinary file, and must not be replaced by one. */
static bool is_device(const char *path, const struct stat *st)
{
    return !S_ISREG(st->st_mode) || pd_is_device_path(path);
}

enum { MOST_LINKS = 40 };

/* Where a link leads, also to a file that is not there yet; a copy, to be freed. NULL: no memory. */
static char *follow(const char *path)
{
    char *at = pd_strdup(path);
    for (int i = 0; at && i < MOST_LINKS; i++) { /* a circle of them is replaced */
        char target[PATH_MAX];
        const ssize_t n = readlink(at, target, sizeof target - 1);
        if (n < 0)
            return at;
        struct pd_buffer next = PD_BUFFER_INIT;
        const char *slash = strrchr(at, '/');
        target[n] = '\0';
        const int folder = target[0] == '/' || !slash ? 0 : (int)(slash + 1 - at);
        pd_buffer_printf(&next, "%.*s%s", folder, at, target);
        pd_free(at);
        at = next.oom ? NULL : next.data;
    }
    return at;
}

enum pd_status pd_atomic_file_begin(struct pd_atomic_file *f, const char *path, struct pd_error *err)
{
    struct stat st;
    const bool there = stat(path, &st) == 0, device = there && is_device(path, &st);
    *f = (struct pd_atomic_file){.fd = -1};
    if (there && S_ISDIR(st.st_mode))
        return pd_fail_io(err, path, "write", EISDIR);
    if (strcmp(path, "-") == 0)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "'-' would be a file of that name: expected another, or /dev/stdout");
    f->path = pd_strdup(path);
    f->target = device ? NULL : follow(path);
    f->temp = f->target ? temp_name(f->target) : NULL;
    enum pd_status status;
    if (!f->path || (!device && !f->temp))
        status = pd_fail_memory(err, path);
    else
        status = device ? open_device(f, err) : open_temp(f, there ? 0600 : 0666, err);
    if (status != PD_OK)
        pd_atomic_file_abort(f);
    return status;
}

enum pd_status pd_atomic_file_append(struct pd_atomic_file *f, const void *bytes, size_t size,
                                     struct pd_error *err)
{
    return pd_fd_write(f->fd, f->path, bytes, size, err);
}

enum pd_status pd_atomic_file_restart(struct pd_atomic_file *f, struct pd_error *err)
{
    const bool ok = !ftruncate(f->fd, 0) && !lseek(f->fd, 0, SEEK_SET);
    return ok ? PD_OK : pd_fail_io(err, f->path, "write", errno);
}

/* Whoever could not read the file before shall not read the new one; where that cannot be had, its owner
 * alone reads it. */
static void keep_owner_and_mode(int fd, const char *target)
{
    struct stat old;
    if (stat(target, &old))
        return;
    const bool same_group = !fchown(fd, old.st_uid, old.st_gid) || !fchown(fd, (uid_t)-1, old.st_gid);
    (void)fchmod(fd, old.st_mode & (same_group ? 0777 : 0707));
}

enum pd_status pd_atomic_file_commit(struct pd_atomic_file *f, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (f->temp)
        keep_owner_and_mode(f->fd, f->target);
    if (f->temp && fsync(f->fd))
        status = pd_fail_io(err, f->path, "write", errno);
    /* Renamed while the lock is held: no other writer can take the name in between. */
    if (status == PD_OK && f->temp && rename(f->temp, f->target))
        status = pd_fail_io(err, f->path, "rename to", errno);
    if (status == PD_OK && f->temp) {
        pd_free(f->temp);
        f->temp = NULL;
        status = pd_sync_folder_of(f->target, err);
    }
    pd_atomic_file_abort(f);
    return status;
}

void pd_atomic_file_abort(struct pd_atomic_file *f)
{
    bool begun = f->path && f->fd >= 0; /* a zeroed struct has descriptor 0, which is not ours */
    if (begun && f->temp)
        unlink(f->temp);
    if (begun)
        close(f->fd);
    pd_free(f->temp);
    pd_free(f->target);
    pd_free(f->path);
    *f = (struct pd_atomic_file){.fd = -1};
}

enum pd_status pd_file_write_atomic(const char *path, const void *bytes, size_t size, struct pd_error *err)
{
    struct pd_atomic_file f;
    enum pd_status status = pd_atomic_file_begin(&f, path, err);
    if (status == PD_OK)
        status = pd_atomic_file_append(&f, bytes, size, err);
    if (status == PD_OK)
        status = pd_atomic_file_commit(&f, err);
    pd_atomic_file_abort(&f);
    return status;
}
