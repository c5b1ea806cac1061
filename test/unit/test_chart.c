#include "needs.h"
#include "picture.h"

#include "base/mem.h"
#include "base/rng.h"
#include "io/chart.h"

#include <math.h>

enum { BLUE = 0x0072b2, RED = 0xd55e00, GREEN = 0x009e73, WHITE = 0xffffff };
static const struct pd_axes words = {.title = "A title", .x = "the x", .y = "the y"}, none = {.title = NULL};

static struct picture settle(struct pd_buffer drawn[2])
{
    struct picture p = picture_decode(drawn[0].data, drawn[0].size);
    assert_int_equal(drawn[0].size, drawn[1].size);
    assert_memory_equal(drawn[0].data, drawn[1].data, drawn[0].size);
    pd_buffer_release(&drawn[0]);
    pd_buffer_release(&drawn[1]);
    return p;
}

/* Drawn twice: the same bytes. */
#define DRAW(p, call)                                                                                        \
    do {                                                                                                     \
        struct pd_buffer drawn[2] = {PD_BUFFER_INIT, PD_BUFFER_INIT};                                        \
        for (struct pd_buffer *png = drawn; png < drawn + 2; png++)                                          \
            assert_int_equal(call, PD_OK);                                                                   \
        (p) = settle(drawn);                                                                                 \
    } while (0)

/* --- curves --- */

static void draws_curves(void **state)
{
    (void)state;
    static const double x[] = {0, 1, 2}, low[] = {1, 1, 1}, high[] = {2, NAN, 3};
    const struct pd_curve curves[] = {{"low", 3, x, low, NULL}, {"high", 3, x, high, NULL}};
    struct picture p;
    DRAW(p, pd_chart_curves(&words, NULL, curves, 2, png, NULL));
    assert_int_equal(p.w, 900);
    assert_int_equal(p.h, 540);
    for (int y = 0; y < p.h; y++) /* nothing touches the edge */
        assert_true(picture_at(&p, 0, y) == WHITE && picture_at(&p, p.w - 1, y) == WHITE);
    const struct patch blue = picture_find(&p, BLUE), red = picture_find(&p, RED);
    assert_true(blue.count > 600 && blue.bottom - blue.top < 30); /* level, markers and the name included */
    assert_true(red.count > 200 && red.bottom < blue.top && red.bottom - red.top > 150);
    assert_true(red.left < 150 && blue.left < 150);
    free(p.rgb);
}

/* A bar's column spans the error, with a cap at each end; other errors, other pictures. */
static void draws_error_bars(void **state)
{
    (void)state;
    static const double x[] = {0, 1, 2}, y[] = {0, 0, 0}, error[] = {1, 0, NAN};
    const struct pd_curve curve = {NULL, 3, x, y, error};
    struct picture p;
    DRAW(p, pd_chart_curves(&none, NULL, &curve, 1, png, NULL));
    const struct patch line = picture_find(&p, BLUE);
    int column = 0, rows = 0, first = 0, last = 0, cap = 0;
    for (int at = line.left; at < line.left + 10; at++) { /* its column: the most that is not white */
        int coloured = 0;
        for (int row = 0; row < p.h; row++)
            coloured += (picture_at(&p, at, row) & 0xff) > 0xb0 && (picture_at(&p, at, row) >> 16) < 0xa0;
        column = coloured > rows ? at : column;
        rows = coloured > rows ? coloured : rows;
    }
    assert_true(rows > 350);
    for (int row = 0; row < p.h; row++)
        if ((picture_at(&p, column, row) & 0xff) > 0xb0 && (picture_at(&p, column, row) >> 16) < 0xa0) {
            first = first ? first : row;
            last = row;
        }
    assert_true(abs((first + last) / 2 - (int)line.y) <= 1); /* as far up as down */
    for (int at = column - 8; at <= column + 8; at++)
        cap += (picture_at(&p, at, first) >> 16) < 0xc0;
    assert_in_range(cap, 7, 10);
    free(p.rgb);
}

