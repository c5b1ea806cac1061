/* What the methods of rejectors.h work on. */
#ifndef PD_SELECT_REJECTOR_H
#define PD_SELECT_REJECTOR_H

#include "base/rng.h"
#include "base/streams.h"

#include <paydirt/reject.h>

/* A growing copy of terms; k NULL where the method does without. */
struct pd_term_list {
    int64_t n, room;
    float *logit;
    double *k;
};

struct pd_rejector {
    const struct pd_reject_method *method;
    struct pd_reject_options o;
    int class;
    struct pd_term_list generated, real;
    bool settled;
    struct pd_reject_fit fit;
    uint64_t judged; /* candidates before this block: their numbers go on */
    double *scratch; /* at least two for each candidate of the block */
    int64_t scratch_room;
    struct {
        bool begun, moved; /* moved: the state is a candidate */
        bool stuck;        /* the one before never moved */
        double at;         /* d of the state */
        int64_t step;      /* candidates seen */
        uint64_t number;
    } chain;
    struct {
        double at, more; /* log(c_K / M) is more - at */
    } budget;
};

/* PD_ERR_USAGE where no sample was generated to learn from. */
enum pd_status pd_reject_need_burn_in(const struct pd_rejector *r, struct pd_error *err);

/* gold's and drs's */
enum pd_status pd_reject_settle_bound(struct pd_rejector *r, struct pd_error *err);
enum pd_status pd_reject_judge_bound(struct pd_rejector *r, int64_t n, const double *d, uint8_t *verdicts,
                                     struct pd_error *err);

/* obrs: the probability that d is kept. */
double pd_reject_budget(const struct pd_rejector *r, double d);

/* The gamma for which sigmoid(f - gamma) has the mean keep, 0 < keep <= 1, over n >= 1 values. */
double pd_reject_gamma(int64_t n, const double *f, double keep);

double pd_rejector_d(const struct pd_rejector *r, float logit, double k);

/* Uniform in [0, 1), for candidate i of this block. */
double pd_rejector_uniform(const struct pd_rejector *r, int64_t i);

/* The p-quantile of n >= 1 values, linear between neighbours as NumPy's; sorts them. */
double pd_quantile(int64_t n, double *values, double p);

#endif
