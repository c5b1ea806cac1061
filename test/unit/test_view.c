/* Runs as they are watched: every value is one of log.jsonl, however many there are, and while it grows. */
#include "needs.h"
#include "scratch.h"

#include "serve/page.h"

#include <math.h>
#include <sys/stat.h>

static void write_log(int epochs, const char *behind)
{
    FILE *f = fopen(scratch_path("run/log.jsonl"), "w");
    for (int i = 1; i <= epochs; i++)
        fprintf(f,
                "{\"epoch\":%d,\"step\":%d,\"d_adv\":%.17g,\"g_adv\":%.17g,\"gold\":false,"
                "\"images_per_second\":100.5}\n",
                i, 10 * i, 1.0 / i, sin(i * 0.7));
    fputs(behind, f);
    fclose(f);
}

static int setup(void **state)
{
    struct pd_train_options o;
    struct pd_error err;
    if (scratch_setup(state))
        return -1;
    mkdir(scratch_path("run"), 0777);
    pd_train_options_init(&o);
    snprintf(o.data, sizeof o.data, "strokes");
    o.epochs = 5000;
    write_log(200, "");
    return pd_run_folder_save_options(scratch_path("run"), &o, &err);
}

static void shows_what_the_log_says(void **state)
{
    struct pd_view v;
    struct pd_error err;
    (void)state;
    assert_int_equal(pd_view_open(scratch_path("run"), &v, &err), PD_OK);
    const struct pd_epoch_series *s = pd_view_series(&v, "d_adv");
    assert_non_null(s);
    assert_int_equal(s->n, 200);
    for (int i = 0; i < 200; i++)
        assert_true(s->x[i] == i + 1 && s->y[i] == 1.0 / (i + 1));
    assert_null(pd_view_series(&v, "gold"));
    assert_null(pd_view_series(&v, "step"));
    assert_int_equal(v.epoch, 200);
    assert_false(pd_view_refresh(&v));
    write_log(201, "{\"epoch\":202,\"st"); /* half a line, as another process writes it */
    assert_true(pd_view_refresh(&v));
    assert_int_equal(pd_view_series(&v, "d_adv")->n, 201);
    write_log(150, ""); /* gone on from an earlier checkpoint */
    assert_true(pd_view_refresh(&v));
    assert_int_equal(pd_view_series(&v, "d_adv")->n, 150);
    write_log(3, "nonsense\n");
    assert_true(pd_view_refresh(&v));
    assert_non_null(strstr(v.words, "line 4"));
    unlink(scratch_path("run/log.jsonl"));
    assert_true(pd_view_refresh(&v));
    assert_null(pd_view_series(&v, "d_adv"));
    pd_view_close(&v);
}

/* Real points, the lowest and the highest of all and the ends among them. */
static void thins_to_real_points(void **state)
{
    enum { EPOCHS = 5000, MOST = 400 };
    struct pd_view v;
    struct pd_error err;
    double x[MOST], y[MOST], low = HUGE_VAL, high = -HUGE_VAL;
    (void)state;
    write_log(EPOCHS, "");
    assert_int_equal(pd_view_open(scratch_path("run"), &v, &err), PD_OK);
    const struct pd_epoch_series *s = pd_view_series(&v, "g_adv");
    const size_t n = pd_series_thin(s, MOST, x, y);
    assert_in_range(n, MOST / 2, MOST);
    assert_true(x[0] == 1 && x[n - 1] == EPOCHS);
    for (size_t i = 0; i < n; i++) {
        assert_true(y[i] == s->y[(int)x[i] - 1]);
        assert_true(i == 0 || x[i] > x[i - 1]);
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    for (size_t i = 0; i < s->n; i++)
        assert_true(s->y[i] >= low && s->y[i] <= high);
    assert_int_equal(
        pd_series_thin(s, EPOCHS, pd_view_series(&v, "d_adv")->x, pd_view_series(&v, "d_adv")->y), EPOCHS);
    pd_view_close(&v);
}

/* --- requests --- */

static const char *query(const void *context, const char *name)
{
    const char *at = strstr(context, name);
    return at && at[strlen(name)] == '=' ? at + strlen(name) + 1 : NULL;
}

static void expect(struct pd_page *page, const char *path, const char *arguments, int code, const char *words)
{
    struct pd_http_reply reply = {.code = 0};
    const struct pd_http_request r = {"GET", path, "", 0, "TOK", true, query, arguments};
    pd_page_handle(page, &r, &reply);
    assert_int_equal(reply.code ? reply.code : 200, code);
    if (!reply.body.data || !strstr(reply.body.data, words))
        fail_msg("%s?%s: %s", path, arguments, reply.body.data);
    pd_buffer_release(&reply.body);
}

static void answers_who_may_watch(void **state)
{
    static struct pd_page page;
    struct pd_error err;
    char *runs[] = {(char *)(uintptr_t)scratch_path("run")};
    (void)state;
    write_log(20, "");
    page.label.lock.fd = -1;
    assert_int_equal(pd_watch_page_open(&page.watch, runs, 1, &err), PD_OK);
    expect(&page, "/", "", 200, "watch.js?token=TOK");
    expect(&page, "/api/watch", "", 200, "\"charts\":[\"losses\",\"images_per_second\"]");
    expect(&page, "/api/watch", "", 200, "\"epoch\":20,\"epochs\":5000");
    if (pd_library_is_in(pd_library_cairo)) {
        expect(&page, "/api/chart", "n=0", 200, "<svg xmlns=");
        expect(&page, "/api/chart", "n=0", 200, "\"name\":\"g_adv\"");
    }
    expect(&page, "/api/chart", "n=2", 404, "no such chart");
    expect(&page, "/api/chart", "n=-1", 404, "no such chart");
    expect(&page, "/api/picture", "run=0,n=0", 404, "no such picture");
    expect(&page, "/api/state", "", 403, "may only watch");
    pd_watch_page_close(&page.watch);
    runs[0] = (char *)(uintptr_t)scratch_path("nothing");
    assert_int_equal(pd_watch_page_open(&page.watch, runs, 1, &err), PD_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_the_log_says),
        cmocka_unit_test(thins_to_real_points),
        cmocka_unit_test(answers_who_may_watch),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
