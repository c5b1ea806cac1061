#include "scratch.h"

#include "base/mem.h"
#include "io/safetensors.h"

static const float weight[6] = {1, 2, 3, 4, 5, 6};
static const double rate = 0.25;
static const uint8_t state_bytes[3] = {7, 8, 9};
static const int64_t step = 1LL << 40;

static const struct pd_io_array tensors[] = {
    {"state", PD_IO_U8, 1, {3}, state_bytes}, {"weight", PD_IO_F32, 2, {2, 3}, weight},
    {"rate", PD_IO_F64, 0, {0}, &rate},       {"empty", PD_IO_I32, 2, {0, 4}, NULL},
    {"step", PD_IO_I64, 1, {1}, &step},
};
static const struct pd_st_meta meta[] = {{"format", "paydirt 1"}, {"options", "{\"seed\": \"3\"}"}};

/* Header length, header, data: a file by hand. Returns its size. */
static size_t by_hand(char *out, const char *header, size_t data)
{
    uint64_t length = strlen(header);
    memcpy(out, &length, 8);
    memcpy(out + 8, header, length);
    memset(out + 8 + length, 1, data);
    return 8 + length + data;
}

static void writes_these_bytes(void **state)
{
    (void)state;
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
                                 "\"data_offsets\":[0,8]}} ";
    const struct pd_io_array a = {"a", PD_IO_F32, 1, {2}, weight};
    const struct pd_st_meta m = {"k", "v"};
    const char *path = scratch_path("bytes");
    assert_int_equal(pd_safetensors_write(path, &a, 1, &m, 1, NULL), PD_OK);
    size_t size;
    char *bytes = scratch_read(path, &size), expected[8 + sizeof header + 8];
    by_hand(expected, header, 8);
    memcpy(expected + 8 + strlen(header), weight, 8);
    assert_int_equal(strlen(header) % 8, 0);
    assert_int_equal(size, 8 + strlen(header) + 8);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

static void reads_back_what_was_written(void **state)
{
    (void)state;
    struct pd_safetensors *st;
    const char *path = scratch_path("round");
    assert_int_equal(pd_safetensors_write(path, tensors, 5, meta, 2, NULL), PD_OK);
    assert_int_equal(pd_safetensors_open(path, &st, NULL), PD_OK);
    assert_int_equal(pd_safetensors_count(st), 5);
    assert_string_equal(pd_safetensors_at(st, 0)->name, "rate"); /* wide types first */
    assert_string_equal(pd_safetensors_at(st, 4)->name, "state");
    for (size_t i = 0; i < 5; i++) {
        const struct pd_io_array *t = pd_safetensors_find(st, tensors[i].name);
        int64_t bytes;
        assert_non_null(t);
        assert_int_equal(t->dtype, tensors[i].dtype);
        assert_int_equal(t->rank, tensors[i].rank);
        assert_memory_equal(t->dims, tensors[i].dims, sizeof t->dims);
        assert_true(pd_io_array_bytes(t, &bytes));
        assert_int_equal((uintptr_t)t->data % pd_io_dtype_size(t->dtype), 0);
        if (bytes)
            assert_memory_equal(t->data, tensors[i].data, (size_t)bytes);
    }
    assert_null(pd_safetensors_find(st, "nothing"));
    assert_int_equal(pd_safetensors_meta_count(st), 2);
    assert_string_equal(pd_safetensors_meta_at(st, 1).key, "options");
    assert_string_equal(pd_safetensors_meta_at(st, 1).value, meta[1].value);
    assert_string_equal(pd_safetensors_meta(st, "format"), "paydirt 1");
    assert_null(pd_safetensors_meta(st, "nothing"));
    pd_safetensors_destroy(st);
}

static void get_says_what_does_not_fit(void **state)
{
    (void)state;
    struct pd_safetensors *st;
    struct pd_error err;
    const void *data;
    const int64_t shape[] = {2, 3}, other[] = {3, 2};
    const char *path = scratch_path("get");
    assert_int_equal(pd_safetensors_write(path, tensors, 5, NULL, 0, NULL), PD_OK);
    assert_int_equal(pd_safetensors_open(path, &st, NULL), PD_OK);
    assert_int_equal(pd_safetensors_get(st, "weight", PD_IO_F32, 2, shape, &data, NULL), PD_OK);
    assert_memory_equal(data, weight, sizeof weight);
    assert_int_equal(pd_safetensors_get(st, "rate", PD_IO_F64, 0, NULL, &data, NULL), PD_OK);
    assert_int_equal(pd_safetensors_get(st, "weight", PD_IO_F64, 2, other, &data, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "/get: tensor 'weight' is F32 (2, 3), expected F64 (3, 2)");
    assert_int_equal(pd_safetensors_get(st, "bias", PD_IO_F32, 1, other, &data, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "/get: no tensor 'bias'");
    pd_safetensors_destroy(st);
}

static void the_same_content_gives_the_same_bytes(void **state)
{
    (void)state;
    size_t sizes[2];
    char *bytes[2];
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path(i ? "same1" : "same0");
        assert_int_equal(pd_safetensors_write(path, tensors, 5, meta, 2, NULL), PD_OK);
        bytes[i] = scratch_read(path, &sizes[i]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    size_t size;
    const char *path = scratch_path("cut");
    assert_int_equal(pd_safetensors_write(path, tensors, 5, meta, 2, NULL), PD_OK);
    char *bytes = scratch_read(path, &size);
    for (size_t n = 0; n < size; n++) {
        struct pd_safetensors *st;
        struct pd_error err;
        char *part = malloc(n ? n : 1); /* its own block, so that a read beyond it is seen */
        memcpy(part, bytes, n);
        assert_int_equal(pd_safetensors_parse(part, n, "cut.st", &st, &err), PD_ERR_FORMAT);
        assert_null(st);
        assert_contains(err.message, "cut.st: truncated: ");
        free(part);
    }
    free(bytes);
}

static void unaligned_data_is_given_aligned(void **state)
{
    (void)state;
    struct pd_safetensors *st;
    char bytes[200];
    size_t size = by_hand(bytes,
                          "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                          "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[1,9]}}",
                          9);
    assert_int_equal(pd_safetensors_parse(bytes, size, "odd", &st, NULL), PD_OK);
    const struct pd_io_array *b = pd_safetensors_find(st, "b");
    assert_int_equal((uintptr_t)b->data % 8, 0);
    assert_memory_equal(b->data, "\1\1\1\1\1\1\1\1", 8);
    pd_safetensors_destroy(st);
}

#define T(dtype, shape, offsets)                                                                             \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const struct {
    const char *header;
    size_t data;
    enum pd_status status;
    const char *message;
} refusals[] = {
    {"[]", 0, PD_ERR_FORMAT, "x: not safetensors: expected '{' at offset 8"},
    {"{]", 0, PD_ERR_FORMAT, "x: header is not valid: "},
    {"{}{}", 0, PD_ERR_FORMAT, "x: header is not valid: end of file expected"},
    {"{\"a\":1,\"a\":2}", 0, PD_ERR_FORMAT, "x: header is not valid: duplicate object key"},
    {"{\"\xff\":1}", 0, PD_ERR_FORMAT, "x: header is not valid: "},
    {"{}", 3, PD_ERR_FORMAT, "x: 3 bytes after the last tensor at offset 10"},
    {"{\"a\":1}", 0, PD_ERR_FORMAT, "x: tensor 'a': expected an object, in the header at offset 8"},
    {"{\"__metadata__\":[]}", 0, PD_ERR_FORMAT, "x: tensor '__metadata__': expected an object"},
    {"{\"__metadata__\":{\"k\":1}}", 0, PD_ERR_FORMAT, "x: metadata 'k': expected a string"},
    {"{\"a\":{}}", 0, PD_ERR_FORMAT, "x: tensor 'a': no dtype"},
    {"{\"a\":{\"dtype\":\"U8\"}}", 0, PD_ERR_FORMAT, "x: tensor 'a': no shape"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 0, PD_ERR_FORMAT, "no data_offsets of two whole numbers"},
    {T("BF16", "[1]", "[0,2]"), 2, PD_ERR_UNSUPPORTED,
     "x: tensor 'a': dtype BF16, expected F32, F64, I32, I64 or U8"},
    {T("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, PD_ERR_UNSUPPORTED,
     "x: tensor 'a': 9 dimensions, expected at most 8"},
    {T("U8", "[-1]", "[0,1]"), 1, PD_ERR_FORMAT, "a dimension is not a whole number >= 0"},
    {T("U8", "[1.0]", "[0,1]"), 1, PD_ERR_FORMAT, "a dimension is not a whole number >= 0"},
    {T("F32", "[4611686018427387904]", "[0,0]"), 0, PD_ERR_FORMAT, "the shape is too large"},
    {T("U8", "[4294967296,4294967296]", "[0,0]"), 0, PD_ERR_FORMAT, "the shape is too large"},
    {T("U8", "[99999999999999999999]", "[0,0]"), 0, PD_ERR_FORMAT, "too big integer"},
    {T("U8", "[1]", "[0]"), 1, PD_ERR_FORMAT, "no data_offsets of two whole numbers"},
    {T("U8", "[1]", "[0,1,2]"), 1, PD_ERR_FORMAT, "no data_offsets of two whole numbers"},
    {T("U8", "[1]", "[0,\"1\"]"), 1, PD_ERR_FORMAT, "no data_offsets of two whole numbers"},
    {T("U8", "[1]", "[1,0]"), 1, PD_ERR_FORMAT, "x: tensor 'a': data_offsets are not in order"},
    {T("U8", "[1]", "[-1,0]"), 1, PD_ERR_FORMAT, "x: tensor 'a': data_offsets are not in order"},
    {T("F32", "[2]", "[0,4]"), 4, PD_ERR_FORMAT, "x: tensor 'a': data of 4 bytes, expected 8 for its shape"},
    {T("U8", "[1]", "[1,2]"), 2, PD_ERR_FORMAT, "x: tensor 'a' begins at data byte 1, expected 0"},
    {T("U8", "[2]", "[0,2]"), 1, PD_ERR_FORMAT, "x: truncated: tensor 'a' needs data up to byte "},
    {T("U8", "[2]", "[0,2]"), 3, PD_ERR_FORMAT, "x: 1 bytes after the last tensor"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
     3, PD_ERR_FORMAT, "x: tensor 'b' begins at data byte 1, expected 2"},
};

static void refuses_wrong_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct pd_safetensors *st;
        struct pd_error err;
        char bytes[300];
        size_t size = by_hand(bytes, refusals[i].header, refusals[i].data);
        assert_int_equal(pd_safetensors_parse(bytes, size, "x", &st, &err), refusals[i].status);
        assert_contains(err.message, refusals[i].message);
        assert_true(err.offset >= 0);
        assert_null(st);
    }
}

