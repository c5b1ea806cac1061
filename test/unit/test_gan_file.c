/* Networks in a file of their own: written, read again with their statistics, and refused where a file lies.
 */
#include "scratch.h"

#include "io/npy.h"
#include "io/safetensors.h"

#include <paydirt/sample.h>
#include <paydirt/score.h>
#include <paydirt/train.h>

#include <math.h>

enum { SIDE = 8, IMAGE = SIDE * SIDE, N = 64, SEEN = 5, CLASSES = 3, META = 40 };

static void expect(enum pd_status status, const struct pd_error *err)
{
    if (status)
        fail_msg("%s", err->message);
}

static struct pd_dataset *make_data(void)
{
    static const char *const names[CLASSES] = {"cat", "dog", "mouse"};
    static uint8_t pixels[N * IMAGE];
    static int32_t labels[N];
    struct pd_dataset *data;
    struct pd_error err;
    for (int i = 0; i < N * IMAGE; i++)
        pixels[i] = (uint8_t)((i * 2654435761U) >> 24);
    for (int i = 0; i < N; i++)
        labels[i] = i % CLASSES;
    const struct pd_data_arrays arrays = {.n = N,
                                          .channels = 1,
                                          .height = SIDE,
                                          .width = SIDE,
                                          .u8 = pixels,
                                          .labels = labels,
                                          .classes = CLASSES,
                                          .class_names = names};
    expect(pd_dataset_from_arrays(&arrays, &data, &err), &err);
    return data;
}

static struct pd_gan *train(const struct pd_dataset *data, const char *model, const char *option,
                            const char *value)
{
    const char *const options[][2] = {{"model", model},    {"width", "0.0625"}, {"epochs", "1"},
                                      {"min-epoch", "64"}, {"batch", "16"},     {"size", "8"},
                                      {"threads", "1"},    {option, value}};
    struct pd_training *t;
    struct pd_gan *gan;
    struct pd_error err;
    expect(pd_training_create(&t, &err), &err);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        expect(pd_training_set(t, options[i][0], options[i][1], &err), &err);
    expect(pd_training_run(t, (struct pd_dataset *)data, NULL, &gan, &err), &err);
    pd_training_destroy(t);
    return gan;
}

/* What can be seen of networks: samples, and scores of both kinds. */
struct sight {
    float images[SEEN * IMAGE], logit[PD_ORIGINS][SEEN], classes[PD_ORIGINS][SEEN * CLASSES];
};

static struct sight look(struct pd_gan *gan)
{
    static const int32_t classes[SEEN] = {0, 1, 2, 1, 0};
    struct sight s;
    struct pd_error err;
    expect(pd_generate(gan, SEEN, classes, NULL, 5, s.images, &err), &err);
    for (int o = 0; o < PD_ORIGINS; o++)
        expect(pd_score(gan, (enum pd_origin)o, s.images, SEEN, s.logit[o], s.classes[o], &err), &err);
    return s;
}

/* Model, and an option that changes what the file holds. */
static const char *const kinds[][3] = {{"infogan", "seed", "1"},
                                       {"infogan", "ema", "0.9"},
                                       {"infogan", "recalibrate", "false"},
                                       {"infogan", "rotation", "1"},
                                       {"sngan", "seed", "2"}};

static void networks_come_back_as_they_were(void **state)
{
    struct pd_dataset *data = make_data();
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct pd_error err = {.message = ""};
        struct pd_gan *gan = train(data, kinds[i][0], kinds[i][1], kinds[i][2]), *again;
        struct pd_safetensors *st;
        const char *path = scratch_path("gan.safetensors");
        if (i == 0) {
            assert_int_equal(pd_gan_statistics(gan, PD_ORIGIN_REAL), N);
            expect(pd_recalibrate(gan, PD_ORIGIN_FAKE, NULL, &err), &err);
        }
        expect(pd_gan_write(gan, path, &err), &err);
        expect(pd_safetensors_open(path, &st, &err), &err);
        assert_true(atoi(pd_safetensors_meta(st, "step")) > 0);
        pd_safetensors_destroy(st);
        expect(pd_gan_read(path, 1, &again, &err), &err);
        assert_string_equal(err.message, "");
        const struct sight a = look(gan), b = look(again);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(pd_gan_feature_width(gan) > 0 &&
                    pd_gan_feature_width(again) == pd_gan_feature_width(gan));
        for (int o = 0; o < PD_ORIGINS; o++)
            assert_int_equal(pd_gan_statistics(again, (enum pd_origin)o),
                             pd_gan_statistics(gan, (enum pd_origin)o));
        assert_int_equal(pd_gan_classes(again), CLASSES);
        expect(pd_gan_write(again, scratch_path("twice.safetensors"), &err), &err);
        size_t n, m;
        char *first = scratch_read(path, &n), *second = scratch_read(scratch_path("twice.safetensors"), &m);
        assert_true(n == m && !memcmp(first, second, n));
        free(first);
        free(second);
        pd_gan_destroy(gan);
        pd_gan_destroy(again);
    }
    pd_dataset_destroy(data);
}

