#include "base/rng.h"

#include <math.h>

void pd_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void pd_rng_block(const struct pd_rng *r, uint64_t block, uint32_t out[4])
{
    uint32_t key[2] = {(uint32_t)r->seed, (uint32_t)(r->seed >> 32) ^ r->stream};
    uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)r->step, r->stream};
    pd_philox(counter, key, out);
}

uint32_t pd_rng_u32(const struct pd_rng *r, uint64_t index)
{
    uint32_t out[4];
    pd_rng_block(r, index / 4, out);
    return out[index % 4];
}

double pd_rng_uniform(const struct pd_rng *r, uint64_t index)
{
    return pd_rng_u32(r, index) * 0x1p-32;
}

double pd_rng_normal(const struct pd_rng *r, uint64_t index)
{
    uint32_t out[4];
    pd_rng_block(r, index / 4, out);
    const uint32_t *pair = out + (index % 4 / 2) * 2;
    double radius = sqrt(-2 * log((pair[0] + 0.5) * 0x1p-32));
    double angle = 2 * M_PI * 0x1p-32 * pair[1];
    return radius * (index % 2 ? sin(angle) : cos(angle));
}

uint32_t pd_rng_below(const struct pd_rng *r, uint64_t index, uint32_t n)
{
    return (uint32_t)(((uint64_t)pd_rng_u32(r, index) * n) >> 32);
}

void pd_rng_permutation(const struct pd_rng *r, uint32_t n, uint32_t *order)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t j = pd_rng_below(r, i, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}
