#include <paydirt/reject.h>
#include <paydirt/select.h>

#include "base/mem.h"
#include "base/rng.h"
#include "select/rejector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 200000, BLOCK = 20000 };

static void near(const char *what, double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%s is %.10g, expected %.10g within %.3g", what, got, expected, tolerance);
}

static struct pd_rejector *make(const char *name, const struct pd_reject_options *o)
{
    struct pd_error err;
    struct pd_rejector *r;
    if (pd_rejector_create(pd_reject_method_find(name, NULL), o, 0, &r, &err))
        fail_msg("%s", err.message);
    return r;
}

static struct pd_reject_options defaults(const char *name)
{
    return pd_reject_defaults(pd_reject_method_find(name, NULL));
}

static void judge(struct pd_rejector *r, int64_t n, const float *logit, const double *k, uint8_t *verdicts,
                  double *d)
{
    struct pd_error err;
    if (pd_rejector_judge(r, &(struct pd_terms){n, logit, k}, verdicts, d, &err))
        fail_msg("%s", err.message);
}

static void learn(struct pd_rejector *r, int64_t n, const float *logit, const double *k)
{
    assert_int_equal(pd_rejector_burn_in(r, &(struct pd_terms){n, logit, k}, NULL), PD_OK);
}

/* --- rejection --- */

/* The generator is uniform in (0, 1), the data have the density 2x there: log ratio log 2x, log M = log 2,
 * exp(a) = x. m = log 2x but for a constant, which cancels. */
static void triangle(double *u, float *m)
{
    const struct pd_rng rng = {7, 1, 0};
    for (int i = 0; i < N; i++) {
        u[i] = pd_rng_uniform(&rng, (uint64_t)i) + 0x1p-33;
        m[i] = (float)(log(u[i]) + 3);
    }
}

struct kept {
    double count, mean, variance;
};

static struct kept judge_triangle(double p)
{
    double *u = pd_calloc(N, sizeof *u), squares = 0;
    float *m = pd_calloc(N, sizeof *m);
    uint8_t *verdicts = pd_calloc(N, 1);
    struct kept kept = {0};
    struct pd_reject_options o = defaults("drs");
    o.p = p;
    o.seed = 3;
    struct pd_rejector *r = make("drs", &o);
    triangle(u, m);
    learn(r, BLOCK, m, NULL);
    for (int at = 0; at < N; at += BLOCK)
        judge(r, BLOCK, m + at, NULL, verdicts + at, NULL);
    for (int i = 0; i < N; i++)
        if (verdicts[i]) {
            kept.count++;
            kept.mean += u[i];
            squares += u[i] * u[i];
        }
    kept.mean /= kept.count;
    kept.variance = squares / kept.count - kept.mean * kept.mean;
    pd_rejector_destroy(r);
    pd_free(u);
    pd_free(m);
    pd_free(verdicts);
    return kept;
}

/* p = 1/2 puts gamma at logit(1/2) = 0, where a candidate is accepted with probability exp(a) = x: the data.
 */
static void reaches_the_data(void **state)
{
    (void)state;
    const struct kept k = judge_triangle(0.5);
    near("rate", k.count / N, 0.5, 4 * sqrt(0.25 / N) + 0.004); /* gamma's own error */
    near("mean", k.mean, 2.0 / 3, 4 * sqrt(1.0 / 18 / k.count) + 0.002);
    near("variance", k.variance, 1.0 / 18, 0.001);
}

/* Any p: exp(a) = x and gamma = logit(p), so that x is accepted with x / (x + r (1 - x)), r = p / (1 - p),
 * and the rate is the integral, (1 - r + r log r) / (1 - r)^2. */
static void larger_p_keeps_fewer(void **state)
{
    (void)state;
    static const double ps[] = {0.1, 0.3, 0.7, 0.9};
    double before = 1;
    for (int i = 0; i < 4; i++) {
        const double r = ps[i] / (1 - ps[i]);
        const double rate = (1 - r + r * log(r)) / ((1 - r) * (1 - r));
        const struct kept k = judge_triangle(ps[i]);
        near("rate", k.count / N, rate, 4 * sqrt(rate * (1 - rate) / N) + 0.004);
        assert_true(k.count / N < before);
        before = k.count / N;
    }
    near("rate", 1.125 - 9.0 / 64 * log(9), judge_triangle(0.1).count / N, 0.008); /* by hand */
}

