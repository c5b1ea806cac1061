/* The registry of metrics, and each metric on data whose value is known. */
#include "gan/measure.h"
#include "metric/fixed_set.h"
#include "metric/metric.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 3, MANY = 2345 /* more than a block, and not a whole number of them */ };

/* --- the registry --- */

static void names_are_found(void **state)
{
    (void)state;
    assert_null(pd_metric_at(-1));
    const struct pd_metric *m;
    int count = 0;
    for (; (m = pd_metric_at(count)); count++) {
        assert_ptr_equal(pd_metric_find(m->name, NULL), m);
        assert_true(m->needs && m->measure && m->scale > 0 && m->key[0] && m->summary[0]);
        assert_true(m->better == PD_HIGHER_IS_BETTER || m->better == PD_LOWER_IS_BETTER);
    }
    assert_true(count >= 2);
    assert_string_equal(pd_metric_at(0)->name, "fitting-capacity"); /* the default */
}

static void unknown_names_are_told_the_right_one(void **state)
{
    (void)state;
    struct pd_error err;
    static const char *const wrong[] = {"class-acuracy", "Class-Accuracy", "class_accuracy", "",
                                        "class-accuracy "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(pd_metric_find(wrong[i], &err));
        assert_int_equal(err.status, PD_ERR_USAGE);
        assert_non_null(
            strstr(err.message, wrong[i][0] ? "did you mean 'class-accuracy'?" : "unknown metric ''"));
        assert_non_null(strstr(err.message, "(known: fitting-capacity, gan-test, class-accuracy"));
    }
}

static void values_are_said_as_people_read_them(void **state)
{
    (void)state;
    char text[64];
    const struct pd_metric distance = {.name = "kid-of-two", .scale = 1, .unit = ""};
    assert_string_equal(pd_metric_text(pd_metric_at(0), 0.93456, text, sizeof text),
                        "fitting capacity 93.46 %");
    assert_string_equal(pd_metric_text(&distance, -0.25, text, sizeof text), "kid of two -0.25");
}

static void right_rows_are_counted(void **state)
{
    (void)state;
    static const float logits[] = {1, 2, 0, /**/ 3, 3, 1, /**/ -1, -2, -1, /**/ 0, 0, 5};
    static const int32_t labels[] = {1, 1, 0, 2};
    int64_t confusion[CLASSES * CLASSES] = {0};
    static const int64_t expected[CLASSES * CLASSES] = {1, 0, 0, /**/ 1, 1, 0, /**/ 0, 0, 1};
    struct pd_error err;
    /* of equal ones the first counts */
    assert_int_equal(pd_confusion_add(4, CLASSES, logits, labels, confusion, &err), PD_OK);
    assert_int_equal(pd_confusion_add(0, CLASSES, logits, labels, confusion, &err), PD_OK);
    assert_memory_equal(confusion, expected, sizeof expected);
    assert_true(pd_confusion_accuracy(CLASSES, confusion) == 0.75);
}

/* --- class accuracy --- */

struct guesser {
    int64_t seen, wrong_every;
    enum pd_status status;
};

/* The class that an image's first number names, but for every so many. */
static enum pd_status guess(void *context, const float *images, int64_t n, float *logit, float *class_logits,
                            struct pd_error *err)
{
    struct guesser *g = context;
    for (int64_t i = 0; i < n; i++) {
        const int class = (int)images[2 * i], wrong = ++g->seen % g->wrong_every == 0;
        logit[i] = 0;
        for (int k = 0; k < CLASSES; k++)
            class_logits[i * CLASSES + k] = k == (class + wrong) % CLASSES ? 1.5F : 0;
    }
    return g->status ? pd_fail(err, g->status, -1, "no scores") : PD_OK;
}

static void make_real(struct pd_real_images *real, int64_t count)
{
    *real = (struct pd_real_images){calloc((size_t)count, 2 * sizeof(float)),
                                    calloc((size_t)count, sizeof(int32_t)), count};
    for (int64_t i = 0; i < count; i++) {
        real->labels[i] = (int32_t)(i % CLASSES);
        real->images[2 * i] = (float)real->labels[i];
        real->images[2 * i + 1] = (float)(i % 7) / 7 - 0.5F;
    }
}

