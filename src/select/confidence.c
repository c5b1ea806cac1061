/* ALCG: MC, the largest probability p(1), ranked by its logarithm. */
#include "select/softmax.h"
#include "select/strategies.h"

static void certain(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                    uint64_t seed, double *score)
{
    (void)first, (void)state, (void)balanced, (void)seed;
    pd_softmax_confidence(block->n, block->classes, block->class_logits, score);
}

static double bound(const struct pd_pool *block, const double *state, bool balanced)
{
    (void)state, (void)balanced;
    return pd_softmax_most_confidence(pd_softmax_gap(block->n, block->classes, block->class_logits));
}

static void uncertain(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                      uint64_t seed, double *score)
{
    certain(block, first, state, balanced, seed, score);
    for (int64_t i = 0; i < block->n; i++)
        score[i] = -score[i];
}

const struct pd_strategy pd_strategy_most_confident = {
    .name = "most-confident",
    .summary = "largest class probability first (ALCG's MC)",
    .needs = PD_POOL_CLASS_LOGITS,
    .score = certain,
    .bound = bound,
};

const struct pd_strategy pd_strategy_least_confident = {
    .name = "least-confident",
    .also = "least-confidence",
    .summary = "smallest largest class probability first",
    .needs = PD_POOL_CLASS_LOGITS,
    .score = uncertain,
};
