/* Fetching from mirrors of all kinds: what is under the name at the end, what stays for the next time, and
 * what was asked of the server. */
#include "needs.h"
#include "mirror.h"

#include "io/download.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <sys/stat.h>

enum { SIZE = 300000 };

static uint8_t content[SIZE];
static char sum[2 * SHA256_DIGEST_SIZE + 1];

static void fill(void)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha;
    uint32_t x = 1;
    for (int i = 0; i < SIZE; i++)
        content[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    sha256_init(&sha);
    sha256_update(&sha, SIZE, content);
    sha256_digest(&sha, sizeof digest, digest);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(sum + (size_t)2 * (size_t)i, 3, "%02x", digest[i]);
}

static int start(void **state)
{
    if (scratch_setup(state))
        return -1;
    fill();
    scratch_write(scratch_path("file"), content, SIZE);
    mirror_start();
    return 0;
}

static int stop(void **state)
{
    mirror_stop();
    return scratch_teardown(state);
}

/* Nothing fetched yet, nothing asked yet. */
static int fresh(void **state)
{
    (void)state;
    if (!mirror_port)
        skip();
    unlink(scratch_path("got"));
    unlink(scratch_path("got.part"));
    mirror_forget_requests();
    return 0;
}

static bool fetched;
static struct pd_error err;

static enum pd_status get_watched(const char *first, const char *second, struct pd_watch watch)
{
    const char *const urls[] = {first, second};
    const struct pd_download d = {scratch_path("got"), urls, second ? 2 : 1, SIZE, sum, 1, watch};
    err = (struct pd_error){.status = PD_OK};
    return pd_download(&d, &fetched, &err);
}

static enum pd_status get(const char *first, const char *second)
{
    return get_watched(first, second, (struct pd_watch){NULL, NULL});
}

static bool is_there(const char *name)
{
    return access(scratch_path(name), F_OK) == 0;
}

static size_t part_size(void)
{
    struct stat info;
    return stat(scratch_path("got.part"), &info) ? 0 : (size_t)info.st_size;
}

/* The file is there and is the published one; nothing is left beside it. */
static void assert_got(void)
{
    size_t size;
    char *bytes = scratch_read(scratch_path("got"), &size);
    assert_int_equal(size, SIZE);
    assert_memory_equal(bytes, content, SIZE);
    free(bytes);
    assert_false(is_there("got.part"));
}

static void succeeds(const char *first, const char *second)
{
    if (get(first, second))
        fail_msg("%s: %s", first, err.message);
    assert_true(fetched);
    assert_got();
}

static void fails(const char *first, const char *second, enum pd_status status, const char *words)
{
    assert_int_equal(get(first, second), status);
    assert_contains(err.message, words);
    assert_null(strchr(err.message, '\n'));
    assert_false(is_there("got"));
}

static void fetches_once(void **state)
{
    (void)state;
    succeeds(mirror_url("ok/file"), NULL);
    assert_requests("/ok/file -\n");
    assert_int_equal(get(mirror_url("ok/file"), NULL), PD_OK);
    assert_false(fetched);
    assert_requests("/ok/file -\n");
}

static void follows_to_another_address(void **state)
{
    (void)state;
    succeeds(mirror_url("moved/file"), NULL);
    assert_requests("/moved/file -\n/ok/file -\n");
}

static void takes_a_broken_connection_up_again(void **state)
{
    (void)state;
    succeeds(mirror_url("once/100000/file"), NULL);
    assert_requests("/once/100000/file -\n/once/100000/file bytes=100000-\n");
}

/* A mirror that gives 100000 bytes at a time gives them all in the end; the next one goes on where it gave
 * up. */
