/* Samples as folders of pictures for other programs. */
#include "scratch.h"

#include "base/mem.h"
#include "data/labels/class_folders.h"
#include "gan/gan_parts.h"
#include "io/aside.h"
#include "io/level.h"

#include <paydirt/sample.h>

#include <fcntl.h>
#include <png.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { SIZE = 16, PER_CLASS = 3, CLASSES = 4 };

static struct pd_error err;

/* --- folders' names --- */

#define MANY "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *name, *folder;
} classes[] = {{"cat", "cat"},
               {"a/b", "a%2Fb"},
               {"..", "%2E%2E"},
               {"Cat", "Cat~3"},
               {"", "04"},
               {"=1+2", "%3D1+2"},
               {"-rf", "%2Drf"},
               {"größe", "größe"},
               {"GRÖSSE", "GRÖSSE~8"}, /* the same where case is none */
               {"50%", "50%25"},
               {"new\nline", "new%0Aline"},
               {"\xff", "%FF"},
               {"dot.", "dot%2E"},
               {"C:\\x", "C%3A%5Cx"},
               {MANY MANY MANY, MANY MANY "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx~14"},
               {"cat~3", "cat%7E3"}};
enum { NAMES = sizeof classes / sizeof classes[0] };

static void names_are_good_for_folders(void **state)
{
    (void)state;
    static char at[NAMES][PD_CLASS_NAME_SIZE];
    char note[PD_NOTE_SIZE];
    struct pd_class_names names = {NAMES, at};
    struct pd_class_folders f;
    for (int i = 0; i < NAMES; i++)
        snprintf(at[i], sizeof at[i], "%s", classes[i].name);
    assert_int_equal(pd_class_folders_make(&names, NAMES, &f, NULL), PD_OK);
    for (int i = 0; i < NAMES; i++)
        assert_string_equal(f.at[i], classes[i].folder);
    pd_class_folders_note(&f, &names, NULL, false, note);
    assert_null(strstr(note, "manifest.csv"));
    pd_class_folders_note(&f, &names, NULL, true, note);
    assert_contains(note, "class 'a/b' is in folder 'a%2Fb'\n");
    assert_contains(note, "9 more classes have folders of other names\n");
    assert_contains(note, "by the names of the folders that there are: ");
    pd_class_folders_release(&f);
}

/* ImageFolder's numbers are those of the folders that there are. */
static void numbers_are_told(void **state)
{
    (void)state;
    static char at[][PD_CLASS_NAME_SIZE] = {"ant", "bee", "NEW:x/y", "cow"};
    static const struct {
        bool made[4];
        const char *line;
    } tried[] = {{{true, true}, ""},
                 {{true, false, false, true}, "'cow' is 1 there, and 3 of the run"},
                 {{true, true, true}, "'ant' is 1 there, and 0 of the run"}};
    char note[PD_NOTE_SIZE];
    const struct pd_class_names names = {4, at};
    struct pd_class_folders f;
    assert_int_equal(pd_class_folders_make(&names, 4, &f, NULL), PD_OK);
    for (int i = 0; i < 3; i++) {
        pd_class_folders_note(&f, &names, tried[i].made, false, note);
        assert_contains(note, tried[i].line);
        assert_int_equal(strstr(note, "NEW") != NULL, tried[i].made[2]);
        assert_int_equal(strstr(note, "ImageFolder") != NULL, i > 0);
    }
    pd_class_folders_release(&f);
}

/* "unlabelled" is no class for readers, nor are folders that are all splits. */
static void names_mean_classes(void **state)
{
    (void)state;
    static char at[][PD_CLASS_NAME_SIZE] = {"train", "test", "unlabelled", "cat"};
    struct pd_class_folders f;
    for (int n = 3; n <= 4; n++) {
        const struct pd_class_names names = {n, at};
        assert_int_equal(pd_class_folders_make(&names, n, &f, NULL), PD_OK);
        assert_string_equal(f.at[0], n == 3 ? "%74rain" : "train");
        assert_string_equal(f.at[1], n == 3 ? "%74est" : "test");
        assert_string_equal(f.at[2], "%75nlabelled");
        pd_class_folders_release(&f);
    }
}

static void numbers_stand_in_their_order(void **state)
{
    (void)state;
    char note[PD_NOTE_SIZE];
    const struct pd_class_names none = {0, NULL};
    struct pd_class_folders f;
    assert_int_equal(pd_class_folders_make(&none, 101, &f, NULL), PD_OK);
    assert_string_equal(f.at[7], "007");
    assert_string_equal(f.at[100], "100");
    pd_class_folders_note(&f, &none, NULL, false, note);
    assert_string_equal(note, "");
    pd_class_folders_release(&f);
}

