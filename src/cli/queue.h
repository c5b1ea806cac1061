/* The runs of a study, a few at a time, each a process of this program. */
#ifndef PD_CLI_QUEUE_H
#define PD_CLI_QUEUE_H

#include "cli/progress.h"

#include <paydirt/reproduce.h>

enum { QUEUE_WORKERS = 64 };

struct queue_options {
    int workers, threads; /* threads of each */
    int task, tasks; /* this process is one of several, 0 .. tasks - 1; tasks 0: it waits for the others */
    const char *weights;
};

/* Until all is done, or, as one of several tasks, nothing is left to take. *failed: runs that ended badly.
 * PD_ERR_INTERRUPTED: a signal asked to stop; what runs has saved a checkpoint. */
enum pd_status queue_work(struct pd_reproduce *r, const struct queue_options *o, int64_t *failed,
                          struct pd_error *err);

#endif
