/* --- which run this is, and its random numbers: base/rng.h's, four from each Philox block --- */

/* n[0 .. 2]: struct cuda_step. Outside of the graph, before it. */
KERNEL(put_step)
{
    THREAD(t)
    if (t < 3)
        DST(unsigned int)[t] = (unsigned int)a.n[t];
}

/* src[0]: struct cuda_step. */
DEVICE void philox(const struct cuda_step *s, unsigned int stream, unsigned int block, unsigned int *out)
{
    unsigned int c0 = block, c1 = 0, c2 = s->step, c3 = stream;
    unsigned int k0 = s->seed_low, k1 = s->seed_high ^ stream;
    for (int round = 0; round < 10; round++) {
        const unsigned long long p = 0xD2511F53ull * c0, q = 0xCD9E8D57ull * c2;
        c0 = (unsigned int)(q >> 32) ^ c1 ^ k0;
        c2 = (unsigned int)(p >> 32) ^ c3 ^ k1;
        c1 = (unsigned int)q;
        c3 = (unsigned int)p;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* n[3], unsigned: the place of this rank's first number among those of all ranks. The numbers of block b, of
 * which the first and the last may have some of other ranks'. */
#define BLOCKS(a) ((int)(((unsigned int)(a).n[3] % 4 + (unsigned int)(a).n[0] + 3) / 4))
#define OF_BLOCK(a, b, i, at)                                                                                \
    for (int i = 0, at = 4 * (b) - (int)((unsigned int)(a).n[3] % 4); i < 4; i++, at++)                      \
        if (at >= 0 && at < (a).n[0])

/* n: count, stream. Box-Muller in double, as base/rng.c has it. */
KERNEL(random_normal)
{
    EACH(b, BLOCKS(a))
    {
        unsigned int u[4];
        philox(SRC(struct cuda_step, 0), (unsigned int)a.n[1], (unsigned int)a.n[3] / 4 + (unsigned int)b, u);
        OF_BLOCK(a, b, i, at) {
            const double radius = sqrt(-2 * log((u[i & 2] + 0.5) * 2.3283064365386963e-10));
            const double angle = 2 * 3.14159265358979323846 * 2.3283064365386963e-10 * u[(i & 2) + 1];
            DST(float)[at] = (float)(radius * (i & 1 ? sin(angle) : cos(angle)));
        }
    }
}

/* n: count, stream. 24 bits. */
KERNEL(random_uniform)
{
    EACH(b, BLOCKS(a))
    {
        unsigned int u[4];
        philox(SRC(struct cuda_step, 0), (unsigned int)a.n[1], (unsigned int)a.n[3] / 4 + (unsigned int)b, u);
        OF_BLOCK(a, b, i, at)
            DST(float)[at] = (float)(int)(u[i] >> 8) * 5.9604644775390625e-8f;
    }
}

/* n: count, stream, classes. */
KERNEL(random_class)
{
    EACH(b, BLOCKS(a))
    {
        unsigned int u[4];
        philox(SRC(struct cuda_step, 0), (unsigned int)a.n[1], (unsigned int)a.n[3] / 4 + (unsigned int)b, u);
        OF_BLOCK(a, b, i, at)
            DST(int)[at] = (int)(((unsigned long long)u[i] * (unsigned int)a.n[2]) >> 32);
    }
}
