/* paydirt eval --weights on images that people bring, and paydirt weights. */
#include "golden/inception.h"
#include "needs.h"
#include "regress/program.h"
#include "unit/image_maker.h"

#include "io/npy.h"

#include <jansson.h>
#include <sys/stat.h>

enum { FAKE = 10, REAL = 12, SIDE = 16 };

/* Images of ten sizes. */
static void make_folder(void)
{
    static uint8_t planes[3 * SIDE * 2 * SIDE];
    assert_int_equal(mkdir(scratch_path("photos"), 0777), 0);
    for (int i = 0; i < FAKE; i++) {
        char name[32];
        made_image(i % 3, SIDE, SIDE + i, planes);
        struct file f = make_png(SIDE + i, SIDE, PNG_FORMAT_RGB, planes, NULL, 0);
        snprintf(name, sizeof name, "photos/%d.png", i);
        scratch_write(scratch_path(name), f.bytes, f.size);
        free(f.bytes);
    }
}

static int setup(void **state)
{
    static struct pd_io_array arrays[MADE_TENSORS];
    static char names[MADE_TENSORS][PD_INCEPTION_NAME];
    static uint8_t pixels[REAL * 3 * SIDE * SIDE];
    static int32_t labels[REAL];
    const int status = scratch_setup(state);
    made_weights(arrays, names);
    assert_int_equal(pd_safetensors_write(scratch_path("w.safetensors"), arrays, MADE_TENSORS, NULL, 0, NULL),
                     PD_OK);
    made_release(arrays);
    for (int i = 0; i < REAL; i++)
        made_image(i % 3, SIDE, SIDE, pixels + (ptrdiff_t)i * 3 * SIDE * SIDE);
    struct pd_io_array npz[] = {{"images", PD_IO_U8, 4, {REAL, 3, SIDE, SIDE}, pixels},
                                {"labels", PD_IO_I32, 1, {REAL}, labels}};
    assert_int_equal(pd_npz_write(scratch_path("real.npz"), npz, 2, false, NULL), PD_OK);
    npz[0].dims[0] = npz[1].dims[0] = FAKE;
    assert_int_equal(pd_npz_write(scratch_path("fake.npz"), npz, 2, false, NULL), PD_OK);
    make_folder();
    return status;
}

static json_t *line_of(const char *text, int number)
{
    for (; number; number--)
        text = strchr(text, '\n') + 1;
    json_t *line = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(line);
    return line;
}

static void lines_say_what_was_measured(void **state)
{
    (void)state;
    static const char *const names[] = {"fid", "is", "kid"};
    const struct result *r =
        succeeds("eval --weights w.safetensors --fake fake.npz --real real.npz --metrics fid,is,kid --json");
    assert_contains(r->err, "fake.npz: 10 images of the train split, 3 x 16 x 16");
    for (int i = 0; i < 3; i++) {
        json_t *line = line_of(r->out, i);
        assert_string_equal(json_string_value(json_object_get(line, "metric")), names[i]);
        assert_true(json_is_real(json_object_get(line, "value")));
        assert_int_equal(json_string_length(json_object_get(line, "weights")), 64);
        assert_string_equal(json_string_value(json_object_get(line, "resize")), "tensorflow1 bilinear 299");
        assert_string_equal(json_string_value(json_object_get(line, "split")), "train");
        assert_true(json_is_null(json_object_get(line, "image_size")));
        assert_int_equal(json_integer_value(json_object_get(json_object_get(line, "fake"), "samples")), FAKE);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(line, "real"), "samples")), REAL);
        json_decref(line);
    }
}

static void a_score_needs_no_reals(void **state)
{
    (void)state;
    const struct result *r = succeeds("eval --weights w.safetensors --fake fake.npz --metrics is");
    assert_contains(r->out, "splits 10  (10 generated samples, 2048 features;");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    fails("eval --fake fake.npz --real real.npz --metrics fid", 2, "--weights is missing");
    fails("eval --weights w.safetensors --fake fake.npz --metrics is --plot p.png", 2,
          "--metrics prd is missing");
    fails("eval --fake fake.npz --real real.npz --metrics fid", 2, "pt_inception-2015-12-05-6726825d.pth");
    fails("eval --features --fake fake.npz --real real.npz --metrics fid", 2, "--weights is missing");
    fails("eval --weights w.safetensors --fake fake.npz --metrics fid", 2, "--real is missing");
    fails("eval --weights w.safetensors --fake fake.npz --real real.npz --metrics frechet", 2, "it is fid");
    fails("eval --weights w.pth --fake fake.npz --metrics is", 2, "'paydirt weights import'");
    fails("eval --weights w.safetensors --features --fake f.npy --real r.npy", 2,
          "--weights beside --features");
    fails("eval --weights w.safetensors --fake fake.npz --split dev --metrics is", 2, "train or test");
    fails("eval --weights fake.npz --fake fake.npz --metrics is", 4, "not safetensors");
}