/* Names at the ends stand apart, in the order of the ends, within the picture. */
static void spreads_names(void **state)
{
    (void)state;
    static const double x[] = {0, 1}, y[][2] = {{0, 5}, {1, 5}, {2, 5}};
    static const char name[] = "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM";
    struct pd_curve curves[3];
    for (int k = 0; k < 3; k++)
        curves[k] = (struct pd_curve){name, 2, x, y[k], NULL};
    struct picture p;
    DRAW(p, pd_chart_curves(&words, NULL, curves, 3, png, NULL));
    static const uint32_t colours[] = {BLUE, RED, GREEN};
    int below = 0;
    for (int k = 0; k < 3; k++) {
        int top = p.h, bottom = 0;
        for (int row = 0; row < p.h; row++)
            for (int at = 700; at < p.w; at++)
                if (picture_at(&p, at, row) == colours[k]) {
                    top = row < top ? row : top;
                    bottom = row;
                }
        assert_true(top > below && bottom - top < 14);
        below = bottom;
    }
    for (int row = 0; row < p.h; row++)
        assert_int_equal(picture_at(&p, p.w - 2, row), WHITE);
    free(p.rgb);
}

/* A level near the curves is a dashed line across, within the frame; far from them, its name alone. A note
 * moves the frame down. */
static void draws_a_level(void **state)
{
    (void)state;
    enum { SOFT = 0x6b6b6b };
    static const double x[] = {0, 1}, y[] = {40, 60};
    static const struct pd_axes noted = {.title = "A title", .x = "the x", .y = "the y", .note = "a note"};
    const struct pd_curve curve = {"a", 2, x, y, NULL};
    const struct pd_level levels[] = {{10, "chance"}, {-100, "chance"}, {NAN, "chance"}};
    int dashes[3], ink[3] = {0}, top[3];
    for (int k = 0; k < 3; k++) {
        struct picture p;
        DRAW(p, pd_chart_curves(k ? &words : &noted, &levels[k], &curve, 1, png, NULL));
        dashes[k] = 0;
        for (int row = 60; row < 470; row++) {
            int soft = 0;
            for (int at = 100; at < 850; at++) {
                soft += picture_at(&p, at, row) == SOFT;
                ink[k] += picture_at(&p, at, row) != WHITE;
            }
            dashes[k] = soft > dashes[k] ? soft : dashes[k];
        }
        top[k] = (int)picture_find(&p, BLUE).top;
        free(p.rgb);
    }
    assert_in_range(dashes[0], 250, 500); /* half of the width */
    assert_in_range(dashes[1], 0, 60);
    assert_in_range(dashes[2], 0, 60);
    assert_true(ink[1] > ink[2] + 100); /* the name */
    assert_true(top[0] > top[2] + 10);
}

/* --- histogram --- */

static bool is_near(uint32_t a, uint32_t b)
{
    int most = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const int apart = abs((int)(a >> shift & 255) - (int)(b >> shift & 255));
        most = apart > most ? apart : most;
    }
    return most <= 2;
}

/* A cell's colour is its share of the row; small tables have numbers in them, large ones only colours. */
static void draws_matrices(void **state)
{
    (void)state;
    static const char *const names[] = {"cat", "dog"};
    static const int64_t two[] = {5, 0, 3, 3};
    static int64_t many[150 * 150];
    static const char *many_names[150];
    const struct pd_counts small = {2, two, names}, large = {150, many, many_names};
    struct picture p;
    struct pd_buffer none = PD_BUFFER_INIT;
    for (int i = 0; i < 150; i++) {
        many[i * 151] = 7;
        many_names[i] = "n";
    }
    DRAW(p, pd_chart_matrix(&words, &small, png, NULL));
    assert_int_equal(p.w, 480);
    assert_int_equal(picture_at(&p, 155, 135), BLUE);              /* all cats */
    assert_int_equal(picture_at(&p, 155 + 46, 135), WHITE);        /* none of them a dog */
    assert_true(is_near(picture_at(&p, 155, 135 + 46), 0x7fb8d8)); /* half of the dogs */
    free(p.rgb);
    DRAW(p, pd_chart_matrix(&words, &large, png, NULL));
    assert_int_equal(p.w, 150 + 600 + 24);
    assert_int_equal(picture_at(&p, 152, 132), BLUE);
    free(p.rgb);
    assert_int_equal(pd_chart_matrix(&words, &(struct pd_counts){0, many, many_names}, &none, NULL),
                     PD_ERR_USAGE);
}

/* Ours is blue and full, the other one hollow; what is not finite is left out. */
static void draws_dots(void **state)
{
    static const struct pd_dot dots[] = {
        {"first", "a", 0, NAN, 10, 1}, {"first", "b", 10, 2, NAN, NAN}, {"second", "a", NAN, NAN, 1e200, 1}};
    struct pd_buffer none = PD_BUFFER_INIT;
    struct picture p;
    int blue[2] = {0};
    (void)state;
    DRAW(p, pd_chart_dots(&words, "ours", "theirs", dots, 3, png, NULL));
    assert_int_equal(p.w, 900);
    for (int y = 110; y < p.h; y++) /* below the legend */
        for (int x = 190; x < p.w; x++) {
            const unsigned rgb = picture_at(&p, x, y);
            blue[x > 500] += (rgb & 0xff) > (rgb >> 16) + 60;
        }
    assert_true(blue[0] > 30 && blue[0] < 90); /* a disc of radius 4.5 */
    assert_true(blue[1] > blue[0] + 100);      /* with a bar */
    free(p.rgb);
    assert_int_equal(pd_chart_dots(&words, "", NULL, dots, 0, &none, NULL), PD_ERR_USAGE);
}

