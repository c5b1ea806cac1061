/* Fitting capacity (GAN-train): a LeNet trained on generated samples alone, measured on real test images
 * (Ravuri & Vinyals 2019; GOLD section 4). For 2-D points the classifier is a small MLP. */
#ifndef PD_METRIC_FITTING_CAPACITY_H
#define PD_METRIC_FITTING_CAPACITY_H

#include <paydirt/graph.h>

/* Where training samples come from: fills images (n, C, H, W) and labels (n); batch number i of the whole
 * training. */
struct pd_sample_source {
    void *context;
    enum pd_status (*next)(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err);
};

struct pd_classifier_options {
    int channels, size, classes; /* size 0: 2-D points */
    int epochs;                  /* 40 */
    int64_t epoch_images;        /* 10,000 fresh ones */
    int64_t batch;               /* 128 */
    double lr;                   /* 1e-3, divided by 10 after half of the epochs */
    uint64_t seed;
    struct pd_backend *backend;
    void (*progress)(void *context, int epoch, int epochs, double loss); /* or NULL */
    void *progress_context;
};
struct pd_classifier_options pd_classifier_defaults(void);

/* accuracy in [0, 1] on test images (n, C, size, size) with labels (n). */
enum pd_status pd_fitting_capacity(const struct pd_classifier_options *o,
                                   const struct pd_sample_source *source, const float *test_images,
                                   const int32_t *test_labels, int64_t test_count, double *accuracy,
                                   struct pd_error *err);

#endif
