/* Selection against plain loops, block by block against in memory, and what is refused. */
#include <paydirt/probability.h>
#include <paydirt/select.h>

#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3000, MOST_CLASSES = 70, K = 40 };

static float logit[ROWS], class_logits[ROWS * MOST_CLASSES];

/* Rows between nearly sure and nearly uniform, some of them twice. */
static struct pd_pool make_pool(int classes)
{
    srand(3);
    for (int i = 0; i < ROWS; i++) {
        const double sharp = pow(10, 4.0 * rand() / RAND_MAX - 1);
        logit[i] = (float)(6.0 * rand() / RAND_MAX - 3);
        for (int k = 0; k < classes; k++)
            class_logits[i * classes + k] = (float)(sharp * rand() / RAND_MAX);
        if (i % 10 == 9) {
            logit[i] = logit[i / 2];
            memcpy(class_logits + i * classes, class_logits + i / 2 * classes,
                   (size_t)classes * sizeof(float));
        }
    }
    return (struct pd_pool){.n = ROWS, .classes = classes, .logit = logit, .class_logits = class_logits};
}

/* The index-th strategy that gives scores of logits, and so goes block by block; NULL past the last. */
static const struct pd_strategy *scored(int index)
{
    const struct pd_strategy *s;
    for (int i = 0; (s = pd_strategy_at(i)); i++)
        if (s->score && !(s->needs & PD_POOL_PASSES) && index-- == 0)
            return s;
    return NULL;
}

/* --- plain loops --- */

struct plain {
    double confidence, margin, entropy;
};

static struct plain plain_of(const float *x, int classes)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        best = x[k] > x[best] ? k : best;
    double rest = 0, weighed = 0, second = 0, gap = INFINITY;
    for (int k = 0; k < classes; k++) {
        const double d = (double)x[k] - (double)x[best], e = exp(d);
        if (k == best)
            continue;
        rest += e;
        weighed -= e * d;
        second = fmax(second, e);
        gap = fmin(gap, -d);
    }
    double others = 1; /* beside the second, which counts twice */
    for (int k = 0; k < classes; k++)
        others += k == best ? 0 : exp((double)x[k] - (double)x[best] + gap);
    return (struct plain){-log1p(rest),
                          second > DBL_MIN ? log1p((1 - second) / (rest + second)) : gap - log(others),
                          log1p(rest) + weighed / (1 + rest)};
}

static double plain_score(const char *name, const struct pd_pool *pool, int64_t i, double scale)
{
    const struct plain p = plain_of(pool->class_logits + i * pool->classes, pool->classes);
    const struct {
        const char *name;
        double score;
    } scores[] = {{"gold", (double)logit[i] + scale * p.entropy},
                  {"most-confident", p.confidence},
                  {"least-confident", -p.confidence},
                  {"large-margin", p.margin},
                  {"small-margin", -p.margin},
                  {"most-entropy", p.entropy},
                  {"least-entropy", -p.entropy},
                  {"last", (double)i}};
    for (size_t j = 0; j < sizeof scores / sizeof scores[0]; j++)
        if (!strcmp(name, scores[j].name))
            return scores[j].score;
    return NAN;
}

static double plain_balance(const struct pd_pool *pool)
{
    double m = 0, h = 0, mm = 0, hh = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        m += (double)logit[i] / ROWS;
        h += plain_of(pool->class_logits + i * pool->classes, pool->classes).entropy / ROWS;
    }
    for (int64_t i = 0; i < ROWS; i++) {
        const double e = plain_of(pool->class_logits + i * pool->classes, pool->classes).entropy;
        mm += pow((double)logit[i] - m, 2);
        hh += pow(e - h, 2);
    }
    return sqrt(mm / hh);
}

/* Relative, but where terms cancel. */
static double tolerance(const char *name, bool balanced, double expected)
{
    const double least = balanced || !strcmp(name, "gold") ? 10 : strstr(name, "margin") ? 0.01 : DBL_MIN;
    return 1e-13 * fmax(fabs(expected), least);
}

