#include "scratch.h"

#include "base/mem.h"
#include "arrays.h"

#include <math.h>
#include <sys/stat.h>

static const float floats[6] = {1, 2, 3, 4, 5, 6};
static const uint8_t bytes3[3] = {7, 8, 9};
static const int64_t longs[2] = {1LL << 40, -1};
static const struct pd_io_array arrays[] = {
    {"images", PD_IO_F32, 2, {2, 3}, floats}, {"labels", PD_IO_I64, 1, {2}, longs},
    {"mask", PD_IO_U8, 1, {3}, bytes3},       {"empty", PD_IO_F64, 2, {0, 4}, NULL},
    {"one", PD_IO_I32, 0, {0}, floats},
};
enum { ARRAYS = sizeof arrays / sizeof *arrays };

static void assert_same(const struct pd_io_array *a, const struct pd_io_array *b)
{
    int64_t bytes;
    assert_non_null(a);
    assert_int_equal(a->dtype, b->dtype);
    assert_int_equal(a->rank, b->rank);
    assert_memory_equal(a->dims, b->dims, sizeof *a->dims * (size_t)a->rank);
    assert_int_equal((uintptr_t)a->data % pd_io_dtype_size(a->dtype), 0);
    assert_true(pd_io_array_bytes(b, &bytes));
    if (bytes)
        assert_memory_equal(a->data, b->data, (size_t)bytes);
}

/* Magic, version, length, header text, data of ones: a file by hand. Returns its size. */
static size_t by_hand(char *out, int major, const char *header, size_t data)
{
    uint32_t length = (uint32_t)strlen(header);
    size_t width = major == 1 ? 2 : 4;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (char)major;
    out[7] = 0;
    memcpy(out + 8, &length, width);
    memcpy(out + 8 + width, header, length);
    memset(out + 8 + width + length, 1, data);
    return 8 + width + length + data;
}