static void goes_on_with_another_mirror(void **state)
{
    (void)state;
    succeeds(mirror_url("cut/100000/file"), NULL);
    assert_requests("/cut/100000/file -\n/cut/100000/file bytes=100000-\n/cut/100000/file bytes=200000-\n");
    unlink(scratch_path("got"));
    mirror_forget_requests();
    scratch_write(scratch_path("got.part"), content, 1000);
    succeeds(mirror_url("cut/0/file"), mirror_url("ok/file"));
    assert_requests("/cut/0/file bytes=1000-\n/ok/file bytes=1000-\n");
}

static void starts_over_where_range_is_ignored(void **state)
{
    (void)state;
    scratch_write(scratch_path("got.part"), content, 1000);
    succeeds(mirror_url("norange/file"), NULL);
    assert_requests("/norange/file bytes=1000-\n");
}

static void takes_a_file_of_unknown_length(void **state)
{
    (void)state;
    succeeds(mirror_url("nolength/file"), NULL);
    unlink(scratch_path("got"));
    scratch_write(scratch_path("got.part"), content, 1000);
    succeeds(mirror_url("nolength/file"), NULL);
    assert_requests("/nolength/file -\n/nolength/file bytes=1000-\n");
}

static void needs_nothing_when_all_bytes_are_there(void **state)
{
    (void)state;
    scratch_write(scratch_path("got.part"), content, SIZE);
    succeeds(mirror_url("ok/file"), NULL);
    assert_requests("");
}

/* Bytes of another file in the part: their sum is wrong, so the mirror is asked for the whole. */
static void survives_a_wrong_part(void **state)
{
    (void)state;
    char *part = calloc(SIZE + 1, 1);
    for (size_t size = 1000; size <= SIZE + 1; size += (SIZE - 1000) / 2) {
        scratch_write(scratch_path("got.part"), part, size);
        succeeds(mirror_url("ok/file"), NULL);
        unlink(scratch_path("got"));
    }
    scratch_write(scratch_path("got.part"), part, SIZE + 1);
    succeeds(mirror_url("ok/file"), NULL);
    free(part);
}

static void refuses_wrong_bytes(void **state)
{
    (void)state;
    fails(mirror_url("wrong/file"), NULL, PD_ERR_FORMAT, "SHA-256");
    assert_false(is_there("got.part"));
    succeeds(mirror_url("wrong/file"), mirror_url("ok/file"));
    assert_requests("/wrong/file -\n/wrong/file -\n/ok/file -\n");
}

/* As networks with a login page do: what was fetched before stays. */
static void refuses_another_length(void **state)
{
    (void)state;
    scratch_write(scratch_path("got.part"), content, 1000);
    fails(mirror_url("login/file"), NULL, PD_ERR_FORMAT, "expected 300000");
    assert_int_equal(part_size(), 1000);
    fails(mirror_url("blind/file"), NULL, PD_ERR_IO, "got.part");
    assert_int_equal(part_size(), 1000);
    unlink(scratch_path("got.part"));
    fails(mirror_url("login/file"), NULL, PD_ERR_FORMAT, "offers 25 bytes, expected 300000");
    assert_false(is_there("got.part"));
}

static void tries_the_next_mirror(void **state)
{
    (void)state;
    succeeds(mirror_url("missing/file"), mirror_url("ok/file"));
    assert_requests("/missing/file -\n/ok/file -\n");
}

static void says_why_each_mirror_failed(void **state)
{
    (void)state;
    fails(mirror_url("missing/file"), "http://127.0.0.1:1/file", PD_ERR_IO, "404");
    assert_contains(err.message, "http://127.0.0.1:1/file: ");
    assert_null(strstr(err.message, "offline"));
    fails("http://127.0.0.1:1/file", "http://nowhere.invalid/file", PD_ERR_IO, "offline");
    assert_contains(err.message, "nowhere.invalid");
    fails("file:///etc/passwd", NULL, PD_ERR_IO, "not supported");
}

static void gives_a_silent_mirror_up(void **state)
{
    (void)state;
    succeeds(mirror_url("stall/200/file"), mirror_url("ok/file"));
    assert_requests("/stall/200/file -\n/ok/file bytes=200-\n");
}

