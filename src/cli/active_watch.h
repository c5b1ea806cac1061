/* What `paydirt active` shows: while it works, on the screen and on its page, and at the end. */
#ifndef PD_CLI_ACTIVE_WATCH_H
#define PD_CLI_ACTIVE_WATCH_H

#include "cli/progress.h"

#include <paydirt/active.h>
#include <paydirt/page.h>

#define ACTIVE_REFUSALS 9

/* Zeroed at first. */
struct active_watch {
    struct progress progress; /* first: the context of its functions */
    struct pd_training_watch training;
    struct pd_active_watch active;
    uint64_t steps_per_epoch, epochs;
    char round[64];       /* "gold 2/5 round 3" */
    struct pd_page *page; /* that shows what goes on, or NULL */
    double told;          /* when it was last told */
    bool estimated;
    struct { /* refusals in the same words; the last counts all others */
        char words[sizeof((struct pd_refusal *)NULL)->words];
        int64_t rows;
    } refused[ACTIVE_REFUSALS];
};

/* The functions that show it: w's. */
const struct pd_active_watch *active_watch_begin(struct active_watch *w);
void active_watch_end(struct active_watch *w);

/* The questions, or the curves of a run that has ended. labels: the file of answers, or "". PD_ERR_FORMAT:
 * answers were refused. */
enum pd_status active_say_outcome(const char *folder, const char *labels, const struct pd_active_outcome *out,
                                  struct pd_error *err);

#endif
