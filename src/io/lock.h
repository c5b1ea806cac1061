/* One process at a time at work in a folder. The lock is the system's, on a file in it: it ends with the
 * process that holds it, however that ends, and the file stays. */
#ifndef PD_IO_LOCK_H
#define PD_IO_LOCK_H

#include <paydirt/error.h>

#include <stdbool.h>

struct pd_lock { /* zeroed: none */
    int fd;
    bool held;
    bool powerless; /* the file system has no locks: nothing keeps others away */
};

/* What to say of a lock that is powerless. */
#define PD_LOCK_POWERLESS                                                                                    \
    "the folder's file system has no locks: see to it that no other process works on this run"

/* Locks folder/name, waiting at most `patience` seconds for who has it. PD_ERR_IO: "FOLDER: another process
 * (pid 123 on host x) is at work on it", or the file cannot be made; PD_ERR_FORMAT: something else has its
 * name. */
enum pd_status pd_lock_take(struct pd_lock *lock, const char *folder, const char *name, double patience,
                            struct pd_error *err);
void pd_lock_release(struct pd_lock *lock);

#endif
