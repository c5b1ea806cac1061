/* --- batch norm with its leaky ReLU. x (N, C, inner): channel c's element r lies at (r / inner * C + c) * inner +
 * r % inner. n: count, C, inner, elements of a channel, parts, length of a part. f: eps, slope.
 * src: x, stats (2, C), gamma, beta, dy, sums --- */

#define ELEMENT(c, r) (((r) / a.n[2] * a.n[1] + (c)) * a.n[2] + (r) % a.n[2])

/* A block for each channel and part: dst (parts, 2, C), mean and sum of squares around it. */
KERNEL(batch_stats_parts)
{
    SHARED double sum[CUDA_THREADS], square[CUDA_THREADS];
    const int c = BLOCK % a.n[1], part = BLOCK / a.n[1], from = part * a.n[5];
    const int past = part == a.n[4] - 1 ? a.n[3] : from + a.n[5];
    const float *x = SRC(float, 0);
    THREAD(t)
    {
        sum[t] = 0;
        for (int r = from + t; r < past; r += CUDA_THREADS)
            sum[t] += x[ELEMENT(c, r)];
    }
    TREE(sum)
    THREAD(t)
    {
        const double mean = sum[0] / (past - from);
        square[t] = 0;
        for (int r = from + t; r < past; r += CUDA_THREADS) {
            const double d = x[ELEMENT(c, r)] - mean;
            square[t] += d * d;
        }
    }
    TREE(square)
    THREAD(t)
    if (t == 0) {
        DST(float)[2 * part * a.n[1] + c] = (float)(sum[0] / (past - from));
        DST(float)[(2 * part + 1) * a.n[1] + c] = (float)square[0];
    }
}

/* src[0]: what the parts made -> mean, biased variance (Chan, Golub & LeVeque 1983). */
KERNEL(batch_stats)
{
    EACH(c, a.n[1])
    {
        double n = 0, mean = 0, square = 0;
        for (int part = 0; part < a.n[4]; part++) {
            const double m = part == a.n[4] - 1 ? a.n[3] - part * a.n[5] : a.n[5];
            const double d = SRC(float, 0)[2 * part * a.n[1] + c] - mean;
            square += SRC(float, 0)[(2 * part + 1) * a.n[1] + c] + d * d * n * m / (n + m);
            mean += d * m / (n + m);
            n += m;
        }
        DST(float)[c] = (float)mean;
        DST(float)[a.n[1] + c] = (float)(square / n);
    }
}

DEVICE float normalised(const struct cuda_args *a, int i, int c)
{
    const float *x = (const float *)a->src[0], *stats = (const float *)a->src[1];
    return (x[i] - stats[c]) / sqrtf(stats[a->n[1] + c] + (float)a->f[0]);
}

/* dy behind the activation. */
DEVICE float gradient(const struct cuda_args *a, int i, int c, float xhat)
{
    const float *gamma = (const float *)a->src[2], *beta = (const float *)a->src[3], *dy = (const float *)a->src[4];
    return gamma[c] * xhat + beta[c] > 0 ? dy[i] : (float)a->f[1] * dy[i];
}

KERNEL(batch_norm)
{
    EACH(i, a.n[0])
    {
        const int c = i / a.n[2] % a.n[1];
        const float y = SRC(float, 2)[c] * normalised(&a, i, c) + SRC(float, 3)[c];
        DST(float)[i] = y > 0 ? y : (float)a.f[1] * y;
    }
}

/* A block for each channel and part: dst (parts, 2, C), dgamma and dbeta. */
KERNEL(batch_norm_sums)
{
    SHARED double dgamma[CUDA_THREADS], dbeta[CUDA_THREADS];
    const int c = BLOCK % a.n[1], part = BLOCK / a.n[1], from = part * a.n[5];
    const int past = part == a.n[4] - 1 ? a.n[3] : from + a.n[5];
    THREAD(t)
    {
        dgamma[t] = dbeta[t] = 0;
        for (int r = from + t; r < past; r += CUDA_THREADS) {
            const int i = ELEMENT(c, r);
            const float xhat = normalised(&a, i, c), g = gradient(&a, i, c, xhat);
            dgamma[t] += (double)g * xhat;
            dbeta[t] += g;
        }
    }
    TREE(dgamma)
    TREE(dbeta)
    THREAD(t)
    if (t == 0) {
        DST(float)[2 * part * a.n[1] + c] = (float)dgamma[0];
        DST(float)[(2 * part + 1) * a.n[1] + c] = (float)dbeta[0];
    }
}

/* n[6]: through the statistics. */
KERNEL(batch_norm_dx)
{
    EACH(i, a.n[0])
    {
        const int c = i / a.n[2] % a.n[1];
        const float xhat = normalised(&a, i, c), *sums = SRC(float, 5);
        float g = gradient(&a, i, c, xhat);
        if (a.n[6])
            g -= (sums[a.n[1] + c] + xhat * sums[c]) / (float)a.n[3];
        DST(float)[i] = SRC(float, 2)[c] / sqrtf(SRC(float, 1)[a.n[1] + c] + (float)a.f[0]) * g;
    }
}

/* n: C. src[0]: stats (2, C) -> dst, doubles (2, C): the mean, and the mean of squares. */
KERNEL(moments)
{
    EACH(c, a.n[0])
    {
        const double mean = SRC(float, 0)[c];
        DST(double)[c] = mean;
        DST(double)[a.n[0] + c] = SRC(float, 0)[a.n[0] + c] + mean * mean;
    }
}

/* n: C, ranks. src[0]: the moments, added up over ranks of as many elements -> dst: stats (2, C) of all. */
KERNEL(stats_of_moments)
{
    EACH(c, a.n[0])
    {
        const double mean = SRC(double, 0)[c] / a.n[1], variance = SRC(double, 0)[a.n[0] + c] / a.n[1] - mean * mean;
        DST(float)[c] = (float)mean;
        DST(float)[a.n[0] + c] = variance > 0 ? (float)variance : 0;
    }
}
