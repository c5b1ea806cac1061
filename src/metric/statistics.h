/* What a few repeated trials show: means with their errors, and whether a difference is more than chance. */
#ifndef PD_METRIC_STATISTICS_H
#define PD_METRIC_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

struct pd_summary {
    int64_t n;
    double mean;      /* NAN where n = 0 */
    double deviation; /* of the sample, n - 1 in the denominator; NAN where n < 2 */
    double error;     /* standard error of the mean: deviation / sqrt(n) */
};

struct pd_summary pd_summarise(int64_t n, const double *values);

/* P(|T| >= |t|) of Student's t with that many degrees of freedom, > 0. t may be infinite. */
double pd_student_p(double t, double freedom);

/* Paired differences d, of trials that share a seed, against zero. */
struct pd_paired {
    struct pd_summary difference;
    double p_t;    /* two-sided paired t-test: differences are taken as normal. NAN where n < 2 or all are
                      equal */
    double p_flip; /* two-sided sign-flip permutation of the mean: signs are exchangeable, nothing more. NAN
                      where n < 1; never below 2 / 2^n */
    bool exact;    /* all sign patterns were looked at, not a sample of them */
};

/* Up to 20 differences all 2^n sign patterns are counted; beyond, 100,000 drawn by the seed, and the observed
 * one. */
struct pd_paired pd_compare_paired(int64_t n, const double *difference, uint64_t seed);

/* The area under y(x) through n >= 2 points of rising x, by trapezoids, over x's range: the mean height. */
double pd_mean_height(int64_t n, const double *x, const double *y);

#endif
