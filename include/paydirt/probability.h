/* Probabilities where logits were expected: what numbers look like, and the logits that they come from. Plain
 * arrays; (n, classes) is row-major. */
#ifndef PAYDIRT_PROBABILITY_H
#define PAYDIRT_PROBABILITY_H

#include <paydirt/error.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pd_scale {
    PD_SCALE_LOGITS,
    PD_SCALE_LOG_PROBABILITIES, /* the logarithms of these: logits already */
    PD_SCALE_PROBABILITIES,     /* rows within [0, 1] that sum to 1 */
    PD_SCALE_PERCENTAGES,       /* rows within [0, 100] that sum to 100 */
    PD_SCALE_SIGMOIDS,          /* numbers within [0, 1], each class for itself */
    PD_SCALE_COUNTS,            /* none negative, of one sum: votes, sums of probabilities */
    PD_SCALE_MINUS_LOGS         /* rows of -log p, a loss for each class: the likeliest has the least */
};

/* What the rows look like, by nine in ten of them (sigmoids: by all): a few logits that happen to sum to 1 do
 * not count. PD_SCALE_LOGITS where n = 0; never PD_SCALE_LOG_PROBABILITIES. */
enum pd_scale pd_scale_of_classes(int64_t n, int classes, const float *x);

/* The first column of different whole numbers where most others are fractions, such as labels or row numbers
 * among logits, by n >= 10 rows; -1: none. */
int pd_column_of_numbers(int64_t n, int classes, const float *x);

/* What numbers of their own look like, such as real/fake logits: PD_SCALE_SIGMOIDS where all lie within
 * [0, 1]. */
enum pd_scale pd_scale_of_numbers(int64_t n, const float *x);

/* Turns rows of PD_SCALE_PROBABILITIES, or PD_SCALE_LOG_PROBABILITIES, into logits in place. Probability 0
 * (logarithm -inf) becomes a logit so low that its softmax is 0. A row's sum may be PD_SUM_MOST from 1, as
 * numbers that were rounded are; *off becomes the farthest, where it is farther than *off was. PD_ERR_USAGE:
 * another scale; a row that is none, with its number, counted from first: rows before it are logits then. */
#define PD_SUM_MOST 0.05
enum pd_status pd_class_logits_from(enum pd_scale scale, int64_t first, int64_t n, int classes, float *x,
                                    double *off, struct pd_error *err);

/* log(p / (1 - p)); 0 and 1, whose logits are infinite, give -PD_LOGIT_MOST and PD_LOGIT_MOST, beyond those
 * of all other doubles. NaN outside of [0, 1]. */
double pd_logit_of(double p);
#define PD_LOGIT_MOST 750.0

/* Of (0, x), the logits of two classes of which one number is known. In place: x (2 n), the numbers in its
 * second half. */
void pd_logits_of_two(int64_t n, float *x);

#ifdef __cplusplus
}
#endif

#endif
