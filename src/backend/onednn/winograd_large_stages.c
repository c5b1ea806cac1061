/* The stages of minimal filtering with large tiles: into their transforms, and back. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* -O3 takes minutes: it unrolls what is unrolled already */
#endif

#include "backend/onednn/winograd_large.h"

#define N_MAX 10
#define M_MAX 4

/* results = inverse ((taps' transform) * (data's transform)) along one axis, m results of r taps: polynomials
 * at the points 0, 1, -1, 2, -2, of seven taps 0, 1, -1, 3/2, -3/2, 2/3, -2/3, 3, -1/3, and at infinity
 * (Toom-Cook; in each row powers of two make data and taps about as large). */
enum { ONE_TAP, THREE_TAPS, FIVE_TAPS, SEVEN_TAPS };
static const struct axis {
    int64_t m, r;
    float data[N_MAX][N_MAX], taps[N_MAX][N_MAX], inverse[M_MAX][N_MAX];
} axes[] = {
    [ONE_TAP] = {1, 1, {{1}}, {{1}}, {{1}}},
    [FIVE_TAPS] = {2,
                   5,
                   {{1, 0, -5.0F / 4, 0, 1.0F / 4, 0},
                    {0, 4.0F / 3, 4.0F / 3, -1.0F / 3, -1.0F / 3, 0},
                    {0, -4.0F / 3, 4.0F / 3, 1.0F / 3, -1.0F / 3, 0},
                    {0, -4.0F / 3, -2.0F / 3, 4.0F / 3, 2.0F / 3, 0},
                    {0, 4.0F / 3, -2.0F / 3, -4.0F / 3, 2.0F / 3, 0},
                    {0, 2, 0, -5.0F / 2, 0, 1.0F / 2}},
                   {{1, 0, 0, 0, 0},
                    {1.0F / 2, 1.0F / 2, 1.0F / 2, 1.0F / 2, 1.0F / 2},
                    {1.0F / 2, -1.0F / 2, 1.0F / 2, -1.0F / 2, 1.0F / 2},
                    {1.0F / 16, 1.0F / 8, 1.0F / 4, 1.0F / 2, 1},
                    {1.0F / 16, -1.0F / 8, 1.0F / 4, -1.0F / 2, 1},
                    {0, 0, 0, 0, 2}},
                   {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 1}}},
    [THREE_TAPS] = {4,
                    3,
                    {{1, 0, -5.0F / 4, 0, 1.0F / 4, 0},
                     {0, 2.0F / 3, 2.0F / 3, -1.0F / 6, -1.0F / 6, 0},
                     {0, -2.0F / 3, 2.0F / 3, 1.0F / 6, -1.0F / 6, 0},
                     {0, -2.0F / 3, -1.0F / 3, 2.0F / 3, 1.0F / 3, 0},
                     {0, 2.0F / 3, -1.0F / 3, -2.0F / 3, 1.0F / 3, 0},
                     {0, 2, 0, -5.0F / 2, 0, 1.0F / 2}},
                    {{1, 0, 0},
                     {1, 1, 1},
                     {1, -1, 1},
                     {1.0F / 8, 1.0F / 4, 1.0F / 2},
                     {1.0F / 8, -1.0F / 4, 1.0F / 2},
                     {0, 0, 2}},
                    {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}},
    [SEVEN_TAPS] = {4,
                    7,
                    {{1.0F / 4, 2.0F / 3, -169.0F / 144, -133.0F / 54, 133.0F / 72, 133.0F / 54,
                      -169.0F / 144, -2.0F / 3, 1.0F / 4, 0},
                     {0, -27.0F / 100, -99.0F / 100, 111.0F / 400, 47.0F / 16, 377.0F / 400, -687.0F / 400,
                      -9.0F / 20, 27.0F / 100, 0},
                     {0, -27.0F / 100, -9.0F / 20, 687.0F / 400, 377.0F / 400, -47.0F / 16, 111.0F / 400,
                      99.0F / 100, -27.0F / 100, 0},
                     {0, 2048.0F / 10725, 4096.0F / 6435, -45568.0F / 96525, -23552.0F / 10725,
                      -1024.0F / 19305, 59392.0F / 32175, 3584.0F / 10725, -1024.0F / 3575, 0},
                     {0, 2048.0F / 20475, 4096.0F / 20475, -15872.0F / 26325, -1024.0F / 1755,
                      29696.0F / 26325, 2048.0F / 8775, -512.0F / 819, 1024.0F / 6825, 0},
                     {0, 6561.0F / 18200, 2187.0F / 1456, 729.0F / 1300, -7047.0F / 2600, -729.0F / 520,
                      7533.0F / 5200, 2187.0F / 4550, -2187.0F / 9100, 0},
                     {0, 19683.0F / 57200, 45927.0F / 114400, -63423.0F / 28600, -729.0F / 11440,
                      150903.0F / 57200, -64881.0F / 114400, -2187.0F / 2860, 6561.0F / 28600, 0},
                     {0, -256.0F / 3465, -256.0F / 1155, 1216.0F / 4455, 1216.0F / 1485, -1216.0F / 4455,
                      -1216.0F / 1485, 256.0F / 3465, 256.0F / 1155, 0},
                     {0, -6561.0F / 6160, 2187.0F / 6160, 13851.0F / 3520, -4617.0F / 3520, -13851.0F / 3520,
                      4617.0F / 3520, 6561.0F / 6160, -2187.0F / 6160, 0},
                     {0, 1.0F / 4, 2.0F / 3, -169.0F / 144, -133.0F / 54, 133.0F / 72, 133.0F / 54,
                      -169.0F / 144, -2.0F / 3, 1.0F / 4}},
                    {{4, 0, 0, 0, 0, 0, 0},
                     {1, 1, 1, 1, 1, 1, 1},
                     {1, -1, 1, -1, 1, -1, 1},
                     {1.0F / 8, 3.0F / 16, 9.0F / 32, 27.0F / 64, 81.0F / 128, 243.0F / 256, 729.0F / 512},
                     {1.0F / 8, -3.0F / 16, 9.0F / 32, -27.0F / 64, 81.0F / 128, -243.0F / 256, 729.0F / 512},
                     {2, 4.0F / 3, 8.0F / 9, 16.0F / 27, 32.0F / 81, 64.0F / 243, 128.0F / 729},
                     {4, -8.0F / 3, 16.0F / 9, -32.0F / 27, 64.0F / 81, -128.0F / 243, 256.0F / 729},
                     {1.0F / 1024, 3.0F / 1024, 9.0F / 1024, 27.0F / 1024, 81.0F / 1024, 243.0F / 1024,
                      729.0F / 1024},
                     {4, -4.0F / 3, 4.0F / 9, -4.0F / 27, 4.0F / 81, -4.0F / 243, 4.0F / 729},
                     {0, 0, 0, 0, 0, 0, 4}},
                    {{1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
                     {0, 1, -1, 3.0F / 2, -3.0F / 2, 2.0F / 3, -2.0F / 3, 3, -1.0F / 3, 0},
                     {0, 1, 1, 9.0F / 4, 9.0F / 4, 4.0F / 9, 4.0F / 9, 9, 1.0F / 9, 0},
                     {0, 1, -1, 27.0F / 8, -27.0F / 8, 8.0F / 27, -8.0F / 27, 27, -1.0F / 27, 1}}},
};

