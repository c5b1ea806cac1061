#include "io/rows.h"

#include "base/mem.h"
#include "io/npy.h"
#include "scratch.h"

#include <sys/stat.h>

static const char *const names[] = {"logit", "logits", NULL};
static struct pd_rows_request request = {.names = names};

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
        if (pd_rows_open(path, &request, &rows, &err))
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
    enum pd_status was = pd_rows_open(path, &request, &rows, &err);
    while (!was && n)
        was = pd_rows_read(rows, got, 1, &n, &err);
    if (was != status || !strstr(scratch_said(&err), words))
        fail_msg("%s: status %d, \"%s\", expected %d, \"%s\"", path, was, scratch_said(&err), status, words);
    pd_rows_close(rows);
}

static void describes(const char *path, const char *words)
{
    float got[64];
    char text[512];
    struct pd_rows *rows;
    assert_int_equal(pd_rows_open(path, &request, &rows, NULL), PD_OK);
    read_all(rows, got, 2);
    for (int64_t n = 1; n;)
        assert_int_equal(pd_rows_read(rows, got, 2, &n, NULL), PD_OK);
    pd_rows_describe(rows, text, sizeof text);
    if (!strstr(text, words))
        fail_msg("\"%s\", expected \"%s\"", text, words);
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
    describes(path, "a.npy: 1 row x 6 columns, of shape (1, 2, 3)");
    assert_int_equal(pd_npy_write(path, &none, NULL), PD_OK);
    holds(path, 0, 2, six);
}

/* Rows of whatever numbers, where the request allows them. */
static void reads_other_numbers(void **state)
{
    (void)state;
    static const uint16_t halves[] = {0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4680},
                          bfloats[] = {0x3F80, 0x4000, 0x4040, 0x4080, 0x40A0, 0x40D0};
    static const uint8_t small[] = {1, 0, 1};
    const struct pd_io_array half = ARRAY("", PD_IO_F16, halves, 3, 2),
                             raw = ARRAY("", PD_IO_BF16, bfloats, 3, 2),
                             bits = ARRAY("", PD_IO_U16, bfloats, 3, 2),
                             ints = ARRAY("", PD_IO_I64, integers, 3), mask = ARRAY("", PD_IO_BOOL, small, 3);
    const char *path = scratch_path("o.npy");
    assert_int_equal(pd_npy_write(path, &half, NULL), PD_OK);
    holds(path, 3, 2, six);
    assert_int_equal(pd_npy_write(path, &raw, NULL), PD_OK);
    holds(path, 3, 2, six);
    describes(path, "o.npy: 3 rows x 2 columns, raw numbers of two bytes taken as bfloat16's bits");
    assert_int_equal(pd_npy_write(path, &bits, NULL), PD_OK);
    refused(path, PD_ERR_UNSUPPORTED,
            "numbers of type uint16, expected float16, float32 or float64: "
            "array.astype('float32') if they are logits\tif");
    request.bfloat16 = true;
    holds(path, 3, 2, six);
    describes(path, "o.npy: 3 rows x 2 columns, uint16 taken as bfloat16's bits");
    request.bfloat16 = false;
    request.whole = true;
    assert_int_equal(pd_npy_write(path, &ints, NULL), PD_OK);
    holds(path, 3, 1, six);
    assert_int_equal(pd_npy_write(path, &mask, NULL), PD_OK);
    holds(path, 3, 1, (float[]){1, 0, 1});
    request.whole = false;
    refused(path, PD_ERR_UNSUPPORTED, "numbers of type bool");
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
    refused(scratch_dir, PD_ERR_IO, "not a regular file");
    assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
    refused(scratch_path("pipe"), PD_ERR_IO, "not a regular file");
    assert_int_equal(pd_npy_write(path, &ints, NULL), PD_OK);
    refused(path, PD_ERR_UNSUPPORTED,
            "b.npy: numbers of type int64, expected float16, float32 or float64: "
            "array.astype('float32')");
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
    size_t size;
    char *bytes = scratch_read(scratch_path("s.npz"), &size);
    for (char *at; (at = memmem(bytes, size, ".npy", 4));)
        memcpy(at, ".pkl", 4);
    path = scratch_path("t.pt"); /* a zip of other things, as PyTorch's files are */
    scratch_write(path, bytes, size);
    refused(path, PD_ERR_USAGE, "t.pt: no array in it, expected NumPy's");
    free(bytes);
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
              "1;2\r\n3;4\r\n5;6.5\r\n\r\n# that is all\r\n"),
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
    refused(csv("1,2\n3,4,5\n"), PD_ERR_FORMAT, "line 2: 3 fields");
    refused(csv("1,2\n3,x\n"), PD_ERR_FORMAT, "line 2, column 2: 'x', expected a number");
    refused(csv("a,logit\n3,\n"), PD_ERR_FORMAT, "line 2, column 2 (logit): '', expected a number");
    refused(csv("logit\n1 2\n"), PD_ERR_FORMAT, "line 2: 2 fields, expected 1 as in the first line");
    refused(csv("logit\n\"1\n"), PD_ERR_FORMAT, "line 2: a quote that is not closed");
    refused(csv("a,b\n1,2\n"), PD_ERR_USAGE, "t.csv: no column 'logit' or 'logit_0' (it has: a, b)");
    scratch_write(scratch_path("t.csv"), "1\n\0", 3);
    refused(scratch_path("t.csv"), PD_ERR_FORMAT, "line 2: a zero byte");
}

