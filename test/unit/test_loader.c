#include "data/loader.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "data/transform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { COUNT = 50, BATCH = 8, SIDE = 10 };

struct batch {
    float images[BATCH * SIDE * SIDE];
    int32_t labels[BATCH];
    uint32_t indices[BATCH];
};

/* Image i is grey i all over, its label i mod 10. */
static struct pd_dataset make(void)
{
    static uint8_t pixels[COUNT * 81];
    static int32_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) {
        memset(pixels + i * 81, i, 81);
        labels[i] = i % 10;
    }
    return (struct pd_dataset){.name = "made",
                               .count = COUNT,
                               .classes = 10,
                               .channels = 1,
                               .height = 9,
                               .width = 9,
                               .pixels = pixels,
                               .labels = labels};
}

static struct pd_loader_options basic(void)
{
    return (struct pd_loader_options){
        .batch = BATCH, .size = SIDE, .random_crop = true, .flip = true, .seed = 7};
}

static struct pd_loader *create(const struct pd_dataset *d, const uint8_t *use,
                                struct pd_loader_options options)
{
    struct pd_loader *l;
    assert_int_equal(pd_loader_create(d, use, &options, &l, NULL), PD_OK);
    return l;
}

static void get(struct pd_loader *l, uint64_t step, struct batch *b)
{
    memset(b, 0x55, sizeof *b);
    pd_loader_get(l, step, b->images, b->labels, b->indices);
    for (int i = 0; i < BATCH; i++) {
        assert_true(b->indices[i] < COUNT);
        assert_true(b->images[i * SIDE * SIDE + 37] == (float)(b->indices[i] / 127.5 - 1));
    }
}

/* How often each image comes in steps from .. to - 1. */
static void tally(struct pd_loader *l, uint64_t from, uint64_t to, int times[COUNT])
{
    struct batch b;
    memset(times, 0, COUNT * sizeof *times);
    for (uint64_t step = from; step < to; step++) {
        get(l, step, &b);
        for (int i = 0; i < BATCH; i++)
            times[b.indices[i]]++;
    }
}

static void goes_once_through_an_epoch(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    struct pd_loader *l = create(&d, NULL, basic());
    int first[COUNT], second[COUNT], sum = 0;
    assert_int_equal(pd_loader_steps_per_epoch(l), 6);
    tally(l, 0, 6, first);
    tally(l, 6, 12, second);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(first[i], 0, 1);
        assert_in_range(second[i], 0, 1);
        sum += first[i];
    }
    assert_int_equal(sum, 48);
    assert_memory_not_equal(first, second, sizeof first); /* other two images left out */
    struct batch a, b;
    get(l, 0, &a);
    get(l, 6, &b);
    assert_memory_not_equal(a.indices, b.indices, sizeof a.indices);
    pd_loader_destroy(l);
}

/* Whoever keeps the images elsewhere and cuts there makes the same batches. */
static void says_where_to_cut(void **state)
{
    (void)state;
    uint8_t pixels[COUNT * 81];
    struct pd_dataset d = make();
    struct pd_loader_options options = basic();
    d.pixels = pixels;
    for (int i = 0; i < COUNT * 81; i++)
        pixels[i] = (uint8_t)((i * 2654435761U) >> 24);
    struct pd_loader *l = create(&d, NULL, options);
    const struct pd_stored s = pd_loader_stored(l);
    assert_true(s.count == COUNT && s.channels == 1 && s.height == 11 && s.width == 11); /* 1.1 SIDE */
    uint8_t stored[COUNT][11][11];
    pd_loader_pixels(l, 0, 20, stored[0][0]);
    pd_loader_pixels(l, 20, COUNT - 20, stored[20][0]);
    int mirrored = 0, moved = 0;
    for (uint64_t step = 0; step < 20; step++) {
        struct batch b;
        int32_t places[BATCH][4], labels[BATCH];
        pd_loader_get(l, step, b.images, b.labels, b.indices);
        pd_loader_places(l, step, places, labels);
        for (int i = 0; i < BATCH; i++) {
            const int32_t *at = places[i];
            assert_true(at[0] == (int32_t)b.indices[i] && labels[i] == b.labels[i]);
            for (int k = 0; k < SIDE * SIDE; k++) {
                const int x = at[3] ? SIDE - 1 - k % SIDE : k % SIDE;
                assert_true(b.images[i * SIDE * SIDE + k] ==
                            (float)(stored[at[0]][at[1] + k / SIDE][at[2] + x] / 127.5 - 1));
            }
            mirrored += at[3];
            moved += at[1] + at[2];
        }
    }
    assert_true(mirrored && moved);
    pd_loader_destroy(l);
}