static void free_real(struct pd_real_images *real)
{
    free(real->images);
    free(real->labels);
}

static void class_accuracy_is_the_share_that_d_has_right(void **state)
{
    (void)state;
    static const int64_t counts[] = {1, 7, 1000, MANY};
    const struct pd_metric *m = pd_metric_find("class-accuracy", NULL);
    struct pd_real_images real;
    struct pd_metric_result result;
    struct pd_error err;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct guesser g = {.wrong_every = 7};
        const struct pd_image_scorer scorer = {&g, guess};
        make_real(&real, counts[i]);
        const struct pd_labelled_images lent = pd_real_images_lend(&real);
        const struct pd_metric_input in = {
            .channels = 2, .classes = CLASSES, .real = &lent, .scorer = &scorer};
        assert_int_equal(pd_metric_measure(m, &in, &result, &err), PD_OK);
        assert_int_equal(g.seen, counts[i]);
        const int64_t wrong = counts[i] / 7;
        assert_true(fabs(result.value - (double)(counts[i] - wrong) / (double)counts[i]) < 1e-12);
        g.status = PD_ERR_MEMORY;
        assert_int_equal(pd_metric_measure(m, &in, &result, &err), PD_ERR_MEMORY);
        assert_string_equal(err.message, "no scores");
        free_real(&real);
    }
}

/* --- fitting capacity --- */

/* Samples that are the real points teach their classes; samples with classes turned around teach others. */
static double fit(const struct pd_real_images *real, int turn, uint64_t seed)
{
    struct pd_fixed_set *set;
    struct pd_metric_result result;
    struct pd_error err;
    struct pd_real_images made;
    struct pd_backend *backend;
    make_real(&made, real->count);
    for (int64_t i = 0; i < made.count; i++)
        made.labels[i] = (made.labels[i] + turn) % CLASSES;
    assert_int_equal(pd_backend_create("ref", 1, &backend, &err), PD_OK);
    assert_int_equal(pd_fixed_set_create(made.count, 2, made.images, made.labels, seed, &set, &err), PD_OK);
    const struct pd_sample_source source = pd_fixed_set_source(set);
    const struct pd_labelled_images lent = pd_real_images_lend(real);
    const struct pd_metric_input in = {.channels = 2,
                                       .classes = CLASSES,
                                       .backend = backend,
                                       .seed = seed,
                                       .real = &lent,
                                       .samples = &source,
                                       .epochs = 4,
                                       .epoch_images = 1280};
    if (pd_metric_measure(pd_metric_find("fitting-capacity", NULL), &in, &result, &err))
        fail_msg("%s", err.message);
    pd_fixed_set_destroy(set);
    pd_backend_destroy(backend);
    free_real(&made);
    return result.value;
}

static void fitting_capacity_is_what_samples_teach(void **state)
{
    (void)state;
    struct pd_real_images real;
    make_real(&real, 300);
    const double right = fit(&real, 0, 1);
    assert_true(right > 0.9);
    assert_true(right == fit(&real, 0, 1)); /* the seed decides */
    assert_true(fit(&real, 1, 1) < 0.1);
    free_real(&real);
}

/* --- how its classifier is trained --- */

/* Points of the classes in turn, and the losses of the epochs. */
struct lesson {
    int batches, epochs;
    double losses[4];
};

static enum pd_status next_points(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                                  struct pd_error *err)
{
    struct lesson *l = context;
    (void)err;
    assert_true(n == PD_METRIC_BATCH && i == (uint64_t)l->batches++);
    for (int64_t k = 0; k < n; k++) {
        labels[k] = (int32_t)(k % CLASSES);
        images[2 * k] = (float)labels[k];
        images[2 * k + 1] = k < 44 ? 0 : (float)i; /* the images past a partial batch's end are others */
    }
    return PD_OK;
}

static void on_lesson(void *context, int epoch, int epochs, double loss)
{
    struct lesson *l = context;
    assert_true(epoch == ++l->epochs && epochs == 4);
    l->losses[epoch - 1] = loss;
}