static void statistics_are_made_on_demand(void **state)
{
    struct pd_error err;
    struct pd_dataset *data = make_data();
    struct pd_gan *made = train(data, "infogan", "seed", "1"),
                  *plain = train(data, "infogan", "recalibrate", "false");
    (void)state;
    assert_int_equal(pd_gan_statistics(plain, PD_ORIGIN_REAL), 0);
    const struct sight before = look(plain), wanted = look(made);
    assert_true(memcmp(before.logit, wanted.logit, sizeof before.logit) != 0);
    expect(pd_recalibrate(plain, PD_ORIGIN_REAL, data, &err), &err);
    assert_int_equal(pd_gan_statistics(plain, PD_ORIGIN_REAL), N);
    const struct sight after = look(plain);
    assert_memory_equal(&after, &wanted, sizeof after);
    assert_int_equal(pd_recalibrate(plain, PD_ORIGIN_REAL, NULL, &err), PD_ERR_USAGE);
    assert_int_equal(pd_recalibrate(plain, PD_ORIGIN_FAKE, data, &err), PD_ERR_USAGE);
    assert_int_equal(pd_recalibrate(plain, PD_ORIGINS, data, &err), PD_ERR_USAGE);
    const float points[4] = {0, 1, 1, 0};
    struct pd_dataset *other;
    const struct pd_data_arrays arrays = {
        .n = 2, .channels = 2, .height = 1, .width = 1, .f32 = points, .classes = 1};
    expect(pd_dataset_from_arrays(&arrays, &other, &err), &err);
    assert_int_equal(pd_recalibrate(plain, PD_ORIGIN_REAL, other, &err), PD_ERR_MISMATCH);
    pd_dataset_destroy(other);
    pd_gan_destroy(made);
    pd_gan_destroy(plain);
    pd_dataset_destroy(data);
}

/* --- files that lie --- */

/* The file at `from` with a word of its metadata changed (value NULL: without it), at `to`. */
static void change(const char *from, const char *key, const char *value, const char *to)
{
    struct pd_safetensors *st;
    struct pd_error err;
    struct pd_st_meta meta[META];
    size_t n = 0;
    expect(pd_safetensors_open(from, &st, &err), &err);
    struct pd_io_array *arrays = calloc(pd_safetensors_count(st), sizeof *arrays);
    for (size_t i = 0; i < pd_safetensors_count(st); i++)
        arrays[i] = *pd_safetensors_at(st, i);
    for (size_t i = 0; i < pd_safetensors_meta_count(st); i++) {
        const struct pd_st_meta m = pd_safetensors_meta_at(st, i);
        if (strcmp(m.key, key) != 0)
            meta[n++] = m;
    }
    if (value)
        meta[n++] = (struct pd_st_meta){key, value};
    expect(pd_safetensors_write(to, arrays, pd_safetensors_count(st), meta, n, &err), &err);
    free(arrays);
    pd_safetensors_destroy(st);
}

