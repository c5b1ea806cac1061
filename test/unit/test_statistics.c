#include "scratch.h"

#include "metric/statistics.h"

#include <math.h>

static void close_to(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fabs(expected)))
        fail_msg("%.17g, expected %.17g", value, expected);
}

static void summarises(void **state)
{
    (void)state;
    static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct pd_summary s = pd_summarise(8, values);
    assert_int_equal(s.n, 8);
    close_to(s.mean, 5, 1e-15);
    close_to(s.deviation, sqrt(32. / 7), 1e-15);
    close_to(s.error, sqrt(32. / 7 / 8), 1e-15);
    s = pd_summarise(1, values);
    assert_true(s.mean == 2 && isnan(s.deviation) && isnan(s.error));
    s = pd_summarise(0, NULL);
    assert_true(s.n == 0 && isnan(s.mean) && isnan(s.deviation));
}

/* Closed forms for 1, 2, 3 and 4 degrees of freedom, and the usual table of critical values. */
static void knows_students_t(void **state)
{
    (void)state;
    const double pi = acos(-1);
    for (double t = 1e-3; t < 3000; t *= 1.7) {
        const double r = sqrt(3.), s = t / sqrt(4 + t * t);
        close_to(pd_student_p(t, 1), 2 / pi * atan(1 / t), 1e-13);
        close_to(pd_student_p(t, 2), 2 / (2 + t * t + t * sqrt(2 + t * t)), 1e-13);
        if (t < 10) { /* beyond, these forms cancel */
            close_to(pd_student_p(t, 3), 1 - 2 / pi * (t / r / (1 + t * t / 3) + atan(t / r)), 1e-11);
            close_to(pd_student_p(t, 4), 1 - s * (1 + 2 / (4 + t * t)), 1e-11);
        }
        close_to(pd_student_p(-t, 5), pd_student_p(t, 5), 0);
    }
    static const struct {
        double freedom, t, p;
    } table[] = {{4, 2.776, .05}, {9, 3.250, .01}, {24, 2.064, .05}, {30, 3.646, .001}, {120, 1.980, .05}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        close_to(pd_student_p(table[i].t, table[i].freedom), table[i].p, 2e-3);
    close_to(pd_student_p(1.5, 1e6), erfc(1.5 / sqrt(2.)), 1e-5); /* the normal distribution's */
    assert_true(pd_student_p(0, 3) == 1);
    assert_true(pd_student_p(INFINITY, 3) == 0);
    assert_true(isnan(pd_student_p(NAN, 3)));
}

/* Student's own sleep data (Biometrika 1908): t = 4.0621 on 9 degrees of freedom, p = 0.002833. */
static void repeats_students_example(void **state)
{
    (void)state;
    static const double d[] = {1.2, 2.4, 1.3, 1.3, 0, 1.0, 1.8, 0.8, 4.6, 1.4};
    const struct pd_paired p = pd_compare_paired(10, d, 1);
    close_to(p.difference.mean, 1.58, 1e-12);
    close_to(p.difference.mean / p.difference.error, 4.0621, 1e-4);
    close_to(p.p_t, 0.002833, 2e-4);
    assert_true(p.exact);
    close_to(p.p_flip, 4. / 1024, 1e-12); /* the pattern as it is and its mirror, the zero either way */
}

static void counts_sign_patterns(void **state)
{
    (void)state;
    static const double three[] = {1, 2, -3}, five[] = {1, 1, 1, 1, 1}, mixed[] = {3, 1, -2};
    close_to(pd_compare_paired(3, three, 1).p_flip, 1, 0);
    close_to(pd_compare_paired(5, five, 1).p_flip, 2. / 32, 0);
    close_to(pd_compare_paired(3, mixed, 1).p_flip, 6. / 8, 0); /* sums of size 6, 4, 2, 2 | 0 */
    const struct pd_paired one = pd_compare_paired(1, five, 1);
    assert_true(one.p_flip == 1 && isnan(one.p_t) && one.difference.mean == 1);
    assert_true(isnan(pd_compare_paired(0, NULL, 1).p_flip));
    static const double nothing[4] = {0};
    assert_true(isnan(pd_compare_paired(4, nothing, 1).p_t) && pd_compare_paired(4, nothing, 1).p_flip == 1);
    assert_true(isnan(pd_compare_paired(5, five, 1).p_t)); /* no spread at all */
    static const double rounded[] = {.10 - .05, .15 - .10, .35 - .30};
    const struct pd_paired equal = pd_compare_paired(3, rounded, 1);
    assert_true(isnan(equal.p_t) && equal.difference.error == 0);
    close_to(equal.p_flip, 2. / 8, 0);
    static const double written[] = {.9833333333 - .9666666667, .8833333333 - .8666666667, .95 - .9333333333};
    const struct pd_paired ten_digits = pd_compare_paired(3, written, 1);
    assert_true(isnan(ten_digits.p_t) && ten_digits.difference.error == 0);
}

/* Nothing is shown by numbers that are none, on either way. */
static void numbers_that_are_none_show_nothing(void **state)
{
    (void)state;
    static const double none[] = {NAN, INFINITY, -INFINITY};
    for (int n = 5; n <= 30; n += 25)
        for (int i = 0; i < 3; i++) {
            double d[30];
            for (int k = 0; k < n; k++)
                d[k] = 0.1 + 0.01 * (k % 3);
            d[3] = none[i];
            const struct pd_paired p = pd_compare_paired(n, d, 1);
            assert_true(isnan(p.p_flip) && isnan(p.p_t) && !pd_study_shows(&p));
        }
    for (int i = 0; i < 3; i++) {
        assert_true(pd_pairs_needed(none[i], 1) == INT64_MAX && pd_pairs_needed(1, none[i]) == INT64_MAX);
        const double x[] = {1, 2}, y[] = {0.5, 0.6, 0.5, 0.6}, bad[] = {0.5, 0.6, 0.4, none[i]};
        struct pd_saved s;
        assert_true(pd_compare_saved(2, 2, x, bad, y, 1, &s) && s.pairs == 2);
        assert_true(isnan(s.saved) && isnan(s.from) && isnan(s.low));
        assert_true(pd_compare_saved(2, 2, x, y, bad, 1, &s) && isnan(s.saved));
        assert_true(pd_compare_saved(2, 2, bad + 2, y, y, 1, &s) && isnan(s.saved));
    }
    const struct pd_summary five = {5, 0, 2, 2 / sqrt(5.)};
    static const double parts[] = {95, 1, 0, -0.5, NAN};
    for (int i = 0; i < 5; i++)
        assert_true(isnan(pd_half_interval(&five, parts[i])));
}

/* Both ways on about the same data: 20 differences exactly, the same and a zero by draws. */
static void draws_beyond_twenty(void **state)
{
    (void)state;
    double d[200] = {0};
    for (int i = 0; i < 20; i++)
        d[i] = sin(i * 1.7) + 0.25;
    const struct pd_paired exact = pd_compare_paired(20, d, 1), drawn = pd_compare_paired(21, d, 1);
    assert_true(exact.exact && !drawn.exact);
    close_to(drawn.p_flip, exact.p_flip, 0.03);
    close_to(pd_compare_paired(21, d, 1).p_flip, drawn.p_flip, 0);
    assert_true(pd_compare_paired(21, d, 2).p_flip != drawn.p_flip);
    for (int i = 0; i < 200; i++) /* more than one block of random words */
        d[i] = i % 2 ? 1 : -0.9;
    const double p = pd_compare_paired(200, d, 1).p_flip; /* mean 0.05 of 200 values of size 0.95 */
    close_to(p, erfc(10 / (0.95 * sqrt(2. * 200))), 0.1);
    for (int i = 0; i < 200; i++)
        d[i] = 1;
    close_to(pd_compare_paired(200, d, 1).p_flip, 1. / 100001, 1e-9);
}

static void measures_areas(void **state)
{
    (void)state;
    static const double x[] = {10, 12, 18}, y[] = {.5, .7, 1};
    close_to(pd_mean_height(3, x, y), (2 * .6 + 6 * .85) / 8, 1e-14);
}

/* Two lines of one slope, 8 labels apart, with noise that both curves of a pair share; and others. */
static void counts_saved_labels(void **state)
{
    (void)state;
    enum { PAIRS = 6, N = 5 };
    double x[N], ours[PAIRS * N], theirs[PAIRS * N];
    struct pd_saved s;
    for (int i = 0; i < N; i++) {
        x[i] = 20 + 20 * i;
        for (int k = 0; k < PAIRS; k++) {
            theirs[k * N + i] = 0.5 + 0.004 * x[i] + 0.01 * (k - 2.5);
            ours[k * N + i] = theirs[k * N + i] + 0.004 * 8;
        }
    }
    assert_true(pd_compare_saved(PAIRS, N, x, ours, theirs, 1, &s));
    close_to(s.saved, 8, 1e-9), close_to(s.from, 0.58 + 0.032, 1e-9), close_to(s.to, 0.9, 1e-9);
    close_to(s.low, 8, 1e-9), close_to(s.high, 8, 1e-9); /* the noise is of no account */
    assert_true(pd_compare_saved(PAIRS, N, x, theirs, ours, 1, &s));
    close_to(s.saved, -8, 1e-9);
    for (int k = 0; k < PAIRS; k++) /* every second trial gains twice as much, the others nothing */
        for (int i = 0; i < N; i++)
            ours[k * N + i] = theirs[k * N + i] + (k % 2 ? 0.064 : 0);
    assert_true(pd_compare_saved(PAIRS, N, x, ours, theirs, 1, &s));
    close_to(s.saved, 8, 1e-9); /* the percentiles are those of one gain in six and of five */
    close_to(s.low, 8 - 1.436726 * (8 - 16. / 6), 1e-3), close_to(s.high, 8 + 1.436726 * (8 - 16. / 6), 1e-3);
    assert_true(pd_compare_saved(1, N, x, ours, theirs, 1, &s) && s.saved == 0 && isnan(s.low));
    assert_true(pd_compare_saved(0, N, x, ours, theirs, 1, &s) && isnan(s.saved));
    /* the highest so far: .9 at once, where the other needs 80 labels for its only level, .9 */
    static const double falling[] = {.9, .8, .7, .6, .5}, rising[] = {.5, .6, .7, .8, .9};
    assert_true(pd_compare_saved(1, N, x, falling, rising, 1, &s));
    close_to(s.saved, 80, 1e-9);
    char words[200];
    for (int i = 0; i < PAIRS * N; i++) { /* ours begins above theirs' end: no level is shared */
        theirs[i] = 0.3 + 0.01 * (i % N);
        ours[i] = 0.6 + 0.01 * (i % N);
    }
    assert_true(pd_compare_saved(PAIRS, N, x, ours, theirs, 1, &s));
    assert_true(s.pairs == PAIRS && isnan(s.saved) && isnan(s.from) && isnan(s.low) && isnan(s.high));
    assert_string_equal(pd_saved_words(&s, 100, "labels", words, sizeof words),
                        "labels saved cannot be told: there is no accuracy that both come to");
    const struct pd_saved none = {9, 0.62, 0.779, 12.2, -3.4, 25}, more = {3, 0.5, 0.6, -4, -9, -0.6},
                          same = {2, 0.5, 0.6, 0.3, -0.4, 2};
    const struct pd_saved one = {1, 0.5, 0.6, 0.9, NAN, NAN};
    assert_string_equal(pd_saved_words(&one, 100, "labels", words, sizeof words),
                        "needs 1 label fewer for 50.0 to 60.0 %, on average");
    assert_string_equal(
        pd_saved_words(&none, 100, "labels", words, sizeof words),
        "needs 12 labels fewer for 62.0 to 77.9 %, on average (95 %: -3 to 25; 9 pairs): none is shown");
    assert_string_equal(pd_saved_words(&more, 100, "labels", words, sizeof words),
                        "needs 4 labels more for 50.0 to 60.0 %, on average (95 %: 1 to 9; 3 pairs)");
    assert_string_equal(
        pd_saved_words(&same, 1, "labels", words, sizeof words),
        "needs as many labels for 0.5 to 0.6, on average (95 %: 0 to 2; 2 pairs): none is shown");
}

/* power.t.test(delta, sd, type = "paired") of R: 9.94, 33.4 and 786.8 pairs; the table of t for intervals. */
static void knows_what_could_have_been_seen(void **state)
{
    (void)state;
    assert_int_equal(pd_pairs_needed(1, 1), 10);
    assert_in_range(pd_pairs_needed(2, -1), 33, 34);
    assert_in_range(pd_pairs_needed(10, 1), 786, 787);
    assert_int_equal(pd_pairs_needed(0.001, 1), 2);
    assert_true(pd_pairs_needed(1, 0) == INT64_MAX);
    for (int64_t n = 2; n < 60; n += 7) {
        const double d = pd_visible_difference(3, n);
        assert_int_equal(pd_pairs_needed(3, d * (1 + 1e-9)), n);
    }
    close_to(pd_student_t(0.05, 4), 2.776445, 1e-6);
    close_to(pd_student_t(0.4, 9), 0.883404, 1e-6);
    const struct pd_summary five = {5, 0, 2, 2 / sqrt(5.)}, one = {1, 0, NAN, NAN};
    close_to(pd_half_interval(&five, 0.95), 2.776445 * 2 / sqrt(5.), 1e-6);
    assert_true(isnan(pd_half_interval(&one, 0.95)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summarises),
        cmocka_unit_test(knows_students_t),
        cmocka_unit_test(repeats_students_example),
        cmocka_unit_test(counts_sign_patterns),
        cmocka_unit_test(numbers_that_are_none_show_nothing),
        cmocka_unit_test(draws_beyond_twenty),
        cmocka_unit_test(measures_areas),
        cmocka_unit_test(counts_saved_labels),
        cmocka_unit_test(knows_what_could_have_been_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
