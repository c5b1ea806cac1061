#include "select/softmax.h"

#include "base/clones.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The C library's vector exp and log, where GCC can call them. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__)
__attribute__((simd("notinbranch"))) double exp(double);
__attribute__((simd("notinbranch"))) double log(double);
__attribute__((simd("notinbranch"))) float logf(float);
#endif

/* Rows that are computed side by side. A loop over them has no remainder: the last rows are repeated, so that
 * equal rows give equal bits. */
enum { LANES = 64, KEPT_COLUMNS = 32 };

#define FAR_APART 700.0 /* exp(-700) is a double of full precision, exp(-709) is none */

struct tile {
    int classes;
    const float *row[LANES];
    float columns[KEPT_COLUMNS][LANES]; /* the first ones, transposed; others are fetched when needed */
    float spare[LANES];
};

/* With d = x - max x: what confidence, margin and entropy are made of. */
struct softmax {
    double most[LANES];    /* max x */
    double second[LANES];  /* the next largest, equal to most where that comes twice */
    double rest[LANES];    /* sum of exp(d) over all but one largest */
    double weighed[LANES]; /* sum of exp(d) * -d */
};

typedef float four __attribute__((vector_size(16)));

PD_INLINE four load(const float *x)
{
    four v;
    memcpy(&v, x, sizeof v);
    return v;
}

/* Four rows of four columns from k on. */
PD_INLINE void transpose_four(struct tile *t, int r, int k)
{
    const float *const *row = t->row + r;
    const four a = load(row[0] + k), b = load(row[1] + k), c = load(row[2] + k), d = load(row[3] + k);
    const four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
               ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7),
               cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    const four columns[4] = {
        __builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
        __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5), __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7)};
    for (int i = 0; i < 4; i++)
        memcpy(&t->columns[k + i][r], &columns[i], sizeof columns[i]);
}

static void transpose(struct tile *t, int n, int classes, const float *logits)
{
    const int kept = classes < KEPT_COLUMNS ? classes : KEPT_COLUMNS;
    t->classes = classes;
    for (int r = 0; r < LANES; r++)
        t->row[r] = logits + (int64_t)(r < n ? r : n - 1) * classes;
    for (int r = 0; r < LANES; r += 4) {
        int k = 0;
        for (; k + 4 <= kept; k += 4)
            transpose_four(t, r, k);
        for (; k < kept; k++)
            for (int i = 0; i < 4; i++)
                t->columns[k][r + i] = t->row[r + i][k];
    }
}

static const float *column(struct tile *t, int k)
{
    if (k < KEPT_COLUMNS)
        return t->columns[k];
    for (int r = 0; r < LANES; r++)
        t->spare[r] = t->row[r][k];
    return t->spare;
}

PD_CLONES static void two_largest(struct tile *t, struct softmax *s)
{
    float most[LANES], second[LANES];
    for (int r = 0; r < LANES; r++) {
        most[r] = t->columns[0][r];
        second[r] = -INFINITY;
    }
    for (int k = 1; k < t->classes; k++) {
        const float *x = column(t, k);
        for (int r = 0; r < LANES; r++) {
            const float less = x[r] < most[r] ? x[r] : most[r];
            second[r] = less > second[r] ? less : second[r];
            most[r] = x[r] > most[r] ? x[r] : most[r];
        }
    }
    for (int r = 0; r < LANES; r++) {
        s->most[r] = (double)most[r];
        s->second[r] = (double)second[r];
    }
}

PD_CLONES static void sums(struct tile *t, struct softmax *s)
{
    double ties[LANES];
    for (int r = 0; r < LANES; r++) {
        ties[r] = -1; /* the one largest that does not count */
        s->rest[r] = s->weighed[r] = 0;
    }
    for (int k = 0; k < t->classes; k++) {
        const float *x = column(t, k);
        for (int r = 0; r < LANES; r++) {
            const double d = (double)x[r] - s->most[r], e = exp(d);
            s->rest[r] += d < 0 ? e : 0;
            ties[r] += d < 0 ? 0 : 1;
            s->weighed[r] -= e * d; /* 0 where e underflows: d stays finite */
        }
    }
    for (int r = 0; r < LANES; r++)
        s->rest[r] += ties[r];
}

