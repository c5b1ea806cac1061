/* The metrics over features against what other people's packages compute. The values: features.py. */
#include <paydirt/features.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "golden/features.h"

static float real_values[REAL * WIDTH], fake_values[FAKE * WIDTH];
static const struct pd_feature_set real = {REAL, WIDTH, real_values}, fake = {FAKE, WIDTH, fake_values};

/* As in features.py; exact in float. */
static float number(uint32_t j)
{
    j = (j ^ j >> 16) * 0x7FEB352Du;
    j = (j ^ j >> 15) * 0x846CA68Bu;
    return (float)((j ^ j >> 16) >> 16) / (float)(1 << 13) - 4;
}

static void make_rows(uint32_t first, int64_t n, float scale, float offset, float *values)
{
    for (uint32_t j = 0; j < n * WIDTH; j++)
        values[j] = scale * number(first + j) + offset + (j % WIDTH ? 0 : (float)(8 * (j / WIDTH % 5)));
}

static int make_sets(void **state)
{
    (void)state;
    make_rows(0, REAL, 1, 100, real_values);
    make_rows(100000, FAKE, 0.75F, 100.25F, fake_values);
    return 0;
}

static void near(const char *what, double value, double expected, double bar)
{
    if (!(fabs(value - expected) <= bar * fabs(expected)))
        fail_msg("%s: %.12g, expected %.12g", what, value, expected);
}

/* --- Fréchet distance --- */

struct moments {
    double mean[WIDTH], covariance[WIDTH * WIDTH];
};

static struct moments moments_of(const float *values, int64_t n, int64_t block)
{
    struct moments out;
    struct pd_moments *m;
    assert_int_equal(pd_moments_create(WIDTH, &m, NULL), PD_OK);
    assert_int_equal(pd_moments_add(m, values, -1, NULL, NULL), PD_ERR_USAGE);
    for (int64_t at = 0; at < n; at += block)
        assert_int_equal(pd_moments_add(m, values + at * WIDTH, n - at < block ? n - at : block, NULL, NULL),
                         PD_OK);
    assert_int_equal(pd_moments_count(m), n);
    assert_int_equal(pd_moments_take(m, out.mean, out.covariance, NULL), PD_OK);
    pd_moments_destroy(m);
    return out;
}

static double frechet_of(int64_t n_real, int64_t n_fake, int64_t block)
{
    const struct moments a = moments_of(real_values, n_real, block),
                         b = moments_of(fake_values, n_fake, block);
    double value;
    assert_int_equal(pd_frechet(WIDTH, a.mean, a.covariance, b.mean, b.covariance, NULL, &value, NULL),
                     PD_OK);
    return value;
}

static void frechet_distance(void **state)
{
    (void)state;
    near("frechet", frechet_of(REAL, FAKE, REAL), frechet, 1e-9);
    near("in blocks", frechet_of(REAL, FAKE, 7), frechet, 1e-9);
    near("fewer samples than features", frechet_of(FEW + 1, FEW, 3), frechet_few, 1e-9);
}

/* --- kernel distance --- */

static void kernel_distance(void **state)
{
    (void)state;
    const struct pd_kid_options all = {.subsets = 3, .size = FAKE},
                                many = {.subsets = 2000, .size = 50, .seed = 3};
    const struct pd_feature_set as_many = {FAKE, WIDTH, real_values};
    struct pd_kid_result result;
    double value;
    assert_int_equal(pd_kid_subset(&real, real_rows, &fake, fake_rows, SUBSET, NULL, &value, NULL), PD_OK);
    near("kid of a subset", value, kid, 1e-9);
    assert_int_equal(pd_kid_subset(&real, (int64_t[]){0, -1}, &fake, fake_rows, 2, NULL, &value, NULL),
                     PD_ERR_USAGE);
    assert_int_equal(pd_kid_subset(&real, real_rows, &fake, (int64_t[]){0, FAKE}, 2, NULL, &value, NULL),
                     PD_ERR_USAGE);
    assert_int_equal(pd_kid(&as_many, &fake, &all, NULL, &result, NULL), PD_OK);
    near("kid of all", result.value, kid_all, 1e-9);
    assert_true(result.deviation < 1e-9 * kid_all);
    assert_int_equal(pd_kid(&as_many, &fake, &many, NULL, &result, NULL), PD_OK);
    if (!(fabs(result.value - kid_all) < 4 * result.error) || !(result.error < 0.2 * kid_all))
        fail_msg("kid over subsets: %g +- %g, expected %g", result.value, result.error, kid_all);
}

/* --- PRD --- */

static void prd_curve(void **state)
{
    (void)state;
    double precision[PD_PRD_ANGLES], recall[PD_PRD_ANGLES];
    pd_prd_curve(BINS, real_bins, fake_bins, PD_PRD_ANGLES, precision, recall);
    for (size_t i = 0; i < sizeof curve_at / sizeof curve_at[0]; i++) {
        near("precision", precision[curve_at[i]], curve_precision[i], 1e-6);
        near("recall", recall[curve_at[i]], curve_recall[i], 1e-6);
    }
    near("F8", pd_prd_best_f(PD_PRD_ANGLES, precision, recall, 8), bins_f8, 1e-9);
    near("F1/8", pd_prd_best_f(PD_PRD_ANGLES, precision, recall, 1. / 8), bins_f1_8, 1e-9);
}

/* Another k-means and other random numbers: the same within what clusterings differ by. */
static void prd_by_clusters(void **state)
{
    (void)state;
    static struct pd_prd_result result;
    const struct pd_feature_set as_many = {FAKE, WIDTH, real_values};
    assert_int_equal(pd_prd(&as_many, &fake, NULL, NULL, &result, NULL), PD_OK);
    near("PRD's F8", result.f8, prd_f8, 0.03);
    near("PRD's F1/8", result.f1_8, prd_f1_8, 0.03);
}

/* --- neighbours --- */

static void neighbours(void **state)
{
    (void)state;
    struct pd_precision_recall pr;
    struct pd_density_coverage dc;
    for (int64_t block = 0; block < 1000; block += 33) {
        const struct pd_feature_work work = {.block = block, .threads = block % 2 ? 1 : 2};
        assert_int_equal(pd_precision_recall(&real, &fake, 3, &work, &pr, NULL), PD_OK);
        near("precision, k = 3", pr.precision, precision_3, 1e-9);
        near("recall, k = 3", pr.recall, recall_3, 1e-9);
        assert_int_equal(pd_precision_recall(&real, &fake, 5, &work, &pr, NULL), PD_OK);
        near("precision", pr.precision, precision_5, 1e-9);
        near("recall", pr.recall, recall_5, 1e-9);
        assert_int_equal(pd_density_coverage(&real, &fake, 5, &work, &dc, NULL), PD_OK);
        near("density", dc.density, density_5, 1e-9);
        near("coverage", dc.coverage, coverage_5, 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frechet_distance), cmocka_unit_test(kernel_distance), cmocka_unit_test(prd_curve),
        cmocka_unit_test(prd_by_clusters),  cmocka_unit_test(neighbours),
    };
    return cmocka_run_group_tests(tests, make_sets, NULL);
}
