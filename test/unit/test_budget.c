/* The part that a way to reject is asked to keep: obrs by its theorem, gold, drs and top-k on request. */
#include <paydirt/reject.h>

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

static struct pd_error err;

static void near(const char *what, double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%s is %.17g, expected %.17g within %.3g", what, got, expected, tolerance);
}

static struct pd_rejector *make(const char *name, double keep)
{
    const struct pd_reject_method *method = pd_reject_method_find(name, NULL);
    struct pd_reject_options o = pd_reject_defaults(method);
    struct pd_rejector *r;
    o.keep = keep;
    if (pd_rejector_create(method, &o, 0, &r, &err))
        fail_msg("%s", err.message);
    return r;
}

static void learn(struct pd_rejector *r, int64_t n, const float *logit, const double *k)
{
    assert_int_equal(pd_rejector_burn_in(r, &(struct pd_terms){n, logit, k}, &err), PD_OK);
}

static void judge(struct pd_rejector *r, int64_t n, const float *logit, const double *k, uint8_t *verdicts)
{
    if (pd_rejector_judge(r, &(struct pd_terms){n, logit, k}, verdicts, NULL, &err))
        fail_msg("%s", err.message);
}

/* obrs that has learnt from these. */
static struct pd_rejector *settled(int64_t n, const float *logit, double keep)
{
    struct pd_rejector *r = make("obrs", keep);
    uint8_t verdict;
    learn(r, n, logit, NULL);
    judge(r, 1, logit, NULL, &verdict);
    return r;
}

static double mean_kept(const struct pd_rejector *r, int64_t n, const float *logit)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += pd_reject_budget(r, logit[i]);
    return sum / (double)n;
}

/* --- obrs --- */

static double plain(int64_t n, const float *logit)
{
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, logit[i]);
    for (int64_t i = 0; i < n; i++)
        sum += exp(logit[i] - most);
    return sum / (double)n;
}

/* Of scores of every spread, with and without equal ones: the mean is what was asked for, or plain
 * rejection's. */
static void keeps_what_was_asked(void **state)
{
    (void)state;
    enum { MOST = 2000 };
    static const double keeps[] = {1, 1 - 1e-9, 0.999, 0.7, 0.5, 1.0 / 3, 0.1, 0.01, 1e-3, 1e-9};
    static const double spreads[] = {0, 1e-3, 1, 20, 1e4};
    static const int64_t sizes[] = {1, 2, 3, 10, 333, MOST};
    const struct pd_rng rng = {3, 9, 0};
    for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++)
        for (size_t z = 0; z < 2 * sizeof sizes / sizeof *sizes; z++) {
            static float m[MOST];
            const int64_t n = sizes[z / 2], step = z % 2 ? 4 : 1;
            for (int64_t i = 0; i < n; i++)
                m[i] = (float)(spreads[s] * (2 * pd_rng_uniform(&rng, (uint64_t)(i / step)) - 1));
            for (size_t k = 0; k < sizeof keeps / sizeof *keeps; k++) {
                struct pd_rejector *r = settled(n, m, keeps[k]);
                near("the part kept", mean_kept(r, n, m), fmax(keeps[k], plain(n, m)), 1e-12);
                assert_true(pd_rejector_fit(r).log_c >= 0);
                pd_rejector_destroy(r);
            }
        }
}

static void a_budget_of_one_keeps_everything(void **state)
{
    (void)state;
    enum { CANDIDATES = 1000 };
    const float burn_in[] = {-3, 0, 5}, far[] = {-1e4f, -1e30f, -20, 1e30f};
    struct pd_rejector *r = make("obrs", 1);
    learn(r, 3, burn_in, NULL);
    for (int i = 0; i < CANDIDATES; i++) {
        uint8_t verdicts[4];
        judge(r, 4, far, NULL, verdicts);
        for (int j = 0; j < 4; j++)
            assert_int_equal(verdicts[j], PD_REJECT_HOLD | PD_REJECT_KEEP);
    }
    pd_rejector_destroy(r);
}