static void softmax_of(int n, int classes, const float *logits, struct softmax *s)
{
    struct tile t;
    transpose(&t, n, classes, logits);
    two_largest(&t, s);
    sums(&t, s);
}

/* log(1 + x), x >= 0, precise for small x too (Kahan): there is no vector log1p in every C library. */
PD_INLINE double log_1p(double x)
{
    const double u = 1 + x, tiny = u == 1 ? 1 : u - 1;
    return u == 1 ? x : log(u) * (x / tiny);
}

PD_CLONES static void confidence(const struct softmax *s, double *out)
{
    for (int r = 0; r < LANES; r++)
        out[r] = -log_1p(s->rest[r]);
}

/* -log(1 - margin) where exp(second - most) and rest leave the doubles: 1 + rest is 1, and rest + e is e
 * times what the classes but the largest sum to beside the second. */
static double far_margin(int classes, const float *x, double gap, double second)
{
    double sum = 0;
    for (int k = 0; k < classes; k++)
        sum += (double)x[k] <= second ? exp((double)x[k] - second) : 0;
    return gap - log(sum + 1);
}

/* p(1) - p(2) = (1 - e) / (1 + rest) with e = exp(second - most), so 1 - margin = (rest + e) / (1 + rest). */
PD_CLONES static void margin(const struct softmax *s, double *out)
{
    for (int r = 0; r < LANES; r++) {
        const double e = exp(s->second[r] - s->most[r]), others = s->rest[r] + e;
        out[r] = log_1p((1 - e) / (others > DBL_MIN ? others : DBL_MIN));
    }
}

PD_CLONES static void entropy(const struct softmax *s, double most, double *out)
{
    for (int r = 0; r < LANES; r++) {
        const double h = log_1p(s->rest[r]) + s->weighed[r] / (1 + s->rest[r]);
        out[r] = h < most ? h : most;
    }
}

static int lanes_left(int64_t n, int64_t at)
{
    return n - at < LANES ? (int)(n - at) : LANES;
}

static void copy(double *to, const double *from, int n)
{
    for (int r = 0; r < n; r++)
        to[r] = from[r];
}

void pd_softmax_confidence(int64_t n, int classes, const float *logits, double *log_p)
{
    struct softmax s;
    double out[LANES];
    for (int64_t i = 0; i < n; i += LANES) {
        softmax_of(lanes_left(n, i), classes, logits + i * classes, &s);
        confidence(&s, out);
        copy(log_p + i, out, lanes_left(n, i));
    }
}

void pd_softmax_margin(int64_t n, int classes, const float *logits, double *margins)
{
    struct softmax s;
    double out[LANES];
    for (int64_t i = 0; i < n; i += LANES) {
        softmax_of(lanes_left(n, i), classes, logits + i * classes, &s);
        margin(&s, out);
        for (int r = 0; r < lanes_left(n, i); r++)
            if (s.most[r] - s.second[r] > FAR_APART)
                out[r] =
                    far_margin(classes, logits + (i + r) * classes, s.most[r] - s.second[r], s.second[r]);
        copy(margins + i, out, lanes_left(n, i));
    }
}

void pd_softmax_entropy(int64_t n, int classes, const float *logits, double *entropies)
{
    const double most = log(classes);
    struct softmax s;
    double out[LANES];
    for (int64_t i = 0; i < n; i += LANES) {
        softmax_of(lanes_left(n, i), classes, logits + i * classes, &s);
        entropy(&s, most, out);
        copy(entropies + i, out, lanes_left(n, i));
    }
}

/* --- bounds --- */

