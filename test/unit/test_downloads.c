/* The table of published sets, and fetching one from a mirror into a data folder. */
#include "needs.h"
#include "mirror.h"
#include "unit/archive_maker.h"

#include <paydirt/download.h>

#include <nettle/sha2.h>
#include <sys/stat.h>

static char archive_sum[65], plain_sum[65];
static int64_t archive_size;

static void sum_of(const char *name, char hex[65], int64_t *size)
{
    size_t n;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha;
    char *bytes = scratch_read(scratch_path(name), &n);
    sha256_init(&sha);
    sha256_update(&sha, n, (const uint8_t *)bytes);
    sha256_digest(&sha, sizeof digest, digest);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(hex + (size_t)2 * (size_t)i, 3, "%02x", digest[i]);
    *size = (int64_t)n;
    free(bytes);
}

static int start(void **state)
{
    static const struct entry entries[] = {{.name = "set/"}, {.name = "set/a.txt", .content = "first"}};
    int64_t size;
    if (scratch_setup(state))
        return -1;
    archive_make(scratch_path("set.tar.gz"), entries, 2);
    scratch_write(scratch_path("plain"), "plain", 5);
    sum_of("set.tar.gz", archive_sum, &archive_size);
    sum_of("plain", plain_sum, &size);
    mirror_start();
    return 0;
}

static int stop(void **state)
{
    mirror_stop();
    return scratch_teardown(state);
}

/* An empty data folder, by another name each time. */
static char dir[128];

static int fresh(void **state)
{
    static int turn;
    (void)state;
    if (!mirror_port)
        skip();
    snprintf(dir, sizeof dir, "%s/data%d", scratch_dir, turn++);
    mirror_forget_requests();
    return 0;
}

static bool fetched;
static struct pd_error err;

/* Its mirrors are of this machine: the table's first one has nothing. */
static enum pd_status fetch(struct pd_published *p, const char *mirror, bool keep)
{
    const struct pd_fetch how = {.dir = dir, .mirror = mirror, .keep = keep};
    p->mirrors[0] = mirror_url("missing/");
    p->mirrors[1] = mirror_url("ok/");
    return pd_published_fetch(p, &p->files[0], &how, &fetched, &err);
}

static const char *in_dir(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", strrchr(dir, '/') + 1, name);
    return scratch_path(path);
}

static struct pd_published plain_set(void)
{
    return (struct pd_published){.name = "plain", .folder = "plain", .files = {{"plain", 5, plain_sum}}};
}

static struct pd_published archive_set(void)
{
    return (struct pd_published){
        .name = "set", .folder = "", .unpacked = "set", .files = {{"set.tar.gz", archive_size, archive_sum}}};
}

static void is_a_table_of_originals(void **state)
{
    (void)state;
    const struct pd_published *p;
    int count = 0;
    for (; (p = pd_published_at(count)); count++) {
        assert_ptr_equal(pd_published_find(p->name, NULL), p);
        assert_non_null(p->mirrors[0]);
        for (int k = 0; p->mirrors[k]; k++)
            assert_true(!strncmp(p->mirrors[k], "http", 4) &&
                        p->mirrors[k][strlen(p->mirrors[k]) - 1] == '/');
        assert_non_null(p->files[0].name);
        assert_true(!p->unpacked || !p->files[1].name);
        for (const struct pd_published_file *f = p->files; f->name; f++) {
            assert_int_equal(strspn(f->sha256, "0123456789abcdef"), 64);
            assert_int_equal(strlen(f->sha256), 64);
            assert_true(f->size > 0);
        }
    }
    assert_true(count >= 7);
    assert_null(pd_published_find("nmist", &err));
    assert_contains(err.message, "did you mean 'mnist'?");
    assert_null(pd_published_find("emnist", &err));
    assert_string_equal(err.message, "data set 'emnist' is not among those that paydirt fetches");
}

static void fetches_a_file(void **state)
{
    (void)state;
    NEEDS(curl);
    struct pd_published p = plain_set();
    assert_false(pd_published_is_there(&p, dir));
    assert_int_equal(fetch(&p, NULL, false), PD_OK);
    assert_true(fetched);
    assert_file(in_dir("plain/plain"), "plain");
    assert_true(pd_published_is_there(&p, dir));
    assert_requests("/missing/plain -\n/ok/plain -\n");
    assert_int_equal(fetch(&p, NULL, false), PD_OK);
    assert_false(fetched);
    assert_requests("/missing/plain -\n/ok/plain -\n");
}

static void takes_another_mirror_alone(void **state)
{
    (void)state;
    NEEDS(curl);
    struct pd_published p = plain_set();
    assert_int_equal(fetch(&p, mirror_url("missing"), false), PD_ERR_IO);
    assert_requests("/missing/plain -\n");
    assert_int_equal(fetch(&p, mirror_url("ok"), false), PD_OK);
    assert_requests("/missing/plain -\n/ok/plain -\n");
}

static void unpacks_an_archive(void **state)
{
    (void)state;
    NEEDS(curl);
    NEEDS(archive);
    struct pd_published p = archive_set();
    assert_int_equal(fetch(&p, NULL, false), PD_OK);
    assert_true(fetched);
    assert_file(in_dir("set/a.txt"), "first");
    assert_int_equal(scratch_count(dir), 1);
    assert_true(pd_published_is_there(&p, dir));
    mirror_forget_requests();
    assert_int_equal(fetch(&p, NULL, false), PD_OK);
    assert_false(fetched);
    assert_requests("");
}

static void keeps_an_archive(void **state)
{
    (void)state;
    NEEDS(curl);
    NEEDS(archive);
    struct pd_published p = archive_set();
    assert_int_equal(fetch(&p, NULL, true), PD_OK);
    assert_int_equal(scratch_count(dir), 2);
    /* what was kept is unpacked again without being fetched again */
    unlink(in_dir("set/a.txt"));
    rmdir(in_dir("set"));
    mirror_forget_requests();
    assert_int_equal(fetch(&p, NULL, false), PD_OK);
    assert_true(fetched);
    assert_requests("");
    assert_file(in_dir("set/a.txt"), "first");
    assert_int_equal(scratch_count(dir), 1);
}

static void unpacks_nothing_wrong(void **state)
{
    (void)state;
    NEEDS(curl);
    NEEDS(archive);
    struct pd_published p = archive_set();
    assert_int_equal(fetch(&p, mirror_url("wrong"), false), PD_ERR_FORMAT);
    assert_contains(err.message, "SHA-256");
    assert_int_equal(scratch_count(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_table_of_originals),
        cmocka_unit_test_setup(fetches_a_file, fresh),
        cmocka_unit_test_setup(takes_another_mirror_alone, fresh),
        cmocka_unit_test_setup(unpacks_an_archive, fresh),
        cmocka_unit_test_setup(keeps_an_archive, fresh),
        cmocka_unit_test_setup(unpacks_nothing_wrong, fresh),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