/* GOLD eq. 4 and 6 on terms known in closed form; every candidate judged N times. */
static void accepts_as_gold_does(void **state)
{
    (void)state;
    enum { TIMES = 20000 };
    const float m[] = {0, 2, 4, 6};      /* sigma sqrt(5) */
    const double k[] = {-1, -3, -3, -1}; /* sigma 1, rms sqrt(5) */
    static const struct {
        bool balanced;
        enum pd_sigma sigma;
        double scale;
    } cases[] = {{true, PD_SIGMA_STD, 2.23606797749979}, {true, PD_SIGMA_RMS, 1}, {false, PD_SIGMA_STD, 1}};
    for (int c = 0; c < 3; c++) {
        struct pd_reject_options o = defaults("gold");
        o.balanced = cases[c].balanced;
        o.sigma = cases[c].sigma;
        o.p = 1.0 / 3; /* the second smallest of four */
        struct pd_rejector *r = make("gold", &o);
        double expected[4], d[4], f[4], sorted[4], most = -INFINITY;
        int kept[4] = {0};
        uint8_t verdicts[4];
        learn(r, 2, m, k);
        learn(r, 2, m + 2, k + 2);
        for (int i = 0; i < 4; i++) {
            expected[i] = m[i] + cases[c].scale * k[i];
            most = fmax(most, expected[i]);
        }
        for (int i = 0; i < 4; i++)
            sorted[i] = f[i] = expected[i] - most - log(1 - exp(expected[i] - most) + 1e-6);
        const double gamma = pd_quantile(4, sorted, 1.0 / 3);
        for (int t = 0; t < TIMES; t++) {
            judge(r, 4, m, k, verdicts, d);
            for (int i = 0; i < 4; i++)
                kept[i] += verdicts[i] == (PD_REJECT_HOLD | PD_REJECT_KEEP);
        }
        for (int i = 0; i < 4; i++) {
            const double p = 1 / (1 + exp(gamma - f[i]));
            near("d", d[i], expected[i], 1e-12);
            near("part kept", (double)kept[i] / TIMES, p, 4 * sqrt(p * (1 - p) / TIMES) + 1e-9);
        }
        near("scale", pd_rejector_fit(r).scale, cases[c].scale, 1e-12);
        near("log M", pd_rejector_fit(r).log_m, most, 1e-12);
        pd_rejector_destroy(r);
    }
}

/* As GOLD's reference code: M by the marginal term, which a candidate is above, and an epsilon on both
 * sides. */
static void accepts_as_the_code_does(void **state)
{
    (void)state;
    enum { TIMES = 20000 };
    const float m[] = {0, 2, 4, 6}, candidates[] = {1, 3, 5, 9};
    const double k[] = {-1, -3, -3, -1}, of[] = {-0.5, -8, -1, -0.25}, epsilon = 0.01;
    struct pd_reject_options o = defaults("gold");
    double f[4], sorted[4];
    int kept[4] = {0};
    uint8_t verdicts[4];
    o.sigma = PD_SIGMA_RMS; /* a scale of 1 */
    o.bound = PD_BOUND_MARGINAL;
    o.epsilon = epsilon;
    o.p = 1.0 / 3;
    struct pd_rejector *r = make("gold", &o);
    learn(r, 4, m, k);
    for (int i = 0; i < 4; i++) {
        const double p = fmin(1, exp((double)candidates[i] + of[i]) / exp(6));
        sorted[i] = f[i] = log(p + epsilon) - log(1 - p + 1e-6);
    }
    const double gamma = pd_quantile(4, sorted, 1.0 / 3);
    for (int t = 0; t < TIMES; t++) {
        judge(r, 4, candidates, of, verdicts, NULL);
        for (int i = 0; i < 4; i++)
            kept[i] += verdicts[i] != 0;
    }
    for (int i = 0; i < 4; i++) {
        const double p = 1 / (1 + exp(gamma - f[i]));
        near("part kept", (double)kept[i] / TIMES, p, 4 * sqrt(p * (1 - p) / TIMES) + 1e-9);
    }
    near("log M", pd_rejector_fit(r).log_m, 6, 0);
    pd_rejector_destroy(r);
}