static void files_that_lie_are_refused(void **state)
{
    static const struct {
        const char *key, *value, *says;
    } lies[] = {
        {"model", NULL, "not a paydirt checkpoint"},
        {"model", "infogn", "did you mean 'infogan'"},
        {"model", "mlp", "2-D points"},
        {"model", "dcgan", "expected"},
        {"size", "7", "multiple of 4"},
        {"size", "16", "expected"},
        {"size", "0", "points of 1"},
        {"channels", "0", "expected 1 to"},
        {"classes", "0", "expected 1 to"},
        {"classes", "1000000", "expected"},
        {"z_dim", "-1", "whole number"},
        {"z_dim", "0", "expected 1 to"},
        {"width1", "1048576", "expected"},
        {"width1", "0", "expected 1 to"},
        {"width1", "99999999999999999999", "whole number"},
        {"class_names", "[\"cat\", \"dog\"]", "class"},
        {"class_names", "{", "JSON"},
        {"real_images", "many", "whole number"},
        {"real_images", "99999999999", "no such statistics"},
        {"fake_images", "5000", "no tensor 'fake."},
        {"ema", "true", "no tensor 'ema."},
        {"format", "paydirt 2", "expected 'paydirt 1'"},
    };
    struct pd_error err;
    struct pd_dataset *data = make_data();
    struct pd_gan *gan = train(data, "infogan", "seed", "1");
    char good[600], bad[600];
    (void)state;
    snprintf(good, sizeof good, "%s", scratch_path("good.safetensors"));
    snprintf(bad, sizeof bad, "%s", scratch_path("bad.safetensors"));
    expect(pd_gan_write(gan, good, &err), &err);
    pd_gan_destroy(gan);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        change(good, lies[i].key, lies[i].value, bad);
        const enum pd_status status = pd_gan_read(bad, 1, &gan, &err);
        if (!status)
            fail_msg("%s = %s was taken", lies[i].key, lies[i].value);
        assert_null(gan);
        assert_true(status == PD_ERR_FORMAT || status == PD_ERR_MISMATCH);
        assert_contains(err.message, lies[i].says);
    }
    assert_int_equal(pd_gan_read(good, -1, &gan, &err), PD_ERR_USAGE);
    assert_int_equal(pd_gan_read(scratch_path("none"), 0, &gan, &err), PD_ERR_IO);
    pd_dataset_destroy(data);
}

