/* Inception against torch-fidelity's, with the same weights and images (inception.py). */
#include "inception.h"
#include "scratch.h"
#include "torch_maker.h"

static struct pd_inception *net;
static struct pd_safetensors *golden;

static struct pd_io_array arrays[MADE_TENSORS];
static char names[MADE_TENSORS][PD_INCEPTION_NAME];

static int open_net(void **state)
{
    struct pd_error err = {0};
    scratch_setup(state);
    made_weights(arrays, names);
    const char *path = scratch_path("inception.safetensors");
    assert_int_equal(pd_safetensors_write(path, arrays, MADE_TENSORS, NULL, 0, &err), PD_OK);
    if (pd_inception_open(path, 2, &net, &err))
        fail_msg("%s", err.message);
    if (pd_safetensors_open(PD_TEST_DIR "/golden/inception.safetensors", &golden, &err))
        fail_msg("%s", err.message);
    return 0;
}

static int close_net(void **state)
{
    made_release(arrays);
    pd_inception_destroy(net);
    pd_safetensors_destroy(golden);
    return scratch_teardown(state);
}

static const float *expected(const char *name, int64_t *n)
{
    const struct pd_io_array *a = pd_safetensors_find(golden, name);
    assert_non_null(a);
    *n = 1;
    for (int i = 0; i < a->rank; i++)
        *n *= a->dims[i];
    return a->data;
}

static void expect_near(const char *name, const float *got, int64_t first, int64_t n, double near)
{
    int64_t all;
    const float *want = expected(name, &all);
    double worst = 0;
    assert_true(first + n <= all);
    for (int64_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)got[i] - (double)want[first + i]));
    print_message("%s: %.2g\n", name, worst);
    assert_true(worst <= near);
}

enum { WIDE = 40, LOW = 24, SIDE = 32 };

static void run(const struct pd_inception_images *images, float *features, float *logits)
{
    struct pd_error err = {0};
    if (pd_inception_run(net, images, NULL, features, logits, &err))
        fail_msg("%s", err.message);
}

static void features_and_logits(void **state)
{
    (void)state;
    static uint8_t pixels[2 * 3 * SIDE * SIDE], wide[3 * LOW * WIDE];
    static float features[3 * PD_INCEPTION_FEATURES], logits[3 * PD_INCEPTION_CLASSES];
    made_image(0, SIDE, SIDE, pixels);
    made_image(1, SIDE, SIDE, pixels + 3 * SIDE * SIDE);
    made_image(2, LOW, WIDE, wide);
    const struct pd_inception_images two = {.n = 2, 3, SIDE, SIDE, pixels, NULL, NULL};
    const struct pd_inception_images one = {.n = 1, 3, LOW, WIDE, wide, NULL, NULL};
    run(&two, features, logits);
    run(&one, features + 2 * PD_INCEPTION_FEATURES, logits + 2 * PD_INCEPTION_CLASSES);
    expect_near("features", features, 0, 3 * PD_INCEPTION_FEATURES, 1e-4);
    expect_near("unbiased", logits, 0, 3 * PD_INCEPTION_CLASSES, 1e-4);
    for (int i = 0; i < 3 * PD_INCEPTION_CLASSES; i++)
        logits[i] += pd_inception_bias(net)[i % PD_INCEPTION_CLASSES];
    expect_near("logits", logits, 0, 3 * PD_INCEPTION_CLASSES, 1e-4);
}

static void resizing(void **state)
{
    (void)state;
    static uint8_t pixels[3 * LOW * WIDE];
    static float out[3 * PD_INCEPTION_SIDE * PD_INCEPTION_SIDE], every[3 * 23 * 23];
    made_image(2, LOW, WIDE, pixels);
    pd_inception_resize(3, LOW, WIDE, pixels, out);
    for (int i = 0; i < 3 * 23 * 23; i++)
        every[i] = out[(i / (23 * 23) * 299 + i / 23 % 23 * 13) * 299 + i % 23 * 13];
    expect_near("resized", every, 0, 3 * 23 * 23, 1e-5);
}

