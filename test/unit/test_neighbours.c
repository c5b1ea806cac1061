/* The metrics over features on sets whose values are known, on hostile ones, and when they are stopped.
 * Against other people's packages: test/golden/test_features.c. */
#include <paydirt/features.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"

enum { N = 500, WIDTH = 9, K = 4 };

static float *normal(int64_t n, int64_t width, uint32_t stream, double scale, double offset)
{
    const struct pd_rng rng = {5, stream, 0};
    float *values = calloc((size_t)(n * width), sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n * width; i++)
        values[i] = (float)(scale * pd_rng_normal(&rng, (uint64_t)i) + offset);
    return values;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distances to all, sorted: the sample itself first. */
static void all_distances(const struct pd_feature_set *set, int64_t i, double *all)
{
    for (int64_t j = 0; j < set->n; j++) {
        double sum = 0;
        for (int64_t c = 0; c < set->width; c++) {
            const double by =
                (double)set->values[i * set->width + c] - (double)set->values[j * set->width + c];
            sum += by * by;
        }
        all[j] = i == j ? -1 : sqrt(sum);
    }
    qsort(all, (size_t)set->n, sizeof *all, compare);
}

/* Whatever the sizes of the numbers, far from 0, beside an outlier, among copies. */
static void neighbours_are_exact(void **state)
{
    (void)state;
    static const struct {
        double scale, offset;
        float outlier;
    } cases[] = {{1, 0, 0},     {1, 1e4, 0},   {1e-3, 100, 0}, {1e18, 0, 0},     {1e37, 0, 0},
                 {1e-30, 0, 0}, {1e-42, 0, 0}, {1, 0, 1e6F},   {1, -1e3, 1e30F}, {1e-20, 0, 3e38F}};
    static double nearest[N * K], all[N];
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        float *values = normal(N, WIDTH, 1, cases[c].scale, cases[c].offset);
        memcpy(values + 7 * WIDTH, values + 8 * WIDTH, WIDTH * sizeof *values);
        values[100] = cases[c].outlier != 0 ? cases[c].outlier : values[100];
        const struct pd_feature_set set = {N, WIDTH, values};
        const struct pd_feature_work work = {.block = 64};
        assert_int_equal(pd_nearest_distances(&set, K, &work, nearest, NULL), PD_OK);
        for (int64_t i = 0; i < N; i++) {
            all_distances(&set, i, all);
            for (int k = 0; k < K; k++)
                if (fabs(nearest[i * K + k] - all[k + 1]) > 1e-12 * all[k + 1])
                    fail_msg("case %zu, row %lld: %g, expected %g", c, (long long)i, nearest[i * K + k],
                             all[k + 1]);
        }
        free(values);
    }
}

static void threads_and_blocks_change_nothing(void **state)
{
    (void)state;
    static double one[N * K], other[N * K];
    static struct pd_prd_result first, prd;
    float *real = normal(N, WIDTH, 1, 1, 0), *fake = normal(N, WIDTH, 2, 1, 0.3);
    const struct pd_feature_set a = {N, WIDTH, real}, b = {N - 37, WIDTH, fake};
    struct pd_feature_work work = {.threads = 1, .block = 500};
    assert_int_equal(pd_nearest_distances(&a, K, &work, one, NULL), PD_OK);
    assert_int_equal(pd_prd(&a, &b, NULL, &work, &first, NULL), PD_OK);
    for (work.threads = 2, work.block = 1; work.block < 600; work.block += 97) {
        assert_int_equal(pd_nearest_distances(&a, K, &work, other, NULL), PD_OK);
        assert_memory_equal(one, other, sizeof one);
    }
    assert_int_equal(pd_prd(&a, &b, NULL, &work, &prd, NULL), PD_OK);
    assert_memory_equal(&first, &prd, sizeof prd);
    free(real);
    free(fake);
}

/* A set beside itself, by the same pointer and by a copy; and copies of one sample. */
static void the_same_set(void **state)
{
    (void)state;
    struct pd_precision_recall pr;
    struct pd_density_coverage dc;
    struct pd_prd_result prd;
    float *values = normal(N, WIDTH, 1, 1, 0), *again = normal(N, WIDTH, 1, 1, 0);
    const struct pd_feature_set set = {N, WIDTH, values}, copy = {N, WIDTH, again};
    const struct pd_feature_set *const others[] = {&set, &copy};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pd_precision_recall(&set, others[i], 3, NULL, &pr, NULL), PD_OK);
        assert_true(pr.precision == 1 && pr.recall == 1);
        assert_int_equal(pd_density_coverage(&set, others[i], 5, NULL, &dc, NULL), PD_OK);
        assert_true(fabs(dc.density - 1) < 1e-12 && dc.coverage == 1); /* a ball's own and the 4 inside */
        assert_int_equal(pd_prd(&set, others[i], NULL, NULL, &prd, NULL), PD_OK);
        assert_true(fabs(prd.f8 - 1) < 1e-9 && fabs(prd.f1_8 - 1) < 1e-9);
    }
    for (int64_t i = 0; i < N * WIDTH; i++)
        values[i] = 3;
    assert_int_equal(pd_precision_recall(&set, &set, 3, NULL, &pr, NULL), PD_OK);
    assert_true(pr.precision == 1 && pr.recall == 1);
    assert_int_equal(pd_prd(&set, &set, NULL, NULL, &prd, NULL), PD_OK);
    free(values);
    free(again);
}

