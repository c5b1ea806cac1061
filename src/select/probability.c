#include <paydirt/probability.h>

#include <math.h>
#include <stdbool.h>

/* A probability may be as far outside of [0, 1], by rounding. Sums of halfs, and of few digits, are as far
 * from each other, beside what is in them; sums up to FEW, beside themselves. */
#define SLIGHTLY 1e-6
#define ALIKE    1e-3
#define FEW      100.0
#define LOWEST   (-1e4) /* its exp is 0 */

enum { NINE = 9, TENTHS = 10, ROWS_TO_TELL = 10 };

/* Most rows of logits end at their first negative number. */
static bool sums_to(const float *x, int classes, double whole)
{
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        if (!((double)x[k] >= -SLIGHTLY * whole && (double)x[k] <= (1 + SLIGHTLY) * whole))
            return false;
        sum += (double)x[k];
    }
    return fabs(sum - whole) <= PD_SUM_MOST * whole;
}

static bool are_within(int64_t n, const float *x)
{
    for (int64_t i = 0; i < n; i++)
        if (!(x[i] >= 0 && x[i] <= 1))
            return false;
    return n > 0;
}

/* Whether either count, after `seen` rows, can still come to nine rows in ten of n. */
static bool may_be_most(int64_t seen, int64_t ones, int64_t hundreds, int64_t n)
{
    const int64_t more = ones > hundreds ? ones : hundreds;
    return (more + n - seen) * TENTHS >= n * NINE;
}

static bool are_minus_logs(const float *x, int classes)
{
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        if (!((double)x[k] >= -SLIGHTLY))
            return false;
        sum += exp(-(double)x[k]);
    }
    return fabs(sum - 1) <= PD_SUM_MOST;
}

/* Of numbers that are no probabilities. */
static enum pd_scale scale_of_others(int64_t n, int classes, const float *x)
{
    const enum pd_scale scale = pd_scale_of_numbers(n * classes, x);
    int64_t logs = 0;
    for (int64_t i = 0; i < n && scale == PD_SCALE_LOGITS && may_be_most(i, logs, logs, n); i++)
        logs += are_minus_logs(x + i * classes, classes);
    return logs * TENTHS >= n * NINE ? PD_SCALE_MINUS_LOGS : scale;
}

/* The sum of none negative, else NAN; *above: what of it lies above the least. */
static double sum_of(const float *x, int classes, double *above)
{
    double sum = 0;
    float least = INFINITY;
    for (int k = 0; k < classes; k++) {
        if (!(x[k] >= 0))
            return NAN;
        least = fminf(least, x[k]);
        sum += (double)x[k];
    }
    *above = sum - classes * (double)least;
    return sum;
}

/* None negative, of one sum in most rows: votes, probabilities times 1000, or the sum of several softmaxes.
 * Logits that share an offset have sums alike beside it, but not beside what tells them apart. */
static bool are_counts(int64_t n, int classes, const float *x)
{
    double first = 0, above = 0;
    int64_t ones = 0;
    for (int64_t i = 0; i < n && may_be_most(i, ones, ones, n); i++) {
        const double sum = sum_of(x + i * classes, classes, &above);
        first = first > 0 ? first : sum;
        ones += fabs(sum - first) <= ALIKE * fmin(first, fmax(above, FEW));
    }
    return n >= ROWS_TO_TELL && ones * TENTHS >= n * NINE && first > 0;
}

enum pd_scale pd_scale_of_classes(int64_t n, int classes, const float *x)
{
    int64_t ones = 0, hundreds = 0;
    for (int64_t i = 0; i < n && may_be_most(i, ones, hundreds, n); i++) {
        ones += sums_to(x + i * classes, classes, 1);
        hundreds += sums_to(x + i * classes, classes, 100);
    }
    return !n                              ? PD_SCALE_LOGITS
           : ones * TENTHS >= n * NINE     ? PD_SCALE_PROBABILITIES
           : hundreds * TENTHS >= n * NINE ? PD_SCALE_PERCENTAGES
           : are_counts(n, classes, x)     ? PD_SCALE_COUNTS
                                           : scale_of_others(n, classes, x);
}

