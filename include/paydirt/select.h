/* Which samples to trust, to label, to keep: scores from the outputs of any discriminator, whatever computed
 * them.
 *
 * Plain arrays only. (n, classes) is row-major. Everything is computed in double from logits, by way of a
 * stable log-softmax: logits of +-10^4 and more are fine.
 *
 * GOLD: Mo et al., "Mining GOLD Samples for Conditional GANs", NeurIPS 2019. */
#ifndef PAYDIRT_SELECT_H
#define PAYDIRT_SELECT_H

#include <paydirt/error.h>

#include <stdint.h>

enum pd_gold_kind {
    PD_GOLD_GENERATED, /* made for the class that its label names */
    PD_GOLD_REAL,      /* drawn from the data; the label may be unknown */
};

/* n samples as the discriminator sees them. All borrowed. */
struct pd_gold_input {
    int64_t n;
    int classes;               /* >= 2 */
    const float *logit;        /* (n): real or fake, m = log D / (1 - D); finite */
    const float *class_logits; /* (n, classes): before the softmax; finite */
    const int32_t *labels;     /* (n): 0 .. classes - 1, -1 = unknown; NULL: all unknown */
    enum pd_gold_kind kind;
};

/* log D_C(c|x) of every class, (n, classes), in (-inf, 0]. */
void pd_class_log_p(int64_t n, int classes, const float *class_logits, double *log_p);

/* H[D_C(.|x)] in nats, (n), in [0, log classes]. */
void pd_class_entropy(int64_t n, int classes, const float *class_logits, double *entropy);

/* The conditional term k, (n): generated + log D_C(c|x) (eq. 3); real and labelled - log D_C(c|x); real and
 * unlabelled + H[D_C(.|x)] (eq. 8). PD_ERR_USAGE: a label out of range, a generated sample without one, fewer
 * than two classes, a logit that is not finite; the message names the row. */
enum pd_status pd_gold_conditional(const struct pd_gold_input *in, double *k, struct pd_error *err);

/* sigma_m / sigma_k over the samples (eq. 4, 9): what balances the terms; >= 0. 1 where k does not vary. */
double pd_gold_balance(int64_t n, const float *logit, const double *k);

/* The estimator d = m + scale * k, (n), any real: 0 where the sample is as likely generated as real. scale: 1
 * (eq. 3, 8), or pd_gold_balance's. */
void pd_gold_estimate(int64_t n, const float *logit, const double *k, double scale, double *d);

/* The weight of a sample in training (eq. 5): sign(d) |d|^beta, beta >= 0; 0 where d is 0. */
double pd_gold_weight(double d, double beta);

#endif
