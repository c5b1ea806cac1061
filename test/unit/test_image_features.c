/* Inception's features of folders, archives, arrays and sets, and what is kept of them. */
#include "golden/inception.h"
#include "needs.h"
#include "unit/image_maker.h"

#include "base/mem.h"
#include "data/dataset.h"
#include "io/npy.h"
#include "metric/feature_cache.h"
#include "metric/inception.h"
#include "metric/metric.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

enum { PHOTOS = 3, SAMPLES = 2, SIDE = 16, WIDTH = PD_INCEPTION_FEATURES, CLASSES = PD_INCEPTION_CLASSES };

static struct pd_inception *net;
static const int sides[PHOTOS][2] = {{24, 40}, {31, 17}, {300, 301}}; /* height, width */

/* --- in the network's place: what each image alone says, in no time (test_inception has the real one) --- */

struct pd_inception {
    float room[(size_t)PD_INCEPTION_BATCH * PD_INCEPTION_PIXELS], bias[CLASSES];
    char checksum[65];
};

const char *pd_inception_checksum(const struct pd_inception *n)
{
    return n->checksum;
}

const float *pd_inception_bias(const struct pd_inception *n)
{
    return n->bias;
}

int pd_inception_threads(const struct pd_inception *n)
{
    (void)n;
    return 2;
}

float *pd_inception_room(struct pd_inception *n)
{
    return n->room;
}

static void look(const float *pixels, int width, float *out)
{
    double sum = 0;
    for (int k = 0; k < PD_INCEPTION_PIXELS; k++)
        sum += (double)pixels[k] * (1 + k % 7);
    for (int j = 0; j < width; j++)
        out[j] = pixels[(ptrdiff_t)j * 130] + (float)sum / PD_INCEPTION_PIXELS;
}

enum pd_status pd_inception_run_room(struct pd_inception *n, int64_t count, float *features, float *logits,
                                     struct pd_error *err)
{
    (void)err;
    for (int64_t i = 0; i < count; i++) {
        if (features)
            look(n->room + i * PD_INCEPTION_PIXELS, WIDTH, features + i * WIDTH);
        if (logits)
            look(n->room + i * PD_INCEPTION_PIXELS, CLASSES, logits + i * CLASSES);
    }
    return PD_OK;
}

/* --- images --- */

static const uint8_t *planes_of(int i)
{
    static uint8_t planes[PHOTOS][3 * 301 * 301];
    made_image(i, sides[i][0], sides[i][1], planes[i]);
    return planes[i];
}

static struct file photo(int i)
{
    static uint8_t rgb[3 * 301 * 301];
    const uint8_t *planes = planes_of(i);
    const int area = sides[i][0] * sides[i][1];
    for (int j = 0; j < area; j++)
        for (int c = 0; c < 3; c++)
            rgb[3 * j + c] = planes[c * area + j];
    return make_png(sides[i][1], sides[i][0], PNG_FORMAT_RGB, rgb, NULL, 0);
}

static const char *photo_name(const char *folder, int i)
{
    static char name[64];
    snprintf(name, sizeof name, "%s/%d.png", folder, i);
    return scratch_path(name);
}

/* Three of different sizes and one that is none. */
static void make_folder(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
    for (int i = 0; i < PHOTOS; i++) {
        struct file f = photo(i);
        scratch_write(photo_name(name, i), f.bytes, f.size);
        free(f.bytes);
    }
    scratch_write(photo_name(name, PHOTOS), "no image", 8);
}

static void make_npz(const char *name, int first)
{
    static uint8_t pixels[SAMPLES * 3 * SIDE * SIDE];
    for (int i = 0; i < SAMPLES; i++)
        made_image(i, SIDE, SIDE, pixels + (ptrdiff_t)i * 3 * SIDE * SIDE);
    pixels[0] = (uint8_t)first;
    const struct pd_io_array array = {"images", PD_IO_U8, 4, {SAMPLES, 3, SIDE, SIDE}, pixels};
    assert_int_equal(pd_npz_write(scratch_path(name), &array, 1, false, NULL), PD_OK);
}