static void raises_its_bound(void **state)
{
    (void)state;
    const struct pd_reject_options o = defaults("drs");
    struct pd_rejector *r = make("drs", &o);
    const float low[] = {-3, -2}, high[] = {-4, 5, 1e4f};
    uint8_t verdicts[3];
    learn(r, 2, low, NULL);
    judge(r, 2, low, NULL, verdicts, NULL);
    near("log M", pd_rejector_fit(r).log_m, -2, 0);
    judge(r, 3, high, NULL, verdicts, NULL);
    near("log M", pd_rejector_fit(r).log_m, 1e4, 0);
    assert_true(verdicts[2]);
    judge(r, 2, low, NULL, verdicts, NULL);
    near("log M", pd_rejector_fit(r).log_m, 1e4, 0);
    pd_rejector_destroy(r);
}

static void quantiles_are_numpys(void **state)
{
    (void)state;
    double x[] = {7, 1, 3, 10};
    near("0", pd_quantile(4, x, 0), 1, 0);
    near("0.1", pd_quantile(4, x, 0.1), 1.6, 1e-12);
    near("0.5", pd_quantile(4, x, 0.5), 5, 1e-12);
    near("0.9", pd_quantile(4, x, 0.9), 9.1, 1e-12);
    near("1", pd_quantile(4, x, 1), 10, 0);
    near("of one", pd_quantile(1, x, 0.3), 1, 0);
}

/* --- top-k --- */

static void keeps_the_best(void **state)
{
    (void)state;
    static const struct {
        double p;
        const char *kept;
    } cases[] = {{0, "1111111111"},   {0.1, "1110111111"}, {0.3, "1010111110"}, {0.5, "1010111000"},
                 {0.8, "1000001000"}, {0.9, "1000000000"}, {1, "1000000000"}};
    const float m[] = {9, 1, 5, 0, 5, 5, 9, 5, 5, 1};
    const double k[10] = {0};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct pd_reject_options o = defaults("top-k");
        char kept[11] = "";
        uint8_t verdicts[10];
        o.p = cases[c].p;
        o.balanced = false;
        struct pd_rejector *r = make("top-k", &o);
        judge(r, 10, m, k, verdicts, NULL);
        for (int i = 0; i < 10; i++)
            kept[i] = verdicts[i] ? '1' : '0';
        assert_string_equal(kept, cases[c].kept);
        pd_rejector_destroy(r);
    }
}

/* --- Metropolis-Hastings --- */

enum { STATES = 4, CHAINS = 20000 };
static const double proposal[STATES] = {0.4, 0.3, 0.2, 0.1}, target[STATES] = {0.1, 0.2, 0.3, 0.4};

static int draw(const double *p, uint64_t i, uint32_t stream)
{
    const struct pd_rng rng = {11, stream, 0};
    double u = pd_rng_uniform(&rng, i);
    int s = 0;
    for (; s < STATES - 1 && u >= p[s]; s++)
        u -= p[s];
    return s;
}

/* The state that each chain gave, -1 after the last; blocks of the size given. */
static void run_chains(struct pd_rejector *r, int64_t candidates, int64_t block, int *given)
{
    float m[4096];
    double k[4096];
    uint8_t verdicts[4096];
    int held = -1;
    for (int64_t at = 0; at < candidates; at += block) {
        for (int64_t i = 0; i < block; i++) {
            const int s = draw(proposal, (uint64_t)(at + i), 2);
            m[i] = (float)log(target[s] / proposal[s]) / 2; /* half of it in each term */
            k[i] = log(target[s] / proposal[s]) / 2;
        }
        judge(r, block, m, k, verdicts, NULL);
        for (int64_t i = 0; i < block; i++) {
            if (verdicts[i] & PD_REJECT_HOLD)
                held = draw(proposal, (uint64_t)(at + i), 2);
            if (verdicts[i] & PD_REJECT_KEEP)
                *given++ = held;
        }
    }
    *given = -1;
}

static struct pd_rejector *chain_from(int start, int64_t chain)
{
    struct pd_reject_options o = defaults("mh");
    o.chain = chain;
    o.calibrate = false;
    struct pd_rejector *r = make("mh", &o);
    const float m = start < 0 ? 1000 : (float)log(target[start] / proposal[start]) / 2;
    const double k = start < 0 ? 0 : (double)m;
    assert_int_equal(pd_rejector_real(r, &(struct pd_terms){1, &m, &k}, NULL), PD_OK);
    return r;
}

