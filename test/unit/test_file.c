#include "scratch.h"

#include "base/buffer.h"
#include "io/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static void writes_and_reads_back(void **state)
{
    (void)state;
    const char *path = scratch_path("a");
    struct pd_buffer b = PD_BUFFER_INIT;
    assert_int_equal(pd_file_write_atomic(path, "one\0two", 7, NULL), PD_OK);
    assert_int_equal(pd_file_read(path, &b, NULL), PD_OK);
    assert_int_equal(b.size, 7);
    assert_memory_equal(b.data, "one\0two", 8);
    pd_buffer_release(&b);
    assert_int_equal(pd_file_write_atomic(path, "", 0, NULL), PD_OK);
    assert_int_equal(pd_file_read(path, &b, NULL), PD_OK);
    assert_int_equal(b.size, 0);
    assert_string_equal(b.data, "");
    pd_buffer_release(&b);
}

static void reads_large_files_and_pipes(void **state)
{
    (void)state;
    size_t size = 300001;
    char *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 1000);
    struct pd_buffer b = PD_BUFFER_INIT;
    scratch_write(scratch_path("large"), bytes, size);
    assert_int_equal(pd_file_read(scratch_path("large"), &b, NULL), PD_OK);
    assert_int_equal(b.size, size);
    assert_memory_equal(b.data, bytes, size);
    pd_buffer_release(&b);
    free(bytes);
    assert_int_equal(pd_file_read("/proc/self/status", &b, NULL), PD_OK); /* claims to have 0 bytes */
    assert_true(b.size > 0);
    pd_buffer_release(&b);
}

