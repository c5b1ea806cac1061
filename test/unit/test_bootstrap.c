/* The standard error of metrics of features by redrawn samples. */
#include "base/rng.h"
#include "metric/metric.h"

#include <paydirt/inception.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 400, WIDTH = 3, DRAWS = 100 };

/* Two sets of normal samples, the second moved by 1: independent ones for every number. */
static struct pd_metric_features draw_sets(uint64_t number, float *room)
{
    const struct pd_rng rng = {7, 1, number};
    float *fake = room + COUNT * WIDTH;
    for (uint64_t i = 0; i < 2 * COUNT * WIDTH; i++)
        room[i] = (float)pd_rng_normal(&rng, i) + (i >= COUNT * WIDTH);
    return (struct pd_metric_features){.real = {.width = WIDTH, .count = COUNT, .set = {COUNT, WIDTH, room}},
                                       .fake = {.width = WIDTH, .count = COUNT, .set = {COUNT, WIDTH, fake}},
                                       .work = {.threads = 1}};
}

/* The samples stay the caller's. */
static void release(struct pd_metric_features *f)
{
    f->real.set.values = f->fake.set.values = NULL;
    pd_metric_features_release(f);
}

static double distance(uint64_t number)
{
    static float room[2 * COUNT * WIDTH];
    struct pd_metric_features f = draw_sets(number, room);
    const struct pd_metric_input in = {.features = &f};
    struct pd_metric_result result;
    struct pd_error err;
    if (pd_metric_measure(pd_metric_find("frechet", NULL), &in, &result, &err))
        fail_msg("%s", err.message);
    release(&f);
    return result.value;
}

/* The standard deviation of what sets that are really drawn anew give. */
static double spread(void)
{
    double mean = 0, squares = 0, value[DRAWS];
    for (int i = 0; i < DRAWS; i++)
        mean += (value[i] = distance(1 + (uint64_t)i)) / DRAWS;
    for (int i = 0; i < DRAWS; i++)
        squares += (value[i] - mean) * (value[i] - mean);
    return sqrt(squares / (DRAWS - 1));
}

static void the_error_is_the_spread_of_independent_sets(void **state)
{
    (void)state;
    static float room[2 * COUNT * WIDTH];
    struct pd_metric_features f = draw_sets(0, room);
    const struct pd_metric_input in = {.seed = 5, .features = &f};
    struct pd_error err;
    double error, again;
    const struct pd_metric *frechet = pd_metric_find("frechet", NULL);
    assert_int_equal(pd_metric_bootstrap(frechet, &in, DRAWS, &error, &err), PD_OK);
    assert_int_equal(pd_metric_bootstrap(frechet, &in, DRAWS, &again, &err), PD_OK);
    assert_true(error == again);
    const double expected = spread();
    if (!(fabs(error / expected - 1) < 0.3))
        fail_msg("an error of %g, but independent sets differ by %g", error, expected);
    release(&f);
}

static void neighbours_and_counts_are_not_redrawn(void **state)
{
    (void)state;
    static float room[2 * COUNT * WIDTH];
    struct pd_metric_features f = draw_sets(0, room);
    const struct pd_metric_input in = {.features = &f};
    static const char *const refused[][2] = {
        {"pr", "pr: no bootstrap: a sample that is drawn twice"},
        {"dc", "dc: no bootstrap: a sample that is drawn twice"},
        {"class-accuracy", "class-accuracy: no bootstrap: its standard error"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct pd_error err;
        double error = 0;
        assert_int_equal(pd_metric_bootstrap(pd_metric_find(refused[i][0], NULL), &in, 10, &error, &err),
                         PD_ERR_USAGE);
        assert_non_null(strstr(err.message, refused[i][1]));
        assert_true(isnan(error));
    }
    release(&f);
}

/* Beside statistics of real images, which say of how many. */
static void logits_alone_are_redrawn(void **state)
{
    (void)state;
    enum { SEEN = 30 };
    static float logits[SEEN * PD_INCEPTION_CLASSES];
    const struct pd_rng rng = {1, 1, 0};
    const struct pd_metric *is = pd_metric_find("is", NULL), *frechet = pd_metric_find("frechet", NULL);
    double error;
    struct pd_error err;
    static double mean[2], covariance[4];
    for (int i = 0; i < SEEN * PD_INCEPTION_CLASSES; i++)
        logits[i] = (float)pd_rng_normal(&rng, (uint64_t)i);
    struct pd_metric_features features = {
        .real = {.count = 50, .width = 2, .mean = mean, .covariance = covariance},
        .fake = {.count = SEEN, .width = 2, .mean = mean, .covariance = covariance},
        .logits = logits};
    const struct pd_metric_input in = {.seed = 1, .features = &features};
    assert_int_equal(pd_metric_bootstrap(is, &in, 3, &error, &err), PD_OK);
    assert_true(error > 0 && error < 1);
    assert_int_equal(pd_metric_bootstrap_check(is, &in, 1, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "1 redraws, expected 2 to 1000000"));
    assert_int_equal(pd_metric_bootstrap_check(frechet, &in, 3, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "no bootstrap of mean and covariance"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_error_is_the_spread_of_independent_sets),
        cmocka_unit_test(neighbours_and_counts_are_not_redrawn),
        cmocka_unit_test(logits_alone_are_redrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