/* --- whose rows? --- */

static void a_first_line_is_a_header_by_rule(void **state)
{
    (void)state;
    static const float halves[] = {0.5F, 1, 2, 2.5F, 3.5F, -1};
    holds(csv("0,1\n0.5,1\n2,2.5\n3.5,-1\n"), 3, 2, halves); /* pandas without names */
    describes(csv("0,1\n0.5,1\n2,2.5\n3.5,-1\n"),
              "t.csv: 3 rows x 2 columns, line 1 taken as a header\tto take it as a row: header=false");
    holds(csv("# made\n\n0 1\n0.5 1\n2 2.5\n3.5 -1\n"), 3, 2, halves);
    holds(csv("0\n0.5\n-1.5\n"), 2, 1, (float[]){0.5F, -1.5F});
    holds(csv("0.5,1\n2,2.5\n3.5,-1\n"), 3, 2, halves);
    describes(csv("0.5,1\n2,2.5\n"),
              "t.csv: 2 rows x 2 columns, line 1 taken as a row\tif it holds names: header");
    holds(csv("# cat,dog\n0.5,1\n2,2.5\n3.5,-1\n"), 3, 2, halves); /* savetxt's names */
    holds(csv("# x,logit\n0.5,1\n2,2.5\n3.5,-1\n"), 3, 1, (float[]){1, 2.5F, -1});
    refused(csv("#0.5,1\n2,2.5\n3.5,-1\n"), PD_ERR_FORMAT, "stands below a '#' line of as many numbers");
    refused(csv("0,1\n\n2,2.5\n"), PD_ERR_FORMAT, "line 2: empty");
    refused(csv("0,1\n1,0\n0.5,0.5\n"), PD_ERR_FORMAT, "line 1: counts 0, 1, 2, ...");
    refused(csv("0\n3\n1\n"), PD_ERR_FORMAT,
            "\tto take it as the names of columns: header\tto take it as a row: header=false");
    refused(csv("0.0,1.0,2.0\n0.5,1.5,2\n"), PD_ERR_FORMAT, "counts 0, 1, 2, ...");
    refused(csv("3,5\n0.5,1.5\n2.5,2.5\n3.5,-1.5\n"), PD_ERR_FORMAT, "whole numbers above fractions");
    refused(csv("0.5,,1\n2,3,4\n"), PD_ERR_FORMAT, "neither names of columns nor a row of numbers");
    refused(csv("0.5,NA\n2,3\n"), PD_ERR_FORMAT, "neither names");
    refused(csv("1.png,0.5,1\n2.png,3,4\n"), PD_ERR_FORMAT, "neither names");
}

static void options_decide_on_the_header(void **state)
{
    (void)state;
    static const float counted[] = {0, 1, 0.5F, 1, 2, 2.5F};
    request.header = PD_ROWS_NO;
    holds(csv("0,1\n0.5,1\n2,2.5\n"), 3, 2, counted);
    refused(csv("a,b\n1,2\n"), PD_ERR_FORMAT, "line 1, column 1: 'a', expected a number");
    request.header = PD_ROWS_YES;
    holds(csv("0,1\n1,2\n3,4\n5,6.5\n"), 3, 2, six);
    holds(csv("7,8\n1,2\n3,4\n5,6.5\n"), 3, 2, six);
    request.header = PD_ROWS_AUTO;
}

/* Two tables, as many rows read of each. */
static bool agree(const char *a, const char *b)
{
    float got[6];
    const char *const texts[] = {a, b}, *columns[2] = {NULL, NULL};
    struct pd_rows *rows[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pd_rows_open(csv(texts[i]), &request, &rows[i], NULL), PD_OK);
        read_all(rows[i], got, 2);
        for (int64_t n = 1; n;)
            assert_int_equal(pd_rows_read(rows[i], got, 2, &n, NULL), PD_OK);
    }
    const bool same = pd_rows_agree(rows[0], rows[1], columns);
    assert_true(same || (columns[0] && columns[1]));
    pd_rows_close(rows[0]);
    pd_rows_close(rows[1]);
    return same;
}