static void make_tar(const char *name)
{
    struct archive *a = archive_write_new();
    archive_write_set_format_pax_restricted(a);
    assert_int_equal(archive_write_open_filename(a, scratch_path(name)), ARCHIVE_OK);
    for (int i = 0; i < PHOTOS; i++) {
        char entry_name[16];
        struct file f = photo(i);
        struct archive_entry *entry = archive_entry_new();
        snprintf(entry_name, sizeof entry_name, "%d.png", i);
        archive_entry_set_pathname(entry, entry_name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0600);
        archive_entry_set_size(entry, (la_int64_t)f.size);
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, f.bytes, f.size), (la_ssize_t)f.size);
        archive_entry_free(entry);
        free(f.bytes);
    }
    assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

static int setup(void **state)
{
    const int failed = scratch_setup(state);
    net = calloc(1, sizeof *net);
    memset(net->checksum, 'a', 64);
    make_folder("photos");
    make_npz("kept.npz", 0);
    return failed;
}

static int teardown(void **state)
{
    free(net);
    return scratch_teardown(state);
}

static int forget(void **state)
{
    (void)state;
    remove(scratch_path("photos.inception.safetensors"));
    remove(scratch_path("kept.npz.inception.safetensors"));
    return 0;
}

/* --- reading --- */

static struct pd_data_request request_of(const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s", scratch_path(name));
    return (struct pd_data_request){
        .name = path, .cache = true, .cache_dir = scratch_path("cache"), .threads = 2};
}

static struct pd_image_features read_as(struct pd_data_request request, bool logits, const char *words)
{
    struct pd_image_features f;
    struct pd_error err = {0};
    if (pd_image_features_read(net, &request, logits, NULL, &f, &err))
        fail_msg("%s", err.message);
    assert_contains(f.note, words);
    assert_int_equal(f.file.width, WIDTH);
    assert_int_equal(f.logits != NULL, logits);
    return f;
}

static struct pd_image_features read_it(const char *name, bool kept, const char *words)
{
    struct pd_image_features f = read_as(request_of(name), true, words);
    if (f.kept != kept)
        fail_msg("%s", f.note);
    return f;
}

static void reads(const char *name, bool kept, const char *words)
{
    struct pd_image_features f = read_it(name, kept, words);
    pd_image_features_release(&f);
}

static void fails(struct pd_data_request request, const struct pd_feature_work *work, enum pd_status status,
                  const char *words)
{
    struct pd_image_features f;
    struct pd_error err = {0};
    const enum pd_status found = pd_image_features_read(net, &request, true, work, &f, &err);
    if (found != status || !strstr(err.message, words))
        fail_msg("status %d, '%s', expected %d, '%s'", (int)found, err.message, (int)status, words);
    pd_image_features_release(&f);
}

/* The same bits. */
static void assert_equal(const struct pd_image_features *a, const struct pd_image_features *b)
{
    const size_t n = (size_t)a->file.count;
    assert_int_equal(a->file.count, b->file.count);
    assert_memory_equal(a->file.set.values, b->file.set.values, n * WIDTH * sizeof(float));
    if (a->logits && b->logits)
        assert_memory_equal(a->logits, b->logits, n * CLASSES * sizeof(float));
}

/* The same; both are released. */
static void assert_same(struct pd_image_features a, struct pd_image_features b)
{
    assert_equal(&a, &b);
    pd_image_features_release(&a);
    pd_image_features_release(&b);
}

/* What the photos must give: each of them alone. */
static const struct pd_image_features *alone(void)
{
    static float features[PHOTOS * WIDTH], logits[PHOTOS * CLASSES];
    static struct pd_image_features f = {.file = {.count = PHOTOS, .set = {PHOTOS, WIDTH, features}},
                                         .logits = logits};
    for (int i = 0; i < PHOTOS && !f.kept; i++) {
        const struct pd_inception_images one = {1, 3, sides[i][0], sides[i][1], planes_of(i), NULL, NULL};
        assert_int_equal(pd_inception_run(net, &one, NULL, features + (ptrdiff_t)i * WIDTH,
                                          logits + (ptrdiff_t)i * CLASSES, NULL),
                         PD_OK);
    }
    f.kept = true;
    return &f;
}

/* --- sizes --- */