/* Two lumps of which the generator makes one. */
static void a_lost_mode(void **state)
{
    (void)state;
    float *values = normal(N, WIDTH, 1, 1, 0), *made = normal(N, WIDTH, 2, 1, 0);
    const struct pd_feature_set real = {N, WIDTH, values}, fake = {N, WIDTH, made};
    struct pd_density_coverage dc;
    struct pd_prd_result prd;
    for (int64_t i = 0; i < N / 2; i++)
        values[i * WIDTH] += 100;
    assert_int_equal(pd_prd(&real, &fake, NULL, NULL, &prd, NULL), PD_OK);
    assert_true(prd.f8 < 0.6 && prd.f1_8 > 0.9);
    assert_int_equal(pd_density_coverage(&real, &fake, 5, NULL, &dc, NULL), PD_OK);
    assert_true(dc.coverage > 0.4 && dc.coverage <= 0.5);
    assert_int_equal(pd_prd(&fake, &real, NULL, NULL, &prd, NULL), PD_OK); /* and the other way round */
    assert_true(prd.f8 > 0.9 && prd.f1_8 < 0.6);
    free(values);
    free(made);
}

/* --- refusals --- */

static void refuses(enum pd_status got, enum pd_status status, const char *words, const struct pd_error *err)
{
    if (got != status || !strstr(err->message, words))
        fail_msg("status %d, '%s', expected '%s'", (int)got, err->message, words);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct pd_error err = {0};
    struct pd_kid_result kid;
    static struct pd_prd_result prd;
    struct pd_precision_recall pr;
    struct pd_density_coverage dc;
    float *values = normal(N, WIDTH, 1, 1, 0), bad[] = {1, 2, 3, NAN, 5, 6};
    double distances[8];
    const struct pd_feature_set set = {N, WIDTH, values}, wide = {10, WIDTH + 1, values},
                                few = {3, WIDTH, values}, hole = {3, 2, bad}, flat = {3, 2, values};
    const struct pd_kid_options large = {.size = 4};
    refuses(pd_kid(&set, &wide, NULL, NULL, &kid, &err), PD_ERR_MISMATCH, "9 real features a row, but 10",
            &err);
    refuses(pd_kid(&flat, &hole, NULL, NULL, &kid, &err), PD_ERR_USAGE, "generated features, row 1: number 1",
            &err);
    refuses(pd_prd(&hole, &flat, NULL, NULL, &prd, &err), PD_ERR_USAGE, "real features, row 1: number 1",
            &err);
    refuses(pd_kid(&set, &few, &large, NULL, &kid, &err), PD_ERR_USAGE, "subsets of 4 out of 500 real and 3",
            &err);
    refuses(pd_prd(&few, &few, NULL, NULL, &prd, &err), PD_ERR_USAGE, "for 20 clusters", &err);
    refuses(pd_precision_recall(&set, &few, 3, NULL, &pr, &err), PD_ERR_USAGE, "3 generated samples for 3",
            &err);
    refuses(pd_density_coverage(&few, &set, 5, NULL, &dc, &err), PD_ERR_USAGE, "3 real samples for 5", &err);
    refuses(pd_nearest_distances(&few, 0, NULL, distances, &err), PD_ERR_USAGE, "for 0 neighbours", &err);
    values[0] = 3e38F;
    assert_int_equal(pd_density_coverage(&set, &set, 5, NULL, &dc, &err), PD_OK);
    values[0] = values[WIDTH] = 1e38F;
    assert_int_equal(pd_kid(&set, &few, NULL, NULL, &kid, &err), PD_OK); /* 1e228 */
    free(values);
}

/* Of 50 samples with 256 features, stored as floats on their way: their noise is no negative variance. */
static void covariances_may_have_been_floats(void **state)
{
    (void)state;
    enum { W = 256, N = 50 };
    static double exact[2][W * W], rounded[2][W * W], mean[W];
    static double x[N][W];
    double value = 0, near = 0;
    struct pd_error err;
    for (int set = 0; set < 2; set++) {
        for (int i = 0; i < N; i++)
            for (int k = 0; k < W; k++)
                x[i][k] = sin(1 + set + 37.0 * i * i + 11.0 * k * k + 3.0 * i * k);
        for (int k = 0; k < W * W; k++) {
            exact[set][k] = 0;
            for (int i = 0; i < N; i++)
                exact[set][k] += x[i][k / W] * x[i][k % W] / N;
            const int at = k / W > k % W ? k : k % W * W + k / W; /* as much on both sides of the diagonal */
            rounded[set][k] = exact[set][k] + 4e-8 * sin((double)((int64_t)at * at % 9973));
        }
    }
    if (pd_frechet(W, mean, exact[0], mean, exact[1], NULL, &value, &err) ||
        pd_frechet(W, mean, rounded[0], mean, rounded[1], NULL, &near, &err))
        fail_msg("%s", err.message);
    assert_true(value > 0.1 && fabs(value - near) < 1e-3 * value);
}

