/* What is measured of a GAN, by name: of networks, of anybody's images, or of features that anybody's network
 * saw in them (features.h computes those numbers without names).
 *
 *     const struct pd_labelled_images real = {x, y, n}, made = {gx, gy, m};
 *     const struct pd_metric_input in = {
 *         .channels = 3, .size = 32, .classes = 10, .real = &real, .generated = &made};
 *     const struct pd_metric *metric = pd_metric_find("fitting-capacity", &err);
 *     status = metric ? pd_metric_measure(metric, &in, &result, &err) : err.status; */
#ifndef PAYDIRT_METRIC_H
#define PAYDIRT_METRIC_H

#include <paydirt/features.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pd_backend;
struct pd_gan;
struct pd_inception;
struct pd_trained;

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
    PD_NEEDS_REAL = 1,        /* images that nobody was trained on */
    PD_NEEDS_SAMPLES = 2,     /* generated ones */
    PD_NEEDS_SCORES = 4,      /* D's of real images, by statistics of reals */
    PD_NEEDS_CLASSIFIER = 8,  /* it trains one: classifier, epochs, epoch_images, progress */
    PD_NEEDS_TRAINING = 16,   /* labelled ones of the training split, those held out, too */
    PD_NEEDS_CONFUSION = 32,  /* it counts classes: confusion */
    PD_NEEDS_MOMENTS = 64,    /* features of real and of generated samples, or their mean and covariance */
    PD_NEEDS_FEATURES = 128,  /* these features themselves */
    PD_NEEDS_LOGITS = 256,    /* Inception's of generated samples */
    PD_NEEDS_INCEPTION = 512, /* its name stands for Inception's features alone: PD_ERR_MISMATCH for
                                 others of another width */
    PD_NEEDS_DISTINCT = 1024  /* samples that differ: copies would be each other's neighbours */
};
#define PD_NEEDS_ANY_FEATURES (PD_NEEDS_MOMENTS | PD_NEEDS_FEATURES | PD_NEEDS_LOGITS)

/* Features for the metrics of them, and how these are computed. Zeros: the defaults. Released as a whole. */
struct pd_metric_features {
    struct pd_feature_file real, fake; /* moments that a metric has computed stay in them */
    float *logits;                     /* (fake.count, PD_INCEPTION_CLASSES), or NULL */
    struct pd_feature_work work;
    int k;                        /* neighbours; 0: 3 for pr, 5 for dc, as their papers */
    int64_t subsets, subset_size; /* as struct pd_kid_options */
    struct pd_prd_result *prd;    /* to fill with the curve, or NULL; borrowed */
};
void pd_metric_features_release(struct pd_metric_features *features); /* also a zeroed one */

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
    bool augment;           /* its training images are moved a little and mirrored */
    int epochs;             /* 0: PD_METRIC_EPOCHS */
    int decay_every;      /* its rate falls to a tenth with epoch decay_every, 2 decay_every, ... (from 1); 0:
                             once,      after half of the epochs */
    bool partial_batch;   /* what is left of epoch_images is a smaller batch, where that is 2 or more */
    int64_t epoch_images; /* >= PD_METRIC_BATCH; 0: PD_METRIC_EPOCH_IMAGES, of training images all */
    struct pd_metric_features *features;
    struct pd_trained **judge; /* the classifier of the real images, kept from metric to metric; NULL: anew */
    int64_t *confusion; /* (classes, classes), to fill: rows are labels, columns what was said; or NULL */
    void (*progress)(void *context, int epoch, int epochs, double loss); /* or NULL */
    void *progress_context;
};

struct pd_metric;

/* What a metric gives: numbers by their names in JSON, first the one that is compared. */
enum { PD_METRIC_NUMBERS = 10 };
struct pd_metric_number {
    const char *key;
    double value;
    bool whole; /* a count */
};
struct pd_metric_result {
    double value; /* numbers[0]'s */
    double error; /* its standard error over the images; NAN: not known */
    int count;
    struct pd_metric_number numbers[PD_METRIC_NUMBERS];
    char note[400]; /* what to know of the number, or "" */
};
/* Changes the number of that name, or adds it where there is room. */
void pd_metric_set(struct pd_metric_result *result, const char *key, double value);
struct json_t; /* jansson.h */
/* An object with the metric's name, the numbers that are finite, and the note; the caller's. NULL: out of
 * memory. */
struct json_t *pd_metric_pack(const struct pd_metric *metric, const struct pd_metric_result *result);
/* The number of that name; NAN: there is none. */
double pd_metric_number(const struct pd_metric_result *result, const char *key);

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