enum pd_scale pd_scale_of_numbers(int64_t n, const float *x)
{
    return are_within(n, x) ? PD_SCALE_SIGMOIDS : PD_SCALE_LOGITS;
}

static bool are_whole(int64_t n, int classes, const float *column)
{
    bool differ = false;
    for (int64_t i = 0; i < n; i++) {
        const float x = column[i * classes];
        if (x != floorf(x))
            return false;
        differ = differ || x < *column || x > *column;
    }
    return differ;
}

static bool are_fractions(int64_t n, int classes, const float *column)
{
    int64_t whole = 0;
    for (int64_t i = 0; i < n; i++)
        whole += column[i * classes] == floorf(column[i * classes]);
    return whole * TENTHS <= n;
}

int pd_column_of_numbers(int64_t n, int classes, const float *x)
{
    int found = -1, fractions = 0;
    for (int k = 0; n >= ROWS_TO_TELL && k < classes && found < 0; k++) /* most end at their first row */
        found = are_whole(n, classes, x + k) ? k : -1;
    for (int k = 0; found >= 0 && k < classes; k++)
        fractions += are_fractions(n, classes, x + k);
    return 2 * fractions > classes ? found : -1;
}

/* --- their logits --- */

static enum pd_status check_sum(int64_t row, double sum, double *off, struct pd_error *err)
{
    const double distance = fabs(sum - 1);
    *off = distance > *off ? distance : *off;
    return distance <= PD_SUM_MOST
               ? PD_OK
               : pd_fail(err, PD_ERR_USAGE, -1,
                         "row %lld: its probabilities sum to %.6g, expected 1 (within %g)", (long long)row,
                         sum, PD_SUM_MOST);
}

static enum pd_status fail_value(int64_t row, int k, double x, const char *expected, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_USAGE, -1, "row %lld: class %d has %g, expected %s", (long long)row, k, x,
                   expected);
}

static enum pd_status take_logs(int64_t row, int classes, float *x, double *off, struct pd_error *err)
{
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        const double p = (double)x[k];
        if (!(p >= -SLIGHTLY && p <= 1 + PD_SUM_MOST))
            return fail_value(row, k, p, "a probability, 0 to 1", err);
        sum += p;
        x[k] = (float)(p > 0 ? log(p) : LOWEST);
    }
    return check_sum(row, sum, off, err);
}

static enum pd_status check_logs(int64_t row, int classes, float *x, double *off, struct pd_error *err)
{
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        if (!((double)x[k] <= PD_SUM_MOST))
            return fail_value(row, k, (double)x[k], "the logarithm of a probability, at most 0", err);
        sum += exp((double)x[k]);
        x[k] = (double)x[k] > LOWEST ? x[k] : (float)LOWEST;
    }
    return check_sum(row, sum, off, err);
}

enum pd_status pd_class_logits_from(enum pd_scale scale, int64_t first, int64_t n, int classes, float *x,
                                    double *off, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (scale != PD_SCALE_PROBABILITIES && scale != PD_SCALE_LOG_PROBABILITIES)
        return pd_fail(err, PD_ERR_USAGE, -1, "scale %d: expected probabilities or their logarithms",
                       (int)scale);
    for (int64_t i = 0; i < n && !status; i++)
        status = (scale == PD_SCALE_PROBABILITIES ? take_logs : check_logs)(first + i, classes,
                                                                            x + i * classes, off, err);
    return status;
}

double pd_logit_of(double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    return p > 0 && p < 1 ? log(p) - log1p(-p) : p > 0 ? PD_LOGIT_MOST : -PD_LOGIT_MOST;
}

void pd_logits_of_two(int64_t n, float *x)
{
    for (int64_t i = 0; i < n; i++) {
        const float one = x[n + i];
        x[2 * i] = 0;
        x[2 * i + 1] = one;
    }
}
