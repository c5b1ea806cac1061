/* What holds of every strategy that chooses rows together, and what they refuse. What each chooses:
 * test/golden/test_batches.c. */
#include <paydirt/features.h>
#include <paydirt/select.h>

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 300, WIDTH = 19, CLASSES = 4, LABELLED = 40, K = 30 };

static float features[ROWS * WIDTH], class_logits[ROWS * CLASSES];
/* Forty, two of them twice. */
static const int64_t labelled_rows[LABELLED + 2] = {
    299, 7,   0,   7,   14,  21,  28,  35,  42,  49,  56,  63,  70,  77,  84,  91,  98,  105, 112, 119, 126,
    133, 140, 147, 154, 161, 168, 175, 182, 189, 196, 203, 210, 217, 224, 231, 238, 245, 252, 259, 266, 299};

/* Twelve heaps of points; every tenth row is a copy. */
static struct pd_pool make_pool(void)
{
    srand(5);
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < WIDTH; k++)
            features[i * WIDTH + k] = (float)((i % 12 * (k + 3)) % 7) + (float)rand() / (float)RAND_MAX;
        for (int k = 0; k < CLASSES; k++)
            class_logits[i * CLASSES + k] = (float)(6.0 * rand() / RAND_MAX);
        if (i % 10 == 9) {
            memcpy(features + i * WIDTH, features + i / 2 * WIDTH, WIDTH * sizeof(float));
            memcpy(class_logits + i * CLASSES, class_logits + i / 2 * CLASSES, CLASSES * sizeof(float));
        }
    }
    return (struct pd_pool){
        .n = ROWS, .classes = CLASSES, .class_logits = class_logits, .width = WIDTH, .features = features};
}

static struct pd_pool with_labels(struct pd_pool pool)
{
    pool.labelled = LABELLED + 2;
    pool.labelled_rows = labelled_rows;
    return pool;
}

static const struct pd_strategy *together(int index)
{
    const struct pd_strategy *s;
    for (int i = 0; (s = pd_strategy_at(i)); i++)
        if (s->choose && index-- == 0)
            return s;
    return NULL;
}

static void choose(const struct pd_strategy *s, const struct pd_pool *pool, const struct pd_choice *how,
                   int64_t *rows)
{
    struct pd_error err;
    if (pd_strategy_choose(s, pool, how, rows, &err))
        fail_msg("%s: %s", s->name, err.message);
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Rows that exist, each once, none with a label. */
static void check_rows(const struct pd_strategy *s, const struct pd_pool *pool, int64_t k,
                       const int64_t *rows)
{
    int64_t sorted[ROWS];
    memcpy(sorted, rows, (size_t)k * sizeof *rows);
    qsort(sorted, (size_t)k, sizeof *sorted, ascending);
    for (int64_t i = 0; i < k; i++) {
        if (sorted[i] < 0 || sorted[i] >= pool->n || (i && sorted[i] == sorted[i - 1]))
            fail_msg("%s: row %lld", s->name, (long long)sorted[i]);
        for (int64_t j = 0; j < pool->labelled; j++)
            if (pool->labelled_rows[j] == sorted[i])
                fail_msg("%s: row %lld has a label", s->name, (long long)sorted[i]);
    }
}

static void no_row_twice_and_none_with_a_label(void **state)
{
    (void)state;
    static const int64_t counts[] = {0, 1, 2, K, ROWS - LABELLED};
    const struct pd_pool pool = make_pool(), some = with_labels(pool);
    const struct pd_strategy *s;
    int64_t rows[ROWS];
    for (int i = 0; (s = together(i)); i++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const struct pd_choice how = {.k = counts[c], .seed = 3};
            choose(s, &some, &how, rows);
            check_rows(s, &some, how.k, rows);
            choose(s, &pool, &how, rows);
            check_rows(s, &pool, how.k, rows);
        }
        const struct pd_choice all = {.k = ROWS, .seed = 3};
        choose(s, &pool, &all, rows);
        check_rows(s, &pool, ROWS, rows);
    }
    assert_true(together(0) != NULL);
}

