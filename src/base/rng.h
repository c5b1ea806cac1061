/* Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). A number is a pure function of (seed, stream, step, index): the same on every backend and thread
 * count, and a checkpoint holds only the step. */
#ifndef PD_BASE_RNG_H
#define PD_BASE_RNG_H

#include <stdint.h>

/* One block of four 32-bit words. */
void pd_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A place in the space of random numbers. stream: who asks (a node, the loader); step: when. */
struct pd_rng {
    uint64_t seed;
    uint32_t stream;
    uint64_t step;
};

/* Four uniform words for indices 4*block .. 4*block+3. step must be below 2^32, block below 2^64. */
void pd_rng_block(const struct pd_rng *r, uint64_t block, uint32_t out[4]);

/* Element `index` of each distribution. */
uint32_t pd_rng_u32(const struct pd_rng *r, uint64_t index);
double pd_rng_uniform(const struct pd_rng *r, uint64_t index);             /* [0, 1), 32 bits */
double pd_rng_normal(const struct pd_rng *r, uint64_t index);              /* N(0, 1), Box-Muller on pairs */
uint32_t pd_rng_below(const struct pd_rng *r, uint64_t index, uint32_t n); /* 0 .. n-1, multiply-shift */

/* Element i of a permutation of 0 .. n-1 fixed by r; fills order[n]. Fisher-Yates. */
void pd_rng_permutation(const struct pd_rng *r, uint32_t n, uint32_t *order);

#endif
