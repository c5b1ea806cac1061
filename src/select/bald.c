/* BALD (Houlsby et al. 2011; Gal, Islam & Ghahramani, ICML 2017): how much the passes disagree, H[mean p] -
 * mean H[p], the mutual information of the label and the network's weights. */
#include "select/strategies.h"

#include "base/clones.h"

#include <math.h>

/* The C library's vector exp, where GCC can call it. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__)
__attribute__((simd("notinbranch"))) double exp(double);
#endif

enum { CLASSES = 512 }; /* whose means are kept at a time */

/* exp(x - most) of some classes. */
PD_INLINE void exponentials(int n, const float *x, double most, double *e)
{
    for (int k = 0; k < n; k++)
        e[k] = exp((double)x[k] - most);
}

struct pass {
    double most, sum, entropy;
};

/* e (CLASSES): the exponentials of the first classes. */
PD_CLONES
static struct pass look_at(int classes, const float *x, double *e)
{
    struct pass p = {(double)x[0], 0, 0};
    double weighed = 0;
    for (int k = 1; k < classes; k++)
        p.most = (double)x[k] > p.most ? (double)x[k] : p.most;
    for (int first = classes > CLASSES ? (classes - 1) / CLASSES * CLASSES : 0; first >= 0;
         first -= CLASSES) {
        const int n = classes - first < CLASSES ? classes - first : CLASSES;
        exponentials(n, x + first, p.most, e);
        for (int k = 0; k < n; k++) {
            p.sum += e[k];
            weighed += e[k] * (p.most - (double)x[first + k]); /* 0 where e underflows: it stays finite */
        }
    }
    p.entropy = log(p.sum) + weighed / p.sum;
    return p;
}

PD_CLONES
static void add_again(int n, const float *x, const struct pass *p, double *e, double *mean)
{
    exponentials(n, x, p->most, e);
    for (int k = 0; k < n; k++)
        mean[k] += e[k] / p->sum;
}

/* Of the mean of the passes over some classes: - sum p log p; *within: the mean of the passes' entropies. */
static double entropy_of_mean(const struct pd_pool *block, int64_t row, int first, double *within)
{
    const int n = block->classes - first < CLASSES ? block->classes - first : CLASSES;
    const int64_t stride = block->pass_rows ? block->pass_rows : block->n;
    double e[CLASSES], mean[CLASSES] = {0}, entropy = 0;
    *within = 0;
    for (int s = 0; s < block->passes; s++) {
        const float *x = block->pass_logits + (s * stride + row) * block->classes;
        const struct pass p = look_at(block->classes, x, e);
        *within += p.entropy / block->passes;
        if (first)
            add_again(n, x + first, &p, e, mean);
        else
            for (int k = 0; k < n; k++)
                mean[k] += e[k] / p.sum;
    }
    for (int k = 0; k < n; k++) {
        const double p = mean[k] / block->passes;
        entropy -= p > 0 ? p * log(p) : 0;
    }
    return entropy;
}

static void disagreement(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                         uint64_t seed, double *score)
{
    (void)first, (void)state, (void)balanced, (void)seed;
    for (int64_t i = 0; i < block->n; i++) {
        double within = 0, entropy = 0;
        for (int k = 0; k < block->classes; k += CLASSES)
            entropy += entropy_of_mean(block, i, k, &within);
        score[i] = fmax(entropy - within, 0);
    }
}

const struct pd_strategy pd_strategy_bald = {
    .name = "bald",
    .summary = "where stochastic passes disagree most, the mutual information of label and weights",
    .needs = PD_POOL_PASSES,
    .score = disagreement,
};