static void keeps_a_partial_batch(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    struct pd_loader_options options = basic();
    struct batch b;
    int times[COUNT] = {0};
    options.partial_batch = true;
    struct pd_loader *l = create(&d, NULL, options);
    assert_int_equal(pd_loader_steps_per_epoch(l), 7);
    for (uint64_t step = 7; step < 14; step++) {
        const uint32_t n = pd_loader_batch(l, step);
        assert_int_equal(n, step == 13 ? 2 : 8);
        memset(&b, 0x55, sizeof b);
        pd_loader_get(l, step, b.images, b.labels, b.indices);
        for (uint32_t i = 0; i < n; i++)
            times[b.indices[i]]++;
        assert_true(n == BATCH || b.indices[n] == 0x55555555);
    }
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(times[i], 1);
    assert_int_equal(pd_loader_seen(l, 7), COUNT);
    assert_int_equal(pd_loader_seen(l, 15), 2 * COUNT + BATCH);
    pd_loader_destroy(l);
    d.count--; /* one image is no batch */
    l = create(&d, NULL, options);
    assert_int_equal(pd_loader_steps_per_epoch(l), 6);
    assert_int_equal(pd_loader_batch(l, 5), 8);
    pd_loader_destroy(l);
}

static void repeats_small_sets(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    struct pd_loader_options options = basic();
    int times[COUNT];
    options.min_epoch = 165;
    struct pd_loader *l = create(&d, NULL, options);
    assert_int_equal(pd_loader_steps_per_epoch(l), 20);
    tally(l, 20, 40, times);
    for (int i = 0; i < COUNT; i++)
        assert_in_range(times[i], 3, 4);
    pd_loader_destroy(l);
}

static void fills_a_batch_from_few_images(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    uint8_t use[COUNT] = {[3] = PD_LABELLED, [14] = PD_LABELLED, [25] = PD_LABELLED};
    struct pd_loader_options options = basic();
    int times[COUNT];
    options.labelled_only = true;
    struct pd_loader *l = create(&d, use, options);
    assert_int_equal(pd_loader_steps_per_epoch(l), 1);
    tally(l, 0, 1, times);
    assert_int_equal(times[3] + times[14] + times[25], 8);
    assert_in_range(times[3], 2, 3);
    pd_loader_destroy(l);
}

static void hides_labels_and_held_out_images(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    uint8_t use[COUNT] = {0};
    struct batch b;
    for (int i = 0; i < COUNT; i++)
        use[i] = (uint8_t)(i % 3);
    struct pd_loader *l = create(&d, use, basic());
    assert_int_equal(pd_loader_steps_per_epoch(l), 4);
    for (uint64_t step = 0; step < 20; step++) {
        get(l, step, &b);
        for (int i = 0; i < BATCH; i++) {
            uint32_t k = b.indices[i];
            assert_int_not_equal(use[k], PD_HELD_OUT);
            assert_int_equal(b.labels[i], use[k] == PD_LABELLED ? (int)k % 10 : -1);
        }
    }
    pd_loader_destroy(l);
}

static void sets_the_labelled_apart(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    uint8_t use[COUNT] = {[3] = PD_LABELLED, [14] = PD_LABELLED, [25] = PD_LABELLED};
    struct pd_loader_options options = basic();
    struct batch b;
    int times[COUNT] = {0};
    options.labelled_per_batch = 2;
    struct pd_loader *l = create(&d, use, options);
    assert_int_equal(pd_loader_steps_per_epoch(l), 6);
    for (uint64_t step = 0; step < 9; step++) {
        get(l, step, &b);
        for (int i = 0; i < BATCH; i++) {
            assert_int_equal(b.labels[i] >= 0, i < 2);
            times[b.indices[i]]++;
        }
    }
    assert_true(times[3] == 6 && times[14] == 6 && times[25] == 6);
    for (int i = 0; i < COUNT; i++) /* 54 draws from 47 */
        assert_in_range(times[i], 1, use[i] ? 6 : 2);
    pd_loader_destroy(l);
}

