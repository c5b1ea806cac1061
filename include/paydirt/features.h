/* How close generated samples lie to real ones in a space of features, whatever network made these.
 *
 * Plain arrays only, row-major. Whatever computed the features gives the number its name: a Fréchet distance
 * is an FID over Inception's features alone. What each number means and how few samples bias it:
 * doc/metrics.md. The same seed gives the same numbers, up to the rounding of float64 sums. */
#ifndef PAYDIRT_FEATURES_H
#define PAYDIRT_FEATURES_H

#include <paydirt/rows.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n >= 1 samples of width >= 1 features, (n, width). Borrowed; must be finite. */
struct pd_feature_set {
    int64_t n, width;
    const float *values;
};

/* How a number is computed; none of it changes the number. A NULL pointer: all zero. */
struct pd_feature_work {
    int threads;   /* 1024 at most are taken; 0 or less: all processors that the process may run on */
    int64_t block; /* rows in a tile of distances, 0 or less: 384; memory is block^2 + 2 block width floats a
                      thread */
    /* NULL, or called now and then from the calling thread: done of count steps. true: stop, with
     * PD_ERR_INTERRUPTED. */
    bool (*watch)(void *context, uint64_t done, uint64_t count);
    void *context;
};

/* All below. PD_ERR_USAGE: a number that is not finite (the message names the row), a count or an option out
 * of range; PD_ERR_MISMATCH: sets of unequal width; PD_ERR_MEMORY; PD_ERR_INTERRUPTED: watch said so. */

/* --- Fréchet distance ---------------------------------------------------------------------------------- */

/* Mean and covariance in float64 of samples that come in blocks: memory for (width, width) and a block. */
struct pd_moments;
enum pd_status pd_moments_create(int64_t width, struct pd_moments **out, struct pd_error *err);
void pd_moments_destroy(struct pd_moments *moments); /* also NULL */
enum pd_status pd_moments_add(struct pd_moments *moments, const float *values, int64_t n,
                              const struct pd_feature_work *work, struct pd_error *err);
int64_t pd_moments_count(const struct pd_moments *moments);
/* mean (width); covariance (width, width), n - 1 in the denominator. PD_ERR_USAGE: fewer than 2 samples. */
enum pd_status pd_moments_take(const struct pd_moments *moments, double *mean, double *covariance,
                               struct pd_error *err);

/* The squared Fréchet distance of two normal distributions, |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^1/2), >= 0
 * up to rounding (Dowson & Landau 1982; Heusel et al. 2017, eq. 6). The covariances (width, width) may be
 * singular: of fewer samples than dimensions they are, and the distance is too large. PD_ERR_USAGE: one that
 * is not symmetric or has negative eigenvalues. */
enum pd_status pd_frechet(int64_t width, const double *mean_a, const double *covariance_a,
                          const double *mean_b, const double *covariance_b,
                          const struct pd_feature_work *work, double *distance, struct pd_error *err);

/* --- kernel distance (KID) ----------------------------------------------------------------------------- */

/* Bińkowski et al. 2018: the unbiased estimate of the squared maximum mean discrepancy under the kernel
 * (x.y / width + 1)^3, over random subsets without replacement. Zeros: the defaults. */
struct pd_kid_options {
    int64_t subsets; /* 100 */
    int64_t size;    /* samples of each set in a subset, >= 2; 1,000, or the smaller set where that is less */
    uint64_t seed;
};
struct pd_kid_result {
    double value;     /* the mean over subsets; may be negative */
    double deviation; /* between subsets, subsets - 1 in the denominator; NAN: one subset */
    double error;     /* deviation / sqrt(subsets) */
    int64_t subsets, size;
};
enum pd_status pd_kid(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                      const struct pd_kid_options *options, const struct pd_feature_work *work,
                      struct pd_kid_result *out, struct pd_error *err);

/* Of one subset: rows (size) each. */
enum pd_status pd_kid_subset(const struct pd_feature_set *real, const int64_t *real_rows,
                             const struct pd_feature_set *fake, const int64_t *fake_rows, int64_t size,
                             const struct pd_feature_work *work, double *value, struct pd_error *err);

/* --- precision and recall of distributions (PRD) ------------------------------------------------------- */

/* Sajjadi et al. 2018: how the two sets share k-means clusters of their union. Sets of unequal count weigh
 * the same. Zeros: the defaults. */