static void each_from_its_own_size(void **state)
{
    (void)state;
    struct pd_image_features f =
        read_it("photos", false, "3 images of the train split, each resized from its own size");
    assert_contains(f.note, "1 of 4 images left out, as they cannot be read");
    assert_contains(f.note, "features kept in ");
    assert_equal(&f, alone());
    pd_image_features_release(&f);
}

static void archives_too(void **state)
{
    (void)state;
    NEEDS(archive);
    make_tar("photos.tar");
    struct pd_image_features f = read_it("photos.tar", false, "each resized from its own size");
    assert_equal(&f, alone());
    assert_same(f, read_it("photos.tar", true, "photos.tar.inception.safetensors"));
}

/* As training has them. */
static void a_side_first(void **state)
{
    (void)state;
    struct pd_data_request request = request_of("photos");
    struct pd_dataset *d;
    request.size = SIDE;
    struct pd_image_features f = read_as(request, true, "each brought to 16 x 16 first"), want;
    request.cache = false;
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    const struct pd_inception_images images = {pd_dataset_count(d), 3, SIDE, SIDE, d->pixels, NULL, NULL};
    assert_int_equal(pd_image_features_of(net, &images, true, NULL, &want, NULL), PD_OK);
    assert_string_equal(want.file.name, "memory");
    pd_dataset_destroy(d);
    assert_same(f, want);
    reads("photos", false, "differs in its image size: measured anew");
}

/* --- what is kept --- */

static void kept_bits_are_the_same(void **state)
{
    (void)state;
    struct pd_image_features first = read_it("photos", false, "features kept in ");
    struct pd_image_features again = read_it("photos/", true, "features from ");
    assert_contains(again.note, "photos.inception.safetensors");
    assert_contains(again.note, "1 of 4 files left out");
    assert_same(first, again);
    struct pd_data_request request = request_of("photos");
    request.cache = false;
    struct pd_image_features without = read_as(request, false, "3 images");
    assert_false(without.kept);
    assert_null(strstr(without.note, "features"));
    assert_same(without, read_it("photos", true, "features from "));
}

/* One byte of one file, and its times put back. */
static void one_byte_is_noticed(void **state)
{
    (void)state;
    struct stat st;
    char path[400];
    snprintf(path, sizeof path, "%s", photo_name("photos", PHOTOS));
    reads("photos", false, "kept");
    assert_int_equal(stat(path, &st), 0);
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    scratch_write(path, "no imagE", 8);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    reads("photos", false, "is of other images: measured anew");
    reads("photos", true, "features from ");
    assert_int_equal(remove(path), 0);
    reads("photos", false, "is of other images: measured anew");
    scratch_write(path, "no image", 8);
}

static void arrays_are_kept_too(void **state)
{
    (void)state;
    struct pd_image_features f = read_it("kept.npz", false, "2 images of the train split, 3 x 16 x 16");
    assert_same(f, read_it("kept.npz", true, "features from "));
    make_npz("kept.npz", 1);
    reads("kept.npz", false, "is of other images: measured anew");
    make_npz("kept.npz", 0);
}

/* Logits are kept where they were wanted. */
static void logits_may_be_missing(void **state)
{
    (void)state;
    struct pd_data_request request = request_of("kept.npz");
    struct pd_image_features f = read_as(request, false, "kept in ");
    pd_image_features_release(&f);
    f = read_as(request, false, "features from ");
    pd_image_features_release(&f);
    reads("kept.npz", false, "has no logits: measured anew");
    f = read_as(request, false, "features from ");
    pd_image_features_release(&f);
}

static void sets_by_name(void **state)
{
    (void)state;
    struct pd_data_request request = request_of("");
    request.name = "strokes";
    request.count = SAMPLES;
    struct pd_image_features first = read_as(request, false, "features kept in ");
    struct pd_image_features again = read_as(request, false, "features from ");
    assert_contains(again.note, "cache/strokes-");
    assert_same(first, again);
    request.seed = 1;
    again = read_as(request, false, "is of other images: measured anew");
    pd_image_features_release(&again);
}

/* --- what is there already --- */

