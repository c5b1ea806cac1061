/* Discriminator rejection sampling: GOLD's, by the marginal term alone. */
#include "select/rejector.h"
#include "select/rejectors.h"

const struct pd_reject_method pd_reject_drs = {
    "drs", "discriminator rejection sampling: the marginal term alone", .takes_keep = true,
    .settle = pd_reject_settle_bound, .judge = pd_reject_judge_bound};