#define WIDER 1e-9 /* than the rounding of a few vector functions */

/* In single precision a sum of K terms is off by K 2^-24 of it, rough_exp by 3e-6 and what its argument is
 * off by: (K + FEW) ROUGH is more than all of that comes to, in nats. exp(NOTHING) counts for nothing. */
#define ROUGH   1e-6
#define FEW     64
#define NOTHING (-80.0F)
#define SHIFT   12582912.0F /* 1.5 2^23: a float has no fraction there */

double pd_softmax_gap(int64_t n, int classes, const float *logits)
{
    double gap = 0;
    struct tile t;
    struct softmax s;
    for (int64_t i = 0; i < n; i += LANES) {
        transpose(&t, lanes_left(n, i), classes, logits + i * classes);
        two_largest(&t, &s);
        for (int r = 0; r < LANES; r++)
            gap = s.most[r] - s.second[r] > gap ? s.most[r] - s.second[r] : gap;
    }
    return gap;
}

/* e^x, NOTHING <= x <= 0, within 3e-6 of it: 2^i times Taylor's series of 2^f, |f| <= 1/2. No call, so that
 * the loop around it stays one of vectors in registers. */
PD_INLINE float rough_exp(float x)
{
    const float y = x * 1.44269504F, whole = (y + SHIFT) - SHIFT, f = y - whole;
    const float p =
        1 + f * (0.693147181F +
                 f * (0.240226507F + f * (0.0555041087F + f * (0.00961812911F + f * 0.00133335581F))));
    const int32_t bits = ((int32_t)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

/* The largest entropy of the tile, in single precision. */
PD_CLONES static float rough_entropy(struct tile *t)
{
    float most[LANES], sum[LANES] = {0}, weighed[LANES] = {0}, h[LANES];
    for (int r = 0; r < LANES; r++)
        most[r] = t->columns[0][r];
    for (int k = 1; k < t->classes; k++) {
        const float *x = column(t, k);
        for (int r = 0; r < LANES; r++)
            most[r] = x[r] > most[r] ? x[r] : most[r];
    }
    for (int k = 0; k < t->classes; k++) {
        const float *x = column(t, k);
        for (int r = 0; r < LANES; r++) {
            const float less = x[r] - most[r], d = less > NOTHING ? less : NOTHING, e = rough_exp(d);
            sum[r] += e;
            weighed[r] -= e * d;
        }
    }
    for (int r = 0; r < LANES; r++)
        h[r] = logf(sum[r]) + weighed[r] / sum[r];
    for (int half = LANES / 2; half; half /= 2) /* a maximum in pairs, of vectors as long as there are some */
        for (int r = 0; r < half; r++)
            h[r] = h[r] > h[r + half] ? h[r] : h[r + half];
    return h[0];
}

double pd_softmax_most_entropy(int64_t n, int classes, const float *logits)
{
    float largest = 0;
    struct tile t;
    for (int64_t i = 0; i < n; i += LANES) {
        transpose(&t, lanes_left(n, i), classes, logits + i * classes);
        const float h = rough_entropy(&t);
        largest = h > largest ? h : largest;
    }
    return (double)largest + (classes + FEW) * ROUGH;
}

double pd_softmax_most_confidence(double gap)
{
    return -log1p(exp(-gap)) * (1 - WIDER) + DBL_MIN;
}

double pd_softmax_most_margin(double gap)
{
    const double e = exp(-gap);
    return (gap > FAR_APART ? gap - log(2) : log1p((1 - e) / (2 * e))) * (1 + WIDER) + DBL_MIN;
}

/* Merging the other classes into one leaves less entropy, and that of (p, 1 - p) falls as p grows from 1/2.
 */
double pd_softmax_least_entropy(double gap)
{
    const double e = exp(-gap);
    return (log1p(e) + e * gap / (1 + e)) * (1 - WIDER) - DBL_MIN;
}