/* Threads and a scale that floats bear exactly change nothing. */
static void threads_and_scale_do_not_matter(void **state)
{
    (void)state;
    static float larger[ROWS * WIDTH];
    const struct pd_pool some = with_labels(make_pool());
    struct pd_pool scaled = some;
    const struct pd_strategy *s;
    int64_t rows[K], again[K];
    for (int i = 0; i < ROWS * WIDTH; i++)
        larger[i] = features[i] * 1024;
    scaled.features = larger;
    for (int i = 0; (s = together(i)); i++) {
        const struct pd_feature_work one = {.threads = 1}, four = {.threads = 4};
        struct pd_choice how = {.k = K, .seed = 9, .work = &one};
        choose(s, &some, &how, rows);
        how.work = &four;
        choose(s, &some, &how, again);
        assert_memory_equal(rows, again, sizeof rows);
        choose(s, &scaled, &how, again);
        assert_memory_equal(rows, again, sizeof rows);
    }
}

static void stands_pools_of_copies_and_of_one_row(void **state)
{
    (void)state;
    struct pd_pool pool = make_pool();
    const struct pd_strategy *s;
    int64_t rows[K];
    for (int i = 0; i < ROWS * WIDTH; i++)
        features[i] = 3e38F;
    for (int i = 0; i < ROWS * CLASSES; i++)
        class_logits[i] = i % CLASSES ? -3e38F : 3e38F;
    for (int i = 0; (s = together(i)); i++) {
        const struct pd_choice how = {.k = K, .seed = 1}, one = {.k = 1, .seed = 1};
        pool.n = ROWS;
        choose(s, &pool, &how, rows);
        check_rows(s, &pool, K, rows);
        pool.n = 1;
        choose(s, &pool, &one, rows);
        assert_int_equal(rows[0], 0);
    }
}

/* --- what is refused --- */

static void refuses(const struct pd_strategy *s, const struct pd_pool *pool, int64_t k, const char *words)
{
    const struct pd_choice how = {.k = k};
    int64_t rows[ROWS];
    struct pd_error err;
    assert_int_equal(pd_strategy_choose(s, pool, &how, rows, &err), PD_ERR_USAGE);
    if (!strstr(err.message, words))
        fail_msg("%s: \"%s\", expected \"%s\"", s->name, err.message, words);
}

static void refuses_bad_pools(void **state)
{
    (void)state;
    const struct pd_pool pool = make_pool(), some = with_labels(pool);
    const struct pd_strategy *s;
    const int64_t outside[] = {4, ROWS}, below[] = {4, -1};
    double score[ROWS];
    struct pd_error err;
    for (int i = 0; (s = together(i)); i++) {
        struct pd_pool bad = some;
        refuses(s, &some, ROWS - LABELLED + 1, "the pool has 260 without a label");
        refuses(s, &pool, ROWS + 1, "301 rows asked for, the pool has 300");
        refuses(s, &pool, -1, "-1 rows asked for");
        bad.labelled = 2;
        bad.labelled_rows = outside;
        refuses(s, &bad, 1, "labelled row 300: the pool has 300 rows");
        bad.labelled_rows = below;
        refuses(s, &bad, 1, "labelled row -1, expected 0 or more");
        bad.labelled = -1;
        refuses(s, &bad, 1, "-1 labelled rows");
        features[7 * WIDTH + 2] = NAN;
        refuses(s, &some, 1, "row 7: feature 2 is nan, expected a finite number");
        features[7 * WIDTH + 2] = 0;
        bad = some;
        bad.features = NULL;
        refuses(s, &bad, 1, "needs features");
        bad = some;
        bad.width = 0;
        refuses(s, &bad, 1, "0 features of a row");
        assert_int_equal(pd_strategy_score(s, &some, false, 1, score, &err), PD_ERR_USAGE);
        assert_non_null(strstr(err.message, "gives no scores"));
    }
}

static bool stop(void *context, uint64_t done, uint64_t count)
{
    int *calls = context;
    assert_true(done <= count);
    return ++*calls == 2;
}

