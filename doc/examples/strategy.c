/* A strategy of one's own: a strategy is a table, and everything that takes one takes yours.
 *
 *     cc strategy.c $(pkg-config --cflags --libs paydirt-core) && ./a.out */
#include <paydirt/select.h>

#include <math.h>
#include <stdio.h>

/* Soonest what D takes for neither real nor made: |logit| small. */
static void least_decided(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                          uint64_t seed, double *score)
{
    (void)first, (void)state, (void)balanced, (void)seed;
    for (int64_t i = 0; i < block->n; i++)
        score[i] = -fabs((double)block->logit[i]);
}

int main(void)
{
    const struct pd_strategy mine = {.name = "least-decided",
                                     .summary = "D cannot tell whether it is real",
                                     .needs = PD_POOL_LOGIT,
                                     .score = least_decided};
    const float logit[] = {3.0F, -0.5F, 0.25F, -4.0F};
    const struct pd_pool pool = {.n = 4, .logit = logit};
    struct pd_error err;
    double score[4];
    int64_t rows[2];
    if (pd_strategy_score(&mine, &pool, false, 1, score, &err) || pd_select_top(4, score, 2, 1, rows, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s: rows %d and %d\n", mine.name, (int)rows[0], (int)rows[1]);
    return 0;
}