static void rows_have_names(void **state)
{
    (void)state;
    assert_true(agree("image,logit\na,1\nb,2\n", "image,logit\na,2\nb,3\n"));
    assert_false(agree("image,logit\na,1\nb,2\n", "image,logit\nb,1\na,2\n"));
    assert_false(agree(",logit\n0,1\n1,2\n", "index,logit\n1,1\n0,2\n"));
    assert_true(agree(",logit\n0,1\n1,2\n", "Unnamed: 0,logit\n0.0,1\n1.0,2\n"));
    assert_true(agree("image,logit\na,1\nb,2\n", ",logit\n0,1\n1,2\n"));       /* nothing to compare */
    assert_true(agree("x,logit\n0.5,1\n1.5,2\n", "x,logit\n0.7,1\n1,2\n"));    /* measurements */
    assert_true(agree("logit\n1\n2\n", "logit\n3\n4\n"));                      /* what is taken */
    assert_false(agree("logit,image\n1,a\n2,b\n", "logit,image\n1,b\n2,a\n")); /* not the first */
    assert_false(agree("s,image,logit\nu,a,1\nu,b,2\n", "s,image,logit\nu,b,1\nu,a,2\n"));
    assert_false(agree("s,id,logit\nu,7,1\nu,8,2\n", "s,id,logit\nu,7,1\nu,9,2\n"));
    assert_false(agree("image,logit\na,1\nb,2\n", "file,logit\nb,1\na,2\n"));
    assert_true(agree("image,logit\na,1\nb,2\n", "file,logit\nc,1\nd,2\n"));
    assert_true(agree("image,rank,logit\na,1,1\nb,2,2\n", "image,rank,logit\na,2,1\nb,1,2\n"));
    assert_true(agree("s,logit\nu,1\nu,2\n", "t,logit\nv,1\nv,2\n"));
    assert_false(agree("logit,file\n1,a\n1,a\n1,b\n", "file,logit\nb,1\na,1\na,1\n")); /* crops */
    assert_false(agree("logit,file\n1,a.png\n2,b.png\n", "path,logit\nx/b.png,1\nx/a.png,2\n"));
    assert_false(agree("logit,file\n1,a.png\n1,a.png\n2,b.png\n", "path,logit\ny/b,1\ny/a,1\ny/a,1\n"));
    assert_true(agree("path,logit\nx/a.png,1\nx/b.png,2\n", "path,logit\ny/a.jpg,1\ny/b.jpg,2\n"));
    assert_false(agree("path,logit\nx/1.png,1\ny/1.png,2\n", "path,logit\nx/1.png,1\nz/1.png,2\n"));
    assert_false(agree("id,logit\n1,1\n2,2\n", "image_id,logit\n002,1\n001,2\n"));
    assert_false(agree("id,logit\n1,1\n2,2\n", "file,logit\n002.png,1\n001.png,2\n"));
    assert_true(agree(",logit\n0,1\n1,2\n", "id,logit\n1,1\n0,2\n")); /* a place is no name */
    assert_false(agree("id,logit\n0,1.5\n1,2\n2,3\n", ",logit\n0,1.5\n2,2\n1,3\n"));
    /* One that counts has its own name. */
    assert_false(agree("id,logit\n0,1.5\n1,2\n2,3\n", "id,logit\n2,1.5\n1,2\n0,3\n"));
    assert_false(agree("id,logit\n1,1.5\n2,2\n3,3\n", "image_id,logit\n2,1.5\n1,2\n3,3\n"));
    assert_false(agree("sample,logit\n0,1.5\n1,2\n2,3\n", "sample,logit\n2,1.5\n1,2\n0,3\n"));
    assert_false(agree("id,logit\n0,1.5\n1,2\n2,3\n", "image,logit\n02.png,1.5\n01.png,2\n00.png,3\n"));
    assert_true(agree("id,logit\n0,1.5\n1,2\n2,3\n", "id,logit\n0.0,1.5\n1.0,2\n2.0,3\n"));
    describes(csv(",logit\n0,1\n1,2\n"), "t.csv: 2 rows x 1 column, line 1 taken as a header\t");
    describes(csv(",logit\n0,1\n7,2\n"), "header, rows counted as they stand: row 1 has the index 7\t");
}

/* What is called as names of rows are, however it is written. */
static void names_of_names(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"imageId", "image_id"}, {"ImageID", "image_id"},
                                           {"sampleID", "ID"},      {"StudyID", "study_id"},
                                           {"uid", "id"},           {"imageid", "guid"}};
    char a[64], b[64];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        snprintf(a, sizeof a, "logit,%s\n1,7\n2,9\n3,8\n", pairs[i][0]);
        snprintf(b, sizeof b, "logit,%s\n1,8\n2,9\n3,7\n", pairs[i][1]);
        assert_false(agree(a, b));
        snprintf(b, sizeof b, "logit,%s\n1,7\n2,9\n3,8\n", pairs[i][1]);
        assert_true(agree(a, b));
    }
    assert_true(agree("logit,valid\n1,7\n2,9\n3,8\n", "logit,grid\n1,8\n2,9\n3,7\n"));
}

