/* What ranks settle among themselves, beside the sums of a graph. All of it works for NULL, a process alone.
 */
#ifndef PD_IO_RANKS_H
#define PD_IO_RANKS_H

#include "base/ranks.h"

#include <paydirt/ranks.h>

/* The sum of doubles over all ranks. */
enum pd_status pd_ranks_sum(struct pd_ranks *r, double *data, int64_t n, struct pd_error *err);

/* PD_ERR_MISMATCH for all, with words on the lowest rank that differs: the ranks do not all have this text,
 * of one length, such as the digest of their weights. what: "the weights are" */
enum pd_status pd_ranks_compare(struct pd_ranks *r, const char *what, const char *text, struct pd_error *err);

#endif