static void stops_when_it_is_asked_to(void **state)
{
    (void)state;
    const struct pd_pool some = with_labels(make_pool());
    const struct pd_strategy *s;
    int64_t rows[K];
    for (int i = 0; (s = together(i)); i++) {
        int calls = 0;
        const struct pd_feature_work work = {.watch = stop, .context = &calls};
        const struct pd_choice how = {.k = K, .work = &work};
        assert_int_equal(pd_strategy_choose(s, &some, &how, rows, NULL), PD_ERR_INTERRUPTED);
        assert_int_equal(calls, 2);
    }
}

static void reports_every_failed_allocation(void **state)
{
    (void)state;
    const struct pd_pool pool = make_pool(), some = with_labels(pool);
    const struct pd_feature_work work = {.threads = 1};
    const struct pd_choice how = {.k = K, .work = &work};
    const struct pd_strategy *s;
    int64_t rows[K];
    for (int i = 0; (s = together(i)); i++)
        for (int labels = 0; labels < 2; labels++) {
            enum pd_status status = PD_ERR_MEMORY;
            uint64_t n = 0;
            while (status) {
                pd_mem_fail_after(++n);
                status = pd_strategy_choose(s, labels ? &some : &pool, &how, rows, NULL);
                pd_mem_fail_after(0);
                assert_true(status == PD_OK || status == PD_ERR_MEMORY);
            }
            assert_true(n > 3);
        }
}

/* --- strategies by scores, the same way --- */

static void scores_leave_labelled_rows_out(void **state)
{
    (void)state;
    const struct pd_pool some = with_labels(make_pool());
    const struct pd_strategy *s = pd_strategy_find("entropy", NULL);
    const struct pd_choice how = {.k = ROWS - LABELLED, .seed = 2};
    int64_t rows[ROWS], all[ROWS], left = 0;
    double score[ROWS];
    assert_ptr_equal(s, pd_strategy_find("most-entropy", NULL));
    choose(s, &some, &how, rows);
    check_rows(s, &some, how.k, rows);
    assert_int_equal(pd_strategy_score(s, &some, false, 2, score, NULL), PD_OK);
    assert_int_equal(pd_select_top(ROWS, score, ROWS, 2, all, NULL), PD_OK);
    for (int i = 0; i < ROWS; i++) { /* the order of all, without them */
        bool known = false;
        for (int j = 0; j < LABELLED + 2; j++)
            known = known || labelled_rows[j] == all[i];
        if (!known)
            assert_int_equal(rows[left++], all[i]);
    }
}