/* The same rows under another root, with another ending, beside a value that names none. */
static void the_same_rows_are_written_otherwise(void **state)
{
    (void)state;
    assert_true(agree("image,logit\n/a/cat/0.png,1\n/a/dog/0.png,2\n",
                      "image,logit\n/b/cat/0.png,1\n/b/dog/0.png,2\n"));
    assert_false(agree("image,logit\n/a/cat/0.png,1\n/a/dog/0.png,2\n",
                       "image,logit\n/b/dog/0.png,1\n/b/cat/0.png,2\n"));
    assert_true(
        agree("image,logit\nC:\\d\\i1.jpg,1\nC:\\d\\i2.jpg,2\n", "image,logit\n/d/i1.jpg,1\n/d/i2.jpg,2\n"));
    assert_false(
        agree("image,logit\nC:\\d\\i1.jpg,1\nC:\\d\\i2.jpg,2\n", "path,logit\n/d/i2.jpg,1\n/d/i1.jpg,2\n"));
    assert_true(agree("image,logit\ns1.nii.gz,1\ns2.nii.gz,2\n", "image,logit\ns1,1\ns2,2\n"));
    assert_false(agree("image,logit\ns1.nii.gz,1\ns2.nii.gz,2\n", "path,logit\ns2,1\ns1,2\n"));
    assert_true(agree("epoch,logit\n10,1\n10,2\n", "epoch,logit\n20,1\n20,2\n"));
    assert_true(agree("model,logit\nr18,1\nr18,2\n", "model,logit\nr50,1\nr50,2\n"));
    assert_true(agree("pred,logit\n1,1\n1,2\n0,3\n", "pred,logit\n1,1\n0,2\n0,3\n"));
    assert_false(agree("x,logit\n1,1\n1,2\n0,3\n", "x,logit\n1,1\n0,2\n1,3\n"));
    assert_false(agree("image,logit\na,1\na,2\nb,3\n", "image,logit\nc,1\nc,2\nd,3\n"));
}

/* Names that are numbers: of page 1 the tenth, and of 64 bits. */
static void names_may_be_numbers(void **state)
{
    (void)state;
    assert_false(agree("image,logit\n1.1,1\n1.2,2\n2.1,3\n", "image,logit\n1.2,1\n1.1,2\n2.1,3\n"));
    assert_true(agree("image,logit\n1.1,1\n1.2,2\n2.1,3\n", "image,logit\n1.1,2\n1.2,1\n2.1,3\n"));
    assert_true(agree("image,logit\n1.1,1\n1.10,2\n2.1,3\n", "image,logit\n1.1,2\n1.10,1\n2.1,3\n"));
    assert_false(agree("s,logit\na0,1\n1.5,2\na1,3\n", "s,logit\na1,1\na0,2\n1.5,3\n"));
    assert_false(agree("x,logit\n1e10,1\n2e16,2\n30e19,3\n", "x,logit\n2e+16,1\n1e10,2\n3e20,3\n"));
    assert_true(agree("loss,logit\n0.5,1\n,2\n0.25,3\n", "loss,logit\n0.75,1\n,2\n0.5,3\n"));
    assert_true(agree("img_loss,logit\n0.5,1\n1.5,2\n", "img_loss,logit\n0.75,1\n1,2\n"));
    assert_false(agree("id,logit\n9007199254740992,1\n9007199254740993,2\n",
                       "id,logit\n9007199254740993,1\n9007199254740992,2\n"));
    assert_true(agree("id,logit\n9007199254740992,1\n9007199254740993,2\n",
                      "id,logit\n9007199254740992,1\n9007199254740993,2\n"));
}

/* Columns of each model's own, beside an index or without. */
static void measurements_name_no_rows(void **state)
{
    (void)state;
    assert_true(agree(",logit,rank\n0,1,2\n1,2,0\n2,3,1\n", ",logit,rank\n0,1,0\n1,2,1\n2,3,2\n"));
    assert_true(agree(",logit,time\n0,1,3s\n1,2,5s\n", ",logit,time\n0,1,4s\n1,2,6s\n"));
    assert_true(agree(",logit,top\n0,1,a\n1,2,a\n2,3,b\n", ",logit,top\n0,1,b\n1,2,a\n2,3,a\n"));
    assert_true(agree("logit,ms\n1,30\n2,41\n", "logit,ms\n1,33\n2,40\n"));
    assert_true(agree("id,logit,file\n7,1,p\n3,2,q\n5,3,r\n", "id,logit,file\n7,1,q\n3,2,p\n5,3,r\n"));
    /* Each table counts its own rows. */
    assert_false(agree(",logit,image\n0,1,a\n1,2,b\n", ",logit,image\n0,1,b\n1,2,a\n"));
    assert_false(agree(",logit,id\n0,1,7\n1,2,9\n2,3,8\n", ",logit,id\n0,1,7\n1,2,8\n2,3,9\n"));
    assert_false(agree("logit,rank\n1,2\n2,0\n3,1\n", "logit,rank\n1,0\n2,1\n3,2\n"));
}

