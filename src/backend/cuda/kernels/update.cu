/* --- updates of variables --- */

/* src: row, struct cuda_step. n: rows, width. */
KERNEL(assign_row)
{
    const int row = (int)(SRC(struct cuda_step, 1)->step % (unsigned int)a.n[0]);
    EACH(i, a.n[1])
    DST(float)[row * a.n[1] + i] = SRC(float, 0)[i];
}

/* dst[0 .. 1]: learning rate and root with Adam's bias corrections. src: t, rate (a double; NULL: f[0]).
 * f: lr, beta1, beta2. */
KERNEL(adam_rate)
{
    THREAD(t)
    if (t == 0) {
        const double time = SRC(float, 0)[0], lr = a.src[1] ? SRC(double, 1)[0] : a.f[0];
        DST(float)[0] = (float)(lr / (1 - pow(a.f[1], time)));
        DST(float)[1] = (float)(1 / sqrt(1 - pow(a.f[2], time)));
    }
}

/* All weights in one launch. src: struct cuda_adam (n[0]), what adam_rate made. f: beta1, beta2, eps. */
KERNEL(adam)
{
    const struct cuda_adam *all = SRC(struct cuda_adam, 0);
    const float rate = SRC(float, 1)[0], root = SRC(float, 1)[1];
    const float c1 = (float)(1 - a.f[0]), b2 = (float)a.f[1], c2 = (float)(1 - a.f[1]), eps = (float)a.f[2];
    int low = 0, high = a.n[0] - 1; /* the last whose first block is not behind this one */
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (all[middle].first <= BLOCK)
            low = middle;
        else
            high = middle - 1;
    }
    const struct cuda_adam w = all[low];
    const int from = (BLOCK - w.first) * CUDA_ADAM_CHUNK;
    const int past = w.n - from < CUDA_ADAM_CHUNK ? w.n : from + CUDA_ADAM_CHUNK;
    THREAD(t)
    for (int i = from + t; i < past; i += CUDA_THREADS) {
        const float g = w.g[i];
        w.m[i] += c1 * (g - w.m[i]);
        w.v[i] = b2 * w.v[i] + c2 * g * g;
        w.w[i] -= rate * (w.m[i] / (sqrtf(w.v[i]) * root + eps));
    }
}

/* --- between float and bfloat16, to the nearest, of equals the even one. n: count --- */

KERNEL(to_bf16)
{
    EACH(i, a.n[0])
    {
        const unsigned int x = SRC(unsigned int, 0)[i];
        const bool nan = (x & 0x7fffffffu) > 0x7f800000u;
        DST(unsigned short)[i] = (unsigned short)(nan ? (x >> 16) | 64u : (x + 0x7fffu + (x >> 16 & 1u)) >> 16);
    }
}

KERNEL(from_bf16)
{
    EACH(i, a.n[0])
    DST(unsigned int)[i] = (unsigned int)SRC(unsigned short, 0)[i] << 16;
}
