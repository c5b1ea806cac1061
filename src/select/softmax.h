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

/* The largest distance in any row from its largest logit to the next. A row is no more certain, by any of the
 * three, than those two classes alone would make it: others only add to the rest. So the bounds below, a
 * little wider than rounding, hold for every row at a fraction of the cost. */
double pd_softmax_gap(int64_t n, int classes, const float *logits);

/* No row has more entropy: computed in single precision, a little wider. */
double pd_softmax_most_entropy(int64_t n, int classes, const float *logits);

double pd_softmax_most_confidence(double gap);
double pd_softmax_most_margin(double gap);
double pd_softmax_least_entropy(double gap);

#endif
