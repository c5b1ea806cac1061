/* Philox against the published vectors, and what is made of its words. */
#include "base/rng.h"
#include "base/streams.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Random123 1.14, tests/kat_vectors, philox4x32 10. */
static void known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        pd_philox(vectors[i].counter, vectors[i].key, out);
        assert_memory_equal(out, vectors[i].out, sizeof out);
    }
}

static void elements_are_words_of_blocks(void **state)
{
    (void)state;
    const struct pd_rng r = {0x123456789abcdef0, 42, 7};
    for (uint64_t block = 0; block < 3; block++) {
        uint32_t out[4];
        pd_rng_block(&r, block, out);
        for (uint64_t i = 0; i < 4; i++)
            assert_int_equal(pd_rng_u32(&r, 4 * block + i), out[i]);
    }
}

/* Every part of a place matters, the high halves too. */
static void places_differ(void **state)
{
    (void)state;
    const struct pd_rng places[] = {{1, 2, 3}, {2, 2, 3}, {1, 3, 3}, {1, 2, 4}, {(1ull << 32) + 1, 2, 3},
                                    {3, 2, 1}, {2, 1, 3}, {1, 0, 3}};
    enum { N = sizeof places / sizeof *places };
    uint32_t blocks[N + 1][4];
    for (int i = 0; i < N; i++)
        pd_rng_block(&places[i], 5, blocks[i]);
    pd_rng_block(&places[0], 5 + (1ull << 32), blocks[N]);
    for (int i = 0; i <= N; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(blocks[i], blocks[j], sizeof blocks[i]);
}

enum { DRAWS = 100000 };

static void uniform_moments(void **state)
{
    (void)state;
    const struct pd_rng r = {3, 1, 0};
    double mean = 0, square = 0, neighbours = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double u = pd_rng_uniform(&r, i) - 0.5;
        assert_true(u >= -0.5 && u < 0.5);
        mean += u / DRAWS;
        square += u * u / DRAWS;
        neighbours += u * (pd_rng_uniform(&r, i + 1) - 0.5) / DRAWS;
    }
    assert_true(fabs(mean) < 4 * sqrt(1.0 / 12 / DRAWS));
    assert_true(fabs(square * 12 - 1) < 4 * sqrt(0.8 / DRAWS));
    assert_true(fabs(neighbours * 12) < 4 * sqrt(1.0 / DRAWS));
}

static void normal_moments(void **state)
{
    (void)state;
    const struct pd_rng r = {3, 1, 0};
    double moment[5] = {0}, neighbours = 0, largest = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = pd_rng_normal(&r, i);
        for (int k = 1; k < 5; k++)
            moment[k] += pow(x, k) / DRAWS;
        neighbours += x * pd_rng_normal(&r, i + 1) / DRAWS;
        largest = fmax(largest, fabs(x));
    }
    assert_true(fabs(moment[1]) < 4 * sqrt(1.0 / DRAWS));
    assert_true(fabs(moment[2] - 1) < 4 * sqrt(2.0 / DRAWS));
    assert_true(fabs(moment[3]) < 4 * sqrt(15.0 / DRAWS));
    assert_true(fabs(moment[4] - 3) < 4 * sqrt(96.0 / DRAWS));
    assert_true(fabs(neighbours) < 4 * sqrt(1.0 / DRAWS));
    assert_true(largest > 3.8 && largest < 7);
}

static void below_is_even(void **state)
{
    (void)state;
    const struct pd_rng r = {3, 1, 0};
    int count[7] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint32_t x = pd_rng_below(&r, i, 7);
        assert_in_range(x, 0, 6);
        count[x]++;
    }
    for (int i = 0; i < 7; i++)
        assert_true(fabs(count[i] - DRAWS / 7.0) < 4 * sqrt(DRAWS * 6.0 / 49));
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(pd_rng_below(&r, i, 1), 0);
}

static void permutations_are_permutations(void **state)
{
    (void)state;
    static uint32_t order[1000], other[1000];
    for (uint32_t n = 0; n <= 1000; n = n < 10 ? n + 1 : n * 3 + 1) {
        bool seen[1000] = {0};
        const struct pd_rng r = {5, 1, n};
        pd_rng_permutation(&r, n, order);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(order[i] < n && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
    const struct pd_rng a = {5, 1, 2}, b = {5, 1, 3};
    pd_rng_permutation(&a, 1000, order);
    pd_rng_permutation(&b, 1000, other);
    assert_memory_not_equal(order, other, sizeof order);
    pd_rng_permutation(&a, 1000, other);
    assert_memory_equal(order, other, sizeof order);
}

/* All six orders of three come equally often. */
static void permutations_are_even(void **state)
{
    (void)state;
    int count[27] = {0};
    for (uint64_t step = 0; step < 12000; step++) {
        uint32_t order[3];
        const struct pd_rng r = {5, 1, step};
        pd_rng_permutation(&r, 3, order);
        count[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    for (int i = 0; i < 27; i++)
        assert_true(count[i] == 0 || abs(count[i] - 2000) < 4 * 41);
}

/* No two purposes may draw the same numbers. */
static void streams_do_not_meet(void **state)
{
    static const struct {
        const char *name;
        uint32_t first, count;
    } streams[] = {
#define STREAM(name, first, count, what) {#name, first, count},
        PD_STREAM_LIST(STREAM)
#undef STREAM
    };
    enum { COUNT = sizeof streams / sizeof streams[0] };
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < i; k++)
            if (streams[i].first < streams[k].first + streams[k].count &&
                streams[k].first < streams[i].first + streams[i].count)
                fail_msg("streams %s and %s meet", streams[i].name, streams[k].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(elements_are_words_of_blocks),
        cmocka_unit_test(places_differ),
        cmocka_unit_test(uniform_moments),
        cmocka_unit_test(normal_moments),
        cmocka_unit_test(below_is_even),
        cmocka_unit_test(permutations_are_permutations),
        cmocka_unit_test(permutations_are_even),
        cmocka_unit_test(streams_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