static struct lesson teach(int decay_every, bool partial, int64_t epoch_images)
{
    struct lesson l = {0};
    struct pd_real_images real;
    struct pd_metric_result result;
    struct pd_error err;
    const struct pd_sample_source source = {&l, next_points};
    make_real(&real, 30);
    const struct pd_labelled_images lent = pd_real_images_lend(&real);
    const struct pd_metric_input in = {.channels = 2,
                                       .classes = CLASSES,
                                       .threads = 1,
                                       .seed = 1,
                                       .real = &lent,
                                       .samples = &source,
                                       .epochs = 4,
                                       .decay_every = decay_every,
                                       .partial_batch = partial,
                                       .epoch_images = epoch_images,
                                       .progress = on_lesson,
                                       .progress_context = &l};
    if (pd_metric_measure(pd_metric_find("fitting-capacity", NULL), &in, &result, &err))
        fail_msg("%s", err.message);
    free_real(&real);
    return l;
}

static void rates_fall_and_partial_batches_count(void **state)
{
    (void)state;
    const struct lesson half = teach(0, false, 300), third = teach(3, false, 300),
                        soon = teach(1, false, 300), second = teach(2, false, 300),
                        whole = teach(0, true, 256), partial = teach(0, true, 300);
    assert_true(half.batches == 8 && whole.batches == 8 && partial.batches == 12);
    for (int e = 0; e < 4; e++) {
        assert_true(half.losses[e] == whole.losses[e]);
        assert_true(half.losses[e] == third.losses[e]); /* 2 of 4 epochs go before the third */
        assert_true(half.losses[e] < soon.losses[e]);   /* it begins at a tenth */
    }
    assert_true(second.losses[0] == half.losses[0] && second.losses[1] > half.losses[1]);
    assert_true(partial.losses[3] < half.losses[3]); /* three steps an epoch */
    assert_true(teach(0, true, 257).batches == 8);   /* a single image is no batch */
}

/* --- GAN-test --- */

