/* What another program has told active learning. */
#ifndef PD_ACTIVE_HANDLE_H
#define PD_ACTIVE_HANDLE_H

#include "active/active.h"

enum { PD_ACTIVE_OPTIONS = 128 };

struct pd_active {
    struct pd_active_options a;
    struct pd_train_options o;
    struct pd_option training[PD_ACTIVE_OPTIONS]; /* (count): those of o that may be given */
    int count;
    const char *given[2 * PD_ACTIVE_OPTIONS]; /* (given_count): names that pd_active_set has set */
    int given_count;
    bool settled;
    bool by_strategy; /* settled: nobody has named a protocol */
};

#endif
