/* Batch norm with its leaky ReLU, and sums over all axes but 1: hand-written, because oneDNN's batch norm
 * fuses neither this activation nor its gradient. Numbers that lie side by side are taken as "lanes", which
 * are channels or pixels of one channel; each thread owns whole channels, and sums run in float over at most
 * a few hundred rows before they go into double. */
#include "backend/onednn/onednn.h"

#include <math.h>
#include <string.h>

/* Rows of lanes: element (n, s, l) lies at offset + n*by_n + s*by_s + l, and belongs to channel
 * first + l*step: step 1 where channels lie side by side, 0 where pixels do. */
#define LANES 64
struct lanes {
    int64_t n, s, by_n, by_s, offset;
    int count; /* at most LANES */
    int64_t first, step;
};

static bool is_matrix(const struct pd_instr *in)
{
    return in->layout == PD_LAYOUT_PLAIN && in->shape.dim[2] * in->shape.dim[3] == 1;
}

static int lanes_chunks(const struct pd_instr *in, int block)
{
    const int64_t channels = in->shape.dim[1];
    if (in->layout == PD_LAYOUT_BLOCKED)
        return (int)(channels / block);
    return (int)(is_matrix(in) ? (channels + LANES - 1) / LANES : channels);
}

/* Pixels of a plain image in a row of lanes: a divisor of their number, best one that loops are made for. */
static int lanes_of_plane(int64_t size)
{
    int count = size % LANES == 0 ? LANES : size % 16 == 0 ? 16 : LANES;
    while (size % count)
        count--;
    return count;
}

static struct lanes lanes_chunk(const struct pd_instr *in, int block, int64_t chunk)
{
    const int64_t *d = in->shape.dim, size = d[2] * d[3];
    if (in->layout == PD_LAYOUT_BLOCKED)
        return (struct lanes){d[0], size, d[1] * size, block, chunk * size * block, block, chunk * block, 1};
    if (is_matrix(in)) {
        const int64_t first = chunk * LANES, left = d[1] - first;
        return (struct lanes){d[0], 1, d[1], d[1], first, left < LANES ? (int)left : LANES, first, 1};
    }
    const int count = lanes_of_plane(size);
    return (struct lanes){d[0], size / count, d[1] * size, count, chunk * size, count, chunk, 0};
}

/* Rows a float sum takes before it is emptied into double. */
#define FLUSH 256

struct sums {
    float a[LANES], b[LANES];
    double total_a[LANES], total_b[LANES];
    int rows;
};

PD_INLINE void flush(struct sums *s, int lanes)
{
    for (int l = 0; l < lanes; l++) {
        s->total_a[l] += (double)s->a[l];
        s->total_b[l] += (double)s->b[l];
        s->a[l] = s->b[l] = 0;
    }
    s->rows = 0;
}

PD_INLINE int64_t channel(const struct lanes *v, int lane)
{
    return v->first + lane * v->step;
}

/* Lanes of one channel have one sum. */
PD_INLINE void join(const struct lanes *v, double *total)
{
    double sum = 0;
    for (int l = 0; l < v->count && !v->step; l++)
        sum += total[l];
    for (int l = 0; l < v->count && !v->step; l++)
        total[l] = sum;
}

/* Numbers of a channel. */
PD_INLINE double numbers(const struct lanes *v)
{
    return (double)(v->n * v->s * (v->step ? 1 : v->count));
}

/* Runs `body` for every row p (with index `at`) of the lanes, with the lane count a constant where it is 16
 * or 64. */
#define FOR_ROWS(v, lanes, body)                                                                             \
    for (int64_t n = 0; n < (v)->n; n++)                                                                     \
        for (int64_t r = 0; r < (v)->s; r++) {                                                               \
            const int64_t at = (v)->offset + n * (v)->by_n + r * (v)->by_s;                                  \
            for (int l = 0; l < (lanes); l++)                                                                \
                body;                                                                                        \
        }
#define FOR_ROWS_SUM(v, lanes, sums, body)                                                                   \
    for (int64_t n = 0; n < (v)->n; n++)                                                                     \
        for (int64_t r = 0; r < (v)->s; r++) {                                                               \
            const int64_t at = (v)->offset + n * (v)->by_n + r * (v)->by_s;                                  \
            PD_INDEPENDENT for (int l = 0; l < (lanes); l++) body;                                           \
            if (++(sums)->rows == FLUSH)                                                                     \
                flush(sums, lanes);                                                                          \
        }                                                                                                    \
    flush(sums, lanes)