/* A classifier of real points knows classes that were turned around for what they are. */
static void gan_test_is_what_real_images_teach(void **state)
{
    (void)state;
    const struct pd_metric *m = pd_metric_find("gan-test", NULL);
    struct pd_real_images real, made;
    struct pd_metric_result result;
    struct pd_error err;
    int64_t confusion[CLASSES * CLASSES] = {[0] = 77};
    make_real(&real, 300);
    make_real(&made, 150);
    const struct pd_labelled_images lent = pd_real_images_lend(&real), generated = pd_real_images_lend(&made);
    struct pd_metric_input in = {.channels = 2,
                                 .classes = CLASSES,
                                 .threads = 1,
                                 .seed = 1,
                                 .real = &lent,
                                 .training = &lent,
                                 .generated = &generated,
                                 .epochs = 30,
                                 .confusion = confusion};
    for (int turn = 0; turn < 2; turn++) {
        for (int64_t i = 0; i < made.count; i++)
            made.labels[i] = (int32_t)((i + turn) % CLASSES);
        if (pd_metric_measure(m, &in, &result, &err))
            fail_msg("%s", err.message);
        assert_true(pd_metric_number(&result, "real_accuracy") > 0.9);
        assert_true(turn ? result.value < 0.1 : result.value > 0.9);
        int64_t all = 0;
        for (int i = 0; i < CLASSES * CLASSES; i++)
            all += confusion[i];
        assert_int_equal(all, made.count);
        assert_true(confusion[turn * CLASSES] >= 45);
    }
    in.training = NULL;
    assert_int_equal(pd_metric_measure(m, &in, &result, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "gan-test needs real images to train on");
    free_real(&real);
    free_real(&made);
}

/* --- a distance in what a classifier sees --- */

static void frechet_lenet_grows_with_what_differs(void **state)
{
    (void)state;
    const struct pd_metric *m = pd_metric_find("frechet-lenet", NULL);
    struct pd_real_images real, made;
    struct pd_metric_result result[3];
    struct pd_error err;
    make_real(&real, 300);
    make_real(&made, 300);
    const struct pd_labelled_images lent = pd_real_images_lend(&real), generated = pd_real_images_lend(&made);
    const struct pd_metric_input in = {.channels = 2,
                                       .classes = CLASSES,
                                       .threads = 1,
                                       .seed = 1,
                                       .real = &lent,
                                       .training = &lent,
                                       .generated = &generated,
                                       .epochs = 4};
    for (int k = 0; k < 3; k++) {
        if (pd_metric_measure(m, &in, &result[k], &err))
            fail_msg("%s", err.message);
        for (int64_t i = 0; i < 2 * made.count; i++)
            made.images[i] += 0.2F;
    }
    const double last = result[2].value;
    assert_string_equal(result[0].note, "");
    struct pd_labelled_images few = {made.images, made.labels, 10};
    struct pd_metric_input fewer = in;
    fewer.generated = &few;
    assert_int_equal(pd_metric_measure(m, &fewer, &result[2], &err), PD_OK);
    assert_non_null(strstr(result[2].note, "10 generated samples for "));
    assert_true(fabs(result[0].value) < 1e-3 * result[1].value); /* the same points, in another order */
    assert_true(result[1].value > 0 && last > 2 * result[1].value);
    free_real(&real);
    free_real(&made);
}

/* --- the classifiers --- */

/* What a sanitizer finds is in the first epochs; what is learnt, the release build shows. */
#ifdef __SANITIZE_ADDRESS__
static const int learning_epochs = 2;
static const double learnt = 0; /* a share of 256 images, of which some are right */
#else
static const int learning_epochs = 16;
static const double learnt = 0.9;
#endif

/* Each learns to tell bright images from dark ones, and from those with a bright left half. */
static void classifiers_learn(void **state)
{
    (void)state;
    enum { SIDE = 16, IMAGES = 256, NUMBERS = SIDE * SIDE };
    static const char *const names[] = {"lenet", "cnn", "resnet"};
    static float images[IMAGES][NUMBERS];
    static int32_t labels[IMAGES];
    struct pd_metric_result result;
    struct pd_error err;
    const struct pd_rng random = {3, 1, 0};
    for (int i = 0; i < IMAGES; i++) {
        labels[i] = i % CLASSES;
        for (int k = 0; k < NUMBERS; k++)
            images[i][k] = (float)pd_rng_uniform(&random, (uint64_t)(i * NUMBERS + k)) - 0.5F +
                           (labels[i] == 1 || (labels[i] == 2 && k % SIDE < SIDE / 2) ? 0.5F : -0.5F);
    }
    const struct pd_labelled_images set = {images[0], labels, IMAGES};
    struct pd_metric_input in = {.channels = 1,
                                 .size = SIDE,
                                 .classes = CLASSES,
                                 .threads = 1,
                                 .real = &set,
                                 .generated = &set,
                                 .epochs = learning_epochs,
                                 .epoch_images = IMAGES};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        in.classifier = names[i];
        if (pd_metric_measure(pd_metric_find("fitting-capacity", NULL), &in, &result, &err))
            fail_msg("%s", err.message);
        if (!(result.value > learnt))
            fail_msg("%s: %g", names[i], result.value);
    }
    in.classifier = "resent";
    assert_int_equal(pd_metric_measure(pd_metric_find("fitting-capacity", NULL), &in, &result, &err),
                     PD_ERR_USAGE);
    assert_non_null(strstr(err.message, "resnet"));
}

