/* Archives into folders: whole or not at all, and never anywhere else. */
#include "needs.h"
#include "unit/archive_maker.h"

#include "io/unpack.h"

#include <sys/stat.h>

#define MOST INT64_C(100000)

static struct pd_error err;

static enum pd_status unpack_most(const char *archive, int64_t most)
{
    const struct pd_watch nobody = {NULL, NULL};
    err = (struct pd_error){.status = PD_OK};
    return pd_unpack(scratch_path(archive), scratch_path("in"), "set", most, &nobody, &err);
}

static enum pd_status unpack(const char *archive)
{
    return unpack_most(archive, MOST);
}

static void fails(const char *archive, enum pd_status status, const char *words)
{
    assert_int_equal(unpack(archive), status);
    assert_contains(err.message, words);
    assert_int_equal(scratch_count(scratch_path("in")), 0);
}

static const struct entry good[] = {{.name = "set/"},
                                    {.name = "set/a.txt", .content = "first"},
                                    {.name = "set/below/"},
                                    {.name = "set/below/b.txt", .content = "second"},
                                    {.name = "other.txt", .content = "not wanted"}};

enum { GOOD = sizeof good / sizeof good[0] };

/* An empty folder in/ beside the archives. */
static int fresh(void **state)
{
    if (scratch_setup(state) || mkdir(scratch_path("in"), 0777))
        return -1;
    archive_make(scratch_path("good.tar.gz"), good, GOOD);
    archive_make(scratch_path("good.zip"), good, GOOD);
    return 0;
}

static void unpacks_what_is_wanted(void **state)
{
    (void)state;
    static const char *const archives[] = {"good.tar.gz", "good.zip"};
    for (int i = 0; i < 2; i++) {
        if (unpack(archives[i]))
            fail_msg("%s: %s", archives[i], err.message);
        assert_file(scratch_path("in/set/a.txt"), "first");
        assert_file(scratch_path("in/set/below/b.txt"), "second");
        assert_int_equal(scratch_count(scratch_path("in")), 1);
        scratch_write(scratch_path("in/set/below/c.txt"), "", 0); /* the folder is ours to write to */
        assert_int_equal(rename(scratch_path("in/set"), scratch_path(i ? "second" : "first")), 0);
    }
}

/* Zips of Python, macOS and Windows say that their names are UTF-8; the process may know no such locale. */
static void names_need_no_locale(void **state)
{
    (void)state;
    static const char zip[] = /* set/\u00e9.txt, "first", stored */
        "PK\003\004\024\000\000\010\000\000\000\000\041\000\127\356\161\222\005\000\000\000\005\000\000\000"
        "\012\000\000\000set/\303\251.txt"
        "first"
        "PK\001\002\024\003\024\000\000\010\000\000\000\000\041\000\127\356\161\222\005\000\000\000\005\000"
        "\000\000"
        "\012\000\000\000\000\000\000\000\000\000\000\000\200\001\000\000\000\000set/\303\251.txt"
        "PK\005\006\000\000\000\000\001\000\001\000\070\000\000\000\055\000\000\000\000";
    static const struct entry bytes[] = {{.name = "set/\xe9.txt", .content = "Latin-1"}};
    scratch_write(scratch_path("utf8.zip"), zip, sizeof zip);
    archive_make(scratch_path("latin.zip"), bytes, 1);
    if (unpack("utf8.zip"))
        fail_msg("%s", err.message);
    assert_file(scratch_path("in/set/\xc3\xa9.txt"), "first");
    assert_int_equal(rename(scratch_path("in/set"), scratch_path("utf8")), 0);
    if (unpack("latin.zip"))
        fail_msg("%s", err.message);
    assert_file(scratch_path("in/set/\xe9.txt"), "Latin-1");
}

static void lets_nothing_out(void **state)
{
    (void)state;
    static const struct entry evil[][2] = {
        {{.name = "../evil", .content = "x"}},
        {{.name = "set/../../evil", .content = "x"}},
        {{.name = "set/.."}, {.name = "set/../../evil", .content = "x"}},
        {{.name = "/tmp/paydirt-test-evil", .content = "x"}},
        {{.name = "set/link", .symlink = "../.."}, {.name = "set/link/evil", .content = "x"}},
        {{.name = "set", .symlink = "../.."}, {.name = "set/evil", .content = "x"}},
        {{.name = "set/passwd", .symlink = "/etc/passwd"}},
        {{.name = "set/passwd", .content = "", .hardlink = "/etc/passwd"}},
    };
    for (size_t i = 0; i < sizeof evil / sizeof evil[0]; i++) {
        struct entry entries[3] = {good[1], evil[i][0], evil[i][1]};
        archive_make(scratch_path("evil.tar.gz"), entries, evil[i][1].name ? 3 : 2);
        fails("evil.tar.gz", PD_ERR_FORMAT, "evil.tar.gz");
        assert_int_not_equal(access(scratch_path("evil"), F_OK), 0);
        assert_int_not_equal(access(scratch_path("in/evil"), F_OK), 0);
        assert_int_not_equal(access("/tmp/paydirt-test-evil", F_OK), 0);
    }
}

