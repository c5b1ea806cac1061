#include "io/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_CHUNK = 1 << 16, WRITE_CHUNK = 1 << 30 };

enum pd_status pd_fail_io(struct pd_error *err, const char *path, const char *verb, int code)
{
    return pd_fail(err, PD_ERR_IO, -1, "%s: cannot %s: %s", path, verb, strerror(code));
}

enum pd_status pd_fail_memory(struct pd_error *err, const char *path)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", path);
}

/* One allocation for the whole file instead of doubling; a wrong guess costs nothing but that. */
static void reserve_hint(int fd, size_t most, struct pd_buffer *out)
{
    struct stat st;
    if (out->data || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 || (size_t)st.st_size > most)
        return;
    out->data = pd_malloc((size_t)st.st_size + 1);
    out->capacity = out->data ? (size_t)st.st_size + 1 : 0;
    out->oom = !out->data;
}

static enum pd_status read_all(int fd, const char *path, size_t most, struct pd_buffer *out,
                               struct pd_error *err)
{
    char chunk[READ_CHUNK];
    reserve_hint(fd, most, out);
    while (!out->oom) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return pd_fail_io(err, path, "read", errno);
        pd_buffer_append(out, chunk, (size_t)n); /* also for 0 bytes: leaves the NUL of an empty file */
        if (out->size > most)
            return pd_fail(err, PD_ERR_FORMAT, (int64_t)most, "%s: larger than %zu bytes", path, most);
        if (n == 0)
            break;
    }
    return out->oom ? pd_fail_memory(err, path) : PD_OK;
}

enum pd_status pd_file_read_most(const char *path, size_t most, struct pd_buffer *out, struct pd_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pd_fail_io(err, path, "open", errno);
    enum pd_status status = read_all(fd, path, most, out, err);
    close(fd);
    return status;
}

enum pd_status pd_file_read(const char *path, struct pd_buffer *out, struct pd_error *err)
{
    return pd_file_read_most(path, SIZE_MAX, out, err);
}

enum pd_status pd_fd_write(int fd, const char *path, const void *bytes, size_t size, struct pd_error *err)
{
    const char *at = bytes;
    while (size) {
        ssize_t n = write(fd, at, size < WRITE_CHUNK ? size : WRITE_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return pd_fail_io(err, path, "write", errno);
        at += n;
        size -= (size_t)n;
    }
    return PD_OK;
}

enum pd_status pd_fd_append(int fd, const char *path, const void *bytes, size_t size, struct pd_error *err)
{
    off_t before = lseek(fd, 0, SEEK_END);
    enum pd_status status = pd_fd_write(fd, path, bytes, size, err);
    if (status != PD_OK && before >= 0 && ftruncate(fd, before))
        return status; /* whoever opens the file next cuts the half record off */
    return status;
}

static enum pd_status make_dir(const char *path, struct pd_error *err)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return PD_OK;
    int code = errno; /* EEXIST, but also EROFS or EACCES for a parent that is there */
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? PD_OK : pd_fail_io(err, path, "make folder", ENOTDIR);
    return pd_fail_io(err, path, "make folder", code);
}

bool pd_is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

enum pd_status pd_make_dirs(const char *path, struct pd_error *err)
{
    char *part = pd_strdup(path);
    if (!part)
        return pd_fail_memory(err, path);
    enum pd_status status = PD_OK;
    for (char *at = part; status == PD_OK && *at; at++) {
        if (*at != '/' || at == part)
            continue;
        *at = '\0';
        status = make_dir(part, err);
        *at = '/';
    }
    if (status == PD_OK)
        status = make_dir(part, err);
    pd_free(part);
    return status;
}

