#include "scratch.h"

#include "io/jsonl.h"

static void truncates(const char *before, double value, const char *after)
{
    const char *path = scratch_path("cut");
    scratch_write(path, before, strlen(before));
    assert_int_equal(pd_jsonl_truncate_after(path, "step", value, NULL), PD_OK);
    assert_file(path, after);
}

static void writes_a_line_a_record(void **state)
{
    (void)state;
    struct pd_jsonl *log;
    const char *path = scratch_path("log");
    json_t *record = json_pack("{s:i, s:f}", "step", 1, "loss", 0.5);
    assert_int_equal(pd_jsonl_open(path, &log, NULL), PD_OK);
    assert_int_equal(pd_jsonl_write(log, record, NULL), PD_OK);
    assert_file(path, "{\"step\":1,\"loss\":0.5}\n"); /* there at once */
    pd_jsonl_destroy(log);
    json_decref(record);
    assert_int_equal(pd_jsonl_open(path, &log, NULL), PD_OK);
    assert_int_equal(pd_jsonl_write_line(log, "{}", NULL), PD_OK);
    pd_jsonl_destroy(log);
    assert_file(path, "{\"step\":1,\"loss\":0.5}\n{}\n");
    pd_jsonl_destroy(NULL);
}

static void opening_cuts_half_a_line_off(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"{}\n{\"st", "{}\n{\"new\":1}\n"}, {"{\"st", "{\"new\":1}\n"}};
    for (int i = 0; i < 2; i++) {
        struct pd_jsonl *log;
        const char *path = scratch_path("half");
        scratch_write(path, cases[i][0], strlen(cases[i][0]));
        assert_int_equal(pd_jsonl_open(path, &log, NULL), PD_OK);
        assert_int_equal(pd_jsonl_write_line(log, "{\"new\":1}", NULL), PD_OK);
        pd_jsonl_destroy(log);
        assert_file(path, cases[i][1]);
    }
}

static void a_full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    struct pd_jsonl *log;
    struct pd_error err;
    const char *path = scratch_path("full");
    assert_int_equal(pd_jsonl_open(path, &log, NULL), PD_OK);
    assert_int_equal(pd_jsonl_write_line(log, "{\"step\":1}", NULL), PD_OK);
    scratch_limit(16);
    enum pd_status status = pd_jsonl_write_line(log, "{\"step\":2}", &err);
    scratch_limit(RLIM_INFINITY);
    pd_jsonl_destroy(log);
    assert_int_equal(status, PD_ERR_IO);
    assert_contains(err.message, "/full: cannot write: File too large");
    assert_file(path, "{\"step\":1}\n");
}

static void failures_have_words(void **state)
{
    (void)state;
    struct pd_jsonl *log;
    struct pd_error err;
    assert_int_equal(pd_jsonl_open("/no/such/log", &log, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/no/such/log: cannot open: No such file or directory");
    assert_null(log);
    assert_int_equal(pd_jsonl_open(scratch_path("none"), &log, NULL), PD_OK);
    assert_int_equal(pd_jsonl_write(log, NULL, &err), PD_ERR_USAGE);
    assert_contains(err.message, "/none: a record that JSON cannot hold");
    pd_jsonl_destroy(log);
}

static void drops_what_comes_after(void **state)
{
    (void)state;
    truncates("{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n", 2, "{\"step\":1}\n{\"step\":2}\n");
    truncates("{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n", 0, "");
    truncates("{\"step\":1}\n{\"step\":2}\n", 9, "{\"step\":1}\n{\"step\":2}\n");
    truncates("{\"step\":2.5}\n", 2, "");
    truncates("", 9, "");
}

static void keeps_lines_without_the_number(void **state)
{
    (void)state;
    truncates("{\"run\":\"x\"}\n{\"step\":\"9\"}\n{\"step\":9}\n[1]\n", 2,
              "{\"run\":\"x\"}\n{\"step\":\"9\"}\n[1]\n");
}

static void drops_a_half_written_last_line(void **state)
{
    (void)state;
    truncates("{\"step\":1}\n{\"step\":2", 9, "{\"step\":1}\n");
    truncates("{\"step\":1}\n{\"step\":2}", 9, "{\"step\":1}\n");
    truncates("{\"step\":1}\n{\"st\n", 9, "{\"step\":1}\n");
    truncates("{\"st", 9, "");
}

static void refuses_a_broken_line_in_the_middle(void **state)
{
    (void)state;
    struct pd_error err;
    const char *path = scratch_path("broken"), *text = "{\"step\":1}\n{\"st\n{\"step\":3}\n";
    scratch_write(path, text, strlen(text));
    assert_int_equal(pd_jsonl_truncate_after(path, "step", 1, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "/broken: expected one JSON value a line at offset 11");
    assert_int_equal(err.offset, 11);
    assert_file(path, text);
    assert_int_equal(pd_jsonl_truncate_after(scratch_path("missing"), "step", 1, &err), PD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_line_a_record),
        cmocka_unit_test(opening_cuts_half_a_line_off),
        cmocka_unit_test(a_full_disk_leaves_whole_lines),
        cmocka_unit_test(failures_have_words),
        cmocka_unit_test(drops_what_comes_after),
        cmocka_unit_test(keeps_lines_without_the_number),
        cmocka_unit_test(drops_a_half_written_last_line),
        cmocka_unit_test(refuses_a_broken_line_in_the_middle),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