static void compare_scores(const struct pd_strategy *s, const struct pd_pool *pool, bool balanced)
{
    static double score[ROWS];
    const double balance = balanced ? plain_balance(pool) : 1;
    assert_int_equal(pd_strategy_score(s, pool, balanced, 1, score, NULL), PD_OK);
    for (int64_t r = 0; r < ROWS; r++) {
        const double expected = plain_score(s->name, pool, r, balance);
        if (!(fabs(score[r] - expected) <= tolerance(s->name, balanced, expected)))
            fail_msg("%s, %d classes, row %lld: %.17g, expected %.17g", s->name, pool->classes, (long long)r,
                     score[r], expected);
    }
}

static void scores_as_plain_loops_do(void **state)
{
    (void)state;
    static const int classes[] = {2, 3, 10, 32, 33, MOST_CLASSES};
    const struct pd_strategy *s;
    for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
        const struct pd_pool pool = make_pool(classes[c]);
        for (int i = 0; (s = scored(i)); i++)
            if (strcmp(s->name, "random") != 0)
                compare_scores(s, &pool, false);
        compare_scores(pd_strategy_find("gold", NULL), &pool, true);
    }
}

/* --- block by block --- */

struct blocks {
    const struct pd_pool *pool;
    int64_t size, at;
    const int64_t *labelled; /* that a block names; or NULL */
};

static enum pd_status next_block(void *context, struct pd_pool *block, struct pd_error *err)
{
    struct blocks *b = context;
    (void)err;
    const int64_t left = b->pool->n - b->at, n = left < b->size ? left : b->size;
    *block = (struct pd_pool){.n = n,
                              .classes = b->pool->classes,
                              .logit = b->pool->logit + b->at,
                              .class_logits = b->pool->class_logits + b->at * b->pool->classes,
                              .labelled = b->labelled != NULL,
                              .labelled_rows = b->labelled};
    b->at += n;
    return PD_OK;
}

static enum pd_status first_block(void *context, struct pd_error *err)
{
    (void)err;
    ((struct blocks *)context)->at = 0;
    return PD_OK;
}

static void check_stream(const struct pd_strategy *s, const struct pd_pool *pool, bool balanced, int64_t k,
                         int64_t size)
{
    static double score[ROWS];
    static int64_t rows[ROWS], streamed[ROWS];
    static double best[ROWS];
    int64_t count;
    struct blocks blocks = {pool, size, 0, NULL};
    const struct pd_pool_source source = {.context = &blocks, .next = next_block, .rewind = first_block};
    assert_int_equal(pd_strategy_score(s, pool, balanced, 5, score, NULL), PD_OK);
    assert_int_equal(pd_select_top(ROWS, score, k, 5, rows, NULL), PD_OK);
    assert_int_equal(pd_select_stream(s, &source, balanced, k, 5, streamed, best, &count, NULL), PD_OK);
    assert_int_equal(count, ROWS);
    for (int64_t i = 0; i < k; i++)
        if (rows[i] != streamed[i] || best[i] != score[rows[i]])
            fail_msg("%s in blocks of %lld: place %lld is row %lld, in memory %lld", s->name, (long long)size,
                     (long long)i, (long long)streamed[i], (long long)rows[i]);
}

static void streams_as_in_memory(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 7, 63, 64, 65, 1000, ROWS};
    static const int64_t counts[] = {1, K, ROWS};
    const struct pd_pool pool = make_pool(10);
    const struct pd_strategy *s;
    for (int i = 0; (s = scored(i)); i++)
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++)
            for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
                check_stream(s, &pool, false, counts[k], sizes[j]);
                check_stream(s, &pool, true, counts[k], sizes[j]);
            }
}

/* Wherever the source stands, and whatever labelled rows its blocks have. */
static void streams_begin_at_the_first_row(void **state)
{
    (void)state;
    const struct pd_strategy *gold = pd_strategy_find("gold", NULL);
    struct pd_pool pool = make_pool(10), block;
    struct blocks blocks = {&pool, 1000, 0, NULL};
    struct pd_pool_source source = {.context = &blocks, .next = next_block, .rewind = first_block};
    int64_t rows[4][K], count;
    struct pd_error err;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pd_select_stream(gold, &source, i < 2, K, 1, rows[i], NULL, &count, &err), PD_OK);
        assert_int_equal(count, ROWS);
        assert_int_equal(next_block(&blocks, &block, &err), PD_OK);
    }
    assert_memory_equal(rows[0], rows[1], sizeof rows[0]);
    assert_memory_equal(rows[2], rows[3], sizeof rows[0]);
    assert_memory_not_equal(rows[0], rows[2], sizeof rows[0]);
    static const int64_t labelled[] = {3};
    blocks.labelled = labelled;
    assert_int_equal(pd_select_stream(gold, &source, false, K, 1, rows[0], NULL, &count, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "a block has labelled rows, expected those of its source");
    source.labelled = 1;
    source.labelled_rows = labelled;
    assert_int_equal(pd_select_stream(gold, &source, false, K, 1, rows[0], NULL, &count, &err), PD_OK);
}

