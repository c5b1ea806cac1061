/* Generated samples that the discriminator lets through: exact numbers of each class, whatever the rates. */
#ifndef PD_GAN_REJECT_H
#define PD_GAN_REJECT_H

#include "gan/sample.h"

#include <paydirt/reject.h>

struct pd_rejection_options {
    const struct pd_reject_method *method;
    struct pd_reject_options how; /* its seed fixes z, too */
    int64_t per_class;
    int64_t burn_in;   /* generated samples of each class that are scored first; GOLD's code: 50,000 */
    int64_t block;     /* candidates that are judged together */
    double least_rate; /* a class that keeps a smaller part of its candidates is given up */
    int64_t show;      /* refused candidates of each class that are stored at most */

    /* Real images (real_count, ...) with labels for a method that uses_real, which D was not trained on;
     * borrowed, or NULL. */
    const float *real;
    const int32_t *real_labels;
    int64_t real_count;

    /* Each may be NULL. progress: after each block; at: burn-in samples scored and samples kept, of all
     * classes, out of classes * (burn_in + per_class). stop: true ends with PD_ERR_INTERRUPTED. */
    void *context;
    void (*progress)(void *context, int class, int64_t at);
    bool (*stop)(void *context);
};

/* gold's defaults with 50,000, blocks of 1,000, a least rate of 1 in 10,000 and nothing shown. */
struct pd_rejection_options pd_rejection_defaults(const struct pd_reject_method *method);

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
void pd_rejection_release(struct pd_rejection *r);

/* A picture as PNG. Images: one row a class with its name (classes NULL: number), up to show kept ones, a
 * gap, up to show refused ones. Points: kept and refused in two colours over the real ones, which may be
 * NULL. */
struct pd_class_names;
enum pd_status pd_rejection_encode(const struct pd_rejection *r, const struct pd_class_names *classes,
                                   const struct pd_points *real, struct pd_buffer *png, struct pd_error *err);

#endif
