/* ALCG: LM, the margin p(1) - p(2), ranked by -log(1 - margin). */
#include "select/softmax.h"
#include "select/strategies.h"

static void certain(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                    uint64_t seed, double *score)
{
    (void)first, (void)state, (void)balanced, (void)seed;
    pd_softmax_margin(block->n, block->classes, block->class_logits, score);
}

static double bound(const struct pd_pool *block, const double *state, bool balanced)
{
    (void)state, (void)balanced;
    return pd_softmax_most_margin(pd_softmax_gap(block->n, block->classes, block->class_logits));
}

static void uncertain(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                      uint64_t seed, double *score)
{
    certain(block, first, state, balanced, seed, score);
    for (int64_t i = 0; i < block->n; i++)
        score[i] = -score[i];
}

const struct pd_strategy pd_strategy_large_margin = {
    .name = "large-margin",
    .summary = "largest margin between the two likeliest classes first (ALCG's LM)",
    .needs = PD_POOL_CLASS_LOGITS,
    .score = certain,
    .bound = bound,
};

const struct pd_strategy pd_strategy_small_margin = {
    .name = "small-margin",
    .also = "margin",
    .summary = "smallest margin between the two likeliest classes first",
    .needs = PD_POOL_CLASS_LOGITS,
    .score = uncertain,
};
