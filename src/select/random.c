#include "base/rng.h"
#include "select/strategies.h"
#include "base/streams.h"

/* Uniform in [0, 1), 53 bits: ties are rare in pools of any size. */
static void score_rows(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                       uint64_t seed, double *score)
{
    const struct pd_rng rng = {seed, PD_STREAM_SELECT_RANDOM, 0};
    (void)state, (void)balanced;
    for (int64_t i = 0; i < block->n; i++) {
        uint32_t words[4];
        pd_rng_block(&rng, (uint64_t)(first + i), words);
        score[i] = (double)((uint64_t)words[0] << 21 ^ words[1] >> 11) * 0x1p-53;
    }
}

const struct pd_strategy pd_strategy_random = {
    .name = "random",
    .summary = "a uniform draw, fixed by the seed",
    .score = score_rows,
};
