/* Which generated samples to keep: rejection by the discriminator's own estimate of a density ratio,
 *
 *     d = slope m + intercept + scale k  ~  log p_data(x, c) / p_g(x, c),
 *
 * m the real/fake logit, k = log D_C(c|x) (pd_gold_conditional). Plain arrays only, one rejector for each
 * class; first what it learns from, then candidates block by block. slope 1 and intercept 0 without
 * calibration.
 *
 * GOLD: Mo et al., "Mining GOLD Samples for Conditional GANs", NeurIPS 2019, eq. 6. DRS: Azadi et al.,
 * "Discriminator Rejection Sampling", ICLR 2019. MH-GAN: Turner et al., "Metropolis-Hastings Generative
 * Adversarial Networks", ICML 2019. OBRS: Verine et al., "Optimal Budgeted Rejection Sampling for Generative
 * Models", arXiv:2311.00460, 2023. */
#ifndef PAYDIRT_REJECT_H
#define PAYDIRT_REJECT_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The terms of n samples of one class. Borrowed, finite. */
struct pd_terms {
    int64_t n;
    const float *logit; /* (n): m */
    const double *k;    /* (n), or NULL for a method that does without */
};

enum pd_sigma {
    PD_SIGMA_STD, /* scale = sigma_m / sigma_k: GOLD eq. 4 */
    PD_SIGMA_RMS  /* scale = sigma_m / sqrt(mean k^2): GOLD's reference code */
};

enum pd_reject_bound {
    PD_BOUND_ESTIMATE, /* log M is the largest d of the burn-in, and of the candidates so far */
    PD_BOUND_MARGINAL /* the largest m of the burn-in, which candidates may be above: GOLD's reference code */
};

struct pd_reject_options {
    double p; /* 0 .. 1, larger keeps fewer. gold, drs: gamma is the p-quantile of F over a block; top-k: this
                 part of a block is refused */
    double keep;   /* above 0 up to 1: the part to keep, on average; 0: by p. obrs: of the burn-in, 1/K, at
                      least   what plain rejection keeps; gold, drs and top-k: of each block */
    bool balanced; /* scale over the burn-in's samples; else 1 */
    enum pd_sigma sigma;
    enum pd_reject_bound bound; /* gold, drs */
    double epsilon; /* gold, drs: joins the acceptance probability before its logarithm is taken, 0 .. 1 */
    int64_t chain;  /* mh: candidates in a chain, >= 1 */
    bool calibrate; /* mh: slope and intercept by pd_calibrate on burn-in and real samples */
    uint64_t seed;
};

/* What becomes of a candidate, bits. All but mh: both or none. mh: a candidate may be held for a while and
 * then give way to a later one, so whoever follows the chain needs room for one more sample than are kept. */
enum {
    PD_REJECT_HOLD = 1, /* it takes the place of the one that is held, if any */
    PD_REJECT_KEEP = 2  /* the one that is held now is a sample */
};

struct pd_rejector;

/* One way to reject. One file and one line in src/select/rejectors.h each. */
struct pd_reject_method {
    const char *name;    /* "gold" */
    const char *summary; /* one line, for lists and --help */
    bool uses_k;
    bool uses_real; /* wants real samples of the class, which D was not trained on */
    bool balanced;  /* the default: what its paper takes */
    bool takes_keep;
    double keep; /* the default; 0: by p. Where it is not, p means nothing */
    /* Once, after everything that it learns from, slope to scale included; or NULL. */
    enum pd_status (*settle)(struct pd_rejector *rejector, struct pd_error *err);
    enum pd_status (*judge)(struct pd_rejector *rejector, int64_t n, const double *d, uint8_t *verdicts,
                            struct pd_error *err);
};

const struct pd_reject_method *pd_reject_method_at(int index); /* NULL past the last */
/* NULL and PD_ERR_USAGE with the nearest right name when there is none of that name. */
const struct pd_reject_method *pd_reject_method_find(const char *name, struct pd_error *err);

/* p 0.1, the method's keep and balanced, sigma as the paper, chains of 640 (Turner et al.), calibrated, seed
 * 0. */
struct pd_reject_options pd_reject_defaults(const struct pd_reject_method *method);

/* Every random choice is fixed by (seed, class, number of the candidate). PD_ERR_USAGE: p or keep outside 0
 * .. 1, a keep that the method does not take, or lacks, an empty chain; PD_ERR_MEMORY. */
enum pd_status pd_rejector_create(const struct pd_reject_method *method,
                                  const struct pd_reject_options *options, int class_index,
                                  struct pd_rejector **out, struct pd_error *err);
void pd_rejector_destroy(struct pd_rejector *rejector);

/* What it learns from, in any number of blocks, before the first candidate: generated samples (needed, at
 * least one, but by mh and top-k when neither balanced nor calibrated), and real samples of the class where
 * the method uses_real: mh's chains begin at them. For those, too, k is + log D_C(c|x): a chain moves by one
 * function. PD_ERR_USAGE: a term that is not finite or missing, too late; PD_ERR_MEMORY. */
enum pd_status pd_rejector_burn_in(struct pd_rejector *rejector, const struct pd_terms *generated,
                                   struct pd_error *err);
enum pd_status pd_rejector_real(struct pd_rejector *rejector, const struct pd_terms *real,
                                struct pd_error *err);

/* Judges the next block of candidates: verdicts (n), and their d (n) or NULL. gold, drs and top-k take their
 * quantile from the block, so its size matters; mh and obrs give the same verdicts however the candidates are
 * cut into blocks. PD_ERR_USAGE: a term that is not finite or missing, nothing learnt that the method needs;
 * PD_ERR_MEMORY. */
enum pd_status pd_rejector_judge(struct pd_rejector *rejector, const struct pd_terms *candidates,
                                 uint8_t *verdicts, double *d, struct pd_error *err);

/* What it has learnt; all of it settled by the first candidate, but log_m, which candidates may raise. */
struct pd_reject_fit {
    double slope, intercept, scale;
    double log_m; /* gold, drs: as their bound has it; obrs: the largest d of the burn-in */
    double log_c; /* obrs: log c_K >= 0; 0: plain rejection */
};
struct pd_reject_fit pd_rejector_fit(const struct pd_rejector *rejector);

/* Platt scaling: log p_data(x) / p_g(x) ~ slope * logit + intercept, by logistic regression on real and
 * generated samples of whatever numbers (their ratio is taken out of the intercept), with Platt's targets,
 * (n + 1) / (n + 2) and 1 / (n + 2), which keep the slope finite where the two don't overlap (Platt 1999). 0
 * and 0 where the logit does not vary. Each n >= 1, logits finite. */
struct pd_calibration {
    double slope, intercept;
};
struct pd_calibration pd_calibrate(int64_t n_real, const float *real, int64_t n_generated,
                                   const float *generated);

#ifdef __cplusplus
}
#endif

#endif