/* With less than E[r] / M asked for, r / M. */
static void small_parts_are_plain_rejection(void **state)
{
    (void)state;
    const float m[] = {1, 2, 3, 4, -50};
    const double least = plain(5, m);
    struct pd_rejector *r = settled(5, m, least * 0.999), *more = settled(5, m, least * 1.001);
    near("log c_K", pd_rejector_fit(r).log_c, 0, 0);
    near("log M", pd_rejector_fit(r).log_m, 4, 0);
    for (int i = 0; i < 5; i++)
        near("acceptance", pd_reject_budget(r, m[i]), exp(m[i] - 4.0), 1e-15);
    near("beyond M", pd_reject_budget(r, 7), 1, 0);
    assert_true(pd_rejector_fit(more).log_c > 0);
    near("the part kept", mean_kept(more, 5, m), least * 1.001, 1e-12);
    pd_rejector_destroy(r);
    pd_rejector_destroy(more);
}

/* Four places with shares of 20 among the generated and other shares among the data; acceptance by place. */
enum { PLACES = 4, OF = 20, STEPS = 200 };
static const int generated[PLACES] = {8, 6, 4, 2};
static const double data[PLACES] = {0.15, 0.2, 0.35, 0.3};

enum divergence { KL, TV, CHI_SQUARED, DIVERGENCES };

/* Of the data from what is left after acceptance; mean: its mean. */
static void divergences(const double *accept, double mean, double *out)
{
    for (int d = 0; d < DIVERGENCES; d++)
        out[d] = 0;
    for (int i = 0; i < PLACES; i++) {
        const double p = data[i], q = generated[i] / (double)OF * accept[i] / mean;
        out[KL] += q > 0 ? p * log(p / q) : INFINITY;
        out[TV] += fabs(p - q) / 2;
        out[CHI_SQUARED] += q > 0 ? (p - q) * (p - q) / q : INFINITY;
    }
}

static int rows_of_places(float *m)
{
    int n = 0;
    for (int i = 0; i < PLACES; i++)
        for (int j = 0; j < generated[i]; j++)
            m[n++] = (float)log(data[i] / generated[i] * OF);
    return n;
}

static double score_of(int place)
{
    return (float)log(data[place] / generated[place] * OF);
}

/* Every acceptance of the first three places in steps, the fourth as the mean asks: none comes closer. */
static void assert_none_better(double mean, const double *best)
{
    double accept[PLACES], other[DIVERGENCES];
    int64_t tried = 0;
    for (int64_t at = 0; at < (int64_t)(STEPS + 1) * (STEPS + 1) * (STEPS + 1); at++) {
        accept[0] = (double)(at % (STEPS + 1)) / STEPS;
        accept[1] = (double)(at / (STEPS + 1) % (STEPS + 1)) / STEPS;
        accept[2] = (double)(at / (STEPS + 1) / (STEPS + 1)) / STEPS;
        accept[3] = mean * OF;
        for (int i = 0; i < 3; i++)
            accept[3] -= accept[i] * generated[i];
        accept[3] /= generated[3];
        if (accept[3] < 0 || accept[3] > 1)
            continue;
        tried++;
        divergences(accept, mean, other);
        for (int d = 0; d < DIVERGENCES; d++)
            if (other[d] < best[d] - 1e-7) /* the logits are floats */
                fail_msg("keep %g: %g %g %g %g has divergence %d of %g, obrs %g", mean, accept[0], accept[1],
                         accept[2], accept[3], d, other[d], best[d]);
    }
    assert_true(tried > STEPS);
}

/* DRS's acceptance with the same mean. */
static void accept_by_drs(int n, const float *m, double mean, double *accept)
{
    double f[OF], most = -INFINITY;
    for (int i = 0; i < n; i++)
        most = fmax(most, m[i]);
    for (int i = 0; i < n; i++)
        f[i] = m[i] - most - log(-expm1(m[i] - most) + 1e-6);
    const double gamma = pd_reject_gamma(n, f, mean);
    for (int i = 0, row = 0; i < PLACES; row += generated[i++])
        accept[i] = 1 / (1 + exp(gamma - f[row]));
}