static void assert_target(const int *given, int least)
{
    int counts[STATES] = {0}, n = 0;
    for (; given[n] >= 0; n++)
        counts[given[n]]++;
    assert_true(n >= least);
    for (int s = 0; s < STATES; s++)
        near("part", (double)counts[s] / n, target[s], 4 * sqrt(target[s] * (1 - target[s]) / n));
}

static void chains_reach_the_target(void **state)
{
    (void)state;
    static int given[CHAINS + 1];
    struct pd_rejector *r = chain_from(0, 20);
    run_chains(r, 20 * CHAINS, 4000, given);
    assert_target(given, CHAINS - 100); /* few of them never move */
    pd_rejector_destroy(r);
}

/* From a real sample that no candidate comes near: every other chain gives something, the sample never. */
static void never_gives_the_real_sample(void **state)
{
    (void)state;
    static int given[CHAINS + 1];
    struct pd_rejector *r = chain_from(-1, 20);
    float m[20] = {0};
    double k[20] = {0};
    uint8_t verdicts[20];
    judge(r, 20, m, k, verdicts, NULL);
    for (int i = 0; i < 20; i++)
        assert_int_equal(verdicts[i], 0);
    judge(r, 20, m, k, verdicts, NULL);
    assert_int_equal(verdicts[0], PD_REJECT_HOLD); /* whatever its score */
    pd_rejector_destroy(r);
    r = chain_from(-1, 20);
    run_chains(r, 41 * 4000, 2050, given);
    assert_target(given, 4000);
    int n = 0;
    while (given[n] >= 0)
        n++;
    assert_int_equal(n, 4000); /* 20 that find nothing, then one and 20 more */
    pd_rejector_destroy(r);
}

static void cuts_do_not_matter_to_chains(void **state)
{
    (void)state;
    static int one[CHAINS], other[CHAINS];
    struct pd_rejector *a = chain_from(3, 7), *b = chain_from(3, 7);
    run_chains(a, 4096, 4096, one);
    run_chains(b, 4096, 1, other);
    for (int i = 0; i == 0 || one[i - 1] >= 0; i++)
        assert_int_equal(one[i], other[i]);
    assert_true(one[0] >= 0);
    pd_rejector_destroy(a);
    pd_rejector_destroy(b);
}

/* --- calibration --- */

/* Two normal densities a distance apart have a log ratio that is linear: N(mu, 1) against N(0, 1), mu x -
 * mu^2 / 2. The logit is off by a factor and a constant. */
static void recovers_slope_and_intercept(void **state)
{
    (void)state;
    enum { REAL = 20000, GENERATED = 60000 };
    static float real[REAL], generated[GENERATED];
    const struct pd_rng a = {5, 3, 0}, b = {5, 4, 0};
    const double mu = 1.5; /* logit = 4 x + 30 */
    for (int i = 0; i < REAL; i++)
        real[i] = (float)(4 * (pd_rng_normal(&a, (uint64_t)i) + mu) + 30);
    for (int i = 0; i < GENERATED; i++)
        generated[i] = (float)(4 * pd_rng_normal(&b, (uint64_t)i) + 30);
    const struct pd_calibration c = pd_calibrate(REAL, real, GENERATED, generated);
    near("slope", c.slope, mu / 4, 0.006);
    near("intercept", c.intercept, -mu * mu / 2 - 30 * mu / 4, 0.2);
    near("at the middle", c.slope * 33 + c.intercept, 0, 0.03);
}

static void stands_hard_scores(void **state)
{
    (void)state;
    const float real[] = {1e4f, 2e4f}, generated[] = {-1e4f, -3e4f}, same[] = {4, 4};
    struct pd_calibration c = pd_calibrate(2, real, 2, generated); /* apart: finite all the same */
    assert_true(isfinite(c.slope) && c.slope > 0 && isfinite(c.intercept));
    c = pd_calibrate(2, same, 2, same);
    assert_true(c.slope == 0 && c.intercept == 0);
    float equal[50]; /* of which the mean is off by a last digit */
    for (int i = 0; i < 50; i++)
        equal[i] = 2;
    c = pd_calibrate(10, equal, 50, equal);
    assert_true(c.slope == 0 && c.intercept == 0);
    const float ones[] = {1, 1, 1, 0}, zeros[] = {0, 0, 0, 1};
    c = pd_calibrate(4, ones, 4, zeros); /* P(real | 1) = (3 5/6 + 1/6) / 4 */
    near("slope", c.slope, 2 * log(2), 1e-6);
    near("intercept", c.intercept, -log(2), 1e-6);
}