/* A pool of several blocks in memory: the rows that its scores have on top, but for labelled ones. */
static void chooses_what_scores_best(void **state)
{
    (void)state;
    enum { MANY = 4 * ROWS + 5 };
    static const int64_t labelled[] = {MANY - 1, 3, 3, 700};
    struct pd_pool pool = make_pool(MOST_CLASSES);
    float *wide = pd_calloc((size_t)MANY, (1 + MOST_CLASSES) * sizeof *wide),
          *single = wide + (size_t)MANY * MOST_CLASSES;
    double *score = pd_calloc(MANY, sizeof *score);
    int64_t rows[K], best[K];
    for (int64_t i = 0; i < MANY; i++) {
        single[i] = logit[i % ROWS] + (float)i / MANY;
        for (int k = 0; k < MOST_CLASSES; k++)
            wide[i * MOST_CLASSES + k] = class_logits[(i % ROWS) * MOST_CLASSES + k] * (1 + (float)i / MANY);
    }
    pool.n = MANY, pool.logit = single, pool.class_logits = wide;
    pool.labelled = sizeof labelled / sizeof labelled[0], pool.labelled_rows = labelled;
    const struct pd_strategy *s;
    for (int i = 0; (s = scored(i)); i++)
        for (int balanced = 0; balanced < 2; balanced++) {
            const struct pd_choice how = {.k = K, .seed = 5, .balanced = balanced};
            assert_int_equal(pd_strategy_choose(s, &pool, &how, rows, NULL), PD_OK);
            assert_int_equal(pd_strategy_score(s, &pool, balanced, how.seed, score, NULL), PD_OK);
            for (size_t j = 0; j < sizeof labelled / sizeof labelled[0]; j++)
                score[labelled[j]] = -INFINITY;
            assert_int_equal(pd_select_top(MANY, score, K, how.seed, best, NULL), PD_OK);
            assert_memory_equal(rows, best, sizeof rows);
        }
    pd_free(wide);
    pd_free(score);
}

static void score_logit(const struct pd_pool *block, int64_t first, const double *state, bool balanced,
                        uint64_t seed, double *score)
{
    (void)first, (void)state, (void)balanced, (void)seed;
    for (int64_t i = 0; i < block->n; i++)
        score[i] = (double)block->logit[i];
}

/* As tight as a bound can be. */
static double most_logit(const struct pd_pool *block, const double *state, bool balanced)
{
    double most = -INFINITY;
    (void)state, (void)balanced;
    for (int64_t i = 0; i < block->n; i++)
        most = fmax(most, (double)block->logit[i]);
    return most;
}

/* A row that can only draw level with the last of the k best may come before it by its tie. */
static void a_bound_that_is_met_skips_nothing(void **state)
{
    (void)state;
    const struct pd_strategy tight = {
        .name = "tight", .needs = PD_POOL_LOGIT, .score = score_logit, .bound = most_logit};
    const struct pd_pool pool = make_pool(3);
    for (int i = 0; i < ROWS; i++)
        logit[i] = (float)(i % 2);
    check_stream(&tight, &pool, false, K, 64);
    check_stream(&tight, &pool, false, K, ROWS);
    check_stream(&tight, &pool, false, ROWS * 3 / 4, 1000);
}

