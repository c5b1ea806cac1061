/* Strategies that choose rows together, against plain loops with 60 digits. The vectors: batches.py. */
#include <paydirt/select.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "golden/batches.h"
#include "golden/pool.h"

static void as_the_papers_have_it(void **state)
{
    (void)state;
    const struct pd_choice how = {.k = BATCH_K, .seed = BATCH_SEED};
    for (size_t c = 0; c < sizeof chosen / sizeof chosen[0]; c++) {
        struct pd_pool some = pool;
        struct pd_error err;
        int64_t rows[BATCH_K];
        some.labelled = chosen[c].labelled;
        some.labelled_rows = labelled_rows;
        if (pd_strategy_choose(pd_strategy_find(chosen[c].strategy, NULL), &some, &how, rows, &err))
            fail_msg("%s: %s", chosen[c].strategy, err.message);
        for (int i = 0; i < BATCH_K; i++)
            if (rows[i] != chosen[c].rows[i])
                fail_msg("%s, %d labels, place %d: row %lld, expected %lld", chosen[c].strategy,
                         (int)chosen[c].labelled, i, (long long)rows[i], (long long)chosen[c].rows[i]);
    }
}

static void none_is_left_out(void **state)
{
    (void)state;
    const struct pd_strategy *s;
    for (int i = 0; (s = pd_strategy_at(i)); i++) {
        bool found = !s->choose;
        for (size_t c = 0; c < sizeof chosen / sizeof chosen[0]; c++)
            found = found || !strcmp(s->name, chosen[c].strategy);
        if (!found)
            fail_msg("batches.py has no choice by '%s'", s->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_papers_have_it),
        cmocka_unit_test(none_is_left_out),
    };
    return cmocka_run_group_tests(tests, make_pool, NULL);
}
