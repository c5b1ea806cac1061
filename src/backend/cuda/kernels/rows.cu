/* --- what only moves numbers --- */

/* n: count; f: value. */
KERNEL(fill)
{
    EACH(i, a.n[0])
    DST(float)[i] = (float)a.f[0];
}

/* n: count, numbers of an outer step in the first source, and in both. */
KERNEL(concat)
{
    EACH(i, a.n[0])
    {
        const int step = i / a.n[2], at = i % a.n[2], first = a.n[1];
        DST(float)[i] = at < first ? SRC(float, 0)[step * first + at] : SRC(float, 1)[step * (a.n[2] - first) + at - first];
    }
}

/* n: count, numbers of an outer step in dst, in src, where dst begins there. */
KERNEL(slice)
{
    EACH(i, a.n[0])
    DST(float)[i] = SRC(float, 0)[i / a.n[1] * a.n[2] + a.n[3] + i % a.n[1]];
}

/* n: count, numbers of an outer step in dst, in src, where src begins there. */
KERNEL(pad)
{
    EACH(i, a.n[0])
    {
        const int at = i % a.n[1] - a.n[3];
        DST(float)[i] = at >= 0 && at < a.n[2] ? SRC(float, 0)[i / a.n[1] * a.n[2] + at] : 0.0f;
    }
}

/* n: count, C, h, w, direction. src[1]: (N, 2) */
KERNEL(shift)
{
    EACH(i, a.n[0])
    {
        const int w = a.n[3], h = a.n[2], plane = i / (h * w), x = i % w, y = i / w % h;
        const float *by = SRC(float, 1) + 2 * (plane / a.n[1]);
        const float down = a.n[4] * floorf(by[0]), right = a.n[4] * floorf(by[1]);
        /* in floats until it is known to be inside */
        const bool inside = y - down >= 0 && y - down < h && x - right >= 0 && x - right < w;
        DST(float)[i] = inside ? SRC(float, 0)[(plane * h + y - (int)down) * w + x - (int)right] : 0.0f;
    }
}

/* n: count, classes. src[0]: int (N) */
KERNEL(one_hot)
{
    EACH(i, a.n[0])
    DST(float)[i] = SRC(int, 0)[i / a.n[1]] == i % a.n[1] ? 1.0f : 0.0f;
}

/* n: count, size, C, H, W. src[0]: unsigned char (M, C, H, W), which may be more than an int counts; src[1]: int (N, 4) */
KERNEL(pixels)
{
    EACH(i, a.n[0])
    {
        const int size = a.n[1], x = i % size, y = i / size % size, plane = i / (size * size);
        const int *place = SRC(int, 1) + 4 * (plane / a.n[2]);
        const long long row = ((long long)place[0] * a.n[2] + plane % a.n[2]) * a.n[3] + place[1] + y;
        const int level = SRC(unsigned char, 0)[row * a.n[4] + place[2] + (place[3] ? size - 1 - x : x)];
        DST(float)[i] = (2 * level - 255) / 255.0f; /* rounded as x / 127.5 - 1 is from double: all 256 */
    }
}

/* --- rows by score. Batches are small: each is compared with each. --- */

DEVICE float nan_is_least(float x)
{
    return x == x ? x : LEAST;
}

/* dst: the place of each row, the best first. n: rows, 1: as a float. */
KERNEL(rank)
{
    EACH(i, a.n[0])
    {
        const float *score = SRC(float, 0), own = nan_is_least(score[i]);
        int better = 0;
        for (int j = 0; j < a.n[0]; j++) {
            const float other = nan_is_least(score[j]);
            better += other > own || (j < i && other == own);
        }
        if (a.n[1])
            DST(float)[i] = (float)better;
        else
            DST(int)[i] = better;
    }
}

/* How many of the rows before `row` are among the first k; the block's threads share the work. */
#define COUNT_TAKEN(taken, row, rank, k)                                                                     \
    THREAD(t)                                                                                                \
    {                                                                                                        \
        taken[t] = 0;                                                                                        \
        for (int j = t; j < (row); j += CUDA_THREADS)                                                        \
            taken[t] += (rank)[j] < (k);                                                                     \
    }                                                                                                        \
    TREE(taken)

/* A block for each row of x. src: x, ranks. n: width, k. */
KERNEL(top_rows)
{
    SHARED int taken[CUDA_THREADS];
    const int *rank = SRC(int, 1);
    const int width = a.n[0];
    COUNT_TAKEN(taken, BLOCK, rank, a.n[1])
    THREAD(t)
    for (int j = t; j < width && rank[BLOCK] < a.n[1]; j += CUDA_THREADS)
        DST(float)[taken[0] * width + j] = SRC(float, 0)[BLOCK * width + j];
}

/* A block for each row of dst. src: dy, ranks. n: width, k. */
KERNEL(spread_rows)
{
    SHARED int taken[CUDA_THREADS];
    const int *rank = SRC(int, 1);
    const int width = a.n[0];
    COUNT_TAKEN(taken, BLOCK, rank, a.n[1])
    THREAD(t)
    for (int j = t; j < width; j += CUDA_THREADS)
        DST(float)[BLOCK * width + j] = rank[BLOCK] < a.n[1] ? SRC(float, 0)[taken[0] * width + j] : 0.0f;
}