/* --- batches --- */

static enum pd_status get_image(void *context, int64_t first, int64_t n, uint8_t *pixels,
                                struct pd_error *err)
{
    (void)err;
    memcpy(pixels, (const uint8_t *)context + first * SIDE * SIDE, (size_t)(n * SIDE * SIDE));
    return PD_OK;
}

static bool stop_after(void *context, uint64_t done, uint64_t count)
{
    (void)count;
    return done >= *(uint64_t *)context;
}

/* Grey images, more than a batch: among others, by a callback and alone the same bits. */
static void batches(void **state)
{
    (void)state;
    enum { BATCH = 8, N = BATCH + 1 };
    static uint8_t grey[N * SIDE * SIDE];
    static float all[N * PD_INCEPTION_FEATURES], again[N * PD_INCEPTION_FEATURES], one[PD_INCEPTION_FEATURES];
    for (int i = 0; i < N / 3; i++)
        made_image(i % 3, SIDE, SIDE, grey + (ptrdiff_t)3 * i * SIDE * SIDE);
    const struct pd_inception_images images = {.n = N, 1, SIDE, SIDE, grey, NULL, NULL};
    const struct pd_inception_images called = {.n = N, 1, SIDE, SIDE, NULL, grey, get_image};
    const struct pd_inception_images last = {
        .n = 1, 1, SIDE, SIDE, grey + (ptrdiff_t)(N - 1) * SIDE * SIDE, NULL, NULL};
    uint64_t stop = 1;
    struct pd_error err = {0};
    const struct pd_feature_work work = {.watch = stop_after, .context = &stop};
    run(&images, all, NULL);
    run(&last, one, NULL);
    assert_memory_equal(all + (ptrdiff_t)(N - 1) * PD_INCEPTION_FEATURES, one, sizeof one);
    assert_int_equal(pd_inception_run(net, &called, &work, again, NULL, &err), PD_ERR_INTERRUPTED);
    assert_memory_equal(all, again, BATCH * PD_INCEPTION_FEATURES * sizeof *all);
}

static void shapes_are_checked(void **state)
{
    (void)state;
    static const uint8_t pixels[64];
    static const int bad[][3] = {{2, 4, 4}, {3, 0, 4}, {1, 4, -1}, {4, 4, 4}};
    float out[PD_INCEPTION_FEATURES];
    struct pd_error err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct pd_inception_images images = {
            .n = 1, bad[i][0], bad[i][1], bad[i][2], pixels, NULL, NULL};
        assert_int_equal(pd_inception_run(net, &images, NULL, out, NULL, &err), PD_ERR_USAGE);
    }
}

/* --- Inception Score --- */

static void scores(void **state)
{
    (void)state;
    enum { N = 40, CLASSES = 4 };
    float logits[N * CLASSES];
    struct pd_inception_score score;
    struct pd_error err = {0};
    for (int i = 0; i < N * CLASSES; i++)
        logits[i] = i % CLASSES == i / CLASSES % CLASSES ? 100 : 0; /* sure, and of all classes alike */
    assert_int_equal(pd_inception_score(N, CLASSES, logits, 1, 0, &score, &err), PD_OK);
    assert_float_equal(score.value, CLASSES, 1e-9);
    assert_float_equal(score.deviation, 0, 1e-12);
    assert_int_equal(pd_inception_score(N, CLASSES, logits, N, 0, &score, &err), PD_OK);
    assert_float_equal(score.value, 1, 1e-9); /* each part has one sample */
    assert_int_equal(pd_inception_score(N, CLASSES, logits, N + 1, 0, &score, &err), PD_ERR_USAGE);
    logits[5] = NAN;
    assert_int_equal(pd_inception_score(N, CLASSES, logits, 1, 0, &score, &err), PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "row 1: logit 1"));
}

