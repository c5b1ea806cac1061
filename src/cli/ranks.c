#include "cli/ranks.h"

#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void ranks_end(const char *command, struct pd_ranks *ranks, enum pd_status status, struct pd_error *err)
{
    if (!ranks)
        return;
    if (status && err->message[0]) { /* now: who ends with a failure may end the others at once */
        say_error(command, err);
        err->message[0] = '\0';
    }
    pd_ranks_close(ranks, pd_status_exit_code(status));
}

static enum pd_status set(const struct pd_option_table *options, const char *name, int64_t value,
                          struct pd_error *err)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    return pd_option_set_by_name(options, name, text, err);
}

enum pd_status ranks_share_trials(const struct pd_option_table *loop, const struct pd_option_table *training,
                                  struct pd_error *err)
{
    int rank;
    const int64_t size = pd_ranks_started(&rank), trials = pd_option_get_int(loop, "trials"),
                  seed = pd_option_get_int(training, "seed");
    if (size == 1)
        return PD_OK;
    pd_ranks_forget();
    if (strcmp(pd_option_get_text(loop, "oracle"), "labels") != 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "people's answers are for one process, and %d were started",
                       (int)size);
    if (trials < size)
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--trials %" PRId64 " for %" PRId64 " processes: expected %" PRId64 " or more", trials,
                       size, size);
    const int64_t first = trials * rank / size, end = trials * (rank + 1) / size;
    enum pd_status status = set(training, "seed", seed + first, err);
    if (!status)
        status = set(loop, "trials", end - first, err);
    if (!status)
        say(stderr,
            "rank %d: trials %" PRId64 " to %" PRId64
            "; together: paydirt compare --pool and all these runs\n",
            rank, first + 1, end);
    return status;
}