static void draws_histograms(void **state)
{
    (void)state;
    static const double left[] = {0, 0, 0, 1e200, NAN}, right[] = {10, 9.9, 5, -INFINITY};
    const struct pd_series series[] = {{"left", 5, left}, {"right", 4, right}};
    struct picture p;
    DRAW(p, pd_chart_histogram(&words, series, 2, 10, png, NULL));
    assert_int_equal(p.w, 900);
    assert_int_equal(p.h, 540);
    /* fill: the palette's at 0.3 on white; the legend's squares have other colours */
    int columns[2] = {0}, highest[2] = {p.h, p.h}, from[2] = {p.w, p.w};
    for (int y = 70; y < p.h; y++)
        for (int x = 0; x < p.w; x++)
            for (int k = 0; k < 2; k++)
                if (is_near(picture_at(&p, x, y), k ? 0xf2ceb2 : 0xb2d4e7)) {
                    columns[k] += y == 470;
                    highest[k] = y < highest[k] ? y : highest[k];
                    from[k] = x < from[k] ? x : from[k];
                }

    assert_true(from[0] < 120 && from[1] > 400);
    assert_true(columns[0] > 60 && columns[0] < 85);   /* one bin of ten */
    assert_true(columns[1] > 125 && columns[1] < 170); /* two of them */
    assert_in_range(480 - highest[1], 0.6 * (480 - highest[0]), 0.7 * (480 - highest[0])); /* 2/3 beside 1 */
    free(p.rgb);
}

/* --- field --- */

static void draws_fields(void **state)
{
    (void)state;
    float values[20 * 10], at[] = {-0.5f, 0.5f, NAN, 0};
    for (int i = 0; i < 200; i++)
        values[i] = (float)(i % 20); /* rises with x */
    static const float marks[] = {-0.8f, -0.8f, 0.8f, 0.8f, 5, 5};
    static const int32_t classes[] = {0, 1, 2}, numbers[] = {-1, 3, 4};
    const struct pd_field f = {-1, 1, -1, 1, 20, 10, values, 2, at, 3, marks, classes, numbers};
    struct picture p;
    DRAW(p, pd_chart_field(&words, &f, png, NULL));
    const struct patch dark = picture_find(&p, 0x54278f), light = picture_find(&p, 0xfcfbfd);
    const struct patch blue = picture_find(&p, BLUE), red = picture_find(&p, RED);
    assert_true(light.count > 1000 && dark.count > 1000 && light.left < dark.left);
    assert_true(blue.left >= light.left);
    int marked[2][2] = {{0}}; /* the marks, without the legend's squares: columns and rows summed */
    for (int k = 0; k < 2; k++) {
        int n = 0;
        for (int y = 80; y < p.h; y++)
            for (int x = 0; x < p.w; x++)
                if (picture_at(&p, x, y) == (k ? RED : BLUE)) {
                    marked[k][0] += x;
                    marked[k][1] += y;
                    n++;
                }
        assert_true(n > 80 && n < 130); /* a disc of radius 6 */
        marked[k][0] /= n;
        marked[k][1] /= n;
    }
    assert_in_range(marked[1][0] - marked[0][0], 508, 516); /* 0.8 of 640 pixels: one scale for both axes, */
    assert_in_range(marked[0][1] - marked[1][1], 508, 516); /* y upwards */
    assert_true(red.count > 80);
    assert_true(picture_find(&p, GREEN).bottom < 80); /* outside the frame: in the legend alone */
    free(p.rgb);
}

/* --- sheet --- */