#define SPECIALISE(call)                                                                                     \
    do {                                                                                                     \
        if (v->count == 16) {                                                                                \
            call(16);                                                                                        \
        } else if (v->count == LANES) {                                                                      \
            call(LANES);                                                                                     \
        } else if (v->count == 8) {                                                                          \
            call(8);                                                                                         \
        } else {                                                                                             \
            call(v->count);                                                                                  \
        }                                                                                                    \
    } while (0)

PD_INLINE void sum_lanes(const struct lanes *v, const float *restrict x, struct sums *restrict s)
{
#define BODY(count) FOR_ROWS_SUM(v, count, s, s->a[l] += x[at + l])
    SPECIALISE(BODY);
#undef BODY
}

PD_INLINE void square_lanes(const struct lanes *v, const float *restrict x, const float *restrict mean,
                            struct sums *restrict s)
{
#define BODY(count) FOR_ROWS_SUM(v, count, s, s->b[l] += (x[at + l] - mean[l]) * (x[at + l] - mean[l]))
    SPECIALISE(BODY);
#undef BODY
}

PD_INLINE void stats_lanes(const struct lanes *v, const float *x, float *dst, int64_t channels)
{
    struct sums s = {0};
    float mean[LANES];
    const double m = numbers(v);
    sum_lanes(v, x, &s);
    join(v, s.total_a);
    for (int l = 0; l < v->count; l++)
        mean[l] = (float)(s.total_a[l] / m);
    square_lanes(v, x, mean, &s);
    join(v, s.total_b);
    for (int l = 0; l < v->count; l++) {
        const int64_t c = channel(v, l);
        double shift = s.total_a[l] / m - (double)mean[l];
        dst[c] = mean[l];
        dst[channels + c] = (float)(s.total_b[l] / m - shift * shift);
    }
}

/* y = act(x * scale + shift), and the parts of the gradient. */
struct norm {
    float mean[LANES], rstd[LANES], scale[LANES], shift[LANES], slope;
};

PD_INLINE struct norm norm_of(const struct pd_call *call, const struct lanes *v)
{
    struct norm b = {.slope = (float)call->instr->attr.slope};
    const int64_t channels = call->src_instr[0]->shape.dim[1];
    const float *mean = call->src[1], *var = mean + channels, *gamma = call->src[2], *beta = call->src[3];
    for (int l = 0; l < v->count; l++) {
        const int64_t c = channel(v, l);
        b.mean[l] = mean[c];
        b.rstd[l] = (float)(1 / sqrt((double)var[c] + call->instr->attr.eps));
        b.scale[l] = gamma[c] * b.rstd[l];
        b.shift[l] = beta[c] - mean[c] * b.scale[l];
    }
    return b;
}

PD_INLINE float act(const struct norm *b, float x, int l)
{
    float pre = x * b->scale[l] + b->shift[l];
    return pre > 0 ? pre : b->slope * pre;
}

/* dy behind the activation: the sign of the activation's input is found anew from x, which saves reading y.
 */
PD_INLINE float behind(const struct norm *b, float x, float dy, int l)
{
    const float scaled = b->slope * dy; /* computed always: a select vectorises, a branch does not */
    return x * b->scale[l] + b->shift[l] > 0 ? dy : scaled;
}

PD_INLINE void norm_lanes(const struct lanes *v, const struct norm *b, const float *x, float *restrict y)
{
#define BODY(count) FOR_ROWS(v, count, y[at + l] = act(b, x[at + l], l))
    SPECIALISE(BODY);
#undef BODY
}

PD_INLINE void sums_lanes(const struct lanes *v, const struct norm *restrict b, const float *restrict x,
                          const float *restrict dy, struct sums *restrict s)
{
#define BODY(count)                                                                                          \
    FOR_ROWS_SUM(v, count, s, {                                                                              \
        const float g = behind(b, x[at + l], dy[at + l], l);                                                 \
        s->a[l] += g * (x[at + l] - b->mean[l]);                                                             \
        s->b[l] += g;                                                                                        \
    })
    SPECIALISE(BODY);
#undef BODY
}

