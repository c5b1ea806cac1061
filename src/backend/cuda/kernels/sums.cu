/* --- sums. Of x's elements some dims are kept and the others added up: result o gathers r = 0 .. R-1 from
 *     (o / k1) * s0 + (o % k1) * s1  +  (r / r1) * t0 + (r % r1) * t1
 * in parts of `length`; part p of result o goes to dst[p * K + o], and where there are several, sum_columns adds
 * them up. In double: reading is what takes the time, also where a card is slow at double. n: K, k1, s0, s1, R, r1, t0,
 * t1, parts, length. --- */

#define FROM(o)   ((o) / a.n[1] * a.n[2] + (o) % a.n[1] * a.n[3])
#define AT(r)     ((r) / a.n[5] * a.n[6] + (r) % a.n[5] * a.n[7])
#define FIRST(p)  ((p) * a.n[9])
#define PAST(p)   ((p) == a.n[8] - 1 ? a.n[4] : ((p) + 1) * a.n[9])

/* A block for each result and part: for neighbours that are added up. */
KERNEL(sum_lines)
{
    SHARED double sum[CUDA_THREADS];
    const int part = BLOCK / a.n[0], from = FROM(BLOCK % a.n[0]), past = PAST(part);
    THREAD(t)
    {
        sum[t] = 0;
        for (int r = FIRST(part) + t; r < past; r += CUDA_THREADS)
            sum[t] += SRC(float, 0)[from + AT(r)];
    }
    TREE(sum)
    THREAD(t)
    if (t == 0)
        DST(float)[BLOCK] = (float)sum[0];
}

/* A thread for each: for neighbours that are kept. */
KERNEL(sum_columns)
{
    EACH(i, a.n[0] * a.n[8])
    {
        const int part = i / a.n[0], from = FROM(i % a.n[0]), past = PAST(part);
        double sum = 0;
        for (int r = FIRST(part); r < past; r++)
            sum += SRC(float, 0)[from + AT(r)];
        DST(float)[i] = (float)sum;
    }
}

/* --- log-softmax of rows: a block each. n: columns. --- */

/* The largest itself stays out of the sum: where it is nearly all, log1p keeps what the others are. */
KERNEL(log_softmax)
{
    SHARED double sum[CUDA_THREADS];
    SHARED int best[CUDA_THREADS];
    const int k = a.n[0];
    const float *x = SRC(float, 0) + (long long)BLOCK * k;
    THREAD(t)
    {
        best[t] = t < k ? t : 0;
        for (int j = t; j < k; j += CUDA_THREADS)
            best[t] = x[j] > x[best[t]] ? j : best[t];
    }
    for (int half = CUDA_THREADS / 2; half; half /= 2) {
        BARRIER
        THREAD(t)
        if (t < half && x[best[t + half]] > x[best[t]])
            best[t] = best[t + half];
    }
    BARRIER
    THREAD(t)
    {
        sum[t] = 0;
        for (int j = t; j < k; j += CUDA_THREADS)
            sum[t] += j == best[0] ? 0 : expf(x[j] - x[best[0]]);
    }
    TREE(sum)
    THREAD(t)
    for (int j = t; j < k; j += CUDA_THREADS)
        DST(float)[(long long)BLOCK * k + j] = x[j] - x[best[0]] - log1pf((float)sum[0]);
}
