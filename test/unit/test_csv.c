#include "scratch.h"

#include "io/csv.h"

#include <math.h>

static void quotes_only_where_needed(void **state)
{
    (void)state;
    static const char *const fields[] = {"plain", "", "a,b", "say \"x\"", "\"", "two\nlines", "a b;c'd"};
    struct pd_csv *csv;
    const char *path = scratch_path("quotes.csv");
    assert_int_equal(pd_csv_create(path, &csv, NULL), PD_OK);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        pd_csv_text(csv, fields[i]);
    pd_csv_end_row(csv);
    pd_csv_text(csv, "next");
    pd_csv_end_row(csv);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(pd_csv_commit(csv, NULL), PD_OK);
    pd_csv_destroy(csv);
    assert_file(path, "plain,,\"a,b\",\"say \"\"x\"\"\",\"\"\"\",\"two\nlines\",a b;c'd\nnext\n");
}

static void words_are_no_formulas(void **state)
{
    (void)state;
    static const char *const fields[] = {"plain", "",    "=1+1",  "-x",   "+x",
                                         "@x",    "\tx", "a-b=c", "a;=1", "say \"x\""};
    struct pd_csv *csv;
    const char *path = scratch_path("words.csv");
    assert_int_equal(pd_csv_create(path, &csv, NULL), PD_OK);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        pd_csv_words(csv, fields[i]);
    pd_csv_end_row(csv);
    pd_csv_path(csv, "=1.png");
    pd_csv_path(csv, "a/=1.png");
    pd_csv_end_row(csv);
    assert_int_equal(pd_csv_commit(csv, NULL), PD_OK);
    pd_csv_destroy(csv);
    assert_file(path, "plain,,\"'=1+1\",\"'-x\",\"'+x\",\"'@x\",\"'\tx\",a-b=c,\"a;=1\",\"say \"\"x\"\"\"\n"
                      "./=1.png,a/=1.png\n");
}

static void writes_numbers(void **state)
{
    (void)state;
    struct pd_csv *csv;
    const char *path = scratch_path("numbers.csv");
    assert_int_equal(pd_csv_create(path, &csv, NULL), PD_OK);
    pd_csv_real(csv, 0.1f);
    pd_csv_real(csv, -2);
    pd_csv_real(csv, 1e-30);
    pd_csv_real(csv, INFINITY);
    pd_csv_integer(csv, INT64_MIN);
    pd_csv_end_row(csv);
    assert_int_equal(pd_csv_commit(csv, NULL), PD_OK);
    pd_csv_destroy(csv);
    assert_file(path, "0.100000001,-2,1e-30,inf,-9223372036854775808\n");
}

static void long_files_are_whole(void **state)
{
    (void)state;
    struct pd_csv *csv;
    size_t size, expected = 0;
    const char *path = scratch_path("long.csv");
    assert_int_equal(pd_csv_create(path, &csv, NULL), PD_OK);
    for (int i = 0; i < 50000; i++) {
        pd_csv_integer(csv, i);
        pd_csv_end_row(csv);
        expected += (size_t)snprintf(NULL, 0, "%d\n", i);
    }
    assert_int_equal(pd_csv_commit(csv, NULL), PD_OK);
    pd_csv_destroy(csv);
    char *text = scratch_read(path, &size);
    assert_int_equal(size, expected);
    assert_string_equal(text + size - 12, "49998\n49999\n");
    free(text);
}

static void failures_keep_the_old_file(void **state)
{
    (void)state;
    struct pd_csv *csv;
    struct pd_error err;
    const char *path = scratch_path("keep.csv");
    scratch_write(path, "old\n", 4);
    assert_int_equal(pd_csv_create(path, &csv, NULL), PD_OK);
    scratch_limit(4096);
    for (int i = 0; i < 50000; i++) {
        pd_csv_text(csv, "row");
        pd_csv_end_row(csv);
    }
    enum pd_status status = pd_csv_commit(csv, &err);
    scratch_limit(RLIM_INFINITY);
    pd_csv_destroy(csv);
    assert_int_equal(status, PD_ERR_IO);
    assert_contains(err.message, "/keep.csv: cannot write: File too large");
    assert_file(path, "old\n");

    assert_int_equal(pd_csv_create(path, &csv, NULL), PD_OK);
    pd_csv_text(csv, "given up");
    pd_csv_destroy(csv);
    assert_file(path, "old\n");
    assert_int_equal(pd_csv_create("/no/such.csv", &csv, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/no/such.csv: cannot create: No such file or directory");
    assert_null(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_only_where_needed),
        cmocka_unit_test(words_are_no_formulas),
        cmocka_unit_test(writes_numbers),
        cmocka_unit_test(long_files_are_whole),
        cmocka_unit_test(failures_keep_the_old_file),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
