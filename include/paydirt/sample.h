/* The generator at work. */
#ifndef PAYDIRT_SAMPLE_H
#define PAYDIRT_SAMPLE_H

#include <paydirt/data.h>
#include <paydirt/gan.h>
#include <paydirt/graph.h>
#include <paydirt/reject.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n images (n, C, side, side) in [-1, 1], or points (n, 2), of the given classes (n), into the caller's
 * memory; G in evaluation mode. z (n, z_dim): the noise; NULL: normal, fixed by (seed, class, number within
 * the class), the same numbers as `paydirt sample`. PD_ERR_USAGE: a class that there is not, n < 0, a number
 * of z that is not finite, or the gan is at work in another thread; PD_ERR_MEMORY.
 */
enum pd_status pd_generate(struct pd_gan *gan, int64_t n, const int32_t *classes, const float *z,
                           uint64_t seed, float *images, struct pd_error *err);

/* --- sets of samples --- */

/* Owned: pd_samples_release. */
struct pd_samples {
    int64_t count, per_class; /* per_class 0: of whatever numbers */
    struct pd_shape shape;    /* of images: (count, C, H, W), or (count, 2) */
    int classes, z_dim;
    float *images, *z; /* z (count, z_dim), or NULL: unknown */
    int32_t *labels;   /* (count); pd_sample: class by class */
};

/* per_class samples of each class, in evaluation mode; fixed by the seed: sample i has the same z whatever
 * per_class of other calls was, as long as the classes are the same. PD_ERR_USAGE: per_class < 0, or the gan
 * is at work in another thread; PD_ERR_MEMORY. */
enum pd_status pd_sample(struct pd_gan *gan, int64_t per_class, uint64_t seed, struct pd_samples *out,
                         struct pd_error *err);
void pd_samples_release(struct pd_samples *samples); /* also zeroed ones */

/* An npz, which appears whole or not at all: images float32, labels int32, z float32; and where they are not
 * NULL: logit float32 (count), class_logits float32 (count, classes) and d float64 (count), and where the gan
 * (or NULL) has names for its classes, these as text: classes (classes). PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_samples_write(const char *path, const struct pd_samples *samples, const struct pd_gan *gan,
                                const float *logit, const float *class_logits, const double *d,
                                struct pd_error *err);

/* The same as pictures for others to read. */
struct pd_sample_folder {
    const struct pd_samples *samples; /* with z */
    uint64_t seed;                    /* that they were made with */
    const float *logit, *class_logits;
    const double *d;                   /* as pd_samples_write's; each may be NULL */
    const struct pd_data_watch *watch; /* sees images written, and may stop it; or NULL */
};

/* A folder that appears whole or not at all: in a folder for each class, called as the class where a file
 * system allows that, its samples as PNG, grey or RGB, of the levels nearest to them; and manifest.csv: file,
 * class, label, number, seed, logit, log_p_class (of the class), d, z_0, z_1, ... Nothing is written into a
 * folder that has something in it. note: lines (pd_dataset_note) about names. PD_ERR_MISMATCH: points, images
 * of other than 1 or 3 channels, or no z; PD_ERR_IO, PD_ERR_MEMORY, PD_ERR_INTERRUPTED. */
enum pd_status pd_samples_write_folder(const char *folder, const struct pd_sample_folder *what,
                                       const struct pd_gan *gan, char note[PD_NOTE_SIZE],
                                       struct pd_error *err);
/* What can be said before there are samples. The same. */
enum pd_status pd_sample_folder_check(const char *folder, const struct pd_gan *gan, struct pd_error *err);

/* Images and labels of such an npz, of whatever origin: images of other types, scales and orders are read as
 * a data set's in an npz are, float32 (N, C, H, W) without a loss. Labels are mapped by the names of the
 * classes, or taken by number where there are none. note: lines (pd_dataset_note) about that.
 * PD_ERR_MISMATCH: they do not fit the networks, or have classes that these do not know; those of reading;
 * PD_ERR_MEMORY. */
enum pd_status pd_samples_read(const char *path, const struct pd_gan *gan, struct pd_samples *out,
                               char note[PD_NOTE_SIZE], struct pd_error *err);

/* A PNG, which appears whole or not at all: images in a grid, one row a class with its name; points as a
 * scatter plot over the real ones, which may be NULL. samples: pd_sample's. PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_samples_draw(const char *path, const struct pd_samples *samples, const struct pd_gan *gan,
                               const struct pd_dataset *real, struct pd_error *err);

/* --- rejection: samples that D lets through (reject.h), exact numbers of each class, whatever the rates ---
 */

struct pd_rejection_options {
    const struct pd_reject_method *method;
    struct pd_reject_options how; /* its seed fixes z, too */
    int64_t per_class;
    int64_t burn_in;   /* generated samples of each class that are scored first */
    bool pooled;       /* each class learns from those of all, as in GOLD's reference code */
    int64_t block;     /* candidates that are judged together */
    double least_rate; /* a class that lacks some after a block and kept a smaller part is given up; 0 to 1 */
    int64_t show;      /* refused candidates of each class that are stored at most */

    /* Real images (real_count, ...) with labels for a method that uses_real, which D was not trained on;
     * borrowed, or NULL. */
    const float *real;
    const int32_t *real_labels;
    int64_t real_count;

    /* Each may be NULL. progress: after each block; at: burn-in samples scored and samples kept, of all
     * classes, out of classes * (burn_in + per_class). stop: true ends with PD_ERR_INTERRUPTED. */
    void *context;
    void (*progress)(void *context, int label, int64_t at);
    bool (*stop)(void *context);
};

/* gold's defaults with 50,000, blocks of 1,000, a least rate of 1 in 10,000 and nothing shown; p is 0.5 where
 * gan's images have three channels (GOLD, section 4.2). gan may be NULL. */
struct pd_rejection_options pd_rejection_defaults(const struct pd_reject_method *method,
                                                  const struct pd_gan *gan);

struct pd_rejection_class {
    int64_t tried;   /* candidates up to the last one kept */
    int64_t refused; /* how many of them are stored */
    struct pd_reject_fit fit;
};

/* All blocks owned: pd_rejection_release. */
struct pd_rejection {
    struct pd_samples kept; /* per_class of each */
    float *logit;           /* (kept.count): m */
    double *d;              /* (kept.count): the estimator that judged them */
    int64_t show;
    float *refused; /* (classes, show, one image): the first refused */
    struct pd_rejection_class *classes;
};

/* Generates class by class and keeps what the method keeps; memory holds one block beside what is returned.
 * PD_ERR_USAGE: options out of range; PD_ERR_MISMATCH: a class whose rate is too low, or without real images
 * that the method needs (both name it), scores that are not finite; PD_ERR_INTERRUPTED, PD_ERR_MEMORY. */
enum pd_status pd_reject(struct pd_gan *gan, const struct pd_rejection_options *options,
                         struct pd_rejection *out, struct pd_error *err);
void pd_rejection_release(struct pd_rejection *rejection); /* also a zeroed one */

/* The same for kept and refused ones. Images: one row a class, up to show kept ones, a gap, up to show
 * refused ones. Points: kept and refused in two colours over the real ones, which may be NULL. */
enum pd_status pd_rejection_draw(const char *path, const struct pd_rejection *rejection,
                                 const struct pd_gan *gan, const struct pd_dataset *real,
                                 struct pd_error *err);

#ifdef __cplusplus
}
#endif

#endif