static void damage_is_noticed(void **state)
{
    (void)state;
    size_t size;
    char path[400];
    snprintf(path, sizeof path, "%s", scratch_path("kept.npz.inception.safetensors"));
    reads("kept.npz", false, "kept in ");
    char *bytes = scratch_read(path, &size);
    bytes[size - 3] ^= 1;
    scratch_write(path, bytes, size);
    reads("kept.npz", false, "is damaged: measured anew");
    reads("kept.npz", true, "features from ");
    scratch_write(path, bytes, size / 2); /* no cache at all: not ours to replace */
    reads("kept.npz", false, "its features are not kept: ");
    free(bytes);
}

static void what_is_none_is_left_alone(void **state)
{
    (void)state;
    char path[400];
    snprintf(path, sizeof path, "%s", scratch_path("kept.npz.inception.safetensors"));
    scratch_write(path, "a letter", 8);
    reads("kept.npz", false, "not safetensors");
    assert_file(path, "a letter");
    remove(path);
    assert_int_equal(symlink("letter", path), 0);
    reads("kept.npz", false, "its features are not kept: ");
    assert_int_equal(access(scratch_path("letter"), F_OK), -1);
    remove(path);
    const float number = 1;
    const struct pd_io_array other = {"features", PD_IO_F32, 0, {0}, &number};
    assert_int_equal(pd_safetensors_write(path, &other, 1, NULL, 0, NULL), PD_OK);
    reads("kept.npz", false, "holds no features that paydirt has kept");
}

static void a_full_disc_is_no_failure(void **state)
{
    (void)state;
    scratch_limit(4096);
    struct pd_image_features f = read_it("kept.npz", false, "its features are not kept: ");
    scratch_limit(RLIM_INFINITY);
    assert_int_equal(access(scratch_path("kept.npz.inception.safetensors"), F_OK), -1);
    assert_same(f, read_it("kept.npz", false, "kept in "));
}

/* --- statistics --- */

static void write_statistics(const char *name, int64_t width)
{
    double *numbers = calloc((size_t)(width * width), sizeof *numbers);
    const struct pd_io_array arrays[] = {{"mu", PD_IO_F64, 1, {width}, numbers},
                                         {"sigma", PD_IO_F64, 2, {width, width}, numbers}};
    numbers[1] = 0.5;
    assert_int_equal(pd_npz_write(scratch_path(name), arrays, 2, true, NULL), PD_OK);
    free(numbers);
}

static void statistics_serve(void **state)
{
    (void)state;
    write_statistics("reference.npz", WIDTH);
    struct pd_image_features f = read_as(request_of("reference.npz"), false, "mean and covariance of 2048");
    assert_null(f.file.set.values);
    assert_float_equal(f.file.mean[1], 0.5, 0);
    assert_int_equal(f.file.count, 0);
    pd_image_features_release(&f);
    write_statistics("small.npz", 8);
    fails(request_of("small.npz"), NULL, PD_ERR_MISMATCH, "statistics of 8 features, Inception has 2048");
}

/* --- failures --- */

static bool stop(void *context, uint64_t done, uint64_t count)
{
    (void)context, (void)done, (void)count;
    return true;
}

static bool stop_reading(void *context, const char *unit, uint64_t done, uint64_t count)
{
    (void)context, (void)count;
    return !strcmp(unit, "files") && done > 0;
}

static void it_stops(void **state)
{
    (void)state;
    const struct pd_feature_work work = {.watch = stop};
    const struct pd_data_watch watch = {.decoding = stop_reading};
    struct pd_data_request request = request_of("photos");
    fails(request, &work, PD_ERR_INTERRUPTED, "");
    assert_int_equal(access(scratch_path("photos.inception.safetensors"), F_OK), -1);
    reads("photos", false, "kept in ");
    request.watch = &watch;
    fails(request, NULL, PD_ERR_INTERRUPTED, "stopped reading");
}