static void leaves_another_file_alone(void **state)
{
    (void)state;
    scratch_write(scratch_path("got"), "mine", 4);
    assert_int_equal(get(mirror_url("ok/file"), NULL), PD_ERR_MISMATCH);
    assert_contains(err.message, "4 bytes, expected 300000");
    assert_file(scratch_path("got"), "mine");
    assert_requests("");
}

static void survives_a_full_disk(void **state)
{
    (void)state;
    scratch_limit(100000);
    const enum pd_status status = get(mirror_url("ok/file"), mirror_url("ok/file"));
    scratch_limit(RLIM_INFINITY);
    assert_int_equal(status, PD_ERR_IO);
    assert_contains(err.message, "got.part");
    assert_requests("/ok/file -\n"); /* another mirror would not help */
    assert_false(is_there("got"));
    assert_true(part_size() <= 100000);
    succeeds(mirror_url("ok/file"), NULL);
}

static void needs_a_folder(void **state)
{
    (void)state;
    const char *const urls[] = {mirror_url("ok/file")};
    const struct pd_download d = {scratch_path("none/got"), urls, 1, SIZE, sum, 1, {NULL, NULL}};
    assert_int_equal(pd_download(&d, &fetched, &err), PD_ERR_IO);
    assert_contains(err.message, "none/got.part: cannot open");
    assert_requests("");
}

static bool until(void *context, int64_t done)
{
    return done < *(const int64_t *)context;
}

static void stops_when_told(void **state)
{
    (void)state;
    int64_t most = 50000;
    assert_int_equal(
        get_watched(mirror_url("stall/60000/file"), mirror_url("ok/file"), (struct pd_watch){until, &most}),
        PD_ERR_INTERRUPTED);
    assert_requests("/stall/60000/file -\n");
    assert_false(is_there("got"));
    assert_true(part_size() >= 50000);
    succeeds(mirror_url("ok/file"), NULL);
}

static void goes_on_after_a_kill(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        get(mirror_url("stall/70000/file"), NULL);
        _exit(0);
    }
    for (int i = 0; i < 1000 && part_size() < 70000; i++)
        usleep(1000);
    /* while it runs, nobody else gets in its way */
    assert_int_equal(get(mirror_url("ok/file"), NULL), PD_ERR_IO);
    assert_contains(err.message, "another process");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(is_there("got"));
    mirror_forget_requests();
    succeeds(mirror_url("ok/file"), NULL);
    assert_requests("/ok/file bytes=70000-\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fetches_once, fresh),
        cmocka_unit_test_setup(follows_to_another_address, fresh),
        cmocka_unit_test_setup(takes_a_broken_connection_up_again, fresh),
        cmocka_unit_test_setup(goes_on_with_another_mirror, fresh),
        cmocka_unit_test_setup(starts_over_where_range_is_ignored, fresh),
        cmocka_unit_test_setup(takes_a_file_of_unknown_length, fresh),
        cmocka_unit_test_setup(needs_nothing_when_all_bytes_are_there, fresh),
        cmocka_unit_test_setup(survives_a_wrong_part, fresh),
        cmocka_unit_test_setup(refuses_wrong_bytes, fresh),
        cmocka_unit_test_setup(refuses_another_length, fresh),
        cmocka_unit_test_setup(tries_the_next_mirror, fresh),
        cmocka_unit_test_setup(says_why_each_mirror_failed, fresh),
        cmocka_unit_test_setup(gives_a_silent_mirror_up, fresh),
        cmocka_unit_test_setup(leaves_another_file_alone, fresh),
        cmocka_unit_test_setup(survives_a_full_disk, fresh),
        cmocka_unit_test_setup(needs_a_folder, fresh),
        cmocka_unit_test_setup(stops_when_told, fresh),
        cmocka_unit_test_setup(goes_on_after_a_kill, fresh),
    };
    ALL_NEED(curl, tests);
    return cmocka_run_group_tests(tests, start, stop);
}
