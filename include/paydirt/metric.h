/* What is measured of a GAN, by name: of networks, or of anybody's images. Distances between features of
 * images are features.h's.
 *
 *     const struct pd_labelled_images real = {x, y, n}, made = {gx, gy, m};
 *     const struct pd_metric_input in = {
 *         .channels = 3, .size = 32, .classes = 10, .real = &real, .generated = &made};
 *     const struct pd_metric *metric = pd_metric_find("fitting-capacity", &err);
 *     status = metric ? pd_metric_measure(metric, &in, &result, &err) : err.status; */
#ifndef PAYDIRT_METRIC_H
#define PAYDIRT_METRIC_H

#include <paydirt/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_backend;
struct pd_gan;

/* Images (count, C, size, size) in [-1, 1] or points (count, 2), with labels (count), 0 .. classes - 1.
 * Borrowed. */
struct pd_labelled_images {
    const float *images;
    const int32_t *labels;
    int64_t count;
};

/* Where samples come from: fills images (n, C, H, W) or points (n, 2), and labels (n); batch number i of all
 * that are asked for. */
struct pd_sample_source {
    void *context;
    enum pd_status (*next)(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err);
};

/* D: of n images, logit (n) of real or fake and class_logits (n, classes). */
struct pd_image_scorer {
    void *context;
    enum pd_status (*score)(void *context, const float *images, int64_t n, float *logit, float *class_logits,
                            struct pd_error *err);
};

/* What a metric may need; what it does not may be NULL or 0. */
enum pd_metric_need {
    PD_NEEDS_REAL = 1,       /* images that nobody was trained on */
    PD_NEEDS_SAMPLES = 2,    /* generated ones */
    PD_NEEDS_SCORES = 4,     /* D's of real images, by statistics of reals */
    PD_NEEDS_CLASSIFIER = 8, /* it trains one: classifier, epochs, epoch_images, progress */
    PD_NEEDS_TRAINING = 16,  /* labelled ones of the training split, those held out, too */
    PD_NEEDS_CONFUSION = 32  /* it counts classes: confusion */
};

enum { PD_METRIC_BATCH = 128, PD_METRIC_EPOCHS = 40, PD_METRIC_EPOCH_IMAGES = 10000 }; /* GOLD section 4 */

struct pd_metric_input {
    int channels, size, classes; /* size 0: 2-D points */
    struct pd_backend *backend;  /* NULL: oneDNN's, on so many threads; 0: as many as the process may use */
    int threads;
    uint64_t seed;
    const struct pd_labelled_images *real, *training;
    const struct pd_labelled_images *generated; /* a fixed set, whose batches go through permutations of it */
    const struct pd_sample_source *samples;     /* or these instead, in batches of PD_METRIC_BATCH */
    const struct pd_image_scorer *scorer;
    const char *classifier; /* as pd_metric_check_classifier has it; NULL: lenet */
    int epochs;             /* 0: PD_METRIC_EPOCHS */
    int64_t epoch_images;   /* >= PD_METRIC_BATCH; 0: PD_METRIC_EPOCH_IMAGES, of training images all */
    int64_t *confusion;     /* (classes, classes), to fill: rows are labels, columns what was said; or NULL */
    void (*progress)(void *context, int epoch, int epochs, double loss); /* or NULL */
    void *progress_context;
};

/* What a metric gives; one that gives more adds a field. */
struct pd_metric_result {
    double value;
    double beside; /* GAN-test: the accuracy of its classifier on the real images */
};

enum pd_better { PD_HIGHER_IS_BETTER = 1, PD_LOWER_IS_BETTER = -1 };

struct pd_metric {
    const char *name;
    unsigned needs;  /* of enum pd_metric_need */
    const char *key; /* of the value in JSON */
    double scale;    /* people read value * scale, and the unit behind it */
    const char *unit;
    enum pd_better better;
    const char *summary; /* a line of --help */
    /* Sees what it needs and nothing else of the input, all filled in. */
    enum pd_status (*measure)(const struct pd_metric_input *in, struct pd_metric_result *out,
                              struct pd_error *err);
};

const struct pd_metric *pd_metric_at(int index); /* NULL past the last; 0: the default */
/* NULL and PD_ERR_USAGE with the nearest right name when there is none of that name. */
const struct pd_metric *pd_metric_find(const char *name, struct pd_error *err);

/* Who is trained on images: lenet, cnn (three convolutions) or resnet (20 layers: He et al. 2016); on points
 * it is a small MLP. PD_ERR_USAGE, with the nearest right name: another. */
enum pd_status pd_metric_check_classifier(const char *name, struct pd_error *err);

/* "fitting capacity 93.40 %" into text[size]; returns text. */
char *pd_metric_text(const struct pd_metric *metric, double value, char *text, size_t size);

/* Of images that the caller has, from wherever. PD_ERR_USAGE: something that the metric needs is missing, a
 * label or a number that cannot be (the message names the image); PD_ERR_MISMATCH: the result or a network's
 * logit is no finite number; PD_ERR_MEMORY, and what the callbacks fail with. */
enum pd_status pd_metric_measure(const struct pd_metric *metric, const struct pd_metric_input *in,
                                 struct pd_metric_result *out, struct pd_error *err);

enum { PD_CONFUSION_DRAWN = 600 }; /* classes at most */

/* confusion (classes, classes) as a PNG, which appears whole or not at all. names (classes); title: or NULL.
 * PD_ERR_USAGE: more classes; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_confusion_draw(const char *path, int classes, const int64_t *confusion,
                                 const char *const *names, const char *title, struct pd_error *err);

/* Of networks, which fill in all that follows from them: shapes, backend, scorer and, where neither samples
 * nor generated are given, fresh samples. A metric that needs scores takes D as it is (gan.h). Fails as
 * above. */
enum pd_status pd_gan_measure(struct pd_gan *gan, const struct pd_metric *metric,
                              const struct pd_metric_input *in, struct pd_metric_result *out,
                              struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