/* In total variation others can be as close: it does not see which of the too frequent places gives way. */
static void assert_farther(const double *other, const double *best)
{
    assert_true(other[KL] > best[KL] * 1.01 && other[CHI_SQUARED] > best[CHI_SQUARED] * 1.01);
    assert_true(other[TV] > best[TV] - 1e-7);
}

static void nothing_comes_closer(void **state)
{
    (void)state;
    static const double keeps[] = {0.95, 0.8, 0.65, 0.5, 0.4};
    static const double all[PLACES] = {1, 1, 1, 1};
    float m[OF];
    const int n = rows_of_places(m);
    for (size_t k = 0; k < sizeof keeps / sizeof *keeps; k++) {
        double accept[PLACES], best[DIVERGENCES], other[DIVERGENCES];
        struct pd_rejector *r = settled(n, m, keeps[k]);
        assert_true(pd_rejector_fit(r).log_c > 0);
        for (int i = 0; i < PLACES; i++)
            accept[i] = pd_reject_budget(r, score_of(i));
        pd_rejector_destroy(r);
        divergences(accept, keeps[k], best);
        assert_none_better(keeps[k], best);
        accept_by_drs(n, m, keeps[k], accept);
        divergences(accept, keeps[k], other);
        assert_farther(other, best);
        divergences(all, 1, other); /* the same as any uniform one */
        assert_farther(other, best);
    }
}

/* The verdicts are draws by these probabilities, and the same however candidates are cut into blocks. */
static void verdicts_follow(void **state)
{
    (void)state;
    enum { TIMES = 20000 };
    const float m[] = {-1, 0, 1, 2, 3};
    static uint8_t whole[5 * TIMES];
    static float candidates[5 * TIMES];
    int kept[5] = {0};
    for (int i = 0; i < 5 * TIMES; i++)
        candidates[i] = m[i % 5];
    struct pd_rejector *r = make("obrs", 0.6), *cut = make("obrs", 0.6);
    learn(r, 5, m, NULL);
    learn(cut, 2, m, NULL);
    learn(cut, 3, m + 2, NULL);
    judge(r, 5 * TIMES, candidates, NULL, whole);
    for (int t = 0; t < TIMES; t++) {
        uint8_t verdicts[5];
        judge(cut, 5, m, NULL, verdicts);
        assert_memory_equal(verdicts, whole + (size_t)5 * (size_t)t, 5);
        for (int i = 0; i < 5; i++)
            kept[i] += verdicts[i] == (PD_REJECT_HOLD | PD_REJECT_KEEP);
    }
    for (int i = 0; i < 5; i++) {
        const double p = pd_reject_budget(r, m[i]);
        near("part kept", (double)kept[i] / TIMES, p, 4 * sqrt(p * (1 - p) / TIMES));
    }
    pd_rejector_destroy(r);
    pd_rejector_destroy(cut);
}

/* --- the others --- */

static void others_keep_it_too(void **state)
{
    (void)state;
    enum { N = 40000, BLOCK = 1000 };
    static const char *const names[] = {"gold", "drs", "top-k", "obrs"};
    static const double keeps[] = {1, 0.9, 0.5, 0.25, 0.1};
    static float m[N];
    static double k[N];
    const struct pd_rng a = {1, 2, 0}, b = {1, 3, 0};
    for (int i = 0; i < N; i++) {
        m[i] = (float)pd_rng_normal(&a, (uint64_t)i);
        k[i] = -fabs(pd_rng_normal(&b, (uint64_t)i));
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t j = 0; j < sizeof keeps / sizeof *keeps; j++) {
            static uint8_t verdicts[N];
            struct pd_rejector *r = make(names[i], keeps[j]);
            int kept = 0;
            learn(r, N, m, k);
            for (int at = 0; at < N; at += BLOCK)
                judge(r, BLOCK, m + at, k + at, verdicts + at);
            for (int c = 0; c < N; c++)
                kept += verdicts[c] != 0;
            near(names[i], (double)kept / N, keeps[j], 4 * sqrt(keeps[j] * (1 - keeps[j]) / N));
            pd_rejector_destroy(r);
        }
}

