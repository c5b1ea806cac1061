/* The end of the pool, whatever anybody thinks of it. */
#include "select/strategies.h"

static void place(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                  uint64_t seed, double *score)
{
    (void)state, (void)balanced, (void)seed;
    for (int64_t i = 0; i < block->n; i++)
        score[i] = (double)(first + i);
}

const struct pd_strategy pd_strategy_last = {
    .name = "last",
    .summary = "the last rows of the pool, as GOLD's reference code queries",
    .score = place,
};
