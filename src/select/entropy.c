/* ALCG: LE, the entropy H of the class probabilities. */
#include "select/softmax.h"
#include "select/strategies.h"

static void uncertain(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                      uint64_t seed, double *score)
{
    (void)first, (void)state, (void)balanced, (void)seed;
    pd_softmax_entropy(block->n, block->classes, block->class_logits, score);
}

static void certain(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                    uint64_t seed, double *score)
{
    uncertain(block, first, state, balanced, seed, score);
    for (int64_t i = 0; i < block->n; i++)
        score[i] = -score[i];
}

static double most(const struct pd_pool *block, const double *state, bool balanced)
{
    (void)state, (void)balanced;
    return pd_softmax_most_entropy(block->n, block->classes, block->class_logits);
}

static double bound(const struct pd_pool *block, const double *state, bool balanced)
{
    (void)state, (void)balanced;
    return -pd_softmax_least_entropy(pd_softmax_gap(block->n, block->classes, block->class_logits));
}

const struct pd_strategy pd_strategy_least_entropy = {
    .name = "least-entropy",
    .summary = "smallest entropy of the class probabilities first (ALCG's LE)",
    .needs = PD_POOL_CLASS_LOGITS,
    .score = certain,
    .bound = bound,
};

const struct pd_strategy pd_strategy_most_entropy = {
    .name = "most-entropy",
    .also = "entropy",
    .summary = "largest entropy of the class probabilities first",
    .needs = PD_POOL_CLASS_LOGITS,
    .score = uncertain,
    .bound = most,
};