/* What each takes, it can be trained on; smaller ones are refused before. */
static void small_images_have_their_classifiers(void **state)
{
    (void)state;
    enum { IMAGES = 128 };
    static const struct {
        const char *name;
        int least, multiple;
    } all[] = {{"lenet", 16, 4}, {"cnn", 4, 4}, {"resnet", 1, 1}};
    static float images[IMAGES * 20 * 20];
    static int32_t labels[IMAGES];
    const struct pd_metric *fitting = pd_metric_find("fitting-capacity", NULL);
    struct pd_metric_result result;
    struct pd_error err;
    const struct pd_labelled_images set = {images, labels, IMAGES};
    struct pd_metric_input in = {.channels = 1,
                                 .classes = CLASSES,
                                 .threads = 1,
                                 .real = &set,
                                 .training = &set,
                                 .generated = &set,
                                 .epochs = 1,
                                 .epoch_images = IMAGES};
    for (int i = 0; i < 3; i++)
        for (in.size = all[i].least; in.size <= all[i].least + all[i].multiple; in.size += all[i].multiple) {
            in.classifier = all[i].name;
            if (pd_metric_measure(fitting, &in, &result, &err))
                fail_msg("%s of %d: %s", all[i].name, in.size, err.message);
        }
    in.classifier = NULL;
    in.size = 8;
    assert_int_equal(pd_metric_check(fitting, &in, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, "fitting-capacity: lenet takes images whose side is a multiple of 4 and "
                                     "at least 16, these are 8 x 8");
    assert_string_equal(err.hint, "classifier=cnn\tclassifier=resnet");
    in.size = 30;
    assert_int_equal(pd_metric_check(fitting, &in, &err), PD_ERR_USAGE);
    assert_string_equal(err.hint, "classifier=resnet");
    in.size = 8;
    in.classifier = "cnn"; /* a distance has its own */
    assert_int_equal(pd_metric_check(fitting, &in, &err), PD_OK);
    assert_int_equal(pd_metric_check(pd_metric_find("frechet-lenet", NULL), &in, &err), PD_ERR_USAGE);
    assert_string_equal(err.hint, "");
}

/* An FID is that of Inception's features. */
static void other_features_have_no_fid(void **state)
{
    (void)state;
    static float values[20];
    struct pd_error err;
    for (int i = 0; i < 20; i++)
        values[i] = (float)(i * i % 7);
    const struct pd_feature_file five = {.name = "f.npy", .width = 4, .count = 5, .set = {5, 4, values}};
    struct pd_metric_features features = {.real = five, .fake = five};
    const struct pd_metric_input in = {.features = &features};
    assert_int_equal(pd_metric_check(pd_metric_find("frechet", NULL), &in, &err), PD_OK);
    assert_int_equal(pd_metric_check(pd_metric_find("fid", NULL), &in, &err), PD_ERR_MISMATCH);
    assert_string_equal(err.message,
                        "fid stands for Inception's 2048 features, these are 4 a sample: expected frechet");
}

/* --- of anybody's arrays --- */

static void refused(const char *name, const struct pd_metric_input *in, const char *message)
{
    struct pd_metric_result result;
    struct pd_error err;
    assert_int_equal(pd_metric_measure(pd_metric_find(name, NULL), in, &result, &err), PD_ERR_USAGE);
    assert_string_equal(err.message, message);
}

static void arrays_are_measured_by_name(void **state)
{
    (void)state;
    struct pd_real_images real, made;
    struct pd_metric_result result;
    struct pd_error err;
    struct guesser g = {.wrong_every = 10};
    const struct pd_image_scorer scorer = {&g, guess};
    make_real(&real, 300);
    make_real(&made, 300);
    const struct pd_labelled_images lent = pd_real_images_lend(&real), generated = pd_real_images_lend(&made);
    const struct pd_metric_input in = {.channels = 2,
                                       .classes = CLASSES,
                                       .threads = 1,
                                       .seed = 1,
                                       .real = &lent,
                                       .generated = &generated,
                                       .epochs = 4,
                                       .epoch_images = 1280};
    assert_int_equal(pd_metric_measure(pd_metric_find("fitting-capacity", NULL), &in, &result, &err), PD_OK);
    assert_true(result.value > 0.9);
    struct pd_metric_input other = in;
    other.scorer = &scorer;
    assert_int_equal(pd_metric_measure(pd_metric_find("class-accuracy", NULL), &other, &result, &err), PD_OK);
    assert_true(fabs(result.value - 0.9) < 1e-12);
    refused("class-accuracy", &in, "class-accuracy needs a discriminator's scores");
    other = in;
    other.generated = NULL;
    refused("fitting-capacity", &other, "fitting-capacity needs generated images");
    other.real = NULL;
    refused("fitting-capacity", &other, "fitting-capacity needs real images");
    other = in;
    other.epoch_images = 100;
    refused(
        "fitting-capacity", &other,
        "fitting-capacity: 2 channels, size 0, 3 classes, 4 epochs of 100 images: expected at least 1, 0, 1, "
        "0 and 0 or 128, sizes up to 16384");
    made.labels[7] = CLASSES;
    refused("fitting-capacity", &in, "fitting-capacity: label 3 of generated image 7: expected 0 to 2");
    made.labels[7] = 0;
    real.images[2 * 5 + 1] = NAN;
    refused("fitting-capacity", &in, "fitting-capacity: real image 5: nan, expected finite numbers");
    free_real(&real);
    free_real(&made);
}

/* Good samples, but for one of batch 1. */
struct slip {
    float number;
    int32_t label;
};

static enum pd_status slip(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err)
{
    const struct slip *s = context;
    (void)err;
    for (int64_t k = 0; k < n; k++) {
        labels[k] = i == 1 && k == 2 ? s->label : (int32_t)(k % CLASSES);
        images[2 * k] = (float)labels[k];
        images[2 * k + 1] = i == 1 && k == 2 ? s->number : 0;
    }
    return PD_OK;
}

static void samples_are_looked_at_as_they_come(void **state)
{
    (void)state;
    struct pd_real_images real;
    make_real(&real, 300);
    const struct pd_labelled_images lent = pd_real_images_lend(&real);
    struct slip s = {0, 1000000};
    const struct pd_sample_source source = {&s, slip};
    const struct pd_metric_input in = {.channels = 2,
                                       .classes = CLASSES,
                                       .threads = 1,
                                       .real = &lent,
                                       .training = &lent,
                                       .samples = &source,
                                       .epochs = 1,
                                       .epoch_images = 256};
    refused("gan-test", &in, "gan-test: label 1000000 of generated image 130: expected 0 to 2");
    refused("fitting-capacity", &in,
            "fitting-capacity: label 1000000 of generated image 130: expected 0 to 2");
    s.label = -1;
    refused("gan-test", &in, "gan-test: label -1 of generated image 130: expected 0 to 2");
    s = (struct slip){NAN, 0};
    refused("gan-test", &in, "gan-test: generated image 130: nan, expected finite numbers");
    refused("fitting-capacity", &in, "fitting-capacity: generated image 130: nan, expected finite numbers");
    free_real(&real);
}

static enum pd_status say_nan(void *context, const float *images, int64_t n, float *logit,
                              float *class_logits, struct pd_error *err)
{
    const int64_t *bad = context;
    (void)images;
    (void)err;
    for (int64_t i = 0; i < n; i++)
        logit[i] = 0;
    for (int64_t i = 0; i < n * CLASSES; i++)
        class_logits[i] = i == *bad ? NAN : 1;
    return PD_OK;
}

/* A network that says nothing has not said the first class. */
static void networks_that_diverged_have_no_accuracy(void **state)
{
    (void)state;
    struct pd_real_images real;
    struct pd_metric_result result;
    struct pd_error err;
    int64_t bad = 0;
    const struct pd_image_scorer scorer = {&bad, say_nan};
    make_real(&real, 300);
    const struct pd_labelled_images lent = pd_real_images_lend(&real);
    struct pd_metric_input in = {
        .channels = 2, .classes = CLASSES, .threads = 1, .real = &lent, .scorer = &scorer, .epochs = 1};
    for (; bad < 7; bad++) {
        assert_int_equal(pd_metric_measure(pd_metric_find("class-accuracy", NULL), &in, &result, &err),
                         PD_ERR_MISMATCH);
        assert_non_null(strstr(err.message, "diverged"));
    }
    for (int64_t i = 0; i < 2 * real.count; i++)
        real.images[i] = i % 2 ? 3e38F : -3e38F;
    in.generated = in.training = &lent;
    assert_int_equal(pd_metric_measure(pd_metric_find("fitting-capacity", NULL), &in, &result, &err),
                     PD_ERR_MISMATCH);
    assert_int_equal(pd_metric_measure(pd_metric_find("gan-test", NULL), &in, &result, &err),
                     PD_ERR_MISMATCH);
    free_real(&real);
}

/* --- of an AC-GAN --- */

static double given; /* what the metrics below give */

static enum pd_status give(const struct pd_metric_input *in, struct pd_metric_result *out,
                           struct pd_error *err)
{
    (void)err;
    assert_true(in->channels == 2 && in->size == 0 && in->classes == CLASSES && in->backend && in->real);
    out->value = given;
    return PD_OK;
}

static enum pd_status use_nothing(const struct pd_metric_input *in, struct pd_metric_result *out,
                                  struct pd_error *err)
{
    assert_true(!in->samples && !in->scorer);
    return give(in, out, err);
}

static enum pd_status use_all(const struct pd_metric_input *in, struct pd_metric_result *out,
                              struct pd_error *err)
{
    float points[2 * PD_METRIC_BATCH], logit[PD_METRIC_BATCH], class_logits[CLASSES * PD_METRIC_BATCH];
    int32_t labels[PD_METRIC_BATCH];
    assert_int_equal(in->samples->next(in->samples->context, 0, PD_METRIC_BATCH, points, labels, err), PD_OK);
    assert_int_equal(
        in->scorer->score(in->scorer->context, points, PD_METRIC_BATCH, logit, class_logits, err), PD_OK);
    for (int i = 0; i < PD_METRIC_BATCH; i++)
        assert_true(labels[i] >= 0 && labels[i] < CLASSES && isfinite(logit[i]));
    return give(in, out, err);
}

static void networks_lend_what_a_metric_needs(void **state)
{
    (void)state;
    const struct pd_metric all = {
        .name = "all", .needs = PD_NEEDS_SAMPLES | PD_NEEDS_SCORES, .measure = use_all};
    const struct pd_metric nothing = {.name = "nothing", .needs = PD_NEEDS_REAL, .measure = use_nothing};
    struct pd_real_images real;
    struct pd_model_config config;
    struct pd_metric_result result;
    struct pd_backend *backend;
    struct pd_gan *gan;
    struct pd_error err;
    make_real(&real, 5);
    const struct pd_labelled_images lent = pd_real_images_lend(&real);
    const struct pd_metric_input in = {.seed = 3, .real = &lent};
    assert_int_equal(pd_backend_create("ref", 1, &backend, &err), PD_OK);
    assert_int_equal(pd_model_configure(pd_model_find("mlp", &err), 2, 0, CLASSES, 4, 0.05, &config, &err),
                     PD_OK);
    assert_int_equal(pd_gan_create(&config, backend, 1, &gan, &err), PD_OK);
    given = -2.5;
    assert_int_equal(pd_gan_measure(gan, &all, &in, &result, &err), PD_OK);
    assert_true(result.value == given); /* also below 0 */
    assert_int_equal(pd_gan_measure(gan, &nothing, &in, &result, &err), PD_OK);
    given = NAN;
    assert_int_equal(pd_gan_measure(gan, &all, &in, &result, &err), PD_ERR_MISMATCH);
    assert_string_equal(err.message, "all is nan, which is no number");
    pd_gan_destroy(gan);
    pd_backend_destroy(backend);
    free_real(&real);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(unknown_names_are_told_the_right_one),
        cmocka_unit_test(values_are_said_as_people_read_them),
        cmocka_unit_test(right_rows_are_counted),
        cmocka_unit_test(class_accuracy_is_the_share_that_d_has_right),
        cmocka_unit_test(fitting_capacity_is_what_samples_teach),
        cmocka_unit_test(rates_fall_and_partial_batches_count),
        cmocka_unit_test(gan_test_is_what_real_images_teach),
        cmocka_unit_test(frechet_lenet_grows_with_what_differs),
        cmocka_unit_test(classifiers_learn),
        cmocka_unit_test(small_images_have_their_classifiers),
        cmocka_unit_test(other_features_have_no_fid),
        cmocka_unit_test(arrays_are_measured_by_name),
        cmocka_unit_test(samples_are_looked_at_as_they_come),
        cmocka_unit_test(networks_that_diverged_have_no_accuracy),
        cmocka_unit_test(networks_lend_what_a_metric_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