static void refuses_wrong_lengths(void **state)
{
    (void)state;
    static const struct {
        uint64_t length;
        const char *message;
    } cases[] = {{0, "x: not safetensors: header length 0, expected 2 to 16777216 at offset 0"},
                 {UINT64_MAX, "x: not safetensors: header length 18446744073709551615"},
                 {3, "x: truncated: header of 3 bytes, but the file ends at offset 10"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pd_safetensors *st;
        struct pd_error err;
        char bytes[10] = "        {}";
        memcpy(bytes, &cases[i].length, 8);
        assert_int_equal(pd_safetensors_parse(bytes, 10, "x", &st, &err), PD_ERR_FORMAT);
        assert_contains(err.message, cases[i].message);
    }
}

static void refuses_names_that_cannot_be_written(void **state)
{
    (void)state;
    static const struct {
        const char *one, *two, *message;
    } cases[] = {{"a", "a", "/name: tensor name 'a' is used twice"},
                 {"a", "", "/name: tensor name '' is not allowed"},
                 {"__metadata__", "a", "/name: tensor name '__metadata__' is not allowed"},
                 {"\xff", "a", "is not UTF-8"}};
    struct pd_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pd_io_array two[] = {{cases[i].one, PD_IO_F64, 0, {0}, &rate},
                                          {cases[i].two, PD_IO_F64, 0, {0}, &rate}};
        assert_int_equal(pd_safetensors_write(scratch_path("name"), two, 2, NULL, 0, &err), PD_ERR_USAGE);
        assert_contains(err.message, cases[i].message);
        assert_int_equal(access(scratch_path("name"), F_OK), -1);
    }
    const struct pd_st_meta twice[] = {{"k", "1"}, {"k", "2"}}, odd = {"k", "\xff"};
    assert_int_equal(pd_safetensors_write(scratch_path("name"), NULL, 0, twice, 2, &err), PD_ERR_USAGE);
    assert_contains(err.message, "metadata key 'k' twice");
    assert_int_equal(pd_safetensors_write(scratch_path("name"), NULL, 0, &odd, 1, &err), PD_ERR_USAGE);
    assert_contains(err.message, "metadata 'k' is not UTF-8");
}

