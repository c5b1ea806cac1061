/* Preloaded into the program by torture.py: numbers its calls, lists them, and lets the n-th fail, kill or
 * stop short. From the environment:
 *
 *     FAULT_ROOT    only calls on files below this folder count (and those on relative paths)
 *     FAULT_CALLS   "alloc": allocations; "io": calls on files; "power": those, and keep in FAULT_SHADOW what
 * a power loss would leave: a file as it was at its last fsync, a folder's names at its folder's last fsync
 *     FAULT_PATH    part of a path, FAULT_OP an operation: only these calls count
 *     FAULT_LIST    file: a line for each call, "number operation stack library detail"
 *     FAULT_AT      the call that fails
 *     FAULT_HOW     "kill", "short" (half of a write, then ENOSPC), or an errno's number; with "+" before it
 *                   every call from then on of the same operation fails
 *     FAULT_REPORT  file: says which call it was, with its stack
 *
 * Counting begins with main() and ends with exit(). */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fts.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FRAMES = 24, MOST_FDS = 4096, PATH_SIZE = 4096 };

static bool active, allocs, ios, power, kill_it, stop_short, lasting;
static int failure;
static uint64_t fail_at;
static const char *root, *shadow, *report, *failing, *only_path, *only_op;
static size_t root_size;
static atomic_uint_fast64_t number;
static int list_fd = -1;
static bool ours[MOST_FDS];
static __thread int busy; /* our own calls do not count */

#define REAL(name)                                                                                           \
    static __typeof__(name) *real;                                                                           \
    if (!real)                                                                                               \
    *(void **)&real = next(#name)

static void *next(const char *name)
{
    busy++;
    void *f = dlsym(RTLD_NEXT, name);
    busy--;
    return f;
}

/* --- the n-th call --- */

/* The file that an address lies in; *base: where that begins. */
static const char *library(void *address, uintptr_t *base)
{
    struct dl_find_object found;
    *base = 0;
    if (_dl_find_object(address, &found))
        return "?";
    *base = (uintptr_t)found.dlfo_link_map->l_addr;
    const char *name = found.dlfo_link_map->l_name, *slash = strrchr(name, '/');
    return slash ? slash + 1 : *name ? name : "program";
}

/* Who called: the first frame outside of this file, the libc and the C++ runtime. */
static const char *caller(void *const *frames, int n)
{
    static const char *const passed[] = {"libtorture", "libc.so", "libstdc++", "libasan"};
    for (int i = 0; i < n; i++) {
        uintptr_t base;
        const char *name = library(frames[i], &base);
        bool pass = false;
        for (size_t k = 0; k < sizeof passed / sizeof passed[0]; k++)
            pass = pass || !strncmp(name, passed[k], strlen(passed[k]));
        if (!pass)
            return name;
    }
    return "?";
}

static uint64_t hash_stack(void *const *frames, int n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < n; i++) {
        uintptr_t base;
        library(frames[i], &base);
        h = (h ^ ((uintptr_t)frames[i] - base)) * 0x100000001b3u;
    }
    return h;
}

static void tell(int fd, uint64_t n, const char *op, const char *detail, bool whole)
{
    void *frames[FRAMES];
    char line[PATH_SIZE + 200];
    int count = backtrace(frames, FRAMES);
    int size = snprintf(line, sizeof line, "%llu %s %016llx %s %s\n", (unsigned long long)n, op,
                        (unsigned long long)hash_stack(frames, count), caller(frames, count), detail);
    if (write(fd, line, (size_t)size) == size && whole)
        backtrace_symbols_fd(frames, count, fd);
}