static void gamma_has_the_mean(void **state)
{
    (void)state;
    static const double keeps[] = {1 - 1e-9, 0.7, 0.5, 0.1, 1e-6};
    const double soft[] = {-2, -1, 0, 3, 13.8}, hard[] = {-2e4, -1e4, 0, 5, 13.8}, same[] = {2, 2, 2, 2, 2};
    const double *const all[] = {soft, hard, same};
    for (int s = 0; s < 3; s++)
        for (int k = 0; k < 5; k++) {
            const double gamma = pd_reject_gamma(5, all[s], keeps[k]);
            double mean = 0;
            for (int i = 0; i < 5; i++)
                mean += 1 / (1 + exp(gamma - all[s][i])) / 5;
            near("the part kept", mean, keeps[k], 1e-11);
        }
    assert_true(pd_reject_gamma(5, hard, 1) == -INFINITY);
}

/* --- refusals --- */

static void assert_refused(const char *name, double keep, const char *words)
{
    const struct pd_reject_method *method = pd_reject_method_find(name, NULL);
    struct pd_reject_options o = pd_reject_defaults(method);
    struct pd_rejector *r;
    o.keep = keep;
    assert_int_equal(pd_rejector_create(method, &o, 0, &r, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, words);
    assert_null(r);
}

static void refuses(void **state)
{
    (void)state;
    assert_refused("obrs", 1.5, "a part of 1.5 to keep, expected above 0 up to 1");
    assert_refused("drs", -0.1, "a part of -0.1 to keep, expected above 0 up to 1");
    assert_refused("drs", NAN, "a part of nan to keep, expected above 0 up to 1");
    assert_refused("obrs", 0, "obrs needs the part to keep");
    assert_refused("mh", 0.5, "mh keeps what its chains end in: no part to keep can be asked for");
    const float m = 0;
    uint8_t verdict;
    struct pd_rejector *r = make("obrs", 0.5);
    assert_int_equal(pd_rejector_judge(r, &(struct pd_terms){1, &m, NULL}, &verdict, NULL, &err),
                     PD_ERR_USAGE);
    assert_string_equal(err.message, "class 0: obrs needs scores of generated samples first");
    pd_rejector_destroy(r);
}

static void leaks_nothing_when_memory_ends(void **state)
{
    (void)state;
    const struct pd_reject_method *method = pd_reject_method_find("obrs", NULL);
    const struct pd_reject_options o = pd_reject_defaults(method);
    const float m[] = {0, 1};
    const struct pd_terms terms = {2, m, NULL};
    bool failed = true;
    uint64_t n = 1;
    for (; failed; n++) {
        struct pd_rejector *r;
        uint8_t verdicts[2];
        pd_mem_fail_after(n);
        enum pd_status status = pd_rejector_create(method, &o, 0, &r, NULL);
        if (!status)
            status = pd_rejector_burn_in(r, &terms, NULL);
        if (!status)
            status = pd_rejector_judge(r, &terms, verdicts, NULL, NULL);
        pd_mem_fail_after(0);
        failed = status != PD_OK;
        assert_true(!failed || status == PD_ERR_MEMORY);
        pd_rejector_destroy(r);
    }
    assert_int_equal(n, 6); /* the rejector, its logits, their sorted copy, room for candidates */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_asked),
        cmocka_unit_test(a_budget_of_one_keeps_everything),
        cmocka_unit_test(small_parts_are_plain_rejection),
        cmocka_unit_test(nothing_comes_closer),
        cmocka_unit_test(verdicts_follow),
        cmocka_unit_test(others_keep_it_too),
        cmocka_unit_test(gamma_has_the_mean),
        cmocka_unit_test(refuses),
        cmocka_unit_test(leaks_nothing_when_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
