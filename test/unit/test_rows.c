#include "io/rows.h"

#include "io/npy.h"
#include "scratch.h"

static const char *const names[] = {"logit", "logits", NULL};

/* Reads everything in pieces of `step` rows, twice. */
static int64_t read_all(struct pd_rows *rows, float *to, int64_t step)
{
    int64_t n = 0;
    for (int turn = 0; turn < 2; turn++) {
        n = 0;
        for (int64_t got = 1; got; n += got)
            assert_int_equal(pd_rows_read(rows, to + n * pd_rows_width(rows), step, &got, NULL), PD_OK);
        assert_int_equal(pd_rows_rewind(rows, NULL), PD_OK);
    }
    return n;
}

static void holds(const char *path, int64_t n, int64_t width, const float *expected)
{
    float got[64];
    struct pd_rows *rows;
    struct pd_error err = {.message = ""};
    for (int64_t step = 1; step < 4; step++) {
        if (pd_rows_open(path, names, &rows, &err))
            fail_msg("%s", err.message);
        assert_int_equal(pd_rows_width(rows), width);
        assert_int_equal(read_all(rows, got, step), n);
        assert_memory_equal(got, expected, (size_t)(n * width) * sizeof(float));
        pd_rows_close(rows);
    }
}

/* Opened or read, it fails with these words. */
static void refused(const char *path, enum pd_status status, const char *words)
{
    float got[64];
    int64_t n = 1;
    struct pd_rows *rows;
    struct pd_error err = {.message = ""};
    enum pd_status was = pd_rows_open(path, names, &rows, &err);
    while (!was && n)
        was = pd_rows_read(rows, got, 1, &n, &err);
    if (was != status || !strstr(err.message, words))
        fail_msg("%s: status %d, \"%s\", expected %d, \"%s\"", path, was, err.message, status, words);
    pd_rows_close(rows);
}

static const char *csv(const char *text)
{
    const char *path = scratch_path("t.csv");
    scratch_write(path, text, strlen(text));
    return path;
}

static const float six[] = {1, 2, 3, 4, 5, 6.5};
static const double doubles[] = {1, 2, 3, 4, 5, 6.5};
static const int64_t integers[] = {1, 2, 3};

#define ARRAY(name, type, data, ...)                                                                         \
    {                                                                                                        \
        name, type, (int)(sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t)), {__VA_ARGS__}, data             \
    }

static void reads_npy(void **state)
{
    (void)state;
    const struct pd_io_array floats = ARRAY("", PD_IO_F32, six, 3, 2),
                             wide = ARRAY("", PD_IO_F64, doubles, 6),
                             cube = ARRAY("", PD_IO_F32, six, 1, 2, 3),
                             none = ARRAY("", PD_IO_F32, six, 0, 2);
    const char *path = scratch_path("a.npy");
    assert_int_equal(pd_npy_write(path, &floats, NULL), PD_OK);
    holds(path, 3, 2, six);
    assert_int_equal(pd_npy_write(path, &wide, NULL), PD_OK);
    holds(path, 6, 1, six);
    assert_int_equal(pd_npy_write(path, &cube, NULL), PD_OK);
    holds(path, 1, 6, six);
    assert_int_equal(pd_npy_write(path, &none, NULL), PD_OK);
    holds(path, 0, 2, six);
}

