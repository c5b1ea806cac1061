/* What a run takes (paydirt/reproduce.h). */
#ifndef PD_REPRODUCE_COST_H
#define PD_REPRODUCE_COST_H

#include "reproduce/reproduce.h"

/* Fills in k->cost, from its recipe. PD_ERR_MEMORY, and what its options are refused for. */
enum pd_status pd_kind_cost(const struct pd_reproduce *r, struct pd_run_kind *k, struct pd_error *err);

#endif
