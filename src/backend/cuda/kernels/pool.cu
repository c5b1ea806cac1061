/* --- pooling. n: count, h, w, oh, ow, stride, pad_h, pad_w, window. Gradients are gathered, pixel by pixel, from the
 * windows that have it: no two threads add to the same place. --- */

struct window {
    int top, bottom, left, right;
};

DEVICE struct window window_at(const struct cuda_args *a, int i, int j)
{
    struct window in;
    in.top = i * a->n[5] - a->n[6];
    in.left = j * a->n[5] - a->n[7];
    in.bottom = in.top + a->n[8] < a->n[1] ? in.top + a->n[8] : a->n[1];
    in.right = in.left + a->n[8] < a->n[2] ? in.left + a->n[8] : a->n[2];
    in.top = in.top > 0 ? in.top : 0;
    in.left = in.left > 0 ? in.left : 0;
    return in;
}

/* The windows (i, j) that pixel (y, x) may lie in. */
DEVICE struct window windows_of(const struct cuda_args *a, int y, int x)
{
    struct window in;
    const int top = y + a->n[6] - a->n[8], left = x + a->n[7] - a->n[8];
    in.top = top < 0 ? 0 : top / a->n[5] + 1;
    in.left = left < 0 ? 0 : left / a->n[5] + 1;
    in.bottom = (y + a->n[6]) / a->n[5] + 1;
    in.right = (x + a->n[7]) / a->n[5] + 1;
    in.bottom = in.bottom < a->n[3] ? in.bottom : a->n[3];
    in.right = in.right < a->n[4] ? in.right : a->n[4];
    return in;
}

/* The place of the first largest. */
DEVICE int argmax(const float *x, int w, struct window in)
{
    int best = in.top * w + in.left;
    for (int i = in.top; i < in.bottom; i++)
        for (int j = in.left; j < in.right; j++)
            if (x[i * w + j] > x[best])
                best = i * w + j;
    return best;
}

KERNEL(max_pool)
{
    EACH(o, a.n[0])
    {
        const struct window in = window_at(&a, o / a.n[4] % a.n[3], o % a.n[4]);
        const float *x = SRC(float, 0) + o / (a.n[3] * a.n[4]) * (a.n[1] * a.n[2]);
        DST(float)[o] = x[argmax(x, a.n[2], in)];
    }
}

KERNEL(avg_pool)
{
    EACH(o, a.n[0])
    {
        const struct window in = window_at(&a, o / a.n[4] % a.n[3], o % a.n[4]);
        const float *x = SRC(float, 0) + o / (a.n[3] * a.n[4]) * (a.n[1] * a.n[2]);
        float sum = 0;
        for (int i = in.top; i < in.bottom; i++)
            for (int j = in.left; j < in.right; j++)
                sum += x[i * a.n[2] + j];
        DST(float)[o] = sum / (float)((in.bottom - in.top) * (in.right - in.left));
    }
}

/* src: x, dy. n[0]: of dx. */
KERNEL(max_pool_bwd)
{
    EACH(p, a.n[0])
    {
        const int plane = p / (a.n[1] * a.n[2]), at = p % (a.n[1] * a.n[2]);
        const struct window all = windows_of(&a, at / a.n[2], at % a.n[2]);
        const float *x = SRC(float, 0) + plane * (a.n[1] * a.n[2]), *dy = SRC(float, 1) + plane * (a.n[3] * a.n[4]);
        float sum = 0;
        for (int i = all.top; i < all.bottom; i++)
            for (int j = all.left; j < all.right; j++)
                if (argmax(x, a.n[2], window_at(&a, i, j)) == at)
                    sum += dy[i * a.n[4] + j];
        DST(float)[p] = sum;
    }
}

/* src: dy. n[0]: of dx. */
KERNEL(avg_pool_bwd)
{
    EACH(p, a.n[0])
    {
        const int plane = p / (a.n[1] * a.n[2]), at = p % (a.n[1] * a.n[2]);
        const struct window all = windows_of(&a, at / a.n[2], at % a.n[2]);
        const float *dy = SRC(float, 0) + plane * (a.n[3] * a.n[4]);
        float sum = 0;
        for (int i = all.top; i < all.bottom; i++)
            for (int j = all.left; j < all.right; j++) {
                const struct window in = window_at(&a, i, j);
                sum += dy[i * a.n[4] + j] / (float)((in.bottom - in.top) * (in.right - in.left));
            }
        DST(float)[p] = sum;
    }
}