/* Without bounds the skipping of blocks could not be exact. */
static void bounds_hold(void **state)
{
    (void)state;
    static double score[ROWS];
    static const int classes[] = {2, 3, 10};
    const struct pd_strategy *s;
    for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
        const struct pd_pool pool = make_pool(classes[c]);
        for (int i = 0; (s = scored(i)); i++) {
            double statistics[PD_STRATEGY_STATE] = {0};
            if (!s->bound)
                continue;
            if (s->observe)
                s->observe(&pool, score, statistics);
            s->score(&pool, 0, statistics, true, 1, score);
            for (int64_t r = 0; r < ROWS; r++) {
                const struct pd_pool row = {.n = 1,
                                            .classes = pool.classes,
                                            .logit = logit + r,
                                            .class_logits = class_logits + r * pool.classes};
                if (!(s->bound(&row, statistics, true) >= score[r]))
                    fail_msg("%s: row %lld scores %.17g, above its bound %.17g", s->name, (long long)r,
                             score[r], s->bound(&row, statistics, true));
            }
        }
    }
}

/* --- ties and extremes --- */

static void equal_rows_score_equal(void **state)
{
    (void)state;
    static double score[ROWS];
    const struct pd_pool pool = make_pool(10);
    const struct pd_strategy *s;
    for (int i = 0; (s = scored(i)); i++) {
        if (!strcmp(s->name, "random") || !strcmp(s->name, "last"))
            continue;
        assert_int_equal(pd_strategy_score(s, &pool, true, 1, score, NULL), PD_OK);
        for (int r = 9; r < ROWS; r += 10)
            assert_true(score[r] == score[r / 2]);
    }
}

static void stands_extreme_logits(void **state)
{
    (void)state;
    static const float m[] = {1e4f, -3e38f, 3e38f, 0};
    static const float x[] = {1e4f, -1e4f, 0, 3e38f, -3e38f, 3e38f, -3e38f, -3e38f, -3e38f, 1e-40f, 0, -0.f};
    const struct pd_pool pool = {.n = 4, .classes = 3, .logit = m, .class_logits = x};
    const struct pd_strategy *s;
    for (int i = 0; (s = scored(i)); i++)
        for (int balanced = 0; balanced < 2; balanced++) {
            double score[4];
            assert_int_equal(pd_strategy_score(s, &pool, balanced, 1, score, NULL), PD_OK);
            for (int r = 0; r < 4; r++)
                assert_true(isfinite(score[r]));
        }
}

/* Beyond the doubles' exponents, and up to them. */
static void far_margins_differ(void **state)
{
    (void)state;
    static const float x[] = {690, 0, -5, 710, 0, -5, 800, 0, 0, 20000, 0, -5, 20000, -1e38F, -1e38F};
    const double two = log(2 + exp(-5)), expected[] = {690 - two, 710 - two, 800 - log(3), 20000 - two, 1e38};
    const struct pd_pool pool = {.n = 5, .classes = 3, .class_logits = x};
    const struct pd_strategy *s = pd_strategy_find("large-margin", NULL);
    double score[5];
    assert_int_equal(pd_strategy_score(s, &pool, false, 1, score, NULL), PD_OK);
    for (int64_t r = 0; r < 5; r++) {
        const struct pd_pool row = {.n = 1, .classes = 3, .class_logits = x + 3 * r};
        assert_true(fabs(score[r] / expected[r] - 1) < 1e-7);
        assert_true(s->bound(&row, NULL, false) >= score[r]);
    }
}

static void other_seeds_break_ties_otherwise(void **state)
{
    (void)state;
    static double score[ROWS];
    int64_t a[K], b[K], again[K];
    memset(score, 0, sizeof score);
    assert_int_equal(pd_select_top(ROWS, score, K, 1, a, NULL), PD_OK);
    assert_int_equal(pd_select_top(ROWS, score, K, 2, b, NULL), PD_OK);
    assert_int_equal(pd_select_top(ROWS, score, K, 1, again, NULL), PD_OK);
    assert_memory_equal(a, again, sizeof a);
    assert_memory_not_equal(a, b, sizeof a);
}

/* --- probabilities --- */

