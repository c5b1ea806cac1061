/* What a classifier's training images go through: moved by up to an eighth of the side, half of them
 * mirrored. */
#include "metric/trained.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 500, CHANNELS = 2, SIZE = 16, PIXELS = SIZE * SIZE, MOST = SIZE / 8, MOVES = 2 * MOST + 1 };

static const struct pd_metric_input in = {.seed = 3, .channels = CHANNELS, .size = SIZE};
static float images[N][CHANNELS][SIZE][SIZE], room[PIXELS];
static float *const flat = &images[0][0][0][0];

/* A pixel says where it came from. */
static float number(int channel, int y, int x)
{
    return (float)(1000 * channel + SIZE * y + x);
}

static void augment(uint64_t step)
{
    for (int i = 0; i < N; i++)
        for (int c = 0; c < CHANNELS; c++)
            for (int y = 0; y < SIZE; y++)
                for (int x = 0; x < SIZE; x++)
                    images[i][c][y][x] = number(c, y, x);
    pd_metric_augment(&in, step, flat, N, room);
}

static int clamp(int at)
{
    return at < 0 ? 0 : at < SIZE ? at : SIZE - 1;
}

/* As one move of both channels, which a pixel in the middle tells. */
static bool check_move(int i, int *right, int *down)
{
    const int y = (int)images[i][0][8][8] / SIZE, x = (int)images[i][0][8][8] % SIZE;
    const bool mirror = images[i][0][8][9] < images[i][0][8][8];
    *down = 8 - y;
    *right = mirror ? x - 7 : 8 - x;
    assert_true(abs(*down) <= MOST && abs(*right) <= MOST);
    for (int c = 0; c < CHANNELS; c++)
        for (int row = 0; row < SIZE; row++)
            for (int column = 0; column < SIZE; column++) {
                const int from = clamp(column - *right);
                assert_true(images[i][c][row][column] ==
                            number(c, clamp(row - *down), mirror ? SIZE - 1 - from : from));
            }
    return mirror;
}

static void images_are_moved_and_half_of_them_mirrored(void **state)
{
    (void)state;
    int mirrored = 0, moves[MOVES * MOVES] = {0};
    augment(5);
    for (int i = 0; i < N; i++) {
        int right, down;
        mirrored += check_move(i, &right, &down);
        moves[(down + MOST) * MOVES + right + MOST]++;
    }
    assert_in_range(mirrored, N / 2 - 50, N / 2 + 50); /* more than four deviations */
    for (int k = 0; k < MOVES * MOVES; k++)
        assert_in_range(moves[k], 3, 40); /* of 20 expected */
}

static void each_step_draws_anew(void **state)
{
    (void)state;
    int same = 0;
    augment(5);
    float *before = malloc(sizeof images);
    assert_non_null(before);
    memcpy(before, images, sizeof images);
    augment(5);
    assert_memory_equal(before, images, sizeof images);
    augment(6);
    for (int i = 0; i < N; i++)
        same += !memcmp(before + (size_t)i * CHANNELS * PIXELS, images[i], sizeof images[i]);
    assert_in_range(same, 1, N / 10); /* one in 50 by chance */
    free(before);
}

static void an_even_image_stays(void **state)
{
    (void)state;
    for (int k = 0; k < N * CHANNELS * PIXELS; k++)
        flat[k] = 0.25F;
    pd_metric_augment(&in, 1, flat, N, room);
    for (int k = 0; k < N * CHANNELS * PIXELS; k++)
        assert_true(flat[k] == 0.25F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_moved_and_half_of_them_mirrored),
        cmocka_unit_test(each_step_draws_anew),
        cmocka_unit_test(an_even_image_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
