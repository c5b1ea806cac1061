#include "metric/statistics.h"

#include "base/rng.h"
#include "base/streams.h"

#include <math.h>

enum { EXACT_MOST = 20, DRAWS = 100000 };
#define ROUNDING 1e-9 /* of a difference of two numbers that may be much larger, as a part of it */
#define WRITTEN  1e-5 /* the same of numbers that files hold with ten digits */

struct pd_summary pd_summarise(int64_t n, const double *values)
{
    struct pd_summary s = {n, NAN, NAN, NAN};
    double sum = 0, squares = 0, largest = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i];
    if (n > 0)
        s.mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        squares += (values[i] - s.mean) * (values[i] - s.mean);
        largest = fmax(largest, fabs(values[i]));
    }
    if (n > 1) {
        s.deviation = sqrt(squares / (double)(n - 1));
        if (s.deviation <=
            ROUNDING * largest) /* equal, but for how 0.15 - 0.10 and 0.10 - 0.05 are rounded */
            s.deviation = 0;
        s.error = s.deviation / sqrt((double)n);
    }
    return s;
}

/* --- Student's t --- */

static double not_zero(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* 1 + d1/(1 + d2/(1 + ...)), whose reciprocal is the incomplete beta function's continued fraction
 * (DLMF 8.17.22), by Lentz's method as modified by Thompson and Barnett (1986). */
static double beta_fraction(double a, double b, double x)
{
    double f = 1, c = 1, d = 0, change = 0;
    for (int i = 1; i < 1000 && fabs(change - 1) > 1e-15; i++) {
        const double m = floor(i / 2.);
        const double term = i % 2 ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                                  : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / not_zero(1 + term * d);
        c = not_zero(1 + term / c);
        change = c * d;
        f *= change;
    }
    return f;
}

/* I_x(a, b) for 0 < x < 1, where the fraction converges fast: x below (a + 1) / (a + b + 2). */
static double beta_below(double a, double b, double x)
{
    int sign;
    const double beta = lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
    return exp(a * log(x) + b * log1p(-x) - beta) / a / beta_fraction(a, b, x);
}

double pd_student_p(double t, double freedom)
{
    const double a = freedom / 2, b = 0.5, x = freedom / (freedom + t * t);
    if (!(x > 0)) /* t is infinite; or NAN */
        return isnan(t) ? NAN : 0;
    if (x < (a + 1) / (a + b + 2))
        return beta_below(a, b, x);
    const double rest = t * t / (freedom + t * t);
    return rest > 0 ? 1 - beta_below(b, a, rest) : 1;
}

double pd_student_t(double p, double freedom)
{
    double least = 0, most = 1;
    while (pd_student_p(most, freedom) > p && most < 1e12)
        most *= 2;
    for (int i = 0; i < 80; i++) {
        const double middle = (least + most) / 2;
        if (pd_student_p(middle, freedom) > p)
            least = middle;
        else
            most = middle;
    }
    return (least + most) / 2;
}

double pd_half_interval(const struct pd_summary *s, double part)
{
    return s->n < 2 || !(part > 0 && part < 1) ? NAN : pd_student_t(1 - part, (double)(s->n - 1)) * s->error;
}

/* --- power --- */

double pd_visible_difference(double deviation, int64_t n)
{
    const double freedom = (double)(n - 1); /* above 0.05's t with a chance of 0.8 */
    return (pd_student_t(0.05, freedom) + pd_student_t(0.4, freedom)) * deviation / sqrt((double)n);
}

int64_t pd_pairs_needed(double deviation, double difference)
{
    int64_t few = 1, enough = 2;
    if (!(fabs(difference) > 0) || !isfinite(deviation) || !isfinite(difference))
        return INT64_MAX;
    while (pd_visible_difference(deviation, enough) > fabs(difference)) {
        if (enough > INT64_MAX / 4)
            return INT64_MAX;
        few = enough;
        enough *= 2;
    }
    while (enough - few > 1) {
        const int64_t middle = few + (enough - few) / 2;
        if (pd_visible_difference(deviation, middle) > fabs(difference))
            few = middle;
        else
            enough = middle;
    }
    return enough;
}

/* --- sign flips --- */

/* Whether the sum with these signs is as far from 0 as the observed; equal sums differ by rounding. */
static bool as_far(int64_t n, const double *d, uint64_t negative, double observed)
{
    double sum = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += negative >> i & 1 ? -d[i] : d[i];
        size += fabs(d[i]);
    }
    return fabs(sum) >= observed - WRITTEN * size;
}

static double drawn_sum(int64_t n, const double *d, const struct pd_rng *rng)
{
    double sum = 0;
    uint32_t words[4] = {0};
    for (int64_t i = 0; i < n; i++) {
        if (i % 128 == 0)
            pd_rng_block(rng, (uint64_t)i / 128, words);
        sum += words[i / 32 % 4] >> i % 32 & 1 ? -d[i] : d[i];
    }
    return sum;
}

static double flip_exactly(int64_t n, const double *d, double observed)
{
    uint64_t far = 0;
    const uint64_t half = 1ull << (n - 1); /* the other half mirrors it */
    for (uint64_t signs = 0; signs < half; signs++)
        far += as_far(n, d, signs, observed);
    return (double)far / (double)half;
}

static double flip_by_draws(int64_t n, const double *d, double observed, double size, uint64_t seed)
{
    int64_t far = 1; /* the observed one */
    for (int64_t draw = 0; draw < DRAWS; draw++) {
        const struct pd_rng rng = {seed, PD_STREAM_PERMUTATION_TEST, (uint64_t)draw};
        far += fabs(drawn_sum(n, d, &rng)) >= observed - WRITTEN * size;
    }
    return (double)far / (DRAWS + 1);
}

struct pd_paired pd_compare_paired(int64_t n, const double *d, uint64_t seed)
{
    struct pd_paired p = {pd_summarise(n, d), NAN, NAN, n <= EXACT_MOST};
    double sum = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += d[i];
        size += fabs(d[i]);
    }
    if (p.difference.deviation <= WRITTEN * fabs(p.difference.mean)) /* a t test of rounding shows anything */
        p.difference.deviation = p.difference.error = 0;
    if (n > 1 && p.difference.error > 0)
        p.p_t = pd_student_p(p.difference.mean / p.difference.error, (double)(n - 1));
    if (n > 0 && isfinite(size))
        p.p_flip = p.exact ? flip_exactly(n, d, fabs(sum)) : flip_by_draws(n, d, fabs(sum), size, seed);
    return p;
}

/* --- curves --- */

double pd_mean_height(int64_t n, const double *x, const double *y)
{
    double area = 0;
    for (int64_t i = 1; i < n; i++)
        area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
    return area / (x[n - 1] - x[0]);
}