static void knows_probabilities(void **state)
{
    (void)state;
    float rows[40];
    for (int i = 0; i < 20; i++) {
        rows[2 * i] = (float)i / 19;
        rows[2 * i + 1] = 1 - (float)i / 19;
    }
    assert_int_equal(pd_scale_of_classes(20, 2, rows), PD_SCALE_PROBABILITIES);
    rows[0] = -7; /* one in ten may be something else */
    rows[2] = 7;
    assert_int_equal(pd_scale_of_classes(20, 2, rows), PD_SCALE_PROBABILITIES);
    rows[4] = 7;
    assert_int_equal(pd_scale_of_classes(20, 2, rows), PD_SCALE_LOGITS);
    assert_int_equal(pd_scale_of_classes(1, 3, (float[]){0.33F, 0.33F, 0.33F}), PD_SCALE_PROBABILITIES);
    assert_int_equal(pd_scale_of_classes(1, 3, (float[]){33, 33, 33}), PD_SCALE_PERCENTAGES);
    for (int i = 0; i < 20; i++) {
        rows[2 * i] = 5000 * (float)i / 19;
        rows[2 * i + 1] = 5000 - 5000 * (float)i / 19;
    }
    assert_int_equal(pd_scale_of_classes(20, 2, rows), PD_SCALE_COUNTS);
    rows[6] = -7; /* one in ten may be something else */
    assert_int_equal(pd_scale_of_classes(20, 2, rows), PD_SCALE_COUNTS);
    for (int i = 0; i < 20; i++) { /* logits with an offset */
        rows[2 * i] = 1e5F + (float)(i * i % 7);
        rows[2 * i + 1] = 1e5F - 3 + (float)(i % 5);
    }
    assert_int_equal(pd_scale_of_classes(20, 2, rows), PD_SCALE_LOGITS);
    assert_int_equal(pd_scale_of_classes(1, 3, (float[]){0.9F, 0.8F, 0}), PD_SCALE_SIGMOIDS);
    assert_int_equal(pd_scale_of_classes(1, 3, (float[]){2, -1, 0}), PD_SCALE_LOGITS); /* sums to 1, too */
    assert_int_equal(pd_scale_of_classes(0, 3, rows), PD_SCALE_LOGITS);
    assert_int_equal(pd_scale_of_numbers(2, (float[]){0, 1}), PD_SCALE_SIGMOIDS);
    assert_int_equal(pd_scale_of_numbers(2, (float[]){0, NAN}), PD_SCALE_LOGITS);
}

static void knows_losses_and_columns_that_are_none(void **state)
{
    (void)state;
    float x[36];
    for (int i = 0; i < 12; i++) {
        const double p = (i + 1) / 14.;
        x[3 * i] = (float)-log(p);
        x[3 * i + 1] = (float)-log(0.75 * (1 - p));
        x[3 * i + 2] = (float)-log(0.25 * (1 - p));
    }
    assert_int_equal(pd_scale_of_classes(12, 3, x), PD_SCALE_MINUS_LOGS);
    x[0] = -1; /* one in ten may be something else */
    assert_int_equal(pd_scale_of_classes(12, 3, x), PD_SCALE_MINUS_LOGS);
    x[3] = -1;
    assert_int_equal(pd_scale_of_classes(12, 3, x), PD_SCALE_LOGITS);
    x[3] = -1.5F;
    assert_int_equal(pd_column_of_numbers(12, 3, x), -1);
    for (int i = 0; i < 12; i++)
        x[3 * i + 1] = 0; /* a class that the others are told from */
    assert_int_equal(pd_column_of_numbers(12, 3, x), -1);
    for (int i = 0; i < 12; i++)
        x[3 * i + 1] = (float)(i % 2);
    assert_int_equal(pd_column_of_numbers(12, 3, x), 1);
    assert_int_equal(pd_column_of_numbers(9, 3, x), -1);
    for (int i = 0; i < 12; i++)
        x[3 * i] = (float)i;
    assert_int_equal(pd_column_of_numbers(12, 3, x), -1); /* most are whole */
}