/* In blocks, from an array of more rows and classes than are kept at a time; a plain loop beside it. */
static void bald_is_what_passes_disagree_by(void **state)
{
    (void)state;
    enum { PASSES = 5, N = 70, MANY = 1100 };
    static float x[PASSES * N * MANY];
    double score[N], part[N];
    for (int i = 0; i < PASSES * N * MANY; i++)
        x[i] = (float)(20.0 * rand() / RAND_MAX);
    for (int s = 1; s < PASSES; s++) /* row 3: all passes agree */
        memcpy(x + (s * N + 3) * MANY, x + 3 * MANY, MANY * sizeof(float));
    const struct pd_strategy *bald = pd_strategy_find("bald", NULL);
    const struct pd_pool pool = {.n = N, .classes = MANY, .passes = PASSES, .pass_logits = x};
    assert_int_equal(pd_strategy_score(bald, &pool, false, 1, score, NULL), PD_OK);
    for (int i = 0; i < N; i++) {
        double mean[MANY] = {0}, within = 0, all = 0;
        for (int s = 0; s < PASSES; s++) {
            const float *row = x + (s * N + i) * MANY;
            double sum = 0;
            for (int k = 0; k < MANY; k++)
                sum += exp((double)row[k]);
            for (int k = 0; k < MANY; k++) {
                const double p = exp((double)row[k]) / sum;
                mean[k] += p / PASSES;
                within -= p * log(p) / PASSES;
            }
        }
        for (int k = 0; k < MANY; k++)
            all -= mean[k] * log(mean[k]);
        assert_true(fabs(score[i] - (all - within)) < 1e-12);
    }
    assert_true(score[3] < 1e-14 && score[3] >= 0);
    struct pd_pool half = pool;
    half.n = N / 2;
    half.pass_rows = N;
    half.pass_logits = x + N / 2 * MANY;
    assert_int_equal(pd_strategy_score(bald, &half, false, 1, part, NULL), PD_OK);
    assert_memory_equal(part, score + N / 2, N / 2 * sizeof *score);
    struct pd_error err;
    x[(2 * N + 9) * MANY + 4] = NAN;
    assert_int_equal(pd_strategy_score(bald, &pool, false, 1, score, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "row 9: class logit 4 is nan, expected a finite number");
    half.pass_rows = half.n - 1; /* the last row would be another pass's first */
    assert_int_equal(pd_strategy_score(bald, &half, false, 1, score, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "a pass of"));
    half.passes = 1;
    assert_int_equal(pd_strategy_score(bald, &half, false, 1, score, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "strategy 'bald' needs the class logits of 2 passes or more");
}

/* Ten points on a line, a radius of 1.5: balls of three; then what is farthest. */
static void probcover_covers(void **state)
{
    (void)state;
    const float x[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 30};
    const struct pd_pool pool = {.n = 10, .width = 1, .features = x};
    const struct pd_strategy *s = pd_strategy_find("probcover", NULL);
    const int64_t expected[] = {1, 4, 7, 9, 0, 2, 3};
    struct pd_choice how = {.k = 7, .radius = 1.5};
    struct pd_error err;
    int64_t rows[7];
    choose(s, &pool, &how, rows);
    assert_memory_equal(rows, expected, sizeof rows);
    how.radius = 0;
    assert_int_equal(pd_strategy_choose(s, &pool, &how, rows, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "needs a radius, or the number of clusters"));
    how.radius = NAN;
    assert_int_equal(pd_strategy_choose(s, &pool, &how, rows, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "a radius of nan, expected 0 or more");
    how = (struct pd_choice){.k = 7, .clusters = -1};
    assert_int_equal(pd_strategy_choose(s, &pool, &how, rows, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "-1 clusters, expected 0 to 1000000");
    const struct pd_pool unlisted = {.n = 10, .width = 1, .features = x, .labelled = 1};
    assert_int_equal(pd_strategy_choose(s, &unlisted, &how, rows, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "1 labelled rows, and no list of them");
}

/* Three gradients, by hand: the largest is first; of the others one is drawn as often as its squared distance
 * says. */
static void badge_draws_by_squared_distance(void **state)
{
    (void)state;
    const float x[] = {0, 0, 0, 0, 0, 0}, h[] = {2, 0, -1}; /* a = (-1/2, 1/2): |g - g'|^2 = (h - h')^2 / 2 */
    const struct pd_pool pool = {.n = 3, .classes = 2, .class_logits = x, .width = 1, .features = h};
    int third = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        const struct pd_choice how = {.k = 2, .seed = seed};
        int64_t rows[2];
        choose(pd_strategy_find("badge", NULL), &pool, &how, rows);
        assert_int_equal(rows[0], 0);
        third += rows[1] == 2;
    }
    const double p = 9.0 / (9 + 4);
    assert_true(fabs(third - 3000 * p) < 4 * sqrt(3000 * p * (1 - p)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_twice_and_none_with_a_label),
        cmocka_unit_test(threads_and_scale_do_not_matter),
        cmocka_unit_test(stands_pools_of_copies_and_of_one_row),
        cmocka_unit_test(refuses_bad_pools),
        cmocka_unit_test(stops_when_it_is_asked_to),
        cmocka_unit_test(reports_every_failed_allocation),
        cmocka_unit_test(scores_leave_labelled_rows_out),
        cmocka_unit_test(bald_is_what_passes_disagree_by),
        cmocka_unit_test(probcover_covers),
        cmocka_unit_test(badge_draws_by_squared_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
