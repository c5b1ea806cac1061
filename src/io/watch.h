/* For whoever waits for long work with a file: how far it is, and a way to stop it. */
#ifndef PD_IO_WATCH_H
#define PD_IO_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* go_on is called now and then, at least about once a second, with the bytes done so far; when it returns
 * false the work ends with PD_ERR_INTERRUPTED. NULL: nobody waits. */
struct pd_watch {
    bool (*go_on)(void *context, int64_t done);
    void *context;
};

static inline bool pd_watch_go_on(const struct pd_watch *w, int64_t done)
{
    return !w->go_on || w->go_on(w->context, done);
}

#endif