static void probabilities_give_their_logits(void **state)
{
    (void)state;
    float p[] = {0.25F, 0.75F, 0, 1, 1, -1e-9F};
    double h[3], off = 0;
    assert_int_equal(pd_class_logits_from(PD_SCALE_PROBABILITIES, 0, 3, 2, p, &off, NULL), PD_OK);
    pd_class_entropy(3, 2, p, h);
    assert_true(fabs(h[0] - 0.5623351446188083) < 1e-7 && h[1] == 0 && h[2] == 0);
    float logs[] = {-INFINITY, 0, -0.6931472F, -0.6931472F};
    assert_int_equal(pd_class_logits_from(PD_SCALE_LOG_PROBABILITIES, 0, 2, 2, logs, &off, NULL), PD_OK);
    pd_class_entropy(2, 2, logs, h);
    assert_true(h[0] == 0 && fabs(h[1] - log(2)) < 1e-7);
    assert_true(fabs(pd_logit_of(0.999999) - 13.815509557935) < 1e-9 && pd_logit_of(0.5) == 0);
    assert_true(pd_logit_of(1) == PD_LOGIT_MOST && pd_logit_of(0) == -PD_LOGIT_MOST);
    assert_true(isnan(pd_logit_of(-0.1)) && isnan(pd_logit_of(1.1)) && isnan(pd_logit_of(NAN)));
}

/* --- batches spread out --- */

static void copies_come_last(void **state)
{
    (void)state;
    const double score[] = {5, 4, 3, 2, 1};
    const float features[] = {0, 0, 0, 0, 1, 0, 0, 3, 9, 9};
    int64_t rows[4];
    assert_int_equal(pd_select_diverse(PD_DIVERSE_K_CENTER, 5, score, 2, features, 4, 4, 1, rows, NULL),
                     PD_OK);
    const int64_t expected[] = {0, 3, 2, 1}; /* row 4 is no candidate */
    assert_memory_equal(rows, expected, sizeof rows);
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(pd_select_diverse(PD_DIVERSE_K_MEANS, 5, score, 2, features, 4, 4, seed, rows, NULL),
                         PD_OK);
        assert_int_equal(rows[0], 0);
        assert_int_equal(rows[3], 1);
    }
    assert_int_equal(pd_select_diverse(PD_DIVERSE_NONE, 5, score, 2, NULL, 4, 2, 1, rows, NULL), PD_OK);
    assert_int_equal(rows[1], 1);
}

static void far_ones_are_drawn_more_often(void **state)
{
    (void)state;
    const double score[] = {2, 1, 0};
    const float features[] = {0, 1, 2}; /* squared distances to the first: 1 and 4 */
    int far = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        int64_t rows[2];
        pd_select_diverse(PD_DIVERSE_K_MEANS, 3, score, 1, features, 3, 2, seed, rows, NULL);
        far += rows[1] == 2;
    }
    assert_in_range(far, 1600 - 72, 1600 + 72); /* 4 sigma */
}

/* --- what is refused --- */

static void refuses(const char *name, const struct pd_pool *pool, const char *words)
{
    static double score[ROWS];
    struct pd_error err;
    assert_int_equal(pd_strategy_score(pd_strategy_find(name, NULL), pool, false, 1, score, &err),
                     PD_ERR_USAGE);
    if (!strstr(err.message, words))
        fail_msg("\"%s\", expected \"%s\"", err.message, words);
}

static void refuses_bad_pools(void **state)
{
    (void)state;
    struct pd_pool pool = make_pool(3);
    class_logits[100 * 3 + 2] = NAN;
    refuses("gold", &pool, "row 100: class logit 2 is ");
    refuses("small-margin", &pool, "row 100: class logit 2 is ");
    class_logits[100 * 3 + 2] = -INFINITY;
    refuses("most-entropy", &pool, "row 100: class logit 2 is -inf");
    class_logits[100 * 3 + 2] = 0;
    logit[7] = INFINITY;
    refuses("gold", &pool, "row 7: the logit is inf");
    static double score[ROWS];
    assert_int_equal(pd_strategy_score(pd_strategy_find("most-entropy", NULL), &pool, false, 1, score, NULL),
                     PD_OK); /* it does not look at that */
    pool.logit = NULL;
    refuses("gold", &pool, "needs the real/fake logits");
    pool.class_logits = NULL;
    refuses("least-entropy", &pool, "needs the class logits");
    const struct pd_pool one = {.n = 2, .classes = 1, .logit = logit, .class_logits = class_logits};
    refuses("large-margin", &one, "1 classes, expected 2 or more");
}

