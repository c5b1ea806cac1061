/* Any bytes as an archive: unpacked in its folder, or a refusal with a message; nothing beside, nothing left
 * over. */
#include "io/unpack.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/paydirt-fuzz-XXXXXX", inner[sizeof folder + 2];

static int drop(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)kind;
    if (walk->level > 1 && !S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode))
        abort();
    return walk->level > 0 ? remove(path) : 0;
}

static void leave(void)
{
    rmdir(inner);
    rmdir(folder);
}

static void begin(void)
{
    if (*inner)
        return;
    if (!mkdtemp(folder))
        exit(1);
    snprintf(inner, sizeof inner, "%s/i", folder);
    if (mkdir(inner, 0777))
        exit(1);
    atexit(leave);
}

/* The entries of a folder; allowed: the only name that may be there. */
static void expect_only(const char *path, const char *allowed)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && strcmp(e->d_name, allowed) != 0)
            abort();
    if (!dir || closedir(dir))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct pd_error err = {.status = PD_OK};
    const struct pd_watch nobody = {NULL, NULL};
    begin();
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        exit(1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const enum pd_status status = pd_unpack(path, inner, "s", MOST, &nobody, &err);
    close(fd);
    if (status && (status != err.status || !err.message[0]))
        abort();
    expect_only(folder, "i");
    expect_only(inner, status ? "" : "s");
    return nftw(inner, drop, 16, FTW_DEPTH | FTW_PHYS);
}
