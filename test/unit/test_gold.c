#include <paydirt/select.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Softmax of these rows: (1/2, 1/4, 1/4) and (1/3, 1/3, 1/3). */
#define LN2 0.69314718055994530942
#define LN3 1.09861228866810969140
static const float class_logits[] = {(float)LN2, 0, 0, 5, 5, 5};
static const float logit[] = {1, -2};

static void near(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-7))
        fail_msg("got %.12g, expected %.12g", got, expected);
}

static struct pd_gold_input input(enum pd_gold_kind kind, const int32_t *labels)
{
    return (struct pd_gold_input){2, 3, logit, class_logits, labels, kind};
}

static void class_terms(void **state)
{
    (void)state;
    double log_p[6], entropy[2];
    pd_class_log_p(2, 3, class_logits, log_p);
    pd_class_entropy(2, 3, class_logits, entropy);
    const double expected[] = {-LN2, -2 * LN2, -2 * LN2, -LN3, -LN3, -LN3};
    for (int i = 0; i < 6; i++)
        near(log_p[i], expected[i]);
    near(entropy[0], 1.5 * LN2);
    near(entropy[1], LN3);
}

/* GOLD eq. 3 and 8. */
static void conditional_term_by_kind(void **state)
{
    (void)state;
    const int32_t labels[] = {0, 2}, half[] = {1, -1};
    struct pd_gold_input in = input(PD_GOLD_GENERATED, labels);
    double k[2], d[2];
    assert_int_equal(pd_gold_conditional(&in, k, NULL), PD_OK);
    pd_gold_estimate(2, logit, k, 1, d);
    near(d[0], 1 - LN2);
    near(d[1], -2 - LN3);

    in = input(PD_GOLD_REAL, labels);
    assert_int_equal(pd_gold_conditional(&in, k, NULL), PD_OK);
    near(k[0], LN2);
    near(k[1], LN3);

    in = input(PD_GOLD_REAL, half); /* one labelled, one not */
    assert_int_equal(pd_gold_conditional(&in, k, NULL), PD_OK);
    near(k[0], 2 * LN2);
    near(k[1], LN3);

    in = input(PD_GOLD_REAL, NULL);
    assert_int_equal(pd_gold_conditional(&in, k, NULL), PD_OK);
    near(k[0], 1.5 * LN2);
}

static void balances_the_terms(void **state)
{
    (void)state;
    const float m[] = {0, 2, 4, 6};  /* sigma = sqrt(5) */
    const double k[] = {1, 1, 3, 3}; /* sigma = 1 */
    double d[4];
    near(pd_gold_balance(4, m, k), sqrt(5));
    pd_gold_estimate(4, m, k, pd_gold_balance(4, m, k), d);
    near(d[0], sqrt(5));
    near(d[3], 6 + 3 * sqrt(5));
    const double constant[] = {7, 7, 7, 7};
    near(pd_gold_balance(4, m, constant), 1);
    const double rounded[] = {2.3, 2.3 + 4e-16, 2.3 - 4e-16, 2.3}, small[] = {1e-17, 1e-17, 3e-17, 3e-17};
    near(pd_gold_balance(4, m, rounded), 1);
    assert_true(fabs(pd_gold_balance(4, m, small) / (sqrt(5) * 1e17) - 1) < 1e-9);
    near(pd_gold_balance(1, m, k), 1);
    near(pd_gold_balance(0, NULL, NULL), 1);
    const float flat[] = {3, 3, 3, 3};
    near(pd_gold_balance(4, flat, k), 0);
}

static void stands_extreme_logits(void **state)
{
    (void)state;
    const float m[] = {1e4f, -1e4f, 1e4f, 3e38f};
    const float c[] = {1e4f, -1e4f, -1e4f, 1e4f, 1e4f, 1e4f, 3e38f, -3e38f};
    const int32_t labels[] = {1, 1, -1, 1};
    const struct pd_gold_input in = {4, 2, m, c, labels, PD_GOLD_REAL};
    double k[4], d[4], log_p[8], entropy[4];
    assert_int_equal(pd_gold_conditional(&in, k, NULL), PD_OK);
    near(k[0], 2e4);
    near(k[1], 0);
    near(k[2], LN2);
    pd_gold_estimate(4, m, k, pd_gold_balance(4, m, k), d);
    pd_class_log_p(4, 2, c, log_p);
    pd_class_entropy(4, 2, c, entropy);
    for (int i = 0; i < 8; i++)
        assert_true(isfinite(log_p[i]) && isfinite(d[i / 2]) && isfinite(entropy[i / 2]));
    near(entropy[0], 0);
    near(entropy[3], 0);
}

static void weights_keep_the_sign(void **state)
{
    (void)state;
    near(pd_gold_weight(-4, 0.5), -2);
    near(pd_gold_weight(3, 2), 9);
    near(pd_gold_weight(-0.25, 1), -0.25);
    near(pd_gold_weight(-7, 0), -1);
    near(pd_gold_weight(0, 0), 0);
    near(pd_gold_weight(0, 1), 0);
}

static void refuses_by_row(void **state)
{
    (void)state;
    struct pd_error err;
    double k[2];
    const int32_t high[] = {0, 3}, low[] = {-2, 0}, unknown[] = {0, -1};
    struct pd_gold_input in = input(PD_GOLD_REAL, high);
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "row 1: label 3, expected -1 to 2");
    in = input(PD_GOLD_REAL, low);
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
    in = input(PD_GOLD_GENERATED, unknown);
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "row 1: a generated sample needs its class");
    in = input(PD_GOLD_REAL, NULL);
    const float bad[] = {0, NAN};
    in.logit = bad;
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "row 1: the logit is "));
    const float infinite[] = {0, 0, 0, 0, INFINITY, 0};
    in = input(PD_GOLD_REAL, NULL);
    in.class_logits = infinite;
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "row 1: class logit 1 is inf");
    in.classes = 0;
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
    in = input((enum pd_gold_kind)7, NULL);
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "kind 7, expected PD_GOLD_GENERATED or PD_GOLD_REAL");
    in = input(PD_GOLD_REAL, NULL);
    in.n = -1;
    assert_int_equal(pd_gold_conditional(&in, k, &err), PD_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_terms),           cmocka_unit_test(conditional_term_by_kind),
        cmocka_unit_test(balances_the_terms),    cmocka_unit_test(stands_extreme_logits),
        cmocka_unit_test(weights_keep_the_sign), cmocka_unit_test(refuses_by_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
