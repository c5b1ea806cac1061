/* What torch.save writes, read as data; and what it never writes, refused by name. */
#include "scratch.h"
#include "torch_maker.h"

#include "io/torch_file.h"

static const float numbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const struct pd_io_array two[] = {
    {.name = "conv.weight", .dtype = PD_IO_F32, .rank = 3, .dims = {2, 1, 3}, .data = numbers},
    {.name = "fc.bias", .dtype = PD_IO_F32, .rank = 1, .dims = {5}, .data = numbers + 6},
};

static void expect_both(const void *bytes, size_t size)
{
    struct pd_torch *t;
    struct pd_error err = {0};
    if (pd_torch_parse(bytes, size, "w.pth", &t, &err))
        fail_msg("%s", err.message);
    assert_int_equal(pd_torch_count(t), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct pd_io_array *a = pd_torch_at(t, i);
        assert_string_equal(a->name, two[i].name);
        assert_int_equal(a->rank, two[i].rank);
        assert_memory_equal(a->dims, two[i].dims, sizeof a->dims);
        assert_memory_equal(a->data, two[i].data, (size_t)pd_io_array_count(a) * sizeof(float));
    }
    pd_torch_destroy(t);
}

static char *zip_of(const struct pd_buffer *pickle, bool packed, size_t *size)
{
    const char *path = scratch_path("made.pth");
    torch_make_zip(path, pickle, two, 2, packed);
    return scratch_read(path, size);
}

static void both_layouts(void **state)
{
    (void)state;
    struct pd_buffer row = {0}, pickle = {0};
    size_t size;
    torch_make_row(&row, two, 2);
    expect_both(row.data, row.size);
    put_state_dict(&pickle, two, 2, false);
    char *zip = zip_of(&pickle, false, &size);
    expect_both(zip, size);
    free(zip);
    pd_buffer_release(&row);
    pd_buffer_release(&pickle);
}

static void expect_refused(const void *bytes, size_t size, const char *words)
{
    struct pd_torch *t;
    struct pd_error err = {0};
    const enum pd_status status = pd_torch_parse(bytes, size, "w.pth", &t, &err);
    if (!status || !strstr(err.message, words))
        fail_msg("status %d, '%s', expected '%s'", (int)status, err.message, words);
    assert_null(t);
}

/* Cut anywhere, in both layouts. */
static void truncated(void **state)
{
    (void)state;
    struct pd_buffer row = {0}, pickle = {0};
    size_t size;
    torch_make_row(&row, two, 2);
    for (size_t n = 0; n < row.size; n++)
        expect_refused(row.data, n, n < 21 ? "not what torch.save writes" : "truncated");
    pd_buffer_append(&row, "x", 1);
    expect_refused(row.data, row.size, "left over");
    put_state_dict(&pickle, two, 2, false);
    char *zip = zip_of(&pickle, false, &size);
    for (size_t n = 0; n < size; n += 7)
        expect_refused(zip, n, n < 4 ? "not what torch.save writes" : "w.pth: ");
    free(zip);
    pd_buffer_release(&row);
    pd_buffer_release(&pickle);
}

/* Pickles that are programs, or something else than a state_dict. */
static void refused_by_name(void **state)
{
    (void)state;
#define DICT "ccollections\nOrderedDict\n)R"
#define PICKLE(text, words)                                                                                  \
    {                                                                                                        \
        text, sizeof text - 1, words                                                                         \
    }
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } bad[] = {
        PICKLE("\x80\2cos\nsystem\nX\7\0\0\0echo hi\x85R.", "'os.system'"),
        PICKLE("\x80\2cposix\nsystem\n.", "'posix.system'"),
        PICKLE("\x80\2c__builtin__\neval\n.", "'__builtin__.eval'"),
        PICKLE("\x80\2ctorch._utils\n_rebuild_parameter\n.", "'torch._utils._rebuild_parameter'"),
        PICKLE("\x80\2ctorch\nFloatStorage\n)R.", "calls something else"),
        PICKLE("\x80\2(i__builtin__\neval\n.", "opcode 0x69"),
        PICKLE("\x80\2(o.", "opcode 0x6f"),
        PICKLE("\x80\2\x93.", "opcode 0x93"),
        PICKLE("\x80\2\x82\1.", "opcode 0x82"),
        PICKLE("\x80\4.", "protocol 4"),
        PICKLE("\x80\2K\1.", "no dict of tensors"),
        PICKLE("\x80\2" DICT ".", "no dict of tensors"),
        PICKLE("\x80\2" DICT "K\1b.", "sets the state"),
        PICKLE("\x80\2" DICT "h\7.", "memo 7"),
        PICKLE("\x80\2" DICT "q\7.", "memo 7"),
        PICKLE("\x80\2R.", "fewer values"),
        PICKLE("\x80\2t.", "no mark"),
        PICKLE("\x80\2K\1Q.", "a reference to something else"),
        PICKLE("\x80\2" DICT "K\1K\2s.", "words for keys"),
        PICKLE("\x80\2" DICT ".x", "left over"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pd_buffer pickle = {0};
        size_t size;
        pd_buffer_append(&pickle, bad[i].bytes, bad[i].size);
        char *zip = zip_of(&pickle, false, &size);
        expect_refused(zip, size, bad[i].words);
        free(zip);
        pd_buffer_release(&pickle);
    }
}

/* Tensors that say something else than their storages hold. */
static void wrong_tensors(void **state)
{
    (void)state;
    static const struct {
        struct pd_io_array array;
        const char *words;
    } bad[] = {
        {{.name = "a", .dtype = PD_IO_F32, .rank = 1, .dims = {13}}, "bytes, expected 52"},
        {{.name = "a", .dtype = PD_IO_F32, .rank = 2, .dims = {2, 0}}, "or empty"},
        {{.name = "a", .dtype = PD_IO_F32, .rank = 1, .dims = {-1}}, "or empty"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pd_buffer pickle = {0};
        size_t size;
        put_state_dict(&pickle, &bad[i].array, 1, false);
        char *zip = zip_of(&pickle, false, &size);
        expect_refused(zip, size, bad[i].words);
        free(zip);
        pd_buffer_release(&pickle);
    }
}

/* A zip that unpacks to more than it is could be of any size. */
static void packed_zip(void **state)
{
    (void)state;
    struct pd_buffer pickle = {0};
    size_t size;
    put_state_dict(&pickle, two, 2, false);
    char *zip = zip_of(&pickle, true, &size);
    expect_refused(zip, size, "is packed");
    free(zip);
    pd_buffer_release(&pickle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_layouts),  cmocka_unit_test(truncated),  cmocka_unit_test(refused_by_name),
        cmocka_unit_test(wrong_tensors), cmocka_unit_test(packed_zip),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