/* --- folders that appear whole --- */

static void appears_whole_or_not_at_all(void **state)
{
    (void)state;
    struct pd_aside a, b;
    char path[512], temp[512];
    snprintf(path, sizeof path, "%s/whole//", scratch_dir);
    snprintf(temp, sizeof temp, "%s/whole.paydirt.tmp", scratch_dir);
    assert_int_equal(mkdir(temp, 0777), 0); /* of a killed process */
    scratch_write(scratch_path("whole.paydirt.tmp/leftover"), "x", 1);
    assert_int_equal(mkdir(scratch_path("whole"), 0777), 0); /* empty: nothing would be lost */
    assert_int_equal(pd_aside_begin(&a, path, &err), PD_OK);
    assert_string_equal(a.temp, temp);
    assert_int_equal(scratch_count(temp), 0);
    assert_int_equal(pd_aside_begin(&b, path, &err), PD_ERR_IO);
    assert_contains(err.message, "another process writes");
    scratch_write(scratch_path("whole.paydirt.tmp/file"), "x", 1);
    assert_int_equal(scratch_count(scratch_path("whole")), 0);
    assert_int_equal(pd_aside_commit(&a, &err), PD_OK);
    assert_file(scratch_path("whole/file"), "x");
    assert_int_equal(access(temp, F_OK), -1);
    assert_int_equal(pd_aside_begin(&a, path, &err), PD_ERR_IO);
    assert_contains(err.message, "there is something in it already: expected a new or an empty folder");
    assert_file(scratch_path("whole/file"), "x");

    assert_int_equal(pd_aside_begin(&a, scratch_path("never"), &err), PD_OK);
    scratch_write(scratch_path("never.paydirt.tmp/file"), "x", 1);
    pd_aside_abort(&a);
    pd_aside_abort(&a);
    assert_int_equal(access(scratch_path("never.paydirt.tmp"), F_OK), -1);
    assert_int_equal(access(scratch_path("never"), F_OK), -1);
}

static void refuses_names_that_are_none(void **state)
{
    (void)state;
    scratch_write(scratch_path("file"), "x", 1);
    assert_int_equal(symlink(scratch_dir, scratch_path("link")), 0);
    const char *const names[] = {"", "/", ".", "..", "link", "file", "none/below"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct pd_aside a;
        const char *path = i < 4 ? names[i] : scratch_path(names[i]);
        if (pd_aside_begin(&a, path, &err) != PD_ERR_IO)
            fail_msg("'%s' is taken", names[i]);
    }
    assert_file(scratch_path("file"), "x");
}

/* --- samples --- */

struct fixture {
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_samples samples;
};

static void make(struct fixture *f, const char *model, int channels)
{
    static const char *const names[] = {"zebra", "a/b", "=x", "dog"};
    struct pd_model_config c;
    const struct pd_model *m = pd_model_find(model, &err);
    if (!m || pd_backend_create("ref", 1, &f->backend, &err) ||
        pd_model_configure(m, m->points ? 2 : channels, m->points ? 0 : SIZE, CLASSES, 2, 0.0625, &c, &err) ||
        pd_gan_create(&c, f->backend, 3, &f->gan, &err) || pd_sample(f->gan, PER_CLASS, 9, &f->samples, &err))
        fail_msg("%s", err.message);
    f->gan->classes = (struct pd_class_names){CLASSES, pd_calloc(CLASSES, PD_CLASS_NAME_SIZE)};
    for (int i = 0; i < CLASSES; i++)
        snprintf(f->gan->classes.at[i], PD_CLASS_NAME_SIZE, "%s", names[i]);
}

static void release(struct fixture *f)
{
    pd_samples_release(&f->samples);
    pd_gan_destroy(f->gan);
    pd_backend_destroy(f->backend);
}

static void assert_picture(const char *file, const float *image, int channels)
{
    size_t size;
    char *bytes = scratch_read(scratch_path(file), &size);
    png_image png = {.version = PNG_IMAGE_VERSION};
    uint8_t pixels[SIZE * SIZE * 3];
    assert_true(png_image_begin_read_from_memory(&png, bytes, size));
    assert_int_equal(png.format, channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY);
    assert_true(png.width == SIZE && png.height == SIZE);
    assert_true(png_image_finish_read(&png, NULL, pixels, 0, NULL));
    assert_null(memmem(bytes, size, "tEXt", 4)); /* data, no picture for people */
    for (int i = 0; i < SIZE * SIZE; i++)
        for (int c = 0; c < channels; c++)
            assert_int_equal(pixels[i * channels + c], pd_pixel_level(image[c * SIZE * SIZE + i]));
    free(bytes);
}