static void refuses_bad_npy(void **state)
{
    (void)state;
    const struct pd_io_array whole = ARRAY("", PD_IO_F32, six, 3, 2),
                             ints = ARRAY("", PD_IO_I64, integers, 3), scalar = {"", PD_IO_F32, 0, {0}, six},
                             flat = ARRAY("", PD_IO_F32, six, 3, 0);
    const char *path = scratch_path("b.npy");
    size_t size;
    refused(scratch_path("no.npy"), PD_ERR_IO, "no.npy: cannot open: No such file");
    refused(scratch_dir, PD_ERR_IO, "cannot read: Is a directory");
    assert_int_equal(pd_npy_write(path, &ints, NULL), PD_OK);
    refused(path, PD_ERR_UNSUPPORTED, "b.npy: numbers of type '<i8', expected '<f4' or '<f8'");
    assert_int_equal(pd_npy_write(path, &scalar, NULL), PD_OK);
    refused(path, PD_ERR_MISMATCH, "a single number, expected rows");
    assert_int_equal(pd_npy_write(path, &flat, NULL), PD_OK);
    refused(path, PD_ERR_MISMATCH, "shape (3, 0), expected numbers in each row");
    assert_int_equal(pd_npy_write(path, &whole, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    for (size_t cut = 6; cut < size; cut++) {
        scratch_write(path, bytes, cut);
        refused(path, PD_ERR_FORMAT, "b.npy: truncated: ");
    }
    bytes[size] = 0;
    scratch_write(path, bytes, size + 1);
    refused(path, PD_ERR_FORMAT, "npy data of 25 bytes, expected 24");
    free(bytes);
}

static void reads_npz(void **state)
{
    (void)state;
    const struct pd_io_array arrays[] = {ARRAY("other", PD_IO_F32, six, 2),
                                         ARRAY("logits", PD_IO_F64, doubles, 6),
                                         ARRAY("c", PD_IO_F32, six, 2, 3)};
    const char *path = scratch_path("s.npz");
    for (int deflate = 0; deflate < 2; deflate++) {
        assert_int_equal(pd_npz_write(path, arrays, 3, deflate, NULL), PD_OK);
        holds(path, 6, 1, six);
        holds(scratch_path("s.npz:c"), 2, 3, six);
        refused(scratch_path("s.npz:d"), PD_ERR_USAGE,
                "s.npz: no array 'd' in it (it has: other, logits, c)");
    }
    assert_int_equal(pd_npz_write(path, arrays + 2, 1, false, NULL), PD_OK);
    holds(path, 2, 3, six); /* the only one */
    refused(scratch_path("s.npz:logit"), PD_ERR_USAGE, "no array 'logit'");
}

static void refuses_bad_npz(void **state)
{
    (void)state;
    static float zeros[5000];
    const struct pd_io_array a = ARRAY("logit", PD_IO_F32, zeros, 5000);
    const char *path = scratch_path("d.npz");
    size_t size;
    assert_int_equal(pd_npz_write(path, &a, 1, false, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    bytes[size / 2] ^= 1;
    scratch_write(path, bytes, size);
    refused(path, PD_ERR_FORMAT, "d.npz:logit: cannot read: CRC error");
    scratch_write(path, bytes, size / 2);
    refused(path, PD_ERR_FORMAT, "d.npz: not a whole zip");
    free(bytes);
}

static void reads_csv(void **state)
{
    (void)state;
    holds(csv("1,2\n3,4\n5,6.5\n"), 3, 2, six);                   /* numpy.savetxt(delimiter=",") */
    holds(csv("# made\n1.0e+00 2.0e+00\n3 4\n5 6.5"), 3, 2, six); /* numpy.savetxt */
    holds(csv("\xEF\xBB\xBF"
              "1;2\r\n\r\n3;4\r\n# so\r\n5;6.5\r\n"),
          3, 2, six); /* a spreadsheet's */
    holds(csv("1\t2\n3\t 4 \n5\t+6.5\n"), 3, 2, six);
    holds(csv(",logit,x\n0,1,a\n1,2,\"b,\n\"\"c\"\n2,\"3\",\n"), 3, 1, six); /* pandas' index; text beside */
    holds(csv("logit_1,no,logit_0\n2,x,1\n4,y,3\n6.5,z,5\n"), 3, 2, six);
    holds(csv("logits\n1\n2\n"), 2, 1, six);
    csv("a,b_0,b_1\n9,1,2\n9,3,4\n");
    holds(scratch_path("t.csv:b"), 2, 2, six);
    holds(scratch_path("t.csv:b_0"), 2, 1, (float[]){1, 3});
    holds(csv("logit\n"), 0, 1, six);
}

static void refuses_bad_csv(void **state)
{
    (void)state;
    refused(csv(""), PD_ERR_FORMAT, "t.csv: empty");
    refused(csv("\n# nothing\n"), PD_ERR_FORMAT, "t.csv: empty");
    refused(csv("1,2\n3\n"), PD_ERR_FORMAT, "t.csv: line 2: 1 fields, expected 2 as in the first line");
    refused(csv("1,2\n\n3,4,5\n"), PD_ERR_FORMAT, "line 3: 3 fields");
    refused(csv("1,2\n3,x\n"), PD_ERR_FORMAT, "line 2, column 2: 'x', expected a number");
    refused(csv("a,logit\n3,\n"), PD_ERR_FORMAT, "line 2, column 2 (logit): '', expected a number");
    refused(csv("logit\n1 2\n"), PD_ERR_FORMAT, "line 2: 2 fields, expected 1 as in the first line");
    refused(csv("logit\n\"1\n"), PD_ERR_FORMAT, "line 2: a quote that is not closed");
    refused(csv("a,b\n1,2\n"), PD_ERR_USAGE, "t.csv: no column 'logit' or 'logit_0' (it has: a, b)");
    scratch_write(scratch_path("t.csv"), "1\n\0", 3);
    refused(scratch_path("t.csv"), PD_ERR_FORMAT, "line 2: a zero byte");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_npy), cmocka_unit_test(refuses_bad_npy),
        cmocka_unit_test(reads_npz), cmocka_unit_test(refuses_bad_npz),
        cmocka_unit_test(reads_csv), cmocka_unit_test(refuses_bad_csv),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