static void lays_sheets_out(void **state)
{
    (void)state;
    enum { N = 3, SIDE = 32 };
    static float images[N * 3 * SIDE * SIDE];
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < SIDE * SIDE; k++)
                images[(i * 3 + c) * SIDE * SIDE + k] = c == i ? 1 : -1; /* red, green, blue */
    static const char *const captions[] = {"one\nand a second line that is far too long for its cell", NULL,
                                           "a-name-that-is-far-too-long-for-its-cell.jpg"};
    const struct pd_sheet s = {N, 3, SIDE, SIDE, images, captions, 3, NULL, "Three"};
    struct picture p;
    DRAW(p, pd_chart_sheet(&s, png, NULL));
    static const uint32_t colours[] = {0xff0000, 0x00ff00, 0x0000ff};
    int right = 0;
    for (int i = 0; i < N; i++) {
        const struct patch f = picture_find(&p, colours[i]);
        assert_int_equal(f.count, 128 * 128); /* grown by 4 */
        assert_int_equal(f.right - f.left, 127);
        assert_int_equal(f.bottom - f.top, 127);
        assert_true(f.left > right && f.top > 40);
        right = f.right;
        int ink = 0;
        for (int y = f.bottom + 1; y < p.h; y++) {
            for (int x = f.left - 6; x <= f.right + 6; x++)
                ink += picture_at(&p, x, y) != WHITE;
            assert_int_equal(picture_at(&p, f.left - 10, y), WHITE); /* nothing reaches the neighbours */
            assert_int_equal(picture_at(&p, f.right + 10, y), WHITE);
        }
        assert_int_equal(ink > 50, captions[i] != NULL);
    }
    free(p.rgb);
}

static void shrinks_large_images(void **state)
{
    (void)state;
    enum { W = 600, H = 300 };
    float *image = calloc((size_t)W * H, sizeof *image);
    for (int i = 0; i < W * H; i++)
        image[i] = i % W < W / 2 ? -1 : NAN; /* both black */
    const struct pd_sheet s = {.n = 1, .c = 1, .h = H, .w = W, .images = image};
    struct picture p;
    DRAW(p, pd_chart_sheet(&s, png, NULL));
    const struct patch f = picture_find(&p, 0);
    assert_int_equal(f.right - f.left + 1, 142);
    assert_int_equal(f.bottom - f.top + 1, 71);
    assert_int_equal(f.count, 142 * 71);
    free(p.rgb);
    free(image);
}

/* --- what nobody would draw --- */