/* Any order of steps, with and without the thread, from one loader or many: the same batches. */
static void is_a_function_of_the_step(void **state)
{
    (void)state;
    static const uint64_t steps[] = {0, 1, 2, 3, 9, 4, 4, 0, 100000, 5, 6};
    struct pd_dataset d = make();
    uint8_t use[COUNT] = {0, 1, 1, 1, 0, 1};
    for (int kind = 0; kind < 2; kind++) {
        struct pd_loader_options options = basic();
        options.labelled_per_batch = kind ? 3 : 0;
        struct pd_loader *plain = create(&d, use, options);
        options.prefetch = true;
        struct pd_loader *ahead = create(&d, use, options);
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            struct batch a, b, c;
            struct pd_loader *fresh = create(&d, use, options);
            get(plain, steps[k], &a);
            get(ahead, steps[k], &b);
            get(fresh, steps[k], &c);
            assert_memory_equal(&a, &b, sizeof a);
            assert_memory_equal(&a, &c, sizeof a);
            pd_loader_destroy(fresh);
        }
        pd_loader_destroy(plain);
        pd_loader_destroy(ahead);
    }
}

/* The first indices of seed 7, so that a change of order between versions is noticed: old runs resume. */
static void keeps_its_order_between_versions(void **state)
{
    (void)state;
    static const uint32_t expected[BATCH] = {19, 25, 20, 27, 16, 9, 42, 30};
    struct pd_dataset d = make();
    struct pd_loader *l = create(&d, NULL, basic());
    struct batch b;
    get(l, 0, &b);
    for (int i = 0; i < BATCH; i++)
        assert_int_equal(b.indices[i], expected[i]);
    pd_loader_destroy(l);
}

/* Orders under one seed are others: the k-th of the labelled does not come with the k-th of the rest. */
static void shuffles_the_labelled_on_their_own(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    struct pd_loader_options options = basic();
    uint8_t use[COUNT] = {0};
    int together = 0;
    for (int i = 0; i < COUNT / 2; i++)
        use[i] = PD_LABELLED;
    options.labelled_per_batch = BATCH / 2;
    struct pd_loader *l = create(&d, use, options);
    for (uint64_t step = 0; step < 6; step++) {
        struct batch b;
        get(l, step, &b);
        for (int i = 0; i < BATCH / 2; i++)
            together += b.indices[BATCH / 2 + i] == b.indices[i] + COUNT / 2;
    }
    assert_in_range(together, 0, 12); /* of 24 */
    pd_loader_destroy(l);
}

/* Nothing is left to keep them apart from. */
static void all_labelled_are_mixed(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    struct pd_loader_options options = basic();
    struct pd_loader *mixed = create(&d, NULL, options);
    options.labelled_per_batch = 2;
    struct pd_loader *l = create(&d, NULL, options);
    assert_true(pd_loader_labelled(l) == COUNT && pd_loader_images(l) == COUNT);
    for (uint64_t step = 0; step < 9; step++) {
        struct batch a, b;
        get(l, step, &a);
        get(mixed, step, &b);
        assert_memory_equal(a.indices, b.indices, sizeof a.indices);
    }
    pd_loader_destroy(l);
    pd_loader_destroy(mixed);
}

/* Cuts and flips are those of their own stream, with the step and the place in the batch. */
static void cuts_by_a_stream_of_their_own(void **state)
{
    (void)state;
    static uint8_t pixels[COUNT * 81];
    struct pd_dataset d = make();
    for (int i = 0; i < COUNT * 81; i++)
        pixels[i] = (uint8_t)(i * 7);
    d.pixels = pixels;
    const struct pd_transform_options how = {.size = SIDE, .random_crop = true, .flip = true};
    struct pd_transform *t;
    struct pd_loader *l = create(&d, NULL, basic());
    assert_int_equal(pd_transform_create(&d, &how, &t, NULL), PD_OK);
    for (uint64_t step = 0; step < 3; step++) {
        const struct pd_rng rng = {basic().seed, PD_STREAM_AUGMENT, step};
        float images[BATCH * SIDE * SIDE], expected[SIDE * SIDE];
        int32_t labels[BATCH];
        uint32_t indices[BATCH], random[4];
        pd_loader_get(l, step, images, labels, indices);
        for (uint32_t i = 0; i < BATCH; i++) {
            pd_rng_block(&rng, i, random);
            pd_transform_image(t, indices[i], random, expected);
            assert_memory_equal(images + i * SIDE * SIDE, expected, sizeof expected);
        }
    }
    pd_transform_destroy(t);
    pd_loader_destroy(l);
}

