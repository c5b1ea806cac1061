/* What keeping fewer samples buys, as a picture. */
#include "needs.h"
#include "picture.h"

#include "base/mem.h"

#include <paydirt/metric.h>

#include <math.h>

enum { BLUE = 0x0072b2, RED = 0xd55e00, WHITE = 0xffffff };
static struct pd_error err;
static const double rate[] = {1, 0.1, 0.01}, rising[] = {0.2, 0.3, 0.4}, level[] = {0.2, 0.2, 0.2};

static struct picture draw(const char *file, const struct pd_tradeoff *curves, int count)
{
    const struct pd_metric *metric = pd_metric_find("fitting-capacity", &err);
    size_t size;
    if (pd_tradeoff_draw(scratch_path(file), metric, curves, count, "a title", "a note", &err))
        fail_msg("%s", err.message);
    char *png = scratch_read(scratch_path(file), &size);
    struct picture p = picture_decode(png, size);
    free(png);
    return p;
}

/* The middle of the disc or square whose left edge is the first pixel of the colour in these columns. */
static double height(const struct picture *p, uint32_t colour, int from, int to)
{
    double sum = 0;
    int n = 0;
    for (int y = 0; y < p->h; y++)
        for (int x = from; x < to; x++)
            if (picture_at(p, x, y) == colour) {
                sum += y;
                n++;
            }
    assert_true(n > 0);
    return sum / n;
}

/* Equal steps of the logarithm are equal steps to the right: a value that rises by equal steps lies on a
 * straight line. */
static void falls_to_the_right(void **state)
{
    (void)state;
    const struct pd_tradeoff curves[] = {{"obrs", 3, rate, rising, NULL}, {"drs", 3, rate, level, NULL}};
    struct picture p = draw("t.png", curves, 2);
    const struct patch blue = picture_find(&p, BLUE);
    int last = 0; /* column of the last marker: the names stand further right */
    for (int x = 0; x < 800; x++)
        for (int y = 0; y < p.h; y++)
            last = picture_at(&p, x, y) == BLUE ? x : last;
    const int middle = (blue.left + last) / 2;
    const double first = height(&p, BLUE, blue.left, blue.left + 8),
                 half = height(&p, BLUE, middle - 4, middle + 4), end = height(&p, BLUE, last - 8, last);
    assert_true(first > half + 100 && half > end + 100);
    assert_true(fabs(first + end - 2 * half) < 6);
    assert_true(fabs(height(&p, RED, blue.left, blue.left + 8) - first) < 12); /* both begin at all kept */
    free(p.rgb);
}

/* Curves of other lengths, or of none, and errors that nobody knows. */
static void draws_what_there_is(void **state)
{
    (void)state;
    const double unknown[] = {NAN, 0, NAN}, known[] = {0.05, 0.05, 0.05};
    const struct pd_tradeoff plain[] = {{"obrs", 3, rate, rising, unknown}, {"drs", 0, NULL, NULL, NULL}},
                             barred[] = {{"obrs", 3, rate, rising, known}, {"drs", 1, rate, level, NULL}};
    struct picture p = draw("plain.png", plain, 2), q = draw("barred.png", barred, 2);
    assert_int_equal(p.w, q.w);
    assert_memory_not_equal(p.rgb, q.rgb, 3 * (size_t)p.w * (size_t)p.h);
    for (int y = 0; y < p.h; y++) /* nothing touches the edge */
        assert_true(picture_at(&p, 0, y) == WHITE && picture_at(&p, p.w - 1, y) == WHITE);
    free(p.rgb);
    free(q.rgb);
}

static void refuses_what_is_no_rate(void **state)
{
    (void)state;
    const struct pd_metric *metric = pd_metric_find("fitting-capacity", &err);
    const double wrong[] = {0, 1.5, NAN};
    for (int i = 0; i < 3; i++) {
        const struct pd_tradeoff curve = {"drs", 1, &wrong[i], level, NULL};
        assert_int_equal(pd_tradeoff_draw(scratch_path("no.png"), metric, &curve, 1, NULL, NULL, &err),
                         PD_ERR_USAGE);
        assert_non_null(strstr(err.message, "drs, point 0: a part kept of "));
    }
    assert_int_not_equal(access(scratch_path("no.png"), F_OK), 0);
}

static void runs_out_of_memory(void **state)
{
    (void)state;
    const struct pd_metric *metric = pd_metric_find("fitting-capacity", &err);
    const struct pd_tradeoff curve = {"obrs", 3, rate, rising, NULL};
    for (uint64_t n = 1;; n++) {
        pd_mem_fail_after(n);
        const uint64_t before = pd_mem_count();
        const enum pd_status status =
            pd_tradeoff_draw(scratch_path("m.png"), metric, &curve, 1, NULL, NULL, &err);
        const bool all = pd_mem_count() - before < n;
        pd_mem_fail_after(0);
        assert_int_equal(status, all ? PD_OK : PD_ERR_MEMORY);
        if (all)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(falls_to_the_right),
        cmocka_unit_test(draws_what_there_is),
        cmocka_unit_test(refuses_what_is_no_rate),
        cmocka_unit_test(runs_out_of_memory),
    };
    ALL_NEED(cairo, tests);
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
