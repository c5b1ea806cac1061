/* What the softmax of many rows of logits comes to, each in one pass of vector exponentials. Every result is
 * a function of its row alone, to the last bit, wherever the row stands. logits (n, classes), finite. */
#ifndef PD_SELECT_SOFTMAX_H
#define PD_SELECT_SOFTMAX_H

#include <stdint.h>

/* log p(1), the largest probability; <= 0. Near 0 it keeps its relative precision, where p(1) itself would
 * round to 1. */
void pd_softmax_confidence(int64_t n, int classes, const float *logits, double *log_p);

/* -log(1 - (p(1) - p(2))) >= 0: grows with the margin, also where that rounds to 1. */
void pd_softmax_margin(int64_t n, int classes, const float *logits, double *margin);

/* In nats, in [0, log classes]. */
void pd_softmax_entropy(int64_t n, int classes, const float *logits, double *entropy);

#endif