/* --- import --- */

static struct pd_inception_import import(enum pd_status wanted, const char *words)
{
    struct pd_inception_import found;
    struct pd_error err = {0};
    const enum pd_status status =
        pd_inception_import(scratch_path("w.pth"), scratch_path("w.safetensors"), &found, &err);
    if (status != wanted || !strstr(err.message, words))
        fail_msg("status %d, '%s', expected %d, '%s'", (int)status, err.message, (int)wanted, words);
    return found;
}

/* The layout of the file that people have: every tensor in its place. */
static void imports_every_tensor(void **state)
{
    (void)state;
    struct pd_buffer row = {0};
    struct pd_safetensors *st;
    torch_make_row(&row, arrays, MADE_TENSORS);
    scratch_write(scratch_path("w.pth"), row.data, row.size);
    pd_buffer_release(&row);
    const struct pd_inception_import found = import(PD_OK, "");
    assert_int_equal(found.tensors, MADE_TENSORS);
    assert_false(found.published);
    assert_string_equal(found.checksum, pd_inception_checksum(net));
    assert_int_equal(pd_safetensors_open(scratch_path("w.safetensors"), &st, NULL), PD_OK);
    assert_string_equal(pd_safetensors_meta(st, "source_sha256"), found.source);
    for (int i = 0; i < MADE_TENSORS; i++) {
        const struct pd_io_array *a = pd_safetensors_find(st, names[i]);
        assert_memory_equal(a->data, arrays[i].data, (size_t)pd_io_array_count(a) * sizeof(float));
    }
    pd_safetensors_destroy(st);
    remove(scratch_path("w.safetensors"));
    assert_int_equal(truncate(scratch_path("w.pth"), 40000000), 0);
    import(PD_ERR_FORMAT, "truncated");
    assert_int_equal(access(scratch_path("w.safetensors"), F_OK), -1);
}

static void put_some(const struct pd_io_array *some, int n)
{
    assert_int_equal(pd_safetensors_write(scratch_path("w.pth"), some, (size_t)n, NULL, 0, NULL), PD_OK);
}

static void refuses_other_weights(void **state)
{
    (void)state;
    static const float one[1000], bad[] = {NAN};
    static struct pd_io_array some[MADE_TENSORS + 1];
    memcpy(some, arrays, sizeof arrays);
    put_some(some, 3);
    import(PD_ERR_MISMATCH, "no tensor 'Conv2d_1a_3x3.bn.running_mean'");
    some[1] =
        (struct pd_io_array){.name = names[1], .dtype = PD_IO_F32, .rank = 1, .dims = {31}, .data = one};
    put_some(some, 5);
    import(PD_ERR_MISMATCH, "'Conv2d_1a_3x3.bn.weight' has shape (31), expected (32)");
    some[1].dtype = PD_IO_I32;
    put_some(some, 5);
    import(PD_ERR_MISMATCH, "'Conv2d_1a_3x3.bn.weight' is int32, expected float32");
    some[1] = arrays[1];
    some[MADE_TENSORS] = (struct pd_io_array){
        .name = "AuxLogits.fc.bias", .dtype = PD_IO_F32, .rank = 1, .dims = {1}, .data = bad};
    put_some(some, MADE_TENSORS + 1);
    import(PD_ERR_MISMATCH, "'AuxLogits.fc.bias', which Inception-2015 has not");
    scratch_write(scratch_path("w.pth"), "hello", 5);
    import(PD_ERR_FORMAT, "neither what torch.save writes nor safetensors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_and_logits),
        cmocka_unit_test(resizing),
        cmocka_unit_test(batches),
        cmocka_unit_test(shapes_are_checked),
        cmocka_unit_test(scores),
        cmocka_unit_test(imports_every_tensor),
        cmocka_unit_test(refuses_other_weights),
    };
    return cmocka_run_group_tests(tests, open_net, close_net);
}
