#include "io/lock.h"

#include "io/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { WHO_SIZE = 128 };
#define LOOK_SECONDS 0.05

/* Who holds it, for those who find it held. Only words: when it cannot be written, the lock holds all the
 * same. */
static void sign(int fd)
{
    char who[WHO_SIZE], host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1);
    const int n = snprintf(who, sizeof who, "pid %ld on %.64s\n", (long)getpid(), host);
    if (!ftruncate(fd, 0) && pwrite(fd, who, (size_t)n, 0) < 0)
        return;
}

static enum pd_status fail_busy(int fd, const char *folder, struct pd_error *err)
{
    char text[WHO_SIZE] = "", host[65], who[WHO_SIZE] = "";
    long pid;
    if (pread(fd, text, sizeof text - 1, 0) > 0 &&
        sscanf(text, "pid %ld on %64[A-Za-z0-9._-]", &pid, host) == 2)
        snprintf(who, sizeof who, " (pid %ld on %s)", pid, host);
    return pd_fail(err, PD_ERR_IO, -1, "%s: another process%s is at work on it", folder, who);
}

/* False: someone else has it. */
static bool try_lock(struct pd_lock *lock)
{
    while (flock(lock->fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK)
            return false;
        if (errno == EINTR)
            continue;
        lock->powerless = true; /* NFS without its lock service, and the like */
        break;
    }
    return true;
}

enum pd_status pd_lock_take(struct pd_lock *lock, const char *folder, const char *name, double patience,
                            struct pd_error *err)
{
    char path[PATH_MAX];
    static const struct timespec pause = {0, (long)(LOOK_SECONDS * 1e9)};
    *lock = (struct pd_lock){.fd = -1};
    enum pd_status status = pd_path_join(path, sizeof path, folder, name, err);
    if (!status)
        status = pd_fd_open_log(path, &lock->fd, err);
    if (status)
        return status;
    lock->held = true;
    while (!try_lock(lock)) {
        if (patience <= 0) {
            status = fail_busy(lock->fd, folder, err);
            pd_lock_release(lock);
            return status;
        }
        nanosleep(&pause, NULL);
        patience -= LOOK_SECONDS;
    }
    sign(lock->fd);
    return PD_OK;
}

void pd_lock_release(struct pd_lock *lock)
{
    if (lock->held)
        close(lock->fd);
    *lock = (struct pd_lock){.fd = -1};
}