enum { PD_PRD_ANGLES = 1001 };
struct pd_prd_options {
    int clusters, repeats; /* 20, 10: the curve is the mean over so many clusterings */
    uint64_t seed;
};
struct pd_prd_result {
    double f8, f8_deviation;     /* of the mean curve, weighs recall; between the repeats' own */
    double f1_8, f1_8_deviation; /* weighs precision */
    double precision[PD_PRD_ANGLES], recall[PD_PRD_ANGLES]; /* the curve, recall first high */
};
enum pd_status pd_prd(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                      const struct pd_prd_options *options, const struct pd_feature_work *work,
                      struct pd_prd_result *out, struct pd_error *err);

/* The curve of two histograms (bins), each with sum 1, at `angles` >= 2 slopes between 0 and infinity:
 * precision, recall (angles) in [0, 1]. */
void pd_prd_curve(int bins, const double *real, const double *fake, int angles, double *precision,
                  double *recall);
double pd_prd_best_f(int angles, const double *precision, const double *recall, double beta);

/* --- nearest neighbours -------------------------------------------------------------------------------- */

/* Distances to the k nearest other samples of a set, ascending, (n, k), 1 <= k < n. Exact: a float32 product
 * finds the pairs that may be near, by its error bound, and their distances are summed in float64. Memory:
 * n k doubles and the tiles. */
enum pd_status pd_nearest_distances(const struct pd_feature_set *set, int k,
                                    const struct pd_feature_work *work, double *distances,
                                    struct pd_error *err);

/* Kynkäänniemi et al. 2019 (k = 3): precision, the part of the generated samples that lie within the distance
 * of a real one's k-th neighbour (<=); recall, the same with the sets exchanged. */
struct pd_precision_recall {
    double precision, recall;
    int64_t real_points, fake_points; /* samples whose k nearest others are copies of them: no ball */
};
enum pd_status pd_precision_recall(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                   int k, const struct pd_feature_work *work, struct pd_precision_recall *out,
                                   struct pd_error *err);

/* Naeem et al. 2020 (k = 5), with real balls alone (<, as the authors' package): density, how many balls a
 * generated sample lies in, / k, >= 0, about 1 for equal distributions; coverage, the part of the balls that
 * hold a generated sample. */
struct pd_density_coverage {
    double density, coverage;
    int64_t real_points; /* samples whose k nearest others are copies of them: no ball */
};
enum pd_status pd_density_coverage(const struct pd_feature_set *real, const struct pd_feature_set *fake,
                                   int k, const struct pd_feature_work *work, struct pd_density_coverage *out,
                                   struct pd_error *err);

/* --- files --------------------------------------------------------------------------------------------- */

/* What a file held: features, or their statistics alone. */
struct pd_feature_file {
    char name[1024];           /* for messages: the path, with the array of an .npz */
    int64_t width, count;      /* count 0: the statistics do not say of how many samples */
    struct pd_feature_set set; /* values NULL: statistics alone */
    struct pd_rows_columns columns;
    double *mean, *covariance; /* (width), (width, width); NULL: not computed yet */
};

/* rows.h's files: .npy and .npz (the array "features", or its only one) of float16, float32 or float64 and
 * shape (n, width) or (n, ...), CSV; or the statistics that the field exchanges: an .npz with mu (width) and
 * sigma (width, width). Numbers are kept as float32. Memory grows with what is read, not with what a header
 * says. PD_ERR_IO; PD_ERR_FORMAT, PD_ERR_UNSUPPORTED, PD_ERR_MISMATCH with file and place, also for a number
 * that is not finite; PD_ERR_USAGE, PD_ERR_MEMORY. Released also after a failure. */
enum pd_status pd_feature_file_read(const char *path, struct pd_feature_file *out, struct pd_error *err);
void pd_feature_file_release(struct pd_feature_file *file);

/* Computes mean and covariance where they are not there yet. */
enum pd_status pd_feature_file_moments(struct pd_feature_file *file, const struct pd_feature_work *work,
                                       struct pd_error *err);

/* mu, sigma and, where it is known, count, as an .npz: what pytorch-fid and others take. */
enum pd_status pd_feature_statistics_write(const char *path, const struct pd_feature_file *file,
                                           struct pd_error *err);

/* The curve as a PNG. */
enum pd_status pd_prd_picture(const struct pd_prd_result *prd, const char *path, struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