static void refuse(const uint8_t *use, struct pd_loader_options options, const char *message)
{
    struct pd_dataset d = make();
    struct pd_loader *l;
    struct pd_error err;
    assert_int_equal(pd_loader_create(&d, use, &options, &l, &err), PD_ERR_USAGE);
    assert_null(l);
    assert_string_equal(err.message, message);
}

static void refuses_options_that_do_not_fit(void **state)
{
    (void)state;
    const uint8_t nothing[COUNT] = {0};
    struct pd_loader_options options = basic();
    options.batch = 0;
    refuse(NULL, options, "batch size 0, expected at least 1");
    options = basic();
    options.labelled_only = true;
    refuse(nothing, options, "data set 'made': no labelled image left to train on");
    options.labelled_only = false;
    options.labelled_per_batch = 2;
    refuse(nothing, options, "data set 'made': no labelled image, expected some for 2 in each batch");
    options.partial_batch = true;
    refuse(NULL, options,
           "a number of labelled images in each batch goes without regard to epochs: no partial batch");
    options.labelled_per_batch = 9;
    refuse(NULL, options, "9 labelled images in each batch of 8: expected at most 8");
}

static void reports_failed_allocations(void **state)
{
    (void)state;
    struct pd_dataset d = make();
    struct pd_loader_options options = basic();
    options.prefetch = true;
    enum pd_status status = PD_ERR_MEMORY;
    for (uint64_t n = 1; status; n++) {
        struct pd_loader *l;
        pd_mem_fail_after(n);
        status = pd_loader_create(&d, NULL, &options, &l, NULL);
        pd_mem_fail_after(0);
        assert_int_equal(status, l ? PD_OK : PD_ERR_MEMORY);
        pd_loader_destroy(l);
    }
}

static void gives_points(void **state)
{
    (void)state;
    struct pd_data_request request = {.name = "synthetic", .seed = 1};
    struct pd_dataset *d;
    struct pd_loader_options options = {.batch = BATCH, .min_epoch = 10000};
    float points[BATCH * 2];
    int32_t labels[BATCH];
    uint32_t indices[BATCH];
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    struct pd_loader *l = create(d, NULL, options);
    assert_int_equal(pd_loader_steps_per_epoch(l), 1250);
    assert_int_equal(pd_loader_image_size(l), 2);
    pd_loader_get(l, 1249, points, labels, indices);
    assert_memory_equal(points + 2, d->points + 2 * indices[1], 2 * sizeof *points);
    assert_int_equal(labels[1], d->labels[indices[1]]);
    pd_loader_get(l, 3, points, labels, NULL);
    pd_loader_destroy(l);
    pd_dataset_destroy(d);
}

/* Reading must not be what training waits for: a step of infogan takes some 500 images/s on two cores. The
 * bar here is low enough for sanitizers and busy machines; the rate is printed. */
static void is_never_the_limit(void **state)
{
    (void)state;
    const struct pd_data_request request = {.name = "strokes", .count = 1280, .size = 28};
    const struct pd_loader_options options = {.batch = 128, .size = 32, .seed = 1};
    enum { BATCHES = 50 };
    static float images[128 * 32 * 32];
    int32_t labels[128];
    struct pd_dataset *d;
    struct timespec begin, end;
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    struct pd_loader *l = create(d, NULL, options);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (uint64_t step = 0; step < BATCHES; step++)
        pd_loader_get(l, step, images, labels, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    print_message("28 x 28 to 32 x 32, one thread: %.0f images/s\n", BATCHES * 128 / seconds);
    assert_true(BATCHES * 128 / seconds > 1000);
    pd_loader_destroy(l);
    pd_dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_once_through_an_epoch),
        cmocka_unit_test(says_where_to_cut),
        cmocka_unit_test(keeps_a_partial_batch),
        cmocka_unit_test(repeats_small_sets),
        cmocka_unit_test(fills_a_batch_from_few_images),
        cmocka_unit_test(hides_labels_and_held_out_images),
        cmocka_unit_test(sets_the_labelled_apart),
        cmocka_unit_test(is_a_function_of_the_step),
        cmocka_unit_test(shuffles_the_labelled_on_their_own),
        cmocka_unit_test(all_labelled_are_mixed),
        cmocka_unit_test(cuts_by_a_stream_of_their_own),
        cmocka_unit_test(keeps_its_order_between_versions),
        cmocka_unit_test(refuses_options_that_do_not_fit),
        cmocka_unit_test(reports_failed_allocations),
        cmocka_unit_test(gives_points),
        cmocka_unit_test(is_never_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