/* A number of them between the lines, n of them. */
static const char *lines(int n, const char *format)
{
    static char text[2048];
    size_t used = 0;
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, format, (double)i);
    return text;
}

/* As np.savetxt writes them: 12.0, 1.2e+01. */
static void an_index_may_be_written_as_fractions_are(void **state)
{
    (void)state;
    const struct pd_rows_request usual = request;
    request.features = request.whole = true;
    refused(csv(lines(10, "1%.0f.0,0.5\n")), PD_ERR_FORMAT, "whole numbers that all differ, may be an index");
    refused(csv(lines(10, "1%.0fe+00 0.5 2\n")), PD_ERR_FORMAT,
            "whole numbers that all differ, may be an index");
    describes(csv(lines(9, "1%.0f.0,0.5\n")), "9 rows x 2 columns");
    describes(csv(lines(10, "1%.0f.0,5.0\n")), "10 rows x 2 columns");
    request = usual;
    describes(csv(lines(10, "1%.0f.0,0.5\n")), "10 rows x 2 columns");
}

static void percentages_are_no_decimal_commas(void **state)
{
    (void)state;
    describes(csv("21,40,38,0\n0,100,0,0\n50,25,25,1\n1,9,0,90\n"), "4 rows x 4 columns");
    refused(csv("21,40,39,0\n0,130,0,1\n50,25,25,0\n1,9,0,90\n"), PD_ERR_FORMAT,
            "decimal commas between commas");
}

static void a_line_above_says_the_separator(void **state)
{
    (void)state;
    holds(csv("sep=;\nlogit_0;logit_1\n1;2\n3;4\n5;6.5\n"), 3, 2, six);
    holds(csv("\xEF\xBB\xBFsep=,\r\n1,2\r\n3,4\r\n5,6.5\r\n"), 3, 2, six);
}

static void points_may_stand_between_thousands(void **state)
{
    (void)state;
    refused(csv("1.643;512\n980;2.001\n7;13\n"), PD_ERR_FORMAT, "points between thousands");
    describes(csv("1.643;512.5\n980;2.001\n7;13\n"), "3 rows x 2 columns");
    describes(csv("1.643;512\n980;0.001\n7;13\n"), "3 rows x 2 columns");
    describes(csv("1.643;5.512\n9.980;2.001\n"), "2 rows x 2 columns");
    describes(csv("1.643,512\n980,2.001\n7,13\n"), "3 rows x 2 columns");
}

/* Asked for on behalf of another file. */
static void fractions_are_no_index(void **state)
{
    (void)state;
    request.index = PD_ROWS_YES;
    refused(csv(lines(9, "0.%.0f,0.5\n")), PD_ERR_FORMAT, "the first column holds fractions");
    describes(csv(lines(9, "0.%.0f\n")), "9 rows x 1 column, line 1 taken as a row\t");
    describes(csv(lines(9, "%.0f,0.5\n")),
              "9 rows x 1 column, line 1 taken as a row, the first column as an index");
    request.index = PD_ROWS_AUTO;
}

static void a_count_of_the_rows_is_no_feature(void **state)
{
    (void)state;
    double doubles[24];
    const struct pd_io_array ids = {"", PD_IO_F64, 2, {12, 2}, doubles};
    for (int i = 0; i < 24; i++)
        doubles[i] = i % 2 ? i / 2 + 5 : 0.25 * i;
    assert_int_equal(pd_npy_write(scratch_path("ids.npy"), &ids, NULL), PD_OK);
    struct pd_rows_request usual = request;
    request.features = true;
    refused(csv(lines(12, "%e 0.5\n")), PD_ERR_FORMAT, "t.csv: column 0 of 2 counts the rows");
    refused(
        scratch_path("ids.npy"), PD_ERR_FORMAT,
        "ids.npy: column 1 of 2 counts the rows, as their numbers do, and would be a feature: leave it out\t"
        "to take it as the others: index=false");
    request.index = PD_ROWS_NO;
    describes(scratch_path("ids.npy"), "12 rows x 2 columns");
    request = usual;
    describes(scratch_path("ids.npy"), "12 rows x 2 columns");
}

/* As one that floats no longer count with. */
static void a_constant_counts_nothing(void **state)
{
    (void)state;
    struct pd_rows_request usual = request;
    request.features = true;
    describes(csv(lines(12, "0.5%.0f 1e20\n")), "12 rows x 2 columns");
    describes(csv(lines(12, "-3.4e38 0.5%.0f\n")), "12 rows x 2 columns");
    request = usual;
}