/* What numpy.save of NumPy 2 writes, spaces included. */
static void writes_numpys_bytes(void **state)
{
    (void)state;
    static const char header[] =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }                                "
        "                          \n";
    char expected[8 + sizeof header + 64];
    size_t n = by_hand(expected, 1, header, 0), size;
    memcpy(expected + n, floats, sizeof floats);
    const char *path = scratch_path("bytes.npy");
    assert_int_equal(pd_npy_write(path, &arrays[0], NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    assert_int_equal(n, 128);
    assert_int_equal(size, n + sizeof floats);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

static void reads_back_every_type(void **state)
{
    (void)state;
    for (int i = 0; i < ARRAYS; i++) {
        struct pd_npy *npy;
        const char *path = scratch_path("round.npy");
        assert_int_equal(pd_npy_write(path, &arrays[i], NULL), PD_OK);
        assert_int_equal(pd_npy_open(path, &npy, NULL), PD_OK);
        assert_int_equal(pd_npy_count(npy), 1);
        assert_same(find_array(npy, ""), &arrays[i]);
        assert_null(find_array(npy, "images"));
        pd_npy_destroy(npy);
    }
}

static void reads_back_zips(void **state)
{
    (void)state;
    const char *path = scratch_path("round.npz");
    for (int deflate = 0; deflate < 2; deflate++) {
        struct pd_npy *npy;
        assert_int_equal(pd_npz_write(path, arrays, ARRAYS, deflate, NULL), PD_OK);
        assert_int_equal(pd_npy_open(path, &npy, NULL), PD_OK);
        assert_int_equal(pd_npy_count(npy), ARRAYS);
        for (size_t i = 0; i < ARRAYS; i++) {
            assert_string_equal(pd_npy_name(npy, i), arrays[i].name);
            assert_same(find_array(npy, arrays[i].name), &arrays[i]);
        }
        pd_npy_destroy(npy);
    }
}

static void the_same_arrays_give_the_same_zip(void **state)
{
    (void)state;
    size_t sizes[2];
    char *bytes[2];
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path(i ? "same1.npz" : "same0.npz");
        assert_int_equal(pd_npz_write(path, arrays, ARRAYS, true, NULL), PD_OK);
        bytes[i] = scratch_read(path, &sizes[i]);
        usleep(i ? 0 : 2100000); /* a zip's clock ticks every two seconds */
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

/* Opens it and reads all arrays. */
static enum pd_status read_all(const char *bytes, size_t size, const char *name, struct pd_npy **npy,
                               struct pd_error *err)
{
    const struct pd_io_array *a;
    enum pd_status status = pd_npy_parse(bytes, size, name, npy, err);
    for (size_t i = 0; !status && i < pd_npy_count(*npy); i++)
        status = pd_npy_load(*npy, i, &a, err);
    if (status) {
        pd_npy_destroy(*npy);
        *npy = NULL;
    }
    return status;
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (int zip = 0; zip < 2; zip++) {
        size_t size;
        const char *path = scratch_path("cut");
        assert_int_equal(zip ? pd_npz_write(path, arrays, 2, true, NULL) : pd_npy_write(path, arrays, NULL),
                         PD_OK);
        char *bytes = scratch_read(path, &size);
        for (size_t n = 0; n < size; n++) {
            struct pd_npy *npy;
            struct pd_error err;
            char *part = malloc(n ? n : 1); /* its own block, so that a read beyond it is seen */
            memcpy(part, bytes, n);
            assert_int_equal(read_all(part, n, "cut", &npy, &err), PD_ERR_FORMAT);
            assert_null(npy);
            assert_contains(err.message, zip && n >= 4 ? "cut: not a whole zip: " : "cut: truncated: ");
            free(part);
        }
        free(bytes);
    }
}

#define H(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape "}"

static void accepts_other_spellings(void **state)
{
    (void)state;
    static const struct {
        int major;
        const char *header;
        size_t data;
        int rank;
    } cases[] = {{1, H("'<f4'", "False", "(2,)"), 8, 1},
                 {2, H("'<f4'", "False", "(2, 3)"), 24, 2},
                 {3, H("'<f8'", "False", "()"), 8, 0},
                 {1, H("'|u1'", "True", "(3,)"), 3, 1}, /* Fortran order of one dimension is C order */
                 {1, " { \"shape\" : ( 2 , 1 , ) ,\"fortran_order\":False,\"descr\":\"<i4\" , } \n", 8, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pd_npy *npy;
        struct pd_error err;
        char bytes[300];
        size_t size = by_hand(bytes, cases[i].major, cases[i].header, cases[i].data);
        assert_int_equal(read_all(bytes, size, "x", &npy, &err), PD_OK);
        const struct pd_io_array *a = find_array(npy, pd_npy_name(npy, 0));
        assert_int_equal(a->rank, cases[i].rank);
        assert_int_equal((uintptr_t)a->data % pd_io_dtype_size(a->dtype), 0);
        assert_int_equal(*(const uint8_t *)a->data, 1);
        pd_npy_destroy(npy);
    }
}

static const struct {
    int major;
    const char *header;
    size_t data;
    enum pd_status status;
    const char *message;
} refusals[] = {
    {4, "{}", 0, PD_ERR_UNSUPPORTED, "x: npy version 4.0, expected 1.0, 2.0 or 3.0 at offset 6"},
    {1, "", 0, PD_ERR_FORMAT, "x: npy header: expected '{' at offset 10"},
    {1, "{}", 0, PD_ERR_FORMAT, "expected descr, fortran_order and shape at offset 12"},
    {1, "{'descr'", 0, PD_ERR_FORMAT, "expected ':' at offset 18"},
    {1, "{descr", 0, PD_ERR_FORMAT, "expected a key in quotes at offset 11"},
    {1, "{'descr", 0, PD_ERR_FORMAT, "expected a key in quotes at offset 11"},
    {1, "{'a': 1}", 0, PD_ERR_FORMAT, "expected descr, fortran_order and shape, each once at offset 11"},
    {1, "{'shape': (), 'shape': ()}", 0, PD_ERR_FORMAT, "each once"},
    {1, "{'shape': () 'descr': '<f4'}", 0, PD_ERR_FORMAT, "expected ',' or '}'"},
    {1, H("'<c8'", "False", "()"), 8, PD_ERR_UNSUPPORTED,
     "x: numbers of type '<c8' (complex numbers), expected"},
    {1, H("'|O'", "False", "()"), 8, PD_ERR_UNSUPPORTED, "'|O' (Python objects, pickled, which are never"},
    {1, H("'<U5'", "False", "()"), 20, PD_ERR_UNSUPPORTED, "'<U5' (text)"},
    {1, H("'<M8[ns]'", "False", "()"), 8, PD_ERR_UNSUPPORTED, "'<M8[ns]' (dates)"},
    {1, H("'|V8'", "False", "()"), 8, PD_ERR_UNSUPPORTED, "'|V8' (raw bytes"},
    {1, H("'<f16'", "False", "()"), 16, PD_ERR_UNSUPPORTED, "'<f16' (of a width that is not read)"},
    {1, H("''", "False", "()"), 4, PD_ERR_UNSUPPORTED, "(a structured array"},
    {1, H("[('a', '<f4')]", "False", "()"), 4, PD_ERR_UNSUPPORTED,
     "type [...] (a structured array: save one of its fields), expected float16, float32, float64, integers "
     "or "
     "bool at offset 20"},
    {1, H("'<f4'", "Perhaps", "()"), 4, PD_ERR_FORMAT, "expected True or False"},
    {1, H("'<f4'", "False", "3"), 4, PD_ERR_FORMAT, "expected a shape in parentheses"},
    {1, H("'<f4'", "False", "(3)"), 12, PD_ERR_FORMAT, "expected (n,)"},
    {1, H("'<f4'", "False", "(-3,)"), 12, PD_ERR_FORMAT, "expected a dimension"},
    {1, H("'<f4'", "False", "(99999999999999999999,)"), 12, PD_ERR_FORMAT, "expected a dimension"},
    {1, H("'<f4'", "False", "(3 4)"), 12, PD_ERR_FORMAT, "expected ',' or ')'"},
    {1, H("'<f4'", "False", "(3, "), 12, PD_ERR_FORMAT, "expected a dimension"},
    {1, H("'<f4'", "False", "(1,1,1,1,1,1,1,1,1)"), 4, PD_ERR_UNSUPPORTED,
     "x: npy of more than 8 dimensions"},
    {1, H("'<f4'", "False", "(4611686018427387904,)"), 4, PD_ERR_FORMAT, "x: the npy's shape is too large"},
    {1, H("'<f4'", "False", "()") "x", 4, PD_ERR_FORMAT, "expected nothing after '}'"},
    {1, H("'<f4'", "False", "(2,)"), 7, PD_ERR_FORMAT, "x: truncated: npy data of 7 bytes, expected 8"},
    {1, H("'<f4'", "False", "(2,)"), 9, PD_ERR_FORMAT, "x: npy data of 9 bytes, expected 8"},
};

static void refuses_wrong_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct pd_npy *npy;
        struct pd_error err;
        char bytes[300];
        size_t size = by_hand(bytes, refusals[i].major, refusals[i].header, refusals[i].data);
        assert_int_equal(read_all(bytes, size, "x", &npy, &err), refusals[i].status);
        assert_contains(err.message, refusals[i].message);
        assert_true(err.offset >= 0);
        assert_null(npy);
    }
    struct pd_npy *npy;
    struct pd_error err;
    assert_int_equal(read_all("not an array", 12, "x", &npy, &err), PD_ERR_FORMAT);
    assert_string_equal(err.message, "x: not an npy file: expected \\x93NUMPY at offset 0");
    assert_int_equal(pd_npy_open("/no/such.npy", &npy, &err), PD_ERR_IO);
    assert_null(npy);
}

/* --- how others lay them out --- */

#define ARRAY_OF(descr, order, shape, ...)                                                                   \
    {                                                                                                        \
        H(descr, order, shape), sizeof(uint8_t[]){__VA_ARGS__},                                              \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

static void reads_every_layout(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t size;
        uint8_t data[24];
    } cases[] = {
        ARRAY_OF("'<f4'", "False", "(2,)", 0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0),
        ARRAY_OF("'>f4'", "False", "(2,)", 0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0),
        ARRAY_OF("'>f8'", "False", "(2L,)", 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0),
        ARRAY_OF("'<f2'", "False", "(2,)", 0, 0x3E, 0, 0xC0),
        ARRAY_OF("'>f2'", "False", "(2,)", 0x3E, 0, 0xC0, 0),
        ARRAY_OF("'<V2'", "False", "(2,)", 0xC0, 0x3F, 0, 0xC0),
        ARRAY_OF("'|V2'", "False", "(2,)", 0xC0, 0x3F, 0, 0xC0),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pd_npy *npy;
        struct pd_error err;
        char bytes[300];
        double value[2];
        const size_t size = by_hand(bytes, 1, cases[i].header, cases[i].size);
        memcpy(bytes + size - cases[i].size, cases[i].data, cases[i].size);
        assert_int_equal(read_all(bytes, size, "x", &npy, &err), PD_OK);
        const struct pd_io_array *a = find_array(npy, "");
        pd_io_to_doubles(a->dtype, a->data, 2, value);
        if (value[0] != 1.5 || value[1] != -2)
            fail_msg("%s: %g %g, expected 1.5 -2", cases[i].header, value[0], value[1]);
        pd_npy_destroy(npy);
    }
}

static void knows_halves_and_integers(void **state)
{
    (void)state;
    static const uint16_t halves[] = {0x0001, 0x03FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00, 0x7E00, 0x8000};
    static const double expected[] = {0x1p-24,  1023 * 0x1p-24, 0x1p-14, 65504,
                                      INFINITY, -INFINITY,      NAN,     -0.0};
    double value[8];
    pd_io_to_doubles(PD_IO_F16, halves, 8, value);
    for (int i = 0; i < 8; i++)
        assert_true(value[i] == expected[i] || (isnan(value[i]) && isnan(expected[i])));
    pd_io_to_doubles(PD_IO_I8, (int8_t[]){-3}, 1, value);
    pd_io_to_doubles(PD_IO_I16, (int16_t[]){-300}, 1, value + 1);
    pd_io_to_doubles(PD_IO_U16, (uint16_t[]){65535}, 1, value + 2);
    pd_io_to_doubles(PD_IO_U32, (uint32_t[]){4294967295}, 1, value + 3);
    pd_io_to_doubles(PD_IO_U64, (uint64_t[]){1ULL << 63}, 1, value + 4);
    pd_io_to_doubles(PD_IO_BOOL, (uint8_t[]){7}, 1, value + 5);
    assert_true(value[0] == -3 && value[1] == -300 && value[2] == 65535 && value[3] == 4294967295 &&
                value[4] == 0x1p63 && value[5] == 1);
}

/* (2, 3, 2) of 0 .. 11 with the first dimension running fastest. */
static void reads_fortran_order(void **state)
{
    (void)state;
    char bytes[300];
    const size_t size = by_hand(bytes, 1, H("'>i2'", "True", "(2, 3, 2)"), 24);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 2; k++) {
                char *at = bytes + size - 24 + 2 * (i + 2 * (j + 3 * k));
                at[0] = 0;
                at[1] = (char)(i * 6 + j * 2 + k);
            }
    const char *path = scratch_path("fortran.npy");
    scratch_write(path, bytes, size);
    static const int64_t steps[] = {1, 4, 6, 12};
    for (size_t s = 0; s < 4; s++) {
        struct pd_npy *npy;
        struct pd_npy_stream *stream;
        assert_int_equal(pd_npy_open(path, &npy, NULL), PD_OK);
        assert_int_equal(pd_npy_stream_open(npy, 0, &stream, NULL), PD_OK);
        for (int turn = 0; turn < 2; turn++) {
            int16_t value[12];
            for (int64_t at = 0; at < 12; at += steps[s])
                assert_int_equal(pd_npy_stream_read(stream, value + at, steps[s], NULL), PD_OK);
            for (int i = 0; i < 12; i++)
                assert_int_equal(value[i], i);
            assert_int_equal(pd_npy_stream_rewind(stream, NULL), PD_OK);
        }
        pd_npy_stream_close(stream);
        pd_npy_destroy(npy);
    }
}

/* --- what grows when it is unpacked --- */

static void refuses_bombs(void **state)
{
    (void)state;
    enum { LARGE = 80 << 20 };
    const struct pd_io_array *a;
    struct pd_npy *npy;
    struct pd_error err;
    uint8_t *zeros = calloc(LARGE, 1);
    const struct pd_io_array two[] = {{"bomb", PD_IO_U8, 1, {LARGE}, zeros}, arrays[0]};
    const char *path = scratch_path("bomb.npz");
    assert_int_equal(pd_npz_write(path, two, 2, true, NULL), PD_OK);
    free(zeros);
    assert_int_equal(pd_npy_open(path, &npy, NULL), PD_OK);
    assert_same(find_array(npy, "images"), &arrays[0]); /* the other one is not unpacked */
    assert_int_equal(pd_npy_load(npy, 0, &a, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "bomb.npz:bomb: unpacks from ");
    assert_contains(err.message, "more than 32 times as many: numpy.savez in place of savez_compressed");
    pd_npy_destroy(npy);
}

static void passes_over_what_is_no_array(void **state)
{
    (void)state;
    struct pd_npy *npy;
    const char *path = scratch_path("passed.npz");
    size_t size;
    assert_int_equal(pd_npz_write(path, arrays, 2, false, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    for (char *at; (at = memmem(bytes, size, "labels.npy", 10));)
        memcpy(at, "labels.txt", 10);
    assert_int_equal(read_all(bytes, size, "x", &npy, NULL), PD_OK);
    assert_int_equal(pd_npy_count(npy), 1);
    assert_same(find_array(npy, "images"), &arrays[0]);
    pd_npy_destroy(npy);
    free(bytes);
    assert_int_equal(mkfifo(scratch_path("pipe.npy"), 0600), 0);
    assert_int_equal(pd_npy_open(scratch_path("pipe.npy"), &npy, NULL), PD_ERR_FORMAT); /* at once */
}

/* Every byte of a stored zip with a bit flipped: refused, or (where zip says it in two places) the same
 * arrays. */
static void damaged_zips_are_refused_or_the_same(void **state)
{
    (void)state;
    size_t size, refused = 0;
    const char *path = scratch_path("damaged.npz");
    assert_int_equal(pd_npz_write(path, arrays, 1, false, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    for (size_t i = 0; i < size; i++) {
        struct pd_npy *npy;
        bytes[i] ^= 4;
        if (read_all(bytes, size, "x", &npy, NULL) != PD_OK)
            refused++;
        else if (pd_npy_count(npy))
            assert_same(find_array(npy, pd_npy_name(npy, 0)), &arrays[0]);
        pd_npy_destroy(npy);
        bytes[i] ^= 4;
    }
    assert_true(refused > 128 + sizeof floats); /* at least wherever the entry is damaged */
    free(bytes);
}

static void zips_name_the_entry(void **state)
{
    (void)state;
    struct pd_npy *npy;
    struct pd_error err;
    size_t size;
    const char *path = scratch_path("named.npz");
    assert_int_equal(pd_npz_write(path, arrays, 1, false, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    char *at = memmem(bytes, size, floats, sizeof floats);
    assert_non_null(at);
    *at ^= 1;
    assert_int_equal(read_all(bytes, size, "x.npz", &npy, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "x.npz:images: cannot read: CRC error");
    free(bytes);
    const struct pd_io_array twice[] = {arrays[0], arrays[0]}, unnamed = {"", PD_IO_F32, 0, {0}, floats};
    assert_int_equal(pd_npz_write(path, twice, 2, false, &err), PD_ERR_USAGE);
    assert_contains(err.message, "/named.npz: array name 'images' is used twice");
    assert_int_equal(pd_npz_write(path, &unnamed, 1, false, &err), PD_ERR_USAGE);
    assert_contains(err.message, "/named.npz: array 0 has no name");
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    static const float large[2000];
    const struct pd_io_array a = {"large", PD_IO_F32, 1, {2000}, large};
    for (int zip = 0; zip < 2; zip++) {
        struct pd_error err;
        struct pd_npy *npy;
        const char *path = scratch_path("keep");
        assert_int_equal(pd_npz_write(path, arrays, 1, false, NULL), PD_OK);
        scratch_limit(4096);
        enum pd_status status = zip ? pd_npz_write(path, &a, 1, false, &err) : pd_npy_write(path, &a, &err);
        scratch_limit(RLIM_INFINITY);
        assert_int_equal(status, PD_ERR_IO);
        assert_contains(err.message, "/keep: cannot write: File too large");
        assert_int_equal(pd_npy_open(path, &npy, NULL), PD_OK);
        assert_non_null(find_array(npy, "images"));
        pd_npy_destroy(npy);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const char *path = scratch_path("torture");
    assert_int_equal(pd_npz_write(path, arrays, ARRAYS, true, NULL), PD_OK);
    enum pd_status writing = PD_ERR_MEMORY, reading = PD_ERR_MEMORY;
    for (uint64_t n = 1; writing != PD_OK || reading != PD_OK; n++) {
        struct pd_npy *npy = NULL;
        pd_mem_fail_after(n);
        writing = pd_npz_write(path, arrays, ARRAYS, true, NULL);
        pd_mem_fail_after(n);
        reading = pd_npy_open(path, &npy, NULL);
        for (size_t i = 0; !reading && i < pd_npy_count(npy); i++) {
            const struct pd_io_array *a;
            reading = pd_npy_load(npy, i, &a, NULL);
        }
        pd_mem_fail_after(0);
        assert_true(writing == PD_OK || writing == PD_ERR_MEMORY);
        assert_true(reading == PD_OK || reading == PD_ERR_MEMORY);
        pd_npy_destroy(npy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_numpys_bytes),
        cmocka_unit_test(reads_back_every_type),
        cmocka_unit_test(reads_back_zips),
        cmocka_unit_test(the_same_arrays_give_the_same_zip),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(accepts_other_spellings),
        cmocka_unit_test(refuses_wrong_headers),
        cmocka_unit_test(reads_every_layout),
        cmocka_unit_test(knows_halves_and_integers),
        cmocka_unit_test(reads_fortran_order),
        cmocka_unit_test(refuses_bombs),
        cmocka_unit_test(passes_over_what_is_no_array),
        cmocka_unit_test(damaged_zips_are_refused_or_the_same),
        cmocka_unit_test(zips_name_the_entry),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
