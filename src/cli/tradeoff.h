/* eval --tradeoff: what keeping fewer samples buys, by several ways to reject. */
#ifndef PD_CLI_TRADEOFF_H
#define PD_CLI_TRADEOFF_H

#include "cli/eval.h"

enum { TRADEOFF_WAYS = 8, TRADEOFF_PARTS = 32 };

struct tradeoff {
    struct reject_options ways[TRADEOFF_WAYS];
    int n_ways;
    double parts[TRADEOFF_PARTS]; /* to keep, falling */
    int n_parts;
};

/* parts: with commas between; asked: --reject's list and its options. PD_ERR_USAGE: a part out of range, a
 * way that takes none, an option that says how much is kept, a metric that does not look at samples. */
enum pd_status tradeoff_check(struct tradeoff *t, const struct eval *e, const struct reject_options *asked,
                              const struct args_command *command, const struct args *args,
                              struct pd_error *err);

/* Makes and measures a set for each way and part, as without it; RUN/tradeoff-METRIC.png grows with each. */
enum pd_status tradeoff_measure(struct eval *e, const struct tradeoff *t, struct pd_error *err);

#endif
