/* What other programs see: data of their own, training without a folder, samples and scores. */
#include "scratch.h"

#include "gan/gan.h"
#include "run/run.h"

#include <math.h>
#include <omp.h>
#include <paydirt/sample.h>
#include <paydirt/score.h>
#include <paydirt/train.h>

enum { SIDE = 8, N = 6 };

static void expect(enum pd_status status, const struct pd_error *err)
{
    if (status)
        fail_msg("%s", err->message);
}

/* --- data --- */

static const uint8_t bytes[N * SIDE * SIDE] = {1, 2, 3};
static const float floats[2 * N] = {0, 1, 0.5F, -1};

static void arrays_are_checked(void **state)
{
    static const float far[SIDE * SIDE * N] = {[SIDE * SIDE * 2 + 1] = 1.5F}, odd[2 * N] = {[5] = NAN};
    static const int32_t beyond[N] = {0, 1, -1, 2};
    static const char *const latin[] = {"cat", "b\xe4r"}, *const twins[] = {"cat", "cat"},
                             *const missing[] = {"cat", NULL};
    static const struct {
        struct pd_data_arrays arrays;
        const char *says;
    } cases[] = {
        {{.n = 0, .channels = 1, .height = SIDE, .width = SIDE, .u8 = bytes, .classes = 2}, "0 images"},
        {{.n = N, .channels = 4, .height = SIDE, .width = SIDE, .u8 = bytes, .classes = 2},
         "1 or 3 channels"},
        {{.n = N, .channels = 1, .height = 0, .width = SIDE, .u8 = bytes, .classes = 2}, "1 x 0 x 8"},
        {{.n = N, .channels = 1, .height = SIDE, .width = 0, .u8 = bytes, .classes = 2},
         "a height and a width of 1 or more"},
        {{.n = N, .channels = 1, .height = SIDE, .width = SIDE, .u8 = bytes, .classes = INT32_MAX},
         "expected 1 to 1048576"},
        {{.n = N, .channels = 1, .height = SIDE, .width = SIDE, .classes = 2}, "one of u8 and f32"},
        {{.n = N, .channels = 2, .height = 1, .width = 1, .u8 = bytes, .classes = 2}, "points: f32"},
        {{.n = N, .channels = 1, .height = SIDE, .width = SIDE, .u8 = bytes}, "0 classes"},
        {{.n = N, .channels = 1, .height = SIDE, .width = SIDE, .u8 = bytes, .labels = beyond, .classes = 2},
         "row 3: label 2, expected -1 to 1"},
        {{.n = N, .channels = 1, .height = SIDE, .width = SIDE, .f32 = far, .classes = 2},
         "row 2: a pixel of 1.5"},
        {{.n = N, .channels = 2, .height = 1, .width = 1, .f32 = odd, .classes = 2}, "row 2: nan"},
        {{.n = N, .channels = 2, .height = 1, .width = 1, .f32 = floats, .classes = 2, .class_names = latin},
         "class 1: its name is no printable UTF-8"},
        {{.n = N,
          .channels = 2,
          .height = 1,
          .width = 1,
          .f32 = floats,
          .classes = 2,
          .class_names = missing},
         "class 1: its name is no printable UTF-8"},
        {{.n = N, .channels = 2, .height = 1, .width = 1, .f32 = floats, .classes = 2, .class_names = twins},
         "classes 0 and 1 are both called 'cat'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pd_dataset *data;
        struct pd_error err;
        assert_int_equal(pd_dataset_from_arrays(&cases[i].arrays, &data, &err), PD_ERR_USAGE);
        assert_null(data);
        if (!strstr(err.message, cases[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].says);
    }
}

static void arrays_are_taken_as_they_are(void **state)
{
    static const char *const names[] = {"cat", "dog"};
    static float units[N * SIDE * SIDE];
    struct pd_dataset *a, *b;
    struct pd_error err;
    (void)state;
    for (int i = 0; i < N * SIDE * SIDE; i++)
        units[i] = (float)(bytes[i] / 127.5 - 1);
    struct pd_data_arrays arrays = {.n = N,
                                    .channels = 1,
                                    .height = SIDE,
                                    .width = SIDE,
                                    .u8 = bytes,
                                    .classes = 2,
                                    .class_names = names};
    expect(pd_dataset_from_arrays(&arrays, &a, &err), &err);
    arrays.u8 = NULL;
    arrays.f32 = units;
    expect(pd_dataset_from_arrays(&arrays, &b, &err), &err);
    assert_memory_equal(a->pixels, bytes, sizeof bytes);
    assert_memory_equal(b->pixels, bytes, sizeof bytes);
    arrays.n = 1;
    for (int i = 0; i < SIDE * SIDE; i++)
        units[i] = (units[i] + 1) / 2;
    pd_dataset_destroy(b);
    expect(pd_dataset_from_arrays(&arrays, &b, &err), &err);
    assert_non_null(strstr(pd_dataset_note(b), "no pixel is below 0, the middle grey"));
    assert_true(a->labels[0] == -1 && !strcmp(a->class_names[1], "dog"));
    assert_true(pd_dataset_count(a) == N && pd_dataset_classes(a) == 2 && !*pd_dataset_note(a));
    uint8_t some[2 * SIDE * SIDE];
    expect(pd_dataset_pixels(a, 1, 2, some, &err), &err);
    assert_memory_equal(some, bytes + SIDE * SIDE, sizeof some);
    assert_int_equal(pd_dataset_pixels(a, N - 1, 2, some, &err), PD_ERR_USAGE);
    assert_int_equal(pd_dataset_pixels(a, -1, 1, some, &err), PD_ERR_USAGE);
    assert_int_equal(pd_dataset_pixels(a, INT64_MAX, 1, some, &err), PD_ERR_USAGE);
    assert_int_equal(pd_dataset_points(a, 0, 1, units, &err), PD_ERR_USAGE);
    pd_dataset_destroy(a);
    pd_dataset_destroy(b);
    arrays =
        (struct pd_data_arrays){.n = N, .channels = 2, .height = 1, .width = 1, .f32 = floats, .classes = 2};
    expect(pd_dataset_from_arrays(&arrays, &a, &err), &err);
    assert_memory_equal(a->points, floats, sizeof floats);
    expect(pd_dataset_points(a, 1, N - 1, units, &err), &err);
    assert_memory_equal(units, floats + 2, (N - 1) * 2 * sizeof *units);
    assert_int_equal(pd_dataset_pixels(a, 0, 1, some, &err), PD_ERR_USAGE);
    pd_dataset_destroy(a);
}

/* --- training --- */

struct seen {
    int epochs;
    uint64_t steps, most;
    double validation;
};

static void see(void *context, const struct pd_training_epoch *e)
{
    struct seen *s = context;
    assert_int_equal(e->epoch, ++s->epochs);
    s->validation = e->validation;
}

static bool enough(void *context)
{
    struct seen *s = context;
    return s->most && ++s->steps >= s->most;
}

static const char *const options[][2] = {{"data", "synthetic"}, {"model", "mlp"},     {"width", "0.0625"},
                                         {"epochs", "2"},       {"min-epoch", "600"}, {"batch", "50"},
                                         {"labels", "20"},      {"gold", "true"},     {"data-count", "500"}};

static enum pd_status train(const char *name, const char *value, struct seen *seen, struct pd_gan **gan,
                            struct pd_error *err)
{
    struct pd_train_options o;
    struct pd_training *t;
    struct pd_dataset *data;
    pd_train_options_init(&o);
    expect(pd_training_create(&t, err), err);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        expect(pd_training_set(t, options[i][0], options[i][1], err), err);
        expect(pd_train_options_set(&o, options[i][0], options[i][1], err), err);
    }
    if (name)
        expect(pd_training_set(t, name, value, err), err);
    expect(pd_run_dataset(&o, PD_SPLIT_TRAIN, PD_PIXELS_UNKNOWN, NULL, &data, err), err);
    enum pd_status status = pd_training_run(
        t, data, &(struct pd_training_watch){.context = seen, .epoch = see, .stop = enough}, gan, err);
    pd_dataset_destroy(data);
    pd_training_destroy(t);
    return status;
}

static void a_folder_opens_as_a_run(const char *folder, struct pd_gan *twin)
{
    struct pd_error err;
    struct pd_run_model *run;
    float a[8], b[8];
    const int32_t classes[4] = {0, 1, 0, 1};
    expect(pd_run_open(folder, NULL, &run, &err), &err);
    const struct pd_option_table o = pd_run_options(run);
    expect(pd_generate(pd_run_gan(run), 4, classes, NULL, 5, a, &err), &err);
    expect(pd_generate(twin, 4, classes, NULL, 5, b, &err), &err);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(pd_run_step(run), 24);
    assert_string_equal(pd_option_get_text(&o, "model"), "mlp");
    assert_string_equal(pd_run_note(run), "");
    pd_run_close(run);
    assert_int_equal(pd_run_open(scratch_path("nothing"), NULL, &run, &err), PD_ERR_IO);
    assert_null(run);
    pd_run_close(run);
}

/* Another's threads stay as they were, and the networks are those of a run in a folder. */
static void memory_and_folder_train_alike(void **state)
{
    struct pd_train_options o;
    struct pd_error err;
    struct pd_gan *gan, *opened;
    struct seen seen = {0};
    char folder[1024];
    float a[8], b[8];
    const int32_t classes[4] = {0, 1, 0, 1};
    (void)state;
    omp_set_num_threads(3);
    expect(train(NULL, NULL, &seen, &gan, &err), &err);
    assert_int_equal(omp_get_max_threads(), 3);
    assert_int_equal(seen.epochs, 2);
    pd_train_options_init(&o);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        expect(pd_train_options_set(&o, options[i][0], options[i][1], &err), &err);
    snprintf(o.out, sizeof o.out, "%s", scratch_path("runs"));
    expect(pd_run_train(&o, &(struct pd_training_watch){0}, folder, sizeof folder, &err), &err);
    assert_int_equal(pd_gan_open(folder, -5, &opened, &err), PD_ERR_USAGE);
    assert_contains(err.message, "threads -5: expected 0 to 1024");
    assert_int_equal(pd_gan_open(folder, 100000, &opened, &err), PD_ERR_USAGE);
    err = (struct pd_error){.code = 0};
    expect(pd_gan_open(folder, 0, &opened, &err), &err);
    assert_string_equal(err.message, "");
    a_folder_opens_as_a_run(folder, gan);
    expect(pd_generate(gan, 4, classes, NULL, 5, a, &err), &err);
    expect(pd_generate(opened, 4, classes, NULL, 5, b, &err), &err);
    assert_memory_equal(a, b, sizeof a);
    expect(pd_score(gan, PD_ORIGIN_REAL, a, 4, a, b, &err), &err);
    assert_true(pd_gan_classes(gan) == 2 && pd_gan_image_size(gan) == 2);
    pd_gan_destroy(gan);
    pd_gan_destroy(opened);
}

/* So many numbers differ between two generators' samples. */
static int differences(struct pd_gan *x, struct pd_gan *y)
{
    float a[8], b[8];
    struct pd_error err;
    int n = 0;
    expect(pd_generate(x, 4, (const int32_t[]){0, 1, 0, 1}, NULL, 5, a, &err), &err);
    expect(pd_generate(y, 4, (const int32_t[]){0, 1, 0, 1}, NULL, 5, b, &err), &err);
    for (int i = 0; i < 8; i++)
        n += a[i] != b[i];
    return n;
}

static void it_can_be_stopped(void **state)
{
    struct pd_error err;
    struct pd_gan *gan, *whole;
    struct seen seen = {.most = 5}, all = {0};
    (void)state;
    assert_int_equal(train(NULL, NULL, &seen, &gan, &err), PD_ERR_INTERRUPTED);
    assert_string_equal(err.message, "stopped at step 5");
    expect(train(NULL, NULL, &all, &whole, &err), &err);
    assert_true(isnan(all.validation)); /* no images are held out */
    assert_true(differences(gan, whole) > 0);
    pd_gan_destroy(gan);
    pd_gan_destroy(whole);
}

static void the_best_epoch_is_kept(void **state)
{
    struct pd_error err;
    struct pd_gan *gan, *again;
    struct seen seen = {0};
    (void)state;
    expect(train("validation", "20", &seen, &gan, &err), &err);
    assert_true(seen.validation >= 0 && seen.validation <= 1);
    expect(pd_gan_write(gan, scratch_path("networks.safetensors"), &err), &err);
    expect(train("validation", "20", &(struct seen){0}, &again, &err), &err);
    assert_int_equal(differences(gan, again), 0);
    pd_gan_destroy(gan);
    pd_gan_destroy(again);
}

/* A call that is refused, and words of its line. */
static void refused(enum pd_status status, enum pd_status expected, struct pd_error *err, const char *words)
{
    if (!status)
        fail_msg("taken; expected \"%s\"", words);
    assert_contains(err->message, words);
    assert_int_equal(status, expected);
    err->message[0] = '\0';
}

static void numbers_of_callers_are_checked(void **state)
{
    struct pd_error err;
    struct pd_gan *gan;
    struct pd_dataset *data;
    float x[4] = {0}, y[4] = {0};
    const float odd[4] = {0, 0, NAN, 0}, far[2] = {INFINITY, 0};
    float *z = calloc(2 * 100, sizeof *z);
    const int32_t classes[2] = {0, 1};
    const enum pd_origin beyond = (enum pd_origin)7;
    (void)state;
    expect(train("epochs", "1", &(struct seen){0}, &gan, &err), &err);
    assert_true(z && pd_gan_z_dim(gan) <= 100);
    refused(pd_generate(gan, -1, classes, NULL, 1, x, &err), PD_ERR_USAGE, &err, "n is -1");
    refused(pd_score(gan, PD_ORIGIN_REAL, x, -1, y, y, &err), PD_ERR_USAGE, &err, "n is -1");
    refused(pd_features(gan, PD_ORIGIN_REAL, x, INT64_MIN, y, &err), PD_ERR_USAGE, &err, "n is -9");
    refused(pd_score(gan, beyond, x, 1, y, y, &err), PD_ERR_USAGE, &err, "origin 7");
    refused(pd_features(gan, beyond, x, 1, y, &err), PD_ERR_USAGE, &err, "origin 7");
    refused(pd_score(gan, PD_ORIGIN_REAL, odd, 2, y, y, &err), PD_ERR_USAGE, &err, "image 1: nan");
    refused(pd_features(gan, PD_ORIGIN_FAKE, far, 1, y, &err), PD_ERR_USAGE, &err, "image 0: inf");
    z[pd_gan_z_dim(gan)] = NAN;
    refused(pd_generate(gan, 2, classes, z, 1, x, &err), PD_ERR_USAGE, &err, "z 1: nan");
    gan->busy = true; /* as while another thread's call runs */
    refused(pd_score(gan, PD_ORIGIN_REAL, x, 1, y, y, &err), PD_ERR_USAGE, &err, "another thread");
    refused(pd_features(gan, PD_ORIGIN_REAL, x, 1, y, &err), PD_ERR_USAGE, &err, "another thread");
    refused(pd_generate(gan, 1, classes, NULL, 1, x, &err), PD_ERR_USAGE, &err, "another thread");
    gan->busy = false;
    expect(pd_score(gan, PD_ORIGIN_REAL, x, 0, y, y, &err), &err);
    const struct pd_data_arrays images = {
        .n = N, .channels = 1, .height = SIDE, .width = SIDE, .u8 = bytes, .classes = 2};
    expect(pd_dataset_from_arrays(&images, &data, &err), &err);
    refused(pd_score_input(gan, data, 0, 1, x, &err), PD_ERR_USAGE, &err,
            "images of 1 channels, and the networks are for points of 2");
    pd_dataset_destroy(data);
    pd_gan_destroy(gan);
    free(z);
    assert_string_equal(pd_status_words((enum pd_status)99), "unknown");
    assert_int_equal(pd_status_exit_code((enum pd_status)99), 1);
}

/* What cannot be is refused where it is said, and changes nothing. */
static void options_are_checked_where_they_are_set(void **state)
{
    static const struct {
        const char *option, *value, *says;
        enum pd_status status;
    } cases[] = {
        {"model", "infogn", "did you mean 'infogan'", PD_ERR_USAGE},
        {"loss", "hing", "did you mean 'hinge'", PD_ERR_USAGE},
        {"best", "accuracy", "unknown metric", PD_ERR_USAGE},
        {"diffaug", "colour", "colour", PD_ERR_USAGE},
        {"size", "30", "multiple of 4", PD_ERR_MISMATCH},
        {"size", "-4", "size", PD_ERR_USAGE},
    };
    struct pd_error err;
    struct pd_training *t;
    struct pd_dataset *data;
    struct pd_gan *gan;
    (void)state;
    expect(pd_training_create(&t, &err), &err);
    expect(pd_training_set(t, "model", "infogan", &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(pd_training_set(t, cases[i].option, cases[i].value, &err), cases[i].status, &err,
                cases[i].says);
    expect(pd_training_set(t, "size", "32", &err), &err);
    refused(pd_training_run(t, NULL, NULL, &gan, &err), PD_ERR_USAGE, &err, "expected a data set");
    assert_null(gan);
    refused(pd_dataset_open(&(struct pd_data_request){.name = "strokes", .size = -1}, &data, &err),
            PD_ERR_USAGE, &err, "size -1");
    refused(pd_dataset_open(&(struct pd_data_request){.name = "strokes", .size = 100000}, &data, &err),
            PD_ERR_USAGE, &err, "expected 0 to 1024");
    pd_training_destroy(t);
}

static void a_divergence_speaks_of_no_checkpoint(void **state)
{
    struct pd_error err;
    struct pd_gan *gan;
    (void)state;
    assert_int_equal(train("lr", "10", &(struct seen){0}, &gan, &err), PD_ERR_MISMATCH);
    assert_contains(err.message, "training diverged");
    assert_null(strstr(err.message, "checkpoint"));
}

static void it_starts_from_another_generator(void **state)
{
    struct pd_error err;
    struct pd_gan *gan, *from, *plain;
    const char *path = scratch_path("start.safetensors");
    (void)state;
    expect(train("seed", "7", &(struct seen){0}, &from, &err), &err);
    expect(pd_gan_write(from, path, &err), &err);
    assert_int_equal(train("generator", path, &(struct seen){.most = 1}, &gan, &err), PD_ERR_INTERRUPTED);
    assert_int_equal(train(NULL, NULL, &(struct seen){.most = 1}, &plain, &err), PD_ERR_INTERRUPTED);
    assert_true(differences(gan, plain) > 0);
    pd_gan_destroy(plain);
    assert_int_equal(train("generator", "/nowhere", &(struct seen){0}, &plain, &err), PD_ERR_IO);
    pd_gan_destroy(gan);
    pd_gan_destroy(from);
}

static void mistakes_are_said(void **state)
{
    struct pd_error err;
    struct pd_gan *gan;
    struct pd_training *t;
    float image[2];
    (void)state;
    expect(pd_training_create(&t, &err), &err);
    assert_int_equal(pd_training_set(t, "epoch", "3", &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "did you mean"));
    pd_training_destroy(t);
    assert_int_equal(train("model", "infogan", &(struct seen){0}, &gan, &err), PD_ERR_MISMATCH);
    assert_null(gan);
    expect(train("epochs", "1", &(struct seen){0}, &gan, &err), &err);
    assert_int_equal(pd_generate(gan, 1, (const int32_t[]){2}, NULL, 1, image, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "row 0: class 2, expected 0 to 1"));
    pd_gan_destroy(gan);
    assert_int_equal(pd_gan_open(scratch_path("nothing"), 0, &gan, &err), PD_ERR_IO);
    assert_null(gan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_checked),
        cmocka_unit_test(arrays_are_taken_as_they_are),
        cmocka_unit_test(memory_and_folder_train_alike),
        cmocka_unit_test(it_can_be_stopped),
        cmocka_unit_test(the_best_epoch_is_kept),
        cmocka_unit_test(numbers_of_callers_are_checked),
        cmocka_unit_test(options_are_checked_where_they_are_set),
        cmocka_unit_test(a_divergence_speaks_of_no_checkpoint),
        cmocka_unit_test(it_starts_from_another_generator),
        cmocka_unit_test(mistakes_are_said),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
