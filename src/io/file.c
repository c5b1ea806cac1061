#include "io/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { READ_CHUNK = 1 << 16, WRITE_CHUNK = 1 << 30, TEXT_MOST = 1 << 30 };

enum pd_status pd_fail_io(struct pd_error *err, const char *path, const char *verb, int code)
{
    const enum pd_status status = code == ENOMEM ? PD_ERR_MEMORY : PD_ERR_IO;
    pd_fail(err, status, -1, "%s: cannot %s: %s", path, verb, strerror(code));
    if (err)
        err->code = code;
    return status;
}

bool pd_is_missing(const struct pd_error *err)
{
    static const int codes[] = {0, ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, EISDIR};
    for (size_t i = 0; err->status == PD_ERR_IO && i < sizeof codes / sizeof codes[0]; i++)
        if (err->code == codes[i])
            return true;
    return false;
}

bool pd_may_pass(int *tries)
{
    const struct timespec nap = {.tv_nsec = 50L * 1000 * 1000};
    if (errno == EINTR)
        return true;
    if ((errno != EIO && errno != EAGAIN && errno != ESTALE) || (*tries)++ == 4)
        return false;
    nanosleep(&nap, NULL);
    return true;
}

enum pd_status(pd_fail_memory)(struct pd_error *err, const char *path)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", path);
}

/* More than this no buffer can hold: better said before the system kills us for trying. */
static size_t memory_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
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

enum pd_status pd_fd_read(int fd, const char *path, size_t most, struct pd_buffer *out, struct pd_error *err)
{
    char chunk[READ_CHUNK];
    most = most < memory_bytes() ? most : memory_bytes();
    reserve_hint(fd, most, out);
    for (int tries = 0; !out->oom;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && pd_may_pass(&tries))
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

/* What a person may name although it is no regular file: standard input, a process substitution. */
bool pd_is_device_path(const char *path)
{
    return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6);
}

static enum pd_status fail_kind(const char *path, mode_t mode, struct pd_error *err)
{
    const char *kind = S_ISLNK(mode)    ? "a symbolic link"
                       : S_ISFIFO(mode) ? "a pipe"
                       : S_ISSOCK(mode) ? "a socket"
                                        : "a device";
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: %s, expected a regular file", path, kind);
}

enum pd_status pd_file_check_lasting(const char *path, struct pd_error *err)
{
    struct stat st;
    if (stat(path, &st))
        return pd_fail_io(err, path, "open", errno);
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return PD_OK;
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: can be read only once, as a pipe: write it into a file first",
                   path);
}

/* Never waits for a pipe's other end. */
static enum pd_status open_regular(const char *path, int flags, int *fd, struct pd_error *err)
{
    struct stat st;
    const bool device = pd_is_device_path(path);
    int tries = 0;
    do
        *fd = open(path, flags | O_CLOEXEC | O_NOCTTY | (device ? 0 : O_NONBLOCK), 0666);
    while (*fd < 0 && pd_may_pass(&tries));
    if (*fd < 0 && (errno == ELOOP || errno == ENXIO) && !lstat(path, &st)) /* O_NOFOLLOW; sockets */
        return fail_kind(path, st.st_mode, err);
    if (*fd < 0)
        return pd_fail_io(err, path, "open", errno);
    const int code = fstat(*fd, &st) ? errno : 0;
    if (!code && (S_ISREG(st.st_mode) || (device && !S_ISDIR(st.st_mode))))
        return PD_OK;
    close(*fd);
    *fd = -1;
    if (code)
        return pd_fail_io(err, path, "look at", code);
    return S_ISDIR(st.st_mode) ? pd_fail_io(err, path, "read", EISDIR) : fail_kind(path, st.st_mode, err);
}

enum pd_status pd_fd_open(const char *path, int *fd, struct pd_error *err)
{
    return open_regular(path, O_RDONLY, fd, err);
}

enum pd_status pd_fd_open_log(const char *path, int *fd, struct pd_error *err)
{
    return open_regular(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, fd, err);
}

enum pd_status pd_file_read_most(const char *path, size_t most, struct pd_buffer *out, struct pd_error *err)
{
    int fd;
    enum pd_status status = pd_fd_open(path, &fd, err);
    if (status)
        return status;
    status = pd_fd_read(fd, path, most, out, err);
    close(fd);
    return status;
}

enum pd_status pd_file_read(const char *path, struct pd_buffer *out, struct pd_error *err)
{
    return pd_file_read_most(path, TEXT_MOST, out, err);
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
        return pd_sync_folder_of(path, err);
    int code = errno; /* EEXIST, but also EROFS or EACCES for a parent that is there */
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? PD_OK : pd_fail_io(err, path, "make folder", ENOTDIR);
    const bool broken_link = code == EEXIST && errno == ENOENT;
    return pd_fail_io(err, path, "make folder", code == EEXIST && !broken_link ? errno : code);
}

/* 0, or an errno value, which stays in errno. */
static int look(const char *path, struct stat *st)
{
    for (int tries = 0; stat(path, st);)
        if (!pd_may_pass(&tries))
            return errno;
    return 0;
}

static bool means_absent(int code)
{
    return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

bool pd_is_absent(const char *path)
{
    struct stat st;
    return means_absent(look(path, &st));
}

bool pd_is_file(const char *path)
{
    struct stat st;
    const int code = look(path, &st);
    return code ? !means_absent(code) : S_ISREG(st.st_mode);
}

bool pd_is_folder(const char *path)
{
    struct stat st;
    return !look(path, &st) && S_ISDIR(st.st_mode);
}

bool pd_file_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

enum pd_status pd_file_look(const char *path, struct stat *st, struct pd_error *err)
{
    const int code = look(path, st);
    return code ? pd_fail_io(err, path, "look at", code) : PD_OK;
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

enum pd_status pd_path_inside(char *out, size_t size, const char *dir, const char *name, struct pd_error *err)
{
    struct stat st;
    enum pd_status status = pd_path_join(out, size, dir, name, err);
    return status || lstat(out, &st) || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)
               ? status
               : fail_kind(out, st.st_mode, err);
}

/* A rename is durable only once the folder that holds the name is. */
enum pd_status pd_sync_folder_of(const char *path, struct pd_error *err)
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

enum pd_status pd_file_remove(const char *path, struct pd_error *err)
{
    if (unlink(path))
        return errno == ENOENT ? PD_OK : pd_fail_io(err, path, "remove", errno);
    return pd_sync_folder_of(path, err);
}

enum pd_status pd_file_rename(const char *from, const char *to, struct pd_error *err)
{
    return rename(from, to) ? pd_fail_io(err, to, "rename to", errno) : pd_sync_folder_of(to, err);
}