static void refuses_bad_requests(void **state)
{
    (void)state;
    struct pd_error err;
    int64_t rows[3];
    const double score[] = {1, NAN, 2};
    const float features[] = {0, 1, INFINITY};
    assert_null(pd_strategy_find("most-confidant", &err));
    assert_non_null(strstr(err.message, "did you mean 'most-confident'?"));
    assert_int_equal(pd_select_top(3, score, 4, 1, rows, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "4 rows asked for, the pool has 3");
    assert_int_equal(pd_select_top(3, score, -1, 1, rows, &err), PD_ERR_USAGE);
    assert_int_equal(pd_select_top(3, score, 1, 1, rows, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "row 1: the score is nan");
    assert_int_equal(pd_select_top(1, score, 0, 1, rows, &err), PD_OK);
    const double good[] = {1, 2, 3};
    assert_int_equal(pd_select_diverse(PD_DIVERSE_K_CENTER, 3, good, 1, features, 2, 1, 1, rows, &err),
                     PD_ERR_USAGE);
    assert_string_equal(err.message, "row 2: feature 0 is inf, expected a finite number");
    assert_int_equal(pd_select_diverse(PD_DIVERSE_K_CENTER, 3, good, 1, features, 4, 1, 1, rows, &err),
                     PD_ERR_USAGE);
    assert_int_equal(pd_select_diverse(PD_DIVERSE_K_CENTER, 3, good, 1, features, 1, 2, 1, rows, &err),
                     PD_ERR_USAGE);
    assert_int_equal(pd_select_diverse((enum pd_diversity)77, 3, good, 1, features, 2, 1, 1, rows, &err),
                     PD_ERR_USAGE);
    double scores[1];
    assert_int_equal(pd_strategy_score(pd_strategy_find("random", &err), &(struct pd_pool){.n = -1}, false, 1,
                                       scores, &err),
                     PD_ERR_USAGE);
    struct pd_top *top;
    const int64_t out[] = {2, 0};
    assert_int_equal(pd_top_create(2, 1, &top, &err), PD_OK);
    assert_int_equal(pd_top_leave_out(top, 1, out, &err), PD_OK);
    assert_int_equal(pd_top_leave_out(top, 1, out + 1, &err), PD_OK);
    assert_int_equal(pd_top_add(top, 0, 3, good, &err), PD_OK);
    assert_int_equal(pd_top_leave_out(top, 1, out, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "rows to leave out after 2 have come, expected before");
    assert_int_equal(pd_top_take(top, rows, NULL), 2);
    assert_true(rows[0] == 2 && rows[1] == 1);
    pd_top_destroy(top);
    float x[] = {20, 80};
    double off = 0;
    assert_int_equal(pd_class_logits_from(PD_SCALE_PERCENTAGES, 0, 1, 2, x, &off, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "expected probabilities or their logarithms"));
    assert_true(x[0] == 20);
}

static void reports_every_failed_allocation(void **state)
{
    (void)state;
    const double score[] = {1, 2, 3, 4};
    const float features[] = {0, 1, 2, 3};
    int64_t rows[2];
    enum pd_status status = PD_ERR_MEMORY;
    uint64_t n = 0;
    while (status) {
        pd_mem_fail_after(++n);
        status = pd_select_diverse(PD_DIVERSE_K_MEANS, 4, score, 1, features, 3, 2, 1, rows, NULL);
        pd_mem_fail_after(0);
        assert_true(status == PD_OK || status == PD_ERR_MEMORY);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_as_plain_loops_do),
        cmocka_unit_test(streams_as_in_memory),
        cmocka_unit_test(streams_begin_at_the_first_row),
        cmocka_unit_test(chooses_what_scores_best),
        cmocka_unit_test(a_bound_that_is_met_skips_nothing),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(equal_rows_score_equal),
        cmocka_unit_test(stands_extreme_logits),
        cmocka_unit_test(far_margins_differ),
        cmocka_unit_test(other_seeds_break_ties_otherwise),
        cmocka_unit_test(knows_probabilities),
        cmocka_unit_test(knows_losses_and_columns_that_are_none),
        cmocka_unit_test(probabilities_give_their_logits),
        cmocka_unit_test(copies_come_last),
        cmocka_unit_test(far_ones_are_drawn_more_often),
        cmocka_unit_test(refuses_bad_pools),
        cmocka_unit_test(refuses_bad_requests),
        cmocka_unit_test(reports_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