static void a_full_disk_keeps_the_old_checkpoint(void **state)
{
    (void)state;
    static const float large[2000];
    const struct pd_io_array t = {"t", PD_IO_F32, 1, {2000}, large};
    struct pd_error err;
    const char *path = scratch_path("keep");
    assert_int_equal(pd_safetensors_write(path, tensors, 5, meta, 2, NULL), PD_OK);
    scratch_limit(4096);
    enum pd_status status = pd_safetensors_write(path, &t, 1, NULL, 0, &err);
    scratch_limit(RLIM_INFINITY);
    assert_int_equal(status, PD_ERR_IO);
    assert_contains(err.message, "/keep: cannot write: File too large");
    struct pd_safetensors *st;
    assert_int_equal(pd_safetensors_open(path, &st, NULL), PD_OK);
    assert_int_equal(pd_safetensors_count(st), 5);
    pd_safetensors_destroy(st);
    assert_int_equal(pd_safetensors_open("/no/such", &st, &err), PD_ERR_IO);
    assert_null(st);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const char *path = scratch_path("torture");
    assert_int_equal(pd_safetensors_write(path, tensors, 5, meta, 2, NULL), PD_OK);
    enum pd_status status = PD_ERR_MEMORY;
    for (uint64_t n = 1; status != PD_OK; n++) {
        struct pd_safetensors *st = NULL;
        pd_mem_fail_after(n);
        status = pd_safetensors_write(path, tensors, 5, meta, 2, NULL);
        assert_true(status == PD_OK || status == PD_ERR_MEMORY);
        pd_mem_fail_after(n);
        enum pd_status reading = pd_safetensors_open(path, &st, NULL);
        pd_mem_fail_after(0);
        assert_true(reading == PD_OK || reading == PD_ERR_MEMORY);
        pd_safetensors_destroy(st);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_these_bytes),
        cmocka_unit_test(reads_back_what_was_written),
        cmocka_unit_test(get_says_what_does_not_fit),
        cmocka_unit_test(the_same_content_gives_the_same_bytes),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(unaligned_data_is_given_aligned),
        cmocka_unit_test(refuses_wrong_headers),
        cmocka_unit_test(refuses_wrong_lengths),
        cmocka_unit_test(refuses_names_that_cannot_be_written),
        cmocka_unit_test(a_full_disk_keeps_the_old_checkpoint),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