/* dx = scale * (g - k0 - k1 * (x - mean)); dx may lie on dy. */
PD_INLINE void dx_lanes(const struct lanes *v, const struct norm *b, const float *k0, const float *k1,
                        const float *x, const float *dy, float *dx)
{
#define BODY(count)                                                                                          \
    FOR_ROWS(v, count, {                                                                                     \
        float g = behind(b, x[at + l], dy[at + l], l);                                                       \
        dx[at + l] = b->scale[l] * (g - k0[l] - k1[l] * (x[at + l] - b->mean[l]));                           \
    })
    SPECIALISE(BODY);
#undef BODY
}

PD_CLONES static void run_chunk(const struct pd_call *call, const struct lanes *v)
{
    const float *x = call->src[0];
    float *dst = call->dst;
    const int64_t channels = call->src_instr[0]->shape.dim[1];
    if (call->instr->op == PD_OP_SUM_TO) {
        struct sums s = {0};
        sum_lanes(v, x, &s);
        join(v, s.total_a);
        for (int l = 0; l < v->count; l++)
            dst[channel(v, l)] = (float)s.total_a[l];
        return;
    }
    if (call->instr->op == PD_OP_BATCH_STATS) {
        stats_lanes(v, x, dst, channels);
        return;
    }
    struct norm b = norm_of(call, v);
    if (call->instr->op == PD_OP_BATCH_NORM) {
        norm_lanes(v, &b, x, dst);
    } else if (call->instr->op == PD_OP_BATCH_NORM_SUMS) {
        struct sums s = {0};
        sums_lanes(v, &b, x, call->src[4], &s);
        join(v, s.total_a);
        join(v, s.total_b);
        for (int l = 0; l < v->count; l++) {
            dst[channel(v, l)] = (float)(s.total_a[l] * (double)b.rstd[l]);
            dst[channels + channel(v, l)] = (float)s.total_b[l];
        }
    } else {
        const float *sums = call->src[5];
        float k0[LANES] = {0}, k1[LANES] = {0}, m = (float)numbers(v);
        for (int l = 0; l < v->count && call->instr->attr.through_statistics;
             l++) { /* through the statistics */
            k0[l] = sums[channels + channel(v, l)] / m;
            k1[l] = sums[channel(v, l)] / m * b.rstd[l];
        }
        dx_lanes(v, &b, k0, k1, x, call->src[4], dst);
    }
}

static void lanes_kernel(const struct pd_call *call, const struct pd_run *run)
{
    const struct pd_instr *x = call->src_instr[0];
    const int block = run->backend->block;
    const int chunks = lanes_chunks(x, block);
#pragma omp parallel for schedule(static) if (pd_shape_count(x->shape) >= PD_PARALLEL_MIN)
    for (int i = 0; i < chunks; i++) {
        struct lanes v = lanes_chunk(x, block, i);
        run_chunk(call, &v);
    }
}

enum pd_status prepare_norm(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    call->kernel = lanes_kernel;
    return PD_OK;
}

/* --- sums --- */

/* Every result element is the sum of a run of the source: over all of it, or for each n. */
static void run_sum_kernel(const struct pd_call *call, const struct pd_run *run)
{
    (void)run;
    const int64_t results = pd_shape_count(call->instr->shape),
                  n = pd_shape_count(call->src_instr[0]->shape) / results;
    const float *x = call->src[0];
    for (int64_t i = 0; i < results; i++, x += n) {
        double total = 0;
        for (int64_t at = 0; at < n; at += FLUSH) { /* sixteen sums side by side, so that it vectorises */
            float part[16] = {0};
            int64_t end = n - at < FLUSH ? n - at : FLUSH, j = 0;
            for (; j + 16 <= end; j += 16)
                for (int l = 0; l < 16; l++)
                    part[l] += x[at + j + l];
            for (; j < end; j++)
                part[0] += x[at + j];
            for (int l = 0; l < 16; l++)
                total += (double)part[l];
        }
        ((float *)call->dst)[i] = (float)total;
    }
}

enum pd_status prepare_sum_to(struct onednn *b, struct pd_call *call, struct pd_error *err)
{
    (void)b, (void)err;
    const struct pd_instr *x = call->src_instr[0];
    const int64_t *d = call->instr->shape.dim, rest = d[1] * d[2] * d[3];
    if (rest == 1 && (d[0] == 1 || d[0] == x->shape.dim[0])) {
        call->kernel = run_sum_kernel;
    } else if (d[0] == 1 && d[2] * d[3] == 1 && d[1] == x->shape.dim[1]) {
        call->kernel = lanes_kernel;
    }
    return PD_OK;
}
