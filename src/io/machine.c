#include "io/machine.h"

#include "base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* The number behind `name` in a file of "name number" lines, or the first number where name is "". */
static double read_number(const char *path, const char *name)
{
    char line[256];
    double found = NAN;
    FILE *f = fopen(path, "re");
    while (f && isnan(found) && fgets(line, sizeof line, f)) {
        char *end, *digits = line + strlen(name);
        if (strncmp(line, name, strlen(name)) != 0)
            continue;
        const double value = pd_real_read(digits, &end);
        found = end > digits ? value : INFINITY; /* "max" */
    }
    if (f)
        fclose(f);
    return found;
}

/* What the pages of files take is given back when it is wanted. */
static double group_free(void)
{
    const double most = read_number("/sys/fs/cgroup/memory.max", "");
    const double used = read_number("/sys/fs/cgroup/memory.current", "");
    const double files = read_number("/sys/fs/cgroup/memory.stat", "inactive_file ");
    return isnan(most) || isnan(used) ? INFINITY : most - used + (isnan(files) ? 0 : files);
}

double pd_memory_free(void)
{
    const double system = 1024 * read_number("/proc/meminfo", "MemAvailable:");
    struct rlimit limit;
    double left = fmin(isnan(system) ? INFINITY : system, group_free());
    if (!getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur != RLIM_INFINITY)
        left = fmin(left, (double)limit.rlim_cur);
    return left;
}

/* File systems without blocks (/proc) have no bound of theirs. */
static double free_of(const struct statvfs *disk)
{
    return disk->f_blocks ? (double)disk->f_bavail * (double)disk->f_frsize : INFINITY;
}

double pd_disk_free(const char *folder)
{
    char path[4096];
    struct statvfs disk;
    snprintf(path, sizeof path, "%s", *folder ? folder : ".");
    for (char *slash; statvfs(path, &disk); *slash = '\0') {
        slash = strrchr(path, '/');
        if (!slash || slash == path)
            return statvfs(slash ? "/" : ".", &disk) ? INFINITY : free_of(&disk);
    }
    return free_of(&disk);
}