/* Some of them. */
struct pd_metric_list {
    const struct pd_metric *at[32];
    int count;
    unsigned needs; /* of all of them */
};
/* names with commas between; one that is named again counts once. PD_ERR_USAGE: an unknown one. */
enum pd_status pd_metric_list_read(const char *names, struct pd_metric_list *out, struct pd_error *err);
bool pd_metric_list_has(const struct pd_metric_list *list, const char *name);

/* Who is trained on images: lenet (sides of a multiple of 4, 16 or more), cnn (three convolutions; a
 * multiple of 4) or resnet (20 layers: He et al. 2016; any); on points
 * it is a small MLP. PD_ERR_USAGE, with the nearest right name: another. */
enum pd_status pd_metric_check_classifier(const char *name, struct pd_error *err);

/* "fitting capacity 93.40 %" into text[size]; returns text. */
char *pd_metric_text(const struct pd_metric *metric, double value, char *text, size_t size);

/* Of images that the caller has, from wherever. PD_ERR_USAGE: something that the metric needs is missing, a
 * label or a number that cannot be (the message names the image), images of a size that the classifier does
 * not take; PD_ERR_MISMATCH: the result or a network's logit is no finite number; PD_ERR_MEMORY, and what the
 * callbacks fail with. */
enum pd_status pd_metric_measure(const struct pd_metric *metric, const struct pd_metric_input *in,
                                 struct pd_metric_result *out, struct pd_error *err);

/* What pd_metric_measure would refuse, before the long work. */
enum pd_status pd_metric_check(const struct pd_metric *metric, const struct pd_metric_input *in,
                               struct pd_error *err);

/* The standard error of a metric of features, in->features being samples: the standard deviation over `draws`
 * >= 2 sets of the same counts that are drawn from theirs with replacement (Efron 1979). A Fréchet distance
 * of redrawn sets is larger than that of the sets; how much it varies is what counts. PD_ERR_USAGE:
 * statistics alone, a metric that needs distinct samples, or one of images; and as pd_metric_measure. */
enum pd_status pd_metric_bootstrap(const struct pd_metric *metric, const struct pd_metric_input *in,
                                   int64_t draws, double *error, struct pd_error *err);
/* What pd_metric_bootstrap would refuse, before the long work. */
enum pd_status pd_metric_bootstrap_check(const struct pd_metric *metric, const struct pd_metric_input *in,
                                         int64_t draws, struct pd_error *err);

enum { PD_CONFUSION_DRAWN = 600 }; /* classes at most */

/* confusion (classes, classes) as a PNG, which appears whole or not at all. names (classes); title: or NULL.
 * PD_ERR_USAGE: more classes; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_confusion_draw(const char *path, int classes, const int64_t *confusion,
                                 const char *const *names, const char *title, struct pd_error *err);

/* One way to reject at several parts kept: what was measured of the sets that it left. Borrowed. */
struct pd_tradeoff {
    const char *name;
    int64_t n;
    const double *rate;  /* (n): kept of those tried, above 0 up to 1 */
    const double *value; /* (n): the metric's, in the points' order along the curve */
    const double *error; /* (n): standard errors, NAN or 0: none; or NULL */
};

/* The metric over the part kept, a curve for each way, as a PNG, which appears whole or not at all; the part
 * on a logarithmic scale, all of them on the left. title, note (a line under it): or NULL. PD_ERR_USAGE: a
 * rate out of range; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_tradeoff_draw(const char *path, const struct pd_metric *metric,
                                const struct pd_tradeoff *curves, int count, const char *title,
                                const char *note, struct pd_error *err);

/* Frees what in->judge has kept. */
void pd_trained_destroy(struct pd_trained *judge); /* also NULL */

/* Inception's features of real images, (count, channels, size, size) in [-1, 1], or those and the logits of
 * generated ones: rounded to 8 bits, as samples are written, and put behind those that `to` holds. Labels are
 * not looked at. PD_ERR_USAGE: a number that is not finite; and as pd_inception_run. */
enum pd_status pd_metric_see_real(struct pd_metric_features *to, struct pd_inception *net, int channels,
                                  int size, const struct pd_labelled_images *images, struct pd_error *err);
enum pd_status pd_metric_see_fake(struct pd_metric_features *to, struct pd_inception *net, int channels,
                                  int size, const struct pd_labelled_images *images, struct pd_error *err);
/* Of count fresh samples. */
enum pd_status pd_gan_see(struct pd_gan *gan, struct pd_metric_features *to, struct pd_inception *net,
                          int64_t count, uint64_t seed, struct pd_error *err);

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