/* Masked ones, of no weight, may fall together. */
static void classes_of_weight_are_told_apart(void **state)
{
    (void)state;
    struct pd_rows_request usual = request;
    request.classes = true;
    describes(csv(lines(9, "1.5,0.5,-100000000%.1f\n")), "9 rows x 3 columns");
    describes(csv(lines(9, "0.5,-100000000%.0f,-1000000010\n")), "9 rows x 3 columns");
    /* far from 0 and close together: less the largest; not where floats hold them, or none is close to it */
    holds(csv("1000000001.5,1000000002.75,-5\n-20000001.5,-20000002.5,-1e30\n4096.5,4097.25,0.5\n"
              "1e9,16777217,0\n1.1,2.2,3.3\n"),
          5, 3,
          (float[]){-1.25F, 0, -1000000007.75F, 0, -1, -1e30F, 4096.5F, 4097.25F, 0.5F, 1e9F, 16777216, 0,
                    1.1F, 2.2F, 3.3F});
    request = usual;
}

static void floats_tell_rows_apart(void **state)
{
    (void)state;
    refused(
        csv(lines(9, "0.5,100000000%.1f\n")), PD_ERR_FORMAT,
        "t.csv: column 1: numbers that float32 hardly tells apart, such as two near 1000000007: subtract");
    describes(csv(lines(9, "0.5,-7000%.1f\n")), "9 rows x 2 columns");
    describes(csv(lines(9, "0.5,1%.0f0000000000.0\n")), "9 rows x 2 columns"); /* far apart */
    describes(csv(lines(9, "1,0.99999999999%.0f\n")), "9 rows x 2 columns");   /* no offset, but sure */
    describes(csv("1000000001.5,1000000002.5\n2000000001.5,2000000002.5\n3000000001.5,3000000002.5\n"),
              "3 rows x 2 columns"); /* the rows are */
    /* few steps of float32 are left of the span, but not of another column's */
    refused(csv(lines(9, "0.5,1000000%.0f.3\n")), PD_ERR_FORMAT,
            "t.csv: column 1: numbers that float32 hardly tells apart, such as two near 1000000");
    describes(csv(lines(9, "1%.0f.5,10000000.1\n")), "9 rows x 2 columns");
    describes(csv(lines(9, "0.5,1000000%.0f\n")), "9 rows x 2 columns"); /* floats already */
    refused(csv("1\n1e39\n"), PD_ERR_FORMAT, "'1e39', expected at most 3.4e38, float32's largest number");
    refused(csv("1\n0x10\n"), PD_ERR_FORMAT, "'0x10', expected a number");
}