static void refuses_what_is_no_archive(void **state)
{
    (void)state;
    size_t size;
    char *bytes = scratch_read(scratch_path("good.zip"), &size);
    scratch_write(scratch_path("text"), "no archive, but a longer text than the shortest header", 54);
    scratch_write(scratch_path("cut.zip"), bytes, 60);
    free(bytes);
    bytes = scratch_read(scratch_path("good.tar.gz"), &size);
    scratch_write(scratch_path("cut.tar.gz"), bytes, size / 2);
    free(bytes);
    fails("text", PD_ERR_FORMAT, "no archive");
    fails("cut.zip", PD_ERR_FORMAT, "cut.zip");
    fails("cut.tar.gz", PD_ERR_FORMAT, "cut.tar.gz");
    fails("none", PD_ERR_IO, "none: cannot open");
}

static void wants_its_folder(void **state)
{
    (void)state;
    const struct entry file = {.name = "set", .content = "a file of that name"};
    archive_make(scratch_path("without.zip"), good + 4, 1);
    archive_make(scratch_path("file.zip"), &file, 1);
    fails("without.zip", PD_ERR_FORMAT, "holds no folder 'set'");
    fails("file.zip", PD_ERR_FORMAT, "holds no folder 'set'");
}

static void has_a_bound(void **state)
{
    (void)state;
    assert_int_equal(unpack_most("good.tar.gz", 20), PD_ERR_FORMAT);
    assert_contains(err.message, "more than 20 bytes");
    assert_int_equal(scratch_count(scratch_path("in")), 0);
    assert_int_equal(unpack_most("good.tar.gz", 21), PD_OK);
}

static void replaces_nothing(void **state)
{
    (void)state;
    mkdir(scratch_path("in/set"), 0777);
    scratch_write(scratch_path("in/set/mine"), "mine", 4);
    assert_int_equal(unpack("good.zip"), PD_ERR_IO);
    assert_file(scratch_path("in/set/mine"), "mine");
    assert_int_equal(scratch_count(scratch_path("in")), 1);
}

static void clears_what_a_killed_process_left(void **state)
{
    (void)state;
    mkdir(scratch_path("in/set.unpacking"), 0777);
    mkdir(scratch_path("in/set.unpacking/set"), 0777);
    scratch_write(scratch_path("in/set.unpacking/set/half"), "half", 4);
    assert_int_equal(unpack("good.zip"), PD_OK);
    assert_int_equal(scratch_count(scratch_path("in/set")), 2);
    assert_int_equal(scratch_count(scratch_path("in")), 1);
}

static void goes_through_links_of_ours(void **state)
{
    (void)state;
    const struct pd_watch nobody = {NULL, NULL};
    assert_int_equal(symlink("in", scratch_path("link")), 0);
    const char *folder = scratch_path("link/../link");
    assert_int_equal(pd_unpack(scratch_path("good.zip"), folder, "set", MOST, &nobody, &err), PD_OK);
    assert_file(scratch_path("in/set/a.txt"), "first");
}

static bool never(void *context, int64_t done)
{
    (void)context, (void)done;
    return false;
}

static void stops_when_told(void **state)
{
    (void)state;
    const struct pd_watch watch = {never, NULL};
    const char *folder = scratch_path("in");
    assert_int_equal(pd_unpack(scratch_path("good.zip"), folder, "set", MOST, &watch, &err),
                     PD_ERR_INTERRUPTED);
    assert_int_equal(scratch_count(folder), 0);
}

static void survives_a_full_disk(void **state)
{
    (void)state;
    static char much[50001];
    const struct entry entries[] = {{.name = "set/much", .content = memset(much, 'x', sizeof much - 1)}};
    archive_make(scratch_path("much.zip"), entries, 1);
    scratch_limit(10000);
    const enum pd_status status = unpack("much.zip");
    scratch_limit(RLIM_INFINITY);
    assert_int_equal(status, PD_ERR_IO);
    assert_contains(err.message, "much");
    assert_int_equal(scratch_count(scratch_path("in")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_need_no_locale, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(unpacks_what_is_wanted, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(lets_nothing_out, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_archive, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(wants_its_folder, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(has_a_bound, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(replaces_nothing, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(clears_what_a_killed_process_left, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(goes_through_links_of_ours, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(stops_when_told, fresh, scratch_teardown),
        cmocka_unit_test_setup_teardown(survives_a_full_disk, fresh, scratch_teardown),
    };
    ALL_NEED(archive, tests);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