static void read_failures_name_the_file(void **state)
{
    (void)state;
    struct pd_error err;
    struct pd_buffer b = PD_BUFFER_INIT;
    assert_int_equal(pd_file_read("/no/such", &b, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/no/such: cannot open: No such file or directory");
    assert_int_equal(err.offset, -1);
    assert_int_equal(pd_file_read("/tmp", &b, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/tmp: cannot read: Is a directory");
    pd_buffer_release(&b);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    char large[5000] = {0};
    struct pd_error err;
    pd_make_dirs(scratch_path("full"), NULL);
    const char *path = scratch_path("full/log");
    assert_int_equal(pd_file_write_atomic(path, "old", 3, NULL), PD_OK);
    scratch_limit(4096);
    enum pd_status status = pd_file_write_atomic(path, large, sizeof large, &err);
    scratch_limit(RLIM_INFINITY);
    assert_int_equal(status, PD_ERR_IO);
    assert_contains(err.message, "/full/log: cannot write: File too large");
    assert_file(path, "old");
    assert_int_equal(scratch_count(scratch_path("full")), 1); /* no temporary file */
}

static void devices_are_written_straight(void **state)
{
    (void)state;
    struct pd_error err;
    assert_int_equal(pd_file_write_atomic("/dev/null", "x", 1, NULL), PD_OK);
    assert_int_equal(pd_file_write_atomic("/dev/full", "x", 1, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/dev/full: cannot write: No space left on device");
    assert_int_equal(access("/dev/full", F_OK), 0);
}

static void refuses_what_cannot_be_a_file(void **state)
{
    (void)state;
    struct pd_error err;
    assert_int_equal(pd_file_write_atomic("/tmp", "x", 1, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/tmp: cannot write: Is a directory");
    assert_int_equal(pd_file_write_atomic("-", "x", 1, &err), PD_ERR_USAGE); /* others' word for stdout */
    assert_int_equal(access("-", F_OK), -1);
    assert_int_equal(pd_file_write_atomic("/no/such/x", "x", 1, &err), PD_ERR_IO);
    assert_string_equal(err.message, "/no/such/x: cannot create: No such file or directory");
}

static void refuses_an_unwritable_folder(void **state)
{
    (void)state;
    struct pd_error err;
    if (geteuid() == 0)
        skip(); /* root may write anywhere */
    pd_make_dirs(scratch_path("shut"), NULL);
    chmod(scratch_path("shut"), 0500);
    assert_int_equal(pd_file_write_atomic(scratch_path("shut/x"), "x", 1, &err), PD_ERR_IO);
    assert_contains(err.message, "/shut/x: cannot create: Permission denied");
}

static void pieces_appear_at_commit(void **state)
{
    (void)state;
    struct pd_atomic_file f;
    const char *path = scratch_path("pieces");
    assert_int_equal(pd_atomic_file_begin(&f, path, NULL), PD_OK);
    assert_int_equal(pd_atomic_file_append(&f, "one", 3, NULL), PD_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(pd_atomic_file_append(&f, "two", 3, NULL), PD_OK);
    assert_int_equal(pd_atomic_file_commit(&f, NULL), PD_OK);
    pd_atomic_file_abort(&f); /* nothing left to do */
    assert_file(path, "onetwo");

    assert_int_equal(pd_atomic_file_begin(&f, path, NULL), PD_OK);
    assert_int_equal(pd_atomic_file_append(&f, "three", 5, NULL), PD_OK);
    pd_atomic_file_abort(&f);
    assert_file(path, "onetwo");
    assert_int_equal(access(scratch_path(".pieces.paydirt.tmp"), F_OK), -1);
}

static void a_leftover_is_reused_and_a_second_writer_refused(void **state)
{
    (void)state;
    struct pd_atomic_file one, two;
    struct pd_error err;
    const char *path = scratch_path("shared");
    scratch_write(scratch_path(".shared.paydirt.tmp"), "left by a killed process", 24);
    scratch_write(scratch_path("shared.tmp"), "mine", 4);
    assert_int_equal(pd_atomic_file_begin(&one, path, NULL), PD_OK);
    assert_int_equal(pd_atomic_file_begin(&two, path, &err), PD_ERR_IO);
    assert_contains(err.message, "/shared: cannot create: another process writes '");
    assert_int_equal(pd_atomic_file_append(&one, "new", 3, NULL), PD_OK);
    assert_int_equal(pd_atomic_file_commit(&one, NULL), PD_OK);
    assert_file(path, "new");
    assert_file(scratch_path("shared.tmp"), "mine");
    assert_int_equal(access(scratch_path(".shared.paydirt.tmp"), F_OK), -1);
}

/* A name that is ours is no reason to write through it, nor to wait at it. */
static void a_leftover_that_is_no_file_stays(void **state)
{
    (void)state;
    struct pd_error err;
    char temp[128], victim[128];
    snprintf(temp, sizeof temp, "%s/.odd.paydirt.tmp", scratch_dir);
    snprintf(victim, sizeof victim, "%s/victim", scratch_dir);
    scratch_write(victim, "precious", 8);
    for (int kind = 0; kind < 3; kind++) {
        assert_int_equal(kind == 0   ? symlink(victim, temp)
                         : kind == 1 ? link(victim, temp)
                                     : mkfifo(temp, 0666),
                         0);
        assert_int_equal(pd_file_write_atomic(scratch_path("odd"), "new", 3, &err), PD_ERR_IO);
        assert_contains(err.message, "/odd: cannot create: another process writes '");
        assert_file(victim, "precious");
        assert_int_equal(unlink(temp), 0);
    }
    assert_int_equal(pd_file_write_atomic(scratch_path("odd"), "new", 3, &err), PD_OK);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode;
}

static void a_file_keeps_its_mode(void **state)
{
    (void)state;
    const char *path = scratch_path("secret");
    static const mode_t modes[] = {0600, 0640, 0644, 0666, 0755, 0400};
    const mode_t mask = umask(027);
    assert_int_equal(pd_file_write_atomic(path, "x", 1, NULL), PD_OK);
    umask(mask);
    assert_int_equal(mode_of(path) & 0777, 0640); /* a new one has the umask's */
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        chmod(path, modes[i]);
        assert_int_equal(pd_file_write_atomic(path, "y", 1, NULL), PD_OK);
        assert_int_equal(mode_of(path) & 0777, modes[i]);
    }
}

static void writes_through_links(void **state)
{
    (void)state;
    struct pd_error err;
    pd_make_dirs(scratch_path("far/there"), NULL);
    scratch_write(scratch_path("far/there/table"), "old", 3);
    symlink("there/table", scratch_path("far/relative"));
    symlink(scratch_path("far/relative"), scratch_path("twice"));
    symlink("far/there/later", scratch_path("dangling"));
    symlink("circle", scratch_path("circle"));
    symlink("far", scratch_path("to-a-folder"));
    assert_int_equal(pd_file_write_atomic(scratch_path("twice"), "new", 3, NULL), PD_OK);
    assert_file(scratch_path("far/there/table"), "new");
    assert_int_equal(pd_file_write_atomic(scratch_path("dangling"), "made", 4, NULL), PD_OK);
    assert_file(scratch_path("far/there/later"), "made");
    assert_true(S_ISLNK(mode_of(scratch_path("twice"))) && S_ISLNK(mode_of(scratch_path("dangling"))));
    assert_int_equal(scratch_count(scratch_path("far/there")), 2);
    assert_int_equal(pd_file_write_atomic(scratch_path("circle"), "x", 1, NULL), PD_OK);
    assert_int_equal(pd_file_write_atomic(scratch_path("to-a-folder"), "x", 1, &err), PD_ERR_IO);
    assert_contains(err.message, "/to-a-folder: cannot write: Is a directory");
}

/* Names in a folder that came from elsewhere. */
static void foreign_names_are_refused(void **state)
{
    (void)state;
    struct pd_error err;
    struct pd_buffer b = PD_BUFFER_INIT;
    char path[512];
    int fd;
    pd_make_dirs(scratch_path("run/folder"), NULL);
    scratch_write(scratch_path("run/file"), "x", 1);
    mkfifo(scratch_path("run/pipe"), 0666);
    symlink("file", scratch_path("run/link"));
    symlink("/nowhere", scratch_path("run/dangling"));
    symlink("/dev/zero", scratch_path("run/zero"));
    static const struct {
        const char *name, *inside, *read, *log;
    } cases[] = {
        {"none", NULL, "none: cannot open: No such file", NULL},
        {"file", NULL, NULL, NULL},
        {"link", "link: a symbolic link, expected a regular file", NULL, "link: a symbolic link"},
        {"dangling", "dangling: a symbolic link", "dangling: cannot open: No such file",
         "dangling: a symbolic link"},
        {"zero", "zero: a symbolic link", "zero: a device, expected a regular file", "zero: a symbolic link"},
        {"pipe", "pipe: a pipe, expected a regular file", "pipe: a pipe", "pipe: a pipe"},
        {"folder", NULL, "folder: cannot read: Is a directory", "folder: cannot open: Is a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum pd_status status = pd_path_inside(path, sizeof path, scratch_path("run"), cases[i].name, &err);
        assert_int_equal(status, cases[i].inside ? PD_ERR_FORMAT : PD_OK);
        if (status)
            assert_contains(err.message, cases[i].inside);
        status = pd_file_read(path, &b, &err);
        if (status || cases[i].read)
            assert_contains(err.message, cases[i].read);
        status = pd_fd_open_log(path, &fd, &err);
        if (status || cases[i].log)
            assert_contains(err.message, cases[i].log);
        else
            close(fd);
    }
    pd_buffer_release(&b);
}

/* A process substitution is a pipe that a person names. */
static void reads_a_named_descriptor(void **state)
{
    (void)state;
    int ends[2];
    char name[32];
    struct pd_buffer b = PD_BUFFER_INIT;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    assert_int_equal(pd_file_read(name, &b, NULL), PD_OK);
    assert_string_equal(b.data, "piped");
    pd_buffer_release(&b);
    assert_int_equal(pd_file_read_most("/dev/zero", 1 << 20, &b, NULL), PD_ERR_FORMAT);
    pd_buffer_release(&b);
    close(ends[0]);
}

static void makes_folders_with_their_parents(void **state)
{
    (void)state;
    struct pd_error err;
    struct stat st;
    assert_int_equal(pd_make_dirs(scratch_path("x//y/z/"), NULL), PD_OK);
    assert_int_equal(stat(scratch_path("x/y/z"), &st), 0);
    assert_int_equal(pd_make_dirs(scratch_path("x/y"), NULL), PD_OK);
    assert_int_equal(pd_make_dirs("/", NULL), PD_OK);
    scratch_write(scratch_path("plain"), "", 0);
    assert_int_equal(pd_make_dirs(scratch_path("plain"), &err), PD_ERR_IO);
    assert_contains(err.message, "/plain: cannot make folder: Not a directory");
    assert_int_equal(pd_make_dirs("/proc/nothing/here", &err), PD_ERR_IO);
    assert_contains(err.message, "/proc/nothing: cannot make folder: ");
}

static void joins_paths(void **state)
{
    (void)state;
    char out[10];
    struct pd_error err;
    static const struct {
        const char *dir, *name, *expected;
    } cases[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"a", "/b", "/b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(pd_path_join(out, sizeof out, cases[i].dir, cases[i].name, NULL), PD_OK);
        assert_string_equal(out, cases[i].expected);
    }
    assert_int_equal(pd_path_join(out, sizeof out, "1234", "6789", NULL), PD_OK);
    assert_int_equal(pd_path_join(out, sizeof out, "1234", "67890", &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "67890: path is longer than 9 bytes");
}

/* As `--out /dev/stdout > file` is: a device's name that leads to an ordinary file. */
static void a_redirected_stdout_is_written_straight(void **state)
{
    (void)state;
    const char *path = scratch_path("redirected");
    char name[64];
    scratch_write(path, "first ", 6);
    FILE *f = fopen(path, "ab");
    assert_non_null(f);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fileno(f));
    assert_int_equal(pd_file_write_atomic(name, "second", 6, NULL), PD_OK);
    assert_int_equal(fclose(f), 0);
    char *text = scratch_read(path, NULL);
    assert_string_equal(text, "first second");
    free(text);
}

static void reads_no_more_than_allowed(void **state)
{
    (void)state;
    struct pd_buffer b = PD_BUFFER_INIT;
    struct pd_error err;
    const char *path = scratch_path("five");
    scratch_write(path, "12345", 5);
    assert_int_equal(pd_file_read_most(path, 5, &b, &err), PD_OK);
    assert_int_equal(b.size, 5);
    pd_buffer_release(&b);
    assert_int_equal(pd_file_read_most(path, 4, &b, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "five: larger than 4 bytes");
    pd_buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_no_more_than_allowed),
        cmocka_unit_test(writes_and_reads_back),
        cmocka_unit_test(reads_large_files_and_pipes),
        cmocka_unit_test(read_failures_name_the_file),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
        cmocka_unit_test(devices_are_written_straight),
        cmocka_unit_test(a_redirected_stdout_is_written_straight),
        cmocka_unit_test(refuses_what_cannot_be_a_file),
        cmocka_unit_test(refuses_an_unwritable_folder),
        cmocka_unit_test(pieces_appear_at_commit),
        cmocka_unit_test(a_leftover_is_reused_and_a_second_writer_refused),
        cmocka_unit_test(a_leftover_that_is_no_file_stays),
        cmocka_unit_test(a_file_keeps_its_mode),
        cmocka_unit_test(writes_through_links),
        cmocka_unit_test(foreign_names_are_refused),
        cmocka_unit_test(reads_a_named_descriptor),
        cmocka_unit_test(makes_folders_with_their_parents),
        cmocka_unit_test(joins_paths),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