static void refuses_impossible_sheets(void **state)
{
    (void)state;
    static const struct {
        struct pd_sheet sheet;
        const char *message;
    } cases[] = {
        {{.n = 1, .c = 2, .h = 1, .w = 1}, "2 channels, expected 1 or 3"},
        {{.n = 1, .c = 1, .h = 0, .w = 1}, "1 images of 1 x 0 pixels is out of range"},
        {{.n = -1, .c = 1, .h = 1, .w = 1}, "out of range"},
        {{.n = 100000, .c = 1, .h = 1, .w = 1, .columns = 1}, "expected 1 to 32767 a side"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pd_error err;
        struct pd_buffer png = PD_BUFFER_INIT;
        assert_int_equal(pd_chart_sheet(&cases[i].sheet, &png, &err), PD_ERR_USAGE);
        assert_contains(err.message, cases[i].message);
        assert_int_equal(png.size, 0);
    }
    const struct pd_field f = {.x0 = 0, .x1 = NAN};
    assert_int_equal(pd_chart_field(&none, &f, NULL, NULL), PD_ERR_USAGE);
}

/* Values that trip arithmetic, drawn by index. */
static double odd_value(const struct pd_rng *r, uint64_t i)
{
    static const double odd[] = {0,    -0.,    NAN,    INFINITY,  -INFINITY, 1e308, -1e308,
                                 1e99, 5e-324, 1e-300, 0.1 + 0.2, 0.3,       1e15,  1e15 + 1};
    const uint32_t k = pd_rng_below(r, i, 40);
    return k < sizeof odd / sizeof odd[0] ? odd[k] : k < 20 ? 7 : pd_rng_normal(r, i) * pow(10, (int)k - 30);
}

static const char *odd_name(uint32_t k)
{
    static char long_name[600];
    static const char *const names[] = {"",       "a",          "\xff\xfe\xc3", "\xc3", "\xed\xa0\x80",
                                        "\t\n\r", "Bärenzoo 熊"};
    memset(long_name, 'W', sizeof long_name - 1);
    memcpy(long_name + 300, "\xe2\x82\xac\xe2\x82", 5);
    return k % 9 < 7 ? names[k % 9] : k % 9 == 7 ? NULL : long_name;
}

enum { ODD = 64 };
struct odd {
    struct pd_rng rng;
    double values[4][ODD];
    float floats[4 * ODD];
    int32_t integers[2][ODD];
    const char *names[ODD];
    int n, count;
};

static void make_odd(struct odd *o, uint64_t step)
{
    o->rng = (struct pd_rng){1, 99, step};
    o->n = (int)pd_rng_below(&o->rng, 1000, step % 3 ? ODD : 3);
    o->count = (int)pd_rng_below(&o->rng, 1001, step % 5 ? 4 : 40);
    for (uint64_t i = 0; i < ODD; i++) {
        for (uint64_t k = 0; k < 4; k++) {
            o->values[k][i] = odd_value(&o->rng, k * ODD + i);
            o->floats[k * ODD + i] = (float)odd_value(&o->rng, 300 + k * ODD + i);
        }
        o->integers[0][i] = (int32_t)pd_rng_below(&o->rng, 700 + i, 12) - 2;
        o->integers[1][i] = (int32_t)pd_rng_below(&o->rng, 800 + i, 12) - 2;
        o->names[i] = odd_name(pd_rng_below(&o->rng, 900 + i, 1000));
    }
}

static enum pd_status draw_odd(const struct odd *o, int kind, struct pd_buffer *png, struct pd_error *err)
{
    const char *const *t = o->names;
    const struct pd_axes axes = {.title = t[0], .x = t[1], .y = t[2], .note = t[3]};
    const struct pd_level level = {o->values[3][0], t[4]};
    struct pd_curve curves[40];
    struct pd_series series[40];
    for (int i = 0; i < 40; i++) {
        curves[i] = (struct pd_curve){t[i], o->n, o->values[i % 2], o->values[2 + i % 2],
                                      i % 3 ? o->values[0] : NULL};
        series[i] = (struct pd_series){t[i], o->n, o->values[i % 4]};
    }
    const struct pd_field field = {
        -1,  1,         0,        o->n % 2,  o->n % 5,       o->n % 7,      o->floats,
        ODD, o->floats, o->count, o->floats, o->integers[0], o->integers[1]};
    const struct pd_sheet sheet = {o->count, 1, 2 + o->n % 3, 3, o->floats, o->names, o->n % 4, NULL, t[1]};
    switch (kind) {
    case 0:
        return pd_chart_curves(&axes, &level, curves, o->count, png, err);
    case 1:
        return pd_chart_histogram(&axes, series, o->count, o->n, png, err);
    case 2:
        return pd_chart_field(&axes, &field, png, err);
    default:
        return o->count * (2 + o->n % 3) * 3 > 4 * ODD ? PD_ERR_USAGE : pd_chart_sheet(&sheet, png, err);
    }
}

/* Whatever the values and names are: a whole picture, every time. */
static void draws_anything(void **state)
{
    (void)state;
    static struct odd odd;
    for (uint64_t step = 0; step < 120; step++) {
        struct pd_buffer png = PD_BUFFER_INIT;
        struct pd_error err = {.message = ""};
        make_odd(&odd, step);
        const enum pd_status status = draw_odd(&odd, (int)(step % 4), &png, &err);
        if (status && step % 4 < 3)
            fail_msg("step %d: %s", (int)step, err.message);
        if (!status) {
            struct picture p = picture_decode(png.data, png.size);
            assert_int_equal(picture_at(&p, 0, 0), WHITE);
            free(p.rgb);
        }
        pd_buffer_release(&png);
    }
}

static void runs_out_of_memory(void **state)
{
    (void)state;
    static struct odd odd;
    make_odd(&odd, 3);
    odd.count = 3;
    for (int kind = 0; kind < 4; kind++)
        for (uint64_t n = 1;; n++) {
            struct pd_buffer png = PD_BUFFER_INIT;
            struct pd_error err;
            pd_mem_fail_after(n);
            const uint64_t before = pd_mem_count();
            const enum pd_status status = draw_odd(&odd, kind, &png, &err);
            const bool all = pd_mem_count() - before < n;
            pd_mem_fail_after(0);
            pd_buffer_release(&png);
            assert_int_equal(status, all ? PD_OK : PD_ERR_MEMORY);
            if (all)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_curves),
        cmocka_unit_test(draws_matrices),
        cmocka_unit_test(draws_error_bars),
        cmocka_unit_test(draws_a_level),
        cmocka_unit_test(spreads_names),
        cmocka_unit_test(draws_histograms),
        cmocka_unit_test(draws_dots),
        cmocka_unit_test(draws_fields),
        cmocka_unit_test(lays_sheets_out),
        cmocka_unit_test(shrinks_large_images),
        cmocka_unit_test(refuses_impossible_sheets),
        cmocka_unit_test(draws_anything),
        cmocka_unit_test(runs_out_of_memory),
    };
    ALL_NEED(cairo, tests);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