enum pd_status pd_path_join(char *out, size_t size, const char *dir, const char *name, struct pd_error *err)
{
    size_t n = strlen(dir);
    bool alone = n == 0 || name[0] == '/';
    const char *slash = alone || dir[n - 1] == '/' ? "" : "/";
    int need = snprintf(out, size, "%s%s%s", alone ? "" : dir, slash, name);
    if (need < 0 || (size_t)need >= size)
        return pd_fail(err, PD_ERR_USAGE, -1, "%.200s: path is longer than %zu bytes", name, size - 1);
    return PD_OK;
}

/* A rename is durable only once the folder that holds the name is. */
static enum pd_status sync_folder(const char *path, struct pd_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    char *folder = pd_strdup(path);
    if (!folder)
        return pd_fail_memory(err, path);
    folder[n] = '\0';
    const char *name = n ? folder : slash ? "/" : ".";
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum pd_status status = PD_OK;
    /* Some file systems cannot sync a folder (EINVAL), some folders cannot be read: the file is there all the
     * same. */
    if (fd >= 0 && fsync(fd) && errno != EINVAL)
        status = pd_fail_io(err, name, "sync", errno);
    if (fd >= 0)
        close(fd);
    pd_free(folder);
    return status;
}

enum pd_status pd_file_rename(const char *from, const char *to, struct pd_error *err)
{
    return rename(from, to) ? pd_fail_io(err, to, "rename to", errno) : sync_folder(to, err);
}

/* True if fd is still the file called name: not one that another writer renamed before we had the lock. */
static bool same_file(int fd, const char *name)
{
    struct stat open_file, named_file;
    return fstat(fd, &open_file) == 0 && stat(name, &named_file) == 0 &&
           open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
}

static enum pd_status open_temp(struct pd_atomic_file *f, struct pd_error *err)
{
    int fd = open(f->temp, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return pd_fail_io(err, f->path, "create", errno);
    /* A file system without locks (ENOLCK) is no reason to refuse. */
    bool busy = (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) || !same_file(fd, f->temp);
    if (busy || ftruncate(fd, 0)) {
        int code = busy ? EBUSY : errno;
        close(fd);
        return pd_fail_io(err, f->path, "create", code);
    }
    f->fd = fd;
    return PD_OK;
}

static enum pd_status open_device(struct pd_atomic_file *f, struct pd_error *err)
{
    f->fd =
        open(f->path, O_WRONLY | O_APPEND | O_CLOEXEC); /* behind what a redirected stdout holds already */
    return f->fd < 0 ? pd_fail_io(err, f->path, "open", errno) : PD_OK;
}

static char *temp_name(const char *path)
{
    struct pd_buffer name = PD_BUFFER_INIT;
    pd_buffer_printf(&name, "%s.tmp", path);
    if (name.oom)
        pd_buffer_release(&name);
    return name.data;
}

/* Not only devices and pipes: /dev/stdout may lead to an ordinary file, and must not be replaced by one. */
static bool is_device(const char *path, const struct stat *st)
{
    return !S_ISREG(st->st_mode) || strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
}

enum pd_status pd_atomic_file_begin(struct pd_atomic_file *f, const char *path, struct pd_error *err)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    *f = (struct pd_atomic_file){.fd = -1};
    if (there && S_ISDIR(st.st_mode))
        return pd_fail_io(err, path, "write", EISDIR);
    bool device = there && is_device(path, &st);
    f->path = pd_strdup(path);
    f->temp = device ? NULL : temp_name(path);
    enum pd_status status;
    if (!f->path || (!device && !f->temp))
        status = pd_fail_memory(err, path);
    else
        status = device ? open_device(f, err) : open_temp(f, err);
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

enum pd_status pd_atomic_file_commit(struct pd_atomic_file *f, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (f->temp && fsync(f->fd))
        status = pd_fail_io(err, f->path, "write", errno);
    /* Renamed while the lock is held: no other writer can take the name in between. */
    if (status == PD_OK && f->temp && rename(f->temp, f->path))
        status = pd_fail_io(err, f->path, "rename to", errno);
    if (status == PD_OK && f->temp) {
        pd_free(f->temp);
        f->temp = NULL;
        status = sync_folder(f->path, err);
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
