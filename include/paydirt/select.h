/* Which samples to trust, to label, to keep: scores from the outputs of any discriminator, whatever computed
 * them.
 *
 * Plain arrays only. (n, classes) is row-major. Everything is computed in double from logits, by way of a
 * stable log-softmax: logits of +-10^4 and more are fine. The log p of a class, and so k of labelled samples,
 * are rounded as doubles of the row's largest logit are: by 10^-8 at 10^8, by more than log classes at 10^17.
 *
 * GOLD: Mo et al., "Mining GOLD Samples for Conditional GANs", NeurIPS 2019. */
#ifndef PAYDIRT_SELECT_H
#define PAYDIRT_SELECT_H

#include <paydirt/error.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pd_gold_kind {
    PD_GOLD_GENERATED, /* made for the class that its label names */
    PD_GOLD_REAL       /* drawn from the data; the label may be unknown */
};

/* n samples as the discriminator sees them. All borrowed. */
struct pd_gold_input {
    int64_t n;
    int classes;               /* >= 1; of one k is 0 */
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
 * unlabelled + H[D_C(.|x)] (eq. 8). PD_ERR_USAGE: a label or kind out of range, a generated sample without a
 * label, no class, a logit that is not finite; the message names the row. */
enum pd_status pd_gold_conditional(const struct pd_gold_input *in, double *k, struct pd_error *err);

/* sigma_m / sigma_k over the samples (eq. 4, 9): what balances the terms; >= 0. 1 where k does not vary
 * beyond rounding. */
double pd_gold_balance(int64_t n, const float *logit, const double *k);

/* The estimator d = m + scale * k, (n), any real: 0 where the sample is as likely generated as real. scale: 1
 * (eq. 3, 8), or pd_gold_balance's. */
void pd_gold_estimate(int64_t n, const float *logit, const double *k, double scale, double *d);

/* The weight of a sample in training (eq. 5): sign(d) |d|^beta, beta >= 0; 0 where d is 0. */
double pd_gold_weight(double d, double beta);

/* --- strategies: which unlabelled samples to label next ----------------------------------------------------
 */

/* n samples as networks see them. All borrowed; finite; what a strategy does not need may be NULL. */
struct pd_pool {
    int64_t n;
    int classes;               /* >= 2; 0 where there are no logits of classes */
    const float *logit;        /* (n): real or fake */
    const float *class_logits; /* (n, classes): before the softmax */
    int64_t width;
    const float *features; /* (n, width): such as a network's last hidden layer */
    int passes;
    const float *pass_logits; /* (passes, n, classes): class logits of several stochastic passes (dropout) */
    int64_t pass_rows;        /* rows of a pass in that array, where the n are some of them; 0: n */
    int64_t labelled;         /* how many of the rows have a label: they are never chosen */
    const int64_t *labelled_rows; /* (labelled): 0 .. n - 1, in any order */
    const char *const *names; /* (4), by the bits of pd_pool_part: the parts' files, for messages; each, or
                                 all, may be NULL */
};

enum pd_pool_part { PD_POOL_LOGIT = 1, PD_POOL_CLASS_LOGITS = 2, PD_POOL_FEATURES = 4, PD_POOL_PASSES = 8 };

/* How many rows to choose, and how. Zeros: the defaults. */
struct pd_feature_work; /* features.h's */
struct pd_choice {
    int64_t k;
    uint64_t seed;
    bool balanced;                      /* gold: its terms weighed by their standard deviations (eq. 9) */
    int64_t clusters;                   /* typiclust, probcover: doc/select.md */
    double radius;                      /* probcover: of a ball */
    const struct pd_feature_work *work; /* threads, and who watches; or NULL */
};

/* Numbers that a strategy keeps of the samples it has observed; zeroed at first. */
enum { PD_STRATEGY_STATE = 8 };

/* One way to choose: by a score for each sample, larger = sooner, or rows together (choose). One file and one
 * line in strategies.h each. Scores do not depend on how the rows were cut into blocks. How each is computed:
 * doc/select.md. */
struct pd_strategy {
    const char *name;    /* "most-entropy" */
    const char *also;    /* another name of it in the field, "entropy"; or NULL */
    const char *summary; /* one line, for lists and --help */
    unsigned needs;      /* of enum pd_pool_part */
    /* First, where balanced, the samples' statistics, block by block in order; NULL: none are needed.
     * scratch: (n), overwritten. */
    void (*observe)(const struct pd_pool *block, double *scratch, double *state);
    /* Then the scores (n) of a block. first: row number of the block's first sample; balanced: GOLD's terms
     * weighed by sigma_m / sigma_k of all that was observed. */
    void (*score)(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                  uint64_t seed, double *score);
    /* No score of the block is above this, at a fraction of the cost; NULL: nothing cheap can be said. */
    double (*bound)(const struct pd_pool *block, const double *state, bool balanced);
    /* Instead of all these, where what is chosen depends on what else is: how->k rows of the whole pool, in
     * order of choice. The pool was checked, its labelled rows come ascending and once, k unlabelled ones are
     * there. */
    enum pd_status (*choose)(const struct pd_pool *pool, const struct pd_choice *how, int64_t *rows,
                             struct pd_error *err);
};

const struct pd_strategy *pd_strategy_at(int index); /* NULL past the last */
/* By its name, or its other one. NULL and PD_ERR_USAGE with the nearest right name when there is none. */
const struct pd_strategy *pd_strategy_find(const char *name, struct pd_error *err);

/* PD_ERR_USAGE: something that the strategy needs is missing, fewer than two classes, a number that is not
 * finite (the message names the row, counted from first), which of a file is PD_ERR_FORMAT. */
enum pd_status pd_pool_check(const struct pd_pool *block, const struct pd_strategy *strategy, int64_t first,
                             struct pd_error *err);

/* how->k rows of a pool in memory without a label, by any strategy: the best first, or in order of choice.
 * Equal scores as pd_select_top has them. PD_ERR_USAGE as pd_pool_check; a labelled row that there is not,
 * fewer rows without a label than k; PD_ERR_MEMORY; PD_ERR_INTERRUPTED: work's watch said so. */
enum pd_status pd_strategy_choose(const struct pd_strategy *strategy, const struct pd_pool *pool,
                                  const struct pd_choice *how, int64_t *rows, struct pd_error *err);

/* Scores (n) of a pool in memory, labelled rows too. PD_ERR_USAGE as pd_pool_check, or the strategy chooses
 * rows together. */
enum pd_status pd_strategy_score(const struct pd_strategy *strategy, const struct pd_pool *pool,
                                 bool balanced, uint64_t seed, double *score, struct pd_error *err);

/* The k rows of the largest scores, best first; rows (k), 0 <= k <= n. Equal scores come in an order that the
 * seed and the row number fix. PD_ERR_USAGE: k out of range, a score that is NaN. PD_ERR_MEMORY. */
enum pd_status pd_select_top(int64_t n, const double *score, int64_t k, uint64_t seed, int64_t *rows,
                             struct pd_error *err);

/* The same over scores that come block by block: memory for k rows, whatever n is. */
struct pd_top;
enum pd_status pd_top_create(int64_t k, uint64_t seed, struct pd_top **out, struct pd_error *err);
void pd_top_destroy(struct pd_top *top);
/* n scores of the rows from first on. PD_ERR_USAGE: NaN, with its row. */
enum pd_status pd_top_add(struct pd_top *top, int64_t first, int64_t n, const double *score,
                          struct pd_error *err);
/* Rows (count) that are not to be taken, in place of those named before. PD_ERR_USAGE: rows were added
 * already, one below 0; PD_ERR_MEMORY. */
enum pd_status pd_top_leave_out(struct pd_top *top, int64_t count, const int64_t *rows, struct pd_error *err);
double pd_top_least(const struct pd_top *top); /* a score below it cannot enter any more; -inf at first */
/* Best first; rows and scores (k), either may be NULL. Returns how many: k, or all there were. They are no
 * longer in it afterwards. */
int64_t pd_top_take(struct pd_top *top, int64_t *rows, double *scores);

/* A pool that need not fit into memory. next: the rows that follow, n = 0 at the end; the arrays are the
 * source's until the next call. rewind: back to the first row; it comes before every pass. */
struct pd_pool_source {
    void *context;
    enum pd_status (*next)(void *context, struct pd_pool *block, struct pd_error *err);
    enum pd_status (*rewind)(void *context, struct pd_error *err);
    int64_t labelled; /* rows of the whole pool that have a label: they are never chosen. A block's own are
                         not looked at: where they are given there alone, PD_ERR_USAGE */
    const int64_t *labelled_rows;
};

/* What pd_strategy_score and pd_select_top choose, with one block in memory, from the source's first row on,
 * whatever was read of it before; two passes where balanced needs the statistics first. rows and scores have
 * room for k and get the best, as many as have no label, best first; scores may be NULL; *count = n, all rows
 * there were. PD_ERR_USAGE as theirs, or the strategy chooses rows together; PD_ERR_MEMORY; the source's
 * errors. */
enum pd_status pd_select_stream(const struct pd_strategy *strategy, const struct pd_pool_source *source,
                                bool balanced, int64_t k, uint64_t seed, int64_t *rows, double *scores,
                                int64_t *count, struct pd_error *err);

/* k rows spread out in feature space: of the best-scored candidates (k <= candidates <= n, as pd_select_top
 * orders them), the best and then, k-center: always the one farthest from those chosen (Sener & Savarese
 * 2018); k-means++: one drawn with probability proportional to the squared distance to the nearest chosen
 * (Arthur & Vassilvitskii 2007). Where all that are left coincide with chosen ones, the best-scored of them.
 * features (n, width) row-major, finite. rows (k) in order of choice. PD_ERR_USAGE, PD_ERR_MEMORY. */
enum pd_diversity { PD_DIVERSE_NONE, PD_DIVERSE_K_CENTER, PD_DIVERSE_K_MEANS };
enum pd_status pd_select_diverse(enum pd_diversity method, int64_t n, const double *score, int64_t width,
                                 const float *features, int64_t candidates, int64_t k, uint64_t seed,
                                 int64_t *rows, struct pd_error *err);

/* The same once the candidates are known, as pd_select_stream gives them: rows (candidates), best first, and
 * their features (candidates, width). chosen (k): places among them, in order of choice. The message names a
 * row. */
enum pd_status pd_diverse_choose(enum pd_diversity method, int64_t candidates, const int64_t *rows,
                                 int64_t width, const float *features, int64_t k, uint64_t seed,
                                 int64_t *chosen, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