/* Number, down, across: what large_forms has, made for each. */
#define EACH_FORM(f, ...)                                                                                    \
    f(0, THREE_TAPS, THREE_TAPS, __VA_ARGS__) f(1, FIVE_TAPS, FIVE_TAPS, __VA_ARGS__)                        \
        f(2, ONE_TAP, SEVEN_TAPS, __VA_ARGS__) f(3, SEVEN_TAPS, ONE_TAP, __VA_ARGS__)                        \
            f(4, ONE_TAP, THREE_TAPS, __VA_ARGS__) f(5, THREE_TAPS, ONE_TAP, __VA_ARGS__)

static const struct form {
    int down, across;
} forms[] = {
#define FORM(i, d, a, ...) [i] = {d, a},
    EACH_FORM(FORM, 0)};

int large_form_of(int64_t high, int64_t wide)
{
    for (int i = 0; i < (int)(sizeof forms / sizeof forms[0]); i++)
        if (axes[forms[i].down].r == high && axes[forms[i].across].r == wide)
            return i;
    return -1;
}

struct large_tile large_tile_of(int form)
{
    const struct axis *down = &axes[forms[form].down], *across = &axes[forms[form].across];
    return (struct large_tile){down->m, across->m, down->m + down->r - 1, across->m + across->r - 1};
}

/* --- a tile --- */

typedef lanes tile[N_MAX][N_MAX];

/* to (rows, columns) = down from across', with `from` (high, wide). */
PD_INLINE void sandwich(const float (*down)[N_MAX], const float (*across)[N_MAX], int64_t rows,
                        int64_t columns, int64_t high, int64_t wide, tile from, tile to)
{
    tile half;
#pragma GCC unroll 1 /* all of it unrolled takes minutes to compile */
    for (int64_t j = 0; j < wide; j++)
#pragma GCC unroll 10
        for (int64_t i = 0; i < rows; i++)
            half[i][j] = product(down[i], 1, high, &from[0][j], N_MAX);
#pragma GCC unroll 1
    for (int64_t i = 0; i < rows; i++)
#pragma GCC unroll 10
        for (int64_t j = 0; j < columns; j++)
            to[i][j] = product(across[j], 1, wide, half[i], 1);
}

PD_INLINE void store_matrices(tile m, int64_t high, int64_t wide, float *to, int64_t step)
{
    for (int64_t a = 0; a < high; a++)
        for (int64_t b = 0; b < wide; b++)
            store(to + (a * wide + b) * step, m[a][b]);
}