static void covariances_are_looked_at(void **state)
{
    (void)state;
    struct pd_error err = {0};
    const double mean[] = {0, 1}, good[] = {2, 1, 1, 2}, crooked[] = {2, 1, 0.5, 2},
                 negative[] = {1, 2, 2, 1}, hole[] = {NAN, 0, 0, 1}, none[] = {0, 0, 0, 0},
                 below[] = {2, 0, 0, -1}, flat[] = {1, 0, 0, 0}, hidden[] = {1, 0, 0, -1},
                 large[] = {1e308, 0, 0, 1e308};
    double value = -1;
    refuses(pd_frechet(2, mean, crooked, mean, good, NULL, &value, &err), PD_ERR_USAGE, "symmetric", &err);
    refuses(pd_frechet(2, mean, negative, mean, good, NULL, &value, &err), PD_ERR_USAGE, "below 0", &err);
    refuses(pd_frechet(2, mean, good, mean, negative, NULL, &value, &err), PD_ERR_USAGE, "below 0", &err);
    refuses(pd_frechet(2, mean, good, mean, below, NULL, &value, &err), PD_ERR_USAGE, "below 0", &err);
    refuses(pd_frechet(2, mean, flat, mean, hidden, NULL, &value, &err), PD_ERR_USAGE, "below 0", &err);
    const double one[] = {1, 1}, tiny[] = {-1e-12, 0, 0, 1e-12}; /* rounding, of features that do not vary */
    assert_int_equal(pd_frechet(2, one, tiny, one, good, NULL, &value, NULL), PD_OK);
    assert_int_equal(pd_frechet(2, one, good, one, tiny, NULL, &value, NULL), PD_OK);
    refuses(pd_frechet(2, mean, good, mean, large, NULL, &value, &err), PD_ERR_USAGE, "overflows", &err);
    refuses(pd_frechet(2, mean, good, mean, hole, NULL, &value, &err), PD_ERR_USAGE, "not finite", &err);
    assert_int_equal(pd_frechet(2, mean, good, mean, good, NULL, &value, &err), PD_OK);
    assert_true(fabs(value) < 1e-14);
    assert_int_equal(pd_frechet(2, mean, none, mean, good, NULL, &value, &err), PD_OK);
    assert_true(fabs(value - 4) < 1e-14);
}

static bool stop_at_once(void *context, uint64_t done, uint64_t count)
{
    assert_true(done <= count);
    ++*(int *)context;
    return true;
}

static void watch_stops(void **state)
{
    (void)state;
    int calls = 0;
    const struct pd_feature_work work = {.threads = 1, .block = 16, .watch = stop_at_once, .context = &calls};
    float *values = normal(N, WIDTH, 1, 1, 0);
    const struct pd_feature_set set = {N, WIDTH, values};
    struct pd_density_coverage dc;
    struct pd_kid_result kid;
    static struct pd_prd_result prd;
    assert_int_equal(pd_density_coverage(&set, &set, 5, &work, &dc, NULL), PD_ERR_INTERRUPTED);
    assert_int_equal(pd_kid(&set, &set, NULL, &work, &kid, NULL), PD_ERR_INTERRUPTED);
    assert_int_equal(pd_prd(&set, &set, NULL, &work, &prd, NULL), PD_ERR_INTERRUPTED);
    assert_int_equal(calls, 3);
    free(values);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    const struct pd_feature_work work = {.threads = 2, .block = 100};
    float *values = normal(100, WIDTH, 1, 1, 0);
    const struct pd_feature_set set = {100, WIDTH, values};
    struct pd_precision_recall pr;
    struct pd_density_coverage dc;
    struct pd_kid_result kid;
    static struct pd_prd_result prd;
    const struct pd_prd_options few = {.repeats = 1};
    int failed = 0;
    for (uint64_t n = 1; n < 60; n++) {
        const enum pd_status got[] = {
            (pd_mem_fail_after(n), pd_precision_recall(&set, &set, 3, &work, &pr, NULL)),
            (pd_mem_fail_after(n), pd_density_coverage(&set, &set, 3, &work, &dc, NULL)),
            (pd_mem_fail_after(n), pd_kid(&set, &set, NULL, &work, &kid, NULL)),
            (pd_mem_fail_after(n), pd_prd(&set, &set, &few, &work, &prd, NULL))};
        for (int i = 0; i < 4; i++) {
            assert_true(got[i] == PD_OK || got[i] == PD_ERR_MEMORY);
            failed += got[i] == PD_ERR_MEMORY;
        }
    }
    pd_mem_fail_after(0);
    assert_true(failed > 40);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_exact),
        cmocka_unit_test(threads_and_blocks_change_nothing),
        cmocka_unit_test(the_same_set),
        cmocka_unit_test(a_lost_mode),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(covariances_may_have_been_floats),
        cmocka_unit_test(covariances_are_looked_at),
        cmocka_unit_test(watch_stops),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
