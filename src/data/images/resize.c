/* After Pillow's src/libImaging/Resample.c: the same arithmetic in the same order. */
#include "data/images/resize.h"

#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { PRECISION = 32 - 8 - 2, MAX_SIDE = 65535 };

/* Weights along one axis, in fixed point with PRECISION bits after the point. */
struct axis {
    int from, to;
    int taps;         /* most weights that one result has */
    int *first;       /* (to): first source pixel */
    int *count;       /* (to): number of source pixels */
    int32_t *weights; /* (to, taps) */
};

struct pd_resize {
    struct axis x, y;
};

static double triangle(double x)
{
    return fabs(x) < 1 ? 1 - fabs(x) : 0;
}

/* Weights of result i before rounding; at most axis->taps. */
static void weigh(struct axis *axis, int i, double *w)
{
    double scale = (double)axis->from / axis->to;
    double wide = scale < 1 ? 1 : scale, sum = 0;
    double centre = (i + 0.5) * scale;
    int low = (int)(centre - wide + 0.5), high = (int)(centre + wide + 0.5);
    low = low < 0 ? 0 : low;
    high = high > axis->from ? axis->from : high;
    axis->first[i] = low;
    axis->count[i] = high - low;
    for (int k = 0; k < high - low; k++) {
        w[k] = triangle((k + low - centre + 0.5) * (1 / wide));
        sum += w[k];
    }
    for (int k = 0; k < high - low; k++)
        axis->weights[(size_t)i * axis->taps + k] = (int32_t)(0.5 + w[k] / sum * (1 << PRECISION));
}

static void axis_release(struct axis *axis)
{
    pd_free(axis->first);
    pd_free(axis->count);
    pd_free(axis->weights);
}

static bool axis_init(struct axis *axis, int from, int to)
{
    double scale = (double)from / to;
    axis->from = from;
    axis->to = to;
    axis->taps = (int)ceil(scale < 1 ? 1 : scale) * 2 + 1;
    axis->first = pd_calloc((size_t)to, sizeof *axis->first);
    axis->count = pd_calloc((size_t)to, sizeof *axis->count);
    axis->weights = pd_calloc((size_t)to, (size_t)axis->taps * sizeof *axis->weights);
    double *w = pd_calloc((size_t)axis->taps, sizeof *w);
    bool ok = axis->first && axis->count && axis->weights && w;
    for (int i = 0; ok && i < to; i++)
        weigh(axis, i, w);
    pd_free(w);
    return ok;
}

enum pd_status pd_resize_create(int height, int width, int new_height, int new_width, struct pd_resize **out,
                                struct pd_error *err)
{
    const int sides[4] = {height, width, new_height, new_width};
    *out = NULL;
    for (int i = 0; i < 4; i++)
        if (sides[i] < 1 || sides[i] > MAX_SIDE)
            return pd_fail(err, PD_ERR_USAGE, -1, "cannot resize %d x %d to %d x %d: sides must be 1 to %d",
                           height, width, new_height, new_width, MAX_SIDE);
    struct pd_resize *r = pd_calloc(1, sizeof *r);
    if (!r || !axis_init(&r->x, width, new_width) || !axis_init(&r->y, height, new_height)) {
        pd_resize_destroy(r);
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for resizing to %d x %d", new_height,
                       new_width);
    }
    *out = r;
    return PD_OK;
}

void pd_resize_destroy(struct pd_resize *r)
{
    if (!r)
        return;
    axis_release(&r->x);
    axis_release(&r->y);
    pd_free(r);
}

size_t pd_resize_scratch_size(const struct pd_resize *r)
{
    return (size_t)r->y.from * (size_t)r->x.to;
}

/* Weights are not negative and sum to one within rounding, so no result is below 0 or above 255. */
static uint8_t round_sum(int32_t sum)
{
    int32_t value = sum >> PRECISION;
    return (uint8_t)(value > 255 ? 255 : value);
}

static void resize_rows(const struct axis *x, int rows, const uint8_t *src, uint8_t *dst)
{
    for (int r = 0; r < rows; r++, src += x->from, dst += x->to) {
        for (int i = 0; i < x->to; i++) {
            const int32_t *w = x->weights + (size_t)i * x->taps;
            int32_t sum = 1 << (PRECISION - 1);
            for (int k = 0; k < x->count[i]; k++)
                sum += src[x->first[i] + k] * w[k];
            dst[i] = round_sum(sum);
        }
    }
}

/* A strip of columns at a time, so that the sums stay in registers or the nearest cache. */
static void resize_columns(const struct axis *y, int width, const uint8_t *src, uint8_t *dst)
{
    enum { STRIP = 64 };
    int32_t sum[STRIP];
    for (int i = 0; i < y->to; i++, dst += width) {
        const int32_t *w = y->weights + (size_t)i * y->taps;
        for (int left = 0; left < width; left += STRIP) {
            int n = width - left < STRIP ? width - left : STRIP;
            for (int j = 0; j < n; j++)
                sum[j] = 1 << (PRECISION - 1);
            for (int k = 0; k < y->count[i]; k++) {
                const uint8_t *row = src + (size_t)(y->first[i] + k) * width + left;
                for (int j = 0; j < n; j++)
                    sum[j] += row[j] * w[k];
            }
            for (int j = 0; j < n; j++)
                dst[left + j] = round_sum(sum[j]);
        }
    }
}

void pd_resize_plane(const struct pd_resize *r, const uint8_t *src, uint8_t *dst, uint8_t *scratch)
{
    if (r->x.from == r->x.to && r->y.from == r->y.to) {
        memcpy(dst, src, pd_resize_scratch_size(r));
    } else if (r->y.from == r->y.to) {
        resize_rows(&r->x, r->y.from, src, dst);
    } else if (r->x.from == r->x.to) {
        resize_columns(&r->y, r->x.to, src, dst);
    } else {
        resize_rows(&r->x, r->y.from, src, scratch);
        resize_columns(&r->y, r->x.to, scratch, dst);
    }
}

void pd_turn_plane(uint8_t *plane, size_t side)
{
    for (size_t i = 0; i < side; i++)
        for (size_t k = 0; k < i; k++) {
            const uint8_t swap = plane[i * side + k];
            plane[i * side + k] = plane[k * side + i];
            plane[k * side + i] = swap;
        }
}

void pd_fit_short_side(int height, int width, int side, int *new_height, int *new_width)
{
    *new_height = height <= width ? side : (int)((int64_t)side * height / width);
    *new_width = width <= height ? side : (int)((int64_t)side * width / height);
}
