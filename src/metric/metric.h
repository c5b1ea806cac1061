/* What is measured of a GAN, by name. A new metric is one file and one line in metrics.def
 * (doc/add-a-metric.md).
 *
 * A metric sees plain arrays and callbacks, no networks: whoever measures looks at what it needs and lends
 * that. */
#ifndef PD_METRIC_METRIC_H
#define PD_METRIC_METRIC_H

#include <paydirt/graph.h>
#include <paydirt/score.h>

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

/* What a metric may need; what it does not is NULL or 0. */
enum pd_metric_need {
    PD_NEEDS_REAL = 1,       /* images that nobody was trained on */
    PD_NEEDS_SAMPLES = 2,    /* generated ones */
    PD_NEEDS_SCORES = 4,     /* D's of real images, by statistics of reals */
    PD_NEEDS_CLASSIFIER = 8, /* it trains one: epochs, epoch_images, progress */
};

struct pd_metric_input {
    int channels, size, classes; /* size 0: 2-D points */
    struct pd_backend *backend;
    uint64_t seed;
    const struct pd_real_images *real;
    const struct pd_sample_source *samples; /* in batches of PD_METRIC_BATCH */
    const struct pd_image_scorer *scorer;
    int epochs;
    int64_t epoch_images;                                                /* >= PD_METRIC_BATCH */
    void (*progress)(void *context, int epoch, int epochs, double loss); /* or NULL */
    void *progress_context;
};
enum { PD_METRIC_BATCH = 128, PD_METRIC_EPOCHS = 40, PD_METRIC_EPOCH_IMAGES = 10000 }; /* GOLD section 4 */

/* What a metric gives; one that gives more adds a field. */
struct pd_metric_result {
    double value;
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
    enum pd_status (*measure)(const struct pd_metric_input *in, struct pd_metric_result *out,
                              struct pd_error *err);
};

const struct pd_metric *pd_metric_at(int index); /* NULL past the last; 0: the default */
/* NULL and PD_ERR_USAGE with the nearest right name when there is none of that name. */
const struct pd_metric *pd_metric_find(const char *name, struct pd_error *err);

/* "fitting capacity 93.40 %" into text[size]; returns text. */
char *pd_metric_text(const struct pd_metric *metric, double value, char *text, size_t size);

/* --- what metrics share --- */

/* Numbers of one image, or point. */
int64_t pd_metric_image_size(const struct pd_metric_input *in);

/* How many of n rows of logits (n, classes) are largest at their label; the first of equal ones counts. */
int64_t pd_count_right(int64_t n, int classes, const float *logits, const int32_t *labels);

#endif