static void writes_pictures_and_what_they_are(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2) {
        struct fixture f;
        char note[PD_NOTE_SIZE], expected[256], folder[32];
        float logit[PER_CLASS * CLASSES] = {0.5F};
        double d[PER_CLASS * CLASSES] = {-2};
        make(&f, "dcgan", channels);
        const struct pd_sample_folder what = {.samples = &f.samples, .seed = 9, .logit = logit, .d = d};
        snprintf(folder, sizeof folder, "samples%d", channels);
        assert_int_equal(pd_samples_write_folder(scratch_path(folder), &what, f.gan, note, &err), PD_OK);
        assert_contains(note, "class 'a/b' is in folder 'a%2Fb'\nclass '=x' is in folder '%3Dx'\n");
        assert_int_equal(scratch_count(scratch_path(folder)), CLASSES + 1);
        for (int i = 0; i < PER_CLASS * CLASSES; i++) {
            static const char *const folders[] = {"zebra", "a%2Fb", "%3Dx", "dog"};
            char file[128];
            snprintf(file, sizeof file, "%s/%s/paydirt-9-%05d.png", folder, folders[i / PER_CLASS],
                     i % PER_CLASS);
            assert_picture(file, f.samples.images + (size_t)i * (size_t)channels * SIZE * SIZE, channels);
        }
        snprintf(folder, sizeof folder, "samples%d/manifest.csv", channels);
        char *manifest = scratch_read(scratch_path(folder), NULL);
        snprintf(expected, sizeof expected,
                 "file,class,label,number,seed,logit,log_p_class,d,z_0,z_1\n"
                 "zebra/paydirt-9-00000.png,zebra,0,0,9,0.5,,-2,%.9g,%.9g\n",
                 (double)f.samples.z[0], (double)f.samples.z[1]);
        assert_int_equal(strncmp(manifest, expected, strlen(expected)), 0);
        assert_contains(manifest, "\n%3Dx/paydirt-9-00002.png,\"'=x\",2,2,9,0,,0,");
        free(manifest);
        release(&f);
    }
}

static bool stop_at_five(void *context, const char *unit, uint64_t done, uint64_t count)
{
    (void)context;
    assert_string_equal(unit, "images");
    assert_int_equal(count, PER_CLASS * CLASSES);
    return done == 5;
}

static void leaves_nothing_behind(void **state)
{
    (void)state;
    struct fixture f;
    char note[PD_NOTE_SIZE];
    const struct pd_data_watch watch = {.decoding = stop_at_five};
    make(&f, "dcgan", 3);
    struct pd_sample_folder what = {.samples = &f.samples, .watch = &watch};
    const int before = scratch_count(scratch_dir);
    assert_int_equal(pd_samples_write_folder(scratch_path("no"), &what, f.gan, note, &err),
                     PD_ERR_INTERRUPTED);
    what.watch = NULL;
    scratch_limit(200);
    assert_int_equal(pd_samples_write_folder(scratch_path("no"), &what, f.gan, note, &err), PD_ERR_IO);
    scratch_limit(RLIM_INFINITY);
    int failed = 0;
    for (uint64_t n = 1;; n++) {
        pd_mem_fail_after(n);
        const enum pd_status status = pd_samples_write_folder(scratch_path("no"), &what, f.gan, note, &err);
        pd_mem_fail_after(0);
        if (!access(scratch_path("no"), F_OK)) /* there is no way back from the rename */
            break;
        assert_int_equal(status, PD_ERR_MEMORY);
        assert_int_equal(scratch_count(scratch_dir), before);
        failed++;
    }
    assert_true(failed > 10);
    assert_int_equal(scratch_count(scratch_dir), before + 1);
    release(&f);
    make(&f, "mlp", 2);
    assert_int_equal(pd_sample_folder_check(scratch_path("points"), f.gan, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "points: the run makes points, which are no pictures");
    release(&f);
}

static void too_many_are_refused_before_the_work(void **state)
{
    (void)state;
    struct fixture f;
    struct pd_samples many;
    make(&f, "dcgan", 3);
    assert_int_equal(pd_sample(f.gan, INT64_C(4000000000), 0, &many, &err), PD_ERR_MEMORY);
    assert_contains(err.message, "out of memory for 16000000000 samples: they take ");
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_good_for_folders),
        cmocka_unit_test(numbers_are_told),
        cmocka_unit_test(names_mean_classes),
        cmocka_unit_test(numbers_stand_in_their_order),
        cmocka_unit_test(appears_whole_or_not_at_all),
        cmocka_unit_test(refuses_names_that_are_none),
        cmocka_unit_test(writes_pictures_and_what_they_are),
        cmocka_unit_test(leaves_nothing_behind),
        cmocka_unit_test(too_many_are_refused_before_the_work),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