/* --- refusals --- */

static void refuses(void **state)
{
    (void)state;
    struct pd_error err;
    struct pd_reject_options o = defaults("gold");
    struct pd_rejector *r;
    const float m[] = {0, NAN};
    const double k[] = {0, 0}, bad[] = {0, -INFINITY};
    uint8_t verdicts[2];
    assert_null(pd_reject_method_find("glod", &err));
    assert_non_null(strstr(err.message, "unknown way to reject 'glod', did you mean 'gold'?"));
    o.p = 1.5;
    assert_int_equal(pd_rejector_create(pd_reject_method_at(0), &o, 0, &r, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "p is 1.5, expected 0 to 1");
    o.p = NAN;
    assert_int_equal(pd_rejector_create(pd_reject_method_at(0), &o, 0, &r, &err), PD_ERR_USAGE);
    o = defaults("gold");
    o.sigma = (enum pd_sigma)99;
    assert_int_equal(pd_rejector_create(pd_reject_method_at(0), &o, 0, &r, &err), PD_ERR_USAGE);
    o = defaults("gold");
    r = make("gold", &o);
    assert_int_equal(pd_rejector_burn_in(r, &(struct pd_terms){1, m, NULL}, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "gold needs the conditional term");
    assert_int_equal(pd_rejector_burn_in(r, &(struct pd_terms){2, m, k}, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "class 0, row 1: the logit is nan");
    assert_int_equal(pd_rejector_burn_in(r, &(struct pd_terms){-1, m, k}, &err), PD_ERR_USAGE);
    assert_int_equal(pd_rejector_judge(r, &(struct pd_terms){1, m, k}, verdicts, NULL, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "class 0: gold needs scores of generated samples first");
    learn(r, 1, m, k);
    judge(r, 1, m, k, verdicts, NULL);
    const float fine[] = {0, 0};
    assert_int_equal(pd_rejector_judge(r, &(struct pd_terms){2, fine, bad}, verdicts, NULL, &err),
                     PD_ERR_USAGE);
    assert_string_equal(err.message, "class 0, row 1: the conditional term is -inf");
    assert_int_equal(pd_rejector_burn_in(r, &(struct pd_terms){1, m, k}, &err), PD_ERR_USAGE);
    pd_rejector_destroy(r);
    o = defaults("mh");
    r = make("mh", &o);
    learn(r, 1, m, k);
    assert_int_equal(pd_rejector_judge(r, &(struct pd_terms){1, m, k}, verdicts, NULL, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "class 0: mh needs scores of real samples");
    pd_rejector_destroy(r);
}

static void leaks_nothing_when_memory_ends(void **state)
{
    (void)state;
    const struct pd_reject_options o = defaults("gold");
    const float m[] = {0, 1};
    const double k[] = {-1, 0};
    const struct pd_terms terms = {2, m, k};
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct pd_rejector *r;
        uint8_t verdicts[2];
        pd_mem_fail_after(n);
        enum pd_status status = pd_rejector_create(pd_reject_method_at(0), &o, 0, &r, NULL);
        if (!status)
            status = pd_rejector_burn_in(r, &terms, NULL);
        if (!status)
            status = pd_rejector_judge(r, &terms, verdicts, NULL, NULL);
        pd_mem_fail_after(0);
        failed = status != PD_OK;
        assert_true(!failed || status == PD_ERR_MEMORY);
        pd_rejector_destroy(r);
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches_the_data),
        cmocka_unit_test(larger_p_keeps_fewer),
        cmocka_unit_test(accepts_as_gold_does),
        cmocka_unit_test(accepts_as_the_code_does),
        cmocka_unit_test(raises_its_bound),
        cmocka_unit_test(quantiles_are_numpys),
        cmocka_unit_test(keeps_the_best),
        cmocka_unit_test(chains_reach_the_target),
        cmocka_unit_test(never_gives_the_real_sample),
        cmocka_unit_test(cuts_do_not_matter_to_chains),
        cmocka_unit_test(recovers_slope_and_intercept),
        cmocka_unit_test(stands_hard_scores),
        cmocka_unit_test(refuses),
        cmocka_unit_test(leaks_nothing_when_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
