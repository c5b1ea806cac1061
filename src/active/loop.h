/* The loop of active learning, for one strategy in one trial (GOLD section 4.3; ALCG algorithm 1). */
#ifndef PD_ACTIVE_LOOP_H
#define PD_ACTIVE_LOOP_H

#include "active/steps.h"

/* Rounds until there are enough labels, or none is left to ask for, or until people's answers are missing
 * (*waiting): those to q, which is to be released. PD_ERR_INTERRUPTED: the watcher stopped it. */
enum pd_status pd_loop(const struct pd_branch *b, struct pd_questions *q, bool *waiting,
                       struct pd_error *err);

#endif