PD_INLINE bool inside(int64_t i, int64_t j, int64_t h, int64_t w)
{
    return i >= 0 && i < h && j >= 0 && j < w;
}

/* Where tile `at` of all images begins. */
struct place {
    int64_t image, i, j;
};

PD_INLINE struct place place_of(const struct large *g, int64_t at, int64_t mh, int64_t mw)
{
    const int64_t t = at % g->tiles;
    return (struct place){at / g->tiles, t / g->tiles_w * mh, t % g->tiles_w * mw};
}

/* --- images --- */

PD_INLINE void data_by(const struct axis *down, const struct axis *across, const struct large *g,
                       int64_t first, int64_t n, int64_t j, const float *x, float *v)
{
    const int64_t high = down->m + down->r - 1, wide = across->m + across->r - 1, plane = g->h * g->w * LANES;
    const int64_t matrix = large_step(g->rows, g->c);
    for (int64_t t = 0; t < n; t++) {
        const struct place at = place_of(g, first + t, down->m, across->m);
        const float *from = x + (at.image * (g->c / LANES) + j) * plane;
        const int64_t top = at.i - g->pad_h, left = at.j - g->pad_w;
        tile d, m;
        if (inside(top, left, g->h, g->w) && inside(top + high - 1, left + wide - 1, g->h, g->w))
            for (int64_t a = 0; a < high; a++)
                for (int64_t b = 0; b < wide; b++)
                    d[a][b] = load(from + ((top + a) * g->w + left + b) * LANES);
        else
            for (int64_t a = 0; a < high; a++)
                for (int64_t b = 0; b < wide; b++)
                    d[a][b] = inside(top + a, left + b, g->h, g->w)
                                  ? load(from + ((top + a) * g->w + left + b) * LANES)
                                  : (lanes){0};
        sandwich(down->data, across->data, high, wide, high, wide, d, m);
        store_matrices(m, high, wide, v + t * g->c + j * LANES, matrix);
    }
}

PD_INLINE void results_by(const struct axis *down, const struct axis *across, const struct large *g,
                          int64_t first, int64_t n, int64_t j, const float *z, float *y)
{
    const int64_t high = down->m + down->r - 1, wide = across->m + across->r - 1,
                  plane = g->oh * g->ow * LANES;
    const int64_t matrix = large_step(g->rows, g->o);
    const lanes bias = g->bias ? load(g->bias + j * LANES) : (lanes){0};
    for (int64_t t = 0; t < n; t++) {
        const struct place at = place_of(g, first + t, down->m, across->m);
        float *to = y + (at.image * (g->o / LANES) + j) * plane;
        const float *from = z + t * g->o + j * LANES;
        tile m, d;
        for (int64_t a = 0; a < high; a++)
            for (int64_t b = 0; b < wide; b++)
                m[a][b] = load(from + (a * wide + b) * matrix);
        sandwich(down->inverse, across->inverse, down->m, across->m, high, wide, m, d);
        for (int64_t a = 0; a < down->m; a++)
            for (int64_t b = 0; b < across->m; b++)
                if (inside(at.i + a, at.j + b, g->oh, g->ow))
                    store(to + ((at.i + a) * g->ow + at.j + b) * LANES, activated(d[a][b] + bias, g->slope));
    }
}

/* --- taps --- */

PD_INLINE void taps_by(const struct axis *down, const struct axis *across, const struct large *g, int64_t i,
                       int64_t j, const float *taps, float *u)
{
    const int64_t high = down->m + down->r - 1, wide = across->m + across->r - 1;
    const int64_t kernel = down->r * across->r;
    tile d, m;
    for (int64_t a = 0; a < down->r; a++)
        for (int64_t b = 0; b < across->r; b++) {
            float lane[LANES];
            for (int64_t l = 0; l < LANES; l++)
                lane[l] = taps[((j * LANES + l) * g->c + i) * kernel + a * across->r + b];
            d[a][b] = load(lane);
        }
    sandwich(down->taps, across->taps, high, wide, down->r, across->r, d, m);
    store_matrices(m, high, wide, u + i * g->o + j * LANES, large_step(g->c, g->o));
}

/* --- for each form --- */

#define MADE(i, d, a, f, ...)                                                                                \
    case i:                                                                                                  \
        f(&axes[d], &axes[a], g, __VA_ARGS__);                                                               \
        break;
#define BY_FORM(...)                                                                                         \
    switch (g->form) {                                                                                       \
        EACH_FORM(MADE, __VA_ARGS__)                                                                         \
    }

PD_CLONES void large_data(const struct large *g, int64_t first, int64_t n, int64_t j, const float *x,
                          float *v){BY_FORM(data_by, first, n, j, x, v)}

PD_CLONES void large_results(const struct large *g, int64_t first, int64_t n, int64_t j, const float *z,
                             float *y){BY_FORM(results_by, first, n, j, z, y)}

PD_CLONES void large_taps(const struct large *g, int64_t i, int64_t j, const float *taps, float *u)
{
    BY_FORM(taps_by, i, j, taps, u)
}
