#include "scratch.h"

#include "io/tfevents.h"

enum { VERSION_RECORD = 40 };

/* Made by TensorBoard's own writer: the version event at time 1, then "loss" 0.5 at step 3, time 2. */
static const uint8_t expected[] = {
    0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa3, 0x7f, 0x4b, 0x22, 0x09, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0xf0, 0x3f, 0x1a, 0x0d, 0x62, 0x72, 0x61, 0x69, 0x6e, 0x2e, 0x45, 0x76, 0x65, 0x6e, 0x74,
    0x3a, 0x32, 0x86, 0xbf, 0x57, 0x7a, 0x1a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x12, 0x9b, 0xd8,
    0x2d, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x10, 0x03, 0x2a, 0x0d, 0x0a, 0x0b, 0x0a,
    0x04, 0x6c, 0x6f, 0x73, 0x73, 0x15, 0x00, 0x00, 0x00, 0x3f, 0xba, 0xc3, 0x6b, 0x94};

/* A 5 x 300 RGB picture "g" of the bytes "png" at step 3, time 2; a restart at step 1000, time 3. */
static const uint8_t image_and_restart[] = {
    0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x29, 0xed, 0xa9, 0x50, 0x09, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x40, 0x10, 0x03, 0x2a, 0x13, 0x0a, 0x11, 0x0a, 0x01, 0x67, 0x22, 0x0c,
    0x08, 0x05, 0x10, 0xac, 0x02, 0x18, 0x03, 0x22, 0x03, 0x70, 0x6e, 0x67, 0x03, 0x9c, 0xe2, 0x7a,
    0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x95, 0xfb, 0xfe, 0x18, 0x09, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x08, 0x40, 0x10, 0xe8, 0x07, 0x3a, 0x02, 0x08, 0x01, 0x6e, 0x09, 0xfb, 0x63};

static struct pd_tfevents *create(const char *path)
{
    struct pd_tfevents *events;
    assert_int_equal(pd_tfevents_create(path, 1.0, &events, NULL), PD_OK);
    return events;
}

static void write_two(const char *path)
{
    struct pd_tfevents *events = create(path);
    pd_tfevents_scalar(events, 3, 2.0, "loss", 0.5f);
    assert_int_equal(pd_tfevents_flush(events, NULL), PD_OK);
    pd_tfevents_destroy(events);
}

static void writes_these_bytes(void **state)
{
    (void)state;
    size_t size;
    write_two(scratch_path("bytes"));
    char *bytes = scratch_read(scratch_path("bytes"), &size);
    assert_int_equal(size, sizeof expected);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

static void writes_pictures_and_restarts(void **state)
{
    (void)state;
    size_t size;
    const char *path = scratch_path("picture");
    struct pd_tfevents *events = create(path);
    pd_tfevents_image(events, 3, 2.0, "g", "png", 3, 5, 300, 3);
    pd_tfevents_restart(events, 1000, 3.0);
    assert_int_equal(pd_tfevents_flush(events, NULL), PD_OK);
    pd_tfevents_destroy(events);
    char *bytes = scratch_read(path, &size);
    assert_int_equal(size, VERSION_RECORD + sizeof image_and_restart);
    assert_memory_equal(bytes + VERSION_RECORD, image_and_restart, sizeof image_and_restart);
    free(bytes);
}

/* Killed after every possible byte: appending gives whole records again. */
static void goes_on_after_a_kill(void **state)
{
    (void)state;
    const char *path = scratch_path("killed");
    for (size_t n = 0; n <= sizeof expected; n++) {
        size_t size, whole = n < VERSION_RECORD ? 0 : n < sizeof expected ? VERSION_RECORD : sizeof expected;
        scratch_write(path, expected, n);
        write_two(path);
        char *bytes = scratch_read(path, &size);
        size_t before = whole ? whole : VERSION_RECORD;
        assert_int_equal(size, before + sizeof expected - VERSION_RECORD);
        assert_memory_equal(bytes, expected, before);
        assert_memory_equal(bytes + before, expected + VERSION_RECORD, sizeof expected - VERSION_RECORD);
        free(bytes);
    }
}

static void leaves_other_files_alone(void **state)
{
    (void)state;
    struct pd_tfevents *events;
    struct pd_error err;
    static const char *const texts[] = {"short", "something else, longer than an event file's first record"};
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path("other");
        scratch_write(path, texts[i], strlen(texts[i]));
        assert_int_equal(pd_tfevents_create(path, 1.0, &events, &err), PD_ERR_FORMAT);
        assert_contains(err.message, "/other: not a TensorBoard event file at offset 0");
        assert_null(events);
        assert_file(path, texts[i]);
    }
    assert_int_equal(pd_tfevents_create("/no/such", 1.0, &events, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/no/such: cannot open: No such file or directory");
}

static void a_full_disk_leaves_whole_records(void **state)
{
    (void)state;
    struct pd_error err;
    const char *path = scratch_path("full");
    struct pd_tfevents *events = create(path);
    pd_tfevents_scalar(events, 3, 2.0, "loss", 0.5f);
    scratch_limit(50);
    enum pd_status status = pd_tfevents_flush(events, &err);
    scratch_limit(RLIM_INFINITY);
    assert_int_equal(status, PD_ERR_IO);
    assert_contains(err.message, "/full: cannot write: File too large");
    pd_tfevents_scalar(events, 3, 2.0, "loss", 0.5f);
    assert_int_equal(pd_tfevents_flush(events, NULL), PD_OK);
    pd_tfevents_destroy(events);
    size_t size;
    char *bytes = scratch_read(path, &size);
    assert_int_equal(size, sizeof expected);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_these_bytes),
        cmocka_unit_test(writes_pictures_and_restarts),
        cmocka_unit_test(goes_on_after_a_kill),
        cmocka_unit_test(leaves_other_files_alone),
        cmocka_unit_test(a_full_disk_leaves_whole_records),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