/* Bytes where [-1, 1] is expected. */
static void samples_of_another_range_are_refused(void **state)
{
    (void)state;
    struct pd_error err;
    struct pd_samples s, again;
    char note[PD_NOTE_SIZE];
    struct pd_dataset *data = make_data();
    struct pd_gan *gan = train(data, "infogan", "seed", "1");
    expect(pd_sample(gan, 2, 3, &s, &err), &err);
    expect(pd_samples_write(scratch_path("s.npz"), &s, gan, NULL, NULL, NULL, &err), &err);
    expect(pd_samples_read(scratch_path("s.npz"), gan, &again, note, &err), &err);
    pd_samples_release(&again);
    s.images[pd_gan_image_size(gan) + 3] = 255;
    expect(pd_samples_write(scratch_path("s.npz"), &s, gan, NULL, NULL, NULL, &err), &err);
    assert_int_equal(pd_samples_read(scratch_path("s.npz"), gan, &again, note, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "image 1 has a number 255, expected -1 to 1");
    for (int64_t i = 0; i < s.count * pd_gan_image_size(gan); i++)
        s.images[i] = (float)(i % 2);
    expect(pd_samples_write(scratch_path("s.npz"), &s, gan, NULL, NULL, NULL, &err), &err);
    expect(pd_samples_read(scratch_path("s.npz"), gan, &again, note, &err), &err); /* z is there: pale ones */
    pd_samples_release(&again);
    float *z = s.z;
    s.z = NULL;
    expect(pd_samples_write(scratch_path("s.npz"), &s, gan, NULL, NULL, NULL, &err), &err);
    expect(pd_samples_read(scratch_path("s.npz"), gan, &again, note, &err), &err);
    assert_contains(note, "s: float32 images of 0 to 1: 0 is black, 1 white");
    assert_true(again.images[0] == -1 && again.images[1] == 1);
    pd_samples_release(&again);
    s.images[0] = -1e-7F; /* the same, rounded */
    expect(pd_samples_write(scratch_path("s.npz"), &s, gan, NULL, NULL, NULL, &err), &err);
    expect(pd_samples_read(scratch_path("s.npz"), gan, &again, note, &err), &err);
    assert_contains(note, "0 is black, 1 white");
    pd_samples_release(&again);
    s.z = z;
    pd_samples_release(&s);
    pd_gan_destroy(gan);
    pd_dataset_destroy(data);
}

/* Bytes with the channels behind, NumPy's whole numbers, classes in another order. */
static void sets_of_others_are_read(void **state)
{
    (void)state;
    static const uint32_t names[3][5] = {{'m', 'o', 'u', 's', 'e'}, {'c', 'a', 't'}, {'d', 'o', 'g'}};
    static const uint8_t pixels[2 * IMAGE] = {255, 0, 51};
    static const int64_t numbers[2] = {0, 2};
    struct pd_io_array arrays[] = {{"images", PD_IO_U8, 4, {2, SIDE, SIDE, 1}, pixels},
                                   {"labels", PD_IO_I64, 1, {2}, numbers},
                                   {"classes", PD_IO_TEXT, 2, {3, 5}, names}};
    struct pd_error err;
    struct pd_samples s;
    char note[PD_NOTE_SIZE];
    struct pd_dataset *data = make_data();
    struct pd_gan *gan = train(data, "infogan", "seed", "1");
    const char *path = scratch_path("others.npz");
    expect(pd_npz_write(path, arrays, 3, false, &err), &err);
    expect(pd_samples_read(path, gan, &s, note, &err), &err);
    assert_true(s.count == 2 && s.labels[0] == 2 && s.labels[1] == 1);
    assert_true(s.images[0] == 1 && s.images[1] == -1 && fabsf(s.images[2] + 0.6F) < 1e-6F);
    assert_contains(note, "classes are those of the run by name");
    pd_samples_release(&s);
    expect(pd_npz_write(path, arrays, 2, false, &err), &err);
    expect(pd_samples_read(path, gan, &s, note, &err), &err);
    assert_true(s.labels[0] == 0 && s.labels[1] == 2);
    assert_contains(note, "by their places, 0 for 'cat'");
    pd_samples_release(&s);
    const uint32_t strange[3] = {'x', 'y', 0x732B};
    arrays[2] = (struct pd_io_array){"classes", PD_IO_TEXT, 2, {3, 1}, strange};
    expect(pd_npz_write(path, arrays, 3, false, &err), &err);
    assert_int_equal(pd_samples_read(path, gan, &s, note, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "does not know: x, \xe7\x8c\xab; its classes are cat, dog, mouse");
    arrays[0].dims[0] = 0;
    expect(pd_npz_write(path, arrays, 2, false, &err), &err);
    assert_int_equal(pd_samples_read(path, gan, &s, note, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "there are no images in it");
    pd_gan_destroy(gan);
    pd_dataset_destroy(data);
}

/* A variance below 0 would make every score NaN. */
static void variances_are_no_less_than_zero(void **state)
{
    struct pd_error err;
    struct pd_dataset *data = make_data();
    struct pd_gan *gan = train(data, "infogan", "seed", "1");
    const char *path = scratch_path("variance.safetensors");
    struct pd_safetensors *st;
    struct pd_st_meta meta[META];
    float *negative = NULL;
    (void)state;
    expect(pd_gan_write(gan, path, &err), &err);
    pd_gan_destroy(gan);
    expect(pd_safetensors_open(path, &st, &err), &err);
    struct pd_io_array *arrays = calloc(pd_safetensors_count(st), sizeof *arrays);
    for (size_t i = 0; i < pd_safetensors_count(st); i++) {
        arrays[i] = *pd_safetensors_at(st, i);
        if (negative || strncmp(arrays[i].name, "real.", 5) != 0 || !strstr(arrays[i].name, ".running_var"))
            continue;
        negative = calloc((size_t)pd_io_array_count(&arrays[i]), sizeof *negative);
        negative[0] = -1;
        arrays[i].data = negative;
    }
    assert_non_null(negative);
    for (size_t i = 0; i < pd_safetensors_meta_count(st); i++)
        meta[i] = pd_safetensors_meta_at(st, i);
    path = scratch_path("negative.safetensors");
    expect(pd_safetensors_write(path, arrays, pd_safetensors_count(st), meta, pd_safetensors_meta_count(st),
                                &err),
           &err);
    assert_int_equal(pd_gan_read(path, 1, &gan, &err), PD_ERR_FORMAT);
    assert_contains(err.message, "variance of -1");
    free(negative);
    free(arrays);
    pd_safetensors_destroy(st);
    pd_dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_come_back_as_they_were),
        cmocka_unit_test(statistics_are_made_on_demand),
        cmocka_unit_test(files_that_lie_are_refused),
        cmocka_unit_test(samples_of_another_range_are_refused),
        cmocka_unit_test(sets_of_others_are_read),
        cmocka_unit_test(variances_are_no_less_than_zero),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