static void tell_report(uint64_t n, const char *op, const char *detail)
{
    int fd = report ? open(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    if (fd >= 0) {
        tell(fd, n, op, detail, true);
        close(fd);
    }
}

/* Counts a call; true: it is to fail, with errno set. */
static bool fails(const char *op, const char *detail)
{
    if (!active || busy || (only_op && strcmp(only_op, op) != 0))
        return false;
    busy++;
    const uint64_t n = atomic_fetch_add(&number, 1) + 1;
    const bool here = n == fail_at, again = lasting && failing && !strcmp(failing, op);
    if (list_fd >= 0)
        tell(list_fd, n, op, detail, false);
    if (here) {
        failing = op;
        tell_report(n, op, detail);
        if (kill_it)
            _exit(99);
    }
    busy--;
    if (here || again)
        errno = failure;
    return here || again;
}

/* --- allocations --- */

#define ALLOC(op) (allocs && fails(op, "-"))

void *malloc(size_t size)
{
    REAL(malloc);
    return ALLOC("malloc") ? NULL : real(size);
}

void *calloc(size_t n, size_t size)
{
    REAL(calloc);
    return ALLOC("calloc") ? NULL : real(n, size);
}

void *realloc(void *block, size_t size)
{
    REAL(realloc);
    return ALLOC("realloc") ? NULL : real(block, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    REAL(posix_memalign);
    return ALLOC("posix_memalign") ? ENOMEM : real(block, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    REAL(aligned_alloc);
    return ALLOC("aligned_alloc") ? NULL : real(alignment, size);
}

/* --- which files --- */

static bool below_root(const char *path)
{
    if (only_path && !strstr(path, only_path))
        return false;
    return root && (path[0] != '/' ||
                    (!strncmp(path, root, root_size) && (!path[root_size] || path[root_size] == '/')));
}

static bool is_ours(int fd)
{
    return fd >= 0 && fd < MOST_FDS && ours[fd];
}

static bool counts(int dir, const char *path)
{
    return ios && path && (dir == AT_FDCWD || path[0] == '/' ? below_root(path) : is_ours(dir));
}

static int mark(int fd, bool mine)
{
    if (fd >= 0 && fd < MOST_FDS)
        ours[fd] = mine;
    return fd;
}

/* --- what a power loss leaves ---
 *
 * SHADOW/live/INO is a link to each file that was ever seen, so that no inode number is used twice;
 * SHADOW/data/INO its bytes at the last fsync; SHADOW/names/INO a folder's "INO kind name\0"... */

static void shadow_path(char *to, const char *kind, uint64_t inode)
{
    snprintf(to, PATH_SIZE, "%s/%s/%llu", shadow, kind, (unsigned long long)inode);
}

static void keep_alive(int fd)
{
    char from[64], to[PATH_SIZE];
    struct stat st;
    if (!power || fstat(fd, &st) || !S_ISREG(st.st_mode))
        return;
    busy++;
    int code = errno;
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    shadow_path(to, "live", st.st_ino);
    linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW);
    errno = code;
    busy--;
}

static void keep_bytes(int fd, const struct stat *st)
{
    char from[64], to[PATH_SIZE], bytes[1 << 16];
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    shadow_path(to, "data", st->st_ino);
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    for (ssize_t n; in >= 0 && out >= 0 && (n = read(in, bytes, sizeof bytes)) > 0;)
        if (write(out, bytes, (size_t)n) != n)
            abort();
    close(in);
    close(out);
}

static void keep_names(int fd, const struct stat *st)
{
    char path[64], to[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    shadow_path(to, "names", st->st_ino);
    DIR *dir = opendir(path);
    FILE *out = fopen(to, "we");
    for (struct dirent *e; dir && out && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            fprintf(out, "%llu %d %s%c", (unsigned long long)e->d_ino, e->d_type, e->d_name, 0);
    if (dir)
        closedir(dir);
    if (out)
        fclose(out);
}

static void synced(int fd)
{
    struct stat st;
    busy++;
    if (power && !fstat(fd, &st)) {
        if (S_ISDIR(st.st_mode))
            keep_names(fd, &st);
        else if (S_ISREG(st.st_mode))
            keep_bytes(fd, &st);
    }
    busy--;
}

/* --- calls on files --- */

#define FAILS_AT(dir, path, op) (counts(dir, path) && fails(op, path))
#define FAILS_ON(fd, op)        (ios && is_ours(fd) && fails(op, "-"))

static int opened(int fd, int dir, const char *path, int flags)
{
    mark(fd, counts(dir, path));
    if (fd >= 0 && is_ours(fd) && (flags & O_CREAT))
        keep_alive(fd);
    return fd;
}

#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, flags);                                                                               \
        mode_t mode = va_arg(args, mode_t);                                                                  \
        va_end(args);                                                                                        \
        REAL(name);                                                                                          \
        if (FAILS_AT(AT_FDCWD, path, flags & O_CREAT ? "create" : "open"))                                   \
            return -1;                                                                                       \
        return busy ? real(path, flags, mode) : opened(real(path, flags, mode), AT_FDCWD, path, flags);      \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                         \
    int name(int dir, const char *path, int flags, ...)                                                      \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, flags);                                                                               \
        mode_t mode = va_arg(args, mode_t);                                                                  \
        va_end(args);                                                                                        \
        REAL(name);                                                                                          \
        if (FAILS_AT(dir, path, flags & O_CREAT ? "create" : "open"))                                        \
            return -1;                                                                                       \
        return busy ? real(dir, path, flags, mode) : opened(real(dir, path, flags, mode), dir, path, flags); \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                          \
    FILE *name(const char *path, const char *mode)                                                           \
    {                                                                                                        \
        REAL(name);                                                                                          \
        if (FAILS_AT(AT_FDCWD, path, "fopen"))                                                               \
            return NULL;                                                                                     \
        FILE *f = real(path, mode);                                                                          \
        if (f && !busy)                                                                                      \
            opened(fileno(f), AT_FDCWD, path, mode[0] == 'r' ? 0 : O_CREAT);                                 \
        return f;                                                                                            \
    }
FOPEN(fopen)
FOPEN(fopen64)

size_t fread(void *to, size_t size, size_t n, FILE *f)
{
    REAL(fread);
    if (!FAILS_ON(fileno(f), "fread"))
        return real(to, size, n, f);
    f->_flags |= 0x20; /* what ferror() looks at */
    return 0;
}

int close(int fd)
{
    REAL(close);
    if (!busy)
        mark(fd, false);
    return real(fd);
}

int fclose(FILE *f)
{
    REAL(fclose);
    if (!busy)
        mark(fileno(f), false);
    return real(f);
}

/* Half of it is written; with FAULT_HOW "short" the rest finds the disk full. */
#define WRITE(name, ARGS, PASS, HALF)                                                                        \
    ssize_t name ARGS                                                                                        \
    {                                                                                                        \
        REAL(name);                                                                                          \
        if (!FAILS_ON(fd, "write"))                                                                          \
            return real PASS;                                                                                \
        int code = errno;                                                                                    \
        if (stop_short && size > 1 && real HALF < 0)                                                         \
            abort();                                                                                         \
        if (stop_short && size > 1 && !lasting)                                                              \
            return (ssize_t)(size / 2);                                                                      \
        errno = code;                                                                                        \
        return -1;                                                                                           \
    }
WRITE(write, (int fd, const void *from, size_t size), (fd, from, size), (fd, from, size / 2))
WRITE(pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at),
      (fd, from, size / 2, at))
WRITE(pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at),
      (fd, from, size / 2, at))

#define ON_FD(type, bad, name, op, ARGS, PASS)                                                               \
    type name ARGS                                                                                           \
    {                                                                                                        \
        REAL(name);                                                                                          \
        return FAILS_ON(fd, op) ? bad : real PASS;                                                           \
    }
ON_FD(ssize_t, -1, read, "read", (int fd, void *to, size_t size), (fd, to, size))
ON_FD(ssize_t, -1, pread, "read", (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
ON_FD(ssize_t, -1, pread64, "read", (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))
ON_FD(int, -1, ftruncate, "ftruncate", (int fd, off_t size), (fd, size))
ON_FD(int, -1, ftruncate64, "ftruncate", (int fd, off64_t size), (fd, size))
ON_FD(int, -1, fstat, "fstat", (int fd, struct stat *st), (fd, st))
ON_FD(int, -1, fstat64, "fstat", (int fd, struct stat64 *st), (fd, st))
ON_FD(int, -1, fchmod, "fchmod", (int fd, mode_t mode), (fd, mode))
ON_FD(void *, MAP_FAILED, mmap, "mmap", (void *at, size_t n, int p, int f, int fd, off_t o),
      (at, n, p, f, fd, o))
ON_FD(void *, MAP_FAILED, mmap64, "mmap", (void *at, size_t n, int p, int f, int fd, off64_t o),
      (at, n, p, f, fd, o))

#define SYNC(name)                                                                                           \
    int name(int fd)                                                                                         \
    {                                                                                                        \
        REAL(name);                                                                                          \
        if (FAILS_ON(fd, "sync"))                                                                            \
            return -1;                                                                                       \
        int result = real(fd);                                                                               \
        if (!result && is_ours(fd))                                                                          \
            synced(fd);                                                                                      \
        return result;                                                                                       \
    }
SYNC(fsync)
SYNC(fdatasync)

#define ON_PATH(type, bad, name, ARGS, PASS)                                                                 \
    type name ARGS                                                                                           \
    {                                                                                                        \
        REAL(name);                                                                                          \
        return FAILS_AT(AT_FDCWD, path, #name) ? bad : real PASS;                                            \
    }
ON_PATH(int, -1, rename, (const char *path, const char *to), (path, to))
ON_PATH(int, -1, link, (const char *path, const char *to), (path, to))
ON_PATH(int, -1, symlink, (const char *to, const char *path), (to, path))
ON_PATH(int, -1, unlink, (const char *path), (path))
ON_PATH(int, -1, remove, (const char *path), (path))
ON_PATH(int, -1, rmdir, (const char *path), (path))
ON_PATH(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
ON_PATH(int, -1, chmod, (const char *path, mode_t mode), (path, mode))
ON_PATH(int, -1, access, (const char *path, int mode), (path, mode))
ON_PATH(int, -1, stat, (const char *path, struct stat *st), (path, st))
ON_PATH(int, -1, lstat, (const char *path, struct stat *st), (path, st))
ON_PATH(char *, NULL, realpath, (const char *path, char *to), (path, to))
ON_PATH(DIR *, NULL, opendir, (const char *path), (path))

#define AT_PATH(name, ARGS, PASS)                                                                            \
    int name ARGS                                                                                            \
    {                                                                                                        \
        REAL(name);                                                                                          \
        return FAILS_AT(dir, path, #name) ? -1 : real PASS;                                                  \
    }
AT_PATH(fstatat, (int dir, const char *path, struct stat *st, int flags), (dir, path, st, flags))
AT_PATH(unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
AT_PATH(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
AT_PATH(renameat, (int dir, const char *path, int to_dir, const char *to), (dir, path, to_dir, to))
AT_PATH(renameat2, (int dir, const char *path, int to_dir, const char *to, unsigned f),
        (dir, path, to_dir, to, f))
AT_PATH(statx, (int dir, const char *path, int flags, unsigned mask, struct statx *st),
        (dir, path, flags, mask, st))

/* Folders that are read are ours: nobody reads others once main() runs. */
struct dirent *readdir(DIR *dir)
{
    REAL(readdir);
    return ios && fails("readdir", "-") ? NULL : real(dir);
}

int scandir(const char *path, struct dirent ***list, int (*take)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **))
{
    REAL(scandir);
    return FAILS_AT(AT_FDCWD, path, "scandir") ? -1 : real(path, list, take, compare);
}

FTS *fts_open(char *const *paths, int options, int (*compare)(const FTSENT **, const FTSENT **))
{
    REAL(fts_open);
    return ios && fails("fts_open", "-") ? NULL : real(paths, options, compare);
}

FTSENT *fts_read(FTS *walk)
{
    REAL(fts_read);
    return ios && fails("fts_read", "-") ? NULL : real(walk);
}

/* --- the start --- */

static int (*real_main)(int, char **, char **);

static const char *text_of(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

static int begin(int argc, char **argv, char **env)
{
    const char *calls = getenv("FAULT_CALLS"), *list = getenv("FAULT_LIST"), *at = getenv("FAULT_AT"),
               *how = getenv("FAULT_HOW");
    void *warm[FRAMES];
    backtrace(warm, FRAMES); /* loads what it needs */
    root = getenv("FAULT_ROOT");
    root_size = root ? strlen(root) : 0;
    shadow = getenv("FAULT_SHADOW");
    only_path = text_of("FAULT_PATH");
    only_op = text_of("FAULT_OP");
    report = getenv("FAULT_REPORT");
    allocs = calls && !strcmp(calls, "alloc");
    power = calls && !strcmp(calls, "power");
    ios = power || (calls && !strcmp(calls, "io"));
    fail_at = at ? strtoull(at, NULL, 10) : 0;
    lasting = how && *how == '+';
    how = lasting ? how + 1 : how;
    kill_it = how && !strcmp(how, "kill");
    stop_short = how && !strcmp(how, "short");
    failure = stop_short ? ENOSPC : how ? atoi(how) : ENOMEM;
    if (list)
        list_fd = open(list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    active = calls != NULL;
    int code = real_main(argc, argv, env);
    active = false;
    return code;
}

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    REAL(__libc_start_main);
    real_main = program;
    return real(begin, argc, argv, init, fini, rtld_fini, stack_end);
}
