/* Every strategy against selections that were computed with 400 digits. The vectors: strategies.py. */
#include <paydirt/select.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "golden/pool.h"

static double score[POOL_ROWS];

static void same_rows(const char *what, const int64_t *rows, const int64_t *expected)
{
    for (int i = 0; i < POOL_K; i++)
        if (rows[i] != expected[i])
            fail_msg("%s: place %d: row %lld, expected %lld", what, i, (long long)rows[i],
                     (long long)expected[i]);
}

static void every_strategy(void **state)
{
    (void)state;
    int64_t rows[POOL_K];
    for (size_t i = 0; i < sizeof selected / sizeof selected[0]; i++) {
        const struct pd_strategy *s = pd_strategy_find(selected[i].strategy, NULL);
        assert_non_null(s);
        assert_int_equal(pd_strategy_score(s, &pool, selected[i].balanced, POOL_SEED, score, NULL), PD_OK);
        assert_int_equal(pd_select_top(POOL_ROWS, score, POOL_K, POOL_SEED, rows, NULL), PD_OK);
        same_rows(selected[i].strategy, rows, selected[i].rows);
    }
}

static void none_is_left_out(void **state)
{
    (void)state;
    const struct pd_strategy *s;
    for (int i = 0; (s = pd_strategy_at(i)); i++) {
        bool found = false;
        for (size_t j = 0; j < sizeof selected / sizeof selected[0]; j++)
            found = found || !strcmp(s->name, selected[j].strategy);
        if (s->score && !found)
            fail_msg("strategies.py has no selection by '%s'", s->name);
    }
}

static void spread_batches(void **state)
{
    (void)state;
    int64_t rows[POOL_K];
    const struct pd_strategy *gold = pd_strategy_find("gold", NULL);
    assert_int_equal(pd_strategy_score(gold, &pool, false, POOL_SEED, score, NULL), PD_OK);
    assert_int_equal(pd_select_diverse(PD_DIVERSE_K_CENTER, POOL_ROWS, score, POOL_WIDTH, features,
                                       POOL_CANDIDATES, POOL_K, POOL_SEED, rows, NULL),
                     PD_OK);
    same_rows("k-center", rows, spread_k_center);
    assert_int_equal(pd_select_diverse(PD_DIVERSE_K_MEANS, POOL_ROWS, score, POOL_WIDTH, features,
                                       POOL_CANDIDATES, POOL_K, POOL_SEED, rows, NULL),
                     PD_OK);
    same_rows("k-means++", rows, spread_k_means);
}

static void ties_by_seed(void **state)
{
    (void)state;
    int64_t rows[POOL_K];
    memset(score, 0, sizeof score);
    assert_int_equal(pd_select_top(POOL_ROWS, score, POOL_K, POOL_SEED, rows, NULL), PD_OK);
    same_rows("ties", rows, tied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_strategy),
        cmocka_unit_test(none_is_left_out),
        cmocka_unit_test(spread_batches),
        cmocka_unit_test(ties_by_seed),
    };
    return cmocka_run_group_tests(tests, make_pool, NULL);
}