/* What is read of a file is read of an array. */
static void arrays_are_rounded_as_files_are(void **state)
{
    (void)state;
    const struct pd_rows_request classes = {.classes = true}, features = {.features = true},
                                 plain = {.whole = true};
    const double far[] = {1e9, 1e9 + 0.25, 1, 2}, near[] = {1, 1 + 1e-9, 1 - 1e-9, 1}, large[] = {1, 1e39};
    float to[4];
    struct pd_error err = {.message = ""};
    assert_int_equal(pd_rows_round("x", &classes, 2, 2, far, to, &err), PD_OK);
    assert_memory_equal(to, ((float[]){-0.25F, 0, 1, 2}), sizeof to);
    assert_int_equal(pd_rows_round("x", &plain, 4, 1, near, to, &err), PD_OK); /* no offset */
    assert_int_equal(pd_rows_round("x", &features, 4, 1, near, to, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "x: column 0: numbers that float32 hardly tells apart"));
    assert_int_equal(pd_rows_round("x", &plain, 2, 1, large, to, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "x: row 1: 1e+39 is beyond float32, whose largest number is 3.4e38");
}

static void other_formats_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *words;
    } all[] = {{"\x1f\x8b\x08 gz", "packed by gzip: unpack it first"},
               {"PAR1\x15 and", "Parquet: write it as CSV first"},
               {"\x89HDF\r\n\x1a\n", "HDF5: write the array as .npy first"},
               {"\x80\x04\x95 a", "a pickle: write the array as .npy first"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        refused(csv(all[i].bytes), PD_ERR_FORMAT, all[i].words);
    describes(csv("PAR1,logit\n1,2\n"), "1 row x 1 column");
}

static void an_index_is_no_column(void **state)
{
    (void)state;
    static const float two[] = {0.5F, 1, 2, 2.5F, 3.5F, -1};
    holds(csv(",0,1\n0,0.5,1\n1,2,2.5\n2,3.5,-1\n"), 3, 2, two);      /* DataFrame.to_csv */
    holds(csv(",0,1\nb,0.5,1\na,2,2.5\nc,3.5,-1\n"), 3, 2, two);      /* any index */
    holds(csv("index,0,1\n7,0.5,1\n3,2,2.5\n5,3.5,-1\n"), 3, 2, two); /* reset_index */
    holds(csv("0,0.5,1\n1,2,2.5\n2,3.5,-1\n"), 3, 2, two);            /* header=False */
    holds(csv("1 0.5 1\n2 2 2.5\n3 3.5 -1\n"), 3, 2, two);            /* R */
    describes(csv("0,0.5,1\n1,2,2.5\n2,3.5,-1\n"),
              "the first column as an index\tif it holds names: header\tto keep the index: index=false");
    refused(csv("7,0.5,1.5\n3,2.5,2.5\n5,3.5,-1.5\n"), PD_ERR_FORMAT,
            "may be an index\tto leave it out: index\tto take it as the others: index=false");
    refused(csv("0,3,5\n1,4,4\n2,9,9\n"), PD_ERR_FORMAT, "may be an index");
    char text[2000] = "";
    for (int i = 0; i < 120; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d,0.5\n", i < 115 ? i : i + 1);
    refused(csv(text), PD_ERR_FORMAT, "line 116: the first column counts the rows above, but not this one");
    request.index = PD_ROWS_YES;
    holds(csv("7,0.5,1\n3,2,2.5\n5,3.5,-1\n"), 3, 2, two);
    request.index = PD_ROWS_NO;
    holds(csv("0,0.5\n1,2\n2,3.5\n"), 3, 2, (float[]){0, 0.5F, 1, 2, 2, 3.5F});
    request.index = PD_ROWS_AUTO;
}

static void no_line_shifts_the_rows(void **state)
{
    (void)state;
    refused(csv("1,2\n\n3,4\n"), PD_ERR_FORMAT, "t.csv: line 2: empty, or a comment, between rows");
    refused(csv("logit\n\n3\n"), PD_ERR_FORMAT, "line 2: empty");
    refused(csv("1,2\n  \n3,4\n"), PD_ERR_FORMAT, "line 2: empty");
    refused(csv("1,2\n#3,4\n5,6.5\n"), PD_ERR_FORMAT, "line 2: begins with '#', with as many fields");
    refused(csv("1,2\n# so\n5,6.5\n"), PD_ERR_FORMAT, "line 2: empty, or a comment");
    refused(csv("1,2\n3,4\n#5,6\n"), PD_ERR_FORMAT, "line 3: begins with '#'");
    refused(csv("name,logit\n#1,0.5\n#2,0.7\n"), PD_ERR_FORMAT, "line 2: begins with '#'");
    holds(csv("1,2\n3,4\n5,6.5\n\n\n# made by \"me\n"), 3, 2, six);
    holds(csv("1,2\r3,4\r5,6.5\r"), 3, 2, six); /* old Mac */
    holds(csv("1,2\r\r\n3,4\r\r\n5,6.5\r\r\n"), 3, 2, six);
    refused(csv("1,2\r\r3,4\r"), PD_ERR_FORMAT, "line 2: empty");
}

static void numbers_as_others_write_them(void **state)
{
    (void)state;
    holds(csv("1,2,\n3,4,\n5,6.5,\n"), 3, 2, six);
    describes(csv("1,2,\n3,4,\n5,6.5,\n"), "the last column, empty, left out");
    refused(csv("1,2,\n3,4,5\n"), PD_ERR_FORMAT, "neither names");
    holds(csv("1,0;2\n3;4\n5;6,5\n"), 3, 2, six);
    holds(csv("1,0 2\n3 4\n5 6,5\n"), 3, 2, six);
    holds(csv("x;logit\n1,5;2\n3;4\n5;6,5\n"), 3, 1, (float[]){2, 4, 6.5F});
    describes(csv("1,0;2\n3;4\n5;6,5\n"), "numbers with decimal commas");
    refused(csv("1,5;2\n3.5;4\n"), PD_ERR_FORMAT, "'3.5', expected a number with a decimal comma");
    static const char halves[] = "1,764,-0,25\n-3,5,0,125\n0,1,2,0\n";
    static const float wholes[] = {1, 764, -0.0F, 25, -3, 5, 0, 125, 0, 1, 2, 0};
    refused(csv(halves), PD_ERR_FORMAT, "line 1: whole numbers alone, as decimal commas between commas");
    request.whole = true;
    holds(csv(halves), 3, 4, wholes);
    request.whole = false;
    holds(csv("1,764,-0,25\n-3,-5,0,125\n0,1,2,0\n"), 3, 4,
          (float[]){1, 764, -0.0F, 25, -3, -5, 0, 125, 0, 1, 2, 0});
    holds(csv("1,76,0,25\n3,5,0,12\n0,1,2,0\n"), 3, 4, (float[]){1, 76, 0, 25, 3, 5, 0, 12, 0, 1, 2, 0});
    holds(csv("1, 2\n3, 4\n5, 6.5\n"), 3, 2, six);
}

static void names_choose_columns(void **state)
{
    (void)state;
    csv("\"tench, Tinca tinca\",goldfish\n1,2\n3,4\n5,6.5\n");
    holds(scratch_path("t.csv:*"), 3, 2, six);
    csv(",cat,dog\n0,1,2\n1,3,4\n2,5,6.5\n");
    holds(scratch_path("t.csv:*"), 3, 2, six);
    csv("1,2\n3,4\n5,6.5\n");
    holds(scratch_path("t.csv:*"), 3, 2, six);
    csv("image,cat\na,1\n");
    struct pd_rows *rows;
    assert_int_equal(pd_rows_open(scratch_path("t.csv:*"), &request, &rows, NULL), PD_OK);
    int64_t n;
    float to[2];
    struct pd_error err;
    assert_int_equal(pd_rows_read(rows, to, 1, &n, &err), PD_ERR_FORMAT);
    assert_non_null(strstr(err.message, "line 2, column 1 (image): 'a', expected a number"));
    pd_rows_close(rows);
    csv("a,b,c\n1,9,2\n3,9,4\n5,9,6.5\n");
    holds(scratch_path("t.csv:a,c"), 3, 2, six);
    refused(scratch_path("t.csv:a,d"), PD_ERR_USAGE, "t.csv: no column 'd' of 'a,d' (it has: a, b, c)");
    refused(csv("logit_0,logit_2\n1,2\n"), PD_ERR_FORMAT, "none of them is logit_1");
    refused(csv("logit_1,logit_2\n1,2\n"), PD_ERR_FORMAT, "none of them is logit_0");
    refused(csv("logit_0,logit_1,logit_0\n1,2,3\n"), PD_ERR_FORMAT, "none of them is logit_2");
    refused(csv("logit,logit\n1,2\n"), PD_ERR_FORMAT, "two columns are called 'logit'");
    csv("1,2\n3,4\n");
    refused(scratch_path("t.csv:logit"), PD_ERR_USAGE,
            "no column 'logit': line 1 holds no names; without ':logit' all columns are "
            "taken");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const uint16_t halves[] = {0x3C00, 0x4000, 0x4200, 0x4400};
    const struct pd_io_array half = ARRAY("logit", PD_IO_F16, halves, 2, 2);
    const char *const path[] = {csv("# logit;x\n1,5;2\n3;4,5\n"), scratch_path("f.npz")};
    assert_int_equal(pd_npz_write(path[1], &half, 1, true, NULL), PD_OK);
    for (int i = 0; i < 2; i++) {
        enum pd_status status = PD_ERR_MEMORY;
        for (uint64_t n = 1; status; n++) {
            float got[4];
            int64_t rows_got;
            struct pd_rows *rows;
            pd_mem_fail_after(n);
            status = pd_rows_open(path[i], &request, &rows, NULL);
            if (!status)
                status = pd_rows_read(rows, got, 2, &rows_got, NULL);
            pd_mem_fail_after(0);
            assert_true(status == PD_OK || status == PD_ERR_MEMORY);
            pd_rows_close(rows);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_npy),
        cmocka_unit_test(reads_other_numbers),
        cmocka_unit_test(refuses_bad_npy),
        cmocka_unit_test(reads_npz),
        cmocka_unit_test(refuses_bad_npz),
        cmocka_unit_test(reads_csv),
        cmocka_unit_test(refuses_bad_csv),
        cmocka_unit_test(a_first_line_is_a_header_by_rule),
        cmocka_unit_test(options_decide_on_the_header),
        cmocka_unit_test(rows_have_names),
        cmocka_unit_test(an_index_may_be_written_as_fractions_are),
        cmocka_unit_test(fractions_are_no_index),
        cmocka_unit_test(percentages_are_no_decimal_commas),
        cmocka_unit_test(a_line_above_says_the_separator),
        cmocka_unit_test(points_may_stand_between_thousands),
        cmocka_unit_test(a_count_of_the_rows_is_no_feature),
        cmocka_unit_test(names_of_names),
        cmocka_unit_test(the_same_rows_are_written_otherwise),
        cmocka_unit_test(names_may_be_numbers),
        cmocka_unit_test(measurements_name_no_rows),
        cmocka_unit_test(a_constant_counts_nothing),
        cmocka_unit_test(classes_of_weight_are_told_apart),
        cmocka_unit_test(floats_tell_rows_apart),
        cmocka_unit_test(arrays_are_rounded_as_files_are),
        cmocka_unit_test(other_formats_are_named),
        cmocka_unit_test(an_index_is_no_column),
        cmocka_unit_test(no_line_shifts_the_rows),
        cmocka_unit_test(numbers_as_others_write_them),
        cmocka_unit_test(names_choose_columns),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