static void a_sheet_among_samples_is_named(void **state)
{
    (void)state;
    static uint8_t planes[3 * 2 * SIDE * 2 * SIDE];
    assert_int_equal(mkdir(scratch_path("sheet"), 0777), 0);
    for (int i = 0; i < 12; i++) {
        char name[32];
        const int side = i == 1 ? 2 * SIDE : SIDE;
        made_image(i % 3, side, side, planes);
        struct file f = make_png(side, side, PNG_FORMAT_RGB, planes, NULL, 0);
        snprintf(name, sizeof name, "sheet/%02d.png", i);
        scratch_write(scratch_path(name), f.bytes, f.size);
        free(f.bytes);
    }
    assert_contains(succeeds("eval --weights w.safetensors --fake sheet --metrics is")->err,
                    "1 of 12 images has another size than the most, 16 x 16; the first: 01.png, 32 x 32");
}

/* Each from its own size; what was computed serves again. */
static void folders_and_what_is_kept_of_them(void **state)
{
    (void)state;
    static const char command[] = "eval --weights w.safetensors --fake photos --metrics is";
    char first[64];
    const struct result *r = succeeds(command);
    assert_contains(r->err, "photos: 10 images of the train split, each resized from its own size");
    assert_contains(r->err, "photos: features kept in photos.inception.safetensors");
    snprintf(first, sizeof first, "%.*s", (int)strcspn(r->out, "("), r->out);
    r = succeeds(command);
    assert_contains(r->err, "photos: features from photos.inception.safetensors");
    assert_contains(r->out, first);
    r = succeeds("eval --weights w.safetensors --fake photos --metrics is --no-cache --image-size 16 --json");
    assert_contains(r->err, "each brought to 16 x 16 first");
    assert_null(strstr(r->err, "photos.inception"));
    assert_contains(r->out, "\"image_size\":16");
}

static double fid_of(const char *command)
{
    json_t *line = line_of(succeeds(command)->out, 0);
    const double value = json_number_value(json_object_get(line, "value"));
    assert_string_equal(json_string_value(json_object_get(line, "metric")), "fid");
    json_decref(line);
    return value;
}

static void statistics_are_a_reference(void **state)
{
    (void)state;
    const double want =
        fid_of("eval --weights w.safetensors --fake photos --real real.npz --metrics fid --json "
               "--stats-out stats.npz");
    const double found =
        fid_of("eval --weights w.safetensors --fake photos --real stats.npz --metrics fid --json");
    assert_float_equal(found, want, 1e-6 * want);
    const struct result *r = succeeds("eval --weights w.safetensors --fake photos --real stats.npz");
    assert_contains(r->err, "stats.npz: mean and covariance of 2048 features");
    assert_contains(r->err, "stats.npz holds mean and covariance: they serve a Fréchet distance, not kid");
    assert_null(strstr(r->out, "kid"));
    assert_contains(r->out, "fid");
    fails("eval --weights w.safetensors --fake photos --real stats.npz --metrics fid,pr", 2, "not pr");
}

static void weights_are_imported(void **state)
{
    (void)state;
    static const char code[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3."
                               "\x80\2}.\x80\2cos\nsystem\nX\7\0\0\0touch x\x85R.";
    scratch_write(scratch_path("code.pth"), code, sizeof code - 1);
    const struct result *r = succeeds("weights import w.safetensors --out again.safetensors --json");
    assert_contains(r->out, "\"tensors\":472");
    assert_contains(r->err, "not the file that pytorch-fid publishes");
    fails("weights import code.pth --out x.safetensors", 4, "'os.system', which no pickle of tensors does");
    fails("weights import real.npz --out x.safetensors", 4, "data.pkl");
    fails("weights import w.safetensors", 2, "--out is missing");
    fails("weights imprt w.safetensors --out x", 2, "did you mean 'import'?");
    assert_int_equal(access(scratch_path("x.safetensors"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_say_what_was_measured),    cmocka_unit_test(a_score_needs_no_reals),
        cmocka_unit_test(a_sheet_among_samples_is_named), cmocka_unit_test(folders_and_what_is_kept_of_them),
        cmocka_unit_test(statistics_are_a_reference),     cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(weights_are_imported),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
