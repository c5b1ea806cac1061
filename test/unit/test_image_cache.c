/* The cache of decoded images: made once, used again, made anew when the folder changes; never half a file.
 */
#include "unit/album.h"

#include "base/mem.h"
#include "data/images/image_cache.h"

#include <fcntl.h>
#include <sys/wait.h>

/* --- made and used --- */

static void is_made_once(void **state)
{
    (void)state;
    struct pd_dataset *d = opened();
    struct stat st;
    assert_non_null(d->map);
    assert_string_equal(d->note,
                        "photos: 3 classes (a, b, c), 3000 images; no test split: all for training\n");
    assert_int_equal(d->count, COUNT);
    assert_int_equal(d->channels, 3);
    assert_same(d, decoded(0));
    assert_int_equal(stat(cache_file(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    reopens(false);
    reopens(false);
    assert_int_equal(scratch_count(scratch_path("photos")), CLASSES);
}

/* What one writes to a data set in memory: labels, and which images there are. */
static void is_thinned(void **state)
{
    (void)state;
    struct pd_dataset *d = opened(), *whole = decoded(0);
    assert_int_equal(pd_dataset_thin(d, 100, 1, NULL), PD_OK);
    assert_int_equal(pd_dataset_thin(whole, 100, 1, NULL), PD_OK);
    for (uint32_t i = 0; i < 100; i++) {
        assert_string_equal(d->image_names[i], whole->image_names[i]);
        assert_memory_equal(pd_dataset_image(d, i), pd_dataset_image(whole, i), pd_dataset_image_size(d));
        d->labels[i] = -1;
    }
    assert_non_null(d->digests);
    assert_null(whole->digests);
    assert_same_digests(d, whole);
    pd_dataset_destroy(d);
    pd_dataset_destroy(whole);
    reopens(false);
}

static void each_set_has_its_own(void **state)
{
    (void)state;
    struct pd_dataset *d[] = {opened(), opened_as((struct pd_data_request){.size = 16}),
                              opened_as((struct pd_data_request){.random_crop = true}),
                              opened_as((struct pd_data_request){.classes = "c,a"})};
    const int sides[] = {SIDE, 16, SIDE + 1, SIDE};
    for (size_t i = 0; i < sizeof d / sizeof d[0]; i++) {
        assert_int_equal(d[i]->height, sides[i]);
        assert_int_equal(d[i]->count, i == 3 ? COUNT / 3 * 2 : COUNT);
        assert_int_equal(d[i]->labels[0], i == 3);
        pd_dataset_destroy(d[i]);
    }
    assert_int_equal(scratch_count(scratch_path("cache")), 4);
    struct pd_dataset *again = opened_as((struct pd_data_request){.classes = "c,a"});
    assert_contains(again->note, "1000 images of other classes left out"); /* as when it was made */
    pd_dataset_destroy(again);
}

static void small_sets_need_none(void **state)
{
    (void)state;
    struct pd_dataset *d = opened_as((struct pd_data_request){.classes = "b"});
    assert_null(d->map);
    assert_int_equal(d->count, COUNT / 3);
    assert_int_equal(access(scratch_path("cache"), F_OK), -1);
    pd_dataset_destroy(d);
}

/* More grey images than are decoded at a time, then none or one of another kind. */
static void colour_may_come_late(void **state)
{
    (void)state;
    enum { SIZE = 64 };
    const struct pd_data_request request = {.size = SIZE};
    album = "grey";
    struct pd_dataset *d = opened_as(request);
    assert_int_equal(d->channels, 1);
    assert_same(d, decoded(SIZE));
    write_photo(COUNT - 1, 1, false);
    d = opened_as(request);
    assert_int_equal(d->channels, 3);
    assert_memory_equal(d->pixels, d->pixels + SIZE * SIZE, SIZE * SIZE); /* the first is still grey */
    assert_same(d, decoded(SIZE));
    write_photo(COUNT - 1, 1, true);
}

/* --- stale --- */

static void notices_what_changes(void **state)
{
    (void)state;
    pd_dataset_destroy(opened());
    write_photo(COUNT, 3, false); /* added */
    reopens(true);
    reopens(false);
    assert_int_equal(remove(photo(COUNT)), 0);
    reopens(true);
    assert_int_equal(rename(photo(8), scratch_path("photos/c/renamed.png")), 0);
    reopens(true);
    assert_int_equal(rename(scratch_path("photos/c/renamed.png"), photo(8)), 0);
    reopens(true);
    assert_int_equal(mkdir(scratch_path("photos/a/more"), 0777), 0);
    reopens(true);
    reopens(false);
    assert_int_equal(rmdir(scratch_path("photos/a/more")), 0);
}

/* As many bytes, and the time of the last change put back. */
static void notices_a_change_in_place(void **state)
{
    (void)state;
    struct stat before, after;
    struct file was = picture(0, false), is = picture(0, true);
    pd_dataset_destroy(opened());
    assert_int_equal(stat(photo(0), &before), 0);
    is.bytes = realloc(is.bytes, was.size);
    memset(is.bytes + is.size, 0, was.size > is.size ? was.size - is.size : 0);
    scratch_write(photo(0), is.bytes, was.size);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, photo(0), times, 0), 0);
    assert_int_equal(stat(photo(0), &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    reopens(true);
    reopens(false);
    write_photo(0, 0, false);
    free(was.bytes);
    free(is.bytes);
}

/* A file that could not be read is looked at, too. */
static void notices_a_mended_file(void **state)
{
    (void)state;
    scratch_write(photo(5), "text", 4);
    for (int i = 0; i < 2; i++) {
        struct pd_dataset *d = opened();
        assert_int_equal(d->count, COUNT - 1);
        assert_contains(d->note, "1 of 3000 images left out, as they cannot be read; the first: ");
        pd_dataset_destroy(d);
    }
    reopens(false);
    write_photo(5, 5, false);
    reopens(true);
}

/* --- damaged --- */

static void expect_use(const char *words)
{
    struct pd_dataset *d = opened();
    assert_contains(d->note, words);
    pd_dataset_destroy(d);
    reopens(false);
}

static void damage_is_noticed(void **state)
{
    (void)state;
    pd_dataset_destroy(opened());
    size_t size;
    char *bytes = scratch_read(cache_file(), &size);
    const size_t pixels = (size_t)COUNT * 3 * SIDE * SIDE;
    const size_t places[] = {pixels,
                             pixels + 8 * COUNT,
                             size - 1,
                             size - sizeof(struct pd_image_cache_end) - 1,
                             size - PD_NOTE_SIZE - 9,
                             size - sizeof(struct pd_image_cache_end) + 16,
                             pixels + 9 * COUNT};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bytes[places[i]] ^= 4;
        scratch_write(cache_file(), bytes, size);
        bytes[places[i]] ^= 4;
        expect_use("the cache was of no use: ");
    }
    scratch_write(cache_file(), bytes, size - 1);
    expect_use("cut off, or no cache of images");
    scratch_write(cache_file(), bytes + 8, size - 8);
    expect_use("its counts do not fit");
    scratch_write(cache_file(), "", 0);
    expect_use("an empty file");
    scratch_write(cache_file(), "short", 5);
    expect_use("5 bytes are no cache of images");
    free(bytes);
}

/* A file with another set's key under this one's name. */
static void another_sets_is_not_taken(void **state)
{
    (void)state;
    pd_dataset_destroy(opened_as((struct pd_data_request){.size = 16}));
    size_t size;
    char *bytes = scratch_read(cache_file(), &size);
    remove(cache_file());
    pd_dataset_destroy(opened());
    scratch_write(cache_file(), bytes, size);
    struct pd_dataset *d = opened();
    assert_int_equal(d->height, SIDE);
    assert_same(d, decoded(0));
    reopens(false);
    free(bytes);
}

/* --- where it cannot be made --- */

static void without(const char *cache_dir, const char *words)
{
    struct pd_dataset *d = opened_as((struct pd_data_request){.cache_dir = cache_dir});
    assert_null(d->map);
    assert_contains(d->note, "photos: decoded without a cache: ");
    assert_contains(d->note, words);
    assert_same(d, decoded(0));
}

static void goes_without(void **state)
{
    (void)state;
    scratch_write(scratch_path("file"), "", 0);
    without(scratch_path("file/cache"), "cannot make folder: Not a directory");
    without("/proc/cache", "cannot make folder");
    without(scratch_path("photos/a"), "lies in the folder of images itself");
    without(scratch_path("photos"), "lies in the folder of images itself");
    scratch_limit(1 << 18);
    without(scratch_path("cache"), "cannot write: File too large");
    scratch_limit(RLIM_INFINITY);
    assert_int_equal(scratch_count(scratch_path("cache")), 0);
    assert_int_equal(scratch_count(scratch_path("photos")), CLASSES);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    struct pd_dataset *d = opened_as((struct pd_data_request){.cache_dir = ""});
    assert_null(d->map);
    assert_contains(d->note, "neither XDG_CACHE_HOME nor HOME is set");
    pd_dataset_destroy(d);
}

static void lies_in_the_users_folder(void **state)
{
    (void)state;
    setenv("HOME", scratch_path("home"), 1);
    setenv("XDG_CACHE_HOME", "relative", 1);
    pd_dataset_destroy(opened_as((struct pd_data_request){.cache_dir = ""}));
    assert_int_equal(scratch_count(scratch_path("home/.cache/paydirt")), 1);
    setenv("XDG_CACHE_HOME", scratch_path("xdg"), 1);
    pd_dataset_destroy(opened_as((struct pd_data_request){.cache_dir = ""}));
    assert_int_equal(scratch_count(scratch_path("xdg/paydirt")), 1);
}

/* --- stopped --- */

struct stopper {
    uint64_t calls, last, stop_at;
    int signal;
};

static bool on_decoding(void *context, const char *unit, uint64_t done, uint64_t count)
{
    struct stopper *s = context;
    assert_int_equal(count, COUNT);
    assert_string_equal(unit, "images");
    s->calls++;
    s->last = done;
    if (s->signal && done >= s->stop_at)
        raise(s->signal);
    return s->stop_at && done >= s->stop_at;
}

static void stops_when_asked(void **state)
{
    (void)state;
    struct stopper s = {.stop_at = 1000};
    const struct pd_data_watch watch = {&s, on_decoding, NULL};
    struct pd_dataset *d;
    assert_int_equal(open_as((struct pd_data_request){.watch = &watch}, &d, NULL), PD_ERR_INTERRUPTED);
    assert_int_equal(scratch_count(scratch_path("cache")), 0);
    s = (struct stopper){.stop_at = 0};
    d = opened_as((struct pd_data_request){.watch = &watch, .threads = 1});
    assert_int_equal(s.last, COUNT);
    assert_true(s.calls >= COUNT);
    assert_non_null(d->map);
    pd_dataset_destroy(d);
    s.calls = 0;
    pd_dataset_destroy(opened_as((struct pd_data_request){.watch = &watch}));
    assert_int_equal(s.calls, 0); /* nothing was decoded */
}

/* Killed at any moment, it leaves the old file or none, and nothing in the way of the next. */
static void killed_it_leaves_no_half_file(void **state)
{
    (void)state;
    for (uint64_t at = 10; at < COUNT; at += 1400) {
        const pid_t child = fork();
        if (child == 0) {
            struct stopper s = {.stop_at = at, .signal = SIGKILL};
            const struct pd_data_watch watch = {&s, on_decoding, NULL};
            struct pd_dataset *d;
            open_as((struct pd_data_request){.watch = &watch, .threads = 1}, &d, NULL);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_contains(cache_file(), ".cache.paydirt.tmp");
    }
    pd_dataset_destroy(opened());
    assert_null(strstr(cache_file(), ".tmp"));
    reopens(false);
}

/* --- memory --- */

static void reports_failed_allocations(void **state)
{
    (void)state;
    pd_dataset_destroy(opened());
    enum pd_status status = PD_ERR_MEMORY;
    uint64_t n = 1;
    for (; status; n++) {
        struct pd_dataset *d;
        pd_mem_fail_after(n);
        status = open_as((struct pd_data_request){.split = PD_SPLIT_TRAIN}, &d, NULL);
        pd_mem_fail_after(0);
        if (status)
            assert_int_equal(status, PD_ERR_MEMORY);
        else
            assert_int_equal(d->count, COUNT);
        pd_dataset_destroy(d);
    }
    assert_true(n > 4 && n < 50); /* not one for each image */
    reopens(false);
}

#define CACHED(test) cmocka_unit_test_teardown(test, remove_caches)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CACHED(is_made_once),
        CACHED(is_thinned),
        CACHED(each_set_has_its_own),
        CACHED(small_sets_need_none),
        CACHED(colour_may_come_late),
        CACHED(notices_what_changes),
        CACHED(notices_a_change_in_place),
        CACHED(notices_a_mended_file),
        CACHED(damage_is_noticed),
        CACHED(another_sets_is_not_taken),
        CACHED(goes_without),
        CACHED(lies_in_the_users_folder),
        CACHED(stops_when_asked),
        CACHED(killed_it_leaves_no_half_file),
        CACHED(reports_failed_allocations),
    };
    return cmocka_run_group_tests(tests, make_albums, scratch_teardown);
}
