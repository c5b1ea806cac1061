/* Optimal budgeted rejection sampling, and DRS at the same parts kept, against 80 bits. The vectors: obrs.py.
 */
#include <paydirt/reject.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "golden/obrs.h"
#include "select/rejector.h"

static const double tolerance = 1e-12;
enum { CASES = sizeof budgets / sizeof budgets[0] };
static float logit[OBRS_ROWS];

/* As in obrs.py; exact in float. */
static float number(uint32_t j)
{
    j = (j ^ j >> 16) * 0x7FEB352Du;
    j = (j ^ j >> 15) * 0x846CA68Bu;
    return (float)((j ^ j >> 16) >> 8) / (float)(1 << 21) - 4;
}

static void near(int i, const char *what, double got, double expected, double within)
{
    if (!(got == expected || fabs(got - expected) <= within))
        fail_msg("factor %g, keep %g: %s is %.17g, expected %.17g", budgets[i].factor, budgets[i].keep, what,
                 got, expected);
}

static void fill(int i)
{
    for (uint32_t j = 0; j < OBRS_ROWS; j++)
        logit[j] = number(j) * (float)budgets[i].factor;
}

static void budgets_of_verine(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const struct pd_reject_method *method = pd_reject_method_find("obrs", NULL);
        struct pd_reject_options o = pd_reject_defaults(method);
        struct pd_rejector *r;
        uint8_t verdict;
        double mean = 0;
        o.keep = budgets[i].keep;
        fill(i);
        assert_int_equal(pd_rejector_create(method, &o, 0, &r, NULL), PD_OK);
        assert_int_equal(pd_rejector_burn_in(r, &(struct pd_terms){OBRS_ROWS, logit, NULL}, NULL), PD_OK);
        assert_int_equal(pd_rejector_judge(r, &(struct pd_terms){1, logit, NULL}, &verdict, NULL, NULL),
                         PD_OK);
        for (int j = 0; j < OBRS_ROWS; j++)
            mean += pd_reject_budget(r, logit[j]) / OBRS_ROWS;
        near(i, "log c_K", pd_rejector_fit(r).log_c, budgets[i].log_c, 1e-11); /* of up to 20,000 */
        near(i, "the part kept", mean, budgets[i].mean, tolerance);
        for (int j = 0; j < OBRS_SHOWN; j++)
            near(i, "an acceptance", pd_reject_budget(r, logit[j]), budgets[i].obrs[j], tolerance);
        pd_rejector_destroy(r);
    }
}

static void drs_at_the_same_parts(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        double f[OBRS_ROWS], most = -INFINITY;
        fill(i);
        for (int j = 0; j < OBRS_ROWS; j++)
            most = fmax(most, logit[j]);
        for (int j = 0; j < OBRS_ROWS; j++)
            f[j] = logit[j] - most - log(-expm1(logit[j] - most) + 1e-6);
        const double gamma = pd_reject_gamma(OBRS_ROWS, f, budgets[i].keep);
        for (int j = 0; j < OBRS_SHOWN; j++) /* gamma is as large as the scores */
            near(i, "DRS's acceptance", 1 / (1 + exp(gamma - f[j])), budgets[i].drs[j], tolerance * 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets_of_verine),
        cmocka_unit_test(drs_at_the_same_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