/* Of a network that diverged: no black pixels. */
static void floats_are_finite(void **state)
{
    (void)state;
    enum { SIZE = 3 * 4 * 4 };
    float images[2 * SIZE] = {0};
    const struct pd_labelled_images lent = {images, NULL, 2};
    struct pd_metric_features to = {.k = 0};
    struct pd_error err;
    assert_int_equal(pd_metric_see_fake(&to, net, 3, 4, &lent, &err), PD_OK);
    assert_int_equal(to.fake.count, 2);
    images[SIZE + 5] = NAN;
    assert_int_equal(pd_metric_see_fake(&to, net, 3, 4, &lent, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "generated images, image 1: nan, expected -1 to 1");
    images[SIZE + 5] = 255;
    assert_int_equal(pd_metric_see_real(&to, net, 3, 4, &lent, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "real images, image 1: 255, expected -1 to 1");
    assert_int_equal(to.fake.count, 2);
    assert_int_equal(to.real.count, 0);
    pd_metric_features_release(&to);
}

static void what_cannot_be(void **state)
{
    (void)state;
    struct pd_data_request request = request_of("nothing");
    fails(request, NULL, PD_ERR_USAGE, "no such folder of images, archive or .npz");
    request.size = -1;
    fails(request, NULL, PD_ERR_USAGE, "size -1");
    assert_int_equal(mkdir(scratch_path("bad"), 0777), 0);
    scratch_write(photo_name("bad", 0), "no image", 8);
    fails(request_of("bad"), NULL, PD_ERR_FORMAT, "none of 1 images can be read");
    assert_int_equal(access(scratch_path("bad.inception.safetensors"), F_OK), -1);
    request = request_of("");
    request.name = "synthetic";
    fails(request, NULL, PD_ERR_MISMATCH, "points, expected images");
}

/* Allocations fail one after the other, `step` apart: an error in words or, where it was but for the cache,
 * the right bits. Returns how many errors there were. */
static int fail_each(const char *name, bool kept, uint64_t step, struct pd_image_features want)
{
    int failed = 0;
    bool reached = true;
    for (uint64_t n = 1; reached; n += step) {
        struct pd_image_features f;
        struct pd_error err = {.message = ""};
        const struct pd_data_request request = request_of(name);
        if (!kept)
            forget(NULL);
        const uint64_t before = pd_mem_count();
        pd_mem_fail_after(n);
        const enum pd_status status = pd_image_features_read(net, &request, true, NULL, &f, &err);
        reached = pd_mem_count() - before >= n;
        pd_mem_fail_after(0);
        if (status && (status != PD_ERR_MEMORY || !err.message[0]))
            fail_msg("allocation %d: status %d, '%s'", (int)n, (int)status, err.message);
        if (!status)
            assert_memory_equal(f.file.set.values, want.file.set.values,
                                (size_t)(want.file.count * WIDTH) * sizeof(float));
        pd_image_features_release(&f);
        failed += status != PD_OK;
    }
    return failed;
}

static void memory_may_fail(void **state)
{
    (void)state;
    struct pd_image_features photos = read_it("photos", false, "kept in "),
                             kept = read_it("kept.npz", false, "kept in ");
    assert_true(fail_each("photos", true, 1, photos) > 10);
    assert_true(fail_each("kept.npz", true, 1, kept) > 5);
    assert_true(fail_each("photos", false, 17, photos) > 3);
    assert_true(fail_each("kept.npz", false, 5, kept) > 3);
    pd_image_features_release(&photos);
    pd_image_features_release(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_from_its_own_size, forget),
        cmocka_unit_test_setup(archives_too, forget),
        cmocka_unit_test_setup(a_side_first, forget),
        cmocka_unit_test_setup(kept_bits_are_the_same, forget),
        cmocka_unit_test_setup(one_byte_is_noticed, forget),
        cmocka_unit_test_setup(arrays_are_kept_too, forget),
        cmocka_unit_test_setup(logits_may_be_missing, forget),
        cmocka_unit_test_setup(sets_by_name, forget),
        cmocka_unit_test_setup(damage_is_noticed, forget),
        cmocka_unit_test_setup(what_is_none_is_left_alone, forget),
        cmocka_unit_test_setup(a_full_disc_is_no_failure, forget),
        cmocka_unit_test_setup(statistics_serve, forget),
        cmocka_unit_test_setup(it_stops, forget),
        cmocka_unit_test_setup(what_cannot_be, forget),
        cmocka_unit_test_setup(floats_are_finite, forget),
        cmocka_unit_test_setup(memory_may_fail, forget),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
